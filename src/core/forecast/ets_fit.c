/*
 * ets_fit.c
 *		Maximum likelihood for one exponential smoothing model.
 */
#include "core/forecast/ets_fit.h"

#include <math.h>
#include <string.h>

#include "core/base/chol.h"

#define SHARE_LEAST 1e-4
#define SHARE_MOST 0.9999
#define PHI_LEAST 0.80
#define PHI_MOST 0.98

/* Damping: at first, and the ends. */
#define DAMPING_FIRST 1e-3
#define DAMPING_LEAST 1e-9
#define DAMPING_MOST 1e7

/* The grid of constants tried before the search. */
#define GRID_ALPHAS 4
#define GRID_SHARES 2
static const double grid_alpha[GRID_ALPHAS] = {0.02, 0.1, 0.5, 0.9};
static const double grid_share[GRID_SHARES] = {0.1, 0.5};

/* The search for one model, on memory that all its starts share. */
typedef struct Search
{
	SfArena    *arena;
	SfEtsWork  *work;
	const SfEtsData *data;
	SfEtsForm	form;
	bool		free_season;
	int32_t		unknowns;
	double	   *matrix;			/* [unknowns][unknowns] the normal equations */
	double	   *slope;			/* [unknowns] */
	double	   *step;			/* [unknowns] */
	double	   *factor;			/* [unknowns][unknowns] */
	double	   *right;			/* [unknowns] */
	int32_t    *open;			/* [unknowns] the unknowns that move */
	bool	   *fixed;			/* [unknowns] */
	SfEtsPoint	trial;
} Search;

int32_t
sf_ets_parameters(SfEtsForm form, int32_t m)
{
	int32_t		k = 3;			/* alpha, level, variance */

	if (form.trend != SF_ETS_TREND_NONE)
		k += 2;
	if (form.trend == SF_ETS_TREND_DAMPED)
		k++;
	if (form.season != SF_ETS_SEASON_NONE)
		k += m;					/* gamma and m - 1 states */
	return k;
}

static void
copy_point(SfEtsPoint *to, const SfEtsPoint *from, int32_t m)
{
	double	   *season = to->season;

	*to = *from;
	to->season = season;
	memcpy(season, from->season, (size_t) m * sizeof(double));
}

static SfStatus
value_of(Search *s, const SfEtsPoint *point, double *criterion)
{
	SfStatus	status = sf_ets_value(s->work, s->data, s->form, point, NULL);

	if (status == SF_OK)
		*criterion = sf_ets_criterion(s->work, s->data, s->form);
	return status;
}

/* Slopes of sum (e G)^2 / 2 and their products, G^2 left out; the lower triangle. */
static void
normal_equations(Search *s)
{
	const SfEtsWork *w = s->work;
	int32_t		p = s->unknowns;
	double		n = s->data->n;
	double		squares = w->square_sum;

	for (int32_t i = 0; i < p; i++)
	{
		double		log_i = s->form.relative ? w->log_slope[i] / n : 0.0;
		double		e_i = w->product[(ptrdiff_t) i * w->stride + p];

		s->slope[i] = e_i + squares * log_i;
		for (int32_t j = 0; j <= i; j++)
		{
			double		value = w->product[(ptrdiff_t) j * w->stride + i];

			if (s->form.relative)
			{
				double		log_j = w->log_slope[j] / n;
				double		e_j = w->product[(ptrdiff_t) j * w->stride + p];

				value += e_i * log_j + e_j * log_i + squares * log_i * log_j;
			}
			s->matrix[(ptrdiff_t) i * p + j] = value;
		}
	}
}

static double *
constant_of(SfEtsPoint *point, int32_t i)
{
	switch (i)
	{
		case SF_ETS_ALPHA:
			return &point->alpha;
		case SF_ETS_BETA_SHARE:
			return &point->beta_share;
		case SF_ETS_GAMMA_SHARE:
			return &point->gamma_share;
		case SF_ETS_PHI:
			return &point->phi;
		case SF_ETS_LEVEL:
			return &point->level;
		case SF_ETS_LEVEL_TREND:
			return &point->trend;
		default:
			return &point->season[i - SF_ETS_FIRST_SEASON];
	}
}

static double
least_of(int32_t i)
{
	return i == SF_ETS_PHI ? PHI_LEAST : SHARE_LEAST;
}

static double
most_of(int32_t i)
{
	return i == SF_ETS_PHI ? PHI_MOST : SHARE_MOST;
}

/* Does the model have this unknown at all? */
static bool
is_absent(SfEtsForm form, int32_t i)
{
	switch (i)
	{
		case SF_ETS_BETA_SHARE:
		case SF_ETS_LEVEL_TREND:
			return form.trend == SF_ETS_TREND_NONE;
		case SF_ETS_GAMMA_SHARE:
			return form.season == SF_ETS_SEASON_NONE;
		case SF_ETS_PHI:
			return form.trend != SF_ETS_TREND_DAMPED;
		default:
			return false;
	}
}

