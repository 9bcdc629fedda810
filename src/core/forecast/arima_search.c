/*
 * arima_search.c
 *		The orders of a seasonal ARMA model, one step at a time.
 */
#include "core/forecast/arima_search.h"

#include <math.h>
#include <string.h>

/* A step that promises less of log L does not change the order of models. */
#define SEARCH_TOLERANCE 0.02
#define SEARCH_STEPS 8

/* More drivers than this are held while the orders are searched. */
#define DRIVERS_FREE 2

typedef struct Tried
{
	SfArmaOrder order;
	bool		constant;
} Tried;

typedef struct Search
{
	SfArmaWork *work;
	const SfArmaSearch *rules;
	SfArmaData	data;
	double	   *beta;
	Tried		tried[SF_ARMA_MODELS_MAX];
	int32_t		models;
	SfArmaChoice choice;
} Search;

/* What a neighbour changes, in the paper's order. */
typedef struct Move
{
	int32_t		P;
	int32_t		Q;
	int32_t		p;
	int32_t		q;
	bool		constant;
} Move;

static const Move moves[] = {
	{-1, 0, 0, 0, false}, {0, -1, 0, 0, false}, {1, 0, 0, 0, false}, {0, 1, 0, 0, false},
	{-1, -1, 0, 0, false}, {-1, 1, 0, 0, false}, {1, -1, 0, 0, false}, {1, 1, 0, 0, false},
	{0, 0, -1, 0, false}, {0, 0, 0, -1, false}, {0, 0, 1, 0, false}, {0, 0, 0, 1, false},
	{0, 0, -1, -1, false}, {0, 0, -1, 1, false}, {0, 0, 1, -1, false}, {0, 0, 1, 1, false},
	{0, 0, 0, 0, true}
};

#define MOVES ((int) (sizeof moves / sizeof moves[0]))

/* The variables of one kind, carried over from the best model where it has them, else 0. */
static double *
start_kind(double *to, int32_t count, const double **from, int32_t count_from)
{
	for (int32_t i = 0; i < count; i++)
		to[i] = i < count_from ? (*from)[i] : 0.0;
	*from += count_from;
	return to + count;
}

static void
start_values(const SfArmaModel *best, SfArmaOrder order, double *partial)
{
	const double *from = best->partial;
	SfArmaOrder b = best->order;

	partial = start_kind(partial, order.p, &from, b.p);
	partial = start_kind(partial, order.q, &from, b.q);
	partial = start_kind(partial, order.P, &from, b.P);
	(void) start_kind(partial, order.Q, &from, b.Q);
}

static bool
same_order(SfArmaOrder a, SfArmaOrder b)
{
	return a.p == b.p && a.q == b.q && a.P == b.P && a.Q == b.Q;
}

/* Whether the model may be tried, and was not yet. */
static bool
is_new(const Search *s, SfArmaOrder o, bool constant)
{
	SfArmaOrder max = s->rules->max;

	if (o.p < 0 || o.q < 0 || o.P < 0 || o.Q < 0 || o.p > max.p || o.q > max.q || o.P > max.P || o.Q > max.Q ||
		(constant && !s->rules->constant) || s->models >= SF_ARMA_MODELS_MAX)
		return false;
	for (int32_t i = 0; i < s->models; i++)
		if (same_order(s->tried[i].order, o) && s->tried[i].constant == constant)
			return false;
	return true;
}

/* Puts a model in its place among the best; a model that is there already only when it does better. */
static void
keep_model(SfArmaChoice *choice, const SfArmaModel *model)
{
	int32_t		at = 0;
	int32_t		last;

	while (at < choice->count && choice->best[at].aicc <= model->aicc)
		if (same_order(choice->best[at].order, model->order) && choice->best[at].constant == model->constant)
			return;
		else
			at++;
	last = at;
	while (last < choice->count && !(same_order(choice->best[last].order, model->order) &&
									 choice->best[last].constant == model->constant))
		last++;
	if (last == SF_ARMA_BEST_MAX)
		last--;
	else if (last == choice->count)
		choice->count++;
	for (; last > at; last--)
		choice->best[last] = choice->best[last - 1];
	if (at < SF_ARMA_BEST_MAX)
		choice->best[at] = *model;
}

static double
best_aicc(const Search *s)
{
	return s->choice.count > 0 ? s->choice.best[0].aicc : INFINITY;
}

/* Fits a model from where fit.partial stands; *better when it became the best. */
static SfStatus
fit_model(Search *s, const SfArmaData *data, bool constant, double aicc_wanted, SfArmaFit *fit, bool *better)
{
	SfArmaEffort effort = {
		.tolerance = SEARCH_TOLERANCE, .steps_max = SEARCH_STEPS, .aicc_wanted = aicc_wanted,
		.beta = s->data.cols - s->rules->constant > DRIVERS_FREE
	};
	SfArmaModel model = {.order = fit->order, .constant = constant};
	SfStatus	status = sf_arma_fit(s->work, data, &effort, fit);

	if (status != SF_OK || fit->near_unit || !(fit->aicc < INFINITY))
		return status;
	*better = fit->aicc < best_aicc(s);
	model.aicc = fit->aicc;
	memcpy(model.partial, fit->partial, sizeof fit->partial);
	keep_model(&s->choice, &model);
	return SF_OK;
}

