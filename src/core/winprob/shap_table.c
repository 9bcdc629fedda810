/*
 * shap_table.c
 *		SHAP values of small trees, worked out beforehand.
 *
 * For each feature of a tree, a code leaves some leaves possible: a word with one
 * bit a leaf.  Codes with the same word, cut down to the leaves of a group, are
 * one case; a group's table has a row for each combination of cases.  Groups
 * start as single leaves, 2^features rows each, and neighbours are joined while
 * tables stay small: leaves that stand together share most conditions, and each
 * join saves one look-up and its additions.
 *
 * A leaf's values are those of shap_walk.c.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "core/winprob/shap_table.h"

#include <string.h>

#include "core/winprob/grow.h"
#include "core/winprob/quadrature.h"

#define LEAVES SF_TABLE_LEAVES
#define NODES (2 * LEAVES - 1)
#define ROWS_MAX 65535			/* row numbers fit 16 bits */
#define LEAF_FEATURES_MAX 14

/* Groups grow up to this size of their tables; ours, by timing. */
#define GROUP_BYTES 32768

/* Groups looked up together, so that their rows are on the way from memory at the same time. */
#define AHEAD 32

struct SfShapPlan
{
	int32_t		leaves;
	int32_t		features;		/* that the tree asks for */
	int32_t		feature[LEAVES];
	int32_t		codes[LEAVES];
	uint64_t	possible[LEAVES][SF_TREE_CODES];	/* leaves by feature and code */
	int32_t		cases[LEAVES];	/* distinct words of a feature */
	uint64_t	word[LEAVES][SF_TREE_CODES];
	double		value[LEAVES];	/* of a leaf */
	uint64_t	uses[LEAVES];	/* of a leaf: features on its path, as bits */
	double		share[LEAVES][LEAVES];	/* z by leaf and feature */
	/* by node, while reading the tree */
	uint64_t	under[NODES];	/* leaves below */
	uint64_t	path[NODES];
	double		node_share[NODES][LEAVES];
};

SfShapPlan *
sf_shap_plan(SfArena *arena)
{
	return sf_arena_take(arena, 1, sizeof(SfShapPlan));
}

static int32_t
local_feature(SfShapPlan *p, int32_t feature, int32_t codes)
{
	for (int32_t f = 0; f < p->features; f++)
		if (p->feature[f] == feature)
			return f;
	p->feature[p->features] = feature;
	p->codes[p->features] = codes;
	for (int c = 0; c < SF_TREE_CODES; c++)
		p->possible[p->features][c] = ~UINT64_C(0);
	return p->features++;
}

/* Down the tree: features of the path and their shares; leaves in the order they stand in. */
static void
read_paths(SfShapPlan *p, const SfTree *tree, const int32_t *codes)
{
	p->leaves = p->features = 0;
	p->path[0] = 0;
	for (int f = 0; f < LEAVES; f++)
		p->node_share[0][f] = 1.0;
	for (int32_t n = 0; n < tree->nodes; n++)
	{
		const SfNode *node = &tree->node[n];
		int32_t		f;

		if (node->feature < 0)
		{
			p->value[p->leaves] = node->value;
			p->uses[p->leaves] = p->path[n];
			memcpy(p->share[p->leaves], p->node_share[n], sizeof p->share[0]);
			p->under[n] = UINT64_C(1) << p->leaves++;
			continue;
		}
		f = local_feature(p, node->feature, codes[node->feature]);
		for (int side = 0; side < 2; side++)
		{
			int32_t		child = side == 0 ? node->left : node->right;

			p->path[child] = p->path[n] | UINT64_C(1) << f;
			memcpy(p->node_share[child], p->node_share[n], sizeof p->node_share[0]);
			p->node_share[child][f] *= tree->node[child].cover / node->cover;
		}
	}
}

/* Back up: which leaves each code leaves possible. */
static void
read_codes(SfShapPlan *p, const SfTree *tree)
{
	for (int32_t n = tree->nodes - 1; n >= 0; n--)
	{
		const SfNode *node = &tree->node[n];
		int32_t		f;

		if (node->feature < 0)
			continue;
		f = local_feature(p, node->feature, 0);
		p->under[n] = p->under[node->left] | p->under[node->right];
		for (int c = 0; c < p->codes[f]; c++)
			p->possible[f][c] &= ~p->under[sf_goes_right(node, p->codes[f], (uint8_t) c) ? node->left : node->right];
	}
}

/* Distinct words of list[n] within the set, in the order met; at most n. */
static int32_t
distinct(const uint64_t *list, int32_t n, uint64_t set, uint64_t *word)
{
	int32_t		found = 0;

	for (int32_t i = 0; i < n; i++)
	{
		int32_t		k = 0;

		while (k < found && word[k] != (list[i] & set))
			k++;
		word[k] = list[i] & set;
		found += k == found;
	}
	return found;
}

