/* Tests of core/winprob/close*.c: when deals close, and how. */
#include "check.h"

#include "close_golden.h"
#include "core/winprob/closemodel.h"

#define HORIZONS 9

static const SfFeature two_features[] = {{{"size", 4}, SF_FEATURE_NUMBER}, {{"source", 6}, SF_FEATURE_CATEGORY}};

static SfCloseOptions
options_of(SfCloseAlgorithm algorithm)
{
	return (SfCloseOptions) {
		.algorithm = algorithm, .ridge = NAN, .smoothness = NAN, .rate = NAN, .force = true
	};
}

static double
gamma_two(SfRng *rng, double mean)
{
	return -mean / 2 * (log(1 - sf_rng_uniform(rng)) + log(1 - sf_rng_uniform(rng)));
}

/* A deal with known ways: gamma times to a win and to a loss, made faster by size and source; watched up to a day. */
typedef struct Truth
{
	double		win_mean;
	double		loss_mean;
	double		size;
	int			source;
} Truth;

static const char *const sources[] = {"event", "partner", "web"};

static Truth
draw_truth(SfRng *rng)
{
	Truth		t = {.size = 10 * sf_rng_uniform(rng), .source = (int) sf_rng_below(rng, 3)};
	double		speed = exp(0.1 * (t.size - 5));

	t.win_mean = (t.source == 0 ? 80 : t.source == 1 ? 50 : 120) / speed;
	t.loss_mean = 60 * speed;
	return t;
}

static void
cells_of(const Truth *t, SfCell *cells)
{
	memset(cells, 0, (2 + SF_CLOSE_COLUMNS) * sizeof(SfCell));
	cells[0].number = t->size;
	cells[1].text = (SfText) {sources[t->source], (int32_t) strlen(sources[t->source])};
}

static SfCloseDeal
draw_deal(SfRng *rng, const Truth *t, double late)
{
	double		win = gamma_two(rng, t->win_mean);
	double		loss = gamma_two(rng, t->loss_mean);
	double		until = late * sf_rng_uniform(rng);
	SfCloseDeal d = {.outcome = win < loss ? SF_CLOSE_WON : SF_CLOSE_LOST, .days = fmin(win, loss), .time = NAN};

	if (d.days > until)
	{
		d.outcome = SF_CLOSE_OPEN;
		d.days = until;
	}
	return d;
}

typedef struct Fitted
{
	Host		host;
	SfArena		arena;
	SfCloseModel model;
	SfClosePredictor *predictor;
	SfStatus	status;
} Fitted;

static void
fit_builder(Fitted *f, SfFrameBuilder *builder, const SfCloseOptions *options)
{
	SfFrame		frame;

	sf_arena_init(&f->arena, &f->host.ctx);
	f->status = sf_frame_finish(&f->arena, builder, &frame);
	if (f->status == SF_OK)
		f->status = sf_close_fit(&f->arena, &frame, options, (SfWinProgress) {0}, &f->model);
	if (f->status == SF_OK)
		f->status = sf_close_predictor(&f->arena, &f->model, &f->predictor);
}

/* n deals of the truth, in this order or backwards. */
static void
fit_truth(Fitted *f, int n, double late, const SfCloseOptions *options, bool backwards)
{
	SfFrameBuilder *builder;
	Truth	   *truth = malloc((size_t) n * sizeof(Truth));
	SfCloseDeal *deal = malloc((size_t) n * sizeof(SfCloseDeal));
	SfRng		rng;

	sf_rng_seed(&rng, 7);
	for (int i = 0; i < n; i++)
	{
		truth[i] = draw_truth(&rng);
		deal[i] = draw_deal(&rng, &truth[i], late);
	}
	host_init(&f->host);
	check(sf_close_create(&f->host.ctx, 2, two_features, &builder) == SF_OK, "create");
	for (int i = 0; i < n; i++)
	{
		int			at = backwards ? n - 1 - i : i;
		SfCell		cells[2 + SF_CLOSE_COLUMNS];

		cells_of(&truth[at], cells);
		check(sf_close_add(&f->host.ctx, builder, &deal[at], cells) == SF_OK, "add %d: %s", i, f->host.ctx.what);
	}
	fit_builder(f, builder, options);
	free(truth);
	free(deal);
}

