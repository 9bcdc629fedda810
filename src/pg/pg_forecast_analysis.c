/*
 * pg_forecast_analysis.c
 *		What is in a series: trend and seasons, periods, numbers that describe it.
 */
#include "pg/bridge.h"
#include "pg/rowset.h"
#include "pg/series_forecast.h"
#include "pg/series_query.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/forecast/changes.h"
#include "core/forecast/driver_lags.h"
#include "core/forecast/features.h"
#include "core/forecast/outliers.h"
#include "core/forecast/periods.h"
#include "core/forecast/stl.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define LAGS_MAX 10000

typedef struct Analysis Analysis;

/* One series on its grid; y as it is, filled without gaps (NULL = not wanted). */
typedef struct Subject
{
	const char *name;
	SfArena    *arena;
	SfGrid		grid;
	double	   *filled;
} Subject;

/* A call: what is done with each series, and where its rows go. */
struct Analysis
{
	SfRowSet	rows;
	SfForecastOptions options;
	bool		fill;			/* subject->filled is wanted */
	bool		seasons;		/* series of plain numbers are searched for seasons */
	void		(*each) (Analysis *a, Subject *s);
	SfDecomposeOptions decompose;
	double		strictness;		/* of change points */
	SfChangeKind kind;
	double		limit;			/* of outliers */
	const char **driver;		/* names of columns */
	int32		drivers;
	SfDriverLagOptions lags;
};

static void
analyse_one(const char *name, SfRows *rows, void *arg)
{
	Analysis   *a = arg;
	Subject		s = {.name = name};
	SfCtx		ctx;
	SfArena		arena;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	sf_arena_init(&arena, &ctx);
	s.arena = &arena;
	if (!sf_grid_make(&arena, rows, &a->options, 0, &s.grid))
		return;
	if (a->seasons)
		sf_detect_seasons(&arena, &s.grid, &s.grid.series);
	if (a->fill)
	{
		s.filled = sf_arena_take(&arena, s.grid.series.n, sizeof *s.filled);
		if (s.filled == NULL)
			sf_raise_unless_ok(&ctx, SF_NO_MEMORY);
		sf_raise_unless_ok(&ctx, sf_series_fill(&arena, &s.grid.series, s.filled));
	}
	a->each(a, &s);
}

/* Argument 0 is the query, argument at_options the options. */
static Datum
analyse(FunctionCallInfo fcinfo, int at_options, Analysis *a)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("query must not be NULL")));
	if (PG_ARGISNULL(at_options))
		sf_forecast_options_default(&a->options);
	else
		sf_forecast_options_read(PG_GETARG_HEAPTUPLEHEADER(at_options), &a->options);
	sf_rowset_start(&a->rows, fcinfo);
	sf_each_series(text_to_cstring(PG_GETARG_TEXT_PP(0)), a->driver, a->drivers, &a->options, analyse_one, a);
	return (Datum) 0;
}

static void
set_name(SfRowSet *rows, const Subject *s)
{
	if (s->name)
		sf_rowset_set(rows, 0, CStringGetTextDatum(s->name));
}

/* at and period in two columns from `column` on. */
static void
set_at(SfRowSet *rows, int column, const Subject *s, int64 i)
{
	Datum		value[2];
	bool		is_null[2];

	sf_grid_at(&s->grid, i, value, is_null);
	for (int k = 0; k < 2; k++)
		if (!is_null[k])
			sf_rowset_set(rows, column + k, value[k]);
}

static void
set_number(SfRowSet *rows, int column, double x)
{
	if (!isnan(x))
		sf_rowset_set(rows, column, Float8GetDatum(x));
}

