/*
 * pg_win_describe.c
 *		What a win model is: summary, terms, checks and candidates, as rows.
 */
#include "pg/bridge.h"
#include "pg/rowset.h"
#include "pg/win_model_value.h"
#include "pg/win_options.h"
#include "pg/win_words.h"

#include <math.h>

#include "core/base/logit.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static void
set_name(SfRowSet *rows, int column, const SfWinEntry *entry, int32 f)
{
	sf_rowset_set(rows, column, PointerGetDatum(cstring_to_text_with_len(entry->feature[f].name.at, entry->feature[f].name.length)));
}

/* ---- win_model_summary ---- */

static void
say(SfRowSet *rows, const char *topic, const char *item, double value, const char *reason)
{
	sf_rowset_text(rows, 0, topic);
	sf_rowset_text(rows, 1, item);
	sf_rowset_number(rows, 2, value);
	sf_rowset_text(rows, 3, reason);
	sf_rowset_put(rows);
}

/* Days since 2000-01-01 as a date. */
static const char *
date_text(double days)
{
	struct pg_tm tm;
	fsec_t		fraction;

	if (isnan(days) || fabs(days) > 5e7 || timestamp2tm((Timestamp) (days * USECS_PER_DAY), NULL, &tm, &fraction, NULL, NULL) != 0)
		return NULL;
	return psprintf("%04d-%02d-%02d", tm.tm_year > 0 ? tm.tm_year : -(tm.tm_year - 1), tm.tm_mon, tm.tm_mday);
}

static void
say_quality(SfRowSet *rows, const char *topic, const SfWinMetrics *m, bool seen, const char *reason)
{
	if (m->rows == 0)
		return;
	say(rows, topic, "deals", (double) m->rows, reason);
	say(rows, topic, "auc", m->auc.auc, "How often a won deal has the higher probability than a lost one; 0.5 is chance.");
	if (!seen)
		say(rows, topic, "auc_low", m->auc.low, "Lower end of its 95 % interval.");
	if (!seen)
		say(rows, topic, "auc_high", m->auc.high, "Upper end of its 95 % interval.");
	say(rows, topic, "log_loss", m->log_loss, "Mean of -ln(probability of what happened); lower is better.");
	say(rows, topic, "base_log_loss", m->base_log_loss, "The same for the base rate alone.");
	say(rows, topic, "brier_score", m->brier, "Mean squared distance of the probability from what happened.");
	say(rows, topic, "calibration_error", m->calibration_error, "Mean distance of probability and win rate over ten bins.");
	say(rows, topic, "skill", m->skill, "1 - log_loss / base_log_loss; 0 is no better than the base rate.");
	if (!seen)
		say(rows, topic, "skill_low", m->skill_low, "Lower end of its 95 % interval.");
	if (!seen)
		say(rows, topic, "skill_high", m->skill_high, "Upper end of its 95 % interval.");
}

static const char *
calibration_text(const SfCalibration *c)
{
	switch (c->kind)
	{
		case SF_CALIBRATION_PLATT:
			return "platt: a + b * log-odds";
		case SF_CALIBRATION_ISOTONIC:
			return "isotonic: rising steps, linear between them";
		default:
			return "none: held-out probabilities did not become better by it, or none were made";
	}
}

static int32
longest_tree(const SfTrees *trees)
{
	int32		leaves = 0;

	for (int32 t = 0; t < trees->trees; t++)
		leaves = Max(leaves, trees->tree[t].leaves);
	return leaves;
}

static void
say_member(SfRowSet *rows, const SfMember *m)
{
	const char *name = sf_algorithm_name(m->kind);

	say(rows, "member", name, m->share, "Weight of its log-odds.");
	if (m->kind == SF_ALGORITHM_LOGISTIC)
	{
		say(rows, "member", "ridge", m->logistic.ridge, "Penalty on squared weights.");
		say(rows, "member", "parameters", m->logistic.parameters, "Effective number of them.");
		say(rows, "member", "deviance", m->logistic.deviance, "-2 log likelihood of the training deals.");
		say(rows, "member", "iterations", m->logistic.iterations, m->logistic.converged ? "It converged." : "It did not converge.");
	}
	else
	{
		say(rows, "member", "trees", m->trees.trees, NULL);
		say(rows, "member", "leaves", longest_tree(&m->trees), "Of the largest tree.");
	}
}

