/*
 * tree_index.c
 *		Prediction of single deals by trees, fast.
 *
 * Trees of at most 32 leaves: a table holds for every feature, code and tree the
 * leaves that a deal with this code can still reach, as bits of a word.  The AND
 * over the features leaves one bit, the leaf of the deal.  No branch depends on
 * the deal, and eight trees fit a register.  Trees stand in blocks of 32, whose
 * words for one code fill two cache lines; features that a block does not ask
 * for are skipped.
 *
 * Larger trees, or tables over TABLE_BYTES: nodes of eight bytes, level by level,
 * siblings side by side, and TOGETHER trees walked at a time, so that
 * their memory accesses overlap.  A leaf points at itself.
 *
 * Deals with unseen categories are rare and go down the trees themselves.
 *
 * Source: Lucchese et al., QuickScorer, SIGIR 2015.  Ours differs: words are
 * looked up by code instead of being collected by comparing thresholds.
 */
#include <string.h>

#include "core/base/vector.h"
#include "core/winprob/tree_walk.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define BLOCK 32				/* trees */
#define CACHE_LINE 64
#define TABLE_BYTES ((size_t) 64 << 20)

/* Large trees walked at a time, a multiple of SF_LANES. */
#define TOGETHER 32

/* Trees between two polls, and nodes. */
#define POLL_TREES 16
#define POLL_NODES 100000

/* Eight trees' words. */
typedef uint32_t Words __attribute__((vector_size(32), aligned(4), may_alias));

typedef struct CompactNode
{
	uint32_t	left;			/* the right child follows it; a leaf: itself */
	uint16_t	feature;
	uint8_t		threshold;		/* known deals go left when code - 1 is below */
	uint8_t		flags;			/* 1 missing, 2 unseen deals go left */
} CompactNode;

struct SfTreeIndex
{
	const SfTrees *model;		/* for deals with unseen categories */
	const int32_t *codes;
	bool		quick;
	bool		mean;
	double		base;
	int32_t		trees;
	int64_t		rows;
	int32_t		features;
	const uint8_t *last;		/* [features] code of an unseen category */
	/* quick */
	int32_t		blocks;
	const uint32_t *first;		/* [features] first code in a block's part of the table */
	size_t		block_words;	/* words of a block's part */
	const uint32_t *table;		/* [blocks][codes of all features][BLOCK] */
	const int32_t *asked;		/* features asked for, block after block */
	const int32_t *asked_end;	/* [blocks] */
	const double *leaf;			/* [blocks][BLOCK][SF_QUICK_LEAVES] */
	/* walk */
	const CompactNode *node;
	const double *value;		/* [nodes], of leaves */
	const uint32_t *root;		/* [trees] */
};

/* The words of one block for a deal. */
static inline void
meet(const SfTreeIndex *index, int32_t block, const uint32_t *at, uint32_t *word)
{
	const uint32_t *table = index->table + (size_t) block * index->block_words;
	int32_t		end = index->asked_end[block];
	Words		w[4];

	memset(w, 0xff, sizeof w);
	for (int32_t k = block == 0 ? 0 : index->asked_end[block - 1]; k < end; k++)
	{
		const Words *row = (const Words *) (table + at[index->asked[k]]);

		w[0] &= row[0];
		w[1] &= row[1];
		w[2] &= row[2];
		w[3] &= row[3];
	}
	memcpy(word, w, sizeof w);
}

SF_VECTOR_CLONES static void
sum_quick(const SfTreeIndex *index, const uint8_t *code, double *lanes)
{
	/* a copy, which nothing else can point to, stays in registers */
	double		lane[SF_LANES] = {0};
	uint32_t	at[SF_MAX_FEATURES];
	uint32_t	word[BLOCK];

	for (int32_t f = 0; f < index->features; f++)
		at[f] = (index->first[f] + (code[f] < index->last[f] ? code[f] : index->last[f])) * BLOCK;
	for (int32_t b = 0; b < index->blocks; b++)
	{
		const double *leaf = index->leaf + (size_t) b * (BLOCK * SF_QUICK_LEAVES);
		int32_t		trees = index->trees - b * BLOCK;

		meet(index, b, at, word);
		/* places after the last tree have leaves of 0 */
		for (int32_t k = 0; k < BLOCK && k < trees; k += SF_LANES, leaf += SF_LANES * SF_QUICK_LEAVES)
			for (int32_t j = 0; j < SF_LANES; j++)
				lane[j] += leaf[j * SF_QUICK_LEAVES + __builtin_ctz(word[k + j])];
	}
	memcpy(lanes, lane, sizeof lane);
}

