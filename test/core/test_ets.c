/* Tests of core/forecast/ets*.c: exponential smoothing models, their fit, their choice, their variances. */
#include "check.h"

#include "core/forecast/ets.h"
#include "core/forecast/ets_variance.h"

#include "ets_golden.h"

#define HORIZON_MAX 400

static const char *const specs[] = {
	"ets(A,N,N)", "ets(A,A,N)", "ets(A,Ad,N)", "ets(M,N,N)", "ets(M,A,N)", "ets(M,Ad,N)",
	"ets(A,N,A)", "ets(A,A,A)", "ets(A,Ad,A)", "ets(M,N,A)", "ets(M,A,A)", "ets(M,Ad,A)",
	"ets(M,N,M)", "ets(M,A,M)", "ets(M,Ad,M)"
};

static SfEtsSpec
spec_of(const char *text)
{
	SfEtsSpec	spec = {0};

	check(sf_ets_spec_parse(text, &spec), "%s", text);
	return spec;
}

static SfEtsForm
form_of(const char *text)
{
	SfEtsSpec	spec = spec_of(text);

	return (SfEtsForm) {
		.relative = spec.error == 'M',
		.trend = spec.trend == 'N' ? SF_ETS_TREND_NONE : spec.trend == 'A' ? SF_ETS_TREND_ADDITIVE : SF_ETS_TREND_DAMPED,
		.season = spec.season == 'N' ? SF_ETS_SEASON_NONE : spec.season == 'A' ? SF_ETS_SEASON_ADDITIVE : SF_ETS_SEASON_MULTIPLICATIVE
	};
}

/* A forecast with room for what it writes. */
typedef struct Answer
{
	SfForecast	out;
	SfStatus	status;
	double		mean[HORIZON_MAX];
	double		variance[HORIZON_MAX];
} Answer;

/* method NULL: the spec. */
static void
ask(Answer *answer, const double *y, int n, double m, int horizon, SfMethodFunction method, const char *spec, double *fitted)
{
	SfSeries	s = {.y = y, .n = n, .seasons = m > 1, .season = {m}};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	*answer = (Answer) {.out = {.horizon = horizon, .fitted = fitted}};
	answer->out.mean = answer->mean;
	answer->out.variance = answer->variance;
	answer->status = method != NULL ? method(&arena, &s, &answer->out) : sf_ets_spec_forecast(&arena, &s, spec_of(spec), &answer->out);
	if (answer->status != SF_OK)
		check(fails_with(&host, answer->status, SF_BAD_ARGUMENT), "status %d", answer->status);
	host_free(&host);
}

static double
note(const Answer *answer, const char *name)
{
	for (int i = 0; i < answer->out.notes; i++)
		if (strcmp(answer->out.note[i].name, name) == 0)
			return answer->out.note[i].value;
	return NAN;
}

static void
test_by_hand(void)
{
	static const double y[] = {1, 2, 3};
	static const double z[] = {2, 6, 3, 9};
	double		season[2] = {0.5, 1.5};
	double		fitted[4];
	SfEtsData	data = {.y = y, .n = 3, .m = 1};
	SfEtsPoint	point = {.alpha = 0.5, .beta_share = 0.5, .phi = 1, .level = 1, .season = season};
	SfEtsWork	work;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("1, 2, 3 with alpha 1/2 from level 1: errors 0, 1, 3/2, last level 9/4");
	check(sf_ets_work_init(&arena, &data, false, &work) == SF_OK, "work");
	check(sf_ets_value(&work, &data, form_of("ets(A,N,N)"), &point, fitted) == SF_OK, "value");
	check(work.square_sum == 3.25 && work.level == 2.25 && work.log_sum == 0, "%g, %g", work.square_sum, work.level);
	check(fitted[0] == 1 && fitted[1] == 1 && fitted[2] == 1.5, "fitted");
	check(sf_ets_value(&work, &data, form_of("ets(M,N,N)"), &point, NULL) == SF_OK, "value");
	check(work.square_sum == 2 && close_to(work.log_sum, log(1.5), 0, 1e-15), "relative: %g, %g", work.square_sum, work.log_sum);
	done();

	group("2, 6, 3, 9 with multiplicative season: forecasts 2, 6, 2, 8 with level 4, 4, 4, 16/3");
	data = (SfEtsData) {.y = z, .n = 4, .m = 2};
	point = (SfEtsPoint) {.alpha = 2.0 / 3, .gamma_share = 0, .phi = 1, .level = 4, .season = season};
	check(sf_ets_work_init(&arena, &data, false, &work) == SF_OK, "work");
	check(sf_ets_value(&work, &data, form_of("ets(M,N,M)"), &point, fitted) == SF_OK, "value");
	check(fitted[0] == 2 && fitted[1] == 6 && fitted[2] == 2 && close_to(fitted[3], 8, 0, 1e-15), "fitted %g %g %g %g", fitted[0], fitted[1], fitted[2], fitted[3]);
	check(close_to(work.square_sum, 0.25 + 1.0 / 64, 0, 1e-14), "%g", work.square_sum);
	done();
	host_free(&host);
}

