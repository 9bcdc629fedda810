/* Tests of core/forecast/drivers.c: what outside figures do to a series. */
#include "check.h"

#include "core/forecast/drivers.h"

#define MOST 120
#define AHEAD 20
#define DRIVERS_MOST 6

/* An effect with room of its own. */
typedef struct Effect
{
	SfStatus	status;
	double		effect[MOST + AHEAD];
	bool		factor;
	SfForecast	notes;
} Effect;

static void
estimate(const SfSeries *s, Effect *e)
{
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	memset(e, 0, sizeof *e);
	e->status = sf_drivers_effect(&arena, s, s->y, AHEAD, e->effect, &e->factor, &e->notes);
	check(e->status == SF_OK, "status %d: %s", e->status, host.ctx.what ? host.ctx.what : "");
	host_free(&host);
}

static bool
all_zero(const Effect *e, int n)
{
	for (int t = 0; t < n + AHEAD; t++)
		if (e->effect[t] != 0)
			return false;
	return true;
}

/* Two drivers that come and go, and a series of 50 + 3 a - 2 b, a line and noise. */
static void
draw(SfRng *rng, int n, double noise, double *y, double *x)
{
	for (int t = 0; t < n + AHEAD; t++)
	{
		x[2 * t] = sf_rng_below(rng, 4) == 0;
		x[2 * t + 1] = 10 * sf_rng_uniform(rng);
		if (t < n)
			y[t] = 50 + 0.1 * t + 3 * x[2 * t] - 2 * x[2 * t + 1] + noise * (sf_rng_uniform(rng) - 0.5);
	}
}

static void
test_found(void)
{
	static double y[MOST];
	static double x[2 * (MOST + AHEAD)];
	static double scaled_y[MOST + AHEAD];
	SfSeries	s = {.y = y, .n = MOST, .drivers = x, .driver_count = 2};
	Effect		e;
	SfRng		rng;

	sf_rng_seed(&rng, 81);
	group("what two drivers do is found, in the past and for the future");
	for (int season = 0; season <= 1; season++)
	{
		s.seasons = season;
		s.season[0] = 12;
		draw(&rng, MOST, 0.5, y, x);
		estimate(&s, &e);
		check(e.notes.notes == 2 && close_to(e.notes.note[0].value, 3, 0.2, 0) && close_to(e.notes.note[1].value, -2, 0.05, 0), "season %d: one unit does %g and %g", season,
			  e.notes.note[0].value, e.notes.note[1].value);
		for (int t = 1; t < MOST + AHEAD && !season; t++)
		{
			double		change = 3 * (x[2 * t] - x[2 * t - 2]) - 2 * (x[2 * t + 1] - x[2 * t - 1]);

			check(close_to(e.effect[t] - e.effect[t - 1], change, 0.5, 0), "period %d: %g, wanted %g", t, e.effect[t] - e.effect[t - 1], change);
		}
	}
	done();

	group("amounts of the past are around zero");
	{
		double		mean = 0;

		s.seasons = 0;
		estimate(&s, &e);
		for (int t = 0; t < MOST; t++)
			mean += e.effect[t] / MOST;
		check(close_to(mean, 0, 1e-9, 0), "mean %g", mean);
	}
	done();

	group("where sales grow, a driver multiplies them");
	for (int turn = 0; turn < 3; turn++)
	{
		static const double growth[] = {0.02, 0.01, -0.01};
		Effect		g;

		s.seasons = 1;
		s.season[0] = 12;
		for (int t = 0; t < MOST + AHEAD; t++)
		{
			x[2 * t] = t % 12 == 8 ? 0.05 * (double) (t / 12 % 3 - 1) : 0;
			x[2 * t + 1] = t % 2 ? 7 : 3;
			scaled_y[t] = 1000 * exp(growth[turn] * t) * (1 + 0.23 * (t % 12 == 8) + x[2 * t]);
		}
		s.y = scaled_y;
		estimate(&s, &g);
		check(g.factor && close_to(log(g.notes.note[0].value), 1 / 1.23, 0, 0.1), "growth %g: one unit is a factor of %g", growth[turn], g.notes.note[0].value);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(close_to(g.effect[t], (1.23 + x[2 * t]) / 1.23, 0, 0.01) || t % 12 != 8, "growth %g, period %d: %g", growth[turn], t, g.effect[t]);
		for (int t = 0; t < MOST; t++)
			check(g.effect[t] > 0, "period %d: %g", t, g.effect[t]);
		x[2 * (MOST + 7)] = 1e6;
		estimate(&s, &g);
		check(isfinite(g.effect[MOST + 7]) && g.effect[MOST + 7] > 1, "beyond all that was seen: %g", g.effect[MOST + 7]);
	}
	s.y = y;
	s.seasons = 0;
	sf_rng_seed(&rng, 82);
	draw(&rng, MOST, 0.5, y, x);
	done();

	group("effects that add stay amounts, and so do those of series with a value of 0");
	estimate(&s, &e);
	check(!e.factor, "amounts");
	for (int t = 0; t < MOST; t++)
		scaled_y[t] = t == 50 ? 0 : 10 * exp(0.02 * t + 0.1 * x[2 * t]);
	s.y = scaled_y;
	estimate(&s, &e);
	check(!e.factor, "with a 0");
	s.y = y;
	done();

	group("later drivers count for their own period only");
	{
		Effect		other;

		estimate(&s, &e);
		x[2 * (MOST + 7)] += 5;
		estimate(&s, &other);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(t == MOST + 7 ? other.effect[t] > e.effect[t] + 10 : same_bits(other.effect[t], e.effect[t]), "period %d", t);
	}
	done();

	group("noise for a driver does little");
	{
		double		most = 0;

		for (int turn = 0; turn < 30; turn++)
		{
			draw(&rng, MOST, 0, y, x);
			for (int t = 0; t < MOST; t++)
				y[t] = sf_rng_uniform(&rng);
			estimate(&s, &e);
			for (int t = 0; t < MOST; t++)
				most = fmax(most, fabs(e.factor ? y[t] * (1 - 1 / e.effect[t]) : e.effect[t]));
		}
		check(most < 0.35, "%g of a spread of 1", most);
	}
	done();
}

