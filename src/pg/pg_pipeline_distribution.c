/*
 * pg_pipeline_distribution.c
 *		revenue_distribution: the type, its aggregates and its questions.
 *
 * A value holds the deals, not the curve, so that values can be added and
 * correlated deals stay correlated.  The curve is worked out when it is asked
 * for; the last one is remembered, since quantiles come in threes.
 */
#include "pg/bridge.h"
#include "pg/numeric_bits.h"
#include "pg/text_io.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/pipeline/distribution.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* Aggregate state: a set that lives in the aggregate's memory context. */

static SfDealSet *
new_state(MemoryContext cxt, double correlation)
{
	SfDealSet  *set = MemoryContextAllocZero(cxt, sizeof(SfDealSet));
	SfCtx		ctx;

	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_deals_init(&ctx, set, correlation));
	return set;
}

static Datum
packed(SfCtx *ctx, SfDealSet *set, void (*encode) (const SfDealSet *set, SfWriter *write))
{
	SfWriter	count = {0};
	SfWriter	write = {0};
	struct varlena *value;

	sf_raise_unless_ok(ctx, sf_deals_settle(ctx, set));
	encode(set, &count);
	value = palloc(VARHDRSZ + count.size);
	SET_VARSIZE(value, VARHDRSZ + count.size);
	write.at = (unsigned char *) VARDATA(value);
	encode(set, &write);
	return PointerGetDatum(value);
}

static Datum
value_of(SfCtx *ctx, SfDealSet *set)
{
	return packed(ctx, set, sf_deals_encode);
}

/* The deals of a value, in cxt. */
static SfDealSet *
set_of(MemoryContext cxt, struct varlena *packed)
{
	SfReader	read = {(unsigned char *) VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), true};
	SfDealSet  *set = MemoryContextAlloc(cxt, sizeof(SfDealSet));
	SfCtx		ctx;

	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_deals_decode(&ctx, &read, set));
	return set;
}

static Datum
add_deal(FunctionCallInfo fcinfo, double amount, double probability, bool has_correlation)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	SfDealSet  *set = PG_ARGISNULL(0) ? NULL : (SfDealSet *) PG_GETARG_POINTER(0);
	double		correlation;
	SfCtx		ctx;

	if (has_correlation && PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("correlation must not be NULL")));
	correlation = has_correlation ? PG_GETARG_FLOAT8(3) : 0.0;
	if (set == NULL)
		set = new_state(cxt, correlation);
	else if (set->correlation != correlation)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("correlation must be the same for all rows of one distribution"),
				 errdetail("Both %s and %s were given.", float8out_internal(set->correlation),
						   float8out_internal(correlation))));
	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_deals_add(&ctx, set, amount, probability));
	PG_RETURN_POINTER(set);
}

/* The state as it is: nothing to add. */
static Datum
keep_state(FunctionCallInfo fcinfo)
{
	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

SF_FUNCTION(sf_revenue_add_float);
Datum
sf_revenue_add_float(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	return add_deal(fcinfo, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_NARGS() > 3);
}

SF_FUNCTION(sf_revenue_add_numeric);
Datum
sf_revenue_add_numeric(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	return add_deal(fcinfo, sf_numeric_to_double(PG_GETARG_DATUM(1)), PG_GETARG_FLOAT8(2),
					PG_NARGS() > 3);
}

/* One more value, for sum(revenue_distribution). */
SF_FUNCTION(sf_revenue_add_value);
Datum
sf_revenue_add_value(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	SfDealSet  *set;
	SfDealSet  *other;
	SfCtx		ctx;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = set_of(CurrentMemoryContext, PG_GETARG_VARLENA_PP(1));
	set = PG_ARGISNULL(0) ? new_state(cxt, other->correlation) : (SfDealSet *) PG_GETARG_POINTER(0);
	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_deals_merge(&ctx, set, other));
	PG_RETURN_POINTER(set);
}

SF_FUNCTION(sf_revenue_combine);
Datum
sf_revenue_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	SfDealSet  *other;
	SfDealSet  *set;
	SfCtx		ctx;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (SfDealSet *) PG_GETARG_POINTER(1);
	set = PG_ARGISNULL(0) ? new_state(cxt, other->correlation) : (SfDealSet *) PG_GETARG_POINTER(0);
	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_deals_merge(&ctx, set, other));
	PG_RETURN_POINTER(set);
}

