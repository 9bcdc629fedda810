-- The laws of features and of the views on predictions: the past knows nothing of the future, training and prediction see
-- the same, sums do not pay for predictions, and without a model nothing is made up.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = 'error';
SET LOCAL timezone = 'UTC';

-- 600 deals by a fixed rule: moves, changes, talk, orders; what a deal becomes depends on its industry and first answer.
CREATE SCHEMA works;
CREATE TABLE works.stage (id text, nr int, won boolean, lost boolean);
INSERT INTO works.stage VALUES ('s1', 1, false, false), ('s2', 2, false, false), ('s3', 3, false, false), ('s4', 4, true, false), ('s5', 5, false, true);
CREATE TABLE works.account (id text, name text, industry text, staff int, created timestamptz);
INSERT INTO works.account SELECT 'a' || i, 'Firm ' || i, 'industry ' || i % 4, 5 + i * 37 % 2000, timestamptz '2020-01-01' + i * interval '3 days' FROM generate_series(0, 79) i;
CREATE TABLE works.deal (id int PRIMARY KEY, account text, owner text, amount numeric, currency text, stage text, p float8, status text,
                         priority text, created timestamptz, due date, closed timestamptz);
INSERT INTO works.deal
SELECT i, 'a' || i * 7 % 80, 'o' || i % 5, CASE WHEN i % 19 > 0 THEN 100 * (1 + i * 31 % 90) END, CASE WHEN i % 3 = 0 THEN 'NOK' ELSE 'EUR' END,
       CASE WHEN c.closed IS NULL THEN 's' || 1 + i % 3 WHEN w.won THEN 's4' ELSE 's5' END, CASE WHEN c.closed IS NULL THEN (i * 7 % 21) / 20.0 WHEN w.won THEN 1 ELSE 0 END,
       CASE WHEN c.closed IS NULL THEN 'open' WHEN w.won THEN 'won' ELSE 'lost' END, (ARRAY['high', 'normal', 'low'])[1 + i % 3],
       c.created, (c.created + (60 + i % 50) * interval '1 day')::date, c.closed
FROM generate_series(1, 600) i
CROSS JOIN LATERAL (SELECT timestamptz '2023-01-01' + i * interval '36 hours' AS created,
                           CASE WHEN i <= 520 THEN timestamptz '2023-01-01' + i * interval '36 hours' + (10 + i * 13 % 120) * interval '1 day' END AS closed) c
CROSS JOIN LATERAL (SELECT (i * 7 % 80) % 4 < 2 AND i % 10 < 8 OR i % 10 < 2 AS won) w;
CREATE TABLE works.move (deal int, s_from text, s_to text, at timestamptz);
INSERT INTO works.move
SELECT d.id, CASE WHEN n > 1 THEN 's' || n - 1 END, 's' || n, d.created + (n - 1) * interval '4 days' FROM works.deal d, generate_series(1, 3) n
WHERE n <= CASE WHEN d.closed IS NULL THEN right(d.stage, 1)::int ELSE 3 END;
INSERT INTO works.move SELECT id, 's3', stage, closed FROM works.deal WHERE closed IS NOT NULL;
CREATE TABLE works.change (deal int, field text, old text, new text, at timestamptz);
INSERT INTO works.change
SELECT id, 'amount', (amount / 2)::text, amount::text, created + interval '9 days' FROM works.deal WHERE amount IS NOT NULL
UNION ALL SELECT id, 'expected_close_on', (due - 20)::text, due::text, created + interval '12 days' FROM works.deal WHERE id % 2 = 0
UNION ALL SELECT id, 'owner_id', 'o9', owner, created + interval '5 days' FROM works.deal WHERE id % 6 = 0
UNION ALL SELECT id, 'probability_stated', ((id % 10) / 10.0)::text, p::text, closed FROM works.deal WHERE closed IS NOT NULL
UNION ALL SELECT id, 'status', 'open', status, closed FROM works.deal WHERE closed IS NOT NULL;
CREATE TABLE works.activity (id bigint, deal int, kind text, direction text, at timestamptz);
INSERT INTO works.activity
SELECT d.id * 100 + j, d.id, (ARRAY['email', 'call', 'meeting', 'demo'])[1 + (d.id + j) % 4], CASE WHEN (d.id + j) % 5 > 0 THEN (ARRAY['in', 'out'])[1 + (d.id * j) % 2] END,
       d.created + j * (d.id % 7 + 1) * interval '31 hours'
