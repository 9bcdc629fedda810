-- How good win probabilities are, as a reader meets it.  Numbers are rounded; the laws are in
-- test/pgtap/win_metrics_laws.sql.
SET search_path = public, sales_forecast;

-- Two hundred closed deals with two models: one that knows, one that is too sure.
CREATE TABLE scored AS
SELECT i AS id, i * 37 % 200 < 2 * (i % 100) AS won, (i % 100 + 0.5) / 100 AS model_a, power((i % 100 + 0.5) / 100, 3) AS model_b
FROM generate_series(1, 200) AS i;

SELECT round(auc(won, model_a)::numeric, 4) AS auc, round(log_loss(won, model_a)::numeric, 4) AS log_loss,
       round(brier_score(won, model_a)::numeric, 4) AS brier_score, round(calibration_error(won, model_a)::numeric, 4) AS calibration_error
FROM scored;
SELECT round((i).auc::numeric, 3) AS auc, round((i).low::numeric, 3) AS low, round((i).high::numeric, 3) AS high, (i).won, (i).lost
FROM (SELECT auc_interval(won, model_a) AS i FROM scored) AS s;

-- Which of the two is better?  They order alike, and one is better calibrated.
SELECT round((a).difference::numeric, 4) AS auc_difference, round((l).difference::numeric, 4) AS log_loss_difference, (l).p_value < 0.05 AS shown
FROM (SELECT auc_difference(won, model_a, model_b) AS a, log_loss_difference(won, model_a, model_b) AS l FROM scored) AS s;

-- Curves, one row a point.
SELECT p.bin_low, p.bin_high, p.deals, round(p.mean_probability::numeric, 3) AS mean, round(p.win_rate::numeric, 3) AS win_rate,
       round(p.low::numeric, 3) AS low, round(p.high::numeric, 3) AS high
FROM (SELECT calibration_curve(won, model_a, 4) AS c FROM scored) AS s, unnest(c) AS p;
SELECT round(p.share_of_deals::numeric, 2) AS share_of_deals, p.deals, p.won, round(p.lift::numeric, 2) AS lift, round(p.share_of_won::numeric, 2) AS share_of_won
FROM (SELECT lift_curve(won, model_a, 5) AS c FROM scored) AS s, unnest(c) AS p;
SELECT p.threshold, round(p.true_positive_rate::numeric, 3) AS true_positive_rate, round(p.false_positive_rate::numeric, 3) AS false_positive_rate
FROM (SELECT roc_curve(won, model_a) AS c FROM scored WHERE id % 100 % 25 = 0) AS s, unnest(c) AS p;

-- A fifth of the deals for testing, the same ones for ever.
SELECT in_holdout(id::text) AS held_out, count(*) FROM scored GROUP BY 1 ORDER BY 1;
SELECT hash_bucket(id::text, 'fold', 5) AS fold, count(*) FROM scored GROUP BY 1 ORDER BY 1;

-- Mistakes are told.
SELECT log_loss(won, 100 * model_a) FROM scored;
SELECT calibration_curve(won, model_a, 0) FROM scored;

DROP TABLE scored;
