/*
 * intermittent.c
 *		Demand that comes now and then: when a series is of that kind, the
 *		forecast of choice, and what a period may bring.
 */
#include "core/forecast/intermittent.h"

#include <float.h>
#include <math.h>

#include "core/base/sort.h"
#include "core/forecast/aggregate.h"

/* Fewer demands do not tell where the series begins. */
#define DEMANDS_MIN 3

/* A cycle is looked for among the last periods, and must come three times. */
#define CYCLE_WINDOW 1024
#define CYCLE_MAX 366
#define CYCLE_TIMES 3
#define CYCLE_AGREEMENT 0.8		/* one cycle apart; Cohen's kappa */
#define CYCLE_BETWEEN 0.5		/* within the cycle, at most */
#define CYCLE_MATCHES 3

#define SMOOTHING 0.1

/* Of the distribution of one period (chosen on carparts by pinball loss). */
#define PROBABILITY_DISCOUNT 0.9
#define PROBABILITY_PRIOR 0.5	/* demands in one period more */
#define TAIL_WEIGHT 0.5			/* of a size not yet seen, in sizes seen */

/*
 * Agreement of demand and no demand with those lag periods before, beyond chance
 * (Cohen's kappa): 1 = always, 0 = as often as by chance; 0 where too few match.
 */
static double
agreement(const double *y, int32_t n, int32_t lag, double share)
{
	double		chance = share * share + (1.0 - share) * (1.0 - share);
	int32_t		pairs = 0;
	int32_t		same = 0;
	int32_t		demands = 0;

	for (int32_t t = lag; t < n; t++)
	{
		bool		now = y[t] > 0.0;
		bool		then = y[t - lag] > 0.0;

		if (isnan(y[t]) || isnan(y[t - lag]))
			continue;
		pairs++;
		same += now == then;
		demands += now && then;
	}
	if (demands < CYCLE_MATCHES || !(chance < 1.0))
		return 0.0;
	return ((double) same / pairs - chance) / (1.0 - chance);
}

/*
 * Whether demand and no demand return in a cycle: agreement falls, then comes
 * back.  (Long stretches of either agree with the period before, too.)
 */
static bool
has_cycle(const double *y, int32_t n)
{
	int32_t		observed = 0;
	int32_t		demands = 0;
	double		lowest = 1.0;
	double		share;

	if (n > CYCLE_WINDOW)
	{
		y += n - CYCLE_WINDOW;
		n = CYCLE_WINDOW;
	}
	for (int32_t t = 0; t < n; t++)
	{
		observed += !isnan(y[t]);
		demands += y[t] > 0.0;
	}
	if (demands < CYCLE_MATCHES)
		return false;
	share = (double) demands / observed;
	for (int32_t lag = 1; lag <= CYCLE_MAX && lag <= n / CYCLE_TIMES; lag++)
	{
		double		kappa = agreement(y, n, lag, share);

		if (kappa >= CYCLE_AGREEMENT && lowest <= CYCLE_BETWEEN)
			return true;
		lowest = fmin(lowest, kappa);
	}
	return false;
}

bool
sf_is_intermittent(const double *y, int32_t n)
{
	int32_t		observed = 0;
	int32_t		since_first = 0;
	int32_t		demands = 0;
	int32_t		periods;

	for (int32_t t = 0; t < n; t++)
	{
		if (y[t] < 0.0)
			return false;
		if (isnan(y[t]))
			continue;
		observed++;
		demands += y[t] > 0.0;
		since_first += demands > 0;
	}
	periods = demands < DEMANDS_MIN ? observed : since_first;
	if (!(periods > SF_INTERMITTENT_INTERVAL * demands))
		return false;
	return !has_cycle(y, n);
}

/* The multiple of the mean that has the least expected squared error. */
static double
pull(const SfDemand *demand)
{
	double		mean = 0.0;
	double		variance = 0.0;

	for (int32_t t = 0; t < demand->n; t++)
		mean += demand->y[t];
	mean /= demand->n;
	if (demand->n < 2 || mean == 0.0)
		return mean == 0.0 ? 0.0 : 1.0;
	for (int32_t t = 0; t < demand->n; t++)
		variance += (demand->y[t] - mean) * (demand->y[t] - mean);
	variance /= demand->n - 1.0;
	/* not mean * mean: that may vanish */
	variance = variance / mean / mean;
	return 1.0 / (1.0 + variance / demand->n);
}

static double
smoothed_rate(const SfDemand *demand, double *fitted)
{
	double		level = 0.0;

	for (int32_t t = 0; t < demand->n; t++)
		level += demand->y[t];
	level /= demand->n;
	for (int32_t t = 0; t < demand->n; t++)
	{
		fitted[t] = level;
		level += SMOOTHING * (demand->y[t] - level);
	}
	return level;
}

