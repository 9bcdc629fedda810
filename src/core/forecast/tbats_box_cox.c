/*
 * tbats_box_cox.c
 *		The power transformation of a TBATS model, and back.
 */
#include "core/forecast/tbats_model.h"

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

double
sf_tbats_transform(double y, double log_y, double lambda)
{
	if (lambda == 1.0)
		return y;
	if (lambda == 0.0)
		return log_y;
	return expm1(lambda * log_y) / lambda;
}

void
sf_tbats_transform_series(SfTbatsData *data, double lambda)
{
	for (int32_t t = 0; t < data->n; t++)
		data->z[t] = sf_tbats_transform(data->y[t], data->logs == NULL ? 0.0 : data->logs[t], lambda);
}

/* Median of what has the transformed value z, and the derivative of the way back. */
double
sf_tbats_back(double z, double lambda, double *slope)
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

