/*
 * plain.c
 *		Seasons out, fit, project, seasons back, and how wrong that was.
 */
#include "core/forecast/plain.h"

#include "core/forecast/season.h"

#include <math.h>

#define ORIGINS_MAX 60

/* One-step forecasts of the past between two polls. */
#define POLL_EVERY 8192

/* Share of the seasonal naive when it was as good as the method, for strength 1. */
#define NAIVE_SHARE 0.7

/* What the forecast in hand works on. */
typedef struct Work
{
	const SfSeries *s;
	const SfPlainMethod *method;
	void	   *model;
	const double *y;
	double	   *adjusted;		/* [n] without seasons */
	SfSeasons	seasons;
	int32_t		n;
	int32_t		lag;			/* of the seasonal naive; 0 = not mixed in */
	double		share;			/* of the seasonal naive */
	int32_t		reach;			/* steps looked at in the past: the horizon, at
								 * least the lag */
	double	   *scratch;		/* [reach * method->scratch] */
	double	   *plain;			/* [reach] */
	double	   *whole;			/* [reach] */
} Work;

/* Sums of squared errors by step. */
typedef struct Past
{
	int32_t		origins;		/* periods that could be origins */
	double	   *count;			/* [reach] */
	double	   *plain;			/* of the method without season */
	double	   *whole;			/* of the method with season */
	double	   *naive;			/* of the seasonal naive */
	double	   *cross;			/* products of whole and naive */
} Past;

static double
seasonal_naive(const Work *w, int32_t known, int32_t step)
{
	return w->y[known - w->lag + step % w->lag];
}

/* plain and whole after the first `known` values. */
static void
project(const Work *w, int32_t known, int32_t horizon)
{
	w->method->project(w->model, known, horizon, w->plain, w->scratch);
	for (int32_t k = 0; k < horizon; k++)
		w->whole[k] = w->plain[k];
	sf_seasons_apply(&w->seasons, known, horizon, w->whole);
}

static void
compare(const Work *w, int32_t known, int32_t horizon, Past *past)
{
	for (int32_t k = 0; k < horizon; k++)
	{
		double		plain = w->adjusted[known + k] - w->plain[k];
		double		whole = w->y[known + k] - w->whole[k];
		double		naive = w->lag > 0 ? w->y[known + k] - seasonal_naive(w, known, k) : 0.0;

		past->count[k] += 1.0;
		past->plain[k] += plain * plain;
		past->whole[k] += whole * whole;
		past->naive[k] += naive * naive;
		past->cross[k] += whole * naive;
	}
}

/* The first period that is an origin: enough must lie before it. */
static int32_t
first_origin(const Work *w)
{
	int32_t		first = w->n / 3 > 4 ? w->n / 3 : 4;

	if (w->lag > first)
		first = w->lag;
	if (first > w->n - 1)
		first = w->n - 1;
	return first;
}

static SfStatus
look_back(SfArena *arena, const Work *w, Past *past)
{
	int32_t		reach = w->reach;
	int32_t		first = first_origin(w);
	int32_t		step;

	past->count = sf_arena_take(arena, (size_t) reach, 5 * sizeof(double));
	if (past->count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t k = 0; k < 5 * (size_t) reach; k++)
		past->count[k] = 0.0;
	past->plain = past->count + reach;
	past->whole = past->plain + reach;
	past->naive = past->whole + reach;
	past->cross = past->naive + reach;
	past->origins = w->n - first;
	step = (past->origins + ORIGINS_MAX - 1) / ORIGINS_MAX;
	for (int32_t known = w->n - 1; known >= first && known >= 1; known -= step)
	{
		int32_t		steps = w->n - known < reach ? w->n - known : reach;

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		project(w, known, steps);
		compare(w, known, steps, past);
	}
	return SF_OK;
}

