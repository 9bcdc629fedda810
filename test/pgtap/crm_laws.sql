-- The laws of the CRM views: parts make the total, currencies stay apart, the past knows nothing of the future, rows
-- that are hidden stay hidden, and what is not wanted is not executed.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = 'warning';
SET LOCAL timezone = 'UTC';

-- Three years of 900 deals with every kind of gap, by a fixed rule and not by chance.
CREATE SCHEMA shop;
CREATE TABLE shop.stage (process text, id text, nr int, p float8, won boolean, lost boolean);
INSERT INTO shop.stage
SELECT 'p' || g, 's' || n, n, CASE WHEN g = 1 THEN n / 5.0 END, n = 5, n = 6
FROM generate_series(1, 2) g, generate_series(1, 6) n;
CREATE TABLE shop.deal (id int PRIMARY KEY, owner text, team text, region text, department text, product text, amount numeric,
    currency text, process text, stage text, p float8, status text, created timestamptz, due date, closed timestamptz);
INSERT INTO shop.deal
SELECT i, CASE WHEN i % 11 > 0 THEN 'o' || i % 7 END, CASE WHEN i % 13 > 0 THEN 't' || i % 3 END,
       CASE WHEN i % 17 > 0 THEN 'r' || i % 4 END, CASE WHEN i % 19 > 0 THEN 'd' || i % 2 END, 'x' || i % 5,
       CASE WHEN i % 23 > 0 THEN round(exp(7 + (i * 37 % 100) / 25.0)::numeric, 2) END,
       CASE WHEN i % 29 = 0 THEN NULL WHEN i % 3 = 0 THEN 'NOK' ELSE 'EUR' END, 'p' || 1 + i % 2,
       CASE WHEN c.closed IS NULL OR i % 5 <= 1 THEN 's' || 1 + i % 4 WHEN i % 5 = 2 THEN 's6' ELSE 's5' END,
       CASE WHEN i % 4 > 0 THEN (i * 7 % 101) / 100.0 END,
       CASE WHEN c.closed IS NULL THEN 'open' WHEN i % 5 <= 2 THEN 'lost' ELSE 'won' END,
       c.created, CASE WHEN i % 31 > 0 THEN (c.created + interval '90 days')::date END, c.closed
FROM generate_series(1, 900) i
CROSS JOIN LATERAL (SELECT timestamptz '2022-01-01' + i * interval '1 day' AS created,
                           CASE WHEN i % 3 < 2 THEN timestamptz '2022-01-01' + (i + 20 + i * 7 % 60) * interval '1 day' END AS closed) c;
-- Every deal has gone through the stages up to its own, and its amount was raised once.
CREATE TABLE shop.move (deal int, s_from text, s_to text, at timestamptz);
INSERT INTO shop.move
SELECT d.id, CASE WHEN n > 1 THEN 's' || n - 1 END, 's' || n, d.created + (n - 1) * interval '3 days'
FROM shop.deal d, generate_series(1, 4) n WHERE n <= CASE d.stage WHEN 's6' THEN 1 + d.id % 4 WHEN 's5' THEN 4 ELSE right(d.stage, 1)::int END;
INSERT INTO shop.move SELECT d.id, CASE d.stage WHEN 's5' THEN 's4' ELSE 's' || 1 + d.id % 4 END, d.stage, d.closed
FROM shop.deal d WHERE d.stage IN ('s5', 's6');
CREATE TABLE shop.change (deal int, field text, old text, new text, at timestamptz);
INSERT INTO shop.change
SELECT id, 'amount', round(amount / 2, 2)::text, amount::text, created + interval '10 days' FROM shop.deal WHERE amount IS NOT NULL
UNION ALL
SELECT id, 'owner_id', 'o9', owner, created + interval '15 days' FROM shop.deal WHERE id % 6 = 0
UNION ALL
SELECT id, 'status', 'open', status, closed FROM shop.deal WHERE closed IS NOT NULL;

