/*
 * arena.c
 *		Scratch memory that is handed back in one step.
 */
#include "core/base/arena.h"

#include <stdalign.h>

#define ALIGNMENT alignof(max_align_t)
#define BLOCK_SIZE ((size_t) 64 * 1024)

struct SfArenaBlock
{
	SfArenaBlock *next;
	size_t		size;			/* bytes of data */
	size_t		used;
	alignas(max_align_t) unsigned char data[];
};

void
sf_arena_init(SfArena *arena, SfCtx *ctx)
{
	arena->ctx = ctx;
	arena->first = NULL;
	arena->current = NULL;
}

/*
 * The next block with room for size bytes: the smallest free one that has it, or a new one.  It moves to the front of
 * the free ones, so that those too small for this piece stay there for the next.
 */
static SfArenaBlock *
next_block(SfArena *arena, size_t size)
{
	SfArenaBlock **front = arena->current ? &arena->current->next : &arena->first;
	SfArenaBlock **best = NULL;
	SfArenaBlock *block;
	size_t		data = size > BLOCK_SIZE ? size : BLOCK_SIZE;

	for (SfArenaBlock **link = front; *link != NULL; link = &(*link)->next)
		if ((*link)->size >= size && (best == NULL || (*link)->size < (*best)->size))
			best = link;
	if (best != NULL)
	{
		block = *best;
		*best = block->next;
		block->next = *front;
		*front = block;
		block->used = 0;
		return block;
	}

	if (data > SIZE_MAX - sizeof(SfArenaBlock))
		return NULL;
	block = sf_alloc(arena->ctx, 1, sizeof(SfArenaBlock) + data);
	if (block == NULL)
		return NULL;
	block->next = *front;
	block->size = data;
	block->used = 0;
	*front = block;
	return block;
}

void *
sf_arena_take(SfArena *arena, size_t count, size_t size)
{
	size_t		bytes;
	void	   *piece;

	if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size)
		return NULL;
	bytes = (count * size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	if (arena->current == NULL ||
		arena->current->size - arena->current->used < bytes)
	{
		SfArenaBlock *block = next_block(arena, bytes);

		if (block == NULL)
			return NULL;
		arena->current = block;
	}
	piece = arena->current->data + arena->current->used;
	arena->current->used += bytes;
	return piece;
}

SfArenaMark
sf_arena_mark(const SfArena *arena)
{
	SfArenaMark mark = {arena->current, arena->current ? arena->current->used : 0};

	return mark;
}

void
sf_arena_rewind(SfArena *arena, SfArenaMark mark)
{
	arena->current = mark.block;
	if (mark.block != NULL)
		mark.block->used = mark.used;
}
