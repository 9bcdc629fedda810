/*
 * pg_win_close.c
 *		fit_close_model and fit_churn_model: deals with their ages in, a model out.
 */
#include "pg/bridge.h"
#include "pg/close_model_value.h"
#include "pg/options.h"
#include "pg/progress.h"
#include "pg/win_training.h"
#include "pg/win_words.h"

#include <math.h>

#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct CloseState
{
	MemoryContext cxt;			/* of everything here */
	SfLimit		limit;
	SfCtx		ctx;
	SfCloseOptions options;
	SfFrameBuilder *builder;
	SfCell	   *cells;			/* [features + SF_CLOSE_COLUMNS] */
	uint64		reader;			/* number of the reader whose features are known to be the builder's */
} CloseState;

/* What a step function remembers from row to row, in its fn_extra. */
typedef struct StepCache
{
	bool		read;			/* options and given are set */
	HeapTupleHeader given;
	SfCloseOptions options;
	SfRecordReader *reader;
	MemoryContext reader_cxt;
	uint64		readers;
} StepCache;

static const SfWord algorithms[] = {
	{"auto", SF_CLOSE_AUTO}, {"additive", SF_CLOSE_ADDITIVE}, {"boosted", SF_CLOSE_BOOSTED}, {NULL, 0}
};
static const SfWord validations[] = {{"auto", true}, {"full", true}, {"none", false}, {NULL, 0}};

static void
read_options(HeapTupleHeader given, bool churn, SfCloseOptions *out)
{
	bool		is_null;

	/* padding too: options are compared as bytes */
	memset(out, 0, sizeof *out);
	out->churn = churn;
	out->ridge = out->smoothness = out->rate = NAN;
	out->validate = true;
	if (given == NULL)
		return;
	out->algorithm = (SfCloseAlgorithm) sf_option_word(given, "algorithm", algorithms);
	out->buckets = sf_option_int_or(given, "buckets", 2, SF_CLOSE_BUCKETS_MAX, 0);
	out->bins = sf_option_int_or(given, "bins", 2, 64, 0);
	out->ridge = sf_option_double_or(given, "ridge", 0.0, 1e9, NAN);
	out->smoothness = sf_option_double_or(given, "smoothness", 0.0, 1e9, NAN);
	out->trees = sf_option_int_or(given, "trees", 1, SF_MAX_TREES, 0);
	out->leaves = sf_option_int_or(given, "leaves", 2, SF_QUICK_LEAVES, 0);
	out->rate = sf_option_double_or(given, "learning_rate", 1e-4, 1.0, NAN);
	out->folds = sf_option_int_or(given, "folds", 2, 20, 0);
	out->validate = sf_option_word(given, "validate", validations);
	out->force = sf_option_bool(given, "force");
	out->seed = (uint64) DatumGetInt64(GetAttributeByName(given, "seed", &is_null));
	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be NULL", "seed")));
}

static StepCache *
step_cache(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(StepCache));
	return fcinfo->flinfo->fn_extra;
}

static void
row_options(FunctionCallInfo fcinfo, StepCache *cache, HeapTupleHeader given, bool churn, SfCloseOptions *options)
{
	if (likely(cache->read && sf_options_same(cache->given, given)))
	{
		memcpy(options, &cache->options, sizeof *options);
		return;
	}
	read_options(given, churn, options);
	if (!cache->read)
	{
		cache->given = sf_options_copy(fcinfo->flinfo->fn_mcxt, given);
		memcpy(&cache->options, options, sizeof *options);
		cache->read = true;
	}
}

/* Columns that say how a deal ended are never its features. */
static bool
is_ending(SfText name)
{
	static const char *const endings[] = {"outcome", "days", "entry_days", "churned", "tenure_days"};

	for (int i = 0; i < (int) lengthof(endings); i++)
		if (strlen(endings[i]) == (size_t) name.length && memcmp(endings[i], name.at, name.length) == 0)
			return true;
	return false;
}

