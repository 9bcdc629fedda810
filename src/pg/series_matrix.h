/*
 * series_matrix.h
 *		Rows of a query as a matrix: one row a series, one column a period.
 *
 * Series are known by their text, periods by a whole number or a time; neither
 * the order of the rows nor the session's settings show in the result.
 */
#ifndef SF_SERIES_MATRIX_H
#define SF_SERIES_MATRIX_H

#include "pg/rowbuf.h"
#include "pg/series_grid.h"
#include "utils/hsearch.h"

/* Numbers of one matrix at most: 1 GB. */
#define SF_MATRIX_MAX (INT64CONST(1) << 27)

/* Texts, numbered in the order in which they were added. */
typedef struct SfNames
{
	HTAB	   *table;
	char	  **text;			/* [n] */
	int32		n;
	int32		capacity;
	MemoryContext cxt;
} SfNames;

extern void sf_names_start(SfNames *names);

/* Its number; -1 when it is not there. */
extern int32 sf_names_find(const SfNames *names, const char *text);

/* Its number; added when it is not there. Error 54000 beyond 2^30 texts. */
extern int32 sf_names_add(SfNames *names, const char *text);

/* What identifies a column of the matrix. */
typedef enum SfMatrixKey
{
	SF_KEY_STEP, SF_KEY_AT, SF_KEY_PERIOD
} SfMatrixKey;

/* One value, before the matrix is made. */
typedef struct SfMatrixCell
{
	int32		series;
	int32		column;			/* in order of appearance */
	double		value;			/* NaN = NULL */
} SfMatrixCell;

typedef struct SfMatrixRows
{
	SfMatrixCell *cell;
	int64		n;
	int64		capacity;
	SfMatrixKey key;			/* which column of the query tells them apart */
	HTAB	   *table;			/* key -> column */
	int64	   *column_key;		/* [columns] */
	int64	   *column_at;		/* [columns] what "at" said besides; PG_INT64_MIN = nothing */
	int64	   *column_period;	/* the same for "period" */
	int32		columns;
	int32		column_capacity;
	SfNames    *names;
	SfNames		unknown;		/* series that may not be added; their rows are skipped */
	bool		add;			/* series that are not in names are added */
	int32	   *parent;			/* [names->capacity] -1 none, -2 not told; NULL
								 * when the query has no "parent" */
	int32		parent_capacity;
	MemoryContext cxt;
} SfMatrixRows;

/*
 * sf_matrix_read
 *		Run the query as the caller: "series" (any type), the value's column
 *		(numbers) and at least one of "step", "period" (whole numbers) and "at";
 *		the first of step, at, period that is there tells columns apart.  With
 *		add, new series are added to names and "parent" (any type) is read if it
 *		is there; parents are added too.  Rows with a NULL key are skipped.
 *
 *		Errors: those of sf_query_rows; 42703 no column of the three; 42804 wrong
 *		types; 22000 a NULL series, a value that is not finite, two parents for
 *		one series, two times for one step; 22008 an infinite time; 54000.
 */
extern void sf_matrix_read(const char *query, const char *value_name, SfNames *names, bool add,
						   SfMatrixRows *out);

/*
 * sf_matrix_columns
 *		order[columns]: where each column stands when they are sorted by key.
 */
extern int32 *sf_matrix_columns(const SfMatrixRows *rows);

/*
 * sf_matrix_fill
 *		A matrix [series][columns - skip] by sorted key, NaN where there is no
 *		value, without the first skip columns.  row[names] says where a series
 *		goes.  Error 22000 when a cell comes twice (what = "forecast"), 54000.
 */
extern double *sf_matrix_fill(const SfMatrixRows *rows, const int32 *order, int32 skip,
							  const int32 *row, int32 series, const char *what);

/* A column's key as people write it. */
extern char *sf_matrix_key_text(const SfMatrixRows *rows, int32 column);

#endif							/* SF_SERIES_MATRIX_H */
