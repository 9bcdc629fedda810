/*
 * pg_forecast_series.c
 *		forecast_series and backtest_series: many series from one query.
 */
#include "pg/bridge.h"
#include "pg/fiscal.h"
#include "pg/holidays.h"
#include "pg/rowset.h"
#include "pg/series_forecast.h"
#include "pg/series_query.h"

#include <math.h>

#include "core/forecast/backtest.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/* What holds for all series of a call. */
typedef struct Job
{
	SfRowSet	rows;
	const char *query;
	SfForecastOptions options;
	SfPlan		plan;			/* horizon: with the gap of a backtest */
	const char **driver;
	int32		drivers;
	SfHolidays *holidays;		/* NULL = none */
	SfFiscal   *fiscal;
	SfBacktest	backtest;
} Job;

/* One series: its grid, and days of a mean period if the calendar is a table. */
typedef struct Work
{
	const Job  *job;
	SfCtx		ctx;
	SfArena		arena;
	SfGrid		grid;
	double		days;
	const char *driver_name[SF_DRIVERS_MAX];
} Work;

static const char *
required_text(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

static int32
required_int(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be NULL", name)));
	return PG_GETARG_INT32(i);
}

static void
read_options(FunctionCallInfo fcinfo, int i, SfForecastOptions *options)
{
	if (PG_ARGISNULL(i))
		sf_forecast_options_default(options);
	else
		sf_forecast_options_read(PG_GETARG_HEAPTUPLEHEADER(i), options);
}

/* Arguments from `at` on: drivers text[], holidays text, calendar text. */
static void
read_helpers(FunctionCallInfo fcinfo, int at, Job *job)
{
	job->drivers = sf_driver_names(PG_ARGISNULL(at) ? NULL : PG_GETARG_ARRAYTYPE_P(at), &job->driver);
	if (!PG_ARGISNULL(at + 1))
		job->holidays = sf_holidays_read(text_to_cstring(PG_GETARG_TEXT_PP(at + 1)));
	if (!PG_ARGISNULL(at + 2))
		job->fiscal = sf_fiscal_read(text_to_cstring(PG_GETARG_TEXT_PP(at + 2)));
}

static void
apply_holidays(Work *w, SfAtKind kind, int32 horizon)
{
	int64		periods = (int64) w->grid.series.n + horizon;
	int64	   *first;
	int64	   *last;

	if (w->job->holidays == NULL)
		return;
	if (kind == SF_AT_PERIOD && w->job->fiscal == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holidays need a series whose times are dates, or a calendar"),
				 errdetail("The times of the series are whole numbers.")));
	first = sf_arena_take(&w->arena, periods, sizeof *first);
	last = sf_arena_take(&w->arena, periods, sizeof *last);
	if (first == NULL || last == NULL)
		sf_raise_unless_ok(&w->ctx, SF_NO_MEMORY);
	for (int64 i = 0; i < periods; i++)
		if (w->job->fiscal)
		{
			first[i] = w->job->fiscal->period[w->grid.first + i].first;
			last[i] = w->job->fiscal->period[w->grid.first + i].last;
		}
		else if (!sf_calendar_days(&w->grid.calendar, w->grid.first + i, &first[i], &last[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("a period of the forecast is out of the range of timestamps")));
	sf_holidays_apply(&w->arena, w->job->holidays, first, last, periods, &w->grid.series, w->driver_name);
}

/* Rows to grid, with holidays; horizon counts the periods after the history that need drivers. */
static bool
start_work(Work *w, const Job *job, SfRows *rows, int32 horizon)
{
	SfAtKind	kind = rows->kind;

	w->job = job;
	w->days = 1.0;
	sf_ctx_init(&w->ctx, CurrentMemoryContext);
	sf_arena_init(&w->arena, &w->ctx);
	if (job->fiscal ? !sf_fiscal_grid(&w->arena, job->fiscal, rows, &job->options, horizon, &w->grid, &w->days) :
		!sf_grid_make(&w->arena, rows, &job->options, horizon, &w->grid))
		return false;
	for (int32 i = 0; i < job->drivers; i++)
		w->driver_name[i] = job->driver[i];
	w->grid.driver_name = w->driver_name;
	apply_holidays(w, kind, horizon);
	return true;
}

/* What a value per day, times the mean days, is in the period. */
static double
days_factor(const Work *w, int64 step)
{
	return w->job->fiscal ? sf_fiscal_factor(w->job->fiscal, &w->grid, step, w->days) : 1.0;
}

static void
set_at(Work *w, SfRowSet *rows, int column, int64 step)
{
	Datum		value[2];
	bool		is_null[2];

	if (w->job->fiscal)
		sf_fiscal_at(w->job->fiscal, &w->grid, step, value, is_null);
	else
		sf_grid_at(&w->grid, step, value, is_null);
	for (int i = 0; i < 2; i++)
		if (!is_null[i])
			sf_rowset_set(rows, column + i, value[i]);
}

static double
finite_product(double x, double factor)
{
	double		y = x * factor;

	if (!isfinite(y))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a forecast is out of range")));
	return y;
}

static void
set_numbers(SfRowSet *rows, int column, const SfProjection *made, int32 i, double factor)
{
	sf_rowset_set(rows, column, Float8GetDatum(finite_product(made->mean[i], factor)));
	sf_rowset_set(rows, column + 1, Float8GetDatum(finite_product(made->lo80[i], factor)));
	sf_rowset_set(rows, column + 2, Float8GetDatum(finite_product(made->hi80[i], factor)));
	sf_rowset_set(rows, column + 3, Float8GetDatum(finite_product(made->lo95[i], factor)));
	sf_rowset_set(rows, column + 4, Float8GetDatum(finite_product(made->hi95[i], factor)));
}

static void
forecast_one(const char *name, SfRows *input, void *arg)
{
	Job		   *job = arg;
	SfRowSet   *rows = &job->rows;
	Work		w;
	SfProjection made;
	Datum		label;

	if (!start_work(&w, job, input, job->plan.horizon))
		return;
	sf_grid_forecast(&w.arena, &w.grid, &job->plan, &made);
	label = CStringGetTextDatum(made.made.label);
	for (int32 i = 0; i < job->plan.horizon; i++)
	{
		int64		step = (int64) w.grid.series.n + i;

		if (name)
			sf_rowset_set(rows, 0, CStringGetTextDatum(name));
		sf_rowset_set(rows, 1, Int32GetDatum(i + 1));
		set_at(&w, rows, 2, step);
		set_numbers(rows, 4, &made, i, days_factor(&w, step));
		sf_rowset_set(rows, 9, label);
		sf_rowset_put(rows);
	}
}

/* Where the explanation of a series goes. */
typedef struct Lines
{
	SfRowSet   *rows;
	const char *series;
} Lines;

static void
put_line(void *arg, const char *topic, const char *item, double value, const char *reason)
{
	const Lines *l = arg;

	if (l->series)
		sf_rowset_set(l->rows, 0, CStringGetTextDatum(l->series));
	sf_rowset_set(l->rows, 1, CStringGetTextDatum(topic));
	if (item)
		sf_rowset_set(l->rows, 2, CStringGetTextDatum(item));
	if (!isnan(value))
		sf_rowset_set(l->rows, 3, Float8GetDatum(value));
	if (reason)
		sf_rowset_set(l->rows, 4, CStringGetTextDatum(reason));
	sf_rowset_put(l->rows);
}

static void
explain_one(const char *name, SfRows *input, void *arg)
{
	Job		   *job = arg;
	Lines		lines = {&job->rows, name};
	Work		w;
	SfProjection made;

	if (!start_work(&w, job, input, job->plan.horizon))
		return;
	sf_grid_forecast(&w.arena, &w.grid, &job->plan, &made);
	if (job->fiscal)
	{
		w.grid.table_days = w.days;
		w.grid.first_text = sf_fiscal_text(job->fiscal, &w.grid, 0);
		w.grid.last_text = sf_fiscal_text(job->fiscal, &w.grid, w.grid.series.n - 1);
	}
	sf_explain_projection(&w.arena, &w.grid, &job->options, &job->plan, &made, put_line, &lines);
}

/* forecast_series and explain_series. */
static Datum
each_series(FunctionCallInfo fcinfo, SfSeriesFunction each)
{
	Job			job = {.query = required_text(fcinfo, 0, "query")};
	int32		horizon = required_int(fcinfo, 1, "horizon");

	read_options(fcinfo, 2, &job.options);
	job.plan = sf_forecast_plan(&job.options, horizon);
	sf_rowset_start(&job.rows, fcinfo);
	read_helpers(fcinfo, 3, &job);
	sf_each_series(job.query, job.driver, job.drivers, &job.options, each, &job);
	return (Datum) 0;
}

SF_FUNCTION(sf_forecast_series_sql);
Datum
sf_forecast_series_sql(PG_FUNCTION_ARGS)
{
	return each_series(fcinfo, forecast_one);
}

SF_FUNCTION(sf_explain_series_sql);
Datum
sf_explain_series_sql(PG_FUNCTION_ARGS)
{
	return each_series(fcinfo, explain_one);
}

static void
put_judged(Work *w, const char *name, int32 number, const SfOrigin *origin, int32 i, const SfProjection *made)
{
	SfRowSet   *rows = unconstify(SfRowSet *, &w->job->rows);
	int32		step = origin->judged - origin->end + i;
	int32		at = origin->judged + i;
	double		actual = w->grid.series.y[at];
	double		factor = days_factor(w, at);

	if (name)
		sf_rowset_set(rows, 0, CStringGetTextDatum(name));
	sf_rowset_set(rows, 1, Int32GetDatum(number));
	sf_rowset_set(rows, 2, Int32GetDatum(origin->end - origin->begin));
	sf_rowset_set(rows, 3, Int32GetDatum(step + 1));
	set_at(w, rows, 4, at);
	set_numbers(rows, 7, made, step, factor);
	if (!isnan(actual))
	{
		sf_rowset_set(rows, 6, Float8GetDatum(finite_product(actual, factor)));
		sf_rowset_set(rows, 12, Float8GetDatum(finite_product(made->mean[step] - actual, factor)));
	}
	sf_rowset_set(rows, 13, CStringGetTextDatum(made->made.label));
	sf_rowset_put(rows);
}

static void
backtest_one(const char *name, SfRows *input, void *arg)
{
	const Job  *job = arg;
	MemoryContext origin_cxt = AllocSetContextCreate(CurrentMemoryContext, "one origin", ALLOCSET_DEFAULT_SIZES);
	Work		w;
	int32		count;
	int32		n;

	if (!start_work(&w, job, input, 0))
		return;
	n = w.grid.series.n;
	count = sf_backtest_count(&job->backtest, n);
	for (int32 k = 0; k < count; k++)
	{
		SfOrigin	origin = sf_backtest_origin(&job->backtest, n, count, k);
		MemoryContext old = MemoryContextSwitchTo(origin_cxt);
		SfArenaMark mark = sf_arena_mark(&w.arena);
		SfGrid		train = w.grid;
		SfProjection made;

		if (sf_backtest_train(&w.grid.series, &origin, &train.series))
		{
			train.first += origin.begin;
			sf_grid_forecast(&w.arena, &train, &job->plan, &made);
			for (int32 i = 0; i < job->backtest.horizon; i++)
				put_judged(&w, name, k + 1, &origin, i, &made);
		}
		sf_arena_rewind(&w.arena, mark);
		MemoryContextSwitchTo(old);
		MemoryContextReset(origin_cxt);
	}
}

SF_FUNCTION(sf_backtest_series_sql);
Datum
sf_backtest_series_sql(PG_FUNCTION_ARGS)
{
	Job			job = {.query = required_text(fcinfo, 0, "query")};
	SfCtx		ctx;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	read_options(fcinfo, 2, &job.options);
	job.backtest = (SfBacktest) {
		.horizon = required_int(fcinfo, 1, "horizon"),
		.origins = required_int(fcinfo, 3, "origins"),
		.step = required_int(fcinfo, 4, "step"),
		.window = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5),
		.gap = required_int(fcinfo, 6, "gap"),
	};
	/* 0 stands for no window inside only */
	if (!PG_ARGISNULL(5) && job.backtest.window == 0)
		job.backtest.window = 1;
	sf_raise_unless_ok(&ctx, sf_backtest_check(&ctx, &job.backtest));
	job.plan = sf_forecast_plan(&job.options, job.backtest.horizon + job.backtest.gap);
	sf_rowset_start(&job.rows, fcinfo);
	read_helpers(fcinfo, 7, &job);
	sf_each_series(job.query, job.driver, job.drivers, &job.options, backtest_one, &job);
	return (Datum) 0;
}
