/*
 * lanes.h
 *		Eight settings of a smoothing method in one pass over the series.
 *
 * A recursion waits for its own last result, so the processor idles; eight
 * recursions side by side cost little more than one.  A search that asks for
 * eight settings at a time needs few passes.
 */
#ifndef SF_LANES_H
#define SF_LANES_H

#include <stdint.h>

#define SF_LANES 8

typedef double SfLanes __attribute__((vector_size(SF_LANES * sizeof(double))));
typedef int64_t SfLaneBits __attribute__((vector_size(SF_LANES * sizeof(double))));

/*
 * A search looks at so many periods at most, the last ones: by then the constants are
 * known to two digits, and a pass over a million periods would take longer than a
 * cancel may.  The states before the first value are those of the whole series.
 */
#define SF_LANES_PERIODS_MAX 20000

/* Periods of a pass between two calls of sf_lanes_flush. */
#define SF_LANES_BLOCK 512

/* The functions that hold the passes are compiled for each instruction set; all give the same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define SF_LANES_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SF_LANES_CLONES
#endif

/*
 * sf_lanes_flush
 *		What is left of a response that fades away becomes 0 before it is so small
 *		that many processors take a hundred times as long for it.  Next to the 1 that a
 *		response begins with, it changes no sum.
 */
static inline void
sf_lanes_flush(SfLanes *response)
{
	SfLaneBits	counts = (*response > 1e-200) | (*response < -1e-200);

	*response = (SfLanes) ((SfLaneBits) *response & counts);
}

/*
 * One dimension of a search: the range [lo, hi] looked at by eight settings,
 * then the part around the best one, and so on.
 */
typedef struct SfLaneRange
{
	double		lo;
	double		hi;
	double		floor;			/* never below, never above */
	double		ceiling;
} SfLaneRange;

static inline double
sf_lane_at(const SfLaneRange *r, int i)
{
	return r->lo + (r->hi - r->lo) * i / (SF_LANES - 1);
}

/* Narrow the range to the neighbours of the best setting. */
static inline void
sf_lane_narrow(SfLaneRange *r, int best)
{
	double		step = (r->hi - r->lo) / (SF_LANES - 1);
	double		at = sf_lane_at(r, best);

	r->lo = at - step > r->floor ? at - step : r->floor;
	r->hi = at + step < r->ceiling ? at + step : r->ceiling;
}

#endif							/* SF_LANES_H */
