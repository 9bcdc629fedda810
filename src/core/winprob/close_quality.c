/*
 * close_quality.c
 *		How good a close model is on deals it has not seen.
 *
 * The loss of a deal is - log likelihood: what the model said about surviving
 * as long as it did and, if it closed, about closing in what was left of its
 * bucket, and as it did.  It is compared with the same of a model that knows
 * the age and nothing else.
 *
 * Source: Harrell, Lee & Mark, Statistics in Medicine 15, 1996 (concordance).
 */
#include "core/winprob/close_calibration.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/base/radix.h"
#include "core/base/sort.h"
#include "core/winprob/close_hazard.h"
#include "core/winprob/clusters.h"

#define PRIOR_LEAST 1.0			/* closings at the common rate added to each bucket of the age-only model: at least, */
#define PRIOR_MOST 1e6			/* and at the most */
#define LEAST_CHANCE 1e-15
#define POLL_ROWS 1024

/* ---- concordance ---- */

typedef struct Ranks
{
	int64_t		n;
	int64_t    *tree;			/* [n + 1] Fenwick tree over ranks of risk */
	int64_t		inside;
} Ranks;

static void
ranks_add(Ranks *ranks, int64_t rank, int64_t change)
{
	for (int64_t i = rank + 1; i <= ranks->n; i += i & -i)
		ranks->tree[i] += change;
	ranks->inside += change;
}

/* How many have a rank below this one. */
static int64_t
ranks_below(const Ranks *ranks, int64_t rank)
{
	int64_t		sum = 0;

	for (int64_t i = rank; i > 0; i -= i & -i)
		sum += ranks->tree[i];
	return sum;
}

/* Ranks of risk from 0 on; equal risks share one. */
static void
rank_risks(const double *risk, const int64_t *order, int64_t n, int64_t *rank)
{
	int64_t		at = -1;

	for (int64_t i = 0; i < n; i++)
	{
		if (i == 0 || risk[order[i]] != risk[order[i - 1]])
			at++;
		rank[order[i]] = at;
	}
}

typedef struct Concordance
{
	const double *entry;
	const double *exit;
	const uint8_t *closed;
	int64_t    *by_exit;		/* [n] ascending */
	int64_t    *by_entry;		/* [n] ascending */
	int64_t    *rank;			/* [n] */
	Ranks		ranks;
} Concordance;

/*
 * From the latest exit down: inside are the deals that were seen open at the
 * time of a closing, or censored then, and entered before.
 */
