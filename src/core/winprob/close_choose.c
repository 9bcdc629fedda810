/*
 * close_choose.c
 *		Which way to answer either question of a close model: when, and how.
 *
 * The likelihood of a deal is that of when it closed times that of how, so ways
 * are tried apart: each learns on the same folds, with the same bins.  The least
 * held-out loss is taken; trees must beat the best sum of effects by more than
 * chance, for they are slower and tell less.  A way that is clearly behind after
 * a fold is given up.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"

#define BOOSTED_ERRORS 0.2		/* standard errors of the difference that are asked of trees */
#define LEAST_CHANCE 1e-15
#define TRIED_FOLDS 3			/* of them; quality is measured on all */
#define BEHIND_ERRORS 4.0		/* standard errors behind the best so far: given up */

typedef struct Trial
{
	const SfCloseSet *set;
	SfCloseSpec usual;
	int32_t		ways;
	SfCloseCandidate *candidate;
	double	  **loss;			/* [ways][rows], by place in the order in which deals are held out */
	int64_t		deals;			/* held out so far */
	int64_t		closings;
	bool	   *out;			/* [ways] given up */
} Trial;

static SfCloseSpec
spec_of(const SfCloseSpec *usual, const SfCloseCandidate *c)
{
	SfCloseSpec spec = *usual;

	if (c->winning)
	{
		spec.cause = c->boosted ? SF_CLOSE_BOOSTED : SF_CLOSE_ADDITIVE;
		spec.cause_steady = !c->varying;
		spec.cause_ridge = c->ridge;
		spec.cause_leaves = c->leaves;
		return spec;
	}
	spec.algorithm = c->boosted ? SF_CLOSE_BOOSTED : SF_CLOSE_ADDITIVE;
	spec.ridge = c->ridge;
	spec.leaves = c->leaves;
	return spec;
}

