-- connect_crm: read the mapping, list everything that is wrong with it at once, and only then write the views.
--
-- There is one road for every source: an adapter is a mapping (jsonb) from the contract to SQL expressions.  The native
-- adapter builds its mapping from the contract; the generic one takes it from the caller.  All functions run as the
-- caller, so an expression in a mapping can read only what the caller may read.  Names in it are looked up in the source
-- schema, so connect only a schema whose owner you trust.
--
-- Views are written with CREATE OR REPLACE: the columns are fixed by the contract, so connecting again replaces the
-- views in place and keeps grants and whatever was built on them.  A relation that we did not write, told by its
-- comment, is never replaced.

/* -------- the mapping -------- */

CREATE FUNCTION @extschema@.native_mapping()
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT jsonb_build_object(
    'time_zone', 'UTC',
    'probability_unit', 'fraction',
    'stage_is_foreign_key', true,
    'change_fields', '["amount", "currency", "expected_close_on", "owner_id", "team_id", "region", "department", "product_id", "process_id", "probability_stated", "status", "closed_at", "lost_reason", "forecast_category", "priority"]'::jsonb,
    'relations', jsonb_object_agg(r.relation, jsonb_build_object('from', r.source, 'columns', r.columns)))
FROM (SELECT c.relation,
             CASE c.relation WHEN 'stage' THEN 'sales_process_step' WHEN 'owner' THEN 'employee' ELSE c.relation END AS source,
             jsonb_object_agg(c.column_name,
                              CASE WHEN c.column_name = 'change_order' THEN c.relation || '_id'
                                   -- a stage without a process is one that nobody knows any more
                                   WHEN c.column_name = 'status' AND c.relation = 'opportunity'
                                   THEN 'CASE WHEN status = ''open'' AND process_id IS NULL AND stage_id IS NOT NULL THEN NULL ELSE status END'
                                   ELSE c.column_name END) AS columns
      FROM @extschema@.crm_columns() c
      WHERE c.relation <> 'crm_source' AND (c.relation, c.column_name) <> ('stage', 'is_lost')
      GROUP BY c.relation) r;
END;
COMMENT ON FUNCTION @extschema@.native_mapping() IS
'The mapping of the native CRM to the contract, in the form connect_crm takes for a generic source: a starting point for your own. Never NULL.';

CREATE FUNCTION @extschema@.crm_mapping_problems(mapping jsonb)
RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
WITH relation AS (
    SELECT r.key AS relation, r.value
    FROM jsonb_each(CASE jsonb_typeof(mapping -> 'relations') WHEN 'object' THEN mapping -> 'relations' ELSE '{}' END) r
), col AS (
    SELECT r.relation, c.key AS column_name, c.value
    FROM relation r,
         jsonb_each(CASE jsonb_typeof(r.value -> 'columns') WHEN 'object' THEN r.value -> 'columns' ELSE '{}' END) c
)
SELECT format('"%s" is not a part of a mapping; known are time_zone, currency, probability_unit, change_fields, stage_is_foreign_key, status and relations', k)
FROM jsonb_object_keys(mapping) k
WHERE k NOT IN ('time_zone', 'currency', 'probability_unit', 'change_fields', 'stage_is_foreign_key', 'status', 'relations')
UNION ALL
SELECT format('time_zone %s is not a time zone of this server', mapping -> 'time_zone')
WHERE mapping ? 'time_zone'
  AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(mapping ->> 'time_zone'))
UNION ALL
SELECT format('currency %s is not three capital letters', mapping -> 'currency')
WHERE mapping ? 'currency' AND (mapping ->> 'currency' ~ '^[A-Z]{3}$') IS NOT TRUE
UNION ALL
SELECT format('probability_unit %s is neither "fraction" nor "percent"', mapping -> 'probability_unit')
WHERE mapping ? 'probability_unit' AND (mapping ->> 'probability_unit' IN ('fraction', 'percent')) IS NOT TRUE
UNION ALL
SELECT 'probability_unit is missing although a probability is mapped: say "fraction" or "percent"'
WHERE NOT mapping ? 'probability_unit'
  AND EXISTS (SELECT FROM col WHERE column_name IN ('probability', 'probability_stated'))
