#!/bin/bash
# A database that was updated step by step has the same catalog as one where the newest version was installed.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" sales_forecast.control)
here=$CLUSTER_SHARE/extension
snapshot()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -f test/cli/snapshot.sql
}

# The step that the next version will start from: nothing changed yet.
cp "$here/sales_forecast--$version.sql" "$here/sales_forecast--next.sql"
echo '\echo Use "ALTER EXTENSION sales_forecast UPDATE" to load this file. \quit' >"$here/sales_forecast--$version--next.sql"

createdb up_fresh
psql -Xq -d up_fresh -c "CREATE EXTENSION sales_forecast VERSION 'next'"
fresh=$(snapshot up_fresh)
like "$fresh" weighted_value 'the snapshot holds the functions'

createdb up_step
psql -Xq -d up_step -c "CREATE EXTENSION sales_forecast VERSION '$version'" -c "CREATE TABLE kept AS SELECT sales_forecast.weighted_value(2, 0.5) AS v"
psql -Xq -d up_step -c "ALTER EXTENSION sales_forecast UPDATE TO 'next'"
is "$(psql -XAtd up_step -c "SELECT extversion FROM pg_extension WHERE extname = 'sales_forecast'")" next "$version goes to the next version"
is "$(snapshot up_step | md5sum)" "$(printf '%s\n' "$fresh" | md5sum)" 'the updated catalog is the one of a fresh install'

# Every version that is published with an install script must reach the current one.
for old in $(psql -XAt -c "SELECT version FROM pg_available_extension_versions WHERE name = 'sales_forecast' AND version NOT IN ('$version', 'next')"); do
	createdb "up_$old"
	psql -Xq -d "up_$old" -c "CREATE EXTENSION sales_forecast VERSION '$old'" -c "ALTER EXTENSION sales_forecast UPDATE TO 'next'"
	is "$(snapshot "up_$old" | md5sum)" "$(printf '%s\n' "$fresh" | md5sum)" "$old reaches the same catalog"
done
rm "$here/sales_forecast--next.sql" "$here/sales_forecast--$version--next.sql"
