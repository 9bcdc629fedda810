-- Win probabilities as a reader meets them: training, predicting, explaining, what a model is, cross-validation.
-- Numbers are rounded; the laws are in test/pgtap/winprob_laws.sql.
SET search_path = public, sales_forecast;
SET DateStyle = ISO;

-- Three years of deals. Referrals and larger amounts win more often; the last hundred are still open.
CREATE TABLE deal AS
SELECT g AS deal_id,
       CASE WHEN g <= 3000 THEN (hashint4(g) & 65535) / 65536.0
            < 0.15 + 0.30 * (g % 3 = 0)::int + 0.03 * (g % 10) END AS won,
       1000 * (g % 10) AS amount, (ARRAY['referral', 'web', 'cold call'])[1 + g % 3] AS lead_source,
       date '2022-01-01' + g / 3 AS as_of, date '2022-01-01' + g / 3 - g % 60 AS created_on,
       CASE WHEN g % 4 > 0 THEN g % 8 = 1 END AS partner
FROM generate_series(1, 3100) AS g;
CREATE VIEW example AS SELECT * FROM deal;

-- A model from closed deals; the columns of the record are its features.
CREATE TABLE trained AS
SELECT fit_win_model(won, d, win_options(algorithm => 'logistic', bins => 16, validate => 'full')) AS model
FROM (SELECT won, amount, lead_source, as_of, created_on, partner FROM example) AS d;

SELECT topic, item, round(value::numeric, 2) AS value, CASE WHEN value IS NULL THEN reason END AS text
FROM trained, win_model_summary(model)
WHERE topic IN ('model', 'deals', 'checks') OR topic = 'held out' AND item IN ('deals', 'auc', 'log_loss', 'skill');
SELECT feature, value, deals, won, round(win_rate::numeric, 2) AS win_rate, round(lift::numeric, 2) AS lift,
       round(coefficient::numeric, 1) AS coefficient, round(odds_ratio::numeric, 1) AS odds_ratio
FROM trained, win_model_terms(model) WHERE feature IN ('(intercept)', 'lead_source', 'partner') ORDER BY feature, value;
SELECT gate, feature, limit_value, round(measured::numeric, 2) AS measured, verdict, reason
FROM trained, win_model_gates(model) WHERE gate NOT LIKE 'skill%' AND gate <> 'overfitting';
SELECT gate, verdict FROM trained, win_model_gates(model) WHERE gate LIKE 'skill%' OR gate = 'overfitting';

-- The open deals, one row each.
SELECT deal_id, round(win_probability(model, d)::numeric, 1) AS probability
FROM trained, example AS d WHERE won IS NULL ORDER BY deal_id LIMIT 4;
SELECT p.low <= p.probability AND p.probability <= p.high AS ordered, count(*)
FROM trained, example AS d, win_probability_interval(model, d) AS p WHERE won IS NULL GROUP BY 1;

-- Why.
SELECT f.position, f.kind, f.feature, f.value, round(f.contribution::numeric, 1) AS contribution, f.deals, f.unseen, f.reason
FROM trained, example AS d, explain_win(model, d) AS f WHERE deal_id = 3002 AND f.kind <> 'calibration' ORDER BY f.position;
SELECT f.feature, f.value, f.unseen, f.reason
FROM trained, (SELECT NULL::int AS amount, 'trade fair' AS lead_source, date '2024-10-10' AS as_of, date '2024-10-01' AS created_on, true AS partner) AS d,
     explain_win(model, d) AS f WHERE f.kind = 'feature' ORDER BY f.feature;

-- The same from a query, and probabilities of deals that were held out.
SELECT fit_win_model_query('SELECT won, amount, lead_source, as_of, created_on, partner FROM example',
                           win_options(algorithm => 'logistic', bins => 16, validate => 'full'))::text = model::text AS same FROM trained;
SELECT fold, count(*), count(*) FILTER (WHERE probability > 0 AND probability < 1) AS proper, min(as_of) IS NOT NULL AS timed
FROM cross_validate_win('SELECT won, amount, lead_source, as_of FROM example', win_options('logistic'), n => 3) GROUP BY fold ORDER BY fold;
SELECT fold, min(as_of)::date, max(as_of)::date
FROM cross_validate_win('SELECT won, amount, lead_source, as_of FROM example', win_options('logistic'), 'forward', 3) GROUP BY fold ORDER BY fold;

-- What matters in some segments only: a demo within three days, in two industries.
SELECT condition, segment, deals, round(win_rate::numeric, 2) AS win_rate, round(others_win_rate::numeric, 2) AS others, round(lift::numeric, 1) AS lift,
       round(lift_outside::numeric, 1) AS outside, p_value < 0.001 AS certain, reason
FROM win_interactions($$SELECT (hashint4(g) & 65535) / 65536.0 < 0.2 + 0.4 * (g % 5 < 2 AND g % 11 < 4)::int AS won,
                               (ARRAY['retail', 'software', 'steel', 'food', 'bank'])[1 + g % 5] AS industry, g % 11 AS demo_days, g % 2 = 0 AS partner
                        FROM generate_series(1, 6000) AS g$$, bins => 16);

-- Mistakes are told, with what to do about them.
SELECT fit_win_model(won, d) FROM (SELECT won, amount, deal_id % 50 = 0 AS seldom FROM example WHERE deal_id <= 60) AS d;
SELECT fit_win_model(won, ROW(amount, lead_source)) FROM example;
SELECT fit_win_model(won, d) FROM (SELECT won, created_on FROM example) AS d;
SELECT fit_win_model(won, d) FROM (SELECT won, ARRAY[amount] AS amounts FROM example) AS d;
SELECT fit_win_model(won, d) FROM (SELECT won, as_of FROM example) AS d;
SELECT fit_win_model(won, d) FROM (SELECT won, amount, 'today'::text AS as_of FROM example) AS d;
SELECT fit_win_model(won, d) FROM (SELECT won, 'Infinity'::float8 AS amount FROM example) AS d;
SELECT fit_win_model(won, d) FROM (SELECT won, date 'infinity' AS created_on, as_of FROM example) AS d;
SELECT fit_win_model(won, d, win_options(algorithm => 'oracle')) FROM example AS d;
SELECT fit_win_model(won, d, win_options(bins => 1)) FROM example AS d;
SELECT fit_win_model(won, d, win_options(learning_rate => 2)) FROM example AS d;
SELECT fit_win_model(won, d, win_options(folds => NULL)) FROM example AS d;
SELECT win_probability(model, d) FROM trained, (SELECT 5 AS amount) AS d;
SELECT win_probability(model, d) FROM trained, (SELECT amount::text, lead_source, as_of, created_on, partner FROM example) AS d;
SELECT 'win_model:AAAA'::win_model;
SELECT 'a model'::win_model;
SELECT fit_win_model_query('SELECT amount FROM example');
SELECT fit_win_model_query('DELETE FROM deal');
SELECT fit_win_model_query('SELECT won, amount FROM example WHERE false');
SELECT cross_validate_win('SELECT won, amount FROM example', win_options('logistic'), 'forward');
SELECT cross_validate_win('SELECT won, amount FROM example', win_options('logistic'), 'random');
SELECT cross_validate_win('SELECT won, amount FROM example', win_options('logistic'), n => 1);

SELECT * FROM win_interactions('SELECT won, amount FROM example', level => 0);

DROP VIEW example;
DROP TABLE deal, trained;
