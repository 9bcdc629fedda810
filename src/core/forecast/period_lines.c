/*
 * period_lines.c
 *		From lines of a periodogram to the period whose harmonics they are.
 */
#include "core/forecast/period_search.h"

#include <float.h>
#include <math.h>

#include "core/base/dist.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define PI 3.14159265358979323846

/* Multiples of a line's period, harmonics of a figure, whole periods tried. */
#define MULTIPLES_MAX 12
#define HARMONICS_MAX 12
#define WHOLE_MAX 400

/* Lines of the flattened series are cut here. */
#define LINE_CUT 12.0

/* How far a lag may be from its period, as a share. */
#define WHOLE_ENOUGH 0.02

/* A line counts as explained above this many backgrounds; the share of the best that the shortest must hold. */
#define LINE_MIN 6.0
#define SHARE_MIN 0.5

/* A multiple up to SF_PERIOD_HARMONIC_RATIO that explains this much more is taken instead. */
#define GAIN_MIN 1.15

/* Frequencies between two polls. */
#define POLL_EVERY 16384

/* A period of the calendar beyond the multiples tried needs as many lines. */
#define CALENDAR_LINES 3

/* What the series can tell apart, in 1/n: from a period of the calendar, from a whole one. */
#define RESOLUTION_CALENDAR 0.5
#define RESOLUTION 0.25

/* Periods of calendars and clocks. */
static const double calendar[] = {
	4, 52.1786 / 12, 5, 7, 12, 24, 26.0893, 30.4375, 48, 52.1786, 60, 91.3125, 96, 144, 168, 288, 336, 365.25,
	672, 720, 1440, 2016, 8766, 10080, 17532, 35064, 86400
};

#define CALENDAR_COUNT (sizeof calendar / sizeof *calendar)

/* A period that a line may be a harmonic of. */
typedef struct Family
{
	double		period;			/* on which its lines agree */
	double		share;			/* of the series that its lines make up */
	double		spread;			/* how much surer its lines make it: their mean harmonic */
	int			lines;
} Family;

/* P(mean of h ratios >= mean). */
double
sf_period_tail(const SfPeriodSearch *search, double mean, int h)
{
	return sf_beta_cdf(search->freedom / (search->freedom + h * mean), search->freedom, h);
}

/* The frequency of the peak at j, refined by a parabola through three log powers. */
static double
peak_at(const SfPeriodSearch *search, int64_t j)
{
	double		off = 0.0;

	if (j > 0 && j < search->length / 2)
	{
		double		a = log(search->power[j - 1] + DBL_MIN);
		double		b = log(search->power[j] + DBL_MIN);
		double		c = log(search->power[j + 1] + DBL_MIN);

		if (a - 2.0 * b + c < 0.0)
			off = fmax(-0.5, fmin(0.5, 0.5 * (a - c) / (a - 2.0 * b + c)));
	}
	return ((double) j + off) / (double) search->length;
}

