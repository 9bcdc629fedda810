/*
 * holidays.h
 *		Holidays as drivers: columns that tell in which periods they fall.
 *
 * The query returns "at" (date), "name" (any type) and, if it likes, "lower" and
 * "upper": how many days before (negative) and after the date still belong to the
 * holiday.  In a series of days or shorter periods each name and each day of its
 * window is a column of its own, 0 or 1, for the day before a holiday is not like
 * the day after it.  In longer periods each name is one column, the share of the
 * period's days that belong to it, so that weeks and months count as much of a
 * holiday as they hold.
 */
#ifndef SF_HOLIDAYS_H
#define SF_HOLIDAYS_H

#include "core/base/arena.h"
#include "core/forecast/series.h"
#include "pg/compat.h"

#define SF_HOLIDAY_WINDOW_MAX 366
#define SF_HOLIDAY_DAYS_MAX 1000000

typedef struct SfHolidays SfHolidays;

/*
 * sf_holidays_read
 *		Run the query as the caller.  Errors: those of sf_query_rows, 42804 types,
 *		22000 a date or name that is NULL, a window that is not
 *		-366 <= lower <= 0 <= upper <= 366; 22008 an infinite date; 54000 more than
 *		1,000,000 days.
 */
extern SfHolidays *sf_holidays_read(const char *query);

/*
 * sf_holidays_apply
 *		Append the columns to the drivers of a series.
 *
 *	first, last	in		[periods] days (since 1 January 2000) that each period holds,
 *						ascending; several periods may share a day
 *	periods		in		n + horizon of the series
 *
 *	name		out		names of the new columns, from [driver_count] on
 *
 * The new drivers are taken from the arena.  Error 54000 when there would be
 * more than SF_DRIVERS_MAX columns.
 */
extern void sf_holidays_apply(SfArena *arena, const SfHolidays *holidays, const int64 *first,
							  const int64 *last, int64 periods, SfSeries *s, const char **name);

#endif							/* SF_HOLIDAYS_H */
