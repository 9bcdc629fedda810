/*
 * Tests of core/forecast/reconcile.c and of what it is made of: errorcov.c,
 * project.c, topdown.c, apportion.c.
 */
#include "check.h"

#include "core/forecast/apportion.h"
#include "core/forecast/errorcov.h"
#include "core/forecast/reconcile.h"
#include "reconcile_golden.h"

static const SfReconcileMethod methods[] = {
	SF_RECONCILE_BOTTOM_UP, SF_RECONCILE_TOP_DOWN, SF_RECONCILE_TOP_DOWN_HISTORY,
	SF_RECONCILE_WLS_STRUCT, SF_RECONCILE_WLS_VAR, SF_RECONCILE_MINT_SHRINK
};

/* A hierarchy with forecasts, residuals and history, and the result. */
typedef struct Case
{
	Host		host;
	SfArena		arena;
	SfHierarchy h;
	SfReconcileData data;
	SfReconcilePlan plan;
	SfReconciled report;
	double	   *base;
	double	   *residuals;
	double	   *history;
	double	   *out;
} Case;

static void
case_start(Case *c)
{
	host_init(&c->host);
	sf_arena_init(&c->arena, &c->host.ctx);
	memset(&c->plan, 0, sizeof c->plan);
	memset(&c->report, 0, sizeof c->report);
}

static void
case_rows(Case *c, int steps, int periods)
{
	int			n = c->h.nodes;

	c->base = sf_arena_take(&c->arena, (size_t) n * (size_t) steps, sizeof(double));
	c->out = sf_arena_take(&c->arena, (size_t) n * (size_t) steps, sizeof(double));
	c->residuals = sf_arena_take(&c->arena, (size_t) n * (size_t) periods, sizeof(double));
	c->history = sf_arena_take(&c->arena, (size_t) n * (size_t) periods, sizeof(double));
	c->data = (SfReconcileData) {
		.base = c->base, .steps = steps, .residuals = c->residuals, .periods = periods,
		.history = c->history, .history_periods = periods
	};
}

static SfStatus
reconcile(Case *c, SfReconcileMethod method)
{
	c->plan.method = method;
	return sf_reconcile(&c->arena, &c->h, &c->data, &c->plan, c->out, &c->report);
}

static void
random_tree(Case *c, SfRng *rng, int n)
{
	static int32_t parent[5000];

	for (int i = 0; i < n; i++)
		parent[i] = i == 0 ? -1 : (int32_t) sf_rng_below(rng, (uint64_t) (i < 4 ? 1 : i / 3));
	check(sf_hierarchy_from_parents(&c->arena, parent, n, &c->h) == SF_OK, "tree");
}

static void
random_groups(Case *c, SfRng *rng, int shops, int departments)
{
	static int32_t key[10000];
	int			n = 0;

	for (int i = 0; i < shops; i++)
		for (int j = 0; j < departments; j++)
			if (sf_rng_below(rng, 5) > 0 || i == 0 || j == 0)
			{
				key[2 * n] = i;
				key[2 * n++ + 1] = j;
			}
	key[2 * n] = -1;
	key[2 * n++ + 1] = 0;
	key[2 * n] = 0;
	key[2 * n++ + 1] = -1;
	check(sf_hierarchy_from_keys(&c->arena, key, n, 2, false, &c->h) == SF_OK, "groups");
}

/* History that adds up, residuals of any kind, forecasts that do not add up. */
static void
fill_random(Case *c, SfRng *rng)
{
	int			steps = c->data.steps;
	int			periods = c->data.periods;

	for (int i = 0; i < c->h.nodes; i++)
	{
		double		size = random_magnitude(rng, 0, 2);

		for (int t = 0; t < periods; t++)
		{
			c->history[i * periods + t] = size * random_between(rng, 0.5, 1.5);
			c->residuals[i * periods + t] = size * sf_rng_normal(rng) * 0.2 + 0.1 * size * (t % 3 - 1);
		}
		for (int s = 0; s < steps; s++)
			c->base[i * steps + s] = size * random_between(rng, 0.5, 1.5);
	}
	sf_hierarchy_sum(&c->arena, &c->h, c->history, periods);
	for (int a = 0; a < c->h.aggregates; a++)
	{
		int			i = c->h.aggregate[a];
		double		size = c->history[i * periods];

		for (int s = 0; s < steps; s++)
			c->base[i * steps + s] = size * random_between(rng, 0.7, 1.3);
	}
}

static void
check_adds_up(const Case *c, double tolerance)
{
	for (int a = 0; a < c->h.aggregates; a++)
		for (int s = 0; s < c->data.steps; s++)
		{
			double		sum = 0;
			double		size = 0;

			for (int64_t i = c->h.start[a]; i < c->h.start[a + 1]; i++)
			{
				double		y = c->out[c->h.bottom[c->h.member[i]] * c->data.steps + s];

				sum += y;
				size += fabs(y);
			}
			check(close_to(c->out[c->h.aggregate[a] * c->data.steps + s], sum, tolerance * size, 0), "aggregate %d", a);
		}
}

