/*
 * whole_periods.h
 *		Is the first or the last period of a history only there in part?
 *
 * Orders of months up to the tenth of March say little about March: a sum over a
 * part of a period is no value of it.  Where the rows lie closer than the periods,
 * an end of the history is partial when
 *
 *	- more of it has no row than of the best covered period between the ends, by
 *	  a twentieth of its length, and
 *	- the distance to the next row there could be, on the other side of the end, is
 *	  one that fewer than a fiftieth of the distances between rows reach.
 *
 * So a month of working days may end on a Friday, and shops that close at six
 * have whole days.  Rows of which fewer than two fall into a period on average
 * are the periods themselves: then nothing is partial.  The constants are ours.
 */
#ifndef SF_WHOLE_PERIODS_H
#define SF_WHOLE_PERIODS_H

#include "pg/series_grid.h"

/* Number and bounds [begin, end) of the periods of a calendar. */
typedef struct SfPeriods
{
	int64		(*number) (const void *calendar, Timestamp at);
	bool		(*bounds) (const void *calendar, int64 period, Timestamp *begin, Timestamp *end);
	const void *calendar;
} SfPeriods;

typedef struct SfPartial
{
	bool		first;
	bool		last;
} SfPartial;

/*
 * sf_partial_periods
 *		What is partial of the history in rows begin .. end - 1, sorted, the first
 *		one with a value.  until: where the history ends if has_until; the last
 *		period is then partial when rows could follow in it.  Never all of the
 *		periods.  Time O(n).
 */
extern SfPartial sf_partial_periods(const SfRows *rows, int64 begin, int64 end, bool has_until,
									Timestamp until, const SfPeriods *periods);

#endif							/* SF_WHOLE_PERIODS_H */
