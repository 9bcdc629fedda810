/*
 * closemodel.h
 *		When deals are won or lost: a competing-risks hazard over age.
 *
 * Time is cut into age buckets (finer where more deals close); inside one the
 * hazard is constant.  Two questions are learned: how soon does a deal close at
 * each age, and if it closes, is it won.  Their product is the hazard of a win.
 *
 *	h(age | x) = lambda[bucket] * exp(sum of weights of x's codes)
 *	P(won | closes in bucket, x) = logistic regression with the bucket as a feature
 *
 * A deal counts from its entry age (its features are as of then) to its end;
 * open deals are censored where they stand.  A closing counts as "somewhere in
 * what was left of its bucket", so ages in whole days need no care and, without
 * features, the curves are those of the life table; in the last, open-ended
 * bucket it counts where it lies.  Features whose effect visibly changes with
 * age, on closing or on winning, get weights of their own for four bands of age.
 * Alternatively boosted trees answer a question, with the bucket as a feature: how
 * soon on one row per deal and bucket, won or lost on one row per closing.  The
 * likelihood falls into a part for either question, so ways to answer them are
 * chosen apart.
 *
 * Age is what the clock of `days` shows.  Effects change with it, so features that
 * go stale want a clock that starts when they were taken: entry 0, days from then.
 *
 * The same engine serves customers who leave (churn: one cause), and stages:
 * "won" is moving on, "lost" is closing there, days are those in the stage.  A
 * stall is what is still open after some days; the time remaining is
 * sf_close_expected.
 *
 * Source: Prentice & Gloeckler, Biometrics 34, 1978 (proportional hazards of
 * grouped times); Tutz & Schmid, Modeling Discrete Time-to-Event Data, Springer
 * 2016, ch. 3 and 8 (hazards as binary outcomes, competing risks).  We differ:
 * the closing hazard is proportional (complementary log-log), not logistic, so
 * that parts of a bucket are exact and no row per deal and bucket is needed; the
 * cause is modelled given the closing, in place of a multinomial logit.
 */
#ifndef SF_CLOSEMODEL_H
#define SF_CLOSEMODEL_H

#include "core/winprob/winmodel.h"

#define SF_CLOSE_FORMAT 1
#define SF_CLOSE_MAGIC "SFCM"
#define SF_CLOSE_BUCKETS_MAX 60
#define SF_CLOSE_BANDS 4		/* of age, for effects that change; none of features with over 64 codes */
#define SF_CLOSE_VARYING_MAX 3	/* features with such effects */
#define SF_CLOSE_HORIZONS 3		/* that quality is measured at */
#define SF_CLOSE_COLUMNS 3		/* outcome, days and entry: the last columns of a frame */
#define SF_CLOSE_DAYS_MAX 1e6

typedef enum SfCloseOutcome
{
	SF_CLOSE_OPEN,				/* still open at `days` */
	SF_CLOSE_LOST,
	SF_CLOSE_WON				/* churn: the customer left */
} SfCloseOutcome;

typedef struct SfCloseDeal
{
	SfCloseOutcome outcome;
	double		days;			/* age at its end, or today; 0 .. SF_CLOSE_DAYS_MAX */
	double		entry;			/* age from which on it was watched; 0 .. days */
	double		time;			/* as in SfDealInfo */
	uint64_t	group;
} SfCloseDeal;

/* An empty builder: `features` as given, then our own columns. */
extern SfStatus sf_close_create(SfCtx *ctx, int32_t features, const SfFeature *feature, SfFrameBuilder **builder);

/* cells[features + SF_CLOSE_COLUMNS]: the last ones are written here. SF_BAD_DATA, SF_TOO_LARGE, SF_NO_MEMORY. */
extern SfStatus sf_close_add(SfCtx *ctx, SfFrameBuilder *builder, const SfCloseDeal *deal, SfCell *cells);

typedef enum SfCloseAlgorithm
{
	SF_CLOSE_AUTO,				/* for each question the better of the two by cross-validated likelihood */
	SF_CLOSE_ADDITIVE,
	SF_CLOSE_BOOSTED,
	SF_CLOSE_ALGORITHMS
} SfCloseAlgorithm;