/* x of A x = b by elimination with pivots; A[n][n], destroyed, as b[n]. */
static void
solve_dense(double *a, double *b, int n)
{
	for (int k = 0; k < n; k++)
	{
		int			pivot = k;

		for (int i = k + 1; i < n; i++)
			if (fabs(a[i * n + k]) > fabs(a[pivot * n + k]))
				pivot = i;
		for (int j = 0; j < n; j++)
		{
			double		swap = a[k * n + j];

			a[k * n + j] = a[pivot * n + j];
			a[pivot * n + j] = swap;
		}
		{
			double		swap = b[k];

			b[k] = b[pivot];
			b[pivot] = swap;
		}
		for (int i = k + 1; i < n; i++)
		{
			double		f = a[i * n + k] / a[k * n + k];

			for (int j = k; j < n; j++)
				a[i * n + j] -= f * a[k * n + j];
			b[i] -= f * b[k];
		}
	}
	for (int i = n - 1; i >= 0; i--)
	{
		for (int j = i + 1; j < n; j++)
			b[i] -= a[i * n + j] * b[j];
		b[i] /= a[i * n + i];
	}
}

#define DENSE_MAX 60

/* Textbook W[n][n] of the nodes, n <= DENSE_MAX. */
static void
dense_w(const Case *c, SfReconcileMethod method, double *w)
{
	int			n = c->h.nodes;
	int			t = c->data.periods;
	const double *e = c->residuals;
	double		top = 0;
	double		bottom = 0;
	double		lambda = 1;

	memset(w, 0, sizeof(double) * (size_t) (n * n));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			for (int k = 0; k < t; k++)
				w[i * n + j] += e[i * t + k] * e[j * t + k] / t;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
		{
			double		r = w[i * n + j] / sqrt(w[i * n + i] * w[j * n + j]);
			double		square = 0;

			for (int k = 0; k < t; k++)
				square += pow(e[i * t + k] * e[j * t + k], 2) / (w[i * n + i] * w[j * n + j]);
			if (i != j)
			{
				top += (square - t * r * r) / (t * (t - 1.0));
				bottom += r * r;
			}
		}
	if (method == SF_RECONCILE_MINT_SHRINK)
		lambda = fmax(1e-4, fmin(1, top / bottom));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			if (method == SF_RECONCILE_WLS_STRUCT)
				w[i * n + j] = i == j ? (double) sf_hierarchy_size(&c->h, i) : 0;
			else if (i != j)
				w[i * n + j] *= 1 - lambda;
}

/* S[nodes][bottoms] */
static void
dense_s(const Case *c, double *s)
{
	memset(s, 0, sizeof(double) * (size_t) (c->h.nodes * c->h.bottoms));
	for (int b = 0; b < c->h.bottoms; b++)
		s[c->h.bottom[b] * c->h.bottoms + b] = 1;
	for (int a = 0; a < c->h.aggregates; a++)
		for (int64_t i = c->h.start[a]; i < c->h.start[a + 1]; i++)
			s[c->h.aggregate[a] * c->h.bottoms + c->h.member[i]] = 1;
}

/* hessian = S' W^-1 S, gradient = S' W^-1 base of one step */
static void
dense_problem(const Case *c, const double *w, int step, double *hessian, double *gradient)
{
	static double s[DENSE_MAX * DENSE_MAX];
	static double copy[DENSE_MAX * DENSE_MAX];
	double		column[DENSE_MAX];
	int			n = c->h.nodes;
	int			m = c->h.bottoms;

	dense_s(c, s);
	for (int j = 0; j <= m; j++)
	{
		for (int i = 0; i < n; i++)
			column[i] = j < m ? s[i * m + j] : c->base[i * c->data.steps + step];
		memcpy(copy, w, sizeof(double) * (size_t) (n * n));
		solve_dense(copy, column, n);
		for (int k = 0; k < m; k++)
		{
			double		sum = 0;

			for (int i = 0; i < n; i++)
				sum += s[i * m + k] * column[i];
			*(j < m ? &hessian[k * m + j] : &gradient[k]) = sum;
		}
	}
}

static void
check_dense(const Case *c, SfReconcileMethod method, int turn)
{
	static double w[DENSE_MAX * DENSE_MAX];
	static double hessian[DENSE_MAX * DENSE_MAX];
	double		y[DENSE_MAX];
	double		largest = 0;

	dense_w(c, method, w);
	for (int s = 0; s < c->data.steps; s++)
	{
		dense_problem(c, w, s, hessian, y);
		solve_dense(hessian, y, c->h.bottoms);
		for (int b = 0; b < c->h.bottoms; b++)
			largest = fmax(largest, fabs(y[b]));
		for (int b = 0; b < c->h.bottoms; b++)
		{
			double		got = c->out[c->h.bottom[b] * c->data.steps + s];

			check(close_to(got, y[b], 1e-8 * largest, 0), "case %d, method %d, bottom %d: %.10g instead of %.10g", turn, method, b, got, y[b]);
		}
	}
}

