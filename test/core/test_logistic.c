/* Tests of core/winprob/logistic*.c: logistic regression on codes. */
#include "check.h"

#include "core/winprob/logistic.h"
#include "logistic_golden.h"

#define FEATURES_MOST 12
#define ROWS_MOST 70000

/* Deals made for a test, with bins as sf_bins_fit would say. */
typedef struct Deals
{
	SfFeature	feature[FEATURES_MOST];
	SfFeatureBins of[FEATURES_MOST];
	int32_t		codes_of[FEATURES_MOST];
	double		centre[FEATURES_MOST][SF_MAX_BINS];
	uint8_t		code[ROWS_MOST * FEATURES_MOST];
	uint8_t		won[ROWS_MOST];
	SfBins		bins;
	SfCodes		codes;
} Deals;

static Deals deals;

static void
shape(Deals *d, int32_t features, int64_t rows)
{
	memset(d, 0, offsetof(Deals, code));
	d->bins = (SfBins) {.features = features, .feature = d->feature, .of = d->of, .rows = rows};
	d->codes = (SfCodes) {.rows = rows, .features = features, .code = d->code, .won = d->won, .codes = d->codes_of};
}

static void
set_feature(Deals *d, int32_t f, SfFeatureKind kind, int32_t values)
{
	d->feature[f].kind = kind;
	d->of[f].values = values;
	d->of[f].centre = d->centre[f];
	d->codes_of[f] = values + 2;
	for (int32_t v = 0; v < values; v++)
		d->centre[f][v] = kind == SF_FEATURE_CATEGORY ? 0.0 : v;
}

static void
golden_deals(Deals *d)
{
	shape(d, 3, LENGTH(golden_deal));
	set_feature(d, 0, SF_FEATURE_NUMBER, 6);
	set_feature(d, 1, SF_FEATURE_BOOLEAN, 2);
	set_feature(d, 2, SF_FEATURE_CATEGORY, 4);
	memcpy(d->centre[0], golden_value, sizeof golden_value);
	for (int i = 0; i < LENGTH(golden_deal); i++)
	{
		memcpy(d->code + 3 * i, golden_deal[i], 3);
		d->won[i] = golden_deal[i][3];
	}
}

/* Random deals whose log-odds are a sum over codes. */
static void
random_deals(Deals *d, int32_t features, int32_t values, int64_t rows, uint64_t seed)
{
	static double weight[FEATURES_MOST][256];
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	shape(d, features, rows);
	for (int32_t f = 0; f < features; f++)
	{
		set_feature(d, f, f % 3 == 2 ? SF_FEATURE_CATEGORY : SF_FEATURE_NUMBER, values);
		for (int32_t c = 0; c <= values; c++)
			weight[f][c] = 0.5 * sf_rng_normal(&rng);
	}
	for (int64_t r = 0; r < rows; r++)
	{
		double		x = -0.5;

		for (int32_t f = 0; f < features; f++)
		{
			int32_t		c = (int32_t) sf_rng_below(&rng, (uint64_t) values + 1);

			d->code[r * features + f] = (uint8_t) c;
			x += weight[f][c];
		}
		d->won[r] = sf_rng_uniform(&rng) < 1.0 / (1.0 + exp(-x));
	}
}

static bool
finite_model(const SfLogistic *m)
{
	bool		good = isfinite(m->intercept) && isfinite(m->intercept_error) && isfinite(m->deviance) &&
		isfinite(m->parameters) && m->deviance >= 0;

	for (int32_t c = 0; c < m->offset[m->features]; c++)
		good = good && isfinite(m->weight[c]) && isfinite(m->error[c]) && m->error[c] >= 0;
	for (int32_t f = 0; f < m->features; f++)
		good = good && (!m->linear[f] || (isfinite(m->slope[f]) && isfinite(m->slope_error[f])));
	return good;
}

typedef struct Golden
{
	const char *name;
	bool		linear;
	double		ridge;
	const double *weight;
	const double *error;
	const double *fit;
	double		tolerance;
} Golden;

