/*
 * gates.c
 *		What a win model must pass before and after it is trained.
 */
#include "core/winprob/gates.h"

#include <math.h>

#include "core/winprob/deal_counts.h"
#include "core/winprob/leaks.h"

#define CHUNK 1024

static SfGate
plain_gate(SfGateKind kind, int32_t feature, double limit, double measured)
{
	SfGate		gate = {kind, feature, limit, measured, NAN, SF_PASS, false};

	return gate;
}

SfGate
sf_gate_at_least(SfGateKind kind, double measured, double refuse, double warn)
{
	SfGate		gate = plain_gate(kind, -1, warn, measured);

	if (measured < refuse)
	{
		gate.limit = refuse;
		gate.verdict = SF_REFUSE;
		gate.stops = true;
	}
	else if (!(measured >= warn))
		gate.verdict = SF_WARN;
	return gate;
}

SfGate
sf_gate_rows_per_parameter(int64_t deals, int64_t parameters)
{
	return sf_gate_at_least(SF_GATE_ROWS_PER_PARAMETER, (double) deals / (double) parameters, SF_ROWS_REFUSE, SF_ROWS_WARN);
}

SfGate
sf_gate_skill(SfGateKind kind, const SfWinMetrics *metrics)
{
	SfGate		gate = plain_gate(kind, -1, 0, NAN);

	if (metrics->rows == 0)
	{
		gate.verdict = SF_WARN;
		return gate;
	}
	gate.measured = metrics->skill_low;
	gate.other = metrics->skill_high;
	gate.verdict = gate.measured > 0 ? SF_PASS : SF_REFUSE;
	return gate;
}

SfGate
sf_gate_skill_time(const SfWinMetrics *metrics, bool closed_known)
{
	SfGate		gate = sf_gate_skill(SF_GATE_SKILL_TIME, metrics);

	if (gate.verdict == SF_PASS && !closed_known)
		gate.verdict = SF_WARN;
	return gate;
}

SfGate
sf_gate_model_parameters(const SfWinModel *model)
{
	double		parameters = NAN;
	SfGate		gate;

	for (int32_t m = 0; m < model->members; m++)
		if (model->member[m].kind == SF_ALGORITHM_LOGISTIC)
			parameters = fmax(parameters, model->member[m].logistic.parameters);
	if (isnan(parameters))
		return plain_gate(SF_GATE_MODEL_PARAMETERS, -1, SF_ROWS_WARN, NAN);
	gate = sf_gate_at_least(SF_GATE_MODEL_PARAMETERS, (double) model->deals / fmax(parameters, 1), SF_ROWS_REFUSE, SF_ROWS_WARN);
	gate.stops = false;
	return gate;
}

SfGate
sf_gate_overfit(const SfWinMetrics *train, const SfWinMetrics *validated)
{
	SfGate		gate = plain_gate(SF_GATE_OVERFIT, -1, SF_OVERFIT_WARN, NAN);

	if (train->rows > 0 && validated->rows > 0 && validated->log_loss > 0)
		gate.measured = (validated->log_loss - train->log_loss) / validated->log_loss;
	gate.verdict = gate.measured <= SF_OVERFIT_WARN ? SF_PASS : SF_WARN;
	return gate;
}

const char *
sf_gate_text(const SfGate *gate)
{
	if (gate->verdict != SF_REFUSE || !gate->stops)
		return NULL;
	switch (gate->kind)
	{
		case SF_GATE_WON:
			return "too few won deals";
		case SF_GATE_LOST:
			return "too few lost deals";
		case SF_GATE_ROWS_PER_PARAMETER:
			return "too few deals for so many features";
		case SF_GATE_LEAK_AUC:
			return "a feature alone tells won from lost almost surely";
		case SF_GATE_LEAK_MISSING:
			return "a feature is missing far more often in open or in closed deals";
		case SF_GATE_LEAK_AFTER:
			return "a feature has dates after the moment it describes";
		case SF_GATE_LEAK_DAYS:
			return "a feature alone tells when a deal closes almost surely";
		default:
			return "a gate refuses training";
	}
}

/* ---- time ---- */

static SfGate
warning_gate(SfGateKind kind, double measured, double warn)
{
	SfGate		gate = plain_gate(kind, -1, warn, measured);

	gate.verdict = measured >= warn ? SF_PASS : SF_WARN;
	return gate;
}

SfGate
sf_gate_history(double first, double last)
{
	return warning_gate(SF_GATE_HISTORY, (last - first) / SF_DAYS_PER_YEAR, SF_YEARS_WARN);
}

SfGate
sf_gate_deals_per_year(double deals, double first, double last)
{
	return warning_gate(SF_GATE_DEALS_PER_YEAR, sf_deals_per_year(deals, first, last), SF_PER_YEAR_WARN);
}

/* ---- constants ---- */

/* True when all n values are equal to the first one; a missing value is a value of its own. */
static bool
all_equal(const double *x, int64_t n, double first)
{
	for (int64_t i = 0; i < n; i++)
		if (!(x[i] == first || (isnan(x[i]) && isnan(first))))
			return false;
	return true;
}

