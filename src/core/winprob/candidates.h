/*
 * candidates.h
 *		The settings that are tried for each learner, one stage after the other.
 *
 * Cross-validating every combination would cost ten times as much and choose
 * between figures that differ by less than their noise: bins first, then the
 * penalties of the best; trees of many and of few leaves; a forest only as far
 * as it keeps up.  Options that are given are not searched over.
 */
#ifndef SF_CANDIDATES_H
#define SF_CANDIDATES_H

#include "core/winprob/choose.h"
#include "core/winprob/crossfit.h"

#define SF_TRIES_MAX 48

typedef struct SfChoice
{
	SfArena    *arena;
	SfCross    *cross;
	const SfWinOptions *options;
	SfTry		tries[SF_TRIES_MAX];
	int32_t		n;
} SfChoice;

/* Add a candidate unless it is there already. */
extern void sf_choice_add(SfChoice *c, SfWinSpec spec);

/* Cross-validate the candidates added since `from`. */
extern SfStatus sf_choice_run(SfChoice *c, int32_t from);

/* The candidate of a kind with the smallest loss, given up ones left out; -1 when there is none. */
extern int32_t sf_choice_best(const SfChoice *c, SfAlgorithm kind);

/* From few features and straight lines to many bins, in the order of their freedom. */
extern SfStatus sf_try_simple(SfChoice *c);

extern SfStatus sf_try_logistic(SfChoice *c);
extern SfStatus sf_try_boosted(SfChoice *c);

/* After the other two. */
extern SfStatus sf_try_forest(SfChoice *c);

#endif							/* SF_CANDIDATES_H */
