/*
 * periods.c
 *		Which seasons a series has.
 */
#include "core/forecast/periods.h"

#include <math.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/forecast/period_search.h"
#include "core/forecast/spectrum.h"
#include "core/forecast/stl.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define PI 3.14159265358979323846

#define LENGTH_MIN 12

/* Levels of the first period and of further ones. */
#define LEVEL_FIRST 0.006
#define LEVEL_NEXT 0.0003

/* Normal quantile for the autocorrelation at one period. */
#define CORRELATION_QUANTILE 1.645

/* A positive series within this factor is taken in logarithms. */
#define LOG_RANGE 100.0

/* Differences beyond this many median absolute ones are cut: a level shift must not hide a season. */
#define CUT 8.0
#define CUT_REPEAT 5.0

/* Share of the differences faded out at each end. */
#define TAPER 0.06

/* Found seasons hide lines this near, in 1/n: at low harmonics and with many cycles, at higher ones. */
#define HIDE_NEAR 1.5
#define HIDE_FAR 0.5
#define HIDE_LOW_HARMONICS 20
#define HIDE_CYCLES 18.0

/* Is the frequency that of a season found already? */
bool
sf_period_is_hidden(const SfPeriodSearch *search, double frequency)
{
	for (int32_t i = 0; i < search->count; i++)
	{
		double		p = search->found[i].period;
		double		k = floor(frequency * p + 0.5);
		double		off = fabs(frequency - k / p) * search->n;
		double		near = fmin(fmax(HIDE_NEAR, search->n / (12.0 * p)), 0.25 * search->n / p);

		bool		wide = k <= HIDE_LOW_HARMONICS || search->n >= HIDE_CYCLES * p;

		if (k >= 1.0 && off < (wide ? near : fmin(near, HIDE_FAR)))
			return true;
	}
	return false;
}

/* x = y in units of its largest value, or its logarithm. */
static SfStatus
prepare(SfPeriodSearch *search, const double *y)
{
	double		largest = 0.0;
	double		smallest = INFINITY;
	int			exponent;

	for (int32_t i = 0; i < search->n; i++)
	{
		if (!isfinite(y[i]))
		{
			sf_fail(search->arena->ctx, SF_BAD_DATA, "periods are looked for in a complete series of finite values");
			search->arena->ctx->where = i;
			return SF_BAD_DATA;
		}
		largest = fmax(largest, fabs(y[i]));
		smallest = fmin(smallest, y[i]);
	}
	frexp(largest, &exponent);
	for (int32_t i = 0; i < search->n; i++)
		search->x[i] = ldexp(y[i], -exponent);
	smallest = ldexp(smallest, -exponent);
	if (smallest > 0.0 && smallest * LOG_RANGE > ldexp(largest, -exponent))
		for (int32_t i = 0; i < search->n; i++)
			search->x[i] = log(search->x[i]);
	return SF_OK;
}

/* d = differences of x around their mean, wild ones cut; false when there is nothing but rounding. */
static bool
difference(SfPeriodSearch *search)
{
	int32_t		n = search->n - 1;
	double		mean = (search->x[n] - search->x[0]) / n;
	double		sum = 0.0;
	double		cut;

	for (int32_t i = 0; i < n; i++)
	{
		search->d[i] = search->x[i + 1] - search->x[i] - mean;
		search->scratch[i] = fabs(search->d[i]);
		sum += search->scratch[i];
	}
	if (sum < 1e-12 * n)
		return false;
	/* where most periods bring nothing, the mean stands in for the median */
	cut = CUT * fmax(sf_median(search->scratch, n), sum / (2 * n));
	for (int32_t i = 0; i < n; i++)
		search->d[i] = fmax(-cut, fmin(cut, search->d[i]));
	/* cosine bells at the ends: what starts and stops there must not look like a low frequency */
	for (int32_t i = 0; (i + 0.5) < TAPER * n; i++)
	{
		double		w = 0.5 * (1.0 - cos(PI * (i + 0.5) / (TAPER * n)));

		search->d[i] *= w;
		search->d[n - 1 - i] *= w;
	}
	return true;
}

static int32_t
slot_of(int64_t t, double period, int32_t slots)
{
	double		phase = fmod((double) t, period) / period * slots;
	int32_t		slot = (int32_t) floor(phase + 0.5);

	return slot >= slots ? 0 : slot;
}

