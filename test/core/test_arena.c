/* Tests of core/base/arena.c: scratch memory that is handed back in one step. */
#include "check.h"

#include <stdalign.h>

#include "core/base/arena.h"

#define BIG ((size_t) 200 * 1024)

static void
test_pieces(void)
{
	Host		host;
	SfArena		arena;
	unsigned char *piece[500];

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("pieces are aligned, hold what was asked for and do not overlap");
	for (int i = 0; i < LENGTH(piece); i++)
	{
		piece[i] = sf_arena_take(&arena, (size_t) i * 7 + 1, 3);
		if (!check(piece[i] != NULL, "piece %d", i))
			return;
		check((uintptr_t) piece[i] % alignof(max_align_t) == 0, "piece %d is not aligned", i);
		memset(piece[i], i & 255, ((size_t) i * 7 + 1) * 3);
	}
	for (int i = 0; i < LENGTH(piece); i++)
		for (size_t k = 0; k < ((size_t) i * 7 + 1) * 3; k++)
			if (piece[i][k] != (i & 255))
			{
				check(false, "piece %d was overwritten at %zu", i, k);
				break;
			}
	check(sf_arena_take(&arena, 0, 8) != NULL, "an empty piece is not a refusal");
	done();
	host_free(&host);
}

static void
test_rewind(void)
{
	Host		host;
	SfArena		arena;
	SfArenaMark start;
	SfArenaMark mark;
	char	   *kept;
	int64_t		blocks;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	start = sf_arena_mark(&arena);
	kept = sf_arena_take(&arena, 100, 1);
	memset(kept, 'k', 100);
	mark = sf_arena_mark(&arena);

	group("after a rewind the same work needs no new memory, and what came before the mark stays");
	for (int turn = 0; turn < 20; turn++)
	{
		sf_arena_rewind(&arena, mark);
		for (int i = 0; i < 10; i++)
		{
			size_t		size = i % 3 == 0 ? BIG : 30000;
			char	   *piece = sf_arena_take(&arena, size, 1);

			if (!check(piece != NULL, "piece %d", i))
				return;
			memset(piece, turn, size);
		}
		if (turn == 0)
			blocks = host.allocations;
	}
	check(host.allocations == blocks, "%" PRId64 " blocks, then %" PRId64, blocks, host.allocations);
	check(kept[0] == 'k' && kept[99] == 'k', "the piece before the mark");
	sf_arena_rewind(&arena, start);
	check(sf_arena_take(&arena, 100, 1) == kept, "a rewind to the start begins anew");
	done();
	host_free(&host);
}

/* After a rewind the pieces come in another order of sizes: blocks too small for one are passed over. */
static void
test_other_order(void)
{
	Host		host;
	SfArena		arena;
	SfArenaMark start;
	SfRng		rng;

	host_init(&host);
	sf_rng_seed(&rng, 1);
	sf_arena_init(&arena, &host.ctx);
	start = sf_arena_mark(&arena);
	group("pieces of any sizes in any order never overlap");
	for (int turn = 0; turn < 50; turn++)
	{
		unsigned char *piece[12];
		size_t		size[12];

		sf_arena_rewind(&arena, start);
		for (int i = 0; i < LENGTH(piece); i++)
		{
			size[i] = (size_t) random_magnitude(&rng, 0, 5.5);
			piece[i] = sf_arena_take(&arena, size[i], 1);
			if (!check(piece[i] != NULL, "piece"))
				return;
			memset(piece[i], i + 1, size[i]);
		}
		for (int i = 0; i < LENGTH(piece); i++)
			check(piece[i][0] == i + 1 && piece[i][size[i] - 1] == i + 1 && piece[i][size[i] / 2] == i + 1,
				  "turn %d: piece %d was overwritten", turn, i);
	}
	done();
	host_free(&host);
}

static SfStatus
take_many(SfCtx *ctx, void *argument)
{
	SfArena		arena;

	(void) argument;
	sf_arena_init(&arena, ctx);
	for (int i = 0; i < 5; i++)
	{
		char	   *piece = sf_arena_take(&arena, 50000, 1);

		if (piece == NULL)
			return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		memset(piece, i, 50000);
	}
	return SF_OK;
}

static void
test_refusal(void)
{
	Host		host;
	SfArena		arena;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	group("sizes that overflow are refused before the host is asked, large ones by the host");
	check(sf_arena_take(&arena, SIZE_MAX, 1) == NULL, "SIZE_MAX bytes");
	check(sf_arena_take(&arena, SIZE_MAX / 2, 3) == NULL, "SIZE_MAX / 2 times 3");
	check(host.allocations == 0, "the host was asked");
	check(sf_arena_take(&arena, SIZE_MAX - 64, 1) == NULL, "SIZE_MAX - 64 bytes");
	done();

	group("after a refusal the arena goes on");
	host.refuse_at = host.allocations + 1;
	check(sf_arena_take(&arena, 10, 1) == NULL, "refused");
	check(sf_arena_take(&arena, 10, 1) != NULL, "granted");
	host.refuse_at = host.allocations + 1;
	check(sf_arena_take(&arena, BIG, 1) == NULL, "refused");
	check(sf_arena_take(&arena, 10, 1) != NULL, "the block in use still serves");
	done();
	host_free(&host);

	group("each refused allocation is a clean failure");
	refuse_each(take_many, NULL);
	done();
}

int
main(void)
{
	test_pieces();
	test_rewind();
	test_other_order();
	test_refusal();
	return finish();
}
