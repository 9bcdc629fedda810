/*
 * feature_record.h
 *		A record or a row of a query as features of a deal.
 *
 * Columns are found by name.  won, as_of, closed_at, fold_group and deal_id are
 * never features; every other column is one, by its type: numbers and intervals (in days) are
 * numbers, dates are ages in days before as_of, texts, enums and uuids are
 * categories.  Which is which is worked out once per row type; reading a row
 * then allocates nothing, save for values that are toasted or compressed.
 */
#ifndef SF_FEATURE_RECORD_H
#define SF_FEATURE_RECORD_H

#include "pg/compat.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "core/winprob/frame.h"
#include "utils/typcache.h"

typedef struct SfRecordColumn SfRecordColumn;

typedef struct SfRecordReader
{
	Oid			type;			/* of the records it reads; InvalidOid: rows of a query */
	int32		typmod;
	const TypeCacheEntry *entry;	/* NULL for anonymous records, whose columns never change */
	uint64		identifier;		/* of the columns a named type had */
	TupleDesc	desc;
	int32		features;
	const SfFeature *feature;	/* [features] */
	const SfRecordColumn *column;	/* [features] */
	const SfRecordColumn *as_of;	/* NULL: no such column */
	const SfRecordColumn *closed;
	const SfRecordColumn *group;
	Datum	   *values;			/* [desc->natts] of the last record */
	bool	   *nulls;
	SfCell	   *cells;			/* [features] what was read last */
	MemoryContext cxt;
} SfRecordReader;

/*
 * sf_record_reader
 *		How records of a type are read.  `feature` NULL: every column that is not
 *		reserved is a feature (for training).  Else these, found by name
 *		(SfFeature texts are borrowed), and further columns are ignored.
 *
 * Errors: 42703 columns missing, a record without names, dates without as_of;
 * 42702 a name twice; 42804 types that cannot be features, or are of another
 * kind than the features named; 54000 too many.
 */
extern SfRecordReader *sf_record_reader(MemoryContext cxt, HeapTupleHeader record, const SfFeature *feature,
										int32 features);

/* The same for rows of a query. */
extern SfRecordReader *sf_slot_reader(MemoryContext cxt, TupleDesc desc, const SfFeature *feature, int32 features);

/* This reader reads records of that type. */
static inline bool
sf_record_reads(const SfRecordReader *reader, HeapTupleHeader record)
{
	return reader != NULL && reader->type == HeapTupleHeaderGetTypeId(record) &&
		reader->typmod == HeapTupleHeaderGetTypMod(record) &&
		(reader->entry == NULL || reader->entry->tupDesc_identifier == reader->identifier);
}

/*
 * sf_record_read, sf_record_read_values
 *		Fill reader->cells and, unless NULL, the times and group of info.  Texts
 *		point into the record, so they last as long as it does.  Errors: 22003
 *		infinite numbers, 22008 infinite dates.
 */
extern void sf_record_read(SfRecordReader *reader, HeapTupleHeader record, SfDealInfo *info);
extern void sf_record_read_values(SfRecordReader *reader, const Datum *values, const bool *nulls, SfDealInfo *info);

/* A name as a C string, in the current context. */
extern char *sf_text_cstring(SfText text);

#endif							/* SF_FEATURE_RECORD_H */
