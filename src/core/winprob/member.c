/*
 * member.c
 *		One learner with its settings.
 */
#include "core/winprob/member.h"

#include <math.h>

#include "core/base/logit.h"

#define DEALS_PER_BIN 250		/* ours: 254 bins are best for 60,000 deals, 16 for 5,000 */
#define LEAST_BINS 8
#define USUAL_UNKNOWNS 400		/* ours: a million deals with ten numbers fit in 0.75 s, and IBM's loss is that of 1,000 */
#define CAP_SAMPLE 8192
#define USUAL_RIDGE 2.0
#define USUAL_TREES 100
#define DEALS_PER_LEAF 1000		/* ours: 31 leaves are best for 60,000 deals, 6 for 5,000 */
#define LEAST_LEAVES 4
#define MOST_LEAVES 31
#define USUAL_RATE 0.1
#define TREE_RIDGE 1.0			/* on the values of boosted leaves */
#define LEAST_HESSIAN 1e-3
#define BOOSTED_LEAST 20.0
#define FOREST_LEAST 5.0
#define POLL_ROWS 16384

static int32_t
given_int(int32_t given, int32_t usual)
{
	return given > 0 ? given : usual;
}

static double
given_double(double given, double usual)
{
	return given > 0 || given == 0 ? given : usual;
}

static int32_t
clamp(int64_t x, int32_t least, int32_t most)
{
	return x < least ? least : x > most ? most : (int32_t) x;
}

SfWinSpec
sf_spec_usual(SfAlgorithm kind, const SfWinOptions *options, int64_t rows)
{
	bool		logistic = kind == SF_ALGORITHM_LOGISTIC;
	bool		forest = kind == SF_ALGORITHM_FOREST;
	SfWinSpec	spec = {.kind = kind};

	spec.bins = given_int(options->bins, logistic ? clamp(rows / DEALS_PER_BIN, LEAST_BINS, SF_MAX_BINS) : SF_MAX_BINS);
	spec.linear = options->terms == 1;
	spec.ridge = given_double(options->ridge, logistic ? USUAL_RIDGE : TREE_RIDGE);
	spec.trees = given_int(options->trees, USUAL_TREES);
	spec.leaves = given_int(options->leaves, clamp(rows / DEALS_PER_LEAF, LEAST_LEAVES, MOST_LEAVES));
	spec.depth = given_int(options->depth, SF_MAX_DEPTH);
	spec.rate = options->rate > 0 ? options->rate : USUAL_RATE;
	spec.least_rows = options->least_rows > 0 ? options->least_rows : forest ? FOREST_LEAST : BOOSTED_LEAST;
	spec.row_share = 1;
	spec.feature_share = 1;
	spec.seed = options->seed;
	return spec;
}

SfStatus
sf_member_bins(SfArena *arena, const SfFrame *frame, SfRows rows, int32_t bins, SfBins *made, SfCodes *codes)
{
	return sf_bins_fit_code(arena, frame, rows, (SfBinOptions) {bins, SF_CATEGORY_PRIOR}, made, codes);
}

/* Unknowns of a binned logistic member whose features have no more than so many bins. */
static int64_t
unknowns_with(const SfBins *bins, int32_t most)
{
	int64_t		unknowns = 1;

	for (int32_t f = 0; f < bins->features; f++)
		unknowns += 1 + (bins->of[f].values < most ? bins->of[f].values : most);
	return unknowns;
}

