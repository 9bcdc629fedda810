/*
 * winmodel.c
 *		A win model as bytes, and back.
 *
 * "SFWM", format, length of everything, digest of what follows; then the
 * header, the members (bins that an earlier member has too are named, not
 * repeated), calibration, what is known of quality, gates, candidates.
 *
 * The digest finds damage.  It is no protection: whoever writes bytes can
 * write a digest as well, so the parts are checked as if there were none.
 */
#include "core/winprob/winmodel.h"

#include <math.h>

#include "core/winprob/dictionary.h"

#define MAGIC UINT64_C(0x4D574653)	/* "SFWM" */
#define HEAD 24					/* bytes before the parts */
#define OWN_BINS 0xFF
#define SHARE_MAX 1e6			/* of a share or the intercept: training stays far below */

static const char damaged[] = "win model is damaged";

/* ---- primitives that check ---- */

static int64_t
read_count(SfReader *read)
{
	int64_t		x = sf_read_int64(read);

	read->ok = read->ok && x >= 0 && x <= (int64_t) 1 << 40;
	return read->ok ? x : 0;
}

static double
read_within(SfReader *read, double most)
{
	double		x = sf_read_double(read);

	read->ok = read->ok && fabs(x) <= most;
	return read->ok ? x : 0;
}

static void
write_bool(SfWriter *write, bool x)
{
	sf_write_bits(write, x ? 1 : 0, 1);
}

static void
write_int(SfWriter *write, int32_t x)
{
	sf_write_bits(write, (uint32_t) x, 4);
}

/* Infinities tell nothing that not known does not. */
static void
write_number(SfWriter *write, double x)
{
	sf_write_double(write, isfinite(x) ? x : NAN);
}

/* ---- quality ---- */

static void
write_metrics(const SfWinMetrics *m, SfWriter *write)
{
	sf_write_int64(write, m->rows);
	if (m->rows == 0)
		return;
	sf_write_int64(write, m->won);
	write_number(write, m->auc.auc);
	write_number(write, m->auc.error);
	write_number(write, m->auc.low);
	write_number(write, m->auc.high);
	write_number(write, m->log_loss);
	write_number(write, m->brier);
	write_number(write, m->calibration_error);
	write_number(write, m->base_log_loss);
	write_number(write, m->skill);
	write_number(write, m->skill_low);
	write_number(write, m->skill_high);
}

static void
read_metrics(SfReader *read, SfWinMetrics *m)
{
	*m = (SfWinMetrics) {0};
	m->rows = read_count(read);
	if (m->rows == 0)
		return;
	m->won = read_count(read);
	m->auc.auc = sf_read_number(read);
	m->auc.error = sf_read_number(read);
	m->auc.low = sf_read_number(read);
	m->auc.high = sf_read_number(read);
	m->log_loss = sf_read_number(read);
	m->brier = sf_read_number(read);
	m->calibration_error = sf_read_number(read);
	m->base_log_loss = sf_read_number(read);
	m->skill = sf_read_number(read);
	m->skill_low = sf_read_number(read);
	m->skill_high = sf_read_number(read);
	read->ok = read->ok && m->won <= m->rows;
}

static void
write_gates(const SfWinModel *model, SfWriter *write)
{
	write_int(write, model->gates);
	for (int32_t i = 0; i < model->gates; i++)
	{
		const SfGate *g = &model->gate[i];

		sf_write_bits(write, (uint64_t) g->kind, 1);
		write_int(write, g->feature);
		write_number(write, g->limit);
		write_number(write, g->measured);
		write_number(write, g->other);
		sf_write_bits(write, (uint64_t) g->verdict, 1);
		write_bool(write, g->stops);
	}
}

#define GATE_BYTES 31

static SfStatus
read_gates(SfArena *arena, SfReader *read, int32_t features, SfWinModel *model)
{
	model->gates = sf_read_int(read, 0, INT32_MAX);
	if (!read->ok || (size_t) model->gates > read->left / GATE_BYTES)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	model->gate = sf_arena_take(arena, (size_t) model->gates, sizeof(SfGate));
	if (model->gate == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < model->gates; i++)
	{
		SfGate	   *g = &model->gate[i];
		uint64_t	kind = sf_read_bits(read, 1);
		uint64_t	verdict;

		g->kind = (SfGateKind) kind;
		g->feature = sf_read_int(read, -1, features - 1);
		g->limit = sf_read_number(read);
		g->measured = sf_read_number(read);
		g->other = sf_read_number(read);
		verdict = sf_read_bits(read, 1);
		g->verdict = (SfVerdict) verdict;
		g->stops = sf_read_bool(read);
		read->ok = read->ok && kind < SF_GATES && verdict <= SF_REFUSE;
	}
	return read->ok ? SF_OK : sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
}

