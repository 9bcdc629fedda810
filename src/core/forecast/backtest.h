/*
 * backtest.h
 *		Rolling origins: forecasts made from the past of a series, next to what came.
 *
 * Origin i is trained on y[begin .. end - 1] and judged on the horizon periods
 * from end + gap on.  The last origin is judged on the last periods of the series,
 * each earlier one lies `step` periods before the next.  Nothing from end on enters
 * the training: neither values nor what is estimated from them; drivers of the periods
 * in between and of the horizon are taken as known.
 *
 * Source: Tashman, Out-of-sample tests of forecasting accuracy: an analysis and
 * review, International Journal of Forecasting 16, 2000 (rolling origin, fixed
 * and rolling window); the gap as in Lopez de Prado, Advances in Financial Machine
 * Learning, Wiley 2018, ch. 7 (embargo).
 */
#ifndef SF_BACKTEST_H
#define SF_BACKTEST_H

#include "core/forecast/series.h"

/* The least a model is trained on. */
#define SF_BACKTEST_LEAST 3

typedef struct SfBacktest
{
	int32_t		origins;		/* at most, >= 1 */
	int32_t		step;			/* periods between two origins, >= 1 */
	int32_t		window;			/* periods to train on; 0 = all before the origin */
	int32_t		gap;			/* periods between training and judgement, >= 0 */
	int32_t		horizon;		/* periods judged, >= 1 */
} SfBacktest;

/* One origin: where it stands in the series. */
typedef struct SfOrigin
{
	int32_t		begin;			/* first period trained on */
	int32_t		end;			/* after the last one */
	int32_t		judged;			/* first period judged: end + gap */
} SfOrigin;

/*
 * sf_backtest_check
 *		SF_OK, or SF_BAD_ARGUMENT: a count out of range, gap + horizon beyond
 *		SF_HORIZON_MAX, a window below SF_BACKTEST_LEAST.
 */
extern SfStatus sf_backtest_check(SfCtx *ctx, const SfBacktest *b);

/* How many origins a series of n periods has room for, 0 .. origins. */
extern int32_t sf_backtest_count(const SfBacktest *b, int32_t n);

/* Origin i of count, 0 = the earliest. */
extern SfOrigin sf_backtest_origin(const SfBacktest *b, int32_t n, int32_t count, int32_t i);

/*
 * sf_backtest_train
 *		The series that the origin is trained on, borrowed from s; its drivers reach
 *		over the gap and the horizon.  False when fewer than SF_BACKTEST_LEAST
 *		values were observed.
 */
extern bool sf_backtest_train(const SfSeries *s, const SfOrigin *origin, SfSeries *train);

#endif							/* SF_BACKTEST_H */
