/* Tests of core/forecast/blend.c and auto.c: the median of five smoothing methods. */
#include "plain_laws.h"

#include "core/base/sort.h"
#include "core/forecast/auto.h"
#include "core/forecast/blend.h"
#include "core/forecast/intermittent.h"
#include "core/forecast/season.h"

#define MOST 60
#define AHEAD 18

/* A blend with room of its own. */
typedef struct Fitted
{
	SfBlend		blend;
	Host		host;
} Fitted;

static void
fit(const double *y, int n, Fitted *f)
{
	SfArena		arena;

	host_init(&f->host);
	sf_arena_init(&arena, &f->host.ctx);
	check(sf_blend_fit(&arena, y, n, &f->blend) == SF_OK, "fit");
}

static void
test_median(void)
{
	double		y[MOST];
	double		mean[AHEAD];
	double		member[SF_BLEND_MEMBERS * AHEAD];
	double		alone[AHEAD];
	SfRng		rng;

	sf_rng_seed(&rng, 71);
	group("the forecast is the median of the members, and they are the methods themselves");
	for (int n = 1; n <= MOST; n++)
	{
		Fitted		f;
		SfTrendModel trend;
		SfCesModel	ces;
		double		level[MOST];
		double		other[MOST];

		walk(&rng, n, y);
		fit(y, n, &f);
		sf_blend_project(&f.blend, n, AHEAD, mean, member);
		sf_trend_fit(y, n, SF_TREND_NONE, &trend);
		sf_trend_path(&trend, y, n, level, other, NULL);
		sf_trend_project(&trend, level[n - 1], other[n - 1], AHEAD, alone);
		if (n < SF_TREND_LEAST)
		{
			for (int k = 0; k < AHEAD; k++)
				check(same_bits(mean[k], alone[k]), "n %d, step %d: %g, SES %g", n, k + 1, mean[k], alone[k]);
			host_free(&f.host);
			continue;
		}
		for (int k = 0; k < AHEAD; k++)
		{
			double		five[SF_BLEND_MEMBERS];

			for (int i = 0; i < SF_BLEND_MEMBERS; i++)
				five[i] = member[i * AHEAD + k];
			check(same_bits(mean[k], sf_median(five, SF_BLEND_MEMBERS)), "n %d, step %d: %g", n, k + 1, mean[k]);
			check(same_bits(member[k], alone[k]), "n %d, step %d: SES", n, k + 1);
		}
		sf_ces_fit(y, n, &ces);
		sf_ces_path(&ces, y, n, level, other, NULL);
		sf_ces_project(&ces, level[n - 1], other[n - 1], AHEAD, alone);
		for (int k = 0; k < AHEAD; k++)
			check(same_bits(member[4 * AHEAD + k], alone[k]), "n %d, step %d: CES", n, k + 1);
		host_free(&f.host);
	}
	done();

	group("projected from an earlier day, with the same constants, no later value is used");
	for (int turn = 0; turn < 20; turn++)
	{
		int			known = SF_TREND_LEAST + 2 * turn;
		Fitted		one;
		Fitted		other;
		double		later[MOST];
		double		again[AHEAD];

		walk(&rng, MOST, y);
		memcpy(later, y, sizeof later);
		for (int t = known; t < MOST; t++)
			later[t] = 1e6 * sf_rng_uniform(&rng);
		fit(y, MOST, &one);
		fit(later, MOST, &other);
		sf_blend_project(&one.blend, known, AHEAD, mean, member);
		/* the constants of the one over the values of the other */
		for (int k = 0; k < 3; k++)
			sf_trend_path(&one.blend.trend[k], later, MOST, other.blend.trend_level[k], other.blend.trend_slope[k], NULL);
		sf_theta_path(&one.blend.dotm, later, MOST, other.blend.intercept, other.blend.slope, other.blend.dotm_level, NULL);
		sf_ces_path(&one.blend.ces, later, MOST, other.blend.ces_level, other.blend.ces_other, NULL);
		memcpy(other.blend.trend, one.blend.trend, sizeof one.blend.trend);
		other.blend.dotm = one.blend.dotm;
		other.blend.ces = one.blend.ces;
		sf_blend_project(&other.blend, known, AHEAD, again, member);
		for (int k = 0; k < AHEAD; k++)
			check(same_bits(mean[k], again[k]), "%d known, step %d: %g, %g", known, k + 1, mean[k], again[k]);
		host_free(&one.host);
		host_free(&other.host);
	}
	done();
}

/* Seasons out, blend, seasons back, after `known` values of a series whose whole is in seasons and blend. */
static void
seasonal(const SfSeasons *seasons, const SfBlend *blend, int known, int horizon, double *mean)
{
	double		member[SF_BLEND_MEMBERS * AHEAD];

	sf_blend_project(blend, known, horizon, mean, member);
	sf_seasons_apply(seasons, known, horizon, mean);
}