static void
golden_point(const struct GoldenEts *g, double scale, double *season, SfEtsPoint *point)
{
	bool		ratio = strcmp(g->spec + strlen(g->spec) - 2, "M)") == 0;

	*point = (SfEtsPoint) {
		.alpha = g->point[0], .beta_share = g->point[1] / g->point[0], .gamma_share = g->point[2] / (1 - g->point[0]), .phi = g->point[3],
		.level = g->point[4] * scale, .trend = g->point[5] * scale, .season = season
	};
	for (int i = 0; i < g->m; i++)
		season[i] = g->season[i] * (ratio ? 1 : scale);
}

/* What R has at its own parameters, we have there too. */
static void
test_golden_passes(void)
{
	group("at R's parameters: R's likelihood, forecasts and variances");
	for (int i = 0; i < LENGTH(golden_ets); i++)
	{
		const struct GoldenEts *g = &golden_ets[i];
		SfEtsForm	form = form_of(g->spec);
		SfEtsData	data = {.y = g->y, .n = g->n, .m = g->m};
		double		season[12];
		double		mean[25];
		double		variance[25];
		SfEtsPoint	point;
		SfEtsWork	work;
		SfEtsEnd	end;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		golden_point(g, 1, season, &point);
		check(sf_ets_work_init(&arena, &data, false, &work) == SF_OK, "work");
		check(sf_ets_value(&work, &data, form, &point, NULL) == SF_OK, "value");
		check(close_to(sf_ets_criterion(&work, &data, form), -2 * g->loglik, 0, 1e-9), "%d %s: %.9g, R %.9g", i, g->spec,
			  sf_ets_criterion(&work, &data, form), -2 * g->loglik);
		check(sf_ets_parameters(form, g->m) <= g->n, "parameters");
		end = (SfEtsEnd) {
			.form = form, .alpha = g->point[0], .beta = g->point[1], .gamma = g->point[2], .phi = g->point[3], .sigma2 = g->sigma2,
			.level = work.level, .trend = work.trend, .season = work.season, .m = g->m, .first = g->n % g->m
		};
		check(sf_ets_project(&arena, &end, 25, mean, variance) == SF_OK, "project");
		/* R 8.20 adds b and not phi b to the level here, against its own fit */
		if (form.season == SF_ETS_SEASON_MULTIPLICATIVE && form.trend == SF_ETS_TREND_DAMPED)
		{
			host_free(&host);
			continue;
		}
		for (int k = 0; k < LENGTH(golden_steps); k++)
		{
			int			h = golden_steps[k] - 1;

			check(close_to(mean[h], g->mean[k], 0, 1e-9), "%d %s: mean %d is %.12g, R %.12g", i, g->spec, h + 1, mean[h], g->mean[k]);
			/* R 8.20 lets gamma act a step too soon where there is a season and no trend */
			if (form.season == SF_ETS_SEASON_ADDITIVE && form.trend == SF_ETS_TREND_NONE && h + 1 >= g->m)
				continue;
			check(close_to(variance[h], g->variance[k], 0, 1e-8), "%d %s: variance %d is %.12g, R %.12g", i, g->spec, h + 1,
				  variance[h], g->variance[k]);
		}
		host_free(&host);
	}
	done();
}

