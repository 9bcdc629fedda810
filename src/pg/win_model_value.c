/*
 * win_model_value.c
 *		win_model, the value that SQL sees, and what it decodes to.
 */
#include "pg/bridge.h"
#include "pg/win_model_value.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "executor/spi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define PREFIX "win_model:"
#define KEPT 16					/* models of one function node */

typedef struct Kept
{
	bool		stored;			/* pointer is set */
	struct varatt_external pointer;
	SfWinEntry *entry;
} Kept;

/* What a name stood for, as of when, and for whom: not every role may use every model. */
typedef struct Named
{
	bool		valid;
	char	   *name;
	int			length;
	LocalTransactionId transaction;
	TransactionId least;
	TransactionId most;
	CommandId	command;
	uint64		completed;
	Oid			role;
	SfWinEntry *entry;
} Named;

struct SfWinCache
{
	MemoryContext cxt;
	int			n;
	Kept		kept[KEPT];		/* the last one used first */
	Named		named[KEPT];
	int			next_name;		/* which of them is given up next */
};

SfWinCache *
sf_win_cache(MemoryContext cxt)
{
	SfWinCache *cache = MemoryContextAllocZero(cxt, sizeof *cache);

	cache->cxt = cxt;
	return cache;
}

SfWinEntry *
sf_win_decode_bytes(const void *bytes, Size size)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "win model", ALLOCSET_DEFAULT_SIZES);
	SfWinEntry *entry = MemoryContextAllocZero(cxt, sizeof *entry);
	SfReader	read = {bytes, size, true};

	entry->cxt = cxt;
	sf_ctx_init(&entry->ctx, cxt);
	sf_arena_init(&entry->arena, &entry->ctx);
	sf_raise_unless_ok(&entry->ctx, sf_win_decode(&entry->arena, &read, &entry->model));
	if (read.left > 0 || entry->model.members < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("win model is damaged")));
	entry->size = size;
	memcpy(entry->head, bytes, Min(size, SF_WIN_HEAD));
	entry->features = entry->model.member[0].bins.features;
	entry->feature = entry->model.member[0].bins.feature;
	return entry;
}

SfWinEntry *
sf_win_decode_value(Datum model)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(model);

	return sf_win_decode_bytes(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static SfWinEntry *
to_front(SfWinCache *cache, int i)
{
	Kept		found = cache->kept[i];

	memmove(&cache->kept[1], &cache->kept[0], i * sizeof(Kept));
	cache->kept[0] = found;
	return found.entry;
}

/* Decoded below the current context and moved under the node's when complete, so that an error leaves nothing. */
static SfWinEntry *
keep_new(SfWinCache *cache, const unsigned char *bytes, Size size)
{
	SfWinEntry *entry = sf_win_decode_bytes(bytes, size);

	sf_win_ready(entry);
	if (cache->n == KEPT)
	{
		for (int i = 0; i < KEPT; i++)
			if (cache->named[i].entry == cache->kept[KEPT - 1].entry)
				cache->named[i].valid = false;
		MemoryContextDelete(cache->kept[--cache->n].entry->cxt);
	}
	MemoryContextSetParent(entry->cxt, cache->cxt);
	cache->kept[cache->n].stored = false;
	cache->kept[cache->n].entry = entry;
	return to_front(cache, cache->n++);
}

static SfWinEntry *
by_bytes(SfWinCache *cache, const unsigned char *bytes, Size size)
{
	for (int i = 0; i < cache->n; i++)
		if (sf_win_entry_is(cache->kept[i].entry, bytes, size))
			return i == 0 ? cache->kept[0].entry : to_front(cache, i);
	return keep_new(cache, bytes, size);
}

static SfWinEntry *
by_pointer(SfWinCache *cache, struct varlena *value)
{
	struct varatt_external pointer;
	struct varlena *fetched;
	SfWinEntry *entry;

	VARATT_EXTERNAL_GET_POINTER(pointer, value);
	for (int i = 0; i < cache->n; i++)
		if (cache->kept[i].stored && memcmp(&cache->kept[i].pointer, &pointer, sizeof pointer) == 0)
			return i == 0 ? cache->kept[0].entry : to_front(cache, i);
	fetched = detoast_attr(value);
	entry = by_bytes(cache, (unsigned char *) VARDATA_ANY(fetched), VARSIZE_ANY_EXHDR(fetched));
	cache->kept[0].stored = true;
	cache->kept[0].pointer = pointer;
	pfree(fetched);
	return entry;
}

SfWinEntry *
sf_win_entry(SfWinCache *cache, Datum model)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(model);

	if (VARATT_IS_EXTERNAL_ONDISK(value))
		return by_pointer(cache, value);
	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		value = detoast_attr(value);
	return by_bytes(cache, (unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

void
sf_win_ready(SfWinEntry *entry)
{
	if (entry->predictor == NULL)
		sf_raise_unless_ok(&entry->ctx, sf_win_predictor(&entry->arena, &entry->model, &entry->predictor));
}

void
sf_win_new_reader(SfWinEntry *entry, HeapTupleHeader record)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "features of deals", ALLOCSET_SMALL_SIZES);
	SfRecordReader *reader = sf_record_reader(cxt, record, entry->feature, entry->features);

	MemoryContextSetParent(cxt, entry->cxt);
	if (entry->reader_cxt != NULL)
		MemoryContextDelete(entry->reader_cxt);
	entry->reader_cxt = cxt;
	entry->reader = reader;
}

/* The model that a name stands for now. */
static Datum
look_up(Datum name, Oid function)
{
	char	   *query = psprintf("SELECT %s.promoted_win_model($1)",
								 quote_identifier(get_namespace_name(get_func_namespace(function))));
	Oid			types[1] = {TEXTOID};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	bool		is_null;
	Datum		found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (SPI_execute_with_args(query, 1, types, &name, NULL, true, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not look up the model");
	if (SPI_processed != 1)
		elog(ERROR, "promoted_win_model returned " UINT64_FORMAT " rows", SPI_processed);
	found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no promoted win model \"%s\"", TextDatumGetCString(name))));
	old = MemoryContextSwitchTo(caller);
	found = PointerGetDatum(PG_DETOAST_DATUM_COPY(found));
	MemoryContextSwitchTo(old);
	SPI_finish();
	return found;
}

