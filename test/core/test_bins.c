/* Tests of core/winprob/bins*.c and bin_*.c: features as small whole numbers. */
#include "frame_maker.h"

#include "core/winprob/bins.h"

#define PRIOR 10.0

typedef struct Column
{
	SfFeatureKind kind;
	const SfCell *cell;
	const uint8_t *won;
	int64_t		n;
	int32_t		bins;
} Column;

/* Bins and codes of one feature; everything the header promises is checked on the way. */
static SfBins
binned(Host *host, SfArena *arena, Column w, SfFrame *frame, SfCodes *codes)
{
	SfBins		bins = {0};
	const SfBinIndex *index = NULL;
	const SfFeatureBins *of;
	int64_t		rows = 0;
	int64_t		count[256] = {0};

	sf_arena_init(arena, &host->ctx);
	check(single_frame(arena, w.kind, w.cell, w.won, w.n, frame) == SF_OK, "frame: %s", host->ctx.what);
	if (!check(sf_bins_fit(arena, frame, sf_all_rows(frame), (SfBinOptions) {w.bins, PRIOR}, &bins) == SF_OK, "fit"))
		return bins;
	check(sf_bins_code(arena, &bins, frame, sf_all_rows(frame), codes) == SF_OK, "code");
	check(sf_bins_index(arena, &bins, &index) == SF_OK, "index");
	of = &bins.of[0];
	check(of->values >= 0 && of->values <= w.bins && codes->codes[0] == of->values + 2, "%d bins", of->values);
	for (int64_t i = 0; i < codes->rows; i++)
		count[codes->code[i]]++;
	for (int code = 0; code < of->values + 2; code++)
	{
		rows += of->count[code];
		check(of->count[code] == count[code], "count of code %d", code);
		check(code == 0 || code > of->values || of->count[code] > 0, "code %d is empty", code);
		check(of->won[code] >= 0 && of->won[code] <= of->count[code], "won of code %d", code);
	}
	check(rows == w.n && bins.rows == w.n, "rows");
	for (int b = 0; b < of->values && w.kind != SF_FEATURE_CATEGORY; b++)
	{
		check(of->low[b] <= of->centre[b] && of->centre[b] <= of->high[b], "bin %d: %g %g %g", b, of->low[b], of->centre[b], of->high[b]);
		check(b == 0 || (of->high[b - 1] < of->cut[b - 1] && of->cut[b - 1] <= of->low[b]), "cut before bin %d", b);
	}
	/* one cell at a time gives the same counts */
	memset(count, 0, sizeof count);
	for (int64_t i = 0; i < w.n; i++)
		count[sf_bins_code_cell(index, 0, &w.cell[i])]++;
	for (int code = 0; code < of->values + 2; code++)
		check(of->count[code] == count[code], "cells of code %d", code);
	return bins;
}

