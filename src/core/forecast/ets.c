/*
 * ets.c
 *		Exponential smoothing: from a series to forecasts, labels and notes.
 */
#include "core/forecast/ets.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/forecast/ets_variance.h"

/* Forecasts beyond this many times the largest value are not believed. */
#define FORECAST_MOST 1e6

/* Relative errors want values at least this part of the largest. */
#define VALUE_LEAST 1e-6

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

static const char *
skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* One letter out of `letters` and the character after it. */
static const char *
take_letter(const char *text, const char *letters, char end, char *letter)
{
	text = skip_blanks(text);
	*letter = upper(*text);
	if (*letter == '\0' || strchr(letters, *letter) == NULL)
		return NULL;
	text++;
	if (end == ',' && *letter == 'A' && upper(*text) == 'D' && strchr(letters, 'D') != NULL)
	{
		*letter = 'D';
		text++;
	}
	text = skip_blanks(text);
	return *text == end ? text + 1 : NULL;
}

bool
sf_ets_spec_parse(const char *text, SfEtsSpec *spec)
{
	SfEtsSpec	read;

	text = skip_blanks(text);
	for (const char *name = "ETS"; *name != '\0'; name++, text++)
		if (upper(*text) != *name)
			return false;
	text = skip_blanks(text);
	if (*text != '(')
		return false;
	text = take_letter(text + 1, "AMZ", ',', &read.error);
	/* D stands for "Ad", which alone is accepted */
	if (text == NULL || upper(*skip_blanks(text)) == 'D')
		return false;
	text = take_letter(text, "NADMZ", ',', &read.trend);
	if (text != NULL)
		text = take_letter(text, "NAMZ", ')', &read.season);
	if (text == NULL || *skip_blanks(text) != '\0')
		return false;
	*spec = read;
	return true;
}

/* The series as the models see it, and what came of it. */
typedef struct Task
{
	SfEtsData	data;
	int32_t		exponent;		/* y = data.y * 2^exponent */
	double		least;			/* of the values as they came */
	bool		positive;
	bool		constant;
	const char *remark;			/* what could not be done; "" = nothing */
} Task;

