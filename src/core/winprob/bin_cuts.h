/*
 * bin_cuts.h
 *		Where the values of a number are cut into bins.
 *
 * A value that occurs in at least n / bins of n deals has a bin of its own; the
 * runs of values between such ones get the other bins in proportion to their
 * deals (D'Hondt's rule) and are cut into parts of about equal counts.  Where
 * there are more runs than bins left, the smallest join the heavy value beside
 * them.  With at most `bins` different values each has its own bin.
 */
#ifndef SF_BIN_CUTS_H
#define SF_BIN_CUTS_H

#include "core/base/arena.h"

/*
 * sf_bin_cuts
 *		cut[bins - 1] and how many bins came out, of n sorted keys (base/radix.h) of
 *		finite numbers; bins 2 .. SF_MAX_BINS.  *values is 0 when n is 0.
 *		SF_NO_MEMORY.  Time O(n + bins^2), scratch O(n).
 */
extern SfStatus sf_bin_cuts(SfArena *arena, const uint64_t *key, int64_t n, int32_t bins, double *cut, int32_t *values);

#endif							/* SF_BIN_CUTS_H */