static void
write_candidates(const SfWinModel *model, SfWriter *write)
{
	write_int(write, model->candidates);
	for (int32_t i = 0; i < model->candidates; i++)
	{
		const SfCandidate *c = &model->candidate[i];

		sf_write_bits(write, (uint64_t) c->kind, 1);
		write_int(write, c->bins);
		write_number(write, c->ridge);
		write_bool(write, c->linear);
		write_int(write, c->trees);
		write_int(write, c->leaves);
		write_number(write, c->rate);
		write_number(write, c->log_loss);
		write_number(write, c->auc);
		write_bool(write, c->chosen);
		write_number(write, c->smoothness);
		write_int(write, c->features);
		write_number(write, c->least_rows);
	}
}

#define CANDIDATE_BYTES 67

static SfStatus
read_candidates(SfArena *arena, SfReader *read, SfWinModel *model)
{
	model->candidates = sf_read_int(read, 0, SF_MAX_CANDIDATES);
	if (!read->ok || (size_t) model->candidates > read->left / CANDIDATE_BYTES)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	model->candidate = sf_arena_take(arena, (size_t) model->candidates, sizeof(SfCandidate));
	if (model->candidate == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t i = 0; i < model->candidates; i++)
	{
		SfCandidate *c = &model->candidate[i];
		uint64_t	kind = sf_read_bits(read, 1);

		*c = (SfCandidate) {.kind = (SfAlgorithm) kind};
		c->bins = sf_read_int(read, 0, INT32_MAX);
		c->ridge = sf_read_number(read);
		c->linear = sf_read_bool(read);
		c->trees = sf_read_int(read, 0, INT32_MAX);
		c->leaves = sf_read_int(read, 0, INT32_MAX);
		c->rate = sf_read_number(read);
		c->log_loss = sf_read_number(read);
		c->auc = sf_read_number(read);
		c->chosen = sf_read_bool(read);
		c->smoothness = sf_read_number(read);
		c->features = sf_read_int(read, 0, INT32_MAX);
		c->least_rows = sf_read_number(read);
		read->ok = read->ok && kind < SF_ALGORITHMS;
	}
	return read->ok ? SF_OK : sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
}

/* ---- members ---- */

/* The member before m whose bins are the very same, or OWN_BINS. */
static int32_t
bins_shared_with(const SfWinModel *model, int32_t m)
{
	for (int32_t j = 0; j < m; j++)
		if (model->member[j].bins.of == model->member[m].bins.of)
			return j;
	return OWN_BINS;
}

static void
write_member(const SfWinModel *model, int32_t m, SfWriter *write)
{
	const SfMember *member = &model->member[m];
	int32_t		shared = bins_shared_with(model, m);

	sf_write_bits(write, (uint64_t) member->kind, 1);
	sf_write_double(write, member->share);
	sf_write_bits(write, (uint64_t) shared, 1);
	if (shared == OWN_BINS)
		sf_bins_encode(&member->bins, write);
	if (member->kind == SF_ALGORITHM_LOGISTIC)
		sf_logistic_encode(&member->logistic, write);
	else
		sf_trees_encode(&member->trees, write);
}

static SfStatus
read_learner(SfArena *arena, SfReader *read, SfMember *member)
{
	int32_t    *codes;

	if (member->kind == SF_ALGORITHM_LOGISTIC)
		return sf_logistic_decode(arena, read, &member->bins, &member->logistic);
	codes = sf_arena_take(arena, (size_t) member->bins.features, sizeof(int32_t));
	if (codes == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	for (int32_t f = 0; f < member->bins.features; f++)
		codes[f] = member->bins.of[f].values + 2;
	return sf_trees_decode(arena, read, member->bins.features, codes, &member->trees);
}

static SfStatus
read_member(SfArena *arena, SfReader *read, SfWinModel *model, int32_t m)
{
	SfMember   *member = &model->member[m];
	uint64_t	kind = sf_read_bits(read, 1);
	uint64_t	shared;
	SfStatus	status = SF_OK;

	member->kind = (SfAlgorithm) kind;
	member->share = read_within(read, SHARE_MAX);
	shared = sf_read_bits(read, 1);
	if (!read->ok || !(member->share >= 0) || (shared != OWN_BINS && shared >= (uint64_t) m) ||
		(kind != SF_ALGORITHM_LOGISTIC && kind != SF_ALGORITHM_FOREST && kind != SF_ALGORITHM_BOOSTED))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	if (shared != OWN_BINS)
		member->bins = model->member[shared].bins;
	else
		status = sf_bins_decode(arena, read, &member->bins);
	if (status != SF_OK)
		return status;
	if (member->bins.features < 1 ||
		!sf_same_features(model->member[0].bins.feature, model->member[0].bins.features, member->bins.feature, member->bins.features))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	status = read_learner(arena, read, member);
	if (status == SF_OK && kind != SF_ALGORITHM_LOGISTIC && member->trees.mean != (kind == SF_ALGORITHM_FOREST))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	return status;
}

/* ---- the parts in their order ---- */

static void
write_head(const SfWinModel *model, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) model->algorithm, 1);
	sf_write_bits(write, (uint64_t) model->asked, 1);
	write_bool(write, model->forced);
	sf_write_bits(write, model->seed, 8);
	sf_write_double(write, model->intercept);
	sf_write_int64(write, model->rows);
	sf_write_int64(write, model->won_rows);
	sf_write_int64(write, model->deals);
	sf_write_int64(write, model->won_deals);
	sf_write_int64(write, model->lost_deals);
	write_number(write, model->first_time);
	write_number(write, model->last_time);
	sf_write_bits(write, (uint64_t) model->members, 1);
}

