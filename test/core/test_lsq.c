/* Tests of core/base/lsq.c: linear least squares by pivoted QR, with a ridge. */
#include "check.h"

#include "core/base/lsq.h"

#define ROWS_MAX 64
#define COLS_MAX 12

typedef struct Answer
{
	SfStatus	status;
	double		beta[COLS_MAX];
	SfLsq		fit;
} Answer;

static Answer
solve(const double *x, int rows, int cols, int stride, const double *y, const double *ridge)
{
	SfMatrixView view = {x, rows, cols, stride};
	Answer		a = {.status = SF_OK};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	a.status = sf_least_squares(&arena, view, y, ridge, a.beta, &a.fit);
	host_free(&host);
	return a;
}

/*
 * Longley, An appraisal of least-squares programs for the electronic computer,
 * JASA 62, 1967; certified values of the NIST Statistical Reference Datasets.
 * Column 0 is y, the rest x.
 */
static const double longley[][8] = {
	{60323, 1, 83.0, 234289, 2356, 1590, 107608, 1947},
	{61122, 1, 88.5, 259426, 2325, 1456, 108632, 1948},
	{60171, 1, 88.2, 258054, 3682, 1616, 109773, 1949},
	{61187, 1, 89.5, 284599, 3351, 1650, 110929, 1950},
	{63221, 1, 96.2, 328975, 2099, 3099, 112075, 1951},
	{63639, 1, 98.1, 346999, 1932, 3594, 113270, 1952},
	{64989, 1, 99.0, 365385, 1870, 3547, 115094, 1953},
	{63761, 1, 100.0, 363112, 3578, 3350, 116219, 1954},
	{66019, 1, 101.2, 397469, 2904, 3048, 117388, 1955},
	{67857, 1, 104.6, 419180, 2822, 2857, 118734, 1956},
	{68169, 1, 108.4, 442769, 2936, 2798, 120445, 1957},
	{66513, 1, 110.8, 444546, 4681, 2637, 121950, 1958},
	{68655, 1, 112.6, 482704, 3813, 2552, 123366, 1959},
	{69564, 1, 114.2, 502601, 3931, 2514, 125368, 1960},
	{69331, 1, 115.7, 518173, 4806, 2572, 127852, 1961},
	{70551, 1, 116.9, 554894, 4007, 2827, 130081, 1962},
};
static const double longley_beta[] = {
	-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
	-1.03322686717359, -0.511041056535807e-01, 1829.15146461355
};

static void
test_cases(void)
{
	static const double line_x[] = {1, 0, 1, 1, 1, 2};
	static const double line_y[] = {1, 3, 8};
	double		y[LENGTH(longley)];
	Answer		a;

	group("a line through three points, by hand: 1/2 + 7/2 x, squares 3/2");
	a = solve(line_x, 3, 2, 2, line_y, NULL);
	check(a.status == SF_OK && a.fit.rank == 2, "status %d, rank %d", a.status, a.fit.rank);
	check(close_to(a.beta[0], 0.5, 1e-14, 0) && close_to(a.beta[1], 3.5, 1e-14, 0), "%.17g %.17g", a.beta[0], a.beta[1]);
	check(close_to(a.fit.rss, 1.5, 1e-14, 0), "rss %.17g", a.fit.rss);
	done();

	group("Longley's ill-conditioned data: the certified values to 9 digits");
	for (int i = 0; i < LENGTH(longley); i++)
		y[i] = longley[i][0];
	a = solve(longley[0] + 1, LENGTH(longley), 7, 8, y, NULL);
	for (int j = 0; j < 7; j++)
		check(close_to(a.beta[j], longley_beta[j], 0, 1e-9), "beta[%d] %.15g, wanted %.15g", j, a.beta[j], longley_beta[j]);
	check(close_to(a.fit.rss, 836424.055505915, 0, 1e-9), "rss %.15g", a.fit.rss);
	done();
}

static void
draw(SfRng *rng, double *x, int rows, int cols, double *y)
{
	for (int i = 0; i < rows * cols; i++)
		x[i] = sf_rng_normal(rng);
	for (int i = 0; i < rows; i++)
		y[i] = sf_rng_normal(rng);
}

/* Derivative of the penalized sum of squares along beta[j], halved. */
static double
slope(const double *x, int rows, int cols, const double *y, const double *ridge, const double *beta, int j)
{
	double		sum = ridge != NULL ? -ridge[j] * beta[j] : 0.0;

	for (int i = 0; i < rows; i++)
	{
		double		e = y[i];

		for (int k = 0; k < cols; k++)
			e -= x[i * cols + k] * beta[k];
		sum += e * x[i * cols + j];
	}
	return sum;
}

