/*
 * factor.c
 *		The quadrature over the common factor of correlated deals.
 */
#include "core/pipeline/factor.h"

#include <math.h>

#include "core/base/dist.h"

/* So many nodes take about a second; 10^9 deals and more ask for them. */
#define NODES_MAX 1000000

#define PI 3.14159265358979323846

/* E(v) = integral_0^v exp(t^2 / 2) dt, by its series; all terms are positive. */
static double
growing_integral(double v)
{
	double		power = v;		/* v^(2k+1) / (2^k k!) */
	double		sum = v;

	for (int k = 1; k < 400 && power > 1e-17 * sum; k++)
	{
		power *= v * v / (2.0 * k);
		sum += power / (2.0 * k + 1.0);
	}
	return sum;
}

double
sf_factor_growth(double correlation, double y)
{
	double		e = growing_integral(y * sqrt(correlation / (1.0 - correlation)));

	return 0.5 * log1p(2.0 / PI * e * e);
}

/*
 * The widest step that the bound allows.  For a line at height y it is
 * 2 pi y / (log M - log error + log 2); y is near its optimum for small v and
 * searched around it.
 */
static double
widest_step(double correlation, double deals, double log_error)
{
	double		ratio = correlation / (1.0 - correlation);
	double		guess = sqrt(log_error / (0.5 + deals * ratio / PI));
	double		best = 0.0;

	for (double f = 0.2; f <= 1.6; f += 0.1)
	{
		double		y = guess * f;
		double		log_m = 0.5 * y * y + deals * sf_factor_growth(correlation, y);

		best = fmax(best, 2.0 * PI * y / (log_m + log_error));
	}
	return best;
}

SfStatus
sf_factor_rule(SfArena *arena, double correlation, double deals, double error, SfFactorRule *rule)
{
	/* half of the error for the tails beyond the last node, half for the step */
	double		reach = correlation > 0 ? -sf_normal_quantile(error / 8.0) : 0.0;
	double		step = correlation > 0 ?
	widest_step(correlation, deals, log(2.0 * 2.0 * 2.0 / error)) : 1.0;
	int32_t		half;
	double		total = 0.0;

	if (correlation > 0 && !(reach / step < 0.5 * NODES_MAX))
		return sf_fail_value(arena->ctx, SF_TOO_LARGE,
							 "a distribution with this correlation can hold about 10^9 deals at most", deals);
	half = correlation > 0 ? (int32_t) ceil(reach / step) : 0;
	rule->n = 2 * half + 1;
	rule->error = correlation > 0 ? error : 0.0;
	rule->z = sf_arena_take(arena, (size_t) rule->n, sizeof(double));
	rule->weight = sf_arena_take(arena, (size_t) rule->n, sizeof(double));
	if (rule->z == NULL || rule->weight == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < rule->n; i++)
	{
		rule->z[i] = (i - half) * step;
		rule->weight[i] = exp(-0.5 * rule->z[i] * rule->z[i]);
		total += rule->weight[i];
	}
	for (int32_t i = 0; i < rule->n; i++)
		rule->weight[i] /= total;
	return SF_OK;
}
