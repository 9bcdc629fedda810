-- Reconciling Walmart's weekly sales: 2,842 series (a total, 45 stores, 74 departments, 2,722 store departments), 130
-- weeks, 13 weeks ahead.  Time of reconcile_forecasts, and WAPE by level relative to adding up the bottom.
--
--   SERIES_DATA       the folder that holds series/ (default ../shared/data beside the project)
--   RECONCILE_END     the last week that is known, 65 to 130 (default 130: the test part follows); choices belong to
--                     117, 104 and 91
--   RECONCILE_METHOD  method of the base forecasts that the extension makes (default auto; "none" = seasonal naive only)
--
-- The store departments in the file do not make up its totals: short-lived ones are left out, so that the total holds
-- 0.2 to 1.8 % more than they do, and 2 departments have no store at all.  So everything is done twice: "sums" are the
-- sums of the 2,722 series, "file" the totals of the file (with incomplete => true and the history, which tells how
-- much is missing).

\set data `d=${SERIES_DATA:-../shared/data}; case $d in /*) ;; *) d=../$d ;; esac; echo "$d"`
\set origin `echo "${RECONCILE_END:-130}"`
\set base_method `echo "${RECONCILE_METHOD:-auto}"`
\setenv SF_DATA :data
\set has_data `[ -f "$SF_DATA/series/hierarchy/walmart_train.csv.gz" ] && echo true || echo false`
\if :has_data
\else
\echo There is no series/hierarchy/walmart_train.csv.gz in :data: reconciling is not measured (SERIES_DATA names another folder).
\q
\endif

CREATE TABLE sale (totals text, series text, t bigint, value float8);
\copy sale (series, t, value) FROM PROGRAM 'zcat "$SF_DATA"/series/hierarchy/walmart_train.csv.gz | sed 1d' (FORMAT csv)
\copy sale (series, t, value) FROM PROGRAM 'zcat "$SF_DATA"/series/hierarchy/walmart_test.csv.gz | sed 1d' (FORMAT csv)
UPDATE sale SET totals = 'file';
INSERT INTO sale
SELECT 'sums', coalesce(store, '*') || '|' || coalesce(department, '*'), t, sum(value)
FROM (SELECT split_part(series, '|', 1) AS store, split_part(series, '|', 2) AS department, t, value FROM sale WHERE series NOT LIKE '%*%') AS s
GROUP BY t, CUBE (store, department);
CREATE TABLE past AS SELECT totals, series, t AS period, value FROM sale WHERE t <= :origin;
CREATE TABLE future AS SELECT totals, series, (t - :origin)::int AS step, value FROM sale WHERE t > :origin AND t <= :origin + 13;
ANALYZE past;
CREATE TABLE base (totals text, made_by text, series text, step int, forecast float8);
CREATE TABLE err (totals text, made_by text, series text, period bigint, residual float8);

-- The same week of the year before, or the last value.
INSERT INTO base
SELECT l.totals, 'seasonal naive', l.series, s.step, coalesce(y.value, l.value)
FROM past l CROSS JOIN generate_series(1, 13) AS s (step)
LEFT JOIN past y ON y.totals = l.totals AND y.series = l.series AND y.period = :origin + s.step - 52
WHERE l.period = :origin;
INSERT INTO err
SELECT a.totals, 'seasonal naive', a.series, a.period, a.value - b.value
FROM past a JOIN past b ON b.totals = a.totals AND b.series = a.series AND b.period = a.period - 52;

-- The extension's own, with the errors of six past origins.
SELECT to_regprocedure('sales_forecast.forecast_series(text, int, sales_forecast.forecast_options, text[], text, text)') IS NOT NULL
   AND to_regprocedure('sales_forecast.backtest_series(text, int, sales_forecast.forecast_options, int, int, int, int, text[], text, text)') IS NOT NULL
   AND :'base_method' <> 'none' AS has_forecast \gset
\if :has_forecast
INSERT INTO base
SELECT w.totals, :'base_method', f.series, f.step, f.mean
FROM (VALUES ('file'), ('sums')) AS w (totals)
CROSS JOIN LATERAL forecast_series(format('SELECT series, period AS at, value FROM past WHERE totals = %L', w.totals), 13,
                                   forecast_options(method => :'base_method', season => 52.18)) AS f;