FROM works.deal d, generate_series(0, 12) j WHERE d.created + j * (d.id % 7 + 1) * interval '31 hours' < coalesce(d.closed, '2025-08-01');
CREATE TABLE works.orders (id int, account text, at timestamptz, amount numeric, currency text);
INSERT INTO works.orders SELECT i, 'a' || i % 40, timestamptz '2023-01-01' + (i / 40) * (10 + i % 40 + i % 3) * interval '1 day', 100, 'EUR' FROM generate_series(0, 799) i
WHERE (i / 40) * (10 + i % 40 + i % 3) < CASE WHEN i % 40 < 5 THEN 150 ELSE 930 END;
SELECT lives_ok($$SELECT sales_forecast.connect_crm('generic', 'works', 'forecast', '{
  "probability_unit": "fraction", "change_fields": ["amount", "expected_close_on", "owner_id", "probability_stated", "status", "priority"],
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "account_id": "account", "owner_id": "owner", "amount": "amount", "currency": "currency",
      "stage_id": "stage", "probability_stated": "p", "status": "status", "priority": "priority", "created_at": "created", "expected_close_on": "due", "closed_at": "closed"}},
    "account": {"from": "account", "columns": {"account_id": "id", "name": "name", "industry": "industry", "employees": "staff", "created_at": "created"}},
    "activity": {"from": "activity", "columns": {"activity_id": "id", "opportunity_id": "deal", "kind": "kind", "direction": "direction", "at": "at"}},
    "sales_order": {"from": "orders", "columns": {"order_id": "id", "account_id": "account", "ordered_at": "at", "amount": "amount", "currency": "currency"}},
    "stage": {"from": "stage", "columns": {"stage_id": "id", "stage_order": "nr", "is_won": "won", "is_lost": "lost"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old", "new_value": "new", "changed_at": "at"}}}}')$$,
    'a CRM is connected');
SET LOCAL search_path = forecast, public;
SET LOCAL sales_forecast.as_of = '2025-06-15 00:00+00';

/* -------- features -------- */
SELECT is((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'forecast.deal_features'::regclass AND a.attnum > 3),
          (SELECT array_agg(d.feature ORDER BY d.nr) FROM sales_forecast.deal_feature_descriptions() WITH ORDINALITY d (feature, type, description, nr)),
          'deal_features has the features that are described, in order');
SELECT is((SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'forecast.deal_history'::regclass AND a.attnum > 8),
          (SELECT array_agg(d.type ORDER BY d.nr) FROM sales_forecast.deal_feature_descriptions() WITH ORDINALITY d (feature, type, description, nr)),
          'deal_history has them with their types');
CREATE TEMPORARY TABLE history AS SELECT * FROM deal_history;
SELECT is((SELECT count(*) FROM history), (SELECT count(DISTINCT (opportunity_id, as_of)) FROM history), 'a deal is seen once at a moment');
SELECT is((SELECT count(*) FROM history WHERE as_of >= closed_at OR as_of > '2025-06-15'), 0::bigint, 'a deal is never seen after its close or in the future');
SELECT is((SELECT count(DISTINCT opportunity_id) FROM history), (SELECT count(*) FROM opportunity_as_of), 'every deal is seen at least once');
SELECT is((SELECT count(*) FROM history h JOIN works.deal d ON d.id::text = h.opportunity_id
           WHERE h.outcome IS DISTINCT FROM CASE WHEN d.closed > '2025-06-15' THEN 'open' ELSE d.status END OR h.won IS DISTINCT FROM CASE h.outcome WHEN 'won' THEN true WHEN 'lost' THEN false END),
          0::bigint, 'the outcome is the one known at as_of');

-- The law: a row of the history is what a prediction would have seen at that moment.
CREATE FUNCTION pg_temp.seen_differently(until timestamptz) RETURNS TABLE (opportunity_id text, as_of timestamptz, feature text, at_the_time text, later text) LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT h.opportunity_id, h.as_of, to_jsonb(h) - '{as_of,outcome,won,closed_at,days,fold_group}'::text[] AS row FROM history h
             WHERE h.as_of <= until ORDER BY md5(h.opportunity_id || h.as_of) LIMIT 40
    LOOP
        PERFORM set_config('sales_forecast.as_of', r.as_of::text, true);
        RETURN QUERY SELECT r.opportunity_id, r.as_of, k.key, k.value, r.row ->> k.key
                     FROM forecast.deal_features f, jsonb_each_text(to_jsonb(f) - 'as_of') k
                     WHERE f.opportunity_id = r.opportunity_id AND k.value IS DISTINCT FROM r.row ->> k.key;
        IF NOT EXISTS (SELECT FROM forecast.deal_features f WHERE f.opportunity_id = r.opportunity_id) THEN
            RETURN QUERY SELECT r.opportunity_id, r.as_of, 'absent', NULL::text, NULL::text;
        END IF;
    END LOOP;
    PERFORM set_config('sales_forecast.as_of', '2025-06-15 00:00+00', true);
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.seen_differently(''2025-06-15'')', 'what training sees of a moment is what prediction saw at it');

-- What happens later changes nothing before.
CREATE TEMPORARY TABLE before AS SELECT * FROM deal_features;
INSERT INTO works.change SELECT id, 'amount', amount::text, '1', '2025-07-01' FROM works.deal WHERE amount IS NOT NULL AND closed IS NULL;
UPDATE works.deal SET amount = 1 WHERE amount IS NOT NULL AND closed IS NULL;
INSERT INTO works.move SELECT id, stage, 's5', '2025-07-02' FROM works.deal WHERE closed IS NULL AND id % 2 = 0;
INSERT INTO works.change SELECT id, 'status', 'open', 'lost', '2025-07-02' FROM works.deal WHERE closed IS NULL AND id % 2 = 0;
UPDATE works.deal SET status = 'lost', stage = 's5', closed = '2025-07-02' WHERE closed IS NULL AND id % 2 = 0;
INSERT INTO works.activity SELECT 100000 + id, id, 'demo', 'in', '2025-07-03' FROM works.deal;
INSERT INTO works.orders SELECT 10000 + i, 'a' || i, '2025-07-04', 5, 'EUR' FROM generate_series(0, 79) i;
SELECT set_eq('SELECT * FROM deal_features', 'SELECT * FROM before', 'what happens later changes no feature');
SELECT set_eq('SELECT * FROM deal_history', 'SELECT * FROM history', 'nor any row of the history');

SET LOCAL timezone = 'Europe/Berlin';
SELECT set_eq('SELECT * FROM deal_history', 'SELECT * FROM history', 'nor does the time zone of the session');
SET LOCAL timezone = 'UTC';
SELECT set_eq('SELECT * FROM deal_snapshots(''history'', 300)', 'SELECT * FROM deal_snapshots(''history'') s WHERE sales_forecast.hash_bucket(s.opportunity_id, ''train'', 1000) < 300',
              'a share of the deals is known as all of them are');
SELECT is((SELECT count(currency) FROM history), 0::bigint, 'the currency of a source that does not log it is no feature');
SET LOCAL sales_forecast.as_of = '2022-01-01 00:00+00';
SELECT is_empty('SELECT * FROM win_patterns', 'before the first deal there are no patterns, and no error');
SET LOCAL sales_forecast.as_of = '2025-06-15 00:00+00';

-- The same law from the day itself, for deals that never moved: in one CRM they are closed where they stand, in the other
-- the close moves them, and no log says from where.
CREATE SCHEMA still;
CREATE TABLE still.deal (id int PRIMARY KEY, stage text, status text, created timestamptz, closed timestamptz, product text);
INSERT INTO still.deal SELECT i, CASE WHEN i % 4 = 0 THEN 's2' ELSE 's1' END, CASE WHEN i > 300 THEN 'open' WHEN i % 4 = 0 THEN 'won' ELSE 'lost' END,
    now() - make_interval(hours => 24 * (ARRAY[2, 7, 30, 60])[1 + i % 3] + CASE WHEN i > 300 THEN 0 ELSE 5000 + i END),
    CASE WHEN i <= 300 THEN now() - make_interval(hours => 4000 + i) END, CASE WHEN i <= 300 AND i % 4 = 0 THEN 'p' END
FROM generate_series(1, 400) i;
CREATE TABLE still.move (deal int, s_from text, s_to text, at timestamptz);
INSERT INTO still.move SELECT id, 's1', 's2', created + interval '12 hours' FROM still.deal WHERE stage = 's2';
INSERT INTO still.move SELECT 1000, 's1', 's2', now() - interval '20000 hours';
SELECT lives_ok(format($$SELECT sales_forecast.connect_crm('generic', 'still', %L, '{
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "stage_id": %s, "status": "status", "product_id": "product", "created_at": "created", "closed_at": "closed"}},
    "stage": {"from": "(VALUES (''s1'', 1, false, false), (''s2'', 2, false, false), (''w'', 3, true, false), (''l'', 4, false, true)) s (id, nr, won, lost)",
              "columns": {"stage_id": "id", "stage_order": "nr", "is_won": "won", "is_lost": "lost"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}}}}')$$, name, stage), name || ' is connected')