static void
test_golden_fits(void)
{
	group("the likelihood is at least R's, and where it is the same so are the forecasts");
	for (int i = 0; i < LENGTH(golden_ets); i++)
	{
		const struct GoldenEts *g = &golden_ets[i];
		Answer		answer;
		double		aicc;

		ask(&answer, g->y, g->n, g->m, 25, NULL, g->spec, NULL);
		aicc = note(&answer, "aicc");
		check(aicc <= g->aicc + 0.02, "%d %s: AICc %.6g, R %.6g", i, g->spec, aicc, g->aicc);
		check(strncmp(answer.out.label + 3, g->spec + 3, strlen(g->spec) - 3) == 0 && answer.out.converged, "%s for %s", answer.out.label, g->spec);
		if (fabs(aicc - g->aicc) < 0.02)
			for (int k = 0; k < LENGTH(golden_steps); k++)
			{
				int			h = golden_steps[k] - 1;

				check(close_to(answer.mean[h], g->mean[k], 0, 0.01), "%d %s: mean %d is %g, R %g", i, g->spec, h + 1, answer.mean[h], g->mean[k]);
				check(close_to(answer.variance[h], g->variance[k], 0, 0.05), "%d %s: variance %d is %g, R %g", i, g->spec, h + 1, answer.variance[h], g->variance[k]);
			}
	}
	done();

	group("the automatic choice is no worse than R's best, and the quick one is near");
	{
		/* AICc of R's ets() on the same series */
		static const struct
		{
			const double *y;
			int			n;
			int			m;
			double		aicc;
		}			best[] = {
			{golden_accidents, 72, 12, 1148.716}, {golden_passengers, 144, 12, 1400.638}, {golden_gas, 108, 4, 1256.558},
			{golden_nile, 100, 1, 1458.552}, {golden_users, 100, 1, 718.634}, {golden_earnings, 84, 4, 166.072}
		};

		for (int i = 0; i < LENGTH(best); i++)
		{
			Answer		full;
			Answer		fast;

			ask(&full, best[i].y, best[i].n, best[i].m, 12, sf_ets_forecast, NULL, NULL);
			ask(&fast, best[i].y, best[i].n, best[i].m, 12, sf_ets_fast_forecast, NULL, NULL);
			check(note(&full, "aicc") <= best[i].aicc + 0.1, "%d: %s %.6f", i, full.out.label, note(&full, "aicc"));
			for (int h = 0; h < 12; h++)
				check(close_to(fast.mean[h], full.mean[h], 0, 0.08), "%d: %s and %s at %d: %g, %g", i, full.out.label, fast.out.label, h + 1, full.mean[h], fast.mean[h]);
		}
	}
	done();
}

/* L and its slopes by differences, for every form. */
static void
test_slopes(void)
{
	double		y[40];
	double		season[4] = {0.3, -0.2, 0.1, -0.2};
	SfRng		rng;
	SfArena		arena;
	SfEtsWork	work;
	SfEtsData	data = {.y = y, .n = LENGTH(y), .m = 4};
	Host		host;

	sf_rng_seed(&rng, 71);
	for (int t = 0; t < LENGTH(y); t++)
		y[t] = 1 + 0.01 * t + 0.2 * (t % 4) + 0.1 * sf_rng_normal(&rng);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_ets_work_init(&arena, &data, true, &work) == SF_OK, "work");
	group("slopes are what differences say, for every model and unknown");
	for (int i = 0; i < LENGTH(specs); i++)
	{
		SfEtsForm	form = form_of(specs[i]);
		bool		ratio = form.season == SF_ETS_SEASON_MULTIPLICATIVE;
		double		states[4];
		SfEtsPoint	at = {.alpha = 0.3, .beta_share = 0.2, .gamma_share = 0.4, .phi = 0.9, .level = 1, .trend = 0.02, .season = states};
		double	   *unknown[9] = {&at.alpha, &at.beta_share, &at.gamma_share, &at.phi, &at.level, &at.trend, &states[0], &states[1], &states[2]};
		int			unknowns = form.season == SF_ETS_SEASON_NONE ? 6 : 9;
		double		slope[9];
		double		log_slope[9];
		double		square_sum;
		double		log_sum;

		for (int j = 0; j < 4; j++)
			states[j] = season[j] + (ratio ? 1 : 0);
		check(sf_ets_slopes(&work, &data, form, &at, true) == SF_OK && work.unknowns == unknowns, "%s: slopes", specs[i]);
		square_sum = work.square_sum;
		log_sum = work.log_sum;
		for (int j = 0; j < unknowns; j++)
		{
			slope[j] = work.product[j * work.stride + unknowns];
			log_slope[j] = work.log_slope[j];
		}
		check(sf_ets_value(&work, &data, form, &at, NULL) == SF_OK && work.square_sum == square_sum && work.log_sum == log_sum, "%s: %.17g, %.17g", specs[i], work.square_sum, square_sum);
		for (int j = 0; j < unknowns; j++)
		{
			const double step = 1e-6;
			double		was = *unknown[j];
			double		up;
			double		log_up;

			/* absent parts have columns all the same; they do not count */
			if ((j == 3 && form.trend != SF_ETS_TREND_DAMPED) || ((j == 1 || j == 5) && form.trend == SF_ETS_TREND_NONE) || (j == 2 && unknowns == 6))
				continue;
			*unknown[j] = was + step;
			check(sf_ets_value(&work, &data, form, &at, NULL) == SF_OK, "value");
			up = work.square_sum;
			log_up = work.log_sum;
			*unknown[j] = was - step;
			check(sf_ets_value(&work, &data, form, &at, NULL) == SF_OK, "value");
			*unknown[j] = was;
			check(close_to(slope[j], (up - work.square_sum) / (4 * step), 1e-6, 1e-5), "%s, %d: %g, differences %g", specs[i], j, slope[j], (up - work.square_sum) / (4 * step));
			check(close_to(log_slope[j], (log_up - work.log_sum) / (2 * step), 1e-6, 1e-5), "%s, %d: log %g, differences %g", specs[i], j, log_slope[j], (log_up - work.log_sum) / (2 * step));
		}
	}
	done();
	host_free(&host);
}

