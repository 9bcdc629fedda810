/* Tests of core/forecast/features.c and feature_*.c: numbers that describe a series. */
#include "check.h"

#include "core/base/arena.h"
#include "core/forecast/features.h"
#include "features_golden.h"

static bool
describe(const double *y, int n, double season, double *out)
{
	SfSeries	s = {.y = y, .n = n, .seasons = season > 1, .season = {season}};
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_features(&arena, &s, out);
	check(status == SF_OK, "status %d for %d periods", status, n);
	host_free(&host);
	return status == SF_OK;
}

static int
feature_by_name(const char *name)
{
	for (int i = 0; i < sf_feature_count(); i++)
		if (strcmp(sf_feature_name(i), name) == 0)
			return i;
	return -1;
}

static void
test_names(void)
{
	group("every feature has a name of its own and a meaning");
	check(sf_feature_count() == SF_FEATURES && SF_FEATURES >= 64, "%d", sf_feature_count());
	for (int i = 0; i < SF_FEATURES; i++)
	{
		const char *name = sf_feature_name(i);

		if (!check(name != NULL && sf_feature_meaning(i) != NULL, "feature %d", i))
			continue;
		check(feature_by_name(name) == i && strlen(name) < 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name), "%s", name);
		check(strlen(sf_feature_meaning(i)) > 5, "%s", name);
	}
	check(sf_feature_name(-1) == NULL && sf_feature_name(SF_FEATURES) == NULL && sf_feature_meaning(-1) == NULL && sf_feature_meaning(SF_FEATURES) == NULL, "range");
	done();
}

static void
test_golden(void)
{
	static double out[SF_FEATURES];
	const double *before = NULL;

	group("R finds the same numbers");
	for (int i = 0; i < LENGTH(features_golden); i++)
	{
		int			at = feature_by_name(features_golden[i].name);

		if (features_golden[i].y != before)
			describe(features_golden[i].y, features_golden[i].n, features_golden[i].m, out);
		before = features_golden[i].y;
		if (!check(at >= 0, "no feature %s", features_golden[i].name))
			continue;
		check(close_to(out[at], features_golden[i].value, 1e-11, 1e-9), "%s, season %d: %.17g, wanted %.17g", features_golden[i].name, features_golden[i].m, out[at], features_golden[i].value);
	}
	done();
}

static void
test_by_hand(void)
{
	static const double sales[] = {0, 2, 0, 0, 4, 0, 6, 0, 0, 0};
	static const double gaps[] = {1, NAN, 3, NAN, NAN, 9};
	static const double filled[] = {1, 2, 3, 5, 7, 9};
	double		out[SF_FEATURES];
	double		other[SF_FEATURES];
	double		y[60];

	group("a case by hand: sales of 2, 4 and 6 in ten periods");
	describe(sales, 10, 1, out);
	check(out[SF_FEATURE_LENGTH] == 10 && out[SF_FEATURE_SEASON_LENGTH] == 1 && out[SF_FEATURE_CYCLES] == 0, "size");
	check(out[SF_FEATURE_ZERO_SHARE] == 0.7 && out[SF_FEATURE_ZERO_TAIL] == 0.3 && out[SF_FEATURE_NEGATIVE_SHARE] == 0, "zeros");
	check(close_to(out[SF_FEATURE_DEMAND_INTERVAL], 10.0 / 3, 0, 1e-15), "interval");
	check(close_to(out[SF_FEATURE_DEMAND_CV2], 4.0 / 16, 0, 1e-15), "cv2 %g", out[SF_FEATURE_DEMAND_CV2]);
	check(out[SF_FEATURE_DISTINCT_SHARE] == 0.4, "distinct");
	check(close_to(out[SF_FEATURE_CROSSING_POINTS], 6.0 / 9, 0, 1e-15), "crossings");
	check(close_to(out[SF_FEATURE_VARIATION], sqrt(56.0 / 10 - 1.44) / 1.2, 0, 1e-14), "variation");
	check(close_to(out[SF_FEATURE_GROWTH], -1, 0, 1e-14), "growth %g", out[SF_FEATURE_GROWTH]);
	done();

	group("gaps are bridged by straight lines and counted");
	describe(gaps, 6, 1, out);
	describe(filled, 6, 1, other);
	check(out[SF_FEATURE_MISSING_SHARE] == 0.5 && other[SF_FEATURE_MISSING_SHARE] == 0, "share");
	out[SF_FEATURE_MISSING_SHARE] = 0;
	for (int i = 0; i < SF_FEATURES; i++)
		check(same_bits(out[i], other[i]), "%s: %g, %g", sf_feature_name(i), out[i], other[i]);
	done();

	group("a pure season is all season, a line is all trend, places are right");
	for (int i = 0; i < 60; i++)
		y[i] = 10 + (i % 12 == 7 ? 5 : i % 12 == 2 ? -3 : 0);
	describe(y, 59, 12, out);
	check(close_to(out[SF_FEATURE_SEASONAL_STRENGTH], 1, 1e-12, 0), "strength %g", out[SF_FEATURE_SEASONAL_STRENGTH]);
	check(out[SF_FEATURE_SEASONAL_PEAK] == 9 && out[SF_FEATURE_SEASONAL_TROUGH] == 4, "peak in %g, trough in %g steps", out[SF_FEATURE_SEASONAL_PEAK], out[SF_FEATURE_SEASONAL_TROUGH]);
	for (int i = 0; i < 60; i++)
		y[i] = 3 + 2 * i;
	describe(y, 60, 12, out);
	check(close_to(out[SF_FEATURE_TREND_STRENGTH], 1, 1e-12, 0) && close_to(out[SF_FEATURE_LINEARITY], 1, 1e-12, 0), "line");
	check(out[SF_FEATURE_DRIFT] == 1000 && out[SF_FEATURE_LONGEST_RISE] == 1 && out[SF_FEATURE_SEASONAL_STRENGTH] == 0, "drift %g", out[SF_FEATURE_DRIFT]);
	for (int i = 0; i < 60; i++)
		y[i] = i < 24 ? 1 + i % 2 : 9 + i % 2;
	describe(y, 60, 12, out);
	check(close_to(out[SF_FEATURE_LEVEL_SHIFT_PLACE], 0.4, 1e-15, 0), "a step after 24 of 60: %g", out[SF_FEATURE_LEVEL_SHIFT_PLACE]);
	done();
}

