/*
 * feature_record.c
 *		A record or a row of a query as features of a deal.
 */
#include "pg/feature_record.h"

#include <math.h>

#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "core/winprob/winmodel.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parse_coerce.h"
#include "pg/numeric_bits.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#define UUID_TEXT 36

typedef enum ReadKind
{
	READ_FLOAT8,
	READ_FLOAT4,
	READ_INT8,
	READ_INT4,
	READ_INT2,
	READ_NUMERIC,
	READ_INTERVAL,
	READ_BOOLEAN,
	READ_DATE,
	READ_TIMESTAMP,				/* with a time zone or without: without one it is UTC */
	READ_TEXT,
	READ_PADDED,				/* character(n) */
	READ_NAME,
	READ_CHAR,
	READ_ENUM,
	READ_UUID,
	READ_SENT					/* any other type, by its binary form: fold_group only */
} ReadKind;

/* Labels of an enum by oid, as they are met; an open-addressed table. */
typedef struct Label
{
	Oid			oid;			/* InvalidOid: free */
	SfText		text;
} Label;

typedef struct Labels
{
	int32		size;			/* a power of two */
	int32		used;
	Label	   *label;
} Labels;

struct SfRecordColumn
{
	int			at;				/* 0-based */
	ReadKind	read;
	Oid			type;			/* base type */
	Labels	   *labels;			/* ENUM */
	char	   *text;			/* UUID, CHAR: room for its text */
	FmgrInfo   *send;			/* SENT */
	const char *name;
};

char *
sf_text_cstring(SfText text)
{
	return pnstrdup(text.at, text.length);
}

/* How a type is read; false when it cannot be. */
static bool
read_kind(Oid type, ReadKind *read)
{
	static const struct
	{
		Oid			type;
		ReadKind	read;
	}			known[] = {
		{FLOAT8OID, READ_FLOAT8}, {FLOAT4OID, READ_FLOAT4}, {INT8OID, READ_INT8}, {INT4OID, READ_INT4},
		{INT2OID, READ_INT2}, {NUMERICOID, READ_NUMERIC}, {INTERVALOID, READ_INTERVAL}, {BOOLOID, READ_BOOLEAN},
		{DATEOID, READ_DATE}, {TIMESTAMPOID, READ_TIMESTAMP}, {TIMESTAMPTZOID, READ_TIMESTAMP},
		{TEXTOID, READ_TEXT}, {VARCHAROID, READ_TEXT}, {BPCHAROID, READ_PADDED}, {NAMEOID, READ_NAME},
		{CHAROID, READ_CHAR}, {UUIDOID, READ_UUID},
	};

	for (int i = 0; i < (int) lengthof(known); i++)
		if (known[i].type == type)
		{
			*read = known[i].read;
			return true;
		}
	*read = type_is_enum(type) ? READ_ENUM : READ_TEXT;
	/* such as citext */
	return *read == READ_ENUM || (get_typlen(type) == -1 && IsBinaryCoercible(type, TEXTOID));
}

static SfFeatureKind
feature_kind(ReadKind read)
{
	switch (read)
	{
		case READ_BOOLEAN:
			return SF_FEATURE_BOOLEAN;
		case READ_DATE:
		case READ_TIMESTAMP:
			return SF_FEATURE_AGE;
		case READ_TEXT:
		case READ_PADDED:
		case READ_NAME:
		case READ_CHAR:
		case READ_ENUM:
		case READ_UUID:
		case READ_SENT:
			return SF_FEATURE_CATEGORY;
		default:
			return SF_FEATURE_NUMBER;
	}
}

static const char *
kind_name(SfFeatureKind kind)
{
	static const char *const names[SF_FEATURE_KINDS] = {
		"a number", "a boolean", "a date or timestamp", "a text, enum or uuid"
	};

	return names[kind];
}

static bool
is_reserved(const char *name)
{
	return strcmp(name, "won") == 0 || strcmp(name, "as_of") == 0 || strcmp(name, "closed_at") == 0 ||
		strcmp(name, "fold_group") == 0 || strcmp(name, "deal_id") == 0;
}

