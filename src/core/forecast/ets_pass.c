/*
 * ets_pass.c
 *		One pass of an exponential smoothing model over a series.
 *
 * Slopes: write D x for the row of derivatives of x with respect to all unknowns.
 * From the recursion of ets_model.h, with k = 1 for additive seasons and y / s^2
 * (in the level) or y / q^2 (in the season) for multiplicative ones,
 *
 *		D q = D l + phi D b + b D phi			D f = (df/dq) D q + (df/ds) D s
 *		D l' = (1 - alpha) D q - alpha k D s + c D alpha
 *		D b' = phi D b - beta (D q + k D s) + b D phi + c D beta
 *		D s' = (1 - gamma) D s - gamma k D q + d D gamma,
 *
 * and D e = - D f, or - (1 + e) / f D f when errors are relative.
 */
#include "core/forecast/ets_pass.h"

#include <math.h>
#include <string.h>

#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Four columns of an array of doubles; every width of the processor gives the same bits. */
typedef double Four __attribute__((vector_size(4 * sizeof(double)), aligned(8)));

/* Under relative errors no level, season or forecast may come below; the largest value is 0.5 .. 1. */
#define STATE_LEAST 1e-10

/* An error counts as at least this, so that perfect fits are equally perfect. */
#define ERROR_LEAST 1e-12

#define POLL_EVERY 20000

/* Products of forecasts beyond these are turned into logarithms. */
#define PRODUCT_LEAST 1e-200
#define PRODUCT_MOST 1e200

/* The state on the way. */
typedef struct Walk
{
	double		alpha;
	double		beta;
	double		gamma;
	double		phi;
	double		level;
	double		trend;
	double	   *season;
	int32_t		at;				/* position in the season */
	double		square_sum;
	double		log_sum;
	double		product;		/* of forecasts whose logarithm is not yet in log_sum */
} Walk;

static Walk
start_walk(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point)
{
	bool		has_trend = form.trend != SF_ETS_TREND_NONE;
	bool		has_season = form.season != SF_ETS_SEASON_NONE;

	if (has_season)
		memcpy(work->season, point->season, (size_t) data->m * sizeof(double));
	return (Walk) {
		.alpha = point->alpha,
		.beta = has_trend ? point->alpha * point->beta_share : 0.0,
		.gamma = has_season ? (1.0 - point->alpha) * point->gamma_share : 0.0,
		.phi = form.trend == SF_ETS_TREND_DAMPED ? point->phi : 1.0,
		.level = point->level,
		.trend = has_trend ? point->trend : 0.0,
		.season = work->season,
		.product = 1.0
	};
}

static void
end_walk(SfEtsWork *work, const Walk *w)
{
	work->level = w->level;
	work->trend = w->trend;
	work->square_sum = isfinite(w->square_sum) ? w->square_sum : INFINITY;
	work->log_sum = w->log_sum + log(w->product);
}

/* What one value does: the forecast, and what there is to learn from the value. */
typedef struct Step
{
	double		q;
	double		s;
	double		f;
	double		c;
	double		d;
} Step;

/* False where relative errors cannot be. */
ALWAYS_INLINE bool
look(Step *step, double y, double level, double trend, double phi, double s, bool relative, bool has_trend, SfEtsSeason season)
{
	double		q = has_trend ? level + phi * trend : level;

	step->q = q;
	step->s = s;
	if (season == SF_ETS_SEASON_NONE)
	{
		step->f = q;
		step->c = y - q;
		step->d = 0.0;
	}
	else if (season == SF_ETS_SEASON_ADDITIVE)
	{
		step->f = q + s;
		step->c = y - step->f;
		step->d = step->c;
	}
	else
	{
		if (!(q > STATE_LEAST && s > STATE_LEAST))
			return false;
		step->f = q * s;
		step->c = y / s - q;
		step->d = y / q - s;
	}
	return !relative || step->f > STATE_LEAST;
}

ALWAYS_INLINE void
note_log(Walk *w, double f)
{
	w->product *= f;
	if (!(w->product > PRODUCT_LEAST && w->product < PRODUCT_MOST))
	{
		w->log_sum += log(w->product);
		w->product = 1.0;
	}
}

