/* Tests of core/winprob/folds.c: which deals train and which are held out. */
#include "frame_maker.h"

#include "core/winprob/folds.h"

#define DEALS 1000

static SfFrame
frame_of(SfArena *arena, const Made *made, int64_t n)
{
	SfFrameBuilder *builder = NULL;
	SfFrame		frame = {0};

	check(sf_frame_create(arena->ctx, MADE_FEATURES, made_feature, &builder) == SF_OK, "create");
	check(add_deals(arena->ctx, builder, made, n) == SF_OK, "add");
	check(sf_frame_finish(arena, builder, &frame) == SF_OK, "finish");
	return frame;
}

static bool
ascends(SfRows rows)
{
	bool		yes = true;

	for (int64_t i = 1; i < rows.n; i++)
		yes &= rows.row[i - 1] < rows.row[i];
	return yes;
}

/* Which part of a split each row is in: 0 none, 1 train, 2 test. */
static void
parts_of(const SfSplit *split, int64_t rows, uint8_t *part)
{
	memset(part, 0, (size_t) rows);
	for (int64_t i = 0; i < split->train.n; i++)
		part[split->train.row[i]] = 1;
	for (int64_t i = 0; i < split->test.n; i++)
	{
		check(part[split->test.row[i]] == 0, "trained on and held out");
		part[split->test.row[i]] = 2;
	}
	check(ascends(split->train) && ascends(split->test), "rows keep their order");
	check(split->train.n > 0 && split->test.n > 0, "an empty part");
}

static void
test_shuffled_and_grouped(const SfFrame *frame, SfArena *arena)
{
	uint8_t		part[DEALS];

	for (SfFoldKind kind = SF_FOLDS_SHUFFLED; kind <= SF_FOLDS_GROUPED; kind++)
		for (int32_t folds = 2; folds <= SF_FOLDS_MAX; folds += 9)
		{
			SfSplit		split[SF_FOLDS_MAX];
			int			tested[DEALS] = {0};

			check(sf_folds_make(arena, frame, sf_all_rows(frame), kind, folds, 7, split) == SF_OK, "make");
			for (int32_t k = 0; k < folds; k++)
			{
				uint8_t		group_part[64] = {0};

				parts_of(&split[k], frame->rows, part);
				check(split[k].train.n + split[k].test.n == frame->rows, "all rows");
				for (int64_t i = 0; i < frame->rows; i++)
				{
					uint64_t	g = frame->group[i];

					tested[i] += part[i] == 2;
					if (kind == SF_FOLDS_SHUFFLED)
						check((part[i] == 2) == (i % folds == k), "row %" PRId64, i);
					else if (g != 0)
					{
						check(group_part[g] == 0 || group_part[g] == part[i], "a group is split");
						group_part[g] = part[i];
					}
				}
				check(kind == SF_FOLDS_SHUFFLED || folds > 2 || llabs(split[k].test.n - split[k].train.n) < 60, "balance");
			}
			for (int64_t i = 0; i < frame->rows; i++)
				check(tested[i] == 1, "row %" PRId64 " held out %d times", i, tested[i]);
		}
}

static void
test_forward(const SfFrame *frame, SfArena *arena)
{
	uint8_t		part[DEALS];

	for (int32_t folds = 2; folds <= SF_FOLDS_MAX; folds += 6)
	{
		SfSplit		split[SF_FOLDS_MAX];

		check(sf_folds_make(arena, frame, sf_all_rows(frame), SF_FOLDS_FORWARD, folds, 0, split) == SF_OK, "make");
		for (int32_t k = 0; k < folds; k++)
		{
			double		last = -INFINITY;
			double		first = INFINITY;

			parts_of(&split[k], frame->rows, part);
			for (int64_t i = 0; i < frame->rows; i++)
			{
				check(part[i] == 0 || !isnan(frame->time[i]), "a row without a time");
				if (part[i] == 1)
					last = fmax(last, frame->time[i]);
				if (part[i] == 2)
					first = fmin(first, frame->time[i]);
			}
			check(last < first, "fold %d: trained to %g, tested from %g", k, last, first);
			check(k == 0 || split[k].train.n == split[k - 1].train.n + split[k - 1].test.n, "fold %d follows", k);
		}
	}
}

static void
test_by_time(const SfFrame *frame, SfArena *arena)
{
	for (double share = 0.05; share < 1; share += 0.1)
	{
		SfSplit		split;
		uint8_t		part[DEALS];
		double		last = -INFINITY;
		double		first = INFINITY;
		double		got;

		check(sf_split_by_time(arena, frame, share, &split) == SF_OK, "split");
		parts_of(&split, frame->rows, part);
		for (int64_t i = 0; i < frame->rows; i++)
		{
			check((part[i] == 0) == (bool) isnan(frame->time[i]), "every row with a time");
			if (part[i] == 1)
				last = fmax(last, frame->time[i]);
			if (part[i] == 2)
				first = fmin(first, frame->time[i]);
		}
		got = (double) split.test.n / (double) (split.train.n + split.test.n);
		check(last < first && got >= share && got < share + 0.02, "share %g: %g", share, got);
	}
}