static void
say_model(SfRowSet *rows, const SfWinEntry *entry)
{
	const SfWinModel *m = &entry->model;

	say(rows, "model", "algorithm", NAN, sf_algorithm_name(m->algorithm));
	say(rows, "model", "asked", NAN, sf_algorithm_name(m->asked));
	say(rows, "model", "forced", m->forced ? 1.0 : 0.0, m->forced ? "Trained in spite of checks that refused." : "No check was overruled.");
	say(rows, "model", "seed", (double) (int64) m->seed, NULL);
	say(rows, "model", "format", SF_WIN_FORMAT, NULL);
	say(rows, "model", "features", entry->features, NULL);
	say(rows, "model", "intercept", m->intercept, "Log-odds that are added to those of the members.");
	say(rows, "deals", "closed", (double) m->deals, "Deals it was trained on; rows of one fold_group count once.");
	say(rows, "deals", "won", (double) m->won_deals, NULL);
	say(rows, "deals", "rows", (double) m->rows, "Rows it was trained on, each a moment that a deal was looked at.");
	say(rows, "deals", "rows_won", (double) m->won_rows, NULL);
	say(rows, "deals", "base_rate", (double) m->won_rows / (double) m->rows, "Share of the rows that was won.");
	if (!isnan(m->first_time))
	{
		say(rows, "deals", "first", NAN, date_text(m->first_time));
		say(rows, "deals", "last", NAN, date_text(m->last_time));
	}
}

static void
say_gates(SfRowSet *rows, const SfWinEntry *entry)
{
	int			count[SF_REFUSE + 1] = {0};

	for (int32 i = 0; i < entry->model.gates; i++)
		count[entry->model.gate[i].verdict]++;
	for (int v = SF_PASS; v <= SF_REFUSE; v++)
		say(rows, "checks", sf_verdict_name(v), count[v], v == SF_PASS ? NULL : "See win_model_gates.");
}

SF_FUNCTION(sf_win_model_summary);
Datum
sf_win_model_summary(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	const SfWinModel *m = &entry->model;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	say_model(&rows, entry);
	for (int32 i = 0; i < m->members; i++)
		say_member(&rows, &m->member[i]);
	say(&rows, "calibration", "kind", NAN, calibration_text(&m->calibration));
	if (m->calibration.kind == SF_CALIBRATION_PLATT)
	{
		say(&rows, "calibration", "a", m->calibration.a, NULL);
		say(&rows, "calibration", "b", m->calibration.b, NULL);
	}
	say_quality(&rows, "held out", &m->random, false, "Each deal by a model that had not seen it.");
	say_quality(&rows, "latest", &m->forward, false, "The latest 20 % in time, by a model of the earlier deals.");
	say_quality(&rows, "training", &m->train, true, "The deals it was trained on: too good to go by.");
	say_gates(&rows, entry);
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}

/* ---- win_model_terms ---- */

enum
{
	TERM_FEATURE, TERM_VALUE, TERM_DEALS, TERM_WON, TERM_WIN_RATE, TERM_BASE_RATE, TERM_LIFT, TERM_COEFFICIENT,
	TERM_ERROR, TERM_ODDS_RATIO, TERM_ODDS_LOW, TERM_ODDS_HIGH, TERM_IMPORTANCE
};

/* Mean |weight| of each feature over the training deals. */
static void
add_logistic(const SfMember *m, double *importance)
{
	for (int32 f = 0; f < m->bins.features; f++)
	{
		const SfFeatureBins *bins = &m->bins.of[f];
		double		sum = 0.0;

		for (int32 code = 0; code < bins->values + 2; code++)
			sum += (double) bins->count[code] * fabs(m->logistic.weight[m->logistic.offset[f] + code]);
		if (m->bins.rows > 0)
			importance[f] += fabs(m->share) * sum / (double) m->bins.rows;
	}
}

/* A leaf's win rate as log-odds, near enough for a measure of importance. */
static double
as_log_odds(const SfTrees *trees, double value)
{
	double		rate = Min(Max(value, 0.001), 0.999);

	return trees->mean ? sf_log(rate / (1.0 - rate)) : value;
}

