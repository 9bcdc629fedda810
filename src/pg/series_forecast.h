/*
 * series_forecast.h
 *		A regular series and its forecast, with what there is to tell of it.
 */
#ifndef SF_SERIES_FORECAST_H
#define SF_SERIES_FORECAST_H

#include "pg/series_grid.h"

/*
 * sf_grid_forecast
 *		Forecast the series of a grid.  A series of plain numbers whose seasons
 *		were not given is searched for them first.  The arrays of out are taken
 *		from the arena.  Raises what the core says.
 */
extern void sf_grid_forecast(SfArena *arena, SfGrid *grid, const SfPlan *plan, SfProjection *out);

/* Seasons of the first n values of a series of plain numbers that has none. */
extern void sf_detect_seasons(SfArena *arena, const SfGrid *grid, SfSeries *s);

/* One line of an explanation; texts may be NULL, a value of NaN is none. */
typedef void (*SfExplain) (void *arg, const char *topic, const char *item, double value, const char *reason);

/*
 * Tell how the grid was made, what was fitted to it, and what speaks against trusting it: a
 * history below two years, an error on periods held out far above that in the training.
 */
extern void sf_explain_projection(SfArena *arena, const SfGrid *grid, const SfForecastOptions *options,
								  const SfPlan *plan, const SfProjection *made, SfExplain tell, void *arg);

#endif							/* SF_SERIES_FORECAST_H */
