/* Tests of core/base/chol.c: Cholesky factorization in blocks. */
#include "check.h"

#include "core/base/chol.h"

/* sizes around the edges of tiles (4, 8) and blocks (64) */
static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 31, 63, 64, 65, 71, 127, 128, 129, 200};

/* A = G G' + n I, in rows of stride; what lies above the diagonal is NaN and must not be read. */
static double *
matrix(SfRng *rng, int n, int stride, double *full)
{
	double	   *g = malloc((size_t) n * (size_t) n * sizeof(double));
	double	   *a = malloc((size_t) n * (size_t) stride * sizeof(double));

	for (int i = 0; i < n * n; i++)
		g[i] = random_between(rng, -1, 1);
	for (int i = 0; i < n * stride; i++)
		a[i] = NAN;
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			double		s = i == j ? n : 0;

			for (int k = 0; k < n; k++)
				s += g[i * n + k] * g[j * n + k];
			a[i * stride + j] = full[i * n + j] = full[j * n + i] = s;
		}
	free(g);
	return a;
}

static void
test_by_hand(void)
{
	double		a[] = {4, -1, 2, 10};
	double		b[] = {8, 14};
	double		many[] = {8, 4, 14, 2};
	Host		host;

	host_init(&host);
	group("a case by hand: (4 2; 2 10) = (2 0; 1 3) (2 1; 0 3)");
	check(sf_chol_factor(&host.ctx, a, 2, 2) == SF_OK, "factor");
	check(a[0] == 2 && a[2] == 1 && a[3] == 3, "%g %g %g", a[0], a[2], a[3]);
	check(a[1] == -1, "the upper triangle was written");
	sf_chol_solve(a, 2, 2, b);
	check(close_to(b[0], 13.0 / 9, 1e-15, 0) && close_to(b[1], 10.0 / 9, 1e-15, 0), "%g %g", b[0], b[1]);
	check(sf_chol_solve_many(&host.ctx, a, 2, 2, many, 2, 2) == SF_OK, "solve");
	check(close_to(many[0], 13.0 / 9, 1e-15, 0) && close_to(many[2], 10.0 / 9, 1e-15, 0), "%g %g", many[0], many[2]);
	check(close_to(many[1], 1.0, 1e-15, 0) && close_to(many[3], 0.0, 1e-15, 0), "%g %g", many[1], many[3]);
	done();
}

/* L L' gives back what was factored; the triangle above stays as it was. */
static void
check_factor(const double *l, const double *full, int n, int stride)
{
	double		worst = 0;

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			double		s = 0;

			for (int k = 0; k <= j; k++)
				s += l[i * stride + k] * l[j * stride + k];
			worst = fmax(worst, fabs(s - full[i * n + j]));
		}
		for (int j = i + 1; j < stride; j++)
			check(isnan(l[i * stride + j]), "n %d: element (%d, %d) was written", n, i, j);
	}
	check(worst <= 1e-13 * n, "n %d: L L' is off by %g", n, worst);
}

static void
check_solution(const double *full, const double *x, const double *b, int n, int step)
{
	double		worst = 0;

	for (int i = 0; i < n; i++)
	{
		double		s = 0;

		for (int j = 0; j < n; j++)
			s += full[i * n + j] * x[j * step];
		worst = fmax(worst, fabs(s - b[i * step]));
	}
	check(worst <= 1e-13 * n, "n %d: A x is off by %g", n, worst);
}

static void
check_solves(SfCtx *ctx, SfRng *rng, const double *l, const double *full, int n, int stride, int m)
{
	int			b_stride = m + 2;
	double	   *b = malloc((size_t) n * (size_t) b_stride * sizeof(double));
	double	   *x = malloc((size_t) n * (size_t) b_stride * sizeof(double));
	double	   *one = malloc((size_t) n * sizeof(double));

	for (int i = 0; i < n * b_stride; i++)
		x[i] = b[i] = random_between(rng, -1, 1);
	check(sf_chol_solve_many(ctx, l, n, stride, x, m, b_stride) == SF_OK, "solve %d", n);
	for (int c = 0; c < m; c++)
	{
		check_solution(full, x + c, b + c, n, b_stride);
		for (int i = 0; i < n; i++)
			one[i] = b[i * b_stride + c];
		sf_chol_solve(l, n, stride, one);
		for (int i = 0; i < n; i++)
			check(close_to(one[i], x[i * b_stride + c], 1e-13, 0), "n %d: one and many differ", n);
	}
	for (int i = 0; i < n; i++)
		for (int c = m; c < b_stride; c++)
			check(x[i * b_stride + c] == b[i * b_stride + c], "n %d: past the columns", n);
	free(b);
	free(x);
	free(one);
}