static void
test_golden(void)
{
	static const Golden golden[] = {
		{"binned, glm", false, 0, binned_weight, binned_error, binned_fit, 1e-6},
		{"linear, glm", true, 0, linear_weight, linear_error, linear_fit, 1e-6},
		{"binned, glmnet", false, 2.5, binned_ridge_weight, binned_ridge_error, binned_ridge_fit, 1e-5},
		{"linear, glmnet", true, 2.5, linear_ridge_weight, linear_ridge_error, linear_ridge_fit, 1e-5},
	};

	golden_deals(&deals);
	group("weights, errors and deviance are those of glm and glmnet");
	for (int g = 0; g < LENGTH(golden); g++)
	{
		const Golden *want = &golden[g];
		SfLogisticOptions options = {.linear = want->linear, .ridge = want->ridge};
		SfLogistic	m;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		if (check(sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &m) == SF_OK, "%s: fit", want->name))
		{
			double		e = want->tolerance;

			check(m.converged, "%s: converged", want->name);
			for (int32_t c = 0; c < m.offset[3]; c++)
			{
				check(close_to(m.weight[c], want->weight[c], e, e), "%s: weight %d is %.10g, not %.10g", want->name, c,
					  m.weight[c], want->weight[c]);
				check(close_to(m.error[c], want->error[c], e, e), "%s: error %d is %.10g, not %.10g", want->name, c,
					  m.error[c], want->error[c]);
			}
			check(close_to(m.intercept, want->fit[0], e, e) && close_to(m.intercept_error, want->fit[1], e, e),
				  "%s: intercept %.10g +- %.10g", want->name, m.intercept, m.intercept_error);
			check(close_to(m.deviance, want->fit[2], e, e), "%s: deviance %.12g", want->name, m.deviance);
			check(!want->linear || (close_to(m.slope[0], want->fit[3], e, e) && close_to(m.slope_error[0], want->fit[4], e, e)),
				  "%s: slope %.10g +- %.10g", want->name, m.slope[0], m.slope_error[0]);
			check(want->ridge > 0 || close_to(m.parameters, want->linear ? 7 : 11, 1e-9, 0), "%s: %g parameters", want->name,
				  m.parameters);
		}
		host_free(&host);
	}
	done();
}

/* One boolean: each weight is the log-odds of its deals. */
static void
test_by_hand(void)
{
	static const int won[] = {3, 8};
	SfLogistic	m;
	SfArena		arena;
	Host		host;

	group("one boolean by hand: 3 of 10 and 8 of 10 won");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	shape(&deals, 1, 20);
	set_feature(&deals, 0, SF_FEATURE_BOOLEAN, 2);
	for (int i = 0; i < 20; i++)
	{
		deals.code[i] = (uint8_t) (1 + i / 10);
		deals.won[i] = i % 10 < won[i / 10];
	}
	check(sf_logistic_fit(&arena, &deals.bins, &deals.codes, (SfLogisticOptions) {0}, &m) == SF_OK, "fit");
	check(close_to(m.intercept + m.weight[1], log(3.0 / 7.0), 1e-9, 0), "no: %g", m.intercept + m.weight[1]);
	check(close_to(m.intercept + m.weight[2], log(8.0 / 2.0), 1e-9, 0), "yes: %g", m.intercept + m.weight[2]);
	check(close_to(m.weight[1] + m.weight[2], 0, 1e-12, 0), "centred");
	check(m.weight[0] == 0 && m.weight[3] == 0, "never seen weighs 0");
	check(close_to(m.error[1], sqrt(1 / 2.1 + 1 / 1.6) / 2, 1e-7, 0), "error %g", m.error[1]);
	host_free(&host);
	done();
}

/* At the optimum each code's sum of won - p is ridge times its weight before centring. */
static double
worst_score(const SfLogistic *m, const SfCodes *codes, double ridge)
{
	static double sum[FEATURES_MOST * 256];
	static double x[ROWS_MOST];
	double		worst = 0;

	memset(sum, 0, sizeof sum);
	sf_logistic_predict(m, codes, x);
	for (int64_t r = 0; r < codes->rows; r++)
		for (int32_t f = 0; f < codes->features; f++)
			sum[m->offset[f] + codes->code[r * codes->features + f]] += codes->won[r] - 1 / (1 + exp(-x[r]));
	for (int32_t f = 0; f < m->features; f++)
	{
		double		shift = 0;
		int32_t		n = m->offset[f + 1] - m->offset[f] - 1;

		/* penalized weights sum to 0 */
		for (int32_t c = 0; c < n; c++)
			shift += m->weight[m->offset[f] + c] / n;
		for (int32_t c = 0; c < n && ridge > 0; c++)
			worst = fmax(worst, fabs(sum[m->offset[f] + c] - ridge * (m->weight[m->offset[f] + c] - shift)));
		for (int32_t c = 0; c < n && ridge == 0; c++)
			worst = fmax(worst, fabs(sum[m->offset[f] + c]));
	}
	return worst;
}

