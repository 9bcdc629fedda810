/*
 * tbats_arma.c
 *		ARMA orders for the errors that a TBATS model leaves.
 */
#include "core/forecast/tbats_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* No sum of squares is taken smaller than this part of the whole. */
#define SQUARES_MIN 1e-20

/*
 * How far an AR(p) + MA(q) regression of d on its past and on the past of e (Hannan
 * & Rissanen, Biometrika 69, 1982, second step; e here are the errors of a long
 * autoregression) lowers n log(sum of squares) + 2 (p + q); the coefficients in m.
 */
#define LONG_ORDER 8

static double
regress_arma(const SfTbatsData *data, int32_t p, int32_t q, const double *e, double *coefficient)
{
	double		a[2 * SF_TBATS_ARMA_MAX + 1 + LONG_ORDER][2 * SF_TBATS_ARMA_MAX + 1 + LONG_ORDER] = {{0}};
	double		row[2 * SF_TBATS_ARMA_MAX + 1 + LONG_ORDER];
	int32_t		cols = p + q;
	double		squares;

	for (int32_t t = LONG_ORDER + SF_TBATS_ARMA_MAX; t < data->n; t++)
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
	return (data->n - LONG_ORDER - SF_TBATS_ARMA_MAX) * log(fmax(squares, SQUARES_MIN * data->whole)) +
		2.0 * cols;
}

/* Orders and first coefficients for the d of the last fit; false: none is better. */
bool
sf_tbats_suggest_arma(const SfTbatsData *data, SfTbatsModel *m)
{
	double		coefficient[2 * SF_TBATS_ARMA_MAX + LONG_ORDER];
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
	for (int32_t p = 0; p <= SF_TBATS_ARMA_MAX; p++)
		for (int32_t q = 0; q <= SF_TBATS_ARMA_MAX; q++)
		{
			double		value;
			double		minus[SF_TBATS_ARMA_MAX];

			if (p + q == 0)
				continue;
			value = regress_arma(data, p, q, data->e, coefficient);
			for (int32_t i = 0; i < q; i++)
				minus[i] = -coefficient[p + i];
			if (value >= best || !sf_tbats_inside(coefficient, p) || !sf_tbats_inside(minus, q))
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

