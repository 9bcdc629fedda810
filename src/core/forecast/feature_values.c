/*
 * feature_values.c
 *		Features of the values of a series, whatever their order, and of where it
 *		ends.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/base/sort.h"

#define BINS 10

/* Zeros, signs, and the values that are not 0; defined for a constant series too. */
static void
zeros_and_sizes(const SfTrace *t, double *out)
{
	double		sum = 0.0;
	double		squares = 0.0;
	int32_t		negative = 0;
	int32_t		demands = 0;
	int32_t		last = -1;

	for (int32_t i = 0; i < t->n; i++)
	{
		negative += t->y[i] < 0.0;
		sum += t->y[i];
		if (t->y[i] != 0.0)
		{
			demands++;
			last = i;
		}
	}
	out[SF_FEATURE_ZERO_SHARE] = (double) (t->n - demands) / t->n;
	out[SF_FEATURE_ZERO_TAIL] = (double) (t->n - 1 - last) / t->n;
	out[SF_FEATURE_NEGATIVE_SHARE] = (double) negative / t->n;
	out[SF_FEATURE_DEMAND_INTERVAL] = demands == 0 ? t->n + 1.0 : (double) t->n / demands;
	if (demands < 2 || sum == 0.0)
		return;
	for (int32_t i = 0; i < t->n; i++)
		if (t->y[i] != 0.0)
			squares += (t->y[i] - sum / demands) * (t->y[i] - sum / demands);
	squares = squares / (demands - 1.0) / (sum / demands) / (sum / demands);
	/* the mean may be next to 0 when signs differ */
	out[SF_FEATURE_DEMAND_CV2] = fmin(squares, 1e6);
}

/* sorted: x in ascending order */
static void
order_statistics(const SfTrace *t, const double *sorted, double *out)
{
	SfVectorView view = {sorted, t->n};
	int32_t		bin[BINS] = {0};
	double		width = (sorted[t->n - 1] - sorted[0]) / BINS;
	int32_t		distinct = 1;
	int			mode = 0;

	for (int32_t i = 0; i < t->n; i++)
	{
		int			at = (int) ((sorted[i] - sorted[0]) / width);

		bin[at < BINS ? at : BINS - 1]++;
		distinct += i > 0 && sorted[i] != sorted[i - 1];
	}
	for (int b = 1; b < BINS; b++)
		if (bin[b] > bin[mode])
			mode = b;
	out[SF_FEATURE_MEDIAN_GAP] = -sf_sorted_quantile(view, 0.5);
	out[SF_FEATURE_QUARTILE_RANGE] = sf_sorted_quantile(view, 0.75) - sf_sorted_quantile(view, 0.25);
	out[SF_FEATURE_DISTINCT_SHARE] = (double) distinct / t->n;
	out[SF_FEATURE_HISTOGRAM_MODE] = sorted[0] + (mode + 0.5) * width;
}

static double
mean_of(const double *z, int32_t from, int32_t to)
{
	double		sum = 0.0;

	for (int32_t i = from; i < to; i++)
		sum += z[i];
	return sum / (to - from);
}

/* (b - a) / (|a| + |b|) */
static double
change(double a, double b)
{
	double		size = fabs(a) + fabs(b);

	return size > 0.0 ? (b - a) / size : 0.0;
}

static void
ends(const SfTrace *t, double *out)
{
	int32_t		n = t->n;
	int32_t		cycle = t->m > 1 ? t->m : 10;
	int32_t		third = n / 3;

	out[SF_FEATURE_LAST_VALUE] = t->x[n - 1];
	out[SF_FEATURE_LAST_CYCLE] = mean_of(t->x, n > cycle ? n - cycle : 0, n);
	if (third > 0)
		out[SF_FEATURE_GROWTH] = change(mean_of(t->y, 0, third), mean_of(t->y, n - third, n));
	if (n >= 2 * cycle)
		out[SF_FEATURE_GROWTH_CYCLE] = change(mean_of(t->y, n - 2 * cycle, n - cycle),
											  mean_of(t->y, n - cycle, n));
	if (n >= 4)
		out[SF_FEATURE_VARIANCE_GROWTH] = change(sf_moments(t->x, n / 2).variance,
												 sf_moments(t->x + n - n / 2, n / 2).variance);
}

void
sf_feature_values(const SfTrace *t, double *out)
{
	SfMoments	shape = sf_moments(t->x, t->n);
	double		size = 0.0;

	zeros_and_sizes(t, out);
	if (!(shape.variance > 0.0))
	{
		out[SF_FEATURE_DISTINCT_SHARE] = 1.0 / t->n;
		return;
	}
	for (int32_t i = 0; i < t->n; i++)
		size += fabs(t->y[i]);
	out[SF_FEATURE_VARIATION] = sqrt(sf_moments(t->y, t->n).variance) / (size / t->n);
	out[SF_FEATURE_SKEWNESS] = shape.skewness;
	out[SF_FEATURE_KURTOSIS] = shape.kurtosis;
	memcpy(t->work[0], t->x, (size_t) t->n * sizeof(double));
	sf_sort(t->work[0], t->n);
	order_statistics(t, t->work[0], out);
	ends(t, out);
}
