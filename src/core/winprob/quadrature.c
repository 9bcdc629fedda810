/*
 * quadrature.c
 *		Gauss-Legendre points on 0 .. 1.
 */
#include "core/winprob/quadrature.h"

#include <math.h>

#define PI 3.14159265358979323846
#define NEWTON_TURNS 20

/* cos(x) for 0 <= x <= PI / 2, near enough for Newton's steps and the same on every processor. */
static double
cosine(double x)
{
	double		square = x * x;
	double		sum = 1.0;

	for (int k = 14; k > 0; k -= 2)
		sum = 1.0 - sum * square / (k * (k - 1.0));
	return sum;
}

/* The Legendre polynomial of degree n at x by its recurrence, and its slope. */
static double
legendre(int32_t n, double x, double *slope)
{
	double		before = 1.0;
	double		here = x;

	for (int32_t k = 2; k <= n; k++)
	{
		double		next = ((2.0 * k - 1.0) * x * here - (k - 1.0) * before) / k;

		before = here;
		here = next;
	}
	*slope = n * (x * here - before) / (x * x - 1.0);
	return here;
}

void
sf_quadrature_make(int32_t points, SfQuadrature *quadrature)
{
	int32_t		n = points < 1 ? 1 : points > SF_QUADRATURE_MAX ? SF_QUADRATURE_MAX : points;

	quadrature->points = n;
	for (int32_t i = 0; i < (n + 1) / 2; i++)
	{
		/* from the largest root down; the middle one of an odd number is 0 */
		double		x = 2 * i + 1 == n ? 0.0 : cosine(PI * (i + 0.75) / (n + 0.5));
		double		slope;

		for (int turn = 0; turn < NEWTON_TURNS && x != 0.0; turn++)
		{
			double		value = legendre(n, x, &slope);

			if (fabs(value / slope) < 1e-16)
				break;
			x -= value / slope;
		}
		(void) legendre(n, x, &slope);
		quadrature->at[i] = 0.5 - 0.5 * x;
		quadrature->at[n - 1 - i] = 0.5 + 0.5 * x;
		quadrature->weight[i] = quadrature->weight[n - 1 - i] = 1.0 / ((1.0 - x * x) * slope * slope);
	}
}
