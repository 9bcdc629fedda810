/*
 * logistic_pass.h
 *		One pass over the deals: loss, its slope and its curvature.
 *
 * With x a deal's log-odds, p = 1 / (1 + exp(-x)): loss = -sum log p(outcome),
 * slope[i] = -sum (won - p) * factor, curvature[i][j] = sum p (1 - p) * factor_i * factor_j.
 *
 * Deals are taken in blocks whose codes are turned into columns, so that what
 * one feature, or one pair of features, adds to stays in the first cache.  The
 * order of summation is fixed.
 */
#ifndef SF_LOGISTIC_PASS_H
#define SF_LOGISTIC_PASS_H

#include "core/winprob/logistic_design.h"

typedef struct SfLogisticPass SfLogisticPass;

/* Scratch for passes; `dense`: for curvature too. SF_NO_MEMORY. */
extern SfStatus sf_logistic_pass_create(SfArena *arena, const SfLogisticDesign *design, bool dense,
										SfLogisticPass **pass);

/*
 * The first `rows` deals at u[unknowns]. gradient[unknowns] is overwritten, so
 * is the lower triangle of h[unknowns][unknowns] unless NULL. SF_CANCELLED.
 */
extern SfStatus sf_logistic_pass(SfCtx *ctx, SfLogisticPass *pass, const SfCodes *codes, int64_t rows,
								 const double *u, double *value, double *gradient, double *h);

/* diagonal[unknowns] of the curvature only. SF_CANCELLED. */
extern SfStatus sf_logistic_pass_diagonal(SfCtx *ctx, SfLogisticPass *pass, const SfCodes *codes,
										  const double *u, double *diagonal);

#endif							/* SF_LOGISTIC_PASS_H */
