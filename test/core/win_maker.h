/*
 * win_maker.h
 *		Deals whose outcome depends on their features, and models of them.
 */
#ifndef WIN_MAKER_H
#define WIN_MAKER_H

#include "frame_maker.h"

#include "core/winprob/winmodel.h"

/* True log-odds of a made-up deal: amount, industry and whether the customer bought before. */
UNUSED static double
true_log_odds(const Made *d)
{
	double		x = -0.5;

	if (!d->cell[0].missing)
		x += 0.5 * (3 - log10(fabs(d->cell[0].number) + 1e-3));
	if (!d->cell[1].missing)
		x += d->text[1][9] % 3 - 1;
	if (!d->cell[2].missing && d->cell[2].number > 0)
		x += 0.8;
	return x;
}

/* n deals, all closed but some open ones, with a signal; dates are never after the as-of time. */
UNUSED static Made *
make_signal(int64_t n, uint64_t seed)
{
	Made	   *made = make_deals(n, seed);
	SfRng		rng;

	sf_rng_seed(&rng, seed + 1);
	for (int64_t i = 0; i < n; i++)
	{
		Made	   *d = &made[i];

		for (int f = 0; f < MADE_FEATURES; f++)
			if (made_feature[f].kind == SF_FEATURE_CATEGORY)
				d->cell[f].text = text_of(d->text[f]);
		d->cell[3].number = fabs(d->cell[3].number);
		if (d->info.outcome != SF_OPEN)
			d->info.outcome = sf_rng_uniform(&rng) < 1 / (1 + exp(-true_log_odds(d))) ? SF_WON : SF_LOST;
		d->info.group = 0;
	}
	return made;
}

UNUSED static SfStatus
frame_of(SfArena *arena, const Made *made, int64_t n, SfFrame *frame)
{
	SfFrameBuilder *builder;
	SfStatus	status = sf_frame_create(arena->ctx, MADE_FEATURES, made_feature, &builder);

	if (status == SF_OK)
		status = add_deals(arena->ctx, builder, made, n);
	return status == SF_OK ? sf_frame_finish(arena, builder, frame) : status;
}

/* Options as the constructor of the SQL side makes them. */
UNUSED static SfWinOptions
plain_options(SfAlgorithm algorithm)
{
	SfWinOptions options = {.algorithm = algorithm, .ridge = NAN, .rate = NAN, .least_rows = NAN, .folds = 5, .calibration = SF_CALIBRATION_KINDS};

	return options;
}

/* A model of made-up deals; SF_OK or what went wrong. */
UNUSED static SfStatus
model_of(SfArena *arena, const Made *made, int64_t n, const SfWinOptions *options, SfWinModel *model)
{
	SfFrame		frame;
	SfWinProgress silent = {0};
	SfStatus	status = frame_of(arena, made, n, &frame);

	return status == SF_OK ? sf_win_fit(arena, &frame, options, silent, model) : status;
}

UNUSED static unsigned char *
model_bytes(const SfWinModel *model, size_t *size)
{
	SfWriter	write = {0};
	unsigned char *bytes;

	sf_win_encode(model, &write);
	bytes = malloc(write.size);
	*size = write.size;
	write = (SfWriter) {bytes, 0};
	sf_win_encode(model, &write);
	return bytes;
}

#endif							/* WIN_MAKER_H */
