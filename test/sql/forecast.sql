-- The forecasting room as a reader meets it: forecast, explain_forecast, forecast_series, backtest_series and what
-- is in a series.  Numbers are rounded; the laws are in test/pgtap/forecast_laws.sql.
SET search_path = public, sales_forecast;
SET DateStyle = ISO;

-- Two shops, four years of months; the second one opened later and was closed one July.
CREATE TABLE sale AS
SELECT 'Oslo' AS shop, (date '2020-01-01' + make_interval(months => m))::date AS month,
       100 + m + (ARRAY[-10, -20, 0, 5, 10, 20, -30, 10, 5, 0, 5, 60])[1 + m % 12] AS amount
FROM generate_series(0, 47) AS m
UNION ALL
SELECT 'Bergen', (date '2020-01-01' + make_interval(months => m))::date, 50 + 2 * (m % 3)
FROM generate_series(20, 47) AS m WHERE m <> 30;

-- One row a month and shop, with what may happen.
SELECT shop, p.step, p.at::date, round(p.mean::numeric) AS mean, p.lo95 <= p.lo80 AND p.lo80 <= p.mean AND p.mean <= p.hi80 AND p.hi80 <= p.hi95 AS ordered
FROM (SELECT shop, forecast(month, amount, 4) AS f FROM sale GROUP BY shop) AS s, unnest(f) AS p
ORDER BY shop, p.step;
SELECT shop, p.step, p.at::date, p.mean, p.model
FROM (SELECT shop, forecast(month, amount, 3, forecast_options(method => 'seasonal_naive')) AS f FROM sale GROUP BY shop) AS s, unnest(f) AS p
ORDER BY shop, p.step;

-- How it came about.
SELECT e.topic, e.item, round(e.value::numeric, 2) AS value, e.reason
FROM (SELECT explain_forecast(month, amount, 3, forecast_options(method => 'naive')) AS e FROM sale WHERE shop = 'Bergen') AS s, unnest(e) AS e;

-- Orders as they come: put together by day, the days without any stay empty or count as nothing.
CREATE TABLE sale_order (at timestamptz, amount numeric);
INSERT INTO sale_order VALUES ('2024-03-04 09:15+01', 10), ('2024-03-04 23:30+01', 20.50), ('2024-03-05 10:00+01', 5), ('2024-03-07 00:10+01', 8), ('2024-03-08 12:00+01', 4);
SELECT gaps, duplicates, p.step, p.at, p.mean
FROM (VALUES ('missing', 'sum'), ('zero', 'sum'), ('missing', 'mean'), ('missing', 'last')) AS o(gaps, duplicates),
     LATERAL (SELECT forecast(at, amount, 2, forecast_options(method => 'mean', unit => 'day', time_zone => 'Europe/Oslo', gaps => o.gaps, duplicates => o.duplicates)) AS f FROM sale_order) AS s,
     unnest(f) AS p WHERE p.step = 1;
SELECT p.at, p.mean FROM unnest((SELECT forecast(at, amount, 2, forecast_options(method => 'naive', unit => 'day', gaps => 'zero', until => '2024-03-10')) FROM sale_order)) AS p;

-- Whole numbers as periods.
SELECT p.step, p.at, p.period, p.mean FROM unnest((SELECT forecast(week, week * 10, 2, forecast_options(method => 'drift')) FROM generate_series(101, 120) AS week)) AS p;

-- Mistakes are told, with what to do about them.
SELECT forecast(month, amount, 0) FROM sale;
SELECT forecast(month, 'NaN', 3) FROM sale;
SELECT forecast(month, amount, 3, forecast_options(method => 'crystal ball')) FROM sale;
SELECT forecast(month, amount, 3, forecast_options(gaps => 'none')) FROM sale;
SELECT forecast(month, amount, 3, forecast_options(unit => 'fortnight')) FROM sale;
SELECT forecast(month, amount, 3, forecast_options(unit => 'month', duplicates => 'error')) FROM sale;
SELECT forecast(month, amount, 3, forecast_options(unit => 'second')) FROM sale;
SELECT forecast(month, amount, length(shop)) FROM sale;
SELECT forecast(month, amount, ARRAY[extract(month FROM month)], 3, NULL) FROM sale WHERE shop = 'Oslo';

-- All series of a query at once.
SELECT series, step, at::date, round(mean::numeric, 1) AS mean, model
FROM forecast_series('SELECT shop AS series, month AS at, amount AS value FROM sale', 2, forecast_options(method => 'drift'));
SELECT * FROM forecast_series('SELECT shop, month FROM sale', 2);
SELECT * FROM forecast_series('SELECT shop AS series, month::text AS at, amount AS value FROM sale', 2);
SELECT * FROM forecast_series('SELECT shop AS series, month AS at, CASE month WHEN ''2022-05-01'' THEN ''NaN'' ELSE amount::float8 END AS value FROM sale', 2);
SELECT * FROM forecast_series('SELECT shop AS series, month AS at, CASE shop WHEN ''Oslo'' THEN -amount ELSE amount END AS value FROM sale', 2, forecast_options(transform => 'log'));

-- A fiscal calendar of 4-4-5 weeks: as much a week, more in the long months.
CREATE TABLE fiscal AS
SELECT 3 * q + k + 1 AS period, date '2022-01-03' + 91 * q + 28 * k AS starts_on, date '2022-01-03' + 91 * q + 28 * k + CASE k WHEN 2 THEN 34 ELSE 27 END AS ends_on
FROM generate_series(0, 11) AS q, generate_series(0, 2) AS k;
SELECT step, at::date, period, round(mean::numeric, 2) AS mean
FROM forecast_series($$SELECT starts_on AS at, ends_on - starts_on + 1 AS value FROM fiscal WHERE period <= 24$$, 3,
                     calendar => 'SELECT period, starts_on, ends_on FROM fiscal');

-- What would have been forecast, next to what came.
SELECT series, origin, trained, ahead, at::date, actual, mean, error
FROM backtest_series('SELECT shop AS series, month AS at, amount AS value FROM sale', 2, forecast_options(method => 'seasonal_naive'), origins => 2, step => 6)
ORDER BY series, origin, ahead;

-- What is in a series.
SELECT at::date, value, round(trend::numeric) AS trend, round(season::numeric) AS season, round(remainder::numeric) AS remainder
FROM decompose_series($$SELECT month AS at, amount AS value FROM sale WHERE shop = 'Oslo'$$) ORDER BY at LIMIT 6;
SELECT series, season, strength > 0.9 AS strong FROM detect_periods($$SELECT shop AS series, month AS at, amount AS value FROM sale$$);
SELECT at::date, value, round(replacement::numeric) AS replacement
FROM series_outliers($$SELECT month AS at, CASE month WHEN '2022-05-01' THEN 500 ELSE amount + extract(day FROM month + 17 * extract(year FROM month)::int % 5) END AS value FROM sale WHERE shop = 'Oslo'$$);
SELECT feature, round(value::numeric, 2) AS value FROM series_features($$SELECT month AS at, amount AS value FROM sale WHERE shop = 'Oslo'$$)
WHERE feature IN ('length', 'season_length', 'cycles', 'missing_share');

DROP TABLE sale, sale_order, fiscal;
