/*
 * bins.c
 *		Features as small whole numbers: making bins, and coding deals by them.
 */
#include "core/winprob/bins.h"

#include <math.h>
#include <string.h>

#include "core/base/radix.h"
#include "core/winprob/bin_categories.h"
#include "core/winprob/bin_cuts.h"
#include "core/winprob/bin_search.h"
#include "core/winprob/dictionary.h"

/* Values that the cuts of a number are made from: the first ones, since rows stand in a shuffled order. */
#define SAMPLE_MAX (INT64_C(1) << 18)

/* Rows that are read feature by feature while the cache holds them. */
#define BLOCK 1024

/* How the cells of a frame become codes. */
typedef struct Coder
{
	bool		category;
	SfCutTable	cuts;
	uint8_t    *code_of;		/* categories: [the frame's] */
} Coder;

/* The arrays of a feature's bins while they are filled; by code, so that centre, low and high have one for missing. */
typedef struct Filled
{
	double	   *cut;			/* [bins - 1] */
	int64_t    *count;			/* [bins + 2] */
	int64_t    *won;
	double	   *centre;			/* [bins + 2]; sums until the end */
	double	   *low;
	double	   *high;
	SfText	   *name;			/* [categories of the frame] */
	uint8_t    *name_code;
} Filled;

typedef struct Fit
{
	SfArena    *arena;
	const SfFrame *frame;
	SfRows		rows;
	SfBinOptions options;
	int64_t		won_rows;
	SfFeatureBins *of;			/* [features] */
	Filled	   *filled;			/* [features] */
	Coder	   *coder;			/* [features] */
	uint8_t    *code;			/* [rows][features], or NULL when the codes are not wanted */
	uint8_t    *won;			/* [rows], with code */
} Fit;

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
row_won(const SfFrame *frame, SfRows rows, int64_t i)
{
	return frame->won[sf_row_of(rows, i)];
}

/* Room for what stays, before any scratch is taken. */
static SfStatus
take_filled(Fit *fit, int32_t f)
{
	SfArena    *arena = fit->arena;
	Filled	   *a = &fit->filled[f];
	size_t		bins = (size_t) fit->options.bins;
	size_t		names = (size_t) fit->frame->categories[f];

	a->cut = sf_arena_take(arena, bins, sizeof(double));
	a->count = sf_arena_take(arena, bins + 2, sizeof(int64_t));
	a->won = sf_arena_take(arena, bins + 2, sizeof(int64_t));
	a->centre = sf_arena_take(arena, bins + 2, sizeof(double));
	a->low = sf_arena_take(arena, bins + 2, sizeof(double));
	a->high = sf_arena_take(arena, bins + 2, sizeof(double));
	a->name = sf_arena_take(arena, names, sizeof(SfText));
	a->name_code = sf_arena_take(arena, names, 1);
	if (a->cut == NULL || a->count == NULL || a->won == NULL || a->centre == NULL || a->low == NULL ||
		a->high == NULL || a->name == NULL || a->name_code == NULL)
		return sf_no_memory(arena->ctx);
	memset(a->count, 0, (bins + 2) * sizeof(int64_t));
	memset(a->won, 0, (bins + 2) * sizeof(int64_t));
	for (size_t i = 0; i < bins + 2; i++)
	{
		a->centre[i] = 0;
		a->low[i] = INFINITY;
		a->high[i] = -INFINITY;
	}
	fit->of[f] = (SfFeatureBins) {
		.cut = a->cut, .centre = a->centre + 1, .low = a->low + 1, .high = a->high + 1,
		.category = a->name, .category_code = a->name_code, .count = a->count, .won = a->won
	};
	return SF_OK;
}

/* Keys of the first numbers that are known, sorted. */
static SfStatus
sample_keys(const Fit *fit, int32_t f, uint64_t *key, uint64_t *spare, int64_t *n)
{
	double		x[BLOCK];
	int64_t		found = 0;
	SfStatus	status = SF_OK;

	for (int64_t first = 0; first < fit->rows.n && found < SAMPLE_MAX && status == SF_OK; first += BLOCK)
	{
		int64_t		m = least(BLOCK, fit->rows.n - first);

		sf_frame_numbers(fit->frame, f, fit->rows, first, m, x);
		for (int64_t i = 0; i < m && found < SAMPLE_MAX; i++)
			if (!isnan(x[i]))
				key[found++] = sf_key_of(x[i]);
		if (first / BLOCK % 8 == 7)
			status = sf_poll(fit->arena->ctx);
	}
	*n = found;
	return status != SF_OK ? status : sf_radix_sort(fit->arena->ctx, key, NULL, found, spare, NULL);
}

