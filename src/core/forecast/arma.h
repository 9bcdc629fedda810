/*
 * arma.h
 *		Seasonal ARMA processes: the filter that turns a series into innovations,
 *		and what follows from it.
 *
 *		phi(B) Phi(B^m) w_t = theta(B) Theta(B^m) e_t,		e_t ~ (0, 1)
 *		phi(B) = 1 - ar_1 B - ...,	theta(B) = 1 + ma_1 B + ...
 *
 * Two filters.  The exact one is the Kalman filter of the stationary process.
 * Its covariance changes by a matrix of rank one from step to step, so that the
 * gain follows from two vectors (the fast form of Morf, Sidhu and Kailath):
 * r = max(p + Pm, q + Qm + 1) operations a step instead of r^2, and r + n
 * numbers of memory a column.  Once the change has died out the filter is the
 * recursion with constant coefficients.  The conditional one leaves out the first
 * p + Pm values and takes innovations before the start as 0; it needs no start
 * distribution and costs one operation per coefficient.
 *
 * Source: Morf, Sidhu & Kailath, Some new algorithms for recursive estimation in
 * constant, linear, discrete-time systems, IEEE Transactions on Automatic Control
 * 19, 1974; Pearlman, An algorithm for the exact likelihood of a high-order
 * autoregressive-moving average process, Biometrika 67, 1980; state form: Harvey,
 * Forecasting, Structural Time Series Models and the Kalman Filter, 1989, 3.3;
 * conditional: Box, Jenkins & Reinsel, Time Series Analysis, 3rd ed., 7.1.2.
 */
#ifndef SF_ARMA_H
#define SF_ARMA_H

#include "core/base/arena.h"

#define SF_ARMA_ORDER_MAX 12	/* p, q at most */
#define SF_ARMA_SEASONAL_MAX 3	/* P, Q at most */
#define SF_ARMA_TERMS_MAX ((SF_ARMA_ORDER_MAX + 1) * (SF_ARMA_SEASONAL_MAX + 1))

typedef struct SfArmaOrder
{
	int32_t		p;
	int32_t		q;
	int32_t		P;
	int32_t		Q;
	int32_t		m;				/* periods of a season, >= 1 */
} SfArmaOrder;

typedef struct SfArma
{
	SfArmaOrder order;
	double		ar[SF_ARMA_ORDER_MAX];
	double		ma[SF_ARMA_ORDER_MAX];
	double		sar[SF_ARMA_SEASONAL_MAX];
	double		sma[SF_ARMA_SEASONAL_MAX];
} SfArma;

/* A polynomial without its leading 1, multiplied out: sum of value B^lag. */
typedef struct SfArmaTerms
{
	int32_t		count;
	int32_t		lag[SF_ARMA_TERMS_MAX];
	double		value[SF_ARMA_TERMS_MAX];
} SfArmaTerms;

typedef struct SfArmaFilter
{
	SfCtx	   *ctx;
	int32_t		size_max;		/* r at most */
	int64_t		n_max;
	int32_t		cols_max;
	SfArmaTerms ar;				/* w_t = sum value w_(t-lag) + ... */
	SfArmaTerms ma;
	int32_t		ar_lag_max;		/* p + Pm */
	int32_t		ma_lag_max;		/* q + Qm */
	int32_t		size;			/* r */
	double	   *gain;			/* [r] */
	double	   *change;			/* [n + r + 1] */
	double	   *state;			/* [cols][n + r + 1], or NULL */
	double	   *scratch;		/* [8 (r + 1)] */
	int64_t		work;			/* since the last poll */
} SfArmaFilter;

/* Room for processes with r <= size_max, and series of n_max values in cols_max columns;
 * cols_max = 0: only the conditional filter. */
extern SfStatus sf_arma_filter_take(SfArena *arena, int32_t size_max, int64_t n_max, int32_t cols_max,
									SfArmaFilter *f);

/* r of an order. */
extern int64_t sf_arma_size(SfArmaOrder order);

/* Multiplies the factors of the process out; before anything below. */
extern void sf_arma_filter_set(SfArmaFilter *f, const SfArma *arma);

/* The variance of the first value and, into gain[r], what it tells of the next state. */
extern double sf_arma_start(SfArmaFilter *f, const SfArma *arma, double *gain);

/*
 * sf_arma_whiten_exact
 *		The process is stationary and invertible.  Column c of x (x + c *
 *		stride, n values) becomes innovations with variance 1 in column c of out
 *		(same stride); *log_det = log determinant of the covariance of n values.
 *		Afterwards column 0's state is f->state + n: element i - 1 is what is known
 *		of w_(n+i) when n values were seen, as sf_arma_continue takes it; and
 *		f->state[t], t < n, is what was expected of w_t.
 */
extern SfStatus sf_arma_whiten_exact(SfArmaFilter *f, const SfArma *arma, const double *x, int64_t n, int64_t stride,
									 int32_t cols, double *out, double *log_det);

/* The same with the conditional filter; the first p + Pm of out are 0. */
extern SfStatus sf_arma_whiten_conditional(SfArmaFilter *f, const SfArma *arma, const double *x, int64_t n, int64_t stride,
										   int32_t cols, double *out);

/* The state after n values w and their innovations e, into state[r + 1]. */
extern void sf_arma_state(const SfArmaFilter *f, const double *w, const double *e, int64_t n, double *state);

/* ahead[h] = what is expected next; changes state[r + h + 1], zero beyond r. */
extern void sf_arma_continue(const SfArmaFilter *f, double *state, double *ahead, int64_t h);

/*
 * sf_arma_weights
 *		weight[h]: the response of w, summed up d times and D times over the season,
 *		to one innovation of 1; weight[0] = 1.
 */
extern void sf_arma_weights(const SfArmaFilter *f, int32_t d, int32_t D, int32_t m, double *weight, int64_t h);

/*
 * sf_arma_from_partial, sf_arma_to_partial
 *		Coefficients a_1 .. a_k of a stationary AR process from its partial
 *		autocorrelations (all within -1 .. 1), and back; to_partial is false, and
 *		the result meaningless, when the process is not stationary.
 *
 * Source: Monahan, A note on enforcing stationarity in autoregressive-moving
 * average models, Biometrika 71, 1984.
 */
extern void sf_arma_from_partial(const double *partial, int32_t k, double *a);
extern bool sf_arma_to_partial(const double *a, int32_t k, double *partial);

#endif							/* SF_ARMA_H */
