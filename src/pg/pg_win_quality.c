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
static void
set_figure(SfRowSet *rows, int column, double x)
{
	if (isfinite(x))
		sf_rowset_set(rows, column, Float8GetDatum(x));
}

static void
set_text(SfRowSet *rows, int column, const char *text)
{
	sf_rowset_set(rows, column, CStringGetTextDatum(text));
}

static void
put_sample(SfRowSet *rows, const char *sample, const SfWinMetrics *m)
{
	if (m->rows <= 0)
		return;
	set_text(rows, 0, sample);
	sf_rowset_set(rows, 1, Int64GetDatum(m->rows));
	sf_rowset_set(rows, 2, Int64GetDatum(m->won));
	set_figure(rows, 3, m->auc.auc);
	set_figure(rows, 4, m->auc.low);
	set_figure(rows, 5, m->auc.high);
	set_figure(rows, 6, m->log_loss);
	set_figure(rows, 7, m->brier);
	set_figure(rows, 8, m->calibration_error);
	set_figure(rows, 9, m->base_log_loss);
	set_figure(rows, 10, m->skill);
	set_figure(rows, 11, m->skill_low);
	set_figure(rows, 12, m->skill_high);
	sf_rowset_put(rows);
}

SF_FUNCTION(sf_win_model_quality);
Datum
sf_win_model_quality(PG_FUNCTION_ARGS)
{
	SfWinEntry *entry = sf_win_decode_value(PG_GETARG_DATUM(0));
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	put_sample(&rows, "training", &entry->model.train);
	put_sample(&rows, "cross-validation", &entry->model.random);
	put_sample(&rows, "latest fifth", &entry->model.forward);
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
		set_text(&rows, 0, "cross-validation");
		sf_rowset_set(&rows, 1, Int64GetDatum(q->rows));
		sf_rowset_set(&rows, 2, Int64GetDatum(q->closed));
		set_figure(&rows, 3, q->c_index);
		set_figure(&rows, 4, q->c_error);
		set_figure(&rows, 5, q->cause_auc);
		set_figure(&rows, 6, q->loss);
		set_figure(&rows, 7, q->base_loss);
		set_figure(&rows, 8, q->skill);
		set_figure(&rows, 9, q->skill_low);
		set_figure(&rows, 10, q->skill_high);
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
		StringInfoData reason;

		initStringInfo(&reason);
		sf_words_gate(&reason, gate, NULL);
		set_text(&rows, 0, sf_gate_name(gate->kind));
		set_figure(&rows, 2, gate->limit);
		set_figure(&rows, 3, gate->measured);
		set_text(&rows, 4, sf_verdict_name(gate->verdict));
		set_text(&rows, 5, reason.data);
		sf_rowset_put(&rows);
	}
	MemoryContextDelete(entry->cxt);
	return (Datum) 0;
}
