-- The audit: every planted number, measured again in the finished rows, with its 95 % interval.
--
-- Measured after rounding, capping and dirt, in the CRM wherever the CRM holds the quantity; the interval is that of
-- the draw, so one line in twenty may lie outside by luck.

SET search_path = demo;

CREATE TABLE truth.truth_effect (
    nr int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point int NOT NULL, requirement text, quantity text NOT NULL, planted numeric, measured numeric, low numeric, high numeric,
    inside boolean GENERATED ALWAYS AS (planted BETWEEN low AND high) STORED
);
COMMENT ON TABLE truth.truth_effect IS
'What was planted and what the finished rows show, with a 95 % interval of the draw; point is the number of the section in demo/README.md, requirement the id of the requirement.';

-- Intervals: Wilson for shares, normal for means, log-normal for ratios, chi-square (normal) for deviations.
-- Rounded to six decimals, below which the sums of floats depend on the plan.
CREATE FUNCTION around(mean float8, error float8, OUT m numeric, OUT l numeric, OUT h numeric)
LANGUAGE sql IMMUTABLE
RETURN (round(mean::numeric, 6), round((mean - 1.96 * error)::numeric, 6), round((mean + 1.96 * error)::numeric, 6));
CREATE FUNCTION ratio(r float8, log_error float8, OUT m numeric, OUT l numeric, OUT h numeric)
LANGUAGE sql IMMUTABLE
RETURN (round(r::numeric, 6), round((r * exp(-1.96 * log_error))::numeric, 6), round((r * exp(1.96 * log_error))::numeric, 6));
CREATE FUNCTION share(part float8, whole float8, OUT m numeric, OUT l numeric, OUT h numeric)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT round(p::numeric, 6), round(((p + 1.9208 / n - e) / (1 + 3.8416 / n))::numeric, 6),
           round(((p + 1.9208 / n + e) / (1 + 3.8416 / n))::numeric, 6)
    FROM (SELECT part / nullif(whole, 0) AS p, nullif(whole, 0) AS n) x,
         LATERAL (SELECT 1.96 * sqrt(p * (1 - p) / n + 0.9604 / n ^ 2) AS e) y
$$;

CREATE TABLE deal_seen AS
SELECT t.*, o.created_at, o.status, o.closed_at, a.industry, a.employees, o.created_at >= s.start_date AS whole
FROM truth.truth_deal t JOIN crm.opportunity o USING (opportunity_id) JOIN crm.account a USING (account_id), setting s;
ALTER TABLE deal_seen ADD PRIMARY KEY (opportunity_id);
ANALYZE deal_seen;

-- 1 accounts and organisation
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 1, 'T031', 'near-duplicate accounts', 0.05 * 0.95 * (s.accounts - s.sellers) / s.accounts, m, l, h
FROM setting s, share((SELECT count(duplicate_of) FROM truth.truth_account), (SELECT count(*) FROM truth.truth_account))
UNION ALL SELECT 1, NULL, 'accounts in clusters', 0.15, m, l, h
FROM share((SELECT count(*) FILTER (WHERE in_cluster) FROM truth.truth_account WHERE duplicate_of IS NULL),
           (SELECT count(*) FROM truth.truth_account WHERE duplicate_of IS NULL))
UNION ALL SELECT 1, NULL, 'log-sd of employees', 1.5, m, l, h
FROM (SELECT stddev(ln(employees))::numeric AS sd, count(*) AS n FROM crm.account) x, around(sd, sd / sqrt(2 * n))
UNION ALL SELECT 1, 'S001', 'sales processes', 3, count(*), NULL::numeric, NULL::numeric FROM crm.sales_process
UNION ALL SELECT 1, NULL, 'industries + teams + regions + departments', 15,
    (SELECT count(DISTINCT industry) FROM crm.account) + (SELECT count(*) FROM crm.team) + (SELECT count(*) FROM crm.region)
    + (SELECT count(*) FROM crm.department), NULL::numeric, NULL::numeric;

