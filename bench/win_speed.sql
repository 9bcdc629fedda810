-- Speed of win models: training end to end in SQL, predicting, explaining, a large training set; scikit-learn and
-- XGBoost with everything that moving the deals out and the predictions back takes.
--
--   SERIES_DATA     the folder that holds deals/ (default ../shared/data beside the project)
--   WIN_LARGE       deals of the large training set (default 5000000; 0 = none)
--
-- A million deals of ten columns (four numbers, three counts, a boolean, two texts) are generated; IBM's deals are read,
-- those that win_accuracy.sql trains on.  cpu: seconds of processor the statement took, which a busy machine moves less.

\set data `d=${SERIES_DATA:-../shared/data}; case $d in /*) ;; *) d=../$d ;; esac; echo "$d"`
\set large `echo "${WIN_LARGE:-5000000}"`
\setenv SF_DATA :data
\set has_data `[ -f "$SF_DATA/deals/ibm_sales_win_loss.csv.gz" ] && /usr/bin/python3 -c "" 2>/dev/null && echo true || echo false`
\set has_peers `/usr/bin/python3 -c 'import sklearn, xgboost, pandas' 2>/dev/null && echo true || echo false`
SELECT to_regproc('sales_forecast.fit_win_model_query') IS NOT NULL AS has_model \gset
\if :has_model
\else
\echo There is no fit_win_model: its speed is not measured.
\q
\endif
SET maintenance_work_mem = '1GB';

