/* Tests of core/pipeline/distribution.c: the printed error bound, laws and hostile sets. */
#include "check.h"

#include "core/pipeline/distribution.h"
#include "reference.h"

typedef SfStatus (*Evaluate) (SfCtx *ctx, const SfDealSet *set, SfDistribution *d);

static bool
make_set(SfCtx *ctx, const double *amount, const double *probability, int n, double correlation, SfDealSet *set)
{
	if (!check(sf_deals_init(ctx, set, correlation) == SF_OK, "init"))
		return false;
	for (int i = 0; i < n; i++)
		if (!check(sf_deals_add(ctx, set, amount[i], probability[i]) == SF_OK, "deal %d", i))
			return false;
	return check(sf_deals_settle(ctx, set) == SF_OK, "settle");
}

/* The exact distribution: the atoms, which test_atoms.c holds against enumeration. */
typedef struct Exact
{
	SfAtoms		atoms;
	double		offset;			/* a negative deal is a certain one and its opposite */
	double		size;
} Exact;

static bool
make_exact(SfCtx *ctx, const Portfolio *deals, Exact *exact)
{
	SfArena		arena;
	SfFactorRule rule;
	double		amount[REFERENCE_MAX];
	double	   *p;

	*exact = (Exact) {0};
	sf_arena_init(&arena, ctx);
	if (!check(sf_factor_rule(&arena, deals->correlation, deals->n, 1e-13, &rule) == SF_OK, "rule"))
		return false;
	p = sf_arena_take(&arena, (size_t) deals->n * (size_t) rule.n, sizeof(double));
	for (int i = 0; i < deals->n; i++)
	{
		amount[i] = fabs(deals->amount[i]);
		exact->size += amount[i];
		exact->offset += fmin(deals->amount[i], 0);
		for (int32_t q = 0; q < rule.n; q++)
		{
			double		won = deals->correlation == 0 ? deals->probability[i] :
			sf_conditional_probability(deals->correlation, sf_normal_quantile(deals->probability[i]), rule.z[q]);

			p[i * rule.n + q] = deals->amount[i] < 0 ? 1 - won : won;
		}
	}
	return check(sf_atoms_build(&arena, &rule, deals->n, amount, p, &exact->atoms) == SF_OK, "atoms");
}

static double
exact_cdf(const Exact *exact, double x)
{
	return sf_atoms_cdf(&exact->atoms, x - exact->offset);
}

/* quantile(p) is within e and d of the exact one; so is at_least(x). */
static void
check_against_exact(const Portfolio *deals, const SfDistribution *d, const Exact *exact, const char *what)
{
	double		e = d->bound.amount + 1e-11 * exact->size;
	double		slack = d->bound.probability + 1e-11;

	for (double p = 0.003; p < 1; p += 0.0309)
	{
		double		x = sf_distribution_quantile(d, p);

		check(exact_cdf(exact, x + e) >= p - slack && exact_cdf(exact, x - e - 1e-11 * exact->size) <= p + slack,
			  "%s, %d deals, rho %g: quantile(%g) = %.10g with bound (%g, %g), P(sum <= it) = %g", what, deals->n, deals->correlation, p, x,
			  d->bound.amount, d->bound.probability, exact_cdf(exact, x));
	}
	for (double share = -0.05; share < 1.05; share += 0.0283)
	{
		double		x = exact->offset + share * exact->size;
		double		got = sf_distribution_at_least(d, x);

		check(got >= 1 - exact_cdf(exact, x + e) - slack && got <= 1 - exact_cdf(exact, x - e) + slack,
			  "%s, %d deals, rho %g: at_least(%.10g) = %.12g with bound (%g, %g), exact %.12g", what, deals->n, deals->correlation, x, got,
			  d->bound.amount, d->bound.probability, 1 - exact_cdf(exact, x));
	}
}

