/*
 * project.c
 *		The forecasts nearest to given ones that add up.
 *
 * Symbols: m aggregates used ("rows"), z the multipliers of the rows, f the
 * common factors, Z the bottom series fixed at 0.
 */
#include "core/forecast/project.h"

#include <math.h>
#include <string.h>

#include "core/base/chol.h"
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

/* Multiplications between two polls. */
#define POLL_EVERY 500000

/* A sign counts as wrong beyond this share of the largest base forecast of the step. */
#define SIGN_TOLERANCE 1e-12

/* Turns of the non-negative search; and full exchanges without progress before single ones. */
#define EXCHANGES_MAX 500
#define PATIENCE 3

/* Added to a diagonal of ones, one after the other, until the system can be factored. */
static const double jitter[] = {0.0, 1e-13, 1e-11, 1e-9, 1e-6};

typedef struct Problem
{
	SfArena    *arena;
	const SfHierarchy *h;
	const SfErrorCov *cov;
	const double *base;			/* [nodes][steps] */
	int32_t		steps;
	int32_t		m;
	int32_t    *row;			/* [m] place in h->aggregate */
	int64_t    *above_start;	/* [bottoms + 1] into above */
	int32_t    *above;			/* rows that a bottom series is in */
	bool	   *fixed;			/* [bottoms] in Z */
	double	   *u;				/* [m][factors] C F */
	double	   *g;				/* [factors][m] u' */
	double	   *matrix;			/* [m][m] scaled to a diagonal of 1: below it
								 * factored, above it as it was */
	double	   *scale;			/* [m] 1 / square root of the diagonal before */
	int64_t		done;			/* since the last poll */
} Problem;

