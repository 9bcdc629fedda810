/*
 * text_io.h
 *		Exact text forms of our types, whatever the session's settings are.
 *
 * float8out follows extra_float_digits; aggregate states that travel as text
 * and values that are dumped must not.
 */
#ifndef SF_TEXT_IO_H
#define SF_TEXT_IO_H

#include "pg/compat.h"

#include "lib/stringinfo.h"

/* Appends x with the fewest digits that read back as the same double. */
extern void sf_append_double(StringInfo out, double x);

/*
 * A reader of blank-separated fields.  Each read raises 22P02, naming the type
 * and the text, when the field is missing or malformed.
 */
typedef struct SfTextReader
{
	const char *type;			/* for the error text */
	const char *text;
	const char *at;
} SfTextReader;

extern int64 sf_text_int64(SfTextReader *r);
extern uint64 sf_text_uint64(SfTextReader *r);
extern double sf_text_double(SfTextReader *r);

/* Passes over `word` if it is next; blanks before it do not count. */
extern bool sf_text_accept(SfTextReader *r, const char *word);

/* As sf_text_accept, but an error when something else is next. */
extern void sf_text_expect(SfTextReader *r, const char *word);

/* Nothing but blanks may be left. */
extern void sf_text_end(SfTextReader *r);

extern void sf_text_malformed(const SfTextReader *r) pg_attribute_noreturn();

#endif							/* SF_TEXT_IO_H */
