/*
 * pg_pipeline_weighted.c
 *		weighted_value: the sum of amount * probability.
 *
 * Two states, both types of their own so that a distributed planner can send
 * them between nodes: fixed point with a numeric beside it for numeric amounts,
 * a compensated pair for double precision.  The executor copies the initial
 * value, so a transition function may change its state in place; only a state
 * that must grow is built anew.
 */
#include "pg/bridge.h"
#include "pg/numeric_bits.h"
#include "pg/text_io.h"

#include <math.h>

#include "core/pipeline/floatsum.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"

/*
 * The type is variable-length with storage plain: never toasted, never given a
 * short header, always aligned.
 */
typedef struct NumericState
{
	int32		vl_len_;
	int32		unused;			/* zero */
	SfFixedSum	sum;
	char		side[FLEXIBLE_ARRAY_MEMBER];	/* a numeric when VARSIZE says so */
} NumericState;

#define NUMERIC_STATE_SIZE offsetof(NumericState, side)
#define HAS_SIDE(s) (VARSIZE(s) > NUMERIC_STATE_SIZE)
#define SIDE(s) PointerGetDatum((s)->side)

static NumericState *
make_state(const SfFixedSum *sum, const Datum *side)
{
	Size		side_size = side ? VARSIZE(DatumGetPointer(*side)) : 0;
	NumericState *s = palloc0(NUMERIC_STATE_SIZE + side_size);

	SET_VARSIZE(s, NUMERIC_STATE_SIZE + side_size);
	s->sum = *sum;
	if (side)
		memcpy(s->side, DatumGetPointer(*side), side_size);
	return s;
}

/* The state with term added to (or taken from) its numeric side sum. */
static NumericState *
change_side(NumericState *s, PGFunction operation, Datum term)
{
	Datum		side = HAS_SIDE(s) ? SIDE(s) : NumericGetDatum(int64_to_numeric(0));

	side = DirectFunctionCall2(operation, side, term);
	return make_state(&s->sum, &side);
}

static void
refuse_probability(char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("probability is outside 0 to 1"),
			 errdetail("The value given is %s.", value)));
}

static void
check_amount_kind(SfNumericKind kind)
{
	if (kind == SF_NUMERIC_NAN)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("amount must be a number, not NaN")));
	if (kind == SF_NUMERIC_INFINITE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount must be finite")));
}

/* One row's probability: as a decimal if it has few digits, and as numeric. */
typedef struct Probability
{
	bool		fits;			/* decimal holds it */
	SfDecimal	decimal;
	Datum		given;			/* float8 or numeric */
	bool		is_float;
} Probability;

static inline Probability
float_probability(Datum given)
{
	Probability p = {.given = given, .is_float = true};
	double		x = DatumGetFloat8(given);

	if (unlikely(!(x >= 0.0 && x <= 1.0)))
		refuse_probability(float8out_internal(x));
	p.fits = sf_probability_decimal(x, &p.decimal);
	return p;
}

static bool
numeric_is_probability(Datum n)
{
	Datum		zero = NumericGetDatum(int64_to_numeric(0));
	Datum		one = NumericGetDatum(int64_to_numeric(1));

	return DatumGetBool(DirectFunctionCall2(numeric_ge, n, zero)) &&
		DatumGetBool(DirectFunctionCall2(numeric_le, n, one));
}

static inline Probability
numeric_probability(Datum given)
{
	Probability p = {.given = given, .is_float = false};
	SfNumericKind kind = sf_numeric_decode(given, &p.decimal);

	p.fits = kind == SF_NUMERIC_DECIMAL;
	if (unlikely(!(p.fits ? sf_decimal_is_probability(&p.decimal) :
				   kind == SF_NUMERIC_WIDE && numeric_is_probability(given))))
		refuse_probability(DatumGetCString(DirectFunctionCall1(numeric_out, given)));
	return p;
}

/* amount * probability by the server's own arithmetic, with its scale. */
static Datum
numeric_product(Datum amount, const Probability *p, int32 *scale)
{
	Datum		probability = p->is_float ?
	DirectFunctionCall1(float8_numeric, p->given) : p->given;
	Datum		product = DirectFunctionCall2(numeric_mul, amount, probability);

	*scale = DatumGetInt32(DirectFunctionCall1(numeric_scale, product));
	return product;
}

