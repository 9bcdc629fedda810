-- The report, second part: train the models, and show what they say of the open deals.
--
-- psql variable: as_of (a time: the report looks from then; empty: now).  Runs after report.sql, on the same schema.

\set QUIET on
SET client_min_messages = error;
SET TimeZone = 'UTC';
SET jit = off;
\pset footer off
\pset null '-'
\pset border 1
\pset linestyle ascii
\pset numericlocale on
\pset pager off
SELECT set_config('sales_forecast.as_of', :'as_of', false) \gset report_
SET search_path = forecast, sales_forecast, pg_catalog;

\echo
\echo 'MODELS TRAINED ON THE PAST     a deal is several rows, one for each moment it is seen at; skill = share of the log-loss saved against plain rates'
CREATE TEMP TABLE training AS SELECT * FROM train_crm_models('forecast', max_rows => 20000);
SELECT t.kind AS model, t.status, t.deals, v.quality_from AS "tested on", round(t.auc::numeric, 3) AS "AUC",
       round(100 * t.skill::numeric, 1) AS "skill, %", round(100 * t.skill_low::numeric, 1) AS "at least, %", t.trained_on
FROM training t LEFT JOIN model_version v ON v.name = t.name AND v.version = t.version ORDER BY t.kind DESC;
\pset tuples_only on
\pset format unaligned
SELECT format('  %s: %s', kind, rtrim(regexp_replace(reason, '(.{1,94})( |$)', E'\\1\n    ', 'g'), E' \n')) FROM training WHERE status <> 'promoted' ORDER BY kind DESC;
SELECT '  So no probability of a model is shown, for the reasons above.'
FROM training WHERE kind = 'win' AND status <> 'promoted';
\echo
\pset format aligned
\pset tuples_only off

CREATE TEMP TABLE ranked AS SELECT * FROM lead_priority;
\echo 'WHICH DEALS FIRST     by amount x chance; chance from the model, beside what the seller says, the stage and the past'
SELECT r.rank, left(r.name, 30) AS deal, r.currency AS cur, round(r.amount) AS amount, r.priority, round(100 * r.probability_model::numeric) AS "model %",
       round(100 * r.win_within_30_days::numeric) AS "in 30 days %", round(100 * r.probability_stated::numeric) AS "stated %",
       round(100 * r.probability_stage::numeric) AS "stage %", round(100 * r.probability_history::numeric) AS "past %"
FROM ranked r ORDER BY r.rank LIMIT 8;
\pset tuples_only on
\pset format unaligned
SELECT CASE WHEN count(priority) = 0 THEN 'No priorities are known to compare with.'
            ELSE format('Rated high with less than half the usual odds: %s deals; rated low or normal with far better ones: %s.',
                        count(*) FILTER (WHERE mismatch = 'overrated'), count(*) FILTER (WHERE mismatch = 'underrated')) END FROM ranked;
SELECT format('  %s: %s', left(name, 34), reason) FROM (
    SELECT *, row_number() OVER (PARTITION BY mismatch ORDER BY CASE mismatch WHEN 'overrated' THEN probability ELSE -probability END, opportunity_id) AS nth
    FROM ranked WHERE mismatch IS NOT NULL) r
WHERE nth <= 2 ORDER BY mismatch, nth;
\echo
\pset format aligned
\pset tuples_only off

\echo 'WHAT SELLERS SAY, AND WHAT COMES     stated just before the close against won; bias 1.27: 27 % too much'
CREATE TEMP TABLE bias AS SELECT * FROM rep_bias;
SELECT count(*) > 0 AS some FROM bias \gset bias_
\if :bias_some
SELECT level, coalesce(owner_name, team_id, owner_id, '') AS of, deals, won, round(stated_sum::numeric, 1) AS "wins stated", round(ratio::numeric, 2) AS ratio,
       round(bias::numeric, 2) AS bias, round(bias_low::numeric, 2) AS low, round(bias_high::numeric, 2) AS high