static SfStatus
fit_number(Fit *fit, int32_t f)
{
	SfArenaMark mark = sf_arena_mark(fit->arena);
	size_t		sample = (size_t) least(fit->rows.n, SAMPLE_MAX);
	uint64_t   *key = sf_arena_take(fit->arena, sample, sizeof(uint64_t));
	uint64_t   *spare = sf_arena_take(fit->arena, sample, sizeof(uint64_t));
	int64_t		n;
	SfStatus	status;

	if (key == NULL || spare == NULL)
		return sf_no_memory(fit->arena->ctx);
	status = sample_keys(fit, f, key, spare, &n);
	if (status == SF_OK)
		status = sf_bin_cuts(fit->arena, key, n, fit->options.bins, fit->filled[f].cut, &fit->of[f].values);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(fit->arena, mark);
	sf_cut_table(&fit->of[f], &fit->coder[f].cuts);
	return SF_OK;
}

static SfStatus
count_categories(const Fit *fit, int32_t f, SfCategoryCount *count)
{
	uint32_t	category[BLOCK];
	SfStatus	status = SF_OK;

	memset(count, 0, (size_t) fit->frame->categories[f] * sizeof(SfCategoryCount));
	for (int64_t first = 0; first < fit->rows.n && status == SF_OK; first += BLOCK)
	{
		int64_t		m = least(BLOCK, fit->rows.n - first);

		sf_frame_categories(fit->frame, f, fit->rows, first, m, category);
		for (int64_t i = 0; i < m; i++)
			if (category[i] != SF_MISSING_CATEGORY)
			{
				count[category[i]].count++;
				count[category[i]].won += row_won(fit->frame, fit->rows, first + i);
			}
		if (first / BLOCK % 8 == 7)
			status = sf_poll(fit->arena->ctx);
	}
	return status;
}

/* Only categories that occur in the rows are known. */
static SfStatus
fit_category(Fit *fit, int32_t f)
{
	SfArenaMark mark;
	int32_t		all = fit->frame->categories[f];
	uint8_t    *code_of = sf_arena_take(fit->arena, (size_t) all, 1);
	Filled	   *a = &fit->filled[f];
	SfCategoryCount *count;
	int32_t		n = 0;
	SfStatus	status;

	mark = sf_arena_mark(fit->arena);
	count = sf_arena_take(fit->arena, (size_t) all, sizeof(SfCategoryCount));
	if (code_of == NULL || count == NULL)
		return sf_no_memory(fit->arena->ctx);
	status = count_categories(fit, f, count);
	if (status != SF_OK)
		return status;
	for (int32_t c = 0; c < all; c++)
	{
		code_of[c] = count[c].count > 0;
		if (count[c].count == 0)
			continue;
		a->name[n] = fit->frame->category[f][c];
		count[n++] = count[c];
	}
	status = sf_bin_categories(fit->arena, count, n, (double) fit->won_rows / (double) (fit->rows.n > 0 ? fit->rows.n : 1),
							   fit->options, a->name_code, &fit->of[f].values);
	if (status != SF_OK)
		return status;
	for (int32_t c = 0, k = 0; c < all; c++)
		if (code_of[c] != 0)
			code_of[c] = a->name_code[k++];
	fit->of[f].categories = n;
	fit->coder[f].category = true;
	fit->coder[f].code_of = code_of;
	sf_arena_rewind(fit->arena, mark);
	return SF_OK;
}

/* Cells of a block of rows as codes; x keeps the numbers. */
static void
code_block(const SfFrame *frame, const Coder *coder, int32_t f, SfRows rows, int64_t first, int64_t n,
		   double *x, uint8_t *code, int64_t stride)
{
	if (coder->category)
	{
		uint32_t	category[BLOCK];

		sf_frame_categories(frame, f, rows, first, n, category);
		for (int64_t i = 0; i < n; i++)
			code[i * stride] = category[i] == SF_MISSING_CATEGORY ? SF_CODE_MISSING : coder->code_of[category[i]];
	}
	else
	{
		sf_frame_numbers(frame, f, rows, first, n, x);
		sf_cut_codes(&coder->cuts, x, n, code, stride);
	}
}

static void
count_block(Fit *fit, int32_t f, int64_t first, int64_t n, const uint8_t *won)
{
	Filled	   *a = &fit->filled[f];
	double		x[BLOCK];
	uint8_t		own[BLOCK];
	int64_t		stride = fit->code != NULL ? fit->frame->features : 1;
	uint8_t    *code = fit->code != NULL ? fit->code + first * stride + f : own;

	code_block(fit->frame, &fit->coder[f], f, fit->rows, first, n, x, code, stride);
	for (int64_t i = 0; i < n; i++)
	{
		a->count[code[i * stride]]++;
		a->won[code[i * stride]] += won[i];
	}
	if (!fit->coder[f].category)
		for (int64_t i = 0; i < n; i++)
		{
			int			c = code[i * stride];

			a->centre[c] += x[i];
			a->low[c] = x[i] < a->low[c] ? x[i] : a->low[c];
			a->high[c] = x[i] > a->high[c] ? x[i] : a->high[c];
		}
}