static void
test_golden(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);
	SfFrameBuilder *builder;
	Fitted		f;
	double		entry[LENGTH(golden_entry)];
	double		days[LENGTH(golden_entry)];
	double		risk[LENGTH(golden_entry)];
	double		zero[LENGTH(golden_entry)] = {0};
	uint8_t		closed[LENGTH(golden_entry)];
	double		agree = 0;
	double		pairs = 0;

	group("without features the curves are Aalen and Johansen's, entries included");
	options.ridge = options.smoothness = 0;
	host_init(&f.host);
	check(sf_close_create(&f.host.ctx, 0, NULL, &builder) == SF_OK, "create");
	for (int i = 0; i < LENGTH(golden_entry); i++)
	{
		SfCell		cells[SF_CLOSE_COLUMNS] = {{0}};
		SfCloseDeal d = {(SfCloseOutcome) golden_outcome[i], golden_days[i], golden_entry[i], NAN, 0};

		check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
		entry[i] = d.entry;
		days[i] = d.days;
		risk[i] = golden_risk[i];
		closed[i] = d.outcome != SF_CLOSE_OPEN;
	}
	fit_builder(&f, builder, &options);
	if (check(f.status == SF_OK, "status %d: %s", f.status, f.host.ctx.what))
	{
		sf_close_take(f.predictor, NULL);
		for (int t = 1; t <= LENGTH(golden_won); t++)
		{
			SfCloseChance c = sf_close_within(f.predictor, 0, t);

			check(close_to(c.won, golden_won[t - 1], 1e-6, 0) && close_to(c.lost, golden_lost[t - 1], 1e-6, 0),
				  "day %d: won %.9f (%.9f), lost %.9f (%.9f)", t, c.won, golden_won[t - 1], c.lost, golden_lost[t - 1]);
		}
	}
	done();

	group("concordance agrees with R, with entries and without");
	check(sf_close_concordance(&f.arena, entry, days, closed, risk, LENGTH(entry), &agree, &pairs) == SF_OK, "status");
	check(close_to(agree / pairs, golden_concordance, 1e-12, 0), "%.12f, not %.12f", agree / pairs, golden_concordance);
	agree = pairs = 0;
	check(sf_close_concordance(&f.arena, zero, days, closed, risk, LENGTH(entry), &agree, &pairs) == SF_OK, "status");
	check(close_to(agree / pairs, golden_concordance_plain, 1e-12, 0), "%.12f, not %.12f", agree / pairs,
		  golden_concordance_plain);
	host_free(&f.host);
	done();
}

static void
test_cuts(void)
{
	double		age[1000];
	double		end[SF_CLOSE_BUCKETS_MAX];
	int32_t		n;

	group("buckets are finer where more deals close");
	for (int i = 0; i < 1000; i++)
		age[i] = i < 800 ? i / 80.0 : 10 + (i - 800) / 2.0;
	n = sf_close_cuts(age, 1000, 0, end);
	check(n == 20 && isinf(end[n - 1]) && end[0] > 0 && end[0] < 1 && end[n - 2] > 80, "%d buckets from %g to %g", n, end[0], end[n - 2]);
	for (int i = 0; i < 1000; i++)
		age[i] = 0;
	n = sf_close_cuts(age, 1000, 10, end);
	check(n == 2 && end[0] == 1 && isinf(end[1]), "all on the first day: %d, %g", n, end[0]);
	age[0] = 5;
	n = sf_close_cuts(age, 1, 60, end);
	check(n == 2 && end[0] == 5, "one deal: %d, %g", n, end[0]);
	done();
}

