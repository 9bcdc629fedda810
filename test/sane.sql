-- Included by tests that call every function there is: pg_temp.sane(type) writes a value of any type as SQL.

-- A part of a row: what the constructor of that row type has as its default, where there is one.
CREATE FUNCTION pg_temp.sane_part(type regtype, part name, part_type regtype) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_proc p JOIN pg_type t ON t.typname = p.proname AND t.typnamespace = p.pronamespace AND t.oid = p.prorettype
               WHERE t.oid = type AND p.pronargdefaults = p.pronargs) THEN
        RETURN format('(%s()).%I', type, part);
    END IF;
    RETURN pg_temp.sane(part_type);
END $$;

-- A value that a sane caller would give.
CREATE FUNCTION pg_temp.sane(type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t pg_type;
    known text;
    maker record;
BEGIN
    SELECT * INTO t FROM pg_type WHERE oid = type;
    known := CASE format_type(type, NULL)
        WHEN 'double precision' THEN '0.25::float8'
        WHEN 'numeric' THEN '0.25::numeric'
        WHEN 'text' THEN '''forecast''::text'
        WHEN 'date' THEN 'date ''2024-06-30'''
        WHEN 'jsonb' THEN '''{}''::jsonb'
        WHEN 'json' THEN '''{}''::json'
        WHEN 'boolean' THEN 'true'
        WHEN 'cstring' THEN '''0''::cstring'
        WHEN 'internal' THEN 'NULL'
        WHEN 'anyelement' THEN '1'
        WHEN 'anyarray' THEN 'ARRAY[1, 2]'
        WHEN 'record' THEN '(SELECT r FROM (SELECT 1 AS a, 2 AS b) AS r)'
        WHEN 'sales_forecast.close_model' THEN '(SELECT sales_forecast.fit_close_model((ARRAY[''won'', ''lost'', ''open''])[1 + g % 3], g % 30, r, sales_forecast.close_options(force => true)) FROM generate_series(1, 60) AS g, LATERAL (SELECT g % 7 AS a, g AS b) AS r)'
        WHEN 'sales_forecast.win_model' THEN '(SELECT sales_forecast.fit_win_model(g % 3 = 0, r, sales_forecast.win_options(algorithm => ''logistic'', force => true)) FROM generate_series(1, 60) AS g, LATERAL (SELECT g % 7 AS a, g AS b) AS r)'
    END;
    IF known IS NOT NULL THEN
        RETURN known;
    ELSIF t.typcategory = 'A' THEN
        RETURN format('ARRAY[%s]::%s', pg_temp.sane(t.typelem), type);
    ELSIF t.typtype = 'c' THEN
        RETURN (SELECT format('ROW(%s)::%s', string_agg(pg_temp.sane_part(type, attname, atttypid), ', ' ORDER BY attnum), type)
                FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped);
    ELSIF t.typtype = 'e' THEN
        RETURN (SELECT format('%L::%s', min(enumlabel), type) FROM pg_enum WHERE enumtypid = type);
    ELSIF t.typtype = 'd' THEN
        RETURN format('%s::%s', pg_temp.sane(t.typbasetype), type);
    END IF;
    -- A type of our own: what an aggregate that has it as its state starts with, or what one that returns it gives.
    SELECT a.agginitval INTO known FROM pg_aggregate a WHERE a.aggtranstype = type AND a.agginitval IS NOT NULL LIMIT 1;
    IF FOUND THEN
        RETURN format('%L::%s', known, type);
    END IF;
    SELECT p.oid, p.proargtypes, p.proname, n.nspname INTO maker
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind = 'a' AND p.prorettype = type AND NOT type = ANY (p.proargtypes)
    ORDER BY p.pronargs DESC, p.oid LIMIT 1;
    IF FOUND THEN
        RETURN (SELECT format('(SELECT %I.%I(%s) FROM generate_series(1, 3))', maker.nspname, maker.proname,
                              string_agg(pg_temp.sane(a), ', ' ORDER BY o))
                FROM unnest(maker.proargtypes) WITH ORDINALITY AS u(a, o));
    END IF;
    RETURN format('%L::%s', '1', type);
END $$;

-- Several good values of a type of ours: small and large ones from every aggregate that returns it.
CREATE FUNCTION pg_temp.samples(type regtype) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_temp.sane(type)
    UNION
    SELECT format('(SELECT %I.%I(%s) FROM generate_series(1, %s) AS g)', n.nspname, p.proname,
                  (SELECT string_agg(CASE WHEN o = 1 AND a IN ('float8'::regtype, 'numeric'::regtype) THEN format('g::%s', a::regtype)
                                          ELSE pg_temp.sane(a) END, ', ' ORDER BY o)
                   FROM unnest(p.proargtypes) WITH ORDINALITY AS u(a, o)), deals)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, unnest(ARRAY[1, 7, 60]) AS deals
    WHERE p.prokind = 'a' AND p.prorettype = type AND NOT type = ANY (p.proargtypes) AND NOT 'record'::regtype = ANY (p.proargtypes)
$$;