/* From the errors of one season, so that the first forecast does not depend on the horizon. */
static double
naive_share(const Work *w, const Past *past)
{
	double		whole = 0.0;
	double		naive = 0.0;

	if (w->lag == 0)
		return 0.0;
	for (int32_t k = 0; k < w->lag; k++)
	{
		whole += past->whole[k];
		naive += past->naive[k];
	}
	return whole + naive > 0 ? NAIVE_SHARE * w->seasons.season[0].strength * whole / (whole + naive) : 0.0;
}

/*
 * Mean squares by step made non-decreasing: pool neighbours that violate the
 * order.  Steps that were never seen grow with the square root of the step.
 */
static void
rising_deviation(const double *square, const double *count, int32_t horizon,
				 double *deviation, double *weight, int32_t *length)
{
	int32_t		blocks = 0;
	int32_t		seen = 0;

	for (; seen < horizon && count[seen] > 0; seen++)
	{
		deviation[blocks] = square[seen] / count[seen];
		weight[blocks] = count[seen];
		length[blocks++] = 1;
		for (; blocks > 1 && deviation[blocks - 2] >= deviation[blocks - 1]; blocks--)
		{
			double		total = weight[blocks - 2] + weight[blocks - 1];

			deviation[blocks - 2] = (deviation[blocks - 2] * weight[blocks - 2] +
									 deviation[blocks - 1] * weight[blocks - 1]) / total;
			weight[blocks - 2] = total;
			length[blocks - 2] += length[blocks - 1];
		}
	}
	for (int32_t k = horizon - 1; k >= seen; k--)
		deviation[k] = seen > 0 ? sqrt(deviation[blocks - 1] * (k + 1) / seen) : NAN;
	for (int32_t k = seen - 1; blocks > 0; blocks--)
		for (int32_t i = length[blocks - 1]; i > 0; i--, k--)
			deviation[k] = sqrt(deviation[blocks - 1]);
}

/*
 * Errors of the past are too small: constants and figures knew the whole
 * series, and origins close together share their errors, the more the faster the
 * spread grows with the step.  Chosen on training parts, see plain.h.
 */
static double
widening(int32_t origins, double growth, int32_t n)
{
	double		few = 28.0 / pow(origins > 1 ? origins : 1, 1.25);

	return 1.0 + (few < 4.0 ? few : 4.0) + 3.0 * growth * growth / n;
}

