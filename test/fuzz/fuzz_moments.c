/*
 * Hostile bytes where a set holds the moments of its small deals.  These come
 * after a full list of large ones, too long to be found by chance: the list is
 * written here, header and moments come from the fuzzer.
 */
#include "set.h"

#define KEPT_BYTES ((size_t) SF_DEALS_MAX * 24)
#define HEADER 8

static void
write_full_list(SfWriter *write, double correlation, int64_t small_count)
{
	sf_write_bits(write, 'S' | 'F' << 8 | 'D' << 16 | (uint64_t) 'S' << 24, 4);
	sf_write_bits(write, 1, 4);
	sf_write_double(write, correlation);
	sf_write_int64(write, SF_DEALS_COUNT_MAX);
	sf_write_double(write, 0);
	sf_write_int64(write, SF_DEALS_MAX);
	for (int i = SF_DEALS_MAX; i > 0; i--)
	{
		sf_write_double(write, i * 1.5);
		sf_write_double(write, 0.5);
		sf_write_int64(write, 1);
	}
	sf_write_int64(write, small_count);
}

/* From the fuzzer: correlation in per cent, count, then doubles as they are; missing ones are 1. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SfReader	read = {data, size, true};
	double		correlation;
	int64_t		count;
	int32_t		numbers;
	unsigned char *bytes;
	SfWriter	write = {0};

	if (size < HEADER)
		return 0;
	correlation = (double) (sf_read_bits(&read, 1) % 100) / 100;
	count = 1 + (int64_t) sf_read_bits(&read, 7) % (SF_DEALS_COUNT_MAX / 2);
	numbers = 2 + 3 * sf_grid_nodes(correlation);
	bytes = malloc(48 + KEPT_BYTES + 8 * (size_t) numbers);
	demand(bytes != NULL, "memory for the input");
	write.at = bytes;
	write_full_list(&write, correlation, count);
	for (int32_t i = 0; i < numbers; i++)
	{
		double		x = sf_read_double(&read);

		sf_write_double(&write, read.ok ? x : 1.0);
	}
	try_bytes(bytes, write.size);
	free(bytes);
	return 0;
}
