/*
 * pg_win_query.c
 *		Win models of a query's rows: training, cross-validation, interactions.
 *
 * The query runs as the caller. Its column won is the outcome; as_of, closed_at and
 * fold_group are what they are in a record of features; deal_id comes back with
 * held-out deals; all others are features.
 */
#include "pg/bridge.h"
#include "pg/feature_record.h"
#include "pg/options.h"
#include "pg/progress.h"
#include "pg/rowbuf.h"
#include "pg/rowset.h"
#include "pg/win_options.h"
#include "pg/win_training.h"
#include "pg/win_words.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/winprob/interactions.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Rows of a query as they come. */
typedef struct Collector
{
	MemoryContext cxt;			/* of everything here */
	SfLimit		limit;
	SfCtx		ctx;
	TupleDesc	desc;			/* of the query: what rows carry may lack the names */
	SfRecordReader *reader;		/* NULL before the first row */
	SfFrameBuilder *builder;
	bool		shown;			/* progress */
	int64		rows;
	int			id_at;			/* column deal_id; -1: none, or not wanted */
	FmgrInfo	id_output;
	char	  **id;				/* of closed deals as they come; NULL where it is NULL */
	int64		ids;
	int64		id_room;
} Collector;

/* deal_id of every closed deal is kept, where there is such a column. */
static void
want_ids(Collector *c)
{
	for (int i = 0; i < c->desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(c->desc, i);
		Oid			output;
		bool		is_varlena;

		if (a->attisdropped || strcmp(NameStr(a->attname), "deal_id") != 0)
			continue;
		c->id_at = i;
		getTypeOutputInfo(a->atttypid, &output, &is_varlena);
		fmgr_info_cxt(output, &c->id_output, c->cxt);
	}
}

static void
keep_id(Collector *c, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(c->cxt);

	if (c->ids == c->id_room)
	{
		c->id_room = Max(2 * c->id_room, 1024);
		c->id = c->id == NULL ? palloc(c->id_room * sizeof(char *)) : repalloc_huge(c->id, c->id_room * sizeof(char *));
	}
	c->id[c->ids++] = slot->tts_isnull[c->id_at] ? NULL : OutputFunctionCall(&c->id_output, slot->tts_values[c->id_at]);
	MemoryContextSwitchTo(old);
}

static void
start_rows(Collector *c)
{
	c->reader = sf_slot_reader(c->cxt, c->desc, NULL, 0);
	sf_limit_raise_unless_ok(&c->ctx, sf_frame_create(&c->ctx, c->reader->features, c->reader->feature, &c->builder));
}

static void
collect_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	Collector  *c = arg;
	bool		is_null;
	Datum		won;
	SfDealInfo	info = {0};
	SfStatus	status;

	if (unlikely(c->reader == NULL))
		start_rows(c);
	slot_getallattrs(slot);
	won = sf_column_value(slot, columns, &is_null);
	info.outcome = is_null ? SF_OPEN : DatumGetBool(won) ? SF_WON : SF_LOST;
	sf_record_read_values(c->reader, slot->tts_values, slot->tts_isnull, &info);
	status = sf_frame_add(&c->ctx, c->builder, info, c->reader->cells);
	if (unlikely(status != SF_OK))
		sf_limit_raise_unless_ok(&c->ctx, status);
	if (c->id_at >= 0 && info.outcome != SF_OPEN)
		keep_id(c, slot);
	sf_progress_update(c->shown, ++c->rows);
}

/* All rows of the query, in a context below the current one. */
static Collector *
collect(const char *query, bool with_ids)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "deals of a query", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	Collector  *c = palloc0(sizeof *c);
	SfColumn	columns[1] = {{.name = "won", .type = BOOLOID, .type_name = "boolean"}};

	c->cxt = cxt;
	c->desc = sf_query_desc(query);
	MemoryContextSwitchTo(caller);
	c->id_at = -1;
	if (with_ids)
		want_ids(c);
	sf_limit_init(&c->limit, &c->ctx, cxt, cxt);
	c->shown = sf_progress_start(SF_WORK_READ_ROWS, 0);
	PG_TRY();
	{
		sf_query_rows(query, columns, 1, collect_row, c);
	}
	PG_FINALLY();
	{
		sf_progress_end(c->shown);
	}
	PG_END_TRY();
	if (c->reader == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the query returned no rows"),
				 errdetail("A win model is made from closed deals, one row each.")));
	return c;
}