static inline NumericState *
numeric_add_row(NumericState *s, Datum amount, const Probability *p)
{
	SfDecimal	a;
	SfInt128	product;
	SfNumericKind kind = sf_numeric_decode(amount, &a);
	int32		scale;
	Datum		term;

	if (likely(kind == SF_NUMERIC_DECIMAL && p->fits &&
			   sf_fixed_product(&a, &p->decimal, &product) &&
			   sf_fixed_add(&s->sum.total, product)))
	{
		sf_fixed_count(&s->sum, a.scale + p->decimal.scale);
		return s;
	}
	check_amount_kind(kind);
	term = numeric_product(amount, p, &scale);
	s = change_side(s, numeric_add, term);
	sf_fixed_count(&s->sum, scale);
	return s;
}

/* NULL: the decimals of what remains are not known, start over. */
static NumericState *
numeric_remove_row(NumericState *s, Datum amount, const Probability *p)
{
	SfDecimal	a;
	SfInt128	product;
	int32		scale;

	if (sf_numeric_decode(amount, &a) == SF_NUMERIC_DECIMAL && p->fits &&
		sf_fixed_product(&a, &p->decimal, &product) &&
		sf_fixed_subtract(&s->sum.total, product))
		scale = a.scale + p->decimal.scale;
	else
	{
		Datum		term = numeric_product(amount, p, &scale);

		s = change_side(s, numeric_sub, term);
	}
	return sf_fixed_uncount(&s->sum, scale) ? s : NULL;
}

SF_FUNCTION(sf_weighted_numeric_add_float);
Datum
sf_weighted_numeric_add_float(PG_FUNCTION_ARGS)
{
	NumericState *s = (NumericState *) PG_GETARG_POINTER(0);
	SfDecimal	amount;
	Probability p;

	sf_check_aggregate(fcinfo);
	if (likely((sf_numeric_decode_common(PG_GETARG_DATUM(1), &amount) ||
				sf_numeric_decode(PG_GETARG_DATUM(1), &amount) == SF_NUMERIC_DECIMAL) &&
			   sf_fixed_add_row(&s->sum, &amount, PG_GETARG_FLOAT8(2))))
		PG_RETURN_POINTER(s);
	p = float_probability(PG_GETARG_DATUM(2));
	PG_RETURN_POINTER(numeric_add_row((NumericState *) PG_GETARG_POINTER(0),
									  PG_GETARG_DATUM(1), &p));
}

SF_FUNCTION(sf_weighted_numeric_add_numeric);
Datum
sf_weighted_numeric_add_numeric(PG_FUNCTION_ARGS)
{
	Probability p = numeric_probability(PG_GETARG_DATUM(2));

	sf_check_aggregate(fcinfo);
	PG_RETURN_POINTER(numeric_add_row((NumericState *) PG_GETARG_POINTER(0),
									  PG_GETARG_DATUM(1), &p));
}

