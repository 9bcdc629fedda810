/*
 * frame.c
 *		Deals as they come in: builders, and merging them.
 */
#include "core/winprob/frame.h"

#include <float.h>
#include <math.h>

#include "core/winprob/frame_store.h"

/* Rows of the first chunk at first: a builder of a few deals is small. */
#define FIRST_ROWS 16

static SfStatus
check_features(SfCtx *ctx, int32_t features, const SfFeature *feature)
{
	if (features < 0)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "the number of features cannot be negative", features);
	if (features > SF_MAX_FEATURES)
		return sf_fail_value(ctx, SF_TOO_LARGE, "a model can have at most 500 features", features);
	for (int32_t f = 0; f < features; f++)
		if (feature[f].name.length < 0 || feature[f].name.length > SF_MAX_NAME ||
			(uint32_t) feature[f].kind >= SF_FEATURE_KINDS)
			return sf_fail_value(ctx, SF_BAD_ARGUMENT, "a feature has no valid name or kind", f);
	return SF_OK;
}

/* The features with their names, in memory of ours. */
static SfStatus
copy_features(SfCtx *ctx, int32_t features, const SfFeature *feature, SfFeature **copy)
{
	size_t		bytes = 0;
	SfFeature  *to = sf_alloc(ctx, (size_t) features + 1, sizeof(SfFeature));
	char	   *text;

	for (int32_t f = 0; f < features; f++)
		bytes += (size_t) feature[f].name.length;
	text = sf_alloc(ctx, bytes + 1, 1);
	if (to == NULL || text == NULL)
		return sf_no_memory(ctx);
	for (int32_t f = 0; f < features; f++)
	{
		size_t		length = (size_t) feature[f].name.length;

		if (length > 0)
			memcpy(text, feature[f].name.at, length);
		to[f] = feature[f];
		to[f].name.at = text;
		text += length;
	}
	*copy = to;
	return SF_OK;
}

/* Where each feature lies in a row. */
static void
lay_out(SfFrameBuilder *b)
{
	for (int32_t f = 0; f < b->features; f++)
		if (b->feature[f].kind == SF_FEATURE_CATEGORY)
		{
			b->place[f] = b->categories;
			b->category[b->categories++] = f;
		}
		else
		{
			b->place[f] = b->numbers;
			b->number[b->numbers++] = f;
		}
	b->words = b->numbers + (b->categories + 1) / 2;
}

SfStatus
sf_frame_create(SfCtx *ctx, int32_t features, const SfFeature *feature, SfFrameBuilder **builder)
{
	SfStatus	status = check_features(ctx, features, feature);
	size_t		n = (size_t) features + 1;
	SfFrameBuilder *b;
	int32_t    *index;

	if (status != SF_OK)
		return status;
	b = sf_alloc(ctx, 1, sizeof(SfFrameBuilder));
	if (b == NULL)
		return sf_no_memory(ctx);
	*b = (SfFrameBuilder) {.features = features};
	status = copy_features(ctx, features, feature, &b->feature);
	if (status != SF_OK)
		return status;
	index = sf_alloc(ctx, 3 * n, sizeof(int32_t));
	b->counts = sf_alloc(ctx, n, sizeof(SfFeatureCounts));
	if (index == NULL || b->counts == NULL)
		return sf_no_memory(ctx);
	memset(b->counts, 0, n * sizeof(SfFeatureCounts));
	b->place = index;
	b->number = index + n;
	b->category = index + 2 * n;
	lay_out(b);
	b->dictionary = sf_alloc(ctx, (size_t) b->categories + 1, sizeof(SfDictionary));
	if (b->dictionary == NULL)
		return sf_no_memory(ctx);
	memset(b->dictionary, 0, ((size_t) b->categories + 1) * sizeof(SfDictionary));
	*builder = b;
	return SF_OK;
}

int32_t
sf_frame_features(const SfFrameBuilder *builder)
{
	return builder->features;
}

const SfFeature *
sf_frame_feature(const SfFrameBuilder *builder, int32_t f)
{
	return &builder->feature[f];
}

