/*
 * tree_cases.h
 *		Deals as codes that the tests of trees share.
 */
#ifndef SF_TREE_CASES_H
#define SF_TREE_CASES_H

#include "check.h"

#include "core/winprob/grow.h"

#define CASE_ROWS 3000
#define CASE_FEATURES 12

typedef struct Case
{
	SfCodes		codes;
	int32_t		limit[CASE_FEATURES];
	uint8_t		won[CASE_ROWS];
	uint8_t		code[CASE_ROWS * CASE_FEATURES];
} Case;

static const SfBoostOptions boost_usual = {.trees = 20, .leaves = 31, .depth = 32, .rate = 0.1, .ridge = 1,
	.least_rows = 5, .least_hessian = 1e-3, .row_share = 1, .feature_share = 1, .seed = 1};
static const SfForestOptions forest_usual = {.trees = 20, .depth = 32, .least_rows = 5, .seed = 1};

static void
case_init(Case *c, int64_t rows, int32_t features, const int32_t *values)
{
	for (int32_t f = 0; f < features; f++)
		c->limit[f] = values[f] + 2;
	c->codes = (SfCodes) {rows, features, c->code, c->won, c->limit};
}

/* Outcomes that depend on two features together, on a third one, and on what is missing; some unseen codes. */
static void
case_mixed(Case *c, int64_t rows, uint64_t seed)
{
	static const int32_t values[] = {254, 3, 40, 1, 7, 0};
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	case_init(c, rows, LENGTH(values), values);
	for (int64_t r = 0; r < rows; r++)
	{
		uint8_t    *code = c->code + r * LENGTH(values);
		double		p;

		for (int f = 0; f < LENGTH(values); f++)
		{
			code[f] = (uint8_t) (values[f] > 0 ? 1 + sf_rng_below(&rng, (uint64_t) values[f]) : 0);
			if (sf_rng_uniform(&rng) < 0.1)
				code[f] = SF_CODE_MISSING;
			if (sf_rng_uniform(&rng) < 0.02)
				code[f] = (uint8_t) (values[f] + 1);
		}
		p = 0.1 + 0.5 * ((code[0] > 120) != (code[1] == 2)) + 0.2 * (code[2] == SF_CODE_MISSING) + 0.1 * (code[4] > 5);
		c->won[r] = sf_rng_uniform(&rng) < p;
	}
}

UNUSED static bool
same_trees(const SfTrees *a, const SfTrees *b)
{
	if (a->trees != b->trees || a->mean != b->mean || !same_bits(a->base, b->base) || a->rows != b->rows)
		return false;
	for (int32_t t = 0; t < a->trees; t++)
	{
		if (a->tree[t].nodes != b->tree[t].nodes || a->tree[t].depth != b->tree[t].depth || a->tree[t].leaves != b->tree[t].leaves)
			return false;
		for (int32_t i = 0; i < a->tree[t].nodes; i++)
		{
			const SfNode *x = &a->tree[t].node[i];
			const SfNode *y = &b->tree[t].node[i];

			if (x->feature != y->feature || x->left != y->left || x->right != y->right || x->threshold != y->threshold ||
				x->missing_left != y->missing_left || x->unseen_left != y->unseen_left ||
				!same_bits(x->value, y->value) || !same_bits(x->cover, y->cover))
				return false;
		}
	}
	return true;
}

/* What every reader of trees relies on. */
UNUSED static void
check_shape(const SfTrees *model, const int32_t *limit)
{
	for (int32_t t = 0; t < model->trees; t++)
	{
		const SfTree *tree = &model->tree[t];
		int32_t		leaves = 0;

		for (int32_t i = 0; i < tree->nodes; i++)
		{
			const SfNode *node = &tree->node[i];
			bool		inner = node->feature >= 0;

			check(isfinite(node->value) && node->cover >= 1 && node->cover == floor(node->cover), "tree %d node %d: value %g, cover %g", t, i, node->value, node->cover);
			check(!model->mean || (node->value >= 0 && node->value <= 1), "tree %d node %d: rate %g", t, i, node->value);
			leaves += !inner;
			if (!inner)
				continue;
			check(node->feature < model->features && node->left == i + 1 && node->right > node->left && node->right < tree->nodes, "tree %d node %d: places", t, i);
			check(node->threshold == 0 ? node->missing_left : node->threshold < limit[node->feature] - 2, "tree %d node %d: threshold %d", t, i, node->threshold);
			check(node->cover == tree->node[node->left].cover + tree->node[node->right].cover, "tree %d node %d: cover", t, i);
		}
		check(leaves == tree->leaves && tree->nodes == 2 * leaves - 1 && tree->depth <= SF_MAX_DEPTH, "tree %d: counts", t);
	}
}

/* Mean log-loss of log-odds. */
UNUSED static double
loss_of(const double *log_odds, const SfCodes *codes)
{
	double		sum = 0;

	for (int64_t r = 0; r < codes->rows; r++)
		sum += log1p(exp(codes->won[r] ? -log_odds[r] : log_odds[r]));
	return sum / (double) codes->rows;
}

#endif							/* SF_TREE_CASES_H */
