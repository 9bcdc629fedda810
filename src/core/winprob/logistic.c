/*
 * logistic.c
 *		Logistic regression on codes: one weight per code, exactly additive.
 */
#include "core/winprob/logistic.h"

#include <math.h>
#include <string.h>

#include "core/base/lbfgs.h"
#include "core/base/logit.h"
#include "core/winprob/logistic_result.h"

/* L-BFGS: as Newton's tolerance, looser because each digit costs passes. */
#define TOLERANCE 1e-9
#define EVALUATIONS 400

#define ITERATIONS 50

#define POLL_ROWS 100000

static SfStatus
check_options(SfCtx *ctx, SfLogisticOptions options)
{
	if (!(options.ridge >= 0.0 && options.ridge <= 1e100))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "ridge must be between 0 and 1e100", options.ridge);
	if (!(options.smoothness >= 0.0 && options.smoothness <= 1e100))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "smoothness must be between 0 and 1e100", options.smoothness);
	if (options.iterations < 0)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "iterations must not be negative", options.iterations);
	return SF_OK;
}

static SfStatus
count_won(SfCtx *ctx, const SfCodes *codes, int64_t *won)
{
	*won = 0;
	for (int64_t r = 0; r < codes->rows; r++)
	{
		if (r % POLL_ROWS == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		*won += codes->won[r];
	}
	return SF_OK;
}

/* Loss and penalty of many unknowns. */
typedef struct Many
{
	SfCtx	   *ctx;
	const SfLogisticDesign *design;
	const SfCodes *codes;
	SfLogisticPass *pass;
	double		loss;			/* of the last evaluation */
} Many;

static SfStatus
many_value(void *argument, const double *u, double *value, double *gradient)
{
	Many	   *m = argument;
	SfStatus	status = sf_logistic_pass(m->ctx, m->pass, m->codes, m->codes->rows, u, &m->loss, gradient, NULL);

	if (status == SF_OK)
		*value = m->loss + sf_logistic_penalty(m->design, u, gradient, NULL);
	return status;
}

/* One over the second derivative at the base rate; the work array is scratch. */
static void
many_scale(const SfLogisticDesign *d, double rate, double rows, double *scale)
{
	memset(scale, 0, (size_t) d->unknowns * sizeof(double));
	scale[0] = rows * rate * (1.0 - rate);
	for (int32_t c = 0; c < d->codes; c++)
		if (d->unknown[c] >= 0)
			scale[d->unknown[c]] += rows * d->share[c] * d->factor[c] * d->factor[c] * rate * (1.0 - rate);
	for (int32_t i = 0; i < d->unknowns; i++)
		scale[i] = 1.0 / (scale[i] + (i > 0 ? d->ridge : 0.0) + d->smoothness + 1e-9 * rows);
}

static SfStatus
fit_many(SfArena *arena, const SfLogisticDesign *d, const SfCodes *codes, int64_t won, int32_t iterations,
		 SfLogistic *model)
{
	Many		many = {.ctx = arena->ctx, .design = d, .codes = codes};
	double		rows = (double) codes->rows;
	double		rate = ((double) won + 0.5) / (rows + 1.0);
	double	   *u = sf_arena_take(arena, (size_t) d->unknowns, sizeof(double));
	double	   *scale = sf_arena_take(arena, (size_t) d->unknowns, sizeof(double));
	SfDescent	descent;
	SfLogisticErrors errors;
	SfStatus	status;

	if (u == NULL || scale == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_logistic_pass_create(arena, d, false, &many.pass);
	if (status != SF_OK)
		return status;
	memset(u, 0, (size_t) d->unknowns * sizeof(double));
	u[0] = sf_log(rate / (1.0 - rate));
	many_scale(d, rate, rows, scale);
	status = sf_lbfgs(arena, many_value, &many, d->unknowns, u, scale, TOLERANCE,
					  iterations > 0 ? 2 * iterations : EVALUATIONS, &descent);
	/* the last evaluation need not be the best one; scale is done with and takes the diagonal */
	if (status == SF_OK)
		status = many_value(&many, u, &descent.value, scale);
	if (status == SF_OK)
		status = sf_logistic_pass_diagonal(arena->ctx, many.pass, codes, u, scale);
	if (status == SF_OK)
		status = sf_logistic_errors_diagonal(arena, d, scale, &errors);
	if (status == SF_OK)
		status = sf_logistic_result(arena, d, u, NULL, &errors, model);
	if (status != SF_OK)
		return status;
	model->deviance = 2.0 * many.loss;
	model->iterations = descent.iterations;
	model->converged = descent.converged;
	return SF_OK;
}

static SfStatus
fit_few(SfArena *arena, const SfLogisticDesign *d, const SfCodes *codes, int64_t won, int32_t iterations,
		SfLogistic *model)
{
	SfLogisticOptimum optimum;
	SfLogisticErrors errors;
	SfLogisticPrior prior = {NULL, NULL};
	SfStatus	status = sf_logistic_newton(arena, d, codes, won, prior, iterations > 0 ? iterations : ITERATIONS,
											&optimum);

	if (status == SF_OK)
		status = sf_logistic_errors(arena, d, &optimum, &errors);
	if (status == SF_OK)
		status = sf_logistic_result(arena, d, optimum.u,
									d->unknowns <= SF_MAX_UPDATE ? optimum.information : NULL, &errors, model);
	if (status != SF_OK)
		return status;
	model->deviance = 2.0 * optimum.loss;
	model->iterations = optimum.iterations;
	model->converged = optimum.converged;
	return SF_OK;
}

SfStatus
sf_logistic_fit(SfArena *arena, const SfBins *bins, const SfCodes *codes, SfLogisticOptions options,
				SfLogistic *model)
{
	SfLogisticDesign design;
	SfLogistic	result;
	int64_t		won;
	SfStatus	status = check_options(arena->ctx, options);

	if (status == SF_OK)
		status = count_won(arena->ctx, codes, &won);
	if (status != SF_OK)
		return status;
	if (won == 0 || won == codes->rows)
		return sf_fail(arena->ctx, SF_BAD_DATA, codes->rows == 0 ? "there are no deals" :
					   won == 0 ? "no deal was won" : "no deal was lost");
	status = sf_logistic_design(arena, bins, codes, options, &design);
	if (status != SF_OK)
		return status;
	status = design.unknowns < SF_LOGISTIC_DENSE
		? fit_few(arena, &design, codes, won, options.iterations, &result)
		: fit_many(arena, &design, codes, won, options.iterations, &result);
	if (status != SF_OK)
		return status;
	result.rows = codes->rows;
	*model = result;
	return SF_OK;
}

void
sf_logistic_predict(const SfLogistic *model, const SfCodes *codes, double *log_odds)
{
	const uint8_t *code = codes->code;

	for (int64_t r = 0; r < codes->rows; r++, code += model->features)
	{
		double		sum = model->intercept;

		for (int32_t f = 0; f < model->features; f++)
			sum += model->weight[model->offset[f] + code[f]];
		log_odds[r] = sum;
	}
}