static void
test_laws(void)
{
	static const int powers[] = {1, -7, 300, -300};
	static double y[MOST];
	static double x[2 * (MOST + AHEAD)];
	static double scaled[2 * (MOST + AHEAD)];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 1, .season = {7}, .drivers = x, .driver_count = 2};
	Effect		e;
	Effect		other;
	SfRng		rng;

	sf_rng_seed(&rng, 82);
	draw(&rng, MOST, 5, y, x);
	estimate(&s, &e);
	group("units do not matter: of the drivers not at all, of the series for the effect");
	for (int p = 0; p < LENGTH(powers); p++)
	{
		SfSeries	o = s;

		for (int i = 0; i < LENGTH(x); i++)
			scaled[i] = ldexp(x[i], powers[p] * (i % 2 ? 1 : -2));
		o.drivers = scaled;
		estimate(&o, &other);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(same_bits(other.effect[t], e.effect[t]), "drivers by 2^%d, period %d: %.17g, not %.17g", powers[p], t, other.effect[t], e.effect[t]);
		if (abs(powers[p]) > 100)
			continue;
		o = s;
		for (int t = 0; t < MOST; t++)
			scaled[t] = ldexp(y[t], powers[p]);
		o.y = scaled;
		estimate(&o, &other);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(same_bits(other.effect[t], ldexp(e.effect[t], powers[p])), "series by 2^%d, period %d", powers[p], t);
	}
	done();

	group("a driver moved by a constant, in another place, or twice: the same effect");
	{
		SfSeries	o = s;
		static double three[3 * (MOST + AHEAD)];

		for (int t = 0; t < MOST + AHEAD; t++)
		{
			scaled[2 * t] = x[2 * t + 1] + 100;
			scaled[2 * t + 1] = x[2 * t] - 8;
			three[3 * t] = x[2 * t];
			three[3 * t + 1] = three[3 * t + 2] = x[2 * t + 1];
		}
		o.drivers = scaled;
		estimate(&o, &other);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(close_to(other.effect[t], e.effect[t], 1e-8, 0), "period %d: %g, not %g", t, other.effect[t], e.effect[t]);
		o.drivers = three;
		o.driver_count = 3;
		estimate(&o, &other);
		for (int t = 0; t < MOST + AHEAD; t++)
			check(close_to(other.effect[t], e.effect[t], 0.2, 0), "twice, period %d: %g, not %g", t, other.effect[t], e.effect[t]);
	}
	done();
}

