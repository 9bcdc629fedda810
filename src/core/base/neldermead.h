/*
 * neldermead.h
 *		Minimize a function of a few variables without derivatives.
 *
 * Source: Nelder & Mead, A simplex method for function minimization, The
 * Computer Journal 7, 1965; coefficients for the dimension after Gao & Han,
 * Computational Optimization and Applications 51, 2012.
 */
#ifndef SF_NELDERMEAD_H
#define SF_NELDERMEAD_H

#include "core/base/arena.h"

/* The function to minimize; +Inf (or NaN, taken as +Inf) where x is not allowed. */
typedef double (*SfObjective) (const double *x, void *argument);

typedef struct SfMinimum
{
	double		value;			/* f at x */
	int32_t		evaluations;
	bool		converged;		/* false: stopped at evaluations_max */
} SfMinimum;

/*
 * sf_nelder_mead
 *		x[n]	in/out	start, then the best point found
 *		step[n]	in		edge of the first simplex along each axis, not 0
 *		tolerance		stop when the values at the corners differ by at most
 *						tolerance * (|value| + tolerance)
 *		Polls once per step, which costs up to n + 2 evaluations.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_nelder_mead(SfArena *arena, SfObjective f, void *argument, int32_t n,
							   double *x, const double *step, double tolerance,
							   int32_t evaluations_max, SfMinimum *minimum);

#endif							/* SF_NELDERMEAD_H */