/* Deals that take up to 60 days: forward folds and the split train on what had closed, and lose nothing else. */
static void
test_closed(SfArena *arena)
{
	Made	   *made = make_deals(DEALS, 11);
	SfSplit		split[6];
	SfFrame		frame;

	for (int i = 0; i < DEALS; i++)
	{
		made[i].info.closed_known = i % 9 > 0;
		made[i].info.closed = made[i].info.time + i % 61;
	}
	frame = frame_of(arena, made, DEALS);
	check(frame.closed != NULL, "known");
	check(sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_FORWARD, 5, 0, split) == SF_OK &&
		  sf_split_by_time(arena, &frame, 0.2, &split[5]) == SF_OK, "make");
	for (int32_t k = 0; k < 6; k++)
	{
		uint8_t		part[DEALS];
		double		first = INFINITY;

		parts_of(&split[k], frame.rows, part);
		for (int64_t i = 0; i < split[k].test.n; i++)
			first = fmin(first, frame.time[split[k].test.row[i]]);
		for (int64_t i = 0; i < frame.rows; i++)
			if (frame.time[i] < first)
				check((part[i] == 1) == (frame.closed[i] < first), "fold %d: described at %g, closed at %g, tested from %g", k, frame.time[i], frame.closed[i], first);
	}
	free(made);
}

static void
test_refused(SfArena *arena)
{
	Made	   *made = make_deals(60, 9);
	Host	   *host = arena->ctx->host;
	SfSplit		split[100];
	SfFrame		frame;

	for (int i = 0; i < 60; i++)
	{
		made[i].info = (SfDealInfo) {.outcome = SF_WON, .time = 5, .group = 1 + (uint64_t) (i % 3)};
		made[i].info.time = i < 50 ? 5 : 6;
	}
	frame = frame_of(arena, made, 60);
	check(fails_with(host, sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_SHUFFLED, 1, 0, split), SF_BAD_ARGUMENT), "1");
	check(fails_with(host, sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_SHUFFLED, SF_FOLDS_MAX + 1, 0, split), SF_BAD_ARGUMENT), "21");
	check(fails_with(host, sf_folds_make(arena, &frame, (SfRows) {NULL, 19}, SF_FOLDS_SHUFFLED, 20, 0, split), SF_BAD_DATA), "rows");
	check(fails_with(host, sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_GROUPED, 4, 0, split), SF_BAD_DATA), "groups");
	check(sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_GROUPED, 3, 0, split) == SF_OK, "three groups, three folds");
	check(split[0].test.n == 20 && split[1].test.n == 20 && split[2].test.n == 20, "one each");
	check(fails_with(host, sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_FORWARD, 2, 0, split), SF_BAD_DATA), "times");
	check(sf_split_by_time(arena, &frame, 0.5, split) == SF_OK && split[0].train.n == 50 && split[0].test.n == 10, "one big tie");
	check(fails_with(host, sf_split_by_time(arena, &frame, 0, split), SF_BAD_ARGUMENT), "no share");
	check(fails_with(host, sf_split_by_time(arena, &frame, NAN, split), SF_BAD_ARGUMENT), "share NaN");
	for (int i = 0; i < 60; i++)
		made[i].info = (SfDealInfo) {.outcome = SF_LOST, .time = NAN};
	frame = frame_of(arena, made, 60);
	check(fails_with(host, sf_split_by_time(arena, &frame, 0.2, split), SF_BAD_DATA), "no times");
	check(sf_folds_make(arena, &frame, sf_all_rows(&frame), SF_FOLDS_GROUPED, 20, 0, split) == SF_OK && split[0].test.n == 3, "no groups: each by itself");
	free(made);
}

static SfStatus
everything(SfCtx *ctx, void *argument)
{
	const SfFrame *frame = argument;
	SfSplit		split[5];
	SfArena		arena;
	SfStatus	status = SF_OK;

	for (SfFoldKind kind = SF_FOLDS_SHUFFLED; kind <= SF_FOLDS_FORWARD && status == SF_OK; kind++)
	{
		sf_arena_init(&arena, ctx);
		status = sf_folds_make(&arena, frame, sf_all_rows(frame), kind, 5, 1, split);
	}
	return status == SF_OK ? sf_split_by_time(&arena, frame, 0.2, split) : status;
}

int
main(void)
{
	Made	   *made = make_deals(DEALS, 8);
	SfArena		arena;
	SfFrame		frame;
	SfFrame		part;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("shuffled and grouped folds: each deal held out once, groups together");
	frame = frame_of(&arena, made, DEALS);
	test_shuffled_and_grouped(&frame, &arena);
	done();
	group("forward folds: trained on the past only");
	test_forward(&frame, &arena);
	done();
	group("a split by time");
	test_by_time(&frame, &arena);
	done();
	group("where it is known when deals closed, nothing is learned that came later");
	test_closed(&arena);
	done();
	group("folds of a part of the rows");
	{
		static const uint32_t row[] = {3, 10, 11, 40, 77, 500};
		SfSplit		split[3];

		part = frame;
		check(sf_folds_make(&arena, &part, (SfRows) {row, 6}, SF_FOLDS_SHUFFLED, 3, 0, split) == SF_OK, "make");
		check(split[1].test.n == 2 && split[1].test.row[0] == 10 && split[1].test.row[1] == 77, "by place");
		check(split[1].train.n == 4 && split[1].train.row[3] == 500, "the others");
	}
	done();
	group("what is refused");
	test_refused(&arena);
	done();
	group("memory refused anywhere");
	refuse_each(everything, &frame);
	done();
	group("cancelled anywhere");
	cancel_each(everything, &frame, 1);
	done();
	host_free(&host);
	free(made);
	return finish();
}
