/*
 * ets.h
 *		Exponential smoothing in state space form: automatic, as asked for, and
 *		Holt-Winters.
 *
 * The models are in ets_model.h, which of them are tried and how one is chosen
 * in ets_search.h, how one is fitted in ets_fit.h, variances in ets_variance.h.
 * Only the first season of a series is used, as a whole number of periods.
 *
 * Notes: alpha, beta, gamma, phi (those the model has), sigma (standard deviation of
 * the one-step error in the unit of the series, or relative to the forecast
 * when errors are multiplicative), aicc (NaN when there are too few values for it).
 *
 * Label "ETS(M,Ad,A)", followed by what could not be done: a season without two
 * whole ones in the series is left out, fewer than 3 values give the last one, and
 * a model whose forecasts leave a million times the largest value gives way to
 * A,N,N.  Where the choice is free, relative errors whose forecasts are not positive
 * give way to additive ones.  Variance is NaN where it is not a finite number.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008.
 */
#ifndef SF_ETS_H
#define SF_ETS_H

#include "core/forecast/ets_search.h"
#include "core/forecast/method.h"

/*
 * sf_ets_spec_parse
 *		"ets(M,Ad,N)": error A M Z, trend N A Ad M Z, season N A M Z, in any case,
 *		with or without blanks.  False for anything else.
 */
extern bool sf_ets_spec_parse(const char *text, SfEtsSpec *spec);

/*
 * sf_ets_spec_forecast
 *		The model spec asks for, Z chosen by AICc.  SF_BAD_ARGUMENT for a
 *		multiplicative trend, for season M with error A, and for error or season M
 *		when a value is not positive.
 */
extern SfStatus sf_ets_spec_forecast(SfArena *arena, const SfSeries *s, SfEtsSpec spec, SfForecast *out);

/* All models; and the same under a small budget, for use inside combinations. */
extern SfStatus sf_ets_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_ets_fast_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/*
 * sf_holt_winters_additive_forecast, sf_holt_winters_forecast
 *		A,A,A; and M,A,M, or A,A,A when a value is not positive.
 *
 * Source: Winters, Forecasting sales by exponentially weighted moving averages,
 * Management Science 6, 1960.
 */
extern SfStatus sf_holt_winters_additive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_holt_winters_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_ETS_H */
