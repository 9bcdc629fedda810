/*
 * sort.h
 *		Sorting and order statistics of doubles, without the C library's qsort:
 *		no callback, no allocation, no recursion.
 *
 * NaN is not allowed.  -0 and 0 are equal and may come in either order.
 */
#ifndef SF_SORT_H
#define SF_SORT_H

#include "core/base/ctx.h"

/* Ascending, in place: insertion sort when short, heap sort when long. O(n log n) always. */
extern void sf_sort(double *x, int64_t n);

/* The same for a million values and more: SF_OK, or SF_CANCELLED with x in some order. */
extern SfStatus sf_sort_long(SfCtx *ctx, double *x, int64_t n);

/* order[n] = 0 .. n - 1 such that x[order[i]] ascends; equal values keep their order. */
extern void sf_sort_order(const double *x, int64_t n, int64_t *order);

/*
 * sf_median
 *		The median of n >= 1 values; the mean of the middle two when n is even.
 *		Reorders x.  O(n) on average.
 */
extern double sf_median(double *x, int64_t n);

/* x[k] becomes what it would be after sorting, nothing larger before it, nothing smaller after. O(n) on average. */
extern void sf_select(double *x, int64_t n, int64_t k);

#endif							/* SF_SORT_H */
