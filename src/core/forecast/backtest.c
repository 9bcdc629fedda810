/*
 * backtest.c
 *		Rolling origins: forecasts made from the past of a series, next to what came.
 */
#include "core/forecast/backtest.h"

#include <math.h>

SfStatus
sf_backtest_check(SfCtx *ctx, const SfBacktest *b)
{
	if (b->origins < 1)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "origins of a backtest must be at least 1", b->origins);
	if (b->step < 1)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "step of a backtest must be at least 1 period", b->step);
	if (b->window != 0 && b->window < SF_BACKTEST_LEAST)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "window of a backtest must be at least 3 periods", b->window);
	if (b->gap < 0)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT, "gap of a backtest must not be negative", b->gap);
	if (b->horizon < 1 || b->horizon > SF_HORIZON_MAX - b->gap)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT,
							 "horizon of a backtest, with its gap, must be between 1 and 100000", b->horizon);
	return SF_OK;
}

int32_t
sf_backtest_count(const SfBacktest *b, int32_t n)
{
	int64_t		last = (int64_t) n - b->gap - b->horizon;
	int64_t		count;

	if (last < SF_BACKTEST_LEAST)
		return 0;
	count = (last - SF_BACKTEST_LEAST) / b->step + 1;
	return count < b->origins ? (int32_t) count : b->origins;
}

SfOrigin
sf_backtest_origin(const SfBacktest *b, int32_t n, int32_t count, int32_t i)
{
	SfOrigin	origin;

	origin.end = (int32_t) ((int64_t) n - b->gap - b->horizon - (int64_t) (count - 1 - i) * b->step);
	origin.begin = b->window > 0 && b->window < origin.end ? origin.end - b->window : 0;
	origin.judged = origin.end + b->gap;
	return origin;
}

bool
sf_backtest_train(const SfSeries *s, const SfOrigin *origin, SfSeries *train)
{
	int32_t		observed = 0;

	*train = *s;
	train->y = s->y + origin->begin;
	train->n = origin->end - origin->begin;
	if (s->drivers != NULL)
		train->drivers = s->drivers + (int64_t) origin->begin * s->driver_count;
	for (int32_t i = 0; i < train->n && observed < SF_BACKTEST_LEAST; i++)
		observed += !isnan(train->y[i]);
	return observed == SF_BACKTEST_LEAST;
}
