/*
 * bins.h
 *		Features as small whole numbers: the one representation every learner uses.
 *
 * Each feature becomes a code of one byte.  0 is missing, 1 .. values are bins,
 * ordered by size (numbers) or by smoothed win rate (categories), values + 1 is
 * a category that training never saw (numbers never get it).  A number that
 * occurs in at least rows / bins deals has a bin of its own, the others share
 * bins of about equal counts.  A category does too where there are few of them;
 * rare ones share bins with others of a like smoothed win rate.  What a category
 * with few deals won is noise, and is not used to place it: see bin_categories.h.
 *
 * Names and features are borrowed from the frame, or copied by the decoder.  Cuts
 * come from the first 2^18 known values of the rows, counts from all of them.
 */
#ifndef SF_BINS_H
#define SF_BINS_H

#include "core/winprob/frame.h"

#define SF_CODE_MISSING 0
#define SF_MAX_BINS 254			/* values of a feature, so that codes fit a byte */

typedef struct SfFeatureBins
{
	int32_t		values;			/* 0: constant missing; codes 0 .. values + 1 */
	/* numbers: code = 1 + how many cuts are <= x, [values - 1] ascending */
	const double *cut;
	/* [values] of the training deals in the bin */
	const double *centre;		/* mean; categories: 0 */
	const double *low;
	const double *high;
	/* categories, ascending by bytes */
	int32_t		categories;
	const SfText *category;		/* [categories] */
	const uint8_t *category_code;	/* [categories] */
	/* [values + 2] training deals, and won ones, by code; unseen: 0, until an update counts some */
	const int64_t *count;
	const int64_t *won;
} SfFeatureBins;

typedef struct SfBins
{
	int32_t		features;
	const SfFeature *feature;	/* [features] */
	const SfFeatureBins *of;	/* [features] */
	int64_t		rows;			/* deals it was made from */
	int64_t		won_rows;
} SfBins;

/* Deals as codes, row after row: code[row * features + f]. */
typedef struct SfCodes
{
	int64_t		rows;
	int32_t		features;
	const uint8_t *code;
	const uint8_t *won;			/* [rows] 0 or 1 */
	const int32_t *codes;		/* [features] values + 2: codes are below it */
} SfCodes;

typedef struct SfBinOptions
{
	int32_t		bins;			/* 2 .. SF_MAX_BINS */
	double		prior;			/* deals at the base rate added to each category, > 0 */
} SfBinOptions;

/* Bins of these rows (their outcomes order the categories). SF_BAD_ARGUMENT, SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_bins_fit(SfArena *arena, const SfFrame *frame, SfRows rows, SfBinOptions options, SfBins *bins);

/* The same, and the codes of these rows in the same pass over them. */
extern SfStatus sf_bins_fit_code(SfArena *arena, const SfFrame *frame, SfRows rows, SfBinOptions options, SfBins *bins,
								 SfCodes *codes);

/* Codes of these rows of a frame that has the same features. */
extern SfStatus sf_bins_code(SfArena *arena, const SfBins *bins, const SfFrame *frame, SfRows rows, SfCodes *codes);

/*
 * What prediction needs beside the bins: hashed categories. Made once after
 * decoding or fitting; sf_bins_code_cell answers in nanoseconds.
 */
typedef struct SfBinIndex SfBinIndex;
extern SfStatus sf_bins_index(SfArena *arena, const SfBins *bins, const SfBinIndex **index);
extern uint8_t sf_bins_code_cell(const SfBinIndex *index, int32_t f, const SfCell *cell);

extern void sf_bins_encode(const SfBins *bins, SfWriter *write);
extern SfStatus sf_bins_decode(SfArena *arena, SfReader *read, SfBins *bins);

#endif							/* SF_BINS_H */
