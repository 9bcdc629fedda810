/*
 * mfles.h
 *		A series taken apart by boosting: median, line, waves, drivers, smoothing.
 *
 * Each round fits what the rounds before have left over, and keeps a part of it:
 *
 *	level		the median, in the first round
 *	trend		a straight line by least squares, kept in proportion to the share of
 *				the variance that it explains
 *	seasons		harmonics of all seasons by least squares, recent cycles count more
 *	drivers		least squares
 *	rest		simple exponential smoothing, the mean over many smoothing constants;
 *				only once the parts above have settled
 *
 * until a round no longer lowers the squared error by a hundredth.  The logarithms
 * of a positive series are taken where the likelihood is higher.  The forecast is
 * four parts of this and one part of the same without smoothing.  Fewer than 4
 * observations or a constant series: their mean.
 *
 * Gaps are left out, nothing is filled.  The variance is that of one step ahead, with
 * observations less coefficients (but a third of the observations at least) as
 * degrees of freedom, growing with the horizon as that of exponential smoothing does.
 *
 * Source: T. Blume, MFLES ("median, Fourier, linear, exponential smoothing"),
 * 2024, https://github.com/tblume1992/MFLES (the idea); Bühlmann & Hothorn, Boosting
 * algorithms, Statistical Science 22, 2007 (shrunken steps).  We differ in the
 * order, the stopping rule, the weights of the cycles, and the mean of two.
 *
 * Time O(n (p^2 + rounds p)), p = 2 harmonics + drivers; memory O(n + p^2).
 */
#ifndef SF_MFLES_H
#define SF_MFLES_H

#include "core/forecast/method.h"

/* Takes gaps, drivers and several seasons. */
extern SfStatus sf_mfles_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

#endif							/* SF_MFLES_H */