/* A group while groups are joined. */
typedef struct Draft
{
	uint64_t	set;			/* of leaves */
	uint64_t	uses;			/* features */
	int32_t		slots;
	int64_t		rows;			/* beyond ROWS_MAX: too many */
	int64_t		bytes;
} Draft;

static Draft
draft(const SfShapPlan *p, uint64_t set, uint64_t uses)
{
	Draft		d = {.set = set, .uses = uses, .rows = 1, .bytes = sizeof(SfShapGroup)};
	uint64_t	word[SF_TREE_CODES];

	for (int32_t f = 0; f < p->features && d.rows <= ROWS_MAX; f++)
		if ((uses >> f & 1) != 0)
		{
			d.rows *= distinct(p->word[f], p->cases[f], set, word);
			d.bytes += (int64_t) sizeof(SfShapSlot) + p->codes[f] * (int64_t) sizeof(uint16_t);
			d.slots++;
		}
	d.bytes += d.rows * d.slots * (int64_t) sizeof(double);
	return d;
}

static bool
may_join(const Draft *a, const Draft *b, const Draft *both, int64_t total, int64_t bytes)
{
	if (both->rows > ROWS_MAX)
		return false;
	return both->bytes <= a->bytes + b->bytes ||
		(both->bytes <= GROUP_BYTES && total + both->bytes - a->bytes - b->bytes <= bytes);
}

/* Joins neighbours, the smallest pair first; returns how many groups are left, 0 when they are too large. */
static int32_t
join_groups(const SfShapPlan *p, Draft *group, int64_t bytes)
{
	Draft		pair[LEAVES];	/* group k joined with k + 1 */
	int32_t		n = p->leaves;
	int64_t		total = 0;

	for (int32_t k = 0; k < n; k++)
	{
		group[k] = draft(p, UINT64_C(1) << k, p->uses[k]);
		if (group[k].rows > ROWS_MAX || group[k].slots > LEAF_FEATURES_MAX)
			return 0;
		total += group[k].bytes;
	}
	for (int32_t k = 0; k + 1 < n; k++)
		pair[k] = draft(p, group[k].set | group[k + 1].set, group[k].uses | group[k + 1].uses);
	for (;;)
	{
		int32_t		best = -1;

		for (int32_t k = 0; k + 1 < n; k++)
			if (may_join(&group[k], &group[k + 1], &pair[k], total, bytes) && (best < 0 || pair[k].bytes < pair[best].bytes))
				best = k;
		if (best < 0)
			break;
		total += pair[best].bytes - group[best].bytes - group[best + 1].bytes;
		group[best] = pair[best];
		n--;
		memmove(&group[best + 1], &group[best + 2], (size_t) (n - best - 1) * sizeof(Draft));
		memmove(&pair[best], &pair[best + 1], (size_t) (n - best - 1) * sizeof(Draft));
		for (int32_t k = best - 1; k <= best; k++)
			if (k >= 0 && k + 1 < n)
				pair[k] = draft(p, group[k].set | group[k + 1].set, group[k].uses | group[k + 1].uses);
	}
	return total <= bytes ? n : 0;
}

/* Values of one leaf for each pattern of satisfied features: value[pattern * features + j]. */
static void
leaf_values(double leaf, const double *share, int32_t features, double *value)
{
	double		factor[LEAF_FEATURES_MAX][2][LEAF_FEATURES_MAX];
	SfQuadrature q;

	sf_quadrature_make((features + 1) / 2, &q);
	for (int32_t j = 0; j < features; j++)
		for (int o = 0; o < 2; o++)
			for (int32_t k = 0; k < q.points; k++)
				factor[j][o][k] = q.at[k] * o + (1.0 - q.at[k]) * share[j];
	for (int32_t pattern = 0; pattern < 1 << features; pattern++)
	{
		double		product[LEAF_FEATURES_MAX];

		for (int32_t k = 0; k < q.points; k++)
		{
			product[k] = leaf * q.weight[k];
			for (int32_t j = 0; j < features; j++)
				product[k] *= factor[j][pattern >> j & 1][k];
		}
		for (int32_t j = 0; j < features; j++)
		{
			int			o = pattern >> j & 1;
			double		sum = 0.0;

			for (int32_t k = 0; k < q.points; k++)
				sum += product[k] / factor[j][o][k];
			value[pattern * features + j] = (o - share[j]) * sum;
		}
	}
}

/* The cases of a group, slot by slot. */
typedef struct Cases
{
	int32_t		slots;
	int32_t		feature[LEAVES];	/* of the plan */
	int32_t		cases[LEAVES];
	uint64_t	word[LEAVES][SF_TREE_CODES];
} Cases;