FROM (SELECT *, row_number() OVER (PARTITION BY level ORDER BY bias DESC, owner_id, team_id) AS nth FROM bias) b
WHERE nth <= 10 ORDER BY array_position('{total,team,owner}', level), bias DESC;
\else
\echo 'The source has no stated probabilities.'
\echo
\endif

\echo 'DEALS IN DANGER'
CREATE TEMP TABLE risk AS SELECT * FROM deal_risk;
SELECT count(*) FILTER (WHERE stalled) AS stalled, count(*) FILTER (WHERE slipping) AS slipping, count(*) FILTER (WHERE cooling) AS cooling,
       count(*) FILTER (WHERE falling) AS falling, count(*) FILTER (WHERE risks > 0) AS "at risk", count(*) AS open FROM risk;
\pset tuples_only on
\pset format unaligned
SELECT format('  %s, %s %s: %s', left(name, 34), to_char(amount, 'FM999,999,999,990'), currency, reason) FROM risk JOIN (SELECT opportunity_id, rank FROM ranked) k USING (opportunity_id) WHERE risks > 1 ORDER BY risks DESC, rank, opportunity_id LIMIT 4;
\echo

\echo 'WHAT TO DO NOW     one line for each kind of action, with the deal that comes first in the ranking above'
CREATE TEMP TABLE action AS SELECT * FROM next_best_action;
SELECT format('  %s %s.  %s, %s by %s: %s', rpad(counted(n, 'deal') || ':', 13), replace(action, '_', ' '), left(name, 34), what, to_char(due_on, 'FMDD FMMonth'), why)
FROM (SELECT a.*, count(*) OVER (PARTITION BY action) AS n, row_number() OVER (PARTITION BY action ORDER BY k.rank, opportunity_id) AS nth
      FROM action a JOIN (SELECT opportunity_id, rank FROM ranked) k USING (opportunity_id)) a
WHERE nth = 1 ORDER BY n DESC, action;
SELECT '  no deal is open' WHERE NOT EXISTS (SELECT FROM action);
\echo

\echo 'CUSTOMERS WHO HAVE GONE QUIET'
CREATE TEMP TABLE churn AS SELECT * FROM churn_risk;
SELECT CASE WHEN count(*) = 0 THEN 'No customer has ordered four times or more, as far as is known.'
            ELSE format('%s order in a rhythm, %s overdue; about %s will not come back.', counted(count(*), 'customer'), count(*) FILTER (WHERE overdue), round(sum(probability_gone))) END FROM churn;
SELECT format('  %s: %s; chance that it is gone %s %%', left(name, 34), reason, round(100 * probability_gone))
FROM churn WHERE overdue AND probability_gone BETWEEN 0.3 AND 0.95 ORDER BY abs(probability_gone - 0.5), account_id LIMIT 4;
\echo

\echo 'WHAT GOES WITH WINNING     what the model goes by, beyond luck; not what causes a win'
SELECT format('  %s %s', CASE direction WHEN 'for' THEN '+' ELSE '-' END, reason)
FROM (SELECT *, row_number() OVER (PARTITION BY feature, direction ORDER BY rank) AS nth FROM win_drivers WHERE beyond_luck) d WHERE nth = 1 AND coalesce(value, 'not given') <> 'not given' ORDER BY rank LIMIT 10;
SELECT '  nothing: no win model is in use' FROM training WHERE kind = 'win' AND status <> 'promoted' AND NOT EXISTS (SELECT FROM win_drivers);
CREATE TEMP TABLE pattern AS SELECT * FROM win_patterns;
SELECT '  no pattern that holds in one segment only is found' WHERE NOT EXISTS (SELECT FROM pattern);
SELECT format('  only in places: %s', reason) FROM pattern ORDER BY rank LIMIT 4;
\echo
\pset format aligned
\pset tuples_only off
