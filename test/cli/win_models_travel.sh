#!/bin/bash
# A model is its text: carried by text, by COPY, by COPY BINARY or by a dump into another session with other settings,
# or into another database, it answers the same to the last bit.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
createdb travel_from
createdb travel_to
for base in travel_from travel_to; do
	psql -Xq -d "$base" -v ON_ERROR_STOP=1 <<'SQL'
CREATE EXTENSION sales_forecast;
CREATE TABLE deal AS
SELECT g AS id, hashint4(g) % 10 < g % 7 - 1 AS won, (g % 7)::float8 / 3 AS emails, CASE WHEN g % 5 > 0 THEN 'Größe ' || g % 5 END AS size,
       timestamptz '2022-01-01 00:30+00' + g * interval '5 hours' AS as_of, date '2022-01-01' + g / 5 - g % 9 AS since,
       (ARRAY['won', 'lost', 'open'])[1 + abs(hashint4(g + 1)) % 3] AS outcome, 1.5 + abs(hashint4(g + 2)) % 90 AS days
FROM generate_series(1, 900) AS g;
CREATE TABLE model (name text, win sales_forecast.win_model, closing sales_forecast.close_model);
SQL
done
psql -Xq -d travel_from -v ON_ERROR_STOP=1 <<'SQL'
INSERT INTO model
SELECT a, (SELECT sales_forecast.fit_win_model(won, d, sales_forecast.win_options(a, trees => CASE WHEN a IN ('forest', 'boosted') THEN 30 END)) FROM (SELECT won, emails, size, as_of, since FROM deal) AS d),
       (SELECT sales_forecast.fit_close_model(outcome, days, d, sales_forecast.close_options(CASE a WHEN 'boosted' THEN 'boosted' ELSE 'additive' END)) FROM (SELECT outcome, days, emails, size FROM deal) AS d)
FROM unnest('{logistic,forest,boosted,blend,auto}'::text[]) AS a;
SQL

# answers DATABASE: every bit of every probability and reason.
answers()
{
	psql -XAtq -d "$1" -v ON_ERROR_STOP=1 <<'SQL'
SELECT name, id, float8send(sales_forecast.win_probability(win, deal)), float8send((sales_forecast.win_probability_interval(win, deal)).low),
       (SELECT md5(string_agg(float8send(contribution)::text || reason, '' ORDER BY position)) FROM sales_forecast.explain_win(win, deal)),
       float8send(sales_forecast.close_probability(closing, deal, 10, 30)), float8send((sales_forecast.expected_days_to_close(closing, deal, 3)).mean_days)
FROM model, deal WHERE id % 9 = 0 ORDER BY name, id;
SQL
}
answers travel_from >"$work/here"
ok "$([ "$(wc -l <"$work/here")" = 500 ] && echo 0 || echo 1)" 'every model answers'

# arrives WAY: the answers in the other database, in a session with other settings.
arrives()
{
	PGOPTIONS="-c timezone=Asia/Kathmandu -c extra_float_digits=-5 -c datestyle=German -c lc_numeric=C" answers travel_to >"$work/there"
	ok "$(cmp -s "$work/here" "$work/there" && echo 0 || echo 1)" "a model that came by $1 answers the same"
	psql -Xq -d travel_to -c 'TRUNCATE model'
}
psql -XAtq -d travel_from -c "SELECT format('INSERT INTO model VALUES (%L, %L, %L);', name, win, closing) FROM model" | psql -Xq -d travel_to -v ON_ERROR_STOP=1
arrives 'text'
for form in TEXT CSV BINARY; do
	psql -Xq -d travel_from -c "\\copy model TO $work/file (FORMAT $form)"
	psql -Xq -d travel_to -v ON_ERROR_STOP=1 -c "\\copy model FROM $work/file (FORMAT $form)"
	arrives "COPY, $form"
done
pg_dump -d travel_from -a -t model | psql -Xq -d travel_to -v ON_ERROR_STOP=1 >/dev/null
arrives 'a dump'
pg_dump -d travel_from -a -t model --inserts | psql -Xq -d travel_to -v ON_ERROR_STOP=1 >/dev/null
arrives 'a dump of INSERTs'
