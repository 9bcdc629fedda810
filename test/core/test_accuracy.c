/* Tests of core/forecast/accuracy.c: the sums behind every measure of accuracy. */
#include "check.h"

#include "core/forecast/accuracy.h"

#define KINDS (SF_ACCURACY_COVERAGE + 1)

typedef double Row[SF_ACCURACY_ARGUMENTS_MAX];

static SfAccuracy
state_of(SfAccuracyKind kind, const Row *row, int n)
{
	SfAccuracy	s = {0};
	Host		host;

	host_init(&host);
	for (int i = 0; i < n; i++)
		check(sf_accuracy_add(&host.ctx, &s, kind, row[i]) == SF_OK, "kind %d, row %d: %s", kind, i, host.ctx.what ? host.ctx.what : "");
	check(sf_accuracy_valid(&s), "kind %d: not a valid state", kind);
	return s;
}

static double
result_of(SfAccuracyKind kind, const SfAccuracy *s)
{
	if (kind == SF_ACCURACY_RMSE || kind == SF_ACCURACY_RMSSE)
		return sf_accuracy_root_mean(s);
	if (kind == SF_ACCURACY_BIAS)
		return sf_accuracy_ratio(s);
	return sf_accuracy_mean(s);
}

static double
measure(SfAccuracyKind kind, const Row *row, int n)
{
	SfAccuracy	s = state_of(kind, row, n);

	return result_of(kind, &s);
}

/* The arguments of any kind, made from few numbers: level .8, scale 2. */
static void
fill_row(SfAccuracyKind kind, double actual, double forecast, double *x)
{
	x[0] = actual;
	x[1] = forecast;
	x[2] = kind == SF_ACCURACY_PINBALL ? 0.8 : 2;
	if (kind < SF_ACCURACY_INTERVAL)
		return;
	x[2] = forecast + fabs(forecast) / 2;
	x[3] = 0.8;
	x[4] = 2;
}

static void
test_hand(void)
{
	static const struct
	{
		SfAccuracyKind kind;
		int			n;
		double		wanted;
		Row			row[3];
	}			cases[] = {
		{SF_ACCURACY_MAE, 3, 4, {{10, 12}, {20, 15}, {-5, 0}}},
		{SF_ACCURACY_BIAS, 3, 2.0 / 25, {{10, 12}, {20, 15}, {-5, 0}}},
		{SF_ACCURACY_BIAS, 2, 5.0 / 30, {{-10, -15}, {-20, -10}}},
		{SF_ACCURACY_RMSE, 2, 5, {{10, 17}, {3, 2}}},
		{SF_ACCURACY_MAPE, 3, 15, {{10, 12}, {0, 5}, {20, 18}}},
		{SF_ACCURACY_SMAPE, 3, (200.0 / 3 + 0 + 200) / 3, {{1, 2}, {0, 0}, {0, 7}}},
		{SF_ACCURACY_SMAPE, 1, 200, {{-3, 3}}},
		{SF_ACCURACY_MASE, 3, 1.5, {{10, 12, 2}, {3, 9, 0}, {20, 16, 2}}},
		{SF_ACCURACY_RMSSE, 2, 2.5, {{10, 17, 2}, {3, 2, 2}}},
		{SF_ACCURACY_PINBALL, 2, (0.9 * 10 + 0.1 * 20) / 2, {{30, 20, 0.9}, {10, 30, 0.9}}},
		{SF_ACCURACY_INTERVAL, 3, (10 + (10 + 40 * 2) + (10 + 40 * 1)) / 3.0, {{5, 0, 10, 0.95}, {-2, 0, 10, 0.95}, {11, 0, 10, 0.95}}},
		{SF_ACCURACY_MSIS, 3, (10 + (10 + 40 * 2)) / 2.0 / 4, {{5, 0, 10, 0.95, 4}, {-2, 0, 10, 0.95, 4}, {1, 1, 1, 0.95, 0}}},
		{SF_ACCURACY_COVERAGE, 3, 2.0 / 3, {{0, 0, 10}, {10, 0, 10}, {10.5, 0, 10}}},
	};
	SfAccuracy	s;

	group("cases by hand");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		double		got = measure(cases[i].kind, cases[i].row, cases[i].n);

		check(close_to(got, cases[i].wanted, 0, 1e-14), "case %d: %.17g, wanted %.17g", i, got, cases[i].wanted);
	}
	s = state_of(SF_ACCURACY_MAPE, cases[4].row, 3);
	check(s.count == 2 && s.left_out == 1, "an actual of 0 is left out and counted");
	s = state_of(SF_ACCURACY_MASE, cases[7].row, 3);
	check(s.count == 2 && s.left_out == 1, "a scale of 0 is left out and counted");
	s = state_of(SF_ACCURACY_MAE, cases[0].row, 3);
	check(close_to(sf_accuracy_ratio(&s), 12.0 / 35, 0, 1e-15), "wape");
	done();

	group("nothing counted, or a ratio to 0, is no number");
	s = (SfAccuracy) {0};
	check(isnan(sf_accuracy_mean(&s)) && isnan(sf_accuracy_root_mean(&s)) && isnan(sf_accuracy_ratio(&s)) && sf_accuracy_valid(&s), "empty");
	s = state_of(SF_ACCURACY_BIAS, (const Row[]) {{5, 1}, {-5, 1}}, 2);
	check(isnan(sf_accuracy_ratio(&s)), "actuals that sum to 0");
	done();
}