static ArrayType *
season_strengths(const SfDecomposition *d)
{
	Datum		strength[SF_SEASONS_MAX];

	for (int32 k = 0; k < d->seasons; k++)
		strength[k] = Float8GetDatum(sf_season_strength(d, k));
	return construct_array(strength, d->seasons, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static void
decompose_one(Analysis *a, Subject *s)
{
	SfSeries	complete = s->grid.series;
	SfDecomposition d;
	double		trend_strength;
	ArrayType  *strengths;

	complete.y = s->filled;
	sf_raise_unless_ok(s->arena->ctx, sf_decompose(s->arena, &complete, &a->decompose, &d));
	trend_strength = sf_trend_strength(&d);
	strengths = season_strengths(&d);
	for (int32 i = 0; i < d.n; i++)
	{
		Datum		season[SF_SEASONS_MAX];
		double		total = 0.0;

		for (int32 k = 0; k < d.seasons; k++)
		{
			total += d.season[k][i];
			season[k] = Float8GetDatum(d.season[k][i]);
		}
		set_name(&a->rows, s);
		set_at(&a->rows, 1, s, i);
		set_number(&a->rows, 3, s->grid.series.y[i]);
		set_number(&a->rows, 4, d.trend[i]);
		set_number(&a->rows, 5, total);
		if (!isnan(s->grid.series.y[i]))
			set_number(&a->rows, 6, d.remainder[i]);
		sf_rowset_set(&a->rows, 7, PointerGetDatum(construct_array(season, d.seasons, FLOAT8OID, sizeof(float8),
																   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
		set_number(&a->rows, 8, trend_strength);
		sf_rowset_set(&a->rows, 9, PointerGetDatum(strengths));
		sf_rowset_put(&a->rows);
		for (int32 k = 0; k < d.seasons && !FLOAT8PASSBYVAL; k++)
			pfree(DatumGetPointer(season[k]));
	}
}

SF_FUNCTION(sf_decompose_series);
Datum
sf_decompose_series(PG_FUNCTION_ARGS)
{
	Analysis	a = {.fill = true, .seasons = true, .each = decompose_one};

	a.decompose.robust = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	return analyse(fcinfo, 1, &a);
}

static void
periods_one(Analysis *a, Subject *s)
{
	SfPeriod	found[SF_SEASONS_MAX];
	int32_t		count = 0;

	sf_raise_unless_ok(s->arena->ctx, sf_detect_periods(s->arena, s->filled, s->grid.series.n, found, &count));
	for (int32 i = 0; i < count; i++)
	{
		set_name(&a->rows, s);
		set_number(&a->rows, 1, found[i].period);
		set_number(&a->rows, 2, found[i].strength);
		set_number(&a->rows, 3, found[i].p_value);
		sf_rowset_put(&a->rows);
	}
}

SF_FUNCTION(sf_detect_periods_sql);
Datum
sf_detect_periods_sql(PG_FUNCTION_ARGS)
{
	Analysis	a = {.fill = true, .each = periods_one};

	return analyse(fcinfo, 1, &a);
}

static void
changes_one(Analysis *a, Subject *s)
{
	SfSeries	complete = s->grid.series;
	SfChangeKind kind = a->kind;
	SfChange   *change;
	int32_t		count;

	complete.y = s->filled;
	sf_raise_unless_ok(s->arena->ctx,
					   sf_change_points(s->arena, &complete, a->strictness, &kind, &change, &count));
	for (int32 i = 0; i < count; i++)
	{
		set_name(&a->rows, s);
		set_at(&a->rows, 1, s, change[i].position);
		sf_rowset_set(&a->rows, 3, CStringGetTextDatum(kind == SF_CHANGE_TREND ? "trend" : "level"));
		set_number(&a->rows, 4, change[i].before);
		set_number(&a->rows, 5, change[i].after);
		set_number(&a->rows, 6, change[i].slope_before);
		set_number(&a->rows, 7, change[i].slope_after);
		set_number(&a->rows, 8, change[i].confidence);
		sf_rowset_put(&a->rows);
	}
}

static SfChangeKind
change_kind(FunctionCallInfo fcinfo, int i)
{
	static const char *const names[] = {
		[SF_CHANGE_AUTO] = "auto", [SF_CHANGE_LEVEL] = "level", [SF_CHANGE_TREND] = "trend",
	};
	char	   *given = PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));

	for (int k = 0; k < (int) lengthof(names) && given; k++)
		if (strcmp(given, names[k]) == 0)
			return (SfChangeKind) k;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("kind of change must be \"auto\", \"level\" or \"trend\""),
			 given ? errdetail("The value given is \"%s\".", given) : errdetail("The value given is NULL.")));
}

/* A number above 0, not NULL. */
static double
positive_argument(FunctionCallInfo fcinfo, int i, const char *name, double most)
{
	double		x = PG_ARGISNULL(i) ? 0.0 : PG_GETARG_FLOAT8(i);

	if (!(x > 0.0 && x <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above 0 and at most %.0f", name, most),
				 PG_ARGISNULL(i) ? errdetail("The value given is NULL.") : errdetail("The value given is %g.", x)));
	return x;
}

SF_FUNCTION(sf_change_points_sql);
Datum
sf_change_points_sql(PG_FUNCTION_ARGS)
{
	Analysis	a = {.fill = true, .seasons = true, .each = changes_one};

	a.strictness = positive_argument(fcinfo, 2, "strictness", 1e6);
	a.kind = change_kind(fcinfo, 3);
	return analyse(fcinfo, 1, &a);
}

static void
outliers_one(Analysis *a, Subject *s)
{
	SfSeries	complete = s->grid.series;
	SfOutlier  *outlier;
	int32_t		count;

	complete.y = s->filled;
	sf_raise_unless_ok(s->arena->ctx, sf_find_outliers(s->arena, &complete, a->limit, &outlier, &count));
	for (int32 i = 0; i < count; i++)
	{
		/* what was filled in is no observation */
		if (isnan(s->grid.series.y[outlier[i].position]))
			continue;
		set_name(&a->rows, s);
		set_at(&a->rows, 1, s, outlier[i].position);
		set_number(&a->rows, 3, outlier[i].value);
		set_number(&a->rows, 4, outlier[i].expected);
		set_number(&a->rows, 5, outlier[i].lower);
		set_number(&a->rows, 6, outlier[i].upper);
		set_number(&a->rows, 7, outlier[i].distance);
		set_number(&a->rows, 8, outlier[i].replacement);
		sf_rowset_put(&a->rows);
	}
}

SF_FUNCTION(sf_series_outliers);
Datum
sf_series_outliers(PG_FUNCTION_ARGS)
{
	Analysis	a = {.fill = true, .seasons = true, .each = outliers_one};

	a.limit = positive_argument(fcinfo, 2, "spreads", 1e6);
	return analyse(fcinfo, 1, &a);
}

static void
lags_one(Analysis *a, Subject *s)
{
	SfDriverLag *lag = palloc(a->drivers * sizeof *lag);

	sf_raise_unless_ok(s->arena->ctx, sf_driver_lags(s->arena, &s->grid.series, &a->lags, lag));
	for (int32 i = 0; i < a->drivers; i++)
	{
		set_name(&a->rows, s);
		sf_rowset_set(&a->rows, 1, CStringGetTextDatum(a->driver[lag[i].driver]));
		sf_rowset_set(&a->rows, 2, Int32GetDatum(lag[i].lag));
		set_number(&a->rows, 3, lag[i].correlation);
		set_number(&a->rows, 4, lag[i].p_value);
		set_number(&a->rows, 5, lag[i].error_reduction);
		sf_rowset_set(&a->rows, 6, BoolGetDatum(lag[i].chosen));
		sf_rowset_put(&a->rows);
	}
}

static void
check_lags(const SfDriverLagOptions *lags)
{
	if (lags->min_lag < 0 || lags->max_lag < lags->min_lag || lags->max_lag > LAGS_MAX ||
		!(lags->significance >= 0.0 && lags->significance <= 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lags must be 0 <= min_lag <= max_lag <= %d, and significance between 0 and 1", LAGS_MAX),
				 errdetail("The values given are %d, %d and %g.", lags->min_lag, lags->max_lag, lags->significance)));
}

SF_FUNCTION(sf_driver_lags_sql);
Datum
sf_driver_lags_sql(PG_FUNCTION_ARGS)
{
	Analysis	a = {.seasons = true, .each = lags_one};

	if (PG_ARGISNULL(1) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_lag and min_lag must not be NULL")));
	a.drivers = sf_driver_names(PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2), &a.driver);
	if (a.drivers == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("drivers must name at least one column of the query"),
				 errhint("For example: drivers => '{price, index}'.")));
	a.lags = (SfDriverLagOptions) {
		.min_lag = PG_GETARG_INT32(4),
		.max_lag = PG_GETARG_INT32(1),
		.significance = PG_ARGISNULL(5) ? 0.05 : PG_GETARG_FLOAT8(5),
	};
	check_lags(&a.lags);
	return analyse(fcinfo, 3, &a);
}

