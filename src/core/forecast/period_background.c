/*
 * period_background.c
 *		The smooth background of a periodogram, and how far a frequency stands above it.
 */
#include "core/forecast/period_search.h"

#include <math.h>
#include <string.h>

#include "core/base/sort.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define PI 3.14159265358979323846

/* Frequencies of the background fit at most, its turns, its smallest residual, its degrees of freedom per frequency. */
#define BACKGROUND_MAX 4096
#define BACKGROUND_TURNS 20
#define RESIDUAL_MIN 0.05
#define BACKGROUND_WORTH 3.0

/* Few frequencies, fewer terms. */
#define FREQUENCIES_PER_TERM 10

/*
 * With many frequencies the background is corrected by medians of what is left in
 * blocks, shorter where frequencies are low; below DENSE every frequency is looked at.
 */
#define KNOTS_FROM 256
#define BLOCK_MIN 32
#define BLOCK_MAX 256
#define DENSE 1024

/* One frequency of the fit: the terms, the log of the periodogram, the frequency. */
#define ROW (SF_PERIOD_TERMS_MAX + 2)
#define ROW_VALUE SF_PERIOD_TERMS_MAX
#define ROW_FREQUENCY (SF_PERIOD_TERMS_MAX + 1)

/* -log of the median of a standard exponential variable. */
#define MEDIAN_LOG 0.36651292058166432701

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
solve(double a[SF_PERIOD_TERMS_MAX][SF_PERIOD_TERMS_MAX], double b[SF_PERIOD_TERMS_MAX], int terms, double *x)
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
fit_background(SfPeriodSearch *search, const double *row, int32_t count)
{
	int			terms = 1 + count / FREQUENCIES_PER_TERM;
	double		x[SF_PERIOD_TERMS_MAX] = {0.0};

	terms = terms < 2 ? 2 : terms > SF_PERIOD_TERMS_MAX ? SF_PERIOD_TERMS_MAX : terms;

	for (int turn = 0; turn <= BACKGROUND_TURNS; turn++)
	{
		double		a[SF_PERIOD_TERMS_MAX][SF_PERIOD_TERMS_MAX] = {{0.0}};
		double		b[SF_PERIOD_TERMS_MAX] = {0.0};

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
fit_knots(SfPeriodSearch *search, const double *row, int32_t count, double *scratch)
{
	int32_t		size = BLOCK_MIN;

	search->knots = 0;
	if (count < KNOTS_FROM)
		return;
	for (int32_t from = 0; from + size <= count && search->knots < SF_PERIOD_KNOTS_MAX; from += size)
	{
		double		sum = 0.0;

		/* two blocks of each size */
		if (search->knots % 2 == 0 && search->knots > 0 && size < BLOCK_MAX && from + 2 * size <= count)
			size *= 2;
		for (int32_t i = 0; i < size; i++)
		{
			const double *r = row + ROW * (int64_t) (from + i);

			scratch[i] = r[ROW_VALUE] + MEDIAN_LOG;
			for (int j = 0; j < SF_PERIOD_TERMS_MAX; j++)
				scratch[i] -= search->background[j] * r[j];
			sum += r[ROW_FREQUENCY];
		}
		search->knot_at[search->knots] = sum / size;
		search->knot[search->knots++] = sf_median(scratch, size);
	}
}

/* The correction of the log background at a frequency, straight between knots. */
static double
correction(const SfPeriodSearch *search, double frequency)
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

/* Periodogram over background. */
double
sf_period_ratio(const SfPeriodSearch *search, double frequency)
{
	double		term[SF_PERIOD_TERMS_MAX];
	double		value = correction(search, frequency);

	background_terms(frequency, term);
	for (int j = 0; j < SF_PERIOD_TERMS_MAX; j++)
		value += search->background[j] * term[j];
	return sf_period_power(search, frequency) / exp(value);
}

/* The background from about one frequency per 1/n; false when too few are left. */
SfStatus
sf_period_background(SfPeriodSearch *search, bool *enough)
{
	SfArenaMark mark = sf_arena_mark(search->arena);
	int32_t		total = search->n / 2;
	int32_t		stride = total / BACKGROUND_MAX + 1;
	int32_t		count = 0;
	int32_t		tried = 0;
	double		largest = 0.0;
	double	   *row = sf_arena_take(search->arena, (size_t) total / (size_t) stride + DENSE + 1, ROW * sizeof(double));

	if (row == NULL)
		return sf_fail(search->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t j = 0; j <= search->length / 2; j++)
		largest = fmax(largest, search->power[j]);
	for (int32_t i = 1; i < total; i += i < DENSE ? 1 : stride)
	{
		double		frequency = (double) i / search->n;
		double	   *r = row + ROW * (int64_t) count;

		tried++;

		if (sf_period_is_hidden(search, frequency))
			continue;
		background_terms(frequency, r);
		/* a floor: exact seasons leave nothing but rounding between their lines */
		r[ROW_VALUE] = log(sf_period_power(search, frequency) + 1e-20 * largest);
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

