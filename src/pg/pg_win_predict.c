/*
 * pg_win_predict.c
 *		win_probability, its interval and its reasons: one deal at a time.
 *
 * The model comes as a value or by the name it is registered under; either way
 * it is decoded once per query.  Sentences that depend on the model only are
 * made when they are first needed and kept with it.
 */
#include "pg/bridge.h"
#include "pg/win_model_value.h"
#include "pg/win_words.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/base/logit.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

typedef struct PredictCache
{
	SfWinCache *models;
	const TypeCacheEntry *type; /* of what is returned, when it is a row */
} PredictCache;

static PredictCache *
predict_cache(FunctionCallInfo fcinfo)
{
	PredictCache *cache = fcinfo->flinfo->fn_extra;

	if (likely(cache != NULL))
		return cache;
	cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *cache);
	cache->models = sf_win_cache(fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}

/* The row type that is returned; kept by the server for as long as the session lasts. */
static TupleDesc
result_desc(FunctionCallInfo fcinfo, PredictCache *cache)
{
	if (cache->type == NULL || cache->type->tupDesc == NULL)
	{
		cache->type = lookup_type_cache(get_func_rettype(fcinfo->flinfo->fn_oid), TYPECACHE_TUPDESC);
		if (cache->type->tupDesc == NULL)
			elog(ERROR, "return type must be a row type");
	}
	return cache->type->tupDesc;
}

static inline SfWinEntry *
model_of(FunctionCallInfo fcinfo, PredictCache *cache, bool named)
{
	if (named)
		return sf_win_entry_named(cache->models, PG_GETARG_DATUM(0), fcinfo->flinfo->fn_oid);
	return sf_win_entry(cache->models, PG_GETARG_DATUM(0));
}

static inline Datum
probability(FunctionCallInfo fcinfo, bool named)
{
	SfWinEntry *entry = model_of(fcinfo, predict_cache(fcinfo), named);
	const SfCell *cells = sf_win_cells(entry, PG_GETARG_HEAPTUPLEHEADER(1));

	PG_RETURN_FLOAT8(sf_win_predict(entry->predictor, cells, NULL, NULL));
}

SF_FUNCTION(sf_win_probability);
Datum
sf_win_probability(PG_FUNCTION_ARGS)
{
	return probability(fcinfo, false);
}

SF_FUNCTION(sf_win_probability_named);
Datum
sf_win_probability_named(PG_FUNCTION_ARGS)
{
	return probability(fcinfo, true);
}

static Datum
interval(FunctionCallInfo fcinfo, bool named)
{
	PredictCache *cache = predict_cache(fcinfo);
	SfWinEntry *entry = model_of(fcinfo, cache, named);
	const SfCell *cells = sf_win_cells(entry, PG_GETARG_HEAPTUPLEHEADER(1));
	Datum		values[3];
	bool		nulls[3] = {false};
	double		low;
	double		high;

	values[0] = Float8GetDatum(sf_win_predict(entry->predictor, cells, NULL, NULL));
	sf_win_predict_interval(entry->predictor, cells, &low, &high);
	nulls[1] = isnan(low) != 0;
	nulls[2] = isnan(high) != 0;
	values[1] = Float8GetDatum(low);
	values[2] = Float8GetDatum(high);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo, cache), values, nulls)));
}

SF_FUNCTION(sf_win_interval);
Datum
sf_win_interval(PG_FUNCTION_ARGS)
{
	return interval(fcinfo, false);
}

SF_FUNCTION(sf_win_interval_named);
Datum
sf_win_interval_named(PG_FUNCTION_ARGS)
{
	return interval(fcinfo, true);
}

/* ---- explain_win ---- */

enum
{
	FACTOR_POSITION, FACTOR_KIND, FACTOR_FEATURE, FACTOR_VALUE, FACTOR_CONTRIBUTION, FACTOR_ODDS_RATIO,
	FACTOR_WIN_RATE, FACTOR_DEALS, FACTOR_UNSEEN, FACTOR_REASON, FACTOR_COLUMNS
};

/* Sentences about a number tell of at least so many deals: neighbouring ranges are taken in until then. */
#define ENOUGH_DEALS 50

