/*
 * tbats.c
 *		Exponential smoothing with waves for seasons, Box-Cox, damping, ARMA errors.
 *
 * The structural states x follow x' = A x + g d with d = z - w'x, so d depends on
 * the seeds x_0 through the row c_t = w' (A - g w')^(t-1), which is carried from
 * period to period in O(states), as A is made of rotations of the plane.  The ARMA
 * filter that makes e of d is linear too and makes rows of e of rows of d.  So the
 * best seeds are one least-squares problem, and no matrix of states by states is
 * ever multiplied.
 */
#include "core/forecast/tbats.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/chol.h"
#include "core/base/neldermead.h"
#include "core/forecast/terms.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LENGTH_MIN 5
#define LENGTH_MAX 4000			/* periods fitted, unless the seasons are longer */
#define LONG_LENGTH_MAX 30000	/* and then */
#define STATES_MAX (2 + 2 * SF_HARMONICS_MAX)
#define PARAMETERS_MAX (3 + 2 * SF_SEASONS_MAX + 1 + 4)
#define ARMA_MAX 2
#define PHI_MIN 0.8
#define LAMBDA_MIN 0.0
#define LAMBDA_MAX 1.0

/* Waves are kept up to the last one whose F statistic exceeds this (p about .007). */
#define F_MIN 5.0

/* Most harmonics of one season that are tried, and of all. */
#define ORDER_MAX 30
#define WAVES_MAX 40

/* Products of the least squares, for one evaluation, up to which seeds are solved each time. */
#define SOLVE_CELLS 300000.0

/* Rows of the least squares between two polls. */
#define POLL_ROWS 2048

/* What one model may cost, in steps of one state. */
#define WORK_MAX 6e7

/* Gains this small are none; and where the search for them begins. */
#define GAIN_MIN 1e-7
#define GAIN_START 0.01

/* No sum of squares is taken smaller than this part of the whole. */
#define SQUARES_MIN 1e-20

typedef struct Spec
{
	bool		box_cox;
	bool		trend;
	bool		damped;
	int32_t		p;
	int32_t		q;
} Spec;

/* What is searched, and the states before the first period. */
typedef struct Model
{
	Spec		spec;
	double		lambda;
	double		alpha;
	double		beta;
	double		phi;			/* 1 when not damped, 0 without trend */
	double		gamma1[SF_SEASONS_MAX];
	double		gamma2[SF_SEASONS_MAX];
	double		ar[ARMA_MAX];
	double		ma[ARMA_MAX];
	double		seed[STATES_MAX];	/* l, b, s_k, r_k */
	double		squares;		/* sum of e^2 */
	double		value;			/* n log squares and the Jacobian */
	double		aic;
	bool		converged;
} Model;

/* The series and what all models share. */
typedef struct Data
{
	SfArena    *arena;
	const double *y;			/* [n], divided by a power of two */
	double	   *z;				/* [n] after Box-Cox */
	double	   *logs;			/* [n] of y; NULL when not all are positive */
	double		log_sum;
	double	   *d;				/* [n] */
	double	   *e;				/* [n] */
	int32_t		n;
	int32_t		seasons;		/* with at least one wave */
	int32_t		states;			/* 2 + 2 waves, the slope always has a place */
	int32_t		seeds;			/* states that count: without slope, and one for the fastest wave */
	int32_t		stable_steps;
	double		whole;			/* sum of squares of z around its mean, lambda = 1 */
	SfHarmonics waves;
	double		cosine[SF_HARMONICS_MAX];
	double		sine[SF_HARMONICS_MAX];
	double	   *sum;			/* [states + 1]^2 products of rows and error */
	double	   *rows;			/* [SF_PRODUCT_ROWS][states + 1] */
	bool		cancelled;
} Data;

/* ----- the recursions ----- */

/* Gains of each wave, spread from those of its season. */
static void
spread_gains(const Data *data, const Model *m, double *g1, double *g2)
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

static double
expected(const Data *data, const Model *m, const double *x)
{
	return x[0] + m->phi * x[1] + sum_waves(x + 2, data->waves.count);
}

/* One period on: x = A x + g d. */
static void
advance(const Data *data, const Model *m, const double *g1, const double *g2, double d, double *x)
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
static void
filter(const Data *data, const Model *m, double *x)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];

	spread_gains(data, m, g1, g2);
	for (int32_t t = 0; t < data->n; t++)
	{
		data->d[t] = data->z[t] - expected(data, m, x);
		advance(data, m, g1, g2, data->d[t], x);
	}
}

/* e from d; both are 0 before the first period.  The sum of squares of e. */
static double
whiten(const Data *data, const Model *m)
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
advance_row(const Data *data, const Model *m, const double *g1, const double *g2, double *c)
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
first_row(const Data *data, const Model *m, double *c)
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
static bool
stable(const Data *data, const Model *m)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		c[STATES_MAX];
	double		most[2][SF_HARMONICS_MAX + 2] = {{0}};
	int32_t		quarter = data->stable_steps / 4;
	int32_t		count = data->waves.count;

	spread_gains(data, m, g1, g2);
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

/* ----- seeds ----- */

