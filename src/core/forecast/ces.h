/*
 * ces.h
 *		Complex exponential smoothing of a series without season.
 *
 *		e_t = y_t - l_(t-1)
 *		l_t = l_(t-1) - (1 - a1) c_(t-1) + (a0 - a1) e_t
 *		c_t = l_(t-1) + (1 - a0) c_(t-1) + (a0 + a1) e_t
 *
 * The errors are linear in (l_0, c_0), which one pass solves; (a0, a1) are
 * searched inside the stability region, eight settings a pass.
 *
 * Source: Svetunkov, Kourentzes & Ord, Complex exponential smoothing, Naval
 * Research Logistics 69, 2022, eq. 8-10 (model) and 16 (stability).
 */
#ifndef SF_CES_H
#define SF_CES_H

#include "core/forecast/method.h"

typedef struct SfCesModel
{
	double		a0;
	double		a1;
	double		level0;
	double		other0;			/* c_0 */
	double		sse;
	double		limit;			/* a forecast beyond it stays where it is: some
								 * models run away when nothing corrects them */
} SfCesModel;

/*
 * sf_ces_fit
 *		Fits y[n], n >= 1.  O(n), no allocation; (a0, a1) of a series of more than
 *		SF_LANES_PERIODS_MAX periods are those of its end (lanes.h).
 */
extern void sf_ces_fit(const double *y, int32_t n, SfCesModel *model);

/* level[t], other[t] after y[t]; fitted (may be NULL) as elsewhere. */
extern void sf_ces_path(const SfCesModel *model, const double *y, int32_t n,
						double *level, double *other, double *fitted);

extern void sf_ces_project(const SfCesModel *model, double level, double other,
						   int32_t horizon, double *mean);

/* The method ces; a season is taken out before and put back after;
 * below SF_TREND_LEAST values simple exponential smoothing, and labelled so. */
extern SfStatus sf_ces_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_CES_H */
