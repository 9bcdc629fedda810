/*
 * parts.c
 *		What the weights of accuracy => 'high' are trained on: for every series of a
 *		set and three origins (the end of the training part, and one and two horizons
 *		before it) the forecasts of the members, their record, the features.
 *
 *		parts HORIZON SCALE_LAG [SEASON...] < part,series,t,value > doubles
 *
 * Writes records of doubles: origin (0, 1, 2), n, MASE scale, record[7],
 * feature[9], usable[7], actual[h], Naive2[h], member forecasts [7][h].
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/forecast/high.h"

#define ORIGINS 3

typedef struct Input
{
	char		id[128];
	double	   *y;				/* training part, then test part */
	int			train;
	int			n;
} Input;

static void *
host_alloc(void *host, size_t size)
{
	(void) host;
	return malloc(size);
}

static bool
host_poll(void *host)
{
	(void) host;
	return false;
}

/* Lines come ordered by part, series, t. */
static int
compare_ids(const void *a, const void *b)
{
	return strcmp(((const Input *) a)->id, ((const Input *) b)->id);
}

static int
read_input(Input **all)
{
	char		line[512];
	int			count = 0;
	int			sorted = 0;
	Input	   *at = NULL;

	*all = NULL;
	while (fgets(line, sizeof line, stdin) != NULL)
	{
		char	   *part = strtok(line, ",");
		char	   *id = strtok(NULL, ",");
		char	   *value = strtok(NULL, ",");
		bool		train = strcmp(part, "train") == 0;

		value = strtok(NULL, ",");
		if (train && (at == NULL || strcmp(at->id, id) != 0))
		{
			*all = realloc(*all, (size_t) (count + 1) * sizeof(Input));
			at = &(*all)[count++];
			*at = (Input) {.y = NULL};
			snprintf(at->id, sizeof at->id, "%s", id);
		}
		if (!train && (!sorted || at == NULL || strcmp(at->id, id) != 0))
		{
			Input		key = {.y = NULL};

			if (!sorted++)
				qsort(*all, (size_t) count, sizeof(Input), compare_ids);
			snprintf(key.id, sizeof key.id, "%s", id);
			at = bsearch(&key, *all, (size_t) count, sizeof(Input), compare_ids);
		}
		if (at == NULL)
			continue;
		at->y = realloc(at->y, (size_t) (at->n + 1) * sizeof(double));
		at->y[at->n++] = atof(value);
		at->train += train;
	}
	return count;
}

/*
 * Whether the autocorrelation of y[n] at lag m is significant at 90 per cent,
 * two-sided, as the M4 competition asked; false below three cycles.
 */
static bool
is_seasonal(const double *y, int32_t n, int32_t m)
{
	double		mean = 0.0;
	double		variance = 0.0;
	double		sum = 0.0;
	double		last = 0.0;

	if (m < 2 || n / 3 < m)
		return false;
	for (int32_t t = 0; t < n; t++)
		mean += y[t] / n;
	for (int32_t t = 0; t < n; t++)
		variance += (y[t] - mean) * (y[t] - mean);
	/* what is left of a constant is rounding */
	if (!(variance > 1e-24 * mean * mean * n))
		return false;
	for (int32_t lag = 1; lag <= m; lag++)
	{
		double		c = 0.0;

		for (int32_t t = lag; t < n; t++)
			c += (y[t] - mean) * (y[t - lag] - mean);
		last = c / variance;
		if (lag < m)
			sum += last * last;
	}
	return fabs(last) > 1.645 * sqrt((1.0 + 2.0 * sum) / n);
}

/* Naive2 of the M4 competition on n values. */
static void
naive2(const double *y, int n, int m, int horizon, double *out)
{
	double		figure[400];
	bool		seasonal = m > 1 && m < 400 && is_seasonal(y, n, m);

	for (int t = 0; t < n; t++)
		seasonal = seasonal && y[t] > 0;
	for (int j = 0; j < m && seasonal; j++)
	{
		int			count = 0;

		figure[j] = 0.0;
		for (int t = 0; t + m < n + 1; t++)
		{
			double		centre = 0.0;
			int			middle = t + m / 2;

			if (middle % m != j || (m % 2 == 0 && t + m >= n))
				continue;
			for (int i = 0; i < m; i++)
				centre += y[t + i];
			if (m % 2 == 0)
				centre += 0.5 * (y[t + m] - y[t]);
			figure[j] += y[middle] * m / centre;
			count++;
		}
		figure[j] /= count;
	}
	for (int k = 0; k < horizon; k++)
		out[k] = seasonal ? y[n - 1] / figure[(n - 1) % m] * figure[(n + k) % m] : y[n - 1];
}

static double
mase_scale(const double *y, int n, int lag)
{
	double		sum = 0.0;

	for (int t = lag; t < n; t++)
		sum += fabs(y[t] - y[t - lag]);
	return n > lag ? sum / (n - lag) : 0.0;
}

static void
put(const double *x, int count)
{
	fwrite(x, sizeof(double), (size_t) count, stdout);
}

static void
put_origin(SfArena *arena, SfSeries s, int origin, int horizon, int lag, const double *actual)
{
	double	   *mean = malloc((size_t) horizon * 3 * sizeof(double));
	SfForecast	base = {.horizon = horizon, .mean = mean, .variance = mean + horizon};
	double		head[3] = {origin, s.n, mase_scale(s.y, s.n, lag)};
	SfArenaMark mark = sf_arena_mark(arena);
	SfHighParts parts;

	if (sf_high_parts(arena, &s, &base, &parts) != SF_OK)
	{
		fprintf(stderr, "%s\n", arena->ctx->what);
		exit(1);
	}
	naive2(s.y, s.n, lag, horizon, mean + 2 * horizon);
	put(head, 3);
	put(parts.record, SF_HIGH_MEMBERS);
	put(parts.feature, SF_HIGH_FEATURES);
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
		put(&(double) {parts.usable[k]}, 1);
	put(actual, horizon);
	put(mean + 2 * horizon, horizon);
	for (int k = 0; k < SF_HIGH_MEMBERS; k++)
		put(parts.mean[k], horizon);
	free(mean);
	sf_arena_rewind(arena, mark);
}

int
main(int argc, char **argv)
{
	SfCtx		ctx = {.alloc = host_alloc, .poll = host_poll};
	SfArena		arena;
	SfSeries	s = {.seasons = argc - 3};
	Input	   *all;
	int			count = read_input(&all);
	int			horizon = atoi(argv[1]);
	int			lag = atoi(argv[2]);

	sf_arena_init(&arena, &ctx);
	for (int i = 0; i < s.seasons; i++)
		s.season[i] = atof(argv[3 + i]);
	for (int i = 0; i < count; i++)
		for (int origin = 0; origin < ORIGINS; origin++)
		{
			s.y = all[i].y;
			s.n = all[i].train - origin * horizon;
			if (s.n + horizon > all[i].n || s.n < 6 || (origin > 0 && s.n < 2 * sf_series_season(&s)))
				continue;
			put_origin(&arena, s, origin, horizon, lag, s.y + s.n);
		}
	return 0;
}
