-- Laws of close models: sums, monotone curves, calibration against known hazards, order, workers, text form, rights.
BEGIN;
SELECT plan(31);
SET LOCAL search_path = public, sales_forecast;

-- Gamma (shape 2) times to a win and to a loss; size and source make them faster or slower. Watched up to a day each.
SELECT setseed(0.5);
CREATE TABLE truth AS
SELECT id, size, source, as_of, -win_mean / 2 * (ln(u1) + ln(u2)) AS win_at, -loss_mean / 2 * (ln(u3) + ln(u4)) AS loss_at, watched
FROM (SELECT id, size, source, as_of, watched, 1 - r1 AS u1, 1 - r2 AS u2, 1 - r3 AS u3, 1 - r4 AS u4,
             CASE source WHEN 'event' THEN 80 WHEN 'partner' THEN 50 ELSE 120 END / exp(0.1 * (size - 5)) AS win_mean,
             60 * exp(0.1 * (size - 5)) AS loss_mean
      FROM (SELECT i AS id, random() * 10 AS size, (ARRAY['event', 'partner', 'web'])[1 + i % 3] AS source,
                   timestamptz '2023-01-01 00:00+00' + i * interval '4 hours' AS as_of, random() * 200 AS watched,
                   random() AS r1, random() AS r2, random() AS r3, random() AS r4
            FROM generate_series(1, 12000) AS i) AS drawn) AS t;
CREATE TABLE deal AS
SELECT id, CASE WHEN least(win_at, loss_at) > watched THEN 'open' WHEN win_at < loss_at THEN 'won' ELSE 'lost' END AS outcome,
       least(win_at, loss_at, watched) AS days, size, source, as_of
