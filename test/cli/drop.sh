#!/bin/bash
# DROP EXTENSION leaves the empty schema and the user's data, and a schema in use is not moved into.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

q()
{
	psql -XAtq -d drop_test -c "$1" 2>&1
}
counts="SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type),
	(SELECT count(*) FROM pg_operator), (SELECT count(*) FROM pg_cast), (SELECT count(*) FROM pg_trigger),
	(SELECT count(*) FROM pg_description), (SELECT count(*) FROM pg_namespace)"

createdb drop_test
q 'CREATE SCHEMA sales_forecast'
before=$(q "$counts")
is "$(q 'CREATE EXTENSION sales_forecast')" '' 'an empty schema of that name is fine'
is "$([ "$(q "$counts")" != "$before" ] && echo more)" more 'the extension brings objects'
is "$(q 'DROP EXTENSION sales_forecast')" '' 'it can be dropped without CASCADE'
is "$(q "$counts")" "$before" 'nothing of it is left but the empty schema'

q 'CREATE TABLE sales_forecast.mine ()'
like "$(q 'CREATE EXTENSION sales_forecast')" 'ERROR:.*schema "sales_forecast" already holds' 'a schema in use is refused'
is "$(q "SELECT count(*) FROM pg_extension WHERE extname = 'sales_forecast'")" 0 'and nothing is installed'
q 'DROP TABLE sales_forecast.mine; CREATE FUNCTION sales_forecast.weighted_value(numeric, float8) RETURNS int LANGUAGE sql AS $$SELECT 1$$'
like "$(q 'CREATE EXTENSION sales_forecast')" 'ERROR:.*schema "sales_forecast" already holds' 'a function in it counts too'
q 'DROP FUNCTION sales_forecast.weighted_value(numeric, float8)'

# Data outlives the extension.
q "CREATE EXTENSION sales_forecast; SELECT sales_forecast.create_native_crm('crm');
	INSERT INTO crm.opportunity (name, amount, currency) VALUES ('deal', 1000, 'EUR')" >/dev/null
like "$(q 'DROP EXTENSION sales_forecast')" 'cannot drop extension' 'a CRM in use holds the extension'
like "$(q 'DROP EXTENSION sales_forecast CASCADE')" 'NOTICE' 'CASCADE drops it'
is "$(q 'SELECT name, amount FROM crm.opportunity')" 'deal|1000' 'the customer keeps the rows'
is "$(q "SELECT count(*) FROM pg_depend WHERE refobjid = 'sales_forecast'::regnamespace AND refclassid = 'pg_namespace'::regclass AND deptype = 'n'")" 0 \
	'the schema is empty'

like "$(psql -XAtq -d drop_test -f "$CLUSTER_SHARE/extension/sales_forecast--$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" sales_forecast.control).sql" 2>&1)" \
	'^Use "CREATE EXTENSION sales_forecast"' 'the script does not run by itself'
