/* Tests of core/forecast/transform.c: log and Box-Cox, there and back, and the choice of lambda. */
#include "check.h"

#include "core/base/arena.h"
#include "core/forecast/transform.h"
#include "transform_golden.h"

static double
estimate(const double *y, int n, int m)
{
	SfArena		arena;
	Host		host;
	double		lambda = NAN;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_box_cox_lambda(&arena, y, n, m, &lambda) == SF_OK, "estimate");
	host_free(&host);
	return lambda;
}

/* What the estimate makes small, written down once more. */
static double
unevenness(const double *y, int n, int m, double lambda)
{
	int			length = m > 2 ? m : 2;
	int			blocks = n / length;
	double		sum = 0;
	double		square = 0;

	for (int b = 0; b < blocks; b++)
	{
		const double *block = y + n - (blocks - b) * length;
		double		mean = 0;
		double		spread = 0;
		double		ratio;

		for (int i = 0; i < length; i++)
			mean += block[i] / length;
		for (int i = 0; i < length; i++)
			spread += (block[i] - mean) * (block[i] - mean) / (length - 1);
		ratio = sqrt(spread) / pow(mean, 1 - lambda);
		sum += ratio / blocks;
		square += ratio * ratio;
	}
	return sqrt(fmax(square - blocks * sum * sum, 0) / (blocks - 1)) / sum;
}

static void
test_values(void)
{
	static const double lambdas[] = {-5, -1, -0.3, -1e-9, 0, 1e-9, 1e-7, 0.2, 0.5, 1, 2, 5};

	group("Box-Cox of R");
	for (int i = 0; i < LENGTH(box_cox_golden); i++)
		check(close_to(sf_box_cox(box_cox_golden[i].y, box_cox_golden[i].lambda), box_cox_golden[i].x, 1e-13, 1e-13), "%g with %g: %.17g, wanted %.17g",
			  box_cox_golden[i].y, box_cox_golden[i].lambda, sf_box_cox(box_cox_golden[i].y, box_cox_golden[i].lambda), box_cox_golden[i].x);
	done();

	group("there and back again, rising, 0 at 1 with slope 1");
	for (int l = 0; l < LENGTH(lambdas); l++)
	{
		double		last = -INFINITY;

		for (double y = 1e-2; y < 150; y *= 1.7)
		{
			double		x = sf_box_cox(y, lambdas[l]);

			/* close to the end of a transform few digits are left */
			check(close_to(sf_box_cox_back(x, lambdas[l]), y, 0, fabs(lambdas[l]) > 2 ? 1e-3 : 1e-10), "lambda %g: %g comes back as %g", lambdas[l], y,
				  sf_box_cox_back(x, lambdas[l]));
			check(x > last, "lambda %g: not rising at %g", lambdas[l], y);
			last = x;
		}
		check(sf_box_cox(1, lambdas[l]) == 0 && sf_box_cox_back(0, lambdas[l]) == 1, "lambda %g at 1", lambdas[l]);
		check(close_to(sf_box_cox(1.0001, lambdas[l]), 1e-4, 1e-7, 0), "lambda %g: slope", lambdas[l]);
	}
	check(same_bits(sf_box_cox(7, 0), log(7)) && close_to(sf_box_cox(7, 1), 6, 0, 1e-14), "log and the shape itself");
	done();

	group("beyond the end of a transform: 0 or infinity, never NaN");
	for (int l = 0; l < LENGTH(lambdas); l++)
		for (double x = -1e300; x <= 1e300; x = x < -1e-3 ? x / 1e3 : x < 1e-3 ? 1e-3 + 2 * fabs(x) : x * 1e3)
		{
			double		y = sf_box_cox_back(x, lambdas[l]);

			check(y >= 0, "lambda %g, x %g: %g", lambdas[l], x, y);
		}
	check(sf_box_cox_back(-3, 0.5) == 0 && sf_box_cox_back(3, -0.5) == INFINITY && sf_box_cox_back(2, -0.5) == INFINITY, "ends");
	done();
}

static void
test_lambda(void)
{
	double		y[200];
	SfRng		rng;

	group("Guerrero's lambda of R");
	for (int i = 0; i < LENGTH(lambda_golden); i++)
	{
		int			n = lambda_golden[i].n;
		int			m = lambda_golden[i].season;
		double		lambda = estimate(lambda_golden[i].y, n, m);

		check(close_to(lambda, lambda_golden[i].lambda, 1e-3, 0), "series %d: %.9g, wanted %.9g", i, lambda, lambda_golden[i].lambda);
		check(close_to(unevenness(lambda_golden[i].y, n, m, lambda_golden[i].lambda), lambda_golden[i].unevenness, 0, 1e-9), "series %d: the reference", i);
		check(unevenness(lambda_golden[i].y, n, m, lambda) <= lambda_golden[i].unevenness * (1 + 1e-8), "series %d: less even", i);
		for (double other = -1; other <= 2; other += 0.05)
			check(unevenness(lambda_golden[i].y, n, m, lambda) <= unevenness(lambda_golden[i].y, n, m, other) * (1 + 1e-9), "series %d: %g is more even than %g",
				  i, other, lambda);
	}
	done();

	sf_rng_seed(&rng, 13);
	group("lambda does not depend on the unit of the values");
	for (int t = 0; t < 144; t++)
		y[t] = ldexp(lambda_golden[0].y[t], 30);
	check(close_to(estimate(y, 144, 12), estimate(lambda_golden[0].y, 144, 12), 1e-6, 0), "scaled: %g", estimate(y, 144, 12));
	done();

	group("a spread that grows with the level asks for the log, one that does not for nothing");
	for (int t = 0; t < 200; t++)
		y[t] = exp(0.02 * t) * (1 + 0.1 * (t % 4));
	check(close_to(estimate(y, 200, 4), 0, 0.01, 0), "log: %g", estimate(y, 200, 4));
	for (int t = 0; t < 200; t++)
		y[t] = 100 + t - t % 4 + 5 * (t % 4);
	check(close_to(estimate(y, 200, 4), 1, 0.01, 0), "none: %g", estimate(y, 200, 4));
	done();

	group("odd series: a number within -1 .. 2, 1 without two blocks");
	for (int n = 1; n <= 40; n++)
		for (int m = 1; m <= 25; m += 4)
			for (int kind = 0; kind < 4; kind++)
			{
				double		lambda;

				for (int t = 0; t < n; t++)
					y[t] = kind == 0 ? 5 : kind == 1 ? random_magnitude(&rng, -300, 300) : kind == 2 ? (t == 0 ? 1e6 : 1) : 0.5 + sf_rng_uniform(&rng);
				lambda = estimate(y, n, m);
				check(lambda >= -1 && lambda <= 2, "n %d, m %d, kind %d: %g", n, m, kind, lambda);
				check(n / (m > 2 ? m : 2) >= 2 || lambda == 1, "n %d, m %d: %g", n, m, lambda);
				check(kind != 0 || lambda == 1, "a constant: %g", lambda);
			}
	done();
}

static SfStatus
lambda_work(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	double		lambda;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_box_cox_lambda(&arena, lambda_golden[0].y, lambda_golden[0].n, lambda_golden[0].season, &lambda);
}

int
main(void)
{
	test_values();
	test_lambda();
	group("each refused allocation is a clean failure");
	refuse_each(lambda_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(lambda_work, NULL, 1);
	done();
	return finish();
}
