/*
 * arma_lanes.h
 *		The exact filter of arma.h for eight processes of one order at a time.
 *
 * A fit asks for one pass a variable to see how the residuals change.  With the
 * eight values of an element side by side the passes cost little more than one:
 * the vectors move on by whole registers, and no step waits for itself.
 */
#ifndef SF_ARMA_LANES_H
#define SF_ARMA_LANES_H

#include "core/forecast/arma.h"
#include "core/forecast/lanes.h"

typedef struct SfArmaLanes
{
	SfArmaFilter *filter;
	double	   *gain;			/* [r][SF_LANES] */
	double	   *change;			/* [n + r + 1][SF_LANES] */
	double	   *state;			/* [cols][n + r + 1][SF_LANES] */
	double	   *start;			/* [r + 1] */
} SfArmaLanes;

/* Room next to a filter, for as much as that has room for. */
extern SfStatus sf_arma_lanes_take(SfArena *arena, SfArmaFilter *filter, SfArmaLanes *lanes);

/*
 * sf_arma_whiten_lanes
 *		sf_arma_whiten_exact for count <= SF_LANES processes, all of one order: lane
 *		k's columns at out + k * out_stride, its log determinant in log_det[k].
 */
extern SfStatus sf_arma_whiten_lanes(SfArmaLanes *lanes, const SfArma *arma, int32_t count,
									 const double *x, int64_t n, int64_t stride, int32_t cols,
									 double *out, int64_t out_stride, double *log_det);

#endif							/* SF_ARMA_LANES_H */
