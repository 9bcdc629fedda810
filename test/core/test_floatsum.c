/* Tests of core/pipeline/floatsum.c: the compensated sum of amount * probability. */
#include "check.h"

#include "core/pipeline/floatsum.h"

__extension__ typedef __int128 int128;

typedef struct Row
{
	double		amount;
	double		probability;
} Row;

static double
sum_of(const Row *row, int n)
{
	Host		host;
	SfFloatSum	s = {0};

	host_init(&host);
	for (int i = 0; i < n; i++)
		check(sf_float_sum_add(&host.ctx, &s, row[i].amount, row[i].probability) == SF_OK, "row %d", i);
	return sf_sum_value(s.total);
}

/* amount and probability are whole numbers of 2^-10 and 2^-52, so the products are exact in 2^-62. */
static Row
exact_row(SfRng *rng, int bits, int128 *units)
{
	int64_t		amount = (int64_t) (sf_rng_next(rng) >> (64 - bits));
	int64_t		probability = (int64_t) (sf_rng_next(rng) >> 12);
	Row			row;

	if (sf_rng_next(rng) & 1)
		amount = -amount;
	row.amount = ldexp((double) amount, -10);
	row.probability = ldexp((double) probability, -52);
	*units = (int128) amount * probability;
	return row;
}

static double
from_units(int128 units)
{
	return ldexp((double) units, -62);
}

static void
test_exact(void)
{
	static const Row hand[] = {{1000, 0.1}, {200, 0.5}, {50, 1}, {80, 0}, {-100, 0.25}};
	SfRng		rng;

	group("a case by hand: 100 + 100 + 50 + 0 - 25");
	check(sum_of(hand, LENGTH(hand)) == 225, "%.17g", sum_of(hand, LENGTH(hand)));
	done();

	sf_rng_seed(&rng, 21);
	group("the sum is the exact sum rounded once, in any order and any split");
	for (int turn = 0; turn < 400; turn++)
	{
		Row			row[300];
		SfFloatSum	part[4] = {{0, 0, {0, 0}, 0}};
		int128		exact = 0;
		Host		host;

		host_init(&host);
		for (int i = 0; i < LENGTH(row); i++)
		{
			int128		units;

			row[i] = exact_row(&rng, 20 + (int) sf_rng_below(&rng, 33), &units);
			exact += units;
			check(sf_float_sum_add(&host.ctx, &part[sf_rng_below(&rng, 4)], row[i].amount, row[i].probability) == SF_OK, "add");
		}
		check(sum_of(row, LENGTH(row)) == from_units(exact), "%a, exact %a", sum_of(row, LENGTH(row)), from_units(exact));
		for (int k = 1; k < 4; k++)
			check(sf_float_sum_merge(&host.ctx, &part[0], &part[k]) == SF_OK, "merge");
		check(sf_sum_value(part[0].total) == from_units(exact) && part[0].count == LENGTH(row),
			  "merged %a, exact %a", sf_sum_value(part[0].total), from_units(exact));
	}
	done();
}

static void
test_window(void)
{
	SfRng		rng;
	int			kept = 0;
	int			refused = 0;

	sf_rng_seed(&rng, 22);
	group("what a moving window says is right to the last bit, or it says that it does not know");
	for (int turn = 0; turn < 300; turn++)
	{
		Row			row[200];
		int128		units[200];
		int128		exact = 0;
		SfFloatSum	s = {0};
		Host		host;
		int			first = 0;
		int			span = 1 + (int) sf_rng_below(&rng, 60);

		host_init(&host);
		for (int i = 0; i < LENGTH(row); i++)
		{
			row[i] = exact_row(&rng, 1 + (int) sf_rng_below(&rng, 53), &units[i]);
			check(sf_float_sum_add(&host.ctx, &s, row[i].amount, row[i].probability) == SF_OK, "add");
			exact += units[i];
			if (i - first < span)
				continue;
			exact -= units[first];
			first++;
			if (sf_float_sum_remove(&s, row[first - 1].amount, row[first - 1].probability))
			{
				double		wanted = from_units(exact);

				kept++;
				check(s.count == i + 1 - first, "count");
				check(fabs(sf_sum_value(s.total) - wanted) <= DBL_EPSILON * fabs(wanted), "%a, exact %a", sf_sum_value(s.total), wanted);
				continue;
			}
			refused++;
			s = (SfFloatSum) {0};
			for (int k = first; k <= i; k++)
				check(sf_float_sum_add(&host.ctx, &s, row[k].amount, row[k].probability) == SF_OK, "add");
		}
	}
	check(kept > 20 * refused, "a window is cheap only if it seldom starts over: %d kept, %d refused", kept, refused);
	done();
}

