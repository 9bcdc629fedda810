/* gates: each limit where it bites, leaks that are found and those that are none, by hand. */
#include "win_maker.h"

#include "core/winprob/gates.h"

#define DEALS 2000

enum
{
	PLAIN,						/* number, a little signal */
	LEAK,						/* number that tells the outcome */
	GONE,						/* number, missing in open deals */
	NAME,						/* category, different for each deal */
	AGE,						/* age, below 0 once */
	CONSTANT,
	FEATURES
};

static const SfFeature feature[FEATURES] = {
	{NAMED("plain"), SF_FEATURE_NUMBER}, {NAMED("leak"), SF_FEATURE_NUMBER}, {NAMED("gone"), SF_FEATURE_NUMBER},
	{NAMED("name"), SF_FEATURE_CATEGORY}, {NAMED("age"), SF_FEATURE_AGE}, {NAMED("constant"), SF_FEATURE_NUMBER}
};

/* Every third deal won, every tenth open; over three years. */
static SfStatus
leaking_frame(SfArena *arena, int64_t n, SfFrame *frame)
{
	SfFrameBuilder *builder;
	SfRng		rng;
	SfStatus	status = sf_frame_create(arena->ctx, FEATURES, feature, &builder);

	sf_rng_seed(&rng, 5);
	for (int64_t i = 0; i < n && status == SF_OK; i++)
	{
		SfCell		cell[FEATURES] = {0};
		char		name[24];
		bool		open = i % 10 == 9;
		bool		won = i % 3 == 0;

		snprintf(name, sizeof name, "deal %d", (int) i);
		cell[PLAIN] = number_cell(sf_rng_normal(&rng) + won);
		cell[LEAK] = number_cell(won ? 10 + sf_rng_uniform(&rng) : sf_rng_uniform(&rng));
		cell[GONE] = number_cell(sf_rng_uniform(&rng));
		cell[GONE].missing = open;
		cell[NAME] = text_cell(name);
		cell[AGE] = number_cell(i == 17 ? -3 : (double) (i % 50));
		cell[CONSTANT] = number_cell(1);
		status = sf_frame_add(arena->ctx, builder, (SfDealInfo) {.outcome = open ? SF_OPEN : won ? SF_WON : SF_LOST, .time = (double) i * 1095 / (double) n}, cell);
	}
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

static const SfGate *
find(const SfGate *gate, int32_t n, SfGateKind kind, int32_t f)
{
	for (int32_t i = 0; i < n; i++)
		if (gate[i].kind == kind && gate[i].feature == f)
			return &gate[i];
	return NULL;
}

static void
expect(const SfGate *gate, int32_t n, SfGateKind kind, int32_t f, SfVerdict verdict, double measured, double tolerance)
{
	const SfGate *g = find(gate, n, kind, f);

	if (check(g != NULL, "gate %d of feature %d is listed", kind, f))
		check(g->verdict == verdict && (close_to(g->measured, measured, tolerance, 0) || (isnan(measured) && isnan(g->measured))),
			  "gate %d of feature %d: verdict %d, measured %g", kind, f, g->verdict, g->measured);
}

static void
test_leaks(void)
{
	SfArena		arena;
	SfFrame		frame;
	SfGate	   *gate;
	int32_t		n;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("every gate is listed with what was measured");
	check(leaking_frame(&arena, DEALS, &frame) == SF_OK && sf_win_gates(&arena, &frame, &gate, &n) == SF_OK, "status");
	check(n == 5 + 3 * FEATURES + 1, "%d gates", n);
	expect(gate, n, SF_GATE_WON, -1, SF_PASS, (double) frame.won_rows, 0);
	expect(gate, n, SF_GATE_LOST, -1, SF_PASS, (double) (frame.rows - frame.won_rows), 0);
	expect(gate, n, SF_GATE_ROWS_PER_PARAMETER, -1, SF_PASS, 1800.0 / 7, 1e-9);
	expect(gate, n, SF_GATE_HISTORY, -1, SF_PASS, 1094.0 / 365.25, 0.01);
	expect(gate, n, SF_GATE_DEALS_PER_YEAR, -1, SF_PASS, 1800 / (1094.0 / 365.25), 2);
	done();
	group("leaks are found, and what is no leak is none");
	expect(gate, n, SF_GATE_LEAK_AUC, PLAIN, SF_PASS, 0.75, 0.05);
	expect(gate, n, SF_GATE_LEAK_AUC, LEAK, SF_REFUSE, 1, 1e-3);
	expect(gate, n, SF_GATE_LEAK_AUC, GONE, SF_PASS, 0.5, 0.08);
	expect(gate, n, SF_GATE_LEAK_AUC, NAME, SF_PASS, 0.5, 0.08);
	expect(gate, n, SF_GATE_LEAK_MISSING, PLAIN, SF_PASS, 0, 0);
	expect(gate, n, SF_GATE_LEAK_MISSING, GONE, SF_REFUSE, 1, 0);
	expect(gate, n, SF_GATE_LEAK_AFTER, AGE, SF_WARN, 1.0 / (double) (frame.rows + frame.open_rows), 1e-12);
	check(find(gate, n, SF_GATE_LEAK_AFTER, AGE)->other == 1, "deals with a date after the moment");
	expect(gate, n, SF_GATE_CONSTANT, CONSTANT, SF_WARN, 1, 0);
	expect(gate, n, SF_GATE_CONSTANT, PLAIN, SF_PASS, NAN, 0);
	for (int32_t i = 0; i < n; i++)
		check((gate[i].verdict == SF_REFUSE) == gate[i].stops && (sf_gate_text(&gate[i]) != NULL) == gate[i].stops, "gate %d stops", i);
	done();
	host_free(&host);
}

static void
test_limits(void)
{
	static const struct
	{
		SfGateKind	kind;
		double		measured;
		SfVerdict	verdict;
		double		limit;
	}			cases[] = {
		{SF_GATE_WON, 39, SF_REFUSE, 40}, {SF_GATE_WON, 40, SF_WARN, 200}, {SF_GATE_WON, 199, SF_WARN, 200}, {SF_GATE_WON, 200, SF_PASS, 200}
	};
	static const struct
	{
		int64_t		rows;
		SfVerdict	verdict;
	}			rows[] = {{99, SF_REFUSE}, {100, SF_WARN}, {199, SF_WARN}, {200, SF_PASS}};
	SfWinMetrics good = {.rows = 100, .log_loss = 0.5, .skill = 0.2, .skill_low = 0.1, .skill_high = 0.3};
	SfWinMetrics none = {.rows = 100, .log_loss = 0.8, .skill = 0.01, .skill_low = 0, .skill_high = 0.1};
	SfWinMetrics missing = {0};

	group("limits bite where they should");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfGate		g = sf_gate_at_least(cases[i].kind, cases[i].measured, 40, 200);

		check(g.verdict == cases[i].verdict && g.limit == cases[i].limit, "%g: verdict %d, limit %g", cases[i].measured, g.verdict, g.limit);
	}
	for (int i = 0; i < LENGTH(rows); i++)
		check(sf_gate_rows_per_parameter(rows[i].rows, 10).verdict == rows[i].verdict, "%d rows", (int) rows[i].rows);
	check(sf_gate_skill(SF_GATE_SKILL_RANDOM, &good).verdict == SF_PASS, "skill");
	check(sf_gate_skill(SF_GATE_SKILL_TIME, &none).verdict == SF_REFUSE && !sf_gate_skill(SF_GATE_SKILL_TIME, &none).stops, "no skill refuses promotion, not training");
	check(sf_gate_skill(SF_GATE_SKILL_TIME, &missing).verdict == SF_WARN, "skill not measured");
	check(sf_gate_overfit(&good, &good).verdict == SF_PASS && sf_gate_overfit(&good, &none).verdict == SF_WARN, "gap");
	check(sf_gate_overfit(&good, &missing).verdict == SF_WARN, "gap not measured");
	done();
}

