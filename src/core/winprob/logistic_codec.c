/*
 * logistic_codec.c
 *		A logistic model as bytes.
 */
#include "core/winprob/logistic_design.h"

#include <float.h>
#include <math.h>

/* Beyond this nothing can be trusted to add up to a finite number. */
#define MOST 1e100

static void
write_doubles(SfWriter *write, const double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		sf_write_double(write, x[i]);
}

void
sf_logistic_encode(const SfLogistic *model, SfWriter *write)
{
	int32_t		codes = model->offset[model->features];

	sf_write_bits(write, (uint64_t) model->features, 4);
	sf_write_bits(write, (uint64_t) codes, 4);
	sf_write_bits(write, (uint64_t) model->unknowns, 4);
	sf_write_bits(write, (uint64_t) model->iterations, 4);
	sf_write_bits(write, (uint64_t) model->converged, 1);
	sf_write_bits(write, model->information != NULL, 1);
	sf_write_int64(write, model->rows);
	sf_write_double(write, model->intercept);
	sf_write_double(write, model->intercept_error);
	sf_write_double(write, model->deviance);
	sf_write_double(write, model->parameters);
	sf_write_double(write, model->ridge);
	sf_write_double(write, model->smoothness);
	for (int32_t f = 0; f < model->features; f++)
	{
		sf_write_bits(write, model->linear[f], 1);
		sf_write_double(write, model->mean[f]);
		sf_write_double(write, model->deviation[f]);
		sf_write_double(write, model->linear[f] ? model->slope[f] : 0.0);
		sf_write_double(write, model->linear[f] ? model->slope_error[f] : 0.0);
	}
	write_doubles(write, model->weight, codes);
	write_doubles(write, model->error, codes);
	write_doubles(write, model->share, codes);
	for (int32_t c = 0; c < codes; c++)
		sf_write_bits(write, model->estimated[c], 1);
	if (model->information == NULL)
		return;
	write_doubles(write, model->estimate, model->unknowns);
	for (int64_t i = 0; i < model->unknowns; i++)
		write_doubles(write, model->information + i * model->unknowns, i + 1);
}

static double
read_within(SfReader *read, double low, double high)
{
	double		x = sf_read_double(read);

	if (!(x >= low && x <= high))
		read->ok = false;
	return read->ok ? x : 0.0;
}

static bool
read_flag(SfReader *read)
{
	uint64_t	x = sf_read_bits(read, 1);

	if (x > 1)
		read->ok = false;
	return x == 1;
}

static const double *
read_doubles(SfArena *arena, SfReader *read, int64_t n, double low, double high)
{
	double	   *x;

	if (!read->ok || (uint64_t) n > read->left / 8)
	{
		read->ok = false;
		return NULL;
	}
	x = sf_arena_take(arena, (size_t) n, sizeof(double));
	for (int64_t i = 0; x != NULL && i < n; i++)
		x[i] = read_within(read, low, high);
	return x;
}

