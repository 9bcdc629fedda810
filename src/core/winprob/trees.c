/*
 * trees.c
 *		What can be done with grown trees: predict, store, count new deals in.
 *
 * Stored form: mean, base, smoothing, rows, number of trees; then per tree its
 * nodes in the order they stand in, which needs no child numbers.  Covers and
 * values of inner nodes follow from the leaves, as do all values of a forest
 * from won deals and covers of its leaves, so they are not stored.
 */
#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/winprob/tree_walk.h"

/* Steps of a walk between two polls. */
#define POLL_STEPS 200000

#define BYTES_TEXT "the bytes are not trees of a win model"

/* Least bytes of a stored tree and of a stored node: what is left limits how many there can be. */
#define TREE_BYTES 8
#define NODE_BYTES 4

double
sf_trees_link(bool mean, double base, int32_t trees, int64_t rows, const double lane[SF_LANES])
{
	double		sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
	double		least;

	if (!mean)
		return base + sum;
	least = 0.5 / ((double) rows + 1);
	sum = fmin(fmax(sum / trees, least), 1 - least);
	return sf_log(sum / (1 - sum));
}

/* Lanes that wait to be added up pairwise: of 0 .. 6, 4 + 2 + 1 are three sums, and the next lane is the fourth. */
#define SUMS 4

/* Some rows of a frame's codes, and which of them have unseen categories. */
typedef struct Chunk
{
	const uint8_t *code;
	int32_t		n;
	int32_t		unseen;
	uint16_t	with_unseen[SF_WALK_ROWS];
} Chunk;

static void
start_chunk(Chunk *chunk, const SfCodes *codes, int64_t first)
{
	int64_t		left = codes->rows - first;

	chunk->code = codes->code + (size_t) (first * codes->features);
	chunk->n = left < SF_WALK_ROWS ? (int32_t) left : SF_WALK_ROWS;
	chunk->unseen = 0;
	for (int32_t i = 0; i < chunk->n; i++)
	{
		chunk->with_unseen[chunk->unseen] = (uint16_t) i;
		chunk->unseen += sf_any_unseen(codes->codes, chunk->code + (size_t) i * (size_t) codes->features, codes->features);
	}
}

/* Adds what one tree gives to the sums of the chunk's rows. */
static void
add_tree(const SfTree *tree, const int32_t *codes, const Chunk *chunk, size_t stride, double *sum)
{
	SfTreeWalk	walk;
	int32_t		leaf[SF_WALK_ROWS];
	double		value[SF_WALK_ROWS];

	sf_walk_start(&walk, tree, codes);
	sf_walk_leaves(&walk, chunk->code, stride, NULL, chunk->n, leaf);
	for (int32_t i = 0; i < chunk->n; i++)
		value[i] = tree->node[leaf[i]].value;
	for (int32_t k = 0; k < chunk->unseen; k++)
		value[chunk->with_unseen[k]] = sf_tree_value(tree, codes, chunk->code + chunk->with_unseen[k] * stride);
	for (int32_t i = 0; i < chunk->n; i++)
		sum[i] += value[i];
}

/* What all trees give to the chunk's rows, lane after lane. steps: of walks since the last poll. */
static SfStatus
sum_trees(SfCtx *ctx, const SfTrees *model, const int32_t *codes, const Chunk *chunk,
		  double (*sum)[SF_WALK_ROWS], int64_t *steps)
{
	int32_t		n = chunk->n;
	int32_t		top = 0;

	for (int32_t lane = 0; lane < SF_LANES; lane++)
	{
		memset(sum[top], 0, (size_t) n * sizeof(double));
		for (int32_t t = lane; t < model->trees; t += SF_LANES)
		{
			add_tree(&model->tree[t], codes, chunk, (size_t) model->features, sum[top]);
			*steps += n * ((int64_t) model->tree[t].depth + 1) + (int64_t) chunk->unseen * model->tree[t].depth;
			if (*steps >= POLL_STEPS)
			{
				*steps = 0;
				if (sf_cancelled(ctx))
					return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
			}
		}
		top++;
		for (int32_t done = lane + 1; done % 2 == 0; done /= 2, top--)
			for (int32_t i = 0; i < n; i++)
				sum[top - 2][i] += sum[top - 1][i];
	}
	return SF_OK;
}

