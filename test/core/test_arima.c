/* Tests of core/forecast/arima.c, arima_spec.c, arima_fit.c and arima_search.c: seasonal ARIMA. */
#include "check.h"

#include "core/forecast/arima.h"

#include "arima_golden.h"

#define N_MAX 400
#define H_MAX 60

typedef struct Made
{
	SfStatus	status;
	SfForecast	out;
	double		mean[H_MAX];
	double		variance[H_MAX];
	double		fitted[N_MAX];
} Made;

/* spec NULL: automatic. */
static Made
make(const double *y, int n, int m, const double *driver, int drivers, const char *spec, int horizon)
{
	SfSeries	s = {.y = y, .n = n, .seasons = m > 1, .season = {m}, .drivers = driver, .driver_count = driver != NULL ? drivers : 0};
	Made		made = {.status = SF_OK};
	SfArimaSpec parsed;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	made.out = (SfForecast) {.horizon = horizon, .mean = made.mean, .variance = made.variance, .fitted = made.fitted};
	if (spec == NULL)
		made.status = sf_arima_forecast(&arena, &s, &made.out);
	else if (check(sf_arima_spec_parse(spec, &parsed), "\"%s\" is not understood", spec))
		made.status = sf_arima_spec_forecast(&arena, &s, &parsed, &made.out);
	host_free(&host);
	return made;
}

static double
note_of(const SfForecast *f, const char *name)
{
	for (int i = 0; i < f->notes; i++)
		if (strcmp(f->note[i].name, name) == 0)
			return f->note[i].value;
	return NAN;
}

/* The coefficients in the order of R. */
static int
coefficients(const SfForecast *f, double *to)
{
	static const char *const kind[] = {"ar", "ma", "seasonal ar", "seasonal ma"};
	int			n = 0;

	for (int k = 0; k < LENGTH(kind); k++)
		for (int i = 1; i <= SF_ARIMA_DIFFERENCES_MAX + 10; i++)
		{
			char		name[64];

			snprintf(name, sizeof name, "%s%d", kind[k], i);
			if (!isnan(note_of(f, name)))
				to[n++] = note_of(f, name);
		}
	if (!isnan(note_of(f, "mean")))
		to[n++] = note_of(f, "mean");
	if (!isnan(note_of(f, "drift")))
		to[n++] = note_of(f, "drift");
	if (!isnan(note_of(f, "driver 1")))
		to[n++] = note_of(f, "driver 1");
	return n;
}

/*
 * R starts differenced models from a diffuse prior of variance 10^6, we from the
 * first differences: likelihoods agree to .006, without differences to 1e-6.  What a
 * gap just before the end adds to the variance we leave out: 2 per cent here.
 */
