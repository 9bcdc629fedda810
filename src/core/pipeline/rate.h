/*
 * rate.h
 *		Win rates of many keys, each drawn towards what all have in common.
 *
 * Key i won w_i of n_i closed deals; its rate is drawn from a beta distribution
 * with mean m and strength M (alpha = mM, beta = (1 - m)M), so that
 *
 *	E[rate_i | data] = (mM + w_i) / (M + n_i):
 *
 * a key with few deals gets mostly the common rate, one with many its own.  For
 * a given M the mean is the weighted average of the rates with weights
 * n_i / (1 + (n_i - 1) / (M + 1)), the best linear estimate (Kleinman, Journal
 * of the American Statistical Association 68, 1973), then moved half a deal away
 * from 0 and 1.  log M maximizes its posterior density: marginal likelihood times
 * M n0 / (n0 + M)^2, the uniform-shrinkage prior n0 / (n0 + M)^2 of M on the scale
 * of log M, n0 the mean of n_i, within e^-1 .. e^14.  The prior keeps few keys from
 * claiming that they are all alike or all unlike (Christiansen & Morris, Journal
 * of the American Statistical Association 92, 1997).
 */
#ifndef SF_RATE_H
#define SF_RATE_H

#include "core/base/ctx.h"

typedef struct SfRateCount
{
	int64_t		won;			/* 0 .. closed */
	int64_t		closed;			/* >= 1 */
} SfRateCount;

typedef struct SfRatePrior
{
	double		mean;			/* strictly between 0 and 1 */
	double		strength;		/* M > 0, in closed deals */
	int64_t		keys;
	int64_t		won;
	int64_t		closed;
} SfRatePrior;

/* SF_BAD_DATA unless 0 <= won <= closed <= 2^40. */
extern SfStatus sf_rate_check(SfCtx *ctx, int64_t won, int64_t closed);

/*
 * sf_rate_fit
 *		The prior of n >= 1 checked counts.  Sorts them, so that order does not
 *		show.  SF_CANCELLED; SF_TOO_LARGE beyond 2^63 closed deals.  Time
 *		O(n log n).
 */
extern SfStatus sf_rate_fit(SfCtx *ctx, SfRateCount *counts, int64_t n, SfRatePrior *prior);

/* The expected rate of a key, and the q-quantile of what it may be. */
extern double sf_rate_expected(const SfRatePrior *prior, int64_t won, int64_t closed);
extern double sf_rate_quantile(const SfRatePrior *prior, int64_t won, int64_t closed, double q);

#endif							/* SF_RATE_H */
