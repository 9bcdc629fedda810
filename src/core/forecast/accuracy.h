/*
 * accuracy.h
 *		How far forecasts were from what came: the sums behind every measure.
 *
 * One state serves all measures: up to three compensated sums and how many rows
 * they hold.  A row is turned into terms, the terms are added; the result is
 * rounded once, so the order of the rows and the split over workers do not
 * show.  Notation: a actual, f forecast, l and u the ends of an interval, q a
 * level in 0 .. 1, s the scale of a series.
 *
 *	measure				terms of a row				result
 *	mape				100 |a-f| / |a|				mean; rows with a = 0 are left out
 *	smape				200 |a-f| / (|a|+|f|)		mean; 0 where both are 0
 *	mae, wape			|a-f|, |a|					mean; 100 * ratio of the sums
 *	bias				f-a, a						sum / |sum|: above 0 = forecasts too high
 *	rmse				(a-f)^2						root of the mean
 *	mase				|a-f| / s					mean; rows with s = 0 are left out
 *	rmsse				((a-f) / s)^2				root of the mean; the same
 *	pinball loss		q (a-f), or (1-q) (f-a)		mean
 *	interval score		u-l + 2/(1-q) (l-a)+ + 2/(1-q) (a-u)+		mean
 *	msis				the interval score / s		mean; rows with s = 0 are left out
 *	coverage			1 if l <= a <= u			mean
 *
 * Squares are kept in three ranges, each scaled by a power of two, so that
 * errors of 1e-300 and of 1e300 have a root mean square, too.
 *
 * Source: Hyndman & Koehler, Another look at measures of forecast accuracy,
 * International Journal of Forecasting 22, 2006 (mape, smape, mase);
 * Makridakis, Spiliotis & Assimakopoulos, The M4 competition, ibid. 36, 2020,
 * section 2 (smape, mase, msis), and The M5 competition, ibid. 38, 2022 (rmsse);
 * Gneiting & Raftery, Journal of the American Statistical Association 102, 2007,
 * section 6 (pinball loss, interval score); Blue, A portable Fortran program to
 * find the Euclidean norm of a vector, ACM TOMS 4, 1978 (three ranges).
 */
#ifndef SF_ACCURACY_H
#define SF_ACCURACY_H

#include "core/base/ctx.h"
#include "core/base/sum.h"

#define SF_ACCURACY_SUMS 3
#define SF_ACCURACY_ARGUMENTS_MAX 5

/* What a row consists of is told behind each kind, in order. */
typedef enum SfAccuracyKind
{
	SF_ACCURACY_MAPE,			/* actual, forecast */
	SF_ACCURACY_SMAPE,			/* actual, forecast */
	SF_ACCURACY_MAE,			/* actual, forecast */
	SF_ACCURACY_BIAS,			/* actual, forecast */
	SF_ACCURACY_RMSE,			/* actual, forecast */
	SF_ACCURACY_MASE,			/* actual, forecast, scale */
	SF_ACCURACY_RMSSE,			/* actual, forecast, scale */
	SF_ACCURACY_PINBALL,		/* actual, forecast, level */
	SF_ACCURACY_INTERVAL,		/* actual, lower, upper, level */
	SF_ACCURACY_MSIS,			/* actual, lower, upper, level, scale */
	SF_ACCURACY_COVERAGE		/* actual, lower, upper */
} SfAccuracyKind;

/* All zero: no row yet. */
typedef struct SfAccuracy
{
	int64_t		count;			/* rows in the sums */
	int64_t		left_out;		/* rows the measure cannot take: a = 0 or s = 0 */
	int64_t		steps;			/* additions and subtractions so far */
	SfSum		sum[SF_ACCURACY_SUMS];
	double		peak[SF_ACCURACY_SUMS]; /* largest partial sum or term so far */
} SfAccuracy;

/*
 * sf_accuracy_add
 *		Add the row x.  SF_BAD_DATA: a number that is not finite, lower above
 *		upper, a scale below 0; SF_BAD_ARGUMENT: a level not within 0 .. 1, ends
 *		excluded; SF_OVERFLOW: a term or a sum is not finite.  s is unchanged on
 *		failure.
 */
extern SfStatus sf_accuracy_add(SfCtx *ctx, SfAccuracy *s, SfAccuracyKind kind, const double *x);

/*
 * sf_accuracy_remove
 *		Take back a row that was added.  False: the rest cannot be known to the
 *		last bit, add the remaining rows anew; s is then meaningless.
 */
extern bool sf_accuracy_remove(SfAccuracy *s, SfAccuracyKind kind, const double *x);

/* SF_OVERFLOW when the sum of both is not finite; s is then unchanged. */
extern SfStatus sf_accuracy_merge(SfCtx *ctx, SfAccuracy *s, const SfAccuracy *other);

/* Whether a state read from outside is one that rows can lead to. */
extern bool sf_accuracy_valid(const SfAccuracy *s);

/*
 * Results; NaN when there is none: no row counted, or a ratio to a sum of 0.
 * The ratio is sum[0] / |sum[1]|, of mae and of bias.
 */
extern double sf_accuracy_mean(const SfAccuracy *s);
extern double sf_accuracy_root_mean(const SfAccuracy *s);
extern double sf_accuracy_ratio(const SfAccuracy *s);

/* How many numbers a row of this kind has. */
extern int	sf_accuracy_arguments(SfAccuracyKind kind);

/*
 * sf_accuracy_scale
 *		The in-sample error of the naive forecast of a season ago: the mean of
 *		|y_t - y_{t-season}|, or the root of the mean square if squared.
 *
 *	at		[n], ascending without repeats: the period of each value; NULL =
 *			values are one period apart
 *	y		[n]; NaN = not observed
 *	season	>= 1, in periods
 *	scale	out; NaN when no two values are a season apart
 *
 * SF_OK, SF_OVERFLOW, SF_CANCELLED.  O(n).
 */
extern SfStatus sf_accuracy_scale(SfCtx *ctx, const int64_t *at, const double *y, int64_t n,
								  int64_t season, bool squared, double *scale);

#endif							/* SF_ACCURACY_H */
