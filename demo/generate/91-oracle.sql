-- truth_forecast: what one who knows every true rate would have forecast for each quarter in week 1, 5, 9 and 13.
--
-- forecast = won so far + open deals at their true chance of a win before the end of the quarter + deals not yet made.
-- The oracle knows the calendar but for the common quarterly shock, and nothing that happens after the day it speaks.
-- Deals closed by mistake and reopened later count as lost while they are closed.

SET search_path = demo;

CREATE TABLE oracle_point AS
SELECT row_number() OVER (ORDER BY q.starts_on, w.week NULLS LAST) AS point_no, q.starts_on, q.ends_on, w.week, w.as_of::timestamptz AS as_of,
       q.ends_on <= s.end_date AND q.starts_on <> s.shock_quarter AND w.week IS NOT NULL AS scored
FROM setting s
JOIN quarter q ON q.starts_on >= s.start_date - 92 AND q.starts_on < s.end_date + 92
CROSS JOIN LATERAL (
    SELECT week, q.starts_on + 7 * (week - 1) AS as_of FROM unnest('{1,5,9,13}'::int[]) week
    WHERE q.starts_on >= s.start_date AND q.starts_on + 7 * (week - 1) < s.end_date
    UNION ALL
    SELECT NULL, s.end_date WHERE q.ends_on > s.end_date) w;

-- Open deals on each of those days, with the step they stand in.
CREATE TABLE oracle_open AS
SELECT o.point_no, d.deal_id, a.currency, d.p ^ (1 - w.used_before) AS p, d.n - t.k + 1 AS phases, d.tau,
       (CASE WHEN a.revised_at < o.as_of THEN a.last_amount ELSE a.first_amount END
        / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END)::float8 AS amount
FROM oracle_point o
JOIN step t ON t.entered_at < o.as_of AND t.left_at >= o.as_of
JOIN deal d ON d.deal_id = t.deal_id AND d.created_at < o.as_of
JOIN deal_amount a ON a.deal_id = d.deal_id
JOIN step_power w ON w.process_no = d.process_no AND w.era = d.era AND w.k = t.k
LEFT JOIN pause b ON b.deal_id = d.deal_id AND b.lost_at < o.as_of AND b.reopened_at >= o.as_of
WHERE b.deal_id IS NULL;
ANALYZE oracle_open;

-- Segments of the rest of the quarter, in days after as_of.
CREATE TABLE oracle_segment AS
SELECT o.point_no, (greatest(g.starts_on, o.as_of::date) - o.as_of::date)::float8 AS x0,
       (least(g.ends_on, o.ends_on) - o.as_of::date)::float8 AS x1, g.known
FROM oracle_point o
JOIN segment g ON g.ends_on > greatest(o.as_of::date, o.starts_on) AND g.starts_on < o.ends_on;
CREATE INDEX ON oracle_segment (point_no);
ANALYZE oracle_segment;

CREATE TABLE oracle_part AS
-- Expected factor x chance, and its second moment, for each open deal.
SELECT o.point_no, o.currency, sum((o.amount * m.first)::numeric) AS expected, sum((o.amount ^ 2 * (m.second - m.first ^ 2))::numeric) AS variance
FROM oracle_open o
CROSS JOIN LATERAL (
    SELECT sum(o.p * g.known * c.chance ORDER BY g.x0) AS first, sum(o.p * g.known ^ 2 * c.chance ORDER BY g.x0) AS second
    FROM oracle_segment g
    CROSS JOIN LATERAL (SELECT gamma_cdf(o.phases, g.x1 / o.tau) - gamma_cdf(o.phases, g.x0 / o.tau) AS chance) c
    WHERE g.point_no = o.point_no) m
GROUP BY o.point_no, o.currency
UNION ALL
-- Deals that will be made and won before the end of the quarter: a Poisson stream of the average deal of each kind.
SELECT o.point_no, k.currency,
       sum((y.deals_expected * k.share * k.first * g.known * c.chance)::numeric),
       sum((y.deals_expected * k.share * k.second * g.known ^ 2 * c.chance)::numeric)
