/*
 * close_additive.c
 *		The closing hazard as a sum of log effects, some of them changing with age.
 *
 * First all effects are the same at every age.  Then events are compared with
 * what was expected by feature, code and band of age; the few features that
 * miss by far more than chance get weights of their own in each band, and all
 * is fitted again on episodes cut at the bands.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#include "core/winprob/close_hazard.h"

/* Below so many closings effects do not change with age. */
#define VARYING_CLOSED 400
/* Every code has a weight, so something must say where between them and the buckets the level lies. */
#define LEAST_RIDGE 1e-6
#define POLL_ROWS 4096

typedef struct Episodes
{
	int64_t		rows;
	SfEpisode  *episode;
	int32_t    *deal;			/* [rows] which deal of the part */
	uint8_t    *band;			/* [rows] */
} Episodes;

static SfEpisode
whole_episode(const double *start, int32_t buckets, double entry, double days, bool closed)
{
	SfEpisode	e = {entry, days, 0, 0, 0, -1};

	if (closed)
	{
		e.event = sf_bucket_of(start, buckets, days);
		if (e.event < buckets - 1)
		{
			double		from = sf_close_event_from(start, e.event, entry);

			e.width = start[e.event + 1] - from;
			e.from = fmin(entry, from);
			e.to = from;
		}
	}
	e.first = sf_bucket_of(start, buckets, e.from);
	e.last = sf_bucket_of(start, buckets, e.to);
	return e;
}

