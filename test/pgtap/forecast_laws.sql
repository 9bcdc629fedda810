-- Laws of forecast, forecast_series and backtest_series: what must not show (row order, plan, session), what must
-- (scale, time, options), and the errors.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;

CREATE FUNCTION pg_temp.workers(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
            set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
            set_config('min_parallel_table_scan_size', '0', true);
END
$$;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
CREATE FUNCTION pg_temp.means(f forecast_point[]) RETURNS float8[] LANGUAGE sql AS
$$SELECT array_agg(mean ORDER BY step) FROM unnest(f)$$;
CREATE FUNCTION pg_temp.stamps(f forecast_point[]) RETURNS text LANGUAGE sql AS
$$SELECT string_agg(to_char(at, 'YYYY-MM-DD HH24:MI'), ', ' ORDER BY step) FROM unnest(f)$$;

SELECT setseed(0.5);
CREATE TABLE sale AS
SELECT s AS shop, (date '2014-01-01' + make_interval(months => g))::date AS at,
       round((200 + 3 * g + 40 * sin(g * pi() / 6) + 20 * random() + 30 * s)::numeric, 2)::float8 AS value
FROM generate_series(0, 9) AS s, generate_series(0, 59) AS g;
ALTER TABLE sale SET (parallel_workers = 2);
ANALYZE sale;

-- The order of the rows, the plan and the grouping do not show, to the last bit.
SELECT pg_temp.workers(0);
CREATE TEMP TABLE serial AS SELECT shop, forecast(at, value, 12) AS f, explain_forecast(at, value, 12) AS e FROM sale GROUP BY shop;
SELECT is(count(*) FILTER (WHERE array_length(f, 1) = 12), 10::bigint, 'twelve months for each of ten shops') FROM serial;
SELECT is(count(*), 0::bigint, 'row order does not show')
FROM (SELECT shop, forecast(at, value, 12 ORDER BY md5(at::text || value)) AS f FROM sale GROUP BY shop) AS x
JOIN serial USING (shop) WHERE x.f::text <> serial.f::text;
SELECT is(count(*), 0::bigint, 'nor does it where rows share a period')
FROM (SELECT shop, forecast(at, value / 10 * i, 3 ORDER BY at, i) AS f, forecast(at, value / 10 * i, 3 ORDER BY i DESC, value) AS b
      FROM sale, generate_series(1, 4) AS i GROUP BY shop) AS x WHERE f::text <> b::text;
SELECT is((SELECT forecast(at, value, 12)::text FROM sale WHERE shop = 4), f::text, 'a group is the series alone') FROM serial WHERE shop = 4;
SELECT pg_temp.workers(2);
SELECT ok(string_agg(l, ' ') LIKE '%Partial%Aggregate%', 'the plan of forecast is parallel')
FROM pg_temp.plan_of('SELECT shop, forecast(at, value, 12) FROM sale GROUP BY shop') AS l;
SELECT is(count(*), 0::bigint, 'parallel equals serial, byte for byte')
FROM (SELECT shop, forecast(at, value, 12) AS f, explain_forecast(at, value, 12) AS e FROM sale GROUP BY shop) AS x
JOIN serial USING (shop) WHERE x.f::text <> serial.f::text OR x.e::text <> serial.e::text;
SELECT throws_ok($$SELECT forecast(at, value, 12, forecast_options(season => 2 + shop)) FROM sale$$, '22023', NULL,
                 'options that differ are found across workers, too');
SELECT throws_ok($$SELECT forecast(at, value, 12 + shop) FROM sale$$, '22023', NULL, 'and horizons');
SELECT pg_temp.workers(0);
SELECT lives_ok($$SELECT shop, forecast(at, value, 2 + shop, forecast_options(season => 2 + shop)) FROM sale GROUP BY shop$$,
                'each group may have its own horizon and options');
SELECT is(count(*), 0::bigint, 'and gets them, though rows of groups alternate')
FROM (SELECT shop, forecast(at, value, 2, forecast_options(until => date '2018-01-01' + shop * 60)) AS f
      FROM (SELECT * FROM sale ORDER BY at) AS o GROUP BY shop) AS x
WHERE f::text <> (SELECT forecast(at, value, 2, forecast_options(until => date '2018-01-01' + x.shop * 60))::text FROM sale WHERE shop = x.shop);

-- Scale and time.
SELECT is(count(*), 0::bigint, 'twice the sales, exactly twice the forecast and its intervals')
FROM (SELECT shop, forecast(at, value * 2, 12) AS d FROM sale GROUP BY shop) AS x JOIN serial USING (shop),
     LATERAL unnest(f) WITH ORDINALITY AS a, LATERAL unnest(d) WITH ORDINALITY AS b
WHERE a.ordinality = b.ordinality AND (a.mean * 2, a.lo80 * 2, a.hi80 * 2, a.lo95 * 2, a.hi95 * 2) <> (b.mean, b.lo80, b.hi80, b.lo95, b.hi95);
SELECT is(count(*), 0::bigint, 'seven years later the same numbers, seven years later')
FROM (SELECT shop, forecast((at + interval '7 years')::date, value, 12) AS l FROM sale GROUP BY shop) AS x JOIN serial USING (shop),
     LATERAL unnest(f) WITH ORDINALITY AS a, LATERAL unnest(l) WITH ORDINALITY AS b
WHERE a.ordinality = b.ordinality AND (a.mean, a.lo95, a.at + interval '7 years') IS DISTINCT FROM (b.mean, b.lo95, b.at);
SELECT is(count(*), 0::bigint, 'dates, timestamps, timestamptz in UTC and whole numbers with the same season agree')
FROM (SELECT shop, forecast(at::timestamp, value, 12) AS t, forecast(at::timestamp AT TIME ZONE 'UTC', value, 12) AS z,
             forecast((extract(year FROM at) * 12 + extract(month FROM at))::bigint, value, 12, forecast_options(season => 12)) AS n
      FROM sale GROUP BY shop) AS x JOIN serial USING (shop)
WHERE t::text <> f::text OR z::text <> f::text OR pg_temp.means(n) <> pg_temp.means(f);
SELECT is(n, ARRAY[11, 12, 13]::bigint[], 'whole numbers go on with the next one')
FROM (SELECT array_agg(period ORDER BY step) AS n FROM unnest((SELECT forecast(g, g, 3) FROM generate_series(1, 10) AS g))) AS s;

-- The unit, from the times of the rows.
CREATE TEMP TABLE cadence (name text, at timestamp[], unit text, next text);
INSERT INTO cadence VALUES
('first of the month', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2021-06-01', '1 month') d), 'month', '2021-07-01 00:00, 2021-08-01 00:00'),
('last of the month', ARRAY(SELECT d - interval '1 day' FROM generate_series(timestamp '2020-01-01', '2021-02-01', '1 month') d), 'month', '2021-02-28 00:00, 2021-03-31 00:00'),
('the 15th, at noon', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-15 12:00', '2021-06-16', '1 month') d), 'month', '2021-07-15 12:00, 2021-08-15 12:00'),
('quarters', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2023-01-01', '3 months') d), 'quarter', '2023-04-01 00:00, 2023-07-01 00:00'),
('ends of quarters', ARRAY(SELECT d - interval '1 day' FROM generate_series(timestamp '2020-04-01', '2023-01-01', '3 months') d), 'quarter', '2023-03-31 00:00, 2023-06-30 00:00'),
('years from July', ARRAY(SELECT d FROM generate_series(timestamp '2010-07-01', '2023-07-01', '1 year') d), 'year', '2024-07-01 00:00, 2025-07-01 00:00'),
('half years', ARRAY(SELECT d FROM generate_series(timestamp '2010-01-01', '2023-07-01', '6 months') d), '2 quarters', '2024-01-01 00:00, 2024-07-01 00:00'),
('Thursdays', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-02', '2020-12-31', '7 days') d), 'week', '2021-01-07 00:00, 2021-01-14 00:00'),
('every other Thursday', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-02', '2020-12-17', '14 days') d), '2 weeks', '2020-12-31 00:00, 2021-01-14 00:00'),
('weeks with a day off', ARRAY(SELECT d + interval '1 day' * (extract(day FROM d)::int % 9 = 0)::int FROM generate_series(timestamp '2020-01-06', '2020-12-28', '7 days') d), 'week', '2021-01-04 00:00, 2021-01-11 00:00'),
('days', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2020-03-31', '1 day') d), 'day', '2020-04-01 00:00, 2020-04-02 00:00'),
('Monday to Friday', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2020-04-03', '1 day') d WHERE extract(isodow FROM d) < 6), 'business day', '2020-04-06 00:00, 2020-04-07 00:00'),
('orders at any time', ARRAY(SELECT timestamp '2020-01-01 00:00' + g * g % 5003 * interval '1 hour 7 minutes 3 seconds' FROM generate_series(1, 999) g), 'day', '2020-08-21 00:00, 2020-08-22 00:00'),
('few orders', ARRAY(SELECT timestamp '2020-01-01 00:00' + g * g % 5003 * interval '1 hour 7 minutes 3 seconds' FROM generate_series(1, 20) g), 'day', NULL),
('hours', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2020-01-09', '1 hour') d), 'hour', '2020-01-09 01:00, 2020-01-09 02:00'),
('half-hours', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2020-01-09', '30 minutes') d), '30 minutes', '2020-01-09 00:30, 2020-01-09 01:00'),
('minutes', ARRAY(SELECT d FROM generate_series(timestamp '2020-01-01', '2020-01-01 03:00', '1 minute') d), 'minute', '2020-01-01 03:01, 2020-01-01 03:02'),
('one day', ARRAY[timestamp '2020-05-17'], 'day', '2020-05-18 00:00, 2020-05-19 00:00');
DELETE FROM cadence WHERE next IS NULL;
SELECT is((SELECT e.item FROM unnest(s.e) AS e WHERE e.topic = 'calendar' LIMIT 1) || ': ' || pg_temp.stamps(s.f), unit || ': ' || next, name)
FROM cadence, LATERAL (SELECT explain_forecast(t, 1, 2, forecast_options(method => 'naive')) AS e,
                              forecast(t, 1, 2, forecast_options(method => 'naive')) AS f FROM unnest(at) AS t) AS s;
SELECT is(pg_temp.stamps(forecast(d, 1, 2, forecast_options(unit => u))), n, 'unit ' || u)
FROM generate_series(timestamp '2020-01-01 05:00', '2020-03-10', '5 hours') AS d,
     (VALUES ('2 weeks', '2020-03-09 00:00, 2020-03-23 00:00'), ('quarter', '2020-04-01 00:00, 2020-07-01 00:00'), ('business day', '2020-03-10 00:00, 2020-03-11 00:00'),
             ('6 hours', '2020-03-10 00:00, 2020-03-10 06:00')) AS v(u, n) GROUP BY u, n;
SELECT is((SELECT array_agg(value) FROM unnest(e) WHERE topic = 'season'), s, 'seasons of a ' || u)
FROM (VALUES ('month', ARRAY[12]::float8[]), ('quarter', ARRAY[4]), ('week', ARRAY[365.25 / 7]), ('day', ARRAY[7, 365.25]), ('hour', ARRAY[24, 168]),
             ('minute', ARRAY[60, 1440]), ('15 minutes', ARRAY[96, 672]), ('5 minutes', ARRAY[12, 288]), ('30 minutes', ARRAY[48, 336]), ('year', NULL)) AS v(u, s),
     LATERAL (SELECT explain_forecast(timestamp '2020-01-01' + ('1 ' || CASE u WHEN '30 minutes' THEN 'hour' WHEN '15 minutes' THEN 'hour' WHEN '5 minutes' THEN 'hour' WHEN 'quarter' THEN 'year' ELSE u END)::interval * g, g, 1,
                                      forecast_options(unit => u, method => 'naive')) AS e FROM generate_series(1, 5) AS g) AS x;

SELECT is((SELECT e.item FROM unnest(explain_forecast(d, 1, 1)) AS e WHERE e.topic = 'calendar' LIMIT 1) || ' ' || pg_temp.stamps(forecast(d, 1, 1)), 'quarter 2023-01-01 00:00', 'last business days of quarters')
FROM (SELECT (q - CASE extract(isodow FROM q) WHEN 6 THEN 1 WHEN 7 THEN 2 ELSE 0 END * interval '1 day')::date AS d
      FROM (SELECT m - interval '1 day' AS q FROM generate_series(timestamp '2014-04-01', '2023-01-01', '3 months') AS m) AS e) AS s;

-- Closed days and hours: never a row there, and nothing is forecast.
SELECT is(count(*) FILTER (WHERE (abs(p.mean) + abs(p.lo95) + abs(p.hi95) = 0) <> (extract(isodow FROM p.at) = 7)), 0::bigint, 'closed on Sundays: ' || m)
FROM unnest(ARRAY['auto', 'naive', 'ets']) AS m,
     LATERAL (SELECT forecast(d, CASE WHEN extract(isodow FROM d) = 6 THEN 200 ELSE 100 END, 21, forecast_options(method => m)) AS f
              FROM generate_series(timestamp '2021-01-04', '2021-12-29', '1 day') AS d WHERE extract(isodow FROM d) < 7 AND d <> '2021-05-05') AS s, unnest(f) AS p GROUP BY m;
SELECT ok(abs(sum(p.mean) - 700) < 30, 'a week of six days') FROM unnest((SELECT forecast(d, CASE WHEN extract(isodow FROM d) = 6 THEN 200 ELSE 100 END, 7)
    FROM generate_series(timestamp '2021-01-04', '2021-12-29', '1 day') AS d WHERE extract(isodow FROM d) < 7)) AS p;
SELECT is((SELECT sum(mean)::numeric(9, 3) FROM unnest(f)) || ' ' || (SELECT reason FROM unnest(e) WHERE item = 'closed'), '1100.000 91 of 168 times of a week; never with a row, so 0 is forecast', 'open from 8 to 18')
FROM (SELECT forecast(h, 100, 24) AS f, explain_forecast(h, 100, 24) AS e FROM generate_series(timestamp '2021-01-04', '2021-02-28 18:00', '1 hour') AS h WHERE extract(hour FROM h) BETWEEN 8 AND 18) AS s;
SELECT is(count(*) FILTER (WHERE item = 'closed'), 0::bigint, 'not where a day is missing by chance') FROM unnest((SELECT explain_forecast(d, 100, 1)
    FROM generate_series(timestamp '2021-01-04', '2021-01-27', '1 day') AS d WHERE hashint4(extract(day FROM d)::int) % 2 = 0)) AS e;
SELECT is((SELECT reason FROM unnest(e) WHERE item = 'closed'), 'Sunday; never with a row, so 0 is forecast', 'and says which')
FROM (SELECT explain_forecast(d, 100, 1) AS e FROM generate_series(timestamp '2021-01-04', '2021-12-29', '1 day') AS d WHERE extract(isodow FROM d) < 7) AS s;

-- Rows of one period.
SELECT is(forecast(at, part, 3)::text, (SELECT forecast(at, 4 * value, 3)::text FROM sale WHERE shop = 0), 'four parts of a month are the month')
FROM sale, unnest(ARRAY[value / 2, value / 2, value, 2 * value]) AS part WHERE shop = 0;
SELECT is((f[1]).mean, m, 'duplicates: ' || d)
FROM (VALUES ('sum', 12::float8), ('mean', 4), ('last', 7), ('first', 3)) AS v(d, m),
     LATERAL (SELECT forecast(t, x, 1, forecast_options(method => 'naive', unit => 'day', duplicates => d)) AS f
              FROM (VALUES (timestamp '2020-01-01', 1.0), ('2020-01-02 08:00', 3), ('2020-01-02 09:00', 2), ('2020-01-02 10:00', 7), ('2020-01-02 11:00', NULL)) AS r(t, x)) AS s;
SELECT throws_ok($$SELECT forecast(date '2020-01-01' + i / 2, i, 1, forecast_options(duplicates => 'error')) FROM generate_series(1, 6) AS i$$,
                 '22000', NULL, 'duplicates: error');

-- Gaps and the end of the history.
SELECT is(forecast(at, value, 3, forecast_options(gaps => 'zero'))::text,
          (SELECT forecast(at, CASE WHEN extract(month FROM at) = 8 THEN 0 ELSE value END, 3)::text FROM sale WHERE shop = 1), 'gaps => zero is a row of 0')
FROM sale WHERE shop = 1 AND extract(month FROM at) <> 8;
SELECT is(forecast(at, value, 3)::text,
          (SELECT forecast(at, CASE WHEN extract(month FROM at) <> 8 THEN value END, 3)::text FROM sale WHERE shop = 1), 'a row of NULL is no row')
FROM sale WHERE shop = 1 AND extract(month FROM at) <> 8;
SELECT is((SELECT value FROM unnest(e) WHERE item = 'gaps'), 5::float8, 'and gaps are told')
FROM (SELECT explain_forecast(at, value, 3) AS e FROM sale WHERE shop = 1 AND extract(month FROM at) <> 8) AS s;
SELECT is(forecast(at, value, 3, forecast_options(until => '2017-03-15'))::text,
          (SELECT forecast(at, value, 3)::text FROM sale WHERE shop = 1 AND at <= '2017-03-15'), 'until is the same as deleting what came later')
FROM sale WHERE shop = 1;
SELECT is(pg_temp.stamps(forecast(at, value, 2, forecast_options(until => '2019-03-15'))), '2019-04-01 00:00, 2019-05-01 00:00', 'until beyond the last row moves the forecast')
FROM sale WHERE shop = 1;
SELECT is((forecast(at, value, 1, forecast_options(until => '2019-03-15', gaps => 'zero', method => 'naive')))[1].mean, 0::float8, 'over months in which nothing was sold')
FROM sale WHERE shop = 1;
-- Part of a month is no month: rows finer than the unit, the history ends or begins within a period.
CREATE FUNCTION pg_temp.line(e forecast_explanation[], what text) RETURNS text LANGUAGE sql AS
$$SELECT string_agg(concat_ws(' ', item, value, reason), '; ') FROM unnest(e) WHERE topic || ' ' || item = what$$;
CREATE TEMP TABLE span AS SELECT * FROM (VALUES
    ('ten a day to 10 March are no low March', '2021-01-01', '2022-03-10', '1 day', 'month', NULL, '2022-03-01', 290, 310),
    ('nor from 20 January a low January', '2021-01-20', '2022-02-28', '1 day', 'month', NULL, '2022-03-01', 290, 310),
    ('a last month that is whole counts', '2021-01-01', '2022-02-28', '1 day', 'month', NULL, '2022-03-01', 290, 310),
    ('hours to noon are no day', '2022-01-01', '2022-02-10 12:00', '1 hour', 'day', NULL, '2022-02-10', 240, 240),
    ('weeks begin on Monday, the rows on a Sunday', '2021-01-03', '2022-02-27', '1 day', 'week', NULL, '2022-02-28', 70, 70),
    ('until a date is until its end', '2022-01-01', '2022-03-10', '1 hour', 'day', '2022-02-28', '2022-03-01', 240, 240),
    ('until an hour within a day is until the day before', '2022-01-01', '2022-03-10', '1 hour', 'day', '2022-02-28 12:00', '2022-02-28', 240, 240),
    ('until the last hour of a day is until the day', '2022-01-01', '2022-03-10', '1 hour', 'day', '2022-02-28 23:00', '2022-03-01', 240, 240),
    ('until within a month is until the month before', '2021-01-01', '2022-03-10', '1 day', 'month', '2022-02-15', '2022-02-01', 280, 310),
    ('until the last day of a month is until the month', '2021-01-01', '2022-03-10', '1 day', 'month', '2022-02-28', '2022-03-01', 280, 310),
    ('months into quarters', '2018-01-01', '2022-02-01', '1 month', 'quarter', NULL, '2022-01-01', 30, 30),
    ('whole quarters of months', '2018-01-01', '2022-03-01', '1 month', 'quarter', NULL, '2022-04-01', 30, 30),
    ('whole quarters of ends of months', '2018-01-31', '2022-03-31', 'last', 'quarter', NULL, '2022-04-01', 30, 30),
    ('rows a period are never partial', '2018-01-15', '2022-03-15', '1 month', 'month', NULL, '2022-04-15', 10, 10))
    AS v(name, a, b, step, unit, until, next, low, top);
SELECT ok((f[1]).at = next::timestamp AND (f[1]).mean BETWEEN low - 1e-9 AND top + 1e-9, format('%s: %s %s', name, (f[1]).at, (f[1]).mean))
FROM span, LATERAL (SELECT forecast(t, 10, 1, forecast_options(unit => unit, until => until::timestamp, season => 1)) AS f
                    FROM (SELECT d AS t FROM generate_series(a::timestamp, b::timestamp, nullif(step, 'last')::interval) AS d
                          UNION ALL SELECT d + interval '1 month - 1 day' FROM generate_series(date_trunc('month', a::timestamp), b::timestamp, '1 month') AS d WHERE step = 'last') AS r) AS s;
SELECT is(pg_temp.line(explain_forecast(d, 10, 1, forecast_options(unit => 'month')), 'calendar partial first period left out') || pg_temp.line(explain_forecast(d, 10, 1, forecast_options(unit => 'month')), 'calendar partial last period left out'),
          'partial first period left out 22 its rows with a valuepartial last period left out its rows do not reach its end', 'which explain_forecast tells')
FROM generate_series(timestamp '2021-01-10', '2022-02-10', '1 day') AS d;
SELECT is((forecast(d, 10, 1, forecast_options(unit => 'month', duplicates => 'mean', season => 1)))[1].at, '2022-04-01', 'the mean of a part stands for the whole')
FROM generate_series(timestamp '2021-01-01', '2022-03-10', '1 day') AS d;
SELECT is((forecast(d, 10, 1, forecast_options(unit => 'month', season => 1)))[1].at, '2022-05-01', 'offices that close on weekends')
FROM generate_series(timestamp '2021-01-01', '2022-04-29', '1 day') AS d WHERE extract(isodow FROM d) < 6;
SELECT is(forecast(at, value, 3), NULL, 'no row, no forecast') FROM sale WHERE false;
SELECT is(forecast(at, NULL, 3), NULL, 'no value, no forecast') FROM sale;
SELECT is(forecast(at, value, 3, forecast_options(until => '2000-01-01')), NULL, 'nothing until then, no forecast') FROM sale WHERE shop = 1;
SELECT is(forecast(nullif(at, '2014-01-01'), value, 3)::text, (SELECT forecast(at, value, 3)::text FROM sale WHERE shop = 1 AND at > '2014-01-01'),
          'rows without a time are skipped') FROM sale WHERE shop = 1;

-- Odd series: always an answer, finite, the interval around the mean.
CREATE TEMP TABLE odd (name text, v float8[]);
INSERT INTO odd VALUES ('one', '{5}'), ('two', '{5,7}'), ('three', '{1,2,4}'), ('zero', '{0}'), ('zeros', array_fill(0::float8, ARRAY[40])),
    ('constant', array_fill(3.25::float8, ARRAY[40])), ('one sale', array_fill(0::float8, ARRAY[30]) || '{7,0,0}'),
    ('negative', ARRAY(SELECT -100 - g FROM generate_series(1, 30) AS g)), ('huge', ARRAY(SELECT 1e300 * (1 + g % 5) FROM generate_series(1, 30) AS g)),
    ('tiny', ARRAY(SELECT 1e-300 * (1 + g % 5) FROM generate_series(1, 30) AS g)), ('both', ARRAY(SELECT CASE WHEN g % 2 = 0 THEN 1e150 ELSE -1e-150 END FROM generate_series(1, 30) AS g)),
    ('line', ARRAY(SELECT g FROM generate_series(1, 50) AS g)), ('now and then', ARRAY(SELECT CASE WHEN g % 7 = 3 THEN g ELSE 0 END FROM generate_series(1, 60) AS g)),
    ('gaps', ARRAY(SELECT CASE WHEN g % 3 = 0 THEN g END FROM generate_series(3, 60) AS g));
SELECT is(count(*) FILTER (WHERE p.mean IS NULL OR p.lo95 IS NULL OR NOT (p.lo95 <= p.lo80 AND p.lo80 <= p.mean AND p.mean <= p.hi80 AND p.hi80 <= p.hi95)
                                 OR 'NaN' IN (p.mean, p.lo95, p.hi95) OR 'Infinity' IN (p.mean, p.hi95) OR '-Infinity' IN (p.mean, p.lo95)), 0::bigint,
          format('%s: finite, and the mean lies in the interval', name))
FROM odd, LATERAL (SELECT forecast(date '2015-01-01' + 31 * g::int, x, 14, forecast_options(unit => 'month', nonnegative => n)) AS f
                   FROM unnest(v) WITH ORDINALITY AS u(x, g), (VALUES (true), (false)) AS o(n) GROUP BY n) AS s, unnest(f) AS p GROUP BY name;
SELECT is(count(*) FILTER (WHERE least(mean, lo95, lo80) < 0), 0::bigint, 'nonnegative: nothing below zero')
FROM unnest((SELECT forecast(date '2015-01-01' + g, 60 - g, 60, forecast_options(nonnegative => true)) FROM generate_series(1, 50) AS g));
SELECT ok(max(abs(mean - 3.25)) < 1e-12, 'a constant goes on') FROM unnest((SELECT forecast(date '2015-01-01' + g, 3.25, 60) FROM generate_series(1, 50) AS g));

-- Time zones: the option counts, the session does not.
CREATE TEMP TABLE tick AS SELECT timestamptz '2020-01-01 00:00+00' + make_interval(hours => g) AS at, (g / 24 + g % 24) AS value FROM generate_series(0, 2400) AS g;
CREATE TEMP TABLE zoned AS SELECT forecast(at, value, 3, forecast_options(unit => 'day'))::text AS utc,
                                  forecast(at, value, 3, forecast_options(unit => 'day', time_zone => 'Asia/Tokyo'))::text AS tokyo FROM tick;
SET LOCAL TimeZone = 'America/New_York';
SET LOCAL DateStyle = 'German';
SELECT is(pg_temp.means(forecast(at, value, 3, forecast_options(unit => 'day'))), (SELECT pg_temp.means(utc::forecast_point[]) FROM zoned), 'the time zone of the session does not show') FROM tick;
RESET DateStyle;
SELECT is(forecast(at, value, 3, forecast_options(unit => 'day', time_zone => 'Asia/Tokyo'))::text, tokyo, 'nor with one of its own') FROM tick, zoned GROUP BY tokyo;
RESET TimeZone;
SELECT isnt(tokyo, utc, 'the option does') FROM zoned;
SELECT is(forecast(at AT TIME ZONE 'Europe/Oslo', value, 3, forecast_options(unit => 'day'))::text,
          forecast(at, value, 3, forecast_options(unit => 'day', time_zone => 'Europe/Oslo'))::text, 'and cuts as the server does, summer time included')
FROM (SELECT timestamptz '2019-12-31 22:30+00' + make_interval(hours => g) AS at, 1 + g % 3 AS value FROM generate_series(0, 9000) AS g) AS s;

-- Drivers.
SELECT ok(abs((f[1]).mean - 140) < 1 AND abs((f[2]).mean - 60) < 1, 'drivers move the forecast')
FROM (SELECT forecast(date '2020-01-01' + g, CASE WHEN g <= 200 THEN 100 + 40 * p ELSE NULL END, ARRAY[p], 2, forecast_options(method => 'arima')) AS f
      FROM generate_series(1, 202) AS g, LATERAL (SELECT CASE WHEN g > 200 THEN CASE g WHEN 201 THEN 1 ELSE -1 END ELSE (g * 7919) % 3 - 1 END AS p) AS d) AS s;
SELECT throws_ok(format('SELECT forecast(date ''2020-01-01'' + g, CASE WHEN g <= 20 THEN g END, %s, 3, NULL) FROM generate_series(1, %s) AS g', d, n), '22000', NULL, w)
FROM (VALUES ('ARRAY[g]', 22, 'drivers must reach over the horizon'), ('NULL', 23, 'each row needs drivers'), ('ARRAY[g, NULL]', 23, 'and all of them'),
             ('ARRAY[]::float8[]', 23, 'at least one'), ('ARRAY[''NaN'']::float8[]', 23, 'that are finite'), ('array_fill(1.0, ARRAY[1 + g % 2])', 23, 'as many in each row')) AS v(d, n, w);

-- Errors.
SELECT throws_ok(format('SELECT forecast(%s, %s, %s, %s) FROM generate_series(1, 3) AS g', at, v, h, o), c, NULL, format('%s %s %s %s gives %s', at, v, h, o, c))
FROM (VALUES ('date ''2020-01-01'' + g', '''NaN''', '1', 'NULL', '22000'), ('date ''2020-01-01'' + g', '''-Infinity''', '1', 'NULL', '22000'),
    ('date ''infinity''', '1', '1', 'NULL', '22008'), ('timestamp ''-infinity''', '1', '1', 'NULL', '22008'), ('timestamptz ''infinity''', '1', '1', 'NULL', '22008'),
    ('date ''5874897-01-01''', '1', '1', 'NULL', '22008'), ('date ''294276-12-01'' + 10 * g', '1', '100', 'NULL', '22008'), ('9223372036854775800 + g', '1', '10', 'NULL', '22003'),
    ('g', '1', '0', 'NULL', '22023'), ('g', '1', '-1', 'NULL', '22023'), ('g', '1', '100001', 'NULL', '22023'), ('g', '1', 'NULL', 'NULL', '22023'),
    ('g', '1', '1', 'forecast_options(method => ''guess'')', '22023'), ('g', '1', '1', 'forecast_options(method => NULL)', '22023'),
    ('g', '1', '1', 'forecast_options(accuracy => ''best'')', '22023'), ('g', '1', '1', 'forecast_options(season => 0.5)', '22023'),
    ('g', '1', '1', 'forecast_options(season => ''NaN'')', '22023'), ('g', '1', '1', 'forecast_options(season => 4, seasons => ''{4}'')', '22023'),
    ('g', '1', '1', 'forecast_options(seasons => ''{2,3,4,5,6,7,8}'')', '22023'), ('g', '1', '1', 'forecast_options(seasons => ''{2,NULL}'')', '22023'),
    ('g', '1', '1', 'forecast_options(unit => ''month'')', '22023'), ('g', '1', '1', 'forecast_options(until => ''2020-01-01'')', '22023'),
    ('date ''2020-01-01'' + g', '1', '1', 'forecast_options(unit => ''period'')', '22023'), ('date ''2020-01-01'' + g', '1', '1', 'forecast_options(unit => ''fortnight'')', '22023'),
    ('date ''2020-01-01'' + g', '1', '1', 'forecast_options(unit => ''0 days'')', '22023'), ('g', '1', '1', 'forecast_options(time_zone => ''Oslo'')', '22023'),
    ('g', '1', '1', 'forecast_options(gaps => ''none'')', '22023'), ('g', '1', '1', 'forecast_options(duplicates => ''max'')', '22023'),
    ('g', '1', '1', 'forecast_options(transform => ''sqrt'')', '22023'), ('g', '1', '1', 'forecast_options(lambda => 0.5)', '22023'),
    ('g', '1', '1', 'forecast_options(transform => ''box_cox'', lambda => 9)', '22023'), ('g', '1', '1', 'forecast_options(intervals => ''90'')', '22023'),
    ('g', '1', '1', 'forecast_options(nonnegative => NULL)', '22023'), ('g', '-1', '1', 'forecast_options(transform => ''log'')', '22000'),
    ('g * 1000000::bigint', '1', '1', 'NULL', '54000'), ('date ''2020-01-01'' + 1000 * g', '1', '1', 'forecast_options(unit => ''minute'')', '54000'),
    ('date ''2020-01-01'' + g / 2', '1e308', '1', 'NULL', '22003')) AS v(at, v, h, o, c);

-- Options are values: stored, dumped as text and read back, they give the same forecast.
CREATE TABLE preset (name text, options forecast_options);
INSERT INTO preset VALUES ('all', forecast_options('theta', 'standard', NULL, '{12,4}', 'month', 'Europe/Oslo', 'zero', 'mean', '2018-01-01', true, 'box_cox', 0.3, 'model'));
SELECT is(options::text::forecast_options, options, 'options read back from text') FROM preset;
SELECT is((SELECT forecast(at, value, 3, p.options)::text FROM sale WHERE shop = 2),
          (SELECT forecast(at, value, 3, forecast_options('theta', seasons => '{4,12}', unit => 'month', time_zone => 'Europe/Oslo', gaps => 'zero', duplicates => 'mean',
                                                           until => '2018-01-01', nonnegative => true, transform => 'box_cox', lambda => 0.3, intervals => 'model'))::text
           FROM sale WHERE shop = 2), 'stored options do what written ones do') FROM preset AS p;
SELECT is((SELECT forecast(at, value, 3, NULL)::text FROM sale WHERE shop = 2), (SELECT forecast(at, value, 3)::text FROM sale WHERE shop = 2), 'NULL options are the defaults');
SELECT is(count(*) FILTER (WHERE w IS NULL), 0::bigint, 'a moving frame is a series, too')
FROM (SELECT forecast(at, value, 1) OVER (ORDER BY at ROWS 23 PRECEDING) AS w FROM sale WHERE shop = 3) AS s;

-- forecast_series is forecast, series by series.
SELECT is(count(*), 0::bigint, 'forecast_series gives what forecast gives')
FROM forecast_series('SELECT shop AS series, at, value FROM sale', 12) AS s
FULL JOIN (SELECT shop::text AS series, p.* FROM serial, unnest(f) AS p) AS a USING (series, step)
WHERE (s.at, s.mean, s.lo80, s.hi80, s.lo95, s.hi95, s.model) IS DISTINCT FROM (a.at, a.mean, a.lo80, a.hi80, a.lo95, a.hi95, a.model);
SELECT is(array_agg(DISTINCT coalesce(series, 'none')), '{a,none}', 'the NULL series is one, series without a value give no rows')
FROM forecast_series($$SELECT s AS series, g AS at, CASE WHEN s IS DISTINCT FROM 'b' THEN g END AS value FROM generate_series(1, 9) AS g, unnest(ARRAY['a', 'b', NULL]) AS s$$, 2);
SET LOCAL maintenance_work_mem = '1MB';
SELECT is(count(*), 3000::bigint, 'series that do not fit into memory are sorted on disk')
FROM forecast_series('SELECT s AS series, g AS at, g + s AS value FROM generate_series(1, 40) AS g, generate_series(1, 1500) AS s', 2, forecast_options(method => 'naive'));
RESET maintenance_work_mem;
SELECT throws_ok(format('SELECT * FROM %s(%L, 2)', f, q), c, NULL, format('%s: %s gives %s', f, q, c))
FROM unnest(ARRAY['forecast_series', 'backtest_series']) AS f,
     (VALUES ('SELECT 1 AS at', '42703'), ('SELECT 1 AS at, true AS value', '42804'), ('SELECT 1 AS at, 2 AS value, 3 AS at', '42702'), ('SELECT ''x''::text AS at, 1 AS value', '42804'), ('SELECT ''x''::text AS at, 1 AS value WHERE false', '42804'),
             ('DELETE FROM sale', '42601'), ('SELECT 1 AS at, 2 AS value; SELECT 1', '42601'), ('SELECT 1 AS at, ''NaN''::numeric AS value', '22000'),
             ('SELECT date ''infinity'' AS at, 1 AS value', '22008'), (NULL, '22023')) AS v(q, c);
SELECT throws_ok($$SELECT * FROM forecast_series('SELECT 1 AS at, 1 AS value', 2, drivers => '{value}')$$, '22023', NULL, 'value is no driver');
SELECT throws_ok($$SELECT * FROM forecast_series('SELECT 1 AS at, 1 AS value', 2, drivers => '{price}')$$, '42703', NULL, 'drivers are columns of the query');
SELECT throws_ok($$SELECT * FROM forecast_series('SELECT 1 AS at, 1 AS value, NULL::int AS price', 2, drivers => '{price}')$$, '22000', NULL, 'that are not NULL');

-- Holidays: a day that sells ten times as much is expected where the calendar has it.
SELECT ok(abs(max(mean) FILTER (WHERE at = '2022-12-24') - 1000) < 60 AND max(mean) FILTER (WHERE at <> '2022-12-24') < 160, 'the holiday stands out, and only the holiday')
FROM forecast_series($$SELECT d::date AS at, CASE WHEN extract(doy FROM d) = 358 THEN 1000 ELSE 100 + extract(isodow FROM d) END AS value
                       FROM generate_series(timestamp '2019-01-01', '2022-12-15', '1 day') AS d$$, 14, forecast_options(method => 'arima(1,0,0)', season => 7),
                     holidays => $$SELECT date '2019-12-24' AS at, 'eve' AS name UNION ALL SELECT '2020-12-23', 'eve' UNION ALL SELECT '2021-12-24', 'eve' UNION ALL SELECT '2022-12-24', 'eve'$$);
SELECT throws_ok(format('SELECT * FROM forecast_series(''SELECT date ''''2020-01-01'''' + g AS at, g AS value FROM generate_series(1, 9) AS g'', 2, holidays => %L)', q), c, NULL, w)
FROM (VALUES ('SELECT 1 AS at, ''x'' AS name', '42804', 'holidays have dates'), ('SELECT NULL::date AS at, ''x'' AS name', '22000', 'that are not NULL'),
             ('SELECT date ''infinity'' AS at, ''x'' AS name', '22008', 'nor infinite'), ('SELECT date ''2020-01-01'' AS at, ''x'' AS name, 1 AS lower', '22000', 'a window reaches back'),
             ('SELECT date ''2020-01-01'' AS at, g AS name FROM generate_series(1, 101) AS g', '54000', 'at most a hundred columns')) AS v(q, c, w);

-- Fiscal calendars: 4-4-5 weeks, and a year of 53; constant sales per day are constant.
CREATE TEMP TABLE fiscal AS
SELECT row_number() OVER (ORDER BY min(d)) AS period, min(d) AS starts_on, max(d) + 6 AS ends_on
FROM (SELECT w, date '2017-01-02' + 7 * w AS d, CASE WHEN w < 53 THEN 0 ELSE (w - 1) / 52 END AS y, CASE WHEN w < 53 THEN w ELSE (w - 1) % 52 END AS wy FROM generate_series(0, 52 * 6) AS w) AS s,
     LATERAL (SELECT least(wy, 51) % 13 AS k, least(wy, 51) / 13 AS q) AS t GROUP BY y, q, CASE WHEN k < 4 THEN 0 WHEN k < 8 THEN 1 ELSE 2 END;
SELECT is(count(*) FILTER (WHERE abs(s.mean - 10 * (f.ends_on - f.starts_on + 1)) > 1e-6), 0::bigint, 'ten a day are 280 or 350 a period')
FROM forecast_series($$SELECT d::date AS at, 10 AS value FROM generate_series(timestamp '2017-01-02', '2021-01-03', '1 day') AS d$$, 12, calendar => 'SELECT * FROM fiscal') AS s
JOIN fiscal AS f USING (period);
SELECT is(count(*), 0::bigint, 'rows by day and rows by period agree')
FROM forecast_series($$SELECT d::date AS at, extract(doy FROM d) AS value FROM generate_series(timestamp '2017-01-02', '2021-01-03', '1 day') AS d$$, 5, calendar => 'SELECT * FROM fiscal') AS a
JOIN forecast_series($$SELECT period AS at, sum(extract(doy FROM d)) AS value FROM generate_series(timestamp '2017-01-02', '2021-01-03', '1 day') AS d JOIN fiscal ON d BETWEEN starts_on AND ends_on
                       GROUP BY period$$, 5, calendar => 'SELECT * FROM fiscal') AS b USING (step) WHERE (a.at, a.period, a.mean, a.hi95) IS DISTINCT FROM (b.at, b.period, b.mean, b.hi95);
SELECT throws_ok(format('SELECT * FROM forecast_series(''SELECT date ''''2020-01-01'''' + g AS at, g AS value FROM generate_series(1, 9) AS g'', 2, calendar => %L)', q), '22000', NULL, w)
FROM (VALUES ('SELECT 1 AS period, date ''2020-01-01'' AS starts_on, date ''2020-01-20'' AS ends_on', 'the calendar must reach over the horizon'),
             ('SELECT * FROM fiscal WHERE period < 3', 'and over the history'), ('SELECT * FROM fiscal WHERE false', 'an empty one does not'),
             ('SELECT 1 AS period, date ''2020-01-01'' AS starts_on, date ''2019-01-20'' AS ends_on', 'periods begin before they end'),
             ('SELECT * FROM fiscal UNION ALL SELECT 999, ''2020-01-05'', ''2020-01-06''', 'and do not overlap')) AS v(q, w);

SELECT is(array_agg(DISTINCT (s.mean - 10 * (f.ends_on - f.starts_on + 1))::numeric(9, 6)) || array_agg(s.period::numeric ORDER BY s.period), ARRAY[0, p]::numeric[], format('part of a fiscal period is none: to %s, until %s', b, coalesce(u, 'NULL')))
FROM (VALUES ('2020-08-10', NULL, 44), ('2020-08-10', '2020-07-15', 43), ('2020-08-10', '2020-07-05', 43)) AS v(b, u, p),
     LATERAL forecast_series(format('SELECT d::date AS at, 10 AS value FROM generate_series(timestamp ''2017-01-02'', %L, ''1 day'') AS d', b), 1, forecast_options(until => u::timestamp), calendar => 'SELECT * FROM fiscal') AS s
JOIN fiscal AS f USING (period) GROUP BY b, u, p;

-- backtest_series: the past is forecast with the past only.
SELECT is(count(*), 0::bigint, 'a backtest is the forecast of the series cut short')
FROM backtest_series('SELECT at, value FROM sale WHERE shop = 5', 3, origins => 4, step => 2) AS b,
     LATERAL (SELECT (forecast(at, value, 3))[b.ahead] AS p FROM (SELECT at, value FROM sale WHERE shop = 5 ORDER BY at LIMIT b.trained) AS s) AS f
WHERE (b.at, b.mean, b.lo80, b.hi95, b.model) IS DISTINCT FROM ((p).at, (p).mean, (p).lo80, (p).hi95, (p).model);
SELECT is(count(*), 0::bigint, 'what comes later changes nothing')
FROM backtest_series('SELECT at, value FROM sale WHERE shop = 5', 3, origins => 4, step => 2) AS a
JOIN backtest_series('SELECT at, CASE WHEN at > date ''2018-03-01'' THEN 1e6 * value ELSE value END AS value FROM sale WHERE shop = 5', 3, origins => 4, step => 2) AS b USING (origin, ahead)
WHERE a.trained <= 51 AND (a.mean, a.lo95, a.hi95) IS DISTINCT FROM (b.mean, b.lo95, b.hi95);
SELECT is(count(*), 0::bigint, 'also where the seasons are searched for')
FROM backtest_series('SELECT g AS at, sin(g) + g % 7 AS value FROM generate_series(1, 90) AS g', 2, origins => 3, step => 10) AS a
JOIN backtest_series('SELECT g AS at, CASE WHEN g > 68 THEN 50 * (g % 2) ELSE sin(g) + g % 7 END AS value FROM generate_series(1, 90) AS g', 2, origins => 3, step => 10) AS b USING (origin, ahead)
WHERE a.origin = 1 AND (a.mean, a.lo95) IS DISTINCT FROM (b.mean, b.lo95);
SELECT is(string_agg(format('%s:%s:%s', origin, trained, period), ' ' ORDER BY origin, ahead), '1:12:17 1:12:18 2:12:20 2:12:21', 'window, gap, step and horizon count as told')
FROM backtest_series('SELECT g AS at, g AS value FROM generate_series(1, 21) AS g', 2, forecast_options(method => 'naive'), origins => 2, step => 3, "window" => 12, gap => 2);
SELECT is(array_agg(error ORDER BY ahead), ARRAY[-3, -4]::float8[], 'error is forecast less actual')
FROM backtest_series('SELECT g AS at, g AS value FROM generate_series(1, 21) AS g', 2, forecast_options(method => 'naive'), origins => 1, gap => 2);
SELECT is(count(*), 5::bigint, 'as many origins as there is room for') FROM backtest_series('SELECT g AS at, g AS value FROM generate_series(1, 8) AS g', 1, origins => 100);
SELECT is(count(*), 0::bigint, 'none where there is none') FROM backtest_series('SELECT g AS at, g AS value FROM generate_series(1, 3) AS g', 1);
SELECT is(count(*) FILTER (WHERE actual IS NULL AND error IS NULL), 1::bigint, 'a period that was not observed has no error')
FROM backtest_series('SELECT g AS at, g AS value FROM generate_series(1, 20) AS g WHERE g <> 19', 3, origins => 1);
SELECT throws_ok(format('SELECT * FROM backtest_series(''SELECT g AS at, g AS value FROM generate_series(1, 21) AS g'', %s)', a), '22023', NULL, a)
FROM unnest(ARRAY['0', '100001', 'NULL', '2, origins => 0', '2, step => 0', '2, "window" => 2', '2, "window" => 0', '2, gap => -1', '99999, gap => 2', '2, gap => NULL']) AS a;

-- explain_series: what holds for each series, drivers and holidays by name, and what the options did.
SELECT is((SELECT count(*) FROM explain_series('SELECT shop AS series, at, value FROM sale', 12)),
          (SELECT count(*) FROM explain_series('SELECT shop AS series, at, value FROM sale', 12) AS s JOIN (SELECT shop::text AS series, l.* FROM serial, unnest(e) AS l) AS a USING (series, topic, item)
           WHERE (s.value, s.reason) IS NOT DISTINCT FROM (a.value, a.reason)), 'explain_series tells what explain_forecast tells');
CREATE FUNCTION pg_temp.told(query text, options forecast_options, what text, drivers text[] DEFAULT NULL, holidays text DEFAULT NULL, calendar text DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$SELECT string_agg(concat_ws(' ', topic, item, round(value::numeric, 3)::float8, reason), '; ') FROM explain_series(query, 2, options, drivers, holidays, calendar) WHERE topic || ' ' || item LIKE what$$;
SELECT is(pg_temp.told($$SELECT timestamp '2020-01-01' + g * interval '8 hours' AS at, CASE WHEN g < 90 THEN 3 END AS value, g % 5 AS price FROM generate_series(0, 95) AS g$$,
                       forecast_options(unit => 'day', method => 'naive'), 'drivers%', '{price}', $$SELECT date '2020-01-06' AS at, 'king' AS name, -1 AS lower, 0 AS upper$$),
          'drivers columns 3; drivers price; drivers king -1; drivers king', 'drivers and holidays have their names');
SELECT matches(pg_temp.told($$SELECT date '2020-01-01' + g AS at, CASE WHEN g < 90 THEN 100 + 7 * (hashint4(g) % 5) + hashint4(g + 1000) % 3 END AS value, hashint4(g) % 5 AS price FROM generate_series(0, 95) AS g$$,
                       forecast_options(), 'fit price%', '{price}'), '^fit price, effect of one unit [0-9.]+ what one more of the driver adds', 'also where their effect is told');
SELECT is(pg_temp.told($$SELECT d::date AS at, 10 AS value FROM generate_series(timestamp '2017-01-02', '2020-08-10', '1 day') AS d$$, forecast_options(), 'calendar %', calendar => 'SELECT * FROM fiscal'),
          'calendar periods of a table 30.442 days of a mean period; values are compared per day; calendar first period 1, from 2017-01-02; calendar last period 43, from 2020-07-06; calendar periods 43 of the history; calendar partial last period left out its rows do not reach its end',
          'a fiscal calendar is one') ;
SELECT is(pg_temp.told($$SELECT date '2020-01-01' + g / 2 AS at, 1 + g % 4 AS value FROM generate_series(0, 95) AS g WHERE g <> 40 AND g <> 41$$,
                       forecast_options(gaps => 'ZERO', duplicates => 'Mean', nonnegative => true, transform => 'none', method => 'Croston-SBA'), '%'),
          pg_temp.told($$SELECT date '2020-01-01' + g / 2 AS at, 1 + g % 4 AS value FROM generate_series(0, 95) AS g WHERE g <> 40 AND g <> 41$$,
                       forecast_options(gaps => 'zero', duplicates => 'mean', nonnegative => true, method => 'croston_sba'), '%'), 'words of options in any case');
SELECT is(pg_temp.told($$SELECT date '2020-01-01' + g / 2 AS at, 1 + g % 4 AS value FROM generate_series(0, 95) AS g WHERE g <> 40 AND g <> 41$$,
                       forecast_options(gaps => 'zero', duplicates => 'mean', nonnegative => true, method => 'croston'), what), told, what)
FROM (VALUES ('rows put%', 'rows put together 94 rows that share their period with others: their mean counts'), ('calendar zeros', 'calendar zeros 1 periods without a row, where nothing happened'),
             ('options%', 'options nonnegative what lies below 0 is cut to 0'),
             ('season%', 'season length 7 usual for the unit; not used: the method has no season; season length 365.25 usual for the unit; not used: the method has no season')) AS v(what, told);
SELECT is(pg_temp.told('SELECT at, value FROM sale WHERE shop = 1', o, 'season%'), told, told)
FROM (VALUES (forecast_options(), 'season length 12 usual for the unit; used'), (forecast_options(method => 'ets(A,N,A)'), 'season length 12 usual for the unit; used'),
             (forecast_options(method => 'arima(1,0,0)'), 'season length 12 usual for the unit; not used: the method takes one season only, or none stands out'),
             (forecast_options(season => 40), 'season length 40 given by the option; not used: the history has less than two of it'),
             (forecast_options(seasons => '{4,12}', method => 'arima(1,0,0)(1,0,0)'), 'season length 4 given by the option; used; season length 12 given by the option; not used: the method takes one season only'),
             (forecast_options(method => 'tbats'), 'season length 12 usual for the unit; used')) AS v(o, told);
SELECT is(pg_temp.told(format('SELECT (d AT TIME ZONE ''Europe/Berlin'') AS at, 1 AS value FROM generate_series(timestamp ''2020-01-01'', ''2022-01-01'', ''1 month'') AS d'), forecast_options(time_zone => z), 'calendar all%') IS NULL, quiet, 'midnights of ' || z)
FROM (VALUES ('UTC', false), ('Europe/Berlin', true)) AS v(z, quiet);
SELECT is(count(*) FILTER (WHERE reason IS NULL), 0::bigint, 'what was fitted is said in words')
FROM forecast_methods() AS m, LATERAL explain_series('SELECT at, value FROM sale WHERE shop = 1', 2, forecast_options(method => m.method)) AS e
WHERE topic = 'fit' AND item !~ '^(ar|ma|seasonal ar|seasonal ma) ?\d|^gamma \d|^season$|^lambda|^periods fitted|log$|^mean$';

-- What is in a series.
SELECT is(count(*) FILTER (WHERE abs(value - trend - season - remainder) > 1e-9 * 300), 0::bigint, 'the parts make up the value')
FROM decompose_series('SELECT shop AS series, at, value FROM sale');
SELECT ok(min(trend) > 190 AND max(abs(season)) > 30 AND max(abs(remainder)) < 25, 'and are what they were made of') FROM decompose_series('SELECT at, value FROM sale WHERE shop = 0');
SELECT ok(min(trend_strength) = max(trend_strength) AND min(trend_strength) BETWEEN 0.5 AND 1 AND min(season_strengths[1]) BETWEEN 0.8 AND 1 AND min(cardinality(season_strengths)) = 1, 'and how strong they are is told')
FROM decompose_series('SELECT at, value FROM sale WHERE shop = 0');
SELECT is(count(*), 1::bigint, 'a period without a value has a trend') FROM decompose_series('SELECT g AS at, g AS value FROM generate_series(1, 30) AS g WHERE g <> 7') WHERE value IS NULL AND remainder IS NULL AND abs(trend - 7) < 0.1;
SELECT is(array_agg(season), '{12}', 'the year is found') FROM detect_periods('SELECT row_number() OVER (ORDER BY at) AS at, 20 * sin(extract(month FROM at) * pi() / 6) + value / 100 AS value FROM sale WHERE shop = 0');
SELECT is(array_agg(period), '{61}', 'a step is found where it is')
FROM change_points('SELECT g AS at, 100 + hashint4(g) % 9 + CASE WHEN g > 60 THEN 40 ELSE 0 END AS value FROM generate_series(1, 100) AS g', forecast_options(season => 1), kind => 'level');
SELECT is(array_agg(at::date), '{2016-05-01}', 'so is a month that does not fit')
FROM series_outliers('SELECT at, CASE WHEN at = date ''2016-05-01'' THEN 900 ELSE value END AS value FROM sale WHERE shop = 0');
SELECT throws_ok(format('SELECT * FROM %s', f), '22023', NULL, f)
FROM unnest(ARRAY['change_points(''SELECT 1 AS at, 1 AS value'', strictness => 0)', 'change_points(''SELECT 1 AS at, 1 AS value'', kind => NULL)',
                  'series_outliers(''SELECT 1 AS at, 1 AS value'', spreads => ''NaN'')', 'decompose_series(NULL)', 'detect_periods(NULL)', 'series_features(NULL)']) AS f;
SELECT is(array_agg(format('%s %s %s', driver, lag, chosen)), '{"ad 2 t","noise 0 f"}', 'a driver is found at its lag, noise is not')
FROM (SELECT driver, CASE WHEN chosen THEN lag ELSE 0 END AS lag, chosen
      FROM driver_lags('SELECT g AS at, hashint4(g - 2) % 100 + hashint4(g + 5000) % 40 AS value, hashint4(g) % 100 AS ad, hashint4(g + 9000) % 100 AS noise
                        FROM generate_series(1, 200) AS g', 5, '{ad,noise}')) AS d;
SELECT throws_ok(format('SELECT * FROM driver_lags(''SELECT 1 AS at, 1 AS value, 2 AS ad'', %s)', a), '22023', NULL, 'driver_lags: ' || a)
FROM unnest(ARRAY['-1, ''{ad}''', 'NULL, ''{ad}''', '10001, ''{ad}''', '3, NULL', '3, ''{}''', '3, ''{value}''', '3, ''{ad}'', min_lag => 4', '3, ''{ad}'', significance => 2']) AS a;
SELECT is(count(DISTINCT series), 10::bigint, 'features for each series') FROM series_features('SELECT shop AS series, at, value FROM sale');
SELECT is(count(*), 0::bigint, 'features do not depend on the unit')
FROM series_features('SELECT at, value FROM sale WHERE shop = 1') AS a JOIN series_features('SELECT at, value * 4 AS value FROM sale WHERE shop = 1') AS b USING (feature) WHERE a.value <> b.value;
SELECT set_eq('SELECT feature FROM feature_meanings()', $$SELECT feature FROM series_features('SELECT at, value FROM sale WHERE shop = 1')$$, 'each feature has a meaning');
SELECT is(count(*), (SELECT count(*) FROM forecast_methods()), 'every method that is listed answers')
FROM forecast_methods() AS m, LATERAL (SELECT forecast(at, value, 2, forecast_options(method => m.method)) AS f FROM sale WHERE shop = 1) AS s WHERE array_length(f, 1) = 2;

SELECT * FROM finish();
ROLLBACK;
