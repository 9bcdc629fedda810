/* Tests of core/forecast/backtest.c: where rolling origins stand, and what they are trained on. */
#include "check.h"

#include "core/forecast/backtest.h"

static void
test_by_hand(void)
{
	SfBacktest	b = {.origins = 2, .step = 3, .window = 12, .gap = 2, .horizon = 2};
	SfOrigin	o;

	group("by hand: 21 periods, two origins three apart, a gap of two, a horizon of two");
	check(sf_backtest_count(&b, 21) == 2, "two fit");
	o = sf_backtest_origin(&b, 21, 2, 1);
	check(o.begin == 5 && o.end == 17 && o.judged == 19, "the last: %d %d %d", o.begin, o.end, o.judged);
	o = sf_backtest_origin(&b, 21, 2, 0);
	check(o.begin == 2 && o.end == 14 && o.judged == 16, "the first: %d %d %d", o.begin, o.end, o.judged);
	done();
}

static void
test_all(void)
{
	group("every origin is trained on the least or more, before what is judged, inside the series");
	for (int32_t n = 0; n < 30; n++)
		for (int32_t c = 0; c < 5 * 4 * 4 * 3 * 3; c++)
		{
			SfBacktest	b = {
				.origins = 1 + c % 5, .step = 1 + c / 5 % 4, .window = (c / 20 % 4) * 3,
				.gap = c / 80 % 3, .horizon = 1 + c / 240 % 3,
			};
			int32_t		count = sf_backtest_count(&b, n);
			int32_t		before = -1;

			check(count >= 0 && count <= b.origins, "count %d", count);
			for (int32_t i = 0; i < count; i++)
			{
				SfOrigin	o = sf_backtest_origin(&b, n, count, i);

				check(o.begin >= 0 && o.end - o.begin >= SF_BACKTEST_LEAST && o.judged == o.end + b.gap &&
					  o.judged + b.horizon <= n, "n %d: %d %d %d", n, o.begin, o.end, o.judged);
				check(b.window == 0 ? o.begin == 0 : o.end - o.begin <= b.window, "window");
				check(before < 0 || o.end - before == b.step, "step");
				before = o.end;
			}
			check(count == 0 || before + b.gap + b.horizon == n, "the last is judged on the last periods");
		}
	done();
}

static void
test_train(void)
{
	static const double y[] = {NAN, 1, NAN, 2, 3, NAN, 4, 5};
	static const double drivers[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7};
	SfSeries	s = {.y = y, .n = LENGTH(y), .seasons = 1, .season = {4}, .drivers = drivers, .driver_count = 2};
	SfSeries	train;
	SfOrigin	o = {.begin = 3, .end = 7, .judged = 7};

	group("the training borrows its part of the series and drivers over the rest");
	check(sf_backtest_train(&s, &o, &train), "three values are enough");
	check(train.y == y + 3 && train.n == 4 && train.drivers == drivers + 6 && train.season[0] == 4, "the part from 3 to 6");
	done();

	group("fewer than three values are too few");
	o = (SfOrigin) {.begin = 0, .end = 4, .judged = 4};
	check(!sf_backtest_train(&s, &o, &train), "two values");
	done();
}

static void
test_refused(void)
{
	static const SfBacktest bad[] = {
		{.origins = 0, .step = 1, .horizon = 1}, {.origins = 1, .step = 0, .horizon = 1},
		{.origins = 1, .step = 1, .horizon = 0}, {.origins = 1, .step = 1, .horizon = 1, .gap = -1},
		{.origins = 1, .step = 1, .horizon = 1, .window = 2}, {.origins = 1, .step = 1, .horizon = 1, .window = -1},
		{.origins = 1, .step = 1, .horizon = SF_HORIZON_MAX, .gap = 1},
		{.origins = 1, .step = 1, .horizon = 1, .gap = INT32_MAX},
		{.origins = INT32_MIN, .step = INT32_MIN, .horizon = INT32_MIN, .gap = INT32_MIN},
	};
	SfBacktest	good = {.origins = INT32_MAX, .step = INT32_MAX, .window = INT32_MAX, .gap = SF_HORIZON_MAX - 1, .horizon = 1};
	Host		host;

	host_init(&host);
	group("what is out of range is refused, what is large is not");
	for (int i = 0; i < LENGTH(bad); i++)
		check(sf_backtest_check(&host.ctx, &bad[i]) == SF_BAD_ARGUMENT, "case %d", i);
	check(sf_backtest_check(&host.ctx, &good) == SF_OK, "large");
	check(sf_backtest_count(&good, SF_SERIES_LENGTH_MAX) == 1, "one fits");
	check(sf_backtest_origin(&good, SF_SERIES_LENGTH_MAX, 1, 0).begin == 0, "from the start");
	done();
	host_free(&host);
}

int
main(void)
{
	test_by_hand();
	test_all();
	test_train();
	test_refused();
	return finish();
}
