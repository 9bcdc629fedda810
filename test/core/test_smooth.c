/* Tests of core/forecast/smooth.c: simple, linear-trend and damped-trend exponential smoothing. */
#include "plain_laws.h"

#include "core/forecast/smooth.h"
#include "smooth_golden.h"

#define MOST 60

static const SfTrendKind kinds[] = {SF_TREND_NONE, SF_TREND_LINEAR, SF_TREND_DAMPED};
static const SfMethodFunction methods[] = {sf_ses_forecast, sf_holt_forecast, sf_damped_forecast};

/* The squared errors of the textbook recursion. */
static double
naive_sse(const SfTrendModel *m, const double *y, int n, double level, double trend)
{
	double		sse = 0;

	for (int t = 0; t < n; t++)
	{
		double		forecast = level + m->phi * trend;
		double		next = m->alpha * y[t] + (1 - m->alpha) * forecast;

		sse += (y[t] - forecast) * (y[t] - forecast);
		/* beta is the share of the trend that is new */
		trend = m->beta * (next - level) + (1 - m->beta) * m->phi * trend;
		level = next;
	}
	return sse;
}

static void
test_path(void)
{
	static const double y[] = {10, 12, 11};
	SfTrendModel m = {.kind = SF_TREND_DAMPED, .alpha = 0.5, .beta = 0.4, .phi = 0.8, .level0 = 8, .trend0 = 1};
	double		level[MOST];
	double		trend[MOST];
	double		fitted[MOST];
	double		mean[3];

	group("a case by hand");
	sf_trend_path(&m, y, 3, level, trend, fitted);
	/* forecast 8.8, error 1.2: level 9.4, trend 0.8 + 0.2 * 1.2 */
	check(close_to(fitted[0], 8.8, 0, 1e-14) && close_to(level[0], 9.4, 0, 1e-14) && close_to(trend[0], 1.04, 0, 1e-14), "%g, %g, %g", fitted[0], level[0], trend[0]);
	/* forecast 10.232, error 1.768: level 11.116, trend 0.832 + 0.3536 */
	check(close_to(fitted[1], 10.232, 0, 1e-14) && close_to(level[1], 11.116, 0, 1e-14) && close_to(trend[1], 1.1856, 0, 1e-14), "%g, %g, %g", fitted[1], level[1], trend[1]);
	sf_trend_project(&m, 10, 1, 3, mean);
	check(close_to(mean[0], 10.8, 0, 1e-14) && close_to(mean[1], 11.44, 0, 1e-14) && close_to(mean[2], 11.952, 0, 1e-14), "%g, %g, %g", mean[0], mean[1], mean[2]);
	done();

	group("SES and Holt of R with given constants");
	for (int i = 0; i < LENGTH(smooth_golden); i++)
	{
		const double *v = smooth_golden[i].y;
		int			n = smooth_golden[i].n;

		m = (SfTrendModel) {.kind = SF_TREND_NONE, .alpha = 0.3, .phi = 1, .level0 = v[0]};
		sf_trend_path(&m, v, n, level, trend, NULL);
		check(close_to(level[n - 1], smooth_golden[i].level, 0, 1e-12), "series %d: level %.15g", i, level[n - 1]);
		check(close_to(naive_sse(&m, v, n, v[0], 0), smooth_golden[i].ses_sse, 0, 1e-11), "series %d: errors of SES", i);
		m = (SfTrendModel) {.kind = SF_TREND_LINEAR, .alpha = 0.4, .beta = 0.2, .phi = 1, .level0 = v[1], .trend0 = v[1] - v[0]};
		sf_trend_path(&m, v + 2, n - 2, level, trend, NULL);
		check(close_to(level[n - 3], smooth_golden[i].holt[0], 0, 1e-12) && close_to(trend[n - 3], smooth_golden[i].holt[1], 1e-12, 1e-10), "series %d: %.15g, %.15g", i,
			  level[n - 3], trend[n - 3]);
		check(close_to(naive_sse(&m, v + 2, n - 2, v[1], v[1] - v[0]), smooth_golden[i].holt_sse, 0, 1e-11), "series %d: errors of Holt", i);
	}
	done();
}

