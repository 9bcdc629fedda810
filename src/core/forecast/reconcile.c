/*
 * reconcile.c
 *		Forecasts of many series that add up: the door.
 */
#include "core/forecast/reconcile.h"

#include <math.h>
#include <string.h>

#include "core/base/sum.h"
#include "core/forecast/apportion.h"
#include "core/forecast/errorcov.h"
#include "core/forecast/project.h"
#include "core/forecast/topdown.h"

/* Numbers looked at between two polls. */
#define POLL_EVERY 65536

/* The gap is averaged over the last periods, as many as steps are forecast, but at least this many. */
#define GAP_PERIODS_MIN 4

/* Beyond these, what is missing is nearly all there is, or signs differ: no share to go by. */
#define SHARE_MIN 0.01
#define SHARE_MAX 100.0

/* A share this near 1 is 1: data that add up are left alone. */
#define SHARE_ROUNDING 1e-12

/* Aggregates that are this near to their sums, by size, are not worth a larger lambda. */
#define REACH_ROUNDING 1e-12

/* What part of the way from its estimate to 1 lambda goes.  Above 0.9 hardly anything is left to use. */
static const double raised[] = {0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0};

/* Gaps beyond this share of a forecast are counted. */
#define GAP_TOLD 1e-3

typedef struct Work
{
	SfArena    *arena;
	const SfHierarchy *h;
	const SfReconcileData *data;
	const SfReconcilePlan *plan;
	bool	   *used;			/* [nodes] has forecasts */
	double	   *base;			/* [nodes][steps] at most 1 in size */
	double	   *share;			/* [nodes] what residuals are multiplied by */
	double	   *bottom;			/* [bottoms][steps] the result in that scale */
	int			exponent;		/* base * 2^exponent is what was given */
	int64_t		done;
} Work;

static SfStatus
fail_at(Work *w, const char *what, int32_t node)
{
	sf_fail(w->arena->ctx, SF_BAD_DATA, what);
	w->arena->ctx->where = node;
	return SF_BAD_DATA;
}

