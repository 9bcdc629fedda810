/*
 * conformal.h
 *		Interval widths from the ranked errors of refitted rolling origins.
 *
 * The forecast is made anew from up to 40 earlier origins, each time with the data of
 * that day only.  Per step, the half-width for coverage c is the ceil((k + 1) c)-th smallest
 * of the k absolute errors, made non-decreasing in the step.  With too few errors
 * for that rank (k < 19 for 95 %), or none at a step, the largest error so far grows by
 * 1 + 8 / (k^(3/4) (k + 1)) and with the square root of the step.
 *
 * Source: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, Springer
 * 2005 (rank); Stankeviciute, Alaa & van der Schaar, NeurIPS 34, 2021 (per step of a
 * horizon).  Errors of a series are not exchangeable: coverage is close, not guaranteed.
 */
#ifndef SF_CONFORMAL_H
#define SF_CONFORMAL_H

#include "core/forecast/method.h"

/* Makes the forecast of a series; out as for a method, fitted NULL. */
typedef SfStatus (*SfPredict) (SfArena *arena, const SfSeries *s, const void *argument, SfForecast *out);

/*
 * sf_conformal_widths
 *		width[coverages][horizon], coverage[i] in 0 .. 1 ascending.  Series with fewer than
 *		2 values have no errors: the width is the size of the largest value.
 *		Time: that of up to 40 forecasts.
 */
extern SfStatus sf_conformal_widths(SfArena *arena, const SfSeries *s, SfPredict predict,
									const void *argument, int32_t horizon,
									const double *coverage, int32_t coverages, double *width);

#endif							/* SF_CONFORMAL_H */