/* Adds one leaf to the rows of its group. */
static void
add_leaf(const SfShapPlan *p, const Cases *c, int32_t leaf, int64_t rows, double *scratch, double *value)
{
	int32_t		slot_of[LEAF_FEATURES_MAX];
	double		share[LEAF_FEATURES_MAX];
	int32_t		digit[LEAVES] = {0};
	int32_t		features = 0;

	for (int32_t s = 0; s < c->slots; s++)
		if ((p->uses[leaf] >> c->feature[s] & 1) != 0)
		{
			slot_of[features] = s;
			share[features++] = p->share[leaf][c->feature[s]];
		}
	leaf_values(p->value[leaf], share, features, scratch);
	for (int64_t row = 0; row < rows; row++)
	{
		int32_t		pattern = 0;
		int32_t		s = 0;

		for (int32_t j = 0; j < features; j++)
			pattern |= (int32_t) (c->word[slot_of[j]][digit[slot_of[j]]] >> leaf & 1) << j;
		for (int32_t j = 0; j < features; j++)
			value[row * c->slots + slot_of[j]] += scratch[pattern * features + j];
		/* the first slot runs fastest */
		while (s < c->slots && ++digit[s] == c->cases[s])
			digit[s++] = 0;
	}
}

static SfStatus
fill_group(SfArena *arena, SfArena *scratch, const SfShapPlan *p, const Draft *d, SfShapGroup *group)
{
	SfShapSlot *slot = sf_arena_take(arena, (size_t) d->slots, sizeof(SfShapSlot));
	double	   *value = sf_arena_take(arena, (size_t) (d->rows * d->slots), sizeof(double));
	Cases	   *c = sf_arena_take(scratch, 1, sizeof *c);
	double	   *leaf_table = sf_arena_take(scratch, (size_t) LEAF_FEATURES_MAX << LEAF_FEATURES_MAX, sizeof(double));
	int32_t		stride = 1;

	if (slot == NULL || value == NULL || c == NULL || leaf_table == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	c->slots = 0;
	for (int32_t f = 0; f < p->features; f++)
		if ((d->uses >> f & 1) != 0)
		{
			int32_t		s = c->slots++;
			uint16_t   *row = sf_arena_take(arena, (size_t) p->codes[f], sizeof(uint16_t));

			if (row == NULL)
				return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
			c->feature[s] = f;
			c->cases[s] = distinct(p->word[f], p->cases[f], d->set, c->word[s]);
			for (int32_t code = 0; code < p->codes[f]; code++)
			{
				int32_t		k = 0;

				while (c->word[s][k] != (p->possible[f][code] & d->set))
					k++;
				row[code] = (uint16_t) (k * stride);
			}
			slot[s] = (SfShapSlot) {p->feature[f], row};
			stride *= c->cases[s];
		}
	for (int64_t i = 0; i < d->rows * d->slots; i++)
		value[i] = 0.0;
	for (int32_t leaf = 0; leaf < p->leaves; leaf++)
		if ((d->set >> leaf & 1) != 0)
			add_leaf(p, c, leaf, d->rows, leaf_table, value);
	*group = (SfShapGroup) {d->slots, slot, value};
	return SF_OK;
}

SfStatus
sf_shap_table_make(SfArena *arena, SfArena *scratch, SfShapPlan *plan, const SfTree *tree,
				   const int32_t *codes, int64_t bytes, SfShapGroup **group, int32_t *groups)
{
	SfArenaMark mark = sf_arena_mark(scratch);
	Draft		drafts[LEAVES];
	SfShapGroup *result;
	int32_t		n;

	*groups = 0;
	if (tree->leaves > LEAVES || tree->nodes < 3 || tree->nodes > NODES)
		return SF_OK;
	read_paths(plan, tree, codes);
	read_codes(plan, tree);
	for (int32_t f = 0; f < plan->features; f++)
		plan->cases[f] = distinct(plan->possible[f], plan->codes[f], ~UINT64_C(0), plan->word[f]);
	n = join_groups(plan, drafts, bytes);
	if (n == 0)
		return SF_OK;
	result = sf_arena_take(arena, (size_t) n, sizeof(SfShapGroup));
	if (result == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < n; k++)
	{
		SfStatus	status = fill_group(arena, scratch, plan, &drafts[k], &result[k]);

		sf_arena_rewind(scratch, mark);
		if (status != SF_OK)
			return status;
	}
	*group = result;
	*groups = n;
	return SF_OK;
}

void
sf_shap_table_add(const SfShapGroup *group, int32_t groups, const uint8_t *code, double *value)
{
	const double *row[AHEAD];

	for (int32_t first = 0; first < groups; first += AHEAD)
	{
		int32_t		n = groups - first < AHEAD ? groups - first : AHEAD;

		for (int32_t g = 0; g < n; g++)
		{
			const SfShapGroup *of = &group[first + g];
			int32_t		at = 0;

			for (int32_t s = 0; s < of->slots; s++)
				at += of->slot[s].row[code[of->slot[s].feature]];
			row[g] = of->value + (size_t) at * (size_t) of->slots;
			__builtin_prefetch(row[g]);
			__builtin_prefetch(row[g] + of->slots - 1);
		}
		for (int32_t g = 0; g < n; g++)
		{
			const SfShapGroup *of = &group[first + g];

			for (int32_t s = 0; s < of->slots; s++)
				value[of->slot[s].feature] += row[g][s];
		}
	}
}
