/*
 * cycle.h
 *		Demand that comes at regular intervals: the customer who orders every
 *		ninety days, the machine that is serviced twice a year.
 *
 * Demands are counted, not the calendar: the time of demand i is smoothed like a level
 * with a constant step,
 *
 *		expected = level + length,  level <- expected + alpha (time - expected),
 *
 * length the slope of a line through the times, alpha the one of .05, .2, .5 and 1 with
 * the least squared error (near 0: a plan that is kept whatever happens in between;
 * 1: the next order counts from the last one).  The j-th demand to come has a normal time
 * with variance
 *
 *		s^2 (1 + (j - 1) alpha^2) + j^2 s^2 (alpha^2 / m + 2 / m^2),
 *
 * s the deviation of the errors (at least a quarter of a period), m the number of
 * intervals; what a period is expected to bring is its share of all those, times the
 * smoothed size (constant 0.1).  Far ahead, where the spread exceeds half an interval,
 * the mean per period is left.  A cycle of any length fits any unit: ninety days in
 * weeks or months.
 *
 * Demand has a cycle when the third and later ones, each expected from those before it (on
 * their line, or one mean interval after the last), are likelier than with demand that
 * comes by chance (geometric intervals), by more than SF_CYCLE_EVIDENCE in the logarithm, and
 * s is at most 35 % of an interval.  Someone who stays away for more than
 * two intervals has none any more.
 *
 * Source: Cox, Renewal Theory, Methuen 1962, ch. 2-4 (the renewal density).  Smoothing the times
 * and the test are ours.
 */
#ifndef SF_CYCLE_H
#define SF_CYCLE_H

#include "core/forecast/method.h"

/*
 * Series of chance demand (shares of .02 to .7, 12 to 500 periods) pass this in
 * about one case of 500.
 */
#define SF_CYCLE_EVIDENCE 4.0

typedef struct SfCycle
{
	int32_t		demands;
	double		length;			/* periods between two demands */
	double		spread;			/* deviation of a demand from its time, periods */
	double		alpha;
	double		next;			/* expected time of the next demand, periods after the last of y;
								 * below 0.5 if it is late */
	double		size;			/* of a demand */
	double		size_variance;
	double		evidence;		/* log of the likelihood ratio */
} SfCycle;

/*
 * sf_cycle_find
 *		Whether y[n], complete, is demand with a cycle; *cycle is written when it is.
 *		*found false for less than three demands, negative values, and demand in more than
 *		76 % of the periods from the first on.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.  O(n).
 */
extern SfStatus sf_cycle_find(SfArena *arena, const double *y, int32_t n, bool *found, SfCycle *cycle);

/* Whether the first season of s repeats whole cycles, and does so three times at least. */
extern bool sf_cycle_in_season(const SfCycle *cycle, const SfSeries *s);

/*
 * The forecast of a cycle that was found.  Its variance is that of a demand that comes
 * or does not; out->demand is false.
 */
extern void sf_cycle_project(const SfCycle *cycle, const SfSeries *s, SfForecast *out);

/* The method: demand with a cycle, else intermittent demand (intermittent.h). */
extern SfStatus sf_cycle_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_CYCLE_H */
