/*
 * theta.h
 *		Theta models of a series without season: standard, optimised, dynamic
 *		optimised.
 *
 * With w = 1 - 1/theta, the one-step forecast is
 *
 *		mu_t = l_(t-1) + w { (1 - alpha)^(t-1) A + [1 - (1 - alpha)^t] / alpha B }
 *		l_t  = alpha y_t + (1 - alpha) l_(t-1)
 *
 * where A and B are intercept and slope of the straight line through the whole
 * series (Theta: w = 1/2; OTM: w free) or through y_1 .. y_(t-1) (DOTM).  They
 * do not depend on the parameters, and mu is linear in (l_0, w), so one pass
 * solves both by least squares and only alpha is searched.
 *
 * Source: Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler, Models for
 * optimising the theta method and their relationship to state space models,
 * International Journal of Forecasting 32, 2016, eq. 5-14; Assimakopoulos &
 * Nikolopoulos, The theta model, ibid. 16, 2000.  We differ: l_0 and w by linear
 * least squares with 0 <= w <= 1, alpha in 0.02 .. 0.99 by a narrowing grid.
 */
#ifndef SF_THETA_H
#define SF_THETA_H

#include "core/forecast/method.h"

typedef enum SfThetaKind
{
	SF_THETA_STANDARD,			/* w = 1/2 */
	SF_THETA_OPTIMISED,			/* OTM */
	SF_THETA_DYNAMIC			/* DOTM */
} SfThetaKind;

typedef struct SfThetaModel
{
	SfThetaKind kind;
	double		alpha;
	double		w;				/* 1 - 1/theta, 0 .. 1 */
	double		level0;
	double		sse;
} SfThetaModel;

/*
 * The straight lines through y_1 .. y_t for every t: intercept[t], slope[t] after
 * y[t] (0-based).  A theta model reads nothing else of the past.
 */
extern void sf_theta_lines(const double *y, int32_t n, double *intercept, double *slope);

/*
 * sf_theta_fit
 *		Fits y[n], n >= 1, given its lines.  O(n), no allocation; alpha of a series of
 *		more than SF_LANES_PERIODS_MAX periods is that of its end (lanes.h).
 */
extern void sf_theta_fit(const double *y, int32_t n, const double *intercept, const double *slope,
						 SfThetaKind kind, SfThetaModel *model);

/* level[t] after y[t]; fitted[t] (may be NULL) the forecast of y[t] one step before. */
extern void sf_theta_path(const SfThetaModel *model, const double *y, int32_t n,
						  const double *intercept, const double *slope,
						  double *level, double *fitted);

/* mean[h] after n values, given the level, the line and the mean of those values. */
extern void sf_theta_project(const SfThetaModel *model, int32_t n, double level, double intercept,
							 double slope, int32_t horizon, double *mean);

/* The methods theta, otm, dotm; a season is taken out before and put back after;
 * below SF_TREND_LEAST values simple exponential smoothing, and labelled so. */
extern SfStatus sf_theta_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_otm_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_dotm_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_THETA_H */