/* Where a column stands, or -1. */
static int
find_column(TupleDesc desc, SfText name)
{
	int			found = -1;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);

		if (a->attisdropped || strlen(NameStr(a->attname)) != (size_t) name.length ||
			memcmp(NameStr(a->attname), name.at, name.length) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("column \"%s\" is there more than once", NameStr(a->attname))));
		found = i;
	}
	return found;
}

/* ROW(a, b) gives its columns the names f1, f2. */
static void
refuse_nameless(TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		char		name[32];

		snprintf(name, sizeof name, "f%d", i + 1);
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) != 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the columns of the features have no names of their own"),
			 errdetail("f1, f2 and so on are the names that ROW(...) gives."),
			 errhint("Take the features from a table, a view or a subquery with names for its columns, such as (SELECT d FROM (SELECT amount, lead_source FROM deal) AS d).")));
}

static void
set_column(SfRecordReader *reader, TupleDesc desc, int at, ReadKind read, SfRecordColumn *column)
{
	Form_pg_attribute a = TupleDescAttr(desc, at);

	*column = (SfRecordColumn) {.at = at, .read = read, .type = getBaseType(a->atttypid)};
	column->name = MemoryContextStrdup(reader->cxt, NameStr(a->attname));
	if (read == READ_ENUM)
	{
		column->labels = MemoryContextAllocZero(reader->cxt, sizeof(Labels));
		column->labels->size = 16;
		column->labels->label = MemoryContextAllocZero(reader->cxt, 16 * sizeof(Label));
	}
	if (read == READ_UUID || read == READ_CHAR)
		column->text = MemoryContextAlloc(reader->cxt, UUID_TEXT);
	if (read == READ_SENT)
	{
		Oid			send;
		bool		is_varlena;

		getTypeBinaryOutputInfo(column->type, &send, &is_varlena);
		column->send = MemoryContextAlloc(reader->cxt, sizeof(FmgrInfo));
		fmgr_info_cxt(send, column->send, reader->cxt);
	}
}

/* as_of, closed_at and fold_group, where they are. what: it tells, when it must be a time. */
static const SfRecordColumn *
reserved_column(SfRecordReader *reader, TupleDesc desc, const char *name, const char *what)
{
	int			at = find_column(desc, (SfText) {name, strlen(name)});
	SfRecordColumn *column;
	ReadKind	read;
	bool		known;

	if (at < 0)
		return NULL;
	known = read_kind(getBaseType(TupleDescAttr(desc, at)->atttypid), &read);
	if (what != NULL && !(known && feature_kind(read) == SF_FEATURE_AGE))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" must be a date or a timestamp, not %s", name,
						format_type_be(TupleDescAttr(desc, at)->atttypid)),
				 errdetail("%s", what)));
	column = MemoryContextAlloc(reader->cxt, sizeof *column);
	set_column(reader, desc, at, known ? read : READ_SENT, column);
	return column;
}

static void
refuse_type(TupleDesc desc, int at)
{
	Form_pg_attribute a = TupleDescAttr(desc, at);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of type %s cannot be a feature", NameStr(a->attname), format_type_be(a->atttypid)),
			 errdetail("Features are numbers, intervals, booleans, dates, timestamps, texts, enums and uuids."),
			 errhint("Cast it to one of these, or leave it out.")));
}

/* Every column that is not reserved. */
static void
take_all(SfRecordReader *reader, TupleDesc desc, SfFeature *feature, SfRecordColumn *column)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);
		SfText		name = {NameStr(a->attname), strlen(NameStr(a->attname))};
		ReadKind	read;

		if (a->attisdropped || is_reserved(NameStr(a->attname)))
			continue;
		(void) find_column(desc, name);
		if (!read_kind(getBaseType(a->atttypid), &read))
			refuse_type(desc, i);
		set_column(reader, desc, i, read, &column[reader->features]);
		feature[reader->features].name = (SfText) {column[reader->features].name, name.length};
		feature[reader->features].kind = feature_kind(read);
		reader->features++;
	}
	if (reader->features == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("there are no features"),
				 errdetail("The columns \"won\", \"as_of\", \"closed_at\", \"fold_group\" and \"deal_id\" are never features.")));
	if (reader->features > SF_MAX_FEATURES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a win model has at most %d features", SF_MAX_FEATURES),
				 errdetail("There are %d columns that could be features.", reader->features)));
}

