/* Tests of core/forecast/season.c: seasonal figures, their shrinkage and the test for a season. */
#include "check.h"

#include "core/forecast/season.h"

#define MOST 800

/* Figures with room of their own. */
typedef struct Fitted
{
	SfSeasons	seasons;
	double		adjusted[MOST];
	Host		host;
} Fitted;

static void
fit(const SfSeries *s, Fitted *f)
{
	SfArena		arena;

	host_init(&f->host);
	sf_arena_init(&arena, &f->host.ctx);
	check(sf_seasons_fit(&arena, s, s->y, &f->seasons, f->adjusted) == SF_OK, "fit");
}

static void
test_perfect(void)
{
	static const int lengths[] = {2, 3, 4, 7, 12, 24};
	double		figure[24];
	double		y[MOST];
	double		again[MOST];
	Fitted		f;
	SfRng		rng;

	sf_rng_seed(&rng, 21);
	group("amounts around a straight line are found, put back and continued");
	for (int l = 0; l < LENGTH(lengths); l++)
		for (int slope = 0; slope <= 1; slope++)
		{
			int			m = lengths[l];
			double		mean = 0;
			SfSeries	s = {.y = y, .n = 10 * m, .seasons = 1, .season = {m}};

			for (int j = 0; j < m; j++)
				mean += (figure[j] = random_between(&rng, -50, 50)) / m;
			/* some values below 0: no factors */
			for (int t = 0; t < s.n; t++)
				y[t] = slope * (t - s.n / 2.0) + figure[t % m] - mean;
			fit(&s, &f);
			check(f.seasons.count == 1 && !f.seasons.season[0].factor && f.seasons.season[0].positions == m, "m %d: kind", m);
			for (int j = 0; j < m && f.seasons.count == 1; j++)
				check(close_to(f.seasons.season[0].figure[j], figure[j] - mean, slope ? 1.5 : 1e-9, 0), "m %d, slope %d, position %d: %g, wanted %g", m, slope, j,
					  f.seasons.season[0].figure[j], figure[j] - mean);
			check(f.seasons.season[0].strength > 0.99 && f.seasons.season[0].shrink > 0.99, "m %d: strength %g, shrunk to %g", m, f.seasons.season[0].strength,
				  f.seasons.season[0].shrink);
			memcpy(again, f.adjusted, sizeof again);
			sf_seasons_apply(&f.seasons, 0, s.n, again);
			for (int t = 0; t < s.n; t++)
				check(close_to(again[t], y[t], 1e-9, 0), "m %d: put back at %d", m, t);
			host_free(&f.host);
		}
	done();

	group("factors around a constant are found exactly, none shrunk away");
	for (int l = 0; l < LENGTH(lengths); l++)
	{
		int			m = lengths[l];
		double		mean = 0;
		SfSeries	s = {.y = y, .n = 6 * m, .seasons = 1, .season = {m}};

		for (int j = 0; j < m; j++)
			mean += (figure[j] = random_between(&rng, 0.5, 1.5)) / m;
		for (int t = 0; t < s.n; t++)
			y[t] = 80 * figure[t % m] / mean;
		fit(&s, &f);
		check(f.seasons.count == 1 && f.seasons.season[0].factor, "m %d: kind", m);
		for (int j = 0; j < m && f.seasons.count == 1; j++)
			check(close_to(f.seasons.season[0].figure[j], figure[j] / mean, 1e-9, 0), "m %d, position %d: %.12g, wanted %.12g", m, j,
				  f.seasons.season[0].figure[j], figure[j] / mean);
		for (int t = 0; t < s.n; t++)
			check(close_to(f.adjusted[t], 80, 1e-6, 0), "m %d: %g is left at %d", m, f.adjusted[t], t);
		host_free(&f.host);
	}
	done();
}

/* y over or less x. */
static double
against(bool factor, double y, double x)
{
	return factor ? y / x : y - x;
}

/* Figures of each position: the mean ratio to the trend, brought to mean 1 or 0. */
static void
mean_ratios(bool factor, const double *ratio, int n, int m, double *figure)
{
	double		mean = 0;

	for (int j = 0; j < m; j++)
	{
		int			count = 0;

		figure[j] = 0;
		for (int t = j; t < n; t += m)
			if (!isnan(ratio[t]))
			{
				figure[j] += ratio[t];
				count++;
			}
		figure[j] /= count;
	}
	for (int j = 0; j < m; j++)
		mean += figure[j] / m;
	for (int j = 0; j < m; j++)
		figure[j] = against(factor, figure[j], mean);
}

