/*
 * shap_table.h
 *		SHAP values of small trees, worked out beforehand.
 *
 * Leaves that stand together form a group.  What a group adds to each feature
 * depends only on which of its leaves' conditions each feature satisfies, so it
 * is read from a table with a row for each combination that can occur.
 */
#ifndef SF_SHAP_TABLE_H
#define SF_SHAP_TABLE_H

#include "core/winprob/trees.h"

#define SF_TABLE_LEAVES 64		/* of a tree at most: leaves are bits of a word */

/* One feature of a group. */
typedef struct SfShapSlot
{
	int32_t		feature;
	const uint16_t *row;		/* [codes] what a code adds to the row's number */
} SfShapSlot;

typedef struct SfShapGroup
{
	int32_t		slots;
	const SfShapSlot *slot;		/* [slots] */
	const double *value;		/* row after row, [slots] each */
} SfShapGroup;

/* What making the tables of one tree takes; for all trees the same. */
typedef struct SfShapPlan SfShapPlan;
extern SfShapPlan *sf_shap_plan(SfArena *arena);	/* NULL: no memory */

/*
 * sf_shap_table_make
 *		The groups of one tree in at most `bytes` of memory; *groups = 0: it does not fit, walk the tree instead.
 *		scratch: what is taken from it may be given back afterwards.  SF_NO_MEMORY.
 */
extern SfStatus sf_shap_table_make(SfArena *arena, SfArena *scratch, SfShapPlan *plan, const SfTree *tree,
								   const int32_t *codes, int64_t bytes, SfShapGroup **group, int32_t *groups);

/* Adds the values of these groups to value[features]; code[features]. */
extern void sf_shap_table_add(const SfShapGroup *group, int32_t groups, const uint8_t *code, double *value);

#endif							/* SF_SHAP_TABLE_H */
