/*
 * tree_walk.c
 *		The leaves that many deals end in, tree after tree.
 */
#include "core/winprob/tree_walk.h"

#include <string.h>

#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* So few deals of a node are not worth moving apart: each walks alone. */
#define ALONE 2

/* Closes the leaves of the other side for every code. */
SF_VECTOR_CLONES static void
close_leaves(uint32_t *restrict mask, const uint8_t *restrict right, uint32_t if_left, uint32_t if_right)
{
	for (int c = 0; c < SF_TREE_CODES; c++)
		mask[c] &= right[c] ? if_right : if_left;
}

/* The bits of n leaves from the first on; n is at most 31. */
static inline uint32_t
bits_of(int32_t first, int32_t n)
{
	return ((UINT32_C(1) << n) - 1) << first;
}

/* Which mask belongs to a feature; a new one closes nothing. */
static int32_t
mask_for(SfTreeWalk *walk, int32_t feature)
{
	int32_t		k = 0;

	while (k < walk->asked && walk->feature[k] != feature)
		k++;
	if (k == walk->asked)
	{
		walk->feature[walk->asked++] = feature;
		memset(walk->mask[k], 0xff, sizeof walk->mask[k]);
	}
	return k;
}

void
sf_walk_start(SfTreeWalk *walk, const SfTree *tree, const int32_t *codes)
{
	int32_t		leaves[2 * SF_QUICK_LEAVES];
	int32_t		start[2 * SF_QUICK_LEAVES];

	walk->tree = tree;
	walk->codes = codes;
	walk->asked = -1;
	if (tree->leaves > SF_QUICK_LEAVES)
		return;
	walk->asked = 0;
	for (int32_t i = tree->nodes - 1; i >= 0; i--)
	{
		const SfNode *node = &tree->node[i];

		leaves[i] = node->feature < 0 ? 1 : leaves[node->left] + leaves[node->right];
	}
	start[0] = 0;
	for (int32_t i = 0; i < tree->nodes; i++)
	{
		const SfNode *node = &tree->node[i];
		uint8_t		right[SF_TREE_CODES];

		if (node->feature < 0)
		{
			walk->leaf[start[i]] = i;
			continue;
		}
		start[node->left] = start[i];
		start[node->right] = start[i] + leaves[node->left];
		sf_node_sides(node, codes[node->feature], right);
		close_leaves(walk->mask[mask_for(walk, node->feature)], right,
					 ~bits_of(start[node->right], leaves[node->right]), ~bits_of(start[node->left], leaves[node->left]));
	}
}

/* Positions that go left stay, the others move behind them. Returns how many stay. */
static int32_t
part_deals(uint16_t *restrict deal, uint16_t *restrict aside, int32_t n, const uint8_t *code, size_t stride,
		   const uint32_t *row, const SfNode *node, int32_t unseen)
{
	int32_t		missing_left = node->missing_left ? SF_CODE_MISSING : SF_TREE_CODES;
	int32_t		unseen_left = node->unseen_left ? unseen : SF_TREE_CODES;
	uint8_t		threshold = node->threshold;
	int32_t		l = 0;
	int32_t		r = 0;

	for (int32_t i = 0; i < n; i++)
	{
		uint16_t	one = deal[i];
		int32_t		c = code[(row == NULL ? one : row[one]) * stride];
		/* missing is 255 here, and not below */
		int32_t		left = ((uint8_t) (c - 1) < threshold && c < unseen) | (c == missing_left) | (c >= unseen_left);

		deal[l] = one;
		aside[r] = one;
		l += left;
		r += 1 - left;
	}
	memcpy(deal + l, aside, (size_t) r * sizeof *deal);
	return l;
}

/* One deal from a node on. */
static int32_t
leaf_below(const SfTreeWalk *walk, int32_t at, const uint8_t *code)
{
	const SfNode *node = walk->tree->node;

	while (node[at].feature >= 0)
	{
		int32_t		f = node[at].feature;

		at = sf_goes_right(&node[at], walk->codes[f], code[f]) ? node[at].right : node[at].left;
	}
	return at;
}

/* All deals down the tree, node by node. */
static void
walk_down(const SfTreeWalk *walk, const uint8_t *code, size_t stride, const uint32_t *row, int32_t n, int32_t *leaf)
{
	struct
	{
		int32_t		node;
		int32_t		first;
		int32_t		n;
	}			todo[SF_MAX_DEPTH + 1] = {{0, 0, n}};
	uint16_t	deal[SF_WALK_ROWS];
	uint16_t	aside[SF_WALK_ROWS];
	const SfNode *nodes = walk->tree->node;
	int32_t		waiting = 1;

	for (int32_t i = 0; i < n; i++)
		deal[i] = (uint16_t) i;
	while (waiting > 0)
	{
		int32_t		at = todo[--waiting].node;
		uint16_t   *run = deal + todo[waiting].first;
		int32_t		left = todo[waiting].n;

		while (left > ALONE && nodes[at].feature >= 0)
		{
			int32_t		f = nodes[at].feature;
			int32_t		all = left;

			left = part_deals(run, aside, all, code + f, stride, row, &nodes[at], walk->codes[f] - 1);
			todo[waiting].node = nodes[at].right;
			todo[waiting].first = (int32_t) (run - deal) + left;
			todo[waiting].n = all - left;
			waiting += all > left;
			at = nodes[at].left;
		}
		for (int32_t i = 0; i < left; i++)
			leaf[run[i]] = leaf_below(walk, at, code + (row == NULL ? run[i] : row[run[i]]) * stride);
	}
}

void
sf_walk_leaves(const SfTreeWalk *walk, const uint8_t *code, size_t stride, const uint32_t *row, int32_t n, int32_t *leaf)
{
	if (walk->asked < 0)
	{
		walk_down(walk, code, stride, row, n, leaf);
		return;
	}
	for (int32_t i = 0; i < n; i++)
	{
		const uint8_t *one = code + (row == NULL ? (size_t) i : row[i]) * stride;
		uint32_t	open = UINT32_MAX;

		for (int32_t k = 0; k < walk->asked; k++)
			open &= walk->mask[k][one[walk->feature[k]]];
		leaf[i] = walk->leaf[__builtin_ctz(open)];
	}
}

double
sf_tree_value(const SfTree *tree, const int32_t *codes, const uint8_t *code)
{
	struct
	{
		int32_t		node;
		double		share;
	}			todo[SF_MAX_DEPTH + 1] = {{0, 1.0}};
	int32_t		waiting = 1;
	double		sum = 0.0;

	while (waiting > 0)
	{
		int32_t		at = todo[--waiting].node;
		double		share = todo[waiting].share;

		while (tree->node[at].feature >= 0)
		{
			const SfNode *node = &tree->node[at];
			int32_t		f = node->feature;
			bool		unseen = code[f] >= codes[f] - 1;

			if (unseen)
			{
				todo[waiting].node = node->right;
				todo[waiting++].share = share * (tree->node[node->right].cover / node->cover);
				share *= tree->node[node->left].cover / node->cover;
			}
			at = unseen || !sf_goes_right(node, codes[f], code[f]) ? node->left : node->right;
		}
		sum += share * tree->node[at].value;
	}
	return sum;
}