static void
refuse_missing(const SfFeature *feature, int32 features, const char *missing)
{
	StringInfoData all;

	initStringInfo(&all);
	for (int32 f = 0; f < features; f++)
		appendStringInfo(&all, "%s%.*s (%s)", f == 0 ? "" : ", ", feature[f].name.length, feature[f].name.at,
						 kind_name(feature[f].kind));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("columns are missing from the features: %s", missing),
			 errdetail("The model was trained on the columns %s.", all.data)));
}

/* The columns of these features, by name. */
static void
take_named(SfRecordReader *reader, TupleDesc desc, const SfFeature *feature, int32 features, SfRecordColumn *column)
{
	StringInfoData missing;

	initStringInfo(&missing);
	for (int32 f = 0; f < features; f++)
	{
		int			at = find_column(desc, feature[f].name);
		ReadKind	read;

		if (at < 0)
		{
			appendStringInfo(&missing, "%s\"%.*s\"", missing.len ? ", " : "", feature[f].name.length, feature[f].name.at);
			continue;
		}
		if (!read_kind(getBaseType(TupleDescAttr(desc, at)->atttypid), &read) || feature_kind(read) != feature[f].kind)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%.*s\" has the wrong type: %s", feature[f].name.length, feature[f].name.at,
							format_type_be(TupleDescAttr(desc, at)->atttypid)),
					 errdetail("The model was trained with %s there.", kind_name(feature[f].kind)),
					 errhint("Cast it.")));
		set_column(reader, desc, at, read, &column[f]);
	}
	if (missing.len > 0)
		refuse_missing(feature, features, missing.data);
	pfree(missing.data);
	reader->features = features;
}

static void
need_as_of(const SfRecordReader *reader)
{
	for (int32 f = 0; f < reader->features; f++)
		if (reader->feature[f].kind == SF_FEATURE_AGE && reader->as_of == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" is a date, but there is no column \"as_of\"", reader->column[f].name),
					 errdetail("A date enters a model as its age: the days before the moment that the row describes."),
					 errhint("Add that moment as a column, such as current_date AS as_of for open deals, or leave the date out.")));
}

SfRecordReader *
sf_slot_reader(MemoryContext cxt, TupleDesc desc, const SfFeature *feature, int32 features)
{
	SfRecordReader *reader = MemoryContextAllocZero(cxt, sizeof *reader);
	int			n = Max(feature ? features : desc->natts, 1);
	SfFeature  *copy = MemoryContextAllocZero(cxt, n * sizeof *copy);
	SfRecordColumn *column = MemoryContextAllocZero(cxt, n * sizeof *column);

	reader->cxt = cxt;
	if (feature)
	{
		memcpy(copy, feature, features * sizeof *copy);
		take_named(reader, desc, feature, features, column);
	}
	else
		take_all(reader, desc, copy, column);
	reader->feature = copy;
	reader->column = column;
	reader->as_of = reserved_column(reader, desc, "as_of",
									"It is the moment that a row describes: ages are counted back from it.");
	reader->closed = reserved_column(reader, desc, "closed_at",
									 "It is the moment when the deal was won or lost: a test in time learns no outcome that came later.");
	reader->group = reserved_column(reader, desc, "fold_group", NULL);
	need_as_of(reader);
	reader->cells = MemoryContextAllocZero(cxt, n * sizeof(SfCell));
	return reader;
}

SfRecordReader *
sf_record_reader(MemoryContext cxt, HeapTupleHeader record, const SfFeature *feature, int32 features)
{
	Oid			type = HeapTupleHeaderGetTypeId(record);
	int32		typmod = HeapTupleHeaderGetTypMod(record);
	TupleDesc	shared = lookup_rowtype_tupdesc(type, typmod);
	SfRecordReader *reader;
	MemoryContext old;
	TupleDesc	desc;

	if (type == RECORDOID)
		refuse_nameless(shared);
	reader = sf_slot_reader(cxt, shared, feature, features);
	old = MemoryContextSwitchTo(cxt);
	desc = CreateTupleDescCopy(shared);
	MemoryContextSwitchTo(old);
	ReleaseTupleDesc(shared);
	reader->type = type;
	reader->typmod = typmod;
	reader->desc = desc;
	reader->values = MemoryContextAlloc(cxt, Max(desc->natts, 1) * sizeof(Datum));
	reader->nulls = MemoryContextAlloc(cxt, Max(desc->natts, 1) * sizeof(bool));
	if (type != RECORDOID)
	{
		reader->entry = lookup_type_cache(type, TYPECACHE_TUPDESC);
		/* a domain over a row type has none */
		reader->identifier = reader->entry->tupDesc_identifier;
	}
	return reader;
}