CREATE TEMPORARY TABLE mapping AS SELECT '{
  "probability_unit": "fraction", "change_fields": ["amount", "owner_id", "status", "team_id", "region", "department",
                                                    "probability_stated", "expected_close_on"],
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "owner_id": "owner", "team_id": "team", "region": "region",
      "department": "department", "product_id": "product", "amount": "amount", "currency": "currency", "process_id": "process",
      "stage_id": "stage", "probability_stated": "p", "status": "status", "created_at": "created", "expected_close_on": "due",
      "closed_at": "closed"}},
    "stage": {"from": "stage", "columns": {"process_id": "process", "stage_id": "id", "stage_order": "nr", "probability": "p",
      "is_won": "won", "is_lost": "lost"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old",
      "new_value": "new", "changed_at": "at"}}}}'::jsonb AS body;
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast', (SELECT body FROM mapping))$$, 'a CRM is connected');
-- Who comes late must not change what was known before.
SET LOCAL search_path = forecast, public;

/* -------- parts make the total -------- */

CREATE FUNCTION pg_temp.parts_differ(grain text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        SELECT format('%%s: %%s', t.currency, t) FROM (
            SELECT currency, deals, deals_without_amount, deals_without_probability, amount, weighted_value, weighted_value_stated,
                   weighted_value_stage, weighted_value_history FROM pipeline_total
            EXCEPT
            SELECT currency, sum(deals)::bigint, sum(deals_without_amount)::bigint, sum(deals_without_probability)::bigint, sum(amount),
                   sum(weighted_value), sum(weighted_value_stated), sum(weighted_value_stage), sum(weighted_value_history)
            FROM pipeline_by_%s GROUP BY currency) t $q$, grain);
END $$;
SELECT is_empty(format('SELECT pg_temp.parts_differ(%L)', g), 'the parts by ' || g || ' are the total, to the last digit')
FROM unnest('{stage,owner,team,region,department,month,quarter}'::text[]) g;
SELECT results_eq(
    'SELECT currency, deals, amount, weighted_value FROM pipeline_total ORDER BY 1',
    'SELECT currency, count(*), sum(amount), sum(weighted_value) FROM pipeline GROUP BY 1 ORDER BY 1', 'and so is the sum over the deals');
SELECT results_eq(
    'SELECT currency, weighted_value FROM pipeline_total ORDER BY 1',
    'SELECT currency, sum(amount * probability::numeric) FROM pipeline GROUP BY 1 ORDER BY 1', 'weighted value is the sum of amount times probability');
SELECT isnt_empty('SELECT 1 FROM pipeline_by_owner WHERE owner_id IS NULL', 'deals without an owner are a group of their own');
SELECT isnt_empty('SELECT 1 FROM pipeline_by_month WHERE month IS NULL', 'deals without a date are a group of their own');
SELECT isnt_empty('SELECT 1 FROM pipeline_total WHERE currency IS NULL', 'deals without a currency are not added to another');
SELECT is_empty($$SELECT 1 FROM pipeline_total WHERE NOT p10 <= p50 OR NOT p50 <= p90$$, 'p10 <= p50 <= p90');
SELECT is_empty($$SELECT 1 FROM pipeline WHERE probability < 0 OR probability > 1 OR probability_history <= 0 OR probability_history >= 1$$,
                'probabilities are probabilities');
SELECT is((SELECT count(*) FROM pipeline), (SELECT count(*) FROM shop.deal WHERE status = 'open'), 'lost and won deals are not in the pipeline');
SELECT is_empty($$SELECT 1 FROM stage_conversion WHERE entered <> moved_on + lost + still_open + unknown OR decided <> moved_on + lost$$,
                'every deal that entered a stage has one fate');
