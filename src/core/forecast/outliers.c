/*
 * outliers.c
 *		Single observations that do not fit their series.
 */
#include "core/forecast/outliers.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/base/sort.h"
#include "core/forecast/stl.h"

#define LENGTH_MIN 5

/* With an IQR of 0: this many mean absolute rests stand for one IQR. */
#define RARE (20.0 / 3.0)

/* What a trend uses up: local lines of a window of 2 sqrt(n), of about 1.5 cycles. */
#define TREND_USES 1.2
#define TREND_USES_SEASONAL 1.6
#define FREEDOM_MIN 0.2

#define LIMIT_MAX 1e6

/* Rests below this share of the largest value are rounding. */
#define ROUNDING 1e-10

/* Around what, and how far, a rest is ordinary. */
typedef struct Fence
{
	double		lower;
	double		upper;
	double		unit;			/* IQR or what stands for it; 0 = nothing stands out */
} Fence;

static SfStatus
fence_of(SfCtx *ctx, const double *rest, int32_t n, double limit, double largest, double *scratch, Fence *out)
{
	SfVectorView sorted = {scratch, n};
	Fence		fence;
	double		q1;
	double		q3;
	double		sum = 0.0;
	SfStatus	status;

	memcpy(scratch, rest, (size_t) n * sizeof(double));
	status = sf_sort_long(ctx, scratch, n);
	if (status != SF_OK)
		return status;
	q1 = sf_sorted_quantile(sorted, 0.25);
	q3 = sf_sorted_quantile(sorted, 0.75);
	fence.unit = q3 - q1;
	if (fence.unit <= ROUNDING * largest)
	{
		for (int32_t i = 0; i < n; i++)
			sum += fabs(rest[i] / n);
		fence.unit = RARE * sum;
		if (fence.unit <= ROUNDING * largest / n)
			fence.unit = 0.0;
	}
	fence.lower = q1 - limit * fence.unit;
	fence.upper = q3 + limit * fence.unit;
	*out = fence;
	return SF_OK;
}

static bool
is_outlier(Fence fence, double rest)
{
	return fence.unit > 0.0 && (rest < fence.lower || rest > fence.upper);
}

/* At a place between its ordinary neighbours, both without season; one of them is in the series. */
static double
between(const double *adjusted, int32_t n, int32_t left, int32_t right, int32_t at)
{
	if (left < 0)
		return adjusted[right];
	if (right >= n)
		return adjusted[left];
	return adjusted[left] + (adjusted[right] - adjusted[left]) * ((double) (at - left) / (right - left));
}

/* Flags in wild[n]; how many. */
static int32_t
flag(const double *rest, int32_t n, Fence fence, bool *wild)
{
	int32_t		count = 0;

	for (int32_t i = 0; i < n; i++)
	{
		wild[i] = is_outlier(fence, rest[i]);
		count += wild[i];
	}
	return count;
}

static double
season_at(const SfDecomposition *d, int32_t i)
{
	double		sum = 0.0;

	for (int32_t k = 0; k < d->seasons; k++)
		sum += d->season[k][i];
	return sum;
}

static void
fill_outliers(const SfSeries *s, const SfDecomposition *d, const double *cleaned, Fence fence, int exponent,
			  const bool *wild, SfOutlier *outliers)
{
	for (int32_t i = 0, k = 0; i < s->n; i++)
		if (wild[i])
		{
			SfOutlier  *o = &outliers[k++];
			double		expected = d->trend[i] + season_at(d, i);

			*o = (SfOutlier) {
				.position = i,
				.value = s->y[i],
				.expected = ldexp(expected, exponent),
				.lower = ldexp(expected + fence.lower, exponent),
				.upper = ldexp(expected + fence.upper, exponent),
				.distance = fabs(d->remainder[i]) / fence.unit,
				.replacement = ldexp(cleaned[i], exponent)
			};
		}
}

/* y = s->y * 2^-exponent with the largest value below 1. */
static double
scale(const SfSeries *s, double *y, int *exponent)
{
	double		largest = 0.0;

	for (int32_t i = 0; i < s->n; i++)
		largest = fmax(largest, fabs(s->y[i]));
	*exponent = 0;
	if (isfinite(largest))
		frexp(largest, exponent);
	for (int32_t i = 0; i < s->n; i++)
		y[i] = ldexp(s->y[i], -*exponent);
	return ldexp(largest, -*exponent);
}

