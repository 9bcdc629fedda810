-- check_crm: every fault planted here is found, counted and said.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'
SET sales_forecast.as_of = '2025-07-01 12:00+00';

CREATE SCHEMA dirty;
CREATE TABLE dirty.firm (id int, name text, trade text, staff int, town text);
INSERT INTO dirty.firm VALUES (1, 'Ærlig & Sønner AS', 'wood', 12, 'Oslo'), (2, 'AERLIG OG SONNER', 'wood', 12, 'Oslo'),
    (3, 'Aerlig og Sonner, Inc.', NULL, NULL, NULL), (4, 'Other Ltd.', 'steel', 5, 'Bergen'), (4, 'Twice GmbH', 'steel', 5, 'Bergen');
CREATE TABLE dirty.stage (id text, nr int, p float8, won boolean);
INSERT INTO dirty.stage VALUES ('a', 1, 20, false), ('b', 2, 150, false), ('w', 3, 100, true);
CREATE TABLE dirty.deal (id int, firm int, seller text, amount numeric, currency text, stage text, p float8, status text,
    entered timestamp, due date, done timestamp, touched timestamptz);
-- 100 sound deals: 60 open, 20 won, 20 lost
INSERT INTO dirty.deal
SELECT i, 1, 's' || i % 2, 100 + i, 'EUR', CASE WHEN i > 60 AND i <= 80 THEN 'w' ELSE 'a' END, 30,
       CASE WHEN i <= 60 THEN 'open' WHEN i <= 80 THEN 'won' ELSE 'lost' END, '2025-05-01', '2025-08-01',
       CASE WHEN i > 60 THEN timestamp '2025-05-08' END, '2025-06-30'
FROM generate_series(1, 100) i;
-- and one fault after the other
INSERT INTO dirty.deal VALUES
    (101, 9, 's1', 100, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),            -- unknown account
    (102, NULL, 's1', 100, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),         -- no account
    (103, 1, NULL, 100, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),            -- no owner
    (104, 1, 's1', NULL, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),           -- no amount
    (105, 1, 's1', 0, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),
    (106, 1, 's1', -5, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),
    (107, 1, 's1', 'Infinity', 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),
    (108, 1, 's1', 1000000, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),        -- far too high
    (109, 1, 's1', 100, NULL, 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),             -- no currency
    (110, 1, 's1', 100, 'Kr', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),             -- no code
    (111, 1, 's1', 100, 'NOK', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),            -- another currency
    (112, 1, 's1', 100, 'EUR', 'z', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),            -- unknown stage
    (113, 1, 's1', 100, 'EUR', 'a', 30, 'paused', '2025-05-01', '2025-08-01', '2025-05-08', '2025-06-30'),  -- unknown status
    (114, 1, 's1', 100, 'EUR', 'a', 1000, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),          -- probability
    (115, 1, 's1', 100, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-06-30', NULL, '2025-06-30'),            -- date has passed
    (116, 1, 's1', 100, 'EUR', 'a', 30, 'open', '2025-01-01', '2025-08-01', NULL, '2025-04-01'),            -- stale
    (117, 1, 's1', 100, 'EUR', 'a', 30, 'open', NULL, NULL, NULL, NULL),                                    -- nothing known
    (118, 1, 's1', 100, 'EUR', 'w', 30, 'won', '2025-05-01', '2025-08-01', NULL, '2025-06-30'),             -- closed when?
    (119, 1, 's1', 100, 'EUR', 'w', 30, 'won', '2025-05-09', '2025-05-08', '2025-05-08', '2025-06-30'),     -- before entered
    (120, 1, 's1', 100, 'EUR', 'w', 30, 'won', '2025-05-01', '2025-08-01', '2025-08-01', '2025-06-30'),     -- in the future
    (100, 1, 's1', 100, 'EUR', 'a', 30, 'open', '2025-05-01', '2025-08-01', NULL, '2025-06-30');            -- the same key

SELECT count(*) FROM sales_forecast.connect_crm('generic', 'dirty', 'forecast_check', '{
  "probability_unit": "percent", "status": {"open": "open", "won": "won", "lost": "lost"},
  "relations": {
    "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "account_id": "firm", "owner_id": "seller", "amount": "amount",
      "currency": "currency", "stage_id": "stage", "probability_stated": "p", "status": "status", "created_at": "entered",
      "expected_close_on": "due", "closed_at": "done", "last_activity_at": "touched"}},
    "stage": {"from": "stage", "columns": {"stage_id": "id", "stage_order": "nr", "probability": "p", "is_won": "won"}},
    "account": {"from": "firm", "columns": {"account_id": "id", "name": "name", "industry": "trade", "employees": "staff", "city": "town"}}}}');

