/*
 * simple.h
 *		The forecasts everything must beat: mean, naive, seasonal naive, drift.
 *
 * Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed.,
 * OTexts 2021, section 5.2.
 */
#ifndef SF_SIMPLE_H
#define SF_SIMPLE_H

#include "core/forecast/method.h"

/* The mean of all values. */
extern SfStatus sf_mean_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/* The last value. */
extern SfStatus sf_naive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/* The value one season before (the first season; a fraction is rounded); naive below one season. */
extern SfStatus sf_seasonal_naive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/* The straight line through the first and the last value. */
extern SfStatus sf_drift_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_SIMPLE_H */
