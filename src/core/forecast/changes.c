/*
 * changes.c
 *		Change points: where a series got another level, or another line.
 */
#include "core/forecast/changes.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/sort.h"
#include "core/base/sum.h"
#include "core/forecast/stl.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LENGTH_MIN 8
#define SEGMENT_LEVEL 3
#define SEGMENT_TREND 6
#define GRID_MAX 4096

#define PENALTY_LEVEL 3.0
#define PENALTY_TREND 4.0

/* Deviations from the median of five and differences count up to this many spreads. */
#define SPIKE 3.0
#define WINSOR 3.0
#define NORMAL_MAD 1.4826

/* rho is raised by 1 / sqrt(n); from 1 on after 2.5 times that the series may be a random walk. */
#define RHO_RAISE 1.0
#define RHO_RAISE_WALK 2.5

/* Less spread than this share of the largest value is rounding. */
#define SPREAD_MIN 1e-11

/*
 * A cost is a small difference of large sums: so many roundings of the largest one
 * are added to the penalty, or they would be taken for changes.
 */
#define ROUNDINGS 8.0

/* Costs worked out between two polls. */
#define POLL_WORK (1 << 16)

typedef struct Segments
{
	const double *x;			/* [n] season and spikes taken out, largest value about 1 */
	const double *u;			/* [n] x whitened, in units of its spread */
	int32_t		n;
	bool		lines;
	double	   *sum;			/* [n + 1] running sums of v, v^2, t v; v is u less a level or line of all */
	double	   *square;
	double	   *moment;
	double		penalty;
	int32_t		shortest;
} Segments;

/* One segmentation: change places ascending. */
typedef struct Places
{
	int32_t    *at;
	int32_t		count;
	double		cost;			/* with penalties and log n per parameter */
} Places;

/* x = (y - seasons) * 2^-exponent; freedom = n less what the seasons cost. */
static SfStatus
take_season_out(SfArena *arena, const SfSeries *s, double *x, int *exponent, double *freedom)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfDecomposeOptions options = {.robust = s->seasons > 0, .periodic = true};
	SfDecomposition d;
	double		largest = 0.0;
	SfStatus	status = sf_decompose(arena, s, &options, &d);

	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < s->n; i++)
		largest = fmax(largest, fabs(s->y[i]));
	frexp(largest, exponent);
	*freedom = s->n;
	for (int32_t k = 0; k < d.seasons; k++)
		*freedom -= d.fitted[k] ? d.period[k] - 1.0 : 0.0;
	*freedom = fmax(*freedom, s->n / 4.0);
	for (int32_t i = 0; i < s->n; i++)
	{
		if (i % POLL_WORK == POLL_WORK - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		x[i] = ldexp(s->y[i], -*exponent);
		for (int32_t k = 0; k < d.seasons; k++)
			x[i] -= ldexp(d.season[k][i], -*exponent);
	}
	sf_arena_rewind(arena, mark);
	return SF_OK;
}

static double
median_of_five(const double *x)
{
	double		v[5];

	memcpy(v, x, sizeof v);
	return sf_median(v, 5);
}

