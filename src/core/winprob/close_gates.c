/*
 * close_gates.c
 *		What the deals must give before a close model is trained: the limits of gates.h.
 *
 * The leak scan of win models does not apply: features are as of entry.
 */
#include "core/winprob/close_train.h"
#include "core/winprob/gates.h"

#include <math.h>

#define YEARS_WARN 2.0
#define PER_YEAR_WARN 100.0
#define DAYS_PER_YEAR 365.25

static SfGate
history_gate(SfGateKind kind, double limit, double measured)
{
	return (SfGate) {kind, -1, limit, measured, NAN, measured >= limit ? SF_PASS : SF_WARN, false};
}

/* First and last moment of the deals, NaN when none is known. */
static void
find_times(const SfFrame *frame, SfCloseModel *model)
{
	model->first_time = model->last_time = NAN;
	for (int64_t i = 0; frame->time != NULL && i < frame->rows; i++)
		if (!isnan(frame->time[i]))
		{
			model->first_time = isnan(model->first_time) ? frame->time[i] : fmin(model->first_time, frame->time[i]);
			model->last_time = isnan(model->last_time) ? frame->time[i] : fmax(model->last_time, frame->time[i]);
		}
}

SfStatus
sf_close_gates(SfArena *arena, const SfCloseSet *set, bool churn, SfCloseModel *model)
{
	SfGate	   *gate = sf_arena_take(arena, 6, sizeof(SfGate));
	int64_t		count[3] = {0};
	int64_t		closed;
	double		years;

	if (gate == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < set->frame.rows; i++)
		count[set->outcome[i]]++;
	find_times(&set->frame, model);
	closed = count[SF_CLOSE_WON] + count[SF_CLOSE_LOST];
	years = (model->last_time - model->first_time) / DAYS_PER_YEAR;
	gate[0] = sf_gate_at_least(SF_GATE_WON, (double) count[SF_CLOSE_WON], 40, 200);
	gate[1] = sf_gate_at_least(SF_GATE_LOST, (double) count[churn ? SF_CLOSE_OPEN : SF_CLOSE_LOST], 40, 200);
	gate[2] = sf_gate_rows_per_parameter(closed, (int64_t) set->frame.features + 1);
	gate[3] = history_gate(SF_GATE_HISTORY, YEARS_WARN, years);
	gate[4] = history_gate(SF_GATE_DEALS_PER_YEAR, PER_YEAR_WARN,
						   years > 1.0 / 12 ? (double) closed / years : NAN);
	model->gate = gate;
	model->gates = 5;
	return SF_OK;
}