/* Laws that every prediction keeps. */
static void
check_curve(SfClosePredictor *p, double age)
{
	static const double within[HORIZONS] = {0, 1e-9, 1, 7, 30, 90, 400, 1e9, INFINITY};
	SfCloseExpected e = sf_close_expected(p, age);
	double		before = -1;

	for (int h = 0; h < HORIZONS; h++)
	{
		SfCloseChance c = sf_close_within(p, age, within[h]);

		check(c.won >= before && c.won >= 0 && c.won < 1 && c.lost >= 0 && c.open >= 0 &&
			  close_to(c.won + c.lost + c.open, 1, 1e-12, 0), "age %g within %g: %g %g %g", age, within[h], c.won, c.lost, c.open);
		check(h > 0 || (c.won == 0 && c.open == 1), "nothing happens in no time");
		before = c.won;
	}
	check(before == e.won, "won in the end %g, %g", before, e.won);
	check(isfinite(e.mean) && e.mean >= 0, "mean %g", e.mean);
	for (int q = 0; q < 3; q++)
		/* less than this is lost in the age */
		if (e.quantile[q] > 1e-6)
			check(close_to(1 - sf_close_within(p, age, e.quantile[q]).open, q == 0 ? 0.1 : q == 1 ? 0.5 : 0.9, 1e-6, 0),
				  "quantile %d of age %g: %g", q, age, e.quantile[q]);
}

/* Sum of P(win within 30 days) over open deals against how many of a large number of draws win. */
static void
check_calibrated(Fitted *f, const char *name, double tolerance)
{
	double		said = 0;
	double		real = 0;
	int			n = 0;
	SfRng		rng;

	sf_rng_seed(&rng, 11);
	for (int i = 0; i < 40000; i++)
	{
		Truth		t = draw_truth(&rng);
		double		age = 60 * sf_rng_uniform(&rng);
		double		win = gamma_two(&rng, t.win_mean);
		double		loss = gamma_two(&rng, t.loss_mean);
		SfCell		cells[2 + SF_CLOSE_COLUMNS];

		if (fmin(win, loss) <= age)
			continue;
		cells_of(&t, cells);
		sf_close_take(f->predictor, cells);
		said += sf_close_within(f->predictor, age, 30).won;
		real += win < loss && win <= age + 30;
		n++;
	}
	check(close_to(said, real, 0, tolerance), "%s: %g wins within 30 days said, %g seen, of %d", name, said, real, n);
}

static void
test_truth(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_AUTO);
	Fitted		f;
	Fitted		back;
	SfCell		cells[2 + SF_CLOSE_COLUMNS];

	group("known hazards are found again, and predictions keep the laws");
	options.validate = true;
	options.trees = 60;
	fit_truth(&f, 3000, 150, &options, false);
	if (!check(f.status == SF_OK, "status %d: %s", f.status, f.host.ctx.what))
		return done();
	check(f.model.quality.rows == 3000 && f.model.quality.skill_low > 0 && f.model.quality.c_index > 0.5 &&
		  f.model.quality.cause_auc > 0.6, "quality: C %g, skill %g from %g, AUC %g", f.model.quality.c_index,
		  f.model.quality.skill, f.model.quality.skill_low, f.model.quality.cause_auc);
	check(f.model.candidates == 11 && f.model.gates == 6 + 5, "%d candidates, %d gates", f.model.candidates, f.model.gates);
	for (int i = 0; i < 3; i++)
	{
		Truth		t = {.size = 5 * i, .source = i};

		cells_of(&t, cells);
		sf_close_take(f.predictor, cells);
		check_curve(f.predictor, 0);
		check_curve(f.predictor, 33.3);
		check_curve(f.predictor, 1e6);
	}
	cells[0].missing = true;
	cells[1].text = (SfText) {"never seen", 10};
	sf_close_take(f.predictor, cells);
	check_curve(f.predictor, 10);
	check_calibrated(&f, "auto", 0.05);
	done();

	group("the order of rows does not show");
	fit_truth(&back, 3000, 150, &options, true);
	if (check(back.status == SF_OK, "status %d", back.status))
	{
		SfWriter	a = {0};
		SfWriter	b = {0};

		sf_close_encode(&f.model, &a);
		sf_close_encode(&back.model, &b);
		check(a.size == b.size, "sizes");
		a = (SfWriter) {malloc(a.size), 0};
		b = (SfWriter) {malloc(b.size), 0};
		sf_close_encode(&f.model, &a);
		sf_close_encode(&back.model, &b);
		check(memcmp(a.at, b.at, a.size) == 0, "bytes");
		free(a.at);
		free(b.at);
	}
	host_free(&back.host);
	host_free(&f.host);
	done();
}

