/*
 * dist.h
 *		Distribution functions and quantiles that the rooms share.
 */
#ifndef SF_DIST_H
#define SF_DIST_H

#include "core/base/view.h"

/* P(Z <= x) for a standard normal Z; accurate to a few ulp in both tails. */
extern double sf_normal_cdf(double x);

/*
 * sf_normal_quantile
 *		x with P(Z <= x) = p; -Inf at 0, +Inf at 1, NaN outside.
 *
 * Source: Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37, 1988;
 * relative accuracy about 1e-16.
 */
extern double sf_normal_quantile(double p);

/*
 * sf_beta_cdf, sf_beta_quantile
 *		The regularized incomplete beta function I_x(a, b) and its inverse in x,
 *		a > 0, b > 0.  NaN outside the domain.  Absolute accuracy 1e-12 (cdf).
 *
 * Source: DiDonato & Morris, Algorithm 708, ACM TOMS 18, 1992, eq. 9 (continued
 * fraction), evaluated by the modified Lentz method; bisection safeguarded
 * Newton for the inverse.
 */
extern double sf_beta_cdf(double x, double a, double b);
extern double sf_beta_quantile(double p, double a, double b);

/* log of the beta function; a > 0, b > 0. */
extern double sf_log_beta(double a, double b);

/*
 * sf_sorted_quantile
 *		The p-quantile of n >= 1 ascending values by linear interpolation
 *		(type 7 of Hyndman & Fan, The American Statistician 50, 1996); p in 0..1.
 */
extern double sf_sorted_quantile(SfVectorView sorted, double p);

#endif							/* SF_DIST_H */
