/*
 * 25-native-load.sql
 *		Loading history: the owner of the tables switches the triggers off.
 *
 * A session setting would do, too, but every seller could set it and change
 * deals without a trace.  ALTER TABLE asks for the owner and is undone with
 * the transaction.
 */

CREATE FUNCTION @extschema@.switch_native_triggers(crm_schema text, enable boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ours record;
BEGIN
    FOR ours IN
        SELECT c.relname, t.tgname
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_proc f ON f.oid = t.tgfoid
         WHERE c.relnamespace = to_regnamespace(quote_ident(crm_schema))
           AND f.pronamespace = to_regnamespace('@extschema@')
           AND NOT t.tgisinternal
         ORDER BY c.relname, t.tgname
    LOOP
        EXECUTE format('ALTER TABLE %I.%I %s TRIGGER %I', crm_schema, ours.relname,
                       CASE WHEN enable THEN 'ENABLE' ELSE 'DISABLE' END, ours.tgname);
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.switch_native_triggers(text, boolean) IS
'Internal: enable or disable the triggers of the native CRM in a schema, no others. Needs the owner of the tables (42501).';

CREATE FUNCTION @extschema@.begin_history_load(crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    /* ALTER TABLE refuses while a deferred check of this transaction waits. */
    SET CONSTRAINTS sales_process_is_whole, sales_process_step_is_whole,
                    sales_process_default_is_whole IMMEDIATE;
    SET CONSTRAINTS sales_process_is_whole, sales_process_step_is_whole,
                    sales_process_default_is_whole DEFERRED;
    PERFORM @extschema@.switch_native_triggers(crm_schema, false);
END
$$;
COMMENT ON FUNCTION @extschema@.begin_history_load(text) IS
'Switch the triggers of the native CRM off, so that rows can be loaded as they were: created_at, changed_by, status, stage_change and opportunity_change are then what the loader writes. Keys, checks and foreign keys stay on. Only the owner of the tables may (42501). Do it in one transaction with end_history_load. Error 42P01 when the schema has no native CRM.';

CREATE FUNCTION @extschema@.end_history_load(crm_schema text DEFAULT 'crm')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    process bigint;
    astray bigint;
    key record;
    last_key bigint;
BEGIN
    PERFORM set_config('search_path', @extschema@.native_crm_path(crm_schema), true);
    PERFORM @extschema@.switch_native_triggers(crm_schema, true);

    FOR process IN SELECT p.process_id FROM sales_process p ORDER BY p.process_id LOOP
        PERFORM @extschema@.require_whole_process(process, crm_schema);
    END LOOP;
    SELECT count(*) INTO astray
      FROM opportunity o
      JOIN sales_process_step s ON s.process_id = o.process_id AND s.stage_id = o.stage_id
     WHERE (o.status = 'won') <> s.is_won;
    IF astray > 0 THEN
        RAISE EXCEPTION 'status and step do not fit in % of the opportunities', astray
            USING ERRCODE = 'check_violation',
                  DETAIL = 'A won opportunity stands in a won or settlement step, an open or lost one in a step before.';
    END IF;

    FOR key IN
        SELECT c.relname, a.attname,
               pg_get_serial_sequence(format('%I.%I', crm_schema, c.relname), a.attname) AS sequence
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = to_regnamespace(quote_ident(crm_schema))
           AND c.relname = ANY (@extschema@.native_crm_relations())
           AND a.attidentity <> ''
    LOOP
        EXECUTE format('SELECT max(t.%I) FROM %I.%I t, %s s WHERE t.%1$I >= s.last_value',
                       key.attname, crm_schema, key.relname, key.sequence)
           INTO last_key;
        IF last_key IS NOT NULL THEN
            PERFORM setval(key.sequence, last_key);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.end_history_load(text) IS
'Switch the triggers of the native CRM on again after begin_history_load, check every sales process and that status and step of every opportunity agree (error 23514), and move the key generators behind the loaded keys. Only the owner of the tables may (42501). Error 42P01 when the schema has no native CRM.';
