-- The report: what a sales manager wants to know on Monday, from the views of schema forecast.
--
-- psql variables: title, as_of (a time: the report looks from then; empty: now).

\set QUIET on
SET client_min_messages = warning;
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

\pset tuples_only on
\pset format unaligned
SELECT format(E'\n%s\nas of %s: %s open deals, %s won and %s lost since %s\n%s', :'title', to_char(as_of(), 'FMDD FMMonth YYYY'),
              to_char(count(*) FILTER (WHERE status = 'open'), 'FM999,999,990'), to_char(count(*) FILTER (WHERE status = 'won'), 'FM999,999,990'),
              to_char(count(*) FILTER (WHERE status = 'lost'), 'FM999,999,990'), to_char(min(created_at), 'FMMonth YYYY'), repeat('=', 78))
FROM opportunity_as_of;

\echo 'IS THE DATA GOOD ENOUGH?'
CREATE TEMP TABLE finding AS SELECT * FROM check_crm('forecast');
SELECT format('%s of %s checks passed; to warn: %s, to refuse a model: %s.', count(*) FILTER (WHERE passed), count(passed),
              count(*) FILTER (WHERE NOT passed AND severity = 'warn'), count(*) FILTER (WHERE NOT passed AND severity = 'refuse'))
FROM finding WHERE severity <> 'info';
SELECT format('  %s %s', rpad(CASE severity WHEN 'refuse' THEN 'REFUSE' WHEN 'warn' THEN 'warning' ELSE 'note' END, 8),
              -- Long findings go on below, indented.
              rtrim(regexp_replace(check_name || ': ' || reason, '(.{1,94})( |$)', E'\\1\n           ', 'g'), E' \n'))
FROM finding
WHERE NOT passed AND (severity <> 'info' OR area <> 'contract')
ORDER BY CASE severity WHEN 'refuse' THEN 1 WHEN 'warn' THEN 2 ELSE 3 END, area, check_name;
\pset format aligned
\pset tuples_only off
\echo

\echo 'PIPELINE BY STAGE     weighted = sum of amount x probability; P10 is the cautious side'
SELECT coalesce(p.name, '-') AS process, coalesce(s.stage_name, '(unknown)') AS stage, s.currency AS cur, s.deals,
       round(s.amount) AS amount, round(s.weighted_value) AS weighted, round(s.p10) AS "P10", round(s.p50) AS "P50", round(s.p90) AS "P90"
FROM pipeline_by_stage s LEFT JOIN sales_process p USING (process_id)
ORDER BY s.currency NULLS LAST, s.process_id NULLS LAST, s.stage_order NULLS LAST, s.stage_name;
SELECT 'all stages' AS total, currency AS cur, deals, deals_without_amount AS "no amount", round(amount) AS amount, round(weighted_value) AS weighted,
       round(p10) AS "P10", round(p50) AS "P50", round(p90) AS "P90"
FROM pipeline_total ORDER BY currency NULLS LAST;

\echo 'PIPELINE BY OWNER     history = the same deals at the rates at which deals were won so far'
SELECT coalesce(owner_name, owner_id, '(none)') AS owner, currency AS cur, deals, round(amount) AS amount, round(weighted_value) AS weighted,
       round(weighted_value_history) AS history, round(p10) AS "P10", round(p50) AS "P50", round(p90) AS "P90"
FROM pipeline_by_owner ORDER BY currency NULLS LAST, weighted_value DESC NULLS LAST, owner_id;

\echo 'THIS QUARTER AND THE NEXT     won so far + open deals that are expected to close in it'
-- What check_crm calls far too high is a typing error more often than a deal: one such amount would outweigh all others.
CREATE TEMP TABLE amount_limit AS
WITH middle AS (
    SELECT currency, percentile_disc(0.5) WITHIN GROUP (ORDER BY ln(amount::float8)) AS middle FROM opportunity_as_of WHERE amount > 0 GROUP BY 1
)
SELECT m.currency, exp(m.middle) AS middle,
       exp(m.middle + 3.5 * 1.4826 * percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(ln(o.amount::float8) - m.middle))) AS too_high