/* Rows of all sizes, some exact, some zero. */
static void
draw_row(SfRng *rng, SfAccuracyKind kind, double *x)
{
	double		actual = random_between(rng, -1, 1) * random_magnitude(rng, -8, 8);

	if (sf_rng_below(rng, 10) == 0)
		actual = 0;
	fill_row(kind, actual, sf_rng_below(rng, 10) == 0 ? actual : actual + random_between(rng, -1, 1) * random_magnitude(rng, -8, 8), x);
}

static void
test_laws(void)
{
	SfRng		rng;
	int			kept = 0;
	int			refused = 0;

	sf_rng_seed(&rng, 301);
	group("order and split of the rows do not show");
	for (int kind = 0; kind < KINDS; kind++)
		for (int turn = 0; turn < 60; turn++)
		{
			Row			row[200];
			Row			shuffled[200];
			SfAccuracy	part[3] = {{.count = 0}, {.count = 0}, {.count = 0}};
			double		one;
			Host		host;

			host_init(&host);
			for (int i = 0; i < LENGTH(row); i++)
			{
				int			j = (int) sf_rng_below(&rng, (uint64_t) i + 1);

				draw_row(&rng, kind, row[i]);
				memcpy(shuffled[i], shuffled[j], sizeof(Row));
				memcpy(shuffled[j], row[i], sizeof(Row));
				check(sf_accuracy_add(&host.ctx, &part[sf_rng_below(&rng, 3)], kind, row[i]) == SF_OK, "add");
			}
			one = measure(kind, row, LENGTH(row));
			check(same_bits(one, measure(kind, shuffled, LENGTH(row))), "kind %d: order shows", kind);
			check(sf_accuracy_merge(&host.ctx, &part[0], &part[1]) == SF_OK && sf_accuracy_merge(&host.ctx, &part[0], &part[2]) == SF_OK, "merge");
			check(same_bits(one, result_of(kind, &part[0])) && part[0].count + part[0].left_out == LENGTH(row) && sf_accuracy_valid(&part[0]),
				  "kind %d: %.17g in one, %.17g in parts", kind, one, result_of(kind, &part[0]));
		}
	done();

	group("a moving window gives what its rows give, or says that it does not know");
	for (int kind = 0; kind < KINDS; kind++)
		for (int turn = 0; turn < 20; turn++)
		{
			Row			row[150];
			SfAccuracy	s = {0};
			int			first = 0;
			int			span = 5 + (int) sf_rng_below(&rng, 30);
			Host		host;

			host_init(&host);
			for (int i = 0; i < LENGTH(row); i++)
			{
				double		wanted;

				draw_row(&rng, kind, row[i]);
				check(sf_accuracy_add(&host.ctx, &s, kind, row[i]) == SF_OK, "add");
				if (i < span)
					continue;
				if (!sf_accuracy_remove(&s, kind, row[first++]))
				{
					refused++;
					s = state_of(kind, row + first, i + 1 - first);
					continue;
				}
				kept++;
				wanted = measure(kind, row + first, i + 1 - first);
				check(s.count + s.left_out == i + 1 - first && (same_bits(result_of(kind, &s), wanted) || close_to(result_of(kind, &s), wanted, 0, DBL_EPSILON)),
					  "kind %d: %.17g, wanted %.17g", kind, result_of(kind, &s), wanted);
			}
		}
	check(kept > 5 * refused, "a window is cheap only if it seldom starts over: %d kept, %d refused", kept, refused);
	done();

	group("a power of two on all values scales what has a unit and nothing else");
	for (int kind = 0; kind < KINDS; kind++)
		for (int power = -500; power <= 500; power += 125)
		{
			Row			row[20];
			Row			scaled[20];
			double		k = ldexp(1, power);
			bool		unit = kind == SF_ACCURACY_MAE || kind == SF_ACCURACY_RMSE || kind == SF_ACCURACY_PINBALL || kind == SF_ACCURACY_INTERVAL;

			for (int i = 0; i < LENGTH(row); i++)
			{
				draw_row(&rng, kind, row[i]);
				for (int j = 0; j < SF_ACCURACY_ARGUMENTS_MAX; j++)
					scaled[i][j] = row[i][j] * k;
				if (kind == SF_ACCURACY_PINBALL)
					scaled[i][2] = row[i][2];
				if (kind == SF_ACCURACY_INTERVAL || kind == SF_ACCURACY_MSIS)
					scaled[i][3] = row[i][3];
			}
			check(close_to(measure(kind, scaled, 20), measure(kind, row, 20) * (unit ? k : 1), 0, 4 * DBL_EPSILON), "kind %d, 2^%d", kind, power);
		}
	done();

	group("a perfect forecast has no error and covers everything");
	for (int kind = 0; kind < SF_ACCURACY_INTERVAL; kind++)
	{
		Row			row[2];

		fill_row(kind, 1e300, 1e300, row[0]);
		fill_row(kind, -0.1, -0.1, row[1]);
		check(measure(kind, row, 2) == 0, "kind %d", kind);
	}
	check(measure(SF_ACCURACY_COVERAGE, (const Row[]) {{1, 1, 1}, {-2, -3, 5}}, 2) == 1, "coverage");
	done();
}

