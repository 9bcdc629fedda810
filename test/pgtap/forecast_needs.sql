-- What an analyst asks of forecast and its kin: the requirements as stories with made-up data whose truth is known,
-- and what is said when something is wrong.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;
SELECT setseed(0.25);

-- Two branches of ten years: machines sell in the fourth quarter, ice in the second and third.
CREATE TABLE branch AS
SELECT name AS series, m::date AS at,
       round((CASE name WHEN 'Maskin' THEN 500 + 4 * i ELSE 900 + 2 * i END * figure[extract(month FROM m)::int] * (1 + 0.06 * (random() - 0.5)))::numeric, 2) AS value
FROM (SELECT m, row_number() OVER (ORDER BY m) AS i FROM generate_series(timestamp '2014-01-01', '2023-12-01', '1 month') AS m) AS t,
     (VALUES ('Maskin', '{.72,.78,.95,1,1.02,1.05,.85,.9,1.05,1.18,1.22,1.28}'::float8[]), ('Is', '{.9,.95,1.05,1.1,1.2,1.3,1.35,1.25,.95,.7,.6,.65}')) AS b(name, figure);

-- The default beats last period and last year, side by side, and the accuracy is counted as the documents count it.
CREATE TEMP TABLE contest AS
SELECT m AS method, b.* FROM unnest('{auto,naive,seasonal_naive}'::text[]) AS m,
     LATERAL backtest_series('SELECT * FROM branch', 3, forecast_options(method => m), origins => 8, step => 3) AS b;
SELECT is(array_agg(method ORDER BY p DESC), '{auto,seasonal_naive,naive}', 'last year beats last month, the default beats both')
FROM (SELECT method, accuracy_percent(actual, mean) AS p FROM contest GROUP BY method) AS s;
SELECT ok(min(accuracy_percent) FILTER (WHERE method = 'auto') > 95 AND max(accuracy_percent) FILTER (WHERE method = 'naive') < 85, 'not by little')
FROM (SELECT method, series, accuracy_percent(actual, mean) FROM contest GROUP BY method, series) AS s;
SELECT is(round(accuracy_percent(a, f)::numeric, 9), 72::numeric, 'a mean miss of 28 per cent, up or down, is an accuracy of 72')
FROM (VALUES (100, 128), (100, 72), (200, 256), (50, 36), (0, 9)) AS v(a, f);
SELECT is(round(accuracy_percent(actual, mean)::numeric, 9), round((100 - 100 * avg(abs(actual - mean) / abs(actual)))::numeric, 9), 'which is what it says: 100 less the mean percentage')
FROM contest WHERE method = 'auto';

-- Seasons are found for each group of one statement, without being told.
SELECT is(array_agg(format('%s: %s before %s', series, best, worst) ORDER BY series), '{"Is: Q2 before Q4","Maskin: Q4 before Q1"}', 'each branch has its own strong and weak quarter')
FROM (SELECT series, (array_agg(q ORDER BY total DESC))[1] AS best, (array_agg(q ORDER BY total))[1] AS worst
      FROM (SELECT series, to_char(p.at, '"Q"Q') AS q, sum(p.mean) AS total FROM (SELECT series, forecast(at, value, 12) AS f FROM branch GROUP BY series) AS s, unnest(f) AS p GROUP BY 1, 2) AS t
      GROUP BY series) AS b;
SELECT is(count(*) FILTER (WHERE abs(p.mean / truth - 1) < 0.06), 24::bigint, 'and every month is near its truth')
FROM (SELECT series, forecast(at, value, 12) AS f FROM branch GROUP BY series) AS s, unnest(f) AS p,
     LATERAL (SELECT CASE series WHEN 'Maskin' THEN (500 + 4 * (120 + step)) * ('{.72,.78,.95,1,1.02,1.05,.85,.9,1.05,1.18,1.22,1.28}'::float8[])[step]
                     ELSE (900 + 2 * (120 + step)) * ('{.9,.95,1.05,1.1,1.2,1.3,1.35,1.25,.95,.7,.6,.65}'::float8[])[step] END AS truth) AS t;

