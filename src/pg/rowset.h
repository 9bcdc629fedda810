/*
 * rowset.h
 *		Rows out: a set-returning function that writes all its rows at once.
 */
#ifndef SF_ROWSET_H
#define SF_ROWSET_H

#include "pg/compat.h"

#include "funcapi.h"

typedef struct SfRowSet
{
	ReturnSetInfo *info;
	Datum	   *values;			/* one row, to be filled before each put */
	bool	   *nulls;			/* all true after start and after each put */
} SfRowSet;

/* The caller's result type must be a row type; memory lasts for the call. */
extern void sf_rowset_start(SfRowSet *rows, FunctionCallInfo fcinfo);

/* Set column i of the current row. */
static inline void
sf_rowset_set(SfRowSet *rows, int i, Datum value)
{
	rows->values[i] = value;
	rows->nulls[i] = false;
}

extern void sf_rowset_put(SfRowSet *rows);

#endif							/* SF_ROWSET_H */
