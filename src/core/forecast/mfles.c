/*
 * mfles.c
 *		A series taken apart by boosting: median, line, waves, drivers, smoothing.
 */
#include "core/forecast/mfles.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/chol.h"
#include "core/base/sort.h"
#include "core/forecast/terms.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define OBSERVED_MIN 4
#define ROUNDS_MAX 20
#define GAIN_MIN 0.01			/* of the squared error, for another round */
#define KEEP_SEASON 0.9			/* learning rate; the software's default */
#define SMOOTH_FROM 2			/* the first round with smoothing */
#define ORDER_MAX 15			/* harmonics of a long season */
#define RIDGE 0.1
#define POLL_CELLS 2000000
#define POLL_ROWS 32768

/* Smoothing constants .05, .15, .. .95: the mean of them all. */
#define ALPHAS 10
#define ALPHA_MEAN 0.5

/*
 * What is given is a mean of two decompositions: one smooths the rest, the other
 * stops before that and is the steadier one far ahead.  Ours, as the weights of the
 * cycles: chosen on the training parts of public monthly, quarterly and hourly sets.
 */
typedef struct Variant
{
	bool		smooth;			/* exponential smoothing of the rest */
	double		share;			/* of the forecast */
} Variant;

static const Variant variants[] = {{true, 0.8}, {false, 0.2}};

#define VARIANTS (int32_t) (sizeof variants / sizeof variants[0])

/* The last period counts this much more than the first in the seasons. */
#define RISE 8.0

typedef struct Setup
{
	const SfSeries *s;
	int32_t		horizon;
	int32_t		observed;
	bool		logs;
	SfHarmonics harmonics;
	SfWaves		waves;
	double	   *driver;			/* [n + horizon][drivers] */
	int32_t		drivers;
	double	   *z;				/* [n] what is taken apart; NaN = not observed */
	double		largest;		/* of z */
	double		range;
	double	   *wave_factor;	/* [2 harmonics]^2 */
	double	   *driver_factor;	/* [drivers]^2 */
	bool		cancelled;
} Setup;

/* The parts of one variant, and the series without them. */
typedef struct Parts
{
	double	   *rest;			/* [n] */
	double	   *scratch;		/* [n], for the median and the smoothing */
	double	   *wave;			/* [2 harmonics] */
	double	   *driver;			/* [drivers] */
	double	   *right;			/* [max of both] */
	double		level;			/* at t = 0 */
	double		slope;			/* a period */
	double		smoothed;		/* goes on as it is */
	double		error;			/* mean square of rest */
	int32_t		rounds;
} Parts;

/* Weight of a period in the seasons. */
static double
row_weight(const Setup *u, int32_t t)
{
	return 1.0 + RISE * t / u->s->n;
}