static void
test_hostile(void)
{
	static const double constants[] = {0, 0.1, 1, 1e15, -1.0 / 3, 1e300, 1e-300, DBL_MAX};
	static double y[MOST];
	static double x[DRIVERS_MOST * (MOST + AHEAD)];
	SfSeries	s = {.y = y, .drivers = x, .driver_count = 1};
	Effect		e;
	SfRng		rng;

	sf_rng_seed(&rng, 83);
	group("a driver that never varied does nothing, whatever comes");
	for (int i = 0; i < LENGTH(constants); i++)
		for (int n = 1; n <= MOST; n += 1 + n / 2)
		{
			s.n = n;
			s.seasons = n % 2;
			s.season[0] = 4;
			for (int t = 0; t < n + AHEAD; t++)
				x[t] = t < n ? constants[i] : 7;
			for (int t = 0; t < n; t++)
				y[t] = sf_rng_uniform(&rng);
			estimate(&s, &e);
			check(all_zero(&e, n), "%g, n %d: %g", constants[i], n, e.effect[n]);
		}
	done();

	group("a driver that is a season itself does nothing");
	s = (SfSeries) {.y = y, .n = MOST, .seasons = 1, .season = {12}, .drivers = x, .driver_count = 1};
	for (int t = 0; t < MOST + AHEAD; t++)
	{
		x[t] = 0.1 * (t % 12 == 3);
		if (t < MOST)
			y[t] = 20 * x[t] + sf_rng_uniform(&rng);
	}
	estimate(&s, &e);
	check(all_zero(&e, MOST), "%g", e.effect[3]);
	done();

	group("below four periods, or without drivers: nothing");
	for (int n = 1; n < 4; n++)
	{
		s.n = n;
		estimate(&s, &e);
		check(all_zero(&e, n) && e.notes.notes == 0, "n %d", n);
	}
	s = (SfSeries) {.y = y, .n = MOST};
	estimate(&s, &e);
	check(all_zero(&e, MOST), "none");
	done();

	group("odd drivers of any size: numbers");
	for (int n = 4; n <= MOST; n += 1 + n / 3)
		for (int kind = 0; kind < 8; kind++)
		{
			s = (SfSeries) {.y = y, .n = n, .seasons = kind % 2, .season = {5}, .drivers = x, .driver_count = DRIVERS_MOST};
			for (int t = 0; t < n + AHEAD; t++)
				for (int j = 0; j < DRIVERS_MOST; j++)
					x[t * DRIVERS_MOST + j] = kind == 0 ? t * (j + 1) : kind == 1 ? (t == n / 2) : kind == 2 ? random_magnitude(&rng, -300, 300)
						: kind == 3 ? 1e300 * sf_rng_uniform(&rng) : kind == 4 ? 1e-300 * sf_rng_uniform(&rng) : kind == 5 ? pow(t, j)
						: kind == 6 ? DBL_MAX * (t % 2 ? 1 : -1) : sf_rng_uniform(&rng);
			for (int t = 0; t < n; t++)
				y[t] = kind == 7 ? 0 : sf_rng_uniform(&rng);
			estimate(&s, &e);
			for (int t = 0; t < n + AHEAD; t++)
				check(isfinite(e.effect[t]) && (t >= n || fabs(e.effect[t]) < 1e3), "n %d, kind %d, period %d: %g", n, kind, t, e.effect[t]);
			check(kind != 7 || all_zero(&e, n), "nothing to explain");
		}
	done();
}

static SfStatus
effect_work(SfCtx *ctx, void *argument)
{
	Effect		e = {.status = SF_OK};
	SfArena		arena;
	const SfSeries *s = argument;

	sf_arena_init(&arena, ctx);
	return sf_drivers_effect(&arena, s, s->y, AHEAD, e.effect, &e.factor, &e.notes);
}

int
main(void)
{
	static double y[MOST];
	static double x[2 * (MOST + AHEAD)];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 1, .season = {7}, .drivers = x, .driver_count = 2};
	SfRng		rng;

	test_found();
	test_laws();
	test_hostile();
	sf_rng_seed(&rng, 84);
	draw(&rng, MOST, 1, y, x);
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(effect_work, &s);
	cancel_each(effect_work, &s, 1);
	done();
	return finish();
}
