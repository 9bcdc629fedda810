/*
 * fixedsum.h
 *		Exact sum of amount * probability in 128-bit fixed point.
 *
 * The unit is 10^-20.  A cent amount times a probability with 15 significant
 * digits down to 0.001 fits without loss, and 128 bits hold totals up to
 * 10^18.  A product that does not fit is refused, never rounded: the caller
 * keeps such rows in a sum of its own.  Integer addition has no order, so every
 * plan gives the same digits, and a row that leaves a window is subtracted
 * exactly.
 */
#ifndef SF_FIXEDSUM_H
#define SF_FIXEDSUM_H

#include <stdbool.h>
#include <stdint.h>

#define SF_FIXED_SCALE 20		/* the unit is 10^-SF_FIXED_SCALE */

/* (-1)^negative * digits * 10^exponent, shown with `scale` decimals. */
typedef struct SfDecimal
{
	uint64_t	digits;			/* at most 10^16 */
	int32_t		exponent;
	int32_t		scale;			/* decimals to show, >= 0 */
	bool		negative;
} SfDecimal;

/* A two's complement 128-bit integer that any alignment can hold. */
typedef struct SfInt128
{
	uint64_t	low;
	int64_t		high;
} SfInt128;

typedef struct SfFixedSum
{
	SfInt128	total;			/* in units of 10^-SF_FIXED_SCALE */
	int64_t		count;			/* rows counted, also those kept elsewhere */
	int64_t		at_scale;		/* rows whose product has `scale` decimals */
	int32_t		scale;			/* most decimals of any product counted */
} SfFixedSum;

/*
 * sf_probability_decimal
 *		p with its 15 significant digits, trailing zeros dropped: the value
 *		PostgreSQL gives float8::numeric, rounded half to even from the exact
 *		binary value.
 *
 * Returns false, writing nothing, when p is not within 0 .. 1 or is positive
 * but below 10^-8 (the caller takes another road).
 */
extern bool sf_probability_decimal(double p, SfDecimal *out);

/* Is the decimal within 0 .. 1? */
extern bool sf_decimal_is_probability(const SfDecimal *p);

/*
 * sf_fixed_product
 *		amount * probability in units of 10^-SF_FIXED_SCALE; false, writing
 *		nothing, when that is not a whole number of units below 2^126.
 */
extern bool sf_fixed_product(const SfDecimal *amount, const SfDecimal *probability,
							 SfInt128 *product);

/*
 * sf_fixed_add_row
 *		Add and count amount * p in one step, the common road: the same as
 *		sf_probability_decimal, sf_fixed_product, sf_fixed_add and
 *		sf_fixed_count.  False, changing nothing, when one of them is false.
 */
extern bool sf_fixed_add_row(SfFixedSum *s, const SfDecimal *amount, double p);

/*
 * sf_fixed_add, sf_fixed_subtract
 *		Change the total only; false, changing nothing, on overflow.
 */
extern bool sf_fixed_add(SfInt128 *total, SfInt128 term);
extern bool sf_fixed_subtract(SfInt128 *total, SfInt128 term);

/*
 * sf_fixed_count, sf_fixed_uncount
 *		Count a row whose product shows `scale` decimals, or take it back.
 *		Uncount returns false when the widest rows are gone while others remain:
 *		how many decimals the rest needs is then unknown.
 */
extern void sf_fixed_count(SfFixedSum *s, int32_t scale);
extern bool sf_fixed_uncount(SfFixedSum *s, int32_t scale);

/* Counts and scales of both; the totals are the caller's to add. */
extern void sf_fixed_merge_counts(SfFixedSum *s, const SfFixedSum *other);

#endif							/* SF_FIXEDSUM_H */
