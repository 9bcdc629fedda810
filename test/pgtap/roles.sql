-- Who may do what.  Every function runs with the rights of its caller, so a role reaches through the extension
-- exactly what it reaches without it.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = 'warning';

CREATE ROLE sf_installer;
CREATE ROLE sf_analyst;
CREATE ROLE sf_stranger;
SELECT lives_ok(format('GRANT CREATE ON DATABASE %I TO sf_installer', current_database()), 'an ordinary role may create schemas');

-- The SQLSTATE that a statement gives a role; 00000 if it goes through.
CREATE FUNCTION pg_temp.as_role(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;

-- A trusted extension: no superuser needed.
DROP EXTENSION sales_forecast;
DROP SCHEMA IF EXISTS sales_forecast;
SELECT is(pg_temp.as_role('sf_stranger', 'CREATE EXTENSION sales_forecast'), '42501',
          'without CREATE on the database nobody installs');
SELECT is(pg_temp.as_role('sf_installer', 'CREATE EXTENSION sales_forecast'), '00000',
          'CREATE on the database is enough to install');
SELECT is(pg_temp.as_role('sf_installer', 'GRANT USAGE ON SCHEMA sales_forecast TO sf_analyst'), '00000',
          'the installer decides who may use it');
SELECT is(pg_temp.as_role('sf_installer', 'ALTER EXTENSION sales_forecast UPDATE'), '00000',
          'the installer may update');

CREATE TEMPORARY TABLE routine AS
SELECT p.*
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

SELECT is_empty($$SELECT oid::regprocedure FROM routine WHERE provolatile = 'i'
                  AND NOT has_function_privilege('sf_analyst', oid, 'EXECUTE')$$,
                'whoever may use the schema may call every pure function');
SELECT is(pg_temp.as_role('sf_analyst', 'SELECT sales_forecast.weighted_value(100, 0.5)'), '00000', 'for example a weighted value');
SELECT is(pg_temp.as_role('sf_analyst', 'SELECT sales_forecast.mean(sales_forecast.revenue_distribution(100.0, 0.5))'), '00000',
          'or a distribution');
SELECT is(pg_temp.as_role('sf_stranger', 'SELECT sales_forecast.weighted_value(100, 0.5)'), '42501',
          'without USAGE on the schema nothing can be called');
SELECT is(pg_temp.as_role('sf_analyst', 'CREATE TABLE sales_forecast.mine ()'), '42501', 'nobody else creates objects in the schema');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = 'sales_forecast'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
      AND (has_table_privilege('sf_analyst', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
           OR has_any_column_privilege('sf_analyst', c.oid, 'INSERT, UPDATE, REFERENCES'))$$,
    'no table or view of the extension can be written by PUBLIC');

-- The installer as the owner of a CRM.
SELECT is(pg_temp.as_role('sf_installer', $$SELECT sales_forecast.create_native_crm('crm')$$), '00000',
          'whoever may create a schema may create a CRM');
SELECT is(pg_temp.as_role('sf_installer', $$SELECT sales_forecast.connect_crm('native', 'crm', 'forecast')$$), '00000',
          'and connect it');
SELECT is(pg_temp.as_role('sf_installer', $$SELECT * FROM sales_forecast.check_crm('forecast')$$), '00000', 'and check it');
SELECT is(pg_temp.as_role('sf_installer', $$SELECT * FROM forecast.pipeline$$), '00000', 'and read its pipeline');
SELECT is((SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'forecast'), 'sf_installer',
          'the views belong to the caller');

-- The analyst gets the views, not the tables below them.
GRANT USAGE ON SCHEMA forecast TO sf_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA forecast TO sf_analyst;
SELECT is(pg_temp.as_role('sf_analyst', 'SELECT * FROM forecast.opportunity'), '42501',
          'a view shows nothing that its reader may not read');
SELECT is(pg_temp.as_role('sf_analyst', 'SELECT * FROM forecast.pipeline'), '42501', 'nor does a view on views');
SELECT is(pg_temp.as_role('sf_analyst', $$SELECT * FROM sales_forecast.check_crm('forecast')$$), '42501', 'nor does the check');
-- Tables that the caller may not read count as missing, and that is said first.
SELECT matches(pg_temp.as_role('sf_analyst', $$SELECT sales_forecast.connect_crm('native', 'crm', 'forecast')$$), '^(42501|42P01)$',
               'nor is a foreign schema rewritten');
SELECT is(pg_temp.as_role('sf_analyst', $$SELECT sales_forecast.create_native_crm('another')$$), '42501',
          'nor a schema created without the right to');
CREATE TABLE public.secret (key text, won boolean, closed boolean);
SELECT is(pg_temp.as_role('sf_analyst', $$SELECT * FROM sales_forecast.historical_probability('SELECT key, won FROM public.secret')$$),
          '42501', 'a query given as text runs with the rights of the caller');

-- Rows that row security hides stay hidden behind the views.
GRANT USAGE ON SCHEMA crm TO sf_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO sf_analyst;
INSERT INTO crm.employee (owner_id, name) VALUES ('AA', 'Ann'), ('BB', 'Bob');
INSERT INTO crm.opportunity (name, owner_id, amount, currency, status)
SELECT 'deal ' || g, CASE WHEN g % 10 = 0 THEN 'AA' ELSE 'BB' END, 100, 'EUR', 'open' FROM generate_series(1, 100) AS g;
ALTER TABLE crm.opportunity ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_deals ON crm.opportunity TO sf_analyst USING (owner_id = 'AA');
SELECT is((SELECT count(*) FROM forecast.pipeline), 100::bigint, 'the pipeline has a hundred deals');
SELECT is(pg_temp.as_role('sf_analyst', $call$DO $do$ BEGIN
    IF (SELECT count(*) FROM forecast.pipeline) <> 10 OR (SELECT sum(deals) FROM forecast.pipeline_by_owner) <> 10 THEN
        RAISE EXCEPTION 'row security leaks' USING ERRCODE = 'ZZ001';
    END IF;
END $do$ $call$), '00000', 'of which the analyst sees the ten that a policy allows');

SELECT * FROM finish();
ROLLBACK;
