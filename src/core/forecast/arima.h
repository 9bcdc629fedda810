/*
 * arima.h
 *		Seasonal ARIMA, with drift, drivers and gaps: given orders or found ones.
 *
 *		phi(B) Phi(B^m) (1 - B)^d (1 - B^m)^D (y_t - x_t'beta) = theta(B) Theta(B^m) e_t
 *
 * x_t holds the drivers, and t (drift) when d + D = 1 or 1 (mean) when d + D = 0.
 * The automatic choice: D by seasonal strength, d by the KPSS test (unitroot.h, on
 * the residuals of an ordinary regression when there are drivers), the other
 * orders by a stepwise search (arima_search.h), at most p, q = 5 and P, Q = 2.
 *
 * Parameters maximize the exact likelihood (arima_fit.h) unless n r is above
 * 400,000, r = max(p + Pm, q + Qm + 1): then the conditional one.  From more than
 * 20,000 + 4 m periods only the last are used to test and estimate, from more than 4,000 + 8 m
 * to search.  Missing values are unknowns of the exact likelihood; beyond 100 of them,
 * or of n r gaps above 5 million, they are filled once (series.h) and taken as seen.
 *
 * Variances are those of the model with its parameters taken as known:
 * sigma^2 (psi_0^2 + ... + psi_(h-1)^2), sigma^2 with the degrees of freedom of the
 * coefficients taken off.  Memory O((n + mP) drivers).
 *
 * Source: Box, Jenkins & Reinsel, Time Series Analysis, 3rd ed., ch. 5, 7 and 9;
 * Hyndman & Khandakar, Journal of Statistical Software 27(3), 2008.
 */
#ifndef SF_ARIMA_H
#define SF_ARIMA_H

#include "core/forecast/method.h"

#define SF_ARIMA_DIFFERENCES_MAX 2	/* d, D */

typedef struct SfArimaSpec
{
	int32_t		p;
	int32_t		d;
	int32_t		q;
	int32_t		P;
	int32_t		D;
	int32_t		Q;
	int32_t		period;			/* periods per season; 0 = that of the series */
	bool		mean;			/* only where d + D = 0 */
	bool		drift;			/* only where d + D <= 1 */
} SfArimaSpec;

/* A method: the automatic choice. */
extern SfStatus sf_arima_forecast(SfArena *arena, const SfSeries *s, SfForecast *out);

/*
 * sf_arima_spec_parse
 *		"arima(p,d,q)", "arima(p,d,q)(P,D,Q)", "arima(p,d,q)(P,D,Q)[12]", then
 *		" drift", " mean" or " no mean" (a model without differences has a mean unless told),
 *		in any case, blanks anywhere between words.  False when the text is none
 *		of these, or an order is beyond p, q <= 12, P, Q <= 3, d, D <= 2, or a drift is
 *		asked for with d + D > 1.
 */
extern bool sf_arima_spec_parse(const char *text, SfArimaSpec *spec);

/*
 * sf_arima_spec_forecast
 *		The same with given orders.  A series that is too short for them, or has
 *		no season for the seasonal ones, gets fewer; the label tells what was fitted.
 */
extern SfStatus sf_arima_spec_forecast(SfArena *arena, const SfSeries *s, const SfArimaSpec *spec,
									   SfForecast *out);

#endif							/* SF_ARIMA_H */
