/*
 * logistic.h
 *		Logistic regression on codes: one weight per code, exactly additive.
 *
 * Binned: each code of a feature has a weight of its own.  Linear: a number
 * enters by its standardized bin centre, plus a weight for missing; its codes'
 * weights are then slope * (centre - mean).  Either way a prediction is
 * intercept + sum over f of weight[offset[f] + code].
 *
 * Weights are centred: over the training deals each feature's weights average
 * 0, so the intercept is the log-odds of an average deal and a weight says how
 * far a code moves it.  A category never seen weighs 0, and so does a code
 * without training deals (unless smoothness ties it to its neighbours).
 *
 * The estimate minimizes
 *
 *	- log likelihood + ridge / 2 * sum u^2 + smoothness / 2 * sum (u[c+1] - u[c])^2
 *
 * over the unknowns: an intercept without penalty and one u a code, or, linear,
 * the slope of z = (bin centre - mean) / standard deviation over the training
 * deals that have a value (divisor n) and one u for missing.  So ridge acts on
 * the slope of the standardized number.  Numbers that are constant are dropped.
 * With ridge 0 each feature's most frequent code is the reference (u = 0) and
 * codes without deals have no unknown: plain logistic regression, which agrees
 * with glm; with ridge > 0 every code has one, as a one-hot design with
 * ridge = n * lambda of glmnet (alpha 0, not standardized).
 *
 * Newton's method with a dense Hessian below SF_LOGISTIC_DENSE unknowns, started
 * on the first sixteenth of the rows where there are many; a factorization is
 * kept while the steps with it still gain a digit each.  From there on L-BFGS,
 * scaled by the diagonal of the Hessian.  Rows are taken to be in an order
 * unrelated to outcome and features (a frame's order); any order is right, only slower.
 *
 * Standard errors come from the inverse of H + P (P the penalty's second
 * derivative), not from (H + P)^-1 H (H + P)^-1: the former, read as a
 * posterior, also covers what shrinkage pulls the estimate away, and its
 * intervals hold about their level on average over the unknowns (Nychka, Journal
 * of the American Statistical Association 83, 1988; Wood, Generalized Additive
 * Models, 2nd ed., 2017, 6.10).  Without a penalty both are glm's.  H is exact, at
 * the estimate.  With SF_LOGISTIC_DENSE unknowns or more, errors and the number of
 * parameters use the diagonal of H + P alone: errors too small where features
 * go together.
 *
 * Directions that the data do not determine (collinear features, ridge 0) get a
 * ridge of 1e-9 of their information: finite, with very large errors.  Where deals
 * are separated and nothing penalizes, the estimate runs away: the fit stops,
 * converged is false and weights are finite.
 *
 * Time about rows * features^2 / 2 ns for each of about three passes, memory
 * 20 * unknowns^2 bytes and 4096 deals' worth of scratch.
 */
#ifndef SF_LOGISTIC_H
#define SF_LOGISTIC_H

#include "core/winprob/bins.h"

/* From so many unknowns on no Hessian is made. */
#define SF_LOGISTIC_DENSE 1000

typedef struct SfLogisticOptions
{
	bool		linear;			/* numbers by slope; categories and booleans keep a weight per code */
	double		ridge;			/* lambda: penalty lambda / 2 * sum of squared weights, not on the intercept; >= 0 */
	double		smoothness;		/* penalty smoothness / 2 * squared differences of neighbouring bins of a number; >= 0 */
	int32_t		iterations;		/* at most; 0: 50 */
} SfLogisticOptions;

typedef struct SfLogistic
{
	double		intercept;
	double		intercept_error;	/* standard error */
	int32_t		features;
	const int32_t *offset;		/* [features + 1] where a feature's weights start */
	const double *weight;		/* [offset[features]] log-odds by code */
	const double *error;		/* [offset[features]] standard error; 0 for codes that never occurred */
	const double *slope;		/* [features] log-odds per unit of the feature; NaN where not linear */
	const double *slope_error;	/* [features] NaN where not linear */
	const bool *linear;			/* [features] */
	double		deviance;		/* -2 log likelihood of the training deals */
	double		parameters;		/* effective number of them: trace of (H + P)^-1 H, with the intercept */
	int32_t		iterations;
	bool		converged;
	double		ridge;			/* as trained */
	double		smoothness;
	int64_t		rows;			/* training deals */
	/* what the unknowns are: a design is made of these again, see logistic_design.h */
	const bool *estimated;		/* [offset[features]] the code has an unknown; a linear number's bins share one */
	const double *share;		/* [offset[features]] of the training deals with the code */
	const double *mean;			/* [features] of a linear number's bin centres; else 0 */
	const double *deviation;	/* [features] their standard deviation; 0: not linear, or constant */
	/* information of the unique parameters, for updates; NULL when there are over SF_MAX_UPDATE of them */
	int32_t		unknowns;
	const double *information;	/* [unknowns][unknowns] lower triangle, H + P at the optimum */
	const double *estimate;		/* [unknowns] */
} SfLogistic;

#define SF_MAX_UPDATE 400

/*
 * bins: of the same codes. SF_BAD_DATA: one class only; SF_BAD_ARGUMENT: an option
 * out of range; SF_NO_MEMORY, SF_CANCELLED. Not converged is an answer.
 */
extern SfStatus sf_logistic_fit(SfArena *arena, const SfBins *bins, const SfCodes *codes,
								SfLogisticOptions options, SfLogistic *model);

/*
 * New deals on top of a fitted model without the old ones: the old ones are
 * kept as the quadratic around their optimum.  The codes are made with the old
 * bins, and z keeps its old mean and deviation.  Weights are centred anew over old
 * and new deals.  One class, or no deal at all, is allowed.  The deviance is that
 * of the new deals plus the old one's along the quadratic.  With ridge 0 a code that
 * had no deal keeps weight 0.  SF_BAD_ARGUMENT without information.
 */
extern SfStatus sf_logistic_update(SfArena *arena, const SfBins *bins, const SfLogistic *old, const SfCodes *codes,
								   SfLogistic *model);

/* log-odds of every row; log_odds[rows] */
extern void sf_logistic_predict(const SfLogistic *model, const SfCodes *codes, double *log_odds);

/* Bytes and back; needs the same bins. SF_BAD_BYTES, SF_NO_MEMORY. */
extern void sf_logistic_encode(const SfLogistic *model, SfWriter *write);
extern SfStatus sf_logistic_decode(SfArena *arena, SfReader *read, const SfBins *bins, SfLogistic *model);

#endif							/* SF_LOGISTIC_H */