static void
test_extremes(void)
{
	static const double size[] = {5e-324, 1e-300, 1e-160, 1e-120, 1e-100, 1, 1e100, 1e120, 1e160, 1e300};

	group("errors of any size have a root mean square");
	for (int i = 0; i < LENGTH(size); i++)
		for (int j = 0; j <= i; j++)
		{
			Row			row[2] = {{3 * size[i], 0}, {0, 4 * size[j]}};
			long double wanted = size[i] * sqrtl((9 + 16 * powl((long double) size[j] / size[i], 2)) / 2);

			check(fabsl(measure(SF_ACCURACY_RMSE, row, 2) - wanted) <= 4e-16L * wanted + 5e-324L, "%g and %g: %.17g", size[i], size[j],
				  measure(SF_ACCURACY_RMSE, row, 2));
		}
	done();

	group("ratios near the ends of the range are what they are");
	check(measure(SF_ACCURACY_SMAPE, (const Row[]) {{DBL_MAX, -DBL_MAX}}, 1) == 200, "smape of opposite ends");
	check(measure(SF_ACCURACY_SMAPE, (const Row[]) {{5e-324, 0}}, 1) == 200, "smape of the smallest");
	check(close_to(measure(SF_ACCURACY_MAPE, (const Row[]) {{DBL_MAX, -DBL_MAX}}, 1), 200, 0, 1e-15), "mape");
	check(close_to(measure(SF_ACCURACY_MASE, (const Row[]) {{DBL_MAX, -DBL_MAX, DBL_MAX}}, 1), 2, 0, 1e-15), "mase");
	check(measure(SF_ACCURACY_MAPE, (const Row[]) {{5e-324, 1e-323}}, 1) == 100, "mape of the smallest");
	done();
}

