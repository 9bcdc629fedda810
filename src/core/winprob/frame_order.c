/*
 * frame_order.c
 *		Closed deals in an order that depends on what they say only.
 *
 * Sorted by the hash of their content; where hashes are equal, by the content.
 * Deals that say the same would then stand side by side, and the first part of
 * the rows would not be a sample of all of them: the second and later ones get
 * keys of their own, made from the hash and how many there were before, and the
 * whole is sorted once more.
 */
#include <math.h>

#include "core/winprob/frame_store.h"

/* Rows between two polls; each may be a miss of every cache. */
#define POLL_EVERY 4096

typedef struct Ordering
{
	SfCtx	   *ctx;
	const SfFrameBuilder *b;
	uint32_t  **rank;			/* [features], NULL unless CATEGORY */
	uint64_t   *key;			/* [rows] */
	uint64_t   *key_spare;
	uint32_t   *order;			/* [rows] */
	uint32_t   *order_spare;
	int64_t		steps;			/* since the last poll */
} Ordering;

static SfStatus
step(Ordering *o)
{
	if (++o->steps < POLL_EVERY)
		return SF_OK;
	o->steps = 0;
	return sf_poll(o->ctx);
}

/* Of an array of times, or of none. */
static uint64_t
time_bits(const double *times, int64_t row)
{
	uint64_t	bits = SF_MISSING_BITS;

	if (times != NULL && !isnan(times[row]))
		memcpy(&bits, &times[row], sizeof bits);
	return bits;
}

static uint64_t
group_of(SfFramePlace p)
{
	return p.chunk->group != NULL ? p.chunk->group[p.row] : 0;
}