static void
test_boosted(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_BOOSTED);
	Fitted		f;
	SfCell		cells[2 + SF_CLOSE_COLUMNS];
	Truth		t = {.size = 3, .source = 1};

	group("boosted trees keep the laws and are calibrated");
	options.trees = 60;
	fit_truth(&f, 3000, 150, &options, false);
	if (check(f.status == SF_OK, "status %d: %s", f.status, f.host.ctx.what))
	{
		cells_of(&t, cells);
		sf_close_take(f.predictor, cells);
		check_curve(f.predictor, 0);
		check_curve(f.predictor, 50);
		check_calibrated(&f, "boosted", 0.08);
	}
	host_free(&f.host);
	done();
}

/*
 * A first stage whose early closings are losses and whose late ones are wins, beside one in which half of all closings
 * are wins at any age: chances of a win within 30, 60 and 90 days, known exactly, of models that never saw the deals.
 */
static void
test_stages(void)
{
	static const double truth[2][3] = {{0.00787, 0.15106, 0.23794}, {0.19673, 0.31606, 0.38843}};

	/* the bands of the additive way do not end where the law jumps, hence its wider tolerance */
	group("effects on winning that change with age are found, and wins are calibrated by horizon");
	for (int a = SF_CLOSE_AUTO; a <= SF_CLOSE_BOOSTED; a++)
	{
		SfCloseOptions options = options_of((SfCloseAlgorithm) a);
		SfFrameBuilder *builder;
		Fitted		f;
		SfRng		rng;

		options.validate = a == SF_CLOSE_AUTO;
		options.trees = 60;
		sf_rng_seed(&rng, 13);
		host_init(&f.host);
		check(sf_close_create(&f.host.ctx, 2, two_features, &builder) == SF_OK, "create");
		for (int i = 0; i < 3000; i++)
		{
			Truth		t = {.size = 10 * sf_rng_uniform(&rng), .source = i % 2};
			SfCell		cells[2 + SF_CLOSE_COLUMNS];
			double		days = -60 * log(1 - sf_rng_uniform(&rng));
			double		won = t.source == 1 ? 0.5 : days < 30 ? 0.02 : 0.6;
			double		until = 300 * sf_rng_uniform(&rng);
			SfCloseDeal d = {sf_rng_uniform(&rng) < won ? SF_CLOSE_WON : SF_CLOSE_LOST, days, 0, NAN, 0};

			if (days > until)
			{
				d.outcome = SF_CLOSE_OPEN;
				d.days = until;
			}
			cells_of(&t, cells);
			check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
		}
		fit_builder(&f, builder, &options);
		if (!check(f.status == SF_OK, "status %d: %s", f.status, f.host.ctx.what))
			continue;
		for (int stage = 0; stage < 2; stage++)
			for (int h = 0; h < 3; h++)
			{
				double		said = 0;

				for (int i = 0; i < 10; i++)
				{
					Truth		t = {.size = i + 0.5, .source = stage};
					SfCell		cells[2 + SF_CLOSE_COLUMNS];

					cells_of(&t, cells);
					sf_close_take(f.predictor, cells);
					said += sf_close_within(f.predictor, 0, 30 * (h + 1)).won / 10;
				}
				check(close_to(said, truth[stage][h], a == SF_CLOSE_ADDITIVE ? 0.05 : h == 0 ? 0.025 : 0.035, 0), "way %d, stage %d, within %d: %g, not %g", a, stage,
					  30 * (h + 1), said, truth[stage][h]);
			}
		for (int h = 0; h < SF_CLOSE_HORIZONS && a == SF_CLOSE_AUTO; h++)
		{
			const SfCloseHorizon *q = &f.model.quality.horizon[h];

			check(q->low <= q->said && q->said <= q->high && q->low < q->seen && q->seen < q->high && q->brier_skill > 0,
				  "held out, within %g: said %g, seen %g (%g to %g), skill %g", q->within, q->said, q->seen, q->low, q->high,
				  q->brier_skill);
		}
		host_free(&f.host);
	}
	done();
}

