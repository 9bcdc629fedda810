-- The CRM contract: what connect_crm writes, refuses and leaves alone.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

CREATE FUNCTION pg_temp.fails(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    m text; d text; h text;
BEGIN
    EXECUTE statement;
    RETURN 'NO ERROR: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', SQLSTATE || ' ' || m, nullif(d, ''), nullif(h, ''));
END
$$;

-- Where the views of a schema differ from the contract; no rows when nowhere.
CREATE FUNCTION pg_temp.differences(target text)
RETURNS TABLE (relation text, "position" int, column_name text, type text, found_name text, found_type text) LANGUAGE sql AS $$
    SELECT coalesce(c.relation, f.relation), coalesce(c."position", f.place), c.column_name, c.type, f.name, f.type
    FROM sales_forecast.crm_columns() c
    FULL JOIN (SELECT r.relname::text AS relation, a.attnum::int AS place, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type
               FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
               WHERE r.relnamespace = target::regnamespace AND r.relname IN (SELECT x.relation FROM sales_forecast.crm_relations() x)) f
           ON (f.relation, f.place) = (c.relation, c."position")
    WHERE (c.column_name, c.type) IS DISTINCT FROM (f.name, f.type)
$$;

CREATE SCHEMA shop;
CREATE TABLE shop.phases (code varchar(8), nr smallint, label text, pct int, is_win boolean, is_loss boolean);
INSERT INTO shop.phases VALUES ('P1', 1, 'Contact', 25, false, false), ('P2', 2, 'Offer', 50, false, false),
    ('W', 3, 'Won', 100, true, false), ('L', 4, 'Lost', 0, false, true);
CREATE TABLE shop.deals (id int, title text, firm bigint, value numeric(12,2), cur char(3), phase text, chance int, result text,
    entered timestamp, due date, done date, deleted boolean DEFAULT false);
INSERT INTO shop.deals VALUES
    (1, 'open',           7, 1000,   'NOK', 'P1', 30,   'Open',   '2025-01-01 08:00', '2025-06-30', NULL, false),
    (2, 'won',            7, 2000.5, 'NOK', 'W',  100,  'Won',    '2025-01-02 23:30', '2025-02-28', '2025-03-01', false),
    (3, 'lost',           8, 3000,   NULL,  'L',  0,    'Lost',   '2025-01-03 08:00', '2025-02-28', '2025-03-31', false),
    (4, 'unknown stage',  8, 4000,   'NOK', 'XX', 50,   'Open',   '2025-01-04 08:00', '2025-06-30', NULL, false),
    (5, 'unknown status', 9, 5000,   'NOK', 'P2', 50,   'Paused', '2025-01-05 08:00', '2025-06-30', NULL, false),
    (6, 'bad chance',     9, 6000,   'NOK', 'P2', 1000, 'Open',   '2025-01-06 08:00', '2025-06-30', NULL, false),
    (7, 'deleted',        9, 7000,   'NOK', 'P2', 50,   'Open',   '2025-01-07 08:00', '2025-06-30', NULL, true);
CREATE TABLE shop.log (deal int, what text, before text, after text, moment timestamptz);
INSERT INTO shop.log VALUES (1, 'probability_stated', '10', '30', '2025-02-01 10:00+00'), (1, 'amount', '900', '1000', '2025-02-01 10:00+00'),
    (1, 'probability_stated', 'about ten', '10', '2025-01-15 10:00+00');

