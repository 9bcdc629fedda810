/*
 * forest.c
 *		Random forest of win-rate trees, grown depth first on bootstrap samples.
 *
 * A node's run of entries holds row, weight and outcome, 8 bytes a deal.  A
 * feature is tried by counting weights by code.  In a small node only the codes
 * that occur are looked at, by a bitmap, and only they are cleared again.
 *
 *	n, w	weight of deals in a node, and of won ones
 *	worth	w_l^2 / n_l + w_r^2 / n_r, whose maximum is the minimum of the Gini impurity
 *
 * Deals are drawn by independent Poisson(1) weights: a bootstrap whose size
 * varies a little, and which needs no second pass.
 *
 * Source: Breiman, Random forests, Machine Learning 45, 2001; Oza & Russell,
 * Online bagging and boosting, AISTATS 2001 (Poisson weights).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/winprob/grow.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Entries looked at between two polls, about a millisecond. */
#define POLL_ENTRIES 300000

/* A node with so many times fewer deals than a feature has codes looks at the codes that occur. */
#define SPARSE 2

/* A split that gains less than this share of what is there is rounding. */
#define LEAST_GAIN 1e-12

/* Weights that a Poisson(1) number reaches in practice: P(> 15) is 1e-14. */
#define MAX_WEIGHT 15

/*
 * A deal of the tree: its row in the low 32 bits; above, its weight shifted by
 * one, and its outcome lowest.
 */
typedef uint64_t Entry;

/* Weight of some deals in the low half, of won ones in the high half. */
typedef uint64_t Count;

typedef struct Split
{
	double		worth;			/* 0: none */
	int32_t		feature;
	uint8_t		threshold;
	bool		missing_left;
	bool		unseen_left;
	Count		left;
} Split;

/* A node that waits to be split. */
typedef struct Task
{
	int64_t		first;
	int64_t		entries;
	Count		total;
	int32_t		parent;			/* whose right child it is, or -1 */
	int32_t		depth;
} Task;

typedef struct Grower
{
	SfCtx	   *ctx;
	const SfCodes *codes;
	const uint8_t *column;
	SfForestOptions options;
	int64_t		least;
	int32_t		tried;
	int32_t    *varying;		/* [variable] */
	int32_t		variable;
	Entry	   *entry;			/* [rows] */
	Entry	   *aside;			/* [rows] */
	int64_t		entries;
	SfNode	   *node;			/* [2 * rows / least_rows + 1] */
	int32_t		nodes;
	int32_t		deepest;
	int64_t		looked;			/* entries since the last poll */
	SfRng		rng;
	Count		count[SF_TREE_CODES];	/* zero between uses */
} Grower;

static inline int64_t
weight_of(Count count)
{
	return (int64_t) (count & UINT32_MAX);
}

static inline int64_t
won_of(Count count)
{
	return (int64_t) (count >> 32);
}

static inline Count
count_of(Entry entry)
{
	Count		weight = entry >> 33;

	return weight | (weight & (0 - (entry >> 32 & 1))) << 32;
}

static inline double
worth(Count count)
{
	double		w = (double) won_of(count);

	return w * w / (double) weight_of(count);
}

/* Weights of all deals, and the entries of those that are in. */
static void
draw(Grower *grower)
{
	static const double cumulated[] = {
		0.36787944117144233, 0.73575888234288467, 0.91969860292860584, 0.98101184312384626, 0.99634015317265634,
		0.99940581518241834, 0.99991675885071198, 0.99998975080332539, 0.99999887479740206, 0.99999988857452170,
		0.99999998995223369, 0.99999999916838921, 0.99999999993640219, 0.99999999999548012, 0.99999999999969997
	};
	const SfCodes *codes = grower->codes;

	grower->entries = 0;
	for (int64_t r = 0; r < codes->rows; r++)
	{
		double		u = sf_rng_uniform(&grower->rng);
		uint64_t	weight = (uint64_t) (u >= cumulated[0]) + (u >= cumulated[1]) + (u >= cumulated[2]);

		while (weight >= 3 && weight < MAX_WEIGHT && u >= cumulated[weight])
			weight++;
		grower->entry[grower->entries] = (uint64_t) r | (weight << 1 | (codes->won[r] != 0)) << 32;
		grower->entries += weight > 0;
	}
	if (grower->entries > 0)
		return;
	/* of very few deals none may have been drawn: then all are in */
	for (int64_t r = 0; r < codes->rows; r++)
		grower->entry[r] = (uint64_t) r | (UINT64_C(2) | (codes->won[r] != 0)) << 32;
	grower->entries = codes->rows;
}

