/*
 * series_forecast.c
 *		A regular series and its forecast, with what there is to tell of it.
 */
#include "pg/series_forecast.h"

#include <math.h>

#include "core/forecast/overfit.h"
#include "core/forecast/periods.h"
#include "pg/bridge.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"

/* Of a history: what a season needs (two of its cycles). */
#define YEARS_LEAST 2.0
#define DAYS_PER_YEAR 365.25

/* A share of gaps that asks whether they are gaps. */
#define GAPS_MANY 0.25

/* A validation error above so many training errors, and parts of the mean size, is told. */
#define GAP_WIDE 1.5
#define GAP_SMALL 0.01

static double *
take_doubles(SfArena *arena, int64 n)
{
	double	   *x = sf_arena_take(arena, n, sizeof *x);

	if (x == NULL)
		sf_raise_unless_ok(arena->ctx, SF_NO_MEMORY);
	return x;
}

void
sf_detect_seasons(SfArena *arena, const SfGrid *grid, SfSeries *s)
{
	SfArenaMark mark;
	SfPeriod	found[SF_SEASONS_MAX];
	int32_t		count = 0;
	double	   *filled;

	if (grid->calendar.unit.kind != SF_UNIT_PERIOD || grid->seasons_given)
		return;
	s->seasons = 0;
	mark = sf_arena_mark(arena);
	filled = take_doubles(arena, s->n);
	sf_raise_unless_ok(arena->ctx, sf_series_fill(arena, s, filled));
	sf_raise_unless_ok(arena->ctx, sf_detect_periods(arena, filled, s->n, found, &count));
	for (int32 i = 0; i < count; i++)
		s->season[s->seasons++] = found[i].period;
	sf_arena_rewind(arena, mark);
}

static char *
stamp_text(const SfGrid *grid, int64 step)
{
	Datum		value[2];
	bool		is_null[2];

	sf_grid_at(grid, step, value, is_null);
	if (is_null[0])
		return psprintf(INT64_FORMAT, DatumGetInt64(value[1]));
	return text_to_cstring(DatumGetTextPP(DirectFunctionCall2(timestamp_to_char, value[0],
															  CStringGetTextDatum("YYYY-MM-DD HH24:MI:SS"))));
}

/* Which period of which grid the core found fault with. */
typedef struct Fault
{
	const SfGrid *grid;
	int64		period;
} Fault;

static void
describe_period(void *arg)
{
	const Fault *fault = arg;

	errcontext("period %s of the series", stamp_text(fault->grid, fault->period));
}

/* As sf_raise_unless_ok, but the core's row is a period here. */
static void
raise_unless_ok(SfCtx *ctx, const SfGrid *grid, SfStatus status)
{
	Fault		fault = {grid, ctx->where};
	ErrorContextCallback callback = {.callback = describe_period, .arg = &fault, .previous = error_context_stack};

	if (status == SF_OK)
		return;
	ctx->where = -1;
	if (fault.period >= 0)
		error_context_stack = &callback;
	sf_raise_unless_ok(ctx, status);
}

#define CYCLE_MAX 2016			/* five minutes of a week */

/* Could positions be empty by chance?  Then they are none that are closed. */
static bool
by_chance(const int32 *seen, int32 cycle, double cycles)
{
	double		rows = 0.0;
	int32		open = 0;
	double		empty;

	for (int32 i = 0; i < cycle; i++)
	{
		open += seen[i] > 0;
		rows += seen[i];
	}
	empty = 1.0 - Min(1.0, rows / (open * cycles));
	return open == cycle || empty > 0.25 || pow(empty, floor(cycles)) * cycle > 0.01;
}

/*
 * Times of the week that never have a row in three weeks and more, while the others
 * nearly always do, are closed; with fewer weeks times of the day.
 */
