/* Tests of core/winprob/forest.c: random forests over codes. */
#include "tree_cases.h"

static Case one;
static Case other;
static double log_odds[CASE_ROWS];
static double out_of_bag[CASE_ROWS];

static SfStatus
fit(Host *host, const Case *c, SfForestOptions options, SfTrees *model)
{
	SfArena		arena;

	sf_arena_init(&arena, &host->ctx);
	return sf_forest_fit(&arena, &c->codes, options, out_of_bag, model);
}

static void
test_laws(void)
{
	SfForestOptions options = forest_usual;
	SfTrees		a;
	SfTrees		b;
	Host		host;
	double		best;

	case_mixed(&one, 2000, 15);
	case_mixed(&other, 1000, 16);
	host_init(&host);
	group("trees are well-formed for any options, and the same again");
	for (int k = 0; k < 30; k++)
	{
		options.trees = 5;
		options.depth = 1 + k;
		options.features = k % 7;
		options.least_rows = k % 3 == 0 ? 1 : k;
		options.smoothing = k % 4;
		options.seed = (uint64_t) k;
		check(fit(&host, &one, options, &a) == SF_OK, "fit %d", k);
		check_shape(&a, one.limit);
		for (int t = 0; t < a.trees; t++)
		{
			check(a.tree[t].depth <= options.depth && fabs(a.tree[t].node[0].cover - 2000) < 250, "depth and bootstrap, %d", k);
			for (int i = 0; i < a.tree[t].nodes; i++)
				check(a.tree[t].node[i].cover >= options.least_rows, "least rows, %d", k);
		}
		check(fit(&host, &one, options, &b) == SF_OK && same_trees(&a, &b), "the same again, %d", k);
		host_free(&host);
	}
	done();

	group("a tree depends on the seed and its number only");
	options = forest_usual;
	check(fit(&host, &one, options, &a) == SF_OK, "fit");
	options.trees = 7;
	check(fit(&host, &one, options, &b) == SF_OK, "fewer");
	a.trees = 7;
	check(same_trees(&a, &b), "the first seven of twenty");
	options.seed = 2;
	check(fit(&host, &one, options, &b) == SF_OK && !same_trees(&a, &b), "another seed");
	host_free(&host);
	done();

	group("it learns: held-out and out-of-bag log-loss agree, well below that of the base rate");
	options = forest_usual;
	options.trees = 100;
	check(fit(&host, &one, options, &a) == SF_OK, "fit");
	check(sf_trees_predict(&host.ctx, &a, &other.codes, log_odds) == SF_OK, "predict");
	best = loss_of(log_odds, &other.codes);
	for (int r = 0; r < 2000; r++)
	{
		check(out_of_bag[r] > 0 && out_of_bag[r] < 1, "row %d", r);
		out_of_bag[r] = log(out_of_bag[r] / (1 - out_of_bag[r]));
	}
	check(best < 0.57 && close_to(loss_of(out_of_bag, &one.codes), best, 0.03, 0), "held out %g, out of bag %g", best, loss_of(out_of_bag, &one.codes));
	host_free(&host);
	done();
}

/* Leaves as counts: every tree's rates follow from won deals by hand. */
static void
test_rates(void)
{
	static const int32_t values[] = {2};
	SfForestOptions options = forest_usual;
	SfTrees		model;
	Host		host;

	case_init(&one, 100, 1, values);
	for (int r = 0; r < 100; r++)
	{
		one.code[r] = r < 40 ? 1 : 2;
		one.won[r] = r % 4 == 0 || r >= 80;
	}
	options.smoothing = 3;
	host_init(&host);
	group("one split by hand: rates are drawn towards the root's");
	check(fit(&host, &one, options, &model) == SF_OK, "fit");
	for (int t = 0; t < model.trees; t++)
	{
		const SfNode *node = model.tree[t].node;
		double		root;

		if (!check(model.tree[t].nodes == 3 && node[0].threshold == 1, "a split"))
			break;
		root = (node[1].left + node[2].left) / node[0].cover;
		for (int k = 1; k <= 2; k++)
			check(close_to(node[k].value, (node[k].left + 3 * root) / (node[k].cover + 3), 0, 1e-14), "tree %d leaf %d", t, k);
	}
	host_free(&host);
	done();
}

