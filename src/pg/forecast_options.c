/*
 * forecast_options.c
 *		forecast_options, read into a struct once and compared afterwards.
 */
#include "pg/forecast_options.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "pg/bridge.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

typedef struct Word
{
	const char *word;
	int32		value;
} Word;

static const Word accuracy_words[] = {{"standard", 0}, {"high", 1}, {NULL, 0}};
static const Word gaps_words[] = {{"missing", SF_GAPS_MISSING}, {"zero", SF_GAPS_ZERO}, {NULL, 0}};
static const Word duplicates_words[] = {
	{"sum", SF_DUPLICATES_SUM}, {"mean", SF_DUPLICATES_MEAN}, {"last", SF_DUPLICATES_LAST},
	{"first", SF_DUPLICATES_FIRST}, {"error", SF_DUPLICATES_ERROR}, {NULL, 0},
};
static const Word transform_words[] = {
	{"none", SF_TRANSFORM_NONE}, {"log", SF_TRANSFORM_LOG}, {"box_cox", SF_TRANSFORM_BOX_COX}, {NULL, 0},
};
static const Word intervals_words[] = {
	{"auto", SF_INTERVALS_AUTO}, {"model", SF_INTERVALS_MODEL}, {"conformal", SF_INTERVALS_CONFORMAL}, {NULL, 0},
};

static Datum
required(HeapTupleHeader row, const char *name)
{
	bool		is_null;
	Datum		value = GetAttributeByName(row, name, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be NULL", name),
				 errhint("Leave the option out to have its default.")));
	return value;
}

/* Cut where it stands in an error text. */
static char *
shown(const char *text)
{
	return pnstrdup(text, pg_mbcliplen(text, strlen(text), 100));
}

static int32
read_word(HeapTupleHeader row, const char *name, const Word *words)
{
	char	   *given = TextDatumGetCString(required(row, name));
	StringInfoData all;

	for (int i = 0; words[i].word != NULL; i++)
		if (pg_strcasecmp(given, words[i].word) == 0)
			return words[i].value;
	initStringInfo(&all);
	for (int i = 0; words[i].word != NULL; i++)
		appendStringInfo(&all, "%s\"%s\"", i == 0 ? "" : words[i + 1].word ? ", " : " or ", words[i].word);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", name, all.data),
			 errdetail("The value given is \"%s\".", shown(given))));
}

static void
copy_short(char *to, size_t size, const char *name, const char *text)
{
	if (strlen(text) >= size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be shorter than %d bytes", name, (int) size),
				 errdetail("The value given is \"%s\".", shown(text))));
	memcpy(to, text, strlen(text));
}

/*
 * A method as forecast_methods() spells it: "ETS", "Croston-SBA", "Seasonal naive".
 * Models keep their case, for ets(A,N,N) is written with capitals.  What is no method stays as it came.
 */
static char *
folded_method(char *given)
{
	char	   *name = pstrdup(given);
	char	   *model = strchr(name, '(');
	SfMethodChoice choice;

	for (char *p = name; *p != '\0' && p != model; p++)
	{
		*p = (char) pg_ascii_tolower((unsigned char) *p);
		if (*p == '-' || (*p == ' ' && p[1] != '\0'))
			*p = '_';
	}
	return sf_method_find(name, &choice) ? name : given;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Seasons in any order and more than once; 1 means none. */
static void
set_seasons(SfForecastOptions *out, double *season, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!(season[i] >= 1.0 && season[i] <= SF_SERIES_LENGTH_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" must be between 1 and %d periods", name, SF_SERIES_LENGTH_MAX),
					 errdetail("The value given is %s.", float8out_internal(season[i]))));
	qsort(season, n, sizeof(double), compare_doubles);
	out->seasons = 0;
	for (int i = 0; i < n; i++)
	{
		if (season[i] == 1.0 || (i > 0 && season[i] == season[i - 1]))
			continue;
		if (out->seasons == SF_SEASONS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" may hold at most %d seasons", name, SF_SEASONS_MAX),
					 errdetail("The number of values given is %d.", n)));
		out->season[out->seasons++] = season[i];
	}
}

