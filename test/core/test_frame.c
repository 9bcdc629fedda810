/* Tests of core/winprob/frame*.c and dictionary.c: deals as typed columns. */
#include "frame_maker.h"

#define DEALS 3000

static void
shuffle(Made *made, int64_t n, uint64_t seed)
{
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	for (int64_t i = n - 1; i > 0; i--)
	{
		int64_t		j = (int64_t) sf_rng_below(&rng, (uint64_t) i + 1);
		Made		swap = made[i];

		made[i] = made[j];
		made[j] = swap;
	}
	for (int64_t i = 0; i < n; i++)
		for (int f = 0; f < MADE_FEATURES; f++)
			if (made_feature[f].kind == SF_FEATURE_CATEGORY)
				made[i].cell[f].text = text_of(made[i].text[f]);
}

static SfFrame
finished(Host *host, SfArena *arena, const SfFrameBuilder *builder)
{
	SfFrame		frame = {0};

	sf_arena_init(arena, &host->ctx);
	check(sf_frame_finish(arena, builder, &frame) == SF_OK, "finish: %s", host->ctx.what);
	return frame;
}

/* Two frames say the same, row by row. */
static void
check_same(const SfFrame *a, const SfFrame *b, const char *name)
{
	double		x[DEALS];
	double		y[DEALS];
	uint32_t	s[DEALS];
	uint32_t	t[DEALS];
	bool		same = a->rows == b->rows && a->won_rows == b->won_rows && a->open_rows == b->open_rows &&
		a->features == b->features && (a->time == NULL) == (b->time == NULL) && (a->group == NULL) == (b->group == NULL);

	if (!check(same, "%s: not the same size", name) || !check(a->rows <= DEALS, "too many rows"))
		return;
	check(memcmp(a->won, b->won, (size_t) a->rows) == 0, "%s: won", name);
	for (int64_t i = 0; i < a->rows && a->time != NULL; i++)
		check(a->time[i] == b->time[i] || (isnan(a->time[i]) && isnan(b->time[i])), "%s: time %" PRId64, name, i);
	for (int64_t i = 0; i < a->rows && a->group != NULL; i++)
		check(a->group[i] == b->group[i], "%s: group %" PRId64, name, i);
	for (int32_t f = 0; f < a->features; f++)
	{
		check(memcmp(&a->counts[f], &b->counts[f], sizeof a->counts[f]) == 0, "%s: counts of %d", name, f);
		check(a->categories[f] == b->categories[f], "%s: categories of %d", name, f);
		for (int32_t c = 0; c < a->categories[f]; c++)
			check(a->category[f][c].length == b->category[f][c].length &&
				  memcmp(a->category[f][c].at, b->category[f][c].at, (size_t) a->category[f][c].length) == 0,
				  "%s: category %d of %d", name, c, f);
		if (a->feature[f].kind == SF_FEATURE_CATEGORY)
		{
			sf_frame_categories(a, f, sf_all_rows(a), 0, a->rows, s);
			sf_frame_categories(b, f, sf_all_rows(b), 0, b->rows, t);
			check(memcmp(s, t, (size_t) a->rows * sizeof(uint32_t)) == 0, "%s: column %d", name, f);
		}
		else
		{
			sf_frame_numbers(a, f, sf_all_rows(a), 0, a->rows, x);
			sf_frame_numbers(b, f, sf_all_rows(b), 0, b->rows, y);
			check(memcmp(x, y, (size_t) a->rows * sizeof(double)) == 0, "%s: column %d", name, f);
		}
	}
}

static SfFrameBuilder *
built(Host *host, const Made *made, int64_t n)
{
	SfFrameBuilder *builder = NULL;

	check(sf_frame_create(&host->ctx, MADE_FEATURES, made_feature, &builder) == SF_OK, "create");
	check(add_deals(&host->ctx, builder, made, n) == SF_OK, "add: %s", host->ctx.what);
	return builder;
}

