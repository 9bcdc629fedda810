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
 *		How many of the largest deals of a set to keep out of the smoothed part,
 *		at most `most`, so that P10 and P90 are known best.  Each kept deal
 *		costs rounding, each smoothed one shape: without the giants the rest is
 *		more nearly normal, with too few deals less so.
 *
 *	rounding	[n_deals] what keeping deal i adds to the square of the amount
 *				error, in currency squared
 */
extern int32_t sf_smoothed_best_head(const SfDealSet *set, const double *rounding, int32_t most);

#endif							/* SF_SMOOTHED_H */
