/*
 * bin_search.h
 *		How many cuts are at or below a number, without branches.
 */
#ifndef SF_BIN_SEARCH_H
#define SF_BIN_SEARCH_H

#include "core/winprob/bins.h"

/* Cuts filled up to one less than a power of two. */
typedef struct SfCutTable
{
	int32_t		steps;			/* 2^steps - 1 entries; 0: no cuts */
	int32_t		first;			/* code of the lowest bin: 1, or 0 where training knew no number */
	double		cut[255];
} SfCutTable;

extern void sf_cut_table(const SfFeatureBins *bins, SfCutTable *table);

/* first + how many cuts are <= x; 0 for NaN.  The rest of the table is NaN, which no number reaches. */
static inline uint8_t
sf_cut_code(const SfCutTable *table, double x)
{
	int32_t		at = 0;

	for (int32_t half = (1 << table->steps) >> 1; half > 0; half >>= 1)
		at += table->cut[at + half - 1] <= x ? half : 0;
	return (uint8_t) (x == x ? at + table->first : SF_CODE_MISSING);
}

/* The same for n numbers, into every stride-th byte. */
extern void sf_cut_codes(const SfCutTable *table, const double *x, int64_t n, uint8_t *code, int64_t stride);

#endif							/* SF_BIN_SEARCH_H */