\echo '-- all checks but the relations that are not there'
SELECT area, check_name, relation_name, column_name, found, of_total, round(share::numeric, 4), limit_value, passed, severity, reason
FROM sales_forecast.check_crm('forecast_check') WHERE reason <> 'the source does not have this relation' AND of_total IS DISTINCT FROM 0;
\echo '-- nothing to measure is neither passed nor failed'
SELECT DISTINCT passed, share FROM sales_forecast.check_crm('forecast_check') WHERE of_total = 0;
\echo '-- the view is the same'
SELECT count(*) FROM ((SELECT area, check_name, found FROM forecast_check.data_quality)
                      EXCEPT ALL (SELECT area, check_name, found FROM sales_forecast.check_crm('forecast_check'))) d;

\echo '-- the wrong unit of probabilities, both ways'
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'dirty', 'forecast_unit', '{
  "probability_unit": "fraction",
  "relations": {"opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "probability_stated": "p", "status": "status"}}}}');
SELECT found, of_total, passed, severity, reason FROM sales_forecast.check_crm('forecast_unit') WHERE check_name = 'probability unit';
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'dirty', 'forecast_unit', '{
  "probability_unit": "percent",
  "relations": {"opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "probability_stated": "0.5 + id * 0.001", "status": "status"}}}}');
SELECT found, of_total, passed, severity, reason FROM sales_forecast.check_crm('forecast_unit') WHERE check_name = 'probability unit';

\echo '-- stages and dates that mislead: nothing marked, one date with two meanings, no end of time'
RESET sales_forecast.as_of;
CREATE SCHEMA muddled;
CREATE TABLE muddled.deal (id int, stage text, status text, currency text, entered timestamptz, due date, done timestamptz);
INSERT INTO muddled.deal
SELECT i, CASE WHEN i <= 6 THEN 'Won' WHEN i <= 11 THEN 'Lost' ELSE 'Talk' END, CASE WHEN i <= 6 THEN 'won' WHEN i <= 11 THEN 'lost' ELSE 'open' END,
       CASE WHEN i < 3 THEN '50 %s' ELSE 'EUR' END, '2025-01-01', '2025-08-01', CASE WHEN i <= 11 THEN timestamptz '2025-03-01' END
FROM generate_series(1, 20) i;
UPDATE muddled.deal SET status = 'lost', done = '2025-03-01' WHERE id = 20;     -- lost in an open stage
UPDATE muddled.deal SET done = now() + interval '1 year' WHERE id IN (1, 19);   -- won, but when? and open
UPDATE muddled.deal SET entered = '-infinity' WHERE id = 2;
UPDATE muddled.deal SET done = 'infinity' WHERE id = 3;
UPDATE muddled.deal SET due = 'infinity' WHERE id = 18;
UPDATE muddled.deal SET due = '1900-01-01' WHERE id = 17;
UPDATE muddled.deal SET due = '2999-12-31' WHERE id = 16;
UPDATE muddled.deal SET status = 'open', done = NULL WHERE id = 11;             -- open in the stage of the lost
INSERT INTO muddled.deal VALUES (21, 'Lost', 'lost', 'EUR', '2025-01-01', '2025-08-01', '2025-03-01'),
    (22, 'Won', 'lost', 'EUR', '2025-01-01', '2025-08-01', '2025-03-01');       -- lost in the stage of the won
CREATE TABLE muddled.move (deal int, s_from text, s_to text, at timestamptz);
INSERT INTO muddled.move VALUES (1, NULL, 'Talk', '2025-01-01'), (1, 'Talk', 'Won', '2025-03-01'), (2, NULL, 'Call', '2025-01-01'), (2, 'Call', 'Won', '2025-03-01');
CREATE TABLE muddled.marked (stage text, nr int, won boolean, lost boolean);
INSERT INTO muddled.marked VALUES ('Talk', 1, false, false), ('Won', 2, true, false), ('Lost', 3, false, true);
CREATE FUNCTION pg_temp.muddled(flags jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('relations', '{
      "opportunity": {"from": "deal", "columns": {"opportunity_id": "id", "stage_id": "stage", "status": "status", "amount": "100", "currency": "currency",
        "created_at": "entered", "expected_close_on": "due", "closed_at": "done"}},
      "stage_change": {"from": "move", "columns": {"opportunity_id": "deal", "from_stage_id": "s_from", "to_stage_id": "s_to", "changed_at": "at"}}}'::jsonb
      || jsonb_build_object('stage', jsonb_build_object('from', 'marked', 'columns', '{"stage_id": "stage", "stage_order": "nr"}'::jsonb || flags)))
$$;
CREATE FUNCTION pg_temp.muddle() RETURNS TABLE (check_name text, found bigint, of_total bigint, passed boolean, reason text) LANGUAGE sql AS $$
    SELECT c.check_name, c.found, c.of_total, c.passed, c.reason FROM sales_forecast.check_crm('forecast_muddled') c
    WHERE c.check_name IN ('mixed currencies', 'unknown stages in the history', 'closed stages not marked', 'status and stage disagree',
                           'closed in the future', 'open deals with a closing time', 'absurd dates')
$$;
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'muddled', 'forecast_muddled', pg_temp.muddled('{}'));
UPDATE muddled.deal SET status = 'won' WHERE id = 22;
UPDATE muddled.deal SET status = 'lost', done = '2025-03-01' WHERE id = 11;
SELECT * FROM pg_temp.muddle();
UPDATE muddled.deal SET status = 'lost' WHERE id = 22;
UPDATE muddled.deal SET status = 'open', done = NULL WHERE id = 11;
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'muddled', 'forecast_muddled', pg_temp.muddled('{"is_won": "won", "is_lost": "lost"}'));
SELECT * FROM pg_temp.muddle() WHERE check_name LIKE '%stage%';
DROP SCHEMA forecast_muddled, muddled CASCADE;
SET sales_forecast.as_of = '2025-07-01 12:00+00';

\echo '-- a view that lost a column or has one of another type'
DROP VIEW forecast_unit.quota CASCADE;
CREATE VIEW forecast_unit.quota AS SELECT 'x'::text AS owner_id, 1 AS team_id;
SELECT relation_name, found, of_total, passed, severity, reason FROM sales_forecast.check_crm('forecast_unit') WHERE NOT passed;

\echo '-- an empty CRM'
DELETE FROM dirty.deal;
DELETE FROM dirty.firm;
DELETE FROM dirty.stage;
SELECT DISTINCT passed FROM sales_forecast.check_crm('forecast_check') WHERE area NOT IN ('contract', 'gates');
SELECT check_name, found, passed, reason FROM sales_forecast.check_crm('forecast_check') WHERE area = 'gates';

\echo '-- the gates'
SELECT * FROM sales_forecast.data_gates();
\echo '-- company names'
SELECT sales_forecast.company_key(n) FROM unnest(ARRAY['Müller GmbH & Co. KG', 'MULLER', 'L''Oréal S.A.', 'Straße Ltd', 'AS', 'Ærø', '株式会社', '', NULL]) n;

RESET sales_forecast.as_of;
DROP SCHEMA forecast_check, forecast_unit, dirty CASCADE;
