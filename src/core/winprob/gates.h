/*
 * gates.h
 *		What a win model must pass: limits, measured values, verdicts.
 *
 *	gate					limit		verdict beyond it
 *	won deals				40 / 200	refuse / warn
 *	lost deals				40 / 200	refuse / warn
 *	rows per parameter		10 / 20		refuse / warn
 *	history, years			2			warn (also when no times are known)
 *	deals per year			100			warn (also when no times are known)
 *	leak: AUC alone			.9			refuse, per feature
 *	leak: missing values	.3, z 5		refuse, per feature
 *	leak: after the moment	0 deals		refuse, per age
 *	skill, shuffled			0			refuse promotion
 *	skill, last 20 %		0			refuse promotion
 *	overfit gap				.25			warn
 *	constant				1 value		warn, per feature
 *
 * What could not be measured has measured = NaN: a warning, or a pass where
 * nothing was there to be wrong (no open deals to compare with).
 */
#ifndef SF_GATES_H
#define SF_GATES_H

#include "core/winprob/winmodel.h"

/* A gate of two limits, by a count or a ratio that should be large. */
extern SfGate sf_gate_at_least(SfGateKind kind, double measured, double refuse, double warn);

/* Rows per parameter of a model of so many parameters. */
extern SfGate sf_gate_rows_per_parameter(int64_t rows, int64_t parameters);

/* Gates of quality. rows = 0 in a metric: not measured. */
extern SfGate sf_gate_skill(SfGateKind kind, const SfWinMetrics *metrics);
extern SfGate sf_gate_overfit(const SfWinMetrics *train, const SfWinMetrics *validated);

/* What a refusing gate says, as static text for an error; NULL when it does not stop training. */
extern const char *sf_gate_text(const SfGate *gate);

#endif							/* SF_GATES_H */
