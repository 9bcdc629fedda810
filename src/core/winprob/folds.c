/*
 * folds.c
 *		Which deals train and which are held out.
 */
#include "core/winprob/folds.h"

#include <math.h>

/* Rows between two polls. */
#define POLL_EVERY 65536

/* Block of a row that is left out. */
#define NO_BLOCK UINT8_MAX

/* Keys of some rows, ascending, with the places of the rows among those given. */
typedef struct Sorted
{
	uint64_t   *key;			/* [n] */
	uint32_t   *at;				/* [n] */
	int64_t		n;
	int64_t    *start;			/* [runs + 1] where each run of equal keys starts */
	int64_t		runs;
} Sorted;

static SfStatus
take_sorted(SfArena *arena, int64_t rows, Sorted *s)
{
	*s = (Sorted) {
		.key = sf_arena_take(arena, (size_t) rows, sizeof(uint64_t)),
		.at = sf_arena_take(arena, (size_t) rows, sizeof(uint32_t))
	};
	return s->key == NULL || s->at == NULL ? sf_no_memory(arena->ctx) : SF_OK;
}

/* Sorts, and finds the runs. */
static SfStatus
sort_keys(SfArena *arena, Sorted *s)
{
	uint64_t   *spare = sf_arena_take(arena, (size_t) s->n + 1, sizeof(uint64_t));
	uint32_t   *at_spare = sf_arena_take(arena, (size_t) s->n, sizeof(uint32_t));
	SfStatus	status;

	if (spare == NULL || at_spare == NULL)
		return sf_no_memory(arena->ctx);
	status = sf_radix_sort(arena->ctx, s->key, s->at, s->n, spare, at_spare);
	if (status != SF_OK)
		return status;
	/* the scratch of the sort holds the starts */
	s->start = (int64_t *) (void *) spare;
	for (int64_t i = 0; i < s->n; i++)
		if (i == 0 || s->key[i] != s->key[i - 1])
			s->start[s->runs++] = i;
	s->start[s->runs] = s->n;
	return sf_poll(arena->ctx);
}

/* Rows whose block passes, in the order they were given. */
typedef struct Part
{
	uint8_t		from;
	uint8_t		to;				/* blocks from .. to */
	bool		others;			/* all but these */
} Part;

static SfStatus
take_part(SfArena *arena, SfRows rows, const uint8_t *block, Part part, SfRows *out)
{
	uint32_t   *row;
	int64_t		n = 0;
	SfStatus	status = SF_OK;

	for (int64_t i = 0; i < rows.n; i++)
		n += block[i] != NO_BLOCK && ((block[i] >= part.from && block[i] <= part.to) != part.others);
	row = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	if (row == NULL)
		return sf_no_memory(arena->ctx);
	*out = (SfRows) {row, n};
	for (int64_t i = 0; i < rows.n && status == SF_OK; i++)
	{
		if (block[i] != NO_BLOCK && ((block[i] >= part.from && block[i] <= part.to) != part.others))
			*row++ = sf_row_of(rows, i);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
	}
	return status;
}

/* Of a part that trains only the deals whose outcome came before the first deal that is tested. */
static SfStatus
keep_known(SfArena *arena, const SfFrame *frame, SfSplit *split)
{
	double		first = INFINITY;
	int64_t		n = 0;
	uint32_t   *row;

	if (frame->closed == NULL)
		return SF_OK;
	row = sf_arena_take(arena, (size_t) split->train.n, sizeof(uint32_t));
	if (row == NULL)
		return sf_no_memory(arena->ctx);
	for (int64_t i = 0; i < split->test.n; i++)
		first = fmin(first, frame->time[split->test.row[i]]);
	for (int64_t i = 0; i < split->train.n; i++)
		if (frame->closed[split->train.row[i]] < first)
			row[n++] = split->train.row[i];
	split->train = (SfRows) {row, n};
	return sf_poll(arena->ctx);
}

