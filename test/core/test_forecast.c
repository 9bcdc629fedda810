/* Tests of core/forecast/forecast.c: the door of the room, with every method behind it. */
#include "check.h"

#include "core/base/dist.h"
#include "core/forecast/conformal.h"
#include "core/forecast/forecast.h"
#include "core/forecast/intermittent.h"
#include "core/forecast/simple.h"
#include "core/forecast/transform.h"

#define MOST 144
#define AHEAD_MOST 5000

/* A forecast with room of its own. */
typedef struct Made
{
	SfStatus	status;
	char		what[200];
	int64_t		where;
	SfProjection out;
	double		mean[AHEAD_MOST];
	double		lo80[AHEAD_MOST];
	double		hi80[AHEAD_MOST];
	double		lo95[AHEAD_MOST];
	double		hi95[AHEAD_MOST];
	double		fitted[MOST];
} Made;

static SfStatus
forecast_under(SfCtx *ctx, const SfSeries *s, const SfPlan *plan, Made *m)
{
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	m->out = (SfProjection) {m->mean, m->lo80, m->hi80, m->lo95, m->hi95, NULL, {.fitted = s->n <= MOST ? m->fitted : NULL}};
	return sf_forecast_series(&arena, s, plan, &m->out);
}

static SfStatus
forecast(const SfSeries *s, const SfPlan *plan, Made *m)
{
	Host		host;

	host_init(&host);
	m->status = forecast_under(&host.ctx, s, plan, m);
	check(m->status == SF_OK || (host.ctx.what != NULL && strlen(host.ctx.what) > 0), "%s: status %d without a rule", plan->method, m->status);
	(void) snprintf(m->what, sizeof m->what, "%s", host.ctx.what ? host.ctx.what : "");
	m->where = host.ctx.where;
	host_free(&host);
	return m->status;
}

/* Finite, in order, never narrower in the next step (where nothing bends it), not below 0 where that was asked. */
static const char *
fault(const Made *m, const SfPlan *plan)
{
	for (int k = 0; k < plan->horizon; k++)
	{
		double		largest = fmax(fabs(m->lo95[k]), fabs(m->hi95[k]));

		if (!isfinite(m->mean[k]) || !isfinite(m->lo95[k]) || !isfinite(m->hi95[k]))
			return "not finite";
		if (!(m->lo95[k] <= m->lo80[k] && m->lo80[k] <= m->mean[k] && m->mean[k] <= m->hi80[k] && m->hi80[k] <= m->hi95[k]))
			return "not in order";
		if (plan->nonnegative && m->lo95[k] < 0)
			return "negative";
		if (k == 0)
			continue;
		largest = fmax(largest, fmax(fabs(m->lo95[k - 1]), fabs(m->hi95[k - 1]))) + DBL_MIN;
		if (m->hi95[k] - m->lo95[k] < (m->hi95[k - 1] - m->lo95[k - 1]) * (1 - 1e-9) - 1e-12 * largest - DBL_MIN)
			return "narrower in all";
		if (plan->nonnegative || plan->transform != SF_TRANSFORM_NONE)
			continue;
		if (m->hi95[k] - m->mean[k] < m->hi95[k - 1] - m->mean[k - 1] - 1e-12 * largest || m->mean[k] - m->lo80[k] < m->mean[k - 1] - m->lo80[k - 1] - 1e-12 * largest)
			return "narrower";
	}
	return strlen(m->out.made.label) > 0 ? NULL : "no label";
}

enum
{
	ZERO, NEGATIVE, ONE_VALUE, HUGE_SIGNS, TINY, BOTH_ENDS, ANY_SIZE, FLAT_HIGH, EXPLODING, JUMP, GAPS, ONE_OBSERVED, LARGEST, DENORMAL, COUNTS,
	USUAL, FALLING, POWERS, MIDDLE_ONLY, ZEROS_IN_PLACE, ONES, THREES, KINDS
};

