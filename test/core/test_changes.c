/* Tests of core/forecast/changes.c: where a series got another level, or another line. */
#include "check.h"

#include "core/forecast/changes.h"
#include "stl_golden.h"

#define PI 3.14159265358979323846

static Host host;
static SfArena arena;
static SfChange *found;
static int32_t count;
static SfChangeKind used;

static SfStatus
find(const double *y, int n, double season, SfChangeKind kind, double strictness)
{
	SfSeries	s = {.y = y, .n = n, .seasons = season > 0, .season = {season}};

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	used = kind;
	return sf_change_points(&arena, &s, strictness, &used, &found, &count);
}

static void
test_golden(void)
{
	group("the Nile fell in 1899 (Cobb, Biometrika 65, 1978), from a mean of 1097.75 to 849.97");
	for (int kind = SF_CHANGE_AUTO; kind <= SF_CHANGE_LEVEL; kind++)
	{
		if (check(find(nile, LENGTH(nile), 0, (SfChangeKind) kind, 1) == SF_OK && count == 1, "%d found", count))
		{
			check(found[0].position == 28 && used == SF_CHANGE_LEVEL, "at %d", found[0].position);
			/* spikes are cut before means are taken */
			check(close_to(found[0].before, 1097.75, 0, 0.01) && close_to(found[0].after, 849.97, 0, 0.01), "%g, %g", found[0].before, found[0].after);
			check(found[0].confidence > 0.99 && found[0].slope_after == 0, "confidence %g", found[0].confidence);
		}
		host_free(&host);
	}
	done();
}

static void
test_by_hand(void)
{
	static double y[10000];
	SfRng		rng;

	sf_rng_seed(&rng, 3);
	group("two steps, under a season, with spikes, also in a long series");
	for (int n = 120; n <= 10000; n = n * 9)
	{
		for (int i = 0; i < n; i++)
			y[i] = (i < n / 3 ? 10 : i < n / 2 ? 18 : 4) + 5 * sin(2 * PI * i / 12) + sf_rng_normal(&rng);
		y[n / 4] += 60;
		if (check(find(y, n, 12, SF_CHANGE_LEVEL, 1) == SF_OK && count == 2, "n %d: %d found", n, count))
		{
			check(abs(found[0].position - n / 3) <= 1 && abs(found[1].position - n / 2) <= 1, "n %d: %d, %d", n, found[0].position, found[1].position);
			check(close_to(found[0].before, 10, 1, 0) && close_to(found[0].after, 18, 1, 0) && found[1].before == found[0].after &&
				  close_to(found[1].after, 4, 1, 0), "n %d: %g, %g, %g", n, found[0].before, found[0].after, found[1].after);
		}
		host_free(&host);
	}
	done();

	group("a line that breaks, found as lines by itself");
	for (int i = 0; i < 200; i++)
		y[i] = (i < 90 ? 0.5 * i : 45 - 0.7 * (i - 90)) + sf_rng_normal(&rng);
	if (check(find(y, 200, 0, SF_CHANGE_AUTO, 1) == SF_OK && count == 1 && used == SF_CHANGE_TREND, "%d found, kind %d", count, used))
	{
		check(abs(found[0].position - 90) <= 6, "at %d", found[0].position);
		check(close_to(found[0].slope_before, 0.5, 0.05, 0) && close_to(found[0].slope_after, -0.7, 0.05, 0), "slopes %g, %g", found[0].slope_before,
			  found[0].slope_after);
	}
	host_free(&host);
	for (int i = 0; i < 200; i++)
		y[i] = 0.5 * i + sf_rng_normal(&rng);
	check(find(y, 200, 0, SF_CHANGE_AUTO, 1) == SF_OK && count == 0 && used == SF_CHANGE_TREND, "one line: %d found", count);
	host_free(&host);
	done();

	group("a steep line with noise does not break, however steep and long; a bend in it is found");
	{
		static double steep[20000];

		for (double slope = 1; slope < 1e6; slope *= 100)
		{
			for (int i = 0; i < 20000; i++)
				steep[i] = slope * i + sf_rng_normal(&rng);
			check(find(steep, 20000, 0, SF_CHANGE_AUTO, 1) == SF_OK && count == 0 && used == SF_CHANGE_TREND, "slope %g: %d found", slope, count);
			host_free(&host);
			for (int i = 12000; i < 20000; i++)
				steep[i] += 0.5 * (i - 12000);
			check(find(steep, 20000, 0, SF_CHANGE_TREND, 1) == SF_OK && count == 1 && abs(found[0].position - 12000) < 30 &&
				  close_to(found[0].slope_after - found[0].slope_before, 0.5, 1e-2, 0), "slope %g, bent: %d found", slope, count);
			host_free(&host);
		}
	}
	done();

	group("the last segment is no shorter than any other where places stand on a grid");
	{
		static double tail[12286];

		for (int i = 0; i < 12286; i++)
			tail[i] = sf_rng_normal(&rng) + (i >= 12282 ? 80 : 0);
		check(find(tail, 12286, 0, SF_CHANGE_TREND, 1) == SF_OK, "status");
		for (int k = 0; k < count; k++)
			check(found[k].position <= 12286 - 6, "at %d", found[k].position);
		host_free(&host);
	}
	done();

	group("a straight line, a constant and exact steps");
	for (int i = 0; i < 100; i++)
		y[i] = 3 * i;
	check(find(y, 100, 0, SF_CHANGE_TREND, 1) == SF_OK && count == 0, "line: %d", count);
	host_free(&host);
	for (int i = 0; i < 100; i++)
		y[i] = 3;
	check(find(y, 100, 0, SF_CHANGE_AUTO, 1) == SF_OK && count == 0, "constant: %d", count);
	host_free(&host);
	for (int i = 0; i < 100; i++)
		y[i] = (i < 50 ? 3 : 8) + (i % 2 ? 0.01 : -0.01);
	check(find(y, 100, 0, SF_CHANGE_LEVEL, 1) == SF_OK && count == 1 && found[0].position == 50, "step: %d", count);
	host_free(&host);
	done();
}

