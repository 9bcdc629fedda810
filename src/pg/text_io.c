/*
 * text_io.c
 *		Exact text forms of our types, whatever the session's settings are.
 */
#include "pg/text_io.h"

#include <errno.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"

void
sf_append_double(StringInfo out, double x)
{
	char		buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(x, buffer);
	appendStringInfoString(out, buffer);
}

void
sf_text_malformed(const SfTextReader *r)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.*s\"", r->type,
					pg_mbcliplen(r->text, strlen(r->text), 200), r->text)));
}

int64
sf_text_int64(SfTextReader *r)
{
	char	   *end;
	int64		x;

	errno = 0;
	x = strtoll(r->at, &end, 10);
	if (end == r->at || errno != 0)
		sf_text_malformed(r);
	r->at = end;
	return x;
}

uint64
sf_text_uint64(SfTextReader *r)
{
	char	   *end;
	uint64		x;

	while (*r->at == ' ')
		r->at++;
	errno = 0;
	x = strtoull(r->at, &end, 10);
	/* strtoull takes a sign and wraps */
	if (end == r->at || errno != 0 || *r->at == '-')
		sf_text_malformed(r);
	r->at = end;
	return x;
}

double
sf_text_double(SfTextReader *r)
{
	char	   *end;
	double		x;

	errno = 0;
	x = strtod(r->at, &end);
	/* ERANGE is also set for denormals, which are exact */
	if (end == r->at || !isfinite(x))
		sf_text_malformed(r);
	r->at = end;
	return x;
}

static void
skip_blanks(SfTextReader *r)
{
	while (*r->at == ' ')
		r->at++;
}

bool
sf_text_accept(SfTextReader *r, const char *word)
{
	size_t		length = strlen(word);

	skip_blanks(r);
	if (strncmp(r->at, word, length) != 0)
		return false;
	r->at += length;
	return true;
}

void
sf_text_expect(SfTextReader *r, const char *word)
{
	if (!sf_text_accept(r, word))
		sf_text_malformed(r);
}

void
sf_text_end(SfTextReader *r)
{
	skip_blanks(r);
	if (*r->at != '\0')
		sf_text_malformed(r);
}
