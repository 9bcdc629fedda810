/*
 * pg_win_close_describe.c
 *		What a close model knows: summary, buckets, terms, gates.
 */
#include "pg/bridge.h"
#include "pg/close_model_value.h"
#include "pg/rowset.h"
#include "pg/win_words.h"

#include <math.h>

#include "core/base/logit.h"
#include "miscadmin.h"
#include "utils/builtins.h"

static const char *
algorithm_name(SfCloseAlgorithm algorithm)
{
	return algorithm == SF_CLOSE_BOOSTED ? "boosted" : algorithm == SF_CLOSE_ADDITIVE ? "additive" : "auto";
}

static void
put_fact(SfRowSet *rows, const char *topic, const char *item, double value, const char *reason)
{
	sf_rowset_text(rows, 0, topic);
	sf_rowset_text(rows, 1, item);
	sf_rowset_number(rows, 2, value);
	if (reason != NULL)
		sf_rowset_text(rows, 3, reason);
	sf_rowset_put(rows);
}

/* What was said of a horizon, and what came. */
static void
put_horizon(SfRowSet *rows, const SfCloseHorizon *h, const char *done)
{
	put_fact(rows, "calibration", psprintf("%s within %.4g days, predicted", done, h->within), h->said,
			 "sum over held-out deals, at their entry");
	put_fact(rows, "calibration", psprintf("%s within %.4g days", done, h->within), h->seen,
			 "as seen; deals watched for less are made up for by the others (Aalen and Johansen)");
	put_fact(rows, "calibration", psprintf("%s within %.4g days, low", done, h->within), h->low,
			 "95 % interval; a prediction outside it is off by more than chance");
	put_fact(rows, "calibration", psprintf("%s within %.4g days, high", done, h->within), h->high, "95 % interval");
	put_fact(rows, "calibration", psprintf("brier skill within %.4g days", h->within), h->brier_skill,
			 "share of the squared error saved against a model that knows the age only");
}

static void
put_quality(SfRowSet *rows, const SfCloseQuality *q, bool churn)
{
	if (q->rows == 0)
	{
		put_fact(rows, "quality", "rows held out", 0, "not measured: validate => 'none', or too few deals to hold some out");
		return;
	}
	put_fact(rows, "quality", "rows held out", (double) q->rows, "each once, by cross-validation");
	put_fact(rows, "quality", "concordance", q->c_index, "share of pairs whose order of closing was told right; 0.5 is chance");
	put_fact(rows, "quality", "concordance error", q->c_error, "standard error over the folds");
	put_fact(rows, "quality", "log loss", q->loss, "per deal, held out");
	put_fact(rows, "quality", "log loss of age alone", q->base_loss, "the same for a model without features");
	put_fact(rows, "quality", "skill", q->skill, "1 - exp(difference of the two); above 0: the features help");
	put_fact(rows, "quality", "skill low", q->skill_low, "95 % interval; rows of one deal vary together");
	put_fact(rows, "quality", "skill high", q->skill_high, "95 % interval");
	for (int32 h = 0; h < SF_CLOSE_HORIZONS; h++)
		put_horizon(rows, &q->horizon[h], churn ? "left" : "won");
	if (!churn)
		put_fact(rows, "quality", "cause auc", q->cause_auc, "won against lost, of the deals that closed");
}

static void
put_gate(SfRowSet *rows, const SfGate *gate, const SfFeature *feature)
{
	StringInfoData words;

	initStringInfo(&words);
	appendStringInfo(&words, "%s: ", sf_verdict_name(gate->verdict));
	sf_words_gate(&words, gate, gate->feature >= 0 ? &feature[gate->feature] : NULL);
	put_fact(rows, "gate", sf_gate_name(gate->kind), gate->measured, words.data);
}