static void
find_closed(SfArena *arena, SfGrid *grid)
{
	const SfSeries *s = &grid->series;
	int64		spans[2] = {7 * USECS_PER_DAY, USECS_PER_DAY};

	grid->cycle = 0;
	for (int k = 0; k < 2 && grid->may_close && grid->cycle == 0; k++)
	{
		int64		cycle = spans[k] / grid->calendar.unit.length;
		SfArenaMark mark = sf_arena_mark(arena);
		int32	   *seen;
		bool		any = false;

		if (spans[k] % grid->calendar.unit.length != 0 || cycle < 2 || cycle > CYCLE_MAX || s->n < 3 * cycle)
			continue;
		grid->closed = sf_arena_take(arena, cycle, sizeof(bool));
		seen = sf_arena_take(arena, cycle, sizeof *seen);
		if (grid->closed == NULL || seen == NULL)
			sf_raise_unless_ok(arena->ctx, SF_NO_MEMORY);
		memset(seen, 0, cycle * sizeof *seen);
		for (int32 i = 0; i < s->n; i++)
			seen[((grid->first + i) % cycle + cycle) % cycle] += !isnan(s->y[i]);
		for (int64 i = 0; i < cycle; i++)
			any |= grid->closed[i] = seen[i] == 0;
		if (any && !by_chance(seen, (int32) cycle, (double) s->n / (double) cycle))
			grid->cycle = (int32) cycle;
		else
			sf_arena_rewind(arena, mark);
	}
}

/* Nothing is forecast where it is closed. */
static void
close_periods(const SfGrid *grid, int32 horizon, SfProjection *out)
{
	for (int32 i = 0; i < horizon && grid->cycle > 0; i++)
	{
		int64		period = grid->first + grid->series.n + i;

		if (grid->closed[(period % grid->cycle + grid->cycle) % grid->cycle])
			out->mean[i] = out->lo80[i] = out->hi80[i] = out->lo95[i] = out->hi95[i] = 0.0;
	}
}

void
sf_grid_forecast(SfArena *arena, SfGrid *grid, const SfPlan *plan, SfProjection *out)
{
	int32		h = plan->horizon;

	*out = (SfProjection) {
		.mean = take_doubles(arena, h),
		.lo80 = take_doubles(arena, h),
		.hi80 = take_doubles(arena, h),
		.lo95 = take_doubles(arena, h),
		.hi95 = take_doubles(arena, h),
	};
	sf_detect_seasons(arena, grid, &grid->series);
	find_closed(arena, grid);
	raise_unless_ok(arena->ctx, grid, sf_forecast_series(arena, &grid->series, plan, out));
	close_periods(grid, h, out);
}

/* What the words and numbers of a fit mean; the first line whose end, or whole of, the name is. */
static const char *
fit_reason(const char *name)
{
	static const struct
	{
		const char *end;
		const char *reason;
	}			meaning[] = {
		{"season follows with gamma", "how fast the seasonal figure follows the last seasons: 0 not at all, 1 at once"},
		{"alpha of sizes", "how fast the size of a demand follows the last ones"},
		{"alpha of intervals", "how fast the distance between demands follows the last ones"},
		{"alpha of probability", "how fast the probability of a demand follows the last periods"},
		{"alpha", "how fast the level follows the values: 0 not at all, 1 at once"},
		{"beta", "how fast the growth follows: 0 not at all"},
		{"gamma", "how fast the season follows: 0 not at all"},
		{"phi", "the share of the growth that is left a period later; 1 is all of it"},
		{"a0", "how fast the level follows, as the real part of the complex constant"},
		{"a1", "how errors are carried on, as the imaginary part of the complex constant"},
		{"weight of the line", "of the straight line, next to the smoothed level"},
		{"season length", "in periods"},
		{"season as factors, strength", "the share of the variation that the season explains; it is multiplied"},
		{"season as amounts, strength", "the share of the variation that the season explains; it is added"},
		{"season shrunk to", "the share of the seasonal figure that is trusted"},
		{"share of the seasonal naive", "weight of the value a season ago in the forecast"},
		{"sigma", "typical error one period ahead; where errors are multiplicative a share of the level"},
		{"aicc", "for comparison with other models of this series; less is better"},
		{"AIC", "for comparison with other models of this series; less is better"},
		{"log likelihood", "for comparison with other models of this series"},
		{"drift", "growth a period"},
		{"slope", "growth a period at the end"},
		{"change of slope", "of the growth a period, at all bends together"},
		{"models tried", "before this one was taken"},
		{"harmonics", "waves that make up the seasons"},
		{"rounds", "of fitting what the rounds before left over"},
		{"changepoints tried", "places where the trend may bend"},
		{"mean interval", "periods from one demand to the next"},
		{"pull to zero", "the share taken off because demand may have ended"},
		{"longest block", "periods that were summed at most"},
		{"block", "periods that were summed"},
		{"effect of one unit", "what one more of the driver adds to the value"},
	};
	size_t		n = strlen(name);

	for (int i = 0; i < (int) lengthof(meaning); i++)
	{
		size_t		m = strlen(meaning[i].end);

		if (n >= m && strcmp(name + n - m, meaning[i].end) == 0 && (n == m || name[n - m - 1] == ' '))
			return meaning[i].reason;
	}
	return NULL;
}

