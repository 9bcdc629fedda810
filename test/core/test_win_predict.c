/* win_predict: probabilities inside (0, 1), reasons that add up, intervals around them; win_update. */
#include "win_maker.h"

#define DEALS 500

static const SfAlgorithm every[] = {SF_ALGORITHM_AUTO, SF_ALGORITHM_LOGISTIC, SF_ALGORITHM_FOREST, SF_ALGORITHM_BOOSTED, SF_ALGORITHM_BLEND};

static SfWinOptions
options_of(SfAlgorithm algorithm)
{
	SfWinOptions options = plain_options(algorithm);

	options.trees = 8;
	options.leaves = 6;
	options.depth = 6;
	options.bins = 16;
	options.folds = 3;
	options.validate = SF_VALIDATE_FULL;
	options.calibration = algorithm == SF_ALGORITHM_BLEND ? SF_CALIBRATION_ISOTONIC : algorithm == SF_ALGORITHM_FOREST ? SF_CALIBRATION_PLATT : SF_CALIBRATION_KINDS;
	return options;
}

/* Cells as training had them, and as it never had. */
static void
strange_cells(SfRng *rng, SfCell *cells)
{
	static const double numbers[] = {0, -1, 1e300, -1e300, 1e-300, NAN, 12345};
	static const char *const texts[] = {"", "never seen", "industry 1", "Zürich7", "\xff\xfe", "a"};

	for (int f = 0; f < MADE_FEATURES; f++)
	{
		cells[f] = made_feature[f].kind == SF_FEATURE_CATEGORY ? text_cell(texts[sf_rng_below(rng, (uint64_t) LENGTH(texts))])
			: number_cell(numbers[sf_rng_below(rng, (uint64_t) LENGTH(numbers))]);
		cells[f].missing = sf_rng_below(rng, 6) == 0;
	}
}

static void
check_deal(SfWinPredictor *p, const SfCell *cells, int a)
{
	double		contribution[MADE_FEATURES];
	uint8_t		code[MADE_FEATURES];
	double		baseline;
	double		calibration;
	double		explained;
	double		low;
	double		high;
	double		raw;
	double		probability = sf_win_predict(p, cells, &raw, NULL);
	double		sum;

	check(probability > 0 && probability < 1 && isfinite(raw), "algorithm %d: %g", every[a], probability);
	check(sf_win_explain(p, cells, &baseline, &calibration, contribution, code, &explained) == SF_OK, "status");
	check(same_bits(probability, explained), "algorithm %d: %g and %g", every[a], probability, explained);
	sum = baseline + calibration;
	for (int f = 0; f < MADE_FEATURES; f++)
		sum += contribution[f];
	check(close_to(sum, log(probability / (1 - probability)), 1e-9, 0), "algorithm %d: reasons add up to %.12g, not %.12g", every[a], sum, log(probability / (1 - probability)));
	sum = baseline;
	for (int f = 0; f < MADE_FEATURES; f++)
		sum += contribution[f];
	check(close_to(sum, raw, 1e-9, 1e-9), "algorithm %d: before calibration %.12g, not %.12g", every[a], sum, raw);
	sf_win_predict_interval(p, cells, &low, &high);
	check(low >= 0 && low <= probability && probability <= high && high <= 1, "algorithm %d: %g in %g .. %g", every[a], probability, low, high);
}

static void
test_reasons(void)
{
	Made	   *made = make_signal(DEALS, 31);
	SfRng		rng;

	sf_rng_seed(&rng, 32);
	group("baseline, contributions and calibration are the log-odds of the probability");
	for (int a = 0; a < LENGTH(every); a++)
	{
		SfWinOptions options = options_of(every[a]);
		SfWinModel	m = {0};
		SfWinPredictor *p;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		if (check(model_of(&arena, made, DEALS, &options, &m) == SF_OK && sf_win_predictor(&arena, &m, &p) == SF_OK, "algorithm %d: %s", every[a], host.ctx.what))
			for (int i = 0; i < 60; i++)
			{
				SfCell		cells[MADE_FEATURES];

				check_deal(p, made[i].cell, a);
				strange_cells(&rng, cells);
				check_deal(p, cells, a);
			}
		host_free(&host);
	}
	done();
	free(made);
}