static void
features_one(Analysis *a, Subject *s)
{
	double	   *x = palloc(sf_feature_count() * sizeof *x);

	sf_raise_unless_ok(s->arena->ctx, sf_features(s->arena, &s->grid.series, x));
	for (int32 i = 0; i < sf_feature_count(); i++)
	{
		set_name(&a->rows, s);
		sf_rowset_set(&a->rows, 1, CStringGetTextDatum(sf_feature_name(i)));
		set_number(&a->rows, 2, x[i]);
		sf_rowset_put(&a->rows);
	}
}

SF_FUNCTION(sf_series_features);
Datum
sf_series_features(PG_FUNCTION_ARGS)
{
	Analysis	a = {.seasons = true, .each = features_one};

	return analyse(fcinfo, 1, &a);
}

SF_FUNCTION(sf_feature_meanings);
Datum
sf_feature_meanings(PG_FUNCTION_ARGS)
{
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 i = 0; i < sf_feature_count(); i++)
	{
		sf_rowset_set(&rows, 0, CStringGetTextDatum(sf_feature_name(i)));
		sf_rowset_set(&rows, 1, CStringGetTextDatum(sf_feature_meaning(i)));
		sf_rowset_put(&rows);
	}
	return (Datum) 0;
}

SF_FUNCTION(sf_forecast_methods);
Datum
sf_forecast_methods(PG_FUNCTION_ARGS)
{
	SfRowSet	rows;
	const SfMethod *m;

	sf_rowset_start(&rows, fcinfo);
	for (int32 i = 0; (m = sf_method_at(i)) != NULL; i++)
	{
		sf_rowset_set(&rows, 0, CStringGetTextDatum(m->name));
		sf_rowset_set(&rows, 1, BoolGetDatum(m->takes_gaps));
		sf_rowset_set(&rows, 2, BoolGetDatum(m->takes_drivers));
		sf_rowset_set(&rows, 3, CStringGetTextDatum(m->source));
		sf_rowset_put(&rows);
	}
	return (Datum) 0;
}
