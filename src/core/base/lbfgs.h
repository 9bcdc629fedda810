/*
 * lbfgs.h
 *		Minimize a smooth function of many variables from its slope.
 *
 * Limited-memory BFGS, ten pairs, with a line search for the weak Wolfe
 * conditions by doubling and bisection.
 *
 * Source: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4 (two
 * loops); Lewis & Overton, Nonsmooth optimization via quasi-Newton methods,
 * Mathematical Programming 141, 2013, algorithm 2.6 (line search).
 */
#ifndef SF_LBFGS_H
#define SF_LBFGS_H

#include "core/base/arena.h"

/* value and gradient[n] at x[n]; +Inf or NaN where x is not allowed. Any status but SF_OK ends the search. */
typedef SfStatus (*SfSmooth) (void *argument, const double *x, double *value, double *gradient);

typedef struct SfDescent
{
	double		value;			/* at x */
	double		decrement;		/* last estimate of gradient' H^-1 gradient */
	int32_t		iterations;
	int32_t		evaluations;
	bool		converged;
} SfDescent;

/*
 * sf_lbfgs
 *		x[n]	in/out	start, then the best point found
 *		scale	[n] > 0	about one over the second derivative along each axis; NULL: ones
 *		tolerance		stop when the decrement is at most tolerance * |value|
 *						for two steps in a row
 *		Memory 24 * n doubles.  Polling is up to f.  SF_NO_MEMORY, or what f gives;
 *		SF_BAD_DATA when f is not finite at the start.  x is then undefined.
 */
extern SfStatus sf_lbfgs(SfArena *arena, SfSmooth f, void *argument, int64_t n, double *x, const double *scale,
						 double tolerance, int32_t evaluations_max, SfDescent *descent);

#endif							/* SF_LBFGS_H */
