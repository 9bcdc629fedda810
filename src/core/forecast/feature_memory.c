/*
 * feature_memory.c
 *		Features of what a series remembers: autocorrelations, an autoregression
 *		and its spectrum, changing variance, long memory.
 *
 * Partial autocorrelations and the autoregression come from the Levinson-Durbin
 * recursion over the autocorrelations (Brockwell & Davis, Time Series: Theory and
 * Methods, 2nd ed., 5.2.1); the spectrum of order p at frequency w is
 * v / |1 - sum phi_k exp(-i k w)|^2, taken in the middle of SPECTRUM_POINTS equal
 * steps to Nyquist.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#define LAGS_MAX 60				/* of any recursion */
#define ORDER_MAX 40			/* of the autoregression: 10 log10(n) */
#define SPECTRUM_POINTS 64
#define ARCH_LAGS 12
#define PI 3.14159265358979323846

void
sf_autocorrelation(const double *z, int32_t n, int32_t lags, double *acf)
{
	double		mean = 0.0;
	double		largest = 0.0;

	for (int32_t i = 0; i < n; i++)
		mean += z[i];
	mean = n > 0 ? mean / n : 0.0;
	for (int32_t k = 0; k <= lags; k++)
	{
		double		sum = 0.0;

		for (int32_t i = k; i < n; i++)
			sum += (z[i] - mean) * (z[i - k] - mean);
		acf[k] = sum;
	}
	for (int32_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(z[i]));
	if (!(acf[0] > SF_FEATURE_NOTHING * largest * largest * n))
	{
		for (int32_t k = 0; k <= lags; k++)
			acf[k] = 0.0;
		return;
	}
	for (int32_t k = lags; k >= 0; k--)
		acf[k] /= acf[0];
}

/* An autoregression chosen by AIC. */
typedef struct Autoregression
{
	int32_t		order;
	double		phi[ORDER_MAX + 1];		/* from 1 on */
	double		left;			/* share of the variance that it leaves */
} Autoregression;

/*
 * pacf[1 .. lags] from acf[0 .. lags], 0 once nothing is left; the best order of
 * at most order_max for n observations in *ar, unless NULL.
 */
static void
levinson(const double *acf, int32_t lags, int32_t n, int32_t order_max, double *pacf, Autoregression *ar)
{
	double		phi[LAGS_MAX + 1];
	double		left = 1.0;
	double		least = 0.0;	/* n log(left) + 2 order, of order 0 */

	for (int32_t k = 1; k <= lags; k++)
	{
		double		sum = acf[k];

		pacf[k] = 0.0;
		if (acf[0] == 0.0 || !(left > 1e-12))
			continue;
		for (int32_t j = 1; j < k; j++)
			sum -= phi[j] * acf[k - j];
		pacf[k] = phi[k] = sum / left;
		for (int32_t j = 1; j <= (k - 1) / 2; j++)
		{
			double		a = phi[j];
			double		b = phi[k - j];

			phi[j] = a - phi[k] * b;
			phi[k - j] = b - phi[k] * a;
		}
		if (k % 2 == 0)
			phi[k / 2] -= phi[k] * phi[k / 2];
		left *= 1.0 - phi[k] * phi[k];
		if (ar != NULL && k <= order_max && left > 1e-12 && n * log(left) + 2.0 * k < least)
		{
			least = n * log(left) + 2.0 * k;
			ar->order = k;
			ar->left = left;
			for (int32_t j = 1; j <= k; j++)
				ar->phi[j] = phi[j];
		}
	}
}

static double
sum_of_squares(const double *r, int32_t from, int32_t to)
{
	double		sum = 0.0;

	for (int32_t k = from; k <= to; k++)
		sum += r[k] * r[k];
	return sum;
}

static void
spectrum_features(const Autoregression *ar, double *out)
{
	double		power[SPECTRUM_POINTS];
	double		total = 0.0;
	double		entropy = 0.0;
	double		low = 0.0;
	double		centroid = 0.0;

	for (int i = 0; i < SPECTRUM_POINTS; i++)
	{
		double		place = (i + 0.5) / SPECTRUM_POINTS;
		double		c = cos(PI * place);
		double		s = sin(PI * place);
		double		re = 0.0;
		double		im = 0.0;

		/* Horner's rule in exp(-iw) */
		for (int32_t k = ar->order; k >= 1; k--)
		{
			double		a = re - ar->phi[k];

			re = a * c + im * s;
			im = im * c - a * s;
		}
		re += 1.0;
		power[i] = 1.0 / (re * re + im * im);
		total += power[i];
	}
	for (int i = 0; i < SPECTRUM_POINTS; i++)
	{
		double		share = power[i] / total;

		entropy -= share > 0.0 ? share * log(share) : 0.0;
		centroid += share * (i + 0.5) / SPECTRUM_POINTS;
		low += 5 * i + 2 < SPECTRUM_POINTS ? share : 0.0;
	}
	out[SF_FEATURE_ENTROPY] = fmin(1.0, entropy / log(SPECTRUM_POINTS));
	out[SF_FEATURE_LOW_POWER] = fmin(1.0, low);
	out[SF_FEATURE_CENTROID] = centroid;
}