INSERT INTO err
SELECT w.totals, :'base_method', b.series, b.origin * 1000 + b.ahead, b.error
FROM (VALUES ('file'), ('sums')) AS w (totals)
CROSS JOIN LATERAL backtest_series(format('SELECT series, period AS at, value FROM past WHERE totals = %L', w.totals), 13,
                                   forecast_options(method => :'base_method', season => 52.18), origins => 6, step => 7) AS b;
\endif
ANALYZE base;
ANALYZE err;

CREATE FUNCTION pg_temp.reconciled(totals text, made_by text, method text, nonnegative boolean, history boolean)
RETURNS TABLE (series text, step int, pattern text, reconciled float8, lambda float8) LANGUAGE sql AS $$
    SELECT series, step, pattern, reconciled, lambda
    FROM reconcile_forecasts(format('SELECT series, step, forecast FROM base WHERE totals = %L AND made_by = %L', totals, made_by),
                             format('SELECT series, period, residual FROM err WHERE totals = %L AND made_by = %L', totals, made_by),
                             CASE WHEN history THEN format('SELECT series, period, value FROM past WHERE totals = %L', totals) END,
                             reconcile_options(method, nonnegative, incomplete => true))
$$;

INSERT INTO query
SELECT name, format('SELECT count(*) FROM pg_temp.reconciled(''file'', ''seasonal naive'', %L, %L, %L)', method, nonnegative, history), 0
FROM (VALUES ('mint_shrink', 'mint_shrink', false, true), ('mint_shrink, not negative', 'mint_shrink', true, true),
             ('wls_var', 'wls_var', false, true), ('bottom_up, for comparison', 'bottom_up', false, false)) AS v (name, method, nonnegative, history);
SELECT pg_temp.measure(3) \g /dev/null
SELECT name AS "2,842 series, 13 steps, reading the rows included", pg_temp.show(pg_temp.seconds(name)) AS seconds,
       CASE WHEN name LIKE 'mint%' THEN 'below 5' ELSE '' END AS wanted
FROM timing GROUP BY name ORDER BY name;

CREATE TEMP TABLE accuracy AS
SELECT b.totals, b.made_by, m.label, m.position, r.pattern, sum(abs(f.value - r.reconciled)) / sum(abs(f.value)) AS wape, max(r.lambda) AS lambda
FROM (SELECT DISTINCT totals, made_by FROM base) AS b
CROSS JOIN (VALUES (1, 'bottom_up', 'bottom_up', false), (2, 'top_down', 'top_down', false), (3, 'wls_struct', 'wls_struct', false),
                   (4, 'wls_var', 'wls_var', false), (5, 'mint_shrink', 'mint_shrink', false), (7, 'auto', 'auto', false),
                   (6, 'mint_shrink, not negative', 'mint_shrink', true)) AS m (position, label, method, nonnegative)
CROSS JOIN LATERAL pg_temp.reconciled(b.totals, b.made_by, m.method, m.nonnegative, b.totals = 'file') AS r
JOIN future f ON f.totals = b.totals AND f.series = r.series AND f.step = r.step
GROUP BY 1, 2, 3, 4, 5;
INSERT INTO accuracy
SELECT b.totals, b.made_by, 'as they were', 0, regexp_replace(b.series, '[^|*]+', 'x', 'g'), sum(abs(f.value - b.forecast)) / sum(abs(f.value)), NULL
FROM base b JOIN future f USING (totals, series, step) GROUP BY 1, 2, 3, 4, 5;

SELECT a.totals, a.made_by AS "base forecasts", a.label AS "WAPE by level",
       max(round(a.wape::numeric, 4)) FILTER (WHERE a.pattern = '*|*') AS total,
       max(round(a.wape::numeric, 4)) FILTER (WHERE a.pattern = 'x|*') AS store,
       max(round(a.wape::numeric, 4)) FILTER (WHERE a.pattern = '*|x') AS department,
       max(round(a.wape::numeric, 4)) FILTER (WHERE a.pattern = 'x|x') AS both,
       round(avg(a.wape / u.wape)::numeric, 4) AS "mean ratio to bottom_up", round(max(a.wape / u.wape)::numeric, 4) AS worst,
       round(max(a.lambda)::numeric, 3) AS lambda,
       CASE a.label WHEN 'mint_shrink' THEN 'mean < 1, worst <= 1.01' ELSE '' END AS wanted
FROM accuracy a JOIN accuracy u ON u.totals = a.totals AND u.made_by = a.made_by AND u.pattern = a.pattern AND u.position = 1
GROUP BY a.totals, a.made_by, a.position, a.label ORDER BY a.totals DESC, a.made_by, a.position;
DROP TABLE sale, past, future, base, err;
