/*
 * pg_pipeline_rate.c
 *		Win rates from history: fit_rate_prior and historical_probability.
 */
#include "pg/bridge.h"
#include "pg/options.h"
#include "pg/progress.h"
#include "pg/rowbuf.h"
#include "pg/rowset.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "core/base/dist.h"
#include "core/pipeline/rate.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#define KEYS_MAX (INT64CONST(1) << 24)

/* Aggregate state: the counts of every key with a closed deal. */
typedef struct RateState
{
	SfRateCount *counts;
	int64		n;
	int64		capacity;
} RateState;

static RateState *
rate_state(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	return PG_ARGISNULL(0) ? MemoryContextAllocZero(cxt, sizeof(RateState)) :
		(RateState *) PG_GETARG_POINTER(0);
}

static void
reserve(RateState *s, MemoryContext cxt, int64 more)
{
	Size		size;

	if (s->n + more > KEYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a rate prior can be fitted to at most " INT64_FORMAT " keys", KEYS_MAX)));
	if (s->n + more <= s->capacity)
		return;
	s->capacity = Max(32, Max(2 * s->capacity, s->n + more));
	size = s->capacity * sizeof(SfRateCount);
	s->counts = s->counts ? repalloc_huge(s->counts, size) : MemoryContextAllocHuge(cxt, size);
}

SF_FUNCTION(sf_rate_add);
Datum
sf_rate_add(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	RateState  *s;
	SfRateCount count;
	SfCtx		ctx;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	count.won = PG_GETARG_INT64(1);
	count.closed = PG_GETARG_INT64(2);
	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_rate_check(&ctx, count.won, count.closed));
	s = rate_state(fcinfo, cxt);
	if (count.closed > 0)
	{
		reserve(s, cxt, 1);
		s->counts[s->n++] = count;
	}
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_rate_combine);
Datum
sf_rate_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	RateState  *s;
	RateState  *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	s = rate_state(fcinfo, cxt);
	other = (RateState *) PG_GETARG_POINTER(1);
	reserve(s, cxt, other->n);
	if (other->n > 0)
		memcpy(s->counts + s->n, other->counts, other->n * sizeof(SfRateCount));
	s->n += other->n;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_rate_serialize);
Datum
sf_rate_serialize(PG_FUNCTION_ARGS)
{
	RateState  *s = (RateState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) sf_aggregate_context(fcinfo);
	pq_begintypsend(&out);
	pq_sendint64(&out, s->n);
	for (int64 i = 0; i < s->n; i++)
	{
		pq_sendint64(&out, s->counts[i].won);
		pq_sendint64(&out, s->counts[i].closed);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_rate_deserialize);
Datum
sf_rate_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	RateState  *s = palloc0(sizeof(RateState));
	StringInfoData in;
	int64		n;

	(void) sf_aggregate_context(fcinfo);
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	n = pq_getmsgint64(&in);
	if (n < 0 || n > KEYS_MAX || n != (in.len - in.cursor) / 16)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("these bytes are not a state of fit_rate_prior")));
	reserve(s, CurrentMemoryContext, n);
	for (s->n = 0; s->n < n; s->n++)
	{
		SfCtx		ctx;

		s->counts[s->n].won = pq_getmsgint64(&in);
		s->counts[s->n].closed = pq_getmsgint64(&in);
		sf_ctx_init(&ctx, CurrentMemoryContext);
		sf_raise_unless_ok(&ctx, sf_rate_check(&ctx, s->counts[s->n].won, s->counts[s->n].closed));
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(s);
}

static SfRatePrior
fit(MemoryContext cxt, SfRateCount *counts, int64 n)
{
	SfRatePrior prior;
	SfCtx		ctx;

	sf_ctx_init(&ctx, cxt);
	sf_raise_unless_ok(&ctx, sf_rate_fit(&ctx, counts, n, &prior));
	return prior;
}

