/* Tests of core/forecast/{periods,spectrum}.c: which seasons a series has. */
#include "check.h"

#include "core/forecast/periods.h"
#include "core/forecast/spectrum.h"
#include "stl_golden.h"

#define PI 3.14159265358979323846

static Host host;
static SfArena arena;
static SfPeriod found[SF_SEASONS_MAX];
static int32_t count;

static SfStatus
detect(const double *y, int n)
{
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	count = -1;
	status = sf_detect_periods(&arena, y, n, found, &count);
	return status;
}

/* Exactly these periods. */
static void
expect(const char *what, const double *y, int n, int wanted, const double *period)
{
	check(detect(y, n) == SF_OK, "%s: status", what);
	check(count == wanted, "%s: %d periods, the first %g, the last %g", what, count, count > 0 ? found[0].period : 0,
		  count > 0 ? found[count - 1].period : 0);
	for (int k = 0; k < count && k < wanted; k++)
		check(close_to(found[k].period, period[k], 1e-9, 0) && found[k].strength > 0 && found[k].strength <= 1 && found[k].p_value >= 0 &&
			  found[k].p_value <= 0.006, "%s: period %g, strength %g, p %g", what, found[k].period, found[k].strength, found[k].p_value);
	host_free(&host);
}

static void
test_spectrum(void)
{
	double		x[16];
	double		power[33];

	group("the periodogram is that of the definition");
	for (int i = 0; i < 16; i++)
		x[i] = i * 13 % 7 - 3 + 0.1 * i;
	for (int n = 1; n <= 16; n++)
		for (int length = 16; length <= 64; length *= 2)
		{
			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			check(sf_power_spectrum(&arena, x, n, length, power) == SF_OK, "status");
			for (int j = 0; j <= length / 2; j++)
			{
				double		re = 0;
				double		im = 0;

				for (int t = 0; t < n; t++)
				{
					re += x[t] * cos(2 * PI * t * j / length);
					im += x[t] * sin(2 * PI * t * j / length);
				}
				check(close_to(power[j], (re * re + im * im) / n, 1e-11, 1e-12), "n %d, length %d: power[%d] = %g", n, length, j, power[j]);
			}
			host_free(&host);
		}
	done();
}

static void
test_known(void)
{
	static double y[4000];
	SfRng		rng;

	group("12 in AirPassengers and nottem; 48 and 336 in half-hourly electricity; none in the Nile");
	expect("AirPassengers", air_passengers, LENGTH(air_passengers), 1, (double[]) {12});
	expect("nottem", nottem, LENGTH(nottem), 1, (double[]) {12});
	expect("the Nile", nile, LENGTH(nile), 0, NULL);
	expect("taylor", taylor, LENGTH(taylor), 2, (double[]) {48, 336});
	done();

	sf_rng_seed(&rng, 21);
	group("a week and a year in days; a day and a week in hours; months in days; a period of no calendar");
	for (int i = 0; i < 2000; i++)
		y[i] = 0.01 * i + (i % 7 == 5 ? 4 : i % 7 == 6 ? 2 : 0) + 4 * sin(2 * PI * i / 365.25) + sf_rng_normal(&rng);
	expect("7 and 365.25", y, 2000, 2, (double[]) {7, 365.25});
	for (int i = 0; i < 1000; i++)
		y[i] = 5 * sin(2 * PI * i / 24) + 2 * cos(4 * PI * i / 24) + (i / 24 % 7 >= 5 ? -4 : 0) + sf_rng_normal(&rng);
	expect("24 and 168", y, 1000, 2, (double[]) {24, 168});
	for (int i = 0; i < 600; i++)
		y[i] = 2 * sin(2 * PI * i / 30.4375) + sf_rng_normal(&rng);
	expect("30.4375", y, 600, 1, (double[]) {30.4375});
	for (int i = 0; i < 600; i++)
		y[i] = 2 * sin(2 * PI * i / 37) + cos(6 * PI * i / 37) + sf_rng_normal(&rng);
	expect("37", y, 600, 1, (double[]) {37});
	done();

	group("the period, not its strongest harmonic; on a random walk, with a step and with spikes");
	for (int i = 0; i < 120; i++)
		y[i] = 10 + 1.5 * sin(2 * PI * i / 12) + 2 * sin(4 * PI * i / 12) + 0.7 * sf_rng_normal(&rng);
	expect("12 with a stronger 6", y, 120, 1, (double[]) {12});
	for (int i = 0, level = 0; i < 200; i++)
	{
		level += sf_rng_normal(&rng) > 0 ? 1 : -1;
		y[i] = level + (i % 7 == 2 ? 8 : 0) + (i > 100 ? 50 : 0) + (i == 60 ? 200 : 0);
	}
	expect("7", y, 200, 1, (double[]) {7});
	for (int i = 0; i < 60; i++)
		y[i] = i % 12;
	expect("an exact saw", y, 60, 1, (double[]) {12});
	done();
}