static SfStatus
count_rows(Fit *fit)
{
	SfStatus	status = SF_OK;

	for (int64_t first = 0; first < fit->rows.n && status == SF_OK; first += BLOCK)
	{
		uint8_t		won[BLOCK];
		int64_t		n = least(BLOCK, fit->rows.n - first);

		for (int64_t i = 0; i < n; i++)
			won[i] = (uint8_t) row_won(fit->frame, fit->rows, first + i);
		if (fit->won != NULL)
			memcpy(fit->won + first, won, (size_t) n);
		for (int32_t f = 0; f < fit->frame->features; f++)
			count_block(fit, f, first, n, won);
		status = sf_poll(fit->arena->ctx);
	}
	return status;
}

/* Sums become means; where a sum is beyond doubles, the middle. */
static void
finish_means(const SfFeatureBins *bins, Filled *a, bool category)
{
	for (int32_t code = 1; code <= bins->values; code++)
	{
		double		mean = a->centre[code] / (double) a->count[code];

		if (category)
		{
			a->centre[code] = a->low[code] = a->high[code] = 0;
			continue;
		}
		if (!isfinite(mean))
			mean = a->low[code] / 2 + a->high[code] / 2;
		mean = mean < a->low[code] ? a->low[code] : mean;
		a->centre[code] = mean > a->high[code] ? a->high[code] : mean;
	}
}

static SfStatus
take_fit(Fit *fit)
{
	size_t		features = (size_t) fit->frame->features;
	SfStatus	status = SF_OK;

	fit->of = sf_arena_take(fit->arena, features, sizeof(SfFeatureBins));
	fit->filled = sf_arena_take(fit->arena, features, sizeof(Filled));
	if (fit->of == NULL || fit->filled == NULL)
		return sf_no_memory(fit->arena->ctx);
	for (int32_t f = 0; f < fit->frame->features && status == SF_OK; f++)
		status = take_filled(fit, f);
	return status;
}

/* Codes are below the number of values and two: missing and unseen. */
static SfStatus
take_codes(Fit *fit, int32_t **below)
{
	size_t		features = (size_t) fit->frame->features;

	*below = sf_arena_take(fit->arena, features, sizeof(int32_t));
	fit->code = sf_arena_take(fit->arena, (size_t) fit->rows.n, features);
	fit->won = sf_arena_take(fit->arena, (size_t) fit->rows.n, 1);
	return *below != NULL && fit->code != NULL && fit->won != NULL ? SF_OK : sf_no_memory(fit->arena->ctx);
}

static SfStatus
fit_features(Fit *fit)
{
	SfStatus	status = SF_OK;

	fit->coder = sf_arena_take(fit->arena, (size_t) fit->frame->features, sizeof(Coder));
	if (fit->coder == NULL)
		return sf_no_memory(fit->arena->ctx);
	for (int64_t i = 0; i < fit->rows.n; i++)
		fit->won_rows += row_won(fit->frame, fit->rows, i);
	for (int32_t f = 0; f < fit->frame->features && status == SF_OK; f++)
	{
		fit->coder[f].category = false;
		status = fit->frame->feature[f].kind == SF_FEATURE_CATEGORY ? fit_category(fit, f) : fit_number(fit, f);
		if (status == SF_OK)
			status = sf_poll(fit->arena->ctx);
	}
	return status == SF_OK ? count_rows(fit) : status;
}

static void
set_codes(const SfBins *bins, int64_t rows, const uint8_t *code, const uint8_t *won, int32_t *below, SfCodes *codes)
{
	for (int32_t f = 0; f < bins->features; f++)
		below[f] = bins->of[f].values + 2;
	*codes = (SfCodes) {.rows = rows, .features = bins->features, .code = code, .won = won, .codes = below};
}

SfStatus
sf_bins_fit(SfArena *arena, const SfFrame *frame, SfRows rows, SfBinOptions options, SfBins *bins)
{
	return sf_bins_fit_code(arena, frame, rows, options, bins, NULL);
}

