/*
 * whole_periods.c
 *		Is the first or the last period of a history only there in part?
 */
#include "pg/whole_periods.h"

#include <math.h>

/* What the rows look like; times in microseconds. */
typedef struct Cover
{
	const SfRows *rows;
	int64		begin;
	int64		end;
	Timestamp	first;			/* row with a value */
	Timestamp	last;
	int64		stamps;			/* different times of rows with a value */
	int64		periods;		/* with such a row */
	double		head;			/* shortest way from the begin of an inner period to its first row */
	double		tail;			/* and from its last row to its end */
} Cover;

static inline const SfCell *
row_at(const Cover *c, int64 i)
{
	return c->rows->cell + i * (2 + c->rows->drivers);
}

static bool
cover_of(Cover *c, const SfPeriods *p)
{
	int64		period = 0;
	Timestamp	from = 0;
	Timestamp	to = 0;
	double		head = 0.0;
	bool		inner = false;

	c->stamps = c->periods = 0;
	c->head = c->tail = INFINITY;
	for (int64 i = c->begin; i < c->end; i++)
	{
		const SfCell *cell = row_at(c, i);
		int64		next;

		if (isnan(cell[1].x) || (c->stamps > 0 && cell[0].at == c->last))
			continue;
		next = p->number(p->calendar, cell[0].at);
		if (c->stamps == 0)
			c->first = cell[0].at;
		if (c->stamps == 0 || next != period)
		{
			/* the period that ends here was an inner one if it was not the first */
			if (inner)
			{
				c->head = fmin(c->head, head);
				c->tail = fmin(c->tail, (double) to - (double) c->last);
			}
			inner = c->stamps > 0;
			if (!p->bounds(p->calendar, next, &from, &to))
				return false;
			head = (double) cell[0].at - (double) from;
			period = next;
			c->periods++;
		}
		c->last = cell[0].at;
		c->stamps++;
	}
	return true;
}

/* Few rows lie so far apart. */
static bool
unusual(const Cover *c, double distance)
{
	int64		as_long = 0;
	bool		any = false;
	Timestamp	before = 0;

	for (int64 i = c->begin; i < c->end; i++)
	{
		const SfCell *cell = row_at(c, i);

		if (isnan(cell[1].x))
			continue;
		as_long += any && (double) cell[0].at - (double) before >= distance;
		before = cell[0].at;
		any = true;
	}
	return as_long * 50 < c->stamps - 1;
}

SfPartial
sf_partial_periods(const SfRows *rows, int64 begin, int64 end, bool has_until, Timestamp until,
				   const SfPeriods *p)
{
	Cover		c = {.rows = rows, .begin = begin, .end = end};
	SfPartial	none = {false, false};
	SfPartial	partial = none;
	double		head;
	double		tail;
	int64		first;
	int64		last;
	Timestamp	from;
	Timestamp	to;

	/* at once for series whose rows are their periods */
	if (end - begin < 4 || !cover_of(&c, p) || c.stamps < 4 || c.stamps < 2 * c.periods)
		return none;
	first = p->number(p->calendar, c.first);
	last = p->number(p->calendar, has_until ? until : c.last);
	if (last <= first)
		return none;
	head = isinf(c.head) ? 0.0 : c.head;
	tail = isinf(c.tail) ? 0.0 : c.tail;

	if (!p->bounds(p->calendar, last, &from, &to))
		return none;
	if (has_until)
		partial.last = (double) until + ((double) to - (double) from) / 60.0 < (double) to - tail - 1.0;
	else
	{
		double		left = (double) to - (double) c.last;

		partial.last = left - tail > ((double) to - (double) from) / 20.0 && unusual(&c, left + head);
	}

	/* something must stay */
	if (c.periods - (partial.last && p->number(p->calendar, c.last) == last) < 2 ||
		!p->bounds(p->calendar, first, &from, &to))
		return partial;
	partial.first = (double) c.first - (double) from - head > ((double) to - (double) from) / 20.0 &&
		unusual(&c, (double) c.first - (double) from + tail);
	return partial;
}
