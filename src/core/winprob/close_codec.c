/*
 * close_codec.c
 *		A close model as bytes, and back.
 *
 * "SFCM", format, length of everything, digest of what follows; then the
 * header, bins, buckets, what closes, what the cause is, quality, gates,
 * candidates.  The digest finds damage; the parts are checked as if there were
 * none.
 */
#include "core/winprob/close_train.h"

#include <math.h>
#include <string.h>

#define MAGIC UINT64_C(0x4D434653)	/* "SFCM" */
#define HEAD 24					/* bytes before the parts */
#define LOG_MAX 1e3				/* of a log hazard or a weight: training stays far below */
#define COUNT_MAX (INT64_C(1) << 40)
#define GATES_MAX (6 + 4 * SF_MAX_FEATURES)
#define CANDIDATES_MAX 64

static const char damaged[] = "close model is damaged";

static int64_t
read_count(SfReader *read)
{
	int64_t		x = sf_read_int64(read);

	read->ok = read->ok && x >= 0 && x <= COUNT_MAX;
	return read->ok ? x : 0;
}

static double
read_within(SfReader *read, double least, double most)
{
	double		x = sf_read_double(read);

	read->ok = read->ok && x >= least && x <= most;
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

static void
write_number(SfWriter *write, double x)
{
	sf_write_double(write, isfinite(x) ? x : NAN);
}

static SfStatus
read_status(SfArena *arena, const SfReader *read)
{
	return read->ok ? SF_OK : sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
}

/* ---- header and buckets ---- */

static void
write_header(const SfCloseModel *m, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) m->algorithm, 1);
	sf_write_bits(write, (uint64_t) m->cause_algorithm, 1);
	sf_write_bits(write, (uint64_t) m->asked, 1);
	write_bool(write, m->churn);
	write_bool(write, m->forced);
	sf_write_bits(write, m->seed, 8);
	sf_write_int64(write, m->rows);
	sf_write_int64(write, m->closed);
	sf_write_int64(write, m->won);
	sf_write_int64(write, m->deals);
	sf_write_int64(write, m->closed_deals);
	sf_write_int64(write, m->won_deals);
	write_number(write, m->first_time);
	write_number(write, m->last_time);
	sf_write_double(write, m->horizon);
	sf_write_double(write, m->ridge);
	sf_write_double(write, m->smoothness);
	sf_write_double(write, m->last_width);
	write_bool(write, m->cause_known);
	sf_write_double(write, m->cause_rate);
}

static void
read_header(SfReader *read, SfCloseModel *m)
{
	uint64_t	algorithm = sf_read_bits(read, 1);
	uint64_t	cause = sf_read_bits(read, 1);
	uint64_t	asked = sf_read_bits(read, 1);

	m->algorithm = (SfCloseAlgorithm) algorithm;
	m->cause_algorithm = (SfCloseAlgorithm) cause;
	m->asked = (SfCloseAlgorithm) asked;
	read->ok = read->ok && asked < SF_CLOSE_ALGORITHMS &&
		(algorithm == SF_CLOSE_ADDITIVE || algorithm == SF_CLOSE_BOOSTED) &&
		(cause == SF_CLOSE_ADDITIVE || cause == SF_CLOSE_BOOSTED);
	m->churn = sf_read_bool(read);
	m->forced = sf_read_bool(read);
	m->seed = sf_read_bits(read, 8);
	m->rows = read_count(read);
	m->closed = read_count(read);
	m->won = read_count(read);
	m->deals = read_count(read);
	m->closed_deals = read_count(read);
	m->won_deals = read_count(read);
	m->first_time = sf_read_number(read);
	m->last_time = sf_read_number(read);
	m->horizon = read_within(read, 0, SF_CLOSE_DAYS_MAX);
	m->ridge = read_within(read, 0, 1e9);
	m->smoothness = read_within(read, 0, 1e9);
	m->last_width = read_within(read, 0, SF_CLOSE_DAYS_MAX);
	m->cause_known = sf_read_bool(read);
	m->cause_rate = read_within(read, 0, 1);
	read->ok = read->ok && m->won <= m->closed && m->closed <= m->rows && m->closed > 0 &&
		m->deals <= m->rows && m->closed_deals <= m->deals && m->won_deals <= m->closed_deals &&
		(m->algorithm != SF_CLOSE_BOOSTED || m->last_width > 0) && !(m->churn && m->cause_known) &&
		(!m->churn || m->cause_rate == 1);
}

