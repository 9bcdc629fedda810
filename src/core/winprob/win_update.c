/*
 * win_update.c
 *		New closed deals into a trained model, without the old ones.
 *
 * Members learn where they can: a logistic one from the quadratic around its
 * optimum, a forest by counting the deals into its leaves.  Cuts, groups of
 * categories, shares and calibration stay; the counts of the bins go on, those
 * of categories that training never saw included.
 *
 * Figures of quality are about the old model and about deals that are no longer
 * the latest: they go, and their gates say that nothing was tested.  Counts and
 * history are gated anew; what was found of leaks is about the old deals, and stays.
 */
#include "core/winprob/deal_counts.h"
#include "core/winprob/dictionary.h"
#include "core/winprob/gates.h"

#include <math.h>

static SfStatus
learn(SfArena *arena, const SfCodes *codes, const SfMember *old, SfMember *member)
{
	if (old->kind == SF_ALGORITHM_FOREST)
		return sf_forest_update(arena, &old->trees, codes, &member->trees);
	return sf_logistic_update(arena, &old->bins, &old->logistic, codes, &member->logistic);
}

/* The counts of one feature with those of the new deals. */
static SfStatus
count_feature(SfArena *arena, const SfCodes *codes, int32_t f, SfFeatureBins *of)
{
	size_t		n = (size_t) of->values + 2;
	int64_t    *count = sf_arena_take(arena, n, sizeof(int64_t));
	int64_t    *won = sf_arena_take(arena, n, sizeof(int64_t));

	if (count == NULL || won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(count, of->count, n * sizeof(int64_t));
	memcpy(won, of->won, n * sizeof(int64_t));
	for (int64_t i = 0; i < codes->rows; i++)
	{
		uint8_t		code = codes->code[i * codes->features + f];

		count[code]++;
		won[code] += codes->won[i] != 0;
	}
	of->count = count;
	of->won = won;
	return sf_poll(arena->ctx);
}

static SfStatus
count_deals(SfArena *arena, const SfCodes *codes, SfBins *bins)
{
	SfFeatureBins *of = sf_arena_take(arena, (size_t) bins->features, sizeof(SfFeatureBins));

	if (of == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(of, bins->of, (size_t) bins->features * sizeof(SfFeatureBins));
	for (int32_t f = 0; f < bins->features; f++)
	{
		SfStatus	status = count_feature(arena, codes, f, &of[f]);

		if (status != SF_OK)
			return status;
	}
	bins->of = of;
	bins->rows += codes->rows;
	for (int64_t i = 0; i < codes->rows; i++)
		bins->won_rows += codes->won[i] != 0;
	return SF_OK;
}

/* Members that share bins go on sharing them. */
static SfStatus
update_member(SfArena *arena, const SfFrame *frame, const SfWinModel *old, int32_t m, SfMember *made)
{
	const SfMember *from = &old->member[m];
	SfCodes		codes;
	SfStatus	status;

	made[m] = *from;
	if (from->kind == SF_ALGORITHM_BOOSTED)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a model with boosted trees cannot be updated, only trained again");
	status = sf_bins_code(arena, &from->bins, frame, sf_all_rows(frame), &codes);
	if (status == SF_OK)
		status = learn(arena, &codes, from, &made[m]);
	if (status != SF_OK)
		return status;
	for (int32_t j = 0; j < m; j++)
		if (old->member[j].bins.of == from->bins.of)
		{
			made[m].bins = made[j].bins;
			return SF_OK;
		}
	return count_deals(arena, &codes, &made[m].bins);
}

/*
 * Counts and gates of a model that was trained on old->deals deals and now knows those of the frame, too.  A deal
 * that has rows in both counts twice: which deals the model knew is not kept.
 */
static SfStatus
gate_again(SfArena *arena, const SfWinModel *old, const SfFrame *frame, SfWinModel *made)
{
	SfDealCounts counts;
	SfStatus	status = sf_count_deals(arena, frame, NULL, &counts);

	if (status != SF_OK)
		return status;
	made->gate = sf_arena_take(arena, (size_t) old->gates, sizeof(SfGate));
	if (made->gate == NULL)
		return sf_no_memory(arena->ctx);
	made->deals += counts.closed;
	made->won_deals += counts.won;
	made->lost_deals += counts.lost;
	made->first_time = fmin(made->first_time, counts.first);
	made->last_time = fmax(made->last_time, counts.last);
	for (int32_t i = 0; i < old->gates; i++)
		made->gate[i] = sf_gate_updated(&old->gate[i], old, made, counts.timed);
	return SF_OK;
}

SfStatus
sf_win_update(SfArena *arena, const SfWinModel *old, const SfFrame *frame, SfWinModel *model)
{
	SfWinModel	made = *old;
	SfStatus	status = SF_OK;

	if (!sf_same_features(frame->feature, frame->features, old->member[0].bins.feature, old->member[0].bins.features))
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "features differ from those of the model");
	if (frame->rows == 0)
	{
		*model = *old;
		return SF_OK;
	}
	made.member = sf_arena_take(arena, (size_t) old->members, sizeof(SfMember));
	if (made.member == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t m = 0; status == SF_OK && m < old->members; m++)
		status = update_member(arena, frame, old, m, made.member);
	if (status != SF_OK)
		return status;
	made.rows += frame->rows;
	made.won_rows += frame->won_rows;
	made.train = made.random = made.forward = (SfWinMetrics) {0};
	status = gate_again(arena, old, frame, &made);
	if (status == SF_OK)
		*model = made;
	return status;
}
