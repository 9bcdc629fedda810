/* winmodel: a model as bytes and back; damaged bytes are refused, hostile ones are survived. */
#include "win_maker.h"

#define DEALS 400

typedef struct Sample
{
	SfAlgorithm algorithm;
	unsigned char *bytes;
	size_t		size;
} Sample;

static Sample sample[] = {{.algorithm = SF_ALGORITHM_LOGISTIC}, {.algorithm = SF_ALGORITHM_BOOSTED}, {.algorithm = SF_ALGORITHM_FOREST}, {.algorithm = SF_ALGORITHM_BLEND}};
static Made *made;

/* One model of each kind, as bytes. */
static void
make_samples(void)
{
	made = make_signal(DEALS, 3);
	group("a model of each kind is trained");
	for (int k = 0; k < LENGTH(sample); k++)
	{
		SfWinOptions options = plain_options(sample[k].algorithm);
		SfWinModel	model = {0};
		SfArena		arena;
		Host		host;

		host_init(&host);
		sf_arena_init(&arena, &host.ctx);
		options.trees = 4;
		options.leaves = 4;
		options.bins = 8;
		options.depth = 4;
		options.folds = 2;
		options.validate = k == 0 ? SF_VALIDATE_FULL : SF_VALIDATE_AUTO;
		options.calibration = k == 0 ? SF_CALIBRATION_PLATT : k == 3 ? SF_CALIBRATION_ISOTONIC : SF_CALIBRATION_KINDS;
		if (check(model_of(&arena, made, DEALS, &options, &model) == SF_OK, "algorithm %d: %s", sample[k].algorithm, host.ctx.what))
			sample[k].bytes = model_bytes(&model, &sample[k].size);
		host_free(&host);
	}
	done();
}

static SfStatus
decode(Host *host, SfArena *arena, const unsigned char *bytes, size_t size, SfWinModel *model, size_t *left)
{
	SfReader	read = {bytes, size, true};
	SfStatus	status;

	host_init(host);
	sf_arena_init(arena, &host->ctx);
	status = sf_win_decode(arena, &read, model);
	*left = read.left;
	return status;
}

static void
test_round_trip(void)
{
	group("decode, then encode: the same bytes, nothing left");
	for (int k = 0; k < LENGTH(sample); k++)
	{
		SfWinModel	model;
		SfArena		arena;
		Host		host;
		size_t		left;
		size_t		size;
		unsigned char *again;

		if (!check(decode(&host, &arena, sample[k].bytes, sample[k].size, &model, &left) == SF_OK && left == 0, "sample %d: %s", k, host.ctx.what))
			continue;
		again = model_bytes(&model, &size);
		check(size == sample[k].size && memcmp(again, sample[k].bytes, size) == 0, "sample %d", k);
		free(again);
		host_free(&host);
	}
	done();
}

/* A digest that fits: what an attacker writes. */
static void
sign_again(unsigned char *bytes, size_t size)
{
	SfWriter	write = {bytes, 16};

	if (size >= 24)
		sf_write_bits(&write, sf_digest(bytes + 24, size - 24), 8);
}

static void
test_damage(void)
{
	group("every flipped byte and every truncation is refused");
	for (int k = 0; k < LENGTH(sample); k++)
		for (size_t i = 0; i < sample[k].size; i++)
		{
			SfWinModel	model;
			SfArena		arena;
			Host		host;
			size_t		left;
			unsigned char *cut = malloc(i + 1);

			sample[k].bytes[i] ^= (unsigned char) (1 + i % 255);
			check(fails_with(&host, decode(&host, &arena, sample[k].bytes, sample[k].size, &model, &left), SF_BAD_BYTES), "sample %d, byte %zu", k, i);
			sample[k].bytes[i] ^= (unsigned char) (1 + i % 255);
			host_free(&host);
			/* a block of its own, so that reading on is found */
			memcpy(cut, sample[k].bytes, i);
			check(fails_with(&host, decode(&host, &arena, cut, i, &model, &left), SF_BAD_BYTES), "sample %d, cut to %zu", k, i);
			host_free(&host);
			free(cut);
		}
	done();
}

