/*
 * rowbuf.h
 *		Rows in: a query given as text, run as the caller, one row at a time.
 *
 * Only one statement, and only one that reads.  Rows are handed over as they
 * come, so nothing is buffered and the plan may be parallel.
 */
#ifndef SF_ROWBUF_H
#define SF_ROWBUF_H

#include "pg/compat.h"

#include "executor/tuptable.h"

typedef struct SfColumn
{
	const char *name;
	Oid			type;			/* InvalidOid: any type, read as text */
	const char *type_name;		/* for the error text: "boolean" */
	bool		optional;		/* the query need not return it */
	int			attnum;			/* filled in: where it stands in the row, 0 if it does not */
	Oid			found;			/* filled in: the type it has */
	FmgrInfo	output;			/* filled in for columns of any type */
} SfColumn;

typedef void (*SfRowFunction) (TupleTableSlot *slot, const SfColumn *columns, void *arg);

/*
 * sf_query_rows
 *		Run the query and call each() for every row.  The query must return all
 *		n columns by name; further ones are ignored.  Errors: 42601 not one
 *		SELECT, 42703 columns missing, 42702 one of them there twice, 42804 a column of another type (both list
 *		all that is needed), and what the query raises.
 */
extern void sf_query_rows(const char *query, SfColumn *columns, int n,
						  SfRowFunction each, void *arg);

/* What the query's rows look like, without running it; in the current context. Errors: 42601, and what parsing raises. */
extern TupleDesc sf_query_desc(const char *query);

/*
 * sf_refuse_type
 *		Error 42804: the column has a type that the caller cannot take, and the
 *		columns that are needed.
 */
extern void sf_refuse_type(const SfColumn *columns, int n, int which) pg_attribute_noreturn();

/* A column of any type as text; NULL when it is null. */
extern char *sf_column_text(TupleTableSlot *slot, const SfColumn *column);

/* A column's value. */
extern Datum sf_column_value(TupleTableSlot *slot, const SfColumn *column, bool *is_null);

#endif							/* SF_ROWBUF_H */
