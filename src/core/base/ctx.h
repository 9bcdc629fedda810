/*
 * ctx.h
 *		What the core asks of its host, and what it promises in return.
 *
 * The host lends memory and a way to be interrupted.  The core owns nothing
 * else: no malloc, no stdio, no clock, no global state.  Everything it
 * allocates is freed by the host at once, so a call may be abandoned anywhere,
 * by return or by longjmp out of poll().
 */
#ifndef SF_CTX_H
#define SF_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum SfStatus
{
	SF_OK = 0,
	SF_BAD_ARGUMENT,			/* an option is out of range */
	SF_BAD_DATA,				/* a row breaks the contract */
	SF_OVERFLOW,				/* a number is not finite or too large */
	SF_BAD_BYTES,				/* stored bytes that are not ours */
	SF_TOO_LARGE,				/* over a documented limit */
	SF_NO_MEMORY,
	SF_CANCELLED
} SfStatus;

typedef struct SfCtx
{
	void	   *(*alloc) (void *host, size_t size); /* NULL = refused; freed
													 * all at once */
	bool		(*poll) (void *host);	/* true: abandon the work */
	void	   *host;
	const char *what;			/* static text: the rule that was broken */
	int64_t		where;			/* 0-based row, or -1 when no row is meant */
	double		value;			/* the offending value, if has_value */
	bool		has_value;
} SfCtx;

/*
 * sf_fail, sf_fail_value
 *		Note what went wrong and hand the status back, for `return sf_fail(…)`.
 */
static inline SfStatus
sf_fail(SfCtx *ctx, SfStatus status, const char *what)
{
	ctx->what = what;
	ctx->where = -1;
	ctx->has_value = false;
	return status;
}

static inline SfStatus
sf_fail_value(SfCtx *ctx, SfStatus status, const char *what, double value)
{
	ctx->what = what;
	ctx->where = -1;
	ctx->value = value;
	ctx->has_value = true;
	return status;
}

/*
 * sf_alloc
 *		An array of count elements of size bytes; NULL when the host refuses or
 *		the product does not fit a size_t.  Not zeroed.
 */
static inline void *
sf_alloc(SfCtx *ctx, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return ctx->alloc(ctx->host, count * size);
}

static inline bool
sf_cancelled(SfCtx *ctx)
{
	return ctx->poll(ctx->host);
}

#define SF_NO_MEMORY_TEXT "out of memory"
#define SF_CANCELLED_TEXT "cancelled"

static inline SfStatus
sf_no_memory(SfCtx *ctx)
{
	return sf_fail(ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
}

/* SF_OK, or SF_CANCELLED with its text: a poll as a step of work. */
static inline SfStatus
sf_poll(SfCtx *ctx)
{
	return sf_cancelled(ctx) ? sf_fail(ctx, SF_CANCELLED, SF_CANCELLED_TEXT) : SF_OK;
}

#endif							/* SF_CTX_H */