SF_FUNCTION(sf_revenue_serialize);
Datum
sf_revenue_serialize(PG_FUNCTION_ARGS)
{
	SfCtx		ctx;

	sf_ctx_init(&ctx, sf_aggregate_context(fcinfo));
	return packed(&ctx, (SfDealSet *) PG_GETARG_POINTER(0), sf_deals_encode_exact);
}

SF_FUNCTION(sf_revenue_deserialize);
Datum
sf_revenue_deserialize(PG_FUNCTION_ARGS)
{
	(void) sf_aggregate_context(fcinfo);
	PG_RETURN_POINTER(set_of(CurrentMemoryContext, PG_GETARG_VARLENA_PP(0)));
}

SF_FUNCTION(sf_revenue_final);
Datum
sf_revenue_final(PG_FUNCTION_ARGS)
{
	SfCtx		ctx;

	sf_ctx_init(&ctx, sf_aggregate_context(fcinfo));
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return value_of(&ctx, (SfDealSet *) PG_GETARG_POINTER(0));
}

SF_FUNCTION(sf_revenue_plus);
Datum
sf_revenue_plus(PG_FUNCTION_ARGS)
{
	SfDealSet  *set = set_of(CurrentMemoryContext, PG_GETARG_VARLENA_PP(0));
	SfDealSet  *other = set_of(CurrentMemoryContext, PG_GETARG_VARLENA_PP(1));
	SfCtx		ctx;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	sf_raise_unless_ok(&ctx, sf_deals_merge(&ctx, set, other));
	return value_of(&ctx, set);
}

/* The last value asked, its deals and, once needed, its curve. */
typedef struct Answers
{
	MemoryContext cxt;
	struct varlena *value;
	SfDealSet  *set;
	SfDistribution *curve;		/* NULL until a question needs it */
} Answers;

static Answers *last_answers = NULL;

static Answers *
answers_for(Datum datum)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(datum);
	Size		size = VARSIZE_ANY_EXHDR(packed);
	MemoryContext cxt;
	Answers    *answers;

	if (last_answers != NULL && VARSIZE_ANY_EXHDR(last_answers->value) == size &&
		memcmp(VARDATA_ANY(last_answers->value), VARDATA_ANY(packed), size) == 0)
		return last_answers;

	/* complete it under the current context, so that an error leaves nothing */
	cxt = AllocSetContextCreate(CurrentMemoryContext, "revenue_distribution", ALLOCSET_DEFAULT_SIZES);
	answers = MemoryContextAllocZero(cxt, sizeof(Answers));
	answers->cxt = cxt;
	answers->value = MemoryContextAlloc(cxt, VARHDRSZ + size);
	SET_VARSIZE(answers->value, VARHDRSZ + size);
	memcpy(VARDATA(answers->value), VARDATA_ANY(packed), size);
	answers->set = set_of(cxt, answers->value);
	MemoryContextSetParent(cxt, TopMemoryContext);
	if (last_answers != NULL)
		MemoryContextDelete(last_answers->cxt);
	last_answers = answers;
	return answers;
}

static const SfDistribution *
curve_of(Answers *answers)
{
	if (answers->curve == NULL)
	{
		MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
													  "revenue_distribution curve",
													  ALLOCSET_DEFAULT_SIZES);
		SfDistribution *curve = MemoryContextAlloc(scratch, sizeof(SfDistribution));
		SfCtx		ctx;

		sf_ctx_init(&ctx, scratch);
		sf_raise_unless_ok(&ctx, sf_distribution_evaluate(&ctx, answers->set, curve));
		MemoryContextSetParent(scratch, answers->cxt);
		answers->curve = curve;
	}
	return answers->curve;
}

SF_FUNCTION(sf_revenue_mean);
Datum
sf_revenue_mean(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sf_deals_mean(answers_for(PG_GETARG_DATUM(0))->set));
}

