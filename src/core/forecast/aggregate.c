/*
 * aggregate.c
 *		Demand that comes now and then, forecast in longer periods: ADIDA and
 *		IMAPA.
 */
#include "core/forecast/aggregate.h"

#include <math.h>

#define ALPHA_MIN 0.1
#define ALPHA_STEP 0.01
#define ALPHA_COUNT 21

int32_t
sf_aggregate_level(const SfDemand *demand)
{
	double		last = 0.0;

	if (demand->count == 0)
		return 1;
	for (int32_t j = 0; j < demand->count; j++)
		last += demand->interval[j];
	return (int32_t) floor(last / demand->count + 0.5);
}

/* Squared one-step errors of every constant at once: one pass, the constants side by side. */
static double
best_alpha(const double *block, int32_t blocks)
{
	double		level[ALPHA_COUNT];
	double		sum[ALPHA_COUNT];
	int			best = 0;

	for (int a = 0; a < ALPHA_COUNT; a++)
	{
		level[a] = block[0];
		sum[a] = 0.0;
	}
	for (int32_t i = 1; i < blocks; i++)
		for (int a = 0; a < ALPHA_COUNT; a++)
		{
			double		error = block[i] - level[a];

			sum[a] += error * error;
			level[a] += (ALPHA_MIN + a * ALPHA_STEP) * error;
		}
	for (int a = 1; a < ALPHA_COUNT; a++)
		if (sum[a] < sum[best])
			best = a;
	return ALPHA_MIN + best * ALPHA_STEP;
}

/* One level: its rate; its one-step forecasts are added to fitted, and counted. */
static double
level_rate(const double *until, int32_t n, int32_t length, double *block, double *fitted, int32_t *count)
{
	int32_t		blocks = n / length;
	int32_t		skip = n % length;
	double		alpha;
	double		level;

	for (int32_t i = 0; i < blocks; i++)
		block[i] = (until[skip + (i + 1) * length] - until[skip + i * length]) / length;
	alpha = best_alpha(block, blocks);
	level = block[0];
	for (int32_t i = 1; i < blocks; i++)
	{
		int32_t		from = skip + i * length;

		/* the sums of fitted change at the ends of blocks only */
		fitted[from] += level;
		count[from]++;
		if (i + 1 < blocks)
		{
			fitted[from + length] -= level;
			count[from + length]--;
		}
		level += alpha * (block[i] - level);
	}
	return level;
}

/* Changes to running means; rounding must not leave a trace of what was taken out again. */
static void
finish_fitted(double *fitted, const int32_t *count, int32_t n)
{
	double		sum = 0.0;
	int32_t		levels = 0;

	for (int32_t t = 0; t < n; t++)
	{
		sum += fitted[t];
		levels += count[t];
		if (levels == 0)
			sum = 0.0;
		fitted[t] = levels == 0 ? (double) NAN : sum / levels;
	}
}

SfStatus
sf_aggregate_rate(SfArena *arena, const SfDemand *demand, int32_t first, int32_t last,
				  double *fitted, double *rate)
{
	int32_t		n = demand->n;
	int32_t		span = last - first;
	int32_t		levels = span < SF_IMAPA_LEVELS_MAX ? span + 1 : SF_IMAPA_LEVELS_MAX;
	double	   *until = sf_arena_take(arena, (size_t) n + 1, sizeof(double));
	double	   *block = sf_arena_take(arena, (size_t) n, sizeof(double));
	int32_t    *count = sf_arena_take(arena, (size_t) n, sizeof(int32_t));
	double		sum = 0.0;

	if (until == NULL || block == NULL || count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	until[0] = 0.0;
	for (int32_t t = 0; t < n; t++)
	{
		until[t + 1] = until[t] + demand->y[t];
		fitted[t] = 0.0;
		count[t] = 0;
	}
	for (int32_t i = 0; i < levels; i++)
	{
		int32_t		step = levels == 1 ? 0 : (int32_t) ((int64_t) span * i / (levels - 1));

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sum += level_rate(until, n, first + step, block, fitted, count);
	}
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	finish_fitted(fitted, count, n);
	*rate = sum / levels;
	return sf_poll(arena->ctx);
}

static SfStatus
forecast_levels(SfArena *arena, const SfSeries *s, bool all, SfForecast *out)
{
	SfDemand	demand;
	double	   *fitted;
	double		rate = 0.0;
	int32_t		last;
	SfStatus	status = sf_demand_read(arena, s->y, s->n, &demand);

	if (status != SF_OK)
		return status;
	fitted = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	if (fitted == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	last = sf_aggregate_level(&demand);
	if (demand.count > 0)
		status = sf_aggregate_rate(arena, &demand, all ? 1 : last, last, fitted, &rate);
	if (status != SF_OK)
		return status;
	sf_demand_forecast(s, &demand, rate, fitted, all ? "IMAPA" : "ADIDA", out);
	if (demand.count > 0)
		sf_forecast_note(out, all ? "longest block" : "block", last);
	return sf_poll(arena->ctx);
}

SfStatus
sf_adida_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return forecast_levels(arena, s, false, out);
}

SfStatus
sf_imapa_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return forecast_levels(arena, s, true, out);
}
