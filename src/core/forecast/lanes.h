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

/* The functions that hold the passes are compiled for each instruction set; all give the same bits. */
#ifdef __x86_64__
#define SF_LANES_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SF_LANES_CLONES
#endif

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
