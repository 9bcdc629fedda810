/*
 * logistic_newton.c
 *		The minimum of loss + prior by Newton's method on a dense Hessian.
 */
#include "core/winprob/logistic_newton.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/chol.h"
#include "core/base/logit.h"

/*
 * With so many deals or more, the first 1/WARM of them make the start.  Those
 * have a ridge on top: a code that is rare among them must not run away.
 */
#define WARM_ROWS 65536
#define WARM 16
#define WARM_RIDGE 1.0
#define WARM_TOLERANCE 1e-5

/*
 * The decrement, relative to the loss, at which the Hessian is made once more
 * for the last step.  That step squares what is left, so 1e-9 of a million deals
 * (a thirtieth of a standard error in all) ends far below any digit told.
 */
#define TOLERANCE 1e-13
#define TOLERANCE_MANY 1e-9

/* What a step with an old factorization may leave of the decrement. */
#define KEPT 0.1

#define HALVINGS 30

/* Pivots below this share of their diagonal are rounding: the data do not determine that direction. */
#define PIVOT 1e-11
#define JITTER 1e-9

/* A last step that moves an unknown by more (relative to 1 + |u|) while the loss stands still: running away. */
#define STILL 1e-3

/* Won and lost deals that the first rows need for a start. */
#define WARM_CLASS 20

/* Loss left of the one at the base rate when the classes are taken to be separated. */
#define SEPARATED 1e-8

typedef struct Newton
{
	SfCtx	   *ctx;
	const SfLogisticDesign *design;
	const SfCodes *codes;
	int64_t		rows;			/* the first of the codes */
	SfLogisticPass *pass;
	SfLogisticPrior prior;
	double		extra;			/* ridge on top */
	int64_t		n;
	double	   *u;
	double	   *gradient;
	double	   *step;
	double	   *trial;
	double	   *trial_gradient;
	double	   *away;			/* u - centre of a quadratic prior */
	double	   *h;
	double	   *l;
	double		jitter;
	double		loss;
	double		prior_value;
	double		first;			/* loss at the base rate; 0 with a quadratic prior */
	bool		factored;
	bool		fresh;			/* l belongs to u and to these rows */
	bool		reached;
	int32_t		iterations;
} Newton;

static double
quadratic(Newton *w, const double *u, double *gradient, double *h)
{
	double		value = 0.0;

	for (int64_t i = 0; i < w->n; i++)
		w->away[i] = u[i] - w->prior.centre[i];
	for (int64_t i = 0; i < w->n; i++)
	{
		const double *row = w->prior.information + i * w->n;
		double		sum = 0.0;

		for (int64_t j = 0; j < i; j++)
		{
			sum += row[j] * w->away[j];
			gradient[j] += row[j] * w->away[i];
		}
		value += w->away[i] * (sum + row[i] * w->away[i] / 2);
		gradient[i] += sum + row[i] * w->away[i];
		if (h != NULL)
			for (int64_t j = 0; j <= i; j++)
				h[i * w->n + j] += row[j];
	}
	return value;
}

static double
prior_at(Newton *w, const double *u, double *gradient, double *h)
{
	double		value;

	if (w->prior.information != NULL)
		return quadratic(w, u, gradient, h);
	value = sf_logistic_penalty(w->design, u, gradient, h);
	for (int64_t i = 1; w->extra > 0.0 && i < w->n; i++)
	{
		value += w->extra / 2 * u[i] * u[i];
		gradient[i] += w->extra * u[i];
		if (h != NULL)
			h[i * w->n + i] += w->extra;
	}
	return value;
}

/* Loss and prior at u; their slope; h too unless NULL. */
static SfStatus
evaluate(Newton *w, const double *u, double *loss, double *prior, double *gradient, double *h)
{
	SfStatus	status = sf_logistic_pass(w->ctx, w->pass, w->codes, w->rows, u, loss, gradient, h);

	if (status != SF_OK)
		return status;
	*prior = prior_at(w, u, gradient, h);
	return SF_OK;
}

static bool
definite(const Newton *w)
{
	for (int64_t i = 0; i < w->n; i++)
	{
		double		l = w->l[i * w->n + i];

		if (!(l * l > PIVOT * w->h[i * w->n + i]))
			return false;
	}
	return true;
}

