/*
 * dot.c
 *		Sum of products of two arrays.
 */
#include "core/base/dot.h"

#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LANES 8

SF_VECTOR_CLONES double
sf_dot(const double *restrict a, const double *restrict b, int64_t n)
{
	double		lane[LANES] = {0};
	double		sum = 0.0;
	int64_t		i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
			lane[l] += a[i + l] * b[i + l];
	for (int l = 0; i < n; i++, l++)
		lane[l] += a[i] * b[i];
	for (int l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}
