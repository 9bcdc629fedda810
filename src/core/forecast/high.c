/*
 * high.c
 *		accuracy => 'high': seven members, weighted.
 */
#include "core/forecast/high.h"

#include "core/base/sort.h"
#include "core/forecast/arima.h"
#include "core/forecast/auto.h"
#include "core/forecast/ces.h"
#include "core/forecast/decomposed.h"
#include "core/forecast/ets.h"
#include "core/forecast/features.h"
#include "core/forecast/high_table.h"
#include "core/forecast/mfles.h"
#include "core/forecast/simple.h"
#include "core/forecast/theta.h"

#include <math.h>

#define RECORD_LIMIT 4.0
#define RECORD_FLOOR 0.05
#define RECORD_PERIODS 80.0
#define SHORT_PERIODS 40.0
#define FEATURE_LIMIT 2.0

static SfStatus
stl_dotm(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return sf_decomposed_forecast(arena, s, sf_dotm_forecast, out);
}

/* In the order of the table's columns; the default is the first. */
static const struct
{
	const char *name;
	SfMethodFunction forecast;
}			members[SF_HIGH_MEMBERS] = {
	{"auto", sf_auto_forecast},
	{"ARIMA", sf_arima_forecast},
	{"ETS", sf_ets_fast_forecast},
	{"STL + DOTM", stl_dotm},
	{"MFLES", sf_mfles_forecast},
	{"CES", sf_ces_forecast},
	{"seasonal naive", sf_seasonal_naive_forecast}
};

/* In the order of the table's rows; the last row is the disagreement. */
static const struct
{
	SfFeature	feature;
	bool		logarithm;		/* log(1 + x) is taken */
}			chosen[SF_HIGH_FEATURES - 1] = {
	{SF_FEATURE_LENGTH, true},
	{SF_FEATURE_CYCLES, true},
	{SF_FEATURE_SEASONAL_STRENGTH, false},
	{SF_FEATURE_TREND_STRENGTH, false},
	{SF_FEATURE_ENTROPY, false},
	{SF_FEATURE_SNAIVE_GAIN, false},
	{SF_FEATURE_SES_ALPHA, false},
	{SF_FEATURE_ACF1, false}
};

const char *
sf_high_member_name(int32_t k)
{
	return members[k].name;
}

static double
largest_size(const double *y, int32_t n)
{
	double		largest = 0.0;

	for (int32_t t = 0; t < n; t++)
		if (fabs(y[t]) > largest)
			largest = fabs(y[t]);
	return largest;
}

/* Forecast of member k into mean; false in *usable when it is out of all proportion. */
static SfStatus
run_member(SfArena *arena, const SfSeries *s, int k, int32_t horizon, double *mean,
		   double *variance, bool *usable)
{
	SfForecast	out = {.horizon = horizon, .mean = mean, .variance = variance};
	SfStatus	status = members[k].forecast(arena, s, &out);
	double		limit = 10.0 * largest_size(s->y, s->n);

	*usable = true;
	for (int32_t i = 0; i < horizon && status == SF_OK; i++)
		if (!(fabs(mean[i]) <= limit))
			*usable = false;
	return status;
}

/* Periods that can be held out; 0 = too few. */
static int32_t
held_out(const SfSeries *s, int32_t horizon)
{
	int32_t		season = sf_series_season(s);
	int32_t		periods = horizon < s->n / 3 ? horizon : s->n / 3;

	return s->n - periods >= 6 && (season == 1 || s->n - periods >= 2 * season) ? periods : 0;
}

static double
mean_change(const double *y, int32_t n, int32_t lag)
{
	double		sum = 0.0;

	if (lag >= n)
		lag = 1;
	for (int32_t t = lag; t < n; t++)
		sum += fabs(y[t] - y[t - lag]);
	return n > lag ? sum / (n - lag) : 0.0;
}

/* record[k] of every member, from the last periods held out. */
static SfStatus
look_back(SfArena *arena, const SfSeries *s, int32_t horizon, double *record)
{
	int32_t		periods = held_out(s, horizon);
	SfSeries	past = *s;
	double		error[SF_HIGH_MEMBERS];
	double		floor;
	double	   *mean;

	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
		record[k] = 0.0;
	if (periods == 0)
		return SF_OK;
	past.n = s->n - periods;
	mean = sf_arena_take(arena, (size_t) periods, 2 * sizeof(double));
	if (mean == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	floor = RECORD_FLOOR * mean_change(past.y, past.n, sf_series_season(s));
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		bool		usable;
		SfStatus	status = run_member(arena, &past, k, periods, mean, mean + periods, &usable);

		if (status != SF_OK)
			return status;
		error[k] = 0.0;
		for (int32_t i = 0; i < periods; i++)
			error[k] += fabs(s->y[past.n + i] - mean[i]) / periods;
		if (!usable)
			error[k] = INFINITY;
		sf_arena_rewind(arena, mark);
	}
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
	{
		double		ratio = log((error[0] + floor) / (error[k] + floor));

		/* 0 / 0 when nothing moves, infinite when a member was perfect or unusable */
		if (isnan(ratio))
			ratio = 0.0;
		ratio = fmax(-RECORD_LIMIT, fmin(RECORD_LIMIT, ratio));
		record[k] = ratio * s->n / (s->n + RECORD_PERIODS);
	}
	return SF_OK;
}

