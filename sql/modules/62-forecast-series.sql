-- The forecasting room, part 3: forecasts and backtests of many series from one query.

CREATE FUNCTION forecast_series(
    query text, horizon int, options forecast_options DEFAULT @extschema@.forecast_options(),
    drivers text[] DEFAULT NULL, holidays text DEFAULT NULL, calendar text DEFAULT NULL,
    OUT series text, OUT step int, OUT at timestamp, OUT period bigint, OUT mean float8,
    OUT lo80 float8, OUT hi80 float8, OUT lo95 float8, OUT hi95 float8, OUT model text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_forecast_series_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 1000;

CREATE FUNCTION explain_series(
    query text, horizon int, options forecast_options DEFAULT @extschema@.forecast_options(),
    drivers text[] DEFAULT NULL, holidays text DEFAULT NULL, calendar text DEFAULT NULL,
    OUT series text, OUT topic text, OUT item text, OUT value float8, OUT reason text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_explain_series_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 1000;

CREATE FUNCTION backtest_series(
    query text, horizon int, options forecast_options DEFAULT @extschema@.forecast_options(),
    origins int DEFAULT 5, step int DEFAULT 1, "window" int DEFAULT NULL, gap int DEFAULT 0,
    drivers text[] DEFAULT NULL, holidays text DEFAULT NULL, calendar text DEFAULT NULL,
    OUT series text, OUT origin int, OUT trained int, OUT ahead int, OUT at timestamp, OUT period bigint,
    OUT actual float8, OUT mean float8, OUT lo80 float8, OUT hi80 float8, OUT lo95 float8, OUT hi95 float8,
    OUT error float8, OUT model text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'sf_backtest_series_sql' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 1000;

COMMENT ON FUNCTION forecast_series(text, int, forecast_options, text[], text, text) IS
'Forecasts of all series of a query: the next horizon periods (1 to 100000) of each with 80 % and 95 % intervals, in the unit of the values; lo95 <= lo80 <= mean <= hi80 <= hi95. query is one SELECT, run with the rights of the caller, that returns at (date, timestamp, timestamptz or whole numbers), value (a number) and, if there are several, series (any type; given back as text, in byte order, NULL last). Rows may come in any order; those with a NULL at are skipped, a NULL value is a period that was not observed; a series without a value gives no rows. options as forecast_options; NULL means its defaults. Where its unit is NULL, that of each series is found from its own rows: give it where steps of several series are to be compared, added or reconciled. drivers names columns of the query (numbers, at most 100) that move the value and are known for the horizon: rows after the last value with a NULL value bring those of the future; a period without a row repeats those of the period before. holidays is a SELECT of at date, name and, optionally, lower and upper integer (days before, as 0 or less, and after the date that belong to it); each becomes a driver: in daily series one for each day of the window, in weeks and longer the share of days. calendar is a SELECT of period (whole number), starts_on and ends_on date that defines the periods, such as 4-4-5 weeks: values are compared per day, so that longer periods do not look like growth, and the forecast is that of the whole period; at is then starts_on. Bounded memory: rows are sorted within maintenance_work_mem, else on disk. Errors, with the series in the context: 42601 not one SELECT, 42703, 42702 and 42804 columns missing, there twice or of the wrong type, 22000 a value or driver that is not finite, drivers that are NULL or missing for the horizon, a row or period outside the calendar, 22008 an infinite time, 22023 an option, the horizon or the query out of range or NULL, 54000 beyond 1,000,000 periods, 67,108,864 rows of a series or 100 driver columns.';
COMMENT ON FUNCTION explain_series(text, int, forecast_options, text[], text, text) IS
'How forecast_series of the same arguments came about, several rows a series: series as there, topic (rows, calendar, options, season, drivers, model, fit or intervals), item, value (NULL where the item says it all) and reason (why, or in what unit). Drivers and holidays bear their names; amounts are in the unit of the values, with a calendar per period of mean length. Errors as forecast_series.';
COMMENT ON FUNCTION backtest_series(text, int, forecast_options, int, int, int, int, text[], text, text) IS
'How good the forecasts of the series of a query would have been: from up to origins past moments, each step periods before the next, the horizon periods that lie gap periods after it are forecast with nothing but what was known then, and put next to what came. query, options, drivers, holidays and calendar as in forecast_series; drivers of the judged periods are taken as known. window is the number of periods to train on, at least 3; NULL: all before the origin. Rows: series, origin (1 = earliest), trained (periods in the training), ahead (periods after the end of the training: gap + 1 to gap + horizon), at or period, actual (NULL where nothing was observed), the forecast with its intervals, error = mean - actual (above 0: too high), model. A series with fewer than 3 values before an origin has no such origin. The accuracy aggregates (mase, wape, coverage, ...) take these rows. Errors as forecast_series, and 22023 for origins or step below 1, window below 3 or gap below 0 or NULL.';
