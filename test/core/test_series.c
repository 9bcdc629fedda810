/* Tests of core/forecast/series.c: what a series must be, and how gaps are filled. */
#include "check.h"

#include "core/forecast/series.h"

#define MOST 400

static void
fill(const SfSeries *s, double *out)
{
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_series_fill(&arena, s, out) == SF_OK, "fill: %s", host.ctx.what ? host.ctx.what : "");
	host_free(&host);
}

static SfStatus
verdict(SfSeries s, const char **what, int64_t *where)
{
	Host		host;
	SfStatus	status;

	host_init(&host);
	status = sf_series_check(&host.ctx, &s);
	*what = host.ctx.what;
	*where = host.ctx.where;
	host_free(&host);
	return status;
}

static void
test_check(void)
{
	static const double y[] = {1, NAN, 3};
	static const double bad[] = {1, 2, INFINITY};
	static const double worse[] = {-INFINITY, 2, 3};
	const struct
	{
		SfSeries	s;
		SfStatus	status;
	}			cases[] = {
		{{.y = y, .n = 3}, SF_OK},
		{{.y = y, .n = 1}, SF_OK},
		{{.y = y, .n = 0}, SF_BAD_DATA},
		{{.y = y, .n = -1}, SF_BAD_DATA},
		{{.y = y, .n = SF_SERIES_LENGTH_MAX + 1}, SF_TOO_LARGE},
		{{.y = y, .n = INT32_MAX}, SF_TOO_LARGE},
		{{.y = bad, .n = 3}, SF_BAD_DATA},
		{{.y = worse, .n = 3}, SF_BAD_DATA},
		{{.y = bad, .n = 2}, SF_OK},
		{{.y = y, .n = 3, .seasons = 1, .season = {12}}, SF_OK},
		{{.y = y, .n = 3, .seasons = 1, .season = {1.000001}}, SF_OK},
		{{.y = y, .n = 3, .seasons = 1, .season = {1}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 1, .season = {0}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 1, .season = {-7}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 1, .season = {NAN}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 1, .season = {INFINITY}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 1, .season = {1e9}}, SF_OK},
		{{.y = y, .n = 3, .seasons = 2, .season = {7, 365.25}}, SF_OK},
		{{.y = y, .n = 3, .seasons = 2, .season = {7, 7}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 2, .season = {12, 7}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = 6, .season = {2, 3, 4, 5, 6, 7}}, SF_OK},
		{{.y = y, .n = 3, .seasons = 7, .season = {2, 3, 4, 5, 6, 7}}, SF_BAD_ARGUMENT},
		{{.y = y, .n = 3, .seasons = -1}, SF_BAD_ARGUMENT}
	};
	const char *what;
	int64_t		where;

	group("what a series must be");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfStatus	status = verdict(cases[i].s, &what, &where);

		check(status == cases[i].status, "case %d: status %d", i, status);
		check(status == SF_OK || (what != NULL && strlen(what) > 0), "case %d: no rule", i);
	}
	(void) verdict(cases[6].s, &what, &where);
	check(where == 2, "the place of the infinite value: %" PRId64, where);
	done();

	group("the first season, rounded");
	check(sf_series_season(&(SfSeries) {.seasons = 0}) == 1, "none");
	check(sf_series_season(&(SfSeries) {.seasons = 1, .season = {12}}) == 12, "12");
	check(sf_series_season(&(SfSeries) {.seasons = 2, .season = {52.18, 365.25}}) == 52, "52.18");
	check(sf_series_season(&(SfSeries) {.seasons = 1, .season = {1.2}}) == 1, "1.2");
	check(sf_series_season(&(SfSeries) {.seasons = 1, .season = {1e9}}) >= 1, "huge");
	done();
}

/* Straight lines over the gaps of y, the nearest value at the ends. */
static void
lines_over(const double *y, int n, double *out)
{
	for (int t = 0; t < n; t++)
	{
		int			a = t;
		int			b = t;

		while (a >= 0 && isnan(y[a]))
			a--;
		while (b < n && isnan(y[b]))
			b++;
		out[t] = a < 0 ? y[b] : b >= n ? y[a] : a == b ? y[t] : y[a] + (y[b] - y[a]) * (t - a) / (b - a);
	}
}

static void
slow_fill(const double *y, int n, int m, double *out)
{
	double		whole[MOST];
	double		without[MOST];
	double		figure[MOST];
	double		mean = 0;

	lines_over(y, n, whole);
	for (int j = 0; j < m; j++)
	{
		double		sum = 0;
		int			count = 0;

		for (int t = j; t < n; t += m)
		{
			int			from = t - m / 2 < 0 ? 0 : t - m / 2 + m > n ? n - m : t - m / 2;
			double		level = 0;

			for (int i = from; i < from + m; i++)
				level += whole[i] / m;
			if (isnan(y[t]))
				continue;
			sum += y[t] - level;
			count++;
		}
		if (count == 0)
		{
			memcpy(out, whole, (size_t) n * sizeof(double));
			return;
		}
		figure[j] = sum / count;
		mean += figure[j] / m;
	}
	for (int t = 0; t < n; t++)
		without[t] = y[t] - (figure[t % m] - mean);
	lines_over(without, n, out);
	for (int t = 0; t < n; t++)
		out[t] = isnan(y[t]) ? out[t] + (figure[t % m] - mean) : y[t];
}

