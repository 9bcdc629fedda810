/*
 * ranks.h
 *		Predictions as whole numbers in the same order, and sorting them.
 *
 * A double becomes 64 bits that compare as unsigned integers the way the
 * doubles do (-0 becomes 0), so that sorting takes a few passes over bytes and
 * no comparison.  NaN gets a place at the end, too: nothing that comes in makes
 * a loop run on.
 */
#ifndef SF_RANKS_H
#define SF_RANKS_H

#include <string.h>

#include "core/base/ctx.h"

typedef struct SfRanked
{
	uint64_t	key;
	int64_t		row;
} SfRanked;

static inline uint64_t
sf_rank_key(double x)
{
	uint64_t	bits;

	x += 0.0;					/* -0 becomes 0 */
	memcpy(&bits, &x, sizeof bits);
	return (bits >> 63) != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline double
sf_rank_value(uint64_t key)
{
	uint64_t	bits = (key >> 63) != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
	double		x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* Ascending. scratch[n]. O(n). SF_OK or SF_CANCELLED, with the keys in some state. */
extern SfStatus sf_rank_sort(SfCtx *ctx, uint64_t *key, uint64_t *scratch, int64_t n);

/* The same with the rows they come from; equal keys keep their order. */
extern SfStatus sf_rank_sort_rows(SfCtx *ctx, SfRanked *ranked, SfRanked *scratch, int64_t n);

#endif							/* SF_RANKS_H */
