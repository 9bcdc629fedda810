/*
 * errorcov.h
 *		How large forecast errors of the series of a hierarchy are, and how they
 *		go together: W, as a diagonal plus a few columns.
 *
 *		W = diag(own) + F F',  F [nodes][factors]
 *
 * A covariance of thousands of series from a hundred periods has the rank of
 * the periods, so it is never written out: F is the residuals themselves.
 * With T periods, e the residuals and v their variances,
 *
 *		W = lambda * diag(v) + (1 - lambda) / T * E E',
 *
 * lambda the shrinkage that minimizes the expected squared error of the
 * correlations.  Its two sums over pairs of series come from the T x T products
 * of periods instead: sum over i, j of (sum_t x_ti x_tj)^2 is the squared norm of
 * X X' in either order.  O(nodes * T * T) instead of O(nodes * nodes * T).
 *
 * Source: Schaefer & Strimmer, Statistical Applications in Genetics and
 * Molecular Biology 4(1), 2005, section 2.3 (lambda for correlations, target D,
 * appendix A); errors are not centred, as in Wickramasuriya, Athanasopoulos &
 * Hyndman, Journal of the American Statistical Association 114, 2019, section
 * 2.4 (WLS-var, WLS-struct, MinT-shrink).
 *
 * We differ where data are thin: a period that a series lacks counts as no
 * correlation; variances have a floor, FLOOR_SHARE of an average one; series
 * without residuals get an average one; lambda is at least LAMBDA_MIN, so that W
 * can be inverted even if the residuals add up exactly.
 */
#ifndef SF_ERRORCOV_H
#define SF_ERRORCOV_H

#include "core/forecast/hierarchy.h"

/* Periods of residuals at most. */
#define SF_ERRORCOV_PERIODS_MAX 1024

typedef struct SfErrorCov
{
	double	   *own;			/* [nodes] > 0, the part each series has for itself */
	double	   *factor;			/* [nodes][factors]; NULL when there is none */
	int32_t		factors;
	double		lambda;			/* 0 .. 1; 1 = no correlation is used */
	int32_t		raised;			/* series whose variance was raised to the floor */
	int32_t		guessed;		/* series without residuals */
} SfErrorCov;

/* Variance in proportion to the bottom series in a node. */
extern SfStatus sf_errorcov_struct(SfArena *arena, const SfHierarchy *h, SfErrorCov *cov);

/*
 * sf_errorcov_fit
 *		residuals[nodes][periods], NaN where none; periods 1 ..
 *		SF_ERRORCOV_PERIODS_MAX.  Only nodes with used[node] count.  With
 *		correlate false only variances are taken.  W is right up to a factor: it
 *		is in units of the largest residual.  When no residual is there, or all
 *		are 0, the result is that of sf_errorcov_struct.
 *
 *		SF_OK; SF_BAD_DATA for an infinite residual (ctx->where the node);
 *		SF_TOO_LARGE, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_errorcov_fit(SfArena *arena, const SfHierarchy *h, const bool *used,
								const double *residuals, int32_t periods, bool correlate,
								SfErrorCov *cov);

/*
 * sf_errorcov_shrink
 *		The same W with a larger lambda, up to 1: variances stay, correlations
 *		become weaker.  Nothing happens when there is no factor or lambda is not
 *		larger.  Changes what cov points to.  SF_OK, SF_CANCELLED.
 *		O(nodes * factors).
 */
extern SfStatus sf_errorcov_shrink(SfArena *arena, const SfHierarchy *h, double lambda, SfErrorCov *cov);

#endif							/* SF_ERRORCOV_H */
