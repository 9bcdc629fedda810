/*
 * series_grid.c
 *		Rows of one series, and the regular series that they make.
 */
#include "pg/series_grid.h"

#include <math.h>

#include "common/int.h"
#include "core/base/sum.h"
#include "miscadmin.h"
#include "pg/bridge.h"
#include "pg/whole_periods.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct Pair
{
	int64		at;
	double		value;
} Pair;

static int
compare_numbers(double a, double b)
{
	if (a < b)
		return -1;
	if (a > b)
		return 1;
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return signbit(b) - signbit(a);
}

static inline int
compare_pairs(const Pair *a, const Pair *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return compare_numbers(a->value, b->value);
}

#define ST_SORT sort_pairs
#define ST_ELEMENT_TYPE Pair
#define ST_COMPARE(a, b) compare_pairs(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static int
compare_cells(const void *a, const void *b, void *drivers)
{
	const SfCell *x = a;
	const SfCell *y = b;
	int			order = compare_pairs(a, b);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; order == 0 && i < *(int32 *) drivers; i++)
		order = compare_numbers(x[2 + i].x, y[2 + i].x);
	return order;
}

static void
find_offset(Timestamp at, SfOffset *o)
{
	/* seconds since 1970 */
	pg_time_t	t = at / USECS_PER_SEC - (at % USECS_PER_SEC < 0) +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			before_dst;
	int			after_dst;
	int			found = pg_next_dst_boundary(&t, &before, &before_dst, &boundary, &after, &after_dst, o->zone);

	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a series is out of the range of its time zone")));
	o->from = at;
	o->to = PG_INT64_MAX;
	o->add = before * USECS_PER_SEC;
	if (found > 0)
		o->to = (boundary - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) * USECS_PER_SEC;
}

/* Local time of a moment; false when it is beyond the range. */
static bool
localize(Timestamp *at, SfOffset *offset)
{
	if (offset->zone == NULL)
		return true;
	if (*at < offset->from || *at >= offset->to)
		find_offset(*at, offset);
	*at += offset->add;
	return IS_VALID_TIMESTAMP(*at);
}

int64
sf_at_read(SfAtKind kind, Datum at, SfOffset *offset)
{
	int64		t;

	switch (kind)
	{
		case SF_AT_PERIOD:
			return DatumGetInt64(at);
		case SF_AT_DATE:
			if (DATE_NOT_FINITE(DatumGetDateADT(at)) ||
				pg_mul_s64_overflow(DatumGetDateADT(at), USECS_PER_DAY, &t) || !IS_VALID_TIMESTAMP(t))
				break;
			return t;
		default:
			t = DatumGetTimestamp(at);
			if (TIMESTAMP_NOT_FINITE(t) || (kind == SF_AT_TIMESTAMPTZ && !localize(&t, offset)))
				break;
			return t;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("time of a series must be finite and within the range of timestamps")));
}

void
sf_check_value(double value, const char *what)
{
	if (unlikely(!isfinite(value)))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s of a series must be finite", what),
				 errdetail("The value given is %s.", float8out_internal(value)),
				 errhint("NULL stands for what is not known.")));
}

void
sf_rows_reserve(SfRows *rows, MemoryContext cxt, int64 more)
{
	Size		size;

	if (more > SF_ROWS_MAX - rows->n)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a series may have at most " INT64_FORMAT " rows", SF_ROWS_MAX),
				 errhint("Sum the rows by day or by another period first.")));
	if (rows->n + more <= rows->capacity)
		return;
	rows->capacity = Max(16, Max(2 * rows->capacity, rows->n + more));
	size = mul_size(rows->capacity, (2 + rows->drivers) * sizeof(SfCell));
	rows->cell = rows->cell ? repalloc_huge(rows->cell, size) : MemoryContextAllocHuge(cxt, size);
}

void
sf_rows_add(SfRows *rows, MemoryContext cxt, int64 at, double value, const double *driver)
{
	int			width = 2 + rows->drivers;
	SfCell	   *cell;

	if (rows->n == rows->capacity)
		sf_rows_reserve(rows, cxt, 1);
	cell = rows->cell + rows->n * width;
	cell[0].at = at;
	cell[1].x = value;
	for (int i = 0; i < rows->drivers; i++)
		cell[2 + i].x = driver[i];
	if (rows->n == 0)
		rows->sorted = true;
	else if (rows->sorted && compare_cells(cell - width, cell, &rows->drivers) > 0)
		rows->sorted = false;
	rows->n++;
}

void
sf_rows_sort(SfRows *rows)
{
	if (rows->sorted || rows->n < 2)
		return;
	if (rows->drivers == 0)
		sort_pairs((Pair *) rows->cell, rows->n);
	else
		qsort_arg(rows->cell, rows->n, (2 + rows->drivers) * sizeof(SfCell), compare_cells, &rows->drivers);
	rows->sorted = true;
}

