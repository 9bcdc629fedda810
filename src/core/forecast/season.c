/*
 * season.c
 *		The seasonal figures of a series.
 */
#include "core/forecast/season.h"

#include <math.h>

/* A factor is never smaller: the series is divided by it. */
#define FACTOR_LEAST 0.02

/* Positions worked out between two polls. */
#define POLL_EVERY 65536

/* How fast figures may follow, in steps from 0 (not at all). */
#define GAMMA_STEP 0.08
#define GAMMA_STEPS 8

int32_t
sf_season_position(const SfSeasonFigures *f, int64_t t)
{
	double		phase;
	int32_t		position;

	if (f->length == f->positions)
		return (int32_t) (t % f->positions);
	phase = fmod((double) t, f->length);
	position = (int32_t) (phase * f->positions / f->length);
	return position < f->positions ? position : f->positions - 1;
}

/* Scratch of one estimate. */
typedef struct Work
{
	const double *y;			/* what is still to be explained */
	int32_t		n;
	int32_t		m;				/* positions */
	bool		factor;
	int32_t    *position;		/* [n] */
	double	   *trend;			/* [n], NaN where there is none */
	double	   *ratio;			/* [n], y / trend or y - trend */
	double	   *sum;			/* [m] */
	int32_t    *count;			/* [m] */
	double	   *state;			/* [m] */
} Work;

/* Centred moving means over one season; NaN at the ends. */
static void
centred_means(Work *w)
{
	int32_t		half = w->m / 2;
	bool		even = w->m % 2 == 0;
	double		sum = 0.0;

	for (int32_t t = 0; t < w->n; t++)
		w->trend[t] = NAN;
	for (int32_t t = 0; t < 2 * half + 1 && t < w->n; t++)
		sum += w->y[t];
	for (int32_t t = half; t + half < w->n; t++)
	{
		double		inside = sum;

		if (even)
			inside -= 0.5 * (w->y[t - half] + w->y[t + half]);
		w->trend[t] = inside / w->m;
		if (t + half + 1 < w->n)
			sum += w->y[t + half + 1] - w->y[t - half];
	}
}

/*
 * Local straight lines through x over half periods to each side, cut at the
 * ends.  Inside, the line at its own middle is the mean; near an end it is not.
 */
static void
local_lines(const double *x, int32_t n, int32_t half, double *out)
{
	double		sum = 0.0;		/* of x over the window */
	double		moment = 0.0;	/* of (i - from) x_i */
	int32_t		from = 0;
	int32_t		to = 0;			/* the window is from .. to - 1 */

	for (int32_t t = 0; t < n; t++)
	{
		double		c;
		double		at;
		double		slope;

		for (; to < n && to <= t + half; to++)
		{
			sum += x[to];
			moment += (double) (to - from) * x[to];
		}
		for (; from < t - half; from++)
		{
			sum -= x[from];
			moment -= sum;
		}
		c = to - from;
		at = t - from;
		/* sum (i - mean i) x_i / sum (i - mean i)^2 */
		slope = c > 1 ? (moment - sum * (c - 1) / 2) / (c * (c * c - 1) / 12) : 0.0;
		out[t] = sum / c + slope * (at - (c - 1) / 2);
	}
}

static void
take_ratios(Work *w)
{
	for (int32_t t = 0; t < w->n; t++)
	{
		if (!w->factor)
			w->ratio[t] = w->y[t] - w->trend[t];
		else if (isnan(w->trend[t]))
			w->ratio[t] = NAN;
		else
			w->ratio[t] = w->trend[t] > 0 ? w->y[t] / w->trend[t] : 1.0;
	}
}

static double
neutral(const Work *w)
{
	return w->factor ? 1.0 : 0.0;
}

/* Bring the mean figure to 1 or 0. */
static void
centre(const Work *w, double *figure)
{
	double		mean = 0.0;

	for (int32_t j = 0; j < w->m; j++)
		mean += figure[j] / w->m;
	for (int32_t j = 0; j < w->m; j++)
	{
		if (!w->factor)
			figure[j] -= mean;
		else
			figure[j] = mean > 0 ? figure[j] / mean : 1.0;
	}
}

