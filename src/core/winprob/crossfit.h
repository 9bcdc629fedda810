/*
 * crossfit.h
 *		Candidates on deals they have not seen: cross-validation of settings.
 *
 * Each fold trains on the others.  Everything that looks at outcomes happens
 * inside: bins, the order of categories, the strongest features.  Only the
 * number of boosted trees is one for all folds, where the mean of their losses
 * is least: what would be best for a fold by itself is best for its deals by
 * chance as well, and no folds would be left to judge it by.
 */
#ifndef SF_CROSSFIT_H
#define SF_CROSSFIT_H

#include "core/winprob/member.h"

typedef struct SfCross
{
	const SfFrame *frame;
	SfRows		rows;			/* the deals that are folded */
	int32_t		folds;
	const SfSplit *split;		/* [folds] */
	const uint32_t *position;	/* [frame->rows] place in rows; NULL: the row itself */
	const uint8_t *won;			/* [rows.n] */
	SfTogether	together;		/* folds and groups of the deals */
	int64_t		won_rows;
	SfWinProgress progress;
	int64_t		done;			/* fits so far, and how many there will be about */
	int64_t		expected;
	SfArena		kept;			/* what a race keeps of each fold until all are done */
} SfCross;

/* Boosted trees of a fold, more than will be used, and the deals they were tried on. */
typedef struct SfStage
{
	const SfCodes *test;
	SfTrees		trees;			/* all that were grown */
	const double *losses;		/* [trees.trees] */
} SfStage;

typedef struct SfTry
{
	SfWinSpec	spec;
	double	   *log_odds;		/* [rows.n] out-of-fold */
	double		log_loss;		/* given up: the leader's, and by how much it was worse so far */
	int32_t		trees;			/* boosted: the best number of trees, one for all folds; given up: mean of what was best */
	SfStage    *stage;			/* [folds] boosted with patience, inside of sf_cross_try */
	bool		given_up;		/* log_odds are not complete */
} SfTry;

/*
 * sf_cross_begin
 *		Folds of these deals; deals of one group stay together.  *possible is false when a training part
 *		would hold too few won or lost deals, or all deals are of one group: then there is no cross-validation, and
 *		ctx->what and ctx->value tell why.  With fewer groups than folds there are as many folds as groups.
 */
extern SfStatus sf_cross_begin(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t folds, uint64_t seed,
							   SfWinProgress progress, SfCross *cross, bool *possible);

/*
 * sf_cross_try
 *		Out-of-fold log-odds and log-loss of each candidate; those with the same number of bins share them.
 *
 *		slack < 0: all of them in all folds.  Else a race: after each fold a candidate whose loss lies above the
 *		leader's by more than RACE_ERRORS standard errors of the difference and by more than slack times the
 *		leader's loss is given up.  leader: a candidate tried before, NULL: the best of these so far.
 *
 * Source: Maron & Moore, Hoeffding races, NIPS 1993; we differ in paired differences and their normal error.
 */
extern SfStatus sf_cross_try(SfArena *arena, SfCross *cross, SfTry *tries, int32_t n, const SfTry *leader, double slack);

#endif							/* SF_CROSSFIT_H */
