/*
 * loess.c
 *		Local regression on an even grid.
 *
 * A line through weighted points, evaluated at x: with offsets d = j - x and
 * sums S_i = sum w d^i, T_i = sum w d^i y the value is
 *
 *	T_0 / S_0 - a (T_1 / S_0 - a T_0 / S_0) / c,  a = S_1 / S_0, c = S_2 / S_0 - a^2.
 */
#include "core/forecast/loess.h"

#include <math.h>

/* The inner loops are the whole cost of a decomposition. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Multiply-adds between two polls. */
#define POLL_WORK (INT64_C(1) << 18)

/* Points in which weights stop mattering: nearer than this share of h count in full, farther than its complement not at all. */
#define NEAR 0.001
#define FAR 0.999

/* A slope needs this much spread, as a share of h. */
#define SPREAD_MIN 0.001

/* What one evaluation looks at: points left .. right around x, all from 1 on. */
typedef struct Window
{
	int32_t		x;
	int32_t		left;
	int32_t		right;
	double		h;
} Window;

/* Sums of one local fit. */
typedef struct Sums
{
	double		s0;
	double		s1;
	double		s2;
	double		t0;
	double		t1;
} Sums;

static inline double
tricube(double r, double h, double inverse)
{
	double		u;

	if (r > FAR * h)
		return 0.0;
	if (r <= NEAR * h)
		return 1.0;
	u = r * inverse;
	u = 1.0 - u * u * u;
	return u * u * u;
}

