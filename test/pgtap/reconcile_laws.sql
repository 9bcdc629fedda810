-- Laws of reconcile_forecasts: parts make up the whole, order does not show, and what is wrong is named.
BEGIN;
SELECT plan(56);
SET LOCAL search_path = public, sales_forecast;

-- Three shops by four departments (one pair is missing), forecasts that do not add up, errors of 20 weeks.
SELECT setseed(0.5);
CREATE TABLE cell AS
SELECT 'shop ' || s AS shop, 'dept ' || d AS dept, t AS week, 10 * s + 5 * d + 3 * random() AS sales
FROM generate_series(1, 3) s, generate_series(1, 4) d, generate_series(1, 20) t WHERE (s, d) <> (3, 4);
CREATE TABLE past AS
SELECT coalesce(shop, '*') || '|' || coalesce(dept, '*') AS series, week AS period, sum(sales) AS value
FROM cell GROUP BY CUBE (shop, dept), week;
CREATE TABLE err AS SELECT series, period, value * (random() - 0.5) * 0.2 AS residual FROM past;
CREATE TABLE base AS
SELECT series, step, avg(value) * (0.9 + 0.2 * random()) AS forecast FROM past, generate_series(1, 3) step GROUP BY series, step;
CREATE TABLE setting (name text, o reconcile_options);
INSERT INTO setting
SELECT m || CASE WHEN n THEN ', not negative' ELSE '' END, reconcile_options(m, n)
FROM unnest(ARRAY['mint_shrink', 'wls_var', 'wls_struct', 'bottom_up', 'top_down', 'top_down_history']) m, unnest(ARRAY[false, true]) n;
CREATE FUNCTION pg_temp.run(o reconcile_options, f text DEFAULT 'TABLE base')
RETURNS TABLE (series text, step int, base float8, reconciled float8, bottom boolean) LANGUAGE sql AS
$$SELECT series, step, base, reconciled, bottom FROM reconcile_forecasts(f, 'TABLE err', 'TABLE past', o)$$;

-- A case by hand: 3 and 5 against 10, weights 2, 1, 1.
SELECT results_eq(
    $$SELECT series, step, base, round(reconciled::numeric, 9)::float8, round(adjustment::numeric, 9)::float8, level, pattern, bottom, method, lambda, converged
      FROM reconcile_forecasts('SELECT * FROM (VALUES (''*'', 1, 10.0), (''a'', 1, 3), (''b'', 1, 5)) v (series, step, forecast)')$$,
    $$VALUES ('*'::text, 1, 10::float8, 9::float8, -1::float8, 0, '*'::text, false, 'wls_struct'::text, NULL::float8, true),
             ('a', 1, 3, 3.5, 0.5, 1, 'x', true, 'wls_struct', NULL, true), ('b', 1, 5, 5.5, 0.5, 1, 'x', true, 'wls_struct', NULL, true)$$,
    'by hand: 3 and 5 against 10 make 3.5 and 5.5');
SELECT results_eq(
    $$SELECT series, round(reconciled::numeric, 9)::float8, level, pattern, bottom
      FROM reconcile_forecasts('SELECT * FROM (VALUES (1, NULL, 1, 10), (2, 1, 1, 3), (3, 1, 1, 5)) v (series, parent, step, forecast)')$$,
    $$VALUES ('1'::text, 9::float8, 0, NULL::text, false), ('2', 3.5, 1, NULL, true), ('3', 5.5, 1, NULL, true)$$, 'the same told by parents, with numbers for keys');

-- Parts make up the whole, with every method.
CREATE TABLE result AS SELECT name, r.* FROM setting, pg_temp.run(o) r;
SELECT is(count(*), 12 * 3 * (1 + 3 + 4 + 11)::bigint, 'every node and step comes back') FROM result;
SELECT is(sum(n), 0::numeric, 'aggregates are the sums of their bottom series, with every method')
FROM (SELECT name, (SELECT count(*) FROM (
        SELECT 1 FROM result a JOIN result b ON b.name = a.name AND b.bottom AND b.step = a.step AND b.series LIKE replace(a.series, '*', '%')
        WHERE a.name = s.name AND NOT a.bottom GROUP BY a.series, a.step, a.reconciled
        HAVING abs(sum(b.reconciled) - a.reconciled) > 1e-12 * sum(abs(b.reconciled))) x) AS n FROM setting s) y;
