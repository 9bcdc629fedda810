/* Tests of core/winprob/boost.c: gradient boosting over codes. */
#include "tree_cases.h"

static Case one;
static Case other;
static double log_odds[CASE_ROWS];

static SfStatus
fit(Host *host, const Case *c, SfBoostOptions options, SfTrees *model)
{
	SfArena		arena;

	sf_arena_init(&arena, &host->ctx);
	return sf_boost_fit(&arena, &c->codes, options, NULL, 0, NULL, model);
}

static double
fitted_loss(const Case *train, SfBoostOptions options, const Case *test)
{
	SfTrees		model;
	Host		host;
	double		loss;

	host_init(&host);
	check(fit(&host, train, options, &model) == SF_OK, "fit");
	check(sf_trees_predict(&host.ctx, &model, &test->codes, log_odds) == SF_OK, "predict");
	loss = loss_of(log_odds, &test->codes);
	host_free(&host);
	return loss;
}

/* 4 deals with code 1, one won; 6 with code 2, five won; one tree with one split. */
static void
test_by_hand(void)
{
	static const int32_t values[] = {2};
	SfBoostOptions options = boost_usual;
	SfTrees		model;
	Host		host;
	double		g[2] = {4 * 0.6 - 1, 6 * 0.6 - 5};

	case_init(&one, 10, 1, values);
	for (int r = 0; r < 10; r++)
	{
		one.code[r] = r < 4 ? 1 : 2;
		one.won[r] = r == 0 || r > 4;
	}
	options.trees = 1;
	options.least_rows = 1;
	host_init(&host);
	group("a split by hand: base log(1.5), leaves -0.1 G / (H + 1)");
	check(fit(&host, &one, options, &model) == SF_OK && model.trees == 1 && model.tree[0].nodes == 3, "one split");
	check(close_to(model.base, log(1.5), 1e-15, 0), "base %g", model.base);
	for (int k = 0; k < 2; k++)
	{
		const SfNode *leaf = &model.tree[0].node[1 + k];

		check(close_to(leaf->value, -0.1 * g[k] / ((k ? 6 : 4) * 0.24 + 1), 1e-12, 1e-11) && leaf->cover == (k ? 6 : 4), "leaf %d: %.15g", k, leaf->value);
	}
	check(model.tree[0].node[0].threshold == 1 && !model.tree[0].node[0].missing_left, "missing deals go where more went");
	done();
	group("least rows, least hessian and leaves are kept");
	options.least_rows = 5;
	check(fit(&host, &one, options, &model) == SF_OK && model.tree[0].nodes == 1 && fabs(model.tree[0].node[0].value) < 1e-12, "least rows");
	options.least_rows = 4;
	check(fit(&host, &one, options, &model) == SF_OK && model.tree[0].nodes == 3, "least rows reached");
	options.least_hessian = 0.97;
	check(fit(&host, &one, options, &model) == SF_OK && model.tree[0].nodes == 1, "least hessian");
	host_free(&host);
	done();
}

static void
test_laws(void)
{
	SfBoostOptions options = boost_usual;
	SfTrees		a;
	SfTrees		b;
	Host		host;
	double		plain;
	double		base;

	case_mixed(&one, 2000, 5);
	case_mixed(&other, 1000, 6);
	host_init(&host);
	group("trees are well-formed for any options");
	for (int k = 0; k < 40; k++)
	{
		options.leaves = 2 + k % 31;
		options.depth = 1 + k % 7;
		options.row_share = k % 3 == 0 ? 0.5 : 1;
		options.feature_share = k % 4 == 0 ? 0.4 : 1;
		options.ridge = k % 5;
		options.least_rows = 1 + k % 9;
		options.seed = (uint64_t) k;
		check(fit(&host, &one, options, &a) == SF_OK, "fit %d", k);
		check_shape(&a, one.limit);
		for (int t = 0; t < a.trees; t++)
			check(a.tree[t].leaves <= options.leaves && a.tree[t].depth <= options.depth &&
				  a.tree[t].node[0].cover == (k % 3 == 0 ? 1000 : 2000), "options %d", k);
		check(fit(&host, &one, options, &b) == SF_OK && same_trees(&a, &b), "the same again, %d", k);
		host_free(&host);
	}
	done();

	group("it learns: log-loss of other deals falls well below that of the base rate");
	options = boost_usual;
	options.trees = 60;
	plain = fitted_loss(&one, options, &other);
	options.trees = 1;
	options.rate = 1e-9;
	base = fitted_loss(&one, options, &other);
	check(plain < base - 0.08, "%g, base %g", plain, base);
	options = boost_usual;
	options.trees = 60;
	options.row_share = 0.7;
	options.feature_share = 0.7;
	check(fitted_loss(&one, options, &other) < base - 0.07, "sampled");
	done();

	group("a feature that is there twice changes no prediction");
	other = one;
	other.codes.features = 7;
	other.limit[6] = one.limit[0];
	for (int64_t r = 0; r < 2000; r++)
	{
		memcpy(other.code + r * 7, one.code + r * 6, 6);
		other.code[r * 7 + 6] = one.code[r * 6];
	}
	other.codes.code = other.code;
	other.codes.won = other.won;
	other.codes.codes = other.limit;
	check(fit(&host, &one, boost_usual, &a) == SF_OK && fit(&host, &other, boost_usual, &b) == SF_OK && same_trees(&a, &b), "twice");
	host_free(&host);
	done();
}

