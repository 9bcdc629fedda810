/*
 * interactions.h
 *		Conditions that matter in some segments only.
 *
 * "A demo within two days makes a win 4.3 times more likely, but only in two
 * industries": a condition (a code of one feature, or its bins on one side of a
 * cut) whose odds ratio inside a segment (codes of another feature, or of two)
 * differs from its odds ratio outside.
 *
 * Pairs.  For each condition the log odds ratio is taken in every segment of the
 * other feature (a category or boolean by code, a number of up to 12 bins by bin,
 * otherwise in thirds; half a deal is added to each of the four counts) with
 * its variance, and homogeneity is tested by
 *
 *	Q = sum w (theta - mean)^2, w = 1 / variance, chi-squared with segments - 1
 *
 * (Woolf, Annals of Human Genetics 19, 1955; the role of Breslow & Day, 1980,
 * 4.4, without its iteration).  Segments ordered by theta are then cut in two
 * where the difference is clearest, so that those alike come out as one row;
 * the test is Q, which no cut can exceed, so looking for the cut costs nothing.
 *
 * Threes.  With up to 12 features, and segments of both features up to 16: a cell
 * of two segments counts when its odds ratio differs from that of the rest of
 * either segment, in the same direction; the larger of the two p-values holds.
 *
 * Within each pair or triple of features p is multiplied by the conditions (and
 * cells) tried, in all roles (Bonferroni); over pairs and triples `adjusted` is
 * Benjamini & Hochberg's (Journal of the Royal Statistical Society B 57, 1995),
 * so of the rows told at most a share of `level` is false on average; less in
 * practice (1 % at level 5 %), as the cuts of a number go together and half
 * deals are cautious.  One row a pair or triple.
 *
 * Main effects of the segments and of the condition do not show: each segment is
 * its own stratum.
 */
#ifndef SF_INTERACTIONS_H
#define SF_INTERACTIONS_H

#include "core/winprob/bins.h"

typedef struct SfInteractionOptions
{
	double		level;			/* rows with adjusted <= level are told; 0 < level <= 1 */
	int64_t		least_deals;	/* in a segment, on each side of the condition; >= 1 */
	bool		threes;			/* look for conjunctions of two segments too */
	int64_t		work;			/* deals counted at most, over all pairs and triples; fewer deals (the
								 * first ones) are looked at beyond; 0: 10^9, about 2 s */
} SfInteractionOptions;

/* What a condition does in some deals. */
typedef struct SfInteractionEffect
{
	int64_t		deals_with;		/* condition holds */
	int64_t		won_with;
	int64_t		deals_without;
	int64_t		won_without;
	double		rate_with;		/* win rates */
	double		rate_without;
	double		lift;			/* ratio of win rates, half a deal at the common rate added to each side */
	double		odds_ratio;		/* over the segments as strata */
	double		odds_low;		/* 95 % interval */
	double		odds_high;
} SfInteractionEffect;

typedef struct SfInteraction
{
	int32_t		condition;		/* feature */
	int32_t		code_low;		/* the condition: codes low .. high, against the feature's other codes from 1 on */
	int32_t		code_high;
	int32_t		segments;		/* 1 or 2 features */
	int32_t		segment[2];		/* feature */
	uint64_t	codes[2][4];	/* bit c % 64 of word c / 64: code c belongs to the segment */
	SfInteractionEffect inside;
	SfInteractionEffect outside;
	double		shrunk;			/* odds ratio inside, drawn towards the common one by 1 - (segments - 1) / Q */
	double		z;				/* difference of log odds ratios over its standard error; threes: the smaller one */
	double		p;				/* after Bonferroni */
	double		log_p;			/* natural logarithm of the same, below any underflow */
	double		adjusted;		/* after Benjamini-Hochberg */
} SfInteraction;

typedef struct SfInteractions
{
	int64_t		n;
	const SfInteraction *row;	/* the most evident first */
	int64_t		tests;			/* pairs and triples that could be tested */
	int64_t		deals;			/* looked at */
} SfInteractions;

static inline bool
sf_interaction_has(const SfInteraction *row, int32_t k, int32_t code)
{
	return (row->codes[k][code / 64] >> (code % 64)) & 1;
}

/*
 * bins: of the same codes. SF_BAD_ARGUMENT, SF_NO_MEMORY, SF_CANCELLED.  Memory:
 * a copy of the codes looked at, and 300 bytes a pair of features.
 */
extern SfStatus sf_interactions_find(SfArena *arena, const SfBins *bins, const SfCodes *codes,
									 SfInteractionOptions options, SfInteractions *found);

#endif							/* SF_INTERACTIONS_H */
