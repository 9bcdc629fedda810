/*
 * blend.c
 *		The robust combination of smoothing methods behind method "auto".
 */
#include "core/forecast/blend.h"

#include "core/forecast/plain.h"

#define ARRAYS 11

SfStatus
sf_blend_fit(SfArena *arena, const double *y, int32_t n, SfBlend *blend)
{
	double	   *block = sf_arena_take(arena, (size_t) n, ARRAYS * sizeof(double));
	SfStatus	status = SF_OK;

	if (block == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*blend = (SfBlend) {.y = y, .n = n};
	for (int kind = SF_TREND_NONE; kind <= SF_TREND_DAMPED && status == SF_OK; kind++)
	{
		blend->trend_level[kind] = block;
		blend->trend_slope[kind] = block + n;
		block += 2 * (size_t) n;
		if (kind > SF_TREND_NONE && n < SF_TREND_LEAST)
			continue;
		sf_trend_fit(y, n, (SfTrendKind) kind, &blend->trend[kind]);
		sf_trend_path(&blend->trend[kind], y, n, blend->trend_level[kind], blend->trend_slope[kind], NULL);
		status = sf_poll(arena->ctx);
	}
	blend->intercept = block;
	blend->slope = blend->intercept + n;
	blend->dotm_level = blend->slope + n;
	blend->ces_level = blend->dotm_level + n;
	blend->ces_other = blend->ces_level + n;
	if (n < SF_TREND_LEAST || status != SF_OK)
		return status;
	sf_theta_lines(y, n, blend->intercept, blend->slope);
	status = sf_poll(arena->ctx);
	if (status != SF_OK)
		return status;
	sf_theta_fit(y, n, blend->intercept, blend->slope, SF_THETA_DYNAMIC, &blend->dotm);
	sf_theta_path(&blend->dotm, y, n, blend->intercept, blend->slope, blend->dotm_level, NULL);
	status = sf_poll(arena->ctx);
	if (status != SF_OK)
		return status;
	sf_ces_fit(y, n, &blend->ces);
	sf_ces_path(&blend->ces, y, n, blend->ces_level, blend->ces_other, NULL);
	return sf_poll(arena->ctx);
}

static inline double
lesser(double a, double b)
{
	return a < b ? a : b;
}

static inline double
greater(double a, double b)
{
	return a < b ? b : a;
}

/* Without branches: the outer two of four go, the middle of the rest and e stays. */
static inline double
median_of_five(double a, double b, double c, double d, double e)
{
	double		low = greater(lesser(a, b), lesser(c, d));
	double		high = lesser(greater(a, b), greater(c, d));

	return greater(lesser(low, high), lesser(greater(low, high), e));
}

void
sf_blend_project(const SfBlend *blend, int32_t known, int32_t horizon, double *mean, double *member)
{
	double	   *at[SF_BLEND_MEMBERS];
	int32_t		last = known - 1;

	for (int i = 0; i < SF_BLEND_MEMBERS; i++)
		at[i] = member + i * (size_t) horizon;
	for (int kind = SF_TREND_NONE; kind <= SF_TREND_DAMPED; kind++)
	{
		if (kind > SF_TREND_NONE && blend->n < SF_TREND_LEAST)
			break;
		sf_trend_project(&blend->trend[kind], blend->trend_level[kind][last],
						 blend->trend_slope[kind][last], horizon, at[kind]);
	}
	if (blend->n < SF_TREND_LEAST)
	{
		for (int32_t k = 0; k < horizon; k++)
			mean[k] = at[0][k];
		return;
	}
	sf_theta_project(&blend->dotm, known, blend->dotm_level[last], blend->intercept[last],
					 blend->slope[last], horizon, at[3]);
	sf_ces_project(&blend->ces, blend->ces_level[last], blend->ces_other[last], horizon, at[4]);
	for (int32_t k = 0; k < horizon; k++)
		mean[k] = median_of_five(at[0][k], at[1][k], at[2][k], at[3][k], at[4][k]);
}

static SfStatus
fit(SfArena *arena, const double *y, int32_t n, int32_t season, void *model)
{
	(void) season;
	return sf_blend_fit(arena, y, n, model);
}

static void
project(const void *model, int32_t known, int32_t horizon, double *mean, double *scratch)
{
	sf_blend_project(model, known, horizon, mean, scratch);
}

static void
tell(const void *model, SfForecast *out)
{
	const SfBlend *b = model;

	if (b->n < SF_TREND_LEAST)
		sf_forecast_label(out, "SES");
	sf_forecast_note(out, "SES, alpha", b->trend[SF_TREND_NONE].alpha);
	if (b->n < SF_TREND_LEAST)
		return;
	sf_forecast_note(out, "Holt, alpha", b->trend[SF_TREND_LINEAR].alpha);
	sf_forecast_note(out, "Holt, beta", b->trend[SF_TREND_LINEAR].alpha * b->trend[SF_TREND_LINEAR].beta);
	sf_forecast_note(out, "damped trend, alpha", b->trend[SF_TREND_DAMPED].alpha);
	sf_forecast_note(out, "damped trend, beta", b->trend[SF_TREND_DAMPED].alpha * b->trend[SF_TREND_DAMPED].beta);
	sf_forecast_note(out, "damped trend, phi", b->trend[SF_TREND_DAMPED].phi);
	sf_forecast_note(out, "DOTM, alpha", b->dotm.alpha);
	sf_forecast_note(out, "DOTM, weight of the line", b->dotm.w);
	sf_forecast_note(out, "CES, a0", b->ces.a0);
	sf_forecast_note(out, "CES, a1", b->ces.a1);
}

SfStatus
sf_blend_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	static const SfPlainMethod method = {
		.label = "median of SES, Holt, damped trend, DOTM, CES", .seasonal = true,
		.with_seasonal_naive = true, .model_size = sizeof(SfBlend), .scratch = SF_BLEND_MEMBERS,
		.fit = fit, .project = project, .tell = tell
	};

	return sf_plain_forecast(arena, s, &method, out);
}