static void
test_golden(void)
{
	group("given orders: coefficients, likelihood and forecasts of R's arima, with drift, drivers and gaps");
	for (int i = 0; i < LENGTH(golden_fit); i++)
	{
		const struct GoldenFit *g = &golden_fit[i];
		Made		made = make(g->y, g->n, g->m, g->driver, 1, g->spec, 6);
		double		got[20];
		double		scale = sqrt(g->sigma2);
		bool		whole = strncmp(g->spec + 7, ",0,", 3) == 0 && strstr(g->spec, ",1,") == NULL;

		check(made.status == SF_OK && made.out.converged, "%s: status %d", g->spec, made.status);
		if (!check(coefficients(&made.out, got) == g->coefficients, "%s: %d coefficients", g->spec, coefficients(&made.out, got)))
			continue;
		for (int k = 0; k < g->coefficients; k++)
			check(close_to(got[k], g->coefficient[k], 5e-4, 5e-4), "%s: coefficient %d %.8g, wanted %.8g", g->spec, k, got[k], g->coefficient[k]);
		check(close_to(note_of(&made.out, "log likelihood"), g->log_likelihood, whole ? 1e-6 : 0.006, 0), "%s: likelihood %.9g, wanted %.9g", g->spec,
			  note_of(&made.out, "log likelihood"), g->log_likelihood);
		for (int h = 0; h < 6; h++)
		{
			/* R's sigma^2 has no degrees of freedom taken off */
			double		se = sqrt(made.variance[h]) / note_of(&made.out, "sigma") * scale;

			check(fabs(made.mean[h] - g->mean[h]) < 0.002 * g->se[h], "%s: step %d %.9g, wanted %.9g", g->spec, h + 1, made.mean[h], g->mean[h]);
			check(close_to(se, g->se[h], 0, g->y == golden_air_gaps ? 0.025 : 0.002), "%s: error of step %d %.9g, wanted %.9g", g->spec, h + 1, se, g->se[h]);
		}
	}
	done();

	/* the search does not visit the same models: it may find a better one, and must not do much worse */
	group("found orders: AICc no more than 2.5 above that of R's auto.arima, in all but one case .02");
	{
		int			worse = 0;

		for (int i = 0; i < LENGTH(golden_auto); i++)
		{
			const struct GoldenAuto *g = &golden_auto[i];
			Made		made = make(g->y, g->n, g->m, NULL, 0, NULL, 6);
			double		excess = note_of(&made.out, "aicc") - g->aicc;

			check(made.status == SF_OK && excess < 2.5, "%s: %s, AICc %.9g, wanted %.9g", g->name, made.out.label, note_of(&made.out, "aicc"), g->aicc);
			worse += excess > 0.02;
		}
		check(worse <= 1, "%d cases worse", worse);
	}
	done();

	group("labels");
	check(strcmp(make(golden_air, 144, 12, NULL, 0, NULL, 1).out.label, "ARIMA(0,1,1)(0,1,1)[12]") == 0, "%s", make(golden_air, 144, 12, NULL, 0, NULL, 1).out.label);
	check(strcmp(make(golden_lh, 48, 1, NULL, 0, NULL, 1).out.label, "ARIMA(1,0,0) with mean") == 0, "mean");
	check(strcmp(make(golden_nile, 100, 1, NULL, 0, "arima(0,1,1) drift", 1).out.label, "ARIMA(0,1,1) with drift") == 0, "drift");
	check(strcmp(make(golden_sales, 120, 12, golden_sales_driver, 1, "arima(0,1,1)(1,0,0)", 6).out.label,
				 "Regression with ARIMA(0,1,1)(1,0,0)[12] errors") == 0, "drivers");
	done();
}

static void
test_parse(void)
{
	static const struct
	{
		const char *text;
		bool		good;
		SfArimaSpec spec;
	}			cases[] = {
		{"arima(1,1,1)(0,1,1)", true, {1, 1, 1, 0, 1, 1, 0, false, false}},
		{"ARIMA ( 2 , 0 , 12 ) [ 7 ]", true, {2, 0, 12, 0, 0, 0, 7, true, false}},
		{"arima(0,1,0) drift", true, {0, 1, 0, 0, 0, 0, 0, false, true}},
		{"Arima(0,0,0)(0,1,0)[12] with drift", true, {0, 0, 0, 0, 1, 0, 12, false, true}},
		{"arima(1,0,0) no mean", true, {1, 0, 0, 0, 0, 0, 0, false, false}},
		{"arima(1,0,0) with mean", true, {1, 0, 0, 0, 0, 0, 0, true, false}},
		{"arima(1,0,0) drift", true, {1, 0, 0, 0, 0, 0, 0, true, true}},
		{"", false, {0}}, {"arima", false, {0}}, {"arima(", false, {0}}, {"arima(1)", false, {0}}, {"arima(1,1)", false, {0}},
		{"arima(1,1,1", false, {0}}, {"arima(1,1,1) x", false, {0}}, {"arima(13,0,0)", false, {0}}, {"arima(1,3,0)", false, {0}},
		{"arima(-1,0,0)", false, {0}}, {"arima(1,1,1)(4,0,0)", false, {0}}, {"arima(1,1,1)(0,1,1)[1]", false, {0}},
		{"arima(99999999999,0,0)", false, {0}}, {"arima(0,2,0) drift", false, {0}}, {"arima(0,1,0) mean", false, {0}},
		{"arima(0,1,0) no mean", false, {0}}, {"arima(1,1,1)(0,1,1)[12", false, {0}}, {"arimax(1,1,1)", false, {0}}
	};

	group("specifications are understood or refused");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		const SfArimaSpec *w = &cases[i].spec;
		SfArimaSpec got = {0};

		if (!check(sf_arima_spec_parse(cases[i].text, &got) == cases[i].good, "\"%s\"", cases[i].text) || !cases[i].good)
			continue;
		check(got.p == w->p && got.d == w->d && got.q == w->q && got.P == w->P && got.D == w->D && got.Q == w->Q &&
			  got.period == w->period && got.mean == w->mean && got.drift == w->drift, "\"%s\"", cases[i].text);
	}
	done();
}