SfStatus
sf_loess_init(SfArena *arena, SfLoess *loess, int32_t window, int32_t degree, int32_t jump, int32_t n)
{
	int32_t		half;

	loess->window = (window < 3 ? 3 : window) | 1;
	loess->degree = degree;
	loess->jump = jump < 1 ? 1 : jump;
	loess->kernel = NULL;
	loess->total = 0.0;
	loess->scratch = sf_arena_take(arena, (size_t) (loess->window < n ? loess->window : n), sizeof(double));
	if (loess->scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (loess->window >= n)
		return SF_OK;
	half = loess->window / 2;
	loess->kernel = sf_arena_take(arena, (size_t) half + 1, sizeof(double));
	if (loess->kernel == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t r = half; r >= 0; r--)
	{
		loess->kernel[r] = tricube(r, half, 1.0 / half);
		loess->total += r > 0 ? 2.0 * loess->kernel[r] : loess->kernel[r];
	}
	return SF_OK;
}

/* The window of x among n points; x may be one beyond either end. */
static Window
window_at(const SfLoess *loess, int32_t x, int32_t n)
{
	Window		w = {.x = x, .left = 1, .right = n};

	if (loess->window < n)
	{
		w.left = x - loess->window / 2;
		w.left = w.left > n - loess->window + 1 ? n - loess->window + 1 : w.left;
		w.left = w.left < 1 ? 1 : w.left;
		w.right = w.left + loess->window - 1;
	}
	w.h = x - w.left > w.right - x ? x - w.left : w.right - x;
	if (loess->window > n)
	{
		/* whole, as published */
		int32_t		wider = (loess->window - n) / 2;

		w.h += wider;
	}
	return w;
}

/* Is x in the middle of its window, so that the kernel is its weights? */
static bool
is_inside(const SfLoess *loess, Window w)
{
	return loess->kernel != NULL && w.x - w.left == loess->window / 2 && w.right - w.x == loess->window / 2;
}

static void
fill_weights(const SfLoess *loess, Window w)
{
	double		inverse = 1.0 / w.h;

	if (is_inside(loess, w))
		for (int32_t j = w.left; j <= w.right; j++)
			loess->scratch[j - w.left] = loess->kernel[j < w.x ? w.x - j : j - w.x];
	else
		for (int32_t j = w.left; j <= w.right; j++)
			loess->scratch[j - w.left] = tricube(j < w.x ? w.x - j : j - w.x, w.h, inverse);
}

static inline double
line_value(Sums s, int32_t degree, double h)
{
	double		mean = s.t0 / s.s0;
	double		a;
	double		c;

	if (degree == 0)
		return mean;
	a = s.s1 / s.s0;
	c = s.s2 / s.s0 - a * a;
	if (!(c > SPREAD_MIN * h * SPREAD_MIN * h))
		return mean;
	return mean - a / c * (s.t1 / s.s0 - a * mean);
}

/* The kernel around x, no weights: by symmetry the slope does not matter. */
static double
kernel_mean(const SfLoess *loess, const double *y)
{
	const double *k = loess->kernel;
	int32_t		half = loess->window / 2;
	double		even = k[0] * y[0];
	double		odd = 0.0;
	int32_t		r = 1;

	for (; r + 1 <= half; r += 2)
	{
		even += k[r] * (y[-r] + y[r]);
		odd += k[r + 1] * (y[-r - 1] + y[r + 1]);
	}
	if (r <= half)
		even += k[r] * (y[-r] + y[r]);
	return (even + odd) / loess->total;
}

/* The fit at w.x, or otherwise where no point has weight; y and weights from 1 on. */
static double
fit_point(const SfLoess *loess, Window w, const double *y, const double *weights, double otherwise)
{
	Sums		s = {0};

	if (weights == NULL && is_inside(loess, w))
		return kernel_mean(loess, y + w.x);
	fill_weights(loess, w);
	for (int32_t j = w.left; j <= w.right; j++)
	{
		double		d = j - w.x;
		double		v = loess->scratch[j - w.left];

		if (weights != NULL)
			v *= weights[j];
		s.s0 += v;
		s.s1 += v * d;
		s.s2 += v * d * d;
		s.t0 += v * y[j];
		s.t1 += v * d * y[j];
	}
	return s.s0 > 0.0 ? line_value(s, loess->degree, w.h) : otherwise;
}

SfStatus
sf_loess_smooth(SfCtx *ctx, const SfLoess *loess, const double *y, int32_t n, const double *weights, double *out)
{
	int32_t		jump = loess->jump < n - 1 ? loess->jump : n - 1;
	int64_t		work = 0;
	int32_t		last = 0;

	if (n < 2)
	{
		out[0] = y[0];
		return SF_OK;
	}
	/* points are counted from 1 in window_at and fit_point */
	for (int32_t i = 0; last < n - 1 || i == 0; i = last + jump < n ? last + jump : n - 1)
	{
		Window		w = window_at(loess, i + 1, n);

		out[i] = fit_point(loess, w, y - 1, weights == NULL ? NULL : weights - 1, y[i]);
		if (i - last > 1)
		{
			double		step = (out[i] - out[last]) / (i - last);

			for (int32_t j = last + 1; j < i; j++)
				out[j] = out[last] + step * (j - last);
		}
		last = i;
		work += w.right - w.left + 1;
		if (work >= POLL_WORK)
		{
			work = 0;
			if (sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	return SF_OK;
}

/* One row of all columns without weights: the same coefficients for each. */
static void
fit_row(const SfLoess *loess, Window w, const double *y, int32_t cols, int32_t stride, double *out)
{
	Sums		s = {0};
	double		slope = 0.0;
	double		a;
	double		c;

	fill_weights(loess, w);
	for (int32_t j = w.left; j <= w.right; j++)
	{
		double		d = j - w.x;
		double		v = loess->scratch[j - w.left];

		s.s0 += v;
		s.s1 += v * d;
		s.s2 += v * d * d;
	}
	a = s.s1 / s.s0;
	c = s.s2 / s.s0 - a * a;
	if (loess->degree > 0 && c > SPREAD_MIN * w.h * SPREAD_MIN * w.h)
		slope = -a / c;
	for (int32_t col = 0; col < cols; col++)
		out[col] = 0.0;
	for (int32_t j = w.left; j <= w.right; j++)
	{
		const double *row = y + (int64_t) (j - 1) * stride;
		double		v = loess->scratch[j - w.left] / s.s0 * (1.0 + slope * (j - w.x - a));

		for (int32_t col = 0; col < cols; col++)
			out[col] += v * row[col];
	}
}

/* The same with weights: sums for each column side by side. */
static void
fit_weighted_row(const SfLoess *loess, Window w, const double *y, const double *weights,
				 int32_t cols, int32_t stride, double *sums, const double *otherwise, double *out)
{
	double	   *restrict s0 = sums;
	double	   *restrict t0 = s0 + cols;
	double	   *restrict s1 = t0 + cols;
	double	   *restrict s2 = s1 + cols;
	double	   *restrict t1 = s2 + cols;

	for (int32_t i = 0; i < 5 * cols; i++)
		sums[i] = 0.0;
	fill_weights(loess, w);
	for (int32_t j = w.left; j <= w.right; j++)
	{
		const double *row = y + (int64_t) (j - 1) * stride;
		const double *weight = weights + (int64_t) (j - 1) * stride;
		double		d = j - w.x;
		double		k = loess->scratch[j - w.left];

		for (int32_t col = 0; col < cols; col++)
		{
			double		v = k * weight[col];

			s0[col] += v;
			t0[col] += v * row[col];
		}
		if (loess->degree > 0)
			for (int32_t col = 0; col < cols; col++)
			{
				double		v = k * weight[col] * d;

				s1[col] += v;
				s2[col] += v * d;
				t1[col] += v * row[col];
			}
	}
	for (int32_t col = 0; col < cols; col++)
	{
		Sums		s = {s0[col], s1[col], s2[col], t0[col], t1[col]};

		out[col] = s.s0 > 0.0 ? line_value(s, loess->degree, w.h) : otherwise[col];
	}
}

static void
join_rows(double *out, int32_t cols, int32_t stride, int32_t from, int32_t to)
{
	const double *a = out + (int64_t) from * stride;
	const double *b = out + (int64_t) to * stride;

	for (int32_t j = from + 1; j < to; j++)
	{
		double	   *row = out + (int64_t) j * stride;

		for (int32_t col = 0; col < cols; col++)
			row[col] = a[col] + (b[col] - a[col]) / (to - from) * (j - from);
	}
}

SfStatus
sf_loess_columns(SfCtx *ctx, const SfLoess *loess, const double *y, int32_t rows, int32_t cols,
				 int32_t stride, const double *weights, double *sums, double *out)
{
	int32_t		jump = rows < 2 ? 1 : loess->jump < rows - 1 ? loess->jump : rows - 1;
	int64_t		work = 0;
	int32_t		last = 0;

	if (cols < 1)
		return SF_OK;
	/* rows 1 .. rows, then the two beyond the ends, which fall back on their neighbours */
	for (int32_t turn = 0, x = 1; turn < 3;)
	{
		Window		w = window_at(loess, x, rows);
		double	   *to = out + (int64_t) x * stride;
		const double *otherwise = turn == 0 ? y + (int64_t) (x - 1) * stride
			: x == 0 ? to + stride : to - stride;

		if (turn == 0 && rows == 1)
			for (int32_t col = 0; col < cols; col++)
				to[col] = y[col];
		else if (weights == NULL)
			fit_row(loess, w, y, cols, stride, to);
		else
			fit_weighted_row(loess, w, y, weights, cols, stride, sums, otherwise, to);
		if (turn == 0 && x > 1)
			join_rows(out, cols, stride, last, x);
		work += (int64_t) (w.right - w.left + 2) * cols;
		if (work >= POLL_WORK)
		{
			work = 0;
			if (sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
		last = x;
		if (turn == 0 && x < rows)
			x = x + jump < rows ? x + jump : rows;
		else
			x = turn++ == 0 ? 0 : rows + 1;
	}
	return SF_OK;
}