-- 2 creation and time to close
WITH n AS (
    SELECT extract(quarter FROM d.day) AS q, sum(coalesce(x.deals, 0) / exp(ln(1.04) * (d.day - s.start_date - 913) / 365.25)) AS level,
           sum(coalesce(x.deals, 0)) AS deals, count(DISTINCT date_trunc('quarter', d.day)) AS quarters
    FROM day d
    CROSS JOIN setting s
    LEFT JOIN (SELECT day, count(*) AS deals FROM deal_draw GROUP BY day) x USING (day)
    JOIN quarter k ON d.day >= k.starts_on AND d.day < k.ends_on AND k.starts_on >= s.start_date AND k.ends_on <= s.end_date
    GROUP BY 1
), base AS (
    SELECT sum(level) / sum(quarters) AS level, sum(deals) AS deals FROM n WHERE q IN (2, 3)
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 2, 'F025', 'deals created, Q' || n.q || ' against Q2 and Q3', CASE n.q WHEN 4 THEN 1.25 ELSE 0.85 END, m, l, h
FROM n, base, ratio((n.level / n.quarters / base.level)::numeric, sqrt(1 / n.deals + 1 / base.deals)::numeric)
WHERE n.q IN (4, 1) ORDER BY n.q DESC;

WITH half AS (
    SELECT d.day < s.start_date + 913 AS early, sum(d.deals_expected / exp(ln(1.04) * (d.day - s.start_date - 913) / 365.25)) AS base,
           sum(coalesce(x.deals, 0)) AS deals
    FROM day d CROSS JOIN setting s LEFT JOIN (SELECT day, count(*) AS deals FROM deal_draw GROUP BY day) x USING (day)
    WHERE d.day >= s.start_date AND d.day < s.start_date + 1826 GROUP BY 1
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
-- The middles of the two halves are two and a half years apart.
SELECT 2, NULL, 'growth of deals created, a year', 0.04, m - 1, l - 1, h - 1
FROM half a, half b, ratio(((b.deals / b.base) / (a.deals / a.base))::numeric ^ 0.4, 0.4 * sqrt(1 / a.deals + 1 / b.deals)::numeric)
WHERE a.early AND NOT b.early;

INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 2, NULL, 'days from creation to decision, mean', 90, m, l, h
FROM (SELECT avg(extract(epoch FROM decided_at - created_at) / 86400) AS mean,
             stddev(extract(epoch FROM decided_at - created_at) / 86400) / sqrt(count(*)) AS error FROM deal_seen WHERE whole) x, around(mean, error)
UNION ALL
-- Each win time over its own scale is gamma with as many phases as steps: mean 1 over all.
SELECT 2, NULL, 'days to a win / gamma mean', 1, m, l, h
FROM (SELECT avg(r) AS mean, stddev(r) / sqrt(count(*)) AS error
      FROM (SELECT (extract(epoch FROM decided_at - created_at) / 86400 / win_days_mean::numeric) AS r
            FROM deal_seen WHERE whole AND wins AND NOT reopened) y) x, around(mean, error)
UNION ALL SELECT 2, NULL, 'wins a quarter', s.wins_per_quarter::numeric, m, l, h
FROM setting s, (SELECT sum(wins) / count(*)::numeric AS mean, sqrt(sum(wins)) / count(*) AS error
    FROM (SELECT quarter_start, max(wins) AS wins FROM truth.truth_forecast WHERE currency = 'ALL' AND actual IS NOT NULL GROUP BY 1) y) x,
    around(mean, error);

-- 3 log-odds
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 3, NULL, v.quantity, v.planted, m, l, h
FROM (SELECT avg(log_odds::numeric) AS mean, stddev(log_odds::numeric) AS sd, stddev(columns_part::numeric) AS columns,
             stddev(hidden::numeric) AS hidden, count(*) AS n FROM deal_seen WHERE whole AND era = 1) x
CROSS JOIN LATERAL (VALUES (1, 'log-odds, mean (first era)', -1.2, mean, sd / sqrt(n)), (2, 'log-odds, sd (first era)', 1.0, sd, sd / sqrt(2 * n)),
                           (3, 'sd that columns and texts explain', 0.8, columns, columns / sqrt(2 * n)),
                           (4, 'sd that is hidden', 0.6, hidden, hidden / sqrt(2 * n))) v (nr, quantity, planted, measured, error)
CROSS JOIN LATERAL around(v.measured, v.error) ORDER BY v.nr;

WITH stay AS (
    SELECT d.quick_size, avg(extract(epoch FROM t.left_at - t.entered_at) / 86400 / p.tau::numeric) AS mean, count(*) AS n
    FROM step t JOIN deal_seen d ON d.opportunity_id = t.deal_id JOIN deal x USING (deal_id) JOIN process p USING (process_no)
    WHERE d.whole AND NOT (d.reopened AND t.k = 2) GROUP BY 1
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 3, 'F024', 'speed, staff < 20 or > 1000 against between', 1.6 / 0.6, m, l, h
FROM stay a, stay b, ratio(b.mean / a.mean, sqrt(1.0 / a.n + 1.0 / b.n)) WHERE a.quick_size AND NOT b.quick_size
UNION ALL
SELECT 3, 'F024', 'odds, staff < 20 or > 1000 against between', 1.6 / 0.6, m, l, h
FROM (SELECT (exp(avg((columns_part + hidden - CASE WHEN small_south THEN k.value ELSE 0 END)::numeric) FILTER (WHERE quick_size))
              / exp(avg((columns_part + hidden - CASE WHEN small_south THEN k.value ELSE 0 END)::numeric) FILTER (WHERE NOT quick_size)))::numeric AS r,
             1.0 * sqrt(1.0 / count(*) FILTER (WHERE quick_size) + 1.0 / count(*) FILTER (WHERE NOT quick_size)) AS error
      FROM deal_seen, parameter k WHERE k.name = 'south' AND whole AND NOT demo_industry) x, ratio(r, error);

-- Win rates of decided deals, side by side.
CREATE FUNCTION rate_ratio(won1 bigint, all1 bigint, won2 bigint, all2 bigint, OUT m numeric, OUT l numeric, OUT h numeric)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT r.* FROM ratio((won1::numeric / nullif(all1, 0)) / nullif(won2::numeric / nullif(all2, 0), 0),
        sqrt(greatest(0, 1.0 / nullif(won1, 0) - 1.0 / nullif(all1, 0) + 1.0 / nullif(won2, 0) - 1.0 / nullif(all2, 0)))) r
$$;
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 3, 'F015', 'win rate with a demo in 48 h, two industries', 4.3, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE demo_48h AND wins) AS a, count(*) FILTER (WHERE demo_48h) AS b,
             count(*) FILTER (WHERE NOT demo_48h AND wins) AS c, count(*) FILTER (WHERE NOT demo_48h) AS d
      FROM deal_seen WHERE whole AND demo_industry) x, rate_ratio(a, b, c, d) r
UNION ALL
SELECT 3, 'F015', 'win rate with a demo in 48 h, elsewhere', 1, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE demo_48h AND wins) AS a, count(*) FILTER (WHERE demo_48h) AS b,
             count(*) FILTER (WHERE NOT demo_48h AND wins) AS c, count(*) FILTER (WHERE NOT demo_48h) AS d
      FROM deal_seen WHERE whole AND NOT demo_industry) x, rate_ratio(a, b, c, d) r
