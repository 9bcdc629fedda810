/*
 * prophet.c
 *		A trend of straight pieces plus waves plus drivers, in one regression.
 *
 * The series, its logarithms and every tau share one matrix of sums of products.
 * Everything but the changes of slope is eliminated from it once (a Schur
 * complement), so that a tau costs only small systems of 25 unknowns.
 */
#include "core/forecast/prophet.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/chol.h"
#include "core/forecast/terms.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define KNOTS_MAX 25			/* changepoints; paper's software, default */
#define KNOT_RANGE 0.9			/* they stand in this first part of the past; ours */
#define ORDER_MAX 10			/* harmonics of a long season */
#define OBSERVED_MIN 4
#define TARGETS_MAX 2			/* the series, its logarithms */
#define REWEIGHTINGS 12
#define POLL_CELLS 2000000
#define POLL_ROWS 65536

/* Ridge of coefficients other than slopes, in products of columns of size one. */
#define RIDGE 0.1

/* A change of slope that moves the end by more than this part of the range is told of. */
#define CHANGE_MIN 0.05

/* No error is taken smaller than this part of the range. */
#define NOISE_MIN 1e-5

/*
 * Scales of the Laplace prior, in ranges of the series, around the paper's .05;
 * ours, chosen on the training parts of public monthly, quarterly and hourly sets.
 */
static const double scales[] = {0.3, 0.1, 0.05, 0.025};

#define SCALES (int32_t) (sizeof scales / sizeof scales[0])
#define SCALE_MIDDLE 1			/* decides about logarithms and about the spread */

/* The series as it is fitted. */
typedef struct Target
{
	double	   *z;				/* [n], centred; NaN = not observed */
	double		centre;
	double		range;
	double		largest;		/* of z */
	bool		logs;
} Target;

typedef struct Design
{
	const SfSeries *s;
	int64_t		total;			/* n + horizon */
	double		step;			/* of scaled time, from one period to the next */
	SfHarmonics harmonics;
	SfWaves		waves;
	double	   *driver;			/* [total][drivers] */
	int32_t		drivers;
	int32_t		plain;			/* columns without knots: 1, t, waves, drivers */
	int32_t		knots;
	int32_t		cols;			/* plain + knots + targets */
	int32_t		observed;
	double		knot[KNOTS_MAX];	/* scaled time */
	int32_t		targets;
	Target		target[TARGETS_MAX];
} Design;

/* What is left of the normal equations when the plain columns are eliminated. */
typedef struct Reduced
{
	int32_t		rows;			/* observations in it */
	int32_t		knots;
	double	   *l;				/* [plain][plain] factor */
	double	   *w;				/* [plain][KNOTS_MAX] L^-1 of plain x knots */
	double	   *v[TARGETS_MAX]; /* [plain] L^-1 of plain x target */
	double		schur[KNOTS_MAX][KNOTS_MAX];
	double		right[TARGETS_MAX][KNOTS_MAX];
	double		rss[TARGETS_MAX];	/* with all delta 0 */
} Reduced;

/* The slopes for one tau. */
typedef struct Solution
{
	double		delta[KNOTS_MAX];
	double		factor[KNOTS_MAX][KNOTS_MAX];	/* of schur + penalty */
	double		noise;			/* mean square of the errors */
} Solution;

static void
fill_row(Design *d, int64_t t, double *row)
{
	double		x = (double) t * d->step;
	int32_t		waves = 2 * d->harmonics.count;

	*row++ = 1.0;
	*row++ = x - 0.5;
	sf_waves_to(&d->waves, t);
	memcpy(row, d->waves.row, (size_t) waves * sizeof(double));
	row += waves;
	if (d->drivers > 0)
		memcpy(row, d->driver + t * d->drivers, (size_t) d->drivers * sizeof(double));
	row += d->drivers;
	for (int32_t j = 0; j < d->knots; j++)
		row[j] = x > d->knot[j] ? x - d->knot[j] : 0.0;
}

/* ----- the design ----- */

