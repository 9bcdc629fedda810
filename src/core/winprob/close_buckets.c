/*
 * close_buckets.c
 *		Age buckets: finer where more deals close.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/winprob/close_hazard.h"

/* Closings a bucket should hold, and how many buckets there are by default. */
#define USUAL_CLOSED 50
#define USUAL_LEAST 12
#define USUAL_MOST 40
#define FEWEST_CLOSED 5
/* Ages closer than this, days, are one. */
#define SAME_AGE 1e-6

static int32_t
usual_buckets(int64_t closed)
{
	int64_t		n = closed / USUAL_CLOSED;

	n = n < USUAL_LEAST ? USUAL_LEAST : n > USUAL_MOST ? USUAL_MOST : n;
	if (n > closed / FEWEST_CLOSED)
		n = closed / FEWEST_CLOSED;
	return n < 2 ? 2 : (int32_t) n;
}

/*
 * Where the ages are few, each is an end of its own (as in the life table) and the open-ended bucket starts after
 * the last; else ends are quantiles.
 */
int32_t
sf_close_cuts(const double *age, int64_t n, int32_t wanted, double *end)
{
	int32_t		count = 0;
	int64_t		distinct = 0;

	if (wanted <= 0)
		wanted = usual_buckets(n);
	for (int64_t i = 0; i < n && distinct <= wanted; i++)
		distinct += i == 0 || age[i] > age[i - 1] + SAME_AGE;
	if (distinct < wanted)
	{
		for (int64_t i = 0; i < n; i++)
			if (age[i] > (count > 0 ? end[count - 1] : 0) + SAME_AGE)
				end[count++] = age[i];
	}
	else
		for (int32_t j = 1; j < wanted; j++)
		{
			double		at = age[(int64_t) ((double) j * (double) n / wanted)];

			if (at > (count > 0 ? end[count - 1] : 0) + SAME_AGE)
				end[count++] = at;
		}
	/* all on the first day: a day is the least that makes sense of it */
	if (count == 0)
		end[count++] = n > 0 && age[n - 1] > SAME_AGE ? age[n - 1] : 1.0;
	end[count++] = INFINITY;
	return count;
}

double
sf_close_event_from(const double *start, int32_t bucket, double entry)
{
	double		from = entry > start[bucket] ? entry : start[bucket];

	return start[bucket + 1] > from ? from : start[bucket];
}

SfStatus
sf_close_starts(SfArena *arena, const SfCloseModel *model, double **start)
{
	double	   *s = sf_arena_take(arena, (size_t) model->buckets + 1, sizeof(double));

	if (s == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < model->buckets; k++)
		s[k] = model->bucket[k].start;
	s[model->buckets] = INFINITY;
	*start = s;
	return SF_OK;
}

/* Ends of the buckets of these rows. */
static SfStatus
cut(SfArena *arena, const SfCloseSet *set, SfRows rows, int32_t wanted, double *end, int32_t *count)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double	   *age = sf_arena_take(arena, (size_t) rows.n, sizeof(double));
	int64_t		n = 0;
	SfStatus	status;

	if (age == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < rows.n; i++)
	{
		int64_t		at = rows.row == NULL ? i : rows.row[i];

		if (set->outcome[at] != SF_CLOSE_OPEN)
			age[n++] = set->days[at];
	}
	status = sf_sort_long(arena->ctx, age, n);
	if (status == SF_OK)
		*count = sf_close_cuts(age, n, wanted, end);
	sf_arena_rewind(arena, scratch);
	if (status == SF_OK && n == 0)
		return sf_fail(arena->ctx, SF_BAD_DATA, "no deal is closed");
	return status;
}

/* Count a deal in the buckets it was open in. */
static void
count_deal(const double *start, int32_t buckets, SfCloseBucket *bucket, double entry, double days, uint8_t outcome)
{
	int32_t		last = sf_bucket_of(start, buckets, days);

	for (int32_t k = sf_bucket_of(start, buckets, entry); k <= last; k++)
		bucket[k].at_risk += fmin(days, start[k + 1]) - fmax(entry, start[k]);
	bucket[last].closed += outcome != SF_CLOSE_OPEN;
	bucket[last].won += outcome == SF_CLOSE_WON;
}

/* Bands of about as many closings each. */
static void
make_bands(SfCloseModel *model)
{
	int64_t		closed = 0;
	int64_t		seen = 0;
	int32_t		band = 0;

	for (int32_t k = 0; k < model->buckets; k++)
		closed += model->bucket[k].closed;
	for (int32_t k = 0; k < model->buckets; k++)
	{
		seen += model->bucket[k].closed;
		while (band < SF_CLOSE_BANDS - 1 && seen * SF_CLOSE_BANDS >= closed * (band + 1))
			model->band_end[band++] = k + 1;
	}
	while (band < SF_CLOSE_BANDS)
		model->band_end[band++] = model->buckets;
}

SfStatus
sf_close_buckets(SfArena *arena, const SfCloseSet *set, SfRows rows, int32_t wanted, SfCloseModel *model)
{
	double		start[SF_CLOSE_BUCKETS_MAX + 1];
	int32_t		buckets;
	SfCloseBucket *bucket;
	double		horizon = 0;
	SfStatus	status;

	start[0] = 0;
	status = cut(arena, set, rows, wanted, start + 1, &buckets);
	if (status != SF_OK)
		return status;
	bucket = sf_arena_take(arena, (size_t) buckets, sizeof(SfCloseBucket));
	if (bucket == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < buckets; k++)
		bucket[k] = (SfCloseBucket) {.start = start[k], .end = start[k + 1]};
	for (int64_t i = 0; i < rows.n; i++)
	{
		int64_t		at = rows.row == NULL ? i : rows.row[i];

		count_deal(start, buckets, bucket, set->entry[at], set->days[at], set->outcome[at]);
		horizon = fmax(horizon, set->days[at]);
		if (i % 4096 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	model->bucket = bucket;
	model->buckets = buckets;
	model->horizon = horizon;
	make_bands(model);
	return SF_OK;
}