SfStatus
sf_spec_cap_bins(SfArena *arena, const SfFrame *frame, SfRows rows, SfWinSpec *spec)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int64_t		n = rows.n < CAP_SAMPLE ? rows.n : CAP_SAMPLE;
	uint32_t   *row;
	SfBins		bins;
	SfStatus	status;

	if (spec->linear || (int64_t) frame->features * (spec->bins + 1) + 1 < USUAL_UNKNOWNS)
		return SF_OK;
	row = sf_arena_take(arena, (size_t) n, sizeof(uint32_t));
	if (row == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
		row[i] = rows.row == NULL ? (uint32_t) i : rows.row[i];
	status = sf_member_bins(arena, frame, (SfRows) {row, n}, spec->bins, &bins, NULL);
	while (status == SF_OK && spec->bins > LEAST_BINS && unknowns_with(&bins, spec->bins) >= USUAL_UNKNOWNS)
		spec->bins--;
	sf_arena_rewind(arena, mark);
	return status;
}

/* ---- only the strongest features ---- */

static double
plus_x_log_x(double x)
{
	return x > 0 ? x * sf_log(x) : 0;
}

/*
 * How much a feature's bins tell: the likelihood-ratio statistic of win rates
 * by code against one rate, less two per degree of freedom (AIC).
 */
static double
strength(const SfBins *bins, int32_t f)
{
	const SfFeatureBins *of = &bins->of[f];
	double		rows = (double) bins->rows;
	double		won = (double) bins->won_rows;
	double		g = plus_x_log_x(rows) - plus_x_log_x(won) - plus_x_log_x(rows - won);
	int32_t		used = 0;

	for (int32_t code = 0; code < of->values + 2; code++)
	{
		double		n = (double) of->count[code];
		double		k = (double) of->won[code];

		g += plus_x_log_x(k) + plus_x_log_x(n - k) - plus_x_log_x(n);
		used += n > 0;
	}
	return 2 * g - 2 * (used - 1);
}

/* keep[features]: the `most` strongest ones; the first of equals. */
static SfStatus
mark_strongest(SfArena *arena, const SfBins *bins, int32_t most, bool *keep)
{
	double	   *value = sf_arena_take(arena, (size_t) bins->features, sizeof(double));

	if (value == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < bins->features; f++)
	{
		value[f] = strength(bins, f);
		keep[f] = false;
	}
	for (int32_t turn = 0; turn < most && turn < bins->features; turn++)
	{
		int32_t		best = -1;

		for (int32_t f = 0; f < bins->features; f++)
			if (!keep[f] && (best < 0 || value[f] > value[best]))
				best = f;
		keep[best] = true;
	}
	return SF_OK;
}

