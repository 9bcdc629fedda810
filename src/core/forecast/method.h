/*
 * method.h
 *		What every forecasting method takes and gives.
 *
 * A method is a function of this shape:
 *
 *		SfStatus sf_<name>_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);
 *
 *	arena	scratch memory; the caller rewinds it
 *	s		a series that passed sf_series_check, complete (no NaN) unless the
 *			table says the method takes gaps; any n >= 1, constant, all zero,
 *			negative, up to 1e150 in size (sf_forecast_series brings the largest
 *			to 0.5 .. 1)
 *	out		horizon, mean, variance and fitted are set by the caller; what they
 *			point to is written, and label, notes and converged
 *
 * A method never refuses a series for being short, constant or odd: it takes
 * the nearest simpler model and says so in the label.  Scaling the series by a
 * power of two scales mean by it, bit for bit.  Status: SF_OK, SF_NO_MEMORY,
 * SF_CANCELLED; SF_BAD_ARGUMENT only where a specification cannot be met.
 */
#ifndef SF_METHOD_H
#define SF_METHOD_H

#include "core/forecast/series.h"

#define SF_NOTES_MAX 48

/* One thing worth telling of a fit: a parameter, a choice. */
typedef struct SfNote
{
	char		name[32];		/* "alpha" */
	double		value;			/* NaN = the name says it all */
	bool		amount;			/* in the unit of the series */
} SfNote;

typedef struct SfForecast
{
	int32_t		horizon;		/* in: >= 1 */
	double	   *mean;			/* [horizon] */
	double	   *variance;		/* [horizon] of the forecast error as the model
								 * itself has it; NaN = it has none */
	double	   *fitted;			/* [n] one-step forecasts in sample, NaN where
								 * none; NULL = not wanted */
	bool		converged;
	bool		demand;			/* intermittent: intervals come from the
								 * distribution of the demand of a period */
	bool		regular;		/* demand at regular intervals: nothing is to be
								 * mixed in */
	char		label[64];		/* what was fitted: "ETS(M,Ad,A)" */
	const char *reason;			/* static: why this method, where it was a
								 * choice; else NULL */
	int32_t		notes;
	SfNote		note[SF_NOTES_MAX];
} SfForecast;

typedef SfStatus (*SfMethodFunction) (SfArena *arena, const SfSeries *s, SfForecast *out);

/*
 * Appends a note; silently nothing when there is no room.  An amount is a value
 * in the unit of the series: whoever scaled the series scales it back.
 */
extern void sf_forecast_note(SfForecast *out, const char *name, double value);
extern void sf_forecast_amount(SfForecast *out, const char *name, double value);

/* label = text, or label grows by text or by a whole number; cut to fit. */
extern void sf_forecast_label(SfForecast *out, const char *text);
extern void sf_label_text(SfForecast *out, const char *text);
extern void sf_label_int(SfForecast *out, int32_t number);

#endif							/* SF_METHOD_H */
