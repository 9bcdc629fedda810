-- The forecasting room, part 4: what is in a series.

CREATE FUNCTION decompose_series(
    query text, options forecast_options DEFAULT @extschema@.forecast_options(), robust boolean DEFAULT false,
    OUT series text, OUT at timestamp, OUT period bigint, OUT value float8, OUT trend float8,
    OUT season float8, OUT remainder float8, OUT seasons float8[],
    OUT trend_strength float8, OUT season_strengths float8[])
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_decompose_series' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 1000;

CREATE FUNCTION detect_periods(
    query text, options forecast_options DEFAULT @extschema@.forecast_options(),
    OUT series text, OUT season float8, OUT strength float8, OUT p_value float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_detect_periods_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 10;

CREATE FUNCTION change_points(
    query text, options forecast_options DEFAULT @extschema@.forecast_options(),
    strictness float8 DEFAULT 1, kind text DEFAULT 'auto',
    OUT series text, OUT at timestamp, OUT period bigint, OUT change text, OUT before float8, OUT after float8,
    OUT slope_before float8, OUT slope_after float8, OUT confidence float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_change_points_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 10;

CREATE FUNCTION series_outliers(
    query text, options forecast_options DEFAULT @extschema@.forecast_options(), spreads float8 DEFAULT 3,
    OUT series text, OUT at timestamp, OUT period bigint, OUT value float8, OUT expected float8,
    OUT lower float8, OUT upper float8, OUT distance float8, OUT replacement float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_series_outliers' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 10;

CREATE FUNCTION driver_lags(
    query text, max_lag int, drivers text[], options forecast_options DEFAULT @extschema@.forecast_options(),
    min_lag int DEFAULT 0, significance float8 DEFAULT 0.05,
    OUT series text, OUT driver text, OUT lag int, OUT correlation float8, OUT p_value float8,
    OUT error_reduction float8, OUT chosen boolean)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_driver_lags_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 10;

CREATE FUNCTION series_features(
    query text, options forecast_options DEFAULT @extschema@.forecast_options(),
    OUT series text, OUT feature text, OUT value float8)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_series_features' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 1000;

CREATE FUNCTION feature_meanings(OUT feature text, OUT meaning text) RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_feature_meanings' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 90;

CREATE FUNCTION forecast_methods(OUT method text, OUT takes_gaps boolean, OUT takes_drivers boolean, OUT source text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_forecast_methods' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 30;

COMMENT ON FUNCTION decompose_series(text, forecast_options, boolean) IS
'Trend, season and remainder of the series of a query: value = trend + season + remainder, all in the unit of the values. query and options as in forecast_series (method, horizon and intervals do not matter); NULL options are the defaults. STL by local regression, for several seasons one after the other (seasons holds each of them, ascending by length); a season of which the series has less than two cycles is 0. trend_strength and season_strengths (one for each of seasons) are the same in all rows of a series: 0 is none, 1 nothing else, the share of the variation of the part and the remainder together that the remainder is not. robust: outliers get less weight and stay in the remainder; NULL means false. One row a period; value and remainder are NULL where nothing was observed, at is NULL when the times are whole numbers, period when they are not. Errors as forecast_series.';
COMMENT ON FUNCTION detect_periods(text, forecast_options) IS
'Which seasons the series of a query have, found from the values alone: season is the length in periods (12 for months of a year; may be a fraction), strength how much of the series without its trend it explains (0 to 1), p_value how likely so strong a line were in noise (at most 0.01). No row when there is none, or for fewer than 12 periods; a season must fit three times into the series. Gaps are filled first. query and options as in forecast_series; NULL options are the defaults. Errors as forecast_series.';
COMMENT ON FUNCTION change_points(text, forecast_options, float8, text) IS
'Where the series of a query got another level or another line: at or period is the first period of the new segment, before and after the mean of the two segments with the season taken out, slope_before and slope_after their growth per period (0 for levels), confidence 0 to 1. strictness, above 0, multiplies the penalty for each change: 1 reports one in less than 1 of 100 steady series, more reports fewer. kind: level, trend, or auto for the one that describes the series better. A series that may be a random walk has none. Gaps are filled first. query and options as in forecast_series; NULL options are the defaults. Errors as forecast_series, and 22023 for strictness or kind out of range or NULL.';
COMMENT ON FUNCTION series_outliers(text, forecast_options, float8) IS
'Observations of the series of a query that do not fit: value lies outside lower to upper, which is spreads (default 3, above 0) interquartile ranges of what trend and seasons leave around what they make expected; distance is counted in such ranges, replacement is what the neighbours suggest. One row for each, in the unit of the values; none for series of fewer than 5 periods. Nothing is changed: whether to use the replacement is up to the reader. query and options as in forecast_series; NULL options are the defaults. Errors as forecast_series, and 22023 for spreads out of range or NULL.';
COMMENT ON FUNCTION driver_lags(text, int, text[], forecast_options, int, float8) IS
'Which columns of a query lead its series, and by how many periods: one row a series and driver. drivers names the columns (numbers, at most 100), lags from min_lag (1 or more for what is known ahead) to max_lag (at most 10000) are tried. Series and drivers are made white first, so that common trends and seasons do not count; correlation (-1 to 1) is that of the whitened ones at the lag, p_value is corrected for all drivers and lags, error_reduction is the share of the squared one-step errors in held-out blocks that the driver takes away (NULL when nothing can be said, below 0 when it does harm). chosen: p_value at most significance (0 to 1, default 0.05, also for NULL) and confirmed in the held-out blocks; needs 30 observed periods. Use a chosen driver by shifting its column by lag periods. query and options as in forecast_series; NULL options are the defaults. Errors as forecast_series, and 22023 for lags or significance out of range, lags that are NULL, or no driver.';
COMMENT ON FUNCTION series_features(text, forecast_options) IS
'Numbers that describe the series of a query: how long, how seasonal, how rough, how intermittent; one row a series and feature. Each is a finite number that does not depend on the unit of the values, 0 where it is not defined; feature_meanings() explains them. For choosing methods, finding odd series among many, drawing a map of a product range. query and options as in forecast_series; NULL options are the defaults. Errors as forecast_series.';
COMMENT ON FUNCTION feature_meanings() IS
'What the features of series_features mean, one row each. Takes nothing, gives no NULL.';
COMMENT ON FUNCTION forecast_methods() IS
'The forecasting methods that the option "method" may name, with their source; next to them stand auto, stl+method and single models such as ets(M,Ad,M) or arima(1,1,1)(0,1,1). takes_gaps: periods that were not observed stay so (else they are filled first). takes_drivers: drivers are part of the model (else a regression takes them out first). Gives no NULL but for source.';
