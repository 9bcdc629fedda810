#!/bin/bash
# The SQL in doc/sales_process.md works: all its blocks, in order, in one session on a new database.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n '/^```sql$/,/^```$/{/^```/d;p}' doc/sales_process.md >"$work/page.sql"
ok "$([ -s "$work/page.sql" ] && echo 0 || echo 1)" 'the page shows SQL'
createdb sales_process_page
status=0
psql -XAtq -d sales_process_page -v ON_ERROR_STOP=1 -f "$work/page.sql" >"$work/out" 2>&1 || status=$?
ok "$status" 'all of it runs'
[ "$status" = 0 ] || tail -n 5 "$work/out" | sed 's/^/# /'
like "$(cat "$work/out")" '^Solutions,region South,7,1,' 'the list is exported with what was done'

# Every filter of the table goes through as it is written.
filters=$(sed -n '/^| filter | SQL |$/,/^$/p' doc/sales_process.md | grep -c '^| [a-z]')
tried=0
while IFS= read -r filter; do
	tried=$((tried + 1))
	psql -Xq -d sales_process_page -c "SELECT 1 FROM crm.sales_process_list $filter" >/dev/null 2>"$work/err" ||
		ok 1 "filter: $filter $(cat "$work/err")"
done <<<"$(sed -n '/^| filter | SQL |$/,/^$/p' doc/sales_process.md | sed -n '3,$p' | cut -d '|' -f 3 | grep -o '`[^`]*`' | tr -d '`' |
	grep -E '^WHERE|[=<>]|ILIKE' | grep -vE "^(region|department) =" | sed -E 's/^(WHERE )?/WHERE /')"
ok "$([ "$tried" -ge "$filters" ] && echo 0 || echo 1)" "the filters run ($tried in $filters rows)"
dropdb sales_process_page
psql -Xq -d postgres -c 'DROP ROLE demo_seller'
