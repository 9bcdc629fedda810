/*
 * smooth.c
 *		Simple, linear-trend and damped-trend exponential smoothing.
 */
#include "core/forecast/smooth.h"

#include "core/forecast/lanes.h"
#include "core/forecast/plain.h"

#include <math.h>
#include <string.h>

#define ALPHA_LEAST 1e-4
#define ALPHA_MOST 0.9999
#define PHI_LEAST 0.80
#define PHI_MOST 0.98

/* The sums of products of a, p and q over a pass, eight settings side by side. */
typedef struct Sums
{
	SfLanes		aa;
	SfLanes		ap;
	SfLanes		aq;
	SfLanes		pp;
	SfLanes		pq;
	SfLanes		qq;
} Sums;

typedef struct Settings
{
	SfLanes		alpha;
	SfLanes		beta;			/* share of alpha */
	SfLanes		phi;
} Settings;

SF_LANES_CLONES
static void
pass_level(const double *y, int32_t n, double origin, const Settings *at, Sums *sums)
{
	SfLanes		alpha = at->alpha;
	SfLanes		rest = 1.0 - alpha;
	SfLanes		a_level = {0};
	SfLanes		p_level = {0};
	SfLanes		aa = {0};
	SfLanes		ap = {0};
	SfLanes		pp = {0};

	p_level += 1.0;
	for (int32_t from = 0; from < n; from += SF_LANES_BLOCK)
	{
		int32_t		to = n - from < SF_LANES_BLOCK ? n : from + SF_LANES_BLOCK;

		for (int32_t t = from; t < to; t++)
		{
			SfLanes		a = (y[t] - origin) - a_level;

			aa += a * a;
			ap -= a * p_level;
			pp += p_level * p_level;
			a_level += alpha * a;
			p_level *= rest;
		}
		sf_lanes_flush(&p_level);
	}
	memset(sums, 0, sizeof *sums);
	sums->aa = aa;
	sums->ap = ap;
	sums->pp = pp;
}

SF_LANES_CLONES
static void
pass_trend(const double *y, int32_t n, double origin, const Settings *at, Sums *sums)
{
	SfLanes		alpha = at->alpha;
	SfLanes		gain = at->alpha * at->beta;
	SfLanes		phi = at->phi;
	SfLanes		al = {0};
	SfLanes		ab = {0};
	SfLanes		pl = {0};
	SfLanes		pb = {0};
	SfLanes		ql = {0};
	SfLanes		qb = {0};
	Sums		s;

	memset(&s, 0, sizeof s);
	pl += 1.0;
	qb += 1.0;
	for (int32_t from = 0; from < n; from += SF_LANES_BLOCK)
	{
		int32_t		to = n - from < SF_LANES_BLOCK ? n : from + SF_LANES_BLOCK;

		for (int32_t t = from; t < to; t++)
		{
			SfLanes		a;
			SfLanes		p;
			SfLanes		q;

			ab *= phi;
			pb *= phi;
			qb *= phi;
			al += ab;
			pl += pb;
			ql += qb;
			a = (y[t] - origin) - al;
			p = -pl;
			q = -ql;
			s.aa += a * a;
			s.ap += a * p;
			s.aq += a * q;
			s.pp += p * p;
			s.pq += p * q;
			s.qq += q * q;
			al += alpha * a;
			pl += alpha * p;
			ql += alpha * q;
			ab += gain * a;
			pb += gain * p;
			qb += gain * q;
		}
		sf_lanes_flush(&pl);
		sf_lanes_flush(&pb);
		sf_lanes_flush(&ql);
		sf_lanes_flush(&qb);
	}
	*sums = s;
}

/* The states that minimize the squared errors of setting i, and those errors. */
static double
solve(const Sums *s, int i, bool has_trend, double *level0, double *trend0)
{
	double		det = s->pp[i] * s->qq[i] - s->pq[i] * s->pq[i];
	double		sse;

	*level0 = 0.0;
	*trend0 = 0.0;
	if (has_trend && det > 1e-10 * s->pp[i] * s->qq[i])
	{
		*level0 = (s->pq[i] * s->aq[i] - s->qq[i] * s->ap[i]) / det;
		*trend0 = (s->pq[i] * s->ap[i] - s->pp[i] * s->aq[i]) / det;
	}
	else if (s->pp[i] > 0)
		*level0 = -s->ap[i] / s->pp[i];
	sse = s->aa[i] + *level0 * s->ap[i] + *trend0 * s->aq[i];
	if (isnan(sse))
		return INFINITY;
	return sse > 0 ? sse : 0.0;
}

/* One pass: the best of eight settings goes into the model if it beats it. */
static int
try_settings(const double *y, int32_t n, double origin, const Settings *at, SfTrendModel *model)
{
	bool		has_trend = model->kind != SF_TREND_NONE;
	int			best = -1;
	Sums		sums;

	if (has_trend)
		pass_trend(y, n, origin, at, &sums);
	else
		pass_level(y, n, origin, at, &sums);
	for (int i = 0; i < SF_LANES; i++)
	{
		double		level0;
		double		trend0;
		double		sse = solve(&sums, i, has_trend, &level0, &trend0);

		if (sse < model->sse)
		{
			best = i;
			model->sse = sse;
			model->alpha = at->alpha[i];
			model->beta = at->beta[i];
			model->phi = at->phi[i];
			model->level0 = level0 + origin;
			model->trend0 = trend0;
		}
	}
	return best;
}