static SfStatus
count_pairs(SfCtx *ctx, Concordance *c, int64_t n, double *agree, double *pairs)
{
	int64_t		left = n;		/* by_entry[left ..] are taken out */

	for (int64_t i = n - 1; i >= 0;)
	{
		double		time = c->exit[c->by_exit[i]];
		int64_t		first = i;

		while (first > 0 && c->exit[c->by_exit[first - 1]] == time)
			first--;
		for (int64_t j = first; j <= i; j++)
			if (!c->closed[c->by_exit[j]])
				ranks_add(&c->ranks, c->rank[c->by_exit[j]], 1);
		/* entered at this time or later: not yet seen. They are inside, unless closing right now. */
		for (; left > 0 && c->entry[c->by_entry[left - 1]] >= time; left--)
		{
			int64_t		deal = c->by_entry[left - 1];

			if (c->exit[deal] > time || !c->closed[deal])
				ranks_add(&c->ranks, c->rank[deal], -1);
		}
		for (int64_t j = first; j <= i; j++)
			if (c->closed[c->by_exit[j]])
			{
				int64_t		rank = c->rank[c->by_exit[j]];
				int64_t		below = ranks_below(&c->ranks, rank);
				int64_t		tied = ranks_below(&c->ranks, rank + 1) - below;

				*agree += (double) below + 0.5 * (double) tied;
				*pairs += (double) c->ranks.inside;
			}
		for (int64_t j = first; j <= i; j++)
			if (c->closed[c->by_exit[j]] && c->entry[c->by_exit[j]] < time)
				ranks_add(&c->ranks, c->rank[c->by_exit[j]], 1);
		if (i / POLL_ROWS != (first - 1) / POLL_ROWS && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		i = first - 1;
	}
	return SF_OK;
}

SfStatus
sf_close_concordance(SfArena *arena, const double *entry, const double *exit, const uint8_t *closed,
					 const double *risk, int64_t n, double *agree, double *pairs)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	Concordance c = {.entry = entry, .exit = exit, .closed = closed, .ranks = {.n = n}};
	double		sum = 0;
	double		count = 0;
	SfStatus	status;

	c.by_exit = sf_arena_take(arena, (size_t) n, sizeof(int64_t));
	c.by_entry = sf_arena_take(arena, (size_t) n, sizeof(int64_t));
	c.rank = sf_arena_take(arena, (size_t) n, sizeof(int64_t));
	c.ranks.tree = sf_arena_take(arena, (size_t) n + 1, sizeof(int64_t));
	if (c.by_exit == NULL || c.by_entry == NULL || c.rank == NULL || c.ranks.tree == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(c.ranks.tree, 0, ((size_t) n + 1) * sizeof(int64_t));
	sf_sort_order(risk, n, c.by_exit);
	rank_risks(risk, c.by_exit, n, c.rank);
	sf_sort_order(exit, n, c.by_exit);
	sf_sort_order(entry, n, c.by_entry);
	status = count_pairs(arena->ctx, &c, n, &sum, &count);
	sf_arena_rewind(arena, scratch);
	if (status == SF_OK)
	{
		*agree += sum;
		*pairs += count;
	}
	return status;
}

/* ---- loss ---- */

double
sf_close_loss(const double *start, int32_t buckets, const double *hazard, double entry, double days, bool closed)
{
	int32_t		last = sf_bucket_of(start, buckets, days);
	bool		grouped = closed && last < buckets - 1;
	double		end = grouped ? sf_close_event_from(start, last, entry) : days;
	double		loss = 0;

	for (int32_t k = sf_bucket_of(start, buckets, fmin(entry, end)); k <= last; k++)
	{
		double		days_in = fmin(end, start[k + 1]) - fmax(entry, start[k]);

		if (days_in > 0)
			loss += hazard[k] * days_in;
	}
	if (!closed)
		return loss;
	if (grouped)
		return loss - sf_log(fmax(-sf_expm1(-hazard[last] * (start[last + 1] - end)), LEAST_CHANCE));
	return loss - sf_log(fmax(hazard[last], LEAST_CHANCE));
}

/* The same with how it closed, where there are two ways. */
static double
loss_of(const double *start, int32_t buckets, const double *hazard, const double *won,
		double entry, double days, uint8_t outcome, bool churn)
{
	bool		closed = outcome != SF_CLOSE_OPEN;
	double		loss = sf_close_loss(start, buckets, hazard, entry, days, closed);
	int32_t		last = sf_bucket_of(start, buckets, days);

	if (closed && !churn)
		loss -= sf_log(fmax(outcome == SF_CLOSE_WON ? won[last] : 1 - won[last], LEAST_CHANCE));
	return loss;
}

/*
 * Closings at the common rate that are worth as much as a bucket's own: few where buckets differ, very many where they
 * differ no more than by chance. Without that, a model would show skill for smoothing over ages alone.
 *
 * Source: Kleinman, Journal of the American Statistical Association 68, 1973 (moments of the beta-binomial).
 */
static double
cause_prior(const SfCloseModel *model, double rate)
{
	double		n = (double) model->closed;
	double		spread = 0;
	double		squares = 0;
	int32_t		used = 0;
	double		between;

	for (int32_t k = 0; k < model->buckets; k++)
		if (model->bucket[k].closed > 0)
		{
			double		own = (double) model->bucket[k].closed;
			double		off = (double) model->bucket[k].won / own - rate;

			spread += own * off * off / (rate * (1 - rate));
			squares += own * own;
			used++;
		}
	between = used > 1 ? (spread - (used - 1)) / (n - squares / n) : 0;
	return between > 1 / PRIOR_MOST ? fmin(fmax(1 / between - 1, PRIOR_LEAST), PRIOR_MOST) : PRIOR_MOST;
}

/* Hazards and causes by bucket of a model that knows the age only. */
static SfStatus
age_only(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, const SfCloseModel *model,
		 double *hazard, double *won)
{
	SfCloseSpec plain = *spec;
	SfClosePart bare = *part;
	SfCloseModel fit = *model;
	double		rate = ((double) model->won + 0.5) / ((double) model->closed + 1);
	double		prior = cause_prior(model, rate);
	SfStatus	status;

	/* the fit writes its hazards into the buckets: into a copy of them */
	fit.bucket = sf_arena_take(arena, (size_t) model->buckets, sizeof(SfCloseBucket));
	if (fit.bucket == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memcpy(fit.bucket, model->bucket, (size_t) model->buckets * sizeof(SfCloseBucket));
	plain.errors = false;
	bare.codes.features = 0;
	fit.bins.features = 0;
	status = sf_close_fit_additive(arena, &bare, &plain, NULL, &fit);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < model->buckets; k++)
	{
		hazard[k] = sf_exp(fit.bucket[k].log_hazard);
		won[k] = ((double) model->bucket[k].won + prior * rate) / ((double) model->bucket[k].closed + prior);
	}
	return SF_OK;
}

/* Held-out deals of all folds, one after the other. */
typedef struct Held
{
	int64_t		n;
	int64_t		closed;
	double	   *loss;
	double	   *base_loss;
	double	   *chance;			/* of a win, of the closed ones */
	uint8_t    *was_won;
	SfCloseSeen seen;
} Held;

/* What was said of deal i at its entry, with the features and without, and what became of it. */
static void
note_deal(Held *held, SfClosePredictor *p, const double *start, const double *hazard, const double *won,
		  const SfClosePart *part, int64_t i)
{
	SfCloseSeen *seen = &held->seen;
	int64_t		at = held->n;

	seen->days[at] = part->days[i] - part->entry[i];
	seen->outcome[at] = part->outcome[i];
	seen->group[at] = part->group == NULL ? 0 : part->group[i];
	for (int32_t h = 0; h < SF_CLOSE_HORIZONS; h++)
	{
		seen->said[h][at] = sf_close_within(p, part->entry[i], seen->within[h]).won;
		seen->plain[h][at] = sf_close_plain(start, seen->buckets, hazard, won, part->entry[i], seen->within[h]);
	}
}

/* Losses, risks and causes of one fold's held-out deals. */
static SfStatus
test_deals(SfArena *arena, const SfCloseModel *model, const SfClosePart *part, const double *hazard, const double *won,
		   Held *held, double *risk, uint8_t *closed)
{
	SfClosePredictor *p;
	const double *own_hazard;
	const double *own_won;
	double	   *start;
	int32_t		buckets = model->buckets;
	SfStatus	status = sf_close_predictor(arena, model, &p);

	if (status == SF_OK)
		status = sf_close_starts(arena, model, &start);
	if (status != SF_OK)
		return status;
	sf_close_hazards(p, &own_hazard, &own_won);
	held->seen.buckets = buckets;
	for (int64_t i = 0; i < part->rows && status == SF_OK; i++)
	{
		double		entry = part->entry[i];
		double		days = part->days[i];
		uint8_t		outcome = part->outcome[i];

		sf_close_take_codes(p, part->codes.code + i * part->codes.features);
		/* the sooner it is expected to close, the higher the risk: one number where hazards may cross */
		risk[i] = -sf_close_expected(p, 0).mean;
		closed[i] = outcome != SF_CLOSE_OPEN;
		held->loss[held->n] = loss_of(start, buckets, own_hazard, own_won, entry, days, outcome, model->churn);
		held->base_loss[held->n] = loss_of(start, buckets, hazard, won, entry, days, outcome, model->churn);
		note_deal(held, p, start, hazard, won, part, i);
		if (closed[i])
		{
			held->chance[held->closed] = own_won[sf_bucket_of(start, buckets, days)];
			held->was_won[held->closed++] = outcome == SF_CLOSE_WON;
		}
		held->n++;
		if (i % 64 == 0)
			status = sf_poll(arena->ctx);
	}
	return status;
}

/* One fold: train, predict, count pairs. Everything taken is given back. */
static SfStatus
judge_fold(SfArena *arena, const SfCloseSet *set, const SfSplit *split, const SfCloseSpec *spec, Held *held,
		   double *agree, double *pairs)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	SfCloseModel model = {0};
	SfClosePart train;
	SfClosePart test;
	double	   *hazard = sf_arena_take(arena, 2 * SF_CLOSE_BUCKETS_MAX, sizeof(double));
	double	   *risk = sf_arena_take(arena, (size_t) split->test.n, sizeof(double));
	uint8_t    *closed = sf_arena_take(arena, (size_t) split->test.n, sizeof(uint8_t));
	SfStatus	status;

	if (hazard == NULL || risk == NULL || closed == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_close_train(arena, set, split->train, spec, &model);
	if (status == SF_OK)
		status = sf_close_part(arena, set, split->train, &model.bins, &train);
	if (status == SF_OK)
		status = sf_close_part(arena, set, split->test, &model.bins, &test);
	if (status == SF_OK)
		status = age_only(arena, &train, spec, &model, hazard, hazard + SF_CLOSE_BUCKETS_MAX);
	if (status == SF_OK)
		status = test_deals(arena, &model, &test, hazard, hazard + SF_CLOSE_BUCKETS_MAX, held, risk, closed);
	if (status == SF_OK)
		status = sf_close_concordance(arena, test.entry, test.days, closed, risk, test.rows, agree, pairs);
	sf_arena_rewind(arena, scratch);
	return status;
}

/* Means of the held-out losses and the interval of their difference; rows of one deal rise and fall together. */
static SfStatus
compare_losses(SfArena *arena, const Held *held, bool grouped, SfCloseQuality *q)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double	   *gained = sf_arena_take(arena, (size_t) held->n, sizeof(double));
	uint64_t   *group = sf_arena_take(arena, (size_t) held->n, sizeof(uint64_t));
	double		n = (double) held->n;
	double		gain;
	double		error;
	SfClusters	deals;
	SfStatus	status;

	if (gained == NULL || group == NULL)
		return sf_no_memory(arena->ctx);
	q->rows = held->n;
	q->closed = held->closed;
	q->loss = q->base_loss = 0;
	for (int64_t i = 0; i < held->n; i++)
	{
		q->loss += held->loss[i] / n;
		q->base_loss += held->base_loss[i] / n;
		gained[i] = held->base_loss[i] - held->loss[i];
		group[i] = held->seen.group[i] != 0 ? held->seen.group[i] : sf_mix64(~(uint64_t) i);
	}
	status = sf_clusters_make(arena, grouped ? group : NULL, held->n, &deals);
	if (status == SF_OK)
		status = sf_cluster_mean(arena, &deals, gained, held->n, &gain, &error);
	if (status == SF_OK)
	{
		error *= sf_cluster_width(&deals);
		q->skill = -sf_expm1(-gain);
		q->skill_low = -sf_expm1(-(gain - error));
		q->skill_high = -sf_expm1(-(gain + error));
	}
	sf_arena_rewind(arena, scratch);
	return status;
}