static void
test_score(void)
{
	static const struct
	{
		int32_t		features;
		int32_t		values;
		int64_t		rows;
		double		tolerance;
	}			size[] = {{3, 5, 500, 1e-6}, {6, 30, 5000, 1e-6}, {5, 40, ROWS_MOST, 1e-4}, {6, 200, 20000, 0.5}};

	group("the score is zero at the optimum: few deals, many deals, many unknowns");
	for (int s = 0; s < LENGTH(size); s++)
		for (double ridge = 0; ridge <= 2; ridge += 2)
		{
			SfLogistic	m;
			SfArena		arena;
			Host		host;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			random_deals(&deals, size[s].features, size[s].values, size[s].rows, 7);
			if (check(sf_logistic_fit(&arena, &deals.bins, &deals.codes, (SfLogisticOptions) {.ridge = ridge}, &m) == SF_OK, "fit"))
			{
				double		worst = worst_score(&m, &deals.codes, ridge);

				check(m.converged && worst <= size[s].tolerance, "case %d, ridge %g: converged %d, score %g", s, ridge, m.converged, worst);
				check(finite_model(&m), "case %d: finite", s);
			}
			host_free(&host);
		}
	done();
}

static void
test_laws(void)
{
	SfLogistic	a;
	SfLogistic	b;
	SfArena		arena;
	Host		host;
	SfLogisticOptions options = {.ridge = 1};

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	random_deals(&deals, 4, 8, 3000, 3);
	group("the order of the deals does not matter, the same order gives the same bits");
	sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &a);
	sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &b);
	for (int32_t c = 0; c < a.offset[4]; c++)
		check(same_bits(a.weight[c], b.weight[c]), "bits of %d", c);
	for (int64_t i = 0, j = 2999; i < j; i++, j--)
	{
		uint8_t		t[4];
		uint8_t		won = deals.won[i];

		memcpy(t, deals.code + 4 * i, 4);
		memcpy(deals.code + 4 * i, deals.code + 4 * j, 4);
		memcpy(deals.code + 4 * j, t, 4);
		deals.won[i] = deals.won[j];
		deals.won[j] = won;
	}
	sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &b);
	for (int32_t c = 0; c < a.offset[4]; c++)
		check(close_to(a.weight[c], b.weight[c], 1e-7, 0), "weight %d: %g, %g", c, a.weight[c], b.weight[c]);
	done();

	group("more penalty, fewer effective parameters; smoothness draws neighbours together");
	{
		double		last = HUGE_VAL;

		for (double ridge = 0; ridge < 2000; ridge = 10 * ridge + 0.1)
		{
			options.ridge = ridge;
			sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &a);
			check(a.parameters < last, "ridge %g: %g parameters", ridge, a.parameters);
			last = a.parameters;
		}
		options = (SfLogisticOptions) {.ridge = 0, .smoothness = 1e7};
		check(sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &a) == SF_OK && a.converged, "smooth");
		for (int32_t c = 2; c <= 8; c++)
			check(close_to(a.weight[c], a.weight[1], 1e-3, 0), "bin %d is %g, not %g", c, a.weight[c], a.weight[1]);
		check(fabs(a.weight[a.offset[2] + 1] - a.weight[a.offset[2] + 2]) > 1e-3, "categories are not smoothed");
	}
	done();
	host_free(&host);
}

static void
hostile_fit(const char *name, SfLogisticOptions options, int converged)
{
	SfLogistic	m;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	if (check(sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &m) == SF_OK, "%s: fit", name))
	{
		check(finite_model(&m), "%s: finite", name);
		check(converged < 0 || m.converged == (converged > 0), "%s: converged %d after %d, intercept %g", name, m.converged, m.iterations, m.intercept);
	}
	host_free(&host);
}

