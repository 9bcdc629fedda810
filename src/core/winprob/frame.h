/*
 * frame.h
 *		Deals as typed columns: what a win model is trained on.
 *
 * Rows are collected as they come, in any number of builders that are merged.
 * Finishing puts them into an order that depends on their content only, so the
 * order they came in, plans and workers do not show in a model.
 */
#ifndef SF_FRAME_H
#define SF_FRAME_H

#include "core/base/arena.h"
#include "core/base/codec.h"

/* Limits; beyond them SF_TOO_LARGE. */
#define SF_MAX_FEATURES 500
#define SF_MAX_ROWS INT32_C(500000000)
#define SF_MAX_NAME 256			/* bytes of a category; longer ones are cut at a whole UTF-8 character */

typedef enum SfFeatureKind
{
	SF_FEATURE_NUMBER,
	SF_FEATURE_BOOLEAN,			/* a number, 0 or 1 */
	SF_FEATURE_AGE,				/* days before the as-of time, a number */
	SF_FEATURE_CATEGORY,
	SF_FEATURE_KINDS
} SfFeatureKind;

typedef struct SfText
{
	const char *at;				/* bytes, not terminated */
	int32_t		length;
} SfText;

typedef struct SfFeature
{
	SfText		name;
	SfFeatureKind kind;
} SfFeature;

/* One feature of one deal, as it comes in. */
typedef struct SfCell
{
	bool		missing;
	double		number;			/* unless CATEGORY; NaN counts as missing, infinities are SF_BAD_DATA */
	SfText		text;			/* CATEGORY only */
} SfCell;

typedef enum SfOutcome
{
	SF_LOST = 0,
	SF_WON = 1,
	SF_OPEN = 2					/* not trained on; kept as counts for the leak scan */
} SfOutcome;

/* What belongs to a deal beside its features. */
typedef struct SfDealInfo
{
	SfOutcome	outcome;
	double		time;			/* as-of time, days since 2000-01-01; NaN: not known */
	uint64_t	group;			/* deals of one group stay in one fold; 0: a group of its own */
	bool		closed_known;
	double		closed;			/* when the outcome came, as time is told; counts only when it is known */
} SfDealInfo;

typedef struct SfFrameBuilder SfFrameBuilder;

/* An empty builder in ctx's memory; the features are copied. */
extern SfStatus sf_frame_create(SfCtx *ctx, int32_t features, const SfFeature *feature,
								SfFrameBuilder **builder);

/* Add one deal; cells[features]. SF_BAD_DATA (ctx->where: the feature), SF_TOO_LARGE, SF_NO_MEMORY. */
extern SfStatus sf_frame_add(SfCtx *ctx, SfFrameBuilder *builder, SfDealInfo info, const SfCell *cells);

/* Move the deals of `from` into `builder`; SF_BAD_ARGUMENT when the features differ. */
extern SfStatus sf_frame_merge(SfCtx *ctx, SfFrameBuilder *builder, const SfFrameBuilder *from);

/* A builder as bytes, for a worker's way to its leader, and back (SF_BAD_BYTES). */
extern void sf_frame_encode(const SfFrameBuilder *builder, SfWriter *write);
extern SfStatus sf_frame_decode(SfCtx *ctx, SfReader *read, SfFrameBuilder **builder);

extern int32_t sf_frame_features(const SfFrameBuilder *builder);
extern const SfFeature *sf_frame_feature(const SfFrameBuilder *builder, int32_t f);

#define SF_MISSING_CATEGORY UINT32_MAX

/* Counts of one feature that the leak scan needs. */
typedef struct SfFeatureCounts
{
	int64_t		closed_missing;
	int64_t		open_missing;
	int64_t		after;			/* AGE: deals (closed or open) whose date lies after the as-of time, number < 0 */
} SfFeatureCounts;

/* Closed deals in an order of their own (shuffled by content, the same for the same deals). */
typedef struct SfFrame
{
	int32_t		features;
	const SfFeature *feature;	/* [features] */
	int64_t		rows;			/* closed deals */
	int64_t		won_rows;
	int64_t		open_rows;
	const uint8_t *won;			/* [rows] 0 or 1 */
	const double *time;			/* [rows], NaN where not known; NULL when no deal has one */
	const uint64_t *group;		/* [rows]; NULL when no deal has one */
	const double *closed;		/* [rows] when the outcome came, NaN where not known; NULL when it is of no deal */
	const SfFeatureCounts *counts;	/* [features] */
	const int32_t *categories;	/* [features], 0 unless CATEGORY */
	const SfText *const *category;	/* [features][categories], ascending by bytes */
	const SfFrameBuilder *builder;	/* where the cells lie */
	const uint32_t *order;		/* [rows] place in the builder */
	const uint32_t *const *rank;	/* [features] category numbers of the builder to those above; NULL unless CATEGORY */
} SfFrame;

/* The builder must outlive the frame and not change. SF_NO_MEMORY, SF_CANCELLED. */
extern SfStatus sf_frame_finish(SfArena *arena, const SfFrameBuilder *builder, SfFrame *frame);

/* Some rows of a frame: row[n], or all of them in order when row is NULL (then n = frame->rows). */
typedef struct SfRows
{
	const uint32_t *row;
	int64_t		n;
} SfRows;

static inline SfRows
sf_all_rows(const SfFrame *frame)
{
	SfRows		rows = {NULL, frame->rows};

	return rows;
}

/* The frame's row behind the i-th of some rows. */
static inline uint32_t
sf_row_of(SfRows rows, int64_t i)
{
	return rows.row != NULL ? rows.row[i] : (uint32_t) i;
}

static inline int64_t
sf_won_among(const SfFrame *frame, SfRows rows)
{
	int64_t		won = 0;

	for (int64_t i = 0; i < rows.n; i++)
		won += frame->won[sf_row_of(rows, i)];
	return won;
}

/* Column f for rows first .. first + n - 1 of `rows`: numbers (missing = NaN) or category numbers. */
extern void sf_frame_numbers(const SfFrame *frame, int32_t f, SfRows rows, int64_t first, int64_t n, double *out);
extern void sf_frame_categories(const SfFrame *frame, int32_t f, SfRows rows, int64_t first, int64_t n, uint32_t *out);

#endif							/* SF_FRAME_H */
