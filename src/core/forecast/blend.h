/*
 * blend.h
 *		The robust combination of smoothing methods behind method "auto": the
 *		median, step by step, of simple exponential smoothing, Holt, damped trend, DOTM
 * and CES.
 *
 * No member is picked as best: over every collection tried, the middle was
 * better than the member that looked best in the past.
 *
 * Source: Petropoulos & Svetunkov, A simple combination of univariate models,
 * International Journal of Forecasting 36, 2020 (median of four methods).  We
 * differ: three smoothing methods stand in the place of ARIMA and full ETS.
 */
#ifndef SF_BLEND_H
#define SF_BLEND_H

#include "core/forecast/ces.h"
#include "core/forecast/smooth.h"
#include "core/forecast/theta.h"

#define SF_BLEND_MEMBERS 5

typedef struct SfBlend
{
	const double *y;
	int32_t		n;
	SfTrendModel trend[3];		/* in the order of SfTrendKind */
	SfThetaModel dotm;
	SfCesModel	ces;
	double	   *trend_level[3]; /* [n] states after y[t] */
	double	   *trend_slope[3];
	double	   *intercept;		/* [n] lines through y_1 .. y_t */
	double	   *slope;
	double	   *dotm_level;
	double	   *ces_level;
	double	   *ces_other;
} SfBlend;

/*
 * sf_blend_fit
 *		Fit the members to y[n], a series without season, n >= 1; below
 *		SF_TREND_LEAST values simple exponential smoothing alone.  The arrays lie
 *		in the arena.  O(n).  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_blend_fit(SfArena *arena, const double *y, int32_t n, SfBlend *blend);

/*
 * sf_blend_project
 *		mean[horizon] after the first `known` values (1 .. n), with the smoothing
 *		constants of the whole series but only the states reached by then.
 *		member	[SF_BLEND_MEMBERS * horizon] scratch; holds the members' forecasts after
 */
extern void sf_blend_project(const SfBlend *blend, int32_t known, int32_t horizon,
							 double *mean, double *member);

/* The method auto for series that are not intermittent. */
extern SfStatus sf_blend_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_BLEND_H */
