/*
 * win_training.c
 *		Deals that were collected, made into a win_model: for aggregates and for queries.
 */
#include "pg/bridge.h"
#include "pg/progress.h"
#include "pg/win_model_value.h"
#include "pg/win_training.h"
#include "pg/win_words.h"

#include "miscadmin.h"
#include "utils/memutils.h"

static void *
limited_alloc(void *host, size_t size)
{
	SfLimit    *limit = host;

	if (size > MaxAllocHugeSize || size > limit->room ||
		MemoryContextMemAllocated(limit->counted, true) > limit->room - size)
		return NULL;
	return MemoryContextAllocExtended(limit->cxt, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

void
sf_limit_init(SfLimit *limit, SfCtx *ctx, MemoryContext counted, MemoryContext cxt)
{
	limit->counted = counted;
	limit->cxt = cxt;
	limit->room = (Size) maintenance_work_mem * 1024;
	sf_ctx_init(ctx, cxt);
	ctx->alloc = limited_alloc;
	ctx->host = limit;
}

void
sf_limit_raise_unless_ok(const SfCtx *ctx, SfStatus status)
{
	if (status == SF_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("training needs more memory than maintenance_work_mem allows"),
				 errdetail("It is set to %d kB.", maintenance_work_mem),
				 errhint("Raise maintenance_work_mem, or train on fewer rows or columns.")));
	sf_raise_unless_ok(ctx, status);
}

void
sf_win_report(void *arg, int64_t done, int64_t total)
{
	bool		shown = *(bool *) arg;

	sf_progress_total(shown, total);
	sf_progress_update(shown, done);
}

/* What helps against the checks that stop training. */
static const char *
what_to_do(const SfWinModel *model)
{
	bool		few = false;
	bool		leak = false;
	bool		dates = false;

	for (int32 i = 0; i < model->gates; i++)
	{
		const SfGate *gate = &model->gate[i];

		if (gate->verdict != SF_REFUSE || !gate->stops)
			continue;
		dates |= gate->kind == SF_GATE_LEAK_AFTER;
		leak |= gate->kind == SF_GATE_LEAK_AUC || gate->kind == SF_GATE_LEAK_MISSING;
		few |= gate->feature < 0;
	}
	return psprintf("%s%s%s", few ? "Gather more deals, or use fewer columns. " : "",
					leak ? "Leave out columns that are known only afterwards. " : "",
					dates ? "A planned date is known in advance: give it as a number of days, "
					"such as expected_close_on - as_of. " : "");
}

/* Every check that stops training, in words. */
static void
refuse_training(const SfWinModel *model, const SfFrame *frame)
{
	StringInfoData detail;
	int			refused = 0;

	initStringInfo(&detail);
	for (int32 i = 0; i < model->gates; i++)
	{
		const SfGate *gate = &model->gate[i];
		int			start;

		if (gate->verdict != SF_REFUSE || !gate->stops)
			continue;
		if (refused++ > 0)
			appendStringInfoString(&detail, ". ");
		start = detail.len;
		sf_words_gate(&detail, gate, gate->feature >= 0 ? &frame->feature[gate->feature] : NULL);
		detail.data[start] = (char) pg_toupper((unsigned char) detail.data[start]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("cannot train a win model: %d of %d checks refuse", refused, model->gates),
			 errdetail("%s.", detail.data),
			 errhint("%sThe option force => true trains nevertheless, which the model records.", what_to_do(model))));
}

/* Without both outcomes there is nothing to learn, forced or not. */
static void
refuse_one_outcome(const SfFrame *frame)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 frame->rows == 0 ? errmsg("cannot train a win model without closed deals") :
			 errmsg("cannot train a win model on %s deals alone", frame->won_rows > 0 ? "won" : "lost"),
			 errdetail("There are " INT64_FORMAT " won, " INT64_FORMAT " lost and " INT64_FORMAT " open deals.",
					   frame->won_rows, frame->rows - frame->won_rows, frame->open_rows),
			 errhint("At least 40 won and 40 lost deals are needed.")));
}

Datum
sf_win_fit_value(SfArena *arena, const SfFrame *frame, const SfWinOptions *options)
{
	volatile bool shown = sf_progress_start(SF_WORK_TRAIN, 0);
	volatile Datum value = (Datum) 0;

	PG_TRY();
	{
		bool		tell = shown;
		SfWinModel	model;
		SfStatus	status;

		memset(&model, 0, sizeof model);
		status = sf_win_fit(arena, frame, options, (SfWinProgress) {sf_win_report, &tell}, &model);
		if (status == SF_BAD_DATA && (frame->won_rows == 0 || frame->won_rows == frame->rows))
			refuse_one_outcome(frame);
		if (status == SF_BAD_DATA && model.members == 0 && model.gates > 0)
			refuse_training(&model, frame);
		sf_limit_raise_unless_ok(arena->ctx, status);
		value = sf_win_value(arena->ctx, &model);
	}
	PG_FINALLY();
	{
		sf_progress_end(shown);
	}
	PG_END_TRY();
	return value;
}

Datum
sf_win_update_value(SfArena *arena, const SfWinModel *old, const SfFrame *frame)
{
	SfWinModel	model;
	SfStatus	status = sf_win_update(arena, old, frame, &model);

	if (status == SF_BAD_ARGUMENT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s", arena->ctx->what),
				 errhint("Train a new model on all deals.")));
	sf_limit_raise_unless_ok(arena->ctx, status);
	return sf_win_value(arena->ctx, &model);
}
