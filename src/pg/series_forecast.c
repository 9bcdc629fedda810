/*
 * series_forecast.c
 *		A regular series and its forecast, with what there is to tell of it.
 */
#include "pg/series_forecast.h"

#include <math.h>

#include "core/forecast/periods.h"
#include "pg/bridge.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"

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
	raise_unless_ok(arena->ctx, grid, sf_forecast_series(arena, &grid->series, plan, out));
}

static const char *
season_reason(const SfGrid *grid)
{
	if (grid->seasons_given)
		return "given by the option";
	if (grid->calendar.unit.kind == SF_UNIT_PERIOD)
		return "found in the series";
	return "usual for the unit";
}

static void
explain_grid(const SfGrid *grid, const SfForecastOptions *options, SfExplain tell, void *arg)
{
	const SfUnit *unit = &grid->calendar.unit;
	char		name[SF_UNIT_NAME_SIZE];
	double		none = get_float8_nan();

	sf_unit_name(unit, name);
	tell(arg, "rows", "used", (double) grid->rows, "rows with a value, up to the end of the history");
	if (grid->later > 0)
		tell(arg, "rows", "later", (double) grid->later, "rows after \"until\", not used");
	if (grid->merged > 0)
		tell(arg, "rows", "put together", (double) grid->merged, "rows that share their period with others");
	tell(arg, "calendar", name, none,
		 options->unit_kind != SF_UNIT_AUTO ? "given by the option" :
		 unit->kind == SF_UNIT_PERIOD ? "times are whole numbers" :
		 unit->kind == SF_UNIT_BUSINESS_DAY ? "no row lies on a weekend" : "what the times of the rows show");
	tell(arg, "calendar", "first period", none, stamp_text(grid, 0));
	tell(arg, "calendar", "last period", none, stamp_text(grid, (int64) grid->series.n - 1));
	tell(arg, "calendar", "periods", grid->series.n, "of the history");
	if (grid->head_left_out > 0)
		tell(arg, "calendar", "partial first period left out", (double) grid->head_left_out, "its rows with a value");
	if (grid->tail_left_out)
		tell(arg, "calendar", "partial last period left out", none, NULL);
	if (grid->gaps > 0)
		tell(arg, "calendar", "gaps", (double) grid->gaps, "periods that were not observed");
	for (int i = 0; i < grid->series.seasons; i++)
		tell(arg, "season", "length", grid->series.season[i], season_reason(grid));
	if (grid->series.driver_count > 0)
		tell(arg, "drivers", "columns", grid->series.driver_count, NULL);
}

void
sf_explain_projection(const SfGrid *grid, const SfForecastOptions *options, const SfProjection *made,
					  SfExplain tell, void *arg)
{
	double		none = get_float8_nan();

	explain_grid(grid, options, tell, arg);
	tell(arg, "model", made->made.label, none, made->made.reason ? made->made.reason : "the method that was asked for");
	for (int i = 0; i < made->made.notes; i++)
		tell(arg, "fit", made->made.note[i].name, made->made.note[i].value, NULL);
	tell(arg, "intervals", "width", none, made->intervals);
	if (!made->made.converged)
		tell(arg, "fit", "not converged", none, "the search stopped at its limit; the best point so far was taken");
}
