-- How many series a second: generated series, GROUP BY series, one core; growth with length and season; many series in
-- one statement and its memory; R's thetaf and ets on the same series.
--
--   SPEED_SERIES   series in the one large statement (default 100000)

\set many `echo "${SPEED_SERIES:-100000}"`
\set has_r `Rscript -e 'library(forecast)' >/dev/null 2>&1 && echo true || echo false`
SELECT to_regprocedure('sales_forecast.forecast(bigint, float8, int, sales_forecast.forecast_options)') IS NOT NULL AS has_forecast \gset
\if :has_forecast
\else
\echo There is no aggregate forecast: its speed is not measured.
\q
\endif

-- A level, a trend, a season and noise, all positive; the same on every run.
CREATE FUNCTION public.made_series(series int, t int, season int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (100 + series % 400) * (1 + 0.004 * (series % 9 - 3) * t / 12.0) * (1 + 0.02 * (series % 13) * sin(2 * pi() * (t + series) / season))
           * (1 + 0.05 * ((hashint8(series * 1000003::bigint + t) & 65535) / 32768.0 - 1))
$$;
CREATE TABLE made AS
SELECT 'monthly' AS kind, s AS series, t::bigint AS t, made_series(s, t, 12) AS value FROM generate_series(1, 2000) AS s, generate_series(1, 115) AS t
UNION ALL
SELECT 'quarterly', s, t, made_series(s, t, 4) FROM generate_series(1, 2000) AS s, generate_series(1, 50) AS t
ORDER BY 1, 2, 3;
CREATE INDEX ON made (kind, series);
VACUUM (FREEZE, ANALYZE) made;

CREATE TEMP TABLE pace (what text, kind text, n bigint, seconds float8, note text);

CREATE FUNCTION pg_temp.timed(source text, horizon int, options text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE format('SELECT sum(cardinality(f)) FROM (SELECT forecast(t, value, %s, forecast_options(%s)) AS f FROM %s GROUP BY series) AS s', horizon, options, source);
    RETURN extract(epoch FROM clock_timestamp() - started);
END $$;

-- A few series tell how many take about half a second; these run three times, and the median counts.
CREATE FUNCTION pg_temp.paced(what text, kind text, m int, options text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n bigint := 4;
    seconds float8;
BEGIN
    FOR turn IN 1 .. 4 LOOP
        seconds := pg_temp.timed(format('(SELECT * FROM made WHERE kind = %L AND series <= %s) AS d', kind, n), m, concat_ws(', ', 'season => ' || m, nullif(options, '')));
        EXIT WHEN seconds > 0.4 OR n >= 2000;
        n := least(2000, greatest(n * 4, (n * 0.5 / greatest(seconds, 1e-4))::bigint));
    END LOOP;
    INSERT INTO pace
    SELECT what, kind, n, percentile_cont(0.5) WITHIN GROUP (ORDER BY x)
    FROM (SELECT seconds AS x
          UNION ALL
          SELECT pg_temp.timed(format('(SELECT * FROM made WHERE kind = %L AND series <= %s) AS d', kind, n), m, concat_ws(', ', 'season => ' || m, nullif(options, '')))
          FROM generate_series(1, 2)) AS s;
EXCEPTION WHEN OTHERS THEN
    INSERT INTO pace VALUES (what, kind, 0, NULL, SQLSTATE || ' ' || SQLERRM);
END $$;

SELECT pg_temp.paced(w.what, k.kind, k.m, w.options)
FROM (VALUES ('monthly', 12), ('quarterly', 4)) AS k(kind, m),
     (VALUES ('default', ''), ('high', 'accuracy => ''high'''), ('snaive', 'method => ''seasonal_naive'''), ('theta', 'method => ''theta'''),
             ('dotm', 'method => ''dotm'''), ('damped', 'method => ''damped'''), ('ces', 'method => ''ces'''), ('ets', 'method => ''ets'''),
             ('arima', 'method => ''arima''')) AS w(what, options) \g /dev/null

\if :has_r
\! mkdir -p ../build/r_peers
\copy (SELECT series, t, value FROM made WHERE kind = 'monthly' AND series <= 200 ORDER BY series, t) TO '../build/r_peers/speed_monthly.csv' (FORMAT csv)
\copy (SELECT series, t, value FROM made WHERE kind = 'quarterly' AND series <= 200 ORDER BY series, t) TO '../build/r_peers/speed_quarterly.csv' (FORMAT csv)
CREATE TEMP TABLE r_pace (what text, n bigint, seconds float8);
\copy r_pace FROM PROGRAM 'Rscript r_peers.R speed ../build/r_peers/speed_monthly.csv 12' (FORMAT csv)
INSERT INTO pace SELECT what, 'monthly', n, seconds FROM r_pace;
TRUNCATE r_pace;
\copy r_pace FROM PROGRAM 'Rscript r_peers.R speed ../build/r_peers/speed_quarterly.csv 4' (FORMAT csv)
INSERT INTO pace SELECT what, 'quarterly', n, seconds FROM r_pace;
\else
\echo Rscript with the package forecast is not there: no comparison with R.
\endif

\pset null '-'
\echo 'Series a second, one core: monthly n = 115, season 12; quarterly n = 50, season 4; intervals included'
SELECT what, round(max(n / seconds) FILTER (WHERE kind = 'monthly')::numeric, 1) AS monthly,
       round(max(n / seconds) FILTER (WHERE kind = 'quarterly')::numeric, 1) AS quarterly, max(note) AS note
FROM pace GROUP BY what ORDER BY 2 DESC NULLS LAST, what;

\echo 'Times as fast as R, on the same monthly series in the same run:'
SELECT p.what AS ours, r.what AS peer, round(((p.n / p.seconds) / (r.n / r.seconds))::numeric, 1) AS "times as fast"
FROM pace p JOIN pace r ON r.kind = p.kind AND r.kind = 'monthly'
WHERE (p.what, r.what) IN (('theta', 'R thetaf'), ('ets', 'R ets'), ('default', 'R thetaf'), ('default', 'R ets')) ORDER BY 2, 1;

-- Length and season: the same number of values each time, so that a linear method takes the same time.
CREATE TEMP TABLE growth (measure text, size int, series bigint, seconds float8);
DO $$
DECLARE
    size int;
    s bigint;
BEGIN
    FOREACH size IN ARRAY ARRAY[120, 480, 1920, 7680] LOOP
        s := 15360 / size;
        CREATE TEMP TABLE long_series ON COMMIT DROP AS
        SELECT g AS series, t::bigint AS t, public.made_series(g::int, t, 12) AS value FROM generate_series(1, s) AS g, generate_series(1, size) AS t ORDER BY 1, 2;
        ANALYZE long_series;
        PERFORM pg_temp.timed('long_series', 12, 'season => 12');
        INSERT INTO growth VALUES ('length', size, s, pg_temp.timed('long_series', 12, 'season => 12'));
        DROP TABLE long_series;
    END LOOP;
    FOREACH size IN ARRAY ARRAY[4, 12, 52, 168, 365] LOOP
        CREATE TEMP TABLE long_series ON COMMIT DROP AS
        SELECT g AS series, t::bigint AS t, public.made_series(g, t, size) AS value FROM generate_series(1, 12) AS g, generate_series(1, 1280) AS t ORDER BY 1, 2;
        ANALYZE long_series;
        PERFORM pg_temp.timed('long_series', 12, 'season => ' || size);
        INSERT INTO growth VALUES ('season', size, 12, pg_temp.timed('long_series', 12, 'season => ' || size));
        DROP TABLE long_series;
    END LOOP;
END $$;
\echo 'Growth: 15,360 values each time, in series of one length with season 12; and series of 1,280 values with one season:'
SELECT measure, size, series, round((1e6 * seconds / 15360)::numeric, 2) AS "microseconds a value" FROM growth ORDER BY measure, size;

-- Many series in one statement.  A new session, so that the peak is that of this statement.
CREATE TABLE many AS
SELECT s AS series, t::bigint AS t, made_series(s, t, 4) AS value FROM generate_series(1, :many) AS s, generate_series(1, 40) AS t ORDER BY 1, 2;
VACUUM (FREEZE, ANALYZE) many;
DROP TABLE made;
\c
SET search_path = public, sales_forecast;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET enable_hashagg = off;
SET work_mem = '64MB';
SELECT pg_backend_pid() AS pid \gset
\setenv BENCH_PID :pid
\! taskset -cp 0 "$BENCH_PID" >/dev/null 2>&1 || true
SELECT clock_timestamp() AS started \gset
SELECT count(p.mean) AS points FROM (SELECT forecast(t, value, 8, forecast_options(season => 4)) AS f FROM many GROUP BY series) AS s, unnest(s.f) AS p \gset
SELECT extract(epoch FROM clock_timestamp() - :'started') AS seconds \gset
\set peak `sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$BENCH_PID/status"`
\set shared `sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$BENCH_PID/status"`
SELECT :many AS "quarterly series, n = 40", :points AS points, round(:seconds, 1) AS seconds, round(:many / :seconds) AS "series a second",
       :peak / 1024 AS "peak MB", :shared / 1024 AS "of it shared buffers, MB";
DROP TABLE many;
DROP FUNCTION made_series;
