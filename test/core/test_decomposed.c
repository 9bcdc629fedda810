/* Tests of core/forecast/decomposed.c: seasons by STL, the rest by another method. */
#include "plain_laws.h"

#include "core/forecast/decomposed.h"
#include "core/forecast/simple.h"
#include "core/forecast/smooth.h"
#include "core/forecast/stl.h"
#include "core/forecast/theta.h"

#define MOST 120

static SfStatus
with_naive(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return sf_decomposed_forecast(arena, s, sf_naive_forecast, out);
}

static SfStatus
with_holt(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return sf_decomposed_forecast(arena, s, sf_holt_forecast, out);
}

static SfStatus
with_theta(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return sf_decomposed_forecast(arena, s, sf_theta_forecast, out);
}

/* What a method is given after the seasons are taken off. */
static SfStatus
watched(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	check(s->seasons == 0, "the rest has %d seasons", s->seasons);
	return sf_naive_forecast(arena, s, out);
}

static SfStatus
with_watched(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return sf_decomposed_forecast(arena, s, watched, out);
}

static void
test_parts(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfDecomposeOptions options = {.robust = false};
	SfDecomposition d;
	SfArena		arena;
	Host		host;
	Run		   *run;
	Run		   *rest;
	double		plain[MOST];
	double		season[20];
	SfRng		rng;

	sf_rng_seed(&rng, 101);
	walk(&rng, MOST, y);
	for (int t = 0; t < MOST; t++)
		y[t] += 20 * sin(t * 0.5236) + (t % 4 == 1 ? 9 : 0);
	group("the forecast is that of the rest and the last cycle of each season");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_decompose(&arena, &s, &options, &d) == SF_OK && d.seasons == 2 && d.fitted[0] && d.fitted[1], "decompose");
	for (int t = 0; t < MOST; t++)
		plain[t] = y[t] - d.season[0][t] - d.season[1][t];
	rest = run_method(sf_theta_forecast, &(SfSeries) {.y = plain, .n = MOST}, 20);
	run = run_method(with_theta, &s, 20);
	for (int k = 0; k < 2; k++)
	{
		sf_season_continue(&d, k, 20, season);
		for (int i = 0; i < 20; i++)
			rest->mean[i] += season[i];
	}
	for (int i = 0; i < 20; i++)
		check(close_to(run->mean[i], rest->mean[i], 0, 1e-13) && same_bits(run->variance[i], rest->variance[i]), "step %d: %g, wanted %g", i + 1, run->mean[i], rest->mean[i]);
	check(isnan(run->fitted[0]), "the first value has a forecast");
	for (int t = 1; t < MOST; t++)
		check(close_to(run->fitted[t], rest->fitted[t] + d.season[0][t] + d.season[1][t], 0, 1e-13), "fitted %d", t);
	check(strcmp(run->out.label, "MSTL + Theta") == 0 && close_to(note(run, "season length"), 4, 0, 0), "label %s", run->out.label);
	free(run);
	free(rest);
	host_free(&host);
	run = run_method(with_watched, &s, 3);
	free(run);
	done();

	group("without a season, or with fewer than two cycles of it, the method alone");
	for (int kind = 0; kind < 2; kind++)
	{
		SfSeries	p = {.y = y, .n = 20, .seasons = kind, .season = {12}};

		run = run_method(with_holt, &p, 5);
		rest = run_method(sf_holt_forecast, &(SfSeries) {.y = y, .n = 20}, 5);
		check(strcmp(run->out.label, "Holt") == 0, "label %s", run->out.label);
		for (int i = 0; i < 5; i++)
			check(same_bits(run->mean[i], rest->mean[i]), "step %d: %g", i + 1, run->mean[i]);
		free(run);
		free(rest);
	}
	done();
}

static void
test_laws(void)
{
	double		y[MOST + 24];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 1, .season = {12}};
	Run		   *run;
	SfRng		rng;

	sf_rng_seed(&rng, 102);
	group("a season around a constant or a line is continued");
	for (int slope = 0; slope <= 1; slope++)
	{
		for (int t = 0; t < MOST + 24; t++)
			y[t] = 20 + 1.5 * slope * t + (t % 12 == 11 ? 11 : -1);
		run = run_method(slope ? with_holt : with_naive, &s, 24);
		/* at the ends STL takes a bit of the line for season: its figures are local means */
		check(worst_error(run, y + MOST, 24) < (slope ? 1 : 1e-6), "slope %d: %g", slope, worst_error(run, y + MOST, 24));
		check(strncmp(run->out.label, "STL + ", 6) == 0, "label %s", run->out.label);
		free(run);
	}
	done();

	group("scaled by a power of two, shifted by a constant");
	walk(&rng, MOST, y);
	check_scale(with_naive, s, 15);
	check_scale(with_theta, s, 15);
	check_shift(with_theta, s, 15, 512, 1e-6);
	done();
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfRng		rng;

	test_parts();
	test_laws();
	group("any series");
	check_plain(with_naive);
	check_plain(with_theta);
	done();
	sf_rng_seed(&rng, 103);
	walk(&rng, MOST, y);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(run_errand, &(Errand) {with_theta, &s, 20});
	cancel_each(run_errand, &(Errand) {with_theta, &s, 20}, 1);
	done();
	return finish();
}
