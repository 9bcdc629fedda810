/*
 * win_options.c
 *		win_options, read into the core's struct once and compared afterwards.
 */
#include "pg/win_options.h"

#include <math.h>

#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "pg/options.h"

static const SfWord algorithm_words[] = {
	{"auto", SF_ALGORITHM_AUTO}, {"logistic", SF_ALGORITHM_LOGISTIC}, {"forest", SF_ALGORITHM_FOREST},
	{"boosted", SF_ALGORITHM_BOOSTED}, {"blend", SF_ALGORITHM_BLEND}, {NULL, 0},
};
static const SfWord terms_words[] = {{"auto", 0}, {"linear", 1}, {"binned", 2}, {NULL, 0}};
static const SfWord calibration_words[] = {
	{"auto", SF_CALIBRATION_KINDS}, {"none", SF_CALIBRATION_NONE}, {"platt", SF_CALIBRATION_PLATT},
	{"isotonic", SF_CALIBRATION_ISOTONIC}, {NULL, 0},
};
static const SfWord validate_words[] = {
	{"auto", SF_VALIDATE_AUTO}, {"none", SF_VALIDATE_NONE}, {"full", SF_VALIDATE_FULL}, {NULL, 0},
};

const char *
sf_algorithm_name(SfAlgorithm algorithm)
{
	for (int i = 0; algorithm_words[i].word != NULL; i++)
		if (algorithm_words[i].value == (int) algorithm)
			return algorithm_words[i].word;
	return "unknown";
}

static uint64
read_seed(HeapTupleHeader given)
{
	bool		is_null;
	Datum		value = GetAttributeByName(given, "seed", &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be NULL", "seed")));
	return (uint64) DatumGetInt64(value);
}

/* Calibration is made from held-out deals. */
static void
check_validation(const SfWinOptions *out)
{
	if (out->validate == SF_VALIDATE_NONE &&
		(out->calibration == SF_CALIBRATION_PLATT || out->calibration == SF_CALIBRATION_ISOTONIC))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"calibration\" needs validation"),
				 errdetail("Calibration is made from predictions of deals that were held out."),
				 errhint("Leave out validate => 'none'.")));
}

void
sf_win_options_read(HeapTupleHeader given, SfWinOptions *out)
{
	/* padding too: options are compared as bytes */
	memset(out, 0, sizeof *out);
	out->ridge = out->rate = out->least_rows = NAN;
	out->folds = 5;
	out->calibration = SF_CALIBRATION_KINDS;
	if (given == NULL)
		return;
	out->algorithm = (SfAlgorithm) sf_option_word(given, "algorithm", algorithm_words);
	out->terms = sf_option_word(given, "terms", terms_words);
	out->bins = sf_option_int_or(given, "bins", 2, SF_MAX_BINS, 0);
	out->ridge = sf_option_double_or(given, "ridge", 0.0, 1e9, NAN);
	out->trees = sf_option_int_or(given, "trees", 1, SF_MAX_TREES, 0);
	out->leaves = sf_option_int_or(given, "leaves", 2, SF_QUICK_LEAVES, 0);
	out->depth = sf_option_int_or(given, "depth", 1, SF_MAX_DEPTH, 0);
	out->rate = sf_option_double_or(given, "learning_rate", 1e-4, 1.0, NAN);
	out->least_rows = sf_option_double_or(given, "least_rows", 1.0, 1e9, NAN);
	out->folds = sf_option_int(given, "folds", SF_FOLDS_MIN, SF_FOLDS_MAX);
	out->calibration = (SfCalibrationKind) sf_option_word(given, "calibration", calibration_words);
	out->validate = (SfValidate) sf_option_word(given, "validate", validate_words);
	out->force = sf_option_bool(given, "force");
	out->seed = read_seed(given);
	check_validation(out);
}

void
sf_win_options_send(StringInfo out, const SfWinOptions *options)
{
	pq_sendint32(out, options->algorithm);
	pq_sendint32(out, options->terms);
	pq_sendint32(out, options->bins);
	pq_sendfloat8(out, options->ridge);
	pq_sendint32(out, options->trees);
	pq_sendint32(out, options->leaves);
	pq_sendint32(out, options->depth);
	pq_sendfloat8(out, options->rate);
	pq_sendfloat8(out, options->least_rows);
	pq_sendint32(out, options->folds);
	pq_sendint32(out, options->calibration);
	pq_sendint32(out, options->validate);
	pq_sendint32(out, options->force);
	pq_sendint64(out, (int64) options->seed);
}

void
sf_win_options_receive(StringInfo in, SfWinOptions *options)
{
	memset(options, 0, sizeof *options);
	options->algorithm = (SfAlgorithm) pq_getmsgint(in, 4);
	options->terms = pq_getmsgint(in, 4);
	options->bins = pq_getmsgint(in, 4);
	options->ridge = pq_getmsgfloat8(in);
	options->trees = pq_getmsgint(in, 4);
	options->leaves = pq_getmsgint(in, 4);
	options->depth = pq_getmsgint(in, 4);
	options->rate = pq_getmsgfloat8(in);
	options->least_rows = pq_getmsgfloat8(in);
	options->folds = pq_getmsgint(in, 4);
	options->calibration = (SfCalibrationKind) pq_getmsgint(in, 4);
	options->validate = (SfValidate) pq_getmsgint(in, 4);
	options->force = pq_getmsgint(in, 4) != 0;
	options->seed = (uint64) pq_getmsgint64(in);
}
