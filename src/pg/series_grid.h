/*
 * series_grid.h
 *		Rows of one series, and the regular series that they make.
 *
 * Rows are collected as they come, eight bytes a number, and sorted by time,
 * value and drivers before anything is computed, so that the order of the rows
 * does not show.
 */
#ifndef SF_SERIES_GRID_H
#define SF_SERIES_GRID_H

#include "pg/forecast_options.h"

#include "core/base/arena.h"

#define SF_DRIVERS_MAX 100
#define SF_ROWS_MAX (INT64CONST(1) << 26)	/* rows of one series: 1 GB without drivers */

/* The type of the column "at". */
typedef enum SfAtKind
{
	SF_AT_DATE,
	SF_AT_TIMESTAMP,
	SF_AT_TIMESTAMPTZ,
	SF_AT_PERIOD				/* bigint */
} SfAtKind;

/* One number of a row. */
typedef union SfCell
{
	int64		at;				/* microseconds, or the period itself */
	double		x;
} SfCell;

/* Row i is cell[i * (2 + drivers)] ...: at, value (NaN = NULL), drivers. */
typedef struct SfRows
{
	SfCell	   *cell;
	int64		n;
	int64		capacity;		/* rows */
	int32		drivers;
	SfAtKind	kind;
	bool		sorted;
} SfRows;

/* The offset of a time zone, and from which moment (UTC) to which it holds. */
typedef struct SfOffset
{
	pg_tz	   *zone;			/* NULL = UTC */
	Timestamp	from;
	Timestamp	to;
	int64		add;			/* microseconds */
} SfOffset;

/*
 * sf_at_read
 *		at of a date, timestamp, timestamptz or bigint; a timestamptz becomes local
 *		time of the zone, of which offset remembers the last answer.  An hour that
 *		the clock skips is never met, one that it repeats is met twice.  Error
 *		22008 when it is infinite or beyond the range of timestamps.
 */
extern int64 sf_at_read(SfAtKind kind, Datum at, SfOffset *offset);

/* To begin with, or when the zone changes. */
static inline SfOffset
sf_offset_start(pg_tz *zone)
{
	return (SfOffset) {.zone = zone, .from = PG_INT64_MAX, .to = PG_INT64_MIN};
}

/* A value as it may stand in a row; error 22000 when it is not finite. */
extern void sf_check_value(double value, const char *what);

/*
 * sf_rows_add
 *		Append a row; its numbers were checked.  Memory comes from cxt.
 *		Error 54000 beyond SF_ROWS_MAX.
 */
extern void sf_rows_add(SfRows *rows, MemoryContext cxt, int64 at, double value, const double *driver);

/* Room for so many more rows. */
extern void sf_rows_reserve(SfRows *rows, MemoryContext cxt, int64 more);

/* By time, value, drivers; nothing to do when they came that way. */
extern void sf_rows_sort(SfRows *rows);

/* A regular series, its calendar, and what was done to make it. */
typedef struct SfGrid
{
	SfSeries	series;			/* y [n], drivers [n + horizon][driver_count] */
	SfCalendar	calendar;
	int64		first;			/* the period number of y[0] */
	int64		rows;			/* with a value, up to the end of the history */
	int64		merged;			/* of them in a period with another row */
	int64		gaps;			/* periods without a value */
	int64		later;			/* rows with a value beyond the end, not used */
	int64		head_left_out;	/* rows with a value in a partial first period, not used */
	bool		tail_left_out;	/* the last period was partial; its rows count as later */
	int64		zeros;			/* periods without a row that count as 0 */
	bool		may_close;		/* times of the week that never have a row may be closed ones */
	int32		cycle;			/* periods of a week or a day, or 0: */
	bool	   *closed;			/* [cycle] by period number: never open, so 0 is forecast */
	bool		near_midnight;	/* timestamptz at one or two hours of the day, none of them 0:00 */
	bool		seasons_given;	/* by option, not by unit or detection */

	/* for explanations; set by who knows */
	SfAtKind	kind;			/* set by sf_grid_make */
	const char **driver_name;	/* [driver_count]; NULL = they have none */
	double		table_days;		/* of a mean period, if a table defines the periods; else 0 */
	const char *first_text;		/* then: the first and the last period */
	const char *last_text;
} SfGrid;

/*
 * sf_grid_make
 *		Sorts the rows and puts them on the grid.  False when no row up to the
 *		option "until" has a value.
 *
 * The history begins with the first and ends with the last value, or with the
 * period that "until" lies in.  Where rows are summed, periods at its ends that are
 * there only in part are left out (whole_periods.h).  Rows in one period are put together as the
 * option "duplicates" says, their drivers are averaged.  A period without a row
 * is missing or zero (option "gaps"); one whose rows all are NULL is missing.
 * Drivers of periods without a row stay what they were in the period before.
 * The seasons are those of the option, else those of the unit; a calendar of
 * plain numbers has none.
 *
 * Everything is taken from the arena.  Errors: 22000 a period with several rows
 * (duplicates => 'error'), drivers missing for the horizon; 22003 a sum that
 * overflows; 22023 options that do not fit the type of at; 54000 more than
 * SF_SERIES_LENGTH_MAX periods, with a hint that names the unit.
 */
extern bool sf_grid_make(SfArena *arena, SfRows *rows, const SfForecastOptions *options,
						 int32 horizon, SfGrid *out);

/* As sf_grid_make with a calendar that is known. */
extern bool sf_grid_make_on(SfArena *arena, SfRows *rows, const SfForecastOptions *options,
							int32 horizon, const SfCalendar *calendar, SfGrid *out);

/*
 * at and period of a result row, step periods after the first (0 = first).
 * One of them is null.  Error 22008 beyond the range of timestamps, 22003 of bigint.
 */
extern void sf_grid_at(const SfGrid *grid, int64 step, Datum value[2], bool is_null[2]);

#endif							/* SF_SERIES_GRID_H */
