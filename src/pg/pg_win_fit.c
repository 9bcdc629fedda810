/*
 * pg_win_fit.c
 *		fit_win_model and update_win_model: closed deals in, a model out.
 *
 * The state is a builder of the core: rows as compact cells.  How records are
 * read and what the options say is worked out once per query and kept with the
 * step function; each group has its own builder.
 */
#include "pg/bridge.h"
#include "pg/feature_record.h"
#include "pg/options.h"
#include "pg/win_model_value.h"
#include "pg/win_options.h"
#include "pg/win_training.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct WinState
{
	MemoryContext cxt;			/* of everything here */
	SfLimit		limit;
	SfCtx		ctx;
	SfWinOptions options;
	SfFrameBuilder *builder;
	uint64		reader;			/* number of the reader whose features are known to be the builder's */
	/* update_win_model only: what is updated */
	unsigned char *model;		/* [model_size], NULL for fit_win_model */
	Size		model_size;
} WinState;

/* What a step function remembers from row to row, in its fn_extra. */
typedef struct StepCache
{
	bool		read;			/* options and given are set */
	HeapTupleHeader given;		/* as they came; NULL = the defaults */
	SfWinOptions options;
	HeapTupleHeader last_given; /* others, when groups have different ones */
	SfWinOptions last;
	MemoryContext last_cxt;
	SfRecordReader *reader;
	MemoryContext reader_cxt;
	uint64		readers;		/* made so far: the number of this one */
	SfWinCache *models;			/* update_win_model only */
} StepCache;

static StepCache *
step_cache(FunctionCallInfo fcinfo)
{
	StepCache  *cache = fcinfo->flinfo->fn_extra;

	if (likely(cache != NULL))
		return cache;
	cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *cache);
	cache->last_cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "win options", ALLOCSET_SMALL_SIZES);
	cache->models = sf_win_cache(fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}

static const SfWinOptions *
row_options(FunctionCallInfo fcinfo, StepCache *cache, HeapTupleHeader given)
{
	SfWinOptions options;

	if (likely(cache->read && sf_options_same(cache->given, given)))
		return &cache->options;
	if (cache->last_given != NULL && sf_options_same(cache->last_given, given))
		return &cache->last;
	sf_win_options_read(given, &options);
	if (!cache->read)
	{
		cache->given = sf_options_copy(fcinfo->flinfo->fn_mcxt, given);
		cache->options = options;
		cache->read = true;
		return &cache->options;
	}
	cache->last_given = NULL;
	MemoryContextReset(cache->last_cxt);
	cache->last = options;
	cache->last_given = sf_options_copy(cache->last_cxt, given);
	return &cache->last;
}

static WinState *
new_state(MemoryContext aggregate)
{
	MemoryContext cxt = AllocSetContextCreate(aggregate, "deals of a win model", ALLOCSET_SMALL_SIZES);
	WinState   *s = MemoryContextAllocZero(cxt, sizeof *s);

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
			 errmsg("all rows of a win model must have the same features"),
			 errhint("Give every row the same columns, with the same types, or add a GROUP BY.")));
}

static bool
same_features(const SfFrameBuilder *builder, const SfRecordReader *reader)
{
	if (sf_frame_features(builder) != reader->features)
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

/* The reader of this record. */
static SfRecordReader *
row_reader(FunctionCallInfo fcinfo, StepCache *cache, HeapTupleHeader record)
{
	MemoryContext cxt;
	SfRecordReader *reader;

	if (likely(sf_record_reads(cache->reader, record)))
		return cache->reader;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "features of deals", ALLOCSET_SMALL_SIZES);
	reader = sf_record_reader(cxt, record, NULL, 0);
	MemoryContextSetParent(cxt, fcinfo->flinfo->fn_mcxt);
	if (cache->reader_cxt != NULL)
		MemoryContextDelete(cache->reader_cxt);
	cache->reader_cxt = cxt;
	cache->reader = reader;
	cache->readers++;
	return reader;
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

static inline void
add_deal(FunctionCallInfo fcinfo, WinState *s, SfRecordReader *reader, HeapTupleHeader record, int at_won)
{
	SfDealInfo	info = {0};
	SfStatus	status;

	info.outcome = PG_ARGISNULL(at_won) ? SF_OPEN : PG_GETARG_BOOL(at_won) ? SF_WON : SF_LOST;
	sf_record_read(reader, record, &info);
	status = sf_frame_add(&s->ctx, s->builder, info, reader->cells);
	if (unlikely(status != SF_OK))
		raise_row(reader, &s->ctx, status);
}

static void
check_options(const WinState *s, const SfWinOptions *options)
{
	if (memcmp(&s->options, options, sizeof *options) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("win options must be the same for all rows of a model"),
				 errhint("Add a GROUP BY if these are several models.")));
}