FROM (VALUES ('stands', '"stage"'), ('moved', '"CASE status WHEN ''''won'''' THEN ''''w'''' WHEN ''''lost'''' THEN ''''l'''' ELSE stage END"')) v (name, stage);
SET LOCAL sales_forecast.as_of = '';
CREATE TEMPORARY TABLE on_the_day AS SELECT 'stands' AS crm, f.* FROM stands.deal_features f UNION ALL SELECT 'moved', f.* FROM moved.deal_features f;
SELECT is((SELECT count(*) FROM on_the_day WHERE crm = 'stands' AND stage IS NULL), 0::bigint, 'who never moved stands in a stage');
SELECT is((SELECT count(stage) + count(days_in_stage) FROM on_the_day WHERE crm = 'moved'), 0::bigint, 'a close that moves deals without a log leaves nobody a stage');
SELECT is((SELECT count(product_id) FROM (SELECT product_id FROM on_the_day UNION ALL SELECT product_id FROM stands.deal_history) p), 0::bigint, 'a product without a log is no feature');
UPDATE still.deal SET status = CASE WHEN id % 3 = 0 THEN 'won' ELSE 'lost' END, closed = now() + interval '1 hour', product = 'q' WHERE status = 'open';
SELECT set_config('sales_forecast.as_of', (now() + interval '2 hours')::text, true);
SELECT results_eq($$SELECT to_jsonb(h) - '{outcome,won,closed_at,days,fold_group}'::text[] FROM
                      (SELECT 'stands' AS crm, s.* FROM stands.deal_history s UNION ALL SELECT 'moved', m.* FROM moved.deal_history m) h WHERE h.as_of = now() AND h.opportunity_id::int > 300 ORDER BY h.crm, h.opportunity_id$$,
                  $$SELECT to_jsonb(f) FROM on_the_day f ORDER BY f.crm, f.opportunity_id$$, 'what was seen on the day itself is what is seen after the deals were closed');
