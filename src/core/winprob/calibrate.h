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

/*
 * sf_calibrate
 *		Chooses by cross-validated log-loss of held-out log-odds (folds by i % 5): none unless one improves by
 *		more than its standard error; Platt below 1,000 won deals, isotonic from there on, and Platt there, too,
 *		where isotonic does not improve.  `kind` forces one (SF_CALIBRATION_KINDS: choose).
 *		*gain: cross-validated improvement of the log-loss per deal, 0 for none.
 *		Log-odds beyond +-50 count as that.  SF_NO_MEMORY, SF_CANCELLED.  O(n).
 *
 * Source: Platt, Probabilistic outputs for support vector machines, 1999 (targets a deal away from 0 and 1);
 * Lin, Lin & Weng, Machine Learning 68, 2007 (Newton's method for it); Zadrozny & Elkan, KDD 2002 (isotonic).
 * We differ: blocks are joined until they hold 20 deals, their rates drawn half a deal away from 0 and 1, and
 * probabilities run straight between block centres on the scale of log-odds; beyond the outer centres they stay.
 */
extern SfStatus sf_calibrate(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
							 SfCalibrationKind kind, SfCalibration *calibration, double *gain);
extern double sf_calibrated(const SfCalibration *calibration, double log_odds);
extern void sf_calibration_encode(const SfCalibration *calibration, SfWriter *write);
extern SfStatus sf_calibration_decode(SfArena *arena, SfReader *read, SfCalibration *calibration);

/*
 * Venn-Abers: the two isotonic fits that would hold if the next deal were lost or won. Between them lies the
 * calibrated probability. Kept as at most SF_VENN_KNOTS steps (merged outwards, so the interval only widens).
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
extern void sf_venn_interval(const SfVenn *venn, double log_odds, double *low, double *high);
extern void sf_venn_encode(const SfVenn *venn, SfWriter *write);
extern SfStatus sf_venn_decode(SfArena *arena, SfReader *read, SfVenn *venn);

#endif							/* SF_CALIBRATE_H */