/* How far the members lie from their median, relative to it, as a log. */
static double
disagreement(const SfHighParts *parts, int32_t horizon)
{
	double		apart = 0.0;
	double		size = 0.0;

	for (int32_t i = 0; i < horizon; i++)
	{
		double		sorted[SF_HIGH_MEMBERS];
		int32_t		count = 0;
		double		median;

		for (int k = 0; k < SF_HIGH_MEMBERS; k++)
			if (parts->usable[k])
				sorted[count++] = parts->mean[k][i];
		if (count == 0)
			continue;
		median = sf_median(sorted, count);
		size += fabs(median) / horizon;
		for (int k = 0; k < SF_HIGH_MEMBERS; k++)
			if (parts->usable[k])
				apart += fabs(parts->mean[k][i] - median) / count / horizon;
	}
	return log(1e-3 + (size > 0 ? apart / size : 0.0));
}

static SfStatus
look_at(SfArena *arena, const SfSeries *s, SfHighParts *parts)
{
	double		all[SF_FEATURES];
	SfStatus	status = sf_features(arena, s, all);

	if (status != SF_OK)
		return status;
	for (int f = 0; f < SF_HIGH_FEATURES - 1; f++)
	{
		double		x = all[chosen[f].feature];

		parts->feature[f] = chosen[f].logarithm ? log1p(fmax(x, 0.0)) : x;
	}
	return SF_OK;
}

SfStatus
sf_high_parts(SfArena *arena, const SfSeries *s, SfForecast *base, SfHighParts *parts)
{
	int32_t		horizon = base->horizon;
	double	   *block = sf_arena_take(arena, (size_t) horizon, (SF_HIGH_MEMBERS + 1) * sizeof(double));
	SfStatus	status;

	if (block == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = look_at(arena, s, parts);
	if (status == SF_OK)
		status = members[0].forecast(arena, s, base);
	for (int k = 0; k < SF_HIGH_MEMBERS && status == SF_OK; k++)
	{
		SfArenaMark mark = sf_arena_mark(arena);

		parts->mean[k] = block + k * (size_t) horizon;
		parts->usable[k] = true;
		if (k > 0)
			status = run_member(arena, s, k, horizon, parts->mean[k],
								block + SF_HIGH_MEMBERS * (size_t) horizon, &parts->usable[k]);
		for (int32_t i = 0; i < horizon && k == 0; i++)
			parts->mean[0][i] = base->mean[i];
		sf_arena_rewind(arena, mark);
	}
	if (status == SF_OK)
		status = look_back(arena, s, horizon, parts->record);
	if (status == SF_OK)
		parts->feature[SF_HIGH_FEATURES - 1] = disagreement(parts, horizon);
	return status;
}

void
sf_high_weights(const SfHighParts *parts, int32_t n, double *weight)
{
	double		most = -INFINITY;
	double		sum = 0.0;

	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
	{
		double		z = sf_high_bias[k] + sf_high_record * parts->record[k];

		for (int f = 0; f < SF_HIGH_FEATURES; f++)
		{
			double		x = (parts->feature[f] - sf_high_centre[f]) / sf_high_spread[f];

			z += sf_high_slope[f][k] * fmax(-FEATURE_LIMIT, fmin(FEATURE_LIMIT, x));
		}
		if (k > 0)
			z += log(n / (n + SHORT_PERIODS));
		weight[k] = parts->usable[k] ? z : -INFINITY;
		most = fmax(most, weight[k]);
	}
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
	{
		weight[k] = exp(weight[k] - most);
		sum += weight[k];
	}
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
		weight[k] /= sum;
}

SfStatus
sf_high_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	double		weight[SF_HIGH_MEMBERS];
	SfHighParts parts;
	SfForecast	base = *out;
	SfStatus	status = sf_high_parts(arena, s, &base, &parts);

	if (status != SF_OK)
		return status;
	if (base.demand || base.regular)
	{
		*out = base;
		return SF_OK;
	}
	out->converged = true;
	out->reason = "accuracy high: weights by the errors on periods held out and by the kind of series";
	sf_forecast_label(out, "weighted mean of seven methods");
	sf_high_weights(&parts, s->n, weight);
	for (int32_t i = 0; i < out->horizon; i++)
	{
		out->mean[i] = 0.0;
		for (int k = 0; k < SF_HIGH_MEMBERS; k++)
			if (weight[k] > 0)
				out->mean[i] += weight[k] * parts.mean[k][i];
	}
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
		sf_forecast_note(out, members[k].name, weight[k]);
	return SF_OK;
}
