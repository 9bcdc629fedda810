-- What the models and views found, beside what the generator planted.  Runs after win.sql, in the same session or not.

\set QUIET on
SET client_min_messages = error;
SET TimeZone = 'UTC';
SET jit = off;
\pset footer off
\pset null '-'
\pset border 1
\pset linestyle ascii
\pset numericlocale on
SELECT set_config('sales_forecast.as_of', :'as_of', false) \gset report_
SET search_path = forecast, sales_forecast, pg_catalog;

CREATE TEMP TABLE comparison (nr int GENERATED ALWAYS AS IDENTITY, requirement text, quantity text, planted numeric, found numeric, low numeric, high numeric);
CREATE TEMP TABLE history AS SELECT * FROM deal_history;
CREATE TEMP TABLE early AS SELECT * FROM history WHERE age_days = 2 AND won IS NOT NULL;

INSERT INTO comparison (requirement, quantity, planted, found, low, high)
SELECT 'F005', 'stated just before the close / won, all sellers', 1.27, bias, bias_low, bias_high FROM rep_bias WHERE level = 'total';
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F005', 'correlation of the bias found with the optimism planted, over sellers', 1, corr(ln(b.bias), ln(t.optimism)) FROM rep_bias b JOIN truth.truth_owner t USING (owner_id) WHERE b.level = 'owner';

-- Ratio of two win rates with its 95 % interval.
CREATE FUNCTION pg_temp.lift(won1 bigint, all1 bigint, won2 bigint, all2 bigint, OUT r float8, OUT low float8, OUT high float8) LANGUAGE sql AS
$$SELECT exp(m), exp(m - 1.96 * e), exp(m + 1.96 * e)
  FROM (SELECT ln((won1::float8 / all1) / (won2::float8 / all2)), sqrt(1.0 / won1 - 1.0 / all1 + 1.0 / won2 - 1.0 / all2)) x (m, e)
  WHERE won1 > 0 AND won2 > 0$$;
INSERT INTO comparison (requirement, quantity, planted, found, low, high)
SELECT 'F015', CASE WHEN n.two THEN 'win rate with a demo in 48 hours, medical technology and energy' ELSE 'the same in other industries' END, CASE WHEN n.two THEN 4.3 ELSE 1 END, l.r, l.low, l.high
FROM (SELECT industry IN ('Medical technology', 'Energy') AS two, count(*) FILTER (WHERE demo_within_48_hours AND won) AS a, count(*) FILTER (WHERE demo_within_48_hours) AS b,
             count(*) FILTER (WHERE NOT demo_within_48_hours AND won) AS c, count(*) FILTER (WHERE NOT demo_within_48_hours) AS d
      FROM early WHERE industry IS NOT NULL GROUP BY 1) n, pg_temp.lift(a, b, c, d) l ORDER BY n.two DESC;
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F015', 'of these two industries, named by win_patterns with quick demos', 2, count(DISTINCT i.name)
FROM (VALUES ('Medical technology'), ('Energy')) i (name) JOIN win_patterns p ON position(i.name IN p.condition || ' ' || p.segment) > 0
WHERE condition || segment ~ 'demo_within_48_hours' AND condition || segment ~ 'industry = (Medical technology|Energy)' AND condition || segment !~ 'false';
INSERT INTO comparison (requirement, quantity, planted, found, low, high)
SELECT 'T012', 'win rate of small manufacturers, south / north', 1.4, l.r, l.low, l.high
FROM (SELECT sum(won) FILTER (WHERE region = 'South')::bigint AS a, sum(closed) FILTER (WHERE region = 'South')::bigint AS b,
             sum(won) FILTER (WHERE region = 'North')::bigint AS c, sum(closed) FILTER (WHERE region = 'North')::bigint AS d
      FROM win_rate_by_segment WHERE industry = 'Machinery' AND company_size = 'under 50') n, pg_temp.lift(a, b, c, d) l;

