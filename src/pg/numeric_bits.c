/*
 * numeric_bits.c
 *		PostgreSQL's numeric, read and written without its arithmetic.
 *
 * Layout (src/backend/utils/adt/numeric.c of the server): after the varlena
 * header a 16-bit word.  Its two high bits say: 00 positive and 01 negative in
 * the long form (14 bits of display scale, then a 16-bit weight); 10 short form
 * (sign 0x2000, 6 bits of display scale from 0x0080, weight sign 0x0040, 6 bits
 * of weight); 11 special (0xC000 NaN, 0xD000 +Inf, 0xF000 -Inf).  Then base-10000
 * digits, the first worth 10000^weight.
 */
#include "pg/numeric_bits.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define BASE 10000
#define MAX_DIGITS 4			/* base-10000 digits an SfDecimal can hold */

bool		sf_numeric_layout_known = false;

/* The parts of a finite numeric. */
typedef struct NumericParts
{
	bool		negative;
	int			scale;
	int			weight;
	int			ndigits;
	const char *digits;			/* unaligned int16 each */
} NumericParts;

static inline int
digit_at(const char *digits, int i)
{
	int16		d;

	memcpy(&d, digits + 2 * i, sizeof d);
	return d;
}

static inline SfNumericKind
read_parts(const char *data, int size, NumericParts *parts)
{
	uint16		word;

	memcpy(&word, data, sizeof word);
	if ((word & 0xC000) == 0xC000)
		return word == 0xC000 ? SF_NUMERIC_NAN : SF_NUMERIC_INFINITE;
	if (word & 0x8000)
	{
		parts->negative = (word & 0x2000) != 0;
		parts->scale = (word & 0x1F80) >> 7;
		parts->weight = (word & 0x3F) - (word & 0x40 ? 64 : 0);
		parts->digits = data + 2;
		parts->ndigits = (size - 2) / 2;
	}
	else
	{
		int16		weight;

		memcpy(&weight, data + 2, sizeof weight);
		parts->negative = (word & 0x4000) != 0;
		parts->scale = word & 0x3FFF;
		parts->weight = weight;
		parts->digits = data + 4;
		parts->ndigits = (size - 4) / 2;
	}
	return SF_NUMERIC_DECIMAL;
}

static SfNumericKind
decode(struct varlena *packed, SfDecimal *out)
{
	NumericParts parts;
	SfNumericKind kind = read_parts(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), &parts);
	uint64		digits = 0;

	if (kind != SF_NUMERIC_DECIMAL)
		return kind;
	if (parts.ndigits > MAX_DIGITS)
		return SF_NUMERIC_WIDE;
	for (int i = 0; i < parts.ndigits; i++)
		digits = digits * BASE + digit_at(parts.digits, i);
	out->digits = digits;
	out->exponent = parts.ndigits == 0 ? 0 : 4 * (parts.weight - parts.ndigits + 1);
	out->scale = parts.scale;
	out->negative = parts.negative;
	return SF_NUMERIC_DECIMAL;
}

/* The server's own answer: is it special, and else leave it to numeric sums. */
static SfNumericKind
classify_slowly(Datum numeric)
{
	Numeric		n = DatumGetNumeric(numeric);

	if (numeric_is_nan(n))
		return SF_NUMERIC_NAN;
	return numeric_is_inf(n) ? SF_NUMERIC_INFINITE : SF_NUMERIC_WIDE;
}

/* Most numerics lie in the row with a short header: no call for those. */
static inline struct varlena *
unpacked(Datum numeric)
{
	struct varlena *v = (struct varlena *) DatumGetPointer(numeric);

	return VARATT_IS_SHORT(v) ? v : pg_detoast_datum_packed(v);
}

SfNumericKind
sf_numeric_decode(Datum numeric, SfDecimal *out)
{
	if (unlikely(!sf_numeric_layout_known))
		return classify_slowly(numeric);
	return decode(unpacked(numeric), out);
}

double
sf_numeric_to_double(Datum numeric)
{
	/* 10^22 is the last power of ten that a double holds exactly */
	static const double power_of_ten[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	SfDecimal	d;

	/* exact digits and an exact power: the one operation rounds correctly */
	if (sf_numeric_layout_known &&
		decode(unpacked(numeric), &d) == SF_NUMERIC_DECIMAL &&
		d.digits <= (UINT64CONST(1) << 53) && abs(d.exponent) <= 22)
	{
		double		x = d.exponent < 0 ?
			(double) d.digits / power_of_ten[-d.exponent] :
			(double) d.digits * power_of_ten[d.exponent];

		return d.negative ? -x : x;
	}
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, numeric));
}

