-- Everything the catalog knows about the objects of the extension, one line each, in an order that does not depend
-- on when they were created.
WITH member AS (
    SELECT d.classid, d.objid, i.type, i.identity
    FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast',
         LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
)
SELECT m.type, m.identity,
       coalesce(obj_description(m.objid, m.classid::regclass::name), '') AS comment,
       CASE m.classid
           WHEN 'pg_proc'::regclass THEN
               (SELECT concat_ws(' ', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, p.proargnames::text,
                                 p.proparallel, p.provolatile, p.proacl::text,
                                 (SELECT (to_jsonb(a) - ARRAY['aggtranstype', 'aggmtranstype'])::text
                                  FROM pg_aggregate a WHERE a.aggfnoid = p.oid))
                FROM pg_proc p WHERE p.oid = m.objid)
           WHEN 'pg_type'::regclass THEN
               (SELECT concat_ws(' ', t.typlen, t.typtype, t.typstorage, t.typalign, t.typinput, t.typsend, t.typacl::text,
                                 (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                                  FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0),
                                 (SELECT string_agg(u.enumlabel, ', ' ORDER BY u.enumsortorder) FROM pg_enum u WHERE u.enumtypid = t.oid))
                FROM pg_type t WHERE t.oid = m.objid)
           WHEN 'pg_class'::regclass THEN
               (SELECT concat_ws(' ', c.relkind, c.relacl::text, c.reloptions::text,
                                 CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                                 (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                                                              col_description(c.oid, a.attnum)), ', ' ORDER BY a.attnum)
                                  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0))
                FROM pg_class c WHERE c.oid = m.objid)
       END AS definition
FROM member m
ORDER BY m.type, m.identity;
