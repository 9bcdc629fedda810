/* Tests of core/winprob/curves.c: ROC, calibration and lift as points. */
#include "check.h"

#include "core/winprob/curves.h"
#include "core/base/radix.h"
#include "core/winprob/metrics.h"

#define MANY 40000

static uint64_t won_key[MANY];
static uint64_t lost_key[MANY];
static uint64_t scratch[MANY];

/* Deals apart and sorted. */
static SfRankedDeals
ranked(SfCtx *ctx, const double *p, const uint8_t *won, int n)
{
	SfRankedDeals deals = {won_key, lost_key, 0, 0};

	for (int i = 0; i < n; i++)
		if (won[i])
			won_key[deals.won_rows++] = sf_rank_key(p[i]);
		else
			lost_key[deals.lost_rows++] = sf_rank_key(p[i]);
	check(sf_radix_sort(ctx, won_key, NULL, deals.won_rows, scratch, NULL) == SF_OK && sf_radix_sort(ctx, lost_key, NULL, deals.lost_rows, scratch, NULL) == SF_OK, "sort");
	return deals;
}

static void
test_by_hand(void)
{
	static const double p[] = {0.9, 0.8, 0.8, 0.3, 0.1};
	static const uint8_t won[] = {1, 1, 0, 0, 0};
	SfRocPoint	roc[10];
	SfCalibrationPoint bin[10];
	SfLiftPoint lift[10];
	int32_t		n;
	SfRankedDeals deals;
	Host		host;

	host_init(&host);
	deals = ranked(&host.ctx, p, won, 5);
	group("by hand: ROC");
	check(sf_roc_curve(&host.ctx, deals, 10, roc, &n) == SF_OK && n == 5, "%d points", n);
	check(roc[0].threshold == INFINITY && roc[0].won_share == 0 && roc[0].lost_share == 0, "start");
	check(roc[1].threshold == 0.9 && roc[1].won_share == 0.5 && roc[1].lost_share == 0, "first");
	check(roc[2].threshold == 0.8 && roc[2].won_share == 1 && close_to(roc[2].lost_share, 1 / 3.0, 1e-15, 0), "a tie is one step");
	check(roc[4].threshold == 0.1 && roc[4].won_share == 1 && roc[4].lost_share == 1, "end");
	done();

	group("by hand: calibration in four bins");
	check(sf_calibration_curve(&host.ctx, deals, 4, bin, &n) == SF_OK && n == 3, "%d points", n);
	check(bin[0].bin_low == 0 && bin[0].bin_high == 0.25 && bin[0].rows == 1 && bin[0].rate == 0 && bin[0].mean == 0.1 && bin[0].low == 0, "first");
	check(bin[2].bin_low == 0.75 && bin[2].bin_high == 1 && bin[2].rows == 3 && bin[2].won == 2 && close_to(bin[2].mean, 2.5 / 3, 1e-15, 0), "last");
	/* Wilson 1927 for 2 of 3, by its formula: (p + z^2/2n +- z sqrt(pq/n + z^2/4n^2)) / (1 + z^2/n) */
	check(close_to(bin[2].low, 0.20765960080204, 1e-12, 0) && close_to(bin[2].high, 0.93850805527960, 1e-12, 0), "interval %.14f .. %.14f", bin[2].low, bin[2].high);
	done();

	group("by hand: lift in two bins; a value is not torn apart");
	check(sf_lift_curve(&host.ctx, deals, 2, lift, &n) == SF_OK && n == 2, "%d points", n);
	check(lift[0].rows == 3 && lift[0].won == 2 && close_to(lift[0].share, 0.6, 1e-15, 0) && lift[0].won_share == 1 && close_to(lift[0].lift, 5 / 3.0, 1e-15, 0), "first");
	check(lift[1].rows == 2 && lift[1].won == 0 && lift[1].share == 1 && lift[1].lift == 0, "second");
	check(sf_lift_curve(&host.ctx, deals, 5, lift, &n) == SF_OK && n == 4 && lift[0].rows == 1 && lift[1].rows == 2 && lift[2].rows == 1, "%d of five", n);
	done();
	host_free(&host);
}