/* What decodes must predict and explain within its contract. */
static void
use_model(SfArena *arena, const SfWinModel *model, int k, size_t i)
{
	SfWinPredictor *p;
	int32_t		features = model->member[0].bins.features;
	SfCell		cells[MADE_FEATURES];
	double		contribution[MADE_FEATURES];
	double		baseline;
	double		calibration;
	double		probability;
	double		low;
	double		high;

	if (features != MADE_FEATURES)
		return;
	memcpy(cells, made[i % DEALS].cell, sizeof cells);
	if (sf_win_predictor(arena, model, &p) != SF_OK)
		return;
	probability = sf_win_predict(p, cells, NULL, NULL);
	sf_win_predict_interval(p, cells, &low, &high);
	check(probability > 0 && probability < 1, "sample %d, byte %zu: probability %g", k, i, probability);
	check(isnan(low) || (low <= probability && probability <= high && low >= 0 && high <= 1), "sample %d, byte %zu: %g .. %g", k, i, low, high);
	if (sf_win_explain(p, cells, &baseline, &calibration, contribution, NULL, &probability) != SF_OK)
		return;
	check(isfinite(baseline) && isfinite(calibration), "sample %d, byte %zu: baseline %g, calibration %g", k, i, baseline, calibration);
}

static void
test_hostile(void)
{
	SfRng		rng;

	sf_rng_seed(&rng, 9);
	group("bytes with a digest that fits are refused, or are a model that holds what it promises");
	for (int k = 0; k < LENGTH(sample); k++)
		for (size_t i = 24; i < sample[k].size; i += 1 + sf_rng_below(&rng, 3))
		{
			unsigned char keep = sample[k].bytes[i];
			SfWinModel	model;
			SfArena		arena;
			Host		host;
			size_t		left;
			SfStatus	status;

			sample[k].bytes[i] = (unsigned char) (sf_rng_below(&rng, 4) == 0 ? 0xFF : sf_rng_next(&rng));
			sign_again(sample[k].bytes, sample[k].size);
			status = decode(&host, &arena, sample[k].bytes, sample[k].size, &model, &left);
			check(status == SF_OK || status == SF_BAD_BYTES || status == SF_NO_MEMORY, "sample %d, byte %zu: status %d", k, i, status);
			if (status == SF_OK && i % 5 == 0)
				use_model(&arena, &model, k, i);
			host_free(&host);
			sample[k].bytes[i] = keep;
		}
	done();
	for (int k = 0; k < LENGTH(sample); k++)
		sign_again(sample[k].bytes, sample[k].size);
}

static void
test_format(void)
{
	SfWinModel	model;
	SfArena		arena;
	Host		host;
	size_t		left;

	group("a later format is told from damage");
	sample[0].bytes[4]++;
	check(fails_with(&host, decode(&host, &arena, sample[0].bytes, sample[0].size, &model, &left), SF_BAD_BYTES), "status");
	check(strcmp(host.ctx.what, SF_WIN_FORMAT_TEXT) == 0, "text: %s", host.ctx.what);
	sample[0].bytes[4]--;
	host_free(&host);
	done();
}

static SfStatus
work(SfCtx *ctx, void *argument)
{
	const Sample *s = argument;
	SfReader	read = {s->bytes, s->size, true};
	SfWinModel	model;
	SfArena		arena;

	sf_arena_init(&arena, ctx);
	return sf_win_decode(&arena, &read, &model);
}

int
main(void)
{
	make_samples();
	test_round_trip();
	test_damage();
	test_hostile();
	test_format();
	group("each refused allocation is a clean failure");
	for (int k = 0; k < LENGTH(sample); k++)
		refuse_each(work, &sample[k]);
	done();
	for (int k = 0; k < LENGTH(sample); k++)
		free(sample[k].bytes);
	free(made);
	return finish();
}
