/*
 * sort.c
 *		Sorting and order statistics of doubles.
 */
#include "core/base/sort.h"

#include <float.h>

#define INSERTION_MAX 24

/* Values put in place between two polls. */
#define POLL_EVERY 16384

/* Values looked at for each one there is, before a search draws its pivots; about 3 are usual. */
#define PATIENCE 16

static void
insertion_sort(double *x, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		double		v = x[i];
		int64_t		j = i;

		for (; j > 0 && x[j - 1] > v; j--)
			x[j] = x[j - 1];
		x[j] = v;
	}
}

static void
sift_down(double *x, int64_t root, int64_t n)
{
	double		v = x[root];
	int64_t		child;

	while ((child = 2 * root + 1) < n)
	{
		if (child + 1 < n && x[child + 1] > x[child])
			child++;
		if (x[child] <= v)
			break;
		x[root] = x[child];
		root = child;
	}
	x[root] = v;
}

/* The largest goes to the end of x[n]. */
static void
take_top(double *x, int64_t n)
{
	double		v = x[0];

	x[0] = x[n - 1];
	x[n - 1] = v;
	sift_down(x, 0, n - 1);
}

void
sf_sort(double *x, int64_t n)
{
	if (n <= INSERTION_MAX)
	{
		insertion_sort(x, n);
		return;
	}
	for (int64_t i = n / 2 - 1; i >= 0; i--)
		sift_down(x, i, n);
	for (int64_t i = n; i > 1; i--)
		take_top(x, i);
}

SfStatus
sf_sort_long(SfCtx *ctx, double *x, int64_t n)
{
	SfStatus	status = SF_OK;

	for (int64_t i = n / 2 - 1; i >= 0 && status == SF_OK; i--)
	{
		sift_down(x, i, n);
		if (i % POLL_EVERY == POLL_EVERY - 1)
			status = sf_poll(ctx);
	}
	for (int64_t i = n; i > 1 && status == SF_OK; i--)
	{
		take_top(x, i);
		if (i % POLL_EVERY == 0)
			status = sf_poll(ctx);
	}
	return status;
}

/* a stands before b: by value, then by place. */
static inline int
before(const double *x, int64_t a, int64_t b)
{
	return (a < b && x[a] == x[b]) || x[a] < x[b];
}

void
sf_sort_order(const double *x, int64_t n, int64_t *order)
{
	for (int64_t i = 0; i < n; i++)
		order[i] = i;
	for (int64_t start = n / 2 - 1, end = n; end > 1;)
	{
		int64_t		root;
		int64_t		v;
		int64_t		child;

		/* first make a heap, then take its top again and again */
		if (start >= 0)
			root = start--;
		else
		{
			int64_t		top = order[0];

			order[0] = order[--end];
			order[end] = top;
			root = 0;
		}
		v = order[root];
		while ((child = 2 * root + 1) < end)
		{
			if (child + 1 < end && before(x, order[child], order[child + 1]))
				child++;
			if (before(x, order[child], v))
				break;
			order[root] = order[child];
			root = child;
		}
		order[root] = v;
	}
}

/* A place from lo to hi, by a linear congruential generator (Knuth, MMIX). */
static int64_t
draw(uint64_t *state, int64_t lo, int64_t hi)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return lo + (int64_t) ((*state >> 33) % (uint64_t) (hi - lo + 1));
}

/*
 * Hoare's find.  Data made for it can cut off one value a turn; once that has cost
 * too much, the places of the three that the pivot comes from are drawn.
 */
void
sf_select(double *x, int64_t n, int64_t k)
{
	int64_t		lo = 0;
	int64_t		hi = n - 1;
	int64_t		left = PATIENCE * n;
	uint64_t	drawn = 1;

	while (hi - lo > INSERTION_MAX)
	{
		int64_t		i = lo;
		int64_t		j = hi;
		double		a = x[lo];
		double		b = x[lo + (hi - lo) / 2];
		double		c = x[hi];
		double		pivot;

		left -= hi - lo;
		if (left < 0)
		{
			a = x[draw(&drawn, lo, hi)];
			b = x[draw(&drawn, lo, hi)];
			c = x[draw(&drawn, lo, hi)];
		}
		pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
		while (i <= j)
		{
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i <= j)
			{
				double		v = x[i];

				x[i++] = x[j];
				x[j--] = v;
			}
		}
		if (k <= j)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			return;
	}
	insertion_sort(x + lo, hi - lo + 1);
}

double
sf_median(double *x, int64_t n)
{
	int64_t		k = n / 2;
	double		below;

	sf_select(x, n, k);
	if (n % 2 == 1)
		return x[k];
	below = x[0];
	for (int64_t i = 1; i < k; i++)
		if (x[i] > below)
			below = x[i];
	if (below == x[k])
		return below;
	/* halves first where the difference is beyond doubles */
	if (x[k] - below > DBL_MAX)
		return below / 2 + x[k] / 2;
	return below + (x[k] - below) / 2;
}
