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

static SfStatus
find_errors(Work *w, SfErrorCov *cov)
{
	const SfReconcileData *d = w->data;

	if (w->plan->method == SF_RECONCILE_WLS_STRUCT)
		return sf_errorcov_struct(w->arena, w->h, cov);
	if (d->residuals == NULL || d->periods < 1)
		return sf_fail(w->arena->ctx, SF_BAD_ARGUMENT, "this method needs residuals");
	return sf_errorcov_fit(w->arena, w->h, w->used, d->residuals, d->periods,
						   w->plan->method == SF_RECONCILE_MINT_SHRINK, cov);
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

/* Aggregates are reconciled without what they hold beyond their bottom series. */
static SfStatus
remove_gaps(Work *w, int32_t *gaps)
{
	const SfHierarchy *h = w->h;
	int32_t		window = w->data->steps > GAP_PERIODS_MIN ? w->data->steps : GAP_PERIODS_MIN;
	int32_t		first = w->data->history_periods > window ? w->data->history_periods - window : 0;

	for (int32_t a = 0; a < h->aggregates && w->data->history != NULL; a++)
	{
		double	   *base = w->base + (int64_t) h->aggregate[a] * w->data->steps;
		double		gap = 0.0;
		int32_t		count = 0;

		for (int32_t t = first; t < w->data->history_periods; t++)
		{
			double		g = gap_at(w, a, t);
			SfStatus	status = worked(w, 1 + h->start[a + 1] - h->start[a]);

			if (status != SF_OK)
				return status;
			gap += isnan(g) ? 0.0 : g;
			count += !isnan(g);
		}
		for (int32_t s = 0; s < w->data->steps && count > 0; s++)
			base[s] -= gap / count;
		*gaps += count > 0 && fabs(gap / count) > GAP_TOLD * fabs(base[0]);
	}
	return SF_OK;
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
		status = sf_errorcov_fit(w->arena, w->h, w->used, d->residuals, d->periods, false, &cov);
	if (status == SF_OK)
		status = sf_project(w->arena, w->h, w->used, &cov, w->base, d->steps, true, w->bottom, projected);
	return status;
}

static SfStatus
project(Work *w, SfReconciled *report)
{
	SfErrorCov	cov;
	SfProjected projected;
	int32_t		gaps = 0;
	bool		twice;
	SfStatus	status = find_errors(w, &cov);

	if (status == SF_OK)
		status = remove_gaps(w, &gaps);
	if (status != SF_OK)
		return status;
	twice = w->plan->nonnegative && cov.factors > 0;
	status = sf_project(w->arena, w->h, w->used, &cov, w->base, w->data->steps,
						w->plan->nonnegative && !twice, w->bottom, &projected);
	if (status == SF_OK && twice)
		status = project_again(w, &projected);
	if (status != SF_OK)
		return status;
	*report = (SfReconciled) {
		.lambda = cov.lambda, .converged = projected.converged, .exchanges = projected.exchanges,
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
	SfReconciled made = {.lambda = 1.0, .converged = true};
	double		largest;
	SfStatus	status;

	if (plan->rounded && (plan->decimals < SF_DECIMALS_MIN || plan->decimals > SF_DECIMALS_MAX))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "decimals must be between -9 and 9", plan->decimals);
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