static void
test_u_shape(void)
{
	static const int32_t values[] = {60, 2};
	SfForestOptions options = forest_usual;
	SfTrees		model;
	Host		host;

	case_init(&one, 1200, 2, values);
	for (int r = 0; r < 1200; r++)
	{
		one.code[r * 2] = (uint8_t) (1 + r % 60);
		one.code[r * 2 + 1] = (uint8_t) (1 + r % 2);
		one.won[r] = one.code[r * 2] > 20 && one.code[r * 2] <= 40;
	}
	options.depth = 2;
	options.features = 2;
	host_init(&host);
	group("a U shape: two splits find it");
	check(fit(&host, &one, options, &model) == SF_OK && sf_trees_predict(&host.ctx, &model, &one.codes, log_odds) == SF_OK, "fit");
	check(loss_of(log_odds, &one.codes) < 0.05, "loss %g", loss_of(log_odds, &one.codes));
	host_free(&host);
	done();
}

static void
test_hostile(void)
{
	static const int32_t values[] = {254, 1, 0};
	SfForestOptions bad[8];
	SfTrees		model;
	Host		host;

	host_init(&host);
	group("one deal, one class, constant and missing features: finite log-odds");
	for (int64_t rows = 1; rows <= 300; rows = rows * 3 + 1)
		for (int won = 0; won < 3; won++)
		{
			case_init(&one, rows, 3, values);
			memset(one.code, 0, sizeof one.code);
			for (int64_t r = 0; r < rows; r++)
			{
				one.won[r] = (uint8_t) (won == 2 ? r % 2 : won);
				one.code[r * 3 + 1] = 1;
				one.code[r * 3] = (uint8_t) (won == 2 ? 7 : r % 256);
			}
			check(fit(&host, &one, forest_usual, &model) == SF_OK, "fit");
			check_shape(&model, one.limit);
			check(won < 2 || model.tree[0].nodes == 1, "constant");
			check(sf_trees_predict(&host.ctx, &model, &one.codes, log_odds) == SF_OK && isfinite(log_odds[0]), "predict");
			check(won == 2 || close_to(log_odds[0], (won ? 1 : -1) * log((rows + 0.5) / 0.5), 1e-9, 0), "%d of one class: %g", (int) rows, log_odds[0]);
			host_free(&host);
		}
	done();

	group("options are checked");
	for (int k = 0; k < LENGTH(bad); k++)
		bad[k] = forest_usual;
	bad[0].trees = 0;
	bad[1].trees = SF_MAX_TREES + 1;
	bad[2].depth = 0;
	bad[3].depth = SF_MAX_DEPTH + 1;
	bad[4].least_rows = NAN;
	bad[5].least_rows = 0.5;
	bad[6].features = -1;
	bad[7].smoothing = -1;
	for (int k = 0; k < LENGTH(bad); k++)
		check(fails_with(&host, fit(&host, &one, bad[k], &model), SF_BAD_ARGUMENT), "options %d", k);
	one.codes.rows = 0;
	check(fails_with(&host, fit(&host, &one, forest_usual, &model), SF_BAD_DATA), "no deals");
	host_free(&host);
	done();
}

static SfStatus
fit_work(SfCtx *ctx, void *argument)
{
	SfForestOptions options = forest_usual;
	SfTrees		model;
	SfArena		arena;

	(void) argument;
	sf_arena_init(&arena, ctx);
	options.trees = 30;
	return sf_forest_fit(&arena, &one.codes, options, out_of_bag, &model);
}

int
main(void)
{
	test_laws();
	test_rates();
	test_u_shape();
	test_hostile();
	case_mixed(&one, 900, 19);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(fit_work, NULL);
	cancel_each(fit_work, NULL, 1);
	done();
	return finish();
}
