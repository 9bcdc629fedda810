/*
 * smooth.h
 *		Simple, linear-trend and damped-trend exponential smoothing of a series
 *		without season, fitted in a few microseconds.
 *
 *		e_t = y_t - (l_(t-1) + phi b_(t-1))
 *		l_t = l_(t-1) + phi b_(t-1) + alpha e_t
 *		b_t = phi b_(t-1) + alpha beta e_t
 *
 * The one-step errors are linear in (l_0, b_0): e = a + p l_0 + q b_0, where a, p
 * and q follow the same recursion.  A pass gathers the six sums of their
 * products, a 2 x 2 system gives the states that minimize the squared errors, and
 * only the smoothing constants are searched, eight settings a pass.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, ch. 2 (models), ch. 5.1 (least squares over initial states);
 * Gardner & McKenzie, Forecasting trends in time series, Management Science 31,
 * 1985 (damped trend).  We differ: beta is a share of alpha, phi lies in
 * 0.80 .. 0.98, the search is a narrowing grid and not a simplex.
 */
#ifndef SF_SMOOTH_H
#define SF_SMOOTH_H

#include "core/forecast/method.h"

typedef enum SfTrendKind
{
	SF_TREND_NONE,				/* simple exponential smoothing */
	SF_TREND_LINEAR,			/* Holt: phi = 1 */
	SF_TREND_DAMPED
} SfTrendKind;

/* With fewer values a trend is not asked of the data. */
#define SF_TREND_LEAST 5

typedef struct SfTrendModel
{
	SfTrendKind kind;
	double		alpha;			/* 0 .. 1 */
	double		beta;			/* share of alpha, 0 .. 1 */
	double		phi;
	double		level0;			/* before the first value */
	double		trend0;
	double		sse;			/* sum of squared one-step errors */
} SfTrendModel;

/*
 * sf_trend_fit
 *		Fits y[n], n >= 1, all finite.  O(n), no allocation; the constants of a series
 *		of more than SF_LANES_PERIODS_MAX periods are those of its end (lanes.h).
 */
extern void sf_trend_fit(const double *y, int32_t n, SfTrendKind kind, SfTrendModel *model);

/*
 * sf_trend_path
 *		level[t], trend[t] after y[t], t = 0 .. n - 1; fitted[t] (may be NULL) the
 *		forecast of y[t] one step before.
 */
extern void sf_trend_path(const SfTrendModel *model, const double *y, int32_t n,
						  double *level, double *trend, double *fitted);

/* mean[h] from the states after some y[t]. */
extern void sf_trend_project(const SfTrendModel *model, double level, double trend,
							 int32_t horizon, double *mean);

/* The methods ses, holt, damped; a season is taken out before and put back after. */
extern SfStatus sf_ses_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_holt_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_damped_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_SMOOTH_H */
