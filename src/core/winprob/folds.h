/*
 * folds.h
 *		Which deals train and which are held out.
 *
 * A frame's rows stand in a shuffled order that depends on their content only,
 * so row i of a shuffled cross-validation simply belongs to fold i % folds.
 */
#ifndef SF_FOLDS_H
#define SF_FOLDS_H

#include "core/base/radix.h"
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

/* How many folds can be asked for, anywhere. */
#define SF_FOLDS_MIN 2
#define SF_FOLDS_MAX 20
#define SF_FOLDS_TEXT "the number of folds must be between 2 and 20"

/*
 * sf_folds_make
 *		split[folds] of the rows given.  SF_BAD_ARGUMENT outside the limits above, SF_BAD_DATA when there are fewer
 *		groups or times than folds need (with how many there are).
 *
 *		Both splits by time train only on deals whose outcome came before the first deal that is tested, where the
 *		frame tells when outcomes came (frame->closed); a deal of which it does not tell is then left out.  Where it
 *		tells of none, they train on all deals that were described before, with outcomes that came later.
 */
extern SfStatus sf_folds_make(SfArena *arena, const SfFrame *frame, SfRows rows, SfFoldKind kind, int32_t folds,
							  uint64_t seed, SfSplit *split);

/* Groups among the rows given, a deal without one counted by itself; rows.n where the frame has none. */
extern SfStatus sf_folds_groups(SfArena *arena, const SfFrame *frame, SfRows rows, int64_t *groups);

/* A group of its own for a deal without one. */
static inline uint64_t
sf_fold_group(const SfFrame *frame, uint32_t row)
{
	uint64_t	group = frame->group != NULL ? frame->group[row] : 0;

	return group != 0 ? group : sf_mix64(~(uint64_t) row);
}

/* The last `share` of the rows in time (ties stay together in the test part), or SF_BAD_DATA when no time is known. */
extern SfStatus sf_split_by_time(SfArena *arena, const SfFrame *frame, double share, SfSplit *split);

#endif							/* SF_FOLDS_H */
