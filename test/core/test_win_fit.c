/* win_fit: gates stop training, settings are chosen by held-out deals, the same deals give the same model. */
#include "win_maker.h"

#include "core/winprob/choose.h"

#define DEALS 600

static const SfAlgorithm every[] = {SF_ALGORITHM_AUTO, SF_ALGORITHM_LOGISTIC, SF_ALGORITHM_FOREST, SF_ALGORITHM_BOOSTED, SF_ALGORITHM_BLEND};

static SfWinOptions
quick_options(SfAlgorithm algorithm)
{
	SfWinOptions options = plain_options(algorithm);

	options.trees = 5;
	options.leaves = 4;
	options.depth = 5;
	options.bins = 8;
	options.folds = 2;
	return options;
}

static void
test_algorithms(void)
{
	Made	   *made = make_signal(DEALS, 1);

	group("every algorithm beats the base rate on deals made with a signal");
	for (int a = 0; a < LENGTH(every); a++)
		for (SfValidate validate = SF_VALIDATE_AUTO; validate <= SF_VALIDATE_FULL; validate++)
		{
			SfWinOptions options = quick_options(every[a]);
			bool		validated = validate == SF_VALIDATE_FULL || (validate == SF_VALIDATE_AUTO && (every[a] == SF_ALGORITHM_AUTO || every[a] == SF_ALGORITHM_BLEND));
			SfWinModel	m = {0};
			SfArena		arena;
			Host		host;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			options.validate = validate;
			if (check(model_of(&arena, made, DEALS, &options, &m) == SF_OK, "algorithm %d: %s", every[a], host.ctx.what))
			{
				check(m.train.rows == m.rows && m.train.skill > 0.02, "algorithm %d: skill %g", every[a], m.train.skill);
				check((m.random.rows > 0) == validated && (m.forward.rows > 0) == (validate == SF_VALIDATE_FULL), "algorithm %d: %d and %d held out", every[a], (int) m.random.rows, (int) m.forward.rows);
				check(!validated || m.random.skill > 0.01, "algorithm %d: held-out skill %g", every[a], m.random.skill);
				check((m.venn.knots > 0) == validated, "algorithm %d: %d knots", every[a], m.venn.knots);
				check(m.members >= 1 && m.asked == every[a] && m.algorithm != SF_ALGORITHM_AUTO && !m.forced, "algorithm %d came out as %d", every[a], m.algorithm);
				check(m.gates >= 8 && m.gate[m.gates - 1].kind == SF_GATE_MODEL_PARAMETERS && m.gate[m.gates - 2].kind == SF_GATE_OVERFIT, "%d gates", m.gates);
			}
			host_free(&host);
		}
	done();
	free(made);
}

/* The bytes of a model of these deals in another order. */
static unsigned char *
bytes_of_order(Made *made, int64_t n, const SfWinOptions *options, size_t *size)
{
	SfWinModel	m = {0};
	SfArena		arena;
	Host		host;
	unsigned char *bytes = NULL;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	if (check(model_of(&arena, made, n, options, &m) == SF_OK, "%s", host.ctx.what))
		bytes = model_bytes(&m, size);
	host_free(&host);
	return bytes;
}

static void
test_order(void)
{
	Made	   *made = make_signal(DEALS, 2);
	SfRng		rng;

	sf_rng_seed(&rng, 4);
	group("the order of deals does not show in the bytes");
	for (int a = 0; a < LENGTH(every); a++)
	{
		SfWinOptions options = quick_options(every[a]);
		size_t		size;
		size_t		other_size = 0;
		unsigned char *bytes = bytes_of_order(made, DEALS, &options, &size);
		unsigned char *other;

		for (int64_t i = DEALS - 1; i > 0; i--)
		{
			int64_t		j = (int64_t) sf_rng_below(&rng, (uint64_t) i + 1);
			Made		swap = made[i];

			made[i] = made[j];
			made[j] = swap;
		}
		for (int64_t i = 0; i < DEALS; i++)
			for (int f = 0; f < MADE_FEATURES; f++)
				if (made_feature[f].kind == SF_FEATURE_CATEGORY)
					made[i].cell[f].text = text_of(made[i].text[f]);
		other = bytes_of_order(made, DEALS, &options, &other_size);
		check(bytes != NULL && other != NULL && size == other_size && memcmp(bytes, other, size) == 0, "algorithm %d", every[a]);
		free(bytes);
		free(other);
	}
	done();
	free(made);
}

