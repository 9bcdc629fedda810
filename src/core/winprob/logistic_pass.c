/*
 * logistic_pass.c
 *		One pass over the deals: loss, its slope and its curvature.
 */
#include "core/winprob/logistic_pass.h"

#include <math.h>
#include <string.h>

#include "core/base/dot.h"
#include "core/base/logit.h"
#include "core/base/vector.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Deals of a block; blocks are also what lies between two polls. */
#define BLOCK 4096

/* Sums of doubles are split this wide, and added up from left to right. */
#define LANES 8

/* Factors 1 + exp(-|x|) <= 2 that are multiplied before a logarithm is taken. */
#define PRODUCT 64

struct SfLogisticPass
{
	const SfLogisticDesign *design;
	double	   *table;			/* [codes] log-odds */
	double	   *by_code;		/* [2][codes] sums of won - p, even and odd deals */
	double	   *weights;		/* [codes] sums of p (1 - p) */
	uint8_t    *column;			/* [features][BLOCK] codes */
	uint8_t    *slot;			/* [groups][BLOCK] */
	double	   *z;				/* [slopes][BLOCK] */
	uint8_t		cell[BLOCK];
	/* of the deals of a block */
	double	   *x;
	double	   *residual;		/* won - p */
	double	   *weight;			/* p (1 - p) */
	double	   *scaled;			/* weight * z */
	double	   *factor;			/* 1 + exp(-|x|) */
	/* sums of weight */
	double	   *slopes;			/* [slopes + 1][slopes + 1] lower triangle; 0 is the intercept */
	double	   *mixed;			/* by slope (0: intercept), by group: [width + 1] */
	double	   *pairs;			/* by pair of groups g < k: [width_g + 1][width_k + 1] */
	size_t		wide;			/* sum of width + 1 */
	size_t		pair_cells;
};