/* What one code of a feature has to say; the reason is NULL until it is needed. */
typedef struct CodeWords
{
	int32		first;			/* codes that are told of together; 0: not known yet */
	int32		last;
	int64		deals;
	int64		won;
	text	   *reason;
	text	   *contrary;		/* the same for a contribution that goes the other way than the win rate */
} CodeWords;

/* What explanations keep with a model. */
typedef struct Explainer
{
	Datum		baseline;		/* kinds */
	Datum		feature;
	Datum		calibration;
	Datum	   *name;			/* [features] */
	CodeWords **code;			/* [features][values + 2] */
	double		average;		/* win rate of the training deals */
	double	   *contribution;	/* [features] of this deal */
	uint8_t    *codes;			/* [features] */
	int		   *order;			/* [features] */
	StringInfoData scratch;
} Explainer;

static Datum
text_datum(const char *at, int length)
{
	return PointerGetDatum(cstring_to_text_with_len(at, length));
}

static Explainer *
explainer_of(SfWinEntry *entry)
{
	Explainer  *e = entry->extra;
	const SfBins *bins = &entry->model.member[0].bins;
	MemoryContext old;

	if (likely(e != NULL))
		return e;
	old = MemoryContextSwitchTo(entry->cxt);
	e = palloc0(sizeof *e);
	e->baseline = CStringGetTextDatum("baseline");
	e->feature = CStringGetTextDatum("feature");
	e->calibration = CStringGetTextDatum("calibration");
	e->name = palloc(entry->features * sizeof(Datum));
	e->code = palloc(entry->features * sizeof(CodeWords *));
	e->contribution = palloc(entry->features * sizeof(double));
	e->codes = palloc(entry->features);
	e->order = palloc(entry->features * sizeof(int));
	e->average = (double) entry->model.won_rows / (double) entry->model.rows;
	for (int32 f = 0; f < entry->features; f++)
	{
		e->name[f] = text_datum(entry->feature[f].name.at, entry->feature[f].name.length);
		e->code[f] = palloc0((bins->of[f].values + 2) * sizeof(CodeWords));
	}
	initStringInfo(&e->scratch);
	MemoryContextSwitchTo(old);
	entry->extra = e;
	return e;
}

/* The codes that are told of together with this one, and their deals. */
static CodeWords *
words_of(SfWinEntry *entry, Explainer *e, int32 f, int32 code)
{
	const SfFeatureBins *bins = &entry->model.member[0].bins.of[f];
	CodeWords  *words = &e->code[f][code];
	SfFeatureKind kind = entry->feature[f].kind;
	bool		ordered = (kind == SF_FEATURE_NUMBER || kind == SF_FEATURE_AGE) && code >= 1 && code <= bins->values;

	if (likely(words->last > 0 || words->deals > 0))
		return words;
	words->first = words->last = code;
	words->deals = bins->count[code];
	words->won = bins->won[code];
	while (ordered && words->deals < ENOUGH_DEALS && (words->first > 1 || words->last < bins->values))
	{
		bool		up = words->first == 1 ||
			(words->last < bins->values && bins->count[words->last + 1] < bins->count[words->first - 1]);
		int32		next = up ? ++words->last : --words->first;

		words->deals += bins->count[next];
		words->won += bins->won[next];
	}
	return words;
}

static void
append_codes(StringInfo out, const SfFeature *feature, const SfFeatureBins *bins, const CodeWords *words)
{
	uint64		codes[4] = {0};

	for (int32 code = words->first; code <= words->last; code++)
		codes[code / 64] |= UINT64CONST(1) << (code % 64);
	sf_words_codes(out, feature, bins, codes);
}

