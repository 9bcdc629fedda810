-- Laws of the measures of win probabilities: values by hand, order, workers, NULLs, errors, splits.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;

-- Values by hand.
CREATE TEMPORARY TABLE hand (won boolean, p float8, other float8);
INSERT INTO hand VALUES (true, 0.9, 0.6), (true, 0.8, 0.7), (false, 0.8, 0.5), (true, 0.3, 0.4), (false, 0.1, 0.55),
                        (NULL, 0.5, 0.5), (true, NULL, NULL), (false, NULL, 0.1);
SELECT is(auc(won, p), 0.75::float8, 'auc: four and a half of six pairs') FROM hand;
SELECT ok(abs(log_loss(won, p) + (ln(0.9) + ln(0.8) + ln(0.2) + ln(0.3) + ln(0.9)) / 5) < 1e-15, 'log_loss') FROM hand;
SELECT ok(abs(brier_score(won, p) - (0.01 + 0.04 + 0.64 + 0.49 + 0.01) / 5) < 1e-15, 'brier_score') FROM hand;
SELECT ok(abs(calibration_error(won, p) - (0.1 + 0.6 + 0.7 + 0.1) / 5) < 1e-15, 'calibration_error') FROM hand;
SELECT ok((i).auc = 0.75 AND (i).won = 3 AND (i).lost = 2 AND (i).low < 0.75 AND (i).high > 0.75 AND (i).low >= 0 AND (i).high <= 1
          AND abs((i).standard_error - sqrt((0.0625 + 0.0 + 0.0625) / 2 / 3 + (2 * (1.0 / 4) ^ 2) / 1 / 2)) < 1e-14, 'auc_interval: DeLong by hand')
FROM (SELECT auc_interval(won, p) AS i FROM hand) AS s;
SELECT ok(abs((d).difference - (log_loss_a - log_loss_b)) < 1e-15 AND (d).deals = 5 AND (d).low < (d).difference AND (d).p_value BETWEEN 0 AND 1, 'log_loss_difference')
FROM (SELECT log_loss_difference(won, p, other) AS d, log_loss(won, p) AS log_loss_a, log_loss(won, other) AS log_loss_b FROM hand WHERE p IS NOT NULL) AS s;
SELECT ok(abs((d).difference - (a - b)) < 1e-15 AND (d).deals = 5, 'auc_difference')
FROM (SELECT auc_difference(won, p, other) AS d, auc(won, p) AS a, auc(won, other) AS b FROM hand WHERE p IS NOT NULL) AS s;
SELECT ok((d).difference = 0 AND (d).standard_error = 0 AND (d).p_value = 1 AND (e).difference = 0 AND (e).p_value = 1, 'a model does not differ from itself')
FROM (SELECT auc_difference(won, p, p) AS d, log_loss_difference(won, p, p) AS e FROM hand) AS s;
SELECT results_eq($$SELECT q.* FROM (SELECT roc_curve(won, p) AS c FROM hand) AS s, unnest(s.c) AS q$$,
    $$VALUES ('Infinity'::float8, 0::float8, 0::float8), (0.9, 1 / 3.0::float8, 0), (0.8, 2 / 3.0::float8, 0.5), (0.3, 1, 0.5), (0.1, 1, 1)$$, 'roc_curve');
SELECT results_eq($$SELECT q.bin_low, q.bin_high, q.deals, round(q.mean_probability::numeric, 12), round(q.win_rate::numeric, 6) FROM (SELECT calibration_curve(won, p, 2) AS c FROM hand) AS s, unnest(s.c) AS q$$,
    $$VALUES (0::float8, 0.5::float8, 2::bigint, 0.2, 0.5), (0.5, 1, 3, round(2.5 / 3, 12), 0.666667)$$, 'calibration_curve');
SELECT results_eq($$SELECT q.deals, q.won, round(q.lift::numeric, 6), q.share_of_deals, round(q.share_of_won::numeric, 6) FROM (SELECT lift_curve(won, p, 2) AS c FROM hand) AS s, unnest(s.c) AS q$$,
    $$VALUES (3::bigint, 2::bigint, 1.111111, 0.6::float8, 0.666667), (2, 1, 0.833333, 1, 1.000000)$$, 'lift_curve');
SELECT is(auc(won, -ln(1 / p - 1)), auc(won, p), 'log-odds order as probabilities do') FROM hand;
SELECT ok(log_loss(true, 0) < 35 AND log_loss(false, 1) < 35 AND log_loss(true, 1) < 1e-14, 'log_loss clips');