/* adjusted = y without seasons; the wild ones of y are replaced by what lies between their neighbours. */
static void
clean(const SfDecomposition *d, const bool *wild, double *y, double *adjusted)
{
	for (int32_t i = 0; i < d->n; i++)
		adjusted[i] = y[i] - season_at(d, i);
	/* run by run */
	for (int32_t from = 0, to; from < d->n; from = to + 1)
	{
		for (to = from; to < d->n && wild[to]; to++)
			;
		for (int32_t i = from; i < to; i++)
			y[i] = between(adjusted, d->n, from - 1, to, i) + season_at(d, i);
	}
}

/*
 * f, the share of the observations that trend and seasons do not use up: what is
 * left has the spread sigma sqrt(f), a value that had no say is sigma / sqrt(f)
 * away from the fit.
 */
static double
freedom(const SfDecomposition *d)
{
	double		used = TREND_USES * sqrt(d->n);

	for (int32_t k = 0; k < d->seasons; k++)
		if (d->fitted[k])
			used = fmax(used, TREND_USES_SEASONAL * d->n / d->period[k]);
	for (int32_t k = 0; k < d->seasons; k++)
		used += d->fitted[k] ? d->period[k] - 1.0 : 0.0;
	return fmax(FREEDOM_MIN, 1.0 - used / d->n);
}

/*
 * Two looks.  The first, robust, says who may be wild; its remainder has tails of
 * its own making, since it gives doubtful values no say.  The second fits
 * without weights to the series without them, and the wild ones are those that
 * lie outside the remainder of the others.
 */
static SfStatus
look_twice(SfArena *arena, SfSeries *s, double *y, double limit, double largest,
		   double *adjusted, bool *wild, SfDecomposition *d, Fence *fence, int32_t *found)
{
	SfDecomposeOptions options = {.robust = true, .periodic = true};
	double	   *original = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	Fence		next;
	SfStatus	status;

	if (original == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(original, y, (size_t) s->n * sizeof(double));
	for (int turn = 0; turn < 2; turn++)
	{
		options.robust = turn == 0;
		status = sf_decompose(arena, s, &options, d);
		if (status != SF_OK)
			return status;
		status = fence_of(arena->ctx, d->remainder, s->n, limit / freedom(d), largest, adjusted, &next);
		if (status != SF_OK)
			return status;
		/* nothing but rounding is left without the wild ones: they stay what they are */
		if (turn == 0 || next.unit > 0.0)
			*fence = next;
		if (turn > 0)
			for (int32_t i = 0; i < s->n; i++)
				d->remainder[i] = original[i] - d->trend[i] - season_at(d, i);
		*found = flag(d->remainder, s->n, *fence, wild);
		if (*found == s->n)
			*found = 0;
		if (*found == 0)
			break;
		memcpy(y, original, (size_t) s->n * sizeof(double));
		clean(d, wild, y, adjusted);
		status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
	}
	return sf_poll(arena->ctx);
}

SfStatus
sf_find_outliers(SfArena *arena, const SfSeries *s, double limit, SfOutlier **outliers, int32_t *count)
{
	size_t		n = (size_t) s->n;
	SfSeries	scaled = *s;
	SfDecomposition d;
	Fence		fence;
	double	   *y = sf_arena_take(arena, n, sizeof(double));
	double	   *adjusted = sf_arena_take(arena, n, sizeof(double));
	bool	   *wild = sf_arena_take(arena, n, sizeof(bool));
	SfOutlier  *answer = NULL;
	double		largest;
	int32_t		found = 0;
	int			exponent;
	SfStatus	status;

	if (!(limit > 0.0 && limit <= LIMIT_MAX))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "the outlier limit must be above 0 and at most 1000000", limit);
	if (y == NULL || adjusted == NULL || wild == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	largest = scale(s, y, &exponent);
	scaled.y = y;
	status = look_twice(arena, &scaled, y, limit, largest, adjusted, wild, &d, &fence, &found);
	if (status != SF_OK)
		return status;
	if (s->n < LENGTH_MIN)
		found = 0;
	if (found > 0)
	{
		answer = sf_arena_take(arena, (size_t) found, sizeof(SfOutlier));
		if (answer == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		fill_outliers(s, &d, y, fence, exponent, wild, answer);
		for (int32_t k = 0; k < found; k++)
			if (!isfinite(answer[k].expected) || !isfinite(answer[k].lower) || !isfinite(answer[k].upper) ||
				!isfinite(answer[k].replacement))
				return sf_fail(arena->ctx, SF_OVERFLOW, "the bounds of an outlier are too large");
	}
	*outliers = answer;
	*count = found;
	return SF_OK;
}
