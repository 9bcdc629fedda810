/*
 * close_hazard.h
 *		Proportional hazards over age buckets, by Newton's method, without a row
 *		per deal and bucket.
 *
 * An episode is a stretch of one deal's life with the same codes: watched from
 * `from` to `to` days without an event, then perhaps an event in bucket `event`
 * somewhere in the `width` days that were left of it (width 0: exactly at `to`).
 *
 *	hazard in bucket k = exp(alpha[k] + sum of beta[code]) per day
 *	log likelihood = - exp(x beta) * (cumulative(to) - cumulative(from))
 *					 + log(1 - exp(- exp(x beta) * lambda[event] * width)), or log hazard where width = 0
 *
 * Concave in (alpha, beta).  Penalties: ridge / 2 * beta^2, smoothness / 2 *
 * squared differences of neighbouring bins and of neighbouring alphas.
 */
#ifndef SF_CLOSE_HAZARD_H
#define SF_CLOSE_HAZARD_H

#include "core/winprob/bins.h"

typedef struct SfEpisode
{
	double		from;
	double		to;
	double		width;
	int16_t		first;			/* bucket of from */
	int16_t		last;			/* bucket of to, >= first */
	int16_t		event;			/* -1: none */
} SfEpisode;

typedef struct SfHazardData
{
	int64_t		rows;
	const SfEpisode *episode;	/* [rows] */
	int32_t		features;
	const uint8_t *code;		/* [rows][features] */
	const int32_t *codes;		/* [features] */
	const bool *ordered;		/* [features] codes 1 .. codes - 2 are neighbours */
	int32_t		buckets;
	const double *start;		/* [buckets + 1] of buckets; the last +Inf */
	double		ridge;
	double		smoothness;
} SfHazardData;

typedef struct SfHazardFit
{
	int32_t		unknowns;		/* buckets + all codes */
	double	   *beta;			/* [unknowns] alpha, then beta by feature and code */
	double	   *covariance;		/* [unknowns][unknowns] inverse of the penalized information; NULL unless asked */
	double		log_likelihood;
	int32_t		steps;
	bool		converged;
} SfHazardFit;

/* warm: start from fit->beta of the same shape. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_hazard_fit(SfArena *arena, const SfHazardData *data, bool covariance, bool warm, SfHazardFit *fit);

/*
 * slope[rows]: events less what was expected of an episode; weight[rows]: their variance, about. The episodes may
 * be others than those fitted to, with the same codes. SF_NO_MEMORY, SF_CANCELLED.
 */
extern SfStatus sf_hazard_residuals(SfArena *arena, const SfHazardData *data, const SfHazardFit *fit,
									double *slope, double *weight);

/* Bucket of an age: the smallest k with age <= start[k + 1]. */
static inline int16_t
sf_bucket_of(const double *start, int32_t buckets, double age)
{
	int32_t		low = 0;
	int32_t		high = buckets - 1;

	while (low < high)
	{
		int32_t		middle = (low + high) / 2;

		if (age <= start[middle + 1])
			high = middle;
		else
			low = middle + 1;
	}
	return (int16_t) low;
}

#endif							/* SF_CLOSE_HAZARD_H */
