/*
 * radix.h
 *		Sorting 64-bit keys, with an index carried along or alone, in linear time.
 *
 * Least significant byte first; bytes that all keys share cost nothing.  Stable.
 */
#ifndef SF_RADIX_H
#define SF_RADIX_H

#include <string.h>

#include "core/base/ctx.h"

/*
 * sf_radix_sort
 *		Ascending, in place.  value[n] moves with its key, or is NULL.  key_spare[n]
 *		and value_spare[n] are scratch.  SF_OK, or SF_CANCELLED with the arrays in
 *		some order.  Time O(n), at most 8 passes.
 */
extern SfStatus sf_radix_sort(SfCtx *ctx, uint64_t *key, uint32_t *value, int64_t n,
							  uint64_t *key_spare, uint32_t *value_spare);

/* A key that ascends with x (no NaN); -0 and 0 differ. */
static inline uint64_t
sf_key_of(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	return bits ^ ((bits >> 63) != 0 ? UINT64_MAX : UINT64_C(1) << 63);
}

/* The same with -0 as 0: keys are equal where numbers are. NaN gets a place beyond all numbers. */
static inline uint64_t
sf_rank_key(double x)
{
	return sf_key_of(x + 0.0);
}

static inline double
sf_of_key(uint64_t key)
{
	uint64_t	bits = key ^ ((key >> 63) != 0 ? UINT64_C(1) << 63 : UINT64_MAX);
	double		x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* A bijection of 64 bits that looks random (the finalizer of MurmurHash3, Appleby 2011, public domain). */
static inline uint64_t
sf_mix64(uint64_t x)
{
	x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

#endif							/* SF_RADIX_H */