static void
compare(const Portfolio *deals, Evaluate evaluate, const char *what)
{
	Host		host;
	SfDealSet	set;
	SfDistribution d;
	Exact		exact;
	SfStatus	status;

	host_init(&host);
	if (make_set(&host.ctx, deals->amount, deals->probability, deals->n, deals->correlation, &set) &&
		make_exact(&host.ctx, deals, &exact))
	{
		status = evaluate(&host.ctx, &set, &d);
		if (check(status == SF_OK, "%s gives %d", what, status))
		{
			if (evaluate == sf_distribution_evaluate && deals->n <= SF_ATOMS_MAX_DEALS)
				check(d.exact && d.bound.amount == 0 && d.bound.probability <= 1e-12, "%s: the atoms have the bound (%g, %g)", what,
					  d.bound.amount, d.bound.probability);
			check_against_exact(deals, &d, &exact, what);
		}
	}
	host_free(&host);
}

static void
test_bound(void)
{
	static const double rho[] = {0, 0, 0.05, 0.5, 0.95};
	SfRng		rng;
	Portfolio	deals;

	sf_rng_seed(&rng, 71);
	group("up to 20 deals the answers are exact");
	for (int turn = 0; turn < 60; turn++)
	{
		random_portfolio(&rng, &deals, 1 + (int) sf_rng_below(&rng, 20), turn % 3, rho[turn % LENGTH(rho)]);
		for (int i = 0; i < deals.n && turn % 4 == 0; i += 2)
			deals.amount[i] = -deals.amount[i];
		compare(&deals, sf_distribution_evaluate, "atoms");
	}
	done();

	group("the bound holds for cells: 1 to 20 deals, all kinds of amounts, also negative");
	for (int turn = 0; turn < 60; turn++)
	{
		random_portfolio(&rng, &deals, 1 + (int) sf_rng_below(&rng, 20), turn % 3, rho[turn % LENGTH(rho)]);
		for (int i = 0; i < deals.n && turn % 4 == 1; i += 1 + (int) sf_rng_below(&rng, 3))
			deals.amount[i] = -deals.amount[i];
		compare(&deals, sf_distribution_evaluate_cells, "cells");
	}
	done();

	group("the bound holds where cells are the only way: 21 to 25 deals");
	for (int turn = 0; turn < 10; turn++)
	{
		random_portfolio(&rng, &deals, 21 + turn / 2, turn % 3, turn < 8 ? 0 : 0.3);
		if (turn % 2)
			deals.amount[turn] *= -1;
		compare(&deals, sf_distribution_evaluate, "more than 20");
	}
	done();

	group("the bound holds when one deal is larger than all others, or amounts span twelve orders");
	for (int turn = 0; turn < 12; turn++)
	{
		random_portfolio(&rng, &deals, 12, IRRATIONAL, turn % 3 ? 0 : 0.2);
		if (turn % 2)
			deals.amount[0] = 1e9;
		else
			for (int i = 0; i < deals.n; i++)
				deals.amount[i] = pow(10, i - 6);
		compare(&deals, sf_distribution_evaluate_cells, "cells");
	}
	done();
}

/* P(at most k of n) by the incomplete beta function. */
static double
binomial_cdf(int k, int n, double p)
{
	return k >= n ? 1.0 : sf_beta_cdf(1 - p, n - k, k + 1.0);
}

