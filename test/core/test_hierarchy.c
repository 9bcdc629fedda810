/* Tests of core/forecast/hierarchy.c: which series add up to which. */
#include "check.h"

#include "core/forecast/hierarchy.h"

static SfStatus
from_parents(Host *host, const int32_t *parent, int n, SfHierarchy *h)
{
	SfArena		arena;

	host_init(host);
	sf_arena_init(&arena, &host->ctx);
	return sf_hierarchy_from_parents(&arena, parent, n, h);
}

static SfStatus
from_keys(Host *host, const int32_t *key, int n, int depth, bool incomplete, SfHierarchy *h)
{
	SfArena		arena;

	host_init(host);
	sf_arena_init(&arena, &host->ctx);
	return sf_hierarchy_from_keys(&arena, key, n, depth, incomplete, h);
}

/* The node holds exactly these bottom nodes, ascending. */
static void
holds(const SfHierarchy *h, int node, int n, const int *bottoms)
{
	int			a = -1 - h->place[node];

	if (!check(h->place[node] < 0, "node %d is a bottom series", node) ||
		!check(sf_hierarchy_size(h, node) == n, "node %d holds %" PRId64, node, sf_hierarchy_size(h, node)))
		return;
	for (int i = 0; i < n; i++)
		check(h->bottom[h->member[h->start[a] + i]] == bottoms[i], "node %d holds %d at %d", node,
			  h->bottom[h->member[h->start[a] + i]], i);
}

static void
test_tree(void)
{
	/* 4 is the root of 0 (with 1 and 2) and 3 */
	static const int32_t parent[] = {4, 0, 0, 4, -1};
	static const int32_t forest[] = {-1, 0, -1, 2, 2, -1};
	double		value[] = {NAN, 1, 2, 4, NAN, NAN, 10, 20, 40, NAN};
	double		column[5 * 2];
	Host		host;
	SfArena		arena;
	SfHierarchy h;

	group("a tree by hand: lists, levels, sums");
	check(from_parents(&host, parent, 5, &h) == SF_OK, "tree");
	check(h.bottoms == 3 && h.aggregates == 2 && h.nodes == 5, "%d bottoms", h.bottoms);
	check(h.bottom[0] == 1 && h.bottom[1] == 2 && h.bottom[2] == 3, "bottoms");
	holds(&h, 0, 2, (int[]) {1, 2});
	holds(&h, 4, 3, (int[]) {1, 2, 3});
	check(h.level[4] == 0 && h.level[0] == 1 && h.level[3] == 1 && h.level[2] == 2, "levels");
	for (int i = 0; i < 5; i++)
	{
		column[2 * i] = value[i];
		column[2 * i + 1] = value[5 + i];
	}
	sf_arena_init(&arena, &host.ctx);
	check(sf_hierarchy_sum(&arena, &h, column, 2) == SF_OK, "sum");
	check(column[0] == 3 && column[8] == 7 && column[1] == 30 && column[9] == 70, "%g %g %g %g", column[0], column[8], column[1], column[9]);
	host_free(&host);
	done();

	group("several trees, single nodes, a long chain");
	check(from_parents(&host, forest, 6, &h) == SF_OK && h.bottoms == 4 && h.aggregates == 2, "forest");
	holds(&h, 2, 2, (int[]) {3, 4});
	host_free(&host);
	{
		enum
		{
			LONG = 5000
		};
		static int32_t chain[LONG];

		for (int i = 0; i < LONG; i++)
			chain[i] = i + 1 < LONG ? i + 1 : -1;
		check(from_parents(&host, chain, LONG, &h) == SF_OK && h.bottoms == 1 && h.level[0] == LONG - 1, "chain");
		host_free(&host);
	}
	check(from_parents(&host, NULL, 0, &h) == SF_OK && h.nodes == 0, "nothing");
	host_free(&host);
	done();
}