/* |total| as text with SF_FIXED_SCALE decimals, for servers of another layout. */
static Numeric
fixed_to_numeric_slowly(const int16 *digits, int ndigits, bool negative, int scale)
{
	char		text[64];
	char	   *at = text;

	if (negative)
		*at++ = '-';
	for (int i = ndigits - 1; i >= 0; i--)
	{
		if (i == SF_FIXED_SCALE / 4 - 1)
			*at++ = '.';
		at += sprintf(at, "%04d", digits[i]);
	}
	*at = '\0';
	if (scale < SF_FIXED_SCALE)
		at[scale - SF_FIXED_SCALE] = '\0';
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* Divide the 128-bit number by BASE in place and return the remainder. */
static inline int
take_digit(uint32 *limbs)
{
	uint64		rest = 0;

	for (int i = 3; i >= 0; i--)
	{
		rest = rest << 32 | limbs[i];
		limbs[i] = (uint32) (rest / BASE);
		rest %= BASE;
	}
	return (int) rest;
}

Numeric
sf_fixed_to_numeric(SfInt128 total, int scale)
{
	bool		negative = total.high < 0;
	uint64		low = negative ? -total.low : total.low;
	uint64		high = negative ? ~(uint64) total.high + (total.low == 0) : (uint64) total.high;
	uint32		limbs[4] = {(uint32) low, (uint32) (low >> 32), (uint32) high, (uint32) (high >> 32)};
	int16		digits[10];		/* lowest first: 2^127 has 39 decimals */
	int			first;
	int			last = 0;
	int			weight;
	int			ndigits;
	struct varlena *out;
	uint16		word;
	char	   *data;

	for (int i = 0; i < 10; i++)
		digits[i] = take_digit(limbs);
	if (!sf_numeric_layout_known)
		return fixed_to_numeric_slowly(digits, 10, negative, scale);

	for (first = 9; first >= 0 && digits[first] == 0; first--)
		;
	while (last < first && digits[last] == 0)
		last++;
	ndigits = first < 0 ? 0 : first - last + 1;
	weight = first < 0 ? 0 : first - SF_FIXED_SCALE / 4;

	out = palloc(VARHDRSZ + sizeof word + ndigits * sizeof(int16));
	SET_VARSIZE(out, VARHDRSZ + sizeof word + ndigits * sizeof(int16));
	word = 0x8000 | (ndigits > 0 && negative ? 0x2000 : 0) | scale << 7 |
		(weight < 0 ? 0x40 : 0) | (weight & 0x3F);
	data = VARDATA(out);
	memcpy(data, &word, sizeof word);
	for (int i = 0; i < ndigits; i++)
		memcpy(data + sizeof word + i * sizeof(int16), &digits[first - i], sizeof(int16));
	return (Numeric) out;
}

/* Does the text decode to these parts? */
static bool
decodes_as(const char *text, uint64 digits, int exponent, int scale, bool negative)
{
	Datum		n = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	SfDecimal	d;

	return decode((struct varlena *) DatumGetPointer(n), &d) == SF_NUMERIC_DECIMAL &&
		d.digits == digits && d.exponent == exponent && d.scale == scale &&
		d.negative == negative;
}

/* The same through the inline road, which reads short varlena headers only. */
static bool
common_decodes_as(const char *text, uint64 digits, int exponent, int scale, bool negative)
{
	struct varlena *n = (struct varlena *)
	DatumGetPointer(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	Size		size = VARSIZE(n) - VARHDRSZ;
	struct varlena *packed = palloc(VARHDRSZ_SHORT + size);
	SfDecimal	d;

	SET_VARSIZE_SHORT(packed, VARHDRSZ_SHORT + size);
	memcpy(VARDATA_SHORT(packed), VARDATA(n), size);
	return sf_numeric_decode_common(PointerGetDatum(packed), &d) &&
		d.digits == digits && d.exponent == exponent && d.scale == scale &&
		d.negative == negative;
}

static bool
encodes_as(SfInt128 total, int scale, const char *text)
{
	Datum		n = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Numeric		ours = sf_fixed_to_numeric(total, scale);

	return VARSIZE(ours) == VARSIZE(DatumGetPointer(n)) &&
		memcmp(ours, DatumGetPointer(n), VARSIZE(ours)) == 0;
}

void
sf_numeric_self_check(void)
{
	SfDecimal	d;
	Datum		nan = DirectFunctionCall3(numeric_in, CStringGetDatum("NaN"),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Datum		inf = DirectFunctionCall3(numeric_in, CStringGetDatum("-Infinity"),
										  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	SfInt128	cents = {UINT64CONST(1230000000000000000), 0};	/* 0.0123 */
	SfInt128	minus_one = {-UINT64CONST(7766279631452241920), -6};	/* -1 */

	sf_numeric_layout_known = true;		/* the checks below ask the fast road */
	sf_numeric_layout_known =
		decodes_as("12345.670", 123456700, -4, 3, false) &&
		decodes_as("-0.00001", 1000, -8, 5, true) &&
		decodes_as("500000000", 5, 8, 0, false) &&
		decodes_as("0.00", 0, 0, 2, false) &&
		common_decodes_as("12345.670", 123456700, -4, 3, false) &&
		common_decodes_as("-98765432.1", UINT64CONST(987654321000), -4, 1, true) &&
		decode((struct varlena *) DatumGetPointer(nan), &d) == SF_NUMERIC_NAN &&
		decode((struct varlena *) DatumGetPointer(inf), &d) == SF_NUMERIC_INFINITE &&
		encodes_as(cents, 4, "0.0123") &&
		encodes_as(minus_one, 2, "-1.00");
}
