/*
 * series.h
 *		One time series on a regular grid, and what a gap in it means.
 *
 * The binding puts rows on the grid (calendar, duplicates); from here on a
 * series is an array, one element a period, NaN where nothing was observed.
 */
#ifndef SF_SERIES_H
#define SF_SERIES_H

#include "core/base/arena.h"

#define SF_SEASONS_MAX 6
#define SF_SERIES_LENGTH_MAX 1000000	/* periods of one series */
#define SF_HORIZON_MAX 100000

/* Borrowed: whoever made the arrays keeps them alive. */
typedef struct SfSeries
{
	const double *y;			/* [n], oldest first; NaN = not observed */
	int32_t		n;				/* >= 1 */
	int32_t		seasons;		/* 0 .. SF_SEASONS_MAX */
	double		season[SF_SEASONS_MAX]; /* observations per season, ascending,
										 * > 1, may be a fraction: 52.18 */
	const double *drivers;		/* [n + horizon][driver_count] row-major, all
								 * finite; NULL when there is none */
	int32_t		driver_count;
} SfSeries;

/* The first season as a whole number of periods; 1 when there is none. */
extern int32_t sf_series_season(const SfSeries *s);

/*
 * sf_series_check
 *		SF_OK, or what is wrong with the series: n out of range
 *		(SF_BAD_DATA, SF_TOO_LARGE), an infinite value (SF_BAD_DATA), a season
 *		that is not above 1 or not ascending (SF_BAD_ARGUMENT).
 */
extern SfStatus sf_series_check(SfCtx *ctx, const SfSeries *s);

/*
 * sf_series_fill
 *		out[n] = y with every gap filled: between two observations by a straight
 *		line (plus, where every season position was observed, the seasonal
 *		figure of additive indices, unless values are beyond 1e300), before the first
 *		and after the last by the nearest one.  All missing: SF_BAD_DATA.
 */
extern SfStatus sf_series_fill(SfArena *arena, const SfSeries *s, double *out);

#endif							/* SF_SERIES_H */
