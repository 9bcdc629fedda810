/*
 * pg_forecast_reconcile.c
 *		Forecasts that add up: reconcile_forecasts.
 */
#include "pg/bridge.h"
#include "pg/options.h"
#include "pg/progress.h"
#include "pg/rowset.h"
#include "pg/series_matrix.h"

#include <math.h>

#include "access/htup_details.h"
#include "core/forecast/apportion.h"
#include "core/forecast/errorcov.h"
#include "core/forecast/reconcile.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Series that an error names. */
#define TOLD_MAX 5

/* What stands in a path for all values of a part, and in a pattern for one of them. */
#define SUMMED "*"
#define KEPT "x"

#define METHOD_AUTO (-1)

/* not themselves allowed */
#define REACH_MIN 0.001
#define REACH_MAX 1000.0

static const struct
{
	const char *word;
	int			method;
}			methods[] = {
	{"auto", METHOD_AUTO},
	{"mint_shrink", SF_RECONCILE_MINT_SHRINK},
	{"wls_var", SF_RECONCILE_WLS_VAR},
	{"wls_struct", SF_RECONCILE_WLS_STRUCT},
	{"bottom_up", SF_RECONCILE_BOTTOM_UP},
	{"top_down", SF_RECONCILE_TOP_DOWN},
	{"top_down_history", SF_RECONCILE_TOP_DOWN_HISTORY},
};

typedef struct Options
{
	SfReconcilePlan plan;
	char	   *separator;
	bool		incomplete;
} Options;

/* All that one call works on. */
typedef struct Call
{
	Options		options;
	SfCtx		ctx;
	SfArena		arena;
	SfNames		names;			/* of all nodes, once the hierarchy is made */
	int32	   *node_of;		/* [names] */
	int32	   *name_of;		/* [nodes] */
	SfMatrixRows forecasts;
	int32		depth;			/* parts of a path; 0 with parent keys */
	SfHierarchy h;
	SfReconcileData data;
	SfReconciled report;
	double	   *reconciled;		/* [nodes][steps] */
} Call;

/* Options */

static Datum
attribute(HeapTupleHeader row, const char *name, bool *is_null)
{
	Datum		value = GetAttributeByName(row, name, is_null);

	if (*is_null && strcmp(name, "decimals") != 0 && strcmp(name, "reach") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be NULL", name)));
	return value;
}

static int
read_method(HeapTupleHeader row)
{
	bool		is_null;
	char	   *given = TextDatumGetCString(attribute(row, "method", &is_null));
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < (int) lengthof(methods); i++)
	{
		if (strcmp(given, methods[i].word) == 0)
			return methods[i].method;
		appendStringInfo(&all, "%s\"%s\"", i == 0 ? "" : i + 1 < (int) lengthof(methods) ? ", " : " or ", methods[i].word);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"method\" must be %s", all.data),
			 errdetail("The value given is \"%s\".", pnstrdup(given, pg_mbcliplen(given, strlen(given), 100)))));
}

static const char *
method_word(SfReconcileMethod method)
{
	for (int i = 1; i < (int) lengthof(methods); i++)
		if (methods[i].method == (int) method)
			return methods[i].word;
	return NULL;
}

static Options
read_options(HeapTupleHeader row, bool has_residuals, bool has_history)
{
	Options		options = {0};
	int			method = read_method(row);
	bool		is_null;

	(void) attribute(row, "decimals", &is_null);
	if (method == METHOD_AUTO)
		method = has_residuals ? SF_RECONCILE_MINT_SHRINK : SF_RECONCILE_WLS_STRUCT;
	options.plan.method = (SfReconcileMethod) method;
	if ((method == SF_RECONCILE_MINT_SHRINK || method == SF_RECONCILE_WLS_VAR) && !has_residuals)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" needs a query for residuals", method_word(options.plan.method)),
				 errhint("Without residuals the methods are \"wls_struct\", \"bottom_up\" and \"top_down\".")));
	if (method == SF_RECONCILE_TOP_DOWN_HISTORY && !has_history)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" needs a query for history", method_word(options.plan.method))));
	options.plan.rounded = !is_null;
	options.plan.decimals = is_null ? 0 :
		(int32) sf_option_int(row, "decimals", SF_DECIMALS_MIN, SF_DECIMALS_MAX);
	(void) attribute(row, "reach", &is_null);
	options.plan.reach = is_null ? 0.0 : sf_option_double(row, "reach", REACH_MIN, REACH_MAX);
	options.plan.nonnegative = DatumGetBool(attribute(row, "nonnegative", &is_null));
	options.incomplete = DatumGetBool(attribute(row, "incomplete", &is_null));
	options.separator = TextDatumGetCString(attribute(row, "separator", &is_null));
	if (options.separator[0] == '\0' || strcmp(options.separator, SUMMED) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"separator\" must not be empty or \"%s\"", SUMMED)));
	return options;
}

