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

/* What one walk through both lists tells about an amount. */
typedef struct Probe
{
	double		p;				/* P(sum <= amount) */
	int64_t		rank;			/* how many of the sums that is */
	double		below;			/* the largest of them, or -Infinity */
	double		above;			/* the smallest of the others, or Infinity */
} Probe;

static Probe
probe_at(const SfAtoms *atoms, double x)
{
	const SfAtomHalf *a = &atoms->first;
	const SfAtomHalf *b = &atoms->second;
	size_t		nodes = (size_t) atoms->nodes;
	int32_t		j = b->n;		/* sums of b with a->sum[i] + b->sum[j] <= x */
	Probe		probe = {0.0, 0, -INFINITY, INFINITY};

	for (int32_t i = 0; i < a->n; i++)
	{
		while (j > 0 && a->sum[i] + b->sum[j - 1] > x)
			j--;
		if (j > 0 && a->sum[i] + b->sum[j - 1] > probe.below)
			probe.below = a->sum[i] + b->sum[j - 1];
		if (j < b->n && a->sum[i] + b->sum[j] < probe.above)
			probe.above = a->sum[i] + b->sum[j];
		probe.rank += j;
		probe.p += dot(a->mass + (size_t) i * nodes, b->below + (size_t) j * nodes, atoms->nodes);
	}
	return probe;
}

double
sf_atoms_cdf(const SfAtoms *atoms, double x)
{
	return probe_at(atoms, x).p;
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

/* Sums that are few enough to be listed. */
#define FEW 64

typedef struct Atom
{
	double		sum;
	double		mass;
} Atom;

/* The sums in [lo, hi], at most FEW, ascending; returns how many. */
static int
list_atoms(const SfAtoms *atoms, double lo, double hi, Atom *list)
{
	const SfAtomHalf *a = &atoms->first;
	const SfAtomHalf *b = &atoms->second;
	size_t		nodes = (size_t) atoms->nodes;
	int32_t		end = b->n;		/* sums of b that do not pass hi */
	int			n = 0;

	for (int32_t i = 0; i < a->n; i++)
	{
		while (end > 0 && a->sum[i] + b->sum[end - 1] > hi)
			end--;
		for (int32_t j = end - 1; j >= 0 && n < FEW && a->sum[i] + b->sum[j] >= lo; j--)
		{
			Atom		atom = {a->sum[i] + b->sum[j],
				dot(a->mass + (size_t) i * nodes, b->mass + (size_t) j * nodes, atoms->nodes)};
			int			k = n++;

			for (; k > 0 && list[k - 1].sum > atom.sum; k--)
				list[k] = list[k - 1];
			list[k] = atom;
		}
	}
	return n;
}

/*
 * Regula falsi on the distribution function; an end that stays twice counts half
 * (the Illinois rule), and every fourth step is a bisection, so that jumps cannot
 * hold it up.  Both ends stay sums; once few lie between them, they are listed.
 */
double
sf_atoms_quantile(const SfAtoms *atoms, double p)
{
	double		lo = atoms->first.sum[0] + atoms->second.sum[0];
	double		hi = atoms->first.sum[atoms->first.n - 1] + atoms->second.sum[atoms->second.n - 1];
	Probe		before = {0};	/* all that lies below lo */
	Probe		upto = {.p = 1.0, .rank = (int64_t) atoms->first.n * atoms->second.n};
	double		under = p;		/* weights of the two ends: how far p is away */
	double		over = 1.0 - p;
	int			stayed = 0;		/* -1: the lower end stayed last time; 1: the upper */
	Atom		list[FEW];
	int			n;

	for (int turn = 1; lo < hi && upto.rank - before.rank > FEW; turn++)
	{
		double		share = turn % 4 == 0 ? 0.5 : under / (under + over);
		double		mid = lo + fmin(fmax(share, 0.001), 0.999) * (hi - lo);
		Probe		probe = probe_at(atoms, fmin(mid, nextafter(hi, lo)));

		if (probe.p >= p)
		{
			hi = probe.below;
			upto = probe;
			over = probe.p - p;
			under *= stayed == -1 ? 0.5 : 1.0;
			stayed = -1;
		}
		else
		{
			lo = fmin(probe.above, hi);
			before = probe;
			under = p - probe.p;
			over *= stayed == 1 ? 0.5 : 1.0;
			stayed = 1;
		}
	}
	if (lo >= hi)
		return hi;
	n = list_atoms(atoms, lo, hi, list);
	for (int k = 0; k < n; k++)
	{
		before.p += list[k].mass;
		if (before.p >= p)
			return list[k].sum;
	}
	return hi;
}