/* Values from .. to - 1; the kinds are constants where this is inlined. */
ALWAYS_INLINE void
walk(Walk *out, const SfEtsData *data, int32_t from, int32_t to, double *fitted, bool relative, bool has_trend, SfEtsSeason season)
{
	Walk		w = *out;

	for (int32_t t = from; t < to; t++)
	{
		Step		step;
		double		e;

		if (!look(&step, data->y[t], w.level, w.trend, w.phi, season == SF_ETS_SEASON_NONE ? 0.0 : w.season[w.at], relative, has_trend, season))
		{
			w.square_sum = INFINITY;
			break;
		}
		e = data->y[t] - step.f;
		if (relative)
		{
			e /= step.f;
			note_log(&w, step.f);
		}
		w.square_sum += e * e;
		if (fitted != NULL)
			fitted[t] = step.f;
		w.level = step.q + w.alpha * step.c;
		if (has_trend)
			w.trend = w.phi * w.trend + w.beta * step.c;
		if (season != SF_ETS_SEASON_NONE)
		{
			w.season[w.at] = step.s + w.gamma * step.d;
			if (++w.at == data->m)
				w.at = 0;
		}
	}
	*out = w;
}

/* One loop for each kind of model. */
static void
walk_kind(Walk *w, const SfEtsData *data, SfEtsForm form, int32_t from, int32_t to, double *fitted)
{
	bool		has_trend = form.trend != SF_ETS_TREND_NONE;

	switch (form.season)
	{
		case SF_ETS_SEASON_NONE:
			if (!form.relative)
				has_trend ? walk(w, data, from, to, fitted, false, true, SF_ETS_SEASON_NONE)
					: walk(w, data, from, to, fitted, false, false, SF_ETS_SEASON_NONE);
			else
				has_trend ? walk(w, data, from, to, fitted, true, true, SF_ETS_SEASON_NONE)
					: walk(w, data, from, to, fitted, true, false, SF_ETS_SEASON_NONE);
			break;
		case SF_ETS_SEASON_ADDITIVE:
			walk(w, data, from, to, fitted, form.relative, true, SF_ETS_SEASON_ADDITIVE);
			break;
		case SF_ETS_SEASON_MULTIPLICATIVE:
			walk(w, data, from, to, fitted, true, true, SF_ETS_SEASON_MULTIPLICATIVE);
			break;
	}
}

