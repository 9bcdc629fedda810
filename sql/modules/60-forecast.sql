-- The forecasting room, part 1: forecast, a series in and its future out.

CREATE TYPE forecast_point AS (
    step int,
    at timestamp,
    period bigint,
    mean float8,
    lo80 float8,
    hi80 float8,
    lo95 float8,
    hi95 float8,
    model text);

CREATE TYPE forecast_explanation AS (
    topic text,
    item text,
    value float8,
    reason text);

CREATE TYPE forecast_options AS (
    method text,
    accuracy text,
    season float8,
    seasons float8[],
    unit text,
    time_zone text,
    gaps text,
    duplicates text,
    until timestamp,
    nonnegative boolean,
    transform text,
    lambda float8,
    intervals text);

CREATE FUNCTION forecast_options(
    method text DEFAULT 'auto', accuracy text DEFAULT 'standard', season float8 DEFAULT NULL,
    seasons float8[] DEFAULT NULL, unit text DEFAULT NULL, time_zone text DEFAULT 'UTC',
    gaps text DEFAULT 'missing', duplicates text DEFAULT 'sum', until timestamp DEFAULT NULL,
    nonnegative boolean DEFAULT false, transform text DEFAULT 'none', lambda float8 DEFAULT NULL,
    intervals text DEFAULT 'auto')
    RETURNS forecast_options
    LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
    RETURN ROW(method, accuracy, season, seasons, unit, time_zone, gaps, duplicates, until,
               nonnegative, transform, lambda, intervals)::@extschema@.forecast_options;

-- Steps of the aggregates.