CREATE TABLE mapping (name text PRIMARY KEY, body jsonb);
INSERT INTO mapping VALUES ('good', '{
  "time_zone": "Europe/Oslo", "currency": "EUR", "probability_unit": "percent",
  "status": {"Open": "open", "Won": "won", "Lost": "lost"},
  "relations": {
    "opportunity": {"from": "deals", "where": "NOT deleted", "columns": {
      "opportunity_id": "id", "name": "title", "account_id": "firm", "amount": "value", "currency": "cur", "stage_id": "phase",
      "probability_stated": "chance", "status": "result", "created_at": "entered", "expected_close_on": "due", "closed_at": "done"}},
    "stage": {"from": "(SELECT * FROM phases)", "columns": {
      "stage_id": "code", "stage_order": "nr", "name": "label", "probability": "pct", "is_won": "is_win", "is_lost": "is_loss"}},
    "opportunity_change": {"from": "log", "columns": {
      "opportunity_id": "deal", "field": "what", "old_value": "before", "new_value": "after", "changed_at": "moment"}}
  }}');

\echo '-- wrong arguments'
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('salesforce', 'shop')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm(NULL, 'shop')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', NULL)$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'nowhere')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'shop', 'shop')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'shop', 'pg_temp')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'shop', 'sales_forecast')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'shop', 'forecast_crm', '{}')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast_crm')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast_crm', '[]')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_forecast_views('forecast_crm')$$);
SELECT pg_temp.fails($$SELECT * FROM sales_forecast.check_crm('forecast_crm')$$);

\echo '-- a mapping that is not one: everything is listed'
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('generic', 'shop', 'forecast_crm', '{
    "timezone": "UTC", "time_zone": "Mars/Olympus", "currency": "kroner", "status": {"Won": "yes"}, "change_fields": ["colour"], "stage_is_foreign_key": "no",
    "relations": {
        "opportunity": {"from": "deals", "columns": {"name": "title", "colour": "cur", "amount": 5, "probability_stated": "chance"}},
        "stage": {"from": "phases", "columns": {"stage_id": "code", "process_id": "code"}},
        "order": {"from": "deals", "columns": {}},
        "account": "firms"}}')$$);

\echo '-- a mapping that does not fit: everything is listed, nothing is changed'
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)',
    jsonb_set(jsonb_set(jsonb_set(body,
        '{relations,opportunity,columns}', body #> '{relations,opportunity,columns}'
            || '{"amount": "price", "name": "upper(titel)", "created_at": "title", "expected_close_on": "value", "closed_at": "done; DROP TABLE shop.log", "owner_id": "count(*) OVER ("}'),
        '{relations,opportunity,where}', '"deleted + 1"'),
        '{relations,account}', '{"from": "firms", "columns": {"account_id": "id"}}'))) FROM mapping WHERE name = 'good';
SELECT to_regnamespace('forecast_crm'), to_regclass('shop.log');

\echo '-- what each column allows and all of them together do not'
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)',
    jsonb_set(body, '{relations,opportunity,columns,amount}', '"sum(value)"'))) FROM mapping WHERE name = 'good';
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)',
    jsonb_set(body, '{relations,stage,columns,name}', '"unnest(ARRAY[label])"'))) FROM mapping WHERE name = 'good';
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)',
    jsonb_set(body, '{relations,stage,from}', '"phases WHERE nr > 0"'))) FROM mapping WHERE name = 'good';
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)',
    jsonb_set(body, '{status}', '{}'))) FROM mapping WHERE name = 'good';
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', %L, ''{}'')', repeat('x', 64)));

\echo '-- a mapping that fits'
SELECT * FROM sales_forecast.connect_crm('generic', 'shop', 'forecast_crm', (SELECT body FROM mapping WHERE name = 'good'))
WHERE read_from IS NOT NULL;
SELECT * FROM pg_temp.differences('forecast_crm');
SELECT opportunity_id, account_id, amount, currency, stage_id, probability_stated, status, created_at, expected_close_on, closed_at
FROM forecast_crm.opportunity ORDER BY 1;
SELECT stage_id, name, stage_order, probability, is_won, is_lost FROM forecast_crm.stage ORDER BY stage_order;
SELECT field, old_value, new_value, changed_at FROM forecast_crm.opportunity_change ORDER BY changed_at, field;
SELECT source, source_schema, has_stage_history, has_change_history, connected_by = current_user, change_fields, zoneless_columns,
       time_zone, currency, probability_unit FROM forecast_crm.crm_source;
