/*
 * pg_query_columns.c
 *		query_columns: names of the columns that a query returns, without running it.
 */
#include "pg/compat.h"
#include "pg/rowbuf.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

SF_FUNCTION(sf_query_columns);
Datum
sf_query_columns(PG_FUNCTION_ARGS)
{
	TupleDesc	desc = sf_query_desc(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum	   *names = palloc((desc->natts + 1) * sizeof(Datum));

	for (int i = 0; i < desc->natts; i++)
		names[i] = CStringGetTextDatum(NameStr(TupleDescAttr(desc, i)->attname));
	PG_RETURN_ARRAYTYPE_P(construct_array(names, desc->natts, TEXTOID, -1, false, TYPALIGN_INT));
}