static void
test_none(void)
{
	static const int lengths[] = {12, 24, 60, 115, 400};
	double		y[400];
	SfRng		rng;

	sf_rng_seed(&rng, 22);
	group("white noise and random walks: a period in at most 2 of 100");
	for (int kind = 0; kind < 2; kind++)
	{
		int			any = 0;

		for (int l = 0; l < LENGTH(lengths); l++)
			for (int turn = 0; turn < 80; turn++)
			{
				double		level = 0;

				for (int i = 0; i < lengths[l]; i++)
				{
					level += sf_rng_normal(&rng);
					y[i] = kind ? level : sf_rng_normal(&rng);
				}
				check(detect(y, lengths[l]) == SF_OK, "status");
				any += count > 0;
				host_free(&host);
			}
		check(any <= 8, "kind %d: %d of 400", kind, any);
	}
	done();
}

static void
test_laws(void)
{
	static double moved[LENGTH(taylor)];
	SfPeriod	one[SF_SEASONS_MAX];
	int			ones;

	group("scaled by a power of two (negative values: no logarithm) the periods are the same, bit for bit; turned over too");
	for (int i = 0; i < LENGTH(taylor); i++)
		moved[i] = taylor[i] - 29000;
	check(detect(moved, LENGTH(taylor)) == SF_OK && count > 0, "found %d", count);
	ones = count;
	memcpy(one, found, sizeof one);
	host_free(&host);
	for (int law = 0; law < 2; law++)
	{
		for (int i = 0; i < LENGTH(taylor); i++)
			moved[i] = law == 0 ? ldexp(taylor[i] - 29000, 12) : 29000 - taylor[i];
		check(detect(moved, LENGTH(taylor)) == SF_OK && count == ones, "law %d: found %d", law, count);
		for (int k = 0; k < ones && k < count; k++)
			check(same_bits(found[k].period, one[k].period) && same_bits(found[k].p_value, one[k].p_value), "law %d: %g", law, found[k].period);
		host_free(&host);
	}
	done();
}

static void
test_hostile(void)
{
	static const double values[][7] = {
		{0, 0, 0, 0, 0, 0, 0}, {7, 7, 7, 7, 7, 7, 7}, {0, 0, 0, 1e300, 0, 0, -1e300}, {1e-300, 5e-324, 0, 0, 1e-310, 0, 0},
		{1.7e308, -1.7e308, 1, 2, 3, 0, 0}, {1, 2, 1, 2, 1, 2, 1}
	};
	double		y[150];

	group("any values, any length: an answer or an overflow; a constant has none");
	for (int c = 0; c < LENGTH(values); c++)
		for (int n = 1; n <= 150; n++)
		{
			SfStatus	status;

			for (int i = 0; i < n; i++)
				y[i] = n % 2 ? values[c][i % 7] : i == n / 2 ? 1e10 : i < n / 3 ? values[c][3] : values[c][i % 5];
			status = detect(y, n);
			check(status == SF_OK || (c == 4 && status == SF_OVERFLOW), "case %d, n %d: %d", c, n, status);
			for (int k = 0; status == SF_OK && k < count; k++)
				check(found[k].period >= 2 && found[k].period * 3 <= n && found[k].strength >= 0 && found[k].strength <= 1, "case %d, n %d: %g", c, n,
					  found[k].period);
			check(n % 2 == 0 || c > 1 || count == 0, "a constant");
			host_free(&host);
		}
	done();

	group("a gap is told");
	y[7] = NAN;
	check(fails_with(&host, detect(y, 60), SF_BAD_DATA) && host.ctx.where == 7, "gap");
	host_free(&host);
	done();
}

static SfStatus
detect_work(SfCtx *ctx, void *argument)
{
	static double y[30000];
	SfPeriod	rows[SF_SEASONS_MAX];
	int32_t		n;
	SfArena		own;

	(void) argument;
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = taylor[i % 336] + i * 7919 % 1009;
	sf_arena_init(&own, ctx);
	return sf_detect_periods(&own, y, LENGTH(y), rows, &n);
}

int
main(void)
{
	test_spectrum();
	test_known();
	test_none();
	test_laws();
	test_hostile();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(detect_work, NULL);
	cancel_each(detect_work, NULL, 11);
	done();
	return finish();
}
