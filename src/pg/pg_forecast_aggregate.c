/*
 * pg_forecast_aggregate.c
 *		forecast and explain_forecast: a series in, its future out.
 *
 * The state is one packed array of rows per group.  Options are read once per
 * query; groups whose options are others keep their own copy.
 */
#include "pg/bridge.h"
#include "pg/series_forecast.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

typedef struct ForecastState
{
	SfRows		rows;
	int32		horizon;
	const SfForecastOptions *options;
} ForecastState;

/* What a step function remembers from row to row, in its fn_extra. */
typedef struct StepCache
{
	SfForecastOptions options;	/* the first that were met */
	HeapTupleHeader given;		/* as they came; NULL = the defaults */
	SfForecastOptions last;		/* the last that were read, if not the first */
	HeapTupleHeader last_given;
	MemoryContext cxt;			/* of last_given, so that it can be thrown away */
	SfOffset	offset;			/* of the time zone of options */
	SfOffset	last_offset;	/* and of last */
	double	   *driver;			/* [SF_DRIVERS_MAX] */
} StepCache;

static bool
same_bytes(HeapTupleHeader a, HeapTupleHeader b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return HeapTupleHeaderGetDatumLength(a) == HeapTupleHeaderGetDatumLength(b) &&
		memcmp(a, b, HeapTupleHeaderGetDatumLength(a)) == 0;
}

static HeapTupleHeader
keep_bytes(MemoryContext cxt, HeapTupleHeader given)
{
	HeapTupleHeader copy;

	if (given == NULL)
		return NULL;
	copy = MemoryContextAlloc(cxt, HeapTupleHeaderGetDatumLength(given));
	memcpy(copy, given, HeapTupleHeaderGetDatumLength(given));
	return copy;
}

static void
read_options(HeapTupleHeader given, SfForecastOptions *out)
{
	if (given == NULL)
		sf_forecast_options_default(out);
	else
		sf_forecast_options_read(given, out);
}

static StepCache *
step_cache(FunctionCallInfo fcinfo, HeapTupleHeader given)
{
	StepCache  *cache = fcinfo->flinfo->fn_extra;
	SfForecastOptions options;

	if (cache != NULL)
		return cache;
	read_options(given, &options);
	cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *cache);
	cache->options = options;
	cache->given = keep_bytes(fcinfo->flinfo->fn_mcxt, given);
	cache->cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "options of forecast", ALLOCSET_SMALL_SIZES);
	cache->offset = sf_offset_start(sf_forecast_zone(&cache->options));
	cache->driver = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, SF_DRIVERS_MAX * sizeof(double));
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}

/* The options of this row: those met first, or those in cache->last. */
static const SfForecastOptions *
row_options(StepCache *cache, HeapTupleHeader given)
{
	if (likely(same_bytes(cache->given, given)))
		return &cache->options;
	if (cache->last_given == NULL || !same_bytes(cache->last_given, given))
	{
		SfForecastOptions options;

		read_options(given, &options);
		cache->last_given = NULL;
		MemoryContextReset(cache->cxt);
		cache->last = options;
		cache->last_offset = sf_offset_start(sf_forecast_zone(&cache->last));
		cache->last_given = keep_bytes(cache->cxt, given);
	}
	/* the same, written otherwise */
	if (memcmp(&cache->last, &cache->options, sizeof cache->options) == 0)
		return &cache->options;
	return &cache->last;
}

static ForecastState *
new_state(MemoryContext cxt, SfAtKind kind, int32 drivers, int32 horizon, const SfForecastOptions *options)
{
	ForecastState *s;

	(void) sf_forecast_plan(options, horizon);
	s = MemoryContextAllocZero(cxt, sizeof *s);
	s->rows.kind = kind;
	s->rows.drivers = drivers;
	s->horizon = horizon;
	s->options = options;
	return s;
}

/* Options that outlive the row: shared when they are those met first. */
static const SfForecastOptions *
keep_options(MemoryContext cxt, const StepCache *cache, const SfForecastOptions *options)
{
	SfForecastOptions *copy;

	if (options == &cache->options)
		return options;
	copy = MemoryContextAlloc(cxt, sizeof *copy);
	*copy = *options;
	return copy;
}

static inline void
check_same(const ForecastState *s, int32 horizon, const SfForecastOptions *options)
{
	if (unlikely(s->horizon != horizon))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the forecast horizon must be the same for all rows of a series"),
				 errdetail("There are rows with %d and with %d.", s->horizon, horizon),
				 errhint("Add a GROUP BY if these are several series.")));
	if (unlikely(s->options != options && memcmp(s->options, options, sizeof *options) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("forecast options must be the same for all rows of a series"),
				 errhint("Add a GROUP BY if these are several series.")));
}

