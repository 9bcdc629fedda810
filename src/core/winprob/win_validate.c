/*
 * win_validate.c
 *		Held-out probabilities of every deal, by folds of a kind.
 */
#include "core/winprob/winmodel.h"

#include <math.h>

#include "core/winprob/folds.h"
#include "core/winprob/win_train.h"

typedef struct Validation
{
	SfArena    *arena;
	const SfFrame *frame;
	const SfWinOptions *options;
	SfWinProgress progress;
	bool		once;			/* the plan is chosen on the first training part */
	bool		chosen;
	SfWinPlan	plan;
} Validation;

/* The plan of a training part: its own, or the one that holds for all. */
static SfStatus
plan_for(Validation *v, SfRows train)
{
	SfStatus	status;

	if (v->chosen && v->once)
		return SF_OK;
	status = sf_plan_choose(v->arena, v->frame, train, v->options, v->progress, &v->plan);
	v->chosen = status == SF_OK;
	return status;
}

static SfStatus
hold_out(Validation *v, const SfSplit *split, double *out)
{
	SfWinModel	model = {0};
	SfStatus	status = plan_for(v, split->train);

	if (status == SF_OK)
		status = sf_win_train(v->arena, v->frame, split->train, &v->plan, &model);
	if (status == SF_OK)
		status = sf_win_apply(v->arena, &model, v->frame, split->test, out);
	return status;
}

/* One fold: what is only needed inside it is given back, but for a plan that others use. */
static SfStatus
validate_fold(Validation *v, const SfSplit *split, int32_t k, double *probability, int32_t *fold, double *rate)
{
	double	   *out = sf_arena_take(v->arena, (size_t) split->test.n, sizeof(double));
	int64_t		won = sf_won_among(v->frame, split->train);
	SfStatus	status;

	if (out == NULL)
		return sf_fail(v->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (won == 0 || won == split->train.n)
		return sf_fail(v->arena->ctx, SF_BAD_DATA, "a training part has deals of one outcome only");
	status = hold_out(v, split, out);
	if (status != SF_OK)
		return status;
	rate[k] = (double) won / (double) split->train.n;
	for (int64_t i = 0; i < split->test.n; i++)
	{
		int64_t		row = split->test.row == NULL ? i : split->test.row[i];

		probability[row] = out[i];
		fold[row] = k + 1;
	}
	return SF_OK;
}

SfStatus
sf_win_cross_validate(SfArena *arena, const SfFrame *frame, const SfWinOptions *options,
					  SfFoldKind kind, int32_t folds, SfWinProgress progress,
					  double *probability, int32_t *fold, double *rate)
{
	SfWinOptions inner = *options;
	Validation	v = {.arena = arena, .frame = frame, .options = &inner, .progress = progress};
	SfSplit    *split;
	SfStatus	status = sf_win_check_options(arena->ctx, options);

	if (status != SF_OK)
		return status;
	if (folds < SF_FOLDS_MIN || folds > SF_FOLDS_MAX)
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, SF_FOLDS_TEXT, folds);
	if (frame->features < 1)
		return sf_fail(arena->ctx, SF_BAD_DATA, "there is no feature to learn from");
	v.once = frame->rows > SF_CHOOSE_INSIDE;
	split = sf_arena_take(arena, (size_t) folds, sizeof(SfSplit));
	if (split == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_folds_make(arena, frame, sf_all_rows(frame), kind, folds, options->seed, split);
	for (int64_t i = 0; status == SF_OK && i < frame->rows; i++)
	{
		probability[i] = NAN;
		fold[i] = 0;
	}
	for (int32_t k = 0; status == SF_OK && k < folds; k++)
	{
		bool		keeps = v.once && !v.chosen;
		SfArenaMark mark = sf_arena_mark(arena);

		status = validate_fold(&v, &split[k], k, probability, fold, rate);
		if (!keeps)
			sf_arena_rewind(arena, mark);
	}
	return status;
}
