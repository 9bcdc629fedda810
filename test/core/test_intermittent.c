/* Tests of core/forecast/intermittent.c: when demand is intermittent, its forecast, its quantiles. */
#include "check.h"

#include "core/base/arena.h"
#include "core/forecast/aggregate.h"
#include "core/forecast/intermittent.h"

typedef struct Made
{
	SfForecast	out;
	double		mean[3];
	double		variance[3];
	double		fitted[600];
} Made;

static void
forecast(SfMethodFunction method, const double *y, int n, Made *made)
{
	SfSeries	s = {.y = y, .n = n};
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	memset(made, 0, sizeof *made);
	made->out = (SfForecast) {.horizon = 3, .mean = made->mean, .variance = made->variance, .fitted = made->fitted};
	status = method(&arena, &s, &made->out);
	check(status == SF_OK && made->out.converged && same_bits(made->mean[2], made->mean[0]), "status %d", status);
	host_free(&host);
}

static bool
quantiles(const double *y, int n, const double *level, int levels, double *out)
{
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_intermittent_quantiles(&arena, y, n, level, levels, out);
	check(status == SF_OK, "status %d", status);
	host_free(&host);
	return status == SF_OK;
}

static void
test_classes(void)
{
	static double y[3000];
	SfRng		rng;

	sf_rng_seed(&rng, 71);
	group("24 % of zeros after the first demand are the border");
	check(sf_is_intermittent((double[]) {1, 1, 0, 1, 1, 0, 1, 0}, 8), "5 of 8");
	check(!sf_is_intermittent((double[]) {1, 1, 1, 1, 0, 1, 1, 0, 1, 1}, 10), "8 of 10");
	check(!sf_is_intermittent((double[]) {0, 0, 0, 0, 0, 0, 3, 2, 5, 4, 3, 6}, 12), "not on sale at first");
	check(sf_is_intermittent((double[]) {0, 0, 0, 0, 0, 0, 0, 5}, 8), "one demand, at the end");
	check(sf_is_intermittent((double[]) {5, 0, NAN, 2, 0, 1, NAN, 0, 3}, 9), "gaps");
	check(!sf_is_intermittent((double[]) {5, NAN, NAN, 2, NAN, 1, NAN, 4, 3}, 9), "gaps are no zeros");
	check(!sf_is_intermittent((double[]) {1, 0, 0, 0, -1, 0, 0, 2}, 8), "negative");
	check(sf_is_intermittent((double[]) {0, 0, 0}, 3), "no demand");
	check(!sf_is_intermittent((double[]) {NAN, NAN}, 2), "nothing observed");
	check(!sf_is_intermittent((double[]) {4}, 1) && sf_is_intermittent((double[]) {0}, 1), "one period");
	done();

	group("zeros that return in a cycle are a season, not intermittence");
	for (int t = 0; t < 3000; t++)
		y[t] = t % 7 < 5 ? 10 + (double) sf_rng_below(&rng, 5) : 0;
	check(!sf_is_intermittent(y, 3000) && !sf_is_intermittent(y, 28), "closed on weekends");
	y[1500] = y[2991] = 0;
	check(!sf_is_intermittent(y, 3000), "and on a holiday");
	for (int t = 0; t < 60; t++)
		y[t] = t % 12 >= 10 ? 50 : 0;
	check(!sf_is_intermittent(y, 60), "sold at the end of the year");
	for (int t = 0; t < 730; t++)
		y[t] = t % 365 < 120 ? 1 : 0;
	check(sf_is_intermittent(y, 730), "two summers are no cycle yet");
	for (int turn = 0, wrong = 0; turn < 500; turn++)
	{
		int			n = 24 + (int) sf_rng_below(&rng, 100);

		for (int t = 0; t < n; t++)
			y[t] = sf_rng_below(&rng, 2 + (uint64_t) turn % 9) == 0;
		y[0] = y[n / 2] = y[n - 1] = 1;
		wrong += !sf_is_intermittent(y, n);
		check(turn < 499 || wrong <= 2, "%d of 500 random series were given a cycle", wrong);
	}
	done();
}

