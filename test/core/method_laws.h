/*
 * method_laws.h
 *		What holds for every forecasting method, as checks a test of one method runs.
 */
#ifndef SF_METHOD_LAWS_H
#define SF_METHOD_LAWS_H

#include "check.h"

#include "core/forecast/method.h"

#define AHEAD_MAX 400
#define PI 3.14159265358979323846

/* A forecast with room of its own. */
typedef struct Run
{
	SfStatus	status;
	SfForecast	out;
	double		mean[AHEAD_MAX];
	double		variance[AHEAD_MAX];
	double		fitted[5000];
} Run;

static SfStatus
run_under(SfCtx *ctx, SfMethodFunction method, const SfSeries *s, int horizon, Run *run)
{
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	memset(&run->out, 0, sizeof run->out);
	run->out.horizon = horizon;
	run->out.mean = run->mean;
	run->out.variance = run->variance;
	run->out.fitted = s->n <= LENGTH(run->fitted) ? run->fitted : NULL;
	return method(&arena, s, &run->out);
}

static Run *
run_method(SfMethodFunction method, const SfSeries *s, int horizon)
{
	Run		   *run = calloc(1, sizeof(Run));
	Host		host;

	host_init(&host);
	run->status = run_under(&host.ctx, method, s, horizon, run);
	check(run->status == SF_OK, "status %d: %s", run->status, host.ctx.what ? host.ctx.what : "");
	host_free(&host);
	return run;
}

UNUSED static double
note(const Run *run, const char *name)
{
	for (int i = 0; i < run->out.notes; i++)
		if (strcmp(run->out.note[i].name, name) == 0)
			return run->out.note[i].value;
	return NAN;
}

/* The largest error of the forecast of what y[n ...] turned out to be. */
UNUSED static double
worst_error(const Run *run, const double *actual, int horizon)
{
	double		worst = 0;

	for (int i = 0; i < horizon; i++)
		worst = fmax(worst, fabs(run->mean[i] - actual[i]));
	return worst;
}

/* Share of the 12 next values that mean +- 1.96 deviations hold: noise around a level, or a season of 12. */
UNUSED static double
coverage(SfMethodFunction method, int n, bool seasonal, int turns)
{
	SfRng		rng;
	double		y[256];
	SfSeries	s = {.y = y, .n = n, .seasons = seasonal, .season = {12}};
	int			held = 0;

	sf_rng_seed(&rng, 9);
	for (int turn = 0; turn < turns; turn++)
	{
		Run		   *run;

		for (int t = 0; t < n + 12; t++)
			y[t] = 100 + (seasonal ? 20 * sin(2 * PI * t / 12) : 0) + 5 * sf_rng_normal(&rng);
		run = run_method(method, &s, 12);
		for (int i = 0; i < 12; i++)
			held += fabs(y[n + i] - run->mean[i]) < 1.96 * sqrt(run->variance[i]);
		free(run);
	}
	return held / (12.0 * turns);
}

/* Numbers everywhere, and a label. */
static bool
is_sound(const Run *run, const SfSeries *s)
{
	bool		sound = run->status == SF_OK && strlen(run->out.label) > 0;

	for (int i = 0; i < run->out.horizon; i++)
		sound = sound && isfinite(run->mean[i]) && !isinf(run->variance[i]) && !(run->variance[i] < 0);
	for (int t = 0; t < s->n && run->out.fitted != NULL; t++)
		sound = sound && !isinf(run->fitted[t]);
	for (int i = 0; i < run->out.notes; i++)
		sound = sound && !isinf(run->out.note[i].value);
	return sound;
}

/* The same forecast, bit for bit, when the series is multiplied by 2^k. */
UNUSED static void
check_scale(SfMethodFunction method, SfSeries s, int horizon)
{
	static const int powers[] = {1, -3, 40, -300, 500};
	Run		   *one = run_method(method, &s, horizon);
	double	   *y = malloc((size_t) s.n * sizeof(double));

	for (int p = 0; p < LENGTH(powers); p++)
	{
		SfSeries	scaled = s;
		Run		   *other;

		for (int t = 0; t < s.n; t++)
			y[t] = ldexp(s.y[t], powers[p]);
		scaled.y = y;
		other = run_method(method, &scaled, horizon);
		check(strcmp(one->out.label, other->out.label) == 0, "2^%d: %s, not %s", powers[p], other->out.label, one->out.label);
		for (int i = 0; i < horizon; i++)
			check(same_bits(other->mean[i], ldexp(one->mean[i], powers[p])), "2^%d, step %d: %.17g, not %.17g", powers[p], i + 1,
				  other->mean[i], ldexp(one->mean[i], powers[p]));
		for (int i = 0; i < horizon && abs(powers[p]) < 300; i++)
			check(same_bits(other->variance[i], ldexp(one->variance[i], 2 * powers[p])), "2^%d, step %d: variance", powers[p], i + 1);
		free(other);
	}
	free(one);
	free(y);
}

