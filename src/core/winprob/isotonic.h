/*
 * isotonic.h
 *		Win rates that never fall as the prediction rises.
 *
 * Source: Ayer, Brunk, Ewing, Reid & Silverman, Annals of Mathematical
 * Statistics 26, 1955 (pool adjacent violators).
 */
#ifndef SF_ISOTONIC_H
#define SF_ISOTONIC_H

#include "core/base/arena.h"

/* The deals of one prediction. */
typedef struct SfScoreTie
{
	double		value;
	int64_t		rows;			/* >= 1 */
	int64_t		won;
} SfScoreTie;

/* Neighbouring predictions that share a rate. */
typedef struct SfIsotonicBlock
{
	double		centre;			/* mean prediction of its deals */
	int64_t		rows;
	int64_t		won;
} SfIsotonicBlock;

/*
 * sf_isotonic_ties
 *		Predictions in order, equal ones together.  Rows i with fold[i] == left_out are left out (fold NULL: none is).
 *		Finite values.  SF_NO_MEMORY, SF_CANCELLED.  O(n).
 */
extern SfStatus sf_isotonic_ties(SfArena *arena, const double *value, const uint8_t *won, int64_t n,
								 const uint8_t *fold, int32_t left_out, SfScoreTie **tie, int64_t *ties);

/*
 * sf_isotonic_blocks
 *		Blocks of strictly rising rates won / rows; then those of fewer than `least` deals join their neighbours.
 *		SF_NO_MEMORY, SF_CANCELLED.  O(ties).
 */
extern SfStatus sf_isotonic_blocks(SfArena *arena, const SfScoreTie *tie, int64_t ties, int64_t least,
								   SfIsotonicBlock **block, int64_t *blocks);

#endif							/* SF_ISOTONIC_H */
