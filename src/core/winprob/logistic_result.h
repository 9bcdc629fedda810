/*
 * logistic_result.h
 *		What was estimated, as a model: centred weights by code.
 */
#ifndef SF_LOGISTIC_RESULT_H
#define SF_LOGISTIC_RESULT_H

#include "core/winprob/logistic_errors.h"

/*
 * The model of u[unknowns] with these errors; information may be NULL. The
 * arrays of design and errors become the model's; loss, counts and flags are
 * left to the caller. SF_NO_MEMORY.
 */
extern SfStatus sf_logistic_result(SfArena *arena, const SfLogisticDesign *design, const double *u,
								   const double *information, const SfLogisticErrors *errors, SfLogistic *model);

#endif							/* SF_LOGISTIC_RESULT_H */
