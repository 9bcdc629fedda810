#!/bin/bash
# A native CRM in use survives pg_dump as it is: restoring fires no trigger, so times, authors and history stay.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

createdb native_from
psql -Xq -v ON_ERROR_STOP=1 -d native_from -o "$work/setup" <<'SQL'
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_crm();
SELECT sales_forecast.create_sales_process('nine_steps', 'Nine');
SELECT sales_forecast.copy_sales_process(1, 'Copy');
INSERT INTO crm.employee (owner_id, name) VALUES ('AHL', 'Anna');
INSERT INTO crm.account (name, parent_id) VALUES ('Mother', NULL), ('Daughter', 1);
INSERT INTO crm.sales_process_default (process_id, kind, owner_id) VALUES (1, 'employee', 'AHL');
INSERT INTO crm.opportunity (name, owner_id, amount, currency) SELECT 'deal ' || n, 'AHL', n, 'EUR' FROM generate_series(1, 30) AS n;
SELECT sales_forecast.move_opportunity(n, 'Proposal') FROM generate_series(1, 20) AS n;
SELECT sales_forecast.win_opportunity(n) FROM generate_series(1, 5) AS n;
SELECT sales_forecast.move_opportunity(1, 'Financial settlement');
SELECT sales_forecast.lose_opportunity(n, 'price') FROM generate_series(6, 10) AS n;
INSERT INTO crm.activity (opportunity_id, kind) VALUES (1, 'call');
BEGIN;
SELECT sales_forecast.begin_history_load();
INSERT INTO crm.opportunity (name, stage_id, created_at) VALUES ('a stage nobody knows', 777, '2020-01-01');
SELECT sales_forecast.end_history_load();
COMMIT;
SQL

# everything DATABASE: every row of every table and view of the CRM
everything()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" <<'SQL' 2>&1
SELECT string_agg(format('SELECT %L AS relation, r::text FROM crm.%I AS r', c.relname, c.relname), ' UNION ALL ') || ' ORDER BY 1, 2'
FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'v') \gexec
SQL
}
everything native_from >"$work/from"
ok "$([ "$(wc -l <"$work/from")" -gt 150 ] && echo 0 || echo 1)" 'there is something to dump'

pg_dump -Fc -f "$work/dump" native_from
createdb native_to
status=0
pg_restore --exit-on-error -d native_to "$work/dump" 2>"$work/err" || status=$?
ok "$status" 'a full restore goes through'
everything native_to >"$work/to"
is "$(diff "$work/from" "$work/to" | head -n 5)" '' 'with every row as it was'

# The rows alone, by the owner of the tables, between begin_history_load and end_history_load.
createdb native_rows
pg_dump --schema-only native_from | psql -Xq -d native_rows >/dev/null
status=0
{
	echo 'BEGIN; SELECT sales_forecast.begin_history_load();'
	pg_dump --data-only --schema=crm native_from 2>/dev/null | grep -v "set_config('search_path'"
	echo 'SELECT sales_forecast.end_history_load(); COMMIT;'
} | psql -Xq -v ON_ERROR_STOP=1 -d native_rows >/dev/null 2>"$work/err" || status=$?
ok "$status" 'the rows alone can be loaded'
sed 's/^/# /' "$work/err"
everything native_rows >"$work/rows"
is "$(diff "$work/from" "$work/rows" | head -n 5)" '' 'with every row as it was'
is "$(psql -XAtq -d native_rows -c "INSERT INTO crm.opportunity (name) VALUES ('new') RETURNING opportunity_id, (SELECT count(*) FROM crm.stage_change) > 0" 2>&1)" \
	'32|t' 'and work goes on: keys and triggers'
is "$(psql -XAtq -d native_rows -c "UPDATE crm.opportunity SET amount = 99 WHERE opportunity_id = 30;
	SELECT old_value, new_value FROM crm.opportunity_change WHERE opportunity_id = 30")" '30|99' 'changes are logged again'
