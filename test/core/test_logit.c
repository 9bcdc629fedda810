/*
 * test_logit.c
 *		Own exponentials and logarithms against the C library's.
 */
#include "check.h"

#include "core/base/logit.h"

#define MANY 200000
#define ERROR_MAX 4e-16

static double
off_by(double own, double other)
{
	return own == other ? 0 : fabs(own - other) / fmax(fabs(other), DBL_MIN);
}

static void
test_known_values(void)
{
	group("known values");
	check(sf_exp(0) == 1 && sf_expm1(0) == 0 && sf_log(1) == 0 && sf_log1p(0) == 0, "0 and 1");
	check(sf_logistic(0) == 0.5 && sf_logit(0.5) == 0, "even odds");
	check(off_by(sf_exp(1), 2.718281828459045235) < ERROR_MAX, "e");
	check(off_by(sf_log(2), 0.693147180559945309) < ERROR_MAX && off_by(sf_log(10), 2.302585092994045684) < ERROR_MAX, "log");
	check(sf_log1p_exp(0) == sf_log(2), "loss of even odds");
	done();
}

static void
test_extremes(void)
{
	group("at the ends");
	check(isinf(sf_exp(1000)) && isinf(sf_exp(INFINITY)) && isinf(sf_exp(DBL_MAX)), "exp up");
	check(sf_exp(-1000) == 0 && sf_exp(-INFINITY) == 0 && sf_exp(-DBL_MAX) == 0, "exp down");
	check(off_by(sf_exp(709.7), exp(709.7)) < 1e-15 && fabs(sf_exp(-744) - exp(-744)) <= 0x1p-1074, "exp near its ends");
	check(isnan(sf_exp(NAN)) && isnan(sf_expm1(NAN)) && isnan(sf_log(NAN)) && isnan(sf_log1p(NAN)), "NaN");
	check(sf_expm1(-INFINITY) == -1 && isinf(sf_expm1(INFINITY)), "expm1");
	check(sf_log(0) == -INFINITY && sf_log(-0.0) == -INFINITY && isnan(sf_log(-1)) && sf_log(INFINITY) == INFINITY, "log");
	check(off_by(sf_log(0x1p-1074), log(0x1p-1074)) < ERROR_MAX && off_by(sf_log(DBL_MAX), log(DBL_MAX)) < ERROR_MAX, "log at ends");
	check(sf_log1p(-1) == -INFINITY && isnan(sf_log1p(-2)) && sf_log1p(INFINITY) == INFINITY, "log1p");
	check(sf_logistic(INFINITY) == 1 && sf_logistic(-INFINITY) == 0 && isnan(sf_logistic(NAN)), "logistic");
	check(sf_log1p_exp(1e300) == 1e300 && sf_log1p_exp(-1e300) == 0, "loss");
	check(sf_asin_root(0) == 0 && sf_asin_root(1) == asin(1), "asin");
	check(sf_logit(0) == -INFINITY && sf_logit(1) == INFINITY, "logit");
	done();
}

/* Numbers of every size in [-most, most], half of them near 0. */
static double
drawn(SfRng *rng, double most)
{
	double		x = (2 * sf_rng_uniform(rng) - 1) * most;

	return sf_rng_below(rng, 2) == 0 ? x : x * ldexp(1, -(int) sf_rng_below(rng, 60));
}

static void
test_against_library(void)
{
	double		worst[7] = {0};
	SfRng		rng;

	group("as the C library has them");
	sf_rng_seed(&rng, 1);
	for (int i = 0; i < MANY; i++)
	{
		double		x = drawn(&rng, 700);
		double		up = ldexp(1 + sf_rng_uniform(&rng), (int) sf_rng_below(&rng, 2000) - 1000);
		double		small = drawn(&rng, 0.999);

		worst[0] = fmax(worst[0], off_by(sf_exp(x), exp(x)));
		worst[1] = fmax(worst[1], off_by(sf_expm1(x), expm1(x)));
		worst[2] = fmax(worst[2], fmax(off_by(sf_log(up), log(up)), off_by(sf_log(1 + small), log(1 + small))));
		worst[3] = fmax(worst[3], fmax(off_by(sf_log1p(up), log1p(up)), off_by(sf_log1p(small), log1p(small))));
		worst[4] = fmax(worst[4], off_by(sf_logistic(x), x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))));
		worst[6] = fmax(worst[6], off_by(sf_asin_root(fabs(small)), atan2(sqrt(fabs(small)), sqrt(1 - fabs(small)))));
		worst[5] = fmax(worst[5], off_by(sf_log1p_exp(x), x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))));
	}
	for (int k = 0; k < 7; k++)
		check(worst[k] < (k == 1 || k == 6 ? 6e-16 : k > 3 ? 8e-16 : ERROR_MAX), "function %d is off by %g", k, worst[k]);
	done();
}

/* Never falls from one double to the next. */
static void
test_ascending(void)
{
	double		x = 1;
	double		p;

	group("rising");
	for (int i = 0; i < 100000; i++)
	{
		double		next = nextafter(x, 2);

		check(sf_log(next) >= sf_log(x), "log falls at %.17g", x);
		x = next;
	}
	p = 0;
	for (double z = -40; z < 40; z += 0.001)
	{
		double		next = sf_logistic(z);

		check(next >= p, "logistic falls at %.17g", z);
		p = next;
	}
	done();
}

/* The bits themselves, which no processor and no compiler may change. */
static void
test_bits(void)
{
	uint64_t	sum = 0;
	SfRng		rng;

	group("the bits");
	sf_rng_seed(&rng, 2);
	for (int i = 0; i < 20000; i++)
	{
		double		x = drawn(&rng, 50);
		double		of[4] = {sf_exp(x), sf_expm1(x), sf_log(fabs(x)), sf_log1p(fabs(x))};

		for (int k = 0; k < 4; k++)
		{
			uint64_t	b;

			memcpy(&b, &of[k], sizeof b);
			sum = (sum ^ b) * UINT64_C(0x100000001b3);
		}
	}
	check(sum == UINT64_C(0x4ec616ff37c233ec), "sum of the bits is %" PRIx64, sum);
	done();
}

int
main(void)
{
	test_known_values();
	test_extremes();
	test_against_library();
	test_ascending();
	test_bits();
	return finish();
}
