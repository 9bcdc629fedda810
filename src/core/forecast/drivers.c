/*
 * drivers.c
 *		What outside figures do to a series.
 */
#include "core/forecast/drivers.h"

#include "core/base/lsq.h"

#include <math.h>

static const double rhos[] = {0.0, 0.3, 0.6, 0.9, 1.0};
static const double penalties[] = {1e-4, 1e-2, 1e-1, 1.0};

#define RHOS ((int) (sizeof rhos / sizeof rhos[0]))
#define PENALTIES ((int) (sizeof penalties / sizeof penalties[0]))

/* A deviation that is a smaller part of the largest value is none. */
#define VARIES_LEAST 1e-10

/* The penalty grows with the drivers per period up to one for so many. */
#define PENALTY_CROWD 10.0

/* Factors are taken when their squared error is below this part of that of amounts. */
#define FACTOR_GAIN 0.9

/* Logarithms of factors beyond this are not believed. */
#define LOG_MOST 30.0

/* Columns: the drivers, then intercept and line. */
typedef struct Work
{
	int32_t		n;
	int32_t		total;			/* n + horizon */
	int32_t		k;				/* drivers */
	int32_t		cols;			/* k + 2 */
	int32_t		season;
	bool		factor;			/* y holds logarithms */
	double	   *level;			/* [n] the series, divided by a power of two */
	double	   *y;				/* [n] level or its logarithm, without season */
	double	   *x;				/* [total][k] without season, scaled to deviation 1 */
	double	   *scale;			/* [k] 0 = does not vary */
	double	   *rows;			/* [n][cols] filtered */
	double	   *right;			/* [n] filtered */
	double	   *ridge;			/* [cols] */
	double	   *beta;			/* [cols] */
	double	   *mean;			/* [season] */
} Work;

/*
 * The growth per period within the positions of the season, so that a line does not
 * pass for a season where the last cycle is cut short.
 */
static double
common_slope(const double *x, int32_t stride, int32_t n, int32_t m, const double *mean)
{
	double		cross = 0.0;
	double		square = 0.0;

	for (int32_t t = 0; t < n; t++)
	{
		int32_t		j = t % m;
		double		from = t - (j + m * (0.5 * ((n - 1 - j) / m)));

		cross += from * (x[(size_t) t * stride] - mean[j]);
		square += from * from;
	}
	return square > 0 ? cross / square : 0.0;
}

/* Subtract what each position of the season departs from a straight line over the first n, everywhere. */
static void
drop_season(double *x, int32_t stride, int32_t n, int32_t total, int32_t m, double *mean)
{
	double		slope;

	if (m < 2 || n < 2 * m)
		m = 1;
	for (int32_t j = 0; j < m; j++)
	{
		double		sum = 0.0;
		int32_t		count = 0;

		for (int32_t t = j; t < n; t += m, count++)
			sum += x[(size_t) t * stride];
		mean[j] = sum / count;
	}
	slope = m > 1 ? common_slope(x, stride, n, m, mean) : 0.0;
	for (int32_t j = 0; j < m; j++)
		mean[j] -= slope * (j + m * (0.5 * ((n - 1 - j) / m)) - 0.5 * (n - 1));
	for (int32_t t = 0; t < total; t++)
		x[(size_t) t * stride] -= mean[t % m];
}

/* Divide a driver by a power of two so that squares stay in range; the power. */
static int
shrink_column(Work *w, int32_t j)
{
	double		largest = 0.0;
	int			exponent = 0;

	for (int32_t t = 0; t < w->n; t++)
		largest = fmax(largest, fabs(w->x[(size_t) t * w->k + j]));
	if (largest > 0)
		(void) frexp(largest, &exponent);
	for (int32_t t = 0; t < w->total; t++)
		w->x[(size_t) t * w->k + j] = ldexp(w->x[(size_t) t * w->k + j], -exponent);
	return exponent;
}

/* What is left of a driver that does not vary is rounding. */
static void
scale_column(Work *w, int32_t j)
{
	double		square = 0.0;

	for (int32_t t = 0; t < w->n; t++)
	{
		double		v = w->x[(size_t) t * w->k + j];

		square += v * v;
	}
	w->scale[j] = sqrt(square / w->n);
	if (!(w->scale[j] > VARIES_LEAST))
		w->scale[j] = 0.0;
	for (int32_t t = 0; t < w->total; t++)
	{
		double	   *v = &w->x[(size_t) t * w->k + j];

		*v = w->scale[j] > 0 ? *v / w->scale[j] : 0.0;
	}
}

