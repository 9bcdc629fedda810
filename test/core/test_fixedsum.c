/* Tests of core/pipeline/fixedsum.c: the exact sum of amount * probability. */
#include "check.h"

#include "core/pipeline/fixedsum.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

static int128
value_of(SfInt128 x)
{
	return (int128) (((uint128) (uint64_t) x.high << 64) | x.low);
}

static SfInt128
fixed(int128 x)
{
	SfInt128	out = {(uint64_t) x, (int64_t) (x >> 64)};

	return out;
}

/* p with 15 significant digits, by the C library: its digits and exponent, trailing zeros dropped. */
static void
by_printf(double p, uint64_t *digits, int *decimals)
{
	char		text[64];
	const char *e;

	snprintf(text, sizeof text, "%.14e", fabs(p));
	e = strchr(text, 'e');
	*digits = (uint64_t) (text[0] - '0');
	for (const char *c = text + 2; c < e; c++)
		*digits = *digits * 10 + (uint64_t) (*c - '0');
	*decimals = 14 - atoi(e + 1);
	while (*digits != 0 && *digits % 10 == 0)
	{
		*digits /= 10;
		(*decimals)--;
	}
	if (*digits == 0)
		*decimals = 0;
}

static bool
agrees(double p)
{
	SfDecimal	got;
	uint64_t	digits;
	int			decimals;

	if (p > 0 && p < 1e-8)
		return check(!sf_probability_decimal(p, &got), "%a is below 1e-8 but was taken", p);
	by_printf(p, &digits, &decimals);
	return check(sf_probability_decimal(p, &got) && got.digits == digits && got.exponent == -decimals &&
				 got.scale == decimals && !got.negative,
				 "%a = %.17g: %" PRIu64 "e%d, wanted %" PRIu64 "e-%d", p, p, got.digits, got.exponent, digits, decimals);
}

static void
test_probability(void)
{
	SfRng		rng;
	SfDecimal	out = {.digits = 77};
	static const double outside[] = {-1e-300, -1, 1.0000000000000002, 2, 1e300, INFINITY, -INFINITY, NAN, 5e-324, 9.99e-9};

	sf_rng_seed(&rng, 11);
	group("a probability has the 15 digits that printf gives it: chosen ones");
	for (int n = 0; n <= 10000; n++)
		agrees(n / 10000.0);
	agrees(-0.0);
	for (int e = -8; e <= 0; e++)
	{
		double		up = pow(10, e);
		double		down = up;

		for (int i = 0; i < 2000; i++)
		{
			if (down >= 1e-8)
				agrees(down);
			if (up <= 1)
				agrees(up);
			up = nextafter(up, 2);
			down = nextafter(down, 0);
		}
	}
	done();

	group("the same for random ones");
	for (int i = 0; i < 600000; i++)
	{
		agrees(sf_rng_uniform(&rng));
		agrees(random_magnitude(&rng, -8.2, 0));
		agrees(fabs(random_bits(&rng)) <= 1 ? 0.5 : (double) (sf_rng_below(&rng, 1000000) + 1) / 1000000);
	}
	done();

	/* 15 digits and a half in the last place: m + 1/2 over 2^k has an exact tie where the binary value ends early */
	group("the same for ties and their neighbours: half goes to even");
	for (int i = 0; i < 200000; i++)
	{
		int			e = (int) sf_rng_below(&rng, 8);
		double		m = (double) (UINT64_C(100000000000000) + sf_rng_below(&rng, UINT64_C(900000000000000)));
		double		tie = (m + 0.5) / pow(10, 15 + e);

		if (tie < 1e-8)
			continue;
		agrees(tie);
		agrees(nextafter(tie, 0));
		agrees(nextafter(tie, 1));
	}
	/* exact ties: odd multiples of 2^-k with 16 significant digits, the last a 5 */
	for (int k = 16; k <= 22; k++)
		for (int i = 0; i < 20000; i++)
			agrees(ldexp((double) (2 * sf_rng_below(&rng, UINT64_C(1) << (k - 1)) + 1), -k));
	done();

	group("what is no probability is refused, and nothing is written");
	for (int i = 0; i < LENGTH(outside); i++)
		check(!sf_probability_decimal(outside[i], &out) && out.digits == 77, "%g", outside[i]);
	done();
}

static void
test_is_probability(void)
{
	static const struct
	{
		SfDecimal	d;
		bool		wanted;
	}			cases[] = {
		{{0, 0, 0, false}, true}, {{0, 5, 0, true}, true}, {{1, 0, 0, false}, true}, {{1, 0, 0, true}, false},
		{{2, 0, 0, false}, false}, {{1, 1, 0, false}, false}, {{10, -1, 1, false}, true}, {{11, -1, 1, false}, false},
		{{9999, -4, 4, false}, true}, {{10000, -4, 4, false}, true}, {{10001, -4, 4, false}, false},
		{{UINT64_C(10000000000000000), -16, 16, false}, true}, {{UINT64_C(10000000000000000), -15, 15, false}, false},
		{{UINT64_C(10000000000000000), -400, 400, false}, true}, {{1, -38, 38, false}, true}, {{1, -37, 37, true}, false}
	};

	group("a decimal is a probability if it lies within 0 .. 1");
	for (int i = 0; i < LENGTH(cases); i++)
		check(sf_decimal_is_probability(&cases[i].d) == cases[i].wanted, "case %d", i);
	done();
}

