-- Laws of the accuracy measures: values by hand, order, workers, windows, NULLs, errors.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;

-- Values by hand.
CREATE TEMPORARY TABLE hand (actual float8, forecast float8, lower float8, upper float8, scale float8);
INSERT INTO hand VALUES (10, 12, 9, 15, 2), (20, 15, 10, 16, 2), (0, 0, -1, 1, 2), (-5, 0, -4, 4, 2),
                        (NULL, 1, 0, 2, 2), (1, NULL, NULL, 2, NULL);
SELECT results_eq(
    $$SELECT mae(actual, forecast), wape(actual, forecast), forecast_bias(actual, forecast), round(rmse(actual, forecast)::numeric, 12) FROM hand$$,
    $$VALUES (12 / 4.0::float8, (100 * 12 / 35.0)::float8, (2 / 25.0)::float8, round(sqrt((4 + 25 + 0 + 25) / 4.0), 12))$$, 'mae, wape, bias and rmse');
SELECT ok(abs(mape(actual, forecast) - (20 + 25 + 100) / 3.0) < 1e-12 AND abs(accuracy_percent(actual, forecast) - (100 - 145 / 3.0)) < 1e-12,
          'mape and accuracy in per cent leave actuals of 0 out') FROM hand;
SELECT is(accuracy_left_out(actual, forecast), 1::bigint, 'and say how many') FROM hand;
SELECT ok(abs(smape(actual, forecast) - (200 * 2 / 22.0 + 200 * 5 / 35.0 + 0 + 200) / 4) < 1e-12, 'smape: two zeros are no error') FROM hand;
SELECT is(mase(actual, forecast, scale), 12 / 4.0 / 2::float8, 'mase') FROM hand;
SELECT ok(abs(rmsse(actual, forecast, scale) - sqrt(54 / 4.0) / 2) < 1e-14, 'rmsse') FROM hand;
SELECT is(ARRAY[mase(actual, forecast, 0), rmsse(actual, forecast, 0), msis(actual, lower, upper, 0.9, 0)], ARRAY[NULL, NULL, NULL]::float8[],
          'a scale of 0 leaves the row out') FROM hand;
SELECT is(accuracy_left_out(actual, forecast, nullif(scale, 2)), NULL, 'no row, no count') FROM hand;
SELECT is(accuracy_left_out(actual, forecast, scale - 2), 4::bigint, 'rows of scale 0 are counted') FROM hand;
SELECT ok(abs(pinball_loss(actual, forecast, 0.9) - (0.1 * 2 + 0.9 * 5 + 0 + 0.1 * 5) / 4) < 1e-14, 'pinball_loss') FROM hand;
SELECT ok(abs(interval_score(actual, lower, upper, 0.9) - (6 + (6 + 20 * 4) + 2 + (8 + 20 * 1)) / 4.0) < 1e-12, 'interval_score') FROM hand;
SELECT ok(abs(msis(actual, lower, upper, 0.9, scale) - (6 + (6 + 20 * 4) + 2 + (8 + 20 * 1)) / 8.0) < 1e-12, 'msis') FROM hand;
SELECT is(coverage(actual, lower, upper), 0.5::float8, 'coverage') FROM hand;
SELECT is(forecast_bias(a, f), 0.5::float8, 'too high is above 0, whatever the sign of the actuals') FROM (VALUES (-10, -5), (-10, -5)) AS v(a, f);
SELECT is(accuracy_percent(72::numeric, 72 * 1.28), accuracy_percent(100, 128.0), 'numeric and integer arguments do');
SELECT is(round(accuracy_percent(100, 128.0)::numeric, 9), 72.0, 'a mean miss of 28 per cent is an accuracy of 72');

-- Nothing is nothing.
SELECT is(ARRAY[mae(a, a), rmse(a, a), mape(a, a), smape(a, a), wape(a, a), mase(a, a, a), rmsse(a, a, a), pinball_loss(a, a, a), interval_score(a, a, a, a),
                msis(a, a, a, a, a), coverage(a, a, a), forecast_bias(a, a), accuracy_percent(a, a), accuracy_left_out(a, a)], array_fill(NULL::float8, ARRAY[14]),
          'NULLs only: NULL') FROM (VALUES (NULL::float8), (NULL)) AS v(a);
