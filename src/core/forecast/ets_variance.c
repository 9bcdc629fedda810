/*
 * ets_variance.c
 *		Forecast means and variances of an exponential smoothing model.
 */
#include "core/forecast/ets_variance.h"

#include <math.h>
#include <string.h>

#define POLL_EVERY 8192

/*
 * sum over j of c_j^2 x_(h-j), kept from step to step: all = sum x, once = sum
 * phi_j x, twice = sum phi_j^2 x over every j, and the same without squares over
 * the multiples of m, for which m steps are remembered.
 */
typedef struct Past
{
	double		alpha;
	double		beta;
	double		gamma;			/* 0: the season takes no part */
	double		phi;
	double		all;
	double		once;
	double		twice;
	int32_t		m;
	int32_t		at;				/* step h stands at at; the one m before, too */
	double		phi_m;			/* phi + ... + phi^m */
	double		power_m;		/* phi^m */
	double	   *x;				/* [m] */
	double	   *season_all;		/* [m] */
	double	   *season_once;	/* [m] */
} Past;

static SfStatus
start_past(SfArena *arena, const SfEtsEnd *end, double gamma, Past *past)
{
	size_t		m = (size_t) end->m;

	*past = (Past) {.alpha = end->alpha, .beta = end->beta, .gamma = gamma, .phi = end->phi, .m = end->m, .power_m = 1.0};
	if (gamma == 0.0)
		return SF_OK;
	for (int32_t j = 0; j < end->m; j++)
	{
		past->power_m *= end->phi;
		past->phi_m += past->power_m;
	}
	past->x = sf_arena_take(arena, m, sizeof(double));
	past->season_all = sf_arena_take(arena, m, sizeof(double));
	past->season_once = sf_arena_take(arena, m, sizeof(double));
	if (past->x == NULL || past->season_all == NULL || past->season_once == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(past->x, 0, m * sizeof(double));
	memset(past->season_all, 0, m * sizeof(double));
	memset(past->season_once, 0, m * sizeof(double));
	return SF_OK;
}

/* The sum for the step at hand, before its own x is known. */
static double
past_sum(Past *past)
{
	double		a = past->alpha;
	double		b = past->beta;
	double		g = past->gamma;
	double		sum = a * a * past->all + 2.0 * a * b * past->once + b * b * past->twice;

	if (g != 0.0)
	{
		double		all = past->season_all[past->at] + past->x[past->at];
		double		once = past->phi_m * all + past->power_m * past->season_once[past->at];

		past->season_all[past->at] = all;
		past->season_once[past->at] = once;
		sum += (2.0 * a * g + g * g) * all + 2.0 * b * g * once;
	}
	return sum;
}

static void
past_add(Past *past, double x)
{
	double		phi = past->phi;

	past->all += x;
	/* x comes in with phi_1 = phi (1 + 0) */
	past->twice = phi * phi * (past->all + 2.0 * past->once + past->twice);
	past->once = phi * (past->all + past->once);
	if (past->gamma != 0.0)
	{
		past->x[past->at] = x;
		if (++past->at == past->m)
			past->at = 0;
	}
}

/* Moments of level and trend times a seasonal state: l s, b s; (l s)^2, (l s)(b s), (b s)^2. */
typedef struct Moments
{
	double		first[2];
	double		second[3];
} Moments;

/* One step, or several, of the moments. */
typedef struct Passage
{
	double		first[2][2];
	double		second[3][3];
} Passage;

/*
 * A step with error e: l' = q (1 + alpha e), b' = phi b + beta q e, and where gamma
 * is not 0 s' = s (1 + gamma e); q = l + phi b.  Normal e: E e^4 = 3 sigma^4.
 */
static Passage
one_step(const SfEtsEnd *end, double g)
{
	double		a = end->alpha;
	double		b = end->beta;
	double		phi = end->phi;
	double		v = end->sigma2;
	double		ll = 1.0 + v * (a * a + g * g + 4.0 * a * g) + 3.0 * v * v * a * a * g * g;
	double		lb = 1.0 + v * (g * g + 2.0 * a * g);
	double		lq = b * (v * (a + 2.0 * g) + 3.0 * v * v * a * g * g);
	double		bb = 1.0 + v * g * g;
	double		bq = 4.0 * phi * b * g * v;
	double		qq = b * b * (v + 3.0 * v * v * g * g);

	/* q^2 = l^2 + 2 phi lb + phi^2 b^2 and q b = lb + phi b^2 */
	return (Passage) {
		.first = {
			{1.0 + a * g * v, phi * (1.0 + a * g * v)},
			{b * g * v, phi * (1.0 + b * g * v)}
		},
		.second = {
			{ll, 2.0 * phi * ll, phi * phi * ll},
			{lq, phi * lb + 2.0 * phi * lq, phi * phi * (lb + lq)},
			{qq, bq + 2.0 * phi * qq, phi * phi * (bb + qq) + phi * bq}
		}
	};
}

static Moments
pass(const Passage *p, const Moments *x)
{
	Moments		to;

	for (int i = 0; i < 2; i++)
		to.first[i] = p->first[i][0] * x->first[0] + p->first[i][1] * x->first[1];
	for (int i = 0; i < 3; i++)
		to.second[i] = p->second[i][0] * x->second[0] + p->second[i][1] * x->second[1] + p->second[i][2] * x->second[2];
	return to;
}

/* First a, then b. */
static Passage
both(const Passage *a, const Passage *b)
{
	Passage		to;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 2; j++)
			to.first[i][j] = b->first[i][0] * a->first[0][j] + b->first[i][1] * a->first[1][j];
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			to.second[i][j] = b->second[i][0] * a->second[0][j] + b->second[i][1] * a->second[1][j] + b->second[i][2] * a->second[2][j];
	return to;
}

