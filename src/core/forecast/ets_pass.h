/*
 * ets_pass.h
 *		One pass of an exponential smoothing model over a series: errors, and how
 *		they change with every parameter and initial state.
 *
 * Seasonal states stand in a ring, one is touched per value: a pass costs O(n),
 * whatever the season.  With derivatives in p unknowns it costs O(n p) for the
 * recursion and O(n p^2) for the products, four unknowns an instruction.
 */
#ifndef SF_ETS_PASS_H
#define SF_ETS_PASS_H

#include "core/forecast/ets_model.h"

/*
 * The unknowns, in the order of their columns: the four constants, whether the
 * model has them or not; level and trend; the seasonal states of positions
 * 0 .. m - 2, unless they stay as they are.  The last one is not needed: adding a
 * number to the level and taking it from all seasonal states (or multiplying and
 * dividing) changes no forecast.  Then one column with the errors themselves.
 */
enum
{
	SF_ETS_ALPHA,
	SF_ETS_BETA_SHARE,
	SF_ETS_GAMMA_SHARE,
	SF_ETS_PHI,
	SF_ETS_LEVEL,
	SF_ETS_LEVEL_TREND,
	SF_ETS_FIRST_SEASON
};

/* What one pass needs and leaves; taken once, used for every model of a series. */
typedef struct SfEtsWork
{
	SfCtx	   *ctx;
	/* the state after the pass */
	double		level;
	double		trend;
	double	   *season;			/* [m] */
	/* of sf_ets_value and sf_ets_slopes */
	double		square_sum;		/* sum of squared errors, relative ones if the form is */
	double		log_sum;		/* sum of log f; 0 unless relative */
	/* of sf_ets_slopes */
	int32_t		unknowns;
	int32_t		stride;			/* of product */
	double	   *product;		/* [stride][stride]: sums of products of the columns' slopes of e,
								 * the last column e itself; (i, j) stands where i <= j */
	double	   *log_slope;		/* [stride] slopes of log_sum */
	double	   *season_slope;	/* [m][stride] */
	double	   *level_slope;	/* [stride] */
	double	   *trend_slope;	/* [stride] */
	double	   *row;			/* [SF_ETS_ROWS][stride] */
} SfEtsWork;

#define SF_ETS_ROWS 8			/* rows of slopes that are multiplied at once */

/* SF_OK or SF_NO_MEMORY.  free_season: the seasonal states will be unknowns. */
extern SfStatus sf_ets_work_init(SfArena *arena, const SfEtsData *data, bool free_season, SfEtsWork *work);

/*
 * sf_ets_value
 *		Square_sum, log_sum and the last state.  square_sum is +Inf where the model
 *		cannot be: a forecast that is not positive under relative errors, or one
 *		that is not finite.
 *		fitted	[n] one-step forecasts, or NULL
 *		SF_OK or SF_CANCELLED; polls every 20,000 values.
 */
extern SfStatus sf_ets_value(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, double *fitted);

/* sf_ets_slopes: as sf_ets_value, and the products of the slopes. */
extern SfStatus sf_ets_slopes(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, bool free_season);

/* L of ets_model.h after a pass; +Inf where the model cannot be. */
extern double sf_ets_criterion(const SfEtsWork *work, const SfEtsData *data, SfEtsForm form);

#endif							/* SF_ETS_PASS_H */
