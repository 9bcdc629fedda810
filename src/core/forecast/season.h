/*
 * season.h
 *		The seasonal figures of a series: how each position of the season departs
 *		from the trend, how sure that is, and how it changes.
 *
 * A figure is a factor (mean 1) when every value is positive, else an amount
 * (mean 0).  Three steps:
 *
 * 1. classical decomposition: centred moving mean over one season, mean ratio (or
 *    difference) per position; with it the season is taken out, the rest smoothed by
 *    local straight lines over a season, which reach to both ends, and ratios are taken
 *    anew for every period;
 * 2. the ratios of a position are smoothed over the cycles, s <- s + gamma (r - s);
 *    gamma (0 = the plain mean) is the one with the least squared error one cycle ahead,
 *    so a season that changes is followed and a stable one averaged;
 * 3. the departures are multiplied by the James-Stein factor
 *    1 - (m - 3) / (m - 1) / F, not below 0, where F is the variance between positions
 *    over the variance within them: a season the data cannot show fades by itself, no
 *    test switches it off.  With three positions or fewer 1/2 stands for (m - 3) / (m - 1).
 *
 * Several seasons are taken out one after the other, shortest first.  A season
 * of fractional length is cut into round(length) positions by phase.
 *
 * Source: Miller & Williams, Shrinkage estimators of time series seasonal factors,
 * International Journal of Forecasting 19, 2003 (step 3); Winters, Management Science
 * 6, 1960, for following the figures (step 2 keeps trend and season apart).
 */
#ifndef SF_SEASON_H
#define SF_SEASON_H

#include "core/forecast/series.h"

typedef struct SfSeasonFigures
{
	double		length;			/* observations per season */
	int32_t		positions;		/* length, rounded */
	bool		factor;			/* factors around 1, else amounts around 0 */
	double	   *figure;			/* [positions], shrunken, as after the last value */
	double		shrink;			/* 0 .. 1, the James-Stein factor */
	double		strength;		/* 0 .. 1, share of the detrended variance it explains */
	double		gamma;			/* 0 = stable */
} SfSeasonFigures;

typedef struct SfSeasons
{
	int32_t		count;			/* seasons in use; those with fewer than two cycles are not */
	SfSeasonFigures season[SF_SEASONS_MAX];
} SfSeasons;

/* The position of period t (from 0) in a season. */
extern int32_t sf_season_position(const SfSeasonFigures *f, int64_t t);

/*
 * sf_seasons_fit
 *		Estimate the figures of all seasons of a complete series.
 *		adjusted	[n] out, the series without them
 *		Time O(n * seasons), SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_seasons_fit(SfArena *arena, const SfSeries *s, const double *y,
							   SfSeasons *seasons, double *adjusted);

/* Put the figures back on x[count], which stands for the periods from t on. */
extern void sf_seasons_apply(const SfSeasons *seasons, int64_t t, int32_t count, double *x);

#endif							/* SF_SEASON_H */