static SfStatus
worked(Problem *p, int64_t operations)
{
	p->done += operations;
	if (p->done < POLL_EVERY)
		return SF_OK;
	p->done = 0;
	if (sf_cancelled(p->arena->ctx))
		return sf_fail(p->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

static SfStatus
no_memory(Problem *p)
{
	return sf_fail(p->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

static double *
take_doubles(Problem *p, int64_t rows, int64_t columns)
{
	if (columns > 0 && (uint64_t) rows > SIZE_MAX / (uint64_t) columns)
		return NULL;
	return sf_arena_take(p->arena, (size_t) rows * (size_t) columns, sizeof(double));
}

/* out[i] += w * a[i] */
VECTOR_CLONES static void
accumulate(double *restrict out, const double *restrict a, double w, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		out[i] += w * a[i];
}

static int32_t
row_node(const Problem *p, int32_t i)
{
	return p->h->aggregate[p->row[i]];
}

static const double *
factor_of(const Problem *p, int32_t node)
{
	return p->cov->factor + (int64_t) node * p->cov->factors;
}

/* The rows, and for each bottom series which of them it is in. */
static SfStatus
list_rows(Problem *p, const bool *used)
{
	const SfHierarchy *h = p->h;
	int64_t		entries = 0;

	p->row = sf_arena_take(p->arena, (size_t) h->aggregates + 1, sizeof(int32_t));
	p->above_start = sf_arena_take(p->arena, (size_t) h->bottoms + 2, sizeof(int64_t));
	p->fixed = sf_arena_take(p->arena, (size_t) h->bottoms + 1, sizeof(bool));
	if (p->row == NULL || p->above_start == NULL || p->fixed == NULL)
		return no_memory(p);
	memset(p->above_start, 0, ((size_t) h->bottoms + 2) * sizeof(int64_t));
	memset(p->fixed, 0, ((size_t) h->bottoms + 1) * sizeof(bool));
	for (int32_t a = 0; a < h->aggregates; a++)
	{
		if (!used[h->aggregate[a]])
			continue;
		p->row[p->m++] = a;
		for (int64_t i = h->start[a]; i < h->start[a + 1]; i++)
			p->above_start[h->member[i] + 2]++;
		entries += h->start[a + 1] - h->start[a];
	}
	if (p->m > SF_PROJECT_AGGREGATES_MAX)
		return sf_fail_value(p->arena->ctx, SF_TOO_LARGE,
							 "at most 8192 series that sum up others can be reconciled", p->m);
	p->above = sf_arena_take(p->arena, (size_t) entries + 1, sizeof(int32_t));
	if (p->above == NULL)
		return no_memory(p);
	for (int32_t b = 0; b < h->bottoms; b++)
		p->above_start[b + 2] += p->above_start[b + 1];
	for (int32_t i = 0; i < p->m; i++)
		for (int64_t j = h->start[p->row[i]]; j < h->start[p->row[i] + 1]; j++)
			p->above[p->above_start[h->member[j] + 1]++] = i;
	return worked(p, 4 * entries);
}

static SfStatus
reserve(Problem *p)
{
	int64_t		factors = p->cov->factors;

	p->matrix = take_doubles(p, p->m, p->m);
	p->scale = take_doubles(p, p->m, 1);
	p->u = take_doubles(p, p->m, factors);
	p->g = take_doubles(p, factors, p->m);
	if (p->matrix == NULL || p->scale == NULL || p->u == NULL || p->g == NULL)
		return no_memory(p);
	return SF_OK;
}

/* u = C F, and g = u' */
static SfStatus
fill_u(Problem *p)
{
	const SfHierarchy *h = p->h;
	int32_t		factors = p->cov->factors;

	for (int32_t i = 0; i < p->m && factors > 0; i++)
	{
		double	   *u = p->u + (int64_t) i * factors;

		memcpy(u, factor_of(p, row_node(p, i)), (size_t) factors * sizeof(double));
		for (int64_t j = h->start[p->row[i]]; j < h->start[p->row[i] + 1]; j++)
		{
			SfStatus	status = worked(p, factors);

			if (status != SF_OK)
				return status;
			accumulate(u, factor_of(p, h->bottom[h->member[j]]), -1.0, factors);
		}
		for (int32_t t = 0; t < factors; t++)
			p->g[(int64_t) t * p->m + i] = u[t];
	}
	return SF_OK;
}

/* The lower triangle of C diag(own) C' + u g. */
static SfStatus
fill_matrix(Problem *p)
{
	int32_t		m = p->m;
	SfStatus	status = SF_OK;

	for (int32_t i = 0; i < m && status == SF_OK; i++)
	{
		double	   *line = p->matrix + (int64_t) i * m;

		memset(line, 0, (size_t) m * sizeof(double));
		line[i] = p->cov->own[row_node(p, i)];
		for (int32_t t = 0; t < p->cov->factors && status == SF_OK; t++)
		{
			accumulate(line, p->g + (int64_t) t * m, p->u[(int64_t) i * p->cov->factors + t], i + 1);
			status = worked(p, i + 1);
		}
	}
	for (int32_t b = 0; b < p->h->bottoms && status == SF_OK; b++)
	{
		const int32_t *above = p->above + p->above_start[b];
		int64_t		count = p->above_start[b + 1] - p->above_start[b];
		double		own = p->cov->own[p->h->bottom[b]];

		/* rows stand in ascending order */
		for (int64_t i = 0; i < count && !p->fixed[b]; i++)
			for (int64_t j = 0; j <= i; j++)
				p->matrix[(int64_t) above[i] * m + above[j]] += own;
		status = worked(p, 1 + count * count);
	}
	return status;
}

/* Scaled to ones on the diagonal, copied above it. */
static SfStatus
scale_matrix(Problem *p)
{
	int64_t		m = p->m;

	for (int64_t i = 0; i < m; i++)
		p->scale[i] = 1.0 / sqrt(p->matrix[i * m + i]);
	for (int64_t i = 0; i < m; i++)
	{
		SfStatus	status = worked(p, 4 * i);

		if (status != SF_OK)
			return status;
		for (int64_t j = 0; j < i; j++)
			p->matrix[j * m + i] = p->matrix[i * m + j] * p->scale[i] * p->scale[j];
	}
	return SF_OK;
}

static SfStatus
factor_matrix(Problem *p)
{
	int64_t		m = p->m;
	SfStatus	status = SF_BAD_DATA;

	for (size_t turn = 0; turn < sizeof jitter / sizeof jitter[0] && status == SF_BAD_DATA; turn++)
	{
		for (int64_t i = 0; i < m; i++)
		{
			p->matrix[i * m + i] = 1.0 + jitter[turn];
			for (int64_t j = 0; j < i; j++)
				p->matrix[i * m + j] = p->matrix[j * m + i];
			status = worked(p, 4 * i);
			if (status != SF_OK)
				return status;
		}
		status = sf_chol_factor(p->arena->ctx, p->matrix, m, m);
	}
	if (status == SF_BAD_DATA)
		status = sf_fail(p->arena->ctx, SF_OVERFLOW, "forecast errors differ too much in size to reconcile by them");
	return status;
}

/* The system for the present Z. */
static SfStatus
prepare(Problem *p)
{
	SfStatus	status = fill_u(p);

	if (status == SF_OK)
		status = fill_matrix(p);
	if (status == SF_OK)
		status = scale_matrix(p);
	if (status == SF_OK)
		status = factor_matrix(p);
	return status;
}

/* How far each row is from adding up, without Z; in z[i * columns], scaled. */
static SfStatus
incoherence(Problem *p, int32_t step, double *z, int32_t columns)
{
	const SfHierarchy *h = p->h;
	const double *base = p->base + step;

	for (int32_t i = 0; i < p->m; i++)
	{
		SfSum		sum = {base[(int64_t) row_node(p, i) * p->steps], 0.0};
		int64_t		end = h->start[p->row[i] + 1];
		SfStatus	status = worked(p, 4 * (end - h->start[p->row[i]]));

		if (status != SF_OK)
			return status;
		for (int64_t j = h->start[p->row[i]]; j < end; j++)
			if (!p->fixed[h->member[j]])
				sf_sum_add(&sum, -base[(int64_t) h->bottom[h->member[j]] * p->steps]);
		z[(int64_t) i * columns] = sf_sum_value(sum) * p->scale[i];
	}
	return SF_OK;
}

/*
 * The solution of one step from its multipliers z[i * columns], which are
 * unscaled here.  y[b * stride] is what a free series becomes; of a fixed one
 * how much it wants to be positive, in the same units, times -1.
 */
static SfStatus
apply(Problem *p, int32_t step, double *z, int32_t columns, double *f, double *y, int32_t stride)
{
	int32_t		factors = p->cov->factors;

	for (int32_t i = 0; i < p->m; i++)
		z[(int64_t) i * columns] *= p->scale[i];
	for (int32_t t = 0; t < factors; t++)
	{
		f[t] = 0.0;
		for (int32_t i = 0; i < p->m; i++)
			f[t] -= p->g[(int64_t) t * p->m + i] * z[(int64_t) i * columns];
	}
	for (int32_t b = 0; b < p->h->bottoms; b++)
	{
		int32_t		node = p->h->bottom[b];
		double		base = p->base[(int64_t) node * p->steps + step];
		double		common = 0.0;
		double		pull = 0.0;
		SfStatus	status = worked(p, 8 + factors);

		if (status != SF_OK)
			return status;
		if (factors > 0)
			for (int32_t t = 0; t < factors; t++)
				common += factor_of(p, node)[t] * f[t];
		for (int64_t i = p->above_start[b]; i < p->above_start[b + 1]; i++)
			pull += z[(int64_t) p->above[i] * columns];
		pull *= p->cov->own[node];
		y[(int64_t) b * stride] = p->fixed[b] ? -base - pull : base + (common + pull);
	}
	return SF_OK;
}

/* All steps with nothing fixed: one system, many right sides. */
static SfStatus
solve_free(Problem *p, double *out)
{
	int32_t		steps = p->steps;
	double	   *z = take_doubles(p, p->m, steps);
	double	   *f = take_doubles(p, p->cov->factors, 1);
	SfStatus	status;

	if (z == NULL || f == NULL)
		return no_memory(p);
	status = prepare(p);
	for (int32_t s = 0; s < steps && status == SF_OK; s++)
		status = incoherence(p, s, z + s, steps);
	if (status == SF_OK)
		status = sf_chol_solve_many(p->arena->ctx, p->matrix, p->m, p->m, z, steps, steps);
	for (int32_t s = 0; s < steps && status == SF_OK; s++)
		status = apply(p, s, z + s, steps, f, out + s, steps);
	return status;
}

/* One step with what is fixed now; there are no factors. */
static SfStatus
solve_fixed(Problem *p, int32_t step, double *z, double *y)
{
	SfStatus	status = prepare(p);

	if (status != SF_OK)
		return status;
	status = incoherence(p, step, z, 1);
	if (status == SF_OK)
		status = sf_chol_solve_many(p->arena->ctx, p->matrix, p->m, p->m, z, 1, 1);
	if (status == SF_OK)
		status = apply(p, step, z, 1, NULL, y, 1);
	return status;
}

/* A wrong sign: free and negative, or fixed and wanting to be positive. */
static int32_t
count_wrong(const Problem *p, const double *y, double tolerance, int32_t *last)
{
	int32_t		wrong = 0;

	for (int32_t b = 0; b < p->h->bottoms; b++)
		if (y[b] < -tolerance)
		{
			wrong++;
			*last = b;
		}
	return wrong;
}

static double
step_tolerance(const Problem *p, int32_t step)
{
	double		largest = 0.0;

	for (int32_t i = 0; i < p->h->nodes; i++)
		largest = fmax(largest, fabs(p->base[(int64_t) i * p->steps + step]));
	return SIGN_TOLERANCE * largest;
}

/* Block principal pivoting from the free solution y[bottoms]. */
static SfStatus
solve_nonnegative(Problem *p, int32_t step, double *y, double *z, SfProjected *report)
{
	double		tolerance = step_tolerance(p, step);
	int32_t		best = p->h->bottoms + 1;
	int32_t		patience = PATIENCE;
	int32_t		last = 0;
	int32_t		turn = 0;
	int32_t		wrong;

	memset(p->fixed, 0, (size_t) p->h->bottoms * sizeof(bool));
	while ((wrong = count_wrong(p, y, tolerance, &last)) > 0 && turn < EXCHANGES_MAX)
	{
		bool		all = wrong < best || patience > 0;
		SfStatus	status;

		patience = wrong < best ? PATIENCE : patience - (patience > 0);
		best = wrong < best ? wrong : best;
		for (int32_t b = all ? 0 : last; b <= last; b++)
			if (y[b] < -tolerance)
				p->fixed[b] = !p->fixed[b];
		status = solve_fixed(p, step, z, y);
		if (status != SF_OK)
			return status;
		turn++;
	}
	report->exchanges += turn;
	report->converged = report->converged && wrong == 0;
	for (int32_t b = 0; b < p->h->bottoms; b++)
		y[b] = !p->fixed[b] && y[b] > 0.0 ? y[b] : 0.0;
	return SF_OK;
}

static SfStatus
make_nonnegative(Problem *p, double *out, SfProjected *report)
{
	int32_t		bottoms = p->h->bottoms;
	double	   *y = take_doubles(p, bottoms, 1);
	double	   *z = take_doubles(p, p->m, 1);

	if (y == NULL || z == NULL)
		return no_memory(p);
	for (int32_t s = 0; s < p->steps; s++)
	{
		SfStatus	status;

		for (int32_t b = 0; b < bottoms; b++)
			y[b] = out[(int64_t) b * p->steps + s];
		status = solve_nonnegative(p, s, y, z, report);
		if (status != SF_OK)
			return status;
		for (int32_t b = 0; b < bottoms; b++)
			out[(int64_t) b * p->steps + s] = y[b];
	}
	return SF_OK;
}

SfStatus
sf_project(SfArena *arena, const SfHierarchy *h, const bool *used, const SfErrorCov *cov,
		   const double *base, int32_t steps, bool nonnegative, double *out, SfProjected *report)
{
	Problem		p = {.arena = arena, .h = h, .cov = cov, .base = base, .steps = steps};
	SfProjected made = {.converged = true};
	SfArenaMark mark = sf_arena_mark(arena);
	SfStatus	status;

	if (nonnegative && cov->factors > 0)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a non-negative projection takes variances only");
	status = list_rows(&p, used);

	if (status == SF_OK)
		status = reserve(&p);
	if (status == SF_OK)
		status = solve_free(&p, out);
	if (status == SF_OK && nonnegative)
		status = make_nonnegative(&p, out, &made);
	if (status == SF_OK)
		*report = made;
	sf_arena_rewind(arena, mark);
	return status;
}
