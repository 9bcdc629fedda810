/*
 * reconcile.h
 *		Forecasts of many series that add up: the door.
 *
 * Each series of a hierarchy was forecast by itself; the shops do not add up to
 * the country.  Reconciling changes all of them as little as their usual errors
 * suggest, and then they do; on average the result is better than either, since
 * the country sees the trend and the shops their own.
 *
 * Methods: bottom-up; top-down by forecast or by historical proportions
 * (topdown.h); and the projections of project.h with the weights of errorcov.h:
 * WLS-struct (errors grow with the number of bottom series), WLS-var (by the
 * variance of residuals) and MinT with shrinkage (by their covariance).  For
 * unbiased forecasts the projections stay unbiased, SPS = S, and MinT has the
 * least variance of all that do.
 *
 * MinT and not negative in one step, with the covariance (Wickramasuriya, Turlach
 * & Hyndman 2020), was tried and left: see reconcile.c.  The second of two steps
 * cannot do harm: weighted by the variances, it comes nearer to every set of
 * numbers that adds up and is not negative, the true one among them.
 *
 * All this takes for granted that the data add up.  Where an aggregate holds
 * more than the bottom series given (small shops left out), its forecast differs
 * from their sum by what is missing and not by an error, and so do its residuals:
 * they are those of the sum, a little larger, so that MinT reads a gap of a
 * thousandth as a sign that all series are far off.  Two things guard against
 * that.
 *
 * With the history, the forecasts and residuals of an aggregate are first
 * multiplied by the share that its bottom series had in it over the last
 * periods, as many as steps are forecast and at least 4.  Where there is no such
 * share (not within 0.01 to 100, as happens where signs differ) the mean gap is
 * taken off instead, and residuals stay.  On data that add up this changes
 * nothing.
 *
 * Always, MinT may move the aggregates only so far (reach): at no level the sums
 * of the reconciled bottom series may differ from those of the forecasts given,
 * taken together and without sign, by more than that share of what aggregates
 * and sums differ by.  If they do, lambda is raised in steps up to 1, where
 * MinT is WLS-var.  Ours: a combination of two forecasts should lie between
 * them, and one whose weights come from a hundred residuals nearer to the one
 * that needs none (Claeskens, Magnus, Vasnev & Wang, International Journal of
 * Forecasting 32, 2016, on why estimated weights lose).
 *
 * Source: Wickramasuriya, Athanasopoulos & Hyndman, Journal of the American
 * Statistical Association 114, 2019.
 */
#ifndef SF_RECONCILE_H
#define SF_RECONCILE_H

#include "core/forecast/hierarchy.h"

typedef enum SfReconcileMethod
{
	SF_RECONCILE_BOTTOM_UP,
	SF_RECONCILE_TOP_DOWN,		/* forecast proportions */
	SF_RECONCILE_TOP_DOWN_HISTORY,	/* average historical proportions */
	SF_RECONCILE_WLS_STRUCT,
	SF_RECONCILE_WLS_VAR,		/* needs residuals */
	SF_RECONCILE_MINT_SHRINK	/* needs residuals */
} SfReconcileMethod;

typedef struct SfReconcilePlan
{
	SfReconcileMethod method;
	bool		nonnegative;	/* nothing below 0: WLS finds the nearest such
								 * forecasts, MinT those nearest, by variances,
								 * to its own result; the others cut the bottom
								 * at 0 */
	double		reach;			/* of MinT, > 0: how far aggregates may move, see
								 * above; 0: as far as the textbook has it */
	bool		rounded;		/* to decimals, as apportion.h says */
	int32_t		decimals;
} SfReconcilePlan;

/* Row-major, one row a node; borrowed. */
typedef struct SfReconcileData
{
	const double *base;			/* [nodes][steps]; a node without forecasts has
								 * NaN in all of them */
	int32_t		steps;			/* >= 1 */
	const double *residuals;	/* [nodes][periods], NaN where none, or NULL */
	int32_t		periods;
	const double *history;		/* [nodes][history_periods], NaN where none, or
								 * NULL; its last period comes before step 1 */
	int32_t		history_periods;
} SfReconcileData;

typedef struct SfReconciled
{
	double		lambda;			/* of MinT: 0 .. 1, as raised; 1 for the others */
	double		estimated;		/* lambda before it was raised */
	bool		converged;		/* false: some step of the non-negative search was
								 * stopped; the result adds up and has no negative
								 * number, but is not the nearest */
	int32_t		exchanges;		/* turns of that search */
	int32_t		raised;			/* series with hardly any residual error */
	int32_t		guessed;		/* series without residuals */
	int32_t		gaps;			/* aggregates that hold a thousandth more or less
								 * than was given, by the history */
} SfReconciled;

/*
 * sf_reconcile
 *		out[nodes][steps]: every aggregate is the sum of its bottom series.
 *		Aggregates may lack forecasts; they take no part and are added up.
 *
 *		SF_OK; SF_BAD_DATA, ctx->where the node: a bottom series without
 *		forecasts (for historical proportions: a root), a forecast that is not
 *		finite, or missing for some steps only; an infinite residual or history.
 *		SF_BAD_ARGUMENT: residuals or history missing, decimals or reach out of range.
 *		SF_OVERFLOW, SF_TOO_LARGE (more than 8192 aggregates with forecasts, 1024
 *		periods of residuals), SF_NO_MEMORY, SF_CANCELLED.
 *
 *		Scaling base by a power of two scales out; the scale of residuals does
 *		not matter.  Steps do not see each other, but for reach.  MinT with reach
 *		costs up to eight projections.
 */
extern SfStatus sf_reconcile(SfArena *arena, const SfHierarchy *h, const SfReconcileData *data,
							 const SfReconcilePlan *plan, double *out, SfReconciled *report);

#endif							/* SF_RECONCILE_H */
