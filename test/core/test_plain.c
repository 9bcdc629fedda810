/* Tests of core/forecast/plain.c and simple.c: the simple methods, and how wrong forecasts were in the past. */
#include "plain_laws.h"

#include "core/forecast/plain.h"
#include "core/forecast/simple.h"
#include "plain_golden.h"

#define MOST 60

static const SfMethodFunction methods[] = {sf_mean_forecast, sf_naive_forecast, sf_seasonal_naive_forecast, sf_drift_forecast};
static const char *const labels[] = {"mean", "naive", "seasonal naive", "drift"};

static void
test_means(void)
{
	static const double hand[] = {2, 4, 9};
	static const double wanted[][3] = {{5, 5, 5}, {9, 9, 9}, {4, 9, 4}, {12.5, 16, 19.5}};
	SfSeries	s = {.y = hand, .n = 3, .seasons = 1, .season = {2}};

	group("a case by hand: 2, 4, 9");
	for (int i = 0; i < 4; i++)
	{
		Run		   *run = run_method(methods[i], &s, 3);

		for (int k = 0; k < 3; k++)
			check(close_to(run->mean[k], wanted[i][k], 0, 1e-15), "%s, step %d: %g", labels[i], k + 1, run->mean[k]);
		check(strcmp(run->out.label, labels[i]) == 0, "label %s", run->out.label);
		free(run);
	}
	done();

	group("mean, naive, seasonal naive and drift of R");
	for (int i = 0; i < LENGTH(plain_golden); i++)
	{
		const double *const mean[] = {plain_golden[i].mean, plain_golden[i].naive, plain_golden[i].seasonal, plain_golden[i].drift};

		s = (SfSeries) {.y = plain_golden[i].y, .n = plain_golden[i].n, .seasons = plain_golden[i].season > 1, .season = {plain_golden[i].season}};
		for (int j = 0; j < 4; j++)
		{
			Run		   *run = run_method(methods[j], &s, 8);

			for (int k = 0; k < 8; k++)
				check(close_to(run->mean[k], mean[j][k], 0, 1e-13), "series %d, %s, step %d: %.15g, wanted %.15g", i, labels[j], k + 1, run->mean[k], mean[j][k]);
			free(run);
		}
	}
	done();

	group("the seasonal naive is the naive one below one season, and rounds a fraction");
	for (int n = 1; n < 6; n++)
	{
		Run		   *run;

		s = (SfSeries) {.y = plain_golden[0].y, .n = n, .seasons = 1, .season = {6}};
		run = run_method(sf_seasonal_naive_forecast, &s, 9);
		for (int k = 0; k < 9; k++)
			check(run->mean[k] == plain_golden[0].y[n - 1], "n %d, step %d: %g", n, k + 1, run->mean[k]);
		free(run);
	}
	{
		Run		   *run = run_method(sf_seasonal_naive_forecast, &(SfSeries) {.y = plain_golden[0].y, .n = 50, .seasons = 1, .season = {11.8}}, 24);

		for (int k = 0; k < 24; k++)
			check(run->mean[k] == plain_golden[0].y[38 + k % 12], "step %d: %g", k + 1, run->mean[k]);
		free(run);
	}
	done();
}

/* The naive or drift forecast of y[known + step - 1] from the first `known` values. */
static double
forecast_of(int which, const double *y, int known, int step)
{
	double		slope = which == 1 && known > 1 ? (y[known - 1] - y[0]) / (known - 1) : 0;

	return y[known - 1] + slope * step;
}

/* The widths of plain.h, found the slow way: isotonic regression as the largest of the least means. */
static void
slow_variance(int which, const double *y, int n, int horizon, double *variance)
{
	double		square[AHEAD_MAX] = {0};
	double		count[AHEAD_MAX] = {0};
	int			first = n / 3 > 4 ? n / 3 : 4;
	int			seen = 0;
	double		last = 0;

	first = first < n ? first : n - 1;
	for (int known = first; known < n; known++)
		for (int step = 1; step <= horizon && known + step <= n; step++)
		{
			double		e = y[known + step - 1] - forecast_of(which, y, known, step);

			square[step - 1] += e * e;
			count[step - 1]++;
		}
	while (seen < horizon && count[seen] > 0)
		seen++;
	for (int k = 0; k < horizon; k++)
	{
		double		best = 0;
		for (int a = 0; a <= k && k < seen; a++)
		{
			double		least = INFINITY;

			for (int b = k; b < seen; b++)
			{
				double		top = 0;
				double		bottom = 0;

				for (int i = a; i <= b; i++)
				{
					top += square[i];
					bottom += count[i];
				}
				least = fmin(least, top / bottom);
			}
			best = fmax(best, least);
		}
		if (k < seen)
			last = best;
		else
			best = last * (k + 1) / seen;
		variance[k] = best;
	}
	last = variance[0];
	for (int k = 0; k < horizon; k++)
	{
		double		growth = last > 0 ? fmin(variance[k] / last, k + 1) : 1;
		double		factor = 1 + fmin(4, 28 / pow(n - first, 1.25)) + 3 * growth / n;

		variance[k] *= factor * factor;
	}
}

