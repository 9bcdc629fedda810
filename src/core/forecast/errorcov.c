/*
 * errorcov.c
 *		How large forecast errors are, and how they go together.
 */
#include "core/forecast/errorcov.h"

#include <math.h>
#include <string.h>

#include "core/base/sum.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef VECTOR_CLONES
#define VECTOR_CLONES
#endif

/*
 * Ours.  The floor is a share of what a node of that size would have if its
 * bottom series were average and independent: small enough for a closed shop
 * to stay closed, large enough for one lucky constant not to dictate to others.
 */
#ifndef FLOOR_SHARE
#define FLOOR_SHARE 1e-6
#endif
#define LAMBDA_MIN 1e-4

/* Below this, residuals are as good as 0 and correlate with nothing; the largest one is near 1. */
#define SQUARE_MIN 1e-200

/* Multiplications between two polls. */
#define POLL_EVERY 500000

typedef struct Residuals
{
	SfArena    *arena;
	const SfHierarchy *h;
	const bool *used;
	double	   *e;				/* [nodes][periods] scaled, 0 where there is none */
	int32_t		periods;
	double	   *square;			/* [nodes] sum of squares */
	int32_t    *count;			/* [nodes] periods observed */
	int64_t		done;			/* since the last poll */
} Residuals;

