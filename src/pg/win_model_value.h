/*
 * win_model_value.h
 *		win_model, the value that SQL sees, and what it decodes to.
 *
 * Decoding costs far more than a prediction, so a function node keeps the
 * models it met in its fn_extra.  A stored value is recognised by its toast
 * pointer before it is fetched; one that lies in memory by its length and its
 * first bytes, which hold a digest of the rest.
 */
#ifndef SF_WIN_MODEL_VALUE_H
#define SF_WIN_MODEL_VALUE_H

#include "pg/compat.h"

#include "core/winprob/winmodel.h"
#include "pg/feature_record.h"

/* First bytes of a model, by which it is told from others: the digest is among them. */
#define SF_WIN_HEAD 64

/* A decoded model. What is made from it later lives in cxt, too. */
typedef struct SfWinEntry
{
	MemoryContext cxt;
	SfCtx		ctx;
	SfArena		arena;
	Size		size;			/* of the bytes it was decoded from */
	unsigned char head[SF_WIN_HEAD];
	SfWinModel	model;
	int32		features;
	const SfFeature *feature;
	SfWinPredictor *predictor;	/* NULL until sf_win_ready */
	SfRecordReader *reader;		/* of the record type met last; NULL at first */
	MemoryContext reader_cxt;
	void	   *extra;			/* for whoever keeps more with it; NULL at first */
} SfWinEntry;

typedef struct SfWinCache SfWinCache;

/* Models met by one function node; lives in cxt, which is that node's. */
extern SfWinCache *sf_win_cache(MemoryContext cxt);

/* The decoded form of a model; 22P03 when it is none. */
extern SfWinEntry *sf_win_entry(SfWinCache *cache, Datum model);

/*
 * The model promoted under a name: asked from promoted_win_model() once per
 * snapshot.  function: any function of ours, whose schema it is looked up in.
 */
extern SfWinEntry *sf_win_entry_named(SfWinCache *cache, Datum name, Oid function);

/* The entry was decoded from these bytes. */
static inline bool
sf_win_entry_is(const SfWinEntry *entry, const void *bytes, Size size)
{
	return entry->size == size && memcmp(entry->head, bytes, Min(size, SF_WIN_HEAD)) == 0;
}

/* Make the predictor if it is not there yet. */
extern void sf_win_ready(SfWinEntry *entry);

/* Read records of this type from now on. */
extern void sf_win_new_reader(SfWinEntry *entry, HeapTupleHeader record);

/* reader->cells hold the features of the record afterwards. */
static inline const SfCell *
sf_win_cells(SfWinEntry *entry, HeapTupleHeader record)
{
	if (unlikely(!sf_record_reads(entry->reader, record)))
		sf_win_new_reader(entry, record);
	sf_record_read(entry->reader, record, NULL);
	return entry->reader->cells;
}

/* A model decoded once, in a context below the current one. */
extern SfWinEntry *sf_win_decode_value(Datum model);

/* The same from bytes that are not a datum. */
extern SfWinEntry *sf_win_decode_bytes(const void *bytes, Size size);

/* A model as a datum. */
extern Datum sf_win_value(SfCtx *ctx, const SfWinModel *model);

#endif							/* SF_WIN_MODEL_VALUE_H */
