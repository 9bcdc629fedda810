/*
 * apportion.h
 *		Round numbers so that parts still make up the whole, to the last cent.
 */
#ifndef SF_APPORTION_H
#define SF_APPORTION_H

#include "core/forecast/hierarchy.h"

/* Digits after the point; below 0 whole tens, hundreds and so on. */
#define SF_DECIMALS_MIN (-9)
#define SF_DECIMALS_MAX 9

/*
 * sf_apportion
 *		value[nodes][steps], finite.  Step by step the bottom series are rounded
 *		down, and those that lost most are rounded up instead, as many as make
 *		their sum the rounded sum (largest remainder, Hamilton's method; equal
 *		ones in node order).  Every bottom series is within one unit, whole
 *		numbers of units stay, and so does the sign.  Aggregates are then added
 *		up in whole units: sums are right to the last digit, and the sum of all
 *		is what rounding it would give.
 *
 *		SF_BAD_ARGUMENT for decimals out of range; SF_OVERFLOW beyond 2^53
 *		units (ctx->where the node); SF_NO_MEMORY, SF_CANCELLED.
 *		O(steps * (bottoms * log bottoms + entries)).
 */
extern SfStatus sf_apportion(SfArena *arena, const SfHierarchy *h, double *value, int32_t steps,
							 int32_t decimals);

#endif							/* SF_APPORTION_H */
