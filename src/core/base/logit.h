/*
 * logit.h
 *		Exponentials and logarithms that are the same bits on every processor.
 *
 * A C library may pick another code path, and other last bits, where a processor
 * has fused multiplication.  These use additions, multiplications, divisions and
 * the bits of a double only; numbers that are stored or that decide something
 * come from them.  Relative errors are below 4e-16.
 *
 * Source: argument reduction by powers of two and series, as in Muller,
 * Elementary Functions, 3rd edition, 2016, chapters 3 and 11.
 */
#ifndef SF_LOGIT_H
#define SF_LOGIT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* exp(x) for |x| <= 700, without a branch: a compiler takes several at a time. */
static inline double
sf_exp_within(double x)
{
	const double round = 0x1.8p52;
	double		k = x * 0x1.71547652b82fep0 + round;	/* 1 / log 2 */
	double		n = k - round;
	double		r = (x - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40; /* log 2 in two parts */
	double		square = r * r;
	double		even = 1.0 / 479001600.0;
	double		odd = 1.0 / 6227020800.0;
	uint64_t	bits;
	double		power;

	/* powers of r from the second on, even and odd ones side by side */
	even = even * square + 1.0 / 3628800.0;
	odd = odd * square + 1.0 / 39916800.0;
	even = even * square + 1.0 / 40320.0;
	odd = odd * square + 1.0 / 362880.0;
	even = even * square + 1.0 / 720.0;
	odd = odd * square + 1.0 / 5040.0;
	even = even * square + 1.0 / 24.0;
	odd = odd * square + 1.0 / 120.0;
	even = even * square + 0.5;
	odd = odd * square + 1.0 / 6.0;
	memcpy(&bits, &k, sizeof bits);
	bits = (bits + 1023) << 52;
	memcpy(&power, &bits, sizeof power);
	return (1.0 + (r + square * (even + r * odd))) * power;
}

/* All x; Infinity, 0 and NaN as exp() has them. */
extern double sf_exp(double x);

/* exp(x) - 1 without cancellation near 0. */
extern double sf_expm1(double x);

/* The natural logarithm; -Infinity of 0, NaN below. */
extern double sf_log(double x);

/* log(1 + x) without cancellation near 0. */
extern double sf_log1p(double x);

/* 1 / (1 + exp(-x)), within 0 .. 1. */
extern double sf_logistic(double x);

/* log(1 + exp(x)): the loss of log-odds x of a deal that was lost. */
extern double sf_log1p_exp(double x);

/* log(p / (1 - p)) of p in 0 .. 1. */
extern double sf_logit(double p);

/* asin(sqrt(p)) of p in 0 .. 1: on this scale all rates are about equally uncertain. */
extern double sf_asin_root(double p);

#endif							/* SF_LOGIT_H */