static void
test_combination(void)
{
	static const double y[] = {0, 2, 0, 0, 4, 0, 0, 0, 3, 0, 1, 0};
	static double steady[500];
	Made		made;
	Made		imapa;
	Made		tsb;
	double		level = 10.0 / 12;
	double		variance = 0;
	double		keep;

	group("a case by hand: the mean of three, drawn towards zero");
	forecast(sf_intermittent_forecast, y, 12, &made);
	forecast(sf_imapa_forecast, y, 12, &imapa);
	forecast(sf_tsb_forecast, y, 12, &tsb);
	for (int t = 0; t < 12; t++)
		variance += (y[t] - 10.0 / 12) * (y[t] - 10.0 / 12) / 11;
	keep = 100.0 / 144 / (100.0 / 144 + variance / 12);
	for (int t = 0; t < 12; t++)
	{
		double		wanted = isnan(imapa.fitted[t]) ? (tsb.fitted[t] + level) / 2 : (imapa.fitted[t] + tsb.fitted[t] + level) / 3;

		check(close_to(made.fitted[t], keep * wanted, 0, 1e-13), "fitted %d: %g, wanted %g", t, made.fitted[t], keep * wanted);
		level += 0.1 * (y[t] - level);
	}
	check(close_to(made.mean[0], keep * (imapa.mean[0] + tsb.mean[0] + level) / 3, 0, 1e-13), "mean %.17g", made.mean[0]);
	check(strcmp(made.out.label, "TSB+IMAPA+SES") == 0 && close_to(made.out.note[1].value, 1 - keep, 1e-15, 0), "label %s", made.out.label);
	done();

	group("much steady demand is hardly drawn");
	for (int t = 0; t < 500; t++)
		steady[t] = t % 2 ? 3 : 0;
	forecast(sf_intermittent_forecast, steady, 500, &made);
	check(made.mean[0] > 1.45 && made.mean[0] < 1.6, "%g", made.mean[0]);
	done();
}

static void
test_quantiles(void)
{
	static const double level[] = {0.01, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999};
	static double y[600];
	double		out[LENGTH(level)];
	double		other[LENGTH(level)];
	double		demands = 0.5;
	double		periods = 1;
	double		each;
	SfRng		rng;

	group("a case by hand: the distribution is the weighted share of zeros and the sizes");
	for (int t = 0; t < 20; t++)
	{
		y[t] = t % 4 == 3 ? (t + 1) * 0.25 : 0;	/* 1, 2, 3, 4, 5 */
		demands += (y[t] != 0) * pow(0.9, 19 - t);
		periods += pow(0.9, 19 - t);
	}
	each = demands / periods / 5.5;
	for (int k = 0; k <= 5; k++)
	{
		double		edge[2];

		/* just below and just above the probability of at most k */
		edge[0] = 1 - demands / periods + k * each - 1e-9;
		edge[1] = edge[0] + 2e-9;
		quantiles(y, 20, edge, 2, out);
		check(out[0] == k && (k < 5 ? out[1] == k + 1 : close_to(out[1], 5, 0, 1e-6)), "size %d: %.17g, %.17g", k, out[0], out[1]);
	}
	out[0] = 1 - 0.5 * each * exp(-2);
	quantiles(y, 20, out, 1, out + 1);
	check(close_to(out[1], 5 + 2 * 3, 0, 1e-9), "tail: %.17g", out[1]);
	done();

	group("quantiles ascend with the level, scale bit for bit, and are 0 without demand");
	sf_rng_seed(&rng, 72);
	for (int turn = 0; turn < 100; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, 100);
		int			power = (int) sf_rng_below(&rng, 800) - 400;

		for (int t = 0; t < n; t++)
			y[t] = sf_rng_below(&rng, 3) == 0 ? random_between(&rng, turn % 2 ? -2 : 0, 9) : 0;
		quantiles(y, n, level, LENGTH(level), out);
		for (int t = 0; t < n; t++)
			y[t] = ldexp(y[t], power);
		quantiles(y, n, level, LENGTH(level), other);
		for (int i = 0; i < LENGTH(level); i++)
			check((i == 0 || out[i] >= out[i - 1]) && same_bits(ldexp(out[i], power), other[i]), "n %d, level %g", n, level[i]);
	}
	memset(y, 0, sizeof y);
	quantiles(y, 50, level, LENGTH(level), out);
	for (int i = 0; i < LENGTH(level); i++)
		check(out[i] == 0, "level %g", level[i]);
	done();

	group("of many series of one kind, about the right share lies below");
	for (int i = 0, below = 0, zeros = 0; i < 4000; i++)
	{
		for (int t = 0; t <= 60; t++)
			y[t] = sf_rng_uniform(&rng) < 0.4 ? -log(1 - sf_rng_uniform(&rng)) * 10 : 0;
		quantiles(y, 60, level + 5, 1, out);
		below += y[60] <= out[0];
		zeros += out[0] == 0;
		check(i < 3999 || (fabs(below / 4000.0 - 0.9) < 0.015 && zeros == 0), "%d of 4000 below the 90 %% quantile", below);
	}
	done();
}

