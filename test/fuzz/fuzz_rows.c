/*
 * Hostile rows: amounts and probabilities of any bits, up to 60 of them.  What
 * is taken must give a set that can be written, read, added up and asked.
 */
#include "set.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SfReader	read = {data, size, true};
	Host		host;
	SfDealSet	set;
	unsigned char *bytes;
	size_t		written;

	fuzz_host(&host);
	if (sf_deals_init(&host.ctx, &set, sf_read_double(&read)) == SF_OK)
	{
		for (int i = 0; i < 60 && read.left >= 16; i++)
		{
			double		amount = sf_read_double(&read);
			SfStatus	status = sf_deals_add(&host.ctx, &set, amount, sf_read_double(&read));

			demand(status == SF_OK || status == SF_BAD_DATA || status == SF_OVERFLOW, "the status of a row");
		}
		demand(sf_deals_settle(&host.ctx, &set) == SF_OK, "a set can be settled");
		bytes = bytes_of(&set, &host.ctx, false, &written);
		try_bytes(bytes, written);
		bytes = bytes_of(&set, &host.ctx, true, &written);
		try_bytes(bytes, written);
	}
	host_free(&host);
	return 0;
}
