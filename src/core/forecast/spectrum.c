/*
 * spectrum.c
 *		The periodogram of a real series.
 */
#include "core/forecast/spectrum.h"

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define PI 3.14159265358979323846

/* Butterflies between two polls. */
#define POLL_WORK (INT64_C(1) << 17)

typedef struct Complex
{
	double		re;
	double		im;
} Complex;

/* wave[j] = exp(-2 pi i j / length), j < length / 2. */
static SfStatus
fill_wave(SfCtx *ctx, Complex *wave, int64_t length)
{
	int64_t		quarter = length / 4;

	for (int64_t j = 0; j < length / 2; j++)
	{
		wave[j].re = cos(2.0 * PI * (double) j / (double) length);
		if (j % POLL_WORK == POLL_WORK - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	/* a sine is the cosine a quarter turn away */
	for (int64_t j = 0; j < length / 2; j++)
		wave[j].im = -wave[j < quarter ? quarter - j : j - quarter].re;
	return sf_poll(ctx);
}

static SfStatus
reverse_bits(SfCtx *ctx, Complex *z, int64_t n)
{
	for (int64_t i = 1, j = 0; i < n; i++)
	{
		int64_t		bit = n / 2;

		if (i % POLL_WORK == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);

		for (; j & bit; bit /= 2)
			j ^= bit;
		j |= bit;
		if (i < j)
		{
			Complex		swap = z[i];

			z[i] = z[j];
			z[j] = swap;
		}
	}
	return SF_OK;
}

/* Butterflies from .. to - 1 of the block at z; wave[j * stride] belongs to the j-th. */
static void
butterflies(Complex *z, int64_t half, int64_t from, int64_t to, const Complex *wave, int64_t stride)
{
	for (int64_t j = from; j < to; j++)
	{
		Complex		w = wave[j * stride];
		Complex	   *a = &z[j];
		Complex	   *b = &z[j + half];
		double		re = b->re * w.re - b->im * w.im;
		double		im = b->re * w.im + b->im * w.re;

		*b = (Complex) {a->re - re, a->im - im};
		*a = (Complex) {a->re + re, a->im + im};
	}
}

/* In place; wave is that of 2 n, so every second of its values is used. */
static SfStatus
transform(SfCtx *ctx, Complex *z, int64_t n, const Complex *wave)
{
	int64_t		work = 0;
	SfStatus	status = reverse_bits(ctx, z, n);

	for (int64_t half = 1; half < n && status == SF_OK; half *= 2)
		for (int64_t start = 0; start < n && status == SF_OK; start += 2 * half)
			for (int64_t from = 0; from < half && status == SF_OK; from += POLL_WORK)
			{
				int64_t		to = half - from < POLL_WORK ? half : from + POLL_WORK;

				butterflies(z + start, half, from, to, wave, n / half);
				work += to - from;
				if (work < POLL_WORK)
					continue;
				work = 0;
				status = sf_poll(ctx);
			}
	return status;
}

SfStatus
sf_power_spectrum(SfArena *arena, const double *x, int64_t n, int64_t length, double *power)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int64_t		half = length / 2;
	Complex    *z = sf_arena_take(arena, (size_t) half, sizeof(Complex));
	Complex    *wave = sf_arena_take(arena, (size_t) half, sizeof(Complex));
	SfStatus	status;

	if (z == NULL || wave == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = fill_wave(arena->ctx, wave, length);
	if (status != SF_OK)
		return status;
	for (int64_t j = 0; j < half; j++)
		z[j] = (Complex) {2 * j < n ? x[2 * j] : 0.0, 2 * j + 1 < n ? x[2 * j + 1] : 0.0};
	status = transform(arena->ctx, z, half, wave);
	if (status != SF_OK)
		return status;
	for (int64_t j = 0; j <= half; j++)
	{
		/* even and odd terms of the series, from both ends of the half transform */
		Complex		a = z[j < half ? j : 0];
		Complex		b = z[j > 0 ? half - j : 0];
		Complex		w = j < half ? wave[j] : (Complex) {-1.0, 0.0};
		double		even_re = (a.re + b.re) / 2.0;
		double		even_im = (a.im - b.im) / 2.0;
		double		odd_re = (a.im + b.im) / 2.0;
		double		odd_im = (b.re - a.re) / 2.0;
		double		re = even_re + odd_re * w.re - odd_im * w.im;
		double		im = even_im + odd_re * w.im + odd_im * w.re;

		power[j] = (re * re + im * im) / (double) n;
		if (j % POLL_WORK == POLL_WORK - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
