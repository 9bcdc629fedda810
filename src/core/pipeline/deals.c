/*
 * deals.c
 *		The open deals behind a revenue distribution, in bounded memory.
 */
#include "core/pipeline/deals.h"

#include <math.h>
#include <string.h>

#include "core/base/dist.h"
#include "core/pipeline/floatsum.h"

#define FIRST_CAPACITY 16
/* Sums rounded to a double each, or with their low parts. */
#define FORMAT_ROUNDED 1
#define FORMAT_EXACT 2

static const char magic[4] = {'S', 'F', 'D', 'S'};

/* The factor's grid reaches this far: beyond lies a mass of 2e-9. */
#define GRID_REACH 6.0

/*
 * Moments are smooth in the factor on the scale sqrt((1 - rho) / rho); the
 * nodes stand at most 3/8 of that apart, and never wider than 1/8.
 */
static int32_t
nodes_per_unit(double correlation)
{
	double		scale = correlation > 0 ? sqrt((1 - correlation) / correlation) : 1.0;

	return (int32_t) ceil(8.0 * fmax(1.0, (1.0 / 3.0) / scale));
}

int32_t
sf_grid_nodes(double correlation)
{
	return correlation == 0 ? 1 : 2 * (int32_t) GRID_REACH * nodes_per_unit(correlation) + 1;
}

double
sf_grid_node(double correlation, int32_t i)
{
	return correlation == 0 ? 0.0 : -GRID_REACH + (double) i / nodes_per_unit(correlation);
}

double
sf_conditional_probability(double correlation, double quantile, double z)
{
	return sf_normal_cdf((quantile - sqrt(correlation) * z) / sqrt(1.0 - correlation));
}

void
sf_moments_add(double correlation, SfMoments *moments, const SfDeal *deal)
{
	int32_t		nodes = sf_grid_nodes(correlation);
	double		quantile = nodes > 1 ? sf_normal_quantile(deal->probability) : 0.0;
	double		count = (double) deal->count;
	double		a = deal->amount;
	double		a3 = fabs(a * a * a);

	/* a deal's term is rounded before it is counted, so that equal deals add up alike in any groups */
	for (int32_t i = 0; i < nodes; i++)
	{
		double		p = nodes == 1 ? deal->probability :
		sf_conditional_probability(correlation, quantile, sf_grid_node(correlation, i));
		double		v = p * (1.0 - p);

		sf_sum_add_product(&moments[i].mean, a * p, count);
		sf_sum_add_product(&moments[i].variance, a * a * v, count);
		sf_sum_add_product(&moments[i].third, a3 * v * (p * p + (1.0 - p) * (1.0 - p)), count);
	}
}

SfStatus
sf_deals_init(SfCtx *ctx, SfDealSet *set, double correlation)
{
	/* -0 and 0 are one correlation, with one form */
	*set = (SfDealSet) {.correlation = correlation + 0.0, .settled = true};
	if (!(correlation >= 0.0 && correlation <= SF_CORRELATION_MAX))
		return sf_fail_value(ctx, SF_BAD_ARGUMENT,
							 "correlation must be between 0 and 0.99", correlation);
	return SF_OK;
}

/* The canonical order: large deals first; < 0 when a comes before b. */
static inline int
compare(const SfDeal *a, const SfDeal *b)
{
	double		x = fabs(a->amount);
	double		y = fabs(b->amount);

	if (x != y)
		return x > y ? -1 : 1;
	if (a->amount != b->amount)
		return a->amount > b->amount ? -1 : 1;
	if (a->probability != b->probability)
		return a->probability < b->probability ? -1 : 1;
	return 0;
}

/* Bottom-up merge sort of n deals, using as many spare places. */
static SfDeal *
sort_deals(SfDeal *deals, SfDeal *spare, int32_t n)
{
	for (int32_t width = 1; width < n; width *= 2)
	{
		SfDeal	   *swap = deals;

		for (int32_t lo = 0; lo < n; lo += 2 * width)
		{
			int32_t		mid = lo + width < n ? lo + width : n;
			int32_t		hi = mid + width < n ? mid + width : n;
			int32_t		i = lo;
			int32_t		j = mid;

			for (int32_t k = lo; k < hi; k++)
				if (j >= hi || (i < mid && compare(&deals[i], &deals[j]) <= 0))
					spare[k] = deals[i++];
				else
					spare[k] = deals[j++];
		}
		deals = spare;
		spare = swap;
	}
	return deals;
}