/* a * b * 10^shift, one factor ten after the other; false when that is no whole number below 2^126. */
static bool
slow_product(uint64_t a, uint64_t b, int shift, uint128 *out)
{
	uint128		x = (uint128) a * b;
	const uint128 limit = (uint128) 1 << 126;

	for (; shift < 0 && a % 10 == 0; shift++)
	{
		a /= 10;
		x /= 10;
	}
	for (; shift > 0 && x != 0; shift--)
	{
		if (x >= limit / 10 + 1)
			return false;
		x *= 10;
	}
	*out = x;
	return x < limit && shift >= 0;
}

static void
test_product(void)
{
	SfDecimal	amount = {123456, -2, 2, true};
	SfDecimal	p = {35, -2, 2, false};
	SfInt128	product;
	SfRng		rng;

	sf_rng_seed(&rng, 12);
	group("a case by hand: -1234.56 * 0.35 = -432.096");
	check(sf_fixed_product(&amount, &p, &product) &&
		  value_of(product) == -(int128) 432096 * INT64_C(100000000000000000), "product");
	done();

	group("products agree with multiplication by hand, and what is no whole number of units is refused");
	for (int i = 0; i < 500000; i++)
	{
		SfDecimal	a = {sf_rng_next(&rng) >> (10 + sf_rng_below(&rng, 54)), (int32_t) sf_rng_below(&rng, 60) - 40, 0, i & 1};
		SfDecimal	b = {sf_rng_next(&rng) >> (10 + sf_rng_below(&rng, 54)), -(int32_t) sf_rng_below(&rng, 24), 0, false};
		int			shift = SF_FIXED_SCALE + a.exponent + b.exponent;
		SfInt128	got = {77, 77};
		uint128		wanted;
		bool		fits = slow_product(a.digits, b.digits, shift, &wanted);
		bool		taken = sf_fixed_product(&a, &b, &got);

		if (a.digits == 0 || b.digits == 0)
			check(taken && value_of(got) == 0, "zero");
		else if (fits)
			check(taken && value_of(got) == (a.negative ? -(int128) wanted : (int128) wanted),
				  "%" PRIu64 "e%d * %" PRIu64 "e%d", a.digits, a.exponent, b.digits, b.exponent);
		else
			check(!taken && got.low == 77 && got.high == 77, "%" PRIu64 "e%d * %" PRIu64 "e%d was taken",
				  a.digits, a.exponent, b.digits, b.exponent);
	}
	done();
}

/* The four calls that sf_fixed_add_row stands for. */
static bool
add_slowly(SfFixedSum *s, const SfDecimal *amount, double p)
{
	SfDecimal	d;
	SfInt128	product;

	if (!sf_probability_decimal(p, &d) || !sf_fixed_product(amount, &d, &product) || !sf_fixed_add(&s->total, product))
		return false;
	sf_fixed_count(s, amount->scale + d.scale);
	return true;
}

static double
any_probability(SfRng *rng)
{
	switch (sf_rng_below(rng, 5))
	{
		case 0:
			return (double) sf_rng_below(rng, 11) / 10;
		case 1:
			return (double) sf_rng_below(rng, 10001) / 10000;
		case 2:
			return sf_rng_uniform(rng);
		case 3:
			return random_magnitude(rng, -10, 0.05);
		default:
			return (double) sf_rng_below(rng, 100000001) / 1e8;
	}
}

static void
test_add_row(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 15);
	group("a row added in one step is a row added in four");
	for (int turn = 0; turn < 20000; turn++)
	{
		SfFixedSum	quick = {0};
		SfFixedSum	slow = {0};

		for (int i = 0; i < 20; i++)
		{
			SfDecimal	amount = {sf_rng_next(&rng) >> (11 + sf_rng_below(&rng, 53)), (int32_t) sf_rng_below(&rng, 28) - 20, 0, i & 1};
			double		p = any_probability(&rng);
			bool		wanted;

			amount.scale = amount.exponent < 0 ? -amount.exponent : 0;
			wanted = add_slowly(&slow, &amount, p);
			if (!check(sf_fixed_add_row(&quick, &amount, p) == wanted && value_of(quick.total) == value_of(slow.total) &&
					   quick.count == slow.count && quick.scale == slow.scale && quick.at_scale == slow.at_scale,
					   "%" PRIu64 "e%d * %.17g: scale %d, at it %" PRId64 "; in four steps %d: scale %d, at it %" PRId64,
					   amount.digits, amount.exponent, p, quick.scale, quick.at_scale, wanted, slow.scale, slow.at_scale))
				break;
		}
	}
	done();

	group("a sum that all rows have left starts with a new scale");
	{
		const SfDecimal amount = {5, 0, 0, false};
		SfFixedSum	s = {0};

		check(sf_fixed_add_row(&s, &amount, 0.123456789012345) && s.scale == 15, "scale %d", s.scale);
		check(sf_fixed_uncount(&s, 15), "uncount");
		s.total = (SfInt128) {0};
		check(sf_fixed_add_row(&s, &amount, 0.5) && s.scale == 1 && s.at_scale == 1 && s.count == 1, "scale %d", s.scale);
	}
	done();
}

