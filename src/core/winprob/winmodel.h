/*
 * winmodel.h
 *		A win model: members, how they are stacked, calibration, and what is known of its quality.
 */
#ifndef SF_WINMODEL_H
#define SF_WINMODEL_H

#include "core/winprob/calibrate.h"
#include "core/winprob/folds.h"
#include "core/winprob/logistic.h"
#include "core/winprob/metrics.h"
#include "core/winprob/shap.h"
#include "core/winprob/trees.h"

#define SF_WIN_FORMAT 1
#define SF_MAX_MEMBERS 8
#define SF_MAX_CANDIDATES 1000

/* ctx->what of a decoder that meets bytes of a later version: SF_BAD_BYTES, but not damage. */
#define SF_WIN_FORMAT_TEXT "win model has a format this version does not know"

/* Log-odds of a probability lie within this; ours: of three million deals none could tell, and 1 - p would lose its digits. */
#define SF_LOG_ODDS_MAX 15.0

typedef enum SfAlgorithm
{
	SF_ALGORITHM_AUTO,
	SF_ALGORITHM_LOGISTIC,
	SF_ALGORITHM_FOREST,
	SF_ALGORITHM_BOOSTED,
	SF_ALGORITHM_BLEND,
	SF_ALGORITHMS
} SfAlgorithm;

typedef enum SfValidate
{
	SF_VALIDATE_AUTO,			/* cross-validated where the algorithm is auto or blend */
	SF_VALIDATE_NONE,			/* one fit; quality is that on the training deals, and says so */
	SF_VALIDATE_FULL			/* cross-validated, and on the last 20 % in time where times are known */
} SfValidate;

/* 0, or NaN: chosen by cross-validation (auto, blend) or a usual value (a named algorithm). */
typedef struct SfWinOptions
{
	SfAlgorithm algorithm;
	int32_t		terms;			/* logistic: 0 choose, 1 linear, 2 binned */
	int32_t		bins;
	double		ridge;
	int32_t		trees;
	int32_t		leaves;
	int32_t		depth;
	double		rate;
	double		least_rows;
	int32_t		folds;			/* 5 */
	SfCalibrationKind calibration;	/* SF_CALIBRATION_KINDS: choose; needs validation */
	SfValidate	validate;
	bool		force;			/* train in spite of refusing gates; recorded */
	uint64_t	seed;
} SfWinOptions;

typedef struct SfMember
{
	SfAlgorithm kind;			/* LOGISTIC, FOREST or BOOSTED */
	double		share;			/* weight of its log-odds in the stack */
	SfBins		bins;
	SfLogistic	logistic;
	SfTrees		trees;
} SfMember;

typedef enum SfVerdict
{
	SF_PASS,
	SF_WARN,
	SF_REFUSE
} SfVerdict;

typedef enum SfGateKind
{
	SF_GATE_WON,				/* measured won deals, those of several rows once; limit 40 refuse, 200 warn */
	SF_GATE_LOST,
	SF_GATE_ROWS_PER_PARAMETER, /* of the simplest model tried: features + 1; limit 10 refuse, 20 warn */
	SF_GATE_HISTORY,			/* years between first and last time; limit 2 warn */
	SF_GATE_DEALS_PER_YEAR,		/* limit 100 warn */
	SF_GATE_LEAK_AUC,			/* per feature: alone above .9 refuse */
	SF_GATE_LEAK_MISSING,		/* per feature: share missing differs between closed and open deals by over .3 and 5 errors, refuse */
	SF_GATE_LEAK_AFTER,			/* per feature: share of deals, open ones too, whose date is after the as-of time; limit .01 refuse,
								 * above 0 warn; other: how many deals */
	SF_GATE_SKILL_RANDOM,		/* lower 95 % bound of skill, cross-validated; limit 0 refuse promotion */
	SF_GATE_SKILL_TIME,			/* the same on the last 20 % in time; warn when it is above 0 but outcomes after the split may
								 * have been learned, since it is not known when deals closed */
	SF_GATE_OVERFIT,			/* (validation - training log-loss) / validation; limit .25 warn */
	SF_GATE_CONSTANT,			/* per feature: one value only, warn */
	SF_GATE_MODEL_PARAMETERS,	/* deals per effective parameter of the logistic member that was made; limit 10 refuse
								 * promotion, 20 warn; NaN: no such member */
	SF_GATE_LEAK_DAYS,			/* close models, per number: pairs of closed deals that it alone orders as their days do, or the
								 * other way round; limit .9 refuse (churn: warn) */
	SF_GATES
} SfGateKind;

typedef struct SfGate
{
	SfGateKind	kind;
	int32_t		feature;		/* -1: none */
	double		limit;
	double		measured;
	double		other;			/* second figure: open share, upper bound */
	SfVerdict	verdict;
	bool		stops;			/* REFUSE: training itself (else only promotion) */
} SfGate;

