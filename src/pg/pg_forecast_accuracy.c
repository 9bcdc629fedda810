/*
 * pg_forecast_accuracy.c
 *		Accuracy of forecasts: mape, mase, coverage and their kin, and the scales
 *		of mase and rmsse.
 *
 * The measures share one fixed-length state, SfAccuracy as it is, that is
 * changed in place; aggregates with the same step over the same columns share
 * even the work.  The scales need their values in order of time, so they keep
 * them.
 */
#include "pg/bridge.h"
#include "pg/text_io.h"

#include <math.h>

#include "core/forecast/accuracy.h"
#include "core/forecast/series.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/timestamp.h"

static inline SfAccuracy *
state_argument(FunctionCallInfo fcinfo, int n)
{
	return (SfAccuracy *) PG_GETARG_POINTER(n);
}

static inline void
row_arguments(FunctionCallInfo fcinfo, double *x)
{
	int			n = Min(PG_NARGS() - 1, SF_ACCURACY_ARGUMENTS_MAX);

	for (int i = 0; i < n; i++)
		x[i] = PG_GETARG_FLOAT8(i + 1);
}

static inline Datum
add_row(FunctionCallInfo fcinfo, SfAccuracyKind kind)
{
	SfAccuracy *s = state_argument(fcinfo, 0);
	double		x[SF_ACCURACY_ARGUMENTS_MAX];
	SfStatus	status;
	SfCtx		ctx;

	sf_check_aggregate(fcinfo);
	row_arguments(fcinfo, x);
	status = sf_accuracy_add(&ctx, s, kind, x);
	if (unlikely(status != SF_OK))
		sf_raise_unless_ok(&ctx, status);
	PG_RETURN_POINTER(s);
}

static inline Datum
remove_row(FunctionCallInfo fcinfo, SfAccuracyKind kind)
{
	SfAccuracy *s = state_argument(fcinfo, 0);
	double		x[SF_ACCURACY_ARGUMENTS_MAX];

	sf_check_aggregate(fcinfo);
	row_arguments(fcinfo, x);
	if (!sf_accuracy_remove(s, kind, x))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(s);
}

/* The two steps of a kind, as functions that SQL can name. */
#define STEPS(name, kind) \
	SF_FUNCTION(sf_accuracy_add_##name); \
	Datum \
	sf_accuracy_add_##name(PG_FUNCTION_ARGS) \
	{ \
		return add_row(fcinfo, kind); \
	} \
	SF_FUNCTION(sf_accuracy_remove_##name); \
	Datum \
	sf_accuracy_remove_##name(PG_FUNCTION_ARGS) \
	{ \
		return remove_row(fcinfo, kind); \
	}

STEPS(mape, SF_ACCURACY_MAPE)
STEPS(smape, SF_ACCURACY_SMAPE)
STEPS(mae, SF_ACCURACY_MAE)
STEPS(bias, SF_ACCURACY_BIAS)
STEPS(rmse, SF_ACCURACY_RMSE)
STEPS(mase, SF_ACCURACY_MASE)
STEPS(rmsse, SF_ACCURACY_RMSSE)
STEPS(pinball, SF_ACCURACY_PINBALL)
STEPS(interval, SF_ACCURACY_INTERVAL)
STEPS(msis, SF_ACCURACY_MSIS)
STEPS(coverage, SF_ACCURACY_COVERAGE)

SF_FUNCTION(sf_accuracy_combine);
Datum
sf_accuracy_combine(PG_FUNCTION_ARGS)
{
	SfAccuracy *s = state_argument(fcinfo, 0);
	SfCtx		ctx;

	sf_ctx_init(&ctx, sf_aggregate_context(fcinfo));
	sf_raise_unless_ok(&ctx, sf_accuracy_merge(&ctx, s, state_argument(fcinfo, 1)));
	PG_RETURN_POINTER(s);
}

static Datum
return_result(FunctionCallInfo fcinfo, double x)
{
	if (isnan(x))
		PG_RETURN_NULL();
	if (isinf(x))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("accuracy is out of range for double precision")));
	PG_RETURN_FLOAT8(x);
}

