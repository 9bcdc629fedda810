/* Tests of core/forecast/theta.c: Theta, OTM and DOTM. */
#include "plain_laws.h"

#include "core/forecast/theta.h"
#include "theta_golden.h"

#define MOST 60

static const SfThetaKind kinds[] = {SF_THETA_STANDARD, SF_THETA_OPTIMISED, SF_THETA_DYNAMIC};
static const SfMethodFunction methods[] = {sf_theta_forecast, sf_otm_forecast, sf_dotm_forecast};

/* Intercept and slope of the straight line through the first n values, at times 1 .. n. */
static void
line(const double *y, int n, double *a, double *b)
{
	double		mean = 0;
	double		top = 0;
	double		bottom = 0;

	for (int t = 0; t < n; t++)
		mean += y[t] / n;
	for (int t = 0; t < n; t++)
	{
		top += (t - (n - 1) / 2.0) * (y[t] - mean);
		bottom += (t - (n - 1) / 2.0) * (t - (n - 1) / 2.0);
	}
	*b = n > 1 ? top / bottom : 0;
	*a = mean - *b * (n + 1) / 2;
}

/* mu_t of the paper, t from 1 on, given l_(t-1) and the line. */
static double
mu(const SfThetaModel *m, int t, double level, double a, double b)
{
	double		rest = 1 - m->alpha;

	return level + m->w * (pow(rest, t - 1) * a + (1 - pow(rest, t)) / m->alpha * b);
}

/* The recursion of the paper over y and, with its own forecasts in their place, on: mean[horizon]; the squared errors. */
static double
recursion(const SfThetaModel *m, const double *y, int n, int horizon, double *mean)
{
	double		longer[MOST + 50];
	double		level = m->level0;
	double		sse = 0;
	double		a;
	double		b;

	memcpy(longer, y, (size_t) n * sizeof(double));
	line(y, n, &a, &b);
	for (int t = 1; t <= n + horizon; t++)
	{
		double		forecast;

		if (m->kind == SF_THETA_DYNAMIC)
		{
			if (t == 1)
			{
				a = y[0];
				b = 0;
			}
			else
				line(longer, t - 1, &a, &b);
		}
		forecast = mu(m, t, level, a, b);
		if (t > n)
		{
			mean[t - n - 1] = forecast;
			longer[t - 1] = forecast;
		}
		else
			sse += (y[t - 1] - forecast) * (y[t - 1] - forecast);
		level = m->alpha * longer[t - 1] + (1 - m->alpha) * level;
	}
	return sse;
}

/* Fit and path of a series, ready to be projected. */
typedef struct Path
{
	SfThetaModel model;
	double		intercept[MOST];
	double		slope[MOST];
	double		level[MOST];
	double		fitted[MOST];
} Path;

static void
fit(const double *y, int n, SfThetaKind kind, Path *p)
{
	sf_theta_lines(y, n, p->intercept, p->slope);
	sf_theta_fit(y, n, p->intercept, p->slope, kind, &p->model);
	sf_theta_path(&p->model, y, n, p->intercept, p->slope, p->level, p->fitted);
}

static void
test_recursion(void)
{
	double		y[MOST];
	double		mean[30];
	double		wanted[30];
	SfRng		rng;

	sf_rng_seed(&rng, 41);
	group("a case by hand: 1, 3, 5 and alpha 1/2");
	{
		static const double v[] = {1, 3, 5};
		SfThetaModel m = {.kind = SF_THETA_STANDARD, .alpha = 0.5, .w = 0.5, .level0 = 2};
		double		a[3];
		double		b[3];
		double		level[3];
		double		fitted[3];

		sf_theta_lines(v, 3, a, b);
		check(a[0] == 1 && b[0] == 0 && close_to(a[2], -1, 0, 1e-14) && close_to(b[2], 2, 0, 1e-14), "line %g + %g t", a[2], b[2]);
		sf_theta_path(&m, v, 3, a, b, level, fitted);
		/* 2 + (-1 + 2) / 2, then 1.5 + (-1/2 + 3) / 2 */
		check(close_to(fitted[0], 2.5, 0, 1e-14) && close_to(fitted[1], 2.75, 0, 1e-14), "fitted %g, %g", fitted[0], fitted[1]);
		check(level[0] == 1.5 && level[1] == 2.25 && level[2] == 3.625, "levels %g, %g, %g", level[0], level[1], level[2]);
		sf_theta_project(&m, 3, level[2], a[2], b[2], 2, mean);
		/* 3.625 + (-1/8 + 2 * 15/8) / 2; the slope is half of that of the line */
		check(close_to(mean[0], 5.4375, 0, 1e-14) && close_to(mean[1], 6.4375, 0, 1e-14), "mean %g, %g", mean[0], mean[1]);
	}
	done();

	group("the lines are the least squares lines of each beginning");
	walk(&rng, MOST, y);
	{
		Path		p;

		sf_theta_lines(y, MOST, p.intercept, p.slope);
		for (int n = 1; n <= MOST; n++)
		{
			double		a;
			double		b;

			line(y, n, &a, &b);
			check(close_to(p.intercept[n - 1], a, 0, 1e-11) && close_to(p.slope[n - 1], b, 1e-11, 1e-11), "n %d: %g + %g t, wanted %g + %g t", n, p.intercept[n - 1],
				  p.slope[n - 1], a, b);
		}
	}
	done();

	group("path and projection are the recursion of the paper, written naively; the errors told are its errors");
	for (int turn = 0; turn < 40; turn++)
		for (int k = 0; k < 3; k++)
		{
			int			n = 1 + turn;
			double		sse;
			Path		p;

			walk(&rng, n, y);
			fit(y, n, kinds[k], &p);
			sse = recursion(&p.model, y, n, 30, wanted);
			sf_theta_project(&p.model, n, p.level[n - 1], p.intercept[n - 1], p.slope[n - 1], 30, mean);
			for (int i = 0; i < 30; i++)
				check(close_to(mean[i], wanted[i], 1e-9, 1e-10), "n %d, kind %d, step %d: %.15g, wanted %.15g", n, k, i + 1, mean[i], wanted[i]);
			check(close_to(p.model.sse, sse, 1e-7, 1e-7), "n %d, kind %d: %.12g told, %.12g made", n, k, p.model.sse, sse);
			check(p.model.w >= 0 && p.model.w <= 1 && p.model.alpha >= 0.02 && p.model.alpha <= 0.99 && (k > 0 || p.model.w == 0.5), "n %d, kind %d: w %g, alpha %g", n, k,
				  p.model.w, p.model.alpha);
		}
	done();
}

