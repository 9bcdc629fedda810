/*
 * frame_codec.c
 *		A builder as bytes, and back.
 *
 * Hashes are not sent: they are made again, so that bytes cannot bring wrong ones.
 */
#include <math.h>

#include "core/winprob/frame_store.h"

#define FORMAT 2
#define HAS_TIME 1
#define HAS_GROUP 2
#define HAS_CLOSED 4

/* Rows, or names, between two polls. */
#define POLL_EVERY 4096

static void
write_row(SfWriter *w, const SfFrameBuilder *b, int64_t i)
{
	SfFramePlace p = sf_frame_place(b, i);
	const uint64_t *cell = sf_frame_cells(b, i);

	sf_write_bits(w, p.chunk->won[p.row], 1);
	if (b->has_time)
		sf_write_double(w, p.chunk->time != NULL ? p.chunk->time[p.row] : NAN);
	if (b->has_group)
		sf_write_bits(w, p.chunk->group != NULL ? p.chunk->group[p.row] : 0, 8);
	if (b->has_closed)
		sf_write_double(w, p.chunk->closed != NULL ? p.chunk->closed[p.row] : NAN);
	for (int32_t k = 0; k < b->words; k++)
		sf_write_bits(w, cell[k], 8);
}

static size_t
row_size(const SfFrameBuilder *b)
{
	return 1 + 8 * ((size_t) b->has_time + (size_t) b->has_group + (size_t) b->has_closed + (size_t) b->words);
}

void
sf_frame_encode(const SfFrameBuilder *builder, SfWriter *write)
{
	const SfFrameBuilder *b = builder;

	sf_write_bits(write, FORMAT, 1);
	sf_write_bits(write, (uint64_t) b->features, 4);
	for (int32_t f = 0; f < b->features; f++)
	{
		sf_write_text(write, b->feature[f].name);
		sf_write_bits(write, (uint64_t) b->feature[f].kind, 1);
		sf_write_int64(write, b->counts[f].open_missing);
		sf_write_int64(write, b->counts[f].after);
	}
	for (int32_t c = 0; c < b->categories; c++)
	{
		sf_write_bits(write, (uint64_t) b->dictionary[c].n, 4);
		for (int32_t i = 0; i < b->dictionary[c].n; i++)
			sf_write_text(write, b->dictionary[c].entry[i].text);
	}
	sf_write_bits(write, (b->has_time ? HAS_TIME : 0) | (b->has_group ? HAS_GROUP : 0) | (b->has_closed ? HAS_CLOSED : 0), 1);
	sf_write_int64(write, b->open_rows);
	sf_write_int64(write, b->rows);
	if (write->at == NULL)
		write->size += (size_t) b->rows * row_size(b);
	else
		for (int64_t i = 0; i < b->rows; i++)
			write_row(write, b, i);
}

static SfStatus
bad_bytes(SfCtx *ctx)
{
	return sf_fail(ctx, SF_BAD_BYTES, "the bytes are not a set of deals");
}

static SfStatus
read_features(SfCtx *ctx, SfReader *r, SfFrameBuilder **builder)
{
	SfFeature	feature[SF_MAX_FEATURES] = {{{"", 0}, SF_FEATURE_NUMBER}};
	int64_t		open_missing[SF_MAX_FEATURES];
	int64_t		after[SF_MAX_FEATURES];
	uint64_t	format = sf_read_bits(r, 1);
	uint64_t	features = sf_read_bits(r, 4);
	SfStatus	status;

	if (!r->ok || format != FORMAT || features > SF_MAX_FEATURES)
		return bad_bytes(ctx);
	for (uint64_t f = 0; f < features; f++)
	{
		uint64_t	kind;

		feature[f].name = sf_read_text(r);
		kind = sf_read_bits(r, 1);
		open_missing[f] = sf_read_int64(r);
		after[f] = sf_read_int64(r);
		if (!r->ok || kind >= SF_FEATURE_KINDS || open_missing[f] < 0 || after[f] < 0)
			return bad_bytes(ctx);
		feature[f].kind = (SfFeatureKind) kind;
	}
	status = sf_frame_create(ctx, (int32_t) features, feature, builder);
	for (uint64_t f = 0; f < features && status == SF_OK; f++)
	{
		(*builder)->counts[f].open_missing = open_missing[f];
		(*builder)->counts[f].after = after[f];
	}
	return status;
}