static void
test_intervals(void)
{
	static const double coverage[] = {0.5, 0.8, 0.95, 0.99};
	static double y[200];
	SfArena		arena;
	SfRng		rng;
	Host		host;

	sf_rng_seed(&rng, 73);
	group("intervals of higher coverage contain those of lower");
	for (int turn = 0; turn < 200; turn++)
	{
		double		lo = INFINITY;
		double		hi = -INFINITY;
		int			n = 1 + (int) sf_rng_below(&rng, 200);

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		for (int t = 0; t < n; t++)
			y[t] = sf_rng_uniform(&rng) < turn / 200.0 ? random_between(&rng, turn % 5 ? 0 : -5, 9) : 0;
		for (int i = 0; i < LENGTH(coverage); i++)
		{
			double		wider_lo;
			double		wider_hi;

			check(sf_intermittent_interval(&arena, y, n, coverage[i], &wider_lo, &wider_hi) == SF_OK, "status");
			check(wider_lo <= lo && wider_hi >= hi && wider_lo <= wider_hi, "turn %d, coverage %g: %g .. %g in %g .. %g", turn, coverage[i], lo, hi, wider_lo, wider_hi);
			lo = wider_lo;
			hi = wider_hi;
		}
		host_free(&host);
	}
	done();
}

static void
test_hostile(void)
{
	static const double level[] = {1e-300, 0.025, 0.5, 0.975, 1 - DBL_EPSILON};
	static const double wrong[] = {0, 1, -0.1, 1.1, NAN, INFINITY};
	static double y[300];
	double		out[LENGTH(level)];
	SfArena		arena;
	SfRng		rng;
	Host		host;
	Made		made;

	sf_rng_seed(&rng, 74);
	group("whatever the series, the answers are numbers");
	for (int n = 1; n <= 300; n += n < 8 ? 1 : 73)
		for (int kind = 0; kind < 8; kind++)
		{
			for (int t = 0; t < n; t++)
			{
				double		any = random_bits(&rng);

				y[t] = kind == 0 ? 0 : kind == 1 ? NAN : kind == 2 ? -3 : kind == 3 ? (t == n / 2) * 1e300
					: kind == 4 ? (t % 2 ? DBL_MAX : -DBL_MAX) : kind == 5 ? (t % 3 == 0) * 5e-324
					: kind == 6 ? (isinf(any) ? 0 : any) : t % 2 ? 1e-300 : 1e300;
			}
			forecast(sf_intermittent_forecast, y, n, &made);
			check(isfinite(made.mean[0]) && !isinf(made.variance[0]), "n %d, kind %d: %g, %g", n, kind, made.mean[0], made.variance[0]);
			quantiles(y, n, level, LENGTH(level), out);
			for (int i = 0; i < LENGTH(level); i++)
				check(isfinite(out[i]) && (i == 0 || out[i] >= out[i - 1]), "n %d, kind %d, level %g: %g", n, kind, level[i], out[i]);
			(void) sf_is_intermittent(y, n);
		}
	done();

	group("levels outside 0 .. 1 are refused");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	for (int i = 0; i < LENGTH(wrong); i++)
	{
		check(fails_with(&host, sf_intermittent_quantiles(&arena, y, 5, &wrong[i], 1, out), SF_BAD_ARGUMENT), "level %g", wrong[i]);
		check(fails_with(&host, sf_intermittent_interval(&arena, y, 5, wrong[i], out, out + 1), SF_BAD_ARGUMENT), "coverage %g", wrong[i]);
	}
	host_free(&host);
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static const double y[] = {0, 2, 0, 0, 4, 0, 1, 0, 0, 3};
	double		mean[2];
	double		variance[2];
	double		lo;
	double		hi;
	SfForecast	out = {.horizon = 2, .mean = mean, .variance = variance};
	SfSeries	s = {.y = y, .n = LENGTH(y)};
	SfArena		arena;
	SfStatus	status;

	(void) argument;
	sf_arena_init(&arena, ctx);
	status = sf_intermittent_forecast(&arena, &s, &out);
	return status != SF_OK ? status : sf_intermittent_interval(&arena, y, LENGTH(y), 0.95, &lo, &hi);
}

int
main(void)
{
	test_classes();
	test_combination();
	test_quantiles();
	test_intervals();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