static void
test_golden(void)
{
	group("the recursion of R, and about the least squares that optim() finds");
	for (int i = 0; i < LENGTH(theta_golden); i++)
	{
		const double *y = theta_golden[i].y;
		int			n = theta_golden[i].n;
		SfThetaModel m = {.kind = SF_THETA_OPTIMISED, .alpha = 0.3, .w = 0.6, .level0 = 0.4 * y[0]};
		Path		p;

		check(close_to(recursion(&m, y, n, 0, NULL), theta_golden[i].sse, 0, 1e-10), "series %d", i);
		m.kind = SF_THETA_DYNAMIC;
		check(close_to(recursion(&m, y, n, 0, NULL), theta_golden[i].dynamic_sse, 0, 1e-10), "series %d, dynamic", i);
		for (int k = 0; k < 3; k++)
		{
			fit(y, n, kinds[k], &p);
			check(p.model.sse <= theta_golden[i].least[k] * 1.02, "series %d, kind %d: %.9g, R %.9g", i, k, p.model.sse, theta_golden[i].least[k]);
		}
	}
	done();

	group("close to thetaf() of R, which smooths without the line and adds its half after");
	for (int i = 0; i < LENGTH(theta_golden); i++)
	{
		double		spread = 0;
		double		mean[6];
		Path		p;
		int			n = theta_golden[i].n;

		for (int t = 1; t < n; t++)
			spread += fabs(theta_golden[i].y[t] - theta_golden[i].y[t - 1]) / (n - 1);
		fit(theta_golden[i].y, n, SF_THETA_STANDARD, &p);
		sf_theta_project(&p.model, n, p.level[n - 1], p.intercept[n - 1], p.slope[n - 1], 6, mean);
		for (int h = 0; h < 6; h++)
			check(close_to(mean[h], theta_golden[i].thetaf[h], 0.15 * spread, 0), "series %d, step %d: %g, thetaf %g", i, h + 1, mean[h], theta_golden[i].thetaf[h]);
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

	sf_rng_seed(&rng, 42);
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

	group("a straight line is continued by OTM and DOTM, with half its slope at most lost by Theta");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = 500 + 3 * t;
	for (int k = 0; k < 3; k++)
	{
		Run		   *run = run_method(methods[k], &s, 24);

		if (k > 0)
			check(worst_error(run, y + MOST, 24) < (k == 1 ? 1e-6 : 1), "kind %d: %g", k, worst_error(run, y + MOST, 24));
		else
			for (int h = 1; h < 24; h++)
				check(close_to(run->mean[h] - run->mean[h - 1], 1.5, 1e-6, 0), "step %d: %g", h + 1, run->mean[h] - run->mean[h - 1]);
		free(run);
	}
	done();

	group("a constant and a season are continued");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = t % 4 == 0 ? 15 : -5;
	for (int k = 0; k < 3; k++)
		for (int seasons = 0; seasons <= 1; seasons++)
		{
			Run		   *run;

			for (int t = 0; t < MOST + 24; t++)
				y[t] = seasons ? (t % 4 == 0 ? 15 : -5) : 0.1;
			s = (SfSeries) {.y = y, .n = MOST, .seasons = seasons, .season = {4}};
			run = run_method(methods[k], &s, 24);
			check(worst_error(run, y + MOST, 24) < 1e-6, "kind %d, seasons %d: %g", k, seasons, worst_error(run, y + MOST, 24));
			free(run);
		}
	done();

	group("a projection of DOTM after some values knows none of the later ones; the others know the line");
	for (int k = 1; k < 3; k++)
	{
		Path		one;
		Path		other;

		walk(&rng, MOST, y);
		fit(y, MOST, kinds[k], &one);
		for (int t = 40; t < MOST; t++)
			y[t] += 1000;
		other.model = one.model;
		sf_theta_lines(y, MOST, other.intercept, other.slope);
		sf_theta_path(&other.model, y, MOST, other.intercept, other.slope, other.level, other.fitted);
		for (int t = 0; t < 40; t++)
			check(same_bits(one.level[t], other.level[t]) && same_bits(one.intercept[t], other.intercept[t]) && same_bits(one.slope[t], other.slope[t])
				  && (k == 1 || same_bits(one.fitted[t], other.fitted[t])), "kind %d, period %d", k, t);
	}
	done();
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfRng		rng;

	test_recursion();
	test_golden();
	test_laws();
	group("any series");
	for (int k = 0; k < 3; k++)
		check_plain(methods[k]);
	done();
	sf_rng_seed(&rng, 43);
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
