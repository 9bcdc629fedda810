/*
 * rng.c
 *		Seeded random numbers.
 */
#include "core/base/rng.h"

#include "core/base/dist.h"

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t	z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t
rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void
sf_rng_seed(SfRng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		rng->s[i] = splitmix64(&seed);
}

uint64_t
sf_rng_next(SfRng *rng)
{
	uint64_t   *s = rng->s;
	uint64_t	result = rotl(s[0] + s[3], 23) + s[0];
	uint64_t	t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

double
sf_rng_uniform(SfRng *rng)
{
	return (double) (sf_rng_next(rng) >> 11) * 0x1p-53;
}

double
sf_rng_normal(SfRng *rng)
{
	/* the half step keeps 0 out, so the quantile is finite */
	return sf_normal_quantile(((double) (sf_rng_next(rng) >> 12) + 0.5) * 0x1p-52);
}

uint64_t
sf_rng_below(SfRng *rng, uint64_t n)
{
	/* values below this would make the first residues more likely */
	uint64_t	reject = (0 - n) % n;
	uint64_t	x;

	do
		x = sf_rng_next(rng);
	while (x < reject);
	return x % n;
}
