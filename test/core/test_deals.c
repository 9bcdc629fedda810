/* Tests of core/pipeline/deals.c: the open deals behind a revenue distribution. */
#include "check.h"

#include "core/base/dist.h"
#include "core/pipeline/deals.h"

typedef struct Row
{
	double		amount;
	double		probability;
} Row;

typedef struct Bytes
{
	unsigned char *at;
	size_t		size;
} Bytes;

static bool
add_all(SfCtx *ctx, SfDealSet *set, const Row *row, int n)
{
	for (int i = 0; i < n; i++)
		if (!check(sf_deals_add(ctx, set, row[i].amount, row[i].probability) == SF_OK, "row %d", i))
			return false;
	return true;
}

/* The bytes of a set, in the host's memory. */
static Bytes
encode(SfCtx *ctx, SfDealSet *set)
{
	SfWriter	count = {0};
	SfWriter	write = {0};
	Bytes		bytes;

	check(sf_deals_settle(ctx, set) == SF_OK, "settle");
	sf_deals_encode(set, &count);
	write.at = bytes.at = sf_alloc(ctx, count.size, 1);
	sf_deals_encode(set, &write);
	bytes.size = count.size;
	check(write.size == count.size, "counted %zu bytes, written %zu", count.size, write.size);
	return bytes;
}

/* The bytes that one process sends to another. */
static Bytes
send(SfCtx *ctx, SfDealSet *set)
{
	SfWriter	count = {0};
	SfWriter	write = {0};

	check(sf_deals_settle(ctx, set) == SF_OK, "settle");
	sf_deals_encode_exact(set, &count);
	write.at = sf_alloc(ctx, count.size, 1);
	sf_deals_encode_exact(set, &write);
	return (Bytes) {write.at, write.size};
}

static SfStatus
decode(SfCtx *ctx, Bytes bytes, SfDealSet *set)
{
	SfReader	read = {bytes.at, bytes.size, true};

	return sf_deals_decode(ctx, &read, set);
}