/* The squared errors of the autoregression: do they remember? */
static void
arch_features(const SfTrace *t, const Autoregression *ar, double *out)
{
	double	   *e = t->work[0];
	int32_t		n = t->n - ar->order;
	double		acf[ARCH_LAGS + 1];
	double		pacf[ARCH_LAGS + 1];
	double		left = 1.0;

	if (n < 3)
		return;
	for (int32_t i = 0; i < n; i++)
	{
		double		error = t->x[i + ar->order];

		for (int32_t k = 1; k <= ar->order; k++)
			error -= ar->phi[k] * t->x[i + ar->order - k];
		e[i] = error * error;
	}
	sf_autocorrelation(e, n, ARCH_LAGS, acf);
	levinson(acf, ARCH_LAGS, n, 0, pacf, NULL);
	out[SF_FEATURE_ARCH_ACF] = sum_of_squares(acf, 1, ARCH_LAGS);
	for (int k = 1; k <= ARCH_LAGS; k++)
		left *= 1.0 - pacf[k] * pacf[k];
	out[SF_FEATURE_ARCH_R2] = 1.0 - left;
}

/*
 * The variance of means of b periods goes with b^(2H - 2) (Beran, Statistics for
 * Long-Memory Processes, 1994, 4.4): slope over b = 1, 2, 4 .. while 8 blocks fit.
 */
static void
hurst(const SfTrace *t, double *out)
{
	double	   *block = t->work[0];
	int32_t		blocks = t->n;
	int			points = 0;
	double		a = 0.0;
	double		b = 0.0;
	double		aa = 0.0;
	double		ab = 0.0;

	for (int32_t i = 0; i < blocks; i++)
		block[i] = t->x[i];
	for (int level = 0; blocks >= 8; level++)
	{
		double		variance = sf_moments(block, blocks).variance * blocks / (blocks - 1.0);

		if (!(variance > SF_FEATURE_NOTHING))
			break;
		points++;
		a += level;
		b += log(variance) / log(2.0);
		aa += (double) level * level;
		ab += level * (log(variance) / log(2.0));
		blocks /= 2;
		for (int32_t i = 0; i < blocks; i++)
			block[i] = (block[(size_t) 2 * i] + block[(size_t) 2 * i + 1]) / 2.0;
	}
	if (points >= 2)
		out[SF_FEATURE_HURST] =
			fmin(1.0, fmax(0.0, 1.0 + (points * ab - a * b) / (points * aa - a * a) / 2.0));
}

/* acf1, acf10 and pacf5 of z, at three places of out. */
static void
short_memory(const double *z, int32_t n, double *acf1, double *acf10, double *pacf5)
{
	double		acf[11];
	double		pacf[6];

	if (n < 3)
		return;
	sf_autocorrelation(z, n, 10, acf);
	levinson(acf, 5, n, 0, pacf, NULL);
	*acf1 = acf[1];
	*acf10 = sum_of_squares(acf, 1, 10);
	*pacf5 = sum_of_squares(pacf, 1, 5);
}

static void
differences(const SfTrace *t, double *out)
{
	double	   *d = t->work[0];

	for (int32_t i = 0; i + 1 < t->n; i++)
		d[i] = t->x[i + 1] - t->x[i];
	short_memory(d, t->n - 1, &out[SF_FEATURE_DIFF1_ACF1], &out[SF_FEATURE_DIFF1_ACF10],
				 &out[SF_FEATURE_DIFF1_PACF5]);
	for (int32_t i = 0; i + 2 < t->n; i++)
		d[i] = d[i + 1] - d[i];
	short_memory(d, t->n - 2, &out[SF_FEATURE_DIFF2_ACF1], &out[SF_FEATURE_DIFF2_ACF10],
				 &out[SF_FEATURE_DIFF2_PACF5]);
}

static void
first_lags(const double *acf, int32_t lags, double *out)
{
	int32_t		zero = 1;
	int32_t		lowest = 1;

	while (zero <= lags && acf[zero] > 0.0)
		zero++;
	while (lowest < lags && !(acf[lowest] < acf[lowest - 1] && acf[lowest] < acf[lowest + 1]))
		lowest++;
	out[SF_FEATURE_ACF_FIRST_ZERO] = zero;
	out[SF_FEATURE_ACF_FIRST_MINIMUM] = lowest;
}

/* acf at one far lag; x has mean 0 and variance 1. */
static double
far_lag(const SfTrace *t, int32_t lag)
{
	double		sum = 0.0;

	for (int32_t i = lag; i < t->n; i++)
		sum += t->x[i] * t->x[i - lag];
	return sum / (t->n - 1.0);
}

void
sf_feature_memory(const SfTrace *t, double *out)
{
	double		acf[LAGS_MAX + 1];
	double		pacf[LAGS_MAX + 1];
	Autoregression ar = {.left = 1.0};
	int32_t		order = (int32_t) (10.0 * log10(t->n));
	int32_t		lags = order < 10 ? 10 : order;

	if (t->n < 3)
		return;
	/* log10 may err by an ulp, which shows at powers of ten only */
	order = order < t->n / 3 ? order : t->n / 3;
	if (t->m > lags && t->m <= LAGS_MAX)
		lags = t->m;
	sf_autocorrelation(t->x, t->n, lags, acf);
	levinson(acf, lags, t->n, order, pacf, &ar);
	out[SF_FEATURE_ACF1] = acf[1];
	out[SF_FEATURE_ACF10] = sum_of_squares(acf, 1, 10);
	out[SF_FEATURE_PACF5] = sum_of_squares(pacf, 1, 5);
	if (t->m > 1)
		out[SF_FEATURE_SEASONAL_ACF] = t->m <= lags ? acf[t->m] : far_lag(t, t->m);
	if (t->m > 1 && t->m <= lags)
		out[SF_FEATURE_SEASONAL_PACF] = pacf[t->m];
	first_lags(acf, lags < t->n - 1 ? lags : t->n - 1, out);
	out[SF_FEATURE_AR_ORDER] = ar.order;
	out[SF_FEATURE_AR_SHARE] = 1.0 - ar.left;
	spectrum_features(&ar, out);
	arch_features(t, &ar, out);
	hurst(t, out);
	differences(t, out);
}