SF_FUNCTION(sf_accuracy_final_mean);
Datum
sf_accuracy_final_mean(PG_FUNCTION_ARGS)
{
	sf_check_aggregate(fcinfo);
	return return_result(fcinfo, sf_accuracy_mean(state_argument(fcinfo, 0)));
}

SF_FUNCTION(sf_accuracy_final_root);
Datum
sf_accuracy_final_root(PG_FUNCTION_ARGS)
{
	sf_check_aggregate(fcinfo);
	return return_result(fcinfo, sf_accuracy_root_mean(state_argument(fcinfo, 0)));
}

SF_FUNCTION(sf_accuracy_final_ratio);
Datum
sf_accuracy_final_ratio(PG_FUNCTION_ARGS)
{
	sf_check_aggregate(fcinfo);
	return return_result(fcinfo, sf_accuracy_ratio(state_argument(fcinfo, 0)));
}

/* wape: the sum of sizes is in sum[1], and per cent are wanted. */
SF_FUNCTION(sf_accuracy_final_percent);
Datum
sf_accuracy_final_percent(PG_FUNCTION_ARGS)
{
	sf_check_aggregate(fcinfo);
	return return_result(fcinfo, 100.0 * sf_accuracy_ratio(state_argument(fcinfo, 0)));
}

SF_FUNCTION(sf_accuracy_final_hit);
Datum
sf_accuracy_final_hit(PG_FUNCTION_ARGS)
{
	sf_check_aggregate(fcinfo);
	return return_result(fcinfo, 100.0 - sf_accuracy_mean(state_argument(fcinfo, 0)));
}

SF_FUNCTION(sf_accuracy_final_left_out);
Datum
sf_accuracy_final_left_out(PG_FUNCTION_ARGS)
{
	SfAccuracy *s = state_argument(fcinfo, 0);

	sf_check_aggregate(fcinfo);
	if (s->count == 0 && s->left_out == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(s->left_out);
}

/* Text: count, left out, steps; of each sum high and low part and peak. */
SF_FUNCTION(sf_accuracy_out);
Datum
sf_accuracy_out(PG_FUNCTION_ARGS)
{
	SfAccuracy *s = state_argument(fcinfo, 0);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT, s->count, s->left_out, s->steps);
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, s->sum[i].hi);
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, s->sum[i].lo);
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, s->peak[i]);
	}
	PG_RETURN_CSTRING(out.data);
}

static SfAccuracy *
checked_state(const SfAccuracy *read)
{
	SfAccuracy *s;

	if (!sf_accuracy_valid(read))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("the parts of an accuracy_state do not agree")));
	s = palloc(sizeof *s);
	*s = *read;
	return s;
}

SF_FUNCTION(sf_accuracy_in);
Datum
sf_accuracy_in(PG_FUNCTION_ARGS)
{
	SfTextReader r = {.type = "accuracy_state", .text = PG_GETARG_CSTRING(0)};
	SfAccuracy	s;

	r.at = r.text;
	s.count = sf_text_int64(&r);
	s.left_out = sf_text_int64(&r);
	s.steps = sf_text_int64(&r);
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		s.sum[i].hi = sf_text_double(&r);
		s.sum[i].lo = sf_text_double(&r);
		s.peak[i] = sf_text_double(&r);
	}
	sf_text_end(&r);
	PG_RETURN_POINTER(checked_state(&s));
}

