/*
 * lbfgs.c
 *		Minimize a smooth function of many variables from its slope.
 */
#include "core/base/lbfgs.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/dot.h"

#define PAIRS 10

/* Sufficient decrease, and the share of the slope that must go (Nocedal & Wright, 3.1). */
#define DECREASE 1e-4
#define CURVATURE 0.9

#define LINE_STEPS 40

typedef struct Search
{
	SfSmooth	f;
	void	   *argument;
	int64_t		n;
	const double *scale;
	double	   *x;
	double	   *gradient;
	double	   *direction;
	double	   *trial;
	double	   *trial_gradient;
	double	   *s;				/* [PAIRS][n] moves */
	double	   *y;				/* [PAIRS][n] what they changed in the slope */
	double		rho[PAIRS];		/* 1 / s'y */
	int32_t		pairs;			/* ever stored; the last PAIRS are kept */
	double		value;
	int32_t		evaluations;
	int32_t		evaluations_max;
} Search;

static void
add(double *a, double times, const double *b, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		a[i] += times * b[i];
}

/* s'y over y' D y with D the scale: how much too long the scale is. */
static double
scale_of_last(const Search *w)
{
	const double *y = w->y + (w->pairs - 1) % PAIRS * w->n;
	double		square = 0.0;

	for (int64_t i = 0; i < w->n; i++)
		square += y[i] * y[i] * (w->scale != NULL ? w->scale[i] : 1.0);
	return 1.0 / w->rho[(w->pairs - 1) % PAIRS] / square;
}

/* direction = - (approximate inverse Hessian) * gradient */
static void
point(Search *w)
{
	double		alpha[PAIRS];
	int32_t		oldest = w->pairs > PAIRS ? w->pairs - PAIRS : 0;
	double		gamma = w->pairs > 0 ? scale_of_last(w) : 1.0;

	for (int64_t i = 0; i < w->n; i++)
		w->direction[i] = -w->gradient[i];
	for (int32_t k = w->pairs - 1; k >= oldest; k--)
	{
		int32_t		at = k % PAIRS;

		alpha[at] = w->rho[at] * sf_dot(w->s + at * w->n, w->direction, w->n);
		add(w->direction, -alpha[at], w->y + at * w->n, w->n);
	}
	for (int64_t i = 0; i < w->n; i++)
		w->direction[i] *= gamma * (w->scale != NULL ? w->scale[i] : 1.0);
	for (int32_t k = oldest; k < w->pairs; k++)
	{
		int32_t		at = k % PAIRS;

		add(w->direction, alpha[at] - w->rho[at] * sf_dot(w->y + at * w->n, w->direction, w->n), w->s + at * w->n, w->n);
	}
}

static void
remember(Search *w)
{
	double	   *s = w->s + w->pairs % PAIRS * w->n;
	double	   *y = w->y + w->pairs % PAIRS * w->n;
	double		product;

	for (int64_t i = 0; i < w->n; i++)
	{
		s[i] = w->trial[i] - w->x[i];
		y[i] = w->trial_gradient[i] - w->gradient[i];
	}
	product = sf_dot(s, y, w->n);
	if (!(product > DBL_EPSILON * sf_dot(y, y, w->n) * DBL_EPSILON && product > DBL_MIN && product < DBL_MAX))
		return;
	w->rho[w->pairs % PAIRS] = 1.0 / product;
	w->pairs++;
}

