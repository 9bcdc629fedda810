/*
 * close_hazard.c
 *		Proportional hazards over age buckets, by Newton's method, without a row
 *		per deal and bucket.
 *
 * With proportional hazards a deal enters every sum over its buckets through
 * r = exp(x beta) alone.  What it adds to the buckets it crosses as a whole is
 * written once at either end (a difference array per code) and summed up after
 * the pass, so a pass costs O(features^2) a row whatever the number of buckets.
 *
 * Rows are taken in blocks with their codes by column, so that what one pair of
 * features adds to stays in the first cache.  The order of summation is fixed.
 */
#pragma GCC optimize("O3")

#include "core/winprob/close_hazard.h"

#include <math.h>
#include <string.h>

#include "core/base/chol.h"
#include "core/base/logit.h"

#define STEPS_MAX 200
#define HALVINGS_MAX 30
#define TOLERANCE 1e-11			/* of the expected gain, per unit of 1 + |log likelihood| */
#define KEPT 0.3				/* what a step with an old factor may leave of the gain promised before */
#define LINEAR_MAX 60.0			/* log hazards are kept within this, so that sums stay finite */
#define STEP_MAX 4.0			/* largest move of a weight in a step */
#define PULL 1e-8				/* keeps the hazard of an empty bucket where it is */
#define BLOCK 1024				/* rows whose codes are turned into columns at once */
#define POLL_CODES 200000		/* additions between two polls */

/* What the rows of a block add, by row. */
typedef struct Block
{
	int32_t		rows;
	double		slope[BLOCK];	/* along the linear predictor */
	double		weight[BLOCK];	/* - second derivative */
	double		relative[BLOCK];
	double		first[BLOCK];	/* expected closings in the first and last bucket of the episode */
	double		last[BLOCK];
	double		curvature[BLOCK];	/* of the event's term, 0 without */
	size_t		at[BLOCK];		/* of a row of the Hessian */
} Block;

/* Everything a pass over the rows reads and writes. */
typedef struct Pass
{
	const SfHazardData *data;
	int32_t		n;				/* unknowns */
	const int32_t *offset;		/* [features] of the codes' unknowns */
	double	   *lambda;			/* [buckets] exp(alpha) */
	double	   *cumulative;		/* [buckets] hazard up to its start */
	double	   *gradient;		/* [n] */
	double	   *hessian;		/* [n][n] lower triangle; then its factor */
	double	   *mass;			/* [buckets] expected closings, and curvature of events */
	double	   *crossed;		/* [buckets + 1] differences: hazard ratios of deals that cross a bucket */
	double	   *whole;			/* [codes][buckets + 1] the same by code */
	uint8_t    *column;			/* [features][BLOCK] codes of a block */
	Block	   *block;
	double		centre;			/* overall log rate */
	int64_t		work;			/* additions since the last poll */
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
		pass->lambda[k] = sf_exp(clipped(beta[k]));
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
	return sf_exp(clipped(sum));
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
	return h < 0.6931471805599453 ? sf_log(-sf_expm1(-h)) : sf_log1p(-sf_exp(-h));
}

static double
row_value(const Pass *pass, const SfEpisode *e, double relative)
{
	double		value = -relative * row_exposure(pass, e);

	if (e->event >= 0)
	{
		double		rate = relative * pass->lambda[e->event];

		value += e->width > 0 ? log_event(fmax(rate * e->width, 1e-300)) : sf_log(rate);
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
			s.event = h / sf_expm1(h);
			/* h / (1 - exp(-h)) - 1, which cancels for small h */
			s.curvature = s.event * (h < 1e-5 ? h / 2 : h / -sf_expm1(-h) - 1);
		}
	}
	return s;
}

static SfStatus
poll_work(SfCtx *ctx, Pass *pass, int64_t work)
{
	pass->work += work;
	if (pass->work < POLL_CODES)
		return SF_OK;
	pass->work = 0;
	return sf_poll(ctx);
}

