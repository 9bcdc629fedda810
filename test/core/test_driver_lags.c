/* Tests of core/forecast/driver_lags.c: at which lag a driver leads a series. */
#include "check.h"

#include "core/forecast/driver_lags.h"

#define N_MAX 400
#define DRIVERS 20

static SfStatus
find(const double *y, const double *x, int n, int m, int drivers, int min_lag, int max_lag, SfDriverLag *rows)
{
	SfSeries	s = {.y = y, .n = n, .seasons = m > 1, .season = {m}, .drivers = x, .driver_count = drivers};
	SfDriverLagOptions options = {min_lag, max_lag, 0.05};
	SfStatus	status;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_driver_lags(&arena, &s, &options, rows);
	host_free(&host);
	return status;
}

/* How memory and season are planted. */
typedef enum Kind
{
	PLAIN,						/* autoregressions, coefficients 0 .. .95 */
	WALKS,						/* every fourth candidate a random walk, and half of the series */
	SEASONAL,					/* every third candidate and the series have a season */
	COPIES						/* every fourth candidate a noisy copy of the planted one */
} Kind;

static const char *const kind_name[] = {"plain", "walks", "seasonal", "copies"};

/*
 * DRIVERS candidates; y leans on the one at `plant`, six periods earlier, with
 * coefficient beta against noise of innovation 1 and autocorrelation .6 (or a
 * random walk).
 */
static void
draw(SfRng *rng, Kind kind, int m, double beta, int plant, double *y, double *x, int n)
{
	double		phi[DRIVERS];
	double		state[DRIVERS] = {0};
	double		e = 0;
	double		memory = kind == WALKS && sf_rng_below(rng, 2) ? 1.0 : 0.6;

	for (int j = 0; j < DRIVERS; j++)
		phi[j] = kind == WALKS && j % 4 == 0 ? 1.0 : 0.95 * sf_rng_uniform(rng);
	for (int t = -50; t < n; t++)
		for (int j = 0; j < DRIVERS; j++)
		{
			state[j] = phi[j] * state[j] + sf_rng_normal(rng);
			if (t >= 0)
				x[t * DRIVERS + j] = state[j] + (kind == SEASONAL && j % 3 == 0 ? 2 * sin(6.283185307 * t / m) : 0);
		}
	for (int t = 0; t < n && kind == COPIES; t++)
		for (int j = 0; j < DRIVERS; j += 4)
			if (j != plant)
				x[t * DRIVERS + j] = x[t * DRIVERS + plant] + 0.7 * sf_rng_normal(rng);
	for (int t = 0; t < n; t++)
	{
		e = memory * e + sf_rng_normal(rng);
		y[t] = 100 + e + (t >= 6 ? beta * x[(t - 6) * DRIVERS + plant] : 0) +
			(kind == SEASONAL ? 3 * cos(6.283185307 * t / m) : 0);
	}
}

typedef struct Rates
{
	int			found;			/* the planted driver, at its lag */
	int			wrong;			/* series with another driver, or another lag */
} Rates;

static Rates
simulate(Kind kind, int m, double beta, int turns, uint64_t seed)
{
	static double y[N_MAX];
	static double x[N_MAX * DRIVERS];
	Rates		rates = {0};
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	for (int turn = 0; turn < turns; turn++)
	{
		SfDriverLag rows[DRIVERS];
		int			plant = (int) sf_rng_below(&rng, DRIVERS);
		bool		wrong = false;

		draw(&rng, kind, m, beta, plant, y, x, 150);
		check(find(y, x, 150, m, DRIVERS, 0, 12, rows) == SF_OK, "status");
		for (int j = 0; j < DRIVERS; j++)
		{
			bool		right = beta != 0 && j == plant && rows[j].lag == 6;

			check(rows[j].driver == j && rows[j].lag >= 0 && rows[j].lag <= 12 && fabs(rows[j].correlation) <= 1 &&
				  rows[j].p_value >= 0 && rows[j].p_value <= 1 && rows[j].error_reduction <= 1, "row %d", j);
			check(!rows[j].chosen || (rows[j].p_value < 0.05 && rows[j].error_reduction > 0), "chosen without reason");
			rates.found += rows[j].chosen && right;
			wrong = wrong || (rows[j].chosen && !right);
		}
		rates.wrong += wrong;
	}
	return rates;
}

static void
test_power(void)
{
	group("weekly, 150 periods, 20 candidates, 13 lags: a driver that leads by six is found, others are not");
	for (int kind = PLAIN; kind <= COPIES; kind++)
		for (int m = kind == SEASONAL ? 12 : 1; m <= (kind == SEASONAL ? 52 : 1); m += 40)
		{
			Rates		strong = simulate((Kind) kind, m, 1.0, 30, 71);
			Rates		moderate = simulate((Kind) kind, m, 0.7, 30, 72);
			Rates		none = simulate((Kind) kind, m, 0.0, 60, 73);

			/* of 1,000: 994 and 952 at least, wrong 33 at most (driver_lags.h) */
			check(strong.found >= 29, "%s: %d of 30 found at coefficient 1", kind_name[kind], strong.found);
			check(moderate.found >= 26, "%s: %d of 30 found at coefficient .7", kind_name[kind], moderate.found);
			/* the 99th percentiles of 5 per cent */
			check(strong.wrong <= 5 && moderate.wrong <= 5 && none.wrong <= 8, "%s: wrong %d and %d of 30, %d of 60", kind_name[kind], strong.wrong, moderate.wrong, none.wrong);
		}
	done();
}