static void
test_binomial(void)
{
	static const int n[] = {21, 300, 5000, 60000};
	static const double p[] = {0.001, 0.3, 0.97};
	static const double amount[] = {25, 0.07, -1000, 5e-3};

	group("deals that are alike give the binomial distribution, with no bound on the amount");
	for (int i = 0; i < LENGTH(n); i++)
		for (int k = 0; k < LENGTH(p); k++)
		{
			Host		host;
			SfDealSet	set;
			SfDistribution d;
			double		a = amount[(i + k) % LENGTH(amount)];
			double		sd = sqrt(n[i] * p[k] * (1 - p[k]));

			host_init(&host);
			check(make_set(&host.ctx, &a, &p[k], 1, 0, &set), "set");
			set.deals[0].count = set.counted = n[i];
			check(sf_distribution_evaluate(&host.ctx, &set, &d) == SF_OK, "evaluate");
			check(d.bound.amount == 0 && d.bound.probability < 1e-10, "bound (%g, %g)", d.bound.amount, d.bound.probability);
			for (double t = -4; t <= 4; t += 0.37)
			{
				int			won = (int) (n[i] * p[k] + t * sd);
				double		wanted = won < 0 ? 0 : binomial_cdf(won, n[i], p[k]);
				double		x = a * won;
				double		got = a > 0 ? 1 - sf_distribution_at_least(&d, x + 0.5 * a) : sf_distribution_at_least(&d, x);

				if (won >= 0 && won < n[i])
					check(close_to(got, wanted, 2e-10, 0), "%d of %g at %g: P(at most %d) = %.12g, wanted %.12g", n[i], a, p[k], won, got, wanted);
			}
			host_free(&host);
		}
	done();
}

/* All deals are rounded the same way: only the mean of what rounding takes keeps the answers within the bound. */
static void
test_rounded_alike(void)
{
	static const double a = 3.14159265358979;
	static const double p[] = {0.3, 0.9};

	group("deals that are alike and must be rounded stay within the bound");
	for (int n = 50; n <= 20000; n *= 3)
		for (int k = 0; k < LENGTH(p); k++)
		{
			Host		host;
			SfDealSet	set;
			SfDistribution d;
			double		sd = sqrt(n * p[k] * (1 - p[k]));

			host_init(&host);
			/* a second amount, so that the first is no common unit; it is almost never won */
			check(make_set(&host.ctx, (double[]) {a, 1.41421356237}, (double[]) {p[k], 1e-15}, 2, 0, &set), "set");
			set.deals[0].count = n;
			set.counted = n + 1;
			check(sf_distribution_evaluate(&host.ctx, &set, &d) == SF_OK, "evaluate");
			for (double t = -3; t <= 3; t += 0.43)
			{
				int			won = (int) (n * p[k] + t * sd);
				double		got = 1 - sf_distribution_at_least(&d, a * (won + 0.5));
				int			off = (int) ceil(d.bound.amount / a + 0.5);

				check(got >= binomial_cdf(won - off < 0 ? 0 : won - off, n, p[k]) - d.bound.probability - 1e-8 - (won < off) &&
					  got <= binomial_cdf(won + off, n, p[k]) + d.bound.probability + 1e-8,
					  "%d at %g: P(at most %d) = %.12g, bound %g, binomial %.12g", n, p[k], won, got, d.bound.amount, binomial_cdf(won, n, p[k]));
			}
			check(close_to(sf_distribution_quantile(&d, 0.5), a * floor(n * p[k]), d.bound.amount + 2 * a, 0), "median %g", sf_distribution_quantile(&d, 0.5));
			host_free(&host);
		}
	done();
}