/* Unknowns that are absent, or at the end of their range with the way down outside. */
static void
fix_bounds(Search *s, SfEtsPoint *point)
{
	for (int32_t i = 0; i < s->unknowns; i++)
	{
		s->step[i] = 0.0;
		s->fixed[i] = is_absent(s->form, i);
		if (i <= SF_ETS_PHI && !s->fixed[i])
		{
			double		x = *constant_of(point, i);

			s->fixed[i] = (x <= least_of(i) && s->slope[i] > 0.0) || (x >= most_of(i) && s->slope[i] < 0.0);
		}
	}
}

/* (A + damping diag A) step = - slope for the open unknowns, the others standing as they are. */
static bool
solve_open(Search *s, double damping)
{
	int32_t		p = s->unknowns;
	int32_t		k = 0;

	for (int32_t i = 0; i < p; i++)
		if (!s->fixed[i])
			s->open[k++] = i;
	if (k == 0)
		return true;
	for (int32_t a = 0; a < k; a++)
	{
		int32_t		i = s->open[a];
		double		sum = -s->slope[i];

		for (int32_t j = 0; j < p; j++)
			if (s->fixed[j] && s->step[j] != 0.0)
				sum -= s->matrix[(ptrdiff_t) (i > j ? i : j) * p + (i > j ? j : i)] * s->step[j];
		s->right[a] = sum;
		for (int32_t b = 0; b <= a; b++)
			s->factor[(ptrdiff_t) a * k + b] = s->matrix[(ptrdiff_t) i * p + s->open[b]];
		/* an unknown without effect stays where it is */
		s->factor[(ptrdiff_t) a * k + a] += damping * s->factor[(ptrdiff_t) a * k + a] + 1e-14;
	}
	if (sf_chol_factor(s->arena->ctx, s->factor, k, k) != SF_OK)
		return false;
	sf_chol_solve(s->factor, k, k, s->right);
	for (int32_t a = 0; a < k; a++)
	{
		if (!isfinite(s->right[a]))
			return false;
		s->step[s->open[a]] = s->right[a];
	}
	return true;
}

/* The step; a constant that would leave its range goes to the end, and the others are solved for again. */
static bool
find_step(Search *s, SfEtsPoint *point, double damping)
{
	bool		again = true;

	fix_bounds(s, point);
	while (again)
	{
		if (!solve_open(s, damping))
			return false;
		again = false;
		for (int32_t i = 0; i <= SF_ETS_PHI; i++)
		{
			double		x;

			if (s->fixed[i])
				continue;
			x = *constant_of(point, i);
			if (x + s->step[i] >= least_of(i) && x + s->step[i] <= most_of(i))
				continue;
			s->step[i] = (x + s->step[i] < least_of(i) ? least_of(i) : most_of(i)) - x;
			s->fixed[i] = true;
			again = true;
		}
	}
	return true;
}

/* By how much the step would lower L if the model were linear. */
static double
expected_gain(const Search *s, double squares)
{
	double		gain = 0.0;

	for (int32_t i = 0; i < s->unknowns; i++)
		gain -= s->slope[i] * s->step[i];
	return squares > 0.0 ? s->data->n * gain / squares : 0.0;
}

static void
take_step(Search *s, const SfEtsPoint *point)
{
	copy_point(&s->trial, point, s->data->m);
	for (int32_t i = 0; i < s->unknowns; i++)
	{
		double	   *x = constant_of(&s->trial, i);

		*x += s->step[i];
		if (i <= SF_ETS_PHI && !is_absent(s->form, i))
			*x = fmin(fmax(*x, least_of(i)), most_of(i));
	}
}

typedef enum Outcome
{
	STEP_TAKEN,
	STEP_WORSE,					/* or no step at all */
	STEP_SETTLED				/* nothing to gain, or less than is asked for */
} Outcome;

/* One step from fit->point, where `squares` is the sum of squares. */
static SfStatus
try_step(Search *s, double tolerance, double damping, double squares, SfEtsFit *fit, Outcome *outcome)
{
	double		criterion;
	double		gain;
	SfStatus	status;

	*outcome = STEP_WORSE;
	if (!find_step(s, &fit->point, damping))
		return SF_OK;
	if (!(expected_gain(s, squares) > 0.1 * tolerance))
	{
		*outcome = STEP_SETTLED;
		return SF_OK;
	}
	take_step(s, &fit->point);
	status = value_of(s, &s->trial, &criterion);
	if (status != SF_OK || !(criterion < fit->criterion))
		return status;
	gain = fit->criterion - criterion;
	fit->criterion = criterion;
	copy_point(&fit->point, &s->trial, s->data->m);
	*outcome = gain < tolerance ? STEP_SETTLED : STEP_TAKEN;
	return SF_OK;
}