UNION ALL
SELECT 3, 'T012', 'win rate of small manufacturers, south / north', 1.4, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE small_south AND wins) AS a, count(*) FILTER (WHERE small_south) AS b,
             count(*) FILTER (WHERE small_north AND wins) AS c, count(*) FILTER (WHERE small_north) AS d
      FROM deal_seen WHERE whole) x, rate_ratio(a, b, c, d) r
UNION ALL SELECT 3, 'F015', 'deals with a demo in 48 h', 0.20, m, l, h
FROM share((SELECT count(*) FROM deal_seen WHERE demo_48h), (SELECT count(*) FROM deal_seen));

-- 4 drop-offs, pushes, stalls, reopenings; from the history in the CRM
WITH entry AS (
    SELECT d.opportunity_id, d.era, st.stage_order, d.status,
           EXISTS (SELECT FROM crm.stage_change n WHERE n.opportunity_id = c.opportunity_id AND n.from_stage_id = c.to_stage_id) AS moved_on
    FROM crm.stage_change c
    JOIN crm.sales_process_step st ON st.stage_id = c.to_stage_id AND NOT st.is_won
    JOIN deal_seen d ON d.opportunity_id = c.opportunity_id AND d.whole
), part AS (
    SELECT era, stage_order = 3 AS peak, count(*) FILTER (WHERE NOT moved_on) AS lost, count(*) AS left_step
    FROM entry WHERE moved_on OR status = 'lost' GROUP BY 1, 2
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 4, 'P013', CASE WHEN peak THEN 'drop-off between step 3 and 4, ' ELSE 'drop-off of the other steps, ' END
          || CASE era WHEN 1 THEN 'before' ELSE 'after' END || ' the intervention',
       CASE WHEN NOT peak THEN 0.12 WHEN era = 1 THEN 0.40 ELSE 0.20 END, r.m, r.l, r.h
FROM part, share(lost, left_step) r WHERE era < 3 ORDER BY NOT peak, era;

INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 4, NULL, 'deals pushed three times or more', 0.15, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE pushes >= 3) AS a, count(*) AS b
      FROM (SELECT d.opportunity_id, count(c.opportunity_id) AS pushes
            FROM deal_seen d
            LEFT JOIN crm.opportunity_change c ON c.opportunity_id = d.opportunity_id AND c.field = 'expected_close_on'
                AND c.new_value::date > c.old_value::date
            WHERE d.status <> 'open' AND NOT EXISTS (SELECT FROM truth.truth_dirt t WHERE t.opportunity_id = d.opportunity_id AND t.fault = 'close_date_missing')
            GROUP BY 1) y) x, share(a, b) r
