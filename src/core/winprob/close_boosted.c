/*
 * close_boosted.c
 *		The closing hazard by boosted trees: one row per deal and bucket it was open in.
 *
 * The question of a row is whether the deal closes in that bucket, for a whole
 * bucket.  A deal that was watched for a part of a bucket only and did not close
 * counts as that part of a row: of all such rows in a bucket as many are kept as
 * their parts add up to, evenly spread over the deals in their (shuffled) order.
 * The open-ended bucket is cut into rows of last_width days.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/winprob/close_hazard.h"

#define ROWS_MAX INT64_C(4000000)
#define LAST_ROWS 4				/* of the open-ended bucket up to the horizon */
#define WATCH_SHARE 10			/* one deal in so many is held out to tell when to stop */
#define WATCH_LEAST 50			/* held-out closings below which no one watches */
#define PATIENCE 20

typedef struct Expansion
{
	const SfClosePart *part;
	const double *start;
	int32_t		buckets;
	double		last_width;
	double	   *debt;			/* [buckets] parts of rows not yet kept */
	uint8_t    *code;			/* NULL: only count */
	uint8_t    *won;
	int64_t		rows;
} Expansion;

static void
put_row(Expansion *x, int64_t deal, int32_t bucket, bool closes)
{
	int32_t		features = x->part->codes.features;

	if (x->code != NULL)
	{
		uint8_t    *to = x->code + x->rows * (features + 1);

		if (features > 0)
			memcpy(to, x->part->codes.code + deal * features, (size_t) features);
		to[features] = (uint8_t) (1 + bucket);
		x->won[x->rows] = closes;
	}
	x->rows++;
}

/* A part of a row without a closing. */
static void
put_part(Expansion *x, int64_t deal, int32_t bucket, double share)
{
	x->debt[bucket] += share;
	if (x->debt[bucket] >= 1 - 1e-9)
	{
		x->debt[bucket] -= 1;
		put_row(x, deal, bucket, false);
	}
}

static void
put_deal(Expansion *x, int64_t i)
{
	double		entry = x->part->entry[i];
	double		days = x->part->days[i];
	bool		closed = x->part->outcome[i] != SF_CLOSE_OPEN;
	int32_t		last = sf_bucket_of(x->start, x->buckets, days);

	for (int32_t k = sf_bucket_of(x->start, x->buckets, entry); k <= last; k++)
	{
		double		width = k == x->buckets - 1 ? x->last_width : x->start[k + 1] - x->start[k];
		double		from = fmax(entry, x->start[k]);
		double		until = fmin(days, x->start[k + 1]);

		/* only in the open-ended bucket a deal stands for several rows */
		for (; until - from >= width * (1 + 1e-9); from += width)
			put_row(x, i, k, false);
		if (closed && k == last)
			put_row(x, i, k, true);
		else if (until > from)
			put_part(x, i, k, (until - from) / width);
	}
}

/* Rows of deals first .. first + n - 1, stopping at ROWS_MAX. */
static SfStatus
expand(SfArena *arena, Expansion *x, int64_t first, int64_t n, const int32_t *sizes, SfCodes *codes)
{
	int32_t		features = x->part->codes.features;
	int64_t		deals = n;

	for (int32_t pass = 0; pass < 2; pass++)
	{
		x->rows = 0;
		memset(x->debt, 0, (size_t) x->buckets * sizeof(double));
		for (int64_t i = 0; i < deals; i++)
		{
			if (i % 4096 == 0 && sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
			put_deal(x, first + i);
			if (pass == 0 && x->rows >= ROWS_MAX)
				deals = i + 1;
		}
		if (pass == 1)
			break;
		x->code = sf_arena_take(arena, (size_t) x->rows * ((size_t) features + 1) + 1, sizeof(uint8_t));
		x->won = sf_arena_take(arena, (size_t) x->rows + 1, sizeof(uint8_t));
		if (x->code == NULL || x->won == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	}
	*codes = (SfCodes) {x->rows, features + 1, x->code, x->won, sizes};
	x->code = NULL;
	return SF_OK;
}

static int64_t
closings(const SfCodes *codes)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < codes->rows; i++)
		n += codes->won[i];
	return n;
}

static SfBoostOptions
boost_options(const SfCloseSpec *spec)
{
	return (SfBoostOptions) {
		.trees = spec->trees, .leaves = spec->leaves, .depth = 8, .rate = spec->rate, .ridge = 1,
		.least_rows = 20, .least_hessian = 1, .row_share = 1, .feature_share = 1, .seed = spec->seed
	};
}

/* One class only: the log-odds of its share, half a row away from the end, and no tree. */
static SfStatus
constant_trees(const SfCodes *codes, int64_t won, SfTrees *model)
{
	*model = (SfTrees) {
		.base = log(((double) won + 0.5) / ((double) (codes->rows - won) + 0.5)),
		.features = codes->features, .rows = codes->rows
	};
	return SF_OK;
}

static SfStatus
boost(SfArena *arena, const SfCodes *codes, const SfCodes *watch, const SfCloseSpec *spec, SfTrees *model)
{
	int64_t		won = closings(codes);
	double	   *losses = NULL;

	if (won == 0 || won == codes->rows)
		return constant_trees(codes, won, model);
	if (closings(watch) < WATCH_LEAST)
		watch = NULL;
	return sf_boost_fit(arena, codes, boost_options(spec), watch, PATIENCE, watch == NULL ? NULL : &losses, model);
}

/* Rows first .. first + n - 1 of codes. */
static SfCodes
slice(const SfCodes *codes, int64_t first, int64_t n)
{
	SfCodes		s = *codes;

	s.code += first * codes->features;
	s.won += first;
	s.rows = n;
	return s;
}

SfStatus
sf_close_fit_boosted(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model)
{
	Expansion	x = {.part = part, .buckets = model->buckets};
	double	   *start;
	double		tail = model->horizon - model->bucket[model->buckets - 1].start;
	int64_t		held = part->rows / WATCH_SHARE;
	SfCodes		codes;
	SfCodes		watch;
	SfCodes		all;
	SfStatus	status = sf_close_starts(arena, model, &start);

	if (status == SF_OK)
		status = sf_close_cause_codes(arena, part, model, &all);
	if (status != SF_OK)
		return status;
	x.start = start;
	x.debt = sf_arena_take(arena, (size_t) model->buckets, sizeof(double));
	if (x.debt == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	x.last_width = model->last_width = tail > 1e-3 ? tail / LAST_ROWS : 1;
	/* the frame's order is a shuffle: the first deals are as good as any */
	status = expand(arena, &x, 0, held, all.codes, &watch);
	if (status == SF_OK)
		status = expand(arena, &x, held, part->rows - held, all.codes, &codes);
	if (status == SF_OK)
		status = boost(arena, &codes, &watch, spec, &model->closing);
	if (status != SF_OK || !model->cause_known)
		return status;
	held = all.rows / WATCH_SHARE;
	watch = slice(&all, 0, held);
	codes = slice(&all, held, all.rows - held);
	return boost(arena, &codes, &watch, spec, &model->cause_trees);
}
