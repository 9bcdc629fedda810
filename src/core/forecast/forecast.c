/*
 * forecast.c
 *		One series in, forecasts with intervals out.
 *
 * Half-widths, in this order: conformal when asked for; for intermittent demand the
 * distribution of the demand of one period; the method's own variance times normal
 * quantiles; refitted rolling origins where the method has none.  Half-widths never
 * shrink with the step.
 */
#include "core/forecast/forecast.h"

#include "core/base/dist.h"
#include "core/forecast/conformal.h"
#include "core/forecast/drivers.h"
#include "core/forecast/intermittent.h"
#include "core/forecast/simple.h"
#include "core/forecast/transform.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Values transformed between two polls. */
#define POLL_EVERY 65536

static const double coverages[2] = {0.80, 0.95};

/* What one call works with. */
typedef struct Work
{
	const SfPlan *plan;
	SfMethodChoice choice;
	SfSeries	s;				/* scaled and transformed */
	int			exponent;		/* y = s.y * 2^exponent */
	bool		transformed;
	double		lambda;
	double	   *below;			/* [2][horizon] half-widths downwards */
	double	   *above;			/* [2][horizon] and upwards */
} Work;

SfStatus
sf_plan_check(SfCtx *ctx, const SfPlan *plan)
{
	SfMethodChoice choice;

	if (plan->horizon < 1 || plan->horizon > SF_HORIZON_MAX)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "horizon must be between 1 and 100000 periods", plan->horizon);
	if (!sf_method_find(plan->method, &choice))
		return sf_fail(ctx, SF_BAD_ARGUMENT, "no such forecasting method");
	if (plan->high && strcmp(plan->method, "auto") != 0)
		return sf_fail(ctx, SF_BAD_ARGUMENT, "accuracy \"high\" goes with method \"auto\" only");
	if (choice.method->demand && plan->transform != SF_TRANSFORM_NONE)
		return sf_fail(ctx, SF_BAD_ARGUMENT, "a method for intermittent demand goes with no transform");
	if (!isnan(plan->lambda) && !(plan->lambda >= -5 && plan->lambda <= 5))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "lambda must be between -5 and 5", plan->lambda);
	return SF_OK;
}

/* Mean size of the values as a power of two, so that squares stay in range. */
static int
scale_of(const SfSeries *s)
{
	double		largest = 0.0;
	int			exponent = 0;

	for (int32_t t = 0; t < s->n; t++)
		if (fabs(s->y[t]) > largest)
			largest = fabs(s->y[t]);
	if (largest > 0)
		(void) frexp(largest, &exponent);
	return exponent;
}