SfStatus
sf_logistic_pass_create(SfArena *arena, const SfLogisticDesign *d, bool dense, SfLogisticPass **pass)
{
	SfLogisticPass *p = sf_arena_take(arena, 1, sizeof *p);
	size_t		slopes = (size_t) d->slopes;
	double	   *rows = sf_arena_take(arena, 5 * BLOCK, sizeof(double));

	if (p == NULL || rows == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(p, 0, sizeof *p);
	p->design = d;
	p->x = rows;
	p->residual = rows + BLOCK;
	p->weight = rows + 2 * BLOCK;
	p->scaled = rows + 3 * BLOCK;
	p->factor = rows + 4 * BLOCK;
	for (int32_t g = 0; g < d->groups; g++)
	{
		p->pair_cells += p->wide * ((size_t) d->group[g].width + 1);
		p->wide += (size_t) d->group[g].width + 1;
	}
	p->table = sf_arena_take(arena, (size_t) d->codes, sizeof(double));
	p->by_code = sf_arena_take(arena, 2 * (size_t) d->codes, sizeof(double));
	p->weights = sf_arena_take(arena, (size_t) d->codes, sizeof(double));
	p->column = sf_arena_take(arena, (size_t) d->features * BLOCK, 1);
	*pass = p;
	if (p->table == NULL || p->by_code == NULL || p->weights == NULL || p->column == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (!dense)
		return SF_OK;
	p->slot = sf_arena_take(arena, (size_t) d->groups * BLOCK, 1);
	p->z = sf_arena_take(arena, slopes * BLOCK, sizeof(double));
	p->slopes = sf_arena_take(arena, (slopes + 1) * (slopes + 1), sizeof(double));
	p->mixed = sf_arena_take(arena, (slopes + 1) * p->wide, sizeof(double));
	p->pairs = sf_arena_take(arena, p->pair_cells, sizeof(double));
	if (p->slot == NULL || p->z == NULL || p->slopes == NULL || p->mixed == NULL || p->pairs == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

/* Codes of one feature as a column; table[code] added to x. */
static void
gather(const uint8_t *restrict code, int64_t stride, int32_t n, const double *restrict table,
	   uint8_t *restrict column, double *restrict x)
{
	for (int32_t i = 0; i < n; i++)
	{
		uint8_t		c = code[i * stride];

		column[i] = c;
		x[i] += table[c];
	}
}

/* What a block of log-odds means: residual, weight, 1 + exp(-|x|), and x itself where it is on the wrong side. */
SF_VECTOR_CLONES static void
meaning(double *restrict x, const uint8_t *restrict won, int32_t n, double *restrict residual,
		double *restrict weight, double *restrict factor)
{
	for (int32_t i = 0; i < n; i++)
	{
		double		a = fabs(x[i]);
		double		e = sf_exp_within(a < 700.0 ? -a : -700.0);
		double		inverse = 1.0 / (1.0 + e);
		double		less = e * inverse;	/* the smaller of p and 1 - p */
		double		y = won[i];
		double		p = x[i] < 0.0 ? less : inverse;
		double		q = x[i] < 0.0 ? inverse : less;
		double		wrong = y * -x[i] + (1.0 - y) * x[i];

		residual[i] = y * q - (1.0 - y) * p;
		weight[i] = less * inverse;
		factor[i] = 1.0 + e;
		x[i] = wrong > 0.0 ? wrong : 0.0;
	}
}

SF_VECTOR_CLONES static double
sum_of(const double *x, int32_t n)
{
	double		lane[LANES] = {0};
	double		sum = 0.0;
	int32_t		i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int32_t l = 0; l < LANES; l++)
			lane[l] += x[i + l];
	for (int32_t l = 0; i < n; i++, l++)
		lane[l] += x[i];
	for (int32_t l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}

SF_VECTOR_CLONES static void
multiply(const double *restrict x, const double *restrict y, int32_t n, double *restrict out)
{
	for (int32_t i = 0; i < n; i++)
		out[i] = x[i] * y[i];
}

/* Sum of log of factors in 1 .. 2. */
static double
log_product(const double *factor, int32_t n)
{
	double		sum = 0.0;

	for (int32_t i = 0; i < n; i += PRODUCT)
	{
		double		product = 1.0;

		for (int32_t k = i; k < n && k < i + PRODUCT; k++)
			product *= factor[k];
		sum += sf_log(product);
	}
	return sum;
}

/* Neighbouring deals often share a code: two tables keep one addition from waiting for the other. */
static void
scatter_residuals(const uint8_t *restrict code, const double *restrict residual, int32_t n,
				  double *restrict even, double *restrict odd)
{
	int32_t		i = 0;

	for (; i + 2 <= n; i += 2)
	{
		even[code[i]] += residual[i];
		odd[code[i + 1]] += residual[i + 1];
	}
	if (i < n)
		even[code[i]] += residual[i];
}

/* With few cells too: four tables, added up at the end. */
#define FEW 64
#define TABLES 4

static void
scatter_few(const uint8_t *restrict cell, const double *restrict weight, int32_t n, int32_t cells,
			double *restrict sum)
{
	double		table[TABLES][FEW];
	int32_t		i = 0;

	for (int t = 0; t < TABLES; t++)
		memset(table[t], 0, (size_t) cells * sizeof(double));
	for (; i + TABLES <= n; i += TABLES)
		for (int t = 0; t < TABLES; t++)
			table[t][cell[i + t]] += weight[i + t];
	for (; i < n; i++)
		table[0][cell[i]] += weight[i];
	for (int32_t c = 0; c < cells; c++)
		sum[c] += (table[0][c] + table[1][c]) + (table[2][c] + table[3][c]);
}

static void
scatter(const uint8_t *restrict cell, const double *restrict weight, int32_t n, int32_t cells, double *restrict sum)
{
	if (cells <= FEW)
	{
		scatter_few(cell, weight, n, cells, sum);
		return;
	}
	for (int32_t i = 0; i < n; i++)
		sum[cell[i]] += weight[i];
}

static void
scatter_pair(SfLogisticPass *p, const uint8_t *restrict slot_g, const uint8_t *restrict slot_k, int32_t n,
			 uint32_t width_g, uint32_t width_k, double *restrict sum)
{
	const double *restrict weight = p->weight;

	if (width_g * width_k <= FEW)
	{
		for (int32_t i = 0; i < n; i++)
			p->cell[i] = (uint8_t) (slot_g[i] * width_k + slot_k[i]);
		scatter_few(p->cell, weight, n, (int32_t) (width_g * width_k), sum);
		return;
	}
	for (int32_t i = 0; i < n; i++)
		sum[slot_g[i] * width_k + slot_k[i]] += weight[i];
}

/* What slopes add: with each other, with the intercept, with groups. */
static SfStatus
curve_slopes(SfCtx *ctx, SfLogisticPass *p, int32_t n)
{
	const SfLogisticDesign *d = p->design;
	size_t		side = (size_t) d->slopes + 1;

	p->slopes[0] += sum_of(p->weight, n);
	for (int32_t s = 0; s < d->slopes; s++)
	{
		const double *z = p->z + (size_t) s * BLOCK;
		double	   *row = p->slopes + ((size_t) s + 1) * side;
		double	   *mixed = p->mixed + ((size_t) s + 1) * p->wide;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		multiply(p->weight, z, n, p->scaled);
		row[0] += sum_of(p->scaled, n);
		for (int32_t t = 0; t <= s; t++)
			row[t + 1] += sf_dot(p->scaled, p->z + (size_t) t * BLOCK, n);
		for (int32_t g = 0; g < d->groups; g++)
		{
			scatter(p->slot + (size_t) g * BLOCK, p->scaled, n, d->group[g].width + 1, mixed);
			mixed += d->group[g].width + 1;
		}
	}
	return SF_OK;
}

static SfStatus
curve_groups(SfCtx *ctx, SfLogisticPass *p, int32_t n)
{
	const SfLogisticDesign *d = p->design;
	double	   *own = p->mixed;
	double	   *pair = p->pairs;

	for (int32_t g = 0; g < d->groups; g++)
	{
		const uint8_t *slot = p->slot + (size_t) g * BLOCK;
		size_t		width = (size_t) d->group[g].width + 1;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		scatter(slot, p->weight, n, d->group[g].width + 1, own);
		own += width;
		for (int32_t k = g + 1; k < d->groups; k++)
		{
			uint32_t	width_k = (uint32_t) d->group[k].width + 1;

			scatter_pair(p, slot, p->slot + (size_t) k * BLOCK, n, (uint32_t) width, width_k, pair);
			pair += width * width_k;
		}
	}
	return SF_OK;
}

/* Codes of a block as slots and z. */
static void
translate(SfLogisticPass *p, int32_t n)
{
	const SfLogisticDesign *d = p->design;

	for (int32_t g = 0; g < d->groups; g++)
	{
		const uint8_t *table = d->group[g].slot;
		const uint8_t *code = p->column + (size_t) d->group[g].feature * BLOCK;
		uint8_t    *slot = p->slot + (size_t) g * BLOCK;

		for (int32_t i = 0; i < n; i++)
			slot[i] = table[code[i]];
	}
	for (int32_t s = 0; s < d->slopes; s++)
	{
		const double *table = d->slope[s].z;
		const uint8_t *code = p->column + (size_t) d->slope[s].feature * BLOCK;
		double	   *z = p->z + (size_t) s * BLOCK;

		for (int32_t i = 0; i < n; i++)
			z[i] = table[code[i]];
	}
}

/* The deals of one block; their loss. */
static double
take_block(SfLogisticPass *p, const uint8_t *code, const uint8_t *won, int32_t n, double intercept, double *residual)
{
	const SfLogisticDesign *d = p->design;

	for (int32_t i = 0; i < n; i++)
		p->x[i] = intercept;
	for (int32_t f = 0; f < d->features; f++)
		gather(code + f, d->features, n, p->table + d->offset[f], p->column + (size_t) f * BLOCK, p->x);
	meaning(p->x, won, n, p->residual, p->weight, p->factor);
	for (int32_t f = 0; f < d->features; f++)
		scatter_residuals(p->column + (size_t) f * BLOCK, p->residual, n, p->by_code + d->offset[f],
						  p->by_code + d->codes + d->offset[f]);
	*residual += sum_of(p->residual, n);
	return sum_of(p->x, n) + log_product(p->factor, n);
}

/* The sums as the lower triangle of a matrix. */
static void
assemble(const SfLogisticPass *p, double *h)
{
	const SfLogisticDesign *d = p->design;
	int64_t		n = d->unknowns;
	size_t		side = (size_t) d->slopes + 1;
	const double *pair = p->pairs;
	const double *mixed = p->mixed;

	memset(h, 0, (size_t) n * (size_t) n * sizeof(double));
	for (int32_t s = 0; s <= d->slopes; s++)
	{
		int64_t		at = s == 0 ? 0 : d->slope[s - 1].unknown;

		for (int32_t t = 0; t <= s; t++)
			h[at * n + (t == 0 ? 0 : d->slope[t - 1].unknown)] = p->slopes[(size_t) s * side + (size_t) t];
		for (int32_t g = 0; g < d->groups; g++)
		{
			const SfLogisticGroup *group = &d->group[g];

			for (int32_t i = 0; i < group->width; i++)
			{
				int64_t		row = group->first + i;

				h[row > at ? row * n + at : at * n + row] = mixed[i];
				if (s == 0)
					h[row * n + row] = mixed[i];
			}
			mixed += group->width + 1;
		}
	}
	for (int32_t g = 0; g < d->groups; g++)
		for (int32_t k = g + 1; k < d->groups; k++)
			for (int32_t i = 0; i <= d->group[g].width; i++, pair += d->group[k].width + 1)
				for (int32_t j = 0; j < d->group[k].width && i < d->group[g].width; j++)
					h[(d->group[k].first + j) * n + d->group[g].first + i] = pair[j];
}

static void
slope_of(const SfLogisticPass *p, double residual, double *gradient)
{
	const SfLogisticDesign *d = p->design;

	memset(gradient, 0, (size_t) d->unknowns * sizeof(double));
	gradient[0] = -residual;
	for (int32_t c = 0; c < d->codes; c++)
		if (d->unknown[c] >= 0)
			gradient[d->unknown[c]] -= d->factor[c] * (p->by_code[c] + p->by_code[d->codes + c]);
}

SfStatus
sf_logistic_pass(SfCtx *ctx, SfLogisticPass *p, const SfCodes *codes, int64_t rows,
				 const double *u, double *value, double *gradient, double *h)
{
	const SfLogisticDesign *d = p->design;
	double		residual = 0.0;
	double		sum = 0.0;
	SfStatus	status;

	sf_logistic_table(d, u, p->table);
	memset(p->by_code, 0, 2 * (size_t) d->codes * sizeof(double));
	if (h != NULL)
	{
		size_t		side = (size_t) d->slopes + 1;

		memset(p->slopes, 0, side * side * sizeof(double));
		memset(p->mixed, 0, side * p->wide * sizeof(double));
		memset(p->pairs, 0, p->pair_cells * sizeof(double));
	}
	for (int64_t r = 0; r < rows; r += BLOCK)
	{
		int32_t		n = rows - r < BLOCK ? (int32_t) (rows - r) : BLOCK;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		sum += take_block(p, codes->code + r * d->features, codes->won + r, n, u[0], &residual);
		if (h == NULL)
			continue;
		translate(p, n);
		status = curve_slopes(ctx, p, n);
		if (status == SF_OK)
			status = curve_groups(ctx, p, n);
		if (status != SF_OK)
			return status;
	}
	slope_of(p, residual, gradient);
	if (h != NULL)
		assemble(p, h);
	*value = sum;
	return SF_OK;
}

SfStatus
sf_logistic_pass_diagonal(SfCtx *ctx, SfLogisticPass *p, const SfCodes *codes, const double *u, double *diagonal)
{
	const SfLogisticDesign *d = p->design;
	double		residual = 0.0;
	double		weight = 0.0;

	sf_logistic_table(d, u, p->table);
	memset(p->weights, 0, (size_t) d->codes * sizeof(double));
	for (int64_t r = 0; r < codes->rows; r += BLOCK)
	{
		int32_t		n = codes->rows - r < BLOCK ? (int32_t) (codes->rows - r) : BLOCK;

		if (sf_cancelled(ctx))
			return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		take_block(p, codes->code + r * d->features, codes->won + r, n, u[0], &residual);
		weight += sum_of(p->weight, n);
		for (int32_t f = 0; f < d->features; f++)
			scatter(p->column + (size_t) f * BLOCK, p->weight, n,
					d->offset[f + 1] - d->offset[f], p->weights + d->offset[f]);
	}
	memset(diagonal, 0, (size_t) d->unknowns * sizeof(double));
	diagonal[0] = weight;
	for (int32_t c = 0; c < d->codes; c++)
		if (d->unknown[c] >= 0)
			diagonal[d->unknown[c]] += d->factor[c] * d->factor[c] * p->weights[c];
	return SF_OK;
}
