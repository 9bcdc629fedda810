/*
 * metrics.h
 *		How good predictions of won and lost are.
 *
 * won[n] is 0 or 1, probability[n] in 0 .. 1 (AUC: any finite number).
 * Log-loss clips probabilities to [1e-15, 1 - 1e-15]. Calibration error: ten
 * equal-width bins, sum of n_b / n * |mean probability - rate|.
 */
#ifndef SF_METRICS_H
#define SF_METRICS_H

#include "core/base/arena.h"
#include "core/winprob/clusters.h"

typedef struct SfAuc
{
	double		auc;			/* NaN when one class is missing */
	double		error;			/* DeLong's standard error; NaN when a class has fewer than two deals */
	double		low;			/* interval at the level asked for, on the logit scale, inside 0 .. 1; */
	double		high;			/* NaN as auc is; 0 .. 1 when the error is not known */
} SfAuc;

/*
 * sf_auc
 *		The probability that a won deal stands above a lost one, ties halved.
 *
 * level in (0, 1), else SF_BAD_ARGUMENT.  Where won and lost are apart without
 * exception the error is 0 and says nothing: the interval then is the exact
 * binomial one of as many independent pairs as the smaller class has deals.
 *
 * Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988; Sun & Xu, IEEE
 * Signal Processing Letters 21, 2014 (by ranks, O(n log n)).
 */
extern SfStatus sf_auc(SfArena *arena, const double *prediction, const uint8_t *won, int64_t n, double level, SfAuc *auc);

/*
 * sf_auc_clustered
 *		The same of deals that belong together: the error allows for deals of one cluster moving as one.  It is NaN
 *		when fewer than two clusters have won deals, or lost ones.  Clusters of one deal each: as sf_auc.
 *
 * Source: Obuchowski, Biometrics 53, 1997.
 */
extern SfStatus sf_auc_clustered(SfArena *arena, const double *prediction, const uint8_t *won, int64_t n,
								 const SfClusters *clusters, double level, SfAuc *auc);

/*
 * sf_auc_sorted
 *		The same of predictions that are already apart and sorted: keys of sf_rank_key, ascending.
 */
extern SfStatus sf_auc_sorted(SfCtx *ctx, const uint64_t *won, int64_t won_rows, const uint64_t *lost, int64_t lost_rows,
							  double level, SfAuc *auc);

/* Difference of two AUCs on the same deals (a - b) and its standard error; both NaN when a class is missing,
 * the error when a class has fewer than two deals. */
extern SfStatus sf_auc_difference(SfArena *arena, const double *a, const double *b, const uint8_t *won, int64_t n,
								  double *difference, double *error);

/* -log of the probability given to what happened, clipped. */
extern double sf_log_loss_one(double probability, bool won);

typedef struct SfWinMetrics
{
	int64_t		rows;
	int64_t		won;
	SfAuc		auc;			/* 95 % interval */
	double		log_loss;
	double		brier;
	double		calibration_error;
	double		base_log_loss;	/* of the base rate given */
	double		skill;			/* 1 - log_loss / base_log_loss */
	double		skill_low;		/* 95 % interval of skill, from the paired differences per deal */
	double		skill_high;
} SfWinMetrics;

/*
 * Everything at once; base_rate: the rate known before these deals (of the training part).
 * n = 0: rows and won are 0, the rest is NaN.  The interval of skill is that of a ratio of
 * means (delta method), NaN for a single deal.  clusters (may be NULL): what belongs together; then the intervals
 * are those of sums over clusters, NaN for a single one.
 */
extern SfStatus sf_win_metrics_clustered(SfArena *arena, const double *probability, const uint8_t *won, int64_t n,
										 const SfClusters *clusters, double base_rate, SfWinMetrics *metrics);

/* The same of deals each by itself. */
extern SfStatus sf_win_metrics(SfArena *arena, const double *probability, const uint8_t *won, int64_t n,
							   double base_rate, SfWinMetrics *metrics);

#endif							/* SF_METRICS_H */
