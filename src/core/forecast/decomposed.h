/*
 * decomposed.h
 *		"stl+theta": seasons by STL, the rest by another method.
 *
 * The seasons are taken off by STL (MSTL when there are several), the method
 * forecasts the rest as a series without season, and the last cycle of each season is
 * added.  The variance is the method's own: the season counts as known.
 *
 * Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed.,
 * section 5.7.
 */
#ifndef SF_DECOMPOSED_H
#define SF_DECOMPOSED_H

#include "core/forecast/method.h"

extern SfStatus sf_decomposed_forecast(SfArena *arena, const SfSeries *s, SfMethodFunction rest,
									   SfForecast *out);

#endif							/* SF_DECOMPOSED_H */
