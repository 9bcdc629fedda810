/*
 * periods.h
 *		Which seasons a series has, found from the series alone.
 *
 * The series (its logarithm where all values are positive and within a factor
 * of 100) is differenced once, faded out at the ends, and its periodogram compared with a smooth
 * background, log S(f) = a + b log(2 sin pi f) + up to three cosines, fitted by
 * least absolute deviations so that lines do not lift it.  White noise (b = 2)
 * and random walks (b = 0) are such backgrounds, and short-memory noise nearly.
 * A period is accepted when it fits at least three times into the series, when
 * one of these stands out at a level of 0.006 (0.0003 for further periods), all
 * places tried counted,
 *
 *	- one line, or the lines k / m (k <= 12) of a whole m up to 400 together:
 *	  F tails with as many degrees of freedom as the background is worth;
 *	- where there is no such line, the autocorrelation of the flattened series at
 *	  one of the calendar's periods: all harmonics together;
 *
 * and when the series without a moving average of that length correlates with
 * itself one period later (one-sided 5 %).
 *
 * Lines are one period when they are its harmonics: of the multiples k = 1 .. 12
 * of the strongest line's period the shortest that holds half of what the best
 * one explains is taken, or up to six times that if it explains 15 % more.  Its
 * mean figure is then subtracted and the search repeats; at the end a period that
 * is 1/2 .. 1/6 of another is dropped as its harmonic (24 and 168 both stay).
 * A period is given as the calendar's (7, 12, 24, 30.4375, 52.1786, 168, 365.25,
 * ...) or as a whole number where one lies within what the series can tell apart:
 * half, or a quarter, of a cycle over its length; else as estimated.
 *
 * Measured: a period is found in 0 to 1.5 % of white noise and random walks (500 to
 * 1,000 series for each n = 24 .. 1,500), in at most 1.8 % of AR(1) from -0.5 to 0.7 and IMA, in up
 * to 3.4 % of intermittent lognormal noise; of 20 series with n = 30,000 in 0 or 1, in 2
 * of the last and of AR(1) 0.7.  M4 hourly (n = 700): 24 in 193 of 207, 168 as well in 48.  Strongly
 * seasonal (F_S > 0.8) tourism monthly: 12 in 83 of 84; M1 monthly, 45 to 132
 * months: 153 of 187.  Yearly data of M1 and tourism: no period in 440 of 440.
 * Weak spots: with few years of quarters 2 instead of 4, since one line is all that
 * shows; seasons that fit three or four times and change.
 *
 * Source: Fisher, Tests of significance in harmonic analysis, Proceedings of
 * the Royal Society A 125, 1929 (the largest line against all others);
 * Bloomfield, An exponential model for the spectrum of a scalar time series,
 * Biometrika 60, 1973 (smooth log spectrum).  Telling harmonics from seasons is
 * ours.
 */
#ifndef SF_PERIODS_H
#define SF_PERIODS_H

#include "core/forecast/series.h"

typedef struct SfPeriod
{
	double		period;			/* observations */
	double		strength;		/* of the season, 0 .. 1 as sf_season_strength; the periods
								 * found are decomposed together */
	double		p_value;		/* of the lines, over all frequencies tried */
} SfPeriod;

/*
 * sf_detect_periods
 *		found[SF_SEASONS_MAX], ascending by period; *count 0 when there is none,
 *		and for n < 12.  y[n] complete and finite, else SF_BAD_DATA.
 *		SF_NO_MEMORY, SF_CANCELLED.  Time O(n log n), memory about 200 n bytes.
 */
extern SfStatus sf_detect_periods(SfArena *arena, const double *y, int32_t n,
								  SfPeriod *found, int32_t *count);

#endif							/* SF_PERIODS_H */