/* The mean ratio of each position. */
static void
mean_figures(Work *w, double *figure)
{
	for (int32_t j = 0; j < w->m; j++)
	{
		w->sum[j] = 0.0;
		w->count[j] = 0;
	}
	for (int32_t t = 0; t < w->n; t++)
		if (!isnan(w->ratio[t]))
		{
			w->sum[w->position[t]] += w->ratio[t];
			w->count[w->position[t]]++;
		}
	for (int32_t j = 0; j < w->m; j++)
		figure[j] = w->count[j] > 0 ? w->sum[j] / w->count[j] : neutral(w);
	centre(w, figure);
}

static double
without(const Work *w, double y, double figure)
{
	if (!w->factor)
		return y - figure;
	return y / (figure > FACTOR_LEAST ? figure : FACTOR_LEAST);
}

/*
 * One cycle ahead, how wrong is following with gamma?  gamma 0 stands for the
 * mean of all earlier cycles.  Leaves the last figures in state.
 */
static double
follow(Work *w, double gamma)
{
	double		errors = 0.0;
	int32_t		start = 2 * w->m;

	for (int32_t j = 0; j < w->m; j++)
	{
		w->sum[j] = 0.0;
		w->count[j] = 0;
	}
	for (int32_t t = 0; t < w->n; t++)
	{
		int32_t		j = w->position[t];
		double		e;

		if (t < start || w->count[j] == 0)
		{
			w->sum[j] += w->ratio[t];
			w->count[j]++;
			w->state[j] = w->sum[j] / w->count[j];
			continue;
		}
		e = w->ratio[t] - w->state[j];
		errors += e * e;
		w->count[j]++;
		w->state[j] += (gamma > 0 ? gamma : 1.0 / w->count[j]) * e;
	}
	return errors;
}

/* Variance between positions over variance within, and the share explained. */
static void
judge(const Work *w, const double *figure, SfSeasonFigures *f)
{
	double		base = neutral(w);
	double		between = 0.0;
	double		within = 0.0;
	double		all = 0.0;
	double		ratio;

	for (int32_t t = 0; t < w->n; t++)
	{
		double		rest = w->ratio[t] - figure[w->position[t]];
		double		whole = w->ratio[t] - base;

		within += rest * rest;
		all += whole * whole;
	}
	for (int32_t j = 0; j < w->m; j++)
		between += (figure[j] - base) * (figure[j] - base);
	f->strength = all > 0 && within < all ? 1.0 - within / all : 0.0;
	between *= (double) w->n / w->m / (w->m - 1);
	within /= w->n > w->m ? w->n - w->m : 1;
	ratio = w->m > 3 ? (w->m - 3.0) / (w->m - 1.0) : 0.5;
	f->shrink = between > 0 ? 1.0 - ratio * within / between : 0.0;
	if (!(f->shrink > 0))
		f->shrink = 0.0;
}

/* Figures by classical decomposition, then from ratios to a trend that reaches both ends. */
static SfStatus
first_figures(SfCtx *ctx, Work *w, double *figure, double *rest)
{
	SfStatus	status;

	centred_means(w);
	take_ratios(w);
	status = sf_poll(ctx);
	if (status != SF_OK)
		return status;
	mean_figures(w, figure);
	for (int32_t t = 0; t < w->n; t++)
		rest[t] = without(w, w->y[t], figure[w->position[t]]);
	status = sf_poll(ctx);
	if (status != SF_OK)
		return status;
	local_lines(rest, w->n, w->m / 2 + 1, w->trend);
	status = sf_poll(ctx);
	if (status != SF_OK)
		return status;
	take_ratios(w);
	mean_figures(w, figure);
	return sf_poll(ctx);
}

/* The gamma with the least errors one cycle ahead, and the figures it ends with. */
static SfStatus
choose_gamma(SfCtx *ctx, Work *w, SfSeasonFigures *f)
{
	double		least = follow(w, 0.0);

	f->gamma = 0.0;
	for (int step = 1; step <= GAMMA_STEPS && w->n > 2 * w->m; step++)
	{
		double		errors = follow(w, GAMMA_STEP * step);

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (errors < least)
		{
			least = errors;
			f->gamma = GAMMA_STEP * step;
		}
	}
	if (f->gamma > 0)
	{
		(void) follow(w, f->gamma);
		for (int32_t j = 0; j < w->m; j++)
			f->figure[j] = w->state[j];
		centre(w, f->figure);
	}
	return sf_poll(ctx);
}

