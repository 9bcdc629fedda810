/*
 * choose.c
 *		Which settings, which learners, and how they are put together.
 *
 * What is tried stands in candidates.c, how it is held out in crossfit.c; here
 * held-out log-odds become shares, a calibration and figures.
 */
#include "core/winprob/choose.h"

#include <math.h>

#include "core/winprob/candidates.h"
#include "core/winprob/stack.h"

#define BOTH_ROWS 20000			/* auto without validation: from here on boosted trees beside a logistic one */
#define FITS_EXPECTED 10		/* candidates of a usual choice, for the progress */
#define FITS_FEW 6

bool
sf_few_deals(int64_t rows, int32_t features)
{
	return rows < SF_FEW_ROWS || rows < SF_FEW_ROWS_PER_PARAMETER * ((int64_t) features + 1);
}

int32_t
sf_simplest_features(const SfWinOptions *options, int64_t rows, int32_t features)
{
	if (options->algorithm == SF_ALGORITHM_AUTO && options->validate != SF_VALIDATE_NONE &&
		sf_few_deals(rows, features) && features > SF_STRONGEST)
		return SF_STRONGEST;
	return features;
}

double
sf_plan_probability(const SfCalibration *calibration, double log_odds)
{
	double		x = fmin(fmax(sf_calibrated(calibration, log_odds), -SF_LOG_ODDS_MAX), SF_LOG_ODDS_MAX);

	return 1 / (1 + exp(-x));
}

/* ---- from candidates to a plan ---- */

/* Deals first .. of the choice: all of them, or a beginning of the shuffled order. */
static SfRows
choose_on(const SfFrame *frame, SfRows rows, SfArena *arena, SfStatus *status)
{
	int64_t		most = SF_CHOOSE_CELLS / (frame->features > 0 ? frame->features : 1);
	uint32_t   *row;

	*status = SF_OK;
	most = most < SF_CHOOSE_LEAST ? SF_CHOOSE_LEAST : most > SF_CHOOSE_ROWS ? SF_CHOOSE_ROWS : most;
	if (rows.n <= most)
		return rows;
	if (rows.row != NULL)
	{
		rows.n = most;
		return rows;
	}
	row = sf_arena_take(arena, (size_t) most, sizeof(uint32_t));
	if (row == NULL)
	{
		*status = sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		return rows;
	}
	for (int64_t i = 0; i < most; i++)
		row[i] = (uint32_t) i;
	return (SfRows) {row, most};
}

/* Held-out log-odds of the stack. */
static SfStatus
stacked_log_odds(const SfChoice *c, const SfStack *stack, const int32_t *member, int32_t members, double *out)
{
	for (int64_t i = 0; i < c->cross->rows.n; i++)
	{
		out[i] = stack->intercept;
		for (int32_t m = 0; m < members; m++)
			out[i] += stack->share[m] * c->tries[member[m]].log_odds[i];
	}
	return sf_poll(c->arena->ctx);
}

