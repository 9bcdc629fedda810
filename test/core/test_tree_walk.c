/* Tests of core/winprob/tree_walk.c: many deals at once end in the leaves that each one walks to. */
#include "tree_cases.h"

#include "core/winprob/tree_walk.h"

static Case one;
static Case other;
static SfTreeWalk walk;
static uint32_t row[CASE_ROWS];
static int32_t leaf[CASE_ROWS];

/* Deals of `other` with a tenth of the codes any byte, in a row and by number, for several counts of them. */
static void
compare(const SfTree *tree)
{
	static const int32_t counts[] = {0, 1, 2, 3, 17, 500, CASE_ROWS};
	size_t		stride = (size_t) other.codes.features;

	sf_walk_start(&walk, tree, one.limit);
	for (int k = 0; k < LENGTH(counts); k++)
		for (int by_number = 0; by_number < 2; by_number++)
		{
			int			wrong = 0;

			sf_walk_leaves(&walk, other.code, stride, by_number ? row : NULL, counts[k], leaf);
			for (int32_t i = 0; i < counts[k]; i++)
				wrong += leaf[i] != sf_tree_leaf(tree, one.limit, other.code + (by_number ? row[i] : (uint32_t) i) * stride);
			check(wrong == 0, "%d of %d deals, tree of %d leaves", wrong, counts[k], tree->leaves);
		}
}

static void
make_cases(void)
{
	SfRng		rng;

	case_mixed(&one, CASE_ROWS, 3);
	case_mixed(&other, CASE_ROWS, 4);
	sf_rng_seed(&rng, 5);
	for (int64_t i = 0; i < CASE_ROWS * other.codes.features; i++)
		if (sf_rng_below(&rng, 10) == 0)
			other.code[i] = (uint8_t) sf_rng_next(&rng);
	for (uint32_t r = 0; r < CASE_ROWS; r++)
		row[r] = (r * 7 + 11) % CASE_ROWS;
}

static void
test_small(void)
{
	SfBoostOptions options = boost_usual;
	SfTrees		model;
	SfArena		arena;
	Host		host;

	host_init(&host);
	group("boosted trees of 2 to 32 leaves");
	for (int leaves = 2; leaves <= 32; leaves += 3)
	{
		options.leaves = leaves;
		options.trees = 5;
		options.least_rows = 1;
		sf_arena_init(&arena, &host.ctx);
		check(sf_boost_fit(&arena, &one.codes, options, NULL, 0, NULL, &model) == SF_OK, "fit");
		for (int32_t t = 0; t < model.trees; t++)
			compare(&model.tree[t]);
		host_free(&host);
	}
	done();
}

static void
test_large(void)
{
	SfForestOptions options = forest_usual;
	SfTrees		model;
	SfArena		arena;
	Host		host;

	host_init(&host);
	group("trees of a forest: a root alone, some leaves, hundreds");
	for (int k = 0; k < 4; k++)
	{
		options.least_rows = (double[]) {5000, 60, 5, 1}[k];
		options.trees = 4;
		sf_arena_init(&arena, &host.ctx);
		check(sf_forest_fit(&arena, &one.codes, options, NULL, &model) == SF_OK, "fit");
		for (int32_t t = 0; t < model.trees; t++)
			compare(&model.tree[t]);
		host_free(&host);
	}
	done();
}

int
main(void)
{
	make_cases();
	test_small();
	test_large();
	return finish();
}
