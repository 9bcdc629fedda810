/*
 * feature_season.c
 *		Features of trend, season and remainder, from a moving average.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#include "core/base/dist.h"
#include "core/base/sort.h"

/* The moving average without a season: a fifth of the series, odd. */
#define WINDOW_MIN 3
#define WINDOW_MAX 25

/* Inner periods from .. to - 1 have a full window of the moving average. */
typedef struct Parts
{
	int32_t		from;
	int32_t		to;
	double	   *trend;			/* [n], set from .. to - 1, and so the others */
	double	   *detrended;		/* x - trend */
	double	   *remainder;		/* x - trend - season */
} Parts;

/* Centred moving average over m periods, the outer ones halved when m is even. */
static void
moving_average(const double *x, int32_t m, Parts *p)
{
	int32_t		half = m / 2;
	double		outer = m % 2 == 0 ? 0.5 : 1.0;

	for (int32_t i = p->from; i < p->to; i++)
	{
		double		sum = outer * (x[i - half] + x[i + half]);

		for (int32_t j = i - half + 1; j < i + half; j++)
			sum += x[j];
		p->trend[i] = sum / m;
		p->detrended[i] = x[i] - p->trend[i];
	}
}

/* For wide windows: a running sum, which errs by n roundings of O(1) numbers. */
static void
running_average(const double *x, int32_t m, Parts *p)
{
	int32_t		half = m / 2;
	double		outer = m % 2 == 0 ? 0.5 : 1.0;
	double		inner = 0.0;

	for (int32_t j = p->from - half + 1; j < p->from + half; j++)
		inner += x[j];
	for (int32_t i = p->from; i < p->to; i++)
	{
		p->trend[i] = (inner + outer * (x[i - half] + x[i + half])) / m;
		p->detrended[i] = x[i] - p->trend[i];
		inner += x[i + half] - x[i - half + 1];
	}
}

/* Mean detrended value by place, centred; 0 where a place has none. */
static void
seasonal_figures(const SfTrace *t, Parts *p)
{
	double	   *count = t->work[4];
	double		mean = 0.0;

	for (int32_t k = 0; k < t->m; k++)
		t->seasonal[k] = count[k] = 0.0;
	for (int32_t i = p->from; t->m > 1 && i < p->to; i++)
	{
		t->seasonal[i % t->m] += p->detrended[i];
		count[i % t->m] += 1.0;
	}
	for (int32_t k = 0; t->m > 1 && k < t->m; k++)
	{
		if (count[k] > 0.0)
			t->seasonal[k] /= count[k];
		mean += t->seasonal[k] / t->m;
	}
	for (int32_t k = 0; t->m > 1 && k < t->m; k++)
		t->seasonal[k] -= mean;
	for (int32_t i = p->from; i < p->to; i++)
		p->remainder[i] = p->detrended[i] - t->seasonal[i % t->m];
}

static void
strengths(const SfTrace *t, const Parts *p, double *out)
{
	int32_t		n = p->to - p->from;
	const double *r = p->remainder + p->from;
	double		left = sf_moments(r, n).variance;
	double		with_season = sf_moments(p->detrended + p->from, n).variance;
	double		with_trend;

	for (int32_t i = p->from; i < p->to; i++)
		t->work[4][i] = p->trend[i] + p->remainder[i];
	with_trend = sf_moments(t->work[4] + p->from, n).variance;
	/* variances that are rounding say nothing */
	if (with_trend > SF_FEATURE_NOTHING)
		out[SF_FEATURE_TREND_STRENGTH] = fmax(0.0, 1.0 - left / with_trend);
	if (t->m > 1 && n > t->m && with_season > SF_FEATURE_NOTHING)
		out[SF_FEATURE_SEASONAL_STRENGTH] =
			fmax(0.0, 1.0 - left / with_season * (n - 1.0) / (n - t->m));
	out[SF_FEATURE_REMAINDER_SHARE] = sqrt(left);
}

/* n >= 4 values of the remainder */
static void
remainder_features(const SfTrace *t, const Parts *p, double *out)
{
	int32_t		n = p->to - p->from;
	const double *r = p->remainder + p->from;
	double	   *sorted = t->work[4];
	SfVectorView view = {sorted, n};
	SfMoments	shape = sf_moments(r, n);
	double		squares = shape.variance * n;
	double		acf[11];
	double		lower;
	double		upper;
	int32_t		outside = 0;

	if (!(shape.variance > SF_FEATURE_NOTHING))
		return;
	out[SF_FEATURE_REMAINDER_KURTOSIS] = shape.kurtosis;
	sf_autocorrelation(r, n, 10, acf);
	out[SF_FEATURE_E_ACF1] = acf[1];
	for (int k = 1; k <= 10; k++)
		out[SF_FEATURE_E_ACF10] += acf[k] * acf[k];
	for (int32_t i = 0; i < n; i++)
	{
		double		d = r[i] - shape.mean;

		/* the variance of the others */
		sorted[i] = (squares - d * d * n / (n - 1.0)) / (n - 2.0);
	}
	out[SF_FEATURE_SPIKE] = sf_moments(sorted, n).variance * n / (n - 1.0) * n * n;
	for (int32_t i = 0; i < n; i++)
		sorted[i] = r[i];
	sf_sort(sorted, n);
	lower = sf_sorted_quantile(view, 0.25);
	upper = sf_sorted_quantile(view, 0.75);
	for (int32_t i = 0; i < n; i++)
		outside += r[i] < lower - 3.0 * (upper - lower) || r[i] > upper + 3.0 * (upper - lower);
	out[SF_FEATURE_OUTLIER_SHARE] = (double) outside / n;
}

