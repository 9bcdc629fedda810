/*
 * topdown.c
 *		Forecast the total and share it out.
 */
#include "core/forecast/topdown.h"

#include <math.h>
#include <string.h>

/* A sum this small beside its terms says nothing about shares. */
#define CANCELLED 1e-9

#define POLL_EVERY 65536

static SfStatus
no_memory(SfArena *arena)
{
	return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

static SfStatus
worked(SfArena *arena, int64_t *done, int64_t steps)
{
	*done += steps;
	if (*done < POLL_EVERY)
		return SF_OK;
	*done = 0;
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

/* What the children of a node, or the parts of a total, come to. */
typedef struct Parts
{
	double		sum;
	double		size;			/* sum of absolute values */
	double		count;
} Parts;

static void
add_part(Parts *parts, double value)
{
	parts->sum += value;
	parts->size += fabs(value);
	parts->count += 1.0;
}

static bool
is_cancelled(const Parts *parts)
{
	return !(fabs(parts->sum) > CANCELLED * parts->size);
}

static double
share_of(const Parts *parts, double value)
{
	if (parts->size == 0.0)
		return 1.0 / parts->count;
	return is_cancelled(parts) ? fabs(value) / parts->size : value / parts->sum;
}

/* All nodes, parents before children: by level, each level in node order. */
static int32_t *
order_by_level(SfArena *arena, const SfHierarchy *h)
{
	int32_t    *order = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(int32_t));
	int32_t		deepest = 0;
	int32_t    *start;

	for (int32_t i = 0; i < h->nodes; i++)
		deepest = h->level[i] > deepest ? h->level[i] : deepest;
	start = sf_arena_take(arena, (size_t) deepest + 2, sizeof(int32_t));
	if (order == NULL || start == NULL)
		return NULL;
	memset(start, 0, ((size_t) deepest + 2) * sizeof(int32_t));
	for (int32_t i = 0; i < h->nodes; i++)
		start[h->level[i] + 1]++;
	for (int32_t level = 0; level <= deepest; level++)
		start[level + 1] += start[level];
	for (int32_t i = 0; i < h->nodes; i++)
		order[start[h->level[i]]++] = i;
	return order;
}

/* One step: values up the tree, then shares down it. */
static void
share_step(const SfHierarchy *h, const int32_t *order, const bool *used, const double *base,
		   int32_t steps, double *value, Parts *parts)
{
	memset(parts, 0, (size_t) h->nodes * sizeof(Parts));
	for (int32_t i = h->nodes - 1; i >= 0; i--)
	{
		int32_t		node = order[i];

		value[node] = used[node] ? base[(int64_t) node * steps] : parts[node].sum;
		if (h->parent[node] >= 0)
			add_part(&parts[h->parent[node]], value[node]);
	}
	for (int32_t i = 0; i < h->nodes; i++)
	{
		int32_t		node = order[i];
		int32_t		parent = h->parent[node];

		if (parent >= 0)
			value[node] = value[parent] * share_of(&parts[parent], value[node]);
	}
}

SfStatus
sf_top_down_forecasts(SfArena *arena, const SfHierarchy *h, const bool *used, const double *base,
					  int32_t steps, double *out)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int32_t    *order = order_by_level(arena, h);
	double	   *value = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(double));
	Parts	   *parts = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(Parts));
	int64_t		done = 0;
	SfStatus	status = SF_OK;

	if (order == NULL || value == NULL || parts == NULL)
		return no_memory(arena);
	for (int32_t s = 0; s < steps && status == SF_OK; s++)
	{
		share_step(h, order, used, base + s, steps, value, parts);
		for (int32_t b = 0; b < h->bottoms; b++)
			out[(int64_t) b * steps + s] = value[h->bottom[b]];
		status = worked(arena, &done, 4 * (int64_t) h->nodes);
	}
	sf_arena_rewind(arena, mark);
	return status;
}

static double
observed(const SfHierarchy *h, const double *history, int32_t periods, int32_t b, int32_t t)
{
	double		y = history[(int64_t) h->bottom[b] * periods + t];

	return isnan(y) ? 0.0 : y;
}

/* The node at the top of each bottom series' tree. */
static SfStatus
find_roots(SfArena *arena, const SfHierarchy *h, int32_t *root, int64_t *done)
{
	for (int32_t b = 0; b < h->bottoms; b++)
	{
		int64_t		way = 0;
		SfStatus	status;

		for (root[b] = h->bottom[b]; h->parent[root[b]] >= 0; way++)
			root[b] = h->parent[root[b]];
		status = worked(arena, done, 1 + way);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

/* share[b], summing up to 1 over the bottom series of one root */
static SfStatus
historical_shares(SfArena *arena, const SfHierarchy *h, const double *history, int32_t periods,
				  const int32_t *root, Parts *parts, double *share, int64_t *done)
{
	double	   *counted = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(double));
	SfStatus	status = SF_OK;

	if (counted == NULL)
		return no_memory(arena);
	memset(counted, 0, ((size_t) h->nodes + 1) * sizeof(double));
	memset(share, 0, (size_t) h->bottoms * sizeof(double));
	for (int32_t t = 0; t < periods && status == SF_OK; t++)
	{
		memset(parts, 0, (size_t) h->nodes * sizeof(Parts));
		for (int32_t b = 0; b < h->bottoms; b++)
			add_part(&parts[root[b]], observed(h, history, periods, b, t));
		for (int32_t i = 0; i < h->nodes; i++)
			counted[i] += !is_cancelled(&parts[i]);
		for (int32_t b = 0; b < h->bottoms; b++)
			if (!is_cancelled(&parts[root[b]]))
				share[b] += observed(h, history, periods, b, t) / parts[root[b]].sum;
		status = worked(arena, done, 4 * (int64_t) h->nodes);
	}
	memset(parts, 0, (size_t) h->nodes * sizeof(Parts));
	for (int32_t b = 0; b < h->bottoms; b++)
		parts[root[b]].count += 1.0;
	for (int32_t b = 0; b < h->bottoms; b++)
		share[b] = counted[root[b]] > 0.0 ? share[b] / counted[root[b]] : 1.0 / parts[root[b]].count;
	return status;
}

SfStatus
sf_top_down_history(SfArena *arena, const SfHierarchy *h, const double *history, int32_t periods,
					const double *base, int32_t steps, double *out)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int32_t    *root = sf_arena_take(arena, (size_t) h->bottoms + 1, sizeof(int32_t));
	double	   *share = sf_arena_take(arena, (size_t) h->bottoms + 1, sizeof(double));
	Parts	   *parts = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(Parts));
	int64_t		done = 0;
	SfStatus	status;

	if (root == NULL || share == NULL || parts == NULL)
		return no_memory(arena);
	status = find_roots(arena, h, root, &done);
	if (status == SF_OK)
		status = historical_shares(arena, h, history, periods, root, parts, share, &done);
	for (int32_t b = 0; b < h->bottoms && status == SF_OK; b++)
	{
		for (int32_t s = 0; s < steps; s++)
			out[(int64_t) b * steps + s] = share[b] * base[(int64_t) root[b] * steps + s];
		status = worked(arena, &done, steps);
	}
	sf_arena_rewind(arena, mark);
	return status;
}