static void
test_hostile(void)
{
	static const struct
	{
		SfAccuracyKind kind;
		SfStatus	status;
		Row			row;
	}			cases[] = {
		{SF_ACCURACY_MAE, SF_BAD_DATA, {NAN, 1}}, {SF_ACCURACY_MAE, SF_BAD_DATA, {1, INFINITY}}, {SF_ACCURACY_MAE, SF_BAD_DATA, {-INFINITY, 1}},
		{SF_ACCURACY_MAE, SF_OVERFLOW, {DBL_MAX, -DBL_MAX}}, {SF_ACCURACY_BIAS, SF_OVERFLOW, {DBL_MAX, -DBL_MAX}},
		{SF_ACCURACY_RMSE, SF_OVERFLOW, {DBL_MAX, -DBL_MAX}}, {SF_ACCURACY_MAPE, SF_OVERFLOW, {5e-324, 1}},
		{SF_ACCURACY_MASE, SF_BAD_DATA, {1, 2, -1}}, {SF_ACCURACY_MASE, SF_BAD_DATA, {1, 2, NAN}}, {SF_ACCURACY_MASE, SF_OVERFLOW, {1, 2, 5e-324}},
		{SF_ACCURACY_RMSSE, SF_BAD_DATA, {1, 2, -1}}, {SF_ACCURACY_PINBALL, SF_BAD_ARGUMENT, {1, 2, 0}}, {SF_ACCURACY_PINBALL, SF_BAD_ARGUMENT, {1, 2, 1}},
		{SF_ACCURACY_PINBALL, SF_BAD_ARGUMENT, {1, 2, NAN}}, {SF_ACCURACY_PINBALL, SF_BAD_DATA, {NAN, 2, 0.5}},
		{SF_ACCURACY_INTERVAL, SF_BAD_DATA, {1, 2, 1, 0.95}}, {SF_ACCURACY_INTERVAL, SF_BAD_ARGUMENT, {1, 1, 2, 95}},
		{SF_ACCURACY_INTERVAL, SF_BAD_DATA, {1, -INFINITY, 2, 0.95}}, {SF_ACCURACY_MSIS, SF_BAD_DATA, {1, 1, 2, 0.95, -5}},
		{SF_ACCURACY_MSIS, SF_BAD_DATA, {1, 3, 2, 0.95, 0}}, {SF_ACCURACY_COVERAGE, SF_BAD_DATA, {1, 3, 2}}, {SF_ACCURACY_COVERAGE, SF_BAD_DATA, {1, 2, NAN}},
	};
	SfAccuracy	s;
	SfAccuracy	other;
	SfRng		rng;
	Host		host;

	host_init(&host);
	group("rows that break the contract are refused, the state unchanged");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfAccuracy	before;
		SfStatus	status;
		Row			good;

		fill_row(cases[i].kind, 3, 2, good);
		s = state_of(cases[i].kind, (const Row *) &good, 1);
		before = s;
		status = sf_accuracy_add(&host.ctx, &s, cases[i].kind, cases[i].row);
		check(fails_with(&host, status, cases[i].status), "case %d gives %d", i, status);
		check(memcmp(&s, &before, sizeof s) == 0, "case %d changed the state", i);
	}
	done();

	group("sums beyond the range are refused");
	s = state_of(SF_ACCURACY_MAE, (const Row[]) {{DBL_MAX, 0}}, 1);
	other = s;
	check(fails_with(&host, sf_accuracy_merge(&host.ctx, &s, &other), SF_OVERFLOW) && s.count == 1, "merge");
	check(fails_with(&host, sf_accuracy_add(&host.ctx, &s, SF_ACCURACY_MAE, (const double[]) {0, DBL_MAX}), SF_OVERFLOW) && s.count == 1, "add");
	done();

	sf_rng_seed(&rng, 302);
	group("any state that is called valid can be merged and read");
	for (int turn = 0; turn < 200000; turn++)
	{
		bool		mild = turn % 2;

		s = (SfAccuracy) {.count = (int64_t) (sf_rng_next(&rng) >> (mild ? 40 : 0)), .left_out = (int64_t) (sf_rng_next(&rng) >> (mild ? 40 : 0))};
		s.steps = mild ? s.count + 1 : (int64_t) sf_rng_next(&rng);
		for (int i = 0; i < SF_ACCURACY_SUMS; i++)
		{
			s.sum[i].hi = random_bits(&rng);
			s.sum[i].lo = mild ? s.sum[i].hi * 0x1p-60 : random_bits(&rng);
			s.peak[i] = mild ? fabs(s.sum[i].hi) : random_bits(&rng);
		}
		other = state_of(SF_ACCURACY_RMSE, (const Row[]) {{1, 2}}, 1);
		if (!sf_accuracy_valid(&s))
			continue;
		if (sf_accuracy_merge(&host.ctx, &other, &s) == SF_OK)
			check(!isinf(sf_accuracy_mean(&other)) && (isnan(sf_accuracy_root_mean(&other)) || sf_accuracy_root_mean(&other) >= 0), "turn %d", turn);
	}
	done();
}

