/*
 * bin_search.c
 *		How many cuts are at or below a number, without branches.
 */
#include "core/winprob/bin_search.h"

#include <math.h>

#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Numbers that go through the steps side by side. */
#define SIDE_BY_SIDE 256

void
sf_cut_table(const SfFeatureBins *bins, SfCutTable *table)
{
	int32_t		cuts = bins->values > 0 ? bins->values - 1 : 0;

	table->first = bins->values > 0;
	table->steps = 0;
	while ((1 << table->steps) - 1 < cuts)
		table->steps++;
	for (int32_t i = 0; i < 255; i++)
		table->cut[i] = i < cuts ? bins->cut[i] : NAN;
}

/* One step of the search for all numbers: no number waits for the step before it. */
SF_VECTOR_CLONES
static void
step(const double *restrict cut, int64_t half, const double *restrict x, int64_t n, int64_t *restrict at)
{
	for (int64_t i = 0; i < n; i++)
		at[i] += cut[at[i] + half - 1] <= x[i] ? half : 0;
}

void
sf_cut_codes(const SfCutTable *table, const double *x, int64_t n, uint8_t *code, int64_t stride)
{
	int64_t		at[SIDE_BY_SIDE];

	for (int64_t first = 0; first < n; first += SIDE_BY_SIDE)
	{
		int64_t		m = n - first < SIDE_BY_SIDE ? n - first : SIDE_BY_SIDE;

		for (int64_t i = 0; i < m; i++)
			at[i] = 0;
		for (int64_t half = (INT64_C(1) << table->steps) >> 1; half > 0; half >>= 1)
			step(table->cut, half, x + first, m, at);
		for (int64_t i = 0; i < m; i++)
			code[(first + i) * stride] = (uint8_t) (x[first + i] == x[first + i] ? at[i] + table->first : SF_CODE_MISSING);
	}
}
