/*
 * numeric_bits.h
 *		PostgreSQL's numeric, read and written without its arithmetic.
 *
 * A numeric multiplication costs about 330 ns and a conversion to double 95; a
 * look at the base-10000 digits costs a few.  The layout has not changed since
 * 9.1, but it is not a promise of the server: the library checks it once when
 * it is loaded and takes the server's own functions if anything is different.
 */
#ifndef SF_NUMERIC_BITS_H
#define SF_NUMERIC_BITS_H

#include "pg/compat.h"

#include "core/pipeline/fixedsum.h"
#include "utils/numeric.h"

typedef enum SfNumericKind
{
	SF_NUMERIC_DECIMAL,			/* finite, and in the SfDecimal */
	SF_NUMERIC_WIDE,			/* finite, too many digits for an SfDecimal */
	SF_NUMERIC_NAN,
	SF_NUMERIC_INFINITE
} SfNumericKind;

/* Compare the layout with what numeric_in makes; called once at load. */
extern void sf_numeric_self_check(void);

/* What a numeric datum (toasted or not) holds; writes out only for DECIMAL. */
extern SfNumericKind sf_numeric_decode(Datum numeric, SfDecimal *out);

/* A finite numeric as the nearest double; an error 22003 when out of range. */
extern double sf_numeric_to_double(Datum numeric);

/*
 * total * 10^-SF_FIXED_SCALE as a numeric that shows `scale` decimals
 * (0 .. SF_FIXED_SCALE).  Digits beyond scale must be zero.
 */
extern Numeric sf_fixed_to_numeric(SfInt128 total, int scale);

#endif							/* SF_NUMERIC_BITS_H */