static void
draw(int kind, int n, SfRng *rng, double *y)
{
	for (int t = 0; t < n; t++)
		switch (kind)
		{
			case ZERO:
				y[t] = 0;
				break;
			case NEGATIVE:
				y[t] = -7.25;
				break;
			case ONE_VALUE:
				y[t] = t == n / 2 ? 3 : 0;
				break;
			case HUGE_SIGNS:
				y[t] = t % 2 ? 1e300 : -1e300;
				break;
			case TINY:
				y[t] = 1e-300 * (1 + t % 5);
				break;
			case BOTH_ENDS:
				y[t] = t % 3 == 0 ? 1e300 : 1e-300;
				break;
			case ANY_SIZE:
				y[t] = random_magnitude(rng, -300, 300);
				break;
			case FLAT_HIGH:
				y[t] = 1e9 + 1e-6 * sf_rng_uniform(rng);
				break;
			case EXPLODING:
				y[t] = exp(0.5 * t);
				break;
			case JUMP:
				y[t] = t < n - 1 ? 5 : 1e12;
				break;
			case GAPS:
				y[t] = t % 3 != 0 ? NAN : sf_rng_uniform(rng) + 0.5;
				break;
			case ONE_OBSERVED:
				y[t] = t != n / 2 ? NAN : 4;
				break;
			case LARGEST:
				y[t] = 1.7e308 * (t % 2 ? 1 : -1);
				break;
			case DENORMAL:
				y[t] = 5e-324 * (t % 4);
				break;
			case COUNTS:
				y[t] = (double) sf_rng_below(rng, 3);
				break;
			case USUAL:
				y[t] = 100 + t + 20 * sin(t * 0.5236) + 5 * sf_rng_uniform(rng);
				break;
			case FALLING:
				y[t] = -3 * t;
				break;
			case POWERS:
				y[t] = ldexp(1, t);
				break;
			case MIDDLE_ONLY:
				y[t] = t < n / 3 || t > 2 * n / 3 ? NAN : 10 + t % 4;
				break;
			case ZEROS_IN_PLACE:
				y[t] = t % 7 < 2 ? 0 : 5 + sf_rng_uniform(rng);
				break;
			default:
				y[t] = kind == ONES ? 1 : 3;
		}
}

/* Values so large that an interval may leave the doubles. */
static bool
may_overflow(int kind, const SfPlan *plan)
{
	bool		wide = kind == HUGE_SIGNS || kind == BOTH_ENDS || kind == ANY_SIZE || kind == LARGEST;

	/* after an exponential many more */
	return wide || (plan->transform != SF_TRANSFORM_NONE && (kind == JUMP || kind == EXPLODING || kind == POWERS || kind == TINY));
}

static void
check_odd(const SfSeries *s, const SfPlan *plan, int kind, Made *m)
{
	int			observed = 0;
	const char *bad;

	for (int t = 0; t < s->n; t++)
		observed += !isnan(s->y[t]);
	(void) forecast(s, plan, m);
	if (m->status == SF_OK)
	{
		bad = fault(m, plan);
		check(bad == NULL, "%s, kind %d, n %d, first season %g, horizon %d: %s (%s)", plan->method, kind, s->n, s->season[0], plan->horizon, bad, m->out.made.label);
		for (int t = 0; t < s->n; t++)
			check(!isinf(m->fitted[t]), "%s, kind %d, n %d: fitted %d", plan->method, kind, s->n, t);
		return;
	}
	check((m->status == SF_BAD_DATA && observed == 0) || (m->status == SF_BAD_DATA && plan->transform != SF_TRANSFORM_NONE) ||
		  (m->status == SF_OVERFLOW && may_overflow(kind, plan)), "%s, kind %d, n %d, first season %g, horizon %d: status %d, %s", plan->method, kind, s->n, s->season[0],
		  plan->horizon, m->status, m->what);
}

