/* Tests of core/winprob/metrics.c and ranks.c: how good predictions of won and lost are. */
#include "check.h"

#include "core/base/dist.h"
#include "core/base/radix.h"
#include "core/winprob/metrics.h"

#include "win_metrics_golden.h"

#define GOLDEN LENGTH(golden_won)

static SfAuc
auc_of(const double *x, const uint8_t *won, int64_t n)
{
	SfAuc		auc = {0};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_auc(&arena, x, won, n, 0.95, &auc) == SF_OK, "auc");
	host_free(&host);
	return auc;
}

static SfWinMetrics
metrics_of(const double *p, const uint8_t *won, int64_t n, double rate)
{
	SfWinMetrics metrics = {0};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_win_metrics(&arena, p, won, n, rate, &metrics) == SF_OK, "metrics");
	host_free(&host);
	return metrics;
}

static double
psi(double x, double y)
{
	return x > y ? 1 : x == y ? 0.5 : 0;
}

/* The definitions of metrics.c, pair by pair. */
static SfAuc
brute_force(const double *x, const uint8_t *won, int n)
{
	SfAuc		auc = {.auc = 0, .error = 0};
	double		count[2] = {0, 0};

	for (int i = 0; i < n; i++)
		count[won[i]]++;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			if (won[i] && !won[j])
				auc.auc += psi(x[i], x[j]) / count[0] / count[1];
	for (int i = 0; i < n; i++)
	{
		double		place = 0;

		for (int j = 0; j < n; j++)
			if (won[i] != won[j])
				place += (won[i] ? psi(x[i], x[j]) : psi(x[j], x[i])) / count[!won[i]];
		auc.error += (place - auc.auc) * (place - auc.auc) / count[won[i]] / (count[won[i]] - 1);
	}
	auc.error = sqrt(auc.error);
	return auc;
}

static void
test_by_hand(void)
{
	static const double x[] = {0.9, 0.8, 0.8, 0.3, 0.1};
	static const uint8_t won[] = {1, 1, 0, 1, 0};
	static const double p[] = {0.9, 0.8, 0.2, 0.25};
	static const uint8_t came[] = {1, 0, 0, 1};
	SfAuc		auc = auc_of(x, won, 5);
	SfWinMetrics m = metrics_of(p, came, 4, 0.5);

	group("a case by hand");
	/* pairs: .9 beats both, .8 ties one and beats one, .3 loses one and beats one */
	check(close_to(auc.auc, 4.5 / 6, 1e-15, 0), "auc %g", auc.auc);
	check(0 < auc.low && auc.low < auc.auc && auc.auc < auc.high && auc.high < 1, "interval %g .. %g", auc.low, auc.high);
	check(m.rows == 4 && m.won == 2, "rows");
	check(close_to(m.log_loss, -(log(0.9) + log(0.2) + log(0.8) + log(0.25)) / 4, 1e-15, 0), "log-loss %g", m.log_loss);
	check(close_to(m.brier, (0.01 + 0.64 + 0.04 + 0.5625) / 4, 1e-15, 0), "brier %g", m.brier);
	/* the two of .2 and .25 share a bin */
	check(close_to(m.calibration_error, (0.1 + 0.8 + fabs(0.45 - 1)) / 4, 1e-15, 0), "calibration error %g", m.calibration_error);
	check(close_to(m.base_log_loss, log(2), 1e-15, 0) && close_to(m.skill, 1 - m.log_loss / log(2), 1e-15, 0), "skill %g", m.skill);
	check(m.skill_low < m.skill && m.skill < m.skill_high, "interval of skill");
	done();

	group("log-loss clips");
	check(close_to(sf_log_loss_one(0, true), 15 * log(10), 1e-12, 0) && close_to(sf_log_loss_one(1, false), 15 * log(10), 0, 1e-2), "ends");
	check(sf_log_loss_one(1, true) >= 0 && sf_log_loss_one(1, true) < 2e-15 && sf_log_loss_one(0, false) < 2e-15, "sure and right");
	check(sf_log_loss_one(0.5, true) == log(2), "half");
	done();
}

static void
test_golden(void)
{
	double		p[GOLDEN];
	SfAuc		auc = auc_of(golden_log_odds, golden_won, GOLDEN);
	SfWinMetrics m;
	double		difference;
	double		error;
	SfArena		arena;
	Host		host;

	for (int i = 0; i < GOLDEN; i++)
		p[i] = 1 / (1 + exp(-golden_log_odds[i]));
	m = metrics_of(p, golden_won, GOLDEN, 0.5);
	group("golden: scikit-learn's roc_auc_score, log_loss, brier_score_loss; DeLong's error by brute force");
	check(close_to(auc.auc, golden_auc, 1e-14, 0) && close_to(auc.error, golden_auc_error, 1e-14, 0), "auc %.17g, error %.17g", auc.auc, auc.error);
	check(close_to(m.auc.auc, golden_auc, 1e-14, 0), "auc of probabilities");
	check(close_to(m.log_loss, golden_log_loss, 1e-14, 0), "log-loss %.17g", m.log_loss);
	check(close_to(m.brier, golden_brier, 1e-14, 0), "brier %.17g", m.brier);
	check(close_to(m.calibration_error, golden_calibration_error, 1e-14, 0), "calibration error %.17g", m.calibration_error);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(sf_auc_difference(&arena, golden_log_odds, golden_other, golden_won, GOLDEN, &difference, &error) == SF_OK, "difference");
	check(close_to(difference, golden_auc_difference, 1e-14, 0) && close_to(error, golden_auc_difference_error, 1e-14, 0),
		  "difference %.17g, error %.17g", difference, error);
	host_free(&host);
	done();
}

