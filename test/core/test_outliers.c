/* Tests of core/forecast/outliers.c: single observations that do not fit their series. */
#include "check.h"

#include "core/forecast/outliers.h"
#include "stl_golden.h"

#define PI 3.14159265358979323846

static Host host;
static SfArena arena;
static SfOutlier *found;
static int32_t count;

static SfStatus
find(const double *y, int n, double season, double limit)
{
	SfSeries	s = {.y = y, .n = n, .seasons = season > 0, .season = {season}};

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	return sf_find_outliers(&arena, &s, limit, &found, &count);
}

static void
test_golden(void)
{
	double		y[LENGTH(nottem)];

	group("nottem with two wild months: those that forecast::tsoutliers 8.20 finds, replaced nearly alike");
	memcpy(y, nottem, sizeof y);
	y[76] = 20;
	y[149] = 80;
	if (check(find(y, LENGTH(nottem), 12, SF_OUTLIER_LIMIT) == SF_OK && count == 2, "%d found", count))
	{
		check(found[0].position == 76 && found[1].position == 149, "%d, %d", found[0].position, found[1].position);
		check(close_to(found[0].replacement, 53.38260, 2, 0) && close_to(found[1].replacement, 58.05342, 2, 0), "%g, %g",
			  found[0].replacement, found[1].replacement);
		for (int k = 0; k < 2; k++)
			check(found[k].value == y[found[k].position] && found[k].lower < found[k].expected && found[k].expected < found[k].upper &&
				  (found[k].value < found[k].lower || found[k].value > found[k].upper) && found[k].distance > 3, "row %d", k);
	}
	host_free(&host);
	check(find(nottem, LENGTH(nottem), 12, SF_OUTLIER_LIMIT) == SF_OK && count == 0, "as it is: %d", count);
	host_free(&host);
	done();
}

static void
test_by_hand(void)
{
	static double y[200];

	group("a constant with one spike, a straight line with one, a season with one");
	for (int kind = 0; kind < 3; kind++)
	{
		for (int i = 0; i < 100; i++)
			y[i] = 50 + (kind > 0 ? i : 0) + (kind > 1 ? 5 * sin(2 * PI * i / 7) : 0);
		y[40] += 30;
		if (check(find(y, 100, kind > 1 ? 7 : 0, SF_OUTLIER_LIMIT) == SF_OK && count == 1, "kind %d: %d found", kind, count))
			check(found[0].position == 40 && close_to(found[0].replacement, y[40] - 30, 0.5, 0), "kind %d: %d, %g", kind, found[0].position, found[0].replacement);
		host_free(&host);
	}
	done();

	group("sales on some days are no outliers");
	for (int i = 0; i < 200; i++)
		y[i] = i % 9 == 4 ? 3 + i % 5 : 0;
	check(find(y, 200, 0, SF_OUTLIER_LIMIT) == SF_OK && count == 0, "%d found", count);
	host_free(&host);
	done();
}