/* scratch = x without its moving average over one period, which is widened at the ends by staying inside. */
static void
detrend(SfPeriodSearch *search, int32_t m)
{
	int32_t		n = search->n;
	int32_t		half = m / 2 < (n - 1) / 2 ? m / 2 : (n - 1) / 2;
	double		sum = 0.0;

	for (int32_t i = 0; i < 2 * half + 1; i++)
		sum += search->x[i];
	for (int32_t i = 0; i < n; i++)
	{
		if (i > half && i + half < n)
			sum += search->x[i + half] - search->x[i - half - 1];
		search->scratch[i] = search->x[i] - sum / (2 * half + 1);
	}
}

/* Does the series resemble itself one period later? Looks at the middle, where the average is centred. */
static bool
repeats(SfPeriodSearch *search, double period)
{
	int32_t		m = (int32_t) floor(period + 0.5);
	int32_t		from = m / 2;
	int32_t		to = search->n - m / 2;
	double		best = -1.0;
	double	   *z = search->scratch;
	double		sum = 0.0;
	double		cut;

	detrend(search, m);
	/* d is free here; steps and spikes must not speak for all */
	for (int32_t i = 0; i < search->n; i++)
		sum += search->d[i] = fabs(z[i]);
	cut = CUT_REPEAT * fmax(sf_median(search->d, search->n), sum / (4.0 * search->n));
	for (int32_t i = 0; i < search->n; i++)
		z[i] = fmax(-cut, fmin(cut, z[i]));
	for (int32_t lag = (int32_t) floor(period); lag <= (int32_t) ceil(period); lag++)
	{
		double		own = 0.0;
		double		with = 0.0;
		int32_t		both = to - from - lag;

		for (int32_t i = from; i < to; i++)
			own += z[i] * z[i];
		for (int32_t i = from; i + lag < to; i++)
			with += z[i] * z[i + lag];
		if (own > 0.0 && both > 0)
			best = fmax(best, with / both / (own / (to - from)));
	}
	return best > CORRELATION_QUANTILE / sqrt(search->n);
}