/* Probabilities as a deal that took no part in calibration would get them: each fifth by the other four. */
static SfStatus
held_out_probabilities(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
					   SfCalibrationKind kind, double *probability)
{
	double	   *other = sf_arena_take(arena, (size_t) n, sizeof(double));
	uint8_t    *other_won = sf_arena_take(arena, (size_t) n, 1);

	if (other == NULL || other_won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t part = 0; part < 5; part++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfCalibration calibration;
		double		gain;
		int64_t		count = 0;
		SfStatus	status;

		for (int64_t i = 0; i < n; i++)
			if (i % 5 != part)
			{
				other[count] = log_odds[i];
				other_won[count++] = won[i];
			}
		status = sf_calibrate(arena, other, other_won, count, kind, &calibration, &gain);
		if (status != SF_OK)
			return status;
		for (int64_t i = part; i < n; i += 5)
			probability[i] = sf_plan_probability(&calibration, log_odds[i]);
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}

/* Calibration, interval and figures from held-out log-odds. */
static SfStatus
judge(SfArena *arena, const SfCross *cross, const SfWinOptions *options, const double *log_odds, SfWinPlan *plan)
{
	int64_t		n = cross->rows.n;
	double	   *probability = sf_arena_take(arena, (size_t) n, sizeof(double));
	double		gain;
	SfStatus	status;

	if (probability == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_calibrate(arena, log_odds, cross->won, n, options->calibration, &plan->calibration, &gain);
	if (status == SF_OK)
		status = sf_venn_fit(arena, log_odds, cross->won, n, &plan->venn);
	if (status == SF_OK)
		status = held_out_probabilities(arena, log_odds, cross->won, n, plan->calibration.kind, probability);
	if (status == SF_OK)
		status = sf_win_metrics(arena, probability, cross->won, n, (double) cross->won_rows / (double) n, &plan->random);
	return status;
}

/* A boosted member is fitted to all deals with as many trees as were best, and more as there are more deals. */
static SfWinSpec
final_spec(const SfChoice *c, const SfTry *t)
{
	SfWinSpec	spec = t->spec;
	double		folds = c->cross->folds;

	if (spec.patience > 0)
	{
		spec.trees = (int32_t) (t->trees * folds / (folds - 1) + 0.5);
		spec.trees = spec.trees < 1 ? 1 : spec.trees > SF_MAX_TREES ? SF_MAX_TREES : spec.trees;
		spec.patience = 0;
	}
	return spec;
}

static SfStatus
list_candidates(SfChoice *c, const int32_t *member, int32_t members, const SfStack *stack, SfWinPlan *plan)
{
	plan->candidates = c->n;
	plan->candidate = sf_arena_take(c->arena, (size_t) c->n, sizeof(SfCandidate));
	if (plan->candidate == NULL)
		return sf_fail(c->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < c->n; i++)
	{
		const SfTry *t = &c->tries[i];
		SfArenaMark mark = sf_arena_mark(c->arena);
		SfAuc		auc = {.auc = NAN};
		bool		trees = t->spec.kind != SF_ALGORITHM_LOGISTIC;
		SfStatus	status = SF_OK;

		if (!t->given_up)
			status = sf_auc(c->arena, t->log_odds, c->cross->won, c->cross->rows.n, 0.95, &auc);
		if (status != SF_OK)
			return status;
		sf_arena_rewind(c->arena, mark);
		plan->candidate[i] = (SfCandidate) {
			.kind = t->spec.kind, .bins = t->spec.bins, .ridge = t->spec.ridge, .linear = t->spec.linear,
			.trees = !trees ? 0 : t->spec.patience > 0 ? t->trees : t->spec.trees, .leaves = trees ? t->spec.leaves : 0,
			.rate = trees ? t->spec.rate : 0, .log_loss = t->log_loss, .auc = auc.auc, .smoothness = t->spec.smoothness,
			.features = t->spec.strongest, .least_rows = trees ? t->spec.least_rows : 0
		};
		for (int32_t m = 0; m < members; m++)
			plan->candidate[i].chosen = plan->candidate[i].chosen || (member[m] == i && stack->share[m] > 0);
	}
	return SF_OK;
}

/* Stack the members and judge what comes out. */
static SfStatus
put_together(SfChoice *c, const int32_t *member, int32_t members, bool all, SfWinPlan *plan)
{
	const double *log_odds[SF_STACK_MAX];
	double	   *stacked = sf_arena_take(c->arena, (size_t) c->cross->rows.n, sizeof(double));
	SfStack		stack;
	SfStatus	status;

	if (stacked == NULL)
		return sf_fail(c->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t m = 0; m < members; m++)
		log_odds[m] = c->tries[member[m]].log_odds;
	if (all && members > 1)
		status = sf_stack_fit_set(c->arena, log_odds, members, (UINT32_C(1) << members) - 1, c->cross->won, c->cross->rows.n, &stack);
	else
		status = sf_stack_fit(c->arena, log_odds, members, c->cross->won, c->cross->rows.n, &stack);
	if (status == SF_OK)
		status = stacked_log_odds(c, &stack, member, members, stacked);
	if (status == SF_OK)
		status = list_candidates(c, member, members, &stack, plan);
	if (status != SF_OK)
		return status;
	plan->intercept = stack.intercept;
	plan->members = 0;
	for (int32_t m = 0; m < members; m++)
		if (stack.share[m] > 0)
		{
			plan->spec[plan->members] = final_spec(c, &c->tries[member[m]]);
			plan->share[plan->members++] = stack.share[m];
		}
	if (plan->members == 0)
	{
		plan->spec[0] = final_spec(c, &c->tries[member[0]]);
		plan->share[plan->members++] = 0;
	}
	return judge(c->arena, c->cross, c->options, stacked, plan);
}

/* Mean fall of the loss from candidate a to b is more than its standard error. */
static bool
clearly_better(const SfChoice *c, int32_t a, int32_t b)
{
	double		n = (double) c->cross->rows.n;
	double		sum = 0;
	double		squares = 0;

	for (int64_t i = 0; i < c->cross->rows.n; i++)
	{
		double		d = sf_log_odds_loss(c->tries[a].log_odds[i], c->cross->won[i]) - sf_log_odds_loss(c->tries[b].log_odds[i], c->cross->won[i]);

		sum += d;
		squares += d * d;
	}
	return sum / n > sqrt(fmax(squares / n - sum / n * (sum / n), 0) / n);
}

static SfStatus
choose_simple(SfChoice *c, SfWinPlan *plan)
{
	int32_t		now = 0;
	SfStatus	status = sf_try_simple(c);

	if (status != SF_OK)
		return status;
	for (int32_t i = 1; i < c->n; i++)
		if (clearly_better(c, now, i))
			now = i;
	return put_together(c, &now, 1, false, plan);
}

static SfStatus
choose_among_all(SfChoice *c, SfWinPlan *plan)
{
	static const SfAlgorithm kinds[] = {SF_ALGORITHM_LOGISTIC, SF_ALGORITHM_BOOSTED, SF_ALGORITHM_FOREST};
	bool		blend = c->options->algorithm == SF_ALGORITHM_BLEND;
	int32_t		member[3];
	int32_t		members = 0;
	int32_t		best = -1;
	SfStatus	status = sf_try_logistic(c);

	if (status == SF_OK)
		status = sf_try_boosted(c);
	if (status == SF_OK && !blend)
		status = sf_try_forest(c);
	if (status != SF_OK)
		return status;
	for (int k = 0; k < 3; k++)
	{
		int32_t		i = sf_choice_best(c, kinds[k]);
		bool		leads = i >= 0 && (best < 0 || c->tries[i].log_loss < c->tries[best].log_loss);

		best = leads ? i : best;
		if (i >= 0 && (leads || kinds[k] != SF_ALGORITHM_FOREST))
			member[members++] = i;
	}
	return put_together(c, member, members, blend, plan);
}

/* ---- without validation ---- */

static void
usual_plan(const SfWinOptions *options, int64_t rows, int32_t features, SfWinPlan *plan)
{
	bool		both = options->algorithm == SF_ALGORITHM_BLEND;
	bool		named = options->algorithm != SF_ALGORITHM_AUTO && !both;
	bool		few = !named && sf_few_deals(rows, features);

	*plan = (SfWinPlan) {.members = 1, .share = {1}, .calibration = {.kind = SF_CALIBRATION_NONE, .b = 1}};
	plan->spec[0] = sf_spec_usual(named ? options->algorithm : SF_ALGORITHM_LOGISTIC, options, rows);
	if (few)
	{
		plan->spec[0].linear = options->terms != 2;
		plan->spec[0].strongest = SF_STRONGEST;
		plan->spec[0].bins = options->bins > 0 ? options->bins : 16;
		plan->spec[0].ridge = options->ridge >= 0 ? options->ridge : 5;
	}
	if (both || (!named && rows >= BOTH_ROWS && !few))
	{
		plan->spec[1] = sf_spec_usual(SF_ALGORITHM_BOOSTED, options, rows);
		plan->share[0] = plan->share[1] = 0.5;
		plan->members = 2;
	}
}

static bool
wants_validation(const SfWinOptions *options)
{
	bool		named = options->algorithm != SF_ALGORITHM_AUTO && options->algorithm != SF_ALGORITHM_BLEND;
	bool		calibrated = options->calibration == SF_CALIBRATION_PLATT || options->calibration == SF_CALIBRATION_ISOTONIC;

	return options->validate == SF_VALIDATE_FULL || (options->validate == SF_VALIDATE_AUTO && (!named || calibrated));
}

SfStatus
sf_plan_choose(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinOptions *options,
			   SfWinProgress progress, SfWinPlan *plan)
{
	SfWinPlan	made;
	SfCross		cross;
	SfChoice	   *c;
	SfRows		on;
	bool		possible;
	SfStatus	status;

	usual_plan(options, rows.n, frame->features, &made);
	if (!(options->bins > 0) && made.spec[0].kind == SF_ALGORITHM_LOGISTIC)
	{
		status = sf_spec_cap_bins(arena, frame, rows, &made.spec[0]);
		if (status != SF_OK)
			return status;
	}
	if (!wants_validation(options))
	{
		*plan = made;
		return SF_OK;
	}
	c = sf_arena_take(arena, 1, sizeof(SfChoice));
	if (c == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	on = choose_on(frame, rows, arena, &status);
	if (status == SF_OK)
		status = sf_cross_begin(arena, frame, on, options->folds, options->seed, progress, &cross, &possible);
	if (status != SF_OK)
		return status;
	*c = (SfChoice) {.arena = arena, .cross = &cross, .options = options};
	cross.expected = (sf_few_deals(rows.n, frame->features) ? FITS_FEW : FITS_EXPECTED) * (int64_t) cross.folds;
	if (!possible)
		status = SF_OK;
	else if (options->algorithm != SF_ALGORITHM_AUTO && options->algorithm != SF_ALGORITHM_BLEND)
	{
		int32_t		only = 0;

		sf_choice_add(c, made.spec[0]);
		cross.expected = cross.folds;
		status = sf_choice_run(c, 0);
		if (status == SF_OK)
			status = put_together(c, &only, 1, false, &made);
	}
	else if (options->algorithm == SF_ALGORITHM_AUTO && sf_few_deals(rows.n, frame->features))
		status = choose_simple(c, &made);
	else
		status = choose_among_all(c, &made);
	if (status == SF_OK)
		*plan = made;
	return status;
}

SfStatus
sf_plan_again(SfArena *arena, const SfFrame *frame, SfRows rows, const SfWinOptions *options,
			  SfWinProgress progress, const SfWinPlan *settings, SfWinPlan *plan)
{
	SfWinPlan	made = *settings;
	SfCross		cross;
	SfChoice	   *c = sf_arena_take(arena, 1, sizeof(SfChoice));
	SfRows		on;
	int32_t		member[SF_MAX_MEMBERS];
	bool		possible;
	SfStatus	status;

	if (c == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	on = choose_on(frame, rows, arena, &status);
	if (status == SF_OK)
		status = sf_cross_begin(arena, frame, on, options->folds, options->seed, progress, &cross, &possible);
	if (status != SF_OK)
		return status;
	*c = (SfChoice) {.arena = arena, .cross = &cross, .options = options};
	cross.expected = (int64_t) settings->members * cross.folds;
	made.calibration = (SfCalibration) {.kind = SF_CALIBRATION_NONE, .b = 1};
	made.venn = (SfVenn) {0};
	made.random = (SfWinMetrics) {0};
	made.candidates = 0;
	if (possible)
	{
		for (int32_t m = 0; m < settings->members; m++)
		{
			sf_choice_add(c, settings->spec[m]);
			member[m] = m;
		}
		status = sf_choice_run(c, 0);
		if (status == SF_OK)
			status = put_together(c, member, c->n, c->n > 1, &made);
		made.candidates = 0;
	}
	if (status == SF_OK)
		*plan = made;
	return status;
}
