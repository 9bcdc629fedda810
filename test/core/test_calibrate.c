/* Tests of core/winprob/calibrate.c and isotonic.c: log-odds brought to what really happens. */
#include "check.h"

#include "core/winprob/calibrate.h"
#include "core/winprob/isotonic.h"

#include "win_metrics_golden.h"

#define GOLDEN LENGTH(golden_won)
#define MANY 20000

static double many[MANY];
static uint8_t many_won[MANY];
static uint8_t third[MANY];

static double
probability_of(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

static SfCalibration
calibrate(SfArena *arena, const double *x, const uint8_t *won, int64_t n, SfCalibrationKind kind, double *gain)
{
	SfCalibration c = {0};
	double		ignored;

	check(sf_calibrate(arena, x, won, n, NULL, kind, &c, gain ? gain : &ignored) == SF_OK, "calibrate");
	return c;
}

/* Deals whose true log-odds are shape(x). */
static void
draw(SfRng *rng, int n, double (*shape) (double))
{
	for (int i = 0; i < n; i++)
	{
		many[i] = 1.5 * sf_rng_normal(rng);
		many_won[i] = sf_rng_uniform(rng) < probability_of(shape(many[i]));
	}
}

static double
as_is(double x)
{
	return x;
}

static double
tamed(double x)
{
	return 0.5 * x - 1;
}

static double
stepped(double x)
{
	return x < -1 ? -3 : x < 0.5 ? 0 : 0.3;
}

static void
test_golden(void)
{
	SfScoreTie *tie;
	int64_t		ties;
	SfIsotonicBlock *block;
	int64_t		blocks;
	SfCalibration c;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("golden: scikit-learn's isotonic regression and sigmoid calibration");
	check(sf_isotonic_ties(&arena, golden_log_odds, golden_won, GOLDEN, NULL, 0, &tie, &ties) == SF_OK && ties == LENGTH(golden_isotonic), "ties %" PRId64, ties);
	check(sf_isotonic_blocks(&arena, tie, ties, 1, &block, &blocks) == SF_OK, "blocks");
	for (int64_t i = 0, b = 0, seen = 0; i < ties; i++)
	{
		check(tie[i].value == golden_isotonic_at[i], "value");
		check(close_to((double) block[b].won / (double) block[b].rows, golden_isotonic[i], 1e-14, 0), "rate at %g: %g, wanted %g", tie[i].value,
			  (double) block[b].won / (double) block[b].rows, golden_isotonic[i]);
		seen += tie[i].rows;
		if (seen == block[b].rows)
		{
			b++;
			seen = 0;
		}
	}
	c = calibrate(&arena, golden_log_odds, golden_won, GOLDEN, SF_CALIBRATION_PLATT, NULL);
	check(close_to(c.a, golden_platt_a, 1e-4, 0) && close_to(c.b, golden_platt_b, 1e-4, 0), "platt %.17g %.17g", c.a, c.b);
	done();
	host_free(&host);
}

/* Sums of target less probability, and times x: zero at the optimum. */
static void
test_platt(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 21);
	group("Platt's two numbers satisfy their equations, and the slope stays above 0");
	for (int turn = 0; turn < 20; turn++)
	{
		int			n = 50 + (int) sf_rng_below(&rng, 900);
		double		sums[2] = {0, 0};
		double		count[2] = {0, 0};
		SfCalibration c;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		draw(&rng, n, turn % 2 ? tamed : stepped);
		c = calibrate(&arena, many, many_won, n, SF_CALIBRATION_PLATT, NULL);
		for (int i = 0; i < n; i++)
			count[many_won[i]]++;
		for (int i = 0; i < n; i++)
		{
			double		target = many_won[i] ? (count[1] + 1) / (count[1] + 2) : 1 / (count[0] + 2);

			sums[0] += target - probability_of(c.a + c.b * many[i]);
			sums[1] += (target - probability_of(c.a + c.b * many[i])) * many[i];
		}
		check(c.kind == SF_CALIBRATION_PLATT && c.b > 0 && fabs(sums[0]) < 1e-4 && fabs(sums[1]) < 1e-4, "%g + %g x leaves %g, %g", c.a, c.b, sums[0], sums[1]);
		for (int i = 0; i < n; i++)
			many[i] = -many[i];
		c = calibrate(&arena, many, many_won, n, SF_CALIBRATION_PLATT, NULL);
		check(c.b > 0 && c.b < 1e-3 && close_to(probability_of(c.a), (count[1] + 1) / (double) (n + 2), 0.02, 0), "turned round: %g + %g x", c.a, c.b);
		host_free(&host);
	}
	done();
}

