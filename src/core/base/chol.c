/*
 * chol.c
 *		Cholesky factorization of a dense symmetric matrix, in blocks.
 *
 * Right-looking: factor a diagonal block, solve the panel below it, subtract
 * the panel's outer product from what is left.  Nearly all work is that
 * subtraction, done on small tiles whose operands were copied into the order
 * in which they are read.  Every element takes its terms one after the other,
 * so vector width does not change a bit of the result.
 */
#include "core/base/chol.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Columns of a block; columns of a strip that is packed at once (32 kB); a tile in registers. */
#define BLOCK 64
#define STRIP 64
#define TILE_ROWS 4
#define TILE_COLS 8

/* Multiplications between two polls: about half a millisecond. */
#define POLL_EVERY 1000000

/* Multiplications since the last poll. */
typedef struct Work
{
	SfCtx	   *ctx;
	int64_t		done;
} Work;

static SfStatus
worked(Work *work, int64_t operations)
{
	work->done += operations;
	if (work->done < POLL_EVERY)
		return SF_OK;
	work->done = 0;
	if (sf_cancelled(work->ctx))
		return sf_fail(work->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

static inline int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* t[r][c] = sum over k of a[k][r] * b[k][c]; both operands packed */
SF_VECTOR_CLONES static void
multiply_tile(const double *restrict a, const double *restrict b, int64_t depth,
			  double t[restrict TILE_ROWS][TILE_COLS])
{
	double		t0[TILE_COLS] = {0};
	double		t1[TILE_COLS] = {0};
	double		t2[TILE_COLS] = {0};
	double		t3[TILE_COLS] = {0};

	for (int64_t k = 0; k < depth; k++)
	{
		const double *x = a + k * TILE_ROWS;
		const double *y = b + k * TILE_COLS;

		for (int c = 0; c < TILE_COLS; c++)
		{
			t0[c] += x[0] * y[c];
			t1[c] += x[1] * y[c];
			t2[c] += x[2] * y[c];
			t3[c] += x[3] * y[c];
		}
	}
	memcpy(t[0], t0, sizeof t0);
	memcpy(t[1], t1, sizeof t1);
	memcpy(t[2], t2, sizeof t2);
	memcpy(t[3], t3, sizeof t3);
}

/*
 * Copies rows x depth elements of a matrix (element (r, k) at
 * a[r * row_stride + k * k_stride]) into slices of `wide` rows, k by k within
 * each; the last slice is filled up with zeros.
 */
static void
pack(const double *a, int64_t row_stride, int64_t k_stride, int64_t rows, int64_t depth,
	 int64_t wide, double *out)
{
	for (int64_t first = 0; first < rows; first += wide)
	{
		int64_t		n = least(wide, rows - first);

		for (int64_t k = 0; k < depth; k++, out += wide)
			for (int64_t r = 0; r < wide; r++)
				out[r] = r < n ? a[(first + r) * row_stride + k * k_stride] : 0.0;
	}
}

/*
 * c -= t on the part of a tile that exists; of row r only the first
 * `triangle + r` columns (a large triangle means all).
 */
static void
subtract_tile(double *c, int64_t stride, double t[TILE_ROWS][TILE_COLS], int64_t rows,
			  int64_t cols, int64_t triangle)
{
	if (rows == TILE_ROWS && cols == TILE_COLS && triangle >= TILE_COLS)
	{
		for (int r = 0; r < TILE_ROWS; r++)
			for (int i = 0; i < TILE_COLS; i++)
				c[r * stride + i] -= t[r][i];
		return;
	}
	for (int64_t r = 0; r < rows; r++)
		for (int64_t i = 0; i < cols && i < triangle + r; i++)
			c[r * stride + i] -= t[r][i];
}

/*
 * c[rows][cols] -= A B', where B is packed in slices of TILE_COLS and element
 * (r, k) of A stands at a[r * row_stride + k * k_stride].  With lower set, only
 * elements on and left of the diagonal are touched; `diagonal` is the column
 * of row 0 that lies on it.
 */
static SfStatus
subtract_product(Work *work, double *c, int64_t stride, int64_t rows, int64_t cols,
				 const double *a, int64_t row_stride, int64_t k_stride, int64_t depth,
				 const double *packed, bool lower, int64_t diagonal)
{
	double		slice[BLOCK * TILE_ROWS];
	double		t[TILE_ROWS][TILE_COLS];

	for (int64_t i = 0; i < rows; i += TILE_ROWS)
	{
		int64_t		n = least(TILE_ROWS, rows - i);
		SfStatus	status;

		pack(a + i * row_stride, row_stride, k_stride, n, depth, TILE_ROWS, slice);
		for (int64_t j = 0; j < cols; j += TILE_COLS)
		{
			int64_t		triangle = lower ? diagonal + i + 1 - j : TILE_COLS;

			if (triangle + n - 1 <= 0)
				break;
			multiply_tile(slice, packed + j * depth, depth, t);
			subtract_tile(c + i * stride + j, stride, t, n, least(TILE_COLS, cols - j), triangle);
		}
		status = worked(work, TILE_ROWS * cols * depth);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

/* The diagonal block itself, column by column; returns the row that failed, or -1. */
static int64_t
factor_block(double *a, int64_t n, int64_t stride)
{
	double		column[BLOCK];

	for (int64_t k = 0; k < n; k++)
	{
		double		pivot = a[k * stride + k];
		double		root;

		if (!(pivot > 0.0 && pivot <= DBL_MAX))
			return k;
		root = sqrt(pivot);
		a[k * stride + k] = root;
		for (int64_t i = k + 1; i < n; i++)
			column[i] = a[i * stride + k] /= root;
		for (int64_t i = k + 1; i < n; i++)
			for (int64_t j = k + 1; j <= i; j++)
				a[i * stride + j] -= column[i] * column[j];
	}
	return -1;
}

/* The strict lower triangle of a block, column by column in rows of BLOCK; and its diagonal. */
static void
transpose_block(const double *l, int64_t n, int64_t stride, double *out, double *diagonal)
{
	for (int64_t k = 0; k < n; k++)
	{
		diagonal[k] = l[k * stride + k];
		for (int64_t i = k + 1; i < n; i++)
			out[k * BLOCK + i] = l[i * stride + k];
	}
}

/* x = solution of L x = x for each of `rows` vectors of n, one a row of a */
SF_VECTOR_CLONES static void
solve_rows(const double *restrict l, const double *restrict diagonal, int64_t n,
		   double *restrict a, int64_t rows, int64_t stride)
{
	for (int64_t r = 0; r < rows; r++)
	{
		double	   *restrict x = a + r * stride;

		for (int64_t k = 0; k < n; k++)
		{
			double		v = x[k] / diagonal[k];

			x[k] = v;
			for (int64_t j = k + 1; j < n; j++)
				x[j] -= v * l[k * BLOCK + j];
		}
	}
}

/* Solves for the panel below a factored diagonal block of n columns. */
static SfStatus
solve_panel(Work *work, const double *block, int64_t n, double *panel, int64_t rows, int64_t stride)
{
	double		transposed[BLOCK * BLOCK];
	double		diagonal[BLOCK];

	transpose_block(block, n, stride, transposed, diagonal);
	for (int64_t r = 0; r < rows; r += STRIP)
	{
		int64_t		count = least(STRIP, rows - r);
		SfStatus	status;

		solve_rows(transposed, diagonal, n, panel + r * stride, count, stride);
		status = worked(work, count * n * n / 2);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

SfStatus
sf_chol_factor(SfCtx *ctx, double *a, int64_t n, int64_t stride)
{
	double		packed[BLOCK * STRIP];
	Work		work = {ctx, 0};

	for (int64_t k = 0; k < n; k += BLOCK)
	{
		int64_t		size = least(BLOCK, n - k);
		int64_t		rest = k + size;
		int64_t		bad = factor_block(a + k * stride + k, size, stride);
		SfStatus	status;

		if (bad >= 0)
		{
			status = sf_fail(ctx, SF_BAD_DATA, "a matrix is not positive definite");
			ctx->where = k + bad;
			return status;
		}
		if (rest == n)
			break;
		status = solve_panel(&work, a + k * stride + k, size, a + rest * stride + k, n - rest, stride);
		for (int64_t j = rest; j < n && status == SF_OK; j += STRIP)
		{
			int64_t		cols = least(STRIP, n - j);

			pack(a + j * stride + k, stride, 1, cols, size, TILE_COLS, packed);
			status = subtract_product(&work, a + j * stride + j, stride, n - j, cols,
									  a + j * stride + k, stride, 1, size, packed, true, 0);
		}
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

/* Eight partial sums, so that the loop can run on vectors without reordering anything. */
SF_VECTOR_CLONES static double
dot(const double *restrict a, const double *restrict b, int64_t n)
{
	double		s[8] = {0};
	double		rest = 0.0;
	int64_t		i = 0;

	for (; i + 8 <= n; i += 8)
		for (int c = 0; c < 8; c++)
			s[c] += a[i + c] * b[i + c];
	for (; i < n; i++)
		rest += a[i] * b[i];
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7])) + rest;
}

/* out[i] -= w * a[i] */
SF_VECTOR_CLONES static void
subtract(double *restrict out, const double *restrict a, double w, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		out[i] -= w * a[i];
}

void
sf_chol_solve(const double *l, int64_t n, int64_t stride, double *b)
{
	for (int64_t i = 0; i < n; i++)
		b[i] = (b[i] - dot(l + i * stride, b, i)) / l[i * stride + i];
	for (int64_t i = n - 1; i >= 0; i--)
	{
		b[i] /= l[i * stride + i];
		subtract(b, l + i * stride, b[i], i);
	}
}

/* The rows of b that belong to one diagonal block: forward, or backward with L'. */
static void
solve_block(const double *l, int64_t n, int64_t stride, double *b, int64_t m, int64_t b_stride,
			bool backward)
{
	for (int64_t step = 0; step < n; step++)
	{
		int64_t		i = backward ? n - 1 - step : step;
		double		pivot = l[i * stride + i];
		double	   *row = b + i * b_stride;

		for (int64_t c = 0; c < m; c++)
			row[c] /= pivot;
		if (backward)
			for (int64_t k = 0; k < i; k++)
				subtract(b + k * b_stride, row, l[i * stride + k], m);
		else
			for (int64_t k = i + 1; k < n; k++)
				subtract(b + k * b_stride, row, l[k * stride + i], m);
	}
}

/* Solves for the columns of one strip of b, at most STRIP of them. */
static SfStatus
solve_strip(Work *work, const double *l, int64_t n, int64_t stride, double *b, int64_t m,
			int64_t b_stride)
{
	double		packed[BLOCK * STRIP];
	int64_t		blocks = (n + BLOCK - 1) / BLOCK;
	SfStatus	status = SF_OK;

	for (int64_t step = 0; step < 2 * blocks && status == SF_OK; step++)
	{
		bool		backward = step >= blocks;
		int64_t		k = (backward ? 2 * blocks - 1 - step : step) * BLOCK;
		int64_t		size = least(BLOCK, n - k);

		solve_block(l + k * stride + k, size, stride, b + k * b_stride, m, b_stride, backward);
		status = worked(work, size * size * m / 2);
		if (status != SF_OK)
			return status;
		pack(b + k * b_stride, 1, b_stride, m, size, TILE_COLS, packed);
		if (backward)
			status = subtract_product(work, b, b_stride, k, m, l + k * stride, 1, stride, size,
									  packed, false, 0);
		else if (k + size < n)
			status = subtract_product(work, b + (k + size) * b_stride, b_stride, n - k - size, m,
									  l + (k + size) * stride + k, stride, 1, size, packed, false, 0);
	}
	return status;
}

SfStatus
sf_chol_solve_many(SfCtx *ctx, const double *l, int64_t n, int64_t stride,
				   double *b, int64_t m, int64_t b_stride)
{
	Work		work = {ctx, 0};

	for (int64_t first = 0; first < m; first += STRIP)
	{
		SfStatus	status = solve_strip(&work, l, n, stride, b + first, least(STRIP, m - first), b_stride);

		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}
