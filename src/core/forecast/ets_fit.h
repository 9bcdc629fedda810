/*
 * ets_fit.h
 *		Maximum likelihood for one exponential smoothing model.
 *
 * exp(L / n) = sum (e G)^2 with G = 1, or the geometric mean of the forecasts
 * when errors are relative: the likelihood is a sum of squares in every model,
 * and its slopes come with one pass (ets_pass.h).  So the constants and all
 * initial states are found together by Gauss-Newton steps with Levenberg-Marquardt
 * damping; a constant at the end of its range stays there while the slope points
 * outwards.  Where errors are additive and constants stand still, one undamped step
 * is the least-squares solution for the initial states.
 *
 * The start is the best of a small grid of constants; more starts cost more time
 * and find better optima where there are several.  Ranges: alpha, beta / alpha and
 * gamma / (1 - alpha) in 0.0001 .. 0.9999, phi in 0.80 .. 0.98.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, ch. 5; Marquardt, An algorithm for least-squares estimation of
 * nonlinear parameters, Journal of the Society for Industrial and Applied
 * Mathematics 11, 1963.  We differ: the book searches
 * with a simplex.
 */
#ifndef SF_ETS_FIT_H
#define SF_ETS_FIT_H

#include "core/forecast/ets_pass.h"
#include "core/forecast/ets_start.h"

typedef struct SfEtsEffort
{
	int32_t		starts;			/* >= 1; one per alpha of the grid at most */
	int32_t		steps_max;		/* Gauss-Newton steps from one start */
	double		tolerance;		/* of L: stop when a step gains less */
} SfEtsEffort;

typedef struct SfEtsFit
{
	SfEtsForm	form;
	SfEtsPoint	point;			/* season[m] is the fit's own */
	double		criterion;		/* L; +Inf = the model cannot be fitted */
	int32_t		parameters;		/* k: constants, initial states, variance */
	bool		converged;
} SfEtsFit;

/* Constants, free initial states and the variance of a model. */
extern int32_t sf_ets_parameters(SfEtsForm form, int32_t m);

/*
 * sf_ets_fit
 *		start		of the season of the form
 *		near		a point to start from too, such as the fit of a relative; may be NULL
 *		free_season	the seasonal states are fitted as well; work must have been made for it
 *		fit			point.season[m] is the caller's and is written; the rest is set
 *		SF_OK (criterion may be +Inf), SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_ets_fit(SfArena *arena, SfEtsWork *work, const SfEtsData *data, SfEtsForm form,
						   const SfEtsStart *start, const SfEtsPoint *near, bool free_season,
						   const SfEtsEffort *effort, SfEtsFit *fit);

#endif							/* SF_ETS_FIT_H */