/* Join neighbours that are alike; returns how many remain. */
static int32_t
join_alike(SfDeal *deals, int32_t n)
{
	int32_t		kept = 0;

	for (int32_t i = 0; i < n; i++)
		if (kept > 0 && compare(&deals[kept - 1], &deals[i]) == 0)
			deals[kept - 1].count += deals[i].count;
		else
			deals[kept++] = deals[i];
	return kept;
}

static SfStatus
ensure_moments(SfCtx *ctx, SfDealSet *set)
{
	size_t		nodes = (size_t) sf_grid_nodes(set->correlation);

	if (set->small != NULL)
		return SF_OK;
	set->small = sf_alloc(ctx, nodes, sizeof(SfMoments));
	if (set->small == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(set->small, 0, nodes * sizeof(SfMoments));
	return SF_OK;
}

static void
add_small(SfDealSet *set, const SfDeal *deal)
{
	sf_moments_add(set->correlation, set->small, deal);
	sf_sum_add_product(&set->small_mean, deal->amount * deal->probability, (double) deal->count);
	sf_sum_add_product(&set->small_size, fabs(deal->amount), (double) deal->count);
	set->small_count += deal->count;
}

SfStatus
sf_deals_settle(SfCtx *ctx, SfDealSet *set)
{
	SfDeal	   *sorted;
	int32_t		n;

	if (set->settled)
		return SF_OK;
	sorted = sort_deals(set->deals, set->spare, set->n_deals);
	if (sorted != set->deals)
	{
		set->spare = set->deals;
		set->deals = sorted;
	}
	n = set->n_deals = join_alike(set->deals, set->n_deals);
	if (n > SF_DEALS_MAX)
	{
		SfStatus	status = ensure_moments(ctx, set);

		if (status != SF_OK)
			return status;
		/* abandoned in the middle, the set is still whole: it is only not settled */
		while (n > SF_DEALS_MAX)
		{
			add_small(set, &set->deals[--n]);
			set->n_deals = n;
			if (n % 64 == 0 && sf_cancelled(ctx))
				return sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
		}
	}
	set->settled = true;
	return SF_OK;
}

/* Room for `more` deals, growing up to twice SF_DEALS_MAX, then settling. */
static SfStatus
make_room(SfCtx *ctx, SfDealSet *set)
{
	int32_t		capacity = set->capacity == 0 ? FIRST_CAPACITY : 2 * set->capacity;
	SfDeal	   *deals;
	SfDeal	   *spare;

	if (set->n_deals < set->capacity)
		return SF_OK;
	if (set->capacity > 0)
	{
		SfStatus	status = sf_deals_settle(ctx, set);

		if (status != SF_OK)
			return status;
		/* many alike: half empty is room enough */
		if (set->n_deals <= set->capacity / 2)
			return SF_OK;
	}
	deals = sf_alloc(ctx, (size_t) capacity, sizeof(SfDeal));
	spare = sf_alloc(ctx, (size_t) capacity, sizeof(SfDeal));
	if (deals == NULL || spare == NULL)
		return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (set->n_deals > 0)
		memcpy(deals, set->deals, (size_t) set->n_deals * sizeof(SfDeal));
	set->deals = deals;
	set->spare = spare;
	set->capacity = capacity;
	return SF_OK;
}

/*
 * A deal below all that a full, settled list keeps can only end among the small
 * ones.  The last kept deal stays in its place until the next settle.
 */
static bool
is_small(const SfDealSet *set, const SfDeal *deal)
{
	return set->small != NULL && compare(deal, &set->deals[SF_DEALS_MAX - 1]) > 0;
}

static SfStatus
add_many(SfCtx *ctx, SfDealSet *set, const SfDeal *deal)
{
	SfStatus	status;

	if (is_small(set, deal))
	{
		add_small(set, deal);
		return SF_OK;
	}
	status = make_room(ctx, set);
	if (status != SF_OK)
		return status;
	set->deals[set->n_deals++] = *deal;
	set->settled = false;
	return SF_OK;
}

static SfStatus
check_count(SfCtx *ctx, int64_t counted)
{
	if (counted > SF_DEALS_COUNT_MAX)
		return sf_fail(ctx, SF_TOO_LARGE, "a revenue distribution can hold at most 2^53 deals");
	return SF_OK;
}

SfStatus
sf_deals_add(SfCtx *ctx, SfDealSet *set, double amount, double probability)
{
	SfDeal		deal = {amount, probability, 1};
	SfStatus	status = sf_check_amount(ctx, amount);

	if (status == SF_OK)
		status = sf_check_probability(ctx, probability);
	if (status == SF_OK)
		status = check_count(ctx, set->counted + 1);
	if (status == SF_OK && fabs(amount) > SF_AMOUNT_MAX)
		status = sf_fail_value(ctx, SF_OVERFLOW,
							   "amount is beyond 1e90, too large for a distribution", amount);
	if (status != SF_OK)
		return status;
	if (amount != 0.0 && probability > 0.0 && probability < 1.0)
		status = add_many(ctx, set, &deal);
	else if (probability == 1.0)
		sf_sum_add(&set->certain, amount);
	if (status == SF_OK)
		set->counted++;
	return status;
}

static void
merge_small(SfDealSet *set, const SfDealSet *other)
{
	int32_t		nodes = sf_grid_nodes(set->correlation);

	for (int32_t i = 0; i < nodes; i++)
	{
		sf_sum_merge(&set->small[i].mean, other->small[i].mean);
		sf_sum_merge(&set->small[i].variance, other->small[i].variance);
		sf_sum_merge(&set->small[i].third, other->small[i].third);
	}
	sf_sum_merge(&set->small_mean, other->small_mean);
	sf_sum_merge(&set->small_size, other->small_size);
	set->small_count += other->small_count;
}

SfStatus
sf_deals_merge(SfCtx *ctx, SfDealSet *set, const SfDealSet *other)
{
	SfStatus	status = check_count(ctx, set->counted + other->counted);

	if (status != SF_OK)
		return status;
	if (set->correlation != other->correlation)
		return sf_fail_value(ctx, SF_BAD_ARGUMENT,
							 "revenue distributions with different correlations cannot be added",
							 other->correlation);
	for (int32_t i = 0; i < other->n_deals; i++)
	{
		status = add_many(ctx, set, &other->deals[i]);
		if (status != SF_OK)
			return status;
	}
	if (other->small != NULL)
	{
		/*
		 * The other side dropped deals below its smallest one, which is now in
		 * this set; settle first, so that is_small() knows a full list.
		 */
		status = ensure_moments(ctx, set);
		if (status != SF_OK)
			return status;
		merge_small(set, other);
		status = sf_deals_settle(ctx, set);
		if (status != SF_OK)
			return status;
	}
	sf_sum_merge(&set->certain, other->certain);
	set->counted += other->counted;
	return SF_OK;
}

double
sf_deals_mean(const SfDealSet *set)
{
	SfSum		mean = set->certain;

	for (int32_t i = 0; i < set->n_deals; i++)
	{
		const SfDeal *deal = &set->deals[i];
		double		one = deal->amount * deal->probability;

		sf_sum_add_product(&mean, one, (double) deal->count);
		sf_sum_add_product(&mean, fma(deal->amount, deal->probability, -one), (double) deal->count);
	}
	sf_sum_merge(&mean, set->small_mean);
	return sf_sum_value(mean);
}

static void
write_sum(SfWriter *write, int format, SfSum sum)
{
	double		hi = sf_sum_value(sum);

	sf_write_double(write, hi);
	if (format == FORMAT_EXACT)
		sf_write_double(write, sum.lo - (hi - sum.hi));
}

static void
encode(const SfDealSet *set, int format, SfWriter *write)
{
	int32_t		nodes = set->small ? sf_grid_nodes(set->correlation) : 0;

	for (int i = 0; i < 4; i++)
		sf_write_bits(write, (unsigned char) magic[i], 1);
	sf_write_bits(write, (uint64_t) format, 4);
	sf_write_double(write, set->correlation);
	sf_write_int64(write, set->counted);
	write_sum(write, format, set->certain);
	sf_write_int64(write, set->n_deals);
	for (int32_t i = 0; i < set->n_deals; i++)
	{
		sf_write_double(write, set->deals[i].amount);
		sf_write_double(write, set->deals[i].probability);
		sf_write_int64(write, set->deals[i].count);
	}
	sf_write_int64(write, set->small_count);
	if (nodes == 0)
		return;
	write_sum(write, format, set->small_mean);
	write_sum(write, format, set->small_size);
	for (int32_t i = 0; i < nodes; i++)
	{
		write_sum(write, format, set->small[i].mean);
		write_sum(write, format, set->small[i].variance);
		write_sum(write, format, set->small[i].third);
	}
}

void
sf_deals_encode(const SfDealSet *set, SfWriter *write)
{
	encode(set, FORMAT_ROUNDED, write);
}

void
sf_deals_encode_exact(const SfDealSet *set, SfWriter *write)
{
	encode(set, FORMAT_EXACT, write);
}

/* A sum of any sign, at most `most` in size.  Sums are never -0, which would be a second form of 0. */
static SfSum
read_sum(SfReader *read, int format, double most)
{
	SfSum		sum = {sf_read_double(read), 0.0};

	if (format == FORMAT_EXACT)
		sum.lo = sf_read_double(read);
	if (!(fabs(sum.hi) <= most) || sum.hi + sum.lo != sum.hi || (sum.hi == 0.0 && signbit(sum.hi)))
		read->ok = false;
	return sum;
}

static SfSum
read_positive_sum(SfReader *read, int format, double most)
{
	SfSum		sum = read_sum(read, format, most);

	if (sum.hi < 0.0)
		read->ok = false;
	return sum;
}

/* Kept deals: valid, in strict canonical order; returns their total count. */
static int64_t
read_deals(SfReader *read, SfDealSet *set)
{
	int64_t		total = 0;

	for (int32_t i = 0; i < set->n_deals && read->ok; i++)
	{
		SfDeal	   *d = &set->deals[i];

		d->amount = sf_read_double(read);
		d->probability = sf_read_double(read);
		d->count = sf_read_int64(read);
		if (!(d->probability > 0.0 && d->probability < 1.0) || d->amount == 0.0 ||
			d->count < 1 || d->count > SF_DEALS_COUNT_MAX - total ||
			!(fabs(d->amount) <= SF_AMOUNT_MAX) ||
			(i > 0 && compare(d - 1, d) >= 0))
			read->ok = false;
		else
			total += d->count;
	}
	return total;
}

/*
 * Moments of deals that are all smaller than the kept ones: no sum is larger
 * than their number allows, so nothing overflows later.  The factor 2 is for
 * rounding.
 */
static void
read_small(SfReader *read, int format, SfDealSet *set)
{
	int32_t		nodes = sf_grid_nodes(set->correlation);
	double		a = fabs(set->deals[set->n_deals - 1].amount);
	double		most = 2.0 * a * (double) set->small_count;

	set->small_mean = read_sum(read, format, most);
	set->small_size = read_positive_sum(read, format, most);
	for (int32_t i = 0; i < nodes && read->ok; i++)
	{
		set->small[i].mean = read_sum(read, format, most);
		set->small[i].variance = read_positive_sum(read, format, most * a);
		set->small[i].third = read_positive_sum(read, format, most * a * a);
	}
}

SfStatus
sf_deals_decode(SfCtx *ctx, SfReader *read, SfDealSet *set)
{
	const char *not_ours = "this is not a valid revenue_distribution";
	int			format;
	double		correlation;
	int64_t		n;
	int64_t		total;
	SfStatus	status;

	for (int i = 0; i < 4; i++)
		if (sf_read_bits(read, 1) != (unsigned char) magic[i])
			read->ok = false;
	format = (int) sf_read_bits(read, 4);
	if (format != FORMAT_ROUNDED && format != FORMAT_EXACT)
		read->ok = false;
	correlation = sf_read_double(read);
	if (!read->ok || !(correlation >= 0.0 && correlation <= SF_CORRELATION_MAX) || signbit(correlation))
		return sf_fail(ctx, SF_BAD_BYTES, not_ours);
	status = sf_deals_init(ctx, set, correlation);
	if (status != SF_OK)
		return status;
	set->counted = sf_read_int64(read);
	set->certain = read_sum(read, format, SF_AMOUNT_MAX * (double) SF_DEALS_COUNT_MAX);
	n = sf_read_int64(read);
	if (!read->ok || set->counted < 0 || set->counted > SF_DEALS_COUNT_MAX ||
		n < 0 || n > SF_DEALS_MAX || (size_t) n > read->left / 24)
		return sf_fail(ctx, SF_BAD_BYTES, not_ours);
	set->n_deals = set->capacity = (int32_t) n;
	if (n > 0)
	{
		set->deals = sf_alloc(ctx, (size_t) n, sizeof(SfDeal));
		set->spare = sf_alloc(ctx, (size_t) n, sizeof(SfDeal));
		if (set->deals == NULL || set->spare == NULL)
			return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	}
	total = read_deals(read, set);
	set->small_count = sf_read_int64(read);
	if (set->small_count < 0 || set->small_count > SF_DEALS_COUNT_MAX ||
		(set->small_count > 0 && n != SF_DEALS_MAX))
		read->ok = false;
	if (read->ok && set->small_count > 0)
	{
		status = ensure_moments(ctx, set);
		if (status != SF_OK)
			return status;
		read_small(read, format, set);
	}
	if (!read->ok || read->left != 0 || total + set->small_count > set->counted)
		return sf_fail(ctx, SF_BAD_BYTES, not_ours);
	return SF_OK;
}
