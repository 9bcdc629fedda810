-- The native CRM: what create_native_crm writes, refuses and keeps true.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS sales_forecast;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

-- SQLSTATE, message, detail and hint of a statement that must fail.
CREATE FUNCTION pg_temp.fails(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    m text; d text; h text;
BEGIN
    EXECUTE statement;
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN 'NO ERROR: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    -- "Failing row contains" shows times
    RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || m,
                     CASE WHEN d NOT LIKE 'Failing row%' THEN nullif(d, '') END, nullif(h, ''));
END
$$;

\echo '-- bad schema names'
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm(NULL)$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('sales_forecast')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('pg_catalog')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('information_schema')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm(repeat('x', 64))$$);

\echo '-- relations that are there already are all listed and nothing is changed'
CREATE SCHEMA native_taken;
CREATE TABLE native_taken.opportunity (mine int);
CREATE VIEW native_taken.sales_process_list AS SELECT 1 AS mine;
CREATE SEQUENCE native_taken.lead;
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('native_taken')$$);
SELECT relname FROM pg_class WHERE relnamespace = 'native_taken'::regnamespace ORDER BY 1;
DROP SCHEMA native_taken CASCADE;

\echo '-- created: ordinary relations of the caller, not of the extension'
SHOW search_path;
SELECT sales_forecast.create_native_crm('Native "CRM"; --');
SHOW search_path;
SELECT count(*) = 24, bool_and(pg_get_userbyid(relowner) = current_user)
  FROM pg_class WHERE relnamespace = '"Native ""CRM""; --"'::regnamespace AND relkind IN ('r', 'v');
SELECT sales_forecast.create_sales_process('nine_steps', 'odd', 'Native "CRM"; --') > 0;
INSERT INTO "Native ""CRM""; --".opportunity (name, stage_id)
SELECT 'odd', min(stage_id) FROM "Native ""CRM""; --".sales_process_step;
SELECT sales_forecast.move_opportunity(1, 'Proposal', 'Native "CRM"; --');
SELECT count(*) FROM "Native ""CRM""; --".stage_change;
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_crm('Native "CRM"; --')$$);
DROP SCHEMA "Native ""CRM""; --" CASCADE;

SELECT sales_forecast.create_native_crm('native');
SELECT array_agg(relname::text ORDER BY relname)
       = (SELECT array_agg(n ORDER BY n) FROM unnest(sales_forecast.native_crm_relations()) n)
  FROM pg_class WHERE relnamespace = 'native'::regnamespace AND relkind IN ('r', 'v');
SELECT count(*) FROM pg_depend d
 WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass
   AND d.objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'native'::regnamespace);

\echo '-- only triggers hang on the extension: nothing that holds data'
SELECT DISTINCT d.classid::regclass
  FROM pg_depend d JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
 WHERE p.pronamespace = 'sales_forecast'::regnamespace
   AND d.deptype = 'n' AND d.classid = ANY (ARRAY['pg_trigger', 'pg_attrdef', 'pg_constraint',
                                                  'pg_rewrite', 'pg_class']::regclass[])
   AND EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE t.oid = d.objid AND c.relnamespace = 'native'::regnamespace
                UNION ALL
               SELECT FROM pg_class c WHERE c.oid = d.objid
                  AND c.relnamespace = 'native'::regnamespace
                UNION ALL
               SELECT FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
                WHERE r.oid = d.objid AND c.relnamespace = 'native'::regnamespace
                UNION ALL
               SELECT FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid
                WHERE a.oid = d.objid AND c.relnamespace = 'native'::regnamespace
                UNION ALL
               SELECT FROM pg_constraint a
                WHERE a.oid = d.objid AND a.connamespace = 'native'::regnamespace);

\echo '-- every relation and column has a comment, and the dictionary names no other'
SELECT c.relname, a.attname
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'native'::regnamespace AND c.relkind IN ('r', 'v')
   AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL);
SELECT d.relation, d.column_name FROM sales_forecast.native_crm_dictionary() d
EXCEPT
SELECT relation, column_name
  FROM (SELECT c.relname::text AS relation, NULL AS column_name FROM pg_class c
         WHERE c.relnamespace = 'native'::regnamespace
        UNION ALL
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'native'::regnamespace) r;

\echo '-- every foreign key has an index, except those on small master data'
SELECT c.conrelid::regclass, c.conname
  FROM pg_constraint c
 WHERE c.contype = 'f' AND c.connamespace = 'native'::regnamespace
   AND c.confrelid::regclass::text NOT IN ('native.region', 'native.department', 'native.team',
                                           'native.employee', 'native.product')
   AND NOT EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
 ORDER BY 1, 2;