/* Deals seen only from an age on, when they are still open then: as if they had been watched from the start. */
static void
test_entry(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);
	SfFrameBuilder *builder;
	Fitted		f;
	SfRng		rng;
	int			n = 0;

	group("deals that are seen late do not make closings look rare or slow");
	sf_rng_seed(&rng, 5);
	host_init(&f.host);
	check(sf_close_create(&f.host.ctx, 0, NULL, &builder) == SF_OK, "create");
	while (n < 8000)
	{
		SfCell		cells[SF_CLOSE_COLUMNS] = {{0}};
		double		days = -50 * log(1 - sf_rng_uniform(&rng));
		double		entry = sf_rng_uniform(&rng) < 0.5 ? 0 : 80 * sf_rng_uniform(&rng);
		SfCloseDeal d = {sf_rng_uniform(&rng) < 0.3 ? SF_CLOSE_WON : SF_CLOSE_LOST, days, entry, NAN, 0};

		if (days <= entry)
			continue;
		if (days > entry + 60)
		{
			d.days = entry + 60;
			d.outcome = SF_CLOSE_OPEN;
		}
		check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
		n++;
	}
	fit_builder(&f, builder, &options);
	if (check(f.status == SF_OK, "status %d", f.status))
	{
		sf_close_take(f.predictor, NULL);
		for (double age = 0; age <= 90; age += 30)
		{
			SfCloseChance c = sf_close_within(f.predictor, age, 30);

			check(close_to(c.open, exp(-30 / 50.0), 0.025, 0) && close_to(c.won, 0.3 * (1 - exp(-30 / 50.0)), 0.02, 0),
				  "age %g: open %g, won %g", age, c.open, c.won);
		}
	}
	host_free(&f.host);
	done();
}

static void
test_codec(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);

	group("bytes give the same model back, and damaged ones an error");
	for (int a = SF_CLOSE_ADDITIVE; a <= SF_CLOSE_BOOSTED; a++)
	{
		Fitted		f;
		SfWriter	w = {0};
		SfCloseModel back;
		SfClosePredictor *p;
		SfCell		cells[2 + SF_CLOSE_COLUMNS];
		Truth		t = {.size = 4, .source = 2};
		SfReader	r;

		options.algorithm = (SfCloseAlgorithm) a;
		options.trees = 5;
		fit_truth(&f, 600, 150, &options, false);
		if (!check(f.status == SF_OK, "status %d", f.status))
			continue;
		sf_close_encode(&f.model, &w);
		w = (SfWriter) {malloc(w.size), 0};
		sf_close_encode(&f.model, &w);
		r = (SfReader) {w.at, w.size, true};
		if (check(sf_close_decode(&f.arena, &r, &back) == SF_OK, "decode: %s", f.host.ctx.what) &&
			check(sf_close_predictor(&f.arena, &back, &p) == SF_OK, "predictor"))
		{
			cells_of(&t, cells);
			sf_close_take(p, cells);
			sf_close_take(f.predictor, cells);
			check(same_bits(sf_close_within(p, 3, 40).won, sf_close_within(f.predictor, 3, 40).won), "same prediction");
		}
		for (size_t i = 0; i < w.size; i += 1 + (i > 200 ? 7 : 0))
		{
			SfArenaMark mark = sf_arena_mark(&f.arena);
			uint64_t	digest;
			bool		head = i < 24;

			w.at[i] ^= (unsigned char) (1 + i % 255);
			r = (SfReader) {w.at, w.size, true};
			check(sf_close_decode(&f.arena, &r, &back) == SF_BAD_BYTES, "byte %zu", i);
			/* with a digest that fits, the parts have to notice or to be harmless */
			digest = sf_digest(w.at + 24, w.size - 24);
			for (int b = 0; b < 8 && !head; b++)
				w.at[16 + b] = (unsigned char) (digest >> (8 * b));
			r = (SfReader) {w.at, w.size, true};
			if (!head && sf_close_decode(&f.arena, &r, &back) == SF_OK &&
				check(sf_close_predictor(&f.arena, &back, &p) == SF_OK, "predictor"))
			{
				SfCloseChance c;

				cells_of(&t, cells);
				for (int32_t k = 0; k < back.bins.features && k < 2; k++)
					if (back.bins.feature[k].kind == SF_FEATURE_CATEGORY)
						cells[k].text = (SfText) {"web", 3};
				sf_close_take(p, cells);
				c = sf_close_within(p, 3, 40);
				check(c.won >= 0 && c.won < 1 && c.open >= 0 && c.lost >= 0, "byte %zu: %g %g %g", i, c.won, c.lost, c.open);
				sf_close_expected(p, 3);
			}
			w.at[i] ^= (unsigned char) (1 + i % 255);
			digest = sf_digest(w.at + 24, w.size - 24);
			for (int b = 0; b < 8; b++)
				w.at[16 + b] = (unsigned char) (digest >> (8 * b));
			sf_arena_rewind(&f.arena, mark);
		}
		for (size_t n = 0; n < w.size; n += 1 + n / 16)
		{
			SfArenaMark mark = sf_arena_mark(&f.arena);

			r = (SfReader) {w.at, n, true};
			check(sf_close_decode(&f.arena, &r, &back) == SF_BAD_BYTES, "first %zu bytes", n);
			sf_arena_rewind(&f.arena, mark);
		}
		free(w.at);
		host_free(&f.host);
	}
	done();
}

