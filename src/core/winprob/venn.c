/*
 * venn.c
 *		Venn-Abers intervals.
 *
 * The held-out deals in order of prediction, w_j of them at the j-th value and
 * y_j of those won, make a path of points P_j = (sum of w, sum of y).  Its
 * greatest convex minorant has the isotonic rates as slopes.  A new deal at the
 * j-th value that is won pushes P_j and all behind it by (1, 1); the slope over
 * its place is what it would be given.  Pulling the points before it by (1, 1)
 * instead, one after the other, keeps the corners that are still ahead on a
 * stack, so that all values together cost one more pass (NIPS 2015, algorithms 1
 * and 2; the stack of corners is Graham's).  A lost deal is the same thing with
 * both axes turned round.
 *
 * Between two values a lost deal counts as at the lower one, a won deal as at
 * the upper one.
 *
 * How far one more deal moves a rate does not say how well the rate is known: an
 * isotonic step of 5,000 deals hardly moves, and still hides what differs inside
 * it.  So the win rate of few neighbours is told as well, and the wider end holds.
 */
#include "core/winprob/calibrate.h"

#include <float.h>
#include <math.h>

#include "core/base/logit.h"
#include "core/winprob/isotonic.h"

#define POLL_EVERY 16384

/* Deals around a score whose win rate is taken: an eighth of all, within this and SF_RATE_ROWS. */
#define SHARE 8
#define RATE_LEAST 20
#define Z_95 1.959963984540054

/* Rates of 0 and 1 are told as that. */
#define CLIP 1e-15

/* Bisections of how much a step may be widened. */
#define TURNS 50

/* Whole numbers up to 2^30: products of differences are exact. */
typedef struct Point
{
	int64_t		x;
	int64_t		y;
} Point;

/* Does the road a, b, c not turn left at b? */
static bool
not_left(Point a, Point b, Point c)
{
	return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) <= 0;
}

/*
 * rate[j]: what a won deal at the j-th value would be given.  path[n + 2]: the pulled start (-1, -1), then P_0 .. P_n;
 * stack[n + 2].
 */