/* What is said of a code: kept whole, unless it depends on which of several categories it is. */
static text *
code_reason(SfWinEntry *entry, Explainer *e, int32 f, int32 code, const SfText *category, bool contrary)
{
	const SfFeatureBins *bins = &entry->model.member[0].bins.of[f];
	CodeWords  *words = words_of(entry, e, f, code);
	bool		own = entry->feature[f].kind == SF_FEATURE_CATEGORY && code != SF_CODE_MISSING &&
		(code > bins->values || sf_words_sharing(bins, code) > 1);
	text	  **kept = contrary ? &words->contrary : &words->reason;
	MemoryContext old;

	if (*kept != NULL)
		return *kept;
	resetStringInfo(&e->scratch);
	if (words->first < words->last)
		append_codes(&e->scratch, &entry->feature[f], bins, words);
	else
		sf_words_condition(&e->scratch, &entry->feature[f], bins, code, own ? category : NULL);
	if (code > bins->values)
		appendStringInfoString(&e->scratch, ": not seen in training, so it counts as average");
	else
		sf_words_rate(&e->scratch, words->deals, words->won, e->average);
	if (contrary)
		appendStringInfoString(&e->scratch, "; with everything else known of this deal it points the other way");
	if (own)
		return cstring_to_text_with_len(e->scratch.data, e->scratch.len);
	old = MemoryContextSwitchTo(entry->cxt);
	*kept = cstring_to_text_with_len(e->scratch.data, e->scratch.len);
	MemoryContextSwitchTo(old);
	return *kept;
}

/* Largest contributions first; equal ones as they stand in the model. */
static void
sort_contributions(Explainer *e, int32 features)
{
	for (int i = 0; i < features; i++)
	{
		double		size = fabs(e->contribution[i]);
		int			k = i;

		for (; k > 0 && fabs(e->contribution[e->order[k - 1]]) < size; k--)
			e->order[k] = e->order[k - 1];
		e->order[k] = i;
	}
}

static Datum
cell_text(Explainer *e, SfFeatureKind kind, const SfCell *cell)
{
	if (kind == SF_FEATURE_CATEGORY)
		return text_datum(cell->text.at, cell->text.length);
	resetStringInfo(&e->scratch);
	sf_words_cell(&e->scratch, kind, cell);
	return text_datum(e->scratch.data, e->scratch.len);
}

static void
feature_row(SfWinEntry *entry, Explainer *e, int32 f, const SfCell *cell, Datum *values, bool *nulls)
{
	const SfFeatureBins *bins = &entry->model.member[0].bins.of[f];
	int32		code = e->codes[f];
	double		contribution = e->contribution[f];
	const CodeWords *words = words_of(entry, e, f, code);
	int64		deals = words->deals;
	double		rate = deals > 0 ? (double) words->won / (double) deals : NAN;
	bool		contrary = deals > 0 && fabs(contribution) > 0.1 && fabs(rate - e->average) > 0.02 &&
		(rate - e->average) * contribution < 0.0;

	memset(nulls, false, FACTOR_COLUMNS * sizeof(bool));
	values[FACTOR_KIND] = e->feature;
	values[FACTOR_FEATURE] = e->name[f];
	nulls[FACTOR_VALUE] = cell->missing;
	if (!cell->missing)
		values[FACTOR_VALUE] = cell_text(e, entry->feature[f].kind, cell);
	values[FACTOR_CONTRIBUTION] = Float8GetDatum(contribution);
	values[FACTOR_ODDS_RATIO] = Float8GetDatum(sf_exp(contribution));
	nulls[FACTOR_WIN_RATE] = deals == 0;
	values[FACTOR_WIN_RATE] = Float8GetDatum(rate);
	values[FACTOR_DEALS] = Int64GetDatum(deals);
	values[FACTOR_UNSEEN] = BoolGetDatum(code > bins->values);
	values[FACTOR_REASON] = PointerGetDatum(code_reason(entry, e, f, code, &cell->text, contrary));
}

/* The mean of log-odds is not the log-odds of the mean: both are told. */
static Datum
baseline_reason(const SfWinEntry *entry, Explainer *e, double baseline)
{
	resetStringInfo(&e->scratch);
	appendStringInfoString(&e->scratch, "an average deal: ");
	sf_words_percent(&e->scratch, sf_logistic(baseline));
	appendStringInfoString(&e->scratch, "; ");
	sf_words_percent(&e->scratch, e->average);
	appendStringInfoString(&e->scratch, " of ");
	sf_words_number(&e->scratch, (double) entry->model.rows);
	appendStringInfoString(&e->scratch, " deals were won");
	return text_datum(e->scratch.data, e->scratch.len);
}

