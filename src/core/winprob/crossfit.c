/*
 * crossfit.c
 *		Candidates on deals they have not seen.
 */
#include "core/winprob/crossfit.h"

#include <math.h>

#include "core/winprob/stack.h"

/* A training part must hold so many won and as many lost deals. */
#define CLASS_LEAST 10
#define POLL_EVERY 16384
#define RACE_ERRORS 3.0

static int64_t
frame_row(SfRows rows, int64_t i)
{
	return rows.row == NULL ? i : rows.row[i];
}

static SfStatus
gather_won(SfArena *arena, SfCross *cross)
{
	uint8_t    *won = sf_arena_take(arena, (size_t) cross->rows.n, 1);

	if (won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	cross->won_rows = 0;
	for (int64_t i = 0; i < cross->rows.n; i++)
	{
		won[i] = cross->frame->won[frame_row(cross->rows, i)];
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

/* Both classes in every training part? */
static bool
trainable(const SfCross *cross)
{
	for (int32_t k = 0; k < cross->folds; k++)
	{
		SfRows		test = cross->split[k].test;
		int64_t		won = cross->won_rows;
		int64_t		lost = cross->rows.n - cross->won_rows;

		for (int64_t i = 0; i < test.n; i++)
			if (cross->frame->won[frame_row(test, i)])
				won--;
			else
				lost--;
		if (won < CLASS_LEAST || lost < CLASS_LEAST || test.n < 1)
			return false;
	}
	return true;
}

SfStatus
sf_cross_begin(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t folds, uint64_t seed,
			   SfWinProgress progress, SfCross *cross, bool *possible)
{
	SfFoldKind	kind = frame->group != NULL ? SF_FOLDS_GROUPED : SF_FOLDS_SHUFFLED;
	SfSplit    *split = sf_arena_take(arena, (size_t) folds, sizeof(SfSplit));
	SfStatus	status;

	if (split == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*cross = (SfCross) {.frame = frame, .rows = rows, .folds = folds, .split = split, .progress = progress};
	*possible = false;
	if (rows.n < 2 * folds)
		return SF_OK;
	status = sf_folds_make(arena, frame, rows, kind, folds, seed, split);
	if (status == SF_BAD_DATA)
		return SF_OK;
	if (status == SF_OK)
		status = gather_won(arena, cross);
	if (status == SF_OK)
		status = number_positions(arena, cross);
	if (status == SF_OK)
		*possible = trainable(cross);
	return status;
}

/* Log-odds of the test part go to their places. */
static void
scatter(const SfCross *cross, SfRows test, const double *from, double *to)
{
	for (int64_t i = 0; i < test.n; i++)
	{
		int64_t		row = frame_row(test, i);

		to[cross->position == NULL ? row : cross->position[row]] = from[i];
	}
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
	sf_arena_rewind(arena, mark);
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
	const SfSplit *split = &cross->split[fold];
	SfBins		bins;
	SfCodes		train;
	SfCodes		test;
	SfStatus	status = sf_member_bins(arena, cross->frame, split->train, bins_wanted, &bins);

	if (status == SF_OK)
		status = sf_bins_code(arena, &bins, cross->frame, split->train, &train);
	if (status == SF_OK)
		status = sf_bins_code(arena, &bins, cross->frame, split->test, &test);
	for (int32_t c = 0; status == SF_OK && c < n; c++)
		if (tries[c].spec.bins == bins_wanted && !tries[c].given_up)
			status = try_one(arena, cross, fold, &bins, &train, &test, &tries[c]);
	sf_arena_rewind(arena, mark);
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
			int64_t		at = frame_row(test, i);
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
	t->trees = (t->trees + cross->folds / 2) / cross->folds;
	return SF_OK;
}

/* Losses over all folds; of those given up the leader's and what they were behind. */
static SfStatus
mean_losses(SfCtx *ctx, const SfCross *cross, SfTry *tries, int32_t n, const SfTry *leader)
{
	double		best = leader == NULL ? INFINITY : leader->log_loss;
	SfStatus	status = SF_OK;

	for (int32_t c = 0; status == SF_OK && c < n; c++)
		if (!tries[c].given_up)
		{
			status = mean_loss(ctx, cross, &tries[c]);
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
	SfStatus	status = SF_OK;
	double		leading = leader == NULL ? 0 : leader->log_loss;

	for (int32_t c = 0; c < n; c++)
	{
		tries[c].trees = 0;
		tries[c].given_up = false;
		tries[c].log_odds = sf_arena_take(arena, (size_t) cross->rows.n, sizeof(double));
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
	return status == SF_OK ? mean_losses(arena->ctx, cross, tries, n, leader) : status;
}
