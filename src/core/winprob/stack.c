/*
 * stack.c
 *		Several models' log-odds put together.
 *
 * Shares minimize sum of log-loss + prior / 2 * (|share - 1 / members|^2 +
 * intercept^2): Newton steps, each a quadratic over shares >= 0 that cyclic
 * descent solves.  The prior is worth about one deal; it makes the shares of
 * members that say the same equal.
 */
#include "core/winprob/stack.h"

#include <math.h>

#include "core/base/logit.h"

#define PRIOR 1.0
#define LEAST_GAIN 0.001			/* a member must lower the loss by this part of it: it costs time with every deal */
#define NEWTON_MAX 50
#define SWEEPS_MAX 2000
#define SIZE (SF_STACK_MAX + 1)	/* unknowns: the intercept, then the shares */
#define POLL_EVERY 8192			/* deals */

typedef struct Problem
{
	SfCtx	   *ctx;
	const double *const *log_odds;
	int32_t		members;
	uint32_t	set;
	double		centre;			/* of the prior of a share */
	const uint8_t *won;
	int64_t		n;
} Problem;

typedef struct Quadratic
{
	double		gradient[SIZE];
	double		hessian[SIZE][SIZE];
} Quadratic;

double
sf_log_odds_loss(double log_odds, bool won)
{
	double		x = won ? -log_odds : log_odds;

	return sf_log1p_exp(x);
}

static inline double
stacked(const Problem *p, const double *x, int64_t i)
{
	double		sum = x[0];

	for (int32_t m = 0; m < p->members; m++)
		sum += x[m + 1] * p->log_odds[m][i];
	return sum;
}

static bool
in_set(const Problem *p, int32_t m)
{
	return (p->set >> m & 1) != 0;
}

static double
penalty(const Problem *p, const double *x)
{
	double		sum = x[0] * x[0];

	for (int32_t m = 0; m < p->members; m++)
		if (in_set(p, m))
			sum += (x[m + 1] - p->centre) * (x[m + 1] - p->centre);
	return PRIOR / 2 * sum;
}