/* The formulas of ets_variance.h as they stand. */
static double
direct_variance(const SfEtsEnd *end, const double *theta, const double *mean, int h)
{
	bool		ratio = end->form.season == SF_ETS_SEASON_MULTIPLICATIVE;
	double		sum = 0;
	double		phi_j = 0;
	double		power = 1;
	double		s = ratio ? end->season[(end->first + h - 1) % end->m] : 1;
	double		mu = mean[h - 1] / s;

	for (int j = 1; j < h; j++)
	{
		double		c;

		power *= end->phi;
		phi_j += power;
		c = end->alpha + end->beta * phi_j + (!ratio && j % end->m == 0 ? end->gamma : 0);
		sum += c * c * (end->form.relative ? theta[h - j] : 1);
	}
	if (!end->form.relative)
		return end->sigma2 * (1 + sum);
	/* theta[h] is the caller's to note */
	((double *) theta)[h] = mu * mu + end->sigma2 * sum;
	return s * s * ((1 + end->sigma2) * theta[h] - mu * mu);
}

static void
test_variance(void)
{
	static double mean[300];
	static double variance[300];
	static double theta[301];
	static const double seasons[] = {0.8, 1.3, 1.1, 0.9, 0.9};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("variances by recursion are the sums they stand for");
	for (int i = 0; i < LENGTH(specs); i++)
	{
		SfEtsForm	form = form_of(specs[i]);
		SfEtsEnd	end = {
			.form = form, .alpha = 0.35, .beta = form.trend == SF_ETS_TREND_NONE ? 0 : 0.1, .gamma = form.season == SF_ETS_SEASON_NONE ? 0 : 0.25,
			.phi = form.trend == SF_ETS_TREND_DAMPED ? 0.93 : 1, .sigma2 = 0.01, .level = 3, .trend = form.trend == SF_ETS_TREND_NONE ? 0 : 0.04,
			.season = seasons, .m = form.season == SF_ETS_SEASON_NONE ? 1 : 5, .first = form.season == SF_ETS_SEASON_NONE ? 0 : 3
		};

		check(sf_ets_project(&arena, &end, 300, mean, variance) == SF_OK, "project");
		/* with a multiplicative season the sum holds for the first one only */
		for (int h = 1; h <= (form.season == SF_ETS_SEASON_MULTIPLICATIVE ? end.m : 300); h++)
		{
			double		wanted = direct_variance(&end, theta, mean, h);

			check(close_to(variance[h - 1], wanted, 0, 1e-9), "%s, step %d: %.12g, directly %.12g", specs[i], h, variance[h - 1], wanted);
		}
	}
	done();
	host_free(&host);
}

/* One path of a model, step by step as ets_model.h has it. */
static void
simulate(SfRng *rng, const SfEtsEnd *end, double *path, int horizon)
{
	double		level = end->level;
	double		trend = end->trend;
	double		season[3];

	memcpy(season, end->season, sizeof season);
	for (int h = 0; h < horizon; h++)
	{
		double	   *s = &season[(end->first + h) % 3];
		double		e = sqrt(end->sigma2) * sf_rng_normal(rng);
		double		q = level + end->phi * trend;
		double		f = end->form.season == SF_ETS_SEASON_NONE ? q : end->form.season == SF_ETS_SEASON_ADDITIVE ? q + *s : q * *s;
		double		c;
		double		d;

		path[h] = end->form.relative ? f * (1 + e) : f + e;
		c = end->form.season == SF_ETS_SEASON_MULTIPLICATIVE ? path[h] / *s - q : path[h] - f;
		d = end->form.season == SF_ETS_SEASON_MULTIPLICATIVE ? path[h] / q - *s : path[h] - f;
		level = q + end->alpha * c;
		trend = end->phi * trend + end->beta * c;
		*s += end->gamma * d;
	}
}

