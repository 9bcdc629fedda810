/*
 * arima_fit.h
 *		One regression with seasonal ARMA errors, fitted to a differenced series.
 *
 * The Gaussian likelihood, with the variance and the regression coefficients at
 * their best values for given ARMA coefficients, depends on those alone, and is
 * a sum of squares: with u the whitened residuals of n values and ln|V| the log
 * determinant of the filter,
 *
 *		-2 log L = n log sum (u_t g)^2 + constant,	g = exp(ln|V| / 2n).
 *
 * So Levenberg and Marquardt's method finds the maximum in few steps.  The
 * variables are partial autocorrelations, which keeps every trial stationary
 * and invertible; the Jacobian is by differences, one pass of the filter a
 * variable.
 *
 * A missing value is an unknown with a column of its own (1 where it is missing,
 * differenced as the series).  Integrating it out adds the log determinant of these
 * columns, whitened: what comes out is the likelihood of the observed values
 * alone, the same as from skipping them in a Kalman filter with a diffuse start.
 *
 * Source: Marquardt, Journal of the Society for Industrial and
 * Applied Mathematics 11, 1963; Dennis, Gay &
 * Welsch, Algorithm 573, ACM TOMS 7, 1981 (second derivatives); sum of
 * squares form: Melard, Algorithm AS 197, Applied Statistics 33, 1984; regression
 * inside: Golub & Pereyra, SIAM Journal on Numerical Analysis 10, 1973; missing
 * values: Gomez, Maravall & Pena, Missing observations in ARIMA models, Journal
 * of Econometrics 88, 1999.
 */
#ifndef SF_ARIMA_FIT_H
#define SF_ARIMA_FIT_H

#include "core/forecast/arma_lanes.h"

#define SF_ARMA_VARIABLES_MAX (2 * (SF_ARMA_ORDER_MAX + SF_ARMA_SEASONAL_MAX))

/* The differenced series, of size about 1, and the columns it is regressed on. */
typedef struct SfArmaData
{
	const double *x;			/* column c at x + c * stride: 0 is the series, then gaps,
								 * drivers, drift or mean */
	int64_t		n;
	int64_t		stride;
	int32_t		cols;			/* regression columns: all but the series */
	int32_t		gaps;			/* how many of them stand for missing values */
	double		ridge;			/* added to the diagonal of the scaled normal equations */
} SfArmaData;

/* Memory and settings that many fits share. */
typedef struct SfArmaWork
{
	SfArmaFilter filter;
	SfArmaLanes lanes;
	bool		exact;			/* which filter */
	bool		side_by_side;	/* eight passes at a time, where exact and small enough */
	double	   *white;			/* [1 + cols][n], or eight of them side by side */
	double	   *residual;		/* [n] */
	double	   *trial;			/* [n] */
	double	   *jacobian;		/* [variables][n] */
	double	   *normal;			/* [cols][cols] */
	double	   *size;			/* [cols] */
	int32_t		variables_max;
} SfArmaWork;

typedef struct SfArmaFit
{
	SfArmaOrder order;
	double		partial[SF_ARMA_VARIABLES_MAX]; /* ar, ma, sar, sma */
	SfArma		arma;
	double		squares;		/* sum of squared innovations */
	double		log_likelihood;
	double		aicc;			/* +Inf when there are too few values */
	int64_t		used;			/* values behind the likelihood */
	int32_t		parameters;		/* coefficients and the variance */
	bool		converged;
	bool		near_unit;		/* a root too near the unit circle to be trusted */
	double	   *beta;			/* [cols], the caller's */
} SfArmaFit;

/* Room for fits of at most these sizes; a filter with exact = false takes no states. */
extern SfStatus sf_arma_work_take(SfArena *arena, int64_t n_max, int32_t cols_max, int32_t size_max,
								  int32_t variables_max, bool exact, SfArmaWork *work);

/* How far to go. */
typedef struct SfArmaEffort
{
	double		tolerance;		/* stop when a step promises less of log L */
	int32_t		steps_max;
	double		aicc_wanted;	/* stop when twice the promise would not reach this; +Inf: go on */
	bool		beta;			/* the coefficients are wanted, too */
} SfArmaEffort;

/*
 * sf_arma_fit
 *		fit		in: order, partial (where to start), beta; out: the rest, beta
 *				only where wanted or where there is no ARMA coefficient
 *		SF_OK, SF_CANCELLED.
 */
extern SfStatus sf_arma_fit(SfArmaWork *work, const SfArmaData *data, const SfArmaEffort *effort,
							SfArmaFit *fit);

#endif							/* SF_ARIMA_FIT_H */
