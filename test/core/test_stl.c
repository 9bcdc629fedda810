/* Tests of core/forecast/{loess,stl}.c: a series as trend + seasons + remainder. */
#include "check.h"

#include "core/forecast/loess.h"
#include "core/forecast/stl.h"
#include "stl_golden.h"

#define PI 3.14159265358979323846

static Host host;
static SfArena arena;

static void
begin(void)
{
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
}

static void
matches(const char *what, const double *got, int n, int stride, const double *wanted, int count, double scale)
{
	check(count == (n - 1) / stride + 1, "%s: %d golden values", what, count);
	for (int i = 0; i < count; i++)
		check(close_to(got[i * stride], wanted[i], 1e-9 * scale, 1e-8), "%s[%d] = %.15g, wanted %.15g", what, i * stride, got[i * stride], wanted[i]);
}

/* One call of stl: y, spec, values of R. */
#define GOLDEN(name, y, n, spec, stride) \
	do { \
		double	   *trend = malloc(sizeof(y)); \
		double	   *season = malloc(sizeof(y)); \
		SfStlSpec	s = (spec); \
		begin(); \
		check(sf_stl(&arena, y, n, &s, trend, season, NULL) == SF_OK, #name); \
		matches(#name " trend", trend, n, stride, name##_trend, LENGTH(name##_trend), fabs(y[0])); \
		matches(#name " season", season, n, stride, name##_season, LENGTH(name##_season), fabs(y[0])); \
		host_free(&host); \
		free(trend); \
		free(season); \
	} while (0)

static void
test_golden(void)
{
	SfStlSpec	lines = sf_stl_spec(LENGTH(air_passengers), 12, 7, false);

	group("the same numbers as stats::stl");
	GOLDEN(nottem_periodic, nottem, LENGTH(nottem), sf_stl_spec(LENGTH(nottem), 12, 0, false), 7);
	GOLDEN(nottem_seven, nottem, LENGTH(nottem), sf_stl_spec(LENGTH(nottem), 12, 7, false), 7);
	GOLDEN(nottem_robust, nottem, LENGTH(nottem), sf_stl_spec(LENGTH(nottem), 12, 0, true), 7);
	GOLDEN(air_robust, air_passengers, 143, sf_stl_spec(143, 12, 11, true), 5);
	lines.season_degree = 1;
	lines.trend_window = 21;
	lines.trend_jump = 1;
	lines.low_degree = 0;
	lines.low_window = 13;
	lines.inner = 3;
	GOLDEN(air_lines, air_passengers, LENGTH(air_passengers), lines, 5);
	GOLDEN(taylor_wide, taylor, LENGTH(taylor), sf_stl_spec(LENGTH(taylor), 48, 15, false), 53);
	done();
}

static void
test_golden_many(void)
{
	SfSeries	s = {.y = taylor, .n = LENGTH(taylor), .seasons = 2, .season = {48, 336}};
	SfDecomposeOptions options = {0};
	SfDecomposition d;

	group("the same numbers as forecast::mstl");
	begin();
	if (check(sf_decompose(&arena, &s, &options, &d) == SF_OK, "decompose"))
	{
		matches("trend", d.trend, s.n, 53, taylor_mstl_trend, LENGTH(taylor_mstl_trend), 1e4);
		matches("season 48", d.season[0], s.n, 53, taylor_mstl_48, LENGTH(taylor_mstl_48), 1e4);
		matches("season 336", d.season[1], s.n, 53, taylor_mstl_336, LENGTH(taylor_mstl_336), 1e4);
	}
	host_free(&host);
	done();
}

static void
test_loess(void)
{
	static const double y[] = {1, 3, 2, 8, 5};
	double		out[7];
	double		sums[5];
	double		k = pow(1 - pow(0.5, 3), 3);
	SfLoess		loess;

	group("a case by hand: the mean of five points around the third is (k 3 + 2 + k 8) / (1 + 2 k)");
	begin();
	check(sf_loess_init(&arena, &loess, 5, 0, 1, 5) == SF_OK, "init");
	check(sf_loess_smooth(&host.ctx, &loess, y, 5, NULL, out) == SF_OK, "smooth");
	check(close_to(out[2], (k * 3 + 2 + k * 8) / (1 + 2 * k), 1e-14, 0), "%g", out[2]);
	check(sf_loess_columns(&host.ctx, &loess, y, 5, 1, 1, NULL, sums, out) == SF_OK, "columns");
	check(close_to(out[3], (k * 3 + 2 + k * 8) / (1 + 2 * k), 1e-14, 0), "%g", out[3]);
	host_free(&host);
	done();

	group("a straight line is kept by local lines, also one row beyond the ends, with any weights");
	for (int n = 1; n <= 60; n++)
		for (int window = 3; window <= 71; window += 4)
			for (int jump = 1; jump <= 5; jump += 2)
			{
				double		line[60];
				double		weight[60];
				double		fit[62];

				for (int i = 0; i < n; i++)
				{
					line[i] = 5 - 3.0 * i;
					weight[i] = 1 + i * 7 % 5;
				}
				begin();
				check(sf_loess_init(&arena, &loess, window, 1, jump, n) == SF_OK, "init");
				for (int weighted = 0; weighted < 2; weighted++)
				{
					check(sf_loess_smooth(&host.ctx, &loess, line, n, weighted ? weight : NULL, fit) == SF_OK, "smooth");
					for (int i = 0; i < n; i++)
						check(close_to(fit[i], line[i], 1e-10, 0), "n %d, window %d: %g at %d", n, window, fit[i], i);
					check(sf_loess_columns(&host.ctx, &loess, line, n, 1, 1, weighted ? weight : NULL, sums, fit) == SF_OK, "columns");
					for (int i = n == 1 ? 1 : 0; i < (n == 1 ? 2 : n + 2); i++)
						check(window < 5 || n < 3 || close_to(fit[i], 5 - 3.0 * (i - 1), 1e-9, 0), "n %d, window %d: row %d is %g", n, window, i, fit[i]);
				}
				host_free(&host);
			}
	done();
}

static SfDecomposition
decompose(const double *y, int n, int seasons, const double *season, SfDecomposeOptions options)
{
	SfSeries	s = {.y = y, .n = n, .seasons = seasons};
	SfDecomposition d = {0};

	for (int k = 0; k < seasons; k++)
		s.season[k] = season[k];
	switch (sf_decompose(&arena, &s, &options, &d))
	{
		case SF_OK:
			break;
		case SF_OVERFLOW:
			check(fabs(y[0]) > 1e307, "overflow");
			d = (SfDecomposition) {.n = 0};
			break;
		default:
			check(false, "decompose %d", n);
	}
	return d;
}

static void
test_laws(void)
{
	static const double seasons[][2] = {{12, 52.18}, {7, 30.4375}, {2, 3}, {4, 1e9}, {1.3, 5.5}};
	static double y[700];
	static double scaled[700];
	SfRng		rng;

	sf_rng_seed(&rng, 5);
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = 100 + 0.1 * i + 20 * sin(2 * PI * i / 12) + 9 * cos(2 * PI * i / 52.18) + sf_rng_normal(&rng);
	group("parts add up to the series; scaled by a power of two all parts are, bit for bit; shifted only the trend is");
	for (int c = 0; c < LENGTH(seasons); c++)
		for (int n = 1; n <= LENGTH(y); n = n * 3 / 2 + 1)
			for (int o = 0; o < 4; o++)
			{
				SfDecomposeOptions options = {.robust = o & 1, .periodic = o & 2};
				SfDecomposition d;
				SfDecomposition twice;

				begin();
				d = decompose(y, n, 2, seasons[c], options);
				for (int i = 0; i < n; i++)
				{
					scaled[i] = ldexp(y[i], 5);
					check(close_to(d.trend[i] + d.season[0][i] + d.season[1][i] + d.remainder[i], y[i], 1e-12, 0), "n %d: sum at %d", n, i);
				}
				twice = decompose(scaled, n, 2, seasons[c], options);
				for (int i = 0; i < n; i++)
					check(same_bits(ldexp(d.trend[i], 5), twice.trend[i]) && same_bits(ldexp(d.season[1][i], 5), twice.season[1][i]) &&
						  same_bits(ldexp(d.remainder[i], 5), twice.remainder[i]), "n %d: scaled at %d", n, i);
				for (int i = 0; i < n; i++)
					scaled[i] = y[i] + 1000;
				twice = decompose(scaled, n, 2, seasons[c], options);
				for (int i = 0; i < n; i++)
					check((options.robust && n < 40) || (close_to(d.trend[i] + 1000, twice.trend[i], 1e-6, 0) && close_to(d.season[0][i], twice.season[0][i], 1e-6, 0)), "n %d: shifted at %d", n, i);
				for (int k = 0; k < 2; k++)
				{
					check(d.fitted[k] == (2 * seasons[c][k] <= n && seasons[c][k] >= 1.5), "n %d: fitted %d", n, k);
					check(sf_season_strength(&d, k) >= 0 && sf_season_strength(&d, k) <= 1, "strength");
				}
				host_free(&host);
			}
	done();
}

static void
test_seasons(void)
{
	static double y[3000];
	static double next[400];
	double		both[] = {12, 52.18};
	double		year[] = {365.25};
	SfDecomposition d;

	group("a perfect season is found and continued, whole or not");
	for (int i = 0; i < LENGTH(y); i++)
		y[i] = 50 + (i % 12 == 3 ? 11 : -1);
	begin();
	d = decompose(y, 600, 1, both, (SfDecomposeOptions) {.periodic = true});
	sf_season_continue(&d, 0, 400, next);
	for (int h = 0; h < 400; h++)
		check(close_to(next[h], (600 + h) % 12 == 3 ? 11 : -1, 1e-6, 0), "h %d: %g", h, next[h]);
	check(sf_season_strength(&d, 0) > 1 - 1e-9, "strength %g", sf_season_strength(&d, 0));
	host_free(&host);

	/* with a slope two passes leave a little of the ends in the season, as in the published program */
	for (int i = 0; i < LENGTH(y); i++)
		y[i] += i * 0.25;
	begin();
	d = decompose(y, 600, 1, both, (SfDecomposeOptions) {.periodic = true});
	sf_season_continue(&d, 0, 400, next);
	for (int h = 0; h < 400; h++)
		check(close_to(next[h], (600 + h) % 12 == 3 ? 11 : -1, 0.2, 0), "h %d: %g", h, next[h]);
	check(sf_season_strength(&d, 0) > 0.999 && sf_trend_strength(&d) > 0.999, "strengths %g %g", sf_season_strength(&d, 0), sf_trend_strength(&d));
	host_free(&host);

	for (int i = 0; i < LENGTH(y); i++)
		y[i] = 1000 + 50 * sin(2 * PI * i / 365.25) + 20 * cos(4 * PI * i / 365.25);
	begin();
	d = decompose(y, LENGTH(y), 1, year, (SfDecomposeOptions) {.periodic = true});
	sf_season_continue(&d, 0, 400, next);
	for (int h = 0; h < 400; h++)
	{
		int			t = LENGTH(y) + h;

		/* half a day of phase at most */
		check(close_to(next[h], 50 * sin(2 * PI * t / 365.25) + 20 * cos(4 * PI * t / 365.25), 2.5, 0), "h %d: %g", h, next[h]);
	}
	host_free(&host);

	for (int i = 0; i < LENGTH(y); i++)
		y[i] = 100 + 20 * sin(2 * PI * i / 12) + 9 * cos(2 * PI * i / 52.18);
	begin();
	d = decompose(y, 2000, 2, both, (SfDecomposeOptions) {.periodic = true});
	for (int i = 100; i < 1900; i++)
		check(close_to(d.season[0][i], 20 * sin(2 * PI * i / 12), 0.2, 0) && close_to(d.season[1][i], 9 * cos(2 * PI * i / 52.18), 1, 0),
			  "at %d: %g %g", i, d.season[0][i], d.season[1][i]);
	host_free(&host);
	done();

	group("robust: one wild value does not reach the parts around it");
	for (int i = 0; i < 120; i++)
		y[i] = 50 + i + 10 * sin(2 * PI * i / 12) + 0.1 * cos(i * i);
	y[60] = 1e6;
	begin();
	d = decompose(y, 120, 1, both, (SfDecomposeOptions) {.periodic = true, .robust = true});
	for (int i = 0; i < 120; i++)
		check(close_to(d.trend[i], 50 + i, 1, 0) && close_to(d.season[0][i], 10 * sin(2 * PI * i / 12), 1, 0), "at %d: %g %g", i, d.trend[i], d.season[0][i]);
	host_free(&host);
	done();
}

static void
test_hostile(void)
{
	static const double values[][6] = {
		{0, 0, 0, 0, 0, 0}, {7, 7, 7, 7, 7, 7}, {0, 0, 0, 1, 0, 0}, {1e300, -1e300, 1e300, 1e300, -1e300, 0},
		{1e-300, 2e-300, 0, 1e-310, 5e-324, 1e-300}, {-5, 1e17, -3, 2, 1e-17, 0}, {1e308, 1.7e308, 1e308, 1, 1.7e308, 1e308}
	};
	static const double seasons[] = {1.2, 2, 2.5, 7, 1e6, 1e300};
	static double y[200];

	group("constants, zeros, one value, tiny and huge ones, any season, any length: finite parts");
	for (int c = 0; c < LENGTH(values); c++)
		for (int n = 1; n <= 200; n += 1 + n / 4)
			for (int o = 0; o < 4; o++)
			{
				SfDecomposition d;
				double		next[30];

				for (int i = 0; i < n; i++)
					y[i] = values[c][i % 6];
				begin();
				d = decompose(y, n, LENGTH(seasons), seasons, (SfDecomposeOptions) {.robust = o & 1, .periodic = o & 2, .season_window = o, .trend_window = 5 * o});
				for (int i = 0; i < d.n; i++)
					check(isfinite(d.trend[i]) && isfinite(d.season[1][i]) && isfinite(d.remainder[i]), "case %d, n %d", c, n);
				for (int k = 0; k < d.seasons; k++)
				{
					double		f = sf_season_strength(&d, k);

					sf_season_continue(&d, k, 30, next);
					check(f >= 0 && f <= 1 && isfinite(next[0]) && isfinite(next[29]), "case %d: strength %g", c, f);
					check(c > 1 || f == 0, "a constant has no season: %g", f);
				}
				check(d.n == 0 || (sf_trend_strength(&d) >= 0 && sf_trend_strength(&d) <= 1), "trend strength");
				host_free(&host);
			}
	done();

	group("a gap, infinities and too short series are told");
	for (int c = 0; c < 3; c++)
	{
		SfSeries	s = {.y = y, .n = 20};
		SfDecomposeOptions options = {0};
		SfStlSpec	spec = sf_stl_spec(20, c == 0 ? 11 : 1, 0, false);
		SfDecomposition d;
		double		trend[20];
		double		season[20];

		for (int i = 0; i < 20; i++)
			y[i] = i;
		begin();
		check(c == 2 || fails_with(&host, sf_stl(&arena, y, 20, &spec, trend, season, NULL), SF_BAD_ARGUMENT), "stl");
		y[4] = c == 0 ? NAN : c == 1 ? INFINITY : -INFINITY;
		check(fails_with(&host, sf_decompose(&arena, &s, &options, &d), SF_BAD_DATA) && host.ctx.where == 4, "decompose");
		host_free(&host);
	}
	done();
}

static SfStatus
decompose_work(SfCtx *ctx, void *argument)
{
	static const double seasons[][2] = {{48, 336}, {52.18, 1e5}, {1e5, 1e6}};
	int		   *kind = argument;
	SfSeries	s = {.y = taylor, .n = LENGTH(taylor), .seasons = 2, .season = {seasons[*kind][0], seasons[*kind][1]}};
	SfDecomposeOptions options = {.robust = *kind > 0};
	SfDecomposition d;
	SfArena		own;

	sf_arena_init(&own, ctx);
	return sf_decompose(&own, &s, &options, &d);
}

int
main(void)
{
	test_loess();
	test_golden();
	test_golden_many();
	test_laws();
	test_seasons();
	test_hostile();
	group("each refused allocation and each cancelled poll is a clean failure");
	for (int kind = 0; kind < 3; kind++)
	{
		refuse_each(decompose_work, &kind);
		cancel_each(decompose_work, &kind, 3);
	}
	done();
	return finish();
}
