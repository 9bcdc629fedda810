/*
 * ets_model.h
 *		One exponential smoothing model in state space form: names and numbers.
 *
 * q is the level and trend before a value, f the forecast of it one step before,
 * s the seasonal state of its position; absent parts are left out.
 *
 *		q = l + phi b		f = q | q + s | q s			(season none, additive, multiplicative)
 *		c = y - q | y - s - q | y / s - q				what the value says of the level
 *		d =         y - q - s | y / q - s				and of the season
 *		l' = q + alpha c	b' = phi b + beta c		s' = s + gamma d
 *
 * With additive errors y = f + e, with multiplicative ones y = f (1 + e); the
 * recursion is the same for both, only the likelihood differs:
 *
 *		L = n log(sum e^2) [+ 2 sum log f],			AICc = L + 2 k + 2 k (k + 1) / (n - k - 1).
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing,
 * Springer 2008, tables 2.2 and 2.3, ch. 5.1.
 */
#ifndef SF_ETS_MODEL_H
#define SF_ETS_MODEL_H

#include "core/base/arena.h"

typedef enum SfEtsTrend
{
	SF_ETS_TREND_NONE,
	SF_ETS_TREND_ADDITIVE,
	SF_ETS_TREND_DAMPED
} SfEtsTrend;

typedef enum SfEtsSeason
{
	SF_ETS_SEASON_NONE,
	SF_ETS_SEASON_ADDITIVE,
	SF_ETS_SEASON_MULTIPLICATIVE	/* only with multiplicative errors */
} SfEtsSeason;

typedef struct SfEtsForm
{
	bool		relative;		/* multiplicative errors */
	SfEtsTrend	trend;
	SfEtsSeason season;
} SfEtsForm;

/* The values, scaled so that the largest lies in 0.5 .. 1. */
typedef struct SfEtsData
{
	const double *y;			/* [n] */
	int32_t		n;				/* >= 1 */
	int32_t		m;				/* length of the season; 1 = none */
} SfEtsData;

/* Where the search stands; the numbers of absent parts do not count. */
typedef struct SfEtsPoint
{
	double		alpha;
	double		beta_share;		/* beta = alpha * beta_share */
	double		gamma_share;	/* gamma = (1 - alpha) * gamma_share */
	double		phi;			/* 1 unless damped */
	double		level;			/* before the first value */
	double		trend;
	double	   *season;			/* [m]; position t mod m */
} SfEtsPoint;

#endif							/* SF_ETS_MODEL_H */
