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
		status = sf_frame_add(arena->ctx, builder, (SfDealInfo) {open ? SF_OPEN : won ? SF_WON : SF_LOST, (double) i * 1095 / (double) n, 0}, cell);
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
	expect(gate, n, SF_GATE_LEAK_AFTER, AGE, SF_REFUSE, 1, 0);
	expect(gate, n, SF_GATE_CONSTANT, CONSTANT, SF_WARN, 1, 0);
	expect(gate, n, SF_GATE_CONSTANT, PLAIN, SF_PASS, 2, 0);
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

				status = sf_frame_add(&host.ctx, builder, (SfDealInfo) {i % 2 ? SF_WON : SF_LOST, NAN, 0}, &cell);
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
	test_edges();
	group("each refused allocation and each cancelled poll is a clean failure");
	refuse_each(work, NULL);
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
