/*
 * ets_search.c
 *		Which exponential smoothing model: the one of least AICc.
 */
#include "core/forecast/ets_search.h"

#include <math.h>
#include <string.h>

#define TRENDS 3
#define SEASONS 3

/* The quick search fits all errors and seasons with a trend, then without and damped what is not this far behind in AICc. */
#define FAR_BEHIND 10.0

/* From this strength on a season longer than SF_ETS_FREE_SEASON_MAX is plainly there. */
#define STRENGTH_PLAIN 0.6

/* Series longer than this get the quick search only. */
#define LONG_SERIES 20000

/*
 * A form that was asked for; one of many; one of many in haste.  More starts and
 * steps raise the likelihood and not the accuracy: on the M1, tourism and
 * hospital series the hasty search forecasts as well as the full one.
 */
static const SfEtsEffort one_effort = {.starts = 3, .steps_max = 80, .tolerance = 1e-5};
static const SfEtsEffort full_effort = {.starts = 1, .steps_max = 40, .tolerance = 1e-3};
static const SfEtsEffort fast_effort = {.starts = 1, .steps_max = 8, .tolerance = 0.05};

typedef struct Search
{
	SfArena    *arena;
	const SfEtsData *data;
	SfEtsSpec	spec;
	bool		positive;
	bool		fast;
	bool		free_seasons;	/* seasonal states are fitted */
	bool		must_season;	/* models without season are left out */
	bool		one_form;		/* nothing to choose: no model is too large */
	const SfEtsEffort *effort;
	SfEtsWork	work;
	SfEtsStart	start[SEASONS];
	bool		started[SEASONS];
	double	   *season_memory;	/* for the fits below */
	SfEtsFit	fit[2][TRENDS][SEASONS];
	double		aicc[2][TRENDS][SEASONS];	/* +Inf = not fitted */
} Search;

static bool
allows(char asked, char kind)
{
	return asked == 'Z' || asked == kind;
}

static bool
is_allowed(const Search *s, SfEtsForm form)
{
	static const char trend_letter[] = {'N', 'A', 'D'};
	static const char season_letter[] = {'N', 'A', 'M'};

	if (!allows(s->spec.error, form.relative ? 'M' : 'A') || !allows(s->spec.trend, trend_letter[form.trend]) ||
		!allows(s->spec.season, season_letter[form.season]))
		return false;
	if (form.relative && !s->positive)
		return false;
	if (form.season == SF_ETS_SEASON_MULTIPLICATIVE && !form.relative)
		return false;
	return form.season == SF_ETS_SEASON_NONE ? !s->must_season : s->data->m > 1;
}

static bool
is_free(const Search *s, SfEtsForm form)
{
	return form.season != SF_ETS_SEASON_NONE && s->free_seasons &&
		s->data->n >= sf_ets_parameters(form, s->data->m) + 2;
}

static double
aicc_of(const Search *s, const SfEtsFit *fit)
{
	double		n = s->data->n;
	double		k = fit->parameters;
	double		fitted = k;

	if (fit->form.season != SF_ETS_SEASON_NONE && !s->free_seasons)
		fitted -= s->data->m - 1;
	if (n - fitted - 1.0 < 1.0)
		return INFINITY;
	return fit->criterion + 2.0 * k + 2.0 * fitted * (fitted + 1.0) / (n - fitted - 1.0);
}

/* A relative that is fitted already, to start from. */
static const SfEtsPoint *
relative_of(const Search *s, SfEtsForm form)
{
	if (form.relative && form.season != SF_ETS_SEASON_MULTIPLICATIVE && s->aicc[0][form.trend][form.season] < INFINITY)
		return &s->fit[0][form.trend][form.season].point;
	if (form.trend == SF_ETS_TREND_DAMPED && s->aicc[form.relative][SF_ETS_TREND_ADDITIVE][form.season] < INFINITY)
		return &s->fit[form.relative][SF_ETS_TREND_ADDITIVE][form.season].point;
	return NULL;
}

static SfStatus
start_season(Search *s, SfEtsSeason season)
{
	SfStatus	status = SF_OK;

	if (!s->started[season])
		status = sf_ets_start(s->arena, s->data, season, &s->start[season]);
	s->started[season] = status == SF_OK;
	return status;
}

static SfStatus
fit_form(Search *s, SfEtsForm form)
{
	SfEtsFit   *fit = &s->fit[form.relative][form.trend][form.season];
	double	   *aicc = &s->aicc[form.relative][form.trend][form.season];
	SfStatus	status = start_season(s, form.season);

	if (status != SF_OK)
		return status;
	fit->point.season = s->season_memory + (((size_t) form.relative * TRENDS + form.trend) * SEASONS + form.season) * (size_t) s->data->m;
	status = sf_ets_fit(s->arena, &s->work, s->data, form, &s->start[form.season], relative_of(s, form),
						is_free(s, form), s->effort, fit);
	if (status == SF_OK)
		*aicc = s->one_form ? fit->criterion : aicc_of(s, fit);
	return status;
}