/* Arguments: state, won, features [, options]. */
SF_FUNCTION(sf_win_fit_add);
Datum
sf_win_fit_add(PG_FUNCTION_ARGS)
{
	bool		has_options = PG_NARGS() > 3 && !PG_ARGISNULL(3);
	WinState   *s;
	StepCache  *cache;
	const SfWinOptions *options;
	HeapTupleHeader record;
	SfRecordReader *reader;

	sf_check_aggregate(fcinfo);
	cache = step_cache(fcinfo);
	options = row_options(fcinfo, cache, has_options ? PG_GETARG_HEAPTUPLEHEADER(3) : NULL);
	if (PG_ARGISNULL(2))
		return keep_state(fcinfo);
	record = PG_GETARG_HEAPTUPLEHEADER(2);
	reader = row_reader(fcinfo, cache, record);
	if (unlikely(PG_ARGISNULL(0)))
	{
		s = new_state(sf_aggregate_context(fcinfo));
		s->options = *options;
		sf_limit_raise_unless_ok(&s->ctx, sf_frame_create(&s->ctx, reader->features, reader->feature, &s->builder));
	}
	else
	{
		s = (WinState *) PG_GETARG_POINTER(0);
		check_options(s, options);
		if (unlikely(s->reader != cache->readers) && !same_features(s->builder, reader))
			refuse_features();
	}
	s->reader = cache->readers;
	add_deal(fcinfo, s, reader, record, 1);
	PG_RETURN_POINTER(s);
}

/* A copy of the model's bytes, and a builder with its features. */
static WinState *
new_update(MemoryContext aggregate, const void *bytes, Size size, const SfWinEntry *entry)
{
	WinState   *s = new_state(aggregate);

	s->model = MemoryContextAllocHuge(s->cxt, Max(size, 1));
	memcpy(s->model, bytes, size);
	s->model_size = size;
	sf_limit_raise_unless_ok(&s->ctx, sf_frame_create(&s->ctx, entry->features, entry->feature, &s->builder));
	return s;
}

static void
refuse_models(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the model must be the same for all rows"),
			 errhint("Add a GROUP BY if several models are updated.")));
}

/* Arguments: state, model, won, features. */
SF_FUNCTION(sf_win_update_add);
Datum
sf_win_update_add(PG_FUNCTION_ARGS)
{
	WinState   *s;
	StepCache  *cache;
	SfWinEntry *entry;
	HeapTupleHeader record;
	struct varlena *value;

	sf_check_aggregate(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	cache = step_cache(fcinfo);
	entry = sf_win_entry(cache->models, PG_GETARG_DATUM(1));
	record = PG_GETARG_HEAPTUPLEHEADER(3);
	if (!sf_record_reads(entry->reader, record))
		sf_win_new_reader(entry, record);
	if (PG_ARGISNULL(0))
	{
		value = PG_GETARG_VARLENA_PP(1);
		s = new_update(sf_aggregate_context(fcinfo), VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), entry);
	}
	else
	{
		s = (WinState *) PG_GETARG_POINTER(0);
		if (unlikely(!sf_win_entry_is(entry, s->model, s->model_size)))
			refuse_models();
	}
	add_deal(fcinfo, s, entry->reader, record, 2);
	PG_RETURN_POINTER(s);
}

static void
check_same_kind(const WinState *s, const WinState *other)
{
	check_options(s, &other->options);
	if (s->model_size != other->model_size ||
		(s->model_size > 0 && memcmp(s->model, other->model, s->model_size) != 0))
		refuse_models();
}