static void
test_dense(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 3);
	group("WLS and MinT are P = (S' W^-1 S)^-1 S' W^-1 in full, for trees and groups");
	for (int turn = 0; turn < 24; turn++)
		for (int m = 3; m < LENGTH(methods); m++)
		{
			Case		c;

			case_start(&c);
			if (turn % 2 == 0)
				random_tree(&c, &rng, 3 + turn);
			else
				random_groups(&c, &rng, 2 + turn % 4, 2 + turn / 5);
			/* fewer periods than series, and more */
			case_rows(&c, 3, turn % 3 == 0 ? 5 : turn % 3 == 1 ? 30 : 80);
			fill_random(&c, &rng);
			check(reconcile(&c, methods[m]) == SF_OK, "turn %d: %s", turn, c.host.ctx.what);
			check_dense(&c, methods[m], turn);
			check_adds_up(&c, 1e-14);
			host_free(&c.host);
		}
	done();
}

static void
golden_case(Case *c)
{
	case_start(c);
	check(sf_hierarchy_from_keys(&c->arena, golden_key, GOLDEN_NODES, 2, false, &c->h) == SF_OK, "keys");
	case_rows(c, GOLDEN_STEPS, GOLDEN_PERIODS);
	memcpy(c->base, golden_base, sizeof golden_base);
	memcpy(c->residuals, golden_residuals, sizeof golden_residuals);
	c->data.history = NULL;
}

static void
test_golden(void)
{
	static const struct
	{
		SfReconcileMethod method;
		const double *plain;
		const double *nonnegative;
	}			golden[] = {
		{SF_RECONCILE_WLS_STRUCT, golden_struct, golden_struct_nonnegative},
		{SF_RECONCILE_WLS_VAR, golden_var, golden_var_nonnegative},
		{SF_RECONCILE_MINT_SHRINK, golden_shrink, golden_shrink_nonnegative}
	};

	group("R, by full matrices: WLS and MinT; not negative by quadratic programming");
	for (int g = 0; g < LENGTH(golden); g++)
	{
		Case		c;

		golden_case(&c);
		check(reconcile(&c, golden[g].method) == SF_OK, "reconcile");
		for (int i = 0; i < GOLDEN_NODES * GOLDEN_STEPS; i++)
			check(close_to(c.out[i], golden[g].plain[i], 1e-11, 1e-11), "method %d, %d: %.15g instead of %.15g", g, i, c.out[i], golden[g].plain[i]);
		if (golden[g].method == SF_RECONCILE_MINT_SHRINK)
			check(close_to(c.report.lambda, golden_lambda, 0, 1e-12), "lambda %.15g", c.report.lambda);
		c.plan.nonnegative = true;
		check(reconcile(&c, golden[g].method) == SF_OK && c.report.converged && c.report.exchanges > 0, "not negative");
		for (int i = 0; i < GOLDEN_NODES * GOLDEN_STEPS; i++)
			check(close_to(c.out[i], golden[g].nonnegative[i], 1e-8, 1e-8), "method %d, %d: %.15g instead of %.15g", g, i, c.out[i], golden[g].nonnegative[i]);
		host_free(&c.host);
	}
	done();
}

/* The conditions that only the best non-negative solution fulfils. */
static void
check_optimal(const Case *c, SfReconcileMethod method, int turn)
{
	static double w[DENSE_MAX * DENSE_MAX];
	static double hessian[DENSE_MAX * DENSE_MAX];
	double		gradient[DENSE_MAX];
	int			m = c->h.bottoms;

	dense_w(c, method, w);
	for (int i = 0; i < c->h.nodes * c->h.nodes; i++)
		w[i] = i % (c->h.nodes + 1) == 0 ? w[i] : 0;
	for (int s = 0; s < c->data.steps; s++)
	{
		dense_problem(c, w, s, hessian, gradient);
		for (int b = 0; b < m; b++)
		{
			double		slope = -gradient[b];
			double		size = fabs(gradient[b]);
			double		y = c->out[c->h.bottom[b] * c->data.steps + s];

			for (int j = 0; j < m; j++)
			{
				double		term = hessian[b * m + j] * c->out[c->h.bottom[j] * c->data.steps + s];

				slope += term;
				size += fabs(term);
			}
			check(y >= 0, "turn %d: %g", turn, y);
			check(y > 0 ? fabs(slope) <= 1e-7 * size : slope >= -1e-7 * size, "turn %d, method %d, bottom %d: %g with slope %g of %g", turn, method, b, y, slope, size);
		}
	}
}

/* MinT's result is made non-negative by variances: its plain result becomes the base. */
static void
start_from_mint(Case *c)
{
	size_t		size = sizeof(double) * (size_t) (c->h.nodes * c->data.steps);
	double	   *result = sf_arena_take(&c->arena, 1, size);

	memcpy(result, c->out, size);
	c->plan.nonnegative = false;
	check(reconcile(c, SF_RECONCILE_MINT_SHRINK) == SF_OK, "MinT");
	memcpy(c->base, c->out, size);
	memcpy(c->out, result, size);
}