/* A long season that is plainly there is not put to the vote. */
static SfStatus
settle_long_season(Search *s)
{
	SfStatus	status;

	if (s->data->m <= SF_ETS_FREE_SEASON_MAX || s->spec.season != 'Z')
		return SF_OK;
	status = start_season(s, SF_ETS_SEASON_ADDITIVE);
	s->must_season = status == SF_OK && s->start[SF_ETS_SEASON_ADDITIVE].strength > STRENGTH_PLAIN;
	return status;
}

/* With a trend: was another error or season so much better that this one need not be tried without or damped? */
static bool
is_far_behind(const Search *s, SfEtsForm form)
{
	double		best = INFINITY;

	if (!s->fast || form.trend == SF_ETS_TREND_ADDITIVE || s->spec.trend != 'Z')
		return false;
	for (int relative = 0; relative < 2; relative++)
		for (int season = 0; season < SEASONS; season++)
			best = fmin(best, s->aicc[relative][SF_ETS_TREND_ADDITIVE][season]);
	return best < INFINITY && s->aicc[form.relative][SF_ETS_TREND_ADDITIVE][form.season] > best + FAR_BEHIND;
}

static SfStatus
fit_all(Search *s)
{
	static const SfEtsTrend trends[] = {SF_ETS_TREND_ADDITIVE, SF_ETS_TREND_NONE, SF_ETS_TREND_DAMPED};

	for (int i = 0; i < TRENDS; i++)
		for (int relative = 0; relative < 2; relative++)
			for (int season = 0; season < SEASONS; season++)
			{
				SfEtsForm	form = {relative == 1, trends[i], (SfEtsSeason) season};
				SfStatus	status;

				if (!is_allowed(s, form) || is_far_behind(s, form))
					continue;
				status = fit_form(s, form);
				if (status != SF_OK)
					return status;
			}
	return SF_OK;
}

static const SfEtsFit *
choose(const Search *s, double *aicc)
{
	const SfEtsFit *best = NULL;

	*aicc = INFINITY;
	for (int trend = 0; trend < TRENDS; trend++)
		for (int season = 0; season < SEASONS; season++)
			for (int relative = 0; relative < 2; relative++)
				if (s->aicc[relative][trend][season] < *aicc)
				{
					*aicc = s->aicc[relative][trend][season];
					best = &s->fit[relative][trend][season];
				}
	return best;
}

static SfStatus
init(Search *s)
{
	size_t		m = (size_t) s->data->m;

	for (int relative = 0; relative < 2; relative++)
		for (int trend = 0; trend < TRENDS; trend++)
			for (int season = 0; season < SEASONS; season++)
				s->aicc[relative][trend][season] = INFINITY;
	s->one_form = s->spec.error != 'Z' && s->spec.trend != 'Z' && s->spec.season != 'Z';
	s->fast = s->fast || s->data->n > LONG_SERIES;
	s->effort = s->fast ? &fast_effort : s->one_form ? &one_effort : &full_effort;
	s->free_seasons = !s->fast && s->data->m <= SF_ETS_FREE_SEASON_MAX;
	s->season_memory = sf_arena_take(s->arena, 2 * TRENDS * SEASONS * m, sizeof(double));
	if (s->season_memory == NULL)
		return sf_fail(s->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return sf_ets_work_init(s->arena, s->data, s->free_seasons, &s->work);
}

SfStatus
sf_ets_search(SfArena *arena, const SfEtsData *data, SfEtsSpec spec, bool positive, bool fast, SfEtsFit *best, double *aicc)
{
	Search	   *s = sf_arena_take(arena, 1, sizeof(Search));
	const SfEtsFit *chosen;
	SfStatus	status;

	if (s == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(s, 0, sizeof *s);
	s->arena = arena;
	s->data = data;
	s->spec = spec;
	s->positive = positive;
	s->fast = fast;
	status = init(s);
	if (status == SF_OK)
		status = settle_long_season(s);
	if (status == SF_OK)
		status = fit_all(s);
	if (status != SF_OK)
		return status;
	chosen = choose(s, aicc);
	if (chosen == NULL)
	{
		SfEtsForm	simple = {false, SF_ETS_TREND_NONE, SF_ETS_SEASON_NONE};

		status = fit_form(s, simple);
		if (status != SF_OK)
			return status;
		chosen = &s->fit[0][SF_ETS_TREND_NONE][SF_ETS_SEASON_NONE];
	}
	*aicc = aicc_of(s, chosen);
	*best = *chosen;
	return SF_OK;
}