/* The drivers of a row; how many. */
static int32
read_drivers(Datum given, double *out)
{
	ArrayType  *array = DatumGetArrayTypeP(given);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1 || n < 1 || n > SF_DRIVERS_MAX || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("drivers of a series must be an array of 1 to %d numbers without NULLs", SF_DRIVERS_MAX),
				 array_contains_nulls(array) ? errdetail("One of the numbers is NULL.") :
				 errdetail("The array has %d numbers in %d dimensions.", n, ARR_NDIM(array))));
	memcpy(out, ARR_DATA_PTR(array), n * sizeof(double));
	for (int i = 0; i < n; i++)
		sf_check_value(out[i], "driver");
	return n;
}

static Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Arguments: state, at, value, [drivers,] horizon [, options]. */
static Datum
add_row(FunctionCallInfo fcinfo, SfAtKind kind, bool with_drivers)
{
	int			at_horizon = with_drivers ? 4 : 3;
	bool		has_options = PG_NARGS() > at_horizon + 1 && !PG_ARGISNULL(at_horizon + 1);
	HeapTupleHeader given = has_options ? PG_GETARG_HEAPTUPLEHEADER(at_horizon + 1) : NULL;
	MemoryContext cxt;
	StepCache  *cache;
	const SfForecastOptions *options;
	ForecastState *s;
	int32		drivers = 0;
	int32		horizon = PG_ARGISNULL(at_horizon) ? 0 : PG_GETARG_INT32(at_horizon);
	double		value = get_float8_nan();
	int64		at;

	cxt = sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	cache = step_cache(fcinfo, given);
	options = row_options(cache, given);
	at = sf_at_read(kind, PG_GETARG_DATUM(1),
					options == &cache->options ? &cache->offset : &cache->last_offset);
	if (!PG_ARGISNULL(2))
	{
		value = PG_GETARG_FLOAT8(2);
		sf_check_value(value, "value");
	}
	if (with_drivers)
	{
		if (PG_ARGISNULL(3))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("a row of the series has no drivers"),
					 errdetail("Every row needs its drivers, also those of the future.")));
		drivers = read_drivers(PG_GETARG_DATUM(3), cache->driver);
	}
	if (unlikely(PG_ARGISNULL(at_horizon)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("forecast horizon must not be NULL"),
				 errhint("Give the number of periods to forecast, such as 12 for a year of months.")));
	if (PG_ARGISNULL(0))
		s = new_state(cxt, kind, drivers, horizon, keep_options(cxt, cache, options));
	else
	{
		s = (ForecastState *) PG_GETARG_POINTER(0);
		check_same(s, horizon, options);
		if (s->rows.drivers != drivers)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("all rows of a series must have the same number of drivers"),
					 errdetail("There are rows with %d and with %d.", s->rows.drivers, drivers)));
	}
	sf_rows_add(&s->rows, cxt, at, value, cache->driver);
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_forecast_add_date);
Datum
sf_forecast_add_date(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_DATE, false);
}

SF_FUNCTION(sf_forecast_add_timestamp);
Datum
sf_forecast_add_timestamp(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_TIMESTAMP, false);
}

SF_FUNCTION(sf_forecast_add_timestamptz);
Datum
sf_forecast_add_timestamptz(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_TIMESTAMPTZ, false);
}

SF_FUNCTION(sf_forecast_add_period);
Datum
sf_forecast_add_period(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_PERIOD, false);
}

SF_FUNCTION(sf_forecast_add_date_drivers);
Datum
sf_forecast_add_date_drivers(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_DATE, true);
}

SF_FUNCTION(sf_forecast_add_timestamp_drivers);
Datum
sf_forecast_add_timestamp_drivers(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_TIMESTAMP, true);
}

SF_FUNCTION(sf_forecast_add_timestamptz_drivers);
Datum
sf_forecast_add_timestamptz_drivers(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_TIMESTAMPTZ, true);
}

SF_FUNCTION(sf_forecast_add_period_drivers);
Datum
sf_forecast_add_period_drivers(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SF_AT_PERIOD, true);
}

/* Options of a state that was sent here: one copy for all groups that share them. */
static const SfForecastOptions *
adopt_options(FunctionCallInfo fcinfo, MemoryContext cxt, const SfForecastOptions *options)
{
	SfForecastOptions *first = fcinfo->flinfo->fn_extra;
	SfForecastOptions *copy;

	if (first != NULL && memcmp(first, options, sizeof *first) == 0)
		return first;
	copy = MemoryContextAlloc(first == NULL ? fcinfo->flinfo->fn_mcxt : cxt, sizeof *copy);
	*copy = *options;
	if (first == NULL)
		fcinfo->flinfo->fn_extra = copy;
	return copy;
}

