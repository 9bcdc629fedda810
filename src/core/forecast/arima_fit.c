/*
 * arima_fit.c
 *		One regression with seasonal ARMA errors, fitted to a differenced series.
 */
#include "core/forecast/arima_fit.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/*
 * How far partial autocorrelations may go.  A seasonal one near 1 means figures
 * that never change; beyond .98 the likelihood is flat and the filter slow.
 */
#define PARTIAL_MAX 0.9999
#define SEASONAL_PARTIAL_MAX 0.98

/*
 * A polynomial is too near the unit circle when it has a root below this: 1.01 as
 * in R's auto.arima for single periods; ours for seasons, where 1.01 a period
 * would forbid all but weak seasonal terms.
 */
#define ROOT_MIN 1.01
#define SEASONAL_ROOT_MIN 1.03

/* Step of the differences; the residuals are smooth, so rounding decides. */
#define DIFFERENCE 1e-6

/* A variance below this part of the (unit) size of the series counts as no noise. */
#define NO_NOISE 1e-26

/* n (1 + cols) up to which eight passes run side by side: their states stay in the cache. */
#define LANES_VALUES_MAX 8000

/* Multiplications that one row of the normal equations may take without a poll. */
#define POLL_WORK 100000

/* Damping at the start; a step that fails raises it tenfold, until it is given up. */
#define DAMPING_START 1e-3
#define DAMPING_MAX 1e8

typedef struct Objective
{
	double		value;			/* n log of the scaled sum of squares */
	double		squares;		/* before scaling */
	double		log_det;
} Objective;