/* Pulls spikes towards the median of five neighbours, which follows a step. */
static SfStatus
cut_spikes(SfCtx *ctx, double *x, int32_t n, double *scratch, double *medians)
{
	double		limit;

	for (int32_t i = 0; i < n; i++)
	{
		int32_t		from = i < 2 ? 0 : i + 3 > n ? n - 5 : i - 2;

		if (i % POLL_WORK == POLL_WORK - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		medians[i] = median_of_five(x + from);
		scratch[i] = fabs(x[i] - medians[i]);
	}
	limit = SPIKE * NORMAL_MAD * sf_median(scratch, n);
	if (limit > 0.0)
		for (int32_t i = 0; i < n; i++)
			x[i] = fmax(medians[i] - limit, fmin(medians[i] + limit, x[i]));
	return sf_poll(ctx);
}

/* scratch[n - lag] = differences lag apart around their median, absolute; gives the median. */
static double
differences(const double *x, int32_t n, int32_t lag, double *scratch)
{
	int32_t		count = n - lag;
	double		centre;

	for (int32_t i = 0; i < count; i++)
		scratch[i] = x[i + lag] - x[i];
	centre = sf_median(scratch, count);
	for (int32_t i = 0; i < count; i++)
		scratch[i] = fabs(x[i + lag] - x[i] - centre);
	return centre;
}

/* Mean square of differences lag apart, those beyond limit cut to it. */
static double
mean_square(const double *x, int32_t n, int32_t lag, double limit, double *scratch)
{
	int32_t		count = n - lag;
	double		sum = 0.0;

	(void) differences(x, n, lag, scratch);
	for (int32_t i = 0; i < count; i++)
		sum += scratch[i] > limit ? limit * limit : scratch[i] * scratch[i];
	return sum / count;
}

/*
 * Whitens x into u in units of its spread; *can is false when there is no spread or the
 * series may be a random walk.  The seasons taken out cost degrees of freedom.
 */
static SfStatus
whiten(SfCtx *ctx, const double *x, int32_t n, double freedom, double *u, double *scratch, bool *can)
{
	double		step = differences(x, n, 1, scratch);
	double		limit = WINSOR * NORMAL_MAD * sf_median(scratch, n - 1);
	double		rho = 0.0;
	double		spread;
	SfStatus	status = sf_poll(ctx);

	*can = false;
	if (status != SF_OK)
		return status;
	/* mostly standing still: nothing to learn about neighbours */
	if (limit > 0.0)
	{
		double		one = mean_square(x, n, 1, limit, scratch);
		double		two;

		status = sf_poll(ctx);
		if (status != SF_OK)
			return status;
		two = mean_square(x, n, 2, sqrt(2.0) * limit, scratch);
		status = sf_poll(ctx);
		rho = two / one - 1.0;
		if (status != SF_OK || rho + RHO_RAISE_WALK / sqrt(n) >= 1.0)
			return status;
		rho = fmax(0.0, rho + RHO_RAISE / sqrt(n));
	}
	/* as if the one before it lay a usual step away, or the first of a steep line would be a spike */
	u[0] = x[0] + rho / (1.0 - rho) * step;
	for (int32_t i = 1; i < n; i++)
		u[i] = (x[i] - rho * x[i - 1]) / (1.0 - rho);
	/* in full: heavy tails must count, and one step of d adds d^2 / n only */
	spread = sqrt(mean_square(u + 1, n - 1, 1, INFINITY, scratch) / 2.0 * (n / freedom));
	*can = spread > SPREAD_MIN;
	for (int32_t i = 0; i < n && *can; i++)
		u[i] /= spread;
	return sf_poll(ctx);
}

/* The least-squares line of u, level in the middle; lines for which nothing changes keep more digits without it. */
static double
overall_slope(const Segments *g, double *level)
{
	double		middle = 0.5 * (g->n - 1.0);
	double		n = g->n;
	SfSum		sum = {0};
	SfSum		moment = {0};

	for (int32_t i = 0; i < g->n; i++)
	{
		sf_sum_add(&sum, g->u[i]);
		sf_sum_add_product(&moment, i - middle, g->u[i]);
	}
	*level = sf_sum_value(sum) / n;
	return sf_sum_value(moment) / (n * (n * n - 1.0) / 12.0);
}

/* Running sums for the costs of levels or lines, rounded once each. */
static void
sum_up(Segments *g)
{
	double		middle = 0.5 * (g->n - 1.0);
	double		level = g->u[g->n / 2];
	double		slope = g->lines ? overall_slope(g, &level) : 0.0;
	SfSum		sum = {0};
	SfSum		square = {0};
	SfSum		moment = {0};

	g->sum[0] = g->square[0] = g->moment[0] = 0.0;
	for (int32_t i = 0; i < g->n; i++)
	{
		double		v = g->u[i] - level - slope * (i - middle);

		sf_sum_add(&sum, v);
		sf_sum_add_product(&square, v, v);
		sf_sum_add_product(&moment, v, i - middle);
		g->sum[i + 1] = sf_sum_value(sum);
		g->square[i + 1] = sf_sum_value(square);
		g->moment[i + 1] = sf_sum_value(moment);
	}
}

/* Squared deviations of v[from .. to - 1], and so of u, from their mean or line. */
static inline double
cost(const Segments *g, int32_t from, int32_t to)
{
	double		n = to - from;
	double		s = g->sum[to] - g->sum[from];
	double		rss = g->square[to] - g->square[from] - s * s / n;

	if (g->lines && to - from > 1)
	{
		double		middle = 0.5 * (from + to - g->n);
		double		sxy = g->moment[to] - g->moment[from] - middle * s;

		rss -= sxy * sxy / (n * (n * n - 1.0) / 12.0);
	}
	return rss > 0.0 ? rss : 0.0;
}

/*
 * PELT over places 0, step, 2 step, ..., n.  A place that is beaten now stays
 * beaten once a segment of the shortest length fits between.
 */
static SfStatus
pelt(SfArena *arena, const Segments *g, int32_t step, Places *places)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int32_t		total = (g->n + step - 1) / step;
	int32_t		shortest = (g->shortest + step - 1) / step;
	double	   *best = sf_arena_take(arena, (size_t) total + 1, sizeof(double));
	int32_t    *previous = sf_arena_take(arena, (size_t) total + 1, sizeof(int32_t));
	int32_t    *alive = sf_arena_take(arena, (size_t) total + 1, sizeof(int32_t));
	int32_t    *dies = sf_arena_take(arena, (size_t) total + 1, sizeof(int32_t));
	int32_t		living = 1;
	int64_t		work = 0;

	if (best == NULL || previous == NULL || alive == NULL || dies == NULL)
		return sf_no_memory(arena->ctx);
	best[0] = -g->penalty;
	alive[0] = 0;
	dies[0] = INT32_MAX;
	for (int32_t t = 1; t <= total; t++)
	{
		int32_t		end = t == total ? g->n : t * step;
		int32_t		kept = 0;

		best[t] = INFINITY;
		previous[t] = 0;
		for (int32_t i = 0; i < living; i++)
		{
			int32_t		from = alive[i];
			double		c;

			if (end - from * step < g->shortest && from > 0)
				continue;
			c = best[from] + cost(g, from * step, end) + g->penalty;
			if (c < best[t])
			{
				best[t] = c;
				previous[t] = from;
			}
		}
		for (int32_t i = 0; i < living; i++)
		{
			int32_t		from = alive[i];

			if (dies[i] > t && t - from >= shortest && best[from] + cost(g, from * step, end) > best[t] && dies[i] > t + shortest)
				dies[i] = t + shortest;
			if (dies[i] > t)
			{
				alive[kept] = from;
				dies[kept++] = dies[i];
			}
		}
		living = kept;
		if (t >= shortest)
		{
			alive[living] = t;
			dies[living++] = INT32_MAX;
		}
		work += 2 * (int64_t) living;
		if (work >= POLL_WORK)
		{
			work = 0;
			if (sf_cancelled(arena->ctx))
				return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	places->count = 0;
	for (int32_t t = previous[total]; t > 0; t = previous[t])
		places->count++;
	for (int32_t t = previous[total], k = places->count; t > 0; t = previous[t])
		places->at[--k] = t * step;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}

static inline int32_t
start_of(const Places *p, int32_t k)
{
	return k > 0 ? p->at[k - 1] : 0;
}

static inline int32_t
end_of(const Segments *g, const Places *p, int32_t k)
{
	return k + 1 < p->count ? p->at[k + 1] : g->n;
}

/* Moves each change to the best place within one step. */
static void
refine(const Segments *g, int32_t step, Places *places)
{
	for (int32_t k = 0; k < places->count; k++)
	{
		int32_t		from = start_of(places, k);
		int32_t		to = end_of(g, places, k);
		int32_t		best = places->at[k];
		double		least = INFINITY;

		for (int32_t at = places->at[k] - step; at <= places->at[k] + step; at++)
		{
			double		c;

			if (at - from < g->shortest || to - at < g->shortest)
				continue;
			c = cost(g, from, at) + cost(g, at, to);
			if (c < least)
			{
				least = c;
				best = at;
			}
		}
		places->at[k] = best;
	}
}

static SfStatus
segment(SfArena *arena, Segments *g, bool lines, double strictness, Places *places)
{
	int32_t		step = (g->n + GRID_MAX - 1) / GRID_MAX;
	SfStatus	status;

	g->lines = lines;
	g->shortest = lines ? SEGMENT_TREND : SEGMENT_LEVEL;
	sum_up(g);
	g->penalty = strictness * log(g->n) * (lines ? PENALTY_TREND : PENALTY_LEVEL) + ROUNDINGS * DBL_EPSILON * g->square[g->n];
	status = pelt(arena, g, step, places);
	if (status != SF_OK)
		return status;
	if (step > 1)
		refine(g, step, places);
	places->cost = g->penalty * places->count + log(g->n) * (lines ? 2 : 1) * (places->count + 1);
	for (int32_t k = 0; k <= places->count; k++)
		places->cost += cost(g, start_of(places, k), k < places->count ? places->at[k] : g->n);
	return SF_OK;
}

/* Mean and least-squares slope of x[from .. to - 1]. */
static void
describe(const Segments *g, int32_t from, int32_t to, int exponent, double *mean, double *slope)
{
	double		n = to - from;
	double		centre = 0.5 * (n - 1.0);
	double		sum = 0.0;
	double		sxy = 0.0;

	for (int32_t i = from; i < to; i++)
	{
		sum += g->x[i] / n;
		sxy += (i - from - centre) * g->x[i];
	}
	*mean = ldexp(sum, exponent);
	*slope = g->lines && n > 1.0 ? ldexp(sxy / (n * (n * n - 1.0) / 12.0), exponent) : 0.0;
}

static void
fill_changes(const Segments *g, const Places *places, int exponent, SfChange *changes)
{
	for (int32_t k = 0; k < places->count; k++)
	{
		SfChange   *c = &changes[k];
		int32_t		from = start_of(places, k);
		int32_t		to = end_of(g, places, k);
		double		gain = cost(g, from, to) - cost(g, from, places->at[k]) - cost(g, places->at[k], to);

		c->position = places->at[k];
		describe(g, from, c->position, exponent, &c->before, &c->slope_before);
		describe(g, c->position, to, exponent, &c->after, &c->slope_after);
		gain = fmax(gain, 0.0);
		c->confidence = 1.0 - fmin(1.0, (to - from) * (g->lines ? exp(-gain / 2.0) : erfc(sqrt(gain / 2.0))));
	}
}

/* Levels, lines or the cheaper of the two, into the caller's arrays. */
static SfStatus
choose(SfArena *arena, Segments *g, double strictness, SfChangeKind *kind, Places *levels, Places *lines)
{
	SfStatus	status = SF_OK;

	if (*kind != SF_CHANGE_TREND)
		status = segment(arena, g, false, strictness, levels);
	if (status == SF_OK && *kind != SF_CHANGE_LEVEL)
		status = segment(arena, g, true, strictness, lines);
	if (status != SF_OK)
		return status;
	if (*kind != SF_CHANGE_AUTO)
		return SF_OK;
	*kind = lines->cost < levels->cost ? SF_CHANGE_TREND : SF_CHANGE_LEVEL;
	if (*kind == SF_CHANGE_LEVEL)
	{
		g->lines = false;
		sum_up(g);
	}
	return SF_OK;
}

static SfStatus
take_memory(SfArena *arena, Segments *g, double **x, double **u, double **scratch, int32_t **at)
{
	size_t		n = (size_t) g->n;

	g->x = *x = sf_arena_take(arena, n, sizeof(double));
	g->u = *u = sf_arena_take(arena, n, sizeof(double));
	*scratch = sf_arena_take(arena, n, sizeof(double));
	g->sum = sf_arena_take(arena, n + 1, sizeof(double));
	g->square = sf_arena_take(arena, n + 1, sizeof(double));
	g->moment = sf_arena_take(arena, n + 1, sizeof(double));
	*at = sf_arena_take(arena, (size_t) GRID_MAX + 1, 2 * sizeof(int32_t));
	if (*x == NULL || *u == NULL || *scratch == NULL || g->sum == NULL || g->square == NULL || g->moment == NULL || *at == NULL)
		return sf_no_memory(arena->ctx);
	return SF_OK;
}

SfStatus
sf_change_points(SfArena *arena, const SfSeries *s, double strictness, SfChangeKind *kind,
				 SfChange **changes, int32_t *count)
{
	/* the answer stands before what is rewound: as many rows as places */
	int32_t		rows = s->n < GRID_MAX + 1 ? s->n : GRID_MAX + 1;
	SfChange   *answer = sf_arena_take(arena, (size_t) rows, sizeof(SfChange));
	SfArenaMark mark = sf_arena_mark(arena);
	Segments	g = {.n = s->n};
	Places		levels = {0};
	Places		lines = {0};
	SfChangeKind used = *kind;
	double	   *x;
	double	   *u;
	double	   *scratch;
	double		freedom;
	int			exponent;
	SfStatus	status;

	if (!(strictness > 0.0 && strictness <= DBL_MAX))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "the strictness must be above 0", strictness);
	if (answer == NULL)
		return sf_no_memory(arena->ctx);
	status = take_memory(arena, &g, &x, &u, &scratch, &levels.at);
	if (status == SF_OK)
		status = take_season_out(arena, s, x, &exponent, &freedom);
	if (status != SF_OK)
		return status;
	lines.at = levels.at + GRID_MAX + 1;
	if (s->n >= LENGTH_MIN)
	{
		bool		can = false;

		status = cut_spikes(arena->ctx, x, s->n, scratch, u);
		if (status == SF_OK)
			status = whiten(arena->ctx, x, s->n, freedom, u, scratch, &can);
		if (status == SF_OK && can)
		{
			status = choose(arena, &g, strictness, &used, &levels, &lines);
		}
		if (status != SF_OK)
			return status;
	}
	if (used == SF_CHANGE_AUTO)
		used = SF_CHANGE_LEVEL;
	*count = used == SF_CHANGE_TREND ? lines.count : levels.count;
	fill_changes(&g, used == SF_CHANGE_TREND ? &lines : &levels, exponent, answer);
	*kind = used;
	*changes = answer;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}
