-- Features as of a moment, and the views on them, over a few deals whose numbers can be worked out by hand.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

CREATE SCHEMA plant;
CREATE TABLE plant.stage (stage_id text, nr int, name text, won boolean, lost boolean);
INSERT INTO plant.stage VALUES ('s1', 1, 'Contact', false, false), ('s2', 2, 'Offer', false, false), ('s3', 3, 'Won', true, false), ('s4', 4, 'Lost', false, true);
CREATE TABLE plant.account (id text, name text, industry text, staff int, created timestamptz);
INSERT INTO plant.account VALUES ('a', 'Alt', 'Food', 12, '2024-01-01'), ('b', 'Berg', 'Energy', 2000, '2024-06-01');
CREATE TABLE plant.deal (id text, account text, owner text, amount numeric, currency text, stage text, p float8, status text, priority text,
    created timestamptz, due date, closed timestamptz);
INSERT INTO plant.deal VALUES
    ('d1', 'a', 'x', 200, 'EUR', 's3', 1,    'won',  'high', '2025-01-01', '2025-03-15', '2025-03-01'),
    ('d2', 'a', 'x', 300, 'NOK', 's2', 0.6,  'open', 'high', '2025-02-01', '2025-05-15', NULL),
    ('d3', 'b', 'y', 400, 'EUR', 's4', 0,    'lost', 'low',  '2025-01-10', '2025-04-01', '2025-02-20'),
    ('d4', 'b', 'y', 900, 'EUR', 's1', 0.3,  'open', 'low',  '2025-03-30', '2025-06-30', NULL);
CREATE TABLE plant.move (deal text, s_from text, s_to text, at timestamptz);
INSERT INTO plant.move VALUES
    ('d1', NULL, 's1', '2025-01-01'), ('d1', 's1', 's2', '2025-01-11'), ('d1', 's2', 's3', '2025-03-01'),
    ('d2', NULL, 's1', '2025-02-01'), ('d2', 's1', 's2', '2025-03-12'),
    ('d3', NULL, 's1', '2025-01-10'), ('d3', 's1', 's4', '2025-02-20'), ('d4', NULL, 's1', '2025-03-30');
CREATE TABLE plant.change (deal text, field text, old text, new text, at timestamptz);
INSERT INTO plant.change VALUES
    ('d1', 'amount', '100', '200', '2025-01-20'), ('d1', 'owner_id', 'y', 'x', '2025-02-10'),
    ('d1', 'expected_close_on', '2025-02-15', '2025-03-15', '2025-02-14'),
    ('d1', 'probability_stated', '0.5', '0.9', '2025-02-25'), ('d1', 'probability_stated', '0.9', '1', '2025-03-01'),
    ('d1', 'status', 'open', 'won', '2025-03-01'),
    ('d2', 'expected_close_on', '2025-04-01', '2025-04-15', '2025-03-01'), ('d2', 'expected_close_on', '2025-04-15', '2025-05-15', '2025-03-20'),
    ('d3', 'probability_stated', '0.4', '0', '2025-02-20'), ('d3', 'status', 'open', 'lost', '2025-02-20');
CREATE TABLE plant.activity (id int, deal text, kind text, direction text, at timestamptz);
INSERT INTO plant.activity VALUES
    (1, 'd2', 'email', 'in',  '2025-02-02 00:00'), (2, 'd2', 'email', 'out', '2025-02-02 06:00'), (3, 'd2', 'demo', 'out', '2025-02-02 12:00'),
    (4, 'd2', 'call',  'in',  '2025-03-10 12:00'), (5, 'd2', 'note',  NULL,  '2025-03-20 12:00'), (6, 'd4', 'call', 'out', '2025-03-31 12:00');
CREATE TABLE plant.rate (currency text, base text, day date, rate numeric);
INSERT INTO plant.rate VALUES ('NOK', 'EUR', '2025-01-01', 0.1), ('NOK', 'EUR', '2025-03-01', 0.08);

