/*
 * close_cause.c
 *		Won or lost, given that a deal closes: its features and the age bucket.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/winprob/close_hazard.h"

static const SfFeature age_bucket = {{" age bucket", 11}, SF_FEATURE_NUMBER};

/* A bucket's middle; the last one's stands for its first days. */
static double
middle_of(const SfCloseModel *model, int32_t k)
{
	const SfCloseBucket *b = &model->bucket[k];

	return isinf(b->end) ? fmax(b->start, (b->start + model->horizon) / 2) : (b->start + b->end) / 2;
}

SfStatus
sf_close_cause_bins(SfArena *arena, const SfCloseModel *model, SfBins *bins)
{
	int32_t		features = model->bins.features;
	size_t		k = (size_t) model->buckets;
	SfFeature  *feature = sf_arena_take(arena, (size_t) features + 1, sizeof(SfFeature));
	SfFeatureBins *of = sf_arena_take(arena, (size_t) features + 1, sizeof(SfFeatureBins));
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
	*bins = (SfBins) {features + 1, feature, of, model->closed, model->won};
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
