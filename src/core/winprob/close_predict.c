/*
 * close_predict.c
 *		What becomes of an open deal: curves from constant hazards by bucket.
 *
 * In a bucket with hazard h and chance p that a closing is a win, of those open
 * at its start 1 - exp(-h d) close within d days, p of them won.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/winprob/close_hazard.h"

#define LOG_MOST 300.0			/* of a hazard: products with ages stay finite or become an honest infinity */
#define OPEN_AT_HORIZON 0.01	/* more than this still open: the mean is said to be restricted */

struct SfClosePredictor
{
	const SfCloseModel *model;
	const SfBinIndex *index;
	const SfTreeIndex *closing;
	const SfTreeIndex *cause;
	double	   *start;			/* [buckets + 1] */
	double	   *base;			/* [buckets] exp(log_hazard) */
	uint8_t    *code;			/* [features + 1] of the deal taken */
	double	   *hazard;			/* [buckets] */
	double	   *won;			/* [buckets] */
};

/* An index of trees, or NULL where there is none. */
static SfStatus
index_trees(SfArena *arena, const SfCloseModel *model, const SfTrees *trees, const SfTreeIndex **index)
{
	int32_t		features = model->bins.features;
	int32_t    *codes;

	*index = NULL;
	if (trees->trees == 0)
		return SF_OK;
	codes = sf_arena_take(arena, (size_t) features + 1, sizeof(int32_t));
	if (codes == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < features; f++)
		codes[f] = model->bins.of[f].values + 2;
	codes[features] = model->buckets + 2;
	return sf_trees_index(arena, trees, codes, index);
}

