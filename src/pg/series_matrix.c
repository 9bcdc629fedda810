/*
 * series_matrix.c
 *		Rows of a query as a matrix: one row a series, one column a period.
 */
#include "pg/series_matrix.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "pg/progress.h"
#include "pg/series_query.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NAMES_MAX (1 << 30)

#define NOTHING PG_INT64_MIN

typedef struct NameEntry
{
	char	   *text;			/* hash key */
	int32		number;
} NameEntry;

typedef struct KeyEntry
{
	int64		key;			/* hash key */
	int32		column;
} KeyEntry;

static uint32
hash_text(const void *key, Size size)
{
	const char *text = *(char *const *) key;

	return string_hash(text, strlen(text) + 1);
}

static int
match_text(const void *a, const void *b, Size size)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

void
sf_names_start(SfNames *names)
{
	HASHCTL		control = {
		.keysize = sizeof(char *), .entrysize = sizeof(NameEntry), .hcxt = CurrentMemoryContext,
		.hash = hash_text, .match = match_text,
	};

	*names = (SfNames) {.cxt = CurrentMemoryContext};
	names->table = hash_create("names of series", 256, &control,
							   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

int32
sf_names_find(const SfNames *names, const char *text)
{
	NameEntry  *entry = hash_search(names->table, &text, HASH_FIND, NULL);

	return entry ? entry->number : -1;
}

int32
sf_names_add(SfNames *names, const char *text)
{
	bool		found;
	NameEntry  *entry = hash_search(names->table, &text, HASH_ENTER, &found);

	if (found)
		return entry->number;
	if (names->n == NAMES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("at most %d series can be reconciled", NAMES_MAX)));
	if (names->n == names->capacity)
	{
		names->capacity = Max(64, 2 * names->capacity);
		names->text = names->text ?
			repalloc_huge(names->text, names->capacity * sizeof(char *)) :
			MemoryContextAllocHuge(names->cxt, names->capacity * sizeof(char *));
	}
	entry->text = MemoryContextStrdup(names->cxt, text);
	entry->number = names->n;
	names->text[names->n++] = entry->text;
	return entry->number;
}

/* Columns of the query */
enum
{
	COLUMN_SERIES, COLUMN_VALUE, COLUMN_STEP, COLUMN_AT, COLUMN_PERIOD, COLUMN_PARENT, COLUMNS
};

typedef struct Reader
{
	SfMatrixRows *rows;
	SfColumn	columns[COLUMNS];
	int			n;				/* without parent when none may be read */
	bool		checked;
	SfAtKind	at_kind;
	SfOffset	offset;
	bool		shown;			/* progress */
	int64		read;
} Reader;

static void
check_types(Reader *r)
{
	SfColumn   *c = r->columns;
	SfAtKind	kind;

	if (c[COLUMN_STEP].attnum == 0 && c[COLUMN_AT].attnum == 0 && c[COLUMN_PERIOD].attnum == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("columns are missing from the query: \"step\", \"at\" or \"period\""),
				 errdetail("One of them must tell the rows of a series apart.")));
	if (!sf_is_number(c[COLUMN_VALUE].found))
		sf_refuse_type(c, r->n, COLUMN_VALUE);
	for (int i = COLUMN_STEP; i <= COLUMN_PERIOD; i++)
		if (c[i].attnum > 0 && (!sf_at_kind(c[i].found, &kind) || (i != COLUMN_AT && kind != SF_AT_PERIOD)))
			sf_refuse_type(c, r->n, i);
	if (c[COLUMN_AT].attnum > 0)
		(void) sf_at_kind(c[COLUMN_AT].found, &r->at_kind);
	r->rows->key = c[COLUMN_STEP].attnum > 0 ? SF_KEY_STEP : c[COLUMN_AT].attnum > 0 ? SF_KEY_AT : SF_KEY_PERIOD;
	/* whole numbers under "at" are periods */
	if (r->rows->key == SF_KEY_AT && r->at_kind == SF_AT_PERIOD)
		r->rows->key = SF_KEY_PERIOD;
	r->checked = true;
}

/* The whole number or moment in a column; NOTHING when there is none. */
static int64
read_moment(Reader *r, TupleTableSlot *slot, int which)
{
	const SfColumn *c = &r->columns[which];
	bool		is_null;
	Datum		value;

	if (c->attnum == 0)
		return NOTHING;
	value = sf_column_value(slot, c, &is_null);
	if (is_null)
		return NOTHING;
	switch (c->found)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		default:
			return sf_at_read(r->at_kind, value, &r->offset);
	}
}

