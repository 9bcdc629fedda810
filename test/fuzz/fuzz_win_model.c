/*
 * Hostile bytes as a win model.  A digest keeps chance from getting past it, so
 * it is written anew here: what is behind it has to hold alone.  Half of the
 * inputs are changes to a model that was trained here: (place, byte) pairs.
 */
#include "fuzz.h"

#include "../core/win_maker.h"

#define HEAD 24
#define DEALS 200

static unsigned char *trained[4];
static size_t trained_size[4];
static Made *made;

static void
train_one(int k)
{
	static const SfAlgorithm kinds[] = {SF_ALGORITHM_LOGISTIC, SF_ALGORITHM_BOOSTED, SF_ALGORITHM_FOREST, SF_ALGORITHM_BLEND};
	SfWinOptions options = plain_options(kinds[k]);
	SfWinModel	model = {0};
	SfArena		arena;
	Host		host;

	host_init(&host);
	sf_arena_init(&arena, &host.ctx);
	options.trees = 3;
	options.leaves = 4;
	options.depth = 4;
	options.bins = 6;
	options.folds = 2;
	options.force = true;
	options.validate = SF_VALIDATE_FULL;
	options.calibration = k % 2 == 0 ? SF_CALIBRATION_PLATT : SF_CALIBRATION_ISOTONIC;
	demand(model_of(&arena, made, DEALS, &options, &model) == SF_OK, "a model to start from");
	trained[k] = model_bytes(&model, &trained_size[k]);
	host_free(&host);
}

static void
sign(unsigned char *bytes, size_t size)
{
	SfWriter	write = {bytes, 0};

	sf_write_bits(&write, 0x4D574653, 4);
	sf_write_bits(&write, SF_WIN_FORMAT, 4);
	sf_write_bits(&write, size, 8);
	sf_write_bits(&write, sf_digest(bytes + HEAD, size - HEAD), 8);
}

/* A decoded model keeps every promise of a trained one. */
static void
ask(SfArena *arena, const SfWinModel *model)
{
	int32_t		features = model->member[0].bins.features;
	SfCell	   *cells = sf_arena_take(arena, (size_t) features, sizeof(SfCell));
	double	   *contribution = sf_arena_take(arena, (size_t) features, sizeof(double));
	SfWinPredictor *p;
	double		probability;
	double		baseline;
	double		calibration;
	double		low;
	double		high;

	if (cells == NULL || contribution == NULL || sf_win_predictor(arena, model, &p) != SF_OK)
		return;
	for (int turn = 0; turn < 4; turn++)
	{
		for (int32_t f = 0; f < features; f++)
		{
			cells[f] = model->member[0].bins.feature[f].kind == SF_FEATURE_CATEGORY ? text_cell("industry 1") : number_cell(turn * 40.0 - 20);
			cells[f].missing = turn == 3;
		}
		probability = sf_win_predict(p, cells, NULL, NULL);
		demand(probability > 0 && probability < 1, "a probability lies inside 0 and 1");
		sf_win_predict_interval(p, cells, &low, &high);
		demand(isnan(low) || (low >= 0 && low <= probability && probability <= high && high <= 1), "an interval holds the probability");
		if (sf_win_explain(p, cells, &baseline, &calibration, contribution, NULL, &probability) == SF_OK)
			demand(isfinite(baseline) && isfinite(calibration), "reasons are numbers");
	}
}

static void
try_bytes(const unsigned char *bytes, size_t size)
{
	SfReader	read = {bytes, size, true};
	SfWinModel	model;
	SfArena		arena;
	Host		host;
	SfStatus	status;
	unsigned char *again;
	size_t		written;

	fuzz_host(&host);
	sf_arena_init(&arena, &host.ctx);
	status = sf_win_decode(&arena, &read, &model);
	demand(status == SF_OK || status == SF_BAD_BYTES || status == SF_NO_MEMORY || status == SF_CANCELLED, "the status of a decoder");
	if (status == SF_OK)
	{
		again = model_bytes(&model, &written);
		demand(written == size && memcmp(again, bytes, size) == 0, "decode then encode gives the same bytes");
		free(again);
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

	if (made == NULL)
	{
		made = make_signal(DEALS, 3);
		for (k = 0; k < LENGTH(trained); k++)
			train_one(k);
	}
	if (size < 2)
		return 0;
	k = data[0] % 8;
	length = k < LENGTH(trained) ? trained_size[k] : HEAD + size - 1;
	bytes = malloc(length);
	demand(bytes != NULL, "memory for the input");
	if (k < LENGTH(trained))
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