static void
test_laws(void)
{
	static double y[N_MAX];
	static const char *const specs[] = {NULL, "arima(0,1,1)(0,1,1)", "arima(2,0,1)(1,0,0)", "arima(1,1,0) drift"};
	Made		one;
	Made		other;

	group("scaling by a power of two scales the forecast, bit for bit");
	for (int k = 0; k < LENGTH(specs); k++)
		for (int shift = -700; shift <= 700; shift += 350)
		{
			int			power = shift / 2;

			one = make(golden_deaths, 72, 12, NULL, 0, specs[k], 20);
			for (int t = 0; t < 72; t++)
				y[t] = ldexp(golden_deaths[t], power);
			other = make(y, 72, 12, NULL, 0, specs[k], 20);
			for (int h = 0; h < 20; h++)
				check(same_bits(ldexp(one.mean[h], power), other.mean[h]) && same_bits(ldexp(one.variance[h], 2 * power), other.variance[h]),
					  "power %d, step %d: %g %g", power, h, one.mean[h], other.mean[h]);
			for (int t = 0; t < 72; t++)
				check((isnan(one.fitted[t]) && isnan(other.fitted[t])) || same_bits(ldexp(one.fitted[t], power), other.fitted[t]), "fitted %d", t);
			check(strcmp(one.out.label, other.out.label) == 0, "%s, %s", one.out.label, other.out.label);
		}
	done();

	group("a constant more in the series is a constant more in the forecast");
	for (int k = 0; k < LENGTH(specs); k++)
	{
		one = make(golden_deaths, 72, 12, NULL, 0, specs[k], 20);
		for (int t = 0; t < 72; t++)
			y[t] = golden_deaths[t] + 30000;
		other = make(y, 72, 12, NULL, 0, specs[k], 20);
		for (int h = 0; h < 20; h++)
			check(close_to(other.mean[h] - 30000, one.mean[h], 0.02 * sqrt(one.variance[0]), 0), "%s step %d: %g %g", one.out.label, h, one.mean[h], other.mean[h] - 30000);
	}
	done();

	group("a line, a season and both go on; a constant stays");
	for (int kind = 0; kind < 4; kind++)
	{
		double		wanted[20];

		for (int t = 0; t < 80; t++)
		{
			double		value = 5 + (kind % 2 ? 0.7 * t : 0) + (kind / 2 ? 3 * ((t * 5) % 12) : 0);

			*(t < 60 ? &y[t] : &wanted[t - 60]) = value;
		}
		one = make(y, 60, 12, NULL, 0, NULL, 20);
		for (int h = 0; h < 20; h++)
			check(close_to(one.mean[h], wanted[h], 1e-7, 1e-9) && one.variance[h] >= 0 && one.variance[h] < 1e-6, "kind %d %s step %d: %.12g, wanted %.12g, variance %g", kind,
				  one.out.label, h, one.mean[h], wanted[h], one.variance[h]);
	}
	done();

	group("what is missing at the end is forecast like the future; gaps before the start are none");
	for (int k = 0; k < LENGTH(specs); k++)
	{
		one = make(golden_deaths, 72, 12, NULL, 0, specs[k], 20);
		for (int t = 0; t < 80; t++)
			y[t] = t < 3 || t >= 75 ? NAN : golden_deaths[t - 3];
		other = make(y, 80, 12, NULL, 0, specs[k], 15);
		for (int h = 0; h < 15; h++)
			check(same_bits(one.mean[h + 5], other.mean[h]) && same_bits(one.variance[h + 5], other.variance[h]), "%s step %d: %g %g", one.out.label, h, one.mean[h + 5], other.mean[h]);
	}
	done();

	group("fitted values: one step ahead, they are what a forecast from there gives");
	one = make(golden_lh, 48, 1, NULL, 0, "arima(1,0,0)", 1);
	for (int t = 1; t < 48; t++)
	{
		double		mean = note_of(&one.out, "mean");

		check(close_to(one.fitted[t], mean + note_of(&one.out, "ar1") * (golden_lh[t - 1] - mean), 1e-9, 0), "period %d", t);
	}
	check(close_to(one.fitted[0], note_of(&one.out, "mean"), 1e-9, 0), "the first is expected at the mean");
	done();

	group("variances never fall with the horizon");
	for (int k = 0; k < LENGTH(specs); k++)
	{
		one = make(golden_air_raw, 144, 12, NULL, 0, specs[k], 40);
		for (int h = 1; h < 40; h++)
			check(one.variance[h] >= one.variance[h - 1], "%s step %d", one.out.label, h);
	}
	done();
}