/* Codes as a walk needs them: code - 1, or 255 with a bit that says missing or unseen. */
static void
sum_walked(const SfTreeIndex *index, const uint8_t *code, double *lane)
{
	uint16_t	key[SF_MAX_FEATURES];

	memset(lane, 0, SF_LANES * sizeof *lane);
	for (int32_t f = 0; f < index->features; f++)
		key[f] = code[f] == SF_CODE_MISSING ? 0x1ff : code[f] >= index->last[f] ? 0x2ff : (uint16_t) (code[f] - 1);
	for (int32_t t = 0; t < index->trees; t += TOGETHER)
	{
		int32_t		n = index->trees - t < TOGETHER ? index->trees - t : TOGETHER;
		uint32_t	at[TOGETHER];
		uint32_t	moved = 1;

		for (int32_t j = 0; j < TOGETHER; j++)
			at[j] = index->root[j < n ? t + j : t];
		while (moved != 0)
		{
			moved = 0;
			for (int32_t j = 0; j < TOGETHER; j++)
			{
				CompactNode node = index->node[at[j]];
				uint32_t	x = key[node.feature];
				uint32_t	left = ((x & 0xff) < node.threshold) | ((x >> 8 & node.flags) != 0);
				uint32_t	next = node.left + 1 - left;

				moved |= next ^ at[j];
				at[j] = next;
			}
		}
		for (int32_t j = 0; j < n; j++)
			lane[j % SF_LANES] += index->value[at[j]];
	}
}

/* Unseen categories take both sides of a node, which masks cannot tell. */
static void
sum_unseen(const SfTreeIndex *index, const uint8_t *code, double *lane)
{
	memset(lane, 0, SF_LANES * sizeof *lane);
	for (int32_t t = 0; t < index->trees; t++)
		lane[t % SF_LANES] += sf_tree_value(&index->model->tree[t], index->codes, code);
}

double
sf_trees_log_odds(const SfTreeIndex *index, const uint8_t *code)
{
	double		lane[SF_LANES];

	if (sf_any_unseen(index->codes, code, index->features))
		sum_unseen(index, code, lane);
	else if (index->quick)
		sum_quick(index, code, lane);
	else
		sum_walked(index, code, lane);
	return sf_trees_link(index->mean, index->base, index->trees, index->rows, lane);
}

/* The bits of n leaves from the first on; n is at most 31. */
static inline uint32_t
bits_of(int32_t first, int32_t n)
{
	return ((UINT32_C(1) << n) - 1) << first;
}

/* Writes what one tree's nodes rule out, and its leaves. table, leaf: of the tree's place in its block. */
static void
enter_tree(const SfTree *tree, const int32_t *codes, const uint32_t *first, uint32_t *table, double *leaf, bool *asks)
{
	int32_t		leaves[2 * SF_QUICK_LEAVES];
	int32_t		start[2 * SF_QUICK_LEAVES];

	for (int32_t i = tree->nodes - 1; i >= 0; i--)
	{
		const SfNode *node = &tree->node[i];

		leaves[i] = node->feature < 0 ? 1 : leaves[node->left] + leaves[node->right];
	}
	start[0] = 0;
	for (int32_t i = 0; i < tree->nodes; i++)
	{
		const SfNode *node = &tree->node[i];
		int32_t		f = node->feature;

		if (f < 0)
		{
			leaf[start[i]] = node->value;
			continue;
		}
		asks[f] = true;
		start[node->left] = start[i];
		start[node->right] = start[i] + leaves[node->left];
		for (int32_t c = 0; c < codes[f]; c++)
		{
			int32_t		lost = sf_goes_right(node, codes[f], (uint8_t) c) ? node->left : node->right;

			table[((size_t) first[f] + (size_t) c) * BLOCK] &= ~bits_of(start[lost], leaves[lost]);
		}
	}
}

