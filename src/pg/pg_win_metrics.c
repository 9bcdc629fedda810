/*
 * pg_win_metrics.c
 *		How good probabilities of a win are: auc, log_loss and their kin, curves,
 *		and paired comparisons.
 *
 * Means share one fixed-length state that is changed in place.  What needs the
 * order of the predictions keeps them, won and lost apart, as sortable keys of
 * eight bytes.
 */
#include "pg/bridge.h"
#include "pg/text_io.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/base/dist.h"
#include "core/base/radix.h"
#include "core/base/sum.h"
#include "core/winprob/curves.h"
#include "core/winprob/frame.h"
#include "core/winprob/metrics.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define SUMS 10
#define BINS_MAX 1000
#define ROC_POINTS 1000
#define LEVEL 0.95

/* As it is in a datum; pg_type has its length. */
typedef struct WinSums
{
	int64		count;
	SfSum		sum[SUMS];
} WinSums;

StaticAssertDecl(sizeof(WinSums) == 168, "INTERNALLENGTH of win_sums");

static inline WinSums *
sums_argument(FunctionCallInfo fcinfo, int n)
{
	return (WinSums *) PG_GETARG_POINTER(n);
}

static void
refuse_probability(double p)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("probability is outside 0 to 1"),
			 errdetail("The value given is %g.", p)));
}

static inline double
probability_argument(FunctionCallInfo fcinfo, int n)
{
	double		p = PG_GETARG_FLOAT8(n);

	if (unlikely(!(p >= 0 && p <= 1)))
		refuse_probability(p);
	return p;
}

SF_FUNCTION(sf_win_sums_add_log_loss);
Datum
sf_win_sums_add_log_loss(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);

	sf_check_aggregate(fcinfo);
	sf_sum_add(&s->sum[0], sf_log_loss_one(probability_argument(fcinfo, 2), PG_GETARG_BOOL(1)));
	s->count++;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_sums_add_brier);
Datum
sf_win_sums_add_brier(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	double		p = probability_argument(fcinfo, 2);
	double		off = PG_GETARG_BOOL(1) ? 1.0 - p : p;

	sf_check_aggregate(fcinfo);
	sf_sum_add_product(&s->sum[0], off, off);
	s->count++;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_sums_add_calibration);
Datum
sf_win_sums_add_calibration(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	double		p = probability_argument(fcinfo, 2);
	SfSum	   *bin = &s->sum[p * SUMS >= SUMS ? SUMS - 1 : (int) (p * SUMS)];

	sf_check_aggregate(fcinfo);
	sf_sum_add(bin, p);
	if (PG_GETARG_BOOL(1))
		sf_sum_add(bin, -1.0);
	s->count++;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_sums_add_difference);
Datum
sf_win_sums_add_difference(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	bool		won = PG_GETARG_BOOL(1);
	double		difference = sf_log_loss_one(probability_argument(fcinfo, 2), won) -
		sf_log_loss_one(probability_argument(fcinfo, 3), won);

	sf_check_aggregate(fcinfo);
	sf_sum_add(&s->sum[0], difference);
	sf_sum_add_product(&s->sum[1], difference, difference);
	s->count++;
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_sums_combine);
Datum
sf_win_sums_combine(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	const WinSums *other = sums_argument(fcinfo, 1);

	sf_check_aggregate(fcinfo);
	s->count += other->count;
	for (int i = 0; i < SUMS; i++)
		sf_sum_merge(&s->sum[i], other->sum[i]);
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_sums_final_mean);
Datum
sf_win_sums_final_mean(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);

	sf_check_aggregate(fcinfo);
	if (s->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sf_sum_value(s->sum[0]) / s->count);
}

SF_FUNCTION(sf_win_sums_final_calibration);
Datum
sf_win_sums_final_calibration(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	double		error = 0;

	sf_check_aggregate(fcinfo);
	if (s->count == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < SUMS; i++)
		error += fabs(sf_sum_value(s->sum[i]));
	PG_RETURN_FLOAT8(error / s->count);
}

/* The row type that the calling function returns. */
static TupleDesc
result_row(FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(desc);
}

static void
set_number(Datum *value, bool *null, double x)
{
	*null = !isfinite(x);
	*value = Float8GetDatum(x);
}

