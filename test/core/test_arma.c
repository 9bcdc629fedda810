/* Tests of core/forecast/arma.c and arma_lanes.c: the filter of seasonal ARMA processes. */
#include "check.h"

#include "core/forecast/arma_lanes.h"

#define N_MAX 60
#define PSI_MAX 4000

static double
draw_partial(SfRng *rng)
{
	return random_between(rng, -0.75, 0.75);
}

static SfArma
draw_process(SfRng *rng, SfArmaOrder o)
{
	SfArma		arma = {.order = o};
	double		partial[SF_ARMA_ORDER_MAX];

	for (int k = 0; k < 4; k++)
	{
		int32_t		count = k == 0 ? o.p : k == 1 ? o.q : k == 2 ? o.P : o.Q;
		double	   *to = k == 0 ? arma.ar : k == 1 ? arma.ma : k == 2 ? arma.sar : arma.sma;

		for (int i = 0; i < count; i++)
			partial[i] = draw_partial(rng);
		sf_arma_from_partial(partial, count, to);
		/* invertible, with the other sign */
		for (int i = 0; i < count && k % 2 == 1; i++)
			to[i] = -to[i];
	}
	return arma;
}

static SfArmaOrder
draw_order(SfRng *rng)
{
	SfArmaOrder o = {
		(int32_t) sf_rng_below(rng, 4), (int32_t) sf_rng_below(rng, 4),
		(int32_t) sf_rng_below(rng, 3), (int32_t) sf_rng_below(rng, 3), 2 + (int32_t) sf_rng_below(rng, 6)
	};

	return o;
}

/* Responses straight from the definition, factor by factor. */
static void
psi_of(const SfArma *a, double *psi)
{
	SfArmaOrder o = a->order;
	static double u[PSI_MAX];

	memset(u, 0, sizeof u);
	u[0] = 1;
	for (int j = 0; j < o.Q; j++)
		u[(j + 1) * o.m] += a->sma[j];
	for (int t = 0; t < PSI_MAX; t++)
	{
		psi[t] = u[t];
		for (int i = 0; i < o.q && i < t; i++)
			psi[t] += a->ma[i] * u[t - 1 - i];
	}
	for (int t = 0; t < PSI_MAX; t++)
		for (int i = 0; i < o.p && i < t; i++)
			psi[t] += a->ar[i] * psi[t - 1 - i];
	for (int t = 0; t < PSI_MAX; t++)
		for (int j = 0; j < o.P && (j + 1) * o.m <= t; j++)
			psi[t] += a->sar[j] * psi[t - (j + 1) * o.m];
}

/* Log determinant and w'V^-1 w by the Cholesky factor of the whole covariance. */
static void
by_cholesky(const double *gamma, const double *w, int n, double *log_det, double *squares)
{
	static double l[N_MAX][N_MAX];
	double		z[N_MAX];

	*log_det = *squares = 0;
	for (int i = 0; i < n; i++)
	{
		z[i] = w[i];
		for (int j = 0; j <= i; j++)
		{
			double		sum = gamma[i - j];

			for (int k = 0; k < j; k++)
				sum -= l[i][k] * l[j][k];
			l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
			if (j < i)
				z[i] -= l[i][j] * z[j];
		}
		z[i] /= l[i][i];
		*log_det += 2 * log(l[i][i]);
		*squares += z[i] * z[i];
	}
}

typedef struct Filtered
{
	double		log_det;
	double		e[2 * N_MAX];	/* two columns */
	double		ahead[10];
} Filtered;

static Filtered
filter(const SfArma *arma, const double *x, int n, int cols)
{
	Filtered	out = {0};
	double		state[400] = {0};
	SfArmaFilter f;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_arma_filter_take(&arena, (int32_t) sf_arma_size(arma->order), n, cols, &f) == SF_OK, "memory");
	sf_arma_filter_set(&f, arma);
	check(sf_arma_whiten_exact(&f, arma, x, n, N_MAX, cols, out.e, &out.log_det) == SF_OK, "filter");
	memcpy(state, f.state + n, (size_t) f.size * sizeof(double));
	sf_arma_continue(&f, state, out.ahead, LENGTH(out.ahead));
	host_free(&host);
	return out;
}

