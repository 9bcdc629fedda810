/*
 * bins_codec.c
 *		Bins as bytes, and back.
 */
#include <math.h>
#include <string.h>

#include "core/winprob/bins.h"
#include "core/winprob/dictionary.h"

/* Names between two polls. */
#define POLL_EVERY 8192

static void
write_numbers(SfWriter *w, const double *x, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		sf_write_double(w, x[i]);
}

static void
write_feature(SfWriter *w, const SfFeature *feature, const SfFeatureBins *of)
{
	sf_write_text(w, feature->name);
	sf_write_bits(w, (uint64_t) feature->kind, 1);
	sf_write_bits(w, (uint64_t) of->values, 1);
	if (feature->kind == SF_FEATURE_CATEGORY)
	{
		sf_write_bits(w, (uint64_t) of->categories, 4);
		for (int32_t c = 0; c < of->categories; c++)
		{
			sf_write_text(w, of->category[c]);
			sf_write_bits(w, of->category_code[c], 1);
		}
	}
	else
	{
		write_numbers(w, of->cut, of->values > 0 ? of->values - 1 : 0);
		write_numbers(w, of->centre, of->values);
		write_numbers(w, of->low, of->values);
		write_numbers(w, of->high, of->values);
	}
	for (int32_t code = 0; code < of->values + 2; code++)
	{
		sf_write_int64(w, of->count[code]);
		sf_write_int64(w, of->won[code]);
	}
}

void
sf_bins_encode(const SfBins *bins, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) bins->features, 2);
	sf_write_int64(write, bins->rows);
	sf_write_int64(write, bins->won_rows);
	for (int32_t f = 0; f < bins->features; f++)
		write_feature(write, &bins->feature[f], &bins->of[f]);
}

static SfStatus
bad_bytes(SfCtx *ctx)
{
	return sf_fail(ctx, SF_BAD_BYTES, "the bytes hold no valid bins");
}

/* A text in memory of its own. */
static SfStatus
read_text(SfArena *arena, SfReader *r, SfText *text)
{
	SfText		borrowed = sf_read_text(r);
	char	   *copy;

	if (!r->ok)
		return bad_bytes(arena->ctx);
	copy = sf_arena_take(arena, (size_t) borrowed.length, 1);
	if (copy == NULL)
		return sf_no_memory(arena->ctx);
	if (borrowed.length > 0)
		memcpy(copy, borrowed.at, (size_t) borrowed.length);
	*text = (SfText) {copy, borrowed.length};
	return SF_OK;
}

static SfStatus
read_numbers(SfArena *arena, SfReader *r, int32_t n, const double **numbers)
{
	double	   *x = sf_arena_take(arena, (size_t) n, sizeof(double));

	if (x == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t i = 0; i < n; i++)
	{
		x[i] = sf_read_double(r);
		if (!isfinite(x[i]))
			return bad_bytes(arena->ctx);
	}
	*numbers = x;
	return r->ok ? SF_OK : bad_bytes(arena->ctx);
}

/* Every bin lies between its cuts. */
static SfStatus
read_cuts(SfArena *arena, SfReader *r, SfFeatureBins *of)
{
	int32_t		cuts = of->values > 0 ? of->values - 1 : 0;
	SfStatus	status = read_numbers(arena, r, cuts, &of->cut);

	if (status == SF_OK)
		status = read_numbers(arena, r, of->values, &of->centre);
	if (status == SF_OK)
		status = read_numbers(arena, r, of->values, &of->low);
	if (status == SF_OK)
		status = read_numbers(arena, r, of->values, &of->high);
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < of->values; i++)
		if (!(of->low[i] <= of->centre[i] && of->centre[i] <= of->high[i]) ||
			(i > 0 && !(of->cut[i - 1] <= of->low[i])) || (i < cuts && !(of->high[i] < of->cut[i])))
			return bad_bytes(arena->ctx);
	return SF_OK;
}

