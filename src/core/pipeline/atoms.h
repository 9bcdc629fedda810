/*
 * atoms.h
 *		The exact distribution of the sum of at most 20 deals.
 *
 * The deals are dealt into two halves of at most ten.  All sums of a half are
 * listed in order (at most 1024), and every question about the 2^20 sums of both
 * is answered by walking one list up and the other down.  With a common factor
 * each sum carries one probability per value of the factor.
 */
#ifndef SF_ATOMS_H
#define SF_ATOMS_H

#include "core/base/arena.h"
#include "core/pipeline/factor.h"

#define SF_ATOMS_MAX_DEALS 20

typedef struct SfAtomHalf
{
	int32_t		n;				/* sums, a power of two */
	double	   *sum;			/* [n], ascending */
	double	   *mass;			/* [n][nodes]: P(sum | node), weighted in the first half */
	double	   *below;			/* [n + 1][nodes]: cumulated mass, second half only */
} SfAtomHalf;

typedef struct SfAtoms
{
	int32_t		nodes;
	SfAtomHalf	first;
	SfAtomHalf	second;
} SfAtoms;

/*
 * sf_atoms_build
 *		List the sums of n deals: amount[i] >= 0, and P(won | node) in
 *		probability[i * rule->n + node].  SF_NO_MEMORY.
 */
extern SfStatus sf_atoms_build(SfArena *arena, const SfFactorRule *rule, int32_t n,
							   const double *amount, const double *probability,
							   SfAtoms *atoms);

/* P(sum <= x). */
extern double sf_atoms_cdf(const SfAtoms *atoms, double x);

/* P(sum >= x), within 1e-15. */
extern double sf_atoms_at_least(const SfAtoms *atoms, double x);

/* The smallest sum x with P(sum <= x) >= p. */
extern double sf_atoms_quantile(const SfAtoms *atoms, double p);

#endif							/* SF_ATOMS_H */
