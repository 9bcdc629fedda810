/*
 * lattice.h
 *		The distribution of a sum of deals on equally spaced amounts.
 *
 * Each amount is rounded to a multiple of the step, and the deals are convolved
 * one after the other on the support that carries mass.  What is given up is
 * counted: mass trimmed at the ends, and the mass at which a smoothed part
 * may differ from a normal distribution.
 */
#ifndef SF_LATTICE_H
#define SF_LATTICE_H

#include "core/base/arena.h"

/* A probability mass function on consecutive multiples of the step. */
typedef struct SfLattice
{
	int64_t		first;			/* index of mass[0]; the amount is index * step */
	int32_t		n;				/* cells in use */
	int32_t		capacity;
	double	   *mass;			/* [n], within the buffer */
	double	   *buffer;			/* [capacity] */
	double	   *spare;			/* [capacity], for the next convolution */
	int32_t		untrimmed;		/* convolutions since the last trim */
	double		lost;			/* mass trimmed so far */
} SfLattice;

/* SF_NO_MEMORY. */
extern SfStatus sf_lattice_init(SfArena *arena, SfLattice *lattice, int32_t capacity);

/* All mass at index 0. */
extern void sf_lattice_reset(SfLattice *lattice);

/*
 * sf_lattice_add_deals
 *		Add `count` deals that pay `cells` >= 0 steps with probability p in 0..1.
 *		SF_TOO_LARGE when the support does not fit, even trimmed.
 */
extern SfStatus sf_lattice_add_deals(SfArena *arena, SfLattice *lattice,
									 int64_t cells, double p, int64_t count);

/*
 * sf_lattice_add_normal
 *		Add a normal amount, in steps, rounded to the nearest cell.
 *		SF_TOO_LARGE as above.
 */
extern SfStatus sf_lattice_add_normal(SfArena *arena, SfLattice *lattice,
									  double mean, double stddev);

/* Multiply-adds that sf_lattice_add_deals does per cell of the support. */
extern double sf_lattice_cost(double p, int64_t count);

#endif							/* SF_LATTICE_H */
