/*
 * win_train.c
 *		A plan and deals make the members of a model.
 */
#include "core/winprob/win_train.h"

#include <math.h>

/* Deals that are coded and predicted at a time. */
#define BLOCK 65536

/* Deals as the codes of some bins: made once for members that want the same bins one after the other. */
typedef struct Coding
{
	int32_t		wanted;			/* bins asked for; 0: nothing made yet */
	SfBins		bins;
	SfCodes		codes;
} Coding;

static SfStatus
code_deals(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t wanted, Coding *coding)
{
	SfStatus	status;

	if (coding->wanted == wanted)
		return SF_OK;
	status = sf_member_bins(arena, frame, rows, wanted, &coding->bins, &coding->codes);
	coding->wanted = wanted;
	return status;
}

SfStatus
sf_win_train(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinPlan *plan, SfWinModel *model)
{
	Coding		coding = {0};
	SfStatus	status = SF_OK;

	model->member = sf_arena_take(arena, (size_t) plan->members, sizeof(SfMember));
	if (model->member == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t m = 0; status == SF_OK && m < plan->members; m++)
	{
		status = code_deals(arena, frame, rows, plan->spec[m].bins, &coding);
		if (status == SF_OK)
			status = sf_member_fit(arena, &coding.bins, &coding.codes, &plan->spec[m], NULL, &model->member[m]);
		if (status == SF_OK)
			model->member[m].share = plan->share[m];
	}
	if (status != SF_OK)
		return status;
	model->members = plan->members;
	model->intercept = plan->intercept;
	model->calibration = plan->calibration;
	model->venn = plan->venn;
	model->algorithm = plan->members > 1 ? SF_ALGORITHM_BLEND : plan->spec[0].kind;
	return SF_OK;
}

/* Log-odds of every member of the model, added up. */
static SfStatus
apply_block(SfArena *arena, const SfWinModel *model, const SfFrame *frame, SfRows rows, double *sum)
{
	double	   *one = sf_arena_take(arena, (size_t) rows.n, sizeof(double));
	const void *coded = NULL;
	SfCodes		codes;
	SfStatus	status = SF_OK;

	if (one == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < rows.n; i++)
		sum[i] = model->intercept;
	for (int32_t m = 0; status == SF_OK && m < model->members; m++)
	{
		const SfMember *member = &model->member[m];

		if (coded != member->bins.of)
			status = sf_bins_code(arena, &member->bins, frame, rows, &codes);
		coded = member->bins.of;
		if (status == SF_OK)
			status = sf_member_predict(arena->ctx, member, &codes, one);
		for (int64_t i = 0; status == SF_OK && i < rows.n; i++)
			sum[i] += member->share * one[i];
	}
	return status;
}

SfStatus
sf_win_apply(SfArena *arena, const SfWinModel *model, const SfFrame *frame, SfRows rows, double *probability)
{
	uint32_t   *row = sf_arena_take(arena, BLOCK, sizeof(uint32_t));
	SfArenaMark mark = sf_arena_mark(arena);

	if (row == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t first = 0; first < rows.n; first += BLOCK)
	{
		int64_t		n = rows.n - first < BLOCK ? rows.n - first : BLOCK;
		SfStatus	status;

		for (int64_t i = 0; i < n; i++)
			row[i] = rows.row == NULL ? (uint32_t) (first + i) : rows.row[first + i];
		status = apply_block(arena, model, frame, (SfRows) {row, n}, probability + first);
		if (status != SF_OK)
			return status;
		for (int64_t i = 0; i < n; i++)
			probability[first + i] = sf_plan_probability(&model->calibration, probability[first + i]);
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}