/* Errors */

static void
append_name(StringInfo list, const char *name, int32 *told)
{
	(*told)++;
	if (*told <= TOLD_MAX)
		appendStringInfo(list, "%s\"%s\"", *told > 1 ? ", " : "", name);
	else if (*told == TOLD_MAX + 1)
		appendStringInfoString(list, ", ...");
}

/* A status of the core whose place is a node: say which series it is. */
static void
raise_unless_ok(Call *c, SfStatus status, const int32 *name_of)
{
	if (status == SF_OK)
		return;
	if ((status != SF_BAD_DATA && status != SF_OVERFLOW) || c->ctx.where < 0)
		sf_raise_unless_ok(&c->ctx, status);
	ereport(ERROR,
			(errcode(status == SF_BAD_DATA ? ERRCODE_DATA_EXCEPTION : ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s", c->ctx.what),
			 errdetail("The series is \"%s\".", c->names.text[name_of[c->ctx.where]]),
			 strcmp(c->ctx.what, SF_HIERARCHY_EMPTY_TEXT) == 0 ?
			 errhint("With the option incomplete => true it is a bottom series itself.") : 0));
}

/* The hierarchy */

typedef struct NamedSeries
{
	const char *text;
	int32		number;
} NamedSeries;

static int
compare_names(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return strcmp(((const NamedSeries *) a)->text, ((const NamedSeries *) b)->text);
}

/* Numbers of names in byte order of the texts, so that the order of the rows does not show. */
static int32 *
sorted_names(const SfNames *names)
{
	NamedSeries *sorted = MemoryContextAllocHuge(CurrentMemoryContext, Max(names->n, 1) * sizeof(NamedSeries));
	int32	   *order = MemoryContextAllocHuge(CurrentMemoryContext, Max(names->n, 1) * sizeof(int32));

	for (int32 i = 0; i < names->n; i++)
		sorted[i] = (NamedSeries) {names->text[i], i};
	qsort(sorted, names->n, sizeof(NamedSeries), compare_names);
	for (int32 i = 0; i < names->n; i++)
		order[i] = sorted[i].number;
	pfree(sorted);
	return order;
}

static int32
count_parts(const char *path, const char *separator)
{
	int32		n = 1;

	for (const char *at = strstr(path, separator); at != NULL; at = strstr(at + strlen(separator), separator))
		n++;
	return n;
}

/* The parts of a path as numbers: key[depth]. */
static void
number_parts(Call *c, const char *path, SfNames *parts, int32 *key)
{
	char	   *copy = pstrdup(path);
	char	   *part = copy;

	for (int32 i = 0; i < c->depth; i++)
	{
		char	   *end = strstr(part, c->options.separator);

		if (end != NULL)
			*end = '\0';
		key[i] = strcmp(part, SUMMED) == 0 ? SF_SUMMED : sf_names_add(parts, part);
		if (end != NULL)
			part = end + strlen(c->options.separator);
	}
	pfree(copy);
}

static char *
join_parts(const Call *c, const SfNames *parts, const int32 *key)
{
	StringInfoData path;

	initStringInfo(&path);
	for (int32 i = 0; i < c->depth; i++)
		appendStringInfo(&path, "%s%s", i > 0 ? c->options.separator : "",
						 key[i] == SF_SUMMED ? SUMMED : parts->text[key[i]]);
	return path.data;
}

static void
build_from_paths(Call *c)
{
	int32		n = c->names.n;
	int32	   *order = sorted_names(&c->names);
	SfNames		parts;
	int32	   *key;
	SfStatus	status;

	c->depth = count_parts(c->names.text[order[0]], c->options.separator);
	if (c->depth > SF_HIERARCHY_DEPTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the path of a series may have at most %d parts", SF_HIERARCHY_DEPTH_MAX),
				 errdetail("The series is \"%s\".", c->names.text[order[0]])));
	sf_names_start(&parts);
	key = MemoryContextAllocHuge(CurrentMemoryContext, (Size) n * c->depth * sizeof(int32));
	for (int32 i = 0; i < n; i++)
	{
		const char *path = c->names.text[order[i]];

		if (count_parts(path, c->options.separator) != c->depth)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("the paths of all series must have the same number of parts"),
					 errdetail("\"%s\" has %d, \"%s\" has %d.", c->names.text[order[0]], c->depth,
							   path, count_parts(path, c->options.separator)),
					 errhint("A tree of uneven depth can be told with a column \"parent\".")));
		number_parts(c, path, &parts, key + (Size) i * c->depth);
	}
	status = sf_hierarchy_from_keys(&c->arena, key, n, c->depth, c->options.incomplete, &c->h);
	raise_unless_ok(c, status, order);
	c->name_of = MemoryContextAllocHuge(CurrentMemoryContext, c->h.nodes * sizeof(int32));
	for (int32 i = 0; i < c->h.nodes; i++)
		c->name_of[i] = i < n ? order[i] :
			sf_names_add(&c->names, join_parts(c, &parts, c->h.key + (Size) i * c->depth));
}