static void
test_fit(void)
{
	double		y[MOST];
	double		level[MOST];
	double		trend[MOST];
	double		fitted[MOST];
	SfRng		rng;

	sf_rng_seed(&rng, 31);
	group("the errors told are those of the path, and no other start has smaller ones");
	for (int turn = 0; turn < 30; turn++)
		for (int k = 0; k < 3; k++)
		{
			int			n = 5 + turn;
			double		sse = 0;
			SfTrendModel m;

			walk(&rng, n, y);
			sf_trend_fit(y, n, kinds[k], &m);
			sf_trend_path(&m, y, n, level, trend, fitted);
			for (int t = 0; t < n; t++)
				sse += (y[t] - fitted[t]) * (y[t] - fitted[t]);
			check(close_to(m.sse, sse, 1e-8, 1e-8), "n %d, kind %d: %.12g told, %.12g made", n, k, m.sse, sse);
			check(close_to(naive_sse(&m, y, n, m.level0, m.trend0), sse, 1e-8, 1e-8), "n %d, kind %d: the textbook has other errors", n, k);
			for (int side = -1; side <= 1; side += 2)
			{
				check(naive_sse(&m, y, n, m.level0 + 0.01 * side, m.trend0) >= sse * (1 - 1e-9), "n %d, kind %d: another level", n, k);
				check(k == 0 || naive_sse(&m, y, n, m.level0, m.trend0 + 0.01 * side) >= sse * (1 - 1e-9), "n %d, kind %d: another trend", n, k);
			}
			check(m.alpha > 0 && m.alpha < 1 && m.beta >= 0 && m.beta <= 1 && (k == 2 ? m.phi >= 0.8 && m.phi <= 0.98 : m.phi == 1), "n %d, kind %d: %g, %g, %g", n, k,
				  m.alpha, m.beta, m.phi);
		}
	done();

	group("about the least squares that ets() of R finds");
	for (int i = 0; i < LENGTH(smooth_golden); i++)
		for (int k = 0; k < 3; k++)
		{
			SfTrendModel m;

			sf_trend_fit(smooth_golden[i].y, smooth_golden[i].n, kinds[k], &m);
			/* a grid of three rounds; a trend that turns as fast as that of the second series it does not reach */
			check(m.sse <= smooth_golden[i].least[k] * (i == 1 ? 1.12 : 1.03), "series %d, kind %d: %.9g, R %.9g", i, k, m.sse, smooth_golden[i].least[k]);
		}
	done();
}

static void
test_laws(void)
{
	double		y[MOST + 24];
	double		season[MOST];
	SfSeries	s = {.y = y, .n = MOST};
	SfRng		rng;

	sf_rng_seed(&rng, 32);
	walk(&rng, MOST, y);
	group("scaled by a power of two, shifted by a constant");
	for (int k = 0; k < 3; k++)
	{
		check_scale(methods[k], s, 8);
		check_shift(methods[k], s, 8, 1000, 1e-6);
		for (int t = 0; t < MOST; t++)
			season[t] = y[t] - 90 + 10 * sin(t * 0.5236);
		check_scale(methods[k], (SfSeries) {.y = season, .n = MOST, .seasons = 1, .season = {12}}, 8);
	}
	done();

	group("a straight line is continued by Holt, a constant by all three");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = 30 - 1.25 * t;
	{
		Run		   *run = run_method(sf_holt_forecast, &s, 24);

		check(worst_error(run, y + MOST, 24) < 1e-7, "line: %g", worst_error(run, y + MOST, 24));
		check(strcmp(run->out.label, "Holt") == 0 && run->out.converged && close_to(note(run, "phi"), 1, 0, 0), "label %s", run->out.label);
		check(isnan(run->fitted[0]) && close_to(run->fitted[30], y[30], 1e-7, 0), "fitted");
		free(run);
	}
	for (int k = 0; k < 3; k++)
		for (int n = 1; n <= MOST; n += 1 + n / 3)
		{
			Run		   *run;

			for (int t = 0; t < n; t++)
				y[t] = 0.1;
			s.n = n;
			run = run_method(methods[k], &s, 3);
			check(close_to(run->mean[0], 0.1, 0, 1e-12) && close_to(run->mean[2], 0.1, 0, 1e-12), "n %d, kind %d: %.17g", n, k, run->mean[2]);
			free(run);
		}
	done();

	group("a season around a line is continued");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = (t % 4 == 0 ? 15 : -5) + 0.0 * t;
	s = (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {4}};
	for (int k = 0; k < 3; k++)
	{
		Run		   *run = run_method(methods[k], &s, 24);

		check(worst_error(run, y + MOST, 24) < 1e-6, "kind %d: %g", k, worst_error(run, y + MOST, 24));
		free(run);
	}
	done();

	group("a projection after some values knows none of the later ones");
	for (int k = 0; k < 3; k++)
	{
		SfTrendModel m;
		double		level[2][MOST];
		double		trend[2][MOST];

		walk(&rng, MOST, y);
		sf_trend_fit(y, MOST, kinds[k], &m);
		sf_trend_path(&m, y, MOST, level[0], trend[0], NULL);
		for (int t = 40; t < MOST; t++)
			y[t] += 1000;
		sf_trend_path(&m, y, MOST, level[1], trend[1], NULL);
		for (int t = 0; t < 40; t++)
			check(same_bits(level[0][t], level[1][t]) && same_bits(trend[0][t], trend[1][t]), "kind %d, period %d", k, t);
		check(!same_bits(level[0][40], level[1][40]), "kind %d", k);
	}
	done();
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfRng		rng;

	test_path();
	test_fit();
	test_laws();
	group("any series");
	for (int k = 0; k < 3; k++)
		check_plain(methods[k]);
	done();
	sf_rng_seed(&rng, 33);
	walk(&rng, MOST, y);
	group("each refused allocation and each cancelled poll is a clean failure");
	for (int k = 0; k < 3; k++)
	{
		refuse_each(run_errand, &(Errand) {methods[k], &s, 20});
		cancel_each(run_errand, &(Errand) {methods[k], &s, 20}, 1);
	}
	done();
	return finish();
}