static void
grow_columns(SfMatrixRows *rows)
{
	Size		size;

	if (rows->columns < rows->column_capacity)
		return;
	rows->column_capacity = Max(64, 2 * rows->column_capacity);
	size = rows->column_capacity * sizeof(int64);
	rows->column_key = rows->column_key ? repalloc_huge(rows->column_key, size) : MemoryContextAllocHuge(rows->cxt, size);
	rows->column_at = rows->column_at ? repalloc_huge(rows->column_at, size) : MemoryContextAllocHuge(rows->cxt, size);
	rows->column_period = rows->column_period ? repalloc_huge(rows->column_period, size) : MemoryContextAllocHuge(rows->cxt, size);
}

/* One column has one time and one period; what a row does not say may come with another. */
static void
agree(const SfMatrixRows *rows, int32 column, int64 *known, int64 told, const char *what)
{
	if (told == NOTHING)
		return;
	if (*known != NOTHING && *known != told)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s has two different values of \"%s\"", sf_matrix_key_text(rows, column), what)));
	*known = told;
}

static int32
find_column(Reader *r, int64 key, int64 at, int64 period)
{
	SfMatrixRows *rows = r->rows;
	bool		found;
	KeyEntry   *entry = hash_search(rows->table, &key, HASH_ENTER, &found);

	if (!found)
	{
		if (rows->columns == SF_SERIES_LENGTH_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a query to reconcile by may have at most %d periods", SF_SERIES_LENGTH_MAX)));
		grow_columns(rows);
		entry->column = rows->columns++;
		rows->column_key[entry->column] = key;
		rows->column_at[entry->column] = NOTHING;
		rows->column_period[entry->column] = NOTHING;
	}
	agree(rows, entry->column, &rows->column_at[entry->column], at, "at");
	agree(rows, entry->column, &rows->column_period[entry->column], period, "period");
	return entry->column;
}

/* Room in parent for all names there are; new ones have not been told. */
static void
grow_parents(SfMatrixRows *rows)
{
	Size		size = rows->names->capacity * sizeof(int32);

	if (rows->parent_capacity >= rows->names->n)
		return;
	rows->parent = rows->parent ? repalloc_huge(rows->parent, size) : MemoryContextAllocHuge(rows->cxt, size);
	for (int32 i = rows->parent_capacity; i < rows->names->capacity; i++)
		rows->parent[i] = -2;
	rows->parent_capacity = rows->names->capacity;
}

static void
set_parent(Reader *r, TupleTableSlot *slot, int32 series)
{
	SfMatrixRows *rows = r->rows;
	char	   *text = sf_column_text(slot, &r->columns[COLUMN_PARENT]);
	int32		parent = text ? sf_names_add(rows->names, text) : -1;

	grow_parents(rows);
	if (rows->parent[series] != -2 && rows->parent[series] != parent)
	{
		int32		before = rows->parent[series];

		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("series \"%s\" has two parents", rows->names->text[series]),
				 errdetail("They are %s%s%s and %s%s%s.",
						   before >= 0 ? "\"" : "", before >= 0 ? rows->names->text[before] : "NULL", before >= 0 ? "\"" : "",
						   text ? "\"" : "", text ? text : "NULL", text ? "\"" : "")));
	}
	rows->parent[series] = parent;
}

static void
add_cell(SfMatrixRows *rows, SfMatrixCell cell)
{
	if (rows->n == SF_MATRIX_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query to reconcile by may have at most " INT64_FORMAT " rows", SF_MATRIX_MAX)));
	if (rows->n == rows->capacity)
	{
		rows->capacity = Max(1024, 2 * rows->capacity);
		rows->cell = rows->cell ?
			repalloc_huge(rows->cell, rows->capacity * sizeof(SfMatrixCell)) :
			MemoryContextAllocHuge(rows->cxt, rows->capacity * sizeof(SfMatrixCell));
	}
	rows->cell[rows->n++] = cell;
}

static void
read_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	Reader	   *r = arg;
	SfMatrixRows *rows = r->rows;
	SfMatrixCell cell = {.value = get_float8_nan()};
	int64		moment[COLUMNS];
	char	   *series;

	if (!r->checked)
		check_types(r);
	sf_progress_update(r->shown, ++r->read);
	series = sf_column_text(slot, &columns[COLUMN_SERIES]);
	if (series == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("\"series\" is NULL in a row of the query")));
	cell.series = rows->add ? sf_names_add(rows->names, series) : sf_names_find(rows->names, series);
	if (cell.series < 0)
	{
		(void) sf_names_add(&rows->unknown, series);
		return;
	}
	if (columns[COLUMN_PARENT].attnum > 0 && rows->add)
		set_parent(r, slot, cell.series);
	for (int i = COLUMN_STEP; i <= COLUMN_PERIOD; i++)
		moment[i] = read_moment(r, slot, i);
	if (r->at_kind == SF_AT_PERIOD && moment[COLUMN_AT] != NOTHING)
	{
		moment[COLUMN_PERIOD] = moment[COLUMN_AT];
		moment[COLUMN_AT] = NOTHING;
	}
	moment[COLUMN_SERIES] = moment[rows->key == SF_KEY_STEP ? COLUMN_STEP : rows->key == SF_KEY_AT ? COLUMN_AT : COLUMN_PERIOD];
	if (moment[COLUMN_SERIES] == NOTHING)
		return;
	if (rows->key == SF_KEY_STEP && moment[COLUMN_SERIES] != (int32) moment[COLUMN_SERIES])
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a step must fit into an integer"),
				 errdetail("The step given is " INT64_FORMAT ".", moment[COLUMN_SERIES])));
	cell.column = find_column(r, moment[COLUMN_SERIES], moment[COLUMN_AT], moment[COLUMN_PERIOD]);
	(void) sf_column_number(slot, &columns[COLUMN_VALUE], columns[COLUMN_VALUE].name, &cell.value);
	add_cell(rows, cell);
}

