/*
 * terms.c
 *		Harmonics, drivers and sums of products for regressions on time.
 */
#include "core/forecast/terms.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The sums of products are the cost of a regression; each cell is computed by itself. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define TWO_PI 6.28318530717958647693

/* Steps by rotation before cosines and sines are computed afresh. */
#define FRESH_EVERY 64

/* A standard deviation below this part of the largest value is rounding. */
#define VARIES_MIN 1e-10

int
sf_terms_exponent(const double *y, int32_t n)
{
	double		largest = 0;
	int			e = 0;

	for (int32_t t = 0; t < n; t++)
		if (fabs(y[t]) > largest)
			largest = fabs(y[t]);
	if (largest > 0)
		(void) frexp(largest, &e);
	return e;
}

void
sf_terms_mean_forecast(const SfSeries *s, int exponent, const char *label, SfForecast *out)
{
	double		sum = 0;
	double		squares = 0;
	double		mean;
	int32_t		count = 0;

	for (int32_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
		{
			sum += ldexp(s->y[t], -exponent);
			count++;
		}
	mean = count > 0 ? sum / count : 0.0;
	for (int32_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
			squares += (ldexp(s->y[t], -exponent) - mean) * (ldexp(s->y[t], -exponent) - mean);
	for (int32_t i = 0; i < out->horizon; i++)
	{
		out->mean[i] = ldexp(mean, exponent);
		out->variance[i] = count < 2 ? NAN :
			fmin(DBL_MAX, ldexp(squares / (count - 1) * (1.0 + 1.0 / count), 2 * exponent));
	}
	for (int32_t t = 0; t < s->n && out->fitted != NULL; t++)
		out->fitted[t] = ldexp(mean, exponent);
	out->converged = true;
	sf_forecast_label(out, label);
}

static bool
is_new(const SfHarmonics *h, double frequency, double resolution)
{
	for (int32_t k = 0; k < h->count; k++)
		if (fabs(h->frequency[k] - frequency) < resolution)
			return false;
	return true;
}

/* False: more than count_max. */
static bool
list_harmonics(const SfSeries *s, const int32_t *order, int32_t count_max, SfHarmonics *harmonics)
{
	/* two waves that drift apart by less than this over the series are one */
	double		resolution = 0.05 / s->n;

	harmonics->count = 0;
	for (int32_t i = 0; i < s->seasons; i++)
	{
		if (!(2 * s->season[i] <= s->n))
			continue;
		for (int32_t j = 1; j <= order[i]; j++)
		{
			double		frequency = j / s->season[i];

			if (frequency > 0.5 + 1e-12)
				break;
			if (!is_new(harmonics, frequency, resolution))
				continue;
			if (harmonics->count >= count_max)
				return false;
			harmonics->frequency[harmonics->count] = frequency;
			harmonics->season[harmonics->count] = i;
			harmonics->order[harmonics->count] = j;
			harmonics->count++;
		}
	}
	return true;
}

void
sf_harmonics_choose(const SfSeries *s, const int32_t *order, int32_t count_max,
					SfHarmonics *harmonics)
{
	int32_t		kept[SF_SEASONS_MAX] = {0};

	if (count_max > SF_HARMONICS_MAX)
		count_max = SF_HARMONICS_MAX;
	memcpy(kept, order, (size_t) s->seasons * sizeof(int32_t));
	while (!list_harmonics(s, kept, count_max, harmonics))
	{
		int32_t		highest = 0;

		/* of equal ones that of the longest season */
		for (int32_t i = 1; i < s->seasons; i++)
			if (kept[i] >= kept[highest])
				highest = i;
		kept[highest]--;
	}
}

static void
fresh_row(SfWaves *waves, int64_t t)
{
	const SfHarmonics *h = waves->harmonics;

	for (int32_t k = 0; k < h->count; k++)
	{
		double		cycles = h->frequency[k] * (double) t;
		double		angle = TWO_PI * (cycles - floor(cycles));

		waves->row[k] = cos(angle);
		/* at half a cycle a period the sine is 0 in every period */
		waves->row[h->count + k] = h->frequency[k] > 0.5 - 1e-12 ? 0.0 : sin(angle);
	}
	waves->t = t;
}

SfStatus
sf_waves_start(SfArena *arena, const SfHarmonics *harmonics, SfWaves *waves)
{
	size_t		size = (size_t) harmonics->count * 2 + 1;

	waves->harmonics = harmonics;
	waves->row = sf_arena_take(arena, size, sizeof(double));
	waves->turn = sf_arena_take(arena, size, sizeof(double));
	if (waves->row == NULL || waves->turn == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	fresh_row(waves, 1);
	memcpy(waves->turn, waves->row, size * sizeof(double) - sizeof(double));
	fresh_row(waves, 0);
	return SF_OK;
}

/* From one period to the next. */
static void
turn_row(SfWaves *waves)
{
	int32_t		count = waves->harmonics->count;
	double	   *restrict c = waves->row;
	double	   *restrict s = waves->row + count;
	const double *restrict dc = waves->turn;
	const double *restrict ds = waves->turn + count;

	for (int32_t k = 0; k < count; k++)
	{
		double		next = c[k] * dc[k] - s[k] * ds[k];

		s[k] = s[k] * dc[k] + c[k] * ds[k];
		c[k] = next;
	}
	waves->t++;
}

void
sf_waves_to(SfWaves *waves, int64_t t)
{
	int64_t		fresh = t - t % FRESH_EVERY;

	/* the same turns wherever it comes from, so that a row depends on t alone */
	if (waves->t < fresh || waves->t > t)
		fresh_row(waves, fresh);
	while (waves->t < t)
		turn_row(waves);
}

/* Mean and standard deviation of column j over the periods with an observation, after division by 2^e. */
static bool
column_moments(const SfSeries *s, int32_t j, int *e, double *mean, double *deviation)
{
	double		largest = 0;
	double		sum = 0;
	double		squares = 0;
	int64_t		count = 0;

	for (int64_t t = 0; t < s->n; t++)
		largest = fmax(largest, fabs(s->drivers[t * s->driver_count + j]));
	if (!(largest > 0))
		return false;
	(void) frexp(largest, e);
	for (int64_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
		{
			sum += ldexp(s->drivers[t * s->driver_count + j], -*e);
			count++;
		}
	if (count < 2)
		return false;
	*mean = sum / (double) count;
	for (int64_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
		{
			double		d = ldexp(s->drivers[t * s->driver_count + j], -*e) - *mean;

			squares += d * d;
		}
	*deviation = sqrt(squares / (double) count);
	return *deviation > VARIES_MIN;
}

/* A value that far outside its past says nothing a straight line could use. */
#define DRIVER_MAX 1e6

SfStatus
sf_terms_drivers(SfArena *arena, const SfSeries *s, int32_t horizon, double **columns,
				 int32_t *kept)
{
	int64_t		rows = (int64_t) s->n + horizon;
	int32_t		count = s->drivers == NULL ? 0 : s->driver_count;
	double	   *out;

	*kept = 0;
	*columns = NULL;
	if (count <= 0)
		return SF_OK;
	if ((size_t) rows > SIZE_MAX / (size_t) count)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	out = sf_arena_take(arena, (size_t) rows * (size_t) count, sizeof(double));
	if (out == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t j = 0; j < count; j++)
	{
		double		mean;
		double		deviation;
		int			e;

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (!column_moments(s, j, &e, &mean, &deviation))
			continue;
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		/* the first columns of each row; packed below */
		for (int64_t t = 0; t < rows; t++)
		{
			double		z = (ldexp(s->drivers[t * count + j], -e) - mean) / deviation;

			out[t * count + *kept] = fmax(-DRIVER_MAX, fmin(DRIVER_MAX, z));
		}
		(*kept)++;
	}
	if (*kept == 0)
		return SF_OK;
	for (int64_t t = 1; t < rows && *kept < count; t++)
		memmove(out + t * *kept, out + t * count, (size_t) *kept * sizeof(double));
	*columns = out;
	return SF_OK;
}

void
sf_products_add(double *a, int32_t cols, const double *x, int32_t rows)
{
	if (rows == SF_PRODUCT_ROWS)
	{
		const double *x1 = x + cols;
		const double *x2 = x1 + cols;
		const double *x3 = x2 + cols;

		for (int32_t i = 0; i < cols; i++)
		{
			double	   *restrict to = a + (int64_t) i * cols;
			double		f0 = x[i];
			double		f1 = x1[i];
			double		f2 = x2[i];
			double		f3 = x3[i];

			for (int32_t j = 0; j <= i; j++)
				to[j] += (f0 * x[j] + f1 * x1[j]) + (f2 * x2[j] + f3 * x3[j]);
		}
		return;
	}
	for (int32_t r = 0; r < rows; r++, x += cols)
		for (int32_t i = 0; i < cols; i++)
		{
			double	   *restrict to = a + (int64_t) i * cols;
			double		f = x[i];

			for (int32_t j = 0; j <= i; j++)
				to[j] += f * x[j];
		}
}
