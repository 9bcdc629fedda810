/*
 * close_fit.c
 *		From deals to a close model: gates, which way to train, quality, the model.
 */
#include "core/winprob/close_train.h"
#include "core/winprob/gates.h"

#include <math.h>
#include <string.h>

/* Ridge tried by cross-validation, and what is used without. */
static const double ridges[] = {5, 25, 125, 625};
#define RIDGES ((int32_t) (sizeof ridges / sizeof ridges[0]))
#define USUAL_RIDGE 25.0
#define USUAL_SMOOTHNESS 1.0
#define USUAL_BINS 16
#define USUAL_TREES 150
#define USUAL_LEAVES 8
#define USUAL_CAUSE_LEAVES 4
#define USUAL_RATE 0.1

/* Deals that ways are compared on, and that quality is measured on. */
#define TRIED_ROWS 20000
#define JUDGED_ROWS 50000
/* With more features than this one ridge is tried only: each costs its unknowns cubed. */
#define TUNED_FEATURES 100
#define WAYS_MAX 12

static SfCloseSpec
usual_spec(const SfCloseOptions *o)
{
	return (SfCloseSpec) {
		.algorithm = o->algorithm == SF_CLOSE_BOOSTED ? SF_CLOSE_BOOSTED : SF_CLOSE_ADDITIVE,
		.cause = o->algorithm == SF_CLOSE_BOOSTED ? SF_CLOSE_BOOSTED : SF_CLOSE_ADDITIVE,
		.churn = o->churn,
		.buckets = o->buckets,
		.bins = o->bins > 0 ? o->bins : USUAL_BINS,
		.ridge = isnan(o->ridge) ? USUAL_RIDGE : o->ridge,
		.cause_ridge = isnan(o->ridge) ? USUAL_RIDGE : o->ridge,
		.smoothness = isnan(o->smoothness) ? USUAL_SMOOTHNESS : o->smoothness,
		.trees = o->trees > 0 ? o->trees : USUAL_TREES,
		.leaves = o->leaves > 0 ? o->leaves : USUAL_LEAVES,
		.cause_leaves = o->leaves > 0 ? o->leaves : USUAL_CAUSE_LEAVES,
		.rate = isnan(o->rate) ? USUAL_RATE : o->rate,
		.seed = o->seed
	};
}

static SfStatus
check_options(SfCtx *ctx, const SfCloseOptions *o)
{
	if (!(o->algorithm >= SF_CLOSE_AUTO && o->algorithm < SF_CLOSE_ALGORITHMS))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "algorithm is not known", (double) o->algorithm);
	if (o->buckets != 0 && !(o->buckets >= 2 && o->buckets <= SF_CLOSE_BUCKETS_MAX))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "buckets must be between 2 and 60", o->buckets);
	if (o->bins != 0 && !(o->bins >= 2 && o->bins <= 64))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "bins must be between 2 and 64", o->bins);
	if (!isnan(o->ridge) && !(o->ridge >= 0 && o->ridge <= 1e9))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "ridge must be between 0 and 1e9", o->ridge);
	if (!isnan(o->smoothness) && !(o->smoothness >= 0 && o->smoothness <= 1e9))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "smoothness must be between 0 and 1e9", o->smoothness);
	if (o->trees != 0 && !(o->trees >= 1 && o->trees <= SF_MAX_TREES))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "trees must be between 1 and 5000", o->trees);
	if (o->leaves != 0 && !(o->leaves >= 2 && o->leaves <= SF_QUICK_LEAVES))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "leaves must be between 2 and 32", o->leaves);
	if (!isnan(o->rate) && !(o->rate > 0 && o->rate <= 1))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "learning rate must be above 0 and at most 1", o->rate);
	if (o->folds != 0 && !(o->folds >= 2 && o->folds <= 20))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "folds must be between 2 and 20", o->folds);
	return SF_OK;
}

/* Sums of effects worth trying for one question: by ridge, and for winning also with effects that do not change. */
static int32_t
list_additive(const SfCloseSpec *usual, bool winning, bool tuned, SfCloseCandidate *ways)
{
	int32_t		n = 0;

	for (int32_t r = 0; r < (tuned ? RIDGES : 1); r++)
	{
		double		ridge = tuned ? ridges[r] : usual->ridge;

		ways[n++] = (SfCloseCandidate) {.winning = winning, .varying = true, .ridge = ridge};
		if (winning && (!tuned || r == 0))
			ways[n++] = (SfCloseCandidate) {.winning = true, .ridge = ridge};
	}
	return n;
}