static Datum
calibration_reason(Explainer *e, double raw, double final)
{
	resetStringInfo(&e->scratch);
	appendStringInfoString(&e->scratch, "held-out deals with an estimate of ");
	sf_words_percent(&e->scratch, sf_logistic(raw));
	appendStringInfoString(&e->scratch, " were won in ");
	sf_words_percent(&e->scratch, final);
	appendStringInfoString(&e->scratch, " of the cases");
	return text_datum(e->scratch.data, e->scratch.len);
}

static void
put_rows(SfWinEntry *entry, Explainer *e, const SfCell *cells, Tuplestorestate *store, TupleDesc desc)
{
	Datum		values[FACTOR_COLUMNS];
	bool		nulls[FACTOR_COLUMNS];
	double		baseline;
	double		calibration;
	double		final;
	double		raw;
	int			position = 1;

	sf_raise_unless_ok(&entry->ctx, sf_win_explain(entry->predictor, cells, &baseline, &calibration,
												   e->contribution, e->codes, &final));
	sort_contributions(e, entry->features);

	memset(nulls, true, sizeof nulls);
	nulls[FACTOR_POSITION] = nulls[FACTOR_KIND] = nulls[FACTOR_CONTRIBUTION] = nulls[FACTOR_WIN_RATE] = false;
	nulls[FACTOR_DEALS] = nulls[FACTOR_REASON] = false;
	values[FACTOR_POSITION] = Int32GetDatum(position++);
	values[FACTOR_KIND] = e->baseline;
	values[FACTOR_CONTRIBUTION] = Float8GetDatum(baseline);
	values[FACTOR_WIN_RATE] = Float8GetDatum(e->average);
	values[FACTOR_DEALS] = Int64GetDatum(entry->model.rows);
	values[FACTOR_REASON] = baseline_reason(entry, e, baseline);
	tuplestore_putvalues(store, desc, values, nulls);

	raw = baseline;
	for (int i = 0; i < entry->features; i++)
	{
		int			f = e->order[i];

		raw += e->contribution[f];
		feature_row(entry, e, f, &cells[f], values, nulls);
		values[FACTOR_POSITION] = Int32GetDatum(position++);
		tuplestore_putvalues(store, desc, values, nulls);
	}

	/* what is left without calibration is rounding */
	if (entry->model.calibration.kind == SF_CALIBRATION_NONE && fabs(calibration) < 1e-9)
		return;
	memset(nulls, true, sizeof nulls);
	nulls[FACTOR_POSITION] = nulls[FACTOR_KIND] = nulls[FACTOR_CONTRIBUTION] = nulls[FACTOR_ODDS_RATIO] = false;
	nulls[FACTOR_REASON] = false;
	values[FACTOR_POSITION] = Int32GetDatum(position);
	values[FACTOR_KIND] = e->calibration;
	values[FACTOR_CONTRIBUTION] = Float8GetDatum(calibration);
	values[FACTOR_ODDS_RATIO] = Float8GetDatum(sf_exp(calibration));
	values[FACTOR_REASON] = calibration_reason(e, raw, final);
	tuplestore_putvalues(store, desc, values, nulls);
}

/*
 * All rows at once.  The descriptor is the one the server keeps of the type: a
 * copy for every deal would cost more than the explanation.
 */
static Datum
explain(FunctionCallInfo fcinfo, bool named)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	PredictCache *cache = predict_cache(fcinfo);
	TupleDesc	desc = result_desc(fcinfo, cache);
	SfWinEntry *entry;
	const SfCell *cells;
	MemoryContext old;

	if (info == NULL || !IsA(info, ReturnSetInfo) || !(info->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	entry = model_of(fcinfo, cache, named);
	cells = sf_win_cells(entry, PG_GETARG_HEAPTUPLEHEADER(1));
	old = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	info->setResult = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
	MemoryContextSwitchTo(old);
	info->returnMode = SFRM_Materialize;
	info->setDesc = desc;
	put_rows(entry, explainer_of(entry), cells, info->setResult, desc);
	return (Datum) 0;
}

SF_FUNCTION(sf_win_explain_deal);
Datum
sf_win_explain_deal(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, false);
}

SF_FUNCTION(sf_win_explain_deal_named);
Datum
sf_win_explain_deal_named(PG_FUNCTION_ARGS)
{
	return explain(fcinfo, true);
}
