/* Tests of core/forecast/cycle.c: demand at regular intervals. */
#include "check.h"

#include "core/forecast/auto.h"
#include "core/forecast/cycle.h"

#define MOST 1200
#define AHEAD 400

typedef struct Made
{
	SfForecast	out;
	double		mean[AHEAD];
	double		variance[AHEAD];
	double		fitted[MOST];
} Made;

static void
forecast(SfMethodFunction method, const SfSeries *s, Made *made)
{
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	memset(made, 0, sizeof *made);
	made->out = (SfForecast) {.horizon = AHEAD, .mean = made->mean, .variance = made->variance, .fitted = made->fitted};
	status = method(&arena, s, &made->out);
	check(status == SF_OK && made->out.converged, "status %d", status);
	host_free(&host);
}

static bool
find(const double *y, int n, SfCycle *cycle)
{
	SfArena		arena;
	Host		host;
	bool		found = false;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_cycle_find(&arena, y, n, &found, cycle) == SF_OK, "status");
	host_free(&host);
	return found;
}

static bool
is_cycle(const Made *made)
{
	return strcmp(made->out.label, "regular cycle") == 0;
}

/* Demand of 1 every `length` periods from `first` on, up to so many periods off. */
static void
draw(SfRng *rng, double *y, int n, double first, double length, int off)
{
	for (int t = 0; t < n; t++)
		y[t] = 0;
	for (double t = first; t < n; t += length)
	{
		int			at = (int) t + (off > 0 ? (int) sf_rng_below(rng, 2 * (uint64_t) off + 1) - off : 0);

		if (at >= 0 && at < n)
			y[at] += 1;
	}
}

static double
sum(const Made *made, int from, int to)
{
	double		total = 0;

	for (int k = from; k <= to; k++)
		total += made->mean[k - 1];
	return total;
}

static void
test_found(void)
{
	static double y[MOST];
	SfSeries	s = {.y = y};
	SfCycle		cycle;
	SfRng		rng;
	Made		made;

	sf_rng_seed(&rng, 91);
	group("every ninety days, exactly: the day is known");
	s.n = 1000;
	draw(&rng, y, s.n, 7, 90, 0);
	check(find(y, s.n, &cycle) && cycle.demands == 12 && close_to(cycle.length, 90, 1e-9, 0) && cycle.spread == 0.25 && close_to(cycle.next, 88, 1e-9, 0), "length %g, next %g", cycle.length, cycle.next);
	forecast(sf_cycle_forecast, &s, &made);
	check(is_cycle(&made) && made.mean[87] > 0.9 && made.mean[177] > 0.9 && close_to(sum(&made, 1, 200), 2, 0.01, 0), "%g, %g", made.mean[87], made.mean[177]);
	done();

	group("a cycle of 12.86 weeks, one of 2.96 months, one and a half periods: demand in its place, give or take one");
	for (int turn = 0; turn < 3; turn++)
	{
		static const double lengths[] = {90 / 7.0, 90 / 30.4375, 1.5};
		static const int periods[] = {155, 36, 40};
		double		right = 0;

		s.n = periods[turn];
		draw(&rng, y, s.n, 1.2, lengths[turn], 0);
		forecast(sf_cycle_forecast, &s, &made);
		for (int k = 0; k < 12; k++)
			for (double t = 1.2; t < s.n + 13; t += lengths[turn])
				if (abs((int) t - s.n - k) <= 1)
				{
					right += made.mean[k];
					break;
				}
		check(is_cycle(&made) && right > 0.85 * sum(&made, 1, 12) && close_to(sum(&made, 1, 12), 12 / lengths[turn], 1.0, 0), "length %g: %g of %g in place", lengths[turn], right, sum(&made, 1, 12));
	}
	done();

	group("some days early or late: spread around the day, as many in all");
	s.n = 1000;
	draw(&rng, y, s.n, 20, 60, 4);
	forecast(sf_cycle_forecast, &s, &made);
	check(is_cycle(&made) && close_to(sum(&made, 29, 53), 1, 0.05, 0) && sum(&made, 1, 24) < 0.1 && close_to(sum(&made, 1, 360), 6, 0.1, 0), "%g, %g, %g", sum(&made, 29, 53), sum(&made, 1, 24), sum(&made, 1, 360));
	check(close_to(sum(&made, 361, 400), 40 / 60.0, 0.4, 0), "far ahead: %g", sum(&made, 361, 400));
	done();

	group("chance has no cycle, nor has what comes in pairs, always, once, or below zero");
	for (int turn = 0, wrong = 0; turn < 2000; turn++)
	{
		int			n = 12 + (int) sf_rng_below(&rng, 300);
		double		p = 0.02 + 0.68 * sf_rng_uniform(&rng);

		for (int t = 0; t < n; t++)
			y[t] = sf_rng_uniform(&rng) < p;
		wrong += find(y, n, &cycle);
		check(turn < 1999 || wrong <= 8, "%d of 2000", wrong);
	}
	for (int t = 0; t < 200; t++)
		y[t] = t % 20 == 3 || t % 20 == 5;
	check(!find(y, 200, &cycle), "pairs");
	for (int t = 0; t < 200; t++)
		y[t] = t % 7 < 5;
	check(!find(y, 200, &cycle), "weekdays");
	for (int t = 0; t < 200; t++)
		y[t] = t % 50 == 10 ? 4 : t == 100 ? -1 : 0;
	check(!find(y, 200, &cycle), "a return");
	y[100] = 0;
	check(find(y, 200, &cycle), "none");
	check(!find(y, 61, &cycle), "twice is no cycle");
	done();

	group("a late order is expected soon; after two that never came there is no cycle");
	draw(&rng, y, 1000, 0, 50, 0);
	for (int t = 601; t < 1000; t++)
		y[t] = 0;
	s.n = 651;
	forecast(sf_cycle_forecast, &s, &made);
	check(is_cycle(&made) && made.mean[0] + made.mean[49] > 0.9, "%g, %g", made.mean[0], made.mean[49]);
	check(find(y, 640, &cycle) && close_to(cycle.next, 11, 1e-9, 0) && find(y, 652, &cycle) && close_to(cycle.next, 49, 1e-9, 0), "next in %g", cycle.next);
	check(!find(y, 800, &cycle), "gone");
	s.n = 800;
	forecast(sf_cycle_forecast, &s, &made);
	check(!is_cycle(&made) && made.out.demand, "intermittent then");
	done();
}

