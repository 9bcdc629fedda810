/*
 * gates.c
 *		What a win model must pass before and after it is trained.
 *
 * The leak scan asks what each feature can do alone: win rates by bin, learned
 * on one half of the deals and put to the test on the other, so that a name
 * or a number that is different for each deal shows nothing.
 */
#include "core/winprob/gates.h"

#include <math.h>

#include "core/winprob/bins.h"
#include "core/winprob/metrics.h"

#define CLASS_REFUSE 40.0
#define CLASS_WARN 200.0
#define ROWS_REFUSE 10.0
#define ROWS_WARN 20.0
#define YEARS_WARN 2.0
#define PER_YEAR_WARN 100.0
#define AUC_REFUSE 0.9
#define MISSING_REFUSE 0.3
#define MISSING_ERRORS 5.0		/* standard errors of a difference of shares */
#define OVERFIT_WARN 0.25
#define DAYS_PER_YEAR 365.25
#define LEAST_SPAN (1.0 / 12)	/* years; less history does not tell deals per year */

/* An AUC of .9 is known to .005 from so many deals; the scan looks at no more. */
#define SCAN_ROWS 20000
#define SCAN_CELLS 4000000
#define SCAN_LEAST 2000
#define SCAN_BINS 64
#define SCAN_PRIOR 10.0

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
sf_gate_rows_per_parameter(int64_t rows, int64_t parameters)
{
	return sf_gate_at_least(SF_GATE_ROWS_PER_PARAMETER, (double) rows / (double) parameters, ROWS_REFUSE, ROWS_WARN);
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
sf_gate_overfit(const SfWinMetrics *train, const SfWinMetrics *validated)
{
	SfGate		gate = plain_gate(SF_GATE_OVERFIT, -1, OVERFIT_WARN, NAN);

	if (train->rows > 0 && validated->rows > 0 && validated->log_loss > 0)
		gate.measured = (validated->log_loss - train->log_loss) / validated->log_loss;
	gate.verdict = gate.measured <= OVERFIT_WARN ? SF_PASS : SF_WARN;
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
		default:
			return "a gate refuses training";
	}
}

/* ---- time ---- */

