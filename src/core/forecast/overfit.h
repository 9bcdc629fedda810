/*
 * overfit.h
 *		Whether a forecast is as good as its fit: the error on what the model was
 *		trained with next to that on what it had not seen.
 *
 * The model is fitted to the first four fifths of the series; training is the mean
 * absolute error of its one-step forecasts there, in parts of the mean size of the
 * values.  Validation is the same for up to SF_OVERFIT_ORIGINS periods spread over the last
 * fifth, each forecast by a model that was fitted to everything before it.  A validation
 * error far above the training error is a model that knows the past by heart, or a
 * series that has changed.
 *
 * Source: Tashman, International Journal of Forecasting 16, 2000 (rolling origin).
 */
#ifndef SF_OVERFIT_H
#define SF_OVERFIT_H

#include "core/forecast/forecast.h"

#define SF_OVERFIT_ORIGINS 10

/* Periods of a series below which nothing is held out. */
#define SF_OVERFIT_LEAST 10

typedef struct SfOverfit
{
	int32_t		trained;		/* periods of the first four fifths */
	int32_t		origins;		/* periods judged */
	double		training;		/* parts of the mean size; NaN = unknown */
	double		validation;
} SfOverfit;

/*
 * sf_overfit
 *		plan passed sf_plan_check.  out->origins is 0, and the errors are NaN, for a
 *		series that is too short or has nothing but zeros in one of the parts.
 *		Status as sf_forecast_series.  Time of 1 + SF_OVERFIT_ORIGINS forecasts.
 */
extern SfStatus sf_overfit(SfArena *arena, const SfSeries *s, const SfPlan *plan, SfOverfit *out);

#endif							/* SF_OVERFIT_H */
