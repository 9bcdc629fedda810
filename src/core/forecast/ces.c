/*
 * ces.c
 *		Complex exponential smoothing.
 */
#include "core/forecast/ces.h"

#include "core/forecast/lanes.h"
#include "core/forecast/plain.h"
#include "core/forecast/smooth.h"

#include <math.h>
#include <string.h>

/* Times the largest value. */
#define LIMIT 1e4

/* Sums of products of the three responses of the error over a pass. */
typedef struct Sums
{
	SfLanes		aa;
	SfLanes		ap;
	SfLanes		aq;
	SfLanes		pp;
	SfLanes		pq;
	SfLanes		qq;
} Sums;

SF_LANES_CLONES
static void
pass(const double *y, int32_t n, const SfLanes *a0, const SfLanes *a1, Sums *sums)
{
	SfLanes		to_level = *a0 - *a1;
	SfLanes		to_other = *a0 + *a1;
	SfLanes		keep = 1.0 - *a0;
	SfLanes		turn = 1.0 - *a1;
	SfLanes		al = {0};
	SfLanes		ac = {0};
	SfLanes		pl = {0};
	SfLanes		pc = {0};
	SfLanes		ql = {0};
	SfLanes		qc = {0};
	Sums		s;

	memset(&s, 0, sizeof s);
	pl += 1.0;
	qc += 1.0;
	for (int32_t from = 0; from < n; from += SF_LANES_BLOCK)
	{
		int32_t		to = n - from < SF_LANES_BLOCK ? n : from + SF_LANES_BLOCK;

		for (int32_t t = from; t < to; t++)
		{
			SfLanes		a = y[t] - al;
			SfLanes		old_a = al;
			SfLanes		old_p = pl;
			SfLanes		old_q = ql;

			s.aa += a * a;
			s.ap -= a * pl;
			s.aq -= a * ql;
			s.pp += pl * pl;
			s.pq += pl * ql;
			s.qq += ql * ql;
			al += to_level * a - turn * ac;
			ac = old_a + keep * ac + to_other * a;
			pl -= to_level * old_p + turn * pc;
			pc = old_p + keep * pc - to_other * old_p;
			ql -= to_level * old_q + turn * qc;
			qc = old_q + keep * qc - to_other * old_q;
		}
		sf_lanes_flush(&pl);
		sf_lanes_flush(&pc);
		sf_lanes_flush(&ql);
		sf_lanes_flush(&qc);
	}
	*sums = s;
}

/* Inside the region where old values are forgotten (eq. 16). */
static bool
stable(double a0, double a1)
{
	return (a0 - 2.5) * (a0 - 2.5) + a1 * a1 > 1.25 &&
		(a0 - 0.5) * (a0 - 0.5) + (a1 - 1.0) * (a1 - 1.0) > 0.25 &&
		(a0 - 1.5) * (a0 - 1.5) + (a1 - 0.5) * (a1 - 0.5) < 1.5;
}

static double
solve(const Sums *s, int i, double *level0, double *other0)
{
	double		det = s->pp[i] * s->qq[i] - s->pq[i] * s->pq[i];
	double		sse;

	*level0 = s->pp[i] > 0 ? -s->ap[i] / s->pp[i] : 0.0;
	*other0 = 0.0;
	if (det > 1e-10 * s->pp[i] * s->qq[i])
	{
		*level0 = (s->pq[i] * s->aq[i] - s->qq[i] * s->ap[i]) / det;
		*other0 = (s->pq[i] * s->ap[i] - s->pp[i] * s->aq[i]) / det;
	}
	sse = s->aa[i] + *level0 * s->ap[i] + *other0 * s->aq[i];
	if (isnan(sse))
		return INFINITY;
	return sse > 0 ? sse : 0.0;
}

/* One pass over eight settings; the best stable one goes into the model if it beats it. */
static void
try_settings(const double *y, int32_t n, const SfLanes *a0, const SfLanes *a1, SfCesModel *model)
{
	Sums		sums;

	pass(y, n, a0, a1, &sums);
	for (int i = 0; i < SF_LANES; i++)
	{
		double		level0;
		double		other0;
		double		sse;

		if (!stable((*a0)[i], (*a1)[i]))
			continue;
		sse = solve(&sums, i, &level0, &other0);
		if (sse < model->sse)
			*model = (SfCesModel) {(*a0)[i], (*a1)[i], level0, other0, sse, model->limit};
	}
}

