/* Tests of core/forecast/conformal.c: widths from the ranked errors of refitted earlier forecasts. */
#include "check.h"

#include "core/forecast/conformal.h"

#define MOST 200
#define AHEAD 30
#define ORIGINS_MOST 40

static const double coverages[] = {0.5, 0.8, 0.95};

/* A forecaster that keeps a diary of its errors. */
typedef struct Diary
{
	const double *y;			/* what came */
	int			n;
	int			calls;
	int			known[MOST];
	int			count[AHEAD];	/* errors of each step */
	double		error[AHEAD][MOST];
	SfStatus	status;			/* to give back when fewer than `least` values are known */
	int			least;
} Diary;

/* The last value, again and again. */
static SfStatus
predict(SfArena *arena, const SfSeries *s, const void *argument, SfForecast *out)
{
	/* the diary is the test's own and not const */
	Diary	   *diary = *(Diary *const *) argument;

	if (diary->calls < MOST)
		diary->known[diary->calls] = s->n;
	diary->calls++;
	check(s->n >= 1 && s->n < diary->n && out->horizon >= 1 && s->n + out->horizon <= diary->n && out->fitted == NULL, "%d known, %d ahead", s->n, out->horizon);
	if (s->n < diary->least)
		return sf_fail(arena->ctx, diary->status, "too little is known");
	for (int k = 0; k < out->horizon; k++)
	{
		out->mean[k] = s->y[s->n - 1];
		out->variance[k] = NAN;
		if (k < AHEAD && !isnan(diary->y[s->n + k] - out->mean[k]))
			diary->error[k][diary->count[k]++] = fabs(diary->y[s->n + k] - out->mean[k]);
	}
	return SF_OK;
}

