/*
 * ets_start.c
 *		Where the search for an exponential smoothing model starts.
 */
#include "core/forecast/ets_start.h"

#include <math.h>
#include <string.h>

/* Values that tell level and trend: this many, or two seasons. */
#define FIRST_VALUES 10

/* What is left of a value when `base` is taken out. */
static double
without(double y, double base, SfEtsSeason season)
{
	if (season == SF_ETS_SEASON_MULTIPLICATIVE)
		return y / fmax(base, 1e-10);
	return y - base;
}

/* What is gathered per position of the season. */
typedef struct Gathered
{
	double	   *figure;			/* [m] sums */
	int32_t    *count;			/* [m] */
	double		square_sum;
} Gathered;

static void
gather(Gathered *g, int32_t position, double x)
{
	g->figure[position] += x;
	g->count[position]++;
	g->square_sum += x * x;
}

/* What the centred moving average leaves. */
static void
gather_around_average(const SfEtsData *d, SfEtsSeason season, Gathered *g)
{
	int32_t		m = d->m;
	int32_t		half = m / 2;
	bool		even = m % 2 == 0;
	double		sum = 0.0;

	/* an even season takes half of the value at either end */
	for (int32_t t = 0; t <= 2 * half; t++)
		sum += even && (t == 0 || t == 2 * half) ? 0.5 * d->y[t] : d->y[t];
	for (int32_t t = half; t + half < d->n; t++)
	{
		gather(g, t % m, without(d->y[t], sum / m, season));
		if (t + half + 1 == d->n)
			break;
		if (even)
			sum += 0.5 * (d->y[t + half + 1] + d->y[t + half]) - 0.5 * (d->y[t - half] + d->y[t - half + 1]);
		else
			sum += d->y[t + half + 1] - d->y[t - half];
	}
}

/* The same around a line through the means of the first two seasons. */
static void
gather_around_line(const SfEtsData *d, SfEtsSeason season, Gathered *g)
{
	int32_t		m = d->m;
	double		first = 0.0;
	double		second = 0.0;
	double		slope;

	for (int32_t t = 0; t < m; t++)
	{
		first += d->y[t] / m;
		second += d->y[t + m] / m;
	}
	slope = (second - first) / m;
	for (int32_t t = 0; t < 2 * m; t++)
		gather(g, t % m, without(d->y[t], first + slope * (t - 0.5 * (m - 1)), season));
}

/* Adjusted R^2 of the figure, from the sums. */
static double
strength_of(const Gathered *g, int32_t m)
{
	double		sum = 0.0;
	double		between = 0.0;
	double		n = 0.0;
	double		all;

	for (int32_t j = 0; j < m; j++)
	{
		double		count = g->count[j] > 0 ? g->count[j] : 1;

		n += g->count[j];
		sum += g->figure[j];
		between += g->figure[j] * g->figure[j] / count;
	}
	all = g->square_sum - sum * sum / n;
	between -= sum * sum / n;
	if (!(all > 0.0) || n <= m)
		return 0.0;
	return 1.0 - fmax(all - between, 0.0) / all * (n - 1.0) / (n - m);
}

/* Sums to means, with mean 0 or 1. */
static void
normalize(Gathered *g, int32_t m, SfEtsSeason season)
{
	double		mean = 0.0;

	for (int32_t j = 0; j < m; j++)
	{
		g->figure[j] /= g->count[j] > 0 ? g->count[j] : 1;
		mean += g->figure[j] / m;
	}
	for (int32_t j = 0; j < m; j++)
		g->figure[j] = season == SF_ETS_SEASON_MULTIPLICATIVE ? fmax(g->figure[j] / mean, 1e-6) : g->figure[j] - mean;
}

/* Mean, and line through the first values without their season. */
static void
first_line(const SfEtsData *d, SfEtsSeason season, SfEtsStart *start)
{
	int32_t		wanted = 2 * d->m > FIRST_VALUES ? 2 * d->m : FIRST_VALUES;
	int32_t		k = d->n < wanted ? d->n : wanted;
	double		middle = 0.5 * (k - 1);
	double		mean = 0.0;
	double		top = 0.0;
	double		bottom = 0.0;

	for (int32_t t = 0; t < k; t++)
	{
		double		y = season == SF_ETS_SEASON_NONE ? d->y[t] : without(d->y[t], start->season[t % d->m], season);

		mean += y / k;
		top += (t - middle) * y;
		bottom += (t - middle) * (t - middle);
	}
	start->mean = mean;
	start->trend = bottom > 0.0 ? top / bottom : 0.0;
	start->level = mean - start->trend * (middle + 1.0);
}

SfStatus
sf_ets_start(SfArena *arena, const SfEtsData *data, SfEtsSeason season, SfEtsStart *start)
{
	size_t		m = (size_t) data->m;
	Gathered	g = {0};
	SfArenaMark mark;

	start->strength = 0.0;
	start->season = sf_arena_take(arena, m, sizeof(double));
	mark = sf_arena_mark(arena);
	g.figure = start->season;
	g.count = sf_arena_take(arena, m, sizeof(int32_t));
	if (g.figure == NULL || g.count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(g.figure, 0, m * sizeof(double));
	memset(g.count, 0, m * sizeof(int32_t));
	if (season != SF_ETS_SEASON_NONE)
	{
		if (data->n >= 3 * data->m)
			gather_around_average(data, season, &g);
		else
			gather_around_line(data, season, &g);
		start->strength = strength_of(&g, data->m);
		normalize(&g, data->m, season);
	}
	first_line(data, season, start);
	sf_arena_rewind(arena, mark);
	return sf_poll(arena->ctx);
}
