/*
 * stl.c
 *		A series as trend + seasons + remainder.
 *
 * A table with one row a cycle and one column a phase is the series itself, so
 * the smoothing of all cycle-subseries is one sf_loess_columns over the
 * columns the last, unfinished cycle reaches, and one over the others.
 */
#include "core/forecast/stl.h"

#include <math.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/forecast/loess.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Bisquare weights: full below this share of six median residuals, none above the complement. */
#define WEIGHT_NEAR 0.001
#define WEIGHT_FAR 0.999

/* Periods scaled back between two polls. */
#define POLL_EVERY 65536

/* A season that never changes is a window of ten times the series, and one more. */
#define PERIODIC_CYCLES 10

#define ROBUST_SETS 15
#define MSTL_TURNS 2
#define FIRST_SEASON_WINDOW 11
#define SEASON_WINDOW_STEP 4

/* Variances below (this * largest value)^2 are rounding. */
#define VARIANCE_FLOOR 1e-13

typedef struct Stl
{
	const double *y;
	int32_t		n;
	int32_t		period;
	SfLoess		season;
	SfLoess		trend;
	SfLoess		low;
	const double *weights;		/* NULL = all 1 */
	double	   *detrended;		/* [n + 2 period] */
	double	   *cycles;			/* [n + 2 period] smoothed subseries */
	double	   *means;			/* [n + 2 period] */
	double	   *sums;			/* [5 period] */
} Stl;

static int32_t
next_odd(double x)
{
	return (int32_t) floor(x + 0.5) | 1;
}

static int32_t
tenth(int32_t window)
{
	return (window + 9) / 10;
}

static int32_t
default_trend_window(int32_t period, int32_t season_window)
{
	return next_odd(ceil(1.5 * period / (1.0 - 1.5 / season_window)));
}

SfStlSpec
sf_stl_spec(int32_t n, int32_t period, int32_t season_window, bool robust)
{
	SfStlSpec	spec = {.period = period, .periodic = season_window == 0};

	spec.season_window = spec.periodic ? PERIODIC_CYCLES * n + 1 : (season_window < 3 ? 3 : season_window) | 1;
	spec.trend_window = default_trend_window(period, spec.season_window);
	spec.low_window = period | 1;
	spec.season_degree = 0;
	spec.trend_degree = 1;
	spec.low_degree = 1;
	spec.season_jump = tenth(spec.season_window);
	spec.trend_jump = tenth(spec.trend_window);
	spec.low_jump = tenth(spec.low_window);
	spec.inner = robust ? 1 : 2;
	spec.outer = robust ? ROBUST_SETS : 0;
	return spec;
}