FROM opportunity_as_of o JOIN middle m ON m.currency IS NOT DISTINCT FROM o.currency
WHERE o.amount > 0 GROUP BY m.currency, m.middle;

CREATE TEMP TABLE outlook AS
WITH won AS (
    SELECT o.currency, sum(o.amount) AS amount
    FROM opportunity_as_of o LEFT JOIN amount_limit l ON l.currency IS NOT DISTINCT FROM o.currency
    WHERE o.status = 'won' AND o.closed_at >= date_trunc('quarter', as_of()) AND (o.amount <= l.too_high) IS NOT FALSE
    GROUP BY 1
), open AS (
    SELECT CASE WHEN p.expected_close_on < as_of()::date THEN 3
                WHEN p.expected_close_on < date_trunc('quarter', as_of()) + interval '3 months' THEN 1 ELSE 2 END AS nth, p.currency,
           count(*) AS deals, weighted_value(p.amount, p.probability) AS said, weighted_value(p.amount, p.probability_history) AS history,
           revenue_distribution(p.amount, p.probability_history) AS d
    FROM pipeline p LEFT JOIN amount_limit l ON l.currency IS NOT DISTINCT FROM p.currency
    WHERE p.expected_close_on < date_trunc('quarter', as_of()) + interval '6 months' AND (p.amount <= l.too_high) IS NOT FALSE
    GROUP BY 1, 2
)
SELECT q.nth, c.currency, CASE WHEN q.nth = 1 THEN coalesce(w.amount, 0) END AS won, coalesce(o.deals, 0) AS deals, o.said, o.history, o.d
FROM generate_series(1, 3) AS q (nth)
CROSS JOIN (SELECT currency FROM pipeline_total UNION SELECT currency FROM won) c
LEFT JOIN won w ON w.currency IS NOT DISTINCT FROM c.currency
LEFT JOIN open o ON o.nth = q.nth AND o.currency IS NOT DISTINCT FROM c.currency;

SELECT CASE nth WHEN 3 THEN 'overdue' ELSE to_char(as_of() + (nth - 1) * interval '3 months', 'YYYY "Q"Q') END AS quarter, currency AS cur,
       round(won) AS "won so far", deals AS open,
       round(coalesce(won, 0) + coalesce(said, 0)) AS weighted, round(coalesce(won, 0) + coalesce(history, 0)) AS history,
       round(coalesce(won, 0) + coalesce(quantile(d, 0.1)::numeric, 0)) AS "P10",
       round(coalesce(won, 0) + coalesce(quantile(d, 0.5)::numeric, 0)) AS "P50",
       round(coalesce(won, 0) + coalesce(quantile(d, 0.9)::numeric, 0)) AS "P90"
FROM outlook
ORDER BY currency NULLS LAST, nth;
\pset tuples_only on
\pset format unaligned
\echo 'weighted: at the probabilities in the CRM, where it has any.  history, P10, P50, P90: at the rates of the past.'
\echo 'Every deal is taken to close when its seller expects; overdue ones should have been closed by now.  Deals that'
\echo 'nobody has entered yet are not in it.'
SELECT format('%s open deals have no expected close and are in no line.', to_char(count(*), 'FM999,999,990'))
FROM pipeline WHERE expected_close_on IS NULL HAVING count(*) > 0;
SELECT format('Left out: %s open and %s won deals whose amounts are far too high, %s %s in all.',
              count(*) FILTER (WHERE o.status = 'open'), count(*) FILTER (WHERE o.status = 'won'), o.currency, to_char(sum(o.amount), 'FM999,999,999,990'))
FROM opportunity_as_of o JOIN amount_limit l ON l.currency IS NOT DISTINCT FROM o.currency
WHERE o.amount > l.too_high AND (o.status = 'open' OR o.status = 'won' AND o.closed_at >= date_trunc('quarter', as_of()))
GROUP BY o.currency ORDER BY o.currency;
\echo

