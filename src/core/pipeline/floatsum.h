/*
 * floatsum.h
 *		Compensated sum of amount * probability in double precision.
 *
 * The running total is a double-double with the exact product of each row, so
 * the result is right to the last bit in practice.  A row that leaves a window
 * is subtracted; once that could cost a bit of the result the caller is told to
 * start over (1e300 leaves, and the 1 beside it is lost).
 */
#ifndef SF_FLOATSUM_H
#define SF_FLOATSUM_H

#include "core/base/ctx.h"
#include "core/base/sum.h"

typedef struct SfFloatSum
{
	int64_t		count;			/* rows in the sum */
	int64_t		steps;			/* additions and subtractions so far */
	SfSum		total;
	double		peak;			/* largest partial sum or term so far */
} SfFloatSum;

/*
 * sf_float_sum_add
 *		Add amount * probability.  SF_BAD_DATA: probability outside 0 .. 1 or a
 *		NaN; SF_OVERFLOW: amount or sum not finite.  s is unchanged on failure.
 */
extern SfStatus sf_float_sum_add(SfCtx *ctx, SfFloatSum *s, double amount, double probability);

/*
 * sf_float_sum_remove
 *		Take back a row that was added.  False: the rest cannot be known to the
 *		last bit, sum the remaining rows anew; s is then meaningless.
 */
extern bool sf_float_sum_remove(SfFloatSum *s, double amount, double probability);

/* SF_OVERFLOW when the sum of both is not finite; s is then unchanged. */
extern SfStatus sf_float_sum_merge(SfCtx *ctx, SfFloatSum *s, const SfFloatSum *other);

/* The rules every amount and probability obeys, told once for the whole room. */
extern SfStatus sf_check_amount(SfCtx *ctx, double amount);
extern SfStatus sf_check_probability(SfCtx *ctx, double probability);

#endif							/* SF_FLOATSUM_H */
