/*
 * auto.h
 *		The default method.
 *
 * Demand that comes at regular intervals is forecast by them (cycle.h), unless they
 * divide the season, which then tells sizes as well; other intermittent demand
 * gets the forecast made for it (intermittent.h); every other series the median of five
 * smoothing methods on the series without its seasons, with the seasonal naive mixed in as
 * far as it was good (blend.h, plain.h).
 */
#ifndef SF_AUTO_H
#define SF_AUTO_H

#include "core/forecast/method.h"

extern SfStatus sf_auto_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_AUTO_H */