static void
test_exact(void)
{
	static double psi[PSI_MAX];
	static SfArma many[SF_LANES];
	double		x[2 * N_MAX];
	SfRng		rng;

	sf_rng_seed(&rng, 41);
	group("AR(1) and MA(1) by hand");
	{
		SfArma		ar = {.order = {1, 0, 0, 0, 1}, .ar = {0.6}};
		SfArma		ma = {.order = {0, 1, 0, 0, 1}, .ma = {0.5}};
		Filtered	f;

		x[0] = 1;
		x[1] = 2;
		f = filter(&ar, x, 2, 1);
		check(close_to(f.e[0], 0.8, 1e-15, 0) && close_to(f.e[1], 1.4, 1e-15, 0), "%g %g", f.e[0], f.e[1]);
		check(close_to(f.log_det, -log(0.64), 1e-15, 0) && close_to(f.ahead[1], 0.72, 1e-15, 0), "%g %g", f.log_det, f.ahead[1]);
		/* covariance 1.25, .5: the second value expects .4 of the first, variance 1.25 - .2 */
		f = filter(&ma, x, 2, 1);
		check(close_to(f.e[1], (2 - 0.4) / sqrt(1.05), 1e-15, 0) && close_to(f.log_det, log(1.25 * 1.05), 1e-15, 0), "%g %g", f.e[1], f.log_det);
	}
	done();

	group("determinant, squares and forecasts are those of the whole covariance matrix");
	for (int turn = 0; turn < 300; turn++)
	{
		SfArmaOrder o = draw_order(&rng);
		SfArma		arma = draw_process(&rng, o);
		int			n = 1 + (int) sf_rng_below(&rng, N_MAX - 10);
		double		gamma[N_MAX] = {0};
		double		log_det;
		double		squares;
		Filtered	f;

		for (int i = 0; i < 2 * N_MAX; i++)
			x[i] = sf_rng_normal(&rng);
		psi_of(&arma, psi);
		for (int k = 0; k < N_MAX; k++)
			for (int t = 0; t + k < PSI_MAX; t++)
				gamma[k] += psi[t] * psi[t + k];
		f = filter(&arma, x, n, 2);
		for (int c = 0; c < 2; c++)
		{
			double		got = 0;

			for (int t = 0; t < n; t++)
				got += f.e[c * N_MAX + t] * f.e[c * N_MAX + t];
			by_cholesky(gamma, x + c * N_MAX, n, &log_det, &squares);
			check(close_to(got, squares, 0, 1e-7) && close_to(f.log_det, log_det, 1e-7, 1e-7), "(%d,%d)(%d,%d)[%d] n %d: %.12g, wanted %.12g; %.12g, wanted %.12g",
				  o.p, o.q, o.P, o.Q, o.m, n, got, squares, f.log_det, log_det);
		}
		/* what is expected next has the least squares: it adds none to them */
		for (int h = 0; h < 10; h++)
			x[n + h] = f.ahead[h];
		by_cholesky(gamma, x, n + 10, &log_det, &squares);
		for (int t = 0; t < n; t++)
			squares -= f.e[t] * f.e[t];
		check(fabs(squares) < 1e-7, "forecasts add %g", squares);
	}
	done();

	group("eight processes side by side give what each gives alone");
	for (int turn = 0; turn < 100; turn++)
	{
		SfArmaOrder o = draw_order(&rng);
		int			n = 1 + (int) sf_rng_below(&rng, N_MAX);
		int			count = 1 + (int) sf_rng_below(&rng, SF_LANES);
		static double out[SF_LANES][2 * N_MAX];
		double		log_det[SF_LANES];
		SfArmaFilter f;
		SfArmaLanes lanes;
		SfArena		arena;
		Host		host;

		for (int i = 0; i < 2 * N_MAX; i++)
			x[i] = sf_rng_normal(&rng);
		for (int k = 0; k < count; k++)
			many[k] = draw_process(&rng, o);
		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		check(sf_arma_filter_take(&arena, (int32_t) sf_arma_size(o), n, 2, &f) == SF_OK && sf_arma_lanes_take(&arena, &f, &lanes) == SF_OK, "memory");
		check(sf_arma_whiten_lanes(&lanes, many, count, x, n, N_MAX, 2, out[0], 2 * N_MAX, log_det) == SF_OK, "lanes");
		host_free(&host);
		for (int k = 0; k < count; k++)
		{
			Filtered	one = filter(&many[k], x, n, 2);

			check(close_to(one.log_det, log_det[k], 1e-10, 1e-10), "(%d,%d)(%d,%d)[%d] n %d: log determinant %g, %g", o.p, o.q, o.P, o.Q, o.m, n, one.log_det, log_det[k]);
			for (int c = 0; c < 2; c++)
				for (int t = 0; t < n; t++)
					check(close_to(one.e[c * N_MAX + t], out[k][c * N_MAX + t], 1e-9, 1e-9), "lane %d column %d period %d", k, c, t);
		}
	}
	done();
}