static void
write_buckets(const SfCloseModel *m, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) m->buckets, 1);
	for (int32_t k = 0; k < m->buckets; k++)
	{
		const SfCloseBucket *b = &m->bucket[k];

		sf_write_double(write, b->start);
		sf_write_int64(write, b->closed);
		sf_write_int64(write, b->won);
		sf_write_double(write, b->at_risk);
		sf_write_double(write, b->log_hazard);
	}
	for (int32_t b = 0; b < SF_CLOSE_BANDS; b++)
		sf_write_bits(write, (uint64_t) m->band_end[b], 1);
}

static SfStatus
read_buckets(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	int64_t		closed = 0;
	int64_t		won = 0;

	m->buckets = (int32_t) sf_read_bits(read, 1);
	if (!read->ok || m->buckets < 1 || m->buckets > SF_CLOSE_BUCKETS_MAX)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	m->bucket = sf_arena_take(arena, (size_t) m->buckets, sizeof(SfCloseBucket));
	if (m->bucket == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t k = 0; k < m->buckets; k++)
	{
		SfCloseBucket *b = &m->bucket[k];

		b->start = read_within(read, 0, SF_CLOSE_DAYS_MAX);
		b->end = INFINITY;
		b->closed = read_count(read);
		b->won = read_count(read);
		b->at_risk = read_within(read, 0, 1e15);
		b->log_hazard = read_within(read, -LOG_MAX, LOG_MAX);
		read->ok = read->ok && b->won <= b->closed && (k == 0 ? b->start == 0 : b->start > m->bucket[k - 1].start);
		if (k > 0)
			m->bucket[k - 1].end = b->start;
		closed += b->closed;
		won += b->won;
	}
	for (int32_t b = 0; b < SF_CLOSE_BANDS; b++)
	{
		m->band_end[b] = (int32_t) sf_read_bits(read, 1);
		read->ok = read->ok && m->band_end[b] <= m->buckets && (b == 0 || m->band_end[b] >= m->band_end[b - 1]);
	}
	read->ok = read->ok && closed == m->closed && won == m->won && m->band_end[SF_CLOSE_BANDS - 1] == m->buckets;
	return read_status(arena, read);
}

/* ---- the additive hazard ---- */

static void
write_doubles(SfWriter *write, const double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		sf_write_double(write, x[i]);
}

static SfStatus
read_doubles(SfArena *arena, SfReader *read, int64_t n, double least, double most, const double **out)
{
	double	   *x;

	if (!read->ok || (uint64_t) n > read->left / 8)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	x = sf_arena_take(arena, (size_t) n, sizeof(double));
	if (x == NULL)
		return sf_no_memory(arena->ctx);
	for (int64_t i = 0; i < n; i++)
		x[i] = read_within(read, least, most);
	*out = x;
	return read_status(arena, read);
}

static int64_t
varying_size(const SfCloseModel *m, int32_t feature)
{
	return SF_CLOSE_BANDS * (int64_t) (m->bins.of[feature].values + 2);
}

static void
write_additive(const SfCloseModel *m, SfWriter *write)
{
	int32_t		codes = m->offset[m->bins.features];

	write_doubles(write, m->weight, codes);
	write_doubles(write, m->error, codes);
	sf_write_bits(write, (uint64_t) m->varying, 1);
	for (int32_t v = 0; v < m->varying; v++)
	{
		sf_write_bits(write, (uint64_t) m->vary[v].feature, 2);
		write_doubles(write, m->vary[v].weight, varying_size(m, m->vary[v].feature));
	}
}

