/*
 * win_predict.c
 *		One deal at a time: its probability, an interval, and why.
 *
 * A cell is coded once for all members that share bins.
 */
#include "core/winprob/winmodel.h"

#include <float.h>
#include <math.h>

#include "core/base/logit.h"

typedef struct Part
{
	const SfMember *member;
	const SfTreeIndex *trees;	/* NULL: logistic */
	const SfShap *shap;			/* made when first asked why */
	int32_t		coded;			/* whose codes it reads */
} Part;

typedef struct Coded
{
	const SfBins *bins;
	const SfBinIndex *index;
	uint8_t    *code;			/* [features] */
} Coded;

struct SfWinPredictor
{
	SfArena    *arena;
	const SfWinModel *model;
	int32_t		features;
	int32_t		parts;
	int32_t		codings;
	Part		part[SF_MAX_MEMBERS];
	Coded		coded[SF_MAX_MEMBERS];
	double	   *contribution;	/* [features] scratch */
};

static const int32_t *
code_counts(SfArena *arena, const SfBins *bins)
{
	int32_t    *codes = sf_arena_take(arena, (size_t) bins->features, sizeof(int32_t));

	for (int32_t f = 0; codes != NULL && f < bins->features; f++)
		codes[f] = bins->of[f].values + 2;
	return codes;
}