static void
test_simulated(void)
{
	enum {PATHS = 10000, STEPS = 8};
	static const double ratios[] = {0.8, 1.3, 0.9};
	static const double sums[] = {-0.2, 0.3, -0.1};
	SfRng		rng;
	SfArena		arena;
	Host		host;

	sf_rng_seed(&rng, 83);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("means and variances are those of simulated paths");
	for (int i = 0; i < LENGTH(specs); i++)
	{
		SfEtsForm	form = form_of(specs[i]);
		SfEtsEnd	end = {
			.form = form, .alpha = 0.5, .beta = form.trend == SF_ETS_TREND_NONE ? 0 : 0.2, .gamma = form.season == SF_ETS_SEASON_NONE ? 0 : 0.4,
			.phi = form.trend == SF_ETS_TREND_DAMPED ? 0.85 : 1, .sigma2 = 0.01, .level = 2, .trend = form.trend == SF_ETS_TREND_NONE ? 0 : 0.1,
			.season = form.season == SF_ETS_SEASON_MULTIPLICATIVE ? ratios : sums, .m = 3, .first = 1
		};
		double		mean[STEPS];
		double		variance[STEPS];
		double		sum[STEPS] = {0};
		double		squares[STEPS] = {0};

		check(sf_ets_project(&arena, &end, STEPS, mean, variance) == SF_OK, "project");
		for (int p = 0; p < PATHS; p++)
		{
			double		path[STEPS];

			simulate(&rng, &end, path, STEPS);
			for (int h = 0; h < STEPS; h++)
			{
				sum[h] += path[h] - mean[h];
				squares[h] += (path[h] - mean[h]) * (path[h] - mean[h]);
			}
		}
		for (int h = 0; h < STEPS; h++)
		{
			check(fabs(sum[h] / PATHS) < 4 * sqrt(variance[h] / PATHS), "%s, step %d: mean %g, simulated %g", specs[i], h + 1, mean[h], mean[h] + sum[h] / PATHS);
			check(close_to(variance[h], squares[h] / PATHS, 0, 0.07), "%s, step %d: variance %g, simulated %g", specs[i], h + 1, variance[h], squares[h] / PATHS);
		}
	}
	done();
	host_free(&host);
}

static void
test_laws(void)
{
	static double y[96];
	static double z[96];
	SfRng		rng;
	Answer		one;
	Answer		two;

	sf_rng_seed(&rng, 73);
	for (int t = 0; t < LENGTH(y); t++)
		y[t] = (100 + 0.5 * t) * (1 + 0.3 * sin(t * 3.14159265358979 / 6)) * (1 + 0.05 * sf_rng_normal(&rng));

	group("a power of two in is the same power of two out, bit for bit; a second call gives the same bits");
	for (int k = -900; k <= 900; k += 300)
		for (int i = -1; i < LENGTH(specs); i++)
		{
			for (int t = 0; t < LENGTH(y); t++)
				z[t] = ldexp(y[t], k);
			ask(&one, y, LENGTH(y), 12, 24, sf_ets_forecast, NULL, NULL);
			ask(&two, z, LENGTH(z), 12, 24, sf_ets_forecast, NULL, NULL);
			if (i >= 0)
			{
				if (k != 300)
					continue;
				ask(&one, y, LENGTH(y), 12, 24, NULL, specs[i], NULL);
				ask(&two, z, LENGTH(z), 12, 24, NULL, specs[i], NULL);
			}
			check(strcmp(one.out.label, two.out.label) == 0, "%s, %s", one.out.label, two.out.label);
			for (int h = 0; h < 24; h++)
			{
				check(same_bits(ldexp(one.mean[h], k), two.mean[h]), "mean %d: %g, %g", h, one.mean[h], two.mean[h]);
				check(abs(k) > 300 || same_bits(ldexp(one.variance[h], 2 * k), two.variance[h]), "variance %d", h);
			}
		}
	done();

	group("additive models: a number added in is added out");
	for (int t = 0; t < LENGTH(y); t++)
		z[t] = y[t] + 50;
	for (int i = 0; i < LENGTH(specs); i++)
	{
		if (specs[i][4] != 'A')
			continue;
		ask(&one, y, LENGTH(y), 12, 24, NULL, specs[i], NULL);
		ask(&two, z, LENGTH(z), 12, 24, NULL, specs[i], NULL);
		for (int h = 0; h < 24; h++)
			check(close_to(two.mean[h], one.mean[h] + 50, 0.2, 0), "%s, %d: %g, %g", specs[i], h, one.mean[h], two.mean[h]);
	}
	done();

	group("a line, a line with a season, and a line times a season are continued");
	for (int kind = 0; kind < 3; kind++)
	{
		static const double figure[] = {0.5, 1.5, 1.25, 0.75};

		for (int t = 0; t < 60; t++)
			z[t] = kind == 0 ? 20 + 3 * t : kind == 1 ? 20 + 3 * t + 10 * figure[t % 4] : (20 + 3 * t) * figure[t % 4];
		for (int fast = 0; fast < 2; fast++)
		{
			ask(&one, z, 48, 4, 12, fast ? sf_ets_fast_forecast : sf_ets_forecast, NULL, NULL);
			for (int h = 0; h < 12; h++)
				check(close_to(one.mean[h], z[48 + h], 0, fast ? 0.02 : 1e-3), "kind %d, %s: step %d is %g, wanted %g", kind, one.out.label, h + 1, one.mean[h], z[48 + h]);
		}
	}
	done();

	group("fitted values are one-step forecasts; their errors have the variance that is told");
	for (int i = 0; i < LENGTH(specs); i++)
	{
		double		fitted[96];
		double		sum = 0;
		bool		relative = specs[i][4] == 'M';

		ask(&one, y, LENGTH(y), 12, 1, NULL, specs[i], fitted);
		for (int t = 0; t < LENGTH(y); t++)
			sum += pow((y[t] - fitted[t]) / (relative ? fitted[t] : 1), 2);
		check(close_to(note(&one, "sigma"), sqrt(sum / (LENGTH(y) - sf_ets_parameters(form_of(specs[i]), 12) + 1)), 0, 1e-9), "%s: %g", specs[i], note(&one, "sigma"));
		check(close_to(one.variance[0], pow(note(&one, "sigma") * (relative ? one.mean[0] : 1), 2), 0, 1e-9), "%s: %g", specs[i], one.variance[0]);
		check(note(&one, "alpha") > 0 && note(&one, "alpha") < 1, "alpha");
	}
	done();
}