static SfStatus
worked(Residuals *r, int64_t operations)
{
	r->done += operations;
	if (r->done < POLL_EVERY)
		return SF_OK;
	r->done = 0;
	if (sf_cancelled(r->arena->ctx))
		return sf_fail(r->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

static SfStatus
no_memory(SfArena *arena)
{
	return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

SfStatus
sf_errorcov_struct(SfArena *arena, const SfHierarchy *h, SfErrorCov *cov)
{
	double	   *own = sf_arena_take(arena, (size_t) h->nodes, sizeof(double));

	if (own == NULL)
		return no_memory(arena);
	for (int32_t i = 0; i < h->nodes; i++)
		own[i] = (double) sf_hierarchy_size(h, i);
	*cov = (SfErrorCov) {.own = own, .lambda = 1.0};
	return SF_OK;
}

/* The largest residual as a power of two; false when all are 0 or missing. */
static SfStatus
find_scale(Residuals *r, const double *residuals, int *exponent, bool *any)
{
	double		largest = 0.0;

	for (int32_t i = 0; i < r->h->nodes; i++)
	{
		const double *row = residuals + (int64_t) i * r->periods;
		SfStatus	status = worked(r, r->periods);

		if (status != SF_OK)
			return status;
		for (int32_t t = 0; t < r->periods && r->used[i]; t++)
		{
			if (isinf(row[t]))
			{
				status = sf_fail_value(r->arena->ctx, SF_BAD_DATA, "a residual is not finite", row[t]);
				r->arena->ctx->where = i;
				return status;
			}
			if (fabs(row[t]) > largest)
				largest = fabs(row[t]);
		}
	}
	(void) frexp(largest, exponent);
	*any = largest > 0.0;
	return SF_OK;
}

/* e, square and count of each node; 0 for those that are not used. */
static SfStatus
copy_residuals(Residuals *r, const double *residuals, int exponent)
{
	for (int32_t i = 0; i < r->h->nodes; i++)
	{
		double	   *e = r->e + (int64_t) i * r->periods;
		SfSum		square = {0};
		SfStatus	status = worked(r, 4 * (int64_t) r->periods);

		if (status != SF_OK)
			return status;
		r->count[i] = 0;
		for (int32_t t = 0; t < r->periods; t++)
		{
			double		x = r->used[i] ? residuals[(int64_t) i * r->periods + t] : NAN;

			r->count[i] += !isnan(x);
			e[t] = isnan(x) ? 0.0 : ldexp(x, -exponent);
			sf_sum_add_product(&square, e[t], e[t]);
		}
		r->square[i] = sf_sum_value(square);
	}
	return SF_OK;
}

/* The variance of an average bottom series; only aggregates may have residuals: then theirs, shared out. */
static double
average_variance(const Residuals *r, const double *variance)
{
	const SfHierarchy *h = r->h;
	double		average = 0.0;

	for (int aggregates = 0; aggregates <= 1 && average == 0.0; aggregates++)
	{
		SfSum		sum = {0};
		double		known = 0.0;

		for (int32_t i = 0; i < h->nodes; i++)
			if (r->count[i] > 0 && (h->place[i] < 0) == aggregates)
			{
				sf_sum_add(&sum, variance[i]);
				known += (double) sf_hierarchy_size(h, i);
			}
		if (known > 0.0)
			average = sf_sum_value(sum) / known;
	}
	return average;
}

/* Variances, with what to do where there are few residuals or none. */
static void
set_variances(const Residuals *r, double *variance, SfErrorCov *cov)
{
	double		average;

	for (int32_t i = 0; i < r->h->nodes; i++)
		if (r->count[i] > 0)
			variance[i] = r->square[i] / r->count[i];
	average = average_variance(r, variance);
	for (int32_t i = 0; i < r->h->nodes; i++)
	{
		double		usual = average * (double) sf_hierarchy_size(r->h, i);

		if (r->count[i] == 0)
		{
			variance[i] = usual;
			cov->guessed += r->used[i];
		}
		else if (variance[i] < FLOOR_SHARE * usual)
		{
			variance[i] = FLOOR_SHARE * usual;
			cov->raised++;
		}
	}
}

/* out[s] += a[t] * a[s] for s <= t, all t: the lower triangle of a product. */
VECTOR_CLONES static void
add_products(double *restrict out, const double *restrict a, int32_t n)
{
	for (int32_t t = 0; t < n; t++)
	{
		double	   *restrict row = out + (int64_t) t * n;
		double		w = a[t];

		for (int32_t s = 0; s <= t; s++)
			row[s] += w * a[s];
	}
}

/*
 * The squared norm of X X', X being periods x nodes, each column with mean
 * square 1 over the periods it has; and what the formula needs besides: for
 * each period the sum of squares, for each node its fourth powers.
 */
static SfStatus
correlation_sums(Residuals *r, double *norm, double *squares, double *fourth, double *diagonal)
{
	int32_t		n = r->periods;
	double	   *gram = sf_arena_take(r->arena, (size_t) n * (size_t) n, sizeof(double));
	double	   *x = sf_arena_take(r->arena, (size_t) n, sizeof(double));
	double	   *period = sf_arena_take(r->arena, (size_t) n, sizeof(double));
	SfSum		sum = {0};

	if (gram == NULL || x == NULL || period == NULL)
		return no_memory(r->arena);
	memset(gram, 0, (size_t) n * (size_t) n * sizeof(double));
	memset(period, 0, (size_t) n * sizeof(double));
	*fourth = *diagonal = 0.0;
	for (int32_t i = 0; i < r->h->nodes; i++)
	{
		const double *e = r->e + (int64_t) i * n;
		double		scale = r->square[i] > SQUARE_MIN ? sqrt(r->count[i] / r->square[i]) : 0.0;
		SfStatus	status = worked(r, n + (int64_t) n * n / 2);

		if (status != SF_OK)
			return status;
		if (scale == 0.0)
			continue;
		for (int32_t t = 0; t < n; t++)
		{
			double		square;

			x[t] = e[t] * scale;
			square = x[t] * x[t];
			period[t] += square;
			*fourth += square * square;
		}
		*diagonal += (double) r->count[i] * r->count[i];
		add_products(gram, x, n);
	}
	for (int32_t t = 0; t < n; t++)
		for (int32_t s = 0; s <= t; s++)
			sf_sum_add(&sum, (s < t ? 2.0 : 1.0) * gram[(int64_t) t * n + s] * gram[(int64_t) t * n + s]);
	*norm = sf_sum_value(sum);
	*squares = 0.0;
	for (int32_t t = 0; t < n; t++)
		*squares += period[t] * period[t];
	return SF_OK;
}

/*
 * lambda = sum over i <> j of var(r_ij) / sum over i <> j of r_ij^2, where
 * var(r_ij) = (sum_t (x_ti x_tj)^2 - (sum_t x_ti x_tj)^2 / T) / (T (T - 1)).
 */
static SfStatus
find_lambda(Residuals *r, double *lambda)
{
	SfArenaMark mark = sf_arena_mark(r->arena);
	double		n = r->periods;
	double		norm;
	double		squares;
	double		fourth;
	double		diagonal;
	SfStatus	status = correlation_sums(r, &norm, &squares, &fourth, &diagonal);
	double		top;
	double		bottom;

	sf_arena_rewind(r->arena, mark);
	if (status != SF_OK)
		return status;
	top = (squares - fourth - (norm - diagonal) / n) / (n * (n - 1.0));
	bottom = (norm - diagonal) / (n * n);
	*lambda = n > 1.0 && bottom > 0.0 ? fmin(1.0, fmax(LAMBDA_MIN, top / bottom)) : 1.0;
	return SF_OK;
}

/* F from the residuals; what is not in it stays with each series. */
static void
split_variances(Residuals *r, const double *variance, SfErrorCov *cov)
{
	double		share = (1.0 - cov->lambda) / r->periods;
	double		root = sqrt(share);

	for (int32_t i = 0; i < r->h->nodes; i++)
	{
		double	   *f = r->e + (int64_t) i * r->periods;

		cov->own[i] = fmax(variance[i] - share * r->square[i], cov->lambda * variance[i]);
		for (int32_t t = 0; t < r->periods; t++)
			f[t] *= root;
	}
	cov->factor = r->e;
	cov->factors = r->periods;
}

static SfStatus
fit(Residuals *r, bool correlate, SfErrorCov *cov)
{
	size_t		nodes = (size_t) r->h->nodes;
	double	   *variance = sf_arena_take(r->arena, nodes, sizeof(double));
	SfErrorCov	made = {.lambda = 1.0};
	SfStatus	status = SF_OK;

	made.own = sf_arena_take(r->arena, nodes, sizeof(double));
	if (variance == NULL || made.own == NULL)
		return no_memory(r->arena);
	set_variances(r, variance, &made);
	if (correlate)
		status = find_lambda(r, &made.lambda);
	if (status != SF_OK)
		return status;
	if (made.lambda < 1.0)
		split_variances(r, variance, &made);
	else
		memcpy(made.own, variance, nodes * sizeof(double));
	*cov = made;
	return SF_OK;
}

SfStatus
sf_errorcov_fit(SfArena *arena, const SfHierarchy *h, const bool *used, const double *residuals,
				int32_t periods, bool correlate, SfErrorCov *cov)
{
	Residuals	r = {.arena = arena, .h = h, .used = used, .periods = periods};
	size_t		nodes = (size_t) h->nodes;
	int			exponent = 0;
	bool		any = false;
	SfStatus	status;

	if (periods < 1 || periods > SF_ERRORCOV_PERIODS_MAX)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "residuals are taken from 1 to 1024 periods");
	status = find_scale(&r, residuals, &exponent, &any);
	if (status != SF_OK)
		return status;
	if (!any)
		return sf_errorcov_struct(arena, h, cov);
	r.e = sf_arena_take(arena, nodes * (size_t) periods, sizeof(double));
	r.square = sf_arena_take(arena, nodes, sizeof(double));
	r.count = sf_arena_take(arena, nodes, sizeof(int32_t));
	if (r.e == NULL || r.square == NULL || r.count == NULL)
		return no_memory(arena);
	status = copy_residuals(&r, residuals, exponent);
	if (status == SF_OK)
		status = fit(&r, correlate, cov);
	return status;
}

SfStatus
sf_errorcov_shrink(SfArena *arena, const SfHierarchy *h, double lambda, SfErrorCov *cov)
{
	Residuals	r = {.arena = arena};
	double		kept;
	double		root;

	if (cov->factors == 0 || !(lambda > cov->lambda))
		return SF_OK;
	kept = fmax(0.0, (1.0 - lambda) / (1.0 - cov->lambda));
	root = sqrt(kept);
	for (int32_t i = 0; i < h->nodes; i++)
	{
		double	   *f = cov->factor + (int64_t) i * cov->factors;
		double		common = 0.0;
		SfStatus	status = worked(&r, 3 * (int64_t) cov->factors);

		if (status != SF_OK)
			return status;
		for (int32_t t = 0; t < cov->factors; t++)
		{
			common += f[t] * f[t];
			f[t] *= root;
		}
		cov->own[i] += (1.0 - kept) * common;
	}
	cov->lambda = fmin(lambda, 1.0);
	if (kept == 0.0)
	{
		cov->factors = 0;
		cov->factor = NULL;
	}
	return SF_OK;
}