SELECT count(*) FROM sales_forecast.connect_crm('generic', 'plant', 'plant_views', '{
  "probability_unit": "fraction",
  "change_fields": ["amount", "expected_close_on", "owner_id", "probability_stated", "status"],
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "account_id": "account", "owner_id": "owner", "amount": "amount",
      "currency": "currency", "stage_id": "stage", "probability_stated": "p", "status": "status", "priority": "priority", "created_at": "created",
      "expected_close_on": "due", "closed_at": "closed"}},
    "account": {"from": "account", "columns": {"account_id": "id", "name": "name", "industry": "industry", "employees": "staff", "created_at": "created"}},
    "activity": {"from": "activity", "columns": {"activity_id": "id", "opportunity_id": "deal", "kind": "kind", "direction": "direction", "at": "at"}},
    "exchange_rate": {"from": "rate", "columns": {"currency": "currency", "base_currency": "base", "valid_on": "day", "rate": "rate"}},
    "stage": {"from": "stage", "columns": {"stage_id": "stage_id", "stage_order": "nr", "name": "name", "is_won": "won", "is_lost": "lost"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old",
      "new_value": "new", "changed_at": "at"}}}}');
SET search_path = plant_views, public;
SET sales_forecast.as_of = '2025-04-01 00:00+00';

\echo '-- the open deals: deal, age, stage, share, in stage, amount in EUR, currency, pushes, days pushed, days to close, owner'
SELECT opportunity_id, age_days, stage, stage_share, days_in_stage, amount, currency, pushes, days_pushed, days_to_stated_close, owner_id
FROM deal_features ORDER BY 1;
\echo '-- customer: industry, staff, size, won and lost before, contacts and orders (the source has neither)'
SELECT opportunity_id, industry, employees, company_size, won_before, lost_before, contacts, orders_before FROM deal_features ORDER BY 1;
\echo '-- talk: activities, e-mails, days since first, last and the customer, in and out in 30 and 90 days'
SELECT opportunity_id, activities, emails, days_since_first_contact, days_since_activity, days_since_customer, in_30_days, out_30_days, in_90_days, out_90_days
FROM deal_features ORDER BY 1;
\echo '-- answers: first response, answer, reply rate, reply hours, to meeting, to demo, demo in 48 hours, month, to quarter end'
SELECT opportunity_id, first_response_hours, answer_hours, reply_rate, reply_hours, hours_to_meeting, hours_to_demo, demo_within_48_hours, month_of_year, days_to_quarter_end
FROM deal_features ORDER BY 1;
\echo '-- the history: deal, day, outcome, days to it, age, stage, amount, owner, pushes, stated'
SELECT opportunity_id, as_of::date, outcome, days, age_days, stage, amount, owner_id, pushes, probability_stated FROM deal_history ORDER BY 1, 2;
\echo '-- as of 20 February: d3 is lost already, d1 is still open'
SET sales_forecast.as_of = '2025-02-20 12:00+00';
SELECT opportunity_id, outcome, count(*), max(age_days) FROM deal_history GROUP BY 1, 2 ORDER BY 1;
SELECT opportunity_id, amount, owner_id, pushes, lost_before FROM deal_features ORDER BY 1;
SET sales_forecast.as_of = '2025-04-01 00:00+00';

\echo '-- stated just before the close, by hand: d1 0.9, d3 0.4; one won'
SELECT level, owner_id, deals, won, round(stated_sum::numeric, 6), round(ratio::numeric, 6), enough FROM rep_bias ORDER BY level DESC, owner_id;
\echo '-- without a model the pipeline says so'
SELECT opportunity_id, probability_model, win_within_30_days, model_version, model_reason FROM pipeline ORDER BY 1;
\echo '-- priority, risk, action'
SELECT rank, opportunity_id, priority_level, round(probability::numeric, 3), probability_source, mismatch, reason FROM lead_priority ORDER BY rank;
SELECT opportunity_id, risks, stalled, slipping, cooling, falling, reason FROM deal_risk ORDER BY 1;
SELECT opportunity_id, action, what, due_on, why FROM next_best_action ORDER BY 1;
SELECT count(*) FROM win_drivers;
SELECT count(*) FROM churn_risk;
SELECT industry, company_size, region, won, closed, rate, won_elsewhere, closed_elsewhere, lift FROM win_rate_by_segment ORDER BY 1;
\echo '-- what cannot be trained'
\set VERBOSITY terse
SELECT sales_forecast.train_crm_models('nowhere');
SELECT sales_forecast.train_crm_models('plant_views', max_rows => 10);
\echo '-- priorities as CRMs write them'
SELECT w, sales_forecast.priority_level(w) FROM unnest('{High,URGENT,1,low, Cold ,Normal,whatever,"",NULL}'::text[]) w;
DROP SCHEMA plant, plant_views CASCADE;
