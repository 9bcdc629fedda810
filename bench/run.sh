#!/bin/bash
# Inside a cluster: every timing, as ratios against a peer in the same run.  Prints a table; fails only when a
# query fails, never because of a number.
#
#   make bench                    all of it, about twenty-five minutes
#   make bench BENCH=weighted     one script of this folder
set -eu
cd "$(dirname "$0")"

run()
{
	psql -X -q -v ON_ERROR_STOP=1 -f measure.sql -f "$1.sql"
}

echo "$(grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'), $(nproc) cores, $(psql -X -At -c 'SHOW server_version')"
for script in ${BENCH:-weighted distribution views accuracy forecast_speed reconcile win_accuracy win_speed}; do
	printf '\n== %s\n' "$script"
	run "$script"
done
