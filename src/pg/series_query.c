/*
 * series_query.c
 *		Many series from one query, handed over one after the other.
 */
#include "pg/series_query.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pg/numeric_bits.h"
#include "pg/progress.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

enum
{
	COLUMN_SERIES, COLUMN_AT, COLUMN_VALUE, COLUMN_DRIVERS
};

bool
sf_is_number(Oid type)
{
	return type == FLOAT8OID || type == NUMERICOID || type == INT8OID || type == INT4OID ||
		type == INT2OID || type == FLOAT4OID;
}

bool
sf_at_kind(Oid type, SfAtKind *kind)
{
	switch (type)
	{
		case DATEOID:
			*kind = SF_AT_DATE;
			return true;
		case TIMESTAMPOID:
			*kind = SF_AT_TIMESTAMP;
			return true;
		case TIMESTAMPTZOID:
			*kind = SF_AT_TIMESTAMPTZ;
			return true;
		case INT8OID:
		case INT4OID:
		case INT2OID:
			*kind = SF_AT_PERIOD;
			return true;
		default:
			return false;
	}
}

static double
numeric_value(Datum value)
{
	SfDecimal	unused;

	switch (sf_numeric_decode(value, &unused))
	{
		case SF_NUMERIC_NAN:
			return get_float8_nan();
		case SF_NUMERIC_INFINITE:
			return get_float8_infinity();
		default:
			return sf_numeric_to_double(value);
	}
}

bool
sf_column_number(TupleTableSlot *slot, const SfColumn *column, const char *what, double *out)
{
	bool		is_null;
	Datum		value = sf_column_value(slot, column, &is_null);

	if (is_null)
		return false;
	switch (column->found)
	{
		case FLOAT8OID:
			*out = DatumGetFloat8(value);
			break;
		case FLOAT4OID:
			*out = (double) DatumGetFloat4(value);
			break;
		case INT8OID:
			*out = (double) DatumGetInt64(value);
			break;
		case INT4OID:
			*out = (double) DatumGetInt32(value);
			break;
		case INT2OID:
			*out = (double) DatumGetInt16(value);
			break;
		default:
			*out = numeric_value(value);
			break;
	}
	sf_check_value(*out, what);
	return true;
}

int32
sf_driver_names(ArrayType *names, const char ***out)
{
	static const char *const ours[] = {"series", "at", "value"};
	Datum	   *element;
	bool	   *is_null;
	int			n;

	*out = NULL;
	if (names == NULL)
		return 0;
	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &element, &is_null, &n);
	if (ARR_NDIM(names) > 1 || n > SF_DRIVERS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("drivers must be an array of at most %d column names", SF_DRIVERS_MAX)));
	*out = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		bool		taken = is_null[i];

		(*out)[i] = is_null[i] ? "NULL" : TextDatumGetCString(element[i]);
		for (int j = 0; j < i; j++)
			taken |= strcmp((*out)[i], (*out)[j]) == 0;
		for (int j = 0; j < (int) lengthof(ours); j++)
			taken |= strcmp((*out)[i], ours[j]) == 0;
		if (taken)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("drivers must be different columns other than series, at and value"),
					 errdetail("Number %d is %s.", i + 1, (*out)[i])));
	}
	return n;
}

typedef struct Reader
{
	SfColumn   *columns;
	int			n;				/* columns */
	int32		drivers;
	bool		checked;		/* the types */
	SfAtKind	kind;
	SfOffset	offset;
	Tuplesortstate *sort;
	TupleTableSlot *slot;		/* series, at, value, drivers */
	const char *name;			/* of the series whose row is being read or worked on */
	int64		rows;
	bool		shown;			/* progress */
} Reader;

static void
check_types(Reader *r)
{
	if (!sf_at_kind(r->columns[COLUMN_AT].found, &r->kind))
		sf_refuse_type(r->columns, r->n, COLUMN_AT);
	for (int i = COLUMN_VALUE; i < r->n; i++)
		if (!sf_is_number(r->columns[i].found))
			sf_refuse_type(r->columns, r->n, i);
	r->checked = true;
}

static Datum
widened_at(const SfColumn *column, Datum at)
{
	switch (column->found)
	{
		case INT4OID:
			return Int64GetDatum(DatumGetInt32(at));
		case INT2OID:
			return Int64GetDatum(DatumGetInt16(at));
		default:
			return at;
	}
}

static void
read_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	Reader	   *r = arg;
	TupleTableSlot *out = r->slot;
	bool		is_null;
	Datum		at;
	double		x = get_float8_nan();
	char	   *name;

	if (!r->checked)
		check_types(r);
	sf_progress_update(r->shown, ++r->rows);
	at = sf_column_value(slot, &columns[COLUMN_AT], &is_null);
	if (is_null)
		return;
	ExecClearTuple(out);
	memset(out->tts_isnull, false, (COLUMN_DRIVERS + r->drivers) * sizeof(bool));
	name = columns[COLUMN_SERIES].attnum > 0 ? sf_column_text(slot, &columns[COLUMN_SERIES]) : NULL;
	r->name = name;
	out->tts_isnull[COLUMN_SERIES] = name == NULL;
	out->tts_values[COLUMN_SERIES] = name ? CStringGetTextDatum(name) : (Datum) 0;
	out->tts_values[COLUMN_AT] = Int64GetDatum(sf_at_read(r->kind, widened_at(&columns[COLUMN_AT], at), &r->offset));
	(void) sf_column_number(slot, &columns[COLUMN_VALUE], "value", &x);
	out->tts_values[COLUMN_VALUE] = Float8GetDatum(x);
	for (int i = COLUMN_DRIVERS; i < r->n; i++)
	{
		if (!sf_column_number(slot, &columns[i], "driver", &x))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("driver \"%s\" is NULL in a row of the series", columns[i].name),
					 errdetail("Every row needs its drivers, also those of the future.")));
		out->tts_values[i] = Float8GetDatum(x);
	}
	ExecStoreVirtualTuple(out);
	tuplesort_puttupleslot(r->sort, out);
	r->name = NULL;
}

