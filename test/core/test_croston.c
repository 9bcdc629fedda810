/* Tests of core/forecast/croston.c: Croston, SBA and TSB. */
#include "check.h"

#include "core/base/arena.h"
#include "core/forecast/croston.h"
#include "croston_golden.h"

static const SfCroston classic = {0.1, 0.1};

/* One forecast of one method; the arrays are big enough for every test. */
typedef struct Made
{
	SfForecast	out;
	double		mean[5];
	double		variance[5];
	double		fitted[500];
} Made;

static void
forecast(SfMethodFunction method, const double *y, int n, Made *made)
{
	SfSeries	s = {.y = y, .n = n};
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	memset(made, 0, sizeof *made);
	made->out = (SfForecast) {.horizon = 5, .mean = made->mean, .variance = made->variance, .fitted = made->fitted};
	status = method(&arena, &s, &made->out);
	check(status == SF_OK && made->out.converged, "status %d", status);
	for (int h = 1; h < 5; h++)
		check(same_bits(made->mean[h], made->mean[0]) && same_bits(made->variance[h], made->variance[0]), "step %d", h);
	host_free(&host);
}

static double
note_of(const Made *made, const char *name)
{
	for (int i = 0; i < made->out.notes; i++)
		if (strcmp(made->out.note[i].name, name) == 0)
			return made->out.note[i].value;
	return NAN;
}

static void
test_by_hand(void)
{
	static const double y[] = {0, 2, 0, 0, 4, 0};
	static const double gaps[] = {NAN, 0, 2, NAN, NAN, 0, 0, 4, 0, NAN};
	/* sizes 2, 4: 2.2; intervals 2, 3: 2.1 */
	const double croston = 2.2 / 2.1;
	double		chance = 1.0 / 3;
	double		size = 3;
	Made		made;

	group("cases by hand: two demands in six periods");
	forecast(sf_croston_forecast, y, 6, &made);
	check(close_to(made.mean[0], croston, 0, 1e-15), "Croston %.17g", made.mean[0]);
	check(strcmp(made.out.label, "Croston") == 0 && note_of(&made, "mean interval") == 3 && note_of(&made, "alpha of sizes") == 0.1, "label %s", made.out.label);
	check(isnan(made.fitted[0]) && isnan(made.fitted[1]) && made.fitted[2] == 1 && made.fitted[4] == 1 && close_to(made.fitted[5], croston, 0, 1e-15), "fitted");
	check(close_to(made.variance[0], (1 + 1 + 9 + croston * croston) / 4, 0, 1e-15), "variance");
	forecast(sf_tsb_forecast, y, 6, &made);
	for (int t = 0; t < 6; t++)
	{
		check(close_to(made.fitted[t], chance * size, 0, 1e-15), "fitted %d", t);
		chance += 0.1 * ((y[t] != 0) - chance);
		size += y[t] != 0 ? 0.2 * (y[t] - size) : 0;
	}
	check(close_to(made.mean[0], chance * size, 0, 1e-15) && strcmp(made.out.label, "TSB") == 0, "TSB %.17g", made.mean[0]);
	done();

	group("periods that were not observed are left out");
	forecast(sf_croston_forecast, gaps, 10, &made);
	check(close_to(made.mean[0], croston, 0, 1e-15), "Croston %.17g", made.mean[0]);
	check(made.fitted[3] == 1 && made.fitted[6] == 1 && close_to(made.fitted[9], croston, 0, 1e-15), "fitted");
	done();
}

static void
test_golden(void)
{
	group("R's forecast package finds the same rates");
	for (int i = 0; i < LENGTH(croston_golden); i++)
	{
		Made		made;

		forecast(sf_croston_forecast, croston_golden[i].y, croston_golden[i].n, &made);
		check(close_to(made.mean[0], croston_golden[i].mean, 0, 1e-13), "series %d: %.17g, wanted %.17g", i, made.mean[0], croston_golden[i].mean);
		check(close_to(made.fitted[croston_golden[i].n - 1], croston_golden[i].last_fitted, 0, 1e-13), "series %d: last fitted %.17g", i, made.fitted[croston_golden[i].n - 1]);
	}
	done();
}

/* The search of the constants, written down once more: period by period, all pairs. */
static void
test_search(void)
{
	static double y[200];
	SfRng		rng;

	group("SBA takes the pair of constants with the least squared error");
	sf_rng_seed(&rng, 51);
	for (int turn = 0; turn < 30; turn++)
	{
		int			n = 10 + (int) sf_rng_below(&rng, 190);
		double		least = INFINITY;
		double		wanted = NAN;
		Made		made;

		for (int t = 0; t < n; t++)
			y[t] = sf_rng_below(&rng, 3) == 0 ? (double) (1 + sf_rng_below(&rng, 9)) : 0;
		y[3] = y[7] = 2;
		for (int i = 1; i <= 10; i++)
			for (int j = 1; j <= 10; j++)
			{
				double		size = 0;
				double		interval = 0;
				double		rate = 0;
				double		sum = 0;
				int			last = -1;

				for (int t = 0; t < n; t++)
				{
					sum += last >= 0 ? (y[t] - rate) * (y[t] - rate) : 0;
					if (y[t] == 0)
						continue;
					size = last < 0 ? y[t] : size + i * 0.05 * (y[t] - size);
					interval = last < 0 ? t + 1 : interval + j * 0.05 * (t - last - interval);
					rate = (1 - j * 0.05 / 2) * size / interval;
					last = t;
				}
				if (sum < least * (1 - 1e-12))
				{
					least = sum;
					wanted = rate;
				}
			}
		forecast(sf_croston_sba_forecast, y, n, &made);
		check(close_to(made.mean[0], wanted, 0, 1e-12) && strcmp(made.out.label, "Croston-SBA") == 0, "n %d: %g, wanted %g", n, made.mean[0], wanted);
	}
	done();
}

