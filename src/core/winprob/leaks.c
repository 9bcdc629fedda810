/*
 * leaks.c
 *		Features that know the outcome: what each can do alone.
 *
 * Win rates by bin, learned on one half of the deals and put to the test on the
 * other, so that a name or a number that is different for each deal shows nothing.
 */
#include "core/winprob/leaks.h"

#include <math.h>

#include "core/winprob/bins.h"
#include "core/winprob/gates.h"
#include "core/winprob/metrics.h"

/* An AUC of .9 is known to .005 from so many deals; the scan looks at no more. */
#define SCAN_ROWS 20000
#define SCAN_CELLS 4000000
#define SCAN_LEAST 2000
#define SCAN_BINS 64
#define SCAN_PRIOR 10.0

static SfGate
plain_gate(SfGateKind kind, int32_t feature, double limit, double measured)
{
	SfGate		gate = {kind, feature, limit, measured, NAN, SF_PASS, false};

	return gate;
}

int64_t
sf_scan_rows(int64_t rows, int32_t features)
{
	int64_t		n = SCAN_CELLS / features;

	n = n < SCAN_LEAST ? SCAN_LEAST : n > SCAN_ROWS ? SCAN_ROWS : n;
	return n < rows ? n : rows;
}

/* What was told of some deals by each feature alone, and what became of them. */
typedef struct Told
{
	int64_t		n;
	double	  **prediction;		/* [features][n] */
	uint8_t    *won;			/* [n] */
} Told;

/* Smoothed win rates of one half's bins as predictions of the other half's deals, all features at once. */
static void
tell_half(const SfBins *bins, const SfCodes *codes, const SfFrame *frame, SfRows rows, Told *told)
{
	double		base = (double) bins->won_rows / (double) bins->rows;

	for (int32_t f = 0; f < bins->features; f++)
	{
		const SfFeatureBins *of = &bins->of[f];

		for (int64_t i = 0; i < codes->rows; i++)
		{
			int32_t		code = codes->code[i * codes->features + f];

			told->prediction[f][told->n + i] = ((double) of->won[code] + SCAN_PRIOR * base) / ((double) of->count[code] + SCAN_PRIOR);
		}
	}
	for (int64_t i = 0; i < codes->rows; i++)
		told->won[told->n + i] = frame->won[sf_row_of(rows, i)];
	told->n += codes->rows;
}

/*
 * Even rows learn, odd ones are told, and the other way round; the frame's order is shuffled already.  Rows of one
 * group stay in one half: a number of a customer tells what became of that customer's other deals.
 */
static SfStatus
tell_deals(SfArena *arena, const SfFrame *frame, SfRows rows, Told *told)
{
	SfSplit		half[2];
	SfFoldKind	kind = frame->group != NULL ? SF_FOLDS_GROUPED : SF_FOLDS_SHUFFLED;
	SfStatus	made = sf_folds_make(arena, frame, rows, kind, 2, 0, half);

	if (made != SF_OK)
		return made;
	for (int h = 0; h < 2; h++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfBins		bins;
		SfCodes		codes;
		SfStatus	status = sf_bins_fit(arena, frame, half[h].train, (SfBinOptions) {SCAN_BINS, SCAN_PRIOR}, &bins);

		if (status == SF_OK)
			status = sf_bins_code(arena, &bins, frame, half[h].test, &codes);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
		tell_half(&bins, &codes, frame, half[h].test, told);
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}

static SfStatus
take_told(SfArena *arena, int32_t features, int64_t n, Told *told)
{
	*told = (Told) {.prediction = sf_arena_take(arena, (size_t) features, sizeof(double *))};
	told->won = sf_arena_take(arena, (size_t) n, sizeof(uint8_t));
	if (told->prediction == NULL || told->won == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t f = 0; f < features; f++)
		if ((told->prediction[f] = sf_arena_take(arena, (size_t) n, sizeof(double))) == NULL)
			return sf_no_memory(arena->ctx);
	return SF_OK;
}

SfStatus
sf_aucs_alone(SfArena *arena, const SfFrame *frame, SfRows rows, double *auc)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	Told		told;
	SfStatus	status;

	for (int32_t f = 0; f < frame->features; f++)
		auc[f] = NAN;
	if (frame->features > 0)
		rows.n = sf_scan_rows(rows.n, frame->features);
	if (rows.n < 4 || frame->features == 0)
		return SF_OK;
	status = take_told(arena, frame->features, rows.n, &told);
	if (status == SF_OK)
		status = tell_deals(arena, frame, rows, &told);
	for (int32_t f = 0; status == SF_OK && f < frame->features; f++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfAuc		alone;

		status = sf_auc(arena, told.prediction[f], told.won, told.n, 0.95, &alone);
		if (status == SF_OK)
			auc[f] = alone.auc;
		sf_arena_rewind(arena, mark);
	}
	sf_arena_rewind(arena, scratch);
	/* one group only */
	return status == SF_BAD_DATA ? SF_OK : status;
}

/* A gate of a feature that stops training above its limit. */
static SfGate
stop_above(SfGate gate, bool above)
{
	gate.stops = above;
	gate.verdict = above ? SF_REFUSE : SF_PASS;
	return gate;
}

SfGate
sf_leak_auc(int32_t feature, double auc)
{
	return stop_above(plain_gate(SF_GATE_LEAK_AUC, feature, SF_AUC_REFUSE, auc), auc > SF_AUC_REFUSE);
}

SfGate
sf_leak_days(int32_t feature, double concordance, bool churn)
{
	double		told = fmax(concordance, 1 - concordance);
	SfGate		gate = stop_above(plain_gate(SF_GATE_LEAK_DAYS, feature, SF_AUC_REFUSE, told), told > SF_AUC_REFUSE);

	if (churn && gate.stops)
	{
		gate.stops = false;
		gate.verdict = SF_WARN;
	}
	return gate;
}

/*
 * Source: the pooled two-proportion z test, Agresti, Categorical Data Analysis, 3rd ed., 3.1.
 */
SfGate
sf_leak_missing(int32_t feature, const SfMissing *m)
{
	SfGate		gate = plain_gate(SF_GATE_LEAK_MISSING, feature, SF_MISSING_REFUSE, NAN);
	double		closed = (double) m->closed;
	double		open = (double) m->open;
	double		pooled;
	double		error;

	if (m->closed == 0 || m->open == 0)
		return gate;
	pooled = (double) (m->closed_missing + m->open_missing) / (closed + open);
	error = sqrt(pooled * (1 - pooled) * (1 / closed + 1 / open) / m->deals_per_row);
	gate.other = (double) m->open_missing / open;
	gate.measured = fabs((double) m->closed_missing / closed - gate.other);
	return stop_above(gate, gate.measured > SF_MISSING_REFUSE && gate.measured > SF_MISSING_ERRORS * error);
}

/* Some dates are typing errors; a column that is filled in afterwards, or planned, has more of them. */
SfGate
sf_leak_after(const SfFrame *frame, int32_t feature)
{
	double		after = (double) frame->counts[feature].after;
	double		all = (double) (frame->rows + frame->open_rows);
	SfGate		gate = plain_gate(SF_GATE_LEAK_AFTER, feature, SF_AFTER_REFUSE, all > 0 ? after / all : 0);

	gate = stop_above(gate, gate.measured > SF_AFTER_REFUSE);
	gate.other = after;
	if (!gate.stops && after > 0)
		gate.verdict = SF_WARN;
	return gate;
}
