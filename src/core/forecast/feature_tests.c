/*
 * feature_tests.c
 *		Features that are statistics of tests: unit roots, nonlinearity, drift and
 *		runs.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#define DRIFT_MAX 1000.0

/* Lags of Bartlett's window in the long-run variance of n errors. */
static int32_t
bartlett_lags(int32_t n)
{
	return (int32_t) (4.0 * sqrt(sqrt(n / 100.0)));
}

/* 2 / n * sum over the lags of weight * sum e_t e_(t-l) */
static double
covariance_terms(const double *e, int32_t n, int32_t lags)
{
	double		sum = 0.0;

	for (int32_t l = 1; l <= lags && l < n; l++)
	{
		double		products = 0.0;

		for (int32_t i = l; i < n; i++)
			products += e[i] * e[i - l];
		sum += (1.0 - l / (lags + 1.0)) * products;
	}
	return 2.0 * sum / n;
}

static void
kpss(const SfTrace *t, double *out)
{
	double		n = t->n;
	double		sum = 0.0;
	double		squares = 0.0;
	double		variance = (n - 1.0) / n;	/* of x, about 0 */

	for (int32_t i = 0; i < t->n; i++)
	{
		sum += t->x[i];
		squares += sum * sum;
	}
	variance += covariance_terms(t->x, t->n, bartlett_lags(t->n));
	if (variance > SF_FEATURE_NOTHING)
		out[SF_FEATURE_KPSS] = squares / (n * n) / variance;
}

static void
phillips_perron(const SfTrace *t, double *out)
{
	int32_t		n = t->n - 1;
	const double *now = t->x + 1;
	const double *before = t->x;
	double	   *e = t->work[0];
	SfMoments	of_now = sf_moments(now, n);
	SfMoments	of_before = sf_moments(before, n);
	double		both = 0.0;
	double		slope;

	if (!(of_now.variance > SF_FEATURE_NOTHING && of_before.variance > SF_FEATURE_NOTHING))
		return;
	for (int32_t i = 0; i < n; i++)
		both += (now[i] - of_now.mean) * (before[i] - of_before.mean);
	slope = both / n / of_before.variance;
	for (int32_t i = 0; i < n; i++)
		e[i] = now[i] - of_now.mean - slope * (before[i] - of_before.mean);
	out[SF_FEATURE_PP] = slope - 1.0 -
		covariance_terms(e, n, bartlett_lags(n)) / 2.0 / of_now.variance;
}

/*
 * Does adding x^2 and x^3 of the period before help an autoregression of order 1?
 * Polynomials orthogonal over the data, by their three-term recurrence.
 */
static void
nonlinearity(const SfTrace *t, double *out)
{
	int32_t		n = t->n - 1;
	const double *now = t->x + 1;
	const double *before = t->x;
	double	   *p = t->work[0];
	double	   *q = t->work[1];		/* the polynomial before p */
	double		q_norm = 0.0;
	double		left = sf_moments(now, n).variance * n;
	double		left_linear = left;
	double		none = 1e-12 * n;

	for (int32_t i = 0; i < n; i++)
	{
		p[i] = 1.0;
		q[i] = 0.0;
	}
	for (int degree = 0; degree <= 3; degree++)
	{
		double		norm = 0.0;
		double		shift = 0.0;
		double		along = 0.0;

		for (int32_t i = 0; i < n; i++)
		{
			norm += p[i] * p[i];
			shift += before[i] * p[i] * p[i];
			along += now[i] * p[i];
		}
		/* fewer distinct values than polynomials */
		if (!(norm > none))
			break;
		if (degree > 0)
			left -= along * along / norm;
		if (degree <= 1)
			left_linear = left;
		for (int32_t i = 0; i < n; i++)
		{
			double		next = (before[i] - shift / norm) * p[i] -
				(q_norm > 0.0 ? norm / q_norm * q[i] : 0.0);

			q[i] = p[i];
			p[i] = next;
		}
		q_norm = norm;
	}
	out[SF_FEATURE_NONLINEARITY] = 10.0 * log(fmax(left_linear, none) / fmax(left, none)) * n / t->n;
}

static void
drift(const SfTrace *t, double *out)
{
	int32_t		n = t->n - 1;
	double		mean = (t->x[n] - t->x[0]) / n;
	double		squares = 0.0;
	double		deviation;

	for (int32_t i = 0; i < n; i++)
	{
		double		d = t->x[i + 1] - t->x[i] - mean;

		squares += d * d;
	}
	deviation = sqrt(squares / (n - 1.0) / n);
	out[SF_FEATURE_DRIFT] = fabs(mean) < DRIFT_MAX * deviation ? mean / deviation
		: mean > 0.0 ? DRIFT_MAX : mean < 0.0 ? -DRIFT_MAX : 0.0;
}

static void
runs(const SfTrace *t, double *out)
{
	double		median = -out[SF_FEATURE_MEDIAN_GAP];
	double		above = 0.0;
	double		below = 0.0;
	double		count = 0.0;
	int			side = 0;
	double		expected;
	double		variance;

	for (int32_t i = 0; i < t->n; i++)
	{
		int			now = (t->x[i] > median) - (t->x[i] < median);

		/* values on the median count for neither */
		if (now == 0)
			continue;
		above += now > 0;
		below += now < 0;
		count += now != side;
		side = now;
	}
	if (above + below < 2.0)
		return;
	expected = 2.0 * above * below / (above + below);
	variance = expected * (expected - 1.0) / (above + below - 1.0);
	if (variance > 0.0)
		out[SF_FEATURE_RUNS] = (count - 1.0 - expected) / sqrt(variance);
}

/* After sf_feature_values, which finds the median. */
void
sf_feature_tests(const SfTrace *t, double *out)
{
	if (t->n < 4)
		return;
	kpss(t, out);
	phillips_perron(t, out);
	nonlinearity(t, out);
	drift(t, out);
	runs(t, out);
}