SfStatus
sf_trees_predict(SfCtx *ctx, const SfTrees *model, const SfCodes *codes, double *log_odds)
{
	double		sum[SUMS][SF_WALK_ROWS];
	Chunk		chunk;
	int64_t		steps = 0;

	for (int64_t first = 0; first < codes->rows; first += SF_WALK_ROWS)
	{
		SfStatus	status;

		start_chunk(&chunk, codes, first);
		status = sum_trees(ctx, model, codes->codes, &chunk, sum, &steps);
		if (status != SF_OK)
			return status;
		for (int32_t i = 0; i < chunk.n; i++)
		{
			double		lane[SF_LANES] = {sum[0][i]};

			log_odds[first + i] = sf_trees_link(model->mean, model->base, model->trees, model->rows, lane);
		}
	}
	return SF_OK;
}

/* Seven bits a byte, lowest first; the high bit says that more follow. */
static void
write_count(SfWriter *write, uint64_t x)
{
	for (; x >= 128; x >>= 7)
		sf_write_bits(write, (x & 127) | 128, 1);
	sf_write_bits(write, x, 1);
}

/* A count of at most INT32_MAX in its shortest form, else the reader fails. */
static int32_t
read_count(SfReader *read)
{
	uint64_t	x = 0;

	for (int shift = 0; shift < 35; shift += 7)
	{
		uint64_t	byte = sf_read_bits(read, 1);

		x |= (byte & 127) << shift;
		if (byte < 128)
		{
			if (x > INT32_MAX || (byte == 0 && shift > 0))
				break;
			return (int32_t) x;
		}
	}
	read->ok = false;
	return 0;
}

void
sf_trees_encode(const SfTrees *model, SfWriter *write)
{
	sf_write_bits(write, model->mean, 1);
	sf_write_double(write, model->base);
	sf_write_double(write, model->smoothing);
	sf_write_int64(write, model->rows);
	sf_write_bits(write, (uint64_t) model->trees, 4);
	for (int32_t t = 0; t < model->trees; t++)
	{
		const SfTree *tree = &model->tree[t];

		sf_write_bits(write, (uint64_t) tree->nodes, 4);
		for (int32_t i = 0; i < tree->nodes; i++)
		{
			const SfNode *node = &tree->node[i];

			sf_write_bits(write, (uint64_t) (node->feature + 1), 2);
			if (node->feature >= 0)
			{
				sf_write_bits(write, node->threshold, 1);
				sf_write_bits(write, (uint64_t) node->missing_left | (uint64_t) node->unseen_left << 1, 1);
				continue;
			}
			write_count(write, (uint64_t) node->cover);
			if (model->mean)
				write_count(write, (uint64_t) node->left);
			else
				sf_write_double(write, node->value);
		}
	}
}

/* One node; false when it is none. */
static bool
read_node(SfReader *read, bool mean, int32_t features, const int32_t *codes, SfNode *node)
{
	uint64_t	flags;

	*node = (SfNode) {.feature = (int32_t) sf_read_bits(read, 2) - 1};
	if (node->feature >= 0)
	{
		node->threshold = (uint8_t) sf_read_bits(read, 1);
		flags = sf_read_bits(read, 1);
		node->missing_left = flags & 1;
		node->unseen_left = flags >> 1 & 1;
		if (!read->ok || flags > 3 || node->feature >= features)
			return false;
		return node->threshold == 0 ? node->missing_left : node->threshold < codes[node->feature] - 2;
	}
	node->cover = read_count(read);
	if (mean)
		node->left = read_count(read);
	else
		node->value = sf_read_double(read);
	return read->ok && node->cover >= 1 && node->left <= node->cover && fabs(node->value) <= SF_LEAF_MAX;
}

/* The nodes of a tree, each left child right after its parent: places of children follow. */
static bool
read_tree(SfReader *read, bool mean, int32_t features, const int32_t *codes, SfNode *node, SfTree *tree)
{
	struct
	{
		int32_t		parent;
		int32_t		depth;
	}			todo[SF_MAX_DEPTH];
	int32_t		waiting = 0;
	int32_t		depth = 0;

	tree->depth = 0;
	for (int32_t i = 0; i < tree->nodes; i++)
	{
		if (!read_node(read, mean, features, codes, &node[i]))
			return false;
		if (node[i].feature >= 0)
		{
			if (depth == SF_MAX_DEPTH)
				return false;
			node[i].left = i + 1;
			todo[waiting].parent = i;
			todo[waiting++].depth = ++depth;
			continue;
		}
		if (depth > tree->depth)
			tree->depth = depth;
		if (waiting == 0)
			return i == tree->nodes - 1;
		depth = todo[--waiting].depth;
		node[todo[waiting].parent].right = i + 1;
	}
	return false;
}