/* A point along the direction by the weak Wolfe conditions; moved: x is there now. */
static SfStatus
search_line(Search *w, double slope, bool *moved)
{
	double		low = 0.0;
	double		high = HUGE_VAL;
	double		length = 1.0;

	*moved = false;
	for (int k = 0; k < LINE_STEPS && w->evaluations < w->evaluations_max; k++)
	{
		double		value;
		bool		enough;
		SfStatus	status;

		for (int64_t i = 0; i < w->n; i++)
			w->trial[i] = w->x[i] + length * w->direction[i];
		status = w->f(w->argument, w->trial, &value, w->trial_gradient);
		w->evaluations++;
		if (status != SF_OK)
			return status;
		enough = value <= w->value + DECREASE * length * slope && value > -HUGE_VAL;
		if (!enough)
			high = length;
		else if (sf_dot(w->trial_gradient, w->direction, w->n) < CURVATURE * slope)
			low = length;
		if (enough && (low != length || k + 1 == LINE_STEPS || w->evaluations == w->evaluations_max))
		{
			remember(w);
			memcpy(w->x, w->trial, (size_t) w->n * sizeof(double));
			memcpy(w->gradient, w->trial_gradient, (size_t) w->n * sizeof(double));
			w->value = value;
			*moved = true;
			return SF_OK;
		}
		length = high < HUGE_VAL ? low + (high - low) / 2 : 2 * length;
	}
	return SF_OK;
}

static SfStatus
take(SfArena *arena, Search *w)
{
	size_t		n = (size_t) w->n;

	w->gradient = sf_arena_take(arena, n, sizeof(double));
	w->direction = sf_arena_take(arena, n, sizeof(double));
	w->trial = sf_arena_take(arena, n, sizeof(double));
	w->trial_gradient = sf_arena_take(arena, n, sizeof(double));
	w->s = sf_arena_take(arena, n, PAIRS * sizeof(double));
	w->y = sf_arena_take(arena, n, PAIRS * sizeof(double));
	if (w->gradient == NULL || w->direction == NULL || w->trial == NULL || w->trial_gradient == NULL ||
		w->s == NULL || w->y == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static SfStatus
descend(Search *w, double tolerance, SfDescent *descent)
{
	int			still = 0;

	while (w->evaluations < w->evaluations_max)
	{
		bool		moved;
		SfStatus	status;

		point(w);
		descent->decrement = -sf_dot(w->gradient, w->direction, w->n);
		if (!(descent->decrement > 0.0 && descent->decrement < HUGE_VAL))
		{
			/* at the minimum, or rounding has spoiled the pairs: only those can be dropped */
			descent->converged = descent->decrement == 0.0;
			if (w->pairs == 0 || descent->converged)
				return SF_OK;
			w->pairs = 0;
			continue;
		}
		still = descent->decrement <= tolerance * fabs(w->value) ? still + 1 : 0;
		if (still == 2)
		{
			descent->converged = true;
			return SF_OK;
		}
		status = search_line(w, -descent->decrement, &moved);
		if (status != SF_OK)
			return status;
		if (!moved && w->pairs == 0)
		{
			/* no lower value along the slope itself: as low as rounding lets it be */
			descent->converged = still > 0;
			return SF_OK;
		}
		if (!moved)
			w->pairs = 0;
		descent->iterations += moved;
	}
	return SF_OK;
}

SfStatus
sf_lbfgs(SfArena *arena, SfSmooth f, void *argument, int64_t n, double *x, const double *scale,
		 double tolerance, int32_t evaluations_max, SfDescent *descent)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Search		w = {
		.f = f, .argument = argument, .n = n, .scale = scale, .x = x, .evaluations_max = evaluations_max
	};
	SfDescent	result = {0};
	SfStatus	status = take(arena, &w);

	if (status != SF_OK)
		return status;
	status = f(argument, x, &w.value, w.gradient);
	w.evaluations = 1;
	if (status != SF_OK)
		return status;
	if (!(fabs(w.value) <= DBL_MAX && fabs(sf_dot(w.gradient, w.gradient, n)) <= DBL_MAX))
		return sf_fail(arena->ctx, SF_BAD_DATA, "the function is not finite at the start");
	status = descend(&w, tolerance, &result);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	result.value = w.value;
	result.evaluations = w.evaluations;
	*descent = result;
	return SF_OK;
}