static SfStatus
make_target(SfArena *arena, const SfSeries *s, int exponent, bool logs, Target *target)
{
	double		sum = 0;
	double		least = INFINITY;
	double		largest = -INFINITY;
	int32_t		count = 0;

	target->z = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	if (target->z == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	target->logs = logs;
	for (int32_t t = 0; t < s->n; t++)
	{
		double		z = ldexp(s->y[t], -exponent);

		target->z[t] = logs ? log(z) : z;
		if (isnan(z))
			continue;
		sum += target->z[t];
		least = fmin(least, target->z[t]);
		largest = fmax(largest, target->z[t]);
		count++;
		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	target->centre = sum / count;
	target->range = largest - least;
	target->largest = largest - target->centre;
	for (int32_t t = 0; t < s->n; t++)
		target->z[t] -= target->centre;
	return SF_OK;
}

/* Knots at equal numbers of observations. */
static void
place_knots(Design *d, int32_t observed)
{
	int32_t		first = (int32_t) (KNOT_RANGE * observed);
	int32_t		next = 0;
	int32_t		seen = 0;

	d->knots = first - 1 < KNOTS_MAX ? first - 1 : KNOTS_MAX;
	/* at least two observations a piece, so that a slope is not one error */
	if (d->knots > observed / 3)
		d->knots = observed / 3;
	for (int32_t t = 0; t < d->s->n && next < d->knots; t++)
	{
		if (isnan(d->s->y[t]))
			continue;
		if (seen++ == (int32_t) ((int64_t) (next + 1) * (first - 1) / d->knots))
			d->knot[next++] = t * d->step;
	}
	d->knots = next;
}

static int32_t
season_order(double season, int32_t observed)
{
	int32_t		order = season <= 7.5 ? 3 : ORDER_MAX;

	/* leave two observations for each coefficient */
	while (order > 1 && 4 * order > observed - 2)
		order--;
	return order;
}

static SfStatus
make_design(SfArena *arena, const SfSeries *s, int32_t horizon, int exponent, int32_t observed,
			double least, Design *d)
{
	int32_t		order[SF_SEASONS_MAX];
	SfStatus	status;

	d->s = s;
	d->observed = observed;
	d->total = (int64_t) s->n + horizon;
	d->step = 1.0 / (s->n > 1 ? s->n - 1 : 1);
	for (int32_t i = 0; i < s->seasons; i++)
		order[i] = season_order(s->season[i], observed);
	sf_harmonics_choose(s, order, observed / 4, &d->harmonics);
	status = sf_waves_start(arena, &d->harmonics, &d->waves);
	if (status == SF_OK)
		status = sf_terms_drivers(arena, s, horizon, &d->driver, &d->drivers);
	d->targets = 0;
	for (int32_t logs = 0; status == SF_OK && logs <= (least > 0 ? 1 : 0); logs++)
		status = make_target(arena, s, exponent, logs == 1, &d->target[d->targets++]);
	if (status != SF_OK)
		return status;
	place_knots(d, observed);
	d->plain = 2 + 2 * d->harmonics.count + d->drivers;
	d->cols = d->plain + d->knots + d->targets;
	return SF_OK;
}

/* sum[cols][cols], lower triangle, over the periods with an observation. */
static SfStatus
collect(SfArena *arena, Design *d, double *sum)
{
	size_t		cells = (size_t) d->cols * (size_t) d->cols;
	double	   *rows = sf_arena_take(arena, (size_t) d->cols * SF_PRODUCT_ROWS, sizeof(double));
	int32_t		waiting = 0;
	size_t		work = 0;

	if (rows == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(sum, 0, cells * sizeof(double));
	for (int32_t t = 0; t < d->s->n; t++)
	{
		double	   *row = rows + (int64_t) waiting * d->cols;

		if (isnan(d->s->y[t]))
			continue;
		fill_row(d, t, row);
		for (int32_t i = 0; i < d->targets; i++)
			row[d->plain + d->knots + i] = d->target[i].z[t];
		if (++waiting < SF_PRODUCT_ROWS)
			continue;
		sf_products_add(sum, d->cols, rows, waiting);
		waiting = 0;
		work += cells;
		if (work > POLL_CELLS)
		{
			work = 0;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	sf_products_add(sum, d->cols, rows, waiting);
	return SF_OK;
}

/* ----- solving ----- */

/* x = L^-1 x, x of stride `by`. */
static void
forward(const double *l, int32_t n, double *x, int32_t by)
{
	for (int32_t i = 0; i < n; i++)
	{
		const double *row = l + (int64_t) i * n;
		double		sum = x[(int64_t) i * by];

		for (int32_t j = 0; j < i; j++)
			sum -= row[j] * x[(int64_t) j * by];
		x[(int64_t) i * by] = sum / row[i];
	}
}

/* x = L'^-1 x */
static void
backward(const double *l, int32_t n, double *x)
{
	for (int32_t i = n - 1; i >= 0; i--)
	{
		const double *row = l + (int64_t) i * n;

		x[i] /= row[i];
		for (int32_t j = 0; j < i; j++)
			x[j] -= row[j] * x[i];
	}
}

static SfStatus
make_reduced(SfArena *arena, const Design *d, const double *products, Reduced *r)
{
	int32_t		q = d->plain;
	SfStatus	status;

	r->rows = d->observed;
	r->knots = d->knots;
	r->l = sf_arena_take(arena, (size_t) q * (size_t) q, sizeof(double));
	r->w = sf_arena_take(arena, (size_t) q * KNOTS_MAX, sizeof(double));
	if (r->l == NULL || r->w == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < q; i++)
	{
		memcpy(r->l + (int64_t) i * q, products + (int64_t) i * d->cols,
			   (size_t) (i + 1) * sizeof(double));
		/* level and slope are free, or the changes of slope would take their place */
		r->l[(int64_t) i * q + i] += i < 2 ? 1e-10 : RIDGE;
	}
	status = sf_chol_factor(arena->ctx, r->l, q, q);
	if (status != SF_OK)
		return status;
	for (int32_t j = 0; j < r->knots; j++)
	{
		for (int32_t i = 0; i < q; i++)
			r->w[(int64_t) i * KNOTS_MAX + j] = products[(int64_t) (q + j) * d->cols + i];
		forward(r->l, q, r->w + j, KNOTS_MAX);
	}
	for (int32_t j = 0; j < r->knots; j++)
		for (int32_t k = 0; k <= j; k++)
		{
			double		sum = products[(int64_t) (q + j) * d->cols + q + k];

			for (int32_t i = 0; i < q; i++)
				sum -= r->w[(int64_t) i * KNOTS_MAX + j] * r->w[(int64_t) i * KNOTS_MAX + k];
			r->schur[j][k] = sum;
		}
	for (int32_t a = 0; a < d->targets; a++)
	{
		const double *row = products + (int64_t) (q + d->knots + a) * d->cols;

		r->v[a] = sf_arena_take(arena, (size_t) q, sizeof(double));
		if (r->v[a] == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		memcpy(r->v[a], row, (size_t) q * sizeof(double));
		forward(r->l, q, r->v[a], 1);
		r->rss[a] = row[q + d->knots + a];
		for (int32_t i = 0; i < q; i++)
			r->rss[a] -= r->v[a][i] * r->v[a][i];
		for (int32_t j = 0; j < r->knots; j++)
		{
			double		sum = row[q + j];

			for (int32_t i = 0; i < q; i++)
				sum -= r->w[(int64_t) i * KNOTS_MAX + j] * r->v[a][i];
			r->right[a][j] = sum;
		}
	}
	return SF_OK;
}

/* Lower factor of schur + penalty; false when it is not positive definite. */
static bool
factor_small(const Reduced *r, const double *penalty, double to[][KNOTS_MAX])
{
	for (int32_t i = 0; i < r->knots; i++)
	{
		for (int32_t j = 0; j <= i; j++)
		{
			double		sum = r->schur[i][j] + (i == j ? penalty[i] : 0.0);

			for (int32_t k = 0; k < j; k++)
				sum -= to[i][k] * to[j][k];
			if (i > j)
				to[i][j] = sum / to[j][j];
			else if (sum > 0)
				to[i][i] = sqrt(sum);
			else
				return false;
		}
	}
	return true;
}

static void
solve_small(int32_t n, double l[][KNOTS_MAX], double *x)
{
	for (int32_t i = 0; i < n; i++)
	{
		for (int32_t j = 0; j < i; j++)
			x[i] -= l[i][j] * x[j];
		x[i] /= l[i][i];
	}
	for (int32_t i = n - 1; i >= 0; i--)
	{
		x[i] /= l[i][i];
		for (int32_t j = 0; j < i; j++)
			x[j] -= l[i][j] * x[i];
	}
}

static double
residual_sum(const Reduced *r, int32_t a, const double *delta)
{
	double		rss = r->rss[a];

	for (int32_t i = 0; i < r->knots; i++)
	{
		double		sum = 0.5 * r->schur[i][i] * delta[i] - r->right[a][i];

		for (int32_t j = 0; j < i; j++)
			sum += r->schur[i][j] * delta[j];
		rss += 2.0 * delta[i] * sum;
	}
	return rss;
}

/*
 * The posterior mode of the changes of slope for one tau: |delta| is majorized by a
 * parabola through the last value, the noise follows the errors.
 */
static void
solve_slopes(const Reduced *r, const Design *d, int32_t a, double scale, Solution *out)
{
	double		range = d->target[a].range;
	double		least = NOISE_MIN * range;
	double		rows = r->rows > d->plain ? r->rows : d->plain + 1;
	double		penalty[KNOTS_MAX];

	least *= least;
	memset(out->delta, 0, sizeof out->delta);
	out->noise = fmax(least, r->rss[a] / rows);
	for (int32_t turn = 0; turn < REWEIGHTINGS && r->knots > 0; turn++)
	{
		for (int32_t j = 0; j < r->knots; j++)
		{
			double		size = turn == 0 ? range * scale : fabs(out->delta[j]) + 1e-6 * range;

			penalty[j] = out->noise / (scale * range * size) + 1e-9;
		}
		if (!factor_small(r, penalty, out->factor))
		{
			memset(out->delta, 0, sizeof out->delta);
			memset(out->factor, 0, sizeof out->factor);
			for (int32_t j = 0; j < r->knots; j++)
				out->factor[j][j] = 1e6;
			break;
		}
		memcpy(out->delta, r->right[a], (size_t) r->knots * sizeof(double));
		solve_small(r->knots, out->factor, out->delta);
		out->noise = fmax(least, residual_sum(r, a, out->delta) / rows);
	}
}

/* All coefficients, [plain + knots]. */
static void
coefficients(const Reduced *r, const Design *d, int32_t a, const Solution *solution, double *beta)
{
	memcpy(beta, r->v[a], (size_t) d->plain * sizeof(double));
	for (int32_t i = 0; i < d->plain; i++)
		for (int32_t j = 0; j < r->knots; j++)
			beta[i] -= r->w[(int64_t) i * KNOTS_MAX + j] * solution->delta[j];
	backward(r->l, d->plain, beta);
	memset(beta + d->plain, 0, (size_t) d->knots * sizeof(double));
	memcpy(beta + d->plain, solution->delta, (size_t) r->knots * sizeof(double));
}

static double
dot(const double *a, const double *b, int32_t n)
{
	double		even = 0;
	double		odd = 0;
	int32_t		i = 0;

	for (; i + 1 < n; i += 2)
	{
		even += a[i] * b[i];
		odd += a[i + 1] * b[i + 1];
	}
	return i < n ? even + odd + a[i] * b[i] : even + odd;
}

/* From what was fitted to the series divided by its power of two. */
static double
back(const Target *target, double z)
{
	if (!target->logs)
		return z + target->centre;
	/* no more than e^3 times, or its whole range, above what was ever seen */
	return exp(fmin(z, target->largest + fmax(3.0, target->range)) + target->centre);
}

/* ----- choosing ----- */

/* The target with the higher likelihood; that of logarithms counts per unit of the series. */
static int32_t
likelier_target(const Design *d, const Reduced *r)
{
	Solution	solution;
	double		value[TARGETS_MAX];

	for (int32_t a = 0; a < d->targets; a++)
	{
		solve_slopes(r, d, a, scales[SCALE_MIDDLE], &solution);
		value[a] = 0.5 * log(solution.noise);
		if (d->target[a].logs)
			value[a] += d->target[a].centre;
	}
	return d->targets == 2 && value[1] < value[0] ? 1 : 0;
}

/*
 * The mean of the solutions over all scales: on every collection tried it forecasts
 * better than any way to settle on one scale.  Factor and noise are those of the
 * middle one, the noise with its degrees of freedom.
 */
static SfStatus
average(SfArena *arena, const Design *d, const Reduced *r, int32_t a, Solution *mean, double *beta)
{
	int32_t		cols = d->plain + d->knots;
	double	   *one = sf_arena_take(arena, (size_t) cols, sizeof(double));
	double		delta[KNOTS_MAX] = {0};
	Solution	solution;

	if (one == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(beta, 0, (size_t) cols * sizeof(double));
	memset(mean, 0, sizeof *mean);
	for (int32_t k = 0; k < SCALES; k++)
	{
		solve_slopes(r, d, a, scales[k], &solution);
		coefficients(r, d, a, &solution, one);
		for (int32_t i = 0; i < cols; i++)
			beta[i] += one[i] / SCALES;
		for (int32_t j = 0; j < r->knots; j++)
			delta[j] += solution.delta[j] / SCALES;
		if (k == SCALE_MIDDLE)
			*mean = solution;
	}
	memcpy(mean->delta, delta, sizeof delta);
	/* what was fitted is not free; changes of slope are held back, and their own variance is in the leverage */
	mean->noise *= r->rows / fmax(r->rows - d->plain, r->rows / 3.0);
	return SF_OK;
}

/* ----- what is given ----- */

/* Variance of x'beta in units of the noise: |L^-1 x|^2 through both eliminations. */
static double
leverage(const Reduced *r, const Design *d, const Solution *solution, const double *row,
		 double *scratch)
{
	double		x[KNOTS_MAX];
	double		sum = 0;

	memcpy(scratch, row, (size_t) d->plain * sizeof(double));
	forward(r->l, d->plain, scratch, 1);
	for (int32_t i = 0; i < d->plain; i++)
		sum += scratch[i] * scratch[i];
	for (int32_t j = 0; j < r->knots; j++)
	{
		x[j] = row[d->plain + j];
		for (int32_t i = 0; i < d->plain; i++)
			x[j] -= r->w[(int64_t) i * KNOTS_MAX + j] * scratch[i];
		for (int32_t k = 0; k < j; k++)
			x[j] -= solution->factor[j][k] * x[k];
		x[j] /= solution->factor[j][j];
		sum += x[j] * x[j];
	}
	return sum;
}

static double
clamp(double x)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, x));
}

/* The largest variance of logarithms that is carried over to the series. */
#define LOG_VARIANCE_MAX 9.0

static SfStatus
project(SfArena *arena, Design *d, const Reduced *r, int32_t a, const Solution *solution,
		const double *beta, int exponent, SfForecast *out)
{
	int32_t		n = d->s->n;
	int32_t		cols = d->plain + d->knots;
	double	   *row = sf_arena_take(arena, (size_t) cols, sizeof(double));
	double	   *scratch = sf_arena_take(arena, (size_t) cols, sizeof(double));
	const Target *target = &d->target[a];
	double		size = 0;

	if (row == NULL || scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t j = 0; j < r->knots; j++)
		size += fabs(solution->delta[j]) / r->knots;
	for (int32_t t = out->fitted == NULL ? n : 0; t < n + out->horizon; t++)
	{
		double		z;
		double		mean;
		double		variance;
		double		ahead;

		if ((t % 256 == 0 || cols > 300) && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		fill_row(d, t, row);
		z = dot(row, beta, cols);
		mean = back(target, z);
		if (t < n)
		{
			out->fitted[t] = clamp(ldexp(mean, exponent));
			continue;
		}
		ahead = (t - n + 1) * d->step;
		variance = solution->noise * (1.0 + leverage(r, d, solution, row, scratch)) +
			r->knots / KNOT_RANGE * 2.0 * size * size * ahead * ahead * ahead / 3.0;
		if (target->logs)
			variance = mean * mean * expm1(fmin(variance, LOG_VARIANCE_MAX)) *
				exp(fmin(variance, LOG_VARIANCE_MAX));
		out->mean[t - n] = clamp(ldexp(mean, exponent));
		out->variance[t - n] = fmin(DBL_MAX, ldexp(variance, 2 * exponent));
	}
	return SF_OK;
}

static void
describe(const Design *d, const Reduced *r, int32_t a, const Solution *solution, int exponent,
		 SfForecast *out)
{
	const Target *target = &d->target[a];
	int32_t		changes = 0;
	double		slope = 0;

	for (int32_t j = 0; j < r->knots; j++)
	{
		changes += fabs(solution->delta[j]) > CHANGE_MIN * target->range;
		slope += solution->delta[j];
	}
	out->converged = true;
	sf_forecast_label(out, "PROPHET(");
	sf_label_int(out, changes);
	sf_label_text(out, changes == 1 ? " changepoint" : " changepoints");
	sf_label_text(out, target->logs ? ", log)" : ")");
	sf_forecast_note(out, "changepoints tried", r->knots);
	sf_forecast_note(out, "harmonics", d->harmonics.count);
	if (d->drivers > 0)
		sf_forecast_note(out, "drivers", d->drivers);
	if (target->logs)
	{
		sf_forecast_note(out, "change of slope, log", slope * d->step);
		sf_forecast_note(out, "sigma, log", sqrt(solution->noise));
		return;
	}
	sf_forecast_amount(out, "change of slope", clamp(ldexp(slope * d->step, exponent)));
	sf_forecast_amount(out, "sigma", fmin(DBL_MAX, ldexp(sqrt(solution->noise), exponent)));
}

/* Reads the observed extremes; how many observations there are. */
static int32_t
survey(const SfSeries *s, double *least, double *largest)
{
	int32_t		observed = 0;

	*least = INFINITY;
	*largest = -INFINITY;
	for (int32_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
		{
			*least = fmin(*least, s->y[t]);
			*largest = fmax(*largest, s->y[t]);
			observed++;
		}
	return observed;
}

SfStatus
sf_prophet_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	int			exponent = sf_terms_exponent(s->y, s->n);
	double		least;
	double		largest;
	int32_t		observed = survey(s, &least, &largest);
	int32_t		a;
	Design	   *d = sf_arena_take(arena, 1, sizeof(Design));
	Reduced    *r = sf_arena_take(arena, 1, sizeof(Reduced));
	double	   *products;
	double	   *beta;
	Solution	solution;
	SfStatus	status;

	if (d == NULL || r == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	out->notes = 0;
	if (observed < OBSERVED_MIN || least == largest)
	{
		sf_terms_mean_forecast(s, exponent, "PROPHET(mean)", out);
		return SF_OK;
	}
	status = make_design(arena, s, out->horizon, exponent, observed, ldexp(least, -exponent), d);
	if (status != SF_OK)
		return status;
	products = sf_arena_take(arena, (size_t) d->cols * (size_t) d->cols, sizeof(double));
	beta = sf_arena_take(arena, (size_t) d->cols, sizeof(double));
	if (products == NULL || beta == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = collect(arena, d, products);
	if (status == SF_OK)
		status = make_reduced(arena, d, products, r);
	if (status == SF_BAD_DATA)
	{
		/* drivers that rounding cannot tell apart */
		sf_terms_mean_forecast(s, exponent, "PROPHET(mean)", out);
		return SF_OK;
	}
	if (status != SF_OK)
		return status;
	a = likelier_target(d, r);
	status = average(arena, d, r, a, &solution, beta);
	if (status != SF_OK)
		return status;
	describe(d, r, a, &solution, exponent, out);
	return project(arena, d, r, a, &solution, beta, exponent, out);
}
