#!/bin/bash
# pg_dump and pg_restore carry everything over: the extension, a CRM in use, its forecast views, stored values of our
# types, trained models with their versions, rights and log, and the user's own views on top.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

createdb dump_from
createdb dump_to
psql -Xq -v ON_ERROR_STOP=1 -d dump_from >"$work/out" 2>&1 <<'SQL' || { cat "$work/out"; exit 1; }
CREATE EXTENSION sales_forecast;
SELECT sales_forecast.create_native_crm('crm');
INSERT INTO crm.employee (owner_id, name) VALUES ('AA', 'Ann'), ('BB', 'Bob');
INSERT INTO crm.opportunity (name, owner_id, amount, currency, probability_stated, expected_close_on)
SELECT 'deal ' || g, CASE WHEN g % 3 = 0 THEN 'AA' ELSE 'BB' END, g * 10.01, 'EUR', g % 10 / 10.0, date '2030-01-01' + g
FROM generate_series(1, 300) AS g;
UPDATE crm.opportunity SET amount = amount + 1 WHERE opportunity_id % 7 = 0;
SELECT sales_forecast.connect_crm('native', 'crm', 'forecast');

CREATE TABLE kept AS
SELECT owner_id, sales_forecast.revenue_distribution(amount, probability_stated) AS independent,
       sales_forecast.revenue_distribution(amount, probability_stated, 0.2) AS correlated,
       sales_forecast.weighted_value(amount, probability_stated) AS value
FROM crm.opportunity GROUP BY owner_id
UNION ALL
SELECT 'few', sales_forecast.revenue_distribution(g::numeric, 0.5), sales_forecast.revenue_distribution(g::numeric, 0.5, 0.3), 1
FROM generate_series(1, 5) AS g
UNION ALL
SELECT 'none', NULL, NULL, NULL;

CREATE VIEW mine AS
SELECT owner_id, sales_forecast.weighted_value(amount, probability) AS value,
       sales_forecast.quantile(sales_forecast.revenue_distribution(amount, probability), 0.9) AS p90
FROM forecast.pipeline GROUP BY owner_id;

CREATE TABLE training AS
SELECT CASE WHEN g <= 900 THEN (hashint4(g) & 65535) / 65536.0 < 0.15 + 0.35 * (g % 3) END AS won, g % 3 AS size, g % 2 AS noise,
       CASE WHEN g % 5 > 0 THEN (ARRAY['lost', 'won'])[1 + (hashint4(g) & 1)] ELSE 'open' END AS outcome,
       1 + (hashint4(g + 7) & 65535) % (20 + 80 * (g % 2)) AS days, date '2022-01-01' + g AS as_of
FROM generate_series(1, 1000) AS g;
CREATE ROLE dump_trainer;
CREATE ROLE dump_user;
GRANT USAGE ON SCHEMA sales_forecast TO dump_trainer, dump_user;
GRANT SELECT ON training TO dump_trainer, dump_user;
SELECT sales_forecast.allow_training('dump_trainer');
SET ROLE dump_trainer;
SELECT sales_forecast.train_model('the "model"', 'SELECT won, size, as_of FROM training', sales_forecast.win_options('logistic'));
SELECT sales_forecast.train_model('the "model"', 'SELECT won, size, noise, as_of FROM training', sales_forecast.win_options('boosted', trees => 20));
SELECT sales_forecast.train_model('the "model"', 'SELECT won, noise, as_of FROM training', sales_forecast.win_options('logistic'));
SELECT sales_forecast.train_model('the "model"', 'SELECT won, won AS copy FROM training');
SELECT sales_forecast.train_close_model('closing', 'SELECT outcome, days, noise FROM training', sales_forecast.close_options('additive'));
SELECT sales_forecast.grant_model('the "model"', 'dump_user');
SELECT sales_forecast.set_model_policy('the "model"', keep_versions => 5);
RESET ROLE;
SQL

