/* Tests of core/winprob/shap.c, shap_table.c, shap_walk.c and quadrature.c: what each feature adds to a prediction. */
#include "check.h"

#include "core/winprob/quadrature.h"
#include "core/winprob/shap.h"
#include "core/winprob/tree_walk.h"

#define FEATURES_MAX 12
#define NODES_MAX 4001

/* Trees made at random: any shape, any flags, covers that add up. */
typedef struct Forest
{
	SfTrees		model;
	SfTree		tree[200];
	SfNode	   *node[200];
	int32_t		codes[FEATURES_MAX];
} Forest;

static void
split(SfRng *rng, const Forest *f, SfTree *tree, SfNode *node, int32_t at, int32_t features)
{
	int32_t		feature = (int32_t) sf_rng_below(rng, (uint64_t) features);
	double		share = random_between(rng, 0.02, 0.98);

	node[at].feature = feature;
	node[at].threshold = (uint8_t) sf_rng_below(rng, (uint64_t) f->codes[feature] - 2);
	node[at].missing_left = node[at].threshold == 0 || sf_rng_below(rng, 2);
	node[at].unseen_left = sf_rng_below(rng, 2);
	node[at].left = tree->nodes++;
	node[at].right = tree->nodes++;
	for (int side = 0; side < 2; side++)
	{
		int32_t		child = side ? node[at].right : node[at].left;

		node[child] = (SfNode) {
			.feature = -1, .left = -1, .right = -1, .value = f->model.mean ? sf_rng_uniform(rng) : sf_rng_normal(rng) / 10,
			.cover = node[at].cover * (side ? 1 - share : share)
		};
	}
}

/* chain: always the newest leaf is split, so that the tree is as deep as it has leaves. */
static void
grow(SfRng *rng, Forest *f, int32_t t, int32_t leaves, int32_t features, bool chain, int32_t depth_max)
{
	SfTree	   *tree = &f->tree[t];
	SfNode	   *node = malloc(NODES_MAX * sizeof(SfNode));
	int32_t    *depth = calloc(NODES_MAX, sizeof(int32_t));

	node[0] = (SfNode) {.feature = -1, .left = -1, .right = -1, .value = 0.4, .cover = 1000};
	*tree = (SfTree) {.nodes = 1, .leaves = 1, .node = node};
	for (int turn = 0; turn < 50 * leaves && tree->leaves < leaves; turn++)
	{
		int32_t		at = chain ? tree->nodes - 1 : (int32_t) sf_rng_below(rng, (uint64_t) tree->nodes);

		if (node[at].feature >= 0 || depth[at] >= depth_max)
			continue;
		split(rng, f, tree, node, at, features);
		depth[node[at].left] = depth[node[at].right] = depth[at] + 1;
		tree->depth = depth[at] + 1 > tree->depth ? depth[at] + 1 : tree->depth;
		tree->leaves++;
	}
	free(depth);
	f->node[t] = node;
}

static Forest *
make_forest(uint64_t seed, bool mean, int32_t trees, int32_t leaves, int32_t features, bool chain)
{
	Forest	   *f = calloc(1, sizeof *f);
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	for (int i = 0; i < FEATURES_MAX; i++)
		f->codes[i] = 3 + (int32_t) sf_rng_below(&rng, 30);
	f->model = (SfTrees) {.mean = mean, .base = mean ? 0 : -0.7, .trees = trees, .tree = f->tree, .features = features, .rows = 5000};
	for (int32_t t = 0; t < trees; t++)
		grow(&rng, f, t, leaves, features, chain, SF_MAX_DEPTH);
	return f;
}

static void
free_forest(Forest *f)
{
	for (int32_t t = 0; t < f->model.trees; t++)
		free(f->node[t]);
	free(f);
}

static void
draw_code(SfRng *rng, const Forest *f, uint8_t *code)
{
	for (int32_t i = 0; i < f->model.features; i++)
		code[i] = (uint8_t) sf_rng_below(rng, (uint64_t) f->codes[i]);
}

