/* Tests of core/winprob/venn.c: the interval between the two isotonic fits of a deal that is not known yet. */
#include "check.h"

#include "core/winprob/calibrate.h"

#define MANY 30000

static double many[MANY];
static uint8_t many_won[MANY];

/* The isotonic rate at x of the deals and one more at x, by its max-min formula. */
static double
brute_force(const double *x, const uint8_t *won, int n, double at, bool came)
{
	double		best = 0;

	for (int i = -1; i < n; i++)
	{
		double		from = i < 0 ? at : x[i];
		double		least = 1;

		if (from > at)
			continue;
		for (int j = -1; j < n; j++)
		{
			double		to = j < 0 ? at : x[j];
			double		rows = 1;
			double		sum = came;

			if (to < at)
				continue;
			for (int k = 0; k < n; k++)
				if (x[k] >= from && x[k] <= to)
				{
					rows++;
					sum += won[k];
				}
			least = fmin(least, sum / rows);
		}
		best = fmax(best, least);
	}
	return best;
}

static SfVenn
fit(SfArena *arena, int n)
{
	SfVenn		venn = {0};

	check(sf_venn_fit(arena, many, many_won, n, &venn) == SF_OK, "fit");
	return venn;
}

static void
test_exact(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 31);
	group("few values: exactly the two isotonic fits with the deal counted as lost and as won, at values and between");
	for (int turn = 0; turn < 60; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, 40);
		double		grain = turn % 3 == 0 ? 1 : turn % 3 == 1 ? 3 : 1000;
		SfVenn		venn;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		for (int i = 0; i < n; i++)
		{
			many[i] = round(grain * sf_rng_normal(&rng)) / grain;
			many_won[i] = turn % 10 == 9 ? turn % 20 == 9 : sf_rng_uniform(&rng) < 1 / (1 + exp(-many[i] * (turn % 7 - 1)));
		}
		venn = fit(&arena, n);
		for (int k = 0; k < 2 * n + 20; k++)
		{
			double		at = k < n ? many[k] : k < 2 * n ? many[k - n] + 1e-9 : random_between(&rng, -4, 4);
			double		low;
			double		high;

			sf_venn_interval(&venn, at, &low, &high);
			check(close_to(low, brute_force(many, many_won, n, at, false), 1e-12, 0) && close_to(high, brute_force(many, many_won, n, at, true), 1e-12, 0),
				  "turn %d, %d deals, at %.17g: %g .. %g, wanted %g .. %g", turn, n, at, low, high, brute_force(many, many_won, n, at, false),
				  brute_force(many, many_won, n, at, true));
		}
		host_free(&host);
	}
	done();
}