static void
test_add(void)
{
	const int128 most = (int128) (~(uint128) 0 >> 1);
	SfInt128	total = fixed(most - 5);
	SfRng		rng;

	sf_rng_seed(&rng, 13);
	group("sums go up to 128 bits and are refused beyond, the total unchanged");
	check(sf_fixed_add(&total, fixed(5)) && value_of(total) == most, "up to the end");
	check(!sf_fixed_add(&total, fixed(1)) && value_of(total) == most, "beyond");
	check(!sf_fixed_subtract(&total, fixed(-1)) && value_of(total) == most, "beyond, by subtraction");
	total = fixed(-most);
	check(sf_fixed_subtract(&total, fixed(1)) && value_of(total) == -most - 1, "down to the end");
	check(!sf_fixed_subtract(&total, fixed(1)) && value_of(total) == -most - 1, "beyond");
	check(!sf_fixed_add(&total, fixed(-1)), "beyond, by addition");
	done();

	group("any order of additions and subtractions gives the same total");
	for (int turn = 0; turn < 200; turn++)
	{
		SfInt128	term[100];
		SfInt128	forth = {0};
		SfInt128	back = {0};

		for (int i = 0; i < 100; i++)
			term[i] = fixed((int128) (((uint128) sf_rng_next(&rng) << 57) | sf_rng_next(&rng)) * (i & 1 ? 1 : -1));
		for (int i = 0; i < 100; i++)
			check(sf_fixed_add(&forth, term[i]) && sf_fixed_add(&back, term[99 - i]), "addition");
		check(value_of(forth) == value_of(back), "order shows");
		for (int i = 0; i < 99; i++)
			check(sf_fixed_subtract(&forth, term[i]), "subtraction");
		check(value_of(forth) == value_of(term[99]), "what was added cannot be taken back");
	}
	done();
}

/* The scale of a window is its widest row's; the model keeps how many rows each scale has. */
static void
test_counts(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 14);
	group("a moving window knows its scale, or says that it does not");
	for (int turn = 0; turn < 300; turn++)
	{
		SfFixedSum	s = {0};
		int			rows[400];
		int			first = 0;
		int			have[25] = {0};
		int			refused = 0;

		for (int i = 0; i < LENGTH(rows); i++)
		{
			int			widest = 24;

			rows[i] = (int) sf_rng_below(&rng, 1 + sf_rng_below(&rng, 25));
			sf_fixed_count(&s, rows[i]);
			have[rows[i]]++;
			while (first <= i && sf_rng_below(&rng, 20) < 9)
			{
				bool		known = sf_fixed_uncount(&s, rows[first]);

				have[rows[first++]]--;
				if (known)
					continue;
				/* the caller starts over */
				check(have[s.scale] == 0 && s.count > 0, "refused without need");
				refused++;
				s = (SfFixedSum) {0};
				for (int k = first; k <= i; k++)
					sf_fixed_count(&s, rows[k]);
			}
			while (widest > 0 && have[widest] == 0)
				widest--;
			check(s.count == i + 1 - first, "count");
			if (s.count > 0)
				check(s.scale == widest && s.at_scale == have[widest], "scale %d, wanted %d", s.scale, widest);
		}
		check(refused < LENGTH(rows), "always refused");
	}
	done();

	group("merged counts are those of all rows");
	for (int turn = 0; turn < 5000; turn++)
	{
		SfFixedSum	all = {0};
		SfFixedSum	part[3] = {{{0}, 0, 0, 0}};

		for (int i = (int) sf_rng_below(&rng, 12); i > 0; i--)
		{
			int			scale = (int) sf_rng_below(&rng, 5);

			sf_fixed_count(&all, scale);
			sf_fixed_count(&part[sf_rng_below(&rng, 3)], scale);
		}
		sf_fixed_merge_counts(&part[0], &part[1]);
		sf_fixed_merge_counts(&part[0], &part[2]);
		check(part[0].count == all.count && part[0].scale == all.scale && part[0].at_scale == all.at_scale,
			  "count %" PRId64 ", scale %d", part[0].count, part[0].scale);
	}
	done();
}

int
main(void)
{
	test_probability();
	test_is_probability();
	test_product();
	test_add_row();
	test_add();
	test_counts();
	return finish();
}