/* The reader of this record: all its columns, without the endings. */
static SfRecordReader *
row_reader(FunctionCallInfo fcinfo, StepCache *cache, HeapTupleHeader record)
{
	MemoryContext cxt;
	SfRecordReader *all;
	SfFeature  *feature;
	int32		features = 0;

	if (likely(sf_record_reads(cache->reader, record)))
		return cache->reader;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "features of deals", ALLOCSET_SMALL_SIZES);
	all = sf_record_reader(cxt, record, NULL, 0);
	feature = MemoryContextAlloc(cxt, (all->features + 1) * sizeof *feature);
	for (int32 f = 0; f < all->features; f++)
		if (!is_ending(all->feature[f].name))
			feature[features++] = all->feature[f];
	if (features < all->features)
		all = sf_record_reader(cxt, record, feature, features);
	MemoryContextSetParent(cxt, fcinfo->flinfo->fn_mcxt);
	if (cache->reader_cxt != NULL)
		MemoryContextDelete(cache->reader_cxt);
	cache->reader_cxt = cxt;
	cache->reader = all;
	cache->readers++;
	return all;
}

static CloseState *
new_state(MemoryContext aggregate)
{
	MemoryContext cxt = AllocSetContextCreate(aggregate, "deals of a close model", ALLOCSET_SMALL_SIZES);
	CloseState *s = MemoryContextAllocZero(cxt, sizeof *s);

	s->cxt = cxt;
	sf_limit_init(&s->limit, &s->ctx, cxt, cxt);
	return s;
}

static Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static void
refuse_features(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("all rows of a close model must have the same features"),
			 errhint("Give every row the same columns, with the same types, or add a GROUP BY.")));
}

static bool
same_features(const SfFrameBuilder *builder, const SfRecordReader *reader)
{
	if (sf_frame_features(builder) != reader->features + SF_CLOSE_COLUMNS)
		return false;
	for (int32 f = 0; f < reader->features; f++)
	{
		const SfFeature *a = sf_frame_feature(builder, f);
		const SfFeature *b = &reader->feature[f];

		if (a->kind != b->kind || a->name.length != b->name.length ||
			memcmp(a->name.at, b->name.at, a->name.length) != 0)
			return false;
	}
	return true;
}

static void
check_options(const CloseState *s, const SfCloseOptions *options)
{
	if (memcmp(&s->options, options, sizeof *options) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("close options must be the same for all rows of a model"),
				 errhint("Add a GROUP BY if these are several models.")));
}

static SfCloseOutcome
outcome_of(text *word)
{
	static const char *const words[] = {"open", "lost", "won"};

	for (int i = 0; i < 3; i++)
		if (VARSIZE_ANY_EXHDR(word) == strlen(words[i]) &&
			memcmp(VARDATA_ANY(word), words[i], strlen(words[i])) == 0)
			return (SfCloseOutcome) i;
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("outcome must be \"won\", \"lost\" or \"open\""),
			 errdetail("The value given is \"%s\".", text_to_cstring(word))));
}

static void
raise_row(const SfRecordReader *reader, SfCtx *ctx, SfStatus status)
{
	if (status == SF_BAD_DATA && ctx->where >= 0 && ctx->where < reader->features)
	{
		SfText		name = reader->feature[ctx->where].name;

		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("feature \"%.*s\": %s", name.length, name.at, ctx->what)));
	}
	sf_limit_raise_unless_ok(ctx, status);
}

/* Adds a deal; at: of the features among the arguments, options follow. */
static Datum
add_deal(FunctionCallInfo fcinfo, SfCloseDeal *deal, int at, bool churn)
{
	StepCache  *cache = step_cache(fcinfo);
	HeapTupleHeader record = PG_GETARG_HEAPTUPLEHEADER(at);
	bool		given = PG_NARGS() > at + 1 && !PG_ARGISNULL(at + 1);
	SfCloseOptions options;
	SfRecordReader *reader;
	CloseState *s;
	SfDealInfo	info;
	SfStatus	status;

	row_options(fcinfo, cache, given ? PG_GETARG_HEAPTUPLEHEADER(at + 1) : NULL, churn, &options);
	reader = row_reader(fcinfo, cache, record);
	if (PG_ARGISNULL(0))
	{
		s = new_state(sf_aggregate_context(fcinfo));
		memcpy(&s->options, &options, sizeof options);
		sf_limit_raise_unless_ok(&s->ctx, sf_close_create(&s->ctx, reader->features, reader->feature, &s->builder));
		s->cells = MemoryContextAlloc(s->cxt, (reader->features + SF_CLOSE_COLUMNS) * sizeof(SfCell));
	}
	else
	{
		s = (CloseState *) PG_GETARG_POINTER(0);
		check_options(s, &options);
		if (unlikely(s->reader != cache->readers) && !same_features(s->builder, reader))
			refuse_features();
	}
	s->reader = cache->readers;
	sf_record_read(reader, record, &info);
	memcpy(s->cells, reader->cells, reader->features * sizeof(SfCell));
	deal->time = info.time;
	deal->group = info.group;
	status = sf_close_add(&s->ctx, s->builder, deal, s->cells);
	if (unlikely(status != SF_OK))
		raise_row(reader, &s->ctx, status);
	PG_RETURN_POINTER(s);
}

