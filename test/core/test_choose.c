/* choose: which candidates are tried, what options take out of the search, and how the plan comes about. */
#include "win_maker.h"

#include "core/winprob/choose.h"

typedef struct Chosen
{
	Host		host;
	SfArena		arena;
	SfFrame		frame;
	SfWinPlan	plan;
	SfStatus	status;
} Chosen;

static void
choose(Chosen *c, int64_t deals, const SfWinOptions *options)
{
	Made	   *made = make_signal(deals, 51);
	SfWinProgress silent = {0};

	host_init(&c->host);
	sf_arena_init(&c->arena, &c->host.ctx);
	c->status = frame_of(&c->arena, made, deals, &c->frame);
	if (c->status == SF_OK)
		c->status = sf_plan_choose(&c->arena, &c->frame, sf_all_rows(&c->frame), options, silent, &c->plan);
	free(made);
}

static int
count_kind(const SfWinPlan *plan, SfAlgorithm kind)
{
	int			n = 0;

	for (int32_t i = 0; i < plan->candidates; i++)
		n += plan->candidate[i].kind == kind;
	return n;
}

static void
test_few(void)
{
	SfWinOptions options = plain_options(SF_ALGORITHM_AUTO);
	Chosen		c;
	double		best = INFINITY;

	group("few deals are a matter of their number and of features");
	check(sf_few_deals(499, 1) && !sf_few_deals(500, 1) && sf_few_deals(1019, 50) && !sf_few_deals(1020, 50), "limits");
	check(sf_simplest_features(&options, 300, 10) == 5 && sf_simplest_features(&options, 5000, 10) == 10 && sf_simplest_features(&options, 300, 3) == 3, "features");
	options.algorithm = SF_ALGORITHM_LOGISTIC;
	check(sf_simplest_features(&options, 300, 10) == 10, "a named algorithm uses all");
	done();
	options.algorithm = SF_ALGORITHM_AUTO;
	group("few deals: a ladder of logistic candidates, the simplest first, then trees; what comes out is as good as the best rung");
	choose(&c, 300, &options);
	if (check(c.status == SF_OK, "%s", c.host.ctx.what))
	{
		check(count_kind(&c.plan, SF_ALGORITHM_LOGISTIC) >= 4 && count_kind(&c.plan, SF_ALGORITHM_BOOSTED) == 3 && count_kind(&c.plan, SF_ALGORITHM_FOREST) == 2, "%d candidates", c.plan.candidates);
		check(c.plan.candidate[0].linear && c.plan.candidate[0].features == SF_STRONGEST, "the first one");
		for (int32_t i = 0; i < c.plan.candidates; i++)
			if (c.plan.candidate[i].kind == SF_ALGORITHM_LOGISTIC)
				best = fmin(best, c.plan.candidate[i].log_loss);
		check(c.plan.members <= 3 && c.plan.spec[0].kind == SF_ALGORITHM_LOGISTIC && c.plan.random.log_loss < best + 0.01, "%d members, held out %g, best %g", c.plan.members, c.plan.random.log_loss, best);
	}
	host_free(&c.host);
	done();
}

static void
test_many(void)
{
	SfWinOptions options = plain_options(SF_ALGORITHM_AUTO);
	Chosen		c;
	double		of_kind[SF_ALGORITHMS] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
	double		best = INFINITY;

	options.folds = 3;
	group("enough deals: every kind is tried, what is chosen is as good as the best of a kind, the rest is listed");
	choose(&c, 1200, &options);
	if (check(c.status == SF_OK, "%s", c.host.ctx.what))
	{
		check(count_kind(&c.plan, SF_ALGORITHM_LOGISTIC) >= 6 && count_kind(&c.plan, SF_ALGORITHM_BOOSTED) == 3 && count_kind(&c.plan, SF_ALGORITHM_FOREST) == 2, "%d candidates", c.plan.candidates);
		for (int32_t i = 0; i < c.plan.candidates; i++)
		{
			const SfCandidate *k = &c.plan.candidate[i];

			best = fmin(best, k->log_loss);
			of_kind[k->kind] = fmin(of_kind[k->kind], k->log_loss);
		}
		for (int32_t i = 0; i < c.plan.candidates; i++)
			check(!(c.plan.candidate[i].log_loss <= 0) && (!c.plan.candidate[i].chosen || c.plan.candidate[i].log_loss == of_kind[c.plan.candidate[i].kind]), "candidate %d", i);
		check(c.plan.random.rows == c.frame.rows && c.plan.random.log_loss < best + 0.01, "held out %g, best %g", c.plan.random.log_loss, best);
	}
	host_free(&c.host);
	done();
}

static void
test_given(void)
{
	SfWinOptions options = plain_options(SF_ALGORITHM_BLEND);
	Chosen		c;

	options.folds = 2;
	options.bins = 12;
	options.ridge = 3;
	options.terms = 2;
	options.trees = 7;
	options.leaves = 5;
	options.rate = 0.2;
	group("options that are given are not searched over");
	choose(&c, 600, &options);
	if (check(c.status == SF_OK, "%s", c.host.ctx.what))
	{
		for (int32_t i = 0; i < c.plan.candidates; i++)
		{
			const SfCandidate *k = &c.plan.candidate[i];

			check(k->bins == 12 && k->ridge == 3 && !k->linear, "candidate %d", i);
			check(k->kind == SF_ALGORITHM_LOGISTIC || (k->trees == 7 && k->leaves == 5 && k->rate == 0.2), "candidate %d", i);
		}
		check(count_kind(&c.plan, SF_ALGORITHM_FOREST) == 0, "a blend has no forest");
	}
	host_free(&c.host);
	done();
}

static void
test_named(void)
{
	SfWinOptions options = plain_options(SF_ALGORITHM_LOGISTIC);
	Chosen		c;

	group("a named algorithm is not validated, but on demand or for a calibration that is named");
	choose(&c, 600, &options);
	check(c.status == SF_OK && c.plan.random.rows == 0 && c.plan.candidates == 0 && c.plan.calibration.kind == SF_CALIBRATION_NONE, "no validation");
	host_free(&c.host);
	options.validate = SF_VALIDATE_FULL;
	choose(&c, 600, &options);
	check(c.status == SF_OK && c.plan.random.rows > 0 && c.plan.candidates == 1 && c.plan.candidate[0].chosen, "full");
	host_free(&c.host);
	options.validate = SF_VALIDATE_AUTO;
	options.calibration = SF_CALIBRATION_PLATT;
	choose(&c, 600, &options);
	check(c.status == SF_OK && c.plan.calibration.kind == SF_CALIBRATION_PLATT && c.plan.venn.knots > 0, "calibrated");
	host_free(&c.host);
	options.validate = SF_VALIDATE_NONE;
	options.algorithm = SF_ALGORITHM_AUTO;
	choose(&c, 300, &options);
	check(c.status == SF_OK && c.plan.members == 1 && c.plan.spec[0].strongest == SF_STRONGEST && c.plan.venn.knots == 0, "none");
	host_free(&c.host);
	done();
}

int
main(void)
{
	test_few();
	test_many();
	test_given();
	test_named();
	return finish();
}
