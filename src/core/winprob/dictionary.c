/*
 * dictionary.c
 *		Names of categories, each with a small number.
 */
#include "core/winprob/dictionary.h"

#define EMPTY UINT32_MAX
#define FIRST_ROOM 8
#define TEXT_BLOCK_FIRST 128
#define TEXT_BLOCK_MAX ((size_t) 64 * 1024)

/* Steps of work between two polls. */
#define POLL_EVERY 8192

static void
place_entry(SfDictionary *d, uint32_t number)
{
	uint32_t	at = (uint32_t) d->entry[number].hash & d->mask;

	while (d->slot[at] != EMPTY)
		at = (at + 1) & d->mask;
	d->slot[at] = number;
}

/* Twice the room; the table is never more than half full. */
static SfStatus
grow(SfCtx *ctx, SfDictionary *d)
{
	int32_t		room = d->room > 0 ? 2 * d->room : FIRST_ROOM;
	SfDictionaryEntry *entry;
	uint32_t   *slot;

	if (d->n >= SF_MAX_CATEGORIES)
		return sf_fail(ctx, SF_TOO_LARGE, "a feature has too many different values");
	entry = sf_alloc(ctx, (size_t) room, sizeof(SfDictionaryEntry));
	slot = sf_alloc(ctx, 2 * (size_t) room, sizeof(uint32_t));
	if (entry == NULL || slot == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (d->n > 0)
		memcpy(entry, d->entry, (size_t) d->n * sizeof(SfDictionaryEntry));
	memset(slot, 0xff, 2 * (size_t) room * sizeof(uint32_t));
	d->entry = entry;
	d->room = room;
	d->slot = slot;
	d->mask = 2 * (uint32_t) room - 1;
	for (int32_t i = 0; i < d->n; i++)
		place_entry(d, (uint32_t) i);
	return SF_OK;
}

static SfStatus
copy_text(SfCtx *ctx, SfDictionary *d, SfText *text)
{
	size_t		length = (size_t) text->length;

	if (d->text_left < length)
	{
		size_t		block = d->text_block == 0 ? TEXT_BLOCK_FIRST : 2 * d->text_block;
		char	   *taken;

		block = block > TEXT_BLOCK_MAX ? TEXT_BLOCK_MAX : block;
		block = block < length ? length : block;
		taken = sf_alloc(ctx, block, 1);
		if (taken == NULL)
			return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		d->text = taken;
		d->text_left = block;
		d->text_block = block;
	}
	if (length > 0)
	{
		memcpy(d->text, text->at, length);
		text->at = d->text;
		d->text += length;
		d->text_left -= length;
	}
	else
		text->at = "";
	return SF_OK;
}

static SfStatus
append(SfCtx *ctx, SfDictionary *d, SfText text, uint64_t hash, uint32_t *number)
{
	SfStatus	status = SF_OK;

	if (d->n == d->room)
		status = grow(ctx, d);
	if (status == SF_OK)
		status = copy_text(ctx, d, &text);
	if (status != SF_OK)
		return status;
	*number = (uint32_t) d->n;
	d->entry[d->n].hash = hash;
	d->entry[d->n].text = text;
	place_entry(d, (uint32_t) d->n);
	d->n++;
	return SF_OK;
}

SfStatus
sf_dictionary_add(SfCtx *ctx, SfDictionary *dictionary, SfText text, uint32_t *number)
{
	uint64_t	hash = sf_text_hash(text);

	if (dictionary->n > 0)
		for (uint32_t at = (uint32_t) hash & dictionary->mask; dictionary->slot[at] != EMPTY;
			 at = (at + 1) & dictionary->mask)
		{
			const SfDictionaryEntry *e = &dictionary->entry[dictionary->slot[at]];

			if (e->hash == hash && sf_text_equal(e->text, text))
			{
				*number = dictionary->slot[at];
				return SF_OK;
			}
		}
	return append(ctx, dictionary, text, hash, number);
}

/* How many bytes all texts begin with. */
static int32_t
common_prefix(const SfDictionary *d)
{
	SfText		first = d->entry[0].text;
	int32_t		prefix = first.length;

	for (int32_t i = 1; i < d->n && prefix > 0; i++)
	{
		SfText		text = d->entry[i].text;
		int32_t		same = 0;

		prefix = text.length < prefix ? text.length : prefix;
		while (same < prefix && text.at[same] == first.at[same])
			same++;
		prefix = same;
	}
	return prefix;
}

/* Eight bytes after the prefix, the first one most significant; zeros beyond the end. */
static uint64_t
prefix_key(SfText text, int32_t prefix)
{
	uint64_t	key = 0;

	for (int32_t i = 0; i < 8; i++)
		key = key << 8 | (prefix + i < text.length ? (unsigned char) text.at[prefix + i] : 0);
	return key;
}

static bool
text_before(const SfDictionary *d, uint32_t a, uint32_t b)
{
	return sf_text_compare(d->entry[a].text, d->entry[b].text) < 0;
}

static void
sift_down(const SfDictionary *d, uint32_t *order, int64_t root, int64_t n)
{
	uint32_t	v = order[root];
	int64_t		child;

	while ((child = 2 * root + 1) < n)
	{
		if (child + 1 < n && text_before(d, order[child], order[child + 1]))
			child++;
		if (!text_before(d, v, order[child]))
			break;
		order[root] = order[child];
		root = child;
	}
	order[root] = v;
}

/* Heap sort of numbers whose texts begin alike. */
static SfStatus
sort_run(SfCtx *ctx, const SfDictionary *d, uint32_t *order, int64_t n)
{
	SfStatus	status = SF_OK;

	for (int64_t i = n / 2 - 1; i >= 0 && status == SF_OK; i--)
	{
		sift_down(d, order, i, n);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	for (int64_t last = n - 1; last > 0 && status == SF_OK; last--)
	{
		uint32_t	top = order[0];

		order[0] = order[last];
		order[last] = top;
		sift_down(d, order, 0, last);
		if (last % POLL_EVERY == 0)
			status = sf_poll(ctx);
	}
	return status;
}

static SfStatus
sort_texts(SfArena *arena, const SfDictionary *d, uint32_t *order)
{
	int64_t		n = d->n;
	uint64_t   *key = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint64_t   *key_spare = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	uint32_t   *spare = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	int32_t		prefix;
	SfStatus	status = SF_OK;

	if (key == NULL || key_spare == NULL || spare == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	prefix = common_prefix(d);
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		key[i] = prefix_key(d->entry[i].text, prefix);
		order[i] = (uint32_t) i;
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
	}
	if (status == SF_OK)
		status = sf_radix_sort(arena->ctx, key, order, n, key_spare, spare);
	for (int64_t i = 0, end; i < n && status == SF_OK; i = end)
	{
		for (end = i + 1; end < n && key[end] == key[i];)
			end++;
		if (end - i > 1)
			status = sort_run(arena->ctx, d, order + i, end - i);
	}
	return status;
}

SfStatus
sf_dictionary_rank(SfArena *arena, const SfDictionary *dictionary, uint32_t *rank, SfText *sorted)
{
	SfArenaMark mark = sf_arena_mark(arena);
	uint32_t   *order;
	SfStatus	status;

	if (dictionary->n == 0)
		return SF_OK;
	order = sf_arena_take(arena, (size_t) dictionary->n, sizeof(uint32_t));
	if (order == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sort_texts(arena, dictionary, order);
	if (status == SF_OK)
		for (int32_t i = 0; i < dictionary->n; i++)
		{
			rank[order[i]] = (uint32_t) i;
			sorted[i] = dictionary->entry[order[i]].text;
		}
	sf_arena_rewind(arena, mark);
	return status;
}