/* The series moved by a constant: the forecast moves with it. */
UNUSED static void
check_shift(SfMethodFunction method, SfSeries s, int horizon, double shift, double tolerance)
{
	Run		   *one = run_method(method, &s, horizon);
	Run		   *other;
	double	   *y = malloc((size_t) s.n * sizeof(double));

	for (int t = 0; t < s.n; t++)
		y[t] = s.y[t] + shift;
	s.y = y;
	other = run_method(method, &s, horizon);
	for (int i = 0; i < horizon; i++)
		check(close_to(other->mean[i] - shift, one->mean[i], tolerance, 0), "step %d: %.9g, not %.9g", i + 1, other->mean[i] - shift, one->mean[i]);
	free(one);
	free(other);
	free(y);
}

/* One of many odd series of length n; gaps only where the method takes them. */
static void
odd_series(int kind, int n, bool gaps, SfRng *rng, double *y)
{
	for (int t = 0; t < n; t++)
		switch (kind)
		{
			case 0:
				y[t] = 0;
				break;
			case 1:
				y[t] = -7.25;
				break;
			case 2:
				y[t] = t == n / 2 ? 3 : 0;
				break;
			case 3:
				y[t] = t % 2 ? 1e300 : -1e300;
				break;
			case 4:
				y[t] = 1e-300 * (1 + t % 5);
				break;
			case 5:
				y[t] = t % 3 == 0 ? 1e300 : 1e-300;
				break;
			case 6:
				y[t] = random_magnitude(rng, -300, 300);
				break;
			case 7:
				y[t] = 1e9 + 1e-6 * sf_rng_uniform(rng);
				break;
			case 8:
				y[t] = exp(0.5 * (t < 1300 ? t : 1300));
				break;
			case 9:
				y[t] = t < n - 1 ? 5 : 1e12;
				break;
			case 10:
				y[t] = gaps && t % 3 != 0 ? NAN : sf_rng_uniform(rng) - 0.5;
				break;
			case 11:
				y[t] = gaps && t != n / 2 ? NAN : 4;
				break;
			case 12:
				y[t] = 1.7e308 * (t % 2 ? 1 : -1);
				break;
			case 13:
				y[t] = 5e-324 * (t % 4);
				break;
			default:
				y[t] = (double) sf_rng_below(rng, 3);
		}
}

/* Lengths from 1 on, seasons that fit and that do not, numbers of every size. */
UNUSED static void
check_hostile(SfMethodFunction method, bool gaps)
{
	static const int lengths[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 24, 25, 37, 60};
	static const double seasons[][3] = {{0}, {2}, {1.0001}, {7, 30.4, 365.25}, {12}, {4, 8, 16}, {2.5, 5.1}, {59.9}};
	SfRng		rng;
	double		y[60];

	sf_rng_seed(&rng, 31);
	for (int l = 0; l < LENGTH(lengths); l++)
		for (int kind = 0; kind < 15; kind++)
			for (int k = 0; k < LENGTH(seasons); k++)
			{
				SfSeries	s = {.y = y, .n = lengths[l]};
				Run		   *run;

				while (s.seasons < 3 && seasons[k][s.seasons] > 0)
				{
					s.season[s.seasons] = seasons[k][s.seasons];
					s.seasons++;
				}
				odd_series(kind, s.n, gaps, &rng, y);
				run = run_method(method, &s, 1 + kind);
				check(is_sound(run, &s), "kind %d, n %d, seasons %d: %s, %g", kind, s.n, k, run->out.label, run->mean[0]);
				free(run);
			}
}

/* What refuse_each and cancel_each run. */
typedef struct Errand
{
	SfMethodFunction method;
	const SfSeries *s;
	int			horizon;
} Errand;

UNUSED static SfStatus
run_errand(SfCtx *ctx, void *argument)
{
	Errand	   *errand = argument;
	Run		   *run = calloc(1, sizeof(Run));
	SfStatus	status = run_under(ctx, errand->method, errand->s, errand->horizon, run);

	free(run);
	return status;
}

#endif							/* SF_METHOD_LAWS_H */
