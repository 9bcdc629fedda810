/*
 * options.c
 *		Reading option values: composite types made by SQL constructors.
 */
#include "pg/options.h"

#include "executor/executor.h"
#include "utils/float.h"

static Datum
option(HeapTupleHeader options, const char *name)
{
	bool		is_null;
	Datum		value = GetAttributeByName(options, name, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be NULL", name)));
	return value;
}

int64
sf_option_int(HeapTupleHeader options, const char *name, int64 least, int64 most)
{
	int64		value = DatumGetInt32(option(options, name));

	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be between " INT64_FORMAT " and " INT64_FORMAT,
						name, least, most),
				 errdetail("The value given is " INT64_FORMAT ".", value)));
	return value;
}

double
sf_option_double(HeapTupleHeader options, const char *name, double least, double most)
{
	double		value = DatumGetFloat8(option(options, name));

	if (!(value > least && value < most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be above %g and below %g", name, least, most),
				 errdetail("The value given is %s.", float8out_internal(value))));
	return value;
}
