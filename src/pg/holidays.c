/*
 * holidays.c
 *		Holidays as drivers: columns that tell in which periods they fall.
 */
#include "pg/holidays.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pg/bridge.h"
#include "pg/rowbuf.h"
#include "pg/series_grid.h"
#include "utils/date.h"
#include "utils/memutils.h"

/* One day of one holiday. */
typedef struct HolidayDay
{
	const char *name;
	int32		offset;			/* from the date */
	int64		day;			/* since 1 January 2000 */
} HolidayDay;

struct SfHolidays
{
	HolidayDay *day;			/* by name, offset and day; each once */
	int64		n;
	int64		capacity;
	MemoryContext cxt;
};

enum
{
	COLUMN_AT, COLUMN_NAME, COLUMN_LOWER, COLUMN_UPPER
};

static int32
window_bound(TupleTableSlot *slot, const SfColumn *column, int32 least, int32 most)
{
	bool		is_null = true;
	Datum		value = (Datum) 0;
	int32		days;

	if (column->attnum > 0)
		value = sf_column_value(slot, column, &is_null);
	days = is_null ? 0 : DatumGetInt32(value);
	if (days < least || days > most)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("\"%s\" of a holiday must be between %d and %d days", column->name, least, most),
				 errdetail("The value given is %d.", days)));
	return days;
}

static void
add_day(SfHolidays *h, const char *name, int32 offset, int64 day)
{
	if (h->n >= SF_HOLIDAY_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("holidays may have at most %d days with their windows", SF_HOLIDAY_DAYS_MAX)));
	if (h->n == h->capacity)
	{
		h->capacity = Max(64, 2 * h->capacity);
		h->day = h->day ? repalloc(h->day, h->capacity * sizeof(HolidayDay)) :
			MemoryContextAlloc(h->cxt, h->capacity * sizeof(HolidayDay));
	}
	h->day[h->n++] = (HolidayDay) {name, offset, day};
}

static void
read_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	SfHolidays *h = arg;
	bool		is_null;
	Datum		at = sf_column_value(slot, &columns[COLUMN_AT], &is_null);
	char	   *name = sf_column_text(slot, &columns[COLUMN_NAME]);
	int32		lower;
	int32		upper;

	if (is_null || name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("a holiday must have a date and a name")));
	if (DATE_NOT_FINITE(DatumGetDateADT(at)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the date of a holiday must be finite")));
	lower = window_bound(slot, &columns[COLUMN_LOWER], -SF_HOLIDAY_WINDOW_MAX, 0);
	upper = window_bound(slot, &columns[COLUMN_UPPER], 0, SF_HOLIDAY_WINDOW_MAX);
	name = MemoryContextStrdup(h->cxt, name);
	for (int32 offset = lower; offset <= upper; offset++)
		add_day(h, name, offset, (int64) DatumGetDateADT(at) + offset);
}

static int
compare_days(const void *a, const void *b)
{
	const HolidayDay *x = a;
	const HolidayDay *y = b;
	int			order = strcmp(x->name, y->name);

	CHECK_FOR_INTERRUPTS();
	if (order != 0)
		return order;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->day > y->day) - (x->day < y->day);
}

SfHolidays *
sf_holidays_read(const char *query)
{
	SfColumn	columns[] = {
		[COLUMN_AT] = {.name = "at", .type = DATEOID, .type_name = "date"},
		[COLUMN_NAME] = {.name = "name"},
		[COLUMN_LOWER] = {.name = "lower", .type = INT4OID, .type_name = "integer", .optional = true},
		[COLUMN_UPPER] = {.name = "upper", .type = INT4OID, .type_name = "integer", .optional = true},
	};
	SfHolidays *h = palloc0(sizeof *h);
	int64		n = 0;

	h->cxt = CurrentMemoryContext;
	sf_query_rows(query, columns, lengthof(columns), read_row, h);
	if (h->n > 0)
		qsort(h->day, h->n, sizeof(HolidayDay), compare_days);
	for (int64 i = 0; i < h->n; i++)
		if (n == 0 || compare_days(&h->day[i], &h->day[n - 1]) != 0)
			h->day[n++] = h->day[i];
	h->n = n;
	return h;
}

/* The next of the days belongs to the same column. */
static bool
same_column(const HolidayDay *a, const HolidayDay *b, bool by_offset)
{
	return strcmp(a->name, b->name) == 0 && (!by_offset || a->offset == b->offset);
}

/* The first period that ends on the day or later. */
static int64
first_period(const int64 *last, int64 periods, int64 day)
{
	int64		lo = 0;
	int64		hi = periods;

	while (lo < hi)
	{
		int64		mid = lo + (hi - lo) / 2;

		if (last[mid] < day)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * One column.  A day that lies in the windows of two dates of a long period's
 * holiday counts once: the share does not exceed 1.
 */
static void
fill_column(const HolidayDay *day, int64 n, const int64 *first, const int64 *last,
			int64 periods, double *column, int32 stride)
{
	for (int64 i = 0; i < n; i++)
		for (int64 p = first_period(last, periods, day[i].day); p < periods && first[p] <= day[i].day; p++)
		{
			double	   *x = &column[p * stride];

			*x += 1.0 / (double) (last[p] - first[p] + 1);
			if (*x > 1.0)
				*x = 1.0;
		}
}

static double *
widened_drivers(SfArena *arena, const SfSeries *s, int64 periods, int32 columns)
{
	int32		old = s->driver_count;
	int32		width = old + columns;
	double	   *drivers = sf_arena_take(arena, periods, width * sizeof *drivers);

	if (drivers == NULL)
		sf_raise_unless_ok(arena->ctx, SF_NO_MEMORY);
	memset(drivers, 0, periods * width * sizeof *drivers);
	for (int64 p = 0; p < periods && old > 0; p++)
		memcpy(drivers + p * width, s->drivers + p * old, old * sizeof *drivers);
	return drivers;
}

void
sf_holidays_apply(SfArena *arena, const SfHolidays *h, const int64 *first, const int64 *last,
				  int64 periods, SfSeries *s, const char **name)
{
	bool		by_offset = true;	/* no period is longer than a day */
	int32		columns = 0;
	int32		width;
	double	   *drivers;
	int64		j;

	for (int64 p = 0; p < periods && by_offset; p++)
		by_offset = first[p] == last[p];
	for (int64 i = 0; i < h->n; i++)
		columns += i == 0 || !same_column(&h->day[i], &h->day[i - 1], by_offset);
	if (columns == 0)
		return;
	if (columns > SF_DRIVERS_MAX - s->driver_count)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("drivers and holidays make %d columns, at most %d are allowed",
						s->driver_count + columns, SF_DRIVERS_MAX),
				 errhint("Give fewer names, or narrower windows: each day of a window is a column.")));
	width = s->driver_count + columns;
	drivers = widened_drivers(arena, s, periods, columns);
	columns = s->driver_count;
	for (int64 i = 0; i < h->n; i = j)
	{
		for (j = i + 1; j < h->n && same_column(&h->day[i], &h->day[j], by_offset); j++)
			;
		name[columns] = by_offset && h->day[i].offset != 0 ? psprintf("%s %+d", h->day[i].name, h->day[i].offset) :
			h->day[i].name;
		fill_column(&h->day[i], j - i, first, last, periods, drivers + columns++, width);
	}
	s->drivers = drivers;
	s->driver_count = width;
}