/* "driver 2, effect of one unit" with the name of the driver. */
static const char *
named_driver(const SfGrid *grid, const char *name)
{
	char	   *rest;
	long		number;

	if (grid->driver_name == NULL || strncmp(name, "driver ", 7) != 0)
		return name;
	number = strtol(name + 7, &rest, 10);
	if (number < 1 || number > grid->series.driver_count)
		return name;
	return psprintf("%s%s", grid->driver_name[number - 1], *rest ? rest : ", effect of one unit");
}

/* Has the fit this season, as far as its label and notes tell? */
static bool
fit_has_season(const SfForecast *made, double season)
{
	const char *label = made->label;
	const char *bracket = strchr(label, '[');
	const char *comma = strncmp(label, "ETS(", 4) == 0 ? strrchr(label, ',') : NULL;

	for (int i = 0; i < made->notes; i++)
	{
		const SfNote *note = &made->note[i];

		if (strncmp(note->name, "season", 6) == 0 && fabs(note->value - season) <= 0.5 && note->value > 1)
			return true;
		if (strcmp(note->name, "harmonics") == 0 && note->value > 0)
			return true;
	}
	if (comma && comma[1] != 'N')
		return true;
	if (strncmp(label, "ARIMA", 5) == 0 && bracket && fabs(strtod(bracket + 1, NULL) - season) <= 0.5)
		return true;
	return strcmp(label, "seasonal naive") == 0;
}

static const char *
season_use(const SfGrid *grid, const SfForecastOptions *options, const SfForecast *made, int i)
{
	static const char *const seasonless[] = {
		"mean", "naive", "drift", "croston", "croston_sba", "tsb", "adida", "imapa", "intermittent",
	};
	double		season = grid->series.season[i];
	bool		one_only = strncmp(made->label, "ETS(", 4) == 0 || strncmp(made->label, "ARIMA", 5) == 0 ||
		strcmp(made->label, "seasonal naive") == 0;

	if (options->accuracy == 1)
		return "left to the methods that are combined";
	if ((i == 0 || !one_only) && fit_has_season(made, season))
		return "used";
	for (int k = 0; k < (int) lengthof(seasonless); k++)
		if (strcmp(options->method, seasonless[k]) == 0)
			return "not used: the method has no season";
	if (grid->series.n < 2.0 * season)
		return "not used: the history has less than two of it";
	if (i > 0 && one_only)
		return "not used: the method takes one season only";
	return "not used: the method takes one season only, or none stands out";
}

static const char *
season_reason(const SfGrid *grid, const SfForecastOptions *options)
{
	if (options->seasons >= 0)
		return "given by the option";
	if (grid->table_days > 0)
		return "periods of a year";
	if (grid->calendar.unit.kind == SF_UNIT_PERIOD)
		return "found in the series";
	return "usual for the unit";
}

static const char *
duplicates_reason(const SfForecastOptions *options)
{
	switch ((SfDuplicates) options->duplicates)
	{
		case SF_DUPLICATES_MEAN:
			return "rows that share their period with others: their mean counts";
		case SF_DUPLICATES_LAST:
			return "rows that share their period with others: the last one counts";
		case SF_DUPLICATES_FIRST:
			return "rows that share their period with others: the first one counts";
		default:
			return "rows that share their period with others: their sum counts";
	}
}