/* What a node expects when only the features of the set are known: others, and unseen ones, go both ways, by cover. */
static double
expected(const Forest *f, const SfNode *node, int32_t at, uint32_t set, const uint8_t *code)
{
	const SfNode *n = &node[at];

	if (n->feature < 0)
		return n->value;
	if ((set >> n->feature & 1) != 0 && code[n->feature] < f->codes[n->feature] - 1)
		return expected(f, node, sf_goes_right(n, f->codes[n->feature], code[n->feature]) ? n->right : n->left, set, code);
	return (expected(f, node, n->left, set, code) * node[n->left].cover + expected(f, node, n->right, set, code) * node[n->right].cover) / n->cover;
}

static double
value_of(const Forest *f, uint32_t set, const uint8_t *code)
{
	double		sum = f->model.base;

	for (int32_t t = 0; t < f->model.trees; t++)
		sum += expected(f, f->node[t], 0, set, code) / (f->model.mean ? f->model.trees : 1);
	return sum;
}

/* Shapley's formula over all subsets. */
static void
brute_force(const Forest *f, const uint8_t *code, double *value)
{
	int32_t		n = f->model.features;
	double	   *of_set = malloc(sizeof(double) << n);

	for (uint32_t set = 0; set < 1u << n; set++)
		of_set[set] = value_of(f, set, code);
	for (int32_t i = 0; i < n; i++)
	{
		value[i] = 0;
		for (uint32_t set = 0; set < 1u << n; set++)
			if ((set >> i & 1) == 0)
			{
				int			size = __builtin_popcount(set);

				value[i] += exp(lgamma(size + 1) + lgamma(n - size) - lgamma(n + 1)) * (of_set[set | 1u << i] - of_set[set]);
			}
	}
	free(of_set);
}

static const SfShap *
prepare(Host *host, const Forest *f)
{
	const SfShap *shap = NULL;
	SfArena		arena;

	sf_arena_init(&arena, &host->ctx);
	check(sf_shap_prepare(&arena, &f->model, f->codes, &shap) == SF_OK, "prepare");
	return shap;
}

static void
test_by_hand(void)
{
	/* x0 <= 1 ? 10 : (x1 <= 1 ? 20 : 30); shares 1/2, then 1/4 and 3/4 */
	static const SfNode node[] = {
		{0, 1, true, true, 1, 2, 0, 80}, {-1, 0, false, false, -1, -1, 10, 40}, {1, 1, true, true, 3, 4, 0, 40},
		{-1, 0, false, false, -1, -1, 20, 10}, {-1, 0, false, false, -1, -1, 30, 30}
	};
	static const SfTree tree = {5, 3, 2, node};
	static const SfTrees model = {.base = 1, .trees = 1, .tree = &tree, .features = 3, .rows = 80};
	static const int32_t codes[] = {4, 4, 4};
	static const uint8_t code[] = {2, 1, 2};
	double		value[3];
	SfQuadrature q;
	const SfShap *shap = NULL;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("a case by hand");
	check(sf_shap_prepare(&arena, &model, codes, &shap) == SF_OK, "prepare");
	/* v() = 18.75, v(0) = 27.5, v(1) = 15, v(01) = 20 */
	check(close_to(sf_shap_baseline(shap), 19.75, 1e-12, 0), "baseline %g", sf_shap_baseline(shap));
	check(close_to(sf_shap_values(shap, code, value), 21, 1e-12, 0), "prediction");
	check(close_to(value[0], (8.75 + 5) / 2, 1e-12, 0) && close_to(value[1], (-3.75 - 7.5) / 2, 1e-12, 0) && value[2] == 0, "values %g, %g, %g", value[0], value[1], value[2]);
	host_free(&host);
	done();

	group("quadrature is exact for the degrees it promises");
	for (int n = 1; n <= SF_QUADRATURE_MAX; n++)
	{
		sf_quadrature_make(n, &q);
		for (int degree = 0; degree < 2 * n; degree++)
		{
			double		sum = 0;

			for (int i = 0; i < n; i++)
				sum += q.weight[i] * pow(q.at[i], degree);
			check(close_to(sum, 1.0 / (degree + 1), 1e-15, 1e-13), "%d points, degree %d: %.17g", n, degree, sum);
		}
		for (int i = 0; i < n; i++)
			check(q.at[i] > 0 && q.at[i] < 1 && q.weight[i] > 0 && (i == 0 || q.at[i - 1] < q.at[i]), "points");
	}
	done();
}

