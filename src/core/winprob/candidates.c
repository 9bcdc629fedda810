/*
 * candidates.c
 *		The settings that are tried, coarse ones first.
 */
#include "core/winprob/candidates.h"

#define BOOSTED_TREES_MAX 2000
#define PATIENCE 30				/* ours: so many trees in vain, then growing stops */
#define FOREST_SLACK 0.0
#define NEAR_SLACK 0.25			/* of the leader's loss: up to SF_FOREST_ROWS deals a forest that is so much worse may still help */
#define LIGHT_SMOOTHING 2.0
#define SLOW_RATE 0.4			/* of the usual learning rate */
#define SLOW_LEAST 8.0

SfStatus
sf_choice_run(SfChoice *c, int32_t from)
{
	return sf_cross_try(c->arena, c->cross, c->tries + from, c->n - from, NULL, -1);
}

/* The same as a race among them and against the leader (a place, or -1). */
static SfStatus
run_race(SfChoice *c, int32_t from, int32_t leader, double slack)
{
	return sf_cross_try(c->arena, c->cross, c->tries + from, c->n - from, leader < 0 ? NULL : &c->tries[leader], slack);
}

static bool
same_spec(const SfWinSpec *a, const SfWinSpec *b)
{
	return a->kind == b->kind && a->bins == b->bins && a->linear == b->linear && a->ridge == b->ridge &&
		a->smoothness == b->smoothness && a->strongest == b->strongest && a->trees == b->trees &&
		a->leaves == b->leaves && a->depth == b->depth && a->rate == b->rate && a->least_rows == b->least_rows &&
		a->row_share == b->row_share && a->feature_share == b->feature_share &&
		a->smoothing == b->smoothing;
}

void
sf_choice_add(SfChoice *c, SfWinSpec spec)
{
	for (int32_t i = 0; i < c->n; i++)
		if (same_spec(&c->tries[i].spec, &spec))
			return;
	if (c->n < SF_TRIES_MAX)
		c->tries[c->n++].spec = spec;
}

int32_t
sf_choice_best(const SfChoice *c, SfAlgorithm kind)
{
	int32_t		best = -1;

	for (int32_t i = 0; i < c->n; i++)
		if (c->tries[i].spec.kind == kind && !c->tries[i].given_up && (best < 0 || c->tries[i].log_loss < c->tries[best].log_loss))
			best = i;
	return best;
}

/* ---- logistic ---- */

static SfStatus
logistic_shapes(SfChoice *c)
{
	static const int32_t bins[] = {16, 64, 254};
	SfWinSpec	spec = sf_spec_usual(SF_ALGORITHM_LOGISTIC, c->options, c->cross->rows.n);
	int32_t		from = c->n;

	if (c->options->terms != 1)
		for (int i = 0; i < 3; i++)
		{
			spec.linear = false;
			spec.bins = c->options->bins > 0 ? c->options->bins : bins[i];
			sf_choice_add(c, spec);
		}
	if (c->options->terms != 2)
	{
		spec.linear = true;
		spec.bins = c->options->bins > 0 ? c->options->bins : 64;
		sf_choice_add(c, spec);
	}
	return sf_choice_run(c, from);
}

static SfStatus
logistic_penalties(SfChoice *c)
{
	SfWinSpec	best = c->tries[sf_choice_best(c, SF_ALGORITHM_LOGISTIC)].spec;
	SfWinSpec	spec = best;
	int32_t		from = c->n;

	if (!(c->options->ridge >= 0))
	{
		spec.ridge = best.ridge / 4;
		sf_choice_add(c, spec);
		spec.ridge = best.ridge * 5;
		sf_choice_add(c, spec);
		spec.ridge = best.ridge * 20;
		if (c->cross->rows.n <= SF_FOREST_ROWS)
			sf_choice_add(c, spec);
	}
	spec = best;
	if (!best.linear)
	{
		/* ours: a light and a strong tie between neighbouring bins */
		spec.smoothness = 4;
		sf_choice_add(c, spec);
		spec.smoothness = 32;
		sf_choice_add(c, spec);
	}
	return sf_choice_run(c, from);
}

SfStatus
sf_try_logistic(SfChoice *c)
{
	SfStatus	status = logistic_shapes(c);

	return status == SF_OK ? logistic_penalties(c) : status;
}

