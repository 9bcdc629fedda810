/*
 * pg_crm.c
 *		What the forecast views ask of every row, cheaply.
 *
 * In SQL each of these takes two comparisons, and evaluates a mapped expression
 * up to three times.
 */
#include "pg/numeric_bits.h"

#include "utils/date.h"
#include "utils/datetime.h"

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

/* The first day of the period of so many months (a divisor of 12) that the day lies in. */
static DateADT
period_start(DateADT day, int months)
{
	int			year;
	int			month;
	int			day_of_month;

	if (DATE_NOT_FINITE(day))
		return day;
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	/* the first date there is, 24 November 4714 BC, begins its period itself */
	return Max(date2j(year, month - (month - 1) % months, 1) - POSTGRES_EPOCH_JDATE,
			   DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE);
}

SF_FUNCTION(sf_month_start);
Datum
sf_month_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(period_start(PG_GETARG_DATEADT(0), 1));
}

SF_FUNCTION(sf_quarter_start);
Datum
sf_quarter_start(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(period_start(PG_GETARG_DATEADT(0), 3));
}