SELECT set_config('sales_forecast.as_of', now()::text, true);
SELECT is((SELECT count(*) FROM stands.opportunity_at(now() - interval '1 minute') o WHERE o.status = 'open' AND o.stage_id IS NULL), 0::bigint, 'nor does a later close take the stage away from a day of the past');
SET LOCAL sales_forecast.as_of = '2025-06-15 00:00+00';

/* -------- without a model -------- */
SELECT is((SELECT count(*) FROM pipeline WHERE num_nonnulls(probability_model, probability_model_low, win_within_30_days, win_by_quarter_end, expected_days_to_close, model_version) > 0
           OR model_reason IS NULL), 0::bigint, 'without a model there is no prediction and a reason');
SELECT is((SELECT count(*) FROM lead_priority), (SELECT count(*) FROM pipeline), 'every open deal has a place');
SELECT is((SELECT array_agg(rank ORDER BY rank) FROM lead_priority), (SELECT array_agg(i::bigint ORDER BY i) FROM generate_series(1, (SELECT count(*) FROM pipeline)::int) i), 'and one each');
SELECT is((SELECT count(*) FROM deal_risk), (SELECT count(*) FROM pipeline), 'every open deal has its risks');
SELECT is((SELECT count(*) FROM deal_risk WHERE (risks > 0) <> (reason IS NOT NULL)), 0::bigint, 'a risk has a reason, and no risk none');
SELECT is((SELECT count(*) FROM next_best_action WHERE action IS NULL OR what IS NULL OR why IS NULL OR due_on IS NULL OR due_on < '2025-06-15'), 0::bigint,
          'every action has a day that is not past, and a reason');
