/*
 * close_train.h
 *		What the files that train a close model share.
 */
#ifndef SF_CLOSE_TRAIN_H
#define SF_CLOSE_TRAIN_H

#include "core/winprob/closemodel.h"

/* Deals of a frame with their ages; the frame without our own columns. */
typedef struct SfCloseSet
{
	SfFrame		frame;
	const double *days;			/* [frame.rows] */
	const double *entry;
	const uint8_t *outcome;		/* SfCloseOutcome */
} SfCloseSet;

/* One way to train. */
typedef struct SfCloseSpec
{
	SfCloseAlgorithm algorithm; /* not AUTO */
	bool		churn;
	int32_t		buckets;
	int32_t		bins;
	double		ridge;
	double		smoothness;
	int32_t		trees;
	int32_t		leaves;
	double		rate;
	bool		errors;			/* standard errors are wanted */
	uint64_t	seed;
} SfCloseSpec;

/* Some deals of a set in codes: what one training works on. */
typedef struct SfClosePart
{
	int64_t		rows;
	const double *days;
	const double *entry;
	const uint8_t *outcome;
	SfCodes		codes;
} SfClosePart;

extern SfStatus sf_close_load(SfArena *arena, const SfFrame *frame, SfCloseSet *set);

/* The set's rows in the codes of these bins. */
extern SfStatus sf_close_part(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfBins *bins, SfClosePart *part);

/* Buckets of these deals, with what happened in them. Fills model->bucket, buckets and horizon. */
extern SfStatus sf_close_buckets(SfArena *arena, const SfCloseSet *set, SfRows rows, int32_t wanted, SfCloseModel *model);

/* start[buckets + 1] of a model's buckets, the last +Inf. */
extern SfStatus sf_close_starts(SfArena *arena, const SfCloseModel *model, double **start);

/*
 * From where on a closing at `days` counts, given when the deal was entered: the later of the entry and its
 * bucket's start. A deal entered at the very end of the bucket it closes in counts for all of it.
 */
extern double sf_close_event_from(const double *start, int32_t bucket, double entry);

extern SfStatus sf_close_fit_additive(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model);
extern SfStatus sf_close_fit_boosted(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model);

/* Bins of the cause's features: the model's, and the bucket as a number. */
extern SfStatus sf_close_cause_bins(SfArena *arena, const SfCloseModel *model, SfBins *bins);

/* Codes of the deals that closed, with the bucket as the last feature; won: 1 for SF_CLOSE_WON. */
extern SfStatus sf_close_cause_codes(SfArena *arena, const SfClosePart *part, const SfCloseModel *model, SfCodes *codes);

/* Train on these rows: bins, buckets, closing, cause. No gates, no quality. SF_BAD_DATA when nothing closed. */
extern SfStatus sf_close_train(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec,
							   SfCloseModel *model);

/* Cross-validated quality of a way to train, on the first rows_max deals of the set. */
extern SfStatus sf_close_judge(SfArena *arena, const SfCloseSet *set, const SfCloseSpec *spec, int32_t folds,
							   int64_t rows_max, SfWinProgress progress, SfCloseQuality *quality);

/* model->gate, from the set alone. */
extern SfStatus sf_close_gates(SfArena *arena, const SfCloseSet *set, bool churn, SfCloseModel *model);

#endif							/* SF_CLOSE_TRAIN_H */