static void
test_laws(void)
{
	double		x[300];
	double		y[300];
	uint8_t		won[300];
	SfRng		rng;

	sf_rng_seed(&rng, 11);
	group("AUC and its error are those of all pairs, whatever the ties");
	for (int turn = 0; turn < 40; turn++)
	{
		int			n = 4 + (int) sf_rng_below(&rng, 290);
		double		grain = turn % 4 == 0 ? 2 : turn % 4 == 1 ? 20 : 1e6;
		SfAuc		wanted;
		SfAuc		got;

		for (int i = 0; i < n; i++)
		{
			x[i] = floor(sf_rng_normal(&rng) * grain) / grain;
			won[i] = i < 2 ? 1 : i < 4 ? 0 : sf_rng_uniform(&rng) < 0.3 + 0.1 * x[i];
		}
		wanted = brute_force(x, won, n);
		got = auc_of(x, won, n);
		check(close_to(got.auc, wanted.auc, 1e-12, 0) && close_to(got.error, wanted.error, 1e-12, 0), "%d deals: %g +- %g, wanted %g +- %g", n,
			  got.auc, got.error, wanted.auc, wanted.error);
		check(got.low >= 0 && got.low <= got.auc && got.auc <= got.high && got.high <= 1, "interval");
	}
	done();

	group("order and rising transformations do not show; turned round, it is one less the AUC");
	for (int turn = 0; turn < 20; turn++)
	{
		SfAuc		one;
		SfAuc		other;
		SfWinMetrics m;
		SfWinMetrics shuffled;

		for (int i = 0; i < 300; i++)
		{
			x[i] = floor(sf_rng_uniform(&rng) * 50) / 50;
			won[i] = sf_rng_uniform(&rng) < x[i];
		}
		one = auc_of(x, won, 300);
		m = metrics_of(x, won, 300, 0.4);
		for (int i = 0; i < 300; i++)
			y[i] = exp(300 * x[i]);
		other = auc_of(y, won, 300);
		check(same_bits(one.auc, other.auc) && same_bits(one.error, other.error), "transformed");
		for (int i = 0; i < 300; i++)
			y[i] = -x[i];
		other = auc_of(y, won, 300);
		check(close_to(other.auc, 1 - one.auc, 1e-15, 0) && close_to(other.low, 1 - one.high, 1e-14, 0), "turned round");
		for (int i = 299; i > 0; i--)
		{
			int			j = (int) sf_rng_below(&rng, (uint64_t) i + 1);
			double		swap = x[i];
			uint8_t		swap_won = won[i];

			x[i] = x[j];
			x[j] = swap;
			won[i] = won[j];
			won[j] = swap_won;
		}
		shuffled = metrics_of(x, won, 300, 0.4);
		check(memcmp(&m, &shuffled, sizeof m) == 0, "shuffled");
	}
	done();

	group("two models on the same deals: the difference is that of the AUCs, nothing against itself");
	for (int turn = 0; turn < 20; turn++)
	{
		double		difference;
		double		error;
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		for (int i = 0; i < 300; i++)
		{
			x[i] = floor(sf_rng_normal(&rng) * 9);
			y[i] = sf_rng_normal(&rng) + 0.2 * x[i];
			won[i] = sf_rng_uniform(&rng) < 0.4;
		}
		check(sf_auc_difference(&arena, x, y, won, 300, &difference, &error) == SF_OK &&
			  close_to(difference, auc_of(x, won, 300).auc - auc_of(y, won, 300).auc, 1e-14, 0) && error > 0, "difference %g", difference);
		check(sf_auc_difference(&arena, x, x, won, 300, &difference, &error) == SF_OK && difference == 0 && error == 0, "itself");
		host_free(&host);
	}
	done();
}

static void
test_interval(void)
{
	double		x[200];
	uint8_t		won[200];
	int			covered = 0;
	SfRng		rng;
	/* P(N(1,1) > N(0,1)) */
	double		truth = sf_normal_cdf(sqrt(0.5));

	sf_rng_seed(&rng, 12);
	group("the interval holds the true AUC as often as it says");
	for (int turn = 0; turn < 1000; turn++)
	{
		SfAuc		auc;

		for (int i = 0; i < 200; i++)
		{
			won[i] = i % 4 == 0;
			x[i] = sf_rng_normal(&rng) + won[i];
		}
		auc = auc_of(x, won, 200);
		covered += auc.low <= truth && truth <= auc.high;
	}
	check(covered >= 930 && covered <= 970, "%d of 1000", covered);
	done();
}