SELECT is_empty($$SELECT stage_id, entered, moved_on, lost FROM stage_conversion
                  EXCEPT SELECT stage_id, sum(entered)::bigint, sum(moved_on)::bigint, sum(lost)::bigint FROM stage_conversion_by_quarter GROUP BY process_id, stage_id$$,
                'the quarters of entry make the total');
SELECT is((SELECT count(*) FROM stage_conversion WHERE is_bottleneck), 2::bigint, 'each process has one bottleneck');
SELECT results_eq($$SELECT c.process_id, c.stage_id FROM stage_conversion c WHERE is_bottleneck ORDER BY 1$$,
    $$SELECT DISTINCT ON (process_id) process_id, stage_id FROM stage_conversion WHERE decided >= 40 ORDER BY process_id, drop_off DESC, stage_order$$,
    'which is where the largest part is lost');
-- By another way, straight from the tables: the furthest stage of each deal.
SELECT results_eq(
    $$SELECT process_id, stage_id, entered, lost FROM stage_conversion ORDER BY 1, 2$$,
    $$WITH furthest AS (
          SELECT d.process, d.status, CASE d.stage WHEN 's6' THEN 1 + d.id % 4 WHEN 's5' THEN 5 ELSE right(d.stage, 1)::int END AS far FROM shop.deal d)
      SELECT process, 's' || n, count(*), count(*) FILTER (WHERE far = n AND status = 'lost')
      FROM furthest, generate_series(1, 4) n WHERE far >= n GROUP BY 1, 2 ORDER BY 1, 2$$,
    'entered and lost agree with a count straight from the tables');
SELECT results_eq(
    $$SELECT process_id, key_id, won, closed FROM historical_probability WHERE key_kind = 'stage' ORDER BY 1, 2$$,
    $$WITH furthest AS (
          SELECT d.process, d.status, CASE d.stage WHEN 's6' THEN 1 + d.id % 4 WHEN 's5' THEN 5 ELSE right(d.stage, 1)::int END AS far FROM shop.deal d)
      SELECT process, 's' || n, count(*) FILTER (WHERE status = 'won'), count(*)
      FROM furthest, generate_series(1, 4) n WHERE far >= n AND status <> 'open' GROUP BY 1, 2 ORDER BY 1, 2$$,
    'and so do the rates');

/* -------- a key the source has twice -------- */

SAVEPOINT twice;
INSERT INTO shop.stage SELECT * FROM shop.stage;
SELECT is((SELECT count(*) FROM pipeline), (SELECT count(*) FROM shop.deal WHERE status = 'open'), 'stages that are there twice do not multiply deals');
SELECT is((SELECT found FROM sales_forecast.check_crm('forecast') WHERE check_name = 'duplicate keys' AND relation_name = 'stage'), 24::bigint,
          'and are found');
ROLLBACK TO twice;

/* -------- the past -------- */

CREATE TEMPORARY TABLE moment (at timestamptz);
INSERT INTO moment VALUES ('2022-06-15'), ('2023-03-01'), ('2023-12-31 23:59+00');
-- What a database says that was stopped at the moment: rows that came later are taken away, changes undone by hand.
CREATE FUNCTION pg_temp.known(t timestamptz) RETURNS TABLE (id text, status text, amount numeric, owner text, stage text) LANGUAGE sql AS $$
    SELECT d.id::text, CASE WHEN d.closed <= t THEN d.status ELSE 'open' END,
           CASE WHEN d.created + interval '10 days' > t THEN round(d.amount / 2, 2) ELSE d.amount END,
           CASE WHEN d.id % 6 = 0 AND d.created + interval '15 days' > t THEN 'o9' ELSE d.owner END,
           (SELECT m.s_to FROM shop.move m WHERE m.deal = d.id AND m.at <= t ORDER BY m.at DESC LIMIT 1)
    FROM shop.deal d WHERE d.created <= t