static void
test_laws(void)
{
	static double y[N_MAX];
	static double x[N_MAX * DRIVERS];
	static double changed[N_MAX * DRIVERS];
	SfDriverLag one[DRIVERS];
	SfDriverLag other[DRIVERS];
	SfRng		rng;

	sf_rng_seed(&rng, 74);
	draw(&rng, PLAIN, 1, 1.0, 3, y, x, 150);
	group("an exact copy six periods later: correlation near 1, errors gone");
	for (int t = 0; t < 150; t++)
		changed[t] = t >= 6 ? 5 - 2 * x[(t - 6) * DRIVERS + 3] : 5;
	check(find(changed, x, 150, 1, DRIVERS, 0, 12, one) == SF_OK, "status");
	check(one[3].chosen && one[3].lag == 6 && one[3].correlation < -0.95 && one[3].error_reduction > 0.9, "lag %d, correlation %g, reduction %g", one[3].lag,
		  one[3].correlation, one[3].error_reduction);
	done();

	group("units and order of the columns do not show");
	check(find(y, x, 150, 1, DRIVERS, 0, 12, one) == SF_OK, "status");
	for (int t = 0; t < 150; t++)
		for (int j = 0; j < DRIVERS; j++)
			changed[t * DRIVERS + j] = ldexp(x[t * DRIVERS + DRIVERS - 1 - j], 10 * j);
	check(find(y, changed, 150, 1, DRIVERS, 0, 12, other) == SF_OK, "status");
	for (int j = 0; j < DRIVERS; j++)
	{
		const SfDriverLag *twin = &other[DRIVERS - 1 - j];

		check(one[j].lag == twin->lag && one[j].chosen == twin->chosen && same_bits(one[j].correlation, twin->correlation) &&
			  same_bits(one[j].p_value, twin->p_value), "driver %d", j);
	}
	done();

	group("correlations and lags do not look into the last block");
	memcpy(changed, y, 150 * sizeof(double));
	for (int t = 135; t < 150; t++)
		changed[t] = 1000 * sf_rng_normal(&rng);
	check(find(changed, x, 150, 1, DRIVERS, 0, 12, other) == SF_OK, "status");
	for (int j = 0; j < DRIVERS; j++)
		/* until one is regressed out in one case and not in the other */
		check(one[j].chosen || other[3].chosen != one[3].chosen || one[j].lag == other[j].lag, "driver %d", j);
	check(other[3].lag == 6 && fabs(other[3].correlation - one[3].correlation) < 1e-6, "lag %d, correlation %g, %g", other[3].lag, one[3].correlation, other[3].correlation);
	done();

	group("only lags that are allowed");
	check(find(y, x, 150, 1, DRIVERS, 7, 9, other) == SF_OK, "status");
	for (int j = 0; j < DRIVERS; j++)
		check(other[j].lag >= 7 && other[j].lag <= 9, "lag %d", other[j].lag);
	done();
}

/* The law of the header, with gaps on both sides of the last block's start. */
static void
test_no_look_ahead(void)
{
	enum
	{
		N = 100,
		TRAIN = 90,
		K = 4
	};
	double		y[N];
	double		x[N * K];
	double		changed_y[N];
	double		changed_x[N * K];
	SfRng		rng;

	sf_rng_seed(&rng, 77);
	group("whatever changes from the last block on, seen through a gap or not, changes no correlation, lag or p-value");
	for (int turn = 0; turn < 20; turn++)
	{
		/* a significance of 0: nothing is chosen, so every row is of the first stage */
		SfDriverLagOptions options = {0, 12, 0.0};
		SfDriverLag rows[2][K];

		for (int i = 0; i < N * K; i++)
			x[i] = sf_rng_normal(&rng);
		for (int t = 0; t < N; t++)
			y[t] = 50 + (t >= 6 ? x[(t - 6) * K] : 0) + 0.8 * sf_rng_normal(&rng) + (t % 4 == 1) * 5;
		for (int t = TRAIN - 5; t < TRAIN + turn % 3; t++)
			y[t] = NAN;
		for (int t = 20; t < 60; t += 7)
			y[t] = NAN;
		memcpy(changed_y, y, sizeof y);
		memcpy(changed_x, x, sizeof x);
		for (int t = TRAIN; t < N; t++)
			changed_y[t] = turn % 4 == 3 ? NAN : ldexp(sf_rng_normal(&rng), turn == 0 ? 1000 : 7);
		for (int i = TRAIN * K; i < N * K; i++)
			changed_x[i] = ldexp(sf_rng_normal(&rng), turn == 1 ? 1000 : 3);
		for (int version = 0; version < 2; version++)
		{
			SfSeries	s = {.y = version ? changed_y : y, .n = N, .seasons = turn % 2, .season = {4},
			.drivers = version ? changed_x : x, .driver_count = K};
			SfArena		arena;
			Host		host;

			host_init(&host);
			sf_arena_init(&arena, &host.ctx);
			check(sf_driver_lags(&arena, &s, &options, rows[version]) == SF_OK, "turn %d", turn);
			host_free(&host);
		}
		check(rows[0][0].lag == 6 && rows[0][0].correlation > 0.3, "turn %d: lag %d, r %g", turn, rows[0][0].lag, rows[0][0].correlation);
		for (int j = 0; j < K; j++)
			check(rows[0][j].lag == rows[1][j].lag && same_bits(rows[0][j].correlation, rows[1][j].correlation) &&
				  same_bits(rows[0][j].p_value, rows[1][j].p_value), "turn %d driver %d: lag %d, %d, r %g, %g", turn, j,
				  rows[0][j].lag, rows[1][j].lag, rows[0][j].correlation, rows[1][j].correlation);
	}
	done();

	group("a training part without a value says nothing");
	for (int t = 0; t < N; t++)
		y[t] = t < TRAIN ? NAN : t;
	{
		SfDriverLag rows[K];

		check(find(y, x, N, 1, K, 0, 5, rows) == SF_OK && rows[0].p_value == 1 && !rows[0].chosen, "p %g", rows[0].p_value);
	}
	done();
}