static void
test_hostile(void)
{
	static const double edge[] = {0, -0.0, 1, 1e300, -1e300, DBL_MIN / 4, -DBL_MAX, DBL_MAX};
	static const uint8_t all[] = {1, 1, 1, 1, 1, 1, 1, 1};
	static const uint8_t mixed[] = {1, 0, 1, 1, 0, 1, 0, 1};
	static const uint8_t zeros[] = {1, 0};
	double		junk[500];
	uint8_t		won[500];
	SfAuc		auc;
	SfWinMetrics m;
	SfRng		rng;
	SfArena		arena;
	Host		host;

	group("no deals, one, one class, signed zeros, huge values");
	check(isnan(auc_of(edge, mixed, 0).auc) && isnan(auc_of(edge, mixed, 1).auc) && isnan(auc_of(edge, all, 8).auc), "nothing to answer from");
	auc = auc_of(edge, zeros, 2);
	check(auc.auc == 0.5 && isnan(auc.error) && auc.low == 0 && auc.high == 1, "-0 is 0; one deal a class has no error");
	auc = auc_of(edge, mixed, 8);
	check(auc.auc >= 0 && auc.auc <= 1 && isfinite(auc.error), "huge");
	for (int i = 0; i < 500; i++)
	{
		junk[i] = i;
		won[i] = i >= 250;
	}
	auc = auc_of(junk, won, 500);
	check(auc.auc == 1 && auc.error == 0 && auc.high == 1 && close_to(auc.low, pow(0.025, 1 / 250.0), 1e-12, 0), "apart: %g", auc.low);
	for (int i = 0; i < 500; i++)
		junk[i] = -junk[i];
	auc = auc_of(junk, won, 500);
	check(auc.auc == 0 && auc.low == 0 && close_to(auc.high, 1 - pow(0.025, 1 / 250.0), 1e-12, 0), "apart the wrong way: %g", auc.high);
	m = metrics_of(junk, won, 0, 0.3);
	check(m.rows == 0 && isnan(m.log_loss), "none");
	for (int i = 0; i < 500; i++)
		junk[i] = i % 2;
	m = metrics_of(junk, won, 500, 0);
	check(isfinite(m.log_loss) && isfinite(m.skill) && isfinite(m.skill_low) && m.brier == 0.5, "sure and wrong");
	m = metrics_of(junk, won, 1, 0.5);
	check(isfinite(m.skill) && isnan(m.skill_low), "one deal");
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	check(fails_with(&host, sf_auc(&arena, junk, won, 9, 1, &auc), SF_BAD_ARGUMENT), "level 1");
	check(fails_with(&host, sf_auc(&arena, junk, won, 9, NAN, &auc), SF_BAD_ARGUMENT), "level NaN");
	host_free(&host);
	done();

	sf_rng_seed(&rng, 13);
	group("any bits at all end");
	for (int turn = 0; turn < 50; turn++)
	{
		for (int i = 0; i < 500; i++)
		{
			junk[i] = random_bits(&rng);
			won[i] = (uint8_t) sf_rng_below(&rng, 2);
		}
		auc = auc_of(junk, won, 500);
		check(auc.auc >= 0 && auc.auc <= 1, "%g", auc.auc);
	}
	done();

	group("keys stand in the order of the numbers, and come back");
	for (int turn = 0; turn < 20000; turn++)
	{
		double		a = random_bits(&rng);
		double		b = turn % 2 ? random_bits(&rng) : nextafter(a, INFINITY);

		if (isnan(a) || isnan(b))
			continue;
		check((a < b) == (sf_rank_key(a) < sf_rank_key(b)) && sf_of_key(sf_rank_key(a)) == a, "%g, %g", a, b);
	}
	done();
}

static double much[200000];
static uint8_t much_won[200000];

static SfStatus
metrics_work(SfCtx *ctx, void *argument)
{
	SfArena		arena;
	SfWinMetrics m;
	double		difference;
	double		error;
	SfStatus	status;

	(void) argument;
	sf_arena_init(&arena, ctx);
	status = sf_win_metrics(&arena, much, much_won, LENGTH(much), 0.5, &m);
	if (status == SF_OK)
		status = sf_auc_difference(&arena, much, much, much_won, LENGTH(much), &difference, &error);
	return status;
}

int
main(void)
{
	SfRng		rng;

	test_by_hand();
	test_golden();
	test_laws();
	test_interval();
	test_hostile();
	sf_rng_seed(&rng, 14);
	for (int i = 0; i < LENGTH(much); i++)
	{
		much[i] = sf_rng_uniform(&rng);
		much_won[i] = sf_rng_uniform(&rng) < much[i];
	}
	group("each refused allocation is a clean failure");
	refuse_each(metrics_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(metrics_work, NULL, 7);
	done();
	return finish();
}
