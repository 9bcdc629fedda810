/*
 * close_gates.c
 *		What the deals must give before a close model is trained: the limits of gates.h, the leaks of leaks.h.
 *
 * Outcomes are compared among the deals that closed.  A number that orders them
 * as their days do was filled in when they closed; a date or an age that was
 * known at entry does not.
 */
#include "core/winprob/close_train.h"
#include "core/winprob/deal_counts.h"
#include "core/winprob/gates.h"
#include "core/winprob/leaks.h"

#include <math.h>
#include <string.h>

#define CHUNK 4096

#define PLAIN_GATES 5
#define GATES_PER_FEATURE 4
#define GATES_AFTER 1			/* of skill, when the model is made */

/* A number that fewer closed deals have says nothing about all of them. */
#define LEAST_NUMBERS 20

static SfStatus
count_deals(SfArena *arena, const SfCloseSet *set, SfDealCounts *deals)
{
	static const uint8_t as_outcome[] = {[SF_CLOSE_OPEN] = SF_OPEN, [SF_CLOSE_LOST] = SF_LOST, [SF_CLOSE_WON] = SF_WON};
	SfArenaMark scratch = sf_arena_mark(arena);
	uint8_t    *outcome = sf_arena_take(arena, (size_t) set->frame.rows, sizeof(uint8_t));
	SfStatus	status;

	if (outcome == NULL)
		return sf_no_memory(arena->ctx);
	for (int64_t i = 0; i < set->frame.rows; i++)
		outcome[i] = as_outcome[set->outcome[i]];
	status = sf_count_deals(arena, &set->frame, outcome, deals);
	sf_arena_rewind(arena, scratch);
	return status;
}

/* Rows that closed, in the frame's order, which is a shuffle. */
static SfStatus
closed_rows(SfArena *arena, const SfCloseSet *set, SfRows *closed)
{
	uint32_t   *row = sf_arena_take(arena, (size_t) set->frame.rows, sizeof(uint32_t));
	int64_t		n = 0;

	if (row == NULL)
		return sf_no_memory(arena->ctx);
	for (int64_t i = 0; i < set->frame.rows; i++)
		if (set->outcome[i] != SF_CLOSE_OPEN)
			row[n++] = (uint32_t) i;
	*closed = (SfRows) {row, n};
	return sf_poll(arena->ctx);
}

