/*
 * smoothed.c
 *		The part of a distribution that is made of many small deals.
 */
#include "core/pipeline/smoothed.h"

#include <math.h>

#define BERRY_ESSEEN 0.56
#define NODES 8					/* of the interpolation */

/* Weights of the nodes around z (Lagrange); returns the first of them. */
static int32_t
interpolation_weights(double correlation, double z, double *weight)
{
	double		first = sf_grid_node(correlation, 0);
	double		apart = sf_grid_node(correlation, 1) - first;
	double		at = (fmin(fmax(z, first), -first) - first) / apart;
	int32_t		start = (int32_t) fmin(fmax(floor(at) - 3.0, 0.0),
									   sf_grid_nodes(correlation) - (double) NODES);

	for (int i = 0; i < NODES; i++)
	{
		weight[i] = 1.0;
		for (int j = 0; j < NODES; j++)
			if (j != i)
				weight[i] *= (at - start - j) / (i - j);
	}
	return start;
}

static double
error_of(double variance, double third)
{
	return variance > 0.0 ? fmin(1.0, BERRY_ESSEEN * third / (variance * sqrt(variance))) : 0.0;
}

SfSmoothed
sf_smoothed_at(const SfMoments *grid, double correlation, double z)
{
	SfSmoothed	part = {0};
	double		third = 0.0;
	double		weight[NODES] = {1.0};
	int32_t		start = 0;
	int			n = 1;

	if (grid == NULL)
		return part;
	if (correlation > 0.0)
	{
		start = interpolation_weights(correlation, z, weight);
		n = NODES;
	}
	for (int i = 0; i < n; i++)
	{
		part.mean += weight[i] * sf_sum_value(grid[start + i].mean);
		part.variance += weight[i] * sf_sum_value(grid[start + i].variance);
		third += weight[i] * sf_sum_value(grid[start + i].third);
	}
	/* interpolation may dip below zero where next to nothing is left */
	part.variance = fmax(part.variance, 0.0);
	part.error = error_of(part.variance, fmax(third, 0.0));
	return part;
}

/*
 * Standard deviations that an error of a probability is worth at P10 and P90:
 * one over the normal density there.
 */
#define DEVIATIONS_PER_PROBABILITY 5.7

int32_t
sf_smoothed_best_head(const SfDealSet *set, const double *rounding, int32_t most)
{
	const SfMoments *middle = set->small ? &set->small[sf_grid_nodes(set->correlation) / 2] : NULL;
	double		variance = middle ? sf_sum_value(middle->variance) : 0.0;
	double		third = middle ? sf_sum_value(middle->third) : 0.0;
	double		all_variance = variance;
	double		rounded = 0.0;
	double		least = INFINITY;
	int32_t		best = 0;

	/* the unconditional probability will do to choose by */
	for (int32_t i = 0; i < set->n_deals; i++)
	{
		const SfDeal *d = &set->deals[i];

		all_variance += d->amount * d->amount * d->probability * (1.0 - d->probability) * (double) d->count;
		rounded += rounding[i];
	}
	for (int32_t k = set->n_deals; k >= 0; k--)
	{
		double		error = DEVIATIONS_PER_PROBABILITY * error_of(variance, third) +
		sqrt(fmax(rounded, 0.0) / all_variance);

		if (k <= most && error < least)
		{
			least = error;
			best = k;
		}
		if (k > 0)
		{
			const SfDeal *d = &set->deals[k - 1];
			double		p = d->probability;
			double		v = d->amount * d->amount * p * (1.0 - p) * (double) d->count;

			variance += v;
			third += v * fabs(d->amount) * (p * p + (1.0 - p) * (1.0 - p));
			rounded -= rounding[k - 1];
		}
	}
	return best;
}
