-- Accuracy on public series: OWA against Naive2 as in the M4 competition, coverage and width of the 95 % intervals,
-- RMSSE where demand is intermittent.  Everything is forecast in SQL and measured by our own aggregates; Naive2 and
-- the median of five are written out here, so that they are independent of the library.
--
--   SERIES_DATA        the folder that holds series/ (default ../shared/data beside the project)
--   ACCURACY_SETS      some of the sets, separated by blanks (default all)
--   ACCURACY_METHODS   more methods to measure, by their SQL names (default none)
--   R_SERIES           series of each set that R's ets forecasts for comparison (default 40; 0 = none)

\set data `d=${SERIES_DATA:-../shared/data}; case $d in /*) ;; *) d=../$d ;; esac; echo "$d"`
\set sets `echo "${ACCURACY_SETS:-}"`
\set more_methods `echo "${ACCURACY_METHODS:-}"`
\setenv SF_DATA :data
\set has_data `[ -d "$SF_DATA/series" ] && echo true || echo false`
\set has_r `[ "${R_SERIES:-40}" -gt 0 ] && Rscript -e 'library(forecast)' >/dev/null 2>&1 && echo true || echo false`
SELECT to_regprocedure('sales_forecast.forecast(bigint, float8, int, sales_forecast.forecast_options)') IS NOT NULL AS has_forecast \gset

\if :has_data
\else
\echo There are no series in :data: accuracy is not measured (SERIES_DATA names another folder).
\q
\endif
\if :has_forecast
\else
\echo There is no aggregate forecast: accuracy is not measured.
\q
\endif

-- season: what the models are told; m: the season of MASE and of Naive2, 1 for weekly series as in M4.
CREATE TEMP TABLE collection (position int GENERATED ALWAYS AS IDENTITY, set text PRIMARY KEY, horizon int, season text, m int);
INSERT INTO collection (set, horizon, season, m) VALUES
    ('m1_monthly', 18, 'season => 12', 12), ('m1_quarterly', 8, 'season => 4', 4), ('m1_yearly', 6, 'season => 1', 1),
    ('tourism_monthly', 24, 'season => 12', 12), ('tourism_quarterly', 8, 'season => 4', 4), ('tourism_yearly', 4, 'season => 1', 1),
    ('hospital_monthly', 12, 'season => 12', 12), ('carparts_monthly', 12, 'season => 12', 12),
    ('m4_weekly', 13, 'season => 52.18', 1), ('m4_hourly', 48, 'seasons => ARRAY[24, 168]', 24),
    ('walmart', 13, 'season => 52.18', 1), ('superstore', 6, 'season => 12', 12);
DELETE FROM collection WHERE :'sets' <> '' AND set <> ALL (string_to_array(:'sets', ' '));
SELECT string_agg(set, ' ' ORDER BY position) AS sets FROM collection \gset
\setenv SF_SETS :sets

CREATE TEMP TABLE loaded (set text, part text, series text, t bigint, value float8);
\copy loaded FROM PROGRAM './series.sh $SF_SETS' (FORMAT csv)
CREATE TEMP TABLE train AS SELECT set, series, t, value FROM loaded WHERE part = 'train' ORDER BY set, series, t;
CREATE TEMP TABLE test AS
SELECT l.set, l.series, l.t - e.last AS step, l.value
FROM loaded l JOIN (SELECT set, series, max(t) AS last FROM train GROUP BY set, series) e USING (set, series) WHERE part = 'test';
DROP TABLE loaded;
CREATE INDEX ON train (set);
ANALYZE train;
ANALYZE test;