static void
test_choice(void)
{
	static const struct
	{
		int			n;
		double		(*shape) (double);
		SfCalibrationKind kind;
	}			cases[] = {
		{500, as_is, SF_CALIBRATION_NONE}, {20000, as_is, SF_CALIBRATION_NONE}, {1500, tamed, SF_CALIBRATION_PLATT},
		{20000, stepped, SF_CALIBRATION_ISOTONIC}
	};
	SfRng		rng;

	sf_rng_seed(&rng, 22);
	group("none where nothing is wrong, Platt for few deals, isotonic for many; the gain is what held-out deals gain");
	for (int k = 0; k < LENGTH(cases); k++)
	{
		double		gain = -1;
		double		better = 0;
		SfCalibration c;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		draw(&rng, cases[k].n, cases[k].shape);
		c = calibrate(&arena, many, many_won, cases[k].n, SF_CALIBRATION_KINDS, &gain);
		check(c.kind == cases[k].kind, "case %d: kind %d, gain %g", k, (int) c.kind, gain);
		check((c.kind == SF_CALIBRATION_NONE) == (gain == 0) && gain >= 0, "gain %g", gain);
		draw(&rng, MANY, cases[k].shape);
		for (int i = 0; i < MANY; i++)
		{
			double		after = sf_calibrated(&c, many[i]);

			better += (log1p(exp(many_won[i] ? -many[i] : many[i])) - log1p(exp(many_won[i] ? -after : after))) / MANY;
		}
		check(close_to(better, gain, 0.02, 0.2), "case %d: gain %g, on new deals %g", k, gain, better);
		host_free(&host);
	}
	done();
}

static void
test_isotonic(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 23);
	group("isotonic: never falls, finite, blocks hold 20 deals, and nothing outside the rates seen");
	for (int turn = 0; turn < 40; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, turn < 20 ? 50 : 4000);
		double		last = -INFINITY;
		SfCalibration c;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		draw(&rng, n, turn % 2 ? stepped : tamed);
		if (turn % 4 == 0)
			for (int i = 0; i < n; i++)
				many[i] = round(many[i]);
		c = calibrate(&arena, many, many_won, n, SF_CALIBRATION_ISOTONIC, NULL);
		check(c.knots >= 1 && c.knots <= n / 20 + 1, "%d deals, %d knots", n, c.knots);
		for (int k = 1; k < c.knots; k++)
			check(c.from[k - 1] < c.from[k] && c.to[k - 1] <= c.to[k], "knots ascend");
		for (double x = -9; x < 9; x += 0.01)
		{
			double		y = sf_calibrated(&c, x);

			check(isfinite(y) && y >= last && fabs(y) <= log(2.0 * n + 1), "%g gives %g after %g", x, y, last);
			last = y;
		}
		for (int k = 0; k < c.knots; k++)
			check(close_to(sf_calibrated(&c, c.from[k]), c.to[k], 1e-12, 0), "at a knot");
		host_free(&host);
	}
	done();

	group("blocks hold all deals, rates rise strictly");
	for (int turn = 0; turn < 30; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, 3000);
		int64_t		rows = 0;
		int64_t		won = 0;
		SfScoreTie *tie;
		int64_t		ties;
		SfIsotonicBlock *block;
		int64_t		blocks;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		draw(&rng, n, tamed);
		for (int i = 0; i < n; i++)
			third[i] = (uint8_t) (i % 3);
		check(sf_isotonic_ties(&arena, many, many_won, n, third, 1, &tie, &ties) == SF_OK && sf_isotonic_blocks(&arena, tie, ties, 1 + turn, &block, &blocks) == SF_OK, "fit");
		for (int64_t b = 0; b < blocks; b++)
		{
			rows += block[b].rows;
			won += block[b].won;
			check(blocks == 1 || block[b].rows >= 1 + turn, "rows");
			check(b == 0 || (block[b - 1].won * block[b].rows < block[b].won * block[b - 1].rows && block[b - 1].centre < block[b].centre), "order");
		}
		for (int i = 0; i < n; i++)
			if (i % 3 != 1)
			{
				rows--;
				won -= many_won[i];
			}
		check(rows == 0 && won == 0, "deals lost");
		host_free(&host);
	}
	done();
}

