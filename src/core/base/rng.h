/*
 * rng.h
 *		Seeded random numbers: the same seed gives the same stream everywhere.
 *
 * xoshiro256++ seeded through splitmix64.  Not for secrets.
 *
 * Source: Blackman & Vigna, Scrambled linear pseudorandom number generators,
 * ACM Transactions on Mathematical Software 47(4), 2021.
 */
#ifndef SF_RNG_H
#define SF_RNG_H

#include <stdint.h>

typedef struct SfRng
{
	uint64_t	s[4];
} SfRng;

extern void sf_rng_seed(SfRng *rng, uint64_t seed);
extern uint64_t sf_rng_next(SfRng *rng);

/* Uniform on [0, 1), 53 bits. */
extern double sf_rng_uniform(SfRng *rng);

/* Standard normal, by inversion: one uniform a number, so streams stay aligned. */
extern double sf_rng_normal(SfRng *rng);

/* Uniform on 0 .. n - 1 without bias; n >= 1. */
extern uint64_t sf_rng_below(SfRng *rng, uint64_t n);

#endif							/* SF_RNG_H */