/* The strongest line that no season found hides. */
SfStatus
sf_period_strongest_line(const SfPeriodSearch *search, SfPeriodLine *strongest)
{
	int64_t		first = search->length * SF_PERIOD_CYCLES_MIN / search->n + 1;
	int64_t		best = 0;
	SfPeriodLine line = {0.0, 0.0};

	for (int64_t j = first; j <= search->length / 2; j++)
	{
		double		frequency = (double) j / (double) search->length;
		double		ratio;

		if (j % POLL_EVERY == 0 && sf_cancelled(search->arena->ctx))
			return sf_fail(search->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		/* cheap first: a background costs four functions */
		if (search->power[j] < search->power[j - 1] || (j < search->length / 2 && search->power[j] < search->power[j + 1]))
			continue;
		ratio = sf_period_ratio(search, frequency);
		if (ratio > line.ratio && !sf_period_is_hidden(search, frequency))
		{
			line = (SfPeriodLine) {frequency, ratio};
			best = j;
		}
	}
	if (best > 0)
		line.frequency = peak_at(search, best);
	*strongest = line;
	return SF_OK;
}

/* The highest point near a frequency, at most off away. */
static SfPeriodLine
line_near(const SfPeriodSearch *search, double frequency, double off)
{
	int64_t		from = (int64_t) ceil((frequency - off) * (double) search->length);
	int64_t		to = (int64_t) floor(fmin(frequency + off, 0.5) * (double) search->length);
	int64_t		best = (int64_t) floor(fmin(frequency, 0.5) * (double) search->length + 0.5);
	SfPeriodLine line;

	for (int64_t j = from < 1 ? 1 : from; j <= to; j++)
		if (search->power[j] > search->power[best])
			best = j;
	line.frequency = (double) best / (double) search->length;
	line.ratio = sf_period_ratio(search, line.frequency);
	line.frequency = peak_at(search, best);
	return line;
}

/* Share of the series that lines at multiples of 1 / period make up, and the period they agree on. */
static Family
explained(const SfPeriodSearch *search, double period, double known)
{
	Family		family = {.period = period, .spread = 1.0};
	double		top = 0.0;
	double		bottom = 0.0;
	double		weights = 0.0;

	for (int k = 1; k <= HARMONICS_MAX && k / period <= 0.5; k++)
	{
		double		off = fmin(1.0, 0.25 + 0.1 * k / (period * known)) / search->n;
		SfPeriodLine line = line_near(search, k / period, off);
		double		s = 2.0 * sin(PI * line.frequency);

		if (line.ratio < LINE_MIN || sf_period_is_hidden(search, line.frequency))
			continue;
		family.share += sf_period_power(search, line.frequency) / s;
		family.lines++;
		top += line.ratio * k * line.frequency;
		bottom += line.ratio * k * k;
		weights += line.ratio;
	}
	if (family.lines > 0)
	{
		family.period = bottom / top;
		family.spread = sqrt(bottom / weights);
	}
	return family;
}

/* The calendar's period, or a whole one, where the series cannot tell. */
static double
snap(double period, double frequency_error)
{
	double		tolerance = frequency_error * period * period;
	double		wide = tolerance * (RESOLUTION_CALENDAR / RESOLUTION);
	double		best = INFINITY;
	double		value = period;

	for (size_t i = 0; i < CALENDAR_COUNT; i++)
		if (fabs(calendar[i] - period) <= fmin(wide, best))
		{
			best = fabs(calendar[i] - period);
			value = calendar[i];
		}
	if (value == period && fabs(floor(period + 0.5) - period) <= tolerance)
		value = floor(period + 0.5);
	return value;
}

/*
 * The periods the strongest line may be a harmonic of, ascending: its first
 * multiples, and those of the calendar beyond with several lines of their own.
 */
static int
list_families(const SfPeriodSearch *search, SfPeriodLine line, Family *list)
{
	int			count = 0;

	for (int k = 1; k <= MULTIPLES_MAX; k++)
		if (k / line.frequency * (SF_PERIOD_CYCLES_MIN - 0.5) <= search->n)
			list[count++] = explained(search, k / line.frequency, line.frequency);
	for (size_t i = 0; i < CALENDAR_COUNT; i++)
	{
		double		k = calendar[i] * line.frequency;

		if (k < MULTIPLES_MAX + 0.5 || calendar[i] * SF_PERIOD_CYCLES_MIN > search->n ||
			fabs(k - floor(k + 0.5)) > RESOLUTION_CALENDAR * calendar[i] / search->n)
			continue;
		list[count] = explained(search, calendar[i], line.frequency);
		count += list[count].lines >= CALENDAR_LINES;
	}
	return count;
}

/* From the strongest line to the period it is a harmonic of. */
double
sf_period_family(const SfPeriodSearch *search, SfPeriodLine line)
{
	Family		list[MULTIPLES_MAX + CALENDAR_COUNT];
	int			count = list_families(search, line, list);
	double		best = 0.0;
	int			first = 0;
	int			chosen;

	for (int i = 0; i < count; i++)
		best = fmax(best, list[i].share);
	if (!(best > 0.0))
		return snap(1.0 / line.frequency, RESOLUTION / search->n);
	while (!(list[first].share >= SHARE_MIN * best))
		first++;
	chosen = first;
	for (int i = first + 1; i < count; i++)
	{
		double		k = list[i].period / list[first].period;

		if (k < SF_PERIOD_HARMONIC_RATIO + 0.5 && fabs(k - floor(k + 0.5)) < SF_PERIOD_SAME * k && list[i].share > GAIN_MIN * list[chosen].share)
			chosen = i;
	}
	return snap(list[chosen].period, RESOLUTION / search->n / sqrt(list[chosen].spread));
}

/* The whole period whose lines stand highest together. */
int32_t
sf_period_whole(const SfPeriodSearch *search, double *p_value)
{
	int32_t		top = search->n / SF_PERIOD_CYCLES_MIN < WHOLE_MAX ? search->n / SF_PERIOD_CYCLES_MIN : WHOLE_MAX;
	int32_t		best = 0;

	*p_value = 1.0;
	for (int32_t m = 2; m <= top; m++)
	{
		double		sum = 0.0;
		int			h = 0;

		for (int32_t k = 1; k <= HARMONICS_MAX && 2 * k <= m; k++)
		{
			double		frequency = (double) k / m;

			if (sf_period_is_hidden(search, frequency))
				continue;
			sum += sf_period_ratio(search, frequency);
			h++;
		}
		if (h > 0)
		{
			double		p = sf_period_tail(search, sum / h, h) * (top - 1);

			if (p < *p_value)
			{
				*p_value = p;
				best = m;
			}
		}
	}
	return best;
}

/*
 * The period of the calendar at which the series, flattened by the background,
 * correlates best with itself: all harmonics together, for seasons that no few
 * lines show.  Lines are cut at LINE_CUT backgrounds, lest one answers for all.
 */
SfStatus
sf_period_calendar(SfPeriodSearch *search, double *best_period, double *p_value)
{
	double		weight = 0.0;
	double		square = 0.0;
	double		best = 0.0;
	double		period = 0.0;
	int32_t		tried = 0;
	int64_t		half = search->length / 2;

	for (int64_t j = 1; j <= half; j++)
	{
		double		frequency = (double) j / (double) search->length;

		if (j % POLL_EVERY == 0 && sf_cancelled(search->arena->ctx))
			return sf_fail(search->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		/* the periodogram is not needed any more */
		search->power[j] = frequency * search->n < SF_PERIOD_CYCLES_MIN || sf_period_is_hidden(search, frequency) ? 0.0 : fmin(LINE_CUT, sf_period_ratio(search, frequency));
		weight += search->power[j];
		square += search->power[j] > 0.0 ? (double) search->n / (double) search->length : 0.0;
	}
	for (size_t i = 0; i < CALENDAR_COUNT && calendar[i] * SF_PERIOD_CYCLES_MIN <= search->n; i++)
	{
		double		lag = floor(calendar[i] + 0.5);
		double		angle = 2.0 * PI * lag / (double) search->length;
		double		turn_re = cos(angle);
		double		turn_im = cos(0.5 * PI - angle);
		double		re = 1.0;
		double		im = 0.0;
		double		sum = 0.0;

		if (fabs(lag - calendar[i]) > WHOLE_ENOUGH * lag)
			continue;
		for (int64_t j = 1; j <= half; j++)
		{
			double		next = re * turn_re - im * turn_im;

			im = re * turn_im + im * turn_re;
			re = next;
			sum += search->power[j] * re;
		}
		tried++;
		if (sf_cancelled(search->arena->ctx))
			return sf_fail(search->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (sum > best)
		{
			best = sum;
			period = calendar[i];
		}
	}
	/* under the background each correlation has the variance 1 / (2 frequencies) */
	*p_value = fmin(1.0, tried * sf_normal_cdf(-best / fmax(weight, DBL_MIN) * sqrt(2.0 * square)));
	*best_period = period;
	return SF_OK;
}

