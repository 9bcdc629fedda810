/*
 * bin_index.c
 *		One cell to its code, in nanoseconds.
 */
#include "core/winprob/bin_search.h"
#include "core/winprob/bins.h"
#include "core/winprob/dictionary.h"

#define EMPTY UINT32_MAX

/* Names between two polls. */
#define POLL_EVERY 8192

typedef struct Slot
{
	uint64_t	hash;
	uint32_t	category;		/* EMPTY: none */
	uint8_t		code;
} Slot;

typedef struct FeatureIndex
{
	bool		category;
	SfCutTable	cuts;
	const SfText *name;			/* [categories] */
	Slot	   *slot;			/* [mask + 1], at most half full */
	uint64_t	mask;
	uint8_t		unseen;
} FeatureIndex;

struct SfBinIndex
{
	FeatureIndex *of;			/* [features] */
};

static SfStatus
index_names(SfArena *arena, const SfFeatureBins *bins, FeatureIndex *index)
{
	uint64_t	size = 2;

	while (size < 2 * (uint64_t) bins->categories)
		size *= 2;
	index->name = bins->category;
	index->mask = size - 1;
	index->unseen = (uint8_t) (bins->values + 1);
	index->slot = sf_arena_take(arena, (size_t) size, sizeof(Slot));
	if (index->slot == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (uint64_t i = 0; i < size; i++)
		index->slot[i].category = EMPTY;
	for (int32_t c = 0; c < bins->categories; c++)
	{
		uint64_t	hash = sf_text_hash(bins->category[c]);
		uint64_t	at = hash & index->mask;

		while (index->slot[at].category != EMPTY)
			at = (at + 1) & index->mask;
		index->slot[at] = (Slot) {.hash = hash, .category = (uint32_t) c, .code = bins->category_code[c]};
		if (c % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

SfStatus
sf_bins_index(SfArena *arena, const SfBins *bins, const SfBinIndex **index)
{
	SfBinIndex *made = sf_arena_take(arena, 1, sizeof(SfBinIndex));
	SfStatus	status = SF_OK;

	if (made == NULL || (made->of = sf_arena_take(arena, (size_t) bins->features, sizeof(FeatureIndex))) == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < bins->features && status == SF_OK; f++)
	{
		made->of[f].category = bins->feature[f].kind == SF_FEATURE_CATEGORY;
		if (made->of[f].category)
			status = index_names(arena, &bins->of[f], &made->of[f]);
		else
			sf_cut_table(&bins->of[f], &made->of[f].cuts);
	}
	if (status == SF_OK)
		*index = made;
	return status;
}

static uint8_t
name_code(const FeatureIndex *index, SfText text)
{
	SfText		name = sf_cut_name(text);
	uint64_t	hash = sf_text_hash(name);

	for (uint64_t at = hash & index->mask; index->slot[at].category != EMPTY; at = (at + 1) & index->mask)
	{
		const Slot *slot = &index->slot[at];

		if (slot->hash == hash && sf_text_equal(index->name[slot->category], name))
			return slot->code;
	}
	return index->unseen;
}

uint8_t
sf_bins_code_cell(const SfBinIndex *index, int32_t f, const SfCell *cell)
{
	const FeatureIndex *of = &index->of[f];

	if (cell->missing)
		return SF_CODE_MISSING;
	if (of->category)
		return name_code(of, cell->text);
	return sf_cut_code(&of->cuts, cell->number);
}