-- An investment stop that only the index tells.
CREATE TABLE builder AS
SELECT m::date AS at, idx, idx * 10 * (1 + 0.1 * sin(extract(month FROM m) * pi() / 6)) AS truth,
       CASE WHEN m < '2023-07-01' THEN idx * 10 * (1 + 0.1 * sin(extract(month FROM m) * pi() / 6)) * (1 + 0.06 * (random() - 0.5)) END AS value
FROM (SELECT m, CASE WHEN m >= '2023-07-01' THEN 62 WHEN m BETWEEN '2020-04-01' AND '2020-09-01' THEN 75 ELSE 100 + 8 * sin(i * 0.5) + 6 * (random() - 0.5) END AS idx
      FROM (SELECT m, row_number() OVER (ORDER BY m) AS i FROM generate_series(timestamp '2018-07-01', '2023-09-01', '1 month') AS m) AS t) AS s;
SELECT ok(blind.miss > 0.35 AND with_index.miss < 0.1, format('%s: without the index the quarter is missed by %s %%, with it by %s %%', method, round(100 * blind.miss), round(100 * with_index.miss)))
FROM unnest('{auto,ets,arima,prophet}'::text[]) AS method,
     LATERAL (SELECT abs(sum(f.mean) / sum(b.truth) - 1)::numeric AS miss FROM forecast_series('SELECT at, value FROM builder', 3, forecast_options(method => method)) AS f JOIN builder AS b USING (at)) AS blind,
     LATERAL (SELECT abs(sum(f.mean) / sum(b.truth) - 1)::numeric AS miss FROM forecast_series('SELECT at, value, idx FROM builder', 3, forecast_options(method => method), drivers => '{idx}') AS f
              JOIN builder AS b USING (at)) AS with_index;
SELECT ok(value BETWEEN 7 AND 13, 'a point of the index is ten of sales, in the unit of the sales')
FROM (SELECT explain_forecast(at, value + 1e4 * (extract(month FROM at)::int % 2), ARRAY[idx], 3, forecast_options(transform => 'none', method => 'ets')) AS e FROM builder) AS s, unnest(e)
WHERE item = 'driver 1, effect of one unit';

-- September is usually 23 % above the rest; this year the indicator points to 18 %.
CREATE TABLE september AS
SELECT kind, make_date(2014 + y, m, 1) AS at, CASE WHEN m = 9 THEN d ELSE 0 END AS indicator, level,
       CASE WHEN y < 9 OR m < 9 THEN level * (CASE WHEN m = 9 THEN 1.23 + d ELSE 1 END) * (1 + 0.02 * (random() - 0.5)) END AS value
FROM (VALUES ('flat', 0.0), ('growing', 0.01), ('fast', 0.02), ('falling', -0.01)) AS g(kind, growth), generate_series(0, 9) AS y, generate_series(1, 12) AS m,
     LATERAL (SELECT ('{.02,-.03,.04,-.02,.01,-.04,.03,-.01,.0,-.05}'::float8[])[y + 1] AS d, 1000 * exp(growth * (12 * y + m)) AS level) AS t WHERE 12 * y + m <= 117;
SELECT ok(abs(told.mean / level - 1.18) < 0.02 AND untold.mean / level > told.mean / level + 0.025,
          format('%s: %s %% without, %s %% with the indicator', kind, round((100 * untold.mean / level - 100)::numeric), round((100 * told.mean / level - 100)::numeric)))
FROM (SELECT kind, level FROM september WHERE value IS NULL) AS k,
     LATERAL (SELECT mean FROM forecast_series(format('SELECT at, value FROM september WHERE kind = %L', kind), 1)) AS untold,
     LATERAL (SELECT mean FROM forecast_series(format('SELECT at, value, indicator FROM september WHERE kind = %L', kind), 1, drivers => '{indicator}')) AS told;