FROM oracle_point o
CROSS JOIN setting s
JOIN day y ON y.day >= o.as_of::date AND y.day < o.ends_on AND y.deals_expected > 0
JOIN (
    SELECT d.era, d.process_no, d.n, d.quick_size, a.currency, d.tau,
           count(*)::float8 / sum(count(*)) OVER (PARTITION BY d.era) AS share,
           (sum((d.p * e.amount)::numeric) / count(*))::float8 AS first, (sum((d.p * e.amount ^ 2)::numeric) / count(*))::float8 AS second
    FROM deal d
    CROSS JOIN setting s
    JOIN deal_amount a USING (deal_id)
    CROSS JOIN LATERAL (SELECT (a.last_amount / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END)::float8 AS amount) e
    WHERE d.created_at >= s.start_date
    GROUP BY d.era, d.process_no, d.n, d.quick_size, a.currency, d.tau
) k ON k.era = CASE WHEN y.day < s.intervention_date THEN 1 WHEN y.day < s.drift_date THEN 2 ELSE 3 END
JOIN oracle_segment g ON g.point_no = o.point_no AND g.x1 > y.day - o.as_of::date
CROSS JOIN LATERAL (
    SELECT gamma_cdf(k.n, (g.x1 - (y.day - o.as_of::date) - 0.5) / k.tau)
           - gamma_cdf(k.n, (g.x0 - (y.day - o.as_of::date) - 0.5) / k.tau) AS chance) c
GROUP BY o.point_no, k.currency;

CREATE TABLE truth.truth_forecast AS
WITH won AS (
    SELECT o.point_no, a.currency,
           sum(a.won_amount / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END) FILTER (WHERE d.closed_at < o.as_of) AS so_far,
           sum(a.won_amount / CASE a.currency WHEN 'NOK' THEN 11.5 ELSE 1 END) AS actual, count(*) AS wins
    FROM oracle_point o
    CROSS JOIN setting s
    JOIN deal d ON d.lost_in IS NULL AND d.closed_at >= o.starts_on AND d.closed_at < o.ends_on AND d.closed_at < s.end_date
    JOIN deal_amount a USING (deal_id)
    GROUP BY o.point_no, a.currency
), part AS (
    SELECT point_no, currency, sum(expected) AS expected, sum(variance) AS variance FROM oracle_part GROUP BY point_no, currency
), total AS (
    SELECT o.point_no, coalesce(p.currency, 'ALL') AS currency, sum(coalesce(w.so_far, 0)) AS so_far, sum(p.expected) AS expected,
           sum(p.variance) + (0.04 * sum(p.expected)) ^ 2 AS variance, sum(coalesce(w.actual, 0)) AS actual,
           sum(coalesce(w.wins, 0)) AS wins
    FROM oracle_point o
    JOIN part p USING (point_no)
    LEFT JOIN won w USING (point_no, currency)
    GROUP BY GROUPING SETS ((o.point_no, p.currency), (o.point_no))
)
SELECT o.starts_on AS quarter_start, o.ends_on AS quarter_end, o.week, o.as_of, t.currency, o.scored,
       round(t.so_far * u.unit, 2) AS won_so_far, round((t.so_far + t.expected) * u.unit, 2) AS forecast,
       round((sqrt(t.variance) * u.unit)::numeric, 2) AS deviation,
       round(((t.so_far + t.expected - 1.2816 * sqrt(t.variance)) * u.unit)::numeric, 2) AS p10,
       round(((t.so_far + t.expected + 1.2816 * sqrt(t.variance)) * u.unit)::numeric, 2) AS p90,
       CASE WHEN o.ends_on <= s.end_date THEN round(t.actual * u.unit, 2) END AS actual,
       CASE WHEN o.ends_on <= s.end_date THEN t.wins END AS wins
FROM total t
JOIN oracle_point o USING (point_no)
CROSS JOIN setting s
CROSS JOIN LATERAL (SELECT CASE t.currency WHEN 'NOK' THEN 11.5 ELSE 1 END AS unit) u
ORDER BY 1, 4, 5;
COMMENT ON TABLE truth.truth_forecast IS
'The oracle: forecast of the revenue won in each quarter, by one who knows every true rate, in week 1, 5, 9, 13 (week null: on the last day of the CRM). currency ALL is in EUR at 11.5 NOK. quarter_end is exclusive. P10 and P90 by the normal approximation. Amounts before dirt. scored is false for the shock quarter and for quarters that are not over.';
