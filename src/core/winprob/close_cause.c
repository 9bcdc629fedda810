/*
 * close_cause.c
 *		Won or lost, given that a deal closes: its features and the age bucket.
 *
 * Additive: first all effects are the same at every age.  The few features that
 * then miss by far more than chance in some band of age get weights of their own
 * there: a further feature each, whose codes are band and code.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/winprob/close_hazard.h"

/* Below so many closings effects do not change with age. */
#define VARYING_CLOSED 400
#define POLL_ROWS 4096

static const SfFeature age_bucket = {{" age bucket", 11}, SF_FEATURE_NUMBER};
static const SfFeature changing = {{" changing", 9}, SF_FEATURE_CATEGORY};

/* A bucket's middle; the last one's stands for its first days. */
static double
middle_of(const SfCloseModel *model, int32_t k)
{
	const SfCloseBucket *b = &model->bucket[k];

	return isinf(b->end) ? fmax(b->start, (b->start + model->horizon) / 2) : (b->start + b->end) / 2;
}

SfStatus
sf_close_cause_bins(SfArena *arena, const SfCloseModel *model, int32_t varying, SfBins *bins)
{
	int32_t		features = model->bins.features;
	size_t		k = (size_t) model->buckets;
	SfFeature  *feature = sf_arena_take(arena, (size_t) (features + 1 + varying), sizeof(SfFeature));
	SfFeatureBins *of = sf_arena_take(arena, (size_t) (features + 1 + varying), sizeof(SfFeatureBins));
	double	   *edge = sf_arena_take(arena, 4 * k, sizeof(double));
	int64_t    *count = sf_arena_take(arena, 2 * (k + 2), sizeof(int64_t));

	if (feature == NULL || of == NULL || edge == NULL || count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (features > 0)
	{
		memcpy(feature, model->bins.feature, (size_t) features * sizeof(SfFeature));
		memcpy(of, model->bins.of, (size_t) features * sizeof(SfFeatureBins));
	}
	feature[features] = age_bucket;
	memset(count, 0, 2 * (k + 2) * sizeof(int64_t));
	for (int32_t j = 0; j < model->buckets; j++)
	{
		edge[j] = model->bucket[j].end;
		edge[k + (size_t) j] = middle_of(model, j);
		edge[2 * k + (size_t) j] = model->bucket[j].start;
		edge[3 * k + (size_t) j] = fmin(model->bucket[j].end, SF_CLOSE_DAYS_MAX);
		count[1 + j] = model->bucket[j].closed;
		count[k + 3 + (size_t) j] = model->bucket[j].won;
	}
	of[features] = (SfFeatureBins) {
		.values = model->buckets, .cut = edge, .centre = edge + k, .low = edge + 2 * k, .high = edge + 3 * k,
		.count = count, .won = count + k + 2
	};
	/* only their number of codes is ever asked for */
	for (int32_t v = 0; v < varying; v++)
	{
		feature[features + 1 + v] = changing;
		of[features + 1 + v] = (SfFeatureBins) {
			.values = SF_CLOSE_BANDS * (model->bins.of[model->cause_vary[v]].values + 2) - 2
		};
	}
	*bins = (SfBins) {features + 1 + varying, feature, of, model->closed, model->won};
	return SF_OK;
}

SfStatus
sf_close_cause_codes(SfArena *arena, const SfClosePart *part, const SfCloseModel *model, SfCodes *codes)
{
	int32_t		features = part->codes.features;
	int64_t		rows = 0;
	double	   *start;
	uint8_t    *code;
	uint8_t    *won;
	int32_t    *sizes = sf_arena_take(arena, (size_t) features + 1, sizeof(int32_t));
	SfStatus	status = sf_close_starts(arena, model, &start);

	if (status != SF_OK)
		return status;
	for (int64_t i = 0; i < part->rows; i++)
		rows += part->outcome[i] != SF_CLOSE_OPEN;
	code = sf_arena_take(arena, (size_t) rows * ((size_t) features + 1), sizeof(uint8_t));
	won = sf_arena_take(arena, (size_t) rows, sizeof(uint8_t));
	if (sizes == NULL || code == NULL || won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (features > 0)
		memcpy(sizes, part->codes.codes, (size_t) features * sizeof(int32_t));
	sizes[features] = model->buckets + 2;
	*codes = (SfCodes) {rows, features + 1, code, won, sizes};
	for (int64_t i = 0; i < part->rows; i++)
	{
		if (i % 4096 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (part->outcome[i] == SF_CLOSE_OPEN)
			continue;
		if (features > 0)
			memcpy(code, part->codes.code + i * features, (size_t) features);
		code[features] = (uint8_t) (1 + sf_bucket_of(start, model->buckets, part->days[i]));
		code += features + 1;
		*won++ = part->outcome[i] == SF_CLOSE_WON;
	}
	return SF_OK;
}

/* The codes with those of features that change with age behind. */
static SfStatus
add_changing(SfArena *arena, const SfCloseModel *model, const SfCodes *plain, SfCodes *codes)
{
	int32_t		width = plain->features + model->cause_varying;
	uint8_t    *to = sf_arena_take(arena, (size_t) plain->rows * (size_t) width + 1, sizeof(uint8_t));
	int32_t    *sizes = sf_arena_take(arena, (size_t) width, sizeof(int32_t));

	if (to == NULL || sizes == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(sizes, plain->codes, (size_t) plain->features * sizeof(int32_t));
	for (int32_t v = 0; v < model->cause_varying; v++)
		sizes[plain->features + v] = SF_CLOSE_BANDS * sizes[model->cause_vary[v]];
	*codes = (SfCodes) {plain->rows, width, to, plain->won, sizes};
	for (int64_t i = 0; i < plain->rows; i++, to += width)
	{
		const uint8_t *from = plain->code + i * plain->features;
		int32_t		band = sf_close_band_of(model, from[plain->features - 1] - 1);

		memcpy(to, from, (size_t) plain->features);
		for (int32_t v = 0; v < model->cause_varying; v++)
			to[plain->features + v] = (uint8_t) (band * sizes[model->cause_vary[v]] + from[model->cause_vary[v]]);
		if (i % POLL_ROWS == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Which features change their effect on winning with age, by the residuals of the steady fit. */
static SfStatus
look_for_varying(SfArena *arena, const SfCodes *codes, SfCloseModel *model)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	size_t		n = (size_t) codes->rows;
	double	   *slope = sf_arena_take(arena, n, sizeof(double));
	double	   *weight = sf_arena_take(arena, n, sizeof(double));
	uint8_t    *band = sf_arena_take(arena, n, sizeof(uint8_t));
	SfCloseMiss miss = {codes->rows, band, NULL, slope, weight};
	SfStatus	status;

	if (slope == NULL || weight == NULL || band == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	sf_logistic_predict(&model->cause, codes, slope);
	for (size_t i = 0; i < n; i++)
	{
		double		p = sf_logistic(slope[i]);

		slope[i] = codes->won[i] - p;
		weight[i] = p * (1 - p);
		band[i] = (uint8_t) sf_close_band_of(model, codes->code[(i + 1) * (size_t) codes->features - 1] - 1);
	}
	status = sf_close_find_varying(arena->ctx, codes, codes->features - 1, &miss, model->cause_vary,
								   &model->cause_varying);
	sf_arena_rewind(arena, scratch);
	return status;
}

static SfStatus
fit_logistic(SfArena *arena, const SfCodes *plain, const SfCloseSpec *spec, SfCloseModel *model)
{
	SfLogisticOptions options = {.linear = false, .ridge = spec->cause_ridge, .smoothness = spec->smoothness};
	SfBins		bins;
	SfCodes		codes;
	SfStatus	status;

	model->cause_varying = 0;
	status = sf_close_cause_bins(arena, model, 0, &bins);
	if (status == SF_OK)
		status = sf_logistic_fit(arena, &bins, plain, options, &model->cause);
	if (status == SF_OK && !spec->cause_steady && plain->rows >= VARYING_CLOSED)
		status = look_for_varying(arena, plain, model);
	if (status != SF_OK || model->cause_varying == 0)
		return status;
	status = sf_close_cause_bins(arena, model, model->cause_varying, &bins);
	if (status == SF_OK)
		status = add_changing(arena, model, plain, &codes);
	return status == SF_OK ? sf_logistic_fit(arena, &bins, &codes, options, &model->cause) : status;
}

SfStatus
sf_close_fit_cause(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model)
{
	SfCodes		codes;
	SfStatus	status;

	model->cause_algorithm = spec->cause;
	model->cause_varying = 0;
	if (!model->cause_known)
		return SF_OK;
	status = sf_close_cause_codes(arena, part, model, &codes);
	if (status != SF_OK)
		return status;
	if (spec->cause == SF_CLOSE_BOOSTED)
		return sf_close_boost_cause(arena, part, &codes, spec, &model->cause_trees);
	status = fit_logistic(arena, &codes, spec, model);
	/* a close model is not updated: what updates need would be most of its bytes */
	model->cause.information = NULL;
	model->cause.estimate = NULL;
	return status;
}

SfStatus
sf_close_cause_predict(SfArena *arena, const SfCloseModel *model, const SfClosePart *part, SfCodes *codes,
					   double **log_odds)
{
	SfCodes		all;
	SfStatus	status = sf_close_cause_codes(arena, part, model, codes);

	if (status != SF_OK)
		return status;
	*log_odds = sf_arena_take(arena, (size_t) codes->rows, sizeof(double));
	if (*log_odds == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (model->cause_algorithm == SF_CLOSE_BOOSTED)
	{
		if (model->cause_trees.trees > 0)
			return sf_trees_predict(arena->ctx, &model->cause_trees, codes, *log_odds);
		for (int64_t i = 0; i < codes->rows; i++)
			(*log_odds)[i] = model->cause_trees.base;
		return SF_OK;
	}
	status = add_changing(arena, model, codes, &all);
	if (status == SF_OK)
		sf_logistic_predict(&model->cause, &all, *log_odds);
	return status;
}