/* Fills tables that were taken. asked has room for features times blocks. */
static SfStatus
fill_quick(SfCtx *ctx, const SfTrees *model, const int32_t *codes, const SfTreeIndex *index,
		   uint32_t *table, double *leaf, int32_t *asked, int32_t *asked_end)
{
	int32_t		n = 0;

	for (int32_t b = 0; b < index->blocks; b++)
	{
		bool		asks[SF_MAX_FEATURES] = {false};
		uint32_t   *part = table + (size_t) b * index->block_words;

		memset(part, 0xff, index->block_words * sizeof *part);
		for (int32_t k = 0; k < BLOCK && b * BLOCK + k < model->trees; k++)
		{
			enter_tree(&model->tree[b * BLOCK + k], codes, index->first, part + k,
					   leaf + ((size_t) b * BLOCK + (size_t) k) * SF_QUICK_LEAVES, asks);
			if (k % POLL_TREES == 0 && sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
		for (int32_t f = 0; f < model->features; f++)
			if (asks[f])
				asked[n++] = f;
		asked_end[b] = n;
	}
	return SF_OK;
}

static SfStatus
make_quick(SfArena *arena, const SfTrees *model, const int32_t *codes, const uint32_t *first, size_t all_codes, SfTreeIndex *index)
{
	size_t		blocks = ((size_t) model->trees + BLOCK - 1) / BLOCK;
	size_t		leaves = blocks * BLOCK * SF_QUICK_LEAVES;
	uint32_t   *table;
	double	   *leaf = sf_arena_take(arena, leaves, sizeof(double));
	int32_t    *asked = sf_arena_take(arena, blocks * (size_t) model->features, sizeof(int32_t));
	int32_t    *asked_end = sf_arena_take(arena, blocks, sizeof(int32_t));

	index->quick = true;
	index->blocks = (int32_t) blocks;
	index->block_words = all_codes * BLOCK;
	index->first = first;
	table = sf_arena_take(arena, blocks * index->block_words * sizeof *table + CACHE_LINE, 1);
	if (table == NULL || leaf == NULL || asked == NULL || asked_end == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	table += (CACHE_LINE - (uintptr_t) table % CACHE_LINE) % CACHE_LINE / sizeof *table;
	memset(leaf, 0, leaves * sizeof(double));
	index->table = table;
	index->leaf = leaf;
	index->asked = asked;
	index->asked_end = asked_end;
	return fill_quick(arena->ctx, model, codes, index, table, leaf, asked, asked_end);
}

/* One tree level by level from place `base` on. queue[nodes]: scratch. */
static void
lay_tree(const SfTree *tree, uint32_t base, int32_t *queue, CompactNode *node, double *value)
{
	int32_t		n = 1;

	queue[0] = 0;
	for (int32_t p = 0; p < tree->nodes; p++)
	{
		const SfNode *from = &tree->node[queue[p]];
		CompactNode *to = &node[base + (uint32_t) p];

		value[base + (uint32_t) p] = from->value;
		if (from->feature < 0)
		{
			*to = (CompactNode) {base + (uint32_t) p, 0, 255, 3};
			continue;
		}
		*to = (CompactNode) {base + (uint32_t) n, (uint16_t) from->feature, from->threshold,
			(uint8_t) (from->missing_left | from->unseen_left << 1)};
		queue[n++] = from->left;
		queue[n++] = from->right;
	}
}

static SfStatus
make_walked(SfArena *arena, const SfTrees *model, SfTreeIndex *index)
{
	size_t		nodes = 0;
	size_t		largest = 0;
	size_t		polled = 0;
	CompactNode *node;
	double	   *value;
	uint32_t   *root;
	int32_t    *queue;
	SfArenaMark mark;

	for (int32_t t = 0; t < model->trees; t++)
	{
		nodes += (size_t) model->tree[t].nodes;
		if ((size_t) model->tree[t].nodes > largest)
			largest = (size_t) model->tree[t].nodes;
	}
	if (nodes > UINT32_MAX)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "trees can have at most 4294967295 nodes");
	node = sf_arena_take(arena, nodes, sizeof(CompactNode));
	value = sf_arena_take(arena, nodes, sizeof(double));
	root = sf_arena_take(arena, (size_t) model->trees, sizeof(uint32_t));
	mark = sf_arena_mark(arena);
	queue = sf_arena_take(arena, largest, sizeof(int32_t));
	if (node == NULL || value == NULL || root == NULL || queue == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	nodes = 0;
	for (int32_t t = 0; t < model->trees; t++)
	{
		root[t] = (uint32_t) nodes;
		lay_tree(&model->tree[t], root[t], queue, node, value);
		nodes += (size_t) model->tree[t].nodes;
		if (nodes >= polled + POLL_NODES)
		{
			polled = nodes;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	sf_arena_rewind(arena, mark);
	index->node = node;
	index->value = value;
	index->root = root;
	return SF_OK;
}

SfStatus
sf_trees_index(SfArena *arena, const SfTrees *model, const int32_t *codes, const SfTreeIndex **index)
{
	size_t		features = (size_t) model->features;
	SfTreeIndex *made = sf_arena_take(arena, 1, sizeof *made);
	uint8_t    *last = sf_arena_take(arena, features, sizeof(uint8_t));
	uint32_t   *first = sf_arena_take(arena, features, sizeof(uint32_t));
	size_t		all_codes = 0;
	bool		small = true;
	SfStatus	status;

	if (made == NULL || last == NULL || first == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (model->features > SF_MAX_FEATURES)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "trees can have at most 500 features");
	for (size_t f = 0; f < features; f++)
	{
		last[f] = (uint8_t) (codes[f] - 1);
		first[f] = (uint32_t) all_codes;
		all_codes += (size_t) codes[f];
	}
	for (int32_t t = 0; t < model->trees; t++)
		small = small && model->tree[t].leaves <= SF_QUICK_LEAVES;
	*made = (SfTreeIndex) {.model = model, .codes = codes, .mean = model->mean, .base = model->base,
		.trees = model->trees, .rows = model->rows, .features = model->features, .last = last};
	if (small && all_codes * (size_t) model->trees <= TABLE_BYTES / sizeof(uint32_t))
		status = make_quick(arena, model, codes, first, all_codes, made);
	else
		status = make_walked(arena, model, made);
	if (status == SF_OK)
		*index = made;
	return status;
}
