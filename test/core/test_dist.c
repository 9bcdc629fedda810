/* Tests of core/base/dist.c: distribution functions and quantiles; golden values lie in test/golden. */
#include "check.h"

#include "core/base/dist.h"

static FILE *
open_golden(const char *name)
{
	char		path[100];
	FILE	   *file;

	snprintf(path, sizeof path, "test/golden/%s", name);
	file = fopen(path, "r");
	check(file != NULL, "%s cannot be read: run this from the top of the project", path);
	return file;
}

static void
test_normal_golden(void)
{
	char		line[300];
	FILE	   *file;

	group("normal distribution: golden values");
	file = open_golden("normal.csv");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
	{
		char		what[20];
		double		x;
		double		wanted;
		double		absolute;
		double		relative;
		double		got;

		if (sscanf(line, "%19[a-z],%lf,%lf,%lf,%lf", what, &x, &wanted, &absolute, &relative) != 5)
			continue;
		got = strcmp(what, "cdf") == 0 ? sf_normal_cdf(x) : sf_normal_quantile(x);
		/* the tails are relatively accurate, so only what stands for 0 has an absolute tolerance */
		check(close_to(got, wanted, fabs(wanted) < 1e-70 && x == 0.5 ? absolute : 0, relative),
			  "%s(%.17g) = %.17g, wanted %.17g", what, x, got, wanted);
	}
	check(check_count > 40, "only %" PRId64 " values", check_count);
	done();
	if (file != NULL)
		fclose(file);
}

static void
test_normal_laws(void)
{
	SfRng		rng;
	double		last = -INFINITY;

	sf_rng_seed(&rng, 61);
	group("normal distribution: symmetric, monotone, inverse to each other");
	for (int i = 0; i < 100000; i++)
	{
		double		p = i % 2 ? sf_rng_uniform(&rng) : random_magnitude(&rng, -300, 0);
		double		x = sf_normal_quantile(p);

		if (p == 0 || p >= 1)
			continue;
		check(close_to(sf_normal_cdf(x), p, 0, 3e-12), "cdf(quantile(%g)) = %g", p, sf_normal_cdf(x));
		check(close_to(sf_normal_cdf(x) + sf_normal_cdf(-x), 1, 2e-16, 0), "cdf(%g) + cdf(-%g)", x, x);
	}
	for (double p = 0; p <= 1; p += 0x1p-16)
	{
		check(sf_normal_quantile(p) > last || p == 0, "quantile(%g)", p);
		last = sf_normal_quantile(p);
	}
	done();

	group("normal distribution: the ends and beyond");
	check(sf_normal_quantile(0) == -INFINITY && sf_normal_quantile(1) == INFINITY && sf_normal_quantile(0.5) == 0, "ends");
	check(isnan(sf_normal_quantile(NAN)) && isnan(sf_normal_quantile(-0x1p-1074)) && isnan(sf_normal_quantile(1.0000000000000002)), "beyond");
	check(sf_normal_cdf(-INFINITY) == 0 && sf_normal_cdf(INFINITY) == 1 && isnan(sf_normal_cdf(NAN)) && sf_normal_cdf(0) == 0.5, "infinite");
	done();
}

static void
test_beta_golden(void)
{
	char		line[300];
	FILE	   *file;

	group("incomplete beta function and its inverse: golden values");
	file = open_golden("beta.csv");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
	{
		double		x;
		double		a;
		double		b;
		double		wanted;
		double		absolute;
		double		got;

		if (sscanf(line, "%lf,%lf,%lf,%lf,%lf", &x, &a, &b, &wanted, &absolute) != 5)
			continue;
		got = sf_beta_cdf(x, a, b);
		check(close_to(got, wanted, absolute, 0), "I(%.17g; %g, %g) = %.17g, wanted %.17g", x, a, b, got, wanted);
		/* the inverse, where x can be told from its probability */
		if (wanted > 1e-6 && wanted < 1 - 1e-6)
		{
			got = sf_beta_quantile(wanted, a, b);
			check(sf_beta_cdf(got * (1 - 4 * DBL_EPSILON), a, b) <= wanted + 1e-11 &&
				  sf_beta_cdf(fmin(1, got * (1 + 4 * DBL_EPSILON)), a, b) >= wanted - 1e-11 && close_to(got, x, 1e-9, 1e-9),
				  "inverse of I(%.17g; %g, %g) is %.17g", x, a, b, got);
		}
	}
	check(check_count > 100, "only %" PRId64 " values", check_count);
	done();
	if (file != NULL)
		fclose(file);
}

