#!/bin/bash
# The demo runs, and the same seed gives the same rows whatever the planner does.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SCALE=0.05 SEED=11

# make DATABASE [PGOPTIONS]: run the demo in a database of its own
make_demo()
{
	createdb "$1" && PGDATABASE=$1 PGOPTIONS=${2:-} demo/run.sh >"$work/$1.out" 2>"$work/$1.err"
}

# sums DATABASE: one line for each table of the CRM and of its truth
sums()
{
	psql -XAt -d "$1" <<'SQL'
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM %s t', c.oid::regclass, c.oid::regclass)
FROM pg_class c WHERE c.relnamespace IN ('crm'::regnamespace, 'truth'::regnamespace) AND c.relkind = 'r' ORDER BY c.oid::regclass::text \gexec
SQL
}

make_demo demo_plain
ok $? 'the demo runs'
is "$(cat "$work/demo_plain.err")" '' 'the demo says nothing on stderr'
for heading in 'IS THE DATA GOOD ENOUGH' 'PIPELINE BY STAGE' 'PIPELINE BY OWNER' 'THIS QUARTER AND THE NEXT' 'REVENUE OF THE NEXT MONTHS' 'HOW GOOD THAT WOULD HAVE BEEN' \
	'WHAT RUNS AHEAD OF DEMAND' 'regional_production_index .* 6 .* t' 'forecast with driver' 'WHERE DEALS STOP' 'Planted truth'; do
	like "$(cat "$work/demo_plain.out")" "$heading" "the report has the part \"$heading\""
done
ok "$(grep -Eq 'NOTICE|WARNING:|ERROR|lpha|\bNaN\b' "$work/demo_plain.out" && echo 1 || echo 0)" 'the report has no noise'
is "$(psql -XAt -d demo_plain -c "SELECT count(*) FROM crm.opportunity o LEFT JOIN truth.truth_deal t USING (opportunity_id) WHERE t.p_win IS NULL OR NOT t.p_win BETWEEN 0 AND 1")" \
	0 'every deal has a true probability'
is "$(psql -XAt -d demo_plain -c "SELECT count(*) FROM crm.opportunity o, truth.truth_setting s WHERE greatest(o.created_at, o.closed_at, o.last_activity_at, o.stage_entered_at) >= s.end_date")" \
	0 'nothing in the CRM is later than its last day'
is "$(psql -XAt -d demo_plain -c "SELECT count(*) FROM crm.opportunity o JOIN truth.truth_deal t USING (opportunity_id) WHERE o.status <> 'open' AND (o.status = 'won') <> t.wins")" \
	0 'deals end as the truth says'

make_demo demo_nested '-c enable_hashjoin=off -c enable_mergejoin=off -c enable_hashagg=off -c work_mem=64kB -c max_parallel_workers_per_gather=0'
make_demo demo_parallel '-c enable_mergejoin=off -c min_parallel_table_scan_size=0 -c min_parallel_index_scan_size=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c max_parallel_workers_per_gather=4'
sums demo_plain >"$work/plain"
ok "$([ "$(wc -l <"$work/plain")" -ge 30 ] && echo 0 || echo 1)" 'all tables are compared'
is "$(sums demo_nested | diff "$work/plain" - 2>&1)" '' 'the same rows without hash and merge joins'
is "$(sums demo_parallel | diff "$work/plain" - 2>&1)" '' 'the same rows with parallel plans'
is "$(diff "$work/demo_plain.out" "$work/demo_parallel.out" 2>&1)" '' 'the same report with parallel plans'

SEED=12 make_demo demo_other
ok "$(sums demo_other | diff -q "$work/plain" - >/dev/null && echo 1 || echo 0)" 'another seed gives other rows'

createdb demo_wrong
PGDATABASE=demo_wrong PROFILE=unknown demo/run.sh >"$work/wrong.out" 2>&1
ok "$([ $? != 0 ] && echo 0 || echo 1)" 'an unknown profile fails'
like "$(cat "$work/wrong.out")" 'machine_builder, volume or dirty' 'and the message says what is allowed'
PGDATABASE=demo_wrong DATA=/nowhere demo/run.sh >"$work/wrong.out" 2>&1
like "$(cat "$work/wrong.out")" '/nowhere/maven_accounts' 'a missing data folder is named'
SCALE=0.001 PGDATABASE=demo_wrong demo/run.sh >"$work/wrong.out" 2>&1
like "$(cat "$work/wrong.out")" 'between 0.02 and 20' 'a scale out of range is refused'

PROFILE=dirty SCALE=0.2 make_demo demo_dirty
like "$(cat "$work/demo_dirty.out")" 'REFUSE +bad amounts' 'the dirty profile trips the gate of 40 % bad amounts'
like "$(cat "$work/demo_dirty.out")" 'REFUSE +(deal value|close date|customer information|activity data)' 'and the gate of 70 % filled fields'