\echo '-- master data'
INSERT INTO native.region VALUES ('North'), ('South');
INSERT INTO native.department VALUES ('Sales'), ('Service');
INSERT INTO native.team (team_id, name) VALUES ('T1', 'Team 1'), ('T2', 'Team 2');
INSERT INTO native.employee (owner_id, name, login, team_id, region, department) VALUES
    ('AHL', 'Anna', current_user, 'T1', 'North', 'Sales'),
    ('BKO', 'Bo', NULL, 'T2', 'South', 'Service');
INSERT INTO native.account (name, region) VALUES ('Acme', 'South'), ('Bolt', NULL);
INSERT INTO native.product (product_id, name) VALUES ('P1', 'Pump');
SELECT sales_forecast.create_sales_process('six_steps', 'Solutions', 'native') AS six \gset
INSERT INTO native.sales_process_default (process_id, kind) VALUES (:six, 'all');

\echo '-- values the tables refuse'
SELECT pg_temp.fails(format('INSERT INTO native.opportunity (name, currency, %s) VALUES (''x'', ''EUR'', %s)', col, val))
  FROM (VALUES ('amount', '-1'), ('amount', '''NaN'''), ('amount', '''Infinity'''),
               ('probability_stated', '1.5'), ('probability_stated', '''NaN'''),
               ('status', '''maybe'''), ('status', 'NULL'), ('priority', '''urgent'''),
               ('forecast_category', '''upside'''), ('created_at', '''infinity'''),
               ('closed_at', '''2026-01-01'''), ('lost_reason', '''price'''),
               ('expected_close_on', '''infinity'''), ('stage_id', '99'), ('process_id', '99'),
               ('owner_id', '''nobody'''), ('account_id', '99')) v(col, val);
SELECT pg_temp.fails($$INSERT INTO native.opportunity (name, amount) VALUES ('x', 1)$$);
SELECT pg_temp.fails($$INSERT INTO native.opportunity (name, currency) VALUES ('x', 'euro')$$);
SELECT pg_temp.fails($$INSERT INTO native.quota (period_start, period_end, amount, currency) VALUES ('2026-01-01', '2026-02-01', 1, 'EUR')$$);
SELECT pg_temp.fails($$INSERT INTO native.quota (owner_id, period_start, period_end, amount, currency) VALUES ('AHL', '2026-02-01', '2026-02-01', 1, 'EUR')$$);
SELECT pg_temp.fails($$INSERT INTO native.exchange_rate VALUES ('NOK', 'EUR', '2026-01-01', 0)$$);
SELECT pg_temp.fails($$INSERT INTO native.fiscal_period VALUES ('445', 'P1', '2026-02-01', '2026-01-01')$$);
SELECT pg_temp.fails($$INSERT INTO native.external_series VALUES ('pmi', '2026-01-01', 'NaN')$$);
SELECT pg_temp.fails($$INSERT INTO native.account (name, longitude) VALUES ('x', 181)$$);
SELECT count(*) FROM native.opportunity;
ALTER TABLE native.opportunity ALTER opportunity_id RESTART;

\echo '-- a new deal is filled from seller and account, stamped and logged; spoofed stamps are ignored'
INSERT INTO native.opportunity (name, owner_id, account_id, amount, currency, created_by, changed_by, changed_at)
VALUES ('first', 'AHL', 1, 1000, 'EUR', 'somebody', 'else', '2001-01-01'),
       ('second', 'AHL', 2, NULL, NULL, 'somebody', 'else', '2001-01-01');
INSERT INTO native.opportunity (name, created_at, stage_entered_at)
VALUES ('older than its entry', '2020-01-01 00:00+00', '2020-02-01 00:00+00');
SELECT opportunity_id, team_id, region, department, process_id = :six, s.name, status,
       o.created_by = current_user, o.changed_by = current_user, o.changed_at > '2001-01-02', o.created_at < '2020-01-02'
  FROM native.opportunity o JOIN native.sales_process_step s USING (process_id, stage_id) ORDER BY 1;
SELECT opportunity_id, c.from_stage_id, s.name, c.changed_at = o.stage_entered_at, c.changed_by = current_user
  FROM native.stage_change c JOIN native.opportunity o USING (opportunity_id)
  JOIN native.sales_process_step s ON s.stage_id = c.to_stage_id ORDER BY 1;
