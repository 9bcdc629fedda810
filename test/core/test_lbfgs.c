/* Tests of core/base/lbfgs.c: minima of smooth functions of many variables. */
#include "check.h"

#include "core/base/lbfgs.h"

typedef struct Problem
{
	SfCtx	   *ctx;
	int64_t		n;
	double		shift;
} Problem;

/* Rosenbrock's function in chained form; minimum 0 at all ones. */
static SfStatus
rosenbrock(void *argument, const double *x, double *value, double *gradient)
{
	Problem    *p = argument;

	*value = p->shift;
	memset(gradient, 0, (size_t) p->n * sizeof(double));
	for (int64_t i = 0; i + 1 < p->n; i++)
	{
		double		a = x[i + 1] - x[i] * x[i];
		double		b = 1 - x[i];

		*value += 100 * a * a + b * b;
		gradient[i] += -400 * a * x[i] - 2 * b;
		gradient[i + 1] += 200 * a;
	}
	return sf_poll(p->ctx);
}

/* sum of curvature_i / 2 * (x_i - i)^2, curvatures over eight orders of magnitude */
static double
curvature(int64_t i)
{
	return pow(10, (double) (i % 9) - 4);
}

static SfStatus
bowl(void *argument, const double *x, double *value, double *gradient)
{
	Problem    *p = argument;

	*value = p->shift;
	for (int64_t i = 0; i < p->n; i++)
	{
		double		a = x[i] - (double) i;

		*value += curvature(i) / 2 * a * a;
		gradient[i] = curvature(i) * a;
	}
	return sf_poll(p->ctx);
}

/* No value left of 0: x - log x. */
static SfStatus
barrier(void *argument, const double *x, double *value, double *gradient)
{
	(void) argument;
	*value = x[0] > 0 ? x[0] - log(x[0]) : NAN;
	gradient[0] = 1 - 1 / x[0];
	return SF_OK;
}

static void
test_minima(void)
{
	double		x[100];
	double		scale[100];
	SfDescent	descent;
	SfArena		arena;
	Host		host;
	Problem		p = {.n = 100};

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	p.ctx = &host.ctx;
	group("Rosenbrock's valley in 2 and 100 dimensions");
	for (p.n = 2; p.n <= 100; p.n += 98)
	{
		for (int64_t i = 0; i < p.n; i++)
			x[i] = i % 2 ? 1 : -1.2;
		p.shift = 1;
		check(sf_lbfgs(&arena, rosenbrock, &p, p.n, x, NULL, 1e-14, 2000, &descent) == SF_OK && descent.converged, "n = %d", (int) p.n);
		for (int64_t i = 0; i < p.n; i++)
			check(close_to(x[i], 1, 1e-5, 0), "x[%d] = %g", (int) i, x[i]);
	}
	done();

	group("a bowl of eight orders of magnitude, with its scale in a few steps");
	p.n = 100;
	for (int64_t i = 0; i < p.n; i++)
	{
		x[i] = 0;
		scale[i] = 1 / curvature(i);
	}
	check(sf_lbfgs(&arena, bowl, &p, p.n, x, scale, 1e-12, 100, &descent) == SF_OK && descent.converged && descent.evaluations < 5,
		  "%d evaluations", descent.evaluations);
	for (int64_t i = 0; i < p.n; i++)
		check(close_to(x[i], (double) i, 1e-6, 0), "x[%d] = %g", (int) i, x[i]);
	done();

	group("a start at the minimum, a barrier, too few evaluations, a start without a value");
	check(sf_lbfgs(&arena, bowl, &p, p.n, x, scale, 1e-12, 100, &descent) == SF_OK && descent.converged, "at the minimum");
	x[0] = 0.01;
	check(sf_lbfgs(&arena, barrier, NULL, 1, x, NULL, 1e-14, 100, &descent) == SF_OK && close_to(x[0], 1, 1e-5, 0), "barrier: %g", x[0]);
	x[0] = -1;
	check(fails_with(&host, sf_lbfgs(&arena, barrier, NULL, 1, x, NULL, 1e-14, 100, &descent), SF_BAD_DATA), "no value");
	x[0] = -1.2;
	x[1] = 1;
	p.n = 2;
	check(sf_lbfgs(&arena, rosenbrock, &p, 2, x, NULL, 1e-14, 5, &descent) == SF_OK && !descent.converged &&
		  descent.evaluations == 5, "five evaluations");
	done();
	host_free(&host);
}

static SfStatus
lbfgs_work(SfCtx *ctx, void *argument)
{
	double		x[10] = {-1.2, 1, 0.5};
	Problem		p = {ctx, 10, 0};
	SfArena		arena;
	SfDescent	descent;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_lbfgs(&arena, rosenbrock, &p, 10, x, NULL, 1e-10, 300, &descent);
}

int
main(void)
{
	test_minima();
	group("refused memory and cancelled polls are clean failures");
	refuse_each(lbfgs_work, NULL);
	cancel_each(lbfgs_work, NULL, 1);
	done();
	return finish();
}
