/*
 * fiscal.c
 *		Fiscal calendars: periods that a table defines, such as 4-4-5 weeks.
 */
#include "pg/fiscal.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "pg/rowbuf.h"
#include "pg/whole_periods.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define DAYS_PER_MEAN_YEAR 365.25

enum
{
	COLUMN_PERIOD, COLUMN_STARTS, COLUMN_ENDS
};

static char *
date_text(int64 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) day)));
}

static int64
period_number(TupleTableSlot *slot, const SfColumn *columns, bool *is_null)
{
	Datum		value = sf_column_value(slot, &columns[COLUMN_PERIOD], is_null);

	switch (columns[COLUMN_PERIOD].found)
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT2OID:
			return DatumGetInt16(value);
		default:
			sf_refuse_type(columns, 3, COLUMN_PERIOD);
	}
}

static void
read_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	SfFiscal   *f = arg;
	bool		is_null[3];
	SfFiscalPeriod p;
	DateADT		starts;
	DateADT		ends;

	p.period = period_number(slot, columns, &is_null[0]);
	starts = DatumGetDateADT(sf_column_value(slot, &columns[COLUMN_STARTS], &is_null[1]));
	ends = DatumGetDateADT(sf_column_value(slot, &columns[COLUMN_ENDS], &is_null[2]));
	if (is_null[0] || is_null[1] || is_null[2])
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a period of the calendar must have a number, a first and a last day")));
	if (DATE_NOT_FINITE(starts) || DATE_NOT_FINITE(ends) ||
		!IS_VALID_DATE(starts) || starts >= (TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the days of a calendar must be finite and within the range of timestamps")));
	if (ends < starts)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a period of the calendar ends before it starts"),
				 errdetail("Period " INT64_FORMAT " starts on %s.", p.period, date_text(starts))));
	p.first = starts;
	p.last = ends;
	if (f->n == SF_FISCAL_PERIODS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a calendar may have at most %d periods", SF_FISCAL_PERIODS_MAX)));
	if (f->n == f->capacity)
	{
		f->capacity = Max(64, 2 * f->capacity);
		f->period = f->period ? repalloc(f->period, f->capacity * sizeof p) :
			MemoryContextAlloc(f->cxt, f->capacity * sizeof p);
	}
	f->period[f->n++] = p;
}

static int
compare_periods(const void *a, const void *b)
{
	const SfFiscalPeriod *x = a;
	const SfFiscalPeriod *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

SfFiscal *
sf_fiscal_read(const char *query)
{
	SfColumn	columns[] = {
		[COLUMN_PERIOD] = {.name = "period", .type_name = "bigint"},
		[COLUMN_STARTS] = {.name = "starts_on", .type = DATEOID, .type_name = "date"},
		[COLUMN_ENDS] = {.name = "ends_on", .type = DATEOID, .type_name = "date"},
	};
	SfFiscal   *f = palloc0(sizeof *f);

	f->cxt = CurrentMemoryContext;
	sf_query_rows(query, columns, lengthof(columns), read_row, f);
	if (f->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the calendar has no periods")));
	qsort(f->period, f->n, sizeof(SfFiscalPeriod), compare_periods);
	for (int64 i = 1; i < f->n; i++)
		if (f->period[i].first <= f->period[i - 1].last || f->period[i].period <= f->period[i - 1].period)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("periods of the calendar must not overlap, and their numbers must ascend"),
					 errdetail("Period " INT64_FORMAT " starts on %s.", f->period[i].period,
							   date_text(f->period[i].first))));
	return f;
}

/* The period a row lies in, -1 when there is none. */
static int64
find_period(const SfFiscal *f, SfAtKind kind, int64 at)
{
	int64		key = at;
	int64		lo = 0;
	int64		hi = f->n;

	if (kind != SF_AT_PERIOD)
		key = at / USECS_PER_DAY - (at % USECS_PER_DAY < 0);
	while (lo < hi)
	{
		int64		mid = lo + (hi - lo) / 2;

		if ((kind == SF_AT_PERIOD ? f->period[mid].period : f->period[mid].last) < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == f->n || (kind == SF_AT_PERIOD ? f->period[lo].period : f->period[lo].first) > key)
		return -1;
	return lo;
}

static int64
period_of(const SfFiscal *f, SfAtKind kind, int64 at, const char *what)
{
	int64		i = find_period(f, kind, at);

	if (i < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s lies outside the calendar", what),
				 kind == SF_AT_PERIOD ? errdetail("The period is " INT64_FORMAT ".", at) :
				 errdetail("The time is %s.", DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(at))))));
	return i;
}

/* Periods of a year: whole when there are few, so that a 53rd week moves nothing. */
static double
periods_per_year(double days)
{
	double		season = DAYS_PER_MEAN_YEAR / days;

	return season < 27.0 && fabs(season - rint(season)) < 0.02 * season ? rint(season) : season;
}

static int64
fiscal_number(const void *calendar, Timestamp at)
{
	return find_period(calendar, SF_AT_TIMESTAMP, at);
}

static bool
fiscal_bounds(const void *calendar, int64 period, Timestamp *begin, Timestamp *end)
{
	const SfFiscal *f = calendar;

	if (period < 0 || period >= f->n)
		return false;
	*begin = f->period[period].first * USECS_PER_DAY;
	*end = (f->period[period].last + 1) * USECS_PER_DAY;
	return true;
}