SF_FUNCTION(sf_accuracy_send);
Datum
sf_accuracy_send(PG_FUNCTION_ARGS)
{
	SfAccuracy *s = state_argument(fcinfo, 0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, s->count);
	pq_sendint64(&out, s->left_out);
	pq_sendint64(&out, s->steps);
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		pq_sendfloat8(&out, s->sum[i].hi);
		pq_sendfloat8(&out, s->sum[i].lo);
		pq_sendfloat8(&out, s->peak[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_accuracy_recv);
Datum
sf_accuracy_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	SfAccuracy	s;

	s.count = pq_getmsgint64(in);
	s.left_out = pq_getmsgint64(in);
	s.steps = pq_getmsgint64(in);
	for (int i = 0; i < SF_ACCURACY_SUMS; i++)
	{
		s.sum[i].hi = pq_getmsgfloat8(in);
		s.sum[i].lo = pq_getmsgfloat8(in);
		s.peak[i] = pq_getmsgfloat8(in);
	}
	PG_RETURN_POINTER(checked_state(&s));
}

/*
 * The scales.  Values come in any order and from any worker, so they are kept
 * with their times and sorted at the end.
 */
typedef struct Point
{
	int64		at;				/* a period number, days or microseconds */
	double		value;			/* NaN = the row says that nothing is known */
} Point;

typedef struct ScaleState
{
	int64		season;
	int64		n;
	int64		capacity;
	Point	   *point;
} ScaleState;

static void
check_season(const ScaleState *s, int64 season)
{
	if (season < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("season must be at least 1"),
				 errdetail("The value given is " INT64_FORMAT ".", season)));
	if (s->n > 0 && s->season != season)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("season must be the same in all rows"),
				 errdetail("The values given are " INT64_FORMAT " and " INT64_FORMAT ".", s->season, season)));
}

static void
reserve(ScaleState *s, MemoryContext cxt, int64 more)
{
	Size		size;

	if (s->n + more > SF_SERIES_LENGTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a series can have at most %d values", SF_SERIES_LENGTH_MAX),
				 errhint("Group the rows by series.")));
	if (s->n + more <= s->capacity)
		return;
	s->capacity = Max(32, Max(2 * s->capacity, s->n + more));
	size = s->capacity * sizeof(Point);
	s->point = s->point ? repalloc_huge(s->point, size) : MemoryContextAllocHuge(cxt, size);
}

static ScaleState *
scale_state(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	return PG_ARGISNULL(0) ? MemoryContextAllocZero(cxt, sizeof(ScaleState)) :
		(ScaleState *) PG_GETARG_POINTER(0);
}

/* The state as it is, or NULL. */
static Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static void
refuse_value(double value)
{
	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("value must be a finite number")));
}

/* Rows without a time or a season say nothing; a NULL value is a gap. */
static Datum
add_point(FunctionCallInfo fcinfo, int64 at)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	ScaleState *s = scale_state(fcinfo, cxt);
	double		value = NAN;

	check_season(s, PG_GETARG_INT32(3));
	if (!PG_ARGISNULL(2))
	{
		value = PG_GETARG_FLOAT8(2);
		refuse_value(value);
	}
	reserve(s, cxt, 1);
	s->season = PG_GETARG_INT32(3);
	s->point[s->n++] = (Point) {at, value};
	PG_RETURN_POINTER(s);
}

static void
refuse_time(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the time of a value must not be infinite")));
}

SF_FUNCTION(sf_accuracy_scale_add_bigint);
Datum
sf_accuracy_scale_add_bigint(PG_FUNCTION_ARGS)
{
	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	return add_point(fcinfo, PG_GETARG_INT64(1));
}

SF_FUNCTION(sf_accuracy_scale_add_date);
Datum
sf_accuracy_scale_add_date(PG_FUNCTION_ARGS)
{
	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	if (DATE_NOT_FINITE(PG_GETARG_DATEADT(1)))
		refuse_time();
	return add_point(fcinfo, PG_GETARG_DATEADT(1));
}

/* timestamp and timestamptz alike: only their order counts. */
SF_FUNCTION(sf_accuracy_scale_add_timestamp);
Datum
sf_accuracy_scale_add_timestamp(PG_FUNCTION_ARGS)
{
	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return keep_state(fcinfo);
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMP(1)))
		refuse_time();
	return add_point(fcinfo, PG_GETARG_TIMESTAMP(1));
}