static void
test_by_hand(void)
{
	static const SfFeature feature[] = {{NAMED("n"), SF_FEATURE_AGE}, {NAMED("c"), SF_FEATURE_CATEGORY}};
	SfCell		row[4][2] = {
		{number_cell(-1), text_cell("b")}, {number_cell(NAN), text_cell("a")},
		{number_cell(-0.0), {.missing = true}}, {{.missing = true}, text_cell("")}
	};
	SfFrameBuilder *builder;
	SfFrame		frame;
	SfArena		arena;
	Host		host;
	double		x[3];
	uint32_t	c[3];
	int			seen = 0;

	group("a case by hand: three closed deals and an open one");
	host_init(&host);
	check(sf_frame_create(&host.ctx, 2, feature, &builder) == SF_OK, "create");
	for (int i = 0; i < 4; i++)
		check(sf_frame_add(&host.ctx, builder, (SfDealInfo) {.outcome = i == 3 ? SF_OPEN : i == 0 ? SF_WON : SF_LOST, .time = NAN}, row[i]) == SF_OK,
			  "add");
	frame = finished(&host, &arena, builder);
	check(frame.rows == 3 && frame.won_rows == 1 && frame.open_rows == 1, "rows");
	check(frame.time == NULL && frame.group == NULL, "no times, no groups");
	check(frame.counts[0].closed_missing == 1 && frame.counts[0].open_missing == 1 && frame.counts[0].after == 1, "age counts");
	check(frame.counts[1].closed_missing == 1 && frame.counts[1].open_missing == 0 && frame.counts[1].after == 0, "category counts");
	check(frame.categories[0] == 0 && frame.categories[1] == 2, "an open deal brings no category");
	check(frame.category[1][0].at[0] == 'a' && frame.category[1][1].at[0] == 'b', "ascending");
	sf_frame_numbers(&frame, 0, sf_all_rows(&frame), 0, 3, x);
	sf_frame_categories(&frame, 1, sf_all_rows(&frame), 0, 3, c);
	for (int i = 0; i < 3; i++)
		if (frame.won[i])
			seen += x[i] == -1 && c[i] == 1;
		else if (isnan(x[i]))
			seen += c[i] == 0;
		else
			seen += same_bits(x[i], 0.0) && c[i] == SF_MISSING_CATEGORY;
	check(seen == 3, "%d rows as they came in", seen);
	host_free(&host);
	done();
}

static void
test_order(void)
{
	Made	   *made = make_deals(DEALS, 1);
	SfArena		arena[2];
	Host		host;
	SfFrame		wanted;

	group("the same frame for any row order");
	host_init(&host);
	wanted = finished(&host, &arena[0], built(&host, made, DEALS));
	for (uint64_t seed = 1; seed <= 3; seed++)
	{
		SfFrame		got;

		shuffle(made, DEALS, seed);
		got = finished(&host, &arena[1], built(&host, made, DEALS));
		check_same(&wanted, &got, "shuffled");
	}
	done();

	group("the same frame for any split into builders, merged in any order, by way of bytes");
	for (int parts = 2; parts <= 5; parts++)
	{
		SfFrameBuilder *all = built(&host, made, 0);
		SfFrame		got;

		for (int p = parts - 1; p >= 0; p--)
		{
			int64_t		first = (int64_t) DEALS * p / parts;
			SfFrameBuilder *part = built(&host, made + first, (int64_t) DEALS * (p + 1) / parts - first);
			SfWriter	write = {0};
			SfReader	read;

			sf_frame_encode(part, &write);
			read = (SfReader) {malloc(write.size), write.size, true};
			write = (SfWriter) {(unsigned char *) read.at, 0};
			sf_frame_encode(part, &write);
			check(write.size == read.left, "counted and written");
			part = NULL;
			check(sf_frame_decode(&host.ctx, &read, &part) == SF_OK && read.left == 0, "decode");
			free(write.at);
			if (part != NULL)
				check(sf_frame_merge(&host.ctx, all, part) == SF_OK, "merge");
		}
		got = finished(&host, &arena[1], all);
		check_same(&wanted, &got, "merged");
	}
	host_free(&host);
	free(made);
	done();
}