static void
test_spread(void)
{
	double		y[MOST];
	double		variance[AHEAD_MAX];
	SfRng		rng;

	sf_rng_seed(&rng, 61);
	group("variances are those of all earlier days, by isotonic regression");
	for (int n = 2; n <= MOST; n++)
		for (int which = 0; which <= 1; which++)
			for (int horizon = 1; horizon <= 100; horizon = 3 * horizon + n % 2)
			{
				Run		   *run;

				walk(&rng, n, y);
				run = run_method(which ? sf_drift_forecast : sf_naive_forecast, &(SfSeries) {.y = y, .n = n}, horizon);
				slow_variance(which, y, n, horizon, variance);
				for (int k = 0; k < horizon; k++)
					check(close_to(run->variance[k], variance[k], 0, 1e-10), "n %d, %s, step %d: %.12g, wanted %.12g", n, which ? "drift" : "naive", k + 1, run->variance[k],
						  variance[k]);
				for (int t = 1; t < n; t++)
					check(close_to(run->fitted[t], forecast_of(which, y, t, 1), 0, 1e-14), "fitted %d", t);
				free(run);
			}
	done();

	group("errors that grow with the square of the step, of a trend that is missed, are widened as those of a random walk");
	for (int t = 0; t < 36; t++)
		y[t] = 100 + 5 * t;
	{
		Run		   *run = run_method(sf_naive_forecast, &(SfSeries) {.y = y, .n = 36}, 24);

		for (int k = 0; k < 24; k++)
			check(sqrt(run->variance[k]) >= 5 * (k + 1) && sqrt(run->variance[k]) < 5 * (k + 1) * 3.6, "step %d: deviation %g", k + 1, sqrt(run->variance[k]));
		free(run);
	}
	done();

	group("one value: as wide as the value, and wider");
	for (int i = 0; i < 4; i++)
	{
		Run		   *run = run_method(methods[i], &(SfSeries) {.y = (double[]) {-50}, .n = 1}, 4);

		for (int k = 0; k < 4; k++)
			check(close_to(run->variance[k], 2500 * (k + 1), 0, 1e-12) && run->mean[k] == -50, "%s, step %d: variance %g", labels[i], k + 1, run->variance[k]);
		free(run);
	}
	done();

	group("of noise the mean, of a random walk the naive forecast: nominal coverage of 80 % in the past is kept in the future");
	for (int kind = 0; kind < 2; kind++)
	{
		int			inside = 0;
		int			all = 0;

		for (int turn = 0; turn < 300; turn++)
		{
			double		future[MOST + 6];
			double		level = 0;
			Run		   *run;

			for (int t = 0; t < MOST + 6; t++)
			{
				double		noise = sf_rng_uniform(&rng) + sf_rng_uniform(&rng) + sf_rng_uniform(&rng) - 1.5;

				level += noise;
				future[t] = kind ? level : noise;
			}
			run = run_method(kind ? sf_naive_forecast : sf_mean_forecast, &(SfSeries) {.y = future, .n = MOST}, 6);
			for (int k = 0; k < 6; k++, all++)
				inside += fabs(future[MOST + k] - run->mean[k]) <= 1.2815515655446004 * sqrt(run->variance[k]);
			free(run);
		}
		check(inside > 0.75 * all && inside < 0.97 * all, "kind %d: %d of %d", kind, inside, all);
	}
	done();
}

static void
test_laws(void)
{
	double		y[MOST + 24];
	SfSeries	s = {.y = y, .n = MOST};
	SfRng		rng;

	sf_rng_seed(&rng, 62);
	walk(&rng, MOST, y);
	group("scaled by a power of two, shifted by a constant; the horizon does not show");
	for (int i = 0; i < 4; i++)
	{
		check_scale(methods[i], s, 9);
		check_shift(methods[i], s, 9, 4096, 1e-9);
		check_horizon(methods[i], &s);
		check_scale(methods[i], (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {7}}, 9);
	}
	done();

	group("a straight line is continued by drift, a season by the seasonal naive, with no spread");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = 7 - 2.5 * t;
	{
		Run		   *run = run_method(sf_drift_forecast, &s, 24);

		check(worst_error(run, y + MOST, 24) < 1e-10 && run->variance[23] < 1e-20, "line: %g", worst_error(run, y + MOST, 24));
		free(run);
	}
	for (int t = 0; t < MOST + 24; t++)
		y[t] = exp(t % 7);
	s = (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {7}};
	{
		Run		   *run = run_method(sf_seasonal_naive_forecast, &s, 24);

		check(worst_error(run, y + MOST, 24) == 0 && run->variance[23] == 0, "season: %g", worst_error(run, y + MOST, 24));
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

	test_means();
	test_spread();
	test_laws();
	group("any series");
	for (int i = 0; i < 4; i++)
		check_plain(methods[i]);
	done();
	sf_rng_seed(&rng, 63);
	walk(&rng, MOST, y);
	group("each refused allocation and each cancelled poll is a clean failure");
	for (int i = 0; i < 4; i++)
	{
		refuse_each(run_errand, &(Errand) {methods[i], &s, 20});
		cancel_each(run_errand, &(Errand) {methods[i], &s, 20}, 1);
	}
	done();
	return finish();
}
