/* Tests of core/winprob/trees.c and grow.c: predicting, storing and updating trees. */
#include "tree_cases.h"

#include "core/winprob/tree_walk.h"

static Case one;
static Case other;
static double log_odds[CASE_ROWS];

/* Small models of each kind in the host's memory. */
static void
make_model(SfArena *arena, bool forest, int32_t trees, SfTrees *model)
{
	SfBoostOptions boost = boost_usual;
	SfForestOptions options = forest_usual;

	boost.trees = trees;
	boost.leaves = 6;
	options.trees = trees;
	options.least_rows = 60;
	check((forest ? sf_forest_fit(arena, &one.codes, options, NULL, model) :
		   sf_boost_fit(arena, &one.codes, boost, NULL, 0, NULL, model)) == SF_OK, "fit");
}

static size_t
encode(const SfTrees *model, unsigned char *bytes)
{
	SfWriter	write = {bytes, 0};

	sf_trees_encode(model, &write);
	return write.size;
}

static SfStatus
decode(Host *host, const unsigned char *bytes, size_t size, SfTrees *model, size_t *left)
{
	SfReader	read = {bytes, size, true};
	SfArena		arena;
	SfStatus	status;

	sf_arena_init(&arena, &host->ctx);
	status = sf_trees_decode(&arena, &read, one.codes.features, one.limit, model);
	*left = read.left;
	return status;
}

/* Missing left at the root; a second split under it; unseen ones get the mean of both sides. */
static void
test_by_hand(void)
{
	static const int32_t limit[] = {6, 5};
	static const SfNode grown[] = {
		{.feature = 0, .threshold = 2, .missing_left = true, .left = 2, .right = 1},
		{.feature = -1, .value = 1, .cover = 3},
		{.feature = 1, .threshold = 0, .missing_left = true, .unseen_left = true, .left = 4, .right = 3},
		{.feature = -1, .value = 2, .cover = 1},
		{.feature = -1, .value = 4, .cover = 2}
	};
	static const struct
	{
		uint8_t		code[2];
		double		value;
	}			cases[] = {{{0, 0}, 4}, {{1, 1}, 2}, {{2, 4}, 10.0 / 3}, {{3, 0}, 1}, {{5, 0}, 2.5},
		{{4, 4}, 1}, {{2, 3}, 2}, {{2, 200}, 10.0 / 3}, {{255, 3}, 1.5}, {{5, 4}, 13.0 / 6}};
	SfNode		node[LENGTH(grown)];
	SfTree		tree;
	SfTrees		model = {.base = 0.5, .trees = 1, .tree = &tree, .features = 2, .rows = 6};
	Host		host;

	host_init(&host);
	group("a tree by hand: order, covers, values, and where deals go");
	sf_tree_finish(grown, LENGTH(grown), node, &tree);
	check(tree.leaves == 3 && tree.depth == 2 && node[0].left == 1 && node[1].left == 2 && node[1].right == 3 && node[0].right == 4, "order");
	check(node[0].cover == 6 && close_to(node[1].value, 10.0 / 3, 0, 1e-15) && close_to(node[0].value, 13.0 / 6, 0, 1e-15), "sums");
	for (int k = 0; k < LENGTH(cases); k++)
	{
		SfCodes		codes = {1, 2, cases[k].code, NULL, limit};
		uint8_t		right[SF_TREE_CODES];

		if (!sf_any_unseen(limit, cases[k].code, 2))
			check(node[sf_tree_leaf(&tree, limit, cases[k].code)].value == cases[k].value, "case %d", k);
		check(close_to(sf_tree_value(&tree, limit, cases[k].code), cases[k].value, 0, 1e-15), "value %d", k);
		check(sf_trees_predict(&host.ctx, &model, &codes, log_odds) == SF_OK && close_to(log_odds[0], 0.5 + cases[k].value, 0, 1e-15),
			  "predicted %d", k);
		sf_node_sides(&node[0], limit[0], right);
		for (int c = 0; c < SF_TREE_CODES; c++)
			check(right[c] == sf_goes_right(&node[0], limit[0], (uint8_t) c), "side of %d", c);
	}
	done();
}

