/*
 * radix.c
 *		Sorting 64-bit keys in linear time.
 */
#include "core/base/radix.h"

#define DIGITS 8
#define BUCKETS 256
#define INSERTION_MAX 48

/* Keys between two polls. */
#define POLL_EVERY 65536

static void
insertion_sort(uint64_t *key, uint32_t *value, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		uint64_t	k = key[i];
		uint32_t	v = value != NULL ? value[i] : 0;
		int64_t		j = i;

		for (; j > 0 && key[j - 1] > k; j--)
		{
			key[j] = key[j - 1];
			if (value != NULL)
				value[j] = value[j - 1];
		}
		key[j] = k;
		if (value != NULL)
			value[j] = v;
	}
}

static SfStatus
count_digits(SfCtx *ctx, const uint64_t *key, int64_t n, uint32_t count[DIGITS][BUCKETS])
{
	SfStatus	status = SF_OK;

	memset(count, 0, sizeof(uint32_t) * DIGITS * BUCKETS);
	for (int64_t start = 0; start < n && status == SF_OK; start += POLL_EVERY)
	{
		int64_t		end = n - start > POLL_EVERY ? start + POLL_EVERY : n;

		for (int64_t i = start; i < end; i++)
			for (int d = 0; d < DIGITS; d++)
				count[d][(key[i] >> (8 * d)) & 0xff]++;
		status = sf_poll(ctx);
	}
	return status;
}

/* One pass: from here to there by one byte; place[] says where each bucket goes on. */
static SfStatus
scatter(SfCtx *ctx, const uint64_t *key, const uint32_t *value, int64_t n, int shift, uint32_t *place,
		uint64_t *to, uint32_t *value_to)
{
	SfStatus	status = SF_OK;

	for (int64_t start = 0; start < n && status == SF_OK; start += POLL_EVERY)
	{
		int64_t		end = n - start > POLL_EVERY ? start + POLL_EVERY : n;

		if (value != NULL)
			for (int64_t i = start; i < end; i++)
			{
				uint32_t	at = place[(key[i] >> shift) & 0xff]++;

				to[at] = key[i];
				value_to[at] = value[i];
			}
		else
			for (int64_t i = start; i < end; i++)
				to[place[(key[i] >> shift) & 0xff]++] = key[i];
		status = sf_poll(ctx);
	}
	return status;
}

/* Counts become places. False when one bucket holds all, so that the pass would change nothing. */
static bool
make_places(uint32_t *count, int64_t n)
{
	uint32_t	sum = 0;

	for (int b = 0; b < BUCKETS; b++)
	{
		uint32_t	c = count[b];

		if ((int64_t) c == n)
			return false;
		count[b] = sum;
		sum += c;
	}
	return true;
}

SfStatus
sf_radix_sort(SfCtx *ctx, uint64_t *key, uint32_t *value, int64_t n, uint64_t *key_spare, uint32_t *value_spare)
{
	uint32_t	count[DIGITS][BUCKETS];
	uint64_t   *from = key;
	uint64_t   *to = key_spare;
	uint32_t   *value_from = value;
	uint32_t   *value_to = value_spare;
	SfStatus	status;

	if (n <= INSERTION_MAX)
	{
		insertion_sort(key, value, n);
		return SF_OK;
	}
	if (n > UINT32_MAX)
		return sf_fail(ctx, SF_TOO_LARGE, "at most 2^32 keys can be sorted");
	status = count_digits(ctx, key, n, count);
	for (int d = 0; d < DIGITS && status == SF_OK; d++)
	{
		uint64_t   *swap = to;
		uint32_t   *value_swap = value_to;

		if (!make_places(count[d], n))
			continue;
		status = scatter(ctx, from, value_from, n, 8 * d, count[d], to, value_to);
		to = from;
		from = swap;
		value_to = value_from;
		value_from = value_swap;
	}
	if (status == SF_OK && from != key)
	{
		memcpy(key, from, (size_t) n * sizeof(uint64_t));
		if (value != NULL)
			memcpy(value, value_from, (size_t) n * sizeof(uint32_t));
	}
	return status;
}