static void
test_wide(void)
{
	double		widest = 0;
	int			inside = 0;
	SfVenn		venn;
	SfVenn		exact;
	SfRng		rng;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	sf_rng_seed(&rng, 32);
	for (int i = 0; i < MANY; i++)
	{
		many[i] = 2 * sf_rng_normal(&rng) - 1;
		many_won[i] = sf_rng_uniform(&rng) < 1 / (1 + exp(-many[i]));
	}
	group("many values: at most 256 steps, ascending, and narrow");
	venn = fit(&arena, MANY);
	check(venn.knots > 20 && venn.knots <= SF_VENN_KNOTS, "%d steps", venn.knots);
	for (int k = 0; k < venn.knots; k++)
	{
		check(0 < venn.low[k] && venn.low[k] <= venn.high[k] && venn.high[k] < 1, "step %d: %g .. %g", k, venn.low[k], venn.high[k]);
		check(k == 0 || (venn.from[k - 1] < venn.from[k] && venn.low[k - 1] <= venn.low[k] && venn.high[k - 1] <= venn.high[k]), "step %d ascends", k);
	}
	for (int i = 0; i < 200; i++)
	{
		double		x = random_between(&rng, -4, 3);
		double		truth = 1 / (1 + exp(-x));
		double		low;
		double		high;

		sf_venn_interval(&venn, x, &low, &high);
		widest = fmax(widest, high - low);
		inside += low - 0.03 <= truth && truth <= high + 0.03;
	}
	check(widest < 0.1 && inside >= 180, "widest %g, %d near the truth", widest, inside);
	done();

	group("joined steps hold the exact interval");
	/* 400 deals at 400 values whose rates all differ would need more steps; the exact ones by brute force */
	for (int i = 0; i < 400; i++)
	{
		many[i] = (double) i / 40;
		many_won[i] = sf_rng_uniform(&rng) < (double) i / 400;
	}
	exact = fit(&arena, 400);
	for (int i = 0; i < 400; i += 61)
	{
		double		low;
		double		high;

		sf_venn_interval(&exact, many[i], &low, &high);
		check(low <= brute_force(many, many_won, 400, many[i], false) + 1e-12 && high >= brute_force(many, many_won, 400, many[i], true) - 1e-12, "at %g", many[i]);
	}
	done();

	group("more rates than steps: the interval only widens");
	/* whole blocks of rising rates 1/150 .. 149/150 */
	for (int b = 1; b < 150; b++)
		for (int i = 0; i < 150; i++)
		{
			many[(b - 1) * 150 + i] = b;
			many_won[(b - 1) * 150 + i] = i < b;
		}
	venn = fit(&arena, 149 * 150);
	check(venn.knots <= SF_VENN_KNOTS && venn.knots > 100, "%d steps", venn.knots);
	for (int b = 1; b < 150; b++)
	{
		double		low;
		double		high;

		sf_venn_interval(&venn, b, &low, &high);
		check(low <= b / 151.0 + 1e-12 && high >= (b + 1) / 151.0 - 1e-12 && high - low < 0.05, "block %d: %g .. %g", b, low, high);
	}
	done();
	host_free(&host);
}

static void
test_hostile(void)
{
	static const double edge[] = {1e300, -1e300, 0, -0.0, 5e-324, 1e300, -5e-324, 1};
	double		low;
	double		high;
	SfVenn		venn;
	SfRng		rng;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	sf_rng_seed(&rng, 33);
	group("no deals, one, one class, neighbouring numbers");
	venn = fit(&arena, 0);
	sf_venn_interval(&venn, 1, &low, &high);
	check(venn.knots == 0 && low > 0 && low < 1e-9 && high < 1 && high > 1 - 1e-9, "none: all of (0, 1)");
	for (int turn = 0; turn < 200; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, 8);

		for (int i = 0; i < n; i++)
		{
			many[i] = edge[sf_rng_below(&rng, LENGTH(edge))];
			many_won[i] = (uint8_t) (turn < 20 ? (uint64_t) turn % 2 : sf_rng_below(&rng, 2));
		}
		venn = fit(&arena, n);
		for (int i = 0; i < n; i++)
		{
			sf_venn_interval(&venn, many[i], &low, &high);
			check(0 < low && low <= high && high < 1, "%g .. %g", low, high);
			check(close_to(low, brute_force(many, many_won, n, many[i], false), 1e-12, 0) && close_to(high, brute_force(many, many_won, n, many[i], true), 1e-12, 0), "exact");
		}
	}
	host_free(&host);
	done();
}

static void
test_bytes(void)
{
	static unsigned char bytes[SF_VENN_KNOTS * 24 + 2];
	SfWriter	write = {.at = bytes};
	SfVenn		venn;
	SfVenn		back = {0};
	SfRng		rng;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	sf_rng_seed(&rng, 34);
	for (int i = 0; i < 300; i++)
	{
		many[i] = sf_rng_normal(&rng);
		many_won[i] = sf_rng_uniform(&rng) < 0.5 + 0.1 * many[i];
	}
	venn = fit(&arena, 300);
	sf_venn_encode(&venn, &write);
	group("bytes come back; cut or changed ones are refused or still an interval");
	check(write.size == 2 + (size_t) venn.knots * 24, "size");
	check(sf_venn_decode(&arena, &(SfReader) {bytes, write.size, true}, &back) == SF_OK && back.knots == venn.knots, "back");
	for (int k = 0; k < venn.knots; k++)
		check(same_bits(venn.from[k], back.from[k]) && same_bits(venn.low[k], back.low[k]) && same_bits(venn.high[k], back.high[k]), "step %d", k);
	for (size_t cut = 0; cut < write.size; cut++)
		check(fails_with(&host, sf_venn_decode(&arena, &(SfReader) {bytes, cut, true}, &back), SF_BAD_BYTES), "cut at %zu", cut);
	for (size_t i = 0; i < write.size; i++)
		for (int flip = 1; flip < 256; flip *= 2)
		{
			SfStatus	status;
			double		low;
			double		high;

			bytes[i] ^= (unsigned char) flip;
			status = sf_venn_decode(&arena, &(SfReader) {bytes, write.size, true}, &back);
			if (status == SF_OK)
				sf_venn_interval(&back, 0.3, &low, &high);
			check(status == SF_BAD_BYTES || (status == SF_OK && 0 < low && low <= high && high < 1), "changed at %zu", i);
			bytes[i] ^= (unsigned char) flip;
		}
	host_free(&host);
	done();
}

