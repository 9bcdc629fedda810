/*
 * win_options.h
 *		win_options, read into the core's struct once and compared afterwards.
 */
#ifndef SF_WIN_OPTIONS_H
#define SF_WIN_OPTIONS_H

#include "pg/compat.h"

#include "access/htup.h"
#include "core/winprob/winmodel.h"
#include "lib/stringinfo.h"

/* given NULL: the defaults. Errors 22023 name the option, the value and what is allowed. */
extern void sf_win_options_read(HeapTupleHeader given, SfWinOptions *out);

/* As they travel from a worker to its leader. */
extern void sf_win_options_send(StringInfo out, const SfWinOptions *options);
extern void sf_win_options_receive(StringInfo in, SfWinOptions *options);

/* "logistic", "boosted" and so on. */
extern const char *sf_algorithm_name(SfAlgorithm algorithm);

#endif							/* SF_WIN_OPTIONS_H */