/* Relative errors and a multiplicative season. */
static SfStatus
project_ratio(SfArena *arena, const SfEtsEnd *end, int32_t horizon, double *mean, double *variance)
{
	int32_t		ring = horizon < end->m ? horizon : end->m;
	Moments    *at = sf_arena_take(arena, (size_t) ring, sizeof(Moments));
	Passage		step = one_step(end, 0.0);
	Passage		season = one_step(end, end->gamma);
	Moments		now = {
		.first = {end->level, end->trend},
		.second = {end->level * end->level, end->level * end->trend, end->trend * end->trend}
	};

	if (at == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t h = 0; h < ring; h++)
	{
		double		s = end->season[(end->first + h) % end->m];

		for (int i = 0; i < 2; i++)
			at[h].first[i] = now.first[i] * s;
		for (int i = 0; i < 3; i++)
			at[h].second[i] = now.second[i] * s * s;
		now = pass(&step, &now);
	}
	for (int32_t h = 1; h < ring && horizon > ring; h++)
		season = both(&season, &step);
	for (int32_t h = 0; h < horizon; h++)
	{
		Moments    *x = &at[h % ring];
		double		phi = end->phi;
		double		square = x->second[0] + 2.0 * phi * x->second[1] + phi * phi * x->second[2];

		mean[h] = x->first[0] + phi * x->first[1];
		variance[h] = (1.0 + end->sigma2) * square - mean[h] * mean[h];
		*x = pass(&season, x);
		if (h % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Season none or additive. */
static SfStatus
project_sum(SfArena *arena, const SfEtsEnd *end, int32_t horizon, double *mean, double *variance)
{
	bool		plus = end->form.season == SF_ETS_SEASON_ADDITIVE;
	double		trend_sum = 0.0;
	double		power = 1.0;
	int32_t		at = end->first;
	Past		past;
	SfStatus	status = start_past(arena, end, plus ? end->gamma : 0.0, &past);

	for (int32_t h = 0; h < horizon && status == SF_OK; h++)
	{
		power *= end->phi;
		trend_sum += power;
		mean[h] = end->level + trend_sum * end->trend + (plus ? end->season[at] : 0.0);
		if (!end->form.relative)
		{
			variance[h] = end->sigma2 * (1.0 + past_sum(&past));
			past_add(&past, 1.0);
		}
		else
		{
			double		theta = mean[h] * mean[h] + end->sigma2 * past_sum(&past);

			variance[h] = (1.0 + end->sigma2) * theta - mean[h] * mean[h];
			past_add(&past, theta);
		}
		if (++at >= end->m)
			at = 0;
		if (h % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(arena->ctx))
			status = sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return status;
}

SfStatus
sf_ets_project(SfArena *arena, const SfEtsEnd *end, int32_t horizon, double *mean, double *variance)
{
	SfArenaMark mark = sf_arena_mark(arena);
	SfStatus	status;

	if (end->form.season == SF_ETS_SEASON_MULTIPLICATIVE)
		status = project_ratio(arena, end, horizon, mean, variance);
	else
		status = project_sum(arena, end, horizon, mean, variance);
	sf_arena_rewind(arena, mark);
	return status;
}
