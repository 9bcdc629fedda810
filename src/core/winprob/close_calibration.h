/*
 * close_calibration.h
 *		Wins within some days: how many were said, and how many came.
 *
 * The clock starts at a deal's entry.  A deal that was not watched for the whole
 * time may still have been won in it; those that were watched stand for it too,
 * with the inverse of the chance of being watched so long (Kaplan and Meier's of
 * the end of watching).  Their weighted share of wins is Aalen and Johansen's.
 *
 * Source: Graf, Schmoor, Sauerbrei & Schumacher, Statistics in Medicine 18, 1999
 * (weights, Brier score).
 */
#ifndef SF_CLOSE_CALIBRATION_H
#define SF_CLOSE_CALIBRATION_H

#include "core/winprob/close_train.h"

typedef struct SfCloseSeen
{
	double		within[SF_CLOSE_HORIZONS];	/* days */
	int32_t		buckets;
	double	   *days;			/* from entry on */
	uint8_t    *outcome;
	uint64_t   *group;			/* 0: its own */
	double	   *said[SF_CLOSE_HORIZONS];	/* chance of a win within */
	double	   *plain[SF_CLOSE_HORIZONS];	/* the same without features */
} SfCloseSeen;

/* Room for n deals. */
extern SfStatus sf_close_seen_take(SfArena *arena, int64_t n, SfCloseSeen *seen);

/* seen->within: the middle of the days from entry to a close; 30; 90. */
extern SfStatus sf_close_seen_horizons(SfArena *arena, const SfCloseSet *set, SfCloseSeen *seen);

/* Chance of a win under hazards and causes by bucket. */
extern double sf_close_plain(const double *start, int32_t buckets, const double *hazard, const double *won, double age,
							 double within);

/* horizon[SF_CLOSE_HORIZONS] of n deals. O(n log n). */
extern SfStatus sf_close_calibration(SfArena *arena, const SfCloseSeen *seen, int64_t n, SfCloseHorizon *horizon);

#endif							/* SF_CLOSE_CALIBRATION_H */