UNION ALL
SELECT 4, 'F006', 'deals that stood in one step over 90 days', 0.08, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE longest > interval '90 days') AS a, count(*) AS b
      FROM (SELECT d.opportunity_id, max(least(t.left_at, s.end_date) - t.entered_at) AS longest
            FROM deal_seen d JOIN step t ON t.deal_id = d.opportunity_id AND t.entered_at < (SELECT end_date FROM setting), setting s WHERE d.whole GROUP BY 1) y) x,
     share(a, b) r
UNION ALL
SELECT 4, NULL, 'deals lost and reopened', 0.03, r.m, r.l, r.h
FROM share((SELECT count(DISTINCT c.opportunity_id) FROM crm.opportunity_change c JOIN deal_seen d USING (opportunity_id)
            WHERE d.whole AND c.field = 'status' AND c.new_value = 'open'), (SELECT count(*) FROM deal_seen WHERE whole)) r;

-- 5 amounts, without the planted dirt
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 5, NULL, v.quantity, v.planted, r.m, r.l, r.h
FROM (SELECT stddev(ln(amount_eur)) AS sd, corr(ln(amount_eur)::float8, log_odds)::numeric AS c, count(*) AS n
      FROM deal_seen WHERE whole) x
CROSS JOIN setting s
CROSS JOIN LATERAL (VALUES ('log-sd of amounts', 0.8, sd, sd / sqrt(2 * n)),
                           ('correlation of log amount and log-odds', s.amount_correlation, c, 1 / sqrt(n::numeric))) v (quantity, planted, measured, error)
CROSS JOIN LATERAL around(v.measured, v.error) r;

