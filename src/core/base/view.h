/*
 * view.h
 *		Borrowed views of arrays: whoever made the array keeps it alive.
 */
#ifndef SF_VIEW_H
#define SF_VIEW_H

#include <stdint.h>

typedef struct SfVectorView
{
	const double *x;			/* [n] */
	int64_t		n;
} SfVectorView;

/* Row-major: element (i, j) is x[i * stride + j]. */
typedef struct SfMatrixView
{
	const double *x;
	int64_t		rows;
	int64_t		cols;
	int64_t		stride;			/* >= cols */
} SfMatrixView;

static inline SfVectorView
sf_matrix_row(SfMatrixView m, int64_t i)
{
	SfVectorView row = {m.x + i * m.stride, m.cols};

	return row;
}

#endif							/* SF_VIEW_H */
