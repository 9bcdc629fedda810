/*
 * periods.c
 *		Which seasons a series has.
 */
#include "core/forecast/periods.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/base/sort.h"
#include "core/forecast/spectrum.h"
#include "core/forecast/stl.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define PI 3.14159265358979323846

#define LENGTH_MIN 12
#define CYCLES_MIN 3

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

/* Frequencies of the background fit at most, its turns, its smallest residual, its degrees of freedom per frequency. */
#define BACKGROUND_MAX 4096
#define BACKGROUND_TURNS 20
#define RESIDUAL_MIN 0.05
#define BACKGROUND_WORTH 3.0

/* Terms of the log background: few frequencies, fewer terms. */
#define TERMS_MAX 5
#define FREQUENCIES_PER_TERM 10

/*
 * With many frequencies the background is corrected by medians of what is left in
 * blocks, shorter where frequencies are low; below DENSE every frequency is looked at.
 */
#define KNOTS_FROM 256
#define BLOCK_MIN 32
#define BLOCK_MAX 256
#define DENSE 1024
#define KNOTS_MAX 256

/* One frequency of the fit: the terms, the log of the periodogram, the frequency. */
#define ROW (TERMS_MAX + 2)
#define ROW_VALUE TERMS_MAX
#define ROW_FREQUENCY (TERMS_MAX + 1)

/* -log of the median of a standard exponential variable. */
#define MEDIAN_LOG 0.36651292058166432701

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

/* A multiple up to HARMONIC_RATIO that explains this much more is taken instead. */
#define GAIN_MIN 1.15

/* Found seasons hide lines this near, in 1/n: at low harmonics and with many cycles, at higher ones. */
#define HIDE_NEAR 1.5
#define HIDE_FAR 0.5
#define HIDE_LOW_HARMONICS 20
#define HIDE_CYCLES 18.0

/* Frequencies between two polls. */
#define POLL_EVERY 16384

/* A period of the calendar beyond the multiples tried needs as many lines. */
#define CALENDAR_LINES 3

/* Periods are the same, or whole multiples, within this share. */
#define SAME 0.02

/* What the series can tell apart, in 1/n: from a period of the calendar, from a whole one. */
#define RESOLUTION_CALENDAR 0.5
#define RESOLUTION 0.25

/* A period is another's harmonic up to this ratio. */
#define HARMONIC_RATIO 6

/* Periods of calendars and clocks. */
static const double calendar[] = {
	4, 52.1786 / 12, 5, 7, 12, 24, 26.0893, 30.4375, 48, 52.1786, 60, 91.3125, 96, 144, 168, 288, 336, 365.25,
	672, 720, 1440, 2016, 8766, 10080, 17532, 35064, 86400
};

#define CALENDAR_COUNT (sizeof calendar / sizeof *calendar)

typedef struct Search
{
	SfArena    *arena;
	int32_t		n;
	double	   *x;				/* [n] without the seasons found so far */
	double	   *d;				/* [n] differences of x, n - 1 used */
	double	   *scratch;		/* [n + 1] */
	int64_t		length;			/* of the transform, >= 4 n */
	double	   *power;			/* [length / 2 + 1] */
	double		background[TERMS_MAX];	/* coefficients of the log background */
	double		freedom;		/* what the background is worth */
	int32_t		knots;			/* of what the coefficients leave of the background, 0 = none */
	double		knot_at[KNOTS_MAX]; /* frequency, ascending */
	double		knot[KNOTS_MAX];	/* logarithm */
	SfPeriod	found[SF_SEASONS_MAX];
	int32_t		count;
} Search;

/* A frequency and how far it stands above the background. */
typedef struct Line
{
	double		frequency;
	double		ratio;
} Line;

/* A period that a line may be a harmonic of. */
typedef struct Family
{
	double		period;			/* on which its lines agree */
	double		share;			/* of the series that its lines make up */
	double		spread;			/* how much surer its lines make it: their mean harmonic */
	int			lines;
} Family;