/* Correlation of the trend with |x - trend|. */
static void
spread_level(const SfTrace *t, const Parts *p, double *out)
{
	int32_t		n = p->to - p->from;
	double		mean = 0.0;
	double		trend_mean = sf_moments(p->trend + p->from, n).mean;
	double		both = 0.0;
	double		spread = 0.0;
	double		level = 0.0;

	(void) t;
	for (int32_t i = p->from; i < p->to; i++)
		mean += fabs(p->detrended[i]) / n;
	for (int32_t i = p->from; i < p->to; i++)
	{
		double		a = fabs(p->detrended[i]) - mean;
		double		b = p->trend[i] - trend_mean;

		both += a * b;
		spread += a * a;
		level += b * b;
	}
	if (spread > SF_FEATURE_NOTHING * n && level > SF_FEATURE_NOTHING * n)
		out[SF_FEATURE_SPREAD_LEVEL] = both / sqrt(spread) / sqrt(level);
}

static void
seasonal_shape(const SfTrace *t, double *out)
{
	const double step = 6.283185307179586476925 / t->m;
	int32_t		peak = 0;
	int32_t		trough = 0;
	double		squares = 0.0;
	double		along = 0.0;
	double		across = 0.0;

	for (int32_t k = 0; k < t->m; k++)
	{
		if (t->seasonal[k] > t->seasonal[peak])
			peak = k;
		if (t->seasonal[k] < t->seasonal[trough])
			trough = k;
		squares += t->seasonal[k] * t->seasonal[k];
		along += t->seasonal[k] * cos(step * k);
		across += t->seasonal[k] * sin(step * k);
	}
	if (!(squares > SF_FEATURE_NOTHING * t->m))
		return;
	out[SF_FEATURE_SEASONAL_AMPLITUDE] = t->seasonal[peak] - t->seasonal[trough];
	out[SF_FEATURE_SEASONAL_PEAK] = (peak + t->m - t->n % t->m) % t->m + 1.0;
	out[SF_FEATURE_SEASONAL_TROUGH] = (trough + t->m - t->n % t->m) % t->m + 1.0;
	/* the wave of season 2 is all cosine, and counts once */
	out[SF_FEATURE_SEASONAL_WAVE] = fmin(1.0, (t->m == 2 ? 1.0 : 2.0) *
										 (along * along + across * across) / t->m / squares);
}

/* Correlations with orthogonal polynomials of time. */
static void
polynomials(const SfTrace *t, double *out)
{
	double		n = t->n;
	double		middle = (n - 1.0) / 2.0;
	double		mean_square = (n * n - 1.0) / 12.0;
	double		line = 0.0;
	double		line_norm = 0.0;
	double		bow = 0.0;
	double		bow_norm = 0.0;

	for (int32_t i = 0; i < t->n; i++)
	{
		double		u = i - middle;
		double		v = u * u - mean_square;

		line += t->x[i] * u;
		line_norm += u * u;
		bow += t->x[i] * v;
		bow_norm += v * v;
	}
	out[SF_FEATURE_LINEARITY] = line / sqrt(line_norm * (n - 1.0));
	if (t->n > 2)
		out[SF_FEATURE_CURVATURE] = bow / sqrt(bow_norm * (n - 1.0));
}

void
sf_feature_season(const SfTrace *t, double *out)
{
	Parts		p = {.trend = t->work[0], .detrended = t->work[1], .remainder = t->work[2]};
	int32_t		window = t->m;

	polynomials(t, out);
	if (t->m == 1)
	{
		window = t->n / 5 | 1;
		window = window < WINDOW_MIN ? WINDOW_MIN : window > WINDOW_MAX ? WINDOW_MAX : window;
		t->seasonal[0] = 0.0;
	}
	p.from = window / 2;
	p.to = t->n - window / 2;
	if (p.to <= p.from)
		return;
	if (window <= WINDOW_MAX)
		moving_average(t->x, window, &p);
	else
		running_average(t->x, window, &p);
	seasonal_figures(t, &p);
	if (p.to - p.from >= 4)
	{
		strengths(t, &p, out);
		remainder_features(t, &p, out);
		spread_level(t, &p, out);
	}
	if (t->m > 1)
		seasonal_shape(t, out);
}