/* One way to split: `left` with the missing deals or without, everything else but the unseen to the right. */
static inline void
try_split(const Grower *grower, Count total, Count left, Count unseen, Split split, Split *best)
{
	Count		right = total - left - unseen;

	split.unseen_left = weight_of(left) >= weight_of(right);
	if (split.unseen_left)
		left += unseen;
	else
		right += unseen;
	if (weight_of(left) < grower->least || weight_of(right) < grower->least)
		return;
	split.worth = worth(left) + worth(right);
	if (split.worth > best->worth)
	{
		split.left = left;
		*best = split;
	}
}

/* A threshold after `left` known deals, with missing ones on either side. */
static inline void
try_threshold(const Grower *grower, Count total, Count left, Split split, Split *best)
{
	Count		missing = grower->count[SF_CODE_MISSING];
	Count		unseen = grower->count[grower->codes->codes[split.feature] - 1];

	if (missing == 0)
	{
		split.missing_left = weight_of(left) >= weight_of(total - left - unseen);
		try_split(grower, total, left, unseen, split, best);
		return;
	}
	split.missing_left = true;
	try_split(grower, total, left + missing, unseen, split, best);
	split.missing_left = false;
	try_split(grower, total, left, unseen, split, best);
}

static void
search_dense(Grower *grower, const Task *task, const uint8_t *code, Split split, Split *best)
{
	int32_t		values = grower->codes->codes[split.feature] - 2;
	const Entry *entry = grower->entry + task->first;
	Count		left = 0;

	for (int64_t i = 0; i < task->entries; i++)
		grower->count[code[(uint32_t) entry[i]]] += count_of(entry[i]);
	try_threshold(grower, task->total, 0, split, best);
	for (int32_t t = 1; t < values; t++)
	{
		if (grower->count[t] == 0)
			continue;
		left += grower->count[t];
		split.threshold = (uint8_t) t;
		try_threshold(grower, task->total, left, split, best);
	}
	memset(grower->count, 0, (size_t) (values + 2) * sizeof(Count));
}

static void
search_sparse(Grower *grower, const Task *task, const uint8_t *code, Split split, Split *best)
{
	int32_t		values = grower->codes->codes[split.feature] - 2;
	const Entry *entry = grower->entry + task->first;
	uint64_t	present[SF_TREE_CODES / 64] = {0};
	Count		left = 0;

	for (int64_t i = 0; i < task->entries; i++)
	{
		uint8_t		c = code[(uint32_t) entry[i]];

		grower->count[c] += count_of(entry[i]);
		present[c / 64] |= UINT64_C(1) << (c % 64);
	}
	try_threshold(grower, task->total, 0, split, best);
	for (int32_t k = 0; k < SF_TREE_CODES / 64; k++)
		for (uint64_t left_over = present[k]; left_over != 0; left_over &= left_over - 1)
		{
			int32_t		t = k * 64 + __builtin_ctzll(left_over);

			if (t == SF_CODE_MISSING || t >= values)
				continue;
			left += grower->count[t];
			split.threshold = (uint8_t) t;
			try_threshold(grower, task->total, left, split, best);
		}
	for (int32_t k = 0; k < SF_TREE_CODES / 64; k++)
		for (uint64_t left_over = present[k]; left_over != 0; left_over &= left_over - 1)
			grower->count[k * 64 + __builtin_ctzll(left_over)] = 0;
}

/* The best split among features drawn one by one, until enough were tried and one of them splits. */
static Split
search(Grower *grower, const Task *task)
{
	double		least = worth(task->total) * (1 + LEAST_GAIN);
	Split		best = {.worth = least};

	for (int32_t j = 0; j < grower->variable && (j < grower->tried || !(best.worth > least)); j++)
	{
		Split		split = {0};
		const uint8_t *code;

		sf_features_draw(&grower->rng, grower->varying + j, grower->variable - j, 1);
		split.feature = grower->varying[j];
		code = grower->column + (size_t) split.feature * (size_t) grower->codes->rows;
		if (task->entries * SPARSE < grower->codes->codes[split.feature])
			search_sparse(grower, task, code, split, &best);
		else
			search_dense(grower, task, code, split, &best);
		grower->looked += task->entries + 16;
	}
	if (!(best.worth > least))
		best.worth = 0;
	return best;
}

