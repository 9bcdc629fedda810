/*
 * interaction_effect.h
 *		Two-by-two tables of a condition and the outcome, and what they say.
 */
#ifndef SF_INTERACTION_EFFECT_H
#define SF_INTERACTION_EFFECT_H

#include "core/winprob/interactions.h"

/* Deals of one segment: [0] condition does not hold, [1] it does. */
typedef struct SfFourfold
{
	int64_t		deals[2];
	int64_t		won[2];
} SfFourfold;

/* A log odds ratio and how sure it is. */
typedef struct SfLogOdds
{
	double		theta;
	double		weight;			/* 1 / variance */
} SfLogOdds;

/* Half a deal in each cell. */
extern SfLogOdds sf_fourfold_log_odds(SfFourfold table);

/* The common one of two, by their weights. */
extern SfLogOdds sf_log_odds_pool(SfLogOdds a, SfLogOdds b);

/* (a - b) over its standard error; 0 when one of them has no weight. */
extern double sf_log_odds_z(SfLogOdds a, SfLogOdds b);

extern SfFourfold sf_fourfold_sum(SfFourfold a, SfFourfold b);

extern SfInteractionEffect sf_interaction_effect(SfFourfold table, SfLogOdds odds);

/* log of P(X >= x) for a chi-squared X with df >= 1 degrees of freedom. */
extern double sf_log_chi_squared_tail(double x, int32_t df);

#endif							/* SF_INTERACTION_EFFECT_H */
