/*
 * tbats.c
 *		Exponential smoothing with waves for seasons, Box-Cox, damping, ARMA errors:
 *		from a series to its forecast.
 */
#include "core/forecast/tbats.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/forecast/tbats_model.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LENGTH_MIN 5
#define LENGTH_MAX 4000			/* periods fitted, unless the seasons are longer */
#define LONG_LENGTH_MAX 30000	/* and then */

/* The last part of the series that is fitted, divided by a power of two. */
static SfStatus
make_data(SfArena *arena, const SfSeries *s, int exponent, SfTbatsData *data)
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
	return sf_tbats_choose_waves(data, &part);
}

static SfStatus
make_room(SfTbatsData *data)
{
	size_t		cols = (size_t) data->states + 1;

	data->sum = sf_arena_take(data->arena, cols * cols, sizeof(double));
	data->rows = sf_arena_take(data->arena, cols * SF_PRODUCT_ROWS, sizeof(double));
	if (data->sum == NULL || data->rows == NULL)
		return sf_fail(data->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static double
clamp(double x)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, x));
}

/* The next d by the ARMA recursion; past[0] is the latest. */
static double
next_error(const SfTbatsModel *m, double *past_d, double *past_e, double shock)
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
project(SfTbatsData *data, const SfTbatsModel *m, int exponent, SfForecast *out)
{
	double		g1[SF_HARMONICS_MAX];
	double		g2[SF_HARMONICS_MAX];
	double		x[SF_TBATS_STATES_MAX];
	double		pulse[SF_TBATS_STATES_MAX] = {0};
	double		past_d[SF_TBATS_ARMA_MAX];
	double		past_e[SF_TBATS_ARMA_MAX];
	double		pulse_d[SF_TBATS_ARMA_MAX] = {0};
	double		pulse_e[SF_TBATS_ARMA_MAX] = {0};
	double		total = 1.0;
	double		freedom = data->n - sf_tbats_parameter_count(data, m) - data->seeds - m->spec.trend;
	double		sigma2 = m->squares / fmax(1.0, freedom);

	sf_tbats_transform_series(data, m->lambda);
	memcpy(x, m->seed, (size_t) data->states * sizeof(double));
	sf_tbats_filter(data, m, x);
	(void) sf_tbats_whiten(data, m);
	for (int32_t i = 0; i < SF_TBATS_ARMA_MAX; i++)
	{
		past_d[i] = data->d[data->n - 1 - i];
		past_e[i] = data->e[data->n - 1 - i];
	}
	sf_tbats_spread_gains(data, m, g1, g2);
	sf_tbats_advance(data, m, g1, g2, next_error(m, pulse_d, pulse_e, 1.0), pulse);
	for (int32_t i = 0; i < out->horizon; i++)
	{
		double		d = next_error(m, past_d, past_e, 0.0);
		double		slope;
		double		psi;

		if (i % 1024 == 0 && sf_cancelled(data->arena->ctx))
			return sf_fail(data->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		out->mean[i] = clamp(ldexp(sf_tbats_back(sf_tbats_expected(data, m, x) + d, m->lambda, &slope), exponent));
		out->variance[i] = fmin(DBL_MAX, ldexp(sigma2 * total * slope * slope, 2 * exponent));
		sf_tbats_advance(data, m, g1, g2, d, x);
		d = next_error(m, pulse_d, pulse_e, 0.0);
		psi = sf_tbats_expected(data, m, pulse) + d;
		sf_tbats_advance(data, m, g1, g2, d, pulse);
		total = fmin(total + psi * psi, 1e300);
	}
	return SF_OK;
}

static void
give_fitted(const SfTbatsData *data, const SfSeries *s, const SfTbatsModel *m, int exponent, double *fitted)
{
	int32_t		skip = s->n - data->n;
	double		slope;

	for (int32_t t = 0; t < skip; t++)
		fitted[t] = NAN;
	for (int32_t t = 0; t < data->n; t++)
		fitted[skip + t] = clamp(ldexp(sf_tbats_back(data->z[t] - data->e[t], m->lambda, &slope), exponent));
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
label_seasons(const SfTbatsData *data, const SfSeries *s, SfForecast *out)
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
describe(const SfTbatsData *data, const SfSeries *s, const SfTbatsModel *m, int exponent, SfForecast *out)
{
	SfTbatsWedge wedge;

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
		if (sf_tbats_wedge(data, m, i, &wedge))
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
	SfTbatsData *data = sf_arena_take(arena, 1, sizeof(SfTbatsData));
	SfTbatsModel *best = sf_arena_take(arena, 1, sizeof(SfTbatsModel));
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
		status = sf_tbats_search(data, best);
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