static void
read_seasons(HeapTupleHeader row, SfForecastOptions *out)
{
	bool		one_is_null;
	bool		many_is_null;
	Datum		one = GetAttributeByName(row, "season", &one_is_null);
	Datum		many = GetAttributeByName(row, "seasons", &many_is_null);
	ArrayType  *array;
	double		season;

	out->seasons = -1;
	if (!one_is_null && !many_is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"season\" and \"seasons\" exclude each other"),
				 errhint("Put all of them into \"seasons\", such as seasons => '{7, 365.25}'.")));
	if (!one_is_null)
	{
		season = DatumGetFloat8(one);
		set_seasons(out, &season, 1, "season");
	}
	if (many_is_null)
		return;
	array = DatumGetArrayTypePCopy(many);
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"seasons\" must be an array of one dimension without NULLs")));
	set_seasons(out, (double *) ARR_DATA_PTR(array), ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), "seasons");
}

static void
read_unit(HeapTupleHeader row, SfForecastOptions *out)
{
	bool		is_null;
	Datum		value = GetAttributeByName(row, "unit", &is_null);
	SfUnit		unit = {SF_UNIT_AUTO, 1};
	char	   *given;

	if (!is_null)
	{
		given = TextDatumGetCString(value);
		for (char *p = given; *p != '\0'; p++)
			*p = (char) pg_ascii_tolower((unsigned char) *p);
		if (!sf_unit_parse(given, &unit))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"unit\" must be a number of seconds, minutes, hours, days, weeks, months, quarters or years, \"business day\" or \"period\""),
					 errdetail("The value given is \"%s\".", shown(given)),
					 errhint("Examples are \"month\", \"30 minutes\" and \"2 weeks\".")));
	}
	out->unit_kind = unit.kind;
	out->unit_length = unit.length;
}

static void
read_until(HeapTupleHeader row, SfForecastOptions *out)
{
	bool		is_null;
	Datum		value = GetAttributeByName(row, "until", &is_null);

	if (is_null)
		return;
	out->has_until = true;
	out->until = DatumGetTimestamp(value);
	if (TIMESTAMP_NOT_FINITE(out->until))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"until\" must be finite"),
				 errhint("Leave the option out to use all rows.")));
	/* a date, as everyone writes it, means that day and not its first moment */
	if (out->until % USECS_PER_DAY == 0 && IS_VALID_TIMESTAMP(out->until + USECS_PER_DAY))
		out->until += USECS_PER_DAY - 1;
}

/* NaN means that lambda is to be estimated. */
static void
read_lambda(HeapTupleHeader row, SfForecastOptions *out)
{
	bool		is_null;
	Datum		value = GetAttributeByName(row, "lambda", &is_null);

	out->lambda = get_float8_nan();
	if (is_null)
		return;
	out->lambda = DatumGetFloat8(value);
	if (isnan(out->lambda))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"lambda\" must be a number, not NaN")));
	if (out->transform != SF_TRANSFORM_BOX_COX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"lambda\" belongs to transform \"box_cox\""),
				 errhint("Add transform => 'box_cox', or leave lambda out.")));
}

pg_tz *
sf_forecast_zone(const SfForecastOptions *options)
{
	pg_tz	   *zone;

	if (strcmp(options->time_zone, "UTC") == 0)
		return NULL;
	zone = pg_tzset(options->time_zone);
	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"time_zone\" must be a time zone that the server knows"),
				 errdetail("The value given is \"%s\".", options->time_zone),
				 errhint("The names are in pg_timezone_names.")));
	return zone;
}

void
sf_forecast_options_default(SfForecastOptions *out)
{
	memset(out, 0, sizeof *out);
	strcpy(out->method, "auto");
	strcpy(out->time_zone, "UTC");
	out->seasons = -1;
	out->lambda = get_float8_nan();
	out->unit_kind = SF_UNIT_AUTO;
	out->unit_length = 1;
}

void
sf_forecast_options_read(HeapTupleHeader row, SfForecastOptions *out)
{
	memset(out, 0, sizeof *out);
	copy_short(out->method, sizeof out->method, "method", folded_method(TextDatumGetCString(required(row, "method"))));
	copy_short(out->time_zone, sizeof out->time_zone, "time_zone", TextDatumGetCString(required(row, "time_zone")));
	out->accuracy = read_word(row, "accuracy", accuracy_words);
	out->gaps = read_word(row, "gaps", gaps_words);
	out->duplicates = read_word(row, "duplicates", duplicates_words);
	out->transform = read_word(row, "transform", transform_words);
	out->intervals = read_word(row, "intervals", intervals_words);
	out->nonnegative = DatumGetBool(required(row, "nonnegative"));
	read_seasons(row, out);
	read_unit(row, out);
	read_until(row, out);
	read_lambda(row, out);
	(void) sf_forecast_zone(out);
	(void) sf_forecast_plan(out, 1);
}