static void
test_odd(void)
{
	static const int lengths[] = {1, 2, 3, 4, 5, 7, 13, 25, 40};
	static const double seasons[][6] = {{0}, {7, 30.4, 365.25}, {12}, {2.5, 5.1}, {2, 3, 4, 5, 6, 7}, {1.0001}, {1.5, 2.5, 3.5, 4.5, 6.7, 1e9}};
	static const struct
	{
		const char *name;
		SfPlan		plan;
		int			thin;		/* every thin-th case */
		bool		drivers;
	}			ways[] = {
		{"plain", {.horizon = 9, .lambda = NAN}, 4, false},
		{"far", {.horizon = AHEAD_MOST, .lambda = NAN}, 61, false},
		{"conformal", {.horizon = 12, .lambda = NAN, .intervals = SF_INTERVALS_CONFORMAL}, 31, false},
		{"nonnegative", {.horizon = 1, .lambda = NAN, .nonnegative = true, .intervals = SF_INTERVALS_MODEL}, 7, false},
		{"log", {.horizon = 6, .lambda = NAN, .transform = SF_TRANSFORM_LOG}, 7, false},
		{"Box-Cox", {.horizon = 6, .lambda = NAN, .transform = SF_TRANSFORM_BOX_COX}, 7, false},
		{"drivers", {.horizon = 12, .lambda = NAN}, 7, true},
		{"high accuracy", {.horizon = 12, .lambda = NAN, .high = true}, 3, false},
		{"high accuracy with drivers", {.horizon = 12, .lambda = NAN, .high = true}, 7, true}
	};
	static double x[3 * (MOST + 12)];
	static Made m;
	double		y[MOST];
	SfRng		rng;
	const SfMethod *method;

	sf_rng_seed(&rng, 121);
	for (int w = 0; w < LENGTH(ways); w++)
	{
		char		name[100];

		(void) snprintf(name, sizeof name, "every method on odd series: %s", ways[w].name);
		group(name);
		for (int i = 0; (method = sf_method_at(i)) != NULL; i++)
			for (int kind = 0; kind < KINDS; kind++)
				for (int l = 0; l < LENGTH(lengths); l++)
					for (int k = 0; k < LENGTH(seasons); k++)
					{
						SfSeries	s = {.y = y, .n = lengths[l]};
						SfPlan		plan = ways[w].plan;
						char		stl[64];

						if ((i + 5 * kind + 3 * l + k) % ways[w].thin != 0 || (plan.high && i > 0))
							continue;
						/* refused, see test_refusals */
						if (method->demand && (ways[w].drivers || plan.transform != SF_TRANSFORM_NONE))
							continue;
						while (s.seasons < 6 && seasons[k][s.seasons] > 0)
						{
							s.season[s.seasons] = seasons[k][s.seasons];
							s.seasons++;
						}
						draw(kind, s.n, &rng, y);
						(void) snprintf(stl, sizeof stl, "%s%s", l % 4 == 3 && !plan.high && !method->demand ? "stl+" : "", method->name);
						plan.method = stl;
						if (ways[w].drivers)
						{
							s.drivers = x;
							s.driver_count = 3;
							for (int t = 0; t < s.n + plan.horizon; t++)
							{
								x[3 * t] = l % 3 == 0 ? 0.1 : l % 3 == 1 ? t : (t == s.n / 2);
								x[3 * t + 1] = k % 2 ? 1e300 * sf_rng_uniform(&rng) : 2 * x[3 * t] + 1;
								x[3 * t + 2] = sf_rng_uniform(&rng);
							}
						}
						check_odd(&s, &plan, kind, &m);
					}
		done();
	}
}

static SfPlan
plan_for(const char *method, int horizon)
{
	return (SfPlan) {.method = method, .horizon = horizon, .lambda = NAN};
}

