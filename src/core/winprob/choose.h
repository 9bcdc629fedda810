/*
 * choose.h
 *		Which settings, which learners, and how they are put together.
 *
 * A plan says how to train: the members' settings, their shares, and the
 * calibration, all from predictions of deals held out.  Fitting the members to
 * all deals then makes the model.
 *
 * auto		logistic candidates, boosted ones, a forest; the stack of the best
 *			of each kind keeps a member only if it gains more than its standard
 *			error.  Few deals (under 500, or under 20 per parameter): the logistic
 *			one comes from a ladder, from five features and straight lines
 *			upwards, where a richer one must gain more than its standard error
 *			as well.  Up to SF_FOREST_ROWS deals the stack grows from the simplest
 *			kind (logistic, forest, boosted) that none is clearly better than; above,
 *			from the best, with a forest only when it leads, because it costs time
 *			with every prediction.  A forest that is clearly worse after a fold is
 *			given up.  A member alone that does not beat the base rate by two
 *			standard errors is drawn towards it.
 * blend	logistic and boosted candidates whatever the number of deals, the
 *			best of both in the stack, shares of 0 left out.
 * a name	one candidate, cross-validated only on demand: validate full, or a
 *			calibration that is asked for by name.
 *
 * Options that are given are not searched over.  Above SF_CHOOSE_ROWS deals
 * (fewer with many features) the choice is made on the first ones of the
 * frame's shuffled order.
 */
#ifndef SF_CHOOSE_H
#define SF_CHOOSE_H

#include "core/winprob/member.h"

#define SF_CHOOSE_ROWS 200000
#define SF_CHOOSE_CELLS 5000000	/* rows * features */
#define SF_CHOOSE_LEAST 20000	/* rows, however many features there are */
#define SF_FEW_ROWS 500
#define SF_FEW_ROWS_PER_PARAMETER 20
#define SF_STRONGEST 5
#define SF_FOREST_ROWS 20000	/* deals; up to here a forest may stand beside others */

typedef struct SfWinPlan
{
	int32_t		members;
	SfWinSpec	spec[SF_MAX_MEMBERS];
	double		share[SF_MAX_MEMBERS];
	double		intercept;
	SfCalibration calibration;
	SfVenn		venn;
	SfWinMetrics random;		/* of the held-out predictions; rows = 0: none were made */
	int32_t		candidates;
	SfCandidate *candidate;
} SfWinPlan;

/* Are these few deals for so many features? Then auto starts from the strongest five. */
extern bool sf_few_deals(int64_t rows, int32_t features);

/* Features that the simplest candidate of these options uses. */
extern int32_t sf_simplest_features(const SfWinOptions *options, int64_t rows, int32_t features);

/* The plan of these deals. SF_BAD_ARGUMENT, SF_BAD_DATA, SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_plan_choose(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinOptions *options,
							   SfWinProgress progress, SfWinPlan *plan);

/* The same settings on other deals: shares, calibration and figures of their own, without candidates. */
extern SfStatus sf_plan_again(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinOptions *options,
							  SfWinProgress progress, const SfWinPlan *settings, SfWinPlan *plan);

/* Log-odds of a plan's fitted members, stacked and calibrated, as a probability inside (0, 1). */
extern double sf_plan_probability(const SfCalibration *calibration, double log_odds);

#endif							/* SF_CHOOSE_H */
