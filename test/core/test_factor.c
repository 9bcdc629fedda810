/* Tests of core/pipeline/factor.c: the quadrature over the common factor. */
#include "check.h"

#include <complex.h>

#include "core/base/dist.h"
#include "core/pipeline/deals.h"
#include "core/pipeline/factor.h"

#define PI 3.14159265358979323846

static const double correlations[] = {0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95};

/*
 * Normal distribution function at u + iv: along the real axis to u, then up.
 * integral_0^v phi(u + it) i dt by Simpson's rule.
 */
static double complex
complex_cdf(double u, double v)
{
	enum { STEPS = 600 };
	double complex sum = 0;

	for (int i = 0; i <= STEPS; i++)
	{
		double		t = v * i / STEPS;
		double complex w = u + I * t;

		sum += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * cexp(-0.5 * w * w);
	}
	return sf_normal_cdf(u) + I * sum * v / (3 * STEPS) / sqrt(2 * PI);
}

static void
test_growth(void)
{
	group("a deal grows by at most |p| + |1 - p| <= exp(growth) off the real line");
	for (int r = 0; r < LENGTH(correlations); r++)
		for (double y = 0.05; y < 4; y *= 1.5)
		{
			double		rho = correlations[r];
			double		v = y * sqrt(rho / (1 - rho));
			double		most = exp(sf_factor_growth(rho, y));
			double		at_half;

			if (v > 3)
				continue;
			for (double u = -12; u <= 12; u += 0.1)
			{
				double complex p = complex_cdf(u, -v);

				check(cabs(p) + cabs(1 - p) <= most * (1 + 1e-8), "rho %g, y %g, u %g: %.12g > %.12g", rho, y, u,
					  cabs(p) + cabs(1 - p), most);
			}
			at_half = 2 * cabs(complex_cdf(0, -v));
			check(close_to(at_half, most, 0, 1e-8), "rho %g, y %g: the bound %g is not met at one half (%g)", rho, y, most, at_half);
		}
	done();
}

static void
test_weights(void)
{
	Host		host;
	SfArena		arena;
	SfFactorRule rule;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("weights add up to 1, nodes are even and symmetric");
	for (int r = 0; r < LENGTH(correlations); r++)
		for (double deals = 1; deals <= 1e6; deals *= 10)
		{
			double		sum = 0;

			if (!check(sf_factor_rule(&arena, correlations[r], deals, 1e-8, &rule) == SF_OK, "rule"))
				continue;
			for (int32_t i = 0; i < rule.n; i++)
			{
				sum += rule.weight[i];
				check(close_to(rule.z[i], -rule.z[rule.n - 1 - i], 1e-12, 0) && rule.weight[i] >= 0 &&
					  (i == 0 || rule.z[i] > rule.z[i - 1]), "node %d", i);
			}
			check(close_to(sum, 1, 1e-13, 0) && rule.error == 1e-8, "sum %.17g", sum);
		}
	check(sf_factor_rule(&arena, 0, 1000, 1e-8, &rule) == SF_OK && rule.n == 1 && rule.weight[0] == 1 && rule.error == 0,
		  "without correlation one node is exact");
	done();
	host_free(&host);
}

/* P(at most k of n deals are won | z), by the recurrence of the Poisson-binomial distribution. */
static double
at_most(const double *quantile, int n, int k, double rho, double z, double *mass)
{
	double		sum = 0;

	mass[0] = 1;
	for (int i = 0; i < n; i++)
	{
		double		p = sf_conditional_probability(rho, quantile[i], z);

		mass[i + 1] = 0;
		for (int j = i + 1; j > 0; j--)
			mass[j] = mass[j] * (1 - p) + mass[j - 1] * p;
		mass[0] *= 1 - p;
	}
	for (int j = 0; j <= k; j++)
		sum += mass[j];
	return sum;
}

