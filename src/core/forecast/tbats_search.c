/*
 * tbats_search.c
 *		Which TBATS model: trends, Box-Cox, ARMA errors, each searched, by AIC.
 */
#include "core/forecast/tbats_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/neldermead.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Products of the least squares, for one evaluation, up to which seeds are solved each time. */
#define SOLVE_CELLS 300000.0

/* What one model may cost, in steps of one state. */
#define WORK_MAX 6e7

/* Where the search for gains begins. */
#define GAIN_START 0.01

/* No sum of squares is taken smaller than this part of the whole. */
#define SQUARES_MIN 1e-20

static double
likelihood(const SfTbatsData *data, const SfTbatsModel *m, double squares)
{
	double		least = SQUARES_MIN * data->whole;

	return data->n * log(fmax(squares, least)) - 2.0 * (m->lambda - 1.0) * data->log_sum;
}

typedef struct Search
{
	SfTbatsData *data;
	SfTbatsModel model;			/* of the point at hand; its seeds are where solving starts */
	bool		solve;			/* seeds at every point, not only between searches */
	double		seed[SF_TBATS_STATES_MAX];
} Search;

static double
objective(const double *x, void *argument)
{
	Search	   *search = argument;
	SfTbatsData *data = search->data;
	SfTbatsModel *m = &search->model;
	double		squares;

	sf_tbats_unpack(data, x, m);
	if (data->cancelled || !sf_tbats_allowed(data, m))
		return INFINITY;
	if (m->spec.box_cox)
		sf_tbats_transform_series(data, m->lambda);
	memcpy(m->seed, search->seed, (size_t) data->states * sizeof(double));
	if (search->solve || m->spec.box_cox)
		squares = sf_tbats_solve_seeds(data, m);
	else
	{
		double		state[SF_TBATS_STATES_MAX];

		memcpy(state, m->seed, (size_t) data->states * sizeof(double));
		sf_tbats_filter(data, m, state);
		squares = sf_tbats_whiten(data, m);
	}
	return likelihood(data, m, squares);
}

/* Makes the series that m stands for, and its seeds and sum of squares. */
static double
settle(SfTbatsData *data, SfTbatsModel *m)
{
	double		x[SF_TBATS_STATES_MAX];

	sf_tbats_transform_series(data, m->lambda);
	(void) sf_tbats_solve_seeds(data, m);
	memcpy(x, m->seed, (size_t) data->states * sizeof(double));
	sf_tbats_filter(data, m, x);
	m->squares = sf_tbats_whiten(data, m);
	m->value = likelihood(data, m, m->squares);
	m->aic = m->value + 2.0 * (sf_tbats_parameter_count(data, m) + data->seeds + m->spec.trend +
							   m->spec.p + m->spec.q);
	return m->value;
}

/* Smaller gains until the search may begin there. */
static void
calm(const SfTbatsData *data, SfTbatsModel *m)
{
	for (int32_t turn = 0; turn < 12 && !sf_tbats_allowed(data, m); turn++)
	{
		SfTbatsWedge wedge;

		m->beta *= 0.3;
		for (int32_t i = 0; i < data->seasons; i++)
			if (sf_tbats_wedge(data, m, i, &wedge))
			{
				double		length = 0.3 * hypot(m->gamma1[i], m->gamma2[i]);

				m->gamma1[i] = length * cos(wedge.middle);
				m->gamma2[i] = length * sin(wedge.middle);
			}
	}
}

