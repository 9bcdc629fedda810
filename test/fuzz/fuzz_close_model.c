/*
 * Hostile bytes as a close model.  A digest keeps chance from getting past it, so
 * it is written anew here: what is behind it has to hold alone.  Half of the
 * inputs are changes to a model that was trained here: (place, byte) pairs.
 */
#include "fuzz.h"

#include "core/winprob/closemodel.h"

#define HEAD 24
#define DEALS 300
#define MODELS 4
#define FEATURES 2
#define ASKED_MAX 64			/* features of a decoded model that are asked */

static const SfFeature features[FEATURES] = {{{"size", 4}, SF_FEATURE_NUMBER}, {{"source", 6}, SF_FEATURE_CATEGORY}};

static unsigned char *trained[MODELS];
static size_t trained_size[MODELS];

static SfText
source_of(int i)
{
	static const char *const names[] = {"event", "partner", "web"};

	return (SfText) {names[i % 3], (int32_t) strlen(names[i % 3])};
}

static unsigned char *
model_bytes(const SfCloseModel *model, size_t *size)
{
	SfWriter	write = {0};
	unsigned char *bytes;

	sf_close_encode(model, &write);
	bytes = malloc(write.size);
	demand(bytes != NULL, "memory for a model");
	*size = write.size;
	write = (SfWriter) {bytes, 0};
	sf_close_encode(model, &write);
	return bytes;
}

static void
add_deals(SfCtx *ctx, SfFrameBuilder *builder)
{
	SfRng		rng;

	sf_rng_seed(&rng, 5);
	for (int i = 0; i < DEALS; i++)
	{
		SfCell		cells[FEATURES + SF_CLOSE_COLUMNS] = {{0}};
		double		size = 10 * sf_rng_uniform(&rng);
		SfCloseDeal deal = {(SfCloseOutcome) sf_rng_below(&rng, 3), ceil(-(20 + 9 * size) * log(1 - sf_rng_uniform(&rng))), 0, i, 0};

		cells[0].number = size;
		cells[0].missing = i % 11 == 0;
		cells[1].text = source_of((int) sf_rng_below(&rng, 3));
		demand(sf_close_add(ctx, builder, &deal, cells) == SF_OK, "a deal to train on");
	}
}

/* Additive and boosted, of deals that are won or lost and of customers who leave. */
static void
train_one(int k)
{
	SfCloseOptions options = {
		.algorithm = k % 2 == 0 ? SF_CLOSE_ADDITIVE : SF_CLOSE_BOOSTED, .churn = k >= 2, .buckets = 6, .bins = 5,
		.ridge = NAN, .smoothness = NAN, .rate = NAN, .trees = 3, .leaves = 4, .folds = 2, .validate = k % 2 == 0, .force = true
	};
	SfFrameBuilder *builder;
	SfCloseModel model = {0};
	SfFrame		frame;
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	demand(sf_close_create(&host.ctx, FEATURES, features, &builder) == SF_OK, "a builder");
	add_deals(&host.ctx, builder);
	demand(sf_frame_finish(&arena, builder, &frame) == SF_OK, "a frame");
	demand(sf_close_fit(&arena, &frame, &options, (SfWinProgress) {0}, &model) == SF_OK, "a model to start from");
	trained[k] = model_bytes(&model, &trained_size[k]);
	host_free(&host);
}

static void
sign(unsigned char *bytes, size_t size)
{
	SfWriter	write = {bytes, 0};

	sf_write_bits(&write, 0x4D434653, 4);
	sf_write_bits(&write, SF_CLOSE_FORMAT, 4);
	sf_write_bits(&write, size, 8);
	sf_write_bits(&write, sf_digest(bytes + HEAD, size - HEAD), 8);
}

static void
ask_deal(SfClosePredictor *p, double age)
{
	static const double within[] = {0, 1e-9, 1, 30, 400, 1e9, INFINITY};
	SfCloseExpected expected = sf_close_expected(p, age);
	double		before = 0;

	for (int h = 0; h < LENGTH(within); h++)
	{
		SfCloseChance c = sf_close_within(p, age, within[h]);

		demand(c.won >= before && c.won < 1 && c.lost >= 0 && c.open >= 0, "won, lost and open are probabilities, won rises");
		demand(fabs(c.won + c.lost + c.open - 1) < 1e-9, "and add up");
		before = c.won;
	}
	demand(isfinite(expected.mean) && expected.mean >= 0, "the mean is a number of days");
	demand(expected.won >= 0 && expected.won < 1, "won in the end is a probability");
	for (int q = 0; q < 3; q++)
		demand(isnan(expected.quantile[q]) || (isfinite(expected.quantile[q]) && expected.quantile[q] >= 0), "quantiles are days");
}

/* A decoded model keeps every promise of a trained one. */
static void
ask(SfArena *arena, const SfCloseModel *model)
{
	int32_t		n = model->bins.features;
	SfCell	   *cells = sf_arena_take(arena, (size_t) n + 1, sizeof(SfCell));
	SfClosePredictor *p;
	const double *hazard;
	const double *won;

	if (cells == NULL || sf_close_predictor(arena, model, &p) != SF_OK)
		return;
	for (int turn = 0; turn < 3; turn++)
	{
		for (int32_t f = 0; f < n; f++)
		{
			cells[f].number = turn * 4.0;
			if (model->bins.feature[f].kind == SF_FEATURE_CATEGORY)
				cells[f].text = source_of(turn);
			cells[f].missing = turn == 2;
		}
		sf_close_take(p, cells);
		ask_deal(p, turn * 21.5);
		ask_deal(p, 1e6);
		sf_close_hazards(p, &hazard, &won);
		for (int32_t k = 0; k < model->buckets; k++)
			demand(isfinite(hazard[k]) && hazard[k] >= 0 && won[k] >= 0 && won[k] <= 1, "hazards are numbers");
	}
}

static void
try_bytes(const unsigned char *bytes, size_t size)
{
	SfReader	read = {bytes, size, true};
	SfCloseModel model;
	SfArena		arena;
	Host		host;
	SfStatus	status;
	unsigned char *again;
	size_t		written;

	fuzz_host(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_close_decode(&arena, &read, &model);
	demand(status == SF_OK || status == SF_BAD_BYTES || status == SF_NO_MEMORY || status == SF_CANCELLED, "the status of a decoder");
	if (status == SF_OK)
	{
		again = model_bytes(&model, &written);
		demand(written == size && memcmp(again, bytes, size) == 0, "decode then encode gives the same bytes");
		free(again);
		if (model.bins.features <= ASKED_MAX)
			ask(&arena, &model);
	}
	host_free(&host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes;
	size_t		length;
	int			k;

	if (trained[0] == NULL)
		for (k = 0; k < MODELS; k++)
			train_one(k);
	if (size < 2)
		return 0;
	k = data[0] % (2 * MODELS);
	length = k < MODELS ? trained_size[k] : HEAD + size - 1;
	bytes = malloc(length);
	demand(bytes != NULL, "memory for the input");
	if (k < MODELS)
	{
		memcpy(bytes, trained[k], length);
		for (size_t i = 1; i + 3 < size && i < 60; i += 4)
			bytes[HEAD + (size_t) (data[i] | data[i + 1] << 8 | data[i + 2] << 16) % (length - HEAD)] = data[i + 3];
	}
	else
		memcpy(bytes + HEAD, data + 1, size - 1);
	sign(bytes, length);
	try_bytes(bytes, length);
	free(bytes);
	return 0;
}