/* Rows 1 .. n - 1 of the series and its drivers, filtered by 1 - rho B. */
static void
filter(Work *w, double rho)
{
	for (int32_t t = 1; t < w->n; t++)
	{
		double	   *row = w->rows + (size_t) (t - 1) * w->cols;

		for (int32_t j = 0; j < w->k; j++)
			row[j] = w->x[(size_t) t * w->k + j] - rho * w->x[(size_t) (t - 1) * w->k + j];
		row[w->k] = 1.0;
		row[w->k + 1] = (double) t / w->n;
		w->right[t - 1] = w->y[t] - rho * w->y[t - 1];
	}
}

static SfStatus
regress(SfArena *arena, Work *w, int32_t rows, double penalty, SfLsq *fit)
{
	SfMatrixView x = {w->rows, rows, w->cols, w->cols};
	SfArenaMark mark = sf_arena_mark(arena);
	SfStatus	status;

	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	/* few drivers for many periods need little shrinking */
	penalty *= fmin(1.0, PENALTY_CROWD * w->k / rows);
	for (int32_t j = 0; j < w->cols; j++)
		w->ridge[j] = j < w->k ? penalty * rows : 0.0;
	status = sf_least_squares(arena, x, w->right, w->ridge, w->beta, fit);
	sf_arena_rewind(arena, mark);
	return status;
}

/* Squared error of the coefficients on the rows from `first` on, in the unit of level. */
static double
error_after(const Work *w, int32_t first, int32_t rows)
{
	double		sum = 0.0;

	for (int32_t i = first; i < rows; i++)
	{
		double		e = w->right[i];

		for (int32_t j = 0; j < w->cols; j++)
			e -= w->beta[j] * w->rows[(size_t) i * w->cols + j];
		if (w->factor)
			e = -expm1(fmin(-e, LOG_MOST)) * w->level[i + 1];
		sum += e * e;
	}
	return sum;
}

/*
 * The filter with the least in-sample error, then the penalty with the least error held
 * out, which is given back; infinite when nothing could be held out.
 */
static SfStatus
choose(SfArena *arena, Work *w, double *held_out)
{
	int32_t		rows = w->n - 1;
	int32_t		first = rows - rows / 5;
	double		least = INFINITY;
	double		rho = 0.0;
	double		penalty = penalties[1];
	SfLsq		fit;
	SfStatus	status;

	for (int i = 0; i < RHOS; i++)
	{
		filter(w, rhos[i]);
		status = regress(arena, w, rows, penalty, &fit);
		if (status != SF_OK)
			return status;
		if (fit.rss < least)
		{
			least = fit.rss;
			rho = rhos[i];
		}
	}
	filter(w, rho);
	*held_out = INFINITY;
	for (int i = 0; i < PENALTIES && first < rows; i++)
	{
		double		error;

		status = regress(arena, w, first, penalties[i], &fit);
		if (status != SF_OK)
			return status;
		error = error_after(w, first, rows);
		if (error < *held_out)
		{
			*held_out = error;
			penalty = penalties[i];
		}
	}
	return regress(arena, w, rows, penalty, &fit);
}

static bool
work_start(SfArena *arena, Work *w)
{
	w->level = sf_arena_take(arena, (size_t) w->n, 3 * sizeof(double));
	w->x = sf_arena_take(arena, (size_t) w->total, (size_t) w->k * sizeof(double));
	w->rows = sf_arena_take(arena, (size_t) w->n, (size_t) w->cols * sizeof(double));
	w->scale = sf_arena_take(arena, (size_t) w->cols, 3 * sizeof(double));
	w->mean = sf_arena_take(arena, (size_t) w->season, sizeof(double));
	if (w->level == NULL || w->x == NULL || w->rows == NULL || w->scale == NULL || w->mean == NULL)
		return false;
	w->y = w->level + w->n;
	w->right = w->y + w->n;
	w->ridge = w->scale + w->cols;
	w->beta = w->ridge + w->cols;
	return true;
}

