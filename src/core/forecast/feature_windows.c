/*
 * feature_windows.c
 *		Features of blocks and of neighbouring windows: how much level and variance
 *		differ, and where they change.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#define WIDTH 10				/* without a season */

/* The variance, divisor count - 1, of the block means and of the block variances. */
static void
blocks(const SfTrace *t, int32_t width, double *out)
{
	int32_t		count = t->n / width;
	double	   *mean = t->work[0];
	double	   *variance = t->work[1];

	if (count < 2)
		return;
	for (int32_t b = 0; b < count; b++)
	{
		SfMoments	of = sf_moments(t->x + (size_t) b * width, width);

		mean[b] = of.mean;
		variance[b] = of.variance * width / (width - 1.0);
	}
	out[SF_FEATURE_LUMPINESS] = sf_moments(variance, count).variance * count / (count - 1.0);
	out[SF_FEATURE_STABILITY] = sf_moments(mean, count).variance * count / (count - 1.0);
}

/* Divergence of N(mean, variance) from N(of_mean, of_variance). */
static double
divergence(double mean, double variance, double of_mean, double of_variance)
{
	double		d = mean - of_mean;

	return (log(of_variance / variance) + (variance + d * d) / of_variance - 1.0) / 2.0;
}

/*
 * mean[i] and variance[i] of the window that starts at i.  Narrow windows anew,
 * wide ones by running sums of x and x^2, whose rounding the floor of the variance
 * covers.
 */
static int32_t
window_moments(const SfTrace *t, int32_t width, double *mean, double *variance)
{
	int32_t		count = t->n - width + 1;
	double		sum = 0.0;
	double		squares = 0.0;

	for (int32_t i = 0; i < width - 1; i++)
	{
		sum += t->x[i];
		squares += t->x[i] * t->x[i];
	}
	for (int32_t i = 0; i < count; i++)
	{
		double		in = t->x[i + width - 1];
		double		gone = t->x[i];

		sum += in;
		squares += in * in;
		mean[i] = sum / width;
		variance[i] = fmax(0.0, (squares - sum * mean[i]) / (width - 1.0));
		sum -= gone;
		squares -= gone * gone;
	}
	return count;
}

/* A change and where: the larger one is kept, the earlier of two alike. */
static void
keep_larger(double change, int32_t place, int32_t n, double *largest, double *at)
{
	if (change > *largest * (1.0 + 1e-9) && change > 1e-9)
	{
		*largest = change;
		*at = (double) place / n;
	}
}

static void
shifts(const SfTrace *t, int32_t width, double *out)
{
	double	   *mean = t->work[0];
	double	   *variance = t->work[1];
	int32_t		count;

	if (t->n < 2 * width)
		return;
	count = window_moments(t, width, mean, variance);
	for (int32_t i = 0; i + width < count; i++)
	{
		int32_t		j = i + width;		/* the window after */

		keep_larger(fabs(mean[j] - mean[i]), j, t->n,
					&out[SF_FEATURE_LEVEL_SHIFT], &out[SF_FEATURE_LEVEL_SHIFT_PLACE]);
		keep_larger(fabs(variance[j] - variance[i]), j, t->n,
					&out[SF_FEATURE_VARIANCE_SHIFT], &out[SF_FEATURE_VARIANCE_SHIFT_PLACE]);
		/* a window without variance would be infinitely far away */
		keep_larger(divergence(mean[j], variance[j] + 0.01, mean[i], variance[i] + 0.01), j, t->n,
					&out[SF_FEATURE_KL_SHIFT], &out[SF_FEATURE_KL_SHIFT_PLACE]);
	}
}

void
sf_feature_windows(const SfTrace *t, double *out)
{
	int32_t		width = t->m > 1 ? t->m : WIDTH;

	blocks(t, width, out);
	shifts(t, width, out);
}
