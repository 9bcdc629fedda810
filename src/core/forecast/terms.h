/*
 * terms.h
 *		What regressions on time share: harmonics of the seasons, drivers on a
 *		common scale, sums of products, and the power of two a series is divided by.
 *
 * A season of m periods is a sum of pairs cos(2 pi j t / m), sin(2 pi j t / m),
 * j = 1 .. order (West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd
 * ed., Springer 1997, 8.6).  Harmonics of two seasons that are the same wave (the
 * 7th of 168 is the 1st of 24) are kept once.
 */
#ifndef SF_TERMS_H
#define SF_TERMS_H

#include "core/forecast/method.h"

#define SF_HARMONICS_MAX 96

typedef struct SfHarmonics
{
	int32_t		count;
	double		frequency[SF_HARMONICS_MAX];	/* cycles per period, above 0, at most 1/2 */
	int32_t		season[SF_HARMONICS_MAX];	/* index of the season it belongs to */
	int32_t		order[SF_HARMONICS_MAX];	/* j, from 1 on */
} SfHarmonics;

/*
 * The rows of the harmonics, period after period: row[0 .. count - 1] are the
 * cosines, row[count .. 2 count - 1] the sines.
 */
typedef struct SfWaves
{
	const SfHarmonics *harmonics;
	int64_t		t;				/* the period that row stands for */
	double	   *row;
	double	   *turn;			/* cosine and sine of one step */
} SfWaves;

/*
 * sf_terms_exponent
 *		e such that the largest |y| that was observed is in 2^(e-1) .. 2^e;
 *		0 when all are 0 or missing.
 */
extern int sf_terms_exponent(const double *y, int32_t n);

/*
 * sf_terms_mean_forecast
 *		What is given for few or equal observations: their mean, of variance NaN when
 *		there are fewer than two; exponent as above.
 */
extern void sf_terms_mean_forecast(const SfSeries *s, int exponent, const char *label, SfForecast *out);

/*
 * sf_harmonics_choose
 *		The harmonics 1 .. order[i] of each season i, without those above half a
 *		cycle a period, those another season already has, and all of a season
 *		that n does not hold twice.  While there are more than count_max, the
 *		highest order is lowered by one.  order is [s->seasons].
 */
extern void sf_harmonics_choose(const SfSeries *s, const int32_t *order, int32_t count_max,
								SfHarmonics *harmonics);

/* SF_OK or SF_NO_MEMORY; the row is that of period 0. */
extern SfStatus sf_waves_start(SfArena *arena, const SfHarmonics *harmonics, SfWaves *waves);

/* Makes row that of period t, the same bits whatever it was; a few periods on cost no trigonometric function. */
extern void sf_waves_to(SfWaves *waves, int64_t t);

/*
 * sf_terms_drivers
 *		The drivers of n + horizon periods, each with mean 0 and standard
 *		deviation 1 over the observed ones of the n periods; one that does not
 *		vary there is left out.  columns[n + horizon][*kept], NULL when none is kept.
 */
extern SfStatus sf_terms_drivers(SfArena *arena, const SfSeries *s, int32_t horizon,
								 double **columns, int32_t *kept);

/*
 * sf_products_add
 *		Lower triangle of a[cols][cols] += x'x for x[rows][cols], rows <= 4.
 */
#define SF_PRODUCT_ROWS 4
extern void sf_products_add(double *a, int32_t cols, const double *x, int32_t rows);

#endif							/* SF_TERMS_H */
