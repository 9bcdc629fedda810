/*
 * rowbuf.c
 *		Rows in: a query given as text, run as the caller, one row at a time.
 */
#include "pg/rowbuf.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

typedef struct Receiver
{
	DestReceiver pub;			/* must be first: the executor knows only this */
	SfColumn   *columns;
	int			n;
	SfRowFunction each;
	void	   *arg;
	MemoryContext per_row;
	MemoryContext caller;
} Receiver;

static char *
needed_columns(const SfColumn *columns, int n)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s (%s%s)", i == 0 ? "" : ", ", columns[i].name,
						 columns[i].optional ? "optional, " : "",
						 columns[i].type_name ? columns[i].type_name : "any type");
	return list.data;
}

static void
refuse_columns(int code, const char *message, const StringInfo which, const SfColumn *columns, int n)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("%s: %s", message, which->data),
			 errdetail("The query must return the columns %s.", needed_columns(columns, n))));
}

void
sf_refuse_type(const SfColumn *columns, int n, int which)
{
	StringInfoData other;

	initStringInfo(&other);
	appendStringInfo(&other, "\"%s\" is %s", columns[which].name, format_type_be(columns[which].found));
	refuse_columns(ERRCODE_DATATYPE_MISMATCH, "columns of the query have the wrong type", &other, columns, n);
	pg_unreachable();
}

static int
find_column(TupleDesc desc, const char *name)
{
	int			found = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) != 0)
			continue;
		if (found > 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("the query returns column \"%s\" more than once", name)));
		found = i + 1;
	}
	return found;
}

/* Find every column, or name all that are missing or of another type. */
static void
receive_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	Receiver   *r = (Receiver *) self;
	StringInfoData missing;
	StringInfoData other;

	initStringInfo(&missing);
	initStringInfo(&other);
	for (int i = 0; i < r->n; i++)
	{
		SfColumn   *c = &r->columns[i];
		Oid			type;

		c->attnum = find_column(desc, c->name);
		c->found = InvalidOid;
		if (c->attnum == 0 && c->optional)
			continue;
		if (c->attnum == 0)
		{
			appendStringInfo(&missing, "%s\"%s\"", missing.len ? ", " : "", c->name);
			continue;
		}
		type = c->found = TupleDescAttr(desc, c->attnum - 1)->atttypid;
		if (OidIsValid(c->type) && type != c->type)
			appendStringInfo(&other, "%s\"%s\" is %s", other.len ? ", " : "", c->name, format_type_be(type));
		if (!OidIsValid(c->type))
		{
			Oid			output;
			bool		is_varlena;

			getTypeOutputInfo(type, &output, &is_varlena);
			fmgr_info_cxt(output, &c->output, r->caller);
		}
	}
	if (missing.len > 0)
		refuse_columns(ERRCODE_UNDEFINED_COLUMN, "columns are missing from the query", &missing,
					   r->columns, r->n);
	if (other.len > 0)
		refuse_columns(ERRCODE_DATATYPE_MISMATCH, "columns of the query have the wrong type", &other,
					   r->columns, r->n);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver   *r = (Receiver *) self;
	MemoryContext old = MemoryContextSwitchTo(r->per_row);

	r->each(slot, r->columns, r->arg);
	MemoryContextSwitchTo(old);
	MemoryContextReset(r->per_row);
	return true;
}

static void
receive_nothing(DestReceiver *self)
{
}

/* One statement, and one that only reads. */
static void
check_statement(SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *query;

	if (list_length(sources) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the query must be a single SELECT statement"),
				 errdetail("It holds %d statements.", list_length(sources))));
	source = linitial(sources);
	query = list_length(source->query_list) == 1 ? linitial_node(Query, source->query_list) : NULL;
	if (query == NULL || query->commandType != CMD_SELECT || query->hasModifyingCTE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the query must be a single SELECT statement"),
				 errdetail("Statements that change data are not run.")));
}

TupleDesc
sf_query_desc(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	SPIPlanPtr	plan;
	TupleDesc	desc;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	plan = SPI_prepare(query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare the query: %s", SPI_result_code_string(SPI_result));
	check_statement(plan);
	MemoryContextSwitchTo(caller);
	desc = CreateTupleDescCopy(linitial_node(CachedPlanSource, SPI_plan_get_plan_sources(plan))->resultDesc);
	SPI_finish();
	return desc;
}

void
sf_query_rows(const char *query, SfColumn *columns, int n, SfRowFunction each, void *arg)
{
	SPIPrepareOptions prepare = {.cursorOptions = CURSOR_OPT_PARALLEL_OK};
	SPIExecuteOptions execute = {.read_only = true};
	Receiver	r = {
		.pub = {receive_row, receive_startup, receive_nothing, receive_nothing, DestNone},
		.columns = columns, .n = n, .each = each, .arg = arg,
	};
	SPIPlanPtr	plan;

	r.caller = CurrentMemoryContext;
	r.per_row = AllocSetContextCreate(CurrentMemoryContext, "rows of a query", ALLOCSET_DEFAULT_SIZES);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	plan = SPI_prepare_extended(query, &prepare);
	if (plan == NULL)
		elog(ERROR, "could not prepare the query: %s", SPI_result_code_string(SPI_result));
	check_statement(plan);
	execute.dest = &r.pub;
	if (SPI_execute_plan_extended(plan, &execute) < 0)
		elog(ERROR, "could not run the query: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
	MemoryContextDelete(r.per_row);
}

Datum
sf_column_value(TupleTableSlot *slot, const SfColumn *column, bool *is_null)
{
	return slot_getattr(slot, column->attnum, is_null);
}

char *
sf_column_text(TupleTableSlot *slot, const SfColumn *column)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, column->attnum, &is_null);

	return is_null ? NULL : OutputFunctionCall(unconstify(FmgrInfo *, &column->output), value);
}
