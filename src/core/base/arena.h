/*
 * arena.h
 *		Scratch memory that is handed back in one step.
 *
 * A loop that evaluates one conditional distribution after another needs the
 * same scratch arrays every turn.  An arena takes blocks from the host once and
 * gives them out again after each rewind.
 */
#ifndef SF_ARENA_H
#define SF_ARENA_H

#include "core/base/ctx.h"

typedef struct SfArenaBlock SfArenaBlock;

typedef struct SfArena
{
	SfCtx	   *ctx;
	SfArenaBlock *first;		/* all blocks, in the order they were taken */
	SfArenaBlock *current;		/* where the next piece comes from */
} SfArena;

/* A place to come back to; valid until a rewind to an earlier one. */
typedef struct SfArenaMark
{
	SfArenaBlock *block;
	size_t		used;
} SfArenaMark;

extern void sf_arena_init(SfArena *arena, SfCtx *ctx);

/*
 * sf_arena_take
 *		An array of count elements of size bytes, aligned for any type, not
 *		zeroed; NULL when the host refuses memory.
 */
extern void *sf_arena_take(SfArena *arena, size_t count, size_t size);

extern SfArenaMark sf_arena_mark(const SfArena *arena);
extern void sf_arena_rewind(SfArena *arena, SfArenaMark mark);

#endif							/* SF_ARENA_H */
