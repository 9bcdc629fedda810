#!/bin/bash
# Sessions that train, predict, promote and read one model at the same time: every version has its own number, nobody
# fails or waits for ever, predictions come from a version in use, and a long training keeps nobody waiting.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

createdb model_sessions
psql -Xq -v ON_ERROR_STOP=1 -d model_sessions -o "$work/setup" <<'SQL'
SET client_min_messages = error;
CREATE EXTENSION sales_forecast;
CREATE TABLE deal AS
SELECT CASE WHEN g <= 900 THEN (hashint4(g) & 65535) / 65536.0 < 0.15 + 0.35 * (g % 3) END AS won, g % 3 AS size, g % 2 AS noise,
       date '2022-01-01' + g AS as_of
FROM generate_series(1, 1000) AS g;
-- Deals that take as long as somebody holds the lock.
CREATE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_advisory_lock_shared(1); PERFORM pg_advisory_unlock_shared(1); RETURN true; END$$;
SELECT sales_forecast.train_model('deals', 'SELECT won, size, as_of FROM deal', sales_forecast.win_options('logistic'));
SELECT sales_forecast.set_model_policy('deals', keep_versions => 5);
SQL

# session NAME SQL...: run statements one after the other in the background
session()
{
	local name=$1
	shift
	PGOPTIONS='-c client_min_messages=error -c deadlock_timeout=100ms -c statement_timeout=60s' PGAPPNAME=$name \
		psql -XAtq -v VERBOSITY=verbose -d model_sessions "$@" >"$work/$name" 2>&1 &
	pids+=($!)
}

repeat()
{
	local i
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "$2"
	done
}

value()
{
	psql -XAtq -d model_sessions -c "$1"
}

train="SELECT 'trained', version, status FROM sales_forecast.train_model('deals', 'SELECT won, size, noise, as_of FROM deal', sales_forecast.win_options('logistic'));"
repeat 15 "$train" >"$work/train.sql"
repeat 10 "BEGIN; $train SELECT count(*) FROM deal AS d WHERE sales_forecast.win_probability('deals', d) IS NULL; ROLLBACK;" >"$work/undo.sql"
repeat 150 "SELECT 'predicted', count(sales_forecast.win_probability('deals', d)) FROM (SELECT * FROM deal LIMIT 20) AS d;" >"$work/predict.sql"
# What one statement sees is of one moment: one version is in use, and it is there.
repeat 150 "SELECT 'seen', count(*), count(v.name) FROM sales_forecast.model AS m LEFT JOIN sales_forecast.model_version AS v
	ON v.name = m.name AND v.version = m.promoted AND v.status = 'promoted' WHERE m.name = 'deals';" >"$work/read.sql"
repeat 15 "SELECT version FROM sales_forecast.rollback_model('deals') WHERE (SELECT previous IS NOT NULL FROM sales_forecast.model WHERE name = 'deals');" >"$work/promote.sql"
{
	repeat 5 "SELECT sales_forecast.grant_model('deals', 'public'); SELECT sales_forecast.revoke_model('deals', 'public');"
	repeat 5 "SELECT sales_forecast.purge_model_versions('deals', 2);"
} >"$work/manage.sql"
repeat 5 "SELECT version FROM sales_forecast.train_model('new', 'SELECT won, size, as_of FROM deal', sales_forecast.win_options('logistic'));" >"$work/new.sql"
for n in 1 2 3; do
	session "train_$n" -f "$work/train.sql"
	session "new_$n" -f "$work/new.sql"
done
session undo -f "$work/undo.sql"
session predict_1 -f "$work/predict.sql"
session predict_2 -f "$work/predict.sql"
session read -f "$work/read.sql"
session promote -f "$work/promote.sql"
session manage -f "$work/manage.sql"
wait "${pids[@]}" || true
pids=()
is "$(grep -hE 'ERROR|FATAL|PANIC|server closed' "$work"/{train,new,undo,predict,read,promote,manage}* 2>/dev/null | grep -v '^BEGIN' | sort | uniq -c)" '' \
	'nobody meets an error or a deadlock'
is "$(cat "$work"/train_? | grep -c '^trained|')" 45 'every training ends'
is "$(cat "$work"/train_? | cut -d '|' -f 2 | sort -n | uniq -d)" '' 'no number is given twice'
is "$(cat "$work"/train_? | cut -d '|' -f 2 | sort -n | sed -n '1p;$p' | paste -sd ' ')" '2 46' 'and none is left out'
is "$(cat "$work"/new_? | sort -n | paste -sd ' ')" '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15' 'three that found a model at once share it'
is "$(cat "$work"/predict_? | sort | uniq -c | sed 's/^ *//')" '300 predicted|20' 'predictions never miss a model'
is "$(sort "$work/read" | uniq -c | sed 's/^ *//')" '150 seen|1|1' 'there is always exactly one version in use'
is "$(value "SELECT count(*) FROM sales_forecast.stored_version WHERE name = 'deals' AND status = 'promoted'")" 1 'in the end, too'
is "$(value "SELECT count(*) FROM sales_forecast.model AS m WHERE (SELECT count(*) FROM sales_forecast.model_version AS v WHERE v.name = m.name) > m.keep_versions")" \
	0 'old versions have gone'

# A training that takes long, and what goes on meanwhile.
mkfifo "$work/holder.in"
psql -XAtq -d model_sessions <"$work/holder.in" >"$work/holder" 2>&1 &
pids+=($!)
exec 8>"$work/holder.in"
echo 'SELECT pg_advisory_lock(1);' >&8
waiting()
{
	local i
	for ((i = 0; i < 400; i++)); do
		[ "$(value "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND $1")" = 0 ] || return 0
		sleep 0.05
	done
	echo "# nothing happens: $1"
}
waiting granted
session long -c "SELECT 'trained', version, status FROM sales_forecast.train_model('deals', 'SELECT won, size, as_of FROM deal WHERE slowly()', sales_forecast.win_options('logistic'))"
long=$!
waiting 'NOT granted'
is "$(value "SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) JOIN pg_class AS c ON c.oid = l.relation
	WHERE a.application_name = 'long' AND c.relnamespace = 'sales_forecast'::regnamespace AND l.mode <> 'AccessShareLock'")" 0 \
	'a long training has read the registry, and locked nothing in it'
before=$(value "SELECT last_version FROM sales_forecast.model WHERE name = 'deals'")
is "$(PGOPTIONS='-c lock_timeout=5s -c client_min_messages=error' psql -XAtq -d model_sessions -c "$train" -c "SELECT sales_forecast.rollback_model('deals') IS NULL" 2>&1)" \
	"trained|$((before + 1))|promoted
f" 'meanwhile another trains and goes back'
echo '\q' >&8
exec 8>&-
wait "$long" || true
like "$(cat "$work/long")" "^trained\|$((before + 2))\|" 'the long one gets the next number when it is done'
