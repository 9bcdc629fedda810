/*
 * series_query.h
 *		Many series from one query, handed over one after the other.
 *
 * The query returns "at" (date, timestamp, timestamptz or whole numbers), "value"
 * (numbers), "series" (any type; without it all rows are one series) and the
 * driver columns (numbers).  Rows are sorted by series, as text in byte order,
 * and time; what does not fit into maintenance_work_mem goes to disk, so that only
 * one series at a time is in memory.
 */
#ifndef SF_SERIES_QUERY_H
#define SF_SERIES_QUERY_H

#include "pg/rowbuf.h"
#include "pg/series_grid.h"
#include "utils/array.h"

/*
 * Called for each series in a memory context that is reset afterwards.
 * name is NULL for the rows whose series is NULL, which come last.
 */
typedef void (*SfSeriesFunction) (const char *name, SfRows *rows, void *arg);

/* Names of columns from a text[]; NULL = none.  Errors: 22023 NULLs, too many, twice the same, a name of ours. */
extern int32 sf_driver_names(ArrayType *names, const char ***out);

/*
 * sf_each_series
 *		Run the query as the caller and call each() for every series.  Rows with
 *		a NULL at are skipped.  Errors: those of sf_query_rows; 42804 for "at",
 *		"value" or a driver of a type that cannot be taken; 22000, 22008 as
 *		sf_at_read and sf_check_value; 22000 a NULL driver.  An error that
 *		each() raises names the series in its context.
 */
extern void sf_each_series(const char *query, const char **drivers, int32 driver_count,
						   const SfForecastOptions *options, SfSeriesFunction each, void *arg);

/* A number of any type as double; false when it is NULL. Error 22000, 22003 unless finite. */
extern bool sf_column_number(TupleTableSlot *slot, const SfColumn *column, const char *what, double *out);

/* May a column of this type be read by sf_column_number? */
extern bool sf_is_number(Oid type);

/* The kind of at; false when the type is none. */
extern bool sf_at_kind(Oid type, SfAtKind *kind);

#define SF_NUMBER_TYPES "integer, numeric or double precision"
#define SF_AT_TYPES "date, timestamp, timestamptz or bigint"

#endif							/* SF_SERIES_QUERY_H */
