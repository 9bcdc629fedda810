-- Accuracy of win probabilities on public deals: ours as fit_win_model makes them when no option is given, beside
-- scikit-learn and XGBoost on the same rows, with the same columns, in the same run.
--
--   SERIES_DATA     the folder that holds deals/ (default ../shared/data beside the project)
--   WIN_SALTS       splits of telco and olist (default 10)
--
-- Splits by hash: a fifth of the deals is held out.  By time: the last fifth.  Log-loss is written out here, AUC and
-- calibration error are the extension's own.

\set data `d=${SERIES_DATA:-../shared/data}; case $d in /*) ;; *) d=../$d ;; esac; echo "$d"`
\set salts `echo "${WIN_SALTS:-10}"`
\setenv SF_DATA :data
\set has_data `[ -f "$SF_DATA/deals/ibm_sales_win_loss.csv.gz" ] && /usr/bin/python3 -c "" 2>/dev/null && echo true || echo false`
\set has_peers `/usr/bin/python3 -c 'import sklearn, xgboost, pandas' 2>/dev/null && echo true || echo false`
SELECT to_regproc('sales_forecast.fit_win_model_query') IS NOT NULL AS has_model \gset
\if :has_data
\else
\echo There are no deals in :data, or no python3 to read them: the accuracy of win probabilities is not measured (SERIES_DATA names another folder).
\q
\endif
\if :has_model
\else
\echo There is no fit_win_model: the accuracy of win probabilities is not measured.
\q
\endif
SET maintenance_work_mem = '1GB';

CREATE TABLE deal_ibm (
    key text, won boolean, moment text, supplies_subgroup text, supplies_group text, region text, route_to_market text,
    opportunity_amount_usd float8, client_size_by_revenue float8, client_size_by_employee_count float8,
    revenue_from_client_past_two_years float8, competitor_type text, deal_size_category float8);
CREATE TABLE deal_telco (
    key text, won boolean, moment text, gender text, seniorcitizen float8, partner text, dependents text, tenure float8,
    phoneservice text, multiplelines text, internetservice text, onlinesecurity text, onlinebackup text,
    deviceprotection text, techsupport text, streamingtv text, streamingmovies text, contract text,
    paperlessbilling text, paymentmethod text, monthlycharges float8, totalcharges float8);
CREATE TABLE deal_olist (key text, won boolean, moment text, landing_page text, origin text, contact_day float8, weekday float8);
\copy deal_ibm FROM PROGRAM './deals.sh ibm' (FORMAT csv, HEADER)
\copy deal_telco FROM PROGRAM './deals.sh telco' (FORMAT csv, HEADER)
\copy deal_olist FROM PROGRAM './deals.sh olist' (FORMAT csv, HEADER)

-- Which deals are held out: by number of the deal, so that all of a number are on one side.
CREATE TABLE held_out (set text, split text, key text, PRIMARY KEY (set, split, key));
INSERT INTO held_out
SELECT DISTINCT 'ibm', 'fixed', key FROM deal_ibm WHERE ('x' || substr(md5('ibm:' || key), 1, 8))::bit(32)::bigint % 10 < 2
UNION ALL
SELECT DISTINCT 'ibm', 'time', key FROM deal_ibm WHERE moment > (SELECT percentile_disc(0.8) WITHIN GROUP (ORDER BY moment) FROM deal_ibm)
UNION ALL
SELECT DISTINCT s.set, 'salt ' || i, s.key
FROM (SELECT 'telco' AS set, key FROM deal_telco UNION ALL SELECT 'olist', key FROM deal_olist) AS s, generate_series(1, :salts) AS i
WHERE hash_bucket(s.key, s.set || i, 10) < 2;

CREATE TABLE predicted (set text, split text, method text, won boolean, p float8);
CREATE TABLE fitted (set text, split text, method text, seconds float8, members text);