SELECT is((SELECT count(*) FROM next_best_action), (SELECT count(*) FROM pipeline), 'every open deal has an action');
SELECT is((SELECT count(*) FROM win_drivers), 0::bigint, 'no drivers without a model');
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END
$$;
SELECT ok((SELECT string_agg(l, E'\n') FROM pg_temp.plan_of('SELECT * FROM pipeline_by_owner') l) !~ 'deal_predictions', 'sums over the pipeline do not make predictions');
SELECT ok((SELECT string_agg(l, E'\n') FROM pg_temp.plan_of('SELECT probability_model FROM pipeline') l) ~ 'deal_predictions', 'who asks for predictions gets them');

/* -------- bias -------- */
SELECT results_eq($$SELECT deals, won, round(stated_sum::numeric, 6) FROM rep_bias WHERE level = 'total'$$,
                  $$SELECT count(*), count(*) FILTER (WHERE status = 'won'), round(sum((id % 10) / 10.0), 6) FROM works.deal WHERE closed <= '2025-06-15'$$,
                  'the stated probability is the one before the close overwrote it');
SELECT is((SELECT sum(won) FROM rep_bias WHERE level = 'owner'), (SELECT won::numeric FROM rep_bias WHERE level = 'total'), 'the sellers make the total');
SELECT is((SELECT count(*) FROM rep_bias WHERE NOT (bias_low <= bias AND bias <= bias_high AND bias_low > 0)), 0::bigint, 'low <= bias <= high');
SELECT is((SELECT count(*) FROM rep_bias o, rep_bias t WHERE t.level = 'total' AND o.level = 'owner'
           AND NOT (o.bias BETWEEN least(o.ratio, t.bias) * 0.97 AND greatest(o.ratio, t.bias) * 1.03)), 0::bigint, 'a seller is drawn towards all');

/* -------- churn -------- */
SELECT is((SELECT count(*) FROM churn_risk WHERE NOT (probability_gone > 0 AND probability_gone < 1)), 0::bigint, 'a probability is between 0 and 1');
SELECT is((SELECT array_agg(account_id ORDER BY account_id) FROM churn_risk WHERE overdue AND account_id IN ('a0', 'a1', 'a2', 'a3', 'a4')), '{a0,a1,a2,a3,a4}'::text[], 'who stopped ordering is overdue');
SELECT ok((SELECT min(probability_gone) FROM churn_risk WHERE account_id IN ('a0', 'a1', 'a2')) > 0.5, 'and probably gone');

/* -------- with a model -------- */
SELECT is((SELECT (sales_forecast.train_model('forecast.win', (sales_forecast.crm_training_queries('forecast', NULL)).win_query,
              sales_forecast.win_options(algorithm => 'logistic', validate => 'none', force => true))).status), 'promoted', 'a model is trained on the history');
