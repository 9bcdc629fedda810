/*
 * fuzz.h
 *		What every fuzzer shares: a host that refuses above 64 MB and cancels after a
 *		number of polls, and a claim that aborts when it does not hold.
 */
#ifndef SF_FUZZ_H
#define SF_FUZZ_H

#include "check.h"

#define FUZZ_BYTES_MAX ((size_t) 64 << 20)
#define FUZZ_POLLS 300

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds, const char *what)
{
	if (!holds)
	{
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void
fuzz_host(Host *host)
{
	host_init(host);
	host->bytes_max = FUZZ_BYTES_MAX;
	host->cancel_at = FUZZ_POLLS;
}

#endif							/* SF_FUZZ_H */
