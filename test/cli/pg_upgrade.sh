#!/bin/bash
# pg_upgrade carries the extension, stored values and the CRM's views into a new cluster.  In a cluster of its own,
# which is shut down for it.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

if [ -z "${UPGRADE_TEST:-}" ]; then
	UPGRADE_TEST=yes exec test/cluster.sh bash "$0"
fi

psql -Xq -v ON_ERROR_STOP=1 >build/log/pg_upgrade.out 2>&1 <<'SQL'
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_crm('crm');
INSERT INTO crm.opportunity (name, amount, currency, probability_stated) SELECT 'deal', g, 'EUR', 0.5 FROM generate_series(1, 100) AS g;
SELECT sales_forecast.connect_crm('native', 'crm', 'forecast');
CREATE TABLE kept AS SELECT sales_forecast.revenue_distribution(amount, probability_stated, 0.1) AS d FROM crm.opportunity;
SQL
what="SELECT d::text FROM kept; SELECT sales_forecast.quantile(d, 0.9) FROM kept; SELECT deals, amount, weighted_value FROM forecast.pipeline_by_stage"
before=$(psql -XAtq -c "$what" 2>&1)

work=$PGHOST
options="-c listen_addresses='' -c unix_socket_directories='$work' -c extension_destdir='${CLUSTER_SHARE%"$("$PG_CONFIG" --sharedir)"}'"
server()
{
	(cd "$work" && $CLUSTER_AS "$@" >>"$work/upgrade.log" 2>&1)
}
trap 'server pg_ctl -D "$work/new" -m immediate stop || true' EXIT

server pg_ctl -D "$work/data" -m fast stop
server initdb -D "$work/new" -U postgres -A trust -E UTF8 --no-locale --no-sync
status=0
server pg_upgrade -U postgres -b "$(dirname "$(command -v initdb)")" -d "$work/data" -D "$work/new" -o "$options" -O "$options" -s "$work" || status=$?
ok "$status" 'pg_upgrade goes through'
server pg_ctl -w -D "$work/new" -l "$work/new.log" -o "$options" start || true
is "$(psql -XAtq -c "$what" 2>&1)" "$before" 'everything reads the same'
[ "$status" = 0 ] || tail -n 20 "$work/upgrade.log" | sed 's/^/# /'
