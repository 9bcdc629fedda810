/*
 * crossfit.h
 *		Candidates on deals they have not seen: cross-validation of settings.
 *
 * Each fold trains on the others.  Everything that looks at outcomes happens
 * inside: bins, the order of categories, the strongest features, the number
 * of trees.
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
	int64_t		won_rows;
	SfWinProgress progress;
	int64_t		done;			/* fits so far, and how many there will be about */
	int64_t		expected;
} SfCross;

typedef struct SfTry
{
	SfWinSpec	spec;
	double	   *log_odds;		/* [rows.n] out-of-fold */
	double		log_loss;		/* given up: the leader's, and by how much it was worse so far */
	int32_t		trees;			/* boosted: mean of the best numbers of trees */
	bool		given_up;		/* log_odds are not complete */
} SfTry;

/*
 * sf_cross_begin
 *		Folds of these deals; deals of one group stay together.  *possible is false when a training part
 *		would hold too few won or lost deals, or there are fewer groups than folds: then there is no
 *		cross-validation.
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