static void
test_by_hand(void)
{
	static const double x[] = {5, 1, 1, 3, NAN, 9, 3, 1};
	static const uint8_t won[] = {1, 0, 0, 1, 1, 1, 0, 1};
	SfCell		cell[8];
	SfFrame		frame;
	SfCodes		codes;
	SfArena		arena;
	SfBins		bins;
	Host		host;
	const SfFeatureBins *of;

	group("a case by hand: four values, one missing");
	host_init(&host);
	for (int i = 0; i < 8; i++)
		cell[i] = number_cell(x[i]);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, 8, 10}, &frame, &codes);
	of = &bins.of[0];
	check(of->values == 4 && of->cut[0] == 2 && of->cut[1] == 4 && of->cut[2] == 7, "halfway");
	check(of->count[0] == 1 && of->count[1] == 3 && of->count[2] == 2 && of->count[3] == 1 && of->count[5] == 0, "counts");
	check(of->won[0] == 1 && of->won[1] == 1 && of->won[2] == 1, "won");
	check(of->centre[1] == 3 && of->low[3] == 9 && of->high[3] == 9, "centres");
	done();

	group("a heavy value has a bin of its own, the others share");
	{
		enum {N = 1000};
		SfCell		many[N];
		uint8_t		lost[N] = {0};

		for (int i = 0; i < N; i++)
			many[i] = number_cell(i % 2 == 0 ? 500 : i);
		bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, many, lost, N, 11}, &frame, &codes);
		of = &bins.of[0];
		check(of->values == 11, "%d bins", of->values);
		for (int b = 0; b < of->values; b++)
			if (of->low[b] <= 500 && of->high[b] >= 500)
				check(of->low[b] == 500 && of->high[b] == 500 && of->count[b + 1] == 500, "the heavy one");
			else
				check(of->count[b + 1] >= 49 && of->count[b + 1] <= 51, "bin %d: %" PRId64, b, of->count[b + 1]);
		/* heavy, light, heavy, ... with too few bins for all of them */
		for (int i = 0; i < N; i++)
			many[i] = number_cell(i % 100 < 90 ? (i % 3) * 100 : i % 100 + (i % 7) / 10.0);
		bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, many, lost, N, 4}, &frame, &codes);
		check(bins.of[0].values == 4, "%d bins", bins.of[0].values);
		bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, many, lost, N, 2}, &frame, &codes);
		check(bins.of[0].values == 2, "%d bins", bins.of[0].values);
	}
	host_free(&host);
	done();
}

static void
test_numbers(void)
{
	enum {N = 3000};
	static const int32_t sizes[] = {2, 3, 7, 63, 64, 65, 128, 253, 254};
	SfCell	   *cell = calloc(N, sizeof(SfCell));
	uint8_t    *won = calloc(N, 1);
	SfRng		rng;
	SfFrame		frame;
	SfCodes		codes;
	SfArena		arena;
	SfBins		bins;
	Host		host;

	group("laws for numbers of all kinds");
	sf_rng_seed(&rng, 1);
	for (int kind = 0; kind < 8; kind++)
	{
		for (int i = 0; i < N; i++)
		{
			double		x = random_bits(&rng);
			double		u = sf_rng_uniform(&rng);

			x = kind == 0 ? u : kind == 1 ? floor(20 * u) : kind == 2 ? 1 : kind == 3 ? NAN : kind == 4 ? 1e300 * (u < 0.5 ? -1 : 1) * u :
				kind == 5 ? x : kind == 6 ? (u < 0.5 ? 1 : nextafter(1, 2)) : floor(pow(1000, u));
			cell[i] = isinf(x) ? number_cell(DBL_MAX) : number_cell(x);
			won[i] = (uint8_t) sf_rng_below(&rng, 2);
		}
		for (int s = 0; s < LENGTH(sizes); s++)
		{
			host_init(&host);
			bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, N, sizes[s]}, &frame, &codes);
			if (kind == 0 || kind == 5)
				check(bins.of[0].values == sizes[s], "%d bins of %d", bins.of[0].values, sizes[s]);
			if (kind == 3)
				check(bins.of[0].values == 0 && bins.of[0].count[0] == N && bins.of[0].count[1] == 0, "nothing known");
			host_free(&host);
		}
	}
	done();

	group("one deal, and none");
	host_init(&host);
	cell[0] = number_cell(1e300);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, 1, 2}, &frame, &codes);
	check(bins.of[0].values == 1 && bins.of[0].centre[0] == 1e300, "one");
	bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, 0, 2}, &frame, &codes);
	check(bins.of[0].values == 0, "none");
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, 0, 2}, &frame, &codes);
	check(bins.of[0].values == 0, "none");
	host_free(&host);
	free(cell);
	free(won);
	done();
}

