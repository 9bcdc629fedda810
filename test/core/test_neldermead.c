/* Tests of core/base/neldermead.c: minimizing without derivatives. */
#include "check.h"

#include "core/base/neldermead.h"

static double
bowl(const double *x, void *argument)
{
	const int32_t n = *(const int32_t *) argument;
	double		sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (i + 1) * (x[i] - i) * (x[i] - i);
	return sum;
}

/* Rosenbrock, The Computer Journal 3, 1960: a bent valley, 0 at (1, 1). */
static double
valley(const double *x, UNUSED void *argument)
{
	double		a = x[1] - x[0] * x[0];
	double		b = 1 - x[0];

	return 100 * a * a + b * b;
}

/* Powell, The Computer Journal 5, 1962: singular Hessian, 0 at the origin. */
static double
singular(const double *x, UNUSED void *argument)
{
	double		a = x[0] + 10 * x[1];
	double		b = x[2] - x[3];
	double		c = x[1] - 2 * x[2];
	double		d = x[0] - x[3];

	return a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d;
}

/* Defined right of 1 only; NaN elsewhere. */
static double
half_line(const double *x, UNUSED void *argument)
{
	return x[0] > 1 ? x[0] - log(x[0] - 1) : NAN;
}

static double
flat(UNUSED const double *x, void *argument)
{
	return *(const double *) argument;
}

static SfMinimum
minimize(SfObjective f, void *argument, int32_t n, double *x, double edge, double tolerance, int32_t evaluations_max)
{
	SfMinimum	minimum = {0};
	SfArena		arena;
	Host		host;
	double		step[64];

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	for (int32_t i = 0; i < n; i++)
		step[i] = edge;
	check(sf_nelder_mead(&arena, f, argument, n, x, step, tolerance, evaluations_max, &minimum) == SF_OK, "status");
	host_free(&host);
	return minimum;
}

static void
test_finds(void)
{
	group("bowls of 1 to 8 variables: the bottom is found");
	for (int32_t n = 1; n <= 8; n++)
	{
		double		x[8] = {5, 5, 5, 5, 5, 5, 5, 5};
		SfMinimum	minimum = minimize(bowl, &n, n, x, 1, 1e-10, 10000);

		check(minimum.converged && minimum.value < 1e-9, "n = %d: value %g after %d", n, minimum.value, minimum.evaluations);
		for (int32_t i = 0; i < n; i++)
			check(fabs(x[i] - i) < 1e-4, "n = %d: x[%d] = %g", n, i, x[i]);
	}
	done();

	group("a bent valley and a singular one");
	{
		double		x[2] = {-1.2, 1};
		double		y[4] = {3, -1, 0, 1};
		SfMinimum	minimum = minimize(valley, NULL, 2, x, 0.5, 1e-12, 2000);

		check(minimum.converged && close_to(x[0], 1, 1e-5, 0) && close_to(x[1], 1, 1e-5, 0), "valley: %g, %g after %d", x[0], x[1], minimum.evaluations);
		check(minimum.evaluations < 300, "%d evaluations", minimum.evaluations);
		minimum = minimize(singular, NULL, 4, y, 1, 1e-14, 5000);
		check(minimum.value < 1e-9, "singular: %g after %d", minimum.value, minimum.evaluations);
	}
	done();

	group("where the function is not a number, nothing is looked for");
	{
		double		x[1] = {1.01};
		SfMinimum	minimum = minimize(half_line, NULL, 1, x, 0.5, 1e-12, 500);

		check(minimum.converged && close_to(x[0], 2, 1e-4, 0), "right start: %g", x[0]);
		x[0] = -3;
		minimum = minimize(half_line, NULL, 1, x, 5, 1e-12, 500);
		check(close_to(x[0], 2, 1e-4, 0), "wrong start: %g", x[0]);
		x[0] = -3;
		minimum = minimize(half_line, NULL, 1, x, -1, 1e-12, 500);
		check(isinf(minimum.value) && !minimum.converged && minimum.evaluations <= 500, "no way in: %g after %d", minimum.value, minimum.evaluations);
	}
	done();
}

static void
test_stops(void)
{
	int32_t		two = 2;
	double		number = 7;

	group("it stops: flat at once, otherwise at the number of evaluations, with the best so far");
	for (int32_t most = 1; most < 60; most++)
	{
		double		x[2] = {4, 4};
		SfMinimum	minimum = minimize(bowl, &two, 2, x, 1, 0, most);

		check(minimum.evaluations <= most + 3 && !minimum.converged, "%d evaluations of %d", minimum.evaluations, most);
		check(minimum.value <= 34 && same_bits(minimum.value, bowl(x, &two)), "value %g at %g, %g", minimum.value, x[0], x[1]);
	}
	{
		double		x[3] = {1, 2, 3};
		SfMinimum	minimum = minimize(flat, &number, 3, x, 1, 1e-8, 100);

		check(minimum.converged && minimum.evaluations < 10 && minimum.value == 7, "flat: %d evaluations", minimum.evaluations);
		minimum = minimize(flat, &number, 0, x, 1, 1e-8, 100);
		check(minimum.converged && minimum.evaluations == 1 && minimum.value == 7, "nothing to vary");
	}
	done();

	group("two corners at one height on both sides of a valley do not end the search");
	{
		int32_t		one = 1;
		double		x[1] = {-0.5};
		SfMinimum	minimum = minimize(bowl, &one, 1, x, 1, 1e-10, 500);

		check(minimum.converged && fabs(x[0]) < 1e-4, "x = %g", x[0]);
	}
	done();

	group("the same call gives the same bits");
	{
		double		x[2] = {4, 4};
		double		y[2] = {4, 4};
		SfMinimum	one = minimize(valley, NULL, 2, x, 1, 1e-9, 400);
		SfMinimum	again = minimize(valley, NULL, 2, y, 1, 1e-9, 400);

		check(one.evaluations == again.evaluations && same_bits(x[0], y[0]) && same_bits(x[1], y[1]), "not repeated");
	}
	done();
}

static SfStatus
work(SfCtx *ctx, UNUSED void *argument)
{
	double		x[2] = {-1.2, 1};
	double		step[2] = {1, 1};
	SfMinimum	minimum;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_nelder_mead(&arena, valley, NULL, 2, x, step, 1e-8, 500, &minimum);
}

int
main(void)
{
	test_finds();
	test_stops();
	group("memory is refused");
	refuse_each(work, NULL);
	done();
	group("cancelled at any poll");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
