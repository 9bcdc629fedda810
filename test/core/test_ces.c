/* Tests of core/forecast/ces.c: complex exponential smoothing. */
#include <complex.h>

#include "plain_laws.h"

#include "core/forecast/ces.h"

#define MOST 60

/* The squared errors of the model as its authors write it, in complex numbers: forecast and its partner from value and error. */
static double
complex_sse(const SfCesModel *m, const double *y, int n, double level, double other)
{
	double complex a = m->a0 + m->a1 * I;
	double complex state = level + other * I;
	double		sse = 0;

	for (int t = 0; t < n; t++)
	{
		double		e = y[t] - creal(state);

		state = a * (y[t] + e * I) + (1 + I - a) * state;
		sse += e * e;
	}
	return sse;
}

/* The larger modulus of the roots that old errors fade by. */
static double
memory(const SfCesModel *m)
{
	double		trace = 1 - (m->a0 - m->a1) + 1 - m->a0;
	double		det = (1 - (m->a0 - m->a1)) * (1 - m->a0) + (1 - m->a1) * (1 - (m->a0 + m->a1));
	double complex root = csqrt(trace * trace / 4 - det);

	return fmax(cabs(trace / 2 + root), cabs(trace / 2 - root));
}

static void
test_model(void)
{
	static const double y[] = {10, 12};
	SfCesModel	m = {.a0 = 1.25, .a1 = 0.75, .level0 = 8, .other0 = 4, .limit = 1e6};
	double		level[MOST];
	double		other[MOST];
	double		fitted[MOST];
	double		mean[3];
	double		series[MOST];
	SfRng		rng;

	group("a case by hand");
	sf_ces_path(&m, y, 2, level, other, fitted);
	/* error 2: 8 - 0.25 * 4 + 0.5 * 2 and 8 - 0.25 * 4 + 2 * 2 */
	check(fitted[0] == 8 && level[0] == 8 && other[0] == 11, "%g, %g, %g", fitted[0], level[0], other[0]);
	/* error 4: 8 - 0.25 * 11 + 2 and 8 - 0.25 * 11 + 8 */
	check(fitted[1] == 8 && level[1] == 7.25 && other[1] == 13.25, "%g, %g, %g", fitted[1], level[1], other[1]);
	sf_ces_project(&m, 8, 4, 3, mean);
	check(mean[0] == 8 && mean[1] == 7 && close_to(mean[2], 7 - 0.25 * 7, 0, 1e-15), "%g, %g, %g", mean[0], mean[1], mean[2]);
	done();

	sf_rng_seed(&rng, 51);
	group("the errors told are those of the path, no other start has smaller ones, old errors fade");
	for (int turn = 0; turn < 60; turn++)
	{
		int			n = 3 + turn % 55;
		double		sse = 0;

		walk(&rng, n, series);
		for (int t = 0; t < n && turn % 3 == 1; t++)
			series[t] = 50 * (sf_rng_uniform(&rng) - 0.5);
		for (int t = 0; t < n && turn % 3 == 2; t++)
			series[t] = turn % 2 ? t * t - 20.0 * t : turn % 4 == 0 ? (t % 2 ? 50 : -50) + sf_rng_uniform(&rng) : exp(0.1 * t) * (t % 3 ? 1 : -1);
		sf_ces_fit(series, n, &m);
		sf_ces_path(&m, series, n, level, other, fitted);
		for (int t = 0; t < n; t++)
			sse += (series[t] - fitted[t]) * (series[t] - fitted[t]);
		check(close_to(m.sse, sse, 1e-6, 1e-6), "turn %d: %.12g told, %.12g made", turn, m.sse, sse);
		check(close_to(complex_sse(&m, series, n, m.level0, m.other0), sse, 1e-6, 1e-6), "turn %d: the recursion has other errors", turn);
		for (int side = -1; side <= 1; side += 2)
			check(complex_sse(&m, series, n, m.level0 + 0.01 * side, m.other0) >= sse * (1 - 1e-7) - 1e-6
				  && complex_sse(&m, series, n, m.level0, m.other0 + 0.01 * side) >= sse * (1 - 1e-7) - 1e-6, "turn %d: another start", turn);
		check(memory(&m) < 1, "turn %d: a0 %g, a1 %g, modulus %g", turn, m.a0, m.a1, memory(&m));
	}
	done();

	group("a search is worth it: errors not above those of the first setting, and of simple smoothing");
	for (int turn = 0; turn < 30; turn++)
	{
		double		naive = 0;

		walk(&rng, MOST, series);
		sf_ces_fit(series, MOST, &m);
		for (int t = 1; t < MOST; t++)
			naive += (series[t] - series[t - 1]) * (series[t] - series[t - 1]);
		check(m.sse <= naive, "turn %d: %g, naive %g", turn, m.sse, naive);
	}
	done();
}

static void
test_laws(void)
{
	double		y[MOST + 24];
	double		level[2][MOST];
	double		other[2][MOST];
	SfSeries	s = {.y = y, .n = MOST};
	SfCesModel	m;
	SfRng		rng;

	sf_rng_seed(&rng, 52);
	walk(&rng, MOST, y);
	group("scaled by a power of two; the horizon does not show");
	check_scale(sf_ces_forecast, s, 8);
	check_scale(sf_ces_forecast, (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {12}}, 8);
	check_horizon(sf_ces_forecast, &s);
	done();

	group("a projection after some values knows none of the later ones");
	sf_ces_fit(y, MOST, &m);
	sf_ces_path(&m, y, MOST, level[0], other[0], NULL);
	for (int t = 40; t < MOST; t++)
		y[t] += 1000;
	sf_ces_path(&m, y, MOST, level[1], other[1], NULL);
	for (int t = 0; t < 40; t++)
		check(same_bits(level[0][t], level[1][t]) && same_bits(other[0][t], other[1][t]), "period %d", t);
	check(!same_bits(level[0][40], level[1][40]), "the value itself counts");
	done();

	group("a constant and a season around it are continued");
	for (int seasons = 0; seasons <= 1; seasons++)
	{
		Run		   *run;

		for (int t = 0; t < MOST + 24; t++)
			y[t] = 40 + (seasons ? (t % 4 == 0 ? 15 : -5) : 0);
		s = (SfSeries) {.y = y, .n = MOST, .seasons = seasons, .season = {4}};
		run = run_method(sf_ces_forecast, &s, 24);
		check(worst_error(run, y + MOST, 24) < 1e-5, "seasons %d: %g", seasons, worst_error(run, y + MOST, 24));
		check(strcmp(run->out.label, "CES") == 0 && isfinite(note(run, "a0")) && isfinite(note(run, "a1")), "label %s", run->out.label);
		free(run);
	}
	done();
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfRng		rng;

	test_model();
	test_laws();
	group("any series");
	check_plain(sf_ces_forecast);
	done();
	sf_rng_seed(&rng, 53);
	walk(&rng, MOST, y);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(run_errand, &(Errand) {sf_ces_forecast, &s, 20});
	cancel_each(run_errand, &(Errand) {sf_ces_forecast, &s, 20}, 1);
	done();
	return finish();
}