static SfStatus
prepare(SfArena *arena, const SfSeries *s, Work *w)
{
	SfCtx	   *ctx = arena->ctx;
	double	   *y = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	int32_t		observed = 0;

	if (y == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	w->exponent = scale_of(s);
	w->transformed = w->plan->transform != SF_TRANSFORM_NONE;
	for (int32_t t = 0; t < s->n; t++)
	{
		y[t] = ldexp(s->y[t], -w->exponent);
		observed += !isnan(y[t]);
		if (w->transformed && y[t] == 0 && s->y[t] > 0)
			y[t] = DBL_MIN;
		if (w->transformed && y[t] <= 0)
		{
			sf_fail_value(ctx, SF_BAD_DATA, "a log or Box-Cox transform needs values above 0", s->y[t]);
			ctx->where = t;
			return SF_BAD_DATA;
		}
		if (t % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	if (observed == 0)
		return sf_fail(ctx, SF_BAD_DATA, "the series holds no values");
	w->s = *s;
	w->s.y = y;
	w->lambda = w->plan->transform == SF_TRANSFORM_LOG ? 0.0 : w->plan->lambda;
	if (w->transformed && isnan(w->lambda))
	{
		double	   *whole = sf_arena_take(arena, (size_t) s->n, sizeof(double));
		SfStatus	status;

		if (whole == NULL)
			return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		status = sf_series_fill(arena, &w->s, whole);
		if (status == SF_OK)
			status = sf_box_cox_lambda(arena, whole, s->n, sf_series_season(s), &w->lambda);
		if (status != SF_OK)
			return status;
		/* below 0 there is an upper end to what can be transformed back, and intervals reach it */
		if (w->lambda < 0)
			w->lambda = 0.0;
	}
	for (int32_t t = 0; t < s->n && w->transformed; t++)
	{
		y[t] = isnan(y[t]) ? y[t] : sf_box_cox(y[t], w->lambda);
		if (t % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (isinf(y[t]))
		{
			sf_fail_value(ctx, SF_BAD_DATA, "a value is out of the range of the transform with this lambda", s->y[t]);
			ctx->where = t;
			return SF_BAD_DATA;
		}
	}
	return SF_OK;
}

/*
 * Steps before the first one that is not finite, or a million times what was ever seen.
 */
static int32_t
believable(const SfSeries *s, const SfForecast *made)
{
	double		largest = 0.0;

	for (int32_t t = 0; t < s->n; t++)
		if (fabs(s->y[t]) > largest)
			largest = fabs(s->y[t]);
	for (int32_t k = 0; k < made->horizon; k++)
		if (!(fabs(made->mean[k]) <= 1e6 * largest))
			return k;
	return made->horizon;
}

/* From the first unbelievable step on, the one before it; from the start, the naive forecast. */
static SfStatus
keep_believable(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	int32_t		steps = believable(s, out);

	if (steps == out->horizon)
		return SF_OK;
	if (steps == 0)
	{
		sf_forecast_note(out, "out of all proportion, not used", NAN);
		out->demand = false;
		return sf_naive_forecast(arena, s, out);
	}
	sf_forecast_note(out, "held from step", steps + 1);
	for (int32_t k = steps; k < out->horizon; k++)
	{
		out->mean[k] = out->mean[steps - 1];
		out->variance[k] = out->variance[steps - 1];
	}
	return SF_OK;
}

/* The drivers' effect is taken out of y[n], which is complete, and left in effect. */
static SfStatus
take_drivers_out(SfArena *arena, const SfSeries *s, double *y, double **effect, bool *factor, SfForecast *out)
{
	SfStatus	status;

	*effect = sf_arena_take(arena, (size_t) s->n + (size_t) out->horizon, sizeof(double));
	if (*effect == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_drivers_effect(arena, s, y, out->horizon, *effect, factor, out);
	for (int32_t t = 0; t < s->n && status == SF_OK; t++)
		y[t] = *factor ? y[t] / (*effect)[t] : y[t] - (*effect)[t];
	return status;
}

/* And put back; effect begins with the first period. */
static void
put_drivers_back(const double *effect, bool factor, int32_t n, SfForecast *out)
{
	for (int32_t k = 0; k < out->horizon; k++)
	{
		double		e = effect[n + k];

		out->mean[k] = factor ? out->mean[k] * e : out->mean[k] + e;
		out->variance[k] *= factor ? e * e : 1.0;
	}
	for (int32_t t = 0; out->fitted != NULL && t < n; t++)
		out->fitted[t] = factor ? out->fitted[t] * effect[t] : out->fitted[t] + effect[t];
}

/* Gaps, drivers, method: everything that a forecast of an earlier day repeats. */
static SfStatus
predict(SfArena *arena, const SfSeries *s, const void *argument, SfForecast *out)
{
	const SfMethodChoice *choice = argument;
	bool		native_gaps = choice->method->takes_gaps && !choice->decomposed;
	bool		native_drivers = choice->method->takes_drivers && !choice->decomposed;
	double	   *y = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	double	   *effect = NULL;
	bool		factor = false;
	SfSeries	whole = *s;
	bool		without;
	SfStatus	status;

	if (y == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (choice->method->demand && s->driver_count > 0)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a method for intermittent demand takes no drivers");
	/* the kind of series is judged by what was seen, not by what drivers leave of it */
	without = choice->method->chooses && s->driver_count > 0 && sf_is_intermittent(s->y, s->n);
	if (without)
		sf_forecast_note(out, "drivers not used: seldom sold", NAN);
	status = sf_series_fill(arena, s, y);
	if (status == SF_OK && s->driver_count > 0 && !native_drivers && !without)
		status = take_drivers_out(arena, s, y, &effect, &factor, out);
	if (status != SF_OK)
		return status;
	whole.y = y;
	if (!native_drivers)
		whole.driver_count = 0;
	status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = sf_method_forecast(arena, native_gaps ? s : &whole, choice, out);
	if (status == SF_OK)
		status = sf_poll(arena->ctx);
	if (status == SF_OK)
		status = keep_believable(arena, &whole, out);
	if (status != SF_OK || effect == NULL)
		return status;
	put_drivers_back(effect, factor, s->n, out);
	return SF_OK;
}

static SfStatus
demand_widths(SfArena *arena, const Work *w, const SfForecast *made)
{
	int32_t		horizon = made->horizon;

	for (int i = 0; i < 2; i++)
	{
		double		lo;
		double		hi;
		SfStatus	status = sf_intermittent_interval(arena, w->s.y, w->s.n, coverages[i], &lo, &hi);

		if (status != SF_OK)
			return status;
		for (int32_t k = 0; k < horizon; k++)
		{
			w->below[i * horizon + k] = made->mean[k] - lo;
			w->above[i * horizon + k] = hi - made->mean[k];
		}
	}
	return SF_OK;
}

static bool
has_variance(const SfForecast *made)
{
	for (int32_t k = 0; k < made->horizon; k++)
		if (!(made->variance[k] >= 0 && made->variance[k] < INFINITY))
			return false;
	return true;
}

static SfStatus
widths(SfArena *arena, const Work *w, const SfForecast *made, const char **source)
{
	int32_t		horizon = made->horizon;
	SfStatus	status;

	if (w->plan->intervals == SF_INTERVALS_AUTO && made->demand && !w->transformed)
	{
		*source = "what a period brought so far: nothing, or one of the amounts seen";
		return demand_widths(arena, w, made);
	}
	*source = w->choice.method->plain ? "errors of the forecast from earlier days, its constants kept, widened for that"
		: "the variance of the model";
	if (w->plan->intervals != SF_INTERVALS_CONFORMAL && has_variance(made))
		for (int i = 0; i < 2; i++)
		{
			double		z = sf_normal_quantile(0.5 + 0.5 * coverages[i]);

			for (int32_t k = 0; k < horizon; k++)
				w->below[i * horizon + k] = z * sqrt(made->variance[k]);
		}
	else
	{
		*source = "ranked errors of the forecast made anew from earlier days";
		status = sf_conformal_widths(arena, &w->s, predict, &w->choice, horizon, coverages, 2, w->below);
		if (status != SF_OK)
			return status;
	}
	for (int32_t k = 0; k < 2 * horizon; k++)
		w->above[k] = w->below[k];
	return SF_OK;
}

/* The value of the series that x stands for. */
static double
back(const Work *w, double x)
{
	double		y = ldexp(w->transformed ? sf_box_cox_back(x, w->lambda) : x, w->exponent);

	return w->plan->nonnegative && y < 0 ? 0.0 : y;
}

/*
 * On the scale of the series, where nothing is below 0: half-widths that never
 * shrink; where the lower one would reach below 0 the upper one makes up for it.
 */
static void
widen(const double *mean, int32_t horizon, double *lo, double *hi)
{
	double		below = 0.0;
	double		above = 0.0;
	double		width = 0.0;

	for (int32_t k = 0; k < horizon; k++)
	{
		bool		cut = mean[k] - below < 0;

		above = fmax(above, hi[k] - mean[k]);
		hi[k] = mean[k] + above;
		if (!cut)
		{
			below = fmax(below, mean[k] - lo[k]);
			lo[k] = mean[k] - below;
		}
		width = fmax(width, hi[k] - lo[k]);
		hi[k] = lo[k] + width;
	}
}

/* Half-widths that never shrink, the wider interval around the narrower one. */
static void
put_interval(const Work *w, const double *mean, int i, double *lo, double *hi)
{
	int32_t		horizon = w->plan->horizon;
	double		below = 0.0;
	double		above = 0.0;

	for (int32_t k = 0; k < horizon; k++)
	{
		for (int j = 0; j <= i; j++)
		{
			below = fmax(below, w->below[j * horizon + k]);
			above = fmax(above, w->above[j * horizon + k]);
		}
		lo[k] = back(w, mean[k] - below);
		hi[k] = back(w, mean[k] + above);
	}
}

static SfStatus
put(SfCtx *ctx, const Work *w, SfProjection *out)
{
	int32_t		horizon = w->plan->horizon;

	put_interval(w, out->mean, 0, out->lo80, out->hi80);
	put_interval(w, out->mean, 1, out->lo95, out->hi95);
	for (int32_t k = 0; k < horizon; k++)
	{
		out->mean[k] = back(w, out->mean[k]);
		if (!(out->mean[k] - out->lo95[k] < INFINITY && out->hi95[k] - out->mean[k] < INFINITY))
			return sf_fail(ctx, SF_OVERFLOW, "the forecast or its interval is too large for double precision");
	}
	if (!w->transformed && !w->plan->nonnegative)
		return SF_OK;
	widen(out->mean, horizon, out->lo80, out->hi80);
	for (int32_t k = 0; k < horizon; k++)
	{
		out->lo95[k] = fmin(out->lo95[k], out->lo80[k]);
		out->hi95[k] = fmax(out->hi95[k], out->hi80[k]);
	}
	widen(out->mean, horizon, out->lo95, out->hi95);
	return SF_OK;
}

/* What is told of the fit, in the unit of the series. */
static void
unscale(const Work *w, SfForecast *made)
{
	for (int32_t i = 0; i < made->notes && !w->transformed; i++)
		if (made->note[i].amount)
			made->note[i].value = ldexp(made->note[i].value, w->exponent);
	for (int32_t t = 0; made->fitted != NULL && t < w->s.n; t++)
	{
		made->fitted[t] = isnan(made->fitted[t]) ? NAN : back(w, made->fitted[t]);
		if (isinf(made->fitted[t]))
			made->fitted[t] = NAN;
	}
}

SfStatus
sf_forecast_series(SfArena *arena, const SfSeries *s, const SfPlan *plan, SfProjection *out)
{
	Work		w = {.plan = plan};
	int32_t		horizon = plan->horizon;
	SfForecast *made = &out->made;
	double	   *fitted = made->fitted;
	SfStatus	status = sf_plan_check(arena->ctx, plan);

	if (status == SF_OK)
		status = sf_series_check(arena->ctx, s);
	if (status == SF_OK)
		status = prepare(arena, s, &w);
	if (status != SF_OK)
		return status;
	(void) sf_method_find(plan->method, &w.choice);
	if (plan->high)
		sf_method_high(&w.choice);
	*made = (SfForecast) {.horizon = horizon, .mean = out->mean, .fitted = fitted};
	made->variance = sf_arena_take(arena, (size_t) horizon, 5 * sizeof(double));
	if (made->variance == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	w.below = made->variance + horizon;
	w.above = w.below + 2 * (size_t) horizon;
	status = predict(arena, &w.s, &w.choice, made);
	if (status == SF_OK)
		status = widths(arena, &w, made, &out->intervals);
	if (status == SF_OK)
		status = put(arena->ctx, &w, out);
	if (status == SF_OK)
		unscale(&w, made);
	return status;
}
