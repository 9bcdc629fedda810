/*
 * frame_store.h
 *		How deals lie in a builder; for the files of the frame only.
 *
 * A row is some words of 64 bits: first the numbers, bit by bit (0 for -0, one
 * NaN for missing), then the categories, two to a word.  Rows lie one after the
 * other, since a frame visits them in a shuffled order and then wants all the
 * features of a row: one or two cache lines.
 */
#ifndef SF_FRAME_STORE_H
#define SF_FRAME_STORE_H

#include "core/winprob/dictionary.h"
#include "core/winprob/frame.h"

/* Rows of a chunk; the first one grows up to that. */
#define SF_CHUNK_BITS 14
#define SF_CHUNK_ROWS (INT64_C(1) << SF_CHUNK_BITS)

typedef struct SfFrameChunk
{
	uint64_t   *cell;			/* [rows][words] */
	uint64_t   *hash;			/* [rows] of what the row says, not of how it is stored */
	uint8_t    *won;			/* [rows] */
	double	   *time;			/* [rows], or NULL: none known */
	uint64_t   *group;			/* [rows], or NULL: all 0 */
	double	   *closed;			/* [rows], or NULL: none known */
} SfFrameChunk;

struct SfFrameBuilder
{
	int32_t		features;
	SfFeature  *feature;		/* [features] */
	SfFeatureCounts *counts;	/* [features] */
	int32_t    *place;			/* [features] among the numbers, or among the categories */
	int32_t		numbers;
	int32_t    *number;			/* [numbers] which feature */
	int32_t		categories;
	int32_t    *category;		/* [categories] which feature */
	SfDictionary *dictionary;	/* [categories] */
	int32_t		words;			/* of a row */
	SfFrameChunk *chunk;		/* [chunks] */
	int64_t		chunks;
	int64_t		chunk_room;
	int64_t		room;			/* rows that fit without a new chunk */
	int64_t		rows;			/* closed deals */
	int64_t		won_rows;
	int64_t		open_rows;
	bool		has_time;		/* some deal does */
	bool		has_group;
	bool		has_closed;
};

/* A deal in its chunk. */
typedef struct SfFramePlace
{
	const SfFrameChunk *chunk;
	int64_t		row;			/* in the chunk */
} SfFramePlace;

static inline SfFramePlace
sf_frame_place(const SfFrameBuilder *b, int64_t i)
{
	SfFramePlace place = {&b->chunk[i >> SF_CHUNK_BITS], i & (SF_CHUNK_ROWS - 1)};

	return place;
}

static inline const uint64_t *
sf_frame_cells(const SfFrameBuilder *b, int64_t i)
{
	return b->chunk[i >> SF_CHUNK_BITS].cell + (i & (SF_CHUNK_ROWS - 1)) * b->words;
}

/* Category c of a row. */
static inline uint32_t
sf_cell_category(const SfFrameBuilder *b, const uint64_t *cell, int32_t c)
{
	return (uint32_t) (cell[b->numbers + (c >> 1)] >> (32 * (c & 1)));
}

/* A missing number: the one NaN that is stored. */
#define SF_MISSING_BITS UINT64_C(0x7ff8000000000000)

/* Room for this many rows in all. SF_TOO_LARGE, SF_NO_MEMORY. */
extern SfStatus sf_frame_reserve(SfCtx *ctx, SfFrameBuilder *builder, int64_t rows);

/*
 * Outcome (not open), times and group of row `at`, for which there is room and
 * whose cells are there; hashes the row, does not count it.
 */
extern SfStatus sf_frame_put(SfCtx *ctx, SfFrameBuilder *builder, int64_t at, SfDealInfo info);

#endif							/* SF_FRAME_STORE_H */
