/* Tests of core/base/sum.h: sums of doubles that keep what rounding would lose. */
#include "check.h"

#include "core/base/sum.h"

__extension__ typedef __int128 int128;

/* The double nearest to x * 2^-exponent; conversion from __int128 rounds to nearest even. */
static double
to_double(int128 x, int exponent)
{
	return ldexp((double) x, -exponent);
}

static void
test_by_hand(void)
{
	SfSum		s = {0};

	group("a case by hand: 1e16 + 1 - 1e16 = 1, and ten tenths");
	sf_sum_add(&s, 1e16);
	sf_sum_add(&s, 1.0);
	sf_sum_add(&s, -1e16);
	check(sf_sum_value(s) == 1.0, "%.17g", sf_sum_value(s));
	s = (SfSum) {0};
	for (int i = 0; i < 10; i++)
		sf_sum_add(&s, 0.1);
	check(sf_sum_value(s) == 1.0, "%.17g", sf_sum_value(s));
	done();
}

/* Terms are whole numbers of 2^-60, so that the exact sum is an integer. */
static void
test_exact(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 5);
	group("the sum of many terms is the exact sum, rounded once; so are merged parts");
	for (int turn = 0; turn < 300; turn++)
	{
		SfSum		s = {0};
		SfSum		part[5] = {{0}};
		int128		exact = 0;

		for (int i = 0; i < 2000; i++)
		{
			int64_t		units = (int64_t) (sf_rng_next(&rng) >> sf_rng_below(&rng, 60)) >> 11;

			if (sf_rng_next(&rng) & 1)
				units = -units;
			sf_sum_add(&s, to_double(units, 60));
			sf_sum_add(&part[sf_rng_below(&rng, 5)], to_double(units, 60));
			exact += units;
		}
		for (int i = 1; i < 5; i++)
			sf_sum_merge(&part[0], part[i]);
		check(sf_sum_value(s) == to_double(exact, 60), "%a, exact %a", sf_sum_value(s), to_double(exact, 60));
		check(sf_sum_value(part[0]) == to_double(exact, 60), "merged %a, exact %a",
			  sf_sum_value(part[0]), to_double(exact, 60));
	}
	done();
}

/* 53-bit integers: products have 106 bits, exact in __int128. */
static void
test_products(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 6);
	group("sums of products err by less than 2^-100 of the largest partial sum");
	for (int turn = 0; turn < 300; turn++)
	{
		SfSum		s = {0};
		int128		exact = 0;
		double		peak = 0;

		for (int i = 0; i < 500; i++)
		{
			int64_t		a = (int64_t) (sf_rng_next(&rng) >> 11);
			int64_t		b = (int64_t) (sf_rng_next(&rng) >> 11) >> sf_rng_below(&rng, 40);

			if (sf_rng_next(&rng) & 1)
				a = -a;
			sf_sum_add_product(&s, (double) a, (double) b);
			exact += (int128) a * b;
			peak = fmax(peak, fabs((double) exact));
		}
		check(close_to(sf_sum_value(s), (double) exact, peak * 500 * 0x1p-104, DBL_EPSILON / 2),
			  "%a, exact %a", sf_sum_value(s), (double) exact);
	}
	done();
}

int
main(void)
{
	test_by_hand();
	test_exact();
	test_products();
	return finish();
}
