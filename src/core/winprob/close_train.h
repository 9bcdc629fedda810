/*
 * close_train.h
 *		What the files that train a close model share.
 */
#ifndef SF_CLOSE_TRAIN_H
#define SF_CLOSE_TRAIN_H

#include "core/winprob/closemodel.h"
#include "core/winprob/folds.h"

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
	SfCloseAlgorithm algorithm; /* of closing, not AUTO */
	SfCloseAlgorithm cause;
	bool		churn;
	int32_t		buckets;
	int32_t		bins;
	double		ridge;
	double		cause_ridge;
	bool		cause_steady;	/* no effect on winning changes with age */
	double		smoothness;
	int32_t		trees;
	int32_t		leaves;
	int32_t		cause_leaves;
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
	const uint64_t *group;		/* NULL: none */
	SfCodes		codes;
} SfClosePart;

/* What a fit can start from: unknowns of one on the same part, with another ridge. */
typedef struct SfCloseStart
{
	bool		known;
	double	   *steady;			/* [buckets + codes] */
	double	   *varied;			/* [buckets + codes + SF_CLOSE_VARYING_MAX * 256] */
	int32_t		varying;		/* 0: varied is not known */
	int32_t		vary[SF_CLOSE_VARYING_MAX];
} SfCloseStart;

/* Rows of which some happened less or more often than expected, with their codes and bands of age. */
typedef struct SfCloseMiss
{
	int64_t		rows;
	const uint8_t *band;		/* [rows] */
	const int32_t *deal;		/* [rows] row of the codes; NULL: the same */
	const double *slope;		/* [rows] happened less expected */
	const double *weight;		/* [rows] its variance */
} SfCloseMiss;

/* The first `features` whose effect changes with age, worst first: vary[SF_CLOSE_VARYING_MAX]. Returns how many. */
extern SfStatus sf_close_find_varying(SfCtx *ctx, const SfCodes *codes, int32_t features, const SfCloseMiss *miss,
									  int32_t *vary, int32_t *varying);

extern SfStatus sf_close_load(SfArena *arena, const SfFrame *frame, SfCloseSet *set);

/* The set's rows in the codes of these bins. */
extern SfStatus sf_close_part(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfBins *bins, SfClosePart *part);

/* Buckets of these deals, with what happened in them. Fills model->bucket, buckets, band_end and horizon. */
extern SfStatus sf_close_buckets(SfArena *arena, const SfCloseSet *set, SfRows rows, int32_t wanted, SfCloseModel *model);

/* start[buckets + 1] of a model's buckets, the last +Inf. */
extern SfStatus sf_close_starts(SfArena *arena, const SfCloseModel *model, double **start);

/*
 * From where on a closing at `days` counts, given when the deal was entered: the later of the entry and its
 * bucket's start. A deal entered at the very end of the bucket it closes in counts for all of it.
 */
extern double sf_close_event_from(const double *start, int32_t bucket, double entry);

/* When deals close. start: NULL, or in/out. */
extern SfStatus sf_close_fit_additive(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec,
									  SfCloseStart *start, SfCloseModel *model);
extern SfStatus sf_close_fit_boosted(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model);

/* How they close, when the model says there is something to learn. */
extern SfStatus sf_close_fit_cause(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model);
extern SfStatus sf_close_boost_cause(SfArena *arena, const SfClosePart *part, const SfCodes *codes, const SfCloseSpec *spec,
									 SfTrees *trees);

/* Log-odds of a win for the deals of a part that closed. */
extern SfStatus sf_close_cause_predict(SfArena *arena, const SfCloseModel *model, const SfClosePart *part, SfCodes *codes,
									   double **log_odds);

/* Bins of the cause's features: the model's, the bucket as a number, and the first `varying` of those that change. */
extern SfStatus sf_close_cause_bins(SfArena *arena, const SfCloseModel *model, int32_t varying, SfBins *bins);

/* Band of age of a bucket. */
static inline int32_t
sf_close_band_of(const SfCloseModel *model, int32_t bucket)
{
	int32_t		band = 0;

	while (band < SF_CLOSE_BANDS - 1 && bucket >= model->band_end[band])
		band++;
	return band;
}

/* Codes of the deals that closed, with the bucket as the last feature; won: 1 for SF_CLOSE_WON. */
extern SfStatus sf_close_cause_codes(SfArena *arena, const SfClosePart *part, const SfCloseModel *model, SfCodes *codes);

/* Bins, buckets and codes of these rows: what both questions are learned on. SF_BAD_DATA when nothing closed. */
extern SfStatus sf_close_prepare(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec,
								 SfCloseModel *model, SfClosePart *part);

/* Train on these rows: closing, cause. No gates, no quality. SF_BAD_DATA when nothing closed. */
extern SfStatus sf_close_train(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec,
							   SfCloseModel *model);

/* - log likelihood of when a deal closed, or that it did not, under hazards by bucket. */
extern double sf_close_loss(const double *start, int32_t buckets, const double *hazard, double entry, double days,
							bool closed);

/* Folds of the first rows_max deals; those of one group stay together. SF_BAD_DATA: too few. */
extern SfStatus sf_close_folds(SfArena *arena, const SfCloseSet *set, int32_t folds, uint64_t seed, int64_t rows_max,
							   SfSplit *split);

/*
 * The best way for either question, by held-out likelihood on the first rows_max deals: fields of best. candidate[ways]:
 * what to try, in; losses and choices, out. *ways becomes 0 where too few deals, groups or closings can be held out.
 */
extern SfStatus sf_close_choose(SfArena *arena, const SfCloseSet *set, int32_t folds, int64_t rows_max,
								SfWinProgress progress, SfCloseCandidate *candidate, int32_t *ways, SfCloseSpec *best);

/* Cross-validated quality of a way to train, on the first rows_max deals of the set. */
extern SfStatus sf_close_judge(SfArena *arena, const SfCloseSet *set, const SfCloseSpec *spec, int32_t folds,
							   int64_t rows_max, SfWinProgress progress, SfCloseQuality *quality);

/* model->gate, from the set alone. */
extern SfStatus sf_close_gates(SfArena *arena, const SfCloseSet *set, bool churn, SfCloseModel *model);

#endif							/* SF_CLOSE_TRAIN_H */
