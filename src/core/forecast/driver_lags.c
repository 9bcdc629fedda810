/*
 * driver_lags.c
 *		At which lag each of several candidate drivers leads a series.
 */
#include "core/forecast/driver_lags.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/forecast/unitroot.h"

/* Blocks to confirm in, and their length as a part of the series. */
#define BLOCKS 4
#define BLOCK_PART 10

/* Largest order of the whitening autoregressions, but at most a tenth of the values. */
#define AR_MAX 14

/* Lags on both sides of the chosen one that are regressed out with it. */
#define NEAR 2

/* Fewer pairs than this are not correlated. */
#define PAIRS_MIN 12

/* Pairs of numbers correlated between two polls. */
#define POLL_WORK (INT64_C(1) << 20)
/* What comes after the training part is cut to so many times its largest value: squares must not overflow. */
#define LARGEST 1e100

/* A correlation of exactly 1 has no finite test statistic. */
#define CORRELATION_MAX 0.9999999

/* The mean and six harmonics (Fourier pairs) of the season: what every series loses first. */
#define HARMONICS_MAX 6
#define BASIS_MAX (1 + 2 * HARMONICS_MAX)

/* An autoregression. */
typedef struct Recursion
{
	int32_t		order;
	double		ar[AR_MAX];
} Recursion;

/* A whitened series: value t belongs to period t; nothing before `start`. */
typedef struct White
{
	double	   *e;				/* [n]; NaN = not observed, in the series only */
	bool		gaps;			/* there are such */
	int64_t		start;
	int32_t		fitted;			/* coefficients that made it white */
} White;

typedef struct Task
{
	SfArena    *arena;
	const SfSeries *s;
	const SfDriverLagOptions *options;
	int64_t		n;
	int32_t		m;
	bool		gaps;			/* of the series */
	double	   *y;				/* [n] filled; the training part is of size 1 */
	double	   *x;				/* [n] a candidate, likewise */
	White	   *white;			/* [1 + drivers]: the series, then the candidates */
	int32_t		basis_count;
	double	   *basis;			/* [basis_count][n], orthonormal in the training part */
	double	   *scratch;		/* [3 n] */
} Task;

/* A pair of candidate and lag in the training part. */
typedef struct Pair
{
	int32_t		lag;
	double		correlation;
	double		p_value;		/* corrected */
	double		slope;			/* of the series on the driver, whitened */
	double		mean_x;
	double		mean_y;
} Pair;

