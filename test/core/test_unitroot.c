/* Tests of core/forecast/unitroot.c: how often to difference a series. */
#include "check.h"

#include "core/forecast/unitroot.h"

#include "arima_golden.h"

#define N_MAX 400

static double
strength_of(const double *y, int n, int m)
{
	double		strength = -1;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_seasonal_strength(&arena, y, n, m, &strength) == SF_OK, "strength");
	host_free(&host);
	return strength;
}

static int
differences_of(const double *y, int n, int d_max)
{
	double		copy[N_MAX];
	double		size = 0;

	memcpy(copy, y, (size_t) n * sizeof(double));
	for (int t = 0; t < n; t++)
		size = fmax(size, fabs(y[t]));
	return sf_ordinary_differences(copy, n, d_max, size);
}

static void
test_cases(void)
{
	static const double four[] = {1, 2, 3, 4};
	double		y[N_MAX];

	group("by hand: partial sums of -1.5 -.5 .5 1.5 are -1.5 -2 -1.5 0, so 8.5 / (4 * 5)");
	check(close_to(sf_kpss_level(four, 4), 0.425, 1e-15, 0), "%.17g", sf_kpss_level(four, 4));
	done();

	group("differences in place");
	memcpy(y, four, sizeof four);
	check(sf_difference(y, 4, 1) == 3 && y[0] == 1 && y[2] == 1, "lag 1");
	memcpy(y, four, sizeof four);
	check(sf_difference(y, 4, 3) == 1 && y[0] == 3, "lag 3");
	check(sf_difference(y, 4, 4) == 0 && sf_difference(y, 4, 9) == 0, "nothing left");
	done();
}

static void
test_golden(void)
{
	group("the statistic of urca's ur.kpss, and d and D of forecast's ndiffs and nsdiffs");
	for (int i = 0; i < LENGTH(golden_auto); i++)
	{
		const struct GoldenAuto *g = &golden_auto[i];
		double		y[N_MAX];
		int			n = 0;
		int			D = 0;

		for (int t = 0; t < g->n; t++)
			if (!isnan(g->y[t]))
				y[n++] = g->y[t];
		check(close_to(sf_kpss_level(y, n), g->kpss, 0, 1e-8), "%s: %.12g, wanted %.12g", g->name, sf_kpss_level(y, n), g->kpss);
		if (g->m > 1 && n == g->n)
			D = strength_of(y, n, g->m) > SF_SEASONAL_STRENGTH_MIN;
		check(D == g->D, "%s: D %d, wanted %d", g->name, D, g->D);
		if (D > 0)
			n = (int) sf_difference(y, n, g->m);
		check(differences_of(y, n, 2) == g->d, "%s: d %d, wanted %d", g->name, differences_of(y, n, 2), g->d);
	}
	done();
}

static void
test_laws(void)
{
	double		y[N_MAX];
	double		scaled[N_MAX];
	SfRng		rng;
	int			white = 0;
	int			walk = 0;
	int			twice = 0;
	int			season = 0;
	int			none = 0;

	sf_rng_seed(&rng, 61);
	group("a stationary series is left alone, a random walk is differenced once, its sum twice");
	for (int turn = 0; turn < 200; turn++)
	{
		double		sums[3][150];

		for (int t = 0; t < 150; t++)
			for (int k = 0; k < 3; k++)
				sums[k][t] = k == 0 ? sf_rng_normal(&rng) : (t > 0 ? sums[k][t - 1] : 0) + sums[k - 1][t];
		white += differences_of(sums[0], 150, 2) == 0;
		walk += differences_of(sums[1], 150, 2) == 1;
		twice += differences_of(sums[2], 150, 2) == 2;
	}
	/* size 5 per cent; power as simulated */
	check(white >= 180 && walk >= 170 && twice >= 170, "%d, %d, %d of 200", white, walk, twice);
	done();

	group("a season is found where there is one");
	for (int turn = 0; turn < 100; turn++)
	{
		for (int t = 0; t < 120; t++)
		{
			y[t] = sf_rng_normal(&rng);
			scaled[t] = y[t] + 4 * sin(2 * 3.14159265358979 * t / 12);
		}
		none += strength_of(y, 120, 12) < SF_SEASONAL_STRENGTH_MIN;
		season += strength_of(scaled, 120, 12) > SF_SEASONAL_STRENGTH_MIN;
	}
	check(none >= 97 && season == 100, "%d, %d of 100", none, season);
	done();

	group("units do not show");
	for (int shift = -900; shift <= 900; shift += 300)
	{
		for (int t = 0; t < 144; t++)
			scaled[t] = ldexp(golden_air[t], shift);
		check(same_bits(sf_kpss_level(scaled, 144), sf_kpss_level(golden_air, 144)), "KPSS, shift %d", shift);
		check(differences_of(scaled, 144, 2) == differences_of(golden_air, 144, 2), "differences, shift %d", shift);
	}
	done();

	group("short, constant and empty series need nothing");
	for (int n = 1; n <= 30; n++)
	{
		for (int t = 0; t < n; t++)
			y[t] = 4.25;
		check(sf_kpss_level(y, n) == 0 && differences_of(y, n, 2) == 0 && strength_of(y, n, 4) == 0, "constant, n %d", n);
		for (int t = 0; t < n; t++)
			y[t] = n == 1 ? 0 : random_magnitude(&rng, -100, 100);
		check(isfinite(sf_kpss_level(y, n)) && differences_of(y, n, 2) <= 2, "any, n %d", n);
		check(strength_of(y, n, 40) == 0 && strength_of(y, n, 1) == 0, "season too long, n %d", n);
	}
	done();
}

static SfStatus
strength_work(SfCtx *ctx, void *argument)
{
	double		strength;
	SfArena		arena;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_seasonal_strength(&arena, golden_air, 144, 12, &strength);
}

int
main(void)
{
	test_cases();
	test_golden();
	test_laws();
	group("each refused allocation is a clean failure");
	refuse_each(strength_work, NULL);
	done();
	return finish();
}