static SfStatus
take_held(SfArena *arena, int64_t n, Held *held)
{
	*held = (Held) {0};
	held->loss = sf_arena_take(arena, (size_t) n, sizeof(double));
	held->base_loss = sf_arena_take(arena, (size_t) n, sizeof(double));
	held->chance = sf_arena_take(arena, (size_t) n, sizeof(double));
	held->was_won = sf_arena_take(arena, (size_t) n, sizeof(uint8_t));
	if (held->loss == NULL || held->base_loss == NULL || held->chance == NULL || held->was_won == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return sf_close_seen_take(arena, n, &held->seen);
}

SfStatus
sf_close_folds(SfArena *arena, const SfCloseSet *set, int32_t folds, uint64_t seed, int64_t rows_max, SfSplit *split)
{
	SfRows		rows = sf_all_rows(&set->frame);

	if (rows.n > rows_max)
	{
		uint32_t   *first = sf_arena_take(arena, (size_t) rows_max, sizeof(uint32_t));

		if (first == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		for (int64_t i = 0; i < rows_max; i++)
			first[i] = (uint32_t) i;
		rows = (SfRows) {first, rows_max};
	}
	if (rows.n < folds)
		return sf_fail(arena->ctx, SF_BAD_DATA, "there are fewer deals than folds");
	return sf_folds_make(arena, &set->frame, rows, set->frame.group == NULL ? SF_FOLDS_SHUFFLED : SF_FOLDS_GROUPED,
						 folds, seed, split);
}

/* Mean and standard error of the folds' concordance, weighted by their pairs. */
static void
join_folds(const double *agree, const double *pairs, int32_t folds, SfCloseQuality *q)
{
	double		sum = 0;
	double		all = 0;
	double		squares = 0;

	for (int32_t k = 0; k < folds; k++)
	{
		sum += agree[k];
		all += pairs[k];
	}
	q->c_index = all > 0 ? sum / all : NAN;
	for (int32_t k = 0; k < folds && all > 0; k++)
		if (pairs[k] > 0)
		{
			double		d = agree[k] / pairs[k] - q->c_index;

			squares += d * d * pairs[k] / all;
		}
	q->c_error = all > 0 && folds > 1 ? sqrt(squares / (folds - 1)) : NAN;
}

SfStatus
sf_close_judge(SfArena *arena, const SfCloseSet *set, const SfCloseSpec *spec, int32_t folds, int64_t rows_max,
			   SfWinProgress progress, SfCloseQuality *quality)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	SfSplit    *split = sf_arena_take(arena, (size_t) folds, sizeof(SfSplit));
	double	   *pairs = sf_arena_take(arena, 2 * (size_t) folds, sizeof(double));
	SfCloseQuality q = {.c_index = NAN, .c_error = NAN, .cause_auc = NAN};
	Held		held;
	SfAuc		auc;
	SfStatus	status = take_held(arena, set->frame.rows < rows_max ? set->frame.rows : rows_max, &held);

	if (status == SF_OK && (split == NULL || pairs == NULL))
		status = sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (status == SF_OK)
		status = sf_close_folds(arena, set, folds, spec->seed, rows_max, split);
	if (status == SF_OK)
		status = sf_close_seen_horizons(arena, set, &held.seen);
	for (int32_t k = 0; k < folds && status == SF_OK; k++)
	{
		pairs[k] = pairs[folds + k] = 0;
		status = judge_fold(arena, set, &split[k], spec, &held, &pairs[folds + k], &pairs[k]);
		if (progress.report != NULL)
			progress.report(progress.arg, folds + k + 1, 2 * folds);
	}
	/* too few deals, groups or closings to hold some out: not measured */
	if (status == SF_BAD_DATA)
	{
		sf_arena_rewind(arena, scratch);
		*quality = q;
		return SF_OK;
	}
	if (status == SF_OK && held.n > 0)
	{
		status = compare_losses(arena, &held, set->frame.group != NULL, &q);
		join_folds(pairs + folds, pairs, folds, &q);
		if (status == SF_OK && !spec->churn && held.closed > 0)
			status = sf_auc(arena, held.chance, held.was_won, held.closed, 0.95, &auc);
		if (status == SF_OK && !spec->churn && held.closed > 0)
			q.cause_auc = auc.auc;
		if (status == SF_OK)
			status = sf_close_calibration(arena, &held.seen, held.n, q.horizon);
	}
	sf_arena_rewind(arena, scratch);
	if (status == SF_OK)
		*quality = q;
	return status;
}