/* "Sunday", or "134 of 168 times of a week". */
static char *
closed_text(const SfGrid *grid)
{
	static const char *const days[] = {"Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"};
	bool		by_day = grid->cycle == 7 && grid->calendar.unit.length == USECS_PER_DAY;
	StringInfoData text;
	int			n = 0;

	initStringInfo(&text);
	for (int32 i = 0; i < grid->cycle; i++)
	{
		if (!grid->closed[i])
			continue;
		/* day 0 is 1 January 2000, a Saturday */
		if (by_day)
			appendStringInfo(&text, "%s%s", n > 0 ? ", " : "", days[i]);
		n++;
	}
	if (!by_day)
		appendStringInfo(&text, "%d of %d times of a %s", n, grid->cycle,
						 grid->cycle * grid->calendar.unit.length == USECS_PER_DAY ? "day" : "week");
	appendStringInfoString(&text, "; never with a row, so 0 is forecast");
	return text.data;
}

static void
explain_calendar(const SfGrid *grid, const SfForecastOptions *options, SfExplain tell, void *arg)
{
	const SfUnit *unit = &grid->calendar.unit;
	char		name[SF_UNIT_NAME_SIZE];
	double		none = get_float8_nan();

	sf_unit_name(unit, name);
	if (grid->table_days > 0)
		tell(arg, "calendar", "periods of a table", grid->table_days, "days of a mean period; values are compared per day");
	else
		tell(arg, "calendar", name, none,
			 options->unit_kind != SF_UNIT_AUTO ? "given by the option" :
			 unit->kind == SF_UNIT_PERIOD ? "times are whole numbers" :
			 unit->kind == SF_UNIT_BUSINESS_DAY ? "no row lies on a weekend" : "what the times of the rows show");
	tell(arg, "calendar", "first period", none, grid->first_text ? grid->first_text : stamp_text(grid, 0));
	tell(arg, "calendar", "last period", none,
		 grid->last_text ? grid->last_text : stamp_text(grid, (int64) grid->series.n - 1));
	tell(arg, "calendar", "periods", grid->series.n, "of the history");
	if (grid->head_left_out > 0)
		tell(arg, "calendar", "partial first period left out", (double) grid->head_left_out, "its rows with a value");
	if (grid->tail_left_out)
		tell(arg, "calendar", "partial last period left out", none,
			 options->has_until ? "\"until\" lies within it" : "its rows do not reach its end");
	if (grid->gaps > 0)
		tell(arg, "calendar", "gaps", (double) grid->gaps,
			 grid->cycle == 0 && grid->gaps > GAPS_MANY * grid->series.n ?
			 "periods that were not observed; if nothing was sold in them, gaps => 'zero' says so" :
			 "periods that were not observed");
	if (grid->cycle > 0)
		tell(arg, "calendar", "closed", none, closed_text(grid));
	if (grid->zeros > 0)
		tell(arg, "calendar", "zeros", (double) grid->zeros, "periods without a row, where nothing happened");
	if (grid->kind == SF_AT_TIMESTAMPTZ)
		tell(arg, "calendar", "time zone", none, options->time_zone);
	if (grid->near_midnight)
		tell(arg, "calendar", "all rows at the same hour", none,
			 "if these are midnights of another time zone, give it as time_zone");
}

