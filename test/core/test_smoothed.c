/* Tests of core/pipeline/smoothed.c: the part that is made of many small deals. */
#include "check.h"

#include "core/base/dist.h"
#include "core/pipeline/smoothed.h"

#define DEALS 400

static const double correlations[] = {0.05, 0.3, 0.6, 0.9, 0.99};

static SfDeal
some_deal(SfRng *rng)
{
	SfDeal		deal = {exp(8 + sf_rng_normal(rng)), 0.02 + 0.96 * sf_rng_uniform(rng), 1};

	return deal;
}

static void
test_independent(void)
{
	SfMoments	grid[1] = {0};
	SfDeal		deal = {100, 0.25, 3};
	SfSmoothed	part;

	group("three deals of 100 at one quarter, by hand");
	sf_moments_add(0, grid, &deal);
	part = sf_smoothed_at(grid, 0, 0);
	check(close_to(part.mean, 75, 0, 1e-15), "mean %g", part.mean);
	check(close_to(part.variance, 3 * 1e4 * 0.1875, 0, 1e-15), "variance %g", part.variance);
	check(close_to(part.error, fmin(1, 0.56 * 3 * 0.1875 * 0.625 / pow(3 * 0.1875, 1.5)), 0, 1e-14), "error %g", part.error);
	part = sf_smoothed_at(NULL, 0.5, 1);
	check(part.mean == 0 && part.variance == 0 && part.error == 0, "nothing smoothed is nothing at all");
	done();
}

/* Moments between the nodes against those computed there. */
static void
test_interpolation(void)
{
	group("moments between the nodes of the grid, within 1e-5 of a standard deviation");
	for (int r = 0; r < LENGTH(correlations); r++)
	{
		double		rho = correlations[r];
		SfMoments  *grid = calloc((size_t) sf_grid_nodes(rho), sizeof(SfMoments));
		SfDeal		deals[DEALS];
		SfRng		rng;

		sf_rng_seed(&rng, (uint64_t) r);
		for (int i = 0; i < DEALS; i++)
		{
			deals[i] = some_deal(&rng);
			sf_moments_add(rho, grid, &deals[i]);
		}
		for (double z = -5.99; z < 6; z += 0.0371)
		{
			SfSmoothed	part = sf_smoothed_at(grid, rho, z);
			double		mean = 0;
			double		variance = 0;
			double		total = 0;

			for (int i = 0; i < DEALS; i++)
			{
				double		p = sf_conditional_probability(rho, sf_normal_quantile(deals[i].probability), z);

				mean += deals[i].amount * p;
				variance += deals[i].amount * deals[i].amount * p * (1 - p);
				total += deals[i].amount * deals[i].amount * deals[i].probability * (1 - deals[i].probability);
			}
			check(fabs(part.mean - mean) <= 1e-5 * sqrt(total), "rho %g, z %g: mean %.12g, not %.12g", rho, z, part.mean, mean);
			check(fabs(part.variance - variance) <= 1e-5 * total, "rho %g, z %g: variance %.12g, not %.12g", rho, z, part.variance, variance);
			check(part.variance >= 0 && part.error >= 0 && part.error <= 1, "rho %g, z %g: %g, %g", rho, z, part.variance, part.error);
		}
		free(grid);
	}
	done();
}

static void
test_beyond_the_grid(void)
{
	SfMoments  *grid = calloc((size_t) sf_grid_nodes(0.3), sizeof(SfMoments));
	SfDeal		deal = {1000, 0.4, 50};

	group("beyond the grid its end counts");
	sf_moments_add(0.3, grid, &deal);
	for (double z = 6; z < 40; z += 3.7)
	{
		check(close_to(sf_smoothed_at(grid, 0.3, z).mean, sf_smoothed_at(grid, 0.3, 6).mean, 1e-12, 1e-12), "z %g", z);
		check(close_to(sf_smoothed_at(grid, 0.3, -z).mean, sf_smoothed_at(grid, 0.3, -6).mean, 1e-12, 1e-12), "z %g", -z);
	}
	free(grid);
	done();
}

/* The error bound itself: a sum of alike deals is binomial, with a known distribution. */
static void
test_bound(void)
{
	group("a binomial sum is normal within the bound");
	for (int n = 1; n <= 4096; n *= 4)
		for (double p = 0.01; p < 1; p += 0.14)
		{
			SfMoments	grid[1] = {0};
			SfDeal		deal = {1, p, n};
			SfSmoothed	part;
			double		log_term = n * log1p(-p);
			double		below = 0;

			sf_moments_add(0, grid, &deal);
			part = sf_smoothed_at(grid, 0, 0);
			for (int k = 0; k <= n; k++)
			{
				double		normal = sf_normal_cdf((k - part.mean) / sqrt(part.variance));
				double		upto = below + exp(log_term);

				check(fabs(upto - normal) <= part.error + 1e-9 && fabs(below - normal) <= part.error + 1e-9,
					  "n %d, p %g, k %d: %g to %g is further than %g from %g", n, p, k, below, upto, part.error, normal);
				below = upto;
				log_term += log((n - k) / (k + 1.0)) + log(p) - log1p(-p);
			}
		}
	done();
}

static void
test_best_head(void)
{
	SfDeal		deals[3] = {{1e6, 0.5, 1}, {9e5, 0.5, 1}, {1, 0.5, 1}};
	SfMoments	small[1] = {0};
	SfDeal		rest = {1, 0.5, 10000};
	static const double exact[3] = {0};
	static const double rough[3] = {1e20, 1e20, 1e20};
	SfDealSet	set = {.deals = deals, .n_deals = 3, .small = small, .small_count = 10000};

	group("giants are kept out of the smoothed part, and no more than asked");
	sf_moments_add(0, small, &rest);
	check(sf_smoothed_best_head(&set, exact, 3) == 2, "%d", (int) sf_smoothed_best_head(&set, exact, 3));
	check(sf_smoothed_best_head(&set, exact, 1) <= 1, "%d", (int) sf_smoothed_best_head(&set, exact, 1));
	check(sf_smoothed_best_head(&set, rough, 3) == 0, "rounding that costs more than all: %d", (int) sf_smoothed_best_head(&set, rough, 3));
	check(sf_smoothed_best_head(&set, exact, 0) == 0, "%d", (int) sf_smoothed_best_head(&set, exact, 0));
	done();
}

int
main(void)
{
	test_independent();
	test_interpolation();
	test_beyond_the_grid();
	test_bound();
	test_best_head();
	return finish();
}
