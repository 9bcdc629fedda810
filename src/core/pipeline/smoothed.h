/*
 * smoothed.h
 *		The part of a distribution that is made of many small deals.
 *
 * Given the factor, their sum is taken as normal.  How far that can be from the
 * truth is bounded by the Berry-Esseen theorem for terms that are not alike:
 * |F - normal| <= 0.56 * sum E|X - EX|^3 / variance^1.5 everywhere (Shevtsova,
 * Doklady Mathematics 82, 2010).
 */
#ifndef SF_SMOOTHED_H
#define SF_SMOOTHED_H

#include "core/pipeline/deals.h"

typedef struct SfSmoothed
{
	double		mean;			/* in the currency of the amounts */
	double		variance;
	double		error;			/* of any probability, 0 .. 1 */
} SfSmoothed;

/*
 * sf_smoothed_at
 *		The smoothed part given the factor, from its moments on the grid
 *		(sf_grid_node); nothing at all when grid is NULL.  Between the nodes the
 *		moments are interpolated with degree 7; beyond the grid its end counts.
 */
extern SfSmoothed sf_smoothed_at(const SfMoments *grid, double correlation, double z);

/*
 * sf_smoothed_best_head
 *		How many of the largest deals of a set with small ones to keep out of
 *		the smoothed part, at most `most`, so that its error is least: without
 *		the giants it is more nearly normal, with too few deals less so.
 */
extern int32_t sf_smoothed_best_head(const SfDealSet *set, int32_t most);

#endif							/* SF_SMOOTHED_H */