static Datum
return_difference(FunctionCallInfo fcinfo, double difference, double error, int64 deals)
{
	Datum		values[6];
	bool		nulls[6] = {false};
	double		width = sf_normal_quantile((1 + LEVEL) / 2) * error;
	double		p = error > 0 ? 2 * sf_normal_cdf(-fabs(difference) / error) :
		error == 0 ? (difference == 0) : NAN;

	set_number(&values[0], &nulls[0], difference);
	set_number(&values[1], &nulls[1], error);
	set_number(&values[2], &nulls[2], difference - width);
	set_number(&values[3], &nulls[3], difference + width);
	set_number(&values[4], &nulls[4], p);
	values[5] = Int64GetDatum(deals);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row(fcinfo), values, nulls)));
}

SF_FUNCTION(sf_win_sums_final_difference);
Datum
sf_win_sums_final_difference(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	double		n = s->count;
	double		mean;
	SfSum		squares = s->sum[1];

	sf_check_aggregate(fcinfo);
	if (s->count == 0)
		PG_RETURN_NULL();
	mean = sf_sum_value(s->sum[0]) / n;
	sf_sum_add_product(&squares, -sf_sum_value(s->sum[0]), mean);
	return return_difference(fcinfo, mean, s->count < 2 ? NAN : sqrt(fmax(0, sf_sum_value(squares)) / (n * (n - 1))), s->count);
}

SF_FUNCTION(sf_win_sums_out);
Datum
sf_win_sums_out(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, INT64_FORMAT, s->count);
	for (int i = 0; i < SUMS; i++)
	{
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, s->sum[i].hi);
		appendStringInfoChar(&out, ' ');
		sf_append_double(&out, s->sum[i].lo);
	}
	PG_RETURN_CSTRING(out.data);
}

/* No row adds more than 70 (log_loss) or 5000 (its square) to a sum, nor more than the whole to its rest. */
static WinSums *
checked_sums(const WinSums *read)
{
	double		most = 5000.0 * read->count;
	WinSums    *s;

	for (int i = 0; i < SUMS; i++)
		if (read->count < 0 || !(fabs(read->sum[i].hi) <= most) || !(fabs(read->sum[i].lo) <= fabs(read->sum[i].hi) * 1e-15))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("the parts of a win_sums do not agree")));
	s = palloc(sizeof *s);
	*s = *read;
	return s;
}

SF_FUNCTION(sf_win_sums_in);
Datum
sf_win_sums_in(PG_FUNCTION_ARGS)
{
	SfTextReader r = {.type = "win_sums", .text = PG_GETARG_CSTRING(0)};
	WinSums		s;

	r.at = r.text;
	s.count = sf_text_int64(&r);
	for (int i = 0; i < SUMS; i++)
	{
		s.sum[i].hi = sf_text_double(&r);
		s.sum[i].lo = sf_text_double(&r);
	}
	sf_text_end(&r);
	PG_RETURN_POINTER(checked_sums(&s));
}

SF_FUNCTION(sf_win_sums_send);
Datum
sf_win_sums_send(PG_FUNCTION_ARGS)
{
	WinSums    *s = sums_argument(fcinfo, 0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, s->count);
	for (int i = 0; i < SUMS; i++)
	{
		pq_sendfloat8(&out, s->sum[i].hi);
		pq_sendfloat8(&out, s->sum[i].lo);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SF_FUNCTION(sf_win_sums_recv);
Datum
sf_win_sums_recv(PG_FUNCTION_ARGS)
{
	StringInfo	in = (StringInfo) PG_GETARG_POINTER(0);
	WinSums		s;

	s.count = pq_getmsgint64(in);
	for (int i = 0; i < SUMS; i++)
	{
		s.sum[i].hi = pq_getmsgfloat8(in);
		s.sum[i].lo = pq_getmsgfloat8(in);
	}
	PG_RETURN_POINTER(checked_sums(&s));
}

/* Keys of one class, in the order they came until they are sorted. */
typedef struct Keys
{
	int64		n;
	int64		capacity;
	uint64	   *key;
} Keys;

typedef struct RankState
{
	int32		bins;			/* 0: the aggregate has none */
	Keys		of[2];			/* lost, won */
} RankState;

static void
refuse_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("predictions of at most %d deals can be compared at once", SF_MAX_ROWS)));
}

