#!/bin/bash
# Inside a cluster: write the reference pages from the comments in the catalog.
#
#   doc/reference.sh [FOLDER]      default doc/reference
#
# functions.md   what the extension brings, by module of the install script
# views.md       the views that connect_crm writes
# native.md      the tables that create_native_crm writes
set -eu
cd "$(dirname "$0")/.."

out=${1:-doc/reference}
mkdir -p "$out"
createdb reference
q()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d reference "$@"
}
q -c 'CREATE EXTENSION sales_forecast' -c "SELECT sales_forecast.create_native_crm('crm')" \
	-c "SELECT sales_forecast.connect_crm('native', 'crm', 'forecast')" >/dev/null

# Which module a name comes from, in the order of the install script: module, position, name.
origin()
{
	local module
	for module in sql/modules/*.sql; do
		sed -nE "s/^CREATE (FUNCTION|PROCEDURE|AGGREGATE|TYPE|VIEW|TABLE) (@extschema@\.)?([a-z0-9_]+).*/$(basename "$module" .sql)\t\3/p" "$module"
	done
}

{
	echo '# Functions, aggregates, types'
	echo
	echo 'Written by `make docs` from the comments in the catalog; edit those, in `sql/modules`. Everything is in the schema'
	echo '`sales_forecast`. Columns and parameters are named as in SQL; `DEFAULT` marks what may be left out.'
	q -f - <<SQL
CREATE TEMPORARY TABLE origin (module text, name text, position int GENERATED ALWAYS AS IDENTITY);
\\copy origin (module, name) FROM PSTDIN
$(origin)
\\.
CREATE TEMPORARY TABLE entry AS
SELECT i.type AS kind, p.oid, n.name, obj_description(d.objid, d.classid::regclass::name) AS words,
       CASE WHEN p.oid IS NOT NULL THEN format('%s(%s) → %s', p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
            WHEN t.typtype = 'c' THEN t.typname || ' (' || (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                                        FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')'
            WHEN o.oid IS NOT NULL THEN format('%s %s %s → %s', o.oprleft::regtype, o.oprname, o.oprright::regtype, o.oprresult::regtype)
            ELSE n.name END AS form,
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' WHEN 'v' THEN 'volatile' END
           || CASE p.proparallel WHEN 's' THEN ', parallel safe' WHEN 'r' THEN ', parallel restricted' ELSE ', parallel unsafe' END
           || CASE WHEN p.proisstrict THEN ', strict' ELSE '' END AS label,
       coalesce(g.module, 'operators') AS module, coalesce(g.position, 0) AS position
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sales_forecast'
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_operator o ON d.classid = 'pg_operator'::regclass AND o.oid = d.objid
CROSS JOIN LATERAL (SELECT coalesce(p.proname, t.typname, c.relname, o.oprname) ::text AS name) AS n
LEFT JOIN LATERAL (SELECT g.module, min(g.position) AS position FROM origin g WHERE g.name = n.name GROUP BY 1 ORDER BY 2 LIMIT 1) AS g ON true
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND t.typcategory IS DISTINCT FROM 'A'
  AND (p.oid IS NOT NULL OR o.oid IS NOT NULL OR c.relkind IN ('v', 'r') OR t.oid IS NOT NULL AND coalesce((SELECT r.relkind = 'c' FROM pg_class r WHERE r.oid = t.typrelid), true));
UPDATE entry SET form = replace(form, 'sales_forecast.', '');
-- What the planner or another function calls comes after what people call, in short.
ALTER TABLE entry ADD inner_part boolean;
UPDATE entry SET inner_part = words ~ '^(Internal|Trigger of|Deferred constraint trigger|State of)'
    OR oid IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[])
               FROM pg_aggregate)
    OR oid IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]::oid[]) FROM pg_type);
SELECT string_agg(part, E'\n' ORDER BY module, level, position, form)
FROM (
    SELECT module, 0 AS level, 0 AS position, '' AS form, format(E'\n## %s', regexp_replace(module, '^[0-9]+-', '')) AS part
    FROM entry GROUP BY module
    UNION ALL
    SELECT module, 1, position, form,
           format(E'\n**\`%s\`** %s\n\n%s', form, concat_ws(', ', CASE kind WHEN 'function' THEN NULL ELSE kind END, label), words)
    FROM entry WHERE NOT inner_part
    UNION ALL
    SELECT module, 2, 0, '', format(E'\nBehind them:\n') FROM entry WHERE inner_part GROUP BY module
    UNION ALL
    SELECT module, 3, position, form, format('- \`%s\`: %s', form, words) FROM entry WHERE inner_part
) AS s;
SQL
} >"$out/functions.md"

# relations SCHEMA: every relation of a schema with its columns
relations()
{
	q -v schema="$1" -f - <<'SQL'
SELECT string_agg(format(E'\n## %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n%s', c.relname,
                         obj_description(c.oid, 'pg_class'),
                         (SELECT string_agg(format('| %s | %s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
                                                   replace(col_description(c.oid, a.attnum), '|', '\|')), E'\n' ORDER BY a.attnum)
                          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)),
                  E'\n' ORDER BY c.relname COLLATE "C")
FROM pg_class c
WHERE c.relnamespace = :'schema'::regnamespace AND c.relkind IN ('r', 'v');
SQL
}
{
	echo '# The views of the contract and on top of it'
	echo
	echo 'Written by `make docs` from the comments in the catalog. `connect_crm` writes these views into the schema of your'
	echo 'choice (default `forecast`), whatever the source is.'
	relations forecast
} >"$out/views.md"
{
	echo '# The native CRM'
	echo
	echo 'Written by `make docs` from the comments in the catalog. `create_native_crm` writes these tables and views into the'
	echo 'schema of your choice (default `crm`).'
	relations crm
} >"$out/native.md"