/* Row of e from this and earlier rows of d and of e, and the same for the error itself. */
static void
whiten_row(const Data *data, const Model *m, int32_t t, double past_d[][STATES_MAX],
		   double past_e[][STATES_MAX], const double *c, double *row)
{
	memcpy(row, c, (size_t) data->states * sizeof(double));
	for (int32_t i = 1; i <= m->spec.p && i <= t; i++)
		for (int32_t k = 0; k < data->states; k++)
			row[k] -= m->ar[i - 1] * past_d[(t - i) % ARMA_MAX][k];
	for (int32_t i = 1; i <= m->spec.q && i <= t; i++)
		for (int32_t k = 0; k < data->states; k++)
			row[k] -= m->ma[i - 1] * past_e[(t - i) % ARMA_MAX][k];
	if (m->spec.p > 0)
		memcpy(past_d[t % ARMA_MAX], c, (size_t) data->states * sizeof(double));
	if (m->spec.q > 0)
		memcpy(past_e[t % ARMA_MAX], row, (size_t) data->states * sizeof(double));
}

/* Products of the rows of e and of e itself, for the seeds of m; false when cancelled. */
static bool
seed_products(Data *data, const Model *m)
{
	int32_t		states = data->states;
	int32_t		cols = states + 1;
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		past_d[ARMA_MAX][STATES_MAX];
	double		past_e[ARMA_MAX][STATES_MAX];
	double		c[STATES_MAX];
	int32_t		waiting = 0;

	spread_gains(data, m, g1, g2);
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
static double
solve_seeds(Data *data, Model *m)
{
	int32_t		states = data->states;
	int32_t		cols = states + 1;
	double		x[STATES_MAX];
	double	   *factor = data->sum;
	double	   *right = data->sum + (int64_t) states * cols;
	double		squares;
	SfStatus	status;

	memcpy(x, m->seed, (size_t) states * sizeof(double));
	filter(data, m, x);
	squares = whiten(data, m);
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

/* ----- Box-Cox ----- */

static double
transform(double y, double log_y, double lambda)
{
	if (lambda == 1.0)
		return y;
	if (lambda == 0.0)
		return log_y;
	return expm1(lambda * log_y) / lambda;
}

static void
transform_series(Data *data, double lambda)
{
	for (int32_t t = 0; t < data->n; t++)
		data->z[t] = transform(data->y[t], data->logs == NULL ? 0.0 : data->logs[t], lambda);
}

/* Median of what has the transformed value z, and the derivative of the way back. */
static double
back(double z, double lambda, double *slope)
{
	double		y;

	if (lambda == 1.0)
	{
		*slope = 1.0;
		return z;
	}
	if (lambda == 0.0)
	{
		y = exp(fmin(z, 600.0));
		*slope = y;
		return y;
	}
	/* below the least value that has an image: 0 */
	y = lambda * z > -1.0 ? exp(fmin(log1p(lambda * z) / lambda, 600.0)) : 0.0;
	*slope = y > 0 ? pow(y, 1.0 - lambda) : 0.0;
	return y;
}

/* ----- parameters ----- */

/*
 * The point that is searched is not the parameters themselves.  The eigenvalues of
 * A - g w' near the circle are, to first order in the gains of the waves,
 *
 *	e^iw - (gamma1 - i gamma2) / (2 + 2 L),	L = (alpha + phi beta z / (z - phi)) / (z - 1), z = e^iw,
 *
 * so the angle a of (gamma1, gamma2) must have cos(a + w + arg(1 + L)) > 0 for every
 * wave of the season: a wedge, narrow with many waves, in which a search along gamma1
 * and gamma2 gets stuck.  Searched are the logarithm of their length and the
 * place in the wedge, -1 .. 1.
 */
typedef struct Wedge
{
	double		middle;			/* angle */
	double		half;
} Wedge;

#define PI 3.14159265358979323846
#define HALF_MIN 0.05

static double
argument_of_level(const Model *m, double c, double s)
{
	double		re = m->alpha;
	double		im = 0;
	double		size;

	if (m->spec.trend)
	{
		/* z / (z - phi) = (1 - phi z) / |z - phi|^2 on the circle */
		size = (c - m->phi) * (c - m->phi) + s * s;
		re += m->phi * m->beta * (1.0 - m->phi * c) / size;
		im -= m->phi * m->beta * m->phi * s / size;
	}
	/* times conj(z - 1), over |z - 1|^2 = 2 - 2 c, plus 1 */
	size = 2.0 - 2.0 * c;
	return atan2((im * (c - 1.0) - re * s) / size, (re * (c - 1.0) + im * s) / size + 1.0);
}

/* False: the season has no wave. */
static bool
season_wedge(const Data *data, const Model *m, int32_t i, Wedge *wedge)
{
	double		first = INFINITY;
	double		last = -INFINITY;

	for (int32_t k = 0; k < data->waves.count; k++)
		if (data->waves.season[k] == i)
		{
			double		angle = 2 * PI * data->waves.frequency[k] +
				argument_of_level(m, data->cosine[k], data->sine[k]);

			first = fmin(first, angle);
			last = fmax(last, angle);
		}
	wedge->middle = -0.5 * (first + last);
	wedge->half = fmax(HALF_MIN, 0.5 * PI - 0.5 * (last - first));
	return last >= first;
}

/* The angle from the middle of the wedge, within half a turn. */
static double
angle_from(const Wedge *wedge, double gamma1, double gamma2)
{
	return atan2(cos(wedge->middle) * gamma2 - sin(wedge->middle) * gamma1,
				 cos(wedge->middle) * gamma1 + sin(wedge->middle) * gamma2);
}

/* phi and its place on a line without ends. */
static double
phi_place(double phi)
{
	double		share = fmax(1e-4, fmin(1 - 1e-4, (phi - PHI_MIN) / (1.0 - PHI_MIN)));

	return log(share / (1.0 - share));
}

/* Model to the point that is searched, with first steps; how many numbers there are. */
static int32_t
pack(const Data *data, const Model *m, double *x, double *step)
{
	int32_t		count = 0;
	Wedge		wedge;

	x[count] = m->alpha;
	step[count++] = 0.1;
	if (m->spec.trend)
	{
		x[count] = log(fmax(m->beta, GAIN_MIN));
		step[count++] = 1.0;
	}
	if (m->spec.damped)
	{
		x[count] = phi_place(m->phi);
		step[count++] = -1.0;
	}
	for (int32_t i = 0; i < data->seasons; i++)
		if (season_wedge(data, m, i, &wedge))
		{
			x[count] = log(fmax(hypot(m->gamma1[i], m->gamma2[i]), GAIN_MIN));
			step[count++] = 1.0;
			x[count] = angle_from(&wedge, m->gamma1[i], m->gamma2[i]) / wedge.half;
			step[count++] = 0.3;
		}
	if (m->spec.box_cox)
	{
		x[count] = m->lambda;
		step[count++] = m->lambda > 0.5 ? -0.2 : 0.2;
	}
	for (int32_t i = 0; i < m->spec.p; i++)
	{
		x[count] = m->ar[i];
		step[count++] = 0.1;
	}
	for (int32_t i = 0; i < m->spec.q; i++)
	{
		x[count] = m->ma[i];
		step[count++] = 0.1;
	}
	return count;
}

static void
unpack(const Data *data, const double *x, Model *m)
{
	Wedge		wedge;

	m->alpha = *x++;
	m->beta = m->spec.trend ? exp(*x++) : 0.0;
	m->phi = m->spec.damped ? PHI_MIN + (1.0 - PHI_MIN) / (1.0 + exp(-*x++)) :
		(m->spec.trend ? 1.0 : 0.0);
	for (int32_t i = 0; i < data->seasons; i++)
		if (season_wedge(data, m, i, &wedge))
		{
			double		length = exp(*x++);
			double		angle = wedge.middle + *x++ * wedge.half;

			m->gamma1[i] = length * cos(angle);
			m->gamma2[i] = length * sin(angle);
		}
	m->lambda = m->spec.box_cox ? *x++ : 1.0;
	for (int32_t i = 0; i < m->spec.p; i++)
		m->ar[i] = *x++;
	for (int32_t i = 0; i < m->spec.q; i++)
		m->ma[i] = *x++;
}

/* 1 - a_1 B - a_2 B^2 has its roots outside the circle. */
static bool
inside_triangle(const double *a, int32_t order)
{
	if (order == 0)
		return true;
	if (order == 1)
		return fabs(a[0]) < 0.99;
	return fabs(a[1]) < 0.99 && a[0] + a[1] < 0.99 && a[1] - a[0] < 0.99;
}

static bool
allowed(const Data *data, const Model *m)
{
	double		minus[ARMA_MAX] = {-m->ma[0], -m->ma[1]};

	if (!(m->alpha >= 0 && m->alpha <= 1.9 && m->beta >= 0 && m->beta <= 1.5))
		return false;
	if (m->spec.damped && !(m->phi >= PHI_MIN && m->phi <= 1.0))
		return false;
	if (!(m->lambda >= LAMBDA_MIN && m->lambda <= LAMBDA_MAX))
		return false;
	return inside_triangle(m->ar, m->spec.p) && inside_triangle(minus, m->spec.q) &&
		stable(data, m);
}

static double
likelihood(const Data *data, const Model *m, double squares)
{
	double		least = SQUARES_MIN * data->whole;

	return data->n * log(fmax(squares, least)) - 2.0 * (m->lambda - 1.0) * data->log_sum;
}

typedef struct Search
{
	Data	   *data;
	Model		model;			/* of the point at hand; its seeds are where solving starts */
	bool		solve;			/* seeds at every point, not only between searches */
	double		seed[STATES_MAX];
} Search;

static double
objective(const double *x, void *argument)
{
	Search	   *search = argument;
	Data	   *data = search->data;
	Model	   *m = &search->model;
	double		squares;

	unpack(data, x, m);
	if (data->cancelled || !allowed(data, m))
		return INFINITY;
	if (m->spec.box_cox)
		transform_series(data, m->lambda);
	memcpy(m->seed, search->seed, (size_t) data->states * sizeof(double));
	if (search->solve || m->spec.box_cox)
		squares = solve_seeds(data, m);
	else
	{
		double		state[STATES_MAX];

		memcpy(state, m->seed, (size_t) data->states * sizeof(double));
		filter(data, m, state);
		squares = whiten(data, m);
	}
	return likelihood(data, m, squares);
}

/* ----- fitting ----- */

static int32_t
parameter_count(const Data *data, const Model *m)
{
	double		x[PARAMETERS_MAX];
	double		step[PARAMETERS_MAX];

	return pack(data, m, x, step);
}

/* Makes the series that m stands for, and its seeds and sum of squares. */
static double
settle(Data *data, Model *m)
{
	double		x[STATES_MAX];

	transform_series(data, m->lambda);
	(void) solve_seeds(data, m);
	memcpy(x, m->seed, (size_t) data->states * sizeof(double));
	filter(data, m, x);
	m->squares = whiten(data, m);
	m->value = likelihood(data, m, m->squares);
	m->aic = m->value + 2.0 * (parameter_count(data, m) + data->seeds + m->spec.trend +
							   m->spec.p + m->spec.q);
	return m->value;
}

/* Smaller gains until the search may begin there. */
static void
calm(const Data *data, Model *m)
{
	for (int32_t turn = 0; turn < 12 && !allowed(data, m); turn++)
	{
		Wedge		wedge;

		m->beta *= 0.3;
		for (int32_t i = 0; i < data->seasons; i++)
			if (season_wedge(data, m, i, &wedge))
			{
				double		length = 0.3 * hypot(m->gamma1[i], m->gamma2[i]);

				m->gamma1[i] = length * cos(wedge.middle);
				m->gamma2[i] = length * sin(wedge.middle);
			}
	}
}

/* Searches from the parameters in m. */
static SfStatus
fit(Data *data, Model *m)
{
	double		cost = (double) data->n * data->states;
	Search	   *search = sf_arena_take(data->arena, 1, sizeof(Search));
	double		x[PARAMETERS_MAX];
	double		step[PARAMETERS_MAX];
	SfMinimum	minimum;
	int32_t		turns;
	int32_t		evaluations;

	if (search == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	search->data = data;
	search->solve = cost * data->states <= SOLVE_CELLS;
	if (search->solve || m->spec.box_cox)
		cost *= 1.0 + data->states / 8.0;
	turns = search->solve ? 1 : 3;
	evaluations = (int32_t) fmin(300.0 / turns, fmax(40.0, WORK_MAX / cost / turns));
	calm(data, m);
	(void) settle(data, m);
	for (int32_t turn = 0; turn < turns; turn++)
	{
		int32_t		count = pack(data, m, x, step);
		SfStatus	status;

		for (int32_t i = 0; i < count && turn > 0; i++)
			step[i] *= 0.4;
		search->model = *m;
		memcpy(search->seed, m->seed, sizeof search->seed);
		status = sf_nelder_mead(data->arena, objective, search, count, x, step, 1e-6, evaluations,
								&minimum);
		if (status == SF_OK && data->cancelled)
			status = sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (status != SF_OK)
			return status;
		if (isfinite(minimum.value))
			unpack(data, x, m);
		m->converged = minimum.converged;
		(void) settle(data, m);
		if (data->cancelled)
			return sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

static void
start_model(const Data *data, Spec spec, Model *m)
{
	double		sum = 0;
	int32_t		first = data->n < 12 ? data->n : 12;
	Wedge		wedge;

	memset(m, 0, sizeof *m);
	m->spec = spec;
	m->lambda = spec.box_cox ? 0.3 : 1.0;
	m->alpha = 0.15;
	m->beta = spec.trend ? 0.01 : 0.0;
	m->phi = spec.damped ? 0.97 : (spec.trend ? 1.0 : 0.0);
	for (int32_t i = 0; i < data->seasons; i++)
		if (season_wedge(data, m, i, &wedge))
		{
			m->gamma1[i] = GAIN_START * cos(wedge.middle);
			m->gamma2[i] = GAIN_START * sin(wedge.middle);
		}
	for (int32_t t = 0; t < first; t++)
		sum += transform(data->y[t], data->logs == NULL ? 0.0 : data->logs[t], m->lambda);
	m->seed[0] = sum / first;
}

/* ----- ARMA orders ----- */

/*
 * How far an AR(p) + MA(q) regression of d on its past and on the past of e (Hannan
 * & Rissanen, Biometrika 69, 1982, second step; e here are the errors of a long
 * autoregression) lowers n log(sum of squares) + 2 (p + q); the coefficients in m.
 */
#define LONG_ORDER 8

static double
regress_arma(const Data *data, int32_t p, int32_t q, const double *e, double *coefficient)
{
	double		a[2 * ARMA_MAX + 1 + LONG_ORDER][2 * ARMA_MAX + 1 + LONG_ORDER] = {{0}};
	double		row[2 * ARMA_MAX + 1 + LONG_ORDER];
	int32_t		cols = p + q;
	double		squares;

	for (int32_t t = LONG_ORDER + ARMA_MAX; t < data->n; t++)
	{
		for (int32_t i = 0; i < p; i++)
			row[i] = data->d[t - 1 - i];
		for (int32_t i = 0; i < q; i++)
			row[p + i] = e[t - 1 - i];
		row[cols] = data->d[t];
		for (int32_t i = 0; i <= cols; i++)
			for (int32_t j = 0; j <= i; j++)
				a[i][j] += row[i] * row[j];
	}
	squares = a[cols][cols];
	for (int32_t i = 0; i < cols; i++)
		a[i][i] += 1e-9 * squares + DBL_MIN;
	/* Cholesky with the right-hand side as the last row */
	for (int32_t i = 0; i <= cols; i++)
		for (int32_t j = 0; j <= i; j++)
		{
			double		sum = a[i][j];

			for (int32_t k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i == cols && j == cols)
				squares = sum;
			else if (i == j)
				a[i][i] = sqrt(fmax(sum, DBL_MIN));
			else
				a[i][j] = sum / a[j][j];
		}
	for (int32_t i = cols - 1; i >= 0; i--)
	{
		double		sum = a[cols][i];

		for (int32_t k = i + 1; k < cols; k++)
			sum -= a[k][i] * coefficient[k];
		coefficient[i] = sum / a[i][i];
	}
	return (data->n - LONG_ORDER - ARMA_MAX) * log(fmax(squares, SQUARES_MIN * data->whole)) +
		2.0 * cols;
}

/* Orders and first coefficients for the d of the last fit; false: none is better. */
static bool
suggest_arma(const Data *data, Model *m)
{
	double		coefficient[2 * ARMA_MAX + LONG_ORDER];
	double		best;
	bool		found = false;

	if (data->n < 4 * LONG_ORDER)
		return false;
	best = regress_arma(data, LONG_ORDER, 0, data->e, coefficient);
	for (int32_t t = 0; t < data->n; t++)
	{
		data->e[t] = data->d[t];
		for (int32_t i = 0; i < LONG_ORDER && i < t; i++)
			data->e[t] -= coefficient[i] * data->d[t - 1 - i];
	}
	best = regress_arma(data, 0, 0, data->e, coefficient);
	for (int32_t p = 0; p <= ARMA_MAX; p++)
		for (int32_t q = 0; q <= ARMA_MAX; q++)
		{
			double		value;
			double		minus[ARMA_MAX];

			if (p + q == 0)
				continue;
			value = regress_arma(data, p, q, data->e, coefficient);
			for (int32_t i = 0; i < q; i++)
				minus[i] = -coefficient[p + i];
			if (value >= best || !inside_triangle(coefficient, p) || !inside_triangle(minus, q))
				continue;
			best = value;
			found = true;
			m->spec.p = p;
			m->spec.q = q;
			memset(m->ar, 0, sizeof m->ar);
			memset(m->ma, 0, sizeof m->ma);
			memcpy(m->ar, coefficient, (size_t) p * sizeof(double));
			memcpy(m->ma, coefficient + p, (size_t) q * sizeof(double));
		}
	return found;
}

/* ----- choosing ----- */

/* Fits and keeps the better of the two. */
static SfStatus
try_model(Data *data, Model *trial, Model *best)
{
	SfStatus	status = fit(data, trial);

	if (status == SF_OK && trial->aic < best->aic)
		*best = *trial;
	return status;
}

static SfStatus
search_models(Data *data, Model *best)
{
	static const Spec trends[] = {{.trend = false}, {.trend = true}, {.trend = true, .damped = true}};
	Model	   *trial = sf_arena_take(data->arena, 1, sizeof(Model));
	SfStatus	status = SF_OK;

	if (trial == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	best->aic = INFINITY;
	for (size_t i = 0; i < sizeof trends / sizeof trends[0] && status == SF_OK; i++)
	{
		start_model(data, trends[i], trial);
		status = try_model(data, trial, best);
	}
	if (status == SF_OK && data->logs != NULL)
	{
		Spec		spec = best->spec;

		spec.box_cox = true;
		start_model(data, spec, trial);
		trial->alpha = best->alpha;
		trial->beta = best->beta;
		trial->phi = best->phi;
		memcpy(trial->gamma1, best->gamma1, sizeof trial->gamma1);
		memcpy(trial->gamma2, best->gamma2, sizeof trial->gamma2);
		status = try_model(data, trial, best);
	}
	if (status != SF_OK)
		return status;
	*trial = *best;
	(void) settle(data, trial);
	if (suggest_arma(data, trial))
		status = try_model(data, trial, best);
	return status;
}

/* ----- waves ----- */

/* The regression that tells which waves there are: level, line and all waves. */
typedef struct WaveTest
{
	double	   *sum;			/* [cols + 1]^2 */
	double	   *beta;
	int32_t		cols;
	double		noise;
} WaveTest;

static SfStatus
regress_waves(SfArena *arena, const double *z, int32_t n, const SfHarmonics *h, WaveTest *test)
{
	int32_t		cols = 2 + 2 * h->count;
	int32_t		wide = cols + 1;
	SfWaves		waves;
	double	   *row;
	double		last = 0;
	SfStatus	status = sf_waves_start(arena, h, &waves);

	if (status != SF_OK)
		return status;
	test->cols = cols;
	test->sum = sf_arena_take(arena, (size_t) wide * (size_t) wide, sizeof(double));
	test->beta = sf_arena_take(arena, (size_t) cols, sizeof(double));
	row = sf_arena_take(arena, (size_t) wide, sizeof(double));
	if (test->sum == NULL || test->beta == NULL || row == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(test->sum, 0, (size_t) wide * (size_t) wide * sizeof(double));
	for (int32_t t = 0; t < n; t++)
	{
		if (t % 256 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sf_waves_to(&waves, t);
		row[0] = 1.0;
		row[1] = (double) t / n - 0.5;
		memcpy(row + 2, waves.row, (size_t) (2 * h->count) * sizeof(double));
		row[cols] = z[t];
		sf_products_add(test->sum, wide, row, 1);
	}
	last = test->sum[(int64_t) cols * wide + cols];
	for (int32_t k = 0; k < cols; k++)
		test->sum[(int64_t) k * wide + k] += 1e-7;
	status = sf_chol_factor(arena->ctx, test->sum, cols, wide);
	if (status != SF_OK)
		return status;
	memcpy(test->beta, test->sum + (int64_t) cols * wide, (size_t) cols * sizeof(double));
	sf_chol_solve(test->sum, cols, wide, test->beta);
	for (int32_t k = 0; k < cols; k++)
		last -= test->beta[k] * test->sum[(int64_t) cols * wide + k];
	test->noise = fmax(last, 0.0) / (n > cols ? n - cols : 1);
	return SF_OK;
}

/* out = z less its moving average over one longest season; the ends keep the nearest average. */
static void
remove_level(const double *z, int32_t n, int32_t window, double *out)
{
	int32_t		half = window / 2;
	double		sum = 0;
	double		average;

	/* an even window has half a weight at either end */
	for (int32_t t = 0; t < 2 * half + 1; t++)
		sum += z[t];
	for (int32_t t = half; t < n - half; t++)
	{
		if (t > half)
			sum += z[t + half] - z[t - half - 1];
		average = window % 2 == 1 ? sum / window :
			(sum - 0.5 * (z[t - half] + z[t + half])) / window;
		out[t] = z[t] - average;
		if (t == half)
			for (int32_t i = 0; i < half; i++)
				out[i] = z[i] - average;
		if (t == n - half - 1)
			for (int32_t i = t + 1; i < n; i++)
				out[i] = z[i] - average;
	}
}

/* The last order of each season whose wave is no accident. */
static void
significant_orders(const WaveTest *test, const SfHarmonics *h, int32_t n, int32_t *order)
{
	for (int32_t k = 0; k < h->count; k++)
	{
		double		c = test->beta[2 + k];
		double		s = test->beta[2 + h->count + k];
		bool		single = h->frequency[k] > 0.5 - 1e-12;
		double		power = single ? c * c * n : (c * c + s * s) * n / 4.0;

		if (power > F_MIN * test->noise && h->order[k] > order[h->season[k]])
			order[h->season[k]] = h->order[k];
	}
}

/* The orders that z shows; value = log of the noise that is left. */
static SfStatus
test_waves(Data *data, const SfSeries *s, const double *z, double season, int32_t *order,
		   double *value)
{
	SfArenaMark mark = sf_arena_mark(data->arena);
	WaveTest	test;
	SfStatus	status;

	remove_level(z, s->n, (int32_t) (season + 0.5), data->d);
	status = regress_waves(data->arena, data->d, s->n, &data->waves, &test);
	if (status != SF_OK)
		return status;
	significant_orders(&test, &data->waves, s->n, order);
	*value = log(fmax(test.noise, DBL_MIN));
	sf_arena_rewind(data->arena, mark);
	return SF_OK;
}

static SfStatus
choose_waves(Data *data, const SfSeries *s)
{
	int32_t		tried[SF_SEASONS_MAX];
	int32_t		order[SF_SEASONS_MAX] = {0};
	int32_t		count_max = s->n / 4 < WAVES_MAX ? s->n / 4 : WAVES_MAX;
	double		longest = 0;
	SfStatus	status;

	for (int32_t i = 0; i < s->seasons; i++)
		tried[i] = ORDER_MAX;
	sf_harmonics_choose(s, tried, count_max, &data->waves);
	for (int32_t k = 0; k < data->waves.count; k++)
		longest = fmax(longest, s->season[data->waves.season[k]]);
	if (data->waves.count > 0)
	{
		double		plain;
		double		logs = 0;
		int32_t		log_order[SF_SEASONS_MAX] = {0};

		status = test_waves(data, s, s->y, longest, order, &plain);
		if (status == SF_OK && data->logs != NULL)
			status = test_waves(data, s, data->logs, longest, log_order, &logs);
		if (status != SF_OK)
			return status;
		/* the likelier of the two, per unit of the series */
		if (data->logs != NULL && logs + 2.0 * data->log_sum / s->n < plain)
			memcpy(order, log_order, sizeof order);
	}
	sf_harmonics_choose(s, order, count_max, &data->waves);
	data->states = 2 + 2 * data->waves.count;
	data->seeds = 1 + 2 * data->waves.count;
	for (int32_t k = 0; k < data->waves.count; k++)
	{
		bool		single = data->waves.frequency[k] > 0.5 - 1e-12;
		double		angle = 6.28318530717958647693 * data->waves.frequency[k];

		data->cosine[k] = cos(angle);
		data->sine[k] = single ? 0.0 : sin(angle);
		data->seeds -= single;
	}
	data->stable_steps = (int32_t) fmax(100.0, fmin(800.0, 2.0 * longest));
	return SF_OK;
}

/* ----- setup ----- */

/* The last part of the series that is fitted, divided by a power of two. */
static SfStatus
make_data(SfArena *arena, const SfSeries *s, int exponent, Data *data)
{
	size_t		n;
	double		longest = s->seasons > 0 ? s->season[s->seasons - 1] : 1.0;
	double		most = fmin(LONG_LENGTH_MAX, fmax(LENGTH_MAX, ceil(3.0 * longest)));
	int32_t		skip = s->n > most ? s->n - (int32_t) most : 0;
	SfSeries	part = *s;
	double	   *y;
	double		mean = 0;
	double		least = INFINITY;

	part.n = s->n - skip;
	n = (size_t) part.n;
	data->arena = arena;
	data->n = part.n;
	data->seasons = s->seasons;
	data->cancelled = false;
	data->logs = NULL;
	data->log_sum = 0;
	data->whole = 0;
	data->y = y = sf_arena_take(arena, n, sizeof(double));
	data->z = sf_arena_take(arena, n, sizeof(double));
	data->d = sf_arena_take(arena, n, sizeof(double));
	data->e = sf_arena_take(arena, n, sizeof(double));
	if (y == NULL || data->z == NULL || data->d == NULL || data->e == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < part.n; t++)
	{
		y[t] = ldexp(s->y[skip + t], -exponent);
		mean += y[t] / part.n;
		least = fmin(least, y[t]);
	}
	for (int32_t t = 0; t < part.n; t++)
		data->whole += (y[t] - mean) * (y[t] - mean);
	part.y = y;
	if (least > 0)
	{
		data->logs = sf_arena_take(arena, n, sizeof(double));
		if (data->logs == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		for (int32_t t = 0; t < part.n; t++)
			data->log_sum += data->logs[t] = log(y[t]);
	}
	if (!(data->whole > 0) || part.n < LENGTH_MIN)
		return SF_OK;
	return choose_waves(data, &part);
}

static SfStatus
make_room(Data *data)
{
	size_t		cols = (size_t) data->states + 1;

	data->sum = sf_arena_take(data->arena, cols * cols, sizeof(double));
	data->rows = sf_arena_take(data->arena, cols * SF_PRODUCT_ROWS, sizeof(double));
	if (data->sum == NULL || data->rows == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* ----- what is given ----- */

static double
clamp(double x)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, x));
}

/* The next d by the ARMA recursion; past[0] is the latest. */
static double
next_error(const Model *m, double *past_d, double *past_e, double shock)
{
	double		d = shock;

	for (int32_t i = 0; i < m->spec.p; i++)
		d += m->ar[i] * past_d[i];
	for (int32_t i = 0; i < m->spec.q; i++)
		d += m->ma[i] * past_e[i];
	past_d[1] = past_d[0];
	past_d[0] = d;
	past_e[1] = past_e[0];
	past_e[0] = shock;
	return d;
}

/*
 * Means go on from the last states; psi_h is what one unit of error, thrown into
 * states that are all 0, makes of the series h periods later.
 */
static SfStatus
project(Data *data, const Model *m, int exponent, SfForecast *out)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		x[STATES_MAX];
	double		pulse[STATES_MAX] = {0};
	double		past_d[ARMA_MAX];
	double		past_e[ARMA_MAX];
	double		pulse_d[ARMA_MAX] = {0};
	double		pulse_e[ARMA_MAX] = {0};
	double		total = 1.0;
	double		freedom = data->n - parameter_count(data, m) - data->seeds - m->spec.trend;
	double		sigma2 = m->squares / fmax(1.0, freedom);

	transform_series(data, m->lambda);
	memcpy(x, m->seed, (size_t) data->states * sizeof(double));
	filter(data, m, x);
	(void) whiten(data, m);
	for (int32_t i = 0; i < ARMA_MAX; i++)
	{
		past_d[i] = data->d[data->n - 1 - i];
		past_e[i] = data->e[data->n - 1 - i];
	}
	spread_gains(data, m, g1, g2);
	advance(data, m, g1, g2, next_error(m, pulse_d, pulse_e, 1.0), pulse);
	for (int32_t i = 0; i < out->horizon; i++)
	{
		double		d = next_error(m, past_d, past_e, 0.0);
		double		slope;
		double		psi;

		if (i % 1024 == 0 && sf_cancelled(data->arena->ctx))
			return sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		out->mean[i] = clamp(ldexp(back(expected(data, m, x) + d, m->lambda, &slope), exponent));
		out->variance[i] = fmin(DBL_MAX, ldexp(sigma2 * total * slope * slope, 2 * exponent));
		advance(data, m, g1, g2, d, x);
		d = next_error(m, pulse_d, pulse_e, 0.0);
		psi = expected(data, m, pulse) + d;
		advance(data, m, g1, g2, d, pulse);
		total = fmin(total + psi * psi, 1e300);
	}
	return SF_OK;
}

static void
give_fitted(const Data *data, const SfSeries *s, const Model *m, int exponent, double *fitted)
{
	int32_t		skip = s->n - data->n;
	double		slope;

	for (int32_t t = 0; t < skip; t++)
		fitted[t] = NAN;
	for (int32_t t = 0; t < data->n; t++)
		fitted[skip + t] = clamp(ldexp(back(data->z[t] - data->e[t], m->lambda, &slope), exponent));
}

/* A number with up to three decimals; 0 <= x < 1e6. */
static void
label_number(SfForecast *out, double x)
{
	int64_t		thousandths = (int64_t) (x * 1000.0 + 0.5);
	char		digits[5] = ".000";
	int			last = 3;

	sf_label_int(out, (int32_t) (thousandths / 1000));
	for (int i = 3; i >= 1; i--, thousandths /= 10)
		digits[i] = (char) ('0' + thousandths % 10);
	while (last > 0 && digits[last] == '0')
		last--;
	digits[last + 1] = '\0';
	if (last > 0)
		sf_label_text(out, digits);
}

static void
label_seasons(const Data *data, const SfSeries *s, SfForecast *out)
{
	bool		first = true;

	for (int32_t i = 0; i < s->seasons; i++)
	{
		int32_t		order = 0;

		for (int32_t k = 0; k < data->waves.count; k++)
			if (data->waves.season[k] == i)
				order = data->waves.order[k];
		if (order == 0)
			continue;
		sf_label_text(out, first ? "{<" : ",<");
		label_number(out, fmin(s->season[i], 999999.0));
		sf_label_text(out, ",");
		sf_label_int(out, order);
		sf_label_text(out, ">");
		first = false;
	}
	sf_label_text(out, first ? "-)" : "})");
}

static void
describe(const Data *data, const SfSeries *s, const Model *m, int exponent, SfForecast *out)
{
	Wedge		wedge;

	out->converged = m->converged;
	sf_forecast_label(out, data->waves.count > 0 ? "TBATS(" : "BATS(");
	label_number(out, m->lambda);
	sf_label_text(out, ", {");
	sf_label_int(out, m->spec.p);
	sf_label_text(out, ",");
	sf_label_int(out, m->spec.q);
	sf_label_text(out, "}, ");
	if (m->spec.damped)
		label_number(out, m->phi);
	else
		sf_label_text(out, m->spec.trend ? "1" : "-");
	sf_label_text(out, ", ");
	label_seasons(data, s, out);
	sf_forecast_note(out, "alpha", m->alpha);
	if (m->spec.trend)
		sf_forecast_note(out, "beta", m->beta);
	if (m->spec.damped)
		sf_forecast_note(out, "phi", m->phi);
	for (int32_t i = 0; i < data->seasons; i++)
		if (season_wedge(data, m, i, &wedge))
		{
			sf_forecast_note(out, "season", s->season[i]);
			sf_forecast_note(out, "gamma 1", m->gamma1[i]);
			sf_forecast_note(out, "gamma 2", m->gamma2[i]);
		}
	if (m->spec.box_cox)
		sf_forecast_note(out, "lambda", m->lambda);
	for (int32_t i = 0; i < m->spec.p; i++)
		sf_forecast_note(out, i == 0 ? "ar 1" : "ar 2", m->ar[i]);
	for (int32_t i = 0; i < m->spec.q; i++)
		sf_forecast_note(out, i == 0 ? "ma 1" : "ma 2", m->ma[i]);
	/* of the series as it is, not divided by the power of two */
	sf_forecast_note(out, "AIC", m->aic + 2.0 * data->n * exponent * 0.69314718055994530942);
	if (data->n < s->n)
		sf_forecast_note(out, "periods fitted", data->n);
}

static void
give_mean(const SfSeries *s, int exponent, SfForecast *out)
{
	double		mean = 0;
	double		squares = 0;

	for (int32_t t = 0; t < s->n; t++)
		mean += ldexp(s->y[t], -exponent) / s->n;
	for (int32_t t = 0; t < s->n; t++)
		squares += (ldexp(s->y[t], -exponent) - mean) * (ldexp(s->y[t], -exponent) - mean);
	for (int32_t i = 0; i < out->horizon; i++)
	{
		out->mean[i] = clamp(ldexp(mean, exponent));
		out->variance[i] = s->n < 2 ? NAN :
			fmin(DBL_MAX, ldexp(squares / (s->n - 1) * (1.0 + 1.0 / s->n), 2 * exponent));
	}
	for (int32_t t = 0; t < s->n && out->fitted != NULL; t++)
		out->fitted[t] = clamp(ldexp(mean, exponent));
	out->notes = 0;
	out->converged = true;
	sf_forecast_label(out, "TBATS(mean)");
}

/* A forecast that ran away: no number, or a thousand times what was ever seen. */
static bool
ran_away(const SfForecast *out, int exponent)
{
	for (int32_t i = 0; i < out->horizon; i++)
		if (!(fabs(ldexp(out->mean[i], -exponent)) < 1e3) || isnan(out->variance[i]))
			return true;
	return false;
}

SfStatus
sf_tbats_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	int			exponent = sf_terms_exponent(s->y, s->n);
	Data	   *data = sf_arena_take(arena, 1, sizeof(Data));
	Model	   *best = sf_arena_take(arena, 1, sizeof(Model));
	SfStatus	status;

	if (data == NULL || best == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	out->notes = 0;
	status = make_data(arena, s, exponent, data);
	if (status != SF_OK)
		return status;
	if (data->n < LENGTH_MIN || !(data->whole > 0))
	{
		give_mean(s, exponent, out);
		return SF_OK;
	}
	status = make_room(data);
	if (status == SF_OK)
		status = search_models(data, best);
	if (status == SF_OK && !isfinite(best->aic))
	{
		give_mean(s, exponent, out);
		return SF_OK;
	}
	if (status == SF_OK)
		status = project(data, best, exponent, out);
	if (status != SF_OK)
		return status;
	if (out->fitted != NULL)
		give_fitted(data, s, best, exponent, out->fitted);
	describe(data, s, best, exponent, out);
	if (ran_away(out, exponent))
		give_mean(s, exponent, out);
	return SF_OK;
}
