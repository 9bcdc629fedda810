/*
 * feature_path.c
 *		Features of the path a series takes: crossings, turns, runs and steps.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#define BINS 10
#define LARGE_STEP 0.4

static void
crossings_and_runs(const SfTrace *t, double *out)
{
	double		median = -out[SF_FEATURE_MEDIAN_GAP];
	int32_t		crossings = 0;
	int32_t		turns = 0;
	int32_t		rise = 0;
	int32_t		longest_rise = 0;
	int32_t		above = 0;
	int32_t		longest_above = 0;

	for (int32_t i = 0; i < t->n; i++)
	{
		above = t->x[i] > 0.0 ? above + 1 : 0;
		longest_above = above > longest_above ? above : longest_above;
		if (i == 0)
			continue;
		crossings += (t->x[i] <= median) != (t->x[i - 1] <= median);
		rise = t->x[i] > t->x[i - 1] ? rise + 1 : 0;
		longest_rise = rise > longest_rise ? rise : longest_rise;
		if (i >= 2)
			turns += (t->x[i - 1] > t->x[i] && t->x[i - 1] > t->x[i - 2]) ||
				(t->x[i - 1] < t->x[i] && t->x[i - 1] < t->x[i - 2]);
	}
	out[SF_FEATURE_CROSSING_POINTS] = crossings / (t->n - 1.0);
	out[SF_FEATURE_LONGEST_RISE] = longest_rise / (t->n - 1.0);
	out[SF_FEATURE_LONGEST_ABOVE] = (double) longest_above / t->n;
	if (t->n > 2)
		out[SF_FEATURE_TURNING_POINTS] = turns / (t->n - 2.0);
}

static void
flat_spots(const SfTrace *t, double *out)
{
	double		lowest = t->x[0];
	double		highest = t->x[0];
	int32_t		run = 0;
	int32_t		longest = 0;
	int			before = -1;

	for (int32_t i = 1; i < t->n; i++)
	{
		lowest = fmin(lowest, t->x[i]);
		highest = fmax(highest, t->x[i]);
	}
	for (int32_t i = 0; i < t->n; i++)
	{
		int			bin = (int) ((t->x[i] - lowest) / (highest - lowest) * BINS);

		/* the highest value belongs to the last bin */
		bin = bin < BINS ? bin : BINS - 1;
		run = bin == before ? run + 1 : 1;
		before = bin;
		longest = run > longest ? run : longest;
	}
	out[SF_FEATURE_FLAT_SPOTS] = (double) longest / t->n;
}

/* Which of the six orders of three values; equal ones count as rising. */
static int
order_of(const double *x)
{
	return (x[0] <= x[1] ? 0 : 1) + (x[1] <= x[2] ? 0 : 2) + (x[0] <= x[2] ? 0 : 4);
}

static void
order_entropy(const SfTrace *t, double *out)
{
	int32_t		count[8] = {0};
	double		entropy = 0.0;

	for (int32_t i = 0; i + 2 < t->n; i++)
		count[order_of(t->x + i)]++;
	for (int k = 0; k < 8; k++)
		if (count[k] > 0)
		{
			double		share = count[k] / (t->n - 2.0);

			entropy -= share * log(share);
		}
	out[SF_FEATURE_ORDER_ENTROPY] = fmin(1.0, entropy / log(6.0));
}

static void
steps(const SfTrace *t, double *out)
{
	int32_t		n = t->n - 1;
	double	   *d = t->work[0];
	double		second = 0.0;
	double		third = 0.0;
	int32_t		large = 0;
	double		first_variance;
	double		second_variance;

	for (int32_t i = 0; i < n; i++)
	{
		d[i] = t->x[i + 1] - t->x[i];
		second += d[i] * d[i];
		third += d[i] * d[i] * d[i];
		large += fabs(d[i]) > LARGE_STEP;
	}
	second /= n;
	out[SF_FEATURE_LARGE_STEPS] = (double) large / n;
	if (second > SF_FEATURE_NOTHING)
		out[SF_FEATURE_TIME_ASYMMETRY] = third / n / (second * sqrt(second));
	first_variance = sf_moments(d, n).variance;
	out[SF_FEATURE_MOBILITY] = sqrt(first_variance * t->n / (t->n - 1.0));
	for (int32_t i = 0; i + 1 < n; i++)
		d[i] = d[i + 1] - d[i];
	second_variance = sf_moments(d, n - 1).variance;
	if (first_variance > SF_FEATURE_NOTHING)
		out[SF_FEATURE_COMPLEXITY] =
			sqrt(second_variance * (t->n - 1.0) / t->n) / first_variance;
}

/* After sf_feature_values, which finds the median. */
void
sf_feature_path(const SfTrace *t, double *out)
{
	crossings_and_runs(t, out);
	flat_spots(t, out);
	if (t->n < 3)
		return;
	order_entropy(t, out);
	steps(t, out);
}