static SfStatus
read_varying(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	SfStatus	status = SF_OK;

	m->varying = (int32_t) sf_read_bits(read, 1);
	if (!read->ok || m->varying > SF_CLOSE_VARYING_MAX)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	m->vary = sf_arena_take(arena, SF_CLOSE_VARYING_MAX, sizeof(SfCloseVarying));
	if (m->vary == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t v = 0; v < m->varying && status == SF_OK; v++)
	{
		m->vary[v].feature = (int32_t) sf_read_bits(read, 2);
		if (!read->ok || m->vary[v].feature >= m->bins.features)
			return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
		status = read_doubles(arena, read, varying_size(m, m->vary[v].feature), -LOG_MAX, LOG_MAX,
							  &m->vary[v].weight);
	}
	return status;
}

static SfStatus
read_additive(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	int32_t    *offset = sf_arena_take(arena, (size_t) m->bins.features + 1, sizeof(int32_t));
	SfStatus	status;

	if (offset == NULL)
		return sf_no_memory(arena->ctx);
	offset[0] = 0;
	for (int32_t f = 0; f < m->bins.features; f++)
		offset[f + 1] = offset[f] + m->bins.of[f].values + 2;
	m->offset = offset;
	status = read_doubles(arena, read, offset[m->bins.features], -LOG_MAX, LOG_MAX, &m->weight);
	if (status == SF_OK)
		status = read_doubles(arena, read, offset[m->bins.features], 0, 1e300, &m->error);
	return status == SF_OK ? read_varying(arena, read, m) : status;
}

/* ---- trees: none is a constant ---- */

static void
write_trees(const SfTrees *trees, SfWriter *write)
{
	write_bool(write, trees->trees > 0);
	if (trees->trees > 0)
		sf_trees_encode(trees, write);
	else
		sf_write_double(write, trees->base);
}

static SfStatus
read_trees(SfArena *arena, SfReader *read, const SfBins *bins, SfTrees *trees)
{
	int32_t    *codes = sf_arena_take(arena, (size_t) bins->features, sizeof(int32_t));
	SfStatus	status;

	if (codes == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t f = 0; f < bins->features; f++)
		codes[f] = bins->of[f].values + 2;
	if (!sf_read_bool(read))
	{
		*trees = (SfTrees) {.base = read_within(read, -LOG_MAX, LOG_MAX), .features = bins->features};
		return read_status(arena, read);
	}
	status = sf_trees_decode(arena, read, bins->features, codes, trees);
	if (status == SF_OK && (trees->mean || trees->trees == 0))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	return status;
}

static void
write_learners(const SfCloseModel *m, SfWriter *write)
{
	if (m->algorithm == SF_CLOSE_BOOSTED)
		write_trees(&m->closing, write);
	else
		write_additive(m, write);
	if (!m->cause_known)
		return;
	if (m->cause_algorithm == SF_CLOSE_BOOSTED)
	{
		write_trees(&m->cause_trees, write);
		return;
	}
	sf_write_bits(write, (uint64_t) m->cause_varying, 1);
	for (int32_t v = 0; v < m->cause_varying; v++)
		sf_write_bits(write, (uint64_t) m->cause_vary[v], 2);
	sf_logistic_encode(&m->cause, write);
}

/* Which features change, then the regression. */
static SfStatus
read_cause(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	SfBins		bins;
	SfStatus	status;

	m->cause_varying = (int32_t) sf_read_bits(read, 1);
	read->ok = read->ok && m->cause_varying <= SF_CLOSE_VARYING_MAX;
	for (int32_t v = 0; read->ok && v < m->cause_varying; v++)
	{
		m->cause_vary[v] = (int32_t) sf_read_bits(read, 2);
		read->ok = read->ok && m->cause_vary[v] < m->bins.features &&
			SF_CLOSE_BANDS * (m->bins.of[m->cause_vary[v]].values + 2) <= 256;
	}
	if (!read->ok)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	status = sf_close_cause_bins(arena, m, m->cause_varying, &bins);
	return status == SF_OK ? sf_logistic_decode(arena, read, &bins, &m->cause) : status;
}