static void
test_nonnegative(void)
{
	SfRng		rng;
	int			zeros = 0;

	sf_rng_seed(&rng, 8);
	group("not negative: the nearest such forecasts (Karush-Kuhn-Tucker), and they add up");
	for (int turn = 0; turn < 24; turn++)
		for (int m = 3; m < LENGTH(methods); m++)
		{
			Case		c;

			case_start(&c);
			if (turn % 2 == 0)
				random_tree(&c, &rng, 3 + turn);
			else
				random_groups(&c, &rng, 2 + turn % 4, 2 + turn / 5);
			case_rows(&c, 2, turn % 3 == 0 ? 5 : 40);
			fill_random(&c, &rng);
			for (int b = 0; b < c.h.bottoms; b++)
				if (sf_rng_below(&rng, 2))
					c.base[c.h.bottom[b] * 2] *= -1;
			if (turn % 5 == 0)
				c.base[c.h.aggregate[0] * 2 + 1] *= -1;
			c.plan.nonnegative = true;
			c.data.history = NULL;
			check(reconcile(&c, methods[m]) == SF_OK && c.report.converged, "turn %d: %s", turn, c.host.ctx.what);
			if (methods[m] == SF_RECONCILE_MINT_SHRINK)
				start_from_mint(&c);
			check_optimal(&c, methods[m], turn);
			check_adds_up(&c, 1e-14);
			for (int i = 0; i < c.h.nodes * 2; i++)
				zeros += c.out[i] == 0;
			host_free(&c.host);
		}
	check(zeros > 100, "only %d zeros: the test tests nothing", zeros);
	done();
}

static void
test_laws(void)
{
	SfRng		rng;
	Case		c;
	double	   *first;

	sf_rng_seed(&rng, 5);
	group("forecasts that add up stay as they are, by every projection (SPS = S)");
	for (int turn = 0; turn < 10; turn++)
		for (int m = 3; m < LENGTH(methods); m++)
		{
			case_start(&c);
			random_groups(&c, &rng, 3 + turn, 4);
			case_rows(&c, 4, 12);
			fill_random(&c, &rng);
			sf_hierarchy_sum(&c.arena, &c.h, c.base, 4);
			c.plan.nonnegative = turn % 2;
			check(reconcile(&c, methods[m]) == SF_OK, "reconcile");
			for (int i = 0; i < c.h.nodes * 4; i++)
				check(close_to(c.out[i], c.base[i], 0, 1e-12), "%.17g became %.17g", c.base[i], c.out[i]);
			host_free(&c.host);
		}
	done();

	case_start(&c);
	random_groups(&c, &rng, 6, 5);
	case_rows(&c, 5, 20);
	fill_random(&c, &rng);
	first = malloc(sizeof(double) * (size_t) (c.h.nodes * 5));
	group("a power of two scales the result exactly; that of residuals does not matter; steps stand alone");
	for (int m = 0; m < 2 * LENGTH(methods); m++)
	{
		c.plan.nonnegative = m % 2;
		check(reconcile(&c, methods[m / 2]) == SF_OK, "reconcile");
		memcpy(first, c.out, sizeof(double) * (size_t) (c.h.nodes * 5));
		for (int i = 0; i < c.h.nodes * 5; i++)
			c.base[i] *= 1024;
		for (int i = 0; i < c.h.nodes * 20; i++)
			c.history[i] *= 1024;
		for (int i = 0; i < c.h.nodes * 20; i++)
			c.residuals[i] *= 0x1p-300;
		check(reconcile(&c, methods[m / 2]) == SF_OK, "reconcile");
		for (int i = 0; i < c.h.nodes * 5; i++)
			check(same_bits(c.out[i], first[i] * 1024), "method %d: %g", m, c.out[i]);
		for (int i = 0; i < c.h.nodes * 5; i++)
			c.base[i] /= 1024;
		for (int i = 0; i < c.h.nodes * 20; i++)
			c.history[i] /= 1024;
		for (int i = 0; i < c.h.nodes * 20; i++)
			c.residuals[i] *= 0x1p300;
	}
	done();

	group("an aggregate without forecasts takes no part: as if its variance were endless");
	for (int m = 3; m < LENGTH(methods); m++)
	{
		int			gone = c.h.aggregate[1];
		double		keep[5];

		memcpy(keep, c.base + gone * 5, sizeof keep);
		for (int s = 0; s < 5; s++)
			c.base[gone * 5 + s] = NAN;
		check(reconcile(&c, methods[m]) == SF_OK, "reconcile");
		check_adds_up(&c, 1e-14);
		memcpy(first, c.out, sizeof(double) * (size_t) (c.h.nodes * 5));
		/* the value of its residuals must not matter either */
		for (int t = 0; t < 20; t++)
			c.residuals[gone * 20 + t] += 1000;
		check(reconcile(&c, methods[m]) == SF_OK, "reconcile");
		for (int i = 0; i < c.h.nodes * 5; i++)
			check(same_bits(c.out[i], first[i]), "%g", c.out[i]);
		for (int t = 0; t < 20; t++)
			c.residuals[gone * 20 + t] -= 1000;
		memcpy(c.base + gone * 5, keep, sizeof keep);
	}
	done();

	group("what an aggregate holds beyond its bottom series is taken off first: a share, or where signs differ a difference");
	for (int m = 3; m < LENGTH(methods); m++)
		for (int way = 0; way < 2; way++)
		{
			int			total = c.h.aggregate[0];
			double		times = way == 0 ? 2 : 1;
			double		more = way == 0 ? 0 : -8192;

			check(reconcile(&c, methods[m]) == SF_OK && c.report.gaps == 0, "%d gaps", c.report.gaps);
			memcpy(first, c.out, sizeof(double) * (size_t) (c.h.nodes * 5));
			for (int s = 0; s < 5; s++)
				c.base[total * 5 + s] = times * c.base[total * 5 + s] + more;
			for (int t = 0; t < 20; t++)
			{
				c.history[total * 20 + t] = times * c.history[total * 20 + t] + more;
				c.residuals[total * 20 + t] *= times;
			}
			check(reconcile(&c, methods[m]) == SF_OK && c.report.gaps == 1, "%d gaps", c.report.gaps);
			for (int i = 0; i < c.h.nodes * 5; i++)
				check(close_to(c.out[i], first[i], 1e-8, 1e-10), "method %d, way %d: %g instead of %g", m, way, c.out[i], first[i]);
			for (int s = 0; s < 5; s++)
				c.base[total * 5 + s] = (c.base[total * 5 + s] - more) / times;
			for (int t = 0; t < 20; t++)
			{
				c.history[total * 20 + t] = (c.history[total * 20 + t] - more) / times;
				c.residuals[total * 20 + t] /= times;
			}
		}
	done();

	group("MinT moves the sums of a level no farther than reach; far enough, it is the textbook's; the least lambda that does");
	check(reconcile(&c, SF_RECONCILE_MINT_SHRINK) == SF_OK && c.report.lambda == c.report.estimated && c.report.lambda < 1, "no limit");
	memcpy(first, c.out, sizeof(double) * (size_t) (c.h.nodes * 5));
	for (double reach = 64; reach > 1e-6; reach /= 2)
	{
		double		way[3] = {0};
		double		room[3] = {0};

		c.plan.reach = reach;
		check(reconcile(&c, SF_RECONCILE_MINT_SHRINK) == SF_OK && c.report.lambda >= c.report.estimated, "reach %g", reach);
		check_adds_up(&c, 1e-14);
		for (int a = 0; a < c.h.aggregates; a++)
			for (int s = 0; s < 5; s++)
			{
				int			node = c.h.aggregate[a];
				double		sum = 0;

				for (int64_t i = c.h.start[a]; i < c.h.start[a + 1]; i++)
					sum += c.base[c.h.bottom[c.h.member[i]] * 5 + s];
				way[c.h.level[node]] += fabs(c.out[node * 5 + s] - sum);
				room[c.h.level[node]] += fabs(c.base[node * 5 + s] - sum);
			}
		for (int l = 0; l < 2; l++)
			check(way[l] <= reach * room[l] * (1 + 1e-9) || c.report.lambda == 1, "reach %g, level %d: %g of %g, lambda %g", reach, l, way[l], room[l], c.report.lambda);
		for (int i = 0; i < c.h.nodes * 5 && reach == 64; i++)
			check(same_bits(c.out[i], first[i]), "as far as the textbook");
	}
	check(c.report.lambda == 1, "no reach, no covariances");
	memcpy(first, c.out, sizeof(double) * (size_t) (c.h.nodes * 5));
	check(reconcile(&c, SF_RECONCILE_WLS_VAR) == SF_OK, "reconcile");
	for (int i = 0; i < c.h.nodes * 5; i++)
		check(close_to(c.out[i], first[i], 0, 1e-12), "lambda 1 is WLS-var: %g, %g", c.out[i], first[i]);
	c.plan.reach = -1;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_MINT_SHRINK), SF_BAD_ARGUMENT), "negative reach");
	c.plan.reach = NAN;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_MINT_SHRINK), SF_BAD_ARGUMENT), "no number");
	done();
	free(first);
	host_free(&c.host);
}