static SfStatus
is_constant(SfCtx *ctx, const SfFrame *frame, int32_t f, bool *constant)
{
	double		x[CHUNK];
	uint32_t	category[CHUNK];
	double		first = NAN;
	SfRows		all = sf_all_rows(frame);

	for (int64_t i = 0; i < frame->rows; i += CHUNK)
	{
		int64_t		n = frame->rows - i < CHUNK ? frame->rows - i : CHUNK;

		if (i % (64 * CHUNK) == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (frame->feature[f].kind == SF_FEATURE_CATEGORY)
		{
			sf_frame_categories(frame, f, all, i, n, category);
			for (int64_t k = 0; k < n; k++)
				x[k] = category[k];
		}
		else
			sf_frame_numbers(frame, f, all, i, n, x);
		if (i == 0)
			first = x[0];
		*constant = all_equal(x, n, first);
		if (!*constant)
			return SF_OK;
	}
	*constant = true;
	return SF_OK;
}

static SfGate
constant_gate(int32_t f, bool constant)
{
	SfGate		gate = plain_gate(SF_GATE_CONSTANT, f, 1, constant ? 1 : NAN);

	gate.verdict = constant ? SF_WARN : SF_PASS;
	return gate;
}

/* ---- a model that was updated ---- */

SfGate
sf_gate_updated(const SfGate *gate, const SfWinModel *old, const SfWinModel *now, int64_t known)
{
	static const SfWinMetrics none = {0};
	double		grown = (double) now->deals / (double) old->deals;
	double		years = fmax((old->last_time - old->first_time) / SF_DAYS_PER_YEAR, SF_LEAST_SPAN);
	double		before = isnan(gate->measured) ? 0 : gate->measured * years;

	switch (gate->kind)
	{
		case SF_GATE_WON:
			return sf_gate_at_least(gate->kind, (double) now->won_deals, SF_CLASS_REFUSE, SF_CLASS_WARN);
		case SF_GATE_LOST:
			return sf_gate_at_least(gate->kind, (double) now->lost_deals, SF_CLASS_REFUSE, SF_CLASS_WARN);
		case SF_GATE_ROWS_PER_PARAMETER:
			return sf_gate_at_least(gate->kind, gate->measured * grown, SF_ROWS_REFUSE, SF_ROWS_WARN);
		case SF_GATE_MODEL_PARAMETERS:
			return sf_gate_model_parameters(now);
		case SF_GATE_HISTORY:
			return sf_gate_history(now->first_time, now->last_time);
		case SF_GATE_DEALS_PER_YEAR:
			return sf_gate_deals_per_year(before + (double) known, now->first_time, now->last_time);
		case SF_GATE_SKILL_RANDOM:
		case SF_GATE_SKILL_TIME:
			return sf_gate_skill(gate->kind, &none);
		case SF_GATE_OVERFIT:
			return sf_gate_overfit(&none, &none);
		default:
			return *gate;
	}
}

/* ---- all of them ---- */

static void
plain_gates(const SfFrame *frame, const SfDealCounts *deals, SfGate *gate, int32_t *n)
{
	gate[(*n)++] = sf_gate_at_least(SF_GATE_WON, (double) deals->won, SF_CLASS_REFUSE, SF_CLASS_WARN);
	gate[(*n)++] = sf_gate_at_least(SF_GATE_LOST, (double) deals->lost, SF_CLASS_REFUSE, SF_CLASS_WARN);
	gate[(*n)++] = sf_gate_rows_per_parameter(deals->closed, (int64_t) frame->features + 1);
	gate[(*n)++] = sf_gate_history(deals->first, deals->last);
	gate[(*n)++] = sf_gate_deals_per_year((double) deals->timed, deals->first, deals->last);
}

static SfGate
missing_gate(const SfFrame *frame, const SfDealCounts *deals, int32_t f)
{
	SfMissing	missing = {
		frame->counts[f].closed_missing, frame->rows, frame->counts[f].open_missing, frame->open_rows,
		(double) deals->closed / fmax((double) frame->rows, 1)
	};

	return sf_leak_missing(f, &missing);
}

#define PLAIN_GATES 5
#define GATES_PER_FEATURE 4

SfStatus
sf_win_gates(SfArena *arena, const SfFrame *frame, SfGate **gates, int32_t *count)
{
	SfGate	   *gate = sf_arena_take(arena, PLAIN_GATES + GATES_PER_FEATURE * (size_t) frame->features, sizeof(SfGate));
	double	   *auc = sf_arena_take(arena, (size_t) frame->features, sizeof(double));
	SfArenaMark mark = sf_arena_mark(arena);
	SfDealCounts deals;
	int32_t		n = 0;
	SfStatus	status;

	if (gate == NULL || auc == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_count_deals(arena, frame, NULL, &deals);
	if (status == SF_OK)
		status = sf_aucs_alone(arena, frame, sf_all_rows(frame), auc);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	plain_gates(frame, &deals, gate, &n);
	for (int32_t f = 0; f < frame->features; f++)
		gate[n++] = sf_leak_auc(f, auc[f]);
	for (int32_t f = 0; f < frame->features; f++)
		gate[n++] = missing_gate(frame, &deals, f);
	for (int32_t f = 0; f < frame->features; f++)
		if (frame->feature[f].kind == SF_FEATURE_AGE)
			gate[n++] = sf_leak_after(frame, f);
	for (int32_t f = 0; f < frame->features; f++)
	{
		bool		constant;

		status = is_constant(arena->ctx, frame, f, &constant);
		if (status != SF_OK)
			return status;
		gate[n++] = constant_gate(f, constant);
	}
	*gates = gate;
	*count = n;
	return SF_OK;
}