SF_FUNCTION(sf_close_model_summary);
Datum
sf_close_model_summary(PG_FUNCTION_ARGS)
{
	const SfCloseModel *m = &sf_close_decode_value(PG_GETARG_DATUM(0))->model;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	put_fact(&rows, "model", "kind", NAN, m->churn ? "churn: one way to end" : "closing: won or lost");
	put_fact(&rows, "model", "algorithm", NAN, algorithm_name(m->algorithm));
	if (!m->churn)
		put_fact(&rows, "model", "algorithm of winning", NAN, algorithm_name(m->cause_algorithm));
	put_fact(&rows, "model", "algorithm asked", NAN, algorithm_name(m->asked));
	put_fact(&rows, "model", "forced", m->forced, m->forced ? "trained in spite of checks that refuse" : NULL);
	put_fact(&rows, "model", "features", m->bins.features, NULL);
	put_fact(&rows, "model", "buckets", m->buckets, "ages within which the hazard is constant");
	put_fact(&rows, "model", "features that change with age", m->varying, NULL);
	if (m->algorithm == SF_CLOSE_ADDITIVE)
		put_fact(&rows, "model", "ridge", m->ridge, NULL);
	else
		put_fact(&rows, "model", "trees", m->closing.trees, NULL);
	if (m->cause_known && m->cause_algorithm == SF_CLOSE_ADDITIVE)
	{
		put_fact(&rows, "model", "features whose effect on winning changes with age", m->cause_varying, NULL);
		put_fact(&rows, "model", "ridge of winning", m->cause.ridge, NULL);
	}
	else if (m->cause_known)
		put_fact(&rows, "model", "trees of winning", m->cause_trees.trees, NULL);
	put_fact(&rows, "data", m->churn ? "customers" : "deals", (double) m->deals, "rows of one fold_group count once, here and in the next");
	put_fact(&rows, "data", m->churn ? "left" : "closed", (double) m->closed_deals, NULL);
	if (!m->churn)
		put_fact(&rows, "data", "won", (double) m->won_deals, NULL);
	put_fact(&rows, "data", "rows", (double) m->rows, "each a moment that a deal was looked at");
	put_fact(&rows, "data", "rows closed", (double) m->closed, NULL);
	put_fact(&rows, "data", "horizon", m->horizon, "days: the oldest age seen in training");
	put_quality(&rows, &m->quality, m->churn);
	for (int32 i = 0; i < m->gates; i++)
		put_gate(&rows, &m->gate[i], m->bins.feature);
	for (int32 i = 0; i < m->candidates; i++)
	{
		const SfCloseCandidate *c = &m->candidate[i];
		const char *what = c->winning ? "winning" : "closing";
		char	   *item = c->boosted ? psprintf("%s: boosted, %d leaves", what, c->leaves) :
			psprintf("%s: additive, ridge %g%s", what, c->ridge, c->varying ? "" : ", the same at every age");

		put_fact(&rows, c->chosen ? "candidate chosen" : "candidate", item, c->loss,
				 c->winning ? "log loss per closing, held out" : "log loss per deal, held out");
	}
	return (Datum) 0;
}

SF_FUNCTION(sf_close_model_buckets);
Datum
sf_close_model_buckets(PG_FUNCTION_ARGS)
{
	const SfCloseModel *m = &sf_close_decode_value(PG_GETARG_DATUM(0))->model;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 k = 0; k < m->buckets; k++)
	{
		const SfCloseBucket *b = &m->bucket[k];

		sf_rowset_set(&rows, 0, Int32GetDatum(k + 1));
		sf_rowset_number(&rows, 1, b->start);
		sf_rowset_number(&rows, 2, b->end);
		sf_rowset_set(&rows, 3, Int64GetDatum(b->closed));
		sf_rowset_set(&rows, 4, Int64GetDatum(b->won));
		sf_rowset_number(&rows, 5, b->at_risk);
		sf_rowset_number(&rows, 6, b->at_risk > 0 ? (double) b->closed / b->at_risk : NAN);
		if (m->algorithm == SF_CLOSE_ADDITIVE)
			sf_rowset_number(&rows, 7, sf_exp(b->log_hazard));
		if (b->closed > 0)
			sf_rowset_number(&rows, 8, (double) b->won / (double) b->closed);
		sf_rowset_put(&rows);
	}
	return (Datum) 0;
}

