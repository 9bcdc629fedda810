/*
 * unitroot.c
 *		How often to difference a series before it can be taken as stationary.
 */
#include "core/forecast/unitroot.h"

#include <math.h>

#include "core/forecast/stl.h"

/* Cycles in the smoothing window of the season, as R's mstl takes them. */
#define SEASON_WINDOW 11

/* The test looks at so many values at most, the last ones: its cost grows with n^(3/2). */
#define TESTED_MAX 20000

/* Rounding of a difference of two numbers of size 1, with room to spare. */
#define ROUNDING 1e-13

static double
mean_of(const double *y, int64_t n)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < n; i++)
		sum += y[i] / (double) n;
	return sum;
}

/* Sum of (y_i - mean)(y_(i-lag) - mean), in units of scale^2. */
static double
lagged_product(const double *y, int64_t n, int64_t lag, double mean, double scale)
{
	double		sum = 0.0;

	for (int64_t i = lag; i < n; i++)
		sum += ((y[i] - mean) / scale) * ((y[i - lag] - mean) / scale);
	return sum;
}

bool
sf_is_constant(const double *y, int64_t n, double size)
{
	for (int64_t i = 1; i < n; i++)
		if (fabs(y[i] - y[0]) > ROUNDING * size)
			return false;
	return true;
}

double
sf_kpss_level(const double *y, int64_t n)
{
	int64_t		lags = (int64_t) (3.0 * sqrt((double) n) / 13.0);
	double		mean = mean_of(y, n);
	double		size = 0.0;
	double		scale = 0.0;
	double		partial = 0.0;
	double		squares = 0.0;
	double		variance;

	for (int64_t i = 0; i < n; i++)
	{
		size = fmax(size, fabs(y[i]));
		scale = fmax(scale, fabs(y[i] - mean));
	}
	if (n < 3 || sf_is_constant(y, n, size) || !(scale > 0.0) || !isfinite(scale))
		return 0.0;
	variance = lagged_product(y, n, 0, mean, scale);
	for (int64_t l = 1; l <= lags; l++)
		variance += 2.0 * (1.0 - (double) l / (double) (lags + 1)) * lagged_product(y, n, l, mean, scale);
	for (int64_t i = 0; i < n; i++)
	{
		partial += (y[i] - mean) / scale;
		squares += partial * partial;
	}
	return variance > 0.0 ? squares / ((double) n * variance) : 0.0;
}

int64_t
sf_difference(double *y, int64_t n, int64_t lag)
{
	for (int64_t i = 0; i + lag < n; i++)
		y[i] = y[i + lag] - y[i];
	return n > lag ? n - lag : 0;
}

int32_t
sf_ordinary_differences(double *y, int64_t n, int32_t d_max, double size)
{
	int64_t		skipped = n > TESTED_MAX ? n - TESTED_MAX : 0;
	int32_t		d = 0;

	while (d < d_max && !sf_is_constant(y, n, size) && sf_kpss_level(y + skipped, n - skipped) > SF_KPSS_LEVEL_5)
	{
		n = sf_difference(y, n, 1);
		d++;
	}
	return d;
}

/* Sum of squared deviations from the mean of x, and of x + z. */
static void
variations(const double *x, const double *z, int32_t n, double *of_x, double *of_both)
{
	double		mean_x = mean_of(x, n);
	double		mean_z = mean_of(z, n);

	*of_x = 0.0;
	*of_both = 0.0;
	for (int32_t i = 0; i < n; i++)
	{
		double		a = x[i] - mean_x;
		double		b = a + (z[i] - mean_z);

		*of_x += a * a;
		*of_both += b * b;
	}
}

SfStatus
sf_seasonal_strength(SfArena *arena, const double *y, int32_t n, int32_t m, double *strength)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfStlSpec	spec;
	double	   *trend;
	double	   *season;
	double		remainder;
	double		both;
	double		size = 0.0;
	SfStatus	status;

	*strength = 0.0;
	for (int32_t i = 0; i < n; i++)
		size = fmax(size, fabs(y[i]));
	if (m < 2 || n < 2 * (int64_t) m + 5 || sf_is_constant(y, n, size))
		return SF_OK;
	spec = sf_stl_spec(n, m, SEASON_WINDOW, false);
	trend = sf_arena_take(arena, (size_t) n, sizeof(double));
	season = sf_arena_take(arena, (size_t) n, sizeof(double));
	if (trend == NULL || season == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_stl(arena, y, n, &spec, trend, season, NULL);
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < n; i++)
		trend[i] = y[i] - trend[i] - season[i];
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	variations(trend, season, n, &remainder, &both);
	if (both > 0.0 && isfinite(both))
		*strength = fmax(0.0, 1.0 - remainder / both);
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