/* An array of `rows` elements of `size` bytes that begins with `used` elements of the old one. */
static void *
enlarged(SfCtx *ctx, const void *old, int64_t used, int64_t rows, size_t size)
{
	void	   *array = sf_alloc(ctx, (size_t) rows, size);

	if (array != NULL && used > 0)
		memcpy(array, old, (size_t) used * size);
	return array;
}

/* A chunk of `rows` rows that begins with the first `used` of the old one. */
static SfStatus
make_chunk(SfCtx *ctx, const SfFrameBuilder *b, const SfFrameChunk *old, int64_t used, int64_t rows, SfFrameChunk *chunk)
{
	SfFrameChunk made = {0};

	/* a row of no features still has an address */
	made.cell = enlarged(ctx, old->cell, used, rows, (size_t) (b->words > 0 ? b->words : 1) * sizeof(uint64_t));
	made.hash = enlarged(ctx, old->hash, used, rows, sizeof(uint64_t));
	made.won = enlarged(ctx, old->won, used, rows, 1);
	if (made.cell == NULL || made.hash == NULL || made.won == NULL)
		return sf_no_memory(ctx);
	if (old->time != NULL && (made.time = enlarged(ctx, old->time, used, rows, sizeof(double))) == NULL)
		return sf_no_memory(ctx);
	if (old->group != NULL && (made.group = enlarged(ctx, old->group, used, rows, sizeof(uint64_t))) == NULL)
		return sf_no_memory(ctx);
	if (old->closed != NULL && (made.closed = enlarged(ctx, old->closed, used, rows, sizeof(double))) == NULL)
		return sf_no_memory(ctx);
	*chunk = made;
	return SF_OK;
}

/* One chunk more, or the first one twice as large. */
static SfStatus
add_room(SfCtx *ctx, SfFrameBuilder *b)
{
	SfFrameChunk none = {0};
	SfFrameChunk chunk;
	int64_t		rows = SF_CHUNK_ROWS;
	int64_t		at = b->chunks;
	SfStatus	status;

	if (b->room < SF_CHUNK_ROWS)
	{
		rows = b->room == 0 ? FIRST_ROWS : 2 * b->room;
		at = 0;
	}
	if (at >= b->chunk_room)
	{
		int64_t		room = b->chunk_room == 0 ? 1 : 2 * b->chunk_room;
		SfFrameChunk *more = enlarged(ctx, b->chunk, b->chunks, room, sizeof(SfFrameChunk));

		if (more == NULL)
			return sf_no_memory(ctx);
		b->chunk = more;
		b->chunk_room = room;
	}
	status = make_chunk(ctx, b, at < b->chunks ? &b->chunk[at] : &none, at < b->chunks ? b->room : 0, rows, &chunk);
	if (status != SF_OK)
		return status;
	b->chunk[at] = chunk;
	b->chunks = at + 1;
	b->room = at * SF_CHUNK_ROWS + rows;
	return SF_OK;
}

SfStatus
sf_frame_reserve(SfCtx *ctx, SfFrameBuilder *builder, int64_t rows)
{
	SfStatus	status = SF_OK;

	if (rows > SF_MAX_ROWS)
		return sf_fail_value(ctx, SF_TOO_LARGE, "a model can be trained on at most 500 million deals", (double) rows);
	while (status == SF_OK && builder->room < rows)
		status = add_room(ctx, builder);
	return status;
}

/* Where the moment of closing stands in a hash: behind all features. */
#define CLOSED_PLACE (4 + (uint64_t) SF_MAX_FEATURES)