static SfStatus
try_closing(SfArena *arena, const SfClosePart *part, const SfClosePart *test, const SfCloseSpec *spec,
			SfCloseStart *start, SfCloseModel model, double *loss)
{
	SfClosePredictor *p;
	const double *hazard;
	const double *won;
	double	   *starts;
	SfStatus	status;

	model.algorithm = spec->algorithm;
	/* a predictor of closings only */
	model.cause_known = false;
	status = spec->algorithm == SF_CLOSE_BOOSTED ? sf_close_fit_boosted(arena, part, spec, &model) :
		sf_close_fit_additive(arena, part, spec, start, &model);
	if (status == SF_OK)
		status = sf_close_predictor(arena, &model, &p);
	if (status == SF_OK)
		status = sf_close_starts(arena, &model, &starts);
	if (status != SF_OK)
		return status;
	sf_close_hazards(p, &hazard, &won);
	for (int64_t i = 0; i < test->rows; i++)
	{
		sf_close_take_codes(p, test->codes.code + i * test->codes.features);
		loss[i] = sf_close_loss(starts, model.buckets, hazard, test->entry[i], test->days[i],
								test->outcome[i] != SF_CLOSE_OPEN);
		if (i % 256 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

static SfStatus
try_winning(SfArena *arena, const SfClosePart *part, const SfClosePart *test, const SfCloseSpec *spec,
			SfCloseModel model, double *loss)
{
	SfCodes		codes;
	double	   *log_odds;
	SfStatus	status = sf_close_fit_cause(arena, part, spec, &model);

	if (status == SF_OK)
		status = sf_close_cause_predict(arena, &model, test, &codes, &log_odds);
	for (int64_t i = 0; status == SF_OK && i < codes.rows; i++)
		loss[i] = fmin(sf_log1p_exp(codes.won[i] ? -log_odds[i] : log_odds[i]), -sf_log(LEAST_CHANCE));
	return status;
}

static SfStatus
take_start(SfArena *arena, const SfCloseModel *model, SfCloseStart *start)
{
	size_t		n = (size_t) model->buckets;

	for (int32_t f = 0; f < model->bins.features; f++)
		n += (size_t) model->bins.of[f].values + 2;
	*start = (SfCloseStart) {.steady = sf_arena_take(arena, n, sizeof(double))};
	start->varied = sf_arena_take(arena, n + SF_CLOSE_VARYING_MAX * 256, sizeof(double));
	if (start->steady == NULL || start->varied == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* All ways on one fold. Everything taken is given back. */
static SfStatus
try_fold(SfArena *arena, Trial *t, const SfSplit *split)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	SfCloseModel model;
	SfClosePart part;
	SfClosePart test;
	SfCloseStart start;
	SfStatus	status = sf_close_prepare(arena, t->set, split->train, &t->usual, &model, &part);

	if (status == SF_OK)
		status = sf_close_part(arena, t->set, split->test, &model.bins, &test);
	if (status == SF_OK)
		status = take_start(arena, &model, &start);
	/* where training saw one way to close there is nothing to compare */
	if (status == SF_OK && !model.cause_known && !t->usual.churn)
		status = sf_fail(arena->ctx, SF_BAD_DATA, "there are too few closed deals to hold some out");
	for (int32_t w = 0; w < t->ways && status == SF_OK; w++)
	{
		SfArenaMark own = sf_arena_mark(arena);
		SfCloseSpec spec = spec_of(&t->usual, &t->candidate[w]);

		if (t->out[w])
			continue;
		status = t->candidate[w].winning ?
			try_winning(arena, &part, &test, &spec, model, t->loss[w] + t->closings) :
			try_closing(arena, &part, &test, &spec, &start, model, t->loss[w] + t->deals);
		sf_arena_rewind(arena, own);
	}
	for (int64_t i = 0; i < test.rows && status == SF_OK; i++)
		t->closings += test.outcome[i] != SF_CLOSE_OPEN;
	if (status == SF_OK)
		t->deals += test.rows;
	sf_arena_rewind(arena, scratch);
	return status;
}

/* Mean of a way's losses less that of another, and its standard error. */
static double
difference(const double *a, const double *b, int64_t n, double *error)
{
	double		mean = 0;
	double		squares = 0;

	for (int64_t i = 0; i < n; i++)
		mean += (a[i] - b[i]) / (double) n;
	for (int64_t i = 0; i < n; i++)
		squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
	*error = n > 1 ? sqrt(squares / (double) (n - 1) / (double) n) : 0;
	return mean;
}

/* Gives up ways that are far behind the best one for their question. */
static void
give_up(Trial *t, bool winning)
{
	int64_t		n = winning ? t->closings : t->deals;
	int32_t		best = -1;
	double		error;

	for (int32_t w = 0; w < t->ways; w++)
	{
		SfCloseCandidate *c = &t->candidate[w];

		if (c->winning != winning || t->out[w] || n == 0)
			continue;
		c->loss = 0;
		for (int64_t i = 0; i < n; i++)
			c->loss += t->loss[w][i] / (double) n;
		if (best < 0 || c->loss < t->candidate[best].loss)
			best = w;
	}
	for (int32_t w = 0; w < t->ways && best >= 0; w++)
		if (t->candidate[w].winning == winning && !t->out[w])
			t->out[w] = difference(t->loss[w], t->loss[best], n, &error) > BEHIND_ERRORS * error;
}

/* The best way for one question; ways without trees come first. */
static void
pick(Trial *t, bool winning, SfCloseSpec *best)
{
	int64_t		n = winning ? t->closings : t->deals;
	int32_t		chosen = -1;

	for (int32_t w = 0; w < t->ways; w++)
	{
		SfCloseCandidate *c = &t->candidate[w];
		double		error;
		double		gain;

		if (c->winning != winning || t->out[w] || n == 0)
			continue;
		if (chosen < 0)
		{
			chosen = w;
			continue;
		}
		gain = difference(t->loss[chosen], t->loss[w], n, &error);
		if (gain > (c->boosted && !t->candidate[chosen].boosted ? BOOSTED_ERRORS * error : 0))
			chosen = w;
	}
	if (chosen < 0)
		return;
	t->candidate[chosen].chosen = true;
	*best = spec_of(best, &t->candidate[chosen]);
}

SfStatus
sf_close_choose(SfArena *arena, const SfCloseSet *set, int32_t folds, int64_t rows_max, SfWinProgress progress,
				SfCloseCandidate *candidate, int32_t *ways, SfCloseSpec *best)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	int64_t		rows = set->frame.rows < rows_max ? set->frame.rows : rows_max;
	Trial		t = {.set = set, .usual = *best, .ways = *ways, .candidate = candidate};
	SfSplit    *split = sf_arena_take(arena, (size_t) folds, sizeof(SfSplit));
	SfStatus	status = SF_OK;

	t.loss = sf_arena_take(arena, (size_t) t.ways, sizeof(double *));
	t.out = sf_arena_take(arena, (size_t) t.ways, sizeof(bool));
	if (split == NULL || t.loss == NULL || t.out == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(t.out, 0, (size_t) t.ways * sizeof(bool));
	for (int32_t w = 0; w < t.ways; w++)
		if ((t.loss[w] = sf_arena_take(arena, (size_t) rows, sizeof(double))) == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_close_folds(arena, set, folds, best->seed, rows_max, split);
	for (int32_t k = 0; k < folds && k < TRIED_FOLDS && status == SF_OK; k++)
	{
		status = try_fold(arena, &t, &split[k]);
		give_up(&t, false);
		give_up(&t, true);
		if (progress.report != NULL)
			progress.report(progress.arg, k + 1, 2 * folds);
	}
	if (status == SF_OK)
	{
		pick(&t, false, best);
		pick(&t, true, best);
	}
	else if (status == SF_BAD_DATA)
	{
		*ways = 0;
		status = SF_OK;
	}
	sf_arena_rewind(arena, scratch);
	return status;
}