/* Counts of a feature that is 1 for every deal, so that it tells nothing. */
static SfStatus
silence(SfArena *arena, const SfBins *bins, SfFeatureBins *of)
{
	size_t		codes = (size_t) of->values + 2;
	int64_t    *count = sf_arena_take(arena, codes, sizeof(int64_t));
	int64_t    *won = sf_arena_take(arena, codes, sizeof(int64_t));

	if (count == NULL || won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(count, 0, codes * sizeof(int64_t));
	memset(won, 0, codes * sizeof(int64_t));
	count[1] = bins->rows;
	won[1] = bins->won_rows;
	of->count = count;
	of->won = won;
	return SF_OK;
}

/*
 * Copies of bins and codes in which all features but the strongest are code 1
 * throughout: their weights come out as 0 and the shapes stay as they are.
 */
static SfStatus
keep_strongest(SfArena *arena, int32_t most, SfBins *bins, SfCodes *codes)
{
	SfFeatureBins *of = sf_arena_take(arena, (size_t) bins->features, sizeof(SfFeatureBins));
	bool	   *keep = sf_arena_take(arena, (size_t) bins->features, sizeof(bool));
	uint8_t    *code = sf_arena_take(arena, (size_t) codes->rows * (size_t) codes->features, 1);
	SfStatus	status;

	if (of == NULL || keep == NULL || code == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = mark_strongest(arena, bins, most, keep);
	for (int32_t f = 0; status == SF_OK && f < bins->features; f++)
	{
		of[f] = bins->of[f];
		if (!keep[f])
			status = silence(arena, bins, &of[f]);
	}
	if (status != SF_OK)
		return status;
	for (int64_t i = 0; i < codes->rows; i++)
	{
		const uint8_t *from = codes->code + i * codes->features;
		uint8_t    *to = code + i * codes->features;

		if (i % 16384 == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int32_t f = 0; f < codes->features; f++)
			to[f] = keep[f] ? from[f] : 1;
	}
	bins->of = of;
	codes->code = code;
	return SF_OK;
}

/* ---- the three learners ---- */

static SfStatus
fit_logistic(SfArena *arena, const SfBins *bins, const SfCodes *codes, const SfWinSpec *spec, SfLogistic *model)
{
	SfLogisticOptions options = {.linear = spec->linear, .ridge = spec->ridge, .smoothness = spec->smoothness};
	SfBins		few_bins = *bins;
	SfCodes		few_codes = *codes;
	SfStatus	status = SF_OK;

	if (spec->strongest > 0 && spec->strongest < bins->features)
		status = keep_strongest(arena, spec->strongest, &few_bins, &few_codes);
	if (status != SF_OK)
		return status;
	return sf_logistic_fit(arena, &few_bins, &few_codes, options, model);
}

static SfStatus
fit_boosted(SfArena *arena, const SfCodes *codes, const SfWinSpec *spec, SfHeldOut *held, SfTrees *model)
{
	SfBoostOptions options = {
		.trees = spec->trees, .leaves = spec->leaves, .depth = spec->depth, .rate = spec->rate, .ridge = spec->ridge,
		.least_rows = spec->least_rows, .least_hessian = LEAST_HESSIAN, .row_share = spec->row_share,
		.feature_share = spec->feature_share, .seed = spec->seed
	};
	bool		watched = held != NULL && spec->patience > 0;
	double	   *losses = NULL;
	SfStatus	status = sf_boost_fit(arena, codes, options, watched ? held->codes : NULL, spec->patience,
									  watched ? &losses : NULL, model);

	if (status == SF_OK && held != NULL)
	{
		held->trees = model->trees;
		held->losses = watched ? losses : NULL;
	}
	return status;
}

static SfStatus
fit_forest(SfArena *arena, const SfCodes *codes, const SfWinSpec *spec, SfTrees *model)
{
	SfForestOptions options = {
		.trees = spec->trees, .depth = spec->depth, .least_rows = spec->least_rows, .seed = spec->seed,
		.smoothing = spec->smoothing
	};

	return sf_forest_fit(arena, codes, options, NULL, model);
}

SfStatus
sf_member_predict(SfCtx *ctx, const SfMember *member, const SfCodes *codes, double *log_odds)
{
	if (member->kind != SF_ALGORITHM_LOGISTIC)
		return sf_trees_predict(ctx, &member->trees, codes, log_odds);
	for (int64_t first = 0; first < codes->rows; first += POLL_ROWS)
	{
		SfCodes		part = *codes;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		part.code += first * codes->features;
		part.rows = codes->rows - first < POLL_ROWS ? codes->rows - first : POLL_ROWS;
		sf_logistic_predict(&member->logistic, &part, log_odds + first);
	}
	return SF_OK;
}

SfStatus
sf_member_fit(SfArena *arena, const SfBins *bins, const SfCodes *codes, const SfWinSpec *spec,
			  SfHeldOut *held, SfMember *member)
{
	SfMember	made = {.kind = spec->kind, .share = 1, .bins = *bins};
	SfStatus	status;

	if (spec->kind == SF_ALGORITHM_LOGISTIC)
		status = fit_logistic(arena, bins, codes, spec, &made.logistic);
	else if (spec->kind == SF_ALGORITHM_BOOSTED)
		status = fit_boosted(arena, codes, spec, held, &made.trees);
	else
		status = fit_forest(arena, codes, spec, &made.trees);
	if (status == SF_OK && held != NULL)
		status = sf_member_predict(arena->ctx, &made, held->codes, held->log_odds);
	if (status == SF_OK)
		*member = made;
	return status;
}