static SfStatus
make_splits(SfArena *arena, const SfFrame *frame, SfRows rows, const uint8_t *block, SfFoldKind kind, int32_t folds, SfSplit *split)
{
	SfStatus	status = SF_OK;

	for (int32_t k = 0; k < folds && status == SF_OK; k++)
	{
		uint8_t		tested = (uint8_t) (kind == SF_FOLDS_FORWARD ? k + 1 : k);
		Part		test = {tested, tested, false};
		Part		train = {tested, tested, true};

		if (kind == SF_FOLDS_FORWARD)
			train = (Part) {0, (uint8_t) k, false};
		status = take_part(arena, rows, block, train, &split[k].train);
		if (status == SF_OK)
			status = take_part(arena, rows, block, test, &split[k].test);
		if (status == SF_OK && kind == SF_FOLDS_FORWARD)
			status = keep_known(arena, frame, &split[k]);
	}
	return status;
}

static SfStatus
block_shuffled(SfCtx *ctx, SfRows rows, int32_t folds, uint8_t *block)
{
	if (rows.n < folds)
		return sf_fail_value(ctx, SF_BAD_DATA, "there are fewer deals than folds", (double) rows.n);
	for (int64_t i = 0; i < rows.n; i++)
		block[i] = (uint8_t) (i % folds);
	return SF_OK;
}

/* Rows by their groups, in an order that the salt draws. */
static SfStatus
sort_groups(SfArena *arena, const SfFrame *frame, SfRows rows, uint64_t salt, Sorted *s)
{
	SfStatus	status = take_sorted(arena, rows.n, s);

	if (status != SF_OK)
		return status;
	for (s->n = 0; s->n < rows.n; s->n++)
	{
		s->key[s->n] = sf_mix64(sf_fold_group(frame, sf_row_of(rows, s->n)) ^ salt);
		s->at[s->n] = (uint32_t) s->n;
	}
	return sort_keys(arena, s);
}

SfStatus
sf_folds_groups(SfArena *arena, const SfFrame *frame, SfRows rows, int64_t *groups)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Sorted		s = {.runs = rows.n};
	SfStatus	status = frame->group == NULL ? SF_OK : sort_groups(arena, frame, rows, 0, &s);

	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
		*groups = s.runs;
	return status;
}

/* Groups in an order that the seed draws go one by one to the smallest fold. */
static SfStatus
block_grouped(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t folds, uint64_t seed, uint8_t *block)
{
	int64_t		size[SF_FOLDS_MAX] = {0};
	uint64_t	salt = sf_mix64(seed + UINT64_C(0x9e3779b97f4a7c15));
	Sorted		s;
	SfStatus	status = sort_groups(arena, frame, rows, salt, &s);

	if (status != SF_OK)
		return status;
	if (s.runs < folds)
		return sf_fail_value(arena->ctx, SF_BAD_DATA, "there are fewer groups of deals than folds", (double) s.runs);
	for (int64_t run = 0; run < s.runs; run++)
	{
		int32_t		smallest = 0;

		for (int32_t k = 1; k < folds; k++)
			if (size[k] < size[smallest])
				smallest = k;
		for (int64_t i = s.start[run]; i < s.start[run + 1]; i++)
			block[s.at[i]] = (uint8_t) smallest;
		size[smallest] += s.start[run + 1] - s.start[run];
	}
	return SF_OK;
}

/* Rows with a time, by time; the others get no block. */
static SfStatus
sort_times(SfArena *arena, const SfFrame *frame, SfRows rows, uint8_t *block, Sorted *s)
{
	SfStatus	status = take_sorted(arena, rows.n, s);

	if (status != SF_OK)
		return status;
	for (int64_t i = 0; i < rows.n; i++)
	{
		double		time = frame->time != NULL ? frame->time[sf_row_of(rows, i)] : NAN;

		block[i] = NO_BLOCK;
		if (isnan(time))
			continue;
		s->key[s->n] = sf_key_of(time);
		s->at[s->n++] = (uint32_t) i;
	}
	return sort_keys(arena, s);
}