static void
test_sample(void)
{
	enum {N = (1 << 18) + 30000};
	SfCell	   *cell = calloc(N, sizeof(SfCell));
	uint8_t    *won = calloc(N, 1);
	SfRng		rng;
	SfFrame		frame;
	SfCodes		codes;
	SfArena		arena;
	SfBins		bins;
	Host		host;

	group("many deals: cuts from a sample, counts of all");
	sf_rng_seed(&rng, 2);
	for (int i = 0; i < N; i++)
		cell[i] = number_cell(sf_rng_uniform(&rng));
	host_init(&host);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, N, 100}, &frame, &codes);
	check(bins.of[0].values == 100, "%d bins", bins.of[0].values);
	for (int b = 0; b < bins.of[0].values; b++)
		check(close_to((double) bins.of[0].count[b + 1], N / 100.0, 0, 0.1), "bin %d: %" PRId64, b, bins.of[0].count[b + 1]);
	host_free(&host);
	free(cell);
	free(won);
	done();
}

static void
test_categories(void)
{
	enum {N = 20000};
	static char text[N][20];
	SfCell	   *cell = calloc(N, sizeof(SfCell));
	uint8_t    *won = calloc(N, 1);
	SfRng		rng;
	SfFrame		frame;
	SfCodes		codes;
	SfArena		arena;
	SfBins		bins;
	Host		host;
	const SfFeatureBins *of;

	host_init(&host);
	sf_rng_seed(&rng, 3);
	group("few categories: each its own code, ascending by smoothed rate");
	for (int i = 0; i < N; i++)
	{
		int			c = (int) sf_rng_below(&rng, 20);

		snprintf(text[i], sizeof text[i], "Ort %c", 'T' - c);
		cell[i] = text_cell(text[i]);
		won[i] = sf_rng_uniform(&rng) < 0.2 + 0.03 * c;
	}
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, N, 254}, &frame, &codes);
	of = &bins.of[0];
	check(of->values == 20 && of->categories == 20, "%d values", of->values);
	for (int code = 2; code <= of->values; code++)
		check(((double) of->won[code] + 4.85) / ((double) of->count[code] + PRIOR) + 1e-3 >=
			  ((double) of->won[code - 1] + 4.85) / ((double) of->count[code - 1] + PRIOR), "code %d", code);
	done();

	group("names that occur once tell nothing of the outcome");
	for (int i = 0; i < N; i++)
	{
		snprintf(text[i], sizeof text[i], "deal %d", i);
		cell[i] = text_cell(text[i]);
		won[i] = (uint8_t) sf_rng_below(&rng, 2);
	}
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, N, 254}, &frame, &codes);
	check(bins.of[0].values == 1 && bins.of[0].categories == N, "%d bins", bins.of[0].values);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, 200, 254}, &frame, &codes);
	of = &bins.of[0];
	check(of->values == 200, "%d bins", of->values);
	{
		int64_t		low = 0;
		int64_t		all = 0;

		for (int code = 1; code <= 200; code++)
		{
			low += code <= 100 ? of->won[code] : 0;
			all += of->won[code];
		}
		check(llabs(2 * low - all) < 40, "%" PRId64 " of %" PRId64 " won in the lower half", low, all);
	}
	done();

	group("many categories that differ share bins by rate");
	for (int i = 0; i < N; i++)
	{
		int			c = (int) sf_rng_below(&rng, 400);

		/* two heavy ones beside them */
		c = i % 5 == 0 ? 1000 + i % 2 : c;
		snprintf(text[i], sizeof text[i], "c%d", c);
		cell[i] = text_cell(text[i]);
		won[i] = sf_rng_uniform(&rng) < (c % 2 == 0 ? 0.2 : 0.8);
	}
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, N, 30}, &frame, &codes);
	of = &bins.of[0];
	check(of->values > 20 && of->values <= 30, "%d bins", of->values);
	{
		int			right = 0;

		for (int c = 0; c < of->categories; c++)
		{
			int			code = of->category_code[c];
			bool		high = of->category[c].at[of->category[c].length - 1] % 2 == 1;

			right += (2 * of->won[code] > of->count[code]) == high;
		}
		check(right > of->categories * 95 / 100, "%d of %d in a bin of their kind", right, of->categories);
	}
	for (int code = 2; code <= of->values; code++)
		check(of->won[code] * of->count[code - 1] * 100 >= of->won[code - 1] * of->count[code] * 95, "order at %d", code);
	host_free(&host);
	free(cell);
	free(won);
	done();
}

