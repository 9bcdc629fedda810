/*
 * win_training.h
 *		Deals that were collected, made into a win_model: for aggregates and for queries.
 */
#ifndef SF_WIN_TRAINING_H
#define SF_WIN_TRAINING_H

#include "pg/compat.h"

#include "core/winprob/winmodel.h"

/*
 * A context whose allocations are refused once `counted` and all below it hold
 * more than maintenance_work_mem; memory comes from `cxt`, which lies below it.
 */
typedef struct SfLimit
{
	MemoryContext counted;
	MemoryContext cxt;
	Size		room;
} SfLimit;

extern void sf_limit_init(SfLimit *limit, SfCtx *ctx, MemoryContext counted, MemoryContext cxt);

/* As sf_raise_unless_ok; memory that ran out names maintenance_work_mem. */
extern void sf_limit_raise_unless_ok(const SfCtx *ctx, SfStatus status);

/*
 * sf_win_fit_value
 *		Train and return the value. Progress is reported when nothing else is.
 *		Errors: 22000 with every check that refuses, and what the core raises.
 */
extern Datum sf_win_fit_value(SfArena *arena, const SfFrame *frame, const SfWinOptions *options);

/* The same on top of a trained model. */
extern Datum sf_win_update_value(SfArena *arena, const SfWinModel *old, const SfFrame *frame);

/* Tells sf_progress how far the core has come; arg is a bool, whether it is shown. */
extern void sf_win_report(void *arg, int64_t done, int64_t total);

#endif							/* SF_WIN_TRAINING_H */