static SfStatus
prepare(SfArena *arena, const SfSeries *s, Task *task)
{
	double	   *y = sf_arena_take(arena, (size_t) s->n, sizeof(double));
	double		most = 0.0;

	if (y == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*task = (Task) {.data = {.y = y, .n = s->n, .m = sf_series_season(s)}, .least = s->y[0], .constant = true, .remark = ""};
	for (int32_t t = 0; t < s->n; t++)
	{
		most = fmax(most, fabs(s->y[t]));
		task->least = fmin(task->least, s->y[t]);
		task->constant = task->constant && s->y[t] == s->y[0];
	}
	if (most > 0.0)
		(void) frexp(most, &task->exponent);
	for (int32_t t = 0; t < s->n; t++)
		y[t] = ldexp(s->y[t], -task->exponent);
	task->positive = ldexp(task->least, -task->exponent) > VALUE_LEAST;
	if (task->data.m > s->n / 2)
	{
		if (task->data.m > 1)
			task->remark = ", under two seasons";
		task->data.m = 1;
	}
	return sf_poll(arena->ctx);
}

/* y * 2^exponent, the largest number there is instead of infinity. */
static double
rescale(double x, int32_t exponent)
{
	double		scaled = ldexp(x, exponent);

	return isfinite(scaled) ? scaled : copysign(DBL_MAX, scaled);
}

/* Constant, or fewer than 3 values: the last one. */
static void
repeat_last(const SfSeries *s, const Task *task, SfForecast *out)
{
	double		last = s->y[s->n - 1];
	double		step = s->n == 2 ? ldexp(s->y[1], -task->exponent) - ldexp(s->y[0], -task->exponent) : NAN;

	for (int32_t h = 0; h < out->horizon; h++)
	{
		double		variance = s->n > 2 ? 0.0 : ldexp(step * step * (h + 1.0), 2 * task->exponent);

		out->mean[h] = last;
		out->variance[h] = isfinite(variance) ? variance : NAN;
	}
	for (int32_t t = 0; t < s->n && out->fitted != NULL; t++)
		out->fitted[t] = s->n > 2 ? last : t > 0 ? s->y[t - 1] : NAN;
	out->converged = true;
	sf_forecast_label(out, s->n > 2 ? "ETS(A,N,N), constant" : "naive, under 3 values");
}

static void
label_form(SfForecast *out, SfEtsForm form, const char *remark)
{
	static const char *const trend[] = {"N", "A", "Ad"};
	static const char *const season[] = {"N", "A", "M"};

	sf_forecast_label(out, form.relative ? "ETS(M," : "ETS(A,");
	sf_label_text(out, trend[form.trend]);
	sf_label_text(out, ",");
	sf_label_text(out, season[form.season]);
	sf_label_text(out, ")");
	sf_label_text(out, remark);
}

/* The last state and the variance of the error, from a pass with the fit. */
static SfStatus
finish_fit(SfArena *arena, const Task *task, const SfEtsFit *fit, double *fitted, SfEtsEnd *end)
{
	double		n = task->data.n;
	SfEtsWork	work;
	SfStatus	status = sf_ets_work_init(arena, &task->data, false, &work);

	if (status == SF_OK)
		status = sf_ets_value(&work, &task->data, fit->form, &fit->point, fitted);
	if (status != SF_OK)
		return status;
	*end = (SfEtsEnd) {
		.form = fit->form,
		.alpha = fit->point.alpha,
		.beta = fit->form.trend != SF_ETS_TREND_NONE ? fit->point.alpha * fit->point.beta_share : 0.0,
		.gamma = fit->form.season != SF_ETS_SEASON_NONE ? (1.0 - fit->point.alpha) * fit->point.gamma_share : 0.0,
		.phi = fit->form.trend == SF_ETS_TREND_DAMPED ? fit->point.phi : 1.0,
		.level = work.level,
		.trend = work.trend,
		.season = work.season,
		.m = task->data.m,
		.first = task->data.n % task->data.m
	};
	/* the variance itself is not a parameter here; short series keep a third of their values */
	end->sigma2 = work.square_sum / fmax(n - (fit->parameters - 1), n / 3.0);
	return SF_OK;
}

typedef enum Belief
{
	BELIEVABLE,
	NOT_POSITIVE,				/* under relative errors, which then cannot be */
	EXPLODES
} Belief;

static Belief
judge(SfEtsForm form, const double *mean, const double *variance, int32_t horizon)
{
	Belief		belief = BELIEVABLE;

	for (int32_t h = 0; h < horizon; h++)
	{
		if (!(fabs(mean[h]) <= FORECAST_MOST) || isnan(variance[h]))
			return EXPLODES;
		if (form.relative && !(mean[h] > 0.0))
			belief = NOT_POSITIVE;
	}
	return belief;
}

static void
write_notes(const Task *task, const SfEtsFit *fit, const SfEtsEnd *end, double aicc, SfForecast *out)
{
	double		sigma = sqrt(end->sigma2);

	sf_forecast_note(out, "alpha", end->alpha);
	if (fit->form.trend != SF_ETS_TREND_NONE)
		sf_forecast_note(out, "beta", end->beta);
	if (fit->form.season != SF_ETS_SEASON_NONE)
		sf_forecast_note(out, "gamma", end->gamma);
	if (fit->form.trend == SF_ETS_TREND_DAMPED)
		sf_forecast_note(out, "phi", end->phi);
	if (fit->form.relative)
		sf_forecast_note(out, "sigma", sigma);
	else
		sf_forecast_amount(out, "sigma", rescale(sigma, task->exponent));
	/* L counts squares, or twice the logarithm of forecasts: both scale alike */
	aicc += 2.0 * task->data.n * task->exponent * 0.693147180559945309417;
	sf_forecast_note(out, "aicc", isfinite(aicc) ? aicc : NAN);
}

static void
write_forecast(const Task *task, SfForecast *out)
{
	for (int32_t h = 0; h < out->horizon; h++)
	{
		double		variance = ldexp(fmax(out->variance[h], 0.0), 2 * task->exponent);

		out->mean[h] = rescale(out->mean[h], task->exponent);
		out->variance[h] = isfinite(variance) ? variance : NAN;
	}
	for (int32_t t = 0; t < task->data.n && out->fitted != NULL; t++)
		out->fitted[t] = rescale(out->fitted[t], task->exponent);
}

static SfStatus
run(SfArena *arena, const SfSeries *s, Task *task, SfEtsSpec spec, bool fast, SfForecast *out)
{
	static const SfEtsSpec simple = {'A', 'N', 'N'};
	SfEtsFit	fit;
	SfEtsEnd	end;
	double		aicc;
	SfStatus	status;

	out->notes = 0;
	if (task->constant || s->n < 3)
	{
		repeat_last(s, task, out);
		return SF_OK;
	}
	for (bool again = true; again;)
	{
		Belief		belief;

		status = sf_ets_search(arena, &task->data, spec, task->positive, fast, &fit, &aicc);
		if (status == SF_OK)
			status = finish_fit(arena, task, &fit, out->fitted, &end);
		if (status == SF_OK)
			status = sf_ets_project(arena, &end, out->horizon, out->mean, out->variance);
		if (status != SF_OK)
			return status;
		belief = judge(fit.form, out->mean, out->variance, out->horizon);
		again = false;
		if (belief == NOT_POSITIVE && spec.error == 'Z' && spec.season != 'M')
		{
			spec.error = 'A';
			again = true;
		}
		else if (belief == EXPLODES && memcmp(&spec, &simple, sizeof spec) != 0)
		{
			spec = simple;
			task->remark = ", others explode";
			again = true;
		}
	}
	write_notes(task, &fit, &end, aicc, out);
	write_forecast(task, out);
	status = sf_poll(arena->ctx);
	if (status != SF_OK)
		return status;
	out->converged = fit.converged;
	label_form(out, fit.form, task->remark);
	return SF_OK;
}

static SfStatus
check_spec(SfCtx *ctx, SfEtsSpec spec, const Task *task)
{
	if (spec.trend == 'M')
		return sf_fail(ctx, SF_BAD_ARGUMENT, "a multiplicative trend is not offered, its forecasts explode; use A or Ad");
	if (spec.error == 'A' && spec.season == 'M')
		return sf_fail(ctx, SF_BAD_ARGUMENT, "a multiplicative season needs multiplicative errors: ets(M,...,M)");
	if ((spec.error == 'M' || spec.season == 'M') && !task->positive && !task->constant)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "multiplicative errors or seasons need values that are all positive, none under a millionth of the largest", task->least);
	return SF_OK;
}