/* folds + 1 blocks of about equal counts; each boundary is where a new time starts, as near as can be. */
static SfStatus
block_forward(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t folds, uint8_t *block)
{
	Sorted		s;
	int64_t		run = 0;
	SfStatus	status = sort_times(arena, frame, rows, block, &s);

	if (status != SF_OK)
		return status;
	if (s.runs < folds + 1)
		return sf_fail_value(arena->ctx, SF_BAD_DATA, "there are fewer different times than folds need", (double) s.runs);
	for (int32_t b = 0; b <= folds; b++)
	{
		double		target = (double) s.n * (b + 1) / (folds + 1);
		int64_t		last = s.runs - (folds - b);
		int64_t		first = run++;

		while (run < last && fabs((double) s.start[run + 1] - target) <= fabs((double) s.start[run] - target))
			run++;
		for (int64_t i = s.start[first]; i < s.start[run]; i++)
			block[s.at[i]] = (uint8_t) b;
	}
	return SF_OK;
}

SfStatus
sf_folds_make(SfArena *arena, const SfFrame *frame, SfRows rows, SfFoldKind kind, int32_t folds,
			  uint64_t seed, SfSplit *split)
{
	SfSplit		made[SF_FOLDS_MAX];
	SfArenaMark mark;
	uint8_t    *block;
	SfStatus	status;

	if (folds < SF_FOLDS_MIN || folds > SF_FOLDS_MAX)
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, SF_FOLDS_TEXT, folds);
	block = sf_arena_take(arena, (size_t) rows.n, 1);
	if (block == NULL)
		return sf_no_memory(arena->ctx);
	mark = sf_arena_mark(arena);
	if (kind == SF_FOLDS_GROUPED)
		status = block_grouped(arena, frame, rows, folds, seed, block);
	else if (kind == SF_FOLDS_FORWARD)
		status = block_forward(arena, frame, rows, folds, block);
	else
		status = block_shuffled(arena->ctx, rows, folds, block);
	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
		status = make_splits(arena, frame, rows, block, kind, folds, made);
	if (status == SF_OK)
		memcpy(split, made, (size_t) folds * sizeof(SfSplit));
	return status;
}

/* Where the test part starts: at the first of the times that share a place, but after the first time of all. */
static int64_t
test_start(const Sorted *s, double share)
{
	int64_t		wanted = (int64_t) floor((double) s->n * (1 - share));
	int64_t		run = s->runs - 1;

	while (run > 1 && s->start[run] > wanted)
		run--;
	return s->start[run];
}

SfStatus
sf_split_by_time(SfArena *arena, const SfFrame *frame, double share, SfSplit *split)
{
	SfRows		rows = sf_all_rows(frame);
	SfSplit		made;
	SfArenaMark mark;
	Sorted		s;
	uint8_t    *block;
	SfStatus	status;

	if (!(share > 0 && share < 1))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "the share held out must be between 0 and 1", share);
	block = sf_arena_take(arena, (size_t) rows.n, 1);
	if (block == NULL)
		return sf_no_memory(arena->ctx);
	mark = sf_arena_mark(arena);
	status = sort_times(arena, frame, rows, block, &s);
	if (status != SF_OK)
		return status;
	if (s.runs < 2)
		return sf_fail_value(arena->ctx, SF_BAD_DATA, "a split by time needs two different times", (double) s.runs);
	for (int64_t i = 0, start = test_start(&s, share); i < s.n; i++)
		block[s.at[i]] = i >= start;
	sf_arena_rewind(arena, mark);
	status = take_part(arena, rows, block, (Part) {0, 0, false}, &made.train);
	if (status == SF_OK)
		status = take_part(arena, rows, block, (Part) {1, 1, false}, &made.test);
	if (status == SF_OK)
		status = keep_known(arena, frame, &made);
	if (status == SF_OK)
		*split = made;
	return status;
}