static void
test_fill(void)
{
	static const double gaps[] = {NAN, NAN, 2, NAN, NAN, 8, NAN};
	static const double lines[] = {2, 2, 2, 4, 6, 8, 8};
	static const double figure[] = {10, -5, 0, -5};
	SfSeries	s = {.y = gaps, .n = 7};
	double		whole[MOST];
	double		holes[MOST];
	double		out[MOST];
	SfRng		rng;

	group("a case by hand: a line inside, the nearest value at the ends");
	fill(&s, out);
	for (int t = 0; t < s.n; t++)
		check(close_to(out[t], lines[t], 0, 1e-15), "period %d: %g, wanted %g", t, out[t], lines[t]);
	done();

	sf_rng_seed(&rng, 12);
	group("what was observed stays, and a line stays a line");
	for (int n = 1; n <= 60; n++)
		for (int m = 1; m <= 13; m += 3)
		{
			int			first = -1;
			int			last = -1;

			s = (SfSeries) {.y = holes, .n = n, .seasons = m > 1, .season = {m}};
			for (int t = 0; t < n; t++)
			{
				holes[t] = sf_rng_below(&rng, 3) == 0 ? NAN : 5 + 3.0 * t;
				if (isnan(holes[t]))
					continue;
				first = first < 0 ? t : first;
				last = t;
			}
			if (first < 0)
				continue;
			fill(&s, out);
			for (int t = 0; t < n; t++)
			{
				check(isfinite(out[t]) && (isnan(holes[t]) || same_bits(out[t], holes[t])), "n %d, m %d, period %d: %g", n, m, t, out[t]);
				if (t > first && t < last && m == 1)
					check(close_to(out[t], 5 + 3.0 * t, 1e-9, 0), "n %d, period %d: %g", n, t, out[t]);
			}
		}
	done();

	group("a season that was seen is put into the gaps");
	for (int t = 0; t < 80; t++)
		whole[t] = holes[t] = 100 + figure[t % 4];
	holes[30] = holes[31] = holes[45] = NAN;
	s = (SfSeries) {.y = holes, .n = 80, .seasons = 1, .season = {4}};
	fill(&s, out);
	/* the moving mean that the figures come from saw a line in the place of the gap */
	for (int t = 0; t < 80; t++)
		check(close_to(out[t], whole[t], 0.5, 0), "period %d: %g, wanted %g", t, out[t], whole[t]);
	done();

	group("filled as told, done the slow way: a line between values without their figures");
	for (int turn = 0; turn < 60; turn++)
	{
		int			m = 2 + turn % 11;
		int			n = 2 * m + (int) sf_rng_below(&rng, 40);

		s = (SfSeries) {.y = holes, .n = n, .seasons = 1, .season = {m}};
		for (int t = 0; t < n; t++)
			holes[t] = sf_rng_below(&rng, 5) == 0 ? NAN : sf_rng_uniform(&rng) + (t % m == 1);
		holes[0] = 3;
		fill(&s, out);
		slow_fill(holes, n, m, whole);
		for (int t = 0; t < n; t++)
			check(close_to(out[t], whole[t], 1e-12, 1e-12), "n %d, m %d, period %d: %g, wanted %g", n, m, t, out[t], whole[t]);
	}
	done();

	group("filling follows scale and shift");
	s = (SfSeries) {.y = holes, .n = 80, .seasons = 1, .season = {4}};
	for (int t = 0; t < 80; t++)
		holes[t] = sf_rng_below(&rng, 4) == 0 ? NAN : 50 + figure[t % 4] + sf_rng_uniform(&rng);
	fill(&s, out);
	for (int t = 0; t < 80; t++)
		holes[t] = ldexp(holes[t], 40);
	fill(&s, whole);
	for (int t = 0; t < 80; t++)
		check(same_bits(whole[t], ldexp(out[t], 40)), "period %d: %.17g", t, whole[t]);
	for (int t = 0; t < 80; t++)
		holes[t] = ldexp(holes[t], -40) - 1000;
	fill(&s, whole);
	for (int t = 0; t < 80; t++)
		check(close_to(whole[t], out[t] - 1000, 1e-10, 0), "period %d: %.17g", t, whole[t]);
	done();
}

static SfStatus
fill_work(SfCtx *ctx, void *argument)
{
	double		out[MOST];
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_series_fill(&arena, argument, out);
}

int
main(void)
{
	static const double none[] = {NAN, NAN, NAN};
	double		holes[40];
	SfSeries	s = {.y = none, .n = 3};
	SfArena		arena;
	Host		host;
	double		out[3];

	test_check();
	test_fill();
	group("nothing observed is an error");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(fails_with(&host, sf_series_fill(&arena, &s, out), SF_BAD_DATA), "all missing");
	host_free(&host);
	done();

	for (int t = 0; t < LENGTH(holes); t++)
		holes[t] = t % 7 == 3 ? NAN : t % 4;
	s = (SfSeries) {.y = holes, .n = LENGTH(holes), .seasons = 1, .season = {4}};
	group("each refused allocation is a clean failure");
	refuse_each(fill_work, &s);
	done();
	return finish();
}
