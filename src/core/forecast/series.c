/*
 * series.c
 *		One time series on a regular grid, and what a gap in it means.
 */
#include "core/forecast/series.h"

#include <math.h>

/* Sums of a million values of this size are finite. */
#define SUMMED_MOST 1e300

int32_t
sf_series_season(const SfSeries *s)
{
	if (s->seasons == 0 || s->season[0] > SF_SERIES_LENGTH_MAX)
		return 1;
	return (int32_t) lround(s->season[0]);
}

SfStatus
sf_series_check(SfCtx *ctx, const SfSeries *s)
{
	if (s->n < 1)
		return sf_fail(ctx, SF_BAD_DATA, "the series has no periods");
	if (s->n > SF_SERIES_LENGTH_MAX)
		return sf_fail_value(ctx, SF_TOO_LARGE, "a series may have at most 1000000 periods", s->n);
	if (s->seasons < 0 || s->seasons > SF_SEASONS_MAX)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "a series may have at most 6 seasons", s->seasons);
	for (int32_t i = 0; i < s->seasons; i++)
	{
		if (!(s->season[i] > 1 && s->season[i] <= 1e9))
			return sf_fail_value(ctx, SF_BAD_ARGUMENT,
								 "a season must be above 1 and at most 1e9 observations", s->season[i]);
		if (i > 0 && !(s->season[i] > s->season[i - 1]))
			return sf_fail_value(ctx, SF_BAD_ARGUMENT, "seasons must ascend", s->season[i]);
	}
	for (int32_t t = 0; t < s->n; t++)
		if (isinf(s->y[t]))
		{
			sf_fail(ctx, SF_BAD_DATA, "a value of the series is infinite");
			ctx->where = t;
			return SF_BAD_DATA;
		}
	return SF_OK;
}

/* A straight line over each gap, the nearest value at the ends. */
static void
fill_lines(double *y, int32_t n)
{
	int32_t		last = -1;

	for (int32_t t = 0; t < n; t++)
	{
		if (isnan(y[t]))
			continue;
		for (int32_t i = last + 1; i < t; i++)
		{
			double		share = last < 0 ? 1.0 : (double) (i - last) / (t - last);

			y[i] = last < 0 ? y[t] : y[last] * (1.0 - share) + y[t] * share;
		}
		last = t;
	}
	for (int32_t i = last + 1; i < n; i++)
		y[i] = y[last];
}

/*
 * Mean departure of each season position from the line through the season's
 * own mean; false when a position was never observed.
 */
static bool
position_figures(const double *y, const double *line, int32_t n, int32_t m, double *figure, int32_t *count)
{
	double		mean = 0.0;

	for (int32_t j = 0; j < m; j++)
	{
		figure[j] = 0.0;
		count[j] = 0;
	}
	for (int32_t t = 0; t < n; t++)
		if (!isnan(y[t]))
		{
			figure[t % m] += y[t] - line[t];
			count[t % m]++;
		}
	for (int32_t j = 0; j < m; j++)
	{
		if (count[j] == 0)
			return false;
		figure[j] /= count[j];
		mean += figure[j] / m;
	}
	for (int32_t j = 0; j < m; j++)
		figure[j] -= mean;
	return true;
}

/* Centred moving means over one season of a complete series, shorter at the ends. */
static void
season_means(const double *y, int32_t n, int32_t m, double *out)
{
	double		sum = 0.0;
	int32_t		lo = 0;
	int32_t		hi = 0;

	for (int32_t t = 0; t < n; t++)
	{
		int32_t		from = t - m / 2;
		int32_t		to = from + m;

		if (from < 0)
		{
			from = 0;
			to = m;
		}
		if (to > n)
		{
			to = n;
			from = n - m;
		}
		for (; hi < to; hi++)
			sum += y[hi];
		for (; lo < from; lo++)
			sum -= y[lo];
		out[t] = sum / m;
	}
}

SfStatus
sf_series_fill(SfArena *arena, const SfSeries *s, double *out)
{
	int32_t		n = s->n;
	int32_t		m = sf_series_season(s);
	int32_t		missing = 0;
	double		largest = 0.0;
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *line;
	double	   *figure;
	int32_t    *count;

	for (int32_t t = 0; t < n; t++)
	{
		out[t] = s->y[t];
		missing += isnan(out[t]);
		if (fabs(out[t]) > largest)
			largest = fabs(out[t]);
	}
	if (missing == n)
		return sf_fail(arena->ctx, SF_BAD_DATA, "the series holds no values");
	if (missing == 0)
		return SF_OK;
	fill_lines(out, n);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	if (m < 2 || n < 2 * m || largest > SUMMED_MOST)
		return SF_OK;
	line = sf_arena_take(arena, (size_t) n, sizeof(double));
	figure = sf_arena_take(arena, (size_t) m, sizeof(double));
	count = sf_arena_take(arena, (size_t) m, sizeof(int32_t));
	if (line == NULL || figure == NULL || count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	season_means(out, n, m, line);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	if (position_figures(s->y, line, n, m, figure, count))
	{
		/* the line again, now between values without their season */
		for (int32_t t = 0; t < n; t++)
			out[t] = isnan(s->y[t]) ? NAN : s->y[t] - figure[t % m];
		fill_lines(out, n);
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int32_t t = 0; t < n; t++)
			out[t] = isnan(s->y[t]) ? out[t] + figure[t % m] : s->y[t];
	}
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
