/*
 * arima_search.h
 *		The orders of a seasonal ARMA model, one step at a time.
 *
 * From four simple models on, neighbours of the best one so far are tried (one
 * of P, Q, p, q, or two together, up or down by one; the constant on or off) and
 * the first that lowers AICc becomes the best; it ends when no neighbour does.
 * Models with a root near the unit circle do not count.  Each fit starts where the
 * best one ended, so most need two or three steps.
 *
 * Source: Hyndman & Khandakar, Automatic time series forecasting: the forecast
 * package for R, Journal of Statistical Software 27(3), 2008, section 3.2; AICc:
 * Hurvich & Tsai, Biometrika 76, 1989.  We differ: short or cheap series are
 * searched with the exact likelihood, others with the conditional one; with more
 * than two drivers their coefficients are those of the first model while the
 * orders are searched.
 */
#ifndef SF_ARIMA_SEARCH_H
#define SF_ARIMA_SEARCH_H

#include "core/forecast/arima_fit.h"

#define SF_ARMA_MODELS_MAX 94	/* tried at most, as in the paper's program */
#define SF_ARMA_BEST_MAX 5		/* kept */

typedef struct SfArmaSearch
{
	SfArmaOrder max;			/* largest orders, and m */
	bool		constant;		/* the last column of the data is one, to be left out at will */
} SfArmaSearch;

typedef struct SfArmaModel
{
	SfArmaOrder order;
	bool		constant;
	double		aicc;
	double		partial[SF_ARMA_VARIABLES_MAX];
} SfArmaModel;

/*
 * The best models, best first: an estimate to the last digit may still take the
 * first one to the unit circle, and then the next is wanted.
 */
typedef struct SfArmaChoice
{
	int32_t		count;			/* 1 .. SF_ARMA_BEST_MAX */
	SfArmaModel best[SF_ARMA_BEST_MAX];
	int32_t		models;			/* how many were fitted */
} SfArmaChoice;

/*
 * sf_arma_search
 *		work	fits `exact` or not, with room for data and orders
 *		SF_OK, SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_arma_search(SfArena *arena, SfArmaWork *work, const SfArmaData *data,
							   const SfArmaSearch *search, SfArmaChoice *choice);

#endif							/* SF_ARIMA_SEARCH_H */
