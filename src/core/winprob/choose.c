/*
 * choose.c
 *		Which settings, which learners, and how they are put together.
 *
 * What is tried stands in candidates.c, how it is held out in crossfit.c; here
 * held-out log-odds become shares, a calibration and figures.
 */
#include "core/winprob/choose.h"

#include <math.h>

#include "core/base/logit.h"
#include "core/winprob/candidates.h"
#include "core/winprob/stack.h"

#define BOTH_ROWS 20000			/* auto without validation: from here on boosted trees beside a logistic one */
#define FITS_MANY 11			/* fits of a choice in each fold, for the progress */
#define FITS_SOME 17
#define FITS_FEW 14
#define MORE_ROWS 2000			/* above, more deals bear more trees; below, more trees do harm */
#define POLL_EVERY 8192
#define BASE_ERRORS 2.0			/* a model alone is believed as it is when it beats the base rate by so many errors */
#define LEAST_SHARE 0.05

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

	return sf_logistic(x);
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

/* Probabilities as a deal that took no part in calibration would get them: each fold by the others. */
static SfStatus
held_out_probabilities(SfArena *arena, const SfCross *cross, const double *log_odds, SfCalibrationKind kind, double *probability)
{
	const uint8_t *fold = cross->together.fold;
	int64_t		n = cross->rows.n;
	double	   *other = sf_arena_take(arena, (size_t) n, sizeof(double));
	uint8_t    *other_won = sf_arena_take(arena, (size_t) n, 1);

	if (other == NULL || other_won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t k = 0; k < cross->folds; k++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfCalibration calibration;
		int64_t		count = 0;
		SfStatus	status;

		for (int64_t i = 0; i < n; i++)
			if (fold[i] != k)
			{
				other[count] = log_odds[i];
				other_won[count++] = cross->won[i];
			}
		status = sf_calibrate_as(arena, other, other_won, count, kind, &calibration);
		if (status != SF_OK)
			return status;
		for (int64_t i = 0; i < n; i++)
			if (fold[i] == k)
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
	status = sf_calibrate(arena, log_odds, cross->won, n, &cross->together, options->calibration, &plan->calibration, &gain);
	if (status == SF_OK)
		status = sf_rate_interval_fit(arena, log_odds, cross->won, n, &plan->venn);
	if (status == SF_OK)
		status = held_out_probabilities(arena, cross, log_odds, plan->calibration.kind, probability);
	if (status == SF_OK)
		status = sf_win_metrics_clustered(arena, probability, cross->won, n, &cross->together.clusters,
										  (double) cross->won_rows / (double) n, &plan->random);
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
		spec.trees = c->cross->rows.n > MORE_ROWS ? (int32_t) (t->trees * folds / (folds - 1) + 0.5) : t->trees;
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
			.rate = trees ? t->spec.rate : 0, .log_loss = t->given_up ? NAN : t->log_loss, .auc = auc.auc, .smoothness = t->spec.smoothness,
			.features = t->spec.strongest, .least_rows = trees ? t->spec.least_rows : 0
		};
		for (int32_t m = 0; m < members; m++)
			plan->candidate[i].chosen = plan->candidate[i].chosen || (member[m] == i && stack->share[m] > 0);
	}
	return SF_OK;
}

static double
base_log_odds(const SfCross *cross)
{
	return sf_log((double) cross->won_rows / (double) (cross->rows.n - cross->won_rows));
}

