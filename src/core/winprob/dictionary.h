/*
 * dictionary.h
 *		Names of categories, each with a small number.
 *
 * Open addressing over a hash of the bytes; the texts are copied.  Numbers are
 * given in order of arrival, so they mean nothing outside one dictionary.
 */
#ifndef SF_DICTIONARY_H
#define SF_DICTIONARY_H

#include <string.h>

#include "core/base/radix.h"
#include "core/winprob/frame.h"

#define SF_MAX_CATEGORIES INT32_C(500000000)

typedef struct SfDictionaryEntry
{
	uint64_t	hash;			/* of the bytes */
	SfText		text;
} SfDictionaryEntry;

typedef struct SfDictionary
{
	SfDictionaryEntry *entry;	/* [n] */
	int32_t		n;
	int32_t		room;
	uint32_t   *slot;			/* [mask + 1], UINT32_MAX = empty; NULL when n = 0 */
	uint32_t	mask;
	char	   *text;			/* where the next text goes */
	size_t		text_left;
	size_t		text_block;		/* bytes of the block last taken */
} SfDictionary;

/* The text, cut at a whole UTF-8 character to at most SF_MAX_NAME bytes. */
static inline SfText
sf_cut_name(SfText text)
{
	if (text.length > SF_MAX_NAME)
	{
		text.length = SF_MAX_NAME;
		/* a character goes on with bytes 10xxxxxx, three at most */
		for (int i = 0; i < 3 && ((unsigned char) text.at[text.length] & 0xc0) == 0x80; i++)
			text.length--;
	}
	return text;
}

/* A hash of the bytes, the same on every machine. */
static inline uint64_t
sf_text_hash(SfText text)
{
	const unsigned char *at = (const unsigned char *) text.at;
	int32_t		left = text.length;
	uint64_t	h = (uint64_t) text.length * UINT64_C(0x9e3779b97f4a7c15);

	for (; left >= 8; left -= 8, at += 8)
	{
		uint64_t	word = (uint64_t) at[0] | (uint64_t) at[1] << 8 | (uint64_t) at[2] << 16 |
			(uint64_t) at[3] << 24 | (uint64_t) at[4] << 32 | (uint64_t) at[5] << 40 |
			(uint64_t) at[6] << 48 | (uint64_t) at[7] << 56;

		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 29;
	}
	if (left > 0)
	{
		uint64_t	word = 0;

		for (int32_t i = 0; i < left; i++)
			word |= (uint64_t) at[i] << (8 * i);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
	}
	return sf_mix64(h);
}

static inline bool
sf_text_equal(SfText a, SfText b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, (size_t) a.length) == 0);
}

/* Negative, 0 or positive: by bytes, the shorter first; knows no collation. */
static inline int
sf_text_compare(SfText a, SfText b)
{
	int32_t		least = a.length < b.length ? a.length : b.length;
	int			order = least > 0 ? memcmp(a.at, b.at, (size_t) least) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Two bytes of length, then the text. */
static inline void
sf_write_text(SfWriter *w, SfText text)
{
	sf_write_bits(w, (uint64_t) text.length, 2);
	if (w->at != NULL && text.length > 0)
		memcpy(w->at + w->size, text.at, (size_t) text.length);
	w->size += (size_t) text.length;
}

/* Borrowed from the bytes; empty, and the reader fails, where there is no text of at most SF_MAX_NAME bytes. */
static inline SfText
sf_read_text(SfReader *r)
{
	SfText		text = {"", (int32_t) sf_read_bits(r, 2)};

	if (!r->ok || text.length > SF_MAX_NAME || (size_t) text.length > r->left)
	{
		r->ok = false;
		text.length = 0;
		return text;
	}
	text.at = (const char *) r->at;
	r->at += text.length;
	r->left -= (size_t) text.length;
	return text;
}

/* Have two sets of features the same names and kinds, in the same order? */
static inline bool
sf_same_features(const SfFeature *a, int32_t features, const SfFeature *b, int32_t others)
{
	bool		same = features == others;

	for (int32_t f = 0; same && f < features; f++)
		same = a[f].kind == b[f].kind && sf_text_equal(a[f].name, b[f].name);
	return same;
}

/* The number of a text of at most SF_MAX_NAME bytes, a new one where it has none. SF_TOO_LARGE, SF_NO_MEMORY. */
extern SfStatus sf_dictionary_add(SfCtx *ctx, SfDictionary *dictionary, SfText text, uint32_t *number);

/* rank[n]: where each number stands when the texts ascend by bytes; sorted[n]: the texts so. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_dictionary_rank(SfArena *arena, const SfDictionary *dictionary, uint32_t *rank, SfText *sorted);

#endif							/* SF_DICTIONARY_H */
