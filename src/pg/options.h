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

/* A word and what it stands for; a list of them ends with a NULL word. */
typedef struct SfWord
{
	const char *word;
	int			value;
} SfWord;

/* One of these words, in small letters or capitals. */
extern int	sf_option_word(HeapTupleHeader options, const char *name, const SfWord *words);

/* The same for an argument that is no part of a row of options. */
extern int	sf_word(const char *given, const char *name, const SfWord *words);

extern bool sf_option_bool(HeapTupleHeader options, const char *name);

/* NULL gives `otherwise`; least <= value <= most. */
extern int64 sf_option_int_or(HeapTupleHeader options, const char *name, int64 least, int64 most, int64 otherwise);
extern double sf_option_double_or(HeapTupleHeader options, const char *name, double least, double most,
								  double otherwise);

/* Two values of an option type are the same bytes; NULL is the same as NULL only. */
extern bool sf_options_same(HeapTupleHeader a, HeapTupleHeader b);
extern HeapTupleHeader sf_options_copy(MemoryContext cxt, HeapTupleHeader options);

#endif							/* SF_OPTIONS_H */
