/* Tests of core/pipeline/atoms.c: the exact distribution of the sum of at most 20 deals. */
#include "check.h"

#include "core/pipeline/atoms.h"
#include "reference.h"

/* A portfolio of independent or correlated deals, listed by the code and by the reference. */
static SfStatus
build(SfCtx *ctx, const Portfolio *deals, SfAtoms *atoms)
{
	SfArena		arena;
	SfFactorRule rule;
	SfStatus	status;
	double	   *p;

	sf_arena_init(&arena, ctx);
	status = sf_factor_rule(&arena, deals->correlation, deals->n, 1e-12, &rule);
	if (status != SF_OK)
		return status;
	p = sf_arena_take(&arena, (size_t) deals->n * (size_t) rule.n + 1, sizeof(double));
	if (p == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int i = 0; i < deals->n; i++)
		for (int32_t q = 0; q < rule.n; q++)
			p[i * rule.n + q] = deals->correlation == 0 ? deals->probability[i] :
				sf_conditional_probability(deals->correlation, sf_normal_quantile(deals->probability[i]), rule.z[q]);
	return sf_atoms_build(&arena, &rule, deals->n, deals->amount, p, atoms);
}

static void
compare(const Portfolio *deals, double tolerance)
{
	Reference  *ref = enumerate(deals);
	SfAtoms		atoms;
	Host		host;

	host_init(&host);
	if (!check(build(&host.ctx, deals, &atoms) == SF_OK, "build"))
		return;
	for (size_t k = 0; k < ref->n; k += 1 + ref->n / 500)
	{
		double		x = ref->sum[k];
		double		p = reference_cdf(ref, x);
		double		got = sf_atoms_cdf(&atoms, x);

		check(close_to(got, p, tolerance, 0), "n %d: P(sum <= %g) = %.12g, wanted %.12g", deals->n, x, got, p);
		got = sf_atoms_at_least(&atoms, x);
		check(close_to(got, reference_at_least(ref, x), tolerance, 0), "n %d: P(sum >= %g) = %.12g", deals->n, x, got);
		got = sf_atoms_cdf(&atoms, nextafter(x, -INFINITY));
		check(close_to(got, reference_cdf(ref, nextafter(x, -INFINITY)), tolerance, 0), "just below %g", x);
	}
	for (double p = 0.0005; p < 1; p += 0.0199)
	{
		double		got = sf_atoms_quantile(&atoms, p);

		check(reference_cdf(ref, got) >= p - tolerance && reference_cdf(ref, nextafter(got, -INFINITY)) <= p + tolerance,
			  "n %d: quantile(%g) = %g", deals->n, p, got);
	}
	host_free(&host);
	reference_free(ref);
}

static void
test_enumeration(void)
{
	static const double rho[] = {0.02, 0.3, 0.8};
	SfRng		rng;
	Portfolio	deals;

	sf_rng_seed(&rng, 51);
	group("the atoms are those of full enumeration: 0 to 12 independent deals");
	for (int n = 0; n <= 12; n++)
		for (int turn = 0; turn < 6; turn++)
		{
			random_portfolio(&rng, &deals, n, turn % 3, 0);
			compare(&deals, 1e-12);
		}
	done();

	group("the same for 16 and 20");
	for (int n = 16; n <= 20; n += 4)
	{
		random_portfolio(&rng, &deals, n, IRRATIONAL, 0);
		compare(&deals, 1e-12);
	}
	done();

	group("the same for correlated deals, within 1e-9");
	for (int n = 1; n <= 9; n += 2)
		for (int r = 0; r < LENGTH(rho); r++)
		{
			random_portfolio(&rng, &deals, n, n % 3, rho[r]);
			compare(&deals, 1e-9);
		}
	done();
}

static void
test_by_hand(void)
{
	Portfolio	deals = {.n = 2, .amount = {3, 5}, .probability = {0.5, 0.25}};
	SfAtoms		atoms;
	Host		host;

	host_init(&host);
	group("a case by hand: 3 with one half, 5 with one quarter");
	check(build(&host.ctx, &deals, &atoms) == SF_OK, "build");
	check(sf_atoms_cdf(&atoms, 0) == 0.375 && sf_atoms_cdf(&atoms, 3) == 0.75 &&
		  sf_atoms_cdf(&atoms, 5) == 0.875 && sf_atoms_cdf(&atoms, 8) == 1, "cdf");
	check(sf_atoms_at_least(&atoms, 3) == 0.625 && sf_atoms_at_least(&atoms, 8.1) == 0 && sf_atoms_at_least(&atoms, -1) == 1, "at least");
	check(sf_atoms_quantile(&atoms, 0.375) == 0 && sf_atoms_quantile(&atoms, 0.376) == 3 && sf_atoms_quantile(&atoms, 0.75) == 3 &&
		  sf_atoms_quantile(&atoms, 0.8) == 5 && sf_atoms_quantile(&atoms, 0.9) == 8 && sf_atoms_quantile(&atoms, 1) == 8, "quantile");
	done();
	host_free(&host);
}

static void
test_hostile(void)
{
	static const double amounts[] = {1e90, 1e90, 5e-324, 1e-300, 0, 0, 1, 1e15, 0.1, 1e90};
	static const double probabilities[] = {5e-324, 1 - 0x1p-53, 0.5, 1e-300, 0.5, 1, 0, 0.3, 0.9, 0.5};
	Portfolio	deals = {.n = LENGTH(amounts)};
	SfAtoms		atoms;
	Host		host;
	double		last = -1;

	host_init(&host);
	memcpy(deals.amount, amounts, sizeof amounts);
	memcpy(deals.probability, probabilities, sizeof probabilities);
	group("amounts from nothing to 1e90 and probabilities from 0 to 1 give a distribution");
	check(build(&host.ctx, &deals, &atoms) == SF_OK, "build");
	for (double p = -0.5; p <= 1.5; p += 0.01)
	{
		double		x = sf_atoms_quantile(&atoms, p);

		check(isfinite(x) && x >= last, "quantile(%g) = %g", p, x);
		last = x;
	}
	check(sf_atoms_cdf(&atoms, INFINITY) >= 1 - 1e-15 && sf_atoms_cdf(&atoms, -INFINITY) == 0 &&
		  sf_atoms_at_least(&atoms, INFINITY) == 0 && sf_atoms_at_least(&atoms, -INFINITY) >= 1 - 1e-15, "infinite amounts");
	done();
	host_free(&host);
}

static SfStatus
build_work(SfCtx *ctx, void *argument)
{
	SfAtoms		atoms;

	return build(ctx, argument, &atoms);
}

int
main(void)
{
	SfRng		rng;
	Portfolio	deals;

	test_by_hand();
	test_enumeration();
	test_hostile();
	sf_rng_seed(&rng, 52);
	random_portfolio(&rng, &deals, 12, CENTS, 0.4);
	group("each refused allocation is a clean failure");
	refuse_each(build_work, &deals);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(build_work, &deals, 1);
	done();
	return finish();
}
