/*
 * calibrate.h
 *		Log-odds brought to what really happens, and an honest interval.
 *
 * Made from predictions of deals the model had not seen (out-of-fold).
 */
#ifndef SF_CALIBRATE_H
#define SF_CALIBRATE_H

#include "core/base/arena.h"
#include "core/base/codec.h"
#include "core/winprob/clusters.h"

typedef enum SfCalibrationKind
{
	SF_CALIBRATION_NONE,
	SF_CALIBRATION_PLATT,		/* a + b * log-odds, b > 0 */
	SF_CALIBRATION_ISOTONIC,	/* non-decreasing, blocks of >= 20 deals, linear between their centres */
	SF_CALIBRATION_KINDS
} SfCalibrationKind;

typedef struct SfCalibration
{
	SfCalibrationKind kind;
	double		a;
	double		b;
	int32_t		knots;			/* isotonic; at least 1 */
	const double *from;			/* [knots] log-odds before, ascending strictly */
	const double *to;			/* [knots] log-odds after, ascending; finite */
} SfCalibration;

/* Which deals must not be parted. */
typedef struct SfTogether
{
	const uint8_t *fold;		/* [n] 0 .. folds - 1 */
	int32_t		folds;			/* at least 2 */
	SfClusters	clusters;
} SfTogether;

/*
 * sf_calibrate
 *		Chooses by cross-validated log-loss of held-out log-odds: none unless one improves by
 *		more than its standard error; Platt below 1,000 won deals, isotonic from there on, and Platt there, too,
 *		where isotonic does not improve.  `kind` forces one (SF_CALIBRATION_KINDS: choose).
 *		*gain: cross-validated improvement of the log-loss per deal, 0 for none.
 *		together (may be NULL): its folds are those that the log-odds come from, so that deals that belong together
 *		stay so, else i % 5; the error of the improvement is that of sums over clusters, else of single deals.
 *		Log-odds beyond +-50 count as that.  SF_NO_MEMORY, SF_CANCELLED.  O(n).
 *
 * Source: Platt, Probabilistic outputs for support vector machines, 1999 (targets a deal away from 0 and 1);
 * Lin, Lin & Weng, Machine Learning 68, 2007 (Newton's method for it); Zadrozny & Elkan, KDD 2002 (isotonic).
 * We differ: blocks are joined until they hold 20 deals, their rates drawn half a deal away from 0 and 1, and
 * probabilities run straight between block centres on the scale of log-odds; beyond the outer centres they stay.
 */
extern SfStatus sf_calibrate(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
							 const SfTogether *together, SfCalibrationKind kind, SfCalibration *calibration, double *gain);

/* The calibration of a kind, made from all these deals. */
extern SfStatus sf_calibrate_as(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
								SfCalibrationKind kind, SfCalibration *calibration);
extern double sf_calibrated(const SfCalibration *calibration, double log_odds);
extern void sf_calibration_encode(const SfCalibration *calibration, SfWriter *write);
extern SfStatus sf_calibration_decode(SfArena *arena, SfReader *read, SfCalibration *calibration);

/*
 * Venn-Abers: the two isotonic fits that would hold if the next deal were lost or won. They say how far one more
 * deal moves the isotonic rate of a score, no more: neither a calibrated probability nor the true one of a deal
 * need lie between them. Kept as at most SF_VENN_KNOTS steps (merged outwards, so the interval only widens).
 *
 * Source: Vovk & Petej, Venn-Abers predictors, UAI 2014; Vovk, Petej & Fedorova, NIPS 2015 (inductive, fast).
 */
#define SF_VENN_KNOTS 256
typedef struct SfVenn
{
	int32_t		knots;			/* 0: none */
	const double *from;			/* [knots] log-odds, ascending; step k holds from from[k] up to from[k + 1];
								 * from[0] is -DBL_MAX */
	const double *low;			/* [knots] probability if it were lost, inside (0, 1), ascending */
	const double *high;			/* [knots] probability if it were won, >= low */
} SfVenn;

/* n = 0: none.  SF_NO_MEMORY, SF_CANCELLED.  O(n).  Without steps the interval is all of (0, 1). */
extern SfStatus sf_venn_fit(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n, SfVenn *venn);

/*
 * sf_rate_interval_fit
 *		Between which values the win rate of deals of a score lies: Venn-Abers united with the 95 % Wilson interval
 *		of the held-out deals of the nearest scores (an eighth of them all, 20 .. SF_RATE_ROWS, half of them on
 *		either side, all of one score where there are more), their rates smoothed so that they ascend.
 *		Errors and time as sf_venn_fit.
 *
 * Source: Wilson, Journal of the American Statistical Association 22, 1927.
 */
#define SF_RATE_ROWS 200
extern SfStatus sf_rate_interval_fit(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n, SfVenn *venn);
extern void sf_venn_interval(const SfVenn *venn, double log_odds, double *low, double *high);
extern void sf_venn_encode(const SfVenn *venn, SfWriter *write);
extern SfStatus sf_venn_decode(SfArena *arena, SfReader *read, SfVenn *venn);

#endif							/* SF_CALIBRATE_H */
