/*
 * logistic_newton.h
 *		The minimum of loss + prior by Newton's method on a dense Hessian.
 *
 * The prior is the design's penalty or, for an update, the quadratic
 * (u - centre)' information (u - centre) / 2.
 *
 * A factorization is used again while each step with it leaves at most a tenth
 * of the decrement g' H^-1 g; the fixed point is that of the exact slope.  Steps
 * are halved until loss + prior does not rise.
 *
 * Source: Nocedal & Wright, Numerical Optimization, 2nd ed., 3.3 (Newton), 3.1
 * (backtracking); Kelley, Iterative Methods for Linear and Nonlinear Equations,
 * 5.4 (keeping a factorization).
 */
#ifndef SF_LOGISTIC_NEWTON_H
#define SF_LOGISTIC_NEWTON_H

#include "core/winprob/logistic_pass.h"

typedef struct SfLogisticPrior
{
	const double *information;	/* [unknowns][unknowns] lower triangle; NULL: the design's penalty */
	const double *centre;		/* [unknowns]; NULL without information */
} SfLogisticPrior;

typedef struct SfLogisticOptimum
{
	double	   *u;				/* [unknowns] */
	double	   *information;	/* [unknowns][unknowns] lower triangle: H + P at u */
	double	   *factor;			/* the same as L L', with the ridge that made it definite */
	double		jitter;			/* that ridge, relative to the diagonal; 0 mostly */
	double		loss;			/* - log likelihood */
	double		prior;			/* value of the prior at u */
	int32_t		iterations;
	bool		converged;
} SfLogisticOptimum;

/* won: how many of the codes. u starts at the base rate, or at the prior's centre. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_logistic_newton(SfArena *arena, const SfLogisticDesign *design, const SfCodes *codes, int64_t won,
								   SfLogisticPrior prior, int32_t iterations, SfLogisticOptimum *optimum);

#endif							/* SF_LOGISTIC_NEWTON_H */
