/*
 * calibrate.c
 *		Log-odds brought to what really happens.
 */
#include "core/winprob/calibrate.h"

#include <math.h>

#include "core/base/logit.h"
#include "core/winprob/isotonic.h"
#include "core/winprob/metrics.h"

#define FOLDS 5
#define LEAST_ROWS 20
#define ISOTONIC_WON 1000
#define POLL_EVERY 8192

/* Log-odds beyond it are all the same certainty. */
#define LOG_ODDS_MAX 50.0

/* No log-odds moves further in one step: where all deals are certain the curvature vanishes. */
#define MOVE_MAX 20.0

/* A slope of a model that orders deals no better than chance, or the wrong way round. */
#define SLOPE_MIN 1e-6

#define NEWTON_MAX 60

/* Promised gains below this share of the loss cannot be told from rounding: one last whole step. */
#define LAST_GAIN 1e-10
#define STEP_MIN 1e-9

static double
limited(double x)
{
	return fmin(fmax(x, -LOG_ODDS_MAX), LOG_ODDS_MAX);
}

/* Deals with one fold left out. */
typedef struct Part
{
	const double *log_odds;
	const uint8_t *won;
	int64_t		n;
	const uint8_t *fold;		/* [n]; NULL: all deals */
	int32_t		left_out;
} Part;

static bool
left_out(const Part *part, int64_t i)
{
	return part->fold != NULL && part->fold[i] == part->left_out;
}

/* Loss with its first and second derivatives by a and b. */
typedef struct Slopes
{
	double		loss;
	double		a;
	double		b;
	double		aa;
	double		ab;
	double		bb;
} Slopes;

