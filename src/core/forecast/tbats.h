/*
 * tbats.h
 *		Exponential smoothing with waves for seasons, Box-Cox, damping, ARMA errors.
 *
 *	z_t = y_t^(lambda)			Box-Cox, lambda = 1: none
 *	z_t = l + phi b + sum_k s_k + d_t		states of t - 1
 *	l' = l + phi b + alpha d_t
 *	b' = phi b + beta d_t
 *	s_k' = s_k cos w_k + r_k sin w_k + gamma1_i d_t
 *	r_k' = -s_k sin w_k + r_k cos w_k + gamma2_i d_t
 *	d_t = sum a_i d_(t-i) + sum m_i e_(t-i) + e_t		ARMA(p, q), p, q <= 2
 *
 * Season i has harmonics k with w_k = 2 pi j / m_i, j up to what a regression on
 * waves finds significant; m_i may be a fraction.  The seed states are
 * solved, not searched: the errors e_t are linear in them.  Only the smoothing
 * constants, phi, lambda and the ARMA coefficients are searched (Nelder-Mead).
 * No trend, a trend or a damped one, Box-Cox or none, ARMA errors or none: by AIC
 *
 *	AIC = n log(sum e^2) - 2 (lambda - 1) sum log y + 2 (parameters + states),
 *
 * which leaves out the same constant as the authors' software.
 *
 * The label reads TBATS(lambda, {p,q}, phi, {<m,harmonics>, ...}), a dash for a phi
 * that is not there; BATS when there is no season.  With Box-Cox the forecast is
 * the median and the variance goes by the delta method.
 *
 * A long series is fitted to its last 4000 periods, or three of its longest seasons
 * if that is more, but 30000 at most.  Fewer than 5 values or a constant series: their mean.
 *
 * Source: De Livera, Hyndman & Snyder, Forecasting time series with complex
 * seasonal patterns using exponential smoothing, Journal of the American Statistical
 * Association 106, 2011, eq. 2-7 (model), section 3 (estimation); as there, seeds are
 * concentrated out of the likelihood.  We differ: a damped slope goes to 0 (theirs,
 * eq. 3c, to a trend of its own, b' = (1 - phi) b0 + phi b + beta d), the harmonics are chosen before
 * the models are compared, the wave of half a cycle a period is allowed, waves
 * that two seasons share are kept once.
 *
 * Time O(evaluations * n * states) and, for short series, * states^2; memory
 * O(n + states^2).
 */
#ifndef SF_TBATS_H
#define SF_TBATS_H

#include "core/forecast/method.h"

/* Takes several seasons; no gaps, no drivers. */
extern SfStatus sf_tbats_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_TBATS_H */