static void
test_sizes(void)
{
	SfRng		rng;
	Host		host;

	sf_rng_seed(&rng, 4);
	host_init(&host);
	group("L L' is the matrix and A x is b, for every size and stride, one vector or many");
	for (int c = 0; c < 2 * LENGTH(sizes); c++)
	{
		int			n = sizes[c / 2];
		int			stride = n + (c % 2) * 5;
		double	   *full = malloc((size_t) n * (size_t) n * sizeof(double));
		double	   *a = matrix(&rng, n, stride, full);

		check(sf_chol_factor(&host.ctx, a, n, stride) == SF_OK, "factor %d", n);
		check_factor(a, full, n, stride);
		check_solves(&host.ctx, &rng, a, full, n, stride, c % 2 ? 1 + n % 11 : 3);
		if (n == 71)
			check_solves(&host.ctx, &rng, a, full, n, stride, 70);
		free(a);
		free(full);
	}
	check(sf_chol_factor(&host.ctx, NULL, 0, 0) == SF_OK, "nothing to factor");
	done();
}

/* Scaling by a power of four scales L by a power of two, bit for bit. */
static void
test_scale(void)
{
	enum
	{
		N = 100
	};
	static double full[N * N];
	SfRng		rng;
	Host		host;
	double	   *a;
	double	   *b = malloc(N * N * sizeof(double));

	sf_rng_seed(&rng, 5);
	host_init(&host);
	a = matrix(&rng, N, N, full);
	for (int i = 0; i < N * N; i++)
		b[i] = ldexp(a[i], 200);
	group("scale: 2^200 A has 2^100 L");
	check(sf_chol_factor(&host.ctx, a, N, N) == SF_OK && sf_chol_factor(&host.ctx, b, N, N) == SF_OK, "factor");
	for (int i = 0; i < N; i++)
		for (int j = 0; j <= i; j++)
			check(same_bits(b[i * N + j], ldexp(a[i * N + j], 100)), "(%d, %d)", i, j);
	done();
	free(a);
	free(b);
}

/* The determinant and the inverse of Hilbert's matrix are known whole numbers. */
static void
test_hilbert(void)
{
	double		a[25];
	double		b[5] = {1, 0, 0, 0, 0};
	static const double first[] = {25, -300, 1050, -1400, 630};
	double		determinant = 1;
	Host		host;

	host_init(&host);
	group("Hilbert's matrix of order 5: determinant 1 / 266716800000, and its inverse");
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++)
			a[i * 5 + j] = 1.0 / (i + j + 1);
	check(sf_chol_factor(&host.ctx, a, 5, 5) == SF_OK, "factor");
	for (int i = 0; i < 5; i++)
		determinant *= a[i * 6] * a[i * 6];
	check(close_to(determinant, 1 / 266716800000.0, 0, 1e-10), "determinant %g", determinant);
	sf_chol_solve(a, 5, 5, b);
	for (int i = 0; i < 5; i++)
		check(close_to(b[i], first[i], 0, 1e-9), "%g instead of %g", b[i], first[i]);
	done();
}

static void
test_hostile(void)
{
	static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
	static const int rows[] = {0, 1, 63, 64, 100, 149};
	SfRng		rng;
	Host		host;

	sf_rng_seed(&rng, 6);
	host_init(&host);
	group("a matrix that is not positive definite is refused, with the row");
	for (int c = 0; c < LENGTH(bad) * LENGTH(rows); c++)
	{
		int			at = rows[c / LENGTH(bad)];
		double	   *a = calloc(150 * 150, sizeof(double));
		SfStatus	status;

		for (int i = 0; i < 150; i++)
			a[i * 151] = 2;
		a[at * 151] = bad[c % LENGTH(bad)];
		status = sf_chol_factor(&host.ctx, a, 150, 150);
		check(fails_with(&host, status, SF_BAD_DATA), "status %d", status);
		check(host.ctx.where == at, "row %" PRId64 " instead of %d", host.ctx.where, at);
		free(a);
	}
	done();
}

#define WORK_SIZE 200

static SfStatus
factor_work(SfCtx *ctx, void *argument)
{
	double	   *a = malloc(WORK_SIZE * WORK_SIZE * sizeof(double));
	double	   *b = calloc(WORK_SIZE * WORK_SIZE, sizeof(double));
	SfStatus	status;

	memcpy(a, argument, WORK_SIZE * WORK_SIZE * sizeof(double));
	status = sf_chol_factor(ctx, a, WORK_SIZE, WORK_SIZE);
	if (status == SF_OK)
		status = sf_chol_solve_many(ctx, a, WORK_SIZE, WORK_SIZE, b, WORK_SIZE, WORK_SIZE);
	free(a);
	free(b);
	return status;
}

int
main(void)
{
	static double full[WORK_SIZE * WORK_SIZE];
	SfRng		rng;
	double	   *a;

	test_by_hand();
	test_sizes();
	test_scale();
	test_hilbert();
	test_hostile();
	sf_rng_seed(&rng, 7);
	a = matrix(&rng, WORK_SIZE, WORK_SIZE, full);
	group("each cancelled poll is a clean failure");
	cancel_each(factor_work, a, 1);
	done();
	free(a);
	return finish();
}
