/*
 * deals.h
 *		The open deals behind a revenue distribution, in bounded memory.
 *
 * A deal pays its whole amount with its probability, else nothing.  With a
 * correlation rho, deal i is won when sqrt(rho) Z + sqrt(1 - rho) e_i <=
 * quantile(p_i): one normal factor Z that all deals share, so that a bad
 * quarter is bad for all of them, while each keeps its own probability.
 *
 * The SF_DEALS_MAX largest distinct (amount, probability) pairs are kept with
 * their counts.  Smaller ones live on as moments: mean, variance and third
 * absolute central moment, given each value of the factor on a fixed grid.
 * Which pairs are kept depends on the rows alone, not on their order, so any
 * plan gives the same set, and merging is exact.
 */
#ifndef SF_DEALS_H
#define SF_DEALS_H

#include "core/base/codec.h"
#include "core/base/ctx.h"
#include "core/base/sum.h"

#define SF_DEALS_MAX 8192
#define SF_CORRELATION_MAX 0.99

/* Third powers of amounts stay finite, summed over any number of deals. */
#define SF_AMOUNT_MAX 1e90

typedef struct SfDeal
{
	double		amount;			/* not 0, at most SF_AMOUNT_MAX in size */
	double		probability;	/* strictly between 0 and 1 */
	int64_t		count;			/* deals alike, >= 1 */
} SfDeal;

/* Sums over the small deals, given one value of the factor. */
typedef struct SfMoments
{
	SfSum		mean;
	SfSum		variance;
	SfSum		third;			/* sum of third absolute central moments */
} SfMoments;

typedef struct SfDealSet
{
	double		correlation;	/* 0 .. SF_CORRELATION_MAX */
	int64_t		counted;		/* all deals, also those that cannot matter */
	SfSum		certain;		/* amounts of deals with probability 1 */

	SfDeal	   *deals;			/* [n_deals]; canonical after sf_deals_settle */
	SfDeal	   *spare;			/* [capacity], for sorting */
	int32_t		n_deals;
	int32_t		capacity;
	bool		settled;

	int64_t		small_count;	/* deals that live on as moments */
	SfSum		small_mean;		/* their unconditional mean */
	SfSum		small_size;		/* sum of their |amount| */
	SfMoments  *small;			/* [grid nodes]; NULL while there are none */
} SfDealSet;

/* How many deals a set can count, so that no count ever overflows. */
#define SF_DEALS_COUNT_MAX (INT64_C(1) << 53)

/* SF_BAD_ARGUMENT unless correlation is within 0 .. SF_CORRELATION_MAX. */
extern SfStatus sf_deals_init(SfCtx *ctx, SfDealSet *set, double correlation);

/*
 * sf_deals_add
 *		One more deal.  SF_BAD_DATA: probability outside 0 .. 1, NaN;
 *		SF_OVERFLOW: infinite amount; SF_TOO_LARGE; SF_NO_MEMORY; SF_CANCELLED.
 *		The set holds what it held on failure.  Amortized O(log SF_DEALS_MAX).
 */
extern SfStatus sf_deals_add(SfCtx *ctx, SfDealSet *set, double amount, double probability);

/*
 * sf_deals_merge
 *		All deals of other, too.  SF_BAD_ARGUMENT when the correlations differ:
 *		two sets then do not share one factor.
 */
extern SfStatus sf_deals_merge(SfCtx *ctx, SfDealSet *set, const SfDealSet *other);

/* Bring the set into its canonical form: sorted, distinct, bounded.  SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_deals_settle(SfCtx *ctx, SfDealSet *set);

/*
 * sf_deals_encode, sf_deals_decode
 *		Bytes of a settled set, the same on every machine; write->at NULL only
 *		counts.  Decode checks everything the rest relies on and takes memory
 *		from ctx: SF_BAD_BYTES when the bytes are not such a set.
 */
extern void sf_deals_encode(const SfDealSet *set, SfWriter *write);

/*
 * sf_deals_encode_exact
 *		The same with all digits of the sums, for a set that goes from one
 *		process to another and is still added to.  Decode reads both.
 */
extern void sf_deals_encode_exact(const SfDealSet *set, SfWriter *write);
extern SfStatus sf_deals_decode(SfCtx *ctx, SfReader *read, SfDealSet *set);

/* E[sum], exact but for one rounding. */
extern double sf_deals_mean(const SfDealSet *set);

/* The grid of factor values on which the small deals' moments are kept. */
extern int32_t sf_grid_nodes(double correlation);
extern double sf_grid_node(double correlation, int32_t i);

/* P(won | factor = z) for a deal with quantile = normal quantile of p. */
extern double sf_conditional_probability(double correlation, double quantile, double z);

/* Add `count` deals of this kind to the moments, at every grid node. */
extern void sf_moments_add(double correlation, SfMoments *moments, const SfDeal *deal);

#endif							/* SF_DEALS_H */