-- Small and very large companies win more often: can a model of the size alone see it?
CREATE TEMP TABLE size_seen AS SELECT won, fold_group, employees FROM early WHERE employees IS NOT NULL;
CREATE TEMP TABLE size_model AS
SELECT fit_win_model_query('SELECT won, fold_group, ln(employees) AS size FROM size_seen', win_options(algorithm => 'logistic', terms => 'linear', validate => 'none', force => true)) AS linear,
       fit_win_model_query('SELECT won, fold_group, ln(employees) AS size FROM size_seen', win_options(algorithm => 'forest', least_rows => 30, validate => 'none', force => true)) AS forest;
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F024', format('win rate, under 20 or over 1,000 staff / between, %s', x.what), t.ratio, x.ratio
FROM (SELECT avg(p_win) FILTER (WHERE quick_size) / avg(p_win) FILTER (WHERE NOT quick_size) AS ratio FROM truth.truth_deal) t,
     (SELECT avg(p.linear) FILTER (WHERE p.quick) / avg(p.linear) FILTER (WHERE NOT p.quick) AS linear, avg(p.forest) FILTER (WHERE p.quick) / avg(p.forest) FILTER (WHERE NOT p.quick) AS forest
      FROM (SELECT s.employees < 20 OR s.employees > 1000 AS quick, win_probability(m.linear, f) AS linear, win_probability(m.forest, f) AS forest
            FROM size_seen s CROSS JOIN size_model m CROSS JOIN LATERAL (SELECT ln(s.employees) AS size OFFSET 0) f) p) m,
     LATERAL (VALUES (1, 'a linear logistic model says', m.linear), (2, 'a forest says', m.forest)) x (nr, what, ratio) ORDER BY x.nr;

-- Two days after creation, each deal predicted by models that have not seen it.
SELECT string_agg(quote_ident(feature), ', ') AS features FROM deal_feature_descriptions()
WHERE feature IN ('process', 'lead_source', 'industry', 'employees', 'company_size', 'region', 'demo_within_48_hours', 'owner_id') \gset
CREATE TEMP TABLE crossed AS
SELECT * FROM cross_validate_win('SELECT won, as_of, fold_group, ' || :'features' || ' FROM early WHERE hash_bucket(opportunity_id, ''cv'', (SELECT count(*) / 6000 + 1 FROM early)::int) = 0',
                                 win_options(validate => 'none'), 'grouped', 5);
INSERT INTO comparison (requirement, quantity, planted, found, low, high)
SELECT 'F010', 'AUC two days after creation (planted: the best that columns can do)', t.auc, a.auc, a.low, a.high
FROM truth.truth_model t, (SELECT (auc_interval(won, probability)).* FROM crossed) a WHERE t.scope = 'all' AND t.information = '3 columns';
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F010', 'log-loss of the same (of the plain win rate: ' || round(b.log_loss, 3) || ')', t.log_loss, (SELECT log_loss(won, probability) FROM crossed)
FROM truth.truth_model t, truth.truth_model b WHERE t.scope = 'all' AND t.information = '3 columns' AND b.scope = 'all' AND b.information = '4 base rate';

-- The open deals against their exact probabilities; only where the report looks from the last day.
CREATE TEMP TABLE forecast_open AS
SELECT p.*, t.p_win, t.p_win_30_days, t.p_win_90_days, t.p_win_this_quarter FROM pipeline p JOIN truth.truth_open t ON t.opportunity_id::text = p.opportunity_id AND t.as_of = p.as_of;
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT v.requirement, v.quantity, v.planted, v.found
FROM (SELECT sum(p_win) AS w, sum(p_win_30_days) AS d30, sum(p_win_90_days) AS d90, sum(p_win_this_quarter) AS q, count(probability_model) AS n,
             sum(probability_model) AS mw, sum(win_within_30_days) AS m30, sum(win_within_90_days) AS m90, sum(win_by_quarter_end) AS mq, sum(probability_stated) AS sw,
             corr(win_within_30_days, p_win_30_days) AS c30, corr(probability_model, p_win) AS cw, corr(probability_stated, p_win) AS cs
      FROM forecast_open) s
