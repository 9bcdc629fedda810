/*
 * options.c
 *		Reading option values: composite types made by SQL constructors.
 */
#include "pg/options.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
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

int
sf_word(const char *given, const char *name, const SfWord *words)
{
	StringInfoData all;

	for (int i = 0; words[i].word != NULL; i++)
		if (pg_strcasecmp(given, words[i].word) == 0)
			return words[i].value;
	initStringInfo(&all);
	for (int i = 0; words[i].word != NULL; i++)
		appendStringInfo(&all, "%s\"%s\"", i == 0 ? "" : words[i + 1].word ? ", " : " or ", words[i].word);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", name, all.data),
			 errdetail("The value given is \"%s\".", pnstrdup(given, pg_mbcliplen(given, strlen(given), 100)))));
	return 0;
}

int
sf_option_word(HeapTupleHeader options, const char *name, const SfWord *words)
{
	return sf_word(TextDatumGetCString(option(options, name)), name, words);
}

bool
sf_option_bool(HeapTupleHeader options, const char *name)
{
	return DatumGetBool(option(options, name));
}

int64
sf_option_int_or(HeapTupleHeader options, const char *name, int64 least, int64 most, int64 otherwise)
{
	bool		is_null;

	(void) GetAttributeByName(options, name, &is_null);
	return is_null ? otherwise : sf_option_int(options, name, least, most);
}

double
sf_option_double_or(HeapTupleHeader options, const char *name, double least, double most, double otherwise)
{
	bool		is_null;
	double		value = DatumGetFloat8(GetAttributeByName(options, name, &is_null));

	if (is_null)
		return otherwise;
	if (!(value >= least && value <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be between %g and %g", name, least, most),
				 errdetail("The value given is %s.", float8out_internal(value))));
	return value;
}

bool
sf_options_same(HeapTupleHeader a, HeapTupleHeader b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return HeapTupleHeaderGetDatumLength(a) == HeapTupleHeaderGetDatumLength(b) &&
		memcmp(a, b, HeapTupleHeaderGetDatumLength(a)) == 0;
}

HeapTupleHeader
sf_options_copy(MemoryContext cxt, HeapTupleHeader options)
{
	HeapTupleHeader copy;

	if (options == NULL)
		return NULL;
	copy = MemoryContextAlloc(cxt, HeapTupleHeaderGetDatumLength(options));
	memcpy(copy, options, HeapTupleHeaderGetDatumLength(options));
	return copy;
}