/* One weight; error 0: not known. */
static void
put_term(SfRowSet *rows, const SfCloseModel *m, const char *part, int32 f, int32 code, double from, double to,
		 double weight, double error)
{
	const SfFeature *feature = &m->bins.feature[f];
	const SfFeatureBins *bins = &m->bins.of[f];
	StringInfoData value;

	initStringInfo(&value);
	sf_words_code(&value, feature->kind, bins, code);
	sf_rowset_text(rows, 0, part);
	sf_rowset_text(rows, 1, sf_text_cstring(feature->name));
	sf_rowset_text(rows, 2, value.data);
	sf_rowset_number(rows, 3, from);
	sf_rowset_number(rows, 4, to);
	sf_rowset_set(rows, 5, Int64GetDatum(bins->count[code]));
	sf_rowset_number(rows, 6, weight);
	sf_rowset_number(rows, 8, sf_exp(weight));
	if (error > 0)
	{
		sf_rowset_number(rows, 7, error);
		sf_rowset_number(rows, 9, sf_exp(weight - 1.959963984540054 * error));
		sf_rowset_number(rows, 10, sf_exp(weight + 1.959963984540054 * error));
	}
	sf_rowset_put(rows);
}

static const SfCloseVarying *
varying_of(const SfCloseModel *m, int32 f)
{
	for (int32 v = 0; v < m->varying; v++)
		if (m->vary[v].feature == f)
			return &m->vary[v];
	return NULL;
}

/* How a code moves the hazard of closing: at all ages, or by band of age. */
static void
put_closing(SfRowSet *rows, const SfCloseModel *m, int32 f, int32 code)
{
	const SfCloseVarying *vary = varying_of(m, f);
	double		weight = m->weight[m->offset[f] + code];
	int32		first = 0;

	if (vary == NULL)
	{
		put_term(rows, m, "closing", f, code, 0, INFINITY, weight, m->error[m->offset[f] + code]);
		return;
	}
	for (int32 b = 0; b < SF_CLOSE_BANDS; b++)
	{
		int32		end = m->band_end[b];

		if (end > first)
			put_term(rows, m, "closing", f, code, m->bucket[first].start, m->bucket[end - 1].end,
					 weight + vary->weight[b * (m->bins.of[f].values + 2) + code], 0);
		first = Max(first, end);
	}
}

/* How a code moves the odds that a closing is a win: at all ages, or by band of age. */
static void
put_winning(SfRowSet *rows, const SfCloseModel *m, int32 f, int32 code)
{
	const SfLogistic *cause = &m->cause;
	double		weight = cause->weight[cause->offset[f] + code];
	int32		first = 0;
	int32		v = 0;

	while (v < m->cause_varying && m->cause_vary[v] != f)
		v++;
	if (v == m->cause_varying)
	{
		put_term(rows, m, "winning", f, code, 0, INFINITY, weight, cause->error[cause->offset[f] + code]);
		return;
	}
	for (int32 b = 0; b < SF_CLOSE_BANDS; b++)
	{
		int32		end = m->band_end[b];

		if (end > first)
			put_term(rows, m, "winning", f, code, m->bucket[first].start, m->bucket[end - 1].end,
					 weight + cause->weight[cause->offset[m->bins.features + 1 + v] + b * (m->bins.of[f].values + 2) + code], 0);
		first = Max(first, end);
	}
}

SF_FUNCTION(sf_close_model_terms);
Datum
sf_close_model_terms(PG_FUNCTION_ARGS)
{
	const SfCloseModel *m = &sf_close_decode_value(PG_GETARG_DATUM(0))->model;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 f = 0; f < m->bins.features; f++)
		for (int32 code = 0; code <= m->bins.of[f].values; code++)
		{
			CHECK_FOR_INTERRUPTS();
			if (m->bins.of[f].count[code] == 0)
				continue;
			if (m->algorithm == SF_CLOSE_ADDITIVE)
				put_closing(&rows, m, f, code);
			if (m->cause_known && m->cause_algorithm == SF_CLOSE_ADDITIVE)
				put_winning(&rows, m, f, code);
		}
	return (Datum) 0;
}