/* Entries that go left stay, the others move behind them. Returns how many stay. */
static int64_t
part_entries(Entry *entry, Entry *aside, int64_t n, const uint8_t *code, const uint8_t *right)
{
	int64_t		l = 0;
	int64_t		r = 0;

	for (int64_t i = 0; i < n; i++)
	{
		Entry		one = entry[i];
		uint8_t		side = right[code[(uint32_t) one]];

		entry[l] = one;
		aside[r] = one;
		l += 1 - side;
		r += side;
	}
	memcpy(entry + l, aside, (size_t) r * sizeof *entry);
	return l;
}

/* Can this node be split at all? */
static bool
can_split(const Grower *grower, const Task *task)
{
	return task->depth < grower->options.depth && weight_of(task->total) >= 2 * grower->least &&
		won_of(task->total) > 0 && won_of(task->total) < weight_of(task->total);
}

/* Turns *task into its left child, and writes the right one. */
static void
part_task(Grower *grower, const Split *split, SfNode *node, Task *task, Task *other)
{
	uint8_t		right[SF_TREE_CODES];
	int64_t		stay;

	node->feature = split->feature;
	node->threshold = split->threshold;
	node->missing_left = split->missing_left;
	node->unseen_left = split->unseen_left;
	sf_node_sides(node, grower->codes->codes[split->feature], right);
	stay = part_entries(grower->entry + task->first, grower->aside, task->entries,
						grower->column + (size_t) split->feature * (size_t) grower->codes->rows, right);
	grower->looked += task->entries;
	other->first = task->first + stay;
	other->entries = task->entries - stay;
	other->total = task->total - split->left;
	other->depth = ++task->depth;
	task->entries = stay;
	task->total = split->left;
}

/* One tree, left subtrees first, so that nodes come in their final order. */
static SfStatus
grow_tree(Grower *grower)
{
	Task		todo[SF_MAX_DEPTH + 1];
	Task		task = {.entries = grower->entries, .parent = -1};
	int32_t		waiting = 0;

	for (int64_t i = 0; i < grower->entries; i++)
		task.total += count_of(grower->entry[i]);
	grower->nodes = 0;
	grower->deepest = 0;
	for (;;)
	{
		int32_t		at = grower->nodes++;
		SfNode	   *node = &grower->node[at];
		Split		split = {0};

		*node = (SfNode) {.feature = -1};
		if (task.parent >= 0)
			grower->node[task.parent].right = at;
		if (can_split(grower, &task))
			split = search(grower, &task);
		if (split.worth > 0)
		{
			node->left = at + 1;
			part_task(grower, &split, node, &task, &todo[waiting]);
			todo[waiting++].parent = at;
			task.parent = -1;
		}
		else
		{
			node->cover = (double) weight_of(task.total);
			grower->deepest = task.depth > grower->deepest ? task.depth : grower->deepest;
			node->left = (int32_t) won_of(task.total);
			if (waiting == 0)
				return SF_OK;
			task = todo[--waiting];
		}
		if (grower->looked >= POLL_ENTRIES)
		{
			grower->looked = 0;
			if (sf_cancelled(grower->ctx))
				return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
}

/* Nodes into the arena, and what follows from the leaves. */
static SfStatus
keep_tree(SfArena *arena, const Grower *grower, SfTree *tree)
{
	SfNode	   *node = sf_arena_take(arena, (size_t) grower->nodes, sizeof(SfNode));

	if (node == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(node, grower->node, (size_t) grower->nodes * sizeof(SfNode));
	tree->nodes = grower->nodes;
	tree->depth = grower->deepest;
	sf_tree_shrink(node, tree, grower->options.smoothing);
	return SF_OK;
}

/* Adds a tree's leaves for the deals it did not see: aside's bytes mark those it saw. */
static SfStatus
add_out_of_bag(Grower *grower, const SfTree *tree, double *sum, int32_t *votes)
{
	const SfCodes *codes = grower->codes;
	uint8_t    *seen = (uint8_t *) grower->aside;

	memset(seen, 0, (size_t) codes->rows);
	for (int64_t i = 0; i < grower->entries; i++)
		seen[(uint32_t) grower->entry[i]] = 1;
	for (int64_t r = 0; r < codes->rows; r++)
	{
		if (r % (POLL_ENTRIES / 16) == POLL_ENTRIES / 16 - 1 && sf_cancelled(grower->ctx))
			return sf_fail(grower->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (seen[r])
			continue;
		sum[r] += tree->node[sf_tree_leaf(tree, codes->codes, codes->code + (size_t) r * (size_t) codes->features)].value;
		votes[r]++;
	}
	return SF_OK;
}

static SfStatus
check_options(SfCtx *ctx, const SfCodes *codes, const SfForestOptions *options)
{
	if (options->trees < 1 || options->trees > SF_MAX_TREES)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "trees must be between 1 and 5000", options->trees);
	if (options->depth < 1 || options->depth > SF_MAX_DEPTH)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "depth must be between 1 and 32", options->depth);
	if (!(options->least_rows >= 1 && options->least_rows <= SF_MAX_ROWS))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "least rows of a leaf must be between 1 and 500000000", options->least_rows);
	if (!(options->smoothing >= 0 && options->smoothing <= SF_MAX_ROWS))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "smoothing must be between 0 and 500000000", options->smoothing);
	if (options->features < 0)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "features tried at a split must be 0 or more", options->features);
	if (codes->rows < 1)
		return sf_fail(ctx, SF_BAD_DATA, "there are no deals to train on");
	if (codes->rows > SF_MAX_ROWS)
		return sf_fail(ctx, SF_TOO_LARGE, "trees can be trained on at most 500000000 deals");
	return SF_OK;
}