SF_FUNCTION(sf_revenue_stddev);
Datum
sf_revenue_stddev(PG_FUNCTION_ARGS)
{
	Answers    *answers = answers_for(PG_GETARG_DATUM(0));
	double		stddev;
	SfCtx		ctx;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	sf_raise_unless_ok(&ctx, sf_distribution_stddev(&ctx, answers->set, &stddev));
	PG_RETURN_FLOAT8(stddev);
}

SF_FUNCTION(sf_revenue_deals);
Datum
sf_revenue_deals(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(answers_for(PG_GETARG_DATUM(0))->set->counted);
}

static void
check_level(double p)
{
	if (!(p >= 0.0 && p <= 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile must be between 0 and 1"),
				 errdetail("The value given is %s.", float8out_internal(p))));
}

SF_FUNCTION(sf_revenue_quantile);
Datum
sf_revenue_quantile(PG_FUNCTION_ARGS)
{
	double		p = PG_GETARG_FLOAT8(1);

	check_level(p);
	PG_RETURN_FLOAT8(sf_distribution_quantile(curve_of(answers_for(PG_GETARG_DATUM(0))), p));
}

SF_FUNCTION(sf_revenue_quantiles);
Datum
sf_revenue_quantiles(PG_FUNCTION_ARGS)
{
	ArrayType  *levels = PG_GETARG_ARRAYTYPE_P(1);
	const SfDistribution *curve = NULL;
	Datum	   *level;
	bool	   *is_null;
	int			n;

	if (ARR_NDIM(levels) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantiles must be given as an array of one dimension")));
	deconstruct_array(levels, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &level, &is_null, &n);
	for (int i = 0; i < n; i++)
		if (!is_null[i])
			check_level(DatumGetFloat8(level[i]));
	for (int i = 0; i < n; i++)
	{
		if (is_null[i])
			continue;
		if (curve == NULL)
			curve = curve_of(answers_for(PG_GETARG_DATUM(0)));
		level[i] = Float8GetDatum(sf_distribution_quantile(curve, DatumGetFloat8(level[i])));
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(level, is_null, ARR_NDIM(levels), ARR_DIMS(levels),
											 ARR_LBOUND(levels), FLOAT8OID, sizeof(float8),
											 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

SF_FUNCTION(sf_revenue_at_least);
Datum
sf_revenue_at_least(PG_FUNCTION_ARGS)
{
	double		amount = PG_GETARG_FLOAT8(1);

	if (isnan(amount))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount must be a number, not NaN")));
	PG_RETURN_FLOAT8(sf_distribution_at_least(curve_of(answers_for(PG_GETARG_DATUM(0))), amount));
}

SF_FUNCTION(sf_revenue_error_bound);
Datum
sf_revenue_error_bound(PG_FUNCTION_ARGS)
{
	const SfDistribution *curve = curve_of(answers_for(PG_GETARG_DATUM(0)));
	TupleDesc	desc;
	Datum		values[2] = {Float8GetDatum(curve->bound.amount),
	Float8GetDatum(curve->bound.probability)};
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * Text: "3 deals, correlation 0.1, certain 0: 200 @ 0.25 x 2, 100 @ 0.5", then,
 * when small deals live on as moments, "; small COUNT MEAN SIZE: M V T, M V T…".
 */
SF_FUNCTION(sf_revenue_out);
Datum
sf_revenue_out(PG_FUNCTION_ARGS)
{
	SfDealSet  *set = set_of(CurrentMemoryContext, PG_GETARG_VARLENA_PP(0));
	int32		nodes = sf_grid_nodes(set->correlation);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT " deals, correlation ", set->counted);
	sf_append_double(&out, set->correlation);
	appendStringInfoString(&out, ", certain ");
	sf_append_double(&out, sf_sum_value(set->certain));
	for (int i = 0; i < set->n_deals; i++)
	{
		appendStringInfoString(&out, i == 0 ? ": " : ", ");
		sf_append_double(&out, set->deals[i].amount);
		appendStringInfoString(&out, " @ ");
		sf_append_double(&out, set->deals[i].probability);
		if (set->deals[i].count > 1)
			appendStringInfo(&out, " x " INT64_FORMAT, set->deals[i].count);
	}
	if (set->small != NULL)
	{
		appendStringInfo(&out, "; small " INT64_FORMAT " ", set->small_count);
		sf_append_double(&out, sf_sum_value(set->small_mean));
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, sf_sum_value(set->small_size));
		for (int i = 0; i < nodes; i++)
		{
			appendStringInfoString(&out, i == 0 ? ": " : ", ");
			sf_append_double(&out, sf_sum_value(set->small[i].mean));
			appendStringInfoChar(&out, ' ');
			sf_append_double(&out, sf_sum_value(set->small[i].variance));
			appendStringInfoChar(&out, ' ');
			sf_append_double(&out, sf_sum_value(set->small[i].third));
		}
	}
	PG_RETURN_CSTRING(out.data);
}

static void
read_deals(SfTextReader *r, SfDealSet *set)
{
	do
	{
		SfDeal	   *deal;

		if (set->n_deals == SF_DEALS_MAX)
			sf_text_malformed(r);
		if (set->n_deals == set->capacity)
		{
			set->capacity = Max(16, 2 * set->capacity);
			set->deals = set->deals ? repalloc(set->deals, set->capacity * sizeof(SfDeal)) :
				palloc(set->capacity * sizeof(SfDeal));
		}
		deal = &set->deals[set->n_deals++];
		deal->amount = sf_text_double(r);
		sf_text_expect(r, "@");
		deal->probability = sf_text_double(r);
		deal->count = sf_text_accept(r, "x") ? sf_text_int64(r) : 1;
		if (deal->count < 1 || deal->count > SF_DEALS_COUNT_MAX)
			sf_text_malformed(r);
	} while (sf_text_accept(r, ","));
}

static void
read_small(SfTextReader *r, SfDealSet *set)
{
	int32		nodes = sf_grid_nodes(set->correlation);

	set->small = palloc0(nodes * sizeof(SfMoments));
	set->small_count = sf_text_int64(r);
	set->small_mean.hi = sf_text_double(r);
	set->small_size.hi = sf_text_double(r);
	for (int i = 0; i < nodes; i++)
	{
		sf_text_expect(r, i == 0 ? ":" : ",");
		set->small[i].mean.hi = sf_text_double(r);
		set->small[i].variance.hi = sf_text_double(r);
		set->small[i].third.hi = sf_text_double(r);
	}
}

SF_FUNCTION(sf_revenue_in);
Datum
sf_revenue_in(PG_FUNCTION_ARGS)
{
	SfTextReader r = {.type = "revenue_distribution", .text = PG_GETARG_CSTRING(0)};
	int64		counted;
	SfDealSet	set;
	SfCtx		ctx;
	Datum		value;

	r.at = r.text;
	counted = sf_text_int64(&r);
	sf_text_expect(&r, "deals, correlation");
	sf_ctx_init(&ctx, CurrentMemoryContext);
	sf_raise_unless_ok(&ctx, sf_deals_init(&ctx, &set, sf_text_double(&r)));
	set.counted = counted;
	sf_text_expect(&r, ", certain");
	set.certain.hi = sf_text_double(&r);
	if (sf_text_accept(&r, ":"))
		read_deals(&r, &set);
	if (sf_text_accept(&r, "; small"))
		read_small(&r, &set);
	sf_text_end(&r);
	/* written by hand the deals may come in any order */
	set.spare = palloc(Max(set.capacity, 1) * sizeof(SfDeal));
	set.settled = false;
	value = value_of(&ctx, &set);
	(void) set_of(CurrentMemoryContext, (struct varlena *) DatumGetPointer(value));
	return value;
}

SF_FUNCTION(sf_revenue_send);
Datum
sf_revenue_send(PG_FUNCTION_ARGS)
{
	struct varlena *packed = PG_GETARG_VARLENA_PP(0);
	StringInfoData out;

	/* the stored bytes are the same on every machine */
	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_revenue_recv);
Datum
sf_revenue_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	int			size = in->len - in->cursor;
	struct varlena *value = palloc(VARHDRSZ + size);
	SfCtx		ctx;

	SET_VARSIZE(value, VARHDRSZ + size);
	pq_copymsgbytes(in, VARDATA(value), size);
	sf_ctx_init(&ctx, CurrentMemoryContext);
	/* stored again, so that one set has one form */
	return value_of(&ctx, set_of(CurrentMemoryContext, value));
}
