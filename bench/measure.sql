-- How things are measured: each query runs five times, peers taking turns, and
-- the median counts.  The backend is pinned to one CPU unless workers are asked.

\set QUIET on
\pset footer off
\pset format aligned
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sales_forecast;
SET search_path = public, sales_forecast;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '256MB';

CREATE TEMP TABLE query (name text PRIMARY KEY, sql text NOT NULL, workers int NOT NULL DEFAULT 0);
CREATE TEMP TABLE timing (name text, turn int, seconds float8);

-- Runs all queries in turn, five rounds, and forgets nothing.
CREATE FUNCTION pg_temp.measure(rounds int DEFAULT 5) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    q record;
    started timestamptz;
BEGIN
    FOR turn IN 0 .. rounds LOOP
        FOR q IN SELECT * FROM query ORDER BY name LOOP
            PERFORM set_config('max_parallel_workers_per_gather', q.workers::text, true);
            started := clock_timestamp();
            EXECUTE q.sql;
            -- round 0 warms the cache
            INSERT INTO timing SELECT q.name, turn, extract(epoch FROM clock_timestamp() - started)
            WHERE turn > 0;
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.seconds(of_query text) RETURNS float8 LANGUAGE sql AS
    $$SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM timing WHERE name = of_query$$;

CREATE FUNCTION pg_temp.show(x float8) RETURNS text LANGUAGE sql AS $$SELECT round(x::numeric, 2)::text$$;

SELECT pg_backend_pid() AS pid \gset
\setenv BENCH_PID :pid
\! taskset -cp 0 "$BENCH_PID" >/dev/null 2>&1 || true