static void
test_by_hand(void)
{
	static const int32_t parent[] = {-1, 0, 0};
	/* one column: total 10, parts 3 and 5, so 2 are to be shared out */
	static const double base[] = {10, 3, 5};
	static const struct
	{
		SfReconcileMethod method;
		double		residual[3];
		double		wanted[3];
	}			cases[] = {
		{SF_RECONCILE_BOTTOM_UP, {1, 1, 1}, {8, 3, 5}},
		{SF_RECONCILE_TOP_DOWN, {1, 1, 1}, {10, 3.75, 6.25}},
		{SF_RECONCILE_TOP_DOWN_HISTORY, {1, 1, 1}, {10, 2.5, 7.5}},
		/* weights 2, 1, 1: the total gives in by half */
		{SF_RECONCILE_WLS_STRUCT, {1, 1, 1}, {9, 3.5, 5.5}},
		/* variances 1, 1, 2 */
		{SF_RECONCILE_WLS_VAR, {1, 1, 1.4142135623730951}, {9.5, 3.5, 6}}
	};

	group("cases by hand: 3 and 5 against 10");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		Case		c;

		case_start(&c);
		check(sf_hierarchy_from_parents(&c.arena, parent, 3, &c.h) == SF_OK, "tree");
		case_rows(&c, 1, 1);
		memcpy(c.base, base, sizeof base);
		memcpy(c.residuals, cases[i].residual, sizeof cases[i].residual);
		c.history[0] = 4;
		c.history[1] = 1;
		c.history[2] = 3;
		check(reconcile(&c, cases[i].method) == SF_OK, "reconcile");
		for (int k = 0; k < 3; k++)
			check(close_to(c.out[k], cases[i].wanted[k], 1e-14, 1e-14), "case %d: %.15g instead of %g", i, c.out[k], cases[i].wanted[k]);
		host_free(&c.host);
	}
	done();
}