static void
test_other_frame(void)
{
	static const char *const train[] = {"b", "d", "b", "f"};
	static const char *const later[] = {"a", "b", "c", "d", "e", "f", "g"};
	static const uint8_t won[7] = {1, 0, 1, 0};
	SfCell		cell[7];
	SfFrame		frame;
	SfFrame		other;
	SfCodes		codes;
	SfArena		arena;
	SfBins		bins;
	Host		host;
	uint32_t	category[7];

	group("categories and numbers that training never saw");
	host_init(&host);
	for (int i = 0; i < 4; i++)
		cell[i] = text_cell(train[i]);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_CATEGORY, cell, won, 4, 10}, &frame, &codes);
	for (int i = 0; i < 7; i++)
		cell[i] = text_cell(later[i]);
	check(single_frame(&arena, SF_FEATURE_CATEGORY, cell, won, 7, &other) == SF_OK, "other");
	check(sf_bins_code(&arena, &bins, &other, sf_all_rows(&other), &codes) == SF_OK, "code");
	sf_frame_categories(&other, 0, sf_all_rows(&other), 0, 7, category);
	for (int i = 0; i < 7; i++)
		check((codes.code[i] == bins.of[0].values + 1) == (category[i] % 2 == 0), "row %d: %d", i, codes.code[i]);
	/* the unseen ones of a part */
	check(sf_bins_fit(&arena, &other, (SfRows) {(const uint32_t[]) {0, 1}, 2}, (SfBinOptions) {5, 1}, &bins) == SF_OK, "part");
	check(bins.of[0].categories == 2 && bins.rows == 2, "%d categories of a part", bins.of[0].categories);
	cell[0] = number_cell(NAN);
	bins = binned(&host, &arena, (Column) {SF_FEATURE_NUMBER, cell, won, 1, 10}, &frame, &codes);
	check(fails_with(&host, sf_bins_code(&arena, &bins, &other, sf_all_rows(&other), &codes), SF_BAD_ARGUMENT), "other features");
	cell[0] = number_cell(3);
	check(single_frame(&arena, SF_FEATURE_NUMBER, cell, won, 1, &other) == SF_OK, "other");
	check(sf_bins_code(&arena, &bins, &other, sf_all_rows(&other), &codes) == SF_OK && codes.code[0] == SF_CODE_MISSING, "no bins");
	check(fails_with(&host, sf_bins_fit(&arena, &other, sf_all_rows(&other), (SfBinOptions) {1, 1}, &bins), SF_BAD_ARGUMENT), "1 bin");
	check(fails_with(&host, sf_bins_fit(&arena, &other, sf_all_rows(&other), (SfBinOptions) {255, 1}, &bins), SF_BAD_ARGUMENT), "255");
	check(fails_with(&host, sf_bins_fit(&arena, &other, sf_all_rows(&other), (SfBinOptions) {9, NAN}, &bins), SF_BAD_ARGUMENT), "prior");
	host_free(&host);
	done();
}

static SfStatus
fit_made(SfArena *arena, const Made *made, int64_t n, SfFrame *frame, SfBins *bins)
{
	SfFrameBuilder *builder;
	SfStatus	status = sf_frame_create(arena->ctx, MADE_FEATURES, made_feature, &builder);

	if (status == SF_OK)
		status = add_deals(arena->ctx, builder, made, n);
	if (status == SF_OK)
		status = sf_frame_finish(arena, builder, frame);
	return status == SF_OK ? sf_bins_fit(arena, frame, sf_all_rows(frame), (SfBinOptions) {20, PRIOR}, bins) : status;
}

