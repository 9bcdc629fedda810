/*
 * close_train.c
 *		One training of a close model on given deals: buckets, bins, closing, cause.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

/* Unknowns of the closing hazard beyond which features get fewer bins: its information is dense. */
#define UNKNOWNS_MAX 1200
#define CATEGORY_PRIOR 10.0

/* Bins, fewer where there are very many features. */
static SfStatus
make_bins(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec, SfBins *bins)
{
	for (int32_t wanted = spec->bins;; wanted = wanted > 4 ? wanted / 2 : 2)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfBinOptions options = {wanted, CATEGORY_PRIOR};
		int64_t		unknowns = 0;
		SfStatus	status = sf_bins_fit(arena, &set->frame, rows, options, bins);

		if (status != SF_OK)
			return status;
		for (int32_t f = 0; f < bins->features; f++)
			unknowns += bins->of[f].values + 2;
		if (unknowns <= UNKNOWNS_MAX || wanted <= 2 || spec->algorithm == SF_CLOSE_BOOSTED)
			return SF_OK;
		sf_arena_rewind(arena, mark);
	}
}

/* Closed and won deals, and whether there is a cause to learn. */
static void
count_causes(SfCloseModel *model, bool churn)
{
	model->closed = model->won = 0;
	for (int32_t k = 0; k < model->buckets; k++)
	{
		model->closed += model->bucket[k].closed;
		model->won += model->bucket[k].won;
	}
	model->churn = churn;
	model->cause_known = !churn && model->won > 0 && model->won < model->closed;
	model->cause_rate = churn ? 1 : ((double) model->won + 0.5) / ((double) model->closed + 1);
}

SfStatus
sf_close_prepare(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec, SfCloseModel *model,
				 SfClosePart *part)
{
	SfStatus	status;

	*model = (SfCloseModel) {
		.algorithm = spec->algorithm, .cause_algorithm = spec->cause, .ridge = spec->ridge,
		.smoothness = spec->smoothness, .seed = spec->seed
	};
	status = sf_close_buckets(arena, set, rows, spec->buckets, model);
	if (status == SF_OK)
	{
		count_causes(model, spec->churn);
		status = make_bins(arena, set, rows, spec, &model->bins);
	}
	if (status == SF_OK)
		status = sf_close_part(arena, set, rows, &model->bins, part);
	model->rows = rows.n;
	return status;
}

SfStatus
sf_close_train(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfCloseSpec *spec, SfCloseModel *model)
{
	SfCloseModel fit;
	SfClosePart part;
	SfStatus	status = sf_close_prepare(arena, set, rows, spec, &fit, &part);

	if (status == SF_OK)
		status = spec->algorithm == SF_CLOSE_BOOSTED ? sf_close_fit_boosted(arena, &part, spec, &fit) :
			sf_close_fit_additive(arena, &part, spec, NULL, &fit);
	if (status == SF_OK)
		status = sf_close_fit_cause(arena, &part, spec, &fit);
	if (status == SF_OK)
		*model = fit;
	return status;
}