static Datum
return_rest(FunctionCallInfo fcinfo, NumericState *s)
{
	if (s == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_weighted_numeric_remove_float);
Datum
sf_weighted_numeric_remove_float(PG_FUNCTION_ARGS)
{
	Probability p = float_probability(PG_GETARG_DATUM(2));

	sf_check_aggregate(fcinfo);
	return return_rest(fcinfo, numeric_remove_row((NumericState *) PG_GETARG_POINTER(0),
												  PG_GETARG_DATUM(1), &p));
}

SF_FUNCTION(sf_weighted_numeric_remove_numeric);
Datum
sf_weighted_numeric_remove_numeric(PG_FUNCTION_ARGS)
{
	Probability p = numeric_probability(PG_GETARG_DATUM(2));

	sf_check_aggregate(fcinfo);
	return return_rest(fcinfo, numeric_remove_row((NumericState *) PG_GETARG_POINTER(0),
												  PG_GETARG_DATUM(1), &p));
}

SF_FUNCTION(sf_weighted_numeric_combine);
Datum
sf_weighted_numeric_combine(PG_FUNCTION_ARGS)
{
	NumericState *s = (NumericState *) PG_GETARG_POINTER(0);
	NumericState *other = (NumericState *) PG_GETARG_POINTER(1);

	sf_check_aggregate(fcinfo);
	if (!sf_fixed_add(&s->sum.total, other->sum.total))
		s = change_side(s, numeric_add,
						NumericGetDatum(sf_fixed_to_numeric(other->sum.total, SF_FIXED_SCALE)));
	if (HAS_SIDE(other))
		s = change_side(s, numeric_add, SIDE(other));
	sf_fixed_merge_counts(&s->sum, &other->sum);
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_weighted_numeric_final);
Datum
sf_weighted_numeric_final(PG_FUNCTION_ARGS)
{
	NumericState *s = (NumericState *) PG_GETARG_POINTER(0);
	Datum		total;

	sf_check_aggregate(fcinfo);
	if (s->sum.count == 0)
		PG_RETURN_NULL();
	if (!HAS_SIDE(s) && s->sum.scale <= SF_FIXED_SCALE)
		PG_RETURN_NUMERIC(sf_fixed_to_numeric(s->sum.total, s->sum.scale));
	/* the parts may hold more decimals than their sum shows, or fewer */
	total = NumericGetDatum(sf_fixed_to_numeric(s->sum.total, SF_FIXED_SCALE));
	if (HAS_SIDE(s))
		total = DirectFunctionCall2(numeric_add, total, SIDE(s));
	PG_RETURN_DATUM(DirectFunctionCall2(numeric_round, total, Int32GetDatum(s->sum.scale)));
}

/* Text: count, rows at scale, scale, high and low half of the total, side or "-". */
SF_FUNCTION(sf_weighted_numeric_out);
Datum
sf_weighted_numeric_out(PG_FUNCTION_ARGS)
{
	NumericState *s = (NumericState *) PG_GETARG_POINTER(0);
	char	   *side = HAS_SIDE(s) ?
	DatumGetCString(DirectFunctionCall1(numeric_out, SIDE(s))) : "-";

	PG_RETURN_CSTRING(psprintf(INT64_FORMAT " " INT64_FORMAT " %d " INT64_FORMAT " " UINT64_FORMAT " %s",
							   s->sum.count, s->sum.at_scale, s->sum.scale,
							   s->sum.total.high, s->sum.total.low, side));
}

/* A state read from outside: what the transition functions rely on. */
static NumericState *
checked_state(const SfFixedSum *sum, const char *side)
{
	Datum		n;
	Numeric		value;

	if (sum->count < 0 || sum->at_scale < 0 || sum->at_scale > sum->count ||
		sum->scale < 0 || sum->scale > PG_INT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("the counts of a weighted_numeric_state do not agree")));
	if (strcmp(side, "-") == 0)
		return make_state(sum, NULL);
	n = DirectFunctionCall3(numeric_in, CStringGetDatum(side),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	value = DatumGetNumeric(n);
	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("the side sum of a weighted_numeric_state is not finite")));
	return make_state(sum, &n);
}

SF_FUNCTION(sf_weighted_numeric_in);
Datum
sf_weighted_numeric_in(PG_FUNCTION_ARGS)
{
	SfTextReader r = {.type = "weighted_numeric_state", .text = PG_GETARG_CSTRING(0)};
	SfFixedSum	sum;
	int64		scale;

	r.at = r.text;
	sum.count = sf_text_int64(&r);
	sum.at_scale = sf_text_int64(&r);
	scale = sf_text_int64(&r);
	if (scale < 0 || scale > PG_INT16_MAX)
		sf_text_malformed(&r);
	sum.scale = (int32) scale;
	sum.total.high = sf_text_int64(&r);
	sum.total.low = sf_text_uint64(&r);
	sf_text_expect(&r, "");
	PG_RETURN_POINTER(checked_state(&sum, r.at));
}

