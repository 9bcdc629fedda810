/*
 * intermittent.h
 *		Demand that comes now and then: when a series is of that kind, the
 *		forecast of choice, and what a period may bring.
 *
 * The forecast is the mean of TSB, IMAPA and simple exponential smoothing of all
 * periods (constant 0.1, started at the mean), drawn towards zero by
 *
 *		m^2 / (m^2 + v / n),
 *
 * m and v the mean and the variance of the n observed periods: the multiple of a
 * mean that has the least expected squared error (Searls, Journal of the American
 * Statistical Association 59, 1964).  Two sales in three years say little about
 * the rate; sixty in sixty months are hardly touched, and with n the pull goes
 * away.  The price: forecasts of many rare items add up to less than their sales
 * if those are steady.
 *
 * On carparts (five origins within the training part, RMSSE): .824, without the
 * pull .834, SBA .859 (.931 with 0.1), TSB .835, ADIDA .839, IMAPA .834, mean .861.
 * The pull helped at each of the five.
 *
 * The forecast is the same for every step and knows no season: a series whose
 * zeros return at the same place of a cycle is not called intermittent.
 */
#ifndef SF_INTERMITTENT_H
#define SF_INTERMITTENT_H

#include "core/forecast/croston.h"

/*
 * Mean interval between demands above which demand is intermittent (Syntetos,
 * Boylan & Croston, Journal of the Operational Research Society 56, 2005).
 */
#define SF_INTERMITTENT_INTERVAL 1.32

/*
 * sf_is_intermittent
 *		Whether y[n] is demand that comes now and then: nothing negative, and from
 *		the first demand on (from the first period if there are fewer than three)
 *		more than 1.32 periods a demand, that is 24 % zeros; and no cycle of up to
 *		366 periods explains the zeros.  NaN = not observed.  A series without any
 *		demand is; one without any observation is not.  O(n) and at most 350,000
 *		comparisons.
 */
extern bool sf_is_intermittent(const double *y, int32_t n);

/* Mean forecast and one-step forecasts as told above; takes gaps. */
extern SfStatus sf_intermittent_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/*
 * sf_intermittent_quantiles
 *		Quantiles of the value of one period to come: 0 with probability
 *		1 - pi, else one of the k sizes seen, or, with half the weight of one
 *		of them, above the largest by an exponential tail with their mean size as
 *		its scale.
 *
 *	y		[n], NaN = not observed; n >= 1
 *	level	[levels], each above 0 and below 1, else SF_BAD_ARGUMENT
 *	out		[levels], the smallest value v with P(value <= v) >= level; 0 when
 *			there never was a demand
 *
 * pi weighs a period by 0.9 for each later one and counts half a demand in one
 * period more.  The distribution is discrete: P(value <= v) is above the level
 * nearly always, so intervals cover more than they must.  The same for every
 * step ahead.  SF_OK, SF_BAD_ARGUMENT, SF_NO_MEMORY, SF_CANCELLED.  O(n + k log k).
 */
extern SfStatus sf_intermittent_quantiles(SfArena *arena, const double *y, int32_t n,
										  const double *level, int32_t levels, double *out);

/*
 * sf_intermittent_interval
 *		lo and hi with at least the given coverage (above 0, below 1): equal tails, but from 0 to
 *		the quantile at coverage when the lower tail would end at 0.  Intervals of
 *		higher coverage contain those of lower.  They need not contain the mean:
 *		of rare large demands nine periods in ten may be 0.
 */
extern SfStatus sf_intermittent_interval(SfArena *arena, const double *y, int32_t n,
										 double coverage, double *lo, double *hi);

#endif							/* SF_INTERMITTENT_H */
