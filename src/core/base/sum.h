/*
 * sum.h
 *		Sums of doubles that keep what rounding would lose.
 *
 * The running total is an unevaluated pair hi + lo (a double-double).  Adding n
 * terms errs by at most about n * 2^-104 of the largest partial sum, so the
 * rounded result is the correctly rounded sum in all but about one of 10^9
 * cases for a million terms; order and parallel splits do not show.
 *
 * Source: Dekker, A floating-point technique for extending the available
 * precision, Numerische Mathematik 18, 1971 (add2, mul12); Knuth, The Art of
 * Computer Programming, vol. 2, 4.2.2, theorem B (two-sum).
 */
#ifndef SF_SUM_H
#define SF_SUM_H

#include <math.h>

typedef struct SfSum
{
	double		hi;
	double		lo;				/* |lo| <= ulp(hi) / 2 */
} SfSum;

/* Adds x + x_lo, where |x_lo| is at most an ulp of x. */
static inline void
sf_sum_add_pair(SfSum *s, double x, double x_lo)
{
	double		hi = s->hi + x;
	double		v = hi - s->hi;
	double		lo = ((s->hi - (hi - v)) + (x - v)) + (s->lo + x_lo);

	s->hi = hi + lo;
	s->lo = lo - (s->hi - hi);
}

static inline void
sf_sum_add(SfSum *s, double x)
{
	sf_sum_add_pair(s, x, 0.0);
}

/* Adds the product a * b with its rounding error. */
static inline void
sf_sum_add_product(SfSum *s, double a, double b)
{
	double		p = a * b;

	sf_sum_add_pair(s, p, fma(a, b, -p));
}

static inline void
sf_sum_merge(SfSum *s, SfSum other)
{
	sf_sum_add_pair(s, other.hi, other.lo);
}

static inline double
sf_sum_value(SfSum s)
{
	return s.hi + s.lo;
}

#endif							/* SF_SUM_H */
