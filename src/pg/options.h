/*
 * options.h
 *		Reading option values: composite types made by SQL constructors.
 *
 * A constructor such as history_options(min_won => 20) names every option and
 * its default, so a reader only checks ranges.  Errors name the option, the
 * value and what is allowed (22023).
 */
#ifndef SF_OPTIONS_H
#define SF_OPTIONS_H

#include "pg/compat.h"

#include "access/htup.h"

extern int64 sf_option_int(HeapTupleHeader options, const char *name, int64 least, int64 most);

/* Strictly between least and most. */
extern double sf_option_double(HeapTupleHeader options, const char *name, double least, double most);

#endif							/* SF_OPTIONS_H */
