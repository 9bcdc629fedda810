/*
 * distribution.c
 *		The distribution of open revenue, ready for questions.
 *
 * Amounts are turned into inner ones: multiplied by a power of ten that makes
 * them whole where there is one, so that sums of cents are exact.  A negative
 * amount a is the certain amount a and a deal of -a that is won when this one
 * is not.
 */
#include "core/pipeline/distribution.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/pipeline/lattice.h"
#include "core/pipeline/smoothed.h"

/*
 * Cells by number of deals, ours: e is about 9 cells at 100 deals and grows with
 * the root of their number; cells times deals is the time, so beyond a thousand
 * deals there are fewer cells again (bench/distribution.sql shows both).
 */
#define CELLS_MIN 8192
#define CELLS_PER_DEAL 64
#define CELLS_MANY_DEALS 16384
#define CELLS_WORK 6.7e7
#define CORRELATED_CELLS_MIN 2048
#define CORRELATED_CELLS_PER_DEAL 16
#define CELLS_MAX 65536

/* Multiply-adds that one evaluation may cost before small deals are smoothed. */
#define WORK_MAX 1.5e9

/* Once small deals are smoothed, at most this many large ones are not. */
#define HEAD_MAX 1024

#define HOEFFDING_ERROR 1e-9

/* Of moments between the nodes of the grid, of all amounts; test_smoothed.c finds 4e-7. */
#define INTERPOLATION_ERROR 1e-6
#define FACTOR_ERROR 1e-6
#define FACTOR_ERROR_ATOMS 1e-12

/* The deals of a set, made ready: inner amounts >= 0, largest first. */
typedef struct Plan
{
	SfArena		arena;
	const SfDealSet *set;
	SfDistribution *d;
	SfFactorRule rule;
	int32_t		n;				/* deals to convolve; the rest is smoothed */
	double	   *amount;			/* [set->n_deals] inner, >= 0 */
	double	   *quantile;		/* [set->n_deals] normal quantile of P(won) */
	bool		whole;			/* all inner amounts are whole numbers */
	double		size;			/* sum of all inner amounts, smoothed ones too */
	double		deals;			/* how many deals that is */
	SfMoments  *small;			/* moments of the smoothed part on the grid, or NULL */
	double		cells_wanted;	/* to reach over the whole range */
	double		step;
	int64_t    *cells;			/* [n] */
	bool		rounded;		/* some amount is not a multiple of the step */
} Plan;

