/*
 * croston.c
 *		Forecasts of demand that comes now and then: Croston and its descendants.
 */
#include "core/forecast/croston.h"

#include <float.h>
#include <math.h>

/* The constants that are tried, in both directions. */
#define GRID_STEP 0.05
#define GRID_SIZE 10

/* Periods read between two polls. */
#define POLL_EVERY 131072

static const SfCroston classic = {0.1, 0.1};
static const SfCroston of_tsb = {SF_TSB_SIZE, SF_TSB_PROBABILITY};

/* The exponent that brings the largest |y| below 1; 0 when all are 0. */
static int
common_exponent(const double *y, int32_t n)
{
	double		largest = 0.0;
	int			exponent;

	for (int32_t t = 0; t < n; t++)
		if (fabs(y[t]) > largest)
			largest = fabs(y[t]);
	frexp(largest, &exponent);
	return exponent;
}

SfStatus
sf_demand_read(SfArena *arena, const double *y, int32_t n, SfDemand *demand)
{
	SfDemand	d = {.exponent = common_exponent(y, n)};
	int32_t		before = 0;		/* periods up to the last demand */

	d.y = sf_arena_take(arena, (size_t) n, sizeof(double));
	d.size = sf_arena_take(arena, (size_t) n, sizeof(double));
	d.interval = sf_arena_take(arena, (size_t) n, sizeof(double));
	if (d.y == NULL || d.size == NULL || d.interval == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < n; t++)
	{
		double		value;

		if (t % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (isnan(y[t]))
			continue;
		/* what is 2^1074 times smaller than the largest becomes 0 */
		value = ldexp(y[t], -d.exponent);
		d.y[d.n++] = value;
		if (value != 0.0)
		{
			d.size[d.count] = value;
			d.interval[d.count++] = d.n - before;
			before = d.n;
		}
	}
	*demand = d;
	return SF_OK;
}

double
sf_demand_interval(const SfDemand *demand)
{
	return demand->count == 0 ? demand->n + 1.0 : (double) demand->n / demand->count;
}

double
sf_croston_rate(const SfDemand *demand, SfCroston constant, bool sba, double *fitted)
{
	double		keep = sba ? 1.0 - constant.interval / 2.0 : 1.0;
	double		size = 0.0;
	double		interval = 1.0;
	double		rate = 0.0;
	int32_t		seen = 0;

	for (int32_t t = 0; t < demand->n; t++)
	{
		if (fitted != NULL)
			fitted[t] = seen > 0 ? rate : (double) NAN;
		if (demand->y[t] == 0.0)
			continue;
		if (seen == 0)
		{
			size = demand->size[0];
			interval = demand->interval[0];
		}
		else
		{
			size += constant.size * (demand->size[seen] - size);
			interval += constant.interval * (demand->interval[seen] - interval);
		}
		seen++;
		rate = keep * size / interval;
	}
	return rate;
}

/* Sum of squared one-step errors from the second demand's interval on; O(demands). */
static double
squared_error(const SfDemand *demand, SfCroston constant, bool sba)
{
	double		keep = sba ? 1.0 - constant.interval / 2.0 : 1.0;
	double		size = demand->size[0];
	double		interval = demand->interval[0];
	double		left = demand->n - interval;
	double		sum = 0.0;
	double		rate;

	for (int32_t j = 1; j < demand->count; j++)
	{
		double		error;

		rate = keep * size / interval;
		error = demand->size[j] - rate;
		sum += (demand->interval[j] - 1.0) * rate * rate + error * error;
		left -= demand->interval[j];
		size += constant.size * (demand->size[j] - size);
		interval += constant.interval * (demand->interval[j] - interval);
	}
	rate = keep * size / interval;
	return sum + left * rate * rate;
}

SfStatus
sf_croston_search(SfCtx *ctx, const SfDemand *demand, bool sba, SfCroston *constant)
{
	SfCroston	best = classic;
	double		least = INFINITY;

	for (int i = 1; i <= GRID_SIZE && demand->count >= SF_CROSTON_DEMANDS_MIN; i++)
		for (int j = 1; j <= GRID_SIZE; j++)
		{
			SfCroston	c = {i * GRID_STEP, j * GRID_STEP};
			double		error = squared_error(demand, c, sba);

			if (error < least)
			{
				least = error;
				best = c;
			}
			if ((j == 1 || demand->count > 1000) && sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	*constant = best;
	return SF_OK;
}

double
sf_tsb_rate(const SfDemand *demand, SfCroston constant, double *fitted)
{
	double		size = 0.0;
	double		chance;
	int32_t		seen = 0;

	if (demand->count == 0)
		return 0.0;
	for (int32_t j = 0; j < demand->count; j++)
		size += demand->size[j];
	size /= demand->count;
	chance = (double) demand->count / demand->n;
	for (int32_t t = 0; t < demand->n; t++)
	{
		bool		came = demand->y[t] != 0.0;

		if (fitted != NULL)
			fitted[t] = chance * size;
		chance += constant.interval * ((came ? 1.0 : 0.0) - chance);
		if (came)
			size += constant.size * (demand->size[seen++] - size);
	}
	return chance * size;
}

/* Squares may leave the range of a double though the values do not. */
static double
mean_squared_error(const SfDemand *demand, const double *fitted)
{
	double		sum = 0.0;
	int32_t		count = 0;

	for (int32_t t = 0; t < demand->n; t++)
	{
		double		error = demand->y[t] - fitted[t];

		if (isnan(error))
			continue;
		sum += error * error;
		count++;
	}
	return count == 0 ? (double) NAN : fmin(ldexp(sum / count, 2 * demand->exponent), DBL_MAX);
}

void
sf_demand_forecast(const SfSeries *s, const SfDemand *demand, double rate, const double *fitted,
				   const char *label, SfForecast *out)
{
	double		mean = demand->count == 0 ? 0.0 : ldexp(rate, demand->exponent);
	double		variance = demand->count == 0 ? 0.0 : mean_squared_error(demand, fitted);

	for (int32_t h = 0; h < out->horizon; h++)
	{
		out->mean[h] = mean;
		out->variance[h] = variance;
	}
	/* a period that was not observed has the forecast of the next that was */
	for (int32_t t = 0, seen = 0; t < s->n && out->fitted != NULL; t++)
	{
		if (demand->count == 0)
			out->fitted[t] = 0.0;
		else
			out->fitted[t] = seen < demand->n ? ldexp(fitted[seen], demand->exponent) : mean;
		seen += !isnan(s->y[t]);
	}
	out->converged = true;
	sf_forecast_label(out, demand->count == 0 ? "Zero" : label);
	sf_forecast_note(out, "mean interval", sf_demand_interval(demand));
}

typedef enum Kind
{
	CROSTON,
	SBA,
	TSB
} Kind;

static SfStatus
forecast_kind(SfArena *arena, const SfSeries *s, Kind kind, SfForecast *out)
{
	static const char *const label[] = {"Croston", "Croston-SBA", "TSB"};
	SfCroston	constant = kind == TSB ? of_tsb : classic;
	SfDemand	demand;
	double	   *fitted;
	double		rate;
	SfStatus	status = sf_demand_read(arena, s->y, s->n, &demand);

	if (status == SF_OK && kind == SBA)
		status = sf_croston_search(arena->ctx, &demand, true, &constant);
	if (status != SF_OK)
		return status;
	fitted = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	if (fitted == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	rate = kind == TSB ? sf_tsb_rate(&demand, constant, fitted)
		: sf_croston_rate(&demand, constant, kind == SBA, fitted);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	sf_demand_forecast(s, &demand, rate, fitted, label[kind], out);
	if (demand.count > 0)
	{
		sf_forecast_note(out, "alpha of sizes", constant.size);
		sf_forecast_note(out, kind == TSB ? "alpha of probability" : "alpha of intervals",
						 constant.interval);
	}
	return sf_poll(arena->ctx);
}

SfStatus
sf_croston_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return forecast_kind(arena, s, CROSTON, out);
}

SfStatus
sf_croston_sba_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return forecast_kind(arena, s, SBA, out);
}

SfStatus
sf_tsb_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return forecast_kind(arena, s, TSB, out);
}