static void
test_hostile(void)
{
	static const double edge[] = {1e300, -1e300, 1e300, 0, -0.0, 40, -745, DBL_MAX};
	static const uint8_t won[] = {1, 0, 0, 1, 1, 0, 1, 0};
	static const uint8_t all[] = {1, 1, 1, 1, 1, 1, 1, 1};
	double		gain;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("no deals, one, one class, huge log-odds: finite");
	for (int n = 0; n <= 8; n++)
		for (int kind = 0; kind <= SF_CALIBRATION_KINDS; kind++)
			for (int one_class = 0; one_class < 2; one_class++)
			{
				SfCalibration c = calibrate(&arena, edge, one_class ? all : won, n, (SfCalibrationKind) kind, &gain);

				check(isfinite(gain), "gain");
				for (int i = 0; i < 8; i++)
					check(c.kind == SF_CALIBRATION_NONE || fabs(sf_calibrated(&c, edge[i])) < 1e6, "%d deals, kind %d, %g gives %g", n, kind, edge[i],
						  sf_calibrated(&c, edge[i]));
			}
	done();

	group("separated deals end with a finite slope");
	for (int i = 0; i < 1000; i++)
	{
		many[i] = 1e9;
		many_won[i] = i % 4 == 0;
	}
	for (int kind = SF_CALIBRATION_PLATT; kind <= SF_CALIBRATION_ISOTONIC; kind++)
	{
		SfCalibration c = calibrate(&arena, many, many_won, 1000, (SfCalibrationKind) kind, &gain);

		check(close_to(sf_calibrated(&c, 1e9), log(1.0 / 3), 0.02, 0), "all certain, kind %d: %g", kind, sf_calibrated(&c, 1e9));
	}
	for (int i = 0; i < 1000; i++)
	{
		many[i] = i - 499.5;
		many_won[i] = i >= 500;
	}
	for (int kind = SF_CALIBRATION_PLATT; kind <= SF_CALIBRATION_ISOTONIC; kind++)
	{
		SfCalibration c = calibrate(&arena, many, many_won, 1000, (SfCalibrationKind) kind, &gain);

		check(isfinite(sf_calibrated(&c, 1e9)) && sf_calibrated(&c, 400) > 4 && sf_calibrated(&c, -400) < -4, "kind %d", kind);
	}
	done();
	host_free(&host);
}

static bool
same_calibration(const SfCalibration *a, const SfCalibration *b)
{
	return a->kind == b->kind && same_bits(a->a, b->a) && same_bits(a->b, b->b) && a->knots == b->knots &&
		(a->knots == 0 || (memcmp(a->from, b->from, (size_t) a->knots * 8) == 0 && memcmp(a->to, b->to, (size_t) a->knots * 8) == 0));
}

static void
test_bytes(void)
{
	unsigned char bytes[20000];
	SfRng		rng;

	sf_rng_seed(&rng, 24);
	group("bytes come back; cut or changed ones are refused or still a calibration");
	for (int kind = 0; kind < SF_CALIBRATION_KINDS; kind++)
	{
		SfWriter	write = {.at = bytes};
		SfCalibration c;
		SfCalibration back = {0};
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		draw(&rng, 2000, stepped);
		c = calibrate(&arena, many, many_won, 2000, (SfCalibrationKind) kind, NULL);
		sf_calibration_encode(&c, &write);
		check(write.size <= sizeof bytes, "size");
		check(sf_calibration_decode(&arena, &(SfReader) {bytes, write.size, true}, &back) == SF_OK && same_calibration(&c, &back), "kind %d", kind);
		for (size_t cut = 0; cut < write.size; cut++)
			check(fails_with(&host, sf_calibration_decode(&arena, &(SfReader) {bytes, cut, true}, &back), SF_BAD_BYTES), "cut at %zu", cut);
		for (size_t i = 0; i < write.size; i++)
			for (int flip = 1; flip < 256; flip *= 2)
			{
				SfStatus	status;

				bytes[i] ^= (unsigned char) flip;
				status = sf_calibration_decode(&arena, &(SfReader) {bytes, write.size, true}, &back);
				check(status == SF_BAD_BYTES || (status == SF_OK && (back.kind == SF_CALIBRATION_NONE || isfinite(sf_calibrated(&back, 3)))), "changed at %zu", i);
				bytes[i] ^= (unsigned char) flip;
			}
		host_free(&host);
	}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	SfCalibration c;
	double		gain;
	SfArena		arena;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_calibrate(&arena, many, many_won, MANY, NULL, SF_CALIBRATION_KINDS, &c, &gain);
}

int
main(void)
{
	SfRng		rng;

	test_golden();
	test_platt();
	test_choice();
	test_isotonic();
	test_hostile();
	test_bytes();
	sf_rng_seed(&rng, 25);
	draw(&rng, MANY, stepped);
	group("each refused allocation is a clean failure");
	refuse_each(work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