/* A word of a row, mixed with where it stands; the sum over a row is its hash. */
static inline uint64_t
mixed(uint64_t word, uint64_t place)
{
	uint64_t	x = (word ^ (place * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd);

	return (x ^ (x >> 32)) * UINT64_C(0xc4ceb9fe1a85ec53);
}

/* A hash of what the row says; categories count by their bytes, since their numbers tell the order of arrival. */
static uint64_t
row_hash(const SfFrameBuilder *b, const uint64_t *cell, SfDealInfo info)
{
	uint64_t	time;
	uint64_t	closed;
	uint64_t	hash;

	memcpy(&time, &info.time, sizeof time);
	hash = mixed(time, 1) + mixed(info.group, 2) + mixed((uint64_t) info.outcome, 3);
	if (info.closed_known)
	{
		memcpy(&closed, &info.closed, sizeof closed);
		hash += mixed(closed, CLOSED_PLACE);
	}
	for (int32_t i = 0; i < b->numbers; i++)
		hash += mixed(cell[i], 4 + (uint64_t) b->number[i]);
	for (int32_t c = 0; c < b->categories; c++)
	{
		uint32_t	number = sf_cell_category(b, cell, c);
		uint64_t	word = number == SF_MISSING_CATEGORY ? SF_MISSING_BITS : b->dictionary[c].entry[number].hash;

		hash += mixed(word, 4 + (uint64_t) b->category[c]);
	}
	return sf_mix64(hash);
}

/* The arrays of times and groups come to a chunk with the first deal that has one. */
static SfStatus
set_time(SfCtx *ctx, const SfFrameBuilder *b, double **times, int64_t row, double time)
{
	if (*times == NULL)
	{
		int64_t		rows = b->room < SF_CHUNK_ROWS ? b->room : SF_CHUNK_ROWS;

		if (isnan(time))
			return SF_OK;
		*times = sf_alloc(ctx, (size_t) rows, sizeof(double));
		if (*times == NULL)
			return sf_no_memory(ctx);
		for (int64_t i = 0; i < rows; i++)
			(*times)[i] = NAN;
	}
	(*times)[row] = time;
	return SF_OK;
}

static SfStatus
set_group(SfCtx *ctx, const SfFrameBuilder *b, SfFrameChunk *chunk, int64_t row, uint64_t group)
{
	if (chunk->group == NULL)
	{
		int64_t		rows = b->room < SF_CHUNK_ROWS ? b->room : SF_CHUNK_ROWS;

		if (group == 0)
			return SF_OK;
		chunk->group = sf_alloc(ctx, (size_t) rows, sizeof(uint64_t));
		if (chunk->group == NULL)
			return sf_no_memory(ctx);
		memset(chunk->group, 0, (size_t) rows * sizeof(uint64_t));
	}
	chunk->group[row] = group;
	return SF_OK;
}

SfStatus
sf_frame_put(SfCtx *ctx, SfFrameBuilder *builder, int64_t at, SfDealInfo info)
{
	SfFrameChunk *chunk = &builder->chunk[at >> SF_CHUNK_BITS];
	int64_t		row = at & (SF_CHUNK_ROWS - 1);
	uint64_t	missing = SF_MISSING_BITS;
	SfStatus	status;

	info.closed_known = info.closed_known && !isnan(info.closed);
	if (isinf(info.time) || (info.closed_known && isinf(info.closed)))
		return sf_fail(ctx, SF_BAD_DATA, "the times of a deal must be finite");
	/* one zero and one NaN, as in the cells */
	if (isnan(info.time))
		memcpy(&info.time, &missing, sizeof missing);
	info.time += 0.0;
	info.closed = info.closed_known ? info.closed + 0.0 : NAN;
	status = set_time(ctx, builder, &chunk->time, row, info.time);
	if (status == SF_OK)
		status = set_time(ctx, builder, &chunk->closed, row, info.closed);
	if (status == SF_OK)
		status = set_group(ctx, builder, chunk, row, info.group);
	if (status != SF_OK)
		return status;
	chunk->won[row] = (uint8_t) info.outcome;
	chunk->hash[row] = row_hash(builder, chunk->cell + row * builder->words, info);
	builder->has_time |= !isnan(info.time);
	builder->has_group |= info.group != 0;
	builder->has_closed |= info.closed_known;
	return SF_OK;
}

static SfStatus
infinite_cell(SfCtx *ctx, const SfFrameBuilder *b, const SfCell *cells)
{
	for (int32_t i = 0; i < b->numbers; i++)
	{
		const SfCell *cell = &cells[b->number[i]];

		if (!cell->missing && isinf(cell->number))
		{
			sf_fail_value(ctx, SF_BAD_DATA, "a number must be finite", cell->number);
			ctx->where = b->number[i];
			break;
		}
	}
	return SF_BAD_DATA;
}

/* The numbers of a deal into a row; false when one is infinite. */
static inline bool
put_numbers(const SfFrameBuilder *b, const SfCell *cells, uint64_t *row)
{
	bool		finite = true;

	for (int32_t i = 0; i < b->numbers; i++)
	{
		const SfCell *cell = &cells[b->number[i]];
		double		x = cell->number + 0.0;
		bool		missing = cell->missing || x != x;
		uint64_t	bits;

		memcpy(&bits, &x, sizeof bits);
		finite &= missing || fabs(x) <= DBL_MAX;
		row[i] = missing ? SF_MISSING_BITS : bits;
	}
	return finite;
}

static SfStatus
put_categories(SfCtx *ctx, SfFrameBuilder *b, const SfCell *cells, uint64_t *row)
{
	for (int32_t c = 0; c < b->categories; c++)
	{
		const SfCell *cell = &cells[b->category[c]];
		uint32_t	number = SF_MISSING_CATEGORY;
		uint64_t   *word = &row[b->numbers + (c >> 1)];

		if (!cell->missing)
		{
			SfStatus	status = sf_dictionary_add(ctx, &b->dictionary[c], sf_cut_name(cell->text), &number);

			if (status != SF_OK)
				return status;
		}
		*word = (c & 1) == 0 ? number : *word | (uint64_t) number << 32;
	}
	return SF_OK;
}

static void
count_row(SfFrameBuilder *b, const uint64_t *row)
{
	for (int32_t i = 0; i < b->numbers; i++)
	{
		SfFeatureCounts *counts = &b->counts[b->number[i]];

		counts->closed_missing += row[i] == SF_MISSING_BITS;
		/* the sign bit: there is no -0, and NaN has none */
		counts->after += (b->feature[b->number[i]].kind == SF_FEATURE_AGE) & (row[i] >> 63);
	}
	for (int32_t c = 0; c < b->categories; c++)
		b->counts[b->category[c]].closed_missing += sf_cell_category(b, row, c) == SF_MISSING_CATEGORY;
}

/* Open deals leave their counts only. */
static SfStatus
count_open(SfCtx *ctx, SfFrameBuilder *b, const SfCell *cells)
{
	for (int32_t i = 0; i < b->numbers; i++)
		if (!cells[b->number[i]].missing && isinf(cells[b->number[i]].number))
			return infinite_cell(ctx, b, cells);
	for (int32_t f = 0; f < b->features; f++)
	{
		bool		number = b->feature[f].kind != SF_FEATURE_CATEGORY;
		bool		missing = cells[f].missing || (number && isnan(cells[f].number));

		b->counts[f].open_missing += missing;
		b->counts[f].after += b->feature[f].kind == SF_FEATURE_AGE && !missing && cells[f].number < 0;
	}
	b->open_rows++;
	return SF_OK;
}

SfStatus
sf_frame_add(SfCtx *ctx, SfFrameBuilder *builder, SfDealInfo info, const SfCell *cells)
{
	int64_t		at = builder->rows;
	uint64_t   *row;
	SfStatus	status = SF_OK;

	if ((uint32_t) info.outcome > SF_OPEN)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "an outcome is won, lost or open", info.outcome);
	if (info.outcome == SF_OPEN)
		return count_open(ctx, builder, cells);
	if (at >= builder->room)
		status = sf_frame_reserve(ctx, builder, at + 1);
	if (status != SF_OK)
		return status;
	row = builder->chunk[at >> SF_CHUNK_BITS].cell + (at & (SF_CHUNK_ROWS - 1)) * builder->words;
	if (!put_numbers(builder, cells, row))
		return infinite_cell(ctx, builder, cells);
	status = put_categories(ctx, builder, cells, row);
	if (status == SF_OK)
		status = sf_frame_put(ctx, builder, at, info);
	if (status != SF_OK)
		return status;
	count_row(builder, row);
	builder->won_rows += info.outcome == SF_WON;
	builder->rows++;
	return SF_OK;
}

