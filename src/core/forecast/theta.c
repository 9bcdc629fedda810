/*
 * theta.c
 *		Theta models: standard, optimised, dynamic optimised.
 */
#include "core/forecast/theta.h"

#include "core/forecast/lanes.h"
#include "core/forecast/plain.h"
#include "core/forecast/smooth.h"

#include <math.h>
#include <string.h>

#define ALPHA_LEAST 0.02
#define ALPHA_MOST 0.99

/* Sums of products over a pass of u = y - l (with l_0 = 0), k = (1 - alpha)^(t-1), g. */
typedef struct Sums
{
	SfLanes		uu;
	SfLanes		uk;
	SfLanes		ug;
	SfLanes		kk;
	SfLanes		kg;
	SfLanes		gg;
} Sums;

void
sf_theta_lines(const double *y, int32_t n, double *intercept, double *slope)
{
	double		mean = y[0];
	double		b = 0.0;

	intercept[0] = y[0];
	slope[0] = 0.0;
	for (int32_t i = 1; i < n; i++)
	{
		double		t = i + 1.0;

		b = ((t - 2.0) * b + 6.0 * (y[i] - mean) / t) / (t + 1.0);
		mean = ((t - 1.0) * mean + y[i]) / t;
		slope[i] = b;
		intercept[i] = mean - b * (t + 1.0) / 2.0;
	}
}

SF_LANES_CLONES
static void
pass(const double *y, int32_t n, double origin, const double *intercept, const double *slope,
	 bool dynamic, const SfLanes *alphas, Sums *sums)
{
	SfLanes		alpha = *alphas;
	SfLanes		rest = 1.0 - alpha;
	SfLanes		inverse = 1.0 / alpha;
	SfLanes		level = {0};
	SfLanes		k = {0};
	Sums		s;

	memset(&s, 0, sizeof s);
	k += 1.0;
	for (int32_t first = 0; first < n; first += SF_LANES_BLOCK)
	{
		int32_t		end = n - first < SF_LANES_BLOCK ? n : first + SF_LANES_BLOCK;

		for (int32_t t = first; t < end; t++)
		{
			int32_t		from = dynamic ? t - 1 : n - 1;
			double		a = from < 0 ? 0.0 : intercept[from] - origin;
			double		b = from < 0 ? 0.0 : slope[from];
			SfLanes		u = (y[t] - origin) - level;
			SfLanes		g = k * a + (1.0 - k * rest) * inverse * b;

			s.uu += u * u;
			s.uk += u * k;
			s.ug += u * g;
			s.kk += k * k;
			s.kg += k * g;
			s.gg += g * g;
			level += alpha * u;
			k *= rest;
		}
		sf_lanes_flush(&k);
	}
	*sums = s;
}

/* l_0 and w that minimize the squared errors of setting i, and those errors. */
static double
solve(const Sums *s, int i, SfThetaKind kind, double *level0, double *w)
{
	double		det = s->kk[i] * s->gg[i] - s->kg[i] * s->kg[i];
	double		sse;

	*w = 0.5;
	if (kind != SF_THETA_STANDARD)
		*w = det > 1e-10 * s->kk[i] * s->gg[i]
			? (s->kk[i] * s->ug[i] - s->kg[i] * s->uk[i]) / det : 0.5;
	if (!(*w >= 0.0))
		*w = 0.0;
	if (*w > 1.0)
		*w = 1.0;
	*level0 = s->kk[i] > 0 ? (s->uk[i] - *w * s->kg[i]) / s->kk[i] : 0.0;
	sse = s->uu[i] + *level0 * *level0 * s->kk[i] + *w * *w * s->gg[i]
		- 2.0 * *level0 * s->uk[i] - 2.0 * *w * s->ug[i] + 2.0 * *level0 * *w * s->kg[i];
	if (isnan(sse))
		return INFINITY;
	return sse > 0 ? sse : 0.0;
}

/* One pass: the best of eight alphas goes into the model if it beats it; which it was. */
static int
try_alphas(const double *y, int32_t n, const double *intercept, const double *slope,
		   const SfLanes *alpha, SfThetaModel *model)
{
	int			best = 0;
	double		least = INFINITY;
	Sums		sums;

	pass(y, n, y[0], intercept, slope, model->kind == SF_THETA_DYNAMIC, alpha, &sums);
	for (int i = 0; i < SF_LANES; i++)
	{
		double		level0;
		double		w;
		double		sse = solve(&sums, i, model->kind, &level0, &w);

		if (sse < least)
		{
			least = sse;
			best = i;
		}
		if (sse < model->sse)
			*model = (SfThetaModel) {
				model->kind, (*alpha)[i], w, level0 + y[0] * (1.0 - w), sse
			};
	}
	return best;
}

