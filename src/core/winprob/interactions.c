/*
 * interactions.c
 *		Conditions that matter in some segments only.
 */
#include "core/winprob/interaction_effect.h"

#include <math.h>
#include <string.h>

#include "core/base/logit.h"
#include "core/base/sort.h"

#define SEGMENTS_MOST 64		/* of one feature */
#define NUMBER_SEGMENTS 12		/* bins of a number, each a segment; beyond: thirds */
#define CUTS 15					/* of a number, at equal counts */
#define CATEGORIES 24			/* conditions of a category: its codes with the most deals */
#define THREE_FEATURES 12
#define THREE_SEGMENTS 16
#define CELLS_MOST (THREE_SEGMENTS * THREE_SEGMENTS)
#define WORK INT64_C(1000000000)
#define DEALS_LEAST 20000
#define POLL_ROWS 16384

typedef struct Condition
{
	int32_t		low;
	int32_t		high;
} Condition;

/* One feature in both roles. */
typedef struct Role
{
	int32_t		codes;			/* values + 2 */
	int32_t		segments;		/* 0: none */
	uint8_t		segment[256];	/* by code; SEGMENTS_MOST: none */
	int32_t		conditions;
	Condition	condition[CATEGORIES + CUTS + 1];
	bool		ordered;		/* a condition's complement is a range too */
} Role;

/* Deals and won ones, packed: one addition counts both. */
typedef uint64_t Count;
#define WON_ONE (UINT64_C(1) << 32)

typedef struct Finder
{
	SfArena    *arena;
	SfCtx	   *ctx;
	const SfBins *bins;
	SfInteractionOptions options;
	int64_t		rows;
	int32_t		features;
	Role	   *role;			/* [features] */
	uint8_t    *column;			/* [features][rows] codes */
	uint8_t    *cell;			/* [rows] segment of a pair of features */
	Count	   *add;			/* [rows] 1, or 1 + WON_ONE */
	Count	   *count;			/* [segments][256] */
	SfInteraction *candidate;
	double	   *log_p;			/* [candidates] */
	int64_t		candidates;		/* tests made */
} Finder;

static int64_t
deals_of(Count count)
{
	return (int64_t) (count & UINT32_MAX);
}

static bool
number(const SfBins *bins, int32_t f)
{
	return bins->feature[f].kind == SF_FEATURE_NUMBER || bins->feature[f].kind == SF_FEATURE_AGE;
}

/* Segments by code; a number of many bins in thirds of equal counts. */
static void
set_segments(const SfBins *bins, int32_t f, const int64_t *count, int64_t rows, Role *role)
{
	int32_t		values = bins->of[f].values;
	bool		thirds = number(bins, f) && values > NUMBER_SEGMENTS;
	int64_t		before = 0;

	memset(role->segment, SEGMENTS_MOST, sizeof role->segment);
	role->segments = 0;
	if (values < 1 || (!thirds && values + 1 > SEGMENTS_MOST))
		return;
	rows -= count[0];
	for (int32_t c = 0; c <= values; c++)
	{
		if (c == 0 || !thirds)
			role->segment[c] = (uint8_t) c;
		else
		{
			role->segment[c] = (uint8_t) (1 + (rows > 0 ? (before + count[c] / 2) * 3 / rows : 0));
			before += count[c];
		}
	}
	role->segments = thirds ? 4 : values + 1;
}

static void
add_condition(Role *role, int32_t low, int32_t high)
{
	role->condition[role->conditions++] = (Condition) {low, high};
}

/* The codes with the most deals, each against the others. */
static void
set_categories(const int64_t *count, int32_t values, Role *role)
{
	bool		taken[256] = {false};

	for (int32_t k = 0; k < values && k < CATEGORIES; k++)
	{
		int32_t		best = 0;

		for (int32_t c = 1; c <= values; c++)
			if (!taken[c] && (best == 0 || count[c] > count[best]))
				best = c;
		taken[best] = true;
		add_condition(role, best, best);
		/* of two, one is the other's complement */
		if (values == 2)
			return;
	}
}