static SfStatus
spread(SfArena *arena, const Work *w, Past *past, SfForecast *out)
{
	int32_t		horizon = out->horizon;
	double	   *block = sf_arena_take(arena, (size_t) horizon, 4 * sizeof(double));
	int32_t    *length = sf_arena_take(arena, (size_t) horizon, sizeof(int32_t));
	double	   *plain = block;
	double	   *whole;
	double	   *weight;
	double	   *figure;
	bool		factor = w->seasons.count > 0 && w->seasons.season[0].factor;
	double		share = w->share;
	double		widest = 0.0;

	if (block == NULL || length == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	whole = block + horizon;
	weight = block + 2 * (size_t) horizon;
	figure = block + 3 * (size_t) horizon;
	for (int32_t k = 0; k < horizon; k++)
	{
		double		mixed = (1 - share) * (1 - share) * past->whole[k] + share * share * past->naive[k] +
			2 * share * (1 - share) * past->cross[k];

		past->whole[k] = mixed > 0 ? mixed : 0.0;
		figure[k] = 1.0;
	}
	rising_deviation(past->plain, past->count, horizon, plain, weight, length);
	rising_deviation(past->whole, past->count, horizon, whole, weight, length);
	if (factor)
		sf_seasons_apply(&w->seasons, w->n, horizon, figure);
	for (int32_t k = 0; k < horizon; k++)
	{
		double		deviation = 0.5 * (plain[k] * figure[k] + whole[k]);
		double		growth;

		/* a trend that is missed grows with the square of the step: not faster than a random walk */
		growth = plain[0] > 0 ? plain[k] / plain[0] : 1.0;
		if (growth > sqrt(k + 1.0))
			growth = sqrt(k + 1.0);
		deviation *= widening(past->origins, growth, w->n);
		/* with one value nothing is known of the spread: as large as the value */
		if (w->n < 2)
			deviation = fabs(w->y[0]) * sqrt(k + 1.0);
		if (deviation > widest)
			widest = deviation;
		out->variance[k] = widest * widest;
	}
	return SF_OK;
}

static SfStatus
fill_fitted(SfCtx *ctx, const Work *w, double *fitted)
{
	fitted[0] = NAN;
	for (int32_t t = 1; t < w->n; t++)
	{
		if (t % POLL_EVERY == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		project(w, t, 1);
		fitted[t] = w->whole[0];
		if (w->lag > 0 && t >= w->lag)
			fitted[t] += w->share * (seasonal_naive(w, t, 0) - fitted[t]);
	}
	return SF_OK;
}

static void
tell(const Work *w, SfForecast *out)
{
	sf_forecast_label(out, w->method->label);
	for (int32_t i = 0; i < w->seasons.count; i++)
	{
		const SfSeasonFigures *f = &w->seasons.season[i];

		sf_forecast_note(out, "season length", f->length);
		sf_forecast_note(out, f->factor ? "season as factors, strength" : "season as amounts, strength", f->strength);
		sf_forecast_note(out, "season shrunk to", f->shrink);
		sf_forecast_note(out, "season follows with gamma", f->gamma);
	}
	if (w->lag > 0)
		sf_forecast_note(out, "share of the seasonal naive", w->share);
	w->method->tell(w->model, out);
}

/* Seasons out, and how far the past is looked at. */
static SfStatus
take_seasons_out(SfArena *arena, Work *w, int32_t horizon)
{
	SfStatus	status = SF_OK;

	w->adjusted = sf_arena_take(arena, (size_t) w->n, sizeof(double));
	if (w->adjusted == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (w->method->seasonal)
		status = sf_seasons_fit(arena, w->s, w->y, &w->seasons, w->adjusted);
	else
		for (int32_t t = 0; t < w->n; t++)
			w->adjusted[t] = w->y[t];
	if (w->method->with_seasonal_naive && w->seasons.count > 0)
		w->lag = w->seasons.season[0].positions;
	w->reach = horizon > w->lag ? horizon : w->lag;
	return status;
}

static SfStatus
prepare(SfArena *arena, Work *w, int32_t horizon)
{
	SfStatus	status = take_seasons_out(arena, w, horizon);

	if (status != SF_OK)
		return status;
	w->model = sf_arena_take(arena, 1, w->method->model_size);
	w->plain = sf_arena_take(arena, (size_t) w->reach, ((size_t) w->method->scratch + 2) * sizeof(double));
	if (w->model == NULL || w->plain == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	w->whole = w->plain + w->reach;
	w->scratch = w->whole + w->reach;
	return w->method->fit(arena, w->adjusted, w->n, sf_series_season(w->s), w->model);
}

SfStatus
sf_plain_forecast(SfArena *arena, const SfSeries *s, const SfPlainMethod *method, SfForecast *out)
{
	Work		w = {.s = s, .method = method, .y = s->y, .n = s->n};
	int32_t		horizon = out->horizon;
	Past		past;
	SfStatus	status = prepare(arena, &w, horizon);

	if (status == SF_OK)
		status = look_back(arena, &w, &past);
	if (status != SF_OK)
		return status;
	w.share = naive_share(&w, &past);
	project(&w, w.n, horizon);
	for (int32_t k = 0; k < horizon; k++)
	{
		out->mean[k] = w.whole[k];
		if (w.lag > 0)
			out->mean[k] += w.share * (seasonal_naive(&w, w.n, k) - w.whole[k]);
	}
	status = spread(arena, &w, &past, out);
	if (status != SF_OK)
		return status;
	if (out->fitted != NULL)
		status = fill_fitted(arena->ctx, &w, out->fitted);
	if (status != SF_OK)
		return status;
	tell(&w, out);
	out->converged = true;
	return SF_OK;
}