SELECT is(count(*), 0::bigint, 'and what was not negative did not become so') FROM result WHERE name LIKE '%not%' AND reconciled < 0;
SELECT ok(bool_and(reconciled = base), 'bottom-up leaves the bottom alone') FROM result WHERE name = 'bottom_up' AND bottom;
SELECT ok(bool_and(abs(reconciled - base) < 1e-12 * base), 'top-down leaves the total alone') FROM result WHERE name LIKE 'top_down%' AND series = '*|*';

-- Order and repetition.
SELECT is((SELECT md5(string_agg(r::text, ',' ORDER BY series, step)) FROM pg_temp.run(o, 'SELECT * FROM base ORDER BY random()') r),
          (SELECT md5(string_agg(r::text, ',' ORDER BY series, step)) FROM pg_temp.run(o, 'SELECT * FROM base ORDER BY series COLLATE "C" DESC') r),
          name || ': the order of the rows does not show') FROM setting WHERE name ~ '^(mint_shrink|top_down)$';
SELECT is(array_agg(series), array_agg(series ORDER BY series COLLATE "C", step), 'rows come in byte order of the series') FROM pg_temp.run(reconcile_options());

-- Forecasts that add up stay.
CREATE TABLE coherent AS SELECT a.series, a.step, sum(b.forecast) AS forecast
FROM base a JOIN base b ON b.step = a.step AND b.series !~ '\*' AND b.series LIKE replace(a.series, '*', '%') GROUP BY 1, 2;
SELECT is(count(*), 0::bigint, 'forecasts that add up stay as they are, with every method but historical shares')
FROM setting, pg_temp.run(o, 'TABLE coherent') r WHERE name !~ 'history' AND abs(reconciled - base) > 1e-11 * base;

-- A tree by paths and by parents is the same.
SELECT is(p.n, 0::bigint, 'a tree told by paths or by parents gives the same')
FROM (SELECT count(*) AS n FROM
        (SELECT series, step, reconciled FROM reconcile_forecasts('SELECT * FROM base WHERE series !~ ''\*\|dept''', 'SELECT * FROM err WHERE series !~ ''\*\|dept''')) a
        FULL JOIN (SELECT series, step, reconciled FROM reconcile_forecasts($$SELECT *, CASE WHEN series = '*|*' THEN NULL WHEN series LIKE '%|*' THEN '*|*'
            ELSE split_part(series, '|', 1) || '|*' END AS parent FROM base WHERE series !~ '\*\|dept'$$, 'SELECT * FROM err WHERE series !~ ''\*\|dept''')) b USING (series, step)
        WHERE (abs(a.reconciled - b.reconciled) <= 1e-12 * abs(b.reconciled)) IS NOT TRUE) p;

-- Rounding: exact in numeric.
CREATE TABLE cents AS SELECT * FROM pg_temp.run(reconcile_options(decimals => 2));
SELECT is((SELECT count(*) FROM (SELECT a.series FROM cents a JOIN cents b ON b.bottom AND b.step = a.step AND b.series LIKE replace(a.series, '*', '%')
           WHERE NOT a.bottom GROUP BY a.series, a.step, a.reconciled HAVING sum(b.reconciled::numeric) <> a.reconciled::numeric) x), 0::bigint, 'decimals => 2: parts equal the whole to the last cent');
SELECT is(count(*), 0::bigint, 'all are whole cents') FROM cents WHERE reconciled::numeric <> round(reconciled::numeric, 2);
SELECT is(count(*), 0::bigint, 'the total is what rounding it gives')
FROM cents c JOIN pg_temp.run(reconcile_options()) r USING (series, step) WHERE series = '*|*' AND c.reconciled::numeric <> round(r.reconciled::numeric, 2);
SELECT is(count(*), 0::bigint, 'decimals => -1: whole tens') FROM pg_temp.run(reconcile_options(decimals => -1)) WHERE reconciled::numeric % 10 <> 0;

