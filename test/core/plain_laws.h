/*
 * plain_laws.h
 *		What holds for every method built on core/forecast/plain.h, beyond method_laws.h.
 */
#ifndef SF_PLAIN_LAWS_H
#define SF_PLAIN_LAWS_H

#include "method_laws.h"

/* As sf_forecast_series does: the largest value between 0.5 and 1. */
UNUSED static void
normalize(double *y, int n)
{
	double		largest = 0;
	int			exponent = 0;

	for (int t = 0; t < n; t++)
		largest = fmax(largest, fabs(y[t]));
	(void) frexp(largest, &exponent);
	for (int t = 0; t < n; t++)
		y[t] = ldexp(y[t], -exponent);
}

/* A level that wanders, a trend, noise. */
UNUSED static void
walk(SfRng *rng, int n, double *y)
{
	double		level = 100;

	for (int t = 0; t < n; t++)
	{
		level += 2 * sf_rng_uniform(rng) - 0.8;
		y[t] = level + 5 * sf_rng_uniform(rng);
	}
}

/* Odd series of moderate size: numbers, widths that never shrink, no forecast of the first value. */
UNUSED static void
check_plain(SfMethodFunction method)
{
	static const int lengths[] = {1, 2, 3, 4, 5, 6, 7, 9, 13, 24, 37, 60};
	static const double seasons[][6] = {{0}, {2}, {1.0001}, {7, 30.4, 365.25}, {12}, {2, 3, 4, 5, 6, 7}, {2.5, 5.1}, {59.9}, {1e9}};
	SfRng		rng;
	double		y[60];

	sf_rng_seed(&rng, 32);
	for (int l = 0; l < LENGTH(lengths); l++)
		for (int kind = 0; kind < 15; kind++)
			for (int k = 0; k < LENGTH(seasons); k++)
			{
				SfSeries	s = {.y = y, .n = lengths[l]};
				Run		   *run;

				while (s.seasons < 6 && seasons[k][s.seasons] > 0)
				{
					s.season[s.seasons] = seasons[k][s.seasons];
					s.seasons++;
				}
				odd_series(kind, s.n, false, &rng, y);
				normalize(y, s.n);
				run = run_method(method, &s, (l + kind + k) % 5 == 0 ? AHEAD_MAX : 1 + kind);
				check(is_sound(run, &s), "kind %d, n %d, seasons %d: %s, %g", kind, s.n, k, run->out.label, run->mean[0]);
				check(isnan(run->fitted[0]), "kind %d, n %d, seasons %d: the first value has a forecast", kind, s.n, k);
				for (int i = 0; i < run->out.horizon; i++)
					if (!check(run->variance[i] >= (i > 0 ? run->variance[i - 1] : 0), "kind %d, n %d, seasons %d, step %d: variance %g", kind, s.n, k, i + 1, run->variance[i]))
						break;
				free(run);
			}
}

/* The forecast after some values, made with constants that stay, is the fitted value of the next; a longer horizon changes nothing before. */
UNUSED static void
check_horizon(SfMethodFunction method, const SfSeries *s)
{
	Run		   *one = run_method(method, s, 1);
	Run		   *more = run_method(method, s, 7);

	check(same_bits(one->mean[0], more->mean[0]), "the horizon shows: %.17g, %.17g", one->mean[0], more->mean[0]);
	for (int t = 0; t < s->n; t++)
		check(same_bits(one->fitted[t], more->fitted[t]) || isnan(one->fitted[t]), "the horizon shows in period %d", t);
	free(one);
	free(more);
}

#endif							/* SF_PLAIN_LAWS_H */