CREATE FUNCTION pg_temp.features(of_set text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = ('deal_' || of_set)::regclass AND attnum > 0 AND attname NOT IN ('key', 'won', 'moment')
$$;

-- Train on what is not held out, predict what is.
CREATE PROCEDURE pg_temp.fit_and_predict(of_set text, of_split text, method text, options text) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    m win_model;
BEGIN
    EXECUTE format('SELECT fit_win_model(won, d, %s) FROM (SELECT won, %s FROM deal_%s WHERE key NOT IN (SELECT key FROM held_out WHERE set = %L AND split = %L)) AS d',
                   options, pg_temp.features(of_set), of_set, of_set, of_split) INTO m;
    INSERT INTO fitted
    SELECT of_set, of_split, method, extract(epoch FROM clock_timestamp() - started),
           (SELECT string_agg(DISTINCT algorithm, ' + ') FROM win_model_candidates(m) WHERE chosen);
    EXECUTE format('INSERT INTO predicted SELECT %L, %L, %L, won, win_probability($1, d) FROM (SELECT won, %s FROM deal_%s WHERE key IN (SELECT key FROM held_out WHERE set = %L AND split = %L)) AS d',
                   of_set, of_split, method, pg_temp.features(of_set), of_set, of_set, of_split) USING m;
END $$;

DO $$
DECLARE
    s record;
BEGIN
    FOR s IN SELECT DISTINCT set, split FROM held_out ORDER BY 1, 2 LOOP
        CALL pg_temp.fit_and_predict(s.set, s.split, 'ours, auto', 'win_options()');
    END LOOP;
    FOR s IN SELECT * FROM (VALUES ('logistic'), ('boosted'), ('forest')) AS v (algorithm) LOOP
        CALL pg_temp.fit_and_predict('ibm', 'fixed', 'ours, ' || s.algorithm, format('win_options(algorithm => %L)', s.algorithm));
    END LOOP;
END $$;

\if :has_peers
\! mkdir -p ../build/win_peers
\copy (SELECT * FROM deal_ibm) TO '../build/win_peers/ibm.csv' (FORMAT csv, HEADER)
\copy (SELECT * FROM deal_telco) TO '../build/win_peers/telco.csv' (FORMAT csv, HEADER)
\copy (SELECT * FROM deal_olist) TO '../build/win_peers/olist.csv' (FORMAT csv, HEADER)
\copy held_out TO '../build/win_peers/held_out.csv' (FORMAT csv, HEADER)
CREATE TEMP TABLE told (set text, split text, method text, seconds float8, won boolean, p float8);
\copy told FROM PROGRAM '/usr/bin/python3 win_peers.py accuracy ../build/win_peers' (FORMAT csv)
INSERT INTO predicted SELECT set, split, method, won, p FROM told;
INSERT INTO fitted SELECT DISTINCT set, split, method, seconds FROM told;
\else
\echo scikit-learn, XGBoost and pandas are not there (python3-sklearn, python3-xgboost, python3-pandas): no comparison.
\endif

CREATE TABLE scored AS
SELECT set, split, method, count(*) AS deals, avg(-ln(CASE WHEN won THEN p ELSE 1 - p END)) AS log_loss, auc(won, p) AS auc,
       calibration_error(won, p) AS calibration_error
FROM (SELECT set, split, method, won, greatest(1e-15, least(1 - 1e-15, p)) AS p FROM predicted) AS q GROUP BY 1, 2, 3;

\pset null '-'
\echo 'IBM, honest columns, split by hash and by time (wanted of auto: AUC .848 or more, log-loss .3775 or less, calibration error .013 or less; by time log-loss .447 or less):'
SELECT s.method, max(round(auc::numeric, 4)) FILTER (WHERE split = 'fixed') AS auc, max(round(log_loss::numeric, 4)) FILTER (WHERE split = 'fixed') AS "log-loss",
       max(round(calibration_error::numeric, 4)) FILTER (WHERE split = 'fixed') AS "calibration error",
       max(round(log_loss::numeric, 4)) FILTER (WHERE split = 'time') AS "log-loss by time", max(round(auc::numeric, 4)) FILTER (WHERE split = 'time') AS "auc by time",
       round((max(f.seconds) FILTER (WHERE split = 'fixed'))::numeric, 2) AS "training, s", max(f.members) FILTER (WHERE split = 'fixed') AS chosen
FROM scored s JOIN fitted f USING (set, split, method) WHERE set = 'ibm' GROUP BY 1 ORDER BY 3;

\echo 'Telco and olist, mean over the splits; difference: of the log-loss, ours less theirs, on the same deals (wanted: at most .0020 to the best):'
WITH mean AS (
    SELECT set, s.method, avg(log_loss) AS log_loss, avg(auc) AS auc, avg(calibration_error) AS calibration_error, count(*) AS splits, avg(f.seconds) AS seconds,
           string_agg(DISTINCT f.members, ', ') AS chosen
    FROM scored s JOIN fitted f USING (set, split, method) WHERE set <> 'ibm' GROUP BY 1, 2)
SELECT m.set, m.method, m.splits, round(m.log_loss::numeric, 4) AS "log-loss", round((o.log_loss - m.log_loss)::numeric, 4) AS difference,
       round(m.auc::numeric, 4) AS auc, round(m.calibration_error::numeric, 4) AS "calibration error", round(m.seconds::numeric, 2) AS "training, s", m.chosen
FROM mean m JOIN mean o ON o.set = m.set AND o.method = 'ours, auto' ORDER BY m.set, m.log_loss;

\echo 'What is wanted:'
WITH mean AS (SELECT set, method, avg(log_loss) AS log_loss FROM scored GROUP BY 1, 2),
     versus AS (SELECT set, max(log_loss) FILTER (WHERE method = 'ours, auto') - min(log_loss) FILTER (WHERE method NOT LIKE 'ours%') AS difference FROM mean GROUP BY 1),
     wanted (measure, measured, low, high) AS (
         SELECT 'IBM, AUC', auc, .848, NULL::float8 FROM scored WHERE (set, split, method) = ('ibm', 'fixed', 'ours, auto')
         UNION ALL SELECT 'IBM, log-loss', log_loss, NULL, .3775 FROM scored WHERE (set, split, method) = ('ibm', 'fixed', 'ours, auto')
         UNION ALL SELECT 'IBM, calibration error', calibration_error, NULL, .013 FROM scored WHERE (set, split, method) = ('ibm', 'fixed', 'ours, auto')
         UNION ALL SELECT 'IBM by time, log-loss', log_loss, NULL, .447 FROM scored WHERE (set, split, method) = ('ibm', 'time', 'ours, auto')
         UNION ALL SELECT set || ', log-loss less that of the best peer', difference, NULL, .002 FROM versus WHERE set <> 'ibm')
SELECT measure, round(measured::numeric, 4) AS measured, coalesce('at least ' || low, 'at most ' || high) AS wanted,
       CASE WHEN measured >= low OR measured <= high THEN 'yes' WHEN measured IS NOT NULL THEN 'no' END AS reached
FROM wanted;
DROP TABLE deal_ibm, deal_telco, deal_olist, held_out, predicted, fitted, scored;