void
sf_ces_fit(const double *y, int32_t n, SfCesModel *model)
{
	int32_t		skipped = n > SF_LANES_PERIODS_MAX ? n - SF_LANES_PERIODS_MAX : 0;
	const double *tail = y + skipped;
	double		width0 = 0.8;
	double		width1 = 0.16;
	SfLanes		a0 = {0};
	SfLanes		a1 = {0};

	*model = (SfCesModel) {1.3, 1.0, tail[0], tail[0], INFINITY, 0.0};
	for (int32_t t = 0; t < n; t++)
		if (fabs(y[t]) * LIMIT > model->limit)
			model->limit = fabs(y[t]) * LIMIT;
	for (int round = 0; round < 4; round++)
	{
		a1 = (SfLanes) {0} + model->a1;
		for (int i = 0; i < SF_LANES; i++)
			a0[i] = model->a0 + width0 * (2.0 * i / (SF_LANES - 1) - 1.0);
		try_settings(tail, n - skipped, &a0, &a1, model);
		a0 = (SfLanes) {0} + model->a0;
		for (int i = 0; i < SF_LANES; i++)
			a1[i] = model->a1 + width1 * (2.0 * i / (SF_LANES - 1) - 1.0);
		try_settings(tail, n - skipped, &a0, &a1, model);
		width0 /= 3.0;
		width1 /= 3.0;
	}
	if (skipped == 0)
		return;
	a0 = (SfLanes) {0} + model->a0;
	a1 = (SfLanes) {0} + model->a1;
	model->level0 = model->other0 = y[0];
	model->sse = INFINITY;
	try_settings(y, n, &a0, &a1, model);
}

/* One step of the states. */
static inline void
advance(const SfCesModel *m, double *level, double *other, double e)
{
	double		old = *level;

	*level = old - (1.0 - m->a1) * *other + (m->a0 - m->a1) * e;
	*other = old + (1.0 - m->a0) * *other + (m->a0 + m->a1) * e;
}

void
sf_ces_path(const SfCesModel *model, const double *y, int32_t n,
			double *level, double *other, double *fitted)
{
	double		l = model->level0;
	double		c = model->other0;

	for (int32_t t = 0; t < n; t++)
	{
		if (fitted != NULL)
			fitted[t] = l;
		advance(model, &l, &c, y[t] - l);
		level[t] = l;
		other[t] = c;
	}
}

void
sf_ces_project(const SfCesModel *model, double level, double other, int32_t horizon, double *mean)
{
	for (int32_t i = 0; i < horizon; i++)
	{
		double		before = level;

		mean[i] = level;
		advance(model, &level, &other, 0.0);
		if (!(fabs(level) <= model->limit))
		{
			level = before;
			other = 0.0;
			for (i++; i < horizon; i++)
				mean[i] = level;
		}
	}
}

/* A model with the states it went through. */
typedef struct Path
{
	SfCesModel	model;
	double	   *level;			/* [n] */
	double	   *other;			/* [n] */
} Path;

static SfStatus
fit_path(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	Path	   *p = model;

	(void) season;
	p->level = sf_arena_take(arena, (size_t) n, 2 * sizeof(double));
	if (p->level == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	p->other = p->level + n;
	sf_ces_fit(y, n, &p->model);
	sf_ces_path(&p->model, y, n, p->level, p->other, NULL);
	return sf_poll(arena->ctx);
}

static void
project_path(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	const Path *p = model;

	(void) scratch;
	sf_ces_project(&p->model, p->level[known - 1], p->other[known - 1], horizon, mean);
}

static void
tell_path(const void *model, SfForecast *out)
{
	const SfCesModel *m = &((const Path *) model)->model;

	sf_forecast_note(out, "a0", m->a0);
	sf_forecast_note(out, "a1", m->a1);
}

SfStatus
sf_ces_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "CES", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_path, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}