/* Strange sets: rows of (outcome, days, entry, number). */
static void
test_hostile(void)
{
	static const struct
	{
		const char *name;
		int			n;
		int			kind;
	}			sets[] = {{"one deal", 1, 0}, {"two", 2, 0}, {"all on the first day", 50, 1}, {"all won", 60, 2},
	{"all lost", 60, 3}, {"huge ages", 60, 4}, {"huge numbers", 60, 5}, {"entered when they closed", 60, 6},
	{"all the same", 60, 7}};

	group("strange deals give a model that keeps the laws");
	for (int s = 0; s < LENGTH(sets); s++)
		for (int a = SF_CLOSE_ADDITIVE; a <= SF_CLOSE_BOOSTED; a++)
		{
			SfCloseOptions options = options_of((SfCloseAlgorithm) a);
			SfFrameBuilder *builder;
			Fitted		f;
			SfRng		rng;
			SfCell		cells[2 + SF_CLOSE_COLUMNS];

			options.validate = s % 2 == 0;
			options.ridge = s % 3 == 0 ? 0 : NAN;
			options.trees = 10;
			sf_rng_seed(&rng, (uint64_t) s);
			host_init(&f.host);
			check(sf_close_create(&f.host.ctx, 2, two_features, &builder) == SF_OK, "create");
			for (int i = 0; i < sets[s].n; i++)
			{
				Truth		t = draw_truth(&rng);
				SfCloseDeal d = {.outcome = (SfCloseOutcome) (2 - i % 3), .days = i, .time = NAN};
				int			kind = sets[s].kind;

				cells_of(&t, cells);
				d.days = kind == 1 ? 0 : kind == 4 ? random_magnitude(&rng, -8, 6) : kind == 7 ? 3 : d.days;
				d.outcome = kind == 2 ? SF_CLOSE_WON : kind == 3 ? SF_CLOSE_LOST : d.outcome;
				d.entry = kind == 6 ? d.days : 0;
				if (kind == 5)
					cells[0].number = (i % 2 ? 1 : -1) * random_magnitude(&rng, -300, 300);
				check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
			}
			fit_builder(&f, builder, &options);
			if (check(f.status == SF_OK, "%s: status %d: %s", sets[s].name, f.status, f.host.ctx.what))
			{
				sf_close_take(f.predictor, cells);
				check_curve(f.predictor, 0);
				check_curve(f.predictor, 2);
				check_curve(f.predictor, 1e6);
			}
			host_free(&f.host);
		}
	done();
}