/* How many of 200 series without a change get one. */
static int
false_ones(SfRng *rng, int n, double rho, SfChangeKind kind)
{
	double		y[400];
	int			any = 0;

	for (int turn = 0; turn < 200; turn++)
	{
		double		e = 0;

		for (int i = 0; i < n; i++)
			y[i] = e = rho * e + sf_rng_normal(rng);
		check(find(y, n, 0, kind, 1) == SF_OK, "status");
		any += count > 0;
		host_free(&host);
	}
	return any;
}

static void
test_laws(void)
{
	static double y[240];
	static double moved[240];
	SfChange	one[240];
	int			ones;
	SfRng		rng;

	sf_rng_seed(&rng, 4);
	for (int i = 0; i < 240; i++)
		y[i] = 100 + (i < 100 ? 0 : 9) + (i < 170 ? 0 : -20) + sf_rng_normal(&rng);
	group("scaled by a power of two the rows scale, bit for bit; shifted and turned over the places stay");
	check(find(y, 240, 0, SF_CHANGE_LEVEL, 1) == SF_OK && count == 2, "%d found", count);
	ones = count;
	memcpy(one, found, (size_t) count * sizeof(SfChange));
	host_free(&host);
	for (int law = 0; law < 3; law++)
	{
		for (int i = 0; i < 240; i++)
			moved[i] = law == 0 ? ldexp(y[i], 9) : law == 1 ? y[i] + 1000 : -y[i];
		check(find(moved, 240, 0, SF_CHANGE_LEVEL, 1) == SF_OK && count == ones, "law %d: %d found", law, count);
		for (int k = 0; k < ones && k < count; k++)
		{
			check(found[k].position == one[k].position, "law %d: %d", law, found[k].position);
			check(law > 0 || (same_bits(found[k].before, ldexp(one[k].before, 9)) && same_bits(found[k].confidence, one[k].confidence)), "scaled");
		}
		host_free(&host);
	}
	done();

	group("stricter finds fewer");
	for (int i = 0, before = 1000; i < 6; i++)
	{
		check(find(y, 240, 0, SF_CHANGE_LEVEL, pow(4, i - 2)) == SF_OK && count <= before, "%d after %d", count, before);
		before = count;
		host_free(&host);
	}
	done();

	group("without a change, at most 3 of 100 series get one; random walks at most 7");
	check(false_ones(&rng, 60, 0, SF_CHANGE_AUTO) <= 6, "60, 0");
	check(false_ones(&rng, 200, 0, SF_CHANGE_LEVEL) <= 6, "200, 0");
	check(false_ones(&rng, 200, 0.5, SF_CHANGE_AUTO) <= 6, "200, 0.5");
	check(false_ones(&rng, 200, 1, SF_CHANGE_AUTO) <= 14, "200, 1");
	done();
}

