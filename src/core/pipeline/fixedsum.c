/*
 * fixedsum.c
 *		Exact sum of amount * probability in 128-bit fixed point.
 *
 * Compilers without a 128-bit integer refuse every product, which is slow but
 * right: the caller's own sum then takes all rows.
 */
#include "core/pipeline/fixedsum.h"

#include <math.h>
#include <string.h>

#ifdef __SIZEOF_INT128__

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

#define E10 ((uint128) 10000000000u)

static const uint128 power_of_ten[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	E10, E10 * 10, E10 * 100, E10 * 1000, E10 * 10000, E10 * 100000, E10 * 1000000,
	E10 * 10000000, E10 * 100000000, E10 * 1000000000,
	E10 * E10, E10 * E10 * 10, E10 * E10 * 100, E10 * E10 * 1000, E10 * E10 * 10000,
	E10 * E10 * 100000, E10 * E10 * 1000000, E10 * E10 * 10000000,
	E10 * E10 * 100000000, E10 * E10 * 1000000000, E10 * E10 * E10,
	E10 * E10 * E10 * 10, E10 * E10 * E10 * 100, E10 * E10 * E10 * 1000,
	E10 * E10 * E10 * 10000, E10 * E10 * E10 * 100000, E10 * E10 * E10 * 1000000,
E10 * E10 * E10 * 10000000};

#define MAX_POWER ((int) (sizeof power_of_ten / sizeof power_of_ten[0]) - 1)
#define PRODUCT_LIMIT ((uint128) 1 << 126)

static inline int128
load(SfInt128 x)
{
	return (int128) (((uint128) (uint64_t) x.high << 64) | x.low);
}

static inline SfInt128
store(int128 x)
{
	SfInt128	out = {(uint64_t) x, (int64_t) (x >> 64)};

	return out;
}

/* Drop trailing zeros; digits > 0. */
static inline void
strip_zeros(SfDecimal *d)
{
	while (d->digits % 10 == 0)
	{
		d->digits /= 10;
		d->exponent++;
	}
}

/*
 * Most probabilities are typed with up to four decimals.  If n / 10000 is the
 * double p, then n / 10000 is also what 15 digits of p say.  The division is
 * only worth its time when p * 10000 is nearly whole.
 */
static inline bool
four_decimals(double p, uint64_t *q)
{
	double		x = p * 10000.0;
	int64_t		n = (int64_t) (x + 0.5);
	double		off = x - (double) n;

	*q = (uint64_t) n;
	return fabs(off) < 1e-11 && (double) n / 10000.0 == p;
}

/*
 * p * 10^decimals, rounded half to even from the exact binary value.  The
 * significand has 53 bits and 10^22 has 74, so their product fits 127.
 */
static inline uint64_t
scaled_significand(double p, int decimals)
{
	uint64_t	bits;
	uint64_t	significand;
	int			shift;
	uint128		rounded;
	uint64_t	q;

	memcpy(&bits, &p, sizeof bits);
	significand = (bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1) << 52);
	shift = 1075 - (int) (bits >> 52);	/* p = significand * 2^-shift */
	rounded = decimals == 15 ?
		(uint128) significand * UINT64_C(1000000000000000) :
		(uint128) significand * power_of_ten[decimals];
	rounded += (uint128) 1 << (shift - 1);
	q = (uint64_t) (rounded >> shift);
	/* nothing left below: p stood exactly between two, so take the even one */
	if ((uint64_t) rounded << (64 - (shift < 64 ? shift : 64)) == 0 &&
		(rounded & (((uint128) 1 << shift) - 1)) == 0)
		q &= ~UINT64_C(1);
	return q;
}

/*
 * p * 10^15 for p >= 0.1, in doubles: the product errs by half an ulp, at most
 * 1/16, so the nearest whole number is right unless the product lies within
 * that of the middle between two.
 */
static inline bool
fifteen_decimals(double p, uint64_t *q)
{
	double		x = p * 1e15;
	int64_t		n = (int64_t) (x + 0.5);
	double		off = x - (double) n;

	*q = (uint64_t) n;
	return p >= 0.1 && fabs(off) < 0.4375;
}

/* The 15 digits of p as they come, trailing zeros and all. */
static inline bool
fifteen_digits(double p, SfDecimal *out)
{
	int			decimals;

	if (!(p >= 0.0 && p <= 1.0))
		return false;
	if (four_decimals(p, &out->digits))
		decimals = 4;
	else if (fifteen_decimals(p, &out->digits))
		decimals = 15;
	else
	{
		if (p < 1e-8)
			return false;
		/* the first digit stands at 10^-1, 10^-2, … */
		decimals = p >= 1e-1 ? 15 : p >= 1e-2 ? 16 : p >= 1e-3 ? 17 : p >= 1e-4 ? 18 :
			p >= 1e-5 ? 19 : p >= 1e-6 ? 20 : p >= 1e-7 ? 21 : 22;
		out->digits = scaled_significand(p, decimals);
	}
	out->exponent = -decimals;
	out->negative = false;
	return true;
}

static inline void
settle_decimal(SfDecimal *d)
{
	if (d->digits == 0)
		d->exponent = 0;
	else
		strip_zeros(d);
	/* one, stripped, is a digit with no decimals; no probability is larger */
	d->scale = -d->exponent;
}

bool
sf_probability_decimal(double p, SfDecimal *out)
{
	SfDecimal	d;

	if (!fifteen_digits(p, &d))
		return false;
	settle_decimal(&d);
	*out = d;
	return true;
}