/* How far each split moves the deals that reach it, on average over all deals. */
static void
add_trees(const SfMember *m, double *importance)
{
	const SfTrees *trees = &m->trees;
	double		scale = fabs(m->share) / (trees->mean ? Max(trees->trees, 1) : 1);

	for (int32 t = 0; t < trees->trees; t++)
	{
		const SfNode *node = trees->tree[t].node;

		CHECK_FOR_INTERRUPTS();
		for (int32 i = 0; i < trees->tree[t].nodes; i++)
		{
			double		here;

			if (node[i].feature < 0)
				continue;
			here = as_log_odds(trees, node[i].value);
			for (int side = 0; side < 2; side++)
			{
				const SfNode *child = &node[side ? node[i].right : node[i].left];

				importance[node[i].feature] += scale * child->cover / node[0].cover *
					fabs(as_log_odds(trees, child->value) - here);
			}
		}
	}
}

static double *
importances(const SfWinEntry *entry)
{
	double	   *importance = palloc0(entry->features * sizeof(double));

	for (int32 i = 0; i < entry->model.members; i++)
	{
		const SfMember *m = &entry->model.member[i];

		if (m->kind == SF_ALGORITHM_LOGISTIC)
			add_logistic(m, importance);
		else
			add_trees(m, importance);
	}
	return importance;
}

