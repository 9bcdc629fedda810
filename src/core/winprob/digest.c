/*
 * digest.c
 *		A 64-bit digest of bytes: finds damage, keys caches.  Not for secrets.
 *
 * Eight bytes at a time, h := mix(h xor word).  Each step is one-to-one in h and
 * in the word, so two inputs of one length that differ in a single word never
 * agree: every flipped byte shows, not only almost every one.
 */
#include "core/winprob/winmodel.h"

/* Odd numbers, so that multiplying by them can be undone: the golden ratio and the square root of 2 as fractions. */
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define ROOT UINT64_C(0x6A09E667F3BCC909)

static inline uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= GOLDEN;
	h ^= h >> 29;
	return h;
}

static inline uint64_t
word_at(const unsigned char *at, size_t n)
{
	uint64_t	word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t) at[i] << (8 * i);
	return word;
}

uint64_t
sf_digest(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint64_t	h = mix((uint64_t) n * ROOT + GOLDEN);

	for (; n >= 8; n -= 8, at += 8)
		h = mix(h ^ word_at(at, 8));
	if (n > 0)
		h = mix(h ^ word_at(at, n));
	return mix(h * ROOT);
}
