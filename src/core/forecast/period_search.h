/*
 * period_search.h
 *		One search for the seasons of a series, and what its files share.
 *
 * What is done and why: periods.h.  periods.c makes the periodogram, period_background.c
 * fits what it would be without seasons, period_lines.c finds what stands above it.
 * Frequencies are in cycles per period, 0 .. 1/2.
 */
#ifndef SF_PERIOD_SEARCH_H
#define SF_PERIOD_SEARCH_H

#include <math.h>

#include "core/forecast/periods.h"

#define SF_PERIOD_CYCLES_MIN 3

/* Terms of the log background, and of what corrects it. */
#define SF_PERIOD_TERMS_MAX 5
#define SF_PERIOD_KNOTS_MAX 256

/* Periods are the same, or whole multiples, within this share. */
#define SF_PERIOD_SAME 0.02

/* A period is another's harmonic up to this ratio. */
#define SF_PERIOD_HARMONIC_RATIO 6

typedef struct SfPeriodSearch
{
	SfArena    *arena;
	int32_t		n;
	double	   *x;				/* [n] without the seasons found so far */
	double	   *d;				/* [n] differences of x, n - 1 used */
	double	   *scratch;		/* [n + 1] */
	int64_t		length;			/* of the transform, >= 4 n */
	double	   *power;			/* [length / 2 + 1] */
	double		background[SF_PERIOD_TERMS_MAX];	/* coefficients of the log background */
	double		freedom;		/* what the background is worth */
	int32_t		knots;			/* of what the coefficients leave of the background, 0 = none */
	double		knot_at[SF_PERIOD_KNOTS_MAX];	/* frequency, ascending */
	double		knot[SF_PERIOD_KNOTS_MAX];	/* logarithm */
	SfPeriod	found[SF_SEASONS_MAX];
	int32_t		count;
} SfPeriodSearch;

/* A frequency and how far it stands above the background. */
typedef struct SfPeriodLine
{
	double		frequency;
	double		ratio;
} SfPeriodLine;

/* The periodogram at a frequency. */
static inline double
sf_period_power(const SfPeriodSearch *search, double frequency)
{
	return search->power[(int64_t) floor(frequency * (double) search->length + 0.5)];
}

/* Is the frequency that of a season found already? */
extern bool sf_period_is_hidden(const SfPeriodSearch *search, double frequency);

/*
 * The background from about one frequency per 1/n; *enough = false when too few
 * are left.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_period_background(SfPeriodSearch *search, bool *enough);

/* Periodogram over background. */
extern double sf_period_ratio(const SfPeriodSearch *search, double frequency);

/* P(mean of h ratios >= mean) when there is nothing but background. */
extern double sf_period_tail(const SfPeriodSearch *search, double mean, int h);

/* The strongest line that no season found hides; its ratio is 0 when there is none.  SF_OK, SF_CANCELLED. */
extern SfStatus sf_period_strongest_line(const SfPeriodSearch *search, SfPeriodLine *strongest);

/* From the strongest line to the period it is a harmonic of. */
extern double sf_period_family(const SfPeriodSearch *search, SfPeriodLine line);

/* The whole period whose lines stand highest together, 0 = none; p_value counts all places tried. */
extern int32_t sf_period_whole(const SfPeriodSearch *search, double *p_value);

/* The period of the calendar at which the flattened series correlates best with itself; spoils the periodogram. */
extern SfStatus sf_period_calendar(SfPeriodSearch *search, double *best_period, double *p_value);

#endif							/* SF_PERIOD_SEARCH_H */