SELECT count(*) FROM native.opportunity_change;

\echo '-- every change is logged, the same whatever the session shows; no change, no row'
SET TimeZone = 'America/New_York';
SET DateStyle = 'SQL, DMY';
SET extra_float_digits = 0;
UPDATE native.opportunity
   SET amount = 1200.50, expected_close_on = '31/12/2026', probability_stated = 0.1::float8 + 0.2::float8,
       forecast_category = 'commit', product_id = 'P1', name = 'renamed'
 WHERE opportunity_id = 1;
UPDATE native.opportunity SET status = 'lost', closed_at = '2026-01-02 03:04:05+00' WHERE opportunity_id = 2;
RESET TimeZone; RESET DateStyle; RESET extra_float_digits;
SELECT changed_at AS then FROM native.opportunity WHERE opportunity_id = 1 \gset
UPDATE native.opportunity SET amount = 1200.50 WHERE opportunity_id = 1;
SELECT changed_at = :'then' FROM native.opportunity WHERE opportunity_id = 1;
SELECT opportunity_id, field, old_value, new_value, changed_by = current_user
  FROM native.opportunity_change ORDER BY opportunity_id, field;
SELECT count(DISTINCT changed_at) FROM native.opportunity_change WHERE opportunity_id = 1;
\echo '-- two changes in one transaction keep their order'
BEGIN;
UPDATE native.opportunity SET currency = 'EUR', amount = 1 WHERE opportunity_id = 3;
UPDATE native.opportunity SET amount = 2 WHERE opportunity_id = 3;
UPDATE native.opportunity SET amount = 3 WHERE opportunity_id = 3;
COMMIT;
SELECT old_value, new_value FROM native.opportunity_change
 WHERE opportunity_id = 3 AND field = 'amount' ORDER BY changed_at;
SELECT count(DISTINCT changed_at) FROM native.opportunity_change
 WHERE opportunity_id = 3 AND field = 'amount';

\echo '-- a deal handed over takes the team and department of the new seller, not the region'
UPDATE native.opportunity SET owner_id = 'BKO' WHERE opportunity_id = 2;
UPDATE native.opportunity SET owner_id = 'BKO', team_id = NULL WHERE opportunity_id = 1;
SELECT opportunity_id, owner_id, team_id, region, department FROM native.opportunity ORDER BY 1;
UPDATE native.employee SET team_id = 'T1' WHERE owner_id = 'BKO';
SELECT team_id FROM native.opportunity WHERE opportunity_id = 2;

\echo '-- activities keep last_activity_at, and that is no change of the deal'
SELECT changed_at AS then FROM native.opportunity WHERE opportunity_id = 1 \gset
INSERT INTO native.activity (opportunity_id, kind, at) VALUES
    (1, 'call', '2026-03-01 00:00+00'), (1, 'email', '2026-02-01 00:00+00'), (NULL, 'note', '2026-05-01 00:00+00');
SELECT last_activity_at = '2026-03-01 00:00+00', changed_at = :'then' FROM native.opportunity WHERE opportunity_id = 1;
DELETE FROM native.activity WHERE kind = 'call';
SELECT last_activity_at = '2026-02-01 00:00+00' FROM native.opportunity WHERE opportunity_id = 1;
UPDATE native.activity SET opportunity_id = 3 WHERE kind = 'email';
SELECT opportunity_id, last_activity_at = '2026-02-01 00:00+00' FROM native.opportunity ORDER BY 1;

\echo '-- a deleted deal takes its history along and leaves activities'
DELETE FROM native.opportunity WHERE opportunity_id = 3;
SELECT count(*) FROM native.stage_change WHERE opportunity_id = 3;
SELECT count(*) FROM native.opportunity_change WHERE opportunity_id = 3;
SELECT kind, opportunity_id FROM native.activity ORDER BY 1;

\echo '-- history is loaded as it was'
SELECT pg_temp.fails($$SELECT sales_forecast.begin_history_load('nowhere')$$);
SELECT pg_temp.fails($$SELECT sales_forecast.end_history_load(NULL)$$);
BEGIN;
SELECT sales_forecast.create_sales_process('nine_steps', 'Projects', 'native') AS nine \gset
SELECT sales_forecast.begin_history_load('native');
INSERT INTO native.opportunity (opportunity_id, name, process_id, stage_id, status, closed_at, created_at, created_by, changed_by, changed_at)
SELECT 1000, 'old', process_id, stage_id, 'won', '2021-06-01 00:00+00', '2021-01-01 00:00+00', 'then', 'then', '2021-06-01 00:00+00'
  FROM native.sales_process_step WHERE process_id = :nine AND name = 'Close';