static SfStatus
take_episodes(SfArena *arena, int64_t room, Episodes *all)
{
	all->rows = 0;
	all->episode = sf_arena_take(arena, (size_t) room, sizeof(SfEpisode));
	all->deal = sf_arena_take(arena, (size_t) room, sizeof(int32_t));
	all->band = sf_arena_take(arena, (size_t) room, sizeof(uint8_t));
	if (all->episode == NULL || all->deal == NULL || all->band == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	return SF_OK;
}

static SfStatus
make_episodes(SfArena *arena, const SfClosePart *part, const double *start, int32_t buckets, Episodes *all)
{
	SfStatus	status = take_episodes(arena, part->rows, all);

	for (int64_t i = 0; i < part->rows && status == SF_OK; i++)
	{
		all->episode[i] = whole_episode(start, buckets, part->entry[i], part->days[i],
										part->outcome[i] != SF_CLOSE_OPEN);
		all->deal[i] = (int32_t) i;
		all->band[i] = 0;
		if (i % POLL_ROWS == 0)
			status = sf_poll(arena->ctx);
	}
	all->rows = part->rows;
	return status;
}

/* The piece of an episode that lies in a band; false when nothing does. */
static bool
piece_of(const SfEpisode *e, const double *start, const SfCloseModel *model, int32_t band, SfEpisode *piece)
{
	int32_t		first = band > 0 ? model->band_end[band - 1] : 0;
	int32_t		end = model->band_end[band];
	bool		event = e->event >= first && e->event < end;

	if (first >= end)
		return false;
	*piece = *e;
	if (!event)
	{
		piece->event = -1;
		piece->width = 0;
	}
	piece->from = fmin(fmax(e->from, start[first]), e->to);
	piece->to = fmax(piece->from, fmin(e->to, start[end]));
	if (!event && !(piece->to > piece->from))
		return false;
	piece->first = sf_bucket_of(start, model->buckets, piece->from);
	/* a piece starts in its band's first bucket, not at the end of the one before */
	if (piece->first < first)
		piece->first = (int16_t) first;
	piece->last = sf_bucket_of(start, model->buckets, piece->to);
	if (piece->last < piece->first)
		piece->last = piece->first;
	return true;
}

static SfStatus
cut_episodes(SfArena *arena, const Episodes *whole, const double *start, const SfCloseModel *model, Episodes *cut)
{
	SfEpisode	piece;
	int64_t		rows = 0;
	SfStatus	status;

	for (int64_t i = 0; i < whole->rows; i++)
		for (int32_t b = 0; b < SF_CLOSE_BANDS; b++)
			rows += piece_of(&whole->episode[i], start, model, b, &piece);
	status = take_episodes(arena, rows, cut);
	for (int64_t i = 0; i < whole->rows && status == SF_OK; i++)
	{
		for (int32_t b = 0; b < SF_CLOSE_BANDS; b++)
			if (piece_of(&whole->episode[i], start, model, b, &piece))
			{
				cut->episode[cut->rows] = piece;
				cut->deal[cut->rows] = (int32_t) i;
				cut->band[cut->rows++] = (uint8_t) b;
			}
		if (i % POLL_ROWS == 0)
			status = sf_poll(arena->ctx);
	}
	return status;
}

/* Codes of episodes: those of their deals, and those that change with age. */
static SfStatus
episode_codes(SfArena *arena, const SfClosePart *part, const Episodes *all, const SfCloseModel *model, uint8_t **code)
{
	int32_t		features = part->codes.features;
	int32_t		width = features + model->varying;
	uint8_t    *to = sf_arena_take(arena, (size_t) all->rows * (size_t) width + 1, sizeof(uint8_t));

	if (to == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	*code = to;
	for (int64_t i = 0; i < all->rows; i++, to += width)
	{
		const uint8_t *from = part->codes.code + (int64_t) all->deal[i] * features;

		if (features > 0)
			memcpy(to, from, (size_t) features);
		for (int32_t v = 0; v < model->varying; v++)
		{
			int32_t		f = model->vary[v].feature;

			to[features + v] = (uint8_t) (all->band[i] * part->codes.codes[f] + from[f]);
		}
		if (i % POLL_ROWS == 0 && sf_cancelled(arena->ctx))
			return sf_fail(arena->ctx, SF_CANCELLED, SF_CANCELLED_TEXT);
	}
	return SF_OK;
}

/* Sizes of the codes and which are numbers, the changing ones behind. */
static SfStatus
describe(SfArena *arena, const SfClosePart *part, const SfCloseModel *model, SfHazardData *data)
{
	int32_t		features = part->codes.features;
	int32_t    *codes = sf_arena_take(arena, (size_t) (features + SF_CLOSE_VARYING_MAX), sizeof(int32_t));
	bool	   *ordered = sf_arena_take(arena, (size_t) (features + SF_CLOSE_VARYING_MAX), sizeof(bool));

	if (codes == NULL || ordered == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < features; f++)
	{
		SfFeatureKind kind = model->bins.feature[f].kind;

		codes[f] = part->codes.codes[f];
		ordered[f] = kind == SF_FEATURE_NUMBER || kind == SF_FEATURE_AGE;
	}
	for (int32_t v = 0; v < model->varying; v++)
	{
		codes[features + v] = SF_CLOSE_BANDS * codes[model->vary[v].feature];
		ordered[features + v] = false;
	}
	data->features = features + model->varying;
	data->codes = codes;
	data->ordered = ordered;
	return SF_OK;
}

/* Mean of a feature's weights over the deals, and the shares it was made with. */
static double
centre_of(const SfFeatureBins *bins, const double *beta, int64_t rows)
{
	double		mean = 0;

	for (int32_t c = 0; c < bins->values + 2 && rows > 0; c++)
		mean += beta[c] * (double) bins->count[c] / (double) rows;
	return mean;
}

/* Standard error of a weight after centring: that of the contrast with the average deal. */
static double
contrast_error(const SfHazardFit *fit, int32_t at, int32_t c, const SfFeatureBins *bins, double rows)
{
	const double *block = fit->covariance + (size_t) at * (size_t) fit->unknowns + (size_t) at;
	double		variance = 0;

	for (int32_t a = 0; a < bins->values + 2; a++)
		for (int32_t b = 0; b < bins->values + 2; b++)
			variance += ((a == c) - (double) bins->count[a] / rows) * ((b == c) - (double) bins->count[b] / rows) *
				block[(size_t) a * (size_t) fit->unknowns + (size_t) b];
	return sqrt(fmax(variance, 0));
}

/* Weights out of the unknowns, centred; the buckets take what is taken off. */
static SfStatus
keep(SfArena *arena, const SfHazardFit *fit, SfCloseModel *model)
{
	int32_t		features = model->bins.features;
	int32_t		codes = 0;
	double		moved = 0;
	int32_t    *offset = sf_arena_take(arena, (size_t) features + 1, sizeof(int32_t));
	double	   *weight;
	double	   *error;

	for (int32_t f = 0; f < features; f++)
		codes += model->bins.of[f].values + 2;
	weight = sf_arena_take(arena, (size_t) codes, sizeof(double));
	error = sf_arena_take(arena, (size_t) codes, sizeof(double));
	if (offset == NULL || weight == NULL || error == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	offset[0] = 0;
	for (int32_t f = 0; f < features; f++)
	{
		const SfFeatureBins *bins = &model->bins.of[f];
		int32_t		at = model->buckets + offset[f];
		double		mean = centre_of(bins, fit->beta + at, model->bins.rows);

		moved += mean;
		offset[f + 1] = offset[f] + bins->values + 2;
		for (int32_t c = 0; c < bins->values + 2; c++)
		{
			bool		known = bins->count[c] > 0;

			weight[offset[f] + c] = known ? fit->beta[at + c] - mean : 0;
			error[offset[f] + c] = known && fit->covariance != NULL ?
				contrast_error(fit, at, c, bins, (double) model->bins.rows) : 0;
		}
	}
	for (int32_t k = 0; k < model->buckets; k++)
		model->bucket[k].log_hazard = fit->beta[k] + moved;
	for (int32_t v = 0, at = model->buckets + codes; v < model->varying; v++)
	{
		int32_t		n = SF_CLOSE_BANDS * (model->bins.of[model->vary[v].feature].values + 2);
		double	   *own = sf_arena_take(arena, (size_t) n, sizeof(double));

		if (own == NULL)
			return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
		memcpy(own, fit->beta + at, (size_t) n * sizeof(double));
		model->vary[v].weight = own;
		at += n;
	}
	model->offset = offset;
	model->weight = weight;
	model->error = error;
	return SF_OK;
}

/* Residuals of the steady fit by band: which features change with age. */
static SfStatus
look_for_varying(SfArena *arena, const SfClosePart *part, const Episodes *cut, const SfHazardData *data,
				 const SfHazardFit *fit, SfCloseModel *model)
{
	SfArenaMark scratch = sf_arena_mark(arena);
	double	   *slope = sf_arena_take(arena, (size_t) cut->rows, sizeof(double));
	double	   *weight = sf_arena_take(arena, (size_t) cut->rows, sizeof(double));
	SfCloseMiss miss = {cut->rows, cut->band, cut->deal, slope, weight};
	int32_t		which[SF_CLOSE_VARYING_MAX];
	SfStatus	status;

	if (slope == NULL || weight == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_hazard_residuals(arena, data, fit, slope, weight);
	if (status == SF_OK)
		status = sf_close_find_varying(arena->ctx, &part->codes, part->codes.features, &miss, which, &model->varying);
	for (int32_t v = 0; v < model->varying && status == SF_OK; v++)
		model->vary[v] = (SfCloseVarying) {.feature = which[v]};
	sf_arena_rewind(arena, scratch);
	return status;
}

static bool
same_varying(const SfCloseStart *start, const SfCloseModel *model)
{
	if (start == NULL || !start->known || start->varying != model->varying)
		return false;
	for (int32_t v = 0; v < model->varying; v++)
		if (start->vary[v] != model->vary[v].feature)
			return false;
	return true;
}

/* Unknowns to start from: those of the same fit with another ridge, or the steady ones. */
static SfStatus
start_varied(SfArena *arena, const SfHazardData *data, const SfHazardFit *steady, const SfCloseStart *start, bool same,
			 double **beta)
{
	int32_t		n = data->buckets;

	for (int32_t f = 0; f < data->features; f++)
		n += data->codes[f];
	*beta = sf_arena_take(arena, (size_t) n, sizeof(double));
	if (*beta == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(*beta, 0, (size_t) n * sizeof(double));
	memcpy(*beta, same ? start->varied : steady->beta, (size_t) (same ? n : steady->unknowns) * sizeof(double));
	return SF_OK;
}

/* Fit with what changes, on episodes cut at the bands. */
static SfStatus
fit_varying(SfArena *arena, const SfClosePart *part, const Episodes *whole, const SfCloseSpec *spec,
			SfCloseStart *start, SfHazardData *data, SfHazardFit *fit, SfCloseModel *model)
{
	SfHazardData cut_data = *data;
	Episodes	cut;
	uint8_t    *code;
	double	   *beta;
	SfStatus	status = cut_episodes(arena, whole, data->start, model, &cut);

	if (status == SF_OK)
		status = episode_codes(arena, part, &cut, model, &code);
	if (status != SF_OK)
		return status;
	cut_data.rows = cut.rows;
	cut_data.episode = cut.episode;
	cut_data.code = code;
	status = look_for_varying(arena, part, &cut, &cut_data, fit, model);
	if (status != SF_OK || model->varying == 0)
		return status;
	status = episode_codes(arena, part, &cut, model, &code);
	cut_data.code = code;
	if (status == SF_OK)
		status = describe(arena, part, model, &cut_data);
	if (status == SF_OK)
		status = start_varied(arena, &cut_data, fit, start, same_varying(start, model), &beta);
	if (status != SF_OK)
		return status;
	fit->beta = beta;
	*data = cut_data;
	status = sf_hazard_fit(arena, data, spec->errors, true, fit);
	if (status == SF_OK && start != NULL)
	{
		memcpy(start->varied, fit->beta, (size_t) fit->unknowns * sizeof(double));
		start->varying = model->varying;
		for (int32_t v = 0; v < model->varying; v++)
			start->vary[v] = model->vary[v].feature;
	}
	return status;
}

/* The steady fit, from a start where there is one; its unknowns are kept for the next. */
static SfStatus
fit_steady(SfArena *arena, const SfHazardData *data, bool errors, SfCloseStart *start, SfHazardFit *fit)
{
	bool		warm = start != NULL && start->known;
	SfStatus	status;

	fit->beta = warm ? start->steady : NULL;
	status = sf_hazard_fit(arena, data, errors, warm, fit);
	if (status == SF_OK && start != NULL && !warm)
	{
		memcpy(start->steady, fit->beta, (size_t) fit->unknowns * sizeof(double));
		start->known = true;
		start->varying = 0;
	}
	return status;
}

SfStatus
sf_close_fit_additive(SfArena *arena, const SfClosePart *part, const SfCloseSpec *spec, SfCloseStart *start,
					  SfCloseModel *model)
{
	SfHazardData data = {
		.buckets = model->buckets, .ridge = fmax(spec->ridge, LEAST_RIDGE), .smoothness = spec->smoothness
	};
	SfHazardFit fit = {0};
	Episodes	whole;
	double	   *starts;
	bool		many = model->closed >= VARYING_CLOSED && part->codes.features > 0;
	SfStatus	status;

	model->varying = 0;
	model->vary = sf_arena_take(arena, SF_CLOSE_VARYING_MAX, sizeof(SfCloseVarying));
	if (model->vary == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	status = sf_close_starts(arena, model, &starts);
	if (status == SF_OK)
		status = make_episodes(arena, part, starts, model->buckets, &whole);
	if (status == SF_OK)
		status = describe(arena, part, model, &data);
	if (status != SF_OK)
		return status;
	data.start = starts;
	data.rows = whole.rows;
	data.episode = whole.episode;
	data.code = part->codes.code;
	status = fit_steady(arena, &data, spec->errors && !many, start, &fit);
	if (status == SF_OK && many)
		status = fit_varying(arena, part, &whole, spec, start, &data, &fit, model);
	/* errors that were left out for a second fit that was not needed */
	if (status == SF_OK && spec->errors && fit.covariance == NULL)
		status = sf_hazard_fit(arena, &data, true, true, &fit);
	return status == SF_OK ? keep(arena, &fit, model) : status;
}
