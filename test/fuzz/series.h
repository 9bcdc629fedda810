/*
 * series.h
 *		A series out of random bytes: steps, repeats, runs, gaps, any bits at all;
 *		with seasons and drivers.
 */
#ifndef SF_FUZZ_SERIES_H
#define SF_FUZZ_SERIES_H

#include "fuzz.h"

#include "core/base/codec.h"
#include "core/forecast/series.h"

#define FUZZ_PERIODS_MAX 160
#define FUZZ_HORIZON_MAX 12
#define FUZZ_DRIVERS_MAX 3

/* Enough for all but many refits of the slowest methods, which are cut off. */
#define FUZZ_SERIES_POLLS 5000

typedef struct FuzzSeries
{
	SfSeries	s;
	double		y[FUZZ_PERIODS_MAX];
	double		drivers[(FUZZ_PERIODS_MAX + FUZZ_HORIZON_MAX) * FUZZ_DRIVERS_MAX];
} FuzzSeries;

static uint32_t
fuzz_below(SfReader *read, uint32_t n)
{
	return (uint32_t) sf_read_bits(read, n > 256 ? 2 : 1) % n;
}

/* A finite number: mostly small and whole, sometimes any bits. */
static double
fuzz_number(SfReader *read)
{
	double		x;

	switch (fuzz_below(read, 4))
	{
		case 0:
			x = sf_read_double(read);
			return isfinite(x) ? x : 0.0;
		case 1:
			return ldexp((double) (int8_t) sf_read_bits(read, 1), (int) fuzz_below(read, 40) - 20);
		case 2:
			return (double) sf_read_bits(read, 1);
		default:
			return (double) (int8_t) sf_read_bits(read, 1);
	}
}

/* Appends up to 64 values by one rule. */
static void
fuzz_stretch(SfReader *read, FuzzSeries *f)
{
	uint32_t	rule = fuzz_below(read, 6);
	int32_t		length = 1 + (int32_t) fuzz_below(read, 64);
	double		x = fuzz_number(read);
	double		step = rule == 1 ? fuzz_number(read) : 0.0;
	int32_t		back = rule == 2 ? 1 + (int32_t) fuzz_below(read, 40) : 0;
	SfRng		rng;

	/* each gap is an unknown of some models */
	if (rule == 3 && length > 8)
		length = 8;
	sf_rng_seed(&rng, rule == 4 ? sf_read_bits(read, 1) : 0);
	for (int32_t i = 0; i < length && f->s.n < FUZZ_PERIODS_MAX; i++)
	{
		double		value = x;

		if (rule == 1)
			value = x + step * i;
		else if (rule == 2 && f->s.n >= back)
			value = f->y[f->s.n - back];
		else if (rule == 3)
			value = NAN;
		else if (rule == 4)
			value = x * sf_rng_uniform(&rng);
		else if (rule == 5)
			value = i % 3 == 0 ? x : 0.0;
		f->y[f->s.n++] = isinf(value) ? 0.0 : value;
		if (rule == 0)
			break;
	}
}

static void
fuzz_seasons(SfReader *read, FuzzSeries *f)
{
	double		last = 1.0;

	for (uint32_t i = fuzz_below(read, 4); i > 0; i--)
	{
		double		more = fuzz_below(read, 3) == 0 ? fabs(fuzz_number(read)) : 1.0 + fuzz_below(read, 24);

		if (!(last + more > last && last + more <= 1e9))
			continue;
		last += more;
		f->s.season[f->s.seasons++] = last;
	}
}

static void
fuzz_drivers(SfReader *read, FuzzSeries *f)
{
	f->s.driver_count = (int32_t) fuzz_below(read, 8);
	if (f->s.driver_count > FUZZ_DRIVERS_MAX)
		f->s.driver_count = 0;
	if (f->s.driver_count == 0)
		return;
	f->s.drivers = f->drivers;
	for (int32_t j = 0; j < f->s.driver_count; j++)
	{
		uint32_t	rule = fuzz_below(read, 4);
		double		x = fuzz_number(read);
		SfRng		rng;

		sf_rng_seed(&rng, (uint64_t) rule);
		for (int32_t t = 0; t < f->s.n + FUZZ_HORIZON_MAX; t++)
		{
			double		value = rule == 0 ? x : rule == 1 ? x * t : rule == 2 ? x * sf_rng_uniform(&rng) : t % 7 == 0;

			f->drivers[t * f->s.driver_count + j] = isfinite(value) ? value : x;
		}
	}
}

/* What passes sf_series_check, with values for the horizon in the drivers. */
static void
fuzz_series(SfReader *read, FuzzSeries *f)
{
	int			stretches = 1 + (int) fuzz_below(read, 12);

	f->s = (SfSeries) {.y = f->y};
	fuzz_seasons(read, f);
	for (int i = 0; i < stretches; i++)
		fuzz_stretch(read, f);
	fuzz_drivers(read, f);
}

#endif							/* SF_FUZZ_SERIES_H */