/* Deals whose score is off: the true rate of a score is known. */
static double
true_rate(double score)
{
	return 1 / (1 + exp(0.2 - 0.8 * score));
}

static void
draw_scores(SfRng *rng, int n)
{
	for (int i = 0; i < n; i++)
	{
		many[i] = 1.1 * sf_rng_normal(rng) - 0.7;
		many_won[i] = sf_rng_uniform(rng) < true_rate(many[i]);
	}
}

static void
test_rates(void)
{
	static const struct
	{
		int			deals;
		int			sets;
		double		width;
	}			cases[] = {{100, 40, 0.45}, {300, 40, 0.32}, {1000, 40, 0.2}, {MANY, 2, 0.14}};
	SfRng		rng;

	sf_rng_seed(&rng, 36);
	group("win rates of neighbours: around Venn-Abers, ascending, and the true rate of a score inside for 95 of 100");
	for (int k = 0; k < LENGTH(cases); k++)
	{
		double		inside = 0;
		double		width = 0;
		double		asked = 200.0 * cases[k].sets;

		for (int set = 0; set < cases[k].sets; set++)
		{
			SfVenn		venn;
			SfVenn		rate;
			SfArena		arena;
			Host		host;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			draw_scores(&rng, cases[k].deals);
			venn = fit(&arena, cases[k].deals);
			check(sf_rate_interval_fit(&arena, many, many_won, cases[k].deals, &rate) == SF_OK && rate.knots <= SF_VENN_KNOTS, "fit");
			for (int i = 1; i < rate.knots; i++)
				check(rate.from[i - 1] < rate.from[i] && rate.low[i - 1] <= rate.low[i] && rate.high[i - 1] <= rate.high[i], "step %d", i);
			for (int i = 0; i < 200; i++)
			{
				double		score = 1.1 * sf_rng_normal(&rng) - 0.7;
				double		low[2];
				double		high[2];

				sf_venn_interval(&venn, score, &low[0], &high[0]);
				sf_venn_interval(&rate, score, &low[1], &high[1]);
				/* steps of many values are joined in other places */
				check(cases[k].deals > 300 || (low[1] <= low[0] && high[0] <= high[1]), "around Venn-Abers at %g", score);
				inside += low[1] <= true_rate(score) && true_rate(score) <= high[1];
				width += high[1] - low[1];
			}
			host_free(&host);
		}
		check(inside > 0.95 * asked, "%d deals: %g of %g inside", cases[k].deals, inside, asked);
		check(width < cases[k].width * asked, "%d deals: %g wide", cases[k].deals, width / asked);
	}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	SfVenn		venn;
	SfArena		arena;

	(void) argument;
	sf_arena_init(&arena, ctx);
	return sf_rate_interval_fit(&arena, many, many_won, 3000, &venn);
}

int
main(void)
{
	SfRng		rng;

	test_exact();
	test_wide();
	test_hostile();
	test_bytes();
	test_rates();
	sf_rng_seed(&rng, 35);
	for (int i = 0; i < MANY; i++)
	{
		many[i] = sf_rng_normal(&rng);
		many_won[i] = sf_rng_uniform(&rng) < 0.5 + 0.1 * many[i];
	}
	group("each refused allocation is a clean failure");
	refuse_each(work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(work, NULL, 1);
	done();
	return finish();
}
