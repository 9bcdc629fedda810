/*
 * chol.h
 *		Cholesky factorization of a dense symmetric matrix, in blocks.
 *
 * Only the lower triangle is read and written.  Row-major: element (i, j) is
 * a[i * stride + j].
 *
 * Source: Golub & Van Loan, Matrix Computations, 4th ed., 4.2.6 (block form).
 */
#ifndef SF_CHOL_H
#define SF_CHOL_H

#include "core/base/ctx.h"

/*
 * sf_chol_factor
 *		A = L L' in place.  SF_BAD_DATA when A is not positive definite (ctx->where
 *		is the row of the first pivot that is not positive), SF_CANCELLED.
 *		O(n^3 / 3), polls every million operations.
 */
extern SfStatus sf_chol_factor(SfCtx *ctx, double *a, int64_t n, int64_t stride);

/* Solves L L' x = b in place of b[n]. */
extern void sf_chol_solve(const double *l, int64_t n, int64_t stride, double *b);

/* Solves L L' X = B for B[n][m] row-major with its own stride; polls. */
extern SfStatus sf_chol_solve_many(SfCtx *ctx, const double *l, int64_t n, int64_t stride,
								   double *b, int64_t m, int64_t b_stride);

#endif							/* SF_CHOL_H */
