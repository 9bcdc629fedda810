-- When deals close, and how; when customers leave.
SET search_path = sales_forecast, public;
SET extra_float_digits = 0;

CREATE TEMP TABLE deal AS
SELECT i, (i * 7919 % 1000) / 100.0 AS size, CASE i % 3 WHEN 0 THEN 'event' WHEN 1 THEN 'web' END AS source,
       CASE WHEN i % 10 < 4 THEN 'won' WHEN i % 10 < 9 THEN 'lost' ELSE 'open' END AS outcome,
       (i * 104729 % 120 + (i % 3) * 20)::float8 AS days
FROM generate_series(1, 1500) AS i;

CREATE TEMP TABLE m AS
SELECT fit_close_model(outcome, days, d, close_options(algorithm => 'additive', ridge => 5, validate => 'none')) AS model
FROM (SELECT outcome, days, size, source FROM deal) AS d;

SELECT topic, item, value, reason FROM m, close_model_summary(model) WHERE topic IN ('model', 'data');
SELECT bucket, from_days, to_days, closed, won, deal_days FROM m, close_model_buckets(model) WHERE bucket <= 3 ORDER BY bucket;
SELECT part, value, from_days, to_days, deals, round(ratio::numeric, 2) AS ratio FROM m, close_model_terms(model)
WHERE feature = 'source' ORDER BY part, value, from_days;

SELECT within, round(close_probability(model, d, 20, within)::numeric, 3) AS won
FROM m, (SELECT 5.0 AS size, 'web' AS source) AS d, (VALUES (0::float8), (30), (90), ('Infinity')) AS w(within);
SELECT round(o.won::numeric, 3) AS won, round(o.lost::numeric, 3) AS lost, round(o.still_open::numeric, 3) AS open
FROM m, (SELECT 5.0 AS size, NULL::text AS source) AS d, close_outcome(model, d, 20, 30) AS o;
SELECT round(e.mean_days::numeric, 1) AS mean, round(e.median_days::numeric, 1) AS median, round(e.win_probability::numeric, 2) AS won, e.restricted
FROM m, (SELECT 5.0 AS size, 'unheard of' AS source) AS d, expected_days_to_close(model, d, 20) AS e;
SELECT c.days, round(c.won::numeric, 3) AS won, round((c.won + c.lost + c.still_open)::numeric, 12) AS total
FROM m, (SELECT 5.0 AS size, 'web' AS source) AS d, close_curve(model, d, 0, ARRAY[10, NULL, 60]) AS c;

-- customers
SELECT round(churn_probability(fit_churn_model(outcome = 'won', days, d, close_options(validate => 'none')),
                               (SELECT x FROM (SELECT 1.0 AS size) AS x), 10, 30)::numeric, 3) AS churn
FROM (SELECT outcome, days, size FROM deal) AS d;

-- refused
SELECT fit_close_model('done', 1, d) FROM (SELECT 1 AS size) AS d;
SELECT fit_close_model('won', -1, d) FROM (SELECT 1 AS size) AS d;
SELECT fit_close_model('won', 2, 3, d) FROM (SELECT 1 AS size) AS d;
SELECT fit_close_model(outcome, days, d) FROM (SELECT outcome, days, size FROM deal LIMIT 50) AS d;
SELECT fit_close_model('open', days, d, close_options(force => true)) FROM (SELECT days, size FROM deal) AS d;
SELECT fit_close_model(outcome, days, d, close_options(algorithm => 'cox')) FROM (SELECT outcome, days, size FROM deal) AS d;
SELECT fit_close_model(outcome, days, d, close_options(buckets => 1)) FROM (SELECT outcome, days, size FROM deal) AS d;
SELECT close_probability(model, d, -1, 30) FROM m, (SELECT 5.0 AS size, 'web' AS source) AS d;
SELECT close_probability(model, d, 1, 'NaN') FROM m, (SELECT 5.0 AS size, 'web' AS source) AS d;
SELECT close_probability(model, d, 1, 30) FROM m, (SELECT 5.0 AS size) AS d;
SELECT churn_probability(model, d, 1, 30) FROM m, (SELECT 5.0 AS size, 'web' AS source) AS d;
SELECT 'close_model:AAAA'::close_model;
SELECT 'nonsense'::close_model;
SELECT fit_close_model(outcome, days, d) IS NULL AS no_rows FROM (SELECT outcome, days, size FROM deal WHERE false) AS d;
