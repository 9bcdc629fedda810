/*
 * tree_walk.h
 *		The leaves that many deals end in, tree after tree.
 *
 * One deal's way down a tree is one branch after the other that no processor can
 * foresee.  Trees of at most 32 leaves are asked by leaf masks instead (see
 * tree_index.c); in larger ones the deals are moved apart node by node, as in growing.
 */
#ifndef SF_TREE_WALK_H
#define SF_TREE_WALK_H

#include "core/winprob/grow.h"

/* Deals that are asked for together, at most. */
#define SF_WALK_ROWS 4096

typedef struct SfTreeWalk
{
	const SfTree *tree;
	const int32_t *codes;
	int32_t		asked;			/* features that the tree asks for; -1: too many leaves for masks */
	int32_t		feature[SF_QUICK_LEAVES];
	int32_t		leaf[SF_QUICK_LEAVES];	/* nodes, from left to right */
	uint32_t	mask[SF_QUICK_LEAVES][SF_TREE_CODES];	/* leaves that a code leaves open */
} SfTreeWalk;

/* tree and codes[features] are borrowed. Time: some microseconds. */
extern void sf_walk_start(SfTreeWalk *walk, const SfTree *tree, const int32_t *codes);

/*
 * sf_walk_leaves
 *		The same as sf_tree_leaf for each of n deals.
 *
 *	code	[rows][stride]
 *	row		[n] rows of code; NULL: the first n
 *	n		0 .. SF_WALK_ROWS
 *	leaf	[n] out, places of nodes
 */
extern void sf_walk_leaves(const SfTreeWalk *walk, const uint8_t *code, size_t stride, const uint32_t *row,
						   int32_t n, int32_t *leaf);

/* Has the deal a category that training never saw? code[features] */
static inline bool
sf_any_unseen(const int32_t *codes, const uint8_t *code, int32_t features)
{
	bool		any = false;

	for (int32_t f = 0; f < features; f++)
		any |= code[f] >= codes[f] - 1;
	return any;
}

/*
 * sf_tree_value
 *		What a tree gives a deal that may have unseen categories: where one is asked for, the mean of both
 *		sides, weighted by their covers.  Without any it is the value of sf_tree_leaf, bit for bit.
 *		O(nodes) at worst.
 */
extern double sf_tree_value(const SfTree *tree, const int32_t *codes, const uint8_t *code);

#endif							/* SF_TREE_WALK_H */