/* h = L L' with as little ridge as it takes. */
static SfStatus
factor(Newton *w)
{
	double		most = 0.0;

	for (int64_t i = 0; i < w->n; i++)
		most = fmax(most, w->h[i * w->n + i]);
	for (w->jitter = 0.0;; w->jitter = w->jitter > 0.0 ? w->jitter * 1000 : JITTER)
	{
		SfStatus	status;

		memcpy(w->l, w->h, (size_t) w->n * (size_t) w->n * sizeof(double));
		for (int64_t i = 0; i < w->n && w->jitter > 0.0; i++)
			w->l[i * w->n + i] += w->jitter * fmax(w->l[i * w->n + i], most * DBL_EPSILON + DBL_MIN);
		status = sf_chol_factor(w->ctx, w->l, w->n, w->n);
		if (status == SF_CANCELLED)
			return status;
		if (status == SF_OK && (w->jitter > 0.0 || definite(w)))
			break;
		if (w->jitter > 1.0)
		{
			/* not reached with finite sums; a step along the slope is then as good as any */
			memset(w->l, 0, (size_t) w->n * (size_t) w->n * sizeof(double));
			for (int64_t i = 0; i < w->n; i++)
				w->l[i * w->n + i] = sqrt(fmax(most, 1.0));
			break;
		}
	}
	w->factored = true;
	return SF_OK;
}

/* The Hessian where u is, and its factor. */
static SfStatus
refresh(Newton *w)
{
	SfStatus	status = evaluate(w, w->u, &w->loss, &w->prior_value, w->gradient, w->h);

	if (status == SF_OK)
		status = factor(w);
	w->fresh = true;
	return status;
}

/* step = - H^-1 gradient; the decrement. */
static double
find_step(Newton *w)
{
	double		decrement = 0.0;

	memcpy(w->step, w->gradient, (size_t) w->n * sizeof(double));
	sf_chol_solve(w->l, w->n, w->n, w->step);
	for (int64_t i = 0; i < w->n; i++)
	{
		decrement += w->gradient[i] * w->step[i];
		w->step[i] = -w->step[i];
	}
	return decrement;
}

/* Goes along the step as far as loss + prior does not rise; moved tells whether at all. */
static SfStatus
advance(Newton *w, bool *moved)
{
	double		before = w->loss + w->prior_value;
	double		length = 1.0;

	*moved = false;
	for (int k = 0; k < HALVINGS; k++, length /= 2)
	{
		double		loss;
		double		prior;
		SfStatus	status;

		for (int64_t i = 0; i < w->n; i++)
			w->trial[i] = w->u[i] + length * w->step[i];
		status = evaluate(w, w->trial, &loss, &prior, w->trial_gradient, NULL);
		if (status != SF_OK)
			return status;
		if (loss + prior <= before * (1.0 + 4 * DBL_EPSILON))
		{
			memcpy(w->u, w->trial, (size_t) w->n * sizeof(double));
			memcpy(w->gradient, w->trial_gradient, (size_t) w->n * sizeof(double));
			w->loss = loss;
			w->prior_value = prior;
			*moved = true;
			w->fresh = false;
			return SF_OK;
		}
		/* an old factorization is not worth a second try */
		if (!w->fresh)
			return SF_OK;
	}
	return SF_OK;
}

/* Steps until the decrement is below tolerance * loss. u, loss and gradient must belong together. */
static SfStatus
descend(Newton *w, double tolerance, int32_t iterations)
{
	double		last = HUGE_VAL;
	SfStatus	status = SF_OK;

	w->reached = false;
	if (!w->factored)
		status = refresh(w);
	for (int32_t k = 0; status == SF_OK && k < iterations; k++, w->iterations++)
	{
		double		decrement = find_step(w);
		bool		moved = false;

		if (!w->fresh && !(decrement <= KEPT * last))
		{
			status = refresh(w);
			if (status != SF_OK)
				break;
			decrement = find_step(w);
		}
		w->reached = decrement <= tolerance * (w->loss + w->prior_value);
		if (w->reached || w->loss + w->prior_value <= SEPARATED * w->first)
			break;
		status = advance(w, &moved);
		if (status == SF_OK && !moved && !w->fresh)
		{
			status = refresh(w);
			if (status != SF_OK)
				break;
			decrement = find_step(w);
			status = advance(w, &moved);
		}
		if (!moved)
		{
			/* as good as rounding lets it be */
			w->reached = decrement <= 1e-9 * (w->loss + w->prior_value);
			break;
		}
		last = decrement;
	}
	return status;
}