FROM truth WHERE id <= 6000;
ALTER TABLE deal SET (parallel_workers = 2);
ANALYZE deal;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
CREATE FUNCTION pg_temp.workers(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
            set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
            set_config('min_parallel_table_scan_size', '0', true);
END
$$;

SELECT pg_temp.workers(0);
CREATE TABLE model AS
SELECT fit_close_model(outcome, days, d) AS m FROM (SELECT outcome, days, size, source, as_of FROM deal) AS d;
CREATE TYPE known AS (size float8, source text);
CREATE TABLE grid AS
SELECT ROW(size, source)::known AS f, age, within
FROM (VALUES (0.0), (5), (10), (NULL)) AS s(size), (VALUES ('event'), ('web'), ('never'), (NULL)) AS o(source),
     (VALUES (0.0::float8), (10), (77.7), (1e6)) AS a(age), (VALUES (0.0::float8), (1), (30), (90), (1000), ('Infinity')) AS w(within);

SELECT ok(bool_and(abs((o).won + (o).lost + (o).still_open - 1) < 1e-12 AND (o).won >= 0 AND (o).won < 1 AND (o).lost >= 0 AND (o).still_open >= 0),
          'won, lost and open are probabilities and add up')
FROM (SELECT close_outcome(m, f, age, within) AS o FROM model, grid) AS s;
SELECT ok(bool_and(won >= before), 'the probability of a win rises with the days')
FROM (SELECT close_probability(m, f, age, within) AS won,
             lag(close_probability(m, f, age, within)) OVER (PARTITION BY f, age ORDER BY within) AS before FROM model, grid) AS s
WHERE before IS NOT NULL;
SELECT ok(bool_and(close_probability(m, f, age, 0) = 0), 'nothing is won in no time') FROM model, grid;
SELECT ok(bool_and(close_probability(m, f, age, 'Infinity') = (expected_days_to_close(m, f, age)).win_probability),
          'the limit is the probability of a win in the end') FROM model, grid;
SELECT ok(bool_and(close_probability(m, f, age, within) = (close_outcome(m, f, age, within)).won), 'close_probability is the won of close_outcome')
FROM model, grid;
SELECT ok(bool_and(c.won = close_probability(m, f, age, c.days)), 'close_curve tells the same')
FROM model, grid, LATERAL close_curve(m, f, age, ARRAY[1, 30, 90]) AS c WHERE within = 1;
SELECT ok(bool_and(e.p10_days <= e.median_days AND e.median_days <= coalesce(e.p90_days, 'Infinity') AND e.mean_days >= 0), 'quantiles ascend')
FROM model, grid, LATERAL expected_days_to_close(m, f, age) AS e WHERE age < 50 AND within = 0;
-- two ways through the same days
SELECT ok(bool_and(abs(a.still_open * b.still_open - c.still_open) < 1e-12 AND abs(a.won + a.still_open * b.won - c.won) < 1e-12),
          '30 days and then 60 are 90')
FROM model, grid, LATERAL close_outcome(m, f, age, 30) AS a, LATERAL close_outcome(m, f, age + 30, 60) AS b, LATERAL close_outcome(m, f, age, 90) AS c
WHERE within = 1 AND age < 100;

-- Calibrated on deals it never saw: what is said about open ones of some age against what then happened.
SELECT ok(abs(said / seen - 1) < 0.08, format('wins within 30 days of open deals: said %s, seen %s', round(said), seen))
FROM (SELECT sum(close_probability(m, d, d.age, 30))::numeric AS said, count(*) FILTER (WHERE d.win_at < d.loss_at AND d.win_at <= d.age + 30) AS seen
      FROM model, (SELECT size, source, win_at, loss_at, (id % 60)::float8 AS age FROM truth WHERE id > 6000 AND least(win_at, loss_at) > id % 60) AS d) AS s;
SELECT ok(min(seen / said) > 0.75 AND max(seen / said) < 1.3, 'in each of four groups of probability')
FROM (SELECT sum(p) AS said, count(*) FILTER (WHERE won)::float8 AS seen
      FROM (SELECT p, won, ntile(4) OVER (ORDER BY p) AS part
            FROM (SELECT close_probability(m, d, d.age, 30) AS p, d.win_at < d.loss_at AND d.win_at <= d.age + 30 AS won
                  FROM model, (SELECT size, source, win_at, loss_at, (id % 60)::float8 AS age FROM truth
                               WHERE id > 6000 AND least(win_at, loss_at) > id % 60) AS d) AS s) AS t GROUP BY part) AS u;

-- Without features: the life table. Whole ages, entries: hazard = closed / at risk, ends of buckets.
CREATE TABLE whole AS
SELECT id, entry, days, outcome, 1 AS constant
FROM (SELECT id, (id % 3)::float8 AS entry, (id % 3 + 1 + id * 7919 % (8 - id % 3))::float8 AS days,
             (ARRAY['won', 'lost', 'open', 'lost'])[1 + id * 31 % 4] AS outcome FROM generate_series(1, 700) AS id) AS s;
SELECT ok(abs(survived - (close_outcome(m, c, 0, 7)).still_open) < 1e-6, 'one feature without a choice: Kaplan and Meier, entries included')
FROM (SELECT exp(sum(ln(1 - closed::float8 / at_risk))) AS survived
      FROM (SELECT t, count(*) FILTER (WHERE outcome <> 'open' AND days = t) AS closed, count(*) FILTER (WHERE entry < t AND days >= t) AS at_risk
            FROM whole, generate_series(1, 7) AS t GROUP BY t) AS x) AS s,
     (SELECT fit_close_model(outcome, days, entry, w, close_options(algorithm => 'additive', ridge => 0, smoothness => 0, validate => 'none')) AS m
      FROM whole, LATERAL (SELECT constant) AS w) AS f,
     (SELECT 1 AS constant) AS c;

-- Rows, plans, forms.
SELECT ok(m::text = (SELECT fit_close_model(outcome, days, d)::text FROM (SELECT outcome, days, size, source, as_of FROM deal ORDER BY md5(id::text)) AS d),
          'the order of rows does not show') FROM model;
SELECT pg_temp.workers(2);
SELECT ok(string_agg(l, ' ') LIKE '%Partial Aggregate%', 'the plan really is parallel')
FROM pg_temp.plan_of('SELECT fit_close_model(outcome, days, deal) FROM deal') AS l;
SELECT ok(m::text = (SELECT fit_close_model(outcome, days, d)::text FROM (SELECT outcome, days, size, source, as_of FROM deal OFFSET 0) AS d)
          AND (SELECT pg_temp.workers(0) IS NOT NULL), 'nor do plans') FROM model;
SELECT pg_temp.workers(2);
CREATE TEMP TABLE by_workers AS SELECT fit_close_model(outcome, days, deal, close_options(validate => 'none', algorithm => 'additive'))::text AS t FROM deal;
SELECT pg_temp.workers(0);
SELECT is((SELECT fit_close_model(outcome, days, deal, close_options(validate => 'none', algorithm => 'additive'))::text FROM deal), t,
          'two workers give the same bytes') FROM by_workers;
SELECT is(m::text::close_model::text, m::text, 'the text form comes back') FROM model;
SELECT throws_ok(format('SELECT %L::close_model', overlay(m::text placing chr(ascii(substr(m::text, 200, 1)) # 1) from 200 for 1)), '22P03', NULL,
                 'a changed letter shows') FROM model;
SELECT throws_ok(format('SELECT %L::close_model', left(m::text, 1012)), '22P03', NULL, 'a part of a model is none') FROM model;

-- Quality and checks.
SELECT ok(bool_or(item = 'skill low' AND value > 0) AND bool_or(item = 'concordance' AND value > 0.5), 'the features help, and the summary says so')
FROM model, close_model_summary(m);
SELECT is(sum(closed), (SELECT count(*)::numeric FROM deal WHERE outcome <> 'open'), 'each closing is in one bucket') FROM model, close_model_buckets(m);
SELECT ok(abs(sum(deal_days) / (SELECT sum(days) FROM deal) - 1) < 1e-9, 'and each day') FROM model, close_model_buckets(m);
SELECT throws_ok($$SELECT fit_close_model(outcome, days, d) FROM (SELECT outcome, days, size FROM deal LIMIT 30) AS d$$, '22000', NULL, 'too few deals are refused');
SELECT lives_ok($$SELECT fit_close_model(outcome, days, d, close_options(force => true)) FROM (SELECT outcome, days, size FROM deal LIMIT 30) AS d$$, 'unless forced');
SELECT throws_ok($$SELECT fit_close_model('open', days, d, close_options(force => true)) FROM (SELECT days, size FROM deal) AS d$$, '22000', NULL,
                 'all open: nothing to learn');

-- Counts are of deals, not of the moments they were looked at; leaks are refused.
CREATE TABLE snapshot AS
SELECT outcome, days + 3 * k AS days, size, deal AS fold_group
FROM (SELECT deal, random() * 10 AS size, 10 + 90 * random() AS days, CASE WHEN deal <= 15 THEN 'won' ELSE 'lost' END AS outcome
      FROM generate_series(1, 200) AS deal) AS d, generate_series(0, 7) AS k;
SELECT throws_like('SELECT fit_close_model(outcome, days, s) FROM (SELECT outcome, days, size, fold_group FROM snapshot) AS s',
                   '%too few won deals%', '15 won deals are too few, whatever their number of snapshots');
SELECT is(string_agg(format('%s %s', item, value), ', ' ORDER BY item), 'closed 200, deals 200, rows 1600, won 15', 'the summary tells deals and rows')
FROM (SELECT fit_close_model(outcome, days, s, close_options(force => true, validate => 'none')) AS m
      FROM (SELECT outcome, days, size, fold_group FROM snapshot) AS s) AS f, close_model_summary(m)
WHERE topic = 'data' AND item IN ('deals', 'closed', 'won', 'rows');
SELECT throws_like($$SELECT fit_close_model(outcome, days, d) FROM (SELECT outcome, days, size, outcome = 'won' AS signed FROM deal) AS d$$,
                   '%tells won from lost almost surely%', 'a status column is refused');
SELECT throws_like($$SELECT fit_close_model(outcome, days, d) FROM (SELECT outcome, days, size, days + 1 AS age_now FROM deal) AS d$$,
                   '%tells when a deal closes almost surely%', 'a copy of days is refused');
SELECT throws_like($$SELECT fit_close_model(outcome, days, d) FROM (SELECT outcome, days, size, CASE WHEN outcome <> 'open' THEN size END AS reason FROM deal) AS d$$,
                   '%missing far more often in open%', 'what only closed deals have is refused');

-- Leaving customers: one cause.
SELECT ok((o).lost = 0 AND abs((o).won + (o).still_open - 1) < 1e-12 AND (o).won = churn_probability(c, f, 20, 30), 'with one cause nothing is lost')
FROM (SELECT c, f, close_outcome(c, f, 20, 30) AS o
      FROM (SELECT fit_churn_model(outcome = 'won', days, d, close_options(validate => 'none')) AS c FROM (SELECT outcome, days, size FROM deal) AS d) AS t,
           (SELECT 3.0 AS size) AS f) AS s;
SELECT throws_ok($$SELECT churn_probability(m, f, 1, 1) FROM model, (SELECT 3.0 AS size, 'web' AS source) AS f$$, '22023', NULL, 'a close model is no churn model');

SELECT * FROM finish();
ROLLBACK;
