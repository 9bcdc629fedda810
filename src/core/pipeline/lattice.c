/*
 * lattice.c
 *		The distribution of a sum of deals on equally spaced amounts.
 *
 * Direct convolution, not a Fourier transform: one deal costs one multiply-add
 * per cell, tails keep their relative accuracy, and no mass wraps around.
 */
#include "core/pipeline/lattice.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/base/vector.h"

/*
 * The two inner loops are the whole cost of a distribution.  Vector width does
 * not change results: every cell is computed by itself, without contraction.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

/* Mass that one trim may drop at each end; and when the room is short. */
#define TRIM 1e-15
#define TRIM_HARD 1e-12

/* Deals between two trims: the walk from the ends costs as much as some cells. */
#define TRIM_EVERY 4

/* Binomial terms below this are left out, and the others scaled up to one. */
#define SMALL_TERM 1e-18

SfStatus
sf_lattice_init(SfArena *arena, SfLattice *lattice, int32_t capacity)
{
	lattice->capacity = capacity;
	lattice->buffer = sf_arena_take(arena, (size_t) capacity, sizeof(double));
	lattice->spare = sf_arena_take(arena, (size_t) capacity, sizeof(double));
	if (lattice->buffer == NULL || lattice->spare == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	sf_lattice_reset(lattice);
	return SF_OK;
}

void
sf_lattice_reset(SfLattice *lattice)
{
	lattice->first = 0;
	lattice->n = 1;
	lattice->mass = lattice->buffer;
	lattice->mass[0] = 1.0;
	lattice->untrimmed = 0;
	lattice->lost = 0.0;
}

/* out[i] = q * a[i] + p * b[i] */
SF_VECTOR_CLONES static void
blend(double *restrict out, const double *restrict a, const double *restrict b,
	  double q, double p, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		out[i] = q * a[i] + p * b[i];
}

/* out[i] += w * a[i] */
SF_VECTOR_CLONES static void
accumulate(double *restrict out, const double *restrict a, double w, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		out[i] += w * a[i];
}

SF_VECTOR_CLONES static void
scale(double *restrict out, const double *restrict a, double w, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		out[i] = w * a[i];
}

/* Drop cells at both ends that together carry at most `most` each. */
static void
trim(SfLattice *lattice, double most)
{
	double	   *mass = lattice->mass;
	int32_t		lo = 0;
	int32_t		hi = lattice->n;
	double		low = mass[0];
	double		high = mass[hi - 1];

	for (; lo < hi - 1 && low <= most; low += mass[lo])
	{
		lattice->lost += mass[lo];
		lo++;
	}
	for (; hi - 1 > lo && high <= most; high += mass[hi - 1])
	{
		lattice->lost += mass[hi - 1];
		hi--;
	}
	lattice->mass += lo;
	lattice->first += lo;
	lattice->n = hi - lo;
}

/* Room for `more` cells, trimming now and then, or when it is short. */
static SfStatus
make_room(SfArena *arena, SfLattice *lattice, double more)
{
	if (++lattice->untrimmed >= TRIM_EVERY || lattice->n + more > lattice->capacity)
	{
		trim(lattice, TRIM);
		lattice->untrimmed = 0;
	}
	if (lattice->n + more > lattice->capacity)
		trim(lattice, TRIM_HARD);
	if (lattice->n + more > lattice->capacity)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "the support of a distribution is too wide");
	return SF_OK;
}

/* What was written to the spare array is the mass now. */
static void
swap(SfLattice *lattice, int32_t n)
{
	double	   *buffer = lattice->buffer;

	lattice->mass = lattice->buffer = lattice->spare;
	lattice->spare = buffer;
	lattice->n = n;
}

static SfStatus
add_one(SfArena *arena, SfLattice *lattice, int32_t cells, double p)
{
	SfStatus	status = make_room(arena, lattice, cells);
	double	   *out = lattice->spare;
	const double *in = lattice->mass;
	int32_t		n = lattice->n;

	if (status != SF_OK)
		return status;
	if (cells >= n)
	{
		scale(out, in, 1.0 - p, n);
		memset(out + n, 0, (size_t) (cells - n) * sizeof(double));
		scale(out + cells, in, p, n);
	}
	else
	{
		scale(out, in, 1.0 - p, cells);
		blend(out + cells, in + cells, in, 1.0 - p, p, n - cells);
		scale(out + n, in + n - cells, p, cells);
	}
	swap(lattice, n + cells);
	return SF_OK;
}