static void
test_groups(void)
{
	/* total, shop 0, department 1, and four of 2 x 3 cells */
	static const int32_t key[] = {-1, -1, 0, -1, -1, 1, 0, 0, 0, 1, 1, 1, 1, 2};
	/* patterns **, a**, *b*, ab*, abc */
	static const int32_t deep[] = {0, 0, 0, 0, 0, 1, 1, 0, 0, -1, 0, -1, 0, 0, -1};
	Host		host;
	SfHierarchy h;

	group("groups by hand: what is missing of a pattern is made");
	check(from_keys(&host, key, 7, 2, false, &h) == SF_OK, "groups");
	/* shop 1, departments 0 and 2 were not given */
	check(h.nodes == 10 && h.bottoms == 4 && h.aggregates == 6, "%d nodes", h.nodes);
	holds(&h, 0, 4, (int[]) {3, 4, 5, 6});
	holds(&h, 1, 2, (int[]) {3, 4});
	holds(&h, 2, 2, (int[]) {4, 5});
	for (int i = 7; i < 10; i++)
	{
		const int32_t *k = h.key + 2 * (size_t) i;

		check(h.level[i] == 1 && (k[0] == -1) != (k[1] == -1), "made node %d: %d, %d", i, k[0], k[1]);
		if (k[0] == 1)
			holds(&h, i, 2, (int[]) {5, 6});
		else
			holds(&h, i, 1, (int[]) {k[1] == 0 ? 3 : 6});
		/* departments are in no tree, shops hang on the total */
		check(h.parent[i] == (k[0] == 1 ? 0 : -1), "parent of %d", i);
	}
	check(h.parent[3] == 1 && h.parent[1] == 0 && h.parent[0] == -1 && h.parent[2] == -1, "the tree");
	host_free(&host);

	check(from_keys(&host, deep, 5, 3, false, &h) == SF_OK, "deep");
	/* given: 3 cells, *0* and 00*; made: the total and 10* */
	check(h.nodes == 7 && h.bottoms == 3, "%d nodes", h.nodes);
	holds(&h, 3, 3, (int[]) {0, 1, 2});
	holds(&h, 4, 2, (int[]) {0, 1});
	host_free(&host);

	check(from_keys(&host, key + 6, 4, 2, false, &h) == SF_OK && h.nodes == 5, "only the bottom: and the total");
	holds(&h, 4, 4, (int[]) {0, 1, 2, 3});
	host_free(&host);
	done();
}

static void
test_incomplete(void)
{
	/* total, department 9 without shops, shop 0 in departments 0 and 1 */
	static const int32_t key[] = {-1, -1, -1, 9, 0, 0, 0, 1, 0, -1};
	static const int32_t crossing[] = {-1, -1, -1, 9, 3, -1};
	Host		host;
	SfHierarchy h;

	group("an incomplete hierarchy: sums without parts are parts, unless they overlap");
	check(fails_with(&host, from_keys(&host, key, 5, 2, false, &h), SF_BAD_DATA) && host.ctx.where == 1, "refused, at %" PRId64, host.ctx.where);
	host_free(&host);
	check(from_keys(&host, key, 5, 2, true, &h) == SF_OK, "taken");
	check(h.bottoms == 3 && h.place[1] >= 0, "%d bottoms", h.bottoms);
	holds(&h, 0, 3, (int[]) {1, 2, 3});
	holds(&h, 4, 2, (int[]) {2, 3});
	check(h.parent[1] == 0 && h.parent[2] == 4, "the tree");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, crossing, 3, 2, true, &h), SF_BAD_DATA), "overlap");
	host_free(&host);
	check(from_keys(&host, crossing, 1, 2, true, &h) == SF_OK && h.bottoms == 1 && h.nodes == 1, "only a total");
	host_free(&host);
	done();
}