static void
test_duplicates(void)
{
	enum {SAME = 40000};
	SfCell	   *cell = calloc(SAME, sizeof(SfCell));
	uint8_t    *won = calloc(SAME, 1);
	double	   *x = malloc(SAME * sizeof(double));
	SfFrame		frame = {0};
	SfArena		arena;
	Host		host;
	int64_t		count[4] = {0};

	group("deals that say the same are spread over the order");
	for (int i = 0; i < SAME; i++)
		cell[i] = number_cell(i % 4);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(single_frame(&arena, SF_FEATURE_NUMBER, cell, won, SAME, &frame) == SF_OK, "frame");
	check(frame.rows == SAME, "rows");
	sf_frame_numbers(&frame, 0, sf_all_rows(&frame), 0, SAME, x);
	for (int i = 0; i < SAME / 10; i++)
		count[(int) x[i]]++;
	for (int k = 0; k < 4; k++)
		check(count[k] > 850 && count[k] < 1150, "%" PRId64 " of value %d in the first tenth", count[k], k);
	host_free(&host);
	free(cell);
	free(won);
	free(x);
	done();
}

static void
test_categories(void)
{
	enum {MANY = 10000};
	static const char *const names[] = {"", "a", "a b", "aa", "Z", "z", "Ä", "é", "日本", "🙂", "a"};
	char		text[MANY][16];
	char		longer[400];
	SfCell	   *cell = calloc(MANY, sizeof(SfCell));
	uint8_t    *won = calloc(MANY, 1);
	SfFrame		frame = {0};
	SfArena		arena;
	Host		host;

	group("10,000 categories ascend by bytes");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	for (int i = 0; i < MANY; i++)
	{
		snprintf(text[i], sizeof text[i], "customer %d", (i * 7919) % MANY);
		cell[i] = text_cell(text[i]);
	}
	check(single_frame(&arena, SF_FEATURE_CATEGORY, cell, won, MANY, &frame) == SF_OK, "frame");
	check(frame.categories[0] == MANY, "%d categories", frame.categories[0]);
	for (int c = 1; c < frame.categories[0]; c++)
	{
		SfText		a = frame.category[0][c - 1];
		SfText		b = frame.category[0][c];
		int			order = memcmp(a.at, b.at, (size_t) (a.length < b.length ? a.length : b.length));

		check(order < 0 || (order == 0 && a.length < b.length), "category %d", c);
	}
	done();

	group("names: empty, unicode, too long");
	for (int i = 0; i < LENGTH(names); i++)
		cell[i] = text_cell(names[i]);
	check(single_frame(&arena, SF_FEATURE_CATEGORY, cell, won, LENGTH(names), &frame) == SF_OK, "frame");
	check(frame.categories[0] == LENGTH(names) - 1 && frame.category[0][0].length == 0, "%d names", frame.categories[0]);
	memset(longer, 'x', sizeof longer);
	memcpy(longer + 254, "日", 3);
	cell[0] = (SfCell) {.text = {longer, 400}};
	memset(longer + 300, 'y', 100);
	cell[1] = (SfCell) {.text = {longer, 300}};
	check(single_frame(&arena, SF_FEATURE_CATEGORY, cell, won, 2, &frame) == SF_OK, "frame");
	check(frame.categories[0] == 1 && frame.category[0][0].length == 254, "cut at a whole character");
	memset(longer, 0x80, sizeof longer);
	check(single_frame(&arena, SF_FEATURE_CATEGORY, cell, won, 1, &frame) == SF_OK, "frame");
	check(frame.categories[0] == 1 && frame.category[0][0].length == 253, "bytes that are no UTF-8");
	host_free(&host);
	free(cell);
	free(won);
	done();
}

static void
test_refused(void)
{
	static const SfFeature other[] = {{NAMED("amount"), SF_FEATURE_NUMBER}};
	static SfFeature many[SF_MAX_FEATURES + 1];
	Made	   *made = make_deals(10, 3);
	SfFrameBuilder *builder;
	SfFrameBuilder *one;
	SfFrame		frame;
	SfArena		arena;
	Host		host;

	group("what is refused");
	host_init(&host);
	for (int f = 0; f <= SF_MAX_FEATURES; f++)
		many[f] = made_feature[0];
	check(fails_with(&host, sf_frame_create(&host.ctx, SF_MAX_FEATURES + 1, many, &one), SF_TOO_LARGE), "features");
	check(sf_frame_create(&host.ctx, SF_MAX_FEATURES, many, &one) == SF_OK, "500 features");
	check(sf_frame_create(&host.ctx, 1, other, &one) == SF_OK, "create");
	builder = built(&host, made, 0);
	check(fails_with(&host, sf_frame_merge(&host.ctx, builder, one), SF_BAD_ARGUMENT), "other features");
	for (int outcome = SF_LOST; outcome <= SF_OPEN; outcome++)
	{
		Made		bad = made[0];

		bad.info.outcome = (SfOutcome) outcome;
		bad.cell[3] = number_cell(-INFINITY);
		check(fails_with(&host, add_deals(&host.ctx, builder, &bad, 1), SF_BAD_DATA) && host.ctx.where == 3, "infinite");
		bad.cell[3].missing = true;
		check(add_deals(&host.ctx, builder, &bad, 1) == SF_OK, "what is missing may be anything");
	}
	made[0].info.outcome = SF_WON;
	made[0].info.time = INFINITY;
	check(fails_with(&host, add_deals(&host.ctx, builder, made, 1), SF_BAD_DATA), "infinite time");
	frame = finished(&host, &arena, builder);
	check(frame.rows == 2 && frame.open_rows == 1, "refused deals are not there");
	frame = finished(&host, &arena, one);
	check(frame.rows == 0, "no deals at all");
	host_free(&host);
	free(made);
	done();
}