static void
reserve_keys(Keys *keys, MemoryContext cxt, int64 more)
{
	Size		size;

	if (keys->n + more <= keys->capacity)
		return;
	if (keys->n + more > SF_MAX_ROWS)
		refuse_rows();
	keys->capacity = Max(32, Max(2 * keys->capacity, keys->n + more));
	size = keys->capacity * sizeof(uint64);
	keys->key = keys->key ? repalloc_huge(keys->key, size) : MemoryContextAllocHuge(cxt, size);
}

static RankState *
rank_state(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	return PG_ARGISNULL(0) ? MemoryContextAllocZero(cxt, sizeof(RankState)) : (RankState *) PG_GETARG_POINTER(0);
}

static Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static Datum
add_key(FunctionCallInfo fcinfo, MemoryContext cxt, double x, int32 bins)
{
	RankState  *s = rank_state(fcinfo, cxt);
	Keys	   *keys = &s->of[PG_GETARG_BOOL(1)];

	s->bins = bins;
	reserve_keys(keys, cxt, 1);
	keys->key[keys->n++] = sf_rank_key(x);
	PG_RETURN_POINTER(s);
}

static inline double
finite_argument(FunctionCallInfo fcinfo, int n)
{
	double		x = PG_GETARG_FLOAT8(n);

	if (unlikely(!isfinite(x)))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("probability must be a finite number")));
	return x;
}

static inline bool
row_has_null(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

SF_FUNCTION(sf_win_ranks_add);
Datum
sf_win_ranks_add(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);

	if (row_has_null(fcinfo))
		return keep_state(fcinfo);
	return add_key(fcinfo, cxt, finite_argument(fcinfo, 2), 0);
}

static void
check_bins(FunctionCallInfo fcinfo, int32 bins)
{
	const RankState *s = PG_ARGISNULL(0) ? NULL : (const RankState *) PG_GETARG_POINTER(0);

	if (bins < 1 || bins > BINS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be between 1 and %d", BINS_MAX),
				 errdetail("The value given is %d.", bins)));
	if (s != NULL && s->bins != bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bins must be the same in all rows"),
				 errdetail("The values given are %d and %d.", s->bins, bins)));
}

SF_FUNCTION(sf_win_ranks_add_bins);
Datum
sf_win_ranks_add_bins(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	int32		bins = 10;

	if (row_has_null(fcinfo))
		return keep_state(fcinfo);
	if (PG_NARGS() > 3)
		bins = PG_GETARG_INT32(3);
	check_bins(fcinfo, bins);
	return add_key(fcinfo, cxt, probability_argument(fcinfo, 2), bins);
}

SF_FUNCTION(sf_win_ranks_combine);
Datum
sf_win_ranks_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	const RankState *other;
	RankState  *s;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (const RankState *) PG_GETARG_POINTER(1);
	if (other->bins > 0)
		check_bins(fcinfo, other->bins);
	s = rank_state(fcinfo, cxt);
	s->bins = other->bins;
	for (int k = 0; k < 2; k++)
	{
		if (other->of[k].n == 0)
			continue;
		reserve_keys(&s->of[k], cxt, other->of[k].n);
		memcpy(s->of[k].key + s->of[k].n, other->of[k].key, other->of[k].n * sizeof(uint64));
		s->of[k].n += other->of[k].n;
	}
	PG_RETURN_POINTER(s);
}

/* A way between processes of one server: its own byte order. */
static bytea *
new_bytes(int64 size, char **at)
{
	bytea	   *bytes;

	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a parallel worker has too many predictions to hand over"),
				 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	bytes = palloc(size + VARHDRSZ);
	SET_VARSIZE(bytes, size + VARHDRSZ);
	*at = VARDATA(bytes);
	return bytes;
}

static void
put_bytes(char **at, const void *from, Size size)
{
	if (size > 0)
		memcpy(*at, from, size);
	*at += size;
}

static void
refuse_bytes(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("these bytes are not a state of predictions")));
}

SF_FUNCTION(sf_win_ranks_serialize);
Datum
sf_win_ranks_serialize(PG_FUNCTION_ARGS)
{
	const RankState *s = (const RankState *) PG_GETARG_POINTER(0);
	int64		head[3] = {s->bins, s->of[0].n, s->of[1].n};
	char	   *at;
	bytea	   *bytes;

	(void) sf_aggregate_context(fcinfo);
	bytes = new_bytes(sizeof head + (head[1] + head[2]) * sizeof(uint64), &at);
	put_bytes(&at, head, sizeof head);
	for (int k = 0; k < 2; k++)
		put_bytes(&at, s->of[k].key, s->of[k].n * sizeof(uint64));
	PG_RETURN_BYTEA_P(bytes);
}