static void
test_laws(void)
{
	static double y[150];
	static double moved[150];
	SfOutlier	one[150];
	int			ones;
	int			false_ones = 0;
	SfRng		rng;

	sf_rng_seed(&rng, 11);
	for (int i = 0; i < 150; i++)
		y[i] = 20 + 8 * cos(2 * PI * i / 12) + sf_rng_normal(&rng);
	y[3] = 100;
	y[77] = -30;
	y[78] = 60;
	group("scaled by a power of two the rows scale, bit for bit; shifted they shift; upside down they turn over");
	check(find(y, 150, 12, SF_OUTLIER_LIMIT) == SF_OK && count == 3, "%d found", count);
	ones = count;
	memcpy(one, found, (size_t) count * sizeof(SfOutlier));
	host_free(&host);
	for (int law = 0; law < 3; law++)
	{
		for (int i = 0; i < 150; i++)
			moved[i] = law == 0 ? ldexp(y[i], -7) : law == 1 ? y[i] + 100 : -y[i];
		check(find(moved, 150, 12, SF_OUTLIER_LIMIT) == SF_OK && count == ones, "law %d: %d found", law, count);
		for (int k = 0; k < ones && k < count; k++)
		{
			const SfOutlier *o = &found[k];

			check(o->position == one[k].position, "place");
			if (law == 0)
				check(same_bits(o->replacement, ldexp(one[k].replacement, -7)) && same_bits(o->lower, ldexp(one[k].lower, -7)) &&
					  same_bits(o->distance, one[k].distance), "scaled");
			else if (law == 1)
				check(close_to(o->replacement, one[k].replacement + 100, 1e-6, 0) && close_to(o->upper, one[k].upper + 100, 1e-6, 0), "shifted");
			else
				check(close_to(o->replacement, -one[k].replacement, 1e-9, 0) && close_to(o->upper, -one[k].lower, 1e-9, 0), "turned over");
		}
		host_free(&host);
	}
	done();

	group("normal errors: less than 3 false ones in 100 series");
	for (int turn = 0; turn < 100; turn++)
	{
		for (int i = 0; i < 96; i++)
			y[i] = 0.2 * i + 8 * cos(2 * PI * i / 12) + sf_rng_normal(&rng);
		check(find(y, 96, 12, SF_OUTLIER_LIMIT) == SF_OK, "status");
		false_ones += count;
		host_free(&host);
	}
	check(false_ones <= 3, "%d", false_ones);
	done();
}

static void
test_hostile(void)
{
	static const double values[][5] = {
		{0, 0, 0, 0, 0}, {7, 7, 7, 7, 1e9}, {1e300, -1e300, 1, 0, 1e300}, {1e-300, 5e-324, 0, 0, 1e-310}, {1.7e308, -1.7e308, 1, 2, 3}
	};
	double		y[60];

	group("any values, any length, any limit: an answer or an overflow, and a constant has none");
	for (int c = 0; c < LENGTH(values); c++)
		for (int n = 1; n <= 60; n++)
			for (double limit = 1e-3; limit < 1e7; limit *= 999)
			{
				SfStatus	status;

				for (int i = 0; i < n; i++)
					y[i] = values[c][i % 5];
				status = find(y, n, n % 3 == 0 ? 4 : 0, limit);
				check(status == SF_OK || (c == 4 && status == SF_OVERFLOW) || (limit > 1e6 && status == SF_BAD_ARGUMENT), "case %d, n %d: %d", c, n, status);
				for (int k = 0; status == SF_OK && k < count; k++)
					check(isfinite(found[k].replacement) && isfinite(found[k].lower) && isfinite(found[k].distance), "case %d, n %d", c, n);
				check(c > 0 || status != SF_OK || count == 0, "a constant");
				host_free(&host);
			}
	done();

	group("a gap, and limits that are none, are told");
	for (int i = 0; i < 60; i++)
		y[i] = i;
	for (int c = 0; c < 3; c++)
	{
		check(fails_with(&host, find(y, 60, 4, c == 0 ? 0 : c == 1 ? NAN : -1), SF_BAD_ARGUMENT), "limit");
		host_free(&host);
	}
	y[7] = NAN;
	check(fails_with(&host, find(y, 60, 4, 3), SF_BAD_DATA) && host.ctx.where == 7, "gap");
	host_free(&host);
	done();
}

static SfStatus
find_work(SfCtx *ctx, void *argument)
{
	SfSeries	s = {.y = taylor, .n = LENGTH(taylor), .seasons = 2, .season = {48, 336}};
	SfOutlier  *rows;
	int32_t		n;
	SfArena		own;

	(void) argument;
	sf_arena_init(&own, ctx);
	return sf_find_outliers(&own, &s, 0.5, &rows, &n);
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
	cancel_each(find_work, NULL, 5);
	done();
	return finish();
}