/* The three steps of season.h, the slow way. */
static void
slow_figures(bool factor, const double *y, int n, int m, double *figure, double *gamma, double *shrink)
{
	double		ratio[MOST];
	double		rest[MOST];
	double		state[24];
	double		best[24];
	double		mean = 0;
	double		between = 0;
	double		within = 0;
	double		least = INFINITY;

	for (int t = 0; t < n; t++)
	{
		double		trend = 0;

		ratio[t] = NAN;
		if (t < m / 2 || t + m / 2 >= n)
			continue;
		for (int i = -(m / 2); i <= m / 2; i++)
			trend += y[t + i] * (m % 2 == 0 && abs(i) == m / 2 ? 0.5 : 1) / m;
		ratio[t] = against(factor, y[t], trend);
	}
	mean_ratios(factor, ratio, n, m, figure);
	for (int t = 0; t < n; t++)
		rest[t] = against(factor, y[t], figure[t % m]);
	for (int t = 0; t < n; t++)
	{
		int			from = t - m / 2 - 1 < 0 ? 0 : t - m / 2 - 1;
		int			to = t + m / 2 + 1 >= n ? n - 1 : t + m / 2 + 1;
		double		middle = (from + to) / 2.0;
		double		sum = 0;
		double		top = 0;
		double		bottom = 0;

		for (int i = from; i <= to; i++)
		{
			sum += rest[i];
			top += (i - middle) * rest[i];
			bottom += (i - middle) * (i - middle);
		}
		ratio[t] = against(factor, y[t], sum / (to - from + 1) + (bottom > 0 ? top / bottom : 0) * (t - middle));
	}
	mean_ratios(factor, ratio, n, m, figure);
	for (int t = 0; t < n; t++)
		within += (ratio[t] - figure[t % m]) * (ratio[t] - figure[t % m]) / (n - m);
	for (int j = 0; j < m; j++)
		between += (figure[j] - factor) * (figure[j] - factor) * n / m / (m - 1);
	*shrink = fmax(0, 1 - (m > 3 ? (m - 3.0) / (m - 1.0) : 0.5) * within / between);
	*gamma = 0;
	memcpy(best, figure, sizeof best);
	for (int step = 0; step <= 8 && n > 2 * m; step++)
	{
		double		errors = 0;

		for (int t = 0; t < n; t++)
		{
			int			cycle = t / m;
			double		e = ratio[t] - state[t % m];

			if (cycle < 2)
			{
				state[t % m] = cycle == 0 ? ratio[t] : (ratio[t - m] + ratio[t]) / 2;
				continue;
			}
			errors += e * e;
			state[t % m] += (step > 0 ? 0.08 * step : 1.0 / (cycle + 1)) * e;
		}
		if (errors >= least)
			continue;
		least = errors;
		*gamma = 0.08 * step;
		memcpy(best, step > 0 ? state : figure, sizeof best);
	}
	for (int j = 0; j < m; j++)
		mean += best[j] / m;
	for (int j = 0; j < m; j++)
		figure[j] = factor + *shrink * (against(factor, best[j], *gamma > 0 ? mean : factor) - factor);
}

static void
test_steps(void)
{
	double		y[MOST];
	double		figure[24] = {0};
	int			followed = 0;
	SfRng		rng;

	sf_rng_seed(&rng, 25);
	group("the figures are those of the three steps, done the slow way");
	for (int turn = 0; turn < 80; turn++)
	{
		bool		factor = turn % 2 == 0;
		int			m = 2 + turn % 13;
		int			n = 2 * m + 1 + (int) sf_rng_below(&rng, 60);
		SfSeries	s = {.y = y, .n = n, .seasons = 1, .season = {m}};
		double		gamma;
		double		shrink;
		Fitted		f;

		for (int t = 0; t < n; t++)
			y[t] = (factor ? 50 : 0) + 0.1 * t + 6 * sin(t * 2 * 3.14159 / m + (turn % 3 == 0) * 0.03 * t) + 4 * (sf_rng_uniform(&rng) - 0.5);
		fit(&s, &f);
		slow_figures(factor, y, n, m, figure, &gamma, &shrink);
		check(f.seasons.count == 1 && f.seasons.season[0].factor == factor, "turn %d: kind", turn);
		check(close_to(f.seasons.season[0].shrink, shrink, 1e-9, 0) && close_to(f.seasons.season[0].gamma, gamma, 1e-12, 0), "n %d, m %d: shrunk to %g, gamma %g, wanted %g, %g", n, m,
			  f.seasons.season[0].shrink, f.seasons.season[0].gamma, shrink, gamma);
		followed += gamma > 0;
		for (int j = 0; j < m; j++)
			check(close_to(f.seasons.season[0].figure[j], figure[j], 1e-9, 0), "n %d, m %d, position %d: %g, wanted %g", n, m, j, f.seasons.season[0].figure[j], figure[j]);
		host_free(&f.host);
	}
	check(followed > 5 && followed < 75, "%d of 80 are followed", followed);
	done();
}