static int
order_of(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Some order of what two rows say; 0 when they say the same. */
static int
compare_rows(const Ordering *o, uint32_t i, uint32_t j)
{
	const SfFrameBuilder *b = o->b;
	SfFramePlace p = sf_frame_place(b, i);
	SfFramePlace q = sf_frame_place(b, j);
	const uint64_t *x = sf_frame_cells(b, i);
	const uint64_t *y = sf_frame_cells(b, j);
	int			order = order_of(p.chunk->won[p.row], q.chunk->won[q.row]);

	if (order == 0)
		order = order_of(time_bits(p.chunk->time, p.row), time_bits(q.chunk->time, q.row));
	if (order == 0)
		order = order_of(time_bits(p.chunk->closed, p.row), time_bits(q.chunk->closed, q.row));
	if (order == 0)
		order = order_of(group_of(p), group_of(q));
	for (int32_t k = 0; k < b->numbers && order == 0; k++)
		order = order_of(x[k], y[k]);
	for (int32_t c = 0; c < b->categories && order == 0; c++)
	{
		const uint32_t *rank = o->rank[b->category[c]];
		uint32_t	s = sf_cell_category(b, x, c);
		uint32_t	t = sf_cell_category(b, y, c);

		if (s != t)
			order = order_of(s == SF_MISSING_CATEGORY ? s : rank[s], t == SF_MISSING_CATEGORY ? t : rank[t]);
	}
	return order;
}

static void
sift_down(const Ordering *o, uint32_t *order, int64_t root, int64_t n)
{
	uint32_t	v = order[root];
	int64_t		child;

	while ((child = 2 * root + 1) < n)
	{
		if (child + 1 < n && compare_rows(o, order[child], order[child + 1]) < 0)
			child++;
		if (compare_rows(o, v, order[child]) >= 0)
			break;
		order[root] = order[child];
		root = child;
	}
	order[root] = v;
}

/* Different rows of one hash: next to never, unless someone made them. */
static SfStatus
sort_by_content(Ordering *o, uint32_t *order, int64_t n)
{
	SfStatus	status = SF_OK;

	for (int64_t i = n / 2 - 1; i >= 0 && status == SF_OK; i--)
	{
		sift_down(o, order, i, n);
		status = step(o);
	}
	for (int64_t last = n - 1; last > 0 && status == SF_OK; last--)
	{
		uint32_t	top = order[0];

		order[0] = order[last];
		order[last] = top;
		sift_down(o, order, 0, last);
		status = step(o);
	}
	return status;
}

/* New keys for n >= 2 rows of one hash, equal ones side by side; *again when a key has changed. */
static SfStatus
settle_run(Ordering *o, int64_t start, int64_t n, bool *again)
{
	uint32_t   *order = o->order + start;
	uint64_t	hash = o->key[start];
	bool		alike = true;
	uint64_t	before = 0;
	SfStatus	status = SF_OK;

	for (int64_t i = 1; i < n && alike && status == SF_OK; i++)
	{
		alike = compare_rows(o, order[0], order[i]) == 0;
		status = step(o);
	}
	if (status == SF_OK && !alike)
		status = sort_by_content(o, order, n);
	for (int64_t i = 1; i < n && status == SF_OK; i++)
	{
		before = alike || compare_rows(o, order[i - 1], order[i]) == 0 ? before + 1 : 0;
		if (before > 0)
		{
			o->key[start + i] = sf_mix64(hash + sf_mix64(before));
			*again = true;
		}
		status = step(o);
	}
	return status;
}

static SfStatus
sort_rows(Ordering *o)
{
	const SfFrameBuilder *b = o->b;
	bool		again = false;
	SfStatus	status;

	for (int64_t i = 0; i < b->rows; i++)
	{
		SfFramePlace p = sf_frame_place(b, i);

		o->key[i] = p.chunk->hash[p.row];
		o->order[i] = (uint32_t) i;
	}
	status = sf_radix_sort(o->ctx, o->key, o->order, b->rows, o->key_spare, o->order_spare);
	for (int64_t i = 0, end; i < b->rows && status == SF_OK; i = end)
	{
		uint64_t	hash = o->key[i];

		for (end = i + 1; end < b->rows && o->key[end] == hash;)
			end++;
		if (end - i > 1)
			status = settle_run(o, i, end - i, &again);
	}
	if (status == SF_OK && again)
		status = sf_radix_sort(o->ctx, o->key, o->order, b->rows, o->key_spare, o->order_spare);
	return status;
}

static SfStatus
make_order(SfArena *arena, const SfFrameBuilder *b, uint32_t **rank, uint32_t *order)
{
	SfArenaMark mark = sf_arena_mark(arena);
	size_t		n = (size_t) b->rows;
	Ordering	o = {.ctx = arena->ctx, .b = b, .rank = rank, .order = order};
	SfStatus	status;

	o.key = sf_arena_take(arena, n, sizeof(uint64_t));
	o.key_spare = sf_arena_take(arena, n, sizeof(uint64_t));
	o.order_spare = sf_arena_take(arena, n, sizeof(uint32_t));
	if (o.key == NULL || o.key_spare == NULL || o.order_spare == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sort_rows(&o);
	sf_arena_rewind(arena, mark);
	return status;
}

/* Categories in order of their names. */
static SfStatus
rank_categories(SfArena *arena, const SfFrameBuilder *b, uint32_t **rank, SfText **name, int32_t *categories)
{
	for (int32_t f = 0; f < b->features; f++)
	{
		const SfDictionary *d;
		SfStatus	status;

		rank[f] = NULL;
		name[f] = NULL;
		categories[f] = 0;
		if (b->feature[f].kind != SF_FEATURE_CATEGORY)
			continue;
		d = &b->dictionary[b->place[f]];
		categories[f] = d->n;
		rank[f] = sf_arena_take(arena, (size_t) d->n, sizeof(uint32_t));
		name[f] = sf_arena_take(arena, (size_t) d->n, sizeof(SfText));
		if (rank[f] == NULL || name[f] == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		status = sf_dictionary_rank(arena, d, rank[f], name[f]);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

/* Outcome, times and group of every row, in order. All but won may be NULL. */
static SfStatus
gather_info(SfCtx *ctx, const SfFrameBuilder *b, const uint32_t *order, uint8_t *won, double *time, uint64_t *group, double *closed)
{
	SfStatus	status = SF_OK;

	for (int64_t i = 0; i < b->rows && status == SF_OK; i++)
	{
		SfFramePlace p = sf_frame_place(b, order[i]);

		won[i] = p.chunk->won[p.row];
		if (time != NULL)
			time[i] = p.chunk->time != NULL ? p.chunk->time[p.row] : NAN;
		if (group != NULL)
			group[i] = group_of(p);
		if (closed != NULL)
			closed[i] = p.chunk->closed != NULL ? p.chunk->closed[p.row] : NAN;
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

SfStatus
sf_frame_finish(SfArena *arena, const SfFrameBuilder *builder, SfFrame *frame)
{
	const SfFrameBuilder *b = builder;
	size_t		features = (size_t) b->features;
	size_t		rows = (size_t) b->rows;
	uint32_t  **rank = sf_arena_take(arena, features, sizeof(uint32_t *));
	SfText	  **name = sf_arena_take(arena, features, sizeof(SfText *));
	int32_t    *categories = sf_arena_take(arena, features, sizeof(int32_t));
	uint32_t   *order = sf_arena_take(arena, rows, sizeof(uint32_t));
	uint8_t    *won = sf_arena_take(arena, rows, 1);
	double	   *time = b->has_time ? sf_arena_take(arena, rows, sizeof(double)) : NULL;
	uint64_t   *group = b->has_group ? sf_arena_take(arena, rows, sizeof(uint64_t)) : NULL;
	double	   *closed = b->has_closed ? sf_arena_take(arena, rows, sizeof(double)) : NULL;
	SfStatus	status;

	if (rank == NULL || name == NULL || categories == NULL || order == NULL || won == NULL ||
		(b->has_time && time == NULL) || (b->has_group && group == NULL) || (b->has_closed && closed == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = rank_categories(arena, b, rank, name, categories);
	if (status == SF_OK)
		status = make_order(arena, b, rank, order);
	if (status == SF_OK)
		status = gather_info(arena->ctx, b, order, won, time, group, closed);
	if (status != SF_OK)
		return status;
	*frame = (SfFrame) {
		.features = b->features,
		.feature = b->feature,
		.rows = b->rows,
		.won_rows = b->won_rows,
		.open_rows = b->open_rows,
		.won = won,
		.time = time,
		.group = group,
		.closed = closed,
		.counts = b->counts,
		.categories = categories,
		.category = (const SfText *const *) name,
		.builder = b,
		.order = order,
		.rank = (const uint32_t *const *) rank
	};
	return SF_OK;
}

void
sf_frame_numbers(const SfFrame *frame, int32_t f, SfRows rows, int64_t first, int64_t n, double *out)
{
	const SfFrameBuilder *b = frame->builder;
	int32_t		place = b->place[f];

	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = rows.row != NULL ? rows.row[first + i] : first + i;

		memcpy(&out[i], sf_frame_cells(b, frame->order[row]) + place, sizeof(double));
	}
}

void
sf_frame_categories(const SfFrame *frame, int32_t f, SfRows rows, int64_t first, int64_t n, uint32_t *out)
{
	const SfFrameBuilder *b = frame->builder;
	int32_t		place = b->place[f];
	const uint32_t *rank = frame->rank[f];

	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = rows.row != NULL ? rows.row[first + i] : first + i;
		uint32_t	number = sf_cell_category(b, sf_frame_cells(b, frame->order[row]), place);

		out[i] = number == SF_MISSING_CATEGORY ? number : rank[number];
	}
}