SF_FUNCTION(sf_win_ranks_deserialize);
Datum
sf_win_ranks_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	Size		left = VARSIZE_ANY_EXHDR(bytes);
	RankState  *s = palloc0(sizeof *s);
	int64		head[3];

	(void) sf_aggregate_context(fcinfo);
	if (left < sizeof head)
		refuse_bytes();
	memcpy(head, at, sizeof head);
	at += sizeof head;
	left = (left - sizeof head) / sizeof(uint64);
	if (head[0] < 0 || head[0] > BINS_MAX || head[1] < 0 || head[2] < 0 || head[1] > (int64) left || head[2] != (int64) left - head[1])
		refuse_bytes();
	s->bins = (int32) head[0];
	for (int k = 0; k < 2; k++)
	{
		reserve_keys(&s->of[k], CurrentMemoryContext, head[1 + k]);
		if (head[1 + k] > 0)
			memcpy(s->of[k].key, at, head[1 + k] * sizeof(uint64));
		s->of[k].n = head[1 + k];
		at += head[1 + k] * sizeof(uint64);
	}
	PG_RETURN_POINTER(s);
}

/* Sorts what came; sorting again changes nothing, so that a final function may run twice. */
static SfRankedDeals
ranked_deals(RankState *s, SfCtx *ctx)
{
	SfRankedDeals deals;

	sf_ctx_init(ctx, CurrentMemoryContext);
	for (int k = 0; k < 2; k++)
	{
		uint64	   *scratch = MemoryContextAllocHuge(CurrentMemoryContext, (s->of[k].n + 1) * sizeof(uint64));

		sf_raise_unless_ok(ctx, sf_radix_sort(ctx, (uint64_t *) s->of[k].key, NULL, s->of[k].n, (uint64_t *) scratch, NULL));
		pfree(scratch);
	}
	deals = (SfRankedDeals) {
		(const uint64_t *) s->of[1].key, (const uint64_t *) s->of[0].key, s->of[1].n, s->of[0].n
	};
	return deals;
}

/* False: a class is missing. */
static bool
auc_of_state(FunctionCallInfo fcinfo, SfAuc *auc, SfRankedDeals *deals)
{
	SfCtx		ctx;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		return false;
	*deals = ranked_deals((RankState *) PG_GETARG_POINTER(0), &ctx);
	sf_raise_unless_ok(&ctx, sf_auc_sorted(&ctx, deals->won, deals->won_rows, deals->lost, deals->lost_rows, LEVEL, auc));
	return !isnan(auc->auc);
}

SF_FUNCTION(sf_win_ranks_final_auc);
Datum
sf_win_ranks_final_auc(PG_FUNCTION_ARGS)
{
	SfRankedDeals deals;
	SfAuc		auc;

	if (!auc_of_state(fcinfo, &auc, &deals))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(auc.auc);
}

SF_FUNCTION(sf_win_ranks_final_interval);
Datum
sf_win_ranks_final_interval(PG_FUNCTION_ARGS)
{
	Datum		values[6];
	bool		nulls[6] = {false};
	SfRankedDeals deals;
	SfAuc		auc;

	if (!auc_of_state(fcinfo, &auc, &deals))
		PG_RETURN_NULL();
	values[0] = Float8GetDatum(auc.auc);
	set_number(&values[1], &nulls[1], auc.error);
	values[2] = Float8GetDatum(auc.low);
	values[3] = Float8GetDatum(auc.high);
	values[4] = Int64GetDatum(deals.won_rows);
	values[5] = Int64GetDatum(deals.lost_rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row(fcinfo), values, nulls)));
}

/* An array of row values in the making. */
typedef struct Points
{
	Oid			type;
	TupleDesc	desc;
	int			n;
	Datum	   *point;
} Points;

static Points
points_start(FunctionCallInfo fcinfo, int most)
{
	Points		points = {.type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo))};

	if (!OidIsValid(points.type))
		elog(ERROR, "return type must be an array of rows");
	points.desc = BlessTupleDesc(lookup_rowtype_tupdesc_copy(points.type, -1));
	points.point = palloc(most * sizeof(Datum));
	return points;
}