/* Many deals of any amounts, against the outcomes of seeded simulation. */
static void
simulate(const char *name, int n, int runs, double correlation, uint64_t seed)
{
	double	   *amount = malloc((size_t) n * sizeof(double));
	double	   *p = malloc((size_t) n * sizeof(double));
	double	   *threshold = malloc((size_t) n * sizeof(double));
	double	   *outcome = malloc((size_t) runs * sizeof(double));
	double		dkw = sqrt(log(2 / 1e-6) / (2.0 * runs));
	SfRng		rng;
	Host		host;
	SfDealSet	set;
	SfDistribution d;
	double		size = 0;

	sf_rng_seed(&rng, seed);
	host_init(&host);
	for (int i = 0; i < n; i++)
	{
		amount[i] = random_magnitude(&rng, 1, 4);
		p[i] = random_between(&rng, 0.02, 0.9);
		threshold[i] = sf_normal_quantile(p[i]);
		size += amount[i];
	}
	for (int k = 0; k < runs; k++)
	{
		double		z = correlation > 0 ? sf_rng_normal(&rng) : 0;
		double		sum = 0;

		for (int i = 0; i < n; i++)
			threshold[i] = correlation > 0 && k == 0 ? sf_normal_quantile(p[i]) : threshold[i];
		for (int i = 0; i < n; i++)
		{
			double		won = correlation == 0 ? p[i] : sf_conditional_probability(correlation, threshold[i], z);

			if (sf_rng_uniform(&rng) < won)
				sum += amount[i];
		}
		outcome[k] = sum;
	}
	group(name);
	if (make_set(&host.ctx, amount, p, n, correlation, &set) &&
		check(sf_distribution_evaluate(&host.ctx, &set, &d) == SF_OK, "evaluate"))
	{
		check(d.bound.amount < 0.05 * size && d.bound.probability < 0.05, "the bound (%g, %g) says nothing", d.bound.amount, d.bound.probability);
		for (double q = 0.02; q < 1; q += 0.04)
		{
			double		x = sf_distribution_quantile(&d, q);
			int			below = 0;
			int			upto = 0;

			for (int k = 0; k < runs; k++)
			{
				below += outcome[k] < x - d.bound.amount;
				upto += outcome[k] <= x + d.bound.amount;
			}
			check((double) upto / runs >= q - d.bound.probability - dkw && (double) below / runs <= q + d.bound.probability + dkw,
				  "quantile(%g) = %g lies at %g .. %g of the outcomes", q, x, (double) below / runs, (double) upto / runs);
			check(close_to(sf_distribution_at_least(&d, x), 1 - q, 0.02 + d.bound.probability, 0), "at_least(quantile(%g)) = %g", q,
				  sf_distribution_at_least(&d, x));
		}
	}
	done();
	host_free(&host);
	free(amount);
	free(p);
	free(threshold);
	free(outcome);
}

static void
test_moments(void)
{
	static const double rho[] = {0.01, 0.3, 0.9, 0.99};
	SfRng		rng;
	Portfolio	deals;
	double		sd;

	sf_rng_seed(&rng, 72);
	group("the standard deviation of independent deals is sqrt(sum a^2 p (1 - p))");
	for (int turn = 0; turn < 50; turn++)
	{
		Host		host;
		SfDealSet	set;
		double		variance = 0;
		double		mean = 0;

		host_init(&host);
		random_portfolio(&rng, &deals, (int) sf_rng_below(&rng, 26), turn % 3, 0);
		for (int i = 0; i < deals.n; i++)
		{
			deals.amount[i] *= turn % 5 == 0 && i % 2 ? -1 : 1;
			variance += deals.amount[i] * deals.amount[i] * deals.probability[i] * (1 - deals.probability[i]);
			mean += deals.amount[i] * deals.probability[i];
		}
		check(make_set(&host.ctx, deals.amount, deals.probability, deals.n, 0, &set) &&
			  sf_distribution_stddev(&host.ctx, &set, &sd) == SF_OK && close_to(sd, sqrt(variance), 0, 1e-12), "%d deals: %.15g, wanted %.15g",
			  deals.n, sd, sqrt(variance));
		check(close_to(sf_deals_mean(&set), mean, 1e-10, 1e-13), "mean");
		host_free(&host);
	}
	done();

	/* P(both won) at one half is 1/4 + asin(rho) / (2 pi), Sheppard 1899 */
	group("the standard deviation of n even deals is that of Sheppard's formula");
	for (int r = 0; r < LENGTH(rho); r++)
		for (int n = 1; n <= 100000; n *= 10)
		{
			Host		host;
			SfDealSet	set;
			double		a = 10;
			double		half = 0.5;
			double		wanted = 10 * sqrt(n * 0.25 + (double) n * (n - 1) * asin(rho[r]) / (2 * acos(-1)));

			host_init(&host);
			check(make_set(&host.ctx, &a, &half, 1, rho[r], &set), "set");
			set.deals[0].count = set.counted = n;
			check(sf_distribution_stddev(&host.ctx, &set, &sd) == SF_OK && close_to(sd, wanted, 0, 1e-9), "rho %g, %d deals: %.12g, wanted %.12g",
				  rho[r], n, sd, wanted);
			host_free(&host);
		}
	done();

	group("the standard deviation of one deal has nothing to do with the correlation");
	for (int r = 0; r < LENGTH(rho); r++)
		for (double p = 1e-8; p < 0.6; p *= 7)
		{
			Host		host;
			SfDealSet	set;
			double		a = 1000;

			host_init(&host);
			check(make_set(&host.ctx, &a, &p, 1, rho[r], &set) && sf_distribution_stddev(&host.ctx, &set, &sd) == SF_OK &&
				  close_to(sd, a * sqrt(p * (1 - p)), 1e-4, 1e-9), "rho %g, p %g: %.12g, wanted %.12g", rho[r], p, sd, a * sqrt(p * (1 - p)));
			host_free(&host);
		}
	done();
}