INSERT INTO native.stage_change (opportunity_id, to_stage_id, changed_at, changed_by)
SELECT 1000, stage_id, timestamptz '2021-01-01 00:00+00' + stage_order * interval '10 days', 'then'
  FROM native.sales_process_step WHERE process_id = :nine AND stage_order <= 8;
INSERT INTO native.opportunity (opportunity_id, name, stage_id) VALUES (1001, 'a stage nobody knows', 999999);
INSERT INTO native.opportunity_change (opportunity_id, field, old_value, new_value, changed_at, changed_by)
VALUES (1000, 'status', 'open', 'won', '2021-06-01 00:00+00', 'then');
SELECT pg_temp.fails($$INSERT INTO native.opportunity (name, process_id, stage_id) VALUES ('x', 1, 999999)$$);
SELECT pg_temp.fails($$INSERT INTO native.opportunity (name, process_id) VALUES ('x', 1)$$);
SELECT sales_forecast.end_history_load('native');
COMMIT;
SELECT o.name, o.created_by, o.changed_by, o.changed_at = '2021-06-01 00:00+00', count(c.*)
  FROM native.opportunity o LEFT JOIN native.stage_change c USING (opportunity_id)
 WHERE opportunity_id = 1000 GROUP BY opportunity_id;
INSERT INTO native.opportunity (name) VALUES ('next') RETURNING opportunity_id;
SELECT count(*) FROM native.stage_change WHERE opportunity_id = 1002;
\echo '-- a load that does not fit is refused as a whole'
BEGIN;
SELECT sales_forecast.begin_history_load('native');
UPDATE native.opportunity SET status = 'open', closed_at = NULL WHERE opportunity_id = 1000;
SELECT sales_forecast.end_history_load('native');
ROLLBACK;
BEGIN;
SELECT sales_forecast.begin_history_load('native');
DELETE FROM native.sales_process_step WHERE process_id = :nine AND name = 'Financial settlement';
UPDATE native.sales_process_step SET percent = 1 WHERE process_id = :nine AND name = 'Proposal';
SELECT sales_forecast.end_history_load('native');
ROLLBACK;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'native.opportunity'::regclass AND tgenabled = 'D';
\echo '-- a trigger of somebody else stays on'
CREATE FUNCTION native.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';
CREATE TRIGGER mine BEFORE INSERT ON native.opportunity FOR EACH ROW EXECUTE FUNCTION native.mine();
BEGIN;
SELECT sales_forecast.begin_history_load('native');
INSERT INTO native.opportunity (name, created_by) VALUES ('loud', 'then') RETURNING name, created_by;
ROLLBACK;
DROP TRIGGER mine ON native.opportunity;

\echo '-- entered when it was closed already: open until then; a move counts from when it was entered'
SELECT count(*) FROM sales_forecast.connect_crm('native', 'native', 'native_forecast');
INSERT INTO native.opportunity (name, process_id, status, amount, currency, created_at, closed_at)
VALUES ('entered won', :six, 'won', 10, 'EUR', '2025-01-01 00:00+00', '2025-06-01 00:00+00') RETURNING opportunity_id AS won \gset
INSERT INTO native.opportunity (name, process_id, status, amount, currency, created_at, closed_at)
VALUES ('entered lost', :six, 'lost', 10, 'EUR', '2025-01-01 00:00+00', '2025-06-01 00:00+00') RETURNING opportunity_id AS lost \gset
SELECT opportunity_id = :won, field, old_value, new_value, changed_at FROM native.opportunity_change WHERE opportunity_id IN (:won, :lost) ORDER BY 1 DESC;
SELECT o.name, m.at, o.status, s.name AS stage, o.closed_at
  FROM (VALUES (timestamptz '2025-03-01 00:00+00'), ('2025-07-01 00:00+00')) m(at)
  CROSS JOIN LATERAL native_forecast.opportunity_at(m.at) o
  LEFT JOIN native_forecast.stage s ON s.stage_id = o.stage_id
 WHERE o.opportunity_id IN (:'won', :'lost') ORDER BY 1 DESC, 2;