/* Numbers that are not known become NULL, an infinite threshold stays. */
static void
points_put(Points *points, Datum *values, const double *number, const int *column, int numbers)
{
	bool		nulls[8] = {false};

	for (int i = 0; i < numbers; i++)
	{
		nulls[column[i]] = isnan(number[i]);
		values[column[i]] = Float8GetDatum(number[i]);
	}
	points->point[points->n++] = HeapTupleGetDatum(heap_form_tuple(points->desc, values, nulls));
}

static Datum
points_return(const Points *points)
{
	PG_RETURN_ARRAYTYPE_P(construct_array(points->point, points->n, points->type, -1, false, TYPALIGN_DOUBLE));
}

SF_FUNCTION(sf_win_ranks_final_roc);
Datum
sf_win_ranks_final_roc(PG_FUNCTION_ARGS)
{
	static const int column[] = {0, 1, 2};
	SfRocPoint *point;
	int32_t		n;
	SfRankedDeals deals;
	Points		points;
	SfCtx		ctx;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	deals = ranked_deals((RankState *) PG_GETARG_POINTER(0), &ctx);
	if (deals.won_rows == 0 || deals.lost_rows == 0)
		PG_RETURN_NULL();
	point = palloc(ROC_POINTS * sizeof *point);
	sf_raise_unless_ok(&ctx, sf_roc_curve(&ctx, deals, ROC_POINTS, point, &n));
	points = points_start(fcinfo, n);
	for (int32_t i = 0; i < n; i++)
	{
		Datum		values[3];

		points_put(&points, values, (double[]) {point[i].threshold, point[i].won_share, point[i].lost_share}, column, 3);
	}
	return points_return(&points);
}

SF_FUNCTION(sf_win_ranks_final_calibration);
Datum
sf_win_ranks_final_calibration(PG_FUNCTION_ARGS)
{
	static const int column[] = {0, 1, 3, 4, 5, 6};
	SfCalibrationPoint *point;
	int32_t		n;
	RankState  *s;
	SfRankedDeals deals;
	Points		points;
	SfCtx		ctx;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (RankState *) PG_GETARG_POINTER(0);
	deals = ranked_deals(s, &ctx);
	point = palloc(s->bins * sizeof *point);
	sf_raise_unless_ok(&ctx, sf_calibration_curve(&ctx, deals, s->bins, point, &n));
	points = points_start(fcinfo, n);
	for (int32_t i = 0; i < n; i++)
	{
		const SfCalibrationPoint *p = &point[i];
		Datum		values[7];

		values[2] = Int64GetDatum(p->rows);
		points_put(&points, values, (double[]) {p->bin_low, p->bin_high, p->mean, p->rate, p->low, p->high}, column, 6);
	}
	return points_return(&points);
}

SF_FUNCTION(sf_win_ranks_final_lift);
Datum
sf_win_ranks_final_lift(PG_FUNCTION_ARGS)
{
	static const int column[] = {0, 3, 4, 5};
	SfLiftPoint *point;
	int32_t		n;
	RankState  *s;
	SfRankedDeals deals;
	Points		points;
	SfCtx		ctx;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (RankState *) PG_GETARG_POINTER(0);
	deals = ranked_deals(s, &ctx);
	point = palloc(s->bins * sizeof *point);
	sf_raise_unless_ok(&ctx, sf_lift_curve(&ctx, deals, s->bins, point, &n));
	points = points_start(fcinfo, n);
	for (int32_t i = 0; i < n; i++)
	{
		const SfLiftPoint *p = &point[i];
		Datum		values[6];

		values[1] = Int64GetDatum(p->rows);
		values[2] = Int64GetDatum(p->won);
		points_put(&points, values, (double[]) {p->share, p->rate, p->lift, p->won_share}, column, 4);
	}
	return points_return(&points);
}

/* Two predictions for each deal. */
typedef struct PairState
{
	int64		n;
	int64		capacity;
	double	   *a;
	double	   *b;
	uint8	   *won;
} PairState;

static void *
grown(MemoryContext cxt, void *array, Size size)
{
	return array ? repalloc_huge(array, size) : MemoryContextAllocHuge(cxt, size);
}