/* out = mass convolved with a kernel whose terms stand `apart` cells apart */
static SfStatus
convolve(SfArena *arena, SfLattice *lattice, const double *kernel, int32_t terms, int32_t apart)
{
	double		more = (double) (terms - 1) * apart;
	SfStatus	status = make_room(arena, lattice, more);
	int32_t		n = lattice->n;
	int32_t		total = n + (int32_t) more;

	if (status != SF_OK)
		return status;
	memset(lattice->spare, 0, (size_t) total * sizeof(double));
	for (int32_t s = 0; s < terms; s++)
	{
		accumulate(lattice->spare + (size_t) s * (size_t) apart, lattice->mass, kernel[s], n);
		if ((s & 63) == 63 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	swap(lattice, total);
	return SF_OK;
}

/* Nine standard deviations, and more where the count is small. */
static double
binomial_reach(double count, double p)
{
	return 9.0 * sqrt(count * p * (1.0 - p)) + 45.0;
}

/* The binomial terms that matter: from *first on, *terms of them. */
static double *
binomial_terms(SfArena *arena, int64_t count, double p, int64_t *first, int32_t *terms)
{
	double		n = (double) count;
	double		mode = fmin(n, floor((n + 1.0) * p));
	double		reach = binomial_reach(n, p);
	double		lo = fmax(0.0, floor(mode - reach));
	double		hi = fmin(n, ceil(mode + reach));
	int32_t		top = (int32_t) (mode - lo);
	int32_t		cut;
	double	   *b;

	*terms = (int32_t) (hi - lo) + 1;
	b = sf_arena_take(arena, (size_t) *terms, sizeof(double));
	if (b == NULL)
		return NULL;
	b[top] = exp(-log(n + 1.0) - sf_log_beta(mode + 1.0, n - mode + 1.0) +
				 mode * log(p) + (n - mode) * log1p(-p));
	for (int32_t i = top; i < *terms - 1; i++)
		b[i + 1] = b[i] * ((n - (lo + i)) / (lo + i + 1.0)) * (p / (1.0 - p));
	for (int32_t i = top; i > 0; i--)
		b[i - 1] = b[i] * ((lo + i) / (n - (lo + i) + 1.0)) * ((1.0 - p) / p);
	for (cut = 0; cut < top && b[cut] < SMALL_TERM; cut++)
		;
	while (*terms - 1 > top && b[*terms - 1] < SMALL_TERM)
		(*terms)--;
	*terms -= cut;
	*first = (int64_t) lo + cut;
	return b + cut;
}

static SfStatus
add_binomial(SfArena *arena, SfLattice *lattice, int32_t cells, double p, int64_t count)
{
	SfArenaMark mark = sf_arena_mark(arena);
	int64_t		first;
	int32_t		terms;
	double	   *kernel = binomial_terms(arena, count, p, &first, &terms);
	double		total = 0.0;
	SfStatus	status;

	if (kernel == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	/* the mode's exponential carries an error of 1e-13 or so for large counts */
	for (int32_t i = 0; i < terms; i++)
		total += kernel[i];
	for (int32_t i = 0; i < terms; i++)
		kernel[i] /= total;
	status = convolve(arena, lattice, kernel, terms, cells);
	lattice->first += first * cells;
	sf_arena_rewind(arena, mark);
	return status;
}

/* Counts up to this are convolved one by one. */
#define FEW 4

double
sf_lattice_cost(double p, int64_t count)
{
	return count <= FEW ? (double) count :
		fmin((double) count, 2.0 * binomial_reach((double) count, p));
}

SfStatus
sf_lattice_add_deals(SfArena *arena, SfLattice *lattice, int64_t cells, double p, int64_t count)
{
	SfStatus	status = SF_OK;

	if (sf_cancelled(arena->ctx))
		return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	if (cells == 0 || p == 0.0)
		return SF_OK;
	if (p == 1.0)
	{
		lattice->first += cells * count;
		return SF_OK;
	}
	if ((double) cells * (count <= FEW ? 1.0 : 0.5 * sf_lattice_cost(p, count)) > 8.0 * lattice->capacity)
		return sf_fail(arena->ctx, SF_TOO_LARGE, "the support of a distribution is too wide");
	if (count > FEW)
		return add_binomial(arena, lattice, (int32_t) cells, p, count);
	for (int64_t i = 0; i < count && status == SF_OK; i++)
		status = add_one(arena, lattice, (int32_t) cells, p);
	return status;
}

SfStatus
sf_lattice_add_normal(SfArena *arena, SfLattice *lattice, double mean, double stddev)
{
	SfArenaMark mark = sf_arena_mark(arena);
	double		reach = 8.2 * stddev;
	double		lo = floor(mean - reach + 0.5);
	double		width = floor(mean + reach + 0.5) - lo + 1.0;
	int32_t		terms;
	double	   *kernel;
	double		below;
	SfStatus	status;

	if (!(width <= lattice->capacity))
		return sf_fail(arena->ctx, SF_TOO_LARGE, "the support of a distribution is too wide");
	terms = (int32_t) width;
	kernel = sf_arena_take(arena, (size_t) terms, sizeof(double));
	if (kernel == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	below = 0.0;
	for (int32_t i = 0; i < terms; i++)
	{
		double		upto = i == terms - 1 || stddev == 0.0 ? 1.0 :
		sf_normal_cdf((lo + i + 0.5 - mean) / stddev);

		kernel[i] = upto - below;
		below = upto;
	}
	status = convolve(arena, lattice, kernel, terms, 1);
	lattice->first += (int64_t) lo;
	sf_arena_rewind(arena, mark);
	return status;
}
