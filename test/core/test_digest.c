/* digest: every flipped byte shows, lengths differ, no two of many inputs agree, and the values stay what they are. */
#include "check.h"

#include "core/base/sort.h"
#include "core/winprob/winmodel.h"

static void
test_flips(void)
{
	unsigned char bytes[100];
	SfRng		rng;

	sf_rng_seed(&rng, 1);
	for (int i = 0; i < LENGTH(bytes); i++)
		bytes[i] = (unsigned char) sf_rng_next(&rng);
	group("any change of one byte changes the digest");
	for (size_t n = 1; n <= sizeof bytes; n++)
	{
		uint64_t	whole = sf_digest(bytes, n);

		for (size_t i = 0; i < n; i++)
			for (int flip = 1; flip < 256; flip += n < 20 ? 1 : 17)
			{
				bytes[i] ^= (unsigned char) flip;
				check(sf_digest(bytes, n) != whole, "byte %zu of %zu, flip %d", i, n, flip);
				bytes[i] ^= (unsigned char) flip;
			}
	}
	done();
}

static void
test_lengths(void)
{
	static const unsigned char zeros[64];
	uint64_t	seen[65];

	group("zeros of different length differ");
	for (size_t n = 0; n <= sizeof zeros; n++)
	{
		seen[n] = sf_digest(zeros, n);
		for (size_t j = 0; j < n; j++)
			check(seen[j] != seen[n], "%zu and %zu", j, n);
	}
	done();
}

static void
test_spread(void)
{
	enum
	{
		N = 20000
	};
	static double top[N];
	int			same = 0;

	for (uint64_t i = 0; i < N; i++)
		top[i] = (double) (sf_digest(&i, sizeof i) >> 11);
	sf_sort(top, N);
	for (int i = 1; i < N; i++)
		same += top[i] == top[i - 1];
	group("counting numbers spread over all values");
	check(same == 0, "%d of %d agree in 53 bits", same, N);
	check(close_to(top[N / 2], 0x1p52, 0, 0.05), "median %g", top[N / 2]);
	done();
}

/* Stored models carry digests: they must be the same for good and on every machine. */
static void
test_golden(void)
{
	group("values of today are values of tomorrow");
	check(sf_digest("", 0) == UINT64_C(0x3AEAE1493A5B55E0), "empty: %" PRIx64, sf_digest("", 0));
	check(sf_digest("win model", 9) == UINT64_C(0xBCA9503FDE5DB651), "text: %" PRIx64, sf_digest("win model", 9));
	done();
}

int
main(void)
{
	test_flips();
	test_lengths();
	test_spread();
	test_golden();
	return finish();
}
