/*
 * win_fit.c
 *		The door of training: options, gates, plan, members, how good they are.
 */
#include "core/winprob/winmodel.h"

#include <math.h>

#include "core/winprob/deal_counts.h"
#include "core/winprob/gates.h"
#include "core/winprob/win_train.h"

#define FORWARD_SHARE 0.2

/* Figures on training deals are for comparison only: so many of them tell. */
#define TRAIN_ROWS 100000

/* ---- options ---- */

static SfStatus
check_range(SfCtx *ctx, double value, double low, double high, const char *what)
{
	return value >= low && value <= high ? SF_OK : sf_fail_value(ctx, SF_BAD_ARGUMENT, what, value);
}

/* 0, or NaN, stands for not given. */
static SfStatus
check_given(SfCtx *ctx, double value, double low, double high, const char *what)
{
	return value == 0 || isnan(value) ? SF_OK : check_range(ctx, value, low, high, what);
}

SfStatus
sf_win_check_options(SfCtx *ctx, const SfWinOptions *options)
{
	SfStatus	status = check_range(ctx, (double) options->algorithm, 0, SF_ALGORITHMS - 1, "algorithm is not known");

	if (status == SF_OK)
		status = check_range(ctx, options->terms, 0, 2, "terms must be auto, linear or binned");
	if (status == SF_OK)
		status = check_given(ctx, options->bins, 2, SF_MAX_BINS, "bins must be between 2 and 254");
	if (status == SF_OK && !isnan(options->ridge))
		status = check_range(ctx, options->ridge, 0, 1e9, "ridge must be between 0 and 1e9");
	if (status == SF_OK)
		status = check_given(ctx, options->trees, 1, SF_MAX_TREES, "trees must be between 1 and 5000");
	if (status == SF_OK)
		status = check_given(ctx, options->leaves, 2, 32, "leaves must be between 2 and 32");
	if (status == SF_OK)
		status = check_given(ctx, options->depth, 1, SF_MAX_DEPTH, "depth must be between 1 and 32");
	if (status == SF_OK)
		status = check_given(ctx, options->rate, 1e-4, 1, "learning_rate must be between 0.0001 and 1");
	if (status == SF_OK)
		status = check_given(ctx, options->least_rows, 1, 1e9, "least_rows must be between 1 and 1e9");
	if (status == SF_OK)
		status = check_range(ctx, options->folds, SF_FOLDS_MIN, SF_FOLDS_MAX, SF_FOLDS_TEXT);
	if (status == SF_OK)
		status = check_range(ctx, (double) options->calibration, 0, SF_CALIBRATION_KINDS, "calibration is not known");
	if (status == SF_OK)
		status = check_range(ctx, (double) options->validate, 0, SF_VALIDATE_FULL, "validate is not known");
	return status;
}

/* ---- gates ---- */

static const SfGate *
stopping_gate(const SfWinModel *model)
{
	for (int32_t i = 0; i < model->gates; i++)
		if (sf_gate_text(&model->gate[i]) != NULL)
			return &model->gate[i];
	return NULL;
}

/* Gates that follow training. */
#define GATES_AFTER 4