static void
reserve_pairs(PairState *s, MemoryContext cxt, int64 more)
{
	if (s->n + more <= s->capacity)
		return;
	if (s->n + more > SF_MAX_ROWS)
		refuse_rows();
	s->capacity = Max(32, Max(2 * s->capacity, s->n + more));
	s->a = grown(cxt, s->a, s->capacity * sizeof(double));
	s->b = grown(cxt, s->b, s->capacity * sizeof(double));
	s->won = grown(cxt, s->won, s->capacity);
}

static PairState *
pair_state(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	return PG_ARGISNULL(0) ? MemoryContextAllocZero(cxt, sizeof(PairState)) : (PairState *) PG_GETARG_POINTER(0);
}

SF_FUNCTION(sf_win_pairs_add);
Datum
sf_win_pairs_add(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	PairState  *s;

	if (row_has_null(fcinfo))
		return keep_state(fcinfo);
	s = pair_state(fcinfo, cxt);
	reserve_pairs(s, cxt, 1);
	s->a[s->n] = finite_argument(fcinfo, 2);
	s->b[s->n] = finite_argument(fcinfo, 3);
	s->won[s->n++] = PG_GETARG_BOOL(1);
	PG_RETURN_POINTER(s);
}

static void
append_pairs(PairState *s, MemoryContext cxt, int64 n, const char *a, const char *b, const char *won)
{
	reserve_pairs(s, cxt, n);
	if (n > 0)
	{
		memcpy(s->a + s->n, a, n * sizeof(double));
		memcpy(s->b + s->n, b, n * sizeof(double));
		memcpy(s->won + s->n, won, n);
	}
	s->n += n;
}

SF_FUNCTION(sf_win_pairs_combine);
Datum
sf_win_pairs_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sf_aggregate_context(fcinfo);
	const PairState *other;
	PairState  *s;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	other = (const PairState *) PG_GETARG_POINTER(1);
	s = pair_state(fcinfo, cxt);
	append_pairs(s, cxt, other->n, (const char *) other->a, (const char *) other->b, (const char *) other->won);
	PG_RETURN_POINTER(s);
}

#define PAIR_BYTES (2 * sizeof(double) + 1)

SF_FUNCTION(sf_win_pairs_serialize);
Datum
sf_win_pairs_serialize(PG_FUNCTION_ARGS)
{
	const PairState *s = (const PairState *) PG_GETARG_POINTER(0);
	char	   *at;
	bytea	   *bytes;

	(void) sf_aggregate_context(fcinfo);
	bytes = new_bytes(s->n * PAIR_BYTES, &at);
	put_bytes(&at, s->a, s->n * sizeof(double));
	put_bytes(&at, s->b, s->n * sizeof(double));
	put_bytes(&at, s->won, s->n);
	PG_RETURN_BYTEA_P(bytes);
}

SF_FUNCTION(sf_win_pairs_deserialize);
Datum
sf_win_pairs_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	const char *at = VARDATA_ANY(bytes);
	int64		n = VARSIZE_ANY_EXHDR(bytes) / PAIR_BYTES;
	PairState  *s = palloc0(sizeof *s);

	(void) sf_aggregate_context(fcinfo);
	if (VARSIZE_ANY_EXHDR(bytes) % PAIR_BYTES != 0)
		refuse_bytes();
	append_pairs(s, CurrentMemoryContext, n, at, at + n * sizeof(double), at + 2 * n * sizeof(double));
	PG_RETURN_POINTER(s);
}

SF_FUNCTION(sf_win_pairs_final);
Datum
sf_win_pairs_final(PG_FUNCTION_ARGS)
{
	MemoryContext scratch;
	PairState  *s;
	double		difference;
	double		error;
	SfArena		arena;
	SfCtx		ctx;

	(void) sf_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = (PairState *) PG_GETARG_POINTER(0);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "difference of two AUCs", ALLOCSET_DEFAULT_SIZES);
	sf_ctx_init(&ctx, scratch);
	sf_arena_init(&arena, &ctx);
	sf_raise_unless_ok(&ctx, sf_auc_difference(&arena, s->a, s->b, s->won, s->n, &difference, &error));
	MemoryContextDelete(scratch);
	if (isnan(difference))
		PG_RETURN_NULL();
	return return_difference(fcinfo, difference, error, s->n);
}
