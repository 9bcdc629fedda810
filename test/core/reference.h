/*
 * reference.h
 *		Distributions of a few deals, worked out the slow and plain way: every
 *		one of the 2^n outcomes, and a fine quadrature over the common factor.
 */
#ifndef SF_REFERENCE_H
#define SF_REFERENCE_H

#include "check.h"

#include "core/base/dist.h"
#include "core/pipeline/deals.h"

#define REFERENCE_MAX 26

typedef struct Portfolio
{
	int			n;
	double		amount[REFERENCE_MAX];
	double		probability[REFERENCE_MAX];
	double		correlation;
} Portfolio;

/* How amounts look. */
enum { INTEGRAL, CENTS, IRRATIONAL };

UNUSED static double
random_amount(SfRng *rng, int kind)
{
	double		x = random_magnitude(rng, 0, 4);

	return kind == INTEGRAL ? 1 + floor(x) : kind == CENTS ? (1 + floor(x * 100)) / 100 : x;
}

/* Few different probabilities, some near 0 and 1. */
UNUSED static double
random_probability(SfRng *rng)
{
	switch (sf_rng_below(rng, 6))
	{
		case 0:
			return 0.5;
		case 1:
			return random_magnitude(rng, -6, -1);
		case 2:
			return 1 - random_magnitude(rng, -6, -1);
		default:
			return random_between(rng, 0.02, 0.98);
	}
}

UNUSED static void
random_portfolio(SfRng *rng, Portfolio *deals, int n, int kind, double correlation)
{
	deals->n = n;
	deals->correlation = correlation;
	for (int i = 0; i < n; i++)
	{
		bool		again = i > 0 && sf_rng_below(rng, 5) == 0;

		deals->amount[i] = again ? deals->amount[i - 1] : random_amount(rng, kind);
		deals->probability[i] = again && sf_rng_below(rng, 2) ? deals->probability[i - 1] : random_probability(rng);
	}
}

/* Distinct sums, ascending, with their probabilities. */
typedef struct Reference
{
	size_t		n;
	double	   *sum;
	double	   *mass;
	double	   *cdf;
} Reference;

static const double *order_key;

static int
by_sum(const void *a, const void *b)
{
	double		x = order_key[*(const uint32_t *) a];
	double		y = order_key[*(const uint32_t *) b];

	return (x > y) - (x < y);
}

/* The probability of every subset, given the deals' probabilities: mass[s] += weight * P(s). */
static void
add_subsets(const double *p, int n, double weight, double *mass, double *scratch)
{
	scratch[0] = weight;
	for (int i = 0; i < n; i++)
		for (size_t s = 0; s < (size_t) 1 << i; s++)
		{
			scratch[s | (size_t) 1 << i] = scratch[s] * p[i];
			scratch[s] *= 1 - p[i];
		}
	for (size_t s = 0; s < (size_t) 1 << n; s++)
		mass[s] += scratch[s];
}

static void
subset_masses(const Portfolio *deals, double *mass)
{
	const double step = 0.01;
	double	   *scratch = malloc(sizeof(double) << deals->n);
	double		p[REFERENCE_MAX];

	if (deals->correlation == 0)
		add_subsets(deals->probability, deals->n, 1, mass, scratch);
	else
		for (int k = -850; k <= 850; k++)
		{
			double		z = k * step;

			for (int i = 0; i < deals->n; i++)
				p[i] = sf_conditional_probability(deals->correlation, sf_normal_quantile(deals->probability[i]), z);
			add_subsets(p, deals->n, step * exp(-0.5 * z * z) * 0.39894228040143267794, mass, scratch);
		}
	free(scratch);
}

/*
 * Sums are added in two parts, even deals and odd deals, as the code adds them,
 * so that the same outcome has the same bits; sums nearer than `same` are one.
 */
UNUSED static Reference *
enumerate(const Portfolio *deals)
{
	size_t		all = (size_t) 1 << deals->n;
	double	   *sum = malloc(all * sizeof(double));
	double	   *mass = calloc(all, sizeof(double));
	uint32_t   *order = malloc(all * sizeof(uint32_t));
	Reference  *ref = malloc(sizeof(Reference));
	double		total = 0;

	subset_masses(deals, mass);
	for (size_t s = 0; s < all; s++)
	{
		double		half[2] = {0, 0};

		for (int i = 0; i < deals->n; i++)
			if (s >> i & 1)
				half[i % 2] += deals->amount[i];
		sum[s] = half[0] + half[1];
		order[s] = (uint32_t) s;
	}
	order_key = sum;
	qsort(order, all, sizeof(uint32_t), by_sum);
	*ref = (Reference) {0, malloc(all * sizeof(double)), calloc(all, sizeof(double)), malloc(all * sizeof(double))};
	for (size_t k = 0; k < all; k++)
	{
		if (ref->n == 0 || sum[order[k]] != ref->sum[ref->n - 1])
			ref->sum[ref->n++] = sum[order[k]];
		ref->mass[ref->n - 1] += mass[order[k]];
	}
	for (size_t k = 0; k < ref->n; k++)
		ref->cdf[k] = total += ref->mass[k];
	free(sum);
	free(mass);
	free(order);
	return ref;
}

/* P(sum <= x). */
UNUSED static double
reference_cdf(const Reference *ref, double x)
{
	size_t		lo = 0;
	size_t		hi = ref->n;

	while (lo < hi)
	{
		size_t		mid = lo + (hi - lo) / 2;

		if (ref->sum[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? 0.0 : ref->cdf[lo - 1];
}

UNUSED static double
reference_at_least(const Reference *ref, double x)
{
	return 1 - reference_cdf(ref, nextafter(x, -INFINITY));
}

/* The smallest sum x with P(sum <= x) >= p. */
UNUSED static double
reference_quantile(const Reference *ref, double p)
{
	size_t		lo = 0;
	size_t		hi = ref->n - 1;

	while (lo < hi)
	{
		size_t		mid = lo + (hi - lo) / 2;

		if (ref->cdf[mid] >= p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return ref->sum[hi];
}

UNUSED static void
reference_free(Reference *ref)
{
	free(ref->sum);
	free(ref->mass);
	free(ref->cdf);
	free(ref);
}

#endif							/* SF_REFERENCE_H */
