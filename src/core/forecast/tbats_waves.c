/*
 * tbats_waves.c
 *		How many harmonics each season of a TBATS model gets.
 */
#include "core/forecast/tbats_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/chol.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Waves are kept up to the last one whose F statistic exceeds this (p about .007). */
#define F_MIN 5.0

/* Most harmonics of one season that are tried, and of all. */
#define ORDER_MAX 30
#define WAVES_MAX 40

/* The regression that tells which waves there are: level, line and all waves. */
typedef struct WaveTest
{
	double	   *sum;			/* [cols + 1]^2 */
	double	   *beta;
	int32_t		cols;
	double		noise;
} WaveTest;

static SfStatus
regress_waves(SfArena *arena, const double *z, int32_t n, const SfHarmonics *h, WaveTest *test)
{
	int32_t		cols = 2 + 2 * h->count;
	int32_t		wide = cols + 1;
	SfWaves		waves;
	double	   *row;
	double		last = 0;
	SfStatus	status = sf_waves_start(arena, h, &waves);

	if (status != SF_OK)
		return status;
	test->cols = cols;
	test->sum = sf_arena_take(arena, (size_t) wide * (size_t) wide, sizeof(double));
	test->beta = sf_arena_take(arena, (size_t) cols, sizeof(double));
	row = sf_arena_take(arena, (size_t) wide, sizeof(double));
	if (test->sum == NULL || test->beta == NULL || row == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(test->sum, 0, (size_t) wide * (size_t) wide * sizeof(double));
	for (int32_t t = 0; t < n; t++)
	{
		if (t % 256 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sf_waves_to(&waves, t);
		row[0] = 1.0;
		row[1] = (double) t / n - 0.5;
		memcpy(row + 2, waves.row, (size_t) (2 * h->count) * sizeof(double));
		row[cols] = z[t];
		sf_products_add(test->sum, wide, row, 1);
	}
	last = test->sum[(int64_t) cols * wide + cols];
	for (int32_t k = 0; k < cols; k++)
		test->sum[(int64_t) k * wide + k] += 1e-7;
	status = sf_chol_factor(arena->ctx, test->sum, cols, wide);
	if (status != SF_OK)
		return status;
	memcpy(test->beta, test->sum + (int64_t) cols * wide, (size_t) cols * sizeof(double));
	sf_chol_solve(test->sum, cols, wide, test->beta);
	for (int32_t k = 0; k < cols; k++)
		last -= test->beta[k] * test->sum[(int64_t) cols * wide + k];
	test->noise = fmax(last, 0.0) / (n > cols ? n - cols : 1);
	return SF_OK;
}

/* out = z less its moving average over one longest season; the ends keep the nearest average. */
static void
remove_level(const double *z, int32_t n, int32_t window, double *out)
{
	int32_t		half = window / 2;
	double		sum = 0;
	double		average;

	/* an even window has half a weight at either end */
	for (int32_t t = 0; t < 2 * half + 1; t++)
		sum += z[t];
	for (int32_t t = half; t < n - half; t++)
	{
		if (t > half)
			sum += z[t + half] - z[t - half - 1];
		average = window % 2 == 1 ? sum / window :
			(sum - 0.5 * (z[t - half] + z[t + half])) / window;
		out[t] = z[t] - average;
		if (t == half)
			for (int32_t i = 0; i < half; i++)
				out[i] = z[i] - average;
		if (t == n - half - 1)
			for (int32_t i = t + 1; i < n; i++)
				out[i] = z[i] - average;
	}
}

/* The last order of each season whose wave is no accident. */
static void
significant_orders(const WaveTest *test, const SfHarmonics *h, int32_t n, int32_t *order)
{
	for (int32_t k = 0; k < h->count; k++)
	{
		double		c = test->beta[2 + k];
		double		s = test->beta[2 + h->count + k];
		bool		single = h->frequency[k] > 0.5 - 1e-12;
		double		power = single ? c * c * n : (c * c + s * s) * n / 4.0;

		if (power > F_MIN * test->noise && h->order[k] > order[h->season[k]])
			order[h->season[k]] = h->order[k];
	}
}

/* The orders that z shows; value = log of the noise that is left. */
static SfStatus
test_waves(SfTbatsData *data, const SfSeries *s, const double *z, double season, int32_t *order,
		   double *value)
{
	SfArenaMark mark = sf_arena_mark(data->arena);
	WaveTest	test;
	SfStatus	status;

	remove_level(z, s->n, (int32_t) (season + 0.5), data->d);
	status = regress_waves(data->arena, data->d, s->n, &data->waves, &test);
	if (status != SF_OK)
		return status;
	significant_orders(&test, &data->waves, s->n, order);
	*value = log(fmax(test.noise, DBL_MIN));
	sf_arena_rewind(data->arena, mark);
	return SF_OK;
}

SfStatus
sf_tbats_choose_waves(SfTbatsData *data, const SfSeries *s)
{
	int32_t		tried[SF_SEASONS_MAX];
	int32_t		order[SF_SEASONS_MAX] = {0};
	int32_t		count_max = s->n / 4 < WAVES_MAX ? s->n / 4 : WAVES_MAX;
	double		longest = 0;
	SfStatus	status;

	for (int32_t i = 0; i < s->seasons; i++)
		tried[i] = ORDER_MAX;
	sf_harmonics_choose(s, tried, count_max, &data->waves);
	for (int32_t k = 0; k < data->waves.count; k++)
		longest = fmax(longest, s->season[data->waves.season[k]]);
	if (data->waves.count > 0)
	{
		double		plain;
		double		logs = 0;
		int32_t		log_order[SF_SEASONS_MAX] = {0};

		status = test_waves(data, s, s->y, longest, order, &plain);
		if (status == SF_OK && data->logs != NULL)
			status = test_waves(data, s, data->logs, longest, log_order, &logs);
		if (status != SF_OK)
			return status;
		/* the likelier of the two, per unit of the series */
		if (data->logs != NULL && logs + 2.0 * data->log_sum / s->n < plain)
			memcpy(order, log_order, sizeof order);
	}
	sf_harmonics_choose(s, order, count_max, &data->waves);
	data->states = 2 + 2 * data->waves.count;
	data->seeds = 1 + 2 * data->waves.count;
	for (int32_t k = 0; k < data->waves.count; k++)
	{
		bool		single = data->waves.frequency[k] > 0.5 - 1e-12;
		double		angle = 6.28318530717958647693 * data->waves.frequency[k];

		data->cosine[k] = cos(angle);
		data->sine[k] = single ? 0.0 : sin(angle);
		data->seeds -= single;
	}
	data->stable_steps = (int32_t) fmax(100.0, fmin(800.0, 2.0 * longest));
	return SF_OK;
}

