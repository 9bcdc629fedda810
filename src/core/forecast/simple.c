/*
 * simple.c
 *		The forecasts everything must beat: mean, naive, seasonal naive, drift.
 */
#include "core/forecast/simple.h"

#include "core/forecast/plain.h"

/* The values, and what each method reads of them. */
typedef struct Values
{
	const double *y;
	double	   *mean;			/* [n] of the values so far; only for the mean */
	int32_t		lag;			/* one season */
} Values;

static SfStatus
keep(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) arena;
	(void) n;
	*(Values *) model = (Values) {.y = y, .lag = season};
	return SF_OK;
}

static SfStatus
fit_mean(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	double	   *mean = sf_arena_take(arena, (size_t) n, sizeof(double));

	(void) season;
	if (mean == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	mean[0] = y[0];
	for (int32_t t = 1; t < n; t++)
		mean[t] = mean[t - 1] + (y[t] - mean[t - 1]) / (t + 1);
	*(Values *) model = (Values) {.y = y, .mean = mean};
	return SF_OK;
}

static void
project_mean(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	(void) scratch;
	for (int32_t k = 0; k < horizon; k++)
		mean[k] = ((const Values *) model)->mean[known - 1];
}

static void
project_naive(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	(void) scratch;
	for (int32_t k = 0; k < horizon; k++)
		mean[k] = ((const Values *) model)->y[known - 1];
}

static void
project_seasonal(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	const Values *v = model;

	(void) scratch;
	for (int32_t k = 0; k < horizon; k++)
		mean[k] = known >= v->lag ? v->y[known - v->lag + k % v->lag] : v->y[known - 1];
}

static void
project_drift(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	const double *y = ((const Values *) model)->y;
	double		slope = known > 1 ? (y[known - 1] - y[0]) / (known - 1) : 0.0;

	(void) scratch;
	for (int32_t k = 0; k < horizon; k++)
		mean[k] = y[known - 1] + slope * (k + 1);
}

static void
tell_nothing(const void *model, SfForecast *out)
{
	(void) model;
	(void) out;
}

SfStatus
sf_mean_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "mean", .model_size = sizeof(Values), .fit = fit_mean,
		.project = project_mean, .tell = tell_nothing
	};

	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_naive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "naive", .model_size = sizeof(Values), .fit = keep,
		.project = project_naive, .tell = tell_nothing
	};

	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_seasonal_naive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "seasonal naive", .model_size = sizeof(Values), .fit = keep,
		.project = project_seasonal, .tell = tell_nothing
	};

	if (sf_series_season(s) == 1 || sf_series_season(s) > s->n)
		return sf_naive_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_drift_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "drift", .model_size = sizeof(Values), .fit = keep,
		.project = project_drift, .tell = tell_nothing
	};

	return sf_plain_forecast(arena, s, &method, out);
}