static SfStatus
years_known(SfCtx *ctx, const SfFrame *frame, double *years, int64_t *known)
{
	double		first = INFINITY;
	double		last = -INFINITY;

	*known = 0;
	*years = NAN;
	for (int64_t i = 0; frame->time != NULL && i < frame->rows; i++)
	{
		if (i % 65536 == 0 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (!isfinite(frame->time[i]))
			continue;
		first = fmin(first, frame->time[i]);
		last = fmax(last, frame->time[i]);
		++*known;
	}
	if (*known > 0)
		*years = (last - first) / DAYS_PER_YEAR;
	return SF_OK;
}

static SfGate
warning_gate(SfGateKind kind, double measured, double warn)
{
	SfGate		gate = plain_gate(kind, -1, warn, measured);

	gate.verdict = measured >= warn ? SF_PASS : SF_WARN;
	return gate;
}

/* ---- leaks ---- */

/* Smoothed win rates of one half's bins as predictions of the other half's deals, all features at once. */
static void
half_predictions(const SfBins *bins, const SfCodes *codes, const uint32_t *row, double *const *prediction)
{
	double		base = (double) bins->won_rows / (double) bins->rows;

	for (int32_t f = 0; f < bins->features; f++)
	{
		const SfFeatureBins *of = &bins->of[f];

		for (int64_t i = 0; i < codes->rows; i++)
		{
			int32_t		code = codes->code[i * codes->features + f];

			prediction[f][row[i]] = ((double) of->won[code] + SCAN_PRIOR * base) / ((double) of->count[code] + SCAN_PRIOR);
		}
	}
}

/* Even rows learn, odd ones are told, and the other way round; the frame's order is shuffled already. */
static SfStatus
cross_predictions(SfArena *arena, const SfFrame *frame, int64_t n, double *const *prediction)
{
	uint32_t   *half[2];
	int64_t		count[2] = {0, 0};

	for (int h = 0; h < 2; h++)
		if ((half[h] = sf_arena_take(arena, (size_t) (n + 1) / 2, sizeof(uint32_t))) == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
		half[i % 2][count[i % 2]++] = (uint32_t) i;
	for (int h = 0; h < 2; h++)
	{
		SfRows		learn = {half[h], count[h]};
		SfRows		tell = {half[1 - h], count[1 - h]};
		SfArenaMark mark = sf_arena_mark(arena);
		SfBins		bins;
		SfCodes		codes;
		SfStatus	status = sf_bins_fit(arena, frame, learn, (SfBinOptions) {SCAN_BINS, SCAN_PRIOR}, &bins);

		if (status == SF_OK)
			status = sf_bins_code(arena, &bins, frame, tell, &codes);
		if (status == SF_OK)
			status = sf_poll(arena->ctx);
		if (status != SF_OK)
			return status;
		half_predictions(&bins, &codes, tell.row, prediction);
		sf_arena_rewind(arena, mark);
	}
	return SF_OK;
}

/* AUC of each feature alone; NaN where it cannot be told. */
static SfStatus
aucs_alone(SfArena *arena, const SfFrame *frame, double *auc)
{
	int64_t		n = SCAN_CELLS / frame->features;
	double	  **prediction;
	SfStatus	status;

	n = n < SCAN_LEAST ? SCAN_LEAST : n > SCAN_ROWS ? SCAN_ROWS : n;
	n = n > frame->rows ? frame->rows : n;
	for (int32_t f = 0; f < frame->features; f++)
		auc[f] = NAN;
	if (n < 4)
		return SF_OK;
	prediction = sf_arena_take(arena, (size_t) frame->features, sizeof(double *));
	if (prediction == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < frame->features; f++)
		if ((prediction[f] = sf_arena_take(arena, (size_t) n, sizeof(double))) == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = cross_predictions(arena, frame, n, prediction);
	for (int32_t f = 0; status == SF_OK && f < frame->features; f++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfAuc		alone;

		status = sf_auc(arena, prediction[f], frame->won, n, 0.95, &alone);
		if (status == SF_OK)
			auc[f] = alone.auc;
		sf_arena_rewind(arena, mark);
	}
	return status;
}

static SfGate
leak_auc(int32_t feature, double auc)
{
	SfGate		gate = plain_gate(SF_GATE_LEAK_AUC, feature, AUC_REFUSE, auc);

	if (auc > AUC_REFUSE)
	{
		gate.verdict = SF_REFUSE;
		gate.stops = true;
	}
	return gate;
}

/*
 * Source: the pooled two-proportion z test, Agresti, Categorical Data Analysis, 3rd ed., 3.1.
 */
static SfGate
leak_missing(const SfFrame *frame, int32_t feature)
{
	const SfFeatureCounts *c = &frame->counts[feature];
	SfGate		gate = plain_gate(SF_GATE_LEAK_MISSING, feature, MISSING_REFUSE, NAN);
	double		closed = (double) frame->rows;
	double		open = (double) frame->open_rows;
	double		pooled;
	double		error;

	if (frame->rows == 0 || frame->open_rows == 0)
		return gate;
	pooled = (double) (c->closed_missing + c->open_missing) / (closed + open);
	error = sqrt(pooled * (1 - pooled) * (1 / closed + 1 / open));
	gate.other = (double) c->open_missing / open;
	gate.measured = fabs((double) c->closed_missing / closed - gate.other);
	if (gate.measured > MISSING_REFUSE && gate.measured > MISSING_ERRORS * error)
	{
		gate.verdict = SF_REFUSE;
		gate.stops = true;
	}
	return gate;
}

static SfGate
leak_after(const SfFrame *frame, int32_t feature)
{
	SfGate		gate = plain_gate(SF_GATE_LEAK_AFTER, feature, 0, (double) frame->counts[feature].after);

	if (gate.measured > 0)
	{
		gate.verdict = SF_REFUSE;
		gate.stops = true;
	}
	return gate;
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
	SfGate		gate = plain_gate(SF_GATE_CONSTANT, f, 1, constant ? 1 : 2);

	gate.verdict = constant ? SF_WARN : SF_PASS;
	return gate;
}

/* ---- all of them ---- */

static SfStatus
plain_gates(SfCtx *ctx, const SfFrame *frame, SfGate *gate, int32_t *n)
{
	double		years;
	int64_t		known;
	SfStatus	status = years_known(ctx, frame, &years, &known);

	if (status != SF_OK)
		return status;
	gate[(*n)++] = sf_gate_at_least(SF_GATE_WON, (double) frame->won_rows, CLASS_REFUSE, CLASS_WARN);
	gate[(*n)++] = sf_gate_at_least(SF_GATE_LOST, (double) (frame->rows - frame->won_rows), CLASS_REFUSE, CLASS_WARN);
	gate[(*n)++] = sf_gate_rows_per_parameter(frame->rows, (int64_t) frame->features + 1);
	gate[(*n)++] = warning_gate(SF_GATE_HISTORY, years, YEARS_WARN);
	gate[(*n)++] = warning_gate(SF_GATE_DEALS_PER_YEAR, known > 0 ? (double) known / fmax(years, LEAST_SPAN) : NAN, PER_YEAR_WARN);
	return SF_OK;
}

#define PLAIN_GATES 5
#define GATES_PER_FEATURE 4

SfStatus
sf_win_gates(SfArena *arena, const SfFrame *frame, SfGate **gates, int32_t *count)
{
	SfGate	   *gate = sf_arena_take(arena, PLAIN_GATES + GATES_PER_FEATURE * (size_t) frame->features, sizeof(SfGate));
	double	   *auc = sf_arena_take(arena, (size_t) frame->features, sizeof(double));
	SfArenaMark mark = sf_arena_mark(arena);
	int32_t		n = 0;
	SfStatus	status;

	if (gate == NULL || auc == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = plain_gates(arena->ctx, frame, gate, &n);
	if (status == SF_OK && frame->features > 0)
		status = aucs_alone(arena, frame, auc);
	if (status != SF_OK)
		return status;
	sf_arena_rewind(arena, mark);
	for (int32_t f = 0; f < frame->features; f++)
		gate[n++] = leak_auc(f, auc[f]);
	for (int32_t f = 0; f < frame->features; f++)
		gate[n++] = leak_missing(frame, f);
	for (int32_t f = 0; f < frame->features; f++)
		if (frame->feature[f].kind == SF_FEATURE_AGE)
			gate[n++] = leak_after(frame, f);
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