-- Drivers lead by weeks: one of twenty, by six.
SELECT is(string_agg(format('%s leads by %s', driver, lag), ', '), 'd7 leads by 6', 'of twenty candidates the one that leads by six weeks')
FROM driver_lags((SELECT format('SELECT date ''2019-01-07'' + 7 * g AS at, 3 * (hashint4(7000 + g - 6) %% 100) + hashint4(99999 + g) %% 100 AS value, %s FROM generate_series(1, 208) AS g',
                                string_agg(format('hashint4(%s000 + g) %% 100 AS d%s', i, i), ', ')) FROM generate_series(1, 20) AS i), 12,
                 (SELECT array_agg('d' || i ORDER BY i) FROM generate_series(1, 20) AS i)) WHERE chosen;

-- Enough history, and a fit that is not better than the forecast.
SELECT is(array_agg(y || ': ' || (e.value < 2) || ', ' || split_part(e.reason, ':', 1) ORDER BY y), '{"1: true, fewer than 2","4: false, 2 or more, as a season needs"}', 'less than two years are told')
FROM (VALUES (1), (4)) AS v(y), LATERAL (SELECT explain_forecast(at, value, 3) AS x FROM branch WHERE series = 'Is' AND at < date '2014-06-01' + make_interval(years => y)) AS s, unnest(x) AS e WHERE item = 'years of history';
SELECT is(x.train || ', ' || x.gap, '72, false', 'a good fit is as good on the last fifth')
FROM (SELECT (SELECT count(*) FROM branch WHERE series = 'Is' AND at < '2020-01-01') AS train, max(value) FILTER (WHERE item = 'gap, points') > 3 AS gap
      FROM (SELECT unnest(explain_forecast(at, value, 3)) AS e FROM branch WHERE series = 'Is') AS s, LATERAL (SELECT (e).*) AS l) AS x;
SELECT ok(bool_or(item = 'gap, points' AND value > 10 AND reason LIKE '%worse than its fit%'), 'a season that was only in the past is')
FROM (SELECT unnest(explain_forecast(at, CASE WHEN at < '2022-01-01' THEN value ELSE 900 + 300 * random() END, 3, forecast_options(method => 'seasonal_naive'))) AS e FROM branch WHERE series = 'Is') AS s, LATERAL (SELECT (e).*) AS l;
SELECT is(array_agg(DISTINCT trained || ' + ' || n), '{"96 + 24"}', '80/20: one origin, the last fifth')
FROM (SELECT series, trained, count(*) AS n FROM backtest_series('SELECT * FROM branch', 24, origins => 1) GROUP BY 1, 2) AS s;

-- The market changes: the change is dated, and the accuracy by origin shows it.
CREATE TABLE market AS
SELECT s AS series, m::date AS at, (CASE WHEN m < '2022-07-01' THEN 1000 ELSE 650 END) * (1 + 0.08 * (random() - 0.5)) AS value
FROM generate_series(1, 40) AS s, generate_series(timestamp '2018-01-01', '2023-12-01', '1 month') AS m;
SELECT ok(count(*) FILTER (WHERE at = '2022-07-01') >= 34 AND count(*) FILTER (WHERE at <> '2022-07-01') <= 2, 'the break is where it is') FROM change_points('SELECT * FROM market', kind => 'level');
SELECT ok(max(a) FILTER (WHERE origin <= 3) > 92 AND min(a) FILTER (WHERE origin BETWEEN 4 AND 8) < 75 AND max(a) FILTER (WHERE origin >= 15) > 92, 'accuracy by origin falls, and comes back when the break has been learned')
FROM (SELECT origin, accuracy_percent(actual, mean) AS a FROM backtest_series('SELECT * FROM market WHERE series <= 5', 3, origins => 20) GROUP BY origin) AS s;