static SfStatus
read_learners(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	SfBins		bins;
	SfStatus	status = sf_close_cause_bins(arena, m, 0, &bins);

	if (status == SF_OK)
		status = m->algorithm == SF_CLOSE_BOOSTED ? read_trees(arena, read, &bins, &m->closing) :
			read_additive(arena, read, m);
	if (status != SF_OK || !m->cause_known)
		return status;
	return m->cause_algorithm == SF_CLOSE_BOOSTED ? read_trees(arena, read, &bins, &m->cause_trees) :
		read_cause(arena, read, m);
}

/* ---- what is known of it ---- */

static void
write_quality(const SfCloseQuality *q, SfWriter *write)
{
	sf_write_int64(write, q->rows);
	sf_write_int64(write, q->closed);
	write_number(write, q->c_index);
	write_number(write, q->c_error);
	write_number(write, q->loss);
	write_number(write, q->base_loss);
	write_number(write, q->skill);
	write_number(write, q->skill_low);
	write_number(write, q->skill_high);
	write_number(write, q->cause_auc);
	for (int32_t h = 0; h < SF_CLOSE_HORIZONS && q->rows > 0; h++)
	{
		const SfCloseHorizon *at = &q->horizon[h];

		write_number(write, at->within);
		write_number(write, at->said);
		write_number(write, at->seen);
		write_number(write, at->low);
		write_number(write, at->high);
		write_number(write, at->brier);
		write_number(write, at->brier_skill);
	}
}

static void
read_quality(SfReader *read, SfCloseQuality *q)
{
	q->rows = read_count(read);
	q->closed = read_count(read);
	q->c_index = sf_read_number(read);
	q->c_error = sf_read_number(read);
	q->loss = sf_read_number(read);
	q->base_loss = sf_read_number(read);
	q->skill = sf_read_number(read);
	q->skill_low = sf_read_number(read);
	q->skill_high = sf_read_number(read);
	q->cause_auc = sf_read_number(read);
	for (int32_t h = 0; h < SF_CLOSE_HORIZONS && q->rows > 0; h++)
	{
		SfCloseHorizon *at = &q->horizon[h];

		at->within = sf_read_number(read);
		at->said = sf_read_number(read);
		at->seen = sf_read_number(read);
		at->low = sf_read_number(read);
		at->high = sf_read_number(read);
		at->brier = sf_read_number(read);
		at->brier_skill = sf_read_number(read);
	}
	read->ok = read->ok && q->closed <= q->rows;
}

static void
write_gates(const SfCloseModel *m, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) m->gates, 2);
	for (int32_t i = 0; i < m->gates; i++)
	{
		const SfGate *g = &m->gate[i];

		sf_write_bits(write, (uint64_t) g->kind, 1);
		sf_write_bits(write, (uint32_t) g->feature, 4);
		write_number(write, g->limit);
		write_number(write, g->measured);
		write_number(write, g->other);
		sf_write_bits(write, (uint64_t) g->verdict, 1);
		write_bool(write, g->stops);
	}
}

static SfStatus
read_gates(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	m->gates = (int32_t) sf_read_bits(read, 2);
	if (!read->ok || m->gates > GATES_MAX)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	m->gate = sf_arena_take(arena, (size_t) m->gates, sizeof(SfGate));
	if (m->gate == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t i = 0; i < m->gates; i++)
	{
		SfGate	   *g = &m->gate[i];
		uint64_t	kind = sf_read_bits(read, 1);
		uint64_t	verdict;

		*g = (SfGate) {.kind = (SfGateKind) kind, .feature = (int32_t) (uint32_t) sf_read_bits(read, 4)};
		g->limit = sf_read_number(read);
		g->measured = sf_read_number(read);
		g->other = sf_read_number(read);
		verdict = sf_read_bits(read, 1);
		g->verdict = (SfVerdict) verdict;
		g->stops = sf_read_bool(read);
		read->ok = read->ok && kind < SF_GATES && verdict <= SF_REFUSE && g->feature >= -1 && g->feature < m->bins.features;
	}
	return read_status(arena, read);
}

