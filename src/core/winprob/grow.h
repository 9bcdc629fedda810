/*
 * grow.h
 *		What boosting and forests share while a tree grows.
 *
 * A growing tree keeps its deals as one array of entries in which every node
 * owns a run.  A split moves the entries of its run apart by a table of sides,
 * one byte for each code, so that missing and unseen ones need no branch.
 * Codes are kept once more by column: a split reads one feature of many deals.
 */
#ifndef SF_GROW_H
#define SF_GROW_H

#include "core/base/rng.h"
#include "core/winprob/trees.h"

#define SF_TREE_CODES 256

/* A node of the tree, and whether a code goes right. codes: of the node's feature, values + 2. */
static inline bool
sf_goes_right(const SfNode *node, int32_t codes, uint8_t code)
{
	if (code == SF_CODE_MISSING)
		return !node->missing_left;
	if (code >= codes - 1)
		return !node->unseen_left;
	return code > node->threshold;
}

/* right[code] for every code a byte can hold */
extern void sf_node_sides(const SfNode *node, int32_t codes, uint8_t right[SF_TREE_CODES]);

/* The leaf that a deal ends in; code[features]. */
static inline int32_t
sf_tree_leaf(const SfTree *tree, const int32_t *codes, const uint8_t *code)
{
	const SfNode *node = tree->node;
	int32_t		at = 0;

	while (node[at].feature >= 0)
	{
		int32_t		f = node[at].feature;

		at = sf_goes_right(&node[at], codes[f], code[f]) ? node[at].right : node[at].left;
	}
	return at;
}

/*
 * sf_tree_finish
 *		Nodes in the order in which a walk that turns left first meets them, with what follows
 *		from the leaves: covers and values of inner nodes, leaves, depth.
 *
 *	grown[nodes]	children after their parent; values and covers of the leaves set
 *	node[nodes]		out, another array
 */
extern void sf_tree_finish(const SfNode *grown, int32_t nodes, SfNode *node, SfTree *tree);

/* The same without a new order: only what follows from the leaves, in place. tree->nodes is set. */
extern void sf_tree_sum_up(SfNode *node, SfTree *tree);

/*
 * sf_tree_shrink
 *		Values of a forest's tree from won deals and covers of its leaves, in place.
 *
 * rate(root) = won / cover; rate(child) = (won + smoothing * rate(parent)) / (cover + smoothing).
 */
extern void sf_tree_shrink(SfNode *node, SfTree *tree, double smoothing);

/* The rate of won deals as log-odds, half a deal away from certainty. */
extern double sf_base_log_odds(const SfCodes *codes);

/* Codes by column: column[f * rows + row]. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_columns_make(SfArena *arena, const SfCodes *codes, const uint8_t **column);

/* Features with at least two codes among the rows, ascending: feature[features], *n of them. SF_CANCELLED. */
extern SfStatus sf_features_varying(SfCtx *ctx, const SfCodes *codes, const uint8_t *column, int32_t *feature, int32_t *n);

/* Moves `take` of n features, drawn without replacement, to the front. */
extern void sf_features_draw(SfRng *rng, int32_t *feature, int32_t n, int32_t take);

#endif							/* SF_GROW_H */
