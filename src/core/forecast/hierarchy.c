/*
 * hierarchy.c
 *		Which series add up to which: any tree, and any grouped structure.
 */
#include "core/forecast/hierarchy.h"

#include <string.h>

#include "core/base/sum.h"

/* Steps of a few instructions between two polls. */
#define POLL_EVERY 65536

#define MANY_TEXT "the lists of a hierarchy hold more than 100 million entries"

/* The same structure while it is being made. */
typedef struct Draft
{
	SfArena    *arena;
	int32_t		nodes;
	int32_t		capacity;		/* of parent, level, key */
	int32_t		bottoms;
	int32_t    *bottom;
	int32_t    *aggregate;
	int32_t    *place;
	int64_t    *start;
	int32_t    *member;
	int32_t    *parent;
	int32_t    *level;
	int32_t    *key;
	int32_t		depth;
	int64_t		steps;			/* since the last poll */
} Draft;

static SfStatus
no_memory(Draft *d)
{
	return sf_fail(d->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

static SfStatus
fail_at(Draft *d, SfStatus status, const char *what, int64_t node)
{
	sf_fail(d->arena->ctx, status, what);
	d->arena->ctx->where = node;
	return status;
}

static SfStatus
worked(Draft *d, int64_t steps)
{
	d->steps += steps;
	if (d->steps < POLL_EVERY)
		return SF_OK;
	d->steps = 0;
	if (sf_cancelled(d->arena->ctx))
		return sf_fail(d->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

static void *
take(Draft *d, int64_t count, size_t size)
{
	return sf_arena_take(d->arena, (size_t) (count > 0 ? count : 1), size);
}

static void
publish(const Draft *d, SfHierarchy *h)
{
	*h = (SfHierarchy) {
		.nodes = d->nodes, .bottoms = d->bottoms, .aggregates = d->nodes - d->bottoms,
		.bottom = d->bottom, .aggregate = d->aggregate, .place = d->place,
		.start = d->start, .member = d->member, .parent = d->parent, .level = d->level,
		.key = d->key, .depth = d->depth
	};
}

/* Lists the nodes: is_bottom[i] says which list node i stands in. */
static SfStatus
number_nodes(Draft *d, const bool *is_bottom)
{
	int32_t		aggregates = 0;

	d->bottoms = 0;
	d->place = take(d, d->nodes, sizeof(int32_t));
	d->bottom = take(d, d->nodes, sizeof(int32_t));
	d->aggregate = take(d, d->nodes, sizeof(int32_t));
	d->start = take(d, (int64_t) d->nodes + 1, sizeof(int64_t));
	if (d->place == NULL || d->bottom == NULL || d->aggregate == NULL || d->start == NULL)
		return no_memory(d);
	for (int32_t i = 0; i < d->nodes; i++)
	{
		d->place[i] = is_bottom[i] ? d->bottoms : -1 - aggregates;
		if (is_bottom[i])
			d->bottom[d->bottoms++] = i;
		else
			d->aggregate[aggregates++] = i;
	}
	memset(d->start, 0, ((size_t) aggregates + 1) * sizeof(int64_t));
	return worked(d, d->nodes);
}

/* Counts in start[a + 1] become places, and the lists get their room. */
static SfStatus
reserve_members(Draft *d)
{
	int32_t		aggregates = d->nodes - d->bottoms;

	for (int32_t a = 0; a < aggregates; a++)
		d->start[a + 1] += d->start[a];
	d->member = take(d, d->start[aggregates], sizeof(int32_t));
	return d->member == NULL ? no_memory(d) : SF_OK;
}

/* After filling, start[a] has run to the end of list a: put it back. */
static void
rewind_starts(Draft *d)
{
	int32_t		aggregates = d->nodes - d->bottoms;

	for (int32_t a = aggregates; a > 0; a--)
		d->start[a] = d->start[a - 1];
	d->start[0] = 0;
}

/* Trees */

static SfStatus
copy_parents(Draft *d, const int32_t *parent, bool *is_bottom)
{
	for (int32_t i = 0; i < d->nodes; i++)
		is_bottom[i] = true;
	for (int32_t i = 0; i < d->nodes; i++)
	{
		if (parent[i] < -1 || parent[i] >= d->nodes)
			return fail_at(d, SF_BAD_ARGUMENT, "a parent is not a node of the hierarchy", i);
		d->parent[i] = parent[i];
		d->level[i] = -1;
		if (parent[i] >= 0)
			is_bottom[parent[i]] = false;
	}
	return worked(d, 2 * (int64_t) d->nodes);
}

/*
 * Levels from the root down.  Each node is walked over twice: up to the first
 * ancestor whose level is known, and back; the way is kept in `path`.
 */
static SfStatus
number_levels(Draft *d, int32_t *path)
{
	for (int32_t i = 0; i < d->nodes; i++)
	{
		int32_t		length = 0;
		int32_t		level = 0;
		int32_t		at = i;
		SfStatus	status;

		/* -2 marks what lies on this way */
		for (; at >= 0 && d->level[at] == -1; at = d->parent[at])
		{
			d->level[at] = -2;
			path[length++] = at;
		}
		if (at >= 0 && d->level[at] == -2)
			return fail_at(d, SF_BAD_DATA, "the parents of a hierarchy run in a circle", at);
		if (at >= 0)
			level = d->level[at] + 1;
		status = worked(d, 1 + 2 * (int64_t) length);
		if (status != SF_OK)
			return status;
		while (length > 0)
			d->level[path[--length]] = level++;
	}
	return SF_OK;
}

static SfStatus
list_descendants(Draft *d)
{
	int64_t		total = 0;
	SfStatus	status;

	for (int32_t b = 0; b < d->bottoms; b++)
	{
		total += d->level[d->bottom[b]];
		if (total > SF_HIERARCHY_MEMBERS_MAX)
			return sf_fail(d->arena->ctx, SF_TOO_LARGE, MANY_TEXT);
	}
	for (int32_t b = 0; b < d->bottoms; b++)
	{
		for (int32_t at = d->parent[d->bottom[b]]; at >= 0; at = d->parent[at])
			d->start[-d->place[at]]++;
		status = worked(d, d->level[d->bottom[b]]);
		if (status != SF_OK)
			return status;
	}
	status = reserve_members(d);
	for (int32_t b = 0; b < d->bottoms && status == SF_OK; b++)
	{
		for (int32_t at = d->parent[d->bottom[b]]; at >= 0; at = d->parent[at])
			d->member[d->start[-1 - d->place[at]]++] = b;
		status = worked(d, d->level[d->bottom[b]]);
	}
	if (status == SF_OK)
		rewind_starts(d);
	return status;
}

SfStatus
sf_hierarchy_from_parents(SfArena *arena, const int32_t *parent, int32_t n, SfHierarchy *h)
{
	Draft		d = {.arena = arena, .nodes = n};
	bool	   *is_bottom = take(&d, n, sizeof(bool));
	int32_t    *path = take(&d, n, sizeof(int32_t));
	SfStatus	status;

	d.parent = take(&d, n, sizeof(int32_t));
	d.level = take(&d, n, sizeof(int32_t));
	if (is_bottom == NULL || path == NULL || d.parent == NULL || d.level == NULL)
		return no_memory(&d);
	status = copy_parents(&d, parent, is_bottom);
	if (status == SF_OK)
		status = number_levels(&d, path);
	if (status == SF_OK)
		status = number_nodes(&d, is_bottom);
	if (status == SF_OK)
		status = list_descendants(&d);
	if (status == SF_OK)
		publish(&d, h);
	return status;
}

/* Keys */

/* Nodes by key: open addressing, a power of two, at most half full. */
typedef struct KeyTable
{
	int32_t    *slot;			/* node, or -1 */
	uint64_t	mask;
} KeyTable;

static uint64_t
hash_key(const int32_t *key, int32_t depth)
{
	uint64_t	x = UINT64_C(0x9E3779B97F4A7C15);

	for (int32_t i = 0; i < depth; i++)
	{
		x = (x ^ (uint32_t) key[i]) * UINT64_C(0xBF58476D1CE4E5B9);
		x ^= x >> 29;
	}
	return x;
}

/* The slot of this key: its node, or -1 where it would go. */
static int32_t *
find_slot(const KeyTable *t, const Draft *d, const int32_t *key)
{
	uint64_t	at = hash_key(key, d->depth) & t->mask;

	while (t->slot[at] >= 0 &&
		   memcmp(d->key + (size_t) t->slot[at] * (size_t) d->depth, key,
				  (size_t) d->depth * sizeof(int32_t)) != 0)
		at = (at + 1) & t->mask;
	return &t->slot[at];
}

static SfStatus
make_table(Draft *d, KeyTable *t)
{
	uint64_t	size = 4;

	while (size < 2 * (uint64_t) d->capacity)
		size *= 2;
	t->mask = size - 1;
	t->slot = sf_arena_take(d->arena, size, sizeof(int32_t));
	if (t->slot == NULL)
		return no_memory(d);
	memset(t->slot, 0xFF, size * sizeof(int32_t));
	for (int32_t i = 0; i < d->nodes; i++)
	{
		int32_t    *slot = find_slot(t, d, d->key + (size_t) i * (size_t) d->depth);
		SfStatus	status = worked(d, 1 + d->depth);

		if (status != SF_OK)
			return status;
		if (*slot >= 0)
			return fail_at(d, SF_BAD_DATA, "a series comes twice in a hierarchy", i);
		*slot = i;
	}
	return SF_OK;
}

/* The tables must not fill up: twice the room, and everything put in again. */
static SfStatus
grow(Draft *d, KeyTable *t)
{
	int64_t		capacity = 2 * (int64_t) d->capacity + 16;
	size_t		row = (size_t) d->depth * sizeof(int32_t);
	int32_t    *key;

	if (capacity > INT32_MAX / 2)
		return sf_fail(d->arena->ctx, SF_TOO_LARGE, "a hierarchy has more than a billion nodes");
	key = take(d, capacity, row);
	if (key == NULL)
		return no_memory(d);
	if (d->nodes > 0)
		memcpy(key, d->key, (size_t) d->nodes * row);
	d->key = key;
	d->capacity = (int32_t) capacity;
	return make_table(d, t);
}

/* Which parts of a key are kept, one bit each. */
static uint32_t
pattern_of(const Draft *d, int32_t node)
{
	const int32_t *key = d->key + (size_t) node * (size_t) d->depth;
	uint32_t	pattern = 0;

	for (int32_t i = 0; i < d->depth; i++)
		if (key[i] != SF_SUMMED)
			pattern |= UINT32_C(1) << i;
	return pattern;
}

static uint32_t
everything(const Draft *d)
{
	return (UINT32_C(1) << d->depth) - 1;
}

static void
mask_key(const Draft *d, int32_t node, uint32_t pattern, int32_t *out)
{
	const int32_t *key = d->key + (size_t) node * (size_t) d->depth;

	for (int32_t i = 0; i < d->depth; i++)
		out[i] = pattern >> i & 1 ? key[i] : SF_SUMMED;
}

/* The distinct patterns of the aggregates given, and that of the total. */
static SfStatus
list_patterns(Draft *d, uint32_t **patterns, int32_t *count)
{
	int32_t		room = 16;
	int32_t		n = 1;
	uint32_t   *list = take(d, room, sizeof(uint32_t));

	if (list == NULL)
		return no_memory(d);
	list[0] = 0;
	for (int32_t i = 0; i < d->nodes; i++)
	{
		uint32_t	pattern = pattern_of(d, i);
		int32_t		at = 0;
		SfStatus	status = worked(d, d->depth + n);

		if (status != SF_OK)
			return status;
		while (at < n && list[at] != pattern)
			at++;
		if (at < n || pattern == everything(d))
			continue;
		if (n == room)
		{
			uint32_t   *more = take(d, 2 * (int64_t) room, sizeof(uint32_t));

			if (more == NULL)
				return no_memory(d);
			memcpy(more, list, (size_t) n * sizeof(uint32_t));
			list = more;
			room *= 2;
		}
		list[n++] = pattern;
	}
	*patterns = list;
	*count = n;
	return SF_OK;
}

static bool
is_above(uint32_t pattern, uint32_t other)
{
	return pattern != other && (pattern & other) == pattern;
}

/*
 * Bottom series: those that sum over nothing, or, where the hierarchy may be
 * incomplete, those that have nothing below them.
 */
static SfStatus
mark_bottoms(Draft *d, const KeyTable *t, const uint32_t *patterns, int32_t count, bool incomplete,
			 bool *is_bottom)
{
	int32_t		key[SF_HIERARCHY_DEPTH_MAX];

	for (int32_t i = 0; i < d->nodes; i++)
		is_bottom[i] = incomplete || pattern_of(d, i) == everything(d);
	for (int32_t i = 0; i < d->nodes && incomplete; i++)
		for (int32_t p = 0; p < count; p++)
		{
			SfStatus	status = worked(d, 1 + d->depth);
			int32_t		above;

			if (status != SF_OK)
				return status;
			if (!is_above(patterns[p], pattern_of(d, i)))
				continue;
			mask_key(d, i, patterns[p], key);
			above = *find_slot(t, d, key);
			if (above >= 0)
				is_bottom[above] = false;
		}
	return SF_OK;
}

/* Two keys that agree in all they both keep: their sums would overlap. */
static bool
overlap(const Draft *d, int32_t a, int32_t b)
{
	const int32_t *x = d->key + (size_t) a * (size_t) d->depth;
	const int32_t *y = d->key + (size_t) b * (size_t) d->depth;

	for (int32_t i = 0; i < d->depth; i++)
		if (x[i] != y[i] && x[i] != SF_SUMMED && y[i] != SF_SUMMED)
			return false;
	return true;
}

/* Sums that stand for bottom series must not share any. */
static SfStatus
check_overlaps(Draft *d, const bool *is_bottom)
{
	int32_t    *sums = take(d, d->nodes, sizeof(int32_t));
	int32_t		n = 0;

	if (sums == NULL)
		return no_memory(d);
	for (int32_t i = 0; i < d->nodes; i++)
	{
		if (!is_bottom[i] || pattern_of(d, i) == everything(d))
			continue;
		for (int32_t j = 0; j < n; j++)
			if (overlap(d, i, sums[j]))
				return fail_at(d, SF_BAD_DATA, "two series that sum up others overlap, and what they have in common is not given", i);
		sums[n++] = i;
		if (worked(d, (int64_t) n * d->depth) != SF_OK)
			return SF_CANCELLED;
	}
	return SF_OK;
}

/*
 * Each bottom series goes into its node of each pattern; nodes that were not
 * given are made.  found[b * count + p] is the node, or -1.
 */
static SfStatus
complete(Draft *d, KeyTable *t, const uint32_t *patterns, int32_t count, int32_t given,
		 const bool *is_bottom, int32_t *found)
{
	int32_t		key[SF_HIERARCHY_DEPTH_MAX];

	for (int32_t i = 0; i < given; i++)
		for (int32_t p = 0; p < count && is_bottom[i]; p++)
		{
			int32_t    *slot;
			SfStatus	status = worked(d, 1 + d->depth);

			if (status == SF_OK && d->nodes == d->capacity)
				status = grow(d, t);
			if (status != SF_OK)
				return status;
			*found = -1;
			if (is_above(patterns[p], pattern_of(d, i)))
			{
				mask_key(d, i, patterns[p], key);
				slot = find_slot(t, d, key);
				if (*slot < 0)
				{
					memcpy(d->key + (size_t) d->nodes * (size_t) d->depth, key,
						   (size_t) d->depth * sizeof(int32_t));
					*slot = d->nodes++;
				}
				*found = *slot;
			}
			found++;
		}
	return SF_OK;
}

static SfStatus
list_members(Draft *d, const int32_t *found, int32_t count)
{
	SfStatus	status;

	for (int64_t i = 0; i < (int64_t) d->bottoms * count; i++)
		if (found[i] >= 0)
			d->start[-d->place[found[i]]]++;
	for (int32_t a = 0; a < d->nodes - d->bottoms; a++)
		if (d->start[a + 1] == 0)
			return fail_at(d, SF_BAD_DATA, SF_HIERARCHY_EMPTY_TEXT, d->aggregate[a]);
	status = reserve_members(d);
	for (int32_t b = 0; b < d->bottoms && status == SF_OK; b++)
	{
		for (int32_t p = 0; p < count; p++)
		{
			int32_t		node = found[(int64_t) b * count + p];

			if (node >= 0)
				d->member[d->start[-1 - d->place[node]]++] = b;
		}
		status = worked(d, count);
	}
	if (status == SF_OK)
		rewind_starts(d);
	return status;
}

/* Patterns that keep the first parts only, ascending: 1, 11, 111 in bits. */
static bool
is_prefix(uint32_t pattern)
{
	return (pattern & (pattern + 1)) == 0;
}

/* Each bottom series hangs below its node of the longest prefix, and so on up to the total. */
static SfStatus
link_prefixes(Draft *d, const uint32_t *patterns, int32_t count, const int32_t *found)
{
	for (int32_t i = 0; i < d->nodes; i++)
	{
		uint32_t	pattern = pattern_of(d, i);

		d->parent[i] = -1;
		for (d->level[i] = 0; pattern != 0; pattern &= pattern - 1)
			d->level[i]++;
	}
	for (int32_t b = 0; b < d->bottoms; b++)
	{
		int32_t		below = d->bottom[b];
		SfStatus	status = worked(d, (int64_t) count * count);

		if (status != SF_OK)
			return status;
		for (uint32_t limit = pattern_of(d, below); limit != 0;)
		{
			int32_t		best = 0;

			/* pattern 0 is the total, and always a prefix */
			for (int32_t p = 1; p < count; p++)
				if (is_prefix(patterns[p]) && is_above(patterns[p], limit) && patterns[p] > patterns[best])
					best = p;
			d->parent[below] = found[(int64_t) b * count + best];
			below = d->parent[below];
			limit = patterns[best];
		}
	}
	return SF_OK;
}

static SfStatus
copy_keys(Draft *d, const int32_t *key, int32_t n)
{
	size_t		row = (size_t) d->depth * sizeof(int32_t);

	d->key = take(d, d->capacity, row);
	if (d->key == NULL)
		return no_memory(d);
	for (int64_t i = 0; i < (int64_t) n * d->depth; i++)
		if (key[i] < SF_SUMMED)
			return fail_at(d, SF_BAD_ARGUMENT, "a code in a key is out of range", i / d->depth);
	if (n > 0)
		memcpy(d->key, key, (size_t) n * row);
	d->nodes = n;
	return SF_OK;
}

/* Nodes, lists and the tree, once every node is known; those that were made are aggregates. */
static SfStatus
build_lists(Draft *d, const uint32_t *patterns, int32_t count, const bool *given_bottom, int32_t given,
			const int32_t *found)
{
	bool	   *is_bottom = take(d, d->nodes, sizeof(bool));
	SfStatus	status;

	d->parent = take(d, d->nodes, sizeof(int32_t));
	d->level = take(d, d->nodes, sizeof(int32_t));
	if (is_bottom == NULL || d->parent == NULL || d->level == NULL)
		return no_memory(d);
	for (int32_t i = 0; i < d->nodes; i++)
		is_bottom[i] = i < given && given_bottom[i];
	status = number_nodes(d, is_bottom);
	if (status == SF_OK)
		status = list_members(d, found, count);
	if (status == SF_OK)
		status = link_prefixes(d, patterns, count, found);
	return status;
}

/* From the table of given nodes to all nodes and lists. */
static SfStatus
build_from_table(Draft *d, KeyTable *t, bool incomplete)
{
	int32_t		given = d->nodes;
	bool	   *is_bottom = take(d, given, sizeof(bool));
	int64_t		bottoms = 0;
	uint32_t   *patterns = NULL;
	int32_t    *found;
	int32_t		count = 0;
	SfStatus	status = is_bottom == NULL ? no_memory(d) : list_patterns(d, &patterns, &count);

	if (status == SF_OK)
		status = mark_bottoms(d, t, patterns, count, incomplete, is_bottom);
	if (status == SF_OK && incomplete)
		status = check_overlaps(d, is_bottom);
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < given; i++)
		bottoms += is_bottom[i];
	if (bottoms == 0)
		return sf_fail(d->arena->ctx, SF_BAD_DATA, "a hierarchy has no bottom series");
	if (bottoms * count > SF_HIERARCHY_MEMBERS_MAX)
		return sf_fail(d->arena->ctx, SF_TOO_LARGE, MANY_TEXT);
	found = take(d, bottoms * count, sizeof(int32_t));
	if (found == NULL)
		return no_memory(d);
	status = complete(d, t, patterns, count, given, is_bottom, found);
	if (status == SF_OK)
		status = build_lists(d, patterns, count, is_bottom, given, found);
	return status;
}

SfStatus
sf_hierarchy_from_keys(SfArena *arena, const int32_t *key, int32_t n, int32_t depth, bool incomplete,
					   SfHierarchy *h)
{
	Draft		d = {.arena = arena, .capacity = n, .depth = depth};
	KeyTable	table;
	SfStatus	status;

	if (depth < 1 || depth > SF_HIERARCHY_DEPTH_MAX)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a key has between 1 and 30 parts");
	status = copy_keys(&d, key, n);
	if (status == SF_OK)
		status = make_table(&d, &table);
	if (status == SF_OK)
		status = build_from_table(&d, &table, incomplete);
	if (status == SF_OK)
		publish(&d, h);
	return status;
}

SfStatus
sf_hierarchy_sum(SfArena *arena, const SfHierarchy *h, double *value, int64_t columns)
{
	Draft		d = {.arena = arena};
	SfArenaMark mark = sf_arena_mark(arena);
	SfSum	   *sum = take(&d, columns, sizeof(SfSum));
	SfStatus	status = SF_OK;

	if (sum == NULL)
		return no_memory(&d);
	for (int32_t a = 0; a < h->aggregates && status == SF_OK; a++)
	{
		double	   *out = value + h->aggregate[a] * columns;

		memset(sum, 0, (size_t) columns * sizeof(SfSum));
		for (int64_t i = h->start[a]; i < h->start[a + 1] && status == SF_OK; i++)
		{
			const double *in = value + h->bottom[h->member[i]] * columns;

			for (int64_t c = 0; c < columns; c++)
				sf_sum_add(&sum[c], in[c]);
			status = worked(&d, columns);
		}
		for (int64_t c = 0; c < columns && status == SF_OK; c++)
			out[c] = sf_sum_value(sum[c]);
	}
	sf_arena_rewind(arena, mark);
	return status;
}
