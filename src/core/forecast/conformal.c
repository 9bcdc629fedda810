/*
 * conformal.c
 *		Interval widths from the ranked errors of refitted rolling origins.
 */
#include "core/forecast/conformal.h"

#include "core/base/sort.h"

#include <math.h>

#define ORIGINS_MAX 40

/* Steps whose errors are ranked between two polls. */
#define POLL_EVERY 4096

/* Errors of one step lie side by side. */
typedef struct Errors
{
	int32_t		horizon;
	int32_t    *count;			/* [horizon] */
	double	   *error;			/* [horizon][ORIGINS_MAX] */
} Errors;

static int32_t
first_origin(const SfSeries *s)
{
	int32_t		season = sf_series_season(s);
	int32_t		first = s->n / 2 > 3 ? s->n / 2 : 3;

	if (season < s->n / 3 && first < 2 * season)
		first = 2 * season;
	return first < s->n ? first : s->n - 1;
}

static SfStatus
collect(SfArena *arena, const SfSeries *s, SfPredict predict, const void *argument, Errors *errors)
{
	int32_t		first = first_origin(s);
	int32_t		step = (s->n - first + ORIGINS_MAX - 1) / ORIGINS_MAX;
	SfArenaMark mark = sf_arena_mark(arena);

	for (int32_t known = s->n - 1; known >= first && known >= 1; known -= step)
	{
		SfSeries	past = *s;
		SfForecast	out = {.horizon = s->n - known < errors->horizon ? s->n - known : errors->horizon};
		SfStatus	status;

		past.n = known;
		out.mean = sf_arena_take(arena, (size_t) out.horizon, 2 * sizeof(double));
		if (out.mean == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		out.variance = out.mean + out.horizon;
		status = predict(arena, &past, argument, &out);
		/* the first values may be missing altogether */
		if (status != SF_OK && status != SF_BAD_DATA)
			return status;
		for (int32_t k = 0; k < out.horizon && status == SF_OK; k++)
		{
			double		error = fabs(s->y[known + k] - out.mean[k]);

			if (!isnan(error))
				errors->error[(size_t) k * ORIGINS_MAX + errors->count[k]++] = error;
		}
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}

/* The ranked error of one step; NaN when there is none. */
static double
ranked(const double *sorted, int32_t count, double coverage)
{
	int32_t		rank = (int32_t) ceil((count + 1) * coverage);

	if (count == 0)
		return NAN;
	if (rank <= count)
		return sorted[rank > 0 ? rank - 1 : 0];
	return sorted[count - 1] * (1.0 + 8.0 / pow(count, 0.75) * (rank - count) / (count + 1.0));
}

static double
largest_value(const SfSeries *s)
{
	double		largest = 0.0;

	for (int32_t t = 0; t < s->n; t++)
		if (fabs(s->y[t]) > largest)
			largest = fabs(s->y[t]);
	return largest;
}

SfStatus
sf_conformal_widths(SfArena *arena, const SfSeries *s, SfPredict predict, const void *argument,
					int32_t horizon, const double *coverage, int32_t coverages, double *width)
{
	int32_t		steps = horizon < s->n ? horizon : s->n;
	double		largest = largest_value(s);
	Errors		errors = {.horizon = steps};
	SfStatus	status;

	errors.count = sf_arena_take(arena, (size_t) steps, sizeof(int32_t));
	errors.error = sf_arena_take(arena, (size_t) steps, ORIGINS_MAX * sizeof(double));
	if (errors.count == NULL || errors.error == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < steps; k++)
		errors.count[k] = 0;
	status = collect(arena, s, predict, argument, &errors);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < steps; k++)
	{
		if (k % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sf_sort(errors.error + (size_t) k * ORIGINS_MAX, errors.count[k]);
	}
	for (int32_t i = 0; i < coverages; i++)
	{
		double		widest = 0.0;
		int32_t		known = 0;

		for (int32_t k = 0; k < horizon; k++)
		{
			double		w = k < steps ? ranked(errors.error + (size_t) k * ORIGINS_MAX, errors.count[k], coverage[i]) : NAN;

			if (!isnan(w))
				known = k + 1;
			else if (known > 0)
				w = width[(size_t) i * horizon + known - 1] * sqrt((k + 1.0) / known);
			else
				w = largest * sqrt(k + 1.0);
			if (w > widest)
				widest = w;
			width[(size_t) i * horizon + k] = widest;
		}
	}
	return SF_OK;
}
