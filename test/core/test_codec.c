/* Tests of core/base/codec.h: bounded byte reader and writer. */
#include "check.h"

#include "core/base/codec.h"

static void
test_layout(void)
{
	unsigned char bytes[64];
	SfWriter	write = {bytes, 0};
	SfWriter	count = {0};
	static const unsigned char wanted[] = {
		0x04, 0x03, 0x02, 0x01,
		0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0, 0, 0, 0, 0, 0, 0xf8, 0x3f};

	group("integers are little-endian, doubles their IEEE bits, on every machine");
	sf_write_bits(&write, 0x01020304, 4);
	sf_write_int64(&write, -2);
	sf_write_double(&write, 1.5);
	check(write.size == sizeof wanted && memcmp(bytes, wanted, sizeof wanted) == 0, "the bytes of a case by hand");
	sf_write_bits(&count, 0x01020304, 4);
	sf_write_int64(&count, -2);
	sf_write_double(&count, 1.5);
	check(count.size == write.size, "a writer without memory counts the same");
	done();
}

static void
test_round_trip(void)
{
	SfRng		rng;
	unsigned char bytes[24];

	sf_rng_seed(&rng, 2);
	group("what was written is read back, bit for bit");
	for (int i = 0; i < 100000; i++)
	{
		SfWriter	write = {bytes, 0};
		SfReader	read = {bytes, sizeof bytes, true};
		double		x = i == 0 ? -0.0 : i == 1 ? NAN : i == 2 ? INFINITY : random_bits(&rng);
		int64_t		n = i == 0 ? INT64_MIN : (int64_t) sf_rng_next(&rng);
		int			width = 1 + (int) sf_rng_below(&rng, 8);
		uint64_t	part = sf_rng_next(&rng) >> (64 - 8 * width);

		sf_write_double(&write, x);
		sf_write_int64(&write, n);
		sf_write_bits(&write, part, width);
		check(same_bits(sf_read_double(&read), x) && sf_read_int64(&read) == n &&
			  sf_read_bits(&read, width) == part && read.ok && read.left == (size_t) (8 - width),
			  "%a, %" PRId64 ", %" PRIu64, x, n, part);
	}
	done();
}

static void
test_end(void)
{
	group("a reader never passes its end, and stays failed");
	for (size_t size = 0; size < 8; size++)
	{
		unsigned char *bytes = malloc(size + 1);
		SfReader	read = {bytes + 1, size, true};

		memset(bytes, 1, size + 1);
		check(sf_read_double(&read) == 0.0 && !read.ok, "%zu bytes are no double", size);
		check(sf_read_bits(&read, 1) == 0 && !read.ok && read.left == size, "failed for good");
		free(bytes);
	}
	done();
}

int
main(void)
{
	test_layout();
	test_round_trip();
	test_end();
	return finish();
}