SF_FUNCTION(sf_forecast_combine);
Datum
sf_forecast_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	ForecastState *other;
	ForecastState *s;
	Size		width;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (ForecastState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
		s = new_state(cxt, other->rows.kind, other->rows.drivers, other->horizon,
					  adopt_options(fcinfo, cxt, other->options));
	else
		s = (ForecastState *) PG_GETARG_POINTER(0);
	check_same(s, other->horizon, other->options);
	if (s->rows.drivers != other->rows.drivers)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("all rows of a series must have the same number of drivers"),
				 errdetail("There are rows with %d and with %d.", s->rows.drivers, other->rows.drivers)));
	sf_rows_reserve(&s->rows, cxt, other->rows.n);
	width = (2 + s->rows.drivers) * sizeof(SfCell);
	if (other->rows.n > 0)
		memcpy((char *) s->rows.cell + s->rows.n * width, other->rows.cell, other->rows.n * width);
	s->rows.sorted = s->rows.n == 0 ? other->rows.sorted : false;
	s->rows.n += other->rows.n;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_forecast_serialize);
Datum
sf_forecast_serialize(PG_FUNCTION_ARGS)
{
	ForecastState *s = (ForecastState *) PG_GETARG_POINTER(0);
	StringInfoData out;
	int64		cells = s->rows.n * (2 + s->rows.drivers);

	(void) sf_aggregate_context(fcinfo);
	if (cells > (int64) (MaxAllocSize / sizeof(SfCell)) - 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a series has too many rows for a parallel plan"),
				 errhint("Sum the rows by day or by another period first, or set max_parallel_workers_per_gather to 0.")));
	pq_begintypsend(&out);
	sf_forecast_options_send(&out, s->options);
	pq_sendint32(&out, s->horizon);
	pq_sendint32(&out, s->rows.kind);
	pq_sendint32(&out, s->rows.drivers);
	pq_sendint32(&out, s->rows.sorted);
	pq_sendint64(&out, s->rows.n);
	/* cells have no padding, and the reader is a process of the same server */
	pq_sendbytes(&out, (char *) s->rows.cell, cells * sizeof(SfCell));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_forecast_deserialize);
Datum
sf_forecast_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	ForecastState *s = palloc0(sizeof *s);
	SfForecastOptions *options = palloc0(sizeof *options);
	StringInfoData in = {.data = VARDATA_ANY(bytes), .len = VARSIZE_ANY_EXHDR(bytes), .maxlen = VARSIZE_ANY_EXHDR(bytes)};
	Size		size;

	(void) sf_aggregate_context(fcinfo);
	sf_forecast_options_receive(&in, options);
	s->options = options;
	s->horizon = pq_getmsgint(&in, 4);
	s->rows.kind = (SfAtKind) pq_getmsgint(&in, 4);
	s->rows.drivers = pq_getmsgint(&in, 4);
	s->rows.sorted = pq_getmsgint(&in, 4) != 0;
	s->rows.n = pq_getmsgint64(&in);
	size = in.len - in.cursor;
	if (s->rows.kind < SF_AT_DATE || s->rows.kind > SF_AT_PERIOD || s->rows.drivers < 0 ||
		s->rows.drivers > SF_DRIVERS_MAX || s->rows.n < 0 || s->rows.n > SF_ROWS_MAX ||
		size != s->rows.n * (2 + s->rows.drivers) * sizeof(SfCell))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("these bytes are not a state of forecast")));
	s->rows.capacity = s->rows.n;
	s->rows.cell = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1));
	memcpy(s->rows.cell, pq_getmsgbytes(&in, size), size);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(s);
}

/* What a final function keeps from group to group. */
typedef struct FinalCache
{
	TupleDesc	desc;			/* of an element of the result */
	Oid			type;
	MemoryContext scratch;
	SfCtx		ctx;
	SfArena		arena;
} FinalCache;

#define SCRATCH_KEPT ((Size) 4 * 1024 * 1024)