-- Customers who order in cycles.
CREATE TABLE orders AS
SELECT customer, date '2021-01-10' + first + every * k + CASE WHEN loose THEN (random() * 4 - 2)::int ELSE 0 END AS at, 2 AS value
FROM (VALUES ('A 90', 90, 0, false), ('B 90', 90, 17, true), ('C 180', 180, 40, false), ('D 45', 45, 3, true), ('E 28', 28, 2, false)) AS v(customer, every, first, loose), generate_series(0, 40) AS k
WHERE first + every * k < 1080;
CREATE TEMP TABLE expected AS
SELECT u, customer, last, every, f FROM (SELECT u, customer, max(at) AS last, split_part(customer, ' ', 2)::int AS every,
             forecast(at, value, CASE u WHEN 'day' THEN 120 WHEN 'week' THEN 18 ELSE 12 END, forecast_options(unit => u, gaps => 'zero', until => '2023-12-31')) AS f
      FROM orders, unnest('{day,week}'::text[]) AS u GROUP BY u, customer) AS s;
SELECT ok(near > 1.4, format('%s by %s: the next order of 2 is expected around %s (%s)', customer, u, next, round(near::numeric, 2)))
FROM expected, LATERAL (SELECT last + every AS next) AS n,
     LATERAL (SELECT sum(mean) AS near FROM unnest(f) AS p WHERE CASE u WHEN 'day' THEN p.at::date BETWEEN next - 4 AND next + 4 ELSE p.at::date + 3 BETWEEN next - 10 AND next + 10 END) AS s
WHERE next > '2024-01-05';
SELECT is(array_agg(customer ORDER BY customer), '{"A 90","B 90","C 180"}', 'by month too the quiet ones are quiet')
FROM (SELECT customer, forecast(at, value, 6, forecast_options(unit => 'month', gaps => 'zero', until => '2023-12-31')) AS f FROM orders WHERE customer LIKE '% %0' GROUP BY customer) AS s
WHERE (SELECT min(mean) < 0.2 AND max(mean) > 1.3 FROM unnest(f));
SELECT is((SELECT max(reason) FROM unnest(e) WHERE topic = 'model'), 'the default for demand that comes at regular intervals', 'and it is told')
FROM (SELECT explain_forecast(at, value, 9, forecast_options(unit => 'day', gaps => 'zero')) AS e FROM orders WHERE customer = 'A 90') AS s;
SELECT is((f[1]).model, 'TSB+IMAPA+SES', 'orders by chance have no cycle')
FROM (SELECT forecast(date '2022-01-01' + hashint4(g) % 700, 1, 9, forecast_options(unit => 'day', gaps => 'zero', until => '2023-12-31')) AS f FROM generate_series(1, 30) AS g) AS s;
SELECT is((SELECT count(*) FROM unnest(e) WHERE item = 'gaps' AND reason LIKE '%gaps => ''zero''%'), 1::bigint, 'order dates without zeros: a hint at the option')
FROM (SELECT explain_forecast(at, value, 9, forecast_options(unit => 'month')) AS e FROM orders WHERE customer = 'B 90') AS s;

