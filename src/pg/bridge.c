/*
 * bridge.c
 *		The core's host contract, kept by PostgreSQL.
 */
#include "pg/bridge.h"

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

static void *
host_alloc(void *host, size_t size)
{
	if (size > MaxAllocHugeSize)
		return NULL;
	return MemoryContextAllocExtended((MemoryContext) host, size,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

/*
 * The core may be abandoned anywhere, so the interrupt is taken right here.
 * (Looking at the cancel flags alone would hold up a barrier such as the one
 * DROP DATABASE waits for.)
 */
static bool
host_poll(void *host)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

void
sf_ctx_init(SfCtx *ctx, MemoryContext cxt)
{
	*ctx = (SfCtx) {.alloc = host_alloc, .poll = host_poll, .host = cxt, .where = -1};
}

/* The one table from status to SQLSTATE. */
static int
sqlstate_of(SfStatus status)
{
	switch (status)
	{
		case SF_OK:
			return ERRCODE_SUCCESSFUL_COMPLETION;
		case SF_BAD_ARGUMENT:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case SF_BAD_DATA:
			return ERRCODE_DATA_EXCEPTION;
		case SF_OVERFLOW:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
		case SF_BAD_BYTES:
			return ERRCODE_INVALID_BINARY_REPRESENTATION;
		case SF_TOO_LARGE:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case SF_NO_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case SF_CANCELLED:
			return ERRCODE_QUERY_CANCELED;
	}
	return ERRCODE_INTERNAL_ERROR;
}

void
sf_raise_unless_ok(const SfCtx *ctx, SfStatus status)
{
	if (status == SF_OK)
		return;
	if (status == SF_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	ereport(ERROR,
			(errcode(sqlstate_of(status)),
			 errmsg("%s", ctx->what),
			 ctx->has_value ?
			 errdetail("The value given is %s.", float8out_internal(ctx->value)) : 0,
			 ctx->where >= 0 ?
			 errcontext("row " INT64_FORMAT " of the input", ctx->where + 1) : 0));
}

MemoryContext
sf_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext cxt;

	if (!AggCheckCallContext(fcinfo, &cxt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function supports an aggregate and cannot be called by itself")));
	return cxt;
}
