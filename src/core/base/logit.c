/*
 * logit.c
 *		Exponentials and logarithms that are the same bits on every processor.
 */
#include "core/base/logit.h"

#include <stdbool.h>

#define LOG2_HIGH 0x1.62e42fefa0000p-1
#define LOG2_LOW 0x1.cf79abc9e3b3ap-40

/* Where a series around 0 is as exact as the way around. */
#define NEAR 0.34

double
sf_exp(double x)
{
	double		half;

	if (x >= -700 && x <= 700)
		return sf_exp_within(x);
	if (isnan(x))
		return x;
	/* its square may reach Infinity, small numbers and 0 */
	half = sf_exp_within(x > 1400 ? 700 : x < -1400 ? -700 : x / 2);
	return half * half;
}

double
sf_expm1(double x)
{
	double		sum = 1.0 / 87178291200.0;

	if (!(fabs(x) < NEAR))
		return sf_exp(x) - 1.0;
	sum = sum * x + 1.0 / 6227020800.0;
	sum = sum * x + 1.0 / 479001600.0;
	sum = sum * x + 1.0 / 39916800.0;
	sum = sum * x + 1.0 / 3628800.0;
	sum = sum * x + 1.0 / 362880.0;
	sum = sum * x + 1.0 / 40320.0;
	sum = sum * x + 1.0 / 5040.0;
	sum = sum * x + 1.0 / 720.0;
	sum = sum * x + 1.0 / 120.0;
	sum = sum * x + 1.0 / 24.0;
	sum = sum * x + 1.0 / 6.0;
	sum = sum * x + 0.5;
	return sum * x * x + x;
}

/*
 * What log(1 + f) lacks of f, for 1 + f between sqrt(1/2) and sqrt(2).  With s = f / (2 + f)
 * it is 2 (s + s^3 / 3 + s^5 / 5 + ...), and 2 s = f - s f.
 */
static double
short_of(double f)
{
	double		s = f / (2.0 + f);
	double		z = s * s;
	double		sum = 2.0 / 23.0;

	sum = sum * z + 2.0 / 21.0;
	sum = sum * z + 2.0 / 19.0;
	sum = sum * z + 2.0 / 17.0;
	sum = sum * z + 2.0 / 15.0;
	sum = sum * z + 2.0 / 13.0;
	sum = sum * z + 2.0 / 11.0;
	sum = sum * z + 2.0 / 9.0;
	sum = sum * z + 2.0 / 7.0;
	sum = sum * z + 2.0 / 5.0;
	sum = sum * z + 2.0 / 3.0;
	return s * (f - sum * z);
}

double
sf_log(double x)
{
	const uint64_t fraction = (UINT64_C(1) << 52) - 1;
	double		k = -1023;
	uint64_t	bits;
	double		m;

	if (!(x > 0) || isinf(x))
		return x == 0 ? -INFINITY : x > 0 ? x : NAN;
	if (x < 0x1p-1022)
	{
		x *= 0x1p54;
		k -= 54;
	}
	memcpy(&bits, &x, sizeof bits);
	k += (double) (bits >> 52);
	bits = (bits & fraction) | UINT64_C(1023) << 52;
	memcpy(&m, &bits, sizeof m);
	if (m > 1.4142135623730951)
	{
		m /= 2;
		k += 1;
	}
	m -= 1.0;
	return k * LOG2_HIGH + (m - (short_of(m) - k * LOG2_LOW));
}

double
sf_log1p(double x)
{
	double		u = 1.0 + x;

	if (fabs(x) < 0.29)
		return x - short_of(x);
	if (!(u > 0) || isinf(u))
		return sf_log(u);
	return sf_log(u) + (x - (u - 1.0)) / u;	/* the part of x that 1 + x lost */
}

double
sf_logistic(double x)
{
	double		e = sf_exp(-fabs(x));

	return (x < 0 ? e : 1.0) / (1.0 + e);
}

double
sf_log1p_exp(double x)
{
	return (x > 0 ? x : 0) + sf_log1p(sf_exp(-fabs(x)));
}

double
sf_logit(double p)
{
	return sf_log(p) - sf_log1p(-p);
}

/* The angle is halved twice, which leaves a sine of at most .2; then the series of asin. */
double
sf_asin_root(double p)
{
	bool		large = p > 0.5;
	double		square = large ? 1.0 - p : p;
	double		sum = 46189.0 / 5505024.0;	/* of x^21 */

	for (int half = 0; half < 2; half++)
		square = square / (2.0 * (1.0 + sqrt(1.0 - square)));
	sum = sum * square + 12155.0 / 1245184.0;
	sum = sum * square + 6435.0 / 557056.0;
	sum = sum * square + 143.0 / 10240.0;
	sum = sum * square + 231.0 / 13312.0;
	sum = sum * square + 63.0 / 2816.0;
	sum = sum * square + 35.0 / 1152.0;
	sum = sum * square + 5.0 / 112.0;
	sum = sum * square + 3.0 / 40.0;
	sum = sum * square + 1.0 / 6.0;
	sum = sum * square + 1.0;
	sum *= 4.0 * sqrt(square);
	return large ? 1.57079632679489661923 - sum : sum;
}