static void
write_candidates(const SfCloseModel *m, SfWriter *write)
{
	sf_write_bits(write, (uint64_t) m->candidates, 1);
	for (int32_t i = 0; i < m->candidates; i++)
	{
		const SfCloseCandidate *c = &m->candidate[i];

		write_bool(write, c->winning);
		write_bool(write, c->boosted);
		write_bool(write, c->varying);
		write_number(write, c->ridge);
		write_int(write, c->leaves);
		write_number(write, c->loss);
		write_bool(write, c->chosen);
	}
}

static SfStatus
read_candidates(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	m->candidates = (int32_t) sf_read_bits(read, 1);
	if (!read->ok || m->candidates > CANDIDATES_MAX)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	m->candidate = sf_arena_take(arena, (size_t) m->candidates, sizeof(SfCloseCandidate));
	if (m->candidate == NULL)
		return sf_no_memory(arena->ctx);
	for (int32_t i = 0; i < m->candidates; i++)
	{
		SfCloseCandidate *c = &m->candidate[i];

		c->winning = sf_read_bool(read);
		c->boosted = sf_read_bool(read);
		c->varying = sf_read_bool(read);
		c->ridge = sf_read_number(read);
		c->leaves = sf_read_int(read, 0, 255);
		c->loss = sf_read_number(read);
		c->chosen = sf_read_bool(read);
	}
	return read_status(arena, read);
}

/* ---- all of it ---- */

static void
write_parts(const SfCloseModel *m, SfWriter *write)
{
	write_header(m, write);
	sf_bins_encode(&m->bins, write);
	write_buckets(m, write);
	write_learners(m, write);
	write_quality(&m->quality, write);
	write_gates(m, write);
	write_candidates(m, write);
}

void
sf_close_encode(const SfCloseModel *model, SfWriter *write)
{
	unsigned char *head = write->at == NULL ? NULL : write->at + write->size;
	SfWriter	start = {head, 0};
	size_t		from = write->size;

	write->size += HEAD;
	write_parts(model, write);
	sf_write_bits(&start, MAGIC, 4);
	sf_write_bits(&start, SF_CLOSE_FORMAT, 4);
	sf_write_bits(&start, write->size - from, 8);
	sf_write_bits(&start, head == NULL ? 0 : sf_digest(head + HEAD, write->size - from - HEAD), 8);
}

static SfStatus
read_parts(SfArena *arena, SfReader *read, SfCloseModel *m)
{
	SfStatus	status;

	read_header(read, m);
	if (!read->ok)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	status = sf_bins_decode(arena, read, &m->bins);
	if (status == SF_OK && (m->bins.rows != m->rows || m->bins.features > SF_MAX_FEATURES - SF_CLOSE_COLUMNS))
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	if (status == SF_OK)
		status = read_buckets(arena, read, m);
	if (status == SF_OK)
		status = read_learners(arena, read, m);
	if (status != SF_OK)
		return status;
	read_quality(read, &m->quality);
	status = read_gates(arena, read, m);
	return status == SF_OK ? read_candidates(arena, read, m) : status;
}

SfStatus
sf_close_decode(SfArena *arena, SfReader *read, SfCloseModel *model)
{
	SfCloseModel m = {0};
	const unsigned char *from = read->at;
	size_t		left = read->left;
	uint64_t	magic = sf_read_bits(read, 4);
	uint64_t	format = sf_read_bits(read, 4);
	uint64_t	length = sf_read_bits(read, 8);
	uint64_t	digest = sf_read_bits(read, 8);
	SfStatus	status;

	if (!read->ok || magic != MAGIC)
		return sf_fail(arena->ctx, SF_BAD_BYTES, "the bytes are not a close model");
	if (format != SF_CLOSE_FORMAT)
		return sf_fail_value(arena->ctx, SF_BAD_BYTES, "close model has a format that is not supported",
							 (double) format);
	if (length != left || sf_digest(from + HEAD, left - HEAD) != digest)
		return sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	status = read_parts(arena, read, &m);
	if (status == SF_OK && read->left > 0)
		status = sf_fail(arena->ctx, SF_BAD_BYTES, damaged);
	if (status == SF_OK)
		*model = m;
	return status;
}