static void
test_scale(void)
{
	static const double y[] = {10, 12, 15, NAN, 11, 12, 19};
	static const int64_t at[] = {1, 2, 3, 5, 6, 7, 9};
	static const int64_t far[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
	double		scale = 0;
	Host		host;

	host_init(&host);
	group("the scale of a series by hand");
	check(sf_accuracy_scale(&host.ctx, NULL, y, 7, 1, false, &scale) == SF_OK && close_to(scale, (2 + 3 + 1 + 7) / 4.0, 0, 1e-15), "season 1: %g", scale);
	check(sf_accuracy_scale(&host.ctx, NULL, y, 7, 3, false, &scale) == SF_OK && close_to(scale, (1 + 3) / 2.0, 0, 1e-15), "season 3: %g", scale);
	check(sf_accuracy_scale(&host.ctx, at, y, 7, 1, false, &scale) == SF_OK && close_to(scale, (2 + 3 + 1) / 3.0, 0, 1e-15), "by number: %g", scale);
	check(sf_accuracy_scale(&host.ctx, at, y, 7, 5, false, &scale) == SF_OK && close_to(scale, (1 + 0) / 2.0, 0, 1e-15), "by number, season 5: %g", scale);
	check(sf_accuracy_scale(&host.ctx, NULL, y, 3, 1, true, &scale) == SF_OK && close_to(scale, sqrt((4 + 9) / 2.0), 0, 1e-15), "root: %g", scale);
	check(sf_accuracy_scale(&host.ctx, NULL, y, 7, 7, false, &scale) == SF_OK && isnan(scale), "no two values a season apart");
	check(sf_accuracy_scale(&host.ctx, NULL, y, 0, 1, false, &scale) == SF_OK && isnan(scale), "no values");
	check(sf_accuracy_scale(&host.ctx, far, y, 7, INT64_MAX, true, &scale) == SF_OK && close_to(scale, sqrt((25 + 9) / 2.0), 0, 1e-15), "period numbers at the ends: %g", scale);
	done();
}

static SfStatus
scale_work(SfCtx *ctx, void *argument)
{
	static double y[200000];
	double		scale;

	(void) argument;
	return sf_accuracy_scale(ctx, NULL, y, LENGTH(y), 12, false, &scale);
}

int
main(void)
{
	test_hand();
	test_laws();
	test_extremes();
	test_hostile();
	test_scale();
	group("each cancelled poll is a clean failure");
	cancel_each(scale_work, NULL, 1);
	done();
	return finish();
}
