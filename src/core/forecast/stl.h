/*
 * stl.h
 *		A series as trend + seasons + remainder.
 *
 * STL for one season of whole length, and the loop around it for several
 * (MSTL): each season in turn is fitted to the series without the others, twice
 * over; the trend is the one of the longest season.
 *
 * A season that is not whole (52.18, 365.25) is laid on round(m) slots a
 * cycle: slot g stands for the observation nearest to time g m / round(m), the
 * decomposition runs on slots, and each observation reads its season from the
 * slot nearest to it (the trend by a straight line between slots).  The phase is
 * off by at most half a period and the error does not grow with time; an
 * observation is used twice, or left out, once every 1 / |m - round(m)| cycles.
 *
 * A season with fewer than two cycles in the series is not fitted: zero, and
 * fitted[k] = false.  Without any season the trend is local regression with a
 * window of 2 sqrt(n), at least 7.
 *
 * R's stats::stl agrees to 1e-8 and better, except that with robustness weights
 * and an even n its median of the residuals is sometimes not the median.
 *
 * Source: Cleveland, Cleveland, McRae & Terpenning, STL: a seasonal-trend
 * decomposition procedure based on loess, Journal of Official Statistics 6,
 * 1990; Bandara, Hyndman & Bergmeir, MSTL: a seasonal-trend decomposition
 * algorithm for time series with multiple seasonal patterns, arXiv:2107.13462,
 * 2021; strengths: Hyndman & Athanasopoulos, Forecasting: Principles and
 * Practice, 3rd ed., 4.3.
 */
#ifndef SF_STL_H
#define SF_STL_H

#include "core/forecast/series.h"

/* One STL. Windows count periods (season: cycles) and are odd. */
typedef struct SfStlSpec
{
	int32_t		period;			/* >= 2 */
	bool		periodic;		/* the same season every cycle */
	int32_t		season_window;
	int32_t		trend_window;
	int32_t		low_window;
	int32_t		season_degree;	/* 0 or 1 */
	int32_t		trend_degree;
	int32_t		low_degree;
	int32_t		season_jump;	/* >= 1 */
	int32_t		trend_jump;
	int32_t		low_jump;
	int32_t		inner;			/* passes between two sets of robustness weights, >= 1 */
	int32_t		outer;			/* sets of robustness weights; 0 = not robust */
} SfStlSpec;

/*
 * sf_stl_spec
 *		The paper's defaults (section 3): season_window 0 = periodic; robust: 15 sets of
 *		weights, one pass each, else two passes.
 */
extern SfStlSpec sf_stl_spec(int32_t n, int32_t period, int32_t season_window, bool robust);

/*
 * sf_stl
 *		trend[n] and season[n] of y[n]; weights[n] gets the robustness weights
 *		(all 1 when not robust) unless NULL.  y is finite, n >= 2 * period.
 *		SF_OK, SF_BAD_ARGUMENT (n < 2 * period, period < 2), SF_NO_MEMORY,
 *		SF_CANCELLED.  Time O(passes * n), memory O(n) of the arena.
 */
extern SfStatus sf_stl(SfArena *arena, const double *y, int32_t n, const SfStlSpec *spec,
					   double *trend, double *season, double *weights);

typedef struct SfDecomposeOptions
{
	bool		robust;
	bool		periodic;		/* seasons do not change with time */
	int32_t		season_window;	/* cycles, odd; 0 = 11, 15, 19, ... for season 1, 2, 3 */
	int32_t		trend_window;	/* 0 = next odd of 1.5 m / (1 - 1.5 / season_window) */
} SfDecomposeOptions;

/* Arrays [n] live in the arena; trend + seasons + remainder = y up to rounding. */
typedef struct SfDecomposition
{
	int32_t		n;
	int32_t		seasons;
	double		period[SF_SEASONS_MAX];
	bool		fitted[SF_SEASONS_MAX]; /* false: fewer than two cycles */
	double	   *trend;
	double	   *season[SF_SEASONS_MAX]; /* all zero where not fitted */
	double	   *remainder;
} SfDecomposition;

/*
 * sf_decompose
 *		s passed sf_series_check; drivers are not looked at.  Any n >= 1.  SF_OK,
 *		SF_BAD_DATA (a gap; fill it first), SF_OVERFLOW (a component is beyond
 *		doubles), SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_decompose(SfArena *arena, const SfSeries *s, const SfDecomposeOptions *options,
							 SfDecomposition *out);

/*
 * sf_season_continue
 *		out[horizon]: the last cycle of season k again and again (the period
 *		nearest in phase where m is not whole).
 */
extern void sf_season_continue(const SfDecomposition *d, int32_t k, int32_t horizon, double *out);

/*
 * sf_trend_strength, sf_season_strength
 *		max(0, 1 - Var(R) / Var(T + R)), and with S_k in place of T: 0 none .. 1
 *		nothing else.  0 for a constant.
 */
extern double sf_trend_strength(const SfDecomposition *d);
extern double sf_season_strength(const SfDecomposition *d, int32_t k);

#endif							/* SF_STL_H */