static void
build_from_parents(Call *c)
{
	int32		n = c->names.n;
	int32	   *parent = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(int32));
	int32	   *node_of = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(int32));

	c->name_of = sorted_names(&c->names);
	for (int32 i = 0; i < n; i++)
		node_of[c->name_of[i]] = i;
	for (int32 i = 0; i < n; i++)
	{
		int32		above = c->forecasts.parent[c->name_of[i]];

		/* a parent without rows of its own is a root that has no forecasts */
		parent[i] = above >= 0 ? node_of[above] : -1;
	}
	raise_unless_ok(c, sf_hierarchy_from_parents(&c->arena, parent, n, &c->h), c->name_of);
}

static void
build_hierarchy(Call *c)
{
	if (c->forecasts.parent != NULL)
		build_from_parents(c);
	else
		build_from_paths(c);
	c->node_of = MemoryContextAllocHuge(CurrentMemoryContext, c->names.n * sizeof(int32));
	for (int32 i = 0; i < c->h.nodes; i++)
		c->node_of[c->name_of[i]] = i;
}

/* Forecasts, residuals, history */

/* Bottom series without any forecast, and series that lack some. */
static void
check_forecasts(const Call *c)
{
	bool		shared_out = c->options.plan.method == SF_RECONCILE_TOP_DOWN_HISTORY;
	StringInfoData list;
	int32		told = 0;

	initStringInfo(&list);
	for (int32 i = 0; i < c->h.nodes; i++)
	{
		const char *name = c->names.text[c->name_of[i]];
		int32		found = 0;

		CHECK_FOR_INTERRUPTS();
		for (int32 s = 0; s < c->data.steps; s++)
			found += !isnan(c->data.base[(int64) i * c->data.steps + s]);
		if (found > 0 && found < c->data.steps)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("series \"%s\" has forecasts for %d of %d steps", name, found, c->data.steps),
					 errdetail("A series needs one for every step that any series has; one that sums up others may have none at all.")));
		if (found == 0 && c->h.place[i] >= 0 && !shared_out)
			append_name(&list, name, &told);
	}
	if (told > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%d bottom series have no forecasts", told),
				 errdetail("They are %s.", list.data)));
}

