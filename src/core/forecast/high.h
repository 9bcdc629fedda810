/*
 * high.h
 *		accuracy => 'high': seven members, weighted by what they did lately and by
 *		what kind of series it is.
 *
 * Members: the default (blend.h), automatic ARIMA, automatic ETS, DOTM on an STL
 * decomposition, MFLES, CES, seasonal naive.  Member k gets the share of exp z_k,
 *
 *		z_k = b_k + c r_k + sum_f W_fk x_f + (k > 0) log(n / (n + 40))
 *		r_k = n / (n + 80) log((e_0 + .05 s) / (e_k + .05 s)), the log within -4 .. 4
 *
 * e_k is the mean absolute error of member k over the last periods, held out, as many
 * as are asked for (at most a third of the series, and leaving two seasons); s the mean
 * absolute change over a season; x_f features of the series.  b, c and W are a table of
 * constants (high_table.h) that bench/weights trains on the errors of the combined forecast; the
 * last term keeps many-parameter members out of short series.
 *
 * Source: Montero-Manso, Athanasopoulos, Hyndman & Talagala, FFORMA: feature-based
 * forecast model averaging, International Journal of Forecasting 36, 2020.  We differ:
 * a softmax of linear functions in place of trees (trees learned the collections, not the
 * series), the past error of each member as the first feature, and the loss of the
 * combination itself in place of the weighted mean of the members' losses.
 */
#ifndef SF_HIGH_H
#define SF_HIGH_H

#include "core/forecast/method.h"

#define SF_HIGH_MEMBERS 7
#define SF_HIGH_FEATURES 9

/* What the weights are made of; arrays live in the arena. */
typedef struct SfHighParts
{
	double	   *mean[SF_HIGH_MEMBERS];	/* [horizon] each */
	bool		usable[SF_HIGH_MEMBERS];	/* finite and of the size of the series */
	double		record[SF_HIGH_MEMBERS];	/* r_k */
	double		feature[SF_HIGH_FEATURES];	/* not standardised; the last: how far members differ */
} SfHighParts;

/*
 * sf_high_parts
 *		Forecasts of all members (the default's own result in base), their record and
 *		the features.  Used by the method and by the training of its table.
 */
extern SfStatus sf_high_parts(SfArena *arena, const SfSeries *s, SfForecast *base, SfHighParts *parts);

extern const char *sf_high_member_name(int32_t k);

/* weight[SF_HIGH_MEMBERS] sum to 1, for a series of n periods. */
extern void sf_high_weights(const SfHighParts *parts, int32_t n, double *weight);

/*
 * sf_high_forecast
 *		The method.  Variance and fitted values are those of the default: the
 *		combination errs less, so intervals are on the wide side.
 *		Intermittent series get what the default gives them.
 */
extern SfStatus sf_high_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_HIGH_H */
