/*
 * close_varying.c
 *		Which features change their effect with age.
 *
 * What happened is compared with what effects that are the same at every age
 * expected, by band of age and code: a chi-square that is far beyond chance.
 */
#include "core/winprob/close_train.h"

#include <math.h>

/* Chi-square over its degrees of freedom, in standard deviations, from which on an effect changes. */
#define VARYING_DEVIATIONS 6.0
/* Events to be expected in a cell of a band and a code for it to count. */
#define LEAST_EXPECTED 5.0
#define POLL_ROWS 32768

/* How far feature f's events miss what was expected, by band and code, in deviations of chi-square. */
static SfStatus
excess(SfCtx *ctx, const SfCodes *codes, const SfCloseMiss *m, int32_t f, double *deviations)
{
	double		miss[256] = {0};
	double		variance[256] = {0};
	double		sum = 0;
	double		freedom = 0;
	int32_t		size = codes->codes[f];

	for (int64_t i = 0; i < m->rows; i++)
	{
		int64_t		row = m->deal == NULL ? i : m->deal[i];
		int32_t		at = m->band[i] * size + codes->code[row * codes->features + f];

		miss[at] += m->slope[i];
		variance[at] += m->weight[i];
		if (i % POLL_ROWS == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	for (int32_t at = 0; at < SF_CLOSE_BANDS * size; at++)
		if (variance[at] >= LEAST_EXPECTED)
		{
			sum += miss[at] * miss[at] / variance[at];
			freedom += 1;
		}
	*deviations = freedom > 1 ? (sum - freedom) / sqrt(2 * freedom) : 0;
	return SF_OK;
}

SfStatus
sf_close_find_varying(SfCtx *ctx, const SfCodes *codes, int32_t features, const SfCloseMiss *miss, int32_t *vary,
					  int32_t *varying)
{
	double		worst[SF_CLOSE_VARYING_MAX + 1];
	int32_t		which[SF_CLOSE_VARYING_MAX + 1];
	int32_t		n = 0;

	for (int32_t f = 0; f < features; f++)
	{
		double		x = 0;
		int32_t		at = n;

		/* codes of all bands have to fit a byte */
		if (codes->codes[f] * SF_CLOSE_BANDS <= 256 && excess(ctx, codes, miss, f, &x) != SF_OK)
			return SF_CANCELLED;
		for (; x > VARYING_DEVIATIONS && at > 0 && worst[at - 1] < x; at--)
		{
			worst[at] = worst[at - 1];
			which[at] = which[at - 1];
		}
		if (x > VARYING_DEVIATIONS && at < SF_CLOSE_VARYING_MAX)
		{
			worst[at] = x;
			which[at] = f;
			n += n < SF_CLOSE_VARYING_MAX;
		}
	}
	for (int32_t v = 0; v < n; v++)
		vary[v] = which[v];
	*varying = n;
	return SF_OK;
}