-- Naive2: the last value, seasonally adjusted where the test at 90 % finds a season, times the indices of the classical
-- multiplicative decomposition.  Source: the R code published with the M4 competition.  Where an index is not positive
-- (a season of zeros, negative values) there is no adjustment.
CREATE FUNCTION pg_temp.is_seasonal(y float8[], m int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    n int := cardinality(y);
    mean float8 := (SELECT avg(x) FROM unnest(y) AS x);
    total float8 := (SELECT sum((x - mean) ^ 2) FROM unnest(y) AS x);
    squares float8 := 0;
    r float8 := 0;
BEGIN
    -- R's acf gives 10 log10(n) lags at most; beyond there is no season to the test
    IF m <= 1 OR n < 3 * m OR m > floor(10 * log(n)) OR total = 0 THEN
        RETURN false;
    END IF;
    FOR k IN 1 .. m LOOP
        squares := squares + r ^ 2;
        r := 0;
        FOR t IN 1 .. n - k LOOP
            r := r + (y[t] - mean) * (y[t + k] - mean);
        END LOOP;
        r := r / total;
    END LOOP;
    RETURN abs(r) > 1.645 / sqrt(n) * sqrt(1 + 2 * squares);
END $$;

CREATE FUNCTION pg_temp.season_figure(y float8[], m int) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    n int := cardinality(y);
    half int := m / 2;
    total float8[] := array_fill(0::float8, ARRAY[m]);
    seen int[] := array_fill(0, ARRAY[m]);
    trend float8;
    at int;
BEGIN
    FOR t IN half + 1 .. n - half LOOP
        trend := 0;
        FOR k IN t - half .. t + half LOOP
            trend := trend + y[k] * CASE WHEN m % 2 = 0 AND abs(k - t) = half THEN 0.5 ELSE 1 END;
        END LOOP;
        CONTINUE WHEN trend = 0 AND y[t] = 0;
        IF trend = 0 THEN
            RETURN NULL;
        END IF;
        at := (t - 1) % m + 1;
        total[at] := total[at] + y[t] * m / trend;
        seen[at] := seen[at] + 1;
    END LOOP;
    IF 0 = ANY (seen) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(f / mean ORDER BY o) FROM (SELECT o, x / seen[o] AS f, avg(x / seen[o]) OVER () AS mean
                                                       FROM unnest(total) WITH ORDINALITY AS u(x, o)) AS s);
END $$;

CREATE FUNCTION pg_temp.naive2(y float8[], m int, horizon int) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    n int := cardinality(y);
    figure float8[];
BEGIN
    IF pg_temp.is_seasonal(y, m) THEN
        figure := pg_temp.season_figure(y, m);
    END IF;
    IF figure IS NULL OR 0 >= ANY (figure) THEN
        RETURN array_fill(y[n], ARRAY[horizon]);
    END IF;
    RETURN ARRAY(SELECT y[n] / figure[(n - 1) % m + 1] * figure[(n + k - 1) % m + 1] FROM generate_series(1, horizon) AS k ORDER BY k);
END $$;

CREATE TEMP TABLE prediction (set text, method text, series text, step int, mean float8, lower float8, upper float8);
CREATE TEMP TABLE failure (set text, method text, message text);
CREATE TEMP TABLE spent (set text, method text, seconds float8);

