-- What the catalog must say about every object of the extension.  New objects are covered by themselves.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

CREATE TEMPORARY TABLE routine AS
SELECT p.*, m.object, l.lanname
FROM member m
JOIN pg_proc p ON p.oid = m.objid
JOIN pg_language l ON l.oid = p.prolang
WHERE m.classid = 'pg_proc'::regclass;

SELECT isnt_empty('SELECT 1 FROM routine', 'there are functions to look at');

-- Array types and the row types of tables and views belong to their owners and need no words of their own.
SELECT is_empty($$
    SELECT m.object
    FROM member m
    LEFT JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE m.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_operator'::regclass,
                        'pg_namespace'::regclass)
      AND coalesce(t.typcategory <> 'A', true) AND coalesce(c.relkind = 'c', true)
      AND NOT (m.classid = 'pg_class'::regclass AND (SELECT relkind IN ('i', 'S', 'c') FROM pg_class WHERE oid = m.objid))
      AND coalesce(obj_description(m.objid, m.classid::regclass::name), '') = ''
    ORDER BY 1$$,
    'every function, aggregate, type, operator, table and view has a comment');

SELECT is_empty($$
    SELECT m.object || ', column ' || a.attname
    FROM member m
    JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v', 'm', 'p')
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE col_description(c.oid, a.attnum) IS NULL
    ORDER BY 1$$,
    'every column of a table or view has a comment');

SELECT is_empty($$SELECT object FROM routine WHERE prosecdef$$, 'no function is SECURITY DEFINER');
SELECT is_empty($$SELECT object FROM routine WHERE proleakproof$$, 'no function is LEAKPROOF');

SELECT is_empty($$
    SELECT object FROM routine
    WHERE (lanname = 'plpgsql' OR lanname = 'sql' AND prosqlbody IS NULL)
      AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)$$,
    'functions whose text is parsed when called fix their search_path');

SELECT is_empty($$SELECT object FROM routine WHERE provolatile = 'i' AND proparallel <> 's' AND prokind <> 'a'$$,
    'what is immutable is parallel safe');
SELECT is_empty($$SELECT object FROM routine WHERE provolatile = 'v' AND proparallel = 's'$$,
    'what is volatile is not parallel safe');
SELECT is_empty($$
    SELECT r.object FROM routine r JOIN pg_aggregate a ON a.aggfnoid = r.oid
    WHERE r.proparallel <> 's' OR a.aggcombinefn = 0 OR a.aggtranstype = 'internal'::regtype AND a.aggserialfn = 0$$,
    'every aggregate runs in parallel');

SELECT is_empty($$SELECT object FROM routine WHERE '"any"'::regtype = ANY (proargtypes)$$,
    'argument types are exact');

SELECT is_empty($$
    SELECT r.object FROM routine r
    WHERE NOT r.proisstrict AND r.lanname = 'c' AND r.provolatile = 'i' AND r.pronargs > 0
      AND NOT EXISTS (SELECT 1 FROM pg_aggregate a
                      WHERE r.oid IN (a.aggtransfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggfinalfn, a.aggmfinalfn))
      AND obj_description(r.oid, 'pg_proc') !~* 'null'$$,
    'a C function that takes NULLs says what it makes of them');

SELECT is_empty($$
    SELECT m.object FROM member m
    WHERE m.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_operator'::regclass)
      AND 'sales_forecast' IS DISTINCT FROM (pg_identify_object(m.classid, m.objid, 0)).schema$$,
    'everything lies in the schema of the extension');

-- The registry's tables are closed; its views, and no others, open to each role what is its own.
CREATE TEMPORARY TABLE registry_view AS
SELECT unnest(ARRAY['model', 'model_version', 'model_run', 'model_grant', 'model_right', 'own_model', 'own_version', 'own_grant', 'own_run',
                    'new_model', 'new_version'])
       AS name;
SELECT set_eq($$
    SELECT c.relname::text FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    WHERE c.relkind IN ('v', 'm') AND NOT coalesce(c.reloptions::text ~ 'security_invoker=(true|on|1)', false)$$,
    'SELECT name FROM registry_view',
    'views show what the reader may see, not what the owner may, those of the registry apart');
SELECT is_empty($$
    SELECT c.relname FROM registry_view v JOIN pg_class c ON c.relname = v.name AND c.relnamespace = 'sales_forecast'::regnamespace
    WHERE NOT coalesce(c.reloptions::text ~ 'security_barrier=(true|on|1)', false)$$,
    'those are security barriers');
SELECT is_empty($$
    SELECT DISTINCT c.relname, d.refobjid::regclass
    FROM registry_view v
    JOIN pg_class c ON c.relname = v.name AND c.relnamespace = 'sales_forecast'::regnamespace
    JOIN pg_rewrite w ON w.ev_class = c.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
    WHERE d.refobjid::regclass::text !~ '^sales_forecast\.(stored_(model|version|run|grant)|model_right)$'
      AND d.refobjid <> 'pg_roles'::regclass$$,
    'and read the registry and the roles, nothing else');
SELECT is_empty($$
    SELECT DISTINCT c.relname, d.refobjid::regprocedure
    FROM registry_view v
    JOIN pg_class c ON c.relname = v.name AND c.relnamespace = 'sales_forecast'::regnamespace
    JOIN pg_rewrite w ON w.ev_class = c.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass$$,
    'and call no function that is not built in');
SELECT is_empty($$
    SELECT c.relname FROM registry_view v JOIN pg_class c ON c.relname = v.name AND c.relnamespace = 'sales_forecast'::regnamespace
    WHERE v.name ~ '^(own|new)_' AND NOT coalesce(c.reloptions::text ~ 'check_option=cascaded', false)$$,
    'what is written through them is checked');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = 'sales_forecast'::regnamespace AND c.relname ~ '^(stored_|own_|new_|model_right)' AND c.relkind IN ('r', 'v', 'S')
      AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)$$,
    'PUBLIC has no right on what lies below');

SELECT is_empty($$
    SELECT m.object FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    JOIN pg_extension e ON e.extname = 'sales_forecast'
    WHERE c.relkind IN ('r', 'S') AND NOT coalesce(c.oid = ANY (e.extconfig), false)$$,
    'tables and sequences of the extension are dumped with their rows');

SELECT is_empty($$
    SELECT m.object FROM member m
    WHERE m.classid IN ('pg_event_trigger'::regclass, 'pg_policy'::regclass, 'pg_authid'::regclass, 'pg_cast'::regclass)$$,
    'no event trigger, policy, role or cast is brought along');

SELECT * FROM finish();
ROLLBACK;
