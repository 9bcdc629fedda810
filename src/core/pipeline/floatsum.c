/*
 * floatsum.c
 *		Compensated sum of amount * probability in double precision.
 */
#include "core/pipeline/floatsum.h"

#include <math.h>

SfStatus
sf_check_amount(SfCtx *ctx, double amount)
{
	if (isnan(amount))
		return sf_fail(ctx, SF_BAD_DATA, "amount must be a number, not NaN");
	if (isinf(amount))
		return sf_fail(ctx, SF_OVERFLOW, "amount must be finite");
	return SF_OK;
}

SfStatus
sf_check_probability(SfCtx *ctx, double probability)
{
	if (!(probability >= 0.0 && probability <= 1.0))
		return sf_fail_value(ctx, SF_BAD_DATA, "probability is outside 0 to 1", probability);
	return SF_OK;
}

/* The new total, or SF_OVERFLOW with s as it was. */
static SfStatus
change_total(SfCtx *ctx, SfFloatSum *s, double term, double term_lo, int64_t rows)
{
	SfSum		total = s->total;

	sf_sum_add_pair(&total, term, term_lo);
	if (!isfinite(total.hi) || !isfinite(total.lo))
		return sf_fail(ctx, SF_OVERFLOW, "weighted value is out of range for double precision");
	s->total = total;
	s->count += rows;
	s->steps++;
	s->peak = fmax(s->peak, fmax(fabs(term), fabs(total.hi)));
	return SF_OK;
}

SfStatus
sf_float_sum_add(SfCtx *ctx, SfFloatSum *s, double amount, double probability)
{
	SfStatus	status = sf_check_amount(ctx, amount);
	double		product;

	if (status == SF_OK)
		status = sf_check_probability(ctx, probability);
	if (status != SF_OK)
		return status;
	product = amount * probability;
	return change_total(ctx, s, product, fma(amount, probability, -product), 1);
}

bool
sf_float_sum_remove(SfFloatSum *s, double amount, double probability)
{
	double		product = amount * probability;

	sf_sum_add_pair(&s->total, -product, -fma(amount, probability, -product));
	s->count--;
	s->steps++;
	if (s->count == 0)
	{
		*s = (SfFloatSum) {0};
		return true;
	}
	/*
	 * Each step errs by at most 2^-103 of the peak.  The rest is good to half
	 * an ulp as long as those errors stay below 2^-55 of it.
	 */
	return s->peak * (double) s->steps * 0x1p-103 <= fabs(s->total.hi) * 0x1p-55;
}

SfStatus
sf_float_sum_merge(SfCtx *ctx, SfFloatSum *s, const SfFloatSum *other)
{
	SfStatus	status = change_total(ctx, s, other->total.hi, other->total.lo, other->count);

	if (status == SF_OK)
	{
		s->steps += other->steps;
		s->peak = fmax(s->peak, other->peak);
	}
	return status;
}