SfStatus
sf_bins_fit_code(SfArena *arena, const SfFrame *frame, SfRows rows, SfBinOptions options, SfBins *bins, SfCodes *codes)
{
	int32_t    *below = NULL;
	Fit			fit = {.arena = arena, .frame = frame, .rows = rows, .options = options};
	SfArenaMark mark;
	SfStatus	status;

	if (options.bins < 2 || options.bins > SF_MAX_BINS)
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "bins must be between 2 and 254", options.bins);
	if (!(options.prior > 0 && options.prior <= 1e9))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "the prior of a category must be above 0 and at most 1e9 deals",
							 options.prior);
	status = take_fit(&fit);
	if (status == SF_OK && codes != NULL)
		status = take_codes(&fit, &below);
	if (status != SF_OK)
		return status;
	mark = sf_arena_mark(arena);
	status = fit_features(&fit);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	for (int32_t f = 0; f < frame->features; f++)
		finish_means(&fit.of[f], &fit.filled[f], frame->feature[f].kind == SF_FEATURE_CATEGORY);
	*bins = (SfBins) {
		.features = frame->features, .feature = frame->feature, .of = fit.of,
		.rows = rows.n, .won_rows = fit.won_rows
	};
	if (codes != NULL)
		set_codes(bins, rows.n, fit.code, fit.won, below, codes);
	return SF_OK;
}

/* Codes of the frame's categories: both lists of names ascend. */
static SfStatus
map_categories(SfArena *arena, const SfFeatureBins *bins, const SfFrame *frame, int32_t f, Coder *coder)
{
	int32_t		n = frame->categories[f];
	uint8_t    *code_of = sf_arena_take(arena, (size_t) n, 1);

	if (code_of == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t c = 0, k = 0; c < n; c++)
	{
		int			order = 1;

		while (k < bins->categories && (order = sf_text_compare(bins->category[k], frame->category[f][c])) < 0)
			k++;
		code_of[c] = k < bins->categories && order == 0 ? bins->category_code[k] : (uint8_t) (bins->values + 1);
	}
	coder->code_of = code_of;
	return SF_OK;
}

static SfStatus
make_coders(SfArena *arena, const SfBins *bins, const SfFrame *frame, Coder *coder)
{
	SfStatus	status = SF_OK;

	for (int32_t f = 0; f < bins->features && status == SF_OK; f++)
	{
		coder[f].category = frame->feature[f].kind == SF_FEATURE_CATEGORY;
		if (coder[f].category)
			status = map_categories(arena, &bins->of[f], frame, f, &coder[f]);
		else
			sf_cut_table(&bins->of[f], &coder[f].cuts);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
	}
	return status;
}

static SfStatus
check_same_features(SfCtx *ctx, const SfBins *bins, const SfFrame *frame)
{
	return sf_same_features(bins->feature, bins->features, frame->feature, frame->features) ? SF_OK :
		sf_fail(ctx, SF_BAD_ARGUMENT, "the deals have other features than the bins");
}

static SfStatus
code_rows(SfArena *arena, const SfFrame *frame, const Coder *coder, SfRows rows, uint8_t *code, uint8_t *won)
{
	int32_t		features = frame->features;
	SfStatus	status = SF_OK;

	for (int64_t first = 0; first < rows.n && status == SF_OK; first += BLOCK)
	{
		double		x[BLOCK];
		int64_t		n = least(BLOCK, rows.n - first);

		for (int64_t i = first; i < first + n; i++)
			won[i] = (uint8_t) row_won(frame, rows, i);
		for (int32_t f = 0; f < features; f++)
			code_block(frame, &coder[f], f, rows, first, n, x, code + first * features + f, features);
		status = sf_poll(arena->ctx);
	}
	return status;
}

SfStatus
sf_bins_code(SfArena *arena, const SfBins *bins, const SfFrame *frame, SfRows rows, SfCodes *codes)
{
	size_t		features = (size_t) bins->features;
	size_t		n = (size_t) rows.n;
	SfStatus	status = check_same_features(arena->ctx, bins, frame);
	SfArenaMark mark;
	int32_t    *below;
	uint8_t    *code;
	uint8_t    *won;
	Coder	   *coder;

	if (status != SF_OK)
		return status;
	below = sf_arena_take(arena, features, sizeof(int32_t));
	code = sf_arena_take(arena, n, features);
	won = sf_arena_take(arena, n, 1);
	mark = sf_arena_mark(arena);
	coder = sf_arena_take(arena, features, sizeof(Coder));
	if (below == NULL || code == NULL || won == NULL || coder == NULL)
		return sf_no_memory(arena->ctx);
	status = make_coders(arena, bins, frame, coder);
	if (status == SF_OK)
		status = code_rows(arena, frame, coder, rows, code, won);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	set_codes(bins, rows.n, code, won, below, codes);
	return SF_OK;
}
