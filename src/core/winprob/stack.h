/*
 * stack.h
 *		Several models' log-odds put together: intercept + sum of share * log-odds.
 *
 * Fitted on predictions of deals that the models had not seen.  A member that
 * does not earn its place is left out: one more must lower the log-loss by more
 * than the standard error of the difference, and by a thousandth.
 *
 * Source: Wolpert, Stacked generalization, Neural Networks 5, 1992; Breiman,
 * Stacked regressions, Machine Learning 24, 1996 (shares >= 0).  We differ in
 * stacking log-odds by log-loss, and in the one-standard-error rule.
 */
#ifndef SF_STACK_H
#define SF_STACK_H

#include "core/base/arena.h"

#define SF_STACK_MAX 8

typedef struct SfStack
{
	double		intercept;
	double		share[SF_STACK_MAX];	/* >= 0; 0: left out */
	double		log_loss;		/* per deal, of the deals it was fitted on */
} SfStack;

/*
 * sf_stack_fit
 *		log_odds[members][n], finite; won[n] 0 or 1, n >= 1; members 1 .. SF_STACK_MAX.
 *		A set of one is taken as it is: share 1, intercept 0.
 *		SF_OK, SF_BAD_ARGUMENT (members), SF_NO_MEMORY, SF_CANCELLED.
 *		Time O(n * members^2) for each of at most members^2 sets.
 */
extern SfStatus sf_stack_fit(SfArena *arena, const double *const *log_odds, int32_t members,
							 const uint8_t *won, int64_t n, SfStack *stack);

/*
 * sf_stack_fit_from
 *		The same where a member is in the stack already and the others must improve on it; first < 0: none is.
 */
extern SfStatus sf_stack_fit_from(SfArena *arena, const double *const *log_odds, int32_t members, int32_t first,
								  const uint8_t *won, int64_t n, SfStack *stack);

/*
 * sf_stack_fit_set
 *		The same for the members of a set (bit m: member m), none left out but by a share of 0; a set of
 *		one gets a share and an intercept as well.
 */
extern SfStatus sf_stack_fit_set(SfArena *arena, const double *const *log_odds, int32_t members, uint32_t set,
								 const uint8_t *won, int64_t n, SfStack *stack);

/* -log of the probability of what happened, given log-odds. */
extern double sf_log_odds_loss(double log_odds, bool won);

#endif							/* SF_STACK_H */
