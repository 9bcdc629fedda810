/*
 * plain.h
 *		Methods for a series without season, and the one way around them: take
 *		the seasons out, fit, project, put the seasons back, and learn from the
 *		past how wrong that is.
 */
#ifndef SF_PLAIN_H
#define SF_PLAIN_H

#include "core/forecast/method.h"

typedef struct SfPlainMethod
{
	const char *label;			/* "Theta" */
	bool		seasonal;		/* false: the series is taken as it is */
	bool		with_seasonal_naive;	/* mix the seasonal naive in */
	size_t		model_size;		/* bytes of a fitted model */
	int32_t		scratch;		/* doubles per step of the horizon that project needs */

	/*
	 * Fit y[n], n >= 1; season is the first one, rounded, 1 = none.  Arrays in the
	 * arena; y outlives the model.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
	 */
	SfStatus	(*fit) (SfArena *arena, const double *y, int32_t n, int32_t season, void *model);

	/* mean[horizon] after the first `known` values, from the states reached by then. */
	void		(*project) (const void *model, int32_t known, int32_t horizon,
							double *mean, double *scratch);

	/* Adds the parameters to the notes. */
	void		(*tell) (const void *model, SfForecast *out);
} SfPlainMethod;

/*
 * sf_plain_forecast
 *		mean, variance, fitted, label and notes of the method on the whole series.
 *
 * The variance is learned from rolling origins of the forecast itself: from up to 60
 * origins in the last two thirds of the series, with the smoothing constants kept and
 * only the states going back, the squared errors of each step are averaged, made
 * non-decreasing in the step (isotonic regression), and the deviation widened by
 *
 *		1 + min(4, 28 / origins^(5/4)) + 3 g / n,
 *
 * g the growth of the variance from the first step to this one, at most the step, for
 * what constants and figures already knew of the past and for errors that neighbouring
 * origins share.  With factors, half of the spread follows the figure of the period and half does
 * not; widths never shrink with the step.
 *
 * The seasonal naive is mixed in with weight 0.7 s e_m / (e_m + e_s): s the strength
 * of the shortest season, e the summed squared errors of the first season's steps over
 * the same origins, of the method and of the seasonal naive.  The constants were
 * chosen on the training parts of public collections (doc/accuracy.md).
 */
extern SfStatus sf_plain_forecast(SfArena *arena, const SfSeries *s, const SfPlainMethod *method,
								  SfForecast *out);

#endif							/* SF_PLAIN_H */
