-- Every function of the extension, called with the values that break functions.  The catalog tells which functions
-- there are and what they take, so a new one is covered by itself.  Whatever comes in, the answer is a value or an
-- error of a documented class: never an internal error, never out of memory, never a crash, never a long wait.
BEGIN;
SELECT no_plan();
SET LOCAL statement_timeout = '300s';
SET LOCAL client_min_messages = 'error';

-- Left out, with the reason.
CREATE TEMPORARY TABLE excluded (routine regprocedure PRIMARY KEY, reason text NOT NULL);

-- Classes of SQLSTATE that a caller may be given: data, constraint, syntax and access, schema name, not supported,
-- limit, not in the required state.
CREATE TEMPORARY TABLE documented (class text PRIMARY KEY);
INSERT INTO documented VALUES ('22'), ('23'), ('42'), ('3F'), ('0A'), ('54'), ('55');

CREATE TEMPORARY TABLE nasty_of_type (type regtype, expr text);
INSERT INTO nasty_of_type
SELECT t::regtype, format('%L::%s', v, t)
FROM (VALUES
    ('double precision', '{NaN,Infinity,-Infinity,1e308,-1e308,-0,0,1,5e-324,0.5,-1,1.0000000000000002}'::text[]),
    ('numeric', ('{NaN,Infinity,-Infinity,1e308,-1e308,0,1,0.5,-1,1e-300,1e131000,12345678901234567890.12345678901234567890,'
        || repeat('9', 1000) || '}')::text[]),
    ('real', '{NaN,Infinity,-Infinity,3e38,0}'),
    ('integer', '{0,1,-1,2147483647,-2147483648}'),
    ('smallint', '{0,1,-1,32767,-32768}'),
    ('bigint', '{0,1,-1,9223372036854775807,-9223372036854775808,1000000}'),
    ('boolean', '{true,false}'),
    ('date', '{infinity,-infinity,4713-01-01 BC,5874897-12-31,2024-02-29}'),
    ('timestamp', '{infinity,-infinity,4713-01-01 BC,294276-12-31,2024-02-29}'),
    ('timestamptz', '{infinity,-infinity,4713-01-02 BC,294276-12-30,2024-02-29}'),
    ('interval', '{-178000000 years,178000000 years,0,-1 day,1 mon -1 day}'),
    ('uuid', '{00000000-0000-0000-0000-000000000000}'),
    ('name', '{"",pg_catalog,sales_forecast}'),
    ('regclass', '{pg_class,0,4294967295}'),
    ('jsonb', ARRAY['null', '[]', '{}', '0', '""', '1e1000', '{"relations": 5}', '{"relations": {"opportunity": []}}',
        '{"relations": {"opportunity": {"from": null, "columns": {"amount": 1}}}}',
        '{"relations": {"opportunity": {"from": "pg_class; DROP TABLE x", "columns": {"opportunity_id": "1); --"}}}}',
        repeat('[', 1000) || repeat(']', 1000)]),
    ('text', ARRAY['', ' ', 'sales_forecast', 'pg_catalog', 'pg_temp', 'no_such_thing', 'quote''d "name"', E'\\', '%s%n%I',
        E'line\nbreak', U&'\0041\0301\+01F600', '$body$', 'NaN', '-1', 'SELECT 1', 'SELECT NULL', 'SELECT 1; SELECT 2',
        'SELECT', 'DELETE FROM pg_class', 'COMMIT', 'SELECT pg_sleep(0), 1, 2', 'SELECT ''NaN''::float8, 1, 2, 3',
        'SELECT NULL::text, NULL::text', 'SELECT FROM pg_class', 'VALUES (1, 2, 3)', 'SELECT 1 / 0'])
) AS v(t, list), unnest(v.list) AS u(v);