static void
test_laws(void)
{
	double		y[MOST];
	double		scaled[MOST];
	SfSeries	s = {.y = y, .n = 144, .seasons = 2, .season = {4, 12}};
	Fitted		one;
	Fitted		other;
	SfRng		rng;

	sf_rng_seed(&rng, 22);
	for (int kind = 0; kind < 2; kind++)
	{
		group(kind == 0 ? "factors: scaling by a power of two, mean 1, at least 0.02" : "amounts: scaling by a power of two, mean 0, shifted by a constant");
		for (int t = 0; t < s.n; t++)
			y[t] = (kind == 0 ? 100 : 0) + 0.1 * t + 20 * sin(t * 0.5236) + 8 * cos(t * 1.5708) + 5 * sf_rng_uniform(&rng);
		fit(&s, &one);
		check(one.seasons.count == 2 && one.seasons.season[0].factor == (kind == 0), "kind");
		for (int power = -200; power <= 200; power += 100)
		{
			SfSeries	p = s;

			for (int t = 0; t < s.n; t++)
				scaled[t] = ldexp(y[t], power);
			p.y = scaled;
			fit(&p, &other);
			for (int i = 0; i < 2; i++)
				for (int j = 0; j < one.seasons.season[i].positions; j++)
					check(same_bits(other.seasons.season[i].figure[j], ldexp(one.seasons.season[i].figure[j], kind == 0 ? 0 : power)), "2^%d: figure %d of season %d", power,
						  j, i);
			for (int t = 0; t < s.n; t++)
				check(same_bits(other.adjusted[t], ldexp(one.adjusted[t], power)), "2^%d: period %d", power, t);
			host_free(&other.host);
		}
		for (int i = 0; i < 2; i++)
		{
			const SfSeasonFigures *f = &one.seasons.season[i];
			double		mean = 0;

			for (int j = 0; j < f->positions; j++)
			{
				mean += f->figure[j] / f->positions;
				check(kind == 1 || f->figure[j] >= 0.02, "figure %g", f->figure[j]);
			}
			check(close_to(mean, kind == 0, 1e-12, 0), "season %d: mean %g", i, mean);
			check(f->shrink >= 0 && f->shrink <= 1 && f->strength >= 0 && f->strength <= 1 && f->gamma >= 0 && f->gamma < 1, "season %d: shares", i);
		}
		if (kind == 1)
		{
			SfSeries	p = s;

			for (int t = 0; t < s.n; t++)
				scaled[t] = y[t] - 1000;
			p.y = scaled;
			fit(&p, &other);
			for (int t = 0; t < s.n; t++)
				check(close_to(other.adjusted[t], one.adjusted[t] - 1000, 1e-9, 0), "shift, period %d", t);
			host_free(&other.host);
		}
		host_free(&one.host);
		done();
	}

	group("a season that noise only looks like fades");
	{
		double		kept = 0;

		for (int turn = 0; turn < 40; turn++)
		{
			s = (SfSeries) {.y = y, .n = 72, .seasons = 1, .season = {12}};
			for (int t = 0; t < s.n; t++)
				y[t] = 100 + 10 * (sf_rng_uniform(&rng) - 0.5);
			fit(&s, &one);
			kept += one.seasons.season[0].shrink / 40;
			host_free(&one.host);
		}
		check(kept < 0.4, "%g of it is kept", kept);
	}
	done();

	group("a season that changes is followed: the last cycles count");
	s = (SfSeries) {.y = y, .n = 120, .seasons = 1, .season = {12}};
	for (int t = 0; t < s.n; t++)
		y[t] = -10.0 * (t % 12 == (t < 60 ? 3 : 9)) + 0.01 * sf_rng_uniform(&rng);
	fit(&s, &one);
	check(one.seasons.season[0].gamma > 0, "gamma %g", one.seasons.season[0].gamma);
	check(one.seasons.season[0].figure[9] < -5 && one.seasons.season[0].figure[3] > -4, "%g, %g", one.seasons.season[0].figure[9],
		  one.seasons.season[0].figure[3]);
	host_free(&one.host);
	done();

	group("periods of a season that is not whole");
	{
		SfSeasonFigures f = {.length = 52.18, .positions = 52};
		int64_t		count[52] = {0};

		for (int64_t t = 0; t < 52180; t++)
		{
			int32_t		p = sf_season_position(&f, t);

			if (check(p >= 0 && p < 52, "period %" PRId64 ": %d", t, p))
				count[p]++;
			check(p == (int32_t) floor(fmod((double) t, 52.18) * 52 / 52.18), "period %" PRId64 ": %d", t, p);
		}
		for (int p = 0; p < 52; p++)
			check(llabs((long long) count[p] - 1003) < 60, "position %d: %" PRId64, p, count[p]);
		f = (SfSeasonFigures) {.length = 7, .positions = 7};
		check(sf_season_position(&f, 0) == 0 && sf_season_position(&f, 13) == 6 && sf_season_position(&f, INT64_C(7000000000)) == 0, "whole");
	}
	done();

	group("a sine of 30.4 periods is found and continued");
	s = (SfSeries) {.y = y, .n = 365, .seasons = 1, .season = {30.4}};
	for (int t = 0; t < s.n; t++)
		y[t] = 10 * sin(2 * 3.14159265358979 * t / 30.4);
	fit(&s, &one);
	for (int t = 0; t < 60; t++)
		scaled[t] = 0;
	sf_seasons_apply(&one.seasons, 365, 60, scaled);
	for (int t = 0; t < 60; t++)
		check(close_to(scaled[t], 10 * sin(2 * 3.14159265358979 * (365 + t) / 30.4), 1.6, 0), "step %d: %g", t, scaled[t]);
	host_free(&one.host);
	done();
}

