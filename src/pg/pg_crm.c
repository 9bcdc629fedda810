/*
 * pg_crm.c
 *		What the forecast views ask of every row, cheaply.
 *
 * In SQL each of these takes two comparisons, and evaluates a mapped expression
 * up to three times.
 */
#include "pg/numeric_bits.h"

/* The probability if it is one, else NULL. */
SF_FUNCTION(sf_valid_probability);
Datum
sf_valid_probability(PG_FUNCTION_ARGS)
{
	float8		p = PG_GETARG_FLOAT8(0);

	if (!(p >= 0.0 && p <= 1.0))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(p);
}

/* The amount if it is finite, else NULL. */
SF_FUNCTION(sf_finite_amount);
Datum
sf_finite_amount(PG_FUNCTION_ARGS)
{
	SfDecimal	unused;
	SfNumericKind kind = sf_numeric_decode(PG_GETARG_DATUM(0), &unused);

	if (kind == SF_NUMERIC_NAN || kind == SF_NUMERIC_INFINITE)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