/* target[won] in place of 0 and 1. */
static SfStatus
platt_slopes(SfCtx *ctx, const Part *part, const double *target, double a, double b, Slopes *slopes)
{
	Slopes		s = {0};

	for (int64_t i = 0; i < part->n; i++)
	{
		double		x = limited(part->log_odds[i]);
		double		z = a + b * x;
		double		t = target[part->won[i] != 0];
		double		e = sf_exp(-fabs(z));
		double		p = z >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
		double		w = e / ((1.0 + e) * (1.0 + e));

		if (i % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (left_out(part, i))
			continue;
		/* t log(1 + e^-z) + (1 - t) log(1 + e^z) */
		s.loss += sf_log1p(e) + (z >= 0 ? (1.0 - t) * z : -t * z);
		s.a += p - t;
		s.b += (p - t) * x;
		s.aa += w;
		s.ab += w * x;
		s.bb += w * x * x;
	}
	*slopes = s;
	return SF_OK;
}

/* Newton's step, in a alone when the slope stands at its bound; returns what it promises to gain. */
static double
newton_step(const Slopes *s, double b, double *da, double *db)
{
	double		ridge = 1e-12 * (s->aa + s->bb) + 1e-200;
	double		aa = s->aa + ridge;
	double		bb = s->bb + ridge;
	double		det = aa * bb - s->ab * s->ab;
	double		most;

	if ((b <= SLOPE_MIN && s->b >= 0) || !(det > 0))
	{
		*da = -s->a / aa;
		*db = 0;
	}
	else
	{
		*da = -(bb * s->a - s->ab * s->b) / det;
		*db = -(aa * s->b - s->ab * s->a) / det;
	}
	most = fabs(*da) + LOG_ODDS_MAX * fabs(*db);
	if (most > MOVE_MAX)
	{
		*da *= MOVE_MAX / most;
		*db *= MOVE_MAX / most;
	}
	return -(*da * s->a + *db * s->b);
}

static void
platt_targets(const Part *part, double *target)
{
	double		count[2] = {0, 0};

	for (int64_t i = 0; i < part->n; i++)
		if (!left_out(part, i))
			count[part->won[i] != 0]++;
	target[0] = 1.0 / (count[0] + 2.0);
	target[1] = (count[1] + 1.0) / (count[1] + 2.0);
}

/* Half the step again and again until the loss falls; *step 0: it never does. */
static SfStatus
search_step(SfCtx *ctx, const Part *part, const double *target, const Slopes *here, double a, double b,
			double da, double db, double *step, Slopes *there)
{
	for (*step = 1; *step > STEP_MIN; *step /= 2)
	{
		SfStatus	status = platt_slopes(ctx, part, target, a + *step * da, fmax(b + *step * db, SLOPE_MIN), there);

		if (status != SF_OK || there->loss < here->loss)
			return status;
	}
	*step = 0;
	return SF_OK;
}

static SfStatus
fit_platt(SfCtx *ctx, const Part *part, SfCalibration *calibration)
{
	double		target[2];
	double		a = 0;
	double		b = 1;
	double		step = 1;
	bool		last = false;
	Slopes		here;
	SfStatus	status;

	platt_targets(part, target);
	status = platt_slopes(ctx, part, target, a, b, &here);
	for (int turn = 0; status == SF_OK && step > 0 && !last && turn < NEWTON_MAX; turn++)
	{
		double		da;
		double		db;
		Slopes		there = here;

		last = !(newton_step(&here, b, &da, &db) > LAST_GAIN * (1.0 + here.loss));
		if (!last)
			status = search_step(ctx, part, target, &here, a, b, da, db, &step, &there);
		a += step * da;
		b = fmax(b + step * db, SLOPE_MIN);
		here = there;
	}
	if (status == SF_OK)
		*calibration = (SfCalibration) {.kind = SF_CALIBRATION_PLATT, .a = a, .b = b};
	return status;
}

/* Rates half a deal away from 0 and 1 may fall again, where blocks differ in size: joined once more. */
static int32_t
make_knots(SfIsotonicBlock *block, int64_t blocks, double *from, double *to)
{
	int64_t		kept = 0;

	for (int64_t i = 0; i < blocks; i++)
	{
		SfIsotonicBlock next = block[i];

		while (kept > 0 && (((double) block[kept - 1].won + 0.5) * ((double) next.rows + 1.0) >=
							((double) next.won + 0.5) * ((double) block[kept - 1].rows + 1.0) ||
							!(block[kept - 1].centre < next.centre)))
		{
			SfIsotonicBlock last = block[--kept];
			double		share = (double) next.rows / (double) (last.rows + next.rows);

			next.centre = last.centre + share * (next.centre - last.centre);
			next.rows += last.rows;
			next.won += last.won;
		}
		block[kept++] = next;
	}
	for (int64_t i = 0; i < kept; i++)
	{
		from[i] = block[i].centre;
		to[i] = sf_log((double) block[i].won + 0.5) - sf_log((double) (block[i].rows - block[i].won) + 0.5);
	}
	return (int32_t) kept;
}

/* Blocks hold LEAST_ROWS deals each, unless it is one alone. */
static SfStatus
fit_isotonic(SfArena *arena, const Part *part, SfCalibration *calibration)
{
	size_t		most = (size_t) (part->n / LEAST_ROWS + 1);
	double	   *from = sf_arena_take(arena, most, sizeof(double));
	double	   *to = sf_arena_take(arena, most, sizeof(double));
	SfArenaMark mark = sf_arena_mark(arena);
	double	   *limit = sf_arena_take(arena, (size_t) part->n, sizeof(double));
	SfScoreTie *tie;
	int64_t		ties;
	SfIsotonicBlock *block;
	int64_t		blocks;
	SfStatus	status;

	if (from == NULL || to == NULL || limit == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < part->n; i++)
		limit[i] = limited(part->log_odds[i]);
	status = sf_isotonic_ties(arena, limit, part->won, part->n, part->fold, part->left_out, &tie, &ties);
	if (status == SF_OK)
		status = sf_isotonic_blocks(arena, tie, ties, LEAST_ROWS, &block, &blocks);
	if (status == SF_OK)
		*calibration = (SfCalibration) {
			.kind = SF_CALIBRATION_ISOTONIC, .b = 1, .knots = make_knots(block, blocks, from, to), .from = from, .to = to
		};
	sf_arena_rewind(arena, mark);
	return status;
}

static const SfCalibration none = {.kind = SF_CALIBRATION_NONE, .b = 1};

/* Nothing to learn from: no deals. */
static SfStatus
fit(SfArena *arena, const Part *part, SfCalibrationKind kind, SfCalibration *calibration)
{
	if (kind == SF_CALIBRATION_PLATT)
		return fit_platt(arena->ctx, part, calibration);
	if (kind == SF_CALIBRATION_ISOTONIC)
		return fit_isotonic(arena, part, calibration);
	*calibration = none;
	return SF_OK;
}

SfStatus
sf_calibrate_as(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
				SfCalibrationKind kind, SfCalibration *calibration)
{
	return fit(arena, &(Part) {.log_odds = log_odds, .won = won, .n = n}, kind, calibration);
}

typedef struct Gain
{
	double		mean;			/* improvement of the log-loss per deal */
	double		error;
} Gain;

/* What a calibration gains on each deal of the part that was left out. */
static SfStatus
gains_left_out(SfCtx *ctx, const Part *part, const SfCalibration *calibration, double *better)
{
	for (int64_t i = 0; i < part->n; i++)
	{
		bool		won = part->won[i] != 0;

		if (i % POLL_EVERY == POLL_EVERY - 1 && sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		if (left_out(part, i))
			better[i] = sf_log_loss_one(sf_logistic(part->log_odds[i]), won) -
				sf_log_loss_one(sf_logistic(sf_calibrated(calibration, part->log_odds[i])), won);
	}
	return SF_OK;
}

/* Fits without each fold in turn, and compares there. */
static SfStatus
cross_validate(SfArena *arena, Part part, const SfTogether *together, SfCalibrationKind kind, Gain *gain)
{
	SfArenaMark start = sf_arena_mark(arena);
	double	   *better = sf_arena_take(arena, (size_t) part.n, sizeof(double));
	SfStatus	status = SF_OK;

	if (better == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	part.fold = together->fold;
	for (part.left_out = 0; part.left_out < together->folds && status == SF_OK; part.left_out++)
	{
		SfArenaMark mark = sf_arena_mark(arena);
		SfCalibration calibration;

		status = fit(arena, &part, kind, &calibration);
		if (status == SF_OK)
			status = gains_left_out(arena->ctx, &part, &calibration, better);
		sf_arena_rewind(arena, mark);
	}
	if (status == SF_OK)
		status = sf_cluster_mean(arena, &together->clusters, better, part.n, &gain->mean, &gain->error);
	sf_arena_rewind(arena, start);
	return status;
}

/* Of two learners the first that helps: isotonic, then Platt. */
static SfStatus
choose(SfArena *arena, const Part *part, const SfTogether *together, SfCalibrationKind kind,
	   SfCalibrationKind *best, Gain *of_best)
{
	int64_t		won_rows = 0;

	for (int64_t i = 0; i < part->n; i++)
		won_rows += part->won[i] != 0;
	for (int k = SF_CALIBRATION_ISOTONIC; k >= SF_CALIBRATION_PLATT && *best == SF_CALIBRATION_NONE; k--)
	{
		bool		chosen = kind == SF_CALIBRATION_KINDS && (k == SF_CALIBRATION_PLATT || won_rows >= ISOTONIC_WON);
		SfStatus	status;

		if (!(chosen || (int) kind == k))
			continue;
		status = cross_validate(arena, *part, together, (SfCalibrationKind) k, of_best);
		if (status != SF_OK)
			return status;
		if ((int) kind == k || of_best->mean > of_best->error)
			*best = (SfCalibrationKind) k;
	}
	return SF_OK;
}

SfStatus
sf_calibrate(SfArena *arena, const double *log_odds, const uint8_t *won, int64_t n,
			 const SfTogether *together, SfCalibrationKind kind, SfCalibration *calibration, double *gain)
{
	const Part	part = {.log_odds = log_odds, .won = won, .n = n};
	SfTogether	usual = {.folds = FOLDS};
	SfArenaMark mark = sf_arena_mark(arena);
	SfCalibrationKind best = SF_CALIBRATION_NONE;
	Gain		of_best = {0, 0};
	SfCalibration result;
	SfStatus	status = SF_OK;

	if (together == NULL)
	{
		uint8_t    *fold = sf_arena_take(arena, (size_t) n, 1);

		if (fold == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		for (int64_t i = 0; i < n; i++)
			fold[i] = (uint8_t) (i % FOLDS);
		usual.fold = fold;
		usual.clusters.count = n;
		together = &usual;
	}
	if (n > 0)
		status = choose(arena, &part, together, kind, &best, &of_best);
	sf_arena_rewind(arena, mark);
	if (status == SF_OK)
		status = fit(arena, &part, best, &result);
	if (status != SF_OK)
		return status;
	*calibration = result;
	*gain = best == SF_CALIBRATION_NONE ? 0.0 : of_best.mean;
	return SF_OK;
}

/* The last knot at or below x; -1 when x stands below all. */
static int32_t
knot_of(const double *from, int32_t knots, double x)
{
	int32_t		low = -1;
	int32_t		high = knots;

	while (high - low > 1)
	{
		int32_t		middle = low + (high - low) / 2;

		if (from[middle] <= x)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static double
between_knots(const SfCalibration *c, double x)
{
	int32_t		k = knot_of(c->from, c->knots, x);
	double		share;

	if (k < 0)
		return c->to[0];
	if (k == c->knots - 1)
		return c->to[k];
	share = (x - c->from[k]) / (c->from[k + 1] - c->from[k]);
	return fmin(c->to[k] + share * (c->to[k + 1] - c->to[k]), c->to[k + 1]);
}

double
sf_calibrated(const SfCalibration *calibration, double log_odds)
{
	switch (calibration->kind)
	{
		case SF_CALIBRATION_PLATT:
			return calibration->a + calibration->b * limited(log_odds);
		case SF_CALIBRATION_ISOTONIC:
			return between_knots(calibration, limited(log_odds));
		default:
			return log_odds;
	}
}

void
sf_calibration_encode(const SfCalibration *calibration, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) calibration->kind, 1);
	if (calibration->kind == SF_CALIBRATION_PLATT)
	{
		sf_write_double(write, calibration->a);
		sf_write_double(write, calibration->b);
	}
	if (calibration->kind != SF_CALIBRATION_ISOTONIC)
		return;
	sf_write_int64(write, calibration->knots);
	for (int32_t k = 0; k < calibration->knots; k++)
	{
		sf_write_double(write, calibration->from[k]);
		sf_write_double(write, calibration->to[k]);
	}
}

/* Numbers far beyond what a fit gives, so that nothing overflows later. */
static bool
usable(double x)
{
	return fabs(x) <= 1e6;
}

static SfStatus
decode_knots(SfArena *arena, SfReader *read, SfCalibration *c)
{
	int64_t		knots = sf_read_int64(read);
	double	   *from;
	double	   *to;
	bool		ok;

	if (!read->ok || knots < 1 || knots > INT32_MAX || (uint64_t) knots > read->left / 16)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the count of a calibration's knots is wrong");
	from = sf_arena_take(arena, (size_t) knots, sizeof(double));
	to = sf_arena_take(arena, (size_t) knots, sizeof(double));
	if (from == NULL || to == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	ok = true;
	for (int64_t k = 0; k < knots; k++)
	{
		from[k] = sf_read_double(read);
		to[k] = sf_read_double(read);
		ok = ok && usable(from[k]) && usable(to[k]) && (k == 0 || (from[k - 1] < from[k] && to[k - 1] <= to[k]));
	}
	if (!ok || !read->ok)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the knots of a calibration must ascend");
	c->knots = (int32_t) knots;
	c->from = from;
	c->to = to;
	return SF_OK;
}

SfStatus
sf_calibration_decode(SfArena *arena, SfReader *read, SfCalibration *calibration)
{
	uint64_t	kind = sf_read_bits(read, 1);
	SfCalibration c = none;
	SfStatus	status = SF_OK;

	if (!read->ok || kind >= SF_CALIBRATION_KINDS)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the kind of a calibration is not known");
	c.kind = (SfCalibrationKind) kind;
	if (c.kind == SF_CALIBRATION_PLATT)
	{
		c.a = sf_read_double(read);
		c.b = sf_read_double(read);
		if (!read->ok || !usable(c.a) || !usable(c.b) || !(c.b > 0))
			return sf_fail(arena->ctx, SF_BAD_BYTES, "a calibration's slope must be above 0");
	}
	else if (c.kind == SF_CALIBRATION_ISOTONIC)
		status = decode_knots(arena, read, &c);
	if (status == SF_OK)
		*calibration = c;
	return status;
}
