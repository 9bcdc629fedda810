/*
 * logistic_errors.c
 *		How far the weights may be off, and how many parameters they are worth.
 */
#include "core/winprob/logistic_errors.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/dot.h"
#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LANES 8

/* L^-1, transposed: column j is diagonal[j] and then x[j * n + i] for i > j. */
typedef struct Inverse
{
	double	   *x;				/* [n][n] above the diagonal; L below and on it */
	double	   *diagonal;
	int64_t		n;
} Inverse;

/* out += times * column j of L^-1 */
SF_VECTOR_CLONES static void
add_column(const Inverse *inverse, int64_t j, double times, double *restrict out)
{
	const double *restrict column = inverse->x + j * inverse->n;

	out[j] += times * inverse->diagonal[j];
	for (int64_t i = j + 1; i < inverse->n; i++)
		out[i] += times * column[i];
}

static SfStatus
invert(SfCtx *ctx, Inverse *inverse)
{
	int64_t		n = inverse->n;

	for (int64_t j = 0; j < n; j++)
	{
		double	   *column = inverse->x + j * n;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		inverse->diagonal[j] = 1.0 / inverse->x[j * n + j];
		for (int64_t i = j + 1; i < n; i++)
		{
			const double *row = inverse->x + i * n;

			column[i] = -(row[j] * inverse->diagonal[j] + sf_dot(row + j + 1, column + j + 1, i - j - 1)) / row[i];
		}
	}
	return SF_OK;
}

static double
square_column(const Inverse *inverse, int64_t j)
{
	const double *column = inverse->x + j * inverse->n;

	return inverse->diagonal[j] * inverse->diagonal[j] +
		sf_dot(column + j + 1, column + j + 1, inverse->n - j - 1);
}

/* Singular to the last digit: an error is large then, not infinite. */
static double
root(double variance)
{
	return fmin(sqrt(fmax(variance, 0.0)), DBL_MAX);
}

static bool
on_slope(const SfLogisticDesign *d, int32_t f, int32_t c)
{
	return d->linear[f] && c > d->offset[f] && c < d->offset[f + 1] - 1 && d->unknown[c] >= 0;
}

static bool
shown(const SfLogisticDesign *d, int32_t f, int32_t c)
{
	return d->share[c] > 0.0 || on_slope(d, f, c);
}

/* Errors of one feature's weights; mean[n]: L^-1 times their average. */
static void
feature_errors(const SfLogisticDesign *d, const Inverse *inverse, int32_t f, double *mean, double *work,
			   double *error)
{
	size_t		bytes = (size_t) inverse->n * sizeof(double);

	memset(mean, 0, bytes);
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
		if (d->unknown[c] >= 0 && d->share[c] > 0.0)
			add_column(inverse, d->unknown[c], -d->share[c] * d->factor[c], mean);
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
	{
		error[c] = 0.0;
		if (!shown(d, f, c))
			continue;
		memcpy(work, mean, bytes);
		if (d->unknown[c] >= 0)
			add_column(inverse, d->unknown[c], d->factor[c], work);
		error[c] = root(sf_dot(work, work, inverse->n));
	}
}

/* trace (H + P)^-1 P, what jitter added counted as a part of P */
static double
trace(const SfLogisticDesign *d, const SfLogisticOptimum *optimum, const Inverse *inverse, double *work)
{
	int64_t		n = inverse->n;
	double		sum = 0.0;

	for (int64_t j = 0; j < n; j++)
		sum += ((j > 0 ? d->ridge : 0.0) + optimum->jitter * optimum->information[j * n + j]) * square_column(inverse, j);
	for (int32_t f = 0; f < d->features; f++)
		for (int32_t c = d->offset[f] + 1; sf_logistic_smooth(d, f) && c < d->offset[f + 1] - 2; c++)
		{
			memset(work, 0, (size_t) n * sizeof(double));
			if (d->unknown[c] >= 0)
				add_column(inverse, d->unknown[c], 1.0, work);
			if (d->unknown[c + 1] >= 0)
				add_column(inverse, d->unknown[c + 1], -1.0, work);
			sum += d->smoothness * sf_dot(work, work, n);
		}
	return sum;
}

static SfStatus
take(SfArena *arena, const SfLogisticDesign *d, SfLogisticErrors *errors)
{
	errors->weight = sf_arena_take(arena, (size_t) d->codes, sizeof(double));
	errors->slope = sf_arena_take(arena, (size_t) d->features, sizeof(double));
	if (errors->weight == NULL || errors->slope == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < d->features; f++)
		errors->slope[f] = NAN;
	return SF_OK;
}

