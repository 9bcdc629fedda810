/*
 * close_hazard.c
 *		Proportional hazards over age buckets, by Newton's method, without a row
 *		per deal and bucket.
 *
 * With proportional hazards a deal enters every sum over its buckets through
 * r = exp(x beta) alone.  What it adds to the buckets it crosses as a whole is
 * written once at either end (a difference array per code) and summed up after
 * the pass, so a pass costs O(features^2) a row whatever the number of buckets.
 */
#pragma GCC optimize("O3")

#include "core/winprob/close_hazard.h"

#include <math.h>
#include <string.h>

#include "core/base/chol.h"

#define STEPS_MAX 50
#define HALVINGS_MAX 30
#define TOLERANCE 1e-9			/* of the expected gain, per unit of 1 + |log likelihood| */
#define LINEAR_MAX 60.0			/* log hazards are kept within this, so that sums stay finite */
#define STEP_MAX 4.0			/* largest move of a weight in a step */
#define PULL 1e-8				/* keeps the hazard of an empty bucket where it is */
#define POLL_ROWS 1024

/* Everything a pass over the rows reads and writes. */
typedef struct Pass
{
	const SfHazardData *data;
	int32_t		n;				/* unknowns */
	const int32_t *offset;		/* [features] of the codes' unknowns */
	double	   *lambda;			/* [buckets] exp(alpha) */
	double	   *cumulative;		/* [buckets] hazard up to its start */
	double	   *gradient;		/* [n] */
	double	   *hessian;		/* [n][n] lower triangle */
	double	   *mass;			/* [buckets] expected closings, and curvature of events */
	double	   *whole;			/* [1 + codes][buckets + 1] differences: deals that cross a bucket */
	double		centre;			/* overall log rate */
} Pass;

static double
clipped(double x)
{
	return x > LINEAR_MAX ? LINEAR_MAX : x < -LINEAR_MAX ? -LINEAR_MAX : x;
}

static void
cumulate(Pass *pass, const double *beta)
{
	const SfHazardData *data = pass->data;
	double		sum = 0;

	for (int32_t k = 0; k < data->buckets; k++)
	{
		pass->lambda[k] = exp(clipped(beta[k]));
		pass->cumulative[k] = sum;
		if (k + 1 < data->buckets)
			sum += pass->lambda[k] * (data->start[k + 1] - data->start[k]);
	}
}

static double
row_relative(const Pass *pass, const double *beta, const uint8_t *code)
{
	double		sum = 0;

	for (int32_t f = 0; f < pass->data->features; f++)
		sum += beta[pass->offset[f] + code[f]];
	return exp(clipped(sum));
}

static double
row_exposure(const Pass *pass, const SfEpisode *e)
{
	const double *start = pass->data->start;

	if (!(e->to > e->from))
		return 0;
	if (e->first == e->last)
		return pass->lambda[e->first] * (e->to - e->from);
	return pass->cumulative[e->last] + pass->lambda[e->last] * (e->to - start[e->last]) -
		(pass->cumulative[e->first] + pass->lambda[e->first] * (e->from - start[e->first]));
}

/* log(1 - exp(-h)) for h > 0 */
static double
log_event(double h)
{
	return h < 0.6931471805599453 ? log(-expm1(-h)) : log1p(-exp(-h));
}

static double
row_value(const Pass *pass, const SfEpisode *e, double relative)
{
	double		value = -relative * row_exposure(pass, e);

	if (e->event >= 0)
	{
		double		rate = relative * pass->lambda[e->event];

		value += e->width > 0 ? log_event(fmax(rate * e->width, 1e-300)) : log(rate);
	}
	return value;
}