-- Not negative.
SELECT results_eq(
    $$SELECT series, round(reconciled::numeric, 9)::float8 FROM reconcile_forecasts('SELECT * FROM (VALUES (''*'', 1, 1.0), (''a'', 1, -4), (''b'', 1, 2)) v (series, step, forecast)', options => reconcile_options(nonnegative => true))$$,
    -- with a at 0, b and the total have weights 1 and 2 : b = (2 * 2 + 1) / 3
    $$VALUES ('*'::text, round(5 / 3.0, 9)::float8), ('a', 0), ('b', round(5 / 3.0, 9)::float8)$$, 'not negative, by hand');

-- Missing nodes.
SELECT is((SELECT count(*) FROM pg_temp.run(reconcile_options(), 'SELECT * FROM base WHERE series !~ ''\*'' ') WHERE series = '*|*' AND base IS NULL), 3::bigint, 'the total is made');
SELECT is((SELECT array_agg(DISTINCT series ORDER BY series) FROM reconcile_forecasts('SELECT * FROM base WHERE series !~ ''\*'' OR series = ''shop 1|*''') WHERE NOT bottom),
          ARRAY['*|*', 'shop 1|*', 'shop 2|*', 'shop 3|*'], 'a pattern is completed');
SELECT is((SELECT count(*) FROM reconcile_forecasts('SELECT *, CASE WHEN series ~ ''shop 1'' THEN ''one'' ELSE ''other'' END AS parent FROM base WHERE series !~ ''\*''') WHERE series IN ('one', 'other') AND level = 0 AND base IS NULL),
          6::bigint, 'parents without rows are made');
SELECT is((SELECT array_agg(series) FROM reconcile_forecasts('SELECT * FROM (VALUES (''*|a'', 1, 5), (''s|b'', 1, 2), (''s|*'', 1, 3), (''*|*'', 1, 9)) v (series, step, forecast)', options => reconcile_options(incomplete => true)) WHERE bottom),
          ARRAY['*|a', 's|b'], 'incomplete: a sum without parts is a part');

-- What aggregates hold beyond their parts.
CREATE TABLE more AS SELECT series, period, value * CASE WHEN series = '*|*' THEN 1.25 ELSE 1 END AS value FROM past;
CREATE TABLE less AS SELECT series, period, value - CASE WHEN series = '*|*' THEN 10000 ELSE 0 END AS value FROM past;
SELECT is(count(*), 0::bigint, 'with the history, the share of the total that its parts do not hold is taken off')
FROM setting s CROSS JOIN LATERAL reconcile_forecasts('SELECT series, step, forecast * CASE WHEN series = ''*|*'' THEN 1.25 ELSE 1 END AS forecast FROM base',
    'SELECT series, period, residual * CASE WHEN series = ''*|*'' THEN 1.25 ELSE 1 END AS residual FROM err', 'TABLE more', s.o) a
JOIN result r ON r.name = s.name AND r.series = a.series AND r.step = a.step WHERE s.name ~ '^(mint|wls)' AND abs(a.reconciled - r.reconciled) > 1e-9 * r.reconciled;
SELECT is(count(*), 0::bigint, 'where signs differ, so that there is no share, the difference')
FROM setting s CROSS JOIN LATERAL reconcile_forecasts('SELECT series, step, forecast - CASE WHEN series = ''*|*'' THEN 10000 ELSE 0 END AS forecast FROM base', 'TABLE err', 'TABLE less', s.o) a
JOIN result r ON r.name = s.name AND r.series = a.series AND r.step = a.step WHERE s.name ~ '^(mint|wls)' AND abs(a.reconciled - r.reconciled) > 1e-8 * r.reconciled;
SELECT is((SELECT array_agg(DISTINCT method) FROM reconcile_forecasts('TABLE base', 'TABLE err')) || (SELECT array_agg(DISTINCT method) FROM reconcile_forecasts('TABLE base')),
          ARRAY['mint_shrink', 'wls_struct'], 'auto: covariances where there are residuals');

