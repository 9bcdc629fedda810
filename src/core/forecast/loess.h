/*
 * loess.h
 *		Local regression on an even grid: a weighted mean or line around each
 *		point, for one series or for the columns of a table at once.
 *
 * Points stand at 1 .. n.  The value at x comes from the `window` points next to
 * x, weighted with the tricube (1 - (r / h)^3)^3 of their distance r, h the
 * distance of the farthest; a window longer than the series widens h by half of
 * what is too much.  Only every jump-th point is worked out, those between lie
 * on straight lines.  With windows in proportion to the jump a pass is O(n).
 *
 * Where no robustness weight is given the fit inside is one symmetric kernel,
 * worked out once; at the edges and with weights each point has its own.
 *
 * Source: Cleveland, Cleveland, McRae & Terpenning, STL: a seasonal-trend
 * decomposition procedure based on loess, Journal of Official Statistics 6,
 * 1990, sections 2.1 and 3.4 (jumps).  We differ in one place: a slope is left out where
 * the points in the window spread by less than 0.001 h; the published program
 * takes 0.001 of the whole series, which flattens the ends of long ones.
 */
#ifndef SF_LOESS_H
#define SF_LOESS_H

#include "core/base/arena.h"

typedef struct SfLoess
{
	int32_t		window;			/* points, odd, >= 3; may be longer than the series */
	int32_t		degree;			/* 0 a mean, 1 a line */
	int32_t		jump;			/* >= 1 */
	double	   *kernel;			/* [window / 2 + 1] tricube of the distance, not normalized */
	double		total;			/* of the kernel over the whole window */
	double	   *scratch;		/* [min(window, n)] */
} SfLoess;

/*
 * sf_loess_init
 *		Makes a smoother for series of at most n points; a window is made odd and
 *		at least 3, a jump at least 1.  SF_OK, SF_NO_MEMORY.
 */
extern SfStatus sf_loess_init(SfArena *arena, SfLoess *loess, int32_t window, int32_t degree,
							  int32_t jump, int32_t n);

/*
 * sf_loess_smooth
 *		out[n], which is not y.  weights[n] >= 0 or NULL for all 1; where all
 *		weights of a window are 0 the value itself is given.  SF_OK, SF_CANCELLED.
 */
extern SfStatus sf_loess_smooth(SfCtx *ctx, const SfLoess *loess, const double *y, int32_t n,
								const double *weights, double *out);

/*
 * sf_loess_columns
 *		Smooths each column of a table y[rows][cols], row r at y + r * stride, and
 *		extends it by one row before the first and one after the last: out has
 *		rows + 2 rows at the same stride.  sums is scratch, [5 * cols].
 *		rows >= 1.  SF_OK, SF_CANCELLED.
 */
extern SfStatus sf_loess_columns(SfCtx *ctx, const SfLoess *loess, const double *y, int32_t rows,
								 int32_t cols, int32_t stride, const double *weights,
								 double *sums, double *out);

#endif							/* SF_LOESS_H */
