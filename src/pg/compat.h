/*
 * compat.h
 *		What differs between server versions, in one place.
 */
#ifndef SF_COMPAT_H
#define SF_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "sales_forecast needs PostgreSQL 15 or later"
#endif

/*
 * PostgreSQL 15 leaves PGDLLEXPORT empty, so -fvisibility=hidden would hide the
 * SQL functions; from 16 on the server headers export them.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

#include "fmgr.h"

#if PG_VERSION_NUM >= 160000
#define pgstat_fetch_stat_local_beentry pgstat_get_local_beentry_by_index
#endif

/* A C function that SQL can call: exported, and with its info record. */
#define SF_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PGDLLEXPORT PG_FUNCTION_INFO_V1(name)

#endif							/* SF_COMPAT_H */