static SfStatus
everything(SfCtx *ctx, void *argument)
{
	const Made *made = argument;
	SfFrameBuilder *builder;
	SfFrameBuilder *other;
	SfArena		arena;
	SfFrame		frame;
	SfWriter	write = {0};
	SfReader	read;
	unsigned char *bytes;
	SfStatus	status = sf_frame_create(ctx, MADE_FEATURES, made_feature, &builder);

	sf_arena_init(&arena, ctx);
	if (status == SF_OK)
		status = add_deals(ctx, builder, made, 200);
	if (status != SF_OK)
		return status;
	sf_frame_encode(builder, &write);
	bytes = malloc(write.size);
	read = (SfReader) {bytes, write.size, true};
	write = (SfWriter) {bytes, 0};
	sf_frame_encode(builder, &write);
	status = sf_frame_decode(ctx, &read, &other);
	free(bytes);
	if (status == SF_OK)
		status = sf_frame_merge(ctx, builder, other);
	return status == SF_OK ? sf_frame_finish(&arena, builder, &frame) : status;
}

static void
test_hosts(void)
{
	Made	   *made = make_deals(200, 4);

	group("memory refused anywhere");
	refuse_each(everything, made);
	done();
	group("cancelled anywhere");
	cancel_each(everything, made, 1);
	done();
	free(made);
}

static void
test_bytes(void)
{
	Made	   *made = make_deals(40, 5);
	SfFrameBuilder *builder;
	SfWriter	write = {0};
	unsigned char *bytes;
	size_t		size;
	int			refused = 0;
	Host		host;

	group("bytes: every truncation is refused, every flip answered");
	host_init(&host);
	builder = built(&host, made, 40);
	sf_frame_encode(builder, &write);
	size = write.size;
	bytes = malloc(size);
	write = (SfWriter) {bytes, 0};
	sf_frame_encode(builder, &write);
	for (size_t n = 0; n < size; n++)
	{
		unsigned char *copy = malloc(n + 1);
		SfReader	read = {copy, n, true};
		SfFrameBuilder *got;

		memcpy(copy, bytes, n);
		check(fails_with(&host, sf_frame_decode(&host.ctx, &read, &got), SF_BAD_BYTES), "%zu bytes", n);
		free(copy);
		host_free(&host);
	}
	for (size_t i = 0; i < size; i++)
		for (int bit = 0; bit < 8; bit++)
		{
			SfReader	read = {bytes, size, true};
			SfFrameBuilder *got;
			SfArena		arena;
			SfFrame		frame;
			SfStatus	status;

			bytes[i] ^= (unsigned char) (1 << bit);
			status = sf_frame_decode(&host.ctx, &read, &got);
			check(status == SF_OK || status == SF_BAD_BYTES, "byte %zu gives %d", i, status);
			refused += status != SF_OK;
			sf_arena_init(&arena, &host.ctx);
			if (status == SF_OK)
				check(sf_frame_finish(&arena, got, &frame) == SF_OK, "finish");
			bytes[i] ^= (unsigned char) (1 << bit);
			host_free(&host);
		}
	check(refused > 0, "none was refused");
	free(bytes);
	free(made);
	done();
}

int
main(void)
{
	test_by_hand();
	test_order();
	test_duplicates();
	test_categories();
	test_refused();
	test_hosts();
	test_bytes();
	return finish();
}