/* 0, or NaN: chosen from the data */
typedef struct SfCloseOptions
{
	SfCloseAlgorithm algorithm;
	bool		churn;			/* one cause: every closing is a win */
	int32_t		buckets;		/* 2 .. SF_CLOSE_BUCKETS_MAX; 0: by the number of closed deals */
	int32_t		bins;			/* 2 .. 64 per feature; 0: 16 */
	double		ridge;			/* >= 0; NaN: chosen by cross-validation */
	double		smoothness;		/* between neighbouring buckets and bins, >= 0; NaN: 1 */
	int32_t		trees;			/* boosted; 0: 150 */
	int32_t		leaves;			/* boosted; 0: 8 for closing, 4 for winning */
	double		rate;			/* boosted; NaN: 0.1 */
	int32_t		folds;			/* 2 .. 20; 0: 5 */
	bool		validate;		/* cross-validated quality; without it nothing is chosen by it either */
	bool		force;
	uint64_t	seed;
} SfCloseOptions;

/* An age bucket: (start, end], the first with 0, the last without an end. */
typedef struct SfCloseBucket
{
	double		start;			/* days */
	double		end;			/* +Inf: open-ended */
	int64_t		closed;			/* training deals that closed in it */
	int64_t		won;
	double		at_risk;		/* deal-days watched in it */
	double		log_hazard;		/* per day, of an average deal; additive only */
} SfCloseBucket;

/* Effect of a feature in one band of age, on top of its general one. */
typedef struct SfCloseVarying
{
	int32_t		feature;
	const double *weight;		/* [SF_CLOSE_BANDS][values + 2] log hazard */
} SfCloseVarying;

/*
 * Wins within some days, of deals held out: predicted at their entry, and seen.  Deals that were not watched so long
 * are made up for by others (weights by the inverse chance of being watched), which gives Aalen and Johansen's estimate.
 */
typedef struct SfCloseHorizon
{
	double		within;			/* days */
	double		said;			/* wins, sum over deals */
	double		seen;
	double		low;			/* 95 % interval of seen around what was said; deals of a group count once */
	double		high;
	double		brier;			/* mean squared error of the predictions */
	double		brier_skill;	/* share of it saved against a model that knows the age only */
} SfCloseHorizon;

typedef struct SfCloseQuality
{
	int64_t		rows;			/* 0: not measured */
	int64_t		closed;
	double		c_index;		/* of the closing hazard; NaN when no pair can be compared */
	double		c_error;		/* standard error over the folds */
	double		loss;			/* - log likelihood per deal, held out */
	double		base_loss;		/* the same of a model that knows the age only */
	double		skill;			/* 1 - exp(loss - base_loss): share by which a deal's likelihood falls without the features */
	double		skill_low;		/* 95 % interval, from paired differences */
	double		skill_high;
	double		cause_auc;		/* won against lost of the closed ones; NaN for churn */
	SfCloseHorizon horizon[SF_CLOSE_HORIZONS];	/* middle days from entry to a close; 30; 90 */
} SfCloseQuality;

/* A way to answer one of the two questions, and how well it did on held-out deals. */
typedef struct SfCloseCandidate
{
	bool		winning;		/* the second question */
	bool		boosted;
	bool		varying;		/* additive: effects may change with age */
	double		ridge;			/* additive */
	int32_t		leaves;			/* boosted */
	double		loss;			/* - log likelihood per deal; winning: per closing */
	bool		chosen;
} SfCloseCandidate;

