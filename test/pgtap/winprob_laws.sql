-- Laws of win models: what must not show (row order, plan, column order, types of the same content, session), what
-- must hold (sums of explanations, bounds), and the errors.
BEGIN;
SELECT no_plan();
SET LOCAL search_path = public, sales_forecast;

CREATE FUNCTION pg_temp.workers(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
            set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
            set_config('min_parallel_table_scan_size', '0', true);
END
$$;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;

-- A quarter of the deals with small or large x are won, three quarters of those in the middle: a line misses it.
CREATE TYPE size AS ENUM ('small', 'mid-size', 'large');
CREATE TABLE deal AS
SELECT g AS id, g % 3 AS team,
       CASE WHEN g <= 2900 THEN (hashint4(g) & 65535) / 65536.0
            < 0.25 + 0.5 * (g % 100 BETWEEN 30 AND 69)::int + 0.15 * (g % 7 = 0)::int END AS won,
       (g % 100)::numeric(8, 2) / 4 AS x, CASE g % 7 WHEN 0 THEN 'Zürich' WHEN 1 THEN NULL ELSE 'c' || g % 5 END AS city,
       (ARRAY['small', 'mid-size', 'large'])[1 + g % 3]::size AS size, g % 2 = 0 AS known,
       timestamp '2021-03-01 10:00' + g * interval '7 hours' AS as_of, (timestamp '2021-03-01' + g * interval '7 hours')::date - g % 40 AS since
FROM generate_series(1, 3000) AS g;
ALTER TABLE deal SET (parallel_workers = 2);
ANALYZE deal;
CREATE VIEW example AS SELECT won, x, city, size, known, as_of, since FROM deal;

CREATE TABLE model AS
SELECT a AS algorithm, (SELECT fit_win_model(won, e, win_options(algorithm => a, trees => CASE a WHEN 'boosted' THEN 40 WHEN 'forest' THEN 30 END)) FROM example AS e) AS m
FROM unnest(ARRAY['logistic', 'boosted', 'forest', 'blend', 'auto']) AS a;

-- Row order, plans and groups do not show.
SELECT is((SELECT fit_win_model(won, e, win_options(algorithm => algorithm, trees => CASE algorithm WHEN 'boosted' THEN 40 WHEN 'forest' THEN 30 END) ORDER BY md5(e::text))::text FROM example AS e),
          m::text, 'row order does not show: ' || algorithm) FROM model;
SELECT pg_temp.workers(2);
SELECT ok(string_agg(l, ' ') LIKE '%Partial%Aggregate%', 'the plan of fit_win_model is parallel') FROM pg_temp.plan_of('SELECT fit_win_model(won, d) FROM deal AS d') AS l;
SELECT is((SELECT fit_win_model(won, e, win_options(algorithm => 'boosted', trees => 40))::text FROM example AS e), m::text, 'parallel equals serial, byte for byte')
FROM model WHERE algorithm = 'boosted';
SELECT throws_ok($$SELECT fit_win_model(won, d, win_options(seed => team)) FROM deal AS d$$, '22023', NULL, 'options that differ are found across workers');
SELECT pg_temp.workers(0);
SELECT throws_ok($$SELECT fit_win_model(won, d, win_options(seed => team)) FROM deal AS d$$, '22023', NULL, 'and in one process');
CREATE TABLE of_team AS
SELECT team, fit_win_model(won, r, win_options(algorithm => 'logistic')) AS m FROM deal AS d, LATERAL (SELECT d.x, d.city) AS r GROUP BY team;
SELECT is((SELECT fit_win_model(won, r, win_options(algorithm => 'logistic'))::text FROM deal AS d, LATERAL (SELECT d.x, d.city) AS r WHERE d.team = t.team),
          m::text, 'a group is its deals alone') FROM of_team AS t;
SELECT is(count(DISTINCT w::text), 1::bigint, 'as a window aggregate it trains on the whole frame')
FROM (SELECT fit_win_model(won, e, win_options(algorithm => 'logistic')) OVER () AS w FROM (SELECT won, x FROM deal LIMIT 200) AS e) AS s;
SELECT is((SELECT fit_win_model(won, e) FROM example AS e WHERE false)::text, NULL, 'NULL without rows');
SELECT is((SELECT fit_win_model(won, e, NULL)::text FROM (SELECT won, x FROM deal) AS e), (SELECT fit_win_model(won, e)::text FROM (SELECT won, x FROM deal) AS e), 'NULL options are the defaults');
SELECT is(fit_win_model_query('SELECT * FROM example', win_options(algorithm => 'boosted', trees => 40))::text, m::text, 'a query gives the same model')
FROM model WHERE algorithm = 'boosted';

-- What a column says counts, not its type.
CREATE FUNCTION pg_temp.trained(columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made text;
BEGIN
    EXECUTE format('SELECT fit_win_model(won, e, win_options(algorithm => ''logistic''))::text FROM (SELECT won, as_of, %s FROM deal) AS e', columns) INTO made;
    RETURN made;
END $$;
SELECT is(pg_temp.trained(b), pg_temp.trained(a), a || ' is ' || b)
FROM (VALUES ('x', 'x::float8 AS x'), ('id % 9 AS x', '(id % 9)::bigint AS x'), ('id % 9 AS x', '(id % 9)::numeric AS x'), ('id % 9 AS x', '(id % 9)::smallint AS x'), ('id % 9 AS x', '(id % 9)::real AS x'),
             ('id % 9 AS x', 'make_interval(days => id % 9) AS x'), ('size', 'size::text AS size'), ('city', 'city::varchar(20) AS city'),
             ('size', 'size::text::char(10) AS size'), ('size', 'size::text::name AS size'), ('chr(65 + id % 3) AS c', 'chr(65 + id % 3)::"char" AS c'),
             ('md5((id % 5)::text)::uuid AS u', 'md5((id % 5)::text)::uuid::text AS u'),
             ('since', 'since::timestamp AS since'), ('since', $$(since::timestamp AT TIME ZONE 'UTC') AS since$$)) AS v(a, b);
SELECT is(fit_win_model_query(format('SELECT won, x, (id / 4)::%s AS fold_group FROM deal', t), o)::text,
          fit_win_model_query('SELECT won, x, id / 4 AS fold_group FROM deal', o)::text, 'groups are the same as ' || t)
FROM unnest(ARRAY['bigint', 'smallint']) AS t, win_options(algorithm => 'logistic', validate => 'full') AS o;
CREATE DOMAIN money_amount AS numeric CHECK (VALUE >= 0);
SELECT is(pg_temp.trained('x::money_amount AS x'), pg_temp.trained('x'), 'a domain is its base type');
SET LOCAL TimeZone = 'Pacific/Auckland';
SET LOCAL extra_float_digits = -10;
SELECT is(pg_temp.trained('since'), m, 'nor does the session show')
FROM (SELECT set_config('TimeZone', 'America/Lima', true), pg_temp.trained('since') AS m) AS s;
RESET TimeZone;
RESET extra_float_digits;

-- Columns are found by name: tables, views, subqueries, further columns, another order, dropped columns.
CREATE TABLE answer AS SELECT algorithm, id, win_probability(m, e) AS p FROM model, deal AS d, LATERAL (SELECT d.x, d.city, d.size, d.known, d.as_of, d.since) AS e;
SELECT is(count(*), 0::bigint, 'a table''s row gives the same probability') FROM answer JOIN model USING (algorithm) JOIN deal AS d USING (id) WHERE win_probability(m, d) IS DISTINCT FROM p;
CREATE TABLE other AS SELECT id, 'gone' AS gone, since, as_of, known, size, city, x FROM deal;
ALTER TABLE other DROP COLUMN gone;
ALTER TABLE other ADD COLUMN amounts int[];
SELECT is(count(*), 0::bigint, 'nor does the order of columns, a dropped one or a further one matter') FROM answer JOIN model USING (algorithm) JOIN other AS d USING (id) WHERE win_probability(m, d) IS DISTINCT FROM p;
SELECT is(count(*), 0::bigint, 'and neither do workers')
FROM (SELECT pg_temp.workers(2)) AS w, answer JOIN model USING (algorithm) JOIN deal AS d USING (id) WHERE win_probability(m, d) IS DISTINCT FROM p;
SELECT pg_temp.workers(0);
SELECT ok(min(p) > 0 AND max(p) < 1, 'probabilities lie inside 0 to 1: ' || algorithm) FROM answer GROUP BY algorithm;
SELECT is(count(*), 0::bigint, 'the interval holds the probability')
FROM model, deal AS d, win_probability_interval(m, d) AS i, win_probability(m, d) AS p WHERE i.probability <> p OR i.low > p OR i.high < p;
SELECT ok(count(*) = 600 AND max(abs(s - ln(p / (1 - p)))) < 1e-9, 'contributions sum to the log-odds: ' || algorithm)
FROM (SELECT algorithm, id, p, sum(f.contribution) AS s FROM answer JOIN model USING (algorithm) JOIN deal AS d USING (id), explain_win(m, d) AS f WHERE id <= 600 GROUP BY 1, 2, 3) AS x GROUP BY algorithm;
SELECT is(count(*), 0::bigint, 'features come by the size of their contribution')
FROM (SELECT f.position, f.kind, abs(f.contribution) AS c, lag(abs(f.contribution)) OVER (PARTITION BY algorithm, id ORDER BY f.position) AS before, lag(f.kind) OVER (PARTITION BY algorithm, id ORDER BY f.position) AS kind_before
      FROM model, deal AS d, explain_win(m, d) AS f WHERE id <= 100) AS x WHERE kind = 'feature' AND kind_before = 'feature' AND c > before;
SELECT is(win_probability(m, d), NULL, 'NULL for no record') FROM model, (SELECT NULL::deal AS d) AS n WHERE algorithm = 'auto';
SELECT is_empty($$SELECT explain_win(NULL::win_model, d) FROM deal AS d$$, 'nothing to explain without a model');

-- Several models in one query, in any order of rows.
SELECT is(count(*), 0::bigint, 'each deal by the model of its team')
FROM deal AS d JOIN of_team AS t USING (team), LATERAL (SELECT win_probability(t.m, d) AS p) AS a, LATERAL (SELECT win_probability((SELECT m FROM of_team WHERE team = d.team), d) AS p) AS b
WHERE a.p IS DISTINCT FROM b.p;
SELECT is(count(DISTINCT win_probability(t.m, d)), 3::bigint, 'three teams, three answers') FROM deal AS d, of_team AS t WHERE d.id = 31;
SELECT is((SELECT sum(win_probability(m, d)) FROM deal AS d, (SELECT fit_win_model(won, e, win_options(algorithm => 'boosted', trees => 40)) AS m FROM example AS e) AS s)::numeric(12, 6),
          (SELECT sum(p) FROM answer WHERE algorithm = 'boosted')::numeric(12, 6), 'a model that was never stored');

-- A table that changes between two calls of one expression.
CREATE TABLE changing AS SELECT x::int AS x, city, size, known, as_of, since FROM deal WHERE id = 40;
DO $$
DECLARE
    r record;
    m win_model := (SELECT m FROM model WHERE algorithm = 'boosted');
    p float8[];
BEGIN
    FOR i IN 1 .. 2 LOOP
        FOR r IN EXECUTE 'SELECT c FROM changing AS c' LOOP
            p := p || win_probability(m, r.c);
        END LOOP;
        ALTER TABLE changing ALTER COLUMN x TYPE numeric USING x;
    END LOOP;
    IF p[1] IS DISTINCT FROM p[2] THEN
        RAISE EXCEPTION 'x was read wrong: %', p;
    END IF;
END $$;
SELECT pass('a column that changes its type is read right');

-- A line misses what is in the middle; trees and bins find it.
CREATE FUNCTION pg_temp.loss(options win_options) RETURNS float8 LANGUAGE sql AS $$
    SELECT -avg(ln(CASE WHEN won THEN probability ELSE 1 - probability END)) FROM cross_validate_win('SELECT won, x FROM deal', options)
$$;
SELECT ok(pg_temp.loss(win_options('logistic', terms => 'linear', validate => 'none')) - pg_temp.loss(win_options(a, validate => 'none')) > 0.05, 'a line misses the middle: ' || a)
FROM unnest(ARRAY['boosted', 'forest', 'logistic']) AS a;

-- Held-out deals.
SELECT is(count(*) || ' ' || count(DISTINCT fold), '2900 4', 'every closed deal is held out once') FROM cross_validate_win('SELECT * FROM example', win_options('logistic'), n => 4);
SELECT is(max(n), 1::bigint, 'a group stays in one fold')
FROM (SELECT as_of, count(DISTINCT fold) AS n FROM cross_validate_win('SELECT won, x, date_trunc(''month'', as_of) AS as_of, date_trunc(''month'', as_of) AS fold_group FROM deal', win_options('logistic'), 'grouped') GROUP BY as_of) AS s;
SELECT ok(bool_and(least_at > last_before), 'forward folds lie one after the other')
FROM (SELECT min(as_of) AS least_at, lag(max(as_of), 1, '-infinity') OVER (ORDER BY fold) AS last_before FROM cross_validate_win('SELECT * FROM example', win_options('logistic'), 'forward') GROUP BY fold) AS s;
SELECT is((SELECT count(*) FROM cross_validate_win('SELECT id AS deal_id, won, x, city FROM deal', win_options('logistic')) AS v JOIN deal AS d ON d.id::text = v.deal_id AND d.won = v.won),
          2900::bigint, 'held-out deals can be joined by deal_id');
SELECT is((SELECT md5(string_agg(v::text, ',' ORDER BY v::text)) FROM (SELECT fold, won, probability FROM cross_validate_win('SELECT id AS deal_id, won, x, city FROM deal', win_options('logistic'))) AS v),
          (SELECT md5(string_agg(v::text, ',' ORDER BY v::text)) FROM (SELECT fold, won, probability FROM cross_validate_win('SELECT won, x, city FROM deal', win_options('logistic'))) AS v),
          'which is no feature');

-- New deals into a trained model.
SELECT ok(abs(avg(win_probability(u, d)) - avg(win_probability(m, d))) > 0.01, 'an update moves the model: ' || algorithm)
FROM (SELECT algorithm, m, (SELECT update_win_model(m, true, d) FROM deal AS d WHERE id <= 1000) AS u FROM model WHERE algorithm IN ('logistic', 'forest')) AS s, deal AS d GROUP BY algorithm;
SELECT is(update_win_model(m, NULL, d)::text, m::text, 'open deals change nothing') FROM model, deal AS d WHERE algorithm = 'logistic' GROUP BY m::text;
SELECT is((SELECT update_win_model(m, won, d ORDER BY md5(d::text))::text FROM deal AS d WHERE id < 500), (SELECT update_win_model(m, won, d)::text FROM deal AS d WHERE id < 500), 'row order does not show')
FROM model WHERE algorithm = 'logistic';
SELECT throws_ok($$SELECT update_win_model(m, won, d) FROM model, deal AS d WHERE algorithm = 'boosted'$$, '0A000', NULL, 'boosted trees cannot be updated');
SELECT throws_ok($$SELECT update_win_model(m, won, d) FROM model, deal AS d WHERE algorithm IN ('logistic', 'forest')$$, '22023', NULL, 'one model at a time');

CREATE TABLE updated_to_all AS
SELECT algorithm, (SELECT update_win_model(o.m, d.won, r) FROM deal AS d, LATERAL (SELECT d.x, CASE WHEN d.id % 9 = 0 THEN 'new' ELSE d.city END AS city) AS r WHERE d.id > 1500) AS m
FROM (SELECT a AS algorithm, (SELECT fit_win_model(won, r, win_options(algorithm => a, trees => CASE a WHEN 'forest' THEN 10 END, validate => 'full'))
                              FROM deal AS d, LATERAL (SELECT d.x, d.city) AS r WHERE id <= 1500) AS m FROM unnest(ARRAY['logistic', 'forest']) AS a) AS o;
SELECT ok(every(deals = n AND won = w), 'counts of the values are those of all deals: ' || algorithm)
FROM (SELECT u.algorithm, t.feature, sum(t.deals) AS deals, sum(t.won) AS won
      FROM updated_to_all AS u, win_model_terms(u.m) AS t WHERE t.deals IS NOT NULL GROUP BY 1, 2) AS t,
     (SELECT count(won) AS n, count(*) FILTER (WHERE won) AS w FROM deal) AS every_deal GROUP BY algorithm;
SELECT is((SELECT g.measured FROM win_model_gates(m) AS g WHERE g.gate = 'won deals'), (SELECT count(*)::float8 FROM deal WHERE won), 'and so are the checks') FROM updated_to_all;
SELECT is((SELECT count(*) FROM win_model_quality(m)), 0::bigint, 'figures of the old model go') FROM updated_to_all;
SELECT is((SELECT string_agg(DISTINCT g.verdict, ', ') FROM win_model_gates(m) AS g WHERE g.gate LIKE 'skill on %'), 'warn', 'and their checks warn') FROM updated_to_all;

-- A category that training never saw adds nothing, whoever learned.
SELECT ok(f.unseen AND abs(f.contribution) < 1e-9, 'an unseen category counts as average: ' || algorithm)
FROM model, LATERAL (SELECT x, 'Atlantis'::text AS city, size, known, as_of, since FROM deal WHERE id = 77) AS e, explain_win(m, e) AS f WHERE f.feature = 'city';

-- Intervals are those of about 200 neighbours, and hold what is told.
SELECT ok(every(i.low <= i.probability AND i.probability <= i.high AND i.high - i.low BETWEEN 0.03 AND 0.5), 'intervals are as wide as 200 deals leave open')
FROM model, deal AS d, LATERAL (SELECT d.x, d.city, d.size, d.known, d.as_of, d.since) AS e, win_probability_interval(m, e) AS i WHERE algorithm = 'auto' AND id % 10 = 0;
SELECT ok(every(auc_low IS NULL AND auc_high IS NULL AND skill_low IS NULL AND skill_high IS NULL), 'no intervals for the deals it was trained on')
FROM model, win_model_quality(m) WHERE sample = 'training';

-- Words: ranges at the ends are open, few deals are told with their neighbours, and the average deal is not the average rate.
SELECT ok(f.reason LIKE 'x % or more: won %' AND f.value = '999', 'beyond all of training: ' || f.reason)
FROM model, LATERAL (SELECT 999::numeric(8, 2) AS x, city, size, known, as_of, since FROM deal WHERE id = 77) AS e, explain_win(m, e) AS f WHERE algorithm = 'boosted' AND f.feature = 'x';
SELECT ok(every(deals >= 50), 'a number is told with at least 50 deals')
FROM model, deal AS d, LATERAL (SELECT d.x, d.city, d.size, d.known, d.as_of, d.since) AS e, explain_win(m, e) AS f WHERE id % 50 = 0 AND f.feature IN ('x', 'since');
SELECT matches(f.reason, '^an average deal: [0-9.]+ %; [0-9.]+ % of [0-9,]+ deals were won$', f.reason)
FROM model, LATERAL (SELECT x, city, size, known, as_of, since FROM deal WHERE id = 77) AS e, explain_win(m, e) AS f WHERE f.kind = 'baseline';

-- Dates after the moment: single ones are typing errors, many are plans or leaks.
SELECT is((SELECT g.verdict || ' ' || (g.reason LIKE '%lies after as_of in 3 deals%') FROM win_model_gates(m) AS g WHERE g.gate = 'leak: from the future'), 'warn true', 'three dates in 3,000 are a warning')
FROM (SELECT fit_win_model(won, e, win_options('logistic')) AS m FROM (SELECT won, x, as_of, CASE WHEN id <= 3 THEN date '2090-01-01' ELSE since END AS since FROM deal) AS e) AS s;
CREATE FUNCTION pg_temp.hint_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE query;
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END $$;
SELECT ok(h LIKE 'A planned date is known%number of days%' AND h NOT LIKE '%more deals%', h)
FROM pg_temp.hint_of('SELECT fit_win_model(won, e) FROM (SELECT won, x, as_of, since + 400 AS planned FROM deal) AS e') AS h;
SELECT ok(h LIKE 'Gather more deals%' AND h NOT LIKE '%planned%', h) FROM pg_temp.hint_of('SELECT fit_win_model(won, e) FROM (SELECT won, x FROM deal LIMIT 30) AS e') AS h;

-- The value as text and bytes.
SELECT is(m::text::win_model::text, m::text, 'text there and back: ' || algorithm) FROM model;
SELECT ok(length(win_model_send(m)) > 100, 'bytes') FROM model WHERE algorithm = 'logistic';
CREATE FUNCTION pg_temp.state_of(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ('win_model:' || replace(encode(bytes, 'base64'), E'\n', ''))::win_model;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE TEMP TABLE small AS SELECT win_model_send(fit_win_model(won, e, win_options(algorithm => 'blend', trees => 3, force => true))) AS b FROM (SELECT won, x > 5 AS big, city FROM deal LIMIT 300) AS e;
SELECT is(string_agg(DISTINCT pg_temp.state_of(set_byte(b, i, get_byte(b, i) # 129)), ','), '22P03', 'any byte that is changed is found') FROM small, generate_series(0, length(b) - 1) AS i;
SELECT is(string_agg(DISTINCT pg_temp.state_of(substr(b, 1, i)), ','), '22P03', 'any end that is missing, too') FROM small, generate_series(0, length(b) - 1) AS i;
SELECT is(pg_temp.state_of(b || '\x00'), '22P03', 'and any that is too much') FROM small;

-- Errors.
SELECT throws_ok($$SELECT fit_win_model(won, e) FROM (SELECT won, x FROM deal LIMIT 30) AS e$$, '22000', NULL, 'too few deals');
SELECT throws_ok($$SELECT fit_win_model(true, e) FROM (SELECT x FROM deal) AS e$$, '22000', NULL, 'one class');
SELECT throws_ok($$SELECT fit_win_model(won, e) FROM (SELECT won, x, won AS outcome FROM deal) AS e$$, '22000', NULL, 'a column that tells the outcome');
SELECT throws_like($$SELECT fit_win_model(won, e) FROM (SELECT won, x, won AS outcome FROM deal LIMIT 30) AS e$$, '%checks refuse', 'all refusals are counted');
SELECT lives_ok($$SELECT fit_win_model(won, e, win_options(force => true)) FROM (SELECT won, x, won AS outcome FROM deal) AS e$$, 'unless forced');
SELECT is((SELECT value FROM win_model_summary(m) WHERE item = 'forced'), 1::float8, 'which is recorded')
FROM (SELECT fit_win_model(won, e, win_options(force => true)) AS m FROM (SELECT won, x, won AS outcome FROM deal) AS e) AS s;
SELECT throws_ok($$SELECT fit_win_model(won, ROW(x)) FROM deal$$, '42703', NULL, 'no names');
SELECT throws_ok($$SELECT fit_win_model(won, e) FROM (SELECT won, x, city AS x FROM deal) AS e$$, '42702', NULL, 'a name twice');
SELECT throws_ok($$SELECT fit_win_model(won, e) FROM (SELECT won, since FROM deal) AS e$$, '42703', NULL, 'a date without as_of');
SELECT throws_ok($$SELECT fit_win_model(won, e) FROM (SELECT won, '{}'::jsonb AS j FROM deal) AS e$$, '42804', NULL, 'a type that is no feature');
SELECT throws_ok(format($$SELECT fit_win_model(won, e) FROM (SELECT won, %s FROM deal) AS e$$, (SELECT string_agg('x AS x' || i, ', ') FROM generate_series(1, 501) AS i)), '54000', NULL, 'too many features');
SELECT throws_ok($$SELECT win_probability(m, e) FROM model, (SELECT x FROM deal) AS e$$, '42703', NULL, 'columns are missing');
SELECT throws_ok($$SELECT win_probability(m, e) FROM model, (SELECT x::text AS x, city, size, known, as_of, since FROM deal) AS e$$, '42804', NULL, 'or of another type');
SELECT throws_ok($$SELECT win_probability(m, e) FROM model, (SELECT 'Infinity'::float8 AS x, city, size, known, as_of, since FROM deal) AS e$$, '22003', NULL, 'or infinite');
SELECT throws_ok($$SELECT win_probability(m, e) FROM model, (SELECT x, city, size, known, as_of, date 'infinity' AS since FROM deal) AS e$$, '22008', NULL, 'or an infinite date');
SELECT throws_ok(format($$SELECT fit_win_model(won, d, win_options(%s)) FROM deal AS d$$, o), '22023', NULL, o)
FROM unnest(ARRAY['algorithm => ''x''', 'terms => ''x''', 'bins => 255', 'ridge => -1', 'ridge => ''NaN''', 'trees => 0', 'leaves => 33', 'depth => 0', 'learning_rate => 0', 'least_rows => 0',
                  'folds => 1', 'calibration => ''x''', 'validate => ''x''', 'force => NULL', 'seed => NULL', 'validate => ''none'', calibration => ''platt''']) AS o;
SET LOCAL maintenance_work_mem = '1MB';
SELECT throws_ok($$SELECT fit_win_model(won, d) FROM (SELECT g % 2 = 0 AS won, g AS a, g + 1 AS b FROM generate_series(1, 200000) AS g) AS d$$, '53200', NULL, 'memory is what maintenance_work_mem allows');
RESET maintenance_work_mem;
CREATE FUNCTION pg_temp.cancelled(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN true;
END $$;
CREATE TEMP TABLE cancelled (started timestamptz, done boolean, ended timestamptz);
SET LOCAL statement_timeout = '200ms';
INSERT INTO cancelled SELECT clock_timestamp(), pg_temp.cancelled($$SELECT fit_win_model(won, d, win_options('forest', trees => 5000)) FROM deal AS d$$), clock_timestamp();
INSERT INTO cancelled SELECT clock_timestamp(), pg_temp.cancelled($$SELECT fit_win_model(won, d, win_options('boosted', trees => 5000)) FROM deal AS d$$), clock_timestamp();
INSERT INTO cancelled SELECT clock_timestamp(), pg_temp.cancelled($$SELECT fit_win_model(won, d, win_options('auto')) FROM deal AS d$$), clock_timestamp();
RESET statement_timeout;
SELECT ok(every(done), 'training can be cancelled') FROM cancelled;
-- the machine may be busy: the quickest of three
SELECT ok(min(ended - started) < interval '300 ms', 'within 100 ms') FROM cancelled;

SELECT * FROM finish();
ROLLBACK;
