-- Refuses to move into a schema that somebody else already uses.

\echo Use "CREATE EXTENSION sales_forecast" to load this file. \quit

DO $$
DECLARE
    objects bigint;
BEGIN
    SELECT count(*) INTO objects
    FROM pg_catalog.pg_depend AS d
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
      AND d.refobjid = '@extschema@'::pg_catalog.regnamespace
      AND d.deptype = 'n'
      AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
      AND d.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass;
    IF objects > 0 THEN
        RAISE EXCEPTION 'schema "sales_forecast" already holds % objects', objects
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'The extension keeps its functions in a schema of its own.',
                  HINT = 'Rename the schema (ALTER SCHEMA sales_forecast RENAME TO ...) and create the extension again.';
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
        WHERE n.oid = '@extschema@'::pg_catalog.regnamespace
          AND (r.rolsuper OR pg_catalog.quote_ident(r.rolname) = $owner$@extowner@$owner$)) THEN
        RAISE EXCEPTION 'schema "sales_forecast" belongs to another role'
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Its owner could add functions that are called instead of those of the extension.',
                  HINT = 'Drop the schema, or give it to the installing role (ALTER SCHEMA sales_forecast OWNER TO ...).';
    END IF;
END
$$;