static SfStatus
no_memory(SfCtx *ctx)
{
	return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

/* Is a * unit a whole number small enough to add many of? */
static bool
is_whole(double a, double unit)
{
	double		inner = rint(a * unit);

	return inner / unit == a && fabs(inner) < 0x1p43;
}

/* The least power of ten that makes every amount whole, or 0. */
static double
find_unit(const SfDealSet *set)
{
	for (double unit = 1.0; unit <= 10000.0; unit *= 10.0)
	{
		int32_t		i = 0;

		while (i < set->n_deals && is_whole(set->deals[i].amount, unit))
			i++;
		if (i == set->n_deals && is_whole(sf_sum_value(set->certain), unit))
			return unit;
	}
	return 0.0;
}

/* Turn the set's deals into inner ones. */
static SfStatus
prepare(Plan *plan)
{
	const SfDealSet *set = plan->set;
	SfDistribution *d = plan->d;
	size_t		n = (size_t) set->n_deals;
	double		unit = find_unit(set);
	SfSum		offset = {0};
	SfSum		size = {0};

	plan->whole = unit > 0.0;
	d->unit = plan->whole ? unit : 1.0;
	d->whole = plan->whole;
	plan->amount = sf_arena_take(&plan->arena, n, sizeof(double));
	plan->quantile = sf_arena_take(&plan->arena, n, sizeof(double));
	if (plan->amount == NULL || plan->quantile == NULL)
		return no_memory(plan->arena.ctx);
	sf_sum_add_product(&offset, sf_sum_value(set->certain), d->unit);
	plan->deals = (double) set->small_count;
	for (size_t i = 0; i < n; i++)
	{
		const SfDeal *deal = &set->deals[i];
		double		inner = deal->amount * d->unit;

		if (plan->whole)
			inner = rint(inner);
		plan->amount[i] = fabs(inner);
		if (inner < 0)
			sf_sum_add_product(&offset, inner, (double) deal->count);
		plan->quantile[i] = set->correlation > 0 ? sf_normal_quantile(deal->probability) : 0.0;
		sf_sum_add_product(&size, fabs(inner), (double) deal->count);
		plan->deals += (double) deal->count;
	}
	plan->n = set->n_deals;
	d->offset = sf_sum_value(offset);
	d->lowest = d->offset / d->unit;
	d->highest = (d->offset + sf_sum_value(size)) / d->unit;
	plan->size = sf_sum_value(size) + sf_sum_value(set->small_size) * d->unit;
	return SF_OK;
}

/* P(inner deal i pays | factor = z). */
static double
conditional(const Plan *plan, int32_t i, double z)
{
	const SfDeal *deal = &plan->set->deals[i];
	double		p = plan->set->correlation == 0 ? deal->probability :
	sf_conditional_probability(plan->set->correlation, plan->quantile[i], z);

	return deal->amount < 0 ? 1.0 - p : p;
}

static SfStatus
evaluate_atoms(Plan *plan)
{
	SfArena    *arena = &plan->arena;
	const SfDealSet *set = plan->set;
	int32_t		nodes;
	int32_t		n = 0;
	double		amount[SF_ATOMS_MAX_DEALS];
	double	   *p;
	SfStatus	status;

	status = sf_factor_rule(arena, set->correlation, plan->deals, FACTOR_ERROR_ATOMS, &plan->rule);
	if (status != SF_OK)
		return status;
	nodes = plan->rule.n;
	p = sf_arena_take(arena, SF_ATOMS_MAX_DEALS * (size_t) nodes, sizeof(double));
	if (p == NULL)
		return no_memory(arena->ctx);
	for (int32_t i = 0; i < set->n_deals; i++)
		for (int64_t k = 0; k < set->deals[i].count; k++, n++)
		{
			amount[n] = plan->amount[i];
			for (int32_t q = 0; q < nodes; q++)
				p[n * nodes + q] = conditional(plan, i, plan->rule.z[q]);
		}
	plan->d->exact = true;
	plan->d->bound = (SfErrorBound) {0.0, plan->rule.error};
	return sf_atoms_build(arena, &plan->rule, n, amount, p, &plan->d->atoms);
}

/* Variance of the deals given the factor's middle value, in inner units. */
static double
middle_variance(const Plan *plan)
{
	const SfDealSet *set = plan->set;
	double		variance = 0.0;
	double		unit = plan->d->unit;

	for (int32_t i = 0; i < set->n_deals; i++)
	{
		double		p = conditional(plan, i, 0.0);

		variance += plan->amount[i] * plan->amount[i] * p * (1.0 - p) * (double) set->deals[i].count;
	}
	if (set->small != NULL)
		variance += unit * unit *
			sf_sum_value(set->small[sf_grid_nodes(set->correlation) / 2].variance);
	return variance;
}

/*
 * How wide the cells must reach.  Bernstein: P(|S - mean| >= w) <= 1e-10 for
 * w = ML/3 + sqrt((ML/3)^2 + 2 L variance), L = log(2e10), M the largest amount.
 */
static double
range_of(const Plan *plan, double variance)
{
	double		l = log(2e10);
	double		largest = plan->set->n_deals > 0 ? plan->amount[0] * l / 3.0 : 0.0;
	double		reach = largest + sqrt(largest * largest + 2.0 * l * variance);

	return fmin(plan->size, 2.0 * reach);
}

static double
greatest_common_divisor(const double *x, int32_t n)
{
	double		g = 0.0;

	for (int32_t i = 0; i < n && g != 1.0; i++)
		for (double b = x[i]; b != 0.0;)
		{
			double		rest = fmod(g, b);

			g = b;
			b = rest;
		}
	return g;
}

/* Choose the step, and whether amounts are rounded to it. */
static void
choose_step(Plan *plan, double variance)
{
	bool		correlated = plan->set->correlation > 0;
	double		cells = correlated ?
	fmax(CORRELATED_CELLS_MIN, fmin(CELLS_MAX, CORRELATED_CELLS_PER_DEAL * plan->deals)) :
	fmin(fmax(CELLS_MIN, CELLS_PER_DEAL * plan->deals),
		 fmax(CELLS_MANY_DEALS, CELLS_WORK / plan->deals));
	double		range = correlated ? plan->size : range_of(plan, variance);
	double		common = plan->whole && plan->set->small == NULL ?
	greatest_common_divisor(plan->amount, plan->n) : 0.0;

	plan->cells_wanted = cells;
	plan->rounded = !(common > 0.0 && range / common <= cells);
	plan->step = plan->rounded ? range / cells : common;
	if (plan->step == 0.0)
		plan->step = 1.0;		/* nothing to convolve */
}

/* What is left of an inner amount after rounding to cells, in cells. */
static double
rest_of(const Plan *plan, int32_t i)
{
	double		cells = plan->amount[i] / plan->step;

	return plan->rounded ? cells - rint(cells) : 0.0;
}

/* How many deals to convolve, by what that costs in exactness. */
static SfStatus
best_head(Plan *plan, int32_t *most)
{
	const SfDealSet *set = plan->set;
	double		step = plan->step / plan->d->unit;
	SfArenaMark mark = sf_arena_mark(&plan->arena);
	double	   *rounding;

	*most = set->n_deals;
	if (set->small == NULL && !plan->rounded)
		return SF_OK;
	rounding = sf_arena_take(&plan->arena, (size_t) set->n_deals, sizeof(double));
	if (rounding == NULL)
		return no_memory(plan->arena.ctx);
	for (int32_t i = 0; i < set->n_deals; i++)
	{
		double		rest = rest_of(plan, i) * step;

		rounding[i] = 0.5 * log(2.0 / HOEFFDING_ERROR) * rest * rest * (double) set->deals[i].count;
	}
	*most = sf_smoothed_best_head(set, rounding, set->small != NULL ? HEAD_MAX : set->n_deals);
	sf_arena_rewind(&plan->arena, mark);
	return SF_OK;
}

/* Smooth the smallest deals when that is better, or convolving them all would cost too much. */
static SfStatus
limit_work(Plan *plan, double variance)
{
	const SfDealSet *set = plan->set;
	double		width = fmin(plan->size, 17.0 * sqrt(variance)) / plan->step;
	double		work = 0.0;
	int32_t		nodes = sf_grid_nodes(set->correlation);
	int32_t		most;
	int32_t		keep = 0;
	SfStatus	status = best_head(plan, &most);

	if (status != SF_OK)
		return status;
	for (; keep < most && work <= WORK_MAX; keep++)
		work += sf_lattice_cost(set->deals[keep].probability, set->deals[keep].count) *
			width * plan->rule.n;
	if (keep == set->n_deals && set->small == NULL)
		return SF_OK;
	plan->small = sf_arena_take(&plan->arena, (size_t) nodes, sizeof(SfMoments));
	if (plan->small == NULL)
		return no_memory(plan->arena.ctx);
	if (set->small != NULL)
		memcpy(plan->small, set->small, (size_t) nodes * sizeof(SfMoments));
	else
		memset(plan->small, 0, (size_t) nodes * sizeof(SfMoments));
	for (int32_t i = keep; i < set->n_deals; i++)
	{
		sf_moments_add(set->correlation, plan->small, &set->deals[i]);
		/* the moments are those of the deal itself, not of its mirror image */
		if (set->deals[i].amount < 0)
			plan->d->offset += plan->amount[i] * (double) set->deals[i].count;
		if ((i & 255) == 255 && sf_cancelled(plan->arena.ctx))
			return sf_fail(plan->arena.ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	plan->n = keep;
	plan->rounded = true;
	return SF_OK;
}

/* Round the amounts to cells; returns e, how far the error sum strays. */
static double
round_to_cells(Plan *plan)
{
	double		squares = 0.0;
	double		sizes = 0.0;

	for (int32_t i = 0; i < plan->n; i++)
	{
		double		count = (double) plan->set->deals[i].count;
		double		rest;

		plan->cells[i] = (int64_t) rint(plan->amount[i] / plan->step);
		rest = rest_of(plan, i);
		squares += count * rest * rest;
		sizes += count * fabs(rest);
	}
	return plan->step * fmin(sqrt(0.5 * log(2.0 / HOEFFDING_ERROR) * squares), sizes);
}

/* The distribution given the factor, as cells; *shift is the mean of what rounding took. */
static SfStatus
evaluate_node(Plan *plan, double z, SfLattice *lattice, double *shift, double *error)
{
	SfSmoothed	part = sf_smoothed_at(plan->small, plan->set->correlation, z);
	double		per_cell = plan->d->unit / plan->step;
	SfStatus	status = SF_OK;

	if (sf_cancelled(plan->arena.ctx))
		return sf_fail(plan->arena.ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	sf_lattice_reset(lattice);
	*shift = 0.0;
	*error = part.error;
	if (plan->small != NULL)
		status = sf_lattice_add_normal(&plan->arena, lattice, part.mean * per_cell,
									   sqrt(part.variance) * per_cell);
	/* small deals first: the support stays narrow for longer */
	for (int32_t i = plan->n - 1; i >= 0 && status == SF_OK; i--)
	{
		double		p = conditional(plan, i, z);
		int64_t		count = plan->set->deals[i].count;

		if (plan->rounded)
			*shift += (plan->amount[i] - (double) plan->cells[i] * plan->step) * p * (double) count;
		status = sf_lattice_add_deals(&plan->arena, lattice, plan->cells[i], p, count);
	}
	return status;
}

/* Let the mixture reach from first to before end; what it holds stays in place. */
static SfStatus
widen(SfArena *arena, SfLattice *mixture, int64_t first, int64_t end)
{
	size_t		held = (size_t) mixture->n * sizeof(double);
	int64_t		ahead = mixture->n > 0 ? mixture->first - first : 0;
	double	   *mass = mixture->mass;

	if (end - first > INT32_MAX / 4)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "the support of a distribution is too wide");
	if (mass == NULL || end - first > mixture->capacity)
	{
		/* nodes come in order, so there is more to come at the same end */
		mixture->capacity = (int32_t) (2 * (end - first));
		mass = sf_arena_take(arena, (size_t) mixture->capacity, sizeof(double));
		if (mass == NULL)
			return no_memory(arena->ctx);
		memset(mass, 0, (size_t) mixture->capacity * sizeof(double));
		if (mixture->mass != NULL)
			memcpy(mass + ahead, mixture->mass, held);
		mixture->mass = mass;
	}
	else if (ahead > 0)
	{
		memmove(mass + ahead, mass, held);
		memset(mass, 0, (size_t) ahead * sizeof(double));
	}
	mixture->first = first;
	mixture->n = (int32_t) (end - first);
	return SF_OK;
}

/* Add weight * lattice to the mixture, which grows as needed. */
static SfStatus
mix(SfArena *arena, SfLattice *mixture, const SfLattice *lattice, double weight)
{
	int64_t		first = lattice->first;
	int64_t		end = lattice->first + lattice->n;

	if (mixture->n > 0)
	{
		first = mixture->first < first ? mixture->first : first;
		end = mixture->first + mixture->n > end ? mixture->first + mixture->n : end;
	}
	if (mixture->n == 0 || first != mixture->first || end != mixture->first + mixture->n)
	{
		SfStatus	status = widen(arena, mixture, first, end);

		if (status != SF_OK)
			return status;
	}
	for (int32_t k = 0; k < lattice->n; k++)
		mixture->mass[lattice->first - mixture->first + k] += weight * lattice->mass[k];
	mixture->lost += weight * lattice->lost;
	return SF_OK;
}

/* All nodes of the factor into one mixture of cells. */
static SfStatus
evaluate_nodes(Plan *plan, SfLattice *lattice, SfLattice *mixture)
{
	double		small_error = 0.0;

	for (int32_t q = 0; q < plan->rule.n; q++)
	{
		double		shift;
		double		error;
		SfStatus	status = evaluate_node(plan, plan->rule.z[q], lattice, &shift, &error);

		if (status != SF_OK)
			return status;
		small_error += plan->rule.weight[q] * error;
		if (plan->rule.n > 1)
			lattice->first += (int64_t) rint(shift / plan->step);
		else
			plan->d->offset += shift;
		status = mix(&plan->arena, mixture, lattice, plan->rule.weight[q]);
		if (status != SF_OK)
			return status;
	}
	plan->d->bound.probability += small_error;
	return SF_OK;
}

static SfStatus
evaluate_cells_once(Plan *plan)
{
	SfDistribution *d = plan->d;
	SfLattice	lattice;
	SfLattice	mixture = {0};
	double		offset = d->offset;
	double		total = 0.0;
	double		e = round_to_cells(plan);
	SfStatus	status;

	status = sf_lattice_init(&plan->arena, &lattice,
							 (int32_t) (2.0 * plan->cells_wanted) + 64);
	if (status != SF_OK)
		return status;
	d->exact = false;
	d->bound = (SfErrorBound) {0.0, plan->rule.error};
	status = evaluate_nodes(plan, &lattice, &mixture);
	if (status != SF_OK)
	{
		d->offset = offset;
		return status;
	}
	if (plan->rounded)
	{
		/* smoothing and a shift by whole cells cost half a cell each */
		e += (plan->small != NULL ? 0.5 : 0.0) * plan->step;
		e += (plan->rule.n > 1 ? 0.5 : 0.0) * plan->step;
		if (plan->small != NULL && plan->rule.n > 1)
			e += INTERPOLATION_ERROR * plan->size;
		d->bound.probability += HOEFFDING_ERROR;
	}
	d->bound.amount = e / d->unit;
	d->bound.probability = fmin(1.0, d->bound.probability + mixture.lost);
	d->step = plan->step;
	d->first = mixture.first;
	d->cells = mixture.n;
	d->cdf = mixture.mass;
	for (int32_t k = 0; k < d->cells; k++)
		d->cdf[k] = total += d->cdf[k];
	if (plan->small != NULL)
	{
		d->lowest = (d->offset + (double) d->first * d->step) / d->unit;
		d->highest = (d->offset + (double) (d->first + d->cells - 1) * d->step) / d->unit;
	}
	return SF_OK;
}

static SfStatus
evaluate_cells(Plan *plan)
{
	double		variance = middle_variance(plan);
	SfStatus	status;

	status = sf_factor_rule(&plan->arena, plan->set->correlation, plan->deals, FACTOR_ERROR, &plan->rule);
	if (status != SF_OK)
		return status;
	choose_step(plan, variance);
	status = limit_work(plan, variance);
	if (status != SF_OK)
		return status;
	plan->cells = sf_arena_take(&plan->arena, (size_t) plan->n, sizeof(int64_t));
	if (plan->cells == NULL)
		return no_memory(plan->arena.ctx);
	/* the range is an estimate: where it was too narrow, take wider cells */
	while ((status = evaluate_cells_once(plan)) == SF_TOO_LARGE)
	{
		plan->step *= 2.0;
		plan->rounded = true;
	}
	return status;
}

static SfStatus
start(Plan *plan, SfCtx *ctx, const SfDealSet *set, SfDistribution *d)
{
	*d = (SfDistribution) {0};
	*plan = (Plan) {.set = set, .d = d};
	sf_arena_init(&plan->arena, ctx);
	return prepare(plan);
}

SfStatus
sf_distribution_evaluate(SfCtx *ctx, const SfDealSet *set, SfDistribution *d)
{
	Plan		plan;
	SfStatus	status = start(&plan, ctx, set, d);

	if (status != SF_OK)
		return status;
	return plan.deals <= SF_ATOMS_MAX_DEALS && set->small_count == 0 ?
		evaluate_atoms(&plan) : evaluate_cells(&plan);
}

SfStatus
sf_distribution_evaluate_cells(SfCtx *ctx, const SfDealSet *set, SfDistribution *d)
{
	Plan		plan;
	SfStatus	status = start(&plan, ctx, set, d);

	return status != SF_OK ? status : evaluate_cells(&plan);
}

/* The first cell whose cdf reaches p. */
static int32_t
find_cell(const SfDistribution *d, double p)
{
	int32_t		lo = 0;
	int32_t		hi = d->cells - 1;

	while (lo < hi)
	{
		int32_t		mid = lo + (hi - lo) / 2;

		if (d->cdf[mid] >= p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return hi;
}

static double
clamp(double x, double lo, double hi)
{
	return fmin(fmax(x, lo), hi);
}

double
sf_distribution_quantile(const SfDistribution *d, double p)
{
	double		inner;

	if (p <= 0.0)
		return d->lowest;
	if (p >= 1.0)
		return d->highest;
	if (d->exact)
		inner = sf_atoms_quantile(&d->atoms, p - SF_PROBABILITY_SLACK);
	else
		inner = (double) (d->first + find_cell(d, p - SF_PROBABILITY_SLACK)) * d->step;
	return clamp((inner + d->offset) / d->unit, d->lowest, d->highest);
}

double
sf_distribution_at_least(const SfDistribution *d, double amount)
{
	double		size = fmax(fabs(d->lowest), fabs(d->highest));
	/* whole numbers add up exactly, only the amount itself may be off; other sums err by some ulps */
	double		slack = d->whole ? 0x1p-51 * fmin(fabs(amount), size) : 0x1p-48 * size;
	double		inner = (amount - slack) * d->unit - d->offset;
	double		cell;

	if (amount - slack <= d->lowest)
		return 1.0;
	if (amount - slack > d->highest)
		return 0.0;
	if (d->exact)
		return clamp(sf_atoms_at_least(&d->atoms, inner), 0.0, 1.0);
	/* cells from this one on pay at least the amount */
	cell = ceil(inner / d->step) - (double) d->first;
	if (cell <= 0)
		return 1.0;
	return cell > d->cells ? 0.0 : clamp(1.0 - d->cdf[(int32_t) cell - 1], 0.0, 1.0);
}

/* Mean of the kept deals given the factor, and what each owes to it alone, squared. */
static void
node_moments(const SfDealSet *set, const double *quantile, double z, double *mean, double *own)
{
	SfSum		m = {0};
	SfSum		v = {0};

	for (int32_t i = 0; i < set->n_deals; i++)
	{
		const SfDeal *deal = &set->deals[i];
		double		p = set->correlation == 0 ? deal->probability :
		sf_conditional_probability(set->correlation, quantile[i], z);
		double		a = deal->amount * (double) deal->count;
		double		moved = p - deal->probability;

		sf_sum_add_product(&m, a, p);
		sf_sum_add(&v, a * deal->amount * moved * moved);
	}
	*mean = sf_sum_value(m);
	*own = sf_sum_value(v);
}

SfStatus
sf_distribution_stddev(SfCtx *ctx, const SfDealSet *set, double *stddev)
{
	Plan		plan;
	SfDistribution d;
	SfDealSet	open = *set;
	double		expected;
	double		total = 0.0;
	SfStatus	status = start(&plan, ctx, set, &d);

	if (status != SF_OK)
		return status;
	open.certain = (SfSum) {0};
	expected = sf_deals_mean(&open);
	/* the squared conditional mean pairs deals up: two at a time */
	status = sf_factor_rule(&plan.arena, set->correlation, 2.0, 1e-14, &plan.rule);
	if (status != SF_OK)
		return status;
	for (int32_t q = 0; q < plan.rule.n; q++)
	{
		SfSmoothed	part = sf_smoothed_at(set->small, set->correlation, plan.rule.z[q]);
		double		mean;
		double		own;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		node_moments(set, plan.quantile, plan.rule.z[q], &mean, &own);
		mean += part.mean - expected;
		total += plan.rule.weight[q] *
			(part.variance + (plan.rule.n > 1 ? mean * mean - own : 0.0));
	}
	/* a deal's own variance is known exactly, also where the factor hardly ever reaches it */
	for (int32_t i = 0; i < set->n_deals; i++)
	{
		const SfDeal *deal = &set->deals[i];

		total += deal->amount * deal->amount * deal->probability * (1.0 - deal->probability) *
			(double) deal->count;
	}
	*stddev = sqrt(fmax(total, 0.0));
	return SF_OK;
}