$$;
CREATE FUNCTION pg_temp.seen(t timestamptz) RETURNS TABLE (id text, status text, amount numeric, owner text, stage text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('sales_forecast.as_of', t::text, true);
    RETURN QUERY SELECT o.opportunity_id, o.status, o.amount, o.owner_id, o.stage_id FROM forecast.opportunity_as_of o;
    PERFORM set_config('sales_forecast.as_of', '', true);
END $$;
SELECT set_eq(format('SELECT * FROM pg_temp.seen(%L)', at), format('SELECT * FROM pg_temp.known(%L)', at), 'the deals as of ' || at) FROM moment;

-- The whole report of a past moment does not change when the future happens.
CREATE FUNCTION pg_temp.report(t timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v text; part text; answer text := '';
BEGIN
    PERFORM set_config('sales_forecast.as_of', t::text, true);
    FOR v IN SELECT d.view_name FROM sales_forecast.forecast_view_descriptions() d WHERE d.view_name <> 'data_quality' ORDER BY 1 LOOP
        EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM forecast.%I x', v) INTO part;
        answer := answer || v || E'\n' || coalesce(part, '') || E'\n';
    END LOOP;
    PERFORM set_config('sales_forecast.as_of', '', true);
    RETURN answer;
END $$;
SAVEPOINT future;
CREATE TEMPORARY TABLE before AS SELECT at, pg_temp.report(at) AS report FROM moment;
INSERT INTO shop.change SELECT id, 'amount', amount::text, '1', '2024-06-01' FROM shop.deal WHERE amount IS NOT NULL;
INSERT INTO shop.change SELECT id, 'status', 'open', 'won', '2024-06-01' FROM shop.deal WHERE status = 'open';
INSERT INTO shop.change SELECT id, 'region', region, 'moon', '2024-06-01' FROM shop.deal;
INSERT INTO shop.change SELECT id, 'probability_stated', p::text, '1', '2024-06-01' FROM shop.deal;
INSERT INTO shop.move SELECT id, stage, 's5', '2024-06-01' FROM shop.deal WHERE status = 'open';
UPDATE shop.deal SET stage = 's5', status = 'won', closed = '2024-06-01' WHERE status = 'open';
UPDATE shop.deal SET amount = 1 WHERE amount IS NOT NULL;
UPDATE shop.deal SET region = 'moon', p = 1;
INSERT INTO shop.deal SELECT id + 1000, owner, team, region, department, product, 1e6, currency, process, 's1', p, 'open', '2024-06-02', due, NULL
FROM shop.deal WHERE id <= 100;
SELECT ok(b.report = pg_temp.report(b.at), 'no view of ' || b.at || ' knows what happened in 2024') FROM before b;
SELECT ok(b.report LIKE '%stage_velocity%' AND length(b.report) > 10000, 'and the report is not empty') FROM before b LIMIT 1;
ROLLBACK TO future;

-- Without a log the past of a column is NULL and never the value of today.
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT body #- '{relations,opportunity_change}' #- '{relations,stage_change}' FROM mapping))$$, 'the same CRM without its logs');
SET LOCAL sales_forecast.as_of = '2023-03-01';
SELECT is_empty($$SELECT 1 FROM opportunity_as_of WHERE amount IS NOT NULL OR owner_id IS NOT NULL OR team_id IS NOT NULL OR region IS NOT NULL
    OR department IS NOT NULL OR stage_id IS NOT NULL OR probability_stated IS NOT NULL OR expected_close_on IS NOT NULL$$, 'what is not logged is not known');
SELECT set_eq($$SELECT opportunity_id, status FROM opportunity_as_of$$, $$SELECT id, status FROM pg_temp.known('2023-03-01')$$,
              'but when a deal was closed is');
SET LOCAL sales_forecast.as_of = '';
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast', (SELECT body FROM mapping))$$, 'and with them again');

-- A moment that is still to come has the columns of today, logged or not; one without end is refused.
SET LOCAL sales_forecast.as_of = '2999-01-01 00:00+00';
SELECT results_eq('SELECT opportunity_id, region, product_id, amount FROM opportunity_as_of ORDER BY 1',
                  'SELECT opportunity_id, region, product_id, amount FROM opportunity ORDER BY 1', 'the future starts from today');
SELECT is((SELECT max(as_of) FROM pipeline), timestamptz '2999-01-01 00:00+00', 'and says from when it looks');
SET LOCAL sales_forecast.as_of = 'infinity';
SELECT throws_ok('SELECT * FROM pipeline', '22008', 'sales_forecast.as_of cannot be "infinity"', 'as_of has an end');
SET LOCAL sales_forecast.as_of = '-infinity';
SELECT throws_ok($$SELECT * FROM data_quality$$, '22008', 'sales_forecast.as_of cannot be "-infinity"', 'and a beginning');
SET LOCAL sales_forecast.as_of = '';

-- The checks of a past moment know who was won or lost then, and do not count deals that were entered later.
SET LOCAL sales_forecast.as_of = '2023-03-01';
SELECT results_eq($$SELECT of_total FROM data_quality WHERE check_name IN ('owner of open deals', 'closed without a date', 'deal value') ORDER BY check_name$$,
    $$SELECT count(*) FILTER (WHERE status <> 'open') FROM pg_temp.known('2023-03-01')
      UNION ALL SELECT count(*) FROM pg_temp.known('2023-03-01')
      UNION ALL SELECT count(*) FILTER (WHERE status = 'open') FROM pg_temp.known('2023-03-01')$$, 'data quality looks from the same moment');
SELECT is((SELECT sum(found) FROM data_quality WHERE check_name IN ('won deals to train', 'lost deals to train')),
          (SELECT count(*)::numeric FROM pg_temp.known('2023-03-01') WHERE status <> 'open'), 'the gates, too');
SELECT is((SELECT found FROM data_quality WHERE check_name = 'closed in the future'), 0::bigint, 'and what came later is no fault');
SET LOCAL sales_forecast.as_of = '';

-- Where nothing was lost there is no bottleneck.
SAVEPOINT nothing_lost;
DELETE FROM shop.deal WHERE status = 'lost';
SELECT is((SELECT count(*) FROM stage_conversion WHERE is_bottleneck), 0::bigint, 'without lost deals no stage is a bottleneck');
SELECT ok((SELECT bool_or(decided >= 40) FROM stage_conversion), 'though enough are decided');
ROLLBACK TO nothing_lost;
SELECT is_empty('SELECT 1 FROM known_stage WHERE stage_name <> stage_id', 'a stage without a name goes by its key');

-- Today's row about a deal that was closed after the moment, and other rows that mislead.  Status is not logged here.
CREATE SCHEMA odd;
CREATE TABLE odd.stage (process text, id text, nr int, won boolean, lost boolean);
INSERT INTO odd.stage VALUES ('p', 'a', 1, false, false), ('p', 'w', 2, true, false), ('p', 'l', 3, false, true),
    ('q', 'a', 1, true, false), ('q', 'x', 2, false, false);
CREATE TABLE odd.deal (id text, process text, stage text, status text, created timestamptz, closed timestamptz, due date);
INSERT INTO odd.deal VALUES
    ('won later, never moved', 'p', 'w', 'won', '2023-01-01', '2023-05-01', NULL),
    ('lost later, moved once', 'p', 'l', 'lost', '2023-01-01', '2023-05-01', NULL),
    ('another process then', 'q', 'x', 'open', '2023-01-01', NULL, NULL),
    ('in a stage that was renamed', 'p', 'a', 'open', '2023-01-01', NULL, NULL),
    ('open with a closing time', 'p', 'a', 'open', '2023-01-01', '2023-12-01', NULL),
    ('won by its moves', 'p', 'w', 'won', '2023-01-01', '2023-05-01', NULL),
    ('entered for ever', 'p', 'a', 'open', '-infinity', NULL, 'infinity'),
    ('lost for ever', 'p', 'l', 'lost', '2023-01-01', '-infinity', '-infinity'),
    ('entered tomorrow', 'p', 'a', 'open', now() + interval '1 day', NULL, NULL);
CREATE TABLE odd.move (deal text, s_from text, s_to text, at timestamptz);
INSERT INTO odd.move VALUES ('lost later, moved once', NULL, 'a', '2023-01-02'), ('another process then', NULL, 'a', '2023-01-02'),
    ('in a stage that was renamed', NULL, 'old', '2023-01-02'), ('in a stage that was renamed', 'old', 'a', '2023-06-01'),
    ('won by its moves', 'a', 'w', '2023-02-01'), ('lost for ever', NULL, 'a', '-infinity'), ('lost for ever', 'a', 'l', 'infinity');
CREATE TABLE odd.change (deal text, field text, old text, at timestamptz);
INSERT INTO odd.change VALUES ('another process then', 'process_id', 'p', '2023-04-01');
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'odd', 'forecast_odd', '{
  "change_fields": ["process_id"],
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "process_id": "process", "stage_id": "stage", "status": "status",
      "created_at": "created", "closed_at": "closed", "expected_close_on": "due", "amount": "100", "currency": "''EUR''::text"}},
    "stage": {"from": "stage", "columns": {"process_id": "process", "stage_id": "id", "stage_order": "nr", "is_won": "won", "is_lost": "lost"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old", "changed_at": "at"}}}}')$$,
    'a CRM with odd rows is connected');
SELECT results_eq($$SELECT opportunity_id, process_id, stage_id, status, closed_at FROM forecast_odd.opportunity_at('2023-03-01') ORDER BY 1$$,
    $$VALUES ('another process then', 'p', 'a', 'open', NULL::timestamptz), ('entered for ever', 'p', 'a', 'open', NULL),
             ('in a stage that was renamed', 'p', 'old', NULL, NULL), ('lost for ever', 'p', 'a', 'lost', '-infinity'),
             ('lost later, moved once', 'p', 'a', 'open', NULL), ('open with a closing time', 'p', 'a', 'open', NULL),
             ('won by its moves', 'p', 'w', 'won', NULL), ('won later, never moved', 'p', NULL, 'open', NULL)$$,
    'nothing of a later close is known before it');
SELECT is_empty($$SELECT 1 FROM forecast_odd.opportunity_as_of WHERE status = 'open' AND closed_at IS NOT NULL$$, 'open deals have no closing time in the views');
SELECT is_empty($$SELECT 1 FROM forecast_odd.opportunity_as_of WHERE NOT isfinite(created_at) OR NOT isfinite(closed_at) OR NOT isfinite(expected_close_on)$$,
                'and no deal a date without end');
SELECT lives_ok('SELECT * FROM forecast_odd.' || v, v || ' survives odd dates')
FROM unnest('{pipeline,pipeline_by_month,stage_conversion_by_quarter,stage_stay,stage_velocity,data_quality}'::text[]) v;
SELECT results_eq($$SELECT age_days, days_in_stage FROM forecast_odd.pipeline WHERE opportunity_id = 'entered tomorrow'$$, 'VALUES (0, NULL::int)',
                  'a deal that is entered tomorrow is 0 days old');
SELECT results_eq($$SELECT check_name, found FROM forecast_odd.data_quality
                    WHERE check_name IN ('absurd dates', 'open deals with a closing time', 'unknown stages in the history') ORDER BY 1$$,
    $$VALUES ('absurd dates', 2::bigint), ('open deals with a closing time', 1), ('unknown stages in the history', 2)$$, 'and the odd rows are found');

-- Times in a log.
SELECT results_eq($$SELECT sales_forecast.read_time(t) FROM unnest('{2023-02-28 23:59:59.999999+00,2023-02-28T08:05Z,2023-02-28 08:05:30+00:00,2023-02-28 08:05+0000}'::text[]) t$$,
    $$VALUES (timestamptz '2023-02-28 23:59:59.999999+00'), ('2023-02-28 08:05+00'), ('2023-02-28 08:05:30+00'), ('2023-02-28 08:05+00')$$, 'times in UTC are read');
SELECT is_empty($$SELECT t FROM unnest('{2023-02-29 08:05+00,2023-02-28 24:00+00,2023-02-28 08:60+00,2023-02-28 08:05:60+00,2023-02-28 08:05,2023-02-28 08:05+02,2023-02-28,infinity,""}'::text[]) t
                  WHERE sales_forecast.read_time(t) IS NOT NULL$$, 'what is none, or of another zone or none, is NULL');
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is(sales_forecast.read_time('2023-02-28 08:05+00'), timestamptz '2023-02-28 08:05+00', 'whatever the zone of the session');
SET LOCAL timezone = 'UTC';

/* -------- plans -------- */

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query;
END $$;
SELECT ok(bool_or(l ~ 'opportunity_at.*never executed'), 'today the past is not executed') FROM pg_temp.plan_of('SELECT * FROM pipeline_by_team') l;
SELECT ok(NOT bool_or(l ~ 'Function Scan on (stage_rates|closed_stage_paths).*loops=[2-9]'), 'the rates are counted once')
FROM pg_temp.plan_of('SELECT * FROM pipeline_by_team') l;
SELECT ok(bool_or(l ~ 'HashAggregate'), 'groups are hashed and not sorted') FROM pg_temp.plan_of('SELECT * FROM pipeline_by_team') l;
SET LOCAL sales_forecast.as_of = '2023-03-01';
SELECT ok(bool_or(l ~ 'Seq Scan on deal.*never executed'), 'and in the past today is not') FROM pg_temp.plan_of('SELECT * FROM pipeline_by_team') l;
SET LOCAL sales_forecast.as_of = '';

/* -------- a failure changes nothing -------- */

CREATE FUNCTION pg_temp.picture() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(format('%s %s %s %s', c.relname, c.xmin, c.relacl, pg_get_viewdef(c.oid)), E'\n' ORDER BY c.relname))
    FROM pg_class c WHERE c.relnamespace = 'forecast'::regnamespace