static void
test_noise(void)
{
	static double y[4000];
	double		out[SF_FEATURES];
	SfRng		rng;

	group("noise has no trend, season, memory; a random walk has");
	sf_rng_seed(&rng, 41);
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = sf_rng_normal(&rng);
	describe(y, LENGTH(y), 12, out);
	check(out[SF_FEATURE_SEASONAL_STRENGTH] < 0.01 && out[SF_FEATURE_TREND_STRENGTH] < 0.15, "strength %g, %g", out[SF_FEATURE_SEASONAL_STRENGTH], out[SF_FEATURE_TREND_STRENGTH]);
	check(fabs(out[SF_FEATURE_ACF1]) < 0.05 && out[SF_FEATURE_ENTROPY] > 0.98 && fabs(out[SF_FEATURE_HURST] - 0.5) < 0.1, "memory %g %g %g", out[SF_FEATURE_ACF1], out[SF_FEATURE_ENTROPY], out[SF_FEATURE_HURST]);
	check(fabs(out[SF_FEATURE_RUNS]) < 3 && close_to(out[SF_FEATURE_TURNING_POINTS], 2.0 / 3, 0.03, 0) && out[SF_FEATURE_ORDER_ENTROPY] > 0.99, "path");
	check(close_to(out[SF_FEATURE_KURTOSIS], 3, 0.3, 0) && close_to(out[SF_FEATURE_QUARTILE_RANGE], 1.349, 0.06, 0), "shape");
	check(out[SF_FEATURE_KPSS] < 0.74 && out[SF_FEATURE_PP] < -0.9 && out[SF_FEATURE_ARCH_R2] < 0.02, "tests");
	for (int i = 1; i < LENGTH(y); i++)
		y[i] += y[i - 1];
	describe(y, LENGTH(y), 1, out);
	check(out[SF_FEATURE_ACF1] > 0.99 && out[SF_FEATURE_HURST] > 0.9 && out[SF_FEATURE_KPSS] > 1 && out[SF_FEATURE_PP] > -0.02 && out[SF_FEATURE_ENTROPY] < 0.6, "walk %g %g %g %g %g", out[SF_FEATURE_ACF1], out[SF_FEATURE_HURST], out[SF_FEATURE_KPSS], out[SF_FEATURE_PP], out[SF_FEATURE_ENTROPY]);
	done();
}

static void
test_scale(void)
{
	static const double season[] = {1, 2, 4, 7, 12, 24.5, 52, 400, 450};
	static double y[1000];
	static double scaled[1000];
	double		out[SF_FEATURES];
	double		other[SF_FEATURES];
	SfRng		rng;

	group("scaling by a power of two changes no bit; a shift next to nothing");
	sf_rng_seed(&rng, 42);
	for (int turn = 0; turn < 60; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, turn < 30 ? 60 : 1000);
		double		m = season[sf_rng_below(&rng, LENGTH(season))];
		int			power = (int) sf_rng_below(&rng, 1200) - 600;

		for (int i = 0; i < n; i++)
		{
			y[i] = sf_rng_below(&rng, 9) == 0 ? NAN : sf_rng_below(&rng, 4) == 0 ? 0 : 20 + 5 * sin(i) + sf_rng_normal(&rng);
			scaled[i] = ldexp(y[i], power);
		}
		y[0] = scaled[0] = 0;
		if (!describe(y, n, m, out) || !describe(scaled, n, m, other))
			break;
		for (int i = 0; i < SF_FEATURES; i++)
			check(same_bits(out[i], other[i]), "%s, n %d, season %g, 2^%d: %g, %g", sf_feature_name(i), n, m, power, out[i], other[i]);
	}
	for (int i = 0; i < 200; i++)
	{
		y[i] = 10 + 3 * sin(i * 6.2831853 / 12) + sf_rng_normal(&rng);
		scaled[i] = y[i] + 1000;
	}
	describe(y, 200, 12, out);
	describe(scaled, 200, 12, other);
	for (int i = 0; i < SF_FEATURES; i++)
		if (i != SF_FEATURE_VARIATION && i != SF_FEATURE_DEMAND_CV2 && i != SF_FEATURE_GROWTH && i != SF_FEATURE_GROWTH_CYCLE)
			check(close_to(out[i], other[i], 1e-9, 1e-9), "%s: %.15g, %.15g", sf_feature_name(i), out[i], other[i]);
	done();
}