/* A number that is drawn for each of 80 customers: their other deals tell of it, new ones do not. */
static void
test_groups(void)
{
	SfFrameBuilder *builder;
	SfArena		arena;
	SfFrame		frame;
	SfGate	   *gate;
	SfRng		rng;
	int32_t		n;
	Host		host;

	group("what is the same for all deals of a group is no leak");
	for (int grouped = 0; grouped <= 1; grouped++)
	{
		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		sf_rng_seed(&rng, 3);
		check(sf_frame_create(&host.ctx, 1, feature, &builder) == SF_OK, "create");
		for (int customer = 0; customer < 80; customer++)
		{
			SfCell		cell = number_cell(sf_rng_uniform(&rng));
			bool		wins = sf_rng_uniform(&rng) < 0.5;

			for (int i = 0; i < 25; i++)
			{
				SfDealInfo	info = {.outcome = (sf_rng_uniform(&rng) < 0.03) != wins ? SF_WON : SF_LOST, .time = i};

				info.group = grouped ? (uint64_t) customer + 1 : 0;
				check(sf_frame_add(&host.ctx, builder, info, &cell) == SF_OK, "add");
			}
		}
		check(sf_frame_finish(&arena, builder, &frame) == SF_OK && sf_win_gates(&arena, &frame, &gate, &n) == SF_OK, "gates");
		expect(gate, n, SF_GATE_LEAK_AUC, 0, grouped ? SF_PASS : SF_REFUSE, grouped ? 0.5 : 0.95, grouped ? 0.2 : 0.05);
		host_free(&host);
	}
	done();
}

