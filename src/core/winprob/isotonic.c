/*
 * isotonic.c
 *		Win rates that never fall as the prediction rises.
 *
 * Rates are compared as fractions of whole numbers, so that equal ones are
 * equal.  Since the rates of the blocks rise strictly, n deals make at most
 * about .9 n^(2/3) blocks: there are only so many fractions with small
 * denominators.
 */
#include "core/winprob/isotonic.h"

#include <math.h>

#include "core/base/radix.h"
#include "core/base/sum.h"

#define POLL_EVERY 16384

/* A block while it grows. */
typedef struct Open
{
	SfSum		sum;			/* of predictions */
	int64_t		rows;
	int64_t		won;
} Open;

/* Keys of the won deals from the front on, those of the lost ones from the end back. */
static SfStatus
split_keys(SfCtx *ctx, const double *value, const uint8_t *won, int64_t n, const uint8_t *fold, int32_t left_out,
		   uint64_t *key, int64_t *won_rows, int64_t *lost_rows)
{
	SfStatus	status = SF_OK;

	*won_rows = *lost_rows = 0;
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		if (fold == NULL || fold[i] != left_out)
		{
			int64_t		at = won[i] != 0 ? (*won_rows)++ : n - ++*lost_rows;

			key[at] = sf_rank_key(value[i]);
		}
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

static SfStatus
merge_ties(SfCtx *ctx, const uint64_t *won, int64_t m, const uint64_t *lost, int64_t l, SfScoreTie *tie, int64_t *ties)
{
	int64_t		i = 0;
	int64_t		j = 0;

	for (*ties = 0; i < m || j < l; (*ties)++)
	{
		uint64_t	key = j >= l || (i < m && won[i] < lost[j]) ? won[i] : lost[j];
		int64_t		before = i + j;
		int64_t		won_before = i;

		while (i < m && won[i] == key)
			i++;
		while (j < l && lost[j] == key)
			j++;
		tie[*ties] = (SfScoreTie) {sf_of_key(key), i + j - before, i - won_before};
		if (*ties % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

SfStatus
sf_isotonic_ties(SfArena *arena, const double *value, const uint8_t *won, int64_t n,
				 const uint8_t *fold, int32_t left_out, SfScoreTie **tie, int64_t *ties)
{
	SfScoreTie *result = sf_arena_take(arena, (size_t) n, sizeof(SfScoreTie));
	SfArenaMark mark = sf_arena_mark(arena);
	uint64_t   *key = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint64_t   *scratch = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	int64_t		m;
	int64_t		l;
	int64_t		count;
	SfStatus	status;

	if (result == NULL || key == NULL || scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = split_keys(arena->ctx, value, won, n, fold, left_out, key, &m, &l);
	if (status == SF_OK)
		status = sf_radix_sort(arena->ctx, key, NULL, m, scratch, NULL);
	if (status == SF_OK)
		status = sf_radix_sort(arena->ctx, key + n - l, NULL, l, scratch, NULL);
	if (status == SF_OK)
		status = merge_ties(arena->ctx, key, m, key + n - l, l, result, &count);
	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
	{
		*tie = result;
		*ties = count;
	}
	return status;
}

/* Is the rate of a at least that of b? */
static bool
not_below(const Open *a, const Open *b)
{
	return a->won * b->rows >= b->won * a->rows;
}

static void
join(Open *a, const Open *b)
{
	sf_sum_merge(&a->sum, b->sum);
	a->rows += b->rows;
	a->won += b->won;
}

static int64_t
join_small(Open *open, int64_t n, int64_t least)
{
	int64_t		kept = 0;

	for (int64_t i = 0; i < n; i++)
	{
		if (kept > 0 && open[kept - 1].rows < least)
			join(&open[kept - 1], &open[i]);
		else
			open[kept++] = open[i];
	}
	if (kept > 1 && open[kept - 1].rows < least)
	{
		join(&open[kept - 2], &open[kept - 1]);
		kept--;
	}
	return kept;
}

/* How many blocks there can be at once, one that is about to join included. */
static int64_t
most_blocks(const SfScoreTie *tie, int64_t ties)
{
	double		rows = 0;
	double		most;

	for (int64_t i = 0; i < ties; i++)
		rows += (double) tie[i].rows;
	most = 2.0 * cbrt(rows) * cbrt(rows) + 16.0;
	return most < (double) ties ? (int64_t) most : ties;
}

static SfStatus
pool(SfCtx *ctx, const SfScoreTie *tie, int64_t ties, Open *open, int64_t *blocks)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < ties; i++)
	{
		Open		next = {.rows = tie[i].rows, .won = tie[i].won};

		sf_sum_add_product(&next.sum, tie[i].value, (double) tie[i].rows);
		while (n > 0 && not_below(&open[n - 1], &next))
		{
			Open		last = open[--n];

			join(&last, &next);
			next = last;
		}
		open[n++] = next;
		if (i % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	*blocks = n;
	return SF_OK;
}

SfStatus
sf_isotonic_blocks(SfArena *arena, const SfScoreTie *tie, int64_t ties, int64_t least,
				   SfIsotonicBlock **block, int64_t *blocks)
{
	Open	   *open = sf_arena_take(arena, (size_t) most_blocks(tie, ties), sizeof(Open));
	SfIsotonicBlock *result;
	int64_t		n;
	SfStatus	status;

	if (open == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = pool(arena->ctx, tie, ties, open, &n);
	if (status != SF_OK)
		return status;
	n = join_small(open, n, least);
	result = sf_arena_take(arena, (size_t) n, sizeof(SfIsotonicBlock));
	if (result == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
		result[i] = (SfIsotonicBlock) {sf_sum_value(open[i].sum) / (double) open[i].rows, open[i].rows, open[i].won};
	*block = result;
	*blocks = n;
	return SF_OK;
}