/* Searches from the parameters in m. */
static SfStatus
fit(SfTbatsData *data, SfTbatsModel *m)
{
	double		cost = (double) data->n * data->states;
	Search	   *search = sf_arena_take(data->arena, 1, sizeof(Search));
	double		x[SF_TBATS_PARAMETERS_MAX];
	double		step[SF_TBATS_PARAMETERS_MAX];
	SfMinimum	minimum;
	int32_t		turns;
	int32_t		evaluations;

	if (search == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	search->data = data;
	search->solve = cost * data->states <= SOLVE_CELLS;
	if (search->solve || m->spec.box_cox)
		cost *= 1.0 + data->states / 8.0;
	turns = search->solve ? 1 : 3;
	evaluations = (int32_t) fmin(300.0 / turns, fmax(40.0, WORK_MAX / cost / turns));
	calm(data, m);
	(void) settle(data, m);
	for (int32_t turn = 0; turn < turns; turn++)
	{
		int32_t		count = sf_tbats_pack(data, m, x, step);
		SfStatus	status;

		for (int32_t i = 0; i < count && turn > 0; i++)
			step[i] *= 0.4;
		search->model = *m;
		memcpy(search->seed, m->seed, sizeof search->seed);
		status = sf_nelder_mead(data->arena, objective, search, count, x, step, 1e-6, evaluations,
								&minimum);
		if (status == SF_OK && data->cancelled)
			status = sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (status != SF_OK)
			return status;
		if (isfinite(minimum.value))
			sf_tbats_unpack(data, x, m);
		m->converged = minimum.converged;
		(void) settle(data, m);
		if (data->cancelled)
			return sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

static void
start_model(const SfTbatsData *data, SfTbatsSpec spec, SfTbatsModel *m)
{
	double		sum = 0;
	int32_t		first = data->n < 12 ? data->n : 12;
	SfTbatsWedge wedge;

	memset(m, 0, sizeof *m);
	m->spec = spec;
	m->lambda = spec.box_cox ? 0.3 : 1.0;
	m->alpha = 0.15;
	m->beta = spec.trend ? 0.01 : 0.0;
	m->phi = spec.damped ? 0.97 : (spec.trend ? 1.0 : 0.0);
	for (int32_t i = 0; i < data->seasons; i++)
		if (sf_tbats_wedge(data, m, i, &wedge))
		{
			m->gamma1[i] = GAIN_START * cos(wedge.middle);
			m->gamma2[i] = GAIN_START * sin(wedge.middle);
		}
	for (int32_t t = 0; t < first; t++)
		sum += sf_tbats_transform(data->y[t], data->logs == NULL ? 0.0 : data->logs[t], m->lambda);
	m->seed[0] = sum / first;
}

/* Fits and keeps the better of the two. */
static SfStatus
try_model(SfTbatsData *data, SfTbatsModel *trial, SfTbatsModel *best)
{
	SfStatus	status = fit(data, trial);

	if (status == SF_OK && trial->aic < best->aic)
		*best = *trial;
	return status;
}

SfStatus
sf_tbats_search(SfTbatsData *data, SfTbatsModel *best)
{
	static const SfTbatsSpec trends[] = {{.trend = false}, {.trend = true}, {.trend = true, .damped = true}};
	SfTbatsModel *trial = sf_arena_take(data->arena, 1, sizeof(SfTbatsModel));
	SfStatus	status = SF_OK;

	if (trial == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	best->aic = INFINITY;
	for (size_t i = 0; i < sizeof trends / sizeof trends[0] && status == SF_OK; i++)
	{
		start_model(data, trends[i], trial);
		status = try_model(data, trial, best);
	}
	if (status == SF_OK && data->logs != NULL)
	{
		SfTbatsSpec	spec = best->spec;

		spec.box_cox = true;
		start_model(data, spec, trial);
		trial->alpha = best->alpha;
		trial->beta = best->beta;
		trial->phi = best->phi;
		memcpy(trial->gamma1, best->gamma1, sizeof trial->gamma1);
		memcpy(trial->gamma2, best->gamma2, sizeof trial->gamma2);
		status = try_model(data, trial, best);
	}
	if (status != SF_OK)
		return status;
	*trial = *best;
	(void) settle(data, trial);
	if (sf_tbats_suggest_arma(data, trial))
		status = try_model(data, trial, best);
	return status;
}

