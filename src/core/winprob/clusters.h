/*
 * clusters.h
 *		Deals that belong together, such as several rows of one customer: how far a mean over them may be off.
 *
 * Deals of one group rise and fall together, so a hundred rows of ten groups
 * tell little more than ten deals do.
 *
 * Source: Liang & Zeger, Biometrika 73, 1986 (sums over groups); with the factor
 * G / (G - 1) of G groups.
 */
#ifndef SF_CLUSTERS_H
#define SF_CLUSTERS_H

#include "core/base/arena.h"

typedef struct SfClusters
{
	int64_t		count;
	const uint32_t *of;			/* [n] 0 .. count - 1; NULL: each deal by itself, count = n */
} SfClusters;

/* Numbers for groups; group NULL: each deal by itself. SF_NO_MEMORY, SF_CANCELLED. O(n). */
extern SfStatus sf_clusters_make(SfArena *arena, const uint64_t *group, int64_t n, SfClusters *clusters);

/*
 * sf_cluster_mean
 *		The mean of x[n] and its standard error; clusters NULL: each deal by itself.  The error is NaN when there
 *		are fewer than two of them.  SF_NO_MEMORY, SF_CANCELLED.  O(n).
 */
extern SfStatus sf_cluster_mean(SfArena *arena, const SfClusters *clusters, const double *x, int64_t n,
								double *mean, double *error);

/*
 * Standard errors to each side of a mean that hold 95 % of its samples: of Student's distribution with one less
 * degree of freedom than there are clusters, where deals are clustered; else of the normal one.
 */
extern double sf_cluster_width(const SfClusters *clusters);

#endif							/* SF_CLUSTERS_H */