CREATE FUNCTION forecast_add(internal, at date, value float8, horizon int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_date' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamp, value float8, horizon int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamp' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamptz, value float8, horizon int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamptz' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at bigint, value float8, horizon int) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_period' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at date, value float8, horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_date' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamp, value float8, horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamp' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamptz, value float8, horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamptz' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at bigint, value float8, horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_period' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at date, value float8, drivers float8[], horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_date_drivers' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamp, value float8, drivers float8[], horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamp_drivers' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at timestamptz, value float8, drivers float8[], horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_timestamptz_drivers' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_add(internal, at bigint, value float8, drivers float8[], horizon int, options forecast_options) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_add_period_drivers' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_combine' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'sf_forecast_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION forecast_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'sf_forecast_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION forecast_final(internal) RETURNS forecast_point[]
    AS 'MODULE_PATHNAME', 'sf_forecast_final' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
CREATE FUNCTION forecast_explain(internal) RETURNS forecast_explanation[]
    AS 'MODULE_PATHNAME', 'sf_forecast_explain' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

-- SSPACE: a series of ten years of months.

CREATE AGGREGATE forecast(at date, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamp, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamptz, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at bigint, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at date, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamp, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamptz, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at bigint, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at date, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamp, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at timestamptz, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE forecast(at bigint, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_final, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at date, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamp, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamptz, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at bigint, value float8, horizon int) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at date, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamp, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamptz, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at bigint, value float8, horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at date, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamp, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at timestamptz, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);
CREATE AGGREGATE explain_forecast(at bigint, value float8, drivers float8[], horizon int, options forecast_options) (
    SFUNC = forecast_add, STYPE = internal, COMBINEFUNC = forecast_combine,
    SERIALFUNC = forecast_serialize, DESERIALFUNC = forecast_deserialize,
    FINALFUNC = forecast_explain, SSPACE = 2048, PARALLEL = SAFE);

COMMENT ON TYPE forecast_point IS
'One period of a forecast, made by forecast and forecast_series. lo95 <= lo80 <= mean <= hi80 <= hi95, in the unit of the values.';
COMMENT ON COLUMN forecast_point.step IS 'Periods after the end of the history, from 1.';
COMMENT ON COLUMN forecast_point.at IS 'The period: local time, stamped as the history is (first or last day of the month, Mondays, at noon). NULL when the times of the series are whole numbers.';
COMMENT ON COLUMN forecast_point.period IS 'The number of the period when the times of the series are whole numbers; else NULL.';
COMMENT ON COLUMN forecast_point.mean IS 'The expected value of the period, in the unit of the values.';
COMMENT ON COLUMN forecast_point.lo80 IS 'The value lies above this with a probability of 90 %: with hi80 an interval of 80 %.';
COMMENT ON COLUMN forecast_point.hi80 IS 'The value lies below this with a probability of 90 %.';
COMMENT ON COLUMN forecast_point.lo95 IS 'The value lies above this with a probability of 97.5 %: with hi95 an interval of 95 %.';
COMMENT ON COLUMN forecast_point.hi95 IS 'The value lies below this with a probability of 97.5 %.';
COMMENT ON COLUMN forecast_point.model IS 'What was fitted, the same for all periods of a forecast.';
COMMENT ON TYPE forecast_explanation IS 'One line of what explain_forecast tells: how the rows became a series and what was fitted to it.';
COMMENT ON COLUMN forecast_explanation.topic IS 'rows, calendar, options, season, drivers, model, fit, intervals or check.';
COMMENT ON COLUMN forecast_explanation.item IS 'What of it: a count, a parameter, a name.';
COMMENT ON COLUMN forecast_explanation.value IS 'Its number; NULL where the item says it all.';
COMMENT ON COLUMN forecast_explanation.reason IS 'Why, or in what unit; NULL where the item says it all.';
COMMENT ON TYPE forecast_options IS 'How a series is read and forecast. Made by the function forecast_options, which names every option and its default.';
COMMENT ON COLUMN forecast_options.method IS 'auto (a combination of methods, the default), a method of forecast_methods() such as theta, ets or croston, stl+ in front of one, or a single model such as ets(M,Ad,M) or arima(1,1,1)(0,1,1).';
COMMENT ON COLUMN forecast_options.accuracy IS 'standard, or high: more methods in the combination and more time.';
COMMENT ON COLUMN forecast_options.season IS 'Periods of one season, 1 or more; 1 means that there is none. NULL: what is usual for the unit (hour 24 and 168, 15 minutes 96 and 672, minute 60 and 1440, day 7 and 365.25, business day 5 and 260.9, week 52.18, month 12, quarter 4); whole-number times are searched for seasons.';
COMMENT ON COLUMN forecast_options.seasons IS 'Several seasons, at most 6, instead of season.';
COMMENT ON COLUMN forecast_options.unit IS 'Length of a period: a number (default 1) of seconds, minutes, hours, days, weeks, months, quarters or years, or business day (no Saturdays and Sundays), or period for whole-number times: month, 30 minutes, 2 weeks. Weeks begin on Monday unless the rows come by the week. NULL: what the times of the rows show.';
COMMENT ON COLUMN forecast_options.time_zone IS 'Where timestamptz is cut into periods; the setting of the session does not matter, so midnights of another zone need it.';
COMMENT ON COLUMN forecast_options.gaps IS 'missing: a period without rows was not observed; where unit is NULL, times of the week that never have a row are closed and 0 is forecast for them. zero: nothing happened in it.';
COMMENT ON COLUMN forecast_options.duplicates IS 'How rows of one period are put together: sum, mean, last, first, or error.';
COMMENT ON COLUMN forecast_options.until IS 'The history ends with this local time, midnight standing for the whole day; later rows count for their drivers only, periods without rows up to it are gaps. Where rows are summed into longer periods and it is not the last day or hour of one, the history ends with the period before. NULL: the history ends with its last value; a last period of which only a part has rows is left out then, as a first one always is.';
COMMENT ON COLUMN forecast_options.nonnegative IS 'True: nothing below 0 is forecast.';
COMMENT ON COLUMN forecast_options.transform IS 'none, log or box_cox; the last two need values above 0.';
COMMENT ON COLUMN forecast_options.lambda IS 'Exponent of box_cox, between -5 and 5. NULL: estimated.';
COMMENT ON COLUMN forecast_options.intervals IS 'auto, model (variance of the model, normal) or conformal (ranked errors of rolling origins).';
COMMENT ON FUNCTION forecast_options(text, text, float8, float8[], text, text, text, text, timestamp, boolean, text, float8, text) IS
'Options of forecast and forecast_series. method: auto (a combination of methods, the default), a method of forecast_methods() such as theta, ets or croston, stl+ in front of one, or a single model such as ets(M,Ad,M) or arima(1,1,1)(0,1,1). accuracy: standard, or high: more methods in the combination and more time. season: Periods of one season, 1 or more; 1 means that there is none. NULL: what is usual for the unit (hour 24 and 168, 15 minutes 96 and 672, minute 60 and 1440, day 7 and 365.25, business day 5 and 260.9, week 52.18, month 12, quarter 4); whole-number times are searched for seasons. seasons: Several seasons, at most 6, instead of season. unit: Length of a period: a number (default 1) of seconds, minutes, hours, days, weeks, months, quarters or years, or business day (no Saturdays and Sundays), or period for whole-number times: month, 30 minutes, 2 weeks. Weeks begin on Monday unless the rows come by the week. NULL: what the times of the rows show. time_zone: Where timestamptz is cut into periods; the setting of the session does not matter, so midnights of another zone need it. gaps: missing: a period without rows was not observed; where unit is NULL, times of the week that never have a row are closed and 0 is forecast for them. zero: nothing happened in it. duplicates: How rows of one period are put together: sum, mean, last, first, or error. until: The history ends with this local time, midnight standing for the whole day; later rows count for their drivers only, periods without rows up to it are gaps. Where rows are summed into longer periods and it is not the last day or hour of one, the history ends with the period before. NULL: the history ends with its last value; a last period of which only a part has rows is left out then, as a first one always is. nonnegative: True: nothing below 0 is forecast. transform: none, log or box_cox; the last two need values above 0. lambda: Exponent of box_cox, between -5 and 5. NULL: estimated. intervals: auto, model (variance of the model, normal) or conformal (ranked errors of rolling origins). NULL for an option that has no NULL above is an error. Values are checked when they are used: error 22023, naming the option.';

COMMENT ON FUNCTION forecast_combine(internal, internal) IS 'Combines two states of forecast. Error 22023 when horizon or options differ.';
COMMENT ON FUNCTION forecast_serialize(internal) IS 'Sends a state of forecast to another process.';
COMMENT ON FUNCTION forecast_deserialize(bytea, internal) IS 'Receives a state of forecast. Error 22P03 when the bytes are not one.';
COMMENT ON FUNCTION forecast_final(internal) IS 'Result of forecast; NULL without a value.';
COMMENT ON FUNCTION forecast_explain(internal) IS 'Result of explain_forecast; NULL without a value.';
COMMENT ON FUNCTION forecast_add(internal, date, float8, int) IS 'Step of forecast(date, float8, int).';
COMMENT ON FUNCTION forecast_add(internal, timestamp, float8, int) IS 'Step of forecast(timestamp, float8, int).';
COMMENT ON FUNCTION forecast_add(internal, timestamptz, float8, int) IS 'Step of forecast(timestamptz, float8, int).';
COMMENT ON FUNCTION forecast_add(internal, bigint, float8, int) IS 'Step of forecast(bigint, float8, int).';
COMMENT ON FUNCTION forecast_add(internal, date, float8, int, forecast_options) IS 'Step of forecast(date, float8, int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, timestamp, float8, int, forecast_options) IS 'Step of forecast(timestamp, float8, int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, timestamptz, float8, int, forecast_options) IS 'Step of forecast(timestamptz, float8, int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, bigint, float8, int, forecast_options) IS 'Step of forecast(bigint, float8, int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, date, float8, float8[], int, forecast_options) IS 'Step of forecast(date, float8, float8[], int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, timestamp, float8, float8[], int, forecast_options) IS 'Step of forecast(timestamp, float8, float8[], int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, timestamptz, float8, float8[], int, forecast_options) IS 'Step of forecast(timestamptz, float8, float8[], int, forecast_options).';
COMMENT ON FUNCTION forecast_add(internal, bigint, float8, float8[], int, forecast_options) IS 'Step of forecast(bigint, float8, float8[], int, forecast_options).';
COMMENT ON AGGREGATE forecast(date, float8, int) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is date. Rows come in any order and number; the period (day, month, ...) is found from their times. Options are the defaults of forecast_options. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamp, float8, int) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamp. Rows come in any order and number; the period (day, month, ...) is found from their times. Options are the defaults of forecast_options. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamptz, float8, int) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamptz, cut in the time zone of the options (UTC unless given). Rows come in any order and number; the period (day, month, ...) is found from their times. Options are the defaults of forecast_options. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(bigint, float8, int) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is a whole number, one more each period. Rows come in any order and number; the period (day, month, ...) is found from their times. Options are the defaults of forecast_options. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(date, float8, int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is date. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamp, float8, int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamp. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamptz, float8, int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamptz, cut in the time zone of the options (UTC unless given). Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(bigint, float8, int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is a whole number, one more each period. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(date, float8, float8[], int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is date. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. drivers are 1 to 100 numbers that move the value (price, working days), known for every period of the horizon: rows with a NULL value after the last one with a value bring those of the future. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22000 when drivers are NULL, not finite or missing for the horizon, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamp, float8, float8[], int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamp. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. drivers are 1 to 100 numbers that move the value (price, working days), known for every period of the horizon: rows with a NULL value after the last one with a value bring those of the future. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22000 when drivers are NULL, not finite or missing for the horizon, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(timestamptz, float8, float8[], int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is timestamptz, cut in the time zone of the options (UTC unless given). Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. drivers are 1 to 100 numbers that move the value (price, working days), known for every period of the horizon: rows with a NULL value after the last one with a value bring those of the future. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22000 when drivers are NULL, not finite or missing for the horizon, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE forecast(bigint, float8, float8[], int, forecast_options) IS
'The next horizon periods of a series with 80 % and 95 % intervals: an array of forecast_point, in the unit of value, to be read by unnest. at is a whole number, one more each period. Rows come in any order and number; the period (day, month, ...) is found from their times. Options as forecast_options describes them; NULL means the defaults. drivers are 1 to 100 numbers that move the value (price, working days), known for every period of the horizon: rows with a NULL value after the last one with a value bring those of the future. Rows with a NULL at are skipped; a NULL value is a period that was not observed; NULL when no row has a value. Errors: 22000 when a value is NaN or infinite or a transform cannot take it, 22000 when drivers are NULL, not finite or missing for the horizon, 22008 when a time is infinite, 22023 when horizon is not between 1 and 100000 or an option is out of range or they differ between rows, 54000 beyond 1,000,000 periods or 67,108,864 rows.';
COMMENT ON AGGREGATE explain_forecast(date, float8, int) IS
'How forecast(date, float8, int) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamp, float8, int) IS
'How forecast(timestamp, float8, int) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamptz, float8, int) IS
'How forecast(timestamptz, float8, int) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(bigint, float8, int) IS
'How forecast(bigint, float8, int) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(date, float8, int, forecast_options) IS
'How forecast(date, float8, int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamp, float8, int, forecast_options) IS
'How forecast(timestamp, float8, int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamptz, float8, int, forecast_options) IS
'How forecast(timestamptz, float8, int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(bigint, float8, int, forecast_options) IS
'How forecast(bigint, float8, int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(date, float8, float8[], int, forecast_options) IS
'How forecast(date, float8, float8[], int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamp, float8, float8[], int, forecast_options) IS
'How forecast(timestamp, float8, float8[], int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(timestamptz, float8, float8[], int, forecast_options) IS
'How forecast(timestamptz, float8, float8[], int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
COMMENT ON AGGREGATE explain_forecast(bigint, float8, float8[], int, forecast_options) IS
'How forecast(bigint, float8, float8[], int, forecast_options) of the same arguments came about: rows used, put together and left out, unit, gaps, seasons, the model and its parameters, as an array of forecast_explanation. NULL when no row has a value. Errors as there.';