CROSS JOIN LATERAL (VALUES (1, 'F010', 'wins among the open deals, model', s.w, s.mw), (2, 'F005', 'the same as sellers state them', s.w, s.sw),
                           (3, 'F013', 'wins within 30 days', s.d30, s.m30), (4, 'F013', 'wins within 90 days', s.d90, s.m90), (5, 'F013', 'wins before the quarter ends', s.q, s.mq),
                           (6, 'F013', 'correlation with the true probability, model', 1, s.cw), (7, 'F013', 'the same within 30 days', 1, s.c30)) v (nr, requirement, quantity, planted, found)
WHERE s.n > 0 ORDER BY v.nr;

-- F021: e-mails, time since the first contact and size of the company: won or lost within 30 days, or not?
CREATE TEMP TABLE soon AS
SELECT DISTINCT ON (opportunity_id) outcome <> 'open' AND days <= 30 AS won, opportunity_id AS fold_group, emails, days_since_first_contact, ln(employees) AS size
FROM history WHERE as_of <= as_of() - interval '30 days' ORDER BY opportunity_id, md5(opportunity_id || as_of::text);
CREATE TEMP TABLE soon_crossed AS
SELECT * FROM cross_validate_win('SELECT * FROM soon WHERE hash_bucket(fold_group, ''cv'', (SELECT count(*) / 6000 + 1 FROM soon)::int) = 0', win_options(validate => 'none'), 'grouped', 5);
INSERT INTO comparison (requirement, quantity, planted, found, low, high)
SELECT 'F021', 'closes within 30 days: AUC of these three (0.5: they tell nothing)', NULL, (a).auc, (a).low, (a).high FROM (SELECT auc_interval(won, probability) AS a FROM soon_crossed) s;
INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F021', format('the same, right, %% (always saying the more frequent: %s)', round(100 * greatest(avg(won::int), 1 - avg(won::int)), 1)), NULL, 100 * avg(((probability >= 0.5) = won)::int) FROM soon_crossed;

INSERT INTO comparison (requirement, quantity, planted, found)
SELECT 'F055', 'customers gone: found overdue, % of those who left', 100, 100.0 * count(*) FILTER (WHERE c.overdue) / nullif(count(*), 0)
FROM churn_risk c JOIN truth.truth_account t ON t.account_id::text = c.account_id WHERE t.churns_on < as_of()
UNION ALL
SELECT 'F055', 'customers expected to be gone', count(*) FILTER (WHERE t.churns_on < as_of()), sum(c.probability_gone)
FROM churn_risk c JOIN truth.truth_account t ON t.account_id::text = c.account_id WHERE t.churns_on IS NOT NULL;

\echo 'PLANTED AND FOUND BY THE MODELS     low to high: 95 %, where there is an interval; ratio: found / planted'
SELECT requirement AS "asked by", quantity, round(planted, 2) AS planted, round(found, 2) AS found, round(low, 2) AS low, round(high, 2) AS high,
       CASE WHEN planted > 1 OR low IS NULL THEN round(found / nullif(planted, 0), 2) END AS ratio,
       -- An interval that holds both what was planted and "no effect" tells neither.  No effect: 1, for an AUC 0.5.
       CASE WHEN quantity LIKE 'of these two industries%' THEN CASE found WHEN 2 THEN 'found' WHEN 1 THEN 'one of two' ELSE 'not found, too few deals' END
            WHEN low IS NULL THEN ''
            WHEN planted IS NULL THEN CASE WHEN low > 0.5 THEN 'tells something' ELSE 'tells nothing' END
            WHEN quantity LIKE 'AUC%' THEN CASE WHEN planted BETWEEN low AND high THEN 'as good as can be' WHEN low > 0.5 THEN 'less than possible' ELSE 'not found' END
            WHEN planted = 1 THEN CASE WHEN low <= 1 AND high >= 1 THEN 'none, rightly' ELSE 'found, but wrong' END
            WHEN low <= 1 AND high >= 1 THEN 'not found, too few deals'
            WHEN planted BETWEEN low AND high THEN 'found' ELSE 'found, but not its size' END AS verdict
FROM comparison ORDER BY nr;
