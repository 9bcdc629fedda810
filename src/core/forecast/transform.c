/*
 * transform.c
 *		Log and Box-Cox transforms of a series, and back.
 */
#include "core/forecast/transform.h"

#include <math.h>

#define LAMBDA_LEAST (-1.0)
#define LAMBDA_MOST 2.0
#define SPREAD_LEAST 1e-13

/* The last so many blocks are looked at. */
#define BLOCKS_MAX 10000

double
sf_box_cox(double y, double lambda)
{
	if (fabs(lambda) < 1e-8)
		return log(y);
	return expm1(lambda * log(y)) / lambda;
}

double
sf_box_cox_back(double x, double lambda)
{
	if (fabs(lambda) < 1e-8)
		return exp(x);
	if (!(lambda * x > -1.0))
		return lambda > 0 ? 0.0 : INFINITY;
	return exp(log1p(lambda * x) / lambda);
}

/* Coefficient of variation of sd / mean^(1 - lambda) over the blocks. */
static double
unevenness(const double *mean, const double *deviation, int32_t blocks, double lambda)
{
	double		sum = 0.0;
	double		square = 0.0;

	for (int32_t i = 0; i < blocks; i++)
		sum += deviation[i] / pow(mean[i], 1.0 - lambda);
	sum /= blocks;
	for (int32_t i = 0; i < blocks; i++)
	{
		double		d = deviation[i] / pow(mean[i], 1.0 - lambda) - sum;

		square += d * d;
	}
	return sum > 0 ? sqrt(square / (blocks - 1)) / sum : INFINITY;
}

SfStatus
sf_box_cox_lambda(SfArena *arena, const double *y, int32_t n, int32_t m, double *lambda)
{
	int32_t		length = m > 2 ? m : 2;
	int32_t		blocks = n / length < BLOCKS_MAX ? n / length : BLOCKS_MAX;
	const double *first = y + (n - blocks * length);
	double	   *mean;
	double	   *deviation;
	double		lo = LAMBDA_LEAST;
	double		hi = LAMBDA_MOST;

	*lambda = 1.0;
	if (blocks < 2)
		return SF_OK;
	mean = sf_arena_take(arena, (size_t) blocks, 2 * sizeof(double));
	if (mean == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	deviation = mean + blocks;
	for (int32_t i = 0; i < blocks; i++)
	{
		double		square = 0.0;

		mean[i] = 0.0;
		for (int32_t j = 0; j < length; j++)
			mean[i] += first[i * length + j] / length;
		for (int32_t j = 0; j < length; j++)
		{
			double		d = first[i * length + j] - mean[i];

			square += d * d;
		}
		deviation[i] = sqrt(square / (length - 1));
		/* the rounding of a constant is no spread */
		if (deviation[i] < SPREAD_LEAST * mean[i])
			deviation[i] = 0.0;
	}
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	/* ternary search: the function has one valley in practice */
	for (int i = 0; i < 60; i++)
	{
		double		a = lo + (hi - lo) / 3;
		double		b = hi - (hi - lo) / 3;

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (unevenness(mean, deviation, blocks, a) <= unevenness(mean, deviation, blocks, b))
			hi = b;
		else
			lo = a;
	}
	if (unevenness(mean, deviation, blocks, 0.5 * (lo + hi)) < INFINITY)
		*lambda = 0.5 * (lo + hi);
	return SF_OK;
}
