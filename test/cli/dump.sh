#!/bin/bash
# pg_dump and pg_restore carry everything over: the extension, a CRM in use, its forecast views, stored values of our
# types, and the user's own views on top.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

createdb dump_from
createdb dump_to
psql -Xq -v ON_ERROR_STOP=1 -d dump_from >"$work/out" 2>&1 <<'SQL' || { cat "$work/out"; exit 1; }
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_crm('crm');
INSERT INTO crm.employee (owner_id, name) VALUES ('AA', 'Ann'), ('BB', 'Bob');
INSERT INTO crm.opportunity (name, owner_id, amount, currency, probability_stated, expected_close_on)
SELECT 'deal ' || g, CASE WHEN g % 3 = 0 THEN 'AA' ELSE 'BB' END, g * 10.01, 'EUR', g % 10 / 10.0, date '2030-01-01' + g
FROM generate_series(1, 300) AS g;
UPDATE crm.opportunity SET amount = amount + 1 WHERE opportunity_id % 7 = 0;
SELECT sales_forecast.connect_crm('native', 'crm', 'forecast');

CREATE TABLE kept AS
SELECT owner_id, sales_forecast.revenue_distribution(amount, probability_stated) AS independent,
       sales_forecast.revenue_distribution(amount, probability_stated, 0.2) AS correlated,
       sales_forecast.weighted_value(amount, probability_stated) AS value
FROM crm.opportunity GROUP BY owner_id
UNION ALL
SELECT 'few', sales_forecast.revenue_distribution(g::numeric, 0.5), sales_forecast.revenue_distribution(g::numeric, 0.5, 0.3), 1
FROM generate_series(1, 5) AS g
UNION ALL
SELECT 'none', NULL, NULL, NULL;

CREATE VIEW mine AS
SELECT owner_id, sales_forecast.weighted_value(amount, probability) AS value,
       sales_forecast.quantile(sales_forecast.revenue_distribution(amount, probability), 0.9) AS p90
FROM forecast.pipeline GROUP BY owner_id;
SQL

what="SELECT kept::text FROM kept ORDER BY owner_id;
	SELECT owner_id, sales_forecast.mean(independent), sales_forecast.quantiles(correlated, ARRAY[0.1, 0.5, 0.9]) FROM kept ORDER BY 1;
	SELECT * FROM mine ORDER BY 1;
	SET sales_forecast.as_of = '2031-01-01';
	SELECT p::text FROM forecast.pipeline p ORDER BY opportunity_id;
	SELECT p::text FROM forecast.pipeline_by_owner p ORDER BY 1;
	SELECT c::text FROM forecast.opportunity_change c ORDER BY 1;
	SELECT count(*), min(comment), max(comment) FROM
	(SELECT obj_description(c.oid, 'pg_class') AS comment FROM pg_class c WHERE c.relnamespace = 'forecast'::regnamespace) AS s"
read_back()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$what" 2>&1
}
before=$(read_back dump_from)
like "$before" 'AA\|' 'there is something to dump'

pg_dump -Fc -f "$work/dump" dump_from
status=0
pg_restore --exit-on-error -d dump_to "$work/dump" 2>"$work/err" || status=$?
ok "$status" 'pg_restore --exit-on-error goes through'
sed 's/^/# /' "$work/err"
is "$(read_back dump_to | md5sum)" "$(printf '%s\n' "$before" | md5sum)" 'every value, view and comment reads the same'

like "$(psql -XAtq -d dump_to -c "INSERT INTO crm.opportunity (name, amount, currency) VALUES ('new', 1, 'EUR') RETURNING opportunity_id" 2>&1)" '^301$' \
	'the restored CRM works on: sequences and triggers are there'
is "$(psql -XAtq -d dump_to -c "SELECT count(*) FROM forecast.pipeline WHERE name = 'new'")" 1 'and its views show the new deal'

# Restored views name the columns that nobody sees, inside of UNIONs; the rest is the same text.
schema()
{
	pg_dump --schema-only "$1" | sed -E '/^(--|\\|$)/d; s/ AS [a-z0-9_]+(,?)$/\1/'
}
schema dump_from >"$work/a"
schema dump_to >"$work/b"
is "$(diff "$work/a" "$work/b" | head -n 40)" '' 'a dump of the copy is the dump of the original'