-- How far sums move.
CREATE TABLE held AS SELECT reach, r.* FROM (VALUES (NULL::float8), (0.01), (0.25), (100)) v (reach)
CROSS JOIN LATERAL reconcile_forecasts('TABLE base', 'TABLE err', options => reconcile_options('mint_shrink', reach => v.reach)) r;
SELECT ok(bool_and(way <= reach * room * 1.000001 OR lambda = 1), 'the sums of a level move no farther than reach, or lambda is 1')
FROM (SELECT reach, level, max(lambda) AS lambda, sum(abs(h.reconciled - u.reconciled)) AS way, sum(abs(h.base - u.reconciled)) AS room
      FROM held h JOIN result u USING (series, step) WHERE NOT h.bottom AND u.name = 'bottom_up' AND reach IS NOT NULL GROUP BY 1, 2) x;
SELECT ok(max(lambda) FILTER (WHERE reach = 0.01) >= max(lambda) FILTER (WHERE reach = 0.25) AND max(lambda) FILTER (WHERE reach = 0.25) >= max(lambda) FILTER (WHERE reach = 100), 'the less reach, the more shrinkage') FROM held;
SELECT is((SELECT md5(string_agg(reconciled::text, ',' ORDER BY series, step)) FROM held WHERE reach IS NULL), (SELECT md5(string_agg(reconciled::text, ',' ORDER BY series, step)) FROM held WHERE reach = 100), 'NULL: no limit');

-- Keys: steps, times, periods.
SELECT results_eq($$SELECT DISTINCT step, at, period FROM reconcile_forecasts('SELECT series, forecast, date ''2026-01-01'' + 7 * step AS at FROM base') ORDER BY 1$$,
    $$VALUES (1, timestamp '2026-01-08', NULL::bigint), (2, '2026-01-15', NULL), (3, '2026-01-22', NULL)$$, 'dates number the steps');
SELECT results_eq($$SELECT DISTINCT step, at, period FROM reconcile_forecasts('SELECT series, forecast, step + 100 AS period FROM base') ORDER BY 1$$,
    $$VALUES (1, NULL::timestamp, 101::bigint), (2, NULL, 102), (3, NULL, 103)$$, 'so do periods');
SELECT results_eq($$SELECT DISTINCT step, at, period FROM reconcile_forecasts('SELECT series, forecast, step * 2 AS step, timestamptz ''2026-01-01 00:00+00'' + step * interval ''1 day'' AS at, NULL::bigint AS period FROM base') ORDER BY 1$$,
    $$VALUES (2, timestamp '2026-01-02', NULL::bigint), (4, '2026-01-03', NULL), (6, '2026-01-04', NULL)$$, 'what forecast_series gives passes through');
SELECT is(md5(string_agg(a.reconciled::text, ',')), md5(string_agg(b.reconciled::text, ',')), 'a scale of the residuals does not matter')
FROM reconcile_forecasts('TABLE base', 'TABLE err') a JOIN reconcile_forecasts('TABLE base', 'SELECT series, period, residual * -1024 AS residual FROM err') b USING (series, step);
SELECT is(count(DISTINCT lambda), 1::bigint, 'lambda is told') FROM reconcile_forecasts('TABLE base', 'TABLE err') WHERE lambda > 0 AND lambda <= 1 AND method = 'mint_shrink';

-- Nothing in, nothing out.
SELECT is_empty($$SELECT * FROM reconcile_forecasts(NULL)$$, 'NULL for a query gives no rows');
SELECT is_empty($$SELECT * FROM reconcile_forecasts('TABLE base', options => NULL)$$, 'NULL for the options gives no rows');
SELECT is_empty($$SELECT * FROM reconcile_forecasts('SELECT * FROM base WHERE false')$$, 'no rows give no rows');