SF_FUNCTION(sf_accuracy_scale_combine);
Datum
sf_accuracy_scale_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	ScaleState *s;
	ScaleState *other;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	s = scale_state(fcinfo, cxt);
	other = (ScaleState *) PG_GETARG_POINTER(1);
	check_season(s, other->season);
	reserve(s, cxt, other->n);
	memcpy(s->point + s->n, other->point, other->n * sizeof(Point));
	s->n += other->n;
	s->season = other->season;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_accuracy_scale_serialize);
Datum
sf_accuracy_scale_serialize(PG_FUNCTION_ARGS)
{
	ScaleState *s = (ScaleState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) sf_aggregate_context(fcinfo);
	pq_begintypsend(&out);
	pq_sendint64(&out, s->season);
	pq_sendint64(&out, s->n);
	for (int64 i = 0; i < s->n; i++)
	{
		pq_sendint64(&out, s->point[i].at);
		pq_sendfloat8(&out, s->point[i].value);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_accuracy_scale_deserialize);
Datum
sf_accuracy_scale_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	ScaleState *s = palloc0(sizeof(ScaleState));
	StringInfoData in;
	int64		n;

	(void) sf_aggregate_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	s->season = pq_getmsgint64(&in);
	n = pq_getmsgint64(&in);
	if (s->season < 1 || n < 1 || n > SF_SERIES_LENGTH_MAX || n != (in.len - in.cursor) / 16)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("these bytes are not a state of mase_scale")));
	reserve(s, CurrentMemoryContext, n);
	for (s->n = 0; s->n < n; s->n++)
	{
		s->point[s->n].at = pq_getmsgint64(&in);
		s->point[s->n].value = pq_getmsgfloat8(&in);
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(s);
}

static int
compare_points(const void *a, const void *b)
{
	int64		x = ((const Point *) a)->at;
	int64		y = ((const Point *) b)->at;

	CHECK_FOR_INTERRUPTS();
	return (x > y) - (x < y);
}

static void
sort_points(ScaleState *s)
{
	qsort(s->point, s->n, sizeof(Point), compare_points);
	for (int64 i = 1; i < s->n; i++)
		if (s->point[i].at == s->point[i - 1].at)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("a series must not have two values for one time"),
					 errhint("Group the rows by series, and sum what belongs to one period.")));
}

/* by_number: times are period numbers, otherwise rows are taken as consecutive. */
static Datum
scale_of(FunctionCallInfo fcinfo, bool squared, bool by_number)
{
	ScaleState *s = PG_ARGISNULL(0) ? NULL : (ScaleState *) PG_GETARG_POINTER(0);
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	int64	   *at;
	double	   *y;
	double		scale;
	SfCtx		ctx;

	if (s == NULL)
		PG_RETURN_NULL();
	sort_points(s);
	at = palloc(s->n * sizeof(int64));
	y = palloc(s->n * sizeof(double));
	for (int64 i = 0; i < s->n; i++)
	{
		at[i] = s->point[i].at;
		y[i] = s->point[i].value;
	}
	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_accuracy_scale(&ctx, by_number ? at : NULL, y, s->n, s->season, squared, &scale));
	pfree(at);
	pfree(y);
	return return_result(fcinfo, scale);
}

SF_FUNCTION(sf_accuracy_scale_mean_by_number);
Datum
sf_accuracy_scale_mean_by_number(PG_FUNCTION_ARGS)
{
	return scale_of(fcinfo, false, true);
}

SF_FUNCTION(sf_accuracy_scale_mean_by_order);
Datum
sf_accuracy_scale_mean_by_order(PG_FUNCTION_ARGS)
{
	return scale_of(fcinfo, false, false);
}

SF_FUNCTION(sf_accuracy_scale_root_by_number);
Datum
sf_accuracy_scale_root_by_number(PG_FUNCTION_ARGS)
{
	return scale_of(fcinfo, true, true);
}

SF_FUNCTION(sf_accuracy_scale_root_by_order);
Datum
sf_accuracy_scale_root_by_order(PG_FUNCTION_ARGS)
{
	return scale_of(fcinfo, true, false);
}