static SfStatus
check_same_features(SfCtx *ctx, const SfFrameBuilder *a, const SfFrameBuilder *b)
{
	return sf_same_features(a->feature, a->features, b->feature, b->features) ? SF_OK :
		sf_fail(ctx, SF_BAD_ARGUMENT, "deals with different features cannot be put together");
}

/* map[categories][from's numbers]: what they are called here. */
static SfStatus
map_dictionaries(SfCtx *ctx, SfFrameBuilder *b, const SfFrameBuilder *from, uint32_t **map)
{
	for (int32_t c = 0; c < b->categories; c++)
	{
		const SfDictionary *d = &from->dictionary[c];
		int32_t		n = d->n;

		map[c] = sf_alloc(ctx, (size_t) n + 1, sizeof(uint32_t));
		if (map[c] == NULL)
			return sf_no_memory(ctx);
		for (int32_t i = 0; i < n; i++)
		{
			SfStatus	status = sf_dictionary_add(ctx, &b->dictionary[c], d->entry[i].text, &map[c][i]);

			if (status == SF_OK && i % 8192 == 8191)
				status = sf_poll(ctx);
			if (status != SF_OK)
				return status;
		}
	}
	return SF_OK;
}

static void
copy_row(const SfFrameBuilder *b, const uint64_t *from, uint32_t *const *map, uint64_t *to)
{
	for (int32_t i = 0; i < b->numbers; i++)
		to[i] = from[i];
	for (int32_t c = 0; c < b->categories; c++)
	{
		uint32_t	number = sf_cell_category(b, from, c);
		uint64_t   *word = &to[b->numbers + (c >> 1)];

		if (number != SF_MISSING_CATEGORY)
			number = map[c][number];
		*word = (c & 1) == 0 ? number : *word | (uint64_t) number << 32;
	}
}