SfStatus
sf_logistic_errors(SfArena *arena, const SfLogisticDesign *d, SfLogisticOptimum *optimum, SfLogisticErrors *errors)
{
	size_t		n = (size_t) d->unknowns;
	SfStatus	status = take(arena, d, errors);
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *work = sf_arena_take(arena, n, 4 * sizeof(double));
	double	   *mean;
	double	   *average;
	Inverse		inverse = {.x = optimum->factor, .n = d->unknowns};

	if (status != SF_OK)
		return status;
	if (work == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	mean = work + n;
	average = work + 2 * n;
	inverse.diagonal = work + 3 * n;
	status = invert(arena->ctx, &inverse);
	if (status != SF_OK)
		return status;
	/* the intercept after centring: u[0] + the averages of all features */
	memset(average, 0, n * sizeof(double));
	add_column(&inverse, 0, 1.0, average);
	for (int32_t f = 0; f < d->features; f++)
	{
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		feature_errors(d, &inverse, f, mean, work, errors->weight);
		for (size_t i = 0; i < n; i++)
			average[i] -= mean[i];
	}
	errors->intercept = root(sf_dot(average, average, inverse.n));
	for (int32_t s = 0; s < d->slopes; s++)
		if (!d->slope[s].alone)
			errors->slope[d->slope[s].feature] = root(square_column(&inverse, d->slope[s].unknown));
	errors->parameters = fmax(1.0, (double) n - trace(d, optimum, &inverse, work));
	sf_arena_rewind(arena, mark);
	return SF_OK;
}

/* diagonal of H becomes the variance, 1 / (H + P); the sum of H / (H + P) */
static double
variances(const SfLogisticDesign *d, double *diagonal, double *penalty)
{
	double		parameters = 0.0;

	memset(penalty, 0, (size_t) d->unknowns * sizeof(double));
	for (int32_t i = 1; i < d->unknowns; i++)
		penalty[i] = d->ridge;
	for (int32_t f = 0; f < d->features; f++)
		for (int32_t c = d->offset[f] + 1; sf_logistic_smooth(d, f) && c < d->offset[f + 1] - 2; c++)
			for (int32_t k = c; k <= c + 1; k++)
				if (d->unknown[k] >= 0)
					penalty[d->unknown[k]] += d->smoothness;
	for (int32_t i = 0; i < d->unknowns; i++)
	{
		double		information = fmax(diagonal[i] + penalty[i], DBL_MIN * 16);

		parameters += diagonal[i] / information;
		diagonal[i] = 1.0 / information;
	}
	return parameters;
}

/* Errors of one feature's weights; the variance of their average. */
static double
diagonal_feature(const SfLogisticDesign *d, int32_t f, const double *variance, double *error)
{
	double		mean = 0.0;

	/* z averages 0, so slopes do not move the average */
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
		if (d->unknown[c] >= 0 && !on_slope(d, f, c))
			mean += d->share[c] * d->share[c] * variance[d->unknown[c]];
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
	{
		double		own = 0.0;

		if (on_slope(d, f, c))
			own = d->factor[c] * d->factor[c] * variance[d->unknown[c]];
		else if (d->unknown[c] >= 0)
			own = (1.0 - 2.0 * d->share[c]) * variance[d->unknown[c]];
		error[c] = shown(d, f, c) ? root(mean + own) : 0.0;
	}
	return mean;
}

SfStatus
sf_logistic_errors_diagonal(SfArena *arena, const SfLogisticDesign *d, double *diagonal, SfLogisticErrors *errors)
{
	SfStatus	status = take(arena, d, errors);
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *penalty = sf_arena_take(arena, (size_t) d->unknowns, sizeof(double));
	double		intercept;

	if (status != SF_OK)
		return status;
	if (penalty == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	errors->parameters = fmax(1.0, variances(d, diagonal, penalty));
	intercept = diagonal[0];
	for (int32_t f = 0; f < d->features; f++)
		intercept += diagonal_feature(d, f, diagonal, errors->weight);
	for (int32_t s = 0; s < d->slopes; s++)
		if (!d->slope[s].alone)
			errors->slope[d->slope[s].feature] = root(diagonal[d->slope[s].unknown]);
	errors->intercept = root(intercept);
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