static void
test_hostile(void)
{
	SfLogisticOptions plain = {0};
	SfLogisticOptions line = {.linear = true};
	SfLogisticOptions ridge = {.ridge = 1, .linear = true};

	group("separated classes: stops, says so, finite");
	shape(&deals, 1, 40);
	set_feature(&deals, 0, SF_FEATURE_NUMBER, 4);
	for (int i = 0; i < 40; i++)
	{
		deals.code[i] = (uint8_t) (1 + i / 10);
		deals.won[i] = i >= 20;
	}
	hostile_fit("separated", plain, 0);
	hostile_fit("separated line", line, 0);
	hostile_fit("separated, ridge", ridge, 1);
	deals.won[3] = 1;
	deals.won[33] = 0;
	hostile_fit("half separated", plain, 0);
	done();

	group("collinear, constant, missing, huge and few");
	random_deals(&deals, 4, 5, 400, 11);
	for (int r = 0; r < 400; r++)
	{
		deals.code[4 * r + 1] = deals.code[4 * r];
		deals.code[4 * r + 2] = 0;
		deals.code[4 * r + 3] = 2;
	}
	hostile_fit("collinear", plain, 1);
	hostile_fit("collinear line", line, 1);
	hostile_fit("collinear ridge", ridge, 1);
	for (int v = 0; v < 5; v++)
		deals.centre[0][v] = (v - 2) * 8e307;
	for (int v = 0; v < 5; v++)
		deals.centre[1][v] = (v - 2) * 5e-324;
	hostile_fit("huge and tiny", line, 1);
	hostile_fit("huge and tiny, ridge", ridge, 1);
	for (int v = 0; v < 5; v++)
		deals.centre[0][v] = v < 4 ? 1e15 + v : 1e300;
	hostile_fit("lopsided", line, -1);
	deals.codes.rows = 2;
	deals.won[0] = 0;
	deals.won[1] = 1;
	hostile_fit("two deals", plain, -1);
	hostile_fit("two deals, line", line, -1);
	hostile_fit("two deals, ridge", ridge, 1);
	shape(&deals, 0, 10);
	for (int r = 0; r < 10; r++)
		deals.won[r] = r < 3;
	hostile_fit("no features", plain, 1);
	done();

	group("one class and bad options are refused");
	{
		SfArena		arena;
		Host		host;
		SfLogistic	m;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		memset(deals.won, 0, 10);
		check(fails_with(&host, sf_logistic_fit(&arena, &deals.bins, &deals.codes, plain, &m), SF_BAD_DATA), "none won");
		memset(deals.won, 1, 10);
		check(fails_with(&host, sf_logistic_fit(&arena, &deals.bins, &deals.codes, plain, &m), SF_BAD_DATA), "none lost");
		deals.codes.rows = 0;
		check(fails_with(&host, sf_logistic_fit(&arena, &deals.bins, &deals.codes, plain, &m), SF_BAD_DATA), "no deals");
		plain.ridge = -1;
		check(fails_with(&host, sf_logistic_fit(&arena, &deals.bins, &deals.codes, plain, &m), SF_BAD_ARGUMENT), "ridge");
		plain.ridge = NAN;
		check(fails_with(&host, sf_logistic_fit(&arena, &deals.bins, &deals.codes, plain, &m), SF_BAD_ARGUMENT), "ridge NaN");
		host_free(&host);
	}
	done();
}