static SfStatus
copy_rows(SfCtx *ctx, SfFrameBuilder *b, const SfFrameBuilder *from, uint32_t *const *map)
{
	int64_t		rows = from->rows;
	SfStatus	status = SF_OK;

	for (int64_t i = 0; i < rows && status == SF_OK; i++)
	{
		int64_t		at = b->rows + i;
		SfFramePlace old = sf_frame_place(from, i);
		SfFrameChunk *chunk = &b->chunk[at >> SF_CHUNK_BITS];
		SfDealInfo	info = {
			.outcome = (SfOutcome) old.chunk->won[old.row],
			.time = old.chunk->time != NULL ? old.chunk->time[old.row] : NAN,
			.group = old.chunk->group != NULL ? old.chunk->group[old.row] : 0,
			.closed = old.chunk->closed != NULL ? old.chunk->closed[old.row] : NAN,
			.closed_known = true
		};

		copy_row(b, sf_frame_cells(from, i), map, chunk->cell + (at & (SF_CHUNK_ROWS - 1)) * b->words);
		status = sf_frame_put(ctx, b, at, info);
		if (status == SF_OK && i % 4096 == 4095)
			status = sf_poll(ctx);
	}
	return status;
}

/* On failure no deal has been added; names of categories may have been. */
SfStatus
sf_frame_merge(SfCtx *ctx, SfFrameBuilder *builder, const SfFrameBuilder *from)
{
	SfStatus	status = check_same_features(ctx, builder, from);
	uint32_t  **map;

	if (status != SF_OK)
		return status;
	map = sf_alloc(ctx, (size_t) builder->categories + 1, sizeof(uint32_t *));
	if (map == NULL)
		return sf_no_memory(ctx);
	status = map_dictionaries(ctx, builder, from, map);
	if (status == SF_OK)
		status = sf_frame_reserve(ctx, builder, builder->rows + from->rows);
	if (status == SF_OK)
		status = copy_rows(ctx, builder, from, map);
	if (status != SF_OK)
		return status;
	for (int32_t f = 0; f < builder->features; f++)
	{
		builder->counts[f].closed_missing += from->counts[f].closed_missing;
		builder->counts[f].open_missing += from->counts[f].open_missing;
		builder->counts[f].after += from->counts[f].after;
	}
	builder->rows += from->rows;
	builder->won_rows += from->won_rows;
	builder->open_rows += from->open_rows;
	return SF_OK;
}