static void
test_top_down(void)
{
	static const int32_t parent[] = {-1, 0, 0, 1, 1, 2};
	SfRng		rng;
	Case		c;

	sf_rng_seed(&rng, 9);
	case_start(&c);
	check(sf_hierarchy_from_parents(&c.arena, parent, 6, &c.h) == SF_OK, "tree");
	case_rows(&c, 1, 3);
	group("top-down: shares level by level; siblings that cancel; empty periods");
	memcpy(c.base, (double[]) {100, 30, 20, 1, 2, 7}, 6 * sizeof(double));
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN) == SF_OK, "reconcile");
	check(close_to(c.out[1], 60, 1e-12, 0) && close_to(c.out[3], 20, 1e-12, 0) && close_to(c.out[5], 40, 1e-12, 0), "%g %g %g", c.out[1], c.out[3], c.out[5]);
	c.base[1] = NAN;
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN) == SF_OK, "reconcile");
	check(close_to(c.out[1], 100 * 3 / 23.0, 1e-12, 0), "a node without forecasts counts with its children: %g", c.out[1]);
	memcpy(c.base, (double[]) {100, 30, -30, 0, 0, 7}, 6 * sizeof(double));
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN) == SF_OK, "reconcile");
	check(close_to(c.out[1], 50, 1e-12, 0) && close_to(c.out[3], 25, 1e-12, 0), "%g %g", c.out[1], c.out[3]);
	for (int i = 0; i < 6; i++)
		for (int t = 0; t < 3; t++)
			c.history[i * 3 + t] = i < 3 || t == 1 ? NAN : (i - 2) * (t + 1);
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN_HISTORY) == SF_OK, "reconcile");
	check(close_to(c.out[3], 100 / 6.0, 1e-12, 0) && close_to(c.out[5], 50, 1e-12, 0) && close_to(c.out[0], 100, 1e-12, 0), "%g %g", c.out[3], c.out[5]);
	for (int i = 0; i < 18; i++)
		c.history[i] = 0;
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN_HISTORY) == SF_OK && close_to(c.out[3], 100 / 3.0, 1e-12, 0), "equal shares: %g", c.out[3]);
	done();
	host_free(&c.host);
}

/* Exactly whole cents, exact sums of cents, the total's own rounding. */
static void
test_rounded(void)
{
	static const int32_t decimals[] = {-2, 0, 2, 4};
	SfRng		rng;

	sf_rng_seed(&rng, 12);
	group("rounded: sums are exact to the last digit, every part is within a unit, the total is its own rounding");
	for (int turn = 0; turn < 40; turn++)
	{
		double		unit = pow(10, -decimals[turn % 4]);
		double	   *plain;
		Case		c;

		case_start(&c);
		random_groups(&c, &rng, 2 + turn % 7, 5);
		case_rows(&c, 2, 6);
		fill_random(&c, &rng);
		for (int i = 0; i < c.h.nodes * 2; i++)
			c.base[i] *= turn % 3 == 0 ? -10 : 10;
		check(reconcile(&c, SF_RECONCILE_WLS_STRUCT) == SF_OK, "reconcile");
		plain = malloc(sizeof(double) * (size_t) (c.h.nodes * 2));
		memcpy(plain, c.out, sizeof(double) * (size_t) (c.h.nodes * 2));
		c.plan.rounded = true;
		c.plan.decimals = decimals[turn % 4];
		check(reconcile(&c, SF_RECONCILE_WLS_STRUCT) == SF_OK, "reconcile");
		for (int i = 0; i < c.h.nodes * 2; i++)
			check(close_to(c.out[i] / unit, round(c.out[i] / unit), 1e-6, 0), "%.17g is not a whole number of %g", c.out[i], unit);
		for (int b = 0; b < c.h.bottoms; b++)
			for (int s = 0; s < 2; s++)
				check(fabs(c.out[c.h.bottom[b] * 2 + s] - plain[c.h.bottom[b] * 2 + s]) < unit * (1 + 1e-9), "bottom %d", b);
		for (int a = 0; a < c.h.aggregates; a++)
			for (int s = 0; s < 2; s++)
			{
				int64_t		sum = 0;
				int			i = c.h.aggregate[a] * 2 + s;

				for (int64_t k = c.h.start[a]; k < c.h.start[a + 1]; k++)
					sum += llround(c.out[c.h.bottom[c.h.member[k]] * 2 + s] / unit);
				check(llround(c.out[i] / unit) == sum, "aggregate %d", a);
				if (c.h.start[a + 1] - c.h.start[a] == c.h.bottoms)
					check(llround(plain[i] / unit) == sum, "total %.17g became %g", plain[i], c.out[i]);
			}
		free(plain);
		host_free(&c.host);
	}
	done();

	group("rounded: thirds of 100 by hand, what is whole stays, too large is refused");
	{
		static const int32_t parent[] = {-1, 0, 0, 0};
		Case		c;

		case_start(&c);
		check(sf_hierarchy_from_parents(&c.arena, parent, 4, &c.h) == SF_OK, "tree");
		case_rows(&c, 1, 1);
		memcpy(c.out, (double[]) {0, 100 / 3.0, 100 / 3.0, 100 / 3.0}, 4 * sizeof(double));
		check(sf_apportion(&c.arena, &c.h, c.out, 1, 2) == SF_OK, "apportion");
		check(c.out[0] == 100 && c.out[1] == 33.34 && c.out[2] == 33.33 && c.out[3] == 33.33, "%g %g %g %g", c.out[0], c.out[1], c.out[2], c.out[3]);
		memcpy(c.out, (double[]) {0, 0.29, 0, 1.005}, 4 * sizeof(double));
		check(sf_apportion(&c.arena, &c.h, c.out, 1, 3) == SF_OK, "apportion");
		check(c.out[0] == 1.295 && c.out[1] == 0.29 && c.out[2] == 0 && c.out[3] == 1.005, "%.17g %.17g %.17g", c.out[0], c.out[1], c.out[3]);
		memcpy(c.out, (double[]) {0, 1e300, 0, 1}, 4 * sizeof(double));
		check(fails_with(&c.host, sf_apportion(&c.arena, &c.h, c.out, 1, 2), SF_OVERFLOW) && c.host.ctx.where == 1, "too large");
		check(fails_with(&c.host, sf_apportion(&c.arena, &c.h, c.out, 1, 10), SF_BAD_ARGUMENT), "too many decimals");
		memcpy(c.out, (double[]) {0, 6e15, -6e15, 6e15}, 4 * sizeof(double));
		check(sf_apportion(&c.arena, &c.h, c.out, 1, 0) == SF_OK && c.out[0] == 6e15, "large but exact");
		host_free(&c.host);
	}
	done();
}

