#!/bin/bash
# Inside a cluster: the tests that need more than one session or program, test/cli/*.sh (or the files named).
set -eu
cd "$(dirname "$0")/.."
. test/tap.sh

[ $# -gt 0 ] || set -- test/cli/*.sh
for file in "$@"; do
	run_tap "cli_$(basename "$file" .sh)" bash "$file"
done
run_tap cli_log log_is_clean
totals