static void
explain_grid(const SfGrid *grid, const SfForecastOptions *options, const SfForecast *made, SfExplain tell, void *arg)
{
	double		none = get_float8_nan();

	tell(arg, "rows", "used", (double) grid->rows, "rows with a value, up to the end of the history");
	if (grid->later > 0)
		tell(arg, "rows", "later", (double) grid->later, "rows after the end of the history, not used");
	if (grid->merged > 0)
		tell(arg, "rows", "put together", (double) grid->merged, duplicates_reason(options));
	explain_calendar(grid, options, tell, arg);
	if (options->accuracy == 1)
		tell(arg, "options", "accuracy high", none, "more methods, and weights that were learned");
	if (options->transform == SF_TRANSFORM_LOG)
		tell(arg, "options", "transform log", none, "the logarithm is forecast; what is told of the fit is in its unit");
	if (options->transform == SF_TRANSFORM_BOX_COX)
		tell(arg, "options", "transform box_cox", options->lambda,
			 isnan(options->lambda) ? "lambda is estimated; what is told of the fit is in the unit of the transform" :
			 "lambda; what is told of the fit is in the unit of the transform");
	if (options->nonnegative)
		tell(arg, "options", "nonnegative", none, "what lies below 0 is cut to 0");
	for (int i = 0; i < grid->series.seasons; i++)
		tell(arg, "season", "length", grid->series.season[i],
			 psprintf("%s; %s", season_reason(grid, options), season_use(grid, options, made, i)));
	if (grid->series.driver_count > 0)
		tell(arg, "drivers", "columns", grid->series.driver_count, NULL);
	for (int i = 0; i < grid->series.driver_count && grid->driver_name; i++)
		tell(arg, "drivers", grid->driver_name[i], none, NULL);
}

/* Years that the history spans; NaN when its times are whole numbers. */
static double
history_years(const SfGrid *grid)
{
	Timestamp	begin;
	Timestamp	end;

	if (grid->calendar.unit.kind == SF_UNIT_PERIOD || !sf_calendar_stamp(&grid->calendar, grid->first, &begin) ||
		!sf_calendar_stamp(&grid->calendar, grid->first + grid->series.n, &end))
		return get_float8_nan();
	return (double) (end - begin) / USECS_PER_DAY / DAYS_PER_YEAR;
}

/* What speaks against trusting the forecast. */
static void
explain_checks(SfArena *arena, const SfGrid *grid, const SfPlan *plan, SfExplain tell, void *arg)
{
	double		years = history_years(grid);
	SfOverfit	o;

	if (!isnan(years))
		tell(arg, "check", "years of history", years,
			 years < YEARS_LEAST - 0.01 ? "fewer than 2: a season cannot be told from chance yet" : "2 or more, as a season needs");
	raise_unless_ok(arena->ctx, grid, sf_overfit(arena, &grid->series, plan, &o));
	if (o.origins == 0)
	{
		tell(arg, "check", "nothing held out", get_float8_nan(), "too few periods, or nothing but zeros");
		return;
	}
	tell(arg, "check", "training error, %", 100.0 * o.training,
		 "mean error of one step in the first 80 % of the periods, of their mean size");
	tell(arg, "check", "validation error, %", 100.0 * o.validation,
		 "the same in the last 20 %, each period forecast from those before it");
	tell(arg, "check", "gap, points", 100.0 * (o.validation - o.training),
		 o.validation > GAP_WIDE * o.training + GAP_SMALL ?
		 "the forecast is worse than its fit: overfitted, or the series has changed; see change_points and backtest_series" :
		 "the forecast is as good as its fit");
}

void
sf_explain_projection(SfArena *arena, const SfGrid *grid, const SfForecastOptions *options,
					  const SfPlan *plan, const SfProjection *made, SfExplain tell, void *arg)
{
	double		none = get_float8_nan();

	explain_grid(grid, options, &made->made, tell, arg);
	tell(arg, "model", made->made.label, none, made->made.reason ? made->made.reason : "the method that was asked for");
	for (int i = 0; i < made->made.notes; i++)
		tell(arg, "fit", named_driver(grid, made->made.note[i].name), made->made.note[i].value,
			 options->accuracy == 1 && strncmp(made->made.note[i].name, "driver", 6) != 0 ?
			 "weight in the combination" : fit_reason(made->made.note[i].name));
	tell(arg, "intervals", "width", none, made->intervals);
	if (!made->made.converged)
		tell(arg, "fit", "not converged", none, "the search stopped at its limit; the best point so far was taken");
	explain_checks(arena, grid, plan, tell, arg);
}
