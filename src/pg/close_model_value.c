/*
 * close_model_value.c
 *		close_model, the value that SQL sees, and what it decodes to.
 */
#include "pg/bridge.h"
#include "pg/close_model_value.h"

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

#define PREFIX "close_model:"
#define KEPT 8					/* models of one function node */

typedef struct Kept
{
	bool		stored;			/* pointer is set */
	struct varatt_external pointer;
	SfCloseEntry *entry;
} Kept;

/* What a name stood for, and as of when. */
typedef struct Named
{
	SfCloseEntry *entry;		/* NULL: nothing */
	char	   *name;
	LocalTransactionId transaction;
	TransactionId least;
	TransactionId most;
	CommandId	command;
	uint64		completed;
	Oid			role;
} Named;

struct SfCloseCache
{
	MemoryContext cxt;
	int			n;
	Kept		kept[KEPT];		/* the last one used first */
	Named		named;
};

SfCloseCache *
sf_close_cache(MemoryContext cxt)
{
	SfCloseCache *cache = MemoryContextAllocZero(cxt, sizeof *cache);

	cache->cxt = cxt;
	return cache;
}

static SfCloseEntry *
decode_bytes(const void *bytes, Size size)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "close model", ALLOCSET_DEFAULT_SIZES);
	SfCloseEntry *entry = MemoryContextAllocZero(cxt, sizeof *entry);
	SfReader	read = {bytes, size, true};

	entry->cxt = cxt;
	sf_ctx_init(&entry->ctx, cxt);
	sf_arena_init(&entry->arena, &entry->ctx);
	sf_raise_unless_ok(&entry->ctx, sf_close_decode(&entry->arena, &read, &entry->model));
	sf_raise_unless_ok(&entry->ctx, sf_close_predictor(&entry->arena, &entry->model, &entry->predictor));
	entry->size = size;
	memcpy(entry->head, bytes, Min(size, SF_CLOSE_HEAD));
	return entry;
}

SfCloseEntry *
sf_close_decode_value(Datum model)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(model);

	return decode_bytes(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* Entry i goes to the front; a dropped one leaves its place at the end. */
static SfCloseEntry *
to_front(SfCloseCache *cache, int i)
{
	Kept		found = cache->kept[i];

	memmove(&cache->kept[1], &cache->kept[0], i * sizeof(Kept));
	cache->kept[0] = found;
	return found.entry;
}

static SfCloseEntry *
keep_new(SfCloseCache *cache, const void *bytes, Size size)
{
	SfCloseEntry *entry = decode_bytes(bytes, size);

	MemoryContextSetParent(entry->cxt, cache->cxt);
	if (cache->n == KEPT)
	{
		Kept	   *last = &cache->kept[KEPT - 1];

		if (cache->named.entry == last->entry)
			cache->named.entry = NULL;
		MemoryContextDelete(last->entry->cxt);
	}
	else
		cache->n++;
	memmove(&cache->kept[1], &cache->kept[0], (cache->n - 1) * sizeof(Kept));
	cache->kept[0] = (Kept) {.entry = entry};
	return entry;
}

static SfCloseEntry *
by_bytes(SfCloseCache *cache, const void *bytes, Size size)
{
	for (int i = 0; i < cache->n; i++)
	{
		SfCloseEntry *entry = cache->kept[i].entry;

		if (entry->size == size && memcmp(entry->head, bytes, Min(size, SF_CLOSE_HEAD)) == 0)
			return i == 0 ? entry : to_front(cache, i);
	}
	return keep_new(cache, bytes, size);
}

static SfCloseEntry *
by_pointer(SfCloseCache *cache, struct varlena *value)
{
	struct varatt_external pointer;
	struct varlena *fetched;
	SfCloseEntry *entry;

	VARATT_EXTERNAL_GET_POINTER(pointer, value);
	for (int i = 0; i < cache->n; i++)
		if (cache->kept[i].stored && memcmp(&cache->kept[i].pointer, &pointer, sizeof pointer) == 0)
			return i == 0 ? cache->kept[0].entry : to_front(cache, i);
	fetched = detoast_attr(value);
	entry = by_bytes(cache, VARDATA_ANY(fetched), VARSIZE_ANY_EXHDR(fetched));
	cache->kept[0].stored = true;
	cache->kept[0].pointer = pointer;
	pfree(fetched);
	return entry;
}

SfCloseEntry *
sf_close_entry(SfCloseCache *cache, Datum model)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(model);

	if (VARATT_IS_EXTERNAL_ONDISK(value))
		return by_pointer(cache, value);
	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		value = detoast_attr(value);
	return by_bytes(cache, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

void
sf_close_new_reader(SfCloseEntry *entry, HeapTupleHeader record)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "features of deals", ALLOCSET_SMALL_SIZES);
	SfRecordReader *reader = sf_record_reader(cxt, record, entry->model.bins.feature, entry->model.bins.features);

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
	char	   *query = psprintf("SELECT %s.promoted_close_model($1)",
								 quote_identifier(get_namespace_name(get_func_namespace(function))));
	Oid			types[1] = {TEXTOID};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	bool		is_null;
	Datum		found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (SPI_execute_with_args(query, 1, types, &name, NULL, true, 2) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look up the model");
	found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no promoted close model \"%s\"", TextDatumGetCString(name))));
	old = MemoryContextSwitchTo(caller);
	found = PointerGetDatum(PG_DETOAST_DATUM_COPY(found));
	MemoryContextSwitchTo(old);
	SPI_finish();
	return found;
}

