/*
 * rowset.c
 *		Rows out: a set-returning function that writes all its rows at once.
 */
#include "pg/rowset.h"

#include "utils/tuplestore.h"

void
sf_rowset_start(SfRowSet *rows, FunctionCallInfo fcinfo)
{
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	rows->info = (ReturnSetInfo *) fcinfo->resultinfo;
	n = rows->info->setDesc->natts;
	rows->values = palloc0(n * sizeof(Datum));
	rows->nulls = palloc(n * sizeof(bool));
	memset(rows->nulls, true, n * sizeof(bool));
}

void
sf_rowset_put(SfRowSet *rows)
{
	tuplestore_putvalues(rows->info->setResult, rows->info->setDesc, rows->values, rows->nulls);
	memset(rows->nulls, true, rows->info->setDesc->natts * sizeof(bool));
}