static bool
same_bytes(Bytes a, Bytes b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static void
shuffle(SfRng *rng, Row *row, int n)
{
	for (int i = n - 1; i > 0; i--)
	{
		int			j = (int) sf_rng_below(rng, (uint64_t) i + 1);
		Row			swap = row[i];

		row[i] = row[j];
		row[j] = swap;
	}
}

/* Rows such as a CRM has them: round amounts, few probabilities, some certain, lost or empty. */
static void
make_rows(SfRng *rng, Row *row, int n, int kinds)
{
	static const double stage[] = {0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1};

	for (int i = 0; i < n; i++)
	{
		row[i].amount = (double) sf_rng_below(rng, (uint64_t) kinds) / (kinds > 5000 ? 7.0 : 1.0);
		row[i].probability = sf_rng_below(rng, 3) ? stage[sf_rng_below(rng, LENGTH(stage))] : sf_rng_uniform(rng);
		if (sf_rng_below(rng, 20) == 0)
			row[i].amount = -row[i].amount;
	}
}

static void
test_by_hand(void)
{
	static const Row row[] = {{100, 0.5}, {300, 0.25}, {100, 0.5}, {-100, 0.5}, {50, 1}, {70, 0}, {0, 0.5}, {100, 0.25}};
	static const SfDeal wanted[] = {{300, 0.25, 1}, {100, 0.25, 1}, {100, 0.5, 2}, {-100, 0.5, 1}};
	SfDealSet	set;
	Host		host;

	host_init(&host);
	group("a case by hand: large deals first, equal ones counted, certain ones summed");
	check(sf_deals_init(&host.ctx, &set, 0) == SF_OK && add_all(&host.ctx, &set, row, LENGTH(row)), "add");
	check(sf_deals_settle(&host.ctx, &set) == SF_OK && set.n_deals == LENGTH(wanted), "%d pairs", set.n_deals);
	for (int i = 0; i < LENGTH(wanted); i++)
		check(set.deals[i].amount == wanted[i].amount && set.deals[i].probability == wanted[i].probability &&
			  set.deals[i].count == wanted[i].count, "pair %d", i);
	check(set.counted == 8 && sf_sum_value(set.certain) == 50 && set.small_count == 0, "counted");
	check(sf_deals_mean(&set) == 75 + 25 + 100 - 50 + 50, "mean %g", sf_deals_mean(&set));
	done();
	host_free(&host);
}

/* One set of all rows, the reference for every order and every split. */
static Bytes
serial(Host *host, const Row *row, int n, double correlation)
{
	SfDealSet	set;

	check(sf_deals_init(&host->ctx, &set, correlation) == SF_OK, "init");
	add_all(&host->ctx, &set, row, n);
	return encode(&host->ctx, &set);
}

/* Parts of the rows, joined pairwise in random order, some of them sent as bytes in between. */
static Bytes
by_merges(Host *host, SfRng *rng, const Row *row, int n, int parts, double correlation)
{
	SfDealSet	set[16];

	for (int k = 0; k < parts; k++)
	{
		check(sf_deals_init(&host->ctx, &set[k], correlation) == SF_OK, "init");
		for (int i = k; i < n; i += parts)
			add_all(&host->ctx, &set[k], &row[i], 1);
	}
	for (; parts > 1; parts--)
	{
		int			a = (int) sf_rng_below(rng, (uint64_t) parts);
		int			b = (int) sf_rng_below(rng, (uint64_t) parts);

		if (a == b)
			b = (a + 1) % parts;
		if (sf_rng_next(rng) & 1)
		{
			SfDealSet	sent;

			check(decode(&host->ctx, send(&host->ctx, &set[b]), &sent) == SF_OK, "decode");
			set[b] = sent;
		}
		check(sf_deals_merge(&host->ctx, &set[a], &set[b]) == SF_OK, "merge");
		set[b] = set[parts - 1];
		if (a == parts - 1)
			a = b;
	}
	return encode(&host->ctx, &set[0]);
}

static void
test_order(const char *name, int n, int kinds, double correlation, int turns)
{
	SfRng		rng;
	Row		   *row = malloc((size_t) n * sizeof(Row));

	sf_rng_seed(&rng, (uint64_t) n + (uint64_t) kinds);
	group(name);
	for (int turn = 0; turn < turns; turn++)
	{
		Host		host;
		Bytes		wanted;

		host_init(&host);
		make_rows(&rng, row, n, kinds);
		wanted = serial(&host, row, n, correlation);
		shuffle(&rng, row, n);
		check(same_bytes(serial(&host, row, n, correlation), wanted), "another order, other bytes");
		for (int k = 0; k < 3; k++)
			check(same_bytes(by_merges(&host, &rng, row, n, 2 + (int) sf_rng_below(&rng, 15), correlation), wanted),
				  "another split, other bytes");
		host_free(&host);
	}
	done();
	free(row);
}

/* Certain amounts whose sum needs more than one double: what a worker sends must carry them. */
static void
test_certain_split(void)
{
	Row			row[300];
	SfRng		rng;

	sf_rng_seed(&rng, 31);
	group("amounts of certain deals add up to the same bytes in any order and any split");
	for (int turn = 0; turn < 200; turn++)
	{
		Host		host;
		Bytes		wanted;

		host_init(&host);
		for (int i = 0; i < LENGTH(row); i++)
			row[i] = (Row) {floor(random_magnitude(&rng, 2, 7)) / 100, 1};
		wanted = serial(&host, row, LENGTH(row), 0);
		shuffle(&rng, row, LENGTH(row));
		check(same_bytes(by_merges(&host, &rng, row, LENGTH(row), 16, 0), wanted), "turn %d", turn);
		host_free(&host);
	}
	done();
}

/* Small deals alike that fall below the limit together or one by one. */
static void
test_repeated_small(double correlation, int turns)
{
	enum { N = SF_DEALS_MAX + 20000 };
	Row		   *row = malloc(N * sizeof(Row));
	SfRng		rng;

	sf_rng_seed(&rng, 34);
	group(correlation > 0 ? "small deals that are alike give the same bytes however they come, correlated" :
		  "small deals that are alike give the same bytes however they come");
	for (int turn = 0; turn < turns; turn++)
	{
		Host		host;
		Bytes		wanted;

		host_init(&host);
		for (int i = 0; i < N; i++)
			row[i] = i < SF_DEALS_MAX ? (Row) {1000 + i, 0.3} : (Row) {0.1 * (double) (1 + sf_rng_below(&rng, 7)), 0.3};
		/* large ones first: the small ones then fall one by one, else all at once */
		wanted = serial(&host, row, N, correlation);
		for (int k = 0; k < 2; k++)
		{
			shuffle(&rng, row, N);
			check(same_bytes(serial(&host, row, N, correlation), wanted), "another order, other bytes");
			check(same_bytes(by_merges(&host, &rng, row, N, 4, correlation), wanted), "another split, other bytes");
		}
		host_free(&host);
	}
	done();
	free(row);
}

static void
test_round_trip(void)
{
	SfRng		rng;
	Row			row[300];

	sf_rng_seed(&rng, 32);
	group("decode then encode gives the same bytes");
	for (int turn = 0; turn < 300; turn++)
	{
		SfDealSet	set;
		Host		host;
		Bytes		bytes;
		int			n = turn < 3 ? turn : (int) sf_rng_below(&rng, LENGTH(row));

		host_init(&host);
		make_rows(&rng, row, n, 50);
		bytes = serial(&host, row, n, turn % 2 ? 0.3 : 0);
		check(decode(&host.ctx, bytes, &set) == SF_OK && same_bytes(encode(&host.ctx, &set), bytes), "%d rows", n);
		host_free(&host);
	}
	done();
}

/* Damaged bytes are refused, or they are another set in its one canonical form. */
static void
check_damaged(Bytes bytes, const char *how, size_t where)
{
	SfDealSet	set;
	Host		host;
	SfStatus	status;

	host_init(&host);
	host.bytes_max = 1 << 24;
	status = decode(&host.ctx, bytes, &set);
	if (status == SF_OK)
		check(same_bytes(bytes.at[4] == 1 ? encode(&host.ctx, &set) : send(&host.ctx, &set), bytes), "%s at %zu: not canonical", how, where);
	else
		check(fails_with(&host, status, SF_BAD_BYTES), "%s at %zu gives %d", how, where, status);
	host_free(&host);
}

static void
damage(Bytes bytes, size_t stride, int flips)
{
	unsigned char *copy = malloc(bytes.size + 1);

	for (size_t at = 0; at < bytes.size; at += stride)
		for (int flip = 1; flip < 256; flip = flips == 255 ? flip + 1 : flip * 2)
		{
			Bytes		damaged = {copy, bytes.size};

			memcpy(copy, bytes.at, bytes.size);
			copy[at] ^= (unsigned char) flip;
			check_damaged(damaged, "flip", at);
		}
	for (size_t size = 0; size < bytes.size; size += stride)
	{
		Bytes		cut = {malloc(size + 1), size};
		SfDealSet	set;
		Host		host;

		host_init(&host);
		memcpy(cut.at, bytes.at, size);
		check(decode(&host.ctx, cut, &set) == SF_BAD_BYTES, "cut to %zu of %zu bytes", size, bytes.size);
		host_free(&host);
		free(cut.at);
	}
	memcpy(copy, bytes.at, bytes.size);
	copy[bytes.size] = 0;
	check_damaged((Bytes) {copy, bytes.size + 1}, "one byte more", bytes.size);
	free(copy);
}

/* A list of one deal more than are ever kept, in good order. */
static void
check_too_many(Host *host, const Row *row)
{
	SfDealSet	set;
	SfDeal		more[SF_DEALS_MAX + 1];
	SfWriter	write = {sf_alloc(&host->ctx, 100 + sizeof more, 1), 0};

	for (int i = 0; i <= SF_DEALS_MAX; i++)
		more[i] = (SfDeal) {row[SF_DEALS_MAX - i].amount, 0.5, 1};
	check(sf_deals_init(&host->ctx, &set, 0) == SF_OK, "init");
	set.deals = more;
	set.n_deals = SF_DEALS_MAX + 1;
	set.counted = set.n_deals;
	sf_deals_encode(&set, &write);
	check(decode(&host->ctx, (Bytes) {write.at, write.size}, &set) == SF_BAD_BYTES, "more deals than are kept were read");
}

static void
test_hostile_bytes(void)
{
	static const Row few[] = {{100, 0.5}, {100, 0.5}, {30, 0.25}, {-7, 0.9}, {5, 1}, {3, 0}};
	Host		host;
	SfDealSet	set;
	Row		   *many = malloc(9000 * sizeof(Row));

	host_init(&host);
	group("every flipped bit and every cut is refused, or a valid set: no, few and many deals");
	damage(serial(&host, few, 0, 0), 1, 255);
	damage(serial(&host, few, LENGTH(few), 0), 1, 255);
	damage(serial(&host, few, LENGTH(few), 0.5), 1, 255);
	check(sf_deals_init(&host.ctx, &set, 0.5) == SF_OK && add_all(&host.ctx, &set, few, LENGTH(few)), "add");
	damage(send(&host.ctx, &set), 1, 255);
	for (int i = 0; i < 9000; i++)
		many[i] = (Row) {i + 1, 0.5};
	check_too_many(&host, many);
	damage(serial(&host, many, 9000, 0), 4999, 8);
	damage(serial(&host, many, 9000, 0.5), 4999, 8);
	done();
	free(many);
	host_free(&host);
}

/* Sets whose sums would overflow must not be accepted: what is added later then cannot be read back. */
static void
test_hostile_sums(void)
{
	Host		host;
	Bytes		bytes;
	SfDealSet	set;
	SfDealSet	other;
	double		huge = 1.7e308;

	host_init(&host);
	group("a set of hostile bytes, added to itself, can still be written and read");
	bytes = serial(&host, (Row[]) {{5, 1}}, 1, 0);
	memcpy(bytes.at + 24, &huge, 8);	/* certain */
	if (decode(&host.ctx, bytes, &set) == SF_OK && decode(&host.ctx, bytes, &other) == SF_OK)
	{
		SfStatus	status = sf_deals_merge(&host.ctx, &set, &other);

		if (status == SF_OK)
			check(decode(&host.ctx, encode(&host.ctx, &set), &other) == SF_OK, "the sum %g cannot be read back",
				  sf_sum_value(set.certain));
		else
			check(fails_with(&host, status, SF_OVERFLOW), "status %d", status);
	}
	else
		check(true, "refused");
	done();
	host_free(&host);
}

static void
test_hostile_rows(void)
{
	static const struct
	{
		double		amount;
		double		probability;
		SfStatus	status;
	}			cases[] = {
		{NAN, 0.5, SF_BAD_DATA}, {INFINITY, 0.5, SF_OVERFLOW}, {-INFINITY, 0.5, SF_OVERFLOW}, {2e90, 0.5, SF_OVERFLOW},
		{-2e90, 1, SF_OVERFLOW}, {1, NAN, SF_BAD_DATA}, {1, -1e-300, SF_BAD_DATA}, {1, 1.0000000000000002, SF_BAD_DATA}
	};
	static const Row fine[] = {{5e-324, 5e-324}, {1e90, 1 - 0x1p-53}, {-1e90, 5e-324}, {-0.0, 0.5}, {1, -0.0}, {1e90, 1}};
	Host		host;
	SfDealSet	set;
	SfDealSet	back;
	Bytes		before;

	host_init(&host);
	group("rows that break the contract are refused, the set unchanged");
	check(sf_deals_init(&host.ctx, &set, 0.2) == SF_OK && sf_deals_add(&host.ctx, &set, 7, 0.5) == SF_OK, "add");
	before = encode(&host.ctx, &set);
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfStatus	status = sf_deals_add(&host.ctx, &set, cases[i].amount, cases[i].probability);

		check(fails_with(&host, status, cases[i].status), "case %d gives %d", i, status);
		check(same_bytes(encode(&host.ctx, &set), before), "case %d changed the set", i);
	}
	done();

	group("the smallest and largest rows are rows like others");
	add_all(&host.ctx, &set, fine, LENGTH(fine));
	check(set.counted == 7, "counted");
	check(decode(&host.ctx, encode(&host.ctx, &set), &back) == SF_OK, "cannot be read back");
	done();

	group("a correlation outside 0 .. 0.99 is refused; sets of two correlations do not merge");
	check(sf_deals_init(&host.ctx, &back, NAN) == SF_BAD_ARGUMENT, "NaN");
	check(sf_deals_init(&host.ctx, &back, -0.01) == SF_BAD_ARGUMENT, "negative");
	check(sf_deals_init(&host.ctx, &back, 0.991) == SF_BAD_ARGUMENT, "0.991");
	check(sf_deals_init(&host.ctx, &back, 0.99) == SF_OK, "0.99");
	before = encode(&host.ctx, &set);
	check(sf_deals_merge(&host.ctx, &set, &back) == SF_BAD_ARGUMENT && same_bytes(encode(&host.ctx, &set), before), "merge");
	done();

	group("no more than 2^53 deals");
	check(sf_deals_init(&host.ctx, &back, 0.2) == SF_OK && sf_deals_add(&host.ctx, &back, 1, 0.5) == SF_OK, "add");
	back.deals[0].count = back.counted = SF_DEALS_COUNT_MAX;
	check(sf_deals_add(&host.ctx, &back, 1, 0.5) == SF_TOO_LARGE && back.counted == SF_DEALS_COUNT_MAX, "add");
	check(sf_deals_merge(&host.ctx, &set, &back) == SF_TOO_LARGE, "merge");
	done();
	host_free(&host);
}

