/*
 * atoms.c
 *		The exact distribution of the sum of at most 20 deals.
 */
#include "core/pipeline/atoms.h"

#include <math.h>
#include <string.h>

/* The list with one more deal: the sums without it merged with those with it. */
static void
add_deal(const SfAtomHalf *from, SfAtomHalf *to, int32_t nodes, double amount, const double *p)
{
	int32_t		lost = 0;
	int32_t		won = 0;

	to->n = 2 * from->n;
	for (int32_t k = 0; k < to->n; k++)
	{
		bool		take_won = lost == from->n ||
			(won < from->n && from->sum[won] + amount < from->sum[lost]);
		const double *mass = from->mass + (size_t) (take_won ? won : lost) * (size_t) nodes;
		double	   *out = to->mass + (size_t) k * (size_t) nodes;

		to->sum[k] = take_won ? from->sum[won] + amount : from->sum[lost];
		for (int32_t q = 0; q < nodes; q++)
			out[q] = mass[q] * (take_won ? p[q] : 1.0 - p[q]);
		if (take_won)
			won++;
		else
			lost++;
	}
}

/* Deals start, start + 2, … of n. */
static SfStatus
build_half(SfArena *arena, int32_t nodes, int32_t start, int32_t n, const double *amount,
		   const double *probability, const double *weight, SfAtomHalf *half)
{
	int32_t		deals = (n - start + 1) / 2;
	size_t		sums = (size_t) 1 << deals;
	SfAtomHalf	other = {0};

	half->below = sf_arena_take(arena, (sums + 1) * (size_t) nodes, sizeof(double));
	half->sum = sf_arena_take(arena, sums, sizeof(double));
	half->mass = sf_arena_take(arena, sums * (size_t) nodes, sizeof(double));
	other.sum = sf_arena_take(arena, sums, sizeof(double));
	other.mass = sf_arena_take(arena, sums * (size_t) nodes, sizeof(double));
	if (!half->below || !half->sum || !half->mass || !other.sum || !other.mass)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);

	half->n = 1;
	half->sum[0] = 0.0;
	for (int32_t q = 0; q < nodes; q++)
		half->mass[q] = weight ? weight[q] : 1.0;
	for (int32_t i = start; i < n; i += 2)
	{
		SfAtomHalf	swap = *half;

		if (sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		add_deal(half, &other, nodes, amount[i], probability + (size_t) i * (size_t) nodes);
		half->n = other.n;
		half->sum = other.sum;
		half->mass = other.mass;
		other.sum = swap.sum;
		other.mass = swap.mass;
	}
	for (int32_t q = 0; q < nodes; q++)
		half->below[q] = 0.0;
	for (size_t k = 0; k < sums * (size_t) nodes; k++)
		half->below[k + (size_t) nodes] = half->below[k] + half->mass[k];
	return SF_OK;
}

SfStatus
sf_atoms_build(SfArena *arena, const SfFactorRule *rule, int32_t n, const double *amount,
			   const double *probability, SfAtoms *atoms)
{
	SfStatus	status;

	atoms->nodes = rule->n;
	status = build_half(arena, rule->n, 0, n, amount, probability, rule->weight, &atoms->first);
	if (status != SF_OK)
		return status;
	return build_half(arena, rule->n, 1, n, amount, probability, NULL, &atoms->second);
}

static inline double
dot(const double *a, const double *b, int32_t n)
{
	double		sum = 0.0;

	for (int32_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

double
sf_atoms_cdf(const SfAtoms *atoms, double x, double *below, double *above)
{
	const SfAtomHalf *a = &atoms->first;
	const SfAtomHalf *b = &atoms->second;
	size_t		nodes = (size_t) atoms->nodes;
	int32_t		j = b->n;		/* sums of b with a->sum[i] + b->sum[j] <= x */
	double		total = 0.0;
	double		nearest_below = -INFINITY;
	double		nearest_above = INFINITY;

	for (int32_t i = 0; i < a->n; i++)
	{
		while (j > 0 && a->sum[i] + b->sum[j - 1] > x)
			j--;
		if (j > 0 && a->sum[i] + b->sum[j - 1] > nearest_below)
			nearest_below = a->sum[i] + b->sum[j - 1];
		if (j < b->n && a->sum[i] + b->sum[j] < nearest_above)
			nearest_above = a->sum[i] + b->sum[j];
		total += dot(a->mass + (size_t) i * nodes, b->below + (size_t) j * nodes, atoms->nodes);
	}
	if (below != NULL)
		*below = nearest_below;
	if (above != NULL)
		*above = nearest_above;
	return total;
}

double
sf_atoms_at_least(const SfAtoms *atoms, double x)
{
	const SfAtomHalf *a = &atoms->first;
	const SfAtomHalf *b = &atoms->second;
	size_t		nodes = (size_t) atoms->nodes;
	int32_t		j = 0;			/* the first sum of b with a->sum[i] + b->sum[j] >= x */
	double		total = 0.0;

	for (int32_t i = a->n - 1; i >= 0; i--)
	{
		const double *mass = a->mass + (size_t) i * nodes;

		while (j < b->n && a->sum[i] + b->sum[j] < x)
			j++;
		/* the mass of b from j on, per node */
		for (size_t q = 0; q < nodes; q++)
			total += mass[q] * (b->below[(size_t) b->n * nodes + q] - b->below[(size_t) j * nodes + q]);
	}
	return total;
}

/*
 * Regula falsi on the distribution function, every third step a bisection so
 * that jumps cannot hold it up.  Both ends stay sums, so it ends on one.
 */
double
sf_atoms_quantile(const SfAtoms *atoms, double p)
{
	double		lo = atoms->first.sum[0] + atoms->second.sum[0];
	double		hi = atoms->first.sum[atoms->first.n - 1] + atoms->second.sum[atoms->second.n - 1];
	double		p_lo = 0.0;		/* P(sum < lo), about */
	double		p_hi = 1.0;

	for (int turn = 1; lo < hi; turn++)
	{
		double		share = turn % 3 == 0 ? 0.5 : (p - p_lo) / (p_hi - p_lo);
		double		mid = lo + fmin(fmax(share, 0.01), 0.99) * (hi - lo);
		double		below;
		double		above;
		double		p_mid = sf_atoms_cdf(atoms, fmin(mid, nextafter(hi, lo)), &below, &above);

		if (p_mid >= p)
		{
			hi = below;
			p_hi = p_mid;
		}
		else
		{
			lo = fmin(above, hi);
			p_lo = p_mid;
		}
	}
	return hi;
}
