/*
 * drivers.h
 *		What outside figures do to a series, taken out before a method that
 *		knows no drivers, and put back after.
 *
 * Series and drivers lose what their seasons explain (so a driver tells how this
 * September departs from the usual one), both are filtered by 1 - rho B with the rho of
 * 0, .3, .6, .9, 1 that leaves the least error, and the filtered series is regressed on the
 * filtered drivers, an intercept and a straight line, with a ridge penalty that grows with the
 * number of drivers per period and is chosen on the last fifth of the series.
 *
 * Where every value is positive the same is done with the logarithms, and the form with the
 * smaller squared error on the last fifth, counted in values, is taken: effects are amounts, or
 * factors when those are better by a tenth.  Sales that double in five years need factors.
 *
 * Source: Frisch & Waugh, Econometrica 1, 1933 (partialling out); Prais & Winsten,
 * Cowles Commission Discussion Paper 383, 1954 (quasi-differences); Hoerl & Kennard,
 * Technometrics 12, 1970 (ridge).
 */
#ifndef SF_DRIVERS_H
#define SF_DRIVERS_H

#include "core/forecast/method.h"

/*
 * sf_drivers_effect
 *		effect[n + horizon] = what the drivers add to each period, or, if *factor,
 *		what they multiply it with, given s with complete y; notes get one line a
 *		driver (the effect of one unit).  Factors are above 0; beyond the largest of the
 *		past they grow by a straight line, not exponentially.
 *		Fewer than 4 periods, or no driver that varies: all zero, *factor false.
 *		SF_OK, SF_NO_MEMORY, SF_CANCELLED, SF_OVERFLOW.  O(n k^2).
 */
extern SfStatus sf_drivers_effect(SfArena *arena, const SfSeries *s, const double *y,
								  int32_t horizon, double *effect, bool *factor, SfForecast *notes);

#endif							/* SF_DRIVERS_H */