void
sf_theta_fit(const double *y, int32_t n, const double *intercept, const double *slope,
			 SfThetaKind kind, SfThetaModel *model)
{
	int32_t		skipped = n > SF_LANES_PERIODS_MAX ? n - SF_LANES_PERIODS_MAX : 0;
	SfLaneRange range = {0.05, 0.95, ALPHA_LEAST, ALPHA_MOST};
	SfLanes		alpha = {0};

	*model = (SfThetaModel) {
		.kind = kind, .alpha = 0.5, .w = 0.5, .level0 = y[0], .sse = INFINITY
	};
	for (int round = 0; round < 3; round++)
	{
		for (int i = 0; i < SF_LANES; i++)
			alpha[i] = sf_lane_at(&range, i);
		sf_lane_narrow(&range, try_alphas(y + skipped, n - skipped, intercept + skipped, slope + skipped, &alpha, model));
	}
	if (skipped == 0)
		return;
	alpha = (SfLanes) {0} + model->alpha;
	model->level0 = y[0];
	model->sse = INFINITY;
	(void) try_alphas(y, n, intercept, slope, &alpha, model);
}

void
sf_theta_path(const SfThetaModel *model, const double *y, int32_t n,
			  const double *intercept, const double *slope, double *level, double *fitted)
{
	double		rest = 1.0 - model->alpha;
	double		k = 1.0;
	double		l = model->level0;
	bool		dynamic = model->kind == SF_THETA_DYNAMIC;

	for (int32_t t = 0; t < n; t++)
	{
		int32_t		from = dynamic ? t - 1 : n - 1;
		double		a = from < 0 ? y[0] : intercept[from];
		double		b = from < 0 ? 0.0 : slope[from];

		if (fitted != NULL)
			fitted[t] = l + model->w * (k * a + (1.0 - k * rest) / model->alpha * b);
		l += model->alpha * (y[t] - l);
		k = k > 1e-200 ? k * rest : 0.0;
		level[t] = l;
	}
}

void
sf_theta_project(const SfThetaModel *model, int32_t n, double level, double intercept,
				 double slope, int32_t horizon, double *mean)
{
	double		rest = 1.0 - model->alpha;
	double		k = pow(rest, n);
	double		average = intercept + slope * (n + 1.0) / 2.0;

	for (int32_t i = 0; i < horizon; i++)
	{
		double		t = (double) n + i + 1.0;

		if (model->kind != SF_THETA_DYNAMIC)
		{
			mean[i] = level + model->w * (k * intercept + (i + (1.0 - k * rest) / model->alpha) * slope);
			continue;
		}
		mean[i] = level + model->w * (k * intercept + (1.0 - k * rest) / model->alpha * slope);
		/* the forecast takes the place of the value that is not there yet */
		slope = ((t - 2.0) * slope + 6.0 * (mean[i] - average) / t) / (t + 1.0);
		average = ((t - 1.0) * average + mean[i]) / t;
		intercept = average - slope * (t + 1.0) / 2.0;
		level += model->alpha * (mean[i] - level);
		k *= rest;
	}
}

/* A model with the states it went through. */
typedef struct Path
{
	SfThetaModel model;
	double	   *intercept;		/* [n] */
	double	   *slope;
	double	   *level;
} Path;

static SfStatus
fit_path(SfArena *arena, const double *y, int32_t n, SfThetaKind kind, Path *path)
{
	path->intercept = sf_arena_take(arena, (size_t) n, 3 * sizeof(double));
	if (path->intercept == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	path->slope = path->intercept + n;
	path->level = path->slope + n;
	sf_theta_lines(y, n, path->intercept, path->slope);
	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	sf_theta_fit(y, n, path->intercept, path->slope, kind, &path->model);
	sf_theta_path(&path->model, y, n, path->intercept, path->slope, path->level, NULL);
	return sf_poll(arena->ctx);
}

static SfStatus
fit_standard(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_THETA_STANDARD, model);
}

static SfStatus
fit_optimised(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_THETA_OPTIMISED, model);
}

static SfStatus
fit_dynamic(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return fit_path(arena, y, n, SF_THETA_DYNAMIC, model);
}

static void
project_path(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	const Path *p = model;

	(void) scratch;
	sf_theta_project(&p->model, known, p->level[known - 1], p->intercept[known - 1],
					 p->slope[known - 1], horizon, mean);
}

static void
tell_path(const void *model, SfForecast *out)
{
	const SfThetaModel *m = &((const Path *) model)->model;

	sf_forecast_note(out, "alpha", m->alpha);
	sf_forecast_note(out, "weight of the line", m->w);
}

SfStatus
sf_theta_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "Theta", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_standard, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_otm_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "OTM", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_optimised, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}

SfStatus
sf_dotm_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "DOTM", .seasonal = true, .model_size = sizeof(Path),
		.fit = fit_dynamic, .project = project_path, .tell = tell_path
	};

	if (s->n < SF_TREND_LEAST)
		return sf_ses_forecast(arena, s, out);
	return sf_plain_forecast(arena, s, &method, out);
}
