/*
 * dist.c
 *		Distribution functions and quantiles that the rooms share.
 */
#include "core/base/dist.h"

#include <math.h>

#include "core/base/logit.h"

#define SQRT_HALF 0.70710678118654752440

double
sf_normal_cdf(double x)
{
	return 0.5 * erfc(-x * SQRT_HALF);
}

/* Ratio of two polynomials of degree 7, coefficients lowest first. */
static double
rational7(const double *num, const double *den, double r)
{
	double		a = num[7];
	double		b = den[7];

	for (int i = 6; i >= 0; i--)
	{
		a = a * r + num[i];
		b = b * r + den[i];
	}
	return a / b;
}

double
sf_normal_quantile(double p)
{
	/* AS 241, PPND16: central, intermediate and far-tail approximations */
	static const double central_num[8] = {
		3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
		1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
	3.3430575583588128105e4, 2.5090809287301226727e3};
	static const double central_den[8] = {
		1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
		5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
	2.8729085735721942674e4, 5.2264952788528545610e3};
	static const double tail_num[8] = {
		1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
		3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
	2.27238449892691845833e-2, 7.74545014278341407640e-4};
	static const double tail_den[8] = {
		1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
		6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
	5.47593808499534494600e-4, 1.05075007164441684324e-9};
	static const double far_num[8] = {
		6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
		2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
	2.71155556874348757815e-5, 2.01033439929228813265e-7};
	static const double far_den[8] = {
		1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
		1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
	1.42151175831644588870e-7, 2.04426310338993978564e-15};
	double		q = p - 0.5;
	double		r;
	double		x;

	if (!(p >= 0.0 && p <= 1.0))
		return NAN;
	if (fabs(q) <= 0.425)
		return q * rational7(central_num, central_den, 0.180625 - q * q);
	r = q < 0 ? p : 1.0 - p;
	if (r == 0.0)
		return q < 0 ? -INFINITY : INFINITY;
	r = sqrt(-sf_log(r));
	if (r <= 5.0)
		x = rational7(tail_num, tail_den, r - 1.6);
	else
		x = rational7(far_num, far_den, r - 5.0);
	return q < 0 ? -x : x;
}

/* lgamma for positive arguments, without touching the global signgam. */
static double
log_gamma(double x)
{
	int			sign;

	extern double lgamma_r(double, int *);

	return lgamma_r(x, &sign);
}

double
sf_log_beta(double a, double b)
{
	return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

/* The continued fraction of I_x(a, b), by the modified Lentz method. */
static double
beta_fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double		c = 1.0;
	double		d = 1.0 - (a + b) * x / (a + 1.0);
	double		h;

	if (fabs(d) < tiny)
		d = tiny;
	d = 1.0 / d;
	h = d;
	/* converges in O(sqrt(max(a, b))) turns; the cap is for a, b near 1e15 */
	for (int m = 1; m <= 100000; m++)
	{
		double		even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
		double		step;

		d = 1.0 + even * d;
		c = 1.0 + even / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		d = 1.0 + odd * d;
		c = 1.0 + odd / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1.0) < 1e-15)
			break;
	}
	return h;
}

/* log gamma(z) minus Stirling's formula (z - 1/2) log z - z + log(2 pi) / 2. */
static double
stirling_rest(double z)
{
	double		z2 = z * z;

	if (z < 16.0)
		return log_gamma(z) - (z - 0.5) * log(z) + z - 0.91893853320467274178;
	/* the asymptotic series: B_2k / (2k (2k - 1) z^(2k - 1)) */
	return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / z2) / z2) / z2) / z2) / z;
}

/* a log(a / m) + m - a without cancellation where a is near m. */
static double
deviance(double a, double m)
{
	double		v = (a - m) / (a + m);
	double		sum = (a - m) * v;
	double		term = 2.0 * a * v;

	if (!(fabs(v) < 0.1))
		return a * log(a / m) + m - a;
	for (int k = 3; k < 40; k += 2)
	{
		term *= v * v;
		sum += term / k;
	}
	return sum;
}

/*
 * x^a (1 - x)^b / B(a, b).  Differences of log gamma would cost as many digits
 * as a and b have, so Stirling's formula is taken out before (Loader, Fast and
 * accurate computation of binomial probabilities, 2000).
 */
static double
beta_front(double x, double a, double b)
{
	double		n = a + b;

	return exp(stirling_rest(n) - stirling_rest(a) - stirling_rest(b) -
			   deviance(a, n * x) - deviance(b, n * (1.0 - x))) *
		sqrt(a / n * b / 6.28318530717958647693);
}

double
sf_beta_cdf(double x, double a, double b)
{
	double		front;

	if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
		return NAN;
	if (x == 0.0 || x == 1.0)
		return x;
	front = beta_front(x, a, b);
	/* the fraction converges fast on one side of the mean only */
	if (x < (a + 1.0) / (a + b + 2.0))
		return fmin(1.0, front * beta_fraction(x, a, b) / a);
	return fmax(0.0, 1.0 - front * beta_fraction(1.0 - x, b, a) / b);
}

double
sf_beta_quantile(double p, double a, double b)
{
	double		lo = 0.0;
	double		hi = 1.0;
	double		x = a / (a + b);

	if (!(a > 0 && b > 0 && p >= 0 && p <= 1))
		return NAN;
	if (p == 0.0 || p == 1.0)
		return p;
	for (int i = 0; i < 200; i++)
	{
		double		gap = sf_beta_cdf(x, a, b) - p;
		double		density = beta_front(x, a, b) / x / (1.0 - x);
		double		next = x - gap / density;

		if (gap > 0)
			hi = x;
		else
			lo = x;
		if (!(next > lo && next < hi))
			next = 0.5 * (lo + hi);
		if (fabs(next - x) <= 1e-15 * x || next == lo || next == hi)
			return next;
		x = next;
	}
	return x;
}

double
sf_sorted_quantile(SfVectorView sorted, double p)
{
	double		at = p * (double) (sorted.n - 1);
	int64_t		i = (int64_t) at;

	if (i >= sorted.n - 1)
		return sorted.x[sorted.n - 1];
	return sorted.x[i] + (at - (double) i) * (sorted.x[i + 1] - sorted.x[i]);
}
