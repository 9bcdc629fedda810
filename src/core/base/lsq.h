/*
 * lsq.h
 *		Linear least squares by Householder QR with column pivoting, optionally
 *		with a ridge penalty.
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., 5.4.2 (QR with column
 * pivoting) and 6.1.4 (ridge as extra rows).
 */
#ifndef SF_LSQ_H
#define SF_LSQ_H

#include "core/base/arena.h"
#include "core/base/view.h"

typedef struct SfLsq
{
	double		rss;			/* sum of squared residuals, without the penalty */
	int32_t		rank;			/* columns that carry information */
} SfLsq;

/*
 * sf_least_squares
 *		beta[cols] minimizes |y - X beta|^2 + sum(ridge[j] * beta[j]^2).
 *		x		rows >= 1, cols >= 1; rows < cols is allowed
 *		ridge	[cols], >= 0, or NULL for none
 *		Columns that others already explain get beta = 0.
 *		SF_OK, SF_NO_MEMORY, SF_CANCELLED; SF_OVERFLOW when a value is not finite.
 */
extern SfStatus sf_least_squares(SfArena *arena, SfMatrixView x, const double *y,
								 const double *ridge, double *beta, SfLsq *fit);

#endif							/* SF_LSQ_H */
