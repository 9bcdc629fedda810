#!/bin/bash
# The SQL in README.md works: all its blocks, in order, in one session on a new database.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

script=build/readme.sql
sed -n '/^```sql$/,/^```$/{/^```/d;p}' README.md >"$script"
ok "$([ -s "$script" ] && echo 0 || echo 1)" 'README.md shows SQL'
createdb readme
status=0
psql -Xq -d readme -v ON_ERROR_STOP=1 -f "$script" >build/log/readme.out 2>&1 || status=$?
ok "$status" 'all of it runs'
[ "$status" = 0 ] || tail -n 5 build/log/readme.out | sed 's/^/# /'
