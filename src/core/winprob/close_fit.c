/*
 * close_fit.c
 *		From deals to a close model: gates, which way to train, quality, the model.
 */
#include "core/winprob/close_train.h"
#include "core/winprob/gates.h"

#include <math.h>
#include <string.h>

/* Ridge tried by cross-validation, and what is used without. */
static const double ridges[] = {1, 5, 25};
#define USUAL_RIDGE 5.0
#define USUAL_SMOOTHNESS 1.0
#define USUAL_BINS 16
#define USUAL_TREES 150
#define USUAL_LEAVES 16
#define USUAL_RATE 0.1

/* Deals that ways are compared on, and that quality is measured on. */
#define TRIED_ROWS 20000
#define JUDGED_ROWS 50000
/* With more features than this one ridge is tried only: each costs its unknowns cubed. */
#define TUNED_FEATURES 100
#define TRIES_MAX 4

static SfCloseSpec
usual_spec(const SfCloseOptions *o)
{
	return (SfCloseSpec) {
		.algorithm = o->algorithm == SF_CLOSE_BOOSTED ? SF_CLOSE_BOOSTED : SF_CLOSE_ADDITIVE,
		.churn = o->churn,
		.buckets = o->buckets,
		.bins = o->bins > 0 ? o->bins : USUAL_BINS,
		.ridge = isnan(o->ridge) ? USUAL_RIDGE : o->ridge,
		.smoothness = isnan(o->smoothness) ? USUAL_SMOOTHNESS : o->smoothness,
		.trees = o->trees > 0 ? o->trees : USUAL_TREES,
		.leaves = o->leaves > 0 ? o->leaves : USUAL_LEAVES,
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

/* The ways worth trying. */
static int32_t
list_tries(const SfCloseOptions *o, int32_t features, SfCloseSpec *tries)
{
	SfCloseSpec usual = usual_spec(o);
	bool		tuned = isnan(o->ridge) && features <= TUNED_FEATURES;
	int32_t		ways = tuned ? (int32_t) (sizeof ridges / sizeof ridges[0]) : 1;
	int32_t		n = 0;

	for (int32_t r = 0; r < ways && o->algorithm != SF_CLOSE_BOOSTED; r++)
	{
		tries[n] = usual;
		tries[n].algorithm = SF_CLOSE_ADDITIVE;
		if (tuned)
			tries[n].ridge = ridges[r];
		n++;
	}
	if (o->algorithm != SF_CLOSE_ADDITIVE)
	{
		tries[n] = usual;
		tries[n++].algorithm = SF_CLOSE_BOOSTED;
	}
	return n;
}

static SfCandidate
candidate_of(const SfCloseSpec *spec, const SfCloseQuality *q)
{
	bool		boosted = spec->algorithm == SF_CLOSE_BOOSTED;

	return (SfCandidate) {
		.kind = boosted ? SF_ALGORITHM_BOOSTED : SF_ALGORITHM_LOGISTIC,
		.bins = spec->bins,
		.ridge = spec->ridge,
		.trees = boosted ? spec->trees : 0,
		.leaves = boosted ? spec->leaves : 0,
		.rate = boosted ? spec->rate : 0,
		.log_loss = q->loss,
		.auc = q->c_index
	};
}

/* The way with the least held-out loss; trees must beat the simpler way by more than chance. */
static SfStatus
choose(SfArena *arena, const SfCloseSet *set, const SfCloseOptions *o, int32_t folds, SfWinProgress progress,
	   SfCloseSpec *best, SfCloseQuality *best_quality, SfCloseModel *model)
{
	SfCloseSpec tries[TRIES_MAX];
	int32_t		n = list_tries(o, set->frame.features, tries);
	int32_t		chosen = -1;
	SfCandidate *candidate = sf_arena_take(arena, TRIES_MAX, sizeof(SfCandidate));

	if (candidate == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < n; i++)
	{
		SfCloseQuality q;
		SfStatus	status = sf_close_judge(arena, set, &tries[i], folds, TRIED_ROWS, progress, &q);
		/* a tenth of the interval's half width is asked of trees, for they are slower and tell less */
		double		asked;

		if (status != SF_OK)
			return status;
		candidate[i] = candidate_of(&tries[i], &q);
		asked = tries[i].algorithm == SF_CLOSE_BOOSTED ? (q.skill_high - q.skill_low) / 20 : 0;
		if (q.rows > 0 && (chosen < 0 || q.loss + asked < best_quality->loss))
		{
			chosen = i;
			*best_quality = q;
		}
	}
	if (chosen >= 0)
	{
		*best = tries[chosen];
		candidate[chosen].chosen = true;
		model->candidate = candidate;
		model->candidates = n;
	}
	return SF_OK;
}

/* Which way to train, and how good it is. */
static SfStatus
settle_way(SfArena *arena, const SfCloseSet *set, const SfCloseOptions *o, SfWinProgress progress, SfCloseSpec *spec,
		   SfCloseModel *model)
{
	int32_t		folds = o->folds > 0 ? o->folds : 5;
	bool		open = o->algorithm == SF_CLOSE_AUTO || (o->algorithm == SF_CLOSE_ADDITIVE && isnan(o->ridge));
	SfStatus	status = SF_OK;

	*spec = usual_spec(o);
	model->quality = (SfCloseQuality) {.c_index = NAN, .c_error = NAN, .cause_auc = NAN};
	if (!o->validate)
		return SF_OK;
	if (open)
		status = choose(arena, set, o, folds, progress, spec, &model->quality, model);
	/* what was found on some deals is measured on more */
	if (status == SF_OK && (!open || set->frame.rows > TRIED_ROWS))
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
			return "there are too few closed deals for so many features";
		}
	return NULL;
}

/* What one training does not know. */
static void
complete(const SfCloseModel *known, const SfCloseOptions *o, SfCloseModel *fit)
{
	fit->asked = o->algorithm;
	fit->forced = o->force;
	fit->seed = o->seed;
	fit->gate = known->gate;
	fit->gates = known->gates;
	fit->candidate = known->candidate;
	fit->candidates = known->candidates;
	fit->quality = known->quality;
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
