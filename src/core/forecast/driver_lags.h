/*
 * driver_lags.h
 *		At which lag each of several candidate drivers leads a series.
 *
 * Series with memory correlate by chance, and so do two with a season.  So first
 * the series and every candidate are made white, each by itself: differenced once
 * if it has a unit root (unitroot.h), mean and up to six harmonics of the season
 * taken out where two cycles are there, and then what an autoregression explains
 * (Burg's method, order by AICc).  The correlation of two independent white series is
 * about normal with variance 1 / n whatever their memory was.  Then the pair of
 * candidate and lag with the strongest correlation is taken, its part is
 * regressed out of the series, and so on while the correlation is significant at
 * 5 per cent, corrected for all candidates times all lags (Sidak).
 *
 * Nothing looks ahead.  The series is cut into a training part and four blocks of a
 * tenth of it.  Correlations, lags and p-values are those of what comes before
 * the last block.  A choice must be confirmed by forecasts: for each block the
 * filters, the lag and the coefficient are found anew from what comes before
 * it, and the squared one-step errors in the block must be fewer with the driver than
 * without, over all blocks.  A gap is filled for the filters only, from what comes
 * before the block; what was not observed is correlated with nothing and confirms nothing.
 *
 * How sure it is, in 1,000 simulated series of 150 periods each with 20 candidates, 13
 * lags and noise of autocorrelation .6 (test_driver_lags.c; candidates with memory,
 * random walks, seasons of 12 and 52): a driver with the coefficient 1 (innovations
 * of both with variance 1) is found at its lag in 99.4 to 99.9 per cent of the
 * series, with .7 in 95 to 99; a false driver or lag is chosen in 1.1 to 3.3 per cent.
 *
 * Source: Haugh, Checking the independence of two covariance-stationary time
 * series, Journal of the American Statistical Association 71, 1976; Box, Jenkins &
 * Reinsel, Time Series Analysis, 3rd ed., 11.2; Burg: Kay & Marple, Spectrum
 * analysis: a modern perspective, Proceedings of the IEEE 69, 1981; Sidak, Journal
 * of the American Statistical Association 62, 1967.  Choice, stage by stage, and
 * confirmation are ours.
 */
#ifndef SF_DRIVER_LAGS_H
#define SF_DRIVER_LAGS_H

#include "core/forecast/series.h"

/* Fewer observations than this, beyond the lags, show nothing: no driver is chosen. */
#define SF_DRIVER_LAGS_LENGTH_MIN 30

typedef struct SfDriverLagOptions
{
	int32_t		min_lag;		/* 0 .. max_lag; 1 = only what is known a period ahead */
	int32_t		max_lag;		/* periods */
	double		significance;	/* 0 .. 1, of the corrected p-value; usually .05 */
} SfDriverLagOptions;

/*
 * One candidate.  For a chosen one the figures are those of the stage that took it,
 * for another one those when all chosen ones had been regressed out.
 */
typedef struct SfDriverLag
{
	int32_t		driver;			/* its column, from 0 */
	int32_t		lag;			/* the driver leads by so many periods */
	double		correlation;	/* of the whitened series at this lag, -1 .. 1 */
	double		p_value;		/* 0 .. 1, corrected for candidates x lags; 1 when nothing can be said */
	double		error_reduction;	/* share of the squared errors of the blocks that the driver
									 * takes away, at most 1, negative when it does harm;
									 * NaN when nothing can be said */
	bool		chosen;
} SfDriverLag;

/*
 * sf_driver_lags
 *		s		passed sf_series_check; s->drivers [n][driver_count], finite
 *		rows	[driver_count] out, in the order of the columns
 *		SF_OK, SF_BAD_ARGUMENT (lags, significance), SF_BAD_DATA (nothing observed),
 *		SF_NO_MEMORY, SF_CANCELLED.  Time O(n drivers (lags + 20)) a stage and block,
 *		memory O(n drivers).
 */
extern SfStatus sf_driver_lags(SfArena *arena, const SfSeries *s, const SfDriverLagOptions *options,
							   SfDriverLag *rows);

#endif							/* SF_DRIVER_LAGS_H */
