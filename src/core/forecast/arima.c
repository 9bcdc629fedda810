/*
 * arima.c
 *		Seasonal ARIMA, with drift, drivers and gaps.
 *
 * Everything happens on the series between its first and last observation,
 * scaled by a power of two to size 1, its gaps filled.  What is missing at the
 * end is forecast like the future.
 */
#include "core/forecast/arima.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/lsq.h"
#include "core/forecast/arima_search.h"
#include "core/forecast/unitroot.h"

/* Largest orders of the automatic choice, as in the paper. */
#define AUTO_ORDER_MAX 5
#define AUTO_SEASONAL_MAX 2

/* n r up to which the search can afford the exact likelihood, and the last fit. */
#define SEARCH_EXACT_MAX 6000
#define FIT_EXACT_MAX 400000

/* Periods used to search, and to test and estimate, besides 8 and 4 seasons. */
#define SEARCH_WINDOW 4000
#define FIT_WINDOW 20000

#define GAPS_MAX 100
#define GAPS_WORK_MAX 5000000

/* Numbers read between two polls. */
#define POLL_EVERY 131072

/* log L must gain more than this for one more step of the last fit. */
#define FIT_TOLERANCE 1e-7
#define FIT_STEPS 40

/*
 * Relative to the scaled normal equations: rounding alone; collinear drivers;
 * and (ours) more than one driver for four values, which a fit would follow blindly.
 */
#define RIDGE_NONE 1e-15
#define RIDGE_DRIVERS 1e-9
#define RIDGE_MANY 0.1

typedef struct Job
{
	SfArena    *arena;
	const SfSeries *s;
	SfForecast *out;
	int32_t		lead;			/* periods before the first observation */
	int32_t		n;				/* from the first to the last */
	int32_t		trail;			/* periods after it */
	int			shift;			/* y was divided by 2^shift */
	double	   *y;				/* [n] filled and scaled */
	int32_t    *gap;			/* [gaps] positions in y */
	int32_t		gaps;
	int			*driver_shift;	/* [drivers] */
	double	   *driver_mean;	/* [drivers], scaled, over the n periods */
	SfArimaSpec spec;			/* orders; period >= 1 */
	bool		drift;
	bool		mean;
	double	   *beta;			/* [columns] of the last fit */
	int32_t		gaps_fitted;	/* of which are the columns of these last gaps */
	SfArmaFit	fit;
} Job;

static int32_t
driver_count(const Job *job)
{
	return job->s->drivers != NULL ? job->s->driver_count : 0;
}

