/*
 * check.h
 *		What every test of the core shares: TAP lines, and a host that counts,
 *		refuses and cancels.
 *
 * A program groups its checks under names, one TAP line each; a group without
 * a check has failed.  Include this file once per program.
 */
#ifndef SF_CHECK_H
#define SF_CHECK_H

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ctx.h"
#include "core/base/rng.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))
#define UNUSED __attribute__((unused))

/* How many failures of one group are told in full. */
#define TOLD_MAX 5

/* What the host gives out at most, like one allocation of PostgreSQL. */
#define HOST_BYTES_MAX ((size_t) 1 << 30)

static int	check_groups;
static int	check_failed_groups;
static const char *check_name;
static int64_t check_count;
static int64_t check_failed;

static void
group(const char *name)
{
	check_name = name;
	check_count = 0;
	check_failed = 0;
}

/* Returns passed, so that a caller can stop where the rest makes no sense. */
__attribute__((format(printf, 2, 3)))
static bool
check(bool passed, const char *format,...)
{
	va_list		args;

	check_count++;
	if (passed || ++check_failed > TOLD_MAX)
		return passed;
	printf("# %s: ", check_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return false;
}

static void
done(void)
{
	bool		passed = check_failed == 0 && check_count > 0;

	check_groups++;
	check_failed_groups += !passed;
	if (check_failed > TOLD_MAX)
		printf("# %s: %" PRId64 " of %" PRId64 " checks failed\n", check_name, check_failed, check_count);
	if (check_count == 0)
		printf("# %s: nothing was checked\n", check_name);
	printf("%sok %d - %s\n", passed ? "" : "not ", check_groups, check_name);
	/* a crash then tells how far the program came */
	fflush(stdout);
}

static int
finish(void)
{
	printf("1..%d\n", check_groups);
	return check_failed_groups > 0 || check_groups == 0 ? 1 : 0;
}

/* got is within absolute + relative * |wanted| of wanted; equal infinities are close, a NaN never is. */
UNUSED static bool
close_to(double got, double wanted, double absolute, double relative)
{
	return got == wanted || fabs(got - wanted) <= absolute + relative * fabs(wanted);
}

/* The same number, bit for bit. */
UNUSED static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

/* A host whose memory is freed at once, and that can refuse or cancel. */
typedef struct HostBlock
{
	struct HostBlock *next;
	size_t		size;
	double		align[];		/* the memory given out */
} HostBlock;

typedef struct Host
{
	SfCtx		ctx;
	HostBlock  *blocks;
	int64_t		allocations;
	int64_t		polls;
	int64_t		refuse_at;		/* the allocation to refuse, from 1 on; 0 = none */
	int64_t		cancel_at;		/* the poll to cancel, from 1 on; 0 = none */
	size_t		bytes;			/* given out so far */
	size_t		bytes_max;		/* refuse beyond */
} Host;

static void *
host_alloc(void *data, size_t size)
{
	Host	   *host = data;
	HostBlock  *block;

	if (++host->allocations == host->refuse_at)
		return NULL;
	if (size > host->bytes_max - host->bytes)
		return NULL;
	block = malloc(sizeof(HostBlock) + size);
	if (block == NULL)
		return NULL;
	host->bytes += size;
	block->size = size;
	block->next = host->blocks;
	host->blocks = block;
	/* memory is not zeroed: reading it too soon must show */
	memset(block->align, 0xA5, size);
	return block->align;
}

static bool
host_poll(void *data)
{
	Host	   *host = data;

	return ++host->polls == host->cancel_at;
}

static void
host_init(Host *host)
{
	*host = (Host) {
		.ctx = {.alloc = host_alloc, .poll = host_poll, .host = host, .where = -1},
		.bytes_max = HOST_BYTES_MAX
	};
}

static void
host_free(Host *host)
{
	while (host->blocks != NULL)
	{
		HostBlock  *next = host->blocks->next;

		free(host->blocks);
		host->blocks = next;
	}
	host->bytes = 0;
}

/* A failure tells which rule was broken. */
UNUSED static bool
fails_with(const Host *host, SfStatus status, SfStatus wanted)
{
	return status == wanted && host->ctx.what != NULL && strlen(host->ctx.what) > 0;
}

/* Work that a test runs again and again under a failing host. */
typedef SfStatus (*Work) (SfCtx *ctx, void *argument);

/*
 * refuse_each
 *		Refuse the k-th allocation, for every k until the work succeeds: each
 *		time SF_NO_MEMORY, never a crash.  The work must allocate.
 */
UNUSED static void
refuse_each(Work work, void *argument)
{
	bool		stopped = false;

	for (int64_t k = 1; !stopped; k++)
	{
		Host		host;
		SfStatus	status;

		host_init(&host);
		host.refuse_at = k;
		status = work(&host.ctx, argument);
		host_free(&host);
		if (status == SF_OK && host.allocations < k)
		{
			check(k > 1, "the work takes no memory");
			return;
		}
		stopped = !check(fails_with(&host, status, SF_NO_MEMORY),
						 "refused allocation %" PRId64 " gives status %d", k, status);
	}
}

/* The same for polls, every `stride`-th of them. */
UNUSED static void
cancel_each(Work work, void *argument, int64_t stride)
{
	for (int64_t k = 1;; k += stride)
	{
		Host		host;
		SfStatus	status;

		host_init(&host);
		host.cancel_at = k;
		status = work(&host.ctx, argument);
		host_free(&host);
		if (status == SF_OK && host.polls < k)
		{
			check(k > 1, "the work never polls");
			return;
		}
		if (!check(fails_with(&host, status, SF_CANCELLED),
				   "cancelled poll %" PRId64 " gives status %d", k, status))
			return;
	}
}

/* Uniform on lo .. hi, and with that order of magnitude. */
UNUSED static double
random_between(SfRng *rng, double lo, double hi)
{
	return lo + (hi - lo) * sf_rng_uniform(rng);
}

UNUSED static double
random_magnitude(SfRng *rng, double log10_lo, double log10_hi)
{
	return pow(10.0, random_between(rng, log10_lo, log10_hi));
}

/* Any double at all: normal, denormal, infinite, NaN. */
UNUSED static double
random_bits(SfRng *rng)
{
	uint64_t	bits = sf_rng_next(rng);
	double		x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

#endif							/* SF_CHECK_H */
