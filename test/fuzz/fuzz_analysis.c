/*
 * Any series under every analysis: decomposition, periods, change points, outliers,
 * features, lags of drivers.  A documented status, or an answer within its contract.
 */
#include "series.h"

#include "core/forecast/changes.h"
#include "core/forecast/driver_lags.h"
#include "core/forecast/features.h"
#include "core/forecast/outliers.h"
#include "core/forecast/periods.h"
#include "core/forecast/stl.h"

static void
demand_status(SfStatus status)
{
	demand(status == SF_OK || status == SF_BAD_ARGUMENT || status == SF_BAD_DATA || status == SF_OVERFLOW || status == SF_CANCELLED, "the status of an analysis");
}

static void
try_decompose(SfArena *arena, const SfSeries *s, SfReader *read)
{
	SfDecomposeOptions options = {.robust = fuzz_below(read, 2) == 1, .periodic = fuzz_below(read, 2) == 1};
	SfDecomposition d;
	SfStatus	status;

	options.season_window = (int32_t) fuzz_below(read, 3) * 7;
	options.trend_window = (int32_t) fuzz_below(read, 3) * 10;
	status = sf_decompose(arena, s, &options, &d);
	demand_status(status);
	if (status != SF_OK)
		return;
	for (int32_t t = 0; t < s->n; t++)
		demand(isfinite(d.trend[t]) && isfinite(d.remainder[t]), "parts are numbers");
	demand(sf_trend_strength(&d) >= 0 && sf_trend_strength(&d) <= 1, "the strength of a trend");
	for (int32_t k = 0; k < d.seasons; k++)
		demand(sf_season_strength(&d, k) >= 0 && sf_season_strength(&d, k) <= 1, "the strength of a season");
}

static void
try_periods(SfArena *arena, const SfSeries *s)
{
	SfPeriod	found[SF_SEASONS_MAX];
	int32_t		count;
	SfStatus	status = sf_detect_periods(arena, s->y, s->n, found, &count);

	demand_status(status);
	demand(status != SF_OK || (count >= 0 && count <= SF_SEASONS_MAX), "the number of periods");
	for (int32_t i = 0; status == SF_OK && i < count; i++)
	{
		demand(found[i].period >= 2 && found[i].period <= s->n / 2.0 && (i == 0 || found[i].period > found[i - 1].period), "periods fit and ascend");
		demand(found[i].strength >= 0 && found[i].strength <= 1 && found[i].p_value >= 0 && found[i].p_value <= 1, "strength and p-value");
	}
}

static void
try_changes(SfArena *arena, const SfSeries *s, SfReader *read)
{
	SfChangeKind kind = (SfChangeKind) fuzz_below(read, 3);
	SfChange   *change;
	int32_t		count;
	SfStatus	status = sf_change_points(arena, s, 0.25 * (1 + fuzz_below(read, 8)), &kind, &change, &count);

	demand_status(status);
	for (int32_t i = 0; status == SF_OK && i < count; i++)
	{
		demand(change[i].position >= 1 && change[i].position < s->n && (i == 0 || change[i].position > change[i - 1].position), "changes lie in the series and ascend");
		demand(change[i].confidence >= 0 && change[i].confidence <= 1, "confidence");
	}
}

static void
try_outliers(SfArena *arena, const SfSeries *s, SfReader *read)
{
	SfOutlier  *outlier;
	int32_t		count;
	SfStatus	status = sf_find_outliers(arena, s, 0.5 * (1 + fuzz_below(read, 10)), &outlier, &count);

	demand_status(status);
	for (int32_t i = 0; status == SF_OK && i < count; i++)
	{
		demand(outlier[i].position >= 0 && outlier[i].position < s->n && (i == 0 || outlier[i].position > outlier[i - 1].position), "outliers lie in the series and ascend");
		demand(isfinite(outlier[i].expected) && isfinite(outlier[i].replacement) && outlier[i].distance >= 0, "what was expected of an outlier");
		demand(outlier[i].lower <= outlier[i].upper, "bounds of the ordinary");
	}
}

static void
try_features(SfArena *arena, const SfSeries *s)
{
	double		feature[SF_FEATURES];
	SfStatus	status = sf_features(arena, s, feature);

	demand_status(status);
	for (int i = 0; status == SF_OK && i < SF_FEATURES; i++)
		demand(isfinite(feature[i]), "features are numbers");
}

static void
try_lags(SfArena *arena, const SfSeries *s, SfReader *read)
{
	SfDriverLagOptions options = {.min_lag = (int32_t) fuzz_below(read, 3), .max_lag = (int32_t) fuzz_below(read, 12), .significance = 0.05};
	SfDriverLag row[FUZZ_DRIVERS_MAX];
	SfStatus	status;

	if (s->drivers == NULL)
		return;
	status = sf_driver_lags(arena, s, &options, row);
	demand_status(status);
	for (int32_t j = 0; status == SF_OK && j < s->driver_count; j++)
	{
		demand(row[j].driver == j && row[j].lag >= options.min_lag && row[j].lag <= options.max_lag, "a lag is one of those asked for");
		demand(row[j].p_value >= 0 && row[j].p_value <= 1 && fabs(row[j].correlation) <= 1, "correlation and p-value");
		demand(isnan(row[j].error_reduction) || row[j].error_reduction <= 1, "no more than all errors go away");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FuzzSeries f;
	SfReader	read = {data, size, true};
	uint32_t	choice = fuzz_below(&read, 6);
	bool		filled = fuzz_below(&read, 8) > 0;
	SfArena		arena;
	Host		host;
	double	   *y;

	fuzz_host(&host);
	host.cancel_at = FUZZ_SERIES_POLLS;
	sf_arena_init(&arena, &host.ctx);
	fuzz_series(&read, &f);
	y = sf_arena_take(&arena, (size_t) f.s.n, sizeof(double));
	if (filled && sf_series_fill(&arena, &f.s, y) == SF_OK)
	{
		for (int32_t t = 0; t < f.s.n; t++)
			demand(!isnan(y[t]), "a filled series has no gaps");
		f.s.y = y;
	}
	switch (choice)
	{
		case 0:
			try_decompose(&arena, &f.s, &read);
			break;
		case 1:
			try_periods(&arena, &f.s);
			break;
		case 2:
			try_changes(&arena, &f.s, &read);
			break;
		case 3:
			try_outliers(&arena, &f.s, &read);
			break;
		case 4:
			try_features(&arena, &f.s);
			break;
		default:
			try_lags(&arena, &f.s, &read);
	}
	host_free(&host);
	return 0;
}