static int *
by_importance(const double *importance, int32 features)
{
	int		   *order = palloc(features * sizeof(int));

	for (int i = 0; i < features; i++)
	{
		int			k = i;

		for (; k > 0 && importance[order[k - 1]] < importance[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return order;
}

static void
set_coefficient(SfRowSet *rows, double coefficient, double error)
{
	sf_rowset_number(rows, TERM_COEFFICIENT, coefficient);
	sf_rowset_number(rows, TERM_ODDS_RATIO, sf_exp(coefficient));
	if (error > 0.0)
	{
		sf_rowset_number(rows, TERM_ERROR, error);
		sf_rowset_number(rows, TERM_ODDS_LOW, sf_exp(coefficient - 1.959963984540054 * error));
		sf_rowset_number(rows, TERM_ODDS_HIGH, sf_exp(coefficient + 1.959963984540054 * error));
	}
}

static void
put_code(SfRowSet *rows, const SfWinEntry *entry, const SfLogistic *logistic, int32 f, int32 code, double importance)
{
	const SfFeatureBins *bins = &entry->model.member[0].bins.of[f];
	double		base = (double) entry->model.won_rows / (double) entry->model.rows;
	double		rate = bins->count[code] > 0 ? (double) bins->won[code] / (double) bins->count[code] : NAN;
	StringInfoData value;

	initStringInfo(&value);
	sf_words_code(&value, entry->feature[f].kind, bins, code);
	set_name(rows, TERM_FEATURE, entry, f);
	sf_rowset_text(rows, TERM_VALUE, value.data);
	sf_rowset_set(rows, TERM_DEALS, Int64GetDatum(bins->count[code]));
	sf_rowset_set(rows, TERM_WON, Int64GetDatum(bins->won[code]));
	sf_rowset_number(rows, TERM_WIN_RATE, rate);
	sf_rowset_number(rows, TERM_BASE_RATE, base);
	sf_rowset_number(rows, TERM_LIFT, base > 0.0 ? rate / base : NAN);
	if (logistic != NULL)
		set_coefficient(rows, logistic->weight[logistic->offset[f] + code], logistic->error[logistic->offset[f] + code]);
	sf_rowset_number(rows, TERM_IMPORTANCE, importance);
	sf_rowset_put(rows);
	pfree(value.data);
}

static void
put_slope(SfRowSet *rows, const SfWinEntry *entry, const SfLogistic *logistic, int32 f, double importance)
{
	set_name(rows, TERM_FEATURE, entry, f);
	sf_rowset_text(rows, TERM_VALUE, entry->feature[f].kind == SF_FEATURE_AGE ? "each day" : "each unit");
	set_coefficient(rows, logistic->slope[f], logistic->slope_error[f]);
	sf_rowset_number(rows, TERM_IMPORTANCE, importance);
	sf_rowset_put(rows);
}

SF_FUNCTION(sf_win_model_terms);
Datum
sf_win_model_terms(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	const SfMember *first = &entry->model.member[0];
	const SfLogistic *logistic = entry->model.members == 1 && first->kind == SF_ALGORITHM_LOGISTIC ? &first->logistic : NULL;
	double	   *importance = importances(entry);
	int		   *order = by_importance(importance, entry->features);
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	if (logistic != NULL)
	{
		sf_rowset_text(&rows, TERM_FEATURE, "(intercept)");
		set_coefficient(&rows, logistic->intercept, logistic->intercept_error);
		sf_rowset_put(&rows);
	}
	for (int32 i = 0; i < entry->features; i++)
	{
		int32		f = order[i];
		const SfFeatureBins *bins = &first->bins.of[f];

		CHECK_FOR_INTERRUPTS();
		if (logistic != NULL && logistic->linear[f] && !isnan(logistic->slope[f]))
			put_slope(&rows, entry, logistic, f, importance[f]);
		for (int32 code = 1; code <= bins->values; code++)
			put_code(&rows, entry, logistic, f, code, importance[f]);
		if (bins->count[SF_CODE_MISSING] > 0)
			put_code(&rows, entry, logistic, f, SF_CODE_MISSING, importance[f]);
		/* of deals that an update brought */
		if (bins->count[bins->values + 1] > 0)
			put_code(&rows, entry, logistic, f, bins->values + 1, importance[f]);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}

/* ---- win_model_gates, win_model_candidates ---- */

SF_FUNCTION(sf_win_model_gates);
Datum
sf_win_model_gates(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 i = 0; i < entry->model.gates; i++)
	{
		const SfGate *gate = &entry->model.gate[i];
		bool		about_one = gate->feature >= 0 && gate->feature < entry->features;
		StringInfoData reason;

		initStringInfo(&reason);
		sf_words_gate(&reason, gate, about_one ? &entry->feature[gate->feature] : NULL);
		sf_rowset_text(&rows, 0, sf_gate_name(gate->kind));
		if (about_one)
			set_name(&rows, 1, entry, gate->feature);
		sf_rowset_number(&rows, 2, gate->limit);
		sf_rowset_number(&rows, 3, gate->measured);
		sf_rowset_text(&rows, 4, sf_verdict_name(gate->verdict));
		sf_rowset_text(&rows, 5, reason.data);
		sf_rowset_put(&rows);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}

/* A setting that the algorithm has; 0 and NaN stand for none. */
static void
set_whole(SfRowSet *rows, int column, int32 x)
{
	if (x > 0)
		sf_rowset_set(rows, column, Int32GetDatum(x));
}

SF_FUNCTION(sf_win_model_candidates);
Datum
sf_win_model_candidates(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 i = 0; i < entry->model.candidates; i++)
	{
		const SfCandidate *c = &entry->model.candidate[i];
		bool		logistic = c->kind == SF_ALGORITHM_LOGISTIC;
		bool		trees = c->kind == SF_ALGORITHM_BOOSTED || c->kind == SF_ALGORITHM_FOREST;

		sf_rowset_set(&rows, 0, Int32GetDatum(i + 1));
		sf_rowset_text(&rows, 1, sf_algorithm_name(c->kind));
		if (logistic)
			sf_rowset_text(&rows, 2, c->linear ? "linear" : "binned");
		set_whole(&rows, 3, c->bins);
		if (logistic)
			sf_rowset_number(&rows, 4, c->ridge);
		if (trees)
			set_whole(&rows, 5, c->trees);
		if (c->kind == SF_ALGORITHM_BOOSTED)
		{
			set_whole(&rows, 6, c->leaves);
			sf_rowset_number(&rows, 7, c->rate);
		}
		if (trees)
			sf_rowset_number(&rows, 8, c->least_rows);
		if (logistic)
			sf_rowset_number(&rows, 9, c->smoothness);
		sf_rowset_set(&rows, 10, Int32GetDatum(logistic && c->features > 0 ? c->features : entry->features));
		sf_rowset_number(&rows, 11, c->log_loss);
		sf_rowset_number(&rows, 12, c->auc);
		sf_rowset_set(&rows, 13, BoolGetDatum(c->chosen));
		sf_rowset_put(&rows);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}
