/*
 * calendar.h
 *		Times and period numbers: which days, weeks or months a series counts in.
 *
 * A calendar numbers periods so that the next period has the next number.  All
 * times are local ones in microseconds (Timestamp); time zones are cut before.
 * Three families are enough:
 *
 *	fixed		so many microseconds: minutes, hours, days, weeks
 *	months		so many months: months, quarters, years
 *	business	days without Saturday and Sunday
 *
 * and "period" for whole numbers, which are their own calendar.  A calendar also
 * keeps how the rows were stamped (last day of the month, Thursdays, at noon),
 * so that forecasts continue the stamps of the history.
 */
#ifndef SF_CALENDAR_H
#define SF_CALENDAR_H

#include "pg/compat.h"

#include "datatype/timestamp.h"

typedef enum SfUnitKind
{
	SF_UNIT_AUTO,				/* to be found out */
	SF_UNIT_FIXED,
	SF_UNIT_MONTHS,
	SF_UNIT_BUSINESS_DAY,
	SF_UNIT_PERIOD
} SfUnitKind;

typedef struct SfUnit
{
	SfUnitKind	kind;
	int64		length;			/* microseconds or months; else 1 */
} SfUnit;

typedef struct SfCalendar
{
	SfUnit		unit;
	int64		origin;			/* start of period 0: microseconds, or months since 2000 */
	int64		time_of_day;	/* months and business days: microseconds after midnight */
	int32		day_of_month;	/* months: 1 .. 31, cut to the length of the month */
} SfCalendar;

#define SF_UNIT_NAME_SIZE 48

/*
 * sf_unit_parse
 *		"hour", "30 minutes", "2 weeks", "quarter", "business day", "period";
 *		singular or plural.  False when the text is none of these.
 */
extern bool sf_unit_parse(const char *text, SfUnit *out);

/* The shortest text that sf_unit_parse reads back. */
extern void sf_unit_name(const SfUnit *unit, char name[SF_UNIT_NAME_SIZE]);

/*
 * sf_calendar_make
 *		The calendar of these times: of the wanted unit, or of the unit that the
 *		times show if that is SF_UNIT_AUTO (never SF_UNIT_PERIOD then).
 *
 *	at			in		[n] ascending, distinct, finite; n >= 1
 *	weekends	in		days without a row are missing, so that weekends without any
 *						may be left out of the calendar
 *
 * The unit is, in this order: months when all rows bear the same day of the
 * month or the last one; weeks when all lie so many weeks apart; quarters, half-years
 * or years when that many months lie between the rows, whatever their days; the greatest
 * common distance when at least a third of its periods has a row; business days
 * when there is no row on a weekend and at least half of the other days has one;
 * and for irregular rows the finest of day, week, month, quarter and year of
 * which at least a third has a row.  Time O(n).
 */
extern void sf_calendar_make(const SfUnit *wanted, const Timestamp *at, int64 n, bool weekends,
							 SfCalendar *out);

/* The number of the period that a time lies in. */
extern int64 sf_calendar_period(const SfCalendar *calendar, Timestamp at);

/* The stamp of a period; false when it is out of the range of timestamps. */
extern bool sf_calendar_stamp(const SfCalendar *calendar, int64 period, Timestamp *at);

/*
 * sf_calendar_days
 *		The days that a period holds, counted from 1 January 2000, first and last
 *		one; for a period shorter than a day the day it begins in.  Months that are
 *		stamped with their last day end there.  False when out of range.
 */
extern bool sf_calendar_days(const SfCalendar *calendar, int64 period, int64 *first, int64 *last);

/*
 * sf_calendar_bounds
 *		The period as a span of time, begin included, end not.  For months that are
 *		stamped with a day of theirs the month itself; for a business day that day.
 *		False when out of range.
 */
extern bool sf_calendar_bounds(const SfCalendar *calendar, int64 period, Timestamp *begin, Timestamp *end);

/* The seasons a unit usually has, ascending, at most two; how many. */
extern int	sf_unit_seasons(const SfUnit *unit, double season[2]);

#endif							/* SF_CALENDAR_H */