INSERT INTO native.opportunity (name, process_id, amount, currency, created_at)
VALUES ('moved late', :six, 10, 'EUR', '2025-01-01 00:00+00') RETURNING opportunity_id AS late \gset
UPDATE native.opportunity o SET stage_entered_at = '2025-02-01 00:00+00', stage_id = s.stage_id
  FROM native.sales_process_step s WHERE opportunity_id = :late AND s.process_id = :six AND s.stage_order = 2;
SELECT c.changed_at = o.changed_at, o.stage_entered_at
  FROM native.stage_change c JOIN native.opportunity o USING (opportunity_id) WHERE opportunity_id = :late AND from_stage_id IS NOT NULL;
SELECT s.stage_order FROM native_forecast.opportunity_at('2025-03-01 00:00+00') o JOIN native_forecast.stage s ON s.stage_id = o.stage_id
 WHERE o.opportunity_id = :'late';
\echo '-- lost, reopened, lost again: the first loss has its day and its reason; priority is logged, too'
UPDATE native.opportunity SET priority = 'low' WHERE opportunity_id = :late;
SELECT sales_forecast.lose_opportunity(:late, 'price', 'native');
SELECT closed_at AS first_loss FROM native.opportunity WHERE opportunity_id = :late \gset
SELECT clock_timestamp() AS between \gset
SELECT sales_forecast.reopen_opportunity(:late, 'native');
SELECT sales_forecast.lose_opportunity(:late, 'delay', 'native');
UPDATE native.opportunity SET priority = 'high' WHERE opportunity_id = :late;
SET sales_forecast.as_of = :'between';
SELECT status, lost_reason, closed_at = :'first_loss', priority FROM native_forecast.opportunity_as_of WHERE opportunity_id = :'late';
RESET sales_forecast.as_of;
SELECT status, lost_reason, closed_at > :'first_loss', priority FROM native_forecast.opportunity_as_of WHERE opportunity_id = :'late';
DELETE FROM native.opportunity WHERE opportunity_id IN (:won, :lost, :late);
DROP SCHEMA native_forecast CASCADE;

\echo '-- rights: a seller needs the tables, and cannot switch the history off'
CREATE ROLE regress_native_seller;
GRANT USAGE ON SCHEMA native, sales_forecast TO regress_native_seller;
GRANT SELECT ON ALL TABLES IN SCHEMA native TO regress_native_seller;
GRANT INSERT, UPDATE ON native.opportunity TO regress_native_seller;
SET ROLE regress_native_seller;
SELECT pg_temp.fails($$UPDATE native.opportunity SET amount = 5 WHERE opportunity_id = 1$$);
SELECT pg_temp.fails($$SELECT sales_forecast.begin_history_load('native')$$);
SELECT left(pg_temp.fails($$SELECT sales_forecast.create_native_crm('native_other')$$), 5);
SELECT pg_temp.fails($$SELECT sales_forecast.create_sales_process('six_steps', 'x', 'native')$$);
RESET ROLE;
GRANT INSERT ON native.stage_change, native.opportunity_change TO regress_native_seller;
SET ROLE regress_native_seller;
UPDATE native.opportunity SET amount = 5 WHERE opportunity_id = 1;
SELECT sales_forecast.move_opportunity(1, 'Qualification', 'native');
INSERT INTO native.opportunity (name) VALUES ('by a seller') RETURNING process_id = :six, created_by;
SELECT pg_temp.fails($$DELETE FROM native.opportunity_change$$);
RESET ROLE;
SELECT field, old_value, new_value, changed_by FROM native.opportunity_change WHERE changed_by = 'regress_native_seller';
DROP OWNED BY regress_native_seller;
DROP ROLE regress_native_seller;

\echo '-- the extension goes, the data stays; triggers can be put back'
CREATE TEMPORARY TABLE before AS SELECT * FROM native.opportunity;
DROP EXTENSION sales_forecast CASCADE;
SELECT count(*) FROM (TABLE before EXCEPT TABLE native.opportunity) gone;
SELECT name, steps, in_use FROM native.sales_process_list ORDER BY 1;
SELECT count(*) > 0 FROM native.sales_process_rollup;
UPDATE native.opportunity SET amount = 6 WHERE opportunity_id = 1;
SELECT count(*) FROM native.opportunity_change WHERE new_value = '6';
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_triggers('native');
SELECT pg_temp.fails($$SELECT sales_forecast.create_native_triggers('native')$$);
UPDATE native.opportunity SET amount = 7 WHERE opportunity_id = 1;
SELECT old_value, new_value FROM native.opportunity_change WHERE new_value = '7';

DROP SCHEMA native CASCADE;