SfStatus
sf_ets_value(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, double *fitted)
{
	Walk		w = start_walk(work, data, form, point);

	for (int32_t from = 0; from < data->n && w.square_sum < INFINITY; from += POLL_EVERY)
	{
		int32_t		to = data->n - from > POLL_EVERY ? from + POLL_EVERY : data->n;

		if (from > 0 && sf_cancelled(work->ctx))
			return sf_fail(work->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		walk_kind(&w, data, form, from, to, fitted);
	}
	end_walk(work, &w);
	return SF_OK;
}

/* How the forecast and the next states change with q and s. */
typedef struct Gains
{
	double		f_q;			/* df / dq */
	double		f_s;
	double		l_q;			/* of the next level */
	double		l_s;
	double		b_q;			/* of the next trend, beside phi D b */
	double		b_s;
	double		s_q;			/* of the next season */
	double		s_s;
	double		row;			/* de / df */
	double		log_f;			/* dlog f / df; 0 unless relative */
} Gains;

static Gains
gains_of(const Walk *w, const Step *step, double y, bool relative, SfEtsSeason season)
{
	bool		product = season == SF_ETS_SEASON_MULTIPLICATIVE;
	double		k_level = product ? y / (step->s * step->s) : 1.0;
	double		k_season = product ? y / (step->q * step->q) : 1.0;

	return (Gains) {
		.f_q = product ? step->s : 1.0,
		.f_s = product ? step->q : 1.0,
		.l_q = 1.0 - w->alpha,
		.l_s = -w->alpha * k_level,
		.b_q = -w->beta,
		.b_s = -w->beta * k_level,
		.s_q = -w->gamma * k_season,
		.s_s = 1.0 - w->gamma,
		.row = relative ? -y / (step->f * step->f) : -1.0,
		.log_f = relative ? 1.0 / step->f : 0.0
	};
}

/* The slopes of one value, four columns at a time. */
ALWAYS_INLINE void
slope_step(const Gains *g, double phi, int32_t fours, Four *restrict l, Four *restrict b, Four *restrict s,
		   Four *restrict row, Four *restrict log_slope, bool has_season)
{
	for (int32_t i = 0; i < fours; i++)
	{
		Four		dq = l[i] + phi * b[i];
		Four		df = has_season ? g->f_q * dq + g->f_s * s[i] : dq;

		row[i] = g->row * df;
		log_slope[i] += g->log_f * df;
		if (has_season)
		{
			l[i] = g->l_q * dq + g->l_s * s[i];
			b[i] = phi * b[i] + (g->b_q * dq + g->b_s * s[i]);
			s[i] = g->s_q * dq + g->s_s * s[i];
		}
		else
		{
			l[i] = g->l_q * dq;
			b[i] = phi * b[i] + g->b_q * dq;
		}
	}
}

/* Rows of slopes for the values from .. to - 1, at most SF_ETS_ROWS. */
ALWAYS_INLINE bool
slope_rows(SfEtsWork *work, Walk *w, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, int32_t from, int32_t to, bool has_season)
{
	int32_t		fours = work->stride / 4;
	Four	   *l = (Four *) work->level_slope;
	Four	   *b = (Four *) work->trend_slope;

	for (int32_t t = from; t < to; t++)
	{
		double	   *row = work->row + (ptrdiff_t) (t - from) * work->stride;
		Four	   *s = (Four *) (work->season_slope + (has_season ? (ptrdiff_t) w->at * work->stride : 0));
		double		y = data->y[t];
		Step		step;
		Gains		g;

		if (!look(&step, y, w->level, w->trend, w->phi, has_season ? w->season[w->at] : 0.0, form.relative, true, form.season))
			return false;
		g = gains_of(w, &step, y, form.relative, form.season);
		l[0] += (Four) {0.0, 0.0, 0.0, w->trend};
		slope_step(&g, w->phi, fours, l, b, s, (Four *) row, (Four *) work->log_slope, has_season);
		l[0] += (Four) {step.c, 0.0, 0.0, 0.0};
		if (form.trend != SF_ETS_TREND_NONE)
			b[0] += (Four) {point->beta_share * step.c, point->alpha * step.c, 0.0, w->trend};
		if (has_season)
			s[0] += (Four) {-point->gamma_share * step.d, 0.0, (1.0 - point->alpha) * step.d, 0.0};
		row[work->unknowns] = form.relative ? (y - step.f) / step.f : y - step.f;
		w->square_sum += row[work->unknowns] * row[work->unknowns];
		if (form.relative)
			note_log(w, step.f);
		w->level = step.q + w->alpha * step.c;
		w->trend = w->phi * w->trend + w->beta * step.c;
		if (has_season)
		{
			w->season[w->at] = step.s + w->gamma * step.d;
			if (++w->at == data->m)
				w->at = 0;
		}
	}
	return true;
}

SF_VECTOR_CLONES static bool
slope_rows_level(SfEtsWork *work, Walk *w, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, int32_t from, int32_t to)
{
	return slope_rows(work, w, data, form, point, from, to, false);
}

SF_VECTOR_CLONES static bool
slope_rows_season(SfEtsWork *work, Walk *w, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, int32_t from, int32_t to)
{
	return slope_rows(work, w, data, form, point, from, to, true);
}

/* product += row' row over all rows, in the blocks of four columns on and right of the diagonal. */
SF_VECTOR_CLONES static void
add_products(double *product, const double *row, int32_t stride)
{
	int32_t		fours = stride / 4;

	for (int32_t block = 0; block < fours; block++)
		for (int32_t j = block; j < fours; j++)
		{
			double	   *to = product + (ptrdiff_t) 4 * block * stride + (ptrdiff_t) 4 * j;
			Four		sum0 = *(Four *) to;
			Four		sum1 = *(Four *) (to + stride);
			Four		sum2 = *(Four *) (to + 2 * (ptrdiff_t) stride);
			Four		sum3 = *(Four *) (to + 3 * (ptrdiff_t) stride);

			for (int32_t r = 0; r < SF_ETS_ROWS; r++)
			{
				const double *left = row + (ptrdiff_t) r * stride + (ptrdiff_t) 4 * block;
				Four		right = *(const Four *) (row + (ptrdiff_t) r * stride + (ptrdiff_t) 4 * j);

				sum0 += left[0] * right;
				sum1 += left[1] * right;
				sum2 += left[2] * right;
				sum3 += left[3] * right;
			}
			*(Four *) to = sum0;
			*(Four *) (to + stride) = sum1;
			*(Four *) (to + 2 * (ptrdiff_t) stride) = sum2;
			*(Four *) (to + 3 * (ptrdiff_t) stride) = sum3;
		}
}

static void
start_slopes(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, bool free_season)
{
	size_t		stride;

	free_season = free_season && form.season != SF_ETS_SEASON_NONE;
	work->unknowns = SF_ETS_FIRST_SEASON + (free_season ? data->m - 1 : 0);
	work->stride = (work->unknowns + 1 + 3) / 4 * 4;
	stride = (size_t) work->stride;
	memset(work->product, 0, stride * stride * sizeof(double));
	memset(work->log_slope, 0, stride * sizeof(double));
	memset(work->level_slope, 0, stride * sizeof(double));
	memset(work->trend_slope, 0, stride * sizeof(double));
	memset(work->row, 0, SF_ETS_ROWS * stride * sizeof(double));
	work->level_slope[SF_ETS_LEVEL] = 1.0;
	if (form.trend != SF_ETS_TREND_NONE)
		work->trend_slope[SF_ETS_LEVEL_TREND] = 1.0;
	if (form.season == SF_ETS_SEASON_NONE)
		return;
	memset(work->season_slope, 0, (size_t) data->m * stride * sizeof(double));
	if (free_season)
		for (int32_t i = 0; i < data->m - 1; i++)
			work->season_slope[(size_t) i * stride + SF_ETS_FIRST_SEASON + (size_t) i] = 1.0;
}

SfStatus
sf_ets_slopes(SfEtsWork *work, const SfEtsData *data, SfEtsForm form, const SfEtsPoint *point, bool free_season)
{
	Walk		w = start_walk(work, data, form, point);
	bool		good = true;

	start_slopes(work, data, form, free_season);
	for (int32_t from = 0; from < data->n && good; from += SF_ETS_ROWS)
	{
		int32_t		to = data->n - from > SF_ETS_ROWS ? from + SF_ETS_ROWS : data->n;

		if (from % (POLL_EVERY / 20) == 0 && from > 0 && sf_cancelled(work->ctx))
			return sf_fail(work->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (to - from < SF_ETS_ROWS)
			memset(work->row, 0, SF_ETS_ROWS * (size_t) work->stride * sizeof(double));
		good = form.season == SF_ETS_SEASON_NONE ? slope_rows_level(work, &w, data, form, point, from, to)
			: slope_rows_season(work, &w, data, form, point, from, to);
		if (good)
			add_products(work->product, work->row, work->stride);
	}
	if (!good)
		w.square_sum = INFINITY;
	end_walk(work, &w);
	return SF_OK;
}

double
sf_ets_criterion(const SfEtsWork *work, const SfEtsData *data, SfEtsForm form)
{
	double		n = data->n;
	double		logs = form.relative ? 2.0 * work->log_sum : 0.0;
	double		criterion;

	if (!(work->square_sum < INFINITY))
		return INFINITY;
	/* log of the sum of squares, as if errors were in the unit of the values */
	criterion = n * log(fmax(work->square_sum, 1e-300)) + logs;
	criterion = fmax(criterion, n * log(n * ERROR_LEAST * ERROR_LEAST));
	return isfinite(criterion) ? criterion : INFINITY;
}

SfStatus
sf_ets_work_init(SfArena *arena, const SfEtsData *data, bool free_season, SfEtsWork *work)
{
	size_t		m = (size_t) data->m;
	size_t		unknowns = SF_ETS_FIRST_SEASON + (free_season ? m - 1 : 0);
	size_t		stride = (unknowns + 1 + 3) / 4 * 4;

	*work = (SfEtsWork) {
		.ctx = arena->ctx,
		.season = sf_arena_take(arena, m, sizeof(double)),
		.product = sf_arena_take(arena, stride * stride, sizeof(double)),
		.log_slope = sf_arena_take(arena, stride, sizeof(double)),
		.season_slope = sf_arena_take(arena, m * stride, sizeof(double)),
		.level_slope = sf_arena_take(arena, stride, sizeof(double)),
		.trend_slope = sf_arena_take(arena, stride, sizeof(double)),
		.row = sf_arena_take(arena, SF_ETS_ROWS * stride, sizeof(double))
	};
	if (work->season == NULL || work->product == NULL || work->log_slope == NULL || work->season_slope == NULL ||
		work->level_slope == NULL || work->trend_slope == NULL || work->row == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}
