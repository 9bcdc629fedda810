/*
 * codec.h
 *		Bounded byte reader and writer: fixed layout on every machine.
 *
 * Integers are little-endian, doubles are their IEEE 754 bits.  Stored bytes
 * are hostile: a reader never passes its end, and once it fails it stays
 * failed, so a decoder checks `ok` where a count is used and at the end.
 */
#ifndef SF_CODEC_H
#define SF_CODEC_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct SfReader
{
	const unsigned char *at;
	size_t		left;
	bool		ok;
} SfReader;

typedef struct SfWriter
{
	unsigned char *at;			/* NULL: only count */
	size_t		size;			/* bytes written or counted */
} SfWriter;

static inline uint64_t
sf_read_bits(SfReader *r, int bytes)
{
	uint64_t	x = 0;

	if (!r->ok || r->left < (size_t) bytes)
	{
		r->ok = false;
		return 0;
	}
	for (int i = 0; i < bytes; i++)
		x |= (uint64_t) r->at[i] << (8 * i);
	r->at += bytes;
	r->left -= (size_t) bytes;
	return x;
}

static inline int64_t
sf_read_int64(SfReader *r)
{
	return (int64_t) sf_read_bits(r, 8);
}

static inline double
sf_read_double(SfReader *r)
{
	uint64_t	bits = sf_read_bits(r, 8);
	double		x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 0 or 1, else the reader fails. */
static inline bool
sf_read_bool(SfReader *r)
{
	uint64_t	x = sf_read_bits(r, 1);

	r->ok = r->ok && x <= 1;
	return x == 1;
}

/* Four bytes, a number from least to most; 0 when it is not, and the reader fails. */
static inline int32_t
sf_read_int(SfReader *r, int64_t least, int64_t most)
{
	int64_t		x = (int32_t) (uint32_t) sf_read_bits(r, 4);

	r->ok = r->ok && x >= least && x <= most;
	return r->ok ? (int32_t) x : 0;
}

/* A finite number, or NaN in one form only, so that equal things have equal bytes; else the reader fails. */
static inline double
sf_read_number(SfReader *r)
{
	double		x = sf_read_double(r);
	double		one = NAN;

	r->ok = r->ok && (isfinite(x) || (isnan(x) && memcmp(&x, &one, sizeof x) == 0));
	return x;
}

static inline void
sf_write_bits(SfWriter *w, uint64_t x, int bytes)
{
	if (w->at != NULL)
		for (int i = 0; i < bytes; i++)
			w->at[w->size + (size_t) i] = (unsigned char) (x >> (8 * i));
	w->size += (size_t) bytes;
}

static inline void
sf_write_int64(SfWriter *w, int64_t x)
{
	sf_write_bits(w, (uint64_t) x, 8);
}

static inline void
sf_write_double(SfWriter *w, double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	sf_write_bits(w, bits, 8);
}

#endif							/* SF_CODEC_H */