/* What there is by feature. */
static SfStatus
read_features(SfArena *arena, SfReader *read, const SfBins *bins, SfLogistic *model)
{
	size_t		n = (size_t) bins->features;
	int32_t    *offset = sf_arena_take(arena, n + 1, sizeof(int32_t));
	bool	   *linear = sf_arena_take(arena, n, sizeof(bool));
	double	   *numbers = sf_arena_take(arena, n, 4 * sizeof(double));

	if (offset == NULL || linear == NULL || numbers == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	offset[0] = 0;
	for (size_t f = 0; f < n; f++)
	{
		bool		number = bins->feature[f].kind == SF_FEATURE_NUMBER || bins->feature[f].kind == SF_FEATURE_AGE;

		offset[f + 1] = offset[f] + bins->of[f].values + 2;
		linear[f] = read_flag(read);
		numbers[f] = read_within(read, -DBL_MAX, DBL_MAX);
		numbers[n + f] = read_within(read, 0.0, DBL_MAX);
		numbers[2 * n + f] = read_within(read, -DBL_MAX, DBL_MAX);
		numbers[3 * n + f] = read_within(read, 0.0, DBL_MAX);
		if (linear[f] && !number)
			read->ok = false;
		if (!linear[f])
		{
			/* one form only for what is not there */
			if (numbers[2 * n + f] != 0.0 || numbers[3 * n + f] != 0.0 || signbit(numbers[2 * n + f]) || signbit(numbers[3 * n + f]))
				read->ok = false;
			numbers[2 * n + f] = NAN;
			numbers[3 * n + f] = NAN;
		}
	}
	model->offset = offset;
	model->linear = linear;
	model->mean = numbers;
	model->deviation = numbers + n;
	model->slope = numbers + 2 * n;
	model->slope_error = numbers + 3 * n;
	return SF_OK;
}

/* Which codes have an unknown: a linear number's bins all or none, and all only with a deviation; unseen ones never. */
static SfStatus
read_estimated(SfArena *arena, SfReader *read, const SfBins *bins, SfLogistic *model)
{
	int32_t		codes = model->offset[model->features];
	bool	   *estimated = sf_arena_take(arena, (size_t) codes, sizeof(bool));
	int64_t		unknowns = 1;

	if (estimated == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t c = 0; c < codes; c++)
		estimated[c] = read_flag(read);
	for (int32_t f = 0; f < model->features && read->ok; f++)
	{
		const bool *of = estimated + model->offset[f];
		int32_t		values = bins->of[f].values;

		unknowns += of[0];
		if (of[values + 1])
			read->ok = false;
		for (int32_t c = 1; c <= values; c++)
			if (!model->linear[f])
				unknowns += of[c];
			else if (of[c] != of[1] || (of[c] && !(model->deviation[f] > 0.0)))
				read->ok = false;
			else if (c == 1)
				unknowns += of[1];
	}
	if (unknowns != model->unknowns)
		read->ok = false;
	model->estimated = estimated;
	return SF_OK;
}

static SfStatus
read_information(SfArena *arena, SfReader *read, SfLogistic *model)
{
	int64_t		n = model->unknowns;
	double	   *information;

	if (n > SF_MAX_UPDATE)
		read->ok = false;
	model->estimate = read_doubles(arena, read, n, -MOST, MOST);
	if (!read->ok || (uint64_t) (n * (n + 1) / 2) > read->left / 8)
	{
		read->ok = false;
		return SF_OK;
	}
	information = sf_arena_take(arena, (size_t) (n * n), sizeof(double));
	if (model->estimate == NULL || information == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j <= i; j++)
			information[i * n + j] = read_within(read, i == j ? 0.0 : -1e120, 1e120);
	model->information = information;
	return SF_OK;
}

static bool
read_head(SfReader *read, const SfBins *bins, SfLogistic *model)
{
	int64_t		codes = 0;
	bool		kept;

	for (int32_t f = 0; f < bins->features; f++)
		codes += bins->of[f].values + 2;
	model->features = bins->features;
	if (sf_read_bits(read, 4) != (uint64_t) bins->features || sf_read_bits(read, 4) != (uint64_t) codes)
		read->ok = false;
	model->unknowns = (int32_t) (uint32_t) sf_read_bits(read, 4);
	model->iterations = (int32_t) (uint32_t) sf_read_bits(read, 4);
	model->converged = read_flag(read);
	kept = read_flag(read);
	model->rows = sf_read_int64(read);
	if (model->unknowns < 1 || model->unknowns > codes + 1 || model->iterations < 0 || model->rows < 0 || model->rows > INT64_C(1) << 50)
		read->ok = false;
	model->intercept = read_within(read, -MOST, MOST);
	model->intercept_error = read_within(read, 0.0, DBL_MAX);
	model->deviance = read_within(read, 0.0, DBL_MAX);
	model->parameters = read_within(read, 0.0, DBL_MAX);
	model->ridge = read_within(read, 0.0, MOST);
	model->smoothness = read_within(read, 0.0, MOST);
	return kept;
}

SfStatus
sf_logistic_decode(SfArena *arena, SfReader *read, const SfBins *bins, SfLogistic *model)
{
	SfLogistic	m = {0};
	bool		kept = read_head(read, bins, &m);
	SfStatus	status = SF_OK;
	int64_t		codes;

	if (read->ok)
		status = read_features(arena, read, bins, &m);
	if (status != SF_OK)
		return status;
	if (read->ok)
	{
		codes = m.offset[m.features];
		m.weight = read_doubles(arena, read, codes, -MOST, MOST);
		m.error = read_doubles(arena, read, codes, 0.0, DBL_MAX);
		m.share = read_doubles(arena, read, codes, 0.0, 1.0);
	}
	if (read->ok && (m.weight == NULL || m.error == NULL || m.share == NULL))
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	if (read->ok)
		status = read_estimated(arena, read, bins, &m);
	if (status == SF_OK && read->ok && kept)
		status = read_information(arena, read, &m);
	if (status != SF_OK)
		return status;
	if (!read->ok)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the bytes are not a logistic model");
	*model = m;
	return SF_OK;
}