static void
test_gates_stop(void)
{
	Made	   *made = make_signal(90, 6);
	SfWinOptions options = quick_options(SF_ALGORITHM_LOGISTIC);
	SfWinModel	m = {0};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("too few deals are refused with every gate, and trained on demand, which is recorded");
	check(fails_with(&host, model_of(&arena, made, 90, &options, &m), SF_BAD_DATA), "status");
	check(m.members == 0 && m.gates > 8, "%d members, %d gates", m.members, m.gates);
	options.force = true;
	for (int a = 0; a < LENGTH(every); a++)
	{
		options.algorithm = every[a];
		check(model_of(&arena, made, 90, &options, &m) == SF_OK && m.forced && m.members > 0, "forced: %s", host.ctx.what);
	}
	done();
	group("one outcome only is refused even then");
	for (int i = 0; i < 90; i++)
		made[i].info.outcome = SF_LOST;
	check(fails_with(&host, model_of(&arena, made, 90, &options, &m), SF_BAD_DATA), "status");
	done();
	free(made);
	host_free(&host);
}

static void
test_options(void)
{
	Made	   *made = make_signal(100, 6);
	SfWinOptions good = quick_options(SF_ALGORITHM_LOGISTIC);
	SfWinOptions bad[12];
	SfWinModel	m;
	SfArena		arena;
	Host		host;
	int			n = 0;

	for (int i = 0; i < LENGTH(bad); i++)
		bad[i] = good;
	bad[n++].bins = 1;
	bad[n++].bins = 255;
	bad[n++].ridge = -1;
	bad[n++].ridge = INFINITY;
	bad[n++].trees = -1;
	bad[n++].trees = SF_MAX_TREES + 1;
	bad[n++].leaves = 33;
	bad[n++].depth = 33;
	bad[n++].rate = 1.5;
	bad[n++].least_rows = 0.5;
	bad[n++].folds = 1;
	bad[n++].terms = 3;
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("options out of range are refused");
	for (int i = 0; i < n; i++)
		check(fails_with(&host, model_of(&arena, made, 100, &bad[i], &m), SF_BAD_ARGUMENT), "case %d", i);
	done();
	free(made);
	host_free(&host);
}

/* Small and large companies are won, middle ones are not: straight lines miss it (requirement F024). */
static void
test_u_shape(void)
{
	static const SfFeature size = {NAMED("size"), SF_FEATURE_NUMBER};
	static const struct
	{
		SfAlgorithm algorithm;
		int32_t		terms;
		bool		finds;
	}			cases[] = {{SF_ALGORITHM_LOGISTIC, 1, false}, {SF_ALGORITHM_LOGISTIC, 2, true}, {SF_ALGORITHM_FOREST, 0, true}, {SF_ALGORITHM_BOOSTED, 0, true}, {SF_ALGORITHM_AUTO, 0, true}};

	group("a U shape: lines miss it, bins and trees find it, auto chooses them");
	for (int c = 0; c < LENGTH(cases); c++)
	{
		SfWinOptions options = plain_options(cases[c].algorithm);
		SfWinProgress silent = {0};
		SfFrameBuilder *builder;
		SfWinModel	m = {0};
		SfArena		arena;
		SfFrame		frame;
		SfRng		rng;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		sf_rng_seed(&rng, 8);
		options.terms = cases[c].terms;
		options.validate = SF_VALIDATE_FULL;
		options.trees = 20;
		options.folds = 3;
		check(sf_frame_create(&host.ctx, 1, &size, &builder) == SF_OK, "frame");
		for (int i = 0; i < 1000; i++)
		{
			SfCell		cell = number_cell(sf_rng_uniform(&rng));
			bool		won = sf_rng_uniform(&rng) < (fabs(cell.number - 0.5) > 0.25 ? 0.8 : 0.2);

			check(sf_frame_add(&host.ctx, builder, (SfDealInfo) {.outcome = won ? SF_WON : SF_LOST, .time = i}, &cell) == SF_OK, "row %d", i);
		}
		check(sf_frame_finish(&arena, builder, &frame) == SF_OK && sf_win_fit(&arena, &frame, &options, silent, &m) == SF_OK, "case %d: %s", c, host.ctx.what);
		check(cases[c].finds ? m.random.skill_low > 0.1 && m.forward.skill > 0.1 : m.random.skill < 0.02, "case %d: skill %g, forward %g", c, m.random.skill, m.forward.skill);
		host_free(&host);
	}
	done();
}

