-- The forecast views over a few deals whose numbers can be worked out by hand.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

CREATE SCHEMA firm;
CREATE TABLE firm.stage (stage_id text, nr int, name text, p float8, won boolean);
INSERT INTO firm.stage VALUES ('s1', 1, 'Contact', 0.1, false), ('s2', 2, 'Offer', 0.5, false), ('s3', 3, 'Won', 1, true);
CREATE TABLE firm.deal (id text, owner text, region text, amount numeric, currency text, stage text, p float8, status text,
    created timestamptz, due date, closed timestamptz);
INSERT INTO firm.deal VALUES
    ('d1', 'b',  'north', 200,   'EUR', 's3', NULL, 'won',  '2025-01-01', '2025-05-01', '2025-05-01'),
    ('d2', 'a',  'north', 300,   'EUR', 's1', 0.2,  'open', '2025-03-15', '2025-07-15', NULL),
    ('d3', 'a',  'south', 400,   'EUR', 's1', NULL, 'lost', '2025-01-10', '2025-03-01', '2025-02-20'),
    ('d4', 'a',  'south', 50,    'NOK', 's1', 7.5,  'open', '2025-01-05', '2025-06-30', NULL),
    ('d5', NULL, 'north', 600,   'EUR', 's2', 0.4,  'open', '2025-01-20', NULL,         NULL),
    ('d6', 'b',  NULL,    NULL,  'EUR', 's2', NULL, 'open', '2025-02-01', '2025-06-15', NULL),
    ('d7', 'b',  'north', 'NaN', 'EUR', 's2', 0.9,  'open', '2025-02-01', '2025-06-15', NULL),
    ('d8', 'b',  'north', 800,   'EUR', NULL, NULL, 'open', '2025-02-01', '2025-06-15', NULL),
    ('d9', 'b',  'north', 900,   'EUR', 's9', NULL, 'open', '2025-02-01', '2025-06-15', NULL);
CREATE TABLE firm.move (deal text, s_from text, s_to text, at timestamptz, nr int);
INSERT INTO firm.move VALUES
    ('d1', NULL, 's1', '2025-01-01', 1), ('d1', 's1', 's2', '2025-02-01', 2), ('d1', 's2', 's3', '2025-05-01', 3),
    ('d2', NULL, 's1', '2025-03-15', 4), ('d3', NULL, 's1', '2025-01-10', 5), ('d4', NULL, 's1', '2025-01-05', 6),
    ('d5', NULL, 's1', '2025-01-20', 7),
    ('d5', 's1', 's2', '2025-01-25', 8),
    -- back and forth in one moment: the order tells
    ('d5', 's2', 's1', '2025-02-20', 9), ('d5', 's1', 's2', '2025-02-20', 10),
    -- the first stage of d6 and d7 is logged only as the one that was left
    ('d6', 's1', 's2', '2025-02-11', 11), ('d7', 's1', 's2', '2025-02-21', 12);
CREATE TABLE firm.change (deal text, field text, old text, new text, at timestamptz);
INSERT INTO firm.change VALUES
    ('d1', 'amount', '100', '150', '2025-04-01'), ('d1', 'amount', '150', '200', '2025-04-03'),
    ('d1', 'owner_id', 'a', 'b', '2025-04-02'), ('d1', 'expected_close_on', '2025-03-31', '2025-05-01', '2025-03-20'),
    ('d1', 'probability_stated', '0.3', NULL, '2025-05-01'),
    ('d5', 'status', 'open', 'lost', '2025-02-01'), ('d5', 'status', 'lost', 'open', '2025-02-15'),
    ('d1', 'status', 'open', 'won', '2025-05-01'), ('d3', 'status', 'open', 'lost', '2025-02-20'),
    ('d6', 'expected_close_on', '2025-02-30', '2025-06-15', '2025-03-05'), ('d6', 'amount', 'a lot', NULL, '2025-03-05');

SELECT count(*) FROM sales_forecast.connect_crm('generic', 'firm', 'forecast_views', '{
  "probability_unit": "fraction",
  "change_fields": ["amount", "expected_close_on", "owner_id", "probability_stated", "status"],
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "owner_id": "owner", "region": "region", "amount": "amount",
      "currency": "currency", "stage_id": "stage", "probability_stated": "p", "status": "status", "created_at": "created",
      "expected_close_on": "due", "closed_at": "closed"}},
    "stage": {"from": "stage", "columns": {"stage_id": "stage_id", "stage_order": "nr", "name": "name", "probability": "p", "is_won": "won"}},
    "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to",
      "changed_at": "at", "change_order": "nr"}},
    "opportunity_change": {"from": "change", "columns": {"opportunity_id": "deal", "field": "field", "old_value": "old",
      "new_value": "new", "changed_at": "at"}}}}');
SET search_path = forecast_views, public;

