/*
 * gates.h
 *		What a win model must pass: limits, measured values, verdicts.
 *
 *	gate					limit		verdict beyond it
 *	won deals				40 / 200	refuse / warn; deals of several rows (a group) count once, here and below
 *	lost deals				40 / 200	refuse / warn
 *	deals per parameter		10 / 20		refuse / warn
 *	history, years			2			warn (also when no times are known)
 *	deals per year			100			warn (also when no times are known)
 *	leaks					see leaks.h
 *	skill, shuffled			0			refuse promotion
 *	skill, last 20 %		0			refuse promotion (warn when it is not known when deals closed)
 *	deals per parameter		10 / 20		refuse promotion / warn; of the logistic member made
 *	overfit gap				.25			warn
 *	constant				1 value		warn, per feature
 *
 * What could not be measured has measured = NaN: a warning, or a pass where
 * nothing was there to be wrong (no open deals to compare with).  The values of
 * a feature are not counted beyond the second: it passes with NaN.
 */
#ifndef SF_GATES_H
#define SF_GATES_H

#include "core/winprob/winmodel.h"

#define SF_CLASS_REFUSE 40.0		/* deals of an outcome */
#define SF_CLASS_WARN 200.0
#define SF_ROWS_REFUSE 10.0			/* deals per parameter */
#define SF_ROWS_WARN 20.0
#define SF_YEARS_WARN 2.0
#define SF_PER_YEAR_WARN 100.0
#define SF_AUC_REFUSE 0.9
#define SF_MISSING_REFUSE 0.3
#define SF_MISSING_ERRORS 5.0		/* standard errors of a difference of shares */
#define SF_AFTER_REFUSE 0.01
#define SF_OVERFIT_WARN 0.25

#define SF_DAYS_PER_YEAR 365.25
#define SF_LEAST_SPAN (1.0 / 12)	/* years; less history does not tell deals per year */

/* A gate of two limits, by a count or a ratio that should be large. */
extern SfGate sf_gate_at_least(SfGateKind kind, double measured, double refuse, double warn);

/* Deals per parameter of a model of so many parameters. */
extern SfGate sf_gate_rows_per_parameter(int64_t deals, int64_t parameters);

/* From the first to the last moment of a history, in days; NaN: not known. */
extern SfGate sf_gate_history(double first, double last);
extern SfGate sf_gate_deals_per_year(double deals, double first, double last);

/* Gates of quality. rows = 0 in a metric: not measured. */
extern SfGate sf_gate_skill(SfGateKind kind, const SfWinMetrics *metrics);

/* The same on the latest deals; closed_known: training left out what closed after the split. */
extern SfGate sf_gate_skill_time(const SfWinMetrics *metrics, bool closed_known);

/* Deals per effective parameter of the logistic member with most of them; NaN and a pass without one. */
extern SfGate sf_gate_model_parameters(const SfWinModel *model);

/*
 * A gate of `old` for the model that knows `known` further deals with a time, counted in `now` already.
 * Counts, history and dates go on; what needs figures of quality is not measured any more.
 */
extern SfGate sf_gate_updated(const SfGate *gate, const SfWinModel *old, const SfWinModel *now, int64_t known);

extern SfGate sf_gate_overfit(const SfWinMetrics *train, const SfWinMetrics *validated);

/* What a refusing gate says, as static text for an error; NULL when it does not stop training. */
extern const char *sf_gate_text(const SfGate *gate);

#endif							/* SF_GATES_H */