static void
test_long_seasons(void)
{
	static const int lengths[] = {25, 52, 168, 365};
	static double y[1400];
	SfRng		rng;

	sf_rng_seed(&rng, 77);
	group("seasons of 25 to 365 periods are used, from two of them on");
	for (int i = 0; i < LENGTH(lengths); i++)
		for (int cycles = 2; cycles <= 3; cycles++)
			for (int fast = 0; fast < 2; fast++)
			{
				int			m = lengths[i];
				double		worst = 0;
				Answer		answer;

				for (int t = 0; t < (cycles + 1) * m && t < LENGTH(y); t++)
					y[t] = 100 + 30 * sin(t * 6.28318530717959 / m) + sf_rng_normal(&rng);
				ask(&answer, y, cycles * m, m, m < 168 ? m : 168, fast ? sf_ets_fast_forecast : sf_ets_forecast, NULL, NULL);
				check(strstr(answer.out.label, ",N)") == NULL, "m = %d, %d cycles: %s", m, cycles, answer.out.label);
				for (int h = 0; h < answer.out.horizon && cycles * m + h < LENGTH(y); h++)
					worst = fmax(worst, fabs(answer.mean[h] - y[cycles * m + h]));
				check(worst < 8, "m = %d, %d cycles, %s: off by %g", m, cycles, answer.out.label, worst);
			}
	done();

	group("a season that is not whole twice is left out, and the label says so");
	{
		Answer		answer;

		ask(&answer, y, 50, 52, 5, sf_ets_forecast, NULL, NULL);
		check(strstr(answer.out.label, "under two seasons") != NULL, "%s", answer.out.label);
		ask(&answer, y, 50, 52, 5, sf_holt_winters_forecast, NULL, NULL);
		check(strcmp(answer.out.label, "ETS(A,A,N), under two seasons") == 0, "%s", answer.out.label);
		ask(&answer, y, 50, 1, 5, NULL, "ets(A,N,A)", NULL);
		check(strcmp(answer.out.label, "ETS(A,N,N), no season known") == 0, "%s", answer.out.label);
	}
	done();
}

