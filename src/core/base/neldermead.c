/*
 * neldermead.c
 *		Minimize a function of a few variables without derivatives.
 *
 * The corners of the simplex stand in the order of their values, so that the
 * best is the first and the worst the last; a step replaces the worst or draws
 * all but the best towards the best.
 */
#include "core/base/neldermead.h"

#include <math.h>
#include <string.h>

typedef struct Simplex
{
	SfObjective f;
	void	   *argument;
	int32_t		n;
	int32_t		evaluations;
	int32_t		evaluations_max;
	double		expand;			/* Gao & Han, section 4; reflection is 1 */
	double		contract;
	double		shrink;
	double	   *corner;			/* [n + 1][n], best first */
	double	   *value;			/* [n + 1] */
	double	   *centre;			/* [n] of all corners but the worst */
	double	   *trial;			/* [n] */
	double	   *second;			/* [n] */
} Simplex;

static double
evaluate(Simplex *s, const double *x)
{
	double		value = s->f(x, s->argument);

	s->evaluations++;
	return isnan(value) ? INFINITY : value;
}

/* Puts a corner where its value belongs among the `count` before it; equal values keep their order. */
static void
insert(Simplex *s, const double *x, double value, int32_t count)
{
	int32_t		at = count;
	size_t		n = (size_t) s->n;

	while (at > 0 && value < s->value[at - 1])
		at--;
	memmove(s->corner + ((size_t) at + 1) * n, s->corner + (size_t) at * n, (size_t) (count - at) * n * sizeof(double));
	memmove(s->value + at + 1, s->value + at, (size_t) (count - at) * sizeof(double));
	memcpy(s->corner + (size_t) at * n, x, n * sizeof(double));
	s->value[at] = value;
}

/* The point at centre + distance * (worst - centre). */
static double
try_along(Simplex *s, double distance, double *x)
{
	const double *worst = s->corner + (size_t) s->n * (size_t) s->n;

	for (int32_t j = 0; j < s->n; j++)
		x[j] = s->centre[j] + distance * (worst[j] - s->centre[j]);
	return evaluate(s, x);
}

static void
find_centre(Simplex *s)
{
	for (int32_t j = 0; j < s->n; j++)
	{
		double		sum = 0.0;

		for (int32_t i = 0; i < s->n; i++)
			sum += s->corner[(size_t) i * (size_t) s->n + (size_t) j];
		s->centre[j] = sum / s->n;
	}
}

static void
shrink(Simplex *s)
{
	for (int32_t i = 1; i <= s->n && s->evaluations < s->evaluations_max; i++)
	{
		double	   *x = s->corner + (size_t) i * (size_t) s->n;

		for (int32_t j = 0; j < s->n; j++)
			x[j] = s->corner[j] + s->shrink * (x[j] - s->corner[j]);
		s->value[i] = evaluate(s, x);
	}
	for (int32_t i = 1; i <= s->n; i++)
	{
		memcpy(s->trial, s->corner + (size_t) i * (size_t) s->n, (size_t) s->n * sizeof(double));
		insert(s, s->trial, s->value[i], i);
	}
}

static void
step_once(Simplex *s)
{
	int32_t		n = s->n;
	double		reflected;
	double		other;

	find_centre(s);
	reflected = try_along(s, -1.0, s->trial);
	if (reflected < s->value[0])
	{
		other = try_along(s, -s->expand, s->second);
		if (other < reflected)
			insert(s, s->second, other, n);
		else
			insert(s, s->trial, reflected, n);
	}
	else if (reflected < s->value[n - 1])
		insert(s, s->trial, reflected, n);
	else
	{
		bool		outside = reflected < s->value[n];

		other = try_along(s, outside ? -s->contract : s->contract, s->second);
		if (other < (outside ? reflected : s->value[n]))
			insert(s, s->second, other, n);
		else
			shrink(s);
	}
}

/*
 * Values that agree are no proof: corners may lie on both sides of a valley at
 * the same height.  The centre of all corners then is clearly lower; it takes
 * the place of the worst and the search goes on.
 */
static bool
settled(Simplex *s, double tolerance)
{
	int32_t		n = s->n;
	double		margin = tolerance * (fabs(s->value[0]) + tolerance);
	double		value;

	if (!(s->value[n] - s->value[0] <= margin))
		return false;
	find_centre(s);
	value = try_along(s, 1.0 / (n + 1.0), s->trial);
	if (value < s->value[n])
		insert(s, s->trial, value, n);
	return s->value[n] - s->value[0] <= margin;
}

static bool
take_memory(SfArena *arena, Simplex *s)
{
	size_t		n = (size_t) s->n;

	s->corner = sf_arena_take(arena, (n + 1) * n + 1, sizeof(double));
	s->value = sf_arena_take(arena, n + 1, sizeof(double));
	s->centre = sf_arena_take(arena, n + 1, sizeof(double));
	s->trial = sf_arena_take(arena, n + 1, sizeof(double));
	s->second = sf_arena_take(arena, n + 1, sizeof(double));
	return s->corner != NULL && s->value != NULL && s->centre != NULL && s->trial != NULL && s->second != NULL;
}

/* The start and one step along each axis; fewer when evaluations run out, which the caller sees. */
static int32_t
first_corners(Simplex *s, const double *x, const double *step)
{
	int32_t		corners = 1;

	memcpy(s->corner, x, (size_t) s->n * sizeof(double));
	s->value[0] = evaluate(s, x);
	for (int32_t i = 0; i < s->n && s->evaluations < s->evaluations_max; i++, corners++)
	{
		memcpy(s->trial, x, (size_t) s->n * sizeof(double));
		s->trial[i] += step[i];
		insert(s, s->trial, evaluate(s, s->trial), corners);
	}
	return corners;
}

SfStatus
sf_nelder_mead(SfArena *arena, SfObjective f, void *argument, int32_t n, double *x, const double *step,
			   double tolerance, int32_t evaluations_max, SfMinimum *minimum)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double		size = n < 2 ? 2.0 : n;		/* the coefficients need two dimensions */
	bool		converged;
	Simplex		s = {
		.f = f, .argument = argument, .n = n, .evaluations_max = evaluations_max,
		.expand = 1.0 + 2.0 / size, .contract = 0.75 - 0.5 / size, .shrink = 1.0 - 1.0 / size
	};

	if (!take_memory(arena, &s))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	converged = n == 0;
	if (first_corners(&s, x, step) == n + 1)
		while (!converged && s.evaluations < evaluations_max && !(converged = settled(&s, tolerance)))
		{
			step_once(&s);
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	memcpy(x, s.corner, (size_t) n * sizeof(double));
	*minimum = (SfMinimum) {.value = s.value[0], .evaluations = s.evaluations, .converged = converged};
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