static void
test_intervals(void)
{
	static Made m;
	static const double hand[] = {2, 4, 3, 5, 4, 6, 5, 7};
	double		y[MOST];
	SfSeries	s = {.y = hand, .n = LENGTH(hand)};
	SfPlan		plan = plan_for("naive", 3);
	double		z80 = sf_normal_quantile(0.9);
	double		z95 = sf_normal_quantile(0.975);
	SfRng		rng;

	group("by hand: the naive forecast, its own variance and normal quantiles");
	check(forecast(&s, &plan, &m) == SF_OK, "%s", m.what);
	for (int k = 0; k < 3; k++)
	{
		double		quantile = m.hi80[k] - 7;

		/* the root of the mean of the squared errors 1, 2, 1, 2 from 4, 5, 6, 7 values on, pooled with 1, 1, 1, and more */
		check(m.mean[k] == 7 && quantile > z80 * sqrt(13.0 / 7), "step %d: %g .. %g", k + 1, m.mean[k], m.hi80[k]);
		check(close_to(m.lo80[k], 7 - quantile, 1e-13, 0) && close_to(m.hi95[k], 7 + quantile * z95 / z80, 0, 1e-13) &&
			  close_to(m.lo95[k], 7 - quantile * z95 / z80, 1e-13, 0), "step %d: %g .. %g", k + 1, m.lo95[k], m.hi95[k]);
	}
	check(strcmp(m.out.made.label, "naive") == 0 && m.out.made.converged && isnan(m.fitted[0]) && m.fitted[3] == 3, "label %s", m.out.made.label);
	done();

	group("conformal: ranked errors, the same to both sides");
	plan.intervals = SF_INTERVALS_CONFORMAL;
	check(forecast(&s, &plan, &m) == SF_OK, "%s", m.what);
	/* one step from 4, 5, 6, 7 values: errors 1, 2, 1, 2; rank 4 of 4 for 80 %, beyond them for 95 % */
	check(close_to(m.hi80[0], 9, 0, 1e-14) && close_to(m.lo80[0], 5, 0, 1e-14), "80 %%: %g .. %g", m.lo80[0], m.hi80[0]);
	check(close_to(m.hi95[0], 7 + 2 * (1 + 8 / (pow(4, 0.75) * 5)), 0, 1e-14), "95 %%: %g", m.hi95[0]);
	done();

	sf_rng_seed(&rng, 122);
	group("methods for intermittent demand take no transform, no drivers, no decomposition");
	{
		double		x[60] = {0};

		for (int t = 0; t < 40; t++)
			y[t] = t % 3 == 0;
		s = (SfSeries) {.y = y, .n = 40};
		plan = plan_for("croston", 5);
		plan.transform = SF_TRANSFORM_LOG;
		check(forecast(&s, &plan, &m) == SF_BAD_ARGUMENT, "transform");
		plan = plan_for("stl+croston", 5);
		check(forecast(&s, &plan, &m) == SF_BAD_ARGUMENT, "decomposition");
		s.drivers = x;
		s.driver_count = 1;
		plan = plan_for("croston", 5);
		check(forecast(&s, &plan, &m) == SF_BAD_ARGUMENT, "drivers");
		plan = plan_for("auto", 5);
		check(forecast(&s, &plan, &m) == SF_OK, "auto leaves drivers out: %s", m.what);
	}
	done();

	group("nothing below 0 where that is asked, and otherwise the same");
	for (int t = 0; t < 40; t++)
		y[t] = 3 + sf_rng_uniform(&rng) * 6 - 0.05 * t;
	for (int i = 0; i < 3; i++)
	{
		static Made other;

		s = (SfSeries) {.y = y, .n = 40};
		plan = plan_for(i == 0 ? "drift" : i == 1 ? "auto" : "ets", 60);
		check(forecast(&s, &plan, &m) == SF_OK, "%s", m.what);
		plan.nonnegative = true;
		check(forecast(&s, &plan, &other) == SF_OK && fault(&other, &plan) == NULL, "%s", other.what);
		for (int k = 0; k < 60; k++)
			check(same_bits(fmax(m.mean[k], 0), other.mean[k]) && fmax(m.lo95[k], 0) == other.lo95[k] && fmax(m.hi95[k], 0) <= other.hi95[k], "%s, step %d", plan.method, k + 1);
	}
	done();

	group("intermittent demand: the interval of one period, around the mean");
	{
		SfArena		arena;
		Host		host;
		double		lo;
		double		hi;

		for (int t = 0; t < 40; t++)
			y[t] = sf_rng_below(&rng, 4) == 0 ? 1 + (double) sf_rng_below(&rng, 5) : 0;
		plan = plan_for("auto", 5);
		check(forecast(&s, &plan, &m) == SF_OK && m.out.made.demand, "%s", m.what);
		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		check(sf_intermittent_interval(&arena, y, 40, 0.8, &lo, &hi) == SF_OK, "interval");
		check(close_to(m.lo80[0], fmin(lo, m.mean[0]), 0, 1e-12) && close_to(m.hi80[4], fmax(hi, m.mean[0]), 0, 1e-12), "%g .. %g, wanted %g .. %g", m.lo80[0], m.hi80[4], lo, hi);
		host_free(&host);
	}
	done();
}

