/*
 * close_boosted.c
 *		The closing hazard by boosted trees: one row per deal and bucket it was open in.
 *
 * The question of a row is whether the deal closes in that bucket, for a whole
 * bucket.  A deal that was watched for a part of a bucket only and did not close
 * counts as that part of a row: of all such rows in a bucket as many are kept as
 * their parts add up to, evenly spread over the deals in their (shuffled) order.
 * The open-ended bucket is cut into rows of last_width days.
 *
 * Some deals are held out to tell when to stop, all rows of a group together:
 * trees that know a deal's other rows would never be told to.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/winprob/close_hazard.h"

#define CODES_MAX INT64_C(16000000)	/* of all rows; they are kept twice, by row and by column */
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
	const uint8_t *watched;		/* [deals] held out */
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

/* Rows of the deals that are held out, or are not, stopping at CODES_MAX. */
static SfStatus
expand(SfArena *arena, Expansion *x, bool watched, const int32_t *sizes, SfCodes *codes)
{
	int32_t		features = x->part->codes.features;
	int64_t		deals = x->part->rows;

	for (int32_t pass = 0; pass < 2; pass++)
	{
		x->rows = 0;
		memset(x->debt, 0, (size_t) x->buckets * sizeof(double));
		for (int64_t i = 0; i < deals; i++)
		{
			if (i % 4096 == 0 && sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
			if (x->watched[i] == watched)
				put_deal(x, i);
			if (pass == 0 && x->rows * (features + 1) >= CODES_MAX)
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

/* Which deals are held out: whole groups by a hash, the others by their place, for the frame's order is a shuffle. */
static SfStatus
choose_watched(SfArena *arena, const SfClosePart *part, uint8_t **watched)
{
	uint8_t    *w = sf_arena_take(arena, (size_t) part->rows, sizeof(uint8_t));

	if (w == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < part->rows; i++)
	{
		uint64_t	group = part->group == NULL ? 0 : part->group[i];

		w[i] = group == 0 ? i < part->rows / WATCH_SHARE :
			((group * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % WATCH_SHARE == 0;
	}
	*watched = w;
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
boost_options(const SfCloseSpec *spec, int32_t leaves)
{
	return (SfBoostOptions) {
		.trees = spec->trees, .leaves = leaves, .depth = 8, .rate = spec->rate, .ridge = 1,
		.least_rows = 20, .least_hessian = 1, .row_share = 1, .feature_share = 1, .seed = spec->seed
	};
}

/* One class only: the log-odds of its share, half a row away from the end, and no tree. */
static SfStatus
constant_trees(const SfCodes *codes, int64_t won, SfTrees *model)
{
	*model = (SfTrees) {
		.base = sf_log(((double) won + 0.5) / ((double) (codes->rows - won) + 0.5)),
		.features = codes->features, .rows = codes->rows
	};
	return SF_OK;
}

static SfStatus
boost(SfArena *arena, const SfCodes *codes, const SfCodes *watch, const SfCloseSpec *spec, int32_t leaves, SfTrees *model)
{
	int64_t		won = closings(codes);
	double	   *losses = NULL;

	if (won == 0 || won == codes->rows)
		return constant_trees(codes, won, model);
	if (closings(watch) < WATCH_LEAST)
		watch = NULL;
	return sf_boost_fit(arena, codes, boost_options(spec, leaves), watch, PATIENCE, watch == NULL ? NULL : &losses, model);
}

SfStatus
sf_close_fit_boosted(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseModel *model)
{
	Expansion	x = {.part = part, .buckets = model->buckets};
	double	   *start;
	double		tail = model->horizon - model->bucket[model->buckets - 1].start;
	int32_t    *sizes = sf_arena_take(arena, (size_t) part->codes.features + 1, sizeof(int32_t));
	uint8_t    *watched;
	SfCodes		codes;
	SfCodes		watch;
	SfStatus	status = sf_close_starts(arena, model, &start);

	if (status == SF_OK)
		status = choose_watched(arena, part, &watched);
	if (status != SF_OK)
		return status;
	x.start = start;
	x.watched = watched;
	x.debt = sf_arena_take(arena, (size_t) model->buckets, sizeof(double));
	if (x.debt == NULL || sizes == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(sizes, part->codes.codes, (size_t) part->codes.features * sizeof(int32_t));
	sizes[part->codes.features] = model->buckets + 2;
	x.last_width = model->last_width = tail > 1e-3 ? tail / LAST_ROWS : 1;
	status = expand(arena, &x, true, sizes, &watch);
	if (status == SF_OK)
		status = expand(arena, &x, false, sizes, &codes);
	return status == SF_OK ? boost(arena, &codes, &watch, spec, spec->leaves, &model->closing) : status;
}

/* Those of the closings that are held out, or are not. */
static SfStatus
divide(SfArena *arena, const SfClosePart *part, const SfCodes *all, const uint8_t *watched, bool wanted, SfCodes *codes)
{
	size_t		width = (size_t) all->features;
	uint8_t    *code = sf_arena_take(arena, (size_t) all->rows * width + 1, sizeof(uint8_t));
	uint8_t    *won = sf_arena_take(arena, (size_t) all->rows + 1, sizeof(uint8_t));
	int64_t		from = 0;

	if (code == NULL || won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*codes = (SfCodes) {0, all->features, code, won, all->codes};
	for (int64_t i = 0; i < part->rows; i++)
	{
		if (i % 4096 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (part->outcome[i] == SF_CLOSE_OPEN)
			continue;
		if (watched[i] == wanted)
		{
			memcpy(code + (size_t) codes->rows * width, all->code + (size_t) from * width, width);
			won[codes->rows++] = all->won[from];
		}
		from++;
	}
	return SF_OK;
}

SfStatus
sf_close_boost_cause(SfArena *arena, const SfClosePart *part, const SfCodes *codes, const SfCloseSpec *spec, SfTrees *trees)
{
	uint8_t    *watched;
	SfCodes		learn;
	SfCodes		watch;
	SfStatus	status = choose_watched(arena, part, &watched);

	if (status == SF_OK)
		status = divide(arena, part, codes, watched, true, &watch);
	if (status == SF_OK)
		status = divide(arena, part, codes, watched, false, &learn);
	return status == SF_OK ? boost(arena, &learn, &watch, spec, spec->cause_leaves, trees) : status;
}