static void
test_laws(void)
{
	static double x[ROWS_MAX * COLS_MAX];
	static double scaled[ROWS_MAX * COLS_MAX];
	static double y[ROWS_MAX];
	double		ridge[COLS_MAX];
	SfRng		rng;

	sf_rng_seed(&rng, 31);
	group("the answer is the minimum: the slope is 0 along every column, with a ridge and without");
	for (int turn = 0; turn < 300; turn++)
	{
		int			rows = 1 + (int) sf_rng_below(&rng, ROWS_MAX);
		int			cols = 1 + (int) sf_rng_below(&rng, COLS_MAX);

		draw(&rng, x, rows, cols, y);
		for (int j = 0; j < cols; j++)
			ridge[j] = turn % 3 == 0 ? random_magnitude(&rng, -3, 2) : turn % 3 == 1 && j % 2 ? 1.0 : 0.0;
		for (int j = 0; j < cols; j++)
		{
			Answer		a = solve(x, rows, cols, cols, y, turn % 3 == 2 ? NULL : ridge);
			double		s = slope(x, rows, cols, y, turn % 3 == 2 ? NULL : ridge, a.beta, j);

			/* fewer rows than columns may still be ill-conditioned by chance */
			check(a.status == SF_OK && fabs(s) < 1e-8, "turn %d, %d x %d, column %d: slope %g", turn, rows, cols, j, s);
		}
	}
	done();

	group("columns that others explain get 0, and the fit stays");
	for (int turn = 0; turn < 50; turn++)
	{
		double		rss;

		draw(&rng, x, 30, 6, y);
		for (int i = 0; i < 30; i++)
		{
			x[i * 6 + 2] = 3 * x[i * 6] - x[i * 6 + 1];
			x[i * 6 + 4] = 0;
		}
		rss = solve(x, 30, 6, 6, y, NULL).fit.rss;
		check(solve(x, 30, 6, 6, y, NULL).fit.rank == 4, "rank %d", solve(x, 30, 6, 6, y, NULL).fit.rank);
		check(solve(x, 30, 6, 6, y, NULL).beta[4] == 0.0, "an empty column");
		for (int i = 0; i < 30; i++)
			x[i * 6 + 2] = x[i * 6 + 4];
		check(close_to(solve(x, 30, 6, 6, y, NULL).fit.rss, rss, 0, 1e-12), "rss");
	}
	done();

	group("units do not show: powers of two change beta and rss by their power, bit for bit");
	for (int turn = 0; turn < 200; turn++)
	{
		int			cols = 1 + (int) sf_rng_below(&rng, COLS_MAX);
		int			shift[COLS_MAX];
		int			y_shift = (int) sf_rng_below(&rng, 200) - 100;
		double		y_scaled[ROWS_MAX];
		Answer		a;
		Answer		b;

		draw(&rng, x, 40, cols, y);
		for (int j = 0; j < cols; j++)
			shift[j] = (int) sf_rng_below(&rng, 600) - 300;
		for (int i = 0; i < 40; i++)
		{
			y_scaled[i] = ldexp(y[i], y_shift);
			for (int j = 0; j < cols; j++)
				scaled[i * cols + j] = ldexp(x[i * cols + j], shift[j]);
		}
		a = solve(x, 40, cols, cols, y, NULL);
		b = solve(scaled, 40, cols, cols, y_scaled, NULL);
		check(same_bits(ldexp(a.fit.rss, 2 * y_shift), b.fit.rss), "rss");
		for (int j = 0; j < cols; j++)
			check(same_bits(ldexp(a.beta[j], y_shift - shift[j]), b.beta[j]), "beta[%d]", j);
	}
	done();
}

static void
test_hostile(void)
{
	static const double odd[] = {NAN, INFINITY, -INFINITY};
	double		x[] = {1, 2, 1, 3, 1, 5};
	double		y[] = {1, 2, 3};
	double		ridge[] = {1, 1};
	Host		host;

	host_init(&host);
	group("values that are not finite are refused");
	for (int i = 0; i < LENGTH(odd); i++)
	{
		x[3] = odd[i];
		check(solve(x, 3, 2, 2, y, NULL).status == SF_OVERFLOW, "x %g", odd[i]);
		x[3] = 3;
		y[1] = odd[i];
		check(solve(x, 3, 2, 2, y, NULL).status == SF_OVERFLOW, "y %g", odd[i]);
		y[1] = 2;
		ridge[1] = INFINITY;
		check(solve(x, 3, 2, 2, y, ridge).status == SF_OVERFLOW, "ridge");
	}
	done();

	group("zeros, single rows, the smallest and largest numbers");
	{
		static const double size[] = {0, 5e-324, 1e-300, 1, 1e300, DBL_MAX};
		double		one[6];
		double		two[3];

		for (int i = 0; i < LENGTH(size); i++)
			for (int j = 0; j < LENGTH(size); j++)
				for (int rows = 1; rows <= 3; rows++)
				{
					Answer		a;

					for (int k = 0; k < 6; k++)
						one[k] = size[i] * x[k] / 8;
					for (int k = 0; k < 3; k++)
						two[k] = size[j] * y[k] / 8;
					a = solve(one, rows, 2, 2, two, NULL);
					check(a.status == SF_OK || a.status == SF_OVERFLOW, "status %d", a.status);
					check(a.status != SF_OK || (isfinite(a.beta[0]) && isfinite(a.beta[1]) && !isnan(a.fit.rss)), "x %g, y %g", size[i], size[j]);
				}
	}
	done();
	host_free(&host);
}

static SfStatus
solve_work(SfCtx *ctx, void *argument)
{
	static double x[400 * 40];
	static double y[400];
	SfMatrixView view = {x, 400, 40, 40};
	double		beta[40];
	SfArena		arena;
	SfLsq		fit;
	SfRng		rng;

	(void) argument;
	sf_rng_seed(&rng, 32);
	draw(&rng, x, 400, 40, y);
	sf_arena_init(&arena, ctx);
	return sf_least_squares(&arena, view, y, NULL, beta, &fit);
}

int
main(void)
{
	test_cases();
	test_laws();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(solve_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(solve_work, NULL, 1);
	done();
	return finish();
}
