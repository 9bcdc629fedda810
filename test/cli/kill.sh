#!/bin/bash
# A server process that is killed or runs out of memory loses nothing that was committed.  In a cluster of its own,
# for the log of this one must stay clean.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

if [ -z "${KILL_TEST:-}" ]; then
	KILL_TEST=yes exec test/cluster.sh bash "$0"
fi

q()
{
	psql -XAtq -c "$1" 2>&1
}
q "CREATE EXTENSION sales_forecast; CREATE TABLE kept (value numeric, spread sales_forecast.revenue_distribution);
	SELECT sales_forecast.create_native_crm('crm')" >/dev/null
rows='SELECT sales_forecast.weighted_value(g::numeric, 0.5), sales_forecast.revenue_distribution(g::numeric, 0.5) FROM generate_series(1, 1000) AS g'
q "INSERT INTO kept $rows"

# Memory: the address space of the backend is cut to little more than it has.
memory=$(psql -XAtq 2>&1 <<SQL
SELECT sales_forecast.weighted_value(1, 0.5);
SELECT pg_backend_pid() AS pid \\gset
\\setenv BACKEND :pid
\\! $CLUSTER_AS prlimit --pid "\$BACKEND" --as=\$(awk '/VmSize/ { printf "%d", (\$2 + 20000) * 1024 }' /proc/"\$BACKEND"/status)
\\set VERBOSITY sqlstate
SELECT count(d) FROM (SELECT sales_forecast.revenue_distribution((random() * 1e6)::numeric, random(), 0.2) AS d FROM generate_series(1, 200000) AS g GROUP BY g % 2000) AS s;
SELECT sales_forecast.weighted_value(2, 0.5) || ' after that';
SQL
)
like "$memory" '(ERROR: +53200|^2000$)' 'short of memory a distribution is refused or fits'
like "$memory" '1(\.0*)? after that' 'and the session goes on'
echo "# $(printf '%s' "$memory" | tr '\n' ' ')"

# kill -9 in the middle of a transaction
psql -XAtq >build/log/kill.out 2>&1 <<SQL || true
BEGIN;
INSERT INTO kept $rows;
INSERT INTO crm.opportunity (name, amount, currency) VALUES ('uncommitted', 1, 'EUR');
SELECT pg_backend_pid() AS pid \\gset
\\setenv BACKEND :pid
\\! kill -9 "\$BACKEND"
COMMIT;
SQL
for _ in $(seq 100); do
	[ "$(q 'SELECT 1')" != 1 ] || break
	sleep 0.1
done
is "$(q 'SELECT count(*) FROM crm.opportunity')" 0 'after kill -9 nothing uncommitted is there'
is "$(q 'SELECT count(*), min(value), min(sales_forecast.mean(spread)) FROM kept')" '1|250250.0|250250' 'and everything committed is'