static void
refuse_method(const char *what, const char *method)
{
	StringInfoData all;
	const SfMethod *m;
	SfMethodChoice known;

	initStringInfo(&all);
	for (int32 i = 0; (m = sf_method_at(i)) != NULL; i++)
		appendStringInfo(&all, "%s%s", i == 0 ? "" : ", ", m->name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", what),
			 errdetail("The method given is \"%s\".", shown(method)),
			 sf_method_find(method, &known) ? 0 :
			 errhint("The methods are %s; stl+ may stand before one, and single models are written as ets(M,Ad,M) or arima(1,1,1)(0,1,1).", all.data)));
}

SfPlan
sf_forecast_plan(const SfForecastOptions *options, int32 horizon)
{
	SfPlan		plan = {
		.method = options->method,
		.high = options->accuracy == 1,
		.horizon = horizon,
		.nonnegative = options->nonnegative != 0,
		.transform = (SfTransform) options->transform,
		.lambda = options->lambda,
		.intervals = (SfIntervals) options->intervals,
	};
	SfCtx		ctx;
	SfStatus	status;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	if (horizon < 1 || horizon > SF_HORIZON_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("forecast horizon must be between 1 and %d", SF_HORIZON_MAX),
				 errdetail("The horizon given is %d.", horizon)));
	status = sf_plan_check(&ctx, &plan);
	/* without a number it is the method's name */
	if (status == SF_BAD_ARGUMENT && !ctx.has_value)
		refuse_method(ctx.what, options->method);
	sf_raise_unless_ok(&ctx, status);
	return plan;
}

void
sf_forecast_options_send(StringInfo out, const SfForecastOptions *options)
{
	pq_sendstring(out, options->method);
	pq_sendstring(out, options->time_zone);
	pq_sendint32(out, options->accuracy);
	pq_sendint32(out, options->gaps);
	pq_sendint32(out, options->duplicates);
	pq_sendint32(out, options->nonnegative);
	pq_sendint32(out, options->transform);
	pq_sendint32(out, options->intervals);
	pq_sendint32(out, options->has_until);
	pq_sendint32(out, options->seasons);
	for (int i = 0; i < SF_SEASONS_MAX; i++)
		pq_sendfloat8(out, options->season[i]);
	pq_sendfloat8(out, options->lambda);
	pq_sendint64(out, options->until);
	pq_sendint64(out, options->unit_kind);
	pq_sendint64(out, options->unit_length);
}

static void
receive_text(StringInfo in, char *to, size_t size)
{
	const char *text = pq_getmsgrawstring(in);

	if (strlen(text) >= size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("these bytes are not forecast options")));
	memcpy(to, text, strlen(text));
}

void
sf_forecast_options_receive(StringInfo in, SfForecastOptions *options)
{
	memset(options, 0, sizeof *options);
	receive_text(in, options->method, sizeof options->method);
	receive_text(in, options->time_zone, sizeof options->time_zone);
	options->accuracy = pq_getmsgint(in, 4);
	options->gaps = pq_getmsgint(in, 4);
	options->duplicates = pq_getmsgint(in, 4);
	options->nonnegative = pq_getmsgint(in, 4);
	options->transform = pq_getmsgint(in, 4);
	options->intervals = pq_getmsgint(in, 4);
	options->has_until = pq_getmsgint(in, 4);
	options->seasons = pq_getmsgint(in, 4);
	for (int i = 0; i < SF_SEASONS_MAX; i++)
		options->season[i] = pq_getmsgfloat8(in);
	options->lambda = pq_getmsgfloat8(in);
	options->until = pq_getmsgint64(in);
	options->unit_kind = pq_getmsgint64(in);
	options->unit_length = pq_getmsgint64(in);
	if (options->seasons < -1 || options->seasons > SF_SEASONS_MAX || options->unit_length < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("these bytes are not forecast options")));
}
