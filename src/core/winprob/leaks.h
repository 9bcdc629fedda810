/*
 * leaks.h
 *		Features that know the outcome: what each can do alone.
 *
 *	leak: AUC alone			.9			refuse, per feature
 *	leak: missing values	.3, z 5		refuse, per feature
 *	leak: after the moment	1 %			refuse, per age; warn below it, from the first row on
 *	leak: days alone		.9			close models: refuse, per number; churn: warn, for contracts end on a day known before
 *
 * Win and close models are looked at alike.
 */
#ifndef SF_LEAKS_H
#define SF_LEAKS_H

#include "core/winprob/winmodel.h"

/*
 * sf_aucs_alone
 *		auc[frame->features]: won against lost by each feature alone, among the first of these rows; NaN where it
 *		cannot be told.  Learned on one half and told of the other, so that a name or a number that is different for
 *		each deal shows nothing.  SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_aucs_alone(SfArena *arena, const SfFrame *frame, SfRows rows, double *auc);

/* Rows that the scan looks at, of so many with so many features. */
extern int64_t sf_scan_rows(int64_t rows, int32_t features);

extern SfGate sf_leak_auc(int32_t feature, double auc);

/* Rows without a value, of all rows; deals_per_row scales the errors: rows of one deal are missing together. */
typedef struct SfMissing
{
	int64_t		closed_missing;
	int64_t		closed;
	int64_t		open_missing;
	int64_t		open;
	double		deals_per_row;
} SfMissing;

extern SfGate sf_leak_missing(int32_t feature, const SfMissing *missing);

extern SfGate sf_leak_after(const SfFrame *frame, int32_t feature);

/* concordance: share of pairs of closed deals that the number orders as their days do, or the other way round. */
extern SfGate sf_leak_days(int32_t feature, double concordance, bool churn);

#endif							/* SF_LEAKS_H */