/* A row's closings by bucket, for the buckets' own slopes and curvature. */
static void
add_buckets(Pass *pass, const SfEpisode *e, int32_t i, const Slopes *s)
{
	const double *start = pass->data->start;
	Block	   *b = pass->block;
	double		relative = b->relative[i];

	b->first[i] = b->last[i] = 0;
	b->curvature[i] = s->curvature;
	if (e->to > e->from)
	{
		if (e->first == e->last)
			b->first[i] = relative * pass->lambda[e->first] * (e->to - e->from);
		else
		{
			b->first[i] = relative * pass->lambda[e->first] * (start[e->first + 1] - e->from);
			b->last[i] = relative * pass->lambda[e->last] * (e->to - start[e->last]);
			pass->crossed[e->first + 1] += relative;
			pass->crossed[e->last] -= relative;
		}
		pass->mass[e->first] += b->first[i];
		pass->mass[e->last] += b->last[i];
	}
	if (e->event >= 0)
	{
		pass->mass[e->event] += s->curvature;
		/* mass holds the curvature too; the gradient wants the expected closings only */
		pass->gradient[e->event] += s->event + s->curvature;
	}
}

/* Rows first .. of a block: their values summed, what they add, and their codes as columns. */
static double
open_block(Pass *pass, const double *beta, int64_t first, int32_t rows)
{
	const SfHazardData *data = pass->data;
	Block	   *b = pass->block;
	double		value = 0;

	b->rows = rows;
	for (int32_t i = 0; i < rows; i++)
	{
		const uint8_t *code = data->code + (first + i) * data->features;
		const SfEpisode *e = &data->episode[first + i];
		Slopes		s;

		b->relative[i] = row_relative(pass, beta, code);
		s = row_slopes(pass, e, b->relative[i]);
		value += row_value(pass, e, b->relative[i]);
		b->slope[i] = s.event - s.expected;
		b->weight[i] = s.expected + s.curvature;
		add_buckets(pass, e, i, &s);
	}
	for (int32_t f = 0; f < data->features; f++)
	{
		const uint8_t *code = data->code + first * data->features + f;
		uint8_t    *column = pass->column + (size_t) f * BLOCK;
		double	   *gradient = pass->gradient + pass->offset[f];

		for (int32_t i = 0; i < rows; i++)
		{
			column[i] = code[(int64_t) i * data->features];
			gradient[column[i]] += b->slope[i];
		}
	}
	return value;
}

/* The block's curvature between feature f's codes and the buckets. */
static void
add_code_buckets(Pass *pass, int64_t first, int32_t f)
{
	const SfHazardData *data = pass->data;
	const uint8_t *column = pass->column + (size_t) f * BLOCK;
	Block	   *b = pass->block;

	for (int32_t i = 0; i < b->rows; i++)
	{
		const SfEpisode *e = &data->episode[first + i];
		size_t		a = (size_t) (pass->offset[f] + column[i]);
		double	   *row = pass->hessian + a * (size_t) pass->n;

		b->at[i] = a * (size_t) pass->n;
		row[e->first] += b->first[i];
		row[e->last] += b->last[i];
		if (e->event >= 0)
			row[e->event] += b->curvature[i];
		if (e->first != e->last && e->to > e->from)
		{
			double	   *whole = pass->whole + (a - (size_t) data->buckets) * (size_t) (data->buckets + 1);

			whole[e->first + 1] += b->relative[i];
			whole[e->last] -= b->relative[i];
		}
	}
}

static SfStatus
add_curvature(SfCtx *ctx, Pass *pass, int64_t first)
{
	const Block *b = pass->block;

	for (int32_t f = 0; f < pass->data->features; f++)
	{
		add_code_buckets(pass, first, f);
		for (int32_t g = 0; g <= f; g++)
		{
			const uint8_t *column = pass->column + (size_t) g * BLOCK;
			double	   *to = pass->hessian + pass->offset[g];

			for (int32_t i = 0; i < b->rows; i++)
				to[b->at[i] + column[i]] += b->weight[i];
		}
		if (poll_work(ctx, pass, (int64_t) (f + 4) * b->rows) != SF_OK)
			return SF_CANCELLED;
	}
	return SF_OK;
}

/* Sums up differences of deals that cross a bucket. */
static void
sum_crossed(const Pass *pass, const double *crossed, double *to)
{
	const SfHazardData *data = pass->data;
	double		crossing = 0;

	for (int32_t k = 0; k + 1 < data->buckets; k++)
	{
		crossing += crossed[k];
		to[k] += crossing * pass->lambda[k] * (data->start[k + 1] - data->start[k]);
	}
}