static void
test_conditional(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 42);
	group("the conditional filter gives the innovations back that made the series");
	for (int turn = 0; turn < 200; turn++)
	{
		SfArmaOrder o = draw_order(&rng);
		SfArma		arma = draw_process(&rng, o);
		int			lost = o.p + o.P * o.m;
		int			n = lost + (int) sf_rng_below(&rng, 60);
		double		w[200];
		double		u[200];
		double		made[200];
		double		e[200];
		double		state[200] = {0};
		double		ahead[1];
		SfArmaFilter f;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		check(sf_arma_filter_take(&arena, (int32_t) sf_arma_size(o), n, 0, &f) == SF_OK, "memory");
		sf_arma_filter_set(&f, &arma);
		for (int t = 0; t <= n; t++)
		{
			double		sum;

			made[t] = t < lost || t == n ? 0 : sf_rng_normal(&rng);
			u[t] = made[t];
			for (int j = 0; j < o.Q && (j + 1) * o.m <= t; j++)
				u[t] += arma.sma[j] * made[t - (j + 1) * o.m];
			sum = u[t];
			for (int i = 0; i < o.q && i < t; i++)
				sum += arma.ma[i] * u[t - 1 - i];
			for (int i = 0; i < f.ar.count && t >= lost; i++)
				sum += f.ar.value[i] * w[t - f.ar.lag[i]];
			w[t] = t < lost ? sf_rng_normal(&rng) : sum;
		}
		check(sf_arma_whiten_conditional(&f, &arma, w, n, n, 1, e) == SF_OK, "filter");
		for (int t = 0; t < n; t++)
			check(close_to(e[t], made[t], 1e-9, 1e-9), "period %d: %g, %g", t, e[t], made[t]);
		/* the next value without its innovation is what is expected */
		sf_arma_state(&f, w, e, n, state);
		sf_arma_continue(&f, state, ahead, 1);
		check(close_to(ahead[0], w[n], 1e-9, 1e-9), "expected %g, made %g", ahead[0], w[n]);
		host_free(&host);
	}
	done();
}

static void
test_partial(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 43);
	group("partial autocorrelations and coefficients, there and back");
	for (int turn = 0; turn < 300; turn++)
	{
		int			k = 1 + (int) sf_rng_below(&rng, SF_ARMA_ORDER_MAX);
		double		partial[SF_ARMA_ORDER_MAX];
		double		a[SF_ARMA_ORDER_MAX];
		double		back[SF_ARMA_ORDER_MAX];

		for (int i = 0; i < k; i++)
			partial[i] = draw_partial(&rng);
		sf_arma_from_partial(partial, k, a);
		check(sf_arma_to_partial(a, k, back), "stationary");
		for (int i = 0; i < k; i++)
			check(close_to(back[i], partial[i], 1e-9, 1e-9), "order %d of %d: %g, %g", i, k, back[i], partial[i]);
	}
	{
		static const double explosive[] = {0.9, 0.2};
		static const double unit[] = {1.0};
		double		back[2];

		check(!sf_arma_to_partial(explosive, 2, back) && !sf_arma_to_partial(unit, 1, back), "not stationary");
	}
	done();

	group("responses of a summed process: a random walk answers 1, a seasonal one every season");
	{
		SfArma		none = {.order = {.m = 4}};
		double		weight[10];
		SfArmaFilter f;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		check(sf_arma_filter_take(&arena, 1, 0, 0, &f) == SF_OK, "memory");
		sf_arma_filter_set(&f, &none);
		sf_arma_weights(&f, 1, 1, 4, weight, 10);
		for (int i = 0; i < 10; i++)
			check(weight[i] == 1 + i / 4, "step %d: %g", i, weight[i]);
		host_free(&host);
	}
	done();
}

static SfStatus
filter_work(SfCtx *ctx, void *argument)
{
	static double x[9000];
	static double out[SF_LANES * 9000];
	SfArma		arma[2] = {{.order = {1, 1, 1, 0, 4}, .ar = {0.5}, .ma = {0.3}, .sar = {0.4}}, {.order = {1, 1, 1, 0, 4}, .ar = {0.6}}};
	double		log_det[2];
	SfArmaFilter f;
	SfArmaLanes lanes;
	SfArena		arena;
	SfStatus	status;

	(void) argument;
	for (int t = 0; t < LENGTH(x); t++)
		x[t] = t % 7;
	sf_arena_init(&arena, ctx);
	status = sf_arma_filter_take(&arena, 6, LENGTH(x), 1, &f);
	if (status == SF_OK)
		status = sf_arma_lanes_take(&arena, &f, &lanes);
	if (status == SF_OK)
		status = sf_arma_whiten_lanes(&lanes, arma, 2, x, LENGTH(x), LENGTH(x), 1, out, LENGTH(x), log_det);
	for (int i = 0; i < 20 && status == SF_OK; i++)
	{
		sf_arma_filter_set(&f, arma);
		status = sf_arma_whiten_exact(&f, arma, x, LENGTH(x), LENGTH(x), 1, out, log_det);
		if (status == SF_OK)
			status = sf_arma_whiten_conditional(&f, arma, x, LENGTH(x), LENGTH(x), 1, out);
	}
	return status;
}

int
main(void)
{
	test_exact();
	test_conditional();
	test_partial();
	group("each refused allocation is a clean failure");
	refuse_each(filter_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(filter_work, NULL, 1);
	done();
	return finish();
}