typedef struct SfCloseModel
{
	SfCloseAlgorithm algorithm; /* of closing: ADDITIVE or BOOSTED */
	SfCloseAlgorithm cause_algorithm;
	SfCloseAlgorithm asked;
	bool		churn;
	bool		forced;
	uint64_t	seed;
	SfBins		bins;			/* counts: all deals; won: closings won */
	int32_t		buckets;
	SfCloseBucket *bucket;		/* [buckets] */
	double		horizon;		/* days: the oldest age seen in training */
	double		ridge;			/* of closing */
	double		smoothness;
	int32_t		band_end[SF_CLOSE_BANDS];	/* first bucket beyond the band; the last is `buckets` */
	/* additive */
	const int32_t *offset;		/* [features + 1] */
	const double *weight;		/* [offset[features]] log hazard by code, averages 0 over the training deals */
	const double *error;		/* its standard error */
	int32_t		varying;
	SfCloseVarying *vary;		/* [varying] */
	/* boosted */
	double		last_width;		/* days that one row of the open-ended bucket stood for */
	SfTrees		closing;
	/* cause; age bucket is feature `features` of both */
	bool		cause_known;	/* false: one class, or churn: P(won | closed) is cause_rate */
	double		cause_rate;
	SfLogistic	cause;			/* behind the age bucket: band * codes + code of features that change with age */
	int32_t		cause_varying;
	int32_t		cause_vary[SF_CLOSE_VARYING_MAX];	/* those features */
	SfTrees		cause_trees;
	/* what is known of it */
	int64_t		rows;
	int64_t		closed;
	int64_t		won;
	int64_t		deals;			/* rows of one group are one deal; so below */
	int64_t		closed_deals;
	int64_t		won_deals;
	double		first_time;
	double		last_time;
	SfCloseQuality quality;
	int32_t		gates;
	SfGate	   *gate;
	int32_t		candidates;
	SfCloseCandidate *candidate;
} SfCloseModel;

/*
 * sf_close_fit
 *		frame: finished from a builder of sf_close_create. SF_BAD_DATA: nothing closed, or a gate stops training
 *		and force is off (model->gate then holds every gate, model->buckets = 0). SF_NO_MEMORY, SF_CANCELLED.
 *		Additive: O(deals * features^2) a step whatever the number of buckets; boosted: at most 4 million rows of
 *		deal and bucket, from the first deals of the frame (its order is a shuffle).
 */
extern SfStatus sf_close_fit(SfArena *arena, const SfFrame *frame, const SfCloseOptions *options,
							 SfWinProgress progress, SfCloseModel *model);

/* Ends of the buckets from the ages of closings, ascending; end[count] with the last +Inf. Returns the count >= 1. */
extern int32_t sf_close_cuts(const double *age, int64_t n, int32_t wanted, double *end);

/* Concordance of risk and time; entry, exit, closed, risk [n]. Adds to *agree and *pairs. */
extern SfStatus sf_close_concordance(SfArena *arena, const double *entry, const double *exit, const uint8_t *closed,
									 const double *risk, int64_t n, double *agree, double *pairs);

/* Ready to predict. A predictor holds one deal at a time. */
typedef struct SfClosePredictor SfClosePredictor;
extern SfStatus sf_close_predictor(SfArena *arena, const SfCloseModel *model, SfClosePredictor **predictor);

/* Take a deal: cells[features]. */
extern void sf_close_take(SfClosePredictor *predictor, const SfCell *cells);

/* The same from codes in the model's bins. */
extern void sf_close_take_codes(SfClosePredictor *predictor, const uint8_t *code);

typedef struct SfCloseChance
{
	double		won;			/* each in 0 .. 1, won < 1, sum 1 */
	double		lost;
	double		open;
} SfCloseChance;

/* Of the deal taken, open at `age`: what it is `within` days later. age finite >= 0, within >= 0 or Inf. */
extern SfCloseChance sf_close_within(SfClosePredictor *predictor, double age, double within);

typedef struct SfCloseExpected
{
	double		mean;			/* days until it closes, up to the horizon */
	double		quantile[3];	/* 10, 50 and 90 %; NaN beyond the horizon */
	double		won;			/* won in the end */
	bool		restricted;		/* over 1 % of such deals are still open at the horizon */
} SfCloseExpected;

extern SfCloseExpected sf_close_expected(SfClosePredictor *predictor, double age);

/* Hazard of closing per day in each bucket and P(won | closes there), of the deal taken. [buckets] */
extern void sf_close_hazards(SfClosePredictor *predictor, const double **hazard, const double **won);

extern void sf_close_encode(const SfCloseModel *model, SfWriter *write);
extern SfStatus sf_close_decode(SfArena *arena, SfReader *read, SfCloseModel *model);

#endif							/* SF_CLOSEMODEL_H */