SELECT is((SELECT count(*) FROM pipeline WHERE (probability_model > 0 AND probability_model < 1 AND (probability_model_low <= probability_model AND probability_model <= probability_model_high) IS NOT FALSE
           AND model_version = 1) IS NOT TRUE), 0::bigint, 'every open deal has a probability within its interval');
SELECT is((SELECT count(*) FROM lead_priority WHERE probability_source <> 'model' OR probability <> probability_model), 0::bigint, 'deals are ranked by the model');
SELECT set_eq('SELECT opportunity_id, probability_stated, probability, weighted_value FROM pipeline',
              'SELECT opportunity_id, probability_stated, coalesce(probability_stated, probability_stage, probability_history), amount * coalesce(probability_stated, probability_stage, probability_history)::numeric FROM pipeline',
              'the model stands beside what the seller says and overwrites nothing');
SELECT ok((SELECT sales_forecast.auc(h.won, sales_forecast.win_probability('forecast.win', h)) FROM deal_history h WHERE h.won IS NOT NULL) > 0.7, 'it finds what the deals were made of');
SELECT ok((SELECT count(*) FROM win_drivers) > 0, 'drivers are shown');
SELECT is((SELECT count(*) FROM win_drivers WHERE reason IS NULL OR direction IS NULL), 0::bigint, 'each with a direction and in words');
SELECT is((SELECT count(*) FROM win_drivers WHERE deals < 30 OR deals > 520 OR rows < deals OR rows_won > rows), 0::bigint, 'counted in deals, 30 or more');
SELECT ok((SELECT max(n) FROM (SELECT count(*) AS n FROM win_drivers WHERE feature IN ('amount', 'employees') GROUP BY feature) c) <= 9, 'numbers come in a few ranges');
SELECT is((SELECT count(*) FROM win_drivers WHERE feature = 'stage_share'), 0::bigint, 'the stage is not shown twice');
-- A model of that name counts only if its owner may create objects in the schema.
SELECT is(sales_forecast.model_of_schema('forecast.win', 'forecast'), 'forecast.win', 'the owner''s model speaks for the schema');
CREATE ROLE wv_stranger;
SAVEPOINT squatted;
UPDATE sales_forecast.stored_model SET owner = 'wv_stranger' WHERE name = 'forecast.win';
SELECT is((SELECT count(*) FROM win_drivers), 0::bigint, 'a stranger''s model of the same name does not');
SELECT is((SELECT count(probability_model) FROM pipeline), 0::bigint, 'nor in the pipeline');
GRANT CREATE ON SCHEMA forecast TO wv_stranger;
SELECT ok((SELECT count(*) FROM win_drivers) > 0, 'unless he may create objects there');
ROLLBACK TO squatted;
SELECT is(ARRAY[sales_forecast.counted(1, 'day'), sales_forecast.counted(0, 'day'), sales_forecast.counted(1234, 'day')], ARRAY['1 day', '0 days', '1,234 days'], 'one day, two days');

SELECT ok((SELECT count(*) FROM (SELECT 1 FROM deal_history) h) BETWEEN 1 AND 10000 AND (sales_forecast.crm_training_queries('forecast', NULL)).reason
          LIKE '%, ' || (SELECT count(*) FROM deal_history) || ' rows of deals', 'the rows are counted without being made');
/* -------- catalog -------- */
SELECT is((SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'forecast'::regnamespace AND c.relkind = 'v'
           AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)), NULL, 'all views run with the rights of the reader');
SELECT is((SELECT array_agg(c.relname || '.' || a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
           WHERE c.relnamespace = 'forecast'::regnamespace AND c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL), NULL, 'all columns have a comment');
SELECT throws_ok($$SELECT sales_forecast.train_crm_models('nowhere')$$, '42P01', NULL, 'a schema that is not connected cannot be trained');
SELECT throws_ok($$SELECT sales_forecast.train_crm_models('forecast', max_rows => 999)$$, '22023', NULL, 'max_rows is 1000 or more');
SELECT * FROM finish();
ROLLBACK;
