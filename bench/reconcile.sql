-- Reconciling Walmart's weekly sales: 2,842 series (a total, 45 stores, 74 departments, 2,722 store departments), 130
-- weeks, 13 weeks ahead.  WAPE by level, against adding up the bottom, and the time of reconcile_forecasts.
--
--   SERIES_DATA     the folder that holds series/ (default ../shared/data beside the project)
--   RECONCILE_END   the last week that is known, 105 to 130 (default 130: the test part follows); choices are made at
--                   105, 109, 113 and 117, never at 130
--
-- Series are taken as they are in the file.  Its store departments do not make up its totals: short-lived ones are left
-- out, so that the total holds 0.2 to 1.8 % more than they do, some departments 20 times as much, and 2 have no store
-- at all (incomplete => true).  "history" tells reconcile_forecasts how much is missing; "no history" does without.
-- Forecasts and errors (of six past origins) are the extension's own, by the default method.

\set data `d=${SERIES_DATA:-../shared/data}; case $d in /*) ;; *) d=../$d ;; esac; echo "$d"`
\set origin `echo "${RECONCILE_END:-130}"`
\setenv SF_DATA :data
\set has_data `[ -f "$SF_DATA/series/hierarchy/walmart_train.csv.gz" ] && echo true || echo false`
\if :has_data
\else
\echo There is no series/hierarchy/walmart_train.csv.gz in :data: reconciling is not measured (SERIES_DATA names another folder).
\q
\endif

CREATE TABLE sale (series text, t bigint, value float8);
\copy sale FROM PROGRAM 'zcat "$SF_DATA"/series/hierarchy/walmart_train.csv.gz | sed 1d' (FORMAT csv)
\copy sale FROM PROGRAM 'zcat "$SF_DATA"/series/hierarchy/walmart_test.csv.gz | sed 1d' (FORMAT csv)
CREATE TABLE past AS SELECT series, t AS period, value FROM sale WHERE t <= :origin;
CREATE TABLE future AS SELECT series, (t - :origin)::int AS step, value FROM sale WHERE t > :origin AND t <= :origin + 13;
CREATE TABLE base AS
SELECT series, step, mean AS forecast
FROM forecast_series('SELECT series, period AS at, value FROM past', 13, forecast_options(season => 52.18));
CREATE TABLE err AS
SELECT series, origin * 1000 + ahead AS period, error AS residual
FROM backtest_series('SELECT series, period AS at, value FROM past', 13, forecast_options(season => 52.18), origins => 6, step => 7);
ANALYZE past;
ANALYZE base;
ANALYZE err;

CREATE FUNCTION pg_temp.reconciled(method text, history boolean, reach float8 DEFAULT 0.25)
RETURNS TABLE (series text, step int, pattern text, reconciled float8, lambda float8) LANGUAGE sql AS $$
    SELECT series, step, pattern, reconciled, lambda
    FROM reconcile_forecasts('TABLE base', 'TABLE err', CASE WHEN history THEN 'TABLE past' END,
                             reconcile_options(method, incomplete => true, reach => reach))
$$;

CREATE TEMP TABLE accuracy AS
SELECT m.position, m.label, r.pattern, sum(abs(f.value - r.reconciled)) / sum(abs(f.value)) AS wape, max(r.lambda) AS lambda
FROM (VALUES (1, 'bottom_up', 'bottom_up', false, 0.25), (2, 'mint_shrink, history', 'mint_shrink', true, 0.25),
             (3, 'mint_shrink, no history', 'mint_shrink', false, 0.25), (4, 'wls_var, history', 'wls_var', true, 0.25),
             (5, 'wls_struct', 'wls_struct', false, 0.25), (6, 'mint_shrink, no history, no limit', 'mint_shrink', false, NULL))
     AS m (position, label, method, history, reach)
CROSS JOIN LATERAL pg_temp.reconciled(m.method, m.history, m.reach) AS r
JOIN future f ON f.series = r.series AND f.step = r.step
GROUP BY 1, 2, 3;

SELECT CASE a.pattern WHEN '*|*' THEN 'total' WHEN 'x|*' THEN 'store' WHEN '*|x' THEN 'department' ELSE 'store department' END AS level,
       round(u.wape::numeric, 4) AS "bottom-up WAPE", round(a.wape::numeric, 4) AS "mint_shrink, history", round((a.wape / u.wape)::numeric, 4) AS ratio,
       round(n.wape::numeric, 4) AS "no history", round((n.wape / u.wape)::numeric, 4) AS "its ratio"
FROM accuracy a JOIN accuracy u USING (pattern) JOIN accuracy n USING (pattern)
WHERE a.position = 2 AND u.position = 1 AND n.position = 3 ORDER BY length(replace(a.pattern, '*', '')), a.pattern DESC;
SELECT a.label AS "all methods", round(avg(a.wape / u.wape)::numeric, 4) AS "mean ratio to bottom_up", round(max(a.wape / u.wape)::numeric, 4) AS worst,
       round(max(a.lambda)::numeric, 3) AS lambda, CASE WHEN a.position = 2 THEN 'mean below 1, worst at most 1.01' ELSE '' END AS wanted
FROM accuracy a JOIN accuracy u USING (pattern) WHERE u.position = 1 GROUP BY a.position, a.label ORDER BY a.position;

INSERT INTO query
SELECT name, format('SELECT count(*) FROM pg_temp.reconciled(%L, %L)', method, history), 0
FROM (VALUES ('mint_shrink, history', 'mint_shrink', true), ('mint_shrink, no history', 'mint_shrink', false),
             ('bottom_up, for comparison', 'bottom_up', false)) AS v (name, method, history);
SELECT pg_temp.measure(3) \g /dev/null
SELECT name AS "2,842 series, 13 steps, reading the rows included", pg_temp.show(pg_temp.seconds(name)) AS seconds,
       CASE WHEN name LIKE 'mint%' THEN 'below 5' ELSE '' END AS wanted
FROM timing GROUP BY name ORDER BY name;
DROP TABLE sale, past, future, base, err;
