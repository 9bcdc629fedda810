/*
 * project.h
 *		The forecasts nearest to given ones that add up, and are not negative if
 *		asked: the heart of reconciling.
 *
 * Minimize (y - base)' W^-1 (y - base) over y that add up.  Textbooks solve for
 * the bottom series, S (S' W^-1 S)^-1 S' W^-1 base, a system of the size of the
 * bottom.  We solve for the aggregates instead: y adds up if C y = 0, where
 * C = [I -A] says "aggregate less its bottom series", and
 *
 *		y = base - W C' (C W C')^-1 C base,
 *
 * the same y (Wickramasuriya, Athanasopoulos & Hyndman, Journal of the American
 * Statistical Association 114, 2019, eq. 10).  Aggregates are few, C has as many
 * entries as the lists of the hierarchy, and with W = diag(own) + F F'
 *
 *		C W C' = C diag(own) C' + (C F)(C F)'.
 *
 * Not negative, where W is diagonal: bottom series are fixed at 0 and freed
 * again until no free one is negative and no fixed one wants to be positive,
 * exchanging all that are wrong at once while that helps, else only the last
 * (block principal pivoting: Judice & Pires, Computers & Operations Research 21,
 * 1994; for this problem Wickramasuriya, Turlach & Hyndman, Statistics and
 * Computing 30, 2020).  A fixed series just leaves the lists, so that no system
 * grows with the number of zeros.
 */
#ifndef SF_PROJECT_H
#define SF_PROJECT_H

#include "core/forecast/errorcov.h"

/* Aggregates with forecasts of their own at most: a system of 0.5 GB. */
#define SF_PROJECT_AGGREGATES_MAX 8192

typedef struct SfProjected
{
	bool		converged;		/* false: some step stopped before no sign was wrong */
	int32_t		exchanges;		/* turns of the non-negative search, all steps */
} SfProjected;

/*
 * sf_project
 *		out[bottoms][steps] from base[nodes][steps], finite, at most about 1 in
 *		size.  Aggregates with used[node] false have no forecast and take no part.
 *		nonnegative needs a W without factors.
 *
 *		SF_OK, SF_BAD_ARGUMENT, SF_TOO_LARGE, SF_OVERFLOW, SF_NO_MEMORY,
 *		SF_CANCELLED.  With m aggregates used:
 *		O(m^3 / 3 + m^2 factors + entries * factors) once, and about as much per
 *		exchange; memory 8 m^2 + 16 m * factors bytes.
 */
extern SfStatus sf_project(SfArena *arena, const SfHierarchy *h, const bool *used,
						   const SfErrorCov *cov, const double *base, int32_t steps,
						   bool nonnegative, double *out, SfProjected *report);

#endif							/* SF_PROJECT_H */