static const char *
query_of(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("query must not be NULL")));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

static void
options_of(FunctionCallInfo fcinfo, int argument, SfWinOptions *options)
{
	sf_win_options_read(PG_ARGISNULL(argument) ? NULL : PG_GETARG_HEAPTUPLEHEADER(argument), options);
}

/* Where the core works: below the rows, counted with them. */
typedef struct Work
{
	MemoryContext cxt;
	SfLimit		limit;
	SfCtx		ctx;
	SfArena		arena;
	SfFrame		frame;
} Work;

static void
start_work(Work *w, Collector *c)
{
	w->cxt = AllocSetContextCreate(c->cxt, "training", ALLOCSET_DEFAULT_SIZES);
	sf_limit_init(&w->limit, &w->ctx, c->cxt, w->cxt);
	sf_arena_init(&w->arena, &w->ctx);
	sf_limit_raise_unless_ok(&w->ctx, sf_frame_finish(&w->arena, c->builder, &w->frame));
}

SF_FUNCTION(sf_win_fit_query);
Datum
sf_win_fit_query(PG_FUNCTION_ARGS)
{
	const char *query = query_of(fcinfo);
	SfWinOptions options;
	Collector  *c;
	Work		work;
	Datum		value;

	options_of(fcinfo, 1, &options);
	c = collect(query, false);
	start_work(&work, c);
	value = sf_win_fit_value(&work.arena, &work.frame, &options);
	MemoryContextDelete(c->cxt);
	return value;
}

/* ---- cross_validate_win ---- */

typedef struct HeldOut
{
	double	   *probability;	/* [rows] */
	int32_t    *fold;			/* [rows] */
	double	   *rate;			/* [folds] */
} HeldOut;

static void *
array_of(Work *w, size_t n, size_t size)
{
	void	   *array = sf_arena_take(&w->arena, n, size);

	if (array == NULL)
		sf_limit_raise_unless_ok(&w->ctx, SF_NO_MEMORY);
	return array;
}

static void
hold_out(Work *w, const SfWinOptions *options, SfFoldKind kind, int32 folds, HeldOut *out)
{
	volatile bool shown = sf_progress_start(SF_WORK_TRAIN, 0);

	out->probability = array_of(w, w->frame.rows, sizeof(double));
	out->fold = array_of(w, w->frame.rows, sizeof(int32_t));
	out->rate = array_of(w, folds, sizeof(double));
	PG_TRY();
	{
		bool		tell = shown;

		sf_limit_raise_unless_ok(&w->ctx, sf_win_cross_validate(&w->arena, &w->frame, options, kind, folds,
																(SfWinProgress) {sf_win_report, &tell},
																out->probability, out->fold, out->rate));
	}
	PG_FINALLY();
	{
		sf_progress_end(shown);
	}
	PG_END_TRY();
}

static void
put_held_out(SfRowSet *rows, const Collector *c, const SfFrame *frame, const HeldOut *out, int64 i)
{
	const char *id = c->id_at >= 0 ? c->id[frame->order[i]] : NULL;

	sf_rowset_set(rows, 0, Int32GetDatum(out->fold[i]));
	sf_rowset_set(rows, 1, BoolGetDatum(frame->won[i] != 0));
	sf_rowset_set(rows, 2, Float8GetDatum(out->probability[i]));
	if (frame->time != NULL && !isnan(frame->time[i]))
		sf_rowset_set(rows, 3, TimestampGetDatum((Timestamp) rint(frame->time[i] * USECS_PER_DAY)));
	sf_rowset_set(rows, 4, Float8GetDatum(out->rate[out->fold[i] - 1]));
	if (id != NULL)
		sf_rowset_set(rows, 5, CStringGetTextDatum(id));
	sf_rowset_put(rows);
}