/* Rate and one-step forecasts of the combination, in the units of demand. */
static SfStatus
combined_rate(SfArena *arena, const SfDemand *demand, double *fitted, double *rate)
{
	SfCroston	of_tsb = {SF_TSB_SIZE, SF_TSB_PROBABILITY};
	double	   *imapa = sf_arena_take(arena, (size_t) demand->n, sizeof(double));
	double	   *tsb = sf_arena_take(arena, (size_t) demand->n, sizeof(double));
	double		keep = pull(demand);
	double		imapa_rate;
	SfStatus	status;

	if (imapa == NULL || tsb == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_aggregate_rate(arena, demand, 1, sf_aggregate_level(demand), imapa, &imapa_rate);
	if (status != SF_OK)
		return status;
	*rate = keep * (imapa_rate + sf_tsb_rate(demand, of_tsb, tsb) + smoothed_rate(demand, fitted)) / 3.0;
	for (int32_t t = 0; t < demand->n; t++)
		fitted[t] = keep * (isnan(imapa[t]) ? (tsb[t] + fitted[t]) / 2.0
							: (imapa[t] + tsb[t] + fitted[t]) / 3.0);
	return SF_OK;
}

SfStatus
sf_intermittent_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	SfDemand	demand;
	double	   *fitted;
	double		rate = 0.0;
	SfStatus	status = sf_demand_read(arena, s->y, s->n, &demand);

	if (status != SF_OK)
		return status;
	fitted = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	if (fitted == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (demand.count > 0)
		status = combined_rate(arena, &demand, fitted, &rate);
	if (status != SF_OK)
		return status;
	sf_demand_forecast(s, &demand, rate, fitted, "TSB+IMAPA+SES", out);
	if (demand.count > 0)
		sf_forecast_note(out, "pull to zero", 1.0 - pull(&demand));
	return SF_OK;
}

/* What one period may bring: sizes in ascending order, the zeros among them. */
typedef struct Mixture
{
	const double *size;			/* [count] ascending, in the units of demand */
	int32_t		count;
	double		probability;	/* of a demand */
	double		mean_size;		/* of |size| */
} Mixture;

static SfStatus
read_mixture(SfArena *arena, const SfDemand *demand, Mixture *mixture)
{
	double		weight = 1.0;
	double		demands = PROBABILITY_PRIOR;
	double		periods = 1.0;

	for (int32_t t = demand->n - 1; t >= 0; t--)
	{
		demands += demand->y[t] != 0.0 ? weight : 0.0;
		periods += weight;
		weight *= PROBABILITY_DISCOUNT;
	}
	mixture->mean_size = 0.0;
	for (int32_t j = 0; j < demand->count; j++)
		mixture->mean_size += fabs(demand->size[j]);
	mixture->mean_size /= demand->count;
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	sf_sort(demand->size, demand->count);
	mixture->size = demand->size;
	mixture->count = demand->count;
	mixture->probability = demands / periods;
	return SF_OK;
}

/* The number of sizes below 0. */
static int32_t
negative_sizes(const Mixture *mixture)
{
	int32_t		lo = 0;
	int32_t		hi = mixture->count;

	while (lo < hi)
	{
		int32_t		mid = lo + (hi - lo) / 2;

		if (mixture->size[mid] < 0.0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static double
mixture_quantile(const Mixture *mixture, double level)
{
	double		each = mixture->probability / (mixture->count + TAIL_WEIGHT);
	double		below = negative_sizes(mixture) * each;
	double		rank;			/* of the size wanted, from 1 on; may be a fraction */

	if (level <= below)
		rank = level / each;
	else if (level <= below + (1.0 - mixture->probability))
		return 0.0;
	else
		rank = (level - (1.0 - mixture->probability)) / each;
	/* a level that is a multiple of each but for rounding */
	rank = ceil(rank * (1.0 - 1e-12));
	if (rank < 1.0)
		return mixture->size[0];
	if (rank <= mixture->count)
		return mixture->size[(int32_t) rank - 1];
	return fmax(mixture->size[mixture->count - 1], 0.0) +
		mixture->mean_size * log(TAIL_WEIGHT * each / (1.0 - level));
}

SfStatus
sf_intermittent_quantiles(SfArena *arena, const double *y, int32_t n,
						  const double *level, int32_t levels, double *out)
{
	SfDemand	demand;
	Mixture		mixture = {0};
	SfStatus	status;

	for (int32_t i = 0; i < levels; i++)
		if (!(level[i] > 0.0 && level[i] < 1.0))
			return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT,
								 "the level of a quantile must be above 0 and below 1", level[i]);
	status = sf_demand_read(arena, y, n, &demand);
	if (status == SF_OK && demand.count > 0)
		status = read_mixture(arena, &demand, &mixture);
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < levels; i++)
	{
		double		value = demand.count == 0 ? 0.0 : mixture_quantile(&mixture, level[i]);

		/* only the tail can leave the range of a double */
		out[i] = fmin(ldexp(value, demand.exponent), DBL_MAX);
	}
	return SF_OK;
}

SfStatus
sf_intermittent_interval(SfArena *arena, const double *y, int32_t n,
						 double coverage, double *lo, double *hi)
{
	double		level[3] = {(1.0 - coverage) / 2.0, coverage, (1.0 + coverage) / 2.0};
	double		quantile[3];
	SfStatus	status = sf_intermittent_quantiles(arena, y, n, level, 3, quantile);

	if (status != SF_OK)
		return status;
	*lo = quantile[0];
	*hi = quantile[0] == 0.0 ? quantile[1] : quantile[2];
	return SF_OK;
}