static void
test_hostile(void)
{
	static const double values[][5] = {
		{0, 0, 0, 0, 0}, {7, 7, 7, 7, 1e9}, {1e300, -1e300, 1, 0, 1e300}, {1e-300, 5e-324, 0, 0, 1e-310}, {1.7e308, -1.7e308, 1, 2, 3}
	};
	double		y[80];

	group("any values, any length: an answer or an overflow");
	for (int c = 0; c < LENGTH(values); c++)
		for (int n = 1; n <= 80; n++)
			for (int kind = 0; kind <= 2; kind++)
			{
				SfStatus	status;

				for (int i = 0; i < n; i++)
					y[i] = values[c][(n % 2 ? i : i / 16) % 5];
				status = find(y, n, n % 3 == 0 ? 4 : 0, (SfChangeKind) kind, kind == 1 ? 1e-6 : 1);
				check(status == SF_OK || (c == 4 && status == SF_OVERFLOW), "case %d, n %d: %d", c, n, status);
				for (int k = 0; status == SF_OK && k < count; k++)
					check(isfinite(found[k].before) && isfinite(found[k].slope_after) && found[k].confidence >= 0 && found[k].confidence <= 1 &&
						  found[k].position > (k > 0 ? found[k - 1].position : 0) && found[k].position < n, "case %d, n %d", c, n);
				host_free(&host);
			}
	done();

	group("a gap, and a strictness that is none, are told");
	for (int i = 0; i < 60; i++)
		y[i] = i;
	for (int c = 0; c < 4; c++)
	{
		check(fails_with(&host, find(y, 60, 4, SF_CHANGE_AUTO, c == 0 ? 0 : c == 1 ? NAN : c == 2 ? -1 : INFINITY), SF_BAD_ARGUMENT), "strictness");
		host_free(&host);
	}
	y[7] = NAN;
	check(fails_with(&host, find(y, 60, 4, SF_CHANGE_AUTO, 1), SF_BAD_DATA) && host.ctx.where == 7, "gap");
	host_free(&host);
	done();
}

static SfStatus
find_work(SfCtx *ctx, void *argument)
{
	static double y[6000];
	SfSeries	s = {.y = y, .n = LENGTH(y), .seasons = 1, .season = {48}};
	SfChange   *rows;
	SfChangeKind kind = SF_CHANGE_AUTO;
	int32_t		n;
	SfArena		own;

	(void) argument;
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = i * 7919 % 1009 + (i > 2000 ? 2000 : 0);
	sf_arena_init(&own, ctx);
	return sf_change_points(&own, &s, 1, &kind, &rows, &n);
}

int
main(void)
{
	test_golden();
	test_by_hand();
	test_laws();
	test_hostile();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(find_work, NULL);
	cancel_each(find_work, NULL, 17);
	done();
	return finish();
}