static void
test_codec(void)
{
	static unsigned char bytes[100000];
	static unsigned char copy[100000];
	static double again[CASE_ROWS];
	SfTrees		model;
	SfTrees		got;
	SfArena		arena;
	Host		host;
	Host		reader;
	size_t		left;

	host_init(&host);
	host_init(&reader);
	for (int forest = 0; forest < 2; forest++)
	{
		size_t		size;
		int64_t		accepted = 0;

		sf_arena_init(&arena, &host.ctx);
		make_model(&arena, forest, 5, &model);
		size = encode(&model, NULL);
		check(size < sizeof bytes && encode(&model, bytes) == size, "size");
		group(forest ? "a stored forest comes back bit for bit" : "stored boosted trees come back bit for bit");
		check(decode(&reader, bytes, size, &got, &left) == SF_OK && left == 0 && same_trees(&model, &got), "decoded");
		check(encode(&got, copy) == size && memcmp(bytes, copy, size) == 0, "the same bytes again");
		host_free(&reader);
		done();

		group("every truncation is refused");
		for (size_t n = 0; n < size; n++)
			check(fails_with(&reader, decode(&reader, bytes, n, &got, &left), SF_BAD_BYTES), "%zu of %zu bytes", n, size);
		host_free(&reader);
		done();

		group("every flipped byte is refused, or gives a sound model");
		for (size_t n = 0; n < size; n++)
			for (int bit = 0; bit < 9; bit++)
			{
				SfStatus	status;

				memcpy(copy, bytes, size);
				copy[n] ^= (unsigned char) (bit == 8 ? 0xff : 1 << bit);
				status = decode(&reader, copy, size, &got, &left);
				if (status == SF_OK)
				{
					accepted++;
					check_shape(&got, one.limit);
					other.codes.rows = 8;
					check(sf_trees_predict(&reader.ctx, &got, &other.codes, again) == SF_OK && isfinite(again[0]), "predict");
				}
				else
					check(fails_with(&reader, status, SF_BAD_BYTES), "byte %zu bit %d: status %d", n, bit, status);
				host_free(&reader);
			}
		check(accepted > 0, "some flips only change numbers");
		done();
		host_free(&host);
	}
}

static void
test_update(void)
{
	SfForestOptions options = forest_usual;
	SfTrees		old;
	SfTrees		model;
	SfArena		arena;
	Host		host;
	double		before;

	case_mixed(&one, 600, 25);
	case_mixed(&other, 2000, 26);
	options.trees = 60;
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("new deals counted in: the trees stand, covers grow by one each, log-loss falls");
	check(sf_forest_fit(&arena, &one.codes, options, NULL, &old) == SF_OK, "fit");
	check(sf_trees_predict(&host.ctx, &old, &other.codes, log_odds) == SF_OK, "predict");
	before = loss_of(log_odds, &other.codes);
	check(sf_forest_update(&arena, &old, &other.codes, &model) == SF_OK && model.rows == 2600, "update");
	check_shape(&model, one.limit);
	for (int t = 0; t < 60; t++)
		check(model.tree[t].nodes == old.tree[t].nodes && model.tree[t].node[0].cover == old.tree[t].node[0].cover + 2000, "tree %d", t);
	case_mixed(&other, 2000, 27);
	check(sf_trees_predict(&host.ctx, &model, &other.codes, log_odds) == SF_OK && loss_of(log_odds, &other.codes) < before - 0.005,
		  "%g, before %g", loss_of(log_odds, &other.codes), before);
	done();

	group("no new deals change nothing; boosted trees cannot be updated");
	other.codes.rows = 0;
	check(sf_forest_update(&arena, &old, &other.codes, &model) == SF_OK && same_trees(&old, &model), "none");
	old.mean = false;
	check(fails_with(&host, sf_forest_update(&arena, &old, &other.codes, &model), SF_BAD_ARGUMENT), "boosted");
	old.mean = true;
	old.rows = SF_MAX_ROWS;
	other.codes.rows = 1;
	check(fails_with(&host, sf_forest_update(&arena, &old, &other.codes, &model), SF_TOO_LARGE), "too many");
	host_free(&host);
	done();
}

typedef struct Stored
{
	const unsigned char *bytes;
	size_t		size;
} Stored;

static SfStatus
stored_work(SfCtx *ctx, void *argument)
{
	const Stored *stored = argument;
	SfReader	read = {stored->bytes, stored->size, true};
	SfArena		arena;
	SfTrees		model;
	SfTrees		updated;
	SfStatus	status;

	sf_arena_init(&arena, ctx);
	status = sf_trees_decode(&arena, &read, one.codes.features, one.limit, &model);
	if (status == SF_OK)
		status = sf_forest_update(&arena, &model, &one.codes, &updated);
	return status == SF_OK ? sf_trees_predict(ctx, &updated, &one.codes, log_odds) : status;
}

int
main(void)
{
	static unsigned char bytes[1000000];
	SfTrees		model;
	SfArena		arena;
	Stored		stored = {bytes, 0};
	Host		host;

	test_by_hand();
	case_mixed(&one, 500, 21);
	case_mixed(&other, 500, 22);
	test_codec();
	test_update();
	case_mixed(&one, 600, 23);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("each refused allocation and each cancelled poll is a clean failure");
	make_model(&arena, true, 60, &model);
	stored.size = encode(&model, bytes);
	refuse_each(stored_work, &stored);
	cancel_each(stored_work, &stored, 1);
	done();
	host_free(&host);
	return finish();
}
