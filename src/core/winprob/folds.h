/*
 * folds.h
 *		Which deals train and which are held out.
 *
 * A frame's rows stand in a shuffled order that depends on their content only,
 * so row i of a shuffled cross-validation simply belongs to fold i % folds.
 */
#ifndef SF_FOLDS_H
#define SF_FOLDS_H

#include "core/winprob/frame.h"

typedef enum SfFoldKind
{
	SF_FOLDS_SHUFFLED,			/* each deal held out once */
	SF_FOLDS_GROUPED,			/* the same, deals of one group together (by hash of the group and the seed) */
	SF_FOLDS_FORWARD			/* by time: fold k tests block k + 1 and trains on all before it; rows without
								 * a time are left out; ties of time are never split */
} SfFoldKind;

typedef struct SfSplit
{
	SfRows		train;
	SfRows		test;
} SfSplit;

/* split[folds] of the rows given; folds 2 .. 100. SF_BAD_DATA when there are fewer groups or times than folds need. */
extern SfStatus sf_folds_make(SfArena *arena, const SfFrame *frame, SfRows rows, SfFoldKind kind, int32_t folds,
							  uint64_t seed, SfSplit *split);

/* The last `share` of the rows in time (ties stay together in the test part), or SF_BAD_DATA when no time is known. */
extern SfStatus sf_split_by_time(SfArena *arena, const SfFrame *frame, double share, SfSplit *split);

#endif							/* SF_FOLDS_H */
