/*
 * topdown.h
 *		Forecast the total and share it out.
 *
 * The tree is h->parent: nodes that hang on nothing and hold nothing in it take
 * no part.
 */
#ifndef SF_TOPDOWN_H
#define SF_TOPDOWN_H

#include "core/forecast/hierarchy.h"

/*
 * sf_top_down_forecasts
 *		out[bottoms][steps]: each node gets that share of what its parent got
 *		which its forecast has among its siblings' (forecast proportions).
 *		base[nodes][steps]; an aggregate with used[node] false counts with the
 *		sum of its children.  Where siblings cancel or are all 0, shares are by
 *		size without sign, or equal.
 *
 *		Source: Athanasopoulos, Ahmed & Hyndman, International Journal of
 *		Forecasting 25, 2009, section 3.2.
 */
extern SfStatus sf_top_down_forecasts(SfArena *arena, const SfHierarchy *h, const bool *used,
									  const double *base, int32_t steps, double *out);

/*
 * sf_top_down_history
 *		The same with shares that do not change: the average over the periods of
 *		a bottom series' share in its total (average historical proportions).
 *		history[nodes][periods], finite or NaN where nothing was observed, which
 *		counts as 0; only bottom series are read.  Periods whose total is 0, or
 *		close to it because of signs, are left out; without any, shares are equal.
 *
 *		Source: Gross & Sohl, Journal of Forecasting 9, 1990, method A.
 */
extern SfStatus sf_top_down_history(SfArena *arena, const SfHierarchy *h, const double *history,
									int32_t periods, const double *base, int32_t steps, double *out);

#endif							/* SF_TOPDOWN_H */