/* A portfolio of `n` deals whose amounts are multiplied by `factor`, and `certain` besides. */
static bool
evaluate_scaled(Host *host, uint64_t seed, int n, int kind, double correlation, double factor, double certain, Evaluate evaluate, SfDistribution *d)
{
	SfRng		rng;
	SfDealSet	set;

	sf_rng_seed(&rng, seed);
	check(sf_deals_init(&host->ctx, &set, correlation) == SF_OK, "init");
	for (int i = 0; i < n; i++)
	{
		double		a = random_amount(&rng, kind) * (i % 7 == 3 ? -1 : 1);

		check(sf_deals_add(&host->ctx, &set, a * factor, random_probability(&rng)) == SF_OK, "add");
	}
	if (certain != 0)
		check(sf_deals_add(&host->ctx, &set, certain, 1) == SF_OK, "add");
	return check(sf_deals_settle(&host->ctx, &set) == SF_OK && evaluate(&host->ctx, &set, d) == SF_OK, "evaluate");
}

static void
test_laws(void)
{
	static const struct
	{
		int			n;
		int			kind;
		double		correlation;
		Evaluate	evaluate;
	}			cases[] = {
		{10, IRRATIONAL, 0, sf_distribution_evaluate}, {10, INTEGRAL, 0.3, sf_distribution_evaluate},
		{15, IRRATIONAL, 0.5, sf_distribution_evaluate_cells}, {200, IRRATIONAL, 0, sf_distribution_evaluate},
		{60, INTEGRAL, 0, sf_distribution_evaluate}, {200, INTEGRAL, 0, sf_distribution_evaluate},
		{60, IRRATIONAL, 0.2, sf_distribution_evaluate}, {60, CENTS, 0.2, sf_distribution_evaluate}
	};

	for (int c = 0; c < LENGTH(cases); c++)
	{
		Host		host;
		SfDistribution d;
		SfDistribution scaled;
		SfDistribution shifted;
		double		last = -INFINITY;
		double		size;
		double		factor = cases[c].kind == CENTS ? 1 : 8;
		char		name[100];

		host_init(&host);
		snprintf(name, sizeof name, "quantiles are monotone, scale, shift and agree with at_least: case %d", c);
		group(name);
		if (evaluate_scaled(&host, 80, cases[c].n, cases[c].kind, cases[c].correlation, 1, 0, cases[c].evaluate, &d) &&
			evaluate_scaled(&host, 80, cases[c].n, cases[c].kind, cases[c].correlation, factor, 0, cases[c].evaluate, &scaled) &&
			evaluate_scaled(&host, 80, cases[c].n, cases[c].kind, cases[c].correlation, 1, 4096, cases[c].evaluate, &shifted))
		{
			size = d.highest - d.lowest;
			for (double p = 0; p <= 1; p += 1.0 / 128)
			{
				double		x = sf_distribution_quantile(&d, p);
				double		y = sf_distribution_quantile(&scaled, p);
				double		s = sf_distribution_quantile(&shifted, p);

				check(x >= last && x >= d.lowest && x <= d.highest, "quantile(%g) = %g after %g", p, x, last);
				check(y == x * factor, "quantile(%g) = %a, scaled %a", p, x, y);
				check(close_to(s, x + 4096, 1e-12 * (size + 4096), 0), "quantile(%g) = %.15g, shifted %.15g", p, x, s);
				check(sf_distribution_at_least(&d, x) >= 1 - p - 1e-11, "at_least(quantile(%g)) = %.15g", p, sf_distribution_at_least(&d, x));
				check(sf_distribution_at_least(&d, x + 4e-12 * size + 1e-9) <= 1 - p + 1e-11, "beyond quantile(%g): %.15g", p,
					  sf_distribution_at_least(&d, x + 4e-12 * size));
				check(sf_distribution_at_least(&scaled, x * factor) == sf_distribution_at_least(&d, x), "at_least scaled");
				last = x;
			}
			check(sf_distribution_at_least(&d, -INFINITY) == 1 && sf_distribution_at_least(&d, INFINITY) == 0 &&
				  sf_distribution_at_least(&d, d.lowest) == 1, "at_least at the ends");
		}
		done();
		host_free(&host);
	}
}