static void
place_forecasts(Call *c)
{
	int32	   *order = sf_matrix_columns(&c->forecasts);

	c->data.steps = c->forecasts.columns;
	if (c->data.steps == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the query for forecasts has no step for any of its series")));
	c->data.base = sf_matrix_fill(&c->forecasts, order, 0, c->node_of, c->h.nodes, "forecast");
	pfree(c->forecasts.cell);
	check_forecasts(c);
}

/* Does a part of the path stand for all values? */
static bool
is_sum(const Call *c, const char *path)
{
	const char *separator = c->options.separator;

	for (const char *part = path; part != NULL && c->depth > 0;)
	{
		const char *end = strstr(part, separator);
		size_t		length = end ? (size_t) (end - part) : strlen(part);

		if (length == strlen(SUMMED) && strncmp(part, SUMMED, length) == 0)
			return true;
		part = end ? end + strlen(separator) : NULL;
	}
	return false;
}

/* Sums that are not asked for do no harm; anything else is a bottom series that is missing. */
static void
refuse_unknown(const Call *c, const SfNames *unknown, const char *value_name)
{
	int32	   *order = sorted_names(unknown);
	StringInfoData list;
	int32		told = 0;

	initStringInfo(&list);
	for (int32 i = 0; i < unknown->n; i++)
		if (!is_sum(c, unknown->text[order[i]]))
			append_name(&list, unknown->text[order[i]], &told);
	if (told > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the query for \"%s\" has %d series without forecasts", value_name, told),
				 errdetail("They are %s.", list.data)));
	pfree(order);
}

/* A second query about the same series. */
static const double *
read_past(Call *c, const char *query, const char *value_name, int32 periods_max, int32 *periods)
{
	SfMatrixRows rows;
	int32		skip;
	const double *matrix;

	sf_matrix_read(query, value_name, &c->names, false, &rows);
	refuse_unknown(c, &rows.unknown, value_name);
	skip = Max(0, rows.columns - periods_max);
	*periods = rows.columns - skip;
	if (*periods == 0)
		return NULL;
	matrix = sf_matrix_fill(&rows, sf_matrix_columns(&rows), skip, c->node_of, c->h.nodes, value_name);
	pfree(rows.cell);
	return matrix;
}

static void
read_data(Call *c, const char *forecasts, const char *residuals, const char *history)
{
	sf_names_start(&c->names);
	sf_matrix_read(forecasts, "forecast", &c->names, true, &c->forecasts);
	if (c->names.n == 0)
		return;
	build_hierarchy(c);
	place_forecasts(c);
	if (residuals != NULL)
		c->data.residuals = read_past(c, residuals, "residual", SF_ERRORCOV_PERIODS_MAX, &c->data.periods);
	if (history != NULL)
		c->data.history = read_past(c, history, "value", SF_SERIES_LENGTH_MAX, &c->data.history_periods);
	if (c->data.residuals == NULL &&
		(c->options.plan.method == SF_RECONCILE_MINT_SHRINK || c->options.plan.method == SF_RECONCILE_WLS_VAR))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the query for residuals returned no rows")));
	if (c->data.history == NULL && c->options.plan.method == SF_RECONCILE_TOP_DOWN_HISTORY)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("the query for history returned no rows")));
}

/* Rows out */

/* Which parts of a path are kept: "x|*". */
static char *
pattern_text(const Call *c, int32 node)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int32 i = 0; i < c->depth; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? c->options.separator : "",
						 c->h.key[(Size) node * c->depth + i] == SF_SUMMED ? SUMMED : KEPT);
	return text.data;
}

enum
{
	OUT_SERIES, OUT_STEP, OUT_AT, OUT_PERIOD, OUT_BASE, OUT_RECONCILED, OUT_ADJUSTMENT, OUT_LEVEL, OUT_PATTERN,
	OUT_BOTTOM, OUT_METHOD, OUT_LAMBDA, OUT_CONVERGED
};