static SfStatus
out_of_memory(SfCtx *ctx)
{
	return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

/* x = y in units of its largest value, or its logarithm. */
static SfStatus
prepare(Search *search, const double *y)
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
difference(Search *search)
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

/* Is the frequency that of a season found already? */
static bool
is_hidden(const Search *search, double frequency)
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

static inline void
background_terms(double frequency, double *term)
{
	term[0] = 1.0;
	term[1] = log(2.0 * sin(PI * frequency));
	term[2] = cos(2.0 * PI * frequency);
	term[3] = cos(4.0 * PI * frequency);
	term[4] = cos(6.0 * PI * frequency);
}

/* Solves the normal equations a x = b by elimination; a is positive definite up to rounding. */
static void
solve(double a[TERMS_MAX][TERMS_MAX], double b[TERMS_MAX], int terms, double *x)
{
	for (int i = 0; i < terms; i++)
		for (int j = i + 1; j < terms; j++)
		{
			double		f = a[i][i] > 0.0 ? a[j][i] / a[i][i] : 0.0;

			for (int k = i; k < terms; k++)
				a[j][k] -= f * a[i][k];
			b[j] -= f * b[i];
		}
	for (int i = terms - 1; i >= 0; i--)
	{
		x[i] = b[i];
		for (int k = i + 1; k < terms; k++)
			x[i] -= a[i][k] * x[k];
		x[i] = a[i][i] > 1e-12 ? x[i] / a[i][i] : 0.0;
	}
}

/* Least absolute deviations of the log periodogram by reweighting; row: [count][ROW]. */
static void
fit_background(Search *search, const double *row, int32_t count)
{
	int			terms = 1 + count / FREQUENCIES_PER_TERM;
	double		x[TERMS_MAX] = {0.0};

	terms = terms < 2 ? 2 : terms > TERMS_MAX ? TERMS_MAX : terms;

	for (int turn = 0; turn <= BACKGROUND_TURNS; turn++)
	{
		double		a[TERMS_MAX][TERMS_MAX] = {{0.0}};
		double		b[TERMS_MAX] = {0.0};

		for (int32_t i = 0; i < count; i++)
		{
			const double *r = row + ROW * (int64_t) i;
			double		e = r[ROW_VALUE];
			double		w;

			for (int j = 0; j < terms; j++)
				e -= x[j] * r[j];
			w = turn == 0 ? 1.0 : 1.0 / fmax(fabs(e), RESIDUAL_MIN);

			for (int j = 0; j < terms; j++)
			{
				for (int k = 0; k < terms; k++)
					a[j][k] += w * r[j] * r[k];
				b[j] += w * r[j] * r[ROW_VALUE];
			}
		}
		solve(a, b, terms, x);
	}
	memcpy(search->background, x, sizeof x);
	search->background[0] += MEDIAN_LOG;
	search->freedom = count / BACKGROUND_WORTH;
}

/* Medians of what the coefficients leave, block by block. */
static void
fit_knots(Search *search, const double *row, int32_t count, double *scratch)
{
	int32_t		size = BLOCK_MIN;

	search->knots = 0;
	if (count < KNOTS_FROM)
		return;
	for (int32_t from = 0; from + size <= count && search->knots < KNOTS_MAX; from += size)
	{
		double		sum = 0.0;

		/* two blocks of each size */
		if (search->knots % 2 == 0 && search->knots > 0 && size < BLOCK_MAX && from + 2 * size <= count)
			size *= 2;
		for (int32_t i = 0; i < size; i++)
		{
			const double *r = row + ROW * (int64_t) (from + i);

			scratch[i] = r[ROW_VALUE] + MEDIAN_LOG;
			for (int j = 0; j < TERMS_MAX; j++)
				scratch[i] -= search->background[j] * r[j];
			sum += r[ROW_FREQUENCY];
		}
		search->knot_at[search->knots] = sum / size;
		search->knot[search->knots++] = sf_median(scratch, size);
	}
}

/* The correction of the log background at a frequency, straight between knots. */
static double
correction(const Search *search, double frequency)
{
	int32_t		lo = 0;
	int32_t		hi = search->knots - 1;

	if (search->knots == 0)
		return 0.0;
	if (frequency <= search->knot_at[0])
		return search->knot[0];
	if (frequency >= search->knot_at[hi])
		return search->knot[hi];
	while (hi - lo > 1)
	{
		int32_t		mid = (lo + hi) / 2;

		*(search->knot_at[mid] <= frequency ? &lo : &hi) = mid;
	}
	return search->knot[lo] + (search->knot[hi] - search->knot[lo]) * (frequency - search->knot_at[lo]) /
		(search->knot_at[hi] - search->knot_at[lo]);
}

static inline double
power_at(const Search *search, double frequency)
{
	return search->power[(int64_t) floor(frequency * (double) search->length + 0.5)];
}

/* Periodogram over background. */
static inline double
ratio_at(const Search *search, double frequency)
{
	double		term[TERMS_MAX];
	double		value = correction(search, frequency);

	background_terms(frequency, term);
	for (int j = 0; j < TERMS_MAX; j++)
		value += search->background[j] * term[j];
	return power_at(search, frequency) / exp(value);
}

/* The background from about one frequency per 1/n; false when too few are left. */
static SfStatus
make_background(Search *search, bool *enough)
{
	SfArenaMark mark = sf_arena_mark(search->arena);
	int32_t		total = search->n / 2;
	int32_t		stride = total / BACKGROUND_MAX + 1;
	int32_t		count = 0;
	int32_t		tried = 0;
	double		largest = 0.0;
	double	   *row = sf_arena_take(search->arena, (size_t) total / (size_t) stride + DENSE + 1, ROW * sizeof(double));

	if (row == NULL)
		return out_of_memory(search->arena->ctx);
	for (int64_t j = 0; j <= search->length / 2; j++)
		largest = fmax(largest, search->power[j]);
	for (int32_t i = 1; i < total; i += i < DENSE ? 1 : stride)
	{
		double		frequency = (double) i / search->n;
		double	   *r = row + ROW * (int64_t) count;

		tried++;

		if (is_hidden(search, frequency))
			continue;
		background_terms(frequency, r);
		/* a floor: exact seasons leave nothing but rounding between their lines */
		r[ROW_VALUE] = log(power_at(search, frequency) + 1e-20 * largest);
		r[ROW_FREQUENCY] = frequency;
		count++;
	}
	*enough = count >= 5 && largest > 0.0 && count > 0.2 * tried;
	if (*enough)
	{
		fit_background(search, row, count);
		fit_knots(search, row, count, search->scratch);
	}
	sf_arena_rewind(search->arena, mark);
	if (sf_cancelled(search->arena->ctx))
		return sf_fail(search->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

/* P(mean of h ratios >= mean). */
static double
tail(const Search *search, double mean, int h)
{
	return sf_beta_cdf(search->freedom / (search->freedom + h * mean), search->freedom, h);
}

/* The frequency of the peak at j, refined by a parabola through three log powers. */
static double
peak_at(const Search *search, int64_t j)
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
static SfStatus
strongest_line(const Search *search, Line *strongest)
{
	int64_t		first = search->length * CYCLES_MIN / search->n + 1;
	int64_t		best = 0;
	Line		line = {0.0, 0.0};

	for (int64_t j = first; j <= search->length / 2; j++)
	{
		double		frequency = (double) j / (double) search->length;
		double		ratio;

		if (j % POLL_EVERY == 0 && sf_cancelled(search->arena->ctx))
			return sf_fail(search->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		/* cheap first: a background costs four functions */
		if (search->power[j] < search->power[j - 1] || (j < search->length / 2 && search->power[j] < search->power[j + 1]))
			continue;
		ratio = ratio_at(search, frequency);
		if (ratio > line.ratio && !is_hidden(search, frequency))
		{
			line = (Line) {frequency, ratio};
			best = j;
		}
	}
	if (best > 0)
		line.frequency = peak_at(search, best);
	*strongest = line;
	return SF_OK;
}

/* The highest point near a frequency, at most off away. */
static Line
line_near(const Search *search, double frequency, double off)
{
	int64_t		from = (int64_t) ceil((frequency - off) * (double) search->length);
	int64_t		to = (int64_t) floor(fmin(frequency + off, 0.5) * (double) search->length);
	int64_t		best = (int64_t) floor(fmin(frequency, 0.5) * (double) search->length + 0.5);
	Line		line;

	for (int64_t j = from < 1 ? 1 : from; j <= to; j++)
		if (search->power[j] > search->power[best])
			best = j;
	line.frequency = (double) best / (double) search->length;
	line.ratio = ratio_at(search, line.frequency);
	line.frequency = peak_at(search, best);
	return line;
}

/* Share of the series that lines at multiples of 1 / period make up, and the period they agree on. */
static Family
explained(const Search *search, double period, double known)
{
	Family		family = {.period = period, .spread = 1.0};
	double		top = 0.0;
	double		bottom = 0.0;
	double		weights = 0.0;

	for (int k = 1; k <= HARMONICS_MAX && k / period <= 0.5; k++)
	{
		double		off = fmin(1.0, 0.25 + 0.1 * k / (period * known)) / search->n;
		Line		line = line_near(search, k / period, off);
		double		s = 2.0 * sin(PI * line.frequency);

		if (line.ratio < LINE_MIN || is_hidden(search, line.frequency))
			continue;
		family.share += power_at(search, line.frequency) / s;
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
list_families(const Search *search, Line line, Family *list)
{
	int			count = 0;

	for (int k = 1; k <= MULTIPLES_MAX; k++)
		if (k / line.frequency * (CYCLES_MIN - 0.5) <= search->n)
			list[count++] = explained(search, k / line.frequency, line.frequency);
	for (size_t i = 0; i < CALENDAR_COUNT; i++)
	{
		double		k = calendar[i] * line.frequency;

		if (k < MULTIPLES_MAX + 0.5 || calendar[i] * CYCLES_MIN > search->n ||
			fabs(k - floor(k + 0.5)) > RESOLUTION_CALENDAR * calendar[i] / search->n)
			continue;
		list[count] = explained(search, calendar[i], line.frequency);
		count += list[count].lines >= CALENDAR_LINES;
	}
	return count;
}

/* From the strongest line to the period it is a harmonic of. */
static double
family(const Search *search, Line line)
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

		if (k < HARMONIC_RATIO + 0.5 && fabs(k - floor(k + 0.5)) < SAME * k && list[i].share > GAIN_MIN * list[chosen].share)
			chosen = i;
	}
	return snap(list[chosen].period, RESOLUTION / search->n / sqrt(list[chosen].spread));
}

/* The whole period whose lines stand highest together. */
static int32_t
best_whole(const Search *search, double *p_value)
{
	int32_t		top = search->n / CYCLES_MIN < WHOLE_MAX ? search->n / CYCLES_MIN : WHOLE_MAX;
	int32_t		best = 0;

	*p_value = 1.0;
	for (int32_t m = 2; m <= top; m++)
	{
		double		sum = 0.0;
		int			h = 0;

		for (int32_t k = 1; k <= HARMONICS_MAX && 2 * k <= m; k++)
		{
			double		frequency = (double) k / m;

			if (is_hidden(search, frequency))
				continue;
			sum += ratio_at(search, frequency);
			h++;
		}
		if (h > 0)
		{
			double		p = tail(search, sum / h, h) * (top - 1);

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
static SfStatus
best_calendar(Search *search, double *best_period, double *p_value)
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
		search->power[j] = frequency * search->n < CYCLES_MIN || is_hidden(search, frequency) ? 0.0 : fmin(LINE_CUT, ratio_at(search, frequency));
		weight += search->power[j];
		square += search->power[j] > 0.0 ? (double) search->n / (double) search->length : 0.0;
	}
	for (size_t i = 0; i < CALENDAR_COUNT && calendar[i] * CYCLES_MIN <= search->n; i++)
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

static int32_t
slot_of(int64_t t, double period, int32_t slots)
{
	double		phase = fmod((double) t, period) / period * slots;
	int32_t		slot = (int32_t) floor(phase + 0.5);

	return slot >= slots ? 0 : slot;
}

/* scratch = x without its moving average over one period, which is widened at the ends by staying inside. */
static void
detrend(Search *search, int32_t m)
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
repeats(Search *search, double period)
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
subtract(Search *search, double period)
{
	int32_t		m = (int32_t) floor(period + 0.5);
	int32_t		half = m / 60;
	SfArenaMark mark = sf_arena_mark(search->arena);
	double	   *mean = sf_arena_take(search->arena, (size_t) m, sizeof(double));
	double	   *count = sf_arena_take(search->arena, (size_t) m, sizeof(double));

	if (mean == NULL || count == NULL)
		return out_of_memory(search->arena->ctx);
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
search_once(Search *search, bool *more)
{
	double		level = search->count == 0 ? LEVEL_FIRST : LEVEL_NEXT;
	SfPeriod	next = {0};
	double		whole_p;
	int32_t		whole;
	Line		line;
	SfStatus	status;

	*more = difference(search);
	if (!*more)
		return SF_OK;
	status = sf_power_spectrum(search->arena, search->d, search->n - 1, search->length, search->power);
	if (status == SF_OK)
		status = make_background(search, more);
	if (status != SF_OK || !*more)
		return status;
	status = strongest_line(search, &line);
	if (status != SF_OK)
		return status;
	next.p_value = fmin(1.0, 2.0 * search->n * tail(search, line.ratio, 1));
	whole = best_whole(search, &whole_p);
	whole_p = fmin(1.0, 2.0 * whole_p);
	if (line.ratio > 0.0 && next.p_value <= level)
		next.period = family(search, line);
	else if (whole > 0 && whole_p <= level)
		next = (SfPeriod) {.period = whole, .p_value = whole_p};
	next.p_value = fmin(next.p_value, whole_p);
	if (next.period == 0.0)
	{
		status = best_calendar(search, &next.period, &next.p_value);
		if (status != SF_OK)
			return status;
		if (next.p_value > level)
			next.period = 0.0;
	}
	*more = next.period >= 2.0 && next.period * CYCLES_MIN <= search->n && repeats(search, next.period);
	for (int32_t i = 0; i < search->count; i++)
		*more = *more && fabs(search->found[i].period - next.period) > SAME * next.period;
	if (!*more)
		return SF_OK;
	search->found[search->count++] = next;
	return subtract(search, next.period);
}

/* Drops harmonics, then sorts. */
static void
tidy(Search *search)
{
	int32_t		kept = 0;

	for (int32_t i = 0; i < search->count; i++)
	{
		bool		keep = true;

		for (int32_t j = 0; j < search->count; j++)
		{
			double		ratio = search->found[j].period / search->found[i].period;
			double		k = floor(ratio + 0.5);

			keep = keep && !(k >= 2.0 && k <= HARMONIC_RATIO && fabs(ratio - k) < SAME * k);
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
measure(Search *search, const double *y)
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
take_memory(Search *search)
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
		return out_of_memory(search->arena->ctx);
	return SF_OK;
}

SfStatus
sf_detect_periods(SfArena *arena, const double *y, int32_t n, SfPeriod *found, int32_t *count)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Search		search = {.arena = arena, .n = n};
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
