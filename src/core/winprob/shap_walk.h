/*
 * shap_walk.h
 *		SHAP values of one tree of any size by walking all of it.
 *
 * O(nodes * points) a deal, points = half the features on the longest path.
 */
#ifndef SF_SHAP_WALK_H
#define SF_SHAP_WALK_H

#include "core/winprob/quadrature.h"
#include "core/winprob/trees.h"

typedef struct SfShapWalk SfShapWalk;

/* Scratch for trees that are at most `depth` deep, of that many features. */
extern SfStatus sf_shap_walk_make(SfArena *arena, int32_t depth, int32_t features, SfShapWalk **walk);

/* Adds the tree's values to value[features], in the unit of its leaves; unseen categories add 0. codes, code: [features]. */
extern void sf_shap_walk(SfShapWalk *walk, const SfTree *tree, const int32_t *codes, const uint8_t *code, double *value);

#endif							/* SF_SHAP_WALK_H */