SELECT count(*) FROM forecast_crm.lead;

\echo '-- a mere day stays the same day for readers in the west and the east'
SELECT string_agg((closed_at AT TIME ZONE z)::date::text, ' ' ORDER BY z) FROM forecast_crm.opportunity,
    unnest('{America/Los_Angeles,Asia/Tokyo,Europe/Oslo,UTC}'::text[]) z WHERE opportunity_id = '2';

\echo '-- the status may come from the stage'
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'shop', 'forecast_stage',
    (SELECT body #- '{status}' #- '{relations,opportunity,columns,status}' FROM mapping WHERE name = 'good'));
SELECT opportunity_id, stage_id, status FROM forecast_stage.opportunity ORDER BY 1;
DROP SCHEMA forecast_stage CASCADE;

\echo '-- every view and every column has a comment, every view the rights of its reader'
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'forecast_crm'::regnamespace
    AND (obj_description(c.oid) IS NULL OR c.reloptions IS DISTINCT FROM '{security_invoker=true}');
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'forecast_crm'::regnamespace AND col_description(c.oid, a.attnum) IS NULL;
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'forecast_crm'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;

\echo '-- connecting again replaces our views in place: grants and what was built on them stay'
CREATE ROLE sf_crm_reader;
GRANT SELECT ON forecast_crm.opportunity TO sf_crm_reader;
CREATE VIEW forecast_crm.mine AS SELECT opportunity_id, amount FROM forecast_crm.pipeline;
SELECT count(*) FROM sales_forecast.connect_crm('generic', 'shop', 'forecast_crm',
    (SELECT jsonb_set(body, '{relations,opportunity,where}', '"id = 1"') FROM mapping WHERE name = 'good'));
SELECT * FROM forecast_crm.mine;
SELECT has_table_privilege('sf_crm_reader', 'forecast_crm.opportunity', 'SELECT');

\echo '-- what others wrote is never replaced'
CREATE SCHEMA forecast_taken;
CREATE TABLE forecast_taken.lead (mine int);
CREATE VIEW forecast_taken.pipeline AS SELECT 1 AS mine;
CREATE FUNCTION forecast_taken.as_of() RETURNS date LANGUAGE sql AS 'SELECT current_date';
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_taken'', %L)', body)) FROM mapping WHERE name = 'good';
SELECT relname FROM pg_class WHERE relnamespace = 'forecast_taken'::regnamespace ORDER BY 1;
ALTER VIEW forecast_crm.stage OWNER TO sf_crm_reader;
SELECT pg_temp.fails(format('SELECT sales_forecast.connect_crm(''generic'', ''shop'', ''forecast_crm'', %L)', body)) FROM mapping WHERE name = 'good';

\echo '-- the native CRM'
SELECT sales_forecast.create_native_crm('crm_native');
SELECT relation, read_from, mapped_columns, contract_columns, missing_columns FROM sales_forecast.connect_crm('native', 'crm_native', 'forecast_native');
SELECT * FROM pg_temp.differences('forecast_native');
SELECT pg_temp.fails($$SELECT sales_forecast.connect_crm('native', 'shop', 'forecast_none')$$) LIKE '42P01 %16 problems found, nothing was changed%';

\echo '-- the extension goes and comes back: the contract stays, the forecast views are written again'
DROP EXTENSION sales_forecast CASCADE;
SELECT to_regclass('forecast_native.pipeline'), to_regclass('forecast_native.opportunity');
CREATE EXTENSION sales_forecast;
SELECT count(*) FROM sales_forecast.create_forecast_views('forecast_native');
SELECT count(*), count(as_of) FROM forecast_native.pipeline_by_stage;

DROP SCHEMA forecast_crm, forecast_taken, forecast_native, crm_native, shop CASCADE;
DROP TABLE mapping;
DROP ROLE sf_crm_reader;
