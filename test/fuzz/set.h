/*
 * set.h
 *		What the fuzzers of sets share: questions to a decoded set.
 */
#ifndef SF_FUZZ_SET_H
#define SF_FUZZ_SET_H

#include "fuzz.h"

#include "core/pipeline/distribution.h"

static unsigned char *
bytes_of(SfDealSet *set, SfCtx *ctx, bool exact, size_t *size)
{
	void		(*encode) (const SfDealSet *set, SfWriter *write) = exact ? sf_deals_encode_exact : sf_deals_encode;
	SfWriter	count = {0};
	SfWriter	write = {0};

	encode(set, &count);
	write.at = sf_alloc(ctx, count.size, 1);
	demand(write.at != NULL, "memory for the bytes");
	encode(set, &write);
	*size = count.size;
	return write.at;
}

/* Ordered answers within the possible; any clean refusal. */
static void
ask(SfCtx *ctx, const SfDealSet *set)
{
	SfDistribution d;
	double		sd;
	double		last = -INFINITY;
	SfStatus	status = sf_distribution_evaluate(ctx, set, &d);

	demand(status == SF_OK || status == SF_CANCELLED || status == SF_NO_MEMORY || status == SF_TOO_LARGE || status == SF_OVERFLOW,
		   "the status of an evaluation");
	if (status == SF_OK)
		for (double p = 0; p <= 1; p += 0.25)
		{
			double		x = sf_distribution_quantile(&d, p);
			double		tail = sf_distribution_at_least(&d, x);

			demand(isfinite(x) && x >= last, "quantiles are numbers and rise");
			demand(tail >= 0 && tail <= 1, "probabilities lie within 0 and 1");
			last = x;
		}
	status = sf_distribution_stddev(ctx, set, &sd);
	demand(status != SF_OK || (isfinite(sd) && sd >= 0), "a standard deviation is a number");
	demand(isfinite(sf_deals_mean(set)), "a mean is a number");
}

/* Decode hostile bytes; if they are a set, everything that can be done with one must work. */
static void
try_bytes(const unsigned char *data, size_t size)
{
	Host		host;
	SfReader	read = {data, size, true};
	SfReader	again = {data, size, true};
	SfDealSet	set;
	SfDealSet	other;
	unsigned char *bytes;
	size_t		written;
	SfStatus	status;

	fuzz_host(&host);
	status = sf_deals_decode(&host.ctx, &read, &set);
	demand(status == SF_OK || status == SF_BAD_BYTES || status == SF_NO_MEMORY, "the status of a decoder");
	if (status == SF_OK)
	{
		bytes = bytes_of(&set, &host.ctx, data[4] == 2, &written);
		demand(written == size && memcmp(bytes, data, size) == 0, "decode then encode gives the same bytes");
		ask(&host.ctx, &set);
		host.bytes_max = 4 * FUZZ_BYTES_MAX;
		host.cancel_at = 0;
		demand(sf_deals_decode(&host.ctx, &again, &other) == SF_OK, "what was read once is read twice");
		status = sf_deals_merge(&host.ctx, &set, &other);
		demand(status == SF_OK || status == SF_TOO_LARGE || status == SF_OVERFLOW || status == SF_NO_MEMORY, "the status of a merge");
		if (status == SF_OK && sf_deals_settle(&host.ctx, &set) == SF_OK)
		{
			bytes = bytes_of(&set, &host.ctx, false, &written);
			again = (SfReader) {bytes, written, true};
			demand(sf_deals_decode(&host.ctx, &again, &other) == SF_OK, "a merged set can be read back");
		}
	}
	host_free(&host);
}

#endif							/* SF_FUZZ_SET_H */