UNION ALL
SELECT format('stage_is_foreign_key %s is neither true nor false', mapping -> 'stage_is_foreign_key')
WHERE mapping ? 'stage_is_foreign_key' AND jsonb_typeof(mapping -> 'stage_is_foreign_key') <> 'boolean'
UNION ALL
SELECT format('change_fields %s is not a list of columns of opportunity', mapping -> 'change_fields')
WHERE mapping ? 'change_fields'
  AND (jsonb_typeof(mapping -> 'change_fields') <> 'array'
       OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(mapping -> 'change_fields') WHEN 'array' THEN mapping -> 'change_fields' ELSE '[]' END) f
                  WHERE NOT EXISTS (SELECT FROM @extschema@.crm_columns() c
                                    WHERE c.relation = 'opportunity' AND c.column_name = f #>> '{}')))
UNION ALL
SELECT format('status "%s" is mapped to %s; allowed are "open", "won" and "lost"', s.key, s.value)
FROM jsonb_each(CASE jsonb_typeof(mapping -> 'status') WHEN 'object' THEN mapping -> 'status' ELSE '{}' END) s
WHERE (s.value #>> '{}' IN ('open', 'won', 'lost')) IS NOT TRUE
UNION ALL
SELECT format('"%s" is not an object', k) FROM unnest('{status,relations}'::text[]) k
WHERE mapping ? k AND jsonb_typeof(mapping -> k) <> 'object'
UNION ALL
SELECT 'relations.opportunity is missing' WHERE NOT EXISTS (SELECT FROM relation WHERE relation.relation = 'opportunity')
UNION ALL
SELECT format('"%s" is not a relation of the contract', r.relation) FROM relation r
WHERE r.relation = 'crm_source' OR r.relation NOT IN (SELECT c.relation FROM @extschema@.crm_relations() c)
UNION ALL
SELECT format('relations.%s needs "from", a text, and "columns", an object, and may have "where", a text', r.relation)
FROM relation r
WHERE jsonb_typeof(r.value) <> 'object' OR (jsonb_typeof(r.value -> 'from') = 'string') IS NOT TRUE
   OR (jsonb_typeof(r.value -> 'columns') = 'object') IS NOT TRUE
   OR coalesce(jsonb_typeof(r.value -> 'where') <> 'string', false)
   OR (jsonb_typeof(r.value) = 'object' AND r.value - '{from,columns,where}'::text[] <> '{}')
UNION ALL
SELECT format('%s.%s is not a column of the contract', c.relation, c.column_name) FROM col c
WHERE c.relation IN (SELECT r.relation FROM @extschema@.crm_relations() r)
  AND NOT EXISTS (SELECT FROM @extschema@.crm_columns() k WHERE (k.relation, k.column_name) = (c.relation, c.column_name))
UNION ALL
SELECT format('%s.%s is %s; write the SQL expression as a text', c.relation, c.column_name, c.value) FROM col c
WHERE jsonb_typeof(c.value) <> 'string' OR c.value #>> '{}' ~ '^\s*$'
UNION ALL
SELECT format('%s.%s must be mapped', k.relation, k.column_name)
FROM @extschema@.crm_columns() k JOIN relation r USING (relation)
WHERE k.required AND NOT EXISTS (SELECT FROM col c WHERE (c.relation, c.column_name) = (k.relation, k.column_name))
UNION ALL
SELECT 'opportunity.status must be mapped, or opportunity.stage_id together with stage.is_won or stage.is_lost'
WHERE EXISTS (SELECT FROM relation WHERE relation.relation = 'opportunity')
  AND NOT EXISTS (SELECT FROM col WHERE relation = 'opportunity' AND column_name = 'status')
  AND NOT (EXISTS (SELECT FROM col WHERE relation = 'opportunity' AND column_name = 'stage_id')
           AND EXISTS (SELECT FROM col WHERE relation = 'stage' AND column_name IN ('is_won', 'is_lost')))
UNION ALL
SELECT '"status" is given but opportunity.status is not mapped'
WHERE mapping ? 'status' AND NOT EXISTS (SELECT FROM col WHERE relation = 'opportunity' AND column_name = 'status')
UNION ALL
SELECT '"status" is empty' WHERE mapping -> 'status' = '{}'
UNION ALL
SELECT 'process_id must be mapped for both opportunity and stage or for neither'
WHERE EXISTS (SELECT FROM relation WHERE relation.relation = 'stage')
  AND 1 = (SELECT count(*) FROM col WHERE relation IN ('opportunity', 'stage') AND column_name = 'process_id')
$$;
COMMENT ON FUNCTION @extschema@.crm_mapping_problems(jsonb) IS
'What is wrong with the form of a mapping, one text per problem, before any table is looked at; no rows when nothing is. NULL gives no rows.';

/* -------- looking at the source -------- */

-- A cursor takes exactly one SELECT: text that smuggles in a second statement is refused before it runs.
CREATE FUNCTION @extschema@.crm_probe(
    source_schema text, from_item text, expression text, OUT type regtype, OUT problem text, OUT code text)
RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c refcursor;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', source_schema), true);
    OPEN c FOR EXECUTE format(E'SELECT pg_catalog.pg_typeof((SELECT (%s\n) FROM %s\nLIMIT 0))', expression, from_item);
    FETCH c INTO type;
    CLOSE c;
    WHILE EXISTS (SELECT FROM pg_type t WHERE t.oid = type AND t.typtype = 'd') LOOP
        type := (SELECT t.typbasetype FROM pg_type t WHERE t.oid = type);
    END LOOP;
EXCEPTION
    WHEN OTHERS THEN
        problem := SQLERRM;
        code := SQLSTATE;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_probe(text, text, text) IS
'Type of an expression over a FROM item, with names looked up in source_schema, or the problem and its SQLSTATE. Reads no row. Runs with the rights of the caller.';

CREATE FUNCTION @extschema@.crm_from_item(
    source_schema text, written text, OUT from_item text, OUT problem text, OUT code text)
RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    from_item := written;
    SELECT p.problem, p.code INTO problem, code FROM @extschema@.crm_probe(source_schema, from_item, 'true') p;
    IF code = '42601' AND written ~ '^\s*\(.*\)\s*$' THEN
        from_item := written || E'\nAS source';      -- before version 16 a subquery must have a name
        SELECT p.problem, p.code INTO problem, code FROM @extschema@.crm_probe(source_schema, from_item, 'true') p;
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_from_item(text, text) IS
'The FROM item of a mapping in a form the server accepts, or the problem with it and its SQLSTATE.';

CREATE FUNCTION @extschema@.crm_conversion(expression text, source_type regtype, target_type text, time_zone text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
    WHEN target_type = 'text' THEN format(E'(%s\n)::text', expression)
    WHEN target_type IN ('numeric', 'double precision', 'integer', 'bigint')
         AND source_type IN ('int2'::regtype, 'int4', 'int8', 'numeric', 'float4', 'float8')
        THEN format(E'(%s\n)::%s', expression, target_type)
    WHEN target_type = 'numeric' AND source_type = 'money'::regtype THEN format(E'(%s\n)::numeric', expression)
    WHEN target_type = 'boolean' AND source_type = 'bool'::regtype THEN format(E'(%s\n)', expression)
    WHEN target_type = 'timestamp with time zone' THEN
        CASE source_type
            WHEN 'timestamptz'::regtype THEN format(E'(%s\n)', expression)
            WHEN 'timestamp'::regtype THEN format(E'((%s\n) AT TIME ZONE %L::text)', expression, time_zone)
            -- Noon keeps the day the same day for readers 12 hours to the west and 11 to the east.
            WHEN 'date'::regtype THEN format(E'(((%s\n) + time ''12:00'') AT TIME ZONE %L::text)', expression, time_zone)
        END
    WHEN target_type = 'date' THEN
        CASE source_type
            WHEN 'date'::regtype THEN format(E'(%s\n)', expression)
            WHEN 'timestamp'::regtype THEN format(E'(%s\n)::date', expression)
            WHEN 'timestamptz'::regtype THEN format(E'((%s\n) AT TIME ZONE %L::text)::date', expression, time_zone)
        END
END
$$;
COMMENT ON FUNCTION @extschema@.crm_conversion(text, regtype, text, text) IS
'SQL that brings an expression of source_type to a type of the contract, or NULL when there is no conversion that cannot misread it (a text is never guessed to be a number or a time). Times without zone are read in time_zone, a mere day as 12:00. NULL for a NULL argument.';

CREATE FUNCTION @extschema@.crm_resolve(source_schema text, mapping jsonb)
RETURNS TABLE (relation text, "position" int, column_name text, expression text, from_item text,
               zoneless boolean, problem text, code text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 140
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone text := coalesce(mapping ->> 'time_zone', 'UTC');
    m record;
    source record;
    col record;
    probe record;
    faulty boolean;
BEGIN
    FOR m IN SELECT r.relation, mapping #> ARRAY['relations', r.relation] AS body
             FROM @extschema@.crm_relations() r
             WHERE mapping -> 'relations' ? r.relation ORDER BY r."position"
    LOOP
        source := @extschema@.crm_from_item(source_schema, m.body ->> 'from');
        faulty := false;
        relation := m.relation;
        from_item := source.from_item;
        IF source.problem IS NOT NULL THEN
            "position" := 0;
            column_name := NULL; expression := NULL;
            problem := source.problem; code := source.code;
            RETURN NEXT;
            CONTINUE;
        END IF;
        FOR col IN SELECT c."position", c.column_name, c.type, w.written
                   FROM @extschema@.crm_columns() c,
                        LATERAL (SELECT m.body #>> ARRAY['columns', c.column_name]) w (written)
                   WHERE c.relation = m.relation AND w.written IS NOT NULL
                   UNION ALL
                   SELECT 0, 'where', 'boolean', m.body ->> 'where' WHERE m.body ? 'where'
                   ORDER BY 1
        LOOP
            probe := @extschema@.crm_probe(source_schema, from_item, col.written);
            "position" := col."position";
            column_name := col.column_name;
            expression := @extschema@.crm_conversion(col.written, probe.type, col.type, zone);
            zoneless := col.type = 'timestamp with time zone' AND probe.type IN ('timestamp'::regtype, 'date');
            problem := probe.problem;
            code := probe.code;
            IF problem IS NULL AND expression IS NULL THEN
                problem := format('%s is of type %s and cannot be read as %s', col.written, probe.type, col.type);
                code := '42804';
            END IF;
            faulty := faulty OR problem IS NOT NULL;
            RETURN NEXT;
        END LOOP;
        -- Each by itself is right; together they may not be: an aggregate, a set, a FROM item with a WHERE of its own.
        IF NOT faulty THEN
            probe := @extschema@.crm_probe(source_schema, from_item || E'\nWHERE (' || coalesce(m.body ->> 'where', 'true') || E'\n)',
                (SELECT 'ROW(' || string_agg(format(E'CASE WHEN true THEN (%s\n) END', c.value), ', ') || ')'
                 FROM jsonb_each_text(m.body -> 'columns') c));
            IF probe.problem IS NOT NULL THEN
                "position" := 0; column_name := NULL; expression := NULL; zoneless := NULL;
                problem := probe.problem; code := probe.code;
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_resolve(text, jsonb) IS
'One row per mapped column (position 0: the FROM item or the WHERE condition): the SQL that reads it, whether the source type lacks a time zone, or the problem and its SQLSTATE. Reads no row of the source.';

/* -------- from expressions to views -------- */

CREATE FUNCTION @extschema@.crm_status_expression(
    mapping jsonb, target_schema text, status text, process_id text, stage_id text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stage_key text := format('(coalesce(%s, ''''), %s)', coalesce(process_id, 'NULL::text'), stage_id);
    stages text := format('(SELECT coalesce(s.process_id, ''''), s.stage_id FROM %I.stage s WHERE s.stage_id IS NOT NULL', target_schema);
    known text;
BEGIN
    IF status IS NULL THEN
        RETURN format('CASE WHEN %1$s IN %2$s AND s.is_won) THEN ''won'' WHEN %1$s IN %2$s AND s.is_lost) THEN ''lost''
             WHEN %1$s IN %2$s) THEN ''open'' END', stage_key, stages);
    END IF;
    known := CASE WHEN mapping ? 'status'
        THEN format('CASE %s %s END', status,
                    (SELECT string_agg(format('WHEN %L THEN %L', s.key, s.value #>> '{}'), ' ' ORDER BY s.key)
                     FROM jsonb_each(mapping -> 'status') s))
        ELSE format('CASE WHEN %1$s IN (''open'', ''won'', ''lost'') THEN %1$s END', status) END;
    IF mapping @> '{"stage_is_foreign_key": true}' OR stage_id IS NULL OR NOT mapping -> 'relations' ? 'stage' THEN
        RETURN known;
    END IF;
    -- An open deal in a stage nobody knows is not open: it is unknown.
    RETURN format('CASE WHEN %1$s <> ''open'' OR %2$s IS NULL OR %3$s IN %4$s) THEN %1$s END',
                  known, stage_id, stage_key, stages);
END
$$;
COMMENT ON FUNCTION @extschema@.crm_status_expression(jsonb, text, text, text, text) IS
'SQL for opportunity.status: the mapped value, or what the stage says when none is mapped; NULL for a value the mapping does not know and for an open deal in a stage that the relation stage does not have. status, process_id and stage_id are the expressions of these columns or NULL.';

CREATE FUNCTION @extschema@.crm_expressions(source_schema text, target_schema text, mapping jsonb)
RETURNS TABLE (relation text, "position" int, column_name text, type text, expression text, from_item text,
               mapped boolean, zoneless boolean, problem text, code text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 140
SET search_path = pg_catalog, pg_temp
AS $$
WITH resolved AS MATERIALIZED (
    SELECT * FROM @extschema@.crm_resolve(source_schema, mapping)
), field AS (       -- the expression in which opportunity_change names the changed column
    SELECT r.expression FROM resolved r WHERE r.relation = 'opportunity_change' AND r.column_name = 'field'
), status AS (
    SELECT @extschema@.crm_status_expression(mapping, target_schema,
               max(r.expression) FILTER (WHERE r.column_name = 'status'),
               max(r.expression) FILTER (WHERE r.column_name = 'process_id'),
               max(r.expression) FILTER (WHERE r.column_name = 'stage_id')) AS expression
    FROM resolved r WHERE r.relation = 'opportunity'
), adapted AS (
    SELECT c.relation, c."position", c.column_name, c.type,
           coalesce(r.zoneless, false) AS zoneless, r.problem, r.code,
           CASE WHEN r.problem IS NOT NULL THEN NULL
                WHEN (c.relation, c.column_name) = ('opportunity', 'status')
                    THEN (SELECT s.expression FROM status s)
                WHEN c.column_name = 'currency' AND c.relation <> 'exchange_rate' AND mapping ? 'currency'
                     AND mapping -> 'relations' ? c.relation
                    THEN format('coalesce(%s, %L)', coalesce(r.expression, 'NULL::text'), mapping ->> 'currency')
                WHEN mapping ->> 'probability_unit' = 'percent' AND c.column_name IN ('probability', 'probability_stated')
                    THEN r.expression || ' / 100::double precision'
                WHEN mapping ->> 'probability_unit' = 'percent' AND c.relation = 'opportunity_change'
                     AND c.column_name IN ('old_value', 'new_value') AND r.expression IS NOT NULL
                    THEN format('CASE WHEN %1$s <> ''probability_stated'' THEN %2$s
                          WHEN %2$s ~ ''^[0-9]+([.][0-9]+)?$'' THEN (%2$s::double precision / 100::double precision)::text END',
                                (SELECT f.expression FROM field f), r.expression)
                ELSE r.expression
           END AS expression
    FROM @extschema@.crm_columns() c
    LEFT JOIN resolved r ON (r.relation, r."position") = (c.relation, c."position")
)
SELECT a.relation, a."position", a.column_name, a.type,
       format('(%s)::%s', coalesce(a.expression, 'NULL'), a.type),
       (SELECT min(f.from_item) FROM resolved f WHERE f.relation = a.relation),
       a.expression IS NOT NULL, a.zoneless, a.problem, a.code
FROM adapted a
WHERE a.relation <> 'crm_source'
UNION ALL
SELECT r.relation, 0, coalesce(r.column_name, 'from'), 'boolean', r.expression, r.from_item, false, false, r.problem, r.code
FROM resolved r WHERE r."position" = 0
$$;
COMMENT ON FUNCTION @extschema@.crm_expressions(text, text, jsonb) IS
'One row per column of the contract, mapped or not: the SQL that gives it its type and unit, or the problem and its SQLSTATE; position 0 is the WHERE condition or a FROM item that could not be read.';

CREATE FUNCTION @extschema@.crm_written_comment(description text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN description || ' (written by sales_forecast)';
COMMENT ON FUNCTION @extschema@.crm_written_comment(text) IS
'The comment by which connect_crm and create_forecast_views know their own views and functions again. NULL for NULL.';

CREATE FUNCTION @extschema@.crm_target_problems(target_schema text, names text[])
RETURNS TABLE (problem text, code text)
LANGUAGE sql STABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%I.%I exists and was not written by sales_forecast', target_schema, c.relname), '42P07'
FROM pg_class c
WHERE c.relnamespace = to_regnamespace(quote_ident(target_schema)) AND c.relname = ANY (names)
  AND (c.relkind <> 'v' OR (obj_description(c.oid, 'pg_class') LIKE @extschema@.crm_written_comment('%')) IS NOT TRUE)
UNION ALL
SELECT format('%I.%I belongs to %I', target_schema, c.relname, pg_get_userbyid(c.relowner)), '42501'
FROM pg_class c
WHERE c.relnamespace = to_regnamespace(quote_ident(target_schema)) AND c.relname = ANY (names)
  AND c.relkind = 'v' AND pg_get_userbyid(c.relowner) <> current_user
  AND obj_description(c.oid, 'pg_class') LIKE @extschema@.crm_written_comment('%')
UNION ALL
SELECT format('%I.%I() exists and was not written by sales_forecast for its caller', target_schema, p.proname), '42723'
FROM pg_proc p
WHERE p.pronamespace = to_regnamespace(quote_ident(target_schema))
  AND (p.proname, p.pronargs) IN (('as_of', 0), ('opportunity_at', 1), ('stage_rates', 0), ('stage_paths', 0),
                                    ('closed_stage_paths', 0), ('stage_stays', 0), ('won_by_month', 1), ('revenue_forecasts', 2),
                                    ('deal_snapshots', 2), ('deal_predictions', 2))
  AND (pg_get_userbyid(p.proowner) <> current_user
       OR (obj_description(p.oid, 'pg_proc') LIKE @extschema@.crm_written_comment('%')) IS NOT TRUE)
UNION ALL   -- a function or operator that fits its arguments better than the built-in one would be taken for it
SELECT format('%I.%s belongs to %I: it could be taken for a built-in of that name', target_schema, f.name, pg_get_userbyid(f.owner)), '42501'
FROM (SELECT p.proname::text AS name, p.proowner AS owner, p.pronamespace AS namespace FROM pg_proc p
      UNION ALL SELECT o.oprname, o.oprowner, o.oprnamespace FROM pg_operator o) f
WHERE f.namespace = to_regnamespace(quote_ident(target_schema)) AND pg_get_userbyid(f.owner) <> current_user
  AND f.name <> ALL ('{as_of,opportunity_at,stage_rates,stage_paths,closed_stage_paths,stage_stays,won_by_month,revenue_forecasts,deal_snapshots,deal_predictions}')
$$;
COMMENT ON FUNCTION @extschema@.crm_target_problems(text, text[]) IS
'Which of the names are taken in the schema by something that is not ours to replace, and why, with an SQLSTATE each; no rows when none is or an argument is NULL.';

CREATE FUNCTION @extschema@.crm_check_schema_names(source_schema text, target_schema text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF source_schema IS NULL OR target_schema IS NULL THEN
        RAISE EXCEPTION 'source and target schema must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF to_regnamespace(quote_ident(source_schema)) IS NULL THEN
        RAISE EXCEPTION 'schema "%" does not exist', source_schema USING ERRCODE = 'invalid_schema_name';
    END IF;
    IF target_schema IN ('', source_schema, '@extschema@', 'information_schema') OR target_schema ~ '^pg_'
       OR octet_length(target_schema) > 63 THEN
        RAISE EXCEPTION 'the views cannot be written to schema "%"%', target_schema,
              CASE WHEN octet_length(target_schema) > 63 THEN ', a name longer than 63 bytes' ELSE '' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Name a schema for the views alone, such as "forecast"; it is created when missing.';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_check_schema_names(text, text) IS
'Error 22004 for NULL, 3F000 for a source schema that does not exist, 22023 for a target schema that is empty, the source, the schema of the extension or of the system, or longer than 63 bytes.';

CREATE FUNCTION @extschema@.crm_raise_problems(subject text, problems text[], codes text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_code text;
BEGIN
    IF cardinality(problems) > 0 THEN
        SELECT c INTO first_code FROM unnest(codes) c
        ORDER BY array_position('{22023,42P01,42703,42804}', c), c LIMIT 1;
        RAISE EXCEPTION '%: % % found, nothing was changed', subject, cardinality(problems),
              CASE cardinality(problems) WHEN 1 THEN 'problem' ELSE 'problems' END
            USING ERRCODE = first_code, DETAIL = array_to_string(problems, E'\n');
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_raise_problems(text, text[], text[]) IS
'One error that lists all problems in its detail; its SQLSTATE is the first of 22023, 42P01, 42703, 42804 that occurs, else one of the codes given. Silent when there are none.';

CREATE FUNCTION @extschema@.crm_write_view(source_schema text, target_schema text, relation text, query text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', source_schema), true);
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS %s', target_schema, relation, query);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', target_schema, relation,
                   (SELECT @extschema@.crm_written_comment(r.description) FROM @extschema@.crm_relations() r
                    WHERE r.relation = crm_write_view.relation));
    FOR col IN SELECT c.column_name, c.description FROM @extschema@.crm_columns() c WHERE c.relation = crm_write_view.relation
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', target_schema, relation, col.column_name, col.description);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.crm_write_view(text, text, text, text) IS
'Write or replace one view of the contract with its comments; unqualified names in the query are looked up in source_schema.';

CREATE FUNCTION @extschema@.refuse_moment(moment text)
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'sales_forecast.as_of cannot be %', coalesce('"' || moment || '"', 'null')
        USING ERRCODE = 'datetime_field_overflow',
              HINT = 'Set a moment such as 2025-06-30 24:00+00, or RESET sales_forecast.as_of to look from now.';
END
$$;
COMMENT ON FUNCTION @extschema@.refuse_moment(text) IS
'Error 22008 for a moment that the forecast views cannot look from. Part of as_of(); always an error.';

CREATE FUNCTION @extschema@.crm_write_as_of(target_schema text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', target_schema), true);
    CREATE OR REPLACE FUNCTION as_of() RETURNS timestamptz
        LANGUAGE sql STABLE PARALLEL SAFE
        RETURN CASE WHEN isfinite(nullif(current_setting('sales_forecast.as_of', true), '')::timestamptz) IS NOT FALSE
                    THEN coalesce(nullif(current_setting('sales_forecast.as_of', true), '')::timestamptz, now())
                    ELSE sales_forecast.refuse_moment(current_setting('sales_forecast.as_of', true)) END;
    EXECUTE format('COMMENT ON FUNCTION as_of() IS %L', @extschema@.crm_written_comment(
        'The moment the forecast views look from: the session setting sales_forecast.as_of, read in the time zone of the session when it states none, or now() when it is not set or empty. 22007 when it is no moment, 22008 when it is infinite or out of range.'));
END
$$;
COMMENT ON FUNCTION @extschema@.crm_write_as_of(text) IS
'Write or replace the function as_of() in the target schema. NULL does nothing.';

CREATE FUNCTION @extschema@.connect_crm(
    source text, source_schema text, target_schema text DEFAULT 'forecast', mapping jsonb DEFAULT NULL)
RETURNS TABLE (relation text, read_from text, mapped_columns int, contract_columns int, missing_columns text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m jsonb := mapping;
    found jsonb;        -- rows of crm_expressions, kept while the views are written
    problems text[];
    codes text[];
    logged text[];
    view record;
BEGIN
    IF source IS NULL OR source NOT IN ('native', 'generic') THEN
        RAISE EXCEPTION 'source % is not known', coalesce('"' || source || '"', 'null')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Known sources are "native" and "generic".';
    END IF;
    PERFORM @extschema@.crm_check_schema_names(source_schema, target_schema);
    IF (source = 'native') <> (mapping IS NULL) OR jsonb_typeof(mapping) <> 'object' THEN
        RAISE EXCEPTION 'source "%" % a mapping', source,
              CASE source WHEN 'native' THEN 'does not take' ELSE 'needs an object as' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The mapping of the native CRM, sales_forecast.native_mapping(), shows the form.';
    END IF;
    IF source = 'native' THEN
        m := @extschema@.native_mapping();
    END IF;

    problems := ARRAY(SELECT @extschema@.crm_mapping_problems(m));
    PERFORM @extschema@.crm_raise_problems('the mapping is not valid', problems, '{22023}');

    found := (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.relation, e."position")
              FROM @extschema@.crm_expressions(source_schema, target_schema, m) e);
    SELECT array_agg(format('%s.%s: %s', e.relation, e.column_name, e.problem) ORDER BY r."position", e."position"),
           array_agg(e.code)
      INTO problems, codes
      FROM jsonb_to_recordset(found) e (relation text, "position" int, column_name text, problem text, code text)
      JOIN @extschema@.crm_relations() r USING (relation)
     WHERE e.problem IS NOT NULL;
    PERFORM @extschema@.crm_raise_problems(format('the mapping does not fit schema "%s"', source_schema), problems, codes);

    SELECT array_agg(p.problem ORDER BY p.problem), array_agg(p.code) INTO problems, codes
      FROM @extschema@.crm_target_problems(target_schema, ARRAY(
               SELECT r.relation FROM @extschema@.crm_relations() r
               UNION ALL SELECT v.view_name FROM @extschema@.forecast_view_descriptions() v)) p;
    PERFORM @extschema@.crm_raise_problems(format('the views cannot be written to schema "%s"', target_schema), problems, codes);

    IF to_regnamespace(quote_ident(target_schema)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', target_schema);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', target_schema, 'CRM contract and forecast views of sales_forecast.');
    END IF;
    -- Stages first: the status of an opportunity looks at them.
    FOR view IN
        SELECT r.relation, min(e.from_item) AS from_item,
               string_agg(format('%s AS %I', e.expression, e.column_name), E',\n' ORDER BY e."position")
                   FILTER (WHERE e."position" > 0) AS columns,
               max(e.expression) FILTER (WHERE e."position" = 0) AS condition,
               count(*) FILTER (WHERE e.mapped) AS mapped,
               count(*) FILTER (WHERE e."position" > 0) AS wanted,
               string_agg(e.column_name, ', ' ORDER BY e."position") FILTER (WHERE NOT e.mapped AND e."position" > 0) AS missing
        FROM jsonb_to_recordset(found) e (relation text, "position" int, column_name text, expression text, from_item text, mapped boolean)
        JOIN @extschema@.crm_relations() r USING (relation)
        GROUP BY r.relation, r."position"
        ORDER BY r.relation <> 'stage', r."position"
    LOOP
        PERFORM @extschema@.crm_write_view(source_schema, target_schema, view.relation,
            E'SELECT\n' || view.columns || coalesce(E'\nFROM ' || view.from_item || E'\nWHERE ' || coalesce(view.condition, 'true'),
                                                    E'\nWHERE false'));
        relation := view.relation;
        read_from := regexp_replace(view.from_item, E'\nAS source$', '');
        mapped_columns := view.mapped;
        contract_columns := view.wanted;
        missing_columns := view.missing;
        RETURN NEXT;
    END LOOP;

    IF m ? 'change_fields' THEN
        logged := ARRAY(SELECT jsonb_array_elements_text(m -> 'change_fields'));
    ELSE
        EXECUTE format('SELECT array_agg(DISTINCT c.field) FROM %I.opportunity_change c
                        WHERE c.field IN (SELECT k.column_name FROM @extschema@.crm_columns() k WHERE k.relation = ''opportunity'')',
                       target_schema) INTO logged;
    END IF;
    PERFORM @extschema@.crm_write_view(source_schema, target_schema, 'crm_source', format(
        'SELECT %L::text AS source, %L::text AS source_schema, %L::boolean AS has_stage_history,
                %L::boolean AS has_change_history, %L::timestamptz AS connected_at, %L::text AS connected_by,
                %L::text[] AS change_fields, %L::text[] AS mapped_columns, %L::text[] AS zoneless_columns,
                %L::text AS time_zone, %L::text AS currency, %L::text AS probability_unit',
        source, source_schema, m -> 'relations' ? 'stage_change', m -> 'relations' ? 'opportunity_change',
        now(), current_user,
        CASE WHEN m -> 'relations' ? 'opportunity_change' THEN coalesce(logged, '{}') ELSE '{}' END,
        ARRAY(SELECT e.relation || '.' || e.column_name
              FROM jsonb_to_recordset(found) e (relation text, "position" int, column_name text, mapped boolean)
              WHERE e.mapped ORDER BY e.relation, e."position"),
        ARRAY(SELECT e.relation || '.' || e.column_name
              FROM jsonb_to_recordset(found) e (relation text, "position" int, column_name text, zoneless boolean)
              WHERE e.zoneless ORDER BY e.relation, e."position"),
        coalesce(m ->> 'time_zone', 'UTC'), m ->> 'currency', coalesce(m ->> 'probability_unit', 'fraction')));
    PERFORM @extschema@.create_forecast_views(target_schema);
END
$$;
COMMENT ON FUNCTION @extschema@.connect_crm(text, text, text, jsonb) IS
'Write the views of the CRM contract over the tables of a CRM, and the forecast views on top of them, into target_schema, which is created when missing, and return one row per relation: what it reads, how many of its columns the source fills and which not. source is "native" (the tables of create_native_crm) or "generic" (any tables, described by mapping; see doc/crm.md). The views belong to the caller, run with the rights of whoever reads them and are not part of the extension. Calling it again replaces them in place and keeps grants. Whatever is wrong is listed in one error and nothing is changed: 22023 source, schema or form of the mapping; 42P01 relation, 42703 column, 42804 type, else what the server says about an expression (42601, 42803, 0A000); 42P07 or 42723 a name taken by something else; 42501 not the owner; 3F000 no such source schema; 22004 a schema is NULL.';
