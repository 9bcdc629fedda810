/*
 * arma.c
 *		Seasonal ARMA processes: the filter that turns a series into innovations.
 *
 * State of the exact filter (Harvey): element i is what w_(t+i-1) will get from
 * the past of t, T shifts by one and adds ar_i times the first.  The vectors
 * that are shifted lie in long arrays and their start moves on, so that a shift
 * costs nothing.  With z picking the first element:
 *
 *		F_1 = z'Pz, K_1 = TPz, L_1 = K_1, M_1 = -1 / F_1
 *		F' = F + M l^2, K' = K + TL l M, L' = TL - K' l / F', M' = M F' / F,	l = z'L
 *
 * where P is the covariance of the stationary state; only its first column is
 * ever needed, and follows from the autocovariances.
 */
#include "core/forecast/arma.h"

#include <float.h>
#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Operations between two polls. */
#define POLL_WORK 300000

/* A change of the covariance below this part of it no longer matters. */
#define QUIET 1e-24

int64_t
sf_arma_size(SfArmaOrder order)
{
	int64_t		ar = order.p + (int64_t) order.P * order.m;
	int64_t		ma = order.q + (int64_t) order.Q * order.m + 1;

	return ar > ma ? ar : ma;
}

SfStatus
sf_arma_filter_take(SfArena *arena, int32_t size_max, int64_t n_max, int32_t cols_max, SfArmaFilter *f)
{
	size_t		length = (size_t) n_max + (size_t) size_max + 1;

	*f = (SfArmaFilter) {.ctx = arena->ctx, .size_max = size_max, .n_max = n_max, .cols_max = cols_max};
	f->scratch = sf_arena_take(arena, (size_t) size_max + 1, 8 * sizeof(double));
	if (f->scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (cols_max == 0)
		return SF_OK;
	f->gain = sf_arena_take(arena, (size_t) size_max + 1, sizeof(double));
	f->change = sf_arena_take(arena, length, sizeof(double));
	f->state = sf_arena_take(arena, length, (size_t) cols_max * sizeof(double));
	if (f->gain == NULL || f->change == NULL || f->state == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static void
add_term(SfArmaTerms *terms, int64_t lag, double value)
{
	/* zeros too: processes of one order then have the same lags in the same places */
	for (int32_t i = 0; i < terms->count; i++)
		if (terms->lag[i] == lag)
		{
			terms->value[i] += value;
			return;
		}
	terms->lag[terms->count] = (int32_t) lag;
	terms->value[terms->count++] = value;
}

/* (1 + sign sum a B^i)(1 + sign sum b B^(jm)) = 1 + sign sum of terms. */
static void
multiply_out(SfArmaTerms *terms, const double *a, int32_t k, const double *b, int32_t seasonal, int32_t m, double sign)
{
	terms->count = 0;
	for (int32_t i = 0; i < k; i++)
		add_term(terms, i + 1, a[i]);
	for (int32_t j = 0; j < seasonal; j++)
	{
		int64_t		lag = (int64_t) (j + 1) * m;

		add_term(terms, lag, b[j]);
		for (int32_t i = 0; i < k; i++)
			add_term(terms, lag + i + 1, sign * a[i] * b[j]);
	}
}

void
sf_arma_filter_set(SfArmaFilter *f, const SfArma *arma)
{
	SfArmaOrder o = arma->order;

	multiply_out(&f->ar, arma->ar, o.p, arma->sar, o.P, o.m, -1.0);
	multiply_out(&f->ma, arma->ma, o.q, arma->sma, o.Q, o.m, 1.0);
	f->ar_lag_max = o.p + o.P * o.m;
	f->ma_lag_max = o.q + o.Q * o.m;
	f->size = (int32_t) sf_arma_size(o);
}

void
sf_arma_from_partial(const double *partial, int32_t k, double *a)
{
	for (int32_t n = 0; n < k; n++)
	{
		double		r = partial[n];

		for (int32_t i = 0; i < n / 2; i++)
		{
			double		front = a[i];
			double		back = a[n - 1 - i];

			a[i] = front - r * back;
			a[n - 1 - i] = back - r * front;
		}
		if (n % 2 == 1)
			a[n / 2] -= r * a[n / 2];
		a[n] = r;
	}
}

/* One step of the inverse: a[n] of order n becomes order n - 1; r = a[n - 1]. */
static void
step_down(double *a, int32_t n, double r)
{
	double		scale = 1.0 / ((1.0 - r) * (1.0 + r));

	for (int32_t i = 0; i < (n - 1) / 2; i++)
	{
		double		front = a[i];
		double		back = a[n - 2 - i];

		a[i] = (front + r * back) * scale;
		a[n - 2 - i] = (back + r * front) * scale;
	}
	if (n % 2 == 0)
		a[n / 2 - 1] *= (1.0 + r) * scale;
}

bool
sf_arma_to_partial(const double *a, int32_t k, double *partial)
{
	memcpy(partial, a, (size_t) k * sizeof(double));
	/* in place: what is taken down leaves its last value behind */
	for (int32_t n = k; n > 0; n--)
	{
		double		r = partial[n - 1];

		if (!(fabs(r) < 1.0))
			return false;
		step_down(partial, n, r);
	}
	return true;
}

/*
 * gamma[0 .. k]: autocovariances of the AR(k) process a with innovations of
 * variance 1; partial[k], b[k] are scratch.  O(k^2).
 */
static void
ar_autocovariances(const double *a, int32_t k, double *gamma, double *partial, double *b)
{
	double		left = 1.0;

	(void) sf_arma_to_partial(a, k, partial);
	for (int32_t i = 0; i < k; i++)
		left /= fmax((1.0 - partial[i]) * (1.0 + partial[i]), DBL_EPSILON);
	gamma[0] = left;
	for (int32_t n = 0; n < k; n++)
	{
		double		r = partial[n];
		double		sum = r * left;

		for (int32_t i = 0; i < n; i++)
			sum += b[i] * gamma[n - i];
		gamma[n + 1] = sum;
		left *= (1.0 - r) * (1.0 + r);
		for (int32_t i = 0; i < n / 2; i++)
		{
			double		front = b[i];
			double		back = b[n - 1 - i];

			b[i] = front - r * back;
			b[n - 1 - i] = back - r * front;
		}
		if (n % 2 == 1)
			b[n / 2] -= r * b[n / 2];
		b[n] = r;
	}
}

/* Autocovariances 0 .. last of the process without its moving-average part. */
static void
u_autocovariances(SfArmaFilter *f, const SfArma *arma, int64_t last, double *gamma, double *partial, double *b)
{
	SfArmaOrder o = arma->order;
	int64_t		known = f->ar_lag_max;

	memset(gamma, 0, (size_t) (last + 1) * sizeof(double));
	if (o.P == 0)
		ar_autocovariances(arma->ar, o.p, gamma, partial, b);
	else if (o.p == 0)
	{
		/* only whole seasons are correlated: spread what one a season gives */
		double		sparse[SF_ARMA_SEASONAL_MAX + 1];

		ar_autocovariances(arma->sar, o.P, sparse, partial, b);
		for (int32_t i = 0; i <= o.P; i++)
			gamma[(int64_t) i * o.m] = sparse[i];
	}
	else
	{
		double	   *a = f->scratch + 7 * (f->size_max + 1);

		memset(a, 0, (size_t) known * sizeof(double));
		for (int32_t i = 0; i < f->ar.count; i++)
			a[f->ar.lag[i] - 1] = f->ar.value[i];
		ar_autocovariances(a, f->ar_lag_max, gamma, partial, b);
	}
	for (int64_t k = known + 1; k <= last; k++)
		for (int32_t i = 0; i < f->ar.count; i++)
			gamma[k] += f->ar.value[i] * gamma[k - f->ar.lag[i]];
}

/* c[0 .. q + Qm]: sums of products of the moving-average coefficients, lag by lag. */
static void
ma_products(const SfArmaFilter *f, double *c)
{
	memset(c, 0, (size_t) (f->ma_lag_max + 1) * sizeof(double));
	c[0] = 1.0;
	for (int32_t i = 0; i < f->ma.count; i++)
	{
		c[f->ma.lag[i]] += f->ma.value[i];
		c[0] += f->ma.value[i] * f->ma.value[i];
		for (int32_t j = 0; j < i; j++)
		{
			int32_t		lag = f->ma.lag[i] - f->ma.lag[j];

			c[lag < 0 ? -lag : lag] += f->ma.value[i] * f->ma.value[j];
		}
	}
}

/* Responses of w to one innovation, psi[0 .. last]. */
static void
responses(const SfArmaFilter *f, int64_t last, double *psi)
{
	memset(psi, 0, (size_t) (last + 1) * sizeof(double));
	psi[0] = 1.0;
	for (int32_t i = 0; i < f->ma.count; i++)
		if (f->ma.lag[i] <= last)
			psi[f->ma.lag[i]] += f->ma.value[i];
	for (int64_t k = 1; k <= last; k++)
		for (int32_t i = 0; i < f->ar.count; i++)
			if (f->ar.lag[i] <= k)
				psi[k] += f->ar.value[i] * psi[k - f->ar.lag[i]];
}

/*
 * The first column of the covariance of the stationary state, into column[r].
 * Element i of the state is the sum over j >= i of ar_j w_(t-1-(j-i)) and
 * ma_(j-1) e_(t-(j-i)).
 */
static void
first_column(SfArmaFilter *f, const SfArma *arma, double *column)
{
	int64_t		r = f->size;
	double	   *u = f->scratch;
	double	   *gamma = u + 2 * (r + 1);
	double	   *c = gamma + (r + 1);
	double	   *psi = c + (r + 1);
	double	   *partial = psi;	/* free again before psi is needed */
	double	   *b = c;

	u_autocovariances(f, arma, (int64_t) f->ar_lag_max + f->ma_lag_max, u, partial, b);
	ma_products(f, c);
	for (int64_t k = 0; k <= f->ar_lag_max; k++)
		gamma[k] = c[0] * u[k];
	for (int64_t l = 1; l <= f->ma_lag_max; l++)
		if (c[l] != 0.0)
			for (int64_t k = 0; k <= f->ar_lag_max; k++)
				gamma[k] += c[l] * (u[k + l] + u[k > l ? k - l : l - k]);
	responses(f, f->ma_lag_max, psi);

	memset(column, 0, (size_t) (r + 1) * sizeof(double));
	column[0] = f->ar.count == 0 ? c[0] : gamma[0];
	for (int32_t i = 0; i < f->ar.count; i++)
		for (int64_t j = 1; j < f->ar.lag[i]; j++)
			column[j] += f->ar.value[i] * gamma[f->ar.lag[i] - j];
	for (int32_t i = 0; i < f->ma.count; i++)
		for (int64_t j = 1; j <= f->ma.lag[i]; j++)
			column[j] += f->ma.value[i] * psi[f->ma.lag[i] - j];
}

static inline void
add_scaled(double *restrict to, const double *restrict from, double factor, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		to[i] += from[i] * factor;
}

/* x = Tx, the array having moved on by one: x[-1] is the old first element. */
static inline void
add_ar(const SfArmaTerms *ar, double *x)
{
	double		first = x[-1];

	for (int32_t i = 0; i < ar->count; i++)
		x[ar->lag[i] - 1] += ar->value[i] * first;
}

/* One step of every column with the gain of the moment. */
static void
step_columns(SfArmaFilter *f, const double *x, int64_t t, int64_t n, int64_t stride, int32_t cols,
			 double variance, double *out)
{
	int64_t		length = n + f->size + 1;
	double		root = 1.0 / sqrt(variance);

	for (int32_t c = 0; c < cols; c++)
	{
		double	   *state = f->state + c * length + t;
		double		innovation = x[c * stride + t] - state[0];

		out[c * stride + t] = innovation * root;
		add_ar(&f->ar, state + 1);
		add_scaled(state + 1, f->gain, innovation / variance, f->size);
	}
}

/* The rest of one column once the gain is constant: its elements are ar_i + ma_i. */
static void
steady_column(SfArmaFilter *f, const double *x, int64_t from, int64_t n, double *state, double *out)
{
	for (int64_t t = from; t < n; t++)
	{
		double	   *next = state + t + 1;
		double		innovation = x[t] - state[t];

		out[t] = innovation;
		for (int32_t i = 0; i < f->ar.count; i++)
			next[f->ar.lag[i] - 1] += f->ar.value[i] * x[t];
		for (int32_t i = 0; i < f->ma.count; i++)
			next[f->ma.lag[i] - 1] += f->ma.value[i] * innovation;
	}
}

/* One step of the variance and the gain; false when nothing changed. */
static bool
step_gain(SfArmaFilter *f, int64_t t, double *variance, double *m)
{
	double	   *change = f->change + t + 1;
	double		first = change[-1];
	double		next;

	if (!(first * first * fabs(*m) > QUIET * *variance))
		return false;
	/* at least that of the innovation itself */
	next = fmax(*variance + *m * first * first, 1.0);
	add_ar(&f->ar, change);
	add_scaled(f->gain, change, first * *m, f->size);
	add_scaled(change, f->gain, -first / next, f->size);
	*m *= next / *variance;
	*variance = next;
	return true;
}

static bool
work_cancelled(SfArmaFilter *f, int64_t work)
{
	f->work += work;
	if (f->work < POLL_WORK)
		return false;
	f->work = 0;
	return sf_cancelled(f->ctx);
}

double
sf_arma_start(SfArmaFilter *f, const SfArma *arma, double *gain)
{
	double	   *column = f->scratch + 5 * (f->size_max + 1);

	first_column(f, arma, column);
	add_ar(&f->ar, column + 1);
	memcpy(gain, column + 1, (size_t) f->size * sizeof(double));
	return column[0];
}

SfStatus
sf_arma_whiten_exact(SfArmaFilter *f, const SfArma *arma, const double *x, int64_t n, int64_t stride,
					 int32_t cols, double *out, double *log_det)
{
	int64_t		length = n + f->size + 1;
	double		variance = sf_arma_start(f, arma, f->gain);
	double		m = -1.0 / variance;
	double		product = 1.0;
	int64_t		quiet = 0;
	int64_t		t;

	*log_det = 0.0;
	memset(f->change, 0, (size_t) length * sizeof(double));
	memcpy(f->change, f->gain, (size_t) f->size * sizeof(double));
	memset(f->state, 0, (size_t) length * (size_t) cols * sizeof(double));
	for (t = 0; t < n && quiet < f->size; t++)
	{
		step_columns(f, x, t, n, stride, cols, variance, out);
		product *= variance;
		if (product > 1e200)
		{
			*log_det += log(product);
			product = 1.0;
		}
		quiet = step_gain(f, t, &variance, &m) ? 0 : quiet + 1;
		if (work_cancelled(f, (cols + 2) * (int64_t) f->size))
			return sf_fail(f->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*log_det += log(product);
	for (int32_t c = 0; c < cols && t < n; c++)
	{
		steady_column(f, x + c * stride, t, n, f->state + c * length, out + c * stride);
		if (work_cancelled(f, (n - t) * (4 + f->ar.count + f->ma.count)))
			return sf_fail(f->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* e_t -= sum of ma_j e_(t - j step): the innovations, nothing before `from`. */
static void
recur(double *e, int64_t from, int64_t n, const double *ma, int32_t count, int64_t step)
{
	while (count > 0 && ma[count - 1] == 0.0)
		count--;
	if (count == 0)
		return;
	for (int64_t t = from; t < n; t++)
	{
		double		sum = e[t];

		for (int32_t j = 0; j < count && t - (j + 1) * step >= from; j++)
			sum -= ma[j] * e[t - (j + 1) * step];
		e[t] = sum;
	}
}

SfStatus
sf_arma_whiten_conditional(SfArmaFilter *f, const SfArma *arma, const double *x, int64_t n, int64_t stride,
						   int32_t cols, double *out)
{
	int64_t		from = f->ar_lag_max < n ? f->ar_lag_max : n;
	SfArmaOrder o = arma->order;

	for (int32_t c = 0; c < cols; c++)
	{
		const double *w = x + c * stride;
		double	   *e = out + c * stride;

		memset(e, 0, (size_t) from * sizeof(double));
		memcpy(e + from, w + from, (size_t) (n - from) * sizeof(double));
		for (int32_t i = 0; i < f->ar.count && from < n; i++)
			add_scaled(e + from, w + from - f->ar.lag[i], -f->ar.value[i], n - from);
		recur(e, from, n, arma->ma, o.q, 1);
		recur(e, from, n, arma->sma, o.Q, o.m);
		if (work_cancelled(f, n * (2 + f->ar.count + 3 * (o.q + o.Q))))
			return sf_fail(f->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

void
sf_arma_state(const SfArmaFilter *f, const double *w, const double *e, int64_t n, double *state)
{
	memset(state, 0, (size_t) (f->size + 1) * sizeof(double));
	for (int32_t i = 0; i < f->ar.count; i++)
		for (int64_t j = 0; j < f->ar.lag[i]; j++)
			if (n - f->ar.lag[i] + j >= 0)
				state[j] += f->ar.value[i] * w[n - f->ar.lag[i] + j];
	for (int32_t i = 0; i < f->ma.count; i++)
		for (int64_t j = 0; j < f->ma.lag[i]; j++)
			if (n - f->ma.lag[i] + j >= 0)
				state[j] += f->ma.value[i] * e[n - f->ma.lag[i] + j];
}

void
sf_arma_continue(const SfArmaFilter *f, double *state, double *ahead, int64_t h)
{
	for (int64_t i = 0; i < h; i++)
	{
		ahead[i] = state[i];
		add_ar(&f->ar, state + i + 1);
	}
}

void
sf_arma_weights(const SfArmaFilter *f, int32_t d, int32_t D, int32_t m, double *weight, int64_t h)
{
	responses(f, h - 1, weight);
	for (int32_t k = 0; k < d; k++)
		for (int64_t i = 1; i < h; i++)
			weight[i] += weight[i - 1];
	for (int32_t k = 0; k < D; k++)
		for (int64_t i = m; i < h; i++)
			weight[i] += weight[i - m];
}
