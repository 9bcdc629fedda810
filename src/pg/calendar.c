/*
 * calendar.c
 *		Times and period numbers: which days, weeks or months a series counts in.
 */
#include "pg/calendar.h"

#include "common/int.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* Monday, 3 January 2000: where weeks begin unless the rows say otherwise. */
#define MONDAY (2 * USECS_PER_DAY)
#define USECS_PER_WEEK (7 * USECS_PER_DAY)
#define DAYS_PER_MEAN_YEAR 365.25

typedef struct NamedUnit
{
	const char *name;
	SfUnit		unit;
} NamedUnit;

/* Longest first within a family: the first that divides gives the name. */
static const NamedUnit named_units[] = {
	{"week", {SF_UNIT_FIXED, USECS_PER_WEEK}},
	{"day", {SF_UNIT_FIXED, USECS_PER_DAY}},
	{"hour", {SF_UNIT_FIXED, USECS_PER_HOUR}},
	{"minute", {SF_UNIT_FIXED, USECS_PER_MINUTE}},
	{"second", {SF_UNIT_FIXED, USECS_PER_SEC}},
	{"microsecond", {SF_UNIT_FIXED, 1}},
	{"year", {SF_UNIT_MONTHS, 12}},
	{"quarter", {SF_UNIT_MONTHS, 3}},
	{"month", {SF_UNIT_MONTHS, 1}},
	{"business day", {SF_UNIT_BUSINESS_DAY, 1}},
	{"period", {SF_UNIT_PERIOD, 1}},
};

bool
sf_unit_parse(const char *text, SfUnit *out)
{
	int64		count = 1;
	const char *p = text;

	if (*p >= '1' && *p <= '9')
	{
		for (count = 0; *p >= '0' && *p <= '9'; p++)
			if ((count = count * 10 + (*p - '0')) > 1000000)
				return false;
		if (*p++ != ' ')
			return false;
	}
	for (int i = 0; i < (int) lengthof(named_units); i++)
	{
		const NamedUnit *u = &named_units[i];
		size_t		length = strlen(u->name);

		if (strncmp(p, u->name, length) != 0 || (strcmp(p + length, "") != 0 && strcmp(p + length, "s") != 0))
			continue;
		if (count > 1 && u->unit.kind != SF_UNIT_FIXED && u->unit.kind != SF_UNIT_MONTHS)
			return false;
		*out = (SfUnit) {u->unit.kind, u->unit.length * count};
		return true;
	}
	return false;
}

void
sf_unit_name(const SfUnit *unit, char name[SF_UNIT_NAME_SIZE])
{
	for (int i = 0; i < (int) lengthof(named_units); i++)
	{
		const NamedUnit *u = &named_units[i];

		if (u->unit.kind != unit->kind || unit->length % u->unit.length != 0)
			continue;
		if (unit->length == u->unit.length)
			snprintf(name, SF_UNIT_NAME_SIZE, "%s", u->name);
		else
			snprintf(name, SF_UNIT_NAME_SIZE, INT64_FORMAT " %ss", unit->length / u->unit.length, u->name);
		return;
	}
	snprintf(name, SF_UNIT_NAME_SIZE, "unknown");
}

static inline int64
floor_div(int64 a, int64 b)
{
	int64		q = a / b;

	return q - (a % b < 0 ? 1 : 0);
}

static inline int64
floor_mod(int64 a, int64 b)
{
	int64		r = a % b;

	return r < 0 ? r + b : r;
}

static int64
common_divisor(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		r = a % b;

		a = b;
		b = r;
	}
	return a;
}

typedef struct Day
{
	int64		month;			/* since January 2000 */
	int			day;			/* of the month */
	int			last;			/* days of that month */
} Day;

static inline Day
day_of(int64 days)
{
	int			year;
	int			month;
	Day			d;

	j2date((int) days + POSTGRES_EPOCH_JDATE, &year, &month, &d.day);
	d.month = ((int64) year - 2000) * 12 + month - 1;
	d.last = day_tab[isleap(year)][month - 1];
	return d;
}

int64
sf_calendar_period(const SfCalendar *calendar, Timestamp at)
{
	int64		days;

	switch (calendar->unit.kind)
	{
		case SF_UNIT_FIXED:
			/* the origin is far from the ends of the range, or a time of the series */
			return floor_div(at - calendar->origin, calendar->unit.length);
		case SF_UNIT_MONTHS:
			return floor_div(day_of(floor_div(at, USECS_PER_DAY)).month - calendar->origin,
							 calendar->unit.length);
		case SF_UNIT_BUSINESS_DAY:
			/* a weekend counts to the Friday before it */
			days = floor_div(at - MONDAY, USECS_PER_DAY);
			return floor_div(days, 7) * 5 + Min(floor_mod(days, 7), 4);
		default:
			return at;
	}
}

