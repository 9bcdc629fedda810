/*
 * curves.c
 *		Predictions against outcomes as points: ROC, calibration and lift.
 */
#include "core/winprob/curves.h"

#include <math.h>

#include "core/base/radix.h"
#include "core/base/sum.h"

#define POLL_EVERY 16384

/* The 0.975 quantile of the standard normal distribution. */
#define NORMAL_975 1.959963984540054

/* A walk from the highest prediction down, one value after the other. */
typedef struct Walk
{
	SfRankedDeals left;			/* what has not been met yet */
	int64_t		won;			/* at this value */
	int64_t		lost;
	double		value;
	int64_t		turns;
} Walk;

/* The next value; false at the end.  SF_CANCELLED into *status. */
static bool
next_value(SfCtx *ctx, Walk *w, SfStatus *status)
{
	const uint64_t *won = w->left.won;
	const uint64_t *lost = w->left.lost;
	int64_t		m = w->left.won_rows;
	int64_t		l = w->left.lost_rows;
	uint64_t	key;

	if (m + l == 0)
		return false;
	if (++w->turns % POLL_EVERY == 0)
	{
		*status = sf_poll(ctx);
		if (*status != SF_OK)
			return false;
	}
	key = l == 0 || (m > 0 && won[m - 1] > lost[l - 1]) ? won[m - 1] : lost[l - 1];
	while (m > 0 && won[m - 1] == key)
		m--;
	while (l > 0 && lost[l - 1] == key)
		l--;
	w->value = sf_of_key(key);
	w->won = w->left.won_rows - m;
	w->lost = w->left.lost_rows - l;
	w->left.won_rows = m;
	w->left.lost_rows = l;
	return true;
}

static SfStatus
count_values(SfCtx *ctx, SfRankedDeals deals, int64_t *values)
{
	Walk		w = {.left = deals};
	SfStatus	status = SF_OK;

	for (*values = 0; next_value(ctx, &w, &status);)
		++*values;
	return status;
}

SfStatus
sf_roc_curve(SfCtx *ctx, SfRankedDeals deals, int32_t most, SfRocPoint *point, int32_t *points)
{
	Walk		w = {.left = deals};
	double		m = (double) deals.won_rows;
	double		l = (double) deals.lost_rows;
	double		step = 0.0;
	int64_t		values;
	int32_t		n = 1;
	SfStatus	status = count_values(ctx, deals, &values);

	if (status != SF_OK)
		return status;
	/* both shares together run from 0 to 2 */
	if (values >= most)
		step = 2.0 / (most - 3.0);
	point[0] = (SfRocPoint) {INFINITY, m > 0 ? 0.0 : NAN, l > 0 ? 0.0 : NAN};
	while (next_value(ctx, &w, &status))
	{
		double		of_won = (m - (double) w.left.won_rows) / m;
		double		of_lost = (l - (double) w.left.lost_rows) / l;
		double		far = (m > 0 ? of_won - point[n - 1].won_share : 0.0) + (l > 0 ? of_lost - point[n - 1].lost_share : 0.0);

		if (far >= step || w.left.won_rows + w.left.lost_rows == 0)
			point[n++] = (SfRocPoint) {w.value, of_won, of_lost};
	}
	if (status == SF_OK)
		*points = n;
	return status;
}

static void
wilson(int64_t won, int64_t rows, double *low, double *high)
{
	double		n = (double) rows;
	double		rate = (double) won / n;
	double		z2 = NORMAL_975 * NORMAL_975;
	double		centre = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
	double		width = NORMAL_975 * sqrt(rate * (1.0 - rate) / n + z2 / (4.0 * n * n)) / (1.0 + z2 / n);

	*low = won == 0 ? 0.0 : fmax(0.0, fmin(rate, centre - width));
	*high = won == rows ? 1.0 : fmin(1.0, fmax(rate, centre + width));
}

/* The bins from the highest down; they are turned round at the end. */
SfStatus
sf_calibration_curve(SfCtx *ctx, SfRankedDeals deals, int32_t bins, SfCalibrationPoint *point, int32_t *points)
{
	Walk		w = {.left = deals};
	SfSum		sum = {0};
	int32_t		n = 0;
	int32_t		last = -1;
	SfStatus	status = SF_OK;

	while (next_value(ctx, &w, &status))
	{
		int32_t		bin = w.value * bins >= bins ? bins - 1 : (int32_t) (w.value * bins);

		if (bin != last)
		{
			point[n++] = (SfCalibrationPoint) {.bin_low = (double) bin / bins, .bin_high = (bin + 1.0) / bins};
			sum = (SfSum) {0};
			last = bin;
		}
		sf_sum_add_product(&sum, w.value, (double) (w.won + w.lost));
		point[n - 1].rows += w.won + w.lost;
		point[n - 1].won += w.won;
		point[n - 1].mean = sf_sum_value(sum) / (double) point[n - 1].rows;
	}
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < n; i++)
	{
		point[i].rate = (double) point[i].won / (double) point[i].rows;
		wilson(point[i].won, point[i].rows, &point[i].low, &point[i].high);
	}
	for (int32_t i = 0; i < n - 1 - i; i++)
	{
		SfCalibrationPoint swap = point[i];

		point[i] = point[n - 1 - i];
		point[n - 1 - i] = swap;
	}
	*points = n;
	return SF_OK;
}

SfStatus
sf_lift_curve(SfCtx *ctx, SfRankedDeals deals, int32_t bins, SfLiftPoint *point, int32_t *points)
{
	Walk		w = {.left = deals};
	int64_t		rows = deals.won_rows + deals.lost_rows;
	int64_t		seen = 0;
	int64_t		won = 0;
	int64_t		filled = 0;		/* shares of all deals */
	int32_t		n = 0;
	bool		open = false;
	SfStatus	status = SF_OK;

	while (next_value(ctx, &w, &status))
	{
		if (!open)
			point[n++] = (SfLiftPoint) {0};
		point[n - 1].rows += w.won + w.lost;
		point[n - 1].won += w.won;
		seen += w.won + w.lost;
		won += w.won;
		point[n - 1].share = (double) seen / (double) rows;
		point[n - 1].won_share = (double) won / (double) deals.won_rows;
		/* one value may fill several shares at once */
		open = seen * bins / rows == filled;
		filled = seen * bins / rows;
	}
	if (status != SF_OK)
		return status;
	for (int32_t i = 0; i < n; i++)
	{
		point[i].rate = (double) point[i].won / (double) point[i].rows;
		point[i].lift = deals.won_rows > 0 ? point[i].rate * ((double) rows / (double) deals.won_rows) : NAN;
	}
	*points = n;
	return SF_OK;
}