static SfStatus
estimate(SfCtx *ctx, Work *w, SfSeasonFigures *f, double *rest)
{
	SfStatus	status = first_figures(ctx, w, f->figure, rest);

	if (status != SF_OK)
		return status;
	judge(w, f->figure, f);
	status = choose_gamma(ctx, w, f);
	if (status != SF_OK)
		return status;
	for (int32_t j = 0; j < w->m; j++)
	{
		f->figure[j] = neutral(w) + f->shrink * (f->figure[j] - neutral(w));
		if (w->factor && f->figure[j] < FACTOR_LEAST)
			f->figure[j] = FACTOR_LEAST;
	}
	for (int32_t t = 0; t < w->n; t++)
		rest[t] = without(w, w->y[t], f->figure[w->position[t]]);
	return SF_OK;
}

static bool
work_start(SfArena *arena, Work *w, int32_t n, int32_t m)
{
	w->n = n;
	w->m = m;
	w->position = sf_arena_take(arena, (size_t) n, sizeof(int32_t));
	w->trend = sf_arena_take(arena, (size_t) n, sizeof(double));
	w->ratio = sf_arena_take(arena, (size_t) n, sizeof(double));
	w->sum = sf_arena_take(arena, (size_t) m, sizeof(double));
	w->count = sf_arena_take(arena, (size_t) m, sizeof(int32_t));
	w->state = sf_arena_take(arena, (size_t) m, sizeof(double));
	return w->position != NULL && w->trend != NULL && w->ratio != NULL && w->sum != NULL &&
		w->count != NULL && w->state != NULL;
}

static SfStatus
place(SfCtx *ctx, const SfSeasonFigures *f, int32_t n, int32_t *position)
{
	if (f->length != f->positions)
	{
		for (int32_t t = 0; t < n; t++)
		{
			position[t] = sf_season_position(f, t);
			if (t % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
		return SF_OK;
	}
	for (int32_t t = 0, j = 0; t < n; t++)
	{
		position[t] = j;
		j = j + 1 == f->positions ? 0 : j + 1;
	}
	return SF_OK;
}

SfStatus
sf_seasons_fit(SfArena *arena, const SfSeries *s, const double *y, SfSeasons *seasons, double *adjusted)
{
	bool		factor = true;

	seasons->count = 0;
	for (int32_t t = 0; t < s->n; t++)
	{
		adjusted[t] = y[t];
		factor = factor && y[t] > 0;
	}
	for (int32_t i = 0; i < s->seasons && s->season[i] * 2.0 <= s->n; i++)
	{
		SfSeasonFigures *f = &seasons->season[seasons->count];
		SfArenaMark mark;
		SfStatus	status;
		Work		w;

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		f->length = s->season[i];
		f->positions = (int32_t) lround(s->season[i]);
		f->factor = factor;
		f->figure = sf_arena_take(arena, (size_t) f->positions, sizeof(double));
		mark = sf_arena_mark(arena);
		if (f->positions < 2)
			continue;
		if (f->figure == NULL || !work_start(arena, &w, s->n, f->positions))
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		status = place(arena->ctx, f, s->n, w.position);
		if (status != SF_OK)
			return status;
		w.factor = factor;
		/* the estimate reads what earlier seasons left and writes what it leaves */
		w.y = y;
		if (i > 0)
		{
			double	   *left = sf_arena_take(arena, (size_t) s->n, sizeof(double));

			if (left == NULL)
				return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
			for (int32_t t = 0; t < s->n; t++)
				left[t] = adjusted[t];
			w.y = left;
		}
		status = estimate(arena->ctx, &w, f, adjusted);
		if (status != SF_OK)
			return status;
		seasons->count++;
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}

/* The figure of every period from t on, for a season of whole length. */
static void
apply_whole(const SfSeasonFigures *f, int64_t t, int32_t count, double *x)
{
	int32_t		j = (int32_t) (t % f->positions);

	for (int32_t k = 0; k < count; k++)
	{
		if (f->factor)
			x[k] *= f->figure[j];
		else
			x[k] += f->figure[j];
		j = j + 1 == f->positions ? 0 : j + 1;
	}
}

void
sf_seasons_apply(const SfSeasons *seasons, int64_t t, int32_t count, double *x)
{
	for (int32_t i = 0; i < seasons->count; i++)
	{
		const SfSeasonFigures *f = &seasons->season[i];

		if (f->length == f->positions)
		{
			apply_whole(f, t, count, x);
			continue;
		}
		for (int32_t k = 0; k < count; k++)
		{
			double		figure = f->figure[sf_season_position(f, t + k)];

			x[k] = f->factor ? x[k] * figure : x[k] + figure;
		}
	}
}