/* Takes the mean figure of the period out of x. */
static SfStatus
subtract(SfPeriodSearch *search, double period)
{
	int32_t		m = (int32_t) floor(period + 0.5);
	int32_t		half = m / 60;
	SfArenaMark mark = sf_arena_mark(search->arena);
	double	   *mean = sf_arena_take(search->arena, (size_t) m, sizeof(double));
	double	   *count = sf_arena_take(search->arena, (size_t) m, sizeof(double));

	if (mean == NULL || count == NULL)
		return sf_fail(search->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	detrend(search, m);
	memset(mean, 0, (size_t) m * sizeof(double));
	memset(count, 0, (size_t) m * sizeof(double));
	for (int32_t i = m / 2; i < search->n - m / 2; i++)
	{
		int32_t		slot = slot_of(i, period, m);

		mean[slot] += search->scratch[i];
		count[slot] += 1.0;
	}
	for (int32_t j = 0; j < m; j++)
		mean[j] /= fmax(count[j], 1.0);
	/* long figures are smoothed: a week must not vanish in a year */
	for (int32_t j = 0; j < m; j++)
	{
		count[j] = 0.0;
		for (int32_t k = -half; k <= half; k++)
			count[j] += mean[(j + k + m) % m] / (2 * half + 1);
	}
	for (int32_t i = 0; i < search->n; i++)
		search->x[i] -= count[slot_of(i, period, m)];
	sf_arena_rewind(search->arena, mark);
	return SF_OK;
}

/* One more period, or *more = false. */
static SfStatus
search_once(SfPeriodSearch *search, bool *more)
{
	double		level = search->count == 0 ? LEVEL_FIRST : LEVEL_NEXT;
	SfPeriod	next = {0};
	double		whole_p;
	int32_t		whole;
	SfPeriodLine line;
	SfStatus	status;

	*more = difference(search);
	if (!*more)
		return SF_OK;
	status = sf_power_spectrum(search->arena, search->d, search->n - 1, search->length, search->power);
	if (status == SF_OK)
		status = sf_period_background(search, more);
	if (status != SF_OK || !*more)
		return status;
	status = sf_period_strongest_line(search, &line);
	if (status != SF_OK)
		return status;
	next.p_value = fmin(1.0, 2.0 * search->n * sf_period_tail(search, line.ratio, 1));
	whole = sf_period_whole(search, &whole_p);
	whole_p = fmin(1.0, 2.0 * whole_p);
	if (line.ratio > 0.0 && next.p_value <= level)
		next.period = sf_period_family(search, line);
	else if (whole > 0 && whole_p <= level)
		next = (SfPeriod) {.period = whole, .p_value = whole_p};
	next.p_value = fmin(next.p_value, whole_p);
	if (next.period == 0.0)
	{
		status = sf_period_calendar(search, &next.period, &next.p_value);
		if (status != SF_OK)
			return status;
		if (next.p_value > level)
			next.period = 0.0;
	}
	*more = next.period >= 2.0 && next.period * SF_PERIOD_CYCLES_MIN <= search->n && repeats(search, next.period);
	for (int32_t i = 0; i < search->count; i++)
		*more = *more && fabs(search->found[i].period - next.period) > SF_PERIOD_SAME * next.period;
	if (!*more)
		return SF_OK;
	search->found[search->count++] = next;
	return subtract(search, next.period);
}

/* Drops harmonics, then sorts. */
static void
tidy(SfPeriodSearch *search)
{
	int32_t		kept = 0;

	for (int32_t i = 0; i < search->count; i++)
	{
		bool		keep = true;

		for (int32_t j = 0; j < search->count; j++)
		{
			double		ratio = search->found[j].period / search->found[i].period;
			double		k = floor(ratio + 0.5);

			keep = keep && !(k >= 2.0 && k <= SF_PERIOD_HARMONIC_RATIO && fabs(ratio - k) < SF_PERIOD_SAME * k);
		}
		if (keep)
			search->scratch[kept++] = i;
	}
	for (int32_t i = 0; i < kept; i++)
		search->found[i] = search->found[(int32_t) search->scratch[i]];
	search->count = kept;
	for (int32_t i = 1; i < kept; i++)
		for (int32_t j = i; j > 0 && search->found[j].period < search->found[j - 1].period; j--)
		{
			SfPeriod	swap = search->found[j];

			search->found[j] = search->found[j - 1];
			search->found[j - 1] = swap;
		}
}

static SfStatus
measure(SfPeriodSearch *search, const double *y)
{
	SfSeries	s = {.y = y, .n = search->n, .seasons = search->count};
	SfDecomposeOptions options = {.periodic = true};
	SfDecomposition d;
	SfStatus	status;

	for (int32_t k = 0; k < search->count; k++)
		s.season[k] = search->found[k].period;
	status = sf_decompose(search->arena, &s, &options, &d);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < search->count; k++)
		search->found[k].strength = sf_season_strength(&d, k);
	return SF_OK;
}

static SfStatus
take_memory(SfPeriodSearch *search)
{
	size_t		n = (size_t) search->n;

	search->length = 64;
	while (search->length < 4 * (int64_t) search->n)
		search->length *= 2;
	search->x = sf_arena_take(search->arena, n, sizeof(double));
	search->d = sf_arena_take(search->arena, n, sizeof(double));
	search->scratch = sf_arena_take(search->arena, n + 1, sizeof(double));
	search->power = sf_arena_take(search->arena, (size_t) search->length / 2 + 1, sizeof(double));
	if (search->x == NULL || search->d == NULL || search->scratch == NULL || search->power == NULL)
		return sf_fail(search->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

SfStatus
sf_detect_periods(SfArena *arena, const double *y, int32_t n, SfPeriod *found, int32_t *count)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfPeriodSearch search = {.arena = arena, .n = n};
	bool		more = n >= LENGTH_MIN;
	SfStatus	status = take_memory(&search);

	if (status == SF_OK)
		status = prepare(&search, y);
	while (status == SF_OK && more && search.count < SF_SEASONS_MAX)
		status = search_once(&search, &more);
	if (status == SF_OK)
	{
		tidy(&search);
		status = measure(&search, y);
	}
	if (status != SF_OK)
		return status;
	memcpy(found, search.found, (size_t) search.count * sizeof(SfPeriod));
	*count = search.count;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
