/* Tests of core/base/rng.c: seeded random numbers. */
#include "check.h"

#include "core/base/dist.h"

static void
test_stream(void)
{
	/* the reference program of the authors, state {1, 2, 3, 4}: https://prng.di.unimi.it/xoshiro256plusplus.c */
	static const uint64_t wanted[] = {
		UINT64_C(41943041), UINT64_C(58720359), UINT64_C(3588806011781223), UINT64_C(3591011842654386),
		UINT64_C(9228616714210784205), UINT64_C(9973669472204895162), UINT64_C(14011001112246962877),
	UINT64_C(12406186145184390807), UINT64_C(15849039046786891736), UINT64_C(10450023813501588000)};
	/* splitmix64 from 1234567, same authors */
	static const uint64_t seeded[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
	UINT64_C(9817491932198370423), UINT64_C(4593380528125082431)};
	SfRng		rng = {{1, 2, 3, 4}};
	SfRng		again;

	group("the stream is that of xoshiro256++");
	for (int i = 0; i < LENGTH(wanted); i++)
		check(sf_rng_next(&rng) == wanted[i], "number %d", i);
	done();

	group("the seed goes through splitmix64");
	sf_rng_seed(&rng, 1234567);
	for (int i = 0; i < LENGTH(seeded); i++)
		check(rng.s[i] == seeded[i], "word %d of the state", i);
	sf_rng_seed(&again, 1234567);
	for (int i = 0; i < 1000; i++)
		check(sf_rng_next(&rng) == sf_rng_next(&again), "the same seed, another stream");
	sf_rng_seed(&rng, 0);
	check((rng.s[0] | rng.s[1] | rng.s[2] | rng.s[3]) != 0, "seed 0 gives the state that never moves");
	done();
}

/* Mean and variance of n draws within five standard errors. */
static void
test_moments(void)
{
	enum { N = 1000000 };
	SfRng		rng;
	double		sum = 0;
	double		squares = 0;
	double		fourth = 0;

	sf_rng_seed(&rng, 3);
	group("uniform numbers lie in 0 .. 1, evenly");
	for (int i = 0; i < N; i++)
	{
		double		u = sf_rng_uniform(&rng);

		if (!(u >= 0 && u < 1))
			check(false, "%g", u);
		sum += u;
		squares += (u - 0.5) * (u - 0.5);
	}
	check(fabs(sum / N - 0.5) < 5 * sqrt(1.0 / 12 / N), "mean %g", sum / N);
	check(fabs(squares / N - 1.0 / 12) < 5 * sqrt(1.0 / 180 / N), "variance %g", squares / N);
	done();

	group("normal numbers have the moments of the normal distribution");
	sum = squares = 0;
	for (int i = 0; i < N; i++)
	{
		double		z = sf_rng_normal(&rng);

		if (!isfinite(z))
			check(false, "%g", z);
		sum += z;
		squares += z * z;
		fourth += z * z * z * z;
	}
	check(fabs(sum / N) < 5 / sqrt(N), "mean %g", sum / N);
	check(fabs(squares / N - 1) < 5 * sqrt(2.0 / N), "variance %g", squares / N);
	check(fabs(fourth / N - 3) < 5 * sqrt(96.0 / N), "fourth moment %g", fourth / N);
	done();
}

static void
test_below(void)
{
	static const uint64_t n[] = {1, 2, 3, 7, 10, UINT64_C(1) << 40, UINT64_C(0x8000000000000001), UINT64_MAX};
	SfRng		rng;
	int			seen[7] = {0};

	sf_rng_seed(&rng, 4);
	group("numbers below n are below n, each as likely");
	for (int k = 0; k < LENGTH(n); k++)
		for (int i = 0; i < 10000; i++)
			if (!check(sf_rng_below(&rng, n[k]) < n[k], "below %" PRIu64, n[k]))
				break;
	for (int i = 0; i < 700000; i++)
		seen[sf_rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		check(fabs(seen[i] - 100000.0) < 5 * sqrt(100000.0 * 6 / 7), "%d was drawn %d times", i, seen[i]);
	done();
}

int
main(void)
{
	test_stream();
	test_moments();
	test_below();
	return finish();
}