SF_FUNCTION(sf_rate_final);
Datum
sf_rate_final(PG_FUNCTION_ARGS)
{
	RateState  *s = PG_ARGISNULL(0) ? NULL : (RateState *) PG_GETARG_POINTER(0);
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	TupleDesc	desc;
	SfRatePrior prior;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (s == NULL || s->n == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	prior = fit(cxt, s->counts, s->n);
	values[0] = Float8GetDatum(prior.mean);
	values[1] = Float8GetDatum(prior.strength);
	values[2] = Int64GetDatum(prior.keys);
	values[3] = Int64GetDatum(prior.won);
	values[4] = Int64GetDatum(prior.closed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

static SfRatePrior
prior_argument(FunctionCallInfo fcinfo)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	SfRatePrior prior = {
		.mean = sf_option_double(row, "mean", 0.0, 1.0),
		.strength = sf_option_double(row, "strength", 0.0, 1e15),
	};

	return prior;
}

/* Deals won and closed; NULL counts as none. */
static SfRateCount
count_arguments(FunctionCallInfo fcinfo)
{
	SfRateCount count = {
		.won = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1),
		.closed = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2),
	};
	SfCtx		ctx;

	sf_ctx_init(&ctx, CurrentMemoryContext);
	sf_raise_unless_ok(&ctx, sf_rate_check(&ctx, count.won, count.closed));
	return count;
}

SF_FUNCTION(sf_shrunken_rate);
Datum
sf_shrunken_rate(PG_FUNCTION_ARGS)
{
	SfRatePrior prior;
	SfRateCount count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	prior = prior_argument(fcinfo);
	count = count_arguments(fcinfo);
	PG_RETURN_FLOAT8(sf_rate_expected(&prior, count.won, count.closed));
}

SF_FUNCTION(sf_shrunken_rate_interval);
Datum
sf_shrunken_rate_interval(PG_FUNCTION_ARGS)
{
	SfRatePrior prior;
	SfRateCount count;
	TupleDesc	desc;
	double		level;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	prior = prior_argument(fcinfo);
	count = count_arguments(fcinfo);
	level = PG_GETARG_FLOAT8(3);
	if (!(level >= 0.0 && level <= 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the level of an interval must be between 0 and 1"),
				 errdetail("The value given is %g.", level)));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Float8GetDatum(sf_rate_quantile(&prior, count.won, count.closed, 0.5 - 0.5 * level));
	values[1] = Float8GetDatum(sf_rate_quantile(&prior, count.won, count.closed, 0.5 + 0.5 * level));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

SF_FUNCTION(sf_beta_quantile_sql);
Datum
sf_beta_quantile_sql(PG_FUNCTION_ARGS)
{
	double		p = PG_GETARG_FLOAT8(0);
	double		alpha = PG_GETARG_FLOAT8(1);
	double		beta = PG_GETARG_FLOAT8(2);

	if (!(p >= 0 && p <= 1) || !(alpha > 0 && alpha <= 1e15) || !(beta > 0 && beta <= 1e15))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a beta quantile needs p between 0 and 1, and alpha and beta above 0 and at most 1e15"),
				 errdetail("The values given are %g, %g and %g.", p, alpha, beta)));
	PG_RETURN_FLOAT8(sf_beta_quantile(p, alpha, beta));
}

/* historical_probability: counts per key, then one row a key. */

typedef struct KeyCount
{
	char	   *key;			/* hash key: NULL stands for the null key */
	SfRateCount count;
} KeyCount;

typedef struct KeyCounts
{
	HTAB	   *table;
	MemoryContext cxt;			/* where the keys' texts live */
	int64		rows;
	bool		shown;			/* progress */
} KeyCounts;

static uint32
hash_key_text(const void *key, Size size)
{
	const char *text = *(char *const *) key;

	return text == NULL ? 0 : string_hash(text, strlen(text) + 1);
}

static int
match_key_text(const void *a, const void *b, Size size)
{
	const char *x = *(char *const *) a;
	const char *y = *(char *const *) b;

	if (x == NULL || y == NULL)
		return x == y ? 0 : 1;
	return strcmp(x, y);
}

static void
count_row(TupleTableSlot *slot, const SfColumn *columns, void *arg)
{
	KeyCounts  *counts = arg;
	bool		won_is_null;
	Datum		won = sf_column_value(slot, &columns[1], &won_is_null);
	char	   *key = sf_column_text(slot, &columns[0]);
	bool		found;
	KeyCount   *entry;

	sf_progress_update(counts->shown, ++counts->rows);
	if (won_is_null)
		return;
	entry = hash_search(counts->table, &key, HASH_ENTER, &found);
	if (!found)
	{
		entry->key = key ? MemoryContextStrdup(counts->cxt, key) : NULL;
		entry->count = (SfRateCount) {0};
		if (hash_get_num_entries(counts->table) > KEYS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("historical_probability can hold at most " INT64_FORMAT " keys", KEYS_MAX)));
	}
	entry->count.closed++;
	entry->count.won += DatumGetBool(won) ? 1 : 0;
}

