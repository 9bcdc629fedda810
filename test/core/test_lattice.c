/* Tests of core/pipeline/lattice.c: the distribution of a sum of deals on equally spaced amounts. */
#include "check.h"

#include "core/base/dist.h"
#include "core/pipeline/lattice.h"

typedef struct Kind
{
	int64_t		cells;
	double		p;
	int64_t		count;
} Kind;

/* P(sum = k cells). */
static double
mass_at(const SfLattice *lattice, int64_t k)
{
	return k < lattice->first || k >= lattice->first + lattice->n ? 0.0 : lattice->mass[k - lattice->first];
}

/* The plain convolution, one deal after the other, in long double. */
static int
convolve_plainly(const Kind *kind, int kinds, long double *mass, int room)
{
	int			n = 1;

	memset(mass, 0, (size_t) room * sizeof(long double));
	mass[0] = 1;
	for (int k = 0; k < kinds; k++)
		for (int64_t c = 0; c < kind[k].count; c++)
		{
			n += (int) kind[k].cells;
			for (int i = n - 1; i >= 0; i--)
				mass[i] = mass[i] * (1 - (long double) kind[k].p) +
					(i >= kind[k].cells ? mass[i - kind[k].cells] * (long double) kind[k].p : 0);
			if (kind[k].cells == 0)
				continue;
		}
	return n;
}

static SfStatus
add_kinds(SfArena *arena, SfLattice *lattice, const Kind *kind, int kinds)
{
	SfStatus	status = SF_OK;

	for (int k = 0; k < kinds && status == SF_OK; k++)
		status = sf_lattice_add_deals(arena, lattice, kind[k].cells, kind[k].p, kind[k].count);
	return status;
}

static void
test_against_plain(void)
{
	enum { ROOM = 40000 };
	long double *wanted = malloc(ROOM * sizeof(long double));
	SfRng		rng;

	sf_rng_seed(&rng, 81);
	group("cells are those of a plain convolution, what is lost is counted");
	for (int turn = 0; turn < 150; turn++)
	{
		Kind		kind[6];
		int			kinds = 1 + (int) sf_rng_below(&rng, LENGTH(kind));
		Host		host;
		SfArena		arena;
		SfLattice	lattice;
		int			n;
		double		total = 0;
		double		off = 0;

		for (int k = 0; k < kinds; k++)
			kind[k] = (Kind) {
				(int64_t) sf_rng_below(&rng, 40),
				turn % 5 == 0 ? random_magnitude(&rng, -12, -1) : turn % 5 == 1 ? 1 - random_magnitude(&rng, -12, -1) : sf_rng_uniform(&rng),
				1 + (int64_t) sf_rng_below(&rng, turn % 3 ? 8 : 60)};
		if (turn % 7 == 0)
			kind[0].p = 1;
		if (turn % 7 == 1)
			kind[0].p = 0;
		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		n = convolve_plainly(kind, kinds, wanted, ROOM);
		check(sf_lattice_init(&arena, &lattice, ROOM) == SF_OK && add_kinds(&arena, &lattice, kind, kinds) == SF_OK, "add");
		for (int i = 0; i < n; i++)
		{
			off += fabs(mass_at(&lattice, i) - (double) wanted[i]);
			total += mass_at(&lattice, i);
		}
		check(off <= lattice.lost + 1e-13, "%d kinds: off by %g, lost %g", kinds, off, lattice.lost);
		check(close_to(total + lattice.lost, 1, 1e-13, 0) && lattice.lost >= 0 && lattice.lost < 1e-12, "total %.17g, lost %g", total, lattice.lost);
		check(lattice.first >= 0 && lattice.first + lattice.n <= n, "support");
		host_free(&host);
	}
	done();
	free(wanted);
}

static void
test_by_hand(void)
{
	Host		host;
	SfArena		arena;
	SfLattice	lattice;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("a case by hand: 2 cells with one half, 3 with one quarter, 10 for certain");
	check(sf_lattice_init(&arena, &lattice, 64) == SF_OK, "init");
	check(sf_lattice_add_deals(&arena, &lattice, 2, 0.5, 1) == SF_OK && sf_lattice_add_deals(&arena, &lattice, 3, 0.25, 1) == SF_OK &&
		  sf_lattice_add_deals(&arena, &lattice, 10, 1, 1) == SF_OK && sf_lattice_add_deals(&arena, &lattice, 0, 0.5, 9) == SF_OK, "add");
	check(mass_at(&lattice, 10) == 0.375 && mass_at(&lattice, 12) == 0.375 && mass_at(&lattice, 13) == 0.125 &&
		  mass_at(&lattice, 15) == 0.125 && mass_at(&lattice, 11) == 0, "mass");
	sf_lattice_reset(&lattice);
	check(lattice.n == 1 && lattice.first == 0 && mass_at(&lattice, 0) == 1 && lattice.lost == 0, "reset");
	done();
	host_free(&host);
}

/* P(at most k of n) by the incomplete beta function. */
static double
binomial_cdf(double k, double n, double p)
{
	return k < 0 ? 0.0 : k >= n ? 1.0 : sf_beta_cdf(1 - p, n - k, k + 1);
}

