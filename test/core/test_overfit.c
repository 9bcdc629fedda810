/* Tests of core/forecast/overfit.c: the error in training next to that in validation. */
#include "check.h"

#include "core/forecast/overfit.h"

#define MOST 200

static SfOverfit
judge(const SfSeries *s, const char *method)
{
	SfPlan		plan = {.method = method, .horizon = 1, .lambda = NAN};
	SfOverfit	o = {0};
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_overfit(&arena, s, &plan, &o);
	check(status == SF_OK, "%s, n %d: status %d", method, s->n, status);
	host_free(&host);
	return o;
}

static void
test_errors(void)
{
	static double y[MOST];
	SfSeries	s = {.y = y, .n = 20};
	SfOverfit	o;
	SfRng		rng;

	group("a case by hand: naive forecasts of a line");
	for (int t = 0; t < 20; t++)
		y[t] = 10 + t;
	o = judge(&s, "naive");
	/* errors of 1; mean of 11 .. 25 and of 26 .. 29 */
	check(o.trained == 16 && o.origins == 4 && close_to(o.training, 1 / 18.0, 0, 1e-12) && close_to(o.validation, 1 / 27.5, 0, 1e-12), "%g, %g", o.training, o.validation);
	done();

	group("a season that is only in the past is a gap");
	sf_rng_seed(&rng, 95);
	s = (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {12}};
	for (int t = 0; t < MOST; t++)
		y[t] = 100 + (t < 160 ? 30 * (t % 12 < 3) : 30 * sf_rng_uniform(&rng));
	o = judge(&s, "seasonal_naive");
	check(o.origins == 10 && o.training < 0.01 && o.validation > 0.05, "%g, %g", o.training, o.validation);
	for (int t = 0; t < MOST; t++)
		y[t] = 100 + 30 * (t % 12 < 3) + sf_rng_uniform(&rng);
	o = judge(&s, "auto");
	check(o.validation < 0.02 && o.validation < 3 * o.training, "none: %g, %g", o.training, o.validation);
	done();

	group("units do not matter");
	{
		SfOverfit	other;
		static double scaled[MOST];

		s.y = scaled;
		for (int p = -900; p <= 900; p += 300)
		{
			for (int t = 0; t < MOST; t++)
				scaled[t] = ldexp(y[t], p);
			other = judge(&s, "auto");
			check(same_bits(other.training, o.training) && same_bits(other.validation, o.validation), "2^%d: %g, %g", p, other.training, other.validation);
		}
	}
	done();
}

static void
test_hostile(void)
{
	static double y[MOST];
	SfSeries	s = {.y = y, .seasons = 1, .season = {12}};

	group("short, constant, empty at an end: unknown, never wrong");
	for (int n = 1; n <= 60; n++)
		for (int kind = 0; kind < 5; kind++)
		{
			SfOverfit	o;

			for (int t = 0; t < n; t++)
				y[t] = kind == 0 ? 0 : kind == 1 ? 5 : kind == 2 ? (t < n / 2 ? NAN : t) : kind == 3 ? (t > 0 ? NAN : 3) : (t % 2 ? 1e300 : -1e300);
			if (kind == 2)
				y[n - 1] = n;
			s.n = n;
			o = judge(&s, "auto");
			check(o.origins == 0 ? isnan(o.training) && isnan(o.validation) : n >= SF_OVERFIT_LEAST && o.training >= 0 && isfinite(o.validation), "n %d, kind %d: %d, %g, %g", n, kind, o.origins, o.training, o.validation);
			check(kind == 0 ? o.origins == 0 : kind != 1 || n < SF_OVERFIT_LEAST || (o.training < 1e-6 && o.validation < 1e-6), "n %d, kind %d", n, kind);
		}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static double y[40];
	SfPlan		plan = {.method = "auto", .horizon = 1, .lambda = NAN};
	SfSeries	s = {.y = y, .n = 40, .seasons = 1, .season = {4}};
	SfOverfit	o;
	SfArena		arena;

	(void) argument;
	for (int t = 0; t < 40; t++)
		y[t] = 10 + t % 4 + (t * 7 % 5) * 0.1;
	sf_arena_init(&arena, ctx);
	return sf_overfit(&arena, &s, &plan, &o);
}

int
main(void)
{
	test_errors();
	test_hostile();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(work, NULL);
	cancel_each(work, NULL, 7);
	done();
	return finish();
}