/* Above the limit the mean and the moments are still those of all rows. */
static void
test_small_deals(void)
{
	enum { N = 30000 };
	Row		   *row = malloc(N * sizeof(Row));
	SfRng		rng;
	Host		host;
	SfDealSet	set;
	double		variance = 0;
	long double mean = 0;
	double		size = 0;

	host_init(&host);
	sf_rng_seed(&rng, 33);
	make_rows(&rng, row, N, 1000000);
	for (int i = 0; i < N; i++)
		mean += (long double) row[i].amount * row[i].probability;
	group("beyond the limit the largest pairs are kept, and the others live on as moments");
	check(sf_deals_init(&host.ctx, &set, 0) == SF_OK && add_all(&host.ctx, &set, row, N), "add");
	check(sf_deals_settle(&host.ctx, &set) == SF_OK && set.n_deals == SF_DEALS_MAX && set.counted == N, "%d kept", set.n_deals);
	for (int i = 0; i < N; i++)
		if (row[i].probability > 0 && row[i].probability < 1 && fabs(row[i].amount) < fabs(set.deals[SF_DEALS_MAX - 1].amount))
		{
			variance += row[i].amount * row[i].amount * row[i].probability * (1 - row[i].probability);
			size += fabs(row[i].amount);
		}
	check(close_to(sf_deals_mean(&set), (double) mean, 0, 1e-15), "mean %.17g, wanted %.17Lg", sf_deals_mean(&set), mean);
	check(close_to(sf_sum_value(set.small[0].variance), variance, 0, 1e-12), "variance");
	check(close_to(sf_sum_value(set.small_size), size, 0, 1e-12), "size");
	done();
	free(row);
	host_free(&host);

	group("the mean is rounded once, also for deals that are alike");
	host_init(&host);
	check(sf_deals_init(&host.ctx, &set, 0) == SF_OK, "init");
	for (int i = 0; i < 7; i++)
		check(sf_deals_add(&host.ctx, &set, 0.1, 0.3) == SF_OK, "add");
	check(sf_deals_settle(&host.ctx, &set) == SF_OK &&
		  sf_deals_mean(&set) == (double) (7 * (long double) 0.1 * 0.3), "mean %.17g", sf_deals_mean(&set));
	done();
	host_free(&host);
}