-- Easter moves, and so does what it does.
CREATE FUNCTION pg_temp.easter(y int) RETURNS date LANGUAGE sql AS
$$SELECT date '2018-04-01' + ('{0,385,742,1099,1477,1834,2191}'::int[])[y - 2017]$$;
CREATE TABLE daily AS
SELECT d::date AS at, 1000 * CASE extract(isodow FROM d) WHEN 6 THEN 1.4 WHEN 7 THEN .3 ELSE 1 END * CASE WHEN e BETWEEN -4 AND -3 THEN 1.9 WHEN e BETWEEN -2 AND 1 THEN 0.1 ELSE 1 END * (1 + 0.06 * (random() - 0.5)) AS value
FROM generate_series(timestamp '2018-01-01', '2023-05-28', '1 day') AS d, LATERAL (SELECT d::date - pg_temp.easter(extract(year FROM d)::int) AS e) AS s;
CREATE TABLE feast AS SELECT pg_temp.easter(y) AS at, 'easter' AS name, -4 AS lower, 1 AS upper FROM generate_series(2018, 2024) AS y;
SELECT is(array_agg(e ORDER BY e) FILTER (WHERE mean > 1800), '{-4,-3}', 'the rush before easter is where easter is')
FROM forecast_series('SELECT * FROM daily WHERE at < ''2023-03-20''', 40, holidays => 'SELECT * FROM feast'), LATERAL (SELECT at::date - pg_temp.easter(2023) AS e) AS s;
SELECT ok(max(mean) FILTER (WHERE e BETWEEN -2 AND 1) < 300 AND min(mean) FILTER (WHERE e IN (-6, -5, 2, 3)) > 900 AND min(mean) > 0, 'and so are the days off; nothing goes below 0')
FROM forecast_series('SELECT * FROM daily WHERE at < ''2023-03-20''', 40, holidays => 'SELECT * FROM feast'), LATERAL (SELECT at::date - pg_temp.easter(2023) AS e) AS s;
SELECT ok(max(abs(f.mean / w.value - 1)) < 0.06, 'by week: the week before, the week of')
FROM forecast_series('SELECT * FROM daily WHERE at < ''2023-03-20''', 4, forecast_options(unit => 'week'),
                     holidays => 'SELECT at, ''off'' AS name, -2 AS lower, 1 AS upper FROM feast UNION ALL SELECT at - 3, ''rush'', -1, 0 FROM feast') AS f
JOIN (SELECT date_trunc('week', at) AS at, sum(value) AS value FROM daily GROUP BY 1) AS w USING (at);

