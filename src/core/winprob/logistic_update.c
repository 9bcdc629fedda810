/*
 * logistic_update.c
 *		New deals on top of a fitted model without the old ones.
 *
 * The old deals are kept as the quadratic around their optimum: loss of the old
 * deals and penalty = value there + (u - old)' (H + P) (u - old) / 2.
 */
#include "core/winprob/logistic_result.h"

#include <math.h>

#define ITERATIONS 50

static double
penalty_at(const SfLogisticDesign *d, const double *u, double *scratch)
{
	for (int32_t i = 0; i < d->unknowns; i++)
		scratch[i] = 0.0;
	return sf_logistic_penalty(d, u, scratch, NULL);
}

SfStatus
sf_logistic_update(SfArena *arena, const SfBins *bins, const SfLogistic *old, const SfCodes *codes,
				   SfLogistic *model)
{
	SfLogisticDesign design;
	SfLogisticOptimum optimum;
	SfLogisticErrors errors;
	SfLogistic	result;
	double	   *scratch;
	double		rise;
	SfStatus	status;

	if (old->information == NULL)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "the model has too many terms to be updated");
	status = sf_logistic_design_of(arena, bins, old, &design);
	if (status == SF_OK && design.unknowns != old->unknowns)
		status = sf_fail(arena->ctx, SF_BAD_ARGUMENT, "the bins are not those of the model");
	if (status == SF_OK)
		status = sf_logistic_newton(arena, &design, codes, 0,
									(SfLogisticPrior) {old->information, old->estimate}, ITERATIONS, &optimum);
	if (status == SF_OK)
		status = sf_logistic_share(arena, &design, (double) old->rows, codes);
	if (status == SF_OK)
		status = sf_logistic_errors(arena, &design, &optimum, &errors);
	if (status == SF_OK)
		status = sf_logistic_result(arena, &design, optimum.u, optimum.information, &errors, &result);
	if (status != SF_OK)
		return status;
	scratch = sf_arena_take(arena, (size_t) design.unknowns, sizeof(double));
	if (scratch == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	/* what the quadratic says of the old deals' loss: its rise, less that of the penalty in it */
	rise = optimum.prior + penalty_at(&design, old->estimate, scratch) - penalty_at(&design, optimum.u, scratch);
	result.deviance = fmax(0.0, old->deviance + 2.0 * (rise + optimum.loss));
	result.iterations = optimum.iterations;
	result.converged = old->converged && optimum.converged;
	result.rows = old->rows + codes->rows;
	*model = result;
	return SF_OK;
}