-- Nothing is nothing.
SELECT is(ARRAY[auc(w, p), log_loss(w, p), brier_score(w, p), calibration_error(w, p)], ARRAY[NULL, NULL, NULL, NULL]::float8[], 'NULLs only: NULL')
FROM (VALUES (NULL::boolean, 0.5), (true, NULL)) AS v(w, p);
SELECT ok(auc(w, p) IS NULL AND auc_interval(w, p) IS NULL AND roc_curve(w, p) IS NULL AND auc_difference(w, p, p) IS NULL, 'one class: no auc')
FROM (VALUES (true, 0.5), (true, 0.6)) AS v(w, p);
SELECT ok(auc(w, 0.5) IS NULL AND log_loss(w, 0.5) IS NULL AND roc_curve(w, 0.5) IS NULL AND lift_curve(w, 0.5) IS NULL AND calibration_curve(w, 0.5) IS NULL
          AND auc_interval(w, 0.5) IS NULL AND log_loss_difference(w, 0.5, 0.5) IS NULL AND auc_difference(w, 0.5, 0.5) IS NULL, 'no rows: NULL')
FROM (SELECT true AS w WHERE false) AS s;
SELECT ok((i).auc = 1 AND (i).standard_error IS NULL AND (i).low = 0 AND (i).high = 1, 'a deal of each: no error is known')
FROM (SELECT auc_interval(p > 0.5, p) AS i FROM (VALUES (0.2), (0.7)) AS v(p)) AS s;
SELECT ok((d).standard_error IS NULL AND (d).low IS NULL AND (d).p_value IS NULL AND (d).deals = 1, 'one deal: no error is known')
FROM (SELECT log_loss_difference(true, 0.5, 0.6) AS d) AS s;
SELECT is((l[1]).lift, NULL, 'none won: no lift') FROM (SELECT lift_curve(false, 0.3) AS l) AS s;