static void
test_refusals(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);
	SfFrameBuilder *builder;
	SfCell		cells[SF_CLOSE_COLUMNS] = {{0}};
	SfCloseDeal d = {SF_CLOSE_OPEN, 5, 0, NAN, 0};
	Fitted		f;

	group("what breaks the contract is refused");
	host_init(&f.host);
	check(sf_close_create(&f.host.ctx, 0, NULL, &builder) == SF_OK, "create");
	for (int i = 0; i < 100; i++)
		check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
	d.days = -1;
	check(fails_with(&f.host, sf_close_add(&f.host.ctx, builder, &d, cells), SF_BAD_DATA), "days below 0");
	d.days = NAN;
	check(fails_with(&f.host, sf_close_add(&f.host.ctx, builder, &d, cells), SF_BAD_DATA), "days not a number");
	d.days = INFINITY;
	check(fails_with(&f.host, sf_close_add(&f.host.ctx, builder, &d, cells), SF_BAD_DATA), "days without end");
	d.days = 5;
	d.entry = 6;
	check(fails_with(&f.host, sf_close_add(&f.host.ctx, builder, &d, cells), SF_BAD_DATA), "entered after the end");
	fit_builder(&f, builder, &options);
	check(fails_with(&f.host, f.status, SF_BAD_DATA), "all are open: %d", f.status);
	options.force = false;
	fit_builder(&f, builder, &options);
	check(fails_with(&f.host, f.status, SF_BAD_DATA) && f.model.gates == 5 && f.model.buckets == 0, "gates are kept");
	options.buckets = 1;
	fit_builder(&f, builder, &options);
	check(fails_with(&f.host, f.status, SF_BAD_ARGUMENT), "one bucket");
	host_free(&f.host);
	done();
}

enum
{
	DAYS,						/* a copy of the days, rounded */
	STATUS,						/* the outcome in words */
	LATE,						/* a number that open deals do not have */
	DATE,						/* an age that lies ahead */
	HONEST,
	LEAKS
};

/* Refusing gates of a kind, of a feature. */
static int
refused(const SfCloseModel *model, SfGateKind kind, int32_t f)
{
	int			n = 0;

	for (int32_t i = 0; i < model->gates; i++)
		n += model->gate[i].kind == kind && model->gate[i].feature == f && model->gate[i].verdict == SF_REFUSE;
	return n;
}

static SfCloseDeal
leaking_deal(SfRng *rng, int i, SfCell *cells)
{
	static const char *const status[] = {"in work", "gone", "signed"};
	SfCloseDeal d = {(SfCloseOutcome) (i % 3), 5 + 100 * sf_rng_uniform(rng), 0, i, 0};

	memset(cells, 0, (LEAKS + SF_CLOSE_COLUMNS) * sizeof(SfCell));
	cells[DAYS].number = floor(d.days) + 10 * sf_rng_uniform(rng);
	cells[STATUS].text = (SfText) {status[i % 3], (int32_t) strlen(status[i % 3])};
	cells[LATE].number = sf_rng_uniform(rng);
	cells[LATE].missing = d.outcome == SF_CLOSE_OPEN;
	cells[DATE].number = i % 20 == 0 ? -3 : 3;
	cells[HONEST].number = sf_rng_uniform(rng);
	return d;
}

static void
test_leaks(void)
{
	static const SfFeature leak[LEAKS] = {
		{{"days", 4}, SF_FEATURE_NUMBER}, {{"status", 6}, SF_FEATURE_CATEGORY}, {{"late", 4}, SF_FEATURE_NUMBER},
		{{"date", 4}, SF_FEATURE_AGE}, {{"honest", 6}, SF_FEATURE_NUMBER}
	};
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);
	SfFrameBuilder *builder;
	SfCell		cells[LEAKS + SF_CLOSE_COLUMNS];
	SfRng		rng;
	Fitted		f;

	group("features that know the outcome or the days are refused");
	options.force = false;
	host_init(&f.host);
	sf_rng_seed(&rng, 2);
	check(sf_close_create(&f.host.ctx, LEAKS, leak, &builder) == SF_OK, "create");
	for (int i = 0; i < 900; i++)
	{
		SfCloseDeal d = leaking_deal(&rng, i, cells);

		check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
	}
	fit_builder(&f, builder, &options);
	check(fails_with(&f.host, f.status, SF_BAD_DATA) && f.model.buckets == 0, "status %d", f.status);
	check(refused(&f.model, SF_GATE_LEAK_DAYS, DAYS) == 1 && refused(&f.model, SF_GATE_LEAK_AUC, STATUS) == 1 &&
		  refused(&f.model, SF_GATE_LEAK_MISSING, LATE) == 1 && refused(&f.model, SF_GATE_LEAK_AFTER, DATE) == 1, "leaks");
	check(refused(&f.model, SF_GATE_LEAK_DAYS, LATE) + refused(&f.model, SF_GATE_LEAK_AUC, DAYS) +
		  refused(&f.model, SF_GATE_LEAK_MISSING, DAYS) == 0, "no more than that");
	for (int kind = 0; kind < SF_GATES; kind++)
		check(refused(&f.model, (SfGateKind) kind, HONEST) == 0, "gate %d of an honest number", kind);
	host_free(&f.host);
	done();
}