static bool
still_named(const Named *named, const text *name, Snapshot now)
{
	return named->valid && named->length == (int) VARSIZE_ANY_EXHDR(name) &&
		memcmp(named->name, VARDATA_ANY(name), named->length) == 0 &&
		named->transaction == MyProc->lxid && named->command == now->curcid &&
		named->least == now->xmin && named->most == now->xmax &&
		named->completed == now->snapXactCompletionCount && named->role == GetUserId();
}

/* What is known of a name from now on; a slot that is no longer used is taken. */
static void
remember_name(SfWinCache *cache, const text *name, Snapshot now, SfWinEntry *entry)
{
	Named	   *named = &cache->named[cache->next_name];

	cache->next_name = (cache->next_name + 1) % KEPT;
	named->valid = false;
	if (named->name)
		pfree(named->name);
	named->length = VARSIZE_ANY_EXHDR(name);
	named->name = MemoryContextAlloc(cache->cxt, named->length + 1);
	memcpy(named->name, VARDATA_ANY(name), named->length);
	named->transaction = MyProc->lxid;
	named->command = now->curcid;
	named->least = now->xmin;
	named->most = now->xmax;
	named->completed = now->snapXactCompletionCount;
	named->role = GetUserId();
	named->entry = entry;
	named->valid = true;
}

SfWinEntry *
sf_win_entry_named(SfWinCache *cache, Datum name, Oid function)
{
	text	   *wanted = DatumGetTextPP(name);
	Snapshot	now = GetActiveSnapshot();
	struct varlena *value;
	SfWinEntry *entry;

	for (int i = 0; i < KEPT; i++)
		if (still_named(&cache->named[i], wanted, now))
			return cache->named[i].entry;
	value = (struct varlena *) DatumGetPointer(look_up(PointerGetDatum(wanted), function));
	entry = by_bytes(cache, (unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	pfree(value);
	remember_name(cache, wanted, now, entry);
	return entry;
}

Datum
sf_win_value(SfCtx *ctx, const SfWinModel *model)
{
	SfWriter	count = {0};
	SfWriter	write = {0};
	struct varlena *value;

	sf_win_encode(model, &count);
	if (count.size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the win model is too large to be a value"),
				 errdetail("It has %zu bytes, at most %zu are allowed.", count.size, (Size) MaxAllocSize - VARHDRSZ),
				 errhint("Train with fewer or smaller trees.")));
	value = palloc(VARHDRSZ + count.size);
	SET_VARSIZE(value, VARHDRSZ + count.size);
	write.at = (unsigned char *) VARDATA(value);
	sf_win_encode(model, &write);
	return PointerGetDatum(value);
}

/* Bytes that came from outside, as a value: what is not a model stops here. */
static struct varlena *
checked_value(const void *bytes, Size size)
{
	struct varlena *value = palloc(VARHDRSZ + size);
	SfWinEntry *entry = sf_win_decode_bytes(bytes, size);

	sf_win_ready(entry);
	MemoryContextDelete(entry->cxt);
	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), bytes, size);
	return value;
}

/* Text: "win_model:" and the bytes in base64. */
SF_FUNCTION(sf_win_model_in);
Datum
sf_win_model_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	Size		prefix = strlen(PREFIX);
	Size		length = strlen(text);
	int			size = -1;
	char	   *bytes = NULL;

	if (strncmp(text, PREFIX, prefix) == 0)
	{
		int			room = pg_b64_dec_len(length - prefix);

		bytes = palloc(Max(room, 1));
		size = pg_b64_decode(text + prefix, length - prefix, bytes, room);
	}
	if (size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "win_model"),
				 errdetail("It begins with \"%s\", followed by base64.", PREFIX)));
	PG_RETURN_POINTER(checked_value(bytes, size));
}

SF_FUNCTION(sf_win_model_out);
Datum
sf_win_model_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Size		size = VARSIZE_ANY_EXHDR(value);
	Size		prefix = strlen(PREFIX);
	int			room;
	int			written;
	char	   *text;

	if (size > (MaxAllocSize - 64) / 4 * 3)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the win model is too large for its text form"),
				 errhint("Use the binary form.")));
	room = pg_b64_enc_len(size);
	text = palloc(prefix + room + 1);
	memcpy(text, PREFIX, prefix);
	written = pg_b64_encode(VARDATA_ANY(value), size, text + prefix, room);
	if (written < 0)
		elog(ERROR, "could not encode the win model");
	text[prefix + written] = '\0';
	PG_RETURN_CSTRING(text);
}

SF_FUNCTION(sf_win_model_recv);
Datum
sf_win_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			size = in->len - in->cursor;

	PG_RETURN_POINTER(checked_value(pq_getmsgbytes(in, size), size));
}

SF_FUNCTION(sf_win_model_send);
Datum
sf_win_model_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData out;

	/* the stored bytes are the same on every machine */
	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}
