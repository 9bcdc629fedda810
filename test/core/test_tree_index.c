/* Tests of core/winprob/tree_index.c: the fast way gives what the plain walk gives, bit for bit. */
#include "tree_cases.h"

static Case one;
static Case other;
static double walked[CASE_ROWS];

/* Every deal of `other`, and any bytes as codes. */
static void
compare(Host *host, const SfTrees *model)
{
	SfRng		rng;
	SfArena		arena;
	const SfTreeIndex *index;

	sf_rng_seed(&rng, 5);
	sf_arena_init(&arena, &host->ctx);
	for (int64_t i = 0; i < 300 * other.codes.features; i++)
		other.code[i] = (uint8_t) sf_rng_next(&rng);
	if (!check(sf_trees_index(&arena, model, one.limit, &index) == SF_OK, "index"))
		return;
	check(sf_trees_predict(&host->ctx, model, &other.codes, walked) == SF_OK, "walk");
	for (int64_t r = 0; r < other.codes.rows; r++)
	{
		double		got = sf_trees_log_odds(index, other.code + r * other.codes.features);

		check(same_bits(got, walked[r]), "%d trees, row %d: %.17g, walked %.17g", model->trees, (int) r, got, walked[r]);
	}
}

static void
test_boosted(void)
{
	SfBoostOptions options = boost_usual;
	SfTrees		model;
	SfArena		arena;
	Host		host;

	host_init(&host);
	group("boosted trees of 2 to 32 leaves, any number of them");
	for (int trees = 1; trees < 80; trees += trees < 10 ? 1 : 11)
	{
		options.trees = trees;
		options.leaves = trees % 3 == 0 ? 32 : 2 + trees % 31;
		options.feature_share = trees % 2 == 0 ? 0.3 : 1;
		options.least_rows = 1;
		sf_arena_init(&arena, &host.ctx);
		check(sf_boost_fit(&arena, &one.codes, options, NULL, 0, NULL, &model) == SF_OK && model.trees == trees, "fit");
		compare(&host, &model);
		host_free(&host);
	}
	done();
}

static void
test_forest(void)
{
	SfForestOptions options = forest_usual;
	SfTrees		model;
	SfArena		arena;
	Host		host;

	host_init(&host);
	group("forests of small trees, and of large ones");
	for (int k = 0; k < 12; k++)
	{
		options.trees = 1 + k * 7;
		options.depth = k % 2 == 0 ? 32 : 5;
		options.least_rows = k % 3 == 0 ? 1 : 5;
		sf_arena_init(&arena, &host.ctx);
		check(sf_forest_fit(&arena, &one.codes, options, NULL, &model) == SF_OK, "fit");
		compare(&host, &model);
		host_free(&host);
	}
	done();
}

/* A tree that is one leaf; and one feature asked for by one tree of many. */
static void
test_roots(void)
{
	static const SfNode leaf = {.feature = -1, .value = -0.25, .cover = 3};
	SfTree		tree[40];
	SfTrees		model = {.base = 1, .trees = 40, .tree = tree, .features = 6, .rows = 9};
	SfNode		node[3] = {{.feature = 4, .threshold = 3, .left = 1, .right = 2, .cover = 2},
		{.feature = -1, .value = 7, .cover = 1}, {.feature = -1, .value = 0.1, .cover = 1}};
	Host		host;

	for (int t = 0; t < 40; t++)
		tree[t] = (SfTree) {1, 1, 0, &leaf};
	tree[35] = (SfTree) {3, 2, 1, node};
	host_init(&host);
	group("roots without children, features that hardly any tree asks for");
	compare(&host, &model);
	model.mean = true;
	compare(&host, &model);
	host_free(&host);
	done();
}

/* So many trees that tables would be too large: walked, with the same result. */
static void
test_too_large_a_table(void)
{
	static SfTree tree[SF_MAX_TREES];
	static int32_t limit[SF_MAX_FEATURES];
	static uint8_t code[SF_MAX_FEATURES];
	SfNode		node[3] = {{.feature = 499, .threshold = 3, .left = 1, .right = 2, .cover = 2},
		{.feature = -1, .value = 7, .cover = 1}, {.feature = -1, .value = 0.1, .cover = 1}};
	SfTrees		model = {.trees = SF_MAX_TREES, .tree = tree, .features = SF_MAX_FEATURES, .rows = 9};
	SfCodes		codes = {1, SF_MAX_FEATURES, code, NULL, limit};
	const SfTreeIndex *index;
	SfArena		arena;
	Host		host;

	for (int t = 0; t < SF_MAX_TREES; t++)
		tree[t] = (SfTree) {3, 2, 1, node};
	for (int f = 0; f < SF_MAX_FEATURES; f++)
		limit[f] = 256;
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("5000 trees on 500 features of 256 codes");
	check(sf_trees_index(&arena, &model, limit, &index) == SF_OK && host.bytes < 64 << 20, "%zu bytes", host.bytes);
	for (int c = 0; c < 256; c += 5)
	{
		code[499] = (uint8_t) c;
		check(sf_trees_predict(&host.ctx, &model, &codes, walked) == SF_OK && same_bits(sf_trees_log_odds(index, code), walked[0]), "code %d", c);
	}
	host_free(&host);
	done();
}

static SfStatus
index_work(SfCtx *ctx, void *argument)
{
	const SfTreeIndex *index;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_trees_index(&arena, argument, one.limit, &index);
}

int
main(void)
{
	SfForestOptions options = forest_usual;
	SfTrees		small;
	SfTrees		large;
	SfArena		arena;
	Host		host;

	case_mixed(&one, 1500, 31);
	case_mixed(&other, 700, 32);
	test_boosted();
	test_forest();
	test_roots();
	test_too_large_a_table();
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("each refused allocation and each cancelled poll is a clean failure");
	options.trees = 500;
	options.least_rows = 1;
	check(sf_boost_fit(&arena, &one.codes, boost_usual, NULL, 0, NULL, &small) == SF_OK, "fit");
	check(sf_forest_fit(&arena, &one.codes, options, NULL, &large) == SF_OK, "fit");
	refuse_each(index_work, &small);
	cancel_each(index_work, &small, 1);
	refuse_each(index_work, &large);
	cancel_each(index_work, &large, 1);
	done();
	host_free(&host);
	return finish();
}
