/*
 * rowset.h
 *		Rows out: a set-returning function that writes all its rows at once.
 */
#ifndef SF_ROWSET_H
#define SF_ROWSET_H

#include "pg/compat.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

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

/* The same of a number, NULL where it is not finite. */
static inline void
sf_rowset_number(SfRowSet *rows, int i, double x)
{
	if (isfinite(x))
		sf_rowset_set(rows, i, Float8GetDatum(x));
}

/* The same of a text, NULL where there is none. */
static inline void
sf_rowset_text(SfRowSet *rows, int i, const char *text)
{
	if (text != NULL)
		sf_rowset_set(rows, i, CStringGetTextDatum(text));
}

extern void sf_rowset_put(SfRowSet *rows);

#endif							/* SF_ROWSET_H */