static void
test_update(void)
{
	SfCodes		part;
	SfLogistic	old;
	SfLogistic	all;
	SfLogistic	m;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	for (int linear = 0; linear < 2; linear++)
	{
		SfLogisticOptions options = {.linear = linear == 1, .ridge = 1};

		random_deals(&deals, 4, 8, 12000, 5);
		part = deals.codes;
		part.rows = 0;
		sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &all);
		group(linear ? "an update with no deals changes nothing, linear" : "an update with no deals changes nothing");
		check(sf_logistic_update(&arena, &deals.bins, &all, &part, &m) == SF_OK && m.converged, "update");
		check(close_to(m.deviance, all.deviance, 0, 1e-10) && close_to(m.parameters, all.parameters, 0, 1e-9), "deviance %.12g, %.12g",
			  m.deviance, all.deviance);
		for (int32_t c = 0; c < all.offset[4]; c++)
			check(close_to(m.weight[c], all.weight[c], 1e-9, 0) && close_to(m.error[c], all.error[c], 1e-9, 0), "weight %d", c);
		done();

		group(linear ? "old deals, then new ones, is close to both at once, linear" : "old deals, then new ones, is close to both at once");
		part.rows = 8000;
		sf_logistic_fit(&arena, &deals.bins, &part, options, &old);
		part = deals.codes;
		part.rows = 4000;
		part.code += 8000 * 4;
		part.won += 8000;
		check(sf_logistic_update(&arena, &deals.bins, &old, &part, &m) == SF_OK && m.converged, "update");
		check(m.rows == 12000 && close_to(m.deviance, all.deviance, 0, 1e-3), "deviance %g, %g", m.deviance, all.deviance);
		check(close_to(m.intercept, all.intercept, 0.1 * all.intercept_error, 0), "intercept %g, %g", m.intercept, all.intercept);
		for (int32_t c = 0; c < all.offset[4]; c++)
			check(close_to(m.weight[c], all.weight[c], 0.15 * all.error[c] + 1e-9, 0) && close_to(m.error[c], all.error[c], 0, 0.05),
				  "weight %d: %g, %g +- %g", c, m.weight[c], all.weight[c], all.error[c]);
		memset(deals.won + 8000, 1, 4000);
		check(sf_logistic_update(&arena, &deals.bins, &old, &part, &m) == SF_OK && m.converged && finite_model(&m) &&
			  m.intercept > old.intercept, "only won deals: intercept %g", m.intercept);
		old.information = NULL;
		check(fails_with(&host, sf_logistic_update(&arena, &deals.bins, &old, &part, &m), SF_BAD_ARGUMENT), "no information");
		done();
	}
	host_free(&host);
}

static void
test_codec(void)
{
	static unsigned char bytes[100000];
	SfWriter	count = {0};
	SfLogistic	m;
	SfLogistic	back;
	SfArena		arena;
	Host		host;

	group("bytes and back; damaged bytes are refused or give a finite model");
	for (int k = 0; k < 2; k++)
	{
		SfLogisticOptions options = {.linear = k == 1, .ridge = 1};
		SfWriter	write = {bytes, 0};
		SfReader	read;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		golden_deals(&deals);
		sf_logistic_fit(&arena, &deals.bins, &deals.codes, options, &m);
		count.size = 0;
		sf_logistic_encode(&m, &count);
		sf_logistic_encode(&m, &write);
		check(count.size == write.size, "size");
		read = (SfReader) {bytes, write.size, true};
		check(sf_logistic_decode(&arena, &read, &deals.bins, &back) == SF_OK && read.left == 0, "decode");
		check(memcmp(back.weight, m.weight, (size_t) m.offset[3] * 8) == 0 && back.intercept == m.intercept &&
			  back.unknowns == m.unknowns && back.information != NULL && back.rows == m.rows, "the same model");
		check(sf_logistic_update(&arena, &deals.bins, &back, &deals.codes, &m) == SF_OK, "update of a decoded model");
		for (size_t i = 0; i < write.size; i++)
		{
			SfReader	cut = {bytes, i, true};
			SfReader	flipped = {bytes, write.size, true};

			check(sf_logistic_decode(&arena, &cut, &deals.bins, &back) == SF_BAD_BYTES, "cut at %zu", i);
			bytes[i] ^= (unsigned char) (1 << (i % 8));
			if (sf_logistic_decode(&arena, &flipped, &deals.bins, &back) == SF_OK)
			{
				check(finite_model(&back), "flipped %zu", i);
				if (back.information != NULL && i % 16 == 0)
				{
					SfStatus	status = sf_logistic_update(&arena, &deals.bins, &back, &deals.codes, &m);

					check(status != SF_OK || finite_model(&m), "update of flipped %zu", i);
				}
			}
			bytes[i] ^= (unsigned char) (1 << (i % 8));
		}
		host_free(&host);
	}
	done();
}

static SfStatus
fit_work(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfLogistic	m;

	sf_arena_init(&arena, ctx);
	return sf_logistic_fit(&arena, &deals.bins, &deals.codes, *(SfLogisticOptions *) argument, &m);
}

int
main(void)
{
	SfLogisticOptions options = {.ridge = 1};

	test_by_hand();
	test_golden();
	test_score();
	test_laws();
	test_hostile();
	test_update();
	test_codec();
	group("refused memory and cancelled polls are clean failures");
	random_deals(&deals, 3, 6, 9000, 2);
	refuse_each(fit_work, &options);
	cancel_each(fit_work, &options, 1);
	random_deals(&deals, 6, 200, 9000, 2);
	refuse_each(fit_work, &options);
	cancel_each(fit_work, &options, 17);
	done();
	return finish();
}
