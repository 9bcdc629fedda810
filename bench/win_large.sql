-- A step of win_speed.sql: one training on the table large in a session of its own; the time, and the peak of memory.
\c
SET search_path = public, sales_forecast;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET maintenance_work_mem = '2GB';
SELECT pg_backend_pid() AS pid \gset
\setenv BENCH_PID :pid
\! taskset -cp 0 "$BENCH_PID" >/dev/null 2>&1 || true
SELECT clock_timestamp() AS started \gset
SELECT fit_win_model(won, d, :options) IS NOT NULL AS done FROM large AS d \gset
SELECT extract(epoch FROM clock_timestamp() - :'started') AS seconds \gset
\set peak `sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$BENCH_PID/status"`
\set shared `sed -n 's/^RssShmem:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$BENCH_PID/status"`
INSERT INTO peak VALUES (:'what', round(:seconds, 1), :peak / 1024, :shared / 1024);
