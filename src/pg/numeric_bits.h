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

/* The layout is as we know it; false until sf_numeric_self_check has found it so. */
extern bool sf_numeric_layout_known;

/*
 * sf_numeric_decode_common
 *		The usual numeric, inline: a short varlena header, the short form, two or
 *		three base-10000 digits (amounts below 10^8 with cents).  False for
 *		everything else, which sf_numeric_decode tells apart.
 */
static inline bool
sf_numeric_decode_common(Datum numeric, SfDecimal *out)
{
	const struct varlena *v = (const struct varlena *) DatumGetPointer(numeric);
	const char *data = (const char *) v + VARHDRSZ_SHORT;
	uint16		word;
	int16		digit[3];
	int			ndigits;
	int			weight;

	if (!VARATT_IS_1B(v) || VARATT_IS_1B_E(v) || !sf_numeric_layout_known)
		return false;
	ndigits = (VARSIZE_1B(v) - VARHDRSZ_SHORT - (int) sizeof(word)) / (int) sizeof(int16);
	if (ndigits != 3 && ndigits != 2)
		return false;
	memcpy(&word, data, sizeof word);
	if ((word & 0xC000) != 0x8000)
		return false;
	memcpy(digit, data + sizeof word, 2 * sizeof(int16));
	out->digits = (uint64) digit[0] * 10000 + digit[1];
	if (ndigits == 3)
	{
		memcpy(&digit[2], data + sizeof word + 2 * sizeof(int16), sizeof(int16));
		out->digits = out->digits * 10000 + digit[2];
	}
	weight = (word & 0x3F) - (word & 0x40 ? 64 : 0);
	out->exponent = 4 * (weight - ndigits + 1);
	out->scale = (word & 0x1F80) >> 7;
	out->negative = (word & 0x2000) != 0;
	return true;
}

/* A finite numeric as the nearest double; an error 22003 when out of range. */
extern double sf_numeric_to_double(Datum numeric);

/*
 * total * 10^-SF_FIXED_SCALE as a numeric that shows `scale` decimals
 * (0 .. SF_FIXED_SCALE).  Digits beyond scale must be zero.
 */
extern Numeric sf_fixed_to_numeric(SfInt128 total, int scale);

#endif							/* SF_NUMERIC_BITS_H */