static void
test_laws(void)
{
	static const char *const methods[] = {"auto", "seasonal_naive", "holt", "theta", "dotm", "ets", "stl+drift", "arima", "mfles", "prophet", "croston"};
	static const int powers[] = {3, -10, 200, -600};
	static Made one;
	static Made other;
	double		y[MOST];
	double		scaled[MOST];
	SfSeries	s = {.y = y, .n = 60, .seasons = 1, .season = {12}};
	SfSeries	p = {.y = scaled, .n = 60, .seasons = 1, .season = {12}};
	SfRng		rng;

	sf_rng_seed(&rng, 123);
	draw(USUAL, 60, &rng, y);
	group("scaled by a power of two: mean and intervals exactly, label and notes too");
	for (int i = 0; i < LENGTH(methods); i++)
		for (int way = 0; way < 3; way++)
		{
			SfPlan		plan = plan_for(methods[i], 14);

			SfMethodChoice choice;

			check(sf_method_find(methods[i], &choice), "%s", methods[i]);
			plan.transform = way == 1 && !choice.method->demand ? SF_TRANSFORM_BOX_COX : SF_TRANSFORM_NONE;
			plan.intervals = way == 2 && i < 6 ? SF_INTERVALS_CONFORMAL : SF_INTERVALS_AUTO;
			check(forecast(&s, &plan, &one) == SF_OK && fault(&one, &plan) == NULL, "%s, way %d: %s", methods[i], way, one.what);
			for (int q = 0; q < LENGTH(powers); q++)
			{
				for (int t = 0; t < 60; t++)
					scaled[t] = ldexp(y[t], powers[q]);
				check(forecast(&p, &plan, &other) == SF_OK, "%s: %s", methods[i], other.what);
				check(strcmp(one.out.made.label, other.out.made.label) == 0 && one.out.made.notes == other.out.made.notes, "%s: %s, not %s", methods[i], other.out.made.label,
					  one.out.made.label);
				for (int k = 0; k < 14; k++)
					check(same_bits(other.mean[k], ldexp(one.mean[k], powers[q])) && same_bits(other.lo95[k], ldexp(one.lo95[k], powers[q])) &&
						  same_bits(other.hi80[k], ldexp(one.hi80[k], powers[q])), "%s by 2^%d, step %d", methods[i], powers[q], k + 1);
			}
		}
	done();

	group("a forecast of an earlier day does not know what came later");
	for (int i = 0; i < LENGTH(methods); i++)
	{
		SfPlan		plan = plan_for(methods[i], 5);

		memcpy(scaled, y, sizeof scaled);
		for (int t = 50; t < 60; t++)
			scaled[t] = -1e9;
		s.n = p.n = 50;
		check(forecast(&s, &plan, &one) == SF_OK && forecast(&p, &plan, &other) == SF_OK, "%s", methods[i]);
		for (int k = 0; k < 5; k++)
			check(same_bits(one.mean[k], other.mean[k]) && same_bits(one.hi95[k], other.hi95[k]), "%s, step %d", methods[i], k + 1);
	}
	s.n = p.n = 60;
	done();

	group("the log is the forecast of the logs; Box-Cox with lambda 1 changes little");
	{
		SfPlan		plan = plan_for("drift", 4);
		SfPlan		log_plan = plan_for("drift", 4);

		log_plan.transform = SF_TRANSFORM_LOG;
		for (int t = 0; t < 60; t++)
			scaled[t] = log(y[t]);
		check(forecast(&s, &log_plan, &one) == SF_OK && forecast(&p, &plan, &other) == SF_OK, "%s", one.what);
		for (int k = 0; k < 4; k++)
			check(close_to(one.mean[k], exp(other.mean[k]), 0, 1e-12) && close_to(one.hi95[k], exp(other.hi95[k]), 0, 1e-11) && close_to(one.lo80[k], exp(other.lo80[k]), 0, 1e-11),
				  "step %d: %g, wanted %g", k + 1, one.mean[k], exp(other.mean[k]));
		check(close_to(one.fitted[30], exp(other.fitted[30]), 0, 1e-12), "fitted");
		log_plan.transform = SF_TRANSFORM_BOX_COX;
		log_plan.lambda = 1;
		check(forecast(&s, &log_plan, &one) == SF_OK && forecast(&s, &plan, &other) == SF_OK, "%s", one.what);
		for (int k = 0; k < 4; k++)
			check(close_to(one.mean[k], other.mean[k], 0, 1e-12) && close_to(one.lo95[k], other.lo95[k], 0, 1e-11), "lambda 1, step %d: %g", k + 1, one.mean[k]);
	}
	done();

	group("usual series can be transformed with an estimated lambda");
	for (int turn = 0; turn < 40; turn++)
	{
		SfPlan		plan = plan_for(methods[turn % 9], 24);

		plan.transform = SF_TRANSFORM_BOX_COX;
		p.n = 24 + turn % 3 * 12;
		for (int t = 0; t < p.n; t++)
			scaled[t] = (50 + sf_rng_uniform(&rng) * 30 + t) * (t % 12 == 3 ? 2 : 1);
		check(forecast(&p, &plan, &one) == SF_OK && fault(&one, &plan) == NULL, "%s, n %d: %s", plan.method, p.n, one.what);
	}
	done();

	group("what a driver does is forecast, for methods that know drivers and for those that do not");
	{
		static const char *const with[] = {"auto", "naive", "theta", "ets", "arima", "prophet", "mfles", "stl+ses", "damped"};
		double		x[80];

		for (int t = 0; t < 80; t++)
			x[t] = sf_rng_below(&rng, 4) == 0;
		for (int t = 0; t < 60; t++)
			scaled[t] = 100 + 40 * x[t] + sf_rng_uniform(&rng);
		x[63] = 1;
		x[64] = 0;
		p = (SfSeries) {.y = scaled, .n = 60, .drivers = x, .driver_count = 1};
		for (int i = 0; i < LENGTH(with); i++)
		{
			SfPlan		plan = plan_for(with[i], 20);

			check(forecast(&p, &plan, &one) == SF_OK && fault(&one, &plan) == NULL, "%s: %s", with[i], one.what);
			check(close_to(one.mean[3] - one.mean[4], 40, 6, 0) && close_to(one.mean[4], 100, 6, 0), "%s: %g, then %g", with[i], one.mean[3], one.mean[4]);
		}
	}
	done();
}