/* Arguments: state, outcome, days, features [, options]. */
SF_FUNCTION(sf_close_fit_add);
Datum
sf_close_fit_add(PG_FUNCTION_ARGS)
{
	SfCloseDeal deal = {0};

	sf_check_aggregate(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	deal.outcome = outcome_of(PG_GETARG_TEXT_PP(1));
	deal.days = PG_GETARG_FLOAT8(2);
	return add_deal(fcinfo, &deal, 3, false);
}

/* Arguments: state, outcome, days, entry_days, features [, options]. */
SF_FUNCTION(sf_close_fit_add_entry);
Datum
sf_close_fit_add_entry(PG_FUNCTION_ARGS)
{
	SfCloseDeal deal = {0};

	sf_check_aggregate(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(4))
		return keep_state(fcinfo);
	deal.outcome = outcome_of(PG_GETARG_TEXT_PP(1));
	deal.days = PG_GETARG_FLOAT8(2);
	deal.entry = PG_ARGISNULL(3) ? 0 : PG_GETARG_FLOAT8(3);
	return add_deal(fcinfo, &deal, 4, false);
}

/* Arguments: state, churned, tenure_days, features [, options]. */
SF_FUNCTION(sf_churn_fit_add);
Datum
sf_churn_fit_add(PG_FUNCTION_ARGS)
{
	SfCloseDeal deal = {0};

	sf_check_aggregate(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	deal.outcome = PG_GETARG_BOOL(1) ? SF_CLOSE_WON : SF_CLOSE_OPEN;
	deal.days = PG_GETARG_FLOAT8(2);
	return add_deal(fcinfo, &deal, 3, true);
}

static CloseState *
state_of(MemoryContext cxt, const SfCloseOptions *options)
{
	CloseState *s = new_state(cxt);

	memcpy(&s->options, options, sizeof *options);
	return s;
}

SF_FUNCTION(sf_close_fit_combine);
Datum
sf_close_fit_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	CloseState *other;
	CloseState *s;
	SfStatus	status;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (CloseState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
	{
		int32		features = sf_frame_features(other->builder);

		s = state_of(cxt, &other->options);
		sf_limit_raise_unless_ok(&s->ctx, sf_frame_create(&s->ctx, features, sf_frame_feature(other->builder, 0),
														  &s->builder));
		s->cells = MemoryContextAlloc(s->cxt, features * sizeof(SfCell));
	}
	else
	{
		s = (CloseState *) PG_GETARG_POINTER(0);
		check_options(s, &other->options);
	}
	status = sf_frame_merge(&s->ctx, s->builder, other->builder);
	if (status == SF_BAD_ARGUMENT)
		refuse_features();
	sf_limit_raise_unless_ok(&s->ctx, status);
	PG_RETURN_POINTER(s);
}

/* Options travel as their bytes: leader and worker are one build. */
SF_FUNCTION(sf_close_fit_serialize);
Datum
sf_close_fit_serialize(PG_FUNCTION_ARGS)
{
	CloseState *s = (CloseState *) PG_GETARG_POINTER(0);
	SfWriter	count = {0};
	SfWriter	write = {0};
	bytea	   *out;

	(void) sf_aggregate_context(fcinfo);
	sf_frame_encode(s->builder, &count);
	if (count.size > MaxAllocSize - 4096)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many deals for a parallel plan"),
				 errhint("Set max_parallel_workers_per_gather to 0.")));
	out = palloc(VARHDRSZ + sizeof(SfCloseOptions) + count.size);
	SET_VARSIZE(out, VARHDRSZ + sizeof(SfCloseOptions) + count.size);
	memcpy(VARDATA(out), &s->options, sizeof(SfCloseOptions));
	write.at = (unsigned char *) VARDATA(out) + sizeof(SfCloseOptions);
	sf_frame_encode(s->builder, &write);
	PG_RETURN_BYTEA_P(out);
}

