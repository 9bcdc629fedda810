/*
 * module.c
 *		The library's identity, and what is checked when it is loaded.
 */
#include "pg/compat.h"

#include "pg/numeric_bits.h"

#ifdef PG_MODULE_MAGIC_EXT
PGDLLEXPORT PG_MODULE_MAGIC_EXT(.name = "sales_forecast");
#else
PGDLLEXPORT PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	sf_numeric_self_check();
}