/* The ways worth trying: sums of effects first, for trees have to beat them. */
static int32_t
list_ways(const SfCloseOptions *o, int32_t features, SfCloseCandidate *ways)
{
	SfCloseSpec usual = usual_spec(o);
	bool		tuned = isnan(o->ridge) && features <= TUNED_FEATURES;
	int32_t		n = 0;

	for (int32_t winning = 0; winning <= !o->churn; winning++)
	{
		n += list_additive(&usual, winning, tuned, ways + n);
		if (o->algorithm == SF_CLOSE_AUTO)
			ways[n++] = (SfCloseCandidate) {
				.winning = winning, .boosted = true, .leaves = winning ? usual.cause_leaves : usual.leaves
			};
	}
	return n;
}

/* Which way to train, and how good it is. */
static SfStatus
settle_way(SfArena *arena, const SfCloseSet *set, const SfCloseOptions *o, SfWinProgress progress, SfCloseSpec *spec,
		   SfCloseModel *model)
{
	int32_t		folds = o->folds > 0 ? o->folds : 5;
	SfStatus	status = SF_OK;

	*spec = usual_spec(o);
	model->quality = (SfCloseQuality) {.c_index = NAN, .c_error = NAN, .cause_auc = NAN};
	if (!o->validate)
		return SF_OK;
	if (o->algorithm != SF_CLOSE_BOOSTED)
	{
		model->candidate = sf_arena_take(arena, WAYS_MAX, sizeof(SfCloseCandidate));
		if (model->candidate == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		model->candidates = list_ways(o, set->frame.features, model->candidate);
		status = sf_close_choose(arena, set, folds, TRIED_ROWS, progress, model->candidate, &model->candidates, spec);
	}
	/* what was found on some deals is measured on more */
	if (status == SF_OK)
		status = sf_close_judge(arena, set, spec, folds, JUDGED_ROWS, progress, &model->quality);
	return status;
}

/* Skill on held-out deals as a gate of promotion. */
static void
add_skill_gate(SfCloseModel *model)
{
	SfWinMetrics held = {
		.rows = model->quality.rows, .skill_low = model->quality.skill_low, .skill_high = model->quality.skill_high
	};

	model->gate[model->gates++] = sf_gate_skill(SF_GATE_SKILL_RANDOM, &held);
}

/* The text of the first gate that stops, or NULL. */
static const char *
stopped_by(const SfCloseModel *model, bool churn)
{
	for (int32_t i = 0; i < model->gates; i++)
		if (model->gate[i].verdict == SF_REFUSE && model->gate[i].stops)
		{
			if (model->gate[i].kind == SF_GATE_WON)
				return churn ? "there are too few customers that left" : "there are too few won deals";
			if (model->gate[i].kind == SF_GATE_LOST)
				return churn ? "there are too few customers that stayed" : "there are too few lost deals";
			return model->gate[i].kind == SF_GATE_ROWS_PER_PARAMETER ? "there are too few closed deals for so many features" :
				sf_gate_text(&model->gate[i]);
		}
	return NULL;
}

/* What one training does not know. */
static void
complete(const SfCloseModel *known, const SfCloseOptions *o, SfCloseModel *fit)
{
	fit->asked = o->algorithm;
	fit->forced = known->forced;
	fit->seed = o->seed;
	fit->gate = known->gate;
	fit->gates = known->gates;
	fit->candidate = known->candidate;
	fit->candidates = known->candidates;
	fit->quality = known->quality;
	fit->deals = known->deals;
	fit->closed_deals = known->closed_deals;
	fit->won_deals = known->won_deals;
	fit->first_time = known->first_time;
	fit->last_time = known->last_time;
	add_skill_gate(fit);
}

SfStatus
sf_close_fit(SfArena *arena, const SfFrame *frame, const SfCloseOptions *options, SfWinProgress progress,
			 SfCloseModel *model)
{
	SfCloseModel known = {0};
	SfCloseModel fit = {0};
	SfCloseSet	set;
	SfCloseSpec spec;
	const char *stop;
	SfStatus	status = check_options(arena->ctx, options);

	if (status == SF_OK)
		status = sf_close_load(arena, frame, &set);
	if (status == SF_OK)
		status = sf_close_gates(arena, &set, options->churn, &known);
	if (status != SF_OK)
		return status;
	stop = stopped_by(&known, options->churn);
	if (stop != NULL && !options->force)
	{
		*model = known;
		return sf_fail(arena->ctx, SF_BAD_DATA, stop);
	}
	known.forced = stop != NULL;
	status = settle_way(arena, &set, options, progress, &spec, &known);
	if (status != SF_OK)
		return status;
	spec.errors = true;
	status = sf_close_train(arena, &set, sf_all_rows(&set.frame), &spec, &fit);
	if (status != SF_OK)
		return status;
	complete(&known, options, &fit);
	*model = fit;
	return SF_OK;
}