static SfStatus
worked(Work *w, int64_t numbers)
{
	w->done += numbers;
	if (w->done < POLL_EVERY)
		return SF_OK;
	w->done = 0;
	if (sf_cancelled(w->arena->ctx))
		return sf_fail(w->arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	return SF_OK;
}

/* Which nodes have forecasts, and whether those that must have them do. */
static SfStatus
check_base(Work *w, double *largest)
{
	int32_t		steps = w->data->steps;
	bool		history = w->plan->method == SF_RECONCILE_TOP_DOWN_HISTORY;

	*largest = 0.0;
	for (int32_t i = 0; i < w->h->nodes; i++)
	{
		const double *base = w->data->base + (int64_t) i * steps;
		int32_t		found = 0;
		SfStatus	status = worked(w, steps);

		if (status != SF_OK)
			return status;
		for (int32_t s = 0; s < steps; s++)
		{
			if (isinf(base[s]))
				return fail_at(w, "a forecast is not finite", i);
			found += !isnan(base[s]);
			*largest = fmax(*largest, fabs(base[s]));
		}
		w->used[i] = found > 0;
		if (found > 0 && found < steps)
			return fail_at(w, "a series has no forecast for some of the steps", i);
		if (found == 0 && !history && w->h->place[i] >= 0)
			return fail_at(w, "a bottom series has no forecasts", i);
	}
	for (int32_t b = 0; b < w->h->bottoms && history; b++)
	{
		int32_t		root = w->h->bottom[b];
		int64_t		way = 1;
		SfStatus	status;

		for (; w->h->parent[root] >= 0; way++)
			root = w->h->parent[root];
		if (!w->used[root])
			return fail_at(w, "the total has no forecasts to share out", root);
		status = worked(w, way);
		if (status != SF_OK)
			return status;
	}
	return SF_OK;
}

static SfStatus
check_history(Work *w)
{
	const SfReconcileData *d = w->data;

	if (d->history == NULL || d->history_periods < 1)
		return w->plan->method != SF_RECONCILE_TOP_DOWN_HISTORY ? SF_OK :
			sf_fail(w->arena->ctx, SF_BAD_ARGUMENT, "this method needs the history of the bottom series");
	for (int32_t i = 0; i < w->h->nodes; i++)
	{
		SfStatus	status = worked(w, d->history_periods);

		if (status != SF_OK)
			return status;
		for (int32_t t = 0; t < d->history_periods; t++)
			if (isinf(d->history[(int64_t) i * d->history_periods + t]))
				return fail_at(w, "a value of the history is not finite", i);
	}
	return SF_OK;
}

static SfStatus
scale_base(Work *w, double largest)
{
	int64_t		count = (int64_t) w->h->nodes * w->data->steps;

	(void) frexp(largest, &w->exponent);
	w->base = sf_arena_take(w->arena, (size_t) count + 1, sizeof(double));
	w->bottom = sf_arena_take(w->arena, (size_t) w->h->bottoms * (size_t) w->data->steps + 1, sizeof(double));
	if (w->base == NULL || w->bottom == NULL)
		return sf_fail(w->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < count; i++)
	{
		SfStatus	status = worked(w, 1);

		if (status != SF_OK)
			return status;
		w->base[i] = ldexp(w->data->base[i], -w->exponent);
	}
	return SF_OK;
}

/* Errors of each node as large as its share has it. */
static SfStatus
scale_errors(Work *w, SfErrorCov *cov)
{
	for (int32_t i = 0; i < w->h->nodes; i++)
	{
		SfStatus	status = worked(w, 1 + cov->factors);

		if (status != SF_OK)
			return status;
		if (w->share[i] == 1.0)
			continue;
		cov->own[i] *= w->share[i] * w->share[i];
		for (int32_t t = 0; t < cov->factors; t++)
			cov->factor[(int64_t) i * cov->factors + t] *= w->share[i];
	}
	return SF_OK;
}

static SfStatus
find_errors(Work *w, bool correlate, SfErrorCov *cov)
{
	const SfReconcileData *d = w->data;
	SfStatus	status;

	if (w->plan->method == SF_RECONCILE_WLS_STRUCT)
		return sf_errorcov_struct(w->arena, w->h, cov);
	if (d->residuals == NULL || d->periods < 1)
		return sf_fail(w->arena->ctx, SF_BAD_ARGUMENT, "this method needs residuals");
	status = sf_errorcov_fit(w->arena, w->h, w->used, d->residuals, d->periods, correlate, cov);
	if (status == SF_OK)
		status = scale_errors(w, cov);
	return status;
}

/* What an aggregate held beyond its bottom series in one period, scaled like base; NaN when not observed. */
static double
gap_at(const Work *w, int32_t a, int32_t t)
{
	const SfHierarchy *h = w->h;
	const double *at = w->data->history + t;
	int64_t		periods = w->data->history_periods;
	SfSum		sum = {ldexp(at[h->aggregate[a] * periods], -w->exponent), 0.0};

	for (int64_t i = h->start[a]; i < h->start[a + 1] && !isnan(sum.hi); i++)
	{
		double		part = at[h->bottom[h->member[i]] * periods];

		if (!isnan(part))
			sf_sum_add(&sum, -ldexp(part, -w->exponent));
	}
	return sf_sum_value(sum);
}

/* What aggregate a held in the window, and the mean gap to its bottom series. */
static SfStatus
sum_window(Work *w, int32_t a, double *held, double *gap, int32_t *count)
{
	const SfHierarchy *h = w->h;
	int32_t		window = w->data->steps > GAP_PERIODS_MIN ? w->data->steps : GAP_PERIODS_MIN;
	int32_t		periods = w->data->history_periods;

	*held = *gap = 0.0;
	*count = 0;
	for (int32_t t = periods > window ? periods - window : 0; t < periods; t++)
	{
		double		g = gap_at(w, a, t);
		SfStatus	status = worked(w, 1 + h->start[a + 1] - h->start[a]);

		if (status != SF_OK)
			return status;
		if (isnan(g))
			continue;
		*held += ldexp(w->data->history[(int64_t) h->aggregate[a] * periods + t], -w->exponent);
		*gap += g;
		(*count)++;
	}
	return SF_OK;
}

/* Aggregates are reconciled without what they hold beyond their bottom series. */
static SfStatus
remove_gaps(Work *w, int32_t *gaps)
{
	const SfHierarchy *h = w->h;

	w->share = sf_arena_take(w->arena, (size_t) h->nodes, sizeof(double));
	if (w->share == NULL)
		return sf_fail(w->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < h->nodes; i++)
		w->share[i] = 1.0;
	for (int32_t a = 0; a < h->aggregates && w->data->history != NULL; a++)
	{
		int32_t		node = h->aggregate[a];
		double	   *base = w->base + (int64_t) node * w->data->steps;
		double		held;
		double		gap;
		double		share;
		int32_t		count;
		SfStatus	status = sum_window(w, a, &held, &gap, &count);

		if (status == SF_OK)
			status = worked(w, w->data->steps);
		if (status != SF_OK)
			return status;
		if (count == 0)
			continue;
		share = 1.0 - gap / held;
		*gaps += fabs(gap / count) > GAP_TOLD * fabs(base[0]);
		if (fabs(share - 1.0) <= SHARE_ROUNDING)
			continue;
		if (share >= SHARE_MIN && share <= SHARE_MAX)
		{
			for (int32_t s = 0; s < w->data->steps; s++)
				base[s] *= share;
			w->share[node] = share;
		}
		else
			for (int32_t s = 0; s < w->data->steps; s++)
				base[s] -= gap / count;
	}
	return SF_OK;
}

/*
 * Whether at some level the sums of w->bottom are farther from those of the
 * forecasts given than reach allows.
 */
static SfStatus
moved_too_far(Work *w, bool *too_far)
{
	const SfHierarchy *h = w->h;
	int32_t		steps = w->data->steps;
	SfArenaMark mark = sf_arena_mark(w->arena);
	int32_t		levels = 1;
	double	   *way;
	double	   *room;
	double	   *size;

	for (int32_t a = 0; a < h->aggregates; a++)
		if (h->level[h->aggregate[a]] >= levels)
			levels = h->level[h->aggregate[a]] + 1;
	way = sf_arena_take(w->arena, 3 * (size_t) levels, sizeof(double));
	if (way == NULL)
		return sf_fail(w->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(way, 0, 3 * (size_t) levels * sizeof(double));
	room = way + levels;
	size = room + levels;
	for (int32_t a = 0; a < h->aggregates; a++)
	{
		int32_t		level = h->level[h->aggregate[a]];

		for (int32_t s = 0; s < steps && w->used[h->aggregate[a]]; s++)
		{
			SfSum		given = {0};
			SfSum		moved = {0};
			SfStatus	status = worked(w, 4 * (h->start[a + 1] - h->start[a]));

			if (status != SF_OK)
				return status;
			for (int64_t i = h->start[a]; i < h->start[a + 1]; i++)
			{
				double		y = w->base[(int64_t) h->bottom[h->member[i]] * steps + s];

				sf_sum_add(&given, y);
				sf_sum_add(&moved, w->bottom[(int64_t) h->member[i] * steps + s] - y);
				size[level] += fabs(y);
			}
			way[level] += fabs(sf_sum_value(moved));
			room[level] += fabs(w->base[(int64_t) h->aggregate[a] * steps + s] - sf_sum_value(given));
		}
	}
	*too_far = false;
	for (int32_t l = 0; l < levels; l++)
		*too_far = *too_far || way[l] > w->plan->reach * room[l] + REACH_ROUNDING * size[l];
	sf_arena_rewind(w->arena, mark);
	return SF_OK;
}

/* The projection; of MinT again with a larger lambda while it moves aggregates too far. */
static SfStatus
project_within_reach(Work *w, SfErrorCov *cov, bool nonnegative, SfProjected *projected)
{
	double		estimated = cov->lambda;
	bool		too_far = true;

	for (size_t turn = 0;; turn++)
	{
		SfStatus	status = sf_project(w->arena, w->h, w->used, cov, w->base, w->data->steps,
										nonnegative, w->bottom, projected);

		if (status == SF_OK && cov->factors > 0 && w->plan->reach > 0.0)
			status = moved_too_far(w, &too_far);
		else
			too_far = false;
		if (status != SF_OK || !too_far)
			return status;
		/* the last time exactly 1, so that no factor is left */
		status = sf_errorcov_shrink(w->arena, w->h, turn + 1 < sizeof raised / sizeof raised[0] ?
									estimated + (1.0 - estimated) * raised[turn] : 1.0, cov);
		if (status != SF_OK)
			return status;
	}
}

/*
 * What MinT gives, made non-negative: the nearest such forecasts by variances
 * alone.  In one step, with the covariance, each small series that is held at 0
 * would speak about the errors of all the others, and loudly: the variance it
 * has for itself is small.
 */
static SfStatus
project_again(Work *w, SfProjected *projected)
{
	const SfReconcileData *d = w->data;
	SfErrorCov	cov;
	SfStatus	status;

	for (int32_t b = 0; b < w->h->bottoms; b++)
		memcpy(w->base + (int64_t) w->h->bottom[b] * d->steps, w->bottom + (int64_t) b * d->steps,
			   (size_t) d->steps * sizeof(double));
	status = sf_hierarchy_sum(w->arena, w->h, w->base, d->steps);
	if (status == SF_OK)
		status = find_errors(w, false, &cov);
	if (status == SF_OK)
		status = sf_project(w->arena, w->h, w->used, &cov, w->base, d->steps, true, w->bottom, projected);
	return status;
}

static SfStatus
project(Work *w, SfReconciled *report)
{
	SfErrorCov	cov;
	SfProjected projected;
	double		estimated;
	int32_t		gaps = 0;
	bool		twice;
	SfStatus	status = remove_gaps(w, &gaps);

	if (status == SF_OK)
		status = find_errors(w, w->plan->method == SF_RECONCILE_MINT_SHRINK, &cov);
	if (status != SF_OK)
		return status;
	estimated = cov.lambda;
	twice = w->plan->nonnegative && cov.factors > 0;
	status = project_within_reach(w, &cov, w->plan->nonnegative && !twice, &projected);
	if (status == SF_OK && twice)
		status = project_again(w, &projected);
	if (status != SF_OK)
		return status;
	*report = (SfReconciled) {
		.lambda = cov.lambda, .estimated = estimated, .converged = projected.converged, .exchanges = projected.exchanges,
		.raised = cov.raised, .guessed = cov.guessed, .gaps = gaps
	};
	return SF_OK;
}

static SfStatus
apply_method(Work *w, SfReconciled *report)
{
	const SfReconcileData *d = w->data;

	switch (w->plan->method)
	{
		case SF_RECONCILE_BOTTOM_UP:
			for (int32_t b = 0; b < w->h->bottoms; b++)
				memcpy(w->bottom + (int64_t) b * d->steps, w->base + (int64_t) w->h->bottom[b] * d->steps,
					   (size_t) d->steps * sizeof(double));
			return SF_OK;
		case SF_RECONCILE_TOP_DOWN:
			return sf_top_down_forecasts(w->arena, w->h, w->used, w->base, d->steps, w->bottom);
		case SF_RECONCILE_TOP_DOWN_HISTORY:
			return sf_top_down_history(w->arena, w->h, d->history, d->history_periods, w->base, d->steps, w->bottom);
		case SF_RECONCILE_WLS_STRUCT:
		case SF_RECONCILE_WLS_VAR:
		case SF_RECONCILE_MINT_SHRINK:
			return project(w, report);
	}
	return sf_fail(w->arena->ctx, SF_BAD_ARGUMENT, "there is no such method");
}

/* Back to the scale given, added up, and still numbers. */
static SfStatus
write_result(Work *w, double *out)
{
	const SfHierarchy *h = w->h;
	int32_t		steps = w->data->steps;
	SfStatus	status = SF_OK;

	for (int32_t b = 0; b < h->bottoms && status == SF_OK; b++)
	{
		for (int32_t s = 0; s < steps; s++)
		{
			double		y = ldexp(w->bottom[(int64_t) b * steps + s], w->exponent);

			out[(int64_t) h->bottom[b] * steps + s] = w->plan->nonnegative && !(y > 0.0) ? 0.0 : y;
		}
		status = worked(w, steps);
	}
	if (status == SF_OK)
		status = sf_hierarchy_sum(w->arena, h, out, steps);
	for (int64_t i = 0; i < (int64_t) h->nodes * steps && status == SF_OK; i++)
	{
		if (!isfinite(out[i]))
			return sf_fail(w->arena->ctx, SF_OVERFLOW, "reconciled forecasts are too large");
		status = worked(w, 1);
	}
	if (status == SF_OK && w->plan->rounded)
		status = sf_apportion(w->arena, h, out, steps, w->plan->decimals);
	return status;
}

SfStatus
sf_reconcile(SfArena *arena, const SfHierarchy *h, const SfReconcileData *data,
			 const SfReconcilePlan *plan, double *out, SfReconciled *report)
{
	Work		w = {.arena = arena, .h = h, .data = data, .plan = plan};
	SfReconciled made = {.lambda = 1.0, .estimated = 1.0, .converged = true};
	double		largest;
	SfStatus	status;

	if (plan->rounded && (plan->decimals < SF_DECIMALS_MIN || plan->decimals > SF_DECIMALS_MAX))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "decimals must be between -9 and 9", plan->decimals);
	if (!(plan->reach >= 0.0))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "reach must not be negative", plan->reach);
	w.used = sf_arena_take(arena, (size_t) h->nodes + 1, sizeof(bool));
	if (w.used == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = check_base(&w, &largest);
	if (status == SF_OK)
		status = check_history(&w);
	if (status == SF_OK)
		status = scale_base(&w, largest);
	if (status == SF_OK)
		status = apply_method(&w, &made);
	if (status == SF_OK)
		status = write_result(&w, out);
	if (status == SF_OK)
		*report = made;
	return status;
}