static SfStatus
read_dictionary(SfCtx *ctx, SfReader *r, SfDictionary *d)
{
	uint64_t	n = sf_read_bits(r, 4);
	SfStatus	status = SF_OK;

	if (!r->ok || n > r->left / 2)
		return bad_bytes(ctx);
	for (uint64_t i = 0; i < n && status == SF_OK; i++)
	{
		uint32_t	number;
		SfText		text = sf_read_text(r);

		if (!r->ok)
			return bad_bytes(ctx);
		status = sf_dictionary_add(ctx, d, text, &number);
		if (status == SF_OK && number != i)
			return bad_bytes(ctx);
		if (status == SF_OK && i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	return status;
}

/* Numbers finite or the one NaN, categories known; nothing between. */
static bool
row_is_valid(const SfFrameBuilder *b, const uint64_t *cell)
{
	for (int32_t k = 0; k < b->numbers; k++)
		if ((cell[k] & SF_MISSING_BITS) >= UINT64_C(0x7ff0000000000000) && cell[k] != SF_MISSING_BITS)
			return false;
		else if (cell[k] == UINT64_C(1) << 63)
			return false;
	for (int32_t c = 0; c < b->categories; c++)
	{
		uint32_t	number = sf_cell_category(b, cell, c);

		if (number != SF_MISSING_CATEGORY && number >= (uint32_t) b->dictionary[c].n)
			return false;
	}
	return b->categories % 2 == 0 || cell[b->words - 1] >> 32 == 0;
}

static void
count_missing(SfFrameBuilder *b, const uint64_t *cell)
{
	for (int32_t k = 0; k < b->numbers; k++)
		b->counts[b->number[k]].closed_missing += cell[k] == SF_MISSING_BITS;
	for (int32_t c = 0; c < b->categories; c++)
		b->counts[b->category[c]].closed_missing += sf_cell_category(b, cell, c) == SF_MISSING_CATEGORY;
}

static SfStatus
read_row(SfCtx *ctx, SfReader *r, SfFrameBuilder *b, uint64_t flags)
{
	int64_t		at = b->rows;
	uint64_t	won = sf_read_bits(r, 1);
	SfDealInfo	info = {.outcome = won == 1 ? SF_WON : SF_LOST, .time = NAN};
	uint64_t   *cell;
	SfStatus	status;

	if ((flags & HAS_TIME) != 0)
		info.time = sf_read_double(r);
	if ((flags & HAS_GROUP) != 0)
		info.group = sf_read_bits(r, 8);
	if ((flags & HAS_CLOSED) != 0)
	{
		info.closed = sf_read_double(r);
		info.closed_known = true;
	}
	if (!r->ok || won > 1 || isinf(info.time) || isinf(info.closed))
		return bad_bytes(ctx);
	status = sf_frame_reserve(ctx, b, at + 1);
	if (status != SF_OK)
		return status;
	cell = b->chunk[at >> SF_CHUNK_BITS].cell + (at & (SF_CHUNK_ROWS - 1)) * b->words;
	for (int32_t k = 0; k < b->words; k++)
		cell[k] = sf_read_bits(r, 8);
	if (!r->ok || !row_is_valid(b, cell))
		return bad_bytes(ctx);
	status = sf_frame_put(ctx, b, at, info);
	if (status != SF_OK)
		return status;
	count_missing(b, cell);
	b->won_rows += (int64_t) won;
	b->rows++;
	return SF_OK;
}

/* What cannot be more than the deals there are. */
static bool
counts_are_valid(const SfFrameBuilder *b)
{
	for (int32_t f = 0; f < b->features; f++)
		if (b->counts[f].open_missing > b->open_rows || b->counts[f].after > b->open_rows + b->rows ||
			(b->counts[f].after > 0 && b->feature[f].kind != SF_FEATURE_AGE))
			return false;
	return true;
}

SfStatus
sf_frame_decode(SfCtx *ctx, SfReader *read, SfFrameBuilder **builder)
{
	SfFrameBuilder *b = NULL;
	SfStatus	status = read_features(ctx, read, &b);
	uint64_t	flags;
	int64_t		rows;
	size_t		size;

	for (int32_t c = 0; status == SF_OK && c < b->categories; c++)
		status = read_dictionary(ctx, read, &b->dictionary[c]);
	if (status != SF_OK)
		return status;
	flags = sf_read_bits(read, 1);
	b->open_rows = sf_read_int64(read);
	rows = sf_read_int64(read);
	size = 1 + 8 * (size_t) b->words + ((flags & HAS_TIME) != 0 ? 8 : 0) + ((flags & HAS_GROUP) != 0 ? 8 : 0) +
		((flags & HAS_CLOSED) != 0 ? 8 : 0);
	if (!read->ok || flags > (HAS_TIME | HAS_GROUP | HAS_CLOSED) || b->open_rows < 0 || b->open_rows > INT64_MAX / 4 ||
		rows < 0 || rows > SF_MAX_ROWS || (uint64_t) rows > read->left / size)
		return bad_bytes(ctx);
	for (int64_t i = 0; i < rows && status == SF_OK; i++)
	{
		status = read_row(ctx, read, b, flags);
		if (status == SF_OK && i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	if (status != SF_OK)
		return status;
	if (!counts_are_valid(b))
		return bad_bytes(ctx);
	*builder = b;
	return SF_OK;
}