void
sf_matrix_read(const char *query, const char *value_name, SfNames *names, bool add, SfMatrixRows *out)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(KeyEntry), .hcxt = CurrentMemoryContext};
	Reader		r = {
		.rows = out,
		.columns = {
			{.name = "series"},
			{.name = value_name, .type_name = SF_NUMBER_TYPES},
			{.name = "step", .type_name = "integer", .optional = true},
			{.name = "at", .type_name = SF_AT_TYPES, .optional = true},
			{.name = "period", .type_name = "bigint", .optional = true},
			{.name = "parent", .optional = true},
		},
		.n = add ? COLUMNS : COLUMN_PARENT,
		.at_kind = SF_AT_TIMESTAMP,
	};

	*out = (SfMatrixRows) {.names = names, .add = add, .cxt = CurrentMemoryContext};
	out->table = hash_create("periods", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	sf_names_start(&out->unknown);
	r.offset = sf_offset_start(NULL);
	r.shown = sf_progress_start(SF_WORK_READ_ROWS, 0);
	PG_TRY();
	{
		sf_query_rows(query, r.columns, r.n, read_row, &r);
	}
	PG_FINALLY();
	{
		sf_progress_end(r.shown);
	}
	PG_END_TRY();
	if (r.columns[COLUMN_PARENT].attnum > 0 && add)
		grow_parents(out);
}

typedef struct SortedKey
{
	int64		key;
	int32		column;
} SortedKey;

static int
compare_keys(const void *a, const void *b)
{
	int64		x = ((const SortedKey *) a)->key;
	int64		y = ((const SortedKey *) b)->key;

	CHECK_FOR_INTERRUPTS();
	return (x > y) - (x < y);
}

int32 *
sf_matrix_columns(const SfMatrixRows *rows)
{
	Size		n = Max(rows->columns, 1);
	SortedKey  *sorted = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(SortedKey));
	int32	   *order = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(int32));

	for (int32 i = 0; i < rows->columns; i++)
		sorted[i] = (SortedKey) {rows->column_key[i], i};
	qsort(sorted, rows->columns, sizeof(SortedKey), compare_keys);
	for (int32 i = 0; i < rows->columns; i++)
		order[sorted[i].column] = i;
	pfree(sorted);
	return order;
}

char *
sf_matrix_key_text(const SfMatrixRows *rows, int32 column)
{
	int64		key = rows->column_key[column];

	if (rows->key == SF_KEY_AT)
		return psprintf("the time %s", DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(key))));
	return psprintf("%s " INT64_FORMAT, rows->key == SF_KEY_STEP ? "step" : "period", key);
}

double *
sf_matrix_fill(const SfMatrixRows *rows, const int32 *order, int32 skip, const int32 *row,
			   int32 series, const char *what)
{
	int64		columns = rows->columns - skip;
	int64		cells = columns * series;
	double	   *matrix;
	uint8	   *seen;

	if (cells > SF_MATRIX_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d series of %d periods are too many to reconcile", series, (int) columns),
				 errdetail("Together they may have at most " INT64_FORMAT " values.", SF_MATRIX_MAX)));
	matrix = MemoryContextAllocHuge(CurrentMemoryContext, Max(cells, 1) * sizeof(double));
	seen = MemoryContextAllocExtended(CurrentMemoryContext, cells / 8 + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int64 i = 0; i < cells; i++)
		matrix[i] = get_float8_nan();
	for (int64 i = 0; i < rows->n; i++)
	{
		const SfMatrixCell *cell = &rows->cell[i];
		int64		at = row[cell->series] * columns + order[cell->column] - skip;

		if ((i & 65535) == 0)
			CHECK_FOR_INTERRUPTS();
		if (order[cell->column] < skip)
			continue;
		if (seen[at / 8] >> (at % 8) & 1)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("series \"%s\" has two rows with a %s for %s", rows->names->text[cell->series], what,
							sf_matrix_key_text(rows, cell->column))));
		seen[at / 8] |= 1 << (at % 8);
		matrix[at] = cell->value;
	}
	pfree(seen);
	return matrix;
}