static SfStatus
start_grower(SfArena *arena, const SfCodes *codes, SfForestOptions options, Grower *grower)
{
	size_t		rows = (size_t) codes->rows;
	size_t		leaves;
	SfStatus	status;

	*grower = (Grower) {.ctx = arena->ctx, .codes = codes, .options = options};
	grower->least = (int64_t) ceil(options.least_rows);
	grower->tried = options.features > 0 ? options.features : (int32_t) ceil(sqrt(codes->features));
	grower->varying = sf_arena_take(arena, (size_t) codes->features, sizeof(int32_t));
	if (grower->varying == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_columns_make(arena, codes, &grower->column);
	if (status == SF_OK)
		status = sf_features_varying(arena->ctx, codes, grower->column, grower->varying, &grower->variable);
	if (status != SF_OK)
		return status;
	/* weights count: a leaf of least rows may hold fewer deals, but never less than one */
	leaves = MAX_WEIGHT * rows / (size_t) grower->least + 1;
	if (leaves > rows)
		leaves = rows;
	grower->entry = sf_arena_take(arena, rows, sizeof(Entry));
	grower->aside = sf_arena_take(arena, rows, sizeof(Entry));
	grower->node = sf_arena_take(arena, 2 * leaves, sizeof(SfNode));
	if (grower->entry == NULL || grower->aside == NULL || grower->node == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

SfStatus
sf_forest_fit(SfArena *arena, const SfCodes *codes, SfForestOptions options,
			  double *out_of_bag, SfTrees *model)
{
	SfStatus	status = check_options(arena->ctx, codes, &options);
	double		base;
	Grower	   *grower;
	SfTree	   *tree;
	int32_t    *votes = NULL;
	double	   *sum = NULL;
	SfRng		seeds;

	if (status != SF_OK)
		return status;
	if (options.smoothing == 0)
		options.smoothing = SF_SMOOTHING;
	tree = sf_arena_take(arena, (size_t) options.trees, sizeof(SfTree));
	grower = sf_arena_take(arena, 1, sizeof(Grower));
	if (out_of_bag != NULL)
	{
		votes = sf_arena_take(arena, (size_t) codes->rows, sizeof(int32_t));
		sum = sf_arena_take(arena, (size_t) codes->rows, sizeof(double));
	}
	if (tree == NULL || grower == NULL || (out_of_bag != NULL && (votes == NULL || sum == NULL)))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = start_grower(arena, codes, options, grower);
	base = sf_base_log_odds(codes);
	for (int64_t r = 0; out_of_bag != NULL && r < codes->rows; r++)
	{
		sum[r] = 0;
		votes[r] = 0;
	}
	sf_rng_seed(&seeds, options.seed);
	for (int32_t t = 0; status == SF_OK && t < options.trees; t++)
	{
		sf_rng_seed(&grower->rng, sf_rng_next(&seeds));
		draw(grower);
		status = sf_poll(arena->ctx);
		if (status == SF_OK)
			status = grow_tree(grower);
		if (status == SF_OK)
			status = keep_tree(arena, grower, &tree[t]);
		if (status == SF_OK && out_of_bag != NULL)
			status = add_out_of_bag(grower, &tree[t], sum, votes);
	}
	if (status != SF_OK)
		return status;
	for (int64_t r = 0; out_of_bag != NULL && r < codes->rows; r++)
		out_of_bag[r] = votes[r] > 0 ? sum[r] / votes[r] : NAN;
	*model = (SfTrees) {.mean = true, .base = base, .smoothing = options.smoothing, .trees = options.trees, .tree = tree,
		.features = codes->features, .rows = codes->rows};
	return SF_OK;
}