/* Downhill from fit->point. */
static SfStatus
descend(Search *s, const SfEtsEffort *effort, SfEtsFit *fit)
{
	double		damping = DAMPING_FIRST;

	fit->converged = false;
	for (int32_t turn = 0; turn < effort->steps_max && !fit->converged && fit->criterion < INFINITY; turn++)
	{
		SfStatus	status = sf_ets_slopes(s->work, s->data, s->form, &fit->point, s->free_season);
		double		squares = s->work->square_sum;
		double		growth = 4.0;
		Outcome		outcome = STEP_WORSE;

		if (status != SF_OK)
			return status;
		if (sf_cancelled(s->arena->ctx))
			return sf_fail(s->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		normal_equations(s);
		while (outcome == STEP_WORSE && damping <= DAMPING_MOST)
		{
			status = try_step(s, effort->tolerance, damping, squares, fit, &outcome);
			if (status != SF_OK)
				return status;
			if (outcome == STEP_WORSE)
			{
				damping *= growth;
				growth *= 2.0;
			}
		}
		if (outcome == STEP_TAKEN)
			damping = fmax(damping / 10.0, DAMPING_LEAST);
		else
			fit->converged = true;
	}
	return SF_OK;
}

/* One point of the grid. */
static void
grid_point(const Search *s, const SfEtsStart *start, int32_t i, int32_t j, int32_t k, SfEtsPoint *point)
{
	double	   *season = point->season;
	bool		flat = s->form.trend == SF_ETS_TREND_NONE;

	*point = (SfEtsPoint) {
		.alpha = grid_alpha[i], .beta_share = grid_share[j], .gamma_share = grid_share[k],
		.phi = s->form.trend == SF_ETS_TREND_DAMPED ? 0.95 : 1.0,
		.level = flat ? start->mean : start->level,
		.trend = flat ? 0.0 : start->trend,
		.season = season
	};
	memcpy(season, start->season, (size_t) s->data->m * sizeof(double));
}

/* The best start for each alpha of the grid. */
typedef struct Starts
{
	double		criterion[GRID_ALPHAS];	/* +Inf = none */
	int32_t		beta[GRID_ALPHAS];
	int32_t		gamma[GRID_ALPHAS];
} Starts;

/* One beta and gamma for each alpha when one start is all that is wanted. */
static SfStatus
search_grid(Search *s, const SfEtsStart *start, bool wide, Starts *starts)
{
	int32_t		betas = s->form.trend != SF_ETS_TREND_NONE && wide ? GRID_SHARES : 1;
	int32_t		gammas = s->form.season != SF_ETS_SEASON_NONE && wide ? GRID_SHARES : 1;

	for (int32_t i = 0; i < GRID_ALPHAS; i++)
	{
		starts->criterion[i] = INFINITY;
		for (int32_t j = 0; j < betas; j++)
			for (int32_t k = 0; k < gammas; k++)
			{
				double		criterion;
				SfStatus	status;

				grid_point(s, start, i, j, k, &s->trial);
				status = value_of(s, &s->trial, &criterion);
				if (status != SF_OK)
					return status;
				if (!(criterion < starts->criterion[i]))
					continue;
				starts->criterion[i] = criterion;
				starts->beta[i] = j;
				starts->gamma[i] = k;
			}
	}
	return SF_OK;
}

/* The best start not yet taken; -1 when none is left. */
static int32_t
take_best(Starts *starts)
{
	int32_t		best = -1;
	double		least = INFINITY;

	for (int32_t i = 0; i < GRID_ALPHAS; i++)
		if (starts->criterion[i] < least)
		{
			least = starts->criterion[i];
			best = i;
		}
	if (best >= 0)
		starts->criterion[best] = INFINITY;
	return best;
}

static SfStatus
take_memory(SfArena *arena, Search *s)
{
	size_t		p = (size_t) s->unknowns;

	s->matrix = sf_arena_take(arena, p * p, sizeof(double));
	s->slope = sf_arena_take(arena, p, sizeof(double));
	s->step = sf_arena_take(arena, p, sizeof(double));
	s->factor = sf_arena_take(arena, p * p, sizeof(double));
	s->right = sf_arena_take(arena, p, sizeof(double));
	s->open = sf_arena_take(arena, p, sizeof(int32_t));
	s->fixed = sf_arena_take(arena, p, sizeof(bool));
	s->trial.season = sf_arena_take(arena, (size_t) s->data->m, sizeof(double));
	if (s->matrix == NULL || s->slope == NULL || s->step == NULL || s->factor == NULL || s->right == NULL ||
		s->open == NULL || s->fixed == NULL || s->trial.season == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* Descends from a point (already in attempt->point) and keeps the better one. */
static SfStatus
attempt_from(Search *s, const SfEtsEffort *effort, SfEtsFit *attempt, SfEtsFit *best)
{
	SfStatus	status = value_of(s, &attempt->point, &attempt->criterion);

	if (status == SF_OK)
		status = descend(s, effort, attempt);
	if (status != SF_OK || !(attempt->criterion < best->criterion))
		return status;
	best->criterion = attempt->criterion;
	best->converged = attempt->converged;
	copy_point(&best->point, &attempt->point, s->data->m);
	return SF_OK;
}

/* The point of another form, put into the range of this one. */
static void
adopt_point(Search *s, const SfEtsStart *start, const SfEtsPoint *near, SfEtsPoint *point)
{
	copy_point(point, near, s->data->m);
	for (int32_t i = 0; i <= SF_ETS_PHI; i++)
		if (!is_absent(s->form, i))
			*constant_of(point, i) = fmin(fmax(*constant_of(point, i), least_of(i)), most_of(i));
	if (s->form.trend == SF_ETS_TREND_NONE)
		point->trend = 0.0;
	if (s->form.season == SF_ETS_SEASON_NONE)
		memcpy(point->season, start->season, (size_t) s->data->m * sizeof(double));
}

static SfStatus
from_grid(Search *s, const SfEtsStart *start, const SfEtsEffort *effort, SfEtsFit *attempt, SfEtsFit *fit)
{
	Starts		starts;
	SfStatus	status = search_grid(s, start, effort->starts > 1, &starts);

	for (int32_t turn = 0; turn < effort->starts && status == SF_OK; turn++)
	{
		int32_t		i = take_best(&starts);

		if (i < 0)
			break;
		grid_point(s, start, i, starts.beta[i], starts.gamma[i], &attempt->point);
		status = attempt_from(s, effort, attempt, fit);
	}
	return status;
}

/*
 * Where errors are relative, the trend of the first values, or a figure made from
 * larger values than the first ones, may lead below zero.  Without trend, and
 * with the figure in the proportion of the first values or not at all, it does not.
 */
static SfStatus
from_flat(Search *s, const SfEtsStart *start, const SfEtsEffort *effort, SfEtsFit *attempt, SfEtsFit *fit)
{
	double		mean = 0.0;
	SfStatus	status = SF_OK;

	for (int32_t t = 0; t < s->data->n; t++)
		mean += s->data->y[t] / s->data->n;
	for (int turn = 0; turn < 2 && status == SF_OK && !(fit->criterion < INFINITY); turn++)
	{
		double		part = turn == 0 && mean > 0.0 ? fmin(start->mean / mean, 1.0) : 0.0;

		grid_point(s, start, 1, 0, 0, &attempt->point);
		attempt->point.level = start->mean;
		attempt->point.trend = 0.0;
		if (s->form.season == SF_ETS_SEASON_ADDITIVE)
			for (int32_t i = 0; i < s->data->m; i++)
				attempt->point.season[i] *= part;
		status = attempt_from(s, effort, attempt, fit);
	}
	return status;
}

SfStatus
sf_ets_fit(SfArena *arena, SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsStart *start,
		   const SfEtsPoint *near, bool free_season, const SfEtsEffort *effort, SfEtsFit *fit)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Search		s = {
		.arena = arena, .work = work, .data = data, .form = form,
		.free_season = free_season && form.season != SF_ETS_SEASON_NONE
	};
	SfEtsFit	attempt = {.form = form};
	SfStatus	status;

	s.unknowns = SF_ETS_FIRST_SEASON + (s.free_season ? data->m - 1 : 0);
	status = take_memory(arena, &s);
	attempt.point.season = sf_arena_take(arena, (size_t) data->m, sizeof(double));
	if (status == SF_OK && attempt.point.season == NULL)
		status = sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (status != SF_OK)
		return status;

	fit->form = form;
	fit->criterion = INFINITY;
	fit->converged = false;
	fit->parameters = sf_ets_parameters(form, data->m);
	if (near != NULL)
	{
		adopt_point(&s, start, near, &attempt.point);
		status = attempt_from(&s, effort, &attempt, fit);
	}
	if (status == SF_OK && (effort->starts > 1 || !(fit->criterion < INFINITY)))
		status = from_grid(&s, start, effort, &attempt, fit);
	if (status == SF_OK && !(fit->criterion < INFINITY))
		status = from_flat(&s, start, effort, &attempt, fit);
	if (status == SF_OK)
		sf_arena_rewind(arena, mark);
	return status;
}