typedef struct SfCandidate
{
	SfAlgorithm kind;
	int32_t		bins;
	double		ridge;
	bool		linear;
	int32_t		trees;
	int32_t		leaves;
	double		rate;
	double		log_loss;		/* cross-validated; NaN, as auc: given up after the first folds */
	double		auc;
	bool		chosen;
	double		smoothness;		/* logistic: penalty on differences of neighbouring bins */
	int32_t		features;		/* logistic: only so many of the strongest features; 0: all */
	double		least_rows;		/* trees: deals in a leaf */
} SfCandidate;

typedef struct SfWinModel
{
	SfAlgorithm algorithm;		/* as it came out: LOGISTIC, FOREST, BOOSTED or BLEND */
	SfAlgorithm asked;
	bool		forced;
	uint64_t	seed;
	double		intercept;		/* log-odds = intercept + sum of share * member log-odds, then calibration */
	int32_t		members;
	SfMember   *member;			/* [members]; all share the features of member[0].bins */
	SfCalibration calibration;
	SfVenn		venn;
	int64_t		rows;
	int64_t		won_rows;
	int64_t		deals;			/* rows of one group are one deal, a row without a group is one */
	int64_t		won_deals;		/* with a row that was won; a group can be won and lost */
	int64_t		lost_deals;
	double		first_time;		/* days since 2000-01-01; NaN when not known */
	double		last_time;
	SfWinMetrics train;			/* on the deals it was trained on */
	SfWinMetrics random;		/* cross-validated; rows = 0: not done */
	SfWinMetrics forward;		/* trained on the first 80 % in time, tested on the rest; rows = 0: not done. Up to
								 * SF_CHOOSE_INSIDE deals settings are chosen on the first part too, above on all deals */
	int32_t		gates;
	SfGate	   *gate;
	int32_t		candidates;
	SfCandidate *candidate;
} SfWinModel;

typedef struct SfWinProgress
{
	SfReport	report;
	void	   *arg;
} SfWinProgress;

/*
 * sf_win_fit
 *		SF_BAD_DATA when a gate stops training and force is off; model->gate then still holds every gate
 *		(model->members = 0).
 */
extern SfStatus sf_win_fit(SfArena *arena, const SfFrame *frame, const SfWinOptions *options,
						   SfWinProgress progress, SfWinModel *model);

/*
 * Gates that need no model, in the order of SfGateKind, per-feature ones by feature: gate[] lives in the arena.
 * Every gate is there, passed ones too. Rows per parameter counts all features; sf_win_fit counts those its
 * simplest candidate uses (algorithm auto: at most five of the strongest, see choose.h).
 */
extern SfStatus sf_win_gates(SfArena *arena, const SfFrame *frame, SfGate **gate, int32_t *gates);

/*
 * sf_win_cross_validate
 *		Held-out probabilities by folds of a kind. Named algorithms are fitted to each training part.  auto and
 *		blend choose inside each training part up to SF_CHOOSE_INSIDE deals; above, settings, shares and
 *		calibration are chosen once, on the first training part, and only the members are fitted again.
 *		Forward folds train on what folds.h says.  probability[frame->rows]: NaN where a deal was never held out;
 *		fold[frame->rows]: 1-based, 0 where never. rate[folds]: won rate of each training part.
 */
extern SfStatus sf_win_cross_validate(SfArena *arena, const SfFrame *frame, const SfWinOptions *options,
									  SfFoldKind kind, int32_t folds, SfWinProgress progress,
									  double *probability, int32_t *fold, double *rate);

#define SF_CHOOSE_INSIDE 20000

/* New closed deals into a trained model, where its members allow (all logistic or forest); else SF_BAD_ARGUMENT. */
extern SfStatus sf_win_update(SfArena *arena, const SfWinModel *old, const SfFrame *frame, SfWinModel *model);

/* Ready to predict: indexes of every member. */
typedef struct SfWinPredictor SfWinPredictor;
extern SfStatus sf_win_predictor(SfArena *arena, const SfWinModel *model, SfWinPredictor **predictor);

/* cells[features]; raw log-odds into *raw (before calibration) when not NULL; *unseen: how many unseen categories. Returns the probability, inside (0, 1). */
extern double sf_win_predict(SfWinPredictor *predictor, const SfCell *cells, double *raw, int32_t *unseen);
extern void sf_win_predict_interval(SfWinPredictor *predictor, const SfCell *cells, double *low, double *high);

/*
 * contribution[features] in log-odds, *baseline (an average deal), *calibration (what calibration moved);
 * baseline + sum of contributions + calibration = log-odds of the returned probability.
 * code[features] (may be NULL): code of the cell in member 0's bins.
 */
extern SfStatus sf_win_explain(SfWinPredictor *predictor, const SfCell *cells, double *baseline, double *calibration,
							   double *contribution, uint8_t *code, double *probability);

/* Bytes: magic, format, length, digest, then the parts. SF_BAD_BYTES with what is wrong. */
extern void sf_win_encode(const SfWinModel *model, SfWriter *write);
extern SfStatus sf_win_decode(SfArena *arena, SfReader *read, SfWinModel *model);

/* 64-bit digest of bytes, for headers and caches. */
extern uint64_t sf_digest(const void *bytes, size_t n);

#endif							/* SF_WINMODEL_H */
