/*
 * tbats_pass.c
 *		One TBATS model over one series: errors, stability, the best seeds.
 *
 * The structural states x follow x' = A x + g d with d = z - w'x, so d depends on
 * the seeds x_0 through the row c_t = w' (A - g w')^(t-1), which is carried from
 * period to period in O(states), as A is made of rotations of the plane.  The ARMA
 * filter that makes e of d is linear too and makes rows of e of rows of d.  So the
 * best seeds are one least-squares problem, and no matrix of states by states is
 * ever multiplied.
 */
#include "core/forecast/tbats_model.h"

#include <math.h>
#include <string.h>

#include "core/base/chol.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Rows of the least squares between two polls. */
#define POLL_ROWS 2048

/* Gains of each wave, spread from those of its season. */
void
sf_tbats_spread_gains(const SfTbatsData *data, const SfTbatsModel *m, double *g1, double *g2)
{
	for (int32_t k = 0; k < data->waves.count; k++)
	{
		g1[k] = m->gamma1[data->waves.season[k]];
		g2[k] = m->gamma2[data->waves.season[k]];
	}
}

/* Sum of the first states of all waves, in four parts so that additions overlap. */
static double
sum_waves(const double *s, int32_t count)
{
	double		a = 0;
	double		b = 0;
	double		c = 0;
	double		d = 0;
	int32_t		k = 0;

	for (; k + 3 < count; k += 4)
	{
		a += s[k];
		b += s[k + 1];
		c += s[k + 2];
		d += s[k + 3];
	}
	for (; k < count; k++)
		a += s[k];
	return (a + b) + (c + d);
}

double
sf_tbats_expected(const SfTbatsData *data, const SfTbatsModel *m, const double *x)
{
	return x[0] + m->phi * x[1] + sum_waves(x + 2, data->waves.count);
}

/* One period on: x = A x + g d. */
void
sf_tbats_advance(const SfTbatsData *data, const SfTbatsModel *m, const double *g1, const double *g2, double d, double *x)
{
	int32_t		count = data->waves.count;
	double	   *restrict s = x + 2;
	double	   *restrict r = x + 2 + count;

	x[0] += m->phi * x[1] + m->alpha * d;
	x[1] = m->phi * x[1] + m->beta * d;
	for (int32_t k = 0; k < count; k++)
	{
		double		next = data->cosine[k] * s[k] + data->sine[k] * r[k] + g1[k] * d;

		r[k] = data->cosine[k] * r[k] - data->sine[k] * s[k] + g2[k] * d;
		s[k] = next;
	}
}

/* d from the seeds in x, which become the states after the last period. */
void
sf_tbats_filter(const SfTbatsData *data, const SfTbatsModel *m, double *x)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];

	sf_tbats_spread_gains(data, m, g1, g2);
	for (int32_t t = 0; t < data->n; t++)
	{
		data->d[t] = data->z[t] - sf_tbats_expected(data, m, x);
		sf_tbats_advance(data, m, g1, g2, data->d[t], x);
	}
}

/* e from d; both are 0 before the first period.  The sum of squares of e. */
double
sf_tbats_whiten(const SfTbatsData *data, const SfTbatsModel *m)
{
	const double *d = data->d;
	double	   *e = data->e;
	double		sum = 0;

	for (int32_t t = 0; t < data->n; t++)
	{
		double		x = d[t];

		for (int32_t i = 1; i <= m->spec.p && i <= t; i++)
			x -= m->ar[i - 1] * d[t - i];
		for (int32_t i = 1; i <= m->spec.q && i <= t; i++)
			x -= m->ma[i - 1] * e[t - i];
		e[t] = x;
		sum += x * x;
	}
	return sum;
}

/* c = c (A - g w') */
static void
advance_row(const SfTbatsData *data, const SfTbatsModel *m, const double *g1, const double *g2, double *c)
{
	int32_t		count = data->waves.count;
	double	   *restrict s = c + 2;
	double	   *restrict r = c + 2 + count;
	double		gain = m->alpha * c[0] + m->beta * c[1];
	double		even = 0;
	double		odd = 0;

	for (int32_t k = 0; k < count; k++)
	{
		even += g1[k] * s[k];
		odd += g2[k] * r[k];
	}
	gain += even + odd;
	c[1] = m->phi * (c[0] + c[1] - gain);
	c[0] -= gain;
	for (int32_t k = 0; k < count; k++)
	{
		double		next = data->cosine[k] * s[k] - data->sine[k] * r[k] - gain;

		r[k] = data->sine[k] * s[k] + data->cosine[k] * r[k];
		s[k] = next;
	}
}

static void
first_row(const SfTbatsData *data, const SfTbatsModel *m, double *c)
{
	memset(c, 0, (size_t) data->states * sizeof(double));
	c[0] = 1.0;
	c[1] = m->phi;
	for (int32_t k = 0; k < data->waves.count; k++)
		c[2 + k] = 1.0;
}

/*
 * No eigenvalue of A - g w' outside the circle, as far as its powers show: no level,
 * slope or wave is larger in the fourth quarter of the steps than in the second.
 */