/* A start from the first deals; the factor then stands for all of them. */
static SfStatus
warm_up(Newton *w)
{
	int64_t		rows = w->rows;
	SfStatus	status;

	w->rows = rows / WARM;
	w->extra = WARM_RIDGE;
	status = descend(w, WARM_TOLERANCE, 10);
	/* once more, for the factor: the loss alone counts WARM times */
	w->extra = 0.0;
	if (status == SF_OK)
		status = sf_logistic_pass(w->ctx, w->pass, w->codes, w->rows, w->u, &w->loss, w->gradient, w->h);
	w->rows = rows;
	if (status != SF_OK)
		return status;
	for (int64_t i = 0; i < w->n; i++)
		for (int64_t j = 0; j <= i; j++)
			w->h[i * w->n + j] *= WARM;
	sf_logistic_penalty(w->design, w->u, w->gradient, w->h);
	for (int64_t i = 1; i < w->n; i++)
		w->h[i * w->n + i] += WARM_RIDGE;
	status = factor(w);
	w->fresh = false;
	w->iterations = 0;
	if (status != SF_OK)
		return status;
	return evaluate(w, w->u, &w->loss, &w->prior_value, w->gradient, NULL);
}

/* The last step, with the Hessian of where it starts; says whether anything still moves. */
static SfStatus
finish(Newton *w)
{
	double		decrement;
	double		move = 0.0;
	SfStatus	status = SF_OK;

	if (!w->fresh)
		status = refresh(w);
	if (status != SF_OK)
		return status;
	decrement = find_step(w);
	for (int64_t i = 0; i < w->n; i++)
		move = fmax(move, fabs(w->step[i]) / (1.0 + fabs(w->u[i])));
	w->reached = w->reached && move <= STILL;
	if (w->reached)
	{
		double		before = w->prior_value;

		for (int64_t i = 0; i < w->n; i++)
			w->u[i] += w->step[i];
		w->prior_value = prior_at(w, w->u, w->gradient, NULL);
		w->loss -= decrement / 2 + (w->prior_value - before);
	}
	return SF_OK;
}

static SfStatus
take(SfArena *arena, Newton *w)
{
	size_t		n = (size_t) w->n;

	w->u = sf_arena_take(arena, n, sizeof(double));
	w->gradient = sf_arena_take(arena, n, sizeof(double));
	w->step = sf_arena_take(arena, n, sizeof(double));
	w->trial = sf_arena_take(arena, n, sizeof(double));
	w->trial_gradient = sf_arena_take(arena, n, sizeof(double));
	w->away = sf_arena_take(arena, n, sizeof(double));
	w->h = sf_arena_take(arena, n * n, sizeof(double));
	w->l = sf_arena_take(arena, n * n, sizeof(double));
	if (w->u == NULL || w->gradient == NULL || w->step == NULL || w->trial == NULL || w->trial_gradient == NULL ||
		w->away == NULL || w->h == NULL || w->l == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return sf_logistic_pass_create(arena, w->design, true, &w->pass);
}

static void
start(Newton *w, double won)
{
	double		rows = (double) w->codes->rows;
	double		rate = (won + 0.5) / (rows + 1.0);

	if (w->prior.information != NULL)
	{
		memcpy(w->u, w->prior.centre, (size_t) w->n * sizeof(double));
		return;
	}
	memset(w->u, 0, (size_t) w->n * sizeof(double));
	w->u[0] = sf_log(rate / (1.0 - rate));
	w->first = -won * sf_log(rate) - (rows - won) * sf_log(1.0 - rate);
}

/* Are there enough deals for a start from some of them, of both classes? */
static bool
worth_warming(const Newton *w)
{
	int64_t		rows = w->rows / WARM;
	int64_t		won = 0;

	if (w->rows < WARM_ROWS || w->prior.information != NULL)
		return false;
	for (int64_t r = 0; r < rows && won < rows - WARM_CLASS; r++)
		won += w->codes->won[r];
	return won >= WARM_CLASS && rows - won >= WARM_CLASS;
}

SfStatus
sf_logistic_newton(SfArena *arena, const SfLogisticDesign *design, const SfCodes *codes, int64_t won,
				   SfLogisticPrior prior, int32_t iterations, SfLogisticOptimum *optimum)
{
	Newton		w = {
		.ctx = arena->ctx, .design = design, .codes = codes, .rows = codes->rows,
		.prior = prior, .n = design->unknowns
	};
	SfStatus	status = take(arena, &w);

	if (status != SF_OK)
		return status;
	start(&w, (double) won);
	if (worth_warming(&w))
		status = warm_up(&w);
	if (status == SF_OK)
		status = descend(&w, codes->rows >= WARM_ROWS ? TOLERANCE_MANY : TOLERANCE, iterations);
	if (status == SF_OK)
		status = finish(&w);
	if (status != SF_OK)
		return status;
	*optimum = (SfLogisticOptimum) {
		.u = w.u, .information = w.h, .factor = w.l, .jitter = w.jitter, .loss = fmax(w.loss, 0.0),
		.prior = w.prior_value, .iterations = w.iterations, .converged = w.reached
	};
	return SF_OK;
}
