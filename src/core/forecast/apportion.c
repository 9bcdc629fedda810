/*
 * apportion.c
 *		Round numbers so that parts still make up the whole.
 */
#include "core/forecast/apportion.h"

#include <math.h>

#include "core/base/sort.h"
#include "core/base/sum.h"

/* Whole numbers up to here are exact as doubles. */
#define UNITS_MAX 9007199254740992.0

#define UNITS_TEXT "a forecast is too large for that many decimals"

#define POLL_EVERY 65536

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

typedef struct Rounding
{
	SfArena    *arena;
	const SfHierarchy *h;
	int32_t		steps;
	double		up;				/* value * up / down = units; one of them is 1 */
	double		down;
	double	   *lost;			/* [bottoms] minus what rounding down took, in units */
	int64_t    *order;			/* [bottoms] */
	int64_t    *units;			/* [bottoms] */
} Rounding;

static SfStatus
too_large(Rounding *r, int32_t node, double value)
{
	sf_fail_value(r->arena->ctx, SF_OVERFLOW, UNITS_TEXT, value);
	r->arena->ctx->where = node;
	return SF_OVERFLOW;
}

/* A value in units; what is a whole number but for rounding is one. */
static double
in_units(const Rounding *r, double value)
{
	double		x = value * r->up / r->down;
	double		nearest = round(x);

	return fabs(x - nearest) <= 1e-9 + 4e-16 * fabs(x) ? nearest : x;
}

static SfStatus
round_bottom(Rounding *r, const double *value)
{
	const SfHierarchy *h = r->h;
	SfSum		sum = {0};
	int64_t		total = 0;
	int64_t		missing;

	for (int32_t b = 0; b < h->bottoms; b++)
	{
		double		given = value[(int64_t) h->bottom[b] * r->steps];
		double		x = in_units(r, given);
		double		below = floor(x);

		if (!(fabs(x) < UNITS_MAX))
			return too_large(r, h->bottom[b], given);
		sf_sum_add(&sum, x);
		if (!(fabs(sf_sum_value(sum)) < UNITS_MAX))
			return too_large(r, h->bottom[b], given);
		r->units[b] = (int64_t) below;
		r->lost[b] = below - x;
		total += r->units[b];
	}
	missing = (int64_t) round(in_units(&(Rounding) {.up = 1.0, .down = 1.0}, sf_sum_value(sum))) - total;
	sf_sort_order(r->lost, h->bottoms, r->order);
	for (int64_t i = 0; i < missing && i < h->bottoms && r->lost[r->order[i]] < 0.0; i++)
		r->units[r->order[i]]++;
	return SF_OK;
}

static SfStatus
add_up(Rounding *r, double *value)
{
	const SfHierarchy *h = r->h;
	int64_t		done = 0;

	for (int32_t b = 0; b < h->bottoms; b++)
		value[(int64_t) h->bottom[b] * r->steps] = (double) r->units[b] * r->down / r->up;
	for (int32_t a = 0; a < h->aggregates; a++)
	{
		int64_t		sum = 0;

		for (int64_t i = h->start[a]; i < h->start[a + 1]; i++)
		{
			/* parts of either sign may pass what their total keeps within */
			if (__builtin_add_overflow(sum, r->units[h->member[i]], &sum))
				return too_large(r, h->aggregate[a], value[(int64_t) h->aggregate[a] * r->steps]);
			if (++done % POLL_EVERY == 0 && sf_cancelled(r->arena->ctx))
				return sf_fail(r->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
		if (sum > (int64_t) UNITS_MAX || sum < -(int64_t) UNITS_MAX)
			return too_large(r, h->aggregate[a], value[(int64_t) h->aggregate[a] * r->steps]);
		value[(int64_t) h->aggregate[a] * r->steps] = (double) sum * r->down / r->up;
	}
	return SF_OK;
}

SfStatus
sf_apportion(SfArena *arena, const SfHierarchy *h, double *value, int32_t steps, int32_t decimals)
{
	Rounding	r = {.arena = arena, .h = h, .steps = steps, .up = 1.0, .down = 1.0};
	SfArenaMark mark = sf_arena_mark(arena);
	SfStatus	status = SF_OK;

	if (decimals < SF_DECIMALS_MIN || decimals > SF_DECIMALS_MAX)
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "decimals must be between -9 and 9", decimals);
	if (decimals >= 0)
		r.up = powers[decimals];
	else
		r.down = powers[-decimals];
	r.lost = sf_arena_take(arena, (size_t) h->bottoms + 1, sizeof(double));
	r.order = sf_arena_take(arena, (size_t) h->bottoms + 1, sizeof(int64_t));
	r.units = sf_arena_take(arena, (size_t) h->bottoms + 1, sizeof(int64_t));
	if (r.lost == NULL || r.order == NULL || r.units == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t s = 0; s < steps && status == SF_OK; s++)
	{
		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		status = round_bottom(&r, value + s);
		if (status == SF_OK)
			status = add_up(&r, value + s);
	}
	sf_arena_rewind(arena, mark);
	return status;
}