/* Longer categories are cut at a whole character. */
static inline SfText
category(const char *at, int length)
{
	if (unlikely(length > SF_MAX_NAME))
		length = pg_mbcliplen(at, length, SF_MAX_NAME);
	return (SfText) {at, length};
}

static Label *
find_label(Labels *labels, Oid oid)
{
	uint32		i = oid * 2654435761u;

	for (;; i++)
	{
		Label	   *label = &labels->label[i & (labels->size - 1)];

		if (label->oid == oid || label->oid == InvalidOid)
			return label;
	}
}

static void
grow_labels(MemoryContext cxt, Labels *labels)
{
	Labels		old = *labels;

	labels->size *= 2;
	labels->label = MemoryContextAllocZero(cxt, labels->size * sizeof(Label));
	for (int32 i = 0; i < old.size; i++)
		if (old.label[i].oid != InvalidOid)
			*find_label(labels, old.label[i].oid) = old.label[i];
	pfree(old.label);
}

static SfText
enum_label(MemoryContext cxt, Labels *labels, Oid oid)
{
	Label	   *label = find_label(labels, oid);
	HeapTuple	tuple;
	char	   *text;

	if (likely(label->oid == oid))
		return label->text;
	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid internal value for enum: %u", oid)));
	text = MemoryContextStrdup(cxt, NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
	ReleaseSysCache(tuple);
	if (labels->used >= labels->size / 2)
	{
		grow_labels(cxt, labels);
		label = find_label(labels, oid);
	}
	labels->used++;
	*label = (Label) {oid, {text, strlen(text)}};
	return label->text;
}

static SfText
uuid_text(Datum value, char *out)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *byte = DatumGetUUIDP(value)->data;
	char	   *at = out;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[byte[i] >> 4];
		*at++ = hex[byte[i] & 15];
	}
	return (SfText) {out, UUID_TEXT};
}

/* As extract(epoch) counts: a year has 365.25 days, a month beyond it 30. */
static double
interval_days(const Interval *span)
{
	return (double) span->time / USECS_PER_DAY + span->day +
		(double) (span->month / MONTHS_PER_YEAR) * DAYS_PER_YEAR +
		(double) (span->month % MONTHS_PER_YEAR) * DAYS_PER_MONTH;
}

static double
finite_number(double x, const SfRecordColumn *column)
{
	if (unlikely(isinf(x)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("feature \"%s\" must be finite", column->name)));
	return x;
}

static void
refuse_infinite_date(const SfRecordColumn *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("column \"%s\" must not be infinite", column->name),
			 errhint("Use NULL for a date that is not known.")));
}

/* Days since 2000-01-01. */
static double
moment(const SfRecordColumn *column, Datum value)
{
	if (column->read == READ_DATE)
	{
		DateADT		date = DatumGetDateADT(value);

		if (DATE_NOT_FINITE(date))
			refuse_infinite_date(column);
		return (double) date;
	}
	if (TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value)))
		refuse_infinite_date(column);
	return (double) DatumGetTimestamp(value) / USECS_PER_DAY;
}

static inline SfText
read_text(const SfRecordReader *reader, const SfRecordColumn *column, Datum value)
{
	struct varlena *v;

	switch (column->read)
	{
		case READ_NAME:
			return category(NameStr(*DatumGetName(value)), strnlen(NameStr(*DatumGetName(value)), NAMEDATALEN));
		case READ_ENUM:
			return enum_label(reader->cxt, column->labels, DatumGetObjectId(value));
		case READ_UUID:
			return uuid_text(value, column->text);
		case READ_CHAR:
			*column->text = DatumGetChar(value);
			return (SfText) {column->text, 1};
		default:
			v = (struct varlena *) DatumGetPointer(value);
			if (unlikely(VARATT_IS_EXTENDED(v) && !VARATT_IS_SHORT(v)))
				v = pg_detoast_datum_packed(v);
			if (column->read == READ_PADDED)
				return category(VARDATA_ANY(v), bpchartruelen(VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v)));
			return category(VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	}
}