static void
test_drivers(void)
{
	static double y[N_MAX];
	static double x[(N_MAX + H_MAX) * 30];
	SfRng		rng;
	Made		made;

	sf_rng_seed(&rng, 51);
	group("what drivers do is found again, and forecasts follow their future");
	for (int k = 1; k <= 5; k += 2)
	{
		double		e = 0;

		for (int t = 0; t < 160; t++)
			for (int j = 0; j < k; j++)
				x[t * k + j] = (100 * j + 1) * (5 + sf_rng_normal(&rng));
		for (int t = 0; t < 150; t++)
		{
			e = 0.6 * e + 0.3 * sf_rng_normal(&rng);
			y[t] = 10 + e;
			for (int j = 0; j < k; j++)
				y[t] += (j + 1) * x[t * k + j] / (100 * j + 1);
		}
		made = make(y, 150, 1, x, k, NULL, 10);
		for (int j = 0; j < k; j++)
		{
			char		name[32];

			snprintf(name, sizeof name, "driver %d", j + 1);
			check(close_to(note_of(&made.out, name) * (100 * j + 1), j + 1, 0.1, 0), "%s of %d: %g", name, k, note_of(&made.out, name) * (100 * j + 1));
		}
		for (int h = 0; h < 10; h++)
		{
			double		wanted = 10;

			for (int j = 0; j < k; j++)
				wanted += (j + 1) * x[(150 + h) * k + j] / (100 * j + 1);
			check(fabs(made.mean[h] - wanted) < 1.5, "%s step %d: %g, wanted %g", made.out.label, h, made.mean[h], wanted);
		}
	}
	done();

	group("constant, equal, empty, huge and more drivers than periods");
	for (int n = 1; n <= 40; n += 3)
	{
		for (int t = 0; t < n + 5; t++)
			for (int j = 0; j < 30; j++)
				x[t * 30 + j] = j == 0 ? 7 : j == 1 ? 0 : j == 2 ? 1e300 * (t % 3) : j < 6 ? t : j == 6 ? 1e-300 * t * t : sf_rng_normal(&rng);
		for (int t = 0; t < n; t++)
			y[t] = 3 + sf_rng_normal(&rng);
		made = make(y, n, 4, x, 30, NULL, 5);
		check(made.status == SF_OK, "status %d", made.status);
		for (int h = 0; h < 5; h++)
			check(isfinite(made.mean[h]) && !isinf(made.variance[h]), "n %d step %d: %g", n, h, made.mean[h]);
	}
	done();
}

static void
fill(SfRng *rng, int kind, double size, double *y, int n)
{
	for (int t = 0; t < n; t++)
		switch (kind)
		{
			case 0:
				y[t] = 0;
				break;
			case 1:
				y[t] = size;
				break;
			case 2:
				y[t] = t == n / 2 ? size : 0;
				break;
			case 3:
				y[t] = -size * ((double) t / n);
				break;
			case 4:
				y[t] = size * (sf_rng_normal(rng) / 8);
				break;
			case 5:
				y[t] = size * (t % 2);
				break;
			case 6:
				y[t] = size * pow(0.5, n - t);
				break;
			case 7:
				y[t] = t % 3 == 1 || sf_rng_below(rng, 3) == 0 ? size * sf_rng_uniform(rng) : NAN;
				break;
			case 8:
				y[t] = random_magnitude(rng, -300, 300) * (sf_rng_below(rng, 2) ? 1 : -1);
				break;
			default:
				y[t] = t > 0 && t < n - 1 ? NAN : size;
		}
	if (kind == 7 && isnan(y[0]))
		y[0] = size;
}