static void
test_conditional(void)
{
	static const double rho[] = {0.01, 0.3, 0.5, 0.9, 0.99};
	static const double p[] = {1e-6, 0.01, 0.3, 0.5, 0.8, 0.999};

	group("given the factor, probabilities average to the deal's own");
	for (int r = 0; r < LENGTH(rho); r++)
		for (int k = 0; k < LENGTH(p); k++)
		{
			double		sum = 0;

			for (int i = -1800; i <= 1800; i++)
			{
				double		z = i / 200.0;

				sum += sf_conditional_probability(rho[r], sf_normal_quantile(p[k]), z) * exp(-0.5 * z * z) / 200;
			}
			sum /= sqrt(2 * acos(-1));
			check(close_to(sum, p[k], 1e-13, 1e-9), "rho %g, p %g: %.15g", rho[r], p[k], sum);
		}
	done();

	group("the grid of the factor is even, symmetric and reaches 6");
	for (int r = 0; r < LENGTH(rho); r++)
	{
		int32_t		n = sf_grid_nodes(rho[r]);

		check(n % 2 == 1 && n >= 9 && close_to(sf_grid_node(rho[r], 0), -6, 0, 0) && close_to(sf_grid_node(rho[r], n - 1), 6, 1e-12, 0) &&
			  sf_grid_node(rho[r], n / 2) == 0, "rho %g", rho[r]);
	}
	check(sf_grid_nodes(0) == 1, "no factor, one node");
	done();
}