SF_FUNCTION(sf_close_fit_deserialize);
Datum
sf_close_fit_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	SfCloseOptions options;
	CloseState *s;
	SfReader	read;

	(void) sf_aggregate_context(fcinfo);
	if (VARSIZE_ANY_EXHDR(bytes) < sizeof options)
		elog(ERROR, "these bytes are not a state of fit_close_model");
	memcpy(&options, VARDATA_ANY(bytes), sizeof options);
	s = state_of(CurrentMemoryContext, &options);
	read = (SfReader) {(unsigned char *) VARDATA_ANY(bytes) + sizeof options,
	VARSIZE_ANY_EXHDR(bytes) - sizeof options, true};
	sf_limit_raise_unless_ok(&s->ctx, sf_frame_decode(&s->ctx, &read, &s->builder));
	s->cells = MemoryContextAlloc(s->cxt, Max(sf_frame_features(s->builder), 1) * sizeof(SfCell));
	PG_RETURN_POINTER(s);
}

/* A check that stops training, in words. */
static void
append_refusal(StringInfo out, const SfGate *gate, const SfFrame *frame)
{
	appendStringInfoString(out, out->len > 0 ? "; " : "");
	if (gate->feature < 0)
		appendStringInfo(out, "%s: %g, at least %g needed", sf_gate_name(gate->kind), gate->measured, gate->limit);
	else
		sf_words_gate(out, gate, &frame->feature[gate->feature]);
}

/* Every one of them. */
static void
refuse_training(const SfCloseModel *model, const SfFrame *frame, const SfCtx *ctx)
{
	StringInfoData detail;
	bool		few = false;
	bool		leak = false;

	initStringInfo(&detail);
	for (int32 i = 0; i < model->gates; i++)
	{
		if (model->gate[i].verdict != SF_REFUSE || !model->gate[i].stops)
			continue;
		few |= model->gate[i].feature < 0;
		leak |= model->gate[i].feature >= 0;
		append_refusal(&detail, &model->gate[i], frame);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("cannot train a close model: %s", ctx->what),
			 errdetail("Checks that refuse: %s.", detail.data),
			 errhint("%s; the option force => true trains nevertheless, which the model records.",
					 few && leak ? "Gather more deals, and leave out columns that are known only afterwards" :
					 leak ? "Leave out columns that are known only afterwards" : "Gather more deals or leave out columns")));
}

static Datum
fit_value(SfArena *arena, const SfFrame *frame, const SfCloseOptions *options)
{
	volatile bool shown = sf_progress_start(SF_WORK_TRAIN, 0);
	volatile Datum value = (Datum) 0;

	PG_TRY();
	{
		bool		tell = shown;
		SfCloseModel model;
		SfStatus	status;

		memset(&model, 0, sizeof model);
		status = sf_close_fit(arena, frame, options, (SfWinProgress) {sf_win_report, &tell}, &model);
		if (status == SF_BAD_DATA && model.gates > 0)
			refuse_training(&model, frame, arena->ctx);
		sf_limit_raise_unless_ok(arena->ctx, status);
		value = sf_close_value(&model);
	}
	PG_FINALLY();
	{
		sf_progress_end(shown);
	}
	PG_END_TRY();
	return value;
}

SF_FUNCTION(sf_close_fit_final);
Datum
sf_close_fit_final(PG_FUNCTION_ARGS)
{
	CloseState *s;
	MemoryContext work;
	SfLimit		limit;
	SfCtx		ctx;
	SfArena		arena;
	SfFrame		frame;
	Datum		value;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (CloseState *) PG_GETARG_POINTER(0);
	work = AllocSetContextCreate(s->cxt, "training", ALLOCSET_DEFAULT_SIZES);
	sf_limit_init(&limit, &ctx, s->cxt, work);
	sf_arena_init(&arena, &ctx);
	sf_limit_raise_unless_ok(&ctx, sf_frame_finish(&arena, s->builder, &frame));
	value = fit_value(&arena, &frame, &s->options);
	MemoryContextDelete(work);
	return value;
}
