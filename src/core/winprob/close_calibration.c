/*
 * close_calibration.c
 *		Wins within some days: how many were said, and how many came.
 */
#include "core/winprob/close_calibration.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/base/sort.h"
#include "core/winprob/close_hazard.h"

#define Z95 1.959963984540054
#define POLL_ROWS 16384

SfStatus
sf_close_seen_take(SfArena *arena, int64_t n, SfCloseSeen *seen)
{
	bool		taken;

	memset(seen, 0, sizeof *seen);
	seen->days = sf_arena_take(arena, (size_t) n, sizeof(double));
	seen->outcome = sf_arena_take(arena, (size_t) n, sizeof(uint8_t));
	seen->group = sf_arena_take(arena, (size_t) n, sizeof(uint64_t));
	taken = seen->days != NULL && seen->outcome != NULL && seen->group != NULL;
	for (int32_t h = 0; h < SF_CLOSE_HORIZONS && taken; h++)
	{
		seen->said[h] = sf_arena_take(arena, (size_t) n, sizeof(double));
		seen->plain[h] = sf_arena_take(arena, (size_t) n, sizeof(double));
		taken = seen->said[h] != NULL && seen->plain[h] != NULL;
	}
	return taken ? SF_OK : sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

SfStatus
sf_close_seen_horizons(SfArena *arena, const SfCloseSet *set, SfCloseSeen *seen)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double	   *days = sf_arena_take(arena, (size_t) set->frame.rows, sizeof(double));
	int64_t		n = 0;
	SfStatus	status;

	if (days == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < set->frame.rows; i++)
		if (set->outcome[i] != SF_CLOSE_OPEN)
			days[n++] = set->days[i] - set->entry[i];
	status = sf_sort_long(arena->ctx, days, n);
	seen->within[0] = n > 0 ? days[n / 2] : 0;
	seen->within[1] = 30;
	seen->within[2] = 90;
	sf_arena_rewind(arena, scratch);
	return status;
}

double
sf_close_plain(const double *start, int32_t buckets, const double *hazard, const double *won, double age, double within)
{
	double		open = 1;
	double		sum = 0;

	for (int32_t k = sf_bucket_of(start, buckets, age); k < buckets && start[k] < age + within; k++)
	{
		double		days = fmin(age + within, start[k + 1]) - fmax(age, start[k]);
		double		closing = days > 0 ? -sf_expm1(-hazard[k] * days) : 0;

		sum += open * closing * won[k];
		open *= 1 - closing;
	}
	return sum;
}

/* Deals in the order of their days, and the chance of being watched until then and beyond. */
typedef struct Watched
{
	int64_t    *order;
	double	   *before;			/* [n] by place in the order: watched up to just before */
} Watched;

static SfStatus
chance_of_watching(SfArena *arena, const SfCloseSeen *seen, int64_t n, Watched *w)
{
	double		chance = 1;

	w->order = sf_arena_take(arena, (size_t) n, sizeof(int64_t));
	w->before = sf_arena_take(arena, (size_t) n, sizeof(double));
	if (w->order == NULL || w->before == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	sf_sort_order(seen->days, n, w->order);
	for (int64_t i = 0; i < n;)
	{
		int64_t		end = i;
		int64_t		left = 0;	/* open ones whose watching ends here, after the closings */
		int64_t		closed = 0;

		for (; end < n && seen->days[w->order[end]] == seen->days[w->order[i]]; end++)
		{
			bool		open = seen->outcome[w->order[end]] == SF_CLOSE_OPEN;

			w->before[end] = chance;
			left += open;
			closed += !open;
		}
		if (n - i - closed > 0)
			chance *= 1 - (double) left / (double) (n - i - closed);
		i = end;
	}
	return sf_poll(arena->ctx);
}

/* Sum over groups of squared sums; by_group: deals in the order of their groups. */
static double
clustered(const SfCloseSeen *seen, const int64_t *by_group, int64_t n, const double *x)
{
	double		squares = 0;
	double		sum = 0;

	for (int64_t i = 0; i < n; i++)
	{
		uint64_t	group = seen->group[by_group[i]];

		sum += x[by_group[i]];
		if (i + 1 == n || group == 0 || seen->group[by_group[i + 1]] != group)
		{
			squares += sum * sum;
			sum = 0;
		}
	}
	return squares;
}

/* One horizon. miss[n]: scratch. */
static void
measure(const SfCloseSeen *seen, const Watched *w, const int64_t *by_group, int64_t n, int32_t h, double *miss,
		SfCloseHorizon *out)
{
	double		within = seen->within[h];
	double		beyond = NAN;	/* chance of being watched beyond it */
	double		plain = 0;
	double		mean;
	double		error;

	*out = (SfCloseHorizon) {.within = within};
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		deal = w->order[i];
		double		said = seen->said[h][deal];
		double		base = seen->plain[h][deal];
		bool		past = seen->days[deal] > within;
		bool		known = past || seen->outcome[deal] != SF_CLOSE_OPEN;
		bool		won = !past && seen->outcome[deal] == SF_CLOSE_WON;
		double		weight;

		/* all that come from here on were watched as long */
		if (past && isnan(beyond))
			beyond = w->before[i];
		weight = known ? 1 / (past ? beyond : w->before[i]) : 0;
		out->said += said;
		out->seen += won ? weight : 0;
		out->brier += weight * (won - said) * (won - said) / (double) n;
		plain += weight * (won - base) * (won - base) / (double) n;
		miss[deal] = (won ? weight : 0) - said;
	}
	mean = (out->seen - out->said) / (double) n;
	for (int64_t i = 0; i < n; i++)
		miss[i] -= mean;
	error = sqrt(clustered(seen, by_group, n, miss));
	out->low = fmax(out->seen - Z95 * error, 0);
	out->high = out->seen + Z95 * error;
	out->brier_skill = plain > 0 ? 1 - out->brier / plain : NAN;
}

SfStatus
sf_close_calibration(SfArena *arena, const SfCloseSeen *seen, int64_t n, SfCloseHorizon *horizon)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	Watched		w;
	SfStatus	status = chance_of_watching(arena, seen, n, &w);
	int64_t    *by_group = sf_arena_take(arena, (size_t) n, sizeof(int64_t));
	double	   *miss = sf_arena_take(arena, (size_t) n, sizeof(double));

	if (status != SF_OK)
		return status;
	if (by_group == NULL || miss == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	/* the upper 53 bits tell groups apart well enough, for they are hashes */
	for (int64_t i = 0; i < n; i++)
		miss[i] = (double) (seen->group[i] >> 11);
	sf_sort_order(miss, n, by_group);
	for (int32_t h = 0; h < SF_CLOSE_HORIZONS && status == SF_OK; h++)
	{
		measure(seen, &w, by_group, n, h, miss, &horizon[h]);
		status = sf_poll(arena->ctx);
	}
	sf_arena_rewind(arena, scratch);
	return status;
}
