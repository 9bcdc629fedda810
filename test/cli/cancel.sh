#!/bin/bash
# A cancel takes effect at once wherever it strikes: long calls are cut off at many moments, and none goes on for
# more than half a second (a generous limit; what is meant is a tenth).
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

createdb cancel_test
psql -Xq -d cancel_test -v ON_ERROR_STOP=1 <<'SQL'
CREATE EXTENSION sales_forecast;
-- The compiler of expressions cannot be cancelled.
ALTER DATABASE cancel_test SET jit = off;
ALTER DATABASE cancel_test SET maintenance_work_mem = '1GB';
SET jit = off;
CREATE TABLE deal AS
SELECT (g * 7919 % 100003 + 0.37)::numeric AS amount, (g * 104729 % 9973) / 9973.0::float8 AS probability, g % 20000 AS owner
FROM generate_series(1, 1000000::bigint) AS g;
CREATE TABLE total AS
SELECT sales_forecast.revenue_distribution(amount, probability) AS independent,
       sales_forecast.revenue_distribution(amount, probability, 0.2) AS correlated FROM deal;
CREATE TABLE lead AS
SELECT g AS id, hashint8(g) % 100 < 40 - g % 13 AS won, (g % 13)::float8 AS emails, (hashint8(g + 1) % 100000)::float8 AS amount,
       'customer ' || abs(hashint8(g + 2)) % 20000 AS customer, (ARRAY['fair', 'web', 'call', NULL])[1 + g % 4] AS source,
       hashint8(g + 3) % 1000 AS staff, g % 3 = 0 AS referred, timestamp '2020-01-01' + g * interval '4 minutes' AS as_of,
       (abs(hashint8(g + 6)) % 400)::float8 AS days, (ARRAY['won', 'lost', 'open'])[1 + abs(hashint8(g + 7)) % 3] AS outcome,
       abs(hashint8(g + 8)) % 1001 / 1001.0::float8 AS p
FROM generate_series(1, 400000::bigint) AS g;
CREATE TABLE trained AS
SELECT (SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('boosted', leaves => 32, trees => 300, force => true))
        FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead LIMIT 20000) AS d) AS model,
       (SELECT sales_forecast.fit_close_model(outcome, days, d, sales_forecast.close_options('boosted', force => true))
        FROM (SELECT outcome, days, emails, amount, source FROM lead LIMIT 20000) AS d) AS closing;
ANALYZE;
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

# stops NAME STATEMENT MILLISECONDS...  The timeout runs from the start of the outer statement, which is the call of overshoot.
stops()
{
	local name=$1 statement=$2 said worst
	shift 2
	said=$(for limit in "$@"; do
		psql -XAtq -d cancel_test -v ON_ERROR_STOP=1 -c "SET statement_timeout = $limit" -c "SELECT overshoot($limit, \$q\$$statement\$q\$)" 2>&1
	done)
	# A timeout may strike before the call; any other error is one.
	worst=$(printf '%s\n' "$said" | grep 'ERROR' | grep -v 'canceling statement' | head -n 1 || true)
	[ -n "$worst" ] || worst=$(printf '%s\n' "$said" | sort -g | tail -n 1)
	echo "# $name: at most $worst ms too late"
	is "$(printf '%s' "$worst" | grep -cE '^-?([0-9]{1,2}|[1-4][0-9]{2})(\.[0-9]+)?(e-[0-9]+)?$' || true)" 1 "$name stops when cancelled"
}

while IFS='|' read -r name statement; do
	stops "$name" "$statement" 5 20 60 150 300 600 1200
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

while IFS='|' read -r name statement; do
	stops "$name" "$statement" 30 180 400 900
done <<'LIST'
a logistic model|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('logistic', force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead) AS d
a logistic model, validated|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('logistic', terms => 'linear', validate => 'full', force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred, as_of FROM lead) AS d
boosted trees|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('boosted', trees => 500, force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead) AS d
a forest|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('forest', force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead) AS d
a blend|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('blend', force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead LIMIT 50000) AS d
the choice of a model|SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options(force => true)) FROM (SELECT won, emails, amount, customer, source, staff, referred FROM lead LIMIT 20000) AS d
cross-validation|SELECT count(*) FROM sales_forecast.cross_validate_win('SELECT won, emails, amount, customer, source, staff FROM lead LIMIT 100000', sales_forecast.win_options('boosted', force => true))
forward validation|SELECT count(*) FROM sales_forecast.cross_validate_win('SELECT won, emails, amount, customer, source, staff, as_of FROM lead LIMIT 100000', sales_forecast.win_options('forest', force => true), 'forward')
interactions|SELECT count(*) FROM sales_forecast.win_interactions('SELECT won, emails, amount, customer, source, staff, referred FROM lead LIMIT 200000')
an update of a model|SELECT sales_forecast.update_win_model(m, won, d) FROM (SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options('forest', force => true)) AS m FROM (SELECT won, emails, amount, source, staff FROM lead LIMIT 5000) AS d) AS s, (SELECT won, emails, amount, source, staff FROM lead) AS d
many probabilities|SELECT sum(sales_forecast.win_probability(model, lead)) FROM trained, lead, generate_series(1, 3)
many reasons|SELECT count(*) FROM trained, lead, LATERAL sales_forecast.explain_win(model, lead)
a close model|SELECT sales_forecast.fit_close_model(outcome, days, d) FROM (SELECT outcome, days, emails, amount, source, staff, as_of FROM lead) AS d
a boosted close model|SELECT sales_forecast.fit_close_model(outcome, days, d, sales_forecast.close_options('boosted')) FROM (SELECT outcome, days, emails, amount, source, staff, as_of FROM lead) AS d
many expectations|SELECT sum((sales_forecast.expected_days_to_close(closing, lead, 20)).mean_days) FROM trained, lead, generate_series(1, 2)
AUC of millions|SELECT sales_forecast.auc(won, p) FROM lead, generate_series(1, 12)
AUC of millions that all differ|SELECT sales_forecast.auc_interval(won, p + g * 1e-4 + id * 1e-10) FROM lead, generate_series(1, 12) AS g
the difference of AUCs|SELECT sales_forecast.auc_difference(won, p + g * 1e-4, amount + id * 1e-10) FROM lead, generate_series(1, 8) AS g
LIST