static FinalCache *
final_cache(FunctionCallInfo fcinfo)
{
	FinalCache *cache = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	SfArenaMark start = {NULL, 0};

	if (cache == NULL)
	{
		old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		cache = palloc0(sizeof *cache);
		cache->type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
		cache->desc = BlessTupleDesc(lookup_rowtype_tupdesc_copy(cache->type, -1));
		cache->scratch = AllocSetContextCreate(CurrentMemoryContext, "forecast of one series", ALLOCSET_DEFAULT_SIZES);
		sf_ctx_init(&cache->ctx, cache->scratch);
		sf_arena_init(&cache->arena, &cache->ctx);
		MemoryContextSwitchTo(old);
		fcinfo->flinfo->fn_extra = cache;
	}
	if (MemoryContextMemAllocated(cache->scratch, true) > SCRATCH_KEPT)
	{
		MemoryContextReset(cache->scratch);
		sf_arena_init(&cache->arena, &cache->ctx);
	}
	else
		sf_arena_rewind(&cache->arena, start);
	return cache;
}

/* Grid and forecast of a state; false when it has no value. */
static bool
project(FinalCache *cache, ForecastState *s, SfGrid *grid, SfPlan *plan, SfProjection *made)
{
	*plan = sf_forecast_plan(s->options, s->horizon);

	if (!sf_grid_make(&cache->arena, &s->rows, s->options, s->horizon, grid))
		return false;
	sf_grid_forecast(&cache->arena, grid, plan, made);
	return true;
}

static void
put_point(Datum *out, TupleDesc desc, const SfGrid *grid, const SfProjection *made, int32 i, Datum label)
{
	Datum		values[9];
	bool		nulls[9] = {false};

	values[0] = Int32GetDatum(i + 1);
	sf_grid_at(grid, (int64) grid->series.n + i, &values[1], &nulls[1]);
	values[3] = Float8GetDatum(made->mean[i]);
	values[4] = Float8GetDatum(made->lo80[i]);
	values[5] = Float8GetDatum(made->hi80[i]);
	values[6] = Float8GetDatum(made->lo95[i]);
	values[7] = Float8GetDatum(made->hi95[i]);
	values[8] = label;
	*out = PointerGetDatum(heap_form_tuple(desc, values, nulls)->t_data);
}

SF_FUNCTION(sf_forecast_final);
Datum
sf_forecast_final(PG_FUNCTION_ARGS)
{
	ForecastState *s;
	FinalCache *cache;
	SfGrid		grid;
	SfPlan		plan;
	SfProjection made;
	MemoryContext old;
	ArrayType  *result;
	Datum	   *point;
	Datum		label;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (ForecastState *) PG_GETARG_POINTER(0);
	cache = final_cache(fcinfo);
	if (!project(cache, s, &grid, &plan, &made))
		PG_RETURN_NULL();

	old = MemoryContextSwitchTo(AllocSetContextCreate(CurrentMemoryContext, "points of a forecast", ALLOCSET_DEFAULT_SIZES));
	point = palloc(s->horizon * sizeof(Datum));
	label = CStringGetTextDatum(made.made.label);
	for (int32 i = 0; i < s->horizon; i++)
		put_point(&point[i], cache->desc, &grid, &made, i, label);
	old = MemoryContextSwitchTo(old);
	result = construct_array(point, s->horizon, cache->type, -1, false, TYPALIGN_DOUBLE);
	MemoryContextDelete(old);
	PG_RETURN_ARRAYTYPE_P(result);
}

typedef struct Lines
{
	TupleDesc	desc;
	Oid			type;
	ArrayBuildState *lines;
} Lines;

static void
put_line(void *arg, const char *topic, const char *item, double value, const char *reason)
{
	Lines	   *l = arg;
	Datum		values[4] = {0};
	bool		nulls[4] = {false, item == NULL, isnan(value) != 0, reason == NULL};

	values[0] = CStringGetTextDatum(topic);
	if (item)
		values[1] = CStringGetTextDatum(item);
	values[2] = Float8GetDatum(value);
	if (reason)
		values[3] = CStringGetTextDatum(reason);
	l->lines = accumArrayResult(l->lines, HeapTupleGetDatum(heap_form_tuple(l->desc, values, nulls)), false,
								l->type, CurrentMemoryContext);
}

SF_FUNCTION(sf_forecast_explain);
Datum
sf_forecast_explain(PG_FUNCTION_ARGS)
{
	ForecastState *s;
	FinalCache *cache;
	SfGrid		grid;
	SfPlan		plan;
	SfProjection made;
	Lines		lines;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (ForecastState *) PG_GETARG_POINTER(0);
	cache = final_cache(fcinfo);
	if (!project(cache, s, &grid, &plan, &made))
		PG_RETURN_NULL();
	lines = (Lines) {.desc = cache->desc, .type = cache->type};
	sf_explain_projection(&cache->arena, &grid, s->options, &plan, &made, put_line, &lines);
	PG_RETURN_DATUM(makeArrayResult(lines.lines, CurrentMemoryContext));
}