static void
test_laws(void)
{
	static const SfMethodFunction method[] = {sf_croston_forecast, sf_croston_sba_forecast, sf_tsb_forecast};
	static double y[400];
	static double scaled[400];
	SfRng		rng;
	Made		made;
	Made		other;
	SfArena		arena;
	SfDemand	demand;
	Host		host;

	sf_rng_seed(&rng, 52);
	group("scaling by a power of two scales the forecast, bit for bit");
	for (int turn = 0; turn < 40; turn++)
		for (int m = 0; m < LENGTH(method); m++)
		{
			int			n = 1 + (int) sf_rng_below(&rng, 400);
			int			power = (int) sf_rng_below(&rng, 800) - 400;

			for (int t = 0; t < n; t++)
			{
				y[t] = sf_rng_below(&rng, 3) == 0 ? random_between(&rng, -1, 9) : 0;
				scaled[t] = ldexp(y[t], power);
			}
			forecast(method[m], y, n, &made);
			forecast(method[m], scaled, n, &other);
			check(same_bits(ldexp(made.mean[0], power), other.mean[0]) && (isnan(made.variance[0]) || same_bits(ldexp(made.variance[0], 2 * power), other.variance[0])), "method %d, n %d", m, n);
			check(same_bits(ldexp(made.fitted[n - 1], power), other.fitted[n - 1]) || isnan(made.fitted[n - 1]), "fitted");
		}
	done();

	group("steady demand is continued: every third period 6 is 2 a period");
	for (int t = 0; t < 300; t++)
		y[t] = t % 3 == 2 ? 6 : 0;
	forecast(sf_croston_forecast, y, 300, &made);
	check(close_to(made.mean[0], 2, 0, 1e-14), "Croston %.17g", made.mean[0]);
	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	sf_demand_read(&arena, y, 300, &demand);
	check(close_to(ldexp(sf_croston_rate(&demand, classic, true, NULL), demand.exponent), 1.9, 0, 1e-14), "SBA");
	check(demand.count == 100 && sf_demand_interval(&demand) == 3, "demands");
	host_free(&host);
	done();

	group("when demand stops, TSB decays and Croston does not");
	for (int t = 0; t < 60; t++)
		y[t] = t < 30 ? 5 : 0;
	forecast(sf_croston_forecast, y, 60, &made);
	forecast(sf_tsb_forecast, y, 60, &other);
	check(made.mean[0] == 5 && other.mean[0] < 0.25 && other.mean[0] > 0, "%g, %g", made.mean[0], other.mean[0]);
	done();
}

static void
test_hostile(void)
{
	static const SfMethodFunction method[] = {sf_croston_forecast, sf_croston_sba_forecast, sf_tsb_forecast};
	static double y[300];
	SfRng		rng;
	Made		made;

	sf_rng_seed(&rng, 53);
	group("whatever the series, forecasts are numbers");
	for (int m = 0; m < LENGTH(method); m++)
		for (int n = 1; n <= 300; n += n < 8 ? 1 : 73)
			for (int kind = 0; kind < 8; kind++)
			{
				for (int t = 0; t < n; t++)
				{
					double		any = random_bits(&rng);

					y[t] = kind == 0 ? 0 : kind == 1 ? NAN : kind == 2 ? -3 : kind == 3 ? (t == n / 2) * 1e300
						: kind == 4 ? (t % 2 ? DBL_MAX : -DBL_MAX) : kind == 5 ? (t % 3 == 0) * 5e-324
						: kind == 6 ? (isinf(any) ? 0 : any) : t % 2 ? 1e-300 : 1e300;
				}
				forecast(method[m], y, n, &made);
				check(isfinite(made.mean[0]) && !isinf(made.variance[0]), "method %d, n %d, kind %d: %g, %g", m, n, kind, made.mean[0], made.variance[0]);
				for (int t = 0; t < n; t++)
					check(!isinf(made.fitted[t]), "fitted");
				check(kind > 1 || (made.mean[0] == 0 && made.variance[0] == 0 && strcmp(made.out.label, "Zero") == 0), "zero: %s", made.out.label);
			}
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	static const double y[] = {0, 2, 0, 0, 4, 0, 1, 0, 0, 3};
	double		mean[2];
	double		variance[2];
	double		fitted[LENGTH(y)];
	SfForecast	out = {.horizon = 2, .mean = mean, .variance = variance, .fitted = fitted};
	SfSeries	s = {.y = y, .n = LENGTH(y)};
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return (*(SfMethodFunction *) argument) (&arena, &s, &out);
}

int
main(void)
{
	SfMethodFunction method[] = {sf_croston_forecast, sf_croston_sba_forecast, sf_tsb_forecast};

	test_by_hand();
	test_golden();
	test_search();
	test_laws();
	test_hostile();
	group("each refused allocation is a clean failure");
	for (int m = 0; m < LENGTH(method); m++)
		refuse_each(work, &method[m]);
	done();
	group("each cancelled poll is a clean failure");
	for (int m = 0; m < LENGTH(method); m++)
		cancel_each(work, &method[m], 1);
	done();
	return finish();
}