static void
test_hostile(void)
{
	static double y[N_MAX];
	static double x[N_MAX * DRIVERS];
	SfDriverLag rows[DRIVERS];
	SfRng		rng;

	sf_rng_seed(&rng, 75);
	group("constant, gappy, tiny, huge and short: an answer, and nothing found in nothing");
	for (int kind = 0; kind < 6; kind++)
		for (int n = 1; n <= 200; n += n < 60 ? 7 : 45)
		{
			for (int t = 0; t < n; t++)
			{
				y[t] = kind == 0 ? 0 : kind == 1 ? 1e300 * (t % 5 - 2) / 4 : kind == 2 && t % 3 && t > 0 ? NAN : kind == 3 ? 1e-300 * t : sf_rng_normal(&rng);
				for (int j = 0; j < DRIVERS; j++)
					x[t * DRIVERS + j] = kind == 4 ? 5 : kind == 5 ? 1e300 * sf_rng_uniform(&rng) : j % 2 ? sf_rng_normal(&rng) : t % (j + 1) == 0;
			}
			for (int m = 1; m <= 52; m += 17)
			{
				check(find(y, x, n, m, DRIVERS, 0, 8, rows) == SF_OK, "kind %d n %d", kind, n);
				for (int j = 0; j < DRIVERS; j++)
				{
					check(rows[j].p_value >= 0 && rows[j].p_value <= 1 && fabs(rows[j].correlation) <= 1 && !isinf(rows[j].error_reduction), "kind %d n %d row %d: p %g, r %g, %g", kind,
						  n, j, rows[j].p_value, rows[j].correlation, rows[j].error_reduction);
					check(!rows[j].chosen || (kind != 0 && kind != 4 && n >= SF_DRIVER_LAGS_LENGTH_MIN), "kind %d n %d chose %d", kind, n, j);
				}
			}
		}
	done();

	group("options out of range are refused, and nothing observed; no candidate is no row");
	check(find(y, x, 100, 1, DRIVERS, 0, -1, rows) == SF_BAD_ARGUMENT && find(y, x, 100, 1, DRIVERS, 3, 2, rows) == SF_BAD_ARGUMENT &&
		  find(y, x, 100, 1, DRIVERS, -1, 2, rows) == SF_BAD_ARGUMENT, "lags");
	check(find(y, NULL, 100, 1, 0, 0, 5, rows) == SF_OK, "no candidate");
	check(find(y, x, 100, 1, DRIVERS, 0, 1000000, rows) == SF_OK && !rows[0].chosen, "lags longer than the series");
	for (int t = 0; t < 100; t++)
		y[t] = NAN;
	check(find(y, x, 100, 1, DRIVERS, 0, 5, rows) == SF_BAD_DATA, "nothing observed");
	done();
}

static SfStatus
find_work(SfCtx *ctx, void *argument)
{
	static double y[100];
	static double x[100 * DRIVERS];
	SfDriverLag rows[DRIVERS];
	SfSeries	s = {.y = y, .n = 100, .seasons = 1, .season = {4}, .drivers = x, .driver_count = DRIVERS};
	SfDriverLagOptions options = {0, 8, 0.05};
	SfArena		arena;
	SfRng		rng;

	(void) argument;
	sf_rng_seed(&rng, 76);
	draw(&rng, PLAIN, 1, 1.0, 2, y, x, 100);
	sf_arena_init(&arena, ctx);
	return sf_driver_lags(&arena, &s, &options, rows);
}

int
main(void)
{
	test_power();
	test_laws();
	test_no_look_ahead();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(find_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(find_work, NULL, 1);
	done();
	return finish();
}
