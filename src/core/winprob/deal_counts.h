/*
 * deal_counts.h
 *		How many deals there are, however many rows each of them has.
 *
 * A deal that is shown at eight moments of its life tells of one outcome, not of
 * eight.  Rows of one group are one deal here; rows without one count singly.
 */
#ifndef SF_DEAL_COUNTS_H
#define SF_DEAL_COUNTS_H

#include "core/winprob/folds.h"

typedef struct SfDealCounts
{
	int64_t		won;			/* with a row that was won; a customer's group can be won and lost */
	int64_t		lost;
	int64_t		open;
	int64_t		closed;			/* won or lost, once */
	int64_t		timed;			/* of these: a time is known of a row */
	int64_t		all;
	double		first;			/* days since 2000-01-01 of the rows; NaN: no time is known */
	double		last;
} SfDealCounts;

/* outcome[frame->rows]: SfOutcome; NULL: what the frame says. SF_NO_MEMORY, SF_CANCELLED. O(rows). */
extern SfStatus sf_count_deals(SfArena *arena, const SfFrame *frame, const uint8_t *outcome, SfDealCounts *counts);

/* Deals per year of a history, which counts as a month at the least. NaN: no time is known. */
extern double sf_deals_per_year(double deals, double first, double last);

#endif							/* SF_DEAL_COUNTS_H */