static void
test_specs(void)
{
	static const char *const good[] = {"ets(A,N,N)", "ETS(m,aD,m)", " ets ( Z , Z , Z ) ", "ets(Z,N,A)", "ets(M,M,N)", "ets(A,A,M)"};
	static const char *const bad[] = {
		"", "ets", "ets(", "ets()", "ets(A)", "ets(A,N)", "ets(A,N,N", "ets(A,N,N))", "ets(A,N,N) x", "ets(N,N,N)", "ets(A,D,N)", "ets(Ad,N,N)",
		"ets(A,N,Ad)", "ets(A,Nd,N)", "ets(A,,N)", "eta(A,N,N)", "ets[A,N,N]", "ets(ANN)", "ets(A,N,N,N)", "ets(A, ,N)", "ets(\xff,N,N)"
	};
	static const double positive[] = {1, 2, 3, 2, 1, 2, 3, 4};
	static const double mixed[] = {1, 2, 0, 2, 1, 2, 3, 4};
	SfEtsSpec	spec;
	Answer		answer;

	group("names of models");
	for (int i = 0; i < LENGTH(good); i++)
		check(sf_ets_spec_parse(good[i], &spec), "%s", good[i]);
	for (int i = 0; i < LENGTH(bad); i++)
		check(!sf_ets_spec_parse(bad[i], &spec), "%s", bad[i]);
	spec = spec_of("ets(m, ad, z)");
	check(spec.error == 'M' && spec.trend == 'D' && spec.season == 'Z', "%c %c %c", spec.error, spec.trend, spec.season);
	done();

	group("what cannot be met is refused");
	ask(&answer, positive, 8, 2, 3, NULL, "ets(M,M,N)", NULL);
	check(answer.status == SF_BAD_ARGUMENT, "multiplicative trend");
	ask(&answer, positive, 8, 2, 3, NULL, "ets(A,N,M)", NULL);
	check(answer.status == SF_BAD_ARGUMENT, "multiplicative season, additive errors");
	ask(&answer, mixed, 8, 2, 3, NULL, "ets(M,N,N)", NULL);
	check(answer.status == SF_BAD_ARGUMENT, "relative errors of 0");
	ask(&answer, mixed, 8, 2, 3, NULL, "ets(Z,Z,M)", NULL);
	check(answer.status == SF_BAD_ARGUMENT, "multiplicative season of 0");
	ask(&answer, mixed, 8, 2, 3, sf_holt_winters_forecast, NULL, NULL);
	check(answer.status == SF_OK && answer.out.label[4] == 'A', "Holt-Winters takes the additive model: %s", answer.out.label);
	done();

	group("Z leaves the choice, a letter does not");
	for (int i = 0; i < LENGTH(golden_ets); i++)
	{
		ask(&answer, golden_ets[i].y, golden_ets[i].n, golden_ets[i].m, 3, NULL, "ets(Z,Ad,N)", NULL);
		check(strcmp(answer.out.label + 5, ",Ad,N)") == 0, "%s", answer.out.label);
		ask(&answer, golden_ets[i].y, golden_ets[i].n, golden_ets[i].m, 3, NULL, "ets(A,Z,Z)", NULL);
		check(answer.out.label[4] == 'A' && strchr(answer.out.label, 'M') == NULL, "%s", answer.out.label);
	}
	done();
}

static void
check_sane(const Answer *a, int horizon, double most, const char *what, int n, int m)
{
	if (a->status == SF_BAD_ARGUMENT)
		return;
	check(a->out.label[0] != '\0' && strlen(a->out.label) < 64, "label");
	for (int h = 0; h < horizon; h++)
	{
		check(isfinite(a->mean[h]) && (fabs(a->mean[h]) <= 2e6 * most || fabs(a->mean[h]) == DBL_MAX), "%s, n %d, m %d, %s: mean %d is %g", what, n, m, a->out.label, h, a->mean[h]);
		check(isnan(a->variance[h]) || (a->variance[h] >= 0 && isfinite(a->variance[h])), "%s, n %d, m %d, %s: variance %d is %g", what, n, m, a->out.label, h, a->variance[h]);
	}
	for (int i = 0; i < a->out.notes; i++)
		check(!isinf(a->out.note[i].value), "note %s", a->out.note[i].name);
}

static double
hostile_value(SfRng *rng, int kind, int t, int n)
{
	switch (kind)
	{
		case 0:
			return 0;
		case 1:
			return 1e300;
		case 2:
			return t == n / 2 ? 5 : 0;
		case 3:
			return -3 - sf_rng_uniform(rng);
		case 4:
			return random_magnitude(rng, -300, 300);
		case 5:
			return (sf_rng_uniform(rng) < 0.5 ? -1 : 1) * random_magnitude(rng, -300, 300);
		case 6:
			return 1e-300 * (1 + sf_rng_uniform(rng));
		case 7:
			return 1e308 * (0.5 + 0.5 * sf_rng_uniform(rng)) * (t % 2 ? 1 : -1);
		case 8:
			return exp(0.5 * t);
		case 9:
			return t < n / 2 ? 1 : 1e12;
		case 10:
			return t % 3 == 0 ? 1e-5 : 1;
		case 11:
			return 5e-324 * (t % 4);
		case 12:
			return t == n - 1 ? 1e6 : 7;
		case 13:
			return 100 - 99.9 * t / n;
		default:
			return (double) sf_rng_below(rng, 3);
	}
}