static void
put_row(const Call *c, SfRowSet *rows, int32 node, int32 step, int32 column)
{
	double		base = c->data.base[(int64) node * c->data.steps + step];
	double		reconciled = c->reconciled[(int64) node * c->data.steps + step];
	const SfMatrixRows *f = &c->forecasts;

	if (f->key != SF_KEY_STEP)
		sf_rowset_set(rows, OUT_STEP, Int32GetDatum(step + 1));
	else
		sf_rowset_set(rows, OUT_STEP, Int32GetDatum((int32) f->column_key[column]));
	if (f->column_at[column] != PG_INT64_MIN)
		sf_rowset_set(rows, OUT_AT, TimestampGetDatum(f->column_at[column]));
	if (f->column_period[column] != PG_INT64_MIN)
		sf_rowset_set(rows, OUT_PERIOD, Int64GetDatum(f->column_period[column]));
	if (!isnan(base))
	{
		sf_rowset_set(rows, OUT_BASE, Float8GetDatum(base));
		sf_rowset_set(rows, OUT_ADJUSTMENT, Float8GetDatum(reconciled - base));
	}
	sf_rowset_set(rows, OUT_RECONCILED, Float8GetDatum(reconciled));
	sf_rowset_set(rows, OUT_LEVEL, Int32GetDatum(c->h.level[node]));
	sf_rowset_set(rows, OUT_BOTTOM, BoolGetDatum(c->h.place[node] >= 0));
	if (c->options.plan.method == SF_RECONCILE_MINT_SHRINK)
		sf_rowset_set(rows, OUT_LAMBDA, Float8GetDatum(c->report.lambda));
	sf_rowset_set(rows, OUT_CONVERGED, BoolGetDatum(c->report.converged));
}

static void
put_rows(const Call *c, SfRowSet *rows, bool shown)
{
	int32	   *order = sorted_names(&c->names);
	int32	   *place = sf_matrix_columns(&c->forecasts);
	int32	   *column = palloc(c->data.steps * sizeof(int32));
	Datum		method = CStringGetTextDatum(method_word(c->options.plan.method));
	MemoryContext per_series = AllocSetContextCreate(CurrentMemoryContext, "reconciled series", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(per_series);
	int64		done = 0;

	for (int32 i = 0; i < c->data.steps; i++)
		column[place[i]] = i;
	for (int32 i = 0; i < c->names.n; i++)
	{
		int32		node = c->node_of[order[i]];
		Datum		series = CStringGetTextDatum(c->names.text[order[i]]);
		Datum		pattern = c->depth > 0 ? CStringGetTextDatum(pattern_text(c, node)) : (Datum) 0;

		for (int32 s = 0; s < c->data.steps; s++)
		{
			CHECK_FOR_INTERRUPTS();
			sf_rowset_set(rows, OUT_SERIES, series);
			if (c->depth > 0)
				sf_rowset_set(rows, OUT_PATTERN, pattern);
			sf_rowset_set(rows, OUT_METHOD, method);
			put_row(c, rows, node, s, column[s]);
			sf_rowset_put(rows);
			sf_progress_update(shown, ++done);
		}
		MemoryContextReset(per_series);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(per_series);
}

static void
reconcile(Call *c, SfRowSet *rows)
{
	int64		cells = (int64) c->h.nodes * c->data.steps;
	bool		shown = sf_progress_start(SF_WORK_RECONCILE, cells);

	PG_TRY();
	{
		c->reconciled = MemoryContextAllocHuge(CurrentMemoryContext, cells * sizeof(double));
		raise_unless_ok(c, sf_reconcile(&c->arena, &c->h, &c->data, &c->options.plan, c->reconciled, &c->report),
						c->name_of);
		put_rows(c, rows, shown);
	}
	PG_FINALLY();
	{
		sf_progress_end(shown);
	}
	PG_END_TRY();
}

static char *
text_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

SF_FUNCTION(sf_reconcile_forecasts);
Datum
sf_reconcile_forecasts(PG_FUNCTION_ARGS)
{
	char	   *forecasts = text_argument(fcinfo, 0);
	char	   *residuals = text_argument(fcinfo, 1);
	char	   *history = text_argument(fcinfo, 2);
	Call		c = {0};
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	if (forecasts == NULL || PG_ARGISNULL(3))
		return (Datum) 0;
	c.options = read_options(PG_GETARG_HEAPTUPLEHEADER(3), residuals != NULL, history != NULL);
	sf_ctx_init(&c.ctx, CurrentMemoryContext);
	sf_arena_init(&c.arena, &c.ctx);
	read_data(&c, forecasts, residuals, history);
	if (c.names.n > 0)
		reconcile(&c, &rows);
	return (Datum) 0;
}
