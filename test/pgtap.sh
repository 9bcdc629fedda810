#!/bin/bash
# Inside a cluster: the facts in test/pgtap/*.sql (or the files named), each in a new database that has the
# extension and pgTAP.
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

[ $# -gt 0 ] || set -- test/pgtap/*.sql
createdb tap
psql -q -d tap -c 'CREATE EXTENSION sales_forecast' -c 'CREATE EXTENSION pgtap'
for file in "$@"; do
	stem=$(basename "$file" .sql)
	createdb -T tap "tap_$stem"
	run_tap "$stem" pg_prove --verbose -d "tap_$stem" "$file"
	dropdb "tap_$stem"
done
run_tap pgtap_log log_is_clean
totals