static void
test_binomial(void)
{
	static const int64_t count[] = {5, 100, 10000, 10000000, INT64_C(1) << 40, INT64_C(1) << 48};
	static const double p[] = {1e-9, 0.001, 0.5, 0.999};

	group("many deals alike are binomial, whatever their number");
	for (int c = 0; c < LENGTH(count); c++)
		for (int k = 0; k < LENGTH(p); k++)
		{
			Host		host;
			SfArena		arena;
			SfLattice	lattice;
			double		n = (double) count[c];
			double		sd = sqrt(n * p[k] * (1 - p[k]));
			double		sum = 0;
			double		mean = 0;
			double		variance = 0;

			if (sd > 50000)
				continue;
			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			check(sf_lattice_init(&arena, &lattice, 1 << 20) == SF_OK, "init");
			if (!check(sf_lattice_add_deals(&arena, &lattice, 1, p[k], count[c]) == SF_OK, "%g deals at %g", n, p[k]))
				continue;
			for (int32_t i = 0; i < lattice.n; i++)
			{
				sum += lattice.mass[i];
				mean += lattice.mass[i] * ((double) (lattice.first + i) - n * p[k]);
				if (n <= 1e7 && i % (1 + lattice.n / 50) == 0)
					check(close_to(sum, binomial_cdf((double) (lattice.first + i), n, p[k]), 1e-9, 0), "%g deals at %g: P(at most %g) = %.12g", n, p[k],
						  (double) lattice.first + i, sum);
			}
			for (int32_t i = 0; i < lattice.n; i++)
				variance += lattice.mass[i] * pow((double) (lattice.first + i) - n * p[k] - mean, 2);
			check(close_to(sum, 1, 1e-12, 0) && fabs(mean) <= 1e-6 * sd + 1e-9 && close_to(sqrt(variance), sd, 1e-9, 1e-6),
				  "%g deals at %g: total %.15g, mean off by %g, spread %g, wanted %g", n, p[k], sum, mean, sqrt(variance), sd);
			host_free(&host);
		}
	done();
}

static void
test_normal(void)
{
	static const double mean[] = {0, 12.3, -1000.75, 1e6};
	static const double sd[] = {0, 1e-12, 0.3, 1, 25.5, 1000};

	group("a normal amount is rounded to the nearest cell");
	for (int m = 0; m < LENGTH(mean); m++)
		for (int s = 0; s < LENGTH(sd); s++)
		{
			Host		host;
			SfArena		arena;
			SfLattice	lattice;
			double		sum = 0;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			check(sf_lattice_init(&arena, &lattice, 1 << 15) == SF_OK && sf_lattice_add_normal(&arena, &lattice, mean[m], sd[s]) == SF_OK, "add");
			for (int32_t i = 0; i < lattice.n; i++)
			{
				double		edge = (double) (lattice.first + i) + 0.5;

				sum += lattice.mass[i];
				check(close_to(sum, sd[s] == 0 ? edge >= mean[m] : sf_normal_cdf((edge - mean[m]) / sd[s]), 1e-13, 0),
					  "mean %g, sd %g: P(at most %g) = %.15g", mean[m], sd[s], edge, sum);
			}
			check(close_to(sum, 1, 1e-13, 0), "total %.15g", sum);
			host_free(&host);
		}
	done();
}

static void
test_too_wide(void)
{
	static const double bad[] = {NAN, INFINITY, 1e300};
	Host		host;
	SfArena		arena;
	SfLattice	lattice;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("a support that does not fit is refused");
	check(sf_lattice_init(&arena, &lattice, 100) == SF_OK, "init");
	check(fails_with(&host, sf_lattice_add_deals(&arena, &lattice, 100, 0.5, 1), SF_TOO_LARGE), "one deal of 100 cells in 100");
	sf_lattice_reset(&lattice);
	check(sf_lattice_add_deals(&arena, &lattice, 99, 0.5, 1) == SF_OK, "one deal of 99 cells in 100");
	check(fails_with(&host, sf_lattice_add_deals(&arena, &lattice, 1, 0.5, 1), SF_TOO_LARGE), "one more");
	sf_lattice_reset(&lattice);
	check(fails_with(&host, sf_lattice_add_deals(&arena, &lattice, INT64_MAX, 0.5, 1), SF_TOO_LARGE), "INT64_MAX cells");
	check(fails_with(&host, sf_lattice_add_deals(&arena, &lattice, 1, 0.5, INT64_C(1) << 53), SF_TOO_LARGE), "2^53 deals");
	check(fails_with(&host, sf_lattice_add_normal(&arena, &lattice, 0, 100), SF_TOO_LARGE), "normal");
	for (int i = 0; i < LENGTH(bad); i++)
		check(fails_with(&host, sf_lattice_add_normal(&arena, &lattice, 0, bad[i]), SF_TOO_LARGE), "standard deviation %g", bad[i]);
	done();
	host_free(&host);
}

static SfStatus
some_work(SfCtx *ctx, void *argument)
{
	static const Kind kind[] = {{3, 0.2, 2}, {7, 0.5, 900}, {2, 0.1, 300000}};
	SfArena		arena;
	SfLattice	lattice;
	SfStatus	status;

	(void) argument;
	sf_arena_init(&arena, ctx);
	status = sf_lattice_init(&arena, &lattice, 50000);
	if (status == SF_OK)
		status = sf_lattice_add_normal(&arena, &lattice, 10, 60);
	return status == SF_OK ? add_kinds(&arena, &lattice, kind, LENGTH(kind)) : status;
}

int
main(void)
{
	test_by_hand();
	test_against_plain();
	test_binomial();
	test_normal();
	test_too_wide();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(some_work, NULL);
	cancel_each(some_work, NULL, 1);
	done();
	return finish();
}