what="SELECT kept::text FROM kept ORDER BY owner_id;
	SELECT owner_id, sales_forecast.mean(independent), sales_forecast.quantiles(correlated, ARRAY[0.1, 0.5, 0.9]) FROM kept ORDER BY 1;
	SELECT * FROM mine ORDER BY 1;
	SET sales_forecast.as_of = '2031-01-01';
	SELECT p::text FROM forecast.pipeline p ORDER BY opportunity_id;
	SELECT p::text FROM forecast.pipeline_by_owner p ORDER BY 1;
	SELECT c::text FROM forecast.opportunity_change c ORDER BY 1;
	SELECT m::text FROM sales_forecast.stored_model m ORDER BY name;
	SELECT v::text FROM sales_forecast.stored_version v ORDER BY name, version;
	SELECT r::text FROM sales_forecast.stored_run r ORDER BY run_id;
	SELECT g::text FROM sales_forecast.stored_grant g;
	SET ROLE dump_user;
	SELECT sum(sales_forecast.win_probability('the \"model\"', t)) FROM training t;
	SELECT name, may_manage FROM sales_forecast.model;
	RESET ROLE;
	SELECT count(*), min(comment), max(comment) FROM
	(SELECT obj_description(c.oid, 'pg_class') AS comment FROM pg_class c WHERE c.relnamespace = 'forecast'::regnamespace) AS s"
read_back()
{
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$what" 2>&1
}
before=$(read_back dump_from)
like "$before" 'AA\|' 'there is something to dump'

pg_dump -Fc -f "$work/dump" dump_from
status=0
pg_restore --exit-on-error -d dump_to "$work/dump" 2>"$work/err" || status=$?
ok "$status" 'pg_restore --exit-on-error goes through'
sed 's/^/# /' "$work/err"
is "$(read_back dump_to | md5sum)" "$(printf '%s\n' "$before" | md5sum)" 'every value, view and comment reads the same'

like "$(psql -XAtq -d dump_to -c "INSERT INTO crm.opportunity (name, amount, currency) VALUES ('new', 1, 'EUR') RETURNING opportunity_id" 2>&1)" '^301$' \
	'the restored CRM works on: sequences and triggers are there'
is "$(psql -XAtq -d dump_to -c "SELECT count(*) FROM forecast.pipeline WHERE name = 'new'")" 1 'and its views show the new deal'

# A model retrained after the restore gets the next numbers, from whoever was allowed to train.
is "$(psql -XAtq -d dump_to -c 'SET ROLE dump_trainer' -c 'SET client_min_messages = error' -c "SELECT version FROM sales_forecast.train_model('the \"model\"', 'SELECT won, size, as_of FROM training', sales_forecast.win_options('logistic'))" 2>&1)" \
	4 'a restored model is trained on, with the next number'
is "$(psql -XAtq -d dump_to -c 'SELECT run_id - lag(run_id) OVER (ORDER BY run_id) FROM sales_forecast.stored_run ORDER BY run_id DESC LIMIT 1' 2>&1)" \
	1 'the log goes on with the next number'
is "$(psql -XAtq -d dump_to -c 'SET ROLE dump_trainer' -c 'SET client_min_messages = error' -c "SELECT version FROM sales_forecast.train_model('another', 'SELECT won, size, as_of FROM training', sales_forecast.win_options('logistic'))" 2>&1)" \
	1 'a new model is stored beside it'
is "$(psql -XAtq -d dump_to -c 'SET ROLE dump_user' -c "SELECT * FROM sales_forecast.rollback_model('the \"model\"')" 2>&1 | head -n 1)" \
	'ERROR:  role "dump_user" may not store models' 'rights are what they were'

# Restored views name the columns that nobody sees, inside of UNIONs; the rest is the same text.
schema()
{
	pg_dump --schema-only "$1" | sed -E '/^(--|\\|$)/d; s/ AS [a-z0-9_]+(,?)$/\1/'
}
schema dump_from >"$work/a"
schema dump_to >"$work/b"
is "$(diff "$work/a" "$work/b" | head -n 40)" '' 'a dump of the copy is the dump of the original'