SfStatus
sf_arma_work_take(SfArena *arena, int64_t n_max, int32_t cols_max, int32_t size_max,
				  int32_t variables_max, bool exact, SfArmaWork *work)
{
	bool		lanes = exact && n_max * (1 + cols_max) <= LANES_VALUES_MAX;
	SfStatus	status;

	*work = (SfArmaWork) {.exact = exact, .side_by_side = lanes, .variables_max = variables_max};
	status = sf_arma_filter_take(arena, size_max, n_max, exact ? 1 + cols_max : 0, &work->filter);
	if (status == SF_OK && lanes)
		status = sf_arma_lanes_take(arena, &work->filter, &work->lanes);
	if (status != SF_OK)
		return status;
	work->white = sf_arena_take(arena, (size_t) n_max * (lanes ? SF_LANES : 1), ((size_t) cols_max + 1) * sizeof(double));
	work->residual = sf_arena_take(arena, (size_t) n_max, sizeof(double));
	work->trial = sf_arena_take(arena, (size_t) n_max, sizeof(double));
	work->jacobian = sf_arena_take(arena, (size_t) n_max, ((size_t) variables_max + 1) * sizeof(double));
	work->normal = sf_arena_take(arena, (size_t) cols_max + 1, ((size_t) cols_max + 1) * sizeof(double));
	work->size = sf_arena_take(arena, (size_t) cols_max + 1, sizeof(double));
	if (work->white == NULL || work->residual == NULL || work->trial == NULL || work->jacobian == NULL ||
		work->normal == NULL || work->size == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static double
dot(const double *restrict a, const double *restrict b, int64_t n)
{
	double		sum[4] = {0.0, 0.0, 0.0, 0.0};
	double		rest = 0.0;
	int64_t		i = 0;

	/* four sums in a fixed order: as fast as the machine adds, the same everywhere */
	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		rest += a[i] * b[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]) + rest;
}

static int32_t
variable_count(SfArmaOrder o)
{
	return o.p + o.q + o.P + o.Q;
}

/* Moving-average coefficients are those of an AR process with the other sign. */
static void
ma_from_partial(const double *partial, int32_t k, double *a)
{
	sf_arma_from_partial(partial, k, a);
	for (int32_t i = 0; i < k; i++)
		a[i] = -a[i];
}

static void
arma_of(SfArmaOrder o, const double *partial, SfArma *arma)
{
	arma->order = o;
	sf_arma_from_partial(partial, o.p, arma->ar);
	ma_from_partial(partial + o.p, o.q, arma->ma);
	sf_arma_from_partial(partial + o.p + o.q, o.P, arma->sar);
	ma_from_partial(partial + o.p + o.q + o.P, o.Q, arma->sma);
}

/* The largest value of variable i. */
static double
bound_of(SfArmaOrder o, int32_t i)
{
	return i < o.p + o.q ? PARTIAL_MAX : SEASONAL_PARTIAL_MAX;
}

/*
 * Cholesky of the normal equations of the whitened columns, each scaled to
 * length 1; a column of no length is left out (size 0).  Adds the log
 * determinant over the columns of missing values.
 */
static SfStatus
factor_columns(SfArmaWork *work, const SfArmaData *data, const double *white, double *log_det)
{
	int32_t		k = data->cols;
	double	   *a = work->normal;

	for (int32_t i = 0; i < k; i++)
	{
		const double *column = white + (i + 1) * data->stride;
		double		length = dot(column, column, data->n);

		work->size[i] = length > NO_NOISE * (double) data->n ? 1.0 / sqrt(length) : 0.0;
		for (int32_t j = 0; j <= i; j++)
		{
			double		sum = i == j ? 1.0 + data->ridge
				: dot(column, white + (j + 1) * data->stride, data->n) * work->size[i] * work->size[j];

			for (int32_t l = 0; l < j; l++)
				sum -= a[i * k + l] * a[j * k + l];
			a[i * k + j] = i == j ? sqrt(fmax(sum, data->ridge)) : sum / a[j * k + j];
		}
		if (i < data->gaps && work->size[i] > 0.0)
			*log_det += 2.0 * log(a[i * k + i] / work->size[i]);
		if (i * data->n > POLL_WORK && sf_cancelled(work->filter.ctx))
			return sf_fail(work->filter.ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* beta by the factor, and residual = series - columns beta, all whitened. */
static void
regress(const SfArmaWork *work, const SfArmaData *data, const double *white, double *beta, double *residual)
{
	int32_t		k = data->cols;
	const double *a = work->normal;

	memcpy(residual, white, (size_t) data->n * sizeof(double));
	for (int32_t i = 0; i < k; i++)
	{
		beta[i] = dot(white + (i + 1) * data->stride, white, data->n) * work->size[i];
		for (int32_t l = 0; l < i; l++)
			beta[i] -= a[i * k + l] * beta[l];
		beta[i] /= a[i * k + i];
	}
	for (int32_t i = k - 1; i >= 0; i--)
	{
		for (int32_t l = i + 1; l < k; l++)
			beta[i] -= a[l * k + i] * beta[l];
		beta[i] /= a[i * k + i];
	}
	for (int32_t i = 0; i < k; i++)
	{
		const double *column = white + (i + 1) * data->stride;

		beta[i] *= work->size[i];
		for (int64_t t = 0; t < data->n; t++)
			residual[t] -= column[t] * beta[i];
	}
}

static int64_t
values_used(const SfArmaWork *work, const SfArmaData *data)
{
	int64_t		lost = work->exact ? data->gaps : work->filter.ar_lag_max;

	return data->n > lost ? data->n - lost : 1;
}

/* The objective and the scaled residuals from the whitened series and columns. */
static SfStatus
conclude(SfArmaWork *work, const SfArmaData *data, const SfArmaFit *fit, const double *white, double *residual,
		 Objective *at)
{
	double		n = (double) values_used(work, data);
	double		scale;

	if (data->cols > 0)
	{
		SfStatus	status = factor_columns(work, data, white, &at->log_det);

		if (status != SF_OK)
			return status;
		regress(work, data, white, fit->beta, residual);
	}
	else
		memcpy(residual, white, (size_t) data->n * sizeof(double));
	at->squares = dot(residual, residual, data->n);
	at->value = n * log(at->squares + NO_NOISE * n) + at->log_det;
	scale = exp(0.5 * at->log_det / n);
	if (scale != 1.0)
		for (int64_t t = 0; t < data->n; t++)
			residual[t] *= scale;
	return SF_OK;
}

/* The same for one set of variables. */
static SfStatus
evaluate(SfArmaWork *work, const SfArmaData *data, const SfArmaFit *fit, const double *partial,
		 double *residual, Objective *at)
{
	SfArma		arma;
	SfStatus	status;

	arma_of(fit->order, partial, &arma);
	sf_arma_filter_set(&work->filter, &arma);
	at->log_det = 0.0;
	if (work->exact)
		status = sf_arma_whiten_exact(&work->filter, &arma, data->x, data->n, data->stride, 1 + data->cols,
									  work->white, &at->log_det);
	else
		status = sf_arma_whiten_conditional(&work->filter, &arma, data->x, data->n, data->stride, 1 + data->cols,
											work->white);
	return status == SF_OK ? conclude(work, data, fit, work->white, residual, at) : status;
}

/* partial with variable i moved a little towards 0. */
static double
move_variable(const SfArmaFit *fit, int32_t i, double *partial)
{
	double		step = fit->partial[i] > 0.0 ? -DIFFERENCE : DIFFERENCE;

	memcpy(partial, fit->partial, sizeof fit->partial);
	partial[i] += step;
	return step;
}

static void
make_difference(const SfArmaWork *work, const SfArmaData *data, double step, double *column)
{
	double		factor = 1.0 / step;

	for (int64_t t = 0; t < data->n; t++)
		column[t] = (column[t] - work->residual[t]) * factor;
}

/* Columns from .. to - 1 of the Jacobian, at most SF_LANES of them. */
static SfStatus
differences_lanes(SfArmaWork *work, const SfArmaData *data, const SfArmaFit *fit, int32_t from, int32_t to)
{
	int64_t		size = (1 + data->cols) * data->stride;
	double		partial[SF_ARMA_VARIABLES_MAX];
	double		step[SF_LANES];
	double		log_det[SF_LANES];
	SfArma		arma[SF_LANES];
	SfStatus	status;

	for (int32_t i = from; i < to; i++)
	{
		step[i - from] = move_variable(fit, i, partial);
		arma_of(fit->order, partial, &arma[i - from]);
	}
	status = sf_arma_whiten_lanes(&work->lanes, arma, to - from, data->x, data->n, data->stride, 1 + data->cols,
								  work->white, size, log_det);
	for (int32_t i = from; status == SF_OK && i < to; i++)
	{
		double	   *column = work->jacobian + i * data->stride;
		Objective	at = {.log_det = log_det[i - from]};

		status = conclude(work, data, fit, work->white + (i - from) * size, column, &at);
		make_difference(work, data, step[i - from], column);
	}
	return status;
}

static SfStatus
differences(SfArmaWork *work, const SfArmaData *data, const SfArmaFit *fit)
{
	int32_t		k = variable_count(fit->order);
	SfStatus	status = SF_OK;

	for (int32_t i = 0; work->side_by_side && status == SF_OK && i < k; i += SF_LANES)
		status = differences_lanes(work, data, fit, i, i + SF_LANES < k ? i + SF_LANES : k);
	for (int32_t i = 0; !work->side_by_side && status == SF_OK && i < k; i++)
	{
		double		partial[SF_ARMA_VARIABLES_MAX];
		double		step = move_variable(fit, i, partial);
		double	   *column = work->jacobian + i * data->stride;
		Objective	at;

		status = evaluate(work, data, fit, partial, column, &at);
		if (status == SF_OK)
			make_difference(work, data, step, column);
	}
	return status;
}

/* What the minimizer knows at one point: of half the sum of squares. */
typedef struct Model
{
	int32_t		k;
	double		a[SF_ARMA_VARIABLES_MAX][SF_ARMA_VARIABLES_MAX];	/* J'J */
	double		s[SF_ARMA_VARIABLES_MAX][SF_ARMA_VARIABLES_MAX];	/* what J'J lacks of the
																	 * second derivatives */
	double		g[SF_ARMA_VARIABLES_MAX];	/* gradient J'r */
	double		carried[SF_ARMA_VARIABLES_MAX]; /* J'r, this J with the next r */
	double		moved[SF_ARMA_VARIABLES_MAX];	/* the step to the next point */
	bool		held[SF_ARMA_VARIABLES_MAX];
} Model;

/*
 * step[k] = -(J'J + S + damping diag J'J)^-1 g, variables that are held left out;
 * returns how much of the sum of squares it promises.
 */
static double
damped_step(const Model *model, double damping, double *step)
{
	double		l[SF_ARMA_VARIABLES_MAX][SF_ARMA_VARIABLES_MAX];
	double		promise = 0.0;
	const bool *held = model->held;
	int32_t		k = model->k;

	for (int32_t i = 0; i < k; i++)
	{
		double		floor = model->a[i][i] * (1e-12 + 0.01 * damping) + 1e-300;

		step[i] = held[i] ? 0.0 : -model->g[i];
		for (int32_t j = 0; j <= i; j++)
		{
			double		sum = held[i] || held[j] ? 0.0 : model->a[i][j] + model->s[i][j];

			if (i == j)
				sum = held[i] ? 1.0 : sum + damping * model->a[i][i];
			for (int32_t m = 0; m < j; m++)
				sum -= l[i][m] * l[j][m];
			l[i][j] = i == j ? sqrt(fmax(sum, floor)) : sum / l[j][j];
			if (j < i)
				step[i] -= l[i][j] * step[j];
		}
		step[i] /= l[i][i];
	}
	for (int32_t i = k - 1; i >= 0; i--)
	{
		for (int32_t j = i + 1; j < k; j++)
			step[i] -= l[j][i] * step[j];
		step[i] /= l[i][i];
		promise -= held[i] ? 0.0 : model->g[i] * step[i];
	}
	return promise;
}

/* The trial point within the bounds; variables at a bound and pushed on are held next. */
static void
trial_point(const SfArmaFit *fit, const double *step, double *partial)
{
	int32_t		k = variable_count(fit->order);

	for (int32_t i = 0; i < k; i++)
	{
		double		bound = bound_of(fit->order, i);

		/* half the way to a bound at most, so that one long step does not end there */
		partial[i] = fit->partial[i] + step[i];
		if (fabs(partial[i]) > bound)
			partial[i] = fabs(fit->partial[i]) > bound - 0.02 ? copysign(bound, partial[i])
				: 0.5 * (fit->partial[i] + copysign(bound, partial[i]));
	}
}

/*
 * The secant update of S: what the gradient changed by, beyond J'J, along the
 * last step (Dennis, Gay & Welsch, eq. 2.7 and 2.8).  Without it the method
 * zigzags where AR and MA terms nearly cancel.
 */
static void
update_second(Model *model, const double *gradient)
{
	int32_t		k = model->k;
	double		rest[SF_ARMA_VARIABLES_MAX];
	double		y[SF_ARMA_VARIABLES_MAX];
	double		step_y = 0.0;
	double		step_rest = 0.0;
	double		step_s = 0.0;
	double		wanted = 0.0;
	double		scale;

	for (int32_t i = 0; i < k; i++)
	{
		rest[i] = 0.0;
		for (int32_t j = 0; j < k; j++)
			rest[i] += model->s[i][j] * model->moved[j];
		y[i] = gradient[i] - model->g[i];
		step_y += model->moved[i] * y[i];
		step_s += model->moved[i] * rest[i];
		wanted += model->moved[i] * (gradient[i] - model->carried[i]);
	}
	/* no curvature along the step: nothing to learn */
	if (!(step_y > 0.0))
		return;
	scale = fabs(step_s) > fabs(wanted) ? fabs(wanted / step_s) : 1.0;
	for (int32_t i = 0; i < k; i++)
	{
		rest[i] = gradient[i] - model->carried[i] - scale * rest[i];
		step_rest += model->moved[i] * rest[i];
	}
	for (int32_t i = 0; i < k; i++)
		for (int32_t j = 0; j < k; j++)
			model->s[i][j] = scale * model->s[i][j] + (rest[i] * y[j] + y[i] * rest[j]) / step_y
				- step_rest * y[i] * y[j] / (step_y * step_y);
}

/*
 * J'J and gradient at the point of fit, S moved on to it (after the first), and
 * which variables stand at a bound they push against.
 */
static void
update_model(const SfArmaWork *work, const SfArmaData *data, const SfArmaFit *fit, bool first, Model *model)
{
	double		g[SF_ARMA_VARIABLES_MAX] = {0.0};

	for (int32_t i = 0; i < model->k; i++)
	{
		const double *column = work->jacobian + i * data->stride;

		g[i] = dot(column, work->residual, data->n);
		for (int32_t j = 0; j <= i; j++)
			model->a[i][j] = model->a[j][i] = dot(column, work->jacobian + j * data->stride, data->n);
		model->held[i] = fabs(fit->partial[i]) >= bound_of(fit->order, i) && g[i] * fit->partial[i] < 0.0;
	}
	if (!first)
		update_second(model, g);
	memcpy(model->g, g, sizeof g);
}

/* The trial residuals become those of the point; what S needs of it is kept. */
static void
move_on(SfArmaWork *work, const SfArmaData *data, const double *partial, SfArmaFit *fit, Model *model)
{
	double	   *swap = work->residual;

	for (int32_t i = 0; i < model->k; i++)
	{
		model->moved[i] = partial[i] - fit->partial[i];
		model->carried[i] = dot(work->jacobian + i * data->stride, work->trial, data->n);
		fit->partial[i] = partial[i];
	}
	work->residual = work->trial;
	work->trial = swap;
}

/* sigma^2 = S / n in both filters; the conditional one counts the values it left out. */
static void
judge(const SfArmaWork *work, const SfArmaData *data, const Objective *at, SfArmaFit *fit)
{
	double		used = (double) values_used(work, data);
	double		n = work->exact ? used : (double) data->n;
	double		k = variable_count(fit->order) + data->cols - data->gaps + 1;
	double		variance = at->squares / used + NO_NOISE;

	fit->parameters = (int32_t) k;
	fit->used = (int64_t) used;
	fit->squares = at->squares;
	fit->log_likelihood = -0.5 * (n * (log(6.28318530717958647693 * variance) + 1.0) + at->log_det);
	fit->aicc = n > k + 1.0 ? -2.0 * fit->log_likelihood + 2.0 * k * n / (n - k - 1.0) : INFINITY;
}

static SfStatus
minimize(SfArmaWork *work, const SfArmaData *data, const SfArmaEffort *effort, SfArmaFit *fit, Objective *best)
{
	double		n = (double) values_used(work, data);
	double		damping = DAMPING_START;
	Model		model = {.k = variable_count(fit->order)};

	for (int32_t turn = 0; turn < effort->steps_max; turn++)
	{
		double		square = dot(work->residual, work->residual, data->n);
		bool		moved = false;
		SfStatus	status = differences(work, data, fit);

		if (status != SF_OK)
			return status;
		update_model(work, data, fit, turn == 0, &model);
		while (!moved)
		{
			double		step[SF_ARMA_VARIABLES_MAX] = {0.0};
			double		partial[SF_ARMA_VARIABLES_MAX] = {0};
			double		promise = damped_step(&model, damping, step);
			double		gain = 0.5 * n * promise / square;
			Objective	at;

			/* half of n log S is lost when S falls by a part */
			fit->converged = !(gain > effort->tolerance) || damping > DAMPING_MAX;
			if (fit->converged || (effort->aicc_wanted < INFINITY && !(fit->aicc - 4.0 * gain < effort->aicc_wanted)))
				return SF_OK;
			trial_point(fit, step, partial);
			status = evaluate(work, data, fit, partial, work->trial, &at);
			if (status != SF_OK)
				return status;
			moved = at.value < best->value;
			damping *= !moved ? 10.0 : best->value - at.value > 1.5 * gain ? 0.1 : best->value - at.value < 0.5 * gain ? 4.0 : 1.0;
			if (!moved)
				continue;
			*best = at;
			judge(work, data, best, fit);
			move_on(work, data, partial, fit, &model);
		}
	}
	fit->converged = false;
	return SF_OK;
}

/* Whether 1 - sum a_i B^i has a root below `root`. */
static bool
has_root_below(const double *a, int32_t k, double root)
{
	double		grown[SF_ARMA_ORDER_MAX];
	double		partial[SF_ARMA_ORDER_MAX];
	double		power = 1.0;

	for (int32_t i = 0; i < k; i++)
		grown[i] = a[i] * (power *= root);
	return !sf_arma_to_partial(grown, k, partial);
}

static bool
near_unit(const SfArma *arma)
{
	SfArmaOrder o = arma->order;
	double		ma[SF_ARMA_ORDER_MAX];

	for (int32_t i = 0; i < o.q; i++)
		ma[i] = -arma->ma[i];
	return has_root_below(arma->ar, o.p, ROOT_MIN) || has_root_below(ma, o.q, ROOT_MIN) ||
		has_root_below(arma->sar, o.P, SEASONAL_ROOT_MIN);
}

SfStatus
sf_arma_fit(SfArmaWork *work, const SfArmaData *data, const SfArmaEffort *effort, SfArmaFit *fit)
{
	int32_t		k = variable_count(fit->order);
	Objective	best;
	SfStatus	status;

	for (int32_t i = 0; i < k; i++)
		fit->partial[i] = fmin(fmax(fit->partial[i], -bound_of(fit->order, i)), bound_of(fit->order, i));
	status = evaluate(work, data, fit, fit->partial, work->residual, &best);
	if (status != SF_OK)
		return status;
	judge(work, data, &best, fit);
	fit->converged = true;
	if (k > 0)
		status = minimize(work, data, effort, fit, &best);
	/* beta is that of the last trial: once more at the point that was kept */
	if (status == SF_OK && k > 0 && effort->beta && data->cols > 0)
		status = evaluate(work, data, fit, fit->partial, work->residual, &best);
	if (status != SF_OK)
		return status;
	arma_of(fit->order, fit->partial, &fit->arma);
	fit->near_unit = near_unit(&fit->arma);
	return SF_OK;
}
