/*
 * overfit.c
 *		Whether a forecast is as good as its fit.
 */
#include "core/forecast/overfit.h"

#include "core/forecast/backtest.h"

#include <math.h>

/* Absolute errors over absolute values, both divided by 2^exponent. */
typedef struct Errors
{
	double		error;
	double		value;
	int32_t		count;
} Errors;

static int
exponent_of(const SfSeries *s)
{
	double		largest = 0.0;
	int			exponent = 0;

	for (int32_t t = 0; t < s->n; t++)
		largest = fabs(s->y[t]) > largest ? fabs(s->y[t]) : largest;
	if (largest > 0)
		(void) frexp(largest, &exponent);
	return exponent;
}

static void
add(Errors *sum, double actual, double mean, int exponent)
{
	if (isnan(actual) || isnan(mean))
		return;
	sum->error += fabs(ldexp(actual, -exponent) - ldexp(mean, -exponent));
	sum->value += fabs(ldexp(actual, -exponent));
	sum->count++;
}

static double
ratio(const Errors *sum)
{
	return sum->count > 0 && sum->value > 0 ? sum->error / sum->value : NAN;
}

/* One-step forecast of period `end`; its fitted values into fitted unless that is NULL. */
static SfStatus
forecast_one(SfArena *arena, const SfSeries *s, const SfPlan *plan, int32_t end, double *fitted, double *mean)
{
	SfPlan		one = *plan;
	SfOrigin	origin = {0, end, end};
	double	   *number = sf_arena_take(arena, 5, sizeof(double));
	SfProjection made = {.made.fitted = fitted};
	SfSeries	train = *s;
	SfStatus	status;

	*mean = NAN;
	if (number == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (!sf_backtest_train(s, &origin, &train))
		return SF_OK;
	one.horizon = 1;
	one.intervals = SF_INTERVALS_AUTO;
	made.mean = number;
	made.lo80 = number + 1;
	made.hi80 = number + 2;
	made.lo95 = number + 3;
	made.hi95 = number + 4;
	status = sf_forecast_series(arena, &train, &one, &made);
	if (status == SF_OK)
		*mean = number[0];
	return status;
}

SfStatus
sf_overfit(SfArena *arena, const SfSeries *s, const SfPlan *plan, SfOverfit *out)
{
	int32_t		held = s->n / 5;
	int32_t		step = (held + SF_OVERFIT_ORIGINS - 1) / SF_OVERFIT_ORIGINS;
	int			exponent = exponent_of(s);
	Errors		training = {0};
	Errors		validation = {0};
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *fitted;
	double		mean;
	SfStatus	status = SF_OK;

	*out = (SfOverfit) {.trained = s->n - held, .training = NAN, .validation = NAN};
	if (s->n < SF_OVERFIT_LEAST)
		return SF_OK;
	fitted = sf_arena_take(arena, (size_t) out->trained, sizeof(double));
	if (fitted == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < out->trained; t++)
		fitted[t] = NAN;
	for (int32_t end = out->trained; end < s->n && status == SF_OK; end += step)
	{
		SfArenaMark here = sf_arena_mark(arena);

		status = forecast_one(arena, s, plan, end, end == out->trained ? fitted : NULL, &mean);
		if (status == SF_OK)
			add(&validation, s->y[end], mean, exponent);
		sf_arena_rewind(arena, here);
	}
	for (int32_t t = 0; t < out->trained && status == SF_OK; t++)
		add(&training, s->y[t], fitted[t], exponent);
	sf_arena_rewind(arena, mark);
	if (status != SF_OK)
		return status;
	out->training = ratio(&training);
	out->validation = ratio(&validation);
	out->origins = isnan(out->training) || isnan(out->validation) ? 0 : validation.count;
	if (out->origins == 0)
		out->training = out->validation = NAN;
	return SF_OK;
}