static void
test_refusals(void)
{
	static Made m;
	static const double ok[] = {1, 2, 3, 4, 5, 6};
	static const double gaps[] = {NAN, NAN, NAN, NAN, NAN, NAN};
	static const double wild[] = {1, 2, 3, -INFINITY, 5, 6};
	static const double zero[] = {1, 2, 0, 4, 5, 6};
	const struct
	{
		SfSeries	s;
		SfPlan		plan;
		SfStatus	status;
		int			where;
	}			cases[] = {
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN}, SF_OK, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 0, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = -1, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = SF_HORIZON_MAX + 1, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "oracle", .horizon = 1, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "", .horizon = 1, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 1, .lambda = 5.1}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 1, .lambda = -INFINITY}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 0}, {.method = "auto", .horizon = 1, .lambda = NAN}, SF_BAD_DATA, -1},
		{{.y = gaps, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN}, SF_BAD_DATA, -1},
		{{.y = gaps, .n = 6}, {.method = "arima", .horizon = 1, .lambda = NAN}, SF_BAD_DATA, -1},
		{{.y = gaps, .n = 6}, {.method = "prophet", .horizon = 1, .lambda = NAN, .transform = SF_TRANSFORM_LOG}, SF_BAD_DATA, -1},
		{{.y = wild, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN}, SF_BAD_DATA, 3},
		{{.y = zero, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN, .transform = SF_TRANSFORM_LOG}, SF_BAD_DATA, 2},
		{{.y = zero, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN, .transform = SF_TRANSFORM_BOX_COX}, SF_BAD_DATA, 2},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 1, .lambda = 0.5, .transform = SF_TRANSFORM_BOX_COX}, SF_OK, -1},
		{{.y = ok, .n = 6, .seasons = 1, .season = {0.5}}, {.method = "auto", .horizon = 1, .lambda = NAN}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "theta", .horizon = 1, .lambda = NAN, .high = true}, SF_BAD_ARGUMENT, -1},
		{{.y = ok, .n = 6}, {.method = "auto", .horizon = 1, .lambda = NAN, .high = true}, SF_OK, -1},
		{{.y = ok, .n = 6}, {.method = "ets(M,A,Z)", .horizon = 1, .lambda = NAN}, SF_OK, -1}
	};
	Host		host;

	group("what is refused, why and where");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		(void) forecast(&cases[i].s, &cases[i].plan, &m);
		check(m.status == cases[i].status || i == LENGTH(cases) - 1, "case %d: status %d, %s", i, m.status, m.what);
		check(m.status == SF_OK || cases[i].where < 0 || m.where == cases[i].where, "case %d: row %" PRId64, i, m.where);
		host_init(&host);
		check(sf_plan_check(&host.ctx, &cases[i].plan) == SF_OK || m.status == SF_BAD_ARGUMENT, "case %d: the plan", i);
		host_free(&host);
	}
	done();
}