static void
test_auto(void)
{
	static double y[MOST];
	SfSeries	s = {.y = y, .n = 1000};
	SfRng		rng;
	Made		made;

	sf_rng_seed(&rng, 92);
	group("the default finds a cycle, and leaves seasons to the season");
	draw(&rng, y, s.n, 7, 90, 2);
	forecast(sf_auto_forecast, &s, &made);
	check(is_cycle(&made), "%s", made.out.label);
	s = (SfSeries) {.y = y, .n = 72, .seasons = 1, .season = {12}};
	for (int t = 0; t < 72; t++)
		y[t] = t % 6 == 5 ? (t % 12 == 5 ? 10 : 30) : 0;
	forecast(sf_auto_forecast, &s, &made);
	check(!is_cycle(&made) && close_to(made.mean[5], 10, 1, 0) && close_to(made.mean[11], 30, 3, 0), "%s: %g, %g", made.out.label, made.mean[5], made.mean[11]);
	done();
}

static void
test_laws(void)
{
	static const int powers[] = {1, -7, 400, -400};
	static double y[MOST];
	static double scaled[MOST];
	SfSeries	s = {.y = y, .n = 700};
	SfSeries	o = {.y = scaled, .n = 700};
	SfRng		rng;
	Made		made;
	Made		other;

	sf_rng_seed(&rng, 93);
	draw(&rng, y, 700, 7, 30, 2);
	forecast(sf_cycle_forecast, &s, &made);
	group("scaling the series scales the forecast, bit for bit");
	for (int p = 0; p < LENGTH(powers); p++)
	{
		for (int t = 0; t < 700; t++)
			scaled[t] = ldexp(y[t], powers[p]);
		forecast(sf_cycle_forecast, &o, &other);
		for (int k = 0; k < AHEAD; k++)
			check(same_bits(ldexp(made.mean[k], powers[p]), other.mean[k]), "2^%d, step %d", powers[p], k + 1);
	}
	done();

	group("whatever the series, the answers are numbers");
	for (int n = 1; n <= 300; n += n < 12 ? 1 : 41)
		for (int kind = 0; kind < 8; kind++)
		{
			for (int t = 0; t < n; t++)
				y[t] = kind == 0 ? 0 : kind == 1 ? 5 : kind == 2 ? -3 : kind == 3 ? (t == n / 2) : kind == 4 ? (t % 2) * 1e150
					: kind == 5 ? (t % 3 == 0) * 5e-324 : kind == 6 ? (t % 9 == 0) * random_magnitude(&rng, -150, 150) : (t % 100 == 0);
			s.n = n;
			forecast(sf_cycle_forecast, &s, &made);
			for (int k = 0; k < AHEAD; k++)
				check(isfinite(made.mean[k]) && made.mean[k] >= (kind == 2 ? -INFINITY : 0) && !isinf(made.variance[k]), "n %d, kind %d, step %d: %g, %g", n, kind, k, made.mean[k], made.variance[k]);
		}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static double y[120];
	static double mean[30];
	static double variance[30];
	SfForecast	out = {.horizon = 30, .mean = mean, .variance = variance};
	SfSeries	s = {.y = y, .n = 120};
	SfArena		arena;

	(void) argument;
	for (int t = 0; t < 120; t++)
		y[t] = t % 10 == 4;
	sf_arena_init(&arena, ctx);
	return sf_cycle_forecast(&arena, &s, &out);
}

int
main(void)
{
	test_found();
	test_auto();
	test_laws();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(work, NULL);
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
