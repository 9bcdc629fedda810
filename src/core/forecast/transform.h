/*
 * transform.h
 *		Log and Box-Cox transforms of a series, and back.
 *
 * lambda = 0 is the log, 1 leaves the shape, as Box & Cox, Journal of the Royal
 * Statistical Society B 26, 1964, eq. 1.  lambda is estimated as Guerrero, Journal
 * of Forecasting 12, 1993, does: over blocks of one season (two periods at least)
 * the coefficient of variation of sd / mean^(1 - lambda) is smallest.
 *
 * A forecast is transformed back as it is: it becomes the median, not the mean, and
 * the interval keeps its coverage.
 */
#ifndef SF_TRANSFORM_H
#define SF_TRANSFORM_H

#include "core/forecast/series.h"

/*
 * sf_box_cox_lambda
 *		lambda in -1 .. 2 for y[n] > 0 and a season of m periods; 1 when there are
 *		fewer than two blocks; the last 10,000 blocks count.  O(n), SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_box_cox_lambda(SfArena *arena, const double *y, int32_t n, int32_t m, double *lambda);

extern double sf_box_cox(double y, double lambda);

/* The value whose transform is x; 0 or +Inf where there is none. */
extern double sf_box_cox_back(double x, double lambda);

#endif							/* SF_TRANSFORM_H */