/* Nothing to learn: the lower bound of skill is not above 0, and that gate refuses promotion. */
static void
test_no_signal(void)
{
	Made	   *made = make_signal(DEALS, 11);
	SfWinOptions options = quick_options(SF_ALGORITHM_AUTO);
	SfWinModel	m = {0};
	SfArena		arena;
	SfRng		rng;
	Host		host;

	sf_rng_seed(&rng, 12);
	for (int i = 0; i < DEALS; i++)
		made[i].info.outcome = sf_rng_below(&rng, 2) == 0 ? SF_LOST : SF_WON;
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	options.validate = SF_VALIDATE_FULL;
	group("without a signal there is no skill, and the gates say so");
	check(model_of(&arena, made, DEALS, &options, &m) == SF_OK, "%s", host.ctx.what);
	check(!(m.random.skill_low > 0), "lower bound %g", m.random.skill_low);
	for (int32_t i = 0; i < m.gates; i++)
		if (m.gate[i].kind == SF_GATE_SKILL_RANDOM)
			check(m.gate[i].verdict == SF_REFUSE && !m.gate[i].stops, "verdict %d", m.gate[i].verdict);
	done();
	free(made);
	host_free(&host);
}

static void
count_reports(void *arg, int64_t done_fits, int64_t total)
{
	int64_t    *last = arg;

	check(done_fits > *last && done_fits <= total, "%d of %d", (int) done_fits, (int) total);
	*last = done_fits;
}

static void
test_cross_validate(void)
{
	static const SfFoldKind kinds[] = {SF_FOLDS_SHUFFLED, SF_FOLDS_FORWARD};
	Made	   *made = make_signal(DEALS, 13);

	group("held-out probabilities lie within 0 and 1, and rank won above lost");
	for (int k = 0; k < LENGTH(kinds); k++)
		for (int a = 0; a < LENGTH(every); a++)
		{
			SfWinOptions options = quick_options(every[a]);
			int64_t		last = 0;
			SfWinProgress progress = {every[a] == SF_ALGORITHM_LOGISTIC ? count_reports : NULL, &last};
			double		probability[DEALS];
			int32_t		fold[DEALS];
			double		rate[3];
			SfArena		arena;
			SfFrame		frame;
			Host		host;
			double		mean[2] = {0};
			int			count[2] = {0};

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			check(frame_of(&arena, made, DEALS, &frame) == SF_OK, "frame");
			check(sf_win_cross_validate(&arena, &frame, &options, kinds[k], 3, progress, probability, fold, rate) == SF_OK, "kind %d, algorithm %d: %s", k, every[a], host.ctx.what);
			for (int64_t i = 0; i < frame.rows; i++)
			{
				check(isnan(probability[i]) ? fold[i] == 0 : fold[i] >= 1 && fold[i] <= 3 && probability[i] > 0 && probability[i] < 1, "deal %d", (int) i);
				if (fold[i] > 0)
				{
					mean[frame.won[i]] += probability[i];
					count[frame.won[i]]++;
				}
			}
			check(mean[1] / count[1] > mean[0] / count[0] + 0.02, "kind %d, algorithm %d: %g and %g", k, every[a], mean[1] / count[1], mean[0] / count[0]);
			host_free(&host);
		}
	done();
	free(made);
}

static const SfFeature one_number[] = {{NAMED("x"), SF_FEATURE_NUMBER}};

