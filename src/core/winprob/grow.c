/*
 * grow.c
 *		What boosting and forests share while a tree grows.
 */
#include "core/winprob/grow.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"

/* Codes copied between two polls. */
#define POLL_CODES 1000000

/* Rows of a tile: its codes stay in the cache while they are written by column. */
#define TILE 64

void
sf_node_sides(const SfNode *node, int32_t codes, uint8_t right[SF_TREE_CODES])
{
	memset(right, 0, (size_t) node->threshold + 1);
	memset(right + node->threshold + 1, 1, SF_TREE_CODES - 1 - (size_t) node->threshold);
	memset(right + codes - 1, !node->unseen_left, SF_TREE_CODES + 1 - (size_t) codes);
	right[SF_CODE_MISSING] = !node->missing_left;
}

void
sf_tree_sum_up(SfNode *node, SfTree *tree)
{
	tree->leaves = 0;
	for (int32_t i = tree->nodes - 1; i >= 0; i--)
	{
		const SfNode *left;
		const SfNode *right;

		if (node[i].feature < 0)
		{
			tree->leaves++;
			continue;
		}
		left = &node[node[i].left];
		right = &node[node[i].right];
		node[i].cover = left->cover + right->cover;
		/* the shares are at most 1: no overflow, and between the two up to rounding */
		node[i].value = left->value * (left->cover / node[i].cover) + right->value * (right->cover / node[i].cover);
	}
	tree->node = node;
}

void
sf_tree_shrink(SfNode *node, SfTree *tree, double smoothing)
{
	/* up: won deals, in the place of values */
	for (int32_t i = tree->nodes - 1; i >= 0; i--)
		if (node[i].feature < 0)
			node[i].value = node[i].left;
		else
		{
			node[i].value = node[node[i].left].value + node[node[i].right].value;
			node[i].cover = node[node[i].left].cover + node[node[i].right].cover;
		}
	/* down: rates */
	node[0].value /= node[0].cover;
	for (int32_t i = 0; i < tree->nodes; i++)
		if (node[i].feature >= 0)
			for (int c = 0; c < 2; c++)
			{
				SfNode	   *child = &node[c == 0 ? node[i].left : node[i].right];

				child->value = (child->value + smoothing * node[i].value) / (child->cover + smoothing);
			}
	sf_tree_sum_up(node, tree);
}

void
sf_tree_finish(const SfNode *grown, int32_t nodes, SfNode *node, SfTree *tree)
{
	struct
	{
		int32_t		from;
		int32_t		parent;		/* whose right child it is, or -1 */
		int32_t		depth;
	}			todo[SF_MAX_DEPTH + 1];
	int32_t		waiting = 1;
	int32_t		n = 0;

	todo[0].from = 0;
	todo[0].parent = -1;
	todo[0].depth = 0;
	tree->nodes = nodes;
	tree->depth = 0;
	while (waiting > 0)
	{
		int32_t		from = todo[--waiting].from;
		int32_t		depth = todo[waiting].depth;

		if (todo[waiting].parent >= 0)
			node[todo[waiting].parent].right = n;
		for (;; depth++)
		{
			SfNode	   *to = &node[n++];

			*to = grown[from];
			if (to->feature < 0)
				break;
			todo[waiting].from = to->right;
			todo[waiting].parent = n - 1;
			todo[waiting++].depth = depth + 1;
			from = to->left;
			to->left = n;
		}
		if (depth > tree->depth)
			tree->depth = depth;
	}
	sf_tree_sum_up(node, tree);
}

SfStatus
sf_columns_make(SfArena *arena, const SfCodes *codes, const uint8_t **column)
{
	size_t		rows = (size_t) codes->rows;
	size_t		features = (size_t) codes->features;
	uint8_t    *to = sf_arena_take(arena, rows, features);
	size_t		done = 0;

	if (to == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t first = 0; first < rows; first += TILE)
	{
		size_t		last = rows - first > TILE ? first + TILE : rows;

		for (size_t f = 0; f < features; f++)
			for (size_t r = first; r < last; r++)
				to[f * rows + r] = codes->code[r * features + f];
		done += TILE * features;
		if (done >= POLL_CODES)
		{
			done = 0;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	*column = to;
	return SF_OK;
}

SfStatus
sf_features_varying(SfCtx *ctx, const SfCodes *codes, const uint8_t *column, int32_t *feature, int32_t *n)
{
	*n = 0;
	for (int32_t f = 0; f < codes->features; f++)
	{
		const uint8_t *code = column + (size_t) f * (size_t) codes->rows;
		int64_t		r = 1;

		while (r < codes->rows && code[r] == code[0])
			r++;
		if (r < codes->rows)
			feature[(*n)++] = f;
		if (r >= POLL_CODES && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

void
sf_features_draw(SfRng *rng, int32_t *feature, int32_t n, int32_t take)
{
	for (int32_t i = 0; i < take; i++)
	{
		int32_t		j = i + (int32_t) sf_rng_below(rng, (uint64_t) (n - i));
		int32_t		keep = feature[i];

		feature[i] = feature[j];
		feature[j] = keep;
	}
}

double
sf_base_log_odds(const SfCodes *codes)
{
	double		won = 0;
	double		least = 0.5 / ((double) codes->rows + 1);
	double		rate;

	for (int64_t r = 0; r < codes->rows; r++)
		won += codes->won[r] != 0;
	rate = fmin(fmax(won / (double) codes->rows, least), 1 - least);
	return sf_log(rate / (1 - rate));
}