/* A forecast for the failing hosts. */
typedef struct Errand
{
	SfSeries	s;
	SfPlan		plan;
} Errand;

static SfStatus
forecast_work(SfCtx *ctx, void *argument)
{
	static Made m;
	const Errand *errand = argument;

	return forecast_under(ctx, &errand->s, &errand->plan, &m);
}

int
main(void)
{
	static double y[MOST];
	static double x[MOST + 10];
	Errand		errand = {.s = {.y = y, .n = 50, .seasons = 1, .season = {12}, .drivers = x, .driver_count = 1}};
	SfRng		rng;

	test_refusals();
	test_intervals();
	test_laws();
	test_odd();
	sf_rng_seed(&rng, 124);
	draw(USUAL, 50, &rng, y);
	y[20] = NAN;
	for (int t = 0; t < 60; t++)
		x[t] = sf_rng_uniform(&rng);
	group("each refused allocation and each cancelled poll is a clean failure");
	for (int way = 0; way < 4; way++)
	{
		errand.plan = plan_for(way == 2 ? "stl+theta" : "auto", 8);
		errand.plan.high = way == 3;
		errand.plan.transform = way == 1 ? SF_TRANSFORM_BOX_COX : SF_TRANSFORM_NONE;
		errand.plan.intervals = way == 2 ? SF_INTERVALS_CONFORMAL : SF_INTERVALS_AUTO;
		refuse_each(forecast_work, &errand);
		cancel_each(forecast_work, &errand, way >= 2 ? 37 : 1);
	}
	done();
	return finish();
}