/* Gates before training, and room for those after it. */
static SfStatus
gates_before(SfArena *arena, const SfFrame *frame, const SfWinOptions *options, SfWinModel *model)
{
	int32_t		parameters = sf_simplest_features(options, frame->rows, frame->features) + 1;
	SfGate	   *gate;
	int32_t		n;
	SfStatus	status = sf_win_gates(arena, frame, &gate, &n);

	if (status != SF_OK)
		return status;
	model->gate = sf_arena_take(arena, (size_t) n + GATES_AFTER, sizeof(SfGate));
	if (model->gate == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(model->gate, gate, (size_t) n * sizeof(SfGate));
	model->gates = n;
	for (int32_t i = 0; i < n; i++)
		if (gate[i].kind == SF_GATE_ROWS_PER_PARAMETER)
			model->gate[i] = sf_gate_rows_per_parameter(model->deals, parameters);
	return SF_OK;
}

static void
gates_after(const SfFrame *frame, SfWinModel *model)
{
	model->gate[model->gates++] = sf_gate_skill(SF_GATE_SKILL_RANDOM, &model->random);
	model->gate[model->gates++] = sf_gate_skill_time(&model->forward, frame->closed != NULL);
	model->gate[model->gates++] = sf_gate_overfit(&model->train, &model->random);
	model->gate[model->gates++] = sf_gate_model_parameters(model);
}

/* ---- how good ---- */

/* What belongs together among these deals. */
static SfStatus
clusters_of(SfArena *arena, const SfFrame *frame, SfRows rows, SfClusters *clusters)
{
	uint64_t   *group = NULL;

	if (frame->group != NULL)
	{
		group = sf_arena_take(arena, (size_t) rows.n, sizeof(uint64_t));
		if (group == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		for (int64_t i = 0; i < rows.n; i++)
			group[i] = sf_fold_group(frame, rows.row == NULL ? (uint32_t) i : rows.row[i]);
	}
	return sf_clusters_make(arena, group, rows.n, clusters);
}

/* Figures of a model on these deals; base_rate: of the deals it was trained on. */
static SfStatus
measure(SfArena *arena, const SfWinModel *model, const SfFrame *frame, SfRows rows, double base_rate, SfWinMetrics *metrics)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *probability = sf_arena_take(arena, (size_t) rows.n, sizeof(double));
	uint8_t    *won = sf_arena_take(arena, (size_t) rows.n, 1);
	SfClusters	clusters;
	SfStatus	status;

	if (probability == NULL || won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < rows.n; i++)
		won[i] = frame->won[rows.row == NULL ? i : rows.row[i]];
	status = sf_win_apply(arena, model, frame, rows, probability);
	if (status == SF_OK)
		status = clusters_of(arena, frame, rows, &clusters);
	if (status == SF_OK)
		status = sf_win_metrics_clustered(arena, probability, won, rows.n, &clusters, base_rate, metrics);
	sf_arena_rewind(arena, mark);
	return status;
}

static SfStatus
measure_training(SfArena *arena, const SfFrame *frame, SfWinModel *model)
{
	SfRows		rows = sf_all_rows(frame);
	uint32_t   *row;

	if (rows.n > TRAIN_ROWS)
	{
		row = sf_arena_take(arena, TRAIN_ROWS, sizeof(uint32_t));
		if (row == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		for (uint32_t i = 0; i < TRAIN_ROWS; i++)
			row[i] = i;
		rows = (SfRows) {row, TRAIN_ROWS};
	}
	return measure(arena, model, frame, rows, (double) frame->won_rows / (double) frame->rows, &model->train);
}

/* How to train on the first part: chosen there alone while that costs little, else with the settings that all deals gave. */
static SfStatus
plan_early(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinOptions *options, SfWinProgress progress,
		   const SfWinPlan *plan, SfWinPlan *early)
{
	return frame->rows <= SF_CHOOSE_INSIDE ? sf_plan_choose(arena, frame, rows, options, progress, early) :
		sf_plan_again(arena, frame, rows, options, progress, plan, early);
}

/* Trained on the first 80 % in time and put to the test on the rest. */
static SfStatus
measure_forward(SfArena *arena, const SfFrame *frame, const SfWinOptions *options, SfWinProgress progress,
				const SfWinPlan *plan, SfWinModel *model)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfWinModel	early = {0};
	SfWinPlan	again;
	SfSplit		split;
	int64_t		won;
	SfStatus	status = sf_split_by_time(arena, frame, FORWARD_SHARE, &split);

	if (status == SF_BAD_DATA)
		return SF_OK;
	if (status != SF_OK)
		return status;
	won = sf_won_among(frame, split.train);
	if (won == 0 || won == split.train.n || split.test.n == 0)
		return SF_OK;
	status = plan_early(arena, frame, split.train, options, progress, plan, &again);
	if (status == SF_BAD_DATA)
	{
		sf_arena_rewind(arena, mark);
		return SF_OK;
	}
	if (status == SF_OK)
		status = sf_win_train(arena, frame, split.train, &again, &early);
	if (status == SF_OK)
		status = measure(arena, &early, frame, split.test, (double) won / (double) split.train.n, &model->forward);
	sf_arena_rewind(arena, mark);
	return status;
}

/* Deals, and the time they span. */
static SfStatus
count_history(SfArena *arena, const SfFrame *frame, SfWinModel *model)
{
	SfDealCounts counts;
	SfStatus	status = sf_count_deals(arena, frame, NULL, &counts);

	if (status != SF_OK)
		return status;
	model->deals = counts.closed;
	model->won_deals = counts.won;
	model->lost_deals = counts.lost;
	model->first_time = counts.first;
	model->last_time = counts.last;
	return SF_OK;
}

/* ---- training ---- */

static SfStatus
train(SfArena *arena, const SfFrame *frame, const SfWinOptions *options, SfWinProgress progress, SfWinModel *model)
{
	SfRows		all = sf_all_rows(frame);
	SfWinPlan	plan;
	SfStatus	status = sf_plan_choose(arena, frame, all, options, progress, &plan);

	if (status == SF_OK)
		status = sf_win_train(arena, frame, all, &plan, model);
	if (status == SF_OK)
		status = measure_training(arena, frame, model);
	if (status == SF_OK && options->validate == SF_VALIDATE_FULL)
		status = measure_forward(arena, frame, options, progress, &plan, model);
	if (status != SF_OK)
		return status;
	model->random = plan.random;
	model->candidates = plan.candidates;
	model->candidate = plan.candidate;
	gates_after(frame, model);
	return SF_OK;
}

SfStatus
sf_win_fit(SfArena *arena, const SfFrame *frame, const SfWinOptions *options, SfWinProgress progress, SfWinModel *model)
{
	SfWinModel	made = {.asked = options->algorithm, .seed = options->seed, .rows = frame->rows, .won_rows = frame->won_rows};
	const SfGate *gate;
	SfStatus	status = sf_win_check_options(arena->ctx, options);

	if (status == SF_OK)
		status = count_history(arena, frame, &made);
	if (status == SF_OK)
		status = gates_before(arena, frame, options, &made);
	if (status != SF_OK)
		return status;
	gate = stopping_gate(&made);
	made.forced = gate != NULL;
	if (gate != NULL && !options->force)
	{
		*model = made;
		return sf_fail_value(arena->ctx, SF_BAD_DATA, sf_gate_text(gate), gate->measured);
	}
	if (frame->features < 1)
		return sf_fail(arena->ctx, SF_BAD_DATA, "there is no feature to learn from");
	if (frame->won_rows == 0 || frame->won_rows == frame->rows)
		return sf_fail(arena->ctx, SF_BAD_DATA, "deals are all won or all lost");
	status = train(arena, frame, options, progress, &made);
	if (status == SF_OK)
		*model = made;
	return status;
}
