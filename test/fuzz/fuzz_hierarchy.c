/*
 * Any structure of parents or keys, any forecasts: a documented status, or lists that
 * hold together and reconciled numbers that add up.
 */
#include "fuzz.h"

#include <float.h>

#include "core/base/codec.h"
#include "core/forecast/reconcile.h"

#define NODES_MAX 40
#define DEPTH_MAX 4
#define STEPS_MAX 3
#define PERIODS_MAX 12

static uint32_t
below(SfReader *read, uint32_t n)
{
	return (uint32_t) sf_read_bits(read, 1) % n;
}

static double
number(SfReader *read)
{
	double		x;

	switch (below(read, 6))
	{
		case 0:
			return sf_read_double(read);
		case 1:
			return 0.0;
		case 2:
			return NAN;
		default:
			x = (double) (int8_t) sf_read_bits(read, 1);
			return x / 4;
	}
}

static SfStatus
read_structure(SfArena *arena, SfReader *read, SfHierarchy *h)
{
	int32_t		n = 1 + (int32_t) below(read, NODES_MAX);
	int32_t		code[NODES_MAX * DEPTH_MAX];
	int32_t		depth = (int32_t) below(read, DEPTH_MAX + 1);
	bool		incomplete = below(read, 2) == 1;

	if (depth == 0)
	{
		/* mostly forests: a parent before its child, now and then anything */
		for (int32_t i = 0; i < n; i++)
			code[i] = below(read, 40) == 0 ? (int32_t) below(read, NODES_MAX + 4) - 2 : (int32_t) below(read, (uint32_t) i + 1) - 1;
		return sf_hierarchy_from_parents(arena, code, n, h);
	}
	for (int32_t i = 0; i < n * depth; i++)
		code[i] = (int32_t) below(read, 5) - (below(read, 60) == 0 ? 3 : 1);
	return sf_hierarchy_from_keys(arena, code, n, depth, incomplete, h);
}

static void
check_structure(const SfHierarchy *h)
{
	demand(h->nodes == h->bottoms + h->aggregates && h->bottoms >= 1, "nodes are bottom series and aggregates");
	for (int32_t i = 0; i < h->nodes; i++)
	{
		int32_t		place = h->place[i];

		demand(place >= 0 ? place < h->bottoms && h->bottom[place] == i : -1 - place < h->aggregates && h->aggregate[-1 - place] == i, "every node has its place");
		demand(h->parent[i] >= -1 && h->parent[i] < h->nodes && h->parent[i] != i, "a parent is another node");
	}
	for (int32_t a = 0; a < h->aggregates; a++)
	{
		demand(h->start[a] < h->start[a + 1], "an aggregate has members");
		for (int64_t m = h->start[a]; m < h->start[a + 1]; m++)
			demand(h->member[m] >= 0 && h->member[m] < h->bottoms && (m == h->start[a] || h->member[m] > h->member[m - 1]), "members ascend");
	}
}

static double *
numbers(SfArena *arena, SfReader *read, int32_t rows, int32_t columns, bool finite)
{
	double	   *x = sf_arena_take(arena, (size_t) rows * (size_t) columns + 1, sizeof(double));

	demand(x != NULL, "memory for a few numbers");
	for (int32_t i = 0; i < rows; i++)
	{
		bool		none = finite && below(read, 8) == 0;

		for (int32_t k = 0; k < columns; k++)
		{
			double		v = number(read);

			x[i * columns + k] = none ? NAN : finite && !isfinite(v) && below(read, 16) > 0 ? i + k : v;
		}
	}
	return x;
}

static void
check_sums(const SfHierarchy *h, const SfReconcilePlan *plan, int32_t steps, const double *out)
{
	for (int32_t k = 0; k < steps; k++)
	{
		for (int32_t i = 0; i < h->nodes; i++)
		{
			demand(isfinite(out[i * steps + k]), "reconciled forecasts are numbers");
			demand(!plan->nonnegative || out[i * steps + k] >= 0, "nothing below 0 when that is asked for");
		}
		for (int32_t a = 0; a < h->aggregates; a++)
		{
			double		sum = 0;
			double		size = 0;

			for (int64_t m = h->start[a]; m < h->start[a + 1]; m++)
			{
				double		x = out[h->bottom[h->member[m]] * steps + k];

				sum += x / 2;
				size += fabs(x) / 2;
			}
			demand(fabs(sum - out[h->aggregate[a] * steps + k] / 2) <= 1e-12 * size + DBL_MIN, "an aggregate is the sum of its bottom series");
		}
	}
}

static void
reconcile(SfArena *arena, SfReader *read, const SfHierarchy *h)
{
	SfReconcilePlan plan = {.method = (SfReconcileMethod) below(read, 6), .nonnegative = below(read, 2) == 1};
	SfReconcileData data = {.steps = 1 + (int32_t) below(read, STEPS_MAX)};
	SfReconciled report;
	double	   *out = sf_arena_take(arena, (size_t) h->nodes * (size_t) data.steps, sizeof(double));
	SfStatus	status;

	plan.rounded = below(read, 4) == 0;
	plan.decimals = (int32_t) below(read, 12) - 1;
	data.base = numbers(arena, read, h->nodes, data.steps, true);
	if (below(read, 4) > 0)
	{
		data.periods = (int32_t) below(read, PERIODS_MAX + 1);
		data.residuals = numbers(arena, read, h->nodes, data.periods, below(read, 2) == 1);
	}
	if (below(read, 2) > 0)
	{
		data.history_periods = (int32_t) below(read, PERIODS_MAX + 1);
		data.history = numbers(arena, read, h->nodes, data.history_periods, below(read, 2) == 1);
	}
	status = sf_reconcile(arena, h, &data, &plan, out, &report);
	demand(status == SF_OK || status == SF_BAD_DATA || status == SF_BAD_ARGUMENT || status == SF_OVERFLOW || status == SF_TOO_LARGE, "the status of a reconciliation");
	if (status != SF_OK)
		return;
	check_sums(h, &plan, data.steps, out);
	demand(report.lambda >= 0 && report.lambda <= 1, "lambda lies within 0 and 1");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SfReader	read = {data, size, true};
	SfHierarchy h;
	SfArena		arena;
	SfStatus	status;
	Host		host;

	fuzz_host(&host);
	host.cancel_at = 0;
	sf_arena_init(&arena, &host.ctx);
	status = read_structure(&arena, &read, &h);
	demand(status == SF_OK || status == SF_BAD_DATA || status == SF_BAD_ARGUMENT, "the status of a structure");
	if (status == SF_OK)
	{
		check_structure(&h);
		reconcile(&arena, &read, &h);
	}
	host_free(&host);
	return 0;
}