/* The penalties' share, to be taken off the log likelihood. */
static double
penalty(const Pass *pass, const double *beta)
{
	const SfHazardData *data = pass->data;
	double		squares = 0;
	double		steps = 0;
	double		pull = 0;

	for (int32_t k = 0; k < data->buckets; k++)
	{
		pull += (beta[k] - pass->centre) * (beta[k] - pass->centre);
		if (k > 0)
			steps += (beta[k] - beta[k - 1]) * (beta[k] - beta[k - 1]);
	}
	for (int32_t j = data->buckets; j < pass->n; j++)
		squares += beta[j] * beta[j];
	for (int32_t f = 0; f < data->features; f++)
		for (int32_t c = 2; data->ordered[f] && c < data->codes[f] - 1; c++)
		{
			double		step = beta[pass->offset[f] + c] - beta[pass->offset[f] + c - 1];

			steps += step * step;
		}
	return 0.5 * (data->ridge * squares + data->smoothness * steps + PULL * pull);
}

static SfStatus
objective(SfCtx *ctx, Pass *pass, const double *beta, double *value)
{
	const SfHazardData *data = pass->data;
	double		sum = 0;

	cumulate(pass, beta);
	for (int64_t i = 0; i < data->rows; i++)
	{
		sum += row_value(pass, &data->episode[i],
						 row_relative(pass, beta, data->code + i * data->features));
		if (i % POLL_ROWS == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*value = sum - penalty(pass, beta);
	return SF_OK;
}

/* First and second derivative of a row's log likelihood along its linear predictor; event parts apart. */
typedef struct Slopes
{
	double		expected;		/* relative * exposure */
	double		event;			/* of the event's term */
	double		curvature;		/* - second derivative of the event's term */
} Slopes;

static Slopes
row_slopes(const Pass *pass, const SfEpisode *e, double relative)
{
	Slopes		s = {relative * row_exposure(pass, e), 0, 0};

	if (e->event < 0)
		return s;
	s.event = 1;
	if (e->width > 0)
	{
		double		h = fmax(relative * pass->lambda[e->event] * e->width, 1e-300);

		if (h > 700)
			s.event = 0;
		else
		{
			s.event = h / expm1(h);
			/* h / (1 - exp(-h)) - 1, which cancels for small h */
			s.curvature = s.event * (h < 1e-5 ? h / 2 : h / -expm1(-h) - 1);
		}
	}
	return s;
}

/* One place's share of a row's deal-days and curvature, by bucket; unknown < 0: the buckets' own. */
static void
add_place(Pass *pass, const SfEpisode *e, double relative, double curvature, double *by_bucket, double *whole)
{
	const double *start = pass->data->start;

	if (e->to > e->from)
	{
		if (e->first == e->last)
			by_bucket[e->first] += relative * pass->lambda[e->first] * (e->to - e->from);
		else
		{
			by_bucket[e->first] += relative * pass->lambda[e->first] * (start[e->first + 1] - e->from);
			by_bucket[e->last] += relative * pass->lambda[e->last] * (e->to - start[e->last]);
			whole[e->first + 1] += relative;
			whole[e->last] -= relative;
		}
	}
	if (e->event >= 0)
		by_bucket[e->event] += curvature;
}

static void
add_row(Pass *pass, const SfEpisode *e, const uint8_t *code, double relative)
{
	const SfHazardData *data = pass->data;
	Slopes		s = row_slopes(pass, e, relative);
	double		slope = s.event - s.expected;
	double		weight = s.expected + s.curvature;
	int32_t		k = data->buckets;

	add_place(pass, e, relative, s.curvature, pass->mass, pass->whole);
	if (e->event >= 0)
	{
		pass->gradient[e->event] += s.event;
		/* mass holds the curvature too; the gradient wants the expected closings only */
		pass->gradient[e->event] += s.curvature;
	}
	for (int32_t f = 0; f < data->features; f++)
	{
		int32_t		a = pass->offset[f] + code[f];
		double	   *row = pass->hessian + (size_t) a * (size_t) pass->n;

		pass->gradient[a] += slope;
		add_place(pass, e, relative, s.curvature, row, pass->whole + (size_t) (a - k + 1) * (size_t) (k + 1));
		for (int32_t g = 0; g <= f; g++)
			row[pass->offset[g] + code[g]] += weight;
	}
}

/* Sum up the difference arrays, put the buckets' own figures in place. */
static void
settle(Pass *pass)
{
	const SfHazardData *data = pass->data;
	int32_t		buckets = data->buckets;

	for (int32_t a = buckets - 1; a < pass->n; a++)
	{
		const double *whole = pass->whole + (size_t) (a - buckets + 1) * (size_t) (buckets + 1);
		double	   *to = a < buckets ? pass->mass : pass->hessian + (size_t) a * (size_t) pass->n;
		double		crossing = 0;

		for (int32_t k = 0; k + 1 < buckets; k++)
		{
			crossing += whole[k];
			to[k] += crossing * pass->lambda[k] * (data->start[k + 1] - data->start[k]);
		}
	}
	for (int32_t k = 0; k < buckets; k++)
	{
		pass->gradient[k] -= pass->mass[k];
		pass->hessian[(size_t) k * (size_t) pass->n + (size_t) k] += pass->mass[k];
	}
}

/* penalty / 2 * (x[b] - x[a])^2, a < b */
static void
penalize_step(Pass *pass, const double *beta, int32_t a, int32_t b, double penalty)
{
	double		pull = penalty * (beta[b] - beta[a]);
	size_t		n = (size_t) pass->n;

	pass->gradient[a] += pull;
	pass->gradient[b] -= pull;
	pass->hessian[(size_t) a * n + (size_t) a] += penalty;
	pass->hessian[(size_t) b * n + (size_t) b] += penalty;
	pass->hessian[(size_t) b * n + (size_t) a] -= penalty;
}

static void
penalize(Pass *pass, const double *beta)
{
	const SfHazardData *data = pass->data;
	size_t		n = (size_t) pass->n;

	for (int32_t j = 0; j < pass->n; j++)
	{
		double		weight = j < data->buckets ? PULL : data->ridge;
		double		from = j < data->buckets ? pass->centre : 0;

		pass->gradient[j] -= weight * (beta[j] - from);
		pass->hessian[(size_t) j * n + (size_t) j] += weight;
		if (j > 0 && j < data->buckets)
			penalize_step(pass, beta, j - 1, j, data->smoothness);
	}
	for (int32_t f = 0; f < data->features; f++)
		for (int32_t c = 2; data->ordered[f] && c < data->codes[f] - 1; c++)
			penalize_step(pass, beta, pass->offset[f] + c - 1, pass->offset[f] + c, data->smoothness);
}

static SfStatus
derivatives(SfCtx *ctx, Pass *pass, const double *beta)
{
	const SfHazardData *data = pass->data;
	size_t		n = (size_t) pass->n;
	size_t		k = (size_t) data->buckets;

	cumulate(pass, beta);
	memset(pass->gradient, 0, n * sizeof(double));
	memset(pass->hessian, 0, n * n * sizeof(double));
	memset(pass->mass, 0, k * sizeof(double));
	memset(pass->whole, 0, (n - k + 1) * (k + 1) * sizeof(double));
	for (int64_t i = 0; i < data->rows; i++)
	{
		const uint8_t *code = data->code + i * data->features;

		add_row(pass, &data->episode[i], code, row_relative(pass, beta, code));
		if (i % (data->features > 64 ? 32 : POLL_ROWS) == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	settle(pass);
	penalize(pass, beta);
	return SF_OK;
}

/* Closings over deal-days, for the start. */
static double
overall_rate(const SfHazardData *data)
{
	double		days = 0;
	double		events = 0;

	for (int64_t i = 0; i < data->rows; i++)
	{
		const SfEpisode *e = &data->episode[i];

		days += e->to - e->from + (e->event >= 0 ? e->width / 2 : 0);
		events += e->event >= 0;
	}
	return clipped(log(fmax(events, 0.5) / fmax(days, 1e-6)));
}

/*
 * The step along which the penalized log likelihood rises; *gain what it
 * promises, 0 when rounding left the information without a factor.
 */
static SfStatus
newton_step(SfCtx *ctx, Pass *pass, double *step, double *gain)
{
	size_t		n = (size_t) pass->n;
	double		largest = 0;
	SfStatus	status;

	*gain = 0;
	for (size_t j = 0; j < n; j++)
		pass->hessian[j * n + j] *= 1 + 1e-12;
	memcpy(step, pass->gradient, n * sizeof(double));
	status = sf_chol_factor(ctx, pass->hessian, pass->n, pass->n);
	if (status != SF_OK)
		return status == SF_BAD_DATA ? SF_OK : status;
	sf_chol_solve(pass->hessian, pass->n, pass->n, step);
	for (size_t j = 0; j < n; j++)
	{
		*gain += 0.5 * step[j] * pass->gradient[j];
		largest = fmax(largest, fabs(step[j]));
	}
	for (size_t j = 0; j < n && largest > STEP_MAX; j++)
		step[j] *= STEP_MAX / largest;
	return SF_OK;
}

/* Halve the step until the objective rises; *value is that of beta before and after. */
static SfStatus
climb(SfCtx *ctx, Pass *pass, double *beta, double *step, double *trial, double *value, bool *moved)
{
	*moved = false;
	for (int32_t half = 0; half < HALVINGS_MAX; half++)
	{
		double		found;
		SfStatus	status;

		for (int32_t j = 0; j < pass->n; j++)
			trial[j] = clipped(beta[j] + step[j]);
		status = objective(ctx, pass, trial, &found);
		if (status != SF_OK)
			return status;
		if (found > *value)
		{
			memcpy(beta, trial, (size_t) pass->n * sizeof(double));
			*value = found;
			*moved = true;
			return SF_OK;
		}
		for (int32_t j = 0; j < pass->n; j++)
			step[j] *= 0.5;
	}
	return SF_OK;
}

static SfStatus
maximize(SfArena *arena, Pass *pass, SfHazardFit *fit)
{
	double	   *step = sf_arena_take(arena, (size_t) pass->n, sizeof(double));
	double	   *trial = sf_arena_take(arena, (size_t) pass->n, sizeof(double));
	double		value;
	SfStatus	status;

	if (step == NULL || trial == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = objective(arena->ctx, pass, fit->beta, &value);
	fit->converged = false;
	for (fit->steps = 0; status == SF_OK && fit->steps < STEPS_MAX; fit->steps++)
	{
		double		gain;
		bool		moved;

		status = derivatives(arena->ctx, pass, fit->beta);
		if (status == SF_OK)
			status = newton_step(arena->ctx, pass, step, &gain);
		if (status != SF_OK)
			break;
		fit->converged = gain <= TOLERANCE * (1 + fabs(value));
		/* the step that is promised nothing any more still polishes; it costs one look */
		status = climb(arena->ctx, pass, fit->beta, step, trial, &value, &moved);
		if (status != SF_OK || fit->converged || !moved)
			break;
	}
	fit->log_likelihood = value + penalty(pass, fit->beta);
	return status;
}

static SfStatus
invert(SfArena *arena, Pass *pass, SfHazardFit *fit)
{
	size_t		n = (size_t) pass->n;
	SfStatus	status = derivatives(arena->ctx, pass, fit->beta);

	if (status != SF_OK)
		return status;
	for (size_t j = 0; j < n; j++)
		pass->hessian[j * n + j] *= 1 + 1e-12;
	status = sf_chol_factor(arena->ctx, pass->hessian, pass->n, pass->n);
	memset(fit->covariance, 0, n * n * sizeof(double));
	/* without a factor there are no errors to tell: zeros */
	if (status != SF_OK)
		return status == SF_BAD_DATA ? SF_OK : status;
	for (size_t j = 0; j < n; j++)
		fit->covariance[j * n + j] = 1;
	return sf_chol_solve_many(arena->ctx, pass->hessian, pass->n, pass->n, fit->covariance, pass->n, pass->n);
}

static SfStatus
prepare(SfArena *arena, const SfHazardData *data, Pass *pass)
{
	int32_t    *offset = sf_arena_take(arena, (size_t) data->features + 1, sizeof(int32_t));
	size_t		k = (size_t) data->buckets;
	size_t		n;

	if (offset == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*pass = (Pass) {.data = data, .offset = offset, .n = data->buckets};
	for (int32_t f = 0; f < data->features; f++)
	{
		offset[f] = pass->n;
		pass->n += data->codes[f];
	}
	n = (size_t) pass->n;
	pass->lambda = sf_arena_take(arena, k, sizeof(double));
	pass->cumulative = sf_arena_take(arena, k, sizeof(double));
	pass->gradient = sf_arena_take(arena, n, sizeof(double));
	pass->hessian = sf_arena_take(arena, n * n, sizeof(double));
	pass->mass = sf_arena_take(arena, k, sizeof(double));
	pass->whole = sf_arena_take(arena, (n - k + 1) * (k + 1), sizeof(double));
	if (pass->lambda == NULL || pass->cumulative == NULL || pass->gradient == NULL ||
		pass->hessian == NULL || pass->mass == NULL || pass->whole == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	pass->centre = overall_rate(data);
	return SF_OK;
}

SfStatus
sf_hazard_fit(SfArena *arena, const SfHazardData *data, bool covariance, bool warm, SfHazardFit *fit)
{
	SfHazardFit found = *fit;
	SfArenaMark scratch;
	Pass		pass;
	size_t		n = (size_t) data->buckets;
	SfStatus	status;

	for (int32_t f = 0; f < data->features; f++)
		n += (size_t) data->codes[f];
	if (!warm)
		found.beta = sf_arena_take(arena, n, sizeof(double));
	found.covariance = covariance ? sf_arena_take(arena, n * n, sizeof(double)) : NULL;
	if (found.beta == NULL || (covariance && found.covariance == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	found.unknowns = (int32_t) n;
	scratch = sf_arena_mark(arena);
	status = prepare(arena, data, &pass);
	if (status == SF_OK && !warm)
		for (size_t j = 0; j < n; j++)
			found.beta[j] = j < (size_t) data->buckets ? pass.centre : 0;
	if (status == SF_OK)
		status = maximize(arena, &pass, &found);
	if (status == SF_OK && covariance)
		status = invert(arena, &pass, &found);
	sf_arena_rewind(arena, scratch);
	if (status == SF_OK)
		*fit = found;
	return status;
}

SfStatus
sf_hazard_residuals(SfArena *arena, const SfHazardData *data, const SfHazardFit *fit, double *slope, double *weight)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	int32_t    *offset = sf_arena_take(arena, (size_t) data->features + 1, sizeof(int32_t));
	double	   *lambda = sf_arena_take(arena, (size_t) data->buckets, sizeof(double));
	double	   *cumulative = sf_arena_take(arena, (size_t) data->buckets, sizeof(double));
	Pass		pass = {.data = data, .offset = offset, .lambda = lambda, .cumulative = cumulative};

	if (offset == NULL || lambda == NULL || cumulative == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	pass.n = data->buckets;
	for (int32_t f = 0; f < data->features; f++)
	{
		offset[f] = pass.n;
		pass.n += data->codes[f];
	}
	cumulate(&pass, fit->beta);
	for (int64_t i = 0; i < data->rows; i++)
	{
		double		relative = row_relative(&pass, fit->beta, data->code + i * data->features);
		Slopes		s = row_slopes(&pass, &data->episode[i], relative);

		slope[i] = s.event - s.expected;
		weight[i] = s.expected + s.curvature;
		if (i % POLL_ROWS == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	sf_arena_rewind(arena, scratch);
	return SF_OK;
}