static void
test_brute_force(void)
{
	static const struct
	{
		int			leaves;
		int			features;
		bool		chain;
	}			cases[] = {{1, 3, false}, {2, 3, false}, {5, 4, false}, {20, 6, false}, {31, 8, false}, {31, 8, true}, {64, 5, false}, {33, 3, true}, {150, 9, false}};
	SfRng		rng;

	sf_rng_seed(&rng, 41);
	group("boosted: Shapley values over all subsets, by table and by walking; a feature that is not asked gets 0");
	for (int k = 0; k < LENGTH(cases); k++)
	{
		Forest	   *f = make_forest(100 + (uint64_t) k, false, 3, cases[k].leaves, cases[k].features, cases[k].chain);
		double		value[FEATURES_MAX];
		double		wanted[FEATURES_MAX];
		uint8_t		code[FEATURES_MAX];
		const SfShap *shap;
		Host		host;

		/* one more that no tree knows */
		f->model.features++;
		host_init(&host);
		shap = prepare(&host, f);
		for (int turn = 0; turn < 12; turn++)
		{
			double		sum;

			draw_code(&rng, f, code);
			sum = sf_shap_values(shap, code, value);
			brute_force(f, code, wanted);
			for (int i = 0; i < f->model.features; i++)
				check(close_to(value[i], wanted[i], 1e-10, 0), "case %d, feature %d: %.15g, wanted %.15g", k, i, value[i], wanted[i]);
			check(value[f->model.features - 1] == 0, "a feature no tree knows");
			check(close_to(sum, value_of(f, UINT32_MAX, code), 1e-12, 0) && close_to(sf_shap_baseline(shap), value_of(f, 0, code), 1e-12, 0), "sum");
		}
		host_free(&host);
		free_forest(f);
	}
	done();
}

static void
test_forest(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 42);
	group("forest: in proportion to the values of the rate, and the sum is the log-odds");
	for (int k = 0; k < 8; k++)
	{
		Forest	   *f = make_forest(200 + (uint64_t) k, true, 1 + 3 * k, k % 2 ? 300 : 15, 7, false);
		double		value[FEATURES_MAX];
		double		wanted[FEATURES_MAX];
		uint8_t		code[FEATURES_MAX];
		const SfShap *shap;
		Host		host;

		host_init(&host);
		shap = prepare(&host, f);
		for (int turn = 0; turn < 6; turn++)
		{
			double		rate;
			double		average;
			double		sum;

			draw_code(&rng, f, code);
			sum = sf_shap_values(shap, code, value);
			rate = value_of(f, UINT32_MAX, code);
			average = value_of(f, 0, code);
			brute_force(f, code, wanted);
			check(close_to(sum, log(rate / (1 - rate)), 1e-11, 0), "prediction %g, wanted %g", sum, log(rate / (1 - rate)));
			check(close_to(sf_shap_baseline(shap), log(average / (1 - average)), 1e-11, 0), "baseline");
			for (int i = 0; i < 7; i++)
				check(close_to(value[i] * (rate - average), wanted[i] * (sum - sf_shap_baseline(shap)), 1e-10, 0), "shares");
		}
		host_free(&host);
		free_forest(f);
	}
	done();

	group("a forest that predicts the average, and rates of 0 and 1");
	for (int k = 0; k < 3; k++)
	{
		/* two trees that cancel; all leaves 0; all leaves 1 */
		Forest	   *f = make_forest(300, true, 2, 2, 1, false);
		double		value[1];
		double		sum;
		const SfShap *shap;
		Host		host;

		host_init(&host);
		for (int t = 0; t < 2; t++)
		{
			memcpy(f->node[t], f->node[0], 3 * sizeof(SfNode));
			f->node[t][1].value = k == 0 ? t : k - 1;
			f->node[t][2].value = k == 0 ? 1 - t : k - 1;
		}
		shap = prepare(&host, f);
		sum = sf_shap_values(shap, (const uint8_t[]) {1}, value);
		check(fabs(value[0]) < 1e-12 && isfinite(sum) && close_to(sum, k == 0 ? 0 : (k == 1 ? -1 : 1) * log(10001.0), 1e-3, 0), "case %d: %g, sum %g", k, value[0], sum);
		host_free(&host);
		free_forest(f);
	}
	done();
}