/* Answers of any settled set: numbers, ordered, within the possible. */
static void
check_answers(const SfDistribution *d, const char *what)
{
	double		last = -INFINITY;

	check(isfinite(d->bound.amount) && d->bound.amount >= 0 && d->bound.probability >= 0 && d->bound.probability <= 1,
		  "%s: bound (%g, %g)", what, d->bound.amount, d->bound.probability);
	for (double p = 0; p <= 1; p += 0.125)
	{
		double		x = sf_distribution_quantile(d, p);
		double		tail = sf_distribution_at_least(d, x);

		check(isfinite(x) && x >= last && tail >= 0 && tail <= 1, "%s: quantile(%g) = %g, at_least %g", what, p, x, tail);
		last = x;
	}
}

static void
evaluate_hostile(const double *amount, const double *probability, int n, double correlation, int64_t count, const char *what)
{
	Host		host;
	SfDealSet	set;
	SfDistribution d;
	SfStatus	status;
	double		sd;

	host_init(&host);
	if (make_set(&host.ctx, amount, probability, n, correlation, &set))
	{
		if (set.n_deals > 0 && count > 1)
		{
			set.counted += count - set.deals[0].count;
			set.deals[0].count = count;
		}
		host.cancel_at = host.polls + 2000;
		for (int way = 0; way < 2; way++)
		{
			status = (way ? sf_distribution_evaluate_cells : sf_distribution_evaluate) (&host.ctx, &set, &d);
			if (status == SF_OK)
				check_answers(&d, what);
			else
				check(fails_with(&host, status, SF_CANCELLED) || fails_with(&host, status, SF_NO_MEMORY) ||
					  fails_with(&host, status, SF_TOO_LARGE), "%s gives %d", what, status);
		}
		status = sf_distribution_stddev(&host.ctx, &set, &sd);
		check((status == SF_OK && sd >= 0 && isfinite(sd)) || fails_with(&host, status, SF_CANCELLED), "%s: stddev %g", what, sd);
	}
	host_free(&host);
}