SfCloseEntry *
sf_close_entry_named(SfCloseCache *cache, Datum name, Oid function)
{
	text	   *wanted = DatumGetTextPP(name);
	Snapshot	now = GetActiveSnapshot();
	Named	   *named = &cache->named;
	struct varlena *value;

	if (likely(named->entry != NULL && strlen(named->name) == VARSIZE_ANY_EXHDR(wanted) &&
			   memcmp(named->name, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted)) == 0 &&
			   named->transaction == MyProc->lxid && named->command == now->curcid && named->least == now->xmin &&
			   named->most == now->xmax && named->completed == now->snapXactCompletionCount && named->role == GetUserId()))
		return named->entry;
	named->entry = NULL;
	value = (struct varlena *) DatumGetPointer(look_up(PointerGetDatum(wanted), function));
	if (named->name)
		pfree(named->name);
	named->name = MemoryContextStrdup(cache->cxt, text_to_cstring(wanted));
	named->transaction = MyProc->lxid;
	named->command = now->curcid;
	named->least = now->xmin;
	named->most = now->xmax;
	named->completed = now->snapXactCompletionCount;
	named->role = GetUserId();
	named->entry = by_bytes(cache, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	pfree(value);
	return named->entry;
}

Datum
sf_close_value(const SfCloseModel *model)
{
	SfWriter	count = {0};
	SfWriter	write = {0};
	struct varlena *value;

	sf_close_encode(model, &count);
	if (count.size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the close model is too large to be a value"),
				 errhint("Train with fewer or smaller trees.")));
	value = palloc(VARHDRSZ + count.size);
	SET_VARSIZE(value, VARHDRSZ + count.size);
	write.at = (unsigned char *) VARDATA(value);
	sf_close_encode(model, &write);
	return PointerGetDatum(value);
}

/* Bytes that came from outside, as a value: what is not a model stops here. */
static struct varlena *
checked_value(const void *bytes, Size size)
{
	struct varlena *value = palloc(VARHDRSZ + size);

	MemoryContextDelete(decode_bytes(bytes, size)->cxt);
	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), bytes, size);
	return value;
}

/* Text: "close_model:" and the bytes in base64. */
SF_FUNCTION(sf_close_model_in);
Datum
sf_close_model_in(PG_FUNCTION_ARGS)
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
				 errmsg("invalid input syntax for type %s", "close_model"),
				 errdetail("It begins with \"%s\", followed by base64.", PREFIX)));
	PG_RETURN_POINTER(checked_value(bytes, size));
}

SF_FUNCTION(sf_close_model_out);
Datum
sf_close_model_out(PG_FUNCTION_ARGS)
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
				 errmsg("the close model is too large for its text form"),
				 errhint("Use the binary form.")));
	room = pg_b64_enc_len(size);
	text = palloc(prefix + room + 1);
	memcpy(text, PREFIX, prefix);
	written = pg_b64_encode(VARDATA_ANY(value), size, text + prefix, room);
	if (written < 0)
		elog(ERROR, "could not encode the close model");
	text[prefix + written] = '\0';
	PG_RETURN_CSTRING(text);
}

SF_FUNCTION(sf_close_model_recv);
Datum
sf_close_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			size = in->len - in->cursor;

	PG_RETURN_POINTER(checked_value(pq_getmsgbytes(in, size), size));
}

SF_FUNCTION(sf_close_model_send);
Datum
sf_close_model_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}