/* *clearly: the mean fall of the loss from some log-odds (NULL: the base rate) to others is more than so many standard errors. */
static SfStatus
clearly_better(const SfChoice *c, const double *from, const double *to, double errors, bool *clearly)
{
	const SfCross *cross = c->cross;
	double		base = base_log_odds(cross);
	SfArenaMark mark = sf_arena_mark(c->arena);
	double	   *gain = sf_arena_take(c->arena, (size_t) cross->rows.n, sizeof(double));
	double		mean;
	double		error;
	SfStatus	status;

	if (gain == NULL)
		return sf_fail(c->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < cross->rows.n; i++)
	{
		if (i % POLL_EVERY == 0 && sf_cancelled(c->arena->ctx))
			return sf_fail(c->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		gain[i] = sf_log_odds_loss(from == NULL ? base : from[i], cross->won[i]) - sf_log_odds_loss(to[i], cross->won[i]);
	}
	status = sf_cluster_mean(c->arena, &cross->together.clusters, gain, cross->rows.n, &mean, &error);
	sf_arena_rewind(c->arena, mark);
	if (status == SF_OK)
		*clearly = mean > errors * error;
	return status;
}

/*
 * A member alone that hardly beats the base rate says too much: it gets the
 * share that deals held out support.  A small one is left, so that deals keep
 * an order.
 */
static SfStatus
draw_to_base_rate(SfChoice *c, const double *const *log_odds, int32_t members, SfStack *stack, double *stacked)
{
	int32_t		only = -1;
	bool		believed;
	SfStatus	status;

	for (int32_t m = 0; m < members; m++)
		if (stack->share[m] > 0)
		{
			if (only >= 0)
				return SF_OK;
			only = m;
		}
	if (only < 0)
		return SF_OK;
	status = clearly_better(c, NULL, log_odds[only], BASE_ERRORS, &believed);
	if (status != SF_OK || believed)
		return status;
	status = sf_stack_fit_set(c->arena, log_odds, members, UINT32_C(1) << only, c->cross->won, c->cross->rows.n, stack);
	if (status != SF_OK)
		return status;
	if (stack->share[only] < LEAST_SHARE)
	{
		stack->share[only] = LEAST_SHARE;
		stack->intercept = (1 - LEAST_SHARE) * base_log_odds(c->cross);
	}
	for (int64_t i = 0; i < c->cross->rows.n; i++)
		stacked[i] = stack->intercept + stack->share[only] * log_odds[only][i];
	return sf_poll(c->arena->ctx);
}

/* Stack the members, on top of the first one (-1: the best), and judge what comes out. */
static SfStatus
put_together(SfChoice *c, const int32_t *member, int32_t members, bool all, int32_t first, SfWinPlan *plan)
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
		status = sf_stack_fit_from(c->arena, log_odds, members, first, c->cross->won, c->cross->rows.n, &stack);
	if (status == SF_OK)
		status = stacked_log_odds(c, &stack, member, members, stacked);
	if (status == SF_OK && c->options->algorithm == SF_ALGORITHM_AUTO)
		status = draw_to_base_rate(c, log_odds, members, &stack, stacked);
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

/* The best candidate of each kind, the simplest kind first. */
static int32_t
one_of_each(const SfChoice *c, int32_t logistic, int32_t *member)
{
	static const SfAlgorithm others[] = {SF_ALGORITHM_FOREST, SF_ALGORITHM_BOOSTED};
	int32_t		members = 1;

	member[0] = logistic;
	for (int k = 0; k < 2; k++)
		if ((member[members] = sf_choice_best(c, others[k])) >= 0)
			members++;
	return members;
}

/* *first: the place of the simplest of the members that none is clearly better than. */
static SfStatus
simplest_as_good(const SfChoice *c, const int32_t *member, int32_t members, int32_t *first)
{
	int32_t		best = 0;
	bool		clearly = true;
	SfStatus	status = SF_OK;

	for (int32_t m = 1; m < members; m++)
		best = c->tries[member[m]].log_loss < c->tries[member[best]].log_loss ? m : best;
	for (*first = 0; status == SF_OK && *first < best; ++*first)
	{
		status = clearly_better(c, c->tries[member[*first]].log_odds, c->tries[member[best]].log_odds, 1, &clearly);
		if (!clearly)
			break;
	}
	return status;
}

/* The highest rung of the ladder that each step up to it was worth. */
static SfStatus
climb(SfChoice *c, int32_t *rung)
{
	SfStatus	status = sf_try_simple(c);
	int32_t		rungs = c->n;

	*rung = 0;
	for (int32_t i = 1; status == SF_OK && i < rungs; i++)
	{
		bool		clearly = false;

		status = clearly_better(c, c->tries[*rung].log_odds, c->tries[i].log_odds, 1, &clearly);
		*rung = clearly ? i : *rung;
	}
	return status;
}

static SfStatus
choose_simple(SfChoice *c, SfWinPlan *plan)
{
	int32_t		member[3];
	int32_t		members;
	int32_t		first;
	int32_t		rung;
	SfStatus	status = climb(c, &rung);

	if (status == SF_OK)
		status = sf_try_boosted(c);
	if (status == SF_OK)
		status = sf_try_forest(c);
	if (status != SF_OK)
		return status;
	members = one_of_each(c, rung, member);
	status = simplest_as_good(c, member, members, &first);
	return status == SF_OK ? put_together(c, member, members, false, first, plan) : status;
}

/* Of many deals a forest stays only when it leads, and the stack grows from the best. */
static void
drop_slow(const SfChoice *c, int32_t *member, int32_t *members)
{
	if (*members == 3 && c->tries[member[1]].log_loss > fmin(c->tries[member[0]].log_loss, c->tries[member[2]].log_loss))
	{
		member[1] = member[2];
		*members = 2;
	}
}

static SfStatus
choose_among_all(SfChoice *c, SfWinPlan *plan)
{
	bool		blend = c->options->algorithm == SF_ALGORITHM_BLEND;
	int32_t		member[3];
	int32_t		members;
	int32_t		first = -1;
	SfStatus	status = sf_try_logistic(c);

	if (status == SF_OK)
		status = sf_try_boosted(c);
	if (status == SF_OK && !blend)
		status = sf_try_forest(c);
	if (status != SF_OK)
		return status;
	members = one_of_each(c, sf_choice_best(c, SF_ALGORITHM_LOGISTIC), member);
	if (c->cross->rows.n > SF_FOREST_ROWS)
		drop_slow(c, member, &members);
	else
		status = simplest_as_good(c, member, members, &first);
	return status == SF_OK ? put_together(c, member, members, blend, first, plan) : status;
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

/* By name: then it is an error where it cannot be done. */
static bool
asked_for_validation(const SfWinOptions *options)
{
	bool		calibrated = options->calibration == SF_CALIBRATION_PLATT || options->calibration == SF_CALIBRATION_ISOTONIC;

	return options->validate == SF_VALIDATE_FULL || (options->validate == SF_VALIDATE_AUTO && calibrated);
}

static bool
wants_validation(const SfWinOptions *options)
{
	bool		named = options->algorithm != SF_ALGORITHM_AUTO && options->algorithm != SF_ALGORITHM_BLEND;

	return asked_for_validation(options) || (options->validate == SF_VALIDATE_AUTO && !named);
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
	cross.expected = (sf_few_deals(rows.n, frame->features) ? FITS_FEW : on.n <= SF_FOREST_ROWS ? FITS_SOME : FITS_MANY) * (int64_t) cross.folds;
	if (!possible)
		status = asked_for_validation(options) ? SF_BAD_DATA : SF_OK;
	else if (options->algorithm != SF_ALGORITHM_AUTO && options->algorithm != SF_ALGORITHM_BLEND)
	{
		int32_t		only = 0;

		sf_choice_add(c, made.spec[0]);
		cross.expected = cross.folds;
		status = sf_choice_run(c, 0);
		if (status == SF_OK)
			status = put_together(c, &only, 1, false, -1, &made);
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
			status = put_together(c, member, c->n, c->n > 1, -1, &made);
		made.candidates = 0;
	}
	if (status == SF_OK)
		*plan = made;
	return status;
}
