/*
 * bin_categories.c
 *		Which categories share a bin, and in which order the bins stand.
 */
#include "core/winprob/bin_categories.h"

#include <math.h>

#include "core/base/radix.h"

/* With as many deals a category among few may stand where its own rate puts it; ours: the rate is then known to .05. */
#define ENOUGH_AMONG_FEW 100.0

/* Categories that share a bin. */
typedef struct Group
{
	double		rate;			/* smoothed */
	int64_t		count;
	int64_t		won;
} Group;

typedef struct Grouping
{
	SfArena    *arena;
	const SfCategoryCount *category;
	int32_t		n;
	double		base;
	SfBinOptions options;
	Group	   *group;			/* [bins] */
	int32_t		groups;
	int32_t    *of;				/* [n] which group */
} Grouping;

static double
smoothed(const Grouping *g, int64_t count, int64_t won)
{
	return ((double) won + g->options.prior * g->base) / ((double) count + g->options.prior);
}

/*
 * Strength of the beta distribution that the rates of the categories without a
 * group seem drawn from; Infinity when they differ no more than by chance.
 */
static double
strength(const Grouping *g)
{
	double		n = 0;
	double		won = 0;
	double		squares = 0;
	double		between = 0;
	double		categories = 0;
	double		mean;
	double		chance;
	double		excess;

	for (int32_t c = 0; c < g->n; c++)
		if (g->of[c] < 0)
		{
			n += (double) g->category[c].count;
			won += (double) g->category[c].won;
			squares += (double) g->category[c].count * (double) g->category[c].count;
			categories++;
		}
	if (categories < 2)
		return INFINITY;
	mean = won / n;
	for (int32_t c = 0; c < g->n; c++)
		if (g->of[c] < 0)
		{
			double		apart = (double) g->category[c].won / (double) g->category[c].count - mean;

			between += (double) g->category[c].count * apart * apart;
		}
	chance = mean * (1 - mean);
	excess = (between - (categories - 1) * chance) / (n - squares / n);
	return excess > 0 ? fmax(0.0, chance / excess - 1) : INFINITY;
}

static void
join(Grouping *g, int32_t c, int32_t group)
{
	g->of[c] = group;
	g->group[group].count += g->category[c].count;
	g->group[group].won += g->category[c].won;
}

static int32_t
new_group(Grouping *g)
{
	g->group[g->groups] = (Group) {0};
	return g->groups++;
}

/* Each its own group; too few deals to tell: an average rate. */
static void
group_few(Grouping *g)
{
	double		least = fmax(g->options.prior, fmin(strength(g), ENOUGH_AMONG_FEW));

	for (int32_t c = 0; c < g->n; c++)
	{
		int32_t		group = new_group(g);

		join(g, c, group);
		g->group[group].rate = (double) g->category[c].count >= least ?
			smoothed(g, g->category[c].count, g->category[c].won) : g->base;
	}
}

static void
group_heavy(Grouping *g, int64_t total)
{
	for (int32_t c = 0; c < g->n; c++)
		if ((double) g->category[c].count * g->options.bins >= (double) total)
			join(g, c, new_group(g));
}

/* The categories without a group and with enough deals, ascending by smoothed rate, then name. */
static SfStatus
sort_reliable(const Grouping *g, double least, uint32_t *order, int32_t *n)
{
	uint64_t   *key = sf_arena_take(g->arena, (size_t) g->n, sizeof(uint64_t));
	uint64_t   *key_spare = sf_arena_take(g->arena, (size_t) g->n, sizeof(uint64_t));
	uint32_t   *spare = sf_arena_take(g->arena, (size_t) g->n, sizeof(uint32_t));
	int32_t		found = 0;

	if (key == NULL || key_spare == NULL || spare == NULL)
		return sf_fail(g->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t c = 0; c < g->n; c++)
		if (g->of[c] < 0 && (double) g->category[c].count >= least)
		{
			key[found] = sf_key_of(smoothed(g, g->category[c].count, g->category[c].won));
			order[found++] = (uint32_t) c;
		}
	*n = found;
	return sf_radix_sort(g->arena->ctx, key, order, found, key_spare, spare);
}

/* Neighbours by rate share a group, up to `slots` groups of about equal counts, none much below `each`. */
static void
group_neighbours(Grouping *g, const uint32_t *order, int32_t n, int32_t slots, double each)
{
	double		left = 0;
	int32_t		i = 0;

	for (int32_t k = 0; k < n; k++)
		left += (double) g->category[order[k]].count;
	for (int32_t parts = (int32_t) fmin(slots, fmax(1, round(left / each))); parts > 0 && i < n; parts--)
	{
		int32_t		group = new_group(g);
		double		target = left / parts;
		double		taken = 0;

		while (i < n && (taken == 0 || parts == 1 || taken + (double) g->category[order[i]].count / 2 <= target))
		{
			taken += (double) g->category[order[i]].count;
			join(g, (int32_t) order[i++], group);
		}
		left -= taken;
	}
}

static SfStatus
group_many(Grouping *g, int64_t total)
{
	uint32_t   *order = sf_arena_take(g->arena, (size_t) g->n, sizeof(uint32_t));
	double		each = (double) total / g->options.bins;
	int32_t		reliable = 0;
	int32_t		slots;
	SfStatus	status;

	if (order == NULL)
		return sf_fail(g->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	group_heavy(g, total);
	status = sort_reliable(g, fmax(g->options.prior, strength(g)), order, &reliable);
	if (status != SF_OK)
		return status;
	/* one is kept for the rest, if there is any */
	slots = g->options.bins - g->groups - (reliable < g->n - g->groups);
	if (slots > 0 && reliable > 0)
		group_neighbours(g, order, reliable, slots, each);
	for (int32_t c = 0, rest = -1; c < g->n; c++)
		if (g->of[c] < 0)
		{
			rest = rest < 0 ? new_group(g) : rest;
			join(g, c, rest);
		}
	for (int32_t k = 0; k < g->groups; k++)
		g->group[k].rate = smoothed(g, g->group[k].count, g->group[k].won);
	return SF_OK;
}

/* Groups by rate become codes; those of equal rates stay in the order they were made in. */
static void
number_groups(const Grouping *g, uint8_t *code)
{
	uint8_t		code_of[SF_MAX_BINS];

	for (int32_t k = 0; k < g->groups; k++)
	{
		int32_t		before = 0;

		for (int32_t j = 0; j < g->groups; j++)
			before += g->group[j].rate < g->group[k].rate || (g->group[j].rate == g->group[k].rate && j < k);
		code_of[k] = (uint8_t) (before + 1);
	}
	for (int32_t c = 0; c < g->n; c++)
		code[c] = code_of[g->of[c]];
}

SfStatus
sf_bin_categories(SfArena *arena, const SfCategoryCount *category, int32_t n, double base, SfBinOptions options,
				  uint8_t *code, int32_t *values)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Grouping	g = {.arena = arena, .category = category, .n = n, .base = base, .options = options};
	int64_t		total = 0;
	SfStatus	status = SF_OK;

	g.group = sf_arena_take(arena, (size_t) options.bins, sizeof(Group));
	g.of = sf_arena_take(arena, (size_t) n, sizeof(int32_t));
	if (g.group == NULL || g.of == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t c = 0; c < n; c++)
	{
		g.of[c] = -1;
		total += category[c].count;
	}
	if (n <= options.bins)
		group_few(&g);
	else
		status = group_many(&g, total);
	if (status != SF_OK)
		return status;
	number_groups(&g, code);
	*values = g.groups;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