\pset format aligned
\pset tuples_only off
\echo 'REVENUE OF THE NEXT MONTHS     the whole of each month, from the months before; low to high: 80 %'
CREATE TEMP TABLE revenue AS SELECT * FROM revenue_forecasts(12, true);      -- true: without amounts that are far too high
SELECT to_char(as_of(), 'Mon YYYY') AS month_1, to_char(as_of() + interval '1 month', 'Mon YYYY') AS month_2,
       to_char(as_of() + interval '2 months', 'Mon YYYY') AS month_3 \gset
WITH part AS (
    SELECT r.currency, r.level, coalesce(r.owner_name, r.team_id, r.owner_id, p.name, r.product_id, CASE WHEN r.level = 'total' THEN '' ELSE '(none)' END) AS name,
           max(r.lo80) FILTER (WHERE r.step = 1) AS low, max(r.hi80) FILTER (WHERE r.step = 1) AS high, max(r.forecast) FILTER (WHERE r.step = 1) AS first,
           max(r.forecast) FILTER (WHERE r.step = 2) AS second, max(r.forecast) FILTER (WHERE r.step = 3) AS third, sum(r.forecast) AS year,
           row_number() OVER (PARTITION BY r.currency, r.level ORDER BY sum(r.forecast) DESC, r.team_id, r.owner_id, r.product_id) AS place
    FROM revenue r LEFT JOIN (SELECT product_id, min(name) AS name FROM product GROUP BY 1) p USING (product_id)
    GROUP BY r.currency, r.level, r.team_id, r.owner_id, r.owner_name, r.product_id, p.name
)
SELECT level, CASE WHEN least(place, 9) < 9 THEN max(name) ELSE count(*) || ' others' END AS of, currency AS cur,
       CASE WHEN least(place, 9) < 9 THEN round(max(low)) END AS "low", round(sum(first)) AS :"month_1",
       CASE WHEN least(place, 9) < 9 THEN round(max(high)) END AS "high", round(sum(second)) AS :"month_2", round(sum(third)) AS :"month_3",
       round(sum(year)) AS "12 months"
FROM part
GROUP BY currency, level, least(place, 9)
ORDER BY currency NULLS LAST, array_position('{total,team,owner,product}', level), least(place, 9);

\echo 'HOW GOOD THAT WOULD HAVE BEEN     the total of three months, forecast up to 12 times in the last year; accuracy = 100 - MAPE'
SELECT $$SELECT currency AS series, month AS at, sum(amount) AS value FROM won_by_month(true) WHERE month < date_trunc('month', as_of()) GROUP BY 1, 2$$ AS history,
       date_trunc('month', as_of()) - interval '1 day' AS until \gset
WITH tested AS (
    SELECT m.nth, m.name, b.*, sum(b.actual) OVER w AS actual_3, sum(b.mean) OVER w AS mean_3, count(*) OVER w AS months
    FROM (VALUES (1, 'last month again', 'naive'), (2, 'same months of last year', 'seasonal_naive'), (3, 'this forecast', 'auto')) m (nth, name, method)
    CROSS JOIN LATERAL backtest_series(:'history', 3, forecast_options(method => m.method, unit => 'month', gaps => 'zero', until => :'until', nonnegative => true),
                                       origins => 12) b
    WINDOW w AS (PARTITION BY m.nth, b.series, b.origin)
)
SELECT series AS cur, name AS "how", count(*) AS tests, round(accuracy_percent(actual_3, mean_3)) AS "accuracy, %",
       round((100 * forecast_bias(actual_3, mean_3))::numeric) AS "too high by, %"
FROM tested WHERE ahead = 3 AND months = 3 GROUP BY series, nth, name ORDER BY series NULLS LAST, nth;
\pset tuples_only on
\pset format unaligned
\echo 'Teams, sellers and products make the total; each was moved a little from its own forecast for that.'
SELECT format('%s: %s.', coalesce(currency, 'Without currency'), reason) FROM revenue WHERE level = 'total' AND step = 1 AND NOT enough ORDER BY currency;
SELECT format('%s: %s of %s won deals have no amount or one far too high and are in no number.', coalesce(currency, 'Without currency'), deals_without_amount, deals)
FROM revenue WHERE level = 'total' AND step = 1 AND deals_without_amount > 0 ORDER BY currency;
\echo
\pset format aligned
\pset tuples_only off