SELECT is(ARRAY[mae(a, a), rmse(a, a), coverage(a, a, a), mase_scale(1, a, 1)], ARRAY[NULL, NULL, NULL, NULL]::float8[], 'no rows: NULL')
FROM (SELECT 1::float8 AS a WHERE false) AS s;
SELECT is(ARRAY[mape(0, 1), wape(0, 1), forecast_bias(0, 1)], ARRAY[NULL, NULL, NULL]::float8[], 'nothing to compare with: NULL');
SELECT is(ARRAY[mape(a, a), smape(a, a), wape(a, a), mae(a, a), rmse(a, a), accuracy_percent(a, a)], ARRAY[0, 0, 0, 0, 0, 100]::float8[], 'a perfect forecast')
FROM (VALUES (1e-300::float8), (1e300)) AS v(a);
SELECT is(rmse(a, 0), 1e-200::float8, 'tiny errors do not vanish') FROM (VALUES (1e-200::float8), (-1e-200)) AS v(a);
SELECT is(rmse(a, 0), 1e200::float8, 'large errors do not overflow') FROM (VALUES (1e200::float8), (-1e200)) AS v(a);

-- Errors.
SELECT throws_ok($$SELECT $$ || call, state, NULL, call || ' gives ' || state)
FROM (VALUES ('mae(''NaN'', 1)', '22000'), ('mae(1, ''Infinity'')', '22000'), ('smape(''-Infinity'', 1)', '22000'), ('mase(1, 1, -1)', '22000'),
             ('mase(1, 1, ''NaN'')', '22000'), ('coverage(1, 3, 2)', '22000'), ('interval_score(1, 3, 2, 0.9)', '22000'),
             ('interval_score(1, 2, 3, 95)', '22023'), ('pinball_loss(1, 2, 0)', '22023'), ('pinball_loss(1, 2, 1)', '22023'),
             ('pinball_loss(1, 2, ''NaN'')', '22023'), ('msis(1, 2, 3, 0.9, -1)', '22000'), ('mape(5e-324, 1)', '22003'),
             ('mae(1.7e308, -1.7e308)', '22003'), ('mase_scale(1, 2, 0)', '22023'), ('mase_scale(1, ''NaN'', 1)', '22000'),
             ('mase_scale(date ''infinity'', 1, 1)', '22008'), ('rmsse_scale(timestamptz ''-infinity'', 1, 1)', '22008'),
             ('mase_scale(1, x, 1) FROM generate_series(1, 2) AS x', '22000'), ('mase_scale(x, x, x) FROM generate_series(1, 2) AS x', '22023'),
             ('accuracy_add_mae(''0 0 0 0 0 0 0 0 0 0 0 0'', 1, 1)', '0A000'), ('''0 0 0''::accuracy_state', '22P02'),
             ('''0 0 0 1 0 1 0 0 0 0 0 0''::accuracy_state', '22P03'), ('''1 0 1 1 1 1 0 0 0 0 0 0''::accuracy_state', '22P03'),
             ('''-1 0 0 0 0 0 0 0 0 0 0 0''::accuracy_state', '22P03')) AS v(call, state);

-- Scales by hand.
SELECT is(mase_scale(t, y, 1), 7 / 3.0::float8, 'mase_scale') FROM (VALUES (3, 15.0), (1, 10), (4, 13), (2, 12)) AS v(t, y);
SELECT is(mase_scale(date '2024-01-01' + t, y, 2), 3::float8, 'by date, a season of 2') FROM (VALUES (3, 15.0), (1, 10), (4, 13), (2, 12)) AS v(t, y);
SELECT ok(abs(rmsse_scale(timestamp '2024-01-01' + t * interval '1 month', y, 1) - sqrt(17 / 3.0)) < 1e-15, 'rmsse_scale, months of any length')
FROM (VALUES (3, 15.0), (1, 10), (4, 13), (2, 12)) AS v(t, y);
SELECT is(mase_scale(timestamptz '2024-01-01 00:00+00' + t * interval '1 day', y, 1), 2::float8, 'a NULL value is a gap')
FROM (VALUES (3, NULL), (1, 10), (4, 13), (2, 12)) AS v(t, y);
SELECT is(ARRAY[mase_scale(t, y, 1), mase_scale(t, y, 3)], ARRAY[2, 3]::float8[], 'a period number without a row, too') FROM (VALUES (1, 10.0), (4, 13), (2, 12)) AS v(t, y);
SELECT is(ARRAY[mase_scale(t, 5, 1), rmsse_scale(t, 5, 1), mase_scale(t, 5, 9)], ARRAY[0, 0, NULL]::float8[], 'constant: 0; shorter than a season: NULL')
FROM generate_series(1, 9) AS t;

-- Series of all sizes, with gaps.
SELECT setseed(0.75);
CREATE TABLE outcome AS
SELECT i AS id, i % 11 AS series,
       CASE WHEN i % 97 = 0 THEN NULL WHEN i % 31 = 0 THEN 0 ELSE (random() - 0.3) * 10 ^ (i % 7) END AS actual,
       CASE WHEN i % 89 = 0 THEN NULL ELSE (random() - 0.3) * 10 ^ (i % 7) END AS forecast,
       CASE WHEN i % 83 = 0 THEN 0 ELSE 10 ^ (i % 5 - 2) END AS scale
FROM generate_series(1, 40000) AS i;
ALTER TABLE outcome ADD lower float8, ADD upper float8;
UPDATE outcome SET lower = forecast - scale, upper = forecast + 2 * scale;
ALTER TABLE outcome SET (parallel_workers = 2);
ANALYZE outcome;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
CREATE FUNCTION pg_temp.workers(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
            set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
            set_config('min_parallel_table_scan_size', '0', true);
END
$$;

-- All measures of any rows, as one line of text.
CREATE TEMPORARY TABLE measures AS
SELECT string_agg(call, ', ') AS list
FROM unnest(ARRAY['mae(actual, forecast)', 'rmse(actual, forecast)', 'mape(actual, forecast)', 'smape(actual, forecast)', 'wape(actual, forecast)',
    'forecast_bias(actual, forecast)', 'accuracy_percent(actual, forecast)', 'accuracy_left_out(actual, forecast)', 'mase(actual, forecast, scale)',
    'rmsse(actual, forecast, scale)', 'accuracy_left_out(actual, forecast, scale)', 'pinball_loss(actual, forecast, 0.8)',
    'interval_score(actual, lower, upper, 0.8)', 'msis(actual, lower, upper, 0.8, scale)', 'coverage(actual, lower, upper)']) AS call;
CREATE FUNCTION pg_temp.measured(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT concat_ws('' '', %s) FROM %s', (SELECT list FROM measures), source) INTO answer;
    RETURN answer;
END $$;

-- Against plain SQL.
SELECT is(count(*), 0::bigint, 'every measure is what plain SQL gives')
FROM (SELECT unnest(ARRAY[mae(actual, forecast), rmse(actual, forecast), mape(actual, forecast), smape(actual, forecast), wape(actual, forecast),
                          forecast_bias(actual, forecast), mase(actual, forecast, scale), rmsse(actual, forecast, scale), coverage(actual, lower, upper),
                          accuracy_left_out(actual, forecast), accuracy_left_out(actual, forecast, scale)]) AS ours,
             unnest(ARRAY[avg(abs(actual - forecast)), sqrt(avg((actual - forecast) ^ 2)), 100 * avg(abs((actual - forecast) / nullif(actual, 0))),
                          200 * avg(abs(actual - forecast) / (abs(actual) + abs(forecast))), 100 * sum(abs(actual - forecast)) / sum(abs(actual)),
                          sum(forecast - actual) / abs(sum(actual)), avg(abs(actual - forecast) / nullif(scale, 0)),
                          sqrt(avg(((actual - forecast) / nullif(scale, 0)) ^ 2)), avg((actual BETWEEN lower AND upper)::int),
                          count(*) FILTER (WHERE actual = 0), count(*) FILTER (WHERE scale = 0)]) AS plain
      FROM outcome WHERE actual IS NOT NULL AND forecast IS NOT NULL GROUP BY series) AS s
WHERE ours IS NULL OR abs(ours - plain) > 1e-11 * abs(plain);
SELECT is(count(*), 0::bigint, 'every scale, too')
FROM (SELECT mase_scale(id, actual, 11) AS mean, rmsse_scale(id, actual, 11) AS root, avg(abs(step)) AS plain_mean, sqrt(avg(step ^ 2)) AS plain_root
      FROM (SELECT id, series, actual, actual - lag(actual) OVER (PARTITION BY series ORDER BY id) AS step FROM outcome) AS l GROUP BY series) AS s
WHERE mean IS NULL OR abs(mean - plain_mean) > 1e-12 * plain_mean OR abs(root - plain_root) > 1e-12 * plain_root;

-- Order, workers, groups.
SELECT pg_temp.workers(0);
CREATE TEMPORARY TABLE serial AS SELECT pg_temp.measured('outcome') AS all_rows,
    concat_ws(' ', mase_scale(id, actual, 7), rmsse_scale(date '2000-01-01' + id, actual, 7)) AS scales FROM outcome;
SELECT pg_temp.workers(2);
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan is parallel') FROM measures, pg_temp.plan_of(format('SELECT %s FROM outcome', list)) AS l;
SELECT is(pg_temp.measured('outcome'), all_rows, 'parallel equals serial, to the last digit') FROM serial;
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan of the scales is parallel') FROM pg_temp.plan_of('SELECT mase_scale(id, actual, 7) FROM outcome') AS l;
SELECT is((SELECT concat_ws(' ', mase_scale(id, actual, 7), rmsse_scale(date '2000-01-01' + id, actual, 7)) FROM outcome), scales, 'and so are their values') FROM serial;
SELECT pg_temp.workers(0);
SELECT is(pg_temp.measured('(SELECT * FROM outcome ORDER BY actual DESC, id) AS o'), all_rows, 'row order does not show') FROM serial;
SELECT is((SELECT mase_scale(id, actual, 7)::text FROM (SELECT * FROM outcome ORDER BY actual, id) AS o), split_part(scales, ' ', 1), 'nor for the scales') FROM serial;

-- Windows: a moving frame is the measure of its rows.
CREATE FUNCTION pg_temp.moving(frame text) RETURNS TABLE(id int, value text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT id, concat_ws('' '', %s) FROM (SELECT * FROM outcome WHERE id <= 700) AS o WINDOW w AS (ORDER BY id %s)',
        (SELECT replace(list, '), ', ') OVER w, ') || ' OVER w' FROM measures), frame);
END $$;
SELECT is(count(*), 0::bigint, 'a moving frame gives what its rows give, to the last digit')
FROM pg_temp.moving('ROWS 24 PRECEDING') AS m
WHERE m.value <> pg_temp.measured(format('outcome WHERE id BETWEEN %s AND %s', m.id - 24, m.id));

-- The state as text and as bytes.
SELECT is(s::text::accuracy_state::text, s::text, 'text reads back')
FROM (VALUES ('3 1 4 0.1 1e-18 0.30000000000000004 5e-324 0 5e-324 1e308 0 1e308'::accuracy_state)) AS v(s);
SET LOCAL extra_float_digits = -5;
SELECT is('3 1 4 0.30000000000000004 0 1 0 0 0 0 0 0'::accuracy_state::text, '3 1 4 0.30000000000000004 0 1 0 0 0 0 0 0', 'text does not follow extra_float_digits');
RESET extra_float_digits;

SELECT * FROM finish();
ROLLBACK;