/* Names ascend, every code from 1 to values is used. */
static SfStatus
read_categories(SfArena *arena, SfReader *r, SfFeatureBins *of)
{
	uint64_t	n = sf_read_bits(r, 4);
	bool		used[SF_MAX_BINS + 1] = {false};
	SfText	   *name;
	uint8_t    *code;
	double	   *zero = sf_arena_take(arena, (size_t) of->values, sizeof(double));

	/* a name takes three bytes at least */
	if (!r->ok || n > r->left / 3 || n > SF_MAX_CATEGORIES || n < (uint64_t) of->values)
		return bad_bytes(arena->ctx);
	name = sf_arena_take(arena, (size_t) n, sizeof(SfText));
	code = sf_arena_take(arena, (size_t) n, 1);
	if (zero == NULL || name == NULL || code == NULL)
		return sf_no_memory(arena->ctx);
	for (uint64_t c = 0; c < n; c++)
	{
		SfStatus	status = read_text(arena, r, &name[c]);

		if (status == SF_OK && c % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
		code[c] = (uint8_t) sf_read_bits(r, 1);
		if (!r->ok || code[c] < 1 || code[c] > of->values || (c > 0 && sf_text_compare(name[c - 1], name[c]) >= 0))
			return bad_bytes(arena->ctx);
		used[code[c]] = true;
	}
	for (int32_t k = 0; k < of->values; k++)
	{
		zero[k] = 0;
		if (!used[k + 1])
			return bad_bytes(arena->ctx);
	}
	of->categories = (int32_t) n;
	of->category = name;
	of->category_code = code;
	of->centre = of->low = of->high = zero;
	return SF_OK;
}

/* Deals by code: a bin has some, the unseen code only those of later updates, and together they are all. */
static SfStatus
read_counts(SfArena *arena, SfReader *r, const SfBins *bins, bool category, SfFeatureBins *of)
{
	int32_t		codes = of->values + 2;
	int64_t		rows = bins->rows;
	int64_t		won_rows = bins->won_rows;
	int64_t    *count = sf_arena_take(arena, (size_t) codes, sizeof(int64_t));
	int64_t    *won = sf_arena_take(arena, (size_t) codes, sizeof(int64_t));

	if (count == NULL || won == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t k = 0; k < codes; k++)
	{
		int64_t		fewest = k >= 1 && k <= of->values;

		count[k] = sf_read_int64(r);
		won[k] = sf_read_int64(r);
		if (!r->ok || count[k] < fewest || count[k] > rows || won[k] < 0 || won[k] > count[k] || won[k] > won_rows ||
			(k == codes - 1 && count[k] != 0 && !category))
			return bad_bytes(arena->ctx);
		rows -= count[k];
		won_rows -= won[k];
	}
	of->count = count;
	of->won = won;
	return rows == 0 && won_rows == 0 ? SF_OK : bad_bytes(arena->ctx);
}

static SfStatus
read_feature(SfArena *arena, SfReader *r, const SfBins *bins, SfFeature *feature, SfFeatureBins *of)
{
	SfStatus	status = read_text(arena, r, &feature->name);
	uint64_t	kind;

	if (status != SF_OK)
		return status;
	kind = sf_read_bits(r, 1);
	*of = (SfFeatureBins) {.values = (int32_t) sf_read_bits(r, 1)};
	if (!r->ok || kind >= SF_FEATURE_KINDS || of->values > SF_MAX_BINS)
		return bad_bytes(arena->ctx);
	feature->kind = (SfFeatureKind) kind;
	status = feature->kind == SF_FEATURE_CATEGORY ? read_categories(arena, r, of) : read_cuts(arena, r, of);
	return status == SF_OK ? read_counts(arena, r, bins, feature->kind == SF_FEATURE_CATEGORY, of) : status;
}

SfStatus
sf_bins_decode(SfArena *arena, SfReader *read, SfBins *bins)
{
	SfBins		made = {.features = (int32_t) sf_read_bits(read, 2)};
	SfFeature  *feature;
	SfFeatureBins *of;
	SfStatus	status = SF_OK;

	made.rows = sf_read_int64(read);
	made.won_rows = sf_read_int64(read);
	if (!read->ok || made.features > SF_MAX_FEATURES || made.rows < 0 || made.won_rows < 0 ||
		made.won_rows > made.rows)
		return bad_bytes(arena->ctx);
	feature = sf_arena_take(arena, (size_t) made.features, sizeof(SfFeature));
	of = sf_arena_take(arena, (size_t) made.features, sizeof(SfFeatureBins));
	if (feature == NULL || of == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t f = 0; f < made.features && status == SF_OK; f++)
	{
		status = read_feature(arena, read, &made, &feature[f], &of[f]);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
	}
	if (status != SF_OK)
		return status;
	made.feature = feature;
	made.of = of;
	*bins = made;
	return SF_OK;
}