static void
check_kind(SfAtKind kind, const SfForecastOptions *options)
{
	SfUnit		unit = sf_forecast_unit(options);

	if (kind != SF_AT_PERIOD && unit.kind == SF_UNIT_PERIOD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit \"period\" belongs to series whose times are whole numbers"),
				 errhint("Leave the unit out, or give one such as \"month\".")));
	if (kind == SF_AT_PERIOD && unit.kind != SF_UNIT_PERIOD && unit.kind != SF_UNIT_AUTO)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a series whose times are whole numbers has no unit but \"period\""),
				 errhint("Give dates for times, or leave the unit out.")));
	if (kind == SF_AT_PERIOD && options->has_until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"until\" belongs to series whose times are dates"),
				 errhint("Leave later rows out with WHERE or FILTER.")));
}

/* Where the history lies among the rows. */
typedef struct Extent
{
	int64		begin;			/* the first row with a value */
	int64		end;			/* after the last row that may count */
	bool		has_last;		/* the last period is known: */
	int64		last_period;
} Extent;

static inline SfCell *
row_at(const SfRows *rows, int64 i)
{
	return rows->cell + i * (2 + rows->drivers);
}

/* False when no row up to the end has a value. */
static bool
find_rows(const SfRows *rows, const SfForecastOptions *options, Extent *e)
{
	int64		last = -1;

	*e = (Extent) {.begin = -1};
	for (e->end = 0; e->end < rows->n; e->end++)
	{
		const SfCell *cell = row_at(rows, e->end);

		if (options->has_until && cell[0].at > options->until)
			break;
		if (isnan(cell[1].x))
			continue;
		if (e->begin < 0)
			e->begin = e->end;
		last = e->end;
	}
	if (e->begin < 0)
		return false;
	/* rows without a value after the last one are for their drivers only */
	if (!options->has_until)
		e->end = last + 1;
	return true;
}

static void
too_long(int64 first, int64 last, const SfUnit *unit)
{
	char		name[SF_UNIT_NAME_SIZE];

	sf_unit_name(unit, name);
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("a series may have at most %d periods", SF_SERIES_LENGTH_MAX),
			 errdetail("The unit is \"%s\", the first period is " INT64_FORMAT " and the last " INT64_FORMAT ".",
					   name, first, last),
			 unit->kind == SF_UNIT_PERIOD ?
			 errhint("Number the periods one after the other.") :
			 errhint("Give a longer unit, such as forecast_options(unit => 'day').")));
}

static void
several_rows(const SfGrid *grid, int64 period)
{
	Timestamp	at;
	bool		known = grid->calendar.unit.kind != SF_UNIT_PERIOD &&
	sf_calendar_stamp(&grid->calendar, period, &at);

	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("a period of the series has more than one row"),
			 known ? errdetail("The period is %s.",
							 DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(at)))) :
			 errdetail("The period is " INT64_FORMAT ".", period),
			 errhint("The option \"duplicates\" says how rows of one period are put together.")));
}

/* The rows i .. j - 1 of one period as one value; NaN when none has one. */
static double
put_together(const SfRows *rows, int64 i, int64 j, const SfForecastOptions *options,
			 SfGrid *grid, int64 period)
{
	SfSum		sum = {0};
	double		only = get_float8_nan();
	int64		n = 0;

	for (; i < j; i++)
	{
		double		x = row_at(rows, i)[1].x;

		if (isnan(x))
			continue;
		if (n == 0 || options->duplicates == SF_DUPLICATES_LAST)
			only = x;
		sf_sum_add(&sum, x);
		n++;
	}
	grid->rows += n;
	if (n < 2)
		return only;
	grid->merged += n;
	switch ((SfDuplicates) options->duplicates)
	{
		case SF_DUPLICATES_ERROR:
			several_rows(grid, period);
			break;
		case SF_DUPLICATES_FIRST:
		case SF_DUPLICATES_LAST:
			return only;
		case SF_DUPLICATES_SUM:
			only = sf_sum_value(sum);
			break;
		case SF_DUPLICATES_MEAN:
			only = sf_sum_value(sum) / (double) n;
			break;
	}
	if (!isfinite(only))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of the rows of a period is out of the range of double precision")));
	return only;
}

static void *
take(SfArena *arena, size_t count, size_t size)
{
	void	   *piece = sf_arena_take(arena, count, size);

	if (piece == NULL)
		sf_raise_unless_ok(arena->ctx, SF_NO_MEMORY);
	return piece;
}