/* Rows of any size leave again: a true answer must be that of the rows that stay. */
static void
test_remove(void)
{
	Host		host;
	SfFloatSum	s = {0};
	SfRng		rng;

	host_init(&host);
	group("1e300 leaves, and the 1 beside it is not claimed to be known");
	check(sf_float_sum_add(&host.ctx, &s, 1e300, 1) == SF_OK && sf_float_sum_add(&host.ctx, &s, 1, 1) == SF_OK, "add");
	check(!sf_float_sum_remove(&s, 1e300, 1), "known");
	done();

	group("the last row that leaves resets the sum, whatever it was");
	s = (SfFloatSum) {0};
	check(sf_float_sum_add(&host.ctx, &s, 1e300, 0.3) == SF_OK && sf_float_sum_remove(&s, 1e300, 0.3), "remove");
	check(s.count == 0 && s.peak == 0 && sf_sum_value(s.total) == 0, "not reset");
	done();

	sf_rng_seed(&rng, 23);
	group("removal of any finite row never leaves a wrong sum");
	for (int turn = 0; turn < 200000; turn++)
	{
		Row			row[4];
		bool		tiny = turn % 4 == 0;
		bool		huge = turn % 4 == 1;
		int			n = 2 + (int) sf_rng_below(&rng, 3);
		int			added = 0;

		s = (SfFloatSum) {0};
		for (int i = 0; i < n; i++)
		{
			row[i].amount = (sf_rng_next(&rng) & 1 ? 1 : -1) *
				(tiny ? random_magnitude(&rng, -323, -290) : huge ? random_magnitude(&rng, 307.9, 308.25) : random_magnitude(&rng, -30, 30));
			row[i].probability = sf_rng_next(&rng) & 1 ? 1.0 : sf_rng_uniform(&rng);
			added += sf_float_sum_add(&host.ctx, &s, row[i].amount, row[i].probability) == SF_OK;
		}
		if (added < n || !sf_float_sum_remove(&s, row[0].amount, row[0].probability))
			continue;
		/* the rest, smallest first as a reference, in long double beyond the range of double */
		{
			long double exact = 0;

			for (int i = 1; i < n; i++)
				exact += (long double) row[i].amount * row[i].probability;
			check(isfinite(sf_sum_value(s.total)) &&
				  fabsl((long double) sf_sum_value(s.total) - exact) <=
				  4e-16L * fabsl(exact) + 0x1p-62L * fabsl((long double) row[1].amount) * n + 0x1p-62L * fabsl((long double) row[n - 1].amount) * n + 4 * 4.94e-324L,
				  "%a %a | %a %a %a: %a, exact %La", row[0].amount, row[0].probability, row[1].amount, row[n - 1].amount,
				  row[n - 1].probability, sf_sum_value(s.total), exact);
		}
	}
	done();

	group("a removal that leaves the range of double precision is not known");
	s = (SfFloatSum) {0};
	check(sf_float_sum_add(&host.ctx, &s, -1.7e308, 1) == SF_OK && sf_float_sum_add(&host.ctx, &s, 1.7e308, 1) == SF_OK &&
		  sf_float_sum_add(&host.ctx, &s, 1.7e308, 1) == SF_OK, "add");
	check(!sf_float_sum_remove(&s, -1.7e308, 1), "the sum is said to be %g", sf_sum_value(s.total));
	done();
}

static void
test_hostile(void)
{
	static const struct
	{
		double		amount;
		double		probability;
		SfStatus	status;
	}			cases[] = {
		{NAN, 0.5, SF_BAD_DATA}, {INFINITY, 0.5, SF_OVERFLOW}, {-INFINITY, 0.5, SF_OVERFLOW}, {INFINITY, 0, SF_OVERFLOW},
		{1, NAN, SF_BAD_DATA}, {1, -1e-300, SF_BAD_DATA}, {1, 1.0000000000000002, SF_BAD_DATA}, {1, INFINITY, SF_BAD_DATA},
		{1, -INFINITY, SF_BAD_DATA}, {DBL_MAX, 1, SF_OVERFLOW}
	};
	SfFloatSum	s = {0};
	SfFloatSum	before;
	SfFloatSum	other = {0};
	Host		host;

	host_init(&host);
	(void) sf_float_sum_add(&host.ctx, &s, DBL_MAX, 0.9);
	(void) sf_float_sum_add(&host.ctx, &other, DBL_MAX, 0.8);
	before = s;
	group("rows that break the contract are refused, the sum unchanged");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfStatus	status = sf_float_sum_add(&host.ctx, &s, cases[i].amount, cases[i].probability);

		check(fails_with(&host, status, cases[i].status), "case %d gives %d", i, status);
		check(s.count == before.count && s.peak == before.peak && same_bits(s.total.hi, before.total.hi) &&
			  same_bits(s.total.lo, before.total.lo), "case %d changed the sum", i);
	}
	check(sf_float_sum_merge(&host.ctx, &s, &other) == SF_OVERFLOW && s.count == 1 && s.total.hi == before.total.hi, "merge");
	done();

	group("0 and 1, denormal and negative numbers are rows like others");
	s = (SfFloatSum) {0};
	check(sf_float_sum_add(&host.ctx, &s, 5e-324, 1) == SF_OK && sf_float_sum_add(&host.ctx, &s, 7, 0) == SF_OK &&
		  sf_float_sum_add(&host.ctx, &s, -0.0, 5e-324) == SF_OK && sf_float_sum_add(&host.ctx, &s, 1e300, 5e-324) == SF_OK, "add");
	check(s.count == 4 && close_to(sf_sum_value(s.total), 1e300 * 5e-324, 0, 1e-15), "%g", sf_sum_value(s.total));
	done();
}

int
main(void)
{
	test_exact();
	test_window();
	test_remove();
	test_hostile();
	return finish();
}