/* Midnight of a day, or of the last day of its month when that is shorter. */
static bool
month_day(int64 month, int day, Timestamp *at)
{
	int64		year = floor_div(month, 12) + 2000;
	int			m = (int) floor_mod(month, 12) + 1;

	if (year < -4713 || year > 294276)
		return false;
	day = Min(day, day_tab[isleap(year)][m - 1]);
	if (!IS_VALID_JULIAN(year, m, day))
		return false;
	*at = (date2j((int) year, m, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

bool
sf_calendar_stamp(const SfCalendar *calendar, int64 period, Timestamp *at)
{
	Timestamp	t;
	int64		months;

	switch (calendar->unit.kind)
	{
		case SF_UNIT_FIXED:
			if (pg_mul_s64_overflow(period, calendar->unit.length, &t) ||
				pg_add_s64_overflow(t, calendar->origin, &t))
				return false;
			break;
		case SF_UNIT_MONTHS:
			if (pg_mul_s64_overflow(period, calendar->unit.length, &months) ||
				pg_add_s64_overflow(months, calendar->origin, &months) ||
				!month_day(months, calendar->day_of_month, &t))
				return false;
			t += calendar->time_of_day;
			break;
		case SF_UNIT_BUSINESS_DAY:
			if (pg_mul_s64_overflow(floor_div(period, 5), USECS_PER_WEEK, &t))
				return false;
			if (pg_add_s64_overflow(t, MONDAY + floor_mod(period, 5) * USECS_PER_DAY + calendar->time_of_day, &t))
				return false;
			break;
		default:
			*at = period;
			return true;
	}
	*at = t;
	return IS_VALID_TIMESTAMP(t);
}

bool
sf_calendar_days(const SfCalendar *calendar, int64 period, int64 *first, int64 *last)
{
	SfCalendar	months = *calendar;
	Timestamp	begin;
	Timestamp	next;

	if (calendar->unit.kind == SF_UNIT_MONTHS)
	{
		if (calendar->day_of_month == 31)
			months.origin -= calendar->unit.length - 1;
		months.day_of_month = 1;
		months.time_of_day = 0;
		if (!sf_calendar_stamp(&months, period, &begin) || !sf_calendar_stamp(&months, period + 1, &next))
			return false;
		next--;
	}
	else
	{
		if (!sf_calendar_stamp(calendar, period, &begin))
			return false;
		next = begin;
		/* rows stamped at noon count for the day, whatever the hour */
		if (calendar->unit.kind == SF_UNIT_FIXED && calendar->unit.length > USECS_PER_DAY &&
			(pg_add_s64_overflow(begin, calendar->unit.length - USECS_PER_DAY, &next) || !IS_VALID_TIMESTAMP(next)))
			return false;
	}
	*first = floor_div(begin, USECS_PER_DAY);
	*last = floor_div(next, USECS_PER_DAY);
	return true;
}

bool
sf_calendar_bounds(const SfCalendar *calendar, int64 period, Timestamp *begin, Timestamp *end)
{
	SfCalendar	plain = *calendar;

	plain.day_of_month = 1;
	plain.time_of_day = 0;
	if (!sf_calendar_stamp(&plain, period, begin))
		return false;
	if (plain.unit.kind == SF_UNIT_BUSINESS_DAY)
		return !pg_add_s64_overflow(*begin, USECS_PER_DAY, end);
	return sf_calendar_stamp(&plain, period + 1, end);
}

/* What the times have in common. */
typedef struct Traits
{
	const Timestamp *at;		/* [n] */
	int64		n;
	bool		same_time;		/* of day */
	int64		time_of_day;	/* of all, or 0 */
	int64		distance;		/* greatest common divisor of all distances */
	bool		same_day;		/* of the month, or its last one */
	int			day_of_month;
	int64		months;			/* greatest common divisor of distances in months */
	bool		on_weekend;		/* some row is */
} Traits;

/* One day of the month for all, months that are too short for it at their end. */
static void
month_traits(Traits *t)
{
	Day			first = day_of(floor_div(t->at[0], USECS_PER_DAY));
	int			low = first.day;
	int			top = first.day;
	bool		all_last = true;

	t->months = 0;
	for (int64 i = 0; i < t->n; i++)
	{
		Day			d = day_of(floor_div(t->at[i], USECS_PER_DAY));

		all_last &= d.day == d.last;
		low = Min(low, d.day);
		top = Max(top, d.day);
		if (low < top && low < 28)
			return;
		t->months = common_divisor(t->months, d.month - first.month);
	}
	t->same_day = true;
	for (int64 i = 0; i < t->n && low < top && !all_last; i++)
	{
		Day			d = day_of(floor_div(t->at[i], USECS_PER_DAY));

		t->same_day &= d.day == Min(top, d.last);
	}
	t->day_of_month = all_last && top > 28 ? 31 : top;
}

static Traits
traits_of(const Timestamp *at, int64 n)
{
	Traits		t = {.at = at, .n = n, .same_time = true, .day_of_month = 1};

	t.time_of_day = floor_mod(at[0], USECS_PER_DAY);
	for (int64 i = 0; i < n; i++)
	{
		int64		days = floor_div(at[i], USECS_PER_DAY);

		t.same_time &= at[i] - days * USECS_PER_DAY == t.time_of_day;
		t.on_weekend |= floor_mod(days - 2, 7) >= 5;
		if (i > 0 && t.distance != 1)
		{
			int64		d;

			if (pg_sub_s64_overflow(at[i], at[i - 1], &d))
				d = 1;
			t.distance = common_divisor(t.distance, d);
		}
	}
	if (t.same_time)
		month_traits(&t);
	else
		t.time_of_day = 0;
	return t;
}

/* Where a fixed unit begins. */
static int64
fixed_origin(int64 length, const Traits *t)
{
	Timestamp	first = t->at[0];
	int64		days = floor_div(first, USECS_PER_DAY);
	int64		origin = 0;

	if (t->n > 1 && t->distance % length == 0)
		origin = first;
	else if (length % USECS_PER_WEEK == 0 && t->n > 1)
		origin = floor_div(first - MONDAY, USECS_PER_WEEK) * USECS_PER_WEEK + MONDAY;
	else if (length > USECS_PER_DAY)
		origin = days * USECS_PER_DAY;
	/* near zero, so that no difference overflows */
	return floor_mod(origin, length);
}

/* The calendar of a unit that fits how the rows are stamped. */
static void
anchor(SfCalendar *c, const Traits *t)
{
	c->origin = 0;
	c->time_of_day = 0;
	c->day_of_month = 1;
	switch (c->unit.kind)
	{
		case SF_UNIT_FIXED:
			c->origin = fixed_origin(c->unit.length, t);
			break;
		case SF_UNIT_MONTHS:
			if (!t->same_time || !t->same_day || t->months % c->unit.length != 0 ||
				(t->n == 1 && c->unit.length != 1))
				break;
			c->origin = floor_mod(day_of(floor_div(t->at[0], USECS_PER_DAY)).month, c->unit.length);
			c->day_of_month = t->day_of_month;
			c->time_of_day = t->time_of_day;
			break;
		case SF_UNIT_BUSINESS_DAY:
			c->time_of_day = t->time_of_day;
			break;
		default:
			break;
	}
}

/* The share of periods between the first and the last row that have one. */
static double
filled(const SfUnit *unit, const Traits *t)
{
	SfCalendar	c = {.unit = *unit};
	int64		last;
	int64		first;
	int64		distinct = 1;
	int64		span;

	anchor(&c, t);
	first = last = sf_calendar_period(&c, t->at[0]);
	for (int64 i = 1; i < t->n; i++)
	{
		int64		p = sf_calendar_period(&c, t->at[i]);

		distinct += p != last;
		last = p;
	}
	if (pg_sub_s64_overflow(last, first, &span))
		return 0.0;
	return (double) distinct / ((double) span + 1.0);
}

static SfUnit
finest_filled(const Traits *t)
{
	static const SfUnit coarse[] = {
		{SF_UNIT_FIXED, USECS_PER_DAY}, {SF_UNIT_FIXED, USECS_PER_WEEK},
		{SF_UNIT_MONTHS, 1}, {SF_UNIT_MONTHS, 3}, {SF_UNIT_MONTHS, 12},
	};
	SfUnit		minute = {SF_UNIT_FIXED, USECS_PER_MINUTE};
	SfUnit		hour = {SF_UNIT_FIXED, USECS_PER_HOUR};

	/* rows at any time of the day are orders, to be counted by day, unless no hour lacks them */
	if (!t->same_time)
	{
		if (t->n > 2 && filled(&minute, t) >= 0.8)
			return minute;
		if (t->n > 2 && filled(&hour, t) >= 0.8)
			return hour;
	}
	for (int i = 0; i < (int) lengthof(coarse); i++)
		if (filled(&coarse[i], t) * 3.0 >= 1.0)
			return coarse[i];
	return coarse[lengthof(coarse) - 1];
}

static SfUnit
months_unit(const Traits *t)
{
	SfUnit		u = {SF_UNIT_MONTHS, common_divisor(t->months, 12)};

	/* a census every ten years; two rows alone show no such thing */
	if (t->n > 2 && t->months % 12 == 0)
		u.length = t->months;
	return u;
}

/* Weeks, or several of them when enough rows agree on that. */
static SfUnit
weeks_unit(const Traits *t)
{
	SfUnit		u = {SF_UNIT_FIXED, t->distance};

	if (t->n < 3 || filled(&u, t) < 0.5)
		u.length = USECS_PER_WEEK;
	return u;
}

/*
 * Months between the rows, whatever their days (last business day of the quarter);
 * 0 when two rows share a month or there are too few to tell.
 */
static int64
months_apart(const Traits *t)
{
	int64		before = 0;
	int64		divisor = 0;

	if (!t->same_time || t->n < 6)
		return 0;
	for (int64 i = 0; i < t->n; i++)
	{
		int64		month = day_of(floor_div(t->at[i], USECS_PER_DAY)).month;

		if (i > 0 && month == before)
			return 0;
		if (i > 0 && (divisor = common_divisor(divisor, month - before)) == 1)
			return 1;
		before = month;
	}
	return divisor;
}

/* The unit that the times show; see calendar.h. */
static SfUnit
detect(const Traits *t, bool weekends)
{
	SfUnit		u = {SF_UNIT_FIXED, USECS_PER_DAY};
	SfUnit		business = {SF_UNIT_BUSINESS_DAY, 1};
	SfUnit		months = {SF_UNIT_MONTHS, 1};

	if (t->n == 1)
	{
		if (t->same_day && t->day_of_month == 1)
			u = (SfUnit) {SF_UNIT_MONTHS, 1};
		return u;
	}
	if (t->same_time && t->same_day)
		return months_unit(t);
	if (t->same_time && t->distance % USECS_PER_WEEK == 0)
		return weeks_unit(t);
	months.length = months_apart(t) > 1 ? common_divisor(months_apart(t), 12) : 1;
	if (months.length > 1 && filled(&months, t) >= 0.5)
		return months;
	if (t->same_time && weekends && t->n >= 10 && !t->on_weekend && t->distance == USECS_PER_DAY &&
		filled(&business, t) >= 0.5)
		return business;
	u.length = t->distance;
	if (t->same_time ? t->n >= 4 && filled(&u, t) >= (u.length > USECS_PER_DAY ? 0.5 : 1.0 / 3.0) :
		t->n >= 3 ? filled(&u, t) * 3.0 >= 1.0 : USECS_PER_DAY % u.length == 0)
		return u;
	return finest_filled(t);
}

void
sf_calendar_make(const SfUnit *wanted, const Timestamp *at, int64 n, bool weekends, SfCalendar *out)
{
	Traits		t = traits_of(at, n);

	out->unit = wanted->kind == SF_UNIT_AUTO ? detect(&t, weekends) : *wanted;
	anchor(out, &t);
}

int
sf_unit_seasons(const SfUnit *unit, double season[2])
{
	/* minutes and hours are worth naming only when they hold many periods: a quarter of an hour has its day and week */
	static const struct
	{
		double		length;
		double		least;
	}			cycle[] = {
		{(double) USECS_PER_MINUTE, 6.0}, {(double) USECS_PER_HOUR, 6.0},
		{(double) USECS_PER_DAY, 2.0}, {(double) USECS_PER_WEEK, 2.0},
		{DAYS_PER_MEAN_YEAR * (double) USECS_PER_DAY, 2.0},
	};
	int			n = 0;

	switch (unit->kind)
	{
		case SF_UNIT_FIXED:
			for (int i = 0; i < (int) lengthof(cycle) && n < 2; i++)
				if (cycle[i].length / (double) unit->length >= cycle[i].least)
					season[n++] = cycle[i].length / (double) unit->length;
			break;
		case SF_UNIT_MONTHS:
			if (unit->length < 12 && 12 % unit->length == 0)
				season[n++] = 12.0 / (double) unit->length;
			break;
		case SF_UNIT_BUSINESS_DAY:
			season[n++] = 5.0;
			season[n++] = DAYS_PER_MEAN_YEAR * 5.0 / 7.0;
			break;
		default:
			break;
	}
	return n;
}