static void
test_unseen(void)
{
	Made	   *made = make_signal(DEALS, 33);
	SfWinOptions options = options_of(SF_ALGORITHM_LOGISTIC);
	SfWinModel	m = {0};
	SfWinPredictor *p;
	SfCell		cells[MADE_FEATURES];
	SfArena		arena;
	Host		host;
	int32_t		unseen = -1;
	double		before;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("categories that training never had are counted and move nothing");
	if (check(model_of(&arena, made, DEALS, &options, &m) == SF_OK && sf_win_predictor(&arena, &m, &p) == SF_OK, "%s", host.ctx.what))
	{
		memcpy(cells, made[0].cell, sizeof cells);
		for (int f = 0; f < MADE_FEATURES; f++)
			cells[f].missing = false;
		cells[1] = text_cell("industry 1");
		cells[4] = text_cell("Atlantis");
		cells[5] = text_cell("b");
		before = sf_win_predict(p, cells, NULL, &unseen);
		check(unseen == 1, "%d unseen", unseen);
		cells[4] = text_cell("Lemuria");
		check(same_bits(before, sf_win_predict(p, cells, NULL, &unseen)), "any unseen one is like the other");
		cells[1] = text_cell("alchemy");
		sf_win_predict(p, cells, NULL, &unseen);
		check(unseen == 2, "%d unseen", unseen);
	}
	done();
	free(made);
	host_free(&host);
}

/* Trees, too: an unseen category adds nothing, and reasons still add up. */
static void
test_unseen_in_trees(void)
{
	Made	   *made = make_signal(DEALS, 43);

	group("an unseen category counts as average in every learner, and adds nothing");
	for (int a = 0; a < LENGTH(every); a++)
	{
		SfWinOptions options = options_of(every[a]);
		SfWinModel	m = {0};
		SfWinPredictor *p;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		if (check(model_of(&arena, made, DEALS, &options, &m) == SF_OK && sf_win_predictor(&arena, &m, &p) == SF_OK, "%s", host.ctx.what))
			for (int i = 0; i < 40; i++)
			{
				double		contribution[MADE_FEATURES];
				SfCell		cells[MADE_FEATURES];
				double		x;

				memcpy(cells, made[i].cell, sizeof cells);
				cells[1] = text_cell("alchemy");
				cells[1].missing = false;
				check_deal(p, cells, a);
				check(sf_win_explain(p, cells, &x, &x, contribution, NULL, &x) == SF_OK && fabs(contribution[1]) < 1e-9, "algorithm %d: %g",
					  every[a], contribution[1]);
			}
		host_free(&host);
	}
	done();
	free(made);
}

/* What a stored model says is what it said when it was trained. */
static void
test_stored(void)
{
	Made	   *made = make_signal(DEALS, 35);

	group("a stored model predicts the same bits");
	for (int a = 0; a < LENGTH(every); a++)
	{
		SfWinOptions options = options_of(every[a]);
		SfWinModel	m = {0};
		SfWinModel	stored = {0};
		SfWinPredictor *p;
		SfWinPredictor *q;
		SfArena		arena;
		Host		host;
		size_t		size;
		unsigned char *bytes;
		SfReader	read;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		if (!check(model_of(&arena, made, DEALS, &options, &m) == SF_OK, "%s", host.ctx.what))
			continue;
		bytes = model_bytes(&m, &size);
		read = (SfReader) {bytes, size, true};
		check(sf_win_decode(&arena, &read, &stored) == SF_OK && sf_win_predictor(&arena, &m, &p) == SF_OK && sf_win_predictor(&arena, &stored, &q) == SF_OK, "%s", host.ctx.what);
		for (int i = 0; i < DEALS; i++)
			check(same_bits(sf_win_predict(p, made[i].cell, NULL, NULL), sf_win_predict(q, made[i].cell, NULL, NULL)), "algorithm %d, deal %d", every[a], i);
		free(bytes);
		host_free(&host);
	}
	done();
	free(made);
}

/* Mean log-loss of deals. */
static double
loss_of(SfArena *arena, const SfWinModel *m, const Made *made, int64_t n)
{
	SfWinPredictor *p;
	double		sum = 0;
	double		count = 0;

	if (!check(sf_win_predictor(arena, m, &p) == SF_OK, "predictor"))
		return NAN;
	for (int64_t i = 0; i < n; i++)
		if (made[i].info.outcome != SF_OPEN)
		{
			sum += sf_log_loss_one(sf_win_predict(p, made[i].cell, NULL, NULL), made[i].info.outcome == SF_WON);
			count++;
		}
	return sum / count;
}