INSERT INTO nasty_of_type
SELECT 'text'::regtype, e
FROM (VALUES ('repeat(''x'', 1000000)'), ('repeat(''/'', 63)'), ('repeat(U&''\00E9'', 64)')) AS v(e);
INSERT INTO nasty_of_type SELECT 'varchar', expr || '::varchar' FROM nasty_of_type WHERE type = 'text'::regtype;
INSERT INTO nasty_of_type SELECT 'json', expr || '::json' FROM nasty_of_type WHERE type = 'jsonb'::regtype;
INSERT INTO nasty_of_type
SELECT 'cstring', format('%L::cstring', e)
FROM (VALUES (''), ('0'), ('NaN'), ('()'), ('(1,2,3)'), ('1:'), ('1:9999999999'), ('-'), ('{'), (repeat('9', 5000)),
      ('1 1 1 1 1 1 1 1 1 1'), ('1:-1'), (repeat('(', 1000))) AS v(e);
INSERT INTO nasty_of_type
SELECT 'bytea', e
FROM (VALUES ('''''::bytea'), ('''\x00''::bytea'), ('decode(repeat(''ff'', 1000), ''hex'')'),
      ('decode(repeat(''00'', 100000), ''hex'')')) AS v(e);

-- A CRM to work on, so that calls get past the first check.
SELECT lives_ok($$SELECT sales_forecast.create_native_crm('crm')$$, 'there is a CRM');
SELECT lives_ok($$SELECT sales_forecast.connect_crm('native', 'crm', 'forecast')$$, 'it is connected');

CREATE TEMPORARY TABLE sane_by_name (name text PRIMARY KEY, expr text);
INSERT INTO sane_by_name VALUES
    ('source', $$'native'::text$$),
    ('crm_schema', $$'crm'::text$$),
    ('source_schema', $$'crm'::text$$),
    ('target_schema', $$'forecast'::text$$),
    ('query', $$'SELECT ''a''::text AS key, g % 2 = 0 AS won, ''s'' AS series, date ''2024-01-01'' + g AS at, date ''2024-06-01'' + g AS as_of, g AS value, g % 7 AS price FROM generate_series(1, 100) AS g'::text$$),
    ('holidays', $$'SELECT date ''2024-02-02'' AS at, ''x'' AS name'::text$$),
    ('calendar', $$'SELECT g AS period, date ''2024-01-01'' + 7 * g AS starts_on, date ''2024-01-07'' + 7 * g AS ends_on FROM generate_series(0, 99) AS g'::text$$),
    ('drivers', $$ARRAY['price']::text[]$$);

\ir ../sane.sql

-- Values that are typed right and still wrong.
CREATE FUNCTION pg_temp.nasty(type regtype) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    t pg_type;
BEGIN
    SELECT * INTO t FROM pg_type WHERE oid = type;
    RETURN NEXT format('NULL::%s', type);
    RETURN QUERY SELECT n.expr FROM nasty_of_type n WHERE n.type = nasty.type;
    IF t.typcategory = 'A' THEN
        RETURN NEXT format('ARRAY[]::%s', type);
        RETURN NEXT format('ARRAY[NULL]::%s', type);
        RETURN NEXT format('ARRAY[ARRAY[%1$s, %1$s], ARRAY[%1$s, NULL]]::%2$s', pg_temp.sane(t.typelem), type);
        RETURN NEXT format('array_fill(%s, ARRAY[10000])::%s', pg_temp.sane(t.typelem), type);
        RETURN QUERY SELECT format('ARRAY[%s]::%s', e, type) FROM pg_temp.nasty(t.typelem) AS e;
    ELSIF t.typtype = 'c' THEN
        RETURN QUERY
        SELECT format('ROW(%s)::%s',
                      (SELECT string_agg(CASE WHEN b.attnum = a.attnum THEN e ELSE pg_temp.sane_part(type, b.attname, b.atttypid) END, ', ' ORDER BY b.attnum)
                       FROM pg_attribute b WHERE b.attrelid = t.typrelid AND b.attnum > 0 AND NOT b.attisdropped), type)
        FROM pg_attribute a, pg_temp.nasty(a.atttypid) AS e
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped;
    ELSIF type = 'anyelement'::regtype OR type = 'record'::regtype OR type = 'anyarray'::regtype THEN
        RETURN NEXT '''x''::text';
        RETURN NEXT 'ROW()';
        RETURN NEXT 'ROW(1, 2)';
        RETURN NEXT '(SELECT r FROM (SELECT ''NaN''::float8 AS a, 1e300::numeric AS b) AS r)';
        RETURN NEXT '(SELECT r FROM (SELECT ''-Infinity''::numeric AS a, 2 AS b) AS r)';
        RETURN NEXT '(SELECT r FROM (SELECT NULL::int AS a, date ''infinity'' AS b, date ''2024-01-01'' AS as_of) AS r)';
        RETURN NEXT '(SELECT r FROM (SELECT repeat(''x'', 100000) AS a, timestamp ''294276-12-31'' AS b, date ''4713-01-01 BC'' AS as_of, ''{}''::jsonb AS fold_group) AS r)';
        RETURN NEXT 'ROW(NULL, ''NaN''::float8)';
        RETURN NEXT 'ARRAY[]::int[]';
    END IF;
END $$;

-- Every call of one function: each argument nasty while the others are sane, all nasty at once, and for functions of
-- two arguments every pair.
CREATE FUNCTION pg_temp.calls(routine regprocedure) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    p pg_proc;
    name text;
    types oid[];
    sane text[];
    args text;
BEGIN
    SELECT * INTO p FROM pg_proc WHERE oid = routine;
    name := format('%I.%I', (SELECT nspname FROM pg_namespace WHERE oid = p.pronamespace), p.proname);
    types := ARRAY(SELECT a FROM unnest(p.proargtypes) WITH ORDINALITY AS u(a, o) ORDER BY o);
    sane := ARRAY(SELECT coalesce((SELECT s.expr FROM sane_by_name s WHERE u.a IN ('text'::regtype, 'text[]'::regtype) AND s.name = p.proargnames[u.o]),
                                  pg_temp.sane(u.a))
                  FROM unnest(types) WITH ORDINALITY AS u(a, o) ORDER BY o);
    FOR args IN
        SELECT array_to_string(sane, ', ')
        UNION
        SELECT string_agg(format('NULL::%s', a::regtype), ', ' ORDER BY o) FROM unnest(types) WITH ORDINALITY AS u(a, o)
        UNION
        SELECT (SELECT string_agg(CASE WHEN i.o = j.o THEN e ELSE sane[j.o] END, ', ' ORDER BY j.o)
                FROM unnest(types) WITH ORDINALITY AS j(a, o))
        FROM unnest(types) WITH ORDINALITY AS i(a, o), pg_temp.nasty(i.a) AS e
        UNION
        SELECT e || ', ' || f
        FROM pg_temp.nasty(types[1]) AS e, pg_temp.nasty(types[2]) AS f
        WHERE cardinality(types) = 2
        UNION
        SELECT string_agg(e, ', ' ORDER BY o)
        FROM unnest(types) WITH ORDINALITY AS u(a, o),
             LATERAL (SELECT n.e, row_number() OVER () AS k FROM pg_temp.nasty(u.a) AS n(e)) AS x
        GROUP BY k HAVING count(*) = cardinality(types)
    LOOP
        IF p.prokind = 'p' THEN
            RETURN NEXT format('CALL %s(%s)', name, args);
        ELSIF p.prokind = 'a' THEN
            -- over one row, over many rows of which one is nasty, and as a moving frame
            RETURN NEXT format('SELECT (%s(%s))::text', name, args);
            RETURN NEXT format('SELECT string_agg(w::text, '','') FROM (SELECT %s(%s) OVER (ORDER BY g ROWS 1 PRECEDING) AS w FROM generate_series(1, 4) AS g) AS f',
                name, (SELECT string_agg(format('CASE g WHEN 2 THEN %s ELSE %s END', n, s), ', ' ORDER BY o)
                       FROM unnest(sane) WITH ORDINALITY AS v(s, o)
                       JOIN pg_temp.split(args, cardinality(types)) WITH ORDINALITY AS w(n, o) USING (o)));
        ELSIF p.prorettype = 'trigger'::regtype THEN
            RETURN NEXT format('SELECT %s(%s)', name, coalesce(args, ''));
        ELSE
            RETURN NEXT format('SELECT r::text FROM %s(%s) AS r', name, coalesce(args, ''));
        END IF;
    END LOOP;
END $$;

-- Argument lists back into their arguments: split at the commas that stand outside brackets and quotes.
CREATE FUNCTION pg_temp.split(args text, n int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    depth int := 0;
    quoted boolean := false;
    part text := '';
    c text;
BEGIN
    IF n <= 1 OR length(args) > 20000 THEN
        RETURN NEXT args;
        RETURN;
    END IF;
    FOREACH c IN ARRAY string_to_array(args, NULL) LOOP
        quoted := quoted <> (c = '''');
        depth := depth + CASE WHEN quoted THEN 0 WHEN c IN ('(', '[') THEN 1 WHEN c IN (')', ']') THEN -1 ELSE 0 END;
        IF c = ',' AND depth = 0 AND NOT quoted THEN
            RETURN NEXT part;
            part := '';
        ELSE
            part := part || c;
        END IF;
    END LOOP;
    RETURN NEXT part;
END $$;

CREATE TEMPORARY TABLE outcome (routine text, call text, state text, message text, seconds float8);

-- One call, undone whatever it did.
CREATE FUNCTION pg_temp.try(routine text, call text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    state text := '00000';
    message text := '';
BEGIN
    BEGIN
        EXECUTE call;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        IF SQLSTATE <> 'ZZ000' THEN
            state := SQLSTATE;
            message := SQLERRM;
        END IF;
    END;
    INSERT INTO outcome
    VALUES (routine, left(call, 300), state, left(message, 200), extract(epoch FROM clock_timestamp() - started));
END $$;

CREATE TEMPORARY TABLE target AS
SELECT p.oid::regprocedure AS routine
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND p.oid NOT IN (SELECT routine FROM excluded);

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT t.routine::text AS routine, c.call FROM target t, pg_temp.calls(t.routine) AS c(call) LOOP
        PERFORM pg_temp.try(r.routine, r.call);
    END LOOP;
END $$;

-- The text forms of our own types, cut short and with one character changed: the readers of stored bytes are the
-- first thing an attacker reaches.
DO $$
DECLARE
    t regtype;
    good text;
    i int;
BEGIN
    FOR t, good IN
        SELECT p.oid::regtype, sample
        FROM pg_depend d
        JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
        JOIN pg_type p ON d.classid = 'pg_type'::regclass AND d.objid = p.oid, pg_temp.samples(p.oid) AS sample
        WHERE d.deptype = 'e' AND p.typtype = 'b' AND p.typcategory <> 'A'
    LOOP
        EXECUTE format('SELECT (%s)::text', good) INTO good;
        PERFORM pg_temp.try(t::text, format('SELECT %L::%s::text', good, t));
        FOR i IN 0 .. least(length(good), 200) - 1 LOOP
            PERFORM pg_temp.try(t::text, format('SELECT %L::%s::text', left(good, i), t));
            PERFORM pg_temp.try(t::text, format('SELECT %L::%s::text', overlay(good PLACING '9' FROM i + 1), t));
            PERFORM pg_temp.try(t::text, format('SELECT %L::%s::text', overlay(good PLACING '-' FROM i + 1), t));
            PERFORM pg_temp.try(t::text, format('SELECT %L::%s::text', overlay(good PLACING 'f' FROM i + 1), t));
        END LOOP;
    END LOOP;
END $$;

SELECT diag(format('%s calls of %s functions and types; states: %s', sum(n), (SELECT count(DISTINCT routine) FROM outcome),
                   string_agg(format('%s x %s', state, n), ', ' ORDER BY state)))
FROM (SELECT state, count(*) AS n FROM outcome GROUP BY state) AS s;

SELECT is_empty('SELECT routine FROM target EXCEPT SELECT o.routine::regprocedure FROM outcome o WHERE o.routine LIKE ''%(%''',
    'every function was called');
SELECT is_empty(format($$SELECT state, message, seconds, call FROM outcome
    WHERE routine = %L AND (state <> '00000' AND left(state, 2) NOT IN (SELECT class FROM documented) OR seconds > 5)
    ORDER BY state LIMIT 10$$, routine), routine || ' answers or gives a documented error')
FROM (SELECT DISTINCT routine FROM outcome ORDER BY routine) AS r;

SELECT * FROM finish();
ROLLBACK;