/* Eight rows of each deal are no more deals than one. */
static void
test_deals(void)
{
	SfFrameBuilder *builder;
	SfArena		arena;
	SfFrame		frame;
	SfGate	   *gate;
	SfRng		rng;
	int32_t		n;
	Host		host;

	group("rows of a deal count once, those without a group singly");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	sf_rng_seed(&rng, 9);
	check(sf_frame_create(&host.ctx, 1, feature, &builder) == SF_OK, "create");
	for (int deal = 0; deal < 36; deal++)
		for (int i = 0; i < 8; i++)
		{
			SfCell		cell = number_cell(sf_rng_uniform(&rng));
			SfDealInfo	info = {.outcome = deal < 15 ? SF_WON : SF_LOST, .time = deal * 20 + i, .group = (uint64_t) deal + 1};

			check(sf_frame_add(&host.ctx, builder, info, &cell) == SF_OK, "add");
		}
	for (int i = 0; i < 3; i++)
	{
		SfCell		cell = number_cell(i);

		check(sf_frame_add(&host.ctx, builder, (SfDealInfo) {.outcome = SF_WON, .time = NAN}, &cell) == SF_OK, "single");
	}
	check(sf_frame_finish(&arena, builder, &frame) == SF_OK && sf_win_gates(&arena, &frame, &gate, &n) == SF_OK, "gates");
	expect(gate, n, SF_GATE_WON, -1, SF_REFUSE, 18, 0);
	expect(gate, n, SF_GATE_LOST, -1, SF_REFUSE, 21, 0);
	expect(gate, n, SF_GATE_ROWS_PER_PARAMETER, -1, SF_WARN, 39.0 / 2, 1e-12);
	expect(gate, n, SF_GATE_DEALS_PER_YEAR, -1, SF_WARN, 36 / (707 / 365.25), 1e-9);
	host_free(&host);
	done();
}

/* Deals per parameter of the model that was made, and what the test in time is worth. */
static void
test_after(void)
{
	static const struct
	{
		double		parameters;
		SfVerdict	verdict;
	}			cases[] = {{50, SF_PASS}, {50.1, SF_WARN}, {100, SF_WARN}, {100.1, SF_REFUSE}, {0.1, SF_PASS}};
	SfMember	member[2] = {{.kind = SF_ALGORITHM_BOOSTED}, {.kind = SF_ALGORITHM_LOGISTIC}};
	SfWinModel	model = {.members = 2, .member = member, .rows = 1000, .deals = 1000};
	SfWinMetrics good = {.rows = 100, .skill = 0.2, .skill_low = 0.1, .skill_high = 0.3};
	SfWinMetrics none = {.rows = 100, .skill = 0.2, .skill_low = -0.1, .skill_high = 0.3};

	group("parameters of the model that was made refuse promotion only");
	for (int i = 0; i < LENGTH(cases); i++)
	{
		SfGate		g;

		member[1].logistic.parameters = cases[i].parameters;
		g = sf_gate_model_parameters(&model);
		check(g.kind == SF_GATE_MODEL_PARAMETERS && g.verdict == cases[i].verdict && !g.stops, "%g: verdict %d", cases[i].parameters, g.verdict);
	}
	model.members = 1;
	check(isnan(sf_gate_model_parameters(&model).measured) && sf_gate_model_parameters(&model).verdict == SF_PASS, "trees alone");
	done();
	group("a test in time that may have learned what came later warns");
	check(sf_gate_skill_time(&good, true).verdict == SF_PASS && sf_gate_skill_time(&good, false).verdict == SF_WARN, "good");
	check(sf_gate_skill_time(&none, true).verdict == SF_REFUSE && sf_gate_skill_time(&none, false).verdict == SF_REFUSE, "none");
	done();
}

static void
test_edges(void)
{
	group("no deals, one deal, no features, no times: gates without a crash");
	for (int64_t n = 0; n <= 5; n++)
		for (int32_t features = 0; features <= 1; features++)
		{
			SfFrameBuilder *builder;
			SfArena		arena;
			SfFrame		frame;
			SfGate	   *gate;
			int32_t		count = 0;
			Host		host;
			SfStatus	status;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			status = sf_frame_create(&host.ctx, features, feature, &builder);
			for (int64_t i = 0; i < n && status == SF_OK; i++)
			{
				SfCell		cell = number_cell(1e300 * (double) i);

				status = sf_frame_add(&host.ctx, builder, (SfDealInfo) {.outcome = i % 2 ? SF_WON : SF_LOST, .time = NAN}, &cell);
			}
			if (status == SF_OK)
				status = sf_frame_finish(&arena, builder, &frame);
			if (status == SF_OK)
				status = sf_win_gates(&arena, &frame, &gate, &count);
			check(status == SF_OK || status == SF_BAD_ARGUMENT || status == SF_BAD_DATA, "%d deals, %d features: status %d", (int) n, features, status);
			check(status != SF_OK || (gate[0].verdict == SF_REFUSE && gate[1].verdict == SF_REFUSE), "too few deals");
			host_free(&host);
		}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfFrame		frame;
	SfGate	   *gate;
	int32_t		n;
	SfStatus	status;

	(void) argument;
	sf_arena_init(&arena, ctx);
	status = leaking_frame(&arena, 300, &frame);
	return status == SF_OK ? sf_win_gates(&arena, &frame, &gate, &n) : status;
}

int
main(void)
{
	test_leaks();
	test_limits();
	test_groups();
	test_deals();
	test_after();
	test_edges();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(work, NULL);
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
