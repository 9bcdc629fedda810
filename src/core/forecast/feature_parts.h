/*
 * feature_parts.h
 *		What the files that work out features share: the series made ready, and a
 *		function for each group.  For features.c only.
 */
#ifndef SF_FEATURE_PARTS_H
#define SF_FEATURE_PARTS_H

#include "core/forecast/features.h"

/* Winters' seasonal figures are smoothed up to this season. */
#define SF_FEATURE_WINTERS_MAX 400
#define SF_FEATURE_WINTERS_LANES 32

typedef struct SfTrace
{
	const double *y;			/* [n] gaps filled; |y| < 1, scaled by a power of two */
	const double *x;			/* [n] mean 0, standard deviation 1 (divisor n - 1) */
	int32_t		n;
	int32_t		m;				/* season; 1 = none, or fewer than two cycles */
	int32_t		season;			/* as given */
	double	   *work[5];		/* [n] each, scratch */
	double	   *seasonal;		/* [m] figures in units of x, by place; all 0 when m = 1 */
	double	   *lanes;			/* [m * SF_FEATURE_WINTERS_LANES], NULL when not wanted */
} SfTrace;

/* Each writes its group of out; those not defined are 0 before.  y is not constant but in values. */
extern void sf_feature_values(const SfTrace *t, double *out);
extern void sf_feature_season(const SfTrace *t, double *out);	/* sets seasonal */
extern void sf_feature_memory(const SfTrace *t, double *out);
extern void sf_feature_tests(const SfTrace *t, double *out);
extern void sf_feature_path(const SfTrace *t, double *out);
extern void sf_feature_windows(const SfTrace *t, double *out);
extern void sf_feature_smoothing(const SfTrace *t, double *out);

/*
 * sf_autocorrelation
 *		acf[0 .. lags] of z[n] about its mean, divisor n; 0 beyond n - 1 and for a
 *		constant.  O(n * lags).
 */
extern void sf_autocorrelation(const double *z, int32_t n, int32_t lags, double *acf);

/* Numbers of shape of z[n]: variance is the mean square about the mean. */
typedef struct SfMoments
{
	double		mean;
	double		variance;		/* divisor n */
	double		skewness;		/* 0 when the variance is 0 */
	double		kurtosis;		/* 3 for a normal distribution */
} SfMoments;

extern SfMoments sf_moments(const double *z, int32_t n);

/* Below this share of the mean square a variance is rounding. */
#define SF_FEATURE_NOTHING 1e-24

#endif							/* SF_FEATURE_PARTS_H */