static SfStatus
widths(const SfSeries *s, int horizon, Diary *diary, double *width)
{
	SfArena		arena;
	Host		host;
	SfStatus	status;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	diary->y = s->y;
	diary->n = s->n;
	status = sf_conformal_widths(&arena, s, predict, &diary, horizon, coverages, LENGTH(coverages), width);
	host_free(&host);
	return status;
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* The rule of conformal.h over the errors of the diary. */
static void
slow_widths(Diary *diary, int horizon, double largest, double coverage, double *width)
{
	double		widest = 0;
	int			known = 0;

	for (int k = 0; k < horizon; k++)
	{
		int			count = k < AHEAD ? diary->count[k] : 0;
		int			rank = 1;
		double		w;

		if (count > 0)
			qsort(diary->error[k], (size_t) count, sizeof(double), compare);
		/* the smallest rank with rank >= (count + 1) coverage, in hundredths to be exact */
		while (rank * 100 < (count + 1) * (int) lround(100 * coverage))
			rank++;
		if (count > 0)
		{
			w = rank <= count ? diary->error[k][rank - 1] : diary->error[k][count - 1] * (1 + 8 / (pow(count, 0.75) * (count + 1)));
			known = k + 1;
		}
		else
			w = known > 0 ? width[known - 1] * sqrt((k + 1.0) / known) : largest * sqrt(k + 1.0);
		widest = fmax(widest, w);
		width[k] = widest;
	}
}

static void
test_rule(void)
{
	double		y[MOST];
	double		width[LENGTH(coverages) * AHEAD];
	double		wanted[AHEAD];
	SfSeries	s = {.y = y};
	SfRng		rng;

	sf_rng_seed(&rng, 91);
	group("the ranks of the errors that the forecaster made itself");
	for (int n = 2; n <= MOST; n += 1 + n / 7)
		for (int horizon = 1; horizon <= AHEAD; horizon += 1 + horizon)
			for (int gaps = 0; gaps <= 1; gaps++)
			{
				Diary		diary = {.calls = 0};
				double		largest = 0;

				s.n = n;
				s.seasons = n % 3 == 0;
				s.season[0] = 12;
				for (int t = 0; t < n; t++)
				{
					y[t] = gaps && sf_rng_below(&rng, 4) == 0 ? NAN : 10 * sf_rng_uniform(&rng);
					largest = fmax(largest, isnan(y[t]) ? 0 : y[t]);
				}
				check(widths(&s, horizon, &diary, width) == SF_OK, "status");
				check(diary.calls >= 1 && diary.calls <= ORIGINS_MOST, "n %d: %d forecasts", n, diary.calls);
				for (int i = 1; i < diary.calls; i++)
					check(diary.known[i] < diary.known[i - 1], "n %d: %d known twice", n, diary.known[i]);
				for (int i = 0; i < LENGTH(coverages); i++)
				{
					slow_widths(&diary, horizon, largest, coverages[i], wanted);
					for (int k = 0; k < horizon; k++)
						check(close_to(width[i * horizon + k], wanted[k], 0, 1e-12), "n %d, coverage %g, step %d: %g, wanted %g", n, coverages[i], k + 1, width[i * horizon + k],
							  wanted[k]);
				}
			}
	done();

	group("one value: as wide as the value; a constant: no width");
	{
		Diary		diary = {.calls = 0};

		y[0] = -5;
		s = (SfSeries) {.y = y, .n = 1};
		check(widths(&s, 4, &diary, width) == SF_OK && diary.calls == 0, "status");
		for (int k = 0; k < 4; k++)
			check(close_to(width[k], 5 * sqrt(k + 1.0), 0, 1e-15), "step %d: %g", k + 1, width[k]);
		for (int t = 0; t < 30; t++)
			y[t] = 3;
		s.n = 30;
		check(widths(&s, 10, &diary, width) == SF_OK, "status");
		for (int k = 0; k < 30; k++)
			check(width[k] == 0, "%g", width[k]);
	}
	done();
}

static void
test_laws(void)
{
	double		y[MOST];
	double		width[LENGTH(coverages) * AHEAD];
	double		scaled[LENGTH(coverages) * AHEAD];
	double		far[LENGTH(coverages) * 1000];
	SfSeries	s = {.y = y, .n = 90, .seasons = 1, .season = {7}};
	int			inside = 0;
	int			all = 0;
	Diary	   *diary = calloc(1, sizeof(Diary));
	SfRng		rng;

	sf_rng_seed(&rng, 92);
	for (int t = 0; t < s.n; t++)
		y[t] = sf_rng_uniform(&rng);
	group("scaled exactly, moved not at all; wider with the coverage; never shrinking");
	check(widths(&s, AHEAD, diary, width) == SF_OK, "status");
	for (int t = 0; t < s.n; t++)
		y[t] = ldexp(y[t], 60);
	check(widths(&s, AHEAD, diary, scaled) == SF_OK, "status");
	for (int i = 0; i < LENGTH(width); i++)
	{
		check(same_bits(scaled[i], ldexp(width[i], 60)), "place %d", i);
		check(i % AHEAD == 0 || width[i] >= width[i - 1], "place %d shrinks", i);
		check(i < AHEAD || width[i] >= width[i - AHEAD], "place %d is narrower with more coverage", i);
	}
	done();

	group("a horizon beyond the series grows with the square root of the step");
	check(widths(&s, 1000, diary, far) == SF_OK, "status");
	for (int k = 500; k < 999; k++)
		check(close_to(far[k + 1] / far[k], sqrt((k + 2.0) / (k + 1.0)), 0, 1e-12), "step %d", k + 1);
	done();

	group("a forecaster without data for an early day is left out, another failure is passed on");
	diary->least = 80;
	diary->status = SF_BAD_DATA;
	check(widths(&s, 3, diary, width) == SF_OK && width[0] > 0, "left out");
	diary->status = SF_OVERFLOW;
	check(widths(&s, 3, diary, width) == SF_OVERFLOW, "passed on");
	diary->least = 0;
	done();

	group("of independent errors the share that is promised lies inside");
	for (int turn = 0; turn < 1500; turn++)
	{
		s = (SfSeries) {.y = y, .n = 60};
		memset(diary, 0, sizeof *diary);
		/* of the naive forecast of alternating zeros and noise every error of one step is new noise */
		for (int t = 0; t <= 60; t++)
			y[t] = t % 2 ? sf_rng_uniform(&rng) : 0;
		s.n = 59;
		check(widths(&s, 1, diary, width) == SF_OK, "status");
		inside += fabs(y[59] - y[58]) <= width[1];
		all++;
	}
	check(inside > 0.77 * all && inside < 0.85 * all, "%d of %d", inside, all);
	done();
	free(diary);
}

static SfStatus
widths_work(SfCtx *ctx, void *argument)
{
	Diary	   *diary = calloc(1, sizeof(Diary));
	double		width[LENGTH(coverages) * AHEAD];
	const SfSeries *s = argument;
	SfArena		arena;
	SfStatus	status;

	diary->y = s->y;
	diary->n = s->n;
	sf_arena_init(&arena, ctx);
	status = sf_conformal_widths(&arena, s, predict, &diary, AHEAD, coverages, LENGTH(coverages), width);
	free(diary);
	return status;
}

int
main(void)
{
	double		y[MOST];
	SfSeries	s = {.y = y, .n = MOST};

	test_rule();
	test_laws();
	for (int t = 0; t < MOST; t++)
		y[t] = t % 9;
	group("each refused allocation is a clean failure");
	refuse_each(widths_work, &s);
	done();
	return finish();
}
