/*
 * dot.h
 *		Sum of products of two arrays, in eight lanes: the same bits whatever the vector width.
 */
#ifndef SF_DOT_H
#define SF_DOT_H

#include <stdint.h>

extern double sf_dot(const double *restrict a, const double *restrict b, int64_t n);

#endif							/* SF_DOT_H */