/* Some folds need a column that others do not. */
static void
require_fold_column(const SfRecordReader *reader, SfFoldKind kind)
{
	if (kind == SF_FOLDS_GROUPED && reader->group == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("grouped folds need a column \"fold_group\""),
				 errhint("Add what must not be torn apart to the query, such as account_id AS fold_group.")));
	if (kind == SF_FOLDS_FORWARD && reader->as_of == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("forward folds need a column \"as_of\""),
				 errhint("Add the moment that each row describes to the query, such as created_at AS as_of.")));
}

SF_FUNCTION(sf_win_cross_validation);
Datum
sf_win_cross_validation(PG_FUNCTION_ARGS)
{
	static const SfWord words[] = {
		{"shuffled", SF_FOLDS_SHUFFLED}, {"grouped", SF_FOLDS_GROUPED}, {"forward", SF_FOLDS_FORWARD}, {NULL, 0},
	};
	const char *query = query_of(fcinfo);
	SfWinOptions options;
	SfFoldKind	kind;
	int32		folds;
	Collector  *c;
	Work		work;
	HeldOut		out;
	SfRowSet	rows;

	options_of(fcinfo, 1, &options);
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("folds and their number must not be NULL")));
	kind = (SfFoldKind) sf_word(text_to_cstring(PG_GETARG_TEXT_PP(2)), "folds", words);
	folds = PG_GETARG_INT32(3);
	if (folds < SF_FOLDS_MIN || folds > SF_FOLDS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(SF_FOLDS_TEXT),
				 errdetail("The value given is %d.", folds)));
	sf_rowset_start(&rows, fcinfo);
	c = collect(query, true);
	require_fold_column(c->reader, kind);
	start_work(&work, c);
	hold_out(&work, &options, kind, folds, &out);
	for (int64 i = 0; i < work.frame.rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (out.fold[i] > 0 && !isnan(out.probability[i]))
			put_held_out(&rows, c, &work.frame, &out, i);
	}
	MemoryContextDelete(c->cxt);
	return (Datum) 0;
}

/* ---- win_interactions ---- */

enum
{
	ROW_CONDITION, ROW_SEGMENT, ROW_DEALS, ROW_WIN_RATE, ROW_OTHERS, ROW_OTHERS_WIN_RATE, ROW_LIFT, ROW_LIFT_OUTSIDE,
	ROW_ODDS, ROW_ODDS_LOW, ROW_ODDS_HIGH, ROW_ODDS_OUTSIDE, ROW_SHRUNK, ROW_P, ROW_REASON
};

/* Categories of few deals are drawn to the base rate by so many. */
#define CATEGORY_PRIOR 20.0

static void
append_condition(StringInfo out, const SfBins *bins, const SfInteraction *row)
{
	uint64		codes[4] = {0};

	for (int32 code = row->code_low; code <= row->code_high; code++)
		codes[code / 64] |= UINT64CONST(1) << (code % 64);
	sf_words_codes(out, &bins->feature[row->condition], &bins->of[row->condition], codes);
}

static void
append_segment(StringInfo out, const SfBins *bins, const SfInteraction *row)
{
	for (int32 k = 0; k < row->segments; k++)
	{
		if (k > 0)
			appendStringInfoString(out, " and ");
		sf_words_codes(out, &bins->feature[row->segment[k]], &bins->of[row->segment[k]], row->codes[k]);
	}
}

static void
append_effect(StringInfo out, const SfInteractionEffect *e)
{
	appendStringInfoString(out, "won ");
	sf_words_percent(out, e->rate_with);
	appendStringInfoString(out, " of ");
	sf_words_number(out, (double) e->deals_with);
	appendStringInfoString(out, " deals against ");
	sf_words_percent(out, e->rate_without);
	appendStringInfo(out, " without it (%.2g times)", e->lift);
}