/* Customers whose deals go the same way in nine of ten, and a number of each that tells nothing of other customers. */
static SfStatus
customers_frame(SfArena *arena, int64_t customers, int64_t each, uint64_t seed, SfFrame *frame)
{
	SfFrameBuilder *builder;
	SfRng		rng;
	SfStatus	status = sf_frame_create(arena->ctx, 1, one_number, &builder);

	sf_rng_seed(&rng, seed);
	for (int64_t c = 0; c < customers && status == SF_OK; c++)
	{
		SfCell		cell = number_cell(sf_rng_uniform(&rng));
		bool		wins = sf_rng_uniform(&rng) < 0.5;

		for (int64_t i = 0; i < each && status == SF_OK; i++)
		{
			SfDealInfo	info = {.outcome = (sf_rng_uniform(&rng) < 0.1) != wins ? SF_WON : SF_LOST, .time = NAN, .group = (uint64_t) c + 1};

			status = sf_frame_add(arena->ctx, builder, info, &cell);
		}
	}
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

static void
test_customers(void)
{
	static const SfAlgorithm kinds[] = {SF_ALGORITHM_LOGISTIC, SF_ALGORITHM_BOOSTED};
	int			passed = 0;

	group("numbers of customers that tell nothing of new ones seldom pass for skill, whatever the number of deals");
	for (uint64_t seed = 1; seed <= 40; seed++)
	{
		SfWinOptions options = quick_options(kinds[seed % 2]);
		SfWinProgress silent = {0};
		SfWinModel	m = {0};
		SfArena		arena;
		SfFrame		frame;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		options.force = true;
		options.validate = SF_VALIDATE_FULL;
		options.calibration = SF_CALIBRATION_ISOTONIC;
		if (check(customers_frame(&arena, 40, 12, seed, &frame) == SF_OK && sf_win_fit(&arena, &frame, &options, silent, &m) == SF_OK, "%s", host.ctx.what))
			passed += m.random.skill_low > 0;
		host_free(&host);
	}
	check(passed <= 4, "%d of 40", passed);
	done();
	group("fewer groups than folds: as many folds as groups; one group is an error where a test is asked for");
	for (int64_t customers = 1; customers <= 3; customers++)
	{
		SfWinOptions options = quick_options(SF_ALGORITHM_LOGISTIC);
		SfWinProgress silent = {0};
		SfWinModel	m = {0};
		SfArena		arena;
		SfFrame		frame;
		Host		host;
		SfStatus	status;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		options.force = true;
		options.calibration = SF_CALIBRATION_PLATT;
		check(customers_frame(&arena, customers, 300, 5, &frame) == SF_OK, "frame");
		status = sf_win_fit(&arena, &frame, &options, silent, &m);
		if (customers == 1)
			check(fails_with(&host, status, SF_BAD_DATA) && host.ctx.value == 1, "one group: %d, %g", status, host.ctx.value);
		else
			check(status == SF_OK && m.random.rows == frame.rows && m.calibration.kind == SF_CALIBRATION_PLATT, "%d groups: %s", (int) customers, host.ctx.what);
		host_free(&host);
	}
	done();
}

/* Half of the deals take 20 days, half 200; from day 800 on nearly all are lost. */
static SfStatus
falling_frame(SfArena *arena, bool closed_known, SfFrame *frame)
{
	SfFrameBuilder *builder;
	SfRng		rng;
	SfStatus	status = sf_frame_create(arena->ctx, 1, one_number, &builder);

	sf_rng_seed(&rng, 1);
	for (int i = 0; i < 4000 && status == SF_OK; i++)
	{
		double		x = sf_rng_uniform(&rng);
		double		closed = i / 4 + (sf_rng_uniform(&rng) < 0.5 ? 20 : 200);
		double		rate = closed < 800 ? 0.2 + 0.6 * x : 0.05 + 0.1 * x;
		SfDealInfo	info = {.outcome = sf_rng_uniform(&rng) < rate ? SF_WON : SF_LOST, .time = i / 4, .closed = closed, .closed_known = closed_known};
		SfCell		cell = number_cell(x);

		status = sf_frame_add(arena->ctx, builder, info, &cell);
	}
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

static void
test_closed(void)
{
	double		log_loss[2];

	group("a test in time learns no outcome that came after the split, where it is known when deals closed");
	for (int known = 0; known <= 1; known++)
	{
		SfWinOptions options = quick_options(SF_ALGORITHM_LOGISTIC);
		SfWinProgress silent = {0};
		SfWinModel	m = {0};
		SfArena		arena;
		SfFrame		frame;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		options.validate = SF_VALIDATE_FULL;
		check(falling_frame(&arena, known != 0, &frame) == SF_OK && sf_win_fit(&arena, &frame, &options, silent, &m) == SF_OK, "%s", host.ctx.what);
		log_loss[known] = m.forward.log_loss;
		check(m.forward.rows == 800, "%d deals", (int) m.forward.rows);
		host_free(&host);
	}
	check(log_loss[1] > log_loss[0] + 0.05, "%g known, %g not", log_loss[1], log_loss[0]);
	done();
}

/* Columns as nobody should have them; the outcome is separable by one of them. */
static SfStatus
hostile_frame(SfArena *arena, int64_t n, SfFrame *frame)
{
	static const SfFeature feature[] = {
		{NAMED("constant"), SF_FEATURE_NUMBER}, {NAMED("nothing"), SF_FEATURE_NUMBER}, {NAMED("no name"), SF_FEATURE_CATEGORY},
		{NAMED("own name"), SF_FEATURE_CATEGORY}, {NAMED("huge"), SF_FEATURE_NUMBER}, {NAMED("twice huge"), SF_FEATURE_NUMBER},
		{NAMED("outcome"), SF_FEATURE_BOOLEAN}
	};
	SfFrameBuilder *builder;
	SfStatus	status = sf_frame_create(arena->ctx, LENGTH(feature), feature, &builder);

	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		SfCell		cell[LENGTH(feature)] = {0};
		char		name[24];

		snprintf(name, sizeof name, "%d", (int) i);
		cell[0] = number_cell(7);
		cell[1].missing = cell[2].missing = true;
		cell[3] = text_cell(name);
		cell[4] = number_cell(i % 2 ? 1e300 : -1e300 / (double) (i + 1));
		cell[5] = number_cell(i % 2 ? 2e-300 : -1e-300 / (double) (i + 1));
		cell[6] = number_cell((double) (i % 3 == 0));
		status = sf_frame_add(arena->ctx, builder, (SfDealInfo) {.outcome = i % 3 == 0 ? SF_WON : SF_LOST, .time = (double) (i / 50)}, cell);
	}
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

static void
test_hostile(void)
{
	static const int64_t deals[] = {2, 3, 11, 60, 700};
	SfWinProgress silent = {0};

	group("constant, missing, unique, huge, collinear and separating columns, from two deals on: finite figures");
	for (int d = 0; d < LENGTH(deals); d++)
		for (int a = 0; a < LENGTH(every); a++)
		{
			SfWinOptions options = quick_options(every[a]);
			SfWinModel	m = {0};
			SfWinPredictor *p;
			SfCell		cell[7] = {0};
			SfArena		arena;
			SfFrame		frame;
			Host		host;
			SfStatus	status;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			options.force = true;
			options.validate = SF_VALIDATE_FULL;
			status = hostile_frame(&arena, deals[d], &frame);
			/* a test that cannot be is refused where it is asked for, else left out */
			if (status == SF_OK && deals[d] <= 60)
			{
				check(fails_with(&host, sf_win_fit(&arena, &frame, &options, silent, &m), SF_BAD_DATA), "%d deals tested", (int) deals[d]);
				options.validate = SF_VALIDATE_AUTO;
			}
			if (status == SF_OK)
				status = sf_win_fit(&arena, &frame, &options, silent, &m);
			if (check(status == SF_OK && sf_win_predictor(&arena, &m, &p) == SF_OK, "%d deals, algorithm %d: status %d, %s, %g", (int) deals[d], every[a], status, host.ctx.what, host.ctx.value))
			{
				double		probability = sf_win_predict(p, cell, NULL, NULL);

				check(probability > 0 && probability < 1 && isfinite(m.train.log_loss), "%d deals, algorithm %d: %g", (int) deals[d], every[a], probability);
			}
			host_free(&host);
		}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const SfWinOptions *options = argument;
	static Made *made;
	SfWinModel	m;
	SfArena		arena;

	if (made == NULL)
		made = make_signal(120, 21);
	sf_arena_init(&arena, ctx);
	return model_of(&arena, made, 120, options, &m);
}

int
main(void)
{
	SfWinOptions options = quick_options(SF_ALGORITHM_AUTO);

	test_algorithms();
	test_order();
	test_gates_stop();
	test_options();
	test_u_shape();
	test_no_signal();
	test_cross_validate();
	test_customers();
	test_closed();
	test_hostile();
	options.force = true;
	options.validate = SF_VALIDATE_FULL;
	group("each refused allocation and each cancelled poll is a clean failure");
	for (int a = 0; a < LENGTH(every); a++)
	{
		options.algorithm = every[a];
		refuse_each(work, &options);
		cancel_each(work, &options, 29);
	}
	done();
	return finish();
}