static void
test_beta_laws(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 62);
	group("incomplete beta: symmetric, monotone, closed forms");
	for (int i = 0; i < 20000; i++)
	{
		double		a = random_magnitude(&rng, -1, 3);
		double		b = random_magnitude(&rng, -1, 3);
		double		x = sf_rng_uniform(&rng);

		check(close_to(sf_beta_cdf(x, a, b) + sf_beta_cdf(1 - x, b, a), 1, 1e-11, 0), "I(%g; %g, %g)", x, a, b);
		check(close_to(sf_beta_cdf(x, a, 1), pow(x, a), 1e-12, 0), "I(%g; %g, 1)", x, a);
		check(close_to(sf_beta_cdf(x, 1, b), -expm1(b * log1p(-x)), 1e-12, 0), "I(%g; 1, %g)", x, b);
		check(sf_beta_cdf(x, a, b) <= sf_beta_cdf(fmin(1, x + 0.001), a, b) + 1e-12, "I(%g; %g, %g) falls", x, a, b);
	}
	done();

	group("inverse of the incomplete beta function: within 0 .. 1, monotone, no turn without end");
	for (int i = 0; i < 5000; i++)
	{
		double		a = random_magnitude(&rng, -5, 12);
		double		b = random_magnitude(&rng, -5, 12);
		double		last = 0;

		if (i % 2)
		{
			a = random_magnitude(&rng, -0.5, 6);
			b = random_magnitude(&rng, -0.5, 6);
		}
		for (double p = 0.025; p < 1; p += 0.19)
		{
			double		x = sf_beta_quantile(p, a, b);

			check(x >= last - 1e-12 && x <= 1, "quantile(%g; %g, %g) = %g after %g", p, a, b, x, last);
			/* next to 1 a step of x may be a jump of the probability */
			if (a > 0.3 && b > 0.3 && a < 1e6 && b < 1e6)
				check(sf_beta_cdf(x * (1 - 4 * DBL_EPSILON), a, b) <= p + 1e-8 &&
					  sf_beta_cdf(fmin(1, x * (1 + 4 * DBL_EPSILON)), a, b) >= p - 1e-8,
					  "I(quantile(%g); %g, %g) = %.15g", p, a, b, sf_beta_cdf(x, a, b));
			last = x;
		}
		if (i > 600 && i % 2 == 0)
			i++;
	}
	done();

	group("incomplete beta: the ends and beyond");
	check(sf_beta_cdf(0, 2, 3) == 0 && sf_beta_cdf(1, 2, 3) == 1 && sf_beta_quantile(0, 2, 3) == 0 && sf_beta_quantile(1, 2, 3) == 1, "ends");
	check(isnan(sf_beta_cdf(NAN, 2, 3)) && isnan(sf_beta_cdf(-0.1, 2, 3)) && isnan(sf_beta_cdf(1.1, 2, 3)) &&
		  isnan(sf_beta_cdf(0.5, 0, 3)) && isnan(sf_beta_cdf(0.5, 2, -1)) && isnan(sf_beta_cdf(0.5, NAN, 1)), "cdf beyond");
	check(isnan(sf_beta_quantile(NAN, 2, 3)) && isnan(sf_beta_quantile(1.1, 2, 3)) && isnan(sf_beta_quantile(0.5, 0, 3)), "quantile beyond");
	check(close_to(sf_log_beta(2, 3), log(1.0 / 12), 0, 1e-15) && close_to(sf_log_beta(0.5, 0.5), log(acos(-1)), 0, 1e-14), "log beta by hand");
	done();
}

static void
test_sorted_quantile(void)
{
	static const double x[] = {1, 2, 4, 8};
	SfVectorView four = {x, 4};
	SfVectorView one = {x, 1};

	group("the quantile of sorted values interpolates between neighbours (type 7)");
	check(sf_sorted_quantile(four, 0) == 1 && sf_sorted_quantile(four, 1) == 8 && sf_sorted_quantile(four, 0.5) == 3 &&
		  close_to(sf_sorted_quantile(four, 0.9), 4 + 0.7 * 4, 0, 1e-15) && sf_sorted_quantile(one, 0.3) == 1, "by hand, as R's quantile()");
	done();
}

int
main(void)
{
	test_normal_golden();
	test_normal_laws();
	test_beta_golden();
	test_beta_laws();
	test_sorted_quantile();
	return finish();
}
