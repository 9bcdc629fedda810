/*
 * shap.h
 *		What each feature adds to a prediction of trees: exact path-dependent SHAP values.
 *
 * Boosted: contributions in log-odds; baseline + their sum = prediction.
 * Forest: SHAP values of the mean win rate, brought to log-odds in proportion,
 * so that they add up there as well (what is lost: nothing of the sum; the
 * shares are those of the rate).
 *
 * Source: Lundberg, Erion & Lee, Consistent individualized feature attribution
 * for tree ensembles, arXiv 1802.03888, 2018, algorithm 2; Yang, Fast TreeSHAP,
 * arXiv 2109.09847, 2021 (tables by pattern of satisfied conditions).
 */
#ifndef SF_SHAP_H
#define SF_SHAP_H

#include "core/winprob/trees.h"

typedef struct SfShap SfShap;

/* Tables for many deals: per leaf, one row per pattern of satisfied features where they fit, else worked out on demand. */
extern SfStatus sf_shap_prepare(SfArena *arena, const SfTrees *model, const int32_t *codes, const SfShap **shap);

/* log-odds of an average training deal, for boosted ones: base + expected values of the trees */
extern double sf_shap_baseline(const SfShap *shap);

/* contribution[features] in log-odds; returns baseline + sum, the prediction. code[features]. */
extern double sf_shap_values(const SfShap *shap, const uint8_t *code, double *contribution);

#endif							/* SF_SHAP_H */
