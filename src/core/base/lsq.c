/*
 * lsq.c
 *		Linear least squares by Householder QR with column pivoting.
 *
 * Columns and y are scaled by powers of two first, so that units neither
 * overflow nor decide which columns count as explained.  The ridge is taken in
 * as extra rows (sqrt(ridge[j]) under column j), which keeps it as accurate as
 * the plain problem.
 */
#include "core/base/lsq.h"

#include <math.h>
#include <string.h>

/*
 * A column counts as explained when what the chosen ones leave of it is below
 * this part of it: well above rounding (1e-16 times the rows), well below what
 * a user would call collinear.
 */
#define EXPLAINED 1e-11

/* Multiplications between two polls. */
#define POLL_WORK 200000

typedef struct Problem
{
	SfCtx	   *ctx;
	int64_t		rows;			/* data rows and ridge rows */
	int64_t		cols;
	double	   *a;				/* [cols][rows], scaled: column j is a + j * rows */
	double	   *y;				/* [rows], scaled */
	int		   *shift;			/* [cols]: column j was divided by 2^shift[j] */
	int			y_shift;
	double	   *norm;			/* [cols] of the scaled column, whole */
	double	   *left;			/* [cols] of what is not explained yet, squared */
	int64_t    *order;			/* [cols] columns in the order they were taken */
	int64_t		work;			/* since the last poll */
} Problem;

static bool
work_cancelled(Problem *p, int64_t work)
{
	p->work += work;
	if (p->work < POLL_WORK)
		return false;
	p->work = 0;
	return sf_cancelled(p->ctx);
}

static double
dot(const double *a, const double *b, int64_t n)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* 2^shift is just above the largest of n values; *finite turns false where one is not. */
static int
shift_of(const double *x, int64_t n, int64_t stride, double largest, bool *finite)
{
	int			shift;

	for (int64_t i = 0; i < n; i++)
	{
		double		size = fabs(x[i * stride]);

		if (!isfinite(size))
			*finite = false;
		if (size > largest)
			largest = size;
	}
	(void) frexp(largest, &shift);
	return *finite && largest > 0.0 ? shift : 0;
}

