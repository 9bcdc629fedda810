/*
 * close_deals.c
 *		Deals of a close model: outcome and ages beside the features.
 *
 * They travel as three more number columns of the frame, so that its order
 * depends on them too and nothing else has to be merged or sent.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

static const SfFeature own_column[SF_CLOSE_COLUMNS] = {
	{{" outcome", 8}, SF_FEATURE_NUMBER},
	{{" days", 5}, SF_FEATURE_NUMBER},
	{{" entry", 6}, SF_FEATURE_NUMBER}
};

SfStatus
sf_close_create(SfCtx *ctx, int32_t features, const SfFeature *feature, SfFrameBuilder **builder)
{
	SfFeature  *all;

	if (features < 0 || features > SF_MAX_FEATURES - SF_CLOSE_COLUMNS)
		return sf_fail_value(ctx, SF_TOO_LARGE, "a close model has at most 497 features", features);
	all = sf_alloc(ctx, (size_t) features + SF_CLOSE_COLUMNS, sizeof(SfFeature));
	if (all == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (features > 0)
		memcpy(all, feature, (size_t) features * sizeof(SfFeature));
	memcpy(all + features, own_column, sizeof own_column);
	return sf_frame_create(ctx, features + SF_CLOSE_COLUMNS, all, builder);
}

SfStatus
sf_close_add(SfCtx *ctx, SfFrameBuilder *builder, const SfCloseDeal *deal, SfCell *cells)
{
	SfCell	   *own = cells + sf_frame_features(builder) - SF_CLOSE_COLUMNS;
	/* open deals are rows like all others: to the frame an open deal is one that was not won */
	SfDealInfo	info = {.outcome = deal->outcome == SF_CLOSE_WON ? SF_WON : SF_LOST, .time = deal->time, .group = deal->group};

	if (!(deal->days >= 0 && deal->days <= SF_CLOSE_DAYS_MAX))
		return sf_fail_value(ctx, SF_BAD_DATA, "days must be between 0 and 1000000", deal->days);
	if (!(deal->entry >= 0 && deal->entry <= deal->days))
		return sf_fail_value(ctx, SF_BAD_DATA, "entry days must be between 0 and days", deal->entry);
	own[0] = (SfCell) {.number = (double) deal->outcome};
	own[1] = (SfCell) {.number = deal->days};
	own[2] = (SfCell) {.number = deal->entry};
	return sf_frame_add(ctx, builder, info, cells);
}

#define CHUNK 4096

/* Our own columns of all rows, checked: a builder may have come as bytes. */
static SfStatus
load_rows(SfCtx *ctx, const SfFrame *frame, double *days, double *entry, uint8_t *outcome)
{
	int32_t		own = frame->features - SF_CLOSE_COLUMNS;
	double		kind[CHUNK];

	for (int64_t i = 0; i < frame->rows; i += CHUNK)
	{
		int64_t		n = frame->rows - i < CHUNK ? frame->rows - i : CHUNK;

		sf_frame_numbers(frame, own, sf_all_rows(frame), i, n, kind);
		sf_frame_numbers(frame, own + 1, sf_all_rows(frame), i, n, days + i);
		sf_frame_numbers(frame, own + 2, sf_all_rows(frame), i, n, entry + i);
		for (int64_t j = i; j < i + n; j++)
		{
			if (!(kind[j - i] == SF_CLOSE_OPEN || kind[j - i] == SF_CLOSE_LOST || kind[j - i] == SF_CLOSE_WON) ||
				!(days[j] >= 0 && days[j] <= SF_CLOSE_DAYS_MAX && entry[j] >= 0 && entry[j] <= days[j]))
				return sf_fail(ctx, SF_BAD_DATA, "a deal's outcome or age is missing");
			outcome[j] = (uint8_t) kind[j - i];
		}
		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

SfStatus
sf_close_load(SfArena *arena, const SfFrame *frame, SfCloseSet *set)
{
	size_t		n = (size_t) frame->rows;
	double	   *days = sf_arena_take(arena, n, sizeof(double));
	double	   *entry = sf_arena_take(arena, n, sizeof(double));
	uint8_t    *outcome = sf_arena_take(arena, n, sizeof(uint8_t));
	SfStatus	status;

	if (days == NULL || entry == NULL || outcome == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (frame->features < SF_CLOSE_COLUMNS)
		return sf_fail(arena->ctx, SF_BAD_DATA, "a deal's outcome or age is missing");
	status = load_rows(arena->ctx, frame, days, entry, outcome);
	if (status != SF_OK)
		return status;
	*set = (SfCloseSet) {.frame = *frame, .days = days, .entry = entry, .outcome = outcome};
	set->frame.features = frame->features - SF_CLOSE_COLUMNS;
	return SF_OK;
}

SfStatus
sf_close_part(SfArena *arena, const SfCloseSet *set, SfRows rows, const SfBins *bins, SfClosePart *part)
{
	size_t		n = (size_t) rows.n;
	double	   *days = sf_arena_take(arena, n, sizeof(double));
	double	   *entry = sf_arena_take(arena, n, sizeof(double));
	uint8_t    *outcome = sf_arena_take(arena, n, sizeof(uint8_t));
	uint64_t   *group = set->frame.group == NULL ? NULL : sf_arena_take(arena, n, sizeof(uint64_t));

	if (days == NULL || entry == NULL || outcome == NULL || (group == NULL && set->frame.group != NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < rows.n; i++)
	{
		int64_t		at = rows.row == NULL ? i : rows.row[i];

		days[i] = set->days[at];
		entry[i] = set->entry[at];
		outcome[i] = set->outcome[at];
		if (group != NULL)
			group[i] = set->frame.group[at];
	}
	part->rows = rows.n;
	part->days = days;
	part->entry = entry;
	part->outcome = outcome;
	part->group = group;
	return sf_bins_code(arena, bins, &set->frame, rows, &part->codes);
}
