/*
 * win_train.h
 *		A plan and deals make the members of a model; a model's probabilities of many deals.
 */
#ifndef SF_WIN_TRAIN_H
#define SF_WIN_TRAIN_H

#include "core/winprob/choose.h"

/* Fit the plan's members to these deals: member, members, intercept, algorithm, calibration, venn of the model. */
extern SfStatus sf_win_train(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinPlan *plan, SfWinModel *model);

/* probability[rows.n] of these deals, calibrated. */
extern SfStatus sf_win_apply(SfArena *arena, const SfWinModel *model, const SfFrame *frame, SfRows rows, double *probability);

/* SF_BAD_ARGUMENT when an option is out of range, with its value. */
extern SfStatus sf_win_check_options(SfCtx *ctx, const SfWinOptions *options);

#endif							/* SF_WIN_TRAIN_H */