static void
test_hostile(void)
{
	static const int lengths[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 24, 25, 40, 60};
	static const int seasons[] = {1, 2, 4, 12, 30, 1000};
	static const SfMethodFunction methods[] = {sf_ets_forecast, sf_ets_fast_forecast, sf_holt_winters_additive_forecast, sf_holt_winters_forecast};
	SfRng		rng;

	sf_rng_seed(&rng, 79);
	group("any series: finite means, variances that are not negative");
	for (int kind = 0; kind < 15; kind++)
		for (int i = 0; i < LENGTH(lengths); i++)
			for (int j = 0; j < LENGTH(seasons); j++)
			{
				int			n = lengths[i];
				double		y[60];
				double		fitted[60];
				double		most = 0;
				Answer		answer;

				for (int t = 0; t < n; t++)
				{
					y[t] = hostile_value(&rng, kind, t, n);
					most = fmax(most, fabs(y[t]));
				}
				for (int k = 0; k < LENGTH(methods); k++)
				{
					ask(&answer, y, n, seasons[j], 40, methods[k], NULL, fitted);
					check(answer.status == SF_OK, "status %d", answer.status);
					check_sane(&answer, 40, most, "method", n, seasons[j]);
					for (int t = 0; t < n; t++)
						check(isfinite(fitted[t]) || n < 3, "fitted %d is %g", t, fitted[t]);
				}
				if (j < 3)
					for (int k = 0; k < LENGTH(specs); k++)
					{
						ask(&answer, y, n, seasons[j], 40, NULL, specs[k], NULL);
						check_sane(&answer, 40, most, specs[k], n, seasons[j]);
					}
			}
	done();

	group("constant, one and two values");
	{
		static const double same[] = {4, 4, 4, 4, 4, 4, 4, 4};
		static const double two[] = {4, 7};
		Answer		answer;

		ask(&answer, same, 8, 2, 3, sf_ets_forecast, NULL, NULL);
		check(answer.mean[2] == 4 && answer.variance[2] == 0 && strncmp(answer.out.label, "ETS(A,N,N)", 10) == 0, "%s", answer.out.label);
		ask(&answer, two, 2, 2, 3, sf_ets_forecast, NULL, NULL);
		check(answer.mean[2] == 7 && answer.variance[2] == 27, "%g, %g", answer.mean[2], answer.variance[2]);
		ask(&answer, two, 1, 1, 3, sf_ets_forecast, NULL, NULL);
		check(answer.mean[2] == 4 && isnan(answer.variance[2]), "%g", answer.variance[2]);
	}
	done();
}

static SfStatus
work_on(SfCtx *ctx, void *argument)
{
	const SfSeries *s = argument;
	double		mean[12];
	double		variance[12];
	SfForecast	out = {.horizon = 12, .mean = mean, .variance = variance};
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_ets_fast_forecast(&arena, s, &out);
}

static SfStatus
work_in_full(SfCtx *ctx, void *argument)
{
	const SfSeries *s = argument;
	double		mean[12];
	double		variance[12];
	SfForecast	out = {.horizon = 12, .mean = mean, .variance = variance};
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_ets_forecast(&arena, s, &out);
}

int
main(void)
{
	static double y[25000];
	SfSeries	s = {.y = golden_gas, .n = LENGTH(golden_gas), .seasons = 1, .season = {4}};
	SfSeries	many = {.y = y, .n = LENGTH(y), .seasons = 1, .season = {5000}};

	test_by_hand();
	test_golden_passes();
	test_golden_fits();
	test_slopes();
	test_variance();
	test_simulated();
	test_laws();
	test_long_seasons();
	test_specs();
	test_hostile();
	for (int t = 0; t < LENGTH(y); t++)
		y[t] = 10 + t % 5000 / 1000.0 + t % 7;
	group("memory is refused");
	refuse_each(work_in_full, &s);
	refuse_each(work_on, &many);
	done();
	group("cancelled at any poll");
	cancel_each(work_in_full, &s, 3);
	cancel_each(work_on, &many, 211);
	done();
	return finish();
}