static void
put_interaction(SfRowSet *rows, const SfBins *bins, const SfInteraction *row)
{
	StringInfoData condition;
	StringInfoData segment;
	StringInfoData reason;

	initStringInfo(&condition);
	initStringInfo(&segment);
	initStringInfo(&reason);
	append_condition(&condition, bins, row);
	append_segment(&segment, bins, row);
	appendStringInfo(&reason, "%s where %s: ", condition.data, segment.data);
	append_effect(&reason, &row->inside);
	appendStringInfoString(&reason, "; elsewhere ");
	append_effect(&reason, &row->outside);
	sf_rowset_set(rows, ROW_CONDITION, CStringGetTextDatum(condition.data));
	sf_rowset_set(rows, ROW_SEGMENT, CStringGetTextDatum(segment.data));
	sf_rowset_set(rows, ROW_DEALS, Int64GetDatum(row->inside.deals_with));
	sf_rowset_number(rows, ROW_WIN_RATE, row->inside.rate_with);
	sf_rowset_set(rows, ROW_OTHERS, Int64GetDatum(row->inside.deals_without));
	sf_rowset_number(rows, ROW_OTHERS_WIN_RATE, row->inside.rate_without);
	sf_rowset_number(rows, ROW_LIFT, row->inside.lift);
	sf_rowset_number(rows, ROW_LIFT_OUTSIDE, row->outside.lift);
	sf_rowset_number(rows, ROW_ODDS, row->inside.odds_ratio);
	sf_rowset_number(rows, ROW_ODDS_LOW, row->inside.odds_low);
	sf_rowset_number(rows, ROW_ODDS_HIGH, row->inside.odds_high);
	sf_rowset_number(rows, ROW_ODDS_OUTSIDE, row->outside.odds_ratio);
	sf_rowset_number(rows, ROW_SHRUNK, row->shrunk);
	sf_rowset_number(rows, ROW_P, row->adjusted);
	sf_rowset_set(rows, ROW_REASON, CStringGetTextDatum(reason.data));
	sf_rowset_put(rows);
}

static void
refuse_null(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", name)));
}

/* Arguments: query, level, least_deals, bins, threes. */
SF_FUNCTION(sf_win_interactions);
Datum
sf_win_interactions(PG_FUNCTION_ARGS)
{
	const char *query = query_of(fcinfo);
	SfInteractionOptions options = {0};
	SfBinOptions binning = {0, CATEGORY_PRIOR};
	Collector  *c;
	Work		work;
	SfBins		bins;
	SfCodes		codes;
	SfInteractions found;
	SfRowSet	rows;

	refuse_null(fcinfo, 1, "level");
	refuse_null(fcinfo, 2, "least_deals");
	refuse_null(fcinfo, 3, "bins");
	refuse_null(fcinfo, 4, "threes");
	options.level = PG_GETARG_FLOAT8(1);
	options.least_deals = PG_GETARG_INT32(2);
	binning.bins = PG_GETARG_INT32(3);
	options.threes = PG_GETARG_BOOL(4);
	if (!(options.level > 0.0 && options.level <= 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level must be above 0 and at most 1"),
				 errdetail("The value given is %s.", float8out_internal(options.level))));
	if (options.least_deals < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("least_deals must be at least 1"),
				 errdetail("The value given is %d.", PG_GETARG_INT32(2))));
	if (binning.bins < 2 || binning.bins > SF_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be between 2 and %d", SF_MAX_BINS),
				 errdetail("The value given is %d.", binning.bins)));
	sf_rowset_start(&rows, fcinfo);
	c = collect(query, false);
	start_work(&work, c);
	if (work.frame.rows > 0)
	{
		sf_limit_raise_unless_ok(&work.ctx, sf_bins_fit(&work.arena, &work.frame, sf_all_rows(&work.frame), binning, &bins));
		sf_limit_raise_unless_ok(&work.ctx, sf_bins_code(&work.arena, &bins, &work.frame, sf_all_rows(&work.frame), &codes));
		sf_limit_raise_unless_ok(&work.ctx, sf_interactions_find(&work.arena, &bins, &codes, options, &found));
		for (int64 i = 0; i < found.n; i++)
			put_interaction(&rows, &bins, &found.row[i]);
	}
	MemoryContextDelete(c->cxt);
	return (Datum) 0;
}