static SfStatus
no_memory(const Job *job)
{
	return sf_fail(job->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

/* Driver j in period t from the first observation on, scaled, without its mean. */
static double
driver_at(const Job *job, int32_t j, int64_t t)
{
	double		x = job->s->drivers[((int64_t) job->lead + t) * job->s->driver_count + j];

	return ldexp(x, -job->driver_shift[j]) - job->driver_mean[j];
}

static SfStatus
prepare_drivers(Job *job)
{
	int32_t		k = driver_count(job);

	if (k == 0)
		return SF_OK;
	job->driver_shift = sf_arena_take(job->arena, (size_t) k, sizeof(int));
	job->driver_mean = sf_arena_take(job->arena, (size_t) k, sizeof(double));
	if (job->driver_shift == NULL || job->driver_mean == NULL)
		return no_memory(job);
	for (int32_t j = 0; j < k; j++)
	{
		double		largest = 0.0;
		double		sum = 0.0;

		job->driver_shift[j] = 0;
		job->driver_mean[j] = 0.0;
		for (int64_t t = 0; t < job->n; t++)
			largest = fmax(largest, fabs(driver_at(job, j, t)));
		(void) frexp(largest, &job->driver_shift[j]);
		if (sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int64_t t = 0; t < job->n; t++)
			sum += driver_at(job, j, t);
		job->driver_mean[j] = sum / (double) job->n;
		if (sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Trims, scales and fills the series. */
static SfStatus
prepare(SfArena *arena, const SfSeries *s, SfForecast *out, Job *job)
{
	int32_t		first = 0;
	int32_t		last = s->n - 1;
	double		largest = 0.0;
	double	   *scaled = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	double	   *filled = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	SfSeries	series = *s;
	SfStatus	status;

	*job = (Job) {.arena = arena, .s = s, .out = out};
	job->gap = sf_arena_take(arena, (size_t) s->n, sizeof(int32_t));
	if (scaled == NULL || filled == NULL || job->gap == NULL)
		return no_memory(job);
	for (int32_t t = 0; t < s->n; t++)
		if (!isnan(s->y[t]))
			largest = fmax(largest, fabs(s->y[t]));
	(void) frexp(largest, &job->shift);
	/* scaled before it is filled, so that no sum overflows */
	for (int32_t t = 0; t < s->n; t++)
		scaled[t] = ldexp(s->y[t], -job->shift);
	series.y = scaled;
	status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = sf_series_fill(arena, &series, filled);
	if (status != SF_OK)
		return status;
	while (isnan(s->y[first]))
		first++;
	while (isnan(s->y[last]))
		last--;
	job->lead = first;
	job->n = last - first + 1;
	job->trail = s->n - 1 - last;
	job->y = filled + first;
	for (int32_t t = 0; t < job->n; t++)
		if (isnan(s->y[first + t]))
			job->gap[job->gaps++] = t;
	status = sf_poll(arena->ctx);
	return status == SF_OK ? prepare_drivers(job) : status;
}

/* x[n] without what the drivers explain, by ordinary regression. */
static SfStatus
without_drivers(const Job *job, double *x)
{
	int32_t		k = driver_count(job);
	SfArenaMark mark = sf_arena_mark(job->arena);
	double	   *columns;
	double	   *beta;
	SfMatrixView view;
	SfLsq		fit;
	SfStatus	status;

	memcpy(x, job->y, (size_t) job->n * sizeof(double));
	if (k == 0)
		return SF_OK;
	columns = sf_arena_take(job->arena, (size_t) job->n, (size_t) (k + 1) * sizeof(double));
	beta = sf_arena_take(job->arena, (size_t) k + 1, sizeof(double));
	if (columns == NULL || beta == NULL)
		return no_memory(job);
	for (int64_t t = 0; t < job->n; t++)
	{
		if (t % (POLL_EVERY / (k + 1)) == 0 && sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		columns[t * (k + 1)] = 1.0;
		for (int32_t j = 0; j < k; j++)
			columns[t * (k + 1) + 1 + j] = driver_at(job, j, t);
	}
	view = (SfMatrixView) {columns, job->n, k + 1, k + 1};
	status = sf_least_squares(job->arena, view, x, NULL, beta, &fit);
	if (status == SF_OVERFLOW)
		return SF_OK;
	if (status != SF_OK)
		return status;
	for (int64_t t = 0; t < job->n; t++)
	{
		if (t % (POLL_EVERY / (k + 1)) == 0 && sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int32_t j = 0; j < k; j++)
			x[t] -= beta[1 + j] * columns[t * (k + 1) + 1 + j];
	}
	sf_arena_rewind(job->arena, mark);
	return SF_OK;
}

/* Differences x[n] as the model does; returns how many values are left. */
static int64_t
difference(const Job *job, double *x, int64_t n)
{
	for (int32_t i = 0; i < job->spec.D; i++)
		n = sf_difference(x, n, job->spec.period);
	for (int32_t i = 0; i < job->spec.d; i++)
		n = sf_difference(x, n, 1);
	return n;
}

static int64_t
lost_values(const Job *job)
{
	return job->spec.d + (int64_t) job->spec.D * job->spec.period;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The first period that tests and estimates look at. */
static int64_t
window_start(const Job *job)
{
	return larger(0, job->n - (FIT_WINDOW + 4 * larger(job->spec.period, lost_values(job))));
}

/*
 * The differenced series and its columns from period `from` on: gaps (unless
 * NULL), drivers, mean, drift.
 */
static SfStatus
build(const Job *job, int64_t from, bool with_gaps, SfArmaData *data)
{
	int32_t		drivers = driver_count(job);
	int32_t		first = 0;
	int64_t		n = job->n - from;
	int64_t		c;
	double	   *x;

	while (first < job->gaps && job->gap[first] < from)
		first++;
	*data = (SfArmaData) {.gaps = with_gaps ? job->gaps - first : 0, .stride = n, .n = n - lost_values(job)};
	data->cols = data->gaps + drivers + job->mean + job->drift;
	data->ridge = drivers == 0 ? RIDGE_NONE : drivers > data->n / 4 ? RIDGE_MANY : RIDGE_DRIVERS;
	data->x = x = sf_arena_take(job->arena, (size_t) n, (size_t) (1 + data->cols) * sizeof(double));
	if (x == NULL)
		return no_memory(job);
	for (c = 0; c <= data->cols; c++)
	{
		memset(x + c * n, 0, (size_t) n * sizeof(double));
		if (sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	c = 1;
	memcpy(x, job->y + from, (size_t) n * sizeof(double));
	for (int32_t g = 0; g < data->gaps; g++, c++)
		x[c * n + job->gap[first + g] - from] = 1.0;
	for (int32_t j = 0; j < drivers; j++, c++)
	{
		for (int64_t t = 0; t < n; t++)
			x[c * n + t] = driver_at(job, j, from + t);
		if (sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int64_t t = 0; job->mean && t < n; t++)
		x[c * n + t] = 1.0;
	c += job->mean;
	for (int64_t t = 0; job->drift && t < n; t++)
		x[c * n + t] = (double) (from + t) - 0.5 * (double) (job->n - 1);
	for (c = 0; c <= data->cols; c++)
	{
		(void) difference(job, x + c * n, n);
		if (sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* d and D by the tests; whether nothing but a constant is left. */
static SfStatus
choose_differences(Job *job, bool *constant)
{
	int64_t		from = window_start(job);
	int64_t		n = job->n - from;
	double	   *x = sf_arena_take(job->arena, (size_t) job->n, sizeof(double));
	double		strength = 0.0;
	SfStatus	status;

	if (x == NULL)
		return no_memory(job);
	status = without_drivers(job, x);
	x += from;
	if (status == SF_OK && !sf_is_constant(x, n, 1.0))
		status = sf_seasonal_strength(job->arena, x, (int32_t) n, job->spec.period, &strength);
	if (status != SF_OK)
		return status;
	if (strength > SF_SEASONAL_STRENGTH_MIN)
	{
		job->spec.D = 1;
		n = sf_difference(x, n, job->spec.period);
	}
	if (sf_cancelled(job->arena->ctx))
		return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	job->spec.d = sf_ordinary_differences(x, n, SF_ARIMA_DIFFERENCES_MAX, 1.0);
	n -= job->spec.d;
	*constant = sf_is_constant(x, n, 1.0) && driver_count(job) == 0;
	return SF_OK;
}

static int32_t
smaller(int64_t a, int64_t b)
{
	return (int32_t) (a < b ? a : b);
}

/* What the differences leave room for: a mean, a drift or neither; mandatory ones are no question. */
static bool
allow_constant(Job *job)
{
	job->mean = job->spec.d + job->spec.D == 0;
	job->drift = job->spec.d + job->spec.D == 1;
	/* drivers have lost their mean, so without differences a mean must stay */
	return job->drift || (job->mean && driver_count(job) == 0);
}

/* Orders p, q, P, Q and the constant, with d and D given. */
static SfStatus
search_orders(Job *job, bool plain, SfArmaChoice *choice)
{
	int64_t		seen = job->n - job->gaps;
	int32_t		m = job->spec.period;
	int64_t		from = larger(0, job->n - (SEARCH_WINDOW + 8 * (int64_t) m));
	int32_t		order = plain ? 0 : smaller(AUTO_ORDER_MAX, seen / 3);
	int32_t		seasonal = plain || m < 2 ? 0 : smaller(AUTO_SEASONAL_MAX, seen / 3 / m);
	SfArmaSearch search = {.max = {order, order, seasonal, seasonal, m}, .constant = allow_constant(job)};
	SfArmaOrder usual = {2, 2, smaller(1, seasonal), smaller(1, seasonal), m};
	SfArenaMark mark = sf_arena_mark(job->arena);
	bool		exact;
	SfArmaData	data;
	SfArmaWork	work;
	SfStatus	status = build(job, from, false, &data);

	if (status != SF_OK)
		return status;
	exact = data.n * sf_arma_size(usual) <= SEARCH_EXACT_MAX;
	status = sf_arma_work_take(job->arena, data.stride, data.cols, (int32_t) sf_arma_size(search.max),
							   2 * (order + seasonal), exact, &work);
	if (status == SF_OK)
		status = sf_arma_search(job->arena, &work, &data, &search, choice);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(job->arena, mark);
	sf_forecast_note(job->out, "models tried", choice->models);
	return SF_OK;
}

static SfArmaOrder
order_of(const Job *job)
{
	SfArmaOrder order = {job->spec.p, job->spec.q, job->spec.P, job->spec.Q, job->spec.period};

	return order;
}

/* Estimates all parameters of the chosen model. */
static SfStatus
estimate(Job *job)
{
	SfArmaOrder order = order_of(job);
	int64_t		size = sf_arma_size(order);
	int64_t		from = window_start(job);
	bool		exact = (job->n - from) * size <= FIT_EXACT_MAX;
	bool		gaps = exact && job->gaps <= GAPS_MAX && job->gaps * (job->n - from) * size <= GAPS_WORK_MAX;
	SfArmaEffort effort = {.tolerance = FIT_TOLERANCE, .steps_max = FIT_STEPS, .aicc_wanted = INFINITY, .beta = true};
	SfArmaData	data;
	SfArmaWork	work;
	SfStatus	status = build(job, from, gaps, &data);

	if (status != SF_OK)
		return status;
	status = sf_arma_work_take(job->arena, data.stride, data.cols, (int32_t) size,
							   order.p + order.q + order.P + order.Q, exact, &work);
	if (status != SF_OK)
		return status;
	job->beta = sf_arena_take(job->arena, (size_t) data.cols + 1, sizeof(double));
	if (job->beta == NULL)
		return no_memory(job);
	job->fit.order = order;
	job->fit.beta = job->beta;
	job->gaps_fitted = data.gaps;
	return sf_arma_fit(&work, &data, &effort, &job->fit);
}

/* What mean, drift and drivers (not gaps) add in period t from the first observation. */
static double
regression_at(const Job *job, int64_t t)
{
	int32_t		drivers = driver_count(job);
	const double *beta = job->beta + job->gaps_fitted;
	double		sum = 0.0;

	for (int32_t j = 0; j < drivers; j++)
		sum += beta[j] * driver_at(job, j, t);
	if (job->mean)
		sum += beta[drivers];
	if (job->drift)
		sum += beta[drivers + job->mean] * ((double) t - 0.5 * (double) (job->n - 1));
	return sum;
}

/* eta[n] = the series, gaps as estimated, without its regression. */
static SfStatus
errors_of(const Job *job, double *eta)
{
	for (int64_t t = 0; t < job->n; t++)
	{
		if (t % (POLL_EVERY / (driver_count(job) + 1)) == 0 && sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		eta[t] = job->y[t] - regression_at(job, t);
	}
	for (int32_t g = 0; g < job->gaps_fitted; g++)
		eta[job->gap[job->gaps - job->gaps_fitted + g]] -= job->beta[g];
	return SF_OK;
}

/*
 * One pass over the differenced errors w[n]: error[n] of the one-step forecasts
 * (NaN where there is none) and the expected next `h` of w.
 */
static SfStatus
run_filter(const Job *job, const double *w, int64_t n, double *error, double *ahead, int64_t h)
{
	SfArmaOrder order = order_of(job);
	bool		exact = n * sf_arma_size(order) <= FIT_EXACT_MAX;
	SfArmaFilter f;
	double	   *state;
	double		log_det;
	SfStatus	status = sf_arma_filter_take(job->arena, (int32_t) sf_arma_size(order), n, exact, &f);

	if (status != SF_OK)
		return status;
	state = sf_arena_take(job->arena, (size_t) (f.size_max + h + 1), sizeof(double));
	if (state == NULL)
		return no_memory(job);
	memset(state, 0, (size_t) (f.size_max + h + 1) * sizeof(double));
	sf_arma_filter_set(&f, &job->fit.arma);
	if (exact)
	{
		status = sf_arma_whiten_exact(&f, &job->fit.arma, w, n, n, 1, error, &log_det);
		if (status != SF_OK)
			return status;
		/* the expected values stay where the state has passed */
		for (int64_t t = 0; t < n; t++)
			error[t] = w[t] - f.state[t];
		memcpy(state, f.state + n, (size_t) f.size * sizeof(double));
	}
	else
	{
		status = sf_arma_whiten_conditional(&f, &job->fit.arma, w, n, n, 1, error);
		if (status != SF_OK)
			return status;
		sf_arma_state(&f, w, error, n, state);
		for (int64_t t = 0; t < n && t < f.ar_lag_max; t++)
			error[t] = NAN;
	}
	sf_arma_continue(&f, state, ahead, h);
	return SF_OK;
}

/* sigma^2 sum of psi^2, h steps. */
static SfStatus
variances(const Job *job, double *variance, int64_t h)
{
	SfArmaFilter f;
	double		freedom = (double) (job->fit.used - job->fit.parameters + 1);
	double		sigma2 = freedom > 0.0 ? job->fit.squares / freedom : NAN;
	double		sum = 0.0;
	SfStatus	status = sf_arma_filter_take(job->arena, (int32_t) sf_arma_size(order_of(job)), 0, 0, &f);

	if (status != SF_OK)
		return status;
	sf_arma_filter_set(&f, &job->fit.arma);
	sf_arma_weights(&f, job->spec.d, job->spec.D, job->spec.period, variance, h);
	for (int64_t i = 0; i < h; i++)
	{
		sum += variance[i] * variance[i];
		variance[i] = sigma2 * sum;
	}
	return SF_OK;
}

/* eta[n + h]: the h expected differences after n values become levels again. */
static void
sum_up(const Job *job, double *eta, const double *ahead, int64_t h)
{
	static const double binomial[3][3] = {{1, 0, 0}, {1, -1, 0}, {1, -2, 1}};
	const double *ordinary = binomial[job->spec.d];
	const double *seasonal = binomial[job->spec.D];

	for (int64_t i = 0; i < h; i++)
	{
		double	   *now = eta + job->n + i;
		double		sum = ahead[i];

		for (int64_t a = 0; a <= job->spec.d; a++)
			for (int64_t b = 0; b <= job->spec.D; b++)
				if (a + b > 0)
					sum -= ordinary[a] * seasonal[b] * now[-(a + b * job->spec.period)];
		*now = sum;
	}
}

/* x 2^shift, the largest number where that is beyond it. */
static double
unscale(double x, int shift)
{
	double		y = ldexp(x, shift);

	return isinf(y) ? copysign(DBL_MAX, y) : y;
}

/* Forecasts, variances and fitted values of the model that was estimated. */
static SfStatus
project(Job *job)
{
	SfForecast *out = job->out;
	int64_t		h = (int64_t) out->horizon + job->trail;
	int64_t		lost = lost_values(job);
	int64_t		n = job->n - lost;
	double	   *eta = sf_arena_take(job->arena, (size_t) (job->n + h), sizeof(double));
	double	   *w = sf_arena_take(job->arena, (size_t) job->n, 2 * sizeof(double));
	double	   *ahead = sf_arena_take(job->arena, (size_t) h, 2 * sizeof(double));
	double	   *error;
	SfStatus	status;

	if (eta == NULL || w == NULL || ahead == NULL)
		return no_memory(job);
	error = w + job->n;
	status = errors_of(job, eta);
	if (status != SF_OK)
		return status;
	memcpy(w, eta, (size_t) job->n * sizeof(double));
	(void) difference(job, w, job->n);
	status = sf_poll(job->arena->ctx);
	if (status == SF_OK)
		status = run_filter(job, w, n, error, ahead, h);
	if (status == SF_OK)
		status = variances(job, ahead + h, h);
	if (status != SF_OK)
		return status;
	sum_up(job, eta, ahead, h);
	for (int64_t i = 0; i < out->horizon; i++)
	{
		int64_t		t = job->trail + i;

		if (i % (POLL_EVERY / (driver_count(job) + 1)) == 0 && sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		out->mean[i] = unscale(eta[job->n + t] + regression_at(job, job->n + t), job->shift);
		out->variance[i] = unscale(ahead[h + t], 2 * job->shift);
	}
	for (int64_t t = 0; out->fitted != NULL && t < job->s->n; t++)
	{
		int64_t		at = t - job->lead;

		if (t % (POLL_EVERY / (driver_count(job) + 1)) == 0 && sf_cancelled(job->arena->ctx))
			return sf_fail(job->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		out->fitted[t] = at < lost || at >= job->n ? NAN
			: unscale(eta[at] + regression_at(job, at) - error[at - lost], job->shift);
	}
	return SF_OK;
}

/* "ar3" */
static void
note_numbered(SfForecast *out, const char *kind, int32_t number, double value)
{
	SfForecast	name = {.label = ""};

	sf_forecast_label(&name, kind);
	sf_label_int(&name, number);
	sf_forecast_note(out, name.label, value);
}

static void
note_all(SfForecast *out, const char *kind, const double *value, int32_t count)
{
	for (int32_t i = 0; i < count; i++)
		note_numbered(out, kind, i + 1, value[i]);
}

static void
label_orders(SfForecast *out, int32_t p, int32_t d, int32_t q)
{
	sf_label_text(out, "(");
	sf_label_int(out, p);
	sf_label_text(out, ",");
	sf_label_int(out, d);
	sf_label_text(out, ",");
	sf_label_int(out, q);
	sf_label_text(out, ")");
}

static void
make_label(const Job *job)
{
	const SfArimaSpec *s = &job->spec;
	SfForecast *out = job->out;
	bool		drivers = driver_count(job) > 0;

	sf_forecast_label(out, drivers ? "Regression with ARIMA" : "ARIMA");
	label_orders(out, s->p, s->d, s->q);
	if (s->P + s->D + s->Q > 0)
	{
		label_orders(out, s->P, s->D, s->Q);
		sf_label_text(out, "[");
		sf_label_int(out, s->period);
		sf_label_text(out, "]");
	}
	if (drivers)
		sf_label_text(out, " errors");
	if (job->drift)
		sf_label_text(out, " with drift");
	else if (job->mean && !drivers)
		sf_label_text(out, " with mean");
}

/* The likelihood of the series in its own unit. */
static void
note_fit(const Job *job)
{
	SfForecast *out = job->out;
	double		freedom = (double) (job->fit.used - job->fit.parameters + 1);
	double		sigma2 = freedom > 0.0 ? job->fit.squares / freedom : NAN;
	double		unit = (double) job->fit.used * (double) job->shift * 0.69314718055994530942;

	if (freedom > 0.0)
		sf_forecast_amount(out, "sigma", unscale(sqrt(sigma2), job->shift));
	sf_forecast_note(out, "log likelihood", job->fit.log_likelihood - unit);
	if (isfinite(job->fit.aicc))
		sf_forecast_note(out, "aicc", job->fit.aicc + 2.0 * unit);
}

static void
describe(const Job *job)
{
	const SfArma *arma = &job->fit.arma;
	SfForecast *out = job->out;
	int32_t		drivers = driver_count(job);
	const double *beta = job->beta + job->gaps_fitted;
	double		mean = job->mean ? beta[drivers] : 0.0;

	make_label(job);
	out->converged = job->fit.converged;
	note_all(out, "ar", arma->ar, arma->order.p);
	note_all(out, "ma", arma->ma, arma->order.q);
	note_all(out, "seasonal ar", arma->sar, arma->order.P);
	note_all(out, "seasonal ma", arma->sma, arma->order.Q);
	for (int32_t j = 0; j < drivers; j++)
		mean -= beta[j] * job->driver_mean[j];
	/* with a drift as well the mean stands for the middle of the series */
	if (job->mean)
		sf_forecast_amount(out, "mean", unscale(mean, job->shift));
	if (job->drift)
		sf_forecast_amount(out, "drift", unscale(beta[drivers + job->mean], job->shift));
	note_fit(job);
	for (int32_t j = 0; j < drivers; j++)
	{
		int32_t		at = out->notes;

		note_numbered(out, "driver ", j + 1, unscale(beta[j], job->shift - job->driver_shift[j]));
		if (out->notes > at)
			out->note[at].amount = true;
	}
}

static SfStatus
finish(Job *job)
{
	SfStatus	status = project(job);

	if (status == SF_OK)
		describe(job);
	return status;
}

/* Estimates the best model that does not end at the unit circle; if all do, the first. */
static SfStatus
estimate_best(Job *job, const SfArmaChoice *choice)
{
	SfStatus	status = SF_OK;

	for (int32_t i = 0; status == SF_OK && i <= choice->count; i++)
	{
		const SfArmaModel *model = &choice->best[i < choice->count ? i : 0];

		if (allow_constant(job) && !model->constant)
			job->mean = job->drift = false;
		job->spec.p = model->order.p;
		job->spec.q = model->order.q;
		job->spec.P = model->order.P;
		job->spec.Q = model->order.Q;
		memcpy(job->fit.partial, model->partial, sizeof model->partial);
		status = estimate(job);
		if (!job->fit.near_unit)
			break;
	}
	return status;
}

SfStatus
sf_arima_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	SfArmaChoice choice;
	bool		constant;
	Job			job;
	SfStatus	status = prepare(arena, s, out, &job);

	if (status != SF_OK)
		return status;
	job.spec.period = sf_series_season(s);
	status = choose_differences(&job, &constant);
	if (status == SF_OK)
		status = search_orders(&job, constant, &choice);
	if (status == SF_OK)
		status = estimate_best(&job, &choice);
	return status == SF_OK ? finish(&job) : status;
}

/* Takes away from the orders what the series is too short for. */
static void
cut_orders(Job *job)
{
	SfArimaSpec *s = &job->spec;
	int64_t		seen = job->n - job->gaps;

	if (s->period < 2 || (int64_t) s->period * (s->D + larger(s->P, s->Q)) >= seen)
		s->P = s->D = s->Q = 0;
	while (s->d > 0 && lost_values(job) + 1 >= seen)
		s->d--;
	while (s->p + s->q + s->P + s->Q > 0 && lost_values(job) + s->p + s->q + s->P + s->Q + 2 > seen)
	{
		if (s->p + s->q == 0)
			s->P = s->Q = 0;
		else if (s->q >= s->p)
			s->q--;
		else
			s->p--;
	}
	job->mean = s->mean || s->d + s->D == 0;
	job->drift = s->drift && seen > lost_values(job) + 1 && s->d + s->D <= 1;
}

SfStatus
sf_arima_spec_forecast(SfArena *arena, const SfSeries *s, const SfArimaSpec *spec, SfForecast *out)
{
	Job			job;
	SfStatus	status = prepare(arena, s, out, &job);

	if (status != SF_OK)
		return status;
	job.spec = *spec;
	if (job.spec.period == 0)
		job.spec.period = sf_series_season(s);
	cut_orders(&job);
	/* a model without a mean was asked for, and none of its differences was taken away */
	if (!spec->mean && spec->d + spec->D == 0)
		job.mean = false;
	status = estimate(&job);
	return status == SF_OK ? finish(&job) : status;
}