/* Put the buckets' own figures in place. */
static void
settle(Pass *pass, bool curvature)
{
	int32_t		buckets = pass->data->buckets;
	size_t		n = (size_t) pass->n;

	sum_crossed(pass, pass->crossed, pass->mass);
	for (int32_t k = 0; k < buckets; k++)
		pass->gradient[k] -= pass->mass[k];
	if (!curvature)
		return;
	for (int32_t k = 0; k < buckets; k++)
		pass->hessian[(size_t) k * n + (size_t) k] += pass->mass[k];
	for (size_t a = (size_t) buckets; a < n; a++)
		sum_crossed(pass, pass->whole + (a - (size_t) buckets) * (size_t) (buckets + 1), pass->hessian + a * n);
}

/* penalty / 2 * (x[b] - x[a])^2, a < b */
static void
penalize_step(Pass *pass, const double *beta, int32_t a, int32_t b, double penalty, bool curvature)
{
	double		pull = penalty * (beta[b] - beta[a]);
	size_t		n = (size_t) pass->n;

	pass->gradient[a] += pull;
	pass->gradient[b] -= pull;
	if (!curvature)
		return;
	pass->hessian[(size_t) a * n + (size_t) a] += penalty;
	pass->hessian[(size_t) b * n + (size_t) b] += penalty;
	pass->hessian[(size_t) b * n + (size_t) a] -= penalty;
}

static void
penalize(Pass *pass, const double *beta, bool curvature)
{
	const SfHazardData *data = pass->data;
	size_t		n = (size_t) pass->n;

	for (int32_t j = 0; j < pass->n; j++)
	{
		double		weight = j < data->buckets ? PULL : data->ridge;
		double		from = j < data->buckets ? pass->centre : 0;

		pass->gradient[j] -= weight * (beta[j] - from);
		if (curvature)
			pass->hessian[(size_t) j * n + (size_t) j] += weight;
		if (j > 0 && j < data->buckets)
			penalize_step(pass, beta, j - 1, j, data->smoothness, curvature);
	}
	for (int32_t f = 0; f < data->features; f++)
		for (int32_t c = 2; data->ordered[f] && c < data->codes[f] - 1; c++)
			penalize_step(pass, beta, pass->offset[f] + c - 1, pass->offset[f] + c, data->smoothness,
						  curvature);
}

/* The penalized log likelihood and its slope at beta; its curvature too where wanted. */
static SfStatus
evaluate(SfCtx *ctx, Pass *pass, const double *beta, bool curvature, double *value)
{
	const SfHazardData *data = pass->data;
	size_t		n = (size_t) pass->n;
	size_t		k = (size_t) data->buckets;
	double		sum = 0;

	cumulate(pass, beta);
	memset(pass->gradient, 0, n * sizeof(double));
	memset(pass->mass, 0, k * sizeof(double));
	memset(pass->crossed, 0, (k + 1) * sizeof(double));
	if (curvature)
	{
		memset(pass->hessian, 0, n * n * sizeof(double));
		memset(pass->whole, 0, (n - k) * (k + 1) * sizeof(double));
	}
	for (int64_t i = 0; i < data->rows; i += BLOCK)
	{
		int32_t		rows = data->rows - i < BLOCK ? (int32_t) (data->rows - i) : BLOCK;

		sum += open_block(pass, beta, i, rows);
		if (poll_work(ctx, pass, (int64_t) rows * (20 + 2 * data->features)) != SF_OK ||
			(curvature && add_curvature(ctx, pass, i) != SF_OK))
			return SF_CANCELLED;
	}
	settle(pass, curvature);
	penalize(pass, beta, curvature);
	*value = sum - penalty(pass, beta);
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
	return clipped(sf_log(fmax(events, 0.5) / fmax(days, 1e-6)));
}

typedef struct Search
{
	double	   *beta;
	double	   *trial;
	double	   *step;
	double	   *gradient;		/* at beta */
	double		value;
	bool		factored;		/* pass->hessian holds a factor */
	bool		fresh;			/* and it belongs to beta */
} Search;

/* The curvature at beta, factored. Without a factor, for rounding, nothing can be gained. */
static SfStatus
refresh(SfCtx *ctx, Pass *pass, Search *s)
{
	size_t		n = (size_t) pass->n;
	SfStatus	status = evaluate(ctx, pass, s->beta, true, &s->value);

	if (status != SF_OK)
		return status;
	memcpy(s->gradient, pass->gradient, n * sizeof(double));
	for (size_t j = 0; j < n; j++)
		pass->hessian[j * n + j] *= 1 + 1e-12;
	status = sf_chol_factor(ctx, pass->hessian, pass->n, pass->n);
	s->factored = status == SF_OK;
	s->fresh = true;
	return status == SF_BAD_DATA ? SF_OK : status;
}

