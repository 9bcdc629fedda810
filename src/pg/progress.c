/*
 * progress.c
 *		How far long work has come, for other sessions to see.
 */
#include "pg/progress.h"

#include "access/parallel.h"
#include "catalog/pg_authid.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "pg/rowset.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"

/* Marks a slot as ours where a relation's oid would stand ("sf" and a number). */
#define MARK ((Oid) 0x73660001)

enum
{
	PARAM_WORK, PARAM_DONE, PARAM_TOTAL
};

bool
sf_progress_start(SfWork work, int64 total)
{
	if (MyBEEntry == NULL || IsParallelWorker() ||
		MyBEEntry->st_progress_command != PROGRESS_COMMAND_INVALID ||
		MyBEEntry->st_progress_command_target != InvalidOid)
		return false;
	pgstat_progress_start_command(PROGRESS_COMMAND_INVALID, MARK);
	pgstat_progress_update_param(PARAM_WORK, work);
	pgstat_progress_update_param(PARAM_TOTAL, total);
	return true;
}

void
sf_progress_update(bool shown, int64 done)
{
	if (shown)
		pgstat_progress_update_param(PARAM_DONE, done);
}

void
sf_progress_total(bool shown, int64 total)
{
	if (shown)
		pgstat_progress_update_param(PARAM_TOTAL, total);
}

void
sf_progress_end(bool shown)
{
	if (shown)
		pgstat_progress_start_command(PROGRESS_COMMAND_INVALID, InvalidOid);
}

static const char *
work_name(int64 work)
{
	switch (work)
	{
		case SF_WORK_READ_ROWS:
			return "reading the rows of a query";
		case SF_WORK_SERIES:
			return "forecasting series";
		case SF_WORK_RECONCILE:
			return "reconciling forecasts";
		case SF_WORK_TRAIN:
			return "training a model";
		default:
			return "working";
	}
}

/* What pg_stat_activity shows of others, this shows too, and no more. */
static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		has_privs_of_role(GetUserId(), role);
}

SF_FUNCTION(sf_progress);
Datum
sf_progress(PG_FUNCTION_ARGS)
{
	int			n = pgstat_fetch_stat_numbackends();
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int i = 1; i <= n; i++)
	{
		LocalPgBackendStatus *local = pgstat_fetch_stat_local_beentry(i);
		PgBackendStatus *entry = local ? &local->backendStatus : NULL;

		if (entry == NULL || entry->st_progress_command != PROGRESS_COMMAND_INVALID ||
			entry->st_progress_command_target != MARK || !may_see(entry->st_userid))
			continue;
		sf_rowset_set(&rows, 0, Int32GetDatum(entry->st_procpid));
		sf_rowset_set(&rows, 1, CStringGetTextDatum(work_name(entry->st_progress_param[PARAM_WORK])));
		sf_rowset_set(&rows, 2, Int64GetDatum(entry->st_progress_param[PARAM_DONE]));
		if (entry->st_progress_param[PARAM_TOTAL] > 0)
			sf_rowset_set(&rows, 3, Int64GetDatum(entry->st_progress_param[PARAM_TOTAL]));
		sf_rowset_put(&rows);
	}
	return (Datum) 0;
}
