/*
 * frame_maker.h
 *		Deals made up for the tests of the win probability room.
 */
#ifndef FRAME_MAKER_H
#define FRAME_MAKER_H

#include "check.h"

#include "core/winprob/frame.h"

#define MADE_MAX 8

/* One made-up deal. */
typedef struct Made
{
	SfDealInfo	info;
	SfCell		cell[MADE_MAX];
	char		text[MADE_MAX][24];
} Made;

#define NAMED(text) {text, (int32_t) sizeof(text) - 1}

static const SfFeature made_feature[] = {
	{NAMED("amount"), SF_FEATURE_NUMBER}, {NAMED("industry"), SF_FEATURE_CATEGORY}, {NAMED("repeat"), SF_FEATURE_BOOLEAN},
	{NAMED("age"), SF_FEATURE_AGE}, {NAMED("city"), SF_FEATURE_CATEGORY}, {NAMED("owner"), SF_FEATURE_CATEGORY}
};

#define MADE_FEATURES LENGTH(made_feature)

UNUSED static SfText
text_of(const char *text)
{
	SfText		made = {text, (int32_t) strlen(text)};

	return made;
}

UNUSED static SfCell
number_cell(double x)
{
	SfCell		cell = {.number = x};

	return cell;
}

UNUSED static SfCell
text_cell(const char *text)
{
	SfCell		cell = {.text = text_of(text)};

	return cell;
}

/* n deals with everything in them: missing values, few and many categories, times, groups, open deals, duplicates. */
UNUSED static Made *
make_deals(int64_t n, uint64_t seed)
{
	Made	   *made = calloc((size_t) n, sizeof(Made));
	SfRng		rng;

	sf_rng_seed(&rng, seed);
	for (int64_t i = 0; i < n; i++)
	{
		Made	   *d = &made[i];
		uint64_t	kind = sf_rng_below(&rng, 20);

		d->info.outcome = kind == 0 ? SF_OPEN : sf_rng_below(&rng, 3) == 0 ? SF_WON : SF_LOST;
		d->info.time = kind == 1 ? NAN : floor(random_between(&rng, 0, 900));
		d->info.group = sf_rng_below(&rng, 40);
		d->info.closed_known = false;
		for (int f = 0; f < MADE_FEATURES; f++)
			d->cell[f].missing = sf_rng_below(&rng, 15) == 0;
		d->cell[0].number = sf_rng_below(&rng, 4) == 0 ? 1000 : random_magnitude(&rng, -3, 7);
		snprintf(d->text[1], sizeof d->text[1], "industry %d", (int) sf_rng_below(&rng, 6));
		d->cell[2].number = (double) sf_rng_below(&rng, 2);
		d->cell[3].number = floor(random_between(&rng, -5, 300));
		snprintf(d->text[4], sizeof d->text[4], "%s%d", sf_rng_below(&rng, 2) == 0 ? "Zürich" : "A", (int) sf_rng_below(&rng, 400));
		snprintf(d->text[5], sizeof d->text[5], "%c", (int) ('a' + (int) sf_rng_below(&rng, 5)));
		/* some deals say what an earlier one says */
		if (i > 0 && sf_rng_below(&rng, 10) == 0)
			*d = made[sf_rng_below(&rng, (uint64_t) i)];
	}
	for (int64_t i = 0; i < n; i++)
		for (int f = 0; f < MADE_FEATURES; f++)
			if (made_feature[f].kind == SF_FEATURE_CATEGORY)
				made[i].cell[f].text = text_of(made[i].text[f]);
	return made;
}

UNUSED static SfStatus
add_deals(SfCtx *ctx, SfFrameBuilder *builder, const Made *made, int64_t n)
{
	SfStatus	status = SF_OK;

	for (int64_t i = 0; i < n && status == SF_OK; i++)
		status = sf_frame_add(ctx, builder, made[i].info, made[i].cell);
	return status;
}

/* A frame of one feature and some rows without time and group. */
UNUSED static SfStatus
single_frame(SfArena *arena, SfFeatureKind kind, const SfCell *cell, const uint8_t *won, int64_t n, SfFrame *frame)
{
	SfFeature	feature = {NAMED("x"), kind};
	SfFrameBuilder *builder;
	SfStatus	status = sf_frame_create(arena->ctx, 1, &feature, &builder);

	for (int64_t i = 0; i < n && status == SF_OK; i++)
		status = sf_frame_add(arena->ctx, builder, (SfDealInfo) {.outcome = won[i] ? SF_WON : SF_LOST, .time = NAN}, &cell[i]);
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

#endif							/* FRAME_MAKER_H */
