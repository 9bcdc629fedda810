/*
 * forecast.h
 *		One series in, forecasts with intervals out: the door of the room.
 *
 * transform -> drivers -> method -> intervals -> back, whatever the method.
 */
#ifndef SF_FORECAST_H
#define SF_FORECAST_H

#include "core/forecast/methods.h"

typedef enum SfTransform
{
	SF_TRANSFORM_NONE,
	SF_TRANSFORM_LOG,			/* all values must be positive */
	SF_TRANSFORM_BOX_COX		/* lambda given or estimated (Guerrero); all positive */
} SfTransform;

typedef enum SfIntervals
{
	SF_INTERVALS_AUTO,			/* the method's own variance, normal; where it
								 * has none, or for intermittent demand, as told
								 * in forecast.c */
	SF_INTERVALS_MODEL,			/* the same, for intermittent demand too */
	SF_INTERVALS_CONFORMAL		/* ranked errors of refitted rolling origins */
} SfIntervals;

typedef struct SfPlan
{
	const char *method;			/* "auto", "ets", "stl+theta", "ets(M,Ad,M)", ... */
	bool		high;			/* accuracy => 'high': more members, trained weights */
	int32_t		horizon;		/* 1 .. SF_HORIZON_MAX */
	bool		nonnegative;	/* nothing below 0 is given */
	SfTransform transform;
	double		lambda;			/* of Box-Cox; NaN = estimate */
	SfIntervals intervals;
} SfPlan;

/* Arrays [horizon] are the caller's. lo95 <= lo80 <= mean <= hi80 <= hi95. */
typedef struct SfProjection
{
	double	   *mean;
	double	   *lo80;
	double	   *hi80;
	double	   *lo95;
	double	   *hi95;
	const char *intervals;		/* static: where their width comes from */
	SfForecast	made;			/* label, notes, converged; fitted[n] or NULL is
								 * set by the caller; the rest is scratch */
} SfProjection;

/*
 * sf_plan_check
 *		SF_OK, or SF_BAD_ARGUMENT with the rule: unknown method, horizon out of
 *		range, lambda outside -5 .. 5.
 */
extern SfStatus sf_plan_check(SfCtx *ctx, const SfPlan *plan);

/*
 * sf_forecast_series
 *		plan passed sf_plan_check.  SF_OK, SF_BAD_DATA (nothing observed, an
 *		infinite value, a value a transform cannot take), SF_TOO_LARGE,
 *		SF_OVERFLOW, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_forecast_series(SfArena *arena, const SfSeries *s, const SfPlan *plan,
								   SfProjection *out);

#endif							/* SF_FORECAST_H */