$$;
CREATE TEMPORARY TABLE picture AS SELECT pg_temp.picture() AS of;
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT jsonb_set(body, '{relations,opportunity,columns,amount}', '"price"') FROM mapping))$$, '42703', NULL, 'a missing column is refused');
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT jsonb_set(body, '{relations,stage,from}', '"stages"') FROM mapping))$$, '42P01', NULL, 'a missing table is refused');
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT jsonb_set(body, '{relations,opportunity,columns,created_at}', '"status"') FROM mapping))$$, '42804', NULL, 'a text is not guessed to be a time');
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT jsonb_set(body, '{relations,opportunity,columns,amount}', '"1); DROP TABLE shop.deal; SELECT (1"') FROM mapping))$$, '42601', NULL,
    'a second statement is refused');
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast',
    (SELECT jsonb_set(body, '{relations,opportunity,from}', '"deal; DROP TABLE shop.deal"') FROM mapping))$$, NULL, NULL, 'nor in the FROM item');
SELECT has_table('shop'::name, 'deal'::name, 'and not run');
SELECT is(pg_temp.picture(), (SELECT of FROM picture), 'the views are as they were');

/* -------- rights -------- */

CREATE ROLE sf_boss;
CREATE ROLE sf_seller;
CREATE ROLE sf_outsider;
GRANT USAGE ON SCHEMA sales_forecast TO sf_boss, sf_seller, sf_outsider;
GRANT USAGE ON SCHEMA forecast TO sf_boss, sf_seller, sf_outsider;
GRANT SELECT ON ALL TABLES IN SCHEMA forecast TO sf_boss, sf_seller, sf_outsider;
GRANT USAGE ON SCHEMA shop TO sf_boss, sf_seller;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO sf_boss, sf_seller;
ALTER TABLE shop.deal ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_deals ON shop.deal TO sf_boss USING (true);
CREATE POLICY own_deals ON shop.deal TO sf_seller USING (owner = 'o3');
CREATE TEMPORARY TABLE truth AS
SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'open' AND owner = 'o3') AS own,
       count(*) FILTER (WHERE status <> 'open' AND owner = 'o3') AS own_closed FROM shop.deal;