-- Errors.
SELECT throws_ok($$SELECT $$ || call, state, NULL, call || ' gives ' || state)
FROM (VALUES ('log_loss(true, 1.01)', '22000'), ('log_loss(true, -0.01)', '22000'), ('brier_score(true, ''NaN'')', '22000'),
             ('calibration_error(false, ''Infinity'')', '22000'), ('auc(true, ''NaN'')', '22000'), ('auc(true, ''-Infinity'')', '22000'),
             ('auc_interval(true, ''NaN'')', '22000'), ('roc_curve(true, ''NaN'')', '22000'), ('lift_curve(true, 2)', '22000'),
             ('calibration_curve(true, 2)', '22000'), ('calibration_curve(true, 0.5, 0)', '22023'), ('calibration_curve(true, 0.5, 1001)', '22023'),
             ('lift_curve(true, 0.5, -1)', '22023'), ('lift_curve(true, 0.5, b) FROM generate_series(5, 6) AS b', '22023'),
             ('auc_difference(true, 0.5, ''NaN'')', '22000'), ('log_loss_difference(true, 0.5, 1.5)', '22000'),
             ('''0 0 0''::win_sums', '22P02'), ('(''1 NaN'' || repeat('' 0'', 19))::win_sums', '22P02'),
             ('win_sums_add_log_loss((''0'' || repeat('' 0'', 20))::win_sums, true, 0.5)', '0A000'),
             ('(''-1'' || repeat('' 0'', 20))::win_sums', '22P03'), ('(''0 1'' || repeat('' 0'', 19))::win_sums', '22P03'),
             ('(''1 1 1'' || repeat('' 0'', 18))::win_sums', '22P03'), ('(''1 1e9'' || repeat('' 0'', 19))::win_sums', '22P03')) AS v(call, state);

-- Order, splits and workers do not show.
CREATE TEMPORARY TABLE serial_deal AS
SELECT i AS id, (i::bigint * 7919 % 10007) / 10007.0::float8 < ((i::bigint * 104729 % 9973) / 9973.0) AS won, (i::bigint * 104729 % 9973) / 9973.0::float8 AS p,
       ((i::bigint * 104729 % 9973) / 9973.0 * 0.9 + (i * 31 % 101) / 1010.0)::float8 AS q
FROM generate_series(1, 30000) AS i;
CREATE TABLE deal_to_measure AS TABLE serial_deal;
ANALYZE deal_to_measure;
CREATE FUNCTION pg_temp.measures(deals text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT ROW(auc(won, p), auc_interval(won, p), log_loss(won, p), brier_score(won, p), calibration_error(won, p), log_loss_difference(won, p, q),
                           auc_difference(won, p, q), roc_curve(won, p), calibration_curve(won, p), lift_curve(won, p, 7))::text FROM %s', deals) INTO answer;
    RETURN answer;
END $$;
SELECT is(pg_temp.measures('(SELECT * FROM serial_deal ORDER BY md5(id::text)) AS s'), pg_temp.measures('serial_deal'), 'the order of the rows does not show');
SELECT is(pg_temp.measures('(SELECT * FROM serial_deal ORDER BY p DESC) AS s'), pg_temp.measures('serial_deal'), 'sorted rows: the same');
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan really is parallel')
FROM pg_temp.plan_of('SELECT auc(won, p), log_loss(won, p), lift_curve(won, p), auc_difference(won, p, q) FROM deal_to_measure') AS l;
SELECT is(pg_temp.measures('deal_to_measure'), pg_temp.measures('serial_deal'), 'workers do not show');
SELECT is(pg_temp.measures('deal_to_measure WHERE won'), pg_temp.measures('serial_deal WHERE won'), 'workers with one class');
SELECT ok(every(a = b), 'groups: the same')
FROM (SELECT id % 5 AS k, auc(won, p) AS a FROM deal_to_measure GROUP BY 1) AS x JOIN (SELECT id % 5 AS k, auc(won, p) AS b FROM serial_deal GROUP BY 1) AS y USING (k);
SELECT ok(abs(s.auc - n.auc) < 1e-12, 'auc by counting pairs')
FROM (SELECT auc(won, p) AS auc FROM serial_deal WHERE id <= 700) AS s,
     (SELECT avg(CASE WHEN w.p > l.p THEN 1 WHEN w.p = l.p THEN 0.5 ELSE 0 END) AS auc FROM serial_deal AS w, serial_deal AS l
      WHERE w.won AND NOT l.won AND w.id <= 700 AND l.id <= 700) AS n;
SELECT ok(every(abs(a - b) < 1e-12), 'a window gives what its rows give')
FROM (SELECT auc(won, p) OVER w AS a, (SELECT auc(t.won, t.p) FROM serial_deal AS t WHERE t.id BETWEEN s.id - 20 AND s.id) AS b
      FROM serial_deal AS s WHERE id <= 60 WINDOW w AS (ORDER BY id ROWS 20 PRECEDING)) AS x;
SELECT ok(array_length(roc_curve(won, id), 1) <= 1000, 'a curve has at most 1000 points') FROM serial_deal;
SELECT is(s::text::win_sums::text, s::text, 'text form of a state') FROM (SELECT ('3 1.5 1e-17' || repeat(' 0', 18))::win_sums AS s) AS x;
SELECT is(win_sums_recv_test, 'ok', 'binary form of a state')
FROM (SELECT CASE WHEN length(win_sums_send(('3 1.5 1e-17' || repeat(' 0', 18))::win_sums)) = 168 THEN 'ok' END AS win_sums_recv_test) AS x;

-- Splits.
SELECT is(hash_bucket('deal-1', 'ibm', 1000), (('x' || substr(md5('ibm:deal-1'), 1, 8))::bit(32)::bigint % 1000)::int, 'hash_bucket is its formula');
SELECT ok(hash_bucket('a', 'b', 0) IS NULL AND hash_bucket('a', 'b', -3) IS NULL AND in_holdout('a', 'b', 'NaN') IS NULL AND in_holdout('a', 'b', 2) IS NULL, 'no buckets and shares that are none give NULL');
SELECT is(hash_bucket('', '', 7), hash_bucket('', '', 7), 'empty key and salt');
SELECT ok(min(hash_bucket(i::text, 's', 5)) = 0 AND max(hash_bucket(i::text, 's', 5)) = 4, 'all buckets, no others') FROM generate_series(1, 1000) AS i;
SELECT ok(count(*) FILTER (WHERE in_holdout(i::text)) BETWEEN 1850 AND 2150, 'a fifth is held out') FROM generate_series(1, 10000) AS i;
SELECT ok(every(NOT in_holdout(i::text, 's', 0)) AND every(in_holdout(i::text, 's', 1)), 'none and all') FROM generate_series(1, 1000) AS i;
SELECT ok(every(in_holdout(i::text, 's', 0.3) OR NOT in_holdout(i::text, 's', 0.2)), 'a larger share holds the smaller one') FROM generate_series(1, 1000) AS i;
SELECT ok(hash_bucket(NULL, '', 3) IS NULL AND in_holdout(NULL) IS NULL AND in_holdout('a', NULL) IS NULL, 'NULL for NULL');

SELECT * FROM finish();
ROLLBACK;