static SfStatus
factor_waves(SfArena *arena, Setup *u)
{
	int32_t		cols = 2 * u->harmonics.count;
	size_t		cells = (size_t) cols * (size_t) cols;
	double	   *a = sf_arena_take(arena, cells, sizeof(double));
	double	   *rows = sf_arena_take(arena, (size_t) cols * SF_PRODUCT_ROWS, sizeof(double));
	int32_t		waiting = 0;
	size_t		work = 0;

	if (a == NULL || rows == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(a, 0, cells * sizeof(double));
	for (int32_t t = 0; t < u->s->n; t++)
	{
		double		weight = sqrt(row_weight(u, t));

		if (isnan(u->z[t]))
			continue;
		sf_waves_to(&u->waves, t);
		for (int32_t j = 0; j < cols; j++)
			rows[waiting * cols + j] = weight * u->waves.row[j];
		if (++waiting < SF_PRODUCT_ROWS)
			continue;
		sf_products_add(a, cols, rows, waiting);
		waiting = 0;
		work += cells;
		if (work > POLL_CELLS)
		{
			work = 0;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	sf_products_add(a, cols, rows, waiting);
	for (int32_t j = 0; j < cols; j++)
		a[(int64_t) j * cols + j] += RIDGE;
	u->wave_factor = a;
	return sf_chol_factor(arena->ctx, a, cols, cols);
}

static SfStatus
factor_drivers(SfArena *arena, Setup *u)
{
	size_t		cells = (size_t) u->drivers * (size_t) u->drivers;
	size_t		work = 0;

	u->driver_factor = sf_arena_take(arena, cells, sizeof(double));
	if (u->driver_factor == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(u->driver_factor, 0, cells * sizeof(double));
	for (int64_t t = 0; t < u->s->n; t++)
	{
		if (isnan(u->z[t]))
			continue;
		sf_products_add(u->driver_factor, u->drivers, u->driver + t * u->drivers, 1);
		work += cells;
		if (work > POLL_CELLS)
		{
			work = 0;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	for (int32_t j = 0; j < u->drivers; j++)
		u->driver_factor[(int64_t) j * u->drivers + j] += RIDGE;
	return sf_chol_factor(arena->ctx, u->driver_factor, u->drivers, u->drivers);
}

/* ----- the parts of a round ----- */

static double
mean_square(const Setup *u, const double *x)
{
	double		sum = 0;

	for (int32_t t = 0; t < u->s->n; t++)
		if (!isnan(u->z[t]))
			sum += x[t] * x[t];
	return sum / u->observed;
}

static void
take_median(const Setup *u, Parts *p)
{
	int64_t		count = 0;
	double		median;

	for (int32_t t = 0; t < u->s->n; t++)
		if (!isnan(u->z[t]))
			p->scratch[count++] = p->rest[t];
	median = sf_median(p->scratch, count);
	p->level += median;
	for (int32_t t = 0; t < u->s->n; t++)
		p->rest[t] -= median;
}

/* The more of the variance a line explains, the more of it is kept. */
static void
take_line(const Setup *u, Parts *p)
{
	double		middle = 0.5 * (u->s->n - 1);
	double		x = 0;
	double		y = 0;
	double		xx = 0;
	double		xy = 0;
	double		yy = 0;
	double		slope;
	double		level;
	double		keep;

	for (int32_t t = 0; t < u->s->n; t++)
	{
		double		d = t - middle;

		if (isnan(u->z[t]))
			continue;
		x += d;
		y += p->rest[t];
		xx += d * d;
		xy += d * p->rest[t];
		yy += p->rest[t] * p->rest[t];
	}
	xx -= x * x / u->observed;
	xy -= x * y / u->observed;
	yy -= y * y / u->observed;
	slope = xx > 0 ? xy / xx : 0.0;
	keep = yy > 0 ? fmin(1.0, slope * xy / yy) : 0.0;
	level = (y - keep * slope * x) / u->observed;
	slope *= keep;
	p->slope += slope;
	p->level += level - slope * middle;
	for (int32_t t = 0; t < u->s->n; t++)
		p->rest[t] -= level + slope * (t - middle);
}

static void
take_waves(SfCtx *ctx, Setup *u, Parts *p)
{
	int32_t		cols = 2 * u->harmonics.count;
	double	   *right = p->right;

	memset(right, 0, (size_t) cols * sizeof(double));
	for (int32_t t = 0; t < u->s->n; t++)
	{
		double		e = p->rest[t] * row_weight(u, t);

		if (t % POLL_ROWS == POLL_ROWS - 1 && (u->cancelled = sf_cancelled(ctx)))
			return;
		sf_waves_to(&u->waves, t);
		if (!isnan(u->z[t]))
			for (int32_t j = 0; j < cols; j++)
				right[j] += e * u->waves.row[j];
	}
	sf_chol_solve(u->wave_factor, cols, cols, right);
	for (int32_t j = 0; j < cols; j++)
	{
		right[j] *= KEEP_SEASON;
		p->wave[j] += right[j];
	}
	for (int32_t t = 0; t < u->s->n; t++)
	{
		double		sum = 0;

		if (t % POLL_ROWS == POLL_ROWS - 1 && (u->cancelled = sf_cancelled(ctx)))
			return;
		sf_waves_to(&u->waves, t);
		for (int32_t j = 0; j < cols; j++)
			sum += right[j] * u->waves.row[j];
		p->rest[t] -= sum;
	}
}

static void
take_drivers(SfCtx *ctx, Setup *u, Parts *p)
{
	int32_t		cols = u->drivers;

	memset(p->right, 0, (size_t) cols * sizeof(double));
	for (int64_t t = 0; t < u->s->n; t++)
	{
		if (t % POLL_ROWS == POLL_ROWS - 1 && (u->cancelled = sf_cancelled(ctx)))
			return;
		if (!isnan(u->z[t]))
			for (int32_t j = 0; j < cols; j++)
				p->right[j] += p->rest[t] * u->driver[t * cols + j];
	}
	sf_chol_solve(u->driver_factor, cols, cols, p->right);
	for (int32_t j = 0; j < cols; j++)
		p->driver[j] += p->right[j];
	for (int64_t t = 0; t < u->s->n; t++)
	{
		if (t % POLL_ROWS == POLL_ROWS - 1 && (u->cancelled = sf_cancelled(ctx)))
			return;
		for (int32_t j = 0; j < cols; j++)
			p->rest[t] -= p->right[j] * u->driver[t * cols + j];
	}
}

/* One-step forecasts of the mean of all smoothers; taken only if they help. */
static void
take_smooth(const Setup *u, Parts *p)
{
	double		level[ALPHAS] = {0};
	double		sum = 0;
	double		error;

	for (int32_t t = 0; t < u->s->n; t++)
	{
		double		y = p->rest[t];

		p->scratch[t] = p->rest[t] - sum / ALPHAS;
		if (isnan(u->z[t]))
			continue;
		sum = 0;
		for (int32_t i = 0; i < ALPHAS; i++)
		{
			level[i] += (0.05 + 0.1 * i) * (y - level[i]);
			sum += level[i];
		}
	}
	error = mean_square(u, p->scratch);
	if (!(error < p->error))
		return;
	p->error = error;
	p->smoothed += sum / ALPHAS;
	memcpy(p->rest, p->scratch, (size_t) u->s->n * sizeof(double));
}

static SfStatus
take_apart(SfArena *arena, Setup *u, bool smooth, Parts *p)
{
	double		before;

	u->cancelled = false;
	for (int32_t t = 0; t < u->s->n; t++)
		p->rest[t] = isnan(u->z[t]) ? 0.0 : u->z[t];
	memset(p->wave, 0, (size_t) u->harmonics.count * 2 * sizeof(double));
	memset(p->driver, 0, (size_t) u->drivers * sizeof(double));
	p->level = p->slope = p->smoothed = 0;
	p->error = INFINITY;
	for (p->rounds = 0; p->rounds < ROUNDS_MAX; p->rounds++)
	{
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		before = p->error;
		if (p->rounds == 0)
			take_median(u, p);
		else
			take_line(u, p);
		u->cancelled = sf_cancelled(arena->ctx);
		if (u->harmonics.count > 0 && !u->cancelled)
			take_waves(arena->ctx, u, p);
		if (u->drivers > 0 && !u->cancelled)
			take_drivers(arena->ctx, u, p);
		if (u->cancelled)
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		p->error = mean_square(u, p->rest);
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (smooth && p->rounds >= SMOOTH_FROM)
			take_smooth(u, p);
		if (p->rounds > SMOOTH_FROM && !(p->error < (1.0 - GAIN_MIN) * before))
			break;
	}
	return SF_OK;
}

/* ----- setup ----- */

static double
spread_of(const double *z, int32_t n, double *largest, double *mean)
{
	double		least = INFINITY;
	double		sum = 0;
	int32_t		count = 0;

	*largest = -INFINITY;
	for (int32_t t = 0; t < n; t++)
		if (!isnan(z[t]))
		{
			least = fmin(least, z[t]);
			*largest = fmax(*largest, z[t]);
			sum += z[t];
			count++;
		}
	*mean = sum / count;
	return *largest - least;
}

static SfStatus
make_setup(SfArena *arena, const SfSeries *s, int32_t horizon, Setup *u)
{
	int32_t		order[SF_SEASONS_MAX];
	SfStatus	status;

	u->s = s;
	u->horizon = horizon;
	for (int32_t i = 0; i < s->seasons; i++)
		order[i] = ORDER_MAX;
	sf_harmonics_choose(s, order, u->observed / 4, &u->harmonics);
	status = sf_waves_start(arena, &u->harmonics, &u->waves);
	if (status == SF_OK)
		status = sf_terms_drivers(arena, s, horizon, &u->driver, &u->drivers);
	if (status == SF_OK && u->harmonics.count > 0)
		status = factor_waves(arena, u);
	if (status == SF_OK && u->drivers > 0)
		status = factor_drivers(arena, u);
	return status;
}

static SfStatus
make_parts(SfArena *arena, const Setup *u, Parts *p)
{
	size_t		n = (size_t) u->s->n;
	size_t		waves = (size_t) u->harmonics.count * 2;
	size_t		drivers = (size_t) u->drivers;

	p->rest = sf_arena_take(arena, n, sizeof(double));
	p->scratch = sf_arena_take(arena, n, sizeof(double));
	p->wave = sf_arena_take(arena, waves, sizeof(double));
	p->driver = sf_arena_take(arena, drivers, sizeof(double));
	p->right = sf_arena_take(arena, waves > drivers ? waves : drivers, sizeof(double));
	if (p->rest == NULL || p->scratch == NULL || p->wave == NULL || p->driver == NULL ||
		p->right == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* The logarithms of a positive series, when its errors then are more alike. */
static SfStatus
try_logs(SfArena *arena, Setup *u, Parts *p, double least)
{
	double	   *plain = u->z;
	double	   *logs;
	double		error;
	double		mean;
	double		range;
	double		largest;
	SfStatus	status;

	if (!(least > 0))
		return SF_OK;
	logs = sf_arena_take(arena, (size_t) u->s->n, sizeof(double));
	if (logs == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < u->s->n; t++)
	{
		logs[t] = log(plain[t]);
		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	status = take_apart(arena, u, false, p);
	if (status != SF_OK)
		return status;
	error = p->error;
	u->z = logs;
	status = take_apart(arena, u, false, p);
	range = spread_of(u->z, u->s->n, &largest, &mean);
	u->logs = 0.5 * log(p->error) + mean < 0.5 * log(error);
	if (u->logs)
	{
		u->largest = largest;
		u->range = range;
	}
	else
		u->z = plain;
	return status;
}

/* ----- what is given ----- */

static double
clamp(double x)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, x));
}

static double
back(const Setup *u, double z)
{
	if (!u->logs)
		return z;
	/* no more than e^3 times, or its whole range, above what was ever seen */
	return exp(fmin(z, u->largest + fmax(3.0, u->range)));
}

/* Adds a share of the variant's forecasts and one-step forecasts. */
static SfStatus
add_forecast(SfCtx *ctx, Setup *u, const Parts *p, double share, double *ahead, double *fitted)
{
	int32_t		n = u->s->n;
	int32_t		waves = 2 * u->harmonics.count;

	for (int32_t t = 0; t < n && fitted != NULL; t++)
	{
		fitted[t] += share * (isnan(u->z[t]) ? NAN : back(u, u->z[t] - p->rest[t]));
		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int64_t t = n; t < (int64_t) n + u->horizon; t++)
	{
		double		z = p->level + p->slope * (double) t + p->smoothed;

		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sf_waves_to(&u->waves, t);
		for (int32_t j = 0; j < waves; j++)
			z += p->wave[j] * u->waves.row[j];
		for (int32_t j = 0; j < u->drivers; j++)
			z += p->driver[j] * u->driver[t * u->drivers + j];
		ahead[t - n] += share * back(u, z);
	}
	return SF_OK;
}

typedef struct Result
{
	double	   *ahead;			/* [horizon] in units of the scaled series */
	double		slope;			/* a period */
	double		error;			/* variance, one step ahead */
	double		growth;			/* of the variance, a step */
	int32_t		rounds;
} Result;

static SfStatus
run_variants(SfArena *arena, Setup *u, Parts *p, double *fitted, Result *result)
{
	double		response = 0;

	memset(result->ahead, 0, (size_t) u->horizon * sizeof(double));
	if (fitted != NULL)
		memset(fitted, 0, (size_t) u->s->n * sizeof(double));
	result->slope = result->error = 0;
	result->rounds = 0;
	for (int32_t i = 0; i < VARIANTS; i++)
	{
		const Variant *v = &variants[i];
		SfStatus	status = take_apart(arena, u, v->smooth, p);

		if (status == SF_OK)
			status = add_forecast(arena->ctx, u, p, v->share, result->ahead, fitted);
		if (status != SF_OK)
			return status;
		result->slope += v->share * p->slope;
		result->error += v->share * p->error;
		if (p->smoothed != 0)
			response += v->share * ALPHA_MEAN;
		result->rounds += p->rounds;
	}
	/* what was fitted is not free: line, waves, drivers */
	result->error *= u->observed / fmax(u->observed - 2.0 - 2.0 * u->harmonics.count - u->drivers, u->observed / 3.0);
	/* as in exponential smoothing: an error moves all later levels by its share */
	result->growth = response * response;
	return SF_OK;
}

/* The largest variance of logarithms that is carried over to the series. */
#define LOG_VARIANCE_MAX 9.0

static void
give(const Setup *u, const Result *result, int exponent, SfForecast *out)
{
	for (int32_t i = 0; i < out->horizon; i++)
	{
		double		mean = result->ahead[i];
		double		variance = result->error * (1.0 + result->growth * i);

		if (u->logs)
			variance = mean * mean * expm1(fmin(variance, LOG_VARIANCE_MAX)) *
				exp(fmin(variance, LOG_VARIANCE_MAX));
		out->mean[i] = clamp(ldexp(mean, exponent));
		out->variance[i] = fmin(DBL_MAX, ldexp(variance, 2 * exponent));
	}
	for (int32_t t = 0; t < u->s->n && out->fitted != NULL; t++)
		if (!isnan(out->fitted[t]))
			out->fitted[t] = clamp(ldexp(out->fitted[t], exponent));
	out->converged = true;
	sf_forecast_label(out, u->logs ? "MFLES(log)" : "MFLES");
	sf_forecast_note(out, "rounds", result->rounds);
	sf_forecast_note(out, "harmonics", u->harmonics.count);
	if (u->drivers > 0)
		sf_forecast_note(out, "drivers", u->drivers);
	if (u->logs)
	{
		sf_forecast_note(out, "slope, log", result->slope);
		sf_forecast_note(out, "sigma, log", sqrt(result->error));
		return;
	}
	sf_forecast_amount(out, "slope", clamp(ldexp(result->slope, exponent)));
	sf_forecast_amount(out, "sigma", fmin(DBL_MAX, ldexp(sqrt(result->error), exponent)));
}

SfStatus
sf_mfles_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	int			exponent = sf_terms_exponent(s->y, s->n);
	Setup	   *u = sf_arena_take(arena, 1, sizeof(Setup));
	double	   *z = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	Result		result = {.ahead = sf_arena_take(arena, (size_t) out->horizon, sizeof(double))};
	Parts		p;
	double		mean;
	SfStatus	status;

	if (u == NULL || z == NULL || result.ahead == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	u->observed = 0;
	u->logs = false;
	for (int32_t t = 0; t < s->n; t++)
	{
		z[t] = ldexp(s->y[t], -exponent);
		u->observed += !isnan(z[t]);
		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	out->notes = 0;
	if (u->observed < OBSERVED_MIN || !((u->range = spread_of(z, s->n, &u->largest, &mean)) > 0))
	{
		sf_terms_mean_forecast(s, exponent, "MFLES(mean)", out);
		return SF_OK;
	}
	u->z = z;
	status = make_setup(arena, s, out->horizon, u);
	if (status == SF_OK)
		status = make_parts(arena, u, &p);
	if (status == SF_OK)
		status = try_logs(arena, u, &p, u->largest - u->range);
	if (status == SF_OK)
		status = run_variants(arena, u, &p, out->fitted, &result);
	if (status == SF_BAD_DATA)
	{
		/* drivers that rounding cannot tell apart */
		sf_terms_mean_forecast(s, exponent, "MFLES(mean)", out);
		return SF_OK;
	}
	if (status != SF_OK)
		return status;
	give(u, &result, exponent, out);
	return sf_poll(arena->ctx);
}