bool
sf_tbats_stable(const SfTbatsData *data, const SfTbatsModel *m)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		c[SF_TBATS_STATES_MAX];
	double		most[2][SF_HARMONICS_MAX + 2] = {{0}};
	int32_t		quarter = data->stable_steps / 4;
	int32_t		count = data->waves.count;

	sf_tbats_spread_gains(data, m, g1, g2);
	first_row(data, m, c);
	for (int32_t t = 0; t < 4 * quarter; t++)
	{
		double	   *largest = most[t >= 3 * quarter];

		advance_row(data, m, g1, g2, c);
		if (t / quarter % 2 == 0)
			continue;
		for (int32_t k = 0; k < count; k++)
		{
			double		size = c[2 + k] * c[2 + k] + c[2 + count + k] * c[2 + count + k];

			largest[k] = size > largest[k] ? size : largest[k];
		}
		largest[count] = fmax(largest[count], fabs(c[0]));
		largest[count + 1] = fmax(largest[count + 1], fabs(c[1]));
	}
	for (int32_t k = 0; k < count + 2; k++)
		if (!(most[0][k] < 1e8 && most[1][k] <= 1.05 * most[0][k] + 1e-6))
			return false;
	return true;
}

/* Row of e from this and earlier rows of d and of e, and the same for the error itself. */
static void
whiten_row(const SfTbatsData *data, const SfTbatsModel *m, int32_t t, double past_d[][SF_TBATS_STATES_MAX],
		   double past_e[][SF_TBATS_STATES_MAX], const double *c, double *row)
{
	memcpy(row, c, (size_t) data->states * sizeof(double));
	for (int32_t i = 1; i <= m->spec.p && i <= t; i++)
		for (int32_t k = 0; k < data->states; k++)
			row[k] -= m->ar[i - 1] * past_d[(t - i) % SF_TBATS_ARMA_MAX][k];
	for (int32_t i = 1; i <= m->spec.q && i <= t; i++)
		for (int32_t k = 0; k < data->states; k++)
			row[k] -= m->ma[i - 1] * past_e[(t - i) % SF_TBATS_ARMA_MAX][k];
	if (m->spec.p > 0)
		memcpy(past_d[t % SF_TBATS_ARMA_MAX], c, (size_t) data->states * sizeof(double));
	if (m->spec.q > 0)
		memcpy(past_e[t % SF_TBATS_ARMA_MAX], row, (size_t) data->states * sizeof(double));
}

/* Products of the rows of e and of e itself, for the seeds of m; false when cancelled. */
static bool
seed_products(SfTbatsData *data, const SfTbatsModel *m)
{
	int32_t		states = data->states;
	int32_t		cols = states + 1;
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		past_d[SF_TBATS_ARMA_MAX][SF_TBATS_STATES_MAX];
	double		past_e[SF_TBATS_ARMA_MAX][SF_TBATS_STATES_MAX];
	double		c[SF_TBATS_STATES_MAX];
	int32_t		waiting = 0;

	sf_tbats_spread_gains(data, m, g1, g2);
	first_row(data, m, c);
	memset(data->sum, 0, (size_t) cols * (size_t) cols * sizeof(double));
	for (int32_t t = 0; t < data->n; t++)
	{
		double	   *row = data->rows + (int64_t) waiting * cols;

		if (t % POLL_ROWS == POLL_ROWS - 1 && sf_cancelled(data->arena->ctx))
			return false;
		whiten_row(data, m, t, past_d, past_e, c, row);
		row[states] = data->e[t];
		if (++waiting == SF_PRODUCT_ROWS)
		{
			sf_products_add(data->sum, cols, data->rows, waiting);
			waiting = 0;
		}
		advance_row(data, m, g1, g2, c);
	}
	sf_products_add(data->sum, cols, data->rows, waiting);
	return true;
}

/*
 * Moves the seeds to the least sum of squares for the other parameters, and
 * returns that sum; +Infinity when it cannot be found.
 */
double
sf_tbats_solve_seeds(SfTbatsData *data, SfTbatsModel *m)
{
	int32_t		states = data->states;
	int32_t		cols = states + 1;
	double		x[SF_TBATS_STATES_MAX];
	double	   *factor = data->sum;
	double	   *right = data->sum + (int64_t) states * cols;
	double		squares;
	SfStatus	status;

	memcpy(x, m->seed, (size_t) states * sizeof(double));
	sf_tbats_filter(data, m, x);
	squares = sf_tbats_whiten(data, m);
	if (!seed_products(data, m))
	{
		data->cancelled = true;
		return INFINITY;
	}
	/* what the series does not show (a slope that is not there) stays where it was */
	for (int32_t k = 0; k < states; k++)
		factor[(int64_t) k * cols + k] += 1e-9 * (1.0 + factor[(int64_t) k * cols + k]);
	status = sf_chol_factor(data->arena->ctx, factor, states, cols);
	if (status != SF_OK)
	{
		data->cancelled = status == SF_CANCELLED;
		return INFINITY;
	}
	memcpy(x, right, (size_t) states * sizeof(double));
	sf_chol_solve(factor, states, cols, x);
	for (int32_t k = 0; k < states; k++)
	{
		squares -= x[k] * right[k];
		m->seed[k] += x[k];
	}
	if (!m->spec.trend)
		m->seed[1] = 0;
	return squares;
}