static void
test_laws(void)
{
	/* two features with the same part in the tree */
	static const SfNode node[] = {
		{0, 1, true, true, 1, 2, 0, 64}, {1, 1, true, true, 3, 4, 0, 32}, {1, 1, true, true, 5, 6, 0, 32},
		{-1, 0, false, false, -1, -1, 1, 16}, {-1, 0, false, false, -1, -1, 2, 16}, {-1, 0, false, false, -1, -1, 2, 16}, {-1, 0, false, false, -1, -1, 7, 16}
	};
	static const SfTree tree = {7, 4, 2, node};
	static const SfTrees model = {.trees = 1, .tree = &tree, .features = 2, .rows = 64};
	static const int32_t codes[] = {4, 4};
	SfRng		rng;
	SfArena		arena;
	Host		host;
	const SfShap *shap = NULL;

	group("features that do the same get the same");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_shap_prepare(&arena, &model, codes, &shap) == SF_OK, "prepare");
	for (uint8_t code = 0; code < 4; code++)
	{
		double		value[2];

		(void) sf_shap_values(shap, (const uint8_t[]) {code, code}, value);
		check(close_to(value[0], value[1], 1e-14, 0), "%g, %g", value[0], value[1]);
	}
	host_free(&host);
	done();

	sf_rng_seed(&rng, 43);
	group("large trees and many: the sum is the prediction");
	for (int k = 0; k < 4; k++)
	{
		static const int trees[] = {100, 40, 10, 200};
		static const int leaves[] = {31, 64, 2000, 12};
		Forest	   *f = make_forest(400 + (uint64_t) k, false, trees[k], leaves[k], FEATURES_MAX, false);
		double		value[FEATURES_MAX];
		double		again[FEATURES_MAX];
		uint8_t		code[FEATURES_MAX];

		host_init(&host);
		shap = prepare(&host, f);
		for (int turn = 0; turn < 20; turn++)
		{
			double		wanted = f->model.base;
			double		sum;

			draw_code(&rng, f, code);
			for (int32_t t = 0; t < f->model.trees; t++)
				wanted += sf_tree_value(&f->tree[t], f->codes, code);
			sum = sf_shap_values(shap, code, value);
			check(close_to(sum, wanted, 1e-11, 1e-11), "case %d: %.15g, wanted %.15g", k, sum, wanted);
			(void) sf_shap_values(shap, code, again);
			check(memcmp(value, again, sizeof(double) * FEATURES_MAX) == 0, "again the same");
		}
		host_free(&host);
		free_forest(f);
	}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const Forest *f = argument;
	const SfShap *shap;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_shap_prepare(&arena, &f->model, f->codes, &shap);
}

int
main(void)
{
	Forest	   *f = make_forest(500, false, 20, 31, 10, false);

	test_by_hand();
	test_brute_force();
	test_forest();
	test_laws();
	group("each refused allocation is a clean failure");
	refuse_each(work, f);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(work, f, 1);
	done();
	free_forest(f);
	return finish();
}
