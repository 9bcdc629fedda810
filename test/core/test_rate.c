/* Tests of core/pipeline/rate.c: win rates of many keys, drawn towards what all have in common. */
#include "check.h"

#include "core/base/dist.h"
#include "core/pipeline/rate.h"

static SfRatePrior
fit(const SfRateCount *counts, int n)
{
	SfRateCount *copy = malloc((size_t) n * sizeof(SfRateCount));
	SfRatePrior prior = {0};
	Host		host;

	memcpy(copy, counts, (size_t) n * sizeof(SfRateCount));
	host_init(&host);
	check(sf_rate_fit(&host.ctx, copy, n, &prior) == SF_OK, "fit");
	host_free(&host);
	free(copy);
	return prior;
}

/* Rates drawn from a beta distribution as the median of uniforms would: by its quantile. */
static void
draw(SfRng *rng, SfRateCount *counts, int n, double alpha, double beta, int64_t closed)
{
	for (int i = 0; i < n; i++)
	{
		double		rate = sf_beta_quantile(sf_rng_uniform(rng), alpha, beta);

		counts[i] = (SfRateCount) {0, 1 + (int64_t) sf_rng_below(rng, (uint64_t) (2 * closed))};
		for (int64_t k = 0; k < counts[i].closed; k++)
			counts[i].won += sf_rng_uniform(rng) < rate;
	}
}

static void
test_recovers(void)
{
	static const double mean[] = {0.1, 0.3, 0.6};
	static const double strength[] = {3, 20, 100};
	static SfRateCount counts[3000];
	SfRng		rng;

	sf_rng_seed(&rng, 91);
	group("the prior that the rates were drawn from is found again");
	for (int m = 0; m < LENGTH(mean); m++)
		for (int s = 0; s < LENGTH(strength); s++)
		{
			SfRatePrior prior;

			draw(&rng, counts, LENGTH(counts), mean[m] * strength[s], (1 - mean[m]) * strength[s], 60);
			prior = fit(counts, LENGTH(counts));
			check(close_to(prior.mean, mean[m], 0, 0.06) && close_to(prior.strength, strength[s], 0, 0.25), "mean %g, strength %g; found %g, %g",
				  mean[m], strength[s], prior.mean, prior.strength);
			check(prior.keys == LENGTH(counts), "keys");
		}
	done();

	group("keys that are all alike are drawn together, keys that differ keep their own rates");
	for (int i = 0; i < 200; i++)
		counts[i] = (SfRateCount) {30, 100};
	check(fit(counts, 200).strength > 1000, "strength %g", fit(counts, 200).strength);
	for (int i = 0; i < 200; i++)
		counts[i] = (SfRateCount) {i % 2 ? 95 : 5, 100};
	check(fit(counts, 200).strength < 2, "strength %g", fit(counts, 200).strength);
	done();
}

/* The formulas of rate.h, written down once more: the best linear mean and the log posterior of log M. */
static double
log_posterior(const SfRateCount *counts, int n, double strength, double *mean)
{
	double		top = 0;
	double		bottom = 0;
	double		closed = 0;
	double		sum;

	for (int i = 0; i < n; i++)
	{
		double		size = (double) counts[i].closed;
		double		weight = size / (1 + (size - 1) / (strength + 1));

		top += weight * (double) counts[i].won / size;
		bottom += weight;
		closed += size;
	}
	*mean = (top / bottom * closed + 0.5) / (closed + 1);
	sum = log(strength) - 2 * log(closed / n + strength);
	for (int i = 0; i < n; i++)
	{
		double		won = (double) counts[i].won;
		double		lost = (double) (counts[i].closed - counts[i].won);

		/* the rising factorials of the beta-binomial distribution */
		for (double k = 0; k < won; k++)
			sum += log(*mean * strength + k);
		for (double k = 0; k < lost; k++)
			sum += log((1 - *mean) * strength + k);
		for (double k = 0; k < won + lost; k++)
			sum -= log(strength + k);
	}
	return sum;
}

static void
test_maximum(void)
{
	static const SfRateCount few[][4] = {
		{{1, 5}, {3, 4}, {0, 9}, {20, 70}}, {{5, 10}, {6, 10}, {4, 10}, {5, 10}}, {{0, 2}, {9, 10}, {1, 30}, {2, 2}}
	};

	group("with few keys the strength is the maximum of the posterior");
	for (int c = 0; c < LENGTH(few); c++)
		for (int n = 1; n <= 4; n++)
		{
			double		best = -INFINITY;
			double		mean;
			SfRatePrior prior = fit(few[c], n);
			double		got = log_posterior(few[c], n, prior.strength, &mean);

			check(close_to(prior.mean, mean, 0, 1e-12), "mean %g, wanted %g", prior.mean, mean);
			for (double log_strength = -0.99; log_strength < 13.99; log_strength += 0.003)
				best = fmax(best, log_posterior(few[c], n, exp(log_strength), &mean));
			check(got >= best - 1e-7, "case %d, %d keys: strength %g with %.9g, the best %.9g", c, n, prior.strength, got, best);
		}
	done();
}

