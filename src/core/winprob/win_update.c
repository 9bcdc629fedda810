/*
 * win_update.c
 *		New closed deals into a trained model, without the old ones.
 *
 * Members learn where they can: a logistic one from the quadratic around its
 * optimum, a forest by counting the deals into its leaves.  Bins, shares and
 * calibration stay.  Figures of quality were those of the old model; they stay
 * as well, but training figures go, since the old deals are not here.
 */
#include "core/winprob/winmodel.h"

#include <math.h>

static SfStatus
update_member(SfArena *arena, const SfFrame *frame, const SfMember *old, SfMember *member)
{
	SfCodes		codes;
	SfStatus	status;

	*member = *old;
	if (old->kind == SF_ALGORITHM_BOOSTED)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a model with boosted trees cannot be updated, only trained again");
	status = sf_bins_code(arena, &old->bins, frame, sf_all_rows(frame), &codes);
	if (status != SF_OK)
		return status;
	if (old->kind == SF_ALGORITHM_FOREST)
		return sf_forest_update(arena, &old->trees, &codes, &member->trees);
	return sf_logistic_update(arena, &old->bins, &old->logistic, &codes, &member->logistic);
}

static bool
same_features(const SfFrame *frame, const SfBins *bins)
{
	if (frame->features != bins->features)
		return false;
	for (int32_t f = 0; f < frame->features; f++)
	{
		SfText		a = frame->feature[f].name;
		SfText		b = bins->feature[f].name;

		if (frame->feature[f].kind != bins->feature[f].kind || a.length != b.length ||
			(a.length > 0 && memcmp(a.at, b.at, (size_t) a.length) != 0))
			return false;
	}
	return true;
}

SfStatus
sf_win_update(SfArena *arena, const SfWinModel *old, const SfFrame *frame, SfWinModel *model)
{
	SfWinModel	made = *old;

	if (!same_features(frame, &old->member[0].bins))
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "features differ from those of the model");
	made.member = sf_arena_take(arena, (size_t) old->members, sizeof(SfMember));
	if (made.member == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t m = 0; m < old->members; m++)
	{
		SfStatus	status = update_member(arena, frame, &old->member[m], &made.member[m]);

		if (status != SF_OK)
			return status;
	}
	made.rows += frame->rows;
	made.won_rows += frame->won_rows;
	for (int64_t i = 0; frame->time != NULL && i < frame->rows; i++)
	{
		made.first_time = fmin(made.first_time, frame->time[i]);
		made.last_time = fmax(made.last_time, frame->time[i]);
	}
	made.train = (SfWinMetrics) {0};
	*model = made;
	return SF_OK;
}