/* Where in the range the model's own value lies. */
static int
nearest_lane(const SfLaneRange *r, double value)
{
	double		width = r->hi - r->lo;

	return width > 0 ? (int) lround((value - r->lo) / width * (SF_LANES - 1)) : 0;
}

static void
search(const double *y, int32_t n, double origin, double *dimension, SfLanes *lane,
	   SfLaneRange *range, Settings *at, SfTrendModel *model)
{
	Settings	fixed = *at;

	for (int i = 0; i < SF_LANES; i++)
		(*lane)[i] = sf_lane_at(range, i);
	(void) try_settings(y, n, origin, at, model);
	sf_lane_narrow(range, nearest_lane(range, *dimension));
	*at = fixed;
	for (int i = 0; i < SF_LANES; i++)
		(*lane)[i] = *dimension;
}

/* States and errors of the model's constants over all of y[n], when they come from its end. */
static void
fit_states(const double *y, int32_t n, SfTrendModel *model)
{
	Settings	at;

	for (int i = 0; i < SF_LANES; i++)
	{
		at.alpha[i] = model->alpha;
		at.beta[i] = model->beta;
		at.phi[i] = model->phi;
	}
	model->level0 = y[0];
	model->trend0 = 0.0;
	model->sse = INFINITY;
	(void) try_settings(y, n, y[0], &at, model);
}

void
sf_trend_fit(const double *y, int32_t n, SfTrendKind kind, SfTrendModel *model)
{
	int32_t		skipped = n > SF_LANES_PERIODS_MAX ? n - SF_LANES_PERIODS_MAX : 0;
	const double *tail = y + skipped;
	int32_t		left = n - skipped;
	SfLaneRange alpha = {0.02, 0.98, ALPHA_LEAST, ALPHA_MOST};
	SfLaneRange beta = {0.0, 0.6, 0.0, 1.0};
	SfLaneRange phi = {PHI_LEAST, PHI_MOST, PHI_LEAST, PHI_MOST};
	Settings	at;

	memset(&at, 0, sizeof at);
	*model = (SfTrendModel) {
		.kind = kind, .alpha = 0.5, .beta = 0.1, .phi = 1.0, .level0 = tail[0], .sse = INFINITY
	};
	if (kind == SF_TREND_NONE)
		model->beta = 0.0;
	if (kind == SF_TREND_DAMPED)
		model->phi = 0.92;
	for (int i = 0; i < SF_LANES; i++)
	{
		at.alpha[i] = model->alpha;
		at.beta[i] = model->beta;
		at.phi[i] = model->phi;
	}
	for (int round = 0; round < 3; round++)
	{
		search(tail, left, tail[0], &model->alpha, &at.alpha, &alpha, &at, model);
		if (kind == SF_TREND_NONE)
			continue;
		search(tail, left, tail[0], &model->beta, &at.beta, &beta, &at, model);
		if (kind == SF_TREND_DAMPED)
			search(tail, left, tail[0], &model->phi, &at.phi, &phi, &at, model);
	}
	if (skipped > 0)
		fit_states(y, n, model);
}

void
sf_trend_path(const SfTrendModel *model, const double *y, int32_t n,
			  double *level, double *trend, double *fitted)
{
	double		l = model->level0;
	double		b = model->trend0;
	double		gain = model->alpha * model->beta;

	for (int32_t t = 0; t < n; t++)
	{
		double		e;

		b *= model->phi;
		l += b;
		if (fitted != NULL)
			fitted[t] = l;
		e = y[t] - l;
		l += model->alpha * e;
		b += gain * e;
		level[t] = l;
		trend[t] = b;
	}
}

void
sf_trend_project(const SfTrendModel *model, double level, double trend,
				 int32_t horizon, double *mean)
{
	for (int32_t i = 0; i < horizon; i++)
	{
		trend *= model->phi;
		level += trend;
		mean[i] = level;
	}
}

/* A model with the states it went through. */
typedef struct Path
{
	SfTrendModel model;
	double	   *level;			/* [n] */
	double	   *trend;			/* [n] */
} Path;

static SfStatus
fit_path(SfArena *arena, const double *y, int32_t n, SfTrendKind kind, Path *path)
{
	path->level = sf_arena_take(arena, (size_t) n, 2 * sizeof(double));
	if (path->level == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	path->trend = path->level + n;
	sf_trend_fit(y, n, kind, &path->model);
	sf_trend_path(&path->model, y, n, path->level, path->trend, NULL);
	return sf_poll(arena->ctx);
}

static SfStatus
fit_ses(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_TREND_NONE, model);
}

static SfStatus
fit_holt(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_TREND_LINEAR, model);
}

static SfStatus
fit_damped(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_TREND_DAMPED, model);
}

static void
project_path(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	const Path *path = model;

	(void) scratch;
	sf_trend_project(&path->model, path->level[known - 1], path->trend[known - 1], horizon, mean);
}

static void
tell_path(const void *model, SfForecast *out)
{
	const SfTrendModel *m = &((const Path *) model)->model;

	sf_forecast_note(out, "alpha", m->alpha);
	if (m->kind == SF_TREND_NONE)
		return;
	sf_forecast_note(out, "beta", m->alpha * m->beta);
	sf_forecast_note(out, "phi", m->phi);
}

SfStatus
sf_ses_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "SES", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_ses, .project = project_path, .tell = tell_path
	};

	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_holt_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "Holt", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_holt, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_damped_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "damped trend", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_damped, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}