-- 6 stated probability, from the log: what stood there when the close overwrote it
CREATE TABLE said AS
SELECT c.opportunity_id, o.owner_id, c.old_value::numeric AS stated, d.wins::int AS won
FROM crm.opportunity_change c
JOIN deal_seen d ON d.opportunity_id = c.opportunity_id
JOIN crm.opportunity o ON o.opportunity_id = d.opportunity_id
WHERE c.field = 'probability_stated' AND c.changed_at = d.closed_at AND d.closed_at >= (SELECT start_date FROM setting);
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 6, 'F005', 'stated just before the close / won', 1.27, r.m, r.l, r.h
FROM (SELECT sum(stated) / sum(won) AS m0, sqrt(sum((stated - won * k.q) ^ 2)) / sum(won) AS error
      FROM said, (SELECT sum(stated) / sum(won) AS q FROM said) k) x, around(m0, error) r
UNION ALL
SELECT 6, 'F005', 'stated on entering a step / true probability', 1.27, r.m, r.l, r.h
FROM (SELECT sum(said::numeric) / sum(truth::numeric) AS m0, 0.005 AS error FROM stated WHERE closed_in_window) x, around(m0, error) r
UNION ALL
SELECT 6, 'F005', 'sd of the optimism of sellers', 0.15, stddev_pop(optimism::numeric), NULL::numeric, NULL::numeric FROM truth.truth_owner
UNION ALL
SELECT 6, 'F005', 'sd between sellers of the first ratio', 0.15, r.m, r.l, r.h
FROM (SELECT stddev(q) AS sd, count(*) AS n FROM (SELECT sum(stated) / sum(won) AS q FROM said GROUP BY owner_id HAVING sum(won) > 20) y) x,
     around(sd, sd / sqrt(2.0 * n)) r;

-- 7 driver, shock, September; on the weekly reorders, each with the other effects taken out
CREATE TABLE order_week AS
SELECT date_trunc('week', d.day)::date AS week, min(d.day) AS first_day, sum(coalesce(x.orders, 0)) AS orders,
       sum(d.rate) AS rate, sum(d.rate * g.september * g.shock * g.common) AS without_driver, count(*) AS days
FROM day d
CROSS JOIN setting s
JOIN segment g USING (segment_no)
LEFT JOIN (SELECT ordered_at::date AS day, count(*) AS orders FROM crm.sales_order WHERE opportunity_id IS NULL GROUP BY 1) x ON x.day = d.day
WHERE d.day >= s.start_date + 28 AND d.day < s.end_date
GROUP BY 1 HAVING count(*) = 7;

-- Customers leave, so the level falls slowly: a line through the logs takes that out.
CREATE TABLE order_level AS
SELECT w.*, ln(w.orders / w.without_driver) - (SELECT regr_intercept(ln(orders / without_driver), (week - date '2020-01-01')) FROM order_week)
       - (SELECT regr_slope(ln(orders / without_driver), (week - date '2020-01-01')) FROM order_week) * (w.week - date '2020-01-01') AS residual
FROM order_week w;

CREATE TABLE lag_found AS
SELECT s.name, l AS lag_weeks, corr(w.residual, v.log_level) AS r
FROM order_level w
CROSS JOIN generate_series(0, 12) l
JOIN series s ON true
JOIN series_value v ON v.series_no = s.series_no AND v.starts_on = w.week - 7 * l
GROUP BY 1, 2;

INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 7, 'F058', 'elasticity of orders to the driver six weeks ago', 0.8, r.m, r.l, r.h
FROM (SELECT regr_slope(w.residual, v.log_level)::numeric AS slope,
             sqrt((1 - regr_r2(w.residual, v.log_level)) / (count(*) - 2) * regr_syy(w.residual, v.log_level) / regr_sxx(w.residual, v.log_level))::numeric AS error
      FROM order_level w JOIN series_value v ON v.series_no = 0 AND v.starts_on = w.week - 42) x, around(slope, error) r
UNION ALL
SELECT 7, 'F058', 'lag with the highest correlation, weeks', 6, (SELECT lag_weeks FROM lag_found WHERE name = 'regional_production_index' ORDER BY r DESC LIMIT 1), NULL::numeric, NULL::numeric
UNION ALL
SELECT 7, 'F058', 'rank of the driver among the 21 series', 1,
    (SELECT rank FROM (SELECT name, rank() OVER (ORDER BY max(abs(r)) DESC) AS rank FROM lag_found GROUP BY name) x WHERE name = 'regional_production_index'), NULL::numeric, NULL::numeric;