/* Counts of values are those of all deals, and gates speak of them; it can be stored. */
static void
check_updated(SfArena *arena, const SfWinModel *old, const SfWinModel *m)
{
	const SfBins *bins = &m->member[0].bins;
	SfWinModel	stored = {0};
	size_t		size;
	unsigned char *bytes = model_bytes(m, &size);

	for (int f = 0; f < bins->features; f++)
	{
		int64_t		count = 0;
		int64_t		won = 0;

		for (int code = 0; code < bins->of[f].values + 2; code++)
		{
			count += bins->of[f].count[code];
			won += bins->of[f].won[code];
		}
		check(count == m->rows && won == m->won_rows, "feature %d: %d of %d deals", f, (int) count, (int) m->rows);
	}
	check(m->random.rows == 0 && m->forward.rows == 0 && m->gates == old->gates, "no figures of the old model");
	for (int i = 0; i < m->gates; i++)
	{
		const SfGate *g = &m->gate[i];

		check(g->kind != SF_GATE_WON || g->measured == (double) m->won_rows, "won deals: %g", g->measured);
		check((g->kind != SF_GATE_SKILL_RANDOM && g->kind != SF_GATE_SKILL_TIME) || (isnan(g->measured) && g->verdict == SF_WARN), "skill");
	}
	check(sf_win_decode(arena, &(SfReader) {bytes, size, true}, &stored) == SF_OK && stored.rows == m->rows, "stored");
	free(bytes);
}

static void
test_update(void)
{
	Made	   *made = make_signal(4 * DEALS, 37);
	SfWinProgress silent = {0};

	group("new deals make a logistic model or a forest better, boosted ones refuse them");
	for (int a = 1; a < LENGTH(every); a++)
	{
		SfWinOptions options = options_of(every[a]);
		SfWinModel	m = {0};
		SfWinModel	updated = {0};
		SfArena		arena;
		SfFrame		frame;
		Host		host;
		SfStatus	status;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		options.validate = SF_VALIDATE_NONE;
		options.calibration = SF_CALIBRATION_NONE;
		check(frame_of(&arena, made, DEALS, &frame) == SF_OK && sf_win_fit(&arena, &frame, &options, silent, &m) == SF_OK, "%s", host.ctx.what);
		check(frame_of(&arena, made + DEALS, 2 * DEALS, &frame) == SF_OK, "new deals");
		status = sf_win_update(&arena, &m, &frame, &updated);
		if (every[a] == SF_ALGORITHM_BOOSTED || every[a] == SF_ALGORITHM_BLEND)
			check(fails_with(&host, status, SF_BAD_ARGUMENT), "status %d", status);
		else if (check(status == SF_OK, "algorithm %d: %s", every[a], host.ctx.what))
		{
			double		before = loss_of(&arena, &m, made + 3 * DEALS, DEALS);
			double		after = loss_of(&arena, &updated, made + 3 * DEALS, DEALS);

			check(after < before, "algorithm %d: %g, then %g", every[a], before, after);
			check(updated.rows == m.rows + frame.rows && updated.won_rows == m.won_rows + frame.won_rows && updated.train.rows == 0, "counts");
			check_updated(&arena, &m, &updated);
		}
		host_free(&host);
	}
	done();
	free(made);
}

typedef struct Task
{
	const Made *made;
	const SfWinModel *model;
} Task;

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const Task *task = argument;
	double		contribution[MADE_FEATURES];
	double		x;
	SfWinPredictor *p;
	SfArena		arena;
	SfStatus	status;

	sf_arena_init(&arena, ctx);
	status = sf_win_predictor(&arena, task->model, &p);
	return status == SF_OK ? sf_win_explain(p, task->made[0].cell, &x, &x, contribution, NULL, &x) : status;
}

static void
test_failures(void)
{
	Made	   *made = make_signal(DEALS, 39);
	SfWinOptions options = options_of(SF_ALGORITHM_BLEND);
	SfWinModel	m = {0};
	Task		task = {made, &m};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("each refused allocation is a clean failure");
	if (check(model_of(&arena, made, DEALS, &options, &m) == SF_OK, "%s", host.ctx.what))
		refuse_each(work, &task);
	done();
	free(made);
	host_free(&host);
}

int
main(void)
{
	test_reasons();
	test_unseen();
	test_unseen_in_trees();
	test_stored();
	test_update();
	test_failures();
	return finish();
}