static void
test_errorcov(void)
{
	static const int32_t parent[] = {-1, 0, 0, 0};
	bool		used[] = {true, true, true, true};
	SfErrorCov	cov;
	Case		c;

	case_start(&c);
	check(sf_hierarchy_from_parents(&c.arena, parent, 4, &c.h) == SF_OK, "tree");
	case_rows(&c, 1, 4);
	group("variances: a floor for constant series, an average one for unknown ones, gaps in the residuals");
	/* total unknown, parts: mean square 4, never wrong, mean square 8 from two periods */
	memcpy(c.residuals, (double[]) {NAN, NAN, NAN, NAN, 2, -2, 2, -2, 0, 0, 0, 0, NAN, 4, 0, NAN}, 16 * sizeof(double));
	check(sf_errorcov_fit(&c.arena, &c.h, used, c.residuals, 4, false, &cov) == SF_OK, "fit");
	check(cov.raised == 1 && cov.guessed == 1 && cov.lambda == 1, "%d raised, %d guessed", cov.raised, cov.guessed);
	check(close_to(cov.own[3] / cov.own[1], 2, 1e-14, 0), "%g", cov.own[3] / cov.own[1]);
	check(close_to(cov.own[0] / cov.own[1], 3, 1e-14, 0), "unknown total: %g", cov.own[0] / cov.own[1]);
	check(cov.own[2] > 0 && cov.own[2] < 1e-5 * cov.own[1], "floor %g", cov.own[2]);
	check(sf_errorcov_fit(&c.arena, &c.h, used, c.residuals, 4, true, &cov) == SF_OK, "fit");
	for (int i = 0; i < 4; i++)
		check(cov.own[i] > 0, "own[%d] is %g", i, cov.own[i]);
	for (int i = 0; i < 16; i++)
		c.residuals[i] = i % 2 ? 0 : NAN;
	check(sf_errorcov_fit(&c.arena, &c.h, used, c.residuals, 4, true, &cov) == SF_OK && cov.own[0] == 3 && cov.own[1] == 1 && cov.factors == 0, "nothing known: by size");
	done();
	host_free(&c.host);
}

static void
test_hostile(void)
{
	static const double odd[] = {0, 1, -1, 1e-300, 1e300, -1e300, 1e-12, 1e12, 5e-324, DBL_MAX / 1e6};
	SfRng		rng;

	sf_rng_seed(&rng, 77);
	group("hostile numbers: every answer is finite and adds up, or is an overflow");
	for (int turn = 0; turn < 400; turn++)
		for (int m = 0; m < LENGTH(methods); m++)
		{
			Case		c;
			SfStatus	status;

			case_start(&c);
			if (turn % 2 == 0)
				random_tree(&c, &rng, 1 + turn % 9);
			else
				random_groups(&c, &rng, 1 + turn % 3, 1 + turn % 4);
			case_rows(&c, 1 + turn % 2, 1 + turn % 5);
			for (int i = 0; i < c.h.nodes * c.data.steps; i++)
				c.base[i] = odd[sf_rng_below(&rng, LENGTH(odd))];
			for (int i = 0; i < c.h.nodes * c.data.periods; i++)
			{
				c.residuals[i] = sf_rng_below(&rng, 4) == 0 ? NAN : odd[sf_rng_below(&rng, LENGTH(odd))];
				c.history[i] = sf_rng_below(&rng, 4) == 0 ? NAN : odd[sf_rng_below(&rng, LENGTH(odd))];
			}
			if (turn % 7 == 0)
				c.data.history = methods[m] == SF_RECONCILE_TOP_DOWN_HISTORY ? c.history : NULL;
			c.plan.nonnegative = turn % 3 == 0;
			c.plan.rounded = turn % 4 == 0;
			c.plan.reach = turn % 5 * 0.25;
			status = reconcile(&c, methods[m]);
			check(status == SF_OK || fails_with(&c.host, status, SF_OVERFLOW), "turn %d, method %d: status %d", turn, m, status);
			for (int i = 0; i < c.h.nodes * c.data.steps && status == SF_OK; i++)
				check(isfinite(c.out[i]) && (!c.plan.nonnegative || c.out[i] >= 0), "turn %d, method %d: %g", turn, m, c.out[i]);
			host_free(&c.host);
		}
	done();
}

