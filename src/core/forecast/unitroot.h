/*
 * unitroot.h
 *		How often to difference a series before it can be taken as stationary.
 *
 * Ordinary differences by the KPSS test, whose hypothesis is that the level is
 * stationary: difference while it is rejected at 5 per cent.  Seasonal ones by the
 * strength of the season, one minus the share that the remainder of an STL
 * decomposition has in season + remainder: difference above .64.
 *
 * Source: Kwiatkowski, Phillips, Schmidt & Shin, Testing the null hypothesis of
 * stationarity against the alternative of a unit root, Journal of Econometrics
 * 54, 1992, eq. 10, 13 and table 1; number of lags and the threshold .64 (fitted
 * to the seasonal series of the M3 competition) as in ndiffs and nsdiffs of R's
 * forecast 8.20; strength: Wang, Smith & Hyndman, Data Mining and Knowledge
 * Discovery 13, 2006.
 */
#ifndef SF_UNITROOT_H
#define SF_UNITROOT_H

#include "core/base/arena.h"

/* Rejected above this, at 5 per cent (KPSS, table 1). */
#define SF_KPSS_LEVEL_5 0.463

/* Seasonal strength that asks for a seasonal difference. */
#define SF_SEASONAL_STRENGTH_MIN 0.64

/*
 * sf_kpss_level
 *		The statistic of y[n], complete, with trunc(3 sqrt(n) / 13) lags and Bartlett
 *		weights; 0 for a constant series or n < 3.  O(n sqrt(n)), no memory.
 */
extern double sf_kpss_level(const double *y, int64_t n);

/*
 * sf_difference
 *		y[i] = y[i + lag] - y[i] in place; returns how many values are left.
 */
extern int64_t sf_difference(double *y, int64_t n, int64_t lag);

/* Whether y[n] is one value up to rounding of numbers as large as `size`. */
extern bool sf_is_constant(const double *y, int64_t n, double size);

/*
 * sf_ordinary_differences
 *		How many of at most d_max differences y[n] needs; y is used up.
 *		size = the largest value of the series that y was made from.  The test sees the
 *		last 20,000 values.
 */
extern int32_t sf_ordinary_differences(double *y, int64_t n, int32_t d_max, double size);

/*
 * sf_seasonal_strength
 *		0 .. 1 for y[n], complete, with m >= 2 periods a season; 0 when there are
 *		fewer than two cycles and five values.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_seasonal_strength(SfArena *arena, const double *y, int32_t n, int32_t m, double *strength);

#endif							/* SF_UNITROOT_H */