static void
check_finite(const double *y, int n, double season, const char *what)
{
	double		out[SF_FEATURES];

	for (int i = 0; i < SF_FEATURES; i++)
		out[i] = NAN;
	if (!describe(y, n, season, out))
		return;
	for (int i = 0; i < SF_FEATURES; i++)
		check(isfinite(out[i]) && (fabs(out[i]) < 1e7 || i == SF_FEATURE_SEASON_LENGTH), "%s, n %d, season %g: %s is %g", what, n, season, sf_feature_name(i), out[i]);
}

static void
test_hostile(void)
{
	static const double season[] = {1, 1.2, 2, 3, 12, 52.18, 365, 1e9};
	static double y[30000];
	SfRng		rng;
	double		out[SF_FEATURES];
	Host		host;
	SfArena		arena;
	SfSeries	s = {.y = y, .n = 5};

	sf_rng_seed(&rng, 43);
	group("whatever the series, every feature is a number");
	for (int n = 1; n <= 60; n++)
		for (int m = 0; m < LENGTH(season); m++)
		{
			for (int i = 0; i < n; i++)
				y[i] = 0;
			check_finite(y, n, season[m], "zeros");
			y[n / 2] = 1e300;
			check_finite(y, n, season[m], "one huge value");
			y[n / 2] = -5e-324;
			check_finite(y, n, season[m], "one tiny value");
			for (int i = 0; i < n; i++)
				y[i] = 0.1;
			check_finite(y, n, season[m], "constant");
			y[n - 1] = 0.1 * (1 + DBL_EPSILON);
			check_finite(y, n, season[m], "constant but for rounding");
			for (int i = 0; i < n; i++)
				y[i] = i % 2 ? -DBL_MAX : DBL_MAX;
			check_finite(y, n, season[m], "largest numbers");
			for (int i = 0; i < n; i++)
				y[i] = pow(-3, i);
			check_finite(y, n, season[m], "powers");
			for (int i = 0; i < n; i++)
				y[i] = i % 3 == 1 ? i : NAN;
			y[0] = 1;
			check_finite(y, n, season[m], "gaps");
			for (int i = 0; i < n; i++)
			{
				y[i] = random_bits(&rng);
				if (isinf(y[i]))
					y[i] = NAN;
			}
			y[n - 1] = 1;
			check_finite(y, n, season[m], "any bits");
			for (int i = 0; i < n; i++)
				y[i] = sf_rng_below(&rng, 3) == 0;
			check_finite(y, n, season[m], "coins");
			for (int i = 0; i < n; i++)
				y[i] = i % 12;
			check_finite(y, n, season[m], "saw");
		}
	done();

	group("long series and long seasons");
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = sf_rng_normal(&rng) + sin(i / 200.0);
	check_finite(y, LENGTH(y), 365, "long");
	check_finite(y, LENGTH(y), 5000, "longest season");
	check_finite(y, LENGTH(y), 5001, "season too long");
	describe(y, LENGTH(y), 365.25, out);
	check(out[SF_FEATURE_LENGTH] == 30000 && out[SF_FEATURE_SEASON_LENGTH] == 365 && close_to(out[SF_FEATURE_CYCLES], 30000 / 365.25, 0, 1e-15), "sizes");
	done();

	group("a series without observations is refused");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	for (int i = 0; i < 5; i++)
		y[i] = NAN;
	out[0] = 77;
	check(fails_with(&host, sf_features(&arena, &s, out), SF_BAD_DATA) && out[0] == 77, "status");
	host_free(&host);
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static double y[200];
	double		out[SF_FEATURES];
	SfSeries	s = {.y = y, .n = LENGTH(y), .seasons = 1, .season = {12}};
	SfArena		arena;

	(void) argument;
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = i * 17 % 31;
	sf_arena_init(&arena, ctx);
	return sf_features(&arena, &s, out);
}

int
main(void)
{
	test_names();
	test_golden();
	test_by_hand();
	test_noise();
	test_scale();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
