/*
 * cycle.c
 *		Demand that comes at regular intervals.
 */
#include "core/forecast/cycle.h"

#include "core/base/dist.h"
#include "core/forecast/intermittent.h"

#include <math.h>

static const double alphas[] = {0.05, 0.2, 0.5, 1.0};

#define ALPHAS ((int) (sizeof alphas / sizeof alphas[0]))

/* With fewer intervals there is no choosing: this alpha. */
#define CHOICE_LEAST 4
#define ALPHA_FEW 0.5

#define SPREAD_LEAST 0.25		/* periods: times are rounded to periods */
#define SPREAD_MOST 0.35		/* intervals */
#define SIZE_ALPHA 0.1

/* Where the spread of a demand exceeds this part of an interval, single demands cannot be told. */
#define BLURRED 0.5

/* Deviations of a normal time beyond which there is nothing. */
#define REACH 6.0

/* So many periods may a season differ from whole cycles. */
#define OFF_SEASON 0.25

/* Demands that may be missed before the cycle is over. */
#define MISSED_MOST 2

static double
share(double from, double to, double mean, double spread)
{
	return sf_normal_cdf((to - mean) / spread) - sf_normal_cdf((from - mean) / spread);
}

/* The times of the demands, and how many; none when something is negative. */
static int32_t
read_times(const double *y, int32_t n, double *time)
{
	int32_t		count = 0;

	for (int32_t t = 0; t < n; t++)
	{
		if (y[t] < 0.0)
			return 0;
		if (y[t] > 0.0)
			time[count++] = t;
	}
	return count;
}

/* Slope and start of the least-squares line through the times. */
static void
fit_line(const double *time, int32_t count, double *start, double *slope)
{
	double		middle = 0.5 * (count - 1);
	double		mean = 0.0;
	double		cross = 0.0;
	double		square = 0.0;

	for (int32_t i = 0; i < count; i++)
	{
		mean += (time[i] - mean) / (i + 1);
		square += (i - middle) * (i - middle);
	}
	for (int32_t i = 0; i < count; i++)
		cross += (i - middle) * (time[i] - mean);
	*slope = cross / square;
	*start = mean - *slope * middle;
}

/* Errors of the expected times; their sum of squares. */
static double
run(const double *time, int32_t count, double start, double length, double alpha, double *level)
{
	double		sum = 0.0;

	*level = start;
	for (int32_t i = 1; i < count; i++)
	{
		double		e = time[i] - (*level + length);

		sum += e * e;
		*level += length + alpha * e;
	}
	return sum;
}

/*
 * How far each demand from the third on is from where those before it put it: on their
 * line (anchored), or one mean interval after the last one.  Sum of squares.
 */
static double
look_back(const double *time, int32_t count, bool anchored, double *error)
{
	double		sum = 0.0;
	double		mean = time[0];
	double		cross = 0.0;
	double		square = 0.0;

	for (int32_t i = 1; i < count; i++)
	{
		double		from = 0.5 * (i + 1);	/* from the mean of 0 .. i - 1 to i */
		double		off = time[i] - mean;

		if (i > 1)
		{
			double		ahead = anchored ? mean + cross / square * from :
			time[i - 1] + (time[i - 1] - time[0]) / (i - 1);

			error[i - 2] = time[i] - ahead;
			sum += error[i - 2] * error[i - 2];
		}
		cross += from * off * i / (i + 1.0);
		square += from * from * i / (i + 1.0);
		mean += off / (i + 1);
	}
	return sum;
}

/*
 * Log likelihood of the intervals with the smaller of those errors over that with geometric
 * intervals.
 */
static double
evidence(const double *time, int32_t count, double *error)
{
	double		rate = (count - 1) / (time[count - 1] - time[0]);
	bool		anchored = look_back(time, count, true, error) <= look_back(time, count, false, error);
	double		squares = look_back(time, count, anchored, error);
	double		spread = fmax(SPREAD_LEAST, sqrt(squares / (count - 2)));
	double		sum = 0.0;

	for (int32_t i = 2; i < count; i++)
	{
		double		here = share(error[i - 2] - 0.5, error[i - 2] + 0.5, 0.0, spread);

		sum += log(fmax(here, 1e-300)) - log(rate) - (time[i] - time[i - 1] - 1.0) * log1p(-rate);
	}
	return sum;
}

static void
fit_sizes(const double *y, int32_t n, SfCycle *cycle)
{
	double		mean = 0.0;
	double		level;

	for (int32_t t = 0; t < n; t++)
		mean += y[t] / cycle->demands;
	level = mean;
	cycle->size_variance = 0.0;
	for (int32_t t = 0; t < n; t++)
		if (y[t] > 0.0)
		{
			cycle->size_variance += (y[t] - level) * (y[t] - level) / cycle->demands;
			level += SIZE_ALPHA * (y[t] - level);
		}
	cycle->size = level;
}

static double
arrival_spread(const SfCycle *cycle, double j)
{
	double		m = cycle->demands - 1;
	double		a = cycle->alpha * cycle->alpha;

	return cycle->spread * sqrt(1.0 + (j - 1.0) * a + j * j * (a / m + 2.0 / (m * m)));
}

