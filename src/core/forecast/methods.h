/*
 * methods.h
 *		The methods by name.
 *
 * A name is a line of the table, "stl+" and a name, "ets(M,Ad,M)" or
 * "arima(1,1,1)(0,1,1)".
 */
#ifndef SF_METHODS_H
#define SF_METHODS_H

#include "core/forecast/method.h"

typedef struct SfMethod
{
	const char *name;
	SfMethodFunction forecast;
	bool		takes_gaps;
	bool		takes_drivers;
	bool		demand;			/* made for intermittent demand */
	bool		chooses;		/* looks at the series to choose */
	bool		plain;			/* variance from earlier days (plain.h) */
	const char *source;			/* the paper */
} SfMethod;

/* The table, NULL past its end; for documentation and error texts. */
extern const SfMethod *sf_method_at(int32_t i);

typedef struct SfMethodChoice
{
	const SfMethod *method;		/* the line of the table; "ets", "arima" for a specification */
	bool		decomposed;		/* "stl+" stands before it */
	const char *specification;	/* "ets(M,Ad,M)", else NULL */
} SfMethodChoice;

/* false: no such method. */
extern bool sf_method_find(const char *name, SfMethodChoice *choice);

/* What accuracy => 'high' puts in the place of "auto". */
extern void sf_method_high(SfMethodChoice *choice);

/* Status as in method.h, and SF_BAD_ARGUMENT. */
extern SfStatus sf_method_forecast(SfArena *arena, const SfSeries *s, const SfMethodChoice *choice,
								   SfForecast *out);

#endif							/* SF_METHODS_H */