/* Random keys against the definition, one by one. */
static void
test_random(void)
{
	enum
	{
		DEPTH = 4, MANY = 400
	};
	static int32_t key[MANY * DEPTH];
	SfRng		rng;

	sf_rng_seed(&rng, 11);
	group("random keys: every list is what the definition says");
	for (int turn = 0; turn < 20; turn++)
	{
		int			n = 0;
		Host		host;
		SfHierarchy h;

		for (int tries = 0; tries < 60; tries++)
		{
			int32_t    *k = key + n * DEPTH;
			bool		twice = false;

			for (int d = 0; d < DEPTH; d++)
				k[d] = tries % 6 == 5 && sf_rng_below(&rng, 2) && n > 0 ? -1 : (int32_t) sf_rng_below(&rng, 3);
			/* a sum over cells that exist */
			for (int d = 0; d < DEPTH && tries % 6 == 5 && n > 0; d++)
				k[d] = k[d] == -1 ? -1 : key[d];
			for (int i = 0; i < n; i++)
				twice = twice || memcmp(key + i * DEPTH, k, sizeof(int32_t) * DEPTH) == 0;
			n += !twice;
		}
		if (!check(from_keys(&host, key, n, DEPTH, false, &h) == SF_OK, "turn %d: %s", turn, host.ctx.what))
			return;
		for (int a = 0; a < h.aggregates; a++)
		{
			const int32_t *sum = h.key + (size_t) h.aggregate[a] * DEPTH;
			int64_t		at = h.start[a];

			for (int b = 0; b < h.bottoms; b++)
			{
				bool		in = true;

				for (int d = 0; d < DEPTH; d++)
					in = in && (sum[d] == -1 || sum[d] == h.key[(size_t) h.bottom[b] * DEPTH + d]);
				if (in)
					check(at < h.start[a + 1] && h.member[at++] == b, "turn %d: list of %d", turn, a);
			}
			check(at == h.start[a + 1], "turn %d: list of %d is too long", turn, a);
		}
		host_free(&host);
	}
	done();
}

static void
test_hostile(void)
{
	static const int32_t loop[] = {1, 2, 0, 0};
	static const int32_t self[] = {-1, 1};
	static const int32_t outside[] = {-1, 2};
	static const int32_t twice[] = {0, 1, -1, -1, 0, 1};
	static const int32_t sums[] = {-1, 1, -1, -1};
	static const int32_t bad[] = {0, -2};
	Host		host;
	SfHierarchy h;

	group("what is no hierarchy is refused, with the node");
	check(fails_with(&host, from_parents(&host, loop, 4, &h), SF_BAD_DATA) && host.ctx.where >= 0 && host.ctx.where <= 2, "circle at %" PRId64, host.ctx.where);
	host_free(&host);
	check(fails_with(&host, from_parents(&host, self, 2, &h), SF_BAD_DATA) && host.ctx.where == 1, "its own parent");
	host_free(&host);
	check(fails_with(&host, from_parents(&host, outside, 2, &h), SF_BAD_ARGUMENT), "no such parent");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, twice, 3, 2, false, &h), SF_BAD_DATA) && host.ctx.where == 2, "twice");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, sums, 2, 2, false, &h), SF_BAD_DATA), "only sums");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, bad, 1, 2, false, &h), SF_BAD_ARGUMENT), "a code below -1");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, bad, 1, 0, false, &h), SF_BAD_ARGUMENT), "no parts");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, bad, 1, 31, false, &h), SF_BAD_ARGUMENT), "too many parts");
	host_free(&host);
	check(fails_with(&host, from_keys(&host, bad, 0, 2, true, &h), SF_BAD_DATA), "nothing");
	host_free(&host);
	done();
}

#define CELLS 160

static SfStatus
build_work(SfCtx *ctx, void *argument)
{
	static int32_t key[(CELLS * CELLS + 2) * 2];
	static int32_t parent[CELLS * CELLS];
	static double value[(CELLS * CELLS + 3 * CELLS) * 3];
	SfArena		arena;
	SfHierarchy h;
	SfStatus	status;

	(void) argument;
	for (int i = 0; i < CELLS * CELLS; i++)
	{
		key[2 * i] = i / CELLS;
		key[2 * i + 1] = i % CELLS;
		parent[i] = i / 2 - (i == 0);
	}
	for (int i = 0; i < 2; i++)
	{
		key[2 * (CELLS * CELLS + i) + i] = 0;
		key[2 * (CELLS * CELLS + i) + 1 - i] = -1;
	}
	parent[0] = -1;
	parent[1] = 0;
	sf_arena_init(&arena, ctx);
	status = sf_hierarchy_from_keys(&arena, key, CELLS * CELLS + 2, 2, true, &h);
	if (status == SF_OK)
		status = sf_hierarchy_sum(&arena, &h, value, 3);
	if (status == SF_OK)
		status = sf_hierarchy_from_parents(&arena, parent, CELLS * CELLS, &h);
	return status;
}

int
main(void)
{
	test_tree();
	test_groups();
	test_incomplete();
	test_random();
	test_hostile();
	group("each refused allocation is a clean failure");
	refuse_each(build_work, NULL);
	done();
	group("each cancelled poll is a clean failure");
	cancel_each(build_work, NULL, 1);
	done();
	return finish();
}