SF_FUNCTION(sf_win_fit_combine);
Datum
sf_win_fit_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	WinState   *other;
	WinState   *s;
	SfStatus	status;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (WinState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
	{
		s = new_state(cxt);
		s->options = other->options;
		if (other->model_size > 0)
		{
			s->model = MemoryContextAllocHuge(s->cxt, other->model_size);
			memcpy(s->model, other->model, other->model_size);
			s->model_size = other->model_size;
		}
		sf_limit_raise_unless_ok(&s->ctx, sf_frame_create(&s->ctx, sf_frame_features(other->builder),
														  sf_frame_feature(other->builder, 0), &s->builder));
	}
	else
	{
		s = (WinState *) PG_GETARG_POINTER(0);
		check_same_kind(s, other);
	}
	status = sf_frame_merge(&s->ctx, s->builder, other->builder);
	if (status == SF_BAD_ARGUMENT)
		refuse_features();
	sf_limit_raise_unless_ok(&s->ctx, status);
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_fit_serialize);
Datum
sf_win_fit_serialize(PG_FUNCTION_ARGS)
{
	WinState   *s = (WinState *) PG_GETARG_POINTER(0);
	SfWriter	count = {0};
	SfWriter	write = {0};
	StringInfoData out;

	(void) sf_aggregate_context(fcinfo);
	sf_frame_encode(s->builder, &count);
	if (count.size + s->model_size > MaxAllocSize - 4096)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many deals for a parallel plan"),
				 errhint("Set max_parallel_workers_per_gather to 0.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, count.size + s->model_size + 1024);
	sf_win_options_send(&out, &s->options);
	pq_sendint64(&out, s->model_size);
	pq_sendbytes(&out, (char *) s->model, s->model_size);
	pq_sendint64(&out, count.size);
	enlargeStringInfo(&out, count.size);
	write.at = (unsigned char *) out.data + out.len;
	sf_frame_encode(s->builder, &write);
	out.len += write.size;
	out.data[out.len] = '\0';
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_win_fit_deserialize);
Datum
sf_win_fit_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in = {.data = VARDATA_ANY(bytes), .len = VARSIZE_ANY_EXHDR(bytes), .maxlen = VARSIZE_ANY_EXHDR(bytes)};
	WinState   *s;
	SfReader	read;

	(void) sf_aggregate_context(fcinfo);
	s = new_state(CurrentMemoryContext);
	sf_win_options_receive(&in, &s->options);
	s->model_size = pq_getmsgint64(&in);
	if (s->model_size > (Size) in.len)
		elog(ERROR, "these bytes are not a state of fit_win_model");
	if (s->model_size > 0)
	{
		s->model = MemoryContextAllocHuge(s->cxt, s->model_size);
		pq_copymsgbytes(&in, (char *) s->model, s->model_size);
	}
	read.left = pq_getmsgint64(&in);
	if (read.left != (Size) (in.len - in.cursor))
		elog(ERROR, "these bytes are not a state of fit_win_model");
	read.at = (const unsigned char *) in.data + in.cursor;
	read.ok = true;
	sf_limit_raise_unless_ok(&s->ctx, sf_frame_decode(&s->ctx, &read, &s->builder));
	PG_RETURN_POINTER(s);
}

/* The model of a state; everything else that is needed for it is thrown away. */
static Datum
finish(WinState *s)
{
	MemoryContext work = AllocSetContextCreate(s->cxt, "training", ALLOCSET_DEFAULT_SIZES);
	SfLimit		limit;
	SfCtx		ctx;
	SfArena		arena;
	SfFrame		frame;
	Datum		value;

	sf_limit_init(&limit, &ctx, s->cxt, work);
	sf_arena_init(&arena, &ctx);
	sf_limit_raise_unless_ok(&ctx, sf_frame_finish(&arena, s->builder, &frame));
	if (s->model == NULL)
		value = sf_win_fit_value(&arena, &frame, &s->options);
	else
	{
		SfReader	read = {s->model, s->model_size, true};
		SfWinModel	old;

		sf_limit_raise_unless_ok(&ctx, sf_win_decode(&arena, &read, &old));
		value = frame.rows > 0 ? sf_win_update_value(&arena, &old, &frame) : sf_win_value(&ctx, &old);
	}
	MemoryContextDelete(work);
	return value;
}

SF_FUNCTION(sf_win_fit_final);
Datum
sf_win_fit_final(PG_FUNCTION_ARGS)
{
	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return finish((WinState *) PG_GETARG_POINTER(0));
}
