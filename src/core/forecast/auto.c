/*
 * auto.c
 *		The default method.
 */
#include "core/forecast/auto.h"

#include "core/forecast/blend.h"
#include "core/forecast/intermittent.h"

SfStatus
sf_auto_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	if (!sf_is_intermittent(s->y, s->n))
		return sf_blend_forecast(arena, s, out);
	out->demand = true;
	return sf_intermittent_forecast(arena, s, out);
}
