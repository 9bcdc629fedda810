/*
 * ets_search.h
 *		Which exponential smoothing model: the one of least AICc among those that
 *		can be.
 *
 * Fifteen models: error A or M, trend N, A or Ad, season N, A or M.  Left out are
 * the ones that explode or divide by what may be zero: a multiplicative trend,
 * and a multiplicative season under additive errors.  Errors and seasons are
 * multiplicative only when all values are positive.  A season needs two of it, and
 * a model fewer parameters than n - 1.
 *
 * Up to seasons of 24 the seasonal states are fitted and all parameters count.
 * Longer seasons are not dropped: their states come from the decomposition, as
 * they do in the quick search, and only the constants, level and trend are fitted.
 * AICc then takes its correction for small samples from the parameters that were
 * fitted, since one that counts a year of weeks refuses every season until there
 * are many years of them.  And since AICc judges one step ahead, where a smooth long
 * season is no better than a trend, models without season are left out when the
 * figure of a season longer than 24 explains more than 0.6 of the variance around
 * the moving average (adjusted for chance); on hourly, weekly and retail series
 * this lowered the errors.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, ch. 7.1 (information criteria); Hyndman & Khandakar, Journal of
 * Statistical Software 27(3), 2008 (which models are left out).
 */
#ifndef SF_ETS_SEARCH_H
#define SF_ETS_SEARCH_H

#include "core/forecast/ets_fit.h"

/* Seasons up to this have their states fitted. */
#define SF_ETS_FREE_SEASON_MAX 24

/* Letters; 'Z' leaves the choice to the search. */
typedef struct SfEtsSpec
{
	char		error;			/* A M Z */
	char		trend;			/* N A D (damped, "Ad") Z; M parses, and is refused */
	char		season;			/* N A M Z */
} SfEtsSpec;

/*
 * sf_ets_search
 *		data		m = 1 unless n >= 2 m; n >= 3, not constant
 *		positive	all values are
 *		fast		seasonal states from the decomposition, few steps, and no fit of
 *					models whose relatives are far behind; always so beyond 20,000 values
 *		best		point.season[m] is taken from the arena
 *		aicc		of the scaled values; +Inf where n is too small for it; not comparable
 *					between a quick search and a full one, which count seasons differently
 *		SF_OK: best->criterion is finite; if nothing that spec allows can be fitted, best is
 *		the A,N,N model.  SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_ets_search(SfArena *arena, const SfEtsData *data, SfEtsSpec spec, bool positive, bool fast,
							  SfEtsFit *best, double *aicc);

#endif							/* SF_ETS_SEARCH_H */