/* Won in the middle only: no line separates it, two splits do. */
static void
test_u_shape(void)
{
	static const int32_t values[] = {60};
	SfBoostOptions options = boost_usual;

	case_init(&one, 1200, 1, values);
	for (int r = 0; r < 1200; r++)
	{
		one.code[r] = (uint8_t) (1 + r % 60);
		one.won[r] = one.code[r] > 20 && one.code[r] <= 40;
	}
	options.trees = 100;
	options.rate = 0.3;
	group("a U shape: trees of depth two find it, of depth one add up to it");
	options.depth = 2;
	check(fitted_loss(&one, options, &one) < 0.01, "depth 2");
	options.depth = 1;
	check(fitted_loss(&one, options, &one) < 0.05, "depth 1");
	done();
}

static void
test_watch(void)
{
	SfBoostOptions options = boost_usual;
	SfArena		arena;
	SfTrees		model;
	SfTrees		again;
	Host		host;
	double	   *losses;
	int32_t		best = 0;

	case_mixed(&one, 1500, 7);
	case_mixed(&other, 700, 8);
	options.trees = 400;
	options.rate = 0.3;
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("watched deals stop the growth, and the best number of trees is kept");
	check(sf_boost_fit(&arena, &one.codes, options, &other.codes, 10, &losses, &model) == SF_OK, "fit");
	for (int t = 1; t < 400 && !isnan(losses[t]); t++)
		best = losses[t] < losses[best] ? t : best;
	check(model.trees == best + 1 && isnan(losses[best + 11]) && !isnan(losses[best + 10]), "%d trees, best %d", model.trees, best + 1);
	check(sf_trees_predict(&host.ctx, &model, &other.codes, log_odds) == SF_OK && close_to(loss_of(log_odds, &other.codes), losses[best], 1e-9, 0),
		  "loss %.12g, told %.12g", loss_of(log_odds, &other.codes), losses[best]);
	options.trees = model.trees;
	check(sf_boost_fit(&arena, &one.codes, options, NULL, 0, NULL, &again) == SF_OK && same_trees(&model, &again), "the same trees without watching");
	host_free(&host);
	done();
}

static void
test_hostile(void)
{
	static const int32_t values[] = {254, 1, 0};
	SfBoostOptions bad[12];
	SfTrees		model;
	Host		host;

	host_init(&host);
	group("one deal, one class, constant and missing features: a root and a finite base");
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
			check(fit(&host, &one, boost_usual, &model) == SF_OK && isfinite(model.base), "fit");
			check_shape(&model, one.limit);
			check(won < 2 || (model.trees == 1 && model.tree[0].nodes == 1), "constant: %d trees", model.trees);
			check(sf_trees_predict(&host.ctx, &model, &one.codes, log_odds) == SF_OK && isfinite(log_odds[0]), "predict");
			host_free(&host);
		}
	done();

	group("perfectly separated, no ridge, full rate: finite");
	case_init(&one, 200, 3, values);
	for (int r = 0; r < 200; r++)
	{
		memset(one.code + r * 3, 1, 3);
		one.code[r * 3] = (uint8_t) (r + 1);
		one.won[r] = r >= 100;
	}
	bad[0] = boost_usual;
	bad[0].ridge = 0;
	bad[0].rate = 1;
	bad[0].least_hessian = 0;
	bad[0].least_rows = 1;
	bad[0].trees = 300;
	check(fit(&host, &one, bad[0], &model) == SF_OK, "fit");
	check_shape(&model, one.limit);
	check(sf_trees_predict(&host.ctx, &model, &one.codes, log_odds) == SF_OK && isfinite(log_odds[0]) && log_odds[0] < -5 && log_odds[199] > 5, "%g, %g", log_odds[0], log_odds[199]);
	host_free(&host);
	done();

	group("options are checked");
	for (int k = 0; k < LENGTH(bad); k++)
		bad[k] = boost_usual;
	bad[0].trees = 0;
	bad[1].trees = SF_MAX_TREES + 1;
	bad[2].leaves = 33;
	bad[3].leaves = 1;
	bad[4].depth = 33;
	bad[5].rate = NAN;
	bad[6].rate = 1.01;
	bad[7].ridge = INFINITY;
	bad[8].least_rows = 0;
	bad[9].least_hessian = NAN;
	bad[10].row_share = 0;
	bad[11].feature_share = 1.5;
	for (int k = 0; k < LENGTH(bad); k++)
		check(fails_with(&host, fit(&host, &one, bad[k], &model), SF_BAD_ARGUMENT), "options %d", k);
	one.codes.rows = 0;
	check(fails_with(&host, fit(&host, &one, boost_usual, &model), SF_BAD_DATA), "no deals");
	host_free(&host);
	done();
}

static SfStatus
watched_work(SfCtx *ctx, void *argument)
{
	SfBoostOptions options = boost_usual;
	double	   *losses;
	SfTrees		model;
	SfArena		arena;

	(void) argument;
	options.trees = 6;
	options.row_share = 0.8;
	sf_arena_init(&arena, ctx);
	return sf_boost_fit(&arena, &one.codes, options, &other.codes, 3, &losses, &model);
}

int
main(void)
{
	test_by_hand();
	test_laws();
	test_u_shape();
	test_watch();
	test_hostile();
	case_mixed(&one, 800, 9);
	case_mixed(&other, 300, 10);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(watched_work, NULL);
	cancel_each(watched_work, NULL, 1);
	done();
	return finish();
}
