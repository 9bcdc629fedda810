/*
 * auto.c
 *		The default method.
 */
#include "core/forecast/auto.h"

#include "core/forecast/blend.h"
#include "core/forecast/cycle.h"
#include "core/forecast/intermittent.h"

SfStatus
sf_auto_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	bool		intermittent = sf_is_intermittent(s->y, s->n);
	bool		cyclic;
	SfCycle		cycle;
	SfStatus	status = sf_cycle_find(arena, s->y, s->n, &cyclic, &cycle);

	if (status != SF_OK)
		return status;
	if (cyclic && (intermittent || !sf_cycle_in_season(&cycle, s)))
	{
		out->reason = "the default for demand that comes at regular intervals";
		sf_cycle_project(&cycle, s, out);
		return SF_OK;
	}
	if (!intermittent)
	{
		out->reason = "the default: the middle of five methods was better than the one that looked best";
		return sf_blend_forecast(arena, s, out);
	}
	out->reason = "the default for demand that comes now and then";
	out->demand = true;
	return sf_intermittent_forecast(arena, s, out);
}