bool
sf_decimal_is_probability(const SfDecimal *p)
{
	if (p->digits == 0)
		return true;
	if (p->negative || p->exponent > 0)
		return false;
	return -p->exponent > MAX_POWER || p->digits <= power_of_ten[-p->exponent];
}

/* a * b * 10^shift, if that stays below PRODUCT_LIMIT; a and b below 2^54. */
static inline bool
scaled_product(uint64_t a, uint64_t b, int shift, uint128 *units)
{
	uint64_t	power = shift <= 19 ? (uint64_t) power_of_ten[shift] : 0;
	uint64_t	scaled;

	/* the power goes to the factor that stays within 64 bits with it */
	if (power != 0 && !__builtin_mul_overflow(b, power, &scaled))
		*units = (uint128) a * scaled;
	else if (power != 0 && !__builtin_mul_overflow(a, power, &scaled))
		*units = (uint128) b * scaled;
	else if (__builtin_mul_overflow((uint128) a * b, power_of_ten[shift], units))
		return false;
	return *units < PRODUCT_LIMIT;
}

static inline bool
product_of(const SfDecimal *amount, const SfDecimal *probability, int128 *product)
{
	int			shift = SF_FIXED_SCALE + amount->exponent + probability->exponent;
	uint64_t	digits = amount->digits;
	uint128		units;

	if (digits == 0 || probability->digits == 0)
	{
		*product = 0;
		return true;
	}
	/* a numeric keeps its digits in fours: two of them may be idle zeros */
	while (shift < 0 && digits % 10 == 0)
	{
		digits /= 10;
		shift++;
	}
	if (shift < 0 || shift > MAX_POWER)
		return false;
	if (!scaled_product(digits, probability->digits, shift, &units))
		return false;
	*product = amount->negative ? -(int128) units : (int128) units;
	return true;
}

bool
sf_fixed_product(const SfDecimal *amount, const SfDecimal *probability, SfInt128 *product)
{
	int128		units;

	if (!product_of(amount, probability, &units))
		return false;
	*product = store(units);
	return true;
}

bool
sf_fixed_add_row(SfFixedSum *s, const SfDecimal *amount, double p)
{
	SfDecimal	d;
	int128		product;
	int128		total;

	if (!fifteen_digits(p, &d))
		return false;
	/* where the idle zeros of p do not fit, they are dropped */
	if (!product_of(amount, &d, &product))
	{
		settle_decimal(&d);
		if (!product_of(amount, &d, &product))
			return false;
	}
	if (__builtin_add_overflow(load(s->total), product, &total))
		return false;
	/* how many decimals to show matters only where they may be the most */
	if (s->count == 0 || amount->scale - d.exponent >= s->scale)
	{
		settle_decimal(&d);
		sf_fixed_count(s, amount->scale + d.scale);
	}
	else
		s->count++;
	s->total = store(total);
	return true;
}

bool
sf_fixed_add(SfInt128 *total, SfInt128 term)
{
	int128		sum;

	if (__builtin_add_overflow(load(*total), load(term), &sum))
		return false;
	*total = store(sum);
	return true;
}

bool
sf_fixed_subtract(SfInt128 *total, SfInt128 term)
{
	int128		difference;

	if (__builtin_sub_overflow(load(*total), load(term), &difference))
		return false;
	*total = store(difference);
	return true;
}

#else							/* no 128-bit integer */

bool
sf_probability_decimal(double p, SfDecimal *out)
{
	(void) p;
	(void) out;
	return false;
}

bool
sf_fixed_add_row(SfFixedSum *s, const SfDecimal *amount, double p)
{
	(void) s;
	(void) amount;
	(void) p;
	return false;
}

bool
sf_decimal_is_probability(const SfDecimal *p)
{
	uint64_t	one = 1;

	if (p->digits == 0)
		return true;
	if (p->negative || p->exponent > 0)
		return false;
	for (int i = 0; i < -p->exponent && one < p->digits; i++)
	{
		if (one > UINT64_MAX / 10)
			return true;
		one *= 10;
	}
	return p->digits <= one;
}

bool
sf_fixed_product(const SfDecimal *amount, const SfDecimal *probability, SfInt128 *product)
{
	(void) amount;
	(void) probability;
	(void) product;
	return false;
}

/* Nothing is ever added, so the totals are all zero. */
bool
sf_fixed_add(SfInt128 *total, SfInt128 term)
{
	(void) total;
	return term.low == 0 && term.high == 0;
}

bool
sf_fixed_subtract(SfInt128 *total, SfInt128 term)
{
	return sf_fixed_add(total, term);
}

#endif

void
sf_fixed_count(SfFixedSum *s, int32_t scale)
{
	if (s->count == 0 || scale > s->scale)
	{
		s->scale = scale;
		s->at_scale = 0;
	}
	if (scale == s->scale)
		s->at_scale++;
	s->count++;
}

bool
sf_fixed_uncount(SfFixedSum *s, int32_t scale)
{
	s->count--;
	if (scale == s->scale)
		s->at_scale--;
	return s->at_scale > 0 || s->count == 0;
}

void
sf_fixed_merge_counts(SfFixedSum *s, const SfFixedSum *other)
{
	if (other->count == 0)
		return;
	if (s->count == 0 || other->scale > s->scale)
	{
		s->scale = other->scale;
		s->at_scale = other->at_scale;
	}
	else if (other->scale == s->scale)
		s->at_scale += other->at_scale;
	s->count += other->count;
}