static inline double
read_number(const SfRecordColumn *column, Datum value)
{
	switch (column->read)
	{
		case READ_FLOAT8:
			return finite_number(DatumGetFloat8(value), column);
		case READ_FLOAT4:
			return finite_number((double) DatumGetFloat4(value), column);
		case READ_INT8:
			return (double) DatumGetInt64(value);
		case READ_INT4:
			return (double) DatumGetInt32(value);
		case READ_INT2:
			return (double) DatumGetInt16(value);
		case READ_NUMERIC:
			return finite_number(sf_numeric_to_double(value), column);
		case READ_INTERVAL:
			return interval_days(DatumGetIntervalP(value));
		default:
			return DatumGetBool(value) ? 1.0 : 0.0;
	}
}

/* Of the bytes from the lowest up, whatever the machine's order. */
static uint64_t
hash_bits(uint64 bits)
{
	unsigned char byte[8];

	for (int i = 0; i < 8; i++)
		byte[i] = (unsigned char) (bits >> (8 * i));
	return sf_digest(byte, sizeof byte);
}

/* A hash of the group, the same for integers of any size; never 0. */
static uint64_t
read_group(const SfRecordReader *reader, Datum value)
{
	const SfRecordColumn *column = reader->group;
	uint64_t	hash;
	SfText		text;
	double		number;
	uint64		bits;
	bytea	   *sent;

	if (column->read == READ_SENT)
	{
		sent = SendFunctionCall(column->send, value);
		hash = sf_digest(VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
	}
	else if (column->read == READ_INT8 || column->read == READ_INT4 || column->read == READ_INT2)
		hash = hash_bits((uint64) (column->read == READ_INT8 ? DatumGetInt64(value) :
								   column->read == READ_INT4 ? DatumGetInt32(value) : DatumGetInt16(value)));
	else if (feature_kind(column->read) == SF_FEATURE_CATEGORY)
	{
		text = read_text(reader, column, value);
		hash = sf_digest(text.at, text.length);
	}
	else
	{
		number = feature_kind(column->read) == SF_FEATURE_AGE ? moment(column, value) : read_number(column, value);
		number = number == 0.0 ? 0.0 : number;	/* -0 */
		memcpy(&bits, &number, sizeof bits);
		hash = hash_bits(bits);
	}
	return hash != 0 ? hash : 1;
}

void
sf_record_read_values(SfRecordReader *reader, const Datum *values, const bool *nulls, SfDealInfo *info)
{
	double		as_of = NAN;

	if (reader->as_of != NULL && !nulls[reader->as_of->at])
		as_of = moment(reader->as_of, values[reader->as_of->at]);
	for (int32 f = 0; f < reader->features; f++)
	{
		const SfRecordColumn *column = &reader->column[f];
		SfCell	   *cell = &reader->cells[f];
		Datum		value = values[column->at];

		cell->missing = nulls[column->at];
		if (cell->missing)
			continue;
		switch (reader->feature[f].kind)
		{
			case SF_FEATURE_AGE:
				cell->number = as_of - moment(column, value);
				cell->missing = isnan(cell->number);
				break;
			case SF_FEATURE_CATEGORY:
				cell->text = read_text(reader, column, value);
				break;
			default:
				cell->number = read_number(column, value);
				cell->missing = isnan(cell->number);
				break;
		}
	}
	if (info != NULL)
	{
		info->time = as_of;
		info->closed_known = reader->closed != NULL && !nulls[reader->closed->at];
		info->closed = info->closed_known ? moment(reader->closed, values[reader->closed->at]) : NAN;
		info->group = reader->group == NULL || nulls[reader->group->at] ? 0 :
			read_group(reader, values[reader->group->at]);
	}
}

void
sf_record_read(SfRecordReader *reader, HeapTupleHeader record, SfDealInfo *info)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(record), .t_data = record};

	heap_deform_tuple(&tuple, reader->desc, reader->values, reader->nulls);
	sf_record_read_values(reader, reader->values, reader->nulls, info);
}