SfStatus
sf_ets_spec_forecast(SfArena *arena, const SfSeries *s, SfEtsSpec spec, SfForecast *out)
{
	Task		task;
	SfStatus	status = prepare(arena, s, &task);

	if (status == SF_OK)
		status = check_spec(arena->ctx, spec, &task);
	if (status != SF_OK)
		return status;
	if (task.data.m == 1 && spec.season != 'N')
	{
		if (spec.season != 'Z' && task.remark[0] == '\0')
			task.remark = ", no season known";
		spec.season = 'N';
	}
	return run(arena, s, &task, spec, false, out);
}

static SfStatus
automatic(SfArena *arena, const SfSeries *s, bool fast, SfForecast *out)
{
	static const SfEtsSpec any = {'Z', 'Z', 'Z'};
	Task		task;
	SfStatus	status = prepare(arena, s, &task);

	return status == SF_OK ? run(arena, s, &task, any, fast, out) : status;
}

SfStatus
sf_ets_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return automatic(arena, s, false, out);
}

SfStatus
sf_ets_fast_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return automatic(arena, s, true, out);
}

static SfStatus
holt_winters(SfArena *arena, const SfSeries *s, bool product, SfForecast *out)
{
	Task		task;
	SfEtsSpec	spec = {'A', 'A', 'A'};
	SfStatus	status = prepare(arena, s, &task);

	if (status != SF_OK)
		return status;
	if (product && task.positive)
		spec = (SfEtsSpec) {'M', 'A', 'M'};
	if (task.data.m == 1)
	{
		spec.error = 'A';
		spec.season = 'N';
		if (task.remark[0] == '\0')
			task.remark = ", no season known";
	}
	return run(arena, s, &task, spec, false, out);
}

SfStatus
sf_holt_winters_additive_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return holt_winters(arena, s, false, out);
}

SfStatus
sf_holt_winters_forecast(SfArena *arena, const SfSeries *s, SfForecast *out)
{
	return holt_winters(arena, s, true, out);
}