static void
test_hostile(void)
{
	static const double lengths[][6] = {{2}, {1.2, 2}, {7, 30.4}, {2, 3, 4, 5, 6, 7}, {1.5, 2.5, 3.5}, {59.9}, {1000000}};
	double		y[61];
	double		ahead[30];
	Fitted		f;
	SfRng		rng;

	sf_rng_seed(&rng, 24);
	group("any series: finite figures, nothing lost");
	for (int n = 1; n <= 61; n += n < 9 ? 1 : 13)
		for (int kind = 0; kind < 7; kind++)
			for (int l = 0; l < LENGTH(lengths); l++)
			{
				SfSeries	s = {.y = y, .n = n};

				while (s.seasons < 6 && lengths[l][s.seasons] > 0)
				{
					s.season[s.seasons] = lengths[l][s.seasons];
					s.seasons++;
				}
				for (int t = 0; t < n; t++)
					y[t] = kind == 0 ? 0 : kind == 1 ? 5 : kind == 2 ? (t == n / 2) : kind == 3 ? -t * t : kind == 4 ? random_magnitude(&rng, -100, 100)
						: kind == 5 ? (t % 2 ? 1e100 : 1e-100) : random_between(&rng, -1, 1);
				fit(&s, &f);
				check(f.seasons.count >= 0 && f.seasons.count <= s.seasons, "count %d", f.seasons.count);
				for (int i = 0; i < f.seasons.count; i++)
				{
					const SfSeasonFigures *g = &f.seasons.season[i];

					check(g->length * 2 <= n && g->positions >= 2, "fewer than two cycles");
					check(g->shrink >= 0 && g->shrink <= 1 && g->strength >= 0 && g->strength <= 1, "n %d, kind %d: shrink %g, strength %g", n, kind, g->shrink,
						  g->strength);
					for (int j = 0; j < g->positions; j++)
						check(isfinite(g->figure[j]), "n %d, kind %d, seasons %d: figure %g", n, kind, l, g->figure[j]);
				}
				for (int t = 0; t < n; t++)
					check(isfinite(f.adjusted[t]), "n %d, kind %d, seasons %d, period %d: %g", n, kind, l, t, f.adjusted[t]);
				for (int k = 0; k < 30; k++)
					ahead[k] = 1;
				sf_seasons_apply(&f.seasons, n, 30, ahead);
				for (int k = 0; k < 30; k++)
					check(isfinite(ahead[k]), "n %d, kind %d, step %d: %g", n, kind, k, ahead[k]);
				host_free(&f.host);
			}
	done();
}

static SfStatus
fit_work(SfCtx *ctx, void *argument)
{
	static double adjusted[MOST];
	const SfSeries *s = argument;
	SfSeasons	seasons;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_seasons_fit(&arena, s, s->y, &seasons, adjusted);
}

int
main(void)
{
	static double y[MOST];
	SfSeries	s = {.y = y, .n = MOST, .seasons = 3, .season = {7, 30.4, 365.25}};

	test_perfect();
	test_steps();
	test_laws();
	test_hostile();
	for (int t = 0; t < MOST; t++)
		y[t] = 10 + t % 7 + t % 30;
	group("each refused allocation is a clean failure");
	refuse_each(fit_work, &s);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(fit_work, &s, 1);
	done();
	return finish();
}