/* The coding of these bins, a new one if no member before has them. */
static SfStatus
coding_of(SfWinPredictor *p, const SfBins *bins, int32_t *coding)
{
	Coded	   *made;

	for (*coding = 0; *coding < p->codings; ++*coding)
		if (p->coded[*coding].bins->of == bins->of)
			return SF_OK;
	made = &p->coded[p->codings++];
	made->bins = bins;
	made->code = sf_arena_take(p->arena, (size_t) p->features, 1);
	if (made->code == NULL)
		return sf_fail(p->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return sf_bins_index(p->arena, bins, &made->index);
}

static SfStatus
add_part(SfWinPredictor *p, const SfMember *member)
{
	Part	   *part = &p->part[p->parts++];
	const int32_t *codes;
	SfStatus	status;

	*part = (Part) {.member = member};
	status = coding_of(p, &member->bins, &part->coded);
	if (status != SF_OK || member->kind == SF_ALGORITHM_LOGISTIC)
		return status;
	codes = code_counts(p->arena, &member->bins);
	if (codes == NULL)
		return sf_fail(p->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return sf_trees_index(p->arena, &member->trees, codes, &part->trees);
}

SfStatus
sf_win_predictor(SfArena *arena, const SfWinModel *model, SfWinPredictor **predictor)
{
	SfWinPredictor *p = sf_arena_take(arena, 1, sizeof(SfWinPredictor));
	SfStatus	status = SF_OK;

	if (p == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*p = (SfWinPredictor) {.arena = arena, .model = model, .features = model->member[0].bins.features};
	p->contribution = sf_arena_take(arena, (size_t) p->features, sizeof(double));
	if (p->contribution == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t m = 0; status == SF_OK && m < model->members; m++)
		status = add_part(p, &model->member[m]);
	if (status == SF_OK)
		*predictor = p;
	return status;
}

static void
code_cells(SfWinPredictor *p, const SfCell *cells)
{
	for (int32_t c = 0; c < p->codings; c++)
		for (int32_t f = 0; f < p->features; f++)
			p->coded[c].code[f] = sf_bins_code_cell(p->coded[c].index, f, &cells[f]);
}

static int32_t
count_unseen(const SfWinPredictor *p)
{
	int32_t		unseen = 0;

	for (int32_t f = 0; f < p->features; f++)
		if (p->coded[0].bins->feature[f].kind == SF_FEATURE_CATEGORY)
			unseen += p->coded[0].code[f] == p->coded[0].bins->of[f].values + 1;
	return unseen;
}

static double
logistic_log_odds(const SfLogistic *l, const uint8_t *code)
{
	double		sum = l->intercept;

	for (int32_t f = 0; f < l->features; f++)
		sum += l->weight[l->offset[f] + code[f]];
	return sum;
}

/* Log-odds of the coded deal before calibration; stored bytes may hold weights whose sum is not a number. */
static double
stacked(const SfWinPredictor *p)
{
	double		sum = p->model->intercept;

	for (int32_t i = 0; i < p->parts; i++)
	{
		const Part *part = &p->part[i];
		const uint8_t *code = p->coded[part->coded].code;

		sum += part->member->share * (part->trees == NULL ? logistic_log_odds(&part->member->logistic, code)
									  : sf_trees_log_odds(part->trees, code));
	}
	return isnan(sum) ? 0 : fmin(fmax(sum, -DBL_MAX), DBL_MAX);
}

static double
calibrated(const SfWinPredictor *p, double raw)
{
	return fmin(fmax(sf_calibrated(&p->model->calibration, raw), -SF_LOG_ODDS_MAX), SF_LOG_ODDS_MAX);
}

double
sf_win_predict(SfWinPredictor *p, const SfCell *cells, double *raw, int32_t *unseen)
{
	double		sum;

	code_cells(p, cells);
	sum = stacked(p);
	if (raw != NULL)
		*raw = sum;
	if (unseen != NULL)
		*unseen = count_unseen(p);
	return sf_logistic(calibrated(p, sum));
}

void
sf_win_predict_interval(SfWinPredictor *p, const SfCell *cells, double *low, double *high)
{
	double		raw;
	double		probability = sf_win_predict(p, cells, &raw, NULL);

	*low = *high = NAN;
	if (p->model->venn.knots == 0)
		return;
	sf_venn_interval(&p->model->venn, raw, low, high);
	*low = fmin(*low, probability);
	*high = fmax(*high, probability);
}

/* ---- why ---- */

static SfStatus
prepare_shap(SfWinPredictor *p)
{
	for (int32_t i = 0; i < p->parts; i++)
	{
		Part	   *part = &p->part[i];
		const int32_t *codes;
		SfStatus	status;

		if (part->trees == NULL || part->shap != NULL)
			continue;
		codes = code_counts(p->arena, &part->member->bins);
		if (codes == NULL)
			return sf_fail(p->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		status = sf_shap_prepare(p->arena, &part->member->trees, codes, &part->shap);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

/* One member's baseline and contributions, by its share. */
static void
explain_part(const SfWinPredictor *p, const Part *part, double *baseline, double *contribution)
{
	const uint8_t *code = p->coded[part->coded].code;
	double		share = part->member->share;
	const SfLogistic *l = &part->member->logistic;

	if (part->trees != NULL)
	{
		double		whole = sf_shap_values(part->shap, code, p->contribution);

		for (int32_t f = 0; f < p->features; f++)
		{
			contribution[f] += share * p->contribution[f];
			whole -= p->contribution[f];
		}
		*baseline += share * whole;
		return;
	}
	for (int32_t f = 0; f < p->features; f++)
		contribution[f] += share * l->weight[l->offset[f] + code[f]];
	*baseline += share * l->intercept;
}

SfStatus
sf_win_explain(SfWinPredictor *p, const SfCell *cells, double *baseline, double *calibration,
			   double *contribution, uint8_t *code, double *probability)
{
	SfStatus	status = prepare_shap(p);
	double		end;
	double		sum;

	if (status != SF_OK)
		return status;
	*probability = sf_win_predict(p, cells, &sum, NULL);
	end = calibrated(p, sum);
	*baseline = p->model->intercept;
	for (int32_t f = 0; f < p->features; f++)
		contribution[f] = 0;
	for (int32_t i = 0; i < p->parts; i++)
		explain_part(p, &p->part[i], baseline, contribution);
	*baseline = isfinite(*baseline) ? *baseline : 0;
	sum = *baseline;
	for (int32_t f = 0; f < p->features; f++)
	{
		contribution[f] = isfinite(contribution[f]) ? contribution[f] : 0;
		sum += contribution[f];
	}
	*calibration = isfinite(sum) ? end - sum : 0;
	if (code != NULL)
		memcpy(code, p->coded[0].code, (size_t) p->features);
	return SF_OK;
}
