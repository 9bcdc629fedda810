/* Tests of core/base/sort.c: sorting, orders and medians. */
#include "check.h"

#include "core/base/sort.h"

#define MOST 400

/* n numbers of one of many kinds: few different ones, sorted, falling, saw teeth, of any size. */
static void
draw(SfRng *rng, int kind, int n, double *x)
{
	for (int i = 0; i < n; i++)
		switch (kind)
		{
			case 0:
				x[i] = (double) sf_rng_below(rng, 3) - 1;
				break;
			case 1:
				x[i] = i;
				break;
			case 2:
				x[i] = -i;
				break;
			case 3:
				x[i] = i < n / 2 ? i : n - i;
				break;
			case 4:
				x[i] = random_magnitude(rng, -300, 300) * (sf_rng_below(rng, 2) ? 1 : -1);
				break;
			case 5:
				x[i] = 7;
				break;
			case 6:
				x[i] = sf_rng_below(rng, 4) ? (double) sf_rng_below(rng, 5) : (sf_rng_below(rng, 2) ? INFINITY : -INFINITY);
				break;
			default:
				x[i] = sf_rng_uniform(rng);
		}
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static void
check_one(const double *x, int n, int kind)
{
	static double wanted[MOST];
	static double got[MOST];
	static int64_t order[MOST];
	bool		same = true;
	bool		ordered = true;
	int64_t		seen = 0;

	memcpy(wanted, x, (size_t) n * sizeof(double));
	qsort(wanted, (size_t) n, sizeof(double), compare);
	memcpy(got, x, (size_t) n * sizeof(double));
	sf_sort(got, n);
	for (int i = 0; i < n; i++)
		same = same && got[i] == wanted[i];
	check(same, "sort: kind %d, n %d", kind, n);

	sf_sort_order(x, n, order);
	for (int i = 0; i < n; i++)
	{
		ordered = ordered && order[i] >= 0 && order[i] < n && x[order[i]] == wanted[i];
		if (i > 0 && x[order[i]] == x[order[i - 1]])
			ordered = ordered && order[i] > order[i - 1];
		seen += order[i];
	}
	check(ordered && seen == (int64_t) n * (n - 1) / 2, "order: kind %d, n %d", kind, n);

	if (n < 1)
		return;
	memcpy(got, x, (size_t) n * sizeof(double));
	if (n % 2 == 1)
		check(sf_median(got, n) == wanted[n / 2], "median: kind %d, n %d", kind, n);
	else if (isfinite(wanted[n / 2]) && isfinite(wanted[n / 2 - 1]))
		check(close_to(sf_median(got, n), wanted[n / 2 - 1] / 2 + wanted[n / 2] / 2, 1e-300, 1e-15), "median: kind %d, n %d", kind, n);
	else if (wanted[n / 2] == wanted[n / 2 - 1])
		check(sf_median(got, n) == wanted[n / 2], "median: kind %d, n %d, infinite", kind, n);
	else
		(void) sf_median(got, n);
	qsort(got, (size_t) n, sizeof(double), compare);
	same = true;
	for (int i = 0; i < n; i++)
		same = same && got[i] == wanted[i];
	check(same, "median loses values: kind %d, n %d", kind, n);
}

int
main(void)
{
	static double x[MOST];
	static double many[200000];
	double		hand[] = {3, 1, 2};
	double		four[] = {4, 1, 3, 2};
	double		wide[] = {DBL_MAX, -DBL_MAX, -DBL_MAX, DBL_MAX};
	double		ends[] = {INFINITY, INFINITY};
	double		least[] = {5e-324, 5e-324, 5e-324, 5e-324};
	int64_t		order[3];
	bool		ascending = true;
	SfRng		rng;

	group("cases by hand");
	check(sf_median(four, 4) == 2.5, "median of 1 .. 4");
	sf_sort_order(hand, 3, order);
	check(order[0] == 1 && order[1] == 2 && order[2] == 0, "order of 3, 1, 2");
	sf_sort(hand, 3);
	check(hand[0] == 1 && hand[1] == 2 && hand[2] == 3, "sorted");
	check(sf_median(hand, 1) == 1, "median of one");
	check(sf_median(wide, 4) == 0, "a difference beyond doubles: %g", sf_median(wide, 4));
	check(sf_median(ends, 2) == INFINITY, "two infinities");
	check(sf_median(least, 4) == 5e-324, "denormal");
	done();

	sf_rng_seed(&rng, 11);
	group("every length up to 400 and every kind of data, against the C library");
	for (int n = 0; n <= MOST; n += n < 60 ? 1 : 17)
		for (int kind = 0; kind < 8; kind++)
		{
			draw(&rng, kind, n, x);
			check_one(x, n, kind);
		}
	done();

	group("many values, no quadratic time");
	for (int kind = 0; kind < 8; kind++)
	{
		draw(&rng, kind, LENGTH(many), many);
		if (kind != 6)
			(void) sf_median(many, LENGTH(many));
		sf_sort(many, LENGTH(many));
		for (int i = 1; i < LENGTH(many); i++)
			ascending = ascending && many[i - 1] <= many[i];
		check(ascending, "kind %d", kind);
	}
	done();
	return finish();
}
