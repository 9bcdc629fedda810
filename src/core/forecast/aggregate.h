/*
 * aggregate.h
 *		Demand that comes now and then, forecast in longer periods: ADIDA and
 *		IMAPA.
 *
 * Summed over blocks of L periods, counted back from the last one, intermittent
 * demand loses its zeros.  ADIDA takes for L the mean interval between demands
 * (rounded), smooths the block sums exponentially and spreads the forecast
 * evenly over the L periods.  IMAPA does so for every L from 1 to that and takes
 * the mean of the forecasts.  The first, incomplete block is left out.
 *
 * The smoothing starts at the first block; its constant is the one of
 * 0.1, 0.11 .. 0.3 with the least squared one-step error (on carparts, five
 * origins within the training part, RMSSE of IMAPA: .834; .845 when 0 .. 1 is
 * allowed).  Periods not observed are left out; variance as in croston.h.  IMAPA
 * takes at most SF_IMAPA_LEVELS_MAX levels, evenly spread over 1 .. L.
 *
 * Source: Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos, Journal
 * of the Operational Research Society 62, 2011; Petropoulos & Kourentzes, Journal
 * of the Operational Research Society 66, 2015.
 */
#ifndef SF_AGGREGATE_H
#define SF_AGGREGATE_H

#include "core/forecast/croston.h"

#define SF_IMAPA_LEVELS_MAX 64

/*
 * sf_aggregate_rate
 *		The rate by levels first .. last: the mean of their forecasts a period, in
 *		the units of demand.  1 <= first <= last <= demand->n.  fitted[demand->n]
 *		gets the mean of the one-step forecasts of the levels that have one, NaN
 *		where none has; a level's stays the same within a block.  Time
 *		O(n log levels).  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_aggregate_rate(SfArena *arena, const SfDemand *demand, int32_t first,
								  int32_t last, double *fitted, double *rate);

/* The mean interval between demands up to the last one, rounded; 1 without any. */
extern int32_t sf_aggregate_level(const SfDemand *demand);

extern SfStatus sf_adida_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_imapa_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_AGGREGATE_H */