static SfStatus
rates_if_won(SfCtx *ctx, Point *path, int64_t n, Point *stack, double *rate)
{
	int64_t		top = 0;

	/* corners from the end back, so that the first ones lie on top */
	for (int64_t i = n + 1; i >= 0; i--)
	{
		while (top > 1 && not_left(path[i], stack[top - 1], stack[top - 2]))
			top--;
		stack[top++] = path[i];
		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int64_t j = 0; j < n; j++)
	{
		Point		a = stack[top - 1];
		Point		b = stack[top - 2];
		Point		pulled = {path[j].x + path[j + 2].x - path[j + 1].x, path[j].y + path[j + 2].y - path[j + 1].y};

		rate[j] = (double) (b.y - a.y) / (double) (b.x - a.x);
		path[j + 1] = pulled;
		/* above the slope that holds: it goes on */
		if ((b.x - a.x) * (pulled.y - a.y) - (b.y - a.y) * (pulled.x - a.x) >= 0)
			continue;
		top--;
		while (top > 1 && not_left(pulled, stack[top - 1], stack[top - 2]))
			top--;
		stack[top++] = pulled;
		if (j % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* The path of the ties, or, turned round, of lost deals from the highest value down. */
static void
make_path(const SfScoreTie *tie, int64_t n, bool turned, Point *path)
{
	path[0] = (Point) {-1, -1};
	path[1] = (Point) {0, 0};
	for (int64_t i = 0; i < n; i++)
	{
		const SfScoreTie *t = &tie[turned ? n - 1 - i : i];

		path[i + 2] = (Point) {path[i + 1].x + t->rows, path[i + 1].y + (turned ? t->rows - t->won : t->won)};
	}
}

/* low[n] if lost, high[n] if won, at each value. */
static SfStatus
rates(SfArena *arena, const SfScoreTie *tie, int64_t n, double *low, double *high)
{
	SfArenaMark mark = sf_arena_mark(arena);
	Point	   *path = sf_arena_take(arena, (size_t) n + 2, sizeof(Point));
	Point	   *stack = sf_arena_take(arena, (size_t) n + 2, sizeof(Point));
	SfStatus	status;

	if (path == NULL || stack == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	make_path(tie, n, false, path);
	status = rates_if_won(arena->ctx, path, n, stack, high);
	if (status == SF_OK)
	{
		make_path(tie, n, true, path);
		status = rates_if_won(arena->ctx, path, n, stack, low);
	}
	if (status == SF_OK)
		for (int64_t i = 0; i < n - 1 - i; i++)
		{
			double		swap = low[i];

			low[i] = low[n - 1 - i];
			low[n - 1 - i] = swap;
		}
	for (int64_t i = 0; i < n && status == SF_OK; i++)
		low[i] = 1.0 - low[i];
	sf_arena_rewind(arena, mark);
	return status;
}

/* Wilson's ends of the rate of n deals. */
static void
wilson(double rate, double n, double *low, double *high)
{
	double		z = Z_95 * Z_95;
	double		middle = (rate + z / (2 * n)) / (1 + z / n);
	double		half = Z_95 / (1 + z / n) * sqrt(fmax(0.0, rate * (1 - rate) / n + z / (4 * n * n)));

	*low = fmax(0.0, middle - half);
	*high = fmin(1.0, middle + half);
}

/* Counts of deals up to a place in the order; deals of one score are spread evenly over their places. */
typedef struct Place
{
	const SfScoreTie *tie;
	int64_t		at;				/* tie in which the place lies */
	double		rows;			/* before that tie */
	double		won;
} Place;

/* Moves on to a place further behind, and tells how many are won before it. */
static double
won_before(Place *p, int64_t ties, double place)
{
	while (p->at < ties - 1 && p->rows + (double) p->tie[p->at].rows <= place)
	{
		p->rows += (double) p->tie[p->at].rows;
		p->won += (double) p->tie[p->at].won;
		p->at++;
	}
	return p->won + (double) p->tie[p->at].won * (place - p->rows) / (double) p->tie[p->at].rows;
}

/* rate[ties]: win rates of the nearest `room` of all deals, or of all deals of one score where there are more. */
static SfStatus
neighbour_rates(SfCtx *ctx, const SfScoreTie *tie, int64_t ties, double all, double room, double *rate)
{
	Place		begin = {.tie = tie};
	Place		end = {.tie = tie};
	double		rows = 0;

	for (int64_t i = 0; i < ties; i++)
	{
		double		own = (double) tie[i].rows;
		double		width = fmax(room, own);
		double		from = fmax(0.0, fmin(rows + own / 2 - width / 2, all - width));
		double		before = won_before(&begin, ties, from);

		rate[i] = fmin(fmax((won_before(&end, ties, from + width) - before) / width, 0.0), 1.0);
		rows += own;
		if (i % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/*
 * Widens low and high by what the nearest of all deals leave open.  Their rates rise and fall by chance: Wilson's
 * interval is laid around the middle of the highest rate up to here and the lowest from here on.
 */
static SfStatus
widen_by_neighbours(SfArena *arena, const SfScoreTie *tie, int64_t ties, double all, double *low, double *high)
{
	double		room = fmin(all, fmin(fmax(floor(all / SHARE), RATE_LEAST), SF_RATE_ROWS));
	double	   *rate = sf_arena_take(arena, (size_t) ties, sizeof(double));
	double	   *least = sf_arena_take(arena, (size_t) ties, sizeof(double));
	double		most = 0;
	SfStatus	status;

	if (rate == NULL || least == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = neighbour_rates(arena->ctx, tie, ties, all, room, rate);
	if (status != SF_OK)
		return status;
	for (int64_t i = ties - 1; i >= 0; i--)
		least[i] = i == ties - 1 ? rate[i] : fmin(rate[i], least[i + 1]);
	for (int64_t i = 0; i < ties; i++)
	{
		double		wilson_low;
		double		wilson_high;

		most = fmax(most, rate[i]);
		wilson((most + least[i]) / 2, fmax(room, (double) tie[i].rows), &wilson_low, &wilson_high);
		low[i] = fmin(low[i], wilson_low);
		high[i] = fmax(high[i], wilson_high);
		if (i > 0)
			high[i] = fmax(high[i], high[i - 1]);
		if (i % POLL_EVERY == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int64_t i = ties - 1; i > 0; i--)
		low[i - 1] = fmin(low[i - 1], low[i]);
	return SF_OK;
}

static double
clipped(double p)
{
	return fmin(fmax(p, CLIP), 1.0 - CLIP);
}

/* Steps as they are put together. */
typedef struct Steps
{
	const SfScoreTie *tie;
	const double *low;
	const double *high;
	int64_t		n;
} Steps;

/* Step 0 lies below all values; 2 i + 1 at the i-th value, 2 i + 2 behind it. */
static double
step_low(const Steps *s, int64_t k)
{
	return k == 0 ? 0.0 : s->low[(k - 1) / 2];
}

static double
step_high(const Steps *s, int64_t k)
{
	return k == 2 * s->n ? 1.0 : s->high[k / 2];
}

static double
step_from(const Steps *s, int64_t k)
{
	double		value;

	if (k == 0)
		return -DBL_MAX;
	value = s->tie[(k - 1) / 2].value;
	return k % 2 == 1 ? value : nextafter(value, DBL_MAX);
}

/* Joins steps as long as neither end moves by more than `width`; knots beyond SF_VENN_KNOTS are counted only. */
static int32_t
join_steps(const Steps *s, double width, double *from, double *low, double *high)
{
	int32_t		knots = 0;
	double		low_start = 0;
	double		high_start = 0;

	for (int64_t k = 0; k <= 2 * s->n && knots <= SF_VENN_KNOTS; k++)
	{
		double		low_here = step_low(s, k);
		double		high_here = step_high(s, k);
		bool		same = knots > 0 && low_here == low[knots - 1] && high_here == high[knots - 1];

		/* behind a value there may be no number before the next one */
		if (k < 2 * s->n && k > 0 && k % 2 == 0 && !(step_from(s, k) < step_from(s, k + 1)))
			continue;
		if (!same && (knots == 0 || sf_asin_root(low_here) - low_start > width || sf_asin_root(high_here) - high_start > width))
		{
			knots++;
			low_start = sf_asin_root(low_here);
			high_start = sf_asin_root(high_here);
			if (knots > SF_VENN_KNOTS)
				break;
			from[knots - 1] = step_from(s, k);
			low[knots - 1] = low_here;
		}
		high[knots - 1] = high_here;
	}
	return knots;
}

static int32_t
few_steps(SfCtx *ctx, const Steps *s, double *from, double *low, double *high)
{
	double		narrow = 0;
	double		wide = 4;
	int32_t		knots = join_steps(s, 0, from, low, high);

	if (knots <= SF_VENN_KNOTS)
		return knots;
	for (int turn = 0; turn < TURNS; turn++)
	{
		double		middle = narrow + (wide - narrow) / 2;

		if (sf_cancelled(ctx))
			return -1;
		if (join_steps(s, middle, from, low, high) <= SF_VENN_KNOTS)
			wide = middle;
		else
			narrow = middle;
	}
	return join_steps(s, wide, from, low, high);
}

static SfStatus
fit(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n, bool neighbours, SfVenn *venn)
{
	double	   *from = sf_arena_take(arena, SF_VENN_KNOTS, sizeof(double));
	double	   *low = sf_arena_take(arena, SF_VENN_KNOTS, sizeof(double));
	double	   *high = sf_arena_take(arena, SF_VENN_KNOTS, sizeof(double));
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *at_low = sf_arena_take(arena, (size_t) n, sizeof(double));
	double	   *at_high = sf_arena_take(arena, (size_t) n, sizeof(double));
	SfScoreTie *tie;
	int64_t		ties;
	int32_t		knots = 0;
	SfStatus	status;

	if (from == NULL || low == NULL || high == NULL || at_low == NULL || at_high == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_isotonic_ties(arena, log_odds, won, n, NULL, 0, &tie, &ties);
	if (status == SF_OK && n > 0)
	{
		status = rates(arena, tie, ties, at_low, at_high);
		if (status == SF_OK && neighbours)
			status = widen_by_neighbours(arena, tie, ties, (double) n, at_low, at_high);
		if (status == SF_OK)
			knots = few_steps(arena->ctx, &(Steps) {tie, at_low, at_high, ties}, from, low, high);
		if (knots < 0)
			status = sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	sf_arena_rewind(arena, mark);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < knots; k++)
	{
		low[k] = clipped(low[k]);
		high[k] = fmax(low[k], clipped(high[k]));
	}
	*venn = (SfVenn) {.knots = knots, .from = from, .low = low, .high = high};
	return SF_OK;
}

SfStatus
sf_venn_fit(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n, SfVenn *venn)
{
	return fit(arena, log_odds, won, n, false, venn);
}

SfStatus
sf_rate_interval_fit(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n, SfVenn *venn)
{
	return fit(arena, log_odds, won, n, true, venn);
}

void
sf_venn_interval(const SfVenn *venn, double log_odds, double *low, double *high)
{
	int32_t		first = 0;
	int32_t		end = venn->knots;

	*low = CLIP;
	*high = 1.0 - CLIP;
	if (venn->knots == 0)
		return;
	while (end - first > 1)
	{
		int32_t		middle = first + (end - first) / 2;

		if (venn->from[middle] <= log_odds)
			first = middle;
		else
			end = middle;
	}
	*low = venn->low[first];
	*high = venn->high[first];
}

void
sf_venn_encode(const SfVenn *venn, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) venn->knots, 2);
	for (int32_t k = 0; k < venn->knots; k++)
	{
		sf_write_double(write, venn->from[k]);
		sf_write_double(write, venn->low[k]);
		sf_write_double(write, venn->high[k]);
	}
}

static bool
step_ok(const double *from, const double *low, const double *high, int32_t k)
{
	if (!(fabs(from[k]) <= DBL_MAX && low[k] > 0 && low[k] <= high[k] && high[k] < 1))
		return false;
	return k == 0 ? from[0] == -DBL_MAX : from[k - 1] < from[k] && low[k - 1] <= low[k] && high[k - 1] <= high[k];
}

SfStatus
sf_venn_decode(SfArena *arena, SfReader *read, SfVenn *venn)
{
	int32_t		knots = (int32_t) sf_read_bits(read, 2);
	double	   *from;
	double	   *low;
	double	   *high;
	bool		ok = true;

	if (!read->ok || knots > SF_VENN_KNOTS || (size_t) knots > read->left / 24)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the count of an interval's steps is wrong");
	from = sf_arena_take(arena, (size_t) knots, sizeof(double));
	low = sf_arena_take(arena, (size_t) knots, sizeof(double));
	high = sf_arena_take(arena, (size_t) knots, sizeof(double));
	if (from == NULL || low == NULL || high == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < knots; k++)
	{
		from[k] = sf_read_double(read);
		low[k] = sf_read_double(read);
		high[k] = sf_read_double(read);
		ok = ok && step_ok(from, low, high, k);
	}
	if (!ok || !read->ok)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the steps of an interval must ascend");
	*venn = (SfVenn) {.knots = knots, .from = from, .low = low, .high = high};
	return SF_OK;
}