/*
 * Fits one model if it is new: from the best one on when warm, else from white
 * noise.  AR and MA terms together have more than one maximum, often with little
 * to gain near the best model, so where they change they are started both ways.
 */
static SfStatus
try_model(Search *s, SfArmaOrder order, bool constant, bool warm, bool *better)
{
	SfArmaFit	fit = {.order = order, .beta = s->beta};
	SfArmaData	data = s->data;
	SfArmaOrder from = s->choice.best[0].order;
	SfStatus	status;

	*better = false;
	if (!is_new(s, order, constant))
		return SF_OK;
	if (s->rules->constant && !constant)
		data.cols--;
	s->tried[s->models++] = (Tried) {order, constant};
	if (warm)
		start_values(&s->choice.best[0], order, fit.partial);
	status = fit_model(s, &data, constant, warm ? best_aicc(s) : INFINITY, &fit, better);
	if (status != SF_OK || *better || !warm || order.p == 0 || order.q == 0 || (order.p == from.p && order.q == from.q))
		return status;
	start_values(&s->choice.best[0], order, fit.partial);
	memset(fit.partial, 0, (size_t) (order.p + order.q) * sizeof(double));
	return fit_model(s, &data, constant, best_aicc(s), &fit, better);
}

static int32_t
at_most(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* Subtracts the drivers as the last fit has them and leaves them out of the data. */
static SfStatus
hold_drivers(SfArena *arena, Search *s)
{
	int32_t		constant = s->rules->constant;
	int32_t		drivers = s->data.cols - constant;
	int64_t		n = s->data.n;
	double	   *x = sf_arena_take(arena, (size_t) n, 2 * sizeof(double));

	if (x == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(x, s->data.x, (size_t) n * sizeof(double));
	for (int32_t c = 0; c < drivers; c++)
	{
		const double *column = s->data.x + (c + 1) * s->data.stride;

		for (int64_t t = 0; t < n; t++)
			x[t] -= column[t] * s->beta[c];
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	if (constant)
		memcpy(x + n, s->data.x + (drivers + 1) * s->data.stride, (size_t) n * sizeof(double));
	s->data.x = x;
	s->data.stride = n;
	s->data.cols = constant;
	return SF_OK;
}

/* The models the search starts from. */
static SfStatus
first_models(SfArena *arena, Search *s)
{
	SfArmaOrder max = s->rules->max;
	bool		constant = s->rules->constant;
	const SfArmaOrder first[] = {
		{at_most(1, max.p), 0, at_most(1, max.P), 0, max.m},
		{0, at_most(1, max.q), 0, at_most(1, max.Q), max.m},
		{at_most(2, max.p), at_most(2, max.q), at_most(1, max.P), at_most(1, max.Q), max.m},
	};
	const SfArmaOrder none = {0, 0, 0, 0, max.m};
	bool		better;
	SfStatus	status;

	if (s->data.cols - constant > DRIVERS_FREE)
	{
		status = try_model(s, first[0], constant, false, &better);
		if (status == SF_OK)
			status = hold_drivers(arena, s);
		if (status != SF_OK)
			return status;
		s->models = s->choice.count = 0;
	}
	status = try_model(s, none, constant, false, &better);
	if (status == SF_OK && constant)
		status = try_model(s, none, false, false, &better);
	for (int i = 0; status == SF_OK && i < 3; i++)
		status = try_model(s, first[i], constant, false, &better);
	return status;
}

SfStatus
sf_arma_search(SfArena *arena, SfArmaWork *work, const SfArmaData *data,
			   const SfArmaSearch *search, SfArmaChoice *choice)
{
	Search		s = {.work = work, .rules = search, .data = *data};
	SfArmaModel simplest = {.order = {.m = search->max.m}, .constant = search->constant, .aicc = INFINITY};
	SfStatus	status;

	s.beta = sf_arena_take(arena, (size_t) data->cols + 1, sizeof(double));
	if (s.beta == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = first_models(arena, &s);
	for (int i = 0; status == SF_OK && s.choice.count > 0 && i < MOVES; i++)
	{
		const SfArmaModel *best = &s.choice.best[0];
		SfArmaOrder o = best->order;
		bool		better;

		o.P += moves[i].P;
		o.Q += moves[i].Q;
		o.p += moves[i].p;
		o.q += moves[i].q;
		status = try_model(&s, o, best->constant != moves[i].constant, true, &better);
		if (better)
			i = -1;
	}
	if (status != SF_OK)
		return status;
	/* too short for any criterion: the simplest one */
	if (s.choice.count == 0)
		keep_model(&s.choice, &simplest);
	s.choice.models = s.models;
	*choice = s.choice;
	return SF_OK;
}