static KeyCounts
count_keys(const char *query)
{
	SfColumn	columns[] = {{.name = "key"}, {.name = "won", .type = BOOLOID, .type_name = "boolean"}};
	HASHCTL		control = {
		.keysize = sizeof(char *), .entrysize = sizeof(KeyCount), .hcxt = CurrentMemoryContext,
		.hash = hash_key_text, .match = match_key_text,
	};
	KeyCounts	counts = {.cxt = CurrentMemoryContext};

	counts.table = hash_create("keys of historical_probability", 256, &control,
							   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	counts.shown = sf_progress_start(SF_WORK_READ_ROWS, 0);
	PG_TRY();
	{
		sf_query_rows(query, columns, lengthof(columns), count_row, &counts);
	}
	PG_FINALLY();
	{
		sf_progress_end(counts.shown);
	}
	PG_END_TRY();
	return counts;
}

static int
compare_keys(const void *a, const void *b)
{
	const KeyCount *x = a;
	const KeyCount *y = b;

	CHECK_FOR_INTERRUPTS();

	if (x->key == NULL || y->key == NULL)
		return (x->key == NULL) - (y->key == NULL);
	return strcmp(x->key, y->key);
}

/* All keys in byte order, the null key last. */
static KeyCount *
sorted_keys(const KeyCounts *counts, long n)
{
	KeyCount   *keys = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(KeyCount));
	HASH_SEQ_STATUS scan;
	KeyCount   *entry;
	long		i = 0;

	hash_seq_init(&scan, counts->table);
	while ((entry = hash_seq_search(&scan)) != NULL)
		keys[i++] = *entry;
	qsort(keys, n, sizeof(KeyCount), compare_keys);
	return keys;
}

/* Why the rate of a key should be read with care; NULL when it need not. */
static char *
reason_for(const SfRatePrior *prior, const SfRateCount *count, int64 min_won, int64 min_lost)
{
	int64		lost = prior->closed - prior->won;

	if (prior->won < min_won || lost < min_lost)
		return psprintf("only " INT64_FORMAT " won and " INT64_FORMAT " lost deals in all; "
						INT64_FORMAT " and " INT64_FORMAT " are needed",
						prior->won, lost, min_won, min_lost);
	if ((double) count->closed < prior->strength)
		return psprintf("only " INT64_FORMAT " closed deals; the rate leans on all keys together",
						count->closed);
	return NULL;
}

SF_FUNCTION(sf_historical_probability);
Datum
sf_historical_probability(PG_FUNCTION_ARGS)
{
	HeapTupleHeader options = PG_GETARG_HEAPTUPLEHEADER(1);
	int64		min_won = sf_option_int(options, "min_won", 0, PG_INT32_MAX);
	int64		min_lost = sf_option_int(options, "min_lost", 0, PG_INT32_MAX);
	double		level = sf_option_double(options, "level", 0.0, 1.0);
	KeyCounts	counts = count_keys(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	long		n = hash_get_num_entries(counts.table);
	KeyCount   *keys = sorted_keys(&counts, n);
	SfRateCount *all;
	SfRatePrior prior;
	bool		enough;
	SfRowSet	rows;

	sf_rowset_start(&rows, fcinfo);
	if (n == 0)
		return (Datum) 0;
	all = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(SfRateCount));
	for (long i = 0; i < n; i++)
		all[i] = keys[i].count;
	prior = fit(CurrentMemoryContext, all, n);
	enough = prior.won >= min_won && prior.closed - prior.won >= min_lost;
	for (long i = 0; i < n; i++)
	{
		const SfRateCount *c = &keys[i].count;
		char	   *reason = reason_for(&prior, c, min_won, min_lost);

		if (keys[i].key)
			sf_rowset_set(&rows, 0, CStringGetTextDatum(keys[i].key));
		sf_rowset_set(&rows, 1, Int64GetDatum(c->won));
		sf_rowset_set(&rows, 2, Int64GetDatum(c->closed));
		sf_rowset_set(&rows, 3, Float8GetDatum((double) c->won / (double) c->closed));
		sf_rowset_set(&rows, 4, Float8GetDatum(sf_rate_expected(&prior, c->won, c->closed)));
		sf_rowset_set(&rows, 5, Float8GetDatum(sf_rate_quantile(&prior, c->won, c->closed, 0.5 - 0.5 * level)));
		sf_rowset_set(&rows, 6, Float8GetDatum(sf_rate_quantile(&prior, c->won, c->closed, 0.5 + 0.5 * level)));
		sf_rowset_set(&rows, 7, BoolGetDatum(enough));
		if (reason)
			sf_rowset_set(&rows, 8, CStringGetTextDatum(reason));
		sf_rowset_put(&rows);
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}