/* Which periods at the ends of the history are there only in part, before the rows get their periods. */
static SfPartial
partial_periods(const SfFiscal *f, const SfRows *rows, const SfForecastOptions *options)
{
	SfPeriods	periods = {fiscal_number, fiscal_bounds, f};
	SfPartial	none = {false, false};
	int			width = 2 + rows->drivers;
	int64		begin = 0;
	int64		end = rows->n;

	if (rows->kind == SF_AT_PERIOD || options->duplicates != SF_DUPLICATES_SUM)
		return none;
	while (begin < end && isnan(rows->cell[begin * width + 1].x))
		begin++;
	while (end > begin && (options->has_until ? rows->cell[(end - 1) * width].at > options->until :
						   isnan(rows->cell[(end - 1) * width + 1].x)))
		end--;
	return end > begin ? sf_partial_periods(rows, begin, end, options->has_until, options->until, &periods) : none;
}

/* Values of one period become none; how many there were. */
static int64
forget_period(SfRows *rows, int64 period)
{
	int64		n = 0;

	for (int64 i = 0; i < rows->n; i++)
	{
		SfCell	   *cell = rows->cell + i * (2 + rows->drivers);

		if (cell[0].at != period || isnan(cell[1].x))
			continue;
		cell[1].x = get_float8_nan();
		n++;
	}
	return n;
}

/* The period of the first or of the last row with a value; -1 without one. */
static int64
end_period(const SfRows *rows, bool last)
{
	int64		found = -1;

	for (int64 i = 0; i < rows->n; i++)
	{
		const SfCell *cell = rows->cell + i * (2 + rows->drivers);

		if (isnan(cell[1].x))
			continue;
		found = cell[0].at;
		if (!last)
			break;
	}
	return found;
}

bool
sf_fiscal_grid(SfArena *arena, const SfFiscal *f, SfRows *rows, const SfForecastOptions *options,
			   int32 horizon, SfGrid *out, double *out_days)
{
	SfForecastOptions own = *options;
	SfCalendar	numbers = {.unit = {SF_UNIT_PERIOD, 1}};
	int			width = 2 + rows->drivers;
	double		total = 0.0;
	double	   *y;
	SfPartial	partial;
	int64		left_out = 0;

	if (options->unit_kind != SF_UNIT_AUTO)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"unit\" and a calendar exclude each other")));
	if (options->has_until && rows->kind != SF_AT_PERIOD)
		own.until = period_of(f, rows->kind, options->until, "option \"until\"");
	sf_rows_sort(rows);
	for (int64 i = 0; i < rows->n; i++)
		(void) period_of(f, rows->kind, rows->cell[i * width].at, "a row of the series");
	partial = partial_periods(f, rows, options);
	for (int64 i = 0; i < rows->n; i++)
	{
		SfCell	   *cell = rows->cell + i * width;
		bool		late = own.has_until && rows->kind != SF_AT_PERIOD && cell[0].at > options->until;

		cell[0].at = period_of(f, rows->kind, cell[0].at, "a row of the series");
		/* a later row of the last period does not count either */
		if (late && cell[0].at <= own.until)
			cell[1].x = get_float8_nan();
	}
	if (partial.first)
		left_out = forget_period(rows, end_period(rows, false));
	if (partial.last && own.has_until)
		own.until--;
	else if (partial.last)
	{
		/* the history goes on to the period before, whether it has rows or not */
		own.until = end_period(rows, true) - 1;
		own.has_until = true;
	}
	if (!sf_grid_make_on(arena, rows, &own, horizon, &numbers, out))
		return false;
	out->head_left_out = left_out;
	out->tail_left_out = partial.last;
	if (out->first + out->series.n + horizon > f->n)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the calendar ends before the forecast"),
				 errdetail("It has " INT64_FORMAT " of %d periods after the history.",
						   f->n - out->first - out->series.n, horizon)));
	for (int32 i = 0; i < out->series.n; i++)
		total += (double) (f->period[out->first + i].last - f->period[out->first + i].first + 1);
	*out_days = total / out->series.n;
	y = unconstify(double *, out->series.y);
	for (int32 i = 0; i < out->series.n; i++)
		y[i] /= sf_fiscal_factor(f, out, i, *out_days);
	if (!out->seasons_given)
	{
		double		season = periods_per_year(*out_days);

		out->series.seasons = season > 1.5;
		out->series.season[0] = season;
		out->seasons_given = true;
	}
	return true;
}

double
sf_fiscal_factor(const SfFiscal *f, const SfGrid *grid, int64 step, double days)
{
	const SfFiscalPeriod *p = &f->period[grid->first + step];

	return (double) (p->last - p->first + 1) / days;
}

void
sf_fiscal_at(const SfFiscal *f, const SfGrid *grid, int64 step, Datum value[2], bool is_null[2])
{
	const SfFiscalPeriod *p = &f->period[grid->first + step];

	value[0] = TimestampGetDatum(p->first * USECS_PER_DAY);
	value[1] = Int64GetDatum(p->period);
	is_null[0] = is_null[1] = false;
}

char *
sf_fiscal_text(const SfFiscal *f, const SfGrid *grid, int64 step)
{
	const SfFiscalPeriod *p = &f->period[grid->first + step];
	int			year;
	int			month;
	int			day;

	j2date((int) p->first + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf(INT64_FORMAT ", from %04d-%02d-%02d", p->period, year, month, day);
}
