/*
 * shap.c
 *		What each feature adds to a prediction of trees.
 *
 * Small trees are read from tables (shap_table.c), as far as they fit into
 * TABLE_BYTES; the others are walked (shap_walk.c), and so are all for a deal with
 * unseen categories.  Those add 0: what they would say is never known, so each
 * node that asks for one gives the mean of its sides, as in prediction.
 *
 * A forest's values add up to its win rate r.  With b the rate of an average deal
 * and s their sum, each is multiplied by
 *
 *	(L(r) - L(b)) / s,	L(x) = log(x / (1 - x)),
 *
 * so that they add up in log-odds; the limit at s = 0 is 1 / (b (1 - b)).
 */
#include "core/winprob/shap.h"

#include <math.h>

#include "core/base/logit.h"
#include "core/winprob/shap_table.h"
#include "core/winprob/shap_walk.h"
#include "core/winprob/tree_walk.h"

#define TABLE_BYTES (INT64_C(64) << 20)
#define TREE_BYTES (INT64_C(1) << 20)

struct SfShap
{
	const SfTrees *model;
	const int32_t *codes;
	double		expected;		/* sum of the trees' values for an average deal */
	double		baseline;		/* in log-odds */
	int32_t		groups;
	const SfShapGroup *group;
	int32_t		walked;			/* trees without tables */
	int32_t    *walked_tree;
	SfShapWalk *walk;
};

/* Leaf values weighted by the shares of training deals on the way to them. */
static double
expected_value(const SfTree *tree)
{
	double		sum = 0.0;

	for (int32_t n = 0; n < tree->nodes; n++)
		if (tree->node[n].feature < 0)
			sum += tree->node[n].value * (tree->node[n].cover / tree->node[0].cover);
	return sum;
}

static double
bounded_rate(const SfTrees *model, double rate)
{
	double		least = 0.5 / ((double) model->rows + 1.0);

	return fmin(fmax(rate, least), 1.0 - least);
}

/* Groups of one tree, kept in runs until all are known. */
typedef struct Run
{
	struct Run *next;
	SfShapGroup *group;
	int32_t		groups;
} Run;

static SfStatus
make_tables(SfArena *arena, SfShap *shap, Run **runs)
{
	const SfTrees *model = shap->model;
	int64_t		share = TABLE_BYTES / (model->trees < 1 ? 1 : model->trees);
	SfArena		scratch;
	SfShapPlan *plan;
	Run		  **end = runs;

	sf_arena_init(&scratch, arena->ctx);
	plan = sf_shap_plan(&scratch);
	if (plan == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < model->trees; t++)
	{
		Run		   *run = sf_arena_take(arena, 1, sizeof *run);
		SfStatus	status;

		if (run == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		*run = (Run) {0};
		status = sf_shap_table_make(arena, &scratch, plan, &model->tree[t], shap->codes,
									share < TREE_BYTES ? share : TREE_BYTES, &run->group, &run->groups);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
		shap->groups += run->groups;
		if (run->groups == 0 && model->tree[t].nodes > 1)
			shap->walked_tree[shap->walked++] = t;
		*end = run;
		end = &run->next;
	}
	return SF_OK;
}

/* For trees without tables, and for all of them when a category is unseen. */
static SfStatus
make_walk(SfArena *arena, SfShap *shap)
{
	int32_t		depth = 0;

	for (int32_t t = 0; t < shap->model->trees; t++)
	{
		const SfTree *tree = &shap->model->tree[t];

		depth = tree->depth > depth ? tree->depth : depth;
	}
	return sf_shap_walk_make(arena, depth, shap->model->features, &shap->walk);
}

SfStatus
sf_shap_prepare(SfArena *arena, const SfTrees *model, const int32_t *codes, const SfShap **shap)
{
	SfShap	   *s = sf_arena_take(arena, 1, sizeof *s);
	int32_t    *walked = sf_arena_take(arena, (size_t) model->trees, sizeof *walked);
	SfShapGroup *group;
	Run		   *runs = NULL;
	int32_t		n = 0;
	SfStatus	status;

	if (s == NULL || walked == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*s = (SfShap) {.model = model, .codes = codes, .walked_tree = walked};
	status = make_tables(arena, s, &runs);
	if (status == SF_OK)
		status = make_walk(arena, s);
	if (status != SF_OK)
		return status;
	group = sf_arena_take(arena, (size_t) s->groups, sizeof *group);
	if (group == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (; runs != NULL; runs = runs->next)
		for (int32_t k = 0; k < runs->groups; k++)
			group[n++] = runs->group[k];
	s->group = group;
	for (int32_t t = 0; t < model->trees; t++)
		s->expected += expected_value(&model->tree[t]);
	s->baseline = model->mean && model->trees > 0 ? sf_logit(bounded_rate(model, s->expected / model->trees)) :
		model->base + s->expected;
	*shap = s;
	return SF_OK;
}

double
sf_shap_baseline(const SfShap *shap)
{
	return shap->baseline;
}

/* How many log-odds one unit of rate is worth, over the sum of all contributions. */
static double
log_odds_per_rate(const SfShap *shap, double sum)
{
	double		average = shap->expected / shap->model->trees;
	double		from = bounded_rate(shap->model, average);
	double		to = bounded_rate(shap->model, average + sum);

	if (sum == 0.0)
		return 1.0 / (from * (1.0 - from));
	/* without a bound in between the difference is known better than its ends */
	if (from == average && to == average + sum)
		return (sf_log1p(sum / from) - sf_log1p(-sum / (1.0 - from))) / sum;
	return (sf_logit(to) - sf_logit(from)) / sum;
}

static double
sum_of(const double *x, int32_t n)
{
	double		sum = 0.0;

	for (int32_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

double
sf_shap_values(const SfShap *shap, const uint8_t *code, double *contribution)
{
	int32_t		features = shap->model->features;

	for (int32_t f = 0; f < features; f++)
		contribution[f] = 0.0;
	if (sf_any_unseen(shap->codes, code, features))
		for (int32_t t = 0; t < shap->model->trees; t++)
			sf_shap_walk(shap->walk, &shap->model->tree[t], shap->codes, code, contribution);
	else
	{
		sf_shap_table_add(shap->group, shap->groups, code, contribution);
		for (int32_t k = 0; k < shap->walked; k++)
			sf_shap_walk(shap->walk, &shap->model->tree[shap->walked_tree[k]], shap->codes, code, contribution);
	}
	if (shap->model->mean && shap->model->trees > 0)
	{
		double		factor;

		for (int32_t f = 0; f < features; f++)
			contribution[f] /= shap->model->trees;
		factor = log_odds_per_rate(shap, sum_of(contribution, features));
		for (int32_t f = 0; f < features; f++)
			contribution[f] *= factor;
	}
	return shap->baseline + sum_of(contribution, features);
}
