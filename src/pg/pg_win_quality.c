/*
 * pg_win_quality.c
 *		How good win and close models are on the deals they were measured on, and the gates of close models.
 */
#include "pg/close_model_value.h"
#include "pg/rowset.h"
#include "pg/win_model_value.h"
#include "pg/win_words.h"

#include <math.h>

#include "utils/builtins.h"

/* A figure that could not be worked out is NULL. */
/* Intervals hold for deals that the model had not seen: seen, no such interval is told. */
static void
put_sample(SfRowSet *rows, const char *sample, const SfWinMetrics *m, bool seen)
{
	if (m->rows <= 0)
		return;
	sf_rowset_text(rows, 0, sample);
	sf_rowset_set(rows, 1, Int64GetDatum(m->rows));
	sf_rowset_set(rows, 2, Int64GetDatum(m->won));
	sf_rowset_number(rows, 3, m->auc.auc);
	sf_rowset_number(rows, 4, seen ? NAN : m->auc.low);
	sf_rowset_number(rows, 5, seen ? NAN : m->auc.high);
	sf_rowset_number(rows, 6, m->log_loss);
	sf_rowset_number(rows, 7, m->brier);
	sf_rowset_number(rows, 8, m->calibration_error);
	sf_rowset_number(rows, 9, m->base_log_loss);
	sf_rowset_number(rows, 10, m->skill);
	sf_rowset_number(rows, 11, seen ? NAN : m->skill_low);
	sf_rowset_number(rows, 12, seen ? NAN : m->skill_high);
	sf_rowset_put(rows);
}

SF_FUNCTION(sf_win_model_quality);
Datum
sf_win_model_quality(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	put_sample(&rows, "training", &entry->model.train, true);
	put_sample(&rows, "cross-validation", &entry->model.random, false);
	put_sample(&rows, "latest fifth", &entry->model.forward, false);
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}

SF_FUNCTION(sf_close_model_quality);
Datum
sf_close_model_quality(PG_FUNCTION_ARGS)
{
	SfCloseEntry *entry = sf_close_decode_value(PG_GETARG_DATUM(0));
	const SfCloseQuality *q = &entry->model.quality;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	if (q->rows > 0)
	{
		sf_rowset_text(&rows, 0, "cross-validation");
		sf_rowset_set(&rows, 1, Int64GetDatum(q->rows));
		sf_rowset_set(&rows, 2, Int64GetDatum(q->closed));
		sf_rowset_number(&rows, 3, q->c_index);
		sf_rowset_number(&rows, 4, q->c_error);
		sf_rowset_number(&rows, 5, q->cause_auc);
		sf_rowset_number(&rows, 6, q->loss);
		sf_rowset_number(&rows, 7, q->base_loss);
		sf_rowset_number(&rows, 8, q->skill);
		sf_rowset_number(&rows, 9, q->skill_low);
		sf_rowset_number(&rows, 10, q->skill_high);
		sf_rowset_put(&rows);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}

SF_FUNCTION(sf_close_model_gates);
Datum
sf_close_model_gates(PG_FUNCTION_ARGS)
{
	SfCloseEntry *entry = sf_close_decode_value(PG_GETARG_DATUM(0));
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	for (int32 i = 0; i < entry->model.gates; i++)
	{
		const SfGate *gate = &entry->model.gate[i];
		const SfFeature *feature = gate->feature >= 0 ? &entry->model.bins.feature[gate->feature] : NULL;
		StringInfoData reason;

		initStringInfo(&reason);
		sf_words_gate(&reason, gate, feature);
		sf_rowset_text(&rows, 0, sf_gate_name(gate->kind));
		if (feature != NULL)
			sf_rowset_text(&rows, 1, sf_text_cstring(feature->name));
		sf_rowset_number(&rows, 2, gate->limit);
		sf_rowset_number(&rows, 3, gate->measured);
		sf_rowset_text(&rows, 4, sf_verdict_name(gate->verdict));
		sf_rowset_text(&rows, 5, reason.data);
		sf_rowset_put(&rows);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}
