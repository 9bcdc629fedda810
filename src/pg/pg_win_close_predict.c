/*
 * pg_win_close_predict.c
 *		What becomes of an open deal: close_probability and its relatives.
 */
#include "pg/bridge.h"
#include "pg/close_model_value.h"
#include "pg/rowset.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

typedef struct AskCache
{
	SfCloseCache *models;
	const TypeCacheEntry *type; /* of what is returned, when it is a row */
} AskCache;

static AskCache *
ask_cache(FunctionCallInfo fcinfo)
{
	AskCache   *cache = fcinfo->flinfo->fn_extra;

	if (likely(cache != NULL))
		return cache;
	cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *cache);
	cache->models = sf_close_cache(fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = cache;
	return cache;
}

static TupleDesc
result_desc(FunctionCallInfo fcinfo, AskCache *cache)
{
	if (cache->type == NULL || cache->type->tupDesc == NULL)
	{
		cache->type = lookup_type_cache(get_func_rettype(fcinfo->flinfo->fn_oid), TYPECACHE_TUPDESC);
		if (cache->type->tupDesc == NULL)
			elog(ERROR, "return type must be a row type");
	}
	return cache->type->tupDesc;
}

/* Arguments 0 and 1: model (or its name), features. */
static inline SfCloseEntry *
model_of(FunctionCallInfo fcinfo, bool named)
{
	SfCloseCache *models = ask_cache(fcinfo)->models;

	return named ? sf_close_entry_named(models, PG_GETARG_DATUM(0), fcinfo->flinfo->fn_oid) :
		sf_close_entry(models, PG_GETARG_DATUM(0));
}

static inline SfClosePredictor *
deal_of(FunctionCallInfo fcinfo, bool named)
{
	return sf_close_ask(model_of(fcinfo, named), PG_GETARG_HEAPTUPLEHEADER(1));
}

static double
checked_days(double days, const char *what, bool endless)
{
	if (unlikely(!(days >= 0) || (isinf(days) && !endless)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be %s, not below 0", what, endless ? "a number of days" : "a finite number of days"),
				 errdetail("The value given is %s.", float8out_internal(days))));
	return days;
}

static inline SfCloseChance
chance_of(FunctionCallInfo fcinfo, SfClosePredictor *deal)
{
	double		age = checked_days(PG_GETARG_FLOAT8(2), "age", false);
	double		within = checked_days(PG_GETARG_FLOAT8(3), "within_days", true);

	return sf_close_within(deal, age, within);
}

SF_FUNCTION(sf_close_probability);
Datum
sf_close_probability(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(chance_of(fcinfo, deal_of(fcinfo, false)).won);
}

SF_FUNCTION(sf_close_probability_named);
Datum
sf_close_probability_named(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(chance_of(fcinfo, deal_of(fcinfo, true)).won);
}

static Datum
churn(FunctionCallInfo fcinfo, bool named)
{
	SfCloseEntry *entry = model_of(fcinfo, named);

	if (!entry->model.churn)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model is not a churn model"),
				 errhint("Train it with fit_churn_model, or use close_probability.")));
	PG_RETURN_FLOAT8(chance_of(fcinfo, sf_close_ask(entry, PG_GETARG_HEAPTUPLEHEADER(1))).won);
}

SF_FUNCTION(sf_churn_probability);
Datum
sf_churn_probability(PG_FUNCTION_ARGS)
{
	return churn(fcinfo, false);
}

SF_FUNCTION(sf_churn_probability_named);
Datum
sf_churn_probability_named(PG_FUNCTION_ARGS)
{
	return churn(fcinfo, true);
}

static Datum
outcome(FunctionCallInfo fcinfo, bool named)
{
	SfCloseChance c = chance_of(fcinfo, deal_of(fcinfo, named));
	Datum		values[3] = {Float8GetDatum(c.won), Float8GetDatum(c.lost), Float8GetDatum(c.open)};
	bool		nulls[3] = {false, false, false};

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo, ask_cache(fcinfo)), values, nulls)));
}

SF_FUNCTION(sf_close_outcome);
Datum
sf_close_outcome(PG_FUNCTION_ARGS)
{
	return outcome(fcinfo, false);
}

SF_FUNCTION(sf_close_outcome_named);
Datum
sf_close_outcome_named(PG_FUNCTION_ARGS)
{
	return outcome(fcinfo, true);
}

static Datum
expected(FunctionCallInfo fcinfo, bool named)
{
	SfClosePredictor *deal = deal_of(fcinfo, named);
	SfCloseExpected e = sf_close_expected(deal, checked_days(PG_GETARG_FLOAT8(2), "age", false));
	Datum		values[6] = {
		Float8GetDatum(e.mean), Float8GetDatum(e.quantile[1]), Float8GetDatum(e.quantile[0]),
		Float8GetDatum(e.quantile[2]), Float8GetDatum(e.won), BoolGetDatum(e.restricted)
	};
	bool		nulls[6] = {false, isnan(e.quantile[1]) != 0, isnan(e.quantile[0]) != 0, isnan(e.quantile[2]) != 0, false, false};

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo, ask_cache(fcinfo)), values, nulls)));
}

SF_FUNCTION(sf_close_expected_days);
Datum
sf_close_expected_days(PG_FUNCTION_ARGS)
{
	return expected(fcinfo, false);
}

SF_FUNCTION(sf_close_expected_days_named);
Datum
sf_close_expected_days_named(PG_FUNCTION_ARGS)
{
	return expected(fcinfo, true);
}

static Datum
curve(FunctionCallInfo fcinfo, bool named)
{
	SfClosePredictor *deal = deal_of(fcinfo, named);
	double		age = checked_days(PG_GETARG_FLOAT8(2), "age", false);
	ArrayType  *horizons = PG_GETARG_ARRAYTYPE_P(3);
	SfRowSet	rows;
	Datum	   *days;
	bool	   *is_null;
	int			n;

	if (ARR_NDIM(horizons) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizons must be given as an array of one dimension")));
	deconstruct_array(horizons, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &days, &is_null, &n);
	sf_rowset_start(&rows, fcinfo);
	for (int i = 0; i < n; i++)
	{
		SfCloseChance c;

		if (is_null[i])
			continue;
		c = sf_close_within(deal, age, checked_days(DatumGetFloat8(days[i]), "horizon", true));
		sf_rowset_set(&rows, 0, days[i]);
		sf_rowset_set(&rows, 1, Float8GetDatum(c.won));
		sf_rowset_set(&rows, 2, Float8GetDatum(c.lost));
		sf_rowset_set(&rows, 3, Float8GetDatum(c.open));
		sf_rowset_put(&rows);
	}
	return (Datum) 0;
}

SF_FUNCTION(sf_close_curve);
Datum
sf_close_curve(PG_FUNCTION_ARGS)
{
	return curve(fcinfo, false);
}

SF_FUNCTION(sf_close_curve_named);
Datum
sf_close_curve_named(PG_FUNCTION_ARGS)
{
	return curve(fcinfo, true);
}
