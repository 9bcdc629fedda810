/*
 * bridge.h
 *		The core's host contract, kept by PostgreSQL.
 */
#ifndef SF_BRIDGE_H
#define SF_BRIDGE_H

#include "pg/compat.h"

#include "core/base/ctx.h"
#include "nodes/execnodes.h"

/* A context whose memory lives in cxt and whose poll takes interrupts. */
extern void sf_ctx_init(SfCtx *ctx, MemoryContext cxt);

/* Raises the error that status stands for; returns only on SF_OK. */
extern void sf_raise_unless_ok(const SfCtx *ctx, SfStatus status);

/*
 * The memory context of the aggregate that calls; an error when a support
 * function is called by hand.
 */
extern MemoryContext sf_aggregate_context(FunctionCallInfo fcinfo);

/* The same check without the context, cheap enough for every row. */
static inline void
sf_check_aggregate(FunctionCallInfo fcinfo)
{
	if (unlikely(fcinfo->context == NULL ||
				 (!IsA(fcinfo->context, AggState) && !IsA(fcinfo->context, WindowAggState))))
		(void) sf_aggregate_context(fcinfo);
}

#endif							/* SF_BRIDGE_H */
