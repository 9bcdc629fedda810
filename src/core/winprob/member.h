/*
 * member.h
 *		One learner with its settings: fitted to deals, asked about others.
 */
#ifndef SF_MEMBER_H
#define SF_MEMBER_H

#include "core/winprob/winmodel.h"

/* Everything that decides how a member comes out, beside the deals. */
typedef struct SfWinSpec
{
	SfAlgorithm kind;			/* LOGISTIC, FOREST or BOOSTED */
	int32_t		bins;
	/* logistic */
	bool		linear;
	double		ridge;
	double		smoothness;
	int32_t		strongest;		/* use only so many features, the strongest alone; 0: all */
	/* trees */
	int32_t		trees;
	int32_t		patience;		/* boosted, when deals are held out: stop after so many trees without gain; 0: never */
	int32_t		leaves;
	int32_t		depth;
	double		rate;
	double		least_rows;
	double		row_share;
	double		feature_share;
	double		smoothing;		/* forest, see trees.h; 0: the usual one */
	uint64_t	seed;
} SfWinSpec;

/*
 * Settings of a named algorithm that is not tuned, for so many deals; options that are given go before.
 *
 *	logistic	binned, one bin for every 250 deals (8 .. 254), ridge 2
 *	boosted		254 bins, 100 trees of one leaf for every 1,000 deals (4 .. 31), rate .1, ridge 1, at least
 *				20 deals in a leaf
 *	forest		254 bins, 100 trees of any depth up to 32, at least 5 deals in a leaf
 */
extern SfWinSpec sf_spec_usual(SfAlgorithm kind, const SfWinOptions *options, int64_t rows);

/* Deals held out of a fit. */
typedef struct SfHeldOut
{
	const SfCodes *codes;
	double	   *log_odds;		/* [codes->rows] */
	int32_t		trees;			/* boosted: how many were best */
	const double *losses;		/* boosted with patience: mean loss after each tree, as sf_boost_fit tells it; else NULL */
} SfHeldOut;

/*
 * sf_spec_cap_bins
 *		Fewer bins for a logistic member that would have SF_LOGISTIC_DENSE unknowns or more with those it has, so
 *		that Newton's method fits it, with exact standard errors: as many as stay below. Judged by a sample of the
 *		deals; never below 8.
 */
extern SfStatus sf_spec_cap_bins(SfArena *arena, const SfFrame *frame, SfRows rows, SfWinSpec *spec);

/*
 * sf_member_fit
 *		Fit to codes of bins; share = 1. held may be NULL. The member borrows bins.
 */
extern SfStatus sf_member_fit(SfArena *arena, const SfBins *bins, const SfCodes *codes, const SfWinSpec *spec,
							  SfHeldOut *held, SfMember *member);

/* Log-odds of every row of codes. */
extern SfStatus sf_member_predict(SfCtx *ctx, const SfMember *member, const SfCodes *codes, double *log_odds);

/* Bins for members: categories are pulled to the base rate by this many deals. */
#define SF_CATEGORY_PRIOR 10.0

extern SfStatus sf_member_bins(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t bins, SfBins *made,
							   SfCodes *codes);

#endif							/* SF_MEMBER_H */