static void
test_hostile(void)
{
	static const double correlations[] = {0, 0.01, 0.5, 0.99};
	static const double amount[] = {1e90, -1e90, 5e-324, 1, -1e-300, 0.1};
	static const double probability[] = {5e-324, 1 - 0x1p-53, 0.5, 1e-300, 0.999999, 0.5};
	static const double tiny[] = {5e-324, 1e-323, -5e-324};
	static const double half[] = {0.5, 0.5, 0.5};

	group("no deals, one, huge, tiny and opposite ones, probabilities next to 0 and 1: every answer is a number");
	for (int r = 0; r < LENGTH(correlations); r++)
	{
		evaluate_hostile(amount, probability, 0, correlations[r], 1, "no deals");
		for (int i = 0; i < LENGTH(amount); i++)
			evaluate_hostile(&amount[i], &probability[i], 1, correlations[r], 1, "one deal");
		evaluate_hostile(amount, probability, LENGTH(amount), correlations[r], 1, "all of them");
		evaluate_hostile(tiny, half, LENGTH(tiny), correlations[r], 1, "denormal amounts");
	}
	done();

	group("exact means exact: a small deal beside one 10^13 times as large");
	{
		Host		host;
		SfDealSet	set;
		SfDistribution d;
		double		a[] = {1e13, 5};
		double		p[] = {0.25, 0.5};

		host_init(&host);
		check(make_set(&host.ctx, a, p, 2, 0, &set) && sf_distribution_evaluate(&host.ctx, &set, &d) == SF_OK, "evaluate");
		check(close_to(sf_distribution_at_least(&d, 5), 0.625, 1e-9, 0), "at_least(5) = %g", sf_distribution_at_least(&d, 5));
		check(close_to(sf_distribution_at_least(&d, 6), 0.25, 1e-9, 0), "at_least(6) = %g", sf_distribution_at_least(&d, 6));
		host_free(&host);
	}
	done();

	group("counts up to 2^53 give an answer or a clean refusal");
	for (int r = 0; r < LENGTH(correlations); r++)
		for (int bits = 16; bits <= 52; bits += 12)
		{
			evaluate_hostile((double[]) {100, 3}, (double[]) {0.3, 0.5}, 2, correlations[r], INT64_C(1) << bits, "many alike");
			evaluate_hostile((double[]) {-100}, (double[]) {1e-300}, 1, correlations[r], INT64_C(1) << bits, "many alike, never won");
		}
	done();
}

static SfStatus
evaluate_work(SfCtx *ctx, void *argument)
{
	SfDistribution d;
	double		sd;
	SfStatus	status = sf_distribution_evaluate(ctx, argument, &d);

	return status != SF_OK ? status : sf_distribution_stddev(ctx, argument, &sd);
}

static void
test_refusal(void)
{
	static const int n[] = {12, 40, 9000};
	static const double rho[] = {0.3, 0.01, 0};

	for (int c = 0; c < LENGTH(n); c++)
	{
		Host		host;
		SfDealSet	set;
		SfRng		rng;

		host_init(&host);
		sf_rng_seed(&rng, 73);
		group(c == 0 ? "refusals and cancels are clean failures: atoms" : c == 1 ? "the same: cells" : "the same: smoothed");
		check(sf_deals_init(&host.ctx, &set, rho[c]) == SF_OK, "init");
		for (int i = 0; i < n[c]; i++)
			check(sf_deals_add(&host.ctx, &set, random_amount(&rng, IRRATIONAL), random_probability(&rng)) == SF_OK, "add");
		check(sf_deals_settle(&host.ctx, &set) == SF_OK, "settle");
		refuse_each(evaluate_work, &set);
		cancel_each(evaluate_work, &set, c == 0 ? 1 : c == 1 ? 13 : 701);
		done();
		host_free(&host);
	}
}

int
main(void)
{
	test_bound();
	test_binomial();
	test_rounded_alike();
	simulate("simulation agrees: 100 deals", 100, 100000, 0, 1);
	simulate("simulation agrees: 100 deals, correlated", 100, 20000, 0.2, 2);
	simulate("simulation agrees: 1000 deals", 1000, 10000, 0, 3);
	simulate("simulation agrees: 20000 deals", 20000, 3000, 0, 4);
	simulate("simulation agrees: 20000 deals, correlated", 20000, 1000, 0.05, 5);
	test_moments();
	test_laws();
	test_refusal();
	test_hostile();
	return finish();
}