-- One statement forecasts a whole set.
CREATE FUNCTION pg_temp.run(set text, method text, options text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    h int := (SELECT horizon FROM collection c WHERE c.set = run.set);
BEGIN
    EXECUTE format('INSERT INTO prediction
        SELECT %L, %L, series, p.step, p.mean, p.lo95, p.hi95
        FROM (SELECT series, forecast(t, value, %s, forecast_options(%s)) AS points FROM train WHERE set = %L GROUP BY series) AS s, unnest(s.points) AS p',
        set, method, h, options, set);
    INSERT INTO spent VALUES (set, method, extract(epoch FROM clock_timestamp() - started));
EXCEPTION WHEN OTHERS THEN
    INSERT INTO failure VALUES (set, method, SQLSTATE || ' ' || SQLERRM);
END $$;

INSERT INTO prediction
SELECT s.set, 'naive2', s.series, u.step, u.mean
FROM (SELECT t.set, t.series, pg_temp.naive2(array_agg(t.value ORDER BY t.t), c.m, c.horizon) AS f
      FROM train t JOIN collection c USING (set) GROUP BY t.set, t.series, c.m, c.horizon) AS s, unnest(s.f) WITH ORDINALITY AS u(mean, step);

SELECT pg_temp.run(set, name, concat_ws(', ', season, nullif(options, '')))
FROM collection,
     (SELECT * FROM (VALUES ('default', ''), ('high', 'accuracy => ''high'''), ('snaive', 'method => ''seasonal_naive''')) AS fixed(name, options)
      UNION SELECT name, format('method => %L', name)
      FROM unnest(string_to_array(concat_ws(' ', 'damped theta dotm ces ses holt', nullif(:'more_methods', '')), ' ')) AS name) AS m
ORDER BY position, name \g /dev/null

INSERT INTO prediction
SELECT set, 'median5', series, step, percentile_cont(0.5) WITHIN GROUP (ORDER BY mean)
FROM (SELECT set, method, series, step, mean FROM prediction WHERE method IN ('damped', 'theta', 'dotm', 'ces')
      UNION ALL
      SELECT set, 'comb', series, step, avg(mean) FROM prediction WHERE method IN ('ses', 'holt', 'damped')
      GROUP BY set, series, step HAVING count(*) = 3) AS five
GROUP BY set, series, step HAVING count(*) = 5;

-- R's forecasts of a sample of the series, from a file that is kept.
CREATE TEMP TABLE r_file (set text, method text, series text, step int, mean float8, lower float8, upper float8, seconds float8);
\if :has_r
\echo R forecasts a sample of each set, or its forecasts of an earlier run are read from build/r_peers:
\! Rscript r_peers.R accuracy ../build/r_peers "${R_SERIES:-40}" $SF_SETS
\copy r_file FROM PROGRAM 'cat ../build/r_peers/r_*_"${R_SERIES:-40}".csv 2>/dev/null | grep -v ^set, || true' (FORMAT csv, NULL 'NA')
INSERT INTO prediction SELECT set, method, series, step, mean, lower, upper FROM r_file JOIN collection USING (set);
\else
\echo Rscript with the package forecast is not there or not wanted: no comparison with R.
\endif
ANALYZE prediction;

CREATE TEMP TABLE scale AS
SELECT set, series, mase_scale(t, value, m) AS mase, rmsse_scale(t, value, 1) AS rmsse
FROM train JOIN collection USING (set) GROUP BY set, series;

CREATE TEMP TABLE score AS
SELECT set, method, series, smape(value, mean) AS smape, mase(value, mean, s.mase) AS mase, rmsse(value, mean, s.rmsse) AS rmsse,
       count(lower) AS bounded, coalesce(coverage(value, lower, upper), 0) AS coverage, msis(value, lower, upper, 0.95, s.mase) AS msis
FROM prediction JOIN test USING (set, series, step) JOIN scale s USING (set, series)
GROUP BY set, method, series;
DELETE FROM score WHERE mase IS NULL;
CREATE INDEX ON score (set, series);
ANALYZE score;

-- Averages over the series that the method and Naive2 both forecast; by_r: those of R's sample only.
CREATE FUNCTION pg_temp.summary(by_r boolean) RETURNS TABLE(set text, method text, series bigint, smape float8, mase float8, owa float8,
    rmsse float8, coverage float8, msis float8) LANGUAGE sql AS $$
    SELECT s.set, s.method, count(*), avg(s.smape), avg(s.mase), (avg(s.smape) / avg(n.smape) + avg(s.mase) / avg(n.mase)) / 2,
           avg(s.rmsse), sum(s.coverage * s.bounded) / nullif(sum(s.bounded), 0), avg(s.msis)
    FROM score s JOIN score n ON n.set = s.set AND n.series = s.series AND n.method = 'naive2'
    WHERE NOT by_r OR EXISTS (SELECT FROM score r WHERE r.set = s.set AND r.series = s.series AND r.method = 'R ets')
    GROUP BY s.set, s.method
$$;
CREATE TEMP TABLE summary AS SELECT * FROM pg_temp.summary(false);
CREATE TEMP TABLE sample_summary AS SELECT * FROM pg_temp.summary(true);
CREATE FUNCTION pg_temp.show3(x float8) RETURNS text LANGUAGE sql AS $$SELECT round(x::numeric, 3)::text$$;

\pset null '-'
\echo
\echo 'All series.  OWA, MSIS and RMSSE: small is good; coverage should be 0.95.  No scale: series that never changed, left out.'
SELECT c.set, (SELECT count(DISTINCT series) FROM scale WHERE set = c.set) AS series,
       (SELECT count(*) FROM scale WHERE set = c.set AND coalesce(mase, 0) = 0) AS "no scale",
       pg_temp.show3(d.owa) AS "OWA ours", pg_temp.show3(f.owa) AS "OWA median of five", pg_temp.show3(n.owa) AS "OWA snaive",
       pg_temp.show3(h.owa) AS "OWA high", pg_temp.show3(d.coverage) AS coverage, pg_temp.show3(h.coverage) AS "coverage high",
       round(d.msis::numeric, 2) AS "MSIS", round(h.msis::numeric, 2) AS "MSIS high", round(r.msis::numeric, 2) AS "R ets MSIS (sample)",
       pg_temp.show3(d.rmsse) AS "RMSSE ours", pg_temp.show3(n.rmsse) AS "RMSSE snaive",
       round((SELECT seconds FROM spent WHERE set = c.set AND method = 'default')::numeric, 2) AS seconds
FROM collection c
LEFT JOIN summary d ON d.set = c.set AND d.method = 'default'
LEFT JOIN summary f ON f.set = c.set AND f.method = 'median5'
LEFT JOIN summary n ON n.set = c.set AND n.method = 'snaive'
LEFT JOIN summary h ON h.set = c.set AND h.method = 'high'
LEFT JOIN summary r ON r.set = c.set AND r.method = 'R ets'
ORDER BY c.position;

SELECT pg_temp.show3(avg(abs(coverage - 0.95))) AS "mean coverage error", pg_temp.show3(max(abs(coverage - 0.95))) AS "worst"
FROM summary WHERE method = 'default';

\echo The series that R forecast, side by side:
SELECT r.set, r.series, pg_temp.show3(d.owa) AS "OWA ours", pg_temp.show3(h.owa) AS "OWA high", pg_temp.show3(r.owa) AS "OWA R ets",
       round(d.msis::numeric, 2) AS "MSIS ours", round(h.msis::numeric, 2) AS "MSIS high", round(r.msis::numeric, 2) AS "MSIS R ets",
       pg_temp.show3(d.coverage) AS "coverage ours", pg_temp.show3(h.coverage) AS "coverage high", pg_temp.show3(r.coverage) AS "coverage R ets",
       (SELECT round((count(*) / sum(seconds))::numeric, 2) FROM r_file f WHERE f.set = r.set AND f.method = 'R ets' AND f.step = 1) AS "R ets series/s",
       (SELECT max(abs(a.mean - b.mean) / nullif(abs(b.mean), 0)) FROM prediction a JOIN prediction b USING (set, series, step)
        WHERE a.set = r.set AND a.method = 'naive2' AND b.method = 'R naive2')::real AS "Naive2: ours - R"
FROM sample_summary r JOIN collection c USING (set)
LEFT JOIN sample_summary d ON d.set = r.set AND d.method = 'default'
LEFT JOIN sample_summary h ON h.set = r.set AND h.method = 'high'
WHERE r.method = 'R ets' ORDER BY c.position;

\echo Every method, OWA (carparts: RMSSE), best on average first:
SELECT s.method, s.set, pg_temp.show3(v.value)
FROM summary s JOIN collection c USING (set), LATERAL (SELECT CASE WHEN s.set LIKE 'carparts%' THEN s.rmsse ELSE s.owa END) AS v(value)
WHERE s.method NOT LIKE 'R %'
ORDER BY avg(v.value) OVER (PARTITION BY s.method), s.method, c.position \crosstabview

SELECT count(*) > 0 AS has_failures FROM failure \gset
\if :has_failures
\echo What could not be forecast:
SELECT set, method, message FROM failure ORDER BY set, method;
\endif