SfStatus
sf_close_predictor(SfArena *arena, const SfCloseModel *model, SfClosePredictor **predictor)
{
	SfClosePredictor *p = sf_arena_take(arena, 1, sizeof(SfClosePredictor));
	size_t		k = (size_t) model->buckets;
	SfStatus	status;

	if (p == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(p, 0, sizeof *p);
	p->model = model;
	p->base = sf_arena_take(arena, k, sizeof(double));
	p->hazard = sf_arena_take(arena, k, sizeof(double));
	p->won = sf_arena_take(arena, k, sizeof(double));
	p->code = sf_arena_take(arena, (size_t) model->bins.features + 1, sizeof(uint8_t));
	if (p->base == NULL || p->hazard == NULL || p->won == NULL || p->code == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (size_t j = 0; j < k; j++)
		p->base[j] = sf_exp(model->bucket[j].log_hazard);
	status = sf_close_starts(arena, model, &p->start);
	if (status == SF_OK)
		status = sf_bins_index(arena, &model->bins, &p->index);
	if (status == SF_OK && model->algorithm == SF_CLOSE_BOOSTED)
		status = index_trees(arena, model, &model->closing, &p->closing);
	if (status == SF_OK && model->cause_algorithm == SF_CLOSE_BOOSTED && model->cause_known)
		status = index_trees(arena, model, &model->cause_trees, &p->cause);
	if (status == SF_OK)
		*predictor = p;
	return status;
}

static double
log_odds_of(const SfTreeIndex *index, const SfTrees *trees, const uint8_t *code)
{
	return index == NULL ? trees->base : sf_trees_log_odds(index, code);
}

static double
bounded_exp(double x)
{
	return sf_exp(x > LOG_MOST ? LOG_MOST : x < -LOG_MOST ? -LOG_MOST : x);
}

static void
additive_hazards(SfClosePredictor *p)
{
	const SfCloseModel *model = p->model;
	double		sum = 0;
	int32_t		k = 0;

	for (int32_t f = 0; f < model->bins.features; f++)
		sum += model->weight[model->offset[f] + p->code[f]];
	for (int32_t b = 0; b < SF_CLOSE_BANDS; b++)
	{
		double		log_relative = sum;
		double		relative;

		if (k >= model->band_end[b])
			continue;
		for (int32_t v = 0; v < model->varying; v++)
		{
			int32_t		f = model->vary[v].feature;

			log_relative += model->vary[v].weight[b * (model->bins.of[f].values + 2) + p->code[f]];
		}
		relative = bounded_exp(log_relative);
		for (; k < model->band_end[b]; k++)
			p->hazard[k] = p->base[k] * relative;
	}
}

static void
additive_causes(SfClosePredictor *p)
{
	const SfCloseModel *model = p->model;
	const SfLogistic *cause = &model->cause;
	int32_t		features = model->bins.features;
	double		sum = cause->intercept;

	for (int32_t f = 0; f < features; f++)
		sum += cause->weight[cause->offset[f] + p->code[f]];
	for (int32_t b = 0, k = 0; b < SF_CLOSE_BANDS; b++)
	{
		double		log_odds = sum;

		for (int32_t v = 0; v < model->cause_varying; v++)
		{
			int32_t		f = model->cause_vary[v];

			log_odds += cause->weight[cause->offset[features + 1 + v] + b * (model->bins.of[f].values + 2) + p->code[f]];
		}
		for (; k < model->band_end[b]; k++)
			p->won[k] = sf_logistic(log_odds + cause->weight[cause->offset[features] + 1 + k]);
	}
}

static void
boosted_causes(SfClosePredictor *p)
{
	const SfCloseModel *model = p->model;

	for (int32_t k = 0; k < model->buckets; k++)
	{
		p->code[model->bins.features] = (uint8_t) (1 + k);
		p->won[k] = sf_logistic(log_odds_of(p->cause, &model->cause_trees, p->code));
	}
}

static void
boosted_hazards(SfClosePredictor *p)
{
	const SfCloseModel *model = p->model;
	int32_t		features = model->bins.features;

	for (int32_t k = 0; k < model->buckets; k++)
	{
		double		width = k + 1 < model->buckets ? p->start[k + 1] - p->start[k] : model->last_width;
		double		z;

		p->code[features] = (uint8_t) (1 + k);
		z = log_odds_of(p->closing, &model->closing, p->code);
		/* - log(1 - rate) = log(1 + exp(z)), spread over the bucket */
		p->hazard[k] = sf_log1p_exp(z) / width;
	}
}

static void
work_out(SfClosePredictor *p)
{
	const SfCloseModel *model = p->model;

	if (model->algorithm == SF_CLOSE_BOOSTED)
		boosted_hazards(p);
	else
		additive_hazards(p);
	if (model->cause_known && model->cause_algorithm == SF_CLOSE_BOOSTED)
		boosted_causes(p);
	else if (model->cause_known)
		additive_causes(p);
	for (int32_t k = 0; k < model->buckets && !model->cause_known; k++)
		p->won[k] = model->cause_rate;
}

void
sf_close_take(SfClosePredictor *p, const SfCell *cells)
{
	for (int32_t f = 0; f < p->model->bins.features; f++)
		p->code[f] = sf_bins_code_cell(p->index, f, &cells[f]);
	work_out(p);
}

void
sf_close_take_codes(SfClosePredictor *p, const uint8_t *code)
{
	if (p->model->bins.features > 0)
		memcpy(p->code, code, (size_t) p->model->bins.features);
	work_out(p);
}

void
sf_close_hazards(SfClosePredictor *p, const double **hazard, const double **won)
{
	*hazard = p->hazard;
	*won = p->won;
}

/* hazard * days without 0 * Inf */
static double
hazard_over(double hazard, double days)
{
	return hazard > 0 && days > 0 ? hazard * days : 0;
}

SfCloseChance
sf_close_within(SfClosePredictor *p, double age, double within)
{
	SfCloseChance chance = {0, 0, 1};
	double		until = age + within;
	int32_t		buckets = p->model->buckets;
	const double below_one = 1 - 0x1p-53;

	for (int32_t k = sf_bucket_of(p->start, buckets, age); k < buckets; k++)
	{
		double		from = fmax(age, p->start[k]);
		double		to = fmin(until, p->start[k + 1]);
		double		through = hazard_over(p->hazard[k], to - from);
		double		closing = -sf_expm1(-through);

		chance.won += chance.open * closing * p->won[k];
		chance.open *= sf_exp(-through);
		if (!(until > p->start[k + 1]))
			break;
	}
	chance.won = chance.won > below_one ? below_one : chance.won;
	if (chance.open > 1 - chance.won)
		chance.open = 1 - chance.won;
	chance.lost = 1 - chance.won - chance.open;
	/* with one cause nothing is lost, not even to rounding */
	if (chance.lost < 0 || (!p->model->cause_known && p->model->cause_rate == 1))
	{
		chance.lost = 0;
		chance.open = 1 - chance.won;
	}
	return chance;
}

/* Days from `from` on until a closing of total hazard `target`, or NaN when the horizon comes first. */
static double
days_until(const SfClosePredictor *p, double age, double target)
{
	int32_t		buckets = p->model->buckets;

	for (int32_t k = sf_bucket_of(p->start, buckets, age); k < buckets; k++)
	{
		double		from = fmax(age, p->start[k]);
		double		through = hazard_over(p->hazard[k], p->start[k + 1] - from);

		if (through >= target && p->hazard[k] > 0)
		{
			double		at = from + target / p->hazard[k];

			return at <= p->model->horizon ? at - age : NAN;
		}
		target -= through;
	}
	return NAN;
}

/* Mean of the days until a closing or the horizon. */
static double
mean_days(const SfClosePredictor *p, double age, double *open)
{
	int32_t		buckets = p->model->buckets;
	double		horizon = p->model->horizon;
	double		mean = 0;

	*open = 1;
	for (int32_t k = sf_bucket_of(p->start, buckets, age); k < buckets && p->start[k] < horizon; k++)
	{
		double		days = fmin(p->start[k + 1], horizon) - fmax(age, p->start[k]);
		double		through = hazard_over(p->hazard[k], days);

		if (!(days > 0))
			continue;
		mean += *open * days * (through < 1e-12 ? 1 : -sf_expm1(-through) / through);
		*open *= sf_exp(-through);
	}
	return mean;
}

SfCloseExpected
sf_close_expected(SfClosePredictor *p, double age)
{
	static const double closed[3] = {0.1, 0.5, 0.9};
	SfCloseExpected e = {.won = sf_close_within(p, age, INFINITY).won};
	double		open;

	e.mean = mean_days(p, age, &open);
	e.restricted = open > OPEN_AT_HORIZON;
	for (int32_t q = 0; q < 3; q++)
		e.quantile[q] = days_until(p, age, -sf_log1p(-closed[q]));
	return e;
}