GRANT SELECT ON truth TO PUBLIC;
CREATE FUNCTION pg_temp.as_role(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE query INTO answer;
    PERFORM set_config('role', 'none', true);
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.as_role('sf_boss', 'SELECT count(*) FROM forecast.pipeline'), (SELECT open::text FROM truth), 'who may see all deals sees all');
SELECT is(pg_temp.as_role('sf_seller', 'SELECT count(*) FROM forecast.pipeline'), (SELECT own::text FROM truth), 'who may see some sees those');
SELECT is(pg_temp.as_role('sf_seller', format('SELECT coalesce(sum(deals), 0) FROM forecast.pipeline_by_%s', g)), (SELECT own::text FROM truth),
          'also by ' || g) FROM unnest('{stage,owner,team,region,department,month,quarter}'::text[]) g;
SELECT is(pg_temp.as_role('sf_seller', $$SELECT closed FROM forecast.historical_probability WHERE key_kind = 'all'$$), (SELECT own_closed::text FROM truth),
          'and in the rates');
SELECT is(pg_temp.as_role('sf_seller', 'SELECT count(*) FROM forecast.opportunity_at(now())'), (SELECT (own + own_closed)::text FROM truth), 'and in the past');
SELECT is(pg_temp.as_role('sf_seller', $$SELECT of_total FROM forecast.data_quality WHERE check_name = 'deal value'$$),
          (SELECT (own + own_closed)::text FROM truth), 'and in the checks');
