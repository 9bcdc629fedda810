/*
 * clusters.c
 *		Deals that belong together: how far a mean over them may be off.
 */
#include "core/winprob/clusters.h"

#include <math.h>

#include "core/base/dist.h"
#include "core/base/radix.h"
#include "core/base/sum.h"

#define POLL_EVERY 16384

/* Above so many degrees of freedom the normal quantile is right to three digits. */
#define MANY 1000

static SfStatus
number_groups(SfArena *arena, const uint64_t *group, int64_t n, uint32_t *of, int64_t *count)
{
	uint64_t   *key = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint64_t   *key_spare = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint32_t   *at = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	uint32_t   *at_spare = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	SfStatus	status;

	if (key == NULL || key_spare == NULL || at == NULL || at_spare == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
	{
		key[i] = group[i];
		at[i] = (uint32_t) i;
	}
	status = sf_radix_sort(arena->ctx, key, at, n, key_spare, at_spare);
	*count = 0;
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		*count += i == 0 || key[i] != key[i - 1];
		of[at[i]] = (uint32_t) (*count - 1);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
	}
	return status;
}

SfStatus
sf_clusters_make(SfArena *arena, const uint64_t *group, int64_t n, SfClusters *clusters)
{
	SfClusters	made = {.count = n};
	SfArenaMark mark;
	uint32_t   *of;
	SfStatus	status = SF_OK;

	if (group != NULL)
	{
		of = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
		if (of == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		mark = sf_arena_mark(arena);
		status = number_groups(arena, group, n, of, &made.count);
		sf_arena_rewind(arena, mark);
		made.of = of;
	}
	if (status == SF_OK)
		*clusters = made;
	return status;
}

/* Squares of the sums of x - mean over each cluster. */
static SfStatus
squares_of_sums(SfArena *arena, const SfClusters *clusters, const double *x, int64_t n, double mean, SfSum *squares)
{
	double	   *sum = sf_arena_take(arena, (size_t) clusters->count, sizeof(double));

	if (sum == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(sum, 0, (size_t) clusters->count * sizeof(double));
	for (int64_t i = 0; i < n; i++)
		sum[clusters->of[i]] += x[i] - mean;
	for (int64_t g = 0; g < clusters->count; g++)
		sf_sum_add_product(squares, sum[g], sum[g]);
	return SF_OK;
}

SfStatus
sf_cluster_mean(SfArena *arena, const SfClusters *clusters, const double *x, int64_t n, double *mean, double *error)
{
	bool		clustered = clusters != NULL && clusters->of != NULL;
	double		count = (double) (clustered ? clusters->count : n);
	SfArenaMark mark = sf_arena_mark(arena);
	SfSum		sum = {0};
	SfSum		squares = {0};
	double		centre;
	SfStatus	status = SF_OK;

	for (int64_t i = 0; i < n; i++)
		sf_sum_add(&sum, x[i]);
	centre = sf_sum_value(sum) / (double) n;
	if (clustered)
		status = squares_of_sums(arena, clusters, x, n, centre, &squares);
	for (int64_t i = 0; i < n && !clustered; i++)
		sf_sum_add_product(&squares, x[i] - centre, x[i] - centre);
	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
		status = sf_poll(arena->ctx);
	if (status != SF_OK)
		return status;
	*mean = centre;
	*error = count > 1 ? sqrt(sf_sum_value(squares) * count / (count - 1)) / (double) n : NAN;
	return SF_OK;
}

/* A t of v degrees of freedom has t^2 / (v + t^2) distributed as beta with 1/2 and v/2. */
double
sf_cluster_width(const SfClusters *clusters)
{
	double		freedom;
	double		share;

	if (clusters == NULL || clusters->of == NULL || clusters->count < 2 || clusters->count > MANY)
		return sf_normal_quantile(0.975);
	freedom = (double) (clusters->count - 1);
	share = sf_beta_quantile(0.95, 0.5, freedom / 2);
	return sqrt(freedom * share / (1 - share));
}