-- Orders of a week and the outside series of that week, for whole weeks.
CREATE TEMP TABLE outside AS
SELECT series, date_trunc('week', at)::date AS week, avg(value) AS value FROM external_series WHERE at < date_trunc('week', as_of()) GROUP BY 1, 2;
CREATE TEMP TABLE demand AS
SELECT date_trunc('week', ordered_at)::date AS week, count(*) AS orders FROM sales_order WHERE ordered_at < date_trunc('week', as_of()) GROUP BY 1;
CREATE TEMP TABLE weekly AS     -- series that have a value for each week
SELECT series FROM outside WHERE week > (SELECT min(week) FROM demand) GROUP BY 1
HAVING count(*) = (SELECT count(DISTINCT week) FROM outside WHERE week > (SELECT min(week) FROM demand));
SELECT (SELECT count(*) FROM demand) >= 104 AND (SELECT count(*) FROM weekly) BETWEEN 1 AND 100 AS drivers \gset
\if :drivers
\echo 'WHAT RUNS AHEAD OF DEMAND     orders of a week against outside series up to 12 weeks earlier'
SELECT format('CREATE TEMP TABLE lead AS SELECT w.week AS at, coalesce(d.orders, 0) AS value, %s
               FROM (SELECT DISTINCT week FROM outside WHERE week > (SELECT min(week) FROM demand)) w LEFT JOIN demand d USING (week)
               LEFT JOIN outside o USING (week) GROUP BY 1, 2', string_agg(format('max(o.value) FILTER (WHERE o.series = %L) AS %I', series, series), ', ' ORDER BY series))
FROM weekly \gexec
CREATE TEMP TABLE found AS
SELECT * FROM driver_lags('TABLE lead', 12, ARRAY(SELECT series FROM weekly ORDER BY 1), forecast_options(unit => 'week'), min_lag => 1);
SELECT driver, lag AS "weeks ahead", round(correlation::numeric, 2) AS correlation, CASE WHEN p_value < 0.001 THEN '< 0.001' ELSE round(p_value::numeric, 3)::text END AS p,
       round(100 * error_reduction::numeric) AS "error less by, %", chosen
FROM found ORDER BY p_value, driver LIMIT 3;
SELECT count(*) > 0 AS found FROM found WHERE chosen \gset
\if :found
-- What is known now of the driver reaches as many weeks ahead as it leads.
SELECT driver, lag FROM found WHERE chosen ORDER BY p_value, driver LIMIT 1 \gset
CREATE TEMP TABLE driven AS
SELECT w.at, l.value, o.value AS driver
FROM (SELECT at FROM lead UNION ALL SELECT max(at) + 7 * i FROM lead, generate_series(1, :lag) i GROUP BY i) w
LEFT JOIN lead l USING (at) JOIN outside o ON o.series = :'driver' AND o.week = w.at - 7 * :lag;
WITH way (nth, name, method, drivers) AS (
    VALUES (1, 'last week again', 'naive', NULL), (2, 'same week of last year', 'seasonal_naive', NULL), (3, 'forecast', 'auto', NULL), (4, 'forecast with driver', 'auto', '{driver}'::text[])
), tested AS (
    SELECT w.nth, b.* FROM way w
    CROSS JOIN LATERAL backtest_series('SELECT * FROM driven WHERE value IS NOT NULL', :lag, forecast_options(method => w.method, unit => 'week', nonnegative => true),
                                       origins => 52, drivers => w.drivers) b
), ahead AS (
    SELECT w.nth, sum(f.mean) AS mean FROM way w
    CROSS JOIN LATERAL forecast_series('TABLE driven', :lag, forecast_options(method => w.method, unit => 'week', nonnegative => true), drivers => w.drivers) f
    GROUP BY 1
)
SELECT w.name AS "how", count(DISTINCT t.origin) AS tests, round(accuracy_percent(t.actual, t.mean)::numeric, 1) AS "accuracy, %",
       round((100 * forecast_bias(t.actual, t.mean))::numeric, 1) AS "too high by, %", round(max(a.mean)) AS "orders, next weeks"
FROM way w JOIN tested t USING (nth) JOIN ahead a USING (nth) GROUP BY w.nth, w.name ORDER BY w.nth;
\endif
\echo
\endif
\pset tuples_only on
\pset format unaligned

\echo 'WHERE DEALS STOP'
WITH b AS (
    SELECT c.*, p.name AS process FROM stage_conversion c LEFT JOIN sales_process p USING (process_id) WHERE c.is_bottleneck
), split AS (
    SELECT q.process_id, q.stage_id,
           sum(q.lost) FILTER (WHERE q.quarter < date_trunc('quarter', as_of() - interval '15 months')) AS lost_before,
           sum(q.decided) FILTER (WHERE q.quarter < date_trunc('quarter', as_of() - interval '15 months')) AS decided_before,
           sum(q.lost) FILTER (WHERE q.quarter >= date_trunc('quarter', as_of() - interval '15 months') AND q.quarter < date_trunc('quarter', as_of() - interval '3 months')) AS lost_after,
           sum(q.decided) FILTER (WHERE q.quarter >= date_trunc('quarter', as_of() - interval '15 months') AND q.quarter < date_trunc('quarter', as_of() - interval '3 months')) AS decided_after
    FROM stage_conversion_by_quarter q GROUP BY 1, 2
)
SELECT format(E'%s: %s of 100 deals are lost in "%s", %s\n  (%s of %s; the true share lies between %s and %s %% with 95 %% confidence).%s',
              coalesce(b.process, 'All deals'), round(100 * b.drop_off), b.stage_name,
              coalesce('before they reach "' || b.next_stage_name || '"', 'the last step before the win'),
              to_char(b.lost, 'FM999,999,990'), to_char(b.decided, 'FM999,999,990'), round(100 * b.drop_off_lower), round(100 * b.drop_off_upper),
              CASE WHEN s.decided_before >= 40 AND s.decided_after >= 40
                   THEN format(E'\n  Of those that came there in the four quarters before last: %s of 100; earlier: %s of 100.',
                               round(100 * s.lost_after / s.decided_after), round(100 * s.lost_before / s.decided_before)) ELSE '' END)
FROM b LEFT JOIN split s ON s.process_id IS NOT DISTINCT FROM b.process_id AND s.stage_id = b.stage_id
ORDER BY b.process_id;
SELECT format('Slowest stage: "%s"%s, half of the deals stay longer than %s days%s.', v.stage_name,
              coalesce(' (' || p.name || ')', ''), round(v.median_days::numeric), coalesce(', one in ten longer than ' || round(v.p90_days::numeric), ''))
FROM stage_velocity v LEFT JOIN sales_process p USING (process_id)
WHERE v.completed >= 40 ORDER BY v.median_days DESC NULLS LAST, v.stage_id LIMIT 1;
\pset format aligned
\pset tuples_only off
\echo

\echo 'LOOK AT THESE FIRST     the largest open deals, in multiples of the middle deal of their currency'
SELECT left(p.name, 34) AS deal, o.name AS owner, p.currency AS cur, round(p.amount) AS amount, round(p.amount / m.middle::numeric, 1) AS "x middle",
       round(100 * p.probability::numeric) AS "chance %", p.days_in_stage AS "days in stage", p.expected_close_on AS expected
FROM pipeline p
LEFT JOIN owner o USING (owner_id)
JOIN amount_limit m ON m.currency IS NOT DISTINCT FROM p.currency
ORDER BY p.amount / m.middle::numeric DESC NULLS LAST, p.opportunity_id LIMIT 5;