/* level = y / 2^exponent, at most 1 in size; true when all values are positive. */
static bool
set_level(Work *w, const double *y, int *exponent)
{
	double		largest = 0.0;
	bool		positive = true;

	*exponent = 0;
	for (int32_t t = 0; t < w->n; t++)
	{
		largest = fmax(largest, fabs(y[t]));
		positive = positive && y[t] > 0;
	}
	if (largest > 0)
		(void) frexp(largest, exponent);
	for (int32_t t = 0; t < w->n; t++)
	{
		w->level[t] = ldexp(y[t], -*exponent);
		positive = positive && w->level[t] > 0;
	}
	return positive;
}

/* False when none varies. */
static bool
set_drivers(Work *w, const double *drivers)
{
	bool		varies = false;

	for (size_t i = 0; i < (size_t) w->total * w->k; i++)
		w->x[i] = drivers[i];
	for (int32_t j = 0; j < w->k; j++)
	{
		int			exponent = shrink_column(w, j);

		drop_season(w->x + j, w->k, w->n, w->total, w->season, w->mean);
		scale_column(w, j);
		varies = varies || w->scale[j] > 0;
		w->scale[j] = ldexp(w->scale[j], exponent);
	}
	return varies;
}

/* Coefficients with effects as amounts or as factors, and their error held out. */
static SfStatus
estimate(SfArena *arena, Work *w, bool factor, double *held_out)
{
	w->factor = factor;
	for (int32_t t = 0; t < w->n; t++)
		w->y[t] = factor ? log(w->level[t]) : w->level[t];
	drop_season(w->y, 1, w->n, w->n, w->season, w->mean);
	return choose(arena, w, held_out);
}

/* exp(x), continued by its tangent above `most`. */
static double
factor_of(double x, double most)
{
	if (x > most)
		return fmin(exp(most) * (1.0 + (x - most)), exp(LOG_MOST));
	return exp(fmax(x, -LOG_MOST));
}

static void
give(const Work *w, int exponent, double *effect, SfForecast *notes)
{
	double		most = 0.0;

	for (int32_t t = 0; t < w->total; t++)
	{
		for (int32_t j = 0; j < w->k; j++)
			effect[t] += w->beta[j] * w->x[(size_t) t * w->k + j];
		if (t < w->n)
			most = fmax(most, fmin(effect[t], LOG_MOST));
	}
	for (int32_t t = 0; t < w->total; t++)
		effect[t] = w->factor ? factor_of(effect[t], most) : ldexp(effect[t], exponent);
	for (int32_t j = 0; j < w->k && j < 8; j++)
	{
		char		name[] = "driver 1, effect of one unit";
		char		factor_name[] = "driver 1, factor of one unit";
		double		unit = w->scale[j] > 0 ? w->beta[j] / w->scale[j] : 0.0;

		name[7] = factor_name[7] = (char) ('1' + j);
		if (w->factor)
			sf_forecast_note(notes, factor_name, exp(unit) < INFINITY ? exp(unit) : NAN);
		else
			sf_forecast_amount(notes, name, ldexp(unit, exponent));
	}
}

SfStatus
sf_drivers_effect(SfArena *arena, const SfSeries *s, const double *y, int32_t horizon,
				  double *effect, bool *factor, SfForecast *notes)
{
	Work		w = {.n = s->n, .total = s->n + horizon, .k = s->driver_count, .cols = s->driver_count + 2,
	.season = sf_series_season(s)};
	double		as_factors = INFINITY;
	double		as_amounts;
	int			exponent;
	bool		positive;
	bool		varies;
	SfStatus	status;

	*factor = false;
	for (int32_t t = 0; t < w.total; t++)
		effect[t] = 0.0;
	if (w.n < 4 || w.k < 1)
		return SF_OK;
	if (!work_start(arena, &w))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	positive = set_level(&w, y, &exponent);
	varies = set_drivers(&w, s->drivers);
	status = estimate(arena, &w, false, &as_amounts);
	if (status == SF_OK && positive && varies && as_amounts < INFINITY)
	{
		status = estimate(arena, &w, true, &as_factors);
		if (status == SF_OK && !(as_factors < FACTOR_GAIN * as_amounts))
			status = estimate(arena, &w, false, &as_amounts);
	}
	if (status != SF_OK)
		return status;
	*factor = w.factor;
	give(&w, exponent, effect, notes);
	return SF_OK;
}
