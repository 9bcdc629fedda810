/*
 * croston.h
 *		Forecasts of demand that comes now and then: Croston and its descendants.
 *
 * A period with a value other than 0 is a demand.  Croston smooths the sizes z_j
 * of the demands and the intervals p_j between them apart,
 *
 *		z <- z + alpha (z_j - z),	p <- p + beta (p_j - p),
 *
 * at every demand, and expects z / p a period.  That ratio is biased upward by
 * about 1 / (1 - beta / 2), which SBA takes off: (1 - beta / 2) z / p.  Both stand
 * still when demand stops.  TSB smooths the probability of a demand in every
 * period instead, so that its forecast decays:
 *
 *		pi <- pi + beta ([y_t <> 0] - pi),	forecast pi z.
 *
 * Periods that were not observed are left out, as if they had not been.  The
 * forecast is the same for every step.  The variance given is the mean squared
 * one-step error: none of the three follows from a model (Shenstone & Hyndman,
 * Journal of Forecasting 24, 2005).
 *
 * Constants.  Croston: 0.1 both, the classic.  SBA: both from 0.05 .. 0.5 by the
 * in-sample mean squared error of the rate, found together (Kourentzes,
 * International Journal of Production Economics 156, 2014), 0.1 below
 * SF_CROSTON_DEMANDS_MIN demands.  TSB: sizes 0.2, probability 0.1; starts at the
 * means of the series.  On carparts, five origins within the training part,
 * RMSSE: SBA .931 with 0.1, .859 with constants found by squared error, .88 by the
 * running mean rate; TSB .835 with the constants above, .841 with 0.1 both, .847
 * to .882 with constants found.
 *
 * Source: Croston, Operational Research Quarterly 23, 1972; Syntetos & Boylan,
 * International Journal of Forecasting 21, 2005; Teunter, Syntetos & Babai,
 * European Journal of Operational Research 214, 2011.
 */
#ifndef SF_CROSTON_H
#define SF_CROSTON_H

#include "core/forecast/method.h"

#define SF_CROSTON_DEMANDS_MIN 2
#define SF_TSB_SIZE 0.2			/* what TSB smooths the sizes by */
#define SF_TSB_PROBABILITY 0.1	/* and the probability of a demand */

/*
 * The demands of a series, in units of a power of two, so that all |y| < 1 and
 * squares neither overflow nor vanish.
 */
typedef struct SfDemand
{
	double	   *y;				/* [n] observed periods, oldest first */
	int32_t		n;				/* may be 0 */
	double	   *size;			/* [count] values that are not 0 */
	double	   *interval;		/* [count] periods since the demand before; the
								 * first counts from before the first period */
	int32_t		count;
	int			exponent;		/* y of the series = y * 2^exponent */
} SfDemand;

/* Smoothing constants of one method, each 0 .. 1. */
typedef struct SfCroston
{
	double		size;
	double		interval;		/* TSB: of the probability */
} SfCroston;

/*
 * sf_demand_read
 *		The demands of y[n]; NaN = not observed, no infinities.  SF_OK,
 *		SF_NO_MEMORY.
 */
extern SfStatus sf_demand_read(SfArena *arena, const double *y, int32_t n, SfDemand *demand);

/* Mean interval between demands in periods, the last one open; n + 1 without any. */
extern double sf_demand_interval(const SfDemand *demand);

/*
 * sf_croston_rate, sf_tsb_rate
 *		Expected demand of a period after the last, in the units of demand; 0
 *		without any demand.  fitted[demand->n] gets the one-step forecasts, NaN
 *		where none; may be NULL.  sba: take the bias off.
 */
extern double sf_croston_rate(const SfDemand *demand, SfCroston constant, bool sba, double *fitted);
extern double sf_tsb_rate(const SfDemand *demand, SfCroston constant, double *fitted);

/* The constants of SBA for this series.  SF_OK, SF_CANCELLED. */
extern SfStatus sf_croston_search(SfCtx *ctx, const SfDemand *demand, bool sba, SfCroston *constant);

/*
 * sf_demand_forecast
 *		Writes a rate, in the units of demand, as the forecast of every step:
 *		mean, variance, fitted and converged of out.  fitted[demand->n] in the
 *		units of demand.  The label, unless nothing was ever demanded: "Zero".
 */
extern void sf_demand_forecast(const SfSeries *s, const SfDemand *demand, double rate,
							   const double *fitted, const char *label, SfForecast *out);

extern SfStatus sf_croston_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_croston_sba_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
extern SfStatus sf_tsb_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_CROSTON_H */
