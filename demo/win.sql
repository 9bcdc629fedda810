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
\echo 'MODELS TRAINED ON THE PAST     tested on the latest fifth of it; skill = share of the log-loss of the plain win rate that is saved'
CREATE TEMP TABLE training AS SELECT * FROM train_crm_models('forecast', max_rows => 20000);
SELECT kind AS model, status, deals AS rows, won, round(auc::numeric, 3) AS "AUC", round(log_loss::numeric, 3) AS "log-loss",
       round(100 * skill::numeric, 1) AS "skill, %", round(100 * skill_low::numeric, 1) AS "at least, %", trained_on
FROM training ORDER BY kind DESC;
\pset tuples_only on
\pset format unaligned
SELECT format('  %s: %s', kind, rtrim(regexp_replace(reason, '(.{1,94})( |$)', E'\\1\n    ', 'g'), E' \n')) FROM training WHERE status <> 'promoted' ORDER BY kind DESC;
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
SELECT format('%s deals are rated high with less than half the usual chance, %s low or normal with far more.',
              count(*) FILTER (WHERE mismatch = 'overrated'), count(*) FILTER (WHERE mismatch = 'underrated')) FROM ranked;
SELECT format('  %s: %s', left(name, 34), reason) FROM (
    SELECT *, row_number() OVER (PARTITION BY mismatch ORDER BY CASE mismatch WHEN 'overrated' THEN probability ELSE -probability END, opportunity_id) AS nth
    FROM ranked WHERE mismatch IS NOT NULL) r
WHERE nth <= 2 ORDER BY mismatch, nth;
\echo
\pset format aligned
\pset tuples_only off

\echo 'WHAT SELLERS SAY, AND WHAT COMES     stated just before the close against won; bias 1.27: 27 % too much'
CREATE TEMP TABLE bias AS SELECT * FROM rep_bias;
SELECT level, coalesce(owner_name, team_id, owner_id, '') AS of, deals, won, round(stated_sum::numeric, 1) AS "wins stated", round(ratio::numeric, 2) AS ratio,
       round(bias::numeric, 2) AS bias, round(bias_low::numeric, 2) AS low, round(bias_high::numeric, 2) AS high
FROM (SELECT *, row_number() OVER (PARTITION BY level ORDER BY bias DESC, owner_id, team_id) AS nth FROM bias) b
WHERE nth <= 10 ORDER BY array_position('{total,team,owner}', level), bias DESC;

\echo 'DEALS IN DANGER'
CREATE TEMP TABLE risk AS SELECT * FROM deal_risk;
SELECT count(*) FILTER (WHERE stalled) AS stalled, count(*) FILTER (WHERE slipping) AS slipping, count(*) FILTER (WHERE cooling) AS cooling,
       count(*) FILTER (WHERE falling) AS falling, count(*) FILTER (WHERE risks > 0) AS "at risk", count(*) AS open FROM risk;
\pset tuples_only on
\pset format unaligned
SELECT format('  %s, %s %s: %s', left(name, 34), to_char(amount, 'FM999,999,999,990'), currency, reason) FROM risk WHERE risks > 1 ORDER BY risks DESC, amount DESC NULLS LAST, opportunity_id LIMIT 4;
\echo

\echo 'WHAT TO DO NOW     one line for each kind of action, for the deal with the most at stake'
CREATE TEMP TABLE action AS SELECT * FROM next_best_action;
SELECT format('  %s deals: %s by %s.  %s: %s', n, what, to_char(due_on, 'FMDD FMMonth'), left(name, 34), why)
FROM (SELECT *, count(*) OVER (PARTITION BY action) AS n, row_number() OVER (PARTITION BY action ORDER BY amount * probability::numeric DESC NULLS LAST, opportunity_id) AS nth FROM action) a
WHERE nth = 1 ORDER BY n DESC, action;
\echo

\echo 'CUSTOMERS WHO HAVE GONE QUIET'
CREATE TEMP TABLE churn AS SELECT * FROM churn_risk;
SELECT format('%s customers order in a rhythm, %s are overdue; about %s will not come back.', count(*), count(*) FILTER (WHERE overdue), round(sum(probability_gone))) FROM churn;
SELECT format('  %s: %s; chance that it is gone %s %%', left(name, 34), reason, round(100 * probability_gone))
FROM churn WHERE overdue AND probability_gone BETWEEN 0.3 AND 0.95 ORDER BY amount_a_year * probability_gone::numeric DESC NULLS LAST, account_id LIMIT 4;
\echo

\echo 'WHAT MAKES DEALS WIN'
SELECT format('  %s %s', CASE direction WHEN 'for' THEN '+' ELSE '-' END, reason)
FROM (SELECT *, row_number() OVER (PARTITION BY feature, direction ORDER BY rank) AS nth FROM win_drivers) d WHERE nth = 1 AND coalesce(value, 'not given') <> 'not given' ORDER BY rank LIMIT 10;
CREATE TEMP TABLE pattern AS SELECT * FROM win_patterns;
SELECT format('  only in places: %s', reason) FROM pattern ORDER BY rank LIMIT 4;
\echo
\pset format aligned
\pset tuples_only off
