/*
 * ets_start.h
 *		Where the search for an exponential smoothing model starts: seasonal
 *		figure, level and trend of the first values.
 *
 * The figure is the mean, per position, of what a centred moving average over one
 * season leaves (the difference, or the ratio for multiplicative seasons); under
 * three seasons, of what a line through the means of the first and the second
 * season leaves.  Level and trend come from the first max(10, 2 m) adjusted
 * values: their mean, or a line through them.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, ch. 2.6.1.
 */
#ifndef SF_ETS_START_H
#define SF_ETS_START_H

#include "core/forecast/ets_model.h"

typedef struct SfEtsStart
{
	double	   *season;			/* [m] sums to 0, or to m if multiplicative; zeros without season */
	double		mean;			/* of the first adjusted values */
	double		level;			/* the line through them, before the first one */
	double		trend;
	double		strength;		/* share of the variance around the moving average (or the line) that the
								 * figure explains, less what one of chance explains; at most 1 */
} SfEtsStart;

/*
 * sf_ets_start
 *		Needs n >= 2 m unless season is none; all values positive if it is
 *		multiplicative.  O(n).  SF_OK, SF_NO_MEMORY.
 */
extern SfStatus sf_ets_start(SfArena *arena, const SfEtsData *data, SfEtsSeason season, SfEtsStart *start);

#endif							/* SF_ETS_START_H */