SfStatus
sf_cycle_find(SfArena *arena, const double *y, int32_t n, bool *found, SfCycle *cycle)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *time = sf_arena_take(arena, (size_t) n, 2 * sizeof(double));
	SfCycle		c = {.alpha = ALPHA_FEW};
	double		start;
	double		level;
	double		least = INFINITY;
	int32_t		missed = 0;

	*found = false;
	if (time == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	c.demands = read_times(y, n, time);
	if (c.demands < 3 || !(time[c.demands - 1] - time[0] > SF_INTERMITTENT_INTERVAL * (c.demands - 1)))
	{
		sf_arena_rewind(arena, mark);
		return SF_OK;
	}
	fit_line(time, c.demands, &start, &c.length);
	for (int i = 0; i < ALPHAS && c.demands > CHOICE_LEAST; i++)
	{
		double		squares = run(time, c.demands, start, c.length, alphas[i], &level);

		if (squares < least)
		{
			least = squares;
			c.alpha = alphas[i];
		}
	}
	least = run(time, c.demands, start, c.length, c.alpha, &level);
	c.spread = fmax(SPREAD_LEAST, sqrt(least / (c.demands - 2)));
	c.evidence = evidence(time, c.demands, time + n);
	while (missed <= MISSED_MOST &&
		   level + (missed + 1) * c.length + 2.0 * arrival_spread(&c, missed + 1.0) < n - 0.5)
		missed++;
	c.next = level + (missed + 1) * c.length - (n - 1);
	sf_arena_rewind(arena, mark);
	if (c.spread > SPREAD_MOST * c.length || !(c.evidence > SF_CYCLE_EVIDENCE) || missed > MISSED_MOST)
		return SF_OK;
	fit_sizes(y, n, &c);
	*found = true;
	*cycle = c;
	return SF_OK;
}

bool
sf_cycle_in_season(const SfCycle *cycle, const SfSeries *s)
{
	double		cycles;

	if (s->seasons < 1 || s->n < 3 * s->season[0] || s->season[0] < cycle->length - OFF_SEASON)
		return false;
	cycles = s->season[0] / cycle->length;
	return fabs(cycles - rint(cycles)) * cycle->length < OFF_SEASON;
}

/* Adds the j-th demand; it comes after the last period if it is the first. */
static void
add_arrival(const SfCycle *cycle, int32_t j, double *mean, int32_t horizon)
{
	double		time = cycle->next + (j - 1) * cycle->length;
	double		spread = arrival_spread(cycle, j);
	double		left = j == 1 ? sf_normal_cdf((time - 0.5) / spread) : 1.0;
	double		first = fmax(1.0, floor(time - REACH * spread));
	double		last = fmin(horizon, ceil(time + REACH * spread));

	for (int32_t k = (int32_t) first; k <= last; k++)
		mean[k - 1] += share(k - 0.5, k + 0.5, time, spread) / left;
}

void
sf_cycle_project(const SfCycle *cycle, const SfSeries *s, SfForecast *out)
{
	int32_t		j = 0;
	double		time;
	double		spread;

	for (int32_t k = 0; k < out->horizon; k++)
		out->mean[k] = 0.0;
	do
	{
		add_arrival(cycle, ++j, out->mean, out->horizon);
		time = cycle->next + j * cycle->length;
		spread = arrival_spread(cycle, j + 1.0);
	}
	while (time - REACH * spread <= out->horizon && spread < BLURRED * cycle->length);
	for (int32_t k = 0; k < out->horizon; k++)
	{
		double		p = out->mean[k];

		/* all later ones */
		if (spread >= BLURRED * cycle->length)
			p += sf_normal_cdf((k + 1 - (time - 0.5 * cycle->length)) / spread) / cycle->length;
		p = fmin(1.0, p);
		out->mean[k] = p * cycle->size;
		out->variance[k] = p * (1.0 - p) * cycle->size * cycle->size + p * cycle->size_variance;
	}
	/* expected times of the past are no forecast of a period */
	for (int32_t t = 0; out->fitted != NULL && t < s->n; t++)
		out->fitted[t] = NAN;
	out->converged = true;
	out->demand = false;
	out->regular = true;
	sf_forecast_label(out, "regular cycle");
	sf_forecast_note(out, "demands", cycle->demands);
	sf_forecast_note(out, "periods between demands", cycle->length);
	sf_forecast_note(out, "spread of a demand, periods", cycle->spread);
	sf_forecast_note(out, "next demand, periods ahead", cycle->next);
	sf_forecast_note(out, "alpha of times", cycle->alpha);
	sf_forecast_amount(out, "size of a demand", cycle->size);
}

SfStatus
sf_cycle_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	SfCycle		cycle;
	bool		found;
	SfStatus	status = sf_cycle_find(arena, s->y, s->n, &found, &cycle);

	if (status != SF_OK)
		return status;
	if (!found)
	{
		out->demand = true;
		return sf_intermittent_forecast(arena, s, out);
	}
	sf_cycle_project(&cycle, s, out);
	return SF_OK;
}