/* The step along which the penalized log likelihood rises, and what it promises. */
static double
find_step(const Pass *pass, Search *s)
{
	double		largest = 0;
	double		gain = 0;

	memcpy(s->step, s->gradient, (size_t) pass->n * sizeof(double));
	if (!s->factored)
		return 0;
	sf_chol_solve(pass->hessian, pass->n, pass->n, s->step);
	for (int32_t j = 0; j < pass->n; j++)
	{
		gain += 0.5 * s->step[j] * s->gradient[j];
		largest = fmax(largest, fabs(s->step[j]));
	}
	for (int32_t j = 0; j < pass->n && largest > STEP_MAX; j++)
		s->step[j] *= STEP_MAX / largest;
	return gain;
}

/* Halve the step until the objective rises; an old factor's step is tried once. */
static SfStatus
climb(SfCtx *ctx, Pass *pass, Search *s, bool *moved)
{
	*moved = false;
	for (int32_t half = 0; half < HALVINGS_MAX && (half == 0 || s->fresh); half++)
	{
		double		found;
		SfStatus	status;

		for (int32_t j = 0; j < pass->n; j++)
			s->trial[j] = clipped(s->beta[j] + s->step[j]);
		status = evaluate(ctx, pass, s->trial, false, &found);
		if (status != SF_OK)
			return status;
		if (found > s->value)
		{
			memcpy(s->beta, s->trial, (size_t) pass->n * sizeof(double));
			memcpy(s->gradient, pass->gradient, (size_t) pass->n * sizeof(double));
			s->value = found;
			*moved = true;
			s->fresh = false;
			return SF_OK;
		}
		for (int32_t j = 0; j < pass->n; j++)
			s->step[j] *= 0.5;
	}
	return SF_OK;
}

/* Newton's method; a factor is kept while the steps with it still get on. */
static SfStatus
maximize(SfArena *arena, Pass *pass, SfHazardFit *fit)
{
	size_t		n = (size_t) pass->n;
	double	   *room = sf_arena_take(arena, 3 * n, sizeof(double));
	Search		s = {.beta = fit->beta, .trial = room, .step = room + n, .gradient = room + 2 * n};
	double		last = HUGE_VAL;
	SfStatus	status;

	if (room == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = refresh(arena->ctx, pass, &s);
	fit->converged = false;
	for (fit->steps = 0; status == SF_OK && fit->steps < STEPS_MAX; fit->steps++)
	{
		double		gain = find_step(pass, &s);
		bool		moved;

		fit->converged = gain <= TOLERANCE * (1 + fabs(s.value));
		if (!s.fresh && !fit->converged && !(gain <= KEPT * last))
		{
			status = refresh(arena->ctx, pass, &s);
			gain = find_step(pass, &s);
			fit->converged = gain <= TOLERANCE * (1 + fabs(s.value));
		}
		/* the step that is promised nothing any more still polishes; it costs one look */
		if (status == SF_OK)
			status = climb(arena->ctx, pass, &s, &moved);
		if (status != SF_OK || fit->converged || (!moved && s.fresh))
			break;
		last = moved ? gain : 0;
	}
	fit->log_likelihood = s.value + penalty(pass, fit->beta);
	return status;
}

static SfStatus
invert(SfArena *arena, Pass *pass, SfHazardFit *fit)
{
	size_t		n = (size_t) pass->n;
	double		value;
	SfStatus	status = evaluate(arena->ctx, pass, fit->beta, true, &value);

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
	pass->crossed = sf_arena_take(arena, k + 1, sizeof(double));
	pass->whole = sf_arena_take(arena, (n - k) * (k + 1), sizeof(double));
	pass->column = sf_arena_take(arena, (size_t) data->features * BLOCK, sizeof(uint8_t));
	pass->block = sf_arena_take(arena, 1, sizeof(Block));
	if (pass->lambda == NULL || pass->cumulative == NULL || pass->gradient == NULL ||
		pass->hessian == NULL || pass->mass == NULL || pass->crossed == NULL || pass->whole == NULL || pass->column == NULL ||
		pass->block == NULL)
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
		if (i % BLOCK == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	sf_arena_rewind(arena, scratch);
	return SF_OK;
}
