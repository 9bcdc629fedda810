/* Tests of core/forecast/aggregate.c: ADIDA and IMAPA. */
#include "check.h"

#include "core/base/arena.h"
#include "core/forecast/aggregate.h"

typedef struct Made
{
	SfForecast	out;
	double		mean[3];
	double		variance[3];
	double		fitted[2000];
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
	made->out = (SfForecast) {.horizon = 3, .mean = made->mean, .variance = made->variance, .fitted = made->fitted};
	status = method(&arena, &s, &made->out);
	check(status == SF_OK && made->out.converged && same_bits(made->mean[2], made->mean[0]), "status %d", status);
	host_free(&host);
}

/*
 * One level, written down once more without prefix sums: the forecast a period.
 * The constant is the best of 21; fitted[n] gets the forecasts, NaN where none.
 */
static double
one_level(const double *y, int n, int length, double *fitted)
{
	int			blocks = n / length;
	int			skip = n % length;
	double		least = INFINITY;
	double		rate = NAN;

	for (int a = 0; a <= 20; a++)
	{
		double		alpha = 0.1 + a * 0.01;
		double		sum = 0;
		double		level = 0;
		double		trial[2000];

		for (int t = 0; t < n; t++)
			trial[t] = NAN;
		for (int b = 0; b < blocks; b++)
		{
			double		block = 0;

			for (int k = 0; k < length; k++)
			{
				block += y[skip + b * length + k];
				if (b > 0)
					trial[skip + b * length + k] = level / length;
			}
			sum += b > 0 ? (block - level) * (block - level) : 0;
			level = b > 0 ? level + alpha * (block - level) : block;
		}
		if (sum < least * (1 - 1e-12) || a == 0)
		{
			least = sum;
			rate = level / length;
			memcpy(fitted, trial, (size_t) n * sizeof(double));
		}
	}
	return rate;
}

static void
test_by_hand(void)
{
	static const double y[] = {9, 0, 4, 2, 0, 0, 6};
	static const double even[] = {0, 3, 0, 3, 0, 3, 0, 3};
	Made		made;

	group("a case by hand: seven periods in blocks of two");
	/* demands at 1, 3, 4, 7: mean interval 7 / 4, so blocks of 2: 4, 2, 6 after the 9 is left out */
	forecast(sf_adida_forecast, y, 7, &made);
	check(strcmp(made.out.label, "ADIDA") == 0 && made.out.notes == 2 && made.out.note[1].value == 2, "block %g", made.out.note[1].value);
	/* errors -2 and 2 + 2 alpha: the smallest constant is best */
	check(close_to(made.mean[0], (4 - 0.2 + 0.1 * (6 - 3.8)) / 2, 0, 1e-14), "mean %.17g", made.mean[0]);
	check(isnan(made.fitted[0]) && isnan(made.fitted[2]) && close_to(made.fitted[3], 2, 0, 1e-15) && close_to(made.fitted[4], 2, 0, 1e-15) && close_to(made.fitted[6], 1.9, 0, 1e-14), "fitted");
	done();

	group("regular demand is continued");
	forecast(sf_adida_forecast, even, 8, &made);
	check(close_to(made.mean[0], 1.5, 0, 1e-15), "ADIDA %.17g", made.mean[0]);
	check(close_to(made.variance[0], 2.25, 0, 1e-14), "variance %g", made.variance[0]);
	done();
}

static void
test_levels(void)
{
	static double y[2000];
	static double fitted[2000];
	static double sum[2000];
	static double count[2000];
	SfRng		rng;
	Made		made;

	group("IMAPA is the mean of the levels 1 .. L, and so are its one-step forecasts");
	sf_rng_seed(&rng, 61);
	for (int turn = 0; turn < 40; turn++)
	{
		int			n = 1 + (int) sf_rng_below(&rng, 300);
		double		last = 0;
		double		demands = 0;
		double		rate = 0;
		int			levels;

		for (int t = 0; t < n; t++)
		{
			y[t] = sf_rng_below(&rng, 1 + (uint64_t) turn) == 0 || t == n / 2 ? (double) (1 + sf_rng_below(&rng, 9)) : 0;
			demands += y[t] != 0;
			last = y[t] != 0 ? t + 1 : last;
			sum[t] = count[t] = 0;
		}
		levels = (int) floor(last / demands + 0.5);
		if (levels > SF_IMAPA_LEVELS_MAX)
			continue;
		for (int level = 1; level <= levels; level++)
		{
			rate += one_level(y, n, level, fitted) / levels;
			for (int t = 0; t < n; t++)
				if (!isnan(fitted[t]))
				{
					sum[t] += fitted[t];
					count[t]++;
				}
		}
		forecast(sf_imapa_forecast, y, n, &made);
		check(close_to(made.mean[0], rate, 1e-13, 1e-11), "n %d, %d levels: %.17g, wanted %.17g", n, levels, made.mean[0], rate);
		for (int t = 0; t < n; t++)
			check(count[t] == 0 ? isnan(made.fitted[t]) : close_to(made.fitted[t], sum[t] / count[t], 1e-12, 1e-11), "fitted %d of %d", t, n);
		forecast(sf_adida_forecast, y, n, &made);
		check(close_to(made.mean[0], one_level(y, n, levels, fitted), 1e-13, 1e-11), "ADIDA");
	}
	done();

	group("one demand after a long time: levels are sampled, and the rate is about right");
	for (int t = 0; t < 2000; t++)
		y[t] = t == 1999 ? 2000 : 0;
	forecast(sf_adida_forecast, y, 2000, &made);
	check(close_to(made.mean[0], 1, 0, 1e-14), "one block of all: %g", made.mean[0]);
	forecast(sf_imapa_forecast, y, 2000, &made);
	check(made.mean[0] > 0.5 && made.mean[0] < 20 && made.out.note[1].value == 2000, "%g", made.mean[0]);
	done();
}

static void
test_hostile(void)
{
	static const SfMethodFunction method[] = {sf_adida_forecast, sf_imapa_forecast};
	static double y[300];
	static double scaled[300];
	SfRng		rng;
	Made		made;
	Made		other;

	sf_rng_seed(&rng, 62);
	group("scaling by a power of two scales the forecast, bit for bit");
	for (int turn = 0; turn < 40; turn++)
		for (int m = 0; m < LENGTH(method); m++)
		{
			int			n = 1 + (int) sf_rng_below(&rng, 300);
			int			power = (int) sf_rng_below(&rng, 800) - 400;

			for (int t = 0; t < n; t++)
			{
				y[t] = sf_rng_below(&rng, 3) == 0 ? random_between(&rng, -1, 9) : 0;
				scaled[t] = ldexp(y[t], power);
			}
			forecast(method[m], y, n, &made);
			forecast(method[m], scaled, n, &other);
			check(same_bits(ldexp(made.mean[0], power), other.mean[0]), "method %d, n %d", m, n);
		}
	done();

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
				check(kind > 1 || (made.mean[0] == 0 && strcmp(made.out.label, "Zero") == 0), "zero: %s", made.out.label);
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
	SfMethodFunction method[] = {sf_adida_forecast, sf_imapa_forecast};

	test_by_hand();
	test_levels();
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
