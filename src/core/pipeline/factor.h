/*
 * factor.h
 *		The quadrature over the common factor of correlated deals.
 *
 * Given the factor Z = z, deals are independent, so F(x) is the integral of
 * F(x | z) phi(z) dz.  F(x | z) is a polynomial in the conditional probabilities,
 * which are entire functions of z; the trapezoidal rule converges faster than
 * any power of its step, and the error has a bound that can be computed:
 *
 *	|T - I| <= 2 M / (exp(2 pi y / step) - 1),  M >= integral |F phi| on Im z = +-y
 *
 * (Trefethen & Weideman, The exponentially convergent trapezoidal rule, SIAM
 * Review 56, 2014, theorem 5.1).  On that line |phi| grows by exp(y^2 / 2), and
 * every deal contributes at most |p| + |1 - p| <= sqrt(1 + 2/pi E(v)^2) with
 * v = y sqrt(rho / (1 - rho)), E(v) = integral_0^v exp(t^2 / 2) dt; the largest
 * value is at a probability of one half (found on a grid, in test_factor.c).
 */
#ifndef SF_FACTOR_H
#define SF_FACTOR_H

#include "core/base/arena.h"

typedef struct SfFactorRule
{
	int32_t		n;				/* nodes */
	double	   *z;				/* [n], ascending */
	double	   *weight;			/* [n], sums to 1 */
	double		error;			/* bound on |T - I| for any event */
} SfFactorRule;

/*
 * sf_factor_rule
 *		A rule whose error is at most `error` for `deals` deals; one node of
 *		weight 1 and no error when correlation is 0.  SF_NO_MEMORY; SF_TOO_LARGE
 *		from about 10^9 deals on.
 */
extern SfStatus sf_factor_rule(SfArena *arena, double correlation, double deals,
							   double error, SfFactorRule *rule);

/* log(|p| + |1 - p|) at most, for a conditional probability at z + iy. */
extern double sf_factor_growth(double correlation, double y);

#endif							/* SF_FACTOR_H */
