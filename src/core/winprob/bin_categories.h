/*
 * bin_categories.h
 *		Which categories share a bin, and in which order the bins stand.
 *
 * Bins ascend by smoothed win rate, (won + prior * base) / (count + prior).  What
 * a category with few deals won is noise: sorting many such by it would put the
 * won deals on one side and the lost ones on the other, and a learner would see
 * a pattern that is not there.  So a category's own rate is used only where it has
 * at least as many deals as the prior and as the strength M of a beta distribution
 * that the rates seem drawn from, by moments: with that many, half of what is seen
 * is real.  The others count as average.
 *
 * At most `bins` categories: each has its own code, and a hundred deals are always
 * enough.  More: those in at least total / bins deals have their own, the reliable
 * ones of the others share by rate, about total / bins deals each, and the rest
 * have one bin together.
 *
 * Source of M: method of moments for the beta-binomial, Kleinman, Journal of the
 * American Statistical Association 68, 1973.
 */
#ifndef SF_BIN_CATEGORIES_H
#define SF_BIN_CATEGORIES_H

#include "core/base/arena.h"
#include "core/winprob/bins.h"

/* Deals with a category and those won, at least one deal each. */
typedef struct SfCategoryCount
{
	int64_t		count;
	int64_t		won;
} SfCategoryCount;

/*
 * sf_bin_categories
 *		code[n] (1 .. *values) of n categories in order of their names; base: won rate
 *		of all deals.  SF_NO_MEMORY, SF_CANCELLED.  Time O(n + bins^2).
 */
extern SfStatus sf_bin_categories(SfArena *arena, const SfCategoryCount *category, int32_t n, double base,
								  SfBinOptions options, uint8_t *code, int32_t *values);

#endif							/* SF_BIN_CATEGORIES_H */