static void
test_hostile(void)
{
	static const char *const specs[] = {
		NULL, "arima(0,1,1)(0,1,1)", "arima(12,2,12)(3,2,3)", "arima(5,0,0) drift", "arima(0,0,5)(0,0,2) no mean", "arima(2,1,2)(1,1,1)[24]"
	};
	static const double size[] = {1, 1e-300, 1e300, 5e-324, DBL_MAX};
	static const int season[] = {1, 4, 12, 100000};
	static double y[N_MAX];
	SfRng		rng;

	sf_rng_seed(&rng, 52);
	group("short, constant, empty, explosive, gappy, tiny and huge series: finite forecasts and a label");
	for (int k = 0; k < LENGTH(specs); k++)
		for (int kind = 0; kind < 10; kind++)
			for (int n = 1; n <= 60; n += n < 8 ? 1 : 13)
			{
				double		s = size[sf_rng_below(&rng, LENGTH(size))];
				int			m = season[sf_rng_below(&rng, LENGTH(season))];
				Made		made;

				fill(&rng, kind, s, y, n);
				made = make(y, n, m, NULL, 0, specs[k], 30);
				check(made.status == SF_OK && made.out.label[0] != '\0', "spec %d kind %d n %d: status %d", k, kind, n, made.status);
				for (int h = 0; h < 30; h++)
					check(isfinite(made.mean[h]) && !isinf(made.variance[h]) && !(made.variance[h] < 0), "spec %d kind %d n %d m %d size %g step %d: %g, %g; %s", k, kind, n, m, s, h,
						  made.mean[h], made.variance[h], made.out.label);
				for (int t = 0; t < n; t++)
					check(!isinf(made.fitted[t]), "fitted");
			}
	done();

	group("nothing observed is refused");
	y[0] = y[1] = NAN;
	check(make(y, 2, 1, NULL, 0, NULL, 3).status == SF_BAD_DATA, "automatic");
	check(make(y, 2, 1, NULL, 0, "arima(1,0,0)", 3).status == SF_BAD_DATA, "given");
	done();
}

static SfStatus
forecast_work(SfCtx *ctx, void *argument)
{
	static double y[60];
	static double x[72 * 4];
	double		mean[12];
	double		variance[12];
	SfSeries	s = {.y = y, .n = 60, .seasons = 1, .season = {12}, .drivers = argument != NULL ? x : NULL, .driver_count = argument != NULL ? 4 : 0};
	SfForecast	out = {.horizon = 12, .mean = mean, .variance = variance};
	SfArena		arena;
	SfRng		rng;

	sf_rng_seed(&rng, 53);
	for (int i = 0; i < LENGTH(x); i++)
		x[i] = sf_rng_normal(&rng);
	for (int t = 0; t < 60; t++)
		y[t] = t == 30 ? NAN : t % 12 + sf_rng_normal(&rng);
	sf_arena_init(&arena, ctx);
	return sf_arima_forecast(&arena, &s, &out);
}

/* Long enough for the conditional filter. */
static SfStatus
long_work(SfCtx *ctx, void *argument)
{
	static double y[4000];
	double		mean[12];
	double		variance[12];
	SfSeries	s = {.y = y, .n = LENGTH(y), .seasons = 1, .season = {168}};
	SfForecast	out = {.horizon = 12, .mean = mean, .variance = variance};
	SfArimaSpec spec = {.p = 1, .d = 1, .q = 1, .P = 1, .Q = 1};
	SfArena		arena;
	SfRng		rng;

	(void) argument;
	sf_rng_seed(&rng, 54);
	for (int t = 0; t < LENGTH(y); t++)
		y[t] = t % 24 + sf_rng_normal(&rng);
	sf_arena_init(&arena, ctx);
	return sf_arima_spec_forecast(&arena, &s, &spec, &out);
}

int
main(void)
{
	int			drivers = 1;

	test_golden();
	test_parse();
	test_laws();
	test_drivers();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(forecast_work, NULL);
	refuse_each(forecast_work, &drivers);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(forecast_work, NULL, 1);
	cancel_each(forecast_work, &drivers, 1);
	cancel_each(long_work, NULL, 7);
	done();
	return finish();
}