WITH d AS (
    SELECT y.day, g.september, g.shock, g.quarter_start, extract(year FROM y.day) AS year, s.indicator_year, coalesce(x.orders, 0) AS orders,
           y.rate * g.driver * g.common AS base
    FROM day y CROSS JOIN setting s JOIN segment g USING (segment_no)
    LEFT JOIN (SELECT ordered_at::date AS day, count(*) AS orders FROM crm.sales_order WHERE opportunity_id IS NULL GROUP BY 1) x ON x.day = y.day
    WHERE y.day >= s.start_date + 14 AND y.day < s.end_date
), september AS (
    -- Against the two months on either side, so that a slow fall of the level cancels.
    SELECT y.year, y.year = y.indicator_year AS indicator, sum(orders) FILTER (WHERE september > 1) AS orders,
           sum(base * shock) FILTER (WHERE september > 1) AS base, sum(orders) FILTER (WHERE september = 1) AS orders_beside,
           sum(base * shock) FILTER (WHERE september = 1) AS base_beside
    FROM d y WHERE extract(month FROM day) IN (8, 9, 10) AND year < (SELECT extract(year FROM end_date) FROM setting)
    GROUP BY 1, 2
), shocked AS (
    SELECT sum(orders) FILTER (WHERE shock < 1) AS orders, sum(base * september) FILTER (WHERE shock < 1) AS base,
           sum(orders) FILTER (WHERE shock = 1) AS orders_beside, sum(base * september) FILTER (WHERE shock = 1) AS base_beside
    FROM d, setting s WHERE quarter_start BETWEEN s.shock_quarter - 92 AND s.shock_quarter + 92
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 7, 'F026', CASE WHEN indicator THEN 'September of the indicator year' ELSE 'September in other years' END, CASE WHEN indicator THEN 0.18 ELSE 0.23 END,
       r.m - 1, r.l - 1, r.h - 1
FROM (SELECT indicator, (sum(orders) / sum(base) / (sum(orders_beside) / sum(base_beside)))::numeric AS q,
             sqrt(1 / sum(orders) + 1 / sum(orders_beside))::numeric AS e FROM september GROUP BY 1) x, ratio(q, e) r
UNION ALL
SELECT 7, 'F009', 'shock quarter', -0.35, r.m - 1, r.l - 1, r.h - 1
FROM shocked x, ratio((orders / base / (orders_beside / base_beside))::numeric, sqrt(1 / orders + 1 / orders_beside)::numeric) r;
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 7, NULL, 'sd of the common quarterly shock', 0.04, r.m, r.l, r.h
FROM (SELECT stddev(ln(common)::numeric) AS sd, count(*) AS n FROM quarter) x, around(sd, sd / sqrt(2.0 * n)) r;

-- 8 drift
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 8, 'F066', 'coefficient of the lead source partner, ' || CASE WHEN after THEN 'after' ELSE 'before' END || ' the drift',
       x.planted, r.m, r.l, r.h
-- One Newton step from the truth, everything else held at its true value.
FROM (SELECT era = 3 AS after, max(CASE WHEN era = 3 THEN -p.value ELSE p.value END)::numeric AS planted,
             max(CASE WHEN era = 3 THEN -p.value ELSE p.value END)
             + sum((from_partner::int - 0.3) * (wins::int - p_win)) / sum((from_partner::int - 0.3) ^ 2 * p_win * (1 - p_win)) AS step,
             1 / sqrt(sum((from_partner::int - 0.3) ^ 2 * p_win * (1 - p_win))) AS error
      FROM deal_seen, parameter p WHERE whole AND p.name = 'lead source' GROUP BY 1) x, around(step, error) r
ORDER BY after;
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 8, 'F066', 'change of the win rate at the drift', -0.05, r.m, r.l, r.h
FROM (SELECT (avg(wins::int) FILTER (WHERE era = 3) - avg(wins::int) FILTER (WHERE era = 2))::numeric AS d,
             sqrt(0.23 / count(*) FILTER (WHERE era = 3) + 0.23 / count(*) FILTER (WHERE era = 2)) AS error FROM deal_seen WHERE whole) x, around(d, error) r;

-- 9 dirt, as the CRM shows it
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 9, v.requirement, v.quantity, v.planted, r.m, r.l, r.h
FROM setting s
CROSS JOIN (SELECT count(*) AS n, count(*) FILTER (WHERE amount IS NULL) AS missing, count(*) FILTER (WHERE expected_close_on IS NULL) AS undated,
                   count(*) FILTER (WHERE process_id IS NULL) AS orphan FROM crm.opportunity) o
CROSS JOIN LATERAL (VALUES
    (1, 'F032', 'amounts missing', s.dirt_amount_missing, o.missing),
    (2, 'F032', 'amounts a hundred times too high', s.dirt_amount_times_100,
        (SELECT count(*) FROM truth.truth_dirt t JOIN crm.opportunity o USING (opportunity_id) JOIN truth.truth_deal d USING (opportunity_id)
         WHERE t.fault = 'amount_times_100' AND o.amount = 100 * t.clean_value::numeric)),
    (3, 'F082', 'close dates missing', s.dirt_close_missing, o.undated),
    (4, NULL, 'deals in a step that no process has', s.dirt_stage_orphan, o.orphan)) v (nr, requirement, quantity, planted, found)
CROSS JOIN LATERAL share(v.found, o.n) r ORDER BY v.nr;

-- 10 activities and texts
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 10, 'F027', 'texts with a signal that mislead', 0.15, r.m, r.l, r.h
FROM share((SELECT count(*) FROM truth.truth_text WHERE misleads), (SELECT count(*) FROM truth.truth_text)) r
UNION ALL
SELECT 10, 'F028', 'shift of the log-odds by a true signal', 0.7, r.m, r.l, r.h
FROM (SELECT 0.7 + sum(sign(text_shift) * (wins::int - p_win)) / sum(p_win * (1 - p_win)) AS step, 1 / sqrt(sum(p_win * (1 - p_win))) AS error
      FROM deal_seen WHERE whole AND text_shift <> 0) x, around(step, error) r
UNION ALL
SELECT 10, 'F010', 'hours until a mail is answered, geometric mean / seller', 6, r.m, r.l, r.h
FROM (SELECT avg(ln(extract(epoch FROM b.at - a.at) / 3600 / o.answer_factor::numeric)) AS m0,
             stddev(ln(extract(epoch FROM b.at - a.at) / 3600 / o.answer_factor::numeric)) / sqrt(count(*)) AS error
      FROM contact_log a JOIN contact_log b ON b.deal_id = a.deal_id AND b.slot = a.slot + 512 AND a.slot < 512 AND a.at + interval '7 days' < a.until
      JOIN contact_text t ON t.deal_id = b.deal_id AND t.slot = b.slot JOIN truth.truth_owner o USING (owner_id)) x,
     ratio(exp(m0)::numeric, error::numeric) r
UNION ALL SELECT 10, 'O066', 'languages', 4, count(DISTINCT language), NULL::numeric, NULL::numeric FROM crm.activity;

-- 11 territories
WITH seat_potential AS (
    SELECT owner_id, sum(potential) AS potential FROM crm.account WHERE owner_id IS NOT NULL GROUP BY 1
)
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 11, 'T040', 'potential of territories, coefficient of variation', 0.48, stddev_pop(potential) / avg(potential), NULL::numeric, NULL::numeric FROM seat_potential
UNION ALL SELECT 11, 'T040', 'potential of territories, largest / smallest', 4, max(potential) / min(potential), NULL::numeric, NULL::numeric FROM seat_potential
UNION ALL SELECT 11, 'T007', 'customers without owner', 0.03, r.m, r.l, r.h
FROM share((SELECT count(*) FILTER (WHERE owner_id IS NULL) FROM crm.account), (SELECT count(*) FROM crm.account)) r
UNION ALL SELECT 11, 'T007', 'customers with two owners', 0.02, r.m, r.l, r.h
FROM share((SELECT count(*) FROM (SELECT FROM crm.account_owner GROUP BY account_id HAVING count(*) > 1) x), (SELECT count(*) FROM crm.account)) r;

-- 12 people, plans, customers
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 12, NULL, 'months with quotas, up to the last day', 60 + CASE WHEN date_trunc('month', s.start_date) < s.start_date THEN 1 ELSE 0 END,
       (SELECT count(DISTINCT period_start) FROM crm.quota WHERE period_start < s.end_date), NULL::numeric, NULL::numeric FROM setting s
UNION ALL SELECT 12, NULL, 'currencies of deals', 2, count(DISTINCT currency), NULL::numeric, NULL::numeric FROM crm.opportunity
UNION ALL SELECT 12, NULL, 'moves to another team', 2, count(moved_on), NULL::numeric, NULL::numeric FROM truth.truth_owner
UNION ALL SELECT 12, NULL, 'leavers', 1, count(*) FILTER (WHERE NOT active), NULL::numeric, NULL::numeric FROM crm.employee
UNION ALL SELECT 12, NULL, 'fiscal calendars', 2, count(DISTINCT calendar), NULL::numeric, NULL::numeric FROM crm.fiscal_period
UNION ALL SELECT 12, 'T065', 'satisfaction of customers, mean', 6.2, r.m, r.l, r.h
FROM (SELECT avg(satisfaction::numeric) AS mean, stddev(satisfaction::numeric) / sqrt(count(*)) AS error FROM crm.account) x, around(mean, error) r
UNION ALL SELECT 12, 'F055', 'customers lost / expected from their yearly chance', 1, r.m, r.l, r.h
FROM (SELECT count(*) FILTER (WHERE churns_on < s.end_date) AS lost, sum(1 - exp(-churn_rate::numeric * 5)) AS expected
      FROM truth.truth_account, setting s WHERE churn_rate IS NOT NULL) x, ratio(lost / expected, 1 / sqrt(lost::numeric)) r
UNION ALL SELECT 12, 'F057', 'days between orders / own cycle (operational time)', 1, r.m, r.l, r.h
FROM (SELECT sum(coalesce(o.orders, 0)) AS n, sum(coalesce(k.days, 0) / c.reorder_days) AS expected
      FROM truth.truth_account c
      LEFT JOIN (SELECT account_id, count(*) AS orders FROM crm.sales_order WHERE opportunity_id IS NULL GROUP BY 1) o USING (account_id)
      CROSS JOIN LATERAL (SELECT max(until) AS days FROM order_day WHERE day < c.churns_on) k
      WHERE c.reorder_days IS NOT NULL) x, ratio(expected / n, 0.5 / sqrt(n)) r;

-- The oracle against the table that was asked for (50, 600 and 14 wins a quarter).
INSERT INTO truth.truth_effect (point, requirement, quantity, planted, measured, low, high)
SELECT 13, 'F051', 'oracle accuracy in week ' || f.week || ', per cent',
       CASE WHEN s.wins_per_quarter BETWEEN 45 AND 55 THEN (ARRAY[86, 87, 91, 96])[(f.week + 3) / 4]
            WHEN s.wins_per_quarter BETWEEN 500 AND 800 THEN (ARRAY[96, 97, 98, 99])[(f.week + 3) / 4]
            WHEN s.wins_per_quarter BETWEEN 12 AND 16 THEN (ARRAY[60, 68, 77, 91])[(f.week + 3) / 4] END,
       r.m, r.l, r.h
FROM setting s
CROSS JOIN (SELECT week, 100 - 100 * avg(abs(forecast - actual) / actual) AS accuracy, 100 * stddev(abs(forecast - actual) / actual) / sqrt(count(*)) AS error
            FROM truth.truth_forecast WHERE scored AND currency = 'ALL' AND actual > 0 GROUP BY week) f
CROSS JOIN LATERAL around(f.accuracy, f.error) r
ORDER BY f.week;
