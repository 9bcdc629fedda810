#!/bin/bash
# Two sessions at once in the native CRM: whoever comes second waits, and then sees what the first one did.  The
# guards in the triggers look at committed rows only, so these are the cases that foreign keys and locks must hold.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

createdb native_sessions
psql -Xq -v ON_ERROR_STOP=1 -d native_sessions -o "$work/setup" <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_crm();
SELECT sales_forecast.create_sales_process('six_steps', 'process ' || n) FROM generate_series(1, 6) AS n;
INSERT INTO crm.opportunity (name, process_id) SELECT 'deal ' || n, n FROM generate_series(4, 6) AS n;
SQL

# open_session NAME FD: a psql that reads from the file descriptor and writes to $work/NAME
open_session()
{
	mkfifo "$work/$1.in"
	PGAPPNAME=$1 psql -XAtq -v VERBOSITY=verbose -d native_sessions <"$work/$1.in" >"$work/$1" 2>&1 &
	pids+=($!)
	eval "exec $2>'$work/$1.in'"
}
open_session first 8
open_session second 9

# until_true COMMAND...: at most 20 seconds
until_true()
{
	for _ in $(seq 400); do
		if "$@"; then
			return 0
		fi
		sleep 0.05
	done
	return 1
}

marks=0 said=0
# first SQL: send it and wait until it has run
first()
{
	marks=$((marks + 1))
	printf '%s\n\\echo mark %s\n' "$1" "$marks" >&8
	until_true grep -q "^mark $marks\$" "$work/first" || echo "# first session hangs: $1"
}

waits()
{
	[ "$(psql -XAtq -d native_sessions -c "SELECT count(*) FROM pg_stat_activity
	     WHERE application_name = 'second' AND wait_event_type = 'Lock'")" = 1 ]
}

# second_waits SQL NAME: send it and test that it waits for the first session
second_waits()
{
	said=$(stat -c %s "$work/second")
	printf '%s\n\\echo done\n' "$1" >&9
	if until_true waits; then
		ok 0 "$2"
	else
		ok 1 "$2"
	fi
}

answer()
{
	tail -c +$((said + 1)) "$work/second"
}

is_done()
{
	answer | grep -q '^done$'
}

# second_says REGEXP NAME: what the second session got in the end
second_says()
{
	until_true is_done || echo '# second session hangs'
	like "$(answer)" "$1" "$2"
}

value()
{
	psql -XAtq -d native_sessions -c "$1"
}

first "BEGIN; INSERT INTO crm.opportunity (name, process_id) VALUES ('new', 1);"
second_waits 'DELETE FROM crm.sales_process WHERE process_id = 1;' 'a delete waits for a deal that is just entering the process'
first 'COMMIT;'
second_says 'ERROR:  23503' 'and is refused'

first 'BEGIN; DELETE FROM crm.sales_process WHERE process_id = 2;'
second_waits "INSERT INTO crm.opportunity (name, process_id) VALUES ('new', 2);" 'a new deal waits for the delete of its process'
first 'COMMIT;'
second_says 'ERROR:  23503' 'and is refused'
is "$(value 'SELECT count(*) FROM crm.opportunity WHERE process_id = 2')" 0 'no deal is left without its process'

first "BEGIN; UPDATE crm.sales_process_step SET percent = 39 WHERE process_id = 3 AND name = 'Qualification';"
second_waits "UPDATE crm.sales_process_step SET percent = 30 WHERE process_id = 3 AND name = 'Needs mapping';" \
	'two editors of one process wait for each other'
first 'COMMIT;'
second_says 'ERROR:  23514' 'per cent that would fall only together is refused'
is "$(value "SELECT string_agg(trim_scale(percent)::text, ' ' ORDER BY stage_order) FROM crm.sales_process_step WHERE process_id = 3")" \
	'10 39 40 60 80 100' 'the first change is kept'

negotiation_wins="
	UPDATE crm.sales_process_step SET is_settlement = true WHERE process_id = PROCESS AND name = 'Close';
	UPDATE crm.sales_process_step SET percent = 100, is_won = true WHERE process_id = PROCESS AND name = 'Negotiation';"
deal="(SELECT opportunity_id FROM crm.opportunity WHERE name = 'deal N')"
first "BEGIN; ${negotiation_wins//PROCESS/4}"
second_waits "SELECT sales_forecast.move_opportunity(${deal/N/4}, 'Negotiation');" 'a move waits for the editor of its step'
first 'COMMIT;'
second_says 'ERROR:  40001' 'and must be tried again when the step means something else now'
is "$(value "SELECT status FROM crm.opportunity WHERE name = 'deal 4'")" open 'the deal is where it was'

first "BEGIN; SELECT sales_forecast.move_opportunity(${deal/N/5}, 'Negotiation');"
second_waits "BEGIN; ${negotiation_wins//PROCESS/5} COMMIT;" 'an editor waits for a move into the step'
first 'COMMIT;'
second_says 'ERROR:  55000' 'and cannot change what the step means any more'
is "$(value "SELECT count(*) FROM crm.opportunity o JOIN crm.sales_process_step s USING (stage_id) WHERE (o.status = 'won') <> s.is_won")" \
	0 'status and step agree everywhere'

first "BEGIN; SELECT sales_forecast.move_opportunity(${deal/N/6}, 'Offer');"
second_waits "SELECT sales_forecast.lose_opportunity(${deal/N/6}, 'price');" 'two sellers of one deal wait for each other'
first 'COMMIT;'
second_says '^done$' 'and both have their say'
is "$(value "SELECT o.status || ' in ' || s.name || ', moves ' || (SELECT count(*) FROM crm.stage_change c WHERE c.opportunity_id = o.opportunity_id)
	FROM crm.opportunity o JOIN crm.sales_process_step s USING (stage_id) WHERE o.name = 'deal 6'")" \
	'lost in Offer, moves 2' 'the second acts on what the first left'
