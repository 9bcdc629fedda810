/*
 * interaction_effect.c
 *		Two-by-two tables of a condition and the outcome, and what they say.
 */
#include "core/winprob/interaction_effect.h"

#include <math.h>

#include "core/base/logit.h"

#define Z95 1.959963984540054

SfLogOdds
sf_fourfold_log_odds(SfFourfold t)
{
	double		a = (double) t.won[1] + 0.5;
	double		b = (double) (t.deals[1] - t.won[1]) + 0.5;
	double		c = (double) t.won[0] + 0.5;
	double		d = (double) (t.deals[0] - t.won[0]) + 0.5;

	return (SfLogOdds) {sf_log(a) - sf_log(b) - sf_log(c) + sf_log(d), 1.0 / (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d)};
}

SfLogOdds
sf_log_odds_pool(SfLogOdds a, SfLogOdds b)
{
	double		weight = a.weight + b.weight;

	if (!(weight > 0.0))
		return (SfLogOdds) {0.0, 0.0};
	return (SfLogOdds) {(a.weight * a.theta + b.weight * b.theta) / weight, weight};
}

double
sf_log_odds_z(SfLogOdds a, SfLogOdds b)
{
	if (!(a.weight > 0.0 && b.weight > 0.0))
		return 0.0;
	return (a.theta - b.theta) / sqrt(1.0 / a.weight + 1.0 / b.weight);
}

SfFourfold
sf_fourfold_sum(SfFourfold a, SfFourfold b)
{
	for (int side = 0; side < 2; side++)
	{
		a.deals[side] += b.deals[side];
		a.won[side] += b.won[side];
	}
	return a;
}

static double
rate(int64_t won, int64_t deals)
{
	return deals > 0 ? (double) won / (double) deals : 0.0;
}

SfInteractionEffect
sf_interaction_effect(SfFourfold t, SfLogOdds odds)
{
	double		deals = (double) (t.deals[0] + t.deals[1]);
	double		common = ((double) (t.won[0] + t.won[1]) + 0.5) / (deals + 1.0);
	double		error = odds.weight > 0.0 ? Z95 / sqrt(odds.weight) : 0.0;

	return (SfInteractionEffect) {
		.deals_with = t.deals[1], .won_with = t.won[1], .deals_without = t.deals[0], .won_without = t.won[0],
		.rate_with = rate(t.won[1], t.deals[1]), .rate_without = rate(t.won[0], t.deals[0]),
		.lift = (((double) t.won[1] + common / 2) / ((double) t.deals[1] + 0.5)) /
			(((double) t.won[0] + common / 2) / ((double) t.deals[0] + 0.5)),
		.odds_ratio = sf_exp(odds.theta), .odds_low = sf_exp(odds.theta - error), .odds_high = sf_exp(odds.theta + error)
	};
}

/*
 * The tail is a finite sum: exp(-h) sum h^k / k! with h = x / 2 for even df, and
 * erfc(sqrt h) + exp(-h) sum h^(k - 1/2) / gamma(k + 1/2) for odd df (Abramowitz &
 * Stegun 26.4.4, 26.4.5).  exp(-h) stays outside, as a logarithm.
 */
double
sf_log_chi_squared_tail(double x, int32_t df)
{
	double		h = x / 2;
	double		sum;
	double		term;

	if (!(x > 0.0))
		return 0.0;
	if (df % 2 == 0)
	{
		sum = 1.0;
		term = 1.0;
		for (int32_t k = 1; k < df / 2; k++)
		{
			term *= h / k;
			sum += term;
		}
	}
	else
	{
		/* beyond 500 the first two terms of erfc's asymptotic series are good to 1e-6 */
		sum = h < 500.0 ? erfc(sqrt(h)) * sf_exp(h) : (1.0 - 0.5 / h) / sqrt(h) * 0.5641895835477563;
		term = 2.0 * sqrt(h) * 0.5641895835477563;
		for (int32_t k = 1; k <= df / 2; k++)
		{
			sum += term;
			term *= h / (k + 0.5);
		}
	}
	return fmin(0.0, sf_log(sum) - h);
}