/* Rows without a value of a feature, open and closed. */
static SfStatus
count_missing(SfCtx *ctx, const SfCloseSet *set, int32_t f, SfMissing *missing)
{
	SfRows		all = sf_all_rows(&set->frame);
	bool		named = set->frame.feature[f].kind == SF_FEATURE_CATEGORY;
	double		number[CHUNK];
	uint32_t	category[CHUNK];

	for (int64_t i = 0; i < all.n; i += CHUNK)
	{
		int64_t		n = all.n - i < CHUNK ? all.n - i : CHUNK;

		if (named)
			sf_frame_categories(&set->frame, f, all, i, n, category);
		else
			sf_frame_numbers(&set->frame, f, all, i, n, number);
		for (int64_t j = 0; j < n; j++)
		{
			bool		open = set->outcome[i + j] == SF_CLOSE_OPEN;
			bool		none = named ? category[j] == SF_MISSING_CATEGORY : isnan(number[j]) != 0;

			missing->open += open;
			missing->closed += !open;
			missing->open_missing += open && none;
			missing->closed_missing += !open && none;
		}
		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Closed deals with a number. */
typedef struct Numbers
{
	int64_t		n;
	double	   *x;
	double	   *entry;
	double	   *days;
	double	   *left;			/* days from entry on */
	double	   *zero;
	uint8_t    *closed;
} Numbers;

static SfStatus
take_numbers(SfArena *arena, const SfCloseSet *set, int32_t f, SfRows rows, Numbers *of)
{
	size_t		n = (size_t) rows.n;

	*of = (Numbers) {.x = sf_arena_take(arena, n, sizeof(double)), .entry = sf_arena_take(arena, n, sizeof(double))};
	of->days = sf_arena_take(arena, n, sizeof(double));
	of->left = sf_arena_take(arena, n, sizeof(double));
	of->zero = sf_arena_take(arena, n, sizeof(double));
	of->closed = sf_arena_take(arena, n, sizeof(uint8_t));
	if (of->x == NULL || of->entry == NULL || of->days == NULL || of->left == NULL || of->zero == NULL || of->closed == NULL)
		return sf_no_memory(arena->ctx);
	memset(of->zero, 0, n * sizeof(double));
	memset(of->closed, 1, n);
	sf_frame_numbers(&set->frame, f, rows, 0, rows.n, of->x);
	for (int64_t i = 0; i < rows.n; i++)
	{
		uint32_t	row = sf_row_of(rows, i);

		if (isnan(of->x[i]))
			continue;
		of->x[of->n] = of->x[i];
		of->entry[of->n] = set->entry[row];
		of->days[of->n] = set->days[row];
		of->left[of->n++] = set->days[row] - set->entry[row];
	}
	return SF_OK;
}

/* The share of pairs that is further from chance. */
static void
keep_farther(double agree, double pairs, double *concordance)
{
	double		share = agree / pairs;

	if (pairs > 0 && !(fabs(share - 0.5) <= fabs(*concordance - 0.5)))
		*concordance = share;
}

/*
 * How a number alone orders closed deals by their days: by the age they closed at, among those that were watched then,
 * and by the days from entry.  NaN: too few to tell.
 */
static SfStatus
days_alone(SfArena *arena, const SfCloseSet *set, int32_t f, SfRows rows, double *concordance)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double		agree[2] = {0};
	double		pairs[2] = {0};
	Numbers		of;
	SfStatus	status = take_numbers(arena, set, f, rows, &of);

	*concordance = NAN;
	if (status == SF_OK && of.n >= LEAST_NUMBERS)
	{
		status = sf_close_concordance(arena, of.entry, of.days, of.closed, of.x, of.n, &agree[0], &pairs[0]);
		if (status == SF_OK)
			status = sf_close_concordance(arena, of.zero, of.left, of.closed, of.x, of.n, &agree[1], &pairs[1]);
		keep_farther(agree[0], pairs[0], concordance);
		keep_farther(agree[1], pairs[1], concordance);
	}
	sf_arena_rewind(arena, scratch);
	return status;
}

/* The gates of one feature. */
static SfStatus
gate_feature(SfArena *arena, const SfCloseSet *set, int32_t f, SfRows closed, double auc, bool churn, SfMissing missing,
			 SfCloseModel *model)
{
	SfFeatureKind kind = set->frame.feature[f].kind;
	double		concordance = NAN;
	SfStatus	status = count_missing(arena->ctx, set, f, &missing);

	closed.n = sf_scan_rows(closed.n, set->frame.features);
	if (status == SF_OK && kind != SF_FEATURE_CATEGORY)
		status = days_alone(arena, set, f, closed, &concordance);
	if (status != SF_OK)
		return status;
	if (!churn)
		model->gate[model->gates++] = sf_leak_auc(f, auc);
	if (kind != SF_FEATURE_CATEGORY)
		model->gate[model->gates++] = sf_leak_days(f, concordance, churn);
	model->gate[model->gates++] = sf_leak_missing(f, &missing);
	if (kind == SF_FEATURE_AGE)
		model->gate[model->gates++] = sf_leak_after(&set->frame, f);
	return SF_OK;
}

static SfStatus
scan_leaks(SfArena *arena, const SfCloseSet *set, bool churn, const SfDealCounts *deals, SfCloseModel *model)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double	   *auc = sf_arena_take(arena, (size_t) set->frame.features, sizeof(double));
	SfMissing	missing = {.deals_per_row = (double) deals->all / fmax((double) set->frame.rows, 1)};
	SfRows		closed;
	SfStatus	status = auc == NULL ? sf_no_memory(arena->ctx) : closed_rows(arena, set, &closed);

	if (status == SF_OK && !churn)
		status = sf_aucs_alone(arena, &set->frame, closed, auc);
	for (int32_t f = 0; f < set->frame.features && status == SF_OK; f++)
		status = gate_feature(arena, set, f, closed, churn ? NAN : auc[f], churn, missing, model);
	sf_arena_rewind(arena, scratch);
	return status;
}

SfStatus
sf_close_gates(SfArena *arena, const SfCloseSet *set, bool churn, SfCloseModel *model)
{
	SfGate	   *gate = sf_arena_take(arena, PLAIN_GATES + GATES_AFTER + GATES_PER_FEATURE * (size_t) set->frame.features, sizeof(SfGate));
	SfDealCounts deals;
	SfStatus	status = gate == NULL ? sf_no_memory(arena->ctx) : count_deals(arena, set, &deals);

	if (status != SF_OK)
		return status;
	model->deals = deals.all;
	model->closed_deals = deals.closed;
	model->won_deals = deals.won;
	model->first_time = deals.first;
	model->last_time = deals.last;
	gate[0] = sf_gate_at_least(SF_GATE_WON, (double) deals.won, SF_CLASS_REFUSE, SF_CLASS_WARN);
	gate[1] = sf_gate_at_least(SF_GATE_LOST, (double) (churn ? deals.open : deals.lost), SF_CLASS_REFUSE, SF_CLASS_WARN);
	gate[2] = sf_gate_rows_per_parameter(deals.closed, (int64_t) set->frame.features + 1);
	gate[3] = sf_gate_history(deals.first, deals.last);
	gate[4] = sf_gate_deals_per_year((double) deals.timed, deals.first, deals.last);
	model->gate = gate;
	model->gates = PLAIN_GATES;
	return scan_leaks(arena, set, churn, &deals, model);
}