static SfStatus
read_head(SfArena *arena, SfReader *read, SfWinModel *model)
{
	uint64_t	algorithm = sf_read_bits(read, 1);
	uint64_t	asked = sf_read_bits(read, 1);

	model->algorithm = (SfAlgorithm) algorithm;
	model->asked = (SfAlgorithm) asked;
	model->forced = sf_read_bool(read);
	model->seed = sf_read_bits(read, 8);
	model->intercept = read_within(read, SHARE_MAX);
	model->rows = read_count(read);
	model->won_rows = read_count(read);
	model->deals = read_count(read);
	model->won_deals = read_count(read);
	model->lost_deals = read_count(read);
	model->first_time = sf_read_number(read);
	model->last_time = sf_read_number(read);
	model->members = (int32_t) sf_read_bits(read, 1);
	if (!read->ok || algorithm == SF_ALGORITHM_AUTO || algorithm >= SF_ALGORITHMS || asked >= SF_ALGORITHMS ||
		model->won_rows > model->rows || model->deals > model->rows || model->won_deals > model->deals ||
		model->lost_deals > model->deals || model->members < 1 || model->members > SF_MAX_MEMBERS)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	model->member = sf_arena_take(arena, (size_t) model->members, sizeof(SfMember));
	if (model->member == NULL)
		return sf_fail(arena->ctx, SF_NO_MEMORY, SF_NO_MEMORY_TEXT);
	memset(model->member, 0, (size_t) model->members * sizeof(SfMember));
	return SF_OK;
}

static void
write_parts(const SfWinModel *model, SfWriter *write)
{
	write_head(model, write);
	for (int32_t m = 0; m < model->members; m++)
		write_member(model, m, write);
	sf_calibration_encode(&model->calibration, write);
	sf_venn_encode(&model->venn, write);
	write_metrics(&model->train, write);
	write_metrics(&model->random, write);
	write_metrics(&model->forward, write);
	write_gates(model, write);
	write_candidates(model, write);
}

static SfStatus
read_parts(SfArena *arena, SfReader *read, SfWinModel *model)
{
	SfStatus	status = read_head(arena, read, model);

	for (int32_t m = 0; status == SF_OK && m < model->members; m++)
		status = read_member(arena, read, model, m);
	if (status == SF_OK)
		status = sf_calibration_decode(arena, read, &model->calibration);
	if (status == SF_OK)
		status = sf_venn_decode(arena, read, &model->venn);
	if (status != SF_OK)
		return status;
	read_metrics(read, &model->train);
	read_metrics(read, &model->random);
	read_metrics(read, &model->forward);
	status = read_gates(arena, read, model->member[0].bins.features, model);
	if (status == SF_OK)
		status = read_candidates(arena, read, model);
	if (status == SF_OK && (!read->ok || read->left != 0))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	return status;
}

void
sf_win_encode(const SfWinModel *model, SfWriter *write)
{
	SfWriter	count = {0};
	SfWriter	late;

	write_parts(model, &count);
	sf_write_bits(write, MAGIC, 4);
	sf_write_bits(write, SF_WIN_FORMAT, 4);
	sf_write_bits(write, HEAD + count.size, 8);
	late = *write;
	sf_write_bits(write, 0, 8);
	write_parts(model, write);
	if (write->at != NULL)
		sf_write_bits(&late, sf_digest(write->at + late.size + 8, count.size), 8);
}

SfStatus
sf_win_decode(SfArena *arena, SfReader *read, SfWinModel *model)
{
	uint64_t	magic = sf_read_bits(read, 4);
	uint64_t	format = sf_read_bits(read, 4);
	uint64_t	length = sf_read_bits(read, 8);
	uint64_t	digest = sf_read_bits(read, 8);
	SfReader	parts;
	SfWinModel	decoded = {0};
	SfStatus	status;

	if (!read->ok || magic != MAGIC)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "bytes are not a win model");
	if (format != SF_WIN_FORMAT)
		return sf_fail_value(arena->ctx, SF_BAD_BYTES, SF_WIN_FORMAT_TEXT, (double) format);
	if (length < HEAD || length - HEAD > read->left)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "win model is cut short");
	parts = (SfReader) {read->at, (size_t) length - HEAD, true};
	if (sf_digest(parts.at, parts.left) != digest)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	read->at += parts.left;
	read->left -= parts.left;
	status = read_parts(arena, &parts, &decoded);
	if (status == SF_OK)
		*model = decoded;
	return status;
}