/* Bytes of bins, from malloc. */
static unsigned char *
encoded(const SfBins *bins, size_t *size)
{
	SfWriter	write = {0};
	unsigned char *bytes;

	sf_bins_encode(bins, &write);
	*size = write.size;
	bytes = malloc(write.size);
	write = (SfWriter) {bytes, 0};
	sf_bins_encode(bins, &write);
	return bytes;
}

static SfStatus
everything(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfFrame		frame;
	SfBins		bins;
	SfCodes		codes;
	const SfBinIndex *index;
	unsigned char *bytes;
	SfReader	read = {.ok = true};
	SfStatus	status;

	sf_arena_init(&arena, ctx);
	status = fit_made(&arena, argument, 300, &frame, &bins);
	if (status == SF_OK)
		status = sf_bins_code(&arena, &bins, &frame, sf_all_rows(&frame), &codes);
	if (status != SF_OK)
		return status;
	bytes = encoded(&bins, &read.left);
	read.at = bytes;
	status = sf_bins_decode(&arena, &read, &bins);
	free(bytes);
	return status == SF_OK ? sf_bins_index(&arena, &bins, &index) : status;
}

static void
test_hosts(void)
{
	Made	   *made = make_deals(300, 4);

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
	Made	   *made = make_deals(120, 6);
	SfFrame		frame;
	SfBins		bins;
	SfArena		arena;
	Host		host;
	size_t		size;
	size_t		again;
	unsigned char *bytes;
	unsigned char *second;
	SfReader	read;
	int			refused = 0;

	group("bytes: there and back, every truncation refused, every flip answered");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(fit_made(&arena, made, 120, &frame, &bins) == SF_OK, "fit");
	bytes = encoded(&bins, &size);
	read = (SfReader) {bytes, size, true};
	check(sf_bins_decode(&arena, &read, &bins) == SF_OK && read.left == 0, "decode");
	second = encoded(&bins, &again);
	check(size == again && memcmp(bytes, second, size) == 0, "the same bytes");
	for (size_t n = 0; n < size; n++)
	{
		unsigned char *copy = malloc(n + 1);

		memcpy(copy, bytes, n);
		read = (SfReader) {copy, n, true};
		sf_arena_init(&arena, &host.ctx);
		check(fails_with(&host, sf_bins_decode(&arena, &read, &bins), SF_BAD_BYTES), "%zu bytes", n);
		free(copy);
		host_free(&host);
	}
	for (size_t i = 0; i < size; i++)
		for (int bit = 0; bit < 8; bit += 3)
		{
			const SfBinIndex *index;
			SfStatus	status;

			bytes[i] ^= (unsigned char) (1 << bit);
			read = (SfReader) {bytes, size, true};
			sf_arena_init(&arena, &host.ctx);
			status = sf_bins_decode(&arena, &read, &bins);
			check(status == SF_OK || status == SF_BAD_BYTES, "byte %zu gives %d", i, status);
			refused += status != SF_OK;
			if (status == SF_OK && check(sf_bins_index(&arena, &bins, &index) == SF_OK, "index"))
				for (int32_t f = 0; f < bins.features && f < MADE_FEATURES; f++)
				{
					SfCell		cell = made[0].cell[f];

					cell.text = text_of("industry 3");
					check(sf_bins_code_cell(index, f, &cell) < bins.of[f].values + 2, "code");
				}
			bytes[i] ^= (unsigned char) (1 << bit);
			host_free(&host);
		}
	check(refused > 0, "none was refused");
	free(bytes);
	free(second);
	free(made);
	done();
}

int
main(void)
{
	test_by_hand();
	test_numbers();
	test_sample();
	test_categories();
	test_other_frame();
	test_hosts();
	test_bytes();
	return finish();
}
