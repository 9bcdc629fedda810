/* Tests of core/winprob/interactions.c and interaction_effect.c: conditions that matter in some segments only. */
#include "check.h"

#include "core/winprob/interaction_effect.h"

#define FEATURES 6
#define ROWS_MOST 30000

static const SfFeatureKind kind[FEATURES] = {
	SF_FEATURE_NUMBER,			/* hours until a demo */
	SF_FEATURE_CATEGORY,		/* industry, six */
	SF_FEATURE_BOOLEAN,			/* south */
	SF_FEATURE_CATEGORY,		/* size, three */
	SF_FEATURE_NUMBER,			/* noise */
	SF_FEATURE_CATEGORY,		/* noise */
};
static const int32_t values[FEATURES] = {32, 6, 2, 3, 40, 10};

static SfFeature feature[FEATURES];
static SfFeatureBins of[FEATURES];
static int32_t codes_of[FEATURES];
static uint8_t code[ROWS_MOST * FEATURES];
static uint8_t won[ROWS_MOST];
static SfBins bins = {.features = FEATURES, .feature = feature, .of = of};
static SfCodes codes = {.features = FEATURES, .code = code, .won = won, .codes = codes_of};

/* Log-odds with main effects; early demos help in industries 2 and 5, south in small firms of industry 3. */
static void
make(uint64_t seed, int64_t rows, double demo, double south)
{
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	bins.rows = rows;
	codes.rows = rows;
	for (int f = 0; f < FEATURES; f++)
	{
		feature[f].kind = kind[f];
		of[f].values = values[f];
		codes_of[f] = values[f] + 2;
	}
	for (int64_t r = 0; r < rows; r++)
	{
		uint8_t    *c = code + r * FEATURES;
		double		x;

		for (int f = 0; f < FEATURES; f++)
			c[f] = (uint8_t) (sf_rng_uniform(&rng) < 0.05 && f != 2 ? 0 : 1 + sf_rng_below(&rng, (uint64_t) values[f]));
		x = -1 + 0.2 * c[1] + 0.3 * (c[2] == 2) - 0.02 * c[0] + 0.2 * c[3];
		if (c[0] >= 1 && c[0] <= 8 && (c[1] == 2 || c[1] == 5))
			x += demo;
		if (c[2] == 2 && c[1] == 3 && c[3] == 1)
			x += south;
		won[r] = sf_rng_uniform(&rng) < 1 / (1 + exp(-x));
	}
}

static const SfInteractionOptions standard = {.level = 0.05, .least_deals = 20, .threes = true};

static void
test_planted(void)
{
	SfInteractions found;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("early demos in two of six industries: one row with both");
	make(3, 12000, 1.5, 0);
	if (check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n >= 1, "%d rows", (int) found.n))
	{
		const SfInteraction *row = &found.row[0];

		check(row->condition == 0 && row->segments == 1 && row->segment[0] == 1, "features %d, %d", row->condition, row->segment[0]);
		check(row->code_low == 1 && row->code_high >= 6 && row->code_high <= 10, "codes %d..%d", row->code_low, row->code_high);
		for (int c = 0; c <= 6; c++)
			check(sf_interaction_has(row, 0, c) == (c == 2 || c == 5), "industry %d", c);
		check(row->inside.odds_low < exp(1.5) * 1.2 && row->inside.odds_high > exp(1.5), "odds ratio %g (%g..%g)",
			  row->inside.odds_ratio, row->inside.odds_low, row->inside.odds_high);
		check(row->inside.lift > 1.5 && row->outside.lift < 1.3 && row->outside.lift > 0.9, "lift %g, outside %g",
			  row->inside.lift, row->outside.lift);
		check(row->shrunk <= row->inside.odds_ratio && row->shrunk > row->outside.odds_ratio, "shrunk %g", row->shrunk);
		check(row->p <= row->adjusted && row->adjusted < 1e-6 && row->z > 5, "z %g, p %g, adjusted %g", row->z, row->p, row->adjusted);
		check(close_to(row->inside.rate_with, (double) row->inside.won_with / (double) row->inside.deals_with, 1e-15, 0), "rate");
	}
	for (int64_t i = 1; i < found.n; i++)
		check(found.row[i].log_p >= found.row[i - 1].log_p && found.row[i].adjusted <= 0.05, "order of row %d", (int) i);
	done();

	group("small manufacturers in the south: a conjunction of two segments");
	make(5, 30000, 0, 1.5);
	if (check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n >= 1, "%d rows", (int) found.n))
	{
		const SfInteraction *three = NULL;

		for (int64_t i = 0; i < found.n && three == NULL; i++)
			if (found.row[i].segments == 2)
				three = &found.row[i];
		/* any of the three may be told as the condition: the cell is the same */
		if (check(three != NULL, "no triple among %d", (int) found.n))
		{
			check(three->condition + three->segment[0] + three->segment[1] == 6, "features %d %d %d", three->condition,
				  three->segment[0], three->segment[1]);
			check(three->adjusted < 0.01 && three->inside.odds_ratio > 2, "adjusted %g, odds ratio %g", three->adjusted,
				  three->inside.odds_ratio);
		}
	}
	done();
	host_free(&host);
}