SfStatus
sf_trees_decode(SfArena *arena, SfReader *read, int32_t features, const int32_t *codes, SfTrees *model)
{
	SfTrees		got = {.features = features};
	uint64_t	mean = sf_read_bits(read, 1);
	uint64_t	trees;
	SfTree	   *tree;

	got.mean = mean == 1;
	got.base = sf_read_double(read);
	got.smoothing = sf_read_double(read);
	got.rows = sf_read_int64(read);
	trees = sf_read_bits(read, 4);
	if (!read->ok || mean > 1 || !(fabs(got.base) <= SF_LEAF_MAX) || got.rows < 1 || got.rows > SF_MAX_ROWS ||
		!(got.smoothing >= 0 && got.smoothing <= SF_MAX_ROWS) || trees < 1 || trees > SF_MAX_TREES ||
		trees > read->left / TREE_BYTES)
		return sf_fail(arena->ctx, SF_BAD_BYTES, BYTES_TEXT);
	got.trees = (int32_t) trees;
	got.tree = tree = sf_arena_take(arena, trees, sizeof(SfTree));
	if (tree == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < got.trees; t++)
	{
		uint64_t	nodes = sf_read_bits(read, 4);
		SfNode	   *node;

		if (!read->ok || nodes < 1 || nodes > read->left / NODE_BYTES)
			return sf_fail(arena->ctx, SF_BAD_BYTES, BYTES_TEXT);
		if (nodes > INT32_MAX)
			return sf_fail(arena->ctx, SF_BAD_BYTES, BYTES_TEXT);
		node = sf_arena_take(arena, nodes, sizeof(SfNode));
		if (node == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		tree[t].nodes = (int32_t) nodes;
		if (!read_tree(read, got.mean, features, codes, node, &tree[t]))
			return sf_fail(arena->ctx, SF_BAD_BYTES, BYTES_TEXT);
		if (got.mean)
			sf_tree_shrink(node, &tree[t], got.smoothing);
		else
			sf_tree_sum_up(node, &tree[t]);
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*model = got;
	return SF_OK;
}

/* A tree of its own with the new deals in its leaves. */
static SfStatus
update_tree(SfArena *arena, const SfTree *old, const SfCodes *codes, double smoothing, SfTree *tree)
{
	SfNode	   *node = sf_arena_take(arena, (size_t) old->nodes, sizeof(SfNode));

	if (node == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(node, old->node, (size_t) old->nodes * sizeof(SfNode));
	*tree = *old;
	for (int64_t r = 0; r < codes->rows; r++)
	{
		int32_t		leaf = sf_tree_leaf(old, codes->codes, codes->code + (size_t) r * (size_t) codes->features);

		if (node[leaf].cover >= INT32_MAX)
			return sf_fail(arena->ctx, SF_TOO_LARGE, "a leaf can hold at most 2147483647 deals");
		node[leaf].cover += 1;
		node[leaf].left += codes->won[r] != 0;
		if (r % (POLL_STEPS / 8) == POLL_STEPS / 8 - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	sf_tree_shrink(node, tree, smoothing);
	return sf_poll(arena->ctx);
}

SfStatus
sf_forest_update(SfArena *arena, const SfTrees *old, const SfCodes *codes, SfTrees *model)
{
	SfTrees		got = *old;
	SfStatus	status = SF_OK;
	SfTree	   *tree;

	if (!old->mean || codes->features != old->features)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "new deals can be counted only into a forest of the same features");
	if (codes->rows > SF_MAX_ROWS - old->rows)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "trees can be trained on at most 500000000 deals");
	got.rows += codes->rows;
	got.tree = tree = sf_arena_take(arena, (size_t) old->trees, sizeof(SfTree));
	if (tree == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; status == SF_OK && t < old->trees; t++)
		status = update_tree(arena, &old->tree[t], codes, got.smoothing, &tree[t]);
	if (status == SF_OK)
		*model = got;
	return status;
}
