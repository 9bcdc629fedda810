/*
 * logistic_design.c
 *		Which unknown a code belongs to, and what it is multiplied by.
 */
#include "core/winprob/logistic_design.h"

#include <math.h>
#include <string.h>

/* Deals between two polls. */
#define POLL_ROWS 10000

/* |z| of a bin that has deals is at most sqrt(rows); bins without any are kept from overflow. */
#define Z_MOST 1e6

static bool
number(const SfBins *bins, int32_t f)
{
	return bins->feature[f].kind == SF_FEATURE_NUMBER || bins->feature[f].kind == SF_FEATURE_AGE;
}

bool
sf_logistic_smooth(const SfLogisticDesign *design, int32_t f)
{
	return design->smoothness > 0.0 && number(design->bins, f) && !design->linear[f];
}

static SfStatus
take(SfArena *arena, const SfBins *bins, SfLogisticDesign *d)
{
	size_t		features = (size_t) bins->features;
	size_t		codes;

	memset(d, 0, sizeof *d);
	d->bins = bins;
	d->features = bins->features;
	d->offset = sf_arena_take(arena, features + 1, sizeof(int32_t));
	d->linear = sf_arena_take(arena, features, sizeof(bool));
	d->mean = sf_arena_take(arena, features, sizeof(double));
	d->deviation = sf_arena_take(arena, features, sizeof(double));
	if (d->offset == NULL || d->linear == NULL || d->mean == NULL || d->deviation == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	d->offset[0] = 0;
	for (int32_t f = 0; f < d->features; f++)
		d->offset[f + 1] = d->offset[f] + bins->of[f].values + 2;
	d->codes = d->offset[d->features];
	codes = (size_t) d->codes;
	d->estimated = sf_arena_take(arena, codes, sizeof(bool));
	d->share = sf_arena_take(arena, codes, sizeof(double));
	d->unknown = sf_arena_take(arena, codes, sizeof(int32_t));
	d->factor = sf_arena_take(arena, codes, sizeof(double));
	if (d->estimated == NULL || d->share == NULL || d->unknown == NULL || d->factor == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

SfStatus
sf_logistic_share(SfArena *arena, SfLogisticDesign *d, double old_rows, const SfCodes *codes)
{
	double		rows = old_rows + (double) codes->rows;
	SfArenaMark mark = sf_arena_mark(arena);
	int64_t    *count = sf_arena_take(arena, (size_t) d->codes, sizeof(int64_t));

	if (count == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(count, 0, (size_t) d->codes * sizeof(int64_t));
	for (int64_t r = 0; r < codes->rows; r++)
	{
		if (r % POLL_ROWS == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int32_t f = 0; f < d->features; f++)
			count[d->offset[f] + codes->code[r * d->features + f]]++;
	}
	for (int32_t c = 0; c < d->codes; c++)
		d->share[c] = rows > 0.0 ? (old_rows * d->share[c] + (double) count[c]) / rows : 0.0;
	sf_arena_rewind(arena, mark);
	return SF_OK;
}

/* Mean and deviation of a number's bin centres over the deals, halved so that no difference overflows. */
static void
standardize(SfLogisticDesign *d, int32_t f)
{
	const SfFeatureBins *b = &d->bins->of[f];
	const double *share = d->share + d->offset[f] + 1;
	double		most = 0.0;
	double		sum = 0.0;
	double		mean = 0.0;
	double		square = 0.0;

	for (int32_t v = 0; v < b->values; v++)
	{
		sum += share[v];
		if (share[v] > 0.0)
			most = fmax(most, fabs(b->centre[v]));
	}
	if (!(sum > 0.0 && most > 0.0))
		return;
	for (int32_t v = 0; v < b->values; v++)
		if (share[v] > 0.0)
			mean += share[v] / sum * (b->centre[v] / most);
	for (int32_t v = 0; v < b->values; v++)
		if (share[v] > 0.0)
		{
			double		x = b->centre[v] / most - mean;

			square += share[v] / sum * x * x;
		}
	/* what is left of a constant after rounding is not a spread */
	if (square <= 1e-24)
		return;
	d->mean[f] = mean * most;
	d->deviation[f] = sqrt(square) * most;
	if (!(d->deviation[f] > 0.0 && 1.0 / d->deviation[f] <= 1e300))
		d->deviation[f] = 0.0;
}

/* Which codes of feature f have an unknown when all weights are penalized, or not. */
static void
choose(SfLogisticDesign *d, int32_t f)
{
	int32_t		values = d->bins->of[f].values;
	const double *share = d->share + d->offset[f];
	bool	   *estimated = d->estimated + d->offset[f];
	int32_t		reference = 0;

	memset(estimated, 0, (size_t) values + 2);
	if (d->linear[f])
	{
		standardize(d, f);
		for (int32_t c = 1; c <= values; c++)
			estimated[c] = d->deviation[f] > 0.0;
		estimated[0] = share[0] > 0.0 && share[0] < 1.0;
		if (d->ridge > 0.0)
			estimated[0] = true;
		return;
	}
	for (int32_t c = 0; c <= values; c++)
	{
		estimated[c] = d->ridge > 0.0 || share[c] > 0.0 || (c > 0 && sf_logistic_smooth(d, f));
		if (share[c] > share[reference])
			reference = c;
	}
	if (!(d->ridge > 0.0))
		estimated[reference] = false;
}

/* Unknowns and factors from what is estimated. */
static void
number_codes(SfLogisticDesign *d)
{
	d->unknowns = 1;
	for (int32_t f = 0; f < d->features; f++)
	{
		const SfFeatureBins *b = &d->bins->of[f];
		int32_t		slope = -1;

		for (int32_t c = 0; c < b->values + 2; c++)
		{
			int32_t		at = d->offset[f] + c;
			bool		on_slope = d->linear[f] && c >= 1 && c <= b->values;

			d->unknown[at] = -1;
			d->factor[at] = 0.0;
			if (!d->estimated[at])
				continue;
			if (on_slope && slope >= 0)
				d->unknown[at] = slope;
			else
				d->unknown[at] = d->unknowns++;
			if (on_slope)
				slope = d->unknown[at];
			d->factor[at] = on_slope
				? fmax(-Z_MOST, fmin(Z_MOST, (b->centre[c - 1] / 2 - d->mean[f] / 2) / d->deviation[f] * 2))
				: 1.0;
		}
	}
}

static void
add_slope(SfLogisticDesign *d, int32_t f, int32_t unknown, bool alone)
{
	SfLogisticSlope *slope = &d->slope[d->slopes++];

	slope->feature = f;
	slope->unknown = unknown;
	slope->alone = alone;
	memset(slope->z, 0, sizeof slope->z);
	for (int32_t c = d->offset[f]; c < d->offset[f + 1]; c++)
		if (d->unknown[c] == unknown)
			slope->z[c - d->offset[f]] = d->factor[c];
}

static void
group_feature(SfLogisticDesign *d, int32_t f)
{
	const int32_t *unknown = d->unknown + d->offset[f];
	int32_t		codes = d->offset[f + 1] - d->offset[f];
	int32_t		shared = d->linear[f] && codes > 2 ? unknown[1] : -1;
	SfLogisticGroup *group = &d->group[d->groups];

	*group = (SfLogisticGroup) {.feature = f};
	for (int32_t c = 0; c < codes; c++)
		if (unknown[c] >= 0 && unknown[c] != shared)
		{
			if (group->width == 0)
				group->first = unknown[c];
			group->slot[c] = (uint8_t) group->width++;
		}
	/* a code without an unknown goes to the slot after the last */
	for (int32_t c = 0; c < 256; c++)
		if (c >= codes || unknown[c] < 0 || unknown[c] == shared)
			group->slot[c] = (uint8_t) group->width;
	if (group->width == 1)
		add_slope(d, f, group->first, true);
	else
		d->groups += group->width > 1;
	if (shared >= 0)
		add_slope(d, f, shared, false);
}

static SfStatus
group_codes(SfArena *arena, SfLogisticDesign *d)
{
	number_codes(d);
	d->slope = sf_arena_take(arena, 2 * (size_t) d->features, sizeof(SfLogisticSlope));
	d->group = sf_arena_take(arena, (size_t) d->features, sizeof(SfLogisticGroup));
	if (d->slope == NULL || d->group == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < d->features; f++)
		group_feature(d, f);
	return SF_OK;
}

SfStatus
sf_logistic_design(SfArena *arena, const SfBins *bins, const SfCodes *codes, SfLogisticOptions options,
				   SfLogisticDesign *d)
{
	SfStatus	status = take(arena, bins, d);

	if (status != SF_OK)
		return status;
	d->ridge = options.ridge;
	d->smoothness = options.smoothness;
	memset(d->share, 0, (size_t) d->codes * sizeof(double));
	status = sf_logistic_share(arena, d, 0.0, codes);
	if (status != SF_OK)
		return status;
	for (int32_t f = 0; f < d->features; f++)
	{
		d->linear[f] = options.linear && number(bins, f);
		d->mean[f] = 0.0;
		d->deviation[f] = 0.0;
		choose(d, f);
	}
	return group_codes(arena, d);
}

SfStatus
sf_logistic_design_of(SfArena *arena, const SfBins *bins, const SfLogistic *model, SfLogisticDesign *d)
{
	SfStatus	status = take(arena, bins, d);

	if (status != SF_OK)
		return status;
	d->ridge = model->ridge;
	d->smoothness = model->smoothness;
	memcpy(d->linear, model->linear, (size_t) d->features * sizeof(bool));
	memcpy(d->mean, model->mean, (size_t) d->features * sizeof(double));
	memcpy(d->deviation, model->deviation, (size_t) d->features * sizeof(double));
	memcpy(d->estimated, model->estimated, (size_t) d->codes * sizeof(bool));
	memcpy(d->share, model->share, (size_t) d->codes * sizeof(double));
	return group_codes(arena, d);
}

/* smoothness / 2 * (u[a] - u[b])^2, where an unknown of -1 is a constant 0 */
static double
penalize_difference(const SfLogisticDesign *d, const double *u, int32_t a, int32_t b, double *gradient, double *h)
{
	double		difference = (a >= 0 ? u[a] : 0.0) - (b >= 0 ? u[b] : 0.0);
	int64_t		n = d->unknowns;

	if (a >= 0)
		gradient[a] += d->smoothness * difference;
	if (b >= 0)
		gradient[b] -= d->smoothness * difference;
	if (h != NULL && a >= 0)
		h[a * n + a] += d->smoothness;
	if (h != NULL && b >= 0)
		h[b * n + b] += d->smoothness;
	if (h != NULL && a >= 0 && b >= 0)
		h[(a > b ? a : b) * n + (a > b ? b : a)] -= d->smoothness;
	return d->smoothness / 2 * difference * difference;
}

double
sf_logistic_penalty(const SfLogisticDesign *d, const double *u, double *gradient, double *h)
{
	double		value = 0.0;

	for (int32_t i = 1; i < d->unknowns; i++)
	{
		value += d->ridge / 2 * u[i] * u[i];
		gradient[i] += d->ridge * u[i];
		if (h != NULL)
			h[(int64_t) i * d->unknowns + i] += d->ridge;
	}
	for (int32_t f = 0; f < d->features; f++)
		if (sf_logistic_smooth(d, f))
			for (int32_t c = d->offset[f] + 1; c < d->offset[f] + d->bins->of[f].values; c++)
				value += penalize_difference(d, u, d->unknown[c + 1], d->unknown[c], gradient, h);
	return value;
}

void
sf_logistic_table(const SfLogisticDesign *d, const double *u, double *table)
{
	for (int32_t c = 0; c < d->codes; c++)
		table[c] = d->unknown[c] >= 0 ? d->factor[c] * u[d->unknown[c]] : 0.0;
}