static void
test_false(void)
{
	int			sets = 0;
	int64_t		tests = 0;

	group("without an effect few sets show any row");
	for (uint64_t seed = 100; seed < 160; seed++)
	{
		SfInteractions found;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		make(seed, 2000, 0, 0);
		check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK, "find");
		sets += found.n > 0;
		tests += found.tests;
		host_free(&host);
	}
	/* 5 % of 60, and three standard errors */
	check(sets <= 8, "%d of 60 sets", sets);
	check(tests > 60 * 15, "%d tests", (int) tests);
	done();
}

static void
test_numbers(void)
{
	static const struct
	{
		double		x;
		int32_t		df;
		double		log_p;
	}			tail[] = {
		/* R 4.2: pchisq(x, df, lower.tail = FALSE, log.p = TRUE) */
		{3.84, 1, -2.99486222718}, {7.2, 2, -3.6}, {30, 5, -11.1243636806}, {0.3, 7, -0.000100042386325}, {900, 1, -453.628096776}, {2000, 5, -989.921550327}, {1500, 8, -731.92753719}, {0.001, 3, -8.4079544048e-06}
	};
	SfFourfold	t = {{30, 20}, {9, 12}};
	SfLogOdds	odds = sf_fourfold_log_odds(t);
	SfInteractionEffect e = sf_interaction_effect(t, odds);

	group("chi-squared tails as R's pchisq, a fourfold table by hand");
	for (int i = 0; i < LENGTH(tail); i++)
		check(close_to(sf_log_chi_squared_tail(tail[i].x, tail[i].df), tail[i].log_p, 1e-10, 1e-7), "%g, %d: %.12g", tail[i].x,
			  tail[i].df, sf_log_chi_squared_tail(tail[i].x, tail[i].df));
	check(close_to(e.odds_ratio, 12.5 / 8.5 / (9.5 / 21.5), 0, 1e-14), "odds ratio %g", e.odds_ratio);
	check(close_to(1 / odds.weight, 1 / 12.5 + 1 / 8.5 + 1 / 9.5 + 1 / 21.5, 0, 1e-14), "variance");
	check(close_to(e.rate_with, 0.6, 1e-15, 0) && close_to(e.rate_without, 0.3, 1e-15, 0), "rates");
	check(e.lift > 1.9 && e.lift < 2, "lift %g", e.lift);
	done();
}

static void
test_hostile(void)
{
	SfInteractionOptions options = standard;
	SfInteractions found;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("no deals, one deal, all alike, all missing, bad options");
	for (int64_t rows = 0; rows < 4; rows++)
	{
		make(1, rows, 0, 0);
		check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n == 0, "%d deals", (int) rows);
	}
	make(1, 1000, 0, 0);
	memset(won, 1, 1000);
	check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n == 0, "all won");
	memset(code, 0, sizeof code);
	check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n == 0, "all missing");
	make(1, 1000, 0, 0);
	options.work = 1;
	options.level = 1;
	options.least_deals = 1;
	check(sf_interactions_find(&arena, &bins, &codes, options, &found) == SF_OK && found.deals == 1000, "little work");
	options.level = NAN;
	check(fails_with(&host, sf_interactions_find(&arena, &bins, &codes, options, &found), SF_BAD_ARGUMENT), "level");
	options = standard;
	options.least_deals = 0;
	check(fails_with(&host, sf_interactions_find(&arena, &bins, &codes, options, &found), SF_BAD_ARGUMENT), "least_deals");
	bins.features = codes.features = 0;
	check(sf_interactions_find(&arena, &bins, &codes, standard, &found) == SF_OK && found.n == 0, "no features");
	bins.features = codes.features = FEATURES;
	done();
	host_free(&host);
}

static SfStatus
find_work(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfInteractions found;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_interactions_find(&arena, &bins, &codes, standard, &found);
}

int
main(void)
{
	test_numbers();
	test_planted();
	test_false();
	test_hostile();
	group("refused memory and cancelled polls are clean failures");
	make(3, 1500, 1, 0);
	refuse_each(find_work, NULL);
	cancel_each(find_work, NULL, 23);
	done();
	return finish();
}
