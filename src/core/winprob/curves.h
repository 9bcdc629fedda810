/*
 * curves.h
 *		Predictions against outcomes as points: ROC, calibration and lift.
 *
 * All take won and lost deals apart, as ascending keys of sf_rank_key, so that one
 * sorted state answers every question.  Both counts are at least 0; SF_CANCELLED
 * is the only way to fail, and *points is then not written.
 */
#ifndef SF_CURVES_H
#define SF_CURVES_H

#include "core/base/ctx.h"

/* Deals in order of prediction. */
typedef struct SfRankedDeals
{
	const uint64_t *won;		/* [won_rows] */
	const uint64_t *lost;		/* [lost_rows] */
	int64_t		won_rows;
	int64_t		lost_rows;
} SfRankedDeals;

/* Deals at or above the threshold are called won. */
typedef struct SfRocPoint
{
	double		threshold;		/* Infinity at the first point */
	double		won_share;		/* of the won deals: true positive rate; NaN without any */
	double		lost_share;		/* of the lost deals: false positive rate */
} SfRocPoint;

/*
 * sf_roc_curve
 *		From (0, 0) to (1, 1); every threshold where there are fewer than `most`, else those that lie about evenly
 *		along the curve.  point[most], most >= 4.  O(rows).
 *
 * Source: Fawcett, Pattern Recognition Letters 27, 2006, algorithm 1.
 */
extern SfStatus sf_roc_curve(SfCtx *ctx, SfRankedDeals deals, int32_t most, SfRocPoint *point, int32_t *points);

typedef struct SfCalibrationPoint
{
	double		bin_low;		/* low <= probability < high; the last bin holds 1, too */
	double		bin_high;
	int64_t		rows;			/* >= 1 */
	int64_t		won;
	double		mean;			/* of the probabilities */
	double		rate;			/* won / rows */
	double		low;			/* Wilson's 95 % interval of the rate */
	double		high;
} SfCalibrationPoint;

/*
 * sf_calibration_curve
 *		Bins of equal width that have deals.  Probabilities within 0 .. 1; point[bins].  O(rows).
 *
 * Source: Wilson, Journal of the American Statistical Association 22, 1927.
 */
extern SfStatus sf_calibration_curve(SfCtx *ctx, SfRankedDeals deals, int32_t bins, SfCalibrationPoint *point,
									 int32_t *points);

/* The deals of one bin, the most promising ones first. */
typedef struct SfLiftPoint
{
	double		share;			/* of all deals, up to and with this bin */
	int64_t		rows;
	int64_t		won;
	double		rate;			/* won / rows */
	double		lift;			/* rate / rate of all; NaN when none was won */
	double		won_share;		/* of all won deals, up to and with this bin; NaN when none was won */
} SfLiftPoint;

/* Bins of about rows / bins deals; equal predictions stay together, so there may be fewer.  point[bins],
 * bins <= 10^9.  O(rows). */
extern SfStatus sf_lift_curve(SfCtx *ctx, SfRankedDeals deals, int32_t bins, SfLiftPoint *point, int32_t *points);

#endif							/* SF_CURVES_H */
