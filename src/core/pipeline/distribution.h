/*
 * distribution.h
 *		The distribution of open revenue, ready for questions.
 *
 * What is promised of the answers (SfErrorBound): let F be the distribution
 * function of the sum under the model, e the amount and d the probability of
 * the bound.  Then for every p and x
 *
 *	Q(p - d) - e <= quantile(p) <= Q(p + d) + e, Q the quantile function of F, and
 *	P(S >= x + e) - d <= at_least(x) <= P(S >= x - e) + d,
 *
 * but for ties: probabilities are compared with SF_PROBABILITY_SLACK, amounts
 * with the rounding of their sums.
 *
 * Up to 20 deals both are 0 (1e-12 in d with a common factor).  Above, with
 * rounded amounts a_i = j_i h + r_i, the error sum r_i B_i stays within
 * e = min(sqrt(ln(2/1e-9) / 2 * sum r_i^2), sum |r_i|) of its mean with
 * probability 1 - 1e-9 (Hoeffding, JASA 58, 1963, theorem 2).  Amounts that are
 * all multiples of a common unit, few enough, need no rounding and no bound.
 * Many small deals may be smoothed into a normal part, which adds the error of
 * smoothed.h to d.
 */
#ifndef SF_DISTRIBUTION_H
#define SF_DISTRIBUTION_H

#include "core/base/arena.h"
#include "core/pipeline/atoms.h"
#include "core/pipeline/deals.h"

/* Probabilities are compared with this slack, so that exact ties stay ties. */
#define SF_PROBABILITY_SLACK 1e-12

typedef struct SfErrorBound
{
	double		amount;
	double		probability;
} SfErrorBound;

typedef struct SfDistribution
{
	SfErrorBound bound;
	double		lowest;			/* the least and the largest possible sum, or the ends of the
								 * cells when deals are smoothed */
	double		highest;
	double		unit;			/* inner amounts are amount * unit, whole if possible */
	bool		whole;			/* all inner amounts are whole numbers */
	double		offset;			/* of inner amounts: certain and negative deals */
	bool		exact;			/* the atoms themselves, else cells */
	SfAtoms		atoms;
	double		step;			/* of the cells; cell k is the inner amount (first + k) * step + offset */
	int64_t		first;
	int32_t		cells;
	double	   *cdf;			/* [cells], P(sum <= cell) */
} SfDistribution;

/*
 * sf_distribution_evaluate
 *		Work out the distribution of a settled set.  Its arrays live in ctx's
 *		memory.  SF_NO_MEMORY, SF_CANCELLED.
 *
 * Time: 2^10 sums up to 20 deals; else deals * cells * nodes of the factor,
 * bounded by smoothing the smallest deals (below a second).
 */
extern SfStatus sf_distribution_evaluate(SfCtx *ctx, const SfDealSet *set, SfDistribution *d);

/* Force the cells whatever the number of deals; for tests of the bound. */
extern SfStatus sf_distribution_evaluate_cells(SfCtx *ctx, const SfDealSet *set, SfDistribution *d);

/* The smallest amount x with P(sum <= x) >= p; p within 0 .. 1. */
extern double sf_distribution_quantile(const SfDistribution *d, double p);

/* P(sum >= amount); 1 at -Infinity, 0 at Infinity. */
extern double sf_distribution_at_least(const SfDistribution *d, double amount);

/* Standard deviation of the sum, with the factor's share. */
extern SfStatus sf_distribution_stddev(SfCtx *ctx, const SfDealSet *set, double *stddev);

#endif							/* SF_DISTRIBUTION_H */