static SfStatus
build_and_merge(SfCtx *ctx, void *argument)
{
	const Row  *row = argument;
	SfDealSet	set[2];
	SfStatus	status;

	for (int k = 0; k < 2; k++)
	{
		status = sf_deals_init(ctx, &set[k], 0);
		for (int i = 0; i < 9000 && status == SF_OK; i++)
			status = sf_deals_add(ctx, &set[k], row[i].amount + k, row[i].probability);
		if (status == SF_OK)
			status = sf_deals_settle(ctx, &set[k]);
		if (status != SF_OK)
			return status;
	}
	status = sf_deals_merge(ctx, &set[0], &set[1]);
	return status != SF_OK ? status : sf_deals_settle(ctx, &set[0]);
}

static SfStatus
decode_again(SfCtx *ctx, void *argument)
{
	SfDealSet	set;

	return decode(ctx, *(Bytes *) argument, &set);
}

static void
test_refusal(void)
{
	Row		   *row = malloc(9000 * sizeof(Row));
	Host		host;
	Bytes		bytes;

	for (int i = 0; i < 9000; i++)
		row[i] = (Row) {i + 1.5, 0.25};
	host_init(&host);
	bytes = serial(&host, row, 9000, 0);
	group("each refused allocation is a clean failure: adding, settling, merging, reading");
	refuse_each(build_and_merge, row);
	refuse_each(decode_again, &bytes);
	done();

	group("a set that was refused memory goes on as if nothing had been");
	{
		SfDealSet	set;
		int			n = 0;

		check(sf_deals_init(&host.ctx, &set, 0) == SF_OK, "init");
		for (int64_t k = 0; n < 9000; k++)
		{
			host.refuse_at = host.allocations + 1 + k % 3;
			if (sf_deals_add(&host.ctx, &set, row[n].amount, row[n].probability) == SF_OK)
				n++;
		}
		host.refuse_at = host.allocations + 1;
		(void) sf_deals_settle(&host.ctx, &set);
		host.refuse_at = 0;
		check(same_bytes(encode(&host.ctx, &set), bytes), "other bytes");
	}
	done();
	free(row);
	host_free(&host);
}

int
main(void)
{
	test_by_hand();
	test_order("any order and any split gives the same bytes: few kinds", 2000, 40, 0, 10);
	test_order("any order and any split gives the same bytes: few kinds, correlated", 2000, 40, 0.5, 10);
	test_order("any order and any split gives the same bytes: more kinds than are kept", 30000, 20000, 0, 3);
	test_order("any order and any split gives the same bytes: more kinds than are kept, correlated", 15000, 9000, 0.05, 1);
	test_repeated_small(0, 6);
	test_repeated_small(0.05, 1);
	test_certain_split();
	test_round_trip();
	test_hostile_bytes();
	test_hostile_sums();
	test_hostile_rows();
	test_small_deals();
	test_conditional();
	test_refusal();
	return finish();
}
