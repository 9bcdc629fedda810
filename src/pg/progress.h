/*
 * progress.h
 *		How far long work has come, for other sessions to see.
 *
 * The server's progress slots are for its own commands; ours borrow a slot that
 * is not in use, marked by a number of our own.  Nothing needs to be preloaded.
 */
#ifndef SF_PROGRESS_H
#define SF_PROGRESS_H

#include "pg/compat.h"

typedef enum SfWork
{
	SF_WORK_NONE = 0,
	SF_WORK_READ_ROWS,			/* reading the rows of a query */
	SF_WORK_SERIES,				/* working on one series after another; counted in rows */
	SF_WORK_RECONCILE,			/* making forecasts add up; counted in rows given out */
	SF_WORK_TRAIN,				/* training a model; counted in the fits that are done */
	SF_WORK_LAST = SF_WORK_TRAIN
} SfWork;

/*
 * sf_progress_start
 *		Report this work until sf_progress_end.  False when another command of
 *		this backend reports already, or in a parallel worker: then nothing is
 *		shown.  Call sf_progress_end in PG_FINALLY with what was returned.
 */
extern bool sf_progress_start(SfWork work, int64 total);
extern void sf_progress_update(bool shown, int64 done);
extern void sf_progress_total(bool shown, int64 total);
extern void sf_progress_end(bool shown);

#endif							/* SF_PROGRESS_H */
