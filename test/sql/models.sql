-- The registry as a reader meets it: training under a name, versions, the champion rule, predicting by name, the card,
-- comparing, going back, rights, out and in. Numbers are rounded; the laws are in test/pgtap/models_laws.sql.
SET search_path = public, sales_forecast;
SET DateStyle = ISO;
SET client_min_messages = error;
\set SHOW_CONTEXT never

-- Four years of deals: referrals and larger amounts win more often; the last hundred are still open.
CREATE TABLE deal AS
SELECT g AS deal_id,
       CASE WHEN g <= 4000 THEN (hashint4(g) & 65535) / 65536.0
            < 0.10 + 0.40 * (g % 3 = 0)::int + 0.04 * (g % 10) END AS won,
       1000 * (g % 10) AS amount, (ARRAY['referral', 'web', 'cold call'])[1 + g % 3] AS lead_source,
       hashint4(-g) % 3 AS weather, date '2022-01-01' + g / 3 AS as_of
FROM generate_series(1, 4100) AS g;

-- The first version that passes its gates is put to use.
SELECT name, version, status, reason, algorithm, deals, won, quality_from, round(auc::numeric, 2) AS auc, skill_low > 0 AS skilled, champion
FROM train_model('win', 'SELECT won, amount, lead_source, as_of FROM deal', win_options('logistic', bins => 8));

-- A worse one is kept, and not used. One without skill is refused: every gate that fails is named.
SELECT version, status, regexp_replace(reason, '\d\.\d+', '0.#', 'g') AS reason, champion
FROM train_model('win', 'SELECT won, amount, as_of FROM deal', win_options('logistic'));
SELECT version, status, regexp_replace(r, '(between )?\d+(\.\d+)? % (worse and|to) \d+(\.\d+)? %', '#') AS reason, champion
FROM train_model('win', 'SELECT won, weather, as_of FROM deal', win_options('logistic')) AS t, regexp_split_to_table(t.reason, '; (?=trained)') AS r;
-- What gives the outcome away is not trained on at all.
SELECT version, status, reason, champion
FROM train_model('win', 'SELECT won, amount, CASE WHEN won THEN 1 WHEN NOT won THEN 0 END AS paid, as_of FROM deal');

-- Open deals, by the name of the model; by version; what is in use.
SELECT deal_id, round(win_probability('win', d)::numeric, 1) AS probability FROM deal AS d WHERE won IS NULL ORDER BY deal_id LIMIT 3;
SELECT name, kind, promoted, previous, last_version, keep_versions, champion_days, least_quality, may_manage FROM model;
SELECT version, status, left(query, 40) AS query, seed, forced, quality_from FROM model_version ORDER BY version;
SELECT version, action, outcome, left(reason, 50) AS reason FROM model_run ORDER BY run_id;
SELECT topic, item, round(value::numeric, 2) AS value, reason FROM model_card('win@2') WHERE topic = 'version' AND item IN ('name', 'forced', 'seed', 'query', 'options') OR item IN ('won deals', 'lost deals');

-- A against B on the same deals.
SELECT metric, a > b AS a_larger, low IS NULL AS untested, p_value < 0.05 AS shown, deals, better
FROM compare_models('win@1', 'win@2', 'SELECT * FROM deal');

-- Put to use by hand, and back.
SELECT version, status, reason, champion FROM promote_model('win', 2, reason => 'easier to explain');
SELECT version, status, reason, champion FROM rollback_model('win');
\set VERBOSITY terse
SELECT promote_model('win', 3);
\set VERBOSITY default
SELECT version, status, left(reason, 60) AS reason FROM promote_model('win', 3, force => true, reason => 'for the weather report');
SELECT version, champion FROM rollback_model('win', 'it rains');
SELECT version, outcome, reason FROM model_run WHERE action = 'promote' ORDER BY run_id;

-- Old versions go.
SELECT keep_versions, champion_days, least_quality FROM set_model_policy('win', keep_versions => 2);
SELECT purge_model_versions('win');
SELECT version, status FROM model_version ORDER BY version;

-- When deals close, on the same path.
CREATE TABLE closing AS
SELECT (ARRAY['lost', 'won', 'open'])[1 + (hashint4(g) & 65535) % 3] AS outcome, 1 + (hashint4(g + 7) & 65535) % (20 + 80 * (g % 2)) AS days,
       CASE g % 2 WHEN 0 THEN 'renewal' ELSE 'new' END AS type
FROM generate_series(1, 900) AS g;
SELECT name, version, status, reason, algorithm, deals, won, quality_from, skill_low > 0 AS skilled
FROM train_close_model('close', 'SELECT outcome, days, type FROM closing', close_options('additive'));
SELECT type, round(close_probability('close', c, 5, 30)::numeric, 1) AS won_within_30_days FROM (SELECT DISTINCT type FROM closing) AS c ORDER BY type;

-- A copy goes out and comes in, and waits to be promoted.
SELECT name, version, status, reason FROM import_model(export_model('win'), 'win copy');
SELECT drop_model('win copy');
SELECT name, action, outcome FROM model_run ORDER BY run_id DESC LIMIT 2;

-- Rights.
CREATE ROLE regress_models_seller;
GRANT USAGE ON SCHEMA sales_forecast, public TO regress_models_seller;
GRANT SELECT ON deal TO regress_models_seller;
SELECT grant_model('win', 'regress_models_seller');
SELECT name, grantee, privilege FROM model_grant;
SET ROLE regress_models_seller;
SELECT name, may_manage FROM model;
SELECT count(win_probability('win', d)) FROM deal AS d WHERE won IS NULL;
SELECT win_probability('close', d) FROM deal AS d LIMIT 1;
SELECT train_model('win', 'SELECT won, amount FROM deal');
RESET ROLE;
SELECT revoke_model('win', 'regress_models_seller');
SET ROLE regress_models_seller;
SELECT count(win_probability('win', d)) FROM deal AS d WHERE won IS NULL;
RESET ROLE;

-- Mistakes are told, with what to do about them.
\set VERBOSITY terse
SELECT train_model('win@2', 'SELECT won, amount FROM deal');
SELECT train_model('win', 'SELECT amount FROM deal');
SELECT train_model('win', 'DELETE FROM deal RETURNING won, amount');
SELECT train_model('close', 'SELECT won, amount FROM deal');
SELECT win_probability('wim', d) FROM deal AS d;
SELECT model_card('win@9');
SELECT import_model('{}');
\set VERBOSITY default
DROP TABLE deal, closing;
SELECT drop_model(name) FROM model;
REVOKE ALL ON SCHEMA sales_forecast, public FROM regress_models_seller;
DROP ROLE regress_models_seller;