static SfStatus
init(SfArena *arena, Stl *stl, const double *y, int32_t n, const SfStlSpec *spec)
{
	size_t		long_n = (size_t) n + 2 * (size_t) spec->period;
	int32_t		cycles = (n - 1) / spec->period + 1;

	*stl = (Stl) {.y = y, .n = n, .period = spec->period};
	stl->detrended = sf_arena_take(arena, long_n, sizeof(double));
	stl->cycles = sf_arena_take(arena, long_n, sizeof(double));
	stl->means = sf_arena_take(arena, long_n, sizeof(double));
	stl->sums = sf_arena_take(arena, (size_t) spec->period, 5 * sizeof(double));
	if (stl->detrended == NULL || stl->cycles == NULL || stl->means == NULL || stl->sums == NULL ||
		sf_loess_init(arena, &stl->season, spec->season_window, spec->season_degree, spec->season_jump, cycles) != SF_OK ||
		sf_loess_init(arena, &stl->trend, spec->trend_window, spec->trend_degree, spec->trend_jump, n) != SF_OK ||
		sf_loess_init(arena, &stl->low, spec->low_window, spec->low_degree, spec->low_jump, n) != SF_OK)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* out[n - length + 1] = means of length neighbours. */
static void
moving_mean(const double *x, int32_t n, int32_t length, double *out)
{
	double		sum = 0.0;

	for (int32_t i = 0; i < length; i++)
		sum += x[i];
	out[0] = sum / length;
	for (int32_t i = length; i < n; i++)
	{
		sum = sum - x[i - length] + x[i];
		out[i - length + 1] = sum / length;
	}
}

static SfStatus
smooth_cycles(SfCtx *ctx, const Stl *stl)
{
	int32_t		rows = stl->n / stl->period;
	int32_t		rest = stl->n % stl->period;
	SfStatus	status;

	status = sf_loess_columns(ctx, &stl->season, stl->detrended, rows + 1, rest, stl->period,
							  stl->weights, stl->sums, stl->cycles);
	if (status != SF_OK)
		return status;
	return sf_loess_columns(ctx, &stl->season, stl->detrended + rest, rows, stl->period - rest, stl->period,
							stl->weights == NULL ? NULL : stl->weights + rest, stl->sums, stl->cycles + rest);
}

/* One pass: season from the series without trend, trend from the series without season. */
static SfStatus
pass(SfCtx *ctx, const Stl *stl, double *trend, double *season)
{
	int32_t		n = stl->n;
	int32_t		m = stl->period;
	SfStatus	status;

	for (int32_t i = 0; i < n; i++)
		stl->detrended[i] = stl->y[i] - trend[i];
	status = smooth_cycles(ctx, stl);
	if (status != SF_OK)
		return status;

	/* what is left of level in the smoothed cycles; detrended is free from here on */
	moving_mean(stl->cycles, n + 2 * m, m, stl->means);
	status = sf_poll(ctx);
	if (status != SF_OK)
		return status;
	moving_mean(stl->means, n + m + 1, m, stl->detrended);
	moving_mean(stl->detrended, n + 2, 3, stl->means);
	status = sf_poll(ctx);
	if (status == SF_OK)
		status = sf_loess_smooth(ctx, &stl->low, stl->means, n, NULL, stl->detrended);
	if (status != SF_OK)
		return status;

	for (int32_t i = 0; i < n; i++)
	{
		season[i] = stl->cycles[m + i] - stl->detrended[i];
		stl->means[i] = stl->y[i] - season[i];
	}
	return sf_loess_smooth(ctx, &stl->trend, stl->means, n, stl->weights, trend);
}

/* Bisquare weights from residuals, which are used up as scratch: order is [n]. */
static void
robustness_weights(const double *y, const double *trend, const double *season, int32_t n,
				   double *scratch, double *weights)
{
	double		limit;

	for (int32_t i = 0; i < n; i++)
		scratch[i] = fabs(y[i] - trend[i] - (season == NULL ? 0.0 : season[i]));
	memcpy(weights, scratch, (size_t) n * sizeof(double));
	limit = 6.0 * sf_median(scratch, n);
	for (int32_t i = 0; i < n; i++)
	{
		double		r = weights[i];
		double		u = 1.0 - (r / limit) * (r / limit);

		weights[i] = r <= WEIGHT_NEAR * limit ? 1.0 : r <= WEIGHT_FAR * limit ? u * u : 0.0;
	}
}

/* The mean of each phase, for a season that never changes. */
static void
average_cycles(double *season, int32_t n, int32_t m, double *mean)
{
	memset(mean, 0, (size_t) m * sizeof(double));
	for (int32_t start = 0; start < n; start += m)
		for (int32_t j = 0; j < m && start + j < n; j++)
			mean[j] += season[start + j];
	for (int32_t j = 0; j < m; j++)
	{
		int32_t		cycles = (n - 1 - j) / m + 1;

		mean[j] /= cycles;
	}
	for (int32_t start = 0; start < n; start += m)
		for (int32_t j = 0; j < m && start + j < n; j++)
			season[start + j] = mean[j];
}

SfStatus
sf_stl(SfArena *arena, const double *y, int32_t n, const SfStlSpec *spec,
	   double *trend, double *season, double *weights)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Stl			stl;
	SfStatus	status;

	if (spec->period < 2 || n / 2 < spec->period)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a seasonal decomposition needs two full cycles of at least two periods");
	status = init(arena, &stl, y, n, spec);
	if (status == SF_OK && weights == NULL && spec->outer > 0 &&
		(weights = sf_arena_take(arena, (size_t) n, sizeof(double))) == NULL)
		status = sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (status != SF_OK)
		return status;
	memset(trend, 0, (size_t) n * sizeof(double));
	for (int32_t set = 0; set <= spec->outer; set++)
	{
		if (set > 0)
		{
			robustness_weights(y, trend, season, n, stl.detrended, weights);
			stl.weights = weights;
			status = sf_poll(arena->ctx);
			if (status != SF_OK)
				return status;
		}
		for (int32_t i = 0; i < spec->inner; i++)
		{
			status = pass(arena->ctx, &stl, trend, season);
			if (status != SF_OK)
				return status;
		}
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	if (spec->outer == 0 && weights != NULL)
		for (int32_t i = 0; i < n; i++)
			weights[i] = 1.0;
	if (spec->periodic)
		average_cycles(season, n, spec->period, stl.sums);
	sf_arena_rewind(arena, mark);
	return sf_poll(arena->ctx);
}

/* A season on whole slots: slots a cycle, and how many the series reaches. */
typedef struct Slots
{
	double		period;
	int32_t		per_cycle;
	int32_t		n;
} Slots;

static Slots
slots_of(double period, int32_t n)
{
	Slots		slots = {.period = period, .n = n};

	/* a season longer than the series is not fitted, whatever its slots */
	slots.per_cycle = period > n ? n : (int32_t) floor(period + 0.5);
	if (period <= n && period != slots.per_cycle)
		slots.n = (int32_t) floor((n - 1) * (slots.per_cycle / period) + 0.5) + 1;
	return slots;
}

static inline int32_t
nearest(double x, int32_t n)
{
	double		i = floor(x + 0.5);

	return i < 0.0 ? 0 : i > n - 1 ? n - 1 : (int32_t) i;
}

static bool
is_fitted(double period, int32_t n)
{
	Slots		slots = slots_of(period, n);

	return 2.0 * period <= n && slots.per_cycle >= 2 && slots.n / 2 >= slots.per_cycle;
}

/* STL of y[n] on slots that are not periods. */
static SfStatus
stl_on_slots(SfArena *arena, const double *y, int32_t n, Slots slots, const SfStlSpec *spec,
			 double *trend, double *season)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double		step = slots.period / slots.per_cycle;
	double	   *slot = sf_arena_take(arena, (size_t) slots.n, 3 * sizeof(double));
	double	   *slot_trend;
	double	   *slot_season;
	SfStatus	status;

	if (slot == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	slot_trend = slot + slots.n;
	slot_season = slot_trend + slots.n;
	for (int32_t g = 0; g < slots.n; g++)
		slot[g] = y[nearest(g * step, n)];
	status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = sf_stl(arena, slot, slots.n, spec, slot_trend, slot_season, NULL);
	if (status != SF_OK)
		return status;
	for (int32_t t = 0; t < n; t++)
	{
		double		at = t / step;
		int32_t		g = (int32_t) fmin(floor(at), slots.n - 2);

		season[t] = slot_season[nearest(at, slots.n)];
		trend[t] = slot_trend[g] + (slot_trend[g + 1] - slot_trend[g]) * fmin(at - g, 1.0);
	}
	sf_arena_rewind(arena, mark);
	return sf_poll(arena->ctx);
}

static SfStatus
fit_season(SfArena *arena, const double *y, int32_t n, double period, int32_t order,
		   const SfDecomposeOptions *options, double *trend, double *season)
{
	Slots		slots = slots_of(period, n);
	int32_t		window = options->season_window;
	SfStlSpec	spec;

	if (window <= 0)
		window = FIRST_SEASON_WINDOW + SEASON_WINDOW_STEP * order;
	spec = sf_stl_spec(slots.n, slots.per_cycle, options->periodic ? 0 : window, options->robust);
	if (options->trend_window > 0)
	{
		spec.trend_window = (options->trend_window < 3 ? 3 : options->trend_window) | 1;
		spec.trend_jump = tenth(spec.trend_window);
	}
	if (slots.per_cycle == period)
		return sf_stl(arena, y, n, &spec, trend, season, NULL);
	return stl_on_slots(arena, y, n, slots, &spec, trend, season);
}

/* No season: local regression, robust by the same weights. */
static SfStatus
fit_trend(SfArena *arena, const double *y, int32_t n, const SfDecomposeOptions *options, double *trend)
{
	int32_t		window = options->trend_window;
	double	   *weights = sf_arena_take(arena, (size_t) n, 2 * sizeof(double));
	SfLoess		loess;
	SfStatus	status;

	if (weights == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (window <= 0)
		window = (int32_t) fmax(7.0, 2.0 * sqrt(n)) | 1;
	status = sf_loess_init(arena, &loess, window, 1, tenth(window), n);
	for (int32_t set = 0; status == SF_OK && set <= (options->robust ? ROBUST_SETS : 0); set++)
	{
		if (set > 0)
			robustness_weights(y, trend, NULL, n, weights + n, weights);
		status = sf_poll(arena->ctx);
		if (status == SF_OK)
			status = sf_loess_smooth(arena->ctx, &loess, y, n, set > 0 ? weights : NULL, trend);
		if (status == SF_OK && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return status;
}

/* Each fitted season in turn, to what the others leave of rest[n]. */
static SfStatus
fit_seasons(SfArena *arena, double *rest, const SfDecomposeOptions *options, SfDecomposition *out)
{
	int32_t		fitted = 0;

	for (int32_t k = 0; k < out->seasons; k++)
		fitted += out->fitted[k];
	for (int32_t turn = 0; turn < (fitted > 1 ? MSTL_TURNS : 1); turn++)
		for (int32_t k = 0, order = 0; k < out->seasons; k++)
		{
			SfStatus	status;

			if (!out->fitted[k])
				continue;
			for (int32_t i = 0; i < out->n; i++)
				rest[i] += out->season[k][i];
			status = fit_season(arena, rest, out->n, out->period[k], order++, options, out->trend, out->season[k]);
			if (status != SF_OK)
				return status;
			for (int32_t i = 0; i < out->n; i++)
				rest[i] -= out->season[k][i];
		}
	if (fitted == 0)
		return fit_trend(arena, rest, out->n, options, out->trend);
	return SF_OK;
}

/* The power of two above the largest value; 0 when all are 0. */
static SfStatus
largest_exponent(SfCtx *ctx, const double *y, int32_t n, int *exponent)
{
	double		largest = 0.0;

	for (int32_t i = 0; i < n; i++)
	{
		if (!isfinite(y[i]))
		{
			sf_fail(ctx, SF_BAD_DATA, "a decomposition needs a complete series of finite values");
			ctx->where = i;
			return SF_BAD_DATA;
		}
		largest = fmax(largest, fabs(y[i]));
	}
	frexp(largest, exponent);
	return SF_OK;
}

static SfStatus
scale_back(SfCtx *ctx, const SfSeries *s, int exponent, SfDecomposition *out)
{
	for (int32_t i = 0; i < out->n; i++)
	{
		double		fit;

		if (i % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		fit = out->trend[i] = ldexp(out->trend[i], exponent);

		for (int32_t k = 0; k < out->seasons; k++)
			fit += out->season[k][i] = ldexp(out->season[k][i], exponent);
		out->remainder[i] = s->y[i] - fit;
		if (!isfinite(out->remainder[i]))
			return sf_fail(ctx, SF_OVERFLOW, "a component of the series is too large");
	}
	return SF_OK;
}

SfStatus
sf_decompose(SfArena *arena, const SfSeries *s, const SfDecomposeOptions *options, SfDecomposition *out)
{
	SfDecomposition d = {.n = s->n, .seasons = s->seasons};
	size_t		n = (size_t) s->n;
	int			exponent;
	SfArenaMark mark;
	double	   *rest;
	SfStatus	status = largest_exponent(arena->ctx, s->y, s->n, &exponent);

	if (status != SF_OK)
		return status;
	d.trend = sf_arena_take(arena, n, sizeof(double));
	d.remainder = sf_arena_take(arena, n, sizeof(double));
	if (d.trend == NULL || d.remainder == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < d.seasons; k++)
	{
		d.period[k] = s->season[k];
		d.fitted[k] = is_fitted(s->season[k], s->n);
		d.season[k] = sf_arena_take(arena, n, sizeof(double));
		if (d.season[k] == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		memset(d.season[k], 0, n * sizeof(double));
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	mark = sf_arena_mark(arena);
	rest = sf_arena_take(arena, n, sizeof(double));
	if (rest == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t i = 0; i < n; i++)
		rest[i] = ldexp(s->y[i], -exponent);
	status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = fit_seasons(arena, rest, options, &d);
	if (status == SF_OK)
		status = scale_back(arena->ctx, s, exponent, &d);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	*out = d;
	return SF_OK;
}

void
sf_season_continue(const SfDecomposition *d, int32_t k, int32_t horizon, double *out)
{
	double		m = d->period[k];

	for (int32_t h = 0; h < horizon; h++)
	{
		/* the last period of the series that is whole cycles before */
		double		cycles = ceil((h + 1) / m);

		out[h] = d->fitted[k] ? d->season[k][nearest(d->n + h - cycles * m, d->n)] : 0.0;
	}
}

/* 1 - Var(remainder) / Var(part + remainder), in units of the largest value. */
static double
strength(const SfDecomposition *d, const double *part)
{
	double		largest = 0.0;
	double		mean[2] = {0.0, 0.0};
	double		sum[2] = {0.0, 0.0};
	int			exponent;

	for (int32_t i = 0; i < d->n; i++)
		largest = fmax(largest, fmax(fabs(d->trend[i]), fmax(fabs(part[i]), fabs(d->remainder[i]))));
	frexp(largest, &exponent);
	for (int pass_at = 0; pass_at < 2; pass_at++)
		for (int32_t i = 0; i < d->n; i++)
		{
			double		r = ldexp(d->remainder[i], -exponent);
			double		x = ldexp(part[i], -exponent) + r;

			if (pass_at == 0)
			{
				mean[0] += r / d->n;
				mean[1] += x / d->n;
			}
			else
			{
				sum[0] += (r - mean[0]) * (r - mean[0]);
				sum[1] += (x - mean[1]) * (x - mean[1]);
			}
		}
	if (sum[1] <= VARIANCE_FLOOR * VARIANCE_FLOOR * d->n)
		return 0.0;
	return fmax(0.0, 1.0 - sum[0] / sum[1]);
}

double
sf_trend_strength(const SfDecomposition *d)
{
	return strength(d, d->trend);
}

double
sf_season_strength(const SfDecomposition *d, int32_t k)
{
	return strength(d, d->season[k]);
}