static void
test_refused(void)
{
	SfRng		rng;
	Case		c;

	sf_rng_seed(&rng, 78);
	case_start(&c);
	random_groups(&c, &rng, 3, 3);
	case_rows(&c, 2, 6);
	fill_random(&c, &rng);
	group("what breaks the contract is refused, with the node");
	c.base[c.h.bottom[1] * 2 + 1] = NAN;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_MINT_SHRINK), SF_BAD_DATA) && c.host.ctx.where == c.h.bottom[1], "a step is missing");
	c.base[c.h.bottom[1] * 2] = NAN;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_BOTTOM_UP), SF_BAD_DATA) && c.host.ctx.where == c.h.bottom[1], "a bottom series is missing");
	check(reconcile(&c, SF_RECONCILE_TOP_DOWN_HISTORY) == SF_OK, "where only the total is needed");
	c.base[c.h.bottom[1] * 2] = INFINITY;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_WLS_STRUCT), SF_BAD_DATA), "infinite");
	c.base[c.h.bottom[1] * 2] = c.base[c.h.bottom[1] * 2 + 1] = 1;
	c.residuals[3] = -INFINITY;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_WLS_VAR), SF_BAD_DATA) && c.host.ctx.where == 0, "infinite residual");
	c.residuals[3] = 0;
	c.history[7] = INFINITY;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_WLS_VAR), SF_BAD_DATA) && c.host.ctx.where == 1, "infinite history");
	c.data.history = NULL;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_TOP_DOWN_HISTORY), SF_BAD_ARGUMENT), "no history");
	c.data.residuals = NULL;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_MINT_SHRINK), SF_BAD_ARGUMENT), "no residuals");
	check(fails_with(&c.host, reconcile(&c, (SfReconcileMethod) 17), SF_BAD_ARGUMENT), "no such method");
	c.plan.rounded = true;
	c.plan.decimals = 10;
	check(fails_with(&c.host, reconcile(&c, SF_RECONCILE_BOTTOM_UP), SF_BAD_ARGUMENT), "decimals");
	done();
	host_free(&c.host);
}

static SfStatus
reconcile_work(SfCtx *ctx, void *argument)
{
	int			size = *(int *) argument;
	int32_t		key[2000];
	SfArena		arena;
	SfHierarchy h;
	SfRng		rng;
	SfReconciled report;
	SfStatus	status = SF_OK;
	double	   *base = malloc(3000 * sizeof(double));
	double	   *residuals = malloc(40000 * sizeof(double));
	double	   *out = malloc(3000 * sizeof(double));

	sf_rng_seed(&rng, 1);
	for (int i = 0; i < size * size; i++)
	{
		key[2 * i] = i / size;
		key[2 * i + 1] = i % size;
	}
	for (int i = 0; i < 2; i++)
	{
		key[2 * (size * size + i) + i] = 0;
		key[2 * (size * size + i) + 1 - i] = -1;
	}
	sf_arena_init(&arena, ctx);
	status = sf_hierarchy_from_keys(&arena, key, size * size + 2, 2, false, &h);
	for (int i = 0; i < 3000; i++)
		base[i] = random_between(&rng, -0.5, 1);
	for (int i = 0; i < 40000; i++)
		residuals[i] = sf_rng_normal(&rng);
	for (int m = 0; m < LENGTH(methods) && status == SF_OK; m++)
	{
		SfReconcileData data = {
			.base = base, .steps = 2, .residuals = residuals, .periods = 20, .history = residuals, .history_periods = 20
		};
		SfReconcilePlan plan = {.method = methods[m], .nonnegative = true, .reach = 0.01, .rounded = true, .decimals = 2};

		status = sf_reconcile(&arena, &h, &data, &plan, out, &report);
	}
	free(base);
	free(residuals);
	free(out);
	return status;
}

int
main(void)
{
	int			small = 4;
	int			large = 30;

	test_by_hand();
	test_golden();
	test_dense();
	test_nonnegative();
	test_laws();
	test_top_down();
	test_rounded();
	test_errorcov();
	test_hostile();
	test_refused();
	group("each refused allocation is a clean failure");
	refuse_each(reconcile_work, &small);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(reconcile_work, &large, 3);
	done();
	return finish();
}