static double
by_rule(const SfFactorRule *rule, const double *quantile, int n, int k, double rho, double *mass)
{
	double		sum = 0;

	for (int32_t i = 0; i < rule->n; i++)
		sum += rule->weight[i] * at_most(quantile, n, k, rho, rule->z[i], mass);
	return sum;
}

/* The trapezoidal rule again, a hundred times what is needed: 0.004 wide, to +-10. */
static double
by_fine_rule(const double *quantile, int n, int k, double rho, double *mass)
{
	double		sum = 0;
	double		weights = 0;
	double		step = n > 100 ? 0.008 : 0.02;

	for (double z = -9; z <= 9; z += step)
	{
		double		weight = exp(-0.5 * z * z);

		weights += weight;
		if (weight > 1e-17)
			sum += weight * at_most(quantile, n, k, rho, z, mass);
	}
	return sum / weights;
}

static void
test_error(void)
{
	static const int deals[] = {1, 2, 5, 20, 60, 300};
	static const double errors[] = {1e-4, 1e-8, 1e-12};
	SfRng		rng;
	double		mass[302];
	double		quantile[300];
	double		worst = 0;

	sf_rng_seed(&rng, 41);
	group("the rule's error stays within its bound for events of 1 to 300 deals");
	for (int r = 0; r < LENGTH(correlations); r++)
		for (int d = 0; d < LENGTH(deals); d++)
		{
			int			n = deals[d];
			int			k = (int) sf_rng_below(&rng, (uint64_t) n);
			double		rho = correlations[r];
			bool		alike = d % 2 == 0;
			double		fine;

			if (n == 300 && r % 3 != 0)
				continue;
			for (int i = 0; i < n; i++)
				quantile[i] = alike ? 0.0 : sf_normal_quantile(random_between(&rng, 0.001, 0.999));
			fine = by_fine_rule(quantile, n, k, rho, mass);
			for (int e = 0; e < LENGTH(errors); e++)
			{
				Host		host;
				SfArena		arena;
				SfFactorRule rule;
				double		got;

				host_init(&host);
				sf_arena_init(&arena, &host.ctx);
				if (check(sf_factor_rule(&arena, rho, n, errors[e], &rule) == SF_OK, "rule"))
				{
					got = by_rule(&rule, quantile, n, k, rho, mass);
					worst = fmax(worst, fabs(got - fine) / errors[e]);
					check(close_to(got, fine, errors[e] + 2e-14, 0), "rho %g, %d deals, at most %d, error %g: %.15g, fine %.15g",
						  rho, n, k, errors[e], got, fine);
				}
				host_free(&host);
			}
		}
	printf("# largest error: %.3g of its bound\n", worst);
	done();
}

static SfStatus
make_rule(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfFactorRule rule;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_factor_rule(&arena, 0.3, 1e7, 1e-8, &rule);
}

/* How many deals a set may count: 2^53.  A rule for them is made, or refused in clean words. */
static void
test_many(void)
{
	static const double deals[] = {1e9, 1e12, 0x1p53};

	group("a rule for any number of deals a set can count is made or cleanly refused");
	for (int r = 0; r < LENGTH(correlations); r++)
		for (int d = 0; d < LENGTH(deals); d++)
		{
			Host		host;
			SfArena		arena;
			SfFactorRule rule;
			SfStatus	status;

			host_init(&host);
			host.bytes_max = 1 << 26;
			sf_arena_init(&arena, &host.ctx);
			status = sf_factor_rule(&arena, correlations[r], deals[d], 1e-8, &rule);
			check(status == SF_OK || fails_with(&host, status, SF_NO_MEMORY) || fails_with(&host, status, SF_TOO_LARGE),
				  "status %d", status);
			host_free(&host);
		}
	done();
}

int
main(void)
{
	test_growth();
	test_weights();
	test_error();
	group("each refused allocation is a clean failure");
	refuse_each(make_rule, NULL);
	done();
	test_many();
	return finish();
}