static void
test_laws(void)
{
	static double p[MANY];
	static uint8_t won[MANY];
	static SfRocPoint roc[1000];
	static SfCalibrationPoint bin[1000];
	static SfLiftPoint lift[1000];
	SfRng		rng;

	sf_rng_seed(&rng, 61);
	group("curves rise, hold all deals and stay within their size");
	for (int turn = 0; turn < 30; turn++)
	{
		int			n = turn < 5 ? MANY : 1 + (int) sf_rng_below(&rng, 2000);
		double		grain = turn % 3 == 0 ? 7 : 1e9;
		int			bins = 1 + (int) sf_rng_below(&rng, turn % 2 ? 1000 : 12);
		int32_t		points;
		int64_t		rows = 0;
		int64_t		all_won = 0;
		double		area = 0;
		double		calibration = 0;
		double		wanted = 0;
		SfRankedDeals deals;
		SfAuc		auc;
		Host		host;

		for (int i = 0; i < n; i++)
		{
			p[i] = floor(sf_rng_uniform(&rng) * grain) / grain;
			won[i] = i == 0 ? 1 : i == 1 ? 0 : sf_rng_uniform(&rng) < p[i];
		}
		host_init(&host);
		deals = ranked(&host.ctx, p, won, n);
		check(sf_roc_curve(&host.ctx, deals, 1000, roc, &points) == SF_OK && points <= 1000 && points >= 2, "%d points", points);
		for (int i = 1; i < points && n > 1; i++)
		{
			check(roc[i].threshold < roc[i - 1].threshold && roc[i].won_share >= roc[i - 1].won_share && roc[i].lost_share >= roc[i - 1].lost_share, "rises");
			area += (roc[i].lost_share - roc[i - 1].lost_share) * (roc[i].won_share + roc[i - 1].won_share) / 2;
		}
		check(n == 1 || (roc[points - 1].won_share == 1 && roc[points - 1].lost_share == 1), "ends at (1, 1)");
		check(sf_auc_sorted(&host.ctx, deals.won, deals.won_rows, deals.lost, deals.lost_rows, 0.95, &auc) == SF_OK, "auc");
		check(n == 1 || close_to(area, auc.auc, n > 900 ? 1e-3 : 1e-12, 0), "area %g, auc %g", area, auc.auc);

		check(sf_calibration_curve(&host.ctx, deals, bins, bin, &points) == SF_OK && points <= bins, "%d points", points);
		for (int i = 0; i < points; i++)
		{
			rows += bin[i].rows;
			all_won += bin[i].won;
			calibration += fabs(bin[i].mean - bin[i].rate) * (double) bin[i].rows / n;
			check(bin[i].rows >= 1 && bin[i].bin_low - 1e-12 <= bin[i].mean && bin[i].mean <= bin[i].bin_high + 1e-12, "mean inside");
			check(0 <= bin[i].low && bin[i].low <= bin[i].rate && bin[i].rate <= bin[i].high && bin[i].high <= 1, "interval");
			check(i == 0 || bin[i].bin_low >= bin[i - 1].bin_high - 1e-12, "order");
		}
		check(rows == n && all_won == deals.won_rows, "deals");
		if (bins == 10)
		{
			SfWinMetrics metrics;
			SfArena		arena;

			sf_arena_init(&arena, &host.ctx);
			check(sf_win_metrics(&arena, p, won, n, 0.5, &metrics) == SF_OK, "metrics");
			wanted = metrics.calibration_error;
			check(close_to(calibration, wanted, 1e-12, 0), "calibration error");
		}

		rows = all_won = 0;
		check(sf_lift_curve(&host.ctx, deals, bins, lift, &points) == SF_OK && points <= bins && points >= 1, "%d points", points);
		for (int i = 0; i < points; i++)
		{
			rows += lift[i].rows;
			all_won += lift[i].won;
			check(lift[i].rows >= 1 && close_to(lift[i].share, (double) rows / n, 1e-12, 0) &&
				  close_to(lift[i].won_share, (double) all_won / (double) deals.won_rows, 1e-12, 0), "shares");
			check(grain < 1e9 || n < bins || (double) lift[i].rows <= (double) n / bins + 1, "bin of %" PRId64 " deals", lift[i].rows);
		}
		check(rows == n && all_won == deals.won_rows && lift[points - 1].share == 1, "deals");
		host_free(&host);
	}
	done();

	group("nothing won, nothing lost, the ends of the scale");
	for (int turn = 0; turn < 3; turn++)
	{
		static const double ends[] = {0, 1, 1, 0, -0.0};
		static const uint8_t outcome[][5] = {{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}, {0, 1, 0, 1, 0}};
		int32_t		points;
		SfRankedDeals deals;
		Host		host;

		host_init(&host);
		deals = ranked(&host.ctx, ends, outcome[turn], 5);
		check(sf_roc_curve(&host.ctx, deals, 4, roc, &points) == SF_OK && points == 3, "roc %d", points);
		check(sf_calibration_curve(&host.ctx, deals, 1000, bin, &points) == SF_OK && points == 2 && bin[0].rows == 3 && bin[1].bin_high == 1, "calibration");
		check(sf_lift_curve(&host.ctx, deals, 10, lift, &points) == SF_OK && points == 2 && isnan(lift[0].lift) == (turn == 0), "lift");
		host_free(&host);
	}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static SfRocPoint roc[1000];
	static SfCalibrationPoint bin[10];
	static SfLiftPoint lift[10];
	int32_t		n;
	SfStatus	status;

	status = sf_roc_curve(ctx, *(SfRankedDeals *) argument, 1000, roc, &n);
	if (status == SF_OK)
		status = sf_calibration_curve(ctx, *(SfRankedDeals *) argument, 10, bin, &n);
	if (status == SF_OK)
		status = sf_lift_curve(ctx, *(SfRankedDeals *) argument, 10, lift, &n);
	return status;
}

int
main(void)
{
	SfRankedDeals deals = {won_key, lost_key, MANY, MANY};

	test_by_hand();
	test_laws();
	for (int i = 0; i < MANY; i++)
	{
		won_key[i] = sf_rank_key((i + 0.5) / MANY);
		lost_key[i] = sf_rank_key((double) i / MANY);
	}
	group("each cancelled poll is a clean failure");
	cancel_each(work, &deals, 1);
	done();
	return finish();
}
