/*
 * feature_smoothing.c
 *		Features of exponential smoothing: the constants that fit best, and how
 *		much better than the last value.
 *
 * All constants of a grid run side by side through one pass; a description needs
 * no more than that.  Additive errors:
 *
 *		e = x_t - (l + b + s_k),	l <- l + b + alpha e,	b <- b + alpha beta e,
 *		s_k <- s_k + gamma (1 - alpha) e.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * 2008, table 2.1.
 */
#include "core/forecast/feature_parts.h"

#include <math.h>

#define SES_LANES 10
#define HOLT_LANES 24
#define WINTERS_LANES SF_FEATURE_WINTERS_LANES

static const double ses_alpha[SES_LANES] = {0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 0.99};
static const double holt_alpha[6] = {0.02, 0.1, 0.3, 0.5, 0.7, 0.95};
static const double holt_beta[4] = {0.01, 0.05, 0.15, 0.4};
static const double winters_alpha[4] = {0.05, 0.2, 0.5, 0.9};
static const double winters_beta[2] = {0.01, 0.1};
static const double winters_gamma[4] = {0.01, 0.1, 0.3, 0.6};

static int
least(const double *sum, int lanes)
{
	int			best = 0;

	for (int a = 1; a < lanes; a++)
		if (sum[a] < sum[best])
			best = a;
	return best;
}

/* 1 - a / b, kept within -1 .. 1 */
static double
gain(double a, double b)
{
	if (!(b > 0.0))
		return a > 0.0 ? -1.0 : 0.0;
	return fmax(-1.0, 1.0 - a / b);
}

/* Squared errors are counted from `from` on; fewer than those lead nowhere. */
static void
simple(const SfTrace *t, double naive, double *out)
{
	double		level[SES_LANES];
	double		sum[SES_LANES] = {0};
	int			best;

	for (int a = 0; a < SES_LANES; a++)
		level[a] = t->x[0];
	for (int32_t i = 1; i < t->n; i++)
		for (int a = 0; a < SES_LANES; a++)
		{
			double		error = t->x[i] - level[a];

			sum[a] += error * error;
			level[a] += ses_alpha[a] * error;
		}
	best = least(sum, SES_LANES);
	out[SF_FEATURE_SES_ALPHA] = ses_alpha[best];
	out[SF_FEATURE_SES_GAIN] = gain(sum[best], naive);
}

static void
holt(const SfTrace *t, double naive, double *out)
{
	double		alpha[HOLT_LANES];
	double		beta[HOLT_LANES];
	double		level[HOLT_LANES];
	double		slope[HOLT_LANES];
	double		sum[HOLT_LANES] = {0};
	int32_t		start = t->n < 5 ? t->n - 1 : 4;
	int			best;

	for (int a = 0; a < HOLT_LANES; a++)
	{
		alpha[a] = holt_alpha[a / 4];
		beta[a] = holt_beta[a % 4];
		level[a] = t->x[0];
		slope[a] = (t->x[start] - t->x[0]) / start;
	}
	for (int32_t i = 1; i < t->n; i++)
		for (int a = 0; a < HOLT_LANES; a++)
		{
			double		error = t->x[i] - level[a] - slope[a];

			sum[a] += error * error;
			level[a] += slope[a] + alpha[a] * error;
			slope[a] += alpha[a] * beta[a] * error;
		}
	best = least(sum, HOLT_LANES);
	out[SF_FEATURE_HOLT_ALPHA] = alpha[best];
	out[SF_FEATURE_HOLT_BETA] = beta[best];
	out[SF_FEATURE_HOLT_GAIN] = gain(sum[best], naive);
}

/* Starts at the mean of the first season, its slope to the second, and the figures. */
static void
winters(const SfTrace *t, double naive, double *out)
{
	double		alpha[WINTERS_LANES];
	double		beta[WINTERS_LANES];
	double		gamma[WINTERS_LANES];
	double		level[WINTERS_LANES];
	double		slope[WINTERS_LANES];
	double		sum[WINTERS_LANES] = {0};
	double		first = sf_moments(t->x, t->m).mean;
	double		second = sf_moments(t->x + t->m, t->m).mean;
	int			best;

	for (int a = 0; a < WINTERS_LANES; a++)
	{
		alpha[a] = winters_alpha[a / 8];
		beta[a] = winters_beta[a / 4 % 2] * alpha[a];
		gamma[a] = winters_gamma[a % 4] * (1.0 - alpha[a]);
		slope[a] = (second - first) / t->m;
		level[a] = first - slope[a] * (t->m + 1.0) / 2.0;
		for (int32_t k = 0; k < t->m; k++)
			t->lanes[k * WINTERS_LANES + a] = t->seasonal[k];
	}
	for (int32_t i = 0; i < t->n; i++)
	{
		double	   *season = t->lanes + (size_t) (i % t->m) * WINTERS_LANES;

		for (int a = 0; a < WINTERS_LANES; a++)
		{
			double		error = t->x[i] - level[a] - slope[a] - season[a];

			sum[a] += error * error;
			level[a] += slope[a] + alpha[a] * error;
			slope[a] += beta[a] * error;
			season[a] += gamma[a] * error;
		}
	}
	best = least(sum, WINTERS_LANES);
	out[SF_FEATURE_HW_ALPHA] = alpha[best];
	out[SF_FEATURE_HW_BETA] = winters_beta[best / 4 % 2];
	out[SF_FEATURE_HW_GAMMA] = winters_gamma[best % 4];
	out[SF_FEATURE_HW_GAIN] = gain(sum[best], naive);
}

/* After sf_feature_season, which finds the seasonal figures. */
void
sf_feature_smoothing(const SfTrace *t, double *out)
{
	double		naive = 0.0;
	double		step = 0.0;
	double		season_step = 0.0;

	if (t->n < 3)
		return;
	for (int32_t i = 1; i < t->n; i++)
	{
		double		d = t->x[i] - t->x[i - 1];

		naive += d * d;
		step += fabs(d) / (t->n - 1.0);
	}
	simple(t, naive, out);
	holt(t, naive, out);
	if (t->m == 1)
		return;
	if (t->lanes != NULL)
		winters(t, naive, out);
	for (int32_t i = t->m; i < t->n; i++)
		season_step += fabs(t->x[i] - t->x[i - t->m]) / (t->n - t->m);
	if (step + season_step > 0.0)
		out[SF_FEATURE_SNAIVE_GAIN] = (step - season_step) / (step + season_step);
}
