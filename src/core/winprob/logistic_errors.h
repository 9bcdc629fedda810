/*
 * logistic_errors.h
 *		How far the weights may be off, and how many parameters they are worth.
 *
 * Each centred weight is a combination a'u of unknowns with variance
 * a' (H + P)^-1 a = |L^-1 a|^2, L L' = H + P; the effective number of parameters is
 * trace (H + P)^-1 H = unknowns - trace (H + P)^-1 P (Hastie & Tibshirani,
 * Generalized Additive Models, 1990, 6.8; Wood, 2017, 6.1.2).
 */
#ifndef SF_LOGISTIC_ERRORS_H
#define SF_LOGISTIC_ERRORS_H

#include "core/winprob/logistic_newton.h"

typedef struct SfLogisticErrors
{
	double		intercept;
	double	   *weight;			/* [codes] 0 for codes without deals and without slope */
	double	   *slope;			/* [features] of z; NaN where there is none */
	double		parameters;
} SfLogisticErrors;

/* Overwrites optimum->factor. O(unknowns^3 / 6). SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_logistic_errors(SfArena *arena, const SfLogisticDesign *design, SfLogisticOptimum *optimum,
								   SfLogisticErrors *errors);

/* The same from the diagonal of H alone, [unknowns]. */
extern SfStatus sf_logistic_errors_diagonal(SfArena *arena, const SfLogisticDesign *design, double *diagonal,
											SfLogisticErrors *errors);

#endif							/* SF_LOGISTIC_ERRORS_H */
