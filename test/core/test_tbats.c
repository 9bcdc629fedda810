/* Tests of core/forecast/tbats.c: exponential smoothing with waves for seasons. */
#include "method_laws.h"

#include "core/forecast/tbats.h"
#include "tbats_golden.h"

#define N 120
#define H 48

static double y[5000 + AHEAD_MAX];

static double
normal(SfRng *rng)
{
	double		sum = 0;

	for (int i = 0; i < 12; i++)
		sum += sf_rng_uniform(rng);
	return sum - 6;
}

static void
test_perfect(void)
{
	SfSeries	s = {.y = y, .n = N, .seasons = 1, .season = {12}};
	SfSeries	plain = {.y = y, .n = N};
	Run		   *run;

	group("a straight line goes on");
	for (int t = 0; t < N + H; t++)
		y[t] = -20 + 3.5 * t;
	run = run_method(sf_tbats_forecast, &plain, H);
	check(worst_error(run, y + N, H) < 0.01, "off by %g: %s", worst_error(run, y + N, H), run->out.label);
	free(run);
	done();

	group("a season of any shape goes on, the wave of half a cycle a period included");
	for (int t = 0; t < N + H; t++)
		y[t] = -100 + (double[]){3, 9, -4, 0, 12, 7, -9, -1, 2, 5, -15, -9}[t % 12];
	run = run_method(sf_tbats_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.01, "off by %g: %s", worst_error(run, y + N, H), run->out.label);
	check(strstr(run->out.label, "{<12,6>}") != NULL, "%s", run->out.label);
	free(run);
	done();

	group("a season of a fraction of periods goes on");
	s.season[0] = 10.4;
	for (int t = 0; t < N + H; t++)
		y[t] = 5 * sin(2 * PI * t / 10.4) - 2 * cos(4 * PI * t / 10.4);
	run = run_method(sf_tbats_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.05, "off by %g", worst_error(run, y + N, H));
	check(strstr(run->out.label, "{<10.4,2>}") != NULL, "%s", run->out.label);
	free(run);
	done();
}

static void
test_golden(void)
{
	group("the AIC is no worse than the R package forecast's, the forecast close to it");
	for (int k = 0; k < LENGTH(golden); k++)
	{
		const Golden *g = &golden[k];
		SfSeries	s = {.y = g->y, .n = g->n, .seasons = 1, .season = {g->season}};
		Run		   *run = run_method(sf_tbats_forecast, &s, 12);
		double		difference = 0;
		double		level = 0;

		for (int i = 0; i < 12; i++)
		{
			difference += fabs(run->mean[i] - g->mean[i]);
			level += fabs(g->mean[i]);
		}
		check(note(run, "AIC") < g->aic + 3, "%s: %s, AIC %.2f against %.2f", g->name, run->out.label, note(run, "AIC"), g->aic);
		check(difference < 0.08 * level, "%s: %s differs by %.3f", g->name, run->out.label, difference / level);
		free(run);
	}
	done();
}

/* The variance of the local level model: sigma^2 (1 + (h - 1) alpha^2). */
static void
test_variance(void)
{
	SfSeries	s = {.y = y, .n = 300};
	SfRng		rng;
	double		alpha;
	Run		   *run;

	sf_rng_seed(&rng, 4);
	group("a local level: its variance by hand, its errors by hand");
	y[0] = 0;
	for (int t = 1; t < s.n; t++)
		y[t] = y[t - 1] + normal(&rng);
	for (int t = 0; t < s.n; t++)
		y[t] += normal(&rng);
	run = run_method(sf_tbats_forecast, &s, 30);
	alpha = note(run, "alpha");
	check(strcmp(run->out.label, "BATS(1, {0,0}, -, -)") == 0, "%s", run->out.label);
	check(alpha > 0.4 && alpha < 0.8, "alpha %g; (sqrt 5 - 1) / 2 is behind the series", alpha);
	for (int i = 0; i < 30; i++)
		check(close_to(run->variance[i], run->variance[0] * (1 + i * alpha * alpha), 0, 1e-12), "step %d", i + 1);
	for (int t = 1; t < s.n; t++)
		check(close_to(run->fitted[t], run->fitted[t - 1] + alpha * (y[t - 1] - run->fitted[t - 1]), 1e-9, 1e-9), "fitted %d", t);
	check(close_to(run->mean[0], run->fitted[s.n - 1] + alpha * (y[s.n - 1] - run->fitted[s.n - 1]), 1e-9, 1e-9), "mean");
	free(run);
	done();
}