static void
start_sort(Reader *r)
{
	int			n = COLUMN_DRIVERS + r->drivers;
	TupleDesc	desc = CreateTemplateTupleDesc(n);
	AttrNumber *column = palloc(n * sizeof *column);
	Oid		   *less = palloc(n * sizeof *less);
	Oid		   *collation = palloc0(n * sizeof *collation);
	bool	   *nulls_first = palloc0(n * sizeof *nulls_first);

	TupleDescInitEntry(desc, 1, "series", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 2, "at", INT8OID, -1, 0);
	for (int i = 0; i < n; i++)
	{
		if (i >= COLUMN_VALUE)
			TupleDescInitEntry(desc, i + 1, NULL, FLOAT8OID, -1, 0);
		column[i] = i + 1;
		less[i] = Float8LessOperator;
	}
	less[COLUMN_SERIES] = TextLessOperator;
	less[COLUMN_AT] = Int8LessOperator;
	collation[COLUMN_SERIES] = C_COLLATION_OID;
	r->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	r->sort = tuplesort_begin_heap(desc, n, column, less, collation, nulls_first,
								   maintenance_work_mem, NULL, TUPLESORT_NONE);
}

static void
describe_series(void *arg)
{
	const Reader *r = arg;

	if (r->name)
		errcontext("series \"%s\"", r->name);
}

/* The next row of the sort is one of this series. */
static bool
same_series(const char *name, bool is_null, Datum series)
{
	struct varlena *v = (struct varlena *) DatumGetPointer(series);

	if (is_null || name == NULL)
		return is_null && name == NULL;
	return strlen(name) == VARSIZE_ANY_EXHDR(v) && memcmp(name, VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v)) == 0;
}

static void
hand_over(Reader *r, SfSeriesFunction each, void *arg)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(r->slot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
	MemoryContext own = CurrentMemoryContext;
	MemoryContext series = AllocSetContextCreate(own, "one series", ALLOCSET_DEFAULT_SIZES);
	SfRows		rows = {.kind = r->kind, .drivers = r->drivers};
	const char *name = NULL;
	double	   *driver = palloc(Max(r->drivers, 1) * sizeof(double));
	bool		more = tuplesort_gettupleslot(r->sort, true, false, slot, NULL);
	int64		done = 0;

	while (more)
	{
		rows.n = 0;
		slot_getallattrs(slot);
		MemoryContextSwitchTo(series);
		name = slot->tts_isnull[COLUMN_SERIES] ? NULL : TextDatumGetCString(slot->tts_values[COLUMN_SERIES]);
		MemoryContextSwitchTo(own);
		do
		{
			slot_getallattrs(slot);
			if (!same_series(name, slot->tts_isnull[COLUMN_SERIES], slot->tts_values[COLUMN_SERIES]))
				break;
			for (int i = 0; i < r->drivers; i++)
				driver[i] = DatumGetFloat8(slot->tts_values[COLUMN_DRIVERS + i]);
			sf_rows_add(&rows, own, DatumGetInt64(slot->tts_values[COLUMN_AT]),
						DatumGetFloat8(slot->tts_values[COLUMN_VALUE]), driver);
			CHECK_FOR_INTERRUPTS();
		} while ((more = tuplesort_gettupleslot(r->sort, true, false, slot, NULL)));
		MemoryContextSwitchTo(series);
		r->name = name;
		each(name, &rows, arg);
		r->name = NULL;
		MemoryContextSwitchTo(own);
		MemoryContextReset(series);
		sf_progress_update(r->shown, done += rows.n);
	}
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(series);
}

void
sf_each_series(const char *query, const char **drivers, int32 driver_count,
			   const SfForecastOptions *options, SfSeriesFunction each, void *arg)
{
	Reader		r = {.n = COLUMN_DRIVERS + driver_count, .drivers = driver_count};
	ErrorContextCallback callback = {.callback = describe_series, .arg = &r};

	r.columns = palloc0(r.n * sizeof(SfColumn));
	r.columns[COLUMN_SERIES] = (SfColumn) {.name = "series", .optional = true};
	r.columns[COLUMN_AT] = (SfColumn) {.name = "at", .type_name = SF_AT_TYPES};
	r.columns[COLUMN_VALUE] = (SfColumn) {.name = "value", .type_name = SF_NUMBER_TYPES};
	for (int i = 0; i < driver_count; i++)
		r.columns[COLUMN_DRIVERS + i] = (SfColumn) {.name = drivers[i], .type_name = SF_NUMBER_TYPES};
	r.offset = sf_offset_start(sf_forecast_zone(options));
	start_sort(&r);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	r.shown = sf_progress_start(SF_WORK_READ_ROWS, 0);
	PG_TRY();
	{
		sf_query_rows(query, r.columns, r.n, read_row, &r);
		if (!r.checked)
			check_types(&r);
		tuplesort_performsort(r.sort);
		sf_progress_end(r.shown);
		r.shown = sf_progress_start(SF_WORK_SERIES, r.rows);
		hand_over(&r, each, arg);
	}
	PG_FINALLY();
	{
		sf_progress_end(r.shown);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	tuplesort_end(r.sort);
	ExecDropSingleTupleTableSlot(r.slot);
}
