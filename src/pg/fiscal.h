/*
 * fiscal.h
 *		Fiscal calendars: periods that a table defines, such as 4-4-5 weeks.
 *
 * The query returns "period" (a whole number), "starts_on" and "ends_on" (dates).
 * The periods need not be equally long.  A series on such a calendar is turned
 * into values per day, times the mean number of days, so that a month of five
 * weeks or a year of 53 does not look like growth; forecasts are turned back.
 */
#ifndef SF_FISCAL_H
#define SF_FISCAL_H

#include "pg/series_grid.h"

#define SF_FISCAL_PERIODS_MAX 100000

typedef struct SfFiscalPeriod
{
	int64		period;
	int64		first;			/* days since 1 January 2000 */
	int64		last;
} SfFiscalPeriod;

typedef struct SfFiscal
{
	SfFiscalPeriod *period;		/* [n] by time */
	int64		n;
	int64		capacity;
	MemoryContext cxt;
} SfFiscal;

/*
 * sf_fiscal_read
 *		Run the query as the caller.  Errors: those of sf_query_rows; 42804 types;
 *		22000 NULLs, a period that ends before it starts, periods that overlap or
 *		whose numbers do not ascend, no period; 22008 an infinite date; 54000 more
 *		than SF_FISCAL_PERIODS_MAX.
 */
extern SfFiscal *sf_fiscal_read(const char *query);

/*
 * sf_fiscal_grid
 *		The rows of a series on the grid of the calendar: period 0 is its first.
 *		Periods are found by date, or by number when the times are whole numbers.
 *		Values stand per day, times out_days; the seasons are the periods of a year.
 *		False when no row has a value.  Errors: 22000 a row or the horizon lies
 *		outside the calendar; those of sf_grid_make.
 */
extern bool sf_fiscal_grid(SfArena *arena, const SfFiscal *fiscal, SfRows *rows,
						   const SfForecastOptions *options, int32 horizon, SfGrid *out, double *out_days);

/* How many days period `step` after the first of the grid has, over days. */
extern double sf_fiscal_factor(const SfFiscal *fiscal, const SfGrid *grid, int64 step, double days);

/* "44, from 2020-07-01": a period for a reader. */
extern char *sf_fiscal_text(const SfFiscal *fiscal, const SfGrid *grid, int64 step);

/* at and period of a result row, both known. */
extern void sf_fiscal_at(const SfFiscal *fiscal, const SfGrid *grid, int64 step, Datum value[2], bool is_null[2]);

#endif							/* SF_FISCAL_H */