static void
test_seasons(void)
{
	SfSeries	s = {.y = y, .n = 168 * 4, .seasons = 2, .season = {24, 168}};
	SfRng		rng;
	Run		   *run;

	sf_rng_seed(&rng, 5);
	group("two seasons are found and go on");
	for (int t = 0; t < s.n + 168; t++)
		y[t] = 10 * sin(2 * PI * t / 24) + 4 * cos(2 * PI * 3 * t / 24) + 6 * sin(2 * PI * t / 168 + 1) + 0.5 * normal(&rng);
	run = run_method(sf_tbats_forecast, &s, 168);
	check(worst_error(run, y + s.n, 168) < 3, "off by %g", worst_error(run, y + s.n, 168));
	check(strstr(run->out.label, "{<24,3>,<168,1>}") != NULL, "%s", run->out.label);
	free(run);
	done();

	group("a season that is not there is not in the model");
	for (int t = 0; t < s.n; t++)
		y[t] = normal(&rng);
	run = run_method(sf_tbats_forecast, &s, 3);
	check(strncmp(run->out.label, "BATS(", 5) == 0, "%s", run->out.label);
	free(run);
	done();

	group("errors that are an autoregression");
	s.n = 500;
	s.seasons = 0;
	y[0] = 0;
	for (int t = 1; t < s.n; t++)
		y[t] = -0.6 * y[t - 1] + normal(&rng);
	run = run_method(sf_tbats_forecast, &s, 3);
	check(strstr(run->out.label, "{0,0}") == NULL, "%s", run->out.label);
	check(close_to(run->mean[0], -0.6 * y[s.n - 1], 0.4, 0), "%g after %g", run->mean[0], y[s.n - 1]);
	free(run);
	done();
}

static void
test_laws(void)
{
	SfSeries	s = {.y = y, .n = 72, .seasons = 1, .season = {12}};
	SfSeries	long_one = {.y = y, .n = 5000, .seasons = 1, .season = {7}};
	SfRng		rng;
	Run		   *run;
	Errand		errand = {sf_tbats_forecast, &s, 12};

	sf_rng_seed(&rng, 6);
	group("scale and shift");
	for (int t = 0; t < s.n; t++)
		y[t] = 8 + 0.1 * t + 2 * sin(2 * PI * t / 12) + normal(&rng);
	check_scale(sf_tbats_forecast, s, 20);
	for (int t = 0; t < s.n; t++)
		y[t] -= 22;
	check_shift(sf_tbats_forecast, s, 20, -100, 0.3);
	done();

	group("refused memory and cancelled polls are clean failures");
	s.n = 40;
	refuse_each(run_errand, &errand);
	cancel_each(run_errand, &errand, 29);
	done();

	group("odd series");
	check_hostile(sf_tbats_forecast, false);
	done();

	group("a long series is fitted to its end");
	for (int t = 0; t < 5000; t++)
		y[t] = normal(&rng) + 10 * sin(2 * PI * t / 7);
	run = run_method(sf_tbats_forecast, &long_one, 30);
	check(is_sound(run, &long_one) && note(run, "periods fitted") == 4000, "long: %s", run->out.label);
	check(isnan(run->fitted[999]) && isfinite(run->fitted[1000]), "fitted from there on");
	free(run);
	done();
}

int
main(void)
{
	test_perfect();
	test_golden();
	test_variance();
	test_seasons();
	test_laws();
	return finish();
}