static SfStatus
problem_take(SfArena *arena, SfMatrixView x, const double *ridge, Problem *p)
{
	*p = (Problem) {.ctx = arena->ctx, .rows = x.rows, .cols = x.cols};
	for (int64_t j = 0; ridge != NULL && j < x.cols; j++)
		p->rows += ridge[j] > 0.0;
	if ((size_t) p->rows > SIZE_MAX / (size_t) p->cols)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	p->a = sf_arena_take(arena, (size_t) p->rows * (size_t) p->cols, sizeof(double));
	p->y = sf_arena_take(arena, (size_t) p->rows, sizeof(double));
	p->norm = sf_arena_take(arena, (size_t) p->cols, sizeof(double));
	p->left = sf_arena_take(arena, (size_t) p->cols, sizeof(double));
	p->shift = sf_arena_take(arena, (size_t) p->cols, sizeof(int));
	p->order = sf_arena_take(arena, (size_t) p->cols, sizeof(int64_t));
	if (p->a == NULL || p->y == NULL || p->norm == NULL || p->left == NULL || p->shift == NULL || p->order == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static SfStatus
problem_fill(Problem *p, SfMatrixView x, const double *y, const double *ridge)
{
	int64_t		ridge_row = x.rows;
	bool		finite = true;

	memset(p->y, 0, (size_t) p->rows * sizeof(double));
	p->y_shift = shift_of(y, x.rows, 1, 0.0, &finite);
	for (int64_t i = 0; i < x.rows; i++)
		p->y[i] = ldexp(y[i], -p->y_shift);
	for (int64_t j = 0; j < p->cols; j++)
	{
		double		root = ridge != NULL ? sqrt(ridge[j]) : 0.0;
		double	   *a = p->a + j * p->rows;

		if (!isfinite(root))
			finite = false;
		p->shift[j] = shift_of(x.x + j, x.rows, x.stride, root, &finite);
		for (int64_t i = 0; i < x.rows; i++)
			a[i] = ldexp(x.x[i * x.stride + j], -p->shift[j]);
		memset(a + x.rows, 0, (size_t) (p->rows - x.rows) * sizeof(double));
		if (root > 0.0)
			a[ridge_row++] = ldexp(root, -p->shift[j]);
		p->left[j] = dot(a, a, p->rows);
		p->norm[j] = sqrt(p->left[j]);
		p->order[j] = j;
		if (work_cancelled(p, p->rows))
			return sf_fail(p->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return finite ? SF_OK : sf_fail(p->ctx, SF_OVERFLOW, "a value of a least-squares problem is not finite");
}

/*
 * The place (from step on) of the column of which most is left, as a part of
 * it, or -1 when the taken ones explain them all.
 */
static int64_t
next_column(const Problem *p, int64_t step)
{
	int64_t		best = -1;
	double		most = EXPLAINED;

	for (int64_t k = step; k < p->cols; k++)
	{
		int64_t		j = p->order[k];
		double		part = p->norm[j] > 0.0 ? sqrt(p->left[j]) / p->norm[j] : 0.0;

		/* the first of equals: order never depends on rounding alone */
		if (part > most * (best < 0 ? 1.0 : 1.0 + 1e-9))
		{
			best = k;
			most = part;
		}
	}
	return best;
}

/* Subtracts v (v'z) * factor from z[n]. */
static void
reflect(const double *v, double factor, double *z, int64_t n)
{
	double		scale = factor * dot(v, z, n);

	for (int64_t i = 0; i < n; i++)
		z[i] -= scale * v[i];
}

/*
 * Takes the column in place `step`: a reflection turns its rows from step on
 * into one number (kept in left[]) and goes over the columns still to come and y.
 * The column's own rows above stay: they are R.
 */
static bool
take_column(Problem *p, int64_t step)
{
	int64_t		n = p->rows - step;
	int64_t		j = p->order[step];
	double	   *v = p->a + j * p->rows + step;
	double		length = sqrt(dot(v, v, n));
	double		diagonal = v[0] > 0.0 ? -length : length;
	double		factor;

	v[0] -= diagonal;
	factor = 2.0 / dot(v, v, n);
	for (int64_t k = step + 1; k < p->cols; k++)
	{
		double	   *z = p->a + p->order[k] * p->rows + step;

		reflect(v, factor, z, n);
		p->left[p->order[k]] = dot(z + 1, z + 1, n - 1);
		if (work_cancelled(p, 3 * n))
			return false;
	}
	reflect(v, factor, p->y + step, n);
	p->left[j] = diagonal;
	return true;
}

/* Back substitution for the first `rank` columns taken; the others get 0. */
static void
solve(const Problem *p, int64_t rank, double *beta)
{
	memset(beta, 0, (size_t) p->cols * sizeof(double));
	for (int64_t k = rank - 1; k >= 0; k--)
	{
		double		sum = p->y[k];

		for (int64_t l = k + 1; l < rank; l++)
			sum -= p->a[p->order[l] * p->rows + k] * beta[p->order[l]];
		beta[p->order[k]] = sum / p->left[p->order[k]];
	}
}

/* The residuals once more from the data: with a ridge, y has lost them. */
static double
residual_squares(const Problem *p, SfMatrixView x, const double *y, const double *beta)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < x.rows; i++)
	{
		double		e = ldexp(y[i], -p->y_shift);

		for (int64_t j = 0; j < p->cols; j++)
			if (beta[j] != 0.0)
				e -= ldexp(x.x[i * x.stride + j], -p->shift[j]) * beta[j];
		sum += e * e;
	}
	return ldexp(sum, 2 * p->y_shift);
}

SfStatus
sf_least_squares(SfArena *arena, SfMatrixView x, const double *y,
				 const double *ridge, double *beta, SfLsq *fit)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Problem		p;
	int64_t		rank = 0;
	bool		finite = true;
	SfStatus	status = problem_take(arena, x, ridge, &p);

	if (status == SF_OK)
		status = problem_fill(&p, x, y, ridge);
	if (status != SF_OK)
		return status;
	while (rank < p.cols && rank < p.rows)
	{
		int64_t		at = next_column(&p, rank);
		int64_t		j;

		if (at < 0)
			break;
		j = p.order[at];
		p.order[at] = p.order[rank];
		p.order[rank] = j;
		if (!take_column(&p, rank))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		rank++;
	}
	solve(&p, rank, beta);
	fit->rss = residual_squares(&p, x, y, beta);
	fit->rank = (int32_t) rank;
	for (int64_t j = 0; j < p.cols; j++)
	{
		beta[j] = ldexp(beta[j], p.y_shift - p.shift[j]);
		finite = finite && isfinite(beta[j]);
	}
	sf_arena_rewind(arena, mark);
	return finite ? SF_OK : sf_fail(arena->ctx, SF_OVERFLOW, "a least-squares coefficient is not finite");
}