static void
fill_values(const SfRows *rows, const Extent *e, const SfForecastOptions *options, SfGrid *grid, double *y)
{
	double		empty = options->gaps == SF_GAPS_ZERO ? 0.0 : get_float8_nan();
	int32		n = grid->series.n;
	int32		filled = 0;
	int32		periods = 0;	/* with a row */
	int64		j;

	for (int64 i = e->begin; i < e->end; i = j, periods++)
	{
		int64		period = sf_calendar_period(&grid->calendar, row_at(rows, i)->at);
		double		value;

		for (j = i + 1; j < e->end; j++)
			if (row_at(rows, j)->at != row_at(rows, j - 1)->at &&
				sf_calendar_period(&grid->calendar, row_at(rows, j)->at) != period)
				break;
		while (filled < period - grid->first)
			y[filled++] = empty;
		value = j - i == 1 ? row_at(rows, i)[1].x : put_together(rows, i, j, options, grid, period);
		if (j - i == 1)
			grid->rows += !isnan(value);
		y[filled++] = value;
	}
	while (filled < n)
		y[filled++] = empty;
	grid->gaps = 0;
	for (int32 i = 0; i < n; i++)
		grid->gaps += isnan(y[i]);
	if (options->gaps == SF_GAPS_ZERO)
		grid->zeros = n - periods;
	for (int64 i = e->end; i < rows->n; i++)
		grid->later += !isnan(row_at(rows, i)[1].x);
}

/* Drivers of all periods; the mean where a period has several rows. */
static void
fill_drivers(const SfRows *rows, const Extent *e, int32 horizon, const SfGrid *grid, double *drivers)
{
	int32		k = rows->drivers;
	int64		periods = (int64) grid->series.n + horizon;
	int64		filled = 0;
	int64		lacking = 0;
	int64		j;

	for (int64 i = e->begin; i < rows->n && filled < periods; i = j)
	{
		int64		period = sf_calendar_period(&grid->calendar, row_at(rows, i)->at);

		for (j = i + 1; j < rows->n; j++)
			if (sf_calendar_period(&grid->calendar, row_at(rows, j)->at) != period)
				break;
		if (period - grid->first >= periods)
			break;
		for (; filled < period - grid->first; filled++)
		{
			lacking += filled >= grid->series.n;
			memcpy(drivers + filled * k, drivers + (filled - 1) * k, k * sizeof(double));
		}
		for (int32 c = 0; c < k; c++)
		{
			SfSum		sum = {0};

			for (int64 r = i; r < j; r++)
				sf_sum_add(&sum, row_at(rows, r)[2 + c].x / (double) (j - i));
			drivers[filled * k + c] = sf_sum_value(sum);
		}
		filled++;
	}
	/* the end of the history may lie beyond the last row, by "until" */
	for (; filled < periods; filled++)
	{
		lacking += filled >= grid->series.n;
		memcpy(drivers + filled * k, drivers + (filled - 1) * k, k * sizeof(double));
	}
	if (lacking > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("drivers are missing for " INT64_FORMAT " of %d future periods", lacking, horizon),
				 errhint("Give a row without a value, but with its drivers, for each period of the horizon.")));
}

/* All rows at 22:00 or 23:00: most likely midnights of another time zone. */
static bool
near_midnight(const SfRows *rows, const Extent *e, const SfCalendar *calendar)
{
	int64		low = PG_INT64_MAX;
	int64		top = 0;

	if (rows->kind != SF_AT_TIMESTAMPTZ ||
		(calendar->unit.kind == SF_UNIT_FIXED && calendar->unit.length < USECS_PER_DAY))
		return false;
	for (int64 i = e->begin; i < e->end; i++)
	{
		int64		time = row_at(rows, i)->at % USECS_PER_DAY;

		time += time < 0 ? USECS_PER_DAY : 0;
		low = Min(low, time);
		top = Max(top, time);
		if (top - low > USECS_PER_HOUR)
			return false;
	}
	return low > 0 && low % (USECS_PER_HOUR / 4) == 0 && (top == low || top - low == USECS_PER_HOUR);
}

static void
set_seasons(const SfForecastOptions *options, SfGrid *grid)
{
	SfSeries   *s = &grid->series;

	grid->seasons_given = options->seasons >= 0;
	if (!grid->seasons_given)
	{
		s->seasons = sf_unit_seasons(&grid->calendar.unit, s->season);
		return;
	}
	s->seasons = options->seasons;
	memcpy(s->season, options->season, sizeof s->season);
}

/* Every time once; those after "until" only when their drivers count. */
static void
make_calendar(SfArena *arena, const SfRows *rows, const SfForecastOptions *options, const Extent *e,
			  SfCalendar *calendar)
{
	SfUnit		unit = sf_forecast_unit(options);
	int64		end = rows->drivers > 0 ? rows->n : e->end;
	SfArenaMark mark = sf_arena_mark(arena);
	int64	   *at;
	int64		n = 0;

	if (rows->kind == SF_AT_PERIOD)
	{
		*calendar = (SfCalendar) {.unit = {SF_UNIT_PERIOD, 1}};
		return;
	}
	at = take(arena, end - e->begin, sizeof *at);
	for (int64 i = e->begin; i < end; i++)
		if (n == 0 || row_at(rows, i)->at != at[n - 1])
			at[n++] = row_at(rows, i)->at;
	sf_calendar_make(&unit, at, n, options->gaps == SF_GAPS_MISSING, calendar);
	sf_arena_rewind(arena, mark);
}

