/*
 * logistic_design.h
 *		Which unknown a code belongs to, and what it is multiplied by.
 *
 * Every code of every feature has at most one unknown and a factor: log-odds =
 * u[0] + sum over f of factor[f, code] * u[unknown[f, code]].  A code's own weight
 * has factor 1, a linear number's codes share the slope with factor z.
 *
 * For the passes over the deals a feature has a slope, a group of weights, or both
 * (the weight of missing beside a slope).
 */
#ifndef SF_LOGISTIC_DESIGN_H
#define SF_LOGISTIC_DESIGN_H

#include "core/winprob/logistic.h"

/* An unknown that multiplies a number: a slope, or a weight that is alone in its group (z is 0 or 1). */
typedef struct SfLogisticSlope
{
	int32_t		feature;
	int32_t		unknown;		/* ascending from one to the next */
	bool		alone;
	double		z[256];			/* by code */
} SfLogisticSlope;

/* The weights of one feature: unknowns first .. first + width - 1. */
typedef struct SfLogisticGroup
{
	int32_t		feature;
	int32_t		first;
	int32_t		width;
	uint8_t		slot[256];		/* by code: unknown - first, or width: none */
} SfLogisticGroup;

typedef struct SfLogisticDesign
{
	const SfBins *bins;
	int32_t		features;
	int32_t		codes;			/* offset[features] */
	int32_t    *offset;			/* [features + 1] */
	/* what makes a design */
	bool	   *linear;			/* [features] */
	bool	   *estimated;		/* [codes] */
	double	   *share;			/* [codes] */
	double	   *mean;			/* [features] */
	double	   *deviation;		/* [features] */
	double		ridge;
	double		smoothness;
	/* what follows from it */
	int32_t		unknowns;		/* with the intercept, number 0 */
	int32_t    *unknown;		/* [codes] -1: none */
	double	   *factor;			/* [codes] 0: none */
	int32_t		slopes;
	SfLogisticSlope *slope;		/* [slopes] */
	int32_t		groups;
	SfLogisticGroup *group;		/* [groups] */
} SfLogisticDesign;

/* The design of a fit. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_logistic_design(SfArena *arena, const SfBins *bins, const SfCodes *codes,
								   SfLogisticOptions options, SfLogisticDesign *design);

/* The design that a model was fitted with. SF_NO_MEMORY. */
extern SfStatus sf_logistic_design_of(SfArena *arena, const SfBins *bins, const SfLogistic *model,
									  SfLogisticDesign *design);

/* Brings share up to date: over old_rows deals, whose share it is, and these. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_logistic_share(SfArena *arena, SfLogisticDesign *design, double old_rows, const SfCodes *codes);

/*
 * The penalty at u[unknowns]: its value; its slope is added to gradient; its
 * second derivative to the lower triangle h[unknowns][unknowns] unless NULL.
 */
extern double sf_logistic_penalty(const SfLogisticDesign *design, const double *u, double *gradient, double *h);

/* table[codes]: weights by code from the unknowns, not centred yet. */
extern void sf_logistic_table(const SfLogisticDesign *design, const double *u, double *table);

/* Is the smoothness penalty on feature f? */
extern bool sf_logistic_smooth(const SfLogisticDesign *design, int32_t f);

#endif							/* SF_LOGISTIC_DESIGN_H */
