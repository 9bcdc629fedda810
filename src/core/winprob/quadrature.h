/*
 * quadrature.h
 *		Gauss-Legendre points on 0 .. 1: n of them integrate polynomials of degree 2 n - 1 exactly.
 */
#ifndef SF_QUADRATURE_H
#define SF_QUADRATURE_H

#include <stdint.h>

#define SF_QUADRATURE_MAX 32

typedef struct SfQuadrature
{
	int32_t		points;
	double		at[SF_QUADRATURE_MAX];	/* inside (0, 1), ascending */
	double		weight[SF_QUADRATURE_MAX];	/* positive, sum 1 */
} SfQuadrature;

/*
 * points is brought into 1 .. SF_QUADRATURE_MAX.
 *
 * Source: Press, Teukolsky, Vetterling & Flannery, Numerical Recipes, 3rd ed. 2007, 4.6 (roots of the
 * Legendre polynomial by Newton's method).
 */
extern void sf_quadrature_make(int32_t points, SfQuadrature *quadrature);

#endif							/* SF_QUADRATURE_H */
