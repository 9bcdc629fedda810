/*
 * deal_counts.c
 *		How many deals there are, however many rows each of them has.
 */
#include "core/winprob/deal_counts.h"

#include <math.h>

#include "core/winprob/gates.h"

#define POLL_EVERY 65536

/* Rows that are counted: outcomes as bits, and whether their time must be known. */
typedef struct Wanted
{
	unsigned	outcomes;
	bool		timed;
} Wanted;

static bool
is_wanted(const SfFrame *frame, const uint8_t *outcome, int64_t i, Wanted wanted)
{
	unsigned	kind = outcome != NULL ? outcome[i] : frame->won[i] != 0 ? SF_WON : SF_LOST;

	return (wanted.outcomes >> kind & 1) && (!wanted.timed || (frame->time != NULL && isfinite(frame->time[i])));
}

/* Deals with a wanted row. */
static SfStatus
count_wanted(SfArena *arena, const SfFrame *frame, const uint8_t *outcome, Wanted wanted, int64_t *deals)
{
	SfArenaMark mark = sf_arena_mark(arena);
	uint32_t   *row = sf_arena_take(arena, (size_t) frame->rows, sizeof(uint32_t));
	int64_t		n = 0;
	SfStatus	status = SF_OK;

	if (row == NULL)
		return sf_no_memory(arena->ctx);
	for (int64_t i = 0; i < frame->rows && status == SF_OK; i++)
	{
		if (is_wanted(frame, outcome, i, wanted))
			row[n++] = (uint32_t) i;
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
	}
	*deals = 0;
	if (status == SF_OK && n > 0)
		status = sf_folds_groups(arena, frame, (SfRows) {row, n}, deals);
	sf_arena_rewind(arena, mark);
	return status;
}

static SfStatus
find_times(SfCtx *ctx, const SfFrame *frame, SfDealCounts *counts)
{
	double		first = INFINITY;
	double		last = -INFINITY;

	for (int64_t i = 0; frame->time != NULL && i < frame->rows; i++)
	{
		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (!isfinite(frame->time[i]))
			continue;
		first = fmin(first, frame->time[i]);
		last = fmax(last, frame->time[i]);
	}
	counts->first = first <= last ? first : NAN;
	counts->last = first <= last ? last : NAN;
	return SF_OK;
}

SfStatus
sf_count_deals(SfArena *arena, const SfFrame *frame, const uint8_t *outcome, SfDealCounts *counts)
{
	const unsigned won = 1U << SF_WON;
	const unsigned lost = 1U << SF_LOST;
	const unsigned open = 1U << SF_OPEN;
	SfDealCounts found = {0};
	SfStatus	status = find_times(arena->ctx, frame, &found);

	if (status == SF_OK)
		status = count_wanted(arena, frame, outcome, (Wanted) {won, false}, &found.won);
	if (status == SF_OK)
		status = count_wanted(arena, frame, outcome, (Wanted) {lost, false}, &found.lost);
	if (status == SF_OK && outcome != NULL)
		status = count_wanted(arena, frame, outcome, (Wanted) {open, false}, &found.open);
	if (status == SF_OK)
		status = count_wanted(arena, frame, outcome, (Wanted) {won | lost, false}, &found.closed);
	if (status == SF_OK)
		status = count_wanted(arena, frame, outcome, (Wanted) {won | lost, true}, &found.timed);
	if (status == SF_OK)
		status = count_wanted(arena, frame, outcome, (Wanted) {won | lost | open, false}, &found.all);
	if (status == SF_OK)
		*counts = found;
	return status;
}

double
sf_deals_per_year(double deals, double first, double last)
{
	double		years = (last - first) / SF_DAYS_PER_YEAR;

	return isnan(years) ? NAN : deals / fmax(years, SF_LEAST_SPAN);
}