static void
test_laws(void)
{
	static const SfRatePrior prior = {.mean = 0.3, .strength = 10, .keys = 5};
	static SfRateCount counts[500];
	SfRateCount swap;
	SfRatePrior one;
	SfRatePrior other;
	SfRng		rng;

	group("a case by hand: 3 of 10 expected, 4 of 5 won gives 7 of 15");
	check(close_to(sf_rate_expected(&prior, 4, 5), 7.0 / 15, 0, 1e-15), "expected");
	check(close_to(sf_rate_expected(&prior, 0, 0), 0.3, 0, 1e-15), "no deals: the common rate");
	check(close_to(sf_rate_quantile(&prior, 4, 5, 0.5), sf_beta_quantile(0.5, 7, 8), 1e-12, 0), "median");
	done();

	group("rates stay within 0 .. 1, rise with what was won, and quantiles enclose them");
	for (int64_t closed = 0; closed <= 2000; closed = closed * 2 + 1)
		for (int64_t won = 0; won <= closed; won += 1 + closed / 7)
		{
			double		rate = sf_rate_expected(&prior, won, closed);
			double		lower = sf_rate_quantile(&prior, won, closed, 0.025);
			double		upper = sf_rate_quantile(&prior, won, closed, 0.975);

			check(lower > 0 && lower < rate && rate < upper && upper < 1, "%" PRId64 " of %" PRId64 ": %g < %g < %g", won, closed, lower, rate, upper);
			check(sf_rate_expected(&prior, won, closed + 1) < rate && sf_rate_expected(&prior, won + 1, closed + 1) > rate, "not monotone");
			check(closed == 0 || (rate - 0.3) * ((double) won / (double) closed - rate) >= -1e-15, "not between the common rate and its own");
		}
	done();

	sf_rng_seed(&rng, 92);
	draw(&rng, counts, LENGTH(counts), 2, 5, 20);
	one = fit(counts, LENGTH(counts));
	group("the order of the keys does not show");
	for (int turn = 0; turn < 5; turn++)
	{
		for (int i = LENGTH(counts) - 1; i > 0; i--)
		{
			int			j = (int) sf_rng_below(&rng, (uint64_t) i + 1);

			swap = counts[i];
			counts[i] = counts[j];
			counts[j] = swap;
		}
		other = fit(counts, LENGTH(counts));
		check(same_bits(one.mean, other.mean) && same_bits(one.strength, other.strength) && one.won == other.won && one.closed == other.closed, "turn %d", turn);
	}
	done();
}

static void
test_hostile(void)
{
	static const SfRateCount edge[][3] = {
		{{0, 1}, {0, 1}, {0, 1}}, {{1, 1}, {1, 1}, {1, 1}}, {{0, 1}, {1, 1}, {0, 1}},
		{{0, INT64_C(1) << 40}, {INT64_C(1) << 40, INT64_C(1) << 40}, {1, 1}},
		{{0, INT64_C(1) << 40}, {0, INT64_C(1) << 40}, {0, INT64_C(1) << 40}}
	};
	static const struct
	{
		int64_t		won;
		int64_t		closed;
		SfStatus	status;
	}			cases[] = {
		{0, 0, SF_OK}, {0, 1, SF_OK}, {1, 1, SF_OK}, {-1, 1, SF_BAD_DATA}, {2, 1, SF_BAD_DATA}, {0, -1, SF_BAD_DATA},
		{INT64_MIN, INT64_MIN, SF_BAD_DATA}, {0, INT64_C(1) << 40, SF_OK}, {0, (INT64_C(1) << 40) + 1, SF_BAD_DATA}, {INT64_MAX, INT64_MAX, SF_BAD_DATA}
	};
	Host		host;

	host_init(&host);
	group("counts are checked");
	for (int i = 0; i < LENGTH(cases); i++)
		check(sf_rate_check(&host.ctx, cases[i].won, cases[i].closed) == cases[i].status, "%" PRId64 " of %" PRId64, cases[i].won, cases[i].closed);
	done();

	group("one key, none won, all won, huge counts: the prior is a number within its range");
	for (int i = 0; i < LENGTH(edge); i++)
		for (int n = 1; n <= 3; n++)
		{
			SfRatePrior prior = fit(edge[i], n);

			check(prior.mean > 0 && prior.mean < 1 && prior.strength > 0 && isfinite(prior.strength), "case %d, %d keys: mean %g, strength %g", i, n,
				  prior.mean, prior.strength);
			for (int k = 0; k < n; k++)
			{
				double		rate = sf_rate_expected(&prior, edge[i][k].won, edge[i][k].closed);
				double		upper = sf_rate_quantile(&prior, edge[i][k].won, edge[i][k].closed, 0.975);
				double		lower = sf_rate_quantile(&prior, edge[i][k].won, edge[i][k].closed, 0.025);

				check(rate > 0 && rate < 1 && lower >= 0 && lower <= upper && upper <= 1, "case %d: %g, %g .. %g", i, rate, lower, upper);
			}
		}
	done();
}

static SfStatus
fit_work(SfCtx *ctx, void *argument)
{
	SfRateCount counts[] = {{1, 5}, {3, 4}, {0, 9}, {20, 70}};
	SfRatePrior prior;

	(void) argument;
	return sf_rate_fit(ctx, counts, LENGTH(counts), &prior);
}

int
main(void)
{
	test_recovers();
	test_maximum();
	test_laws();
	test_hostile();
	group("each cancelled poll is a clean failure");
	cancel_each(fit_work, NULL, 1);
	done();
	return finish();
}
