#!/bin/bash
# A cancel takes effect at once wherever it strikes: long calls are cut off at many moments, and none goes on for
# more than half a second (a generous limit; what is meant is a tenth).
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

createdb cancel_test
psql -Xq -d cancel_test -v ON_ERROR_STOP=1 <<'SQL'
CREATE EXTENSION sales_forecast;
SET jit = off;
CREATE TABLE deal AS
SELECT (g * 7919 % 100003 + 0.37)::numeric AS amount, (g * 104729 % 9973) / 9973.0::float8 AS probability, g % 20000 AS owner
FROM generate_series(1, 1000000::bigint) AS g;
CREATE TABLE total AS
SELECT sales_forecast.revenue_distribution(amount, probability) AS independent,
       sales_forecast.revenue_distribution(amount, probability, 0.2) AS correlated FROM deal;
-- The time by which a statement outlives its timeout, in milliseconds; 0 if it ends before.
CREATE FUNCTION overshoot(limit_ms int, statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE statement;
    RETURN 0;
EXCEPTION WHEN query_canceled THEN
    RETURN extract(epoch FROM clock_timestamp() - started) * 1000 - limit_ms;
END $$;
SQL

# The timeout runs from the start of the outer statement, which is the call of overshoot.
while IFS='|' read -r name statement; do
	worst=$(for limit in 5 20 60 150 300 600 1200; do
		psql -XAtq -d cancel_test -v ON_ERROR_STOP=1 -c "SET statement_timeout = $limit" -c "SELECT overshoot($limit, \$q\$$statement\$q\$)" 2>&1
	done | sort -g | tail -n 1)
	echo "# $name: at most $worst ms too late"
	is "$(printf '%s' "$worst" | grep -cE '^-?([0-9]{1,2}|[1-4][0-9]{2})(\.[0-9]+)?(e-[0-9]+)?$' || true)" 1 "$name stops when cancelled"
done <<'LIST'
weighted_value over a million rows|SELECT sales_forecast.weighted_value(amount, probability) FROM deal
a moving frame|SELECT sum(w) FROM (SELECT sales_forecast.weighted_value(amount, probability) OVER (ORDER BY ctid ROWS 1000 PRECEDING) AS w FROM deal) AS s
one large distribution|SELECT sales_forecast.revenue_distribution(amount, probability) FROM deal
one large correlated distribution|SELECT sales_forecast.revenue_distribution(amount, probability, 0.2) FROM deal
many small distributions|SELECT count(d) FROM (SELECT sales_forecast.revenue_distribution(amount, probability, 0.2) AS d FROM deal GROUP BY owner) AS s
many quantiles|SELECT sum(sales_forecast.quantile(correlated, g / 100001.0)) FROM total, generate_series(1, 100000) AS g
many additions|SELECT sales_forecast.sum(independent) FROM total, generate_series(1, 1000)
many correlated additions|SELECT sales_forecast.sum(correlated) FROM total, generate_series(1, 1000)
LIST