\echo '-- the views and their keys'
SELECT view_name, key_columns FROM sales_forecast.create_forecast_views('forecast_views');

\echo '-- open deals today: d9 stands in a stage nobody knows, d4 states 750 %, d7 is worth NaN'
SELECT opportunity_id, owner_id, stage_id, stage_name, currency, amount, probability_stated, probability_stage, probability_history,
       probability, probability_source, weighted_value, expected_close_on
FROM pipeline ORDER BY 1;
\echo '-- by every grain; p10 <= p50 <= p90'
SELECT currency, deals, deals_without_amount, deals_without_probability, amount, weighted_value, weighted_value_stated,
       weighted_value_stage, weighted_value_history, p10, p50, p90 FROM pipeline_total ORDER BY 1;
SELECT stage_id, stage_name, stage_order, currency, deals, amount, weighted_value, p10, p50, p90 FROM pipeline_by_stage ORDER BY stage_order, currency;
SELECT owner_id, owner_name, currency, deals, amount, weighted_value FROM pipeline_by_owner ORDER BY 1, 3;
SELECT team_id, currency, deals, amount, weighted_value FROM pipeline_by_team ORDER BY 1, 2;
SELECT region, currency, deals, amount, weighted_value FROM pipeline_by_region ORDER BY 1, 2;
SELECT department, currency, deals, amount, weighted_value FROM pipeline_by_department ORDER BY 1, 2;
SELECT month, currency, deals, amount, weighted_value FROM pipeline_by_month ORDER BY 1, 2;
SELECT quarter, currency, deals, amount, weighted_value FROM pipeline_by_quarter ORDER BY 1, 2;
\echo '-- by phase of each seller, of each region: any two keys, from pipeline'
SELECT owner_id, stage_order, stage_name, currency, count(*) AS deals, sum(amount) AS amount,
       sales_forecast.weighted_value(amount, probability) AS weighted_value
  FROM pipeline GROUP BY owner_id, stage_order, stage_name, currency ORDER BY owner_id, stage_order, currency;
SELECT region, stage_order, stage_name, currency, count(*) AS deals, sum(amount) AS amount,
       sales_forecast.weighted_value(amount, probability) AS weighted_value
  FROM pipeline GROUP BY region, stage_order, stage_name, currency ORDER BY region, stage_order, currency;
\echo '-- too little history says so'
SELECT key_kind, key_id, won, closed, rate, probability, lower, upper, enough, reason FROM historical_probability ORDER BY 1, 2;

\echo '-- as of 10 February: d2 is not there yet, d3 is open, d5 is lost'
SET sales_forecast.as_of = '2025-02-10 00:00+00';
SELECT opportunity_id, owner_id, region, amount, stage_id, probability_stated, status, expected_close_on, closed_at, stage_entered_at
FROM opportunity_as_of ORDER BY 1;
\echo '-- as of 1 March: d5 is open again, d3 is lost, d1 still has its first amount, owner and date'
SET sales_forecast.as_of = '2025-03-01 00:00+00';
SELECT opportunity_id, owner_id, region, amount, stage_id, probability_stated, status, expected_close_on, closed_at, stage_entered_at
FROM opportunity_as_of ORDER BY 1;
SELECT opportunity_id, amount, probability, weighted_value, age_days, days_in_stage, as_of FROM pipeline ORDER BY 1;
SELECT stage_id, currency, deals, deals_without_amount, amount, weighted_value FROM pipeline_by_stage ORDER BY 1, 2;
\echo '-- what became of the deals, and how long they stay'
SELECT stage_id, next_stage_name, entered, moved_on, lost, still_open, unknown, decided, drop_off,
       round(drop_off_lower::numeric, 4), round(drop_off_upper::numeric, 4), is_bottleneck FROM stage_conversion ORDER BY stage_order;
SELECT quarter, stage_id, entered, moved_on, lost, still_open, drop_off FROM stage_conversion_by_quarter ORDER BY 1, 2;
SELECT opportunity_id, stage_id, entered_at, left_at, days, completed FROM stage_stay ORDER BY 1, 3, 4, 2;
SELECT stage_id, stays, completed, still_there, median_days, p90_days, round(mean_days_completed::numeric, 4), longest_still_there_days
FROM stage_velocity ORDER BY stage_order;
\echo '-- before everything'
SET sales_forecast.as_of = '2020-01-01';
SELECT count(*) FROM pipeline;
SELECT count(*), sum(deals) FROM pipeline_total;
\echo '-- a moment that is none'
SET sales_forecast.as_of = 'last Tuesday';
\set VERBOSITY sqlstate
SELECT count(*) FROM pipeline;
\set VERBOSITY default
RESET sales_forecast.as_of;
RESET search_path;
DROP SCHEMA forecast_views, firm CASCADE;