-- What is wrong is named.
CREATE FUNCTION pg_temp.error_of(forecasts text, residuals text DEFAULT NULL, history text DEFAULT NULL, o reconcile_options DEFAULT reconcile_options())
RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
    PERFORM * FROM reconcile_forecasts(forecasts, residuals, history, o);
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || SQLERRM || '; ' || d;
END $$;
CREATE FUNCTION pg_temp.rows_of(list text, columns text DEFAULT 'series, step, forecast') RETURNS text LANGUAGE sql AS
$$SELECT format('SELECT * FROM (VALUES %s) v (%s)', list, columns)$$;
SELECT is(pg_temp.error_of(f, r, h, o), wanted, wanted) FROM (VALUES
    ('TABLE base', 'TABLE err', NULL, reconcile_options(reach => 0), '22023 option "reach" must be above 0.001 and below 1000; The value given is 0.'),
    (pg_temp.rows_of($$('a', 1, 1), ('b', 1, NULL)$$), NULL, NULL, reconcile_options(), '22000 1 bottom series have no forecasts; They are "b".'),
    (pg_temp.rows_of($$('a', 1, 1), ('a', 2, 1), ('b', 1, 3)$$), NULL, NULL, reconcile_options(), '22000 series "b" has forecasts for 1 of 2 steps; A series needs one for every step that any series has; one that sums up others may have none at all.'),
    (pg_temp.rows_of($$('a', 1, 1), ('a', 1, 2)$$), NULL, NULL, reconcile_options(), '22000 series "a" has two rows with a forecast for step 1; '),
    (pg_temp.rows_of($$('a|*', 1, 1), ('b|c', 1, 2)$$), NULL, NULL, reconcile_options(), '22000 a series that sums up others has no bottom series; The series is "a|*".'),
    (pg_temp.rows_of($$('a|b', 1, 1), ('a', 1, 2)$$), NULL, NULL, reconcile_options(), '22000 the paths of all series must have the same number of parts; "a" has 1, "a|b" has 2.'),
    (pg_temp.rows_of($$('a', 'b', 1, 1), ('b', 'a', 1, 2)$$, 'series, parent, step, forecast'), NULL, NULL, reconcile_options(), '22000 the parents of a hierarchy run in a circle; The series is "a".'),
    (pg_temp.rows_of($$('a', 'b', 1, 1), ('a', 'c', 2, 2)$$, 'series, parent, step, forecast'), NULL, NULL, reconcile_options(), '22000 series "a" has two parents; They are "b" and "c".'),
    ('TABLE base', $$SELECT 'new' AS series, 1 AS period, 1 AS residual$$, NULL, reconcile_options(), '22000 the query for "residual" has 1 series without forecasts; They are "new".'),
    ('TABLE base', NULL, NULL, reconcile_options('mint_shrink'), '22023 method "mint_shrink" needs a query for residuals; '),
    ('TABLE base', NULL, NULL, reconcile_options('top_down_history'), '22023 method "top_down_history" needs a query for history; '),
    ('TABLE base', NULL, NULL, reconcile_options('best'), '22023 option "method" must be "auto", "mint_shrink", "wls_var", "wls_struct", "bottom_up", "top_down" or "top_down_history"; The value given is "best".'),
    ('TABLE base', NULL, NULL, reconcile_options(decimals => 10), '22023 option "decimals" must be between -9 and 9; The value given is 10.'),
    ('TABLE base', NULL, NULL, reconcile_options(separator => ''), '22023 option "separator" must not be empty or "*"; '),
    ('TABLE base', NULL, NULL, reconcile_options(nonnegative => NULL), '22023 option "nonnegative" must not be NULL; '),
    ('SELECT series, forecast FROM base', NULL, NULL, reconcile_options(), '42703 columns are missing from the query: "step", "at" or "period"; One of them must tell the rows of a series apart.'),
    (pg_temp.rows_of($$('a', 1, 1e300::float8)$$), NULL, NULL, reconcile_options(decimals => 2), '22003 a forecast is too large for that many decimals; The series is "a".')
) v (f, r, h, o, wanted);
SELECT is(left(pg_temp.error_of(f, NULL, NULL, reconcile_options()), 5), wanted, 'SQLSTATE ' || wanted || ' for ' || f) FROM (VALUES
    (pg_temp.rows_of($$('a', 1, 'NaN'::float8)$$), '22000'), ('SELECT series, step, forecast::text FROM base', '42804'),
    (pg_temp.rows_of($$('a', 1, 1.7e308::float8), ('b', 1, 1.7e308)$$), '22003'), ('SELECT 1; SELECT 2', '42601')) v (f, wanted);

SELECT * FROM finish();
ROLLBACK;