static void
set_conditions(const SfBins *bins, int32_t f, const int64_t *count, int64_t rows, int64_t least, Role *role)
{
	int32_t		values = bins->of[f].values;
	int64_t		valued = rows - count[0];
	int64_t		below = 0;
	int64_t		last = 0;

	role->conditions = 0;
	role->ordered = bins->feature[f].kind != SF_FEATURE_CATEGORY || values == 2;
	if (values >= 1 && count[0] >= least && valued >= least)
		add_condition(role, 0, 0);
	if (values < 2)
		return;
	if (bins->feature[f].kind == SF_FEATURE_CATEGORY)
	{
		set_categories(count, values, role);
		return;
	}
	for (int32_t c = 1; c < values; c++)
	{
		int64_t		step;

		below += count[c];
		step = valued > 0 ? below * (CUTS + 1) / valued : 0;
		if (below < least || valued - below < least || (step <= last && values > CUTS + 1) ||
			role->conditions >= CUTS + 1)
			continue;
		last = step;
		add_condition(role, c + 1, values);
	}
}

/* Columns of the deals looked at, and what each feature can be. */
static SfStatus
set_roles(Finder *w, const SfCodes *codes)
{
	for (int64_t r = 0; r < w->rows; r++)
	{
		if (r % POLL_ROWS == 0 && sf_cancelled(w->ctx))
			return sf_fail(w->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (int32_t f = 0; f < w->features; f++)
			w->column[f * w->rows + r] = codes->code[r * w->features + f];
		w->add[r] = codes->won[r] ? 1 + WON_ONE : 1;
	}
	for (int32_t f = 0; f < w->features; f++)
	{
		int64_t		count[256] = {0};

		for (int64_t r = 0; r < w->rows; r++)
		{
			if (r % POLL_ROWS == 0 && sf_cancelled(w->ctx))
				return sf_fail(w->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
			count[w->column[f * w->rows + r]]++;
		}
		w->role[f].codes = w->bins->of[f].values + 2;
		set_segments(w->bins, f, count, w->rows, &w->role[f]);
		set_conditions(w->bins, f, count, w->rows, w->options.least_deals, &w->role[f]);
	}
	return SF_OK;
}

/* count[cell][code of f] */
static SfStatus
count_cells(Finder *w, int32_t cells, int32_t f)
{
	const uint8_t *column = w->column + f * w->rows;

	memset(w->count, 0, ((size_t) cells + 1) * 256 * sizeof(Count));
	for (int64_t r = 0; r < w->rows;)
	{
		int64_t		end = w->rows - r < POLL_ROWS ? w->rows : r + POLL_ROWS;

		if (sf_cancelled(w->ctx))
			return sf_fail(w->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		for (; r < end; r++)
			w->count[(size_t) w->cell[r] * 256 + column[r]] += w->add[r];
	}
	return SF_OK;
}

/* cell[] from one feature's segments, or from two (over by over): what is none goes to the cell after the last. */
static SfStatus
set_cells(Finder *w, int32_t g, int32_t h, int32_t cells)
{
	const uint8_t *over = w->column + g * w->rows;
	const uint8_t *by = h >= 0 ? w->column + h * w->rows : NULL;
	int32_t		width = h >= 0 ? w->role[h].segments : 1;

	for (int64_t r = 0; r < w->rows; r++)
	{
		int32_t		a = w->role[g].segment[over[r]];
		int32_t		b = by != NULL ? w->role[h].segment[by[r]] : 0;

		if (r % POLL_ROWS == 0 && sf_cancelled(w->ctx))
			return sf_fail(w->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		w->cell[r] = (uint8_t) (a < w->role[g].segments && b < width ? a * width + b : cells);
	}
	return SF_OK;
}

/* The table of one condition in one segment: its codes against the others from 1 on, without unseen ones. */
static SfFourfold
fourfold(const Finder *w, int32_t segment, const Role *role, Condition condition)
{
	const Count *count = w->count + (size_t) segment * 256;
	SfFourfold	table = {{0, 0}, {0, 0}};

	for (int32_t c = condition.low == 0 ? 0 : 1; c < role->codes - 1; c++)
	{
		int			side = c >= condition.low && c <= condition.high;

		table.deals[side] += deals_of(count[c]);
		table.won[side] += (int64_t) (count[c] >> 32);
	}
	return table;
}

static bool
enough(const Finder *w, SfFourfold table)
{
	return table.deals[0] >= w->options.least_deals && table.deals[1] >= w->options.least_deals;
}

/* One condition in all segments that have deals enough. */
typedef struct Strata
{
	int32_t		n;
	int32_t		segment[CELLS_MOST];
	SfFourfold	table[CELLS_MOST];
	SfLogOdds	odds[CELLS_MOST];
	double		theta[CELLS_MOST];
	int64_t		order[CELLS_MOST];	/* by theta, ascending */
	SfLogOdds	common;
	double		q;
} Strata;

static void
collect(const Finder *w, const Role *role, Condition condition, int32_t segments, Strata *s)
{
	s->n = 0;
	s->common = (SfLogOdds) {0.0, 0.0};
	s->q = 0.0;
	for (int32_t i = 0; i < segments; i++)
	{
		SfFourfold	table = fourfold(w, i, role, condition);

		if (!enough(w, table))
			continue;
		s->segment[s->n] = i;
		s->table[s->n] = table;
		s->odds[s->n] = sf_fourfold_log_odds(table);
		s->theta[s->n] = s->odds[s->n].theta;
		s->common = sf_log_odds_pool(s->common, s->odds[s->n]);
		s->n++;
	}
	for (int32_t i = 0; i < s->n; i++)
		s->q += s->odds[i].weight * (s->theta[i] - s->common.theta) * (s->theta[i] - s->common.theta);
}

/* The row's two sides: inside are the strata marked. Turns the condition round where that reads better. */
static void
tell(SfInteraction *row, const Role *role, Condition condition, const Strata *s, const bool *inside)
{
	SfFourfold	table[2] = {{{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}};
	SfLogOdds	odds[2] = {{0.0, 0.0}, {0.0, 0.0}};
	double		pull = s->q > 0.0 ? fmax(0.0, 1.0 - (double) (s->n - 1) / s->q) : 0.0;

	for (int32_t i = 0; i < s->n; i++)
	{
		table[inside[i]] = sf_fourfold_sum(table[inside[i]], s->table[i]);
		odds[inside[i]] = sf_log_odds_pool(odds[inside[i]], s->odds[i]);
	}
	row->code_low = condition.low;
	row->code_high = condition.high;
	row->shrunk = s->common.theta + pull * (odds[1].theta - s->common.theta);
	if (odds[1].theta < 0.0 && role->ordered && condition.low > 1 && condition.high == role->codes - 2)
	{
		row->code_low = 1;
		row->code_high = condition.low - 1;
		row->shrunk = -row->shrunk;
		for (int k = 0; k < 2; k++)
		{
			SfFourfold	t = table[k];

			odds[k].theta = -odds[k].theta;
			table[k] = (SfFourfold) {{t.deals[1], t.deals[0]}, {t.won[1], t.won[0]}};
		}
	}
	row->shrunk = sf_exp(row->shrunk);
	row->inside = sf_interaction_effect(table[1], odds[1]);
	row->outside = sf_interaction_effect(table[0], odds[0]);
}

/* Cuts the strata, ordered by theta, where the two parts differ most; the stronger one is inside. */
static double
cut_strata(Strata *s, bool *inside)
{
	SfLogOdds	low = {0.0, 0.0};
	double		best = -1.0;
	int32_t		at = 1;
	bool		upper = true;

	sf_sort_order(s->theta, s->n, s->order);
	for (int32_t i = 1; i < s->n; i++)
	{
		SfLogOdds	high = {0.0, 0.0};
		double		z;

		low = sf_log_odds_pool(low, s->odds[s->order[i - 1]]);
		for (int32_t k = i; k < s->n; k++)
			high = sf_log_odds_pool(high, s->odds[s->order[k]]);
		z = sf_log_odds_z(high, low);
		if (z <= best)
			continue;
		best = z;
		at = i;
		upper = fabs(high.theta) >= fabs(low.theta);
	}
	for (int32_t i = 0; i < s->n; i++)
		inside[s->order[i]] = (i >= at) == upper;
	return best;
}

static void
mark_codes(SfInteraction *row, int32_t k, const Role *role, int32_t segment)
{
	for (int32_t c = 0; c < role->codes - 1; c++)
		if (role->segment[c] == segment)
			row->codes[k][c / 64] |= UINT64_C(1) << (c % 64);
}

/* The best condition of f over the segments of g; log p of the best, and how many were tried. */
static SfStatus
try_pair(Finder *w, int32_t f, int32_t g, SfInteraction *row, int32_t *tried)
{
	const Role *role = &w->role[f];
	const Role *over = &w->role[g];
	Strata		s;
	bool		inside[CELLS_MOST];
	SfStatus	status;

	if (role->conditions == 0 || over->segments < 2)
		return SF_OK;
	status = set_cells(w, g, -1, over->segments);
	if (status == SF_OK)
		status = count_cells(w, over->segments, f);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < role->conditions; k++)
	{
		double		log_p;

		collect(w, role, role->condition[k], over->segments, &s);
		if (s.n < 2)
			continue;
		(*tried)++;
		log_p = sf_log_chi_squared_tail(s.q, s.n - 1);
		if (log_p >= row->log_p)
			continue;
		memset(row, 0, sizeof *row);
		row->log_p = log_p;
		row->condition = f;
		row->segments = 1;
		row->segment[0] = g;
		row->z = cut_strata(&s, inside);
		tell(row, role, role->condition[k], &s, inside);
		for (int32_t i = 0; i < s.n; i++)
			if (inside[i])
				mark_codes(row, 0, over, s.segment[i]);
	}
	return SF_OK;
}

/* One cell against the rest of its row and of its column; the smaller |z| when both agree in sign, else 0. */
static double
cell_z(const Strata *s, int32_t i, int32_t columns)
{
	SfLogOdds	row = {0.0, 0.0};
	SfLogOdds	column = {0.0, 0.0};
	double		a;
	double		b;

	for (int32_t k = 0; k < s->n; k++)
		if (k != i && s->segment[k] / columns == s->segment[i] / columns)
			row = sf_log_odds_pool(row, s->odds[k]);
		else if (k != i && s->segment[k] % columns == s->segment[i] % columns)
			column = sf_log_odds_pool(column, s->odds[k]);
	a = sf_log_odds_z(s->odds[i], row);
	b = sf_log_odds_z(s->odds[i], column);
	if (a * b <= 0.0)
		return 0.0;
	return fabs(a) < fabs(b) ? a : b;
}

/* The best cell of segments of g and h for a condition of f. */
static SfStatus
try_three(Finder *w, int32_t f, int32_t g, int32_t h, SfInteraction *row, int32_t *tried)
{
	const Role *role = &w->role[f];
	const Role *over = &w->role[g];
	const Role *by = &w->role[h];
	int32_t		cells = over->segments * by->segments;
	Strata		s;
	SfStatus	status;

	if (role->conditions == 0 || over->segments < 2 || by->segments < 2 ||
		over->segments > THREE_SEGMENTS || by->segments > THREE_SEGMENTS || cells >= CELLS_MOST)
		return SF_OK;
	status = set_cells(w, g, h, cells);
	if (status == SF_OK)
		status = count_cells(w, cells, f);
	if (status != SF_OK)
		return status;
	for (int32_t k = 0; k < role->conditions; k++)
	{
		if (sf_cancelled(w->ctx))
			return sf_fail(w->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		collect(w, role, role->condition[k], cells, &s);
		for (int32_t i = 0; i < s.n; i++)
		{
			double		z = cell_z(&s, i, by->segments);
			double		log_p = sf_log_chi_squared_tail(z * z, 1);
			bool		inside[CELLS_MOST] = {false};

			(*tried)++;
			if (z == 0.0 || log_p >= row->log_p)
				continue;
			memset(row, 0, sizeof *row);
			row->log_p = log_p;
			row->condition = f;
			row->segments = 2;
			row->segment[0] = g;
			row->segment[1] = h;
			row->z = fabs(z);
			inside[i] = true;
			tell(row, role, role->condition[k], &s, inside);
			mark_codes(row, 0, over, s.segment[i] / by->segments);
			mark_codes(row, 1, by, s.segment[i] % by->segments);
		}
	}
	return SF_OK;
}

/* One test: the best of all roles that the features can have. */
static void
keep(Finder *w, SfInteraction *row, int32_t tried)
{
	if (tried == 0)
		return;
	row->log_p = fmin(0.0, row->log_p + sf_log(tried));
	row->p = sf_exp(row->log_p);
	w->log_p[w->candidates] = row->log_p;
	w->candidate[w->candidates++] = *row;
}

static SfStatus
try_all_pairs(Finder *w)
{
	for (int32_t f = 0; f < w->features; f++)
		for (int32_t g = 0; g < f; g++)
		{
			SfInteraction row = {.log_p = 0.0};
			int32_t		tried = 0;
			SfStatus	status = try_pair(w, f, g, &row, &tried);

			if (status == SF_OK)
				status = try_pair(w, g, f, &row, &tried);
			if (status != SF_OK)
				return status;
			keep(w, &row, tried);
		}
	return SF_OK;
}

static SfStatus
try_all_threes(Finder *w)
{
	for (int32_t f = 0; f < w->features; f++)
		for (int32_t g = 0; g < f; g++)
			for (int32_t h = 0; h < g; h++)
			{
				SfInteraction row = {.log_p = 0.0};
				int32_t		tried = 0;
				SfStatus	status = try_three(w, f, g, h, &row, &tried);

				if (status == SF_OK)
					status = try_three(w, g, f, h, &row, &tried);
				if (status == SF_OK)
					status = try_three(w, h, f, g, &row, &tried);
				if (status != SF_OK)
					return status;
				keep(w, &row, tried);
			}
	return SF_OK;
}

/* The rows with an adjusted p of at most the level, by evidence. */
static SfStatus
choose_rows(Finder *w, SfInteractions *found)
{
	size_t		n = (size_t) w->candidates;
	int64_t    *order = sf_arena_take(w->arena, n, sizeof(int64_t));
	double	   *adjusted = sf_arena_take(w->arena, n, sizeof(double));
	SfInteraction *row;
	double		least = 1.0;

	if (order == NULL || adjusted == NULL)
		return sf_fail(w->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	sf_sort_order(w->log_p, w->candidates, order);
	found->n = 0;
	for (int64_t i = w->candidates - 1; i >= 0; i--)
	{
		least = fmin(least, sf_exp(w->log_p[order[i]]) * (double) n / (double) (i + 1));
		adjusted[i] = least;
		if (least <= w->options.level && found->n == 0)
			found->n = i + 1;
	}
	/* nothing at all differs where no condition made a row */
	while (found->n > 0 && w->candidate[order[found->n - 1]].segments == 0)
		found->n--;
	row = sf_arena_take(w->arena, (size_t) found->n, sizeof(SfInteraction));
	if (row == NULL)
		return sf_fail(w->arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < found->n; i++)
	{
		row[i] = w->candidate[order[i]];
		row[i].adjusted = adjusted[i];
	}
	found->row = row;
	found->tests = w->candidates;
	found->deals = w->rows;
	return SF_OK;
}

static SfStatus
take(Finder *w, bool threes)
{
	size_t		f = (size_t) w->features;
	size_t		rows = (size_t) w->rows;
	size_t		tests = f * (f > 0 ? f - 1 : 0) / 2;

	if (threes && f >= 3)
		tests += f * (f - 1) * (f - 2) / 6;
	w->role = sf_arena_take(w->arena, f, sizeof(Role));
	w->column = sf_arena_take(w->arena, f, rows);
	w->cell = sf_arena_take(w->arena, rows, 1);
	w->add = sf_arena_take(w->arena, rows, sizeof(Count));
	w->count = sf_arena_take(w->arena, (CELLS_MOST + 1) * 256, sizeof(Count));
	w->candidate = sf_arena_take(w->arena, tests, sizeof(SfInteraction));
	w->log_p = sf_arena_take(w->arena, tests, sizeof(double));
	if (w->role == NULL || w->column == NULL || w->cell == NULL || w->add == NULL || w->count == NULL ||
		w->candidate == NULL || w->log_p == NULL)
		return sf_fail(w->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

SfStatus
sf_interactions_find(SfArena *arena, const SfBins *bins, const SfCodes *codes,
					 SfInteractionOptions options, SfInteractions *found)
{
	Finder		w = {
		.arena = arena, .ctx = arena->ctx, .bins = bins, .options = options, .rows = codes->rows,
		.features = bins->features
	};
	bool		threes = options.threes && bins->features <= THREE_FEATURES;
	int64_t		f = bins->features;
	int64_t		passes = f * (f - 1) + (threes ? f * (f - 1) * (f - 2) / 2 : 0);
	int64_t		work = options.work > 0 ? options.work : WORK;
	SfInteractions result;
	SfStatus	status;

	if (!(options.level > 0.0 && options.level <= 1.0))
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "level must be between 0 and 1", options.level);
	if (options.least_deals < 1)
		return sf_fail_value(arena->ctx, SF_BAD_ARGUMENT, "least_deals must be positive", (double) options.least_deals);
	if (passes > 0 && w.rows > work / passes)
		w.rows = work / passes > DEALS_LEAST ? work / passes : w.rows < DEALS_LEAST ? w.rows : DEALS_LEAST;
	status = take(&w, threes);
	if (status == SF_OK)
		status = set_roles(&w, codes);
	if (status == SF_OK)
		status = try_all_pairs(&w);
	if (status == SF_OK && threes)
		status = try_all_threes(&w);
	if (status == SF_OK)
		status = choose_rows(&w, &result);
	if (status != SF_OK)
		return status;
	*found = result;
	return SF_OK;
}
