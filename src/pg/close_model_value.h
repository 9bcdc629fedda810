/*
 * close_model_value.h
 *		close_model, the value that SQL sees, and what it decodes to.
 *
 * As with win_model_value.h: decoded once per function node, told apart by the
 * toast pointer or by the first bytes, which hold a digest of the rest.
 */
#ifndef SF_CLOSE_MODEL_VALUE_H
#define SF_CLOSE_MODEL_VALUE_H

#include "pg/compat.h"

#include "core/winprob/closemodel.h"
#include "pg/feature_record.h"

#define SF_CLOSE_HEAD 64

typedef struct SfCloseEntry
{
	MemoryContext cxt;
	SfCtx		ctx;
	SfArena		arena;
	Size		size;
	unsigned char head[SF_CLOSE_HEAD];
	SfCloseModel model;
	SfClosePredictor *predictor;
	SfRecordReader *reader;
	MemoryContext reader_cxt;
} SfCloseEntry;

typedef struct SfCloseCache SfCloseCache;

/* Models met by one function node; lives in cxt, which is that node's. */
extern SfCloseCache *sf_close_cache(MemoryContext cxt);

/* The decoded form of a model; 22P03 when it is none. */
extern SfCloseEntry *sf_close_entry(SfCloseCache *cache, Datum model);

/* The model promoted under a name: asked from promoted_close_model() in function's schema, once per snapshot. */
extern SfCloseEntry *sf_close_entry_named(SfCloseCache *cache, Datum name, Oid function);

/* A model decoded once, in a context below the current one. */
extern SfCloseEntry *sf_close_decode_value(Datum model);

extern void sf_close_new_reader(SfCloseEntry *entry, HeapTupleHeader record);

/* The predictor, with this record taken. */
static inline SfClosePredictor *
sf_close_ask(SfCloseEntry *entry, HeapTupleHeader record)
{
	if (unlikely(!sf_record_reads(entry->reader, record)))
		sf_close_new_reader(entry, record);
	sf_record_read(entry->reader, record, NULL);
	sf_close_take(entry->predictor, entry->reader->cells);
	return entry->predictor;
}

/* A model as a datum. */
extern Datum sf_close_value(const SfCloseModel *model);

#endif							/* SF_CLOSE_MODEL_VALUE_H */