-- Uniform numbers that are the same on every run.
CREATE FUNCTION public.made_uniform(deal bigint, k int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ((hashint8(deal * 64 + k)::bigint & 16777215) + 0.5) / 16777216
$$;
-- Deals of a shape like a CRM's; chance depends on size in a curve, on a segment, and on what is missing.
CREATE FUNCTION public.made_deals(first bigint, last bigint)
RETURNS TABLE (deal bigint, won boolean, amount float8, discount float8, employees float8, cycle_days float8, visits int, calls int, emails int,
               known boolean, region text, industry text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT i, made_uniform(i, 20) < 1 / (1 + exp(0.8 + 0.5 * abs(ln(amount) - 9.5) - 1.2 * (calls > 5)::int * (industry < 'm')::int - 0.1 * visits
                                                 + 0.6 * (employees IS NULL)::int - 0.7 * known::int + 2 * discount)),
           amount, discount, employees, 200 * made_uniform(i, 14) * made_uniform(i, 15), visits, calls,
           (made_uniform(i, 16) * 40)::int, known, region, industry
    FROM (SELECT i, exp(7 + 5 * made_uniform(i, 1)) AS amount, round((0.3 * made_uniform(i, 2))::numeric, 2)::float8 AS discount,
                 CASE WHEN made_uniform(i, 3) > 0.1 THEN floor(exp(9 * made_uniform(i, 4))) END AS employees,
                 (made_uniform(i, 5) * 8)::int AS visits, (made_uniform(i, 6) * 20)::int AS calls, made_uniform(i, 7) < 0.4 AS known,
                 'region ' || (made_uniform(i, 8) * 12)::int AS region, chr(97 + (made_uniform(i, 9) * 25)::int) || ' industry' AS industry
          FROM generate_series(first, last) AS i) AS d
$$;

CREATE TABLE made AS
SELECT won, amount, discount, employees, cycle_days, visits, calls, emails, known, region, industry FROM made_deals(1, 1000000);
VACUUM (FREEZE, ANALYZE) made;
CREATE TABLE model (name text PRIMARY KEY, model win_model);

CREATE TEMP TABLE timed (position int GENERATED ALWAYS AS IDENTITY, what text, seconds float8, cpu float8, wanted float8, n bigint);

CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql AS $$SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e9$$;
-- Seconds of the median of some turns, after one that warms the cache where there are several.
CREATE FUNCTION pg_temp.timed(what text, query text, wanted float8 DEFAULT NULL, n bigint DEFAULT NULL, turns int DEFAULT 3) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    cpu float8;
    wall float8[];
    used float8[];
BEGIN
    FOR turn IN CASE WHEN turns > 1 THEN 0 ELSE 1 END .. turns LOOP
        started := clock_timestamp();
        cpu := pg_temp.cpu();
        EXECUTE query;
        IF turn > 0 THEN
            wall := wall || extract(epoch FROM clock_timestamp() - started)::float8;
            used := used || pg_temp.cpu() - cpu;
        END IF;
    END LOOP;
    INSERT INTO timed (what, seconds, cpu, wanted, n)
    SELECT what, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(wall) AS x),
           (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(used) AS x), wanted, n;
END $$;

-- The scan part of training, as the plan times it: reading deals, collecting and packing them, in each process.
CREATE FUNCTION pg_temp.scan_part(what text, workers int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    node json;
    took float8[];
BEGIN
    PERFORM set_config('max_parallel_workers', workers::text, true);
    FOR turn IN 1 .. 3 LOOP
        EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) SELECT fit_win_model(won, d, win_options(algorithm => ''logistic'', bins => 2)) FROM made AS d' INTO plan;
        node := plan -> 0 -> 'Plan';
        WHILE node ->> 'Partial Mode' IS DISTINCT FROM 'Partial' LOOP
            node := node -> 'Plans' -> 0;
            EXIT WHEN node IS NULL;
        END LOOP;
        took := took || (node ->> 'Actual Total Time')::float8 / 1000;
    END LOOP;
    INSERT INTO timed (what, seconds) SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(took) AS x;
END $$;

\set logistic 'win_options(algorithm => ''logistic'')'
\set boosted 'win_options(algorithm => ''boosted'', trees => 100, leaves => 31)'
\set forest 'win_options(algorithm => ''forest'', trees => 100)'

SELECT pg_temp.timed('1M x 10: scan (count of records)', 'SELECT count(d) FROM made AS d') \g /dev/null
SELECT pg_temp.timed('1M x 10: train logistic', 'SELECT fit_win_model(won, d, ' || :'logistic' || ') FROM made AS d', 1.0, 1000000) \g /dev/null
SELECT pg_temp.timed('1M x 10: train boosted 100 x 31', 'SELECT fit_win_model(won, d, ' || :'boosted' || ') FROM made AS d', NULL, 1000000) \g /dev/null
\if :has_data
CREATE TABLE ibm_all (
    key text, won boolean, moment text, supplies_subgroup text, supplies_group text, region text, route_to_market text,
    opportunity_amount_usd float8, client_size_by_revenue float8, client_size_by_employee_count float8,
    revenue_from_client_past_two_years float8, competitor_type text, deal_size_category float8);
\copy ibm_all FROM PROGRAM './deals.sh ibm' (FORMAT csv, HEADER)
CREATE TABLE ibm AS
SELECT * FROM ibm_all WHERE ('x' || substr(md5('ibm:' || key), 1, 8))::bit(32)::bigint % 10 >= 2;
CREATE TABLE ibm_test AS
SELECT * FROM ibm_all WHERE ('x' || substr(md5('ibm:' || key), 1, 8))::bit(32)::bigint % 10 < 2;
ALTER TABLE ibm DROP COLUMN key, DROP COLUMN moment;
ALTER TABLE ibm_test DROP COLUMN key, DROP COLUMN moment;
DROP TABLE ibm_all;
VACUUM (FULL, FREEZE, ANALYZE) ibm;
VACUUM (FULL, FREEZE, ANALYZE) ibm_test;
SELECT pg_temp.timed('IBM, 62,425 x 10: train logistic', 'SELECT fit_win_model(won, d, ' || :'logistic' || ') FROM ibm AS d', NULL, 62425) \g /dev/null
SELECT pg_temp.timed('IBM: train boosted 100 x 31', 'SELECT fit_win_model(won, d, ' || :'boosted' || ') FROM ibm AS d', 0.30, 62425) \g /dev/null
SELECT pg_temp.timed('IBM: train forest of 100', 'SELECT fit_win_model(won, d, ' || :'forest' || ') FROM ibm AS d', 1.2, 62425) \g /dev/null
SELECT pg_temp.timed('IBM: train auto', 'SELECT fit_win_model(won, d) FROM ibm AS d', 20, 62425, 1) \g /dev/null
\else
\echo There are no deals in :data, or no python3 to read them: training on the deals of IBM is not measured (SERIES_DATA names another folder).
\endif

INSERT INTO model SELECT 'logistic', fit_win_model(won, d, :logistic) FROM made AS d;
INSERT INTO model SELECT 'boosted', fit_win_model(won, d, :boosted) FROM made AS d;
SELECT pg_temp.timed('1M x 10: predict logistic, with the scan',
                     'SELECT sum(win_probability((SELECT model FROM model WHERE name = ''logistic''), d)) FROM made AS d') \g /dev/null
SELECT pg_temp.timed('1M x 10: predict boosted, with the scan',
                     'SELECT sum(win_probability((SELECT model FROM model WHERE name = ''boosted''), d)) FROM made AS d') \g /dev/null
INSERT INTO timed (what, seconds, cpu, wanted)
SELECT '1M x 10: predict ' || m.name || ', beyond the scan', p.seconds - s.seconds, p.cpu - s.cpu, m.wanted
FROM (VALUES ('logistic', 0.6), ('boosted', 1.0)) AS m (name, wanted)
JOIN timed p ON p.what = '1M x 10: predict ' || m.name || ', with the scan', timed s
WHERE s.what = '1M x 10: scan (count of records)' ORDER BY m.name DESC;

CREATE TABLE sample AS SELECT * FROM made LIMIT 20000;
SELECT pg_temp.timed('20,000 x 10: explain boosted 100 x 31 (20,000 a second)',
                     'SELECT sum(e.contribution) FROM sample AS d, explain_win((SELECT model FROM model WHERE name = ''boosted''), d) AS e', 1.0, 20000) \g /dev/null
\if :has_data
INSERT INTO model SELECT 'ibm boosted', fit_win_model(won, d, :boosted) FROM ibm AS d;
SELECT pg_temp.timed('IBM, 15,600 x 10: explain boosted 100 x 31 (20,000 a second)',
                     'SELECT sum(e.contribution) FROM ibm_test AS d, explain_win((SELECT model FROM model WHERE name = ''ibm boosted''), d) AS e',
                     0.00005 * count(*), count(*)) FROM ibm_test \g /dev/null
\endif

-- With two workers every core may be used.
\! taskset -cp 0-$(($(nproc) - 1)) "$BENCH_PID" >/dev/null 2>&1 || true
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT pg_temp.scan_part('1M x 10: scan part of training, alone', 0), pg_temp.scan_part('1M x 10: scan part of training, 2 workers', 2) \g /dev/null
SELECT pg_temp.timed('1M x 10: train logistic, 2 workers', 'SELECT fit_win_model(won, d, ' || :'logistic' || ') FROM made AS d', NULL, 1000000) \g /dev/null
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
SET max_parallel_workers_per_gather = 0;
\! taskset -cp 0 "$BENCH_PID" >/dev/null 2>&1 || true

\pset null '-'
\echo 'Training, predicting, explaining; one core unless workers are named:'
SELECT what, round(seconds::numeric, 3) AS seconds, round(cpu::numeric, 3) AS cpu, round((n / seconds)::numeric) AS "deals a second", wanted AS "seconds wanted"
FROM timed ORDER BY position;

\if :has_peers
\! mkdir -p ../build/win_peers
-- Both sides end with the predictions of all deals in a table of the database.
CREATE TABLE came_back (p float8);
CREATE TEMP TABLE beside (deals text, method text, copy_out float8, reading float8, training float8, predicting float8, writing float8, copy_in float8);
\copy beside FROM PROGRAM '/usr/bin/python3 win_peers.py speed ../build/win_peers made:logistic made:histogram made:xgboost' (FORMAT csv)
\if :has_data
\copy beside FROM PROGRAM '/usr/bin/python3 win_peers.py speed ../build/win_peers ibm:logistic ibm:histogram ibm:xgboost ibm:forest' (FORMAT csv)
\endif

CREATE FUNCTION pg_temp.ours(deals text, algorithm text, options text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    t timestamptz[] := ARRAY[clock_timestamp()];
    m win_model;
BEGIN
    EXECUTE format('SELECT fit_win_model(won, d, %s) FROM %s AS d', options, deals) INTO m;
    t := t || clock_timestamp();
    TRUNCATE came_back;
    EXECUTE format('INSERT INTO came_back SELECT win_probability($1, d) FROM %s AS d', deals) USING m;
    t := t || clock_timestamp();
    INSERT INTO beside SELECT deals, 'ours: ' || algorithm, NULL, NULL, extract(epoch FROM t[2] - t[1]), extract(epoch FROM t[3] - t[2]), NULL, NULL;
END $$;
SELECT pg_temp.ours('made', 'logistic', :'logistic'), pg_temp.ours('made', 'boosted', :'boosted') \g /dev/null
\if :has_data
SELECT pg_temp.ours('ibm', 'logistic', :'logistic'), pg_temp.ours('ibm', 'boosted', :'boosted'), pg_temp.ours('ibm', 'forest', :'forest') \g /dev/null
\endif
\echo 'Train on all deals and have their predictions in a table: ours in SQL; theirs with csv out, fit, predict, csv back.  Boosted: 100 trees, depth 6 or 31 leaves; forests of 100; logistic one-hot, C = 1.  Seconds:'
SELECT CASE deals WHEN 'made' THEN '1M x 10' ELSE 'IBM' END AS deals, method, round(copy_out::numeric, 2) AS "copy out", round(reading::numeric, 2) AS reading,
       round(training::numeric, 2) AS training, round(predicting::numeric, 2) AS predicting, round(writing::numeric, 2) AS writing, round(copy_in::numeric, 2) AS "copy in",
       round((coalesce(copy_out, 0) + coalesce(reading, 0) + training + predicting + coalesce(writing, 0) + coalesce(copy_in, 0))::numeric, 2) AS total
FROM beside ORDER BY deals DESC, replace(replace(split_part(method, ': ', 2), 'histogram', 'boosted'), 'xgboost', 'boosted'), method;
DROP TABLE came_back;
\else
\echo scikit-learn, XGBoost and pandas are not there (python3-sklearn, python3-xgboost, python3-pandas): no comparison.
\endif
DROP TABLE made, sample, model;
DROP TABLE IF EXISTS ibm, ibm_test;

-- Many deals of many columns, each in a new session, so that the peak is that of the statement.
SELECT :large > 0 AS has_large \gset
\if :has_large
\else
\q
\endif
CREATE TABLE large AS
SELECT m.won, m.amount, m.discount, m.employees, m.cycle_days, m.visits, m.calls, m.emails, m.known, m.region, m.industry,
       h / 9.0 AS score, h % 1000 AS size, (h >> 10) % 365 AS age, (h >> 4) % 7 AS weekday, (h >> 2) % 100 / 4.0 AS share, h % 97 AS parts,
       (h >> 8) % 5000 + 0.5 AS paid
FROM made_deals(1, :large) AS m, LATERAL (SELECT hashint8(deal) & 1048575 AS h) AS x;
VACUUM (FREEZE, ANALYZE) large;
CREATE TABLE peak (what text, seconds numeric, megabytes numeric, shared numeric);
\set options 'win_options(algorithm => ''logistic'')'
\set what logistic
\ir win_large.sql
\set options 'win_options(algorithm => ''boosted'', trees => 100, leaves => 31)'
\set what 'boosted 100 x 31'
\ir win_large.sql
\set options 'win_options()'
\set what auto
\ir win_large.sql
\echo 'Many deals, maintenance_work_mem = 2GB, one core:'
SELECT :large AS deals, 17 AS columns, what, seconds, megabytes AS "peak MB", shared AS "of it shared buffers, MB" FROM peak;
DROP TABLE large, peak;
DROP FUNCTION made_deals;
DROP FUNCTION made_uniform;