static SfStatus
objective(const Problem *p, const double *x, double *loss, double *value)
{
	double		sum = 0;

	for (int64_t i = 0; i < p->n; i++)
	{
		if (i % POLL_EVERY == 0 && sf_cancelled(p->ctx))
			return sf_fail(p->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sum += sf_log_odds_loss(stacked(p, x, i), p->won[i]);
	}
	*loss = sum;
	*value = sum + penalty(p, x);
	return SF_OK;
}

static void
add_deal(const Problem *p, const double *x, int64_t i, Quadratic *q)
{
	double		rate = sf_logistic(stacked(p, x, i));
	double		weight = rate * (1 - rate);
	double		z[SIZE];

	z[0] = 1;
	for (int32_t m = 0; m < p->members; m++)
		z[m + 1] = p->log_odds[m][i];
	for (int32_t j = 0; j <= p->members; j++)
	{
		q->gradient[j] += (rate - p->won[i]) * z[j];
		for (int32_t k = 0; k <= j; k++)
			q->hessian[j][k] += weight * z[j] * z[k];
	}
}

static SfStatus
quadratic_at(const Problem *p, const double *x, Quadratic *q)
{
	*q = (Quadratic) {0};
	for (int64_t i = 0; i < p->n; i++)
	{
		if (i % POLL_EVERY == 0 && sf_cancelled(p->ctx))
			return sf_fail(p->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		add_deal(p, x, i, q);
	}
	for (int32_t j = 0; j <= p->members; j++)
	{
		q->gradient[j] += PRIOR * (x[j] - (j == 0 ? 0 : p->centre));
		q->hessian[j][j] += PRIOR;
		for (int32_t k = 0; k < j; k++)
			q->hessian[k][j] = q->hessian[j][k];
	}
	return SF_OK;
}

/* step minimizes gradient' step + step' hessian step / 2 with x + step >= 0 for the shares, 0 outside the set. */
static void
descend(const Problem *p, const double *x, const Quadratic *q, double *step)
{
	for (int32_t j = 0; j < SIZE; j++)
		step[j] = 0;
	for (int32_t sweep = 0; sweep < SWEEPS_MAX; sweep++)
	{
		double		moved = 0;

		for (int32_t j = 0; j <= p->members; j++)
		{
			double		slope = q->gradient[j];
			double		to;

			if (j > 0 && !in_set(p, j - 1))
				continue;
			for (int32_t k = 0; k <= p->members; k++)
				slope += q->hessian[j][k] * step[k];
			to = step[j] - slope / q->hessian[j][j];
			if (j > 0 && x[j] + to < 0)
				to = -x[j];
			moved = fmax(moved, fabs(to - step[j]));
			step[j] = to;
		}
		if (moved < 1e-10)
			break;
	}
}

/* Newton steps from x, halved until they do not raise the objective. */
static SfStatus
minimize(const Problem *p, double *x, double *loss)
{
	double		value;
	SfStatus	status = objective(p, x, loss, &value);

	for (int32_t turn = 0; status == SF_OK && turn < NEWTON_MAX; turn++)
	{
		Quadratic	q;
		double		step[SIZE];
		double		next[SIZE] = {0};
		double		next_loss = 0;
		double		next_value = INFINITY;
		double		length = 1;

		status = quadratic_at(p, x, &q);
		if (status != SF_OK)
			break;
		descend(p, x, &q, step);
		for (; status == SF_OK && !(next_value <= value) && length > 1e-4; length /= 2)
		{
			for (int32_t j = 0; j <= p->members; j++)
				next[j] = fmax(x[j] + length * step[j], j == 0 ? -INFINITY : 0);
			status = objective(p, next, &next_loss, &next_value);
		}
		if (status != SF_OK || !(next_value < value - 1e-9 * (1 + fabs(value)) / (double) p->n))
			break;
		for (int32_t j = 0; j <= p->members; j++)
			x[j] = next[j];
		value = next_value;
		*loss = next_loss;
	}
	return status;
}

SfStatus
sf_stack_fit_set(SfArena *arena, const double *const *log_odds, int32_t members, uint32_t set,
				 const uint8_t *won, int64_t n, SfStack *stack)
{
	Problem		p = {arena->ctx, log_odds, members, set, 0, won, n};
	double		x[SIZE] = {0};
	double		loss;
	int32_t		count = 0;
	SfStatus	status;

	if (members < 1 || members > SF_STACK_MAX || n < 1)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a stack has between 1 and 8 members");
	for (int32_t m = 0; m < members; m++)
		count += in_set(&p, m);
	p.centre = 1.0 / (count > 0 ? count : 1);
	for (int32_t m = 0; m < members; m++)
		x[m + 1] = in_set(&p, m) ? p.centre : 0;
	status = minimize(&p, x, &loss);
	if (status != SF_OK)
		return status;
	stack->intercept = x[0];
	for (int32_t m = 0; m < SF_STACK_MAX; m++)
		stack->share[m] = m < members ? x[m + 1] : 0;
	stack->log_loss = loss / (double) n;
	return SF_OK;
}

/* The only member of a set as it is; what scaling would change is left to calibration. */
static SfStatus
take_alone(const Problem *p, uint32_t set, SfStack *stack)
{
	double		x[SIZE] = {0};
	double		loss;
	double		value;
	SfStatus	status;

	for (int32_t m = 0; m < p->members; m++)
		x[m + 1] = set >> m & 1;
	status = objective(p, x, &loss, &value);
	if (status != SF_OK)
		return status;
	*stack = (SfStack) {.log_loss = loss / (double) p->n};
	for (int32_t m = 0; m < p->members; m++)
		stack->share[m] = x[m + 1];
	return SF_OK;
}

/* Mean fall of the loss per deal from one stack to another, and its standard error. */
static SfStatus
gain_of(const Problem *p, const SfStack *from, const SfStack *to, double *gain, double *error)
{
	double		a[SIZE];
	double		b[SIZE];
	double		sum = 0;
	double		squares = 0;

	a[0] = from->intercept;
	b[0] = to->intercept;
	for (int32_t m = 0; m < p->members; m++)
	{
		a[m + 1] = from->share[m];
		b[m + 1] = to->share[m];
	}
	for (int64_t i = 0; i < p->n; i++)
	{
		double		d;

		if (i % POLL_EVERY == 0 && sf_cancelled(p->ctx))
			return sf_fail(p->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		d = sf_log_odds_loss(stacked(p, a, i), p->won[i]) - sf_log_odds_loss(stacked(p, b, i), p->won[i]);
		sum += d;
		squares += d * d;
	}
	*gain = sum / (double) p->n;
	*error = sqrt(fmax(squares / (double) p->n - *gain * *gain, 0) / (double) p->n);
	return SF_OK;
}

/* The best stack of the set so far and one more member; *member < 0 when there is none left. */
static SfStatus
best_addition(SfArena *arena, const Problem *p, uint32_t set, SfStack *best, int32_t *member)
{
	*member = -1;
	for (int32_t m = 0; m < p->members; m++)
	{
		SfStack		with;
		SfStatus	status;

		if (set >> m & 1)
			continue;
		status = sf_stack_fit_set(arena, p->log_odds, p->members, set | UINT32_C(1) << m, p->won, p->n, &with);
		if (status != SF_OK)
			return status;
		if (*member < 0 || with.log_loss < best->log_loss)
		{
			*best = with;
			*member = m;
		}
	}
	return SF_OK;
}

SfStatus
sf_stack_fit(SfArena *arena, const double *const *log_odds, int32_t members,
			 const uint8_t *won, int64_t n, SfStack *stack)
{
	return sf_stack_fit_from(arena, log_odds, members, -1, won, n, stack);
}

SfStatus
sf_stack_fit_from(SfArena *arena, const double *const *log_odds, int32_t members, int32_t first,
				  const uint8_t *won, int64_t n, SfStack *stack)
{
	Problem		p = {arena->ctx, log_odds, members, 0, 0, won, n};
	SfStack		now = {0};
	uint32_t	set = first < 0 ? 0 : UINT32_C(1) << first;
	SfStatus	status = SF_OK;

	if (members < 1 || members > SF_STACK_MAX || n < 1 || first >= members)
		return sf_fail(arena->ctx, SF_BAD_ARGUMENT, "a stack has between 1 and 8 members");
	if (set != 0)
		status = take_alone(&p, set, &now);
	while (status == SF_OK)
	{
		SfStack		next;
		int32_t		member;
		double		gain = INFINITY;
		double		error = 0;

		status = best_addition(arena, &p, set, &next, &member);
		if (status == SF_OK && member >= 0 && set != 0)
			status = gain_of(&p, &now, &next, &gain, &error);
		if (status != SF_OK)
			break;
		if (member < 0 || !(gain > error && gain > LEAST_GAIN * now.log_loss))
			break;
		now = next;
		set |= UINT32_C(1) << member;
	}
	if (status != SF_OK)
		return status;
	if ((set & (set - 1)) == 0)
		return take_alone(&p, set, stack);
	*stack = now;
	return SF_OK;
}
