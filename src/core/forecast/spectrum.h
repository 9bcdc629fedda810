/*
 * spectrum.h
 *		The periodogram of a real series.
 *
 * Radix-2 Fourier transform of the series as half as many complex numbers.
 *
 * Source: Cooley & Tukey, An algorithm for the machine calculation of complex
 * Fourier series, Mathematics of Computation 19, 1965; two real halves in one
 * transform: Press et al., Numerical Recipes, 3rd ed., 12.3.
 */
#ifndef SF_SPECTRUM_H
#define SF_SPECTRUM_H

#include "core/base/arena.h"

/*
 * sf_power_spectrum
 *		power[length / 2 + 1]: |sum x_t exp(-2 pi i t j / length)|^2 / n at the
 *		frequencies j / length.  x[n] is followed by zeros up to length, a power of
 *		two, >= 4, >= n.  SF_OK, SF_NO_MEMORY, SF_CANCELLED.  O(length log length).
 */
extern SfStatus sf_power_spectrum(SfArena *arena, const double *x, int64_t n, int64_t length, double *power);

#endif							/* SF_SPECTRUM_H */
