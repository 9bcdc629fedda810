/*
 * logistic_result.c
 *		What was estimated, as a model: centred weights by code.
 */
#include "core/winprob/logistic_result.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double
bounded(double x)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, x));
}

/* Centres the weights of feature f; returns what the intercept gains. */
static double
centre(const SfLogisticDesign *d, int32_t f, double *weight)
{
	double		mean = 0.0;

	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
		mean += d->share[c] * weight[c];
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
	{
		bool		tied = c > d->offset[f] && c < d->offset[f + 1] - 1 &&
			(d->linear[f] || sf_logistic_smooth(d, f));

		weight[c] = d->share[c] > 0.0 || tied ? weight[c] - mean : 0.0;
	}
	return mean;
}

SfStatus
sf_logistic_result(SfArena *arena, const SfLogisticDesign *d, const double *u, const double *information,
				   const SfLogisticErrors *errors, SfLogistic *model)
{
	size_t		features = (size_t) d->features;
	double	   *weight = sf_arena_take(arena, (size_t) d->codes, sizeof(double));
	double	   *slope = sf_arena_take(arena, features, sizeof(double));
	double	   *slope_error = sf_arena_take(arena, features, sizeof(double));
	double		intercept = u[0];

	if (weight == NULL || slope == NULL || slope_error == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	sf_logistic_table(d, u, weight);
	for (int32_t f = 0; f < d->features; f++)
	{
		intercept += centre(d, f, weight);
		slope[f] = d->linear[f] ? 0.0 : NAN;
		slope_error[f] = slope[f];
	}
	for (int32_t s = 0; s < d->slopes; s++)
	{
		int32_t		f = d->slope[s].feature;

		if (d->slope[s].alone)
			continue;
		slope[f] = bounded(u[d->slope[s].unknown] / d->deviation[f]);
		slope_error[f] = bounded(errors->slope[f] / d->deviation[f]);
	}
	*model = (SfLogistic) {
		.intercept = intercept, .intercept_error = errors->intercept, .features = d->features,
		.offset = d->offset, .weight = weight, .error = errors->weight, .slope = slope,
		.slope_error = slope_error, .linear = d->linear, .parameters = errors->parameters,
		.ridge = d->ridge, .smoothness = d->smoothness, .estimated = d->estimated, .share = d->share,
		.mean = d->mean, .deviation = d->deviation, .unknowns = d->unknowns,
		.information = information, .estimate = information != NULL ? u : NULL
	};
	return SF_OK;
}