static int64
period_number(const void *calendar, Timestamp at)
{
	return sf_calendar_period(calendar, at);
}

static bool
period_bounds(const void *calendar, int64 period, Timestamp *begin, Timestamp *end)
{
	return sf_calendar_bounds(calendar, period, begin, end);
}

/* Periods at the ends of the history of which only a part is known. */
static void
leave_out_partial(const SfRows *rows, const SfForecastOptions *options, Extent *e, SfGrid *grid)
{
	const SfCalendar *c = &grid->calendar;
	SfPeriods	periods = {period_number, period_bounds, c};
	SfPartial	partial;
	int64		period;

	if (c->unit.kind == SF_UNIT_PERIOD || options->duplicates != SF_DUPLICATES_SUM)
		return;
	partial = sf_partial_periods(rows, e->begin, e->end, options->has_until, options->until, &periods);
	if (partial.last)
	{
		e->has_last = grid->tail_left_out = true;
		e->last_period = sf_calendar_period(c, options->has_until ? options->until : row_at(rows, e->end - 1)->at) - 1;
		while (sf_calendar_period(c, row_at(rows, e->end - 1)->at) > e->last_period)
			e->end--;
	}
	if (!partial.first)
		return;
	period = sf_calendar_period(c, row_at(rows, e->begin)->at);
	for (; sf_calendar_period(c, row_at(rows, e->begin)->at) == period || isnan(row_at(rows, e->begin)[1].x); e->begin++)
		grid->head_left_out += !isnan(row_at(rows, e->begin)[1].x);
}

bool
sf_grid_make_on(SfArena *arena, SfRows *rows, const SfForecastOptions *options,
				int32 horizon, const SfCalendar *calendar, SfGrid *out)
{
	Extent		e;
	int64		last;
	int64		span;
	double	   *y;
	double	   *drivers;

	*out = (SfGrid) {.first = 0};
	check_kind(rows->kind, options);
	sf_rows_sort(rows);
	if (!find_rows(rows, options, &e))
		return false;
	if (calendar)
		out->calendar = *calendar;
	else
		make_calendar(arena, rows, options, &e, &out->calendar);
	out->kind = rows->kind;
	out->may_close = calendar == NULL && options->unit_kind == SF_UNIT_AUTO && options->gaps == SF_GAPS_MISSING &&
		out->calendar.unit.kind == SF_UNIT_FIXED;
	out->near_midnight = near_midnight(rows, &e, &out->calendar);
	leave_out_partial(rows, options, &e, out);
	out->first = sf_calendar_period(&out->calendar, row_at(rows, e.begin)->at);
	last = e.has_last ? e.last_period :
		sf_calendar_period(&out->calendar, options->has_until ? options->until : row_at(rows, e.end - 1)->at);
	if (pg_sub_s64_overflow(last, out->first, &span) || span >= SF_SERIES_LENGTH_MAX)
		too_long(out->first, last, &out->calendar.unit);
	out->series.n = (int32) span + 1;
	set_seasons(options, out);

	y = take(arena, out->series.n, sizeof *y);
	fill_values(rows, &e, options, out, y);
	out->series.y = y;
	if (rows->drivers > 0)
	{
		drivers = take(arena, (size_t) out->series.n + horizon, rows->drivers * sizeof *drivers);
		fill_drivers(rows, &e, horizon, out, drivers);
		out->series.drivers = drivers;
		out->series.driver_count = rows->drivers;
	}
	return true;
}

bool
sf_grid_make(SfArena *arena, SfRows *rows, const SfForecastOptions *options,
			 int32 horizon, SfGrid *out)
{
	return sf_grid_make_on(arena, rows, options, horizon, NULL, out);
}

void
sf_grid_at(const SfGrid *grid, int64 step, Datum value[2], bool is_null[2])
{
	bool		numbers = grid->calendar.unit.kind == SF_UNIT_PERIOD;
	int64		period;
	Timestamp	at = 0;

	if (pg_add_s64_overflow(grid->first, step, &period))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a period of the forecast is out of the range of bigint")));
	if (!numbers && !sf_calendar_stamp(&grid->calendar, period, &at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a period of the forecast is out of the range of timestamps")));
	value[0] = TimestampGetDatum(at);
	value[1] = Int64GetDatum(period);
	is_null[0] = numbers;
	is_null[1] = !numbers;
}