SELECT is(pg_temp.as_role('sf_outsider', format('SELECT count(*) FROM forecast.%I', v.view_name)), '42501', 'without rights on the tables: ' || v.view_name)
FROM sales_forecast.forecast_view_descriptions() v
WHERE v.view_name NOT IN ('churn_risk', 'win_drivers');      -- this source has no orders, and drivers come from the registry
SELECT is(pg_temp.as_role('sf_seller', $$SELECT count(*) FROM sales_forecast.connect_crm('generic', 'shop', 'forecast',
    '{"relations": {"opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "status": "status"}}}}')$$), '42501',
    'the views of another are not rewritten');

/* -------- other people's names -------- */

-- Objects in the target schema that are called like built-ins change nothing.
CREATE FUNCTION forecast.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'trap'$$;
CREATE TEMPORARY TABLE opportunity (trap int);
CREATE TEMPORARY TABLE stage (trap int);
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast', (SELECT body FROM mapping))$$,
                'temporary tables and functions with the same names are not used');
SELECT is((SELECT count(*) FROM forecast.pipeline), (SELECT open FROM truth), 'and the views read the right ones');
-- One that fits better than a built-in would be taken for it, so those of others are refused.
CREATE FUNCTION forecast.count(text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT -1::bigint$$;
ALTER FUNCTION forecast.count(text) OWNER TO sf_outsider;
SELECT throws_ok($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast', (SELECT body FROM mapping))$$, '42501', NULL,
                 'functions of others in the target schema are refused');
DROP FUNCTION forecast.count(text);
SELECT is((SELECT count(*) FROM sales_forecast.check_crm('forecast') WHERE area = 'contract' AND check_name = 'columns' AND NOT passed), 0::bigint,
          'and so does the check');

SELECT * FROM finish();
ROLLBACK;