/* Snapshots of few deals are few deals, and what they say of skill is as little. */
static void
test_snapshots(void)
{
	SfCloseOptions options = options_of(SF_CLOSE_ADDITIVE);
	int			skilled = 0;

	group("snapshots of a deal are one deal");
	options.validate = true;
	options.ridge = 5;
	for (int seed = 0; seed < 10; seed++)
	{
		SfFrameBuilder *builder;
		SfCell		cells[1 + SF_CLOSE_COLUMNS];
		SfRng		rng;
		Fitted		f;

		host_init(&f.host);
		sf_rng_seed(&rng, (uint64_t) seed);
		check(sf_close_create(&f.host.ctx, 1, two_features, &builder) == SF_OK, "create");
		for (int i = 0; i < 200 * 8; i++)
		{
			int			deal = i / 8;
			SfRng		own;
			SfCloseDeal d;

			sf_rng_seed(&own, (uint64_t) (1000 * seed + deal));
			d = (SfCloseDeal) {deal < 15 ? SF_CLOSE_WON : SF_CLOSE_LOST, 10 + 100 * sf_rng_uniform(&own), 0, NAN, (uint64_t) deal + 1};
			memset(cells, 0, sizeof cells);
			cells[0].number = sf_rng_uniform(&own);
			check(sf_close_add(&f.host.ctx, builder, &d, cells) == SF_OK, "add");
		}
		fit_builder(&f, builder, &options);
		if (check(f.status == SF_OK && f.model.forced, "status %d", f.status))
		{
			check(f.model.deals == 200 && f.model.closed_deals == 200 && f.model.won_deals == 15 && f.model.rows == 1600, "counts");
			check(f.model.gate[0].measured == 15 && f.model.gate[0].verdict == SF_REFUSE, "%g won deals", f.model.gate[0].measured);
			skilled += f.model.quality.skill_low > 0;
		}
		host_free(&f.host);
	}
	check(skilled <= 1, "noise has skill in %d of 10 sets", skilled);
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	SfCloseOptions options = options_of(*(SfCloseAlgorithm *) argument);
	SfFrameBuilder *builder;
	SfFrame		frame;
	SfArena		arena;
	SfCloseModel model;
	SfClosePredictor *p;
	SfRng		rng;
	SfStatus	status = sf_close_create(ctx, 2, two_features, &builder);

	options.validate = true;
	options.folds = 2;
	options.trees = 3;
	options.ridge = 1;
	sf_rng_seed(&rng, 3);
	for (int i = 0; i < 500 && status == SF_OK; i++)
	{
		Truth		t = draw_truth(&rng);
		SfCloseDeal d = draw_deal(&rng, &t, 1000);
		SfCell		cells[2 + SF_CLOSE_COLUMNS];

		cells_of(&t, cells);
		status = sf_close_add(ctx, builder, &d, cells);
	}
	sf_arena_init(&arena, ctx);
	if (status == SF_OK)
		status = sf_frame_finish(&arena, builder, &frame);
	if (status == SF_OK)
		status = sf_close_fit(&arena, &frame, &options, (SfWinProgress) {0}, &model);
	return status == SF_OK ? sf_close_predictor(&arena, &model, &p) : status;
}

static void
test_host(void)
{
	SfCloseAlgorithm algorithm = SF_CLOSE_ADDITIVE;

	group("memory may be refused anywhere");
	refuse_each(work, &algorithm);
	algorithm = SF_CLOSE_BOOSTED;
	refuse_each(work, &algorithm);
	done();
	group("work may be cancelled anywhere");
	algorithm = SF_CLOSE_ADDITIVE;
	cancel_each(work, &algorithm, 17);
	algorithm = SF_CLOSE_BOOSTED;
	cancel_each(work, &algorithm, 97);
	done();
}

int
main(void)
{
	test_cuts();
	test_golden();
	test_entry();
	test_truth();
	test_boosted();
	test_stages();
	test_codec();
	test_hostile();
	test_refusals();
	test_leaks();
	test_snapshots();
	test_host();
	return finish();
}
