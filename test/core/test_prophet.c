/* Tests of core/forecast/prophet.c: a trend of straight pieces plus waves plus drivers. */
#include "method_laws.h"

#include "core/forecast/prophet.h"

#define N 240
#define H 48

static double y[5000 + AHEAD_MAX];
static double x[(5000 + AHEAD_MAX) * 3];

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
	run = run_method(sf_prophet_forecast, &plain, H);
	check(worst_error(run, y + N, H) < 0.02, "off by %g", worst_error(run, y + N, H));
	check(strncmp(run->out.label, "PROPHET(0 changepoints", 22) == 0, "%s", run->out.label);
	free(run);
	done();

	group("a line with a season of any shape goes on");
	for (int t = 0; t < N + H; t++)
		y[t] = 0.5 * t - 100 + (double[]){3, 9, -4, 0, 12, 7, -9, -1, 2, 5, -15, -9}[t % 12];
	run = run_method(sf_prophet_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.1, "off by %g", worst_error(run, y + N, H));
	for (int t = 0; t < N; t++)
		check(fabs(run->fitted[t] - y[t]) < 0.1, "fitted %d", t);
	free(run);

	for (int t = 0; t < N; t++)
		if (t % 5 == 1 || (t > 100 && t < 130))
			y[t] = NAN;
	run = run_method(sf_prophet_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.1, "with gaps: off by %g", worst_error(run, y + N, H));
	check(isfinite(run->fitted[110]), "gaps are fitted");
	free(run);
	done();

	group("growth by a rate with seasonal factors is found by logarithms");
	for (int t = 0; t < N + H; t++)
		y[t] = 40 * exp(0.01 * t + 0.3 * sin(2 * PI * t / 12) + 0.1 * cos(2 * PI * t / 4));
	run = run_method(sf_prophet_forecast, &s, H);
	for (int i = 0; i < H; i++)
		check(close_to(run->mean[i], y[N + i], 0, 0.005), "step %d: %g, not %g", i + 1, run->mean[i], y[N + i]);
	check(strstr(run->out.label, "log") != NULL, "%s", run->out.label);
	free(run);
	done();
}

static void
test_parts(void)
{
	SfSeries	s = {.y = y, .n = 480, .seasons = 2, .season = {24, 168}};
	SfRng		rng;
	Run		   *run;
	double		worst;

	sf_rng_seed(&rng, 5);
	group("a bend in the trend is found");
	for (int t = 0; t < 480 + H; t++)
		y[t] = (t < 200 ? 0.2 * t : 40 - 0.4 * (t - 200)) + 0.3 * normal(&rng);
	s.seasons = 0;
	run = run_method(sf_prophet_forecast, &s, H);
	check(worst_error(run, y + 480, H) < 3, "off by %g", worst_error(run, y + 480, H));
	check(close_to(note(run, "change of slope"), -0.6, 0, 0.1), "slope changed by %g", note(run, "change of slope"));
	free(run);
	done();

	group("two seasons are taken apart");
	s.n = 168 * 6;
	s.seasons = 2;
	for (int t = 0; t < s.n + 168; t++)
		y[t] = 10 * sin(2 * PI * t / 24) + 4 * cos(2 * PI * 3 * t / 24) + 6 * sin(2 * PI * t / 168 + 1) + 0.5 * normal(&rng);
	run = run_method(sf_prophet_forecast, &s, 168);
	worst = worst_error(run, y + s.n, 168);
	check(worst < 2.5, "off by %g", worst);
	check(close_to(run->variance[0], 0.25, 0, 0.3), "variance %g", run->variance[0]);
	free(run);
	done();

	group("drivers: their effect goes on, and scale and constant ones do not matter");
	s.n = N;
	s.seasons = 1;
	s.season[0] = 7;
	s.drivers = x;
	s.driver_count = 3;
	for (int t = 0; t < N + H; t++)
	{
		x[3 * t] = 1e6 * normal(&rng);
		x[3 * t + 1] = sf_rng_uniform(&rng) < 0.1;
		x[3 * t + 2] = 4;
		y[t] = 5e-6 * x[3 * t] - 20 * x[3 * t + 1] + 3 * sin(2 * PI * t / 7) - 50 + 0.1 * normal(&rng);
	}
	run = run_method(sf_prophet_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.8, "off by %g", worst_error(run, y + N, H));
	check(note(run, "drivers") == 2, "%g drivers", note(run, "drivers"));
	free(run);
	for (int t = 0; t < N + H; t++)
		x[3 * t + 2] = x[3 * t];
	run = run_method(sf_prophet_forecast, &s, H);
	check(worst_error(run, y + N, H) < 0.8, "twice the same: off by %g", worst_error(run, y + N, H));
	free(run);
	done();
}

static void
test_laws(void)
{
	SfSeries	s = {.y = y, .n = 150, .seasons = 1, .season = {12}};
	SfSeries	long_one = {.y = y, .n = 5000, .seasons = 2, .season = {7, 365.25}};
	SfRng		rng;
	Run		   *run;
	Errand		errand = {sf_prophet_forecast, &s, 12};

	sf_rng_seed(&rng, 6);
	group("scale and shift");
	for (int t = 0; t < 150; t++)
		y[t] = 8 + 0.1 * t + sin(2 * PI * t / 12) + normal(&rng);
	check_scale(sf_prophet_forecast, s, 20);
	for (int t = 0; t < 150; t++)
		y[t] -= 12;
	check_shift(sf_prophet_forecast, s, 20, -1000, 1e-6);
	done();

	group("the variance grows, and faster far ahead");
	run = run_method(sf_prophet_forecast, &s, 300);
	for (int i = 12; i < 300; i++)
		check(run->variance[i] > run->variance[i - 12], "step %d", i + 1);
	free(run);
	done();

	group("what was fitted is not free: intervals hold what they should, in short series too");
	for (int i = 0; i < 4; i++)
	{
		int			n = (int[]){4, 10, 24, 48}[i];
		double		held = coverage(sf_prophet_forecast, n, n >= 24, 200);

		check(held > (double[]){0.75, 0.87, 0.9, 0.92}[i] && held < 0.98, "n %d: %.3f of 95 %%", n, held);
	}
	done();

	group("refused memory and cancelled polls are clean failures");
	refuse_each(run_errand, &errand);
	cancel_each(run_errand, &errand, 1);
	done();

	group("odd series");
	check_hostile(sf_prophet_forecast, true);
	for (int t = 0; t < 5000; t++)
		y[t] = normal(&rng) + 10 * sin(2 * PI * t / 365.25);
	run = run_method(sf_prophet_forecast, &long_one, 365);
	check(is_sound(run, &long_one), "long");
	free(run);
	for (int t = 0; t < 150; t++)
		y[t] = NAN;
	run = run_method(sf_prophet_forecast, &s, 3);
	check(is_sound(run, &s), "nothing observed");
	free(run);
	done();
}

int
main(void)
{
	test_perfect();
	test_parts();
	test_laws();
	return finish();
}
