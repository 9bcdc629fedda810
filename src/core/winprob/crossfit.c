/*
 * crossfit.c
 *		Candidates on deals they have not seen.
 */
#include "core/winprob/crossfit.h"

#include <math.h>

#include "core/winprob/stack.h"

/* A training part must hold so many won and as many lost deals; ours: a rate of fewer is mostly chance. */
#define CLASS_LEAST 10
#define POLL_EVERY 16384
#define RACE_ERRORS 3.0			/* ours: chance alone puts one so far behind once in 700 times */
#define ONE_OUTCOME_TEXT "without a part of the cross-validation too few deals of one outcome are left"
#define TOO_FEW_TEXT "there are too few deals, or groups of deals, to cross-validate"

static SfStatus
gather_won(SfArena *arena, SfCross *cross)
{
	uint8_t    *won = sf_arena_take(arena, (size_t) cross->rows.n, 1);

	if (won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	cross->won_rows = 0;
	for (int64_t i = 0; i < cross->rows.n; i++)
	{
		won[i] = cross->frame->won[sf_row_of(cross->rows, i)];
		cross->won_rows += won[i];
	}
	cross->won = won;
	return sf_poll(arena->ctx);
}

static SfStatus
number_positions(SfArena *arena, SfCross *cross)
{
	uint32_t   *position;

	cross->position = NULL;
	if (cross->rows.row == NULL)
		return SF_OK;
	position = sf_arena_take(arena, (size_t) cross->frame->rows, sizeof(uint32_t));
	if (position == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < cross->rows.n; i++)
		position[cross->rows.row[i]] = (uint32_t) i;
	cross->position = position;
	return sf_poll(arena->ctx);
}

/* Both classes in every training part? Else the context tells how many there were. */
static bool
trainable(SfCtx *ctx, const SfCross *cross)
{
	for (int32_t k = 0; k < cross->folds; k++)
	{
		SfRows		test = cross->split[k].test;
		int64_t		won = cross->won_rows;
		int64_t		lost = cross->rows.n - cross->won_rows;

		for (int64_t i = 0; i < test.n; i++)
			if (cross->frame->won[sf_row_of(test, i)])
				won--;
			else
				lost--;
		if (won < CLASS_LEAST || lost < CLASS_LEAST || test.n < 1)
		{
			sf_fail_value(ctx, SF_BAD_DATA, ONE_OUTCOME_TEXT, (double) (won < lost ? won : lost));
			return false;
		}
	}
	return true;
}

/* As many folds as wanted, or as there are groups. */
static SfStatus
limit_folds(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t *folds)
{
	int64_t		groups;
	SfStatus	status = sf_folds_groups(arena, frame, rows, &groups);

	if (status == SF_OK && groups < *folds)
		*folds = (int32_t) groups;
	return status;
}

/* The fold and the group of every deal, by its place. */
static SfStatus
gather_together(SfArena *arena, SfCross *cross)
{
	uint8_t    *fold = sf_arena_take(arena, (size_t) cross->rows.n, 1);
	uint64_t   *group = NULL;

	if (cross->frame->group != NULL)
		group = sf_arena_take(arena, (size_t) cross->rows.n, sizeof(uint64_t));
	if (fold == NULL || (cross->frame->group != NULL && group == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < cross->folds; k++)
		for (int64_t i = 0; i < cross->split[k].test.n; i++)
		{
			int64_t		row = sf_row_of(cross->split[k].test, i);

			fold[cross->position == NULL ? row : cross->position[row]] = (uint8_t) k;
		}
	for (int64_t i = 0; group != NULL && i < cross->rows.n; i++)
		group[i] = sf_fold_group(cross->frame, sf_row_of(cross->rows, i));
	cross->together.fold = fold;
	cross->together.folds = cross->folds;
	return sf_clusters_make(arena, group, cross->rows.n, &cross->together.clusters);
}

SfStatus
sf_cross_begin(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t folds, uint64_t seed,
			   SfWinProgress progress, SfCross *cross, bool *possible)
{
	SfFoldKind	kind = frame->group != NULL ? SF_FOLDS_GROUPED : SF_FOLDS_SHUFFLED;
	SfSplit    *split = sf_arena_take(arena, (size_t) folds, sizeof(SfSplit));
	SfStatus	status = limit_folds(arena, frame, rows, &folds);

	if (split == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*cross = (SfCross) {.frame = frame, .rows = rows, .folds = folds, .split = split, .progress = progress};
	sf_arena_init(&cross->kept, arena->ctx);
	*possible = false;
	if (status != SF_OK)
		return status;
	if (folds < SF_FOLDS_MIN || rows.n < 2 * folds)
	{
		sf_fail_value(arena->ctx, SF_BAD_DATA, TOO_FEW_TEXT, (double) (folds < SF_FOLDS_MIN ? folds : rows.n));
		return SF_OK;
	}
	status = sf_folds_make(arena, frame, rows, kind, folds, seed, split);
	if (status == SF_OK)
		status = gather_won(arena, cross);
	if (status == SF_OK)
		status = number_positions(arena, cross);
	if (status == SF_OK)
		status = gather_together(arena, cross);
	if (status == SF_OK)
		*possible = trainable(arena->ctx, cross);
	return status;
}

/* Log-odds of the test part go to their places. */
static void
scatter(const SfCross *cross, SfRows test, const double *from, double *to)
{
	for (int64_t i = 0; i < test.n; i++)
	{
		int64_t		row = sf_row_of(test, i);

		to[cross->position == NULL ? row : cross->position[row]] = from[i];
	}
}

/* The trees of a fold, all that were grown, where they outlast it. */
static SfStatus
keep_stage(SfArena *kept, const SfTrees *trees, const double *losses, int32_t most, const SfCodes *test, SfStage *stage)
{
	int32_t		grown = 0;
	int64_t		nodes = 0;
	SfTree	   *tree;
	SfNode	   *node;
	double	   *loss;

	for (; grown < most && !isnan(losses[grown]); grown++)
		nodes += trees->tree[grown].nodes;
	tree = sf_arena_take(kept, (size_t) grown, sizeof(SfTree));
	node = sf_arena_take(kept, (size_t) nodes, sizeof(SfNode));
	loss = sf_arena_take(kept, (size_t) grown, sizeof(double));
	if (tree == NULL || node == NULL || loss == NULL)
		return sf_fail(kept->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t t = 0; t < grown; t++)
	{
		tree[t] = trees->tree[t];
		tree[t].node = node;
		memcpy(node, trees->tree[t].node, (size_t) tree[t].nodes * sizeof(SfNode));
		node += tree[t].nodes;
		loss[t] = losses[t];
	}
	*stage = (SfStage) {.test = test, .trees = *trees, .losses = loss};
	stage->trees.tree = tree;
	stage->trees.trees = grown;
	return sf_poll(kept->ctx);
}

static SfStatus
try_one(SfArena *arena, SfCross *cross, int32_t fold, const SfBins *bins, const SfCodes *train, const SfCodes *test, SfTry *t)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfHeldOut	held = {.codes = test, .log_odds = sf_arena_take(arena, (size_t) test->rows, sizeof(double))};
	SfMember	member;
	SfStatus	status;

	if (held.log_odds == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_member_fit(arena, bins, train, &t->spec, &held, &member);
	if (status != SF_OK)
		return status;
	scatter(cross, cross->split[fold].test, held.log_odds, t->log_odds);
	t->trees += held.trees;
	if (held.losses != NULL)
		status = keep_stage(&cross->kept, &member.trees, held.losses, t->spec.trees, test, &t->stage[fold]);
	sf_arena_rewind(arena, mark);
	if (status != SF_OK)
		return status;
	cross->done++;
	if (cross->progress.report != NULL)
		cross->progress.report(cross->progress.arg, cross->done, cross->done > cross->expected ? cross->done : cross->expected);
	return SF_OK;
}

/* All candidates of one number of bins in one fold. */
static SfStatus
try_bins(SfArena *arena, SfCross *cross, int32_t fold, int32_t bins_wanted, SfTry *tries, int32_t n)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfArenaMark kept = sf_arena_mark(&cross->kept);
	const SfSplit *split = &cross->split[fold];
	bool		staged = false;
	SfBins		bins;
	SfCodes		train;
	SfCodes    *test = sf_arena_take(&cross->kept, 1, sizeof(SfCodes));
	SfStatus	status;

	if (test == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_member_bins(arena, cross->frame, split->train, bins_wanted, &bins, &train);
	if (status == SF_OK)
		status = sf_bins_code(&cross->kept, &bins, cross->frame, split->test, test);
	for (int32_t c = 0; status == SF_OK && c < n; c++)
		if (tries[c].spec.bins == bins_wanted && !tries[c].given_up)
		{
			staged = staged || tries[c].stage != NULL;
			status = try_one(arena, cross, fold, &bins, &train, test, &tries[c]);
		}
	sf_arena_rewind(arena, mark);
	if (!staged)
		sf_arena_rewind(&cross->kept, kept);
	return status;
}

static bool
bins_met(const SfTry *tries, int32_t c)
{
	for (int32_t j = 0; j < c; j++)
		if (tries[j].spec.bins == tries[c].spec.bins && !tries[j].given_up)
			return true;
	return false;
}

/* Mean difference of the losses of a and b in the first folds, and its standard error. */
static SfStatus
difference(SfCtx *ctx, const SfCross *cross, int32_t folds, const SfTry *a, const SfTry *b, double *mean, double *error)
{
	double		sum = 0;
	double		squares = 0;
	double		n = 0;

	for (int32_t k = 0; k < folds; k++)
	{
		SfRows		test = cross->split[k].test;

		for (int64_t i = 0; i < test.n; i++)
		{
			int64_t		at = sf_row_of(test, i);
			double		d;

			if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
			at = cross->position == NULL ? at : cross->position[at];
			d = sf_log_odds_loss(a->log_odds[at], cross->won[at]) - sf_log_odds_loss(b->log_odds[at], cross->won[at]);
			sum += d;
			squares += d * d;
		}
		n += (double) test.n;
	}
	*mean = sum / n;
	*error = sqrt(fmax(squares / n - *mean * *mean, 0) / n);
	return SF_OK;
}

/* The candidate that leads after so many folds: the one whose loss no other's is below. */
static SfStatus
find_leader(SfCtx *ctx, const SfCross *cross, int32_t folds, const SfTry *tries, int32_t n, const SfTry **leader)
{
	for (int32_t c = 0; c < n; c++)
	{
		double		mean = -1;
		double		error;
		SfStatus	status = SF_OK;

		if (tries[c].given_up)
			continue;
		if (*leader != NULL)
			status = difference(ctx, cross, folds, &tries[c], *leader, &mean, &error);
		if (status != SF_OK)
			return status;
		if (mean < 0)
			*leader = &tries[c];
	}
	return SF_OK;
}

/* Give up those that are clearly behind. */
static SfStatus
race(SfCtx *ctx, const SfCross *cross, int32_t folds, SfTry *tries, int32_t n, const SfTry *leader, double slack)
{
	SfStatus	status = find_leader(ctx, cross, folds, tries, n, &leader);

	for (int32_t c = 0; status == SF_OK && c < n; c++)
	{
		double		mean;
		double		error;

		if (tries[c].given_up || &tries[c] == leader)
			continue;
		status = difference(ctx, cross, folds, &tries[c], leader, &mean, &error);
		if (status != SF_OK || !(mean > RACE_ERRORS * error && mean > slack))
			continue;
		tries[c].given_up = true;
		tries[c].log_loss = mean;
		tries[c].trees = (tries[c].trees + folds / 2) / folds;
	}
	return status;
}

static SfStatus
mean_loss(SfCtx *ctx, const SfCross *cross, SfTry *t)
{
	double		sum = 0;

	for (int64_t i = 0; i < cross->rows.n; i++)
	{
		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sum += sf_log_odds_loss(t->log_odds[i], cross->won[i]);
	}
	t->log_loss = sum / (double) cross->rows.n;
	return SF_OK;
}

/* How many trees give the least mean loss, of those that every fold has grown. */
static int32_t
best_trees(const SfCross *cross, const SfStage *stage)
{
	int32_t		grown = stage[0].trees.trees;
	int32_t		best = 1;
	double		least = INFINITY;

	for (int32_t k = 1; k < cross->folds; k++)
		grown = stage[k].trees.trees < grown ? stage[k].trees.trees : grown;
	for (int32_t t = 0; t < grown; t++)
	{
		double		sum = 0;

		for (int32_t k = 0; k < cross->folds; k++)
			sum += stage[k].losses[t] * (double) cross->split[k].test.n;
		if (sum < least)
		{
			least = sum;
			best = t + 1;
		}
	}
	return best;
}

/* Boosted trees that grew as long as they gained, fold by fold: all folds are told by the same number of them. */
static SfStatus
settle_trees(SfArena *arena, const SfCross *cross, SfTry *t)
{
	SfStatus	status = SF_OK;

	t->trees = best_trees(cross, t->stage);
	for (int32_t k = 0; status == SF_OK && k < cross->folds; k++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfTrees		trees = t->stage[k].trees;
		double	   *log_odds = sf_arena_take(arena, (size_t) t->stage[k].test->rows, sizeof(double));

		if (log_odds == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		trees.trees = t->trees;
		status = sf_trees_predict(arena->ctx, &trees, t->stage[k].test, log_odds);
		if (status == SF_OK)
			scatter(cross, cross->split[k].test, log_odds, t->log_odds);
		sf_arena_rewind(arena, mark);
	}
	return status;
}

/* Losses over all folds; of those given up the leader's and what they were behind. */
static SfStatus
mean_losses(SfArena *arena, const SfCross *cross, SfTry *tries, int32_t n, const SfTry *leader)
{
	double		best = leader == NULL ? INFINITY : leader->log_loss;
	SfStatus	status = SF_OK;

	for (int32_t c = 0; status == SF_OK && c < n; c++)
		if (!tries[c].given_up)
		{
			if (tries[c].stage != NULL)
				status = settle_trees(arena, cross, &tries[c]);
			else
				tries[c].trees = (tries[c].trees + cross->folds / 2) / cross->folds;
			if (status == SF_OK)
				status = mean_loss(arena->ctx, cross, &tries[c]);
			best = fmin(best, tries[c].log_loss);
		}
	for (int32_t c = 0; status == SF_OK && c < n; c++)
		if (tries[c].given_up)
			tries[c].log_loss += best;
	return status;
}

SfStatus
sf_cross_try(SfArena *arena, SfCross *cross, SfTry *tries, int32_t n, const SfTry *leader, double slack)
{
	SfArenaMark mark = sf_arena_mark(&cross->kept);
	SfStatus	status = SF_OK;
	double		leading = leader == NULL ? 0 : leader->log_loss;

	for (int32_t c = 0; c < n; c++)
	{
		tries[c].trees = 0;
		tries[c].given_up = false;
		tries[c].log_odds = sf_arena_take(arena, (size_t) cross->rows.n, sizeof(double));
		tries[c].stage = NULL;
		if (tries[c].spec.kind == SF_ALGORITHM_BOOSTED && tries[c].spec.patience > 0)
		{
			tries[c].stage = sf_arena_take(&cross->kept, (size_t) cross->folds, sizeof(SfStage));
			if (tries[c].stage == NULL)
				return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		}
		if (tries[c].log_odds == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	}
	for (int32_t fold = 0; status == SF_OK && fold < cross->folds; fold++)
	{
		for (int32_t c = 0; status == SF_OK && c < n; c++)
			if (!tries[c].given_up && !bins_met(tries, c))
				status = try_bins(arena, cross, fold, tries[c].spec.bins, tries, n);
		if (status == SF_OK && slack >= 0 && fold + 1 < cross->folds)
			status = race(arena->ctx, cross, fold + 1, tries, n, leader, slack * leading);
	}
	if (status == SF_OK)
		status = mean_losses(arena, cross, tries, n, leader);
	for (int32_t c = 0; c < n; c++)
		tries[c].stage = NULL;
	sf_arena_rewind(&cross->kept, mark);
	return status;
}