static SfStatus
no_memory(const Task *task)
{
	return sf_fail(task->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

/* `end` values of stride into out, divided by the power of two that brings the first `train` to size 1. */
static void
scaled_copy(const double *x, int64_t train, int64_t end, int64_t stride, double *out)
{
	double		largest = 0.0;
	int			shift;

	for (int64_t t = 0; t < train; t++)
		largest = fmax(largest, fabs(x[t * stride]));
	(void) frexp(largest, &shift);
	for (int64_t t = 0; t < train; t++)
		out[t] = ldexp(x[t * stride], -shift);
	for (int64_t t = train; t < end; t++)
	{
		double		z = ldexp(x[t * stride], -shift);

		out[t] = z > LARGEST ? LARGEST : z < -LARGEST ? -LARGEST : z;
	}
}

/*
 * y[end] scaled and filled: gaps of the training part from that part alone, later
 * ones by the value before them.
 */
static SfStatus
fill_series(Task *task, int64_t train, int64_t end)
{
	SfSeries	past = *task->s;
	int64_t		observed = 0;
	SfStatus	status;

	if (!task->gaps)
	{
		scaled_copy(task->s->y, train, end, 1, task->y);
		return SF_OK;
	}
	scaled_copy(task->s->y, train, end, 1, task->scratch);
	for (int64_t t = 0; t < train; t++)
		observed += !isnan(task->scratch[t]);
	/* nothing to learn from: a constant has no correlations */
	memset(task->y, 0, (size_t) train * sizeof(double));
	past.y = task->scratch;
	past.n = (int32_t) train;
	status = observed > 0 ? sf_series_fill(task->arena, &past, task->y) : SF_OK;
	for (int64_t t = train; t < end; t++)
		task->y[t] = isnan(task->scratch[t]) ? task->y[t - 1] : task->scratch[t];
	return status;
}

static double
dot(const double *a, const double *b, int64_t n)
{
	double		sum = 0.0;

	for (int64_t t = 0; t < n; t++)
		sum += a[t] * b[t];
	return sum;
}

/* Cosine (i even) or sine of harmonic (i + 1) / 2 of a season of m periods. */
static void
fill_wave(double *column, int32_t i, int32_t m, int64_t end)
{
	const double turn = 6.28318530717958647693;
	int32_t		harmonic = (i + 1) / 2;

	for (int64_t t = 0; t < end; t++)
	{
		double		angle = turn * (double) harmonic * (double) t / (double) m;

		column[t] = t >= m ? column[t - m] : i % 2 == 1 ? sin(angle) : cos(angle);
	}
}

/*
 * Mean and harmonics of periods 0 .. end - 1, made orthonormal over the first
 * `train` (modified Gram-Schmidt); a season of fewer than two cycles has none.
 */
static SfStatus
make_basis(Task *task, int64_t train, int64_t end)
{
	int32_t		pairs = train < 2 * (int64_t) task->m ? 0 : task->m / 2 < HARMONICS_MAX ? task->m / 2 : HARMONICS_MAX;

	task->basis_count = 0;
	for (int32_t i = 0; i < 1 + 2 * pairs; i++)
	{
		double	   *column = task->basis + task->basis_count * task->n;
		double		length;

		fill_wave(column, i, task->m, end);
		for (int32_t j = 0; j < task->basis_count; j++)
		{
			const double *other = task->basis + j * task->n;
			double		part = dot(other, column, train);

			for (int64_t t = 0; t < end; t++)
				column[t] -= part * other[t];
			if (sf_cancelled(task->arena->ctx))
				return sf_fail(task->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
		length = sqrt(dot(column, column, train));
		/* the sine of half a turn a period is none */
		if (length < 1e-6)
			continue;
		for (int64_t t = 0; t < end; t++)
			column[t] /= length;
		task->basis_count++;
	}
	return sf_poll(task->arena->ctx);
}

/* Takes mean and season, as the first `train` values have them, out of z[end]. */
static SfStatus
without_basis(const Task *task, double *z, int64_t train, int64_t end)
{
	for (int32_t j = 0; j < task->basis_count; j++)
	{
		const double *column = task->basis + j * task->n;
		double		part = dot(column, z, train);

		for (int64_t t = 0; t < end; t++)
			z[t] -= part * column[t];
		if (sf_cancelled(task->arena->ctx))
			return sf_fail(task->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/*
 * Burg's autoregression of z[n], whose mean is 0; forward[n] and backward[n] are
 * scratch.  The order with the least AICc stays.
 */
static SfStatus
fit_autoregression(SfCtx *ctx, const double *z, int64_t n, double *forward, double *backward, Recursion *w)
{
	int32_t		most = n / 10 < AR_MAX ? (int32_t) (n / 10) : AR_MAX;
	double		a[AR_MAX] = {0.0};
	double		power = 0.0;
	double		best;

	w->order = 0;
	for (int64_t t = 0; t < n; t++)
	{
		forward[t] = backward[t] = z[t];
		power += forward[t] * forward[t] / (double) n;
	}
	best = (double) n * log(power) + 2.0 * (double) n / (double) (n - 2);
	for (int32_t k = 0; k < most; k++)
	{
		double		cross = 0.0;
		double		squares = 0.0;
		double		r;
		double		aicc;
		double		before[AR_MAX];

		for (int64_t t = k + 1; t < n; t++)
		{
			cross += forward[t] * backward[t - 1];
			squares += forward[t] * forward[t] + backward[t - 1] * backward[t - 1];
		}
		if (!(squares > 0.0))
			return SF_OK;
		r = 2.0 * cross / squares;
		memcpy(before, a, sizeof before);
		for (int32_t i = 0; i < k; i++)
			a[i] = before[i] - r * before[k - 1 - i];
		a[k] = r;
		for (int64_t t = n - 1; t > k; t--)
		{
			double		f = forward[t];

			forward[t] = f - r * backward[t - 1];
			backward[t] = backward[t - 1] - r * f;
		}
		power *= (1.0 - r) * (1.0 + r);
		aicc = (double) n * log(power) + 2.0 * (double) (k + 2) * (double) n / (double) (n - k - 3);
		if (!(power > 0.0))
			return SF_OK;
		if (aicc < best)
		{
			best = aicc;
			w->order = k + 1;
			memcpy(w->ar, a, sizeof a);
		}
		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/*
 * Whitens z[end] by what its first `train` values say: difference or not, mean and
 * season, autoregression.  A series that does not vary has nothing after `start`.
 */
static SfStatus
whiten(const Task *task, const double *z, int64_t train, int64_t end, White *white)
{
	double	   *w = task->scratch;
	double	   *more = task->scratch + task->n;
	Recursion	r;
	int64_t		d;
	SfStatus	status;

	white->start = end;
	memcpy(w, z, (size_t) end * sizeof(double));
	status = without_basis(task, w, train, end);
	if (status != SF_OK || sf_is_constant(w, train, 1.0))
		return status;
	memcpy(more, w, (size_t) train * sizeof(double));
	d = sf_ordinary_differences(more, train, 1, 1.0);
	if (d > 0)
	{
		memcpy(w, z, (size_t) end * sizeof(double));
		for (int64_t t = end - 1; t > 0; t--)
			w[t] -= w[t - 1];
		/* the first has no difference: it gets their mean and is not used */
		w[0] = (z[train - 1] - z[0]) / (double) (train - 1);
		status = without_basis(task, w, train, end);
	}
	if (status != SF_OK || train - d < PAIRS_MIN || sf_is_constant(w + d, train - d, 1.0))
		return status;
	status = fit_autoregression(task->arena->ctx, w + d, train - d, more, more + task->n, &r);
	if (status != SF_OK)
		return status;
	white->start = d + r.order;
	white->fitted = r.order + task->basis_count;
	for (int64_t t = white->start; t < end; t++)
	{
		white->e[t] = w[t];
		for (int32_t i = 0; i < r.order; i++)
			white->e[t] -= r.ar[i] * w[t - 1 - i];
	}
	return sf_poll(task->arena->ctx);
}

/* The series and all candidates, made white by what comes before `train`. */
static SfStatus
whiten_all(Task *task, int64_t train, int64_t end)
{
	White	   *white = task->white;
	SfStatus	status = fill_series(task, train, end);

	if (status == SF_OK)
		status = make_basis(task, train, end);
	if (status == SF_OK)
		status = whiten(task, task->y, train, end, &white[0]);
	if (status != SF_OK)
		return status;
	white[0].gaps = task->gaps;
	for (int64_t t = white[0].start; t < end && task->gaps; t++)
		if (isnan(task->s->y[t]))
			white[0].e[t] = NAN;
	for (int32_t j = 0; j < task->s->driver_count && status == SF_OK; j++)
	{
		scaled_copy(task->s->drivers + j, train, end, task->s->driver_count, task->x);
		status = whiten(task, task->x, train, end, &white[1 + j]);
	}
	return status;
}

/* p, one of `tests`, as if only the smallest of them were looked at. */
static double
corrected(double p, double tests)
{
	return p < 1.0 ? fmin(1.0, -expm1(tests * log1p(-p))) : 1.0;
}

/* The series against a candidate `lag` periods earlier, in the periods before `train`. */
static Pair
correlate(const White *y, const White *x, int64_t train, int32_t lag)
{
	Pair		pair = {.lag = lag, .p_value = 1.0};
	int64_t		from = y->start > x->start + lag ? y->start : x->start + lag;
	double		n = (double) (train - from);
	double		yy = 0.0;
	double		xx = 0.0;
	double		xy = 0.0;
	double		freedom;

	for (int64_t t = from; t < train && y->gaps; t++)
		n -= isnan(y->e[t]);
	if (n < PAIRS_MIN)
		return pair;
	for (int64_t t = from; t < train; t++)
	{
		if (isnan(y->e[t]))
			continue;
		pair.mean_y += y->e[t] / n;
		pair.mean_x += x->e[t - lag] / n;
	}
	for (int64_t t = from; t < train; t++)
	{
		double		a = y->e[t] - pair.mean_y;
		double		b = x->e[t - lag] - pair.mean_x;

		if (isnan(a))
			continue;
		yy += a * a;
		xx += b * b;
		xy += a * b;
	}
	if (!(xx > 0.0) || !(yy > 0.0))
		return pair;
	pair.slope = xy / xx;
	pair.correlation = fmax(-1.0, fmin(1.0, xy / (sqrt(xx) * sqrt(yy))));
	/* Fisher: the inverse hyperbolic tangent is normal with variance 1 / (n - 3); what was fitted is not free */
	freedom = fmax(n - 3.0 - (double) (y->fitted > x->fitted ? y->fitted : x->fitted), 1.0);
	pair.p_value = 2.0 * sf_normal_cdf(-atanh(fmin(fabs(pair.correlation), CORRELATION_MAX)) * sqrt(freedom));
	return pair;
}

/* The lag with the smallest p-value, corrected for all candidates and lags. */
static SfStatus
best_lag(const Task *task, int32_t driver, int64_t train, Pair *out)
{
	const SfDriverLagOptions *o = task->options;
	double		tests = (double) task->s->driver_count * (double) (o->max_lag - o->min_lag + 1);
	Pair		best = correlate(&task->white[0], &task->white[1 + driver], train, o->min_lag);
	int64_t		work = train;

	for (int32_t lag = o->min_lag + 1; lag <= o->max_lag; lag++)
	{
		Pair		pair = correlate(&task->white[0], &task->white[1 + driver], train, lag);

		if (pair.p_value < best.p_value)
			best = pair;
		work += train;
		if (work < POLL_WORK)
			continue;
		work = 0;
		if (sf_cancelled(task->arena->ctx))
			return sf_fail(task->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	best.p_value = corrected(best.p_value, tests);
	*out = best;
	return sf_poll(task->arena->ctx);
}

/* Squared one-step errors in one block, without and with each driver as the past of the block has it. */
static SfStatus
confirm_block(Task *task, int64_t train, int64_t end, double *without, double *with)
{
	const White *y = &task->white[0];
	SfStatus	status = whiten_all(task, train, end);

	for (int32_t j = 0; j < task->s->driver_count && status == SF_OK; j++)
	{
		const White *x = &task->white[1 + j];
		Pair		pair;

		status = best_lag(task, j, train, &pair);
		if (status != SF_OK)
			return status;
		for (int64_t t = train; t < end && x->start < train - pair.lag && y->start < train; t++)
		{
			double		error = y->e[t] - pair.mean_y;
			double		left = error - pair.slope * (x->e[t - pair.lag] - pair.mean_x);

			if (isnan(error))
				continue;
			without[j] += error * error;
			with[j] += left * left;
		}
	}
	return status;
}

/* error_reduction of every row, over all blocks. */
static SfStatus
confirm(Task *task, int64_t block, SfDriverLag *rows)
{
	int32_t		k = task->s->driver_count;
	double	   *without = sf_arena_take(task->arena, (size_t) k, 2 * sizeof(double));
	double	   *with;
	SfStatus	status = SF_OK;

	if (without == NULL)
		return no_memory(task);
	with = without + k;
	memset(without, 0, (size_t) k * 2 * sizeof(double));
	for (int64_t b = BLOCKS; b > 0 && status == SF_OK; b--)
		status = confirm_block(task, task->n - b * block, task->n - (b - 1) * block, without, with);
	for (int32_t j = 0; j < k; j++)
		rows[j].error_reduction = without[j] > 0.0 ? 1.0 - with[j] / without[j] : NAN;
	return status;
}

static void
fill_row(const Pair *pair, SfDriverLag *row)
{
	row->lag = pair->lag;
	row->correlation = pair->correlation;
	row->p_value = pair->p_value;
}

/*
 * Takes the driver's part out of the whitened series, at its lag and near it: what
 * is much like the driver was made white a little differently, and would otherwise
 * pass for news.
 */
static SfStatus
regress_out(Task *task, int32_t driver, int32_t lag, int64_t train)
{
	White	   *y = &task->white[0];
	const White *x = &task->white[1 + driver];
	int32_t		first = lag < NEAR ? 0 : lag - NEAR;

	if (y->start < x->start + lag + NEAR)
		y->start = x->start + lag + NEAR;
	for (int32_t i = first; i <= lag + NEAR; i++)
	{
		Pair		pair = correlate(y, x, train, i);

		for (int64_t t = y->start; t < train; t++)
			y->e[t] -= pair.slope * (x->e[t - i] - pair.mean_x);
		if (sf_cancelled(task->arena->ctx))
			return sf_fail(task->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	y->fitted += lag + NEAR - first + 1;
	return SF_OK;
}

/* Stage by stage: the most significant candidate that the blocks confirm, until there is none. */
static SfStatus
choose(Task *task, int64_t train, SfDriverLag *rows)
{
	int32_t		k = task->s->driver_count;
	SfStatus	status = whiten_all(task, train, train);
	int32_t		best = 0;

	while (best >= 0 && status == SF_OK)
	{
		double		strongest = 0.0;

		best = -1;
		for (int32_t j = 0; j < k; j++)
		{
			Pair		pair;

			if (rows[j].chosen)
				continue;
			status = best_lag(task, j, train, &pair);
			if (status != SF_OK)
				return status;
			fill_row(&pair, &rows[j]);
			if (pair.p_value < task->options->significance && rows[j].error_reduction > 0.0 &&
				fabs(pair.correlation) > strongest)
			{
				best = j;
				strongest = fabs(pair.correlation);
			}
		}
		if (best >= 0)
		{
			rows[best].chosen = true;
			status = regress_out(task, best, rows[best].lag, train);
		}
	}
	return status;
}

static SfStatus
check_options(SfCtx *ctx, const SfDriverLagOptions *o)
{
	if (o->max_lag < 0 || o->max_lag > SF_SERIES_LENGTH_MAX)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "the largest lag must be between 0 and 1000000", (double) o->max_lag);
	if (o->min_lag < 0 || o->min_lag > o->max_lag)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "the smallest lag must be between 0 and the largest", (double) o->min_lag);
	if (!(o->significance >= 0.0 && o->significance <= 1.0))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "significance must be between 0 and 1", o->significance);
	return SF_OK;
}

static SfStatus
prepare(SfArena *arena, const SfSeries *s, const SfDriverLagOptions *options, Task *task)
{
	size_t		k = (size_t) s->driver_count;
	size_t		n = (size_t) s->n;
	int64_t		observed = 0;

	*task = (Task) {.arena = arena, .s = s, .options = options, .n = s->n, .m = sf_series_season(s)};
	task->y = sf_arena_take(arena, n, sizeof(double));
	task->x = sf_arena_take(arena, n, sizeof(double));
	task->white = sf_arena_take(arena, k + 1, sizeof(White));
	task->basis = sf_arena_take(arena, n, BASIS_MAX * sizeof(double));
	task->scratch = sf_arena_take(arena, n, 3 * sizeof(double));
	if (task->basis == NULL || task->y == NULL || task->x == NULL || task->white == NULL || task->scratch == NULL)
		return no_memory(task);
	for (size_t j = 0; j <= k; j++)
	{
		task->white[j] = (White) {.e = sf_arena_take(arena, n, sizeof(double))};
		if (task->white[j].e == NULL)
			return no_memory(task);
	}
	for (size_t t = 0; t < n; t++)
		observed += !isnan(s->y[t]);
	if (observed == 0)
		return sf_fail(arena->ctx, SF_BAD_DATA, "the series holds no values");
	task->gaps = observed < s->n;
	return SF_OK;
}

SfStatus
sf_driver_lags(SfArena *arena, const SfSeries *s, const SfDriverLagOptions *options, SfDriverLag *rows)
{
	int64_t		block = s->n / BLOCK_PART;
	Task		task;
	SfStatus	status = check_options(arena->ctx, options);

	if (status != SF_OK || s->drivers == NULL)
		return status;
	status = prepare(arena, s, options, &task);
	if (status != SF_OK)
		return status;
	for (int32_t j = 0; j < s->driver_count; j++)
		rows[j] = (SfDriverLag) {.driver = j, .lag = options->min_lag, .p_value = 1.0, .error_reduction = NAN};
	if (s->n < SF_DRIVER_LAGS_LENGTH_MIN + (int64_t) options->max_lag)
		return SF_OK;
	status = confirm(&task, block, rows);
	return status == SF_OK ? choose(&task, task.n - block, rows) : status;
}
