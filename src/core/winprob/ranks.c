/*
 * ranks.c
 *		Sorting by bytes, the lowest first (Knuth, The Art of Computer Programming,
 *		vol. 3, 5.2.5).  A byte that is the same in all keys costs nothing.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#include "core/winprob/ranks.h"

#define BYTES 8
#define POLL_EVERY 65536
#define INSERTION_MAX 48

/* start[byte][value]: how many keys have that byte below the value. False: the byte is the same in all. */
static bool
starts(int64_t *count, int64_t n)
{
	int64_t		sum = 0;

	for (int v = 0; v < 256; v++)
	{
		int64_t		here = count[v];

		if (here == n)
			return false;
		count[v] = sum;
		sum += here;
	}
	return true;
}

static void
insert_keys(uint64_t *key, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		uint64_t	k = key[i];
		int64_t		j = i;

		for (; j > 0 && key[j - 1] > k; j--)
			key[j] = key[j - 1];
		key[j] = k;
	}
}

static SfStatus
count_keys(SfCtx *ctx, const uint64_t *key, int64_t n, int64_t (*count)[256])
{
	SfStatus	status = SF_OK;

	memset(count, 0, BYTES * sizeof *count);
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		for (int b = 0; b < BYTES; b++)
			count[b][key[i] >> (8 * b) & 255]++;
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

SfStatus
sf_rank_sort(SfCtx *ctx, uint64_t *key, uint64_t *scratch, int64_t n)
{
	int64_t		count[BYTES][256];
	uint64_t   *from = key;
	uint64_t   *to = scratch;
	SfStatus	status;

	if (n <= INSERTION_MAX)
	{
		insert_keys(key, n);
		return SF_OK;
	}
	status = count_keys(ctx, key, n, count);
	for (int b = 0; b < BYTES && status == SF_OK; b++)
	{
		uint64_t   *swap = from;

		if (!starts(count[b], n))
			continue;
		for (int64_t i = 0; i < n && status == SF_OK; i++)
		{
			to[count[b][from[i] >> (8 * b) & 255]++] = from[i];
			if (i % POLL_EVERY == POLL_EVERY - 1)
				status = sf_poll(ctx);
		}
		from = to;
		to = swap;
	}
	if (status == SF_OK && from != key)
		memcpy(key, from, (size_t) n * sizeof *key);
	return status;
}

static SfStatus
count_ranked(SfCtx *ctx, const SfRanked *ranked, int64_t n, int64_t (*count)[256])
{
	SfStatus	status = SF_OK;

	memset(count, 0, BYTES * sizeof *count);
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		for (int b = 0; b < BYTES; b++)
			count[b][ranked[i].key >> (8 * b) & 255]++;
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

SfStatus
sf_rank_sort_rows(SfCtx *ctx, SfRanked *ranked, SfRanked *scratch, int64_t n)
{
	int64_t		count[BYTES][256];
	SfRanked   *from = ranked;
	SfRanked   *to = scratch;
	SfStatus	status = count_ranked(ctx, ranked, n, count);

	for (int b = 0; b < BYTES && status == SF_OK; b++)
	{
		SfRanked   *swap = from;

		if (!starts(count[b], n))
			continue;
		for (int64_t i = 0; i < n && status == SF_OK; i++)
		{
			to[count[b][from[i].key >> (8 * b) & 255]++] = from[i];
			if (i % POLL_EVERY == POLL_EVERY - 1)
				status = sf_poll(ctx);
		}
		from = to;
		to = swap;
	}
	if (status == SF_OK && from != ranked)
		memcpy(ranked, from, (size_t) n * sizeof *ranked);
	return status;
}
