/*
 * prophet.h
 *		A trend of straight pieces plus waves plus drivers, in one regression.
 *
 *	y(t) = m + k t + sum_j delta_j max(0, t - s_j) + sum of harmonics + drivers + error
 *
 * Up to 25 changes of slope s_j stand at equal distances over the first 90 % of
 * the observations; delta_j has a Laplace prior of scale tau times the range of the
 * series, which makes most of them vanish.  What is given is the mean over four
 * values of tau, .025 to .3: that forecasts better than choosing one.  The
 * logarithms of a positive series are used instead (seasons and drivers then
 * multiply) where the likelihood is higher.  Harmonics: up to 10 a season, 3 for a
 * season of at most 7; no season that the series does not hold twice.
 *
 * Gaps are left out, nothing is filled.  Drivers have mean 0 and deviation 1 and a
 * weak ridge.  The variance is that of an observation plus that of the
 * coefficients plus that of future changes of slope, which come as often and are as
 * large as those of the past: rate * 2 b^2 * h^3 / 3 with b the mean |delta_j|.
 * With logarithms the forecast is the median.
 *
 * Short (fewer than 4 observations) or constant series get their mean.
 *
 * Source: Taylor & Letham, Forecasting at scale, The American Statistician 72, 2018,
 * 3.1 (trend), 3.2 (seasons), 3.1.4 (uncertainty).  We differ: the posterior mode is
 * found by reweighted least squares (Hunter & Li, Variable selection using MM
 * algorithms, Annals of Statistics 33, 2005) on sums of products that are built
 * once; tau is averaged over; the growth is linear, never logistic;
 * multiplicative seasons go by logarithms.
 *
 * Time O(n p^2), p = columns (2 + harmonics + drivers + changepoints), memory
 * O(p^2 + n).
 */
#ifndef SF_PROPHET_H
#define SF_PROPHET_H

#include "core/forecast/method.h"

/* Takes gaps, drivers and several seasons. */
extern SfStatus sf_prophet_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_PROPHET_H */
