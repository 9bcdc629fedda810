/*
 * ets_variance.h
 *		Forecast means and variances of an exponential smoothing model.
 *
 * Let f_h be the point forecast, c_j = alpha + beta phi_j + gamma d_j with
 * phi_j = phi + ... + phi^j and d_j = 1 when m divides j, else 0; v_h the variance
 * of y_(n+h), sigma^2 that of the (relative) error; sums over j = 1 .. h - 1.
 *
 *	additive errors				mean f_h, v_h = sigma^2 (1 + sum c_j^2)
 *	relative errors, season		mean f_h, v_h = (1 + sigma^2) theta_h - f_h^2,
 *	none or additive			theta_h = f_h^2 + sigma^2 sum c_j^2 theta_(h-j)
 *	relative errors,			mean E[q s], v_h = (1 + sigma^2) E[q^2 s^2] - E[q s]^2, exact
 *	multiplicative season		for normal errors
 *
 * These are the book's classes 1, 2 and 3.  The sums are kept up to date from step to
 * step, because phi_(j+1) = phi (1 + phi_j) and phi_(j+m) = phi_m + phi^m phi_j.  In
 * the third class every position of the season keeps the moments of its state times
 * level and trend: they go on by a small matrix per season, one for the step that
 * touches the position and a power of one for the m - 1 steps that do not.  So all take
 * O(horizon + m) time, where the formulas as they stand take a square.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, ch. 6.3 (classes 1 to 3) and its appendix.
 */
#ifndef SF_ETS_VARIANCE_H
#define SF_ETS_VARIANCE_H

#include "core/forecast/ets_model.h"

typedef struct SfEtsEnd
{
	SfEtsForm	form;
	double		alpha;
	double		beta;			/* 0 when absent, as gamma */
	double		gamma;
	double		phi;			/* 1 unless damped */
	double		sigma2;
	double		level;			/* after the last value, as are the others */
	double		trend;
	const double *season;		/* [m]; season[(first + h - 1) mod m] is for step h */
	int32_t		m;
	int32_t		first;
} SfEtsEnd;

/*
 * sf_ets_project
 *		mean[horizon], variance[horizon]; memory O(min(m, horizon)).  Variances do
 *		not fall with the horizon, except where relative errors and smaller forecasts
 *		make them.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_ets_project(SfArena *arena, const SfEtsEnd *end, int32_t horizon, double *mean, double *variance);

#endif							/* SF_ETS_VARIANCE_H */