static void
test_share(void)
{
	double		y[MOST];
	double		adjusted[MOST];
	double		mean[AHEAD];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 1, .season = {12}};
	SfRng		rng;

	sf_rng_seed(&rng, 74);
	group("the seasonal naive is mixed in as far as it was good");
	for (int turn = 0; turn < 10; turn++)
	{
		SfSeasons	seasons;
		SfBlend		blend;
		SfArena		arena;
		Host		host;
		double		method = 0;
		double		naive = 0;
		double		share;
		Run		   *run;

		for (int t = 0; t < MOST; t++)
			y[t] = 100 + 20 * sin(t * PI / 6) + turn * 4 * sf_rng_uniform(&rng);
		run = run_method(sf_blend_forecast, &s, AHEAD);
		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		check(sf_seasons_fit(&arena, &s, y, &seasons, adjusted) == SF_OK && sf_blend_fit(&arena, adjusted, MOST, &blend) == SF_OK, "fit");
		for (int known = MOST / 3; known < MOST; known++)
		{
			/* one season of steps, whatever the horizon */
			int			steps = MOST - known < 12 ? MOST - known : 12;

			seasonal(&seasons, &blend, known, steps, mean);
			for (int k = 0; k < steps; k++)
			{
				double		old = y[known - 12 + k % 12];

				method += (y[known + k] - mean[k]) * (y[known + k] - mean[k]);
				naive += (y[known + k] - old) * (y[known + k] - old);
			}
		}
		share = 0.7 * seasons.season[0].strength * method / (method + naive);
		check(close_to(note(run, "share of the seasonal naive"), share, 1e-9, turn == 0 ? 1 : 1e-9), "turn %d: share %g, wanted %g", turn, note(run, "share of the seasonal naive"), share);
		share = note(run, "share of the seasonal naive");
		seasonal(&seasons, &blend, MOST, AHEAD, mean);
		for (int k = 0; k < AHEAD; k++)
			check(close_to(run->mean[k], (1 - share) * mean[k] + share * y[MOST - 12 + k % 12], 0, 1e-12), "turn %d, step %d: %g", turn, k + 1, run->mean[k]);
		host_free(&host);
		free(run);
	}
	done();

	group("the first forecast does not depend on the horizon");
	for (int t = 0; t < MOST; t++)
		y[t] = 100 + 20 * sin(t * PI / 6) + 15 * sf_rng_uniform(&rng);
	for (int horizon = 1; horizon <= 30; horizon += 7)
	{
		Run		   *run = run_method(sf_blend_forecast, &s, horizon);
		Run		   *longer = run_method(sf_blend_forecast, &s, horizon + 5);

		for (int k = 0; k < horizon; k++)
			check(same_bits(run->mean[k], longer->mean[k]), "horizon %d, step %d", horizon, k + 1);
		free(run);
		free(longer);
	}
	done();
}

static void
test_laws(void)
{
	static const double seldom[] = {0, 0, 3, 0, 0, 0, 1, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0};
	double		y[MOST + 24];
	SfSeries	s = {.y = y, .n = MOST};
	Run		   *run;
	Run		   *other;
	SfRng		rng;

	sf_rng_seed(&rng, 72);
	group("scaled by a power of two, with and without seasons");
	walk(&rng, MOST, y);
	check_scale(sf_blend_forecast, s, 8);
	check_scale(sf_auto_forecast, s, 8);
	s = (SfSeries) {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	check_scale(sf_auto_forecast, s, 8);
	for (int t = 0; t < MOST; t++)
		y[t] -= 105;
	check_scale(sf_auto_forecast, s, 8);
	check_scale(sf_auto_forecast, (SfSeries) {.y = y, .n = 4}, 8);
	done();

	group("a constant, a season and a season that grows are continued");
	for (int kind = 0; kind < 3; kind++)
	{
		for (int t = 0; t < MOST + 24; t++)
			y[t] = kind == 0 ? 0.1 : (kind == 2 ? 10 * (t + 100) : 1000) * (t % 12 == 11 ? 2 : t % 12 == 1 ? 0.5 : 1);
		s = (SfSeries) {.y = y, .n = MOST, .seasons = kind > 0, .season = {12}};
		run = run_method(sf_auto_forecast, &s, 24);
		check(worst_error(run, y + MOST, 24) < (kind < 2 ? 1e-4 : 150), "kind %d: %g", kind, worst_error(run, y + MOST, 24));
		free(run);
	}
	done();

	group("a straight line is followed for a while");
	for (int t = 0; t < MOST + 24; t++)
		y[t] = 500 + 4 * t;
	run = run_method(sf_auto_forecast, &(SfSeries) {.y = y, .n = MOST}, 6);
	check(worst_error(run, y + MOST, 6) < 4, "%g", worst_error(run, y + MOST, 6));
	free(run);
	done();

	group("intermittent demand gets the forecast made for it");
	s = (SfSeries) {.y = seldom, .n = LENGTH(seldom)};
	run = run_method(sf_auto_forecast, &s, 3);
	other = run_method(sf_intermittent_forecast, &s, 3);
	check(run->out.demand && strcmp(run->out.label, other->out.label) == 0 && same_bits(run->mean[2], other->mean[2]), "label %s", run->out.label);
	free(run);
	free(other);
	done();
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 2, .season = {4, 12}};
	SfRng		rng;

	test_median();
	test_share();
	test_laws();
	group("any series");
	check_plain(sf_blend_forecast);
	done();
	sf_rng_seed(&rng, 73);
	walk(&rng, MOST, y);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(run_errand, &(Errand) {sf_auto_forecast, &s, 20});
	cancel_each(run_errand, &(Errand) {sf_auto_forecast, &s, 20}, 1);
	done();
	return finish();
}