-- 4-4-5 weeks, and one year of 53: the long period is long.
CREATE TABLE fiscal AS
WITH week AS (SELECT w, date '2015-12-28' + 7 * w AS d, CASE WHEN w < 260 THEN 2016 + w / 52 WHEN w < 313 - 0 THEN 2020 + (w - 208) / 53 ELSE 2022 + (w - 313) / 52 END AS y FROM generate_series(0, 52 * 8) AS w)
SELECT y * 100 + p AS period, min(d) AS starts_on, max(d) + 6 AS ends_on
FROM (SELECT *, least(n, 51) / 13 * 3 + CASE WHEN least(n, 51) % 13 < 4 THEN 1 WHEN least(n, 51) % 13 < 8 THEN 2 ELSE 3 END AS p FROM (SELECT *, row_number() OVER (PARTITION BY y ORDER BY w) - 1 AS n FROM week) AS s) AS t
GROUP BY y, p HAVING count(*) > 3;
SELECT is(array_agg(n ORDER BY n), '{28,35,42}', 'periods of 4, 5 and, once, 6 weeks') FROM (SELECT DISTINCT ends_on - starts_on + 1 AS n FROM fiscal) AS s;
SELECT is(count(*) FILTER (WHERE abs(b.mean / b.actual - 1) < 0.03), 24::bigint, 'the season of the fiscal year, day by day as long as the period')
FROM backtest_series('SELECT d::date AS at, 100 * CASE f.period % 100 WHEN 12 THEN 1.6 WHEN 1 THEN .7 ELSE 1 END + hashint4(d::date - date ''2000-01-01'') % 9 AS value
                      FROM generate_series(timestamp ''2015-12-28'', ''2022-12-20'', ''1 day'') AS d JOIN fiscal AS f ON d::date BETWEEN starts_on AND ends_on', 12, origins => 2, step => 12, calendar => 'SELECT * FROM fiscal') AS b;

-- Odd series, every method: an answer with numbers in order, whatever comes.
CREATE TABLE odd AS
SELECT name, make_date(2021 + (i::int - 1) / 12, 1 + (i::int - 1) % 12, 1) AS at, v AS value
FROM (VALUES ('one', '{5}'::float8[]), ('two', '{5,7}'), ('three', '{5,7,6}'), ('four', '{5,7,6,9}'), ('five', '{5,7,6,9,8}'), ('constant', array_fill(42::float8, '{30}')), ('zero', array_fill(0::float8, '{30}')),
             ('last', array_fill(0::float8, '{29}') || 3::float8), ('first', 3::float8 || array_fill(0::float8, '{29}')), ('negative', ARRAY(SELECT -100 - i + 10 * (i % 3) FROM generate_series(1, 40) AS i)),
             ('mixed', ARRAY(SELECT 10 * sin(i) FROM generate_series(1, 40) AS i)), ('huge', ARRAY(SELECT 1e300 * (1 + 0.1 * sin(i)) FROM generate_series(1, 40) AS i)),
             ('tiny', ARRAY(SELECT 1e-300 * (1 + 0.1 * sin(i)) FROM generate_series(1, 40) AS i)), ('step', ARRAY(SELECT CASE WHEN i > 30 THEN 1000 ELSE 1 END FROM generate_series(1, 40) AS i)),
             ('gaps', ARRAY(SELECT CASE WHEN i % 4 = 0 OR i > 37 THEN 100 + i END FROM generate_series(1, 40) AS i)), ('zigzag', ARRAY(SELECT (-1) ^ i * 1e15 FROM generate_series(1, 40) AS i))) AS s(name, vals),
     unnest(vals) WITH ORDINALITY AS u(v, i);
SELECT is(string_agg(format('%s of %s', m, name), ', ') FILTER (WHERE n <> 18 OR NOT in_order), NULL, format('%s methods on %s odd series', count(DISTINCT m), count(DISTINCT name)))
FROM (SELECT m, name, forecast(at, value, 18, CASE m WHEN 'high' THEN forecast_options(accuracy => 'high') ELSE forecast_options(method => m) END) AS f
      FROM odd, (SELECT method AS m FROM forecast_methods() UNION ALL SELECT unnest('{stl+ets,stl+theta,"ets(A,N,N)","ets(A,Ad,N)","arima(1,1,1)(0,1,1)","arima(2,0,2)",high}'::text[])) AS ms GROUP BY m, name) AS s,
     LATERAL (SELECT count(*) AS n, bool_and(lo95 <= lo80 AND lo80 <= mean AND mean <= hi80 AND hi80 <= hi95 AND abs(mean) < 'Infinity' AND abs(hi95 - lo95) < 'Infinity') AS in_order FROM unnest(f)) AS l;
SELECT is(count(*), 0::bigint, 'nonnegative: nothing below 0, also of what falls') FROM forecast_series('SELECT g AS at, 50 - g AS value FROM generate_series(1, 45) AS g', 24, forecast_options(method => 'holt', nonnegative => true)) WHERE least(mean, lo95) < 0;
SELECT ok(min(lo95) > 0 AND max(mean) > 200, 'log: above 0, and growth goes on') FROM forecast_series('SELECT g AS at, exp(0.1 * g) AS value FROM generate_series(1, 45) AS g', 12, forecast_options(transform => 'log'));
SELECT is(count(DISTINCT m), 1::bigint, 'missing rows and rows of NULL are the same, twice a row is its sum')
FROM (SELECT forecast(at, value, 3)::text AS m FROM branch WHERE series = 'Is' AND at <> '2020-05-01'
      UNION ALL SELECT forecast(at, nullif(value, (SELECT value FROM branch WHERE series = 'Is' AND at = '2020-05-01')), 3)::text FROM branch WHERE series = 'Is'
      UNION ALL SELECT forecast(at, value / 2, 3)::text FROM branch, generate_series(1, 2) WHERE series = 'Is' AND at <> '2020-05-01') AS s;
SELECT is(array_agg(x ORDER BY zone), '{2023-03-27,2023-03-26}', 'an evening in UTC is the next day in Oslo')
FROM (SELECT zone, (f[1]).at::date AS x FROM unnest('{Europe/Oslo,UTC}'::text[]) AS zone,
             LATERAL (SELECT forecast(timestamptz '2023-03-01 23:30+00' + d * interval '1 day', d, 1, forecast_options(time_zone => zone)) AS f FROM generate_series(0, 24) AS d) AS s) AS t;
SELECT is(array_agg(format('%s: %s', coalesce(g, '-'), (f[1]).mean) ORDER BY g), '{"a: 3.5","b: ","-: 7"}', 'groups of one row, of none with a value, and the group of NULL')
FROM (SELECT g, forecast(d, v, 1) AS f FROM (VALUES ('a', date '2020-01-01', 3.5), (NULL, '2020-01-01', 7), ('b', '2020-01-01', NULL)) AS x(g, d, v) GROUP BY g) AS s;
SELECT is(count(DISTINCT f), 1::bigint, 'int, bigint, real, numeric and double precision alike')
FROM (SELECT forecast(g, (g % 3)::int, 2)::text AS f FROM generate_series(1, 20) AS g UNION ALL SELECT forecast(g, (g % 3)::bigint, 2)::text FROM generate_series(1, 20) AS g
      UNION ALL SELECT forecast(g, (g % 3)::real, 2)::text FROM generate_series(1, 20) AS g UNION ALL SELECT forecast(g::smallint, (g % 3)::numeric, 2)::text FROM generate_series(1, 20) AS g
      UNION ALL SELECT forecast(g, (g % 3)::float8, 2)::text FROM generate_series(1, 20) AS g) AS s;

-- Wherever a query may stand.
CREATE VIEW seen AS SELECT series, p.* FROM (SELECT series, forecast(at, value, 3) AS f FROM branch GROUP BY series) AS s, unnest(f) AS p;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM forecast_series('SELECT * FROM public.branch', 3);
PREPARE asked(int, text) AS SELECT series, (unnest(forecast(at, value, $1, forecast_options(method => $2)))).mean FROM branch GROUP BY series;
CREATE FUNCTION pg_temp.total(b text, h int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    f forecast_point[];
    p forecast_point;
    t float8 := 0;
BEGIN
    SELECT forecast(at, value, h) INTO f FROM branch WHERE series = b;
    FOREACH p IN ARRAY f LOOP t := t + p.mean; END LOOP;
    RETURN t;
END
$$;
SELECT results_eq('SELECT series, step, mean FROM seen ORDER BY 1, 2', 'SELECT series, step, mean FROM kept ORDER BY 1, 2', 'a view and a materialized view');
REFRESH MATERIALIZED VIEW kept;
SELECT results_eq('SELECT series, mean FROM seen ORDER BY series, step', 'SELECT series, mean FROM kept ORDER BY series, step', 'refreshed');
SELECT bag_eq('EXECUTE asked(3, ''auto'')', 'SELECT series, mean FROM seen', 'a prepared statement');
SELECT lives_ok('EXECUTE asked(2, ''naive'')', 'asked otherwise') FROM generate_series(1, 7);
SELECT is(pg_temp.total('Is', 3), sum(mean), 'plpgsql') FROM seen WHERE series = 'Is';
SELECT is(count(*), 0::bigint, 'a lateral join')
FROM (SELECT DISTINCT series FROM branch) AS b, LATERAL (SELECT forecast(at, value, 3) AS f FROM branch AS x WHERE x.series = b.series) AS l, unnest(l.f) AS p
WHERE NOT EXISTS (SELECT FROM seen AS s WHERE s.series = b.series AND s.step = p.step AND s.mean = p.mean);
SELECT is((array_agg(w ORDER BY at))[24], (SELECT forecast(at, value, 1)::text FROM branch WHERE series = 'Is' AND at < '2015-12-01'), 'a moving window gives what was known then')
FROM (SELECT at, forecast(at, value, 1) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)::text AS w FROM branch WHERE series = 'Is' AND at < '2016-06-01') AS s;

-- What is said when something is wrong: the value, what is allowed, what to do.
CREATE FUNCTION pg_temp.said(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    m text;
    d text;
    h text;
BEGIN
    EXECUTE query;
    RETURN 'nothing';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ' ' || m || E'\n' || d || E'\n' || h;
END
$$;
SELECT alike(pg_temp.said(format('SELECT forecast(g, g, %s) FROM generate_series(1, 9) AS g', c)), l, c)
FROM (VALUES ('0', '22023 %between 1 and 100000%given is 0.%'), ('-1', '22023 %given is -1.%'), ('NULL', '22023 %must not be NULL%number of periods%'), ('2000000000', '22023 %given is 2000000000.%'),
             ('3 + g', '22023 %same for all rows%with 4 and with 5%GROUP BY%')) AS v(c, l);
SELECT alike(pg_temp.said(format('SELECT forecast(g, g, 1, forecast_options(%s)) FROM generate_series(1, 9) AS g', c)), l, c)
FROM (VALUES ('method => ''arma''', '22023 no such%"arma"%auto, mean, naive, seasonal_naive%cycle%stl+%ets(M,Ad,M)%arima(1,1,1)%'), ('method => NULL', '22023 %"method" must not be NULL%Leave the option out%'),
             ('method => ''theta'', accuracy => ''high''', '22023 %"high" goes with method "auto" only%"theta"%'), ('accuracy => ''hihg''', '22023 %"standard" or "high"%"hihg"%'),
             ('season => 0', '22023 %between 1 and 1000000 periods%given is 0%'), ('season => 4, seasons => ''{4}''', '22023 %exclude%seasons => ''{7, 365.25}''%'),
             ('seasons => ''{2,3,4,5,6,7,8}''', '22023 %at most 6%values given is 7%'), ('gaps => ''null''', '22023 %"missing" or "zero"%"null"%'), ('duplicates => ''max''', '22023 %"sum", "mean", "last", "first" or "error"%"max"%'),
             ('transform => ''sqrt''', '22023 %"none", "log" or "box_cox"%"sqrt"%'), ('lambda => 0.5', '22023 %belongs to transform "box_cox"%Add transform%'), ('transform => ''box_cox'', lambda => 9', '22023 %between -5 and 5%9.%'),
             ('intervals => ''95''', '22023 %"auto", "model" or "conformal"%"95"%'), ('unit => ''month''', '22023 %whole numbers%Give dates%'), ('until => ''2020-01-01''', '22023 %until%WHERE or FILTER%'),
             ('time_zone => ''Oslo''', '22023 %"Oslo"%pg_timezone_names%'), ('unit => ''mnd''', '22023 %seconds, minutes, hours%"mnd"%"2 weeks"%')) AS v(c, l);
SELECT alike(pg_temp.said('SELECT * FROM ' || c), l, c)
FROM (VALUES ('forecast_series(''SELECT 1 AS dato, 2 AS value'', 2)', '42703 %missing%"at"%series (optional, any type), at (date, timestamp, timestamptz or bigint), value (%'),
             ('forecast_series(''SELECT 1 AS at, ''''12,5'''' AS value'', 2)', '42804 %"value" is text%at (date, %value (integer, numeric or double precision)%'),
             ('forecast_series(''SELECT g AS at, g AS value FROM generate_series(1, 9) AS g'', 2, drivers => ''{pris}'')', '42703 %"pris"%'),
             ('forecast_series(''SELECT g AS at, g AS value, g AS pris FROM generate_series(1, 9) AS g'', 2, drivers => ''{pris}'')', '22000 %missing for 2 of 2%row without a value%'),
             ('forecast_series(''SELECT 1 AS at, ''''NaN''''::float8 AS value'', 2)', '22000 %must be finite%NaN%NULL stands for%'),
             ('backtest_series(''SELECT 1 AS at, 1 AS value'', 1, "window" => 2)', '22023 %at least 3 periods%2.%'),
             ('change_points(''SELECT 1 AS at, 1 AS value'', kind => ''jump'')', '22023 %"auto", "level" or "trend"%"jump"%'), ('change_points(''SELECT 1 AS at, 1 AS value'', strictness => -1)', '22023 %above 0 and at most 1000000%-1.%'),
             ('driver_lags(''SELECT 1 AS at, 1 AS value, 1 AS x'', 5, NULL)', '22023 %at least one column%drivers => %')) AS v(c, l);

SELECT * FROM finish();
ROLLBACK;