SF_FUNCTION(sf_weighted_numeric_send);
Datum
sf_weighted_numeric_send(PG_FUNCTION_ARGS)
{
	NumericState *s = (NumericState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, s->sum.count);
	pq_sendint64(&out, s->sum.at_scale);
	pq_sendint32(&out, s->sum.scale);
	pq_sendint64(&out, s->sum.total.high);
	pq_sendint64(&out, s->sum.total.low);
	pq_sendstring(&out, HAS_SIDE(s) ?
				  DatumGetCString(DirectFunctionCall1(numeric_out, SIDE(s))) : "-");
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_weighted_numeric_recv);
Datum
sf_weighted_numeric_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	SfFixedSum	sum;

	sum.count = pq_getmsgint64(in);
	sum.at_scale = pq_getmsgint64(in);
	sum.scale = pq_getmsgint(in, 4);
	sum.total.high = pq_getmsgint64(in);
	sum.total.low = pq_getmsgint64(in);
	PG_RETURN_POINTER(checked_state(&sum, pq_getmsgstring(in)));
}

/* The double-precision state is a fixed-length type: SfFloatSum as it is. */

SF_FUNCTION(sf_weighted_float_add);
Datum
sf_weighted_float_add(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);
	SfCtx		ctx;

	sf_ctx_init(&ctx, sf_aggregate_context(fcinfo));
	sf_raise_unless_ok(&ctx, sf_float_sum_add(&ctx, s, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)));
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_weighted_float_remove);
Datum
sf_weighted_float_remove(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);

	sf_check_aggregate(fcinfo);
	if (!sf_float_sum_remove(s, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_weighted_float_combine);
Datum
sf_weighted_float_combine(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);
	SfCtx		ctx;

	sf_ctx_init(&ctx, sf_aggregate_context(fcinfo));
	sf_raise_unless_ok(&ctx, sf_float_sum_merge(&ctx, s, (SfFloatSum *) PG_GETARG_POINTER(1)));
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_weighted_float_final);
Datum
sf_weighted_float_final(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);

	sf_check_aggregate(fcinfo);
	if (s->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sf_sum_value(s->total));
}

/* Text: count, steps, high and low part of the total, peak. */
SF_FUNCTION(sf_weighted_float_out);
Datum
sf_weighted_float_out(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT " " INT64_FORMAT " ", s->count, s->steps);
	sf_append_double(&out, s->total.hi);
	appendStringInfoChar(&out, ' ');
	sf_append_double(&out, s->total.lo);
	appendStringInfoChar(&out, ' ');
	sf_append_double(&out, s->peak);
	PG_RETURN_CSTRING(out.data);
}

static SfFloatSum *
checked_float_state(SfFloatSum sum)
{
	SfFloatSum *s;

	if (sum.count < 0 || sum.steps < sum.count || !isfinite(sum.total.hi) ||
		!isfinite(sum.total.lo) || !isfinite(sum.peak) || sum.peak < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("the parts of a weighted_float_state do not agree")));
	s = palloc(sizeof *s);
	*s = sum;
	return s;
}

SF_FUNCTION(sf_weighted_float_in);
Datum
sf_weighted_float_in(PG_FUNCTION_ARGS)
{
	SfTextReader r = {.type = "weighted_float_state", .text = PG_GETARG_CSTRING(0)};
	SfFloatSum	sum;

	r.at = r.text;
	sum.count = sf_text_int64(&r);
	sum.steps = sf_text_int64(&r);
	sum.total.hi = sf_text_double(&r);
	sum.total.lo = sf_text_double(&r);
	sum.peak = sf_text_double(&r);
	sf_text_end(&r);
	PG_RETURN_POINTER(checked_float_state(sum));
}

SF_FUNCTION(sf_weighted_float_send);
Datum
sf_weighted_float_send(PG_FUNCTION_ARGS)
{
	SfFloatSum *s = (SfFloatSum *) PG_GETARG_POINTER(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, s->count);
	pq_sendint64(&out, s->steps);
	pq_sendfloat8(&out, s->total.hi);
	pq_sendfloat8(&out, s->total.lo);
	pq_sendfloat8(&out, s->peak);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_weighted_float_recv);
Datum
sf_weighted_float_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	SfFloatSum	sum;

	sum.count = pq_getmsgint64(in);
	sum.steps = pq_getmsgint64(in);
	sum.total.hi = pq_getmsgfloat8(in);
	sum.total.lo = pq_getmsgfloat8(in);
	sum.peak = pq_getmsgfloat8(in);
	PG_RETURN_POINTER(checked_float_state(sum));
}