/* From few features and straight lines to many bins, in the order of their freedom. */
SfStatus
sf_try_simple(SfChoice *c)
{
	static const struct
	{
		bool		linear;
		int32_t		bins;
		int32_t		strongest;
		double		ridge;
	}			rungs[] = {
		{true, 64, SF_STRONGEST, 5}, {true, 64, 0, 20}, {true, 64, 0, 2}, {false, 8, SF_STRONGEST, 5}, {false, 8, 0, 5}, {false, 16, 0, 5}
	};
	const SfWinOptions *options = c->options;
	int32_t		from = c->n;

	for (int i = 0; i < (int) (sizeof rungs / sizeof rungs[0]); i++)
	{
		SfWinSpec	spec = sf_spec_usual(SF_ALGORITHM_LOGISTIC, options, c->cross->rows.n);

		if (options->terms == (rungs[i].linear ? 2 : 1))
			continue;
		spec.linear = rungs[i].linear;
		spec.strongest = rungs[i].strongest;
		if (!(options->bins > 0))
			spec.bins = rungs[i].bins;
		if (!(options->ridge >= 0))
			spec.ridge = rungs[i].ridge;
		sf_choice_add(c, spec);
	}
	return sf_choice_run(c, from);
}

/* ---- trees ---- */

static SfWinSpec
boosted_spec(const SfChoice *c)
{
	SfWinSpec	spec = sf_spec_usual(SF_ALGORITHM_BOOSTED, c->options, c->cross->rows.n);

	if (!(c->options->trees > 0))
	{
		spec.trees = BOOSTED_TREES_MAX;
		spec.patience = PATIENCE;
	}
	return spec;
}

/*
 * Trees of many leaves, and of few: deals of many kinds that depend on each
 * other want the first, few deals the second.  Each tree sees seven tenths of
 * deals and features.  Where it costs little, small steps with small leaves too.
 *
 * Source: Friedman, Stochastic gradient boosting, Computational Statistics & Data Analysis 38, 2002.
 */
SfStatus
sf_try_boosted(SfChoice *c)
{
	static const int32_t leaves[] = {31, 6};	/* ours: best for 60,000 and for 5,000 deals */
	const SfWinOptions *options = c->options;
	SfWinSpec	spec = boosted_spec(c);
	int32_t		from = c->n;
	bool		cheap = c->cross->rows.n <= SF_FOREST_ROWS;

	/* ours: about the share that Friedman, Stochastic gradient boosting, 2002, found to help */
	spec.row_share = 0.7;
	spec.feature_share = 0.7;
	for (int i = 0; i < 2; i++)
	{
		if (!(options->leaves > 0))
			spec.leaves = leaves[i];
		sf_choice_add(c, spec);
	}
	if (cheap && !(options->rate > 0))
	{
		if (!(options->leaves > 0))
			spec.leaves = leaves[0];
		spec.rate *= SLOW_RATE;
		if (!(options->least_rows > 0))
			spec.least_rows = SLOW_LEAST;
		sf_choice_add(c, spec);
	}
	return run_race(c, from, -1, 0);
}

/*
 * A forest costs most by far, to train and to ask.  Of many deals it is given
 * up unless it comes near the best (on the data we know it adds .0002 to a
 * stack of the other two).  Of few it is small and often what is missing.
 */
SfStatus
sf_try_forest(SfChoice *c)
{
	int32_t		logistic = sf_choice_best(c, SF_ALGORITHM_LOGISTIC);
	int32_t		boosted = sf_choice_best(c, SF_ALGORITHM_BOOSTED);
	int32_t		from = c->n;
	bool		cheap = c->cross->rows.n <= SF_FOREST_ROWS;
	SfWinSpec	spec = sf_spec_usual(SF_ALGORITHM_FOREST, c->options, c->cross->rows.n);

	sf_choice_add(c, spec);
	if (cheap)
	{
		spec.smoothing = LIGHT_SMOOTHING;
		sf_choice_add(c, spec);
	}
	return run_race(c, from, c->tries[logistic].log_loss < c->tries[boosted].log_loss ? logistic : boosted,
					cheap ? NEAR_SLACK : FOREST_SLACK);
}
