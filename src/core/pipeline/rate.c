/*
 * rate.c
 *		Win rates of many keys, each drawn towards what all have in common.
 */
#include "core/pipeline/rate.h"

#include <math.h>

#include "core/base/dist.h"
#include "core/base/sum.h"

#define CLOSED_MAX (INT64_C(1) << 40)

/* log M is searched here: from a fraction of a deal to "all keys are alike". */
#define LOG_STRENGTH_MIN (-1.0)
#define LOG_STRENGTH_MAX 14.0
#define GRID_STEPS 30
#define GOLDEN_STEPS 40

SfStatus
sf_rate_check(SfCtx *ctx, int64_t won, int64_t closed)
{
	if (won < 0 || closed < 0 || won > closed)
		return sf_fail_value(ctx, SF_BAD_DATA, "won deals must be between 0 and the closed deals", (double) won);
	if (closed > CLOSED_MAX)
		return sf_fail_value(ctx, SF_BAD_DATA, "a key can have at most 2^40 closed deals", (double) closed);
	return SF_OK;
}

static bool
comes_before(const SfRateCount *a, const SfRateCount *b)
{
	return a->closed != b->closed ? a->closed < b->closed : a->won < b->won;
}

/* Counts between two polls. */
#define POLL_EVERY 16384

/* Heap sort: in place, and no input makes it slow. */
static void
sift_down(SfRateCount *counts, int64_t at, int64_t n)
{
	for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1)
	{
		SfRateCount swap = counts[at];

		if (child + 1 < n && comes_before(&counts[child], &counts[child + 1]))
			child++;
		if (!comes_before(&counts[at], &counts[child]))
			return;
		counts[at] = counts[child];
		counts[child] = swap;
		at = child;
	}
}

static SfStatus
sort_counts(SfCtx *ctx, SfRateCount *counts, int64_t n)
{
	for (int64_t i = n / 2 - 1; i >= 0; i--)
	{
		sift_down(counts, i, n);
		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int64_t last = n - 1; last > 0; last--)
	{
		SfRateCount swap = counts[0];

		counts[0] = counts[last];
		counts[last] = swap;
		sift_down(counts, 0, last);
		if (last % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* How many counts from i on are the same; they stand together once sorted. */
static int64_t
alike(const SfRateCount *counts, int64_t i, int64_t n)
{
	int64_t		end = i + 1;

	while (end < n && counts[end].won == counts[i].won && counts[end].closed == counts[i].closed)
		end++;
	return end - i;
}

/* The common rate for a given strength, half a deal away from 0 and 1. */
static double
common_rate(const SfRateCount *counts, int64_t n, double strength, double closed)
{
	SfSum		top = {0};
	SfSum		bottom = {0};

	for (int64_t i = 0, keys; i < n; i += keys)
	{
		double		size = (double) counts[i].closed;
		double		weight;

		keys = alike(counts, i, n);
		weight = (double) keys * size / (1.0 + (size - 1.0) / (strength + 1.0));
		sf_sum_add(&top, weight * (double) counts[i].won / size);
		sf_sum_add(&bottom, weight);
	}
	return (sf_sum_value(top) / sf_sum_value(bottom) * closed + 0.5) / (closed + 1.0);
}

/*
 * log of marginal likelihood and prior, up to a constant; -Infinity when the host
 * wants to stop, which the caller asks again.
 */
static double
log_posterior(SfCtx *ctx, const SfRateCount *counts, int64_t n, double log_strength, double closed)
{
	double		strength = exp(log_strength);
	double		mean = common_rate(counts, n, strength, closed);
	double		alpha = mean * strength;
	double		beta = (1.0 - mean) * strength;
	double		none = sf_log_beta(alpha, beta);
	SfSum		sum = {-2.0 * log(closed / (double) n + strength) + log_strength, 0.0};

	for (int64_t i = 0, keys, turn = 1; i < n; i += keys, turn++)
	{
		keys = alike(counts, i, n);
		sf_sum_add(&sum, (double) keys *
				   (sf_log_beta(alpha + (double) counts[i].won,
								beta + (double) (counts[i].closed - counts[i].won)) - none));
		if (turn % POLL_EVERY == 0 && sf_cancelled(ctx))
			return -INFINITY;
	}
	return sf_sum_value(sum);
}

static SfStatus
best_strength(SfCtx *ctx, const SfRateCount *counts, int64_t n, double closed, double *log_strength)
{
	const double golden = 0.61803398874989484820;
	double		width = (LOG_STRENGTH_MAX - LOG_STRENGTH_MIN) / GRID_STEPS;
	double		best = -INFINITY;
	double		centre = LOG_STRENGTH_MIN;
	double		lo;
	double		hi;
	double		x[2];
	double		f[2];

	/* the posterior may have two humps: look everywhere before going up one */
	for (int i = 0; i <= GRID_STEPS; i++)
	{
		double		value = log_posterior(ctx, counts, n, LOG_STRENGTH_MIN + i * width, closed);

		if (value > best)
		{
			best = value;
			centre = LOG_STRENGTH_MIN + i * width;
		}
		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	lo = fmax(LOG_STRENGTH_MIN, centre - width);
	hi = fmin(LOG_STRENGTH_MAX, centre + width);
	x[0] = hi - golden * (hi - lo);
	x[1] = lo + golden * (hi - lo);
	f[0] = log_posterior(ctx, counts, n, x[0], closed);
	f[1] = log_posterior(ctx, counts, n, x[1], closed);
	for (int i = 0; i < GOLDEN_STEPS; i++)
	{
		int			keep = f[0] > f[1] ? 0 : 1;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		*(keep == 0 ? &hi : &lo) = x[1 - keep];
		x[1 - keep] = x[keep];
		f[1 - keep] = f[keep];
		x[keep] = keep == 0 ? hi - golden * (hi - lo) : lo + golden * (hi - lo);
		f[keep] = log_posterior(ctx, counts, n, x[keep], closed);
	}
	*log_strength = f[0] > f[1] ? x[0] : x[1];
	return SF_OK;
}

SfStatus
sf_rate_fit(SfCtx *ctx, SfRateCount *counts, int64_t n, SfRatePrior *prior)
{
	SfRatePrior fit = {.keys = n};
	double		log_strength;
	SfStatus	status;

	status = sort_counts(ctx, counts, n);
	if (status != SF_OK)
		return status;
	for (int64_t i = 0; i < n; i++)
	{
		if (counts[i].closed > INT64_MAX - fit.closed)
			return sf_fail(ctx, SF_TOO_LARGE, "a rate prior can be fitted to at most 2^63 closed deals");
		fit.won += counts[i].won;
		fit.closed += counts[i].closed;
	}
	status = best_strength(ctx, counts, n, (double) fit.closed, &log_strength);
	if (status != SF_OK)
		return status;
	fit.strength = exp(log_strength);
	fit.mean = common_rate(counts, n, fit.strength, (double) fit.closed);
	*prior = fit;
	return SF_OK;
}

double
sf_rate_expected(const SfRatePrior *prior, int64_t won, int64_t closed)
{
	return (prior->mean * prior->strength + (double) won) / (prior->strength + (double) closed);
}

double
sf_rate_quantile(const SfRatePrior *prior, int64_t won, int64_t closed, double q)
{
	return sf_beta_quantile(q, prior->mean * prior->strength + (double) won,
							(1.0 - prior->mean) * prior->strength + (double) (closed - won));
}
